"""Garbage is found in the thread of the window, whoever makes it."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui import garbage
from cnnstudio.gui.garbage import GarbageCollector


@pytest.fixture
def threads() -> Iterator[set[str]]:
    """Names of the threads in which garbage was looked for."""
    found: set[str] = set()

    def note(phase: str, _: dict[str, int]) -> None:
        found.add(threading.current_thread().name)

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def make_garbage(until: threading.Event) -> None:
    while not until.is_set():
        circle: list[object] = []
        circle.append(circle)


def test_a_worker_deletes_no_widget(qtbot: QtBot, threads: set[str]) -> None:
    collector = GarbageCollector()
    collector.start()
    widget = QWidget()
    widget.itself = widget
    trace, enough = weakref.ref(widget), threading.Event()
    del widget
    worker = threading.Thread(target=make_garbage, args=(enough,), name="worker")
    worker.start()
    qtbot.waitUntil(lambda: trace() is None, timeout=20_000)
    enough.set()
    worker.join()
    assert threads == {threading.main_thread().name}


def test_nothing_is_looked_for_while_tensorflow_is_imported(threads: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "is_importing", lambda: True)
    gc.disable()
    circles = [[] for _ in range(2 * gc.get_threshold()[0])]
    GarbageCollector().collect()
    assert not threads
    monkeypatch.undo()
    GarbageCollector().collect()
    assert threads and circles


def test_what_is_old_is_looked_through_once_there_is_much_more_of_it() -> None:
    def searches() -> int:
        """How often all objects were looked through, after as many searches of the others as make one due."""
        for _ in range(gc.get_threshold()[2] + 1):
            gc.collect(1)
        collector.collect()
        return gc.get_stats()[2]["collections"]

    collector = GarbageCollector()
    first = searches()
    assert searches() == first
    more: list[list[object]] = [[] for _ in gc.get_objects(2)]
    assert searches() == first + 1
    more.clear()
    assert searches() == first + 1
