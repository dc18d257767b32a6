"""Decoded images on disk: what a scan found, kept until the folder changes.

For each folder or archive there is one folder in the user's cache, named by a hash of its path; in it, one folder for
each image size. These are written under another name and renamed, never changed, and removed when a newer one is
there; one program writes at a time. What is damaged is noticed and made anew: the index carries checksums of itself and
of every block of images. All blocks are checked when the file of images was touched, otherwise some at random, as
checking all would take longer than reading what is needed.

Whether a folder has changed is seen by the names in it and in all folders below, and by the size and time of every
file; whether an archive has, by its own size and time.
"""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio import storage
from cnnstudio.data.folders.disk import Stamp, have_changed, list_again, sign_file
from cnnstudio.data.folders.scan import Scan, block_bytes
from cnnstudio.data.folders.suggestion import Suggestion
from cnnstudio.data.report import BEFORE_CHOICES, LeftOut
from cnnstudio.data.stored import StoredImages

FORMAT = 4
"""2: HEIC photos are read; in an earlier cache they were left out.
3: links are not followed in circles; it is counted what is left out.
4: names of files or a table may say the classes.
"""

FORMAT_OF_FOLDERS = 3
"""Still read: folders are the classes."""

FORMAT_WITHOUT_COUNTS = 2
"""Still read where nothing was left out and no folder is a link."""

IMAGES = "images.bin"
INDEX = "index.npz"

_ARRAYS = ("numbers", "signs", "repeats", "checksums")
"""Fields of `Scan` that are kept as arrays."""

_CHECKED_BLOCKS = 16
_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, eq=False)
class Record:
    """What is kept beside the images.

    Attributes:
        shape: (image size, channels).
        suggestion: how the pictures could be used, as of the scan.
        classes: the class names.
        places: split, label, path and number of files of each folder, in the order of the files' numbers.
        left_out: what was not looked at, and why.
        stamps: of all folders; none for an archive.
        signed: (path, size, time) of files beside the images: the archive; or the folder's settings, and the tables
            that name its classes.
        scan: what was found.
        choice: which layout was asked for; empty for the one that suits best.
        layout: which one it is.
        chosen: of all files that are not all in their folder, in the order of the files' numbers, their number by the
            order of all files in their folder; none where a place has all files of its folder.
        modified: time of the file of images, in nanoseconds; known once both are written.
    """

    shape: tuple[int, int]
    suggestion: Suggestion
    classes: tuple[str, ...]
    places: tuple[tuple[str, int, str, int], ...]
    left_out: tuple[LeftOut, ...]
    stamps: tuple[Stamp, ...]
    signed: tuple[tuple[str, int, int], ...]
    scan: Scan
    modified: int = 0
    choice: str = ""
    layout: str = ""
    chosen: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def labels(self) -> np.ndarray:
        """(n,) int32, of each image."""
        return self._each([label for _, label, _, _ in self.places], np.int32)

    def splits(self, numbers: dict[str, int]) -> np.ndarray:
        """(n,) int8, of each image the number of its split."""
        return self._each([numbers[split] for split, _, _, _ in self.places], np.int8)

    def _each(self, values: list[int], dtype: type) -> np.ndarray:
        counts = [files for _, _, _, files in self.places]
        return np.repeat(np.array(values, dtype), counts)[self.scan.numbers]


def find_cached(
    path: Path, image_size: int | None, channels: int | None, while_looking: Callable[[], object], choice: str = ""
) -> tuple[Record, StoredImages] | None:
    """What was kept of a folder or archive that has not changed since; None where nothing was.

    Image size and channels are those that were suggested for these images, unless they are chosen; the layout is the
    one that was asked for.
    """
    # Every folder's name begins with its image size and channels.
    for folder in _kept(path, f"{image_size or '[1-9]*'}x{channels or '[13]'}-*"):
        try:
            record = _read_record(folder, path)
        except _DAMAGED:
            continue
        wanted = image_size or record.suggestion.image_size, channels or record.suggestion.channels
        is_asked_for = record.shape == wanted and choice in (record.choice, record.layout)
        if is_asked_for and _is_unchanged(path, record, while_looking):
            with suppress(*_DAMAGED):
                return record, _checked_images(folder, record)
    return None


def alone(path: Path, while_waiting: Callable[[], object]) -> AbstractContextManager[bool]:
    """Keeps other programs from writing what is kept of this folder or archive; see `cnnstudio.storage.alone`."""
    home = _home(path)
    home.parent.mkdir(parents=True, exist_ok=True)
    return storage.alone(home.with_suffix(".lock"), while_waiting)


def new_cache(path: Path, shape: tuple[int, int], scan: Callable[[Path], Record]) -> tuple[Record, StoredImages]:
    """Keeps what a scan finds; it takes the place of older ones once it is whole. To be used within `alone`.

    Args:
        path: of the folder or archive.
        shape: (image size, channels).
        scan: writes all images into the file that it is given.
    """
    home = _home(path)
    home.mkdir(exist_ok=True)
    storage.remove_abandoned(_kept(path, ".*"))
    prefix = f"{shape[0]}x{shape[1]}-"
    partial = Path(tempfile.mkdtemp(prefix=f".{prefix}", dir=home))
    try:
        _write_record(partial, scan(partial / IMAGES))
        whole = partial.rename(partial.with_name(partial.name[1:]))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        with suppress(OSError):
            home.rmdir()
    for older in _kept(path, f"{prefix}*"):
        if older != whole:
            shutil.rmtree(older, ignore_errors=True)
    record = _read_record(whole, path)
    return record, StoredImages(whole / IMAGES, _images_shape(record))


def _write_record(folder: Path, record: Record) -> None:
    """Writes a record beside its images."""
    facts = vars(record) | vars(record.scan)
    del facts["scan"]
    chosen = facts.pop("chosen")
    arrays = {name: facts.pop(name) for name in _ARRAYS}
    facts["proposal"] = asdict(facts.pop("suggestion"))
    facts["left_out"] = [asdict(one) for one in facts["left_out"]]
    facts |= {"format": FORMAT, "modified": (folder / IMAGES).stat().st_mtime_ns}
    np.savez(folder / INDEX, facts=np.frombuffer(json.dumps(facts).encode(), np.uint8), chosen=chosen, **arrays)


def forget_cache(path: Path) -> None:
    """Removes all that is kept of a folder or archive."""
    shutil.rmtree(_home(path), ignore_errors=True)


def _kept(path: Path, pattern: str) -> list[Path]:
    """What is kept of a folder or archive under such names; nothing where somebody clears the cache just now."""
    try:
        return sorted(_home(path).glob(pattern))
    except OSError:
        return []


def _home(path: Path) -> Path:
    name = hashlib.blake2b(os.fsencode(os.path.realpath(path)), digest_size=16).hexdigest()
    return storage.cache_folder() / "images" / name


def _read_record(folder: Path, path: Path) -> Record:
    """Reads what was kept of a path."""
    with np.load(folder / INDEX, allow_pickle=False) as index:
        facts: dict[str, Any] = json.loads(index["facts"].tobytes(), object_hook=_with_tuples)
        number = facts.pop("format")
        if number not in (FORMAT_WITHOUT_COUNTS, FORMAT_OF_FOLDERS, FORMAT):
            raise ValueError("an unknown format")
        arrays = {name: index[name] for name in _ARRAYS}
        if number == FORMAT:
            facts["chosen"] = index["chosen"]
    found = {field.name: facts.pop(field.name) for field in fields(Scan) if field.name not in _ARRAYS}
    suggestion = Suggestion(**facts.pop("proposal"))
    if number == FORMAT_WITHOUT_COUNTS and facts.pop("notes"):
        raise ValueError("it is not known how much was left out")
    facts["left_out"] = tuple(LeftOut(**one) for one in facts.get("left_out", ()))
    # Earlier versions kept a folder's time as well, after its path.
    stamps = tuple(Stamp(stamp[0], *stamp[-2:]) for stamp in facts.pop("stamps"))
    if number == FORMAT_WITHOUT_COUNTS and any((path / stamp.path).is_symlink() for stamp in stamps):
        raise ValueError("a link may have led in a circle")
    if number != FORMAT:
        facts |= {"signed": (facts["signed"],), "layout": BEFORE_CHOICES}
    return Record(**facts, suggestion=suggestion, stamps=stamps, scan=Scan(**arrays, **found))


def _with_tuples(facts: dict[str, Any]) -> dict[str, Any]:
    """The same with tuples instead of lists, however deep."""

    def as_tuple(value: Any) -> Any:
        return tuple(map(as_tuple, value)) if isinstance(value, list) else value

    return {name: as_tuple(value) for name, value in facts.items()}


def _is_unchanged(path: Path, record: Record, while_looking: Callable[[], object]) -> bool:
    if any(tuple(sign) != sign_file(file) for file, *sign in record.signed):
        return False
    if not record.stamps:
        return True
    listed = list_again(str(path), record.stamps, while_looking)
    if listed is None:
        return False
    start = 0
    for _, _, below, count in record.places:
        signs, names = record.scan.signs[start : start + count], listed.get(below, [])
        if len(record.chosen):
            names = [names[number] for number in record.chosen[start : start + count].tolist()]
        if len(names) != count or have_changed(f"{path}/{below}", names, signs, while_looking):
            return False
        start += count
    return True


def _images_shape(record: Record) -> tuple[int, int, int, int]:
    size, channels = record.shape
    return len(record.scan.numbers), size, size, channels


def _checked_images(folder: Path, record: Record) -> StoredImages:
    path = folder / IMAGES
    images = StoredImages(path, _images_shape(record))
    checksums, step = record.scan.checksums, block_bytes(record.shape)
    blocks = np.arange(len(checksums))
    if len(blocks) > _CHECKED_BLOCKS and path.stat().st_mtime_ns == record.modified:
        blocks = np.sort(np.random.default_rng().choice(blocks, _CHECKED_BLOCKS, replace=False))
    with path.open("rb") as file:
        for block in blocks.tolist():
            file.seek(block * step)
            if zlib.crc32(file.read(step)) != checksums[block]:
                raise ValueError(f"{path} is damaged")
    return images
