"""Work outside the GUI thread: the only file of the window with threads.

Three shapes cover all of it. `Task` runs one plain function to its end (a training); `LatestTask` keeps one thread for
many short requests, of which a newer one supersedes one that still waits (a prediction for every pen movement);
`aside` is for what the user has asked for and waits for, and which nothing may come before (saving under a name).

Every signal arrives in the GUI thread. Whoever owns a task may be destroyed at any moment: what the thread still has to
say is then dropped, and its function is asked to stop. No thread but the GUI's touches a task, therefore: the others
put what they have to say into one mailbox, which is never destroyed.
"""

import _thread
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, ClassVar, TypeVar
from weakref import ref

from PySide6.QtCore import QEventLoop, QObject, Qt, Signal, Slot
from shiboken6 import isValid
from typing_extensions import override

_STACK_BYTES = 16 * 2**20  # TensorFlow's graph passes recurse deeply; macOS gives a second thread 512 KiB only.
_NICENESS = 5
_starting = threading.Lock()
_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class Task(QObject):
    """A plain function, run once in a thread of its own.

    The function is called as `function(on_event=…, stop=…)`: `on_event(event)` may be called from its thread with any
    object (at a rate that the GUI can follow: throttling is the source's job), and `stop` is a `threading.Event` that
    it looks at often. Other arguments are bound with `functools.partial`.

    Keep a reference, or pass a parent. When the function has ended, and its last signal was sent, Qt deletes the task:
    nothing that the function held stays behind. `running`, `stop`, `drop` and `shut_down` may still be asked then.

    Signals:
        reported(object): what the function told `on_event`, in order.
        finished(object): the function's result; the last signal.
        failed(object): the exception it raised; the last signal.
    """

    reported = Signal(object)
    finished = Signal(object)
    failed = Signal(object)

    def __init__(self, function: Callable[..., object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._function: Callable[..., object] | None = function
        self._stop = threading.Event()
        self._post = _Mailbox.of_the_process().post_for(self)
        self._silent = False
        self._thread: _Thread | None = None
        self._running = False
        _when_destroyed(self, self._stop.set)

    @property
    def running(self) -> bool:
        """Whether it was started and neither `finished` nor `failed` has come yet."""
        return self._running

    def start(self) -> None:
        """Starts the function.

        Raises:
            RuntimeError: it was started before; a task is used once.
        """
        if self._function is None:
            raise RuntimeError("a Task runs once; make another")
        self._running = True
        function, post, stop = self._function, self._post, self._stop
        self._function = None  # what it holds goes when the thread ends
        self._thread = _start(lambda: _run(lambda: function(on_event=partial(post, "reported"), stop=stop), post))

    @Slot()
    def stop(self) -> None:
        """Asks the function to stop; `finished` comes when it has."""
        self._stop.set()

    def wait(self, seconds: float = 10.0) -> bool:
        """Waits for the thread's end, at most so long; its last signals arrive once the event loop runs again.

        Returns:
            Whether the thread has ended.
        """
        return self._thread is None or self._thread.wait_for_end(seconds)

    def drop(self) -> None:
        """Asks the function to stop, without waiting for it; no signal comes after."""
        self._stop.set()
        self._silent = True
        self._running = False

    def shut_down(self, seconds: float = 10.0) -> bool:
        """Drops the task and waits for the thread's end, at most so long.

        Returns:
            Whether the thread has ended.
        """
        self.drop()
        return self.wait(seconds)

    def _tell(self, kind: str, payload: object) -> None:
        ended = kind != "reported"
        if ended:
            self._running = False
            # What is left of the thread ends at once, and lets go of what the function held.
            self.wait()
        if not self._silent:
            getattr(self, kind).emit(payload)
        if ended:
            self.deleteLater()


class LatestTask(QObject):
    """One long-lived thread that always works on the newest request.

    While a request is being worked on, one more may wait; a newer one takes its place. Nothing that has begun is
    interrupted, so each answer is worth showing, and the last request always gets one.

    Args:
        parent: as for any `QObject`.
        keeps_last: whether a request that still waits when the task is shut down or destroyed is worked off before the
            thread ends; otherwise it is dropped.

    Signals:
        finished(object): the result of a request.
        failed(object): the exception that a request raised.
    """

    finished = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None, keeps_last: bool = False) -> None:
        super().__init__(parent)
        self._requests = _Requests(keeps_last)
        self._post = _Mailbox.of_the_process().post_for(self)
        self._silent = False
        self._thread: _Thread | None = None
        _when_destroyed(self, self._requests.close)

    def submit(self, function: Callable[..., object], *args: Any) -> None:
        """Asks for `function(*args)`; a request that still waits is dropped without a signal."""
        self._requests.put(lambda: function(*args))
        if self._thread is None:
            requests, post = self._requests, self._post
            self._thread = _start(lambda: _work_off(requests, post))

    def shut_down(self, seconds: float = 10.0) -> bool:
        """Waits for the thread's end, at most so long; no signal comes after.

        Returns:
            Whether the thread has ended.
        """
        self._requests.close()
        self._silent = True
        return self._thread is None or self._thread.wait_for_end(seconds)

    def _tell(self, kind: str, payload: object) -> None:
        if not self._silent:
            getattr(self, kind).emit(payload)


def aside(function: Callable[[], _Result]) -> _Result:
    """Calls a function in a thread of its own and returns what it returns, or raises what it raises.

    Meanwhile the window goes on painting and showing what comes; what is typed and clicked waits until then. For a
    moment's work on a disk, which may be slow.
    """
    return ahead(function)()


def ahead(function: Callable[[], _Result]) -> Callable[[], _Result]:
    """Starts a function in a thread of its own; what this returns waits for its result, as `aside` does."""
    future: Future[_Result] = Future()

    def work(**_: object) -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001  # it is raised where the result is wanted
            future.set_exception(error)

    def wait() -> _Result:
        if not future.done():
            loop = QEventLoop()
            task.finished.connect(loop.quit)
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        return future.result()  # where the application ends, the loop ends before the function

    task = Task(work)
    task.start()
    return wait


def wait_for_threads(seconds: float) -> bool:
    """Waits for the end of every thread that a task has started, at most so long in all.

    Returns:
        Whether all have ended. If not, the process must not tear itself down in the usual way: a thread that is still
        inside native code would then crash it.
    """
    deadline = time.monotonic() + seconds
    return all(thread.wait_for_end(deadline - time.monotonic()) for thread in list(_Thread.alive))


def _when_destroyed(task: QObject, close: Callable[[], None]) -> None:
    """Calls a method of an object that a worker's thread may be the last to let go of.

    PySide watches objects whose methods are connected, and takes the connection back in the thread in which they go; if
    the GUI thread makes another one at that moment, the process crashes. It only holds a function.
    """

    def close_it() -> None:
        close()

    task.destroyed.connect(close_it)


_Post = Callable[[str, object], None]
"""Says something to a task, from any thread: the name of one of its signals, and what that carries."""


class _Mailbox(QObject):
    """Where all threads leave what they have to say, and the GUI thread collects it, piece by piece and in order."""

    _arrived = Signal()
    _only: "_Mailbox | None" = None

    def __init__(self) -> None:
        super().__init__()
        self._letters: deque[tuple[ref[Task | LatestTask], str, object]] = deque()
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @classmethod
    def of_the_process(cls) -> "_Mailbox":
        """The one there is; made by the GUI thread, as it makes all tasks."""
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def post_for(self, task: "Task | LatestTask") -> _Post:
        address = ref(task)

        def post(kind: str, payload: object) -> None:
            self._letters.append((address, kind, payload))
            self._arrived.emit()

        return post

    @Slot()
    def _deliver(self) -> None:
        address, kind, payload = self._letters.popleft()
        task = address()
        if task is not None and isValid(task):
            task._tell(kind, payload)


class _Requests:
    """Room for one waiting request."""

    def __init__(self, keeps_last: bool) -> None:
        self._keeps_last = keeps_last
        self._condition = threading.Condition()
        self._waiting: Callable[[], object] | None = None
        self._closed = False

    def put(self, request: Callable[[], object]) -> None:
        with self._condition:
            self._waiting = request
            self._condition.notify()

    def take(self) -> Callable[[], object] | None:
        """Waits for a request; None once closed and, where the last one is kept, taken."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._waiting is not None)
            request, self._waiting = self._waiting, None
            return None if self._closed and not self._keeps_last else request

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify()


class _Thread(threading.Thread):
    """A thread of this file, so that `wait_for_threads` knows it.

    Args:
        work: what it does.
    """

    alive: ClassVar[set["_Thread"]] = set()
    """Those that have not ended, and those that have not begun yet."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work: Callable[[], object] | None = work
        self._begun = threading.Event()
        self.alive.add(self)

    @override
    def run(self) -> None:
        self._begun.set()
        work, self._work = self._work, None
        assert work is not None
        try:
            _give_way_to_the_window()
            work()
        finally:
            self.alive.discard(self)

    def start_without_waiting(self) -> None:
        """Starts it from yet another thread.

        `start` waits until the thread runs, which takes long where others hold the interpreter's lock.
        """
        _thread.start_new_thread(self._start, ())

    def _start(self) -> None:
        with _starting:
            before = threading.stack_size(_STACK_BYTES)
            try:
                self.start()
            finally:
                threading.stack_size(before)

    def wait_for_end(self, seconds: float) -> bool:
        """Waits at most so long; returns whether it has ended."""
        deadline = time.monotonic() + seconds
        if self._begun.wait(max(0.0, seconds)):
            self.join(max(0.0, deadline - time.monotonic()))
            if not self.is_alive():
                return True
        _log.warning("%s did not end within %.1f s", self.name, seconds)
        return False


def _run(function: Callable[[], object], post: _Post) -> None:
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001  # whatever it is, its owner decides what to do about it
        post("failed", error)
    else:
        post("finished", result)


def _work_off(requests: _Requests, post: _Post) -> None:
    while (request := requests.take()) is not None:
        _run(request, post)
        del request  # or it would keep its arguments alive until the next one comes


def _start(work: Callable[[], object]) -> _Thread:
    thread = _Thread(work)
    thread.start_without_waiting()
    return thread


def _give_way_to_the_window() -> None:
    """Has this thread work less urgently than the GUI thread; the threads that TensorFlow makes from here do, too.

    Only Linux has priorities of single threads that need no rights.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
