"""The histogram of classes: few, many, and a thousand."""

import csv
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.look.theme import LIGHT, Theme
from cnnstudio.gui.widgets.charts.class_histogram import ClassCounts, ClassHistogram


def parts(train: list[int], test: list[int]) -> tuple[ClassCounts, ...]:
    return ClassCounts("training images", tuple(train), 0), ClassCounts("test images", tuple(test), 2)


@pytest.fixture
def histogram(qtbot: QtBot, theme: Theme) -> ClassHistogram:
    histogram = ClassHistogram()
    qtbot.addWidget(histogram)
    histogram.resize(240, 400)
    histogram.show()
    return histogram


def length(row: np.ndarray, colour: str) -> int:
    """So many pixels of a line have a colour."""
    return int((row == QColor(colour).getRgb()[:3]).all(axis=-1).sum())


def test_bars_are_as_long_as_counts(histogram: ClassHistogram, pixels: Callable[[QWidget], np.ndarray]) -> None:
    histogram.set_classes(("cat", "dog", "cow"), parts([100, 50, 0], [0, 0, 0]))
    shown = pixels(histogram.viewport())
    bars = [length(shown[round(histogram.rectangle(number).bottom()) - 8], LIGHT.plot[0]) for number in range(3)]
    assert bars[0] > 150
    assert abs(bars[1] - bars[0] / 2) <= 2
    assert bars[2] == 0


def test_a_click_chooses_and_a_second_one_lets_go(histogram: ClassHistogram, qtbot: QtBot) -> None:
    histogram.set_classes(("cat", "dog"), parts([3, 4], [1, 2]))
    where = histogram.rectangle(1).center().toPoint()
    for expected in (1, -1):
        with qtbot.waitSignal(histogram.chosen) as chosen:
            QTest.mouseClick(histogram.viewport(), Qt.MouseButton.LeftButton, pos=where)
        assert chosen.args == [expected]
        assert histogram.chosen_class == expected


def test_a_thousand_classes_are_walked_by_keys(histogram: ClassHistogram, qtbot: QtBot) -> None:
    histogram.set_classes([f"class {n}" for n in range(1000)], parts(list(range(1000)), [0] * 1000))
    QTest.keyClick(histogram, Qt.Key.Key_End)
    assert histogram.viewport().rect().contains(histogram.rectangle(999).toRect())
    assert histogram.accessibleDescription() == "class 999: 999 training images, 0 test images"
    QTest.keyClick(histogram, Qt.Key.Key_Up)
    with qtbot.waitSignal(histogram.chosen) as chosen:
        QTest.keyClick(histogram, Qt.Key.Key_Return)
    assert chosen.args == [998]


def test_the_mean_image_is_shown(histogram: ClassHistogram, pixels: Callable[[QWidget], np.ndarray]) -> None:
    histogram.set_classes(("cat", "dog"), parts([3, 4], [1, 2]))
    histogram.set_mean(1, np.full((28, 28, 3), (200, 30, 90), np.uint8))
    row = histogram.rectangle(1)
    assert pixels(histogram.viewport())[round(row.center().y()), 20].tolist() == [200, 30, 90]
    histogram.clear_means()
    assert pixels(histogram.viewport())[round(row.center().y()), 20].tolist() != [200, 30, 90]


def test_the_largest_first(histogram: ClassHistogram, qtbot: QtBot) -> None:
    histogram.set_classes(("cat", "dog", "cow"), parts([1, 9, 5], [2, 0, 0]))
    histogram.set_largest_first(True)
    assert histogram.rectangle(1).top() < histogram.rectangle(2).top() < histogram.rectangle(0).top()
    with qtbot.waitSignal(histogram.chosen) as chosen:
        QTest.mouseClick(histogram.viewport(), Qt.MouseButton.LeftButton, pos=histogram.rectangle(2).center().toPoint())
    assert chosen.args == [2]
    QTest.keyClick(histogram, Qt.Key.Key_Down)
    assert histogram.accessibleDescription().startswith("cat: 1 ")
    histogram.set_largest_first(False)
    assert histogram.rectangle(0).top() < histogram.rectangle(1).top() < histogram.rectangle(2).top()


def test_the_numbers_can_be_kept(histogram: ClassHistogram) -> None:
    histogram.set_classes(("cat, tame", "Füchse"), parts([3, 4], [1, 2]))
    table = histogram.table().decode("utf-8-sig")
    assert list(csv.reader(table.splitlines())) == [
        ["class", "training images", "test images"],
        ["cat, tame", "3", "1"],
        ["Füchse", "4", "2"],
    ]


def test_no_classes(histogram: ClassHistogram) -> None:
    histogram.set_classes((), ())
    histogram.viewport().repaint()
    QTest.keyClick(histogram, Qt.Key.Key_Return)
    assert histogram.chosen_class == -1
