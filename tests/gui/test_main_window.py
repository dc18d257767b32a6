import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QPointF, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QKeySequence, QPalette
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.library import Library
from cnnstudio.gui.main_window import FRAME, MINIMUM_SIZE, MainWindow
from cnnstudio.gui.pages import PAGES, Page, PageEntry
from cnnstudio.gui.settings import Settings
from cnnstudio.storage import write_atomically

STRANGERS = Path(__file__).parents[1] / "strangers"


class RecordingPage(Page):
    """A page that notes what the window asks of it."""

    busy: str | None = None

    def __init__(self, _: Settings, library: Library) -> None:
        super().__init__(library)
        self.heard: list[object] = []

    def entered(self) -> None:
        self.heard.append("entered")

    def receive(self, payload: object) -> None:
        self.heard.append(payload)

    def warm_up(self) -> None:
        self.heard.append("warm_up")

    def shut_down(self) -> None:
        self.heard.append("shut_down")


class PlainPage(Page):
    """A page that has an answer to nothing."""

    def __init__(self, _: Settings, library: Library) -> None:
        super().__init__(library)


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """The real window with pages that do nothing but listen; those about the program stay as they are."""
    for name in ("data", "collect", "architecture", "train", "try"):
        monkeypatch.setitem(PAGES, name, replace(PAGES[name], path=f"{__name__}:RecordingPage"))
    window = MainWindow(Settings())
    qtbot.addWidget(window, before_close_func=lambda window: setattr(window.page("train"), "busy", None))
    return window


def show(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.first_painted):
        window.show()


def press(qtbot: QtBot, window: MainWindow, keys: str) -> None:
    combination = QKeySequence(keys)[0]
    qtbot.keyClick(window, combination.key(), combination.keyboardModifiers())


def test_a_newcomer_lands_on_the_train_page(window: MainWindow) -> None:
    assert window.current_page is window.page("train")
    assert window.findChild(QToolButton, "rail_train").isChecked()


def test_a_style_sheet_is_set_on_what_is_seen_and_then_on_other_pages(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    rail, train, data = window.findChild(QWidget, "rail"), window.page("train"), window.page("data")
    window.restyle("QLabel { color: red }")
    assert rail.styleSheet() == train.styleSheet() == "QLabel { color: red }"
    assert data.styleSheet() == ""
    window.show_page("data")
    dialog = QDialog(train)
    qtbot.addWidget(dialog)
    dialog.show()
    window.restyle("QLabel { color: blue }")
    assert data.styleSheet() == train.styleSheet() == "QLabel { color: blue }"  # the dialog's page, for the dialog
    assert window.page("try").styleSheet() == ""
    qtbot.waitUntil(lambda: window.page("try").styleSheet() == "QLabel { color: blue }")


def test_a_page_in_parts_is_styled_part_by_part(qtbot: QtBot) -> None:
    """The Lab's panels hold hundreds of widgets: what is hidden waits, and takes its style when it is shown."""
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    show(qtbot, window)
    window.show_page("lab")
    page = window.page("lab")
    first, second = page.show_panel("activation"), page.show_panel("dropout")
    window.restyle("QLabel { color: red }")
    for text in (second.findChild(QLabel), page.findChild(QLabel, "panel_title")):
        assert text.palette().color(QPalette.ColorRole.WindowText) == QColor("red")
    assert first.styleSheet() == page.styleSheet() == ""
    page.show_panel("activation")
    assert first.styleSheet() == second.styleSheet()


def test_only_the_first_page_is_built_before_the_window_is_painted(qtbot: QtBot, window: MainWindow) -> None:
    assert len(window.findChildren(RecordingPage)) == 1
    assert window.first_paint_time is None
    show(qtbot, window)
    assert window.first_paint_time > 0
    qtbot.waitUntil(lambda: len(window.findChildren(RecordingPage)) == 2)
    assert window.page("train").heard == ["entered", "warm_up"]
    assert window.page("try").heard == ["warm_up"]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_its_button_and_its_key(qtbot: QtBot, window: MainWindow, name: str) -> None:
    show(qtbot, window)
    button = window.findChild(QToolButton, f"rail_{name}")
    assert button.accessibleName() == PAGES[name].title
    assert PAGES[name].shortcut in button.toolTip()
    window.show_page("try" if name == "train" else "train")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.current_page is window.page(name)
    window.show_page("try" if name == "train" else "train")
    press(qtbot, window, PAGES[name].shortcut)
    assert window.current_page is window.page(name)
    assert [b.objectName() for b in window.findChildren(QToolButton) if b.isChecked() and b.isCheckable()] == [
        f"rail_{name}"
    ]


def test_a_page_sends_another_one_something(window: MainWindow, tmp_path: Path) -> None:
    window.page("train").navigate.emit("try", tmp_path)
    assert window.current_page is window.page("try")
    assert window.page("try").heard == ["entered", tmp_path]


def test_a_page_that_is_shown_later_warms_up_then(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    window.show_page("data")
    assert window.page("data").heard == ["warm_up", "entered"]


@pytest.mark.usefixtures("window")  # so that no other page is a real one
def test_a_page_is_added_by_one_entry(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    entry = PageEntry("layers", "Layers", "Look at layers.", "Ctrl+9", f"{__name__}:PlainPage")
    monkeypatch.setitem(PAGES, "layers", entry)
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    show(qtbot, window)
    button = window.findChild(QToolButton, "rail_layers")
    assert (button.text(), button.accessibleName()) == ("Layers", "Layers")
    assert button.toolTip() == "<p>Look at layers. (Ctrl+9)</p>"
    assert (
        window.findChild(QToolButton, "rail_try").y() < button.y() < window.findChild(QToolButton, "rail_settings").y()
    )
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert isinstance(window.current_page, PlainPage)
    window.show_page("train")
    press(qtbot, window, "Ctrl+9")
    assert isinstance(window.current_page, PlainPage)
    window.show_page("train")
    window.page("train").navigate.emit("layers", tmp_path)
    assert window.current_page is window.page("layers")
    assert window.close()


def drop(window: MainWindow, mime: QMimeData) -> bool:
    """Drags something over the middle of the window and lets go if it is welcome."""
    middle, buttons, modifiers = window.rect().center(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(middle, Qt.DropAction.CopyAction, mime, buttons, modifiers)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        event = QDropEvent(QPointF(middle), Qt.DropAction.CopyAction, mime, buttons, modifiers)
        QApplication.sendEvent(window, event)
        QApplication.processEvents()
    return enter.isAccepted()


def test_a_dropped_file_goes_to_the_try_page(window: MainWindow, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/7.png"), QUrl.fromLocalFile(str(tmp_path / "drei – 3.png"))])
    assert drop(window, mime)
    assert window.page("try").heard == ["entered", tmp_path / "drei – 3.png"]


@pytest.mark.parametrize("name", ["photos", "photos.zip", "run"])
def test_a_dropped_folder_or_zip_goes_to_the_data_page_and_a_run_does_not(
    window: MainWindow, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if name != "photos.zip":
        path.mkdir()
    if name == "run":
        (path / "card.json").write_text("{}")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    assert drop(window, mime)
    assert window.page("try" if name == "run" else "data").heard == ["entered", path]


@pytest.mark.parametrize(
    ("dropped", "opened"),
    [
        (["converted_keras.zip"], "converted_keras.zip"),
        (["converted_savedmodel.zip"], "converted_savedmodel.zip"),
        (["layers.json"], "layers.json"),
        (["answers.json", "layers.json", "weights.h5"], "weights.h5"),
    ],
)
def test_what_makes_up_a_model_goes_to_the_try_page(window: MainWindow, dropped: list[str], opened: str) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(STRANGERS / name)) for name in dropped])
    assert drop(window, mime)
    assert window.page("try").heard == ["entered", STRANGERS / opened]


@pytest.mark.parametrize("name", ["keras_model.h5", "saved_model.pb", "model_unquant.tflite"])
def test_the_folder_of_a_model_goes_to_the_try_page(window: MainWindow, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "download" / "unpacked"
    folder.mkdir(parents=True)
    (folder / name).touch()
    (folder / "labels.txt").touch()
    window.open_path(folder.parent)
    QApplication.processEvents()
    assert window.page("try").heard == ["entered", folder.parent]


def test_a_saved_model_dropped_with_its_names_goes_to_the_try_page(window: MainWindow, tmp_path: Path) -> None:
    with zipfile.ZipFile(STRANGERS / "converted_savedmodel.zip") as archive:
        archive.extractall(tmp_path)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("labels.txt", "model.savedmodel")])
    assert drop(window, mime)
    assert window.page("try").heard == ["entered", tmp_path / "model.savedmodel"]


def test_dropped_text_is_not_welcome(window: MainWindow) -> None:
    mime = QMimeData()
    mime.setText("seven")
    assert not drop(window, mime)


def answer(button_name: str, seen: list[str]) -> Callable[[], None]:
    def click() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert box.objectName() == "confirm_close_dialog"
        seen.append(box.text())
        box.findChild(QPushButton, button_name).click()

    return click


def test_closing_while_something_runs_asks_and_stays(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    page = window.page("train")
    page.busy = "Training is running."
    seen: list[str] = []
    QTimer.singleShot(0, answer("go_on_button", seen))
    assert not window.close()
    assert seen == ["Training is running. Stop it and close?"]
    assert window.isVisible()
    assert "shut_down" not in page.heard


def test_closing_while_something_runs_asks_and_stops_it(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    page = window.page("train")
    page.busy = "Training is running."
    QTimer.singleShot(0, answer("stop_and_close_button", []))
    assert window.close()
    assert not window.isVisible()
    assert page.heard.count("shut_down") == 1


def test_the_question_goes_away_with_what_it_asks_about(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    page = window.page("train")
    page.busy = "Training is running."
    QTimer.singleShot(0, lambda: setattr(page, "busy", None))
    assert not window.close()  # returns once the question is gone
    assert window.isVisible()
    assert window.close()


def test_what_runs_is_asked_about_last(qtbot: QtBot, window: MainWindow) -> None:
    """After “Stop and close” nothing else is asked."""
    show(qtbot, window)
    window.page("train").busy = "Training is running."
    asked: list[str] = []
    window.page("try").may_close = lambda: asked.append("changes") is None
    QTimer.singleShot(0, answer("stop_and_close_button", asked))
    assert window.close()
    assert asked == ["changes", "Training is running. Stop it and close?"]


@pytest.mark.parametrize("leaves", [True, False])
def test_a_page_may_ask_before_the_window_closes(qtbot: QtBot, window: MainWindow, leaves: bool) -> None:
    show(qtbot, window)
    page = window.page("try")
    page.may_close = lambda: leaves
    assert window.close() is leaves
    assert window.isVisible() is not leaves
    assert (window.current_page is page) is not leaves
    page.may_close = lambda: True


def test_the_quit_key_closes(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    press(qtbot, window, "Ctrl+Q")
    assert not window.isVisible()
    assert window.page("train").heard[-1] == "shut_down"


def test_a_signal_from_outside_closes_without_asking(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    window.page("train").busy = "Training is running."
    window.quit()
    assert not window.isVisible()
    assert window.page("train").heard.count("shut_down") == 1


def test_size_and_page_come_back(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    size = MINIMUM_SIZE.boundedTo(window.screen().availableSize() - FRAME)
    window.resize(size)
    window.show_page("try")
    window.show_page("settings")
    window.show_page("try")
    window.close()
    again = MainWindow(Settings())
    qtbot.addWidget(again)
    assert again.size() == size
    assert again.current_page is again.page("try")


def test_what_was_set_last_is_written_when_the_window_has_closed(
    window: MainWindow, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_slowly(path: Path, content: str) -> None:
        time.sleep(0.1)
        write_atomically(path, content)

    monkeypatch.setattr("cnnstudio.gui.settings.write_atomically", write_slowly)
    window.show_page("lab")
    window.page("settings").findChild(QPushButton, "theme_dark").click()
    window.quit()
    kept = json.loads((home / "config" / "settings.json").read_bytes())
    assert (kept["page"], kept["theme"]) == ("lab", "dark")
    assert QByteArray.fromBase64(kept["geometry"].encode()) == window.saveGeometry()


def test_a_maximized_window_comes_back_maximized(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.first_painted):
        window.showMaximized()
    window.close()
    again = MainWindow(Settings())
    qtbot.addWidget(again)
    assert again.isMaximized()


@pytest.mark.parametrize("rest", ["", "ff", "7fffffff" * 20, "80000000" * 20, "ffffffff" * 20, "00" * 60])
@pytest.mark.parametrize("version", ["00030000", "0003ffff", "00010000"])
def test_a_place_that_is_none_is_not_taken(version: str, rest: str, qtbot: QtBot, window: MainWindow) -> None:
    Settings().geometry = QByteArray.fromHex(f"01d9d0cb{version}{rest}".encode())
    again = MainWindow(Settings())
    qtbot.addWidget(again)
    again.show()
    available = again.screen().availableGeometry()
    assert again.frameGeometry().intersects(available)
    if again.isMaximized() or again.isFullScreen():
        return
    assert again.width() in range(again.minimumWidth(), available.width() + 1)
    assert again.height() in range(again.minimumHeight(), available.height() + 1)


def test_the_window_fits_on_its_screen(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(QSize(9000, 7000))
    window.close()
    again = MainWindow(Settings())
    qtbot.addWidget(again)
    room = again.screen().availableSize() - FRAME
    for size in (again.size(), again.minimumSize()):
        assert size.width() <= room.width()
        assert size.height() <= room.height()


def test_an_error_stands_above_the_page_and_gives_details(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    window.show_error("The disk is full. Make room and try again.")
    bar = window.findChild(MessageBar, "window_message")
    assert bar.isVisible()
    assert bar.text == "The disk is full. Make room and try again."
    qtbot.mouseClick(bar.findChild(QPushButton, "copy_details_button"), Qt.MouseButton.LeftButton)
    assert "pyside6-essentials" in QApplication.clipboard().text()


def test_every_control_teaches_and_has_a_name(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window)
    for name in ("settings", "about"):
        window.show_page(name)
    for control in window.findChildren(QWidget):
        if isinstance(control, QToolButton | QPushButton) and "message" not in control.objectName():
            if control.objectName() == "copy_details_button":
                continue
            assert control.objectName().replace("_", "").islower(), control
            assert control.accessibleName(), control.objectName()
            assert len(control.toolTip()) > 15, control.objectName()
