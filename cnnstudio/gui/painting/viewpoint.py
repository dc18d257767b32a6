"""From where a picture is seen: how large, and which part of it."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from cnnstudio.gui.theme import GRID

LARGEST_FIT, LARGEST = 1.75, 8.0
"""Pixels per unit of the picture, at most: where it is made to fit, and at all."""

_EDGE = 10 * GRID


class Viewpoint:
    """Zooms and moves a picture in a room on the screen; it never gets lost.

    Attributes:
        content: the picture, in its own units.
        room: where it goes, in pixels.
        scale: pixels per unit.
        origin: where the picture's (0, 0) is, in pixels.
        fitted: whether it follows the room's size.
    """

    def __init__(self) -> None:
        self.content, self.room = QRectF(0, 0, 1, 1), QRectF(0, 0, 1, 1)
        self.scale, self.origin, self.fitted = 1.0, QPointF(), True

    @property
    def transform(self) -> QTransform:
        """From the picture's units to pixels."""
        return QTransform(self.scale, 0, 0, self.scale, self.origin.x(), self.origin.y())

    def to_picture(self, position: QPointF) -> QPointF:
        """A place on the screen in the picture's units."""
        return (position - self.origin) / self.scale

    def show(self, content: QRectF, room: QRectF) -> None:
        """Goes to another picture or another room; what is fitted stays so."""
        self.content, self.room = content, room
        if self.fitted:
            self.fit()
        else:
            self._keep_in_sight()

    def fit(self) -> None:
        """Shows all of the picture in the middle of the room."""
        self.fitted = True
        self.scale = max(0.01, min(self._fitting(), LARGEST_FIT))
        self.origin = self.room.center() - self.content.center() * self.scale

    def _fitting(self) -> float:
        return min(self.room.width() / self.content.width(), self.room.height() / self.content.height())

    def zoom(self, factor: float, about: QPointF) -> None:
        """Zooms so that what is at a place on the screen stays there."""
        scale = min(max(self.scale * factor, min(self._fitting(), 1.0) / 2), LARGEST)
        self.origin = about - (about - self.origin) * (scale / self.scale)
        self.scale, self.fitted = scale, False
        self._keep_in_sight()

    def move(self, by: QPointF) -> None:
        """Moves the picture by so many pixels."""
        self.origin += by
        self.fitted = False
        self._keep_in_sight()

    def reveal(self, part: QRectF) -> None:
        """Moves as little as needed to show a part of the picture; what is fitted is all in sight."""
        if self.fitted:
            return
        seen = self.transform.mapRect(part)
        across = max(0.0, self.room.left() - seen.left()) or min(0.0, self.room.right() - seen.right())
        down = max(0.0, self.room.top() - seen.top()) or min(0.0, self.room.bottom() - seen.bottom())
        if across or down:
            self.move(QPointF(across, down))

    def _keep_in_sight(self) -> None:
        seen = self.transform.mapRect(self.content)
        x = min(max(seen.x(), self.room.left() + _EDGE - seen.width()), self.room.right() - _EDGE)
        y = min(max(seen.y(), self.room.top() + _EDGE - seen.height()), self.room.bottom() - _EDGE)
        self.origin += QPointF(x - seen.x(), y - seen.y())
