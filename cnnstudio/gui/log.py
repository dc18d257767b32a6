"""The log file, and what becomes of errors that nothing has caught."""

import logging
import logging.handlers
import os
import platform
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from PySide6.QtCore import QCoreApplication, QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from cnnstudio.errors import StudioError, unexpected
from cnnstudio.storage import changing, log_folder
from cnnstudio.version import __version__

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
LINES_KEPT = 60
"""Lines of the log that are kept in memory."""

_log = logging.getLogger("cnnstudio")


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log file that several programs write to, and that is done without where the disk does not take it."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Goes on in the new file, too, where another program has put the full one aside."""
        if self.stream is not None and not self._is_in_place(self.stream):
            self.stream.close()
            self.stream = None
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:
        """Puts the full file aside, unless another program has just done that."""
        with changing(Path(self.baseFilename)):
            if self.stream is not None and self._is_in_place(self.stream):
                super().doRollover()

    def _is_in_place(self, stream: TextIO) -> bool:
        with suppress(OSError):
            return os.path.samestat(os.fstat(stream.fileno()), Path(self.baseFilename).stat())
        return False

    def handleError(self, record: logging.LogRecord) -> None:
        """Says nothing: logging's own would print a traceback for each line."""


class _Recent(logging.Handler):
    """The last lines, which are there even where the file is not."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=lines)

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps them."""
        self.lines.extend(self.format(record).splitlines())


def start_log() -> Path:
    """Sends the log of this process to `cnnstudio.log` in the log folder, 1 MB at most and three older ones.

    Returns:
        The file, which is not there where it cannot be written. A second call changes nothing.
    """
    folder = log_folder()
    file = folder / "cnnstudio.log"
    if any(isinstance(handler, _LogFile) and Path(handler.baseFilename) == file for handler in _log.handlers):
        return file
    for handler in list(_log.handlers):
        if isinstance(handler, _LogFile | _Recent):
            _log.removeHandler(handler)
            handler.close()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    in_file = _LogFile(file, maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True)
    for handler in (in_file, _Recent(LINES_KEPT)):
        handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
        _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    system = f"{platform.system()} {platform.release()}"
    _log.info("CNN Studio %s on %s, Python %s", __version__, system, platform.python_version())
    return file


def versions() -> dict[str, str]:
    """Versions of CNN Studio and of the packages that it needs, without importing any of them."""
    from importlib import metadata  # not at the top: it pulls in the e-mail parser, and the window waits for it

    from packaging.requirements import Requirement

    found = {"CNN Studio": __version__, "Python": platform.python_version()}
    with suppress(metadata.PackageNotFoundError):
        for needed in map(Requirement, metadata.requires("cnnstudio") or []):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                found[needed.name] = "not installed"
                with suppress(metadata.PackageNotFoundError):
                    found[needed.name] = metadata.version(needed.name)
    return found


def details() -> str:
    """A report for whoever fixes an error: versions and the end of the log, as plain text."""
    recent = [line for handler in _log.handlers if isinstance(handler, _Recent) for line in handler.lines]
    return "\n".join(
        [
            *(f"{name} {version}" for name, version in versions().items()),
            platform.platform(),
            "",
            f"The last lines for {log_folder() / 'cnnstudio.log'}:",
            *recent,
        ]
    )


class _LoopRuns(Exception):  # noqa: N818 - it is no error
    """What is being handled while the event loop runs."""


def run_loop(application: QCoreApplication) -> int:
    """Runs the event loop, so that an error in a method that Qt calls is told.

    Where Python calls Qt and Qt calls such a method, PySide reads what it raises as an exception. Until Python 3.12,
    what is raised in C, as by `int("x")`, is just a class and a text as long as no other exception is being handled,
    and the process dies of it.

    Returns:
        The exit code.
    """
    if sys.version_info >= (3, 12):
        return application.exec()
    try:
        raise _LoopRuns
    except _LoopRuns:
        return application.exec()


class ErrorHook(QObject):
    """Catches what nothing else has caught, in any thread, writes it to the log and informs the window.

    A hook that somebody else had installed is called too; Python's own is not, for it would print a traceback.

    Signals:
        caught(str): what to tell the user, in a sentence or two; emitted in the GUI thread.
    """

    caught = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before: tuple[Any, Any, Any] = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable
        self._qt_before: Callable[..., object] | None = qInstallMessageHandler(self._on_qt_message)

    def remove(self) -> None:
        """Restores the hooks that were there before, except where another one was set since."""
        if sys.excepthook == self._on_exception:
            sys.excepthook = self._before[0]
        if threading.excepthook == self._on_thread_exception:
            threading.excepthook = self._before[1]
        if sys.unraisablehook == self._on_unraisable:
            sys.unraisablehook = self._before[2]
        installed = qInstallMessageHandler(self._qt_before)
        if installed != self._on_qt_message:
            qInstallMessageHandler(installed)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._report(error, "in the window")
        if self._before[0] is not sys.__excepthook__:
            self._before[0](kind, error, trace)

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._report(args.exc_value, f"in {args.thread.name if args.thread else 'a thread'}")
        if self._before[1] is not threading.__excepthook__:
            self._before[1](args)

    def _on_unraisable(self, args: "sys.UnraisableHookArgs") -> None:
        # Nobody waits for these (they come from destructors): the log is enough.
        text = "".join(traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback))
        _log.error("%s: %r\n%s", args.err_msg or "Ignored exception", args.object, text)
        if self._before[2] is not sys.__unraisablehook__:
            self._before[2](args)

    def _on_qt_message(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        _log.log(_LEVELS[kind], "Qt: %s", message)
        if self._qt_before is not None:
            self._qt_before(kind, context, message)

    def _report(self, error: BaseException, where: str) -> None:
        if isinstance(error, KeyboardInterrupt):
            return
        inner: BaseException | None = error
        while inner is not None:
            if isinstance(inner.__context__, _LoopRuns):
                inner.__context__ = None
            inner = inner.__context__
        _log.error("Uncaught %s:\n%s", where, "".join(traceback.format_exception(error)).rstrip())
        self.caught.emit(str(error) if isinstance(error, StudioError) else unexpected(error))
