"""The message bar: what it says, and that it keeps out of the way."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.look.theme import DARK, LIGHT


@pytest.fixture
def page(qtbot, theme):
    widget = QWidget()
    qtbot.addWidget(widget)
    column = QVBoxLayout(widget)
    widget.edit = QLineEdit(widget)
    widget.bar = MessageBar(widget)
    column.addWidget(widget.edit)
    column.addWidget(widget.bar)
    widget.resize(600, 200)
    widget.show()
    widget.activateWindow()
    widget.edit.setFocus()
    qtbot.waitExposed(widget)
    return widget


def test_nothing_to_say_takes_no_room(page):
    assert page.bar.isHidden()


def test_an_error_stands_there_and_leaves_the_focus_where_it_was(page, pixels):
    page.bar.show_error("The file is damaged. Choose another one.", "Traceback …")
    assert page.bar.isVisible()
    assert page.edit.hasFocus()
    assert page.bar.accessibleName() == "Error: The file is damaged. Choose another one."
    assert tuple(pixels(page.bar)[4, 300]) == QColor(LIGHT.error_soft).getRgb()[:3]


def test_an_error_looks_like_one_in_the_dark_too(page, pixels, theme):
    page.bar.show_error("The file is damaged.")
    theme.choose("dark")
    assert tuple(pixels(page.bar)[4, 300]) == QColor(DARK.error_soft).getRgb()[:3]


def test_news_look_different(page, pixels):
    page.bar.show_error("The file is damaged.")
    page.bar.show_info("Saved.")
    assert tuple(pixels(page.bar)[4, 300]) == QColor(LIGHT.accent_soft).getRgb()[:3]
    assert page.bar.text == "Saved."


def test_the_icon_follows_the_theme(page, pixels, theme):
    page.bar.show_info("Saved.")
    theme.choose("dark")
    shown = pixels(page.bar)[:, :40].reshape(-1, 3)
    assert (shown == QColor(DARK.accent_text).getRgb()[:3]).all(axis=1).any()
    assert not (shown == QColor(LIGHT.accent_text).getRgb()[:3]).all(axis=1).any()


def test_details_can_be_copied(page):
    copy = page.bar.findChild(QPushButton, "copy_details_button")
    page.bar.show_error("The file is damaged.", "ValueError: 7")
    assert copy.isVisible()
    copy.click()
    assert QApplication.clipboard().text() == "The file is damaged.\n\nValueError: 7"
    page.bar.show_error("The file is damaged.")
    assert not copy.isVisible()


def test_details_unfold_and_are_folded_again_by_the_next_message(page):
    unfold = page.bar.findChild(QToolButton, "details_button")
    details = page.bar.findChild(QPlainTextEdit, "details_text")
    page.bar.show_error("The file is damaged.", "ValueError: 7")
    assert not details.isVisible()
    unfold.click()
    assert details.isVisible()
    assert details.toPlainText() == "ValueError: 7"
    page.bar.show_error("The file is damaged.", "ValueError: 8")
    assert not details.isVisible()


def test_a_failure_that_the_user_can_mend_is_told_without_details(page):
    page.bar.show_failure(StudioError("The disk is full. Make room."))
    assert page.bar.text == "The disk is full. Make room."
    assert not page.bar.findChild(QToolButton, "details_button").isVisible()


def test_what_went_wrong_underneath_a_failure_is_in_its_details(page):
    details = page.bar.findChild(QPlainTextEdit, "details_text")
    error = StudioError("The file is damaged.")
    error.__cause__ = ValueError("no JSON")
    page.bar.show_failure(error, "epochs: 3")
    assert details.toPlainText() == "epochs: 3\nValueError: no JSON"


def test_what_the_sentence_says_is_not_said_again_in_the_details(page):
    error = StudioError("mine.keras is not opened: it is no zip archive.")
    error.__cause__ = ValueError("it is no zip archive")
    page.bar.show_failure(error)
    assert not page.bar.findChild(QToolButton, "details_button").isVisible()
    error.__cause__.__cause__ = KeyError("config")
    page.bar.show_failure(error)
    assert page.bar.findChild(QPlainTextEdit, "details_text").toPlainText() == "KeyError: 'config'"


def test_an_unexpected_failure_is_in_the_details_and_in_the_log(page, caplog):
    try:
        raise KeyError("kernel")
    except KeyError as error:
        with caplog.at_level("ERROR"):
            page.bar.show_failure(error)
    assert page.bar.text.startswith("Something went wrong that should not have (KeyError).")
    details = page.bar.findChild(QPlainTextEdit, "details_text").toPlainText()
    assert "test_message_bar.py" in details
    assert "KeyError: 'kernel'" in details
    assert "KeyError: 'kernel'" in caplog.text


def test_it_closes_by_button_and_by_escape(page):
    close = page.bar.findChild(QToolButton, "close_message_button")
    page.bar.show_info("Saved.")
    close.click()
    assert page.bar.isHidden()
    page.bar.show_info("Saved again.")
    close.setFocus()
    QTest.keyClick(close, Qt.Key.Key_Escape)
    assert page.bar.isHidden()


def test_a_file_name_is_never_taken_for_markup(page):
    page.bar.show_error("<b>bold</b>.png cannot be read.")
    assert page.bar.text == "<b>bold</b>.png cannot be read."
    label = page.bar.findChild(QWidget, "message_text")
    assert label.textFormat() is Qt.TextFormat.PlainText


def test_an_offer_is_taken_with_one_click(page, qtbot):
    page.bar.show_offer("This looks like a photo.", "Open it with another model")
    button = page.bar.findChild(QPushButton, "accept_offer_button")
    assert button.isVisible()
    assert button.text() == "Open it with another model"
    with qtbot.waitSignal(page.bar.accepted):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert page.bar.isHidden()
    page.bar.show_info("Saved.")
    assert button.isHidden()
