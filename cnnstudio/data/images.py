"""Opening pictures that come from anywhere: files, the clipboard, other programs. All of them are hostile at first."""

import io
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import ExifTags, Image

from cnnstudio.errors import StudioError, reason

MAX_PIXELS = 128_000_000
"""The largest picture that is decoded: room for the largest phone cameras in common use, about 0.5 GB of memory."""

MAX_FILE_BYTES = 1 << 30
"""The largest file that is looked into; some decoders read the whole file before they know what is in it."""

# fmt: off
FORMATS = (
    "PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM", "TGA",
    "ICO", "CUR", "ICNS", "PSD", "PCX", "DCX", "QOI", "SGI", "DDS", "SUN", "MSP", "XBM", "XPM",
)
# fmt: on
"""Pillow's formats that are decoded in this process, with memory bounded by the pixels. EPS is not among them (it
starts Ghostscript), nor FITS (older versions of Pillow unpack it without bound), nor what needs another library."""

_OTHER_KINDS = (
    (4, (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc", b"ftypmsf1"), "an HEIC photo"),
    (0, (b"%PDF",), "a PDF document"),
    (0, (b"%!PS", b"\xc5\xd0\xd3\xc6"), "a PostScript drawing"),
    (0, (b"<svg", b"<?xml"), "an SVG drawing or another XML text"),
)
"""(offset, first bytes, what it is) of files that people take for pictures of a kind that can be opened."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by the EXIF tag Orientation."""

Source = str | os.PathLike[str] | bytes | Image.Image


def open_image(source: Source) -> Image.Image:
    """Opens a picture and brings it into the one form that the rest of the program knows.

    Animations give their first frame; EXIF rotation is applied; transparency is laid on white (on black, where all
    that can be seen is nearly white and would vanish); deeper pixels are scaled to 8 bits.

    Args:
        source: a file, the bytes of one, or a Pillow image of any mode.

    Returns:
        A Pillow image of mode "L" or "RGB", wholly in memory.

    Raises:
        StudioError: there is no such file, it may not be read, it is no picture, is damaged, or is larger than
            `MAX_FILE_BYTES` or `MAX_PIXELS`. Sizes are checked before pixels are decoded.
    """
    if isinstance(source, Image.Image):
        return _decode(source, "The picture")
    if isinstance(source, bytes):
        return _open(io.BytesIO(source), len(source), "The picture")
    # A name that is no valid text would break whatever prints the message.
    name = os.fsencode(source).decode("utf-8", "replace")
    try:
        status = Path(source).stat()
        _check_kind(status.st_mode, name)
        with Path(source).open("rb") as file:
            return _open(file, status.st_size, name)
    except FileNotFoundError as error:
        raise StudioError(f"{name} does not exist. Check the name and the folder.") from error
    except PermissionError as error:
        raise StudioError(f"{name} may not be read. Change its permissions or choose another file.") from error
    except (OSError, ValueError) as error:
        raise StudioError(f"{name} cannot be read ({reason(error)}). Choose another file.") from error


class Header(NamedTuple):
    """What a picture says of itself before it is decoded: its size in pixels, and Pillow's name of its mode."""

    width: int
    height: int
    mode: str


def read_header(data: bytes) -> Header | None:
    """Looks at the head of a picture.

    Args:
        data: the bytes of the file, or some hundred thousand of them.

    Returns:
        What it says; None where it is no picture, or does not say it there.
    """
    try:
        with quiet(), Image.open(io.BytesIO(data), formats=_formats()) as image:
            return Header(*image.size, image.mode)
    except Exception:  # noqa: BLE001 - `open_image` tells what is wrong
        return None


def to_array(image: Image.Image, channels: int) -> np.ndarray:
    """The pixels of a picture.

    Args:
        image: of mode "L" or "RGB".
        channels: 1 for grey (ITU-R 601 luma), 3 for RGB.

    Returns:
        (height, width, channels) uint8, writable.
    """
    return np.array(image.convert({1: "L", 3: "RGB"}[channels])).reshape(image.height, image.width, channels)


@contextmanager
def quiet() -> Iterator[None]:
    """Without Pillow's remarks about odd files; what matters is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def _formats() -> tuple[str, ...]:
    """Those that this Pillow has."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


@cache
def format_endings() -> frozenset[str]:
    """Every ending, lower case with its dot, of the files that can be opened."""
    Image.init()
    return frozenset(ending for ending, kind in Image.registered_extensions().items() if kind in FORMATS)


def _check_kind(mode: int, name: str) -> None:
    if stat.S_ISDIR(mode):
        raise StudioError(f"{name} is a folder. Choose a picture in it.")
    if not stat.S_ISREG(mode):
        raise StudioError(f"{name} is a device or a pipe, not a file. Choose a picture.")


def _open(file: BinaryIO, size: int, name: str) -> Image.Image:
    if size == 0:
        raise StudioError(f"{name} is empty (0 bytes). Save or download it again.")
    if size > MAX_FILE_BYTES:
        raise StudioError(
            f"{name} has {size / 1e9:,.1f} GB, too much for a picture. Choose one below {MAX_FILE_BYTES / 1e9:.1f} GB."
        )
    head = file.read(64)
    with quiet():
        try:
            image = Image.open(file, formats=_formats())
        except Image.DecompressionBombError as error:
            raise _too_many_pixels(name) from error
        except Exception as error:
            raise StudioError(_not_a_picture(head, name)) from error
        with image:
            return _decode(image, name)


def _decode(image: Image.Image, name: str) -> Image.Image:
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels(name)
    if 0 in image.size:
        raise StudioError(f"{name} has no pixels. Choose another picture.")
    try:
        image.load()
        return _upright(image, _plain(image))
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(name) from error
    except Exception as error:
        raise StudioError(f"{name} is damaged or cut short. Save or download it again.") from error


def _too_many_pixels(name: str) -> StudioError:
    return StudioError(f"{name} has more than {MAX_PIXELS // 10**6} million pixels. Scale it down and open that.")


def _not_a_picture(head: bytes, name: str) -> str:
    for offset, signatures, kind in _OTHER_KINDS:
        if head[offset:].startswith(signatures):
            return f"{name} is {kind}, which cannot be opened here. Save it as PNG or JPEG and open that."
    if Path(name).suffix.lower() in format_endings():
        return f"{name} is damaged, or no picture in spite of its name. Save or download it again."
    return f"{name} is not a picture that can be opened here. Choose a PNG, a JPEG or another common format."


def _upright(original: Image.Image, plain: Image.Image) -> Image.Image:
    turn = upright_turn(original)
    return plain if turn is None else plain.transpose(turn)


def upright_turn(image: Image.Image) -> Image.Transpose | None:
    """What turns a picture upright, by its EXIF tag Orientation; None where it stands upright as it is."""
    try:
        with quiet():
            return _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - a picture with damaged EXIF data is still a picture
        return None


def _plain(image: Image.Image) -> Image.Image:
    """The picture in mode "L" or "RGB"."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image).astype(np.uint32) // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        return Image.fromarray(_eight_bits(np.asarray(image)))
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        image = _without_transparency(image.convert("RGBA"))
    return image.convert("L" if grey else "RGB")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Scales pixels without a fixed range: by the smallest usual full scale that holds all, else from least to most."""
    values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    full_scales = [scale for scale in (1.0, 255.0, 65535.0) if low >= 0 and high <= scale]
    if low == high and not full_scales:
        return np.zeros(values.shape, np.uint8)
    if not full_scales:
        return np.round((values - low) * (255 / (high - low))).astype(np.uint8)
    return np.round(values * (255 / full_scales[0])).astype(np.uint8)


def _without_transparency(image: Image.Image) -> Image.Image:
    on_white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    alpha = np.asarray(image.getchannel("A"))
    if alpha.min() < 128 <= alpha.max() and np.asarray(on_white.convert("L")).min() > 240:
        return Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    return on_white
