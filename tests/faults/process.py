"""Processes that are forked from this one, so that they have imported all that it has."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

LONGEST = 120
"""Seconds after which a process that says nothing is taken to hang."""


class Child:
    """A process that does something and talks with its parent."""

    def __init__(self, work: Callable[[Connection], object]) -> None:
        self._line, theirs = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if not self._pid:
            self._line.close()
            _be_the_child(work, theirs)
        theirs.close()

    def hear(self, seconds: float = LONGEST) -> Any:
        """What it says next; None where it ends without another word.

        Raises:
            TimeoutError: it says nothing for so long.
            RuntimeError: something went wrong in it that has nothing to do with what is tested.
        """
        if not self._line.poll(seconds):
            raise TimeoutError
        try:
            said = self._line.recv()
        except (EOFError, ConnectionResetError):
            return None
        if isinstance(said, RuntimeError):
            raise said
        return said

    def go_on(self) -> None:
        """Lets it go on where it waits for a word."""
        with suppress(BrokenPipeError):
            self._line.send(None)

    def end(self) -> None:
        """Ends it, whatever it does."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._line.close()


def _be_the_child(work: Callable[[Connection], object], line: Connection) -> None:
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        work(line)
    except BaseException:  # noqa: BLE001 - the parent raises it
        line.send(RuntimeError(traceback.format_exc()))
    finally:
        os._exit(0)


@contextmanager
def forked(work: Callable[[Connection], object]) -> Iterator[Child]:
    """A process that does something, until its end or that of the context."""
    child = Child(work)
    try:
        yield child
    finally:
        child.end()


def ask(work: Callable[[], Any]) -> Any:
    """What a function returns in a process of its own."""
    with forked(lambda line: line.send(work())) as child:
        return child.hear()
