"""The columns of maps: what stands below them, what is painted when they change, and where the keys are."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.layouts import column
from cnnstudio.gui.widgets.items import NONE
from cnnstudio.gui.widgets.maps import map_columns
from cnnstudio.gui.widgets.maps.colour_scale import Limits, limits_of
from cnnstudio.gui.widgets.maps.map_columns import MapColumn, MapColumns, SourcesOf, Tile
from tests.gui.seen_events import SeenEvents


def test_the_scales_of_narrow_columns_stand_apart(qtbot: QtBot, pixels: Callable[[QWidget], np.ndarray]) -> None:
    columns = MapColumns()
    qtbot.addWidget(columns)
    columns.resize(500, 300)
    columns.set_columns([MapColumn(name, "4 units", "", (4,)) for name in ("gap", "dropout", "dense")])
    columns.set_values({name: np.array([-0.0601, 0, 0.1, 0.202]) for name in ("gap", "dropout", "dense")}, True)
    columns.show()
    qtbot.waitExposed(columns)
    seen = pixels(columns.viewport())
    first, second = (columns.rectangle_of(Tile(column, 3)).toRect() for column in (0, 1))
    strip = seen[first.bottom() + 3 : first.bottom() + 16]
    between = (first.center().x() + second.center().x()) // 2
    assert (strip[:, between - 1 : between + 1] == strip[0, 0]).all()
    assert (strip[:, first.left() : first.right()] != strip[0, 0]).any()  # there is one


def test_in_a_sum_each_map_is_linked_to_the_one_of_its_number(
    qtbot: QtBot, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    def seen(sources_of: SourcesOf) -> np.ndarray:
        columns = MapColumns()
        qtbot.addWidget(columns)
        columns.resize(600, 400)
        before, beside = (MapColumn(name, "", "", (8, 8, 3)) for name in ("before", "beside"))
        columns.set_columns([before, beside, MapColumn("total", "", "", (8, 8, 3), sources=(0, 1))], sources_of)
        return pixels(columns.viewport())

    of_sum = seen(lambda tile: [Tile(0, tile.channel), Tile(1, tile.channel)])
    assert np.array_equal(of_sum, seen(lambda tile: [Tile(1, tile.channel)]))
    assert not np.array_equal(of_sum, seen(lambda _: [Tile(1, channel) for channel in range(3)]))


def test_of_another_image_they_alone_are_painted(qtbot: QtBot) -> None:
    columns, window = MapColumns(), QWidget()
    window.setLayout(column(columns))
    qtbot.addWidget(window)
    columns.set_columns([MapColumn("dense", "4 units", "", (4,))])
    window.resize(500, 300)
    window.show()
    qtbot.waitExposed(window)
    columns.viewport().repaint()
    painted = SeenEvents(columns.viewport(), QEvent.Type.Paint)
    with painted, SeenEvents(window, QEvent.Type.Paint) as painted_below:
        columns.set_values({"dense": np.ones(4)})
        qtbot.waitUntil(lambda: painted.count > 0)
    assert not painted_below.count


def test_each_layer_is_searched_once_for_the_limits_of_the_whole_network(
    qtbot: QtBot, pixels: Callable[[QWidget], np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []

    def counted(values: np.ndarray, colormap: str) -> Limits:
        searched.append(values)
        return limits_of(values, colormap)

    monkeypatch.setattr(map_columns, "limits_of", counted)
    columns, names = MapColumns(), ("first", "second", "third")
    qtbot.addWidget(columns)
    columns.resize(500, 300)
    columns.set_scale("network")
    assert columns.limits is None
    columns.set_columns([MapColumn(name, "4 units", "", (4,)) for name in names])
    columns.set_values(
        {name: np.array([0.0, 0, 0, largest]) for largest, name in zip((1, 2, 1000), names, strict=True)}
    )
    seen = pixels(columns)
    assert len(searched) == len(names)
    colour_of = [seen[place.y(), place.x()].tolist() for place in _middles(columns)]
    assert columns.limits == (0, 2)  # one layer of large numbers does not leave the others one colour
    assert colour_of[0] != colour_of[1] == colour_of[2], "one scale for all"


def _middles(columns: MapColumns) -> list[QPoint]:
    return [columns.rectangle_of(Tile(number, 3)).center().toPoint() for number in range(3)]


def test_the_same_tile_stays_the_current_one_in_a_lower_window(qtbot: QtBot) -> None:
    columns = MapColumns()
    qtbot.addWidget(columns)
    columns.resize(900, 700)
    columns.set_columns([MapColumn(name, "8×8×300", "", (8, 8, 300)) for name in ("first", "second", "third")])
    columns.show()
    qtbot.waitExposed(columns)
    count, last, in_sight = columns.item_count(), columns.item_of(Tile(2, 40)), Tile(1, 3)
    columns.set_current(last)
    columns.resize(900, 260)
    assert columns.item_count() < count
    assert columns.current == columns.item_of(Tile(2, 40))
    columns.set_current(columns.item_count() - 2)
    columns.hover(columns.item_of(in_sight))
    columns.resize(900, 200)
    columns.grab()  # paints: what is current may not be shown any more
    assert columns.current == NONE
    assert columns.hovered == columns.item_of(in_sight)


def test_the_keys_are_at_the_first_of_the_tiles_that_were_hidden(qtbot: QtBot) -> None:
    columns = MapColumns()
    qtbot.addWidget(columns)
    columns.resize(500, 300)
    columns.set_columns([MapColumn("many", "8×8×300", "", (8, 8, 300))])
    columns.show()
    more = columns.item_count() - 1
    assert columns.tile_of(more) is None
    columns.set_current(more)
    qtbot.keyClick(columns, Qt.Key.Key_Return)
    assert columns.item_count() == 300
    assert columns.tile_of(columns.current) == Tile(0, more)


def test_beside_the_other_columns_only_answers_are_met(qtbot: QtBot) -> None:
    columns = MapColumns()
    qtbot.addWidget(columns)
    columns.resize(600, 400)
    layers = [MapColumn(f"conv{number}", "", "", (8, 8, 12)) for number in range(12)]
    columns.set_columns([*layers, MapColumn("output", "", "", (3,), answers=("a", "b", "c"))])
    columns.show()
    qtbot.waitExposed(columns)
    first, last = (columns.rectangle_of(Tile(len(layers), answer)) for answer in (0, 2))
    rows = range(round(first.top()), round(last.bottom()))
    assert [columns.item_at(QPointF(first.center().x(), row)) for row in rows] == sorted(
        columns.item_of(Tile(len(layers), answer)) for answer in range(3) for _ in range(round(first.height()))
    )
    height = columns.viewport().height()
    beside = {columns.item_at(QPointF(x, y)) for x in range(round(first.left()), 600, 4) for y in range(0, height, 4)}
    assert beside == {NONE, *(columns.item_of(Tile(len(layers), answer)) for answer in range(3))}
