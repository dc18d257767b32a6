"""Many small maps in one picture: where each one lies, and the picture itself, made in one go."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from cnnstudio.gui.painting.legend import Limits
from cnnstudio.gui.theme import GRID, array_to_image

MOST_LINES = 6
"""So many lines of tiles are shown until somebody asks for all."""

_MAP_SIDES = ((32, 56), (128, 40), (1 << 30, 32))
_UNIT_SIDES = ((16, 24), (256, 14), (1 << 30, 10))


@dataclass(frozen=True)
class Raster:
    """How tiles of one size lie in lines. Lengths are in device-independent pixels.

    Attributes:
        count: how many tiles there are in all.
        scale: pixels along the side of a value.
        stride: values along the side of a pixel, where maps are larger than tiles; else 1.
        width: of a tile.
        height: of a tile.
        gap: between tiles.
        columns: tiles in a line, at least 1.
        shown: how many tiles there are places for.
        more: whether the last place says how many more there are.
    """

    count: int
    scale: int
    stride: int
    width: int
    height: int
    gap: int
    columns: int
    shown: int
    more: bool

    @property
    def pitch(self) -> int:
        """From the top of one line to that of the next."""
        return self.height + self.gap

    @property
    def total_height(self) -> int:
        """Of all lines, without a gap below."""
        return -(-self.shown // self.columns) * self.pitch - self.gap if self.shown else 0

    def place(self, number: int) -> QRect:
        """Where a tile lies, seen from the first one's top left corner."""
        line, column = divmod(number, self.columns)
        return QRect(column * (self.width + self.gap), line * self.pitch, self.width, self.height)

    def tile_at(self, x: float, y: float) -> int | None:
        """The tile that holds a point, or None."""
        column, line = int(x // (self.width + self.gap)), int(y // self.pitch)
        number = line * self.columns + column
        inside = x % (self.width + self.gap) < self.width and y % self.pitch < self.height
        return number if inside and line >= 0 and 0 <= column < self.columns and number < self.shown else None

    def tiles_between(self, top: float, bottom: float) -> range:
        """The tiles, in whole lines, that a strip from `top` to `bottom` touches."""
        last = self.shown - self.more
        first_line, end_line = max(0, int(top // self.pitch)), max(0, int(bottom // self.pitch) + 1)
        return range(min(first_line * self.columns, last), min(end_line * self.columns, last))


def lay_out(shape: tuple[int, ...], width: int, expanded: bool) -> Raster:
    """Lays tiles out: the longer side of a map near a comfortable size, whole pixels a value or whole values a pixel.

    Args:
        shape: (height, width, channels), or (units,) for one cell a unit.
        width: the room for a line.
        expanded: whether all lines are shown, or `MOST_LINES` at most.
    """
    count = shape[-1]
    rows, columns = shape[:2] if len(shape) == 3 else (1, 1)
    single = rows == columns == 1
    longest = max(rows, columns, 1)
    side = next(side for most, side in (_UNIT_SIDES if single else _MAP_SIDES) if count <= most)
    scale = max(1, round(side / longest))
    stride = -(-longest // round(1.5 * side)) if scale == 1 else 1
    height, across = scale * -(-rows // stride), scale * -(-columns // stride)
    gap = 2 if single else GRID // (1 if count <= _MAP_SIDES[0][0] else 2)
    per_line = max(1, (width + gap) // (across + gap)) if across else 1
    more = not expanded and count > per_line * MOST_LINES
    shown = per_line * MOST_LINES if more else count
    return Raster(count, scale, stride, across, height, gap, per_line, shown, more)


def _shrink(maps: np.ndarray, stride: int) -> np.ndarray:
    """Means of squares of `stride` × `stride` values; (height, width, n) → (⌈height/stride⌉, ⌈width/stride⌉, n)."""
    for axis in (0, 1):
        maps = np.moveaxis(maps, axis, 0)
        sums = maps[::stride].astype(np.float32)
        sizes = np.ones((len(sums), 1, 1), np.float32)
        for step in range(1, stride):  # whole lines at a time: `add.reduceat` goes value by value
            lines = maps[step::stride]
            sums[: len(lines)] += lines
            sizes[: len(lines)] += 1
        maps = np.moveaxis(sums / sizes, 0, axis)
    return maps


def paint_maps(values: np.ndarray, raster: Raster, tiles: range, colormap: str, limits: Limits) -> QImage:
    """A picture of some lines of tiles, transparent between them.

    Args:
        values: (height, width, channels) or (units,).
        raster: where the tiles lie.
        tiles: their numbers: whole lines, at least one tile.
        colormap: a key of `cnnstudio.gui.theme.COLORMAPS`.
        limits: the values that get the map's two ends.
    """
    maps = values[..., tiles.start : tiles.stop]
    maps = maps[np.newaxis, np.newaxis] if maps.ndim == 1 else maps
    if raster.stride > 1:
        maps = _shrink(maps, raster.stride)
    rows, columns, count = maps.shape
    flat = array_to_image(maps.reshape(rows, columns * count), colormap, limits)
    colours = np.frombuffer(flat.constBits(), np.uint32).reshape(rows, columns, count)
    lines = -(-count // raster.columns)
    squares = np.zeros((lines * raster.columns, raster.height, raster.width), np.uint32)
    squares[:count] = colours.transpose(2, 0, 1).repeat(raster.scale, axis=1).repeat(raster.scale, axis=2)
    picture = np.zeros((lines, raster.pitch, raster.columns, raster.width + raster.gap), np.uint32)
    picture[:, : raster.height, :, : raster.width] = squares.reshape(
        lines, raster.columns, raster.height, raster.width
    ).transpose(0, 2, 1, 3)
    width, height = raster.columns * (raster.width + raster.gap), lines * raster.pitch
    return QImage(picture.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
