"""A picture, with the part of it that the network sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, array_to_image, colours
from cnnstudio.gui.widgets.items import paint_placeholder

Crop = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of a picture's width and height."""

_MARGIN = 3
"""Between one of several things and the box around it, in device-independent pixels."""

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
"""By how many things the arrow keys go on."""


@dataclass(frozen=True)
class Mark:
    """One of several things in a picture.

    Attributes:
        box: where it is.
        text: what the network says of it, in a word.
        sure: whether it is sure of it.
    """

    box: Crop
    text: str
    sure: bool = True


class PhotoView(QWidget):
    """A picture, as large as there is room; what the network does not see of it is dimmed.

    Where the network sees several things in it, each is in a box with its answer, and one of them is chosen by a click
    or by the arrow keys.

    Args:
        placeholder: what stands there while there is no picture.
    """

    mark_chosen = Signal(int)
    """Another one of several things was chosen here: its number."""

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
        self._marks: tuple[Mark, ...] = ()
        self._chosen = 0

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The several things in the picture; empty where it shows one."""
        return self._marks

    @property
    def chosen(self) -> int:
        """The number of the one that is chosen."""
        return self._chosen

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
        self.set_marks(())

    def set_marks(self, marks: Sequence[Mark], chosen: int = 0) -> None:
        """Shows the several things in the picture, and which of them is chosen."""
        self._marks, self._chosen = tuple(marks), chosen
        if self._marks:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.update()

    def _choose_mark(self, number: int) -> None:
        if number != self._chosen:
            self.set_marks(self._marks, number)
            self.mark_chosen.emit(number)

    def _placed(self, box: Crop) -> QRectF:
        """Where a part of the picture lies, in device-independent pixels."""
        place, (left, top, right, bottom) = self.place(), box
        size = (right - left) * place.width(), (bottom - top) * place.height()
        return QRectF(place.left() + left * place.width(), place.top() + top * place.height(), *size)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        hit = [
            number
            for number, mark in enumerate(self._marks)
            if self._placed(mark.box).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN).contains(event.position())
        ]
        if hit and event.button() == Qt.MouseButton.LeftButton:
            self._choose_mark(hit[0])
        else:
            super().mousePressEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys choose the thing before or after."""
        step = _STEPS.get(Qt.Key(event.key()), 0)
        if self._marks and step:
            self._choose_mark(min(max(0, self._chosen + step), len(self._marks) - 1))
        else:
            super().keyPressEvent(event)

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
            seen = self._placed(self._crop)
            around = QPainterPath()
            around.addRect(place)
            around.addRect(seen)
            painter.fillPath(around, QColor(0, 0, 0, 140))
            painter.setPen(QPen(Qt.GlobalColor.white, 1.5))
            painter.drawRect(seen.adjusted(0.75, 0.75, -0.75, -0.75))
        for number, mark in enumerate(self._marks):
            self._paint_mark(painter, mark, place, number == self._chosen)

    def _paint_mark(self, painter: QPainter, mark: Mark, place: QRectF, is_chosen: bool) -> None:
        """A box, and the answer on a plate at its upper right corner, within the picture."""
        box = self._placed(mark.box).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        colour = QColor(colours().accent) if is_chosen else QColor(60, 60, 60)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # Dark within light, to be seen on paper and on a board.
        for edge, width in ((QColor(Qt.GlobalColor.white), 3.5), (colour, 2 if is_chosen else 1.25)):
            painter.setPen(QPen(edge, width))
            painter.drawRect(box)
        text = mark.text if mark.sure else f"{mark.text}?"
        metrics = painter.fontMetrics()
        plate = QRectF(0, 0, metrics.horizontalAdvance(text) + GRID, metrics.height())
        plate.moveBottomRight(QPointF(min(box.right(), place.right()), max(box.top(), place.top() + plate.height())))
        painter.fillRect(plate, colour)
        painter.setPen(QColor(colours().on_accent if is_chosen else Qt.GlobalColor.white))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 240)
