"""Where labels stand beside the points that they name, so that none covers another."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF

_STEP = 4
"""From one place that is tried to the next, in device-independent pixels."""

_FARTHEST = 120
"""How far from its point a label may stand."""

_GAP = 4
"""That stays free between two labels."""


def label_places(
    points: np.ndarray, sizes: Sequence[QSizeF], area: QRectF, taken: Sequence[QRectF] = ()
) -> list[QRectF | None]:
    """Places labels one after the other, each as near to its point as those before it let it.

    Args:
        points: (n, 2), what the labels name.
        sizes: of the labels.
        area: in which they stand.
        taken: where none may stand.

    Returns:
        The places, the point in the middle where nothing is in the way; None where a point lies outside the area, or
        there is no room for its label near it.
    """
    steps = np.arange(-_FARTHEST, _FARTHEST + 1, _STEP)
    tried = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    far = np.hypot(*tried.T)
    order = np.argsort(far, kind="stable")
    tried = tried[order][far[order] <= _FARTHEST]
    low, high = np.array(area.topLeft().toTuple()), np.array(area.bottomRight().toTuple())
    middles = np.array([one.center().toTuple() for one in taken]).reshape(-1, 2)
    halves = np.array([one.size().toTuple() for one in taken]).reshape(-1, 2) / 2
    places: list[QRectF | None] = []
    for point, size in zip(points, sizes, strict=True):
        half = np.array(size.toTuple()) / 2
        middle = point + tried
        free = (middle - half >= low).all(axis=1) & (middle + half <= high).all(axis=1)
        near = (np.abs(middles - point) < _FARTHEST + half + halves + _GAP).all(axis=1)  # it is done at each paint
        apart = np.abs(middle[:, np.newaxis] - middles[near]) >= half + halves[near] + _GAP
        free &= apart.any(axis=2).all(axis=1)
        if not (low <= point).all() or not (point <= high).all() or not free.any():
            places.append(None)
            continue
        found = middle[free.argmax()]
        middles, halves = np.vstack([middles, found]), np.vstack([halves, half])
        places.append(QRectF(QPointF(*(found - half).tolist()), size))
    return places
