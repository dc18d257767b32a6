"""The map of dots: which are shown and pointed at, what a click and the keys take, and when dots become images."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.layouts import column, widget_of
from cnnstudio.gui.look.theme import colours
from cnnstudio.gui.widgets.charts.scatter_map import (
    CLASS_COLOURS,
    FEW_DOTS,
    Dots,
    Errors,
    Pin,
    ScatterMap,
    class_symbol,
)
from cnnstudio.gui.widgets.items import NONE

COUNT = 900


def dots(count: int = COUNT, read: Callable[[int], np.ndarray] | None = None) -> Dots:
    """A grid of dots, 1 apart, with three classes in stripes; every 100th is wrong."""
    side = round(count**0.5)
    numbers = np.arange(side * side)
    positions = np.stack([numbers % side, numbers // side], axis=1).astype(np.float32)
    images = np.random.default_rng(0).integers(0, 256, (5, 6, 1), np.uint8)
    return Dots(
        positions,
        numbers % 3,
        ("cat", "dog", "owl"),
        numbers % 100 == 50,
        read or (lambda _: images),
        lambda number: f"Image {number}",
        lambda: "x,y\n",
    )


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[ScatterMap]:
    made = ScatterMap()
    window = widget_of(column(made))
    qtbot.addWidget(window)
    window.resize(600, 500)
    window.show()
    yield made


def place_of(view: ScatterMap, number: int) -> QPoint:
    return view.point_of(number).toPoint()


def test_pointing_and_clicking(view: ScatterMap, qtbot: QtBot) -> None:
    view.set_dots(dots(25))
    with qtbot.waitSignal(view.hovered_changed) as hovered:
        qtbot.mouseMove(view.viewport(), place_of(view, 7))
    assert hovered.args == [7]
    assert view.accessibleDescription() == "Image 7"
    assert view.dot_at(view.point_of(7) + QPoint(8, 0)) == 7
    assert view.dot_at(view.point_of(7) + QPoint(40, 0)) == NONE
    with qtbot.waitSignal(view.activated) as taken:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place_of(view, 12))
    assert taken.args == [12]


def test_keys_go_from_dot_to_dot(view: ScatterMap, qtbot: QtBot) -> None:
    view.set_dots(dots(25))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    first = view.hovered
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.hovered == first + 1
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view.hovered == first + 6
    with qtbot.waitSignal(view.activated) as taken:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert taken.args == [first + 6]
    assert not view.zoomed
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.zoomed
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert not view.zoomed


def test_dots_that_do_not_stand_out_cannot_be_taken(view: ScatterMap) -> None:
    shown = dots()
    view.set_dots(shown)
    np.testing.assert_array_equal(view.rows, np.arange(COUNT))
    view.set_class(1)
    np.testing.assert_array_equal(view.rows, np.flatnonzero(shown.labels == 1))
    assert view.dot_at(view.point_of(3)) != 3
    view.show_errors(Errors.ONLY)
    np.testing.assert_array_equal(view.rows, np.flatnonzero(shown.wrong & (shown.labels == 1)))
    view.set_class(NONE)
    np.testing.assert_array_equal(view.rows, np.flatnonzero(shown.wrong))


def test_few_dots_in_sight_become_images_that_do_not_cover_each_other(view: ScatterMap, qtbot: QtBot) -> None:
    view.set_dots(dots())
    assert list(view.thumbnails()) == []
    while view.dots is not None and not list(view.thumbnails()):
        qtbot.keyClick(view, Qt.Key.Key_Plus)
    shown = list(view.thumbnails())
    assert 0 < len(shown) <= FEW_DOTS
    places = np.array([view.point_of(number).toTuple() for number in shown])
    apart = np.abs(places[:, None] - places[None]).max(axis=2) + np.eye(len(shown)) * 1e9
    assert apart.min() >= 32
    view.show_errors(Errors.ONLY)
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert set(view.thumbnails()) == set(range(50, COUNT, 100))


def test_errors_are_marked_or_look_like_all_others(view: ScatterMap) -> None:
    pictures = {}
    view.set_dots(dots())
    for errors in Errors:
        view.show_errors(errors)
        image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        pixels = np.asarray(image.constBits()).view(np.uint32)
        pictures[errors] = np.count_nonzero(pixels == QColor(colours().error).rgb())
        assert len(view.rows) == (COUNT if errors is not Errors.ONLY else dots().wrong.sum())
    assert pictures[Errors.MARKED] > 0 and pictures[Errors.ONLY] > 0 and pictures[Errors.UNMARKED] == 0


def test_images_that_cannot_be_read_are_told_once(view: ScatterMap, qtbot: QtBot) -> None:
    def fail(_: int) -> np.ndarray:
        raise FileNotFoundError(2, "gone")

    with qtbot.waitSignal(view.failed) as failed:
        view.set_dots(dots(25, fail))
        view.grab()
    assert failed.args == ["it does not exist"]
    with qtbot.assertNotEmitted(view.failed):
        view.grab()


def test_an_image_lies_among_the_dots_and_at_the_edge_beyond(
    view: ScatterMap, pixels: Callable[..., np.ndarray], qtbot: QtBot
) -> None:
    view.set_dots(dots())
    grey = np.full((4, 4, 1), 128, np.uint8)
    for position in ((15.0, 15.0), (900.0, 15.0)):
        view.set_pin(None)
        before = pixels(view)
        view.set_pin(Pin(grey, np.array(position), np.array([3, 4])))
        changed = (pixels(view) != before).any(axis=2)
        assert changed.sum() > 40 * 40
    assert changed[:, -60:].sum() > 40 * 40
    view.set_dots(dots(), same_images=True)
    assert view.pin is None


def test_a_class_stays_chosen_where_the_same_images_have_other_places(view: ScatterMap) -> None:
    view.set_dots(dots())
    view.set_class(2)
    view.set_dots(dots(), same_images=True)
    assert view.chosen_class == 2
    view.set_dots(dots())
    assert view.chosen_class == NONE


def test_no_two_classes_look_alike() -> None:
    looks = {(number % len(CLASS_COLOURS), class_symbol(number)) for number in range(100)}
    assert len(looks) == 100


def test_both_themes(view: ScatterMap, theme: object, pixels: Callable[..., np.ndarray]) -> None:
    view.set_placeholder("Nothing yet.")
    light = pixels(view).mean()
    theme.choose("dark")  # type: ignore[attr-defined]
    QApplication.processEvents()
    assert pixels(view).mean() < light - 100
