"""Output of the commands: results on stdout, everything else on stderr."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO, UnsupportedOperation
from pathlib import Path
from typing import Any, TextIO

import rich.progress
from rich import box
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.table import Table

from cnnstudio import wording
from cnnstudio.progress import Progress

WIDE = 10_000
"""Columns where no terminal limits the width: a line that is piped on must not be folded."""


def make_streams_lenient() -> None:
    """Lets stdout and stderr take any text: what their encoding cannot hold is written as an escape."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed before the start
            setattr(sys, name, StringIO())
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def complain(text: str) -> None:
    """Writes one line to stderr; line breaks within `text` become spaces."""
    print(" ".join(text.split()), file=sys.stderr, flush=True)


def messages() -> Console:
    """A console on stderr, for progress."""
    return Console(stderr=True, highlight=False)


class ProgressBar:
    """A bar that shows how far a piece of work is: told by calling it with a `Progress`, as an `OnProgress`."""

    def __init__(self, bar: rich.progress.Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Getting ready", total=None, figures="")

    def __call__(self, now: Progress) -> None:
        """Shows how far the work is."""
        self.show(now.task, now.done, now.total, wording.progress(now))

    def show(self, description: str, done: int, total: int | None, figures: str) -> None:
        """Moves the bar, with `figures` at its end."""
        self._bar.update(self._task, description=description, completed=done, total=total, figures=figures)

    def say(self, text: str) -> None:
        """Writes a line above the bar."""
        self._bar.console.print(text, markup=False, soft_wrap=True)


@contextmanager
def progress_bar(shown: bool = True) -> Iterator[ProgressBar]:
    """A bar on stderr, gone when the work is done; outside a terminal only what is said is shown."""
    console = messages()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[figures]}"))
    hidden = not (shown and console.is_terminal)
    with rich.progress.Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        yield ProgressBar(bar)


def print_json(value: Any) -> None:
    """Writes `value` to stdout as a JSON document, in ASCII, so that every encoding can hold it."""
    print(json.dumps(value, indent=2, allow_nan=False))


def new_table(*columns: str, title: str | None = None) -> Table:
    """An empty table with these headings."""
    table = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, title=title, title_justify="left", title_style="bold")
    for column in table.columns:
        column.overflow = "fold"
    return table


def results() -> Console:
    """A console on stdout, for tables and colours."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    return console


@contextmanager
def engine_at_work() -> Iterator[None]:
    """Keeps stdout for results and stderr for sentences while the engine runs.

    What Python code prints goes to stderr. What native code writes goes nowhere: TensorFlow greets on stderr whatever
    `TF_CPP_MIN_LOG_LEVEL` says. Where that variable is 0, all of it goes to stderr.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    silent = os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "0"
    with ExitStack() as stack:
        ours: TextIO = sys.stderr
        with suppress(UnsupportedOperation):  # not a stream of the operating system
            ours = stack.enter_context(
                os.fdopen(os.dup(ours.fileno()), "w", 1, encoding=ours.encoding, errors="backslashreplace")
            )
        sink = stack.enter_context(Path(os.devnull).open("w")).fileno() if silent else 2
        # A stream that is None was closed before the start: its number may be another file's by now.
        for descriptor, stream in ((1, sys.__stdout__), (2, sys.__stderr__)):
            if stream is not None:
                stack.enter_context(_sent_to(sink, descriptor))
        stack.enter_context(redirect_stdout(ours))
        stack.enter_context(redirect_stderr(ours))
        yield


@contextmanager
def _sent_to(sink: int, descriptor: int) -> Iterator[None]:
    """What is written to one descriptor ends up in another."""
    kept = os.dup(descriptor)
    os.dup2(sink, descriptor)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
