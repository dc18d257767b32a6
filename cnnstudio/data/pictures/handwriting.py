"""Finding what is written in a picture: the ink of one digit, whatever the paper, the pen and the light were.

First a small copy of the picture is searched, for ink darker and for ink lighter than its ground. The ground is the
picture without all that is thin (a grey closing or opening: Serra, Image Analysis and Mathematical Morphology, 1982),
or one colour where the picture's border has one. The piece that is most of a line of ink wins. It is then cut out of
the full picture, with the strokes beside it that belong to it.

Where one digit fills the picture, little of the ground is left to see: light, ink and paper are then found together.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from cnnstudio.interpreter import giving_way

_SEARCH_SIDE = 400
"""Longer side of the picture that is searched, at most, in pixels."""

_DETAIL_SIDE = 240
"""Longer side of the digit that is cut out, in pixels."""

_MANY_DETAIL_SIDE = 120
"""The same of each of many digits, which take their time together."""

_REACH = 0.14
"""Strokes up to this share of the picture's shorter side are taken out of the ground."""

_SLENDER = 0.8
"""Of a narrower picture, as those of a 1 are, this share of its longer side counts for the shorter one there."""

_LEAST_EXTENT = 0.035
"""Size of the smallest digit, as a share of the picture's shorter side."""

_THICKEST = 0.42
"""Width of the thickest stroke, as a share of the digit's longer side."""

_LONG, _THIN = 0.55, 0.06
"""What is longer than the one share of the picture's shorter side, and thinner than the other share of its own length,
is an edge or a fold of the paper."""

_LEAST_STRENGTH = 0.06
"""Fainter differences from the ground are no ink."""

_EDGE = 0.42
"""Where a stroke ends, as a share of its strength."""

_FLAT = 8
"""Pixels of a border of one colour differ by at most so much from it, of 255."""

_STEEPEST = 0.16
"""Rise of a ruled line over its run: a photo taken as crooked as 9° still has its lines found."""

_COVERED = 0.6
"""Share of the picture's width that a ruled line must cover; the strokes of a digit do not."""

_MANY_LINES = 3
"""So many parallel lines are printed. Fewer may be a digit's own strokes, unless they reach the borders."""

_LEAST_RULED = 24
"""Lines are looked for in pictures at least this high and wide, in pixels."""

_DEGREE = 3
"""Of the polynomial that paper of uneven brightness is taken for."""

_TERMS = (_DEGREE + 1) * (_DEGREE + 2) // 2
"""Of such a polynomial in x and y."""

_STIFF = 0.02
"""How strongly its terms but the first are drawn to 0."""

_FITTED_SIDE, _TURNS = 64, 12
"""Longer side of the picture that it is fitted to, in pixels, and how often."""

_LEAST_SCATTER = 1e-5
"""Variance of the logarithms of a colour that is but noise."""

_FILLS = 0.72
"""Share of the picture's longer side that a digit takes at least where it fills the picture."""

_BESIDE = 0.16
"""Of that side, what may be left on each side of such a digit."""

_DARK = 16
"""Added to values before they are divided by each other: in the dark there is mostly noise."""

_THICKEST_FILLING = 0.36
"""The same as `_THICKEST` of a digit that fills the picture: nothing else says that it is one."""

_MOST_BORDER = 0.42
"""Share of the picture's border that its strokes cross at most: else it is the paper."""

_CLEAR, _BARELY_CLEAR = 1.2, 0.6
"""How clearly such a digit stands out at least (`_filling_piece`), and where nothing else is found."""


@dataclass(frozen=True, eq=False)
class Ink:
    """The digit that was found, cut out with some paper around it.

    Attributes:
        strength: (height, width) float32, how much each pixel differs from the ground, 0–1; 1 is the ink itself.
        mask: (height, width) bool, the pixels of the digit.
        threshold: the strength that separates ink from ground.
    """

    strength: np.ndarray
    mask: np.ndarray
    threshold: float


@dataclass(frozen=True, eq=False)
class Separation:
    """How a picture falls into the ink of one digit that fills it and the paper between its strokes.

    The logarithm of a pixel is that of the paper, a smooth surface as the light is, plus a share of what ink differs
    by. What ink differs by is weighed as in Fisher's linear discriminant (The use of multiple measurements in taxonomic
    problems, 1936): where shadows vary more than tints, bluer counts for more than darker.

    Attributes:
        surface: (terms, 3) the paper, as the factors of a polynomial in x and y (`_terms`).
        ink: (3,) what ink differs by.
        direction: (3,) its product with `ink` is 1.
    """

    surface: np.ndarray
    ink: np.ndarray
    direction: np.ndarray

    def strength(self, pixels: np.ndarray) -> np.ndarray:
        """The share of ink in each pixel, (height, width); nearly 0 to 1, but for noise."""
        paper = _terms(pixels.shape[0], pixels.shape[1]) @ self.surface
        return (np.log(pixels.clip(0) + _DARK) - paper) @ self.direction

    def swapped(self) -> "Separation":
        """The same with the ink taken for the paper: where only the other kind looks like strokes, that is the ink."""
        surface = self.surface.copy()
        surface[0] += self.ink
        return Separation(surface, -self.ink, -self.direction)


@dataclass(frozen=True, eq=False)
class Ground:
    """What may be written on: one colour, paper or a board under any light, or paper that a digit nearly covers.

    Attributes:
        colour: (3,) of a ground of one colour; None where it is estimated from the picture.
        is_light: whether the ink is darker; unused with the others.
        covered: of a picture that one digit fills, how ink and paper differ there.
    """

    colour: np.ndarray | None = None
    is_light: bool = True
    covered: Separation | None = None

    def strength(self, pixels: np.ndarray, reach: float) -> np.ndarray:
        """How far each pixel is from the ground, (height, width), up to 1: the same in light and in shadow.

        Args:
            pixels: (height, width, 3) float32, 0–255.
            reach: strokes narrower than so many pixels are ink.
        """
        from scipy import ndimage

        if self.colour is not None:
            return np.abs(pixels - self.colour).max(axis=2) / 255
        if self.covered is not None:
            return self.covered.strength(pixels).clip(0)
        # One plane for each colour: the largest of three neighbours in memory takes NumPy longer to find.
        bright = np.ascontiguousarray(np.moveaxis(pixels if self.is_light else 255 - pixels, 2, 0))
        step = max(1, int(reach // 6))
        small = ndimage.minimum_filter(bright, (1, step, step))[:, ::step, ::step] if step > 1 else bright
        size = max(3, round(reach / step) | 1)
        closed = ndimage.grey_closing(small, size=(1, size, size), mode="nearest")
        ground = np.repeat(np.repeat(closed, step, axis=1), step, axis=2)[:, : bright.shape[1], : bright.shape[2]]
        if step > 1:
            # Smooth, and nowhere above the ground itself: the edge of the paper would look like a line otherwise.
            ground = ndimage.minimum_filter(ground, (1, step, step), mode="nearest")
            ground = ndimage.uniform_filter(ground, (1, step, step), mode="nearest")
        return ((ground - bright) / np.maximum(ground.max(axis=0), 40)).clip(0).max(axis=0)


@dataclass(frozen=True, eq=False)
class Piece:
    """A connected piece of ink in the small picture.

    Attributes:
        mask: (height, width) bool.
        ground: what it lies on.
        weight: how much of a line of strong ink it is.
        width: of its stroke, in pixels.
    """

    mask: np.ndarray
    ground: Ground
    weight: float
    width: float


def _terms(height: int, width: int) -> np.ndarray:
    """(height, width, terms) of a polynomial in x and y, which go from −1 to 1 over the picture; the first is 1."""
    y, x = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    powers = [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)]
    return np.stack([np.outer(y**j, x**i) for i, j in powers], axis=-1)


def _separations(pixels: np.ndarray) -> Iterator[Separation]:
    """The ways in which a picture, (height, width, 3), may fall into ink and paper.

    The shares of ink and all else are fitted in turn, as in Wells et al., Adaptive segmentation of MRI data, 1996: once
    from what is darker, once from what is bluer.
    """
    step = max(1, max(pixels.shape[:2]) // _FITTED_SIDE)
    colours = np.log(pixels[::step, ::step].clip(0) + _DARK)
    terms = _terms(*colours.shape[:2]).reshape(-1, _TERMS)
    colours = colours.reshape(-1, 3)
    # The paper is nearly level unless most of the picture says otherwise.
    ridge = _STIFF * len(terms) * np.eye(_TERMS + 1)
    ridge[0, 0] = 0
    surface = np.linalg.solve(terms.T @ terms + ridge[:-1, :-1], terms.T @ colours)
    for seen in (np.array([-1, -1, -1]), np.array([-1, 0, 1])):
        differs = (colours - terms @ surface) @ seen
        ink = (differs > _between(differs)).astype(np.float64)
        for _ in range(_TURNS):
            known = np.column_stack([terms, ink])
            found = np.linalg.solve(known.T @ known + ridge, known.T @ colours)
            rest = colours - known @ found
            scatter = rest.T @ rest / len(rest) + _LEAST_SCATTER * np.eye(3)
            direction = np.linalg.solve(scatter, found[-1])
            apart = max(float(found[-1] @ direction), 1e-9)
            direction /= apart
            strength = (colours - terms @ found[:-1]) @ direction
            share = np.clip(ink.mean(), 0.02, 0.98)
            odds = apart * (strength - 0.5) + np.log(share / (1 - share))
            ink = 1 / (1 + np.exp(-odds.clip(-50, 50)))
        separation = Separation(found[:-1], found[-1], direction)
        yield from (separation, separation.swapped())


def find_ink(image: Image.Image) -> Ink | None:
    """Finds the digit in a picture of mode "L" or "RGB", of any size.

    Returns:
        The digit, cut out, its longer side some `_DETAIL_SIDE` pixels; None where nothing is written.
    """
    colour = image.convert("RGB")
    scale = min(1.0, _SEARCH_SIDE / max(colour.size))
    piece = best_piece(colour)
    return None if piece is None else cut_out_ink(colour, piece, scale)


def cut_out_ink(colour: Image.Image, piece: Piece, scale: float, alone: bool = False) -> Ink | None:
    """Cuts a digit out of the full picture.

    Args:
        colour: the picture, of mode "RGB".
        piece: the digit, or its largest part, in the picture scaled by `scale`.
        scale: 1 or less.
        alone: whether the strokes near it belong to others.
    """
    from scipy import ndimage

    rows, columns = bounding_box(piece.mask)
    size = max(rows.stop - rows.start, columns.stop - columns.start) / scale
    margin = (0.5 if alone else 0.8) * size + 2 * piece.width / scale
    left, top = max(0, int(columns.start / scale - margin)), max(0, int(rows.start / scale - margin))
    right = min(colour.width, int(columns.stop / scale + margin) + 1)
    bottom = min(colour.height, int(rows.stop / scale + margin) + 1)
    detail = min(4.0, (_MANY_DETAIL_SIDE if alone else _DETAIL_SIDE) / size)
    cut = resized(colour.crop((left, top, right, bottom)), detail)
    seed = Image.fromarray(
        piece.mask[int(top * scale) : int(bottom * scale) + 1, int(left * scale) : int(right * scale) + 1]
    )
    seed_mask = np.asarray(seed.resize((cut.shape[1], cut.shape[0]), Image.Resampling.NEAREST))
    strength = piece.ground.strength(cut, 3 * piece.width / scale * detail + 6).astype(np.float32)
    if piece.ground.covered is not None:
        strength = ndimage.gaussian_filter(strength, 0.006 * _DETAIL_SIDE)
    else:
        strength = without_ruled_lines(strength, 2)
    return _whole_digit(strength, seed_mask, fills=piece.ground.covered is not None, alone=alone)


def best_piece(image: Image.Image) -> Piece | None:
    """The piece of ink that is most of a digit, or of a line, in a picture of mode "RGB"; None where there is none.

    It is found in the picture scaled to a longer side of at most `_SEARCH_SIDE`.
    """
    pixels = resized(image, min(1.0, _SEARCH_SIDE / max(image.size)))
    colour = border_colour(pixels)
    pieces = [] if colour is None else _pieces(pixels, Ground(colour))
    if not pieces:
        pieces = _filling_pieces(pixels, _CLEAR)
    if not pieces:
        pieces = [piece for is_light in (True, False) for piece in _pieces(pixels, Ground(is_light=is_light))]
    if not pieces:
        pieces = _filling_pieces(pixels, _BARELY_CLEAR)
    # What a loop of ink encloses looks like ink of the other kind: the piece around it is meant.
    outer = [piece for piece in pieces if not any(_encloses(other, piece) for other in pieces)]
    return max(outer, key=lambda piece: piece.weight, default=None)


def border_colour(pixels: np.ndarray) -> np.ndarray | None:
    """The colour of a border that has but one, as in screenshots and exported images; None in photographs."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = np.median(border, axis=0)
    is_flat = (np.abs(border - colour).max(axis=1) <= _FLAT).mean() > 0.85
    inside = (np.abs(pixels - colour).max(axis=2) <= _FLAT).mean()
    return colour if is_flat and inside > 0.4 else None


def _pieces(pixels: np.ndarray, ground: Ground) -> list[Piece]:
    """The pieces that may be a digit, or its largest part."""
    from scipy import ndimage

    short = min(pixels.shape[:2])
    reach = _REACH * max(short, _SLENDER * max(pixels.shape[:2]))
    strength = ndimage.gaussian_filter(ground.strength(pixels, reach), 0.6)
    strength = without_ruled_lines(strength, 3)
    noise = 1.4826 * float(np.median(np.abs(strength - np.median(strength)))) + float(np.median(strength))
    found: list[Piece] = []
    for share in (0.7, 0.45, 0.25):
        level = max(share * float(strength.max()), 4 * noise, _LEAST_STRENGTH)
        labels, _ = label_ink(strength > level)
        for number, box in enumerate(ndimage.find_objects(labels), 1):
            extent = max(part.stop - part.start for part in box)
            thinness = min(part.stop - part.start for part in box) / extent
            if extent < max(5, _LEAST_EXTENT * short) or (extent > _LONG * short and thinness < _THIN):
                continue
            part = labels[box] == number
            width = stroke_width(part)
            if ground.colour is None and (width > _THICKEST * extent or _on_border(box, labels.shape)):
                continue
            weight = float(strength[box][part].mean()) ** 2 * np.sqrt(part.sum() * extent / width)
            found.append(Piece(labels == number, ground, weight, width))
        found = sorted(found, key=lambda piece: -piece.weight)[:4]
    return found


def _filling_pieces(pixels: np.ndarray, least: float) -> list[Piece]:
    """The ink of a digit that fills the picture up to its border; none where the picture shows more than that.

    Args:
        pixels: (height, width, 3) float32.
        least: weight of the piece.
    """
    from scipy import ndimage

    # A coarse look will do: all that is told here is whether there is such a digit, and where.
    step = max(1, max(pixels.shape[:2]) // 150)
    coarse = ndimage.uniform_filter(pixels, (step, step, 1))[::step, ::step]
    coarse = ndimage.gaussian_filter(coarse, (0.006 * max(coarse.shape), 0.006 * max(coarse.shape), 0))
    pieces = [_filling_piece(separation, coarse) for separation in _separations(coarse)]
    best = max((piece for piece in pieces if piece is not None), key=lambda piece: piece.weight, default=None)
    if best is None or best.weight < least:
        return []
    mask = best.mask.repeat(step, axis=0).repeat(step, axis=1)[: pixels.shape[0], : pixels.shape[1]]
    return [replace(best, mask=mask, width=step * best.width)]


@giving_way
def _filling_piece(separation: Separation, pixels: np.ndarray) -> Piece | None:
    """The digit where a picture falls into ink and paper in one way; None where that gives no line that fills it."""
    from scipy import ndimage

    strength = without_ruled_lines(separation.strength(pixels), _MANY_LINES)
    ink = strength > 0.5
    labels, count = label_ink(ink)
    if not count or ink.all():
        return None
    sizes = np.bincount(labels.ravel())[1:]
    main = labels == sizes.argmax() + 1
    (height, width), (rows, columns) = main.shape, bounding_box(main)
    longer, extent = max(height, width), max(rows.stop - rows.start, columns.stop - columns.start)
    beside = max(rows.start, height - rows.stop, columns.start, width - columns.stop)
    inside = ndimage.distance_transform_edt(np.pad(main, 1))
    ridge = inside[(inside == ndimage.maximum_filter(inside, 5)) & (inside > 1)]
    fills = extent >= _FILLS * longer and beside <= _BESIDE * longer
    is_line = ridge.size and 2 * inside.max() <= _THICKEST_FILLING * extent and sizes.max() > 0.6 * ink.sum()
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]]).mean()
    if not (fills and is_line and border < _MOST_BORDER):
        return None
    # Ink and paper are far apart, strokes of even width, and paper is what goes on beyond the border.
    apart = (strength[ink].mean() - strength[~ink].mean()) / (strength[ink].std() + strength[~ink].std())
    weight = float(apart - 2 * ridge.std() / ridge.mean() - 2 * border)
    return Piece(main, Ground(covered=separation), weight, 2 * float(inside.max()))


def _between(strength: np.ndarray) -> float:
    """The strength that separates ink from ground best (Otsu, A threshold selection method from histograms, 1979)."""
    counts, edges = np.histogram(strength, 128)
    middles = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * middles)[:-1]
    above = counts.sum() - below
    difference = sums / np.maximum(below, 1) - ((counts * middles).sum() - sums) / np.maximum(above, 1)
    return float(middles[(below * above.astype(np.float64) * difference**2).argmax()])


def _whole_digit(strength: np.ndarray, seed: np.ndarray, fills: bool, alone: bool) -> Ink | None:
    """The piece of ink under a seed, with the strokes near it that are as strong and as thick.

    Args:
        strength: (height, width) float32.
        seed: likewise, bool.
        fills: whether the digit fills the picture, and strokes may go up to its border.
        alone: whether the strokes near it belong to other digits.
    """
    from scipy import ndimage

    ink = strength[seed]
    if not ink.size or ink.max() <= 0:
        return None
    level = float(np.percentile(ink[ink > 0.3 * ink.max()], 60))
    threshold = _EDGE * level
    labels, count = label_ink(strength > threshold)
    under_seed = np.bincount(labels[seed], minlength=count + 1)
    under_seed[0] = 0
    if not under_seed.any():
        return None
    boxes = ndimage.find_objects(labels)
    main = int(under_seed.argmax())
    width = stroke_width(labels[boxes[main - 1]] == main)
    keep = {main, *np.flatnonzero(under_seed > 0.05 * under_seed.sum()).tolist()}
    rows, columns = boxes[main - 1]
    reach = 0.3 * max(rows.stop - rows.start, columns.stop - columns.start)
    for number, box in enumerate(() if alone else boxes, 1):
        other_rows, other_columns = box
        gap = max(
            other_rows.start - rows.stop,
            rows.start - other_rows.stop,
            other_columns.start - columns.stop,
            columns.start - other_columns.stop,
        )
        extent = max(other_rows.stop - other_rows.start, other_columns.stop - other_columns.start)
        part = labels[box] == number
        along = _along_border(part, box, strength.shape)
        is_near = gap < reach and extent > 0.3 * reach and along <= (0.4 * extent if fills else 0)
        if is_near and 0.35 * width < stroke_width(part) < 2.5 * width:
            keep.add(number)
    return Ink((strength / level).clip(0, 1), np.isin(labels, list(keep)), _EDGE)


def label_ink(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Numbers the connected pieces of a mask from 1: the numbers, and how many there are."""
    from scipy import ndimage

    return ndimage.label(mask, np.ones((3, 3), dtype=bool))


def _encloses(outer: Piece, inner: Piece) -> bool:
    """Whether a piece may be what a loop of another one encloses: ink of the other kind, with the loop all around."""
    if outer.ground.is_light == inner.ground.is_light or outer.weight < 0.3 * inner.weight:
        return False
    boxes = zip(bounding_box(outer.mask), bounding_box(inner.mask), strict=True)
    return all(a.start < b.start and b.stop < a.stop for a, b in boxes)


def _on_border(box: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    return any(part.start == 0 or part.stop == length for part, length in zip(box, shape, strict=True))


def _along_border(part: np.ndarray, box: tuple[slice, ...], shape: tuple[int, ...]) -> int:
    """How many pixels of a piece, which lies in a box, are on the border of the picture."""
    rows, columns = box
    sides = (
        (rows.start == 0, part[0]),
        (rows.stop == shape[0], part[-1]),
        (columns.start == 0, part[:, 0]),
        (columns.stop == shape[1], part[:, -1]),
    )
    return sum(int(pixels.sum()) for is_there, pixels in sides if is_there)


def bounding_box(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the smallest box that holds all that is true in a mask; some of it is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def stroke_width(mask: np.ndarray) -> float:
    """Twice the distance of the innermost pixel from the outside, in pixels."""
    from scipy import ndimage

    return 2 * float(ndimage.distance_transform_edt(np.pad(mask, 1)).max())


def resized(image: Image.Image, scale: float) -> np.ndarray:
    """The picture scaled, (height, width, 3) float32."""
    size = (max(1, round(scale * image.width)), max(1, round(scale * image.height)))
    return np.asarray(image.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC), np.float32)


def without_ruled_lines(ink: np.ndarray, least: int) -> np.ndarray:
    """Takes out the printed lines of ruled paper: straight ones across the whole picture, nearly level or upright.

    What is clearly stronger than the line it lies on, ink across a line, stays.

    Args:
        ink: (height, width) float32, how much each pixel differs from the ground, 0–1.
        least: fewer parallel lines than this may be the digit's own strokes, and stay.
    """
    lines = np.maximum(_lines(ink, least), _lines(ink.T, least).T)
    cleared = np.where((lines > 0) & (ink < 1.5 * lines + 0.05), 0, ink)
    return ink if cleared.max() < 0.02 else cleared


def _lines(ink: np.ndarray, least: int) -> np.ndarray:
    """How strong the nearly level lines are at each pixel, 0 where there is none."""
    from scipy import ndimage

    height, width = ink.shape
    if min(height, width) < _LEAST_RULED:
        return np.zeros_like(ink)
    # A line that runs between two rows of pixels is seen whole in the stronger one.
    thickened = ndimage.maximum_filter1d(ink, 3, axis=0)[:, :: max(1, width // 64)]
    slope, strengths = _common_slope(thickened, width)
    strengths -= np.median(strengths)
    noise = 1.4826 * np.median(np.abs(strengths)) + 0.01
    bands, _ = ndimage.label(strengths > max(4 * noise, 0.06))
    thin = np.bincount(bands) <= max(6, 0.05 * height)
    thin[0] = False
    if np.count_nonzero(thin) < _MANY_LINES:
        thin &= np.bincount(bands, _reach_borders(thickened, slope, width, strengths)) > 0
    if np.count_nonzero(thin) < least:
        return np.zeros_like(ink)
    strengths[~thin[bands]] = 0
    rows = np.arange(height)[:, np.newaxis] - _rise(slope, width, width)
    return np.where((rows >= 0) & (rows < height), strengths[rows.clip(0, height - 1)], 0)


def _reach_borders(ink: np.ndarray, slope: float, width: int, strengths: np.ndarray) -> np.ndarray:
    """(height,) whether a line is printed beyond the digit: half as strong near both borders as elsewhere, or more."""
    from scipy import ndimage

    height, columns = ink.shape
    # The slope is not known to a pixel there.
    ink = ndimage.maximum_filter1d(ink, 5, axis=0)
    near = max(1, columns // 16)
    rows = (np.arange(height)[:, np.newaxis] + _rise(slope, width, columns)).clip(0, height - 1)
    along = np.take_along_axis(ink, rows, axis=0)
    weaker = np.minimum(np.median(along[:, :near], axis=1), np.median(along[:, -near:], axis=1))
    return weaker > 0.5 * strengths


def _common_slope(ink: np.ndarray, width: int) -> tuple[float, np.ndarray]:
    """The slope along which the rows differ most from each other: first roughly, then finely.

    Args:
        ink: (height, columns), of columns spread over `width` pixels.
        width: of the picture.

    Returns:
        The slope; and (height,) what `_COVERED` of each row along it has at least.
    """
    height, columns = ink.shape
    reach = int(_STEEPEST * width / 2) + 8
    # All places at which a column may begin, as views: a look along a slope only copies them.
    starts = sliding_window_view(np.pad(ink.T, ((0, 0), (reach, reach)), mode="edge"), height, axis=1)
    rank = int(columns * (1 - _COVERED))

    def best(slopes: np.ndarray) -> tuple[float, np.ndarray]:
        along = starts[np.arange(columns), reach + _rise(slopes[:, np.newaxis], width, columns)]
        strengths = np.partition(along, rank, axis=1)[:, rank]
        contrast = np.square((strengths - np.median(strengths, axis=1, keepdims=True)).clip(0)).sum(axis=1)
        return slopes[contrast.argmax()], strengths[contrast.argmax()]

    step = 1.5 / width
    rough, _ = best(np.arange(-_STEEPEST, _STEEPEST + step, 4 * step))
    return best(rough + step * np.arange(-3, 4))


def _rise(slope: float | np.ndarray, width: int, columns: int) -> np.ndarray:
    """By how many rows a line has risen at each of some columns spread over `width`, 0 in the middle."""
    return np.round(slope * (np.arange(columns) * (width / columns) - width / 2)).astype(np.intp)
