"""Lays images out in a process of its own, whose work never holds up the window, and which can be ended at any moment.

UMAP compiles for seconds, holding Python's lock. The process stays, because only what has laid the images out can place
others; it ends with the program that started it, however that ends.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.explaining.data_map import MAPS, Layout
from cnnstudio.progress import HEARTBEAT, OnProgress, Progress

_NICENESS = 5
"""Added to that of the thread which starts the process: it gives way to the window."""


class MapProcess:
    """A layout that another process has computed, and in which it places further images.

    Attributes:
        positions: as of `Layout`.

    Args:
        method: a key of `MAPS`.
        coordinates: (n, components) float32, of an `Embedding`.
        on_progress: told how far it is, and asked every tenth of a second; what it raises ends process and work.

    Raises:
        StudioError: the process has failed or ended.
    """

    def __init__(self, method: str, coordinates: np.ndarray, on_progress: OnProgress) -> None:
        context = multiprocessing.get_context("spawn")
        self._title = MAPS[method].title
        self._closed = False
        self._lock = threading.Lock()
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, method), daemon=True, name=f"cnnstudio-{method}")
        self._process.start()
        self._end = threading.Thread(target=self._put_away, daemon=True, name="map process put away")
        theirs.close()  # or its end would not be noticed
        told = Progress(f"Starting {self._title}", len(coordinates), None, "images")
        try:
            on_progress(told)
            self._send(coordinates)
            while isinstance(answer := self._answer(partial(on_progress, told)), Progress):
                told = answer
                on_progress(told)
        except BaseException:
            self.close()
            self._end.join()
            raise
        self.positions: np.ndarray = answer

    @property
    def running(self) -> bool:
        """Whether it can place images still."""
        return not self._closed and self._process.is_alive()

    def place(self, coordinates: np.ndarray) -> np.ndarray:
        """As of `Layout`.

        Raises:
            StudioError: the process has failed or ended.
        """
        with self._lock:
            self._send(coordinates)
            found: np.ndarray = self._answer(lambda: None)
            return found

    def close(self) -> None:
        """Ends the process, without waiting for its end; what waits for it raises `StudioError`.

        The positions stay, for as long as the map is kept; the pipes to the process do not.
        """
        if not self._closed:
            self._closed = True
            self._process.kill()
            self._end.start()

    def _put_away(self) -> None:
        self._process.join()
        with self._lock, suppress(ValueError):  # some other thread has just asked how it ended
            self._connection.close()
            self._process.close()

    def _send(self, coordinates: np.ndarray) -> None:
        try:
            self._connection.send(coordinates)
        except OSError as error:
            raise self._ended() from error

    def _answer(self, while_waiting: Callable[[], object]) -> Any:
        try:
            while not self._connection.poll(HEARTBEAT):
                while_waiting()
            answer = self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._ended() from error
        if isinstance(answer, str):
            raise StudioError(answer)
        return answer

    def _ended(self) -> StudioError:
        return StudioError(
            f"{self._title} has ended too early; perhaps there was not enough memory. Close other programs and try "
            "again, or choose another map."
        )


def work(connection: Connection, method: str) -> None:
    """What the process does: it lays out the first coordinates that it gets, and places all that come later."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started it
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with Path(os.devnull).open("w") as nobody, redirect_stdout(nobody), redirect_stderr(nobody):
            layout: Layout = MAPS[method].lay_out(connection.recv(), connection.send)
            connection.send(layout.positions)
            while True:
                connection.send(layout.place(connection.recv()))
    except (EOFError, OSError):
        return
    except MemoryError:
        connection.send(f"There is not enough memory for {MAPS[method].title}. Close other programs and try again.")
    except Exception as error:  # noqa: BLE001 - whatever a library raises
        connection.send(f"{MAPS[method].title} has failed ({type(error).__name__}: {error}). Choose another map.")


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
