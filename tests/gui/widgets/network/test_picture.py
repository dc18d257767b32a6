"""The picture of a network in its widget: choosing, unfolding, zooming, saving, in both themes."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QToolButton, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.look.theme import DARK, LIGHT, Theme
from cnnstudio.gui.widgets.network.layout.lay_out import lay_out
from cnnstudio.gui.widgets.network.picture import NetworkPicture
from cnnstudio.gui.widgets.network.scene import LEGIBLE
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.networks.building import network_config

TurnWheel = Callable[[QWidget, QPoint, QPoint], object]


@cache
def table_of(name: str) -> LayerTable:
    return describe(network_config(name, None, None))


@pytest.fixture
def picture(qtbot: QtBot, theme: Theme) -> NetworkPicture:
    picture = NetworkPicture()
    qtbot.addWidget(picture)
    qtbot.addWidget(picture.tools)
    picture.resize(1280, 400)
    picture.show()
    picture.set_network(table_of("lenet5"))
    return picture


def click(picture: NetworkPicture, where: QPoint) -> None:
    QTest.mouseClick(picture.viewport(), Qt.MouseButton.LeftButton, pos=where)


def distance(picture: NetworkPicture) -> int:
    """Pixels from the image to the output."""
    return picture.place_of("output").x() - picture.place_of("image").x()


def count(shown: np.ndarray, colour: str) -> int:
    return int((shown == np.array(QColor(colour).getRgb())[:3]).all(axis=-1).sum())


def test_a_click_chooses_a_layer(picture: NetworkPicture, qtbot: QtBot) -> None:
    for name in ("conv2", "image", "output"):
        with qtbot.waitSignal(picture.selected) as selected:
            click(picture, picture.place_of(name))
        assert selected.args == [name]
        assert picture.selection == name
    assert picture.accessibleDescription().startswith("output: dense. Output 10. ")


def test_choosing_from_elsewhere_is_marked_and_not_told(
    picture: NetworkPicture, qtbot: QtBot, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    before = count(pixels(picture), LIGHT.accent_soft)
    with qtbot.assertNotEmitted(picture.selected):
        picture.select("conv2")
    assert count(pixels(picture), LIGHT.accent_soft) > before + 500
    picture.select("no such layer")
    assert picture.selection == ""
    assert count(pixels(picture), LIGHT.accent_soft) == before


def test_layers_that_are_folded_into_a_volume_mark_it(picture: NetworkPicture) -> None:
    picture.select("rescaling")
    assert picture.selection == "rescaling"
    assert picture.place_of("rescaling") == picture.place_of("image")


def test_arrow_keys_walk(picture: NetworkPicture, qtbot: QtBot) -> None:
    told: list[str] = []
    picture.selected.connect(told.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Home):
        QTest.keyClick(picture, key)
    assert told == ["image", "conv1", "image", "output", "output", "image"]


def test_a_badge_unfolds_and_folds(picture: NetworkPicture) -> None:
    layout = lay_out(table_of("resnet56"))
    picture.resize(1500, 400)
    picture.set_network(table_of("resnet56"))
    assert picture.network == layout
    fold = layout.folds[1]
    click(picture, picture.mapFromScene(fold.badge.center()))
    opened = picture.network.folds[1]
    assert not opened.folded
    assert len(picture.network.volumes) == len(layout.volumes) + 14
    assert picture.rect().contains(picture.place_of(fold.key))
    assert picture.rect().contains(picture.mapFromScene(opened.badge.center()))
    click(picture, picture.mapFromScene(opened.badge.center()))
    assert picture.network == layout


def test_a_name_within_a_fold_marks_what_stands_for_it(picture: NetworkPicture) -> None:
    picture.set_network(table_of("resnet56"))
    picture.select("stage2_block7_2_conv")
    assert picture.selection == "stage2_block7_2_conv"
    assert picture.place_of("stage2_block7_2_conv") == picture.place_of("stage2_block2_2_conv")
    QTest.keyClick(picture, Qt.Key.Key_Return)
    assert picture.place_of("stage2_block7_2_conv") != picture.place_of("stage2_block2_2_conv")
    assert picture.rect().contains(picture.place_of("stage2_block7_2_conv"))


def test_what_is_unfolded_and_chosen_survives_an_edit(picture: NetworkPicture) -> None:
    table = table_of("resnet56")
    picture.set_network(table)
    picture.toggle(picture.network.folds[0])
    picture.select("stage3_block1_1_conv")
    rows = tuple(replace(row, activation="relu") if row.name == "output" else row for row in table.rows)
    picture.set_network(replace(table, rows=rows))
    assert [fold.folded for fold in picture.network.folds] == [False, True, True]
    assert picture.selection == "stage3_block1_1_conv"
    picture.set_network(table_of("lenet5"))
    assert picture.selection == ""


def test_a_shortcut_is_chosen(picture: NetworkPicture, qtbot: QtBot) -> None:
    picture.set_network(table_of("resnet18"))
    layout = picture.network
    arc = next(arc for arc in layout.arcs if arc.layers)
    picture.select(arc.layers[0])
    assert picture.selection == arc.layers[0]
    assert picture.place_of(arc.layers[0]) == picture.place_of(layout.volumes[arc.target].layer)
    with qtbot.waitSignal(picture.selected) as selected:
        click(picture, picture.mapFromScene((arc.start[0] + arc.end[0]) / 2, arc.top))
    assert selected.args == [arc.layers[0]]


def test_keys_zoom_and_fit(picture: NetworkPicture) -> None:
    fitted = distance(picture)
    assert 0.8 * picture.width() < fitted < picture.width()
    QTest.keyClick(picture, Qt.Key.Key_Plus)
    assert distance(picture) == pytest.approx(1.25 * fitted, abs=2)
    QTest.keyClick(picture, Qt.Key.Key_Minus)
    QTest.keyClick(picture, Qt.Key.Key_Minus)
    assert distance(picture) == pytest.approx(fitted / 1.25, abs=2)
    QTest.keyClick(picture, Qt.Key.Key_0)
    assert distance(picture) == fitted


def test_the_wheel_zooms_about_the_pointer(picture: NetworkPicture, turn_wheel: TurnWheel) -> None:
    before, fitted = picture.place_of("conv2"), distance(picture)
    turn_wheel(picture.viewport(), before, QPoint(0, 240))
    assert abs(picture.place_of("conv2").x() - before.x()) <= 2
    assert distance(picture) == pytest.approx(1.25**2 * fitted, abs=2)
    before = picture.place_of("conv2")
    turn_wheel(picture.viewport(), before, QPoint(120, 0))
    assert picture.place_of("conv2").x() == before.x() + 60


def test_it_cannot_be_lost(picture: NetworkPicture, turn_wheel: TurnWheel) -> None:
    for _ in range(60):
        turn_wheel(picture.viewport(), QPoint(5, 5), QPoint(-1200, 0))
    assert picture.place_of("output").x() > 0
    for _ in range(60):
        QTest.keyClick(picture, Qt.Key.Key_Plus)
    largest = distance(picture)
    QTest.keyClick(picture, Qt.Key.Key_Plus)
    assert distance(picture) == largest


def test_dragging_moves_and_chooses_nothing(picture: NetworkPicture, qtbot: QtBot) -> None:
    for _ in range(4):
        picture.zoom_in()
    start = picture.place_of("conv2")
    with qtbot.assertNotEmitted(picture.selected):
        QTest.mousePress(picture.viewport(), Qt.MouseButton.LeftButton, pos=start)
        QTest.mouseMove(picture.viewport(), start + QPoint(20, 10))
        QTest.mouseMove(picture.viewport(), start + QPoint(90, 30))
        QTest.mouseRelease(picture.viewport(), Qt.MouseButton.LeftButton, pos=start + QPoint(90, 30))
    assert picture.place_of("conv2").x() == start.x() + 90


def test_it_fits_again_when_the_window_changes(picture: NetworkPicture) -> None:
    fitted = distance(picture)
    picture.resize(640, 400)
    assert distance(picture) == pytest.approx(fitted / 2, rel=0.05)


def test_a_large_network_is_shown_whole_and_without_words_until_it_is_nearer(
    picture: NetworkPicture, qtbot: QtBot, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    picture.resize(800, 300)
    picture.set_network(table_of("vgg16"))
    assert picture.transform().m11() < LEGIBLE
    for name in ("image", "output"):
        assert picture.rect().contains(picture.place_of(name))

    def words() -> int:
        """Pixels as dark as text below the blocks, above the hint: thin letters are nowhere as dark as their colour."""
        top, bottom = picture.place_of("conv1_1").y(), picture.height() - 40
        return int((pixels(picture)[top:bottom].sum(axis=-1) < 2 * sum(QColor(LIGHT.text).getRgb()[:3])).sum())

    assert words() == 0
    while picture.transform().m11() < LEGIBLE:
        picture.zoom_in()
    picture.select("conv1_1")
    assert words() > 0
    with qtbot.waitSignal(picture.selected):
        QTest.keyClick(picture, Qt.Key.Key_End)
    assert picture.rect().contains(picture.place_of("output"))
    picture.set_network(table_of("lenet5"))
    assert picture.transform().m11() >= LEGIBLE


def test_tooltips_tell_shape_parameters_and_formula(picture: NetworkPicture) -> None:
    where = picture.place_of("conv1")
    event = QHelpEvent(QHelpEvent.Type.ToolTip, where, picture.mapToGlobal(where))
    QApplication.sendEvent(picture.viewport(), event)
    for part in ("conv1", "28×28×6", "5·5·1·6 + 6 = 156", "(28 − 5 + 2·2)/1 + 1 = 28", "ReLU"):
        assert part in QToolTip.text()


def texts(svg: bytes) -> list[str]:
    root = ET.fromstring(svg)  # ours
    return [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", ["softmax", "lenet5", "resnet56"])
def test_an_svg_has_all_labels_as_text(picture: NetworkPicture, name: str) -> None:
    picture.set_network(table_of(name))
    layout = picture.network
    found = texts(picture.svg())
    for volume in layout.volumes:
        for line in (*volume.shape.lines, *volume.operation.lines):
            assert line in found
    for fold in layout.folds:
        assert f"× {fold.count}" in found


def test_an_svg_looks_like_the_picture(picture: NetworkPicture) -> None:
    from PySide6.QtGui import QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage.fromData(picture.png()).convertToFormat(QImage.Format.Format_RGB32)
    drawn = QImage(image.size(), QImage.Format.Format_RGB32)
    painter = QPainter(drawn)
    QSvgRenderer(picture.svg()).render(painter, QRectF(drawn.rect()))
    painter.end()
    arrays = [
        np.frombuffer(one.constBits(), np.uint8).reshape(one.height(), -1).astype(float) for one in (image, drawn)
    ]
    assert np.abs(arrays[0] - arrays[1]).mean() < 4  # letters are smoothed in another way


def test_a_png_shows_all_of_it_whatever_is_on_screen(picture: NetworkPicture) -> None:
    layout = picture.network
    before = picture.png()
    for _ in range(5):
        picture.zoom_in()
    assert picture.png() == before
    image = QImage.fromData(before)
    assert image.width() == pytest.approx(3 * (layout.box.width() + 32), abs=2)
    assert image.height() == pytest.approx(3 * (layout.box.height() + 32), abs=2)


def test_a_very_wide_picture_stays_bounded(picture: NetworkPicture) -> None:
    picture.set_network(table_of("resnet56"))
    for number in range(3):
        picture.toggle(picture.network.folds[number])
    assert picture.network.box.width() * 3 > 16_000
    assert QImage.fromData(picture.png()).width() == 16_000


def test_the_picture_follows_the_theme(
    picture: NetworkPicture, theme: Theme, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    light = pixels(picture)
    theme.choose("dark")
    dark = pixels(picture)
    assert light.shape == dark.shape
    for shown, colours in ((light, LIGHT), (dark, DARK)):
        for colour in colours.plot[:3]:
            assert count(shown, colour) > 30


def test_what_is_saved_is_on_white_in_any_theme(picture: NetworkPicture, theme: Theme) -> None:
    light = picture.png(), picture.svg()
    theme.choose("dark")
    assert (picture.png(), picture.svg()) == light
    assert LIGHT.plot[0].encode() in light[1]
    image = QImage.fromData(light[0])
    assert {image.pixelColor(x, y).name() for x in (0, image.width() - 1) for y in (0, image.height() - 1)} == {
        "#ffffff"
    }
    picture.copy()
    assert QGuiApplication.clipboard().image().pixelColor(0, 0).name() == "#ffffff"


def test_it_is_saved_from_the_menu(
    picture: NetworkPicture, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for suffix, start in ((".svg", b"<?xml"), (".png", b"\x89PNG")):
        path = tmp_path / f"net{suffix}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (str(path), ""))
        with qtbot.waitSignal(picture.saved) as saved:
            picture.save()
        assert saved.args == [str(path)]
        assert path.read_bytes().startswith(start)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    with qtbot.assertNotEmitted(picture.saved):
        picture.save()
    picture.copy()
    assert QGuiApplication.clipboard().image().width() > 1000


def test_the_tools_have_names_and_work(picture: NetworkPicture, qtbot: QtBot) -> None:
    buttons = {button.objectName(): button for button in picture.tools.findChildren(QToolButton)}
    assert all(button.accessibleName() and button.toolTip() for button in buttons.values())
    fitted = distance(picture)
    buttons["network_zoom_in_button"].click()
    assert distance(picture) > fitted
    buttons["network_fit_button"].click()
    assert distance(picture) == fitted
    buttons["network_zoom_out_button"].click()
    assert distance(picture) < fitted
    buttons["network_save_button"].click()
    menu = picture.findChild(QMenu)
    assert menu
    assert len([action for action in menu.actions() if action.text()]) == 2
    menu.close()


def test_nothing_to_show(picture: NetworkPicture, pixels: Callable[[QWidget], np.ndarray]) -> None:
    picture.set_network(None)
    assert picture.svg() == picture.png() == b""
    assert len(np.unique(pixels(picture).reshape(-1, 3), axis=0)) == 1
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Plus, Qt.Key.Key_Return, Qt.Key.Key_0):
        QTest.keyClick(picture, key)
    click(picture, QPoint(100, 100))
    picture.select("conv1")
    assert picture.selection == ""


def test_what_does_not_fit_is_in_the_colour_of_errors(
    picture: NetworkPicture, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    config = network_config("lenet5", None, None)
    assert count(pixels(picture), LIGHT.error) == 0
    layers = [
        {**layer, "config": {**layer["config"], "kernel_size": [50, 50]}} if layer["name"] == "conv2" else layer
        for layer in config["config"]["layers"]
    ]
    picture.set_network(describe({**config, "config": {**config["config"], "layers": layers}}))
    assert count(pixels(picture), LIGHT.error) > 30
