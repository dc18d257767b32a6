"""The picker: choosing, by mouse and by keyboard."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from cnnstudio.gui.controls.picker import Choice, ListBox, Picker
from cnnstudio.gui.look.theme import LIGHT
from tests.gui.circles import in_circles


def picture(colour):
    pixmap = QPixmap(48, 48)
    pixmap.fill(QColor(colour))
    return QIcon(pixmap)


@pytest.fixture
def picker(qtbot, theme):
    widget = Picker()
    qtbot.addWidget(widget)
    widget.set_choices(
        [
            Choice("one", "Number one", "The first of all.", picture("#ff0000")),
            Choice(
                "two",
                "Number two",
                "A sentence so long that it does not fit into one line.",
                picture("#00ff00"),
            ),
            Choice("three", "Three"),
        ]
    )
    widget.resize(260, 64)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_the_first_choice_is_current_at_first(picker):
    assert picker.current_key == "one"


def test_choosing_tells_the_key_once(picker):
    told = []
    picker.changed.connect(told.append)
    picker.set_current("two")
    picker.set_current("two")
    picker.set_current("nothing of the kind")
    assert told == ["two"]
    assert picker.current_key == "two"
    assert picker.accessibleDescription().startswith("Number two. A sentence")


def test_to_choose_none_of_them_is_told_too(picker):
    picker.set_choices([Choice("one", "Number one"), Choice("", "None of these")])
    told = []
    picker.changed.connect(told.append)
    picker.set_current("")
    picker.set_current("one")
    assert told == ["", "one"]


def test_the_keyboard_chooses(picker):
    picker.setFocus()
    QTest.keyClick(picker, Qt.Key.Key_Down)
    assert picker.current_key == "two"
    QTest.keyClick(picker, Qt.Key.Key_T)
    assert picker.current_key == "three"


def test_the_open_list_chooses_by_mouse(picker, qtbot):
    picker.showPopup()
    view = picker.view()
    place = view.visualRect(view.model().index(1, 0)).center()
    with qtbot.waitSignal(picker.changed) as told:
        QTest.mouseMove(view.viewport(), place)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == ["two"]


def test_other_choices_keep_the_current_one_if_they_have_it(picker):
    told = []
    picker.set_current("two")
    picker.changed.connect(told.append)
    picker.set_choices([Choice("zero", "Zero"), Choice("two", "Two")])
    assert (picker.current_key, told) == ("two", [])
    picker.set_choices([Choice("zero", "Zero")])
    assert (picker.current_key, told) == ("zero", ["zero"])
    picker.set_choices([])
    assert picker.current_key == ""


def test_the_closed_picker_shows_picture_and_words(picker, pixels):
    shown = pixels(picker)
    assert tuple(shown[32, 34]) == (255, 0, 0)
    words = shown[8:56, 80:220].reshape(-1, 3)
    assert (words == QColor(LIGHT.text).getRgb()[:3]).all(axis=1).any()
    picker.set_current("two")
    assert tuple(pixels(picker)[32, 34]) == (0, 255, 0)


def test_a_locked_picker_looks_locked(picker, pixels):
    picker.setEnabled(False)
    words = pixels(picker)[8:56, 80:220].reshape(-1, 3)
    assert not (words == QColor(LIGHT.text).getRgb()[:3]).all(axis=1).any()
    assert (words == QColor(LIGHT.disabled).getRgb()[:3]).all(axis=1).any()


def test_the_list_gives_long_sentences_more_lines(picker):
    picker.set_choices(
        [Choice("short", "Short", "Brief."), Choice("long", "Long", "This sentence goes on and on and on. " * 6)]
    )
    picker.showPopup()
    heights = [picker.view().visualRect(picker.model().index(row, 0)).height() for row in range(2)]
    picker.hidePopup()
    assert heights[1] > heights[0] + 20


def test_a_title_that_is_too_long_goes_on_in_a_second_line(picker, pixels):
    def lines() -> int:
        ink = (pixels(picker)[:, 8:220] == QColor(LIGHT.text).getRgb()[:3]).all(axis=2).any(axis=1)
        return int((ink[1:] & ~ink[:-1]).sum())

    picker.set_choices([Choice("short", "Transfer"), Choice("long", "Transfer from a network with a name")])
    assert lines() == 1
    picker.set_current("long")
    assert lines() == 2


def test_the_closed_picker_shows_facts_in_place_of_the_sentence(picker, pixels):
    picker.set_choices([Choice("a", "A", "This sentence."), Choice("b", "A", "This sentence.", facts="Its year.")])
    sentence = pixels(picker)
    picker.set_current("b")
    assert (pixels(picker) != sentence).any()


def test_a_crowded_page_does_not_squeeze_it(qtbot, theme):
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    picker, rest = Picker(), QWidget()
    picker.set_choices([Choice("one", "Number one", "The first of all.", picture("#ff0000"))])
    rest.setMinimumHeight(400)
    column.addWidget(picker)
    column.addWidget(rest)
    page.resize(300, 100)
    page.show()
    qtbot.waitExposed(page)
    assert picker.height() == 64


@pytest.mark.parametrize("kind", [Picker, ListBox])
def test_a_list_that_is_longer_than_what_opens_has_a_scroll_bar(qtbot, theme, kind):
    page = QWidget()  # whose stylesheet comes later, as in the window
    qtbot.addWidget(page)
    made = kind()
    QVBoxLayout(page).addWidget(made)
    titles = [f"Number {number}" for number in range(30)]
    made.set_choices([Choice(title, title) for title in titles]) if kind is Picker else made.addItems(titles)
    page.setStyleSheet(QApplication.instance().styleSheet())
    QApplication.instance().setStyleSheet("")
    page.show()
    made.showPopup()
    assert made.view().verticalScrollBar().isVisible()
    made.hidePopup()


def test_a_long_item_is_seen_whole_in_the_open_list(qtbot, theme):
    words = ListBox()
    qtbot.addWidget(words)
    words.addItems(["Short", "Folders of level 2, 12 classes: Abate, Braeburn, Conference"])
    words.setFixedWidth(160)
    words.show()
    words.showPopup()
    assert words.view().viewport().width() >= words.view().sizeHintForColumn(0) > 160
    words.hidePopup()


def test_a_description_goes_on_in_a_second_line_of_the_closed_picker(picker, pixels):
    def lines() -> int:
        ink = (pixels(picker)[:, 80:220] == QColor(LIGHT.secondary).getRgb()[:3]).all(axis=2).any(axis=1)
        return int((ink[1:] & ~ink[:-1]).sum())

    picker.set_choices([Choice("a", "A", "Brief."), Choice("b", "B", "More than fits into one of its lines, by far.")])
    one = lines()
    picker.set_current("b")
    assert lines() > one


def test_the_words_stand_in_the_middle_of_their_row(picker, pixels):
    picker.set_choices([Choice("a", "A", "Brief.", picture("#ff0000")), Choice("b", "B", "Brief.", picture("#00ff00"))])
    picker.showPopup()
    row = picker.view().visualRect(picker.model().index(1, 0))
    shown = pixels(picker.view().viewport())[row.top() : row.bottom() + 1, :200]
    picker.hidePopup()
    ink = np.flatnonzero((shown < 128).all(axis=2).any(axis=1))
    assert abs(int(ink[0] + ink[-1]) - row.height()) <= 6


def test_the_wheel_changes_nothing(picker, turn_wheel):
    event = turn_wheel(picker, QPoint(100, 30), QPoint(0, -120))
    assert picker.current_key == "one"
    assert not event.isAccepted()


def test_a_heading_stands_over_the_first_choice_of_each_group(picker, pixels):
    choices = [Choice("a", "A", group="Old"), Choice("b", "B", group="Old"), Choice("c", "C", group="New")]
    picker.set_choices(choices)
    picker.showPopup()
    heights = [picker.view().visualRect(picker.model().index(row, 0)).height() for row in range(3)]
    words = pixels(picker.view().viewport())[: heights[0] - heights[1], :200].reshape(-1, 3)
    picker.hidePopup()
    assert heights[0] == heights[2] > heights[1] + 20
    # A thin letter may be nowhere as dark as its colour.
    ground, ink = (np.array(QColor(name).getRgb()[:3]) for name in (LIGHT.surface, LIGHT.secondary))
    assert np.abs(words - ink.astype(int)).sum(axis=1).min() < 0.3 * np.abs(ground - ink).sum()


def test_it_does_not_refer_to_itself_once_it_was_opened(picker):
    picker.showPopup()
    assert in_circles(picker) == set()
