"""The scan: every picture of a folder decoded once, into one file of images, and what was noticed on the way."""

import hashlib
import zlib
from array import array
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from cnnstudio import wording
from cnnstudio.data.folders.disk import Store
from cnnstudio.data.folders.layout import Layout
from cnnstudio.data.folders.names import readable
from cnnstudio.data.pictures.decode import SMALL, Decoded, decode, in_order
from cnnstudio.errors import StudioError, reason
from cnnstudio.progress import Meter, OnProgress
from cnnstudio.storage import free_bytes

_BLOCK_BYTES = 1 << 20

MAX_LISTED = 1_000
"""Unreadable files, and groups of duplicates, that are listed one by one."""

_SPARE = 64 << 20
"""Bytes that stay free on the disk: for models, and for other programs."""


@dataclass(frozen=True, eq=False)
class Scan:
    """What a scan found.

    Attributes:
        numbers: (n,) int64, the file of each image, by its number in the layout.
        signs: (files, 2) int64, by which it is seen that a file has changed.
        repeats: (m, 2) int64: image and group, by group, for images whose bytes occur more than once.
        repeat_paths: the relative path of each of these; the first of them, if there are very many.
        checksums: (blocks,) uint32, CRC-32 of each `block_bytes` of the file of images.
        sizes: (width, height, count), the ten commonest first.
        smallest: (width, height) of the picture with the fewest pixels.
        largest: (width, height) of the picture with the most pixels.
        grey: pictures without colour.
        unreadable: (relative path, why), at most `MAX_LISTED`.
        unreadable_count: of all.
    """

    numbers: np.ndarray
    signs: np.ndarray
    repeats: np.ndarray
    repeat_paths: tuple[str, ...]
    checksums: np.ndarray
    sizes: tuple[tuple[int, int, int], ...]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    grey: int
    unreadable: tuple[tuple[str, str], ...]
    unreadable_count: int


def scan_images(
    store: Store, layout: Layout, shape: tuple[int, int], images: Path, *, on_progress: OnProgress | None, name: str
) -> Scan:
    """Decodes all files of a layout into one file: raw uint8, one image after the other.

    Args:
        store: where the files lie.
        layout: which files.
        shape: (image size, channels).
        images: the file that is written.
        on_progress: told how far it is; what it raises ends the scan.
        name: what messages call the folder.

    Raises:
        StudioError: no file is a picture, or there is no room for the images.
    """
    meter = Meter(f"Reading “{name}”", len(layout), "images", on_progress)
    meter.tell(0)
    findings = _Findings(store.problems)
    paths = layout.paths()
    size, channels = shape
    needed = len(layout) * size * size * channels
    left = free_bytes(images.parent)
    if left < needed + _SPARE:
        smaller = ", or choose a smaller image size" if left > _SPARE else ""
        raise StudioError(
            f"The images of {name} take {wording.size(needed)} once they are decoded, and {wording.size(_SPARE)} must "
            f"stay free beside them; the disk of {images.parents[2]} has {wording.size(left)} left. Make room "
            f"there{smaller}."
        )
    with images.open("wb") as file:
        writer = _Writer(file, shape)
        # Closed at once when something is raised: threads may still read.
        with closing(in_order(partial(_start, store, shape), paths, meter.heartbeat)) as results:
            for number, result in enumerate(results):
                meter.tell(number)
                findings.add(number, result, writer)
        writer.finish()
    if not findings.numbers:
        why = "".join(f" The first, {path}: {why}" for path, why in findings.unreadable[:1])
        raise StudioError(f"None of the {len(layout):,} files in {name} is a picture that can be read.{why}")
    meter.tell(len(layout))
    return findings.scan(paths, np.array(writer.checksums, np.uint32))


def block_bytes(shape: tuple[int, int]) -> int:
    """Bytes of images that have a checksum of their own: a whole number of images of (image size, channels)."""
    size, channels = shape
    image = size * size * channels
    return max(1, _BLOCK_BYTES // image) * image


class _Result(NamedTuple):
    path: str
    decoded: Decoded | None
    digest: bytes
    sign: tuple[int, int]
    error: str = ""


def _start(store: Store, shape: tuple[int, int], pool: ThreadPoolExecutor, path: str) -> "Future[_Result] | _Result":
    data, sign = store.read(path, SMALL)
    if data is None:
        return pool.submit(_decode, store, path, shape, sign)
    return _decode(store, path, shape, sign, data)


def _decode(
    store: Store, path: str, shape: tuple[int, int], sign: tuple[int, int], content: bytes | Path | None = None
) -> _Result:
    try:
        content = store.source(path) if content is None else content
        return _Result(path, decode(content, *shape), _digest(content), sign)
    except StudioError as error:
        # The sentences name the file, which stands beside them in the report.
        name = readable(content) if isinstance(content, Path) else "The picture"
        return _Result(path, None, b"", sign, str(error).replace(name, "It", 1))
    except (OSError, MemoryError) as error:
        return _Result(path, None, b"", sign, f"It cannot be read: {reason(error)}.")


def _digest(content: bytes | Path) -> bytes:
    if isinstance(content, bytes):
        return hashlib.blake2b(content, digest_size=16).digest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=16)).digest()


class _Writer:
    """Writes images and sums up each block of them."""

    def __init__(self, file: BinaryIO, shape: tuple[int, int]) -> None:
        self.checksums: list[int] = []
        self._file = file
        self._block = bytearray()
        self._block_bytes = block_bytes(shape)

    def add(self, pixels: np.ndarray) -> None:
        self._block += pixels.tobytes()
        if len(self._block) == self._block_bytes:
            self.finish()

    def finish(self) -> None:
        if self._block:
            self.checksums.append(zlib.crc32(self._block))
            self._file.write(self._block)
            self._block.clear()


@dataclass
class _Findings:
    problems: list[tuple[str, str]]
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    signs: "array[int]" = field(default_factory=lambda: array("q"))
    digests: bytearray = field(default_factory=bytearray)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    grey: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    unreadable_count: int = 0

    def add(self, number: int, result: _Result, writer: _Writer) -> None:
        self.signs.extend(result.sign)
        if result.decoded is None:
            self.unreadable_count += 1
            if len(self.unreadable) < MAX_LISTED:
                self.unreadable.append((readable(result.path), result.error))
            return
        writer.add(result.decoded.pixels)
        self.numbers.append(number)
        self.digests += result.digest
        self.sizes[result.decoded.size] += 1
        self.grey += result.decoded.grey

    def scan(self, paths: Sequence[str], checksums: np.ndarray) -> Scan:
        numbers = np.array(self.numbers, np.int64)
        repeats = _repeats(np.frombuffer(bytes(self.digests), np.uint64).reshape(-1, 2))
        listed = numbers[repeats[: 10 * MAX_LISTED, 0]]
        by_area = sorted(self.sizes, key=lambda size: size[0] * size[1])
        problems = [(readable(path), why) for path, why in self.problems]
        return Scan(
            numbers=numbers,
            signs=np.array(self.signs, np.int64).reshape(-1, 2),
            repeats=repeats,
            repeat_paths=tuple(readable(paths[number]) for number in listed.tolist()),
            checksums=checksums,
            sizes=tuple((*size, count) for size, count in self.sizes.most_common(10)),
            smallest=by_area[0],
            largest=by_area[-1],
            grey=self.grey,
            unreadable=tuple([*problems, *self.unreadable][:MAX_LISTED]),
            unreadable_count=len(problems) + self.unreadable_count,
        )


def _repeats(digests: np.ndarray) -> np.ndarray:
    """Image and group of those whose digests occur more than once, (m, 2), by group and image.

    Args:
        digests: (n, 2) uint64.
    """
    order = np.lexsort((digests[:, 1], digests[:, 0]))
    new = np.ones(len(order), bool)
    new[1:] = (digests[order[1:]] != digests[order[:-1]]).any(axis=1)
    groups = np.cumsum(new) - 1
    often = np.bincount(groups)[groups] > 1
    return np.stack([order[often], groups[often]], axis=1).astype(np.int64)
