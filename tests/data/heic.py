"""HEIC files, put together box by box (ISO/IEC 23008-12) from the one picture that a phone's photo holds."""

import struct
from collections.abc import Sequence

from tests.data.phone_photos import PHOTOS

SIZE = (756, 1008)
"""(width, height) of the picture; it stands upright as it is stored."""

DEPTH, GAIN_MAP = b"urn:mpeg:hevc:2015:auxid:2", b"urn:com:apple:photo:2020:aux:hdrgainmap"
"""Kinds of pictures that phones put beside the main one."""


def box(kind: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return struct.pack(">I", 8 + len(inside)) + kind + inside


def full(kind: bytes, *content: bytes, version: int = 0) -> bytes:
    """A box that begins with its version and no flags."""
    return box(kind, struct.pack(">I", version << 24), *content)


def rotated(quarters: int) -> bytes:
    """The property that says: to be turned by so many quarters, anticlockwise."""
    return box(b"irot", bytes([quarters]))


MIRRORED = (box(b"imir", b"\0"), box(b"imir", b"\1"))
"""The properties that say: upside down, and left to right."""


def heic(
    turn: Sequence[bytes] = (),
    *,
    size: tuple[int, int] = SIZE,
    exif: bytes = b"",
    xmp: bytes = b"",
    count: int = 1,
    primary: int = 1,
    beside: Sequence[bytes] = (),
    tiles: tuple[int, int] | None = None,
    brand: bytes = b"heic",
) -> bytes:
    """A HEIC file.

    Args:
        turn: properties of all pictures, in the order in which they are followed.
        size: (width, height) that the file gives for each picture, whether that is true or not.
        exif: a TIFF structure.
        xmp: a text.
        count: how many pictures it holds, all alike.
        primary: the number of the main one, from 1.
        beside: kinds of pictures that belong to the main one.
        tiles: (columns, rows); the main picture is then made of that many, as those of iPhones are.
        brand: what the file says it is.
    """
    file = (PHOTOS / "seven-phone.heic").read_bytes()
    start = file.index(b"hvcC") - 4
    decoder = file[start : start + int.from_bytes(file[start : start + 4], "big")]
    coded = file[file.index(b"mdat") + 4 :]

    properties = [decoder, full(b"ispe", struct.pack(">II", *size)), *turn]
    turned = [0x80 | number for number in range(3, 3 + len(turn))]
    items = [(b"hvc1", coded, [0x81, 2, *([] if tiles else turned)]) for _ in range(count)]
    references = []
    if tiles is not None:
        columns, rows = tiles
        whole = columns * size[0], rows * size[1]
        properties.append(full(b"ispe", struct.pack(">II", *whole)))
        items.append((b"grid", struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *whole), [len(properties), *turned]))
        primary = len(items)
        parts = [struct.pack(">H", 1 + number % count) for number in range(columns * rows)]
        references.append(box(b"dimg", struct.pack(">HH", primary, len(parts)), *parts))
    for kind in beside:
        properties.append(full(b"auxC", kind, b"\0"))
        items.append((b"hvc1", coded, [0x81, 2, 0x80 | len(properties)]))
        references.append(box(b"auxl", struct.pack(">HHH", len(items), 1, primary)))
    for kind, note in ((b"Exif", exif and b"\0\0\0\6Exif\0\0" + exif), (b"mime", xmp)):
        if note:
            items.append((kind, note, []))
            references.append(box(b"cdsc", struct.pack(">HHH", len(items), 1, primary)))

    def meta(place: int) -> bytes:
        places, kinds, uses = [], [], []
        for number, (kind, data, used) in enumerate(items, 1):
            places.append(struct.pack(">HHHII", number, 0, 1, place, len(data)))
            place += len(data)
            ending = b"\0application/rdf+xml\0" if kind == b"mime" else b"\0"
            kinds.append(full(b"infe", struct.pack(">HH", number, 0), kind, ending, version=2))
            if used:
                uses.append(struct.pack(">HB", number, len(used)) + bytes(used))
        return full(
            b"meta",
            full(b"hdlr", bytes(4), b"pict", bytes(13)),
            full(b"pitm", struct.pack(">H", primary)),
            full(b"iloc", b"\x44\0", struct.pack(">H", len(items)), *places),
            full(b"iinf", struct.pack(">H", len(items)), *kinds),
            *([full(b"iref", *references)] if references else []),
            box(b"iprp", box(b"ipco", *properties), full(b"ipma", struct.pack(">I", len(uses)), *uses)),
        )

    head = box(b"ftyp", brand, bytes(4), b"mif1heic")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", *(data for _, data, _ in items))
