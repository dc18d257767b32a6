"""A small picture shown large, every pixel a sharp square that can be pointed at."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, LIGHT, array_to_image, colours
from cnnstudio.gui.widgets.items import NONE, Cell, Cells, ItemWidget, focus_pen, paint_placeholder, paint_value_outline

_ROOM_USED = 0.85
"""Where whole screen pixels a pixel leave more room empty than this, a picture is fitted without them."""


def whole_pixel_rectangle(area: QRectF, size: QSize, ratio: float) -> QRectF:
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


class PixelView(Cells, ItemWidget):
    """An image as the network gets it; the pixel under the pointer, or reached by keys, is outlined, its value shown.

    Args:
        placeholder: what stands there while there is no image.
    """

    def __init__(self, placeholder: str = "What the network gets appears here.") -> None:
        super().__init__()
        describe(
            self,
            "pixel_view",
            "What the network gets",
            "Exactly the pixels that the network gets. Point at one to see its value: 0 is black, 255 is white.",
        )
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumSize(84, 84)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._placeholder = placeholder
        self._image: np.ndarray | None = None
        self._picture = QImage()

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
        self.set_picture(QImage() if image is None else array_to_image(image))

    @property
    def placeholder(self) -> str:
        """What is said while there is no picture."""
        return self._placeholder

    def set_placeholder(self, text: str) -> None:
        """Sets what is said while there is no picture."""
        self._placeholder = text
        self.update()

    def set_picture(self, picture: QImage) -> None:
        """Shows a picture, or none where it is null; what was pointed at stays where the size stays."""
        if picture.size() != self._picture.size():
            self.point(None)
        self._picture = picture
        if self.cell is not None and QToolTip.isVisible():
            self._show_value()
        self.update()

    def extent(self) -> Cell:
        """The picture's height and width."""
        return self._picture.height(), self._picture.width()

    def text_of(self, cell: Cell) -> str:
        """Row, column and value, such as “row 12, column 9: 207”."""
        values = np.atleast_1d(self._image[cell]) if self._image is not None else ()
        return f"{super().text_of(cell)}: {', '.join(map(str, values))}"

    def picture_rectangle(self) -> QRectF:
        """Where the picture lies, with a pixel left for its frame."""
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        return whole_pixel_rectangle(area, self._picture.size(), self.devicePixelRatioF())

    def cell_rectangle(self, cell: Cell) -> QRectF:
        """Where a pixel lies."""
        place, (rows, columns) = self.picture_rectangle(), self.extent()
        across, down = place.width() / columns, place.height() / rows
        return QRectF(place.left() + cell[1] * across, place.top() + cell[0] * down, across, down)

    def outlined(self, cell: Cell) -> QRectF:
        """What is outlined where a pixel is pointed at."""
        return self.cell_rectangle(cell)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._picture.isNull():
            paint_placeholder(painter, self.rect(), self._placeholder, framed=True)
            if self.hasFocus():
                painter.setPen(focus_pen())
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), GRID / 2, GRID / 2)
        else:
            self._paint_picture(painter, self.picture_rectangle())
        painter.end()

    def _paint_picture(self, painter: QPainter, place: QRectF) -> None:
        theme = colours()
        colour, width = (theme.accent_text, 2) if self.hasFocus() else (theme.border, 1)
        painter.fillRect(place.adjusted(-width, -width, width, width), QColor(colour))
        smaller = place.width() * self.devicePixelRatioF() < self._picture.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
        painter.drawImage(place, self._picture)
        if self.cell is not None:
            paint_value_outline(painter, self.outlined(self.cell))

    def _show_value(self) -> None:
        """Shows the tooltip of the pixel that is pointed at, without the usual wait."""
        if self.cell is None:
            QToolTip.hideText()
            return
        middle = self.cell_rectangle(self.cell).center()
        self.tell(self.current, middle, self.tip_at(middle))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._show_value()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys, Home and End point at another pixel and show its value; Escape points at none."""
        if event.key() == Qt.Key.Key_Escape and self.cell is not None:
            self.point(None)
        else:
            super().keyPressEvent(event)
        self._show_value()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.point(None)
        super().focusOutEvent(event)

    @override
    def sizeHint(self) -> QSize:
        return QSize(144, 144)  # five pixels for each of MNIST's, and the frame

    @override
    def heightForWidth(self, width: int) -> int:
        return width


class PixelPicture(PixelView):
    """An image as large as there is room, whatever its resolution; a frame shows which part the matrix shows."""

    def __init__(self) -> None:
        super().__init__("")
        describe(
            self,
            "pixel_picture",
            "The image",
            "The image, each pixel a square. Point at one, or go there with the arrow keys, to find it in the numbers.",
        )
        self.setMinimumSize(20 * GRID, 20 * GRID)
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        self._original = QSize(1, 1)
        self._window = QRectF()

    def set_image(self, image: np.ndarray | None, original: tuple[int, ...] | None = None) -> None:
        """Shows an image, or none.

        Args:
            image: (height, width, 1 or 3) uint8.
            original: (height, width, …) of the image before it was made smaller: so large it stays, however few pixels
                there are; the image's own where None.
        """
        if image is not None:
            height, width, *_ = original or image.shape
            if QSize(width, height) != self._original:
                self._original = QSize(width, height)
                self.updateGeometry()
        super().set_image(image)

    def set_window(self, window: QRectF) -> None:
        """Frames a part of the image, in its pixels; the whole of it gets no frame."""
        self._window = window
        self.update()

    def tip_at(self, position: QPointF) -> str:
        """None for a pixel: its value stands beside the picture."""
        return self.toolTip() if self.item_at(position) == NONE else ""

    def picture_rectangle(self) -> QRectF:
        """Where the picture lies: top left, by whole screen pixels where that wastes little room."""
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        sharp = whole_pixel_rectangle(area, self._original, self.devicePixelRatioF())
        share = min(area.width() / self._original.width(), area.height() / self._original.height())
        fitted = self._original.toSizeF() * share
        return QRectF(area.topLeft(), sharp.size() if sharp.width() >= _ROOM_USED * fitted.width() else fitted)

    def _paint_picture(self, painter: QPainter, place: QRectF) -> None:
        super()._paint_picture(painter, place)
        whole = QRectF(0, 0, self._picture.width(), self._picture.height())
        if self._window.isEmpty() or self._window.adjusted(-1, -1, 1, 1).contains(whole):
            return
        across, down = place.width() / whole.width(), place.height() / whole.height()
        frame = QRectF(
            place.left() + self._window.left() * across,
            place.top() + self._window.top() * down,
            self._window.width() * across,
            self._window.height() * down,
        )
        for colour, margin in ((QColor(0, 0, 0, 120), 1.0), (QColor(LIGHT.accent_soft), 0.0)):
            painter.setPen(QPen(colour, 1.5))
            painter.drawRect(frame.adjusted(-margin, -margin, margin, margin) & place.adjusted(-1, -1, 1, 1))

    @override
    def sizeHint(self) -> QSize:
        return QSize(45 * GRID, 45 * GRID)

    @override
    def heightForWidth(self, width: int) -> int:
        return round(width * self._original.height() / self._original.width())
