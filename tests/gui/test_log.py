import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer, qWarning
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.log import ErrorHook, details, start_log, versions


@pytest.fixture
def log(home: Path) -> Path:
    return start_log()


def raise_in_a_slot(qtbot: QtBot, error: Exception) -> tuple[list[str], list[tuple]]:
    """Lets a timer's slot fail; returns what the hook told, and what the hook before it got."""

    def fail() -> None:
        raise error

    told: list[str] = []
    with qtbot.captureExceptions() as passed_on:
        hook = ErrorHook()
        hook.caught.connect(told.append)
        with qtbot.waitSignal(hook.caught):
            QTimer.singleShot(0, fail)
        hook.remove()
    return told, passed_on


def test_the_log_lies_in_its_folder_and_starts_with_the_version(log: Path, home: Path) -> None:
    import cnnstudio

    assert log == home / "log" / "cnnstudio.log"
    assert f"CNN Studio {cnnstudio.version.__version__}" in log.read_text(encoding="utf-8")


def test_starting_twice_writes_each_line_once(log: Path) -> None:
    start_log()
    logging.getLogger("cnnstudio.somewhere").warning("only once")
    assert log.read_text(encoding="utf-8").count("only once") == 1


def test_the_log_does_not_grow_without_bound(log: Path) -> None:
    for _ in range(60):
        logging.getLogger("cnnstudio").info("x" * 100_000)
    sizes = [file.stat().st_size for file in log.parent.glob("cnnstudio.log*")]
    assert len(sizes) == 4
    assert max(sizes) <= 1_000_000


def test_a_log_that_another_program_has_put_aside_is_not_put_aside_again(log: Path) -> None:
    log.rename(log.with_name("cnnstudio.log.1"))
    log.write_text("of the other program\n")
    logging.getLogger("cnnstudio").info("of this one")
    assert log.read_text(encoding="utf-8").startswith("of the other program\n")
    assert log.read_text(encoding="utf-8").endswith("of this one\n")
    assert sorted(file.name for file in log.parent.glob("cnnstudio.log*")) == ["cnnstudio.log", "cnnstudio.log.1"]


def test_an_uncaught_exception_is_told_in_a_sentence_and_logged_whole(qtbot: QtBot, log: Path) -> None:
    told, passed_on = raise_in_a_slot(qtbot, ZeroDivisionError("oh"))
    assert len(told) == 1
    assert "ZeroDivisionError" in told[0]
    assert "Traceback" not in told[0]
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert "raise error" in log.read_text(encoding="utf-8")
    assert [kind for kind, *_ in passed_on] == [ZeroDivisionError]


def test_an_error_meant_for_the_user_speaks_for_itself(qtbot: QtBot, log: Path) -> None:
    told, _ = raise_in_a_slot(qtbot, StudioError("The folder is read-only. Choose another."))
    assert told == ["The folder is read-only. Choose another."]


def test_a_failing_thread_is_told_in_the_gui_thread(qtbot: QtBot, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    threads = []

    class Listener(QObject):
        def hear(self, _: str) -> None:
            threads.append(threading.current_thread())

    hook, listener = ErrorHook(), Listener()
    hook.caught.connect(listener.hear)
    with qtbot.waitSignal(hook.caught):
        threading.Thread(target=lambda: 1 / 0, name="worker").start()
    hook.remove()
    assert threads == [threading.main_thread()]
    assert "Uncaught in worker" in log.read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_error_in_a_destructor_is_only_logged(qtbot: QtBot, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fragile:
        def __del__(self) -> None:
            raise ValueError("broken while dying")

    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    hook = ErrorHook()
    with qtbot.assertNotEmitted(hook.caught):
        Fragile()
    hook.remove()
    assert "broken while dying" in log.read_text(encoding="utf-8")


@pytest.mark.qt_log_ignore("a hint from Qt")
def test_what_qt_says_is_logged(qtbot: QtBot, log: Path) -> None:
    hook = ErrorHook()
    qWarning("a hint from Qt")
    hook.remove()
    assert "WARNING cnnstudio: Qt: a hint from Qt" in log.read_text(encoding="utf-8")


def test_ctrl_c_is_no_error(qtbot: QtBot, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    hook = ErrorHook()
    with qtbot.assertNotEmitted(hook.caught):
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    hook.remove()


def test_hooks_are_put_back_but_not_over_newer_ones(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    hook = ErrorHook()
    assert sys.excepthook != before[0]
    hook.remove()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before
    hook = ErrorHook()
    monkeypatch.setattr(sys, "excepthook", print)
    hook.remove()
    assert sys.excepthook is print


def test_details_hold_versions_and_the_end_of_the_log(log: Path) -> None:
    for number in range(200):
        logging.getLogger("cnnstudio").info("line %d.", number)
    text = details()
    assert f"numpy {versions()['numpy']}" in text
    assert "line 199." in text
    assert "line 140." in text
    assert "line 139." not in text


def test_a_log_that_cannot_be_written_is_done_without(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home.write_text("a file in the way")
    log = start_log()
    logging.getLogger("cnnstudio.somewhere").warning("still\nknown")
    assert not log.exists()
    assert capfd.readouterr() == ("", "")
    assert details().endswith("still\nknown")


FAILS_WITHIN_QT = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
from cnnstudio.gui.log import ErrorHook, run_loop, start_log

class Widget(QWidget):
    def showEvent(self, event):
        int("five")

application = QApplication(sys.argv)
start_log()
hook = ErrorHook()
hook.caught.connect(lambda told: print("told:", told))
widget = Widget()
QTimer.singleShot(0, widget.show)
QTimer.singleShot(100, application.quit)
sys.exit(run_loop(application))
"""


def test_an_error_of_c_in_a_method_that_qt_calls_does_not_end_the_process(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILS_WITHIN_QT], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, "told: " in done.stdout) == (0, True), done.stderr
    text = (home / "log" / "cnnstudio.log").read_text(encoding="utf-8")
    assert "invalid literal for int() with base 10: 'five'" in text and "During handling" not in text
