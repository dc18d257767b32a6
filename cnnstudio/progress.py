"""How far a piece of work is, and how it is cancelled."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TypeVar

HEARTBEAT = 0.1
"""Seconds between two reports. Code that waits for something reports as often, and so notices a cancel."""

_RATE_SECONDS = 10.0
"""The time left is estimated from the speed within the last seconds."""

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Progress:
    """How far a piece of work is.

    Attributes:
        task: what is being done, such as “Downloading CIFAR-10”.
        done: bytes or images so far.
        total: of them in all; None where it is unknown.
        unit: “bytes” or “images”.
        seconds_left: an estimate; None where there is none yet.
    """

    task: str
    done: int
    total: int | None
    unit: str
    seconds_left: float | None = None


OnProgress = Callable[[Progress], object]
"""Told how far the work is, several times a second; what it raises ends the work, and nothing is left half done."""


class Cancelled(Exception):  # noqa: N818  # no error: it was wanted
    """The user pressed Cancel."""


def ending_with(stop: threading.Event, on_event: OnProgress) -> OnProgress:
    """Returns a listener that passes progress on to another, and raises `Cancelled` once `stop` is set."""

    def tell(progress: Progress) -> None:
        if stop.is_set():
            raise Cancelled
        on_event(progress)

    return tell


class Meter:
    """Counts what is done, and reports it: the first and the last at once, else one in a tenth of a second.

    Args:
        task: what is being done, for the screen.
        total: bytes or images in all; None where it is unknown.
        unit: “bytes” or “images”.
        on_progress: called with each report; what it raises ends the work. None where no reports are wanted.

    Attributes:
        before: what was done before the part that is worked on now, such as the file that is being downloaded.
    """

    def __init__(self, task: str, total: int | None, unit: str, on_progress: OnProgress | None) -> None:
        self.before = 0
        self._task = task
        self._total = total
        self._unit = unit
        self._on_progress = on_progress
        self._done = 0
        self._reports: deque[tuple[float, int]] = deque()

    def tell(self, done: int) -> None:
        """Sets how much of the present part is done, and reports it unless there was a report just now."""
        self._done = self.before + done
        if self._total is not None and self._done >= self._total:
            self._done = self._total
            self.report()
        else:
            self.heartbeat()

    def heartbeat(self) -> None:
        """Reports, although nothing may have changed, unless there was a report just now."""
        if not self._reports or time.monotonic() - self._reports[-1][0] >= HEARTBEAT:
            self.report()

    def report(self) -> None:
        """Reports now."""
        now = time.monotonic()
        if self._reports and self._done < self._reports[-1][1]:  # begun anew
            self._reports.clear()
        self._reports.append((now, self._done))
        while now - self._reports[0][0] > _RATE_SECONDS:
            self._reports.popleft()
        if self._on_progress is None:
            return
        seconds, gained = now - self._reports[0][0], self._done - self._reports[0][1]
        left = None
        if self._total is not None and gained > 0 and seconds >= 1:
            left = (self._total - self._done) * seconds / gained
        self._on_progress(Progress(self._task, self._done, self._total, self._unit, left))


def result_of(future: "Future[_Result]", while_waiting: Callable[[], object]) -> _Result:
    """Waits for what another thread computes.

    Args:
        future: the work.
        while_waiting: called every tenth of a second; what it raises ends the waiting.
    """
    while not wait((future,), HEARTBEAT).done:
        while_waiting()
    return future.result()
