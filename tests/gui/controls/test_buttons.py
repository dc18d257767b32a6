"""Buttons: what is common to all of them."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.buttons import FoldButton, Item, chip, chip_group, menu_of, on_key, push_button, tool_button


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


def test_always_one_chip_of_a_group_is_chosen(qtbot: QtBot) -> None:
    parent, chosen = QWidget(), []
    qtbot.addWidget(parent)
    chips = [chip(f"{name}_chip", name, f"Chooses {name}.") for name in ("one", "two", "three")]
    group = chip_group(parent, chips, chosen.append)
    assert group.checkedId() == 0
    chips[2].click()
    chips[2].click()
    assert [button.isChecked() for button in chips] == [False, False, True]
    assert set(chosen) == {2}


def test_a_key_works_where_the_focus_is_inside(qtbot: QtBot) -> None:
    window, inside, asking = QWidget(), QWidget(), Asking()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    field, outside = QLineEdit(inside), QLineEdit()
    for widget in (inside, outside):
        column.addWidget(widget)
    on_key(inside, Qt.Key.Key_Escape, asking.asked)
    with qtbot.waitActive(window):
        window.show()
    field.setFocus()
    with qtbot.waitSignal(asking.asked):
        qtbot.keyClick(field, Qt.Key.Key_Escape)
    outside.setFocus()
    with qtbot.assertNotEmitted(asking.asked):
        qtbot.keyClick(outside, Qt.Key.Key_Escape)


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
