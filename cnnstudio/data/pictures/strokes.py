"""Pen strokes, drawn as the images of MNIST look.

All drawings of a call are drawn together in NumPy: every stroke becomes points half a pixel apart, and every point
lights the pixels around it. That is as exact as drawing lines (see `_ink`) and needs no loop over drawings.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from cnnstudio.errors import StudioError, reason
from cnnstudio.wording import size

Stroke = np.ndarray
"""One pen-down line: (n, 2) float, x to the right and y down, in any unit."""

Drawing = Sequence[Stroke]
"""The strokes of one drawing, in the order in which they were drawn."""

MAX_POINTS = 100_000
"""Points of one drawing; a mouse at 1,000 Hz needs over a minute and a half for that many."""

MAX_FILE_BYTES = 500 * 10**6
"""Size of a strokes file; 13,000 drawings need some 10 MB."""

MNIST_SIDE = 28
"""The lengths below are in pixels of an image with this side; they grow with larger images."""

BOX = 20.0
"""Longer side of the ink, as in MNIST (LeCun et al., 1998)."""

PEN = 2.4
"""Diameter of the pen: 12 % of the digit's size, the middle of what is neither faint nor fills the loops."""

_STEP = 0.5
"""Distance of the points along a stroke."""

_MAX_SAMPLES = 4_000
"""Points along all strokes of one drawing; a longer scribble gets its points further apart."""

_SMOOTHINGS = 5
"""How often each point is averaged with its neighbours, which rounds off the stairs of whole-numbered coordinates."""

_SPECK = 0.06
"""A stroke below this share of the largest stroke's size is a slip of the pen: no digit has a dot."""

_NO_STROKES = "{} is not a drawing: it must be a list of strokes, each a list of [x, y] points."

_CHUNK = 256
"""Drawings that are drawn at a time: few enough for the processor's cache, and to bound the memory."""


def render(drawing: Drawing, image_shape: tuple[int, int, int] = (28, 28, 1)) -> np.ndarray:
    """Draws one drawing as an image that looks like those of MNIST.

    The ink is scaled so that its longer side takes 20 of 28 pixels, drawn with a pen of 2.4 pixels whatever the size
    on the canvas was, and moved until its centre of mass is the image's centre.

    Args:
        drawing: strokes, each (n, 2) with n ≥ 1; x to the right, y down, in any unit. A stroke of one point is a dot.
        image_shape: (height, width, channels) of the image.

    Returns:
        uint8 array of that shape; ink is 255, the ground 0.

    Raises:
        StudioError: the drawing is empty, too long, or has coordinates that are no finite numbers.
    """
    return render_all([drawing], image_shape)[0]


def render_all(drawings: Sequence[Drawing], image_shape: tuple[int, int, int] = (28, 28, 1)) -> np.ndarray:
    """Draws many drawings, each as `render` does; some 10,000 a second.

    Returns:
        (n, height, width, channels) uint8.

    Raises:
        StudioError: as `render`; among many drawings the sentence names the one that is wrong, counted from 1.
    """
    height, width, channels = image_shape
    images = np.empty((len(drawings), height, width), dtype=np.uint8)
    for first in range(0, len(drawings), _CHUNK):
        chunk = drawings[first : first + _CHUNK]
        lines = [
            _ready(drawing, f"Drawing {number}" if len(drawings) > 1 else "The drawing")
            for number, drawing in enumerate(chunk, first + 1)
        ]
        images[first : first + len(chunk)] = _draw(lines, height, width)
    return np.repeat(images[..., np.newaxis], channels, axis=3)


def _ready(drawing: Drawing, where: str) -> list[np.ndarray]:
    strokes = _checked(drawing, where)
    if not strokes:
        raise StudioError(f"{where} is empty: draw a digit first.")
    return _without_specks(strokes)


def _checked(drawing: Iterable[object], where: str) -> list[np.ndarray]:
    """The strokes that hold points, each (n, 2) float64; `where` begins the sentence of an error."""
    strokes = []
    points_left = MAX_POINTS
    for stroke in drawing:
        try:
            points = np.asarray(stroke)
        except ValueError as error:
            raise StudioError(_NO_STROKES.format(where)) from error
        if points.ndim == 1 and len(points) == 0:
            continue
        if points.dtype.kind not in "iuf" or points.ndim != 2 or points.shape[1] != 2:
            raise StudioError(_NO_STROKES.format(where))
        points_left -= len(points)
        if points_left < 0:
            raise StudioError(f"{where} has more than {MAX_POINTS:,} points: draw a single character.")
        if not np.isfinite(points).all():
            raise StudioError(f"{where} has a coordinate that is not a finite number.")
        if len(points):
            strokes.append(points.astype(np.float64, copy=False))
    return strokes


def _without_specks(strokes: list[np.ndarray]) -> list[np.ndarray]:
    if len(strokes) == 1:
        return strokes
    extents = np.array([_half_extent(stroke) for stroke in strokes])
    return [stroke for stroke, large in zip(strokes, extents >= _SPECK * extents.max(), strict=True) if large]


def _half_extent(stroke: np.ndarray) -> float:
    """Half the longer side of the stroke's box; half, so that no difference of finite numbers overflows."""
    return float((stroke.max(axis=0) / 2 - stroke.min(axis=0) / 2).max())


def _draw(drawings: list[list[np.ndarray]], height: int, width: int) -> np.ndarray:
    """Draws checked drawings: (n, height, width) uint8."""
    pixel = min(height, width) / MNIST_SIDE
    points, owner = _resampled(drawings)
    smallest, largest = _boxes(points, owner)
    extent = (largest - smallest).max(axis=1)
    scale = np.divide((BOX - PEN) * pixel, extent, out=np.zeros_like(extent), where=extent > 0)
    middle = np.array([width, height]) / 2
    points = (points - ((smallest + largest) / 2)[owner]) * scale[owner, np.newaxis] + middle

    shape = (len(drawings), height, width)
    ink = _ink(points, owner, shape, PEN / 2 * pixel)
    mass = ink.sum(axis=(1, 2), dtype=np.float64)
    centre_x = ink.sum(axis=1, dtype=np.float64) @ (np.arange(width) + 0.5) / mass
    centre_y = ink.sum(axis=2, dtype=np.float64) @ (np.arange(height) + 0.5) / mass
    room = (MNIST_SIDE - BOX) / 2 * pixel
    shift = np.clip(middle - np.stack([centre_x, centre_y], axis=1), -room, room)
    ink = _ink(points + shift[owner], owner, shape, PEN / 2 * pixel)
    return np.rint(255 * ink).astype(np.uint8)


def _resampled(drawings: list[list[np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Points at even distances along all strokes, smoothed.

    Returns:
        points: (n, 2) float64, with each drawing's box scaled to about `BOX`.
        owner: (n,) the index of each point's drawing, ascending.
    """
    strokes = [stroke for drawing in drawings for stroke in drawing]
    sizes = np.array([len(stroke) for stroke in strokes])
    stroke_owner = np.repeat(np.arange(len(drawings)), [len(drawing) for drawing in drawings])
    owner = np.repeat(stroke_owner, sizes)
    points = np.concatenate(strokes)
    # Halving and dividing by the largest number first keeps even 1e308 from overflowing.
    smallest, largest = _boxes(points, owner)
    extent = (largest / 2 - smallest / 2).max(axis=1)
    extent[extent < np.finfo(np.float64).tiny] = 1
    points = (points / 2 - (smallest / 2)[owner]) / extent[owner, np.newaxis] * BOX

    starts = np.cumsum(sizes) - sizes
    steps = np.zeros(len(points))
    steps[1:] = np.hypot(*np.diff(points, axis=0).T)
    steps[starts] = 0
    along = np.cumsum(steps)
    lengths = along[starts + sizes - 1] - along[starts]
    step = np.maximum(_STEP, np.bincount(stroke_owner, lengths)[stroke_owner] / _MAX_SAMPLES)
    counts = np.ceil(lengths / step).astype(np.int64) + 1
    firsts = np.cumsum(counts) - counts
    number = np.arange(counts.sum()) - np.repeat(firsts, counts)
    # A gap between the strokes keeps the curve x(along) single-valued where one ends and the next begins.
    gap = np.arange(len(strokes))
    at = np.repeat(along[starts] + gap, counts) + number * np.repeat(lengths / np.maximum(counts - 1, 1), counts)
    along += np.repeat(gap, sizes)
    even = np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1)

    inner = np.ones((len(even), 1), dtype=bool)
    inner[firsts] = inner[firsts + counts - 1] = False
    for _ in range(_SMOOTHINGS):
        np.copyto(even[1:-1], (even[:-2] + even[2:]) / 4 + even[1:-1] / 2, where=inner[1:-1])
    return even, np.repeat(stroke_owner, counts)


def _boxes(points: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest x, y of each drawing: two arrays (drawings, 2)."""
    firsts = np.flatnonzero(np.diff(owner, prepend=-1))
    return np.minimum.reduceat(points, firsts), np.maximum.reduceat(points, firsts)


def _ink(points: np.ndarray, owner: np.ndarray, shape: tuple[int, int, int], radius: float) -> np.ndarray:
    """How much of each pixel the pen covers.

    A pixel whose centre is d away from the nearest point gets radius + ½ − d, at least 0 and at most 1. Points
    0.5 pixels apart stand for the line through them: their distance is too large by at most 0.25² / (2 radius) =
    0.03 pixels.

    Args:
        points: (n, 2) in pixels; pixel (0, 0) has its centre at (0.5, 0.5). Those outside the image are clipped.
        owner: (n,) the image of each point.
        shape: (images, height, width).
        radius: of the pen, in pixels.

    Returns:
        float32 of that shape, 0–1.
    """
    count, height, width = shape
    reach = int(np.ceil(radius + 0.5))
    # A margin takes what lies beyond the edge, so that no point needs a check of its own.
    rows, columns = height + 2 * reach, width + 2 * reach
    nearest = np.full(count * rows * columns, np.inf, dtype=np.float32)
    corner = np.floor(points).astype(np.int64).clip(0, [width - 1, height - 1])
    offsets = np.arange(-reach, reach + 1)
    squares = ((corner - points)[:, np.newaxis, :] + (offsets + 0.5)[:, np.newaxis]).astype(np.float32) ** 2
    start = (owner * rows + corner[:, 1] + reach) * columns + corner[:, 0] + reach
    for i, dy in enumerate(offsets):
        places = start + (dy * columns + offsets)[:, np.newaxis]
        np.minimum.at(nearest, places.ravel(), (squares[:, i, 1] + squares[:, :, 0].T).ravel())
    nearest = nearest.reshape(count, rows, columns)[:, reach : reach + height, reach : reach + width]
    return np.clip(radius + 0.5 - np.sqrt(nearest), 0, 1)


def read_drawings(path: str | Path) -> list[Drawing]:
    """Reads a strokes file: a JSON list of drawings, each a list of strokes, each a list of [x, y].

    Args:
        path: the file; x to the right, y down, in any unit.

    Returns:
        The drawings, in the file's order. A drawing may be empty, which only `render` refuses.

    Raises:
        StudioError: the file cannot be read, is too large, is no JSON, or holds something else than drawings.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise StudioError(f"{path} is larger than {size(MAX_FILE_BYTES)}: split it into several files.")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise StudioError(f"{path} cannot be read: {reason(error)}.") from error
    except (ValueError, RecursionError) as error:
        raise StudioError(f"{path} is not a strokes file: it is not valid JSON.") from error
    if not isinstance(content, list):
        raise StudioError(f"{path} is not a strokes file: it must hold a list of drawings.")
    drawings: list[Drawing] = []
    for number, drawing in enumerate(content, 1):
        where = f"{path}: drawing {number}"
        if not isinstance(drawing, list):
            raise StudioError(_NO_STROKES.format(where))
        drawings.append(_checked(drawing, where))
    return drawings
