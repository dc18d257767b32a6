"""Finding the pictures in folders and zip archives, in an order that people expect."""

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cnnstudio.data.pictures.open import MAX_FILE_BYTES, PICTURE_ENDINGS
from cnnstudio.errors import StudioError, reason
from cnnstudio.storage import is_file, is_folder

MAX_MEMBERS = 1_000_000
"""Files in a zip archive, at most."""


@dataclass(frozen=True, eq=False)
class PictureFile:
    """A file that should be a picture, by its name.

    Attributes:
        name: what it is called on screen and in tables: the path as it was given, with what lies below it.
        path: the file, or the archive that holds it.
        archive: the open archive, or None for a plain file.
    """

    name: str
    path: Path
    archive: zipfile.ZipFile | None = None
    member: zipfile.ZipInfo | None = None

    def source(self) -> Path | bytes:
        """What `open_image` opens: the path, or the bytes of an archive's member.

        Raises:
            StudioError: the member cannot be unpacked.
        """
        if self.archive is None or self.member is None:
            return self.path
        if self.member.flag_bits & 1:
            raise StudioError(f"{self.name} is locked with a password. Unpack the archive first.")
        if self.member.file_size > MAX_FILE_BYTES // 4:
            raise StudioError(f"{self.name} is too large for a picture in an archive. Unpack it and open it alone.")
        try:
            return self.archive.read(self.member)
        except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise StudioError(f"{self.name} cannot be unpacked: the archive is damaged ({reason(error)}).") from error


@dataclass
class PictureList:
    """What was found.

    Attributes:
        files: the pictures by name: every argument in turn, below it in natural order.
        problems: a sentence for each folder that could not be looked into.
        others: number of files that are no pictures by their names.
    """

    files: list[PictureFile] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    others: int = 0


def _readable(path: str | Path) -> str:
    """A path as text that every file and screen can hold, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


NaturalKey = tuple[tuple[tuple[int, int, str], ...], str]


def natural_key(name: str) -> NaturalKey:
    """Sorts names as people do: numbers by value, letters whatever their case."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part), name


def list_pictures(paths: Iterable[Path]) -> PictureList:
    """Finds all pictures.

    Args:
        paths: files (taken as they are), folders (with all folders below; hidden files and folders are left out; a
            folder that is reached twice, by symbolic links, counts once) and zip archives.

    Raises:
        StudioError: an archive cannot be opened.
    """
    found = PictureList()
    seen: set[str] = set()
    for path in paths:
        if is_folder(path):
            files: Iterable[PictureFile] = _in_folder(path, found)
        elif path.suffix.lower() == ".zip" and is_file(path):
            files = _in_archive(path, found)
        else:
            files = (PictureFile(_readable(path), path),)
        for file in files:
            spelled_out = os.path.abspath(file.name)  # noqa: PTH100 - Path keeps “..”
            if spelled_out not in seen:
                seen.add(spelled_out)
                found.files.append(file)
    return found


def _in_folder(root: Path, found: PictureList) -> Iterator[PictureFile]:
    visited: set[tuple[int, int]] = set()
    waiting = [str(root)]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(folder)  # noqa: PTH116 - a Path for each of 100,000 entries would take longer than the rest
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                visible = sorted((entry for entry in entries if entry.name[0] != "."), key=_key_of_entry)
        except OSError as error:
            found.problems.append(f"{_readable(folder)} cannot be looked into: {reason(error)}.")
            continue
        below = []
        for entry in visible:
            if _is_folder(entry):
                below.append(entry.path)
            elif os.path.splitext(entry.name)[1].lower() in PICTURE_ENDINGS:  # noqa: PTH122 - as above
                yield PictureFile(_readable(entry.path), Path(entry.path))
            else:
                found.others += 1
        waiting += reversed(below)


def _key_of_entry(entry: "os.DirEntry[str]") -> NaturalKey:
    return natural_key(entry.name)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _in_archive(path: Path, found: PictureList) -> Iterator[PictureFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise StudioError(f"{path} is no zip archive that can be opened: {reason(error)}.") from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise StudioError(f"{path} holds {len(members):,} files; at most {MAX_MEMBERS:,} are looked into.")
    for member in sorted(members, key=_key_of_member):
        parts = member.filename.split("/")
        if member.is_dir() or any(part[:1] == "." for part in parts) or "__MACOSX" in parts:
            continue
        if stat.S_ISLNK(member.external_attr >> 16) or os.path.splitext(parts[-1])[1].lower() not in PICTURE_ENDINGS:  # noqa: PTH122
            found.others += 1
            continue
        yield PictureFile(f"{path}/{member.filename}", path, archive, member)


def _key_of_member(member: zipfile.ZipInfo) -> tuple[object, ...]:
    *folders, name = member.filename.split("/")
    # As in a folder: what lies in it comes before what lies in the folders below.
    return tuple((1, natural_key(folder)) for folder in folders), (0, natural_key(name))
