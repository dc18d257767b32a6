"""A small picture shown large, every pixel a sharp square that can be pointed at."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, LIGHT, array_to_image, colours

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

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
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

    @override
    def event(self, event: QEvent) -> bool:
        """Leaves the pixel's tooltip alone when the widget's own is due."""
        if event.type() == QEvent.Type.ToolTip and self._cell is not None:
            return True
        return super().event(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._cell_at(event.position()))
        self._show_tip()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)
        super().leaveEvent(event)

    @override
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

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._point(None)
        super().focusOutEvent(event)


class PixelView(CrispPicture):
    """An image as the network gets it, every pixel a sharp square; its value is told when it is pointed at.

    Args:
        parent: the parent widget.
        placeholder: what stands there while there is no image.
    """

    def __init__(self, parent: QWidget | None = None, placeholder: str = "What the network gets appears here.") -> None:
        super().__init__(placeholder, parent)
        describe(
            self,
            "pixel_view",
            "What the network gets",
            "The very pixels that the network gets. Point at one to see its value: 0 is black, 255 is white.",
        )
        self.setMinimumSize(84, 84)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._image: np.ndarray | None = None

    @property
    def image(self) -> np.ndarray | None:
        """The image that is shown."""
        return self._image

    def set_image(self, image: np.ndarray | None) -> None:
        """Shows an image, or none.

        Args:
            image: (height, width), (height, width, 1) or (height, width, 3) uint8.
        """
        self._image = image
        self.set_picture(None if image is None else array_to_image(image))

    def text_of(self, cell: Cell) -> str:
        """Row, column and value, such as “row 12, column 9: 207”."""
        if self._image is None:
            return ""
        values = np.atleast_1d(self._image[cell])
        return f"{super().text_of(cell)}: {', '.join(str(value) for value in values)}"

    @override
    def sizeHint(self) -> QSize:
        """Five pixels a pixel of MNIST, and the frame."""
        return QSize(144, 144)

    @override
    def heightForWidth(self, width: int) -> int:
        return width


_WORTHWHILE = 0.85


class PixelPicture(CrispPicture):
    """An image as large as there is room, whatever its resolution; a frame shows which part the matrix shows.

    Args:
        parent: the parent widget.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        describe(
            self,
            "pixel_picture",
            "The image",
            "The image, each pixel a square. Point at one, or go there with the arrow keys, to find it in the numbers.",
        )
        self.setMinimumSize(20 * GRID, 20 * GRID)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._image: np.ndarray | None = None
        self._extent = QSize(1, 1)
        self._window = QRectF()

    @property
    def image(self) -> np.ndarray | None:
        """The image that is shown."""
        return self._image

    def set_image(self, image: np.ndarray | None, extent: tuple[int, ...] | None = None) -> None:
        """Shows an image, or none.

        Args:
            image: (height, width, 1 or 3) uint8.
            extent: (height, width, …) of the original: so large it stays, however few pixels there are; the image's
                own where None.
        """
        self._image = image
        if image is None:
            self.set_picture(None)
            return
        height, width, *_ = extent or image.shape
        if QSize(width, height) != self._extent:
            self._extent = QSize(width, height)
            self.updateGeometry()
        self.set_picture(array_to_image(image))

    def set_window(self, window: QRectF) -> None:
        """Frames a part of the image, in its pixels; the whole of it gets no frame."""
        self._window = window
        self.update()

    def point(self, cell: Cell | None) -> None:
        """Outlines a pixel; None outlines none."""
        self._point(cell)

    def text_of(self, cell: Cell) -> str:  # noqa: ARG002
        """Nothing: what is pointed at is told beside the picture."""
        return ""

    def _place(self) -> QRectF:
        """Where the picture lies: top left, by whole screen pixels where that wastes little room."""
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        ratio = self.devicePixelRatioF()
        crisp = crisp_rectangle(area, self._extent, ratio)
        crisp.moveTopLeft(area.topLeft())
        share = min(area.width() / self._extent.width(), area.height() / self._extent.height())
        if crisp.width() >= _WORTHWHILE * self._extent.width() * share:
            return crisp
        return QRectF(area.topLeft(), self._extent.toSizeF() * share)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._picture is None or self._window.isEmpty():
            return
        whole = QRectF(0, 0, self._picture.width(), self._picture.height())
        if self._window.adjusted(-1, -1, 1, 1).contains(whole):
            return
        place = self._place()
        across, down = place.width() / whole.width(), place.height() / whole.height()
        frame = QRectF(
            place.left() + self._window.left() * across,
            place.top() + self._window.top() * down,
            self._window.width() * across,
            self._window.height() * down,
        )
        painter = QPainter(self)
        for colour, margin in ((QColor(0, 0, 0, 120), 1.0), (QColor(LIGHT.accent_soft), 0.0)):
            painter.setPen(QPen(colour, 1.5))
            painter.drawRect(frame.adjusted(-margin, -margin, margin, margin) & place.adjusted(-1, -1, 1, 1))
        painter.end()

    @override
    def sizeHint(self) -> QSize:
        """As large as a newcomer needs it."""
        return QSize(45 * GRID, 45 * GRID)

    @override
    def heightForWidth(self, width: int) -> int:
        return round(width * self._extent.height() / self._extent.width())
