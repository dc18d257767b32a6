"""Garbage is found in the thread of the window, whoever makes it; no widget of the window is among it."""

import gc
import threading
import time
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui import garbage
from cnnstudio.gui.garbage import GarbageCollector, unowned
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages import PAGES, Page
from cnnstudio.gui.pages.inside.view import VIEWS, View
from cnnstudio.gui.pages.lab.panels import PANELS, Panel
from cnnstudio.gui.settings import Settings
from tests.gui.circles import in_circles


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


def test_nothing_is_looked_for_while_a_thread_makes_what_is_no_garbage(
    threads: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(garbage, "makes_many_objects", lambda: True)
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


def test_it_is_looked_for_in_a_turn_of_its_own(qtbot: QtBot) -> None:
    turns, worked, looked = 0, [], []

    def turn() -> None:
        nonlocal turns
        turns += 1

    def work() -> None:
        time.sleep(0.02)
        worked.append(turns)

    collector = GarbageCollector()
    collector.collect = lambda: looked.append(turns)
    (timer,) = (one for one in collector.findChildren(QTimer) if one.interval() == garbage.INTERVAL)
    timer.timeout.connect(work)
    counter = QTimer(collector, interval=0)
    counter.timeout.connect(turn)
    counter.start()
    collector.start()
    qtbot.waitUntil(lambda: len(looked) == 4, timeout=20_000)
    assert len(worked) == 4 and not set(looked) & set(worked)


def test_it_is_looked_for_where_there_is_always_something_to_do(qtbot: QtBot) -> None:
    collector = GarbageCollector()
    busy = QTimer(collector, interval=0)
    busy.timeout.connect(lambda: time.sleep(0.01))
    busy.start()
    looked: list[bool] = []
    collector.collect = lambda: looked.append(True)
    collector.start()
    qtbot.waitUntil(lambda: len(looked) == 2, timeout=20_000)


class Holder(QWidget):
    """Holds something that calls it."""

    def answer(self, number: int) -> int:
        return number + 1


def test_a_widget_whose_method_is_held_by_what_it_holds_goes_at_once(qapp: QApplication) -> None:
    holder = Holder()
    holder.held = holder.answer
    assert in_circles(holder) == {"Holder"}
    holder.held = unowned(holder.answer)
    assert holder.held(1) == 2
    trace = weakref.ref(holder)
    del holder
    assert trace() is None


@pytest.mark.parametrize("name", PAGES)
def test_no_page_refers_to_itself(qtbot: QtBot, name: str) -> None:
    page = PAGES[name].make(Settings(), Library())
    qtbot.addWidget(page, before_close_func=Page.shut_down)
    assert in_circles(page) == set()


@pytest.mark.parametrize("name", VIEWS)
def test_no_view_of_a_network_refers_to_itself(qtbot: QtBot, name: str) -> None:
    view = VIEWS[name].make(Settings())
    qtbot.addWidget(view, before_close_func=View.shut_down)
    assert in_circles(view) == set()


@pytest.mark.parametrize("name", PANELS)
def test_no_panel_of_the_lab_refers_to_itself(qtbot: QtBot, name: str) -> None:
    panel = PANELS[name].make(Settings(), Library())
    qtbot.addWidget(panel, before_close_func=Panel.shut_down)
    assert in_circles(panel) == set()
