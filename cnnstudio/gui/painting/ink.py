"""Smooth lines through the points of a stroke."""

from itertools import pairwise

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

from cnnstudio.gui.sheet import Point


def _middle(first: Point, second: Point) -> QPointF:
    return QPointF((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)


def smooth_path(points: list[Point], first: int = 1, tail: bool = True) -> QPainterPath:
    """The stroke as parabolas between the middles of its segments, so that quick strokes have no corners.

    Args:
        points: the stroke.
        first: number of the first point that has not been drawn yet, at least 1.
        tail: also draw the last half segment, which bends once the next point is known.
    """
    path = QPainterPath()
    path.moveTo(QPointF(*points[0]) if first == 1 else _middle(points[first - 2], points[first - 1]))
    for before, after in pairwise(points[first - 1 :]):
        path.quadTo(QPointF(*before), _middle(before, after))
    if tail:
        x, y = points[-1]
        path.lineTo(x + (0.01 if len(points) == 1 else 0), y)  # Qt draws no line without length
    return path
