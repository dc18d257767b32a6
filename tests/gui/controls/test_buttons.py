"""Buttons: what is common to all of them."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.buttons import FoldButton, Item, chip, menu_of, push_button, tool_button


class Asking(QObject):
    asked = Signal()


def test_a_button_is_named_after_its_words(qtbot: QtBot) -> None:
    button = push_button("save_as_button", "&Save as …", "Saves it.")
    qtbot.addWidget(button)
    assert button.objectName() == "save_as_button"
    assert button.accessibleName() == "Save as"
    assert button.toolTip() == "<p>Saves it.</p>"
    assert push_button("open_button", "&Open …", "Opens it.", title="Open a file").accessibleName() == "Open a file"


def test_a_click_calls_a_function_or_emits_a_signal(qtbot: QtBot) -> None:
    asking, calls = Asking(), []
    button = push_button("a_button", "A", "Does it.", lambda: calls.append("a"))
    qtbot.addWidget(button)
    button.click()
    assert calls == ["a"]
    tool = tool_button("b_button", "B", "Asks.", "open", asking.asked)
    qtbot.addWidget(tool)
    with qtbot.waitSignal(asking.asked):
        tool.click()


def test_a_tooltip_tells_the_keys(qtbot: QtBot) -> None:
    button = tool_button("undo_button", "Undo", "Takes it back.", "undo", keys="Ctrl+Z")
    qtbot.addWidget(button)
    assert button.toolTip() == "<p>Takes it back. (Ctrl+Z)</p>"
    assert button.shortcut().toString() == "Ctrl+Z"


def test_a_chip_stays_pressed(qtbot: QtBot) -> None:
    button = chip("all_chip", "&All", "Shows all.")
    qtbot.addWidget(button)
    button.click()
    assert button.isChecked()


def test_a_menu_takes_items_actions_and_lines(qtbot: QtBot) -> None:
    parent, calls = QWidget(), []
    qtbot.addWidget(parent)
    other = QAction("Other", parent)
    menu = menu_of(parent, Item("first", "&First", "open", "Is first.", lambda: calls.append(1)), None, other)
    first, line, last = menu.actions()
    assert first.objectName() == "first"
    assert line.isSeparator()
    assert last is other
    first.trigger()
    assert calls == [1]


def test_what_is_folded_away_is_shown_and_hidden(qtbot: QtBot) -> None:
    whole, content = QWidget(), QLabel("content")
    qtbot.addWidget(whole)
    column = QVBoxLayout(whole)
    fold = FoldButton("more_button", "More", "Shows more.", content)
    column.addWidget(fold)
    column.addWidget(content)
    whole.show()
    assert not content.isVisible()
    fold.click()
    assert content.isVisible()
    fold.click()
    assert not content.isVisible()
