"""Finding all digits on a sheet: in rows, scattered, on ruled paper, in the squares of a table."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from cnnstudio.data.pictures.handwriting import (
    Ground,
    Ink,
    Piece,
    best_piece,
    cut_out_ink,
    label_ink,
    resized,
    stroke_width,
    without_ruled_lines,
)

_SEARCH_SIDE = 900
"""Longer side of the picture that is searched, at most, in pixels."""

_REACH = 0.12
"""Strokes up to this share of the picture's shorter side are taken out of the ground: a digit that is alone, too."""

_LEAST = 9
"""Height of the smallest digit in the picture that is searched, in pixels."""

_LARGEST = 0.5
"""Height of the largest, as a share of the picture's height: a larger one is alone."""

_CLEAR = 0.22
"""How strong ink is at least that is no better than the best piece of the other kind."""

_MOST = 400
"""More pieces are no digits, but a pattern or a text."""


@dataclass(frozen=True, eq=False)
class FoundDigit:
    """One of several digits.

    Attributes:
        box: (left, top, right, bottom) in pixels of the picture.
        ink: the digit, cut out.
    """

    box: tuple[float, float, float, float]
    ink: Ink


@dataclass(eq=False)
class _Group:
    """Pieces of ink that make one digit: their numbers, the box around them in the small picture, pen and strength."""

    numbers: list[int]
    top: int
    bottom: int
    left: int
    right: int
    width: float
    strength: float

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def extent(self) -> int:
        return max(self.height, self.right - self.left)

    def gap(self, other: "_Group") -> int:
        """The distance of two boxes, in pixels; negative where they overlap."""
        across = max(self.left, other.left) - min(self.right, other.right)
        down = max(self.top, other.top) - min(self.bottom, other.bottom)
        return max(across, down)

    def join(self, other: "_Group") -> None:
        self.numbers += other.numbers
        self.top, self.bottom = min(self.top, other.top), max(self.bottom, other.bottom)
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)
        self.width = max(self.width, other.width)
        self.strength = max(self.strength, other.strength)


def find_digits(image: Image.Image) -> list[FoundDigit]:
    """Finds the digits on a sheet, row by row and from left to right.

    Args:
        image: of mode "L" or "RGB", of any size.

    Returns:
        At least two; none where the picture shows one digit, or something else.
    """
    colour = image.convert("RGB")
    best = best_piece(colour)
    if best is None or best.ground.covered is not None:
        return []
    scale = min(1.0, _SEARCH_SIDE / max(colour.size))
    small = resized(colour, scale)
    ground = best.ground
    groups, labels = _digits(small, ground)
    if not groups and ground.colour is None:
        # In the squares of a table the paper itself is what stands out.
        ground = Ground(is_light=not ground.is_light)
        groups, labels = _digits(small, ground)
        groups = [] if any(group.strength < _CLEAR for group in groups) else groups
    if sum(_shares(best.mask, group, small.shape) for group in groups) > 1:
        return []  # they are pieces of one
    digits = []
    for group in _in_reading_order(groups):
        piece = Piece(np.isin(labels, group.numbers), ground, 1.0, group.width)
        ink = cut_out_ink(colour, piece, scale, alone=True)
        if ink is not None:
            box = (group.left / scale, group.top / scale, group.right / scale, group.bottom / scale)
            digits.append(FoundDigit(box, ink))
    return digits if len(digits) > 1 else []


def _shares(mask: np.ndarray, group: _Group, shape: tuple[int, ...]) -> bool:
    """Whether a mask, of a picture scaled otherwise, has anything in the box of a group."""
    down, across = mask.shape[0] / shape[0], mask.shape[1] / shape[1]
    rows = slice(int(group.top * down), int(group.bottom * down) + 1)
    return bool(mask[rows, int(group.left * across) : int(group.right * across) + 1].any())


def _digits(pixels: np.ndarray, ground: Ground) -> tuple[list[_Group], np.ndarray]:
    from scipy import ndimage

    height, width = pixels.shape[:2]
    strength = ndimage.gaussian_filter(ground.strength(pixels, _REACH * min(height, width)), 0.6)
    strength = without_ruled_lines(strength, 3)
    noise = 1.4826 * float(np.median(np.abs(strength - np.median(strength)))) + float(np.median(strength))
    strong = (
        np.percentile(strength[strength > max(4 * noise, 0.06)], 75) if (strength > max(4 * noise, 0.06)).any() else 1
    )
    labels, count = label_ink(strength > max(0.42 * float(strong), 4 * noise, 0.06))
    if count > 20 * _MOST:
        return [], labels
    parts = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        extent = max(rows.stop - rows.start, columns.stop - columns.start)
        if extent < _LEAST // 3 or rows.stop - rows.start > 0.98 * height:
            continue
        ink = labels[rows, columns] == number
        thick = stroke_width(ink)
        strong = float(strength[rows, columns][ink].mean())
        parts.append(_Group([number], rows.start, rows.stop, columns.start, columns.stop, thick, strong))
    if not 2 <= len(parts) <= 4 * _MOST:
        return [], labels
    return _similar(_without_frames(parts), height, width), labels


def _without_frames(parts: list[_Group]) -> list[_Group]:
    """Without what is drawn around others: boxes and tables; and without long lines."""
    kept = []
    for part in parts:
        inside = sum(
            other.extent > 0.3 * min(part.height, part.right - part.left)
            and part.left < other.left
            and other.right < part.right
            and part.top < other.top
            and other.bottom < part.bottom
            for other in parts
        )
        is_line = min(part.height, part.right - part.left) < 0.05 * part.extent
        if not inside and not is_line:
            kept.append(part)
    return kept


def _similar(parts: list[_Group], height: int, width: int) -> list[_Group]:
    """The groups of strokes that are of one height, one pen and apart from each other."""
    tall = [part for part in parts if part.extent >= _LEAST and part.width <= 0.45 * part.extent]
    if len(tall) < 2:
        return []
    # Most of the ink is in digits: the size that divides the ink in halves is theirs, whatever specks there are.
    sizes = np.sort([part.extent for part in tall])
    typical = float(sizes[np.searchsorted(np.cumsum(sizes), sizes.sum() / 2)])
    strong = max(part.strength for part in tall if part.extent > 0.6 * typical)
    pen = float(np.median([part.width for part in tall if part.extent > 0.6 * typical]))
    groups = _joined([part for part in parts if part.extent > 0.25 * typical and part.width > 0.3 * pen], typical)
    digits = [
        group
        for group in groups
        if 0.55 * typical <= group.height <= 1.7 * typical
        and group.extent <= 1.7 * typical
        and 0.45 * pen <= group.width <= 2.2 * pen
        and group.width <= 0.45 * group.extent
        and group.height <= _LARGEST * height * (2 if width > 1.5 * height else 1)
        and group.strength >= 0.55 * strong
        and group.top > 0
        and group.left > 0
        and group.bottom < height
        and group.right < width
    ]
    # Scribbles and textures have pieces of all sizes: of digits, most of the ink is in pieces of one size.
    large = [group for group in groups if group.extent > 0.5 * typical]
    if len(digits) < 2 or len(digits) > _MOST or len(digits) < 0.7 * len(large):
        return []
    if len(digits) < 4 and not _are_apart(digits, typical):
        return []
    return digits


def _joined(parts: list[_Group], typical: float) -> list[_Group]:
    """Strokes that nearly touch, and are no larger than a digit together, are one."""
    groups = sorted(parts, key=lambda part: -part.extent)
    done: list[_Group] = []
    for part in groups:
        near = [group for group in done if group.gap(part) < 0.14 * typical]
        best = min(near, key=lambda group: group.gap(part), default=None)
        if best is not None:
            across = max(best.right, part.right) - min(best.left, part.left)
            down = max(best.bottom, part.bottom) - min(best.top, part.top)
            if down <= 1.35 * typical and across <= 1.2 * typical and part.extent < 0.95 * typical:
                best.join(part)
                continue
        done.append(_Group(list(part.numbers), part.top, part.bottom, part.left, part.right, part.width, part.strength))
    return done


def _are_apart(digits: list[_Group], typical: float) -> bool:
    """Whether two or three digits are not the strokes of one."""
    heights = [digit.height for digit in digits]
    gaps = [a.gap(b) for number, a in enumerate(digits) for b in digits[:number]]
    return min(heights) > 0.7 * max(heights) and min(gaps) > 0.3 * typical


def _in_reading_order(groups: list[_Group]) -> list[_Group]:
    rows: list[list[_Group]] = []
    for group in sorted(groups, key=lambda group: group.top + group.bottom):
        middle = (group.top + group.bottom) / 2
        if rows and middle < np.mean([one.bottom for one in rows[-1]]):
            rows[-1].append(group)
        else:
            rows.append([group])
    return [group for row in rows for group in sorted(row, key=lambda group: group.left)]
