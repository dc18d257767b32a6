"""A disk on which things go wrong: each file operation of this process is told before it is done, and can fail.

All of Python's own file operations end in functions of `os` once `open` is the one that is written in Python: there
they are caught, whether `pathlib`, `shutil`, `zipfile`, NumPy or Keras does them. What is written in C++ is not seen.
"""

import _pyio
import builtins
import errno
import io
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALL = frozenset(
    {"read", "open", "create", "write", "sync", "close", "mkdir", "rename", "remove", "rmdir", "link", "attributes"}
)
"""All kinds of operations. “read” is opening a file to read it, and listing a folder."""

CHANGES = frozenset({"create", "mkdir", "rename", "remove", "rmdir", "link"})
"""Those that change what another process sees in a folder."""

REMOVALS = frozenset({"rename", "remove", "rmdir"})
"""Where one of these fails, something stays behind."""

Before = Callable[[str, str], object]
"""Told the kind of an operation and its path before it is done; what it raises happens instead."""


class Killed(BaseException):
    """Ends the process where it is, as a power cut does: nothing is cleaned up."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with a file operation.

    Attributes:
        name: for reports and on the command line.
        error: the system's error; 0 where the process is killed.
        kinds: of the operations that can meet it.
        lasting: whether all later operations of these kinds meet it, too.
    """

    name: str
    error: int
    kinds: frozenset[str] = ALL
    lasting: bool = False


FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("no-space", errno.ENOSPC, frozenset({"create", "write", "sync", "mkdir", "link"}), lasting=True),
        Fault("no-permission", errno.EACCES, ALL - {"write", "sync", "close"}),
        Fault("io-error", errno.EIO),
        Fault("killed", 0),
    )
}
"""Every fault by its name. A full disk stays full, and lets names be changed and files be removed."""


class Nth:
    """Lets the n-th operation of a fault's kinds fail.

    Args:
        fault: what happens.
        number: to which operation, counted from 1.
        on_hit: told its kind and its path.
    """

    def __init__(self, fault: Fault, number: int, on_hit: Before) -> None:
        self._fault = fault
        self._number = number
        self._on_hit = on_hit
        self._count = 0
        self._healed = False
        self._lock = threading.Lock()  # some operations are done by threads

    def __call__(self, kind: str, path: str) -> None:
        """Counts."""
        if self._healed or kind not in self._fault.kinds:
            return
        with self._lock:
            self._count += 1
            first, later = self._count == self._number, self._count > self._number
            if first:
                self._on_hit(kind, path)
        if first and not self._fault.error:
            raise Killed
        if first or (later and self._fault.lasting):
            raise OSError(self._fault.error, os.strerror(self._fault.error), path)

    def heal(self) -> None:
        """From now on nothing fails."""
        self._healed = True


def watch(folder: Path, before: Before) -> None:
    """From now on, and until this process ends, each file operation in a folder is told before it is done."""
    watched = _Watched(folder, before)
    for name in ("mkdir", "rmdir", "remove", "unlink", "chmod", "utime", "listdir", "scandir", "truncate"):
        setattr(os, name, watched.on_path(name))
    for name in ("rename", "replace", "link", "symlink"):
        setattr(os, name, watched.on_two_paths(name))
    for name in ("fsync", "fdatasync", "ftruncate", "sendfile"):
        if hasattr(os, name):
            setattr(os, name, watched.on_file(name))
    os.open, os.write, os.close = watched.open, watched.write, watched.close
    builtins.open = io.open = watched.open_file


_KINDS = {
    "remove": "remove",
    "unlink": "remove",
    "replace": "rename",
    "symlink": "link",
    "listdir": "read",
    "scandir": "read",
    "chmod": "attributes",
    "utime": "attributes",
    "truncate": "write",
    "ftruncate": "write",
    "sendfile": "write",
    "fsync": "sync",
    "fdatasync": "sync",
}
"""Kinds of those functions of `os` that are not named like theirs."""


def _refused_anyway(kind: str, place: str) -> bool:
    """Whether the system would not come so far: what is to be read is not there, or what is to be made is there."""
    return bool(place) and os.path.lexists(place) == (kind == "mkdir") and kind in {"mkdir", *REMOVALS, "read", "open"}


class _Watched:
    """Functions of `os` that tell what they do."""

    def __init__(self, folder: Path, before: Before) -> None:
        self._folder = f"{folder.resolve()}{os.sep}"
        self._before = before
        self._open, self._write, self._close, self._open_file = os.open, os.write, os.close, io.open
        self._files: dict[int, str] = {}
        """Paths of what is open, by its number."""
        self._written: set[int] = set()

    def open_file(self, file: Any, *rest: Any, **options: Any) -> Any:
        """What is in the folder is opened by way of `os`; anything else as ever, which is quicker."""
        ours = self._place(file).startswith(self._folder)
        return (_pyio.open if ours else self._open_file)(file, *rest, **options)

    def on_path(self, name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(path: Any = ".", *rest: Any, **options: Any) -> Any:
            place = self._place(path, options.get("dir_fd"))
            return self._tell(_KINDS.get(name, name), (place,), lambda: real(path, *rest, **options))

        return call

    def on_two_paths(self, name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(here: Any, there: Any, **options: Any) -> Any:
            places = self._place(there, options.get("dst_dir_fd")), self._place(here, options.get("src_dir_fd"))
            return self._tell(_KINDS.get(name, name), places, lambda: real(here, there, **options))

        return call

    def on_file(self, name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(number: int, *rest: Any) -> Any:
            return self._tell(_KINDS[name], (self._place(number),), lambda: real(number, *rest))

        return call

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        place = self._place(path, dir_fd)
        unnamed = getattr(os, "O_TMPFILE", 0)
        is_new = bool(flags & os.O_CREAT) or (bool(unnamed) and flags & unnamed == unnamed)
        kind = "create" if is_new else "open" if flags & (os.O_WRONLY | os.O_RDWR) else "read"
        number = self._tell(kind, (place,), lambda: self._open(path, flags, mode, dir_fd=dir_fd))
        self._files[number] = place
        if kind != "read":
            self._written.add(number)
        return number

    def write(self, number: int, content: Any) -> int:
        def half() -> None:
            view = memoryview(content).cast("B")
            self._write(number, view[: len(view) // 2])

        return self._tell("write", (self._place(number),), lambda: self._write(number, content), half)

    def close(self, number: int) -> Any:
        place = self._files.pop(number, "")
        if number not in self._written:
            return self._close(number)
        self._written.remove(number)
        # Linux closes a file even where it reports an error.
        return self._tell("close", (place,), lambda: self._close(number), lambda: self._close(number))

    def _place(self, path: Any, folder: int | None = None) -> str:
        if isinstance(path, int):
            return self._files.get(path, "")
        return os.path.abspath(os.path.join(self._files.get(folder or -1, ""), os.fsdecode(path)))  # noqa: PTH100, PTH118

    def _tell(
        self, kind: str, places: tuple[str, ...], work: Callable[[], Any], instead: Callable[[], object] | None = None
    ) -> Any:
        """Does something, or what is left of it where that fails: half of what was to be written, for instance."""
        seen = next((place for place in places if place.startswith(self._folder)), None)
        if seen is None or _refused_anyway(kind, places[-1]):
            return work()
        try:
            self._before(kind, seen)
        except (OSError, Killed) as fault:
            if instead is not None:
                instead()
            if isinstance(fault, Killed):
                os._exit(1)
            raise
        return work()
