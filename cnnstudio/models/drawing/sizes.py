"""How large each volume of a network's picture is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import log2

from cnnstudio.models.drawing.parts import Box, Form
from cnnstudio.models.drawing.volumes import NetworkGraph, Piece, role_of

LARGEST = 120.0
"""Side of the largest feature map of a network."""

_LEAST, _LESS = 0.47, 0.13
_SMALLEST = 7.0
_POWER = 0.5
_DEEP = 6.0
_SLANT = (0.8, 0.5)
_PLANE = 3.2
_ALL_PLANES = 8
_BAR = 12.0
_SHORTEST = 30.0
_TALL = 9.0
_UNIT = 5.0
_CELL = 7.0
_SOME_UNITS = 100
_NARROWEST = 8.0


@dataclass(frozen=True)
class Size:
    """How large a volume is.

    Attributes:
        form: a stack of planes, or a bar of units.
        width: of its front plane.
        height: of its front plane.
        depth: how far the front plane is to the right of and below the one at the back.
        planes: of a stack; cells of a bar.
        narrow: whether it is a mere sign, as narrow as can be, that has no words.
    """

    form: Form
    width: float
    height: float
    depth: tuple[float, float]
    planes: int
    narrow: bool = False

    @property
    def whole(self) -> tuple[float, float]:
        """Width and height of all of it."""
        return self.width + self.depth[0], self.height + self.depth[1]

    def boxes(self, x: float, y: float) -> tuple[Box, Box]:
        """All of it, and its front plane, where its middle is at (x, y)."""
        width, height = self.whole
        box = Box(x - width / 2, y - height / 2, width, height)
        return box, Box(box.x + self.depth[0], box.y + self.depth[1], self.width, self.height)


def sizes_of(graph: NetworkGraph, size: float = 1.0, abreast: float = 1.0, narrow: Collection[int] = ()) -> list[Size]:
    """The size of each volume; one without a shape is as large as the one before it, or some bar.

    Args:
        graph: the volumes.
        size: 1 for the usual one.
        abreast: how many lanes there are; the more, the smaller all are.
        narrow: numbers of volumes that are drawn as narrow as can be.
    """
    size *= max(_LEAST, 1 - _LESS * (abreast - 1))
    sides = [side for piece in graph.pieces for side in _map_of(piece)[:2]]
    scale = size * LARGEST / max(sides, default=1) ** _POWER
    sizes: list[Size] = []
    for piece in graph.pieces:
        if piece.shape is None:
            sizes.append(_unknown(piece, sizes[-1] if sizes else _stack(LARGEST / 2, LARGEST / 2, 1, size), size))
        elif len(piece.shape) < 2:
            sizes.append(_bar(piece.shape[0] if piece.shape else 1, size))
        else:
            height, width, channels = _map_of(piece)
            sizes.append(
                _stack(max(_SMALLEST, scale * height**_POWER), max(_SMALLEST, scale * width**_POWER), channels, size)
            )
    return [
        replace(one, width=_NARROWEST, depth=(0.0, 0.0), narrow=True) if number in narrow else one
        for number, one in enumerate(sizes)
    ]


def _unknown(piece: Piece, before: Size, size: float) -> Size:
    if before.form == "bar" or role_of(piece.row) == "dense" or piece.row.kind == "Flatten":
        return _bar(_SOME_UNITS, size)
    return Size("stack", before.width, before.height, (0.0, 0.0), 1)


def _map_of(piece: Piece) -> Sequence[int]:
    """(height, width, channels) of feature maps; a sequence of vectors is one column high; empty for a vector."""
    if piece.shape is None or len(piece.shape) < 2:
        return ()
    *sides, channels = piece.shape
    return sides[0], sides[1] if len(sides) > 1 else 1, channels


def _bar(units: int, size: float) -> Size:
    height = _SHORTEST + size * _TALL * log2(1 + max(1, units))
    cells = units if units * _UNIT <= height else int(height // _CELL)
    return Size("bar", _BAR, height, (0.0, 0.0), cells)


def _stack(height: float, width: float, channels: int, size: float) -> Size:
    depth = (1 + size) / 2 * _DEEP * log2(max(1, channels))
    planes = channels if channels <= _ALL_PLANES else max(_ALL_PLANES, int(depth // _PLANE))
    return Size("stack", width, height, (depth * _SLANT[0], depth * _SLANT[1]), planes)
