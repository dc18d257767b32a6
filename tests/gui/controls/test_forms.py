"""Controls of forms: what they are set to is what they say."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.forms import TIP, WheelGuard, combo, number, set_value, slider, value_of
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.look.theme import Theme


def choices() -> QComboBox:
    return combo("size_combo", "Size", "How large.", {3: ("Three", "Is three."), 1: ("One", "Is one.")})


@pytest.mark.parametrize(
    ("control", "value"), [(choices, 1), (choices, 7), (lambda: WholeBox(0, 9), 4), (lambda: DecimalBox(0, 9, 1), 0.5)]
)
def test_a_value_that_is_set_is_the_value(qtbot: QtBot, control: object, value: object) -> None:
    made = control()
    qtbot.addWidget(made)
    set_value(made, value)
    assert value_of(made) == value


def test_every_choice_has_its_own_tooltip(qtbot: QtBot) -> None:
    made = choices()
    qtbot.addWidget(made)
    assert [(made.itemText(place), made.itemData(place, TIP)) for place in range(2)] == [
        ("Three", "Is three."),
        ("One", "Is one."),
    ]


def test_a_number_box_says_what_can_be_typed(qtbot: QtBot) -> None:
    box = number(WholeBox(1, 1000), "epochs_spin", "Epochs", "How often.")
    qtbot.addWidget(box)
    assert box.toolTip() == "<p>How often. From 1 to 1,000.</p>"
    assert box.accessibleName() == "Epochs"


def test_a_slider_tells_each_value(qtbot: QtBot) -> None:
    told: list[int] = []
    made = slider("width_slider", "Width", "How wide.", (4, 48), told.append)
    qtbot.addWidget(made)
    made.setValue(20)
    made.setValue(99)
    assert told == [20, 48]


@pytest.mark.parametrize("limits", [(0, 8), (-2, 2), (0, 200)])
def test_a_click_in_the_groove_of_a_slider_goes_there(qtbot: QtBot, theme: Theme, limits: tuple[int, int]) -> None:
    made = slider("stride_slider", "Stride", "How far.", limits)
    qtbot.addWidget(made)
    made.resize(200, 24)
    made.setValue(limits[0])
    low, high = limits
    for share in (0.75, 0.25, 0.5):
        QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=QPoint(round(200 * share), 12))
        assert made.value() == pytest.approx(low + share * (high - low), abs=max(0.5, 0.03 * (high - low)))
    assert not made.isSliderDown()


def test_a_slider_is_dragged_on_from_where_its_groove_was_pressed(qtbot: QtBot, theme: Theme) -> None:
    made = slider("strength_slider", "Strength", "How much.", (0, 100))
    qtbot.addWidget(made)
    made.resize(200, 24)
    QTest.mousePress(made, Qt.MouseButton.LeftButton, pos=QPoint(150, 12))
    QTest.mouseMove(made, QPoint(60, 12))
    assert made.value() == pytest.approx(28, abs=3)
    QTest.mouseRelease(made, Qt.MouseButton.LeftButton, pos=QPoint(60, 12))


def test_the_wheel_changes_only_what_has_the_focus(qtbot: QtBot, turn_wheel: Callable[..., object]) -> None:
    page, box, other = QWidget(), WholeBox(0, 9), WholeBox(0, 9)
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    for one in (box, other):
        column.addWidget(one)
    WheelGuard(page, box, other)
    with qtbot.waitActive(page):
        page.show()
    other.setFocus()
    for one, value in ((box, 0), (other, 1)):
        turn_wheel(one, QPoint(5, 5), QPoint(0, 120))
        assert one.value() == value
