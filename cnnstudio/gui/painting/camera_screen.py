"""A camera's frame, as large as there is room, mirrored or not."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.gui.theme import GRID, colours

_SHADE = QColor(0, 0, 0, 130)


class CameraScreen(QWidget):
    """Shows the newest frame whole.

    Args:
        guide: whether all but the square in the middle is shaded.

    Attributes:
        mirrored: whether left and right are exchanged, as in a mirror.
    """

    def __init__(self, guide: bool) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.mirrored = True
        self._guide = guide
        self._image: QImage | None = None

    def show_image(self, image: QImage | None) -> None:
        """Shows a frame, or that the camera is starting."""
        self._image = image
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paints the frame within rounded corners."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect())
        outline = QPainterPath()
        outline.addRoundedRect(area.adjusted(1, 1, -1, -1), GRID, GRID)
        painter.fillPath(outline, QColor(colours().surface))
        if self._image is None:
            painter.setPen(QColor(colours().secondary))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "The camera is starting …")
        else:
            painter.setClipPath(outline)
            self._paint_frame(painter, area, self._image)
            painter.setClipping(False)
        painter.strokePath(outline, QPen(QColor(colours().border), 1))
        painter.end()

    def _paint_frame(self, painter: QPainter, area: QRectF, image: QImage) -> None:
        place = QRectF(0, 0, *image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio).toTuple())
        place.moveCenter(area.center())
        painter.fillRect(area, Qt.GlobalColor.black)
        painter.save()
        if self.mirrored:
            painter.translate(area.width(), 0)
            painter.scale(-1, 1)
        painter.drawImage(place, image)
        painter.restore()
        if self._guide:
            side = min(place.width(), place.height())
            square = QRectF(0, 0, side, side)
            square.moveCenter(place.center())
            around = QPainterPath()
            around.addRect(area)
            around.addRect(square)
            painter.fillPath(around, _SHADE)
