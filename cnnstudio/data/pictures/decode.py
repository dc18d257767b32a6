"""Picture files to images of one size, fast: what the scan of a folder does 60,000 times."""

import io
import os
import stat
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import simplejpeg
from PIL import Image

from cnnstudio.data.pictures.input_rules import crop_geometry
from cnnstudio.data.pictures.open import open_image, quiet, read_header, to_array, upright_turn
from cnnstudio.progress import result_of

IN_MEMORY = 32 << 20
"""Larger files are not read whole before it is clear that they are pictures."""

THREADS = max(1, min(8, os.cpu_count() or 1))
"""That decode at a time."""

_OVERSAMPLING = 3
"""A JPEG is decoded at a half, a quarter or an eighth of its size (its blocks' inverse cosine transform cut short)
where three times the image's side is left: then no pixel of a photo is off by more than some 10 of 255, and by
0.4 on average, from what full decoding gives."""

SMALL = 32 << 10
"""Files below this are decoded without threads, which would cost more than they save."""

_HUGE_PIXELS = 20_000_000
_MAX_FAST_PIXELS = 80_000_000
_one_huge_picture = threading.Lock()
"""Pictures with more than `_HUGE_PIXELS` are decoded one at a time: memory does not grow with the threads."""

_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Without waiting: opening a pipe would block until another program writes into it."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Decoded(NamedTuple):
    """A picture as an image for a network.

    Attributes:
        pixels: (side, side, channels) uint8.
        size: (width, height) of the picture, upright.
        grey: whether the picture has no colour.
    """

    pixels: np.ndarray
    size: tuple[int, int]
    grey: bool


def decode(source: bytes | Path, image_size: int, channels: int, exactly: bool = False) -> Decoded:
    """Decodes a picture by the rule “centre-crop”.

    The pixels are those of `INPUT_RULES["centre-crop"]`, bit for bit; but for JPEGs much larger than the image, which
    may differ by a little (see `_OVERSAMPLING`).

    Args:
        source: a picture file, or the bytes of one.
        image_size: the side of the image, in pixels.
        channels: 1 (grey) or 3 (colour).
        exactly: bit for bit in any case, which takes longer for large photos.

    Raises:
        StudioError: as `open_image`.
    """
    data = source if isinstance(source, bytes) else read_file(source)[0]
    if data is not None and data[:3] == b"\xff\xd8\xff":
        decoded = _decode_jpeg(data, image_size, channels, exactly)
        if decoded is not None:
            return decoded
    with _one_huge_picture if _is_huge(data) else nullcontext():
        image = open_image(source)
        return _crop(image, image.size, 1, image_size, channels)


def read_file(path: str | Path, limit: int = IN_MEMORY) -> tuple[bytes | None, os.stat_result | None]:
    """Reads a file.

    Returns:
        Its bytes, None where it has more than `limit`, is no ordinary file or cannot be read; and its state, None where
        it cannot even be opened.
    """
    try:
        handle = os.open(path, _READING)
    except (OSError, ValueError):
        return None, None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None, status
        data = os.read(handle, status.st_size + 1)
        # One call gives all of a file, but where it lies on some networks or is being written.
        return data if len(data) == status.st_size else None, status
    except OSError:
        return None, None
    finally:
        os.close(handle)


def read_head(path: str, count: int) -> bytes:
    """The first bytes of a file; none where it is no ordinary file or cannot be read."""
    try:
        handle = os.open(path, _READING)
    except (OSError, ValueError):
        return b""
    try:
        return os.read(handle, count) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(handle)


def _is_huge(data: bytes | None) -> bool:
    """Whether a picture takes much memory. Small files are not looked into, which would take as long as decoding."""
    if data is None:
        return True
    header = read_header(data) if len(data) > SMALL else None
    return header is not None and header.width * header.height > _HUGE_PIXELS


def _decode_jpeg(data: bytes, side: int, channels: int, exactly: bool) -> Decoded | None:
    """A JPEG of an ordinary kind, decoded; None for the odd ones, which `open_image` opens or refuses."""
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours not in {"YCbCr", "Gray"} or not 0 < height * width <= _MAX_FAST_PIXELS:
            return None
        turn = _turn(data)
        reduction = 1 if exactly else _reduction(width, height, side, evenly=turn is not None)
        if height * width > _HUGE_PIXELS * reduction**2:
            return None
        colourspace = "GRAY" if colours == "Gray" else "RGB"
        pixels = simplejpeg.decode_jpeg(
            data, colourspace, min_height=-(-height // reduction), min_width=-(-width // reduction)
        )
    except Exception:  # noqa: BLE001 - damaged files make it raise nearly anything; `open_image` says what is wrong
        return None
    if turn is None and height == width == side and pixels.shape[2] == channels:
        return Decoded(pixels, (width, height), channels == 1)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if turn is None:
        return _crop(image, (width, height), reduction, side, channels)
    image = image.transpose(turn)
    return _crop(image, (image.width * reduction, image.height * reduction), reduction, side, channels)


def _turn(data: bytes) -> Image.Transpose | None:
    if b"Exif\0\0" not in data and b"tiff:Orientation" not in data:
        return None
    with quiet(), Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        return upright_turn(image)


def _reduction(width: int, height: int, side: int, evenly: bool) -> int:
    """By how much a picture may be smaller when it is decoded: `evenly` by what divides both sides, to be turned."""
    for reduction in (8, 4, 2):
        if min(width, height) >= reduction * _OVERSAMPLING * side and not (
            evenly and (width % reduction or height % reduction)
        ):
            return reduction
    return 1


def _crop(image: Image.Image, size: tuple[int, int], reduction: int, side: int, channels: int) -> Decoded:
    """Crops a picture of a size that was decoded `reduction` times smaller."""
    if size == (side, side):
        return Decoded(to_array(image, channels), size, image.mode == "L")
    middle, scaled_size, cut = crop_geometry(size, (side, side, channels))
    # Where the sides are no multiples of the reduction, the last row and column stand for less than the others.
    left, top, right, bottom = (edge / reduction for edge in middle)
    scaled = image.resize(scaled_size, Image.Resampling.BICUBIC, (left, top, right, bottom))
    return Decoded(to_array(scaled.crop(cut), channels), size, image.mode == "L")


def in_order(
    start: Callable[[ThreadPoolExecutor, Item], "Future[Result] | Result"],
    items: Iterable[Item],
    while_waiting: Callable[[], object],
    threads: int = THREADS,
) -> Generator[Result, None, None]:
    """Works on many items in threads, and gives the results in order.

    Only a few results are kept at a time, so memory does not depend on the number of items. When the iterator is
    closed, work that was not begun is dropped.

    Args:
        start: gives an item to the threads, or, where that would cost more than it saves, its result at once: threads
            that work on small files hold each other up.
        items: asked for one by one.
        while_waiting: called every tenth of a second while a result is waited for; what it raises ends the work.
        threads: how many.
    """

    def result(job: "Future[Result] | Result") -> Result:
        return result_of(job, while_waiting) if isinstance(job, Future) else job

    pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
    waiting: deque[Future[Result] | Result] = deque()
    try:
        for item in items:
            waiting.append(start(pool, item))
            while waiting and (len(waiting) > 3 * threads or not isinstance(waiting[0], Future)):
                yield result(waiting.popleft())
        yield from map(result, waiting)
    finally:
        pool.shutdown(cancel_futures=True)
