"""An image shown large, in step with the matrix of its numbers."""

import numpy as np
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.gui.describe import describe
from cnnstudio.gui.painting.crisp import Cell, CrispPicture, crisp_rectangle
from cnnstudio.gui.theme import GRID, LIGHT, array_to_image

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

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the frame over the picture."""
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

    def sizeHint(self) -> QSize:
        """As large as a newcomer needs it."""
        return QSize(45 * GRID, 45 * GRID)

    def heightForWidth(self, width: int) -> int:
        """As high as the image is for its width."""
        return round(width * self._extent.height() / self._extent.width())
