"""Photographs of handwritten digits, made by a program: pens, papers, light and cameras as people really have them.

Every kind is a row in `KINDS`. A digit comes as its shape, from MNIST's test images or from drawings; the kind says how
it was written and photographed. The same seed gives the same pictures.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from scipy import ndimage  # noqa: TID253

from cnnstudio.data.pictures.strokes import Drawing, render_all

SIDE = 224
"""Side of a shape, in pixels."""

Shape = np.ndarray
"""(height, width) float32, how far inside the ink each pixel is, in pixels; negative outside; cut out of `SIDE`²."""


@dataclass(frozen=True)
class Kind:
    """One way to write and to photograph a digit; ranges are (least, most).

    Attributes:
        pen: width of the stroke, as a share of the digit's longer side.
        strength: how far the ink covers the paper, 0–1.
        grain: how much of the ink the paper's grain leaves out, 0–1.
        colours: of the ink.
        paper: grey level of the paper.
        light_ink: whether the ground is a board, and the ink lighter.
        size: longer side of the digit, in pixels of the photo.
        margin: ground around it, as a share of that; negative where the picture cuts into the stroke's edge.
        ruled: the printed lines: "" for none, "lines" or "grid".
        uneven: how much the paper's brightness varies.
        shadow: how dark a shadow with an edge is.
        vignette: how dark the corners are.
        blur: standard deviation, as a share of the digit's longer side.
        noise: standard deviation, of 255.
        block: side of a pixel, in pixels of the file; 0 where it is one.
        quality: of the JPEG file.
    """

    pen: tuple[float, float] = (0.06, 0.11)
    strength: tuple[float, float] = (0.75, 0.95)
    grain: tuple[float, float] = (0.0, 0.1)
    colours: Sequence[tuple[int, int, int]] = ((30, 30, 35), (35, 55, 140))
    paper: tuple[float, float] = (150, 240)
    light_ink: bool = False
    size: tuple[float, float] = (110, 300)
    margin: tuple[float, float] = (0.2, 0.9)
    ruled: str = ""
    uneven: tuple[float, float] = (0.0, 0.12)
    shadow: tuple[float, float] = (0.0, 0.0)
    vignette: tuple[float, float] = (0.0, 0.0)
    blur: tuple[float, float] = (0.003, 0.01)
    noise: tuple[float, float] = (1, 4)
    block: tuple[int, int] = (0, 0)
    quality: tuple[int, int] = (70, 95)


_BLUE = ((35, 55, 140), (50, 70, 170), (25, 35, 110))
_PENCIL = ((70, 70, 75), (95, 95, 100))
_CHALK = ((235, 235, 230), (240, 230, 160), (190, 215, 240))
_MARKERS = ((20, 20, 20), (170, 25, 30), (20, 110, 60), (25, 40, 150))

KINDS: dict[str, Kind] = {
    "ballpoint": Kind(pen=(0.035, 0.07), strength=(0.6, 0.9), colours=_BLUE),
    "tight crop": Kind(
        pen=(0.07, 0.13),
        strength=(0.45, 0.8),
        colours=_BLUE,
        paper=(110, 190),
        size=(62, 86),
        margin=(0.0, 0.06),
        uneven=(0.1, 0.3),
        blur=(0.015, 0.04),
        noise=(2, 6),
    ),
    "pencil": Kind(pen=(0.03, 0.07), strength=(0.35, 0.7), grain=(0.2, 0.5), colours=_PENCIL),
    "chalk": Kind(
        pen=(0.06, 0.12),
        strength=(0.6, 0.9),
        grain=(0.2, 0.5),
        colours=_CHALK,
        paper=(30, 80),
        light_ink=True,
        uneven=(0.1, 0.4),
    ),
    "marker": Kind(pen=(0.12, 0.2), colours=_MARKERS, paper=(190, 245)),
    "grid paper": Kind(ruled="grid", size=(90, 260)),
    "ruled paper": Kind(ruled="lines", size=(90, 260)),
    "shadow": Kind(shadow=(0.25, 0.55), uneven=(0.05, 0.25)),
    "vignette": Kind(vignette=(0.35, 0.75), margin=(0.05, 0.5)),
    "grey paper": Kind(paper=(90, 150), strength=(0.5, 0.8), uneven=(0.15, 0.4), noise=(3, 8)),
    "large pixels": Kind(
        pen=(0.08, 0.14), size=(18, 30), margin=(0.1, 0.5), blur=(0.0, 0.01), noise=(0, 3), block=(6, 12)
    ),
    "small file": Kind(size=(28, 55), margin=(0.1, 0.6), pen=(0.07, 0.13), noise=(0, 4)),
    "blur": Kind(blur=(0.03, 0.055), pen=(0.06, 0.12)),
    "JPEG 30": Kind(quality=(28, 32), size=(60, 160), noise=(2, 6)),
}
"""Every kind by its name."""


def shape_of_image(image: np.ndarray) -> Shape:
    """The shape of a digit of MNIST, (28, 28) uint8."""
    large = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
    return _distances(ndimage.gaussian_filter(large, 2) > 110)


def shapes_of_drawings(drawings: Sequence[Drawing]) -> list[Shape]:
    """The shapes of drawings."""
    return [_distances(image[..., 0] > 127) for image in render_all(drawings, (SIDE, SIDE, 1))]


def _distances(mask: np.ndarray) -> Shape:
    inside, outside = ndimage.distance_transform_edt(mask), ndimage.distance_transform_edt(~mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (inside - outside)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)


def photograph(shape: Shape, kind: Kind, random: np.random.Generator) -> Image.Image:
    """Writes a digit on paper and photographs it: mode RGB, as a JPEG was read."""
    size = random.uniform(*kind.size)
    ink = written(shape, kind, size, random)
    left, right, top, bottom = np.maximum(0, np.round(size * random.uniform(*kind.margin, size=4))).astype(int)
    coverage = np.pad(ink, ((top, bottom), (left, right)))
    return taken(coverage, kind, size, random)


def written(shape: Shape, kind: Kind, size: float, random: np.random.Generator) -> np.ndarray:
    """What a pen of a kind covers, (height, width) float32, 0–1, its longer side `size`."""
    ridge = shape[(shape == ndimage.maximum_filter(shape, 5)) & (shape > 1)]
    now = 2 * float(np.median(ridge)) if ridge.size else 12.0
    wanted = random.uniform(*kind.pen) * max(shape.shape)
    pad = int(max(0, (wanted - now) / 2)) + 2
    grown = np.pad(shape, pad, constant_values=-9.0)
    # Strokes of uneven width cannot be thinned or thickened at will: they would fall apart, or their loops would close.
    for pen in np.linspace(np.clip(wanted, 0.45 * now, 1.35 * now), now, 5):
        wider = np.clip(grown + (pen - now) / 2 + 0.5, 0, 1)
        if _pieces_of(wider > 0.5) == _pieces_of(grown > 0):
            break
    rows, columns = np.flatnonzero((wider > 0.5).any(axis=1)), np.flatnonzero((wider > 0.5).any(axis=0))
    wider = wider[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = size / max(wider.shape)
    to = (max(1, round(wider.shape[1] * scale)), max(1, round(wider.shape[0] * scale)))
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.clip(np.asarray(Image.fromarray(wider).resize(to, how)), 0, 1)


def _pieces_of(ink: np.ndarray) -> tuple[int, int]:
    """How many pieces ink and ground have."""
    return int(ndimage.label(ink, np.ones((3, 3)))[1]), int(ndimage.label(~np.pad(ink, 1))[1])


def taken(coverage: np.ndarray, kind: Kind, size: float, random: np.random.Generator) -> Image.Image:
    """Photographs what was written: (height, width) 0–1, of which a digit takes `size` pixels."""
    height, width = coverage.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32) / max(height, width)
    light = np.full((height, width), random.uniform(*kind.paper), np.float32)
    light *= 1 + random.uniform(*kind.uneven) * _clouds((height, width), random)
    turn = random.uniform(0, 2 * np.pi)
    across = np.cos(turn) * (columns - columns.mean()) + np.sin(turn) * (rows - rows.mean())
    light *= 1 - random.uniform(*kind.shadow) / (1 + np.exp(-(across + random.uniform(-0.2, 0.2)) * 40))
    light *= 1 - random.uniform(*kind.vignette) * ((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2) * 2
    tint = np.array([1, random.uniform(0.96, 1), random.uniform(0.86, 1)], np.float32)
    page = light[..., np.newaxis] * tint
    if kind.ruled:
        page = _ruled(page, kind.ruled, size, random)
    grain = 1 - random.uniform(*kind.grain) * random.random((height, width)) * 1.6
    grain = ndimage.gaussian_filter(grain, 0.6)
    covered = (coverage * random.uniform(*kind.strength) * np.clip(grain, 0, 1))[..., np.newaxis]
    colour = np.array(kind.colours[random.integers(len(kind.colours))], np.float32)
    if not kind.light_ink:
        colour = colour * (light / light.max())[..., np.newaxis]
    page = page + covered * (colour - page)
    page = ndimage.gaussian_filter(page, (size * random.uniform(*kind.blur),) * 2 + (0,))
    page += random.normal(0, random.uniform(*kind.noise), page.shape)
    picture = Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))
    if kind.block[1]:
        block = int(random.integers(kind.block[0], kind.block[1] + 1))
        picture = picture.resize((width * block, height * block), Image.Resampling.NEAREST)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=int(random.integers(kind.quality[0], kind.quality[1] + 1)))
    return Image.open(file).convert("RGB")


def _clouds(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Smooth brightness, some −1 to 1."""
    coarse = Image.fromarray(random.uniform(-1, 1, (4, 4)).astype(np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def _ruled(page: np.ndarray, ruling: str, size: float, random: np.random.Generator) -> np.ndarray:
    """Prints lines on the page, a little crooked."""
    height, width = page.shape[:2]
    distance = size * (random.uniform(0.7, 1.3) if ruling == "lines" else random.uniform(0.3, 0.9))
    thick = max(1.0, 0.012 * size)
    slope = random.uniform(-0.06, 0.06)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    lines = _comb(rows + slope * columns + random.uniform(0, distance), distance, thick)
    if ruling == "grid":
        lines = np.maximum(lines, _comb(columns - slope * rows + random.uniform(0, distance), distance, thick))
    faint = (random.uniform(0.2, 0.5) * lines)[..., np.newaxis]
    return page + faint * (np.array([110, 140, 190], np.float32) * page.mean() / 230 - page)


def _comb(position: np.ndarray, distance: float, thick: float) -> np.ndarray:
    return np.clip(thick / 2 + 0.5 - np.abs((position + distance / 2) % distance - distance / 2), 0, 1)


SHEETS: dict[str, Kind] = {
    "plain sheet": Kind(pen=(0.06, 0.12), size=(40, 70)),
    "ruled sheet": Kind(pen=(0.06, 0.12), size=(40, 70), ruled="lines"),
    "grid sheet": Kind(pen=(0.06, 0.12), size=(40, 70), ruled="grid"),
    "board": Kind(pen=(0.07, 0.12), size=(40, 70), colours=_CHALK, paper=(30, 80), light_ink=True, grain=(0.1, 0.3)),
    "squares": Kind(pen=(0.06, 0.12), size=(40, 70)),
    "boxes": Kind(pen=(0.06, 0.12), size=(40, 70)),
}
"""Ways to photograph a page with many digits; “squares” has a table drawn around them, “boxes” a box around each."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A page with several digits.

    Attributes:
        picture: the photo.
        boxes: (left, top, right, bottom) of each digit, in pixels, row by row.
    """

    picture: Image.Image
    boxes: list[tuple[int, int, int, int]] = field(default_factory=list)


def sheet(name: str, shapes: Sequence[Shape], columns: int, random: np.random.Generator) -> Sheet:
    """Writes digits in rows and photographs the page."""
    kind = SHEETS[name]
    size = random.uniform(*kind.size)
    cell = round(size * random.uniform(1.7, 2.4))
    lines = -(-len(shapes) // columns)
    edge = cell // 2
    coverage = np.zeros((lines * cell + 2 * edge, columns * cell + 2 * edge), np.float32)
    boxes = []
    for number, shape in enumerate(shapes):
        ink = written(shape, kind, size * random.uniform(0.85, 1.15), random)
        room = [cell - length for length in ink.shape]
        top = edge + number // columns * cell + int(room[0] * random.uniform(0.3, 0.7))
        left = edge + number % columns * cell + int(room[1] * random.uniform(0.3, 0.7))
        part = coverage[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(part, ink, out=part)
        boxes.append((left, top, left + ink.shape[1], top + ink.shape[0]))
    thick = max(2, round(0.03 * size))
    for number in range(len(shapes)):
        gap = 0 if name == "squares" else round(0.06 * cell)
        if name in ("squares", "boxes"):
            top, left = edge + number // columns * cell + gap, edge + number % columns * cell + gap
            bottom, right = top + cell - 2 * gap, left + cell - 2 * gap
            for rows, across in (
                (slice(top, top + thick), slice(left, right + thick)),
                (slice(bottom, bottom + thick), slice(left, right + thick)),
                (slice(top, bottom + thick), slice(left, left + thick)),
                (slice(top, bottom + thick), slice(right, right + thick)),
            ):
                coverage[rows, across] = 0.8
    return Sheet(taken(coverage, kind, size, random), boxes)


Source = Callable[[int, int], tuple[list[Shape], np.ndarray]]
"""(count, seed) -> shapes and their labels."""
