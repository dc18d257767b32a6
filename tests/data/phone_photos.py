"""Photos as phones and cameras save them: lying as the camera was held, with a note of that."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

PHOTOS = Path(__file__).parents[1] / "photos"

ORIENTATIONS = range(1, 9)

_STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a[:, ::-1], -1),
    8: lambda a: np.rot90(a, -1),
}
"""How a camera stores what is upright, by the definition of the tag: the inverse of what a viewer must do."""


def seven() -> Image.Image:
    """A 7 on ruled paper, upright."""
    with Image.open(PHOTOS / "seven-phone.jpg") as photo:
        small = photo.resize((320, 240), Image.Resampling.BOX)
    return Image.fromarray(np.rot90(np.asarray(small), -1))


def stored(upright: Image.Image, orientation: int) -> Image.Image:
    """What a camera stores of an upright scene, without any note."""
    return Image.fromarray(np.ascontiguousarray(_STORED[orientation](np.asarray(upright))))


def exif(orientation: int) -> Image.Exif:
    """That note as EXIF."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def xmp(orientation: int) -> bytes:
    """That note as XMP."""
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>' % orientation


def encoded(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def photo(upright: Image.Image, orientation: int, format: str = "JPEG") -> bytes:
    """An upright scene as a camera saves it that is held in one of eight ways."""
    options = {"quality": 95, "subsampling": 0} if format in {"JPEG", "MPO"} else {}
    return encoded(stored(upright, orientation), format, exif=exif(orientation), **options)
