"""A picture, with the part of it that the network sees."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, array_to_image
from cnnstudio.gui.widgets.items import paint_placeholder

Crop = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of a picture's width and height."""


class PhotoView(QWidget):
    """A picture, as large as there is room; what the network does not see of it is dimmed.

    Args:
        placeholder: what stands there while there is no picture.
    """

    def __init__(self, placeholder: str = "") -> None:
        super().__init__()
        describe(
            self,
            "photo_view",
            "The picture",
            "The whole picture. The network sees what is not dimmed.",
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._placeholder = placeholder
        self._image: np.ndarray | None = None
        self._picture: QImage | None = None
        self._crop: Crop | None = None

    @property
    def image(self) -> np.ndarray | None:
        """The picture that is shown."""
        return self._image

    @property
    def crop(self) -> Crop | None:
        """What the network sees of it; None for no particular part."""
        return self._crop

    def set_placeholder(self, text: str) -> None:
        """Sets what stands there while there is no picture."""
        self._placeholder = text
        self.update()

    def set_image(self, image: np.ndarray | None, crop: Crop | None = None) -> None:
        """Shows a picture, or none.

        Args:
            image: (height, width) or (height, width, 1 or 3) uint8.
            crop: what the network sees of it; None for no particular part.
        """
        self.set_picture(None if image is None else array_to_image(image), crop)
        self._image = image

    def set_picture(self, picture: QImage | None, crop: Crop | None = None) -> None:
        """Shows a picture that is no array, or none."""
        self._image, self._picture, self._crop = None, picture, crop
        self.update()

    def place(self) -> QRectF:
        """Where the picture lies, in device-independent pixels: in the middle, as large as there is room."""
        if self._picture is None:
            return QRectF()
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        size = self._picture.size().scaled(area.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(QPointF(), size.toSizeF())
        place.moveCenter(area.center())
        return place

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if self._picture is None:
            paint_placeholder(painter, self.rect(), self._placeholder, framed=True)
        else:
            self._paint_picture(painter, self._picture, self.place())
        painter.end()

    def _paint_picture(self, painter: QPainter, picture: QImage, place: QRectF) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(place, GRID / 2, GRID / 2)
        painter.setClipPath(outline)
        size = (place.size() * self.devicePixelRatioF()).toSize()
        # Qt's own smooth scaling looks at four pixels only: a large photo would flicker.
        if size.width() * 2 <= picture.width():
            smooth = Qt.TransformationMode.SmoothTransformation
            picture = picture.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        painter.drawImage(place, picture)
        if self._crop is not None:
            left, top, right, bottom = self._crop
            seen = QRectF(
                place.left() + left * place.width(),
                place.top() + top * place.height(),
                (right - left) * place.width(),
                (bottom - top) * place.height(),
            )
            around = QPainterPath()
            around.addRect(place)
            around.addRect(seen)
            painter.fillPath(around, QColor(0, 0, 0, 140))
            painter.setPen(QPen(Qt.GlobalColor.white, 1.5))
            painter.drawRect(seen.adjusted(0.75, 0.75, -0.75, -0.75))

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 240)
