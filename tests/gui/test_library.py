import gc
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from cnnstudio.data.collected.sets import create_collection
from cnnstudio.data.library import collected_folder
from cnnstudio.gui import library as module
from cnnstudio.gui.library import Library
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.settings import Settings
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.files import Network, networks_folder, save_network, write_network
from cnnstudio.models.trained.card import CARD_FILE, read_card
from cnnstudio.models.trained.library import list_models, rename_model
from cnnstudio.storage import runs_folder, shipped

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


def run(name: str) -> Path:
    """A run that has the model of one that ships."""
    folder, source = runs_folder() / name, shipped("trained/lenet5-mnist")
    shutil.copytree(source, folder)
    (folder / CARD_FILE).write_text(replace(read_card(source), name=name).to_json(), "utf-8")
    return folder


def network(name: str) -> Network:
    path = networks_folder() / f"{name}.cnn.json"
    return write_network(Network(name, name, network_config("softmax"), "softmax"), path)


def collected(name: str) -> Path:
    path = create_collection(collected_folder(), name, "drawings", ["a", "b"])
    for one in "ab":
        for number in range(4):
            Image.fromarray(np.full((28, 28), 60 * number, np.uint8)).save(path / one / f"{number}.png")
    return path


def long_ago(path: Path) -> None:
    """Gives all below a path a time that is sure to be another after the next change."""
    for one in (path, *path.rglob("*")):
        os.utime(one, (time.time() - 60,) * 2)


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    """A window on a library with something of each kind, all of its pages made."""
    for name in ("one", "two"):
        run(name)
        network(f"net {name}")
        collected(f"set {name}")
    window = MainWindow(Settings())
    qtbot.addWidget(window, before_close_func=MainWindow.quit)
    window.resize(1280, 800)
    window.show()
    qtbot.waitUntil(lambda: window.page("try").model is not None, timeout=60_000)
    page = window.page("architecture")
    with qtbot.waitSignal(page.shown, timeout=60_000):
        window.show_page("architecture")
    with qtbot.waitSignal(window.page("data").loaded, timeout=60_000):
        window.show_page("data")
    return window


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


def test_what_has_not_changed_is_not_read_again(qtbot: QtBot, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("one"), network("net"), collected("set")
    long_ago(home)
    read: list[Path] = []

    def noting(function: Callable[[Path], object]) -> Callable[[Path], object]:
        return lambda path: (read.append(path), function(path))[1]

    for name in ("read_card", "read_listed", "survey_collected"):
        monkeypatch.setattr(module, name, noting(getattr(module, name)))
    library = Library()
    assert {path.name for path in read} >= {"one", "net.cnn.json", "set"}
    with qtbot.waitSignal(library.changed):  # the worker's first look finds the lessons
        library.refresh()
    read.clear()
    with qtbot.assertNotEmitted(library.changed):
        settle(qtbot, library)
    assert read == []
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(collected_folder() / "set" / "a" / "more.png")
    network("net")
    with qtbot.waitSignal(library.changed):
        library.refresh()
    assert {path.name for path in read} == {"net.cnn.json", "set"}
    assert [one.counts for one in library.lists.sets] == [{"a": 5, "b": 4}]


def test_what_is_renamed_elsewhere_is_followed(qtbot: QtBot) -> None:
    path = run("before")
    library = Library()
    entry = next(entry for entry in list_models() if entry.path == path)
    assert library.model(path) == entry
    renamed = rename_model(rename_model(entry, "between"), "after")
    with qtbot.waitSignal(library.changed):
        library.refresh()
    assert library.follow(path) == renamed.path
    assert library.model(renamed.path) == renamed


def test_what_was_made_here_is_there_at_once_and_stays(qtbot: QtBot) -> None:
    library = Library()
    library.refresh()  # which has not seen it
    saved = save_network(Network("", "Mine", network_config("softmax")), "Mine")
    library.put(saved)
    assert library.network("Mine").title == "Mine"
    assert library.network("Mine").config == {}, "hundreds would take much memory"
    with qtbot.waitSignal(library.refreshed):
        pass
    assert library.network("Mine") is not None
    library.drop(saved.path)
    assert library.network("Mine") is None
    assert library.network("lenet5") is ARCHITECTURES["lenet5"]


def test_what_cannot_be_read_takes_no_more_memory_each_time(qtbot: QtBot, home: Path) -> None:
    card = run("damaged") / CARD_FILE
    card.write_text("{")
    long_ago(home)
    library = Library()

    def kept() -> int:
        gc.collect()
        return sum(isinstance(one, TracebackType) for one in gc.get_objects())

    settle(qtbot, library)
    before = kept()
    for _ in range(5):
        settle(qtbot, library)
    assert kept() == before
