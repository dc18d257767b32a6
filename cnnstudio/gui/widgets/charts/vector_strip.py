"""An image flattened to a vector: its numbers one after the other, seen from afar and from near."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, array_to_image, colours, text_sizes

_FAR = 4 * GRID
_BETWEEN = 2 * GRID
_NEAR = 4 * GRID
_CELL = 5 * GRID
_INDICES = 3 * GRID


class VectorStrip(QWidget):
    """All numbers as a strip of shades; below, those around the place that is pointed at, with their indices.

    Args:
        parent: the parent widget.
    """

    pointed = Signal(int)
    """The index that is pointed at now; -1 for none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(
            self,
            "vector_strip",
            "The image as a vector",
            "The numbers of the image in one row. Move over it, or press Left and Right, to read them.",
        )
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._values = np.zeros(1, np.uint8)
        self._marks = np.zeros(1, bool)
        self._far = QImage()
        self._index = -1

    @property
    def index(self) -> int:
        """The index that is pointed at; -1 for none."""
        return self._index

    def set_values(self, values: np.ndarray, marks: np.ndarray | None = None) -> None:
        """Shows another vector.

        Args:
            values: (n,) uint8.
            marks: (n,) bool, which of them are outlined; None for none.
        """
        self._values, self._far = values, QImage()
        self._marks = np.zeros(len(values), bool) if marks is None else marks
        self._index = min(self._index, len(values) - 1)
        self.update()

    def point(self, index: int) -> None:
        """Goes to an index; -1 goes back to the middle."""
        index = min(max(index, -1), len(self._values) - 1)
        if index != self._index:
            self._index = index
            told = f"number {index}: {self._values[index]}" if index >= 0 else ""
            self.setAccessibleDescription(told)
            self.update()
            self.pointed.emit(index)

    def cells_shown(self) -> range:
        """The indices that are shown from near."""
        count = min(len(self._values), max(1, self.width() // _CELL))
        middle = self._index if self._index >= 0 else len(self._values) // 2
        start = min(max(middle - count // 2, 0), len(self._values) - count)
        return range(start, start + count)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        far = QRectF(0, 0, self.width(), _FAR)
        self._paint_far(painter, far)
        cells = self.cells_shown()
        near = QRectF(0, _FAR + _BETWEEN, len(cells) * _CELL, _NEAR)
        near.moveLeft(max(0.0, (self.width() - near.width()) / 2))
        scale = self.width() / len(self._values)
        left, right = cells.start * scale, cells.stop * scale
        theme = colours()
        fan = QPolygonF([QPointF(left, _FAR), QPointF(right, _FAR), near.topRight(), near.topLeft()])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent_soft))
        painter.drawPolygon(fan)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.accent_text), 2))
        painter.drawRect(QRectF(left, 0, max(2.0, right - left), _FAR).adjusted(1, 1, -1, -1))
        self._paint_near(painter, near, cells)
        painter.end()

    def _paint_far(self, painter: QPainter, area: QRectF) -> None:
        """As many columns as there is room for; each the mean of its numbers."""
        columns = max(1, min(len(self._values), round(self.width() * self.devicePixelRatioF())))
        if self._far.width() != columns:
            starts = np.arange(columns) * len(self._values) // columns
            sums = np.add.reduceat(self._values, starts, dtype=np.int64)
            means = (sums / np.diff(np.append(starts, len(self._values)))).astype(np.uint8)
            self._far = array_to_image(means[np.newaxis])
        painter.drawImage(area, self._far)

    def _paint_near(self, painter: QPainter, area: QRectF, cells: range) -> None:
        theme = colours()
        small = QFont(self.font())
        small.setPixelSize(text_sizes().small)
        painter.setFont(small)
        for number, index in enumerate(cells):
            value = int(self._values[index])
            cell = QRectF(area.left() + number * _CELL, area.top(), _CELL, _NEAR)
            painter.fillRect(cell.adjusted(0.5, 0, -0.5, 0), QColor(value, value, value))
            painter.setPen(QColor("#000000" if value > 110 else "#ffffff"))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, str(value))
            if self._marks[index]:
                painter.fillRect(QRectF(cell.left(), cell.bottom() - 4, cell.width(), 4), QColor(theme.plot[1]))
            current = index == self._index
            if current:
                painter.setPen(QPen(QColor(theme.accent_text), 2))
                painter.drawRect(cell.adjusted(1, 1, -1, -1))
            painter.setPen(QColor(theme.accent_text if current else theme.secondary))
            below = QRectF(cell.left() - _CELL, cell.bottom(), 3 * _CELL, _INDICES)
            if current or (number % 4 == 0 and abs(index - self._index) > 1) or (self._index < 0 and number % 4 == 0):
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{index:,}")
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent_text), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = event.position().x(), event.position().y()
        if y <= _FAR + _BETWEEN / 2:
            self.point(int(x / self.width() * len(self._values)))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.point(-1)
        super().leaveEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right go to the next number, Home and End to the first and last."""
        last = len(self._values) - 1
        current = self._index if self._index >= 0 else last // 2
        places = {
            Qt.Key.Key_Left: max(current - 1, 0),
            Qt.Key.Key_Right: current + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() in places and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.point(places[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, _FAR + _BETWEEN + _NEAR + _INDICES)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(3 * _CELL, self.sizeHint().height())
