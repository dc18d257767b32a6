"""The dialog that asks for a name."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.question import NameDialog


@pytest.fixture
def dialog(qtbot: QtBot) -> Iterator[NameDialog]:
    def give(name: str) -> str:
        if not name:
            raise StudioError("A name has letters.")
        return name.upper()

    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    dialog = NameDialog(parent, "Rename the network", "old", give)
    dialog.open()
    qtbot.waitExposed(dialog)
    yield dialog
    dialog.close()  # its parent lives as long


def test_enter_gives_the_name_that_is_typed_over_the_old_one(dialog: NameDialog, qtbot: QtBot) -> None:
    field = dialog.findChild(QLineEdit, "new_name")
    qtbot.keyClicks(field, "new")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert dialog.given == "NEW"


def test_a_name_that_cannot_be_had_is_told_and_another_may_follow(dialog: NameDialog, qtbot: QtBot) -> None:
    field, problem = dialog.findChild(QLineEdit, "new_name"), dialog.findChild(QLabel, "name_problem")
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    qtbot.mouseClick(dialog.findChild(QPushButton, "rename_button"), Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    assert problem.isVisible()
    assert problem.text() == "A name has letters."
    rename = dialog.findChild(QPushButton, "rename_button")
    qtbot.waitUntil(lambda: rename.height() >= rename.sizeHint().height() and problem.height() > 0)
    assert problem.geometry().top() > field.geometry().bottom()
    qtbot.keyClicks(field, "b")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert dialog.given == "B"


def test_escape_and_cancel_give_nothing(dialog: NameDialog, qtbot: QtBot) -> None:
    cancel = dialog.findChild(QPushButton, "cancel_rename_button")
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    dialog.open()
    cancel.setFocus()
    qtbot.keyClick(cancel, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    dialog.open()
    qtbot.keyClick(dialog.findChild(QLineEdit, "new_name"), Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert dialog.given is None


def test_the_buttons_have_no_pictures_and_the_frame_has_room_for_the_title(dialog: NameDialog) -> None:
    assert dialog.width() >= 400
    assert all(button.icon().isNull() for button in dialog.findChildren(QPushButton))
