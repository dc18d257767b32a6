"""Nothing on the GUI thread reads a file, whatever page is shown, model opened, network edited or training begun."""

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from cnnstudio.gui.app import create
from cnnstudio.gui.library import Library
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.settings import Settings
from cnnstudio.storage import runs_folder
from tests.gui.sample_library import collected, network, run

REPOSITORY = Path(__file__).resolve().parents[2]

OURS = (str(REPOSITORY / "cnnstudio"), str(REPOSITORY / "assets"), sys.prefix, sys.base_prefix)
"""What may be read on the GUI thread: the program itself. A page's modules are imported when it is first shown, and its
icons and pictures are read then; both ship, are small and are read once."""


class Listener:
    """Notes what the GUI thread reads: files that are opened, folders that are listed."""

    def __init__(self) -> None:
        self._heard: list[str] | None = None

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._heard is None or event not in {"open", "os.listdir", "os.scandir"}:
            return
        if threading.current_thread() is not threading.main_thread() or not isinstance(arguments[0], str | os.PathLike):
            return
        path = os.fspath(arguments[0])
        if not path.startswith(OURS):
            heard, self._heard = self._heard, None  # the lines of a traceback are read from files, too
            heard.append(f"{event} {path}\n" + "".join(traceback.format_stack()[-8:]))
            self._heard = heard

    @contextmanager
    def hearing(self) -> Iterator[list[str]]:
        """What is read meanwhile."""
        self._heard = heard = []
        try:
            yield heard
        finally:
            self._heard = None


@pytest.fixture(scope="session")
def listener() -> Listener:
    """Python keeps a hook for as long as it runs."""
    listener = Listener()
    sys.addaudithook(listener)
    return listener


@pytest.fixture
def window(qtbot: QtBot, listener: Listener) -> MainWindow:
    """A window on a library with something of each kind, all of its pages made; to make it reads nothing either."""
    for name in ("one", "two"):
        run(name)
        network(f"net {name}")
        collected(f"set {name}")
    settings = Settings()
    with listener.hearing() as heard:
        window = MainWindow(settings)
        qtbot.addWidget(window, before_close_func=MainWindow.quit)
        window.resize(1280, 800)
        window.show()
        qtbot.waitUntil(lambda: window.page("try").model is not None, timeout=60_000)
    assert heard == []
    page = window.page("architecture")
    with qtbot.waitSignal(page.shown, timeout=60_000):
        window.show_page("architecture")
    with qtbot.waitSignal(window.page("data").loaded, timeout=60_000):
        window.show_page("data")
    return window


def test_starting_reads_nothing_but_the_settings(qtbot: QtBot, listener: Listener, home: Path) -> None:
    network("one")
    with listener.hearing() as heard:
        _, window = create(["cnnstudio"])
        qtbot.addWidget(window, before_close_func=MainWindow.quit)
        settle(qtbot, window.library)
    own = tuple(f"open {home / file}" for file in ("config/settings.", "log/cnnstudio.log"))
    assert [line for line in heard if not line.startswith(own)] == []


def settle(qtbot: QtBot, library: Library) -> None:
    """Waits until the worker has looked."""
    with qtbot.waitSignal(library.refreshed):
        library.refresh()


def test_the_gui_thread_reads_no_file(window: MainWindow, qtbot: QtBot, listener: Listener) -> None:
    with listener.hearing() as heard:
        for _ in range(2):
            for name in PAGES:
                window.show_page(name)
                settle(qtbot, window.library)
        QApplication.sendEvent(window, QEvent(QEvent.Type.ActivationChange))
        settle(qtbot, window.library)
    assert heard == []

    window.show_page("try")
    page = window.page("try")
    with listener.hearing() as heard, qtbot.waitSignal(page.ready, timeout=60_000):
        page.receive(runs_folder() / "two")
    assert heard == []

    window.show_page("architecture")
    page = window.page("architecture")
    with listener.hearing() as heard:
        page.edit()
        page.editor.document.rename("Mine")
        assert page.editor.save() is not None
        page.findChild(QPushButton, "leave_editor_button").click()
        settle(qtbot, window.library)
    assert heard == []
    assert page.findChild(QPushButton, "edit_network_button").isVisible()

    window.show_page("collect")
    page = window.page("collect")
    with listener.hearing() as heard:
        page.findChild(QPushButton, "new_set_button").click()
        page.findChild(QPushButton, "create_set_button").click()
        settle(qtbot, window.library)
    assert heard == []
    assert page.collection.name == "My first set"

    page = window.page("train")
    chosen = {"dataset": "set one", "architecture": "softmax", "epochs": 1, "batch_size": 2, "augmentation": "none"}
    page.config = replace(page.config, **chosen)
    with listener.hearing() as heard:
        window.show_page("train")
        page.start()
        with qtbot.waitSignal(page.task.finished, timeout=60_000):
            pass
        settle(qtbot, window.library)
    assert heard == []
    assert len([entry for entry in window.library.lists.models if entry.kind == "run"]) == 3
