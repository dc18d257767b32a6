"""The bars: what they show of which classes."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from cnnstudio.gui.look.theme import LIGHT
from cnnstudio.gui.widgets.charts.probability_bars import ProbabilityBars

DIGITS = tuple("0123456789")


@pytest.fixture
def bars(qtbot, theme):
    widget = ProbabilityBars()
    qtbot.addWidget(widget)
    widget.resize(300, 320)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def width_of(picture, row, colour):
    """How many pixels of the middle line of a row 32 high have a colour."""
    return int((picture[row * 32 + 16] == QColor(colour).getRgb()[:3]).all(axis=1).sum())


def test_bars_are_as_long_as_the_probabilities(bars, pixels):
    bars.set_classes(DIGITS)
    bars.set_probabilities(np.array([0.2, 0, 0, 0.1, 0, 0, 0, 0.7, 0, 0], np.float32))
    picture = pixels(bars)
    track = width_of(picture, 1, LIGHT.hover)
    assert track > 120
    assert width_of(picture, 7, LIGHT.accent) == pytest.approx(0.7 * track, abs=2)
    assert width_of(picture, 0, LIGHT.disabled) == pytest.approx(0.2 * track, abs=3)
    assert width_of(picture, 3, LIGHT.disabled) == pytest.approx(0.1 * track, abs=3)


def test_only_the_top_one_has_the_accent(bars, pixels):
    bars.set_classes(DIGITS)
    bars.set_probabilities(np.full(10, 0.1) + 0.02 * (np.arange(10) == 4))
    picture = pixels(bars)
    assert [row for row in range(10) if width_of(picture, row, LIGHT.accent)] == [4]


def test_the_answer_is_told_to_screen_readers(bars):
    bars.set_classes(DIGITS)
    bars.set_probabilities(np.eye(10)[7] * 0.98 + 0.002)
    assert bars.accessibleDescription() == "7: 98.2 %"
    bars.set_probabilities(None)
    assert bars.accessibleDescription() == "The answer appears here."


def test_long_names_stand_above_their_bars_where_the_bars_would_have_no_room(bars, pixels):
    bars.resize(240, 10 * 48)
    bars.set_classes([f"a name as long as that of a kind of fox, {number}" for number in range(10)])
    bars.set_probabilities(np.eye(10)[3] * 0.5 + 0.05)
    lines = (pixels(bars) == QColor(LIGHT.accent).getRgb()[:3]).all(axis=2).sum(axis=1)
    filled = np.flatnonzero(lines)
    assert 3.5 * 48 < filled.min() < filled.max() < 4 * 48
    assert lines.max() == pytest.approx(0.55 * 166, rel=0.1)


def test_of_many_classes_the_most_probable_ten_come_first(bars, pixels):
    bars.resize(400, 320)
    probabilities = np.zeros(1000, np.float32)
    probabilities[[500, 20, 7]] = 0.5, 0.3, 0.2
    bars.set_classes([f"class {number}" for number in range(1000)])
    bars.set_probabilities(probabilities)
    picture = pixels(bars)
    lengths = [width_of(picture, row, LIGHT.accent) + width_of(picture, row, LIGHT.disabled) for row in range(10)]
    assert lengths[0] > lengths[1] > lengths[2] > 0
    assert set(lengths[3:]) == {0}
    assert bars.accessibleDescription().startswith("class 500: 50.0")


def test_the_empty_state_has_no_bars(bars, pixels):
    bars.set_classes(DIGITS)
    assert not (pixels(bars) == QColor(LIGHT.accent).getRgb()[:3]).all(axis=2).any()


def test_nan_is_no_answer_but_no_crash_either(bars, pixels):
    bars.set_classes(DIGITS)
    bars.set_probabilities(np.full(10, np.nan))
    assert width_of(pixels(bars), 3, LIGHT.hover) > 120


def test_probabilities_belong_to_the_classes(bars):
    bars.set_classes(DIGITS)
    with pytest.raises(ValueError, match="9 probabilities for 10 classes"):
        bars.set_probabilities(np.zeros(9))


def test_the_tooltip_names_the_row_in_full(bars):
    bars.set_classes(["a very long name of a class that cannot be written out in full", "b"])
    bars.set_probabilities(np.array([0.12345, 0.87655]))
    place = QPoint(10, 10)
    QApplication.sendEvent(bars, QHelpEvent(QEvent.Type.ToolTip, place, bars.mapToGlobal(place)))
    assert "in full: 12.3\N{NO-BREAK SPACE}%" in QToolTip.text()
    QToolTip.hideText()


def test_each_class_may_be_answered_by_itself(bars, pixels):
    bars.set_classes(DIGITS, likely=0.5)
    assert "several can be right, or none" in bars.toolTip()
    bars.set_probabilities(np.array([0.9, 0.1, 0, 0.6, 0, 0, 0.4, 0, 0, 0]))
    assert bars.answered == ("0", "3") and bars.accessibleDescription() == "0: 90.0 %, 3: 60.0 %"
    picture = pixels(bars)
    assert [row for row in range(10) if width_of(picture, row, LIGHT.accent)] == [0, 3]
    bars.set_probabilities(np.full(10, 0.2))
    assert bars.answered == () and bars.accessibleDescription() == "None of the classes"
    bars.set_classes(DIGITS)
    bars.set_probabilities(np.full(10, 0.1) + 0.02 * (np.arange(10) == 4))
    assert bars.answered == ("4",) and "together they are 100" in bars.toolTip()
