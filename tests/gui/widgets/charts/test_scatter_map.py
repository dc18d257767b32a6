"""The map of dots: which are shown and pointed at, what a click and the keys take, and when dots become images."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.layouts import column, widget_of
from cnnstudio.gui.look.theme import colours
from cnnstudio.gui.widgets.charts.scatter_map import (
    CLASS_COLOURS,
    FEW_DOTS,
    MANY_CLASSES,
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


def clouds(count: int, apart: float) -> Dots:
    """Classes of 200 dots each, the first with one more, in a row whose middles lie `apart`."""
    labels = np.concatenate([np.arange(count).repeat(200), [0]])
    around = np.random.default_rng(2).normal(0, 1, (len(labels), 2))
    positions = (around + np.stack([labels * apart, np.zeros(len(labels))], axis=1)).astype(np.float32)
    names = tuple(f"Class {number}" for number in range(count))
    return replace(dots(), positions=positions, labels=labels, classes=names, wrong=np.zeros(len(labels), bool))


def test_the_names_of_the_classes_do_not_cover_each_other(view: ScatterMap) -> None:
    view.set_dots(clouds(10, 0.1))
    names = view.names()
    assert set(names) == set(range(10))
    assert not any(one.intersects(other) for one, other in combinations(names.values(), 2))
    view.set_dots(clouds(4, 20.0))
    for number, place in view.names().items():
        middles = np.median(
            [view.point_of(dot).toTuple() for dot in np.flatnonzero(clouds(4, 20.0).labels == number)], 0
        )
        np.testing.assert_allclose(place.center().toTuple(), middles, atol=0.1)


def test_no_name_lies_under_the_image_among_the_dots(view: ScatterMap) -> None:
    shown = clouds(3, 20.0)
    view.set_dots(shown)
    place = view.names()[1]
    view.set_pin(
        Pin(np.zeros((4, 4, 1), np.uint8), np.median(shown.positions[shown.labels == 1], axis=0), np.array([3]))
    )
    assert 1 in view.names()
    assert not view.names()[1].intersects(place.adjusted(-10, -10, 10, 10))


def test_a_name_that_moves_aside_has_a_line_to_its_dots(view: ScatterMap, pixels: Callable[..., np.ndarray]) -> None:
    shown = clouds(12, 0.0)
    view.set_dots(replace(shown, positions=np.zeros_like(shown.positions)))
    names, middle = view.names(), np.array(view.point_of(0).toTuple())
    number = max(names, key=lambda one: float(np.hypot(*(np.array(names[one].center().toTuple()) - middle))))
    end = np.clip(middle, names[number].topLeft().toTuple(), names[number].bottomRight().toTuple())
    along = [QPointF(*(end + (middle - end) * part).tolist()) for part in np.linspace(0, 1, 40)]
    uncovered = [
        one for one in along if not any(place.adjusted(-1, -1, 1, 1).contains(one) for place in names.values())
    ]
    assert uncovered
    seen = pixels(view).astype(int)
    for x, y in (one.toPoint().toTuple() for one in uncovered):
        assert seen[y - 1 : y + 2, x - 1 : x + 2].min() < 120


def test_names_of_many_classes_are_written_where_they_do_not_cover_the_map(view: ScatterMap, qtbot: QtBot) -> None:
    view.set_dots(clouds(MANY_CLASSES, 20.0))
    assert len(view.names()) == MANY_CLASSES
    view.set_dots(clouds(50, 20.0))
    assert view.names() == {}
    view.set_class(3)
    assert list(view.names()) == [3]
    view.set_class(NONE)
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Plus)
    area = QRectF(view.viewport().rect())
    assert 0 < len(view.names()) < 50
    assert all(area.contains(place) for place in view.names().values())
    view.show_errors(Errors.ONLY)
    assert view.names() == {}


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
