"""Garbage is looked for in the GUI thread alone.

Python looks for objects that only refer to each other in whichever thread has just made enough new ones. Where these
are widgets, a worker's thread would delete them while Qt still uses them in its own: now and then the process crashes.
Even in the right thread they are deleted in any order, and Qt crashes where a widget outlives what it lies in. So no
widget refers to itself by way of what it holds: what lies in it refers to it by `weakref.proxy`, and calls it by
`unowned`.
"""

import gc
import time
import weakref
from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import ParamSpec, TypeVar, cast

from PySide6.QtCore import QObject, QTimer, Slot

from cnnstudio.models.backend import makes_many_objects

_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")

INTERVAL = 250
"""Milliseconds from one look to the next."""

_CALM, _MOST_TURNS = 0.005, 20
"""It is looked for after a turn of the event loop of fewer seconds than that, or at the latest after so many turns."""

_GROWTH = 1.25
"""All objects are looked through once so many times as many are old as were left by the last such search, which is
Python's own rule: the time that it takes stays in proportion."""


class GarbageCollector(QObject):
    """Does what Python's own collector does, by the same thresholds, but from a timer of the event loop."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._old = 0
        """Objects that the last search of all has left."""
        self._counted = 0
        """Searches of the young ones after which there were too few more for another; to count takes its time, too."""
        self._timer = QTimer(self, interval=INTERVAL)
        self._turning = QTimer(self, interval=0)
        self._timer.timeout.connect(self._turning.start)
        self._turning.timeout.connect(self._turn)
        self._turned, self._turns = 0.0, 0

    def start(self) -> None:
        """Switches Python's collector off and looks for garbage from now on."""
        gc.disable()
        self._timer.start()

    @Slot()
    def _turn(self) -> None:
        """Waits for a turn in which the window has done next to nothing: both together would hold it up for longer."""
        now = time.perf_counter()
        is_calm, self._turned, self._turns = now - self._turned < _CALM, now, self._turns + 1
        if is_calm or self._turns == _MOST_TURNS:
            self._turning.stop()
            self._turns = 0
            self.collect()

    def collect(self) -> None:
        """Looks through as many objects as Python would have looked through meanwhile.

        Not while a thread makes very many that are no garbage: to look through them would hold up the window.
        """
        if makes_many_objects():
            return
        made, youngest, young = gc.get_count()
        thresholds = gc.get_threshold()
        youngest_due = made / (thresholds[0] + 1)
        young_due = (youngest + youngest_due) / (thresholds[1] + 1)
        all_due = (young - self._counted + young_due) / (thresholds[2] + 1)
        if all_due >= 1:
            if len(gc.get_objects(2)) > _GROWTH * self._old:
                gc.collect()
                self._old, self._counted = len(gc.get_objects(2)), 0
            else:
                gc.collect(1)
                self._counted = gc.get_count()[2]
        elif young_due >= 1:
            gc.collect(1)
        elif youngest_due >= 1:
            gc.collect(0)


def unowned(method: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
    """A method for something that its object holds, which does not hold the object in turn."""
    bound = cast(MethodType, method)
    return partial(bound.__func__, weakref.proxy(bound.__self__))
