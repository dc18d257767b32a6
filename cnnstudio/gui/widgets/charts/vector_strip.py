"""An image flattened to a vector: all its numbers one after the other, and some of them enlarged."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, array_to_image, colours, small_font
from cnnstudio.gui.widgets.items import NONE, ItemWidget, focus_pen

_STRIP = 4 * GRID
_BETWEEN = 2 * GRID
_ENLARGED = 4 * GRID
_CELL = 5 * GRID
_INDICES = 3 * GRID


class VectorStrip(ItemWidget):
    """All numbers as a strip of shades; below, those around the place that is pointed at, with their indices.

    The number that is pointed at is `current`; `set_current` goes to another one.
    """

    follows_pointer = True

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "vector_strip",
            "The image as a vector",
            "The numbers of the image in one row. Move over it, or press Left and Right, to read them.",
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._values = np.zeros(1, np.uint8)
        self._marks = np.zeros(1, bool)
        self._strip = QImage()
        self._first: int | None = None

    def set_values(self, values: np.ndarray, marks: np.ndarray | None = None) -> None:
        """Shows another vector.

        Args:
            values: (n,) uint8.
            marks: (n,) bool, which of them are outlined; None for none.
        """
        self._values, self._strip = values, QImage()
        self._marks = np.zeros(len(values), bool) if marks is None else marks
        self.set_current(self.current)  # there may be fewer now
        self.update()

    def set_first(self, place: int) -> None:
        """Says which number `first_item` is."""
        self._first = place
        self.update()

    def first_item(self) -> int:
        """Where keys begin, and what is enlarged at first: the middle, unless another place is set."""
        return super().first_item() if self._first is None else min(self._first, len(self._values) - 1)

    def item_count(self) -> int:
        """How many numbers there are."""
        return len(self._values)

    def item_rectangle(self, item: int) -> QRectF:
        """Where a number lies in the strip."""
        width = self.width() / len(self._values)
        return QRectF(item * width, 0, width, _STRIP)

    def item_at(self, position: QPointF) -> int:
        """The number at a point of the strip; below it, the one that is pointed at."""
        if position.y() > _STRIP + _BETWEEN / 2:
            return self.current
        return min(max(int(position.x() / self.width() * len(self._values)), 0), len(self._values) - 1)

    def item_text(self, item: int) -> str:
        """Index and value."""
        return f"number {item}: {self._values[item]}"

    def tip_at(self, position: QPointF) -> str:  # noqa: ARG002
        """The concept: what is pointed at is shown below."""
        return self.toolTip()

    def cells_shown(self) -> range:
        """The indices of the numbers that are enlarged."""
        count = min(len(self._values), max(1, self.width() // _CELL))
        middle = self.first_item() if self.current == NONE else self.current
        start = min(max(middle - count // 2, 0), len(self._values) - count)
        return range(start, start + count)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_strip(painter, QRectF(0, 0, self.width(), _STRIP))
        cells = self.cells_shown()
        enlarged = QRectF(0, _STRIP + _BETWEEN, len(cells) * _CELL, _ENLARGED)
        enlarged.moveLeft(max(0.0, (self.width() - enlarged.width()) / 2))
        scale = self.width() / len(self._values)
        left, right = cells.start * scale, cells.stop * scale
        fan = QPolygonF([QPointF(left, _STRIP), QPointF(right, _STRIP), enlarged.topRight(), enlarged.topLeft()])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours().accent_soft))
        painter.drawPolygon(fan)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(focus_pen())
        painter.drawRect(QRectF(left, 0, max(2.0, right - left), _STRIP).adjusted(1, 1, -1, -1))
        self._paint_cells(painter, enlarged, cells)
        painter.end()

    def _paint_strip(self, painter: QPainter, area: QRectF) -> None:
        """As many columns as there is room for; each the mean of its numbers."""
        columns = max(1, min(len(self._values), round(self.width() * self.devicePixelRatioF())))
        if self._strip.width() != columns:
            starts = np.arange(columns) * len(self._values) // columns
            sums = np.add.reduceat(self._values, starts, dtype=np.int64)
            means = (sums / np.diff(np.append(starts, len(self._values)))).astype(np.uint8)
            self._strip = array_to_image(means[np.newaxis])
        painter.drawImage(area, self._strip)

    def _paint_cells(self, painter: QPainter, area: QRectF, cells: range) -> None:
        theme = colours()
        painter.setFont(small_font(self.font()))
        for number, index in enumerate(cells):
            value = int(self._values[index])
            cell = QRectF(area.left() + number * _CELL, area.top(), _CELL, _ENLARGED)
            painter.fillRect(cell.adjusted(0.5, 0, -0.5, 0), QColor(value, value, value))
            painter.setPen(QColor("#000000" if value > 110 else "#ffffff"))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, str(value))
            if self._marks[index]:
                painter.fillRect(QRectF(cell.left(), cell.bottom() - 4, cell.width(), 4), QColor(theme.plot[1]))
            current = index == self.current
            if current:
                painter.setPen(focus_pen())
                painter.drawRect(cell.adjusted(1, 1, -1, -1))
            painter.setPen(QColor(theme.accent_text if current else theme.secondary))
            below = QRectF(cell.left() - _CELL, cell.bottom(), 3 * _CELL, _INDICES)
            apart = self.current == NONE or abs(index - self.current) > 1
            if current or (number % 4 == 0 and apart):
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{index:,}")
        if self.hasFocus():
            painter.setPen(focus_pen())
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    @override
    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, _STRIP + _BETWEEN + _ENLARGED + _INDICES)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(3 * _CELL, self.sizeHint().height())
