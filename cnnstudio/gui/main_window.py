"""The window: a rail of pages on the left, the page that is shown beside it."""

import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QCursor,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QWidget,
)
from typing_extensions import override

from cnnstudio.gui.controls.describe import breakable, describe
from cnnstudio.gui.controls.layouts import column, row, widget_of
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.question import AnswerButton, Role, ask
from cnnstudio.gui.lessons import GUIDE_WIDTH, LESSON_KEY, LessonGuide, LessonTips, concept_of
from cnnstudio.gui.library import Library
from cnnstudio.gui.log import details
from cnnstudio.gui.look.styled import Styled, style_next, style_seen, style_window
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.gui.pages import PAGES, Page, PageEntry
from cnnstudio.gui.settings import PAGE, Settings
from cnnstudio.gui.task import aside
from cnnstudio.lab.lessons import list_lessons
from cnnstudio.models.networks.files import SUFFIX
from cnnstudio.models.trained.parts import is_model, main_file
from cnnstudio.storage import is_folder

RAIL_WIDTH = 11 * GRID
STYLING_MILLISECONDS = 100
"""Between two parts that take a new style sheet while they are not seen."""
DEFAULT_SIZE = QSize(1360, 860)
MINIMUM_SIZE = QSize(960, 600)
SHARE_OF_SCREEN = 0.7
FRAME = QSize(GRID, 5 * GRID)
"""What a window manager adds to a window, at most."""

LANDING = "train"
"""The page where a newcomer lands."""


class MainWindow(QMainWindow):
    """The window. It makes a page when that is first shown, so that its first picture waits for no other page.

    Signals:
        first_painted(): the window has just been painted for the first time.
        closed(): everything has been stopped and put away; Qt's own sign, that the last window was closed, does not
            always come for one that was hidden first.

    Attributes:
        first_paint_time: `time.perf_counter()` when the window had been painted for the first time; None before.
        library: what there is to choose from, for all pages.
    """

    first_painted = Signal()
    closed = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.library = Library(self)
        self.setObjectName("main_window")
        self.setWindowTitle("CNN Studio")
        self.setMinimumSize(MINIMUM_SIZE)
        self.setAcceptDrops(True)
        self.first_paint_time: float | None = None
        self._settings = settings
        self._buttons: dict[str, QToolButton] = {}
        self._ways: list[QAction] = []
        """By keys to pages and lessons."""
        self._pages: dict[str, Page] = {}
        self._current = ""
        self._messages: list[str] = []
        self._styling = QTimer(self, interval=STYLING_MILLISECONDS, singleShot=True)
        self._styling.timeout.connect(self._style_next)
        self._guide: LessonGuide | None = None
        self._tips = LessonTips(self, self.library)
        self.library.changed.connect(self._watch_tips)
        self._paints_first = True
        self._asks = True
        self._closed = False

        self._stack = _Stack()
        self._message = MessageBar()
        self._message.setObjectName("window_message")
        self._rail = self._build_rail()
        content = column(Styled(column(self._message)), (self._stack, 1), gap=0)
        self._body = row(self._rail, (content, 1), gap=0)
        self._central = widget_of(self._body)
        self.setCentralWidget(self._central)
        self._add_quit_action()
        explain = QAction("Lesson", self)
        explain.setObjectName("explain_control")
        explain.setShortcut(QKeySequence(LESSON_KEY))
        explain.triggered.connect(self.explain_control)
        self.addAction(explain)
        self._ways.append(explain)
        self._restore_geometry()
        self.show_page(self._last_page())

    # The rail.

    def _build_rail(self) -> QWidget:
        layout = column(gap=GRID // 2)
        layout.setContentsMargins(GRID // 2, 2 * GRID, GRID // 2, 2 * GRID)
        rail = Styled(layout)
        rail.setObjectName("rail")
        rail.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        rail.setFixedWidth(RAIL_WIDTH)
        group = QButtonGroup(self)
        entries = sorted(PAGES.values(), key=lambda entry: entry.at_foot)
        for entry in entries:
            button = self._buttons[entry.name] = self._rail_button(entry)
            group.addButton(button)
            layout.addWidget(button)
        layout.insertStretch(sum(not entry.at_foot for entry in entries), 1)
        return rail

    def _rail_button(self, entry: PageEntry) -> QToolButton:
        keys = QKeySequence.listFromString(entry.shortcut)
        hint = keys[0].toString(QKeySequence.SequenceFormat.NativeText)
        button = describe(_RailButton(), f"rail_{entry.name}", entry.title, f"{entry.tip} ({hint})")
        button.setText(entry.title)
        button.setCheckable(True)
        button.setProperty("role", "rail")
        button.setIcon(icon(entry.name, "secondary"))
        button.setIconSize(QSize(3 * GRID, 3 * GRID))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.clicked.connect(partial(self.show_page, entry.name, None))
        action = QAction(entry.title, self)
        action.setObjectName(f"show_{entry.name}")
        action.setShortcuts(keys)
        action.triggered.connect(partial(self.show_page, entry.name, None))
        self.addAction(action)
        self._ways.append(action)
        return button

    # The pages.

    @property
    def current_page(self) -> Page:
        """The page that is shown."""
        return self._pages[self._current]

    def page(self, name: str) -> Page:
        """The page of a key of `PAGES`, made when first asked for."""
        if name not in self._pages:
            page = PAGES[name].make(self._settings, self.library)
            page.navigate.connect(self.show_page)
            page.lesson_wanted.connect(self.open_lesson)
            page.set_alone(self._is_alone)
            self._pages[name] = page
            self._stack.addWidget(page)
            if self.first_paint_time is not None:
                page.warm_up()
                self._styling.start()
        return self._pages[name]

    @Slot(str, object)
    def show_page(self, name: str, payload: object = None) -> None:
        """Brings a page to the front and hands it a payload, if there is one."""
        page = self.page(name)
        style_seen(page)
        self._stack.setCurrentWidget(page)
        self._buttons[name].setChecked(True)
        if name != self._current:
            self._current = name
            page.setFocus(Qt.FocusReason.OtherFocusReason)  # Tab goes on to the page's first control
            page.entered()
            self.library.refresh()
            self._watch_tips()
            self._place_guide()
        if payload is not None:
            page.receive(payload)

    @Slot(str)
    def restyle(self, stylesheet: str) -> None:
        """Styles what is seen at once; parts that are not seen follow one by one, or when they are shown."""
        style_window(self, stylesheet)
        self._styling.start()

    @Slot()
    def _style_next(self) -> None:
        """Styles one part that is not seen: each takes up to some hundredths of a second."""
        if style_next(self):
            self._styling.start()

    # Lessons.

    @Slot(str)
    def open_lesson(self, text: str, alone: bool = False) -> None:
        """Opens a lesson beside the page.

        Args:
            text: its name, its file, or what it explains; empty for all lessons.
            alone: without the way to other pages and lessons, until it is closed; till then, no other one is opened.
        """
        if self._is_alone:
            return
        if self._guide is None:
            self._guide = LessonGuide(self, self._settings)
            self._guide.setParent(self._central)
            self._guide.setFixedWidth(GUIDE_WIDTH)
            self._guide.closed.connect(self._close_guide)
            self._guide.folded.connect(self._place_guide)
        self._set_alone(alone)
        self._guide.show()
        self._guide.open(text)
        self._place_guide()

    @Slot()
    def explain_control(self) -> None:
        """Opens the lesson about what the pointer is on, or the keys; all lessons where there is none about that."""
        under = QApplication.widgetAt(QCursor.pos())
        asked = [widget for widget in (under, QApplication.focusWidget()) if widget and widget.window() is self]
        lessons, _ = aside(list_lessons)
        known = {concept for lesson in lessons for concept in (lesson.name, *lesson.concepts)}
        self.open_lesson(next(filter(None, (concept_of(widget, known) for widget in asked)), ""))

    @Slot()
    def _watch_tips(self) -> None:
        self._tips.watch(self.current_page)

    @Slot()
    def _close_guide(self) -> None:
        if self._guide is not None:
            self._guide.hide()
            self._set_alone(False)

    @property
    def _is_alone(self) -> bool:
        """Whether there is only the lesson that is open, without a way to other pages and lessons."""
        return self._guide is not None and self._guide.alone

    def _set_alone(self, alone: bool) -> None:
        assert self._guide is not None
        self._guide.alone = alone
        self._rail.setHidden(alone)
        self._tips.silent = alone
        for way in self._ways:
            way.setEnabled(not alone)
        for page in self._pages.values():
            page.set_alone(alone)

    @Slot()
    def _place_guide(self) -> None:
        """Beside the page where that has room enough, else over its right part, where it can be folded."""
        guide, central = self._guide, self._central
        if guide is None or guide.isHidden():
            return
        rail = 0 if self._rail.isHidden() else RAIL_WIDTH
        beside = central.width() - rail - GUIDE_WIDTH >= self.current_page.least_width
        guide.set_foldable(not beside)
        if beside:
            self._body.addWidget(guide)
            return
        self._body.removeWidget(guide)
        height = guide.minimumSizeHint().height() if guide.is_folded else central.height()
        guide.setGeometry(central.width() - GUIDE_WIDTH, central.height() - height, GUIDE_WIDTH, height)
        guide.raise_()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_guide()

    @override
    def changeEvent(self, event: QEvent) -> None:
        """Whoever comes back to the window may have changed things elsewhere."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.library.refresh()

    @Slot(object)
    def open_path(self, path: Path) -> None:
        """Hands an image, a model, a run, an edited network, or images to the page that takes such things."""
        if path.name.endswith(SUFFIX):
            self.show_page("architecture", path)
            return
        images = (path.suffix.lower() == ".zip" or is_folder(path)) and not aside(partial(is_model, path))
        self.show_page("data" if images else "try", path)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Any file may be dropped anywhere; the page says what it cannot use."""
        if _dropped_files(event):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        paths = _dropped_files(event)
        if paths:
            event.acceptProposedAction()
            self.open_path(aside(partial(main_file, paths)))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Notes the first time; all that the window shows is painted before the timer's turn comes."""
        super().paintEvent(event)
        if self._paints_first:
            self._paints_first = False
            QTimer.singleShot(0, self._after_first_paint)

    @Slot()
    def _after_first_paint(self) -> None:
        self.first_paint_time = time.perf_counter()
        self.first_painted.emit()
        if self._closed:
            return
        for page in list(self._pages.values()):
            page.warm_up()
        for name, entry in PAGES.items():
            if entry.warms_up:
                self.page(name)

    # What is said above the page.

    @Slot(str)
    def show_error(self, text: str) -> None:
        """Says above the page what went wrong, with details to copy."""
        self._message.show_error(text, details())

    def add_message(self, sentence: str) -> None:
        """Adds a sentence to those that stand above the page."""
        if self._message.isHidden():
            self._messages.clear()
        self._messages.append(sentence)
        self._message.show_info(breakable(" ".join(self._messages)))

    @Slot(str)
    def report_forgotten(self, what: str) -> None:
        """Adds that something which was remembered is gone, such as “the theme”."""
        self.add_message(f"{what[0].upper()}{what[1:]} could not be restored.")

    # Where the window was.

    def _last_page(self) -> str:
        last = self._settings.page
        if last in PAGES:
            return last
        if last:
            self._settings.forget("page", PAGE)
        return LANDING

    def _restore_geometry(self) -> None:
        available = self.screen().availableGeometry()
        room = available.size() - FRAME
        if not self.restoreGeometry(self._settings.geometry):  # there is none yet, or it was on another screen
            size = DEFAULT_SIZE.expandedTo(available.size() * SHARE_OF_SCREEN)
            size = size.boundedTo(room)
            self.resize(size)
            self.move(available.center() - QRect(available.topLeft(), size).center() + available.topLeft())
        # A screen that is smaller than the last one still shows the whole window.
        self.setMinimumSize(MINIMUM_SIZE.boundedTo(room))
        if not self.isMaximized() and not self.isFullScreen():
            self.resize(self.size().boundedTo(room))

    # Closing.

    def _add_quit_action(self) -> None:
        action = QAction("Quit", self)
        action.setObjectName("quit")
        action.setShortcuts([QKeySequence("Ctrl+Q"), QKeySequence(QKeySequence.StandardKey.Close)])
        action.setMenuRole(QAction.MenuRole.QuitRole)
        action.triggered.connect(self.close)
        self.addAction(action)

    @Slot()
    def quit(self) -> None:
        """Closes without asking, as Ctrl+C in the terminal wants it; what runs is stopped and kept."""
        self._asks = False
        self.close()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self._asks and not self._closed and not (self._may_close() and self._may_stop()):
            event.ignore()
            return
        self._shut_down()
        event.accept()
        self.closed.emit()

    def _running(self) -> list[str]:
        return [text for page in self._pages.values() if (text := page.busy)]

    def _may_stop(self) -> bool:
        """Asks last of all, so that nothing goes on once this is answered."""
        running = self._running()
        if not running:
            return True
        answer = ask(
            self.current_page,  # which has the style of the window
            "confirm_close_dialog",
            "Close",
            f"{' '.join(running)} Stop it and close?",
            AnswerButton("stop_and_close_button", "Stop and close", Role.AcceptRole),
            AnswerButton("go_on_button", "Keep running", Role.RejectRole),
            details="What was learnt so far is kept.",
            usual="go_on_button",
            makes_sense=self._running,
        )
        return answer == "stop_and_close_button"

    def _may_close(self) -> bool:
        """Asks page by page; the one with which the user wants to go on is shown."""
        for name, page in self._pages.items():
            if page.styleSheet():  # else it was never seen, and has nothing to ask
                page.take_style()
            if not page.may_close():
                self.show_page(name)
                return False
        return True

    def _shut_down(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._settings.geometry = QByteArray(self.saveGeometry())
        if not PAGES[self._current].at_foot:
            self._settings.page = self._current
        self.hide()  # before the wait: the user is done with it
        if self._guide is not None:
            self._guide.leave()
        for page in self._pages.values():
            page.shut_down()
        self.library.shut_down()
        self._settings.save()


class _RailButton(QToolButton):
    """It is lower where the window is too low for all pages."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)

    @override
    def sizeHint(self) -> QSize:
        return QSize(RAIL_WIDTH - GRID, 8 * GRID)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(RAIL_WIDTH - GRID, 6 * GRID)


class _Stack(QStackedWidget):
    """Takes the room that the window has, whatever its pages would like.

    Qt would ask all of them again whenever a text changes in any: 9 ms instead of 2.
    """

    @override
    def sizeHint(self) -> QSize:
        return QSize()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize()

    @override
    def hasHeightForWidth(self) -> bool:
        return False


def _dropped_files(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
