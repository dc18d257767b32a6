"""A monkey at mouse and keys: uses the window at random, and comes back to a state that can be compared.

It uses what is visible and enabled, so it finds the controls of pages that are written after it. It answers every
dialog itself: a question by one of its buttons, a file chooser with a file of its own. It opens no browser, reaches no
network, and what it deletes lands in a trash of its own.
"""

import os
import random
import re
import shutil
import time
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QObject, QPoint, QPointF, QSize, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import (
    QAction,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QKeySequence,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QWidget,
)
from shiboken6 import isValid

from cnnstudio.data.library import import_dataset, load_dataset
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import PAGES, Page
from cnnstudio.gui.pages.inside.trust_panel import TrustPanel
from cnnstudio.gui.pages.inside.view import VIEWS
from cnnstudio.gui.pages.lab.panels import PANELS
from cnnstudio.models.networks.building import find_network
from cnnstudio.storage import cache_folder, data_folder, shipped
from cnnstudio.training.config import TrainingConfig

SAVED = Path(__file__).parent / "saved" / "0.1.0" / "home" / "data"

TRAIN_IMAGES, TEST_IMAGES = 1_200, 200
"""How many images MNIST has for a monkey, which does not wait for long trainings."""

SIZE = QSize(1280, 800)
SIZES = (SIZE, QSize(960, 600), QSize(1100, 700), QSize(1270, 640))

PATIENCE_SECONDS = 180
"""How long the window may work on before it counts as at rest nevertheless."""

Steps = Iterator[Callable[[], bool]]
"""What is done step by step: between two steps, it waits until what was yielded is true."""

Key = Qt.Key
Mouse = QEvent.Type
NO_KEYS = Qt.KeyboardModifier.NoModifier
LEFT, RIGHT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton

EVENT_MILLISECONDS = 8
"""Between two events of mouse or keys."""

TEXTS = ("cat", "7", "12", "0.01", "-3", "1e9", "", "a longer name with blanks", "../up", "x" * 60)

KEYS = (
    *(QKeySequence(key) for key in ("Tab", "Shift+Tab", "Up", "Down", "Left", "Right", "Return", "Space", "Escape")),
    *(QKeySequence(key) for key in ("Home", "End", "PgUp", "PgDown", "Delete", "Backspace", "F2", "1", "2", "q", "+")),
    *(QKeySequence(f"Ctrl+{key}") for key in ("A", "C", "X", "V", "Z", "Shift+Z", "O", "S")),
    *(QKeySequence(f"Alt+{chr(letter)}") for letter in range(ord("A"), ord("Z") + 1)),
)
"""All but those that close the window."""


def environment(home: Path) -> dict[str, str]:
    """Environment variables under which nothing but a folder can be touched, and no network is reached."""
    kept = {name: value for name, value in os.environ.items() if name != "CNNSTUDIO_DATASETS"}
    folders = {"HOME": home, "XDG_DATA_HOME": home / "share", "CNNSTUDIO_HOME": home / "studio"}
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return kept | {name: str(folder) for name, folder in folders.items()} | nowhere | {"no_proxy": ""}


def pack(home: Path) -> Path:
    """Puts what a monkey plays with into its home: a library, and a folder of files to open, which is returned."""
    shutil.copytree(SAVED, data_folder(), dirs_exist_ok=True)
    (data_folder() / "datasets.json").unlink()  # it names a folder of another machine
    files = home / "files"
    generator = np.random.default_rng(0)
    for channel, name in enumerate(("red", "green", "blue")):
        (files / "pictures" / name).mkdir(parents=True)
        for number in range(8):
            pixels = generator.integers(0, 120, (30, 40, 3), dtype=np.uint8)
            pixels[..., channel] += 100
            Image.fromarray(pixels).save(files / "pictures" / name / f"{number}.png")
    with zipfile.ZipFile(files / "pictures.zip", "w") as archive:
        for picture in sorted((files / "pictures").rglob("*.png")):
            archive.write(picture, picture.relative_to(files / "pictures"))
    digit = np.full((200, 160, 3), 230, np.uint8)
    digit[30:45, 40:120] = digit[30:170, 105:120] = 20
    Image.fromarray(digit).save(files / "seven.png")
    (files / "broken.png").write_bytes(b"no picture")
    (files / "labels.txt").write_text("\n".join("abcdefghij"))
    for photo in ("chelsea.jpg", "rocket.jpg"):
        shutil.copy(shipped(f"assets/photos/{photo}"), files)
    shutil.copy(shipped("trained/lenet5-mnist/model.keras"), files / "without-card.keras")
    shutil.copy(SAVED / "architectures" / "small.cnn.json", files)
    import_dataset(files / "pictures")
    shutil.copytree(data_folder(), home / "library")
    return files


def shorten_mnist(train_images: int = TRAIN_IMAGES, test_images: int = TEST_IMAGES) -> None:
    """Leaves the first images of MNIST, for this process: trainings on them are short."""
    mnist = load_dataset("mnist")
    train, test = mnist.train.take(np.arange(train_images)), mnist.test.take(np.arange(test_images))
    short = replace(mnist, train=train, test=test)
    entry = replace(DATASETS["mnist"], train_images=train_images, test_images=test_images, read=lambda _: short)
    DATASETS["mnist"] = entry


def passed(seconds: float) -> Callable[[], bool]:
    """A condition that is true after some seconds."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


class _Address(QObject):
    """Takes the addresses that would open a browser or a file manager."""

    @Slot(QUrl)
    def take(self, address: QUrl) -> None:
        """Opens nothing."""


class Monkey:
    """One that acts in the window of this process; the event loop must turn meanwhile.

    What a hand does comes event by event, with turns of the loop between. Mouse events are posted to Qt's windows, so
    that they take the way of a user's through popups and grabs, and no Python holds other threads up while a menu is
    open.

    Args:
        window: as it is after the start.
        home: the folder that was packed.
        seed: of everything that it does.

    Attributes:
        actions: how many it has done.
        did: the last of them, in words.
    """

    def __init__(self, window: MainWindow, home: Path, seed: int) -> None:
        self.actions = 0
        self.did: deque[str] = deque(maxlen=3)
        self._window, self._home, self._files = window, home, home / "files"
        self._random = random.Random(seed)
        self._mime = QMimeData()
        self._experiments: dict[str, dict[str, Any]] = {}
        """How each experiment of the Lab was set at first."""
        self._coming: deque[Callable[[], object]] = deque()
        self._hand = QTimer(window, interval=EVENT_MILLISECONDS)
        self._hand.timeout.connect(self._go_on)
        self._hand.start()
        self._address = _Address()
        for scheme in ("file", "http", "https", "mailto"):
            QDesktopServices.setUrlHandler(scheme, self._address, "take")
        QFileDialog.getOpenFileName = staticmethod(self._open_file)
        QFileDialog.getOpenFileNames = staticmethod(
            lambda *args, **_: (list(filter(None, self._open_file(*args)[:1])), "")
        )
        QFileDialog.getSaveFileName = staticmethod(self._save_file)
        QFileDialog.getExistingDirectory = staticmethod(lambda *_, **__: self._folder())
        self._habits: dict[Callable[[QWidget], str], int] = {
            self._use: 62,
            self._press: 14,
            self._turn_wheel: 6,
            self._change_page: 7,
            self._drop: 3,
            self._paste: 3,
            self._resize: 3,
            self._change_theme: 2,
        }

    @property
    def rests(self) -> bool:
        """Whether all that it did has taken effect."""
        return not self._coming

    def _go_on(self) -> None:
        if self._coming:
            _later(self._coming.popleft())

    def act(self) -> None:
        """Does something; it takes effect while the event loop turns."""
        front = self._front()
        habit = self._random.choices(list(self._habits), list(self._habits.values()))[0]
        if front is not self._window:  # a menu or a dialog, which is used or left
            habit = self._random.choices((self._use, self._press, self._escape), (70, 15, 15))[0]
        self._note(habit(front))

    def use_everything(self) -> Steps:
        """Uses each control of each page once, those that come to sight by it too, and each line of each menu."""
        yield from self.come_home()
        for page in PAGES:
            yield from self._visit(page)
            used: set[str] = set()
            while (control := self._unused(page, used)) is not None:
                used.add(_name(control))
                yield from self._use_fully(page, control, self._use_it)
                if type(control).__module__.startswith("cnnstudio") and not isinstance(control, QAbstractButton):
                    yield from self._use_fully(page, control, self._ask_for_menu)

    def _unused(self, page: str, used: set[str]) -> QWidget | None:
        controls = self._controls(self._window.page(page))
        return next((control for control in controls if _name(control) not in used), None)

    def _use_fully(self, page: str, control: QWidget, use: Callable[[QWidget], str]) -> Steps:
        """Uses a control of a page; where that opens a menu, once for each of its lines."""
        line, lines = 0, 1
        while line < lines:
            if not isValid(control) or not _is_control(control):
                return
            self._note(use(control))
            yield from self._take_effect()
            if isinstance(menu := QApplication.activePopupWidget(), QMenu):
                lines = len(_lines(menu))
                if line < lines:
                    self._note(self._choose_line(menu, _lines(menu)[line]))
                    yield from self._take_effect()
            yield from self._close_dialogs()
            if self._window.current_page is not self._window.page(page):
                yield from self._visit(page)
            line += 1

    def _take_effect(self) -> Steps:
        yield lambda: self.rests
        yield passed(0.03)

    def _note(self, did: str) -> None:
        self.actions += 1
        self.did.append(did)

    def train(self, architecture: str) -> Steps:
        """Trains an architecture on MNIST for one epoch, to its end."""
        page = self._window.page("train")
        yield from self._visit("train")
        page.config = TrainingConfig(dataset="mnist", architecture=architecture, epochs=1)
        _later(page.findChild(QAbstractButton, "train_button").click)
        yield passed(0.1)
        yield from self._close_dialogs()
        yield lambda: not page.busy

    def open_networks(self) -> Steps:
        """Opens each trained network on Try and in all views of Inside, with a photo."""
        inside = self._window.page("inside")
        for panel in inside.findChildren(TrustPanel):
            _ = panel.sanity, panel.charts  # made when first wanted
        for network in [one.path for one in self._window.library.lists.models]:
            for page in ("try", "inside"):
                yield from self._visit(page, network)
                yield from self._visit(page, self._files / "rocket.jpg")
            for view in VIEWS:
                _later(partial(inside.show_view, view))
                yield passed(0.1)
                yield at_rest()

    def come_home(self) -> Steps:
        """Stops and closes everything, tidies up, and shows every page as it was at first.

        The network that was trained last stays in memory, so that it is always the same.
        """
        self._coming.clear()
        yield from self._close_dialogs()
        yield from self._stop()
        yield from self._visit_pages()
        yield from self.train("lenet5")
        library = data_folder()
        shutil.rmtree(library)
        shutil.copytree(self._home / "library", library)
        for rubbish in (self._home / "share", self._home / "saved", cache_folder()):
            shutil.rmtree(rubbish, ignore_errors=True)
        QApplication.clipboard().clear()
        # Qt keeps the style of each widget in each state in which it was seen, until the theme changes.
        self._window.page("settings").findChild(QAbstractButton, "theme_dark").click()
        yield at_rest()
        yield from self._visit_pages()

    # Where it acts.

    def _front(self) -> QWidget:
        """What takes mouse and keys now: a menu, a dialog, or one of the windows."""
        blocking = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if blocking is not None:
            return blocking
        others = [window for window in _dialogs() if window is not self._window]
        return self._random.choice(others) if others and self._random.random() < 0.5 else self._window

    def _controls(self, front: QWidget) -> list[QWidget]:
        inside = [front, *front.findChildren(QWidget)]
        return [widget for widget in inside if _is_control(widget) and widget.window() is front.window()]

    def _somewhere(self, widget: QWidget) -> QPoint:
        """A place in what is seen of a widget."""
        area = self._random.choice(list(widget.visibleRegion()))
        return QPoint(self._random.randint(area.left(), area.right()), self._random.randint(area.top(), area.bottom()))

    # What it does; each says so in words.

    def _use(self, front: QWidget) -> str:
        controls = self._controls(front)
        return self._use_it(self._random.choice(controls)) if controls else self._escape(front)

    def _use_it(self, control: QWidget) -> str:
        match control:
            case QMenu():
                lines = _lines(control)
                return self._choose_line(control, self._random.choice(lines)) if lines else self._escape(control)
            case QAbstractItemView():
                return self._choose_item(control)
            case QAbstractSpinBox() | QLineEdit() | QPlainTextEdit():
                return self._type_into(control)
            case QAbstractButton() | QComboBox():
                self._click(control, control.visibleRegion().boundingRect().center())
                return f"clicked {_name(control)}"
            case _:
                return self._play_with(control.viewport() if isinstance(control, QAbstractScrollArea) else control)

    def _choose_line(self, menu: QMenu, line: QAction) -> str:
        self._click(menu, menu.actionGeometry(line).center())
        return f"chose “{line.text()}” of {_name(menu)}"

    def _ask_for_menu(self, widget: QWidget) -> str:
        widget = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
        self._right_click(widget, widget.visibleRegion().boundingRect().center())
        return f"right click on {_name(widget)}"

    def _choose_item(self, view: QAbstractItemView) -> str:
        area, model = view.viewport().rect(), view.model()
        index = view.indexAt(self._somewhere(view.viewport()))
        if self._random.random() < 0.3 and model is not None and model.rowCount():
            index = model.index(self._random.randrange(model.rowCount()), 0)
            view.scrollTo(index)
        place = view.visualRect(index).intersected(area).center() if index.isValid() else area.center()
        how = self._random.choices((self._click, self._double_click, self._right_click), (80, 10, 10))[0]
        how(view.viewport(), place)
        return f"{how.__name__.strip('_')} on row {index.row()} of {_name(view)}"

    def _type_into(self, field: QWidget) -> str:
        text = self._random.choice(TEXTS)
        self._click(field, field.visibleRegion().boundingRect().center())
        end = self._random.choice((Key.Key_Tab, Key.Key_Return))

        self._coming.append(partial(_press_key, QKeySequence("Ctrl+A")))
        self._coming += [partial(_type, letter) for letter in text]
        self._coming.append(partial(_press_key, QKeySequence(end)))
        return f"typed {text!r} into {_name(field)}"

    def _play_with(self, widget: QWidget) -> str:
        """What can be done on a canvas, a chart or a picture."""
        start = self._somewhere(widget)
        ways = (self._click, self._drag, self._double_click, self._right_click, self._point)
        way = self._random.choices(ways, (35, 40, 7, 8, 10))[0]
        way(widget, start)
        return f"{way.__name__.strip('_')} on {_name(widget)}"

    def _press(self, _front: QWidget) -> str:
        keys = self._random.choices(KEYS, k=self._random.randint(1, 4))
        self._coming += [partial(_press_key, key) for key in keys]
        return f"pressed {', '.join(key.toString() for key in keys)}"

    def _escape(self, front: QWidget) -> str:
        self._coming.append(partial(_press_key, QKeySequence(Key.Key_Escape)))
        return f"pressed Escape in {_name(front)}"

    def _turn_wheel(self, front: QWidget) -> str:
        areas = [area for area in front.findChildren(QAbstractScrollArea) if not area.visibleRegion().isEmpty()]
        widget = self._random.choice(areas).viewport() if areas else front
        if widget.visibleRegion().isEmpty():
            return "turned no wheel"
        place = self._somewhere(widget)
        angle = QPoint(0, self._random.choice((-360, -120, 120, 360)))
        keys = Qt.KeyboardModifier.ControlModifier if self._random.random() < 0.1 else NO_KEYS
        at, on_screen = QPointF(widget.mapTo(widget.window(), place)), QPointF(widget.mapToGlobal(place))
        turned = QWheelEvent(at, on_screen, QPoint(), angle, NO_BUTTON, keys, Qt.ScrollPhase.NoScrollPhase, False)
        self._post(widget, turned)
        return f"turned the wheel over {_name(widget)}"

    def _change_page(self, _front: QWidget) -> str:
        name = self._random.choice(list(PAGES))
        button = self._window.findChild(QAbstractButton, f"rail_{name}")
        self._click(button, button.rect().center())
        return f"went to {name}"

    def _drop(self, front: QWidget) -> str:
        """Drops a file, or a folder, from elsewhere."""
        path = self._random.choice(sorted(self._files.iterdir()))
        self._mime = QMimeData()
        self._mime.setUrls([QUrl.fromLocalFile(str(path))])
        place = self._somewhere(front)
        copy = Qt.DropAction.CopyAction
        self._post(front, QDragEnterEvent(place, copy, self._mime, LEFT, NO_KEYS))
        self._post(front, QDropEvent(QPointF(place), copy, self._mime, LEFT, NO_KEYS))
        return f"dropped {path.name}"

    def _paste(self, _front: QWidget) -> str:
        path = self._random.choice([path for path in self._files.iterdir() if path.suffix in {".png", ".jpg"}])
        clipboard = QApplication.clipboard()
        if self._random.random() < 0.5:
            clipboard.setImage(QImage(str(path)))
        else:
            data = QMimeData()
            data.setUrls([QUrl.fromLocalFile(str(path))])
            clipboard.setMimeData(data)
        self._coming.append(partial(_press_key, QKeySequence("Ctrl+V")))
        return f"pasted {path.name}"

    def _resize(self, _front: QWidget) -> str:
        size = self._random.choice(SIZES)
        self._coming.append(partial(self._window.resize, size))
        return f"resized the window to {size.toTuple()}"

    def _change_theme(self, _front: QWidget) -> str:
        name = self._random.choice(("theme_light", "theme_dark", "theme_system"))
        self._coming.append(self._window.page("settings").findChild(QAbstractButton, name).click)
        return f"chose {name}"

    # The mouse.

    def _click(self, widget: QWidget, place: QPoint) -> None:
        self._point(widget, place)
        self._mouse(Mouse.MouseButtonPress, widget, place, LEFT, LEFT)
        self._mouse(Mouse.MouseButtonRelease, widget, place, LEFT, NO_BUTTON)

    def _double_click(self, widget: QWidget, place: QPoint) -> None:
        self._click(widget, place)
        self._mouse(Mouse.MouseButtonDblClick, widget, place, LEFT, LEFT)
        self._mouse(Mouse.MouseButtonRelease, widget, place, LEFT, NO_BUTTON)

    def _right_click(self, widget: QWidget, place: QPoint) -> None:
        self._point(widget, place)
        self._mouse(Mouse.MouseButtonPress, widget, place, RIGHT, RIGHT)
        self._mouse(Mouse.MouseButtonRelease, widget, place, RIGHT, NO_BUTTON)

    def _drag(self, widget: QWidget, place: QPoint) -> None:
        self._point(widget, place)
        self._mouse(Mouse.MouseButtonPress, widget, place, LEFT, LEFT)
        for _ in range(self._random.randint(3, 12)):
            place = self._somewhere(widget)
            self._mouse(Mouse.MouseMove, widget, place, NO_BUTTON, LEFT)
        self._mouse(Mouse.MouseButtonRelease, widget, place, LEFT, NO_BUTTON)

    def _point(self, widget: QWidget, place: QPoint) -> None:
        self._mouse(Mouse.MouseMove, widget, place, NO_BUTTON, NO_BUTTON)

    def _mouse(
        self, kind: QEvent.Type, widget: QWidget, place: QPoint, button: Qt.MouseButton, held: Qt.MouseButton
    ) -> None:
        at, on_screen = QPointF(widget.mapTo(widget.window(), place)), QPointF(widget.mapToGlobal(place))
        self._post(widget, QMouseEvent(kind, at, on_screen, button, held, NO_KEYS))

    def _post(self, widget: QWidget, event: QEvent) -> None:
        handle = widget.window().windowHandle()

        def post() -> None:
            if handle is not None and isValid(handle):  # its window may have been closed meanwhile
                QCoreApplication.postEvent(handle, event)

        self._coming.append(post)

    # What it answers where it is asked for a file.

    def _open_file(self, *asked: object, **_options: object) -> tuple[str, str]:
        filters = str(asked[3]) if len(asked) > 3 else ""
        endings = re.findall(r"\*[\w.]+", filters)
        known = [path for path in sorted(self._files.rglob("*")) if path.is_file()]
        fitting = [path for path in known if any(fnmatch(path.name, ending) for ending in endings)] or known
        chance = self._random.random()
        return ("" if chance < 0.1 else str(self._random.choice(known if chance < 0.25 else fitting)), "")

    def _save_file(self, *asked: object, **_options: object) -> tuple[str, str]:
        folder = self._home / "saved"
        folder.mkdir(exist_ok=True)
        name = Path(str(asked[2])).name if len(asked) > 2 and asked[2] else "unnamed"
        filters = str(asked[3]).split(";;") if len(asked) > 3 else [""]
        return ("" if self._random.random() < 0.1 else str(folder / name), self._random.choice(filters))

    def _folder(self) -> str:
        folders = (self._files / "pictures", self._files, self._home / "saved")
        return "" if self._random.random() < 0.1 else str(self._random.choice(folders))

    # The way home.

    def _close_dialogs(self) -> Steps:
        while (popup := QApplication.activePopupWidget()) is not None or _dialogs():
            if popup is not None:
                popup.close()
            else:
                _later(partial(_decline, QApplication.activeModalWidget() or _dialogs()[-1]))
            yield passed(0.1)

    def _stop(self) -> Steps:
        """Stops what runs, as a user would."""
        while any(page.busy for page in self._window.findChildren(Page)):
            for button in self._window.findChildren(QAbstractButton):
                if re.match(r"stop_|cancel_", button.objectName()) and button.isEnabled() and not button.isHidden():
                    _later(button.click)
            yield passed(0.3)

    def _visit_pages(self) -> Steps:
        self._window.showNormal()
        self._window.resize(SIZE)
        self._window.page("settings").findChild(QAbstractButton, "theme_light").click()
        yield at_rest()
        for name in PAGES:
            for payload in FIRST_SEEN.get(name, lambda: (None,))():
                yield from self._visit(name, payload)
            if name == "architecture":
                yield from self._edit_network()
        for name in (*PANELS, *list(PANELS)[:1]):
            _later(partial(self._show_panel, name))
        for name in (*VIEWS, *list(VIEWS)[:1]):
            _later(partial(self._window.page("inside").show_view, name))
        _later(self._window.page("try").findChild(QAbstractButton, "draw_chip").click)
        _later(self._window.page("try").findChild(QWidget, "drawing_canvas").clear)
        yield passed(0.1)
        yield at_rest()

    def _show_panel(self, name: str) -> None:
        panel = self._window.page("lab").show_panel(name)
        panel.show_state(self._experiments.setdefault(name, panel.state()))

    def _edit_network(self) -> Steps:
        """Opens the editor and leaves it, so that it was left with the same layer chosen."""
        page = self._window.page("architecture")
        if page.editor is not None:
            _later(page.editor.document.discard)  # else it would stay
        _later(page.edit)
        yield passed(0.1)
        yield from self._close_dialogs()
        yield at_rest()
        document = page.editor.document
        _later(partial(document.select, document.table.rows[0].name))
        yield at_rest()
        _later(page.findChild(QAbstractButton, "leave_editor_button").click)
        yield passed(0.1)
        yield from self._close_dialogs()

    def _visit(self, page: str, payload: object = None) -> Steps:
        _later(partial(self._window.show_page, page, payload))
        yield passed(0.1)
        yield from self._close_dialogs()
        yield at_rest()


FIRST_SEEN: dict[str, Callable[[], tuple[object, ...]]] = {
    "data": lambda: ("pictures", "mnist"),
    "collect": lambda: ("strokes",),
    "architecture": lambda: ("lenet5",),
    "train": lambda: ("mnist", find_network("lenet5")),
    "try": lambda: (shipped("trained/lenet5-mnist"),),
    "inside": lambda: (shipped("trained/lenet5-mnist"),),
}
"""What the pages get, one after the other, so that they show what they did before; the others are just shown."""


def at_rest() -> Callable[[], bool]:
    """A condition that is true once this process has had next to nothing to do for a while, or patience has ended."""
    end = time.monotonic() + PATIENCE_SECONDS
    samples = deque([(time.monotonic(), time.process_time())], maxlen=4)

    def rests() -> bool:
        if time.monotonic() - samples[-1][0] >= 0.15:
            samples.append((time.monotonic(), time.process_time()))
        (begin, used), (last, used_last) = samples[0], samples[-1]
        calm = len(samples) == samples.maxlen and used_last - used < 0.2 * (last - begin)
        return calm or time.monotonic() > end

    return rests


def _dialogs() -> list[QDialog]:
    return [window for window in QApplication.topLevelWidgets() if isinstance(window, QDialog) and window.isVisible()]


def _lines(menu: QMenu) -> list[QAction]:
    return [line for line in menu.actions() if line.isVisible() and line.isEnabled() and not line.isSeparator()]


def _decline(dialog: QWidget) -> None:
    """Leaves a dialog, and what was not saved is lost."""
    if isinstance(dialog, QMessageBox):
        for button in dialog.buttons():
            if dialog.buttonRole(button) is QMessageBox.ButtonRole.DestructiveRole and "discard" in button.objectName():
                button.click()
                return
    dialog.close()


def _is_control(widget: QWidget) -> bool:
    if not widget.isVisible() or not widget.isEnabled() or widget.visibleRegion().isEmpty():
        return False
    if isinstance(widget, QAbstractButton | QComboBox | QMenu | QLineEdit | QAbstractSpinBox):
        return widget.property("role") != "rail"  # pages are changed by a habit of their own
    if isinstance(widget, QLabel):
        return "<a " in widget.text()
    return widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not isinstance(widget, QScrollArea | QScrollBar)


def _name(widget: QWidget) -> str:
    """What a control is called, and what is called anything around it."""
    around = widget.parentWidget()
    while around is not None and (not around.objectName() or around.objectName().startswith("qt_")):
        around = around.parentWidget()
    name = f"{type(widget).__name__} {widget.objectName()}".strip()
    return f"{name} in {around.objectName()}" if around is not None else name


def _later(function: Callable[[], object]) -> None:
    """Calls something from the event loop: it may ask, and wait for the answer."""
    QTimer.singleShot(0, function)


def _focus() -> QWidget:
    popup, focus = QApplication.activePopupWidget(), QApplication.focusWidget()
    return popup or focus or QApplication.activeModalWidget() or QApplication.topLevelWidgets()[0]


def _type(letter: str) -> None:
    QTest.keyClicks(_focus(), letter)


def _press_key(keys: QKeySequence) -> None:
    combination = keys[0]
    QTest.keyClick(_focus(), combination.key(), combination.keyboardModifiers())
