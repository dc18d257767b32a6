"""A zip of images, read where it lies: nothing is ever unpacked to disk, so no name in it can lead anywhere."""

import re
import stat
import struct
import threading
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from cnnstudio.data.folders.names import is_left_out, readable
from cnnstudio.errors import StudioError
from cnnstudio.wording import size

MAX_MEMBERS = 1_000_000
"""Files in an archive, at most."""

MAX_MEMBER_BYTES = 250 * 10**6
"""One file in an archive, unpacked, at most: it is unpacked into memory."""

MAX_TOTAL_BYTES = 1 << 40
"""All files of an archive, unpacked, at most."""

MAX_RATIO = 200
"""By how much an archive may grow, when it grows beyond `_HARMLESS`; pictures hardly shrink in archives."""

_HARMLESS = 1 << 30
_MAX_DIRECTORY_BYTES = 128 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compression methods that can be unpacked up to a given length; they are also the only usual ones."""

_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x06"
_DAMAGED = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError)


class Archive:
    """A zip archive, open until it is closed; its files may be read by several threads.

    Attributes:
        problems: (path, why, in a sentence) of files that cannot be read.
        shut: folders that cannot be looked into: none.

    Raises:
        StudioError: it is no zip archive, is damaged, has a password, is built to fill memory or disk, or holds a name
            that leads out of the folder into which it would be unpacked.
    """

    def __init__(self, path: Path) -> None:
        self._name = readable(str(path))
        self.problems: list[tuple[str, str]] = []
        self.shut: list[tuple[str, str]] = []
        try:
            with path.open("rb") as file:
                _check_directory(file, self._name)
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise StudioError(f"{self._name} does not exist. Check the name and the folder.") from error
        except PermissionError as error:
            raise StudioError(f"{self._name} may not be read. Change its permissions or choose another.") from error
        except _DAMAGED as error:
            raise StudioError(
                f"{self._name} is no zip archive, or it is damaged. Make or download it again, or choose another one."
            ) from error
        try:
            self._members = self._checked(path.stat().st_size)
        except BaseException:
            self._zip.close()
            raise
        self._folders = _folders(self._members)
        self._lock = threading.Lock()

    def names_in(self, path: str) -> tuple[list[str], list[str]]:
        """Names of the files and of the folders in a folder, sorted."""
        return self._folders[path]

    def identity(self, path: str) -> str:
        """The path itself: no folder can be reached in two ways."""
        return path

    def above(self) -> list[str]:
        """No folder of an archive lies in another one from which it could be reached."""
        return []

    def read(self, path: str, limit: int) -> tuple[bytes | None, tuple[int, int]]:
        """The bytes of a file, None where it has more than `limit` or is damaged; and its size and checksum."""
        member = self._members[path]
        sign = member.file_size, member.CRC
        if member.file_size > limit:
            return None, sign
        try:
            return self.source(path), sign
        except StudioError:
            return None, sign

    def head(self, path: str, count: int) -> bytes:
        """The first bytes of a file; none where it is not there or damaged."""
        member = self._members.get(path)
        if member is None or member.compress_type not in _METHODS:
            return b""
        try:
            with self._lock, self._zip.open(member) as file:
                return file.read(count)
        except _DAMAGED:
            return b""

    def source(self, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            StudioError: it is damaged, or larger than `MAX_MEMBER_BYTES`.
        """
        member = self._members[path]
        if member.file_size > MAX_MEMBER_BYTES:
            raise StudioError(f"It has more than {size(MAX_MEMBER_BYTES)}, too much for a picture in an archive.")
        if member.compress_type not in _METHODS:
            raise StudioError("It is packed in an unusual way. Unpack the archive and choose the folder.")
        try:
            # The archive counts its users, and does not count right when two threads come at once.
            with self._lock, self._zip.open(member) as file:
                return file.read(member.file_size + 1)
        except _DAMAGED as error:
            raise StudioError("It cannot be unpacked: the archive is damaged here.") from error

    def close(self) -> None:
        """Closes the archive."""
        self._zip.close()

    def _checked(self, archive_bytes: int) -> dict[str, zipfile.ZipInfo]:
        """The files by their path, once all are known to be harmless."""
        members: dict[str, zipfile.ZipInfo] = {}
        total = 0
        for member in self._zip.infolist():
            path = _path(member)
            _check_path(path, self._name)
            path = "/".join(part for part in path.split("/") if part not in {"", "."})
            if member.is_dir() or any(map(is_left_out, path.split("/"))):
                continue
            if member.flag_bits & 1:
                raise StudioError(
                    f"{self._name} is protected with a password. Unpack it with a program that asks for it, and choose "
                    "the folder."
                )
            if stat.S_ISLNK(member.external_attr >> 16):
                self.problems.append((path, "It is a link, which is not followed in an archive."))
                continue
            total += member.file_size
            members[path] = member
        if len(members) > MAX_MEMBERS:
            raise _too_many(self._name)
        if total > MAX_TOTAL_BYTES or total > max(_HARMLESS, MAX_RATIO * archive_bytes):
            raise StudioError(
                f"{self._name} would grow from {size(archive_bytes)} to {size(total)}: it looks like a zip bomb, "
                "made to fill memory and disk, and is not opened."
            )
        return members


def _check_directory(file: BinaryIO, name: str) -> None:
    """Refuses a directory that would fill memory: `ZipFile` reads all of it at once."""
    length = file.seek(0, 2)
    if length == 0:
        raise StudioError(f"{name} is empty (0 bytes). Download it again or choose another one.")
    # The size of the directory is written at the end, before a comment of 65,535 bytes at most.
    file.seek(max(0, length - (1 << 16) - 200))
    tail = file.read()
    directory = 0
    for sign, layout, offset in ((_END, "<L", 12), (_END_64, "<Q", 40)):
        start = tail.rfind(sign)
        if start >= 0 and len(tail) >= start + offset + struct.calcsize(layout):
            value = struct.unpack_from(layout, tail, start + offset)[0]
            directory = max(directory, 0 if value == 0xFFFFFFFF else value)
    if directory > _MAX_DIRECTORY_BYTES:
        raise _too_many(name)


def _too_many(name: str) -> StudioError:
    return StudioError(f"{name} holds more than {MAX_MEMBERS:,} files. Unpack it and choose the folder.")


def _path(member: zipfile.ZipInfo) -> str:
    name = member.orig_filename
    if not member.flag_bits & 0x800:
        # Many programs write UTF-8 without saying so; read as the old code page it is gibberish.
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _check_path(path: str, name: str) -> None:
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in path.split("/") or "\0" in path:
        raise StudioError(
            f"{name} holds a file named “{readable(path[:200])}”, which leads out of the archive's folder. It is not "
            "safe to use."
        )


def _folders(paths: Iterable[str]) -> dict[str, tuple[list[str], list[str]]]:
    """Names of the files and of the folders in each folder."""
    content: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    known = {""}
    for path in sorted(paths):
        folder, _, name = path.rpartition("/")
        content[folder][0].append(name)
        while folder not in known:
            known.add(folder)
            folder, _, name = folder.rpartition("/")
            content[folder][1].append(name)
    return content
