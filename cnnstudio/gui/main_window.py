"""The window: a rail of pages on the left, the page that is shown beside it.

A page is a `QWidget` made with `Page(settings)`, with `objectName` `page_<name>`. What it has of the following, the
window uses; nothing of it is required:

* `navigate = Signal(str, object)`: shows the page of that name and gives it the payload (None: just shows it);
* `receive(payload)`: takes what another page sent with `navigate`, or a `pathlib.Path` that was dropped on the window
  or named on the command line (Data gets folders and zips of images; Try an image, a model or a run);
* `entered()`: called each time the page comes to the front, before `receive`;
* `warm_up()`: called once, in the GUI thread, soon after the window was first painted, where the table says so: the
  place to start importing TensorFlow in a `LatestTask`;
* `busy`: a property, None or what would be interrupted now, as a sentence such as “A training is running.”; closing
  asks first;
* `may_close()`: asks what must be asked before the window closes; False where the user would rather stay;
* `shut_down()`: stops everything and waits for it, within some seconds; nothing is called after it.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.gui.controls.describe import breakable, describe
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.question import AnswerButton, Role, ask
from cnnstudio.gui.log import details
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.gui.settings import PAGE, Settings
from cnnstudio.models.networks.files import SUFFIX
from cnnstudio.models.trained.card import CARD_FILE, MODEL_FILE
from cnnstudio.storage import is_file, is_folder

RAIL_WIDTH = 11 * GRID
DEFAULT_SIZE = QSize(1360, 860)
MINIMUM_SIZE = QSize(960, 600)
SHARE_OF_SCREEN = 0.7
TITLE_BAR = 5 * GRID
LANDING = "train"
"""The page where a newcomer lands."""


@dataclass(frozen=True)
class PageEntry:
    """A page as the rail shows it.

    Attributes:
        name: its key; the page's `objectName` is `page_<name>`, its button's `rail_<name>`.
        title: the word on the rail.
        tip: what one does there, in a sentence.
        icon: a name in `assets/icons`.
        shortcut: the key that shows it, in Qt's portable spelling; several are separated by "; ".
        path: `module:class`, imported when the page is first needed.
        at_foot: at the rail's lower end, among the pages that are about the program itself.
        warms_up: built soon after the start, whatever page is shown, to get ready.
    """

    name: str
    title: str
    tip: str
    icon: str
    shortcut: str
    path: str
    at_foot: bool = False
    warms_up: bool = False


PAGES: dict[str, PageEntry] = {
    entry.name: entry
    for entry in (
        PageEntry(
            "data",
            "Data",
            "Look at images as a computer does, and bring your own.",
            "data",
            "Ctrl+1",
            "cnnstudio.gui.pages.data.page:DataPage",
        ),
        PageEntry(
            "collect",
            "Collect",
            "Make a data set of your own: name classes, draw examples or take pictures.",
            "collect",
            "Ctrl+2",
            "cnnstudio.gui.pages.collect.page:CollectPage",
        ),
        PageEntry(
            "architecture",
            "Architecture",
            "Understand a network layer by layer, change it, and send it to be trained.",
            "architecture",
            "Ctrl+3",
            "cnnstudio.gui.pages.architecture.page:ArchitecturePage",
        ),
        PageEntry(
            "train",
            "Train",
            "Choose images and a network, press Train, and watch it learn.",
            "train",
            "Ctrl+4",
            "cnnstudio.gui.pages.train.page:TrainPage",
        ),
        PageEntry(
            "try",
            "Try",
            "Draw a digit or open a photo, and see what the network answers and what every layer saw.",
            "try",
            "Ctrl+5",
            "cnnstudio.gui.pages.try_.page:TryPage",
            warms_up=True,
        ),
        PageEntry(
            "settings",
            "Settings",
            "Light or dark, processor threads, and where the files lie.",
            "settings",
            "Ctrl+,",
            "cnnstudio.gui.pages.preferences:SettingsPage",
            at_foot=True,
        ),
        PageEntry(
            "about",
            "About",
            "What this program is, its keys, its version and its licences.",
            "about",
            "F1",
            "cnnstudio.gui.pages.about:AboutPage",
            at_foot=True,
        ),
    )
}
"""Every page, in the order of the rail."""


class MainWindow(QMainWindow):
    """The window.

    Signals:
        first_painted(): the window has just been painted for the first time.
        closed(): everything has been stopped and put away; Qt's own sign, that the last window was closed, does not
            always come for one that was hidden first.
    """

    first_painted = Signal()
    closed = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("CNN Studio")
        self.setMinimumSize(MINIMUM_SIZE)
        self.setAcceptDrops(True)
        self._settings = settings
        self._pages: dict[str, QWidget] = {}
        self._news: list[str] = []
        self._forgotten: list[str] = []
        self._current = ""
        self._asks = True
        self._closed = False
        self.first_paint_time: float | None = None
        """`time.perf_counter()` when the window had been painted for the first time; None before."""

        self._stack = QStackedWidget()
        self._message = MessageBar()
        self._message.setObjectName("window_message")
        content = QVBoxLayout()
        content.setContentsMargins(0, 0, 0, 0)
        content.setSpacing(0)
        content.addWidget(self._message)
        content.addWidget(self._stack, 1)
        body = QWidget()
        columns = QHBoxLayout(body)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(0)
        columns.addWidget(self._build_rail())
        columns.addLayout(content, 1)
        self.setCentralWidget(body)
        self._add_quit_action()
        self._restore_geometry()
        self.show_page(self._last_page())
        for what in settings.forgotten:
            self._tell_forgotten(what)
        settings.forgot.connect(self._tell_forgotten)

    @property
    def current_page(self) -> QWidget:
        """The page that is shown."""
        return self._pages[self._current]

    def page(self, name: str) -> QWidget:
        """The page of a key of `PAGES`, built when first asked for."""
        if name not in self._pages:
            module, _, class_name = PAGES[name].path.partition(":")
            page: QWidget = getattr(importlib.import_module(module), class_name)(self._settings)
            if hasattr(page, "navigate"):
                page.navigate.connect(self.show_page)
            self._pages[name] = page
            self._stack.addWidget(page)
        return self._pages[name]

    @Slot(str, object)
    def show_page(self, name: str, payload: object = None) -> None:
        """Brings a page to the front and hands it a payload, if there is one."""
        page = self.page(name)
        self._stack.setCurrentWidget(page)
        self._buttons[name].setChecked(True)
        if name != self._current:
            self._current = name
            page.setFocus(Qt.FocusReason.OtherFocusReason)  # Tab goes on to the page's first control
            _call(page, "entered")
        if payload is not None:
            _call(page, "receive", payload)

    @Slot(object)
    def open_path(self, path: Path) -> None:
        """Hands an image, a model, a run, an edited network, or images to the page that takes such things."""
        if path.name.endswith(SUFFIX):
            self.show_page("architecture", path)
            return
        is_model = is_file(path / MODEL_FILE) or is_file(path / CARD_FILE)
        images = path.suffix.lower() == ".zip" or (is_folder(path) and not is_model)
        self.show_page("data" if images else "try", path)

    @Slot(str)
    def show_error(self, text: str) -> None:
        """Says above the page what went wrong, with details to copy."""
        self._message.show_error(text, details())

    def tell(self, sentence: str) -> None:
        """Says above the page a piece of news, beside what was told and still stands there."""
        self._tell(sentence, "")

    @Slot(str)
    def _tell_forgotten(self, what: str) -> None:
        self._tell("", what)

    def _tell(self, sentence: str, forgotten: str) -> None:
        if self._message.isHidden():
            self._news.clear()
            self._forgotten.clear()
        self._news += [sentence] if sentence else []
        self._forgotten += [forgotten] if forgotten else []
        text = " ".join(self._news)
        if self._forgotten:
            text += (
                f" Some of what was remembered cannot be used and was forgotten: {', '.join(self._forgotten)}. Choose "
                "again what you want otherwise."
            )
        self._message.show_info(breakable(text.strip()))

    @Slot()
    def quit(self) -> None:
        """Closes without asking, as Ctrl+C in the terminal wants it; what runs is stopped and kept."""
        self._asks = False
        self.close()

    def _build_rail(self) -> QWidget:
        rail = QWidget()
        rail.setObjectName("rail")
        rail.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        rail.setFixedWidth(RAIL_WIDTH)
        layout = QVBoxLayout(rail)
        layout.setContentsMargins(GRID // 2, 2 * GRID, GRID // 2, 2 * GRID)
        layout.setSpacing(GRID)
        self._buttons: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        for entry in sorted(PAGES.values(), key=lambda entry: entry.at_foot):
            if entry.at_foot and not any(PAGES[name].at_foot for name in self._buttons):
                layout.addStretch(1)
            button = self._rail_button(entry)
            group.addButton(button)
            layout.addWidget(button)
            self._buttons[entry.name] = button
        return rail

    def _rail_button(self, entry: PageEntry) -> QToolButton:
        keys = QKeySequence.listFromString(entry.shortcut)
        hint = keys[0].toString(QKeySequence.SequenceFormat.NativeText)
        button = describe(QToolButton(), f"rail_{entry.name}", entry.title, f"{entry.tip} ({hint})")
        button.setText(entry.title)
        button.setCheckable(True)
        button.setProperty("role", "rail")
        button.setIcon(icon(entry.icon, "secondary"))
        button.setIconSize(QSize(3 * GRID, 3 * GRID))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setFixedSize(RAIL_WIDTH - GRID, 8 * GRID)
        button.clicked.connect(partial(self.show_page, entry.name, None))
        action = QAction(entry.title, self)
        action.setObjectName(f"show_{entry.name}")
        action.setShortcuts(keys)
        action.triggered.connect(partial(self.show_page, entry.name, None))
        self.addAction(action)
        return button

    def _add_quit_action(self) -> None:
        action = QAction("Quit", self)
        action.setObjectName("quit")
        action.setShortcuts([QKeySequence("Ctrl+Q"), QKeySequence(QKeySequence.StandardKey.Close)])
        action.setMenuRole(QAction.MenuRole.QuitRole)
        action.triggered.connect(self.close)
        self.addAction(action)

    def _last_page(self) -> str:
        last = self._settings.page
        if last in PAGES:
            return last
        if last:
            self._settings.forget("page", PAGE)
        return LANDING

    def _restore_geometry(self) -> None:
        available = self.screen().availableGeometry()
        if not self.restoreGeometry(self._settings.geometry):  # there is none yet, or it was on another screen
            size = DEFAULT_SIZE.expandedTo(available.size() * SHARE_OF_SCREEN)
            size = size.boundedTo(available.size() - QSize(0, TITLE_BAR))
            self.resize(size)
            self.move(available.center() - QRect(available.topLeft(), size).center() + available.topLeft())
        # A screen that is smaller than the last one still shows the whole window.
        self.setMinimumSize(MINIMUM_SIZE.boundedTo(available.size()))
        if not self.isMaximized() and not self.isFullScreen():
            self.resize(self.size().boundedTo(available.size()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Notes the first time; all that the window shows is painted before the timer's turn comes."""
        super().paintEvent(event)
        if self.first_paint_time is None:
            self.first_paint_time = 0.0
            QTimer.singleShot(0, self._after_first_paint)

    @Slot()
    def _after_first_paint(self) -> None:
        self.first_paint_time = time.perf_counter()
        self.first_painted.emit()
        for name, entry in PAGES.items():
            if not self._closed and entry.warms_up:
                _call(self.page(name), "warm_up")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Any file may be dropped anywhere; the page says what it cannot use."""
        if _dropped_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hands over the first file."""
        path = _dropped_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.open_path(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks while something runs; then stops it, remembers the place and goes."""
        if self._asks and not self._closed and not (self._may_stop() and self._may_close()):
            event.ignore()
            return
        self._shut_down()
        event.accept()
        self.closed.emit()

    def _may_close(self) -> bool:
        """Asks page by page; the one with which the user wants to go on is shown."""
        for name, page in self._pages.items():
            ask: Callable[[], bool] | None = getattr(page, "may_close", None)
            if ask is not None and not ask():
                self.show_page(name)
                return False
        return True

    def _may_stop(self) -> bool:
        running = [text for page in self._pages.values() if (text := getattr(page, "busy", None))]
        if not running:
            return True
        answer = ask(
            self,
            "confirm_close_dialog",
            "Close",
            f"{' '.join(running)} Stop it and close?",
            AnswerButton("stop_and_close_button", "Stop and close", Role.AcceptRole),
            AnswerButton("go_on_button", "Go on", Role.RejectRole),
            details="What was learnt so far is kept.",
            usual="go_on_button",
        )
        return answer == "stop_and_close_button"

    def _shut_down(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._settings.geometry = QByteArray(self.saveGeometry())
        if not PAGES[self._current].at_foot:
            self._settings.page = self._current
        self.hide()  # before the wait: the user is done with it
        for page in self._pages.values():
            _call(page, "shut_down")


def _call(page: QWidget, name: str, *args: object) -> None:
    method: Callable[..., object] | None = getattr(page, name, None)
    if method is not None:
        method(*args)


def _dropped_file(event: QDropEvent) -> Path | None:
    files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
    return Path(files[0]) if files else None
