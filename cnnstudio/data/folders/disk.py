"""A folder of images on disk: listing it, noticing that it has changed, reading its files."""

import hashlib
import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cnnstudio.data.folders.names import is_left_out, readable
from cnnstudio.data.folders.zip_file import Archive
from cnnstudio.data.pictures.decode import IN_MEMORY, read_file, read_head
from cnnstudio.errors import StudioError, reason
from cnnstudio.limits import MAX_FILES, MAX_FOLDERS
from cnnstudio.storage import is_file


class Stamp(NamedTuple):
    """By what it is recognised that a folder still holds the same names.

    Attributes:
        path: relative to the top.
        names: a hash of all names in it that count, or what kept it from being read.
        others: those of them that are no ordinary files.
    """

    path: str
    names: str
    others: Sequence[str]


class DiskFolder:
    """A folder of images on disk. It is looked through as far as `MAX_FOLDERS` and `MAX_FILES` allow.

    Attributes:
        problems: (relative path, why, in a sentence) of files that cannot be read; grows while the folder is looked
            through.
        shut: (relative path, why, in the middle of a sentence) of folders that cannot be looked into; likewise.
        stamps: of the folders that were looked into so far.

    Raises:
        StudioError: the folder is not there or may not be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.problems: list[tuple[str, str]] = []
        self.shut: list[tuple[str, str]] = []
        self.stamps: list[Stamp] = []
        self._files = 0
        try:
            os.listdir(self.path)  # noqa: PTH208 - a Path makes a Path of each of 60,000 names
        except OSError as error:
            name = readable(self.path)
            raise StudioError(f"{name} cannot be read: {reason(error)}. Choose another folder.") from error
        self._system = _system_devices()
        if _is_on(self._system, self.path):
            raise StudioError(
                f"{readable(self.path)} holds no files of yours: it shows what the system is doing. Choose another."
            )

    def names_in(self, path: str) -> tuple[list[str], list[str]]:
        """Names of the files and of the folders in a folder, sorted; what cannot be read is noted.

        Raises:
            StudioError: there are more folders or files in all than any data set has.
        """
        if len(self.stamps) == MAX_FOLDERS:
            raise self._too_large(MAX_FOLDERS, "folders")
        if _is_on(self._system, self.full(path)):
            return self._note_shut(path, _SHOWS_SYSTEM)
        try:
            with os.scandir(self.full(path)) as entries:
                kinds = {entry.name: _kind(entry) for entry in entries}
        except OSError as error:
            return self._note_shut(path, reason(error))
        names = _visible(kinds)
        self._files += len(names)
        if self._files > MAX_FILES:
            raise self._too_large(MAX_FILES, "files")
        others = tuple(name for name in names if kinds[name] != "file")
        self.stamps.append(Stamp(path, _hash(names), others))
        prefix = f"{path}/" if path else ""
        self.problems += [(prefix + name, kinds[name]) for name in others if kinds[name] != "folder"]
        return [name for name in names if kinds[name] == "file"], [name for name in others if kinds[name] == "folder"]

    def _note_shut(self, path: str, why: str) -> tuple[list[str], list[str]]:
        self.stamps.append(Stamp(path, why, ()))
        self.shut.append((path, why))
        return [], []

    def identity(self, path: str) -> Hashable:
        """The same for a folder that is reached in two ways."""
        try:
            status = os.stat(self.full(path))  # noqa: PTH116 - as above
        except OSError:
            return path
        # Some file systems number nothing.
        return (status.st_dev, status.st_ino) if status.st_ino else path

    def above(self) -> list[Hashable]:
        """The identities of the folders that this one lies in."""
        return [self.identity(str(parent)) for parent in Path(self.path).resolve().parents]

    def full(self, path: str) -> str:
        """Where a relative path lies."""
        return os.path.join(self.path, path) if path else self.path  # noqa: PTH118 - called very often

    def read(self, path: str, limit: int) -> tuple[bytes | None, tuple[int, int]]:
        """The bytes of a file, None where it has more than `limit` or cannot be read; and its size and time."""
        full = self.full(path)
        data, status = read_file(full, limit)
        return data, sign_file(full) if status is None else (status.st_size, status.st_mtime_ns)

    def head(self, path: str, count: int) -> bytes:
        """The first bytes of a file; none where it cannot be read."""
        return read_head(self.full(path), count)

    def source(self, path: str) -> bytes | Path:
        """What to decode: the bytes of a file, or its path where it is large or cannot be read."""
        full = self.full(path)
        data, _ = read_file(full, IN_MEMORY)
        return Path(full) if data is None else data

    def close(self) -> None:
        """Does nothing: no file stays open."""

    def _too_large(self, limit: int, what: str) -> StudioError:
        return StudioError(
            f"{readable(self.path)} holds more than {limit:,} {what}, with all that is below it and all to which its "
            "links lead: it is too large to be looked through. Choose the folder that holds the pictures."
        )


Store = DiskFolder | Archive
"""Where pictures lie. Paths in it are relative to its top, with forward slashes."""


SYSTEM_FILES = frozenset({"cgroup", "cgroup2", "debugfs", "devpts", "devtmpfs", "proc", "sysfs", "tracefs"})
"""File systems in which Linux shows itself: their links lead everywhere, and some of their files never end."""


_SHOWS_SYSTEM = "it shows what the system is doing"


def _system_devices() -> frozenset[int]:
    """The numbers of the devices that `SYSTEM_FILES` lie on; none on other systems than Linux."""
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return frozenset()
    # The third field is the device's number, as 0:23; the kind comes after a dash.
    kinds = {line.split(" ")[2]: line.rpartition(" - ")[2].partition(" ")[0] for line in lines}
    return frozenset(os.makedev(*map(int, number.split(":"))) for number, kind in kinds.items() if kind in SYSTEM_FILES)


def _is_on(devices: frozenset[int], path: str) -> bool:
    """Whether a file or folder lies on one of some devices."""
    try:
        return bool(devices) and os.stat(path).st_dev in devices  # noqa: PTH116 - called for every folder
    except OSError:
        return False


def open_store(path: Path) -> Store:
    """Opens a folder or a zip; raises StudioError where it cannot be read."""
    return Archive(path) if is_file(path) else DiskFolder(path)


def sign_file(path: str) -> tuple[int, int]:
    """Size and time (nanoseconds) of a file; −1 for both where it is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116 - called 60,000 times
    except (OSError, ValueError):
        return -1, -1
    return status.st_size, status.st_mtime_ns


def list_again(
    folder: str, stamps: Sequence[Stamp], while_looking: Callable[[], object]
) -> dict[str, list[str]] | None:
    """Lists a folder again that was listed before, and all folders below.

    Returns:
        By its relative path, the names of the files in each folder; None where anything that counts was added, removed
        or renamed.
    """
    listed = {}
    system = _system_devices()
    for stamp in stamps:
        while_looking()
        path = f"{folder}/{stamp.path}" if stamp.path else folder
        if (stamp.names == _SHOWS_SYSTEM) != _is_on(system, path):
            return None
        if stamp.names == _SHOWS_SYSTEM:
            continue
        try:
            names = _visible(os.listdir(path))  # noqa: PTH208 - as above
        except OSError as error:
            if stamp.names != reason(error):
                return None
            continue
        if _hash(names) != stamp.names:
            return None
        others = set(stamp.others)
        listed[stamp.path] = [name for name in names if name not in others] if others else names
    return listed


def have_changed(folder: str, names: Sequence[str], signs: np.ndarray, while_looking: Callable[[], object]) -> bool:
    """Whether any file in a folder has another size or time than `signs`, (n, 2) int64, as `sign_file` gave them."""
    for number, (name, (size, modified)) in enumerate(zip(names, signs.tolist(), strict=True)):
        if number % 64 == 0:
            while_looking()
        if sign_file(f"{folder}/{name}") != (size, modified):
            return True
    return False


def _kind(entry: "os.DirEntry[str]") -> str:
    """“file”, “folder”, or why it is neither."""
    try:
        if entry.is_file():
            return "file"
        if entry.is_dir():
            return "folder"
    except OSError as error:
        return f"It cannot be read: {reason(error)}."
    return "It is a link to nothing." if entry.is_symlink() else "It is a device or a pipe, not a file."


def _visible(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not is_left_out(name))


def _hash(names: Sequence[str]) -> str:
    return hashlib.blake2b(os.fsencode("\0".join(names)), digest_size=16).hexdigest()
