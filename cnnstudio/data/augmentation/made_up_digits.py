"""Digits made up from hand-made templates: the ways of writing that MNIST hardly knows.

MNIST was written by Americans. Much of the world puts a flag and a foot on its 1, crosses its 7 and some its 0, and
a network trained on MNIST alone takes these for other digits. Here such digits are bent at random from templates and
drawn by `cnnstudio.data.pictures.strokes` exactly as a user's drawing is.
"""

from collections.abc import Mapping

import numpy as np

from cnnstudio.data.pictures.strokes import Drawing

Template = tuple[tuple[tuple[float, float], ...], ...]
"""Strokes of (x, y) on a sheet 10 wide and 14 high, y down: a curve runs through the points; one given twice is a
corner."""

_RING = ((5, 0), (2, 1.5), (0.5, 5), (0.5, 9), (2, 12.5), (5, 14), (8, 12.5), (9.5, 9), (9.5, 5), (8, 1.5))
_WIDE_RING = tuple((x + (x - 5) / 3, y) for x, y in _RING)
"""A slashed 0 is seldom narrow, or nothing would be left of its two halves."""

_LOOP_2 = (
    (1, 3),
    (3.5, 0),
    (7.5, 0.5),
    (8.5, 4),
    (6, 8.5),
    (2.5, 13),
    (0.7, 13),
    (1.7, 11.6),
    (5, 12.8),
    (9.5, 13.8),
)
_BOWL = ((5, 5), (8.5, 7), (9, 10.5), (7, 13.5), (3.5, 14), (0.5, 12.3))
_LOWER_3 = ((8, 7.8), (9, 10.8), (7, 13.6), (3.5, 14), (0.5, 12.3))
_LOOP_9 = ((8.5, 2.5), (5.5, 0), (1.8, 2), (1.7, 6), (4.8, 7.6), (8, 5), (8.7, 1.5))

TEMPLATES: dict[int, tuple[Template, ...]] = {
    0: (
        ((*_RING, (5, 0)),),
        ((*_RING, (5, 0.3), (3, 1.2)),),
        (((6.5, 1), *_RING[1:], (6, 0.5), (3.5, 0.3)),),
        ((*_WIDE_RING, (5, 0)), ((9.5, -0.5), (0.5, 14.5))),
        ((*_WIDE_RING, (5, 0)), ((8, 2), (2, 12))),
        ((*_WIDE_RING, (6, 0), (6, 0), (5, 7), (2, 13)),),
        ((*_WIDE_RING[3:], *_WIDE_RING[:4], (5, 6), (10, 0), (10, 0), (0, 14.5)),),
        ((*_WIDE_RING, (5, 0.5), (9.5, -0.5), (9.5, -0.5), (0.5, 14.5)),),
    ),
    1: (
        (((5, 0), (5, 14)),),
        (((5.2, 0), (4.7, 5), (5, 14)),),
        (((2.5, 3), (5, 0), (5, 0), (5, 14)),),
        (((0.5, 6.5), (5, 0), (5, 0), (5, 14)),),
        (((1.5, 4), (3.5, 2.8), (5, 0), (5, 0), (5, 14)),),
        (((2, 3.5), (5, 0), (5, 0), (5, 14)), ((1.5, 14), (8.5, 14))),
        (((2, 3.5), (5, 0), (5, 0), (5, 14), (5, 14), (1.5, 14), (1.5, 14), (8.5, 14)),),
        (((5, 0), (5, 14)), ((1.5, 14), (8.5, 14))),
        (((0, 7.5), (5.5, 0), (5.5, 0), (4.5, 14)),),
        (((5, 0), (4.7, 13.5), (4.7, 13.5), (6.5, 11.5)),),
    ),
    2: (
        (((1, 3.5), (2, 1), (5, 0), (8, 1.2), (8.6, 4), (6.5, 8), (1, 13.7), (1, 13.7), (9.5, 13.7)),),
        (_LOOP_2,),
        (((1, 1), (9, 0.4), (9, 0.4), (1, 13.7), (1, 13.7), (9.5, 13.7)),),
        (((0.5, 2.5), (4, 0), (8, 2), (7, 6), (3.5, 10), (0.5, 13.5), (0.5, 13.5), (4, 12.5), (7, 14), (10, 12.5)),),
        (((2, 2.5), (5, 0), (8, 2), (6.5, 6.5), (1, 13), (1, 13), (5, 13.4), (11, 13.5)),),
        (((3, 3), (1.5, 2.5), (3, 0.3), (7, 0.3), (8.5, 4), (5, 9), (1, 13.5), (1, 13.5), (9, 13.5)),),
    ),
    3: (
        (((1, 2), (4.5, 0), (8, 1.8), (7.5, 5), (4, 6.7), (4, 6.7), *_LOWER_3),),
        (((1, 0.5), (8.5, 0.3), (8.5, 0.3), (4.2, 6), (4.2, 6), *_LOWER_3),),
        (((1, 2), (4.5, 0), (8, 1.8), (7, 5), (4.5, 6.7), (3.5, 6.3), (4.5, 5.9), *_LOWER_3),),
        (((1.5, 1.5), (5, 0), (8, 2.5), (5.5, 6.3), *_LOWER_3),),
        (((1, 2), (4.5, 0), (8, 1.8), (7.5, 5), (4, 6.7), (4, 6.7), *_LOWER_3[:-1], (0.8, 13), (2, 11.5), (4, 12.5)),),
        (((1, 1), (5, 0), (8, 2), (6, 5.5), (3, 6.5), (3, 6.5), (7.5, 8), (8, 11), (4, 14.5), (-0.5, 15.5)),),
    ),
    4: (
        (((2, 0), (0.5, 7.5), (0.5, 7.5), (9.5, 7.5)), ((7.3, 2.5), (6.8, 14))),
        (((6.5, 0), (0.3, 9), (0.3, 9), (9.8, 9)), ((6.8, 0), (6.8, 14))),
        (((7, 14), (7, 0), (7, 0), (0.3, 9), (0.3, 9), (9.8, 9)),),
        (((4.5, 0), (0.3, 8.5), (0.3, 8.5), (9.5, 8.3)), ((6, 5.2), (5.7, 14))),
        (((1, 0), (0.8, 5), (3, 7.8), (8.3, 6.8)), ((8.7, 0), (8.2, 14))),
        (((1, 0.5), (0.8, 6.5), (4.5, 8), (8.7, 0.5), (8.7, 0.5), (8.2, 14)),),
        (((5, 0), (3, 4), (0.5, 9.3), (0.5, 9.3), (5, 9.8), (10, 9.3)), ((6.5, 7), (4.5, 14))),
        (((1.5, 0), (1, 7), (1, 7), (8.5, 7), (8.5, 7), (8.5, 0), (8.5, 0), (8.5, 14)),),
    ),
    5: (
        (((2, 0.5), (1.5, 6), (1.5, 6), *_BOWL), ((2, 0.5), (9, 0.3))),
        (((9, 0), (2, 0.3), (2, 0.3), (1.6, 6), (1.6, 6), *_BOWL),),
        (((8.5, 0.5), (4.5, 0.3), (1.8, 2.8), (3, 5.8), (7, 7.8), (8.5, 10.8), (6, 13.6), (1, 13)),),
        (((2.5, 0.5), (1.3, 7), (1.3, 7), (4, 6.3), (7.5, 8), (7.5, 12), (4, 14), (0, 13.3)), ((2.5, 0.5), (10, -0.5))),
        (((9.5, -0.5), (3, 0.5), (3, 0.5), (1.5, 5.5), (4.5, 6), (7, 9), (5.5, 13), (0, 14)),),
        (((3, 0.5), (1.8, 6.3), (1.8, 6.3), *_BOWL[:-1], (0.8, 12.3), (1.5, 10), (4, 10)), ((3, 0.5), (11, -0.8))),
        (((4, 0.8), (3.5, 5.5), (3.5, 5.5), *_BOWL[1:]), ((1, 0.8), (9, 0.4))),
        (((8.5, 0.3), (2, 0.3), (2, 0.3), (1.8, 7), (1.8, 7), (8.3, 7), (8.3, 7), (8, 13.5), (8, 13.5), (1, 13.5)),),
    ),
    6: (
        (((7.5, 0), (3.5, 3.5), (1, 8), (1.5, 12), (4.5, 14), (8, 12.5), (8.5, 9.5), (6, 7.5), (2.8, 8.5), (1.2, 11)),),
        (((3, 0), (1, 6), (1, 11), (3.5, 14), (8, 13), (8.5, 9.5), (5.5, 7.8), (2, 9.5)),),
        (((8.5, 2), (6.5, 0), (3, 2), (0.8, 7.5), (1.5, 12.5), (5, 14), (8.5, 11.5), (7, 8), (3.5, 8), (1, 10.5)),),
        (((5, 0), (2, 6), (1.5, 11), (4, 14), (7, 12), (6, 9.5), (3, 10.5), (1.8, 12.5)),),
        (((2, 0), (1.5, 8), (2, 13), (6, 14), (9.5, 11.5), (8, 8.5), (4.5, 8.5), (3, 10.5), (4, 13)),),
    ),
    7: (
        (((0.5, 0.5), (9.5, 0.5), (9.5, 0.5), (4, 14)),),
        (((0.5, 2.5), (0.5, 0.5), (0.5, 0.5), (9.5, 0.5), (9.5, 0.5), (4, 14)),),
        (((0.5, 0.5), (9.5, 0.5), (9.5, 0.5), (4, 14)), ((2.5, 7.3), (9, 6.8))),
        (((0.5, 1.8), (3, 0.3), (9.2, 0.8), (9.2, 0.8), (5.8, 6), (4.5, 14)), ((2.5, 7.3), (8.5, 6.8))),
        (((0.5, 1.8), (3, 0.3), (9.2, 0.8), (9.2, 0.8), (5.8, 6), (4.5, 14)),),
        (((0.5, 3), (1, 0.7), (1, 0.7), (5, 1.4), (9.5, 0.3), (9.5, 0.3), (3.5, 14)), ((2, 7), (9, 7))),
        (((1, 1), (8, 1), (8, 1), (7, 14)),),
        (((1, 1), (8, 0.5), (8, 0.5), (6, 14)), ((3.5, 6.5), (10, 6))),
        (((0.5, 4), (1.5, 0.8), (9, 1), (7, 6), (5.5, 14)),),
    ),
    8: (
        (((8, 2.2), (5, 0), (2, 2), (3, 5.2), (7, 8), (9, 11), (5, 14), (1, 11), (3, 8), (7, 5.2), (8, 2.2)),),
        (((5, 6.3), (2, 3.5), (5, 0), (8, 3.5), (5, 6.3), (1, 10), (5, 14), (9, 10), (5, 6.3)),),
        (((9, 1), (5, 0), (2, 2.5), (4, 5.8), (8, 9), (7.5, 13), (3, 14), (1, 11), (4, 7.5), (9, 3)),),
        (((5, 0), (2, 3), (5, 6.3), (8, 3), (5, 0)), ((5, 6.3), (1, 10), (5, 14), (9, 10), (5, 6.3))),
        (((9.5, 0.5), (3, 0.8), (2.5, 4), (7, 8.5), (6, 13.5), (2, 12.5), (4, 8), (9.5, 0.5)),),
        (((1.5, 0), (3, 5), (8, 8.5), (8, 12.5), (4.5, 14), (1, 12), (2, 8.5), (7, 5), (9, 0)),),
        (((6.5, 0.7), (3, 1), (2.5, 4), (6.5, 8), (7, 12.5), (4, 14), (2.2, 11.5), (5, 7), (7, 3.5), (6.5, 1)),),
    ),
    9: (
        ((*_LOOP_9, (8.7, 1.5), (8.3, 14)),),
        ((*_LOOP_9, (8.7, 1.5), (8.3, 12), (10.5, 13)),),
        ((*_LOOP_9, (8.8, 7), (7, 12.5), (2, 14)),),
        (((8, 1.5), (4.5, 0), (1.5, 2.5), (3, 6), (7, 5), (8.5, 1.5), (8.5, 1.5), (6.5, 14)),),
        (((8.5, 1), (5, 0), (1.8, 2.5), (2.5, 6.5), (6, 6.5), (8.5, 3), (9, 8), (7.5, 13), (4, 14.3), (1, 12.5)),),
        (((5, 0), (1.5, 2.5), (3.5, 6.3), (8, 5), (7, 0.8), (5, 0)), ((8.3, 3), (7, 14))),
        (((7, 1), (4, 0.5), (2.5, 3), (4.5, 5.5), (7, 3.5), (7, 1), (7, 1), (7.3, 8), (7, 14)),),
    ),
}
"""Templates of each digit, each a common way of writing it."""

_POINTS_A_PIECE = 6
"""Points drawn from one point of a template to the next."""

_HOOKED = 0.1
"""Share of stroke ends with a hook: the trace of a pen that comes down early or goes up late."""


def draw_digits(
    count: int, seed: int, templates: Mapping[int, tuple[Template, ...]] = TEMPLATES
) -> tuple[list[Drawing], np.ndarray]:
    """Makes up drawings of digits.

    Args:
        count: how many; every digit comes equally often, and so does every template of a digit.
        seed: the same seed gives the same drawings.
        templates: of each digit that is wanted.

    Returns:
        drawings: `count` drawings, y down, about 10 units wide and 14 high.
        labels: (count,) int32, ascending.
    """
    random = np.random.default_rng(seed)
    drawings: list[Drawing] = []
    labels = np.sort(np.array(list(templates), np.int32)[np.arange(count) % len(templates)])
    for digit in sorted(templates):
        ways = templates[digit]
        for template, members in zip(ways, np.array_split(np.flatnonzero(labels == digit), len(ways)), strict=True):
            drawings += _bend(template, len(members), random)
    return drawings, labels


def _bend(template: Template, count: int, random: np.random.Generator) -> list[Drawing]:
    """`count` variations of a template: loose points, hooks at the ends, a smooth warp, aspect, slant and rotation."""
    loose = random.uniform(0.15, 0.65, size=(count, 1, 1))
    warp = random.normal(0, 0.35, size=(count, 3, 2))
    slant, turn = random.normal(0.1, 0.2, size=count), random.normal(0, 0.06, size=count)
    aspect = np.exp(random.normal(0, 0.15, size=count))
    across = np.stack([np.cos(turn) * aspect, np.sin(turn) * aspect], axis=-1)
    down = np.stack([-slant * np.cos(turn) - np.sin(turn), np.cos(turn) - slant * np.sin(turn)], axis=-1)
    matrix = np.stack([across, down], axis=1)
    lines = []
    for stroke in template:
        points, corners = _without_repeats(stroke)
        loosened = points + loose * random.normal(size=(count, *points.shape))
        loosened += random.normal(0, 0.3, size=(count, 1, 2))
        line = _with_hooks(_spline_matrix(len(points), corners) @ loosened, random)
        x, y = np.moveaxis(line / [5, 7] - 1, -1, 0)
        line = line + np.stack([x * x, x * y, y * y], axis=-1) @ warp
        lines.append(line @ matrix)
    return [list(strokes) for strokes in zip(*lines, strict=True)]


def _without_repeats(stroke: tuple[tuple[float, float], ...]) -> tuple[np.ndarray, tuple[int, ...]]:
    """The points (n, 2) of a template's stroke, each once, and the indices of its corners, which were there twice."""
    points = np.array(stroke, dtype=np.float64)
    repeats = np.flatnonzero((np.diff(points, axis=0) == 0).all(axis=1))
    corners = repeats - np.arange(len(repeats))
    return np.delete(points, repeats, axis=0), tuple(int(corner) for corner in corners)


def _spline_matrix(count: int, corners: tuple[int, ...]) -> np.ndarray:
    """The Catmull-Rom spline through `count` points, broken at corners, as a matrix.

    Returns:
        ((count - 1) · `_POINTS_A_PIECE` + 1, count) float64, to be multiplied by the points.
    """
    t = np.linspace(0, 1, _POINTS_A_PIECE, endpoint=False)[:, np.newaxis]
    blend = np.hstack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]) / 2
    ends = {0, count - 1, *corners}
    rows = []
    for i in range(count - 1):
        piece = np.zeros((_POINTS_A_PIECE, count))
        piece[:, i] += blend[:, 1]
        piece[:, i + 1] += blend[:, 2]
        # Beyond an end or a corner the line is thought to go on straight.
        for weights, here, there, beyond in ((blend[:, 0], i, i + 1, i - 1), (blend[:, 3], i + 1, i, i + 2)):
            if here in ends:
                piece[:, here] += 2 * weights
                piece[:, there] -= weights
            else:
                piece[:, beyond] += weights
        rows.append(piece)
    return np.vstack([*rows, np.eye(count)[-1:]])


def _with_hooks(line: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Adds a point at both ends of each line (count, n, 2): a hook's tip, or where there is no hook the end itself."""
    tips = []
    for end, inner in ((0, 1), (-1, -2)):
        outward = line[:, end] - line[:, inner]
        angle = np.arctan2(outward[:, 1], outward[:, 0]) + random.uniform(1.6, 4.7, size=len(line))
        length = random.uniform(0.5, 2.5, size=len(line)) * (random.random(len(line)) < _HOOKED)
        tips.append(line[:, end] + length[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=-1))
    return np.concatenate([tips[0][:, np.newaxis], line, tips[1][:, np.newaxis]], axis=1)
