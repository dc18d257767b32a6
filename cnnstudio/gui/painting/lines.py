"""Images of one size as thumbnails in lines: how they lie, and a whole line painted in one go."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from PySide6.QtGui import QImage

from cnnstudio.gui.theme import GRID

EDGE = GRID // 2
"""Left of the first thumbnail and above the first line, in device-independent pixels; the least gap between two."""


@dataclass(frozen=True)
class LinePlan:
    """How thumbnails lie in lines. Lengths are in screen pixels.

    Attributes:
        height: of a thumbnail.
        width: of a thumbnail.
        across: from one thumbnail's left edge to the next one's.
        down: from one line's top to the next one's.
        columns: thumbnails in a line.
        lines: of all thumbnails.
        edge: left of the first thumbnail and above the first line.
    """

    height: int
    width: int
    across: int
    down: int
    columns: int
    lines: int
    edge: int


def plan_lines(shape: tuple[int, ...], count: int, side: int, room: int, ratio: float) -> LinePlan:
    """Lays thumbnails out: small images by whole numbers of screen pixels a pixel, large ones made to fit.

    Args:
        shape: (height, width, …) of an image.
        count: how many there are.
        side: the wished longer side of a thumbnail, in device-independent pixels.
        room: width of a line, in device-independent pixels.
        ratio: screen pixels per device-independent pixel.
    """
    longest = max(shape[0], shape[1])
    wished = max(1, round(side * ratio))
    share = round(wished / longest) if wished >= longest else wished / longest
    height, width = max(1, round(shape[0] * share)), max(1, round(shape[1] * share))
    edge = round(EDGE * ratio)
    available = int(room * ratio) - 2 * edge
    columns = max(1, (available + edge) // (width + edge))
    gap = edge if columns == 1 else min(max(edge, (available - columns * width) // (columns - 1)), 3 * edge)
    return LinePlan(height, width, width + gap, height + edge, columns, -(-count // columns), edge)


def _colours_of(images: np.ndarray) -> np.ndarray:
    """(n, height, width, 1 or 3) uint8 → (n, height, width) uint32 as 0xffrrggbb."""
    values = images.astype(np.uint32)
    if images.shape[-1] == 1:
        return np.uint32(0xFF000000) | values[..., 0] * np.uint32(0x010101)
    return np.uint32(0xFF000000) | values[..., 0] << np.uint32(16) | values[..., 1] << np.uint32(8) | values[..., 2]


def _shrunk(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Images as small as thumbnails, each pixel the mean of about its area: what is fast, for this is for the eye."""
    flat = images[..., 0] if images.shape[-1] == 1 else images
    small = [
        np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX, reducing_gap=1.0))
        for image in flat
    ]
    return np.stack(small).reshape(len(images), height, width, -1)


def paint_line(images: np.ndarray, plan: LinePlan) -> QImage:
    """A line of thumbnails, transparent between them.

    Args:
        images: (n, height, width, 1 or 3) uint8, `plan.columns` at most.
        plan: how they lie.
    """
    if plan.height < images.shape[1]:
        images = _shrunk(images, plan.height, plan.width)
    tiles = _colours_of(images)
    scale = plan.height // tiles.shape[1]
    if scale > 1:
        tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    line = np.zeros((plan.height, plan.columns, plan.across), np.uint32)
    line[:, : len(tiles), : plan.width] = tiles.transpose(1, 0, 2)
    width = plan.columns * plan.across
    return QImage(line.data, width, plan.height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
