"""Editing on the Architecture page: picture, table and form together, files that are dropped, and the window's end."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QTreeView,
)
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.question import NameDialog
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages.architecture.chooser import ArchitectureChooser
from cnnstudio.gui.pages.architecture.draft import left_behind
from cnnstudio.gui.pages.architecture.network_view import NetworkView
from cnnstudio.gui.pages.architecture.page import ArchitecturePage
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.network.picture import NetworkPicture
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.files import Network, list_networks, write_network

MINUTE = 60_000


@pytest.fixture
def window(architecture_window: MainWindow) -> MainWindow:
    return architecture_window


@pytest.fixture
def page(page: ArchitecturePage) -> ArchitecturePage:
    """The page with LeNet-5 in the editor."""
    edit(page)
    return page


def edit(page: ArchitecturePage) -> None:
    QTest.mouseClick(page.findChild(QPushButton, "edit_network_button"), Qt.MouseButton.LeftButton)


def change(page: ArchitecturePage, filters: int = 12) -> None:
    page.editor.document.select("conv1")
    page.editor.document.change("filters", filters)


def answer(monkeypatch: pytest.MonkeyPatch, button: str) -> list[str]:
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()))
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.findChild(QPushButton, button))
    return asked


def edited_file(folder: Path) -> Path:
    network = Network("shared", "Shared", network_config("mlp", (28, 28, 1), 10), "mlp")
    return write_network(network, folder / "shared.cnn.json").path


def test_the_whole_page_follows_an_edit(page: ArchitecturePage) -> None:
    change(page)
    table = page.findChild(QTreeView)
    cells = [
        str(table.model().data(table.model().index(row, column), Qt.ItemDataRole.DisplayRole))
        for row in range(table.model().rowCount())
        for column in range(table.model().columnCount())
    ]
    assert any("28×28×12" in cell for cell in cells)
    assert page.findChild(QLabel, "network_name").text() == "My LeNet-5"


def test_edit_may_be_pressed_before_anything_is_shown(qtbot: QtBot) -> None:
    page = ArchitecturePage(Settings())
    qtbot.addWidget(page)
    page.show()
    page.entered()
    page.edit()
    qtbot.waitUntil(lambda: page.editing, timeout=MINUTE)
    assert page.editor.document.title == "My LeNet-5"
    page.shut_down()


def test_the_layer_that_was_chosen_is_edited_first(window: MainWindow, qtbot: QtBot) -> None:
    page = window.current_page
    page.findChild(NetworkView).select("dense1")
    page.edit()
    assert page.editor.document.selected_layer == "dense1"


def test_the_picture_keeps_all_in_sight_while_it_grows(page: ArchitecturePage, qtbot: QtBot) -> None:
    picture = page.findChild(NetworkPicture)
    for name in ("image", "output", "conv2"):
        page.editor.document.select(name)
    page.editor.document.duplicate()
    QApplication.processEvents()
    assert picture.viewport().rect().contains(picture.mapFromScene(picture.scene().itemsBoundingRect()).boundingRect())


def test_the_name_follows_the_typing(page: ArchitecturePage, qtbot: QtBot) -> None:
    title = page.findChild(QLineEdit, "network_title")
    title.selectAll()
    qtbot.keyClicks(title, "Wide")
    assert page.findChild(QLabel, "network_name").text() == "Wide"


def test_a_layer_is_chosen_in_the_table_and_edited_with_keys(page: ArchitecturePage, qtbot: QtBot) -> None:
    table = page.findChild(QTreeView)
    table.setFocus()
    names = [row.name for row in page.editor.document.table.rows]
    qtbot.mouseClick(
        table.viewport(),
        Qt.MouseButton.LeftButton,
        pos=table.visualRect(table.model().index(names.index("pool1"), 0)).center(),
    )
    assert page.editor.document.selected_layer == "pool1"
    qtbot.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [row.name for row in page.editor.document.table.rows][2:4] == ["pool1", "conv1"]
    assert table.currentIndex().row() == 2
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert "pool1" not in [row.name for row in page.editor.document.table.rows]
    for _ in range(2):
        qtbot.keyClick(table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [row.name for row in page.editor.document.table.rows] == names


def test_saving_leaves_the_edited_network_on_screen(page: ArchitecturePage, qtbot: QtBot) -> None:
    change(page)
    assert page.editor.save() is not None
    assert page.editing
    assert page.findChild(QLabel, "network_name").isVisible()
    assert "was saved" in page.message


def test_back_to_the_choice_keeps_what_was_saved_chosen(page: ArchitecturePage, qtbot: QtBot) -> None:
    change(page)
    page.editor.save()
    with qtbot.waitSignal(page.shown, timeout=MINUTE) as shown:
        qtbot.mouseClick(page.findChild(QPushButton, "leave_editor_button"), Qt.MouseButton.LeftButton)
    assert not page.editing
    assert shown.args[0].request.name == "My LeNet-5"
    assert shown.args[0].table.row("conv1").output_shape == (28, 28, 12)
    # Outside the editor, its keys do nothing.
    qtbot.keyClick(page.findChild(QTreeView), Qt.Key.Key_Delete)
    assert len(page.description.table.rows) == 10


def test_leaving_asks_about_what_is_not_saved(
    page: ArchitecturePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(page)
    asked = answer(monkeypatch, "keep_editing_button")
    qtbot.mouseClick(page.findChild(QPushButton, "leave_editor_button"), Qt.MouseButton.LeftButton)
    page.receive("mlp")
    assert len(asked) == 2
    assert page.editing


def test_a_file_that_is_dropped_is_edited(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.show_page("train")
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(edited_file(tmp_path)))])
    middle, button, keys = window.rect().center(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(middle, Qt.DropAction.CopyAction, dropped, button, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(middle), Qt.DropAction.CopyAction, dropped, button, keys))
    page = window.current_page
    assert isinstance(page, ArchitecturePage)
    qtbot.waitUntil(lambda: page.editing)
    assert page.editor.document.title == "Shared"
    assert page.findChild(QLabel, "network_name").text() == "Shared"


def test_a_file_that_is_not_opened_is_said_where_one_looks(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = edited_file(tmp_path)
    path.write_text(path.read_text()[:300])
    window.open_path(path)
    page = window.current_page
    qtbot.waitUntil(lambda: "damaged" in page.message)
    assert not page.editing


def test_closing_asks_and_stays(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    page = window.page("architecture")
    edit(page)
    change(page)
    window.show_page("train")
    asked = answer(monkeypatch, "keep_editing_button")
    assert not window.close()
    assert len(asked) == 1
    assert window.current_page is page
    answer(monkeypatch, "save_changes_button")
    with qtbot.waitSignal(window.closed):
        assert window.close()
    assert [network.name for network in list_networks()] == ["My LeNet-5"]
    assert left_behind() is None


def test_a_draft_is_offered_at_the_next_start(page: ArchitecturePage, qtbot: QtBot) -> None:
    change(page, 20)
    with qtbot.waitSignal(page.editor.draft.written):
        page.editor.draft.write()
    page.shut_down()
    again = ArchitecturePage(Settings())
    qtbot.addWidget(again)
    again.show()
    with qtbot.waitSignal(again.shown, timeout=MINUTE):
        again.entered()
    qtbot.waitUntil(lambda: "My LeNet-5" in again.message)
    qtbot.mouseClick(again.findChild(QPushButton, "accept_offer_button"), Qt.MouseButton.LeftButton)
    assert again.editing
    assert again.editor.document.table.row("conv1").output_shape == (28, 28, 20)
    assert again.editor.document.unsaved
    again.shut_down()


def test_train_goes_on_with_the_edited_network(window: MainWindow, qtbot: QtBot) -> None:
    page = window.page("architecture")
    edit(page)
    change(page)
    qtbot.mouseClick(page.findChild(QPushButton, "train_network_button"), Qt.MouseButton.LeftButton)
    train = window.current_page
    assert train.objectName() == "page_train"
    assert train.config.architecture == "My LeNet-5"
    assert train.findChild(QComboBox, "architecture_picker").currentText() == "My LeNet-5"
    assert "“My LeNet-5” was saved" in train.message


def test_a_network_of_ones_own_is_renamed_and_what_is_not_saved_stays(
    page: ArchitecturePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = page.editor
    assert not page.findChild(QAction, "rename_network").isEnabled()
    change(page)
    editor.save()
    change(page, 20)

    def give(dialog: NameDialog) -> None:
        for name in ("a/b", "Wide"):
            assert dialog.given is None
            dialog.findChild(QLineEdit, "new_name").setText(name)
            dialog.accept()

    monkeypatch.setattr(NameDialog, "exec", give)
    page.findChild(QAction, "rename_network").trigger()
    assert "Wide" in page.message
    assert "My LeNet-5" not in page.message
    (saved,) = list_networks()
    assert saved.name == "Wide"
    assert page.findChild(ArchitectureChooser).key == "Wide"
    assert editor.document.title == "Wide"
    assert editor.document.unsaved
    editor.save()
    (saved,) = list_networks()
    assert saved.config == editor.document.network.config


def test_a_network_of_ones_own_is_deleted_after_asking(
    page: ArchitecturePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = page.editor
    assert not page.findChild(QAction, "delete_network").isEnabled()
    change(page)
    editor.save()
    change(page, 20)
    answer(monkeypatch, "keep_network_button")
    page.findChild(QAction, "delete_network").trigger()
    assert page.editing
    assert len(list_networks()) == 1
    asked = answer(monkeypatch, "confirm_delete_network_button")
    monkeypatch.setattr("send2trash.send2trash", Path.unlink)
    page.findChild(QAction, "delete_network").trigger()
    assert len(asked) == 1
    assert list_networks() == []
    assert not page.editing
    assert page.findChild(ArchitectureChooser).key == "lenet5"
    assert page.findChild(QLabel, "network_name").text() == "LeNet-5"
    assert "in the trash" in page.message
    assert page.findChild(QPushButton, "edit_network_button").hasFocus()
