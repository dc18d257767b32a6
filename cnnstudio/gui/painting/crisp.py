"""A small picture shown large, every pixel a sharp square that can be pointed at."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from cnnstudio.gui.theme import GRID, colours

Cell = tuple[int, int]
"""Row and column, counted from 0."""

_STEPS: dict[int, Cell] = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


def crisp_rectangle(area: QRectF, size: QSize, ratio: float) -> QRectF:
    """Where a picture lies inside an area: in its middle, as large as a whole number of screen pixels a pixel allows.

    Args:
        area: where there is room, in device-independent pixels.
        size: of the picture.
        ratio: screen pixels per device-independent pixel.

    Returns:
        The rectangle, in device-independent pixels; a picture larger than the area is made to fit.
    """
    fitting = min(area.width() * ratio / size.width(), area.height() * ratio / size.height())
    scale = (int(fitting) if fitting >= 1 else max(fitting, 0.0)) / ratio
    width, height = size.width() * scale, size.height() * scale
    left = round((area.left() + (area.width() - width) / 2) * ratio) / ratio
    top = round((area.top() + (area.height() - height) / 2) * ratio) / ratio
    return QRectF(left, top, width, height)


class CrispPicture(QWidget):
    """Shows a picture with sharp pixels; the pixel under the pointer, or chosen with the arrow keys, is outlined.

    Args:
        placeholder: what stands there while there is no picture.
        parent: the parent widget.
    """

    pointed = Signal(object)
    """The (row, column) that is pointed at now, or None."""

    def __init__(self, placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._placeholder = placeholder
        self._picture: QImage | None = None
        self._cell: Cell | None = None

    @property
    def cell(self) -> Cell | None:
        """The (row, column) that is pointed at."""
        return self._cell

    def set_picture(self, picture: QImage | None) -> None:
        """Shows a picture, or none; what was pointed at stays where the size stays."""
        if picture is None or self._picture is None or picture.size() != self._picture.size():
            self._point(None)
        self._picture = picture
        if self._cell is not None and QToolTip.isVisible():
            self._show_tip()
        self.update()

    def text_of(self, cell: Cell) -> str:
        """What the tooltip says of a pixel; for those who know its value."""
        row, column = cell
        return f"row {row}, column {column}"

    def _place(self) -> QRectF:
        """Where the picture lies, with a pixel left for its frame."""
        if self._picture is None:
            return QRectF()
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        return crisp_rectangle(area, self._picture.size(), self.devicePixelRatioF())

    def _cell_rectangle(self, cell: Cell, place: QRectF) -> QRectF:
        if self._picture is None:
            return QRectF()
        across, down = place.width() / self._picture.width(), place.height() / self._picture.height()
        row, column = cell
        return QRectF(place.left() + column * across, place.top() + row * down, across, down)

    def _cell_at(self, position: QPointF) -> Cell | None:
        place = self._place()
        if self._picture is None or not place.contains(position):
            return None
        row = int((position.y() - place.top()) / place.height() * self._picture.height())
        column = int((position.x() - place.left()) / place.width() * self._picture.width())
        return min(row, self._picture.height() - 1), min(column, self._picture.width() - 1)

    def _point(self, cell: Cell | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self.update()
            self.pointed.emit(cell)

    def _show_tip(self) -> None:
        if self._cell is None:
            QToolTip.hideText()
            return
        text = self.text_of(self._cell)
        self.setAccessibleDescription(text)
        corner = self._cell_rectangle(self._cell, self._place()).bottomRight()
        QToolTip.showText(self.mapToGlobal(corner.toPoint()), text, self)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paints the picture, its thin frame and the outline of the pixel that is pointed at."""
        painter = QPainter(self)
        theme = colours()
        if self._picture is None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), GRID / 2, GRID / 2)
            painter.setPen(QColor(theme.secondary))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(GRID, GRID, -GRID, -GRID), flags, self._placeholder)
            painter.end()
            return
        place = self._place()
        colour, width = (theme.accent_text, 2) if self.hasFocus() else (theme.border, 1)
        painter.fillRect(place.adjusted(-width, -width, width, width), QColor(colour))
        smaller = place.width() * self.devicePixelRatioF() < self._picture.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
        painter.drawImage(place, self._picture)
        if self._cell is not None:
            self._paint_outline(painter, self._cell_rectangle(self._cell, place))
        painter.end()

    @staticmethod
    def _paint_outline(painter: QPainter, rectangle: QRectF) -> None:
        """Outlines a pixel so that it is seen on any colour: white around black."""
        for colour, margin in ((Qt.GlobalColor.black, 0.5), (Qt.GlobalColor.white, 1.5)):
            painter.setPen(QPen(colour, 1))
            painter.drawRect(rectangle.adjusted(-margin, -margin, margin - 1, margin - 1))

    def event(self, event: QEvent) -> bool:
        """Leaves the pixel's tooltip alone when the widget's own is due."""
        if event.type() == QEvent.Type.ToolTip and self._cell is not None:
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Points at the pixel under the mouse."""
        self._point(self._cell_at(event.position()))
        self._show_tip()

    def leaveEvent(self, event: QEvent) -> None:
        """Points at nothing."""
        self._point(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys point at the next pixel; Escape at none."""
        if self._picture is not None and event.key() in _STEPS:
            row, column = self._cell or (self._picture.height() // 2, self._picture.width() // 2)
            down, across = _STEPS[event.key()] if self._cell else (0, 0)
            self._point(
                (
                    min(max(row + down, 0), self._picture.height() - 1),
                    min(max(column + across, 0), self._picture.width() - 1),
                )
            )
            self._show_tip()
        elif event.key() == Qt.Key.Key_Escape and self._cell is not None:
            self._point(None)
            self._show_tip()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Points at nothing."""
        self._point(None)
        super().focusOutEvent(event)
