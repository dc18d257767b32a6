"""The menu of what can be done with the user's own things."""

from pathlib import Path

import pytest
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import Item
from cnnstudio.gui.controls.library_menu import LibraryItem, LibraryMenu
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.question import NameDialog


class Library:
    """One thing that is renamed and thrown away in memory."""

    def __init__(self, path: Path) -> None:
        self.item = LibraryItem("Old", path, self.rename, self.trash)
        self.calls: list[str] = []
        self.full = False

    def rename(self, name: str) -> str:
        self.calls.append(f"rename {name}")
        return name

    def trash(self) -> None:
        if self.full:
            raise StudioError("The trash is full.")
        self.calls.append("trash")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "old.txt")


@pytest.fixture
def message(qtbot: QtBot) -> MessageBar:
    message = MessageBar()
    qtbot.addWidget(message)
    return message


@pytest.fixture
def menu(qtbot: QtBot, library: Library, message: MessageBar) -> LibraryMenu:
    menu = LibraryMenu(
        "song",
        message,
        Item("play_song", "&Play", "open", "Plays it.", lambda: None),
        consequence="Its notes go, too.",
        fixed="Folk songs stay as they are.",
    )
    qtbot.addWidget(menu)
    menu.set_item(library.item)
    return menu


def action(menu: LibraryMenu, name: str) -> QAction:
    return menu.findChild(QAction, name)


def answer(monkeypatch: pytest.MonkeyPatch, button: str) -> list[str]:
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.extend((box.text(), box.informativeText())))
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.findChild(QPushButton, button))
    return asked


def test_it_offers_what_is_possible(menu: LibraryMenu, library: Library) -> None:
    names = [one.objectName() for one in menu.menu().actions() if not one.isSeparator()]
    assert names == ["rename_song", "show_song_folder", "play_song", "delete_song"]
    assert all(action(menu, name).isEnabled() for name in names)
    menu.set_item(LibraryItem("Folk", library.item.path))
    assert action(menu, "show_song_folder").isEnabled()
    for name in ("rename_song", "delete_song"):
        assert not action(menu, name).isEnabled()
        assert action(menu, name).toolTip() == "Folk songs stay as they are."
    menu.set_item(None)
    assert not action(menu, "show_song_folder").isEnabled()


def test_a_new_name_is_asked_for_and_given(
    menu: LibraryMenu, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give(dialog: NameDialog) -> None:
        dialog.findChild(QLineEdit, "new_name").setText("New")
        dialog.accept()

    monkeypatch.setattr(NameDialog, "exec", give)
    with qtbot.waitSignal(menu.renamed) as renamed:
        action(menu, "rename_song").trigger()
    assert renamed.args == ["New"]
    monkeypatch.setattr(NameDialog, "exec", NameDialog.reject)
    with qtbot.assertNotEmitted(menu.renamed):
        action(menu, "rename_song").trigger()
    assert library.calls == ["rename New"]


def test_a_deletion_is_asked_about_and_told(
    menu: LibraryMenu, library: Library, message: MessageBar, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer(monkeypatch, "keep_song_button")
    action(menu, "delete_song").trigger()
    assert asked == ["Move “Old” to the trash?", "Its notes go, too."]
    assert library.calls == []
    answer(monkeypatch, "confirm_delete_song_button")
    with qtbot.waitSignal(menu.deleted):
        action(menu, "delete_song").trigger()
    assert message.text == "“Old” is in the trash."
    assert library.calls == ["trash"]


def test_what_cannot_be_deleted_is_explained(
    menu: LibraryMenu, library: Library, message: MessageBar, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.full = True
    answer(monkeypatch, "confirm_delete_song_button")
    with qtbot.assertNotEmitted(menu.deleted):
        action(menu, "delete_song").trigger()
    assert message.text == "The trash is full."


def test_the_folder_is_told_where_no_program_shows_it(
    menu: LibraryMenu, library: Library, message: MessageBar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: False)
    action(menu, "show_song_folder").trigger()
    assert message.text == f"The folder could not be opened. The song was saved as {library.item.path}."
