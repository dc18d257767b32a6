"""A picture with a frame around what the network gets of it, which can be moved and zoomed."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPen, QWheelEvent
from typing_extensions import override

from cnnstudio.gui.look.theme import GRID, colours
from cnnstudio.gui.widgets.drawing.photo_view import Crop, PhotoView

_LEAST = 0.04
"""Of the picture's width and height, what the shorter one of a frame's sides takes at least."""

_REACH = 1.5 * GRID
"""So far from a corner one may press to pull it, in device-independent pixels."""

_STEP = 0.02
"""A step of the arrow keys, as a share of the picture's width and height."""

_ZOOM = 1.1
"""A step of the wheel, and of + and -."""

_ARROWS = {
    Qt.Key.Key_Left: (-_STEP, 0.0),
    Qt.Key.Key_Right: (_STEP, 0.0),
    Qt.Key.Key_Up: (0.0, -_STEP),
    Qt.Key.Key_Down: (0.0, _STEP),
}
_ZOOM_KEYS = {Qt.Key.Key_Plus: 1 / _ZOOM, Qt.Key.Key_Equal: 1 / _ZOOM, Qt.Key.Key_Minus: _ZOOM}


def moved(crop: Crop, across: float, down: float) -> Crop:
    """The crop moved by shares of the picture's width and height, as far as the picture goes."""
    left, top, right, bottom = crop
    across = min(max(across, -left), 1 - right)
    down = min(max(down, -top), 1 - bottom)
    return left + across, top + down, right + across, bottom + down


def zoomed(crop: Crop, factor: float, x: float, y: float) -> Crop:
    """The crop made larger (above 1) or smaller, as far as there is room; (x, y) of the picture stays where it is.

    Its shape stays. It is moved where it would leave the picture otherwise.
    """
    left, top, right, bottom = crop
    width, height = right - left, bottom - top
    factor = min(max(factor, _LEAST / min(width, height)), 1 / max(width, height))
    left, top = x - (x - left) * factor, y - (y - top) * factor
    left, top = min(max(left, 0.0), 1 - width * factor), min(max(top, 0.0), 1 - height * factor)
    return left, top, left + width * factor, top + height * factor


def pulled(crop: Crop, corner: tuple[int, int], x: float, y: float) -> Crop:
    """The crop with one corner pulled to (x, y), its shape and the opposite corner staying.

    Args:
        crop: before.
        corner: 0 for left and top, 1 for right and bottom.
        x: share of the picture's width.
        y: share of the picture's height.
    """
    left, top, right, bottom = crop
    width, height = right - left, bottom - top
    across, down = corner
    fixed = (left if across else right), (top if down else bottom)
    room = ((1 - fixed[0]) if across else fixed[0]) / width, ((1 - fixed[1]) if down else fixed[1]) / height
    wanted = max((x - fixed[0]) * (1 if across else -1) / width, (y - fixed[1]) * (1 if down else -1) / height)
    factor = min(max(wanted, _LEAST / min(width, height)), *room)
    left = fixed[0] if across else fixed[0] - width * factor
    top = fixed[1] if down else fixed[1] - height * factor
    return left, top, left + width * factor, top + height * factor


class CropView(PhotoView):
    """A picture whose crop is moved by dragging and zoomed by the wheel, by its corners, or by the keys.

    Without a crop it is as any `PhotoView`.
    """

    crop_chosen = Signal(object)
    """The crop was changed here: the new one; None where the usual one is wanted again."""

    def __init__(self, placeholder: str = "") -> None:
        super().__init__(placeholder)
        self.setMouseTracking(True)
        self._pressed: tuple[QPointF, Crop, tuple[int, int] | None] | None = None

    def set_picture(self, picture: QImage | None, crop: Crop | None = None) -> None:
        """Shows a picture that is no array, or none."""
        super().set_picture(picture, crop)
        self.set_crop(crop)

    def set_crop(self, crop: Crop | None) -> None:
        """Shows which part of the picture the network gets; None for no particular one, which cannot be moved."""
        self._crop = crop
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if crop is None else Qt.FocusPolicy.StrongFocus)
        if crop is None:
            self._pressed = None
            self.unsetCursor()
        self.update()

    def _choose(self, crop: Crop) -> bool:
        """Takes another crop, and returns whether it is one."""
        if crop == self._crop:
            return False
        self._crop = crop
        self.update()
        self.crop_chosen.emit(crop)
        return True

    def _share(self, position: QPointF) -> QPointF:
        """A point of the widget, in shares of the picture's width and height."""
        place = self.place()
        return QPointF((position.x() - place.left()) / place.width(), (position.y() - place.top()) / place.height())

    def _corner_at(self, position: QPointF, crop: Crop) -> tuple[int, int] | None:
        frame = self._placed(crop)
        reach = min(_REACH, frame.width() / 3, frame.height() / 3)
        for corner in ((0, 0), (1, 0), (0, 1), (1, 1)):
            x = frame.right() if corner[0] else frame.left()
            y = frame.bottom() if corner[1] else frame.top()
            if max(abs(position.x() - x), abs(position.y() - y)) <= reach:
                return corner
        return None

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._crop is None or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        crop, position = self._crop, event.position()
        corner = self._corner_at(position, crop)
        if corner is None and not self._placed(crop).contains(position):
            here = self._share(position)
            self._choose(moved(crop, here.x() - (crop[0] + crop[2]) / 2, here.y() - (crop[1] + crop[3]) / 2))
        self._pressed = position, self._crop, corner

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._crop is None:
            return
        if self._pressed is None:
            self._show_cursor(event.position(), self._crop)
            return
        start, crop, corner = self._pressed
        here = self._share(event.position())
        if corner is None:
            way = here - self._share(start)
            self._choose(moved(crop, way.x(), way.y()))
        else:
            self._choose(pulled(crop, corner, here.x(), here.y()))

    def _show_cursor(self, position: QPointF, crop: Crop) -> None:
        corner = self._corner_at(position, crop)
        if corner is not None:
            falling = corner[0] == corner[1]
            self.setCursor(Qt.CursorShape.SizeFDiagCursor if falling else Qt.CursorShape.SizeBDiagCursor)
        elif self._placed(crop).contains(position):
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self.unsetCursor()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        super().mouseReleaseEvent(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._crop is not None and event.button() == Qt.MouseButton.LeftButton:
            self.crop_chosen.emit(None)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms around the pointer; at its ends the column around scrolls."""
        steps, crop = event.angleDelta().y() / 120, self._crop
        if crop is None or not steps:
            event.ignore()
            return
        here = self._share(event.position())
        event.setAccepted(self._choose(zoomed(crop, _ZOOM**-steps, here.x(), here.y())))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys move the crop, + and - zoom it, Home brings the usual one back."""
        key, crop = Qt.Key(event.key()), self._crop
        if crop is not None and key in _ARROWS:
            self._choose(moved(crop, *_ARROWS[key]))
        elif crop is not None and key in _ZOOM_KEYS:
            self._choose(zoomed(crop, _ZOOM_KEYS[key], (crop[0] + crop[2]) / 2, (crop[1] + crop[3]) / 2))
        elif crop is not None and key == Qt.Key.Key_Home:
            self.crop_chosen.emit(None)
        else:
            super().keyPressEvent(event)

    def _paint_picture(self, painter: QPainter, picture: QImage, place: QRectF) -> None:
        super()._paint_picture(painter, picture, place)
        if self._crop is None:
            return
        frame = self._placed(self._crop).adjusted(1.5, 1.5, -1.5, -1.5)
        arm = min(1.5 * GRID, frame.width() / 3, frame.height() / 3)
        colour = QColor(colours().accent) if self.hasFocus() else QColor(Qt.GlobalColor.white)
        painter.setPen(QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
        for x, across in ((frame.left(), arm), (frame.right(), -arm)):
            for y, down in ((frame.top(), arm), (frame.bottom(), -arm)):
                painter.drawLine(QPointF(x, y), QPointF(x + across, y))
                painter.drawLine(QPointF(x, y), QPointF(x, y + down))
