import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Slot
from pytestqt.qtbot import QtBot

from cnnstudio.gui import task as task_module
from cnnstudio.gui.task import LatestTask, Task, aside, wait_for_threads


@pytest.fixture(autouse=True)
def own_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the threads of a test count in it, not those that something of another test still keeps."""
    monkeypatch.setattr(task_module._Thread, "alive", set())


class Listener(QObject):
    """Notes what came, and in which thread."""

    def __init__(self, task: Task | LatestTask) -> None:
        super().__init__()
        self.heard: list[tuple[str, object]] = []
        self.threads: set[threading.Thread] = set()
        if isinstance(task, Task):
            task.reported.connect(self.on_event)
        task.finished.connect(self.on_finished)
        task.failed.connect(lambda error: self.note("failed", error))

    def note(self, kind: str, payload: object) -> None:
        self.heard.append((kind, payload))
        self.threads.add(threading.current_thread())

    @Slot(object)
    def on_event(self, payload: object) -> None:
        self.note("event", payload)

    @Slot(object)
    def on_finished(self, payload: object) -> None:
        self.note("finished", payload)


def count(to: int, on_event: Callable[[object], None], stop: threading.Event) -> dict[str, int]:
    for number in range(to):
        on_event(number)
    return {"counted": to}


def wait_until_stopped(on_event: Callable[[object], None], stop: threading.Event) -> str:
    on_event("waiting")
    assert stop.wait(20)
    return "stopped"


def divide(by: int, **_: object) -> float:
    return 1 / by


def test_events_come_in_order_in_the_gui_thread_and_the_result_last(qtbot: QtBot) -> None:
    task = Task(partial(count, 500))
    listener = Listener(task)
    with qtbot.waitSignal(task.finished):
        task.start()
        assert task.running
    assert listener.heard == [*(("event", number) for number in range(500)), ("finished", {"counted": 500})]
    assert listener.threads == {threading.main_thread()}
    assert not task.running


def test_to_start_a_task_does_not_wait_for_its_thread(qtbot: QtBot) -> None:
    task = Task(lambda **_: 7)
    with task_module._starting:  # no thread can begin
        task.start()
        assert task.running
        assert not task.wait(0.05)
        assert not wait_for_threads(0.05)
        with qtbot.assertNotEmitted(task.finished, wait=50):
            pass
    with qtbot.waitSignal(task.finished) as finished:
        pass
    assert finished.args == [7]
    assert wait_for_threads(1)


def test_an_exception_comes_as_an_object_with_its_traceback(qtbot: QtBot) -> None:
    task = Task(partial(divide, 0))
    with qtbot.waitSignal(task.failed) as signal:
        task.start()
    (error,) = signal.args
    assert isinstance(error, ZeroDivisionError)
    assert error.__traceback__ is not None
    assert not task.running


def test_even_a_system_exit_in_the_thread_is_reported(qtbot: QtBot) -> None:
    def leave(**_: object) -> None:
        raise SystemExit(3)

    task = Task(leave)
    with qtbot.waitSignal(task.failed) as signal:
        task.start()
    assert isinstance(signal.args[0], SystemExit)


def test_stop_reaches_the_function(qtbot: QtBot) -> None:
    task = Task(wait_until_stopped)
    with qtbot.waitSignal(task.reported):
        task.start()
    with qtbot.waitSignal(task.finished) as signal:
        task.stop()
    assert signal.args == ["stopped"]


def test_a_task_runs_once(qtbot: QtBot) -> None:
    task = Task(partial(count, 1))
    with qtbot.waitSignal(task.finished):
        task.start()
    with pytest.raises(RuntimeError, match="once"):
        task.start()


def test_shut_down_waits_for_the_end_and_silences_the_task(qtbot: QtBot) -> None:
    task = Task(wait_until_stopped)
    listener = Listener(task)
    with qtbot.waitSignal(task.reported):
        task.start()
    assert task.shut_down(seconds=20)
    assert task.shut_down(seconds=20), "a second time does no harm"
    QCoreApplication.processEvents()
    assert listener.heard == [("event", "waiting")]
    assert not task.running


def test_shut_down_gives_up_on_a_function_that_does_not_listen(qtbot: QtBot) -> None:
    release = threading.Event()

    def deaf(on_event: Callable[[object], None], stop: threading.Event) -> None:
        on_event("busy")
        release.wait(20)

    task = Task(deaf)
    with qtbot.waitSignal(task.reported):
        task.start()
    assert not task.shut_down(seconds=0.01)
    assert not wait_for_threads(0.01)
    release.set()
    assert wait_for_threads(20)


def test_a_destroyed_owner_stops_the_function_and_hears_nothing(qtbot: QtBot) -> None:
    ended = threading.Event()

    def work(on_event: Callable[[object], None], stop: threading.Event) -> None:
        on_event("waiting")
        stop.wait(20)
        for number in range(100):
            on_event(number)
        ended.set()

    owner = QObject()
    task = Task(work, owner)
    listener = Listener(task)
    with qtbot.waitSignal(task.reported):
        task.start()
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert ended.wait(20)
    assert wait_for_threads(20)
    QCoreApplication.processEvents()
    assert listener.heard == [("event", "waiting")]


def test_a_forgotten_task_stops_too(qtbot: QtBot) -> None:
    begun = threading.Event()
    stopped = []

    def work(on_event: Callable[[object], None], stop: threading.Event) -> None:
        begun.set()
        stopped.append(stop.wait(20))

    task = Task(work)
    task.start()
    assert begun.wait(20)
    del task
    gc.collect()
    assert wait_for_threads(20)
    assert stopped == [True]


@pytest.mark.parametrize("ends_by", ["itself", "an exception", "being dropped"])
def test_nothing_is_left_of_a_task_that_has_ended(qtbot: QtBot, ends_by: str) -> None:
    class Images:
        def look(self, on_event: Callable[[object], None], stop: threading.Event) -> "Images":
            on_event(self)
            if ends_by == "an exception":
                raise ValueError
            assert ends_by == "itself" or stop.wait(20)
            return self

    images, owner = Images(), QObject()
    task = Task(images.look, owner)
    traces = weakref.ref(images), weakref.ref(task)
    listener = Listener(task)
    with qtbot.waitSignal(task.destroyed):
        task.start()
        if ends_by == "being dropped":
            task.drop()
    assert bool(listener.heard) == (ends_by != "being dropped")
    assert not owner.children() and not task.running
    task.stop()
    task.drop()
    assert task.shut_down()
    listener.heard.clear()
    del images, task
    gc.collect()
    assert [trace() for trace in traces] == [None, None]


def test_the_newest_request_supersedes_the_one_that_waits(qtbot: QtBot) -> None:
    begun, go_on = threading.Event(), threading.Event()
    worked_on = []

    def slow(number: int) -> int:
        worked_on.append(number)
        begun.set()
        assert go_on.wait(20)
        return number

    task = LatestTask()
    listener = Listener(task)
    task.submit(slow, 0)
    assert begun.wait(20)
    for number in range(1, 6):
        task.submit(slow, number)
    with qtbot.waitSignals([task.finished, task.finished]):
        go_on.set()
    assert worked_on == [0, 5]
    assert listener.heard == [("finished", 0), ("finished", 5)]
    assert listener.threads == {threading.main_thread()}
    assert task.shut_down()


def test_requests_share_one_thread_and_survive_a_failure(qtbot: QtBot) -> None:
    task = LatestTask()
    with qtbot.waitSignal(task.finished) as first:
        task.submit(threading.current_thread)
    with qtbot.waitSignal(task.failed) as failure:
        task.submit(divide, 0)
    with qtbot.waitSignal(task.finished) as last:
        task.submit(threading.current_thread)
    assert isinstance(failure.args[0], ZeroDivisionError)
    assert first.args[0] is last.args[0] is not threading.main_thread()
    assert task.shut_down()


def test_an_answered_request_is_let_go(qtbot: QtBot) -> None:
    class Model:
        pass

    model = Model()
    trace = weakref.ref(model)
    task = LatestTask()
    with qtbot.waitSignal(task.finished):
        task.submit(lambda _: None, model)
    del model
    qtbot.waitUntil(lambda: trace() is None)
    assert task.shut_down()


def test_a_latest_task_that_was_shut_down_does_nothing_more(qtbot: QtBot) -> None:
    done = []
    task = LatestTask()
    with qtbot.waitSignal(task.finished):
        task.submit(done.append, 1)
    assert task.shut_down()
    task.submit(done.append, 2)
    QCoreApplication.processEvents()
    assert done == [1]


@pytest.mark.parametrize(("keeps_last", "done"), [(False, [0]), (True, [0, 2])])
def test_the_last_request_is_kept_or_dropped_at_the_end(qtbot: QtBot, keeps_last: bool, done: list[int]) -> None:
    begun, go_on = threading.Event(), threading.Event()
    worked_on = []

    def slow(number: int) -> None:
        begun.set()
        assert go_on.wait(20)
        worked_on.append(number)

    task = LatestTask(keeps_last=keeps_last)
    task.submit(slow, 0)
    assert begun.wait(20)
    task.submit(slow, 1)
    task.submit(slow, 2)
    assert not task.shut_down(seconds=0)
    go_on.set()
    assert wait_for_threads(20)
    assert worked_on == done


def test_a_destroyed_latest_task_ends_its_thread(qtbot: QtBot) -> None:
    owner = QObject()
    task = LatestTask(owner)
    with qtbot.waitSignal(task.finished):
        task.submit(int)
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert wait_for_threads(20)


def test_qt_watches_nothing_that_a_thread_may_be_the_last_to_hold(qtbot: QtBot) -> None:
    """It would forget it in that thread, which crashes the process where the other one connects at that moment."""
    task = Task(lambda stop, **_: weakref.getweakrefcount(stop))
    with qtbot.waitSignal(task.finished) as watching:
        task.start()
    assert watching.args == [0]


OWNERS_THAT_GO = """
from PySide6.QtWidgets import QApplication, QWidget
from cnnstudio.gui.task import LatestTask, wait_for_threads

class Owner(QWidget):
    def __init__(self):
        super().__init__()
        self.task = LatestTask(self)
        self.task.finished.connect(self.take)

    def take(self, _):
        pass

def come_and_go():
    owner = Owner()
    owner.task.submit(int)
    application.processEvents()

application = QApplication([])
for _ in range(300):
    come_and_go()
print(wait_for_threads(20))
"""


def test_owners_may_go_while_their_threads_end() -> None:
    """In a process of its own, which crashed when a thread was the last to let go of what it reports by."""
    done = subprocess.run([sys.executable, "-c", OWNERS_THAT_GO], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_what_is_done_aside_comes_back_while_events_go_on(qtbot: QtBot) -> None:
    turned = threading.Event()
    QTimer.singleShot(0, turned.set)

    def work() -> tuple[bool, bool]:
        return turned.wait(60), threading.current_thread() is threading.main_thread()

    assert aside(work) == (True, False)
    with pytest.raises(ZeroDivisionError):
        aside(lambda: 1 / 0)
