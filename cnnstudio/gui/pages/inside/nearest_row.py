"""The images that a network finds most like another, in a row, with their classes and how far away they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, array_to_image, colours, small_font
from cnnstudio.gui.widgets.charts.scatter_map import class_colour, paint_fitted
from cnnstudio.gui.widgets.items import EDGE, NONE, ItemWidget, focus_pen
from cnnstudio.gui.widgets.maps.colour_scale import format_value

_SIDE = 7 * GRID
_LINE = 2 * GRID
_PITCH = _SIDE + 3 * GRID


@dataclass(frozen=True, eq=False)
class Neighbour:
    """An image that is near.

    Attributes:
        number: of its dot on the map.
        image: (height, width, channels) uint8.
        label: the number of its class.
        class_name: its class.
        distance: in the numbers of the layer.
    """

    number: int
    image: np.ndarray
    label: int
    class_name: str
    distance: float


class NearestRow(ItemWidget):
    """As many neighbours as there is room for, the nearest first; a click, or Enter, takes one.

    Signals:
        pointed(int): the number of the dot of the neighbour that is pointed at; -1 for none.
        taken(int): the number of the dot of the neighbour that was taken.
    """

    pointed = Signal(int)
    taken = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "nearest_images",
            "Nearest images",
            "The test images that the layer finds most like yours, with their distances in all its numbers. Click one "
            "to look inside with it.",
        )
        self.setFixedHeight(_SIDE + _LINE + 2 + 2 * EDGE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._neighbours: tuple[Neighbour, ...] = ()
        self.activated.connect(lambda item: self.taken.emit(self._neighbours[item].number))

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """All of them; those that do not fit are not shown."""
        return self._neighbours

    def set_neighbours(self, neighbours: Sequence[Neighbour]) -> None:
        """Shows other images."""
        self._neighbours = tuple(neighbours)
        self.set_current(NONE)
        self.hover(NONE)
        self.update()

    @override
    def hover(self, item: int) -> None:
        if item != self.hovered:
            super().hover(item)
            self.pointed.emit(NONE if item == NONE else self._neighbours[item].number)

    def item_count(self) -> int:
        """How many are shown."""
        return min(len(self._neighbours), max(1, (self.width() - 2 * EDGE + _PITCH - _SIDE) // _PITCH))

    def columns(self) -> int:
        """They stand in one line."""
        return max(1, self.item_count())

    def item_rectangle(self, item: int) -> QRectF:
        """Where an image lies."""
        return QRectF(EDGE + item * _PITCH, EDGE, _SIDE, _SIDE)

    def item_at(self, position: QPointF) -> int:
        """The image at a point; -1 for none."""
        found = (item for item in range(self.item_count()) if self.item_rectangle(item).contains(position))
        return next(found, NONE)

    def item_text(self, item: int) -> str:
        """An image in words."""
        one = self._neighbours[item]
        return f"{one.class_name}, at a distance of {format_value(one.distance)}"

    @override
    def sizeHint(self) -> QSize:
        return QSize(8 * _PITCH, self.height())

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), colours()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self.font()))
        for item in range(self.item_count()):
            one, place = self._neighbours[item], self.item_rectangle(item)
            painter.fillRect(place, class_colour(one.label))
            paint_fitted(painter, array_to_image(one.image), place.adjusted(2, 2, -2, -2))
            words = QRectF(place.left(), place.bottom() + 2, _PITCH - 4, _LINE)
            distance = f" · {format_value(one.distance)}"
            room = int(words.width()) - painter.fontMetrics().horizontalAdvance(distance)
            name = painter.fontMetrics().elidedText(one.class_name, Qt.TextElideMode.ElideRight, room)
            painter.setPen(QColor(theme.text))
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            behind = words.adjusted(painter.fontMetrics().horizontalAdvance(name), 0, 0, 0)
            painter.setPen(QColor(theme.secondary))
            painter.drawText(behind, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, distance)
            if item in (self.hovered, self.current if self.hasFocus() else NONE):
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(focus_pen() if self.hasFocus() and item == self.current else QPen(QColor(theme.text), 2))
                painter.drawRoundedRect(place.adjusted(-1, -1, 1, 1), 2, 2)
        if self.hasFocus() and self.current == NONE:
            painter.setPen(focus_pen())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), GRID / 2, GRID / 2)
        painter.end()
