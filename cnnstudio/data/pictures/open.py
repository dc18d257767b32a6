"""Opening pictures that come from anywhere: files, the clipboard, other programs. All of them are hostile at first."""

import io
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import ExifTags, Image

from cnnstudio import wording
from cnnstudio.errors import StudioError, reason

MAX_PIXELS = 128_000_000
"""The largest picture that is decoded: room for the largest phone cameras in common use, about 0.5 GB of memory."""

MAX_FILE_BYTES = 1 << 30
"""The largest file that is looked into; some decoders read the whole file before they know what is in it."""


@dataclass(frozen=True)
class Kind:
    """A kind of files that are pictures, or are taken for pictures.

    Attributes:
        title: what people call it; with its article where it cannot be opened.
        formats: Pillow's names of it; none where it cannot be opened.
        endings: of files' names, in lower case with their dot, by which folders and dialogs know it. A kind that cannot
            be opened has some if people keep such files among their photos: they are told what is left out.
        signatures: (offset, first bytes), by which a file is known, even a damaged one.
        advice: what to do where it cannot be opened, in a sentence.
    """

    title: str
    formats: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    signatures: tuple[tuple[int, bytes], ...] = ()
    advice: str = "Save it as PNG or JPEG and open that."


def _brands(*brands: bytes) -> tuple[tuple[int, bytes], ...]:
    """The signatures of files of the family of MP4 (ISO/IEC 14496-12), which begin with the name of their brand."""
    return tuple((4, b"ftyp" + brand) for brand in brands)


HEIC = Kind("HEIC", ("HEIF",), (".heic", ".heif", ".hif", ".heics", ".heifs"), _brands(b"he", b"mif1", b"msf1"))

KINDS = (
    # Many phones and cameras write an MPO: a JPEG, followed by smaller ones of the same scene.
    Kind("JPEG", ("JPEG",), (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), ((0, b"\xff\xd8\xff"),)),
    Kind("PNG", ("PNG",), (".png", ".apng"), ((0, b"\x89PNG"),)),
    Kind("GIF", ("GIF",), (".gif",), ((0, b"GIF8"),)),
    Kind("WebP", ("WEBP",), (".webp",), ((8, b"WEBP"),)),
    # Tried before HEIC: of the files that begin alike, with the brand mif1, the other decoder takes all.
    Kind("AVIF", ("AVIF",), (".avif", ".avifs"), _brands(b"avif", b"avis")),
    HEIC,
    Kind("TIFF", ("TIFF",), (".tif", ".tiff")),
    Kind("BMP", ("BMP", "DIB"), (".bmp", ".dib")),
    Kind("JPEG 2000", ("JPEG2000",), (".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c")),
    Kind("PPM", ("PPM",), (".ppm", ".pgm", ".pbm", ".pnm", ".pfm")),
    Kind("PSD", ("PSD",), (".psd",)),
    Kind("ICO", ("ICO", "CUR"), (".ico", ".cur")),
    Kind("ICNS", ("ICNS",), (".icns",)),
    Kind("QOI", ("QOI",), (".qoi",)),
    Kind("DDS", ("DDS",), (".dds",)),
    Kind("PCX", ("PCX", "DCX"), (".pcx", ".dcx")),
    Kind("SGI", ("SGI",), (".sgi", ".rgb", ".rgba", ".bw")),
    Kind("Sun raster", ("SUN",), (".ras",)),
    Kind("MSP", ("MSP",), (".msp",)),
    Kind("XBM", ("XBM",), (".xbm",)),
    Kind("XPM", ("XPM",), (".xpm",)),
    # The last: nothing at the beginning of such a file identifies it.
    Kind("TGA", ("TGA",), (".tga", ".icb", ".vda", ".vst")),
)
"""What can be opened, the commonest first: what is decoded in this process, with memory bounded by the pixels. EPS is
not among it (it starts Ghostscript), nor FITS (older versions of Pillow unpack it without bound)."""

RAW = Kind(
    "a raw photo",
    endings=(".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".rw2", ".orf", ".pef", ".srw"),
    signatures=(
        (8, b"CR\x02"),
        *_brands(b"crx "),
        (0, b"FUJIFILMCCD-RAW"),
        (0, b"IIU\0"),
        (0, b"IIRO"),
        (0, b"IIRS"),
        (0, b"MMOR"),
    ),
    advice="Save it as JPEG in a program for photos and open that.",
)

OTHER_KINDS = (
    RAW,
    Kind("an SVG drawing or another XML text", endings=(".svg",), signatures=((0, b"<svg"), (0, b"<?xml"))),
    Kind("a PDF document", signatures=((0, b"%PDF"),)),
    Kind("a PostScript drawing", signatures=((0, b"%!PS"), (0, b"\xc5\xd0\xd3\xc6"))),
    Kind(
        "a video",
        signatures=(
            *_brands(b"qt  ", b"isom", b"iso2", b"mp41", b"mp42", b"M4V", b"3gp"),
            (8, b"AVI "),
            (0, b"\x1aE\xdf\xa3"),
        ),
        advice="Save one picture of it as PNG or JPEG and open that.",
    ),
)
"""What is taken for a picture and cannot be opened."""

FORMATS = tuple(name for kind in KINDS for name in kind.formats)
"""Pillow's names of what can be opened, in the order in which they are tried."""

OPENED_ENDINGS = tuple(ending for kind in KINDS for ending in kind.endings)
"""Every ending, in lower case with its dot, of the files that can be opened."""

PICTURE_ENDINGS = frozenset(OPENED_ENDINGS).union(*(kind.endings for kind in OTHER_KINDS))
"""Every ending by which a file in a folder is taken for a picture, whether it can be opened or not."""

_HEAD_BYTES = 64
"""In which the signatures are."""

_MAX_BOXES = 1000
"""Parts of a HEIC file; those of photos have four or five."""

_NAMED = 6
"""How many kinds the message names that refuses another one."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by the number that EXIF and XMP give for its orientation."""

Source = str | os.PathLike[str] | bytes | Image.Image


def is_picture(name: str) -> bool:
    """Whether a file in a folder is taken for a picture, by the ending of its name."""
    return name[name.rfind(".") :].lower() in PICTURE_ENDINGS  # `splitext` takes three times as long


def open_image(source: Source) -> Image.Image:
    """Opens a picture and brings it into the one form that the rest of the program knows.

    Animations give their first frame, files of several photos their main one; what a camera notes of how it was held is
    followed, so that the picture stands upright; transparency is laid on white (on black, where all that can be seen is
    nearly white and would vanish); deeper pixels are scaled to 8 bits. Colour profiles are not applied: networks are
    trained on the plain numbers.

    Args:
        source: a file, the bytes of one, or a Pillow image of any mode.

    Returns:
        A Pillow image of mode "L" or "RGB", wholly in memory, with pixels and nothing else: to open it again changes
        nothing.

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
    """What a picture says of itself in `data`, the first 100 kB or so of the file; None where it says nothing there."""
    try:
        with quiet(), _recognised(io.BytesIO(data)) as image:
            return Header(*image.size, image.mode)
    except Exception:  # noqa: BLE001 - `open_image` says what is wrong
        return None


def to_array(image: Image.Image, channels: int) -> np.ndarray:
    """The pixels of a picture of mode "L" or "RGB": (height, width, channels) uint8, writable.

    One channel is grey (ITU-R 601 luma), three are RGB.
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
    import pi_heif

    # What lies beside a picture is not wanted, and may be damaged.
    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


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
            f"{name} has {wording.size(size)}, too much for a picture. Choose one below {wording.size(MAX_FILE_BYTES)}."
        )
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    for other in OTHER_KINDS:
        if _begins(head, other.signatures):
            raise _other_kind(other, name)
    with quiet():
        try:
            image = _recognised(file)
        except Image.DecompressionBombError as error:
            raise _too_many_pixels(name) from error
        except Exception as error:
            raise StudioError(_not_a_picture(head, name)) from error
        with image:
            if _is_preview(image):
                raise _other_kind(RAW, name)
            return _decode(image, name)


def _recognised(file: BinaryIO) -> Image.Image:
    """The picture that Pillow sees in a file, not yet decoded."""
    if _begins(file.read(_HEAD_BYTES), HEIC.signatures):
        file.seek(0)
        file = io.BytesIO(_without_notes(file.read()))
    return Image.open(file, formats=_formats())


def _without_notes(data: bytes) -> bytes:
    """A HEIC file without EXIF, XMP and the like, which are not needed: pi-heif 1.4 crashes over damaged ones.

    The notes stay in the file, but what makes them a picture's, references of the kind "cdsc", is of no known kind.
    """
    parts: list[bytes] = []
    start = 0
    while start < len(data):
        size, kind = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8]
        if size == 1:
            size = int.from_bytes(data[start + 8 : start + 16])
        end = start + max(size, 8) if size else len(data)
        if len(parts) == _MAX_BOXES:
            raise ValueError("it has too many parts")
        parts.append(data[start:end].replace(b"cdsc", b"none") if kind == b"meta" else data[start:end])
        start = end
    return b"".join(parts)


def _decode(image: Image.Image, name: str) -> Image.Image:
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels(name)
    if 0 in image.size:
        raise StudioError(f"{name} has no pixels. Choose another picture.")
    try:
        image.load()
        turn = upright_turn(image)
        plain = _plain(image)
        upright = plain if turn is None else plain.transpose(turn)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(name) from error
    except Exception as error:
        raise StudioError(_damaged(name)) from error
    # Pillow hands on what the file said, so that it would be turned again when it is opened again.
    upright.info = {}
    return upright


def _too_many_pixels(name: str) -> StudioError:
    return StudioError(f"{name} has more than {MAX_PIXELS // 10**6} million pixels. Scale it down and open that.")


def _damaged(name: str) -> str:
    return f"{name} is damaged or cut short. Save or download it again."


def _begins(head: bytes, signatures: tuple[tuple[int, bytes], ...]) -> bool:
    return any(head[offset:].startswith(signature) for offset, signature in signatures)


def _is_preview(image: Image.Image) -> bool:
    """Whether it is the small picture with which raw photos of the family of TIFF (DNG, NEF, ARW) begin."""
    try:
        return image.format == "TIFF" and bool(image.getexif().get(ExifTags.Base.NewSubfileType, 0) & 1)
    except Exception:  # noqa: BLE001 - a picture with damaged EXIF data is still a picture
        return False


def _other_kind(kind: Kind, name: str) -> StudioError:
    return StudioError(f"{name} is {kind.title}, which cannot be opened here. {kind.advice}")


def _not_a_picture(head: bytes, name: str) -> str:
    if any(_begins(head, kind.signatures) for kind in KINDS):
        return _damaged(name)
    if Path(name).suffix.lower() in OPENED_ENDINGS:
        return f"{name} is damaged, or not a picture despite its name. Save or download it again."
    named = ", ".join(kind.title for kind in KINDS[:_NAMED])
    return f"{name} is not a picture that can be opened here. Choose {named} or another common format."


def upright_turn(image: Image.Image) -> Image.Transpose | None:
    """What turns a picture upright; None where it stands upright as it is.

    It is given by the EXIF tag Orientation, or by XMP where there is none. HEIC and AVIF have a rule of their own
    beside which neither counts: the decoder of HEIC has followed it, that of AVIF gives it as EXIF.
    """
    if image.format == "HEIF":
        return None
    try:
        with quiet():
            exif = image.getexif()
            if image.format == "AVIF":
                exif = Image.Exif()
                exif.load(image.info.get("exif", b""))
            return _UPRIGHT.get(exif.get(ExifTags.Base.Orientation, 1))
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
