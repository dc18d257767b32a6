"""Who has the interpreter: beside a window, threads that compute in Python let the window's thread come first.

Python lets one thread at a time run its code, and lets all that want to take turns. A thread that builds a network
would so take half of each moment that the window needs, and three of them three quarters of it. A thread that gives way
looks now and then whether another one waits, and then leaves the interpreter to it for a while.
"""

import functools
import threading
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_AWAY = 0.004
"""Seconds for which a thread leaves the interpreter to another one."""

_CONTENDED = 0.0001
"""Seconds: who gets the interpreter back later than that has let another thread have it."""

_MOST = 0.08
"""Seconds for which a thread is away at most, before it goes on as long: the other one may need it all the time."""

GIVES_WAY = "gives_way"
"""The name of an attribute of functions that `giving_way` has made."""

_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")


class _Turn(threading.local):
    """How long a thread may still be away, and until when it was, in seconds."""

    left = _MOST
    since = 0.0


_turn = _Turn()
_first: int | None = None


def come_first() -> None:
    """From now on, threads that give way do so for the thread that calls this."""
    global _first  # noqa: PLW0603 - there is one window's thread in a process
    _first = threading.get_ident()


def is_shared() -> bool:
    """Whether there is a thread that comes first."""
    return _first is not None


def give_way() -> None:
    """Lets another thread have the interpreter if one waits for it, in a microsecond if none does.

    For Python that takes long, called every millisecond or so. It does nothing in the thread that comes first, or where
    there is none.
    """
    if _first in (None, threading.get_ident()):
        return
    _turn.left = min(_MOST, _turn.left + time.perf_counter() - _turn.since)
    while _turn.left > 0 and (waited := _waited()) > _CONTENDED:
        time.sleep(_AWAY)
        _turn.left -= waited + _AWAY
    _turn.since = time.perf_counter()


def giving_way(function: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
    """A function that gives way before each call."""

    @functools.wraps(function)
    def called(*args: _Given.args, **options: _Given.kwargs) -> _Returned:
        give_way()
        return function(*args, **options)

    setattr(called, GIVES_WAY, True)
    return called


def _waited() -> float:
    """How long it takes to get the interpreter back, in seconds, once it was offered to others."""
    begin = time.perf_counter()
    time.sleep(0)
    return time.perf_counter() - begin
