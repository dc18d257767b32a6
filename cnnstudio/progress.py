"""How far a piece of work is, and how it is cancelled."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

SECONDS_BETWEEN_REPORTS = 0.1


@dataclass(frozen=True)
class Progress:
    """How far a piece of work is.

    Attributes:
        task: what is being done, such as “Downloading CIFAR-10”.
        done: bytes or images so far.
        total: of them in all; None where nobody knows.
        unit: “bytes” or “images”.
        seconds_left: an estimate; None where there is none yet.
    """

    task: str
    done: int
    total: int | None
    unit: str
    seconds_left: float | None = None


OnProgress = Callable[[Progress], None]
"""Told how far the work is, several times a second; what it raises ends the work, and nothing is left half done."""


class Cancelled(Exception):  # noqa: N818  # no error: it was wanted
    """Somebody pressed Cancel."""


def ending_with(stop: threading.Event, on_event: Callable[[object], object]) -> OnProgress:
    """Passes progress on, ten times a second at most, until `stop` is set; then raises `Cancelled`."""
    told = 0.0

    def tell(progress: Progress) -> None:
        nonlocal told
        if stop.is_set():
            raise Cancelled
        now = time.monotonic()
        if now - told >= SECONDS_BETWEEN_REPORTS:
            told = now
            on_event(progress)

    return tell


class Pace:
    """Tells how far the work is, several times a second."""

    def __init__(self, task: str, total: int | None, on_progress: OnProgress | None) -> None:
        self._task = task
        self._total = total
        self._on_progress = on_progress
        self._done = 0
        self._started = self._told = time.monotonic()

    def tell(self, done: int) -> None:
        """Takes how many are done."""
        self._done = done
        self.heartbeat()

    def heartbeat(self, interval: float = SECONDS_BETWEEN_REPORTS) -> None:
        """Tells it, unless that was just told."""
        now = time.monotonic()
        if self._on_progress is not None and now - self._told >= interval:
            self._told = now
            spent = now - self._started
            left = None
            if self._total and self._done and spent > 0.5:
                left = spent * (self._total - self._done) / self._done
            self._on_progress(Progress(self._task, self._done, self._total, "images", left))

    def end(self) -> None:
        """All are done."""
        self._done = self._total or self._done
        self.heartbeat(0)
