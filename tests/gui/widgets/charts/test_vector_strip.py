"""The flattened image."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnstudio.gui.look.theme import Theme
from cnnstudio.gui.pages.data.flatten_pane import FlattenPane
from cnnstudio.gui.widgets.charts.vector_strip import VectorStrip


@pytest.fixture
def strip(qtbot: QtBot, theme: Theme) -> VectorStrip:
    strip = VectorStrip()
    qtbot.addWidget(strip)
    strip.resize(600, strip.sizeHint().height())
    strip.set_values(np.arange(784, dtype=np.int64).astype(np.uint8))
    strip.show()
    return strip


def test_the_mouse_goes_along(strip: VectorStrip, qtbot: QtBot) -> None:
    with qtbot.waitSignal(strip.current_changed) as pointed:
        QTest.mouseMove(strip, QPoint(300, 10))
    assert pointed.args == [392]
    assert 392 in strip.cells_shown()
    assert strip.accessibleDescription() == f"number 392: {392 % 256}"


def test_keys_go_to_the_next_number_and_stop_at_the_ends(strip: VectorStrip) -> None:
    strip.set_current(5)
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert strip.current == 6
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert strip.current == 5
    QTest.keyClick(strip, Qt.Key.Key_End)
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert strip.current == 783
    assert strip.cells_shown().stop == 784
    QTest.keyClick(strip, Qt.Key.Key_Home)
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert strip.current == 0
    assert strip.cells_shown().start == 0


def test_long_and_short_vectors(strip: VectorStrip) -> None:
    strip.set_values(np.zeros(224 * 224 * 3, np.uint8), np.ones(224 * 224 * 3, bool))
    strip.set_current(150_527)
    strip.repaint()
    strip.set_values(np.array([7], np.uint8))
    strip.repaint()
    assert strip.current == 0
    assert strip.cells_shown() == range(1)


def test_what_is_enlarged_at_first_can_be_chosen(strip: VectorStrip) -> None:
    assert 392 in strip.cells_shown()
    strip.set_first(100)
    assert 100 in strip.cells_shown() and 392 not in strip.cells_shown()
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert strip.current == 100


def test_a_shift_is_seen_in_the_numbers_that_are_enlarged(qtbot: QtBot, theme: Theme) -> None:
    image = np.zeros((28, 28, 1), np.uint8)
    image[4:8, 10] = 255  # far from the middle of the vector
    pane = FlattenPane()
    qtbot.addWidget(pane)
    pane.resize(700, 600)
    pane.show()
    pane.set_image(image)
    shown = pane.findChild(VectorStrip, "shifted_strip").cells_shown()
    assert {4 * 28 + 10, 4 * 28 + 11} <= set(shown)
