"""The network view: all layers live, and the way down to one number and back."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.logging import _QtMessageCapture
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from cnnstudio.gui.pages.choosers.network_input.session import Drawing, LookInside
from cnnstudio.gui.pages.inside.levels import (
    ConvolutionLevel,
    DenseLevel,
    FormulaLevel,
    NumberLevel,
    SoftmaxLevel,
)
from cnnstudio.gui.pages.inside.page import InsidePage
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.maps.colour_scale import ColourLegend
from cnnstudio.gui.widgets.maps.convolution_view import ConvolutionView
from cnnstudio.gui.widgets.maps.map_columns import MapColumns, Tile
from cnnstudio.gui.widgets.maps.term_bars import TermBars
from cnnstudio.gui.widgets.maps.value_map import ValueMap
from cnnstudio.storage import shipped
from tests.gui.circles import in_circles

SECONDS = 60_000
MODEL = shipped("trained/lenet5-mnist")
SEVEN = np.array([[90, 80], [150, 76], [220, 80], [195, 140], [170, 200], [150, 260]], np.float64)
ONE = np.array([[140, 40], [140, 240]], np.float64)


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[InsidePage]:
    """LeNet-5 looked into with a seven, where nothing moves by itself."""
    settings = Settings()
    settings.reduced_motion = True
    page = InsidePage(settings)
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(LookInside(MODEL, Drawing([SEVEN]), "network"))
    qtbot.waitUntil(lambda: not maps(page).missing(), timeout=SECONDS)
    yield page
    page.shut_down()


def maps(page: InsidePage) -> MapColumns:
    return page.findChild(MapColumns)


def draw(qtbot: QtBot, page: InsidePage, strokes: np.ndarray) -> None:
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(LookInside(MODEL, Drawing([strokes])))


def open_map(qtbot: QtBot, page: InsidePage, name: str, channel: int) -> QWidget:
    columns = maps(page)
    number = [column.name for column in columns.columns_shown].index(name)
    columns.show_column(name)
    qtbot.waitUntil(lambda: not columns.missing(), timeout=SECONDS)
    place = columns.rectangle_of(Tile(number, channel)).center().toPoint()
    QTest.mouseClick(columns.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: page.view.level is not None, timeout=SECONDS)
    return page.view.level


def test_every_layer_has_its_maps_and_they_follow_the_pen(page: InsidePage, qtbot: QtBot) -> None:
    columns = maps(page)
    names = [column.name for column in columns.columns_shown]
    assert names[0] == "" and names[-1] == "output" and "conv2" in names
    assert columns.values_of("conv1").shape == (28, 28, 6)
    seven = columns.values_of("conv1")
    assert page.findChild(QLabel, "inside_answer").text().startswith("7")
    draw(qtbot, page, ONE)
    assert not np.array_equal(columns.values_of("conv1"), seven)
    assert page.findChild(QLabel, "inside_answer").text().startswith("1")


def test_the_image_and_the_answers_are_seen_at_once_and_the_rest_scrolls_between(page: InsidePage) -> None:
    columns, surface = maps(page), maps(page).viewport()
    last = len(columns.columns_shown) - 1
    bar = columns.horizontalScrollBar()
    assert bar.value() == 0 < bar.maximum()
    image, seven = columns.rectangle_of(Tile(0, 0)), columns.rectangle_of(Tile(last, 7))
    assert QRectF(surface.rect()).contains(image) and QRectF(surface.rect()).contains(seven)
    assert {"", "conv1", "output"} <= set(columns.seen()) and "dense2" not in columns.seen()
    assert columns.tile_of(columns.item_at(seven.center())) == Tile(last, 7)
    columns.set_current(columns.item_of(Tile(last, 7)))
    assert bar.value() == 0  # it is there already
    columns.set_current(columns.item_of(Tile(last - 1, 0)))
    columns.reveal(columns.item_of(Tile(last - 1, 0)))
    assert columns.rectangle_of(Tile(last - 1, 0)).right() < seven.left()
    bar.setValue(bar.maximum())
    assert columns.rectangle_of(Tile(last, 7)) == seven
    assert "dense2" in columns.seen() and "" not in columns.seen()


def test_the_maps_that_a_map_is_made_from_are_framed(page: InsidePage) -> None:
    columns = maps(page)
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # what was said meanwhile has moved the maps
    place = columns.rectangle_of(Tile(4, 3)).center().toPoint()
    before = columns.viewport().grab().toImage()
    QTest.mouseMove(columns.viewport(), place)
    assert columns.lit == Tile(4, 3)
    after = columns.viewport().grab().toImage()
    for channel in range(6):  # of pool1
        frame = columns.rectangle_of(Tile(3, channel)).topLeft().toPoint() + QPoint(10, -2)
        assert before.pixel(frame) != after.pixel(frame)


def test_another_network_is_seen_from_its_beginning(page: InsidePage, qtbot: QtBot) -> None:
    bar = maps(page).horizontalScrollBar()
    bar.setValue(bar.maximum())
    assert bar.value() > 0
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        page.receive(shipped("assets/lab/cnn"))
    assert bar.value() == 0


def test_a_scale_of_colours_for_each_map_or_for_all(page: InsidePage, qtbot: QtBot) -> None:
    columns = maps(page)
    pictures = set()
    for scale in ("unit", "layer", "network"):
        combo = page.findChild(QWidget, "colour_scale_combo")
        combo.setCurrentIndex(combo.findData(scale))
        assert columns.scale == scale == Settings().recall("inside/scale", "", "")
        legend = page.findChild(ColourLegend)
        assert legend.isVisible() == (scale == "network") and legend.limits == columns.limits
        pictures.add(bytes(columns.grab().toImage().constBits()))
    assert len(pictures) == 3


def test_down_to_one_number_of_a_convolution_and_back(page: InsidePage, qtbot: QtBot) -> None:
    level = open_map(qtbot, page, "conv2", 3)
    assert isinstance(level, ConvolutionLevel)
    view = level.findChild(ConvolutionView)
    assert view.item_count() == 6 and view.step == view.count == 100
    place = view.item_rectangle(2).center().toPoint()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    number = page.view.level
    assert isinstance(number, NumberLevel) and page.view.levels_down == 2
    output = number.findChild(ValueMap, "number_output")
    QTest.keyClick(output, Qt.Key.Key_Down)
    QTest.keyClick(output, Qt.Key.Key_Right)
    assert number.number.rows.tolist() == list(range(1, 6)) and number.number.columns.tolist() == list(range(1, 6))
    before = number.number.before
    draw(qtbot, page, ONE)  # the image can be changed at every level
    assert page.view.level is number and number.number.before != before
    for levels in (1, 0):
        QTest.keyClick(page.view.level, Qt.Key.Key_Escape)
        assert page.view.levels_down == levels
        qtbot.waitUntil(lambda: page.view.isAncestorOf(QApplication.focusWidget()))


def test_input_and_weight_can_be_pointed_at(page: InsidePage, qtbot: QtBot) -> None:
    level = open_map(qtbot, page, "conv2", 3)
    level.findChild(ConvolutionView).chosen.emit(2)
    number = page.view.level
    given = number.findChild(ValueMap, "number_input")
    QTest.mouseMove(given, given.cell_rectangle((7, 8)).center().toPoint())
    assert 7 in number.number.rows and 8 in number.number.columns
    products = number.findChild(QWidget, "patch_and_kernel")
    QTest.mouseMove(products, QPoint(products.width() - 12, 12))
    assert [len(places) for places in given.lattice] == [10, 10]
    QTest.mouseMove(products, QPoint(2, products.height() - 2))
    assert given.lattice is None


@pytest.mark.parametrize(("name", "end"), [("conv1", "."), ("conv2", ", before all are added up.")])
def test_of_one_kernel_alone_nothing_is_added_up(name: str, end: str, page: InsidePage, qtbot: QtBot) -> None:
    open_map(qtbot, page, name, 0).findChild(ConvolutionView).chosen.emit(0)
    assert f"What this kernel makes of it{end}" in {one.text() for one in page.view.level.findChildren(QLabel)}


@pytest.mark.parametrize(
    ("name", "channel", "kind"),
    [("pool1", 2, NumberLevel), ("flatten", 37, FormulaLevel), ("dense1", 5, DenseLevel), ("output", 7, SoftmaxLevel)],
)
def test_every_layer_leads_to_its_numbers(name: str, channel: int, kind: type, page: InsidePage, qtbot: QtBot) -> None:
    level = open_map(qtbot, page, name, channel)
    assert isinstance(level, kind)
    assert level.title in page.findChild(QLabel, "level_path").text()
    QTest.mouseClick(level, Qt.MouseButton.LeftButton, pos=level.rect().bottomRight() - QPoint(3, 3))
    assert page.view.levels_down == 0


@pytest.mark.parametrize(
    ("name", "channel", "moved"),
    [
        ("conv2", 3, "convolution_view"),
        ("pool1", 2, "number_output"),
        ("flatten", 37, "formula_output"),
        ("dense1", 5, "strongest_inputs"),
        ("output", 7, "softmax_terms"),
    ],
)
def test_arrow_keys_move_what_is_explained(name: str, channel: int, moved: str, page: InsidePage, qtbot: QtBot) -> None:
    level = open_map(qtbot, page, name, channel)
    assert page.focusWidget() is level.findChild(QWidget, moved)
    before = page.focusWidget().current
    qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Down)
    qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Down)
    assert page.focusWidget().current != before
    qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Escape)
    assert page.view.level is None
    assert page.focusWidget() is page.view.findChild(MapColumns)


def test_only_what_is_pointed_at_now_is_marked(page: InsidePage, qtbot: QtBot) -> None:
    for name, given, result in (
        ("pool1", "number_input", "number_output"),
        ("flatten", "formula_input_1", "formula_output"),
    ):
        level = open_map(qtbot, page, name, 1)
        source, output = level.findChild(ValueMap, given), level.findChild(ValueMap, result)
        QTest.mouseMove(source, source.cell_rectangle((3, 3)).center().toPoint())
        assert source.cell == (3, 3)
        QTest.mouseMove(output, output.cell_rectangle((1, 2)).center().toPoint())
        assert source.cell is None
        assert output.cell == (1, 2)
        page.go_back()


def test_a_cell_of_the_strip_is_a_pixel_and_back(page: InsidePage, qtbot: QtBot) -> None:
    level = open_map(qtbot, page, "flatten", 37)
    term = level.calculation.terms[0]
    assert (term.place.row, term.place.column, term.place.channel) == (0, 2, 5)
    view = level.findChild(ValueMap, "formula_input_1")
    QTest.mouseMove(view, view.cell_rectangle((1, 3)).center().toPoint())
    term = level.calculation.terms[0]
    assert (term.place.row, term.place.column, term.place.channel) == (1, 3, 5)


def test_logits_and_terms_point_at_each_other(page: InsidePage, qtbot: QtBot) -> None:
    level = open_map(qtbot, page, "output", 7)
    formula, bars = level.findChild(QLabel, "softmax_formula"), level.findChild(TermBars)
    assert "logit of <b>7</b>" in formula.text()
    assert sum(term.value for term in bars.terms) == pytest.approx(1)
    assert " = " in bars.item_text(3)
    QTest.mouseMove(bars, bars.item_rectangle(3).center().toPoint())
    assert "logit of <b>3</b>" in formula.text()
    formula.linkHovered.emit("5")
    assert bars.current == 5 and "logit of <b>5</b>" in formula.text()
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.item_rectangle(5).center().toPoint())
    assert isinstance(page.view.level, DenseLevel) and page.view.levels_down == 2
    path = page.findChild(QLabel, "level_path").text().replace("\N{ZERO WIDTH SPACE}", "")
    assert path == "All layers › 5, softmax › output, 5"


@pytest.mark.parametrize(("dense", "origin"), [("dense1", "pool2"), ("dense2", "dense1")])
def test_the_inputs_of_a_unit_have_the_names_of_where_they_come_from(
    page: InsidePage, qtbot: QtBot, dense: str, origin: str
) -> None:
    bars = open_map(qtbot, page, dense, 5).findChild(TermBars)
    values = maps(page).values_of(origin)
    for term in bars.terms[:-2]:
        name, *place = term.name.split(", ")
        numbers = [int(part.split()[1]) for part in place]
        assert name == origin
        value = values[numbers[1], numbers[2], numbers[0]] if values.ndim == 3 else values[numbers[0]]
        assert float(term.how.split(" × ")[0].replace("−", "-")) == pytest.approx(float(value), rel=1e-4)


def test_kernels_uncover_their_results(page: InsidePage, qtbot: QtBot) -> None:
    level = open_map(qtbot, page, "conv1", 0)
    view, button = level.findChild(ConvolutionView), level.button
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert view.sliding and view.step < view.count
    with qtbot.waitSignal(view.uncovered):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert view.step == view.count and not view.sliding


def test_what_was_clicked_goes_to_its_place(page: InsidePage, qtbot: QtBot) -> None:
    page.view.settings.reduced_motion = False
    level = open_map(qtbot, page, "conv2", 3)
    moving = page.view.findChildren(QWidget, "flying")
    assert len(moving) == 1 and level.graphicsEffect() is not None
    qtbot.waitUntil(lambda: level.graphicsEffect() is None)  # it landed
    assert not isValid(moving[0]) or not moving[0].isVisible()
    open_map_again = level.findChild(ConvolutionView)
    open_map_again.chosen.emit(1)
    page.go_back()  # while it moves
    assert page.view.level is level and level.graphicsEffect() is None


def test_a_row_of_the_softmax_goes_to_its_place(page: InsidePage, qtbot: QtBot, qtlog: _QtMessageCapture) -> None:
    page.view.settings.reduced_motion = False
    bars = open_map(qtbot, page, "output", 7).findChild(TermBars)
    qtbot.waitUntil(lambda: page.view.level.graphicsEffect() is None)
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.item_rectangle(5).center().toPoint())
    assert isinstance(page.view.level, DenseLevel)
    qtbot.waitUntil(lambda: page.view.level.graphicsEffect() is None)
    assert not [record.message for record in qtlog.records if "null pixmap" in record.message]


def test_a_hint_goes_once_it_was_followed(page: InsidePage, qtbot: QtBot) -> None:
    hint = page.findChild(QLabel, "network_hint")
    assert "Point at a map" in hint.text() and hint.isVisible()
    open_map(qtbot, page, "pool1", 0)
    assert hint.text() == "Point at the input or the output."  # a pooling has no weights
    page.go_back()
    assert not hint.isVisible()
    again = InsidePage(Settings())
    qtbot.addWidget(again)
    assert not again.view.findChild(QLabel, "network_hint").isVisibleTo(again.view)
    again.shut_down()


def test_a_picture_for_another_model_opens_it(page: InsidePage, qtbot: QtBot, tmp_path: Path) -> None:
    columns = maps(page)
    point = columns.rectangle_of(Tile(2, 0)).center()
    assert columns.item_at(QPointF(point)) == columns.item_of(Tile(2, 0))
    with qtbot.waitSignal(page.navigate) as sent:
        page.receive(tmp_path)
    assert sent.args == ["try", tmp_path]


def test_a_double_click_on_nothing_goes_back_one_level_as_a_click_does(page: InsidePage, qtbot: QtBot) -> None:
    level = open_map(qtbot, page, "conv2", 3)
    view = level.findChild(ConvolutionView)
    view.chosen.emit(1)
    assert page.view.levels_down == 2
    ground = QPoint(page.view.level.width() - 10, page.view.level.height() - 10)
    QTest.mouseClick(page.view.level, Qt.MouseButton.LeftButton, pos=ground)
    assert page.view.level is level
    for widget in (level, view.viewport()):  # under the pointer, when the second press comes
        QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(widget.width() - 5, widget.height() - 5))
    assert page.view.level is level


def test_neither_the_page_nor_what_is_on_it_refers_to_itself(page: InsidePage, qtbot: QtBot) -> None:
    open_map(qtbot, page, "conv2", 3)
    assert in_circles(page) == set()
