"""The strokes of a canvas, their units and the steps that can be undone, without Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SIDE = 280.0
"""Length of the canvas's shorter side in canvas units; a resized canvas keeps the drawing in place and scales it."""

HISTORY = 500
"""How many steps can be undone."""

Point = tuple[float, float]

Bounds = tuple[float, float, float, float]
"""Left, top, right and bottom, in canvas units."""


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line that was drawn without lifting the pen.

    Attributes:
        points: (n, 2) float64, x and y in canvas units, y down; n is at least 1.
        width: of the brush, in canvas units.
    """

    points: np.ndarray
    width: float


def clip_segment(start: Point, end: Point, bounds: Bounds) -> tuple[Point, Point] | None:
    """The part of a straight line that lies inside a rectangle, or None (Liang and Barsky, 1984).

    Args:
        start: x and y.
        end: x and y.
        bounds: of the rectangle; the edges belong to the inside.
    """
    first, last = 0.0, 1.0
    left, top, right, bottom = bounds
    for begin, step, low, high in (
        (start[0], end[0] - start[0], left, right),
        (start[1], end[1] - start[1], top, bottom),
    ):
        if step == 0:
            if not low <= begin <= high:
                return None
            continue
        near, far = sorted(((low - begin) / step, (high - begin) / step))
        first, last = max(first, near), min(last, far)
    if first > last:
        return None

    def at(share: float) -> Point:
        return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])

    return (at(first) if first > 0 else start), (at(last) if last < 1 else end)


class StrokeHistory:
    """Strokes, the gesture that is going on, and the steps that can be undone.

    A gesture is everything from pen down to pen up, and one step of the history. It can be several strokes: one that
    leaves the bounds ends at their edge and goes on as a new one where it comes back, so that nothing is drawn where it
    cannot be seen.

    Attributes:
        live: the strokes of the gesture that is going on, each with at least one point; empty between gestures.
    """

    def __init__(self) -> None:
        self.live: list[list[Point]] = []
        self._last: Point | None = None
        self._states: list[tuple[Stroke, ...]] = [()]
        self._state = 0

    @property
    def finished(self) -> tuple[Stroke, ...]:
        """The strokes of all gestures that are over."""
        return self._states[self._state]

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn, and nothing is being drawn."""
        return not self.finished and not self.live

    @property
    def strokes(self) -> list[np.ndarray]:
        """All strokes, each (n, 2) float64, x and y in canvas units."""
        return [stroke.points for stroke in self.finished] + [
            np.array(points, dtype=np.float64) for points in self.live
        ]

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return self._state > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return self._state < len(self._states) - 1

    def begin(self, point: Point, bounds: Bounds) -> bool:
        """Puts the pen down.

        Returns:
            Whether something was drawn.
        """
        left, top, right, bottom = bounds
        self._last = point
        inside = left <= point[0] <= right and top <= point[1] <= bottom
        self.live = [[point]] if inside else []
        return inside

    def move(self, point: Point, bounds: Bounds) -> bool:
        """Moves the pen that is down.

        Returns:
            Whether something was drawn: a point added to the last live stroke, or a new live stroke.
        """
        if self._last is None or point == self._last:
            return False
        before, self._last = self._last, point
        inside = clip_segment(before, point, bounds)
        if inside is None:
            return False
        start, end = inside
        if not self.live or self.live[-1][-1] != start:
            self.live.append([start])
        if end != start:
            self.live[-1].append(end)
        return True

    def finish(self, width: float) -> bool:
        """Lifts the pen and keeps the gesture as one step.

        Args:
            width: of the brush, in canvas units.

        Returns:
            Whether there was anything to keep.
        """
        strokes, self.live, self._last = self.live, [], None
        if strokes:
            finished = (Stroke(np.array(points, dtype=np.float64), width) for points in strokes)
            self._push((*self.finished, *finished))
        return bool(strokes)

    def abandon(self) -> None:
        """Lifts the pen and forgets the gesture."""
        self.live, self._last = [], None

    def clear(self) -> bool:
        """Takes all strokes away, as one step; returns whether there were any."""
        any_there = bool(self.finished)
        if any_there:
            self._push(())
        return any_there

    def replace(self, strokes: Sequence[np.ndarray], width: float) -> bool:
        """Puts other strokes, (n, 2) each, in place of all, as one step; returns whether that is any change."""
        if not strokes and self.empty:
            return False
        self._push(tuple(Stroke(points, width) for points in strokes))
        return True

    def undo(self) -> bool:
        """Undoes a step; returns whether there was one."""
        possible = self.can_undo
        self._state -= possible
        return possible

    def redo(self) -> bool:
        """Redoes a step; returns whether there was one."""
        possible = self.can_redo
        self._state += possible
        return possible

    def _push(self, state: tuple[Stroke, ...]) -> None:
        self._states = [*self._states[: self._state + 1], state][-HISTORY - 1 :]
        self._state = len(self._states) - 1
