"""A picture as it came, with what the network sees of it."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, array_to_image, colours

Crop = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of a picture's width and height."""

_SHADE = QColor(0, 0, 0, 140)
_RADIUS = GRID


class PhotoView(QWidget):
    """A picture, as large as there is room; what the network does not see of it is dimmed.

    Args:
        placeholder: what stands there while there is no picture.
        parent: the parent widget.
    """

    def __init__(self, placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(self, "photo_view", "The picture", "The picture as it came. The network sees what is not dimmed.")
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
        self._image, self._crop = image, crop
        self._picture = None if image is None else array_to_image(image)
        self.update()

    def place(self) -> QRectF:
        """Where the picture lies, in device-independent pixels."""
        if self._picture is None:
            return QRectF()
        room = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        size = self._picture.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(0, 0, size.width(), size.height())
        place.moveCenter(room.center())
        return place

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paints the picture, dims what lies outside the crop and outlines that; or writes the placeholder."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if self._picture is None:
            self._paint_placeholder(painter)
            painter.end()
            return
        place, outline = self.place(), QPainterPath()
        outline.addRoundedRect(place, _RADIUS / 2, _RADIUS / 2)
        painter.setClipPath(outline)
        ratio = self.devicePixelRatioF()
        size = (place.size() * ratio).toSize()
        # Qt's own smooth scaling looks at four pixels only: a large photo would flicker.
        if size.width() * 2 <= self._picture.width():
            scaled = self._picture.scaled(
                size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            painter.drawImage(place, scaled)
        else:
            painter.drawImage(place, self._picture)
        if self._crop is not None:
            self._paint_crop(painter, place, self._crop)
        painter.end()

    def _paint_crop(self, painter: QPainter, place: QRectF, crop: Crop) -> None:
        left, top, right, bottom = crop
        seen = QRectF(
            place.left() + left * place.width(),
            place.top() + top * place.height(),
            (right - left) * place.width(),
            (bottom - top) * place.height(),
        )
        around = QPainterPath()
        around.addRect(place)
        around.addRect(seen)
        painter.fillPath(around, _SHADE)
        painter.setPen(QPen(Qt.GlobalColor.white, 1.5))
        painter.drawRect(seen.adjusted(0.75, 0.75, -0.75, -0.75))

    def _paint_placeholder(self, painter: QPainter) -> None:
        theme = colours()
        painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS / 2, _RADIUS / 2)
        painter.setPen(QColor(theme.secondary))
        room = self.rect().adjusted(2 * GRID, GRID, -2 * GRID, -GRID)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._placeholder)

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 240)
