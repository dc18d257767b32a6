"""The application around the window. Qt is imported inside functions, for where it cannot be, a sentence says why."""

import builtins
import ctypes
import faulthandler
import locale
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cnnstudio import screen
from cnnstudio.errors import reason
from cnnstudio.interpreter import come_first
from cnnstudio.storage import USER_FOLDERS, log_folder, shipped, try_writing

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from cnnstudio.gui.main_window import MainWindow
    from cnnstudio.gui.settings import Settings

SECONDS_TO_END = 10.0
"""How long the end of the process waits for a thread that does not stop."""


SWITCH_SECONDS = 0.0005
"""How long another thread may keep the interpreter while the window's wants it.

The window's gives it up at nearly every call of Qt, and waits as long to get it back: with Python's own 5 ms, short
calls that take 1 ms alone take 8 beside a thread that computes; so 1.3. With less, the threads only switch more often.
"""


def create(argv: Sequence[str]) -> "tuple[QApplication, MainWindow]":
    """Makes the application, or takes the one that there is, and shows the window, without starting the event loop.

    Args:
        argv: the program's name, and an image, a model or a run to open, if any; or `OPEN` of
            `cnnstudio.lab.lessons` and a lesson, and `ONLY` where there is to be nothing else.

    Returns:
        The application and the main window. Keep both.
    """
    from PySide6.QtCore import QLocale, Qt
    from PySide6.QtWidgets import QApplication

    _import_without_looking()
    from cnnstudio.gui.garbage import GarbageCollector
    from cnnstudio.gui.log import ErrorHook, start_log
    from cnnstudio.gui.look.theme import Theme
    from cnnstudio.gui.main_window import MainWindow
    from cnnstudio.gui.settings import Settings
    from cnnstudio.gui.task import Task

    _share_heaps()
    sys.setswitchinterval(SWITCH_SECONDS)
    come_first()
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(list(argv))
    # Every word on screen is English, and so are the numbers among them and the order in which they stand, whatever
    # the user's locale; Qt would also make the C libraries write numbers by it.
    QLocale.setDefault(QLocale.c())
    application.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    locale.setlocale(locale.LC_NUMERIC, "C")
    _introduce(application)
    (application.findChild(GarbageCollector) or GarbageCollector(application)).start()
    start_log()
    settings = Settings()
    settings.limit_threads()
    theme = application.findChild(Theme) or Theme(application)
    window = MainWindow(settings)
    settings.setParent(window)
    hook = ErrorHook(window)
    hook.caught.connect(window.show_error)
    window.destroyed.connect(hook.remove)

    def apply(name: str) -> None:
        if name == "theme":
            theme.choose(settings.theme)
        elif name == "threads":
            settings.limit_threads()

    settings.changed.connect(apply)
    _look_at_folders(window, settings)
    # Only now: under a style sheet, Qt styles a widget again each time that one above it gets its parent.
    window.restyle(theme.stylesheet)
    theme.restyled.connect(window.restyle)
    theme.choose(settings.theme)
    window.first_painted.connect(Task(_remove_leftovers, window).start)
    window.show()
    _open_first(window, argv[1:])
    return application, window


def _introduce(application: "QApplication") -> None:
    """Tells the desktop what this is."""
    from PySide6.QtGui import QIcon

    application.setApplicationName("cnnstudio")
    application.setApplicationDisplayName("CNN Studio")
    application.setDesktopFileName("cnnstudio")
    application.setWindowIcon(QIcon(str(shipped("assets/icons/cnnstudio.svg"))))


def _open_first(window: "MainWindow", arguments: Sequence[str]) -> None:
    """Opens what the window was started with."""
    from cnnstudio.lab.lessons import ONLY, OPEN

    match list(arguments):
        case [option, lesson, *rest] if option == OPEN:
            window.open_lesson(lesson, alone=ONLY in rest)
        case [path, *_]:
            window.open_path(Path(path))


def _import_without_looking() -> None:
    """Takes back what PySide has put in the place of `import`.

    It reads the source of every module that anything imports from then on, to see whether it uses its `__feature__`,
    which nothing here does. TensorFlow takes a third longer so.
    """
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)


_MOST_HEAPS = 2
"""How many heaps the threads share."""


def _share_heaps() -> None:
    """Has the C library use few heaps: that of GNU makes one for each thread, and keeps pieces of each."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(-8, _MOST_HEAPS)  # M_ARENA_MAX


def _remove_leftovers(on_event: Callable[[object], None], stop: threading.Event) -> None:  # noqa: ARG001
    from cnnstudio.training.leftovers import remove_leftovers

    remove_leftovers()


def _look_at_folders(window: "MainWindow", settings: "Settings") -> None:
    """Says, once another thread has looked, what cannot be saved, and what is remembered and cannot be used."""
    from cnnstudio.gui.task import Task

    early: list[str] = []
    settings.unwritten.connect(early.append)

    def tell(found: tuple[list[str], bool]) -> None:
        sentences, of_settings = found
        for sentence in sentences if of_settings else [*sentences, *early]:
            window.add_message(sentence)
        if not of_settings:
            settings.unwritten.connect(window.add_message)
        for what in settings.forgotten:
            window.report_forgotten(what)
        settings.forgot.connect(window.report_forgotten)

    task = Task(_trouble, window)
    task.finished.connect(tell)
    task.start()


def _trouble(on_event: Callable[[object], None], stop: threading.Event) -> tuple[list[str], bool]:  # noqa: ARG001
    """Sentences on what cannot be saved, and on what of the user's lists cannot be read; whether one is on settings."""
    from cnnstudio.data.downloads.fetch import read_extra_folders
    from cnnstudio.data.library import read_imported

    reasons = unwritable()
    sentences = unsaved(reasons), read_imported()[1], read_extra_folders()[1]
    return list(filter(None, sentences)), "settings" in reasons


_CONTENT = {
    "data": "what you train, collect and design",
    "settings": "settings",
    "cache": "downloads and prepared images",
    "log": "the log",
}
"""What lies in each of `USER_FOLDERS`."""


def unwritable() -> dict[str, str]:
    """Why nothing can be written into some of `USER_FOLDERS`, by their names."""
    reasons: dict[str, str] = {}
    for name, place in USER_FOLDERS.items():
        try:
            try_writing(place())
        except OSError as error:
            reasons[name] = reason(error)
    return reasons


def unsaved(reasons: dict[str, str]) -> str:
    """Says what cannot be saved, why, as `unwritable` knows, and what to do about it; empty where all can be."""
    if not reasons:
        return ""
    different, parents = set(reasons.values()), {USER_FOLDERS[name]().parent for name in reasons}
    if len(reasons) == len(USER_FOLDERS) and len(different) == len(parents) == 1:
        what = f"Nothing can be saved: {parents.pop()} cannot be written ({different.pop()})."
    else:
        places = (f"{_CONTENT[name]} in {USER_FOLDERS[name]()} ({why})" for name, why in reasons.items())
        what = f"Some things cannot be saved: {', '.join(places)}."
    works = "You can look at everything and try it out, but not train." if "data" in reasons else "The rest works."
    return (
        f"{what} {works} To save what you do, set the environment variable CNNSTUDIO_HOME to another folder and start "
        "CNN Studio again."
    )


def main(argv: Sequence[str]) -> int:
    """Opens the window and runs it to its end.

    Args:
        argv: as for `create`.

    Returns:
        The exit code: 1, after a sentence on stderr, where no window can be opened.
    """
    problem = screen.problem()
    if problem is None:
        try:
            return _run(argv)
        except ImportError as error:
            if (error.name or "").startswith("cnnstudio"):
                raise
            problem = (
                f"The window cannot be loaded ({error}). Install CNN Studio again; on Debian or Ubuntu, this may be "
                f"what is missing: {screen.apt_line(screen.APT_PACKAGES)}"
            )
    print(problem, file=sys.stderr)  # noqa: T201
    return 1


def _run(argv: Sequence[str]) -> int:
    application, window = create(argv)
    window.closed.connect(application.quit)
    from cnnstudio.gui.log import run_loop
    from cnnstudio.gui.task import wait_for_threads

    with _noting_crashes(), _closing_on_signals(window):
        code = run_loop(application)
        ended = wait_for_threads(SECONDS_TO_END)
        if not ended:
            os._exit(code)
    return code


@contextmanager
def _noting_crashes() -> Iterator[None]:
    """Writes where Python was into the log folder, should the process die; without a place for it, nothing is."""
    with ExitStack() as stack:
        with suppress(OSError):
            crashes = stack.enter_context((log_folder() / "crash.txt").open("a", encoding="utf-8"))
            faulthandler.enable(crashes)
            stack.callback(faulthandler.disable)
        yield


@contextmanager
def _closing_on_signals(window: "MainWindow") -> Iterator[None]:
    """Closes the window on Ctrl+C and on SIGTERM: a byte in a socket wakes Qt's loop, and Python gets a turn."""
    from PySide6.QtCore import QSocketNotifier

    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
        notifier.activated.connect(lambda: reader.recv(64))
        numbers = (signal.SIGINT, signal.SIGTERM)
        handlers = [signal.signal(number, lambda *_: window.quit()) for number in numbers]
        wakeup = signal.set_wakeup_fd(writer.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in zip(numbers, handlers, strict=True):
                signal.signal(number, handler)
            notifier.setEnabled(False)
