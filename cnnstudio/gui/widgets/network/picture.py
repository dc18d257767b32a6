"""The picture of a network: to look at, to zoom, to unfold, to choose a layer in, and to save."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QGestureEvent,
    QHBoxLayout,
    QMenu,
    QPinchGesture,
    QToolButton,
    QToolTip,
    QWidget,
)
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.saving import Format, png, save_as
from cnnstudio.gui.look.theme import GRID, colours, icon
from cnnstudio.gui.widgets.network.layout.lay_out import WIDEST, NetworkLayout
from cnnstudio.gui.widgets.network.layout.parts import Arc, Fold, Volume
from cnnstudio.gui.widgets.network.painter import (
    Marks,
    network_image,
    network_svg,
    paint_network,
    part_at,
    rectangle,
    tip_of,
    veil,
)

_STEP = 1.25
_LEGIBLE, _STEPS = 0.8, 50
_TOOLS = 5 * GRID
_NEAR = 4.0
_LESSON = (
    "Each block is a layer's output: as high and wide as its feature maps, as deep as it has many of them; bars are "
    "vectors. Scroll to zoom, drag to move; click a layer to choose it, and a badge to unfold equal parts."
)


class NetworkPicture(QWidget):
    """A network as volumes from left to right; the wheel zooms, dragging moves, a click chooses a layer.

    Args:
        parent: the parent widget.
    """

    selected = Signal(str)
    """A layer was clicked, or the arrow keys went to it: its name."""

    saved = Signal(str)
    """The picture was saved: the file's path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(self, "network_picture", "Picture of the network", _LESSON)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self._layout: NetworkLayout | None = None
        self._view = Viewpoint()
        self._chosen = ""
        self._hovered: Volume | Arc | Fold | None = None
        self._pressed: QPointF | None = None
        self._dragging = False
        self._tools = self._make_tools()

    def _make_tools(self) -> QWidget:
        tools = QWidget(self)
        row = QHBoxLayout(tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for name, picture, title, tip, act in (
            ("zoom_out", "zoom-out", "Smaller", "Shows more of the network. (−)", self.zoom_out),
            ("zoom_in", "zoom-in", "Larger", "Shows it from nearer. (+)", self.zoom_in),
            ("fit", "enlarge", "Fit", "Shows all of it, as large as there is room. (0)", self.fit),
            ("save", "export", "Save", "Saves the picture as SVG or PNG, or copies it.", self._show_menu),
        ):
            button = describe(QToolButton(tools), f"network_{name}_button", title, tip)
            button.setIcon(icon(picture, "secondary"))
            button.clicked.connect(act)
            row.addWidget(button)
        tools.hide()
        return tools

    # What is shown.

    @property
    def network(self) -> NetworkLayout | None:
        """What is shown, folded as it is now."""
        return self._layout

    @property
    def selection(self) -> str:
        """Name of the layer that is chosen; empty for none."""
        return self._chosen

    def set_network(self, layout: NetworkLayout | None) -> None:
        """Shows another network, or None; what was unfolded, chosen and zoomed stays so where it still is there."""
        if layout is not None and self._layout is not None:
            for key in sorted((self._layout.unfolded - layout.unfolded) & {fold.key for fold in layout.folds}):
                layout = layout.toggled(key)
            self._view.fitted |= layout.name != self._layout.name
        self._layout, self._hovered = layout, None
        self._tools.setVisible(layout is not None)
        if layout is None or layout.volume_of(self._chosen) is None:
            self._chosen = ""
        self._tell()
        self._adjust()

    def select(self, name: str) -> None:
        """Marks a layer, or what stands for it in a fold, and brings it into sight; an unknown name marks none."""
        number = self._layout.volume_of(name) if self._layout else None
        self._chosen = "" if number is None else name
        if self._layout is not None and number is not None:
            self._view.reveal(rectangle(self._layout.volumes[number].box.grown(2 * GRID)))
        self._tell()
        self.update()

    def toggle(self, fold: Fold) -> None:
        """Unfolds equal parts, or folds them again; the fold's left edge stays where it is."""
        if self._layout is None:
            return
        before = self._view.transform.map(QPointF(fold.box.x, 0))
        self._layout, self._hovered = self._layout.toggled(fold.key), None
        after = next(one for one in self._layout.folds if one.key == fold.key)
        self._view.fitted = not self._layout.unfolded
        self._adjust()
        if self._layout.unfolded:
            self._view.move(before - self._view.transform.map(QPointF(after.box.x, 0)))
        self._tell()

    def _number(self) -> int:
        """Number of the chosen volume; -1 for none."""
        number = self._layout.volume_of(self._chosen) if self._layout else None
        return -1 if number is None else number

    def _tell(self) -> None:
        number = self._number()
        told = _LESSON if self._layout is None or number < 0 else ". ".join(self._layout.volumes[number].facts)
        self.setAccessibleDescription(told)

    # From where it is seen.

    def _adjust(self) -> None:
        if self._layout is not None:
            room = QRectF(self.rect()).adjusted(2 * GRID, GRID, -2 * GRID, -GRID)
            if self._view.fitted and not self._layout.unfolded:
                steps = max(1, round(room.width() / _LEGIBLE / _STEPS))
                self._layout = self._layout.within(min(WIDEST, float(_STEPS * steps)))
            box = rectangle(self._layout.box)
            # The tools lie in a corner: only a high picture must begin below them.
            spare = room.height() - box.height() * min(1.75, room.width() / box.width())
            room.setTop(room.top() + min(max(_TOOLS - spare / 2, 0.0), _TOOLS))
            self._view.show(box, room)
        self.update()

    @Slot()
    def fit(self) -> None:
        """Shows the whole network, as large as there is room."""
        self._view.fitted = True
        self._adjust()

    @Slot()
    def zoom_in(self) -> None:
        """Shows it from nearer."""
        self._zoom(_STEP, QRectF(self.rect()).center())

    @Slot()
    def zoom_out(self) -> None:
        """Shows it from farther off."""
        self._zoom(1 / _STEP, QRectF(self.rect()).center())

    def _zoom(self, factor: float, about: QPointF) -> None:
        if self._layout is not None:
            self._view.zoom(factor, about)
            self.update()

    def place_of(self, layer: str) -> QPoint:
        """Where the middle of what stands for a layer is now, in the widget.

        Raises:
            KeyError: there is no such layer.
        """
        number = self._layout.volume_of(layer) if self._layout else None
        if self._layout is None or number is None:
            raise KeyError(layer)
        return self._view.transform.map(QPointF(*self._layout.volumes[number].box.middle)).toPoint()

    def place_of_badge(self, fold: Fold) -> QPoint:
        """Where a fold's badge is now, in the widget."""
        return self._view.transform.map(QPointF(*fold.badge.middle)).toPoint()

    # Painting.

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._layout is not None:
            arc = self._layout.arc_of(self._chosen) if self._chosen else None
            marks = Marks(self._number() if arc is None else -1, -1 if arc is None else arc, self._hovered)
            painter.save()
            painter.setTransform(self._view.transform, combine=True)
            paint_network(painter, self._layout, self.font(), colours(), marks)
            painter.restore()
            veil(painter, QRectF(self._tools.geometry()))
        if self.hasFocus() and self._layout is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours().accent_text), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tools.adjustSize()
        self._tools.move(self.width() - self._tools.width() - GRID // 2, GRID // 2)
        self._adjust()

    @override
    def sizeHint(self) -> QSize:
        return QSize(100 * GRID, 40 * GRID)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(30 * GRID, 20 * GRID)

    # Pointer.

    def _part_at(self, position: QPointF) -> Volume | Arc | Fold | None:
        if self._layout is None:
            return None
        where = self._view.to_picture(position)
        return part_at(self._layout, where.x(), where.y(), _NEAR / self._view.scale)

    def _hover(self, part: Volume | Arc | Fold | None) -> None:
        if part is not self._hovered:
            self._hovered = part
            self.setCursor(Qt.CursorShape.ArrowCursor if part is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    @override
    def event(self, event: QEvent) -> bool:
        """Shows the tooltip of what is under the pointer; zooms by pinching, on a touch pad and on a touch screen."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            part = self._part_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip_of(part) if part else self.toolTip(), self)
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._zoom(1 + event.value(), event.position())
            return True
        if isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self._zoom(pinch.scaleFactor(), QPointF(self.mapFromGlobal(pinch.centerPoint().toPoint())))
                return True
        return super().event(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms about the pointer; sideways, it moves."""
        turned = event.angleDelta()
        if abs(turned.x()) > abs(turned.y()):
            self._view.move(QPointF(turned.x() / 2, 0))
            self.update()
        else:
            self._zoom(_STEP ** (turned.y() / 120), event.position())
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed, self._dragging = event.position(), False

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            self._hover(self._part_at(event.position()))
            return
        by = event.position() - self._pressed
        if self._dragging or by.manhattanLength() >= QApplication.startDragDistance():
            self._dragging, self._pressed = True, event.position()
            self._view.move(by)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        clicked = self._pressed is not None and not self._dragging and event.button() == Qt.MouseButton.LeftButton
        self._pressed, self._dragging = None, False
        part = self._part_at(event.position())
        if clicked and isinstance(part, Fold):
            self.toggle(part)
        elif clicked and isinstance(part, Volume):
            self._choose(part.layer)
        elif clicked and isinstance(part, Arc) and part.layers:
            self._choose(part.layers[0])
        self._hovered = None
        self._hover(self._part_at(event.position()))
        self.update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def _choose(self, name: str) -> None:
        self.select(name)
        self.selected.emit(name)

    # Keys.

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End choose; +, −, 0 zoom; Enter unfolds or folds what the chosen layer is in."""
        zooms = {
            Qt.Key.Key_Plus: self.zoom_in,
            Qt.Key.Key_Equal: self.zoom_in,
            Qt.Key.Key_Minus: self.zoom_out,
            Qt.Key.Key_0: self.fit,
        }
        key = Qt.Key(event.key())
        number = self._neighbour(key)
        fold = self._layout.fold_of(self._number()) if self._layout else None
        if self._layout is None or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
        elif key in zooms:
            zooms[key]()
        elif number is not None:
            self._choose(self._layout.volumes[number].layer)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and fold:
            self.toggle(fold)
            self.select(self._chosen)
        else:
            super().keyPressEvent(event)

    def _neighbour(self, key: Qt.Key) -> int | None:
        """Number of the volume that a key leads to."""
        if self._layout is None or not self._layout.volumes:
            return None
        current, last = self._number(), len(self._layout.volumes) - 1
        places = {
            Qt.Key.Key_Left: max(current - 1, 0),
            Qt.Key.Key_Right: min(current + 1, last),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and current >= 0:
            return self._layout.beside(current, -1 if key == Qt.Key.Key_Up else 1)
        return places.get(key)

    # Keeping it.

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offers to save or copy the picture."""
        self._popup(event.globalPos())

    @Slot()
    def _show_menu(self) -> None:
        self._popup(self._tools.mapToGlobal(self._tools.rect().bottomLeft()))

    def _popup(self, position: QPoint) -> None:
        if self._layout is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("save"), "&Save the picture…", self.save)
        menu.addAction(icon("copy"), "&Copy the picture", self.copy)
        menu.addSeparator()
        menu.addAction("&Fit", self.fit)
        menu.popup(position)

    @Slot()
    def save(self) -> None:
        """Asks where to, and saves the whole picture as SVG or PNG."""
        if self._layout is not None:
            formats = (Format(".svg", "SVG drawing", self.svg), Format(".png", "PNG picture", self.png))
            if path := save_as(self, "Save the picture", self._layout.name, formats):
                self.saved.emit(path)

    @Slot()
    def copy(self) -> None:
        """Puts the whole picture on the clipboard."""
        if self._layout is not None:
            QGuiApplication.clipboard().setImage(network_image(self._layout, self.font()))

    def svg(self) -> bytes:
        """The whole picture as an SVG file; empty where nothing is shown."""
        return network_svg(self._layout, self.font()) if self._layout else b""

    def png(self) -> bytes:
        """The whole picture as a PNG file; empty where nothing is shown."""
        return png(network_image(self._layout, self.font())) if self._layout else b""


LARGEST_FIT, LARGEST = 1.75, 8.0
"""Pixels per unit of the picture, at most: where it is made to fit, and at all."""

_EDGE = 10 * GRID


class Viewpoint:
    """Zooms and moves a picture in a room on the screen; it never gets lost.

    Attributes:
        content: the picture, in its own units.
        room: where it goes, in pixels.
        scale: pixels per unit.
        origin: where the picture's (0, 0) is, in pixels.
        fitted: whether it follows the room's size.
    """

    def __init__(self) -> None:
        self.content, self.room = QRectF(0, 0, 1, 1), QRectF(0, 0, 1, 1)
        self.scale, self.origin, self.fitted = 1.0, QPointF(), True

    @property
    def transform(self) -> QTransform:
        """From the picture's units to pixels."""
        return QTransform(self.scale, 0, 0, self.scale, self.origin.x(), self.origin.y())

    def to_picture(self, position: QPointF) -> QPointF:
        """A place on the screen in the picture's units."""
        return (position - self.origin) / self.scale

    def show(self, content: QRectF, room: QRectF) -> None:
        """Goes to another picture or another room; what is fitted stays so."""
        self.content, self.room = content, room
        if self.fitted:
            self.fit()
        else:
            self._keep_in_sight()

    def fit(self) -> None:
        """Shows all of the picture in the middle of the room."""
        self.fitted = True
        self.scale = max(0.01, min(self._fitting(), LARGEST_FIT))
        self.origin = self.room.center() - self.content.center() * self.scale

    def _fitting(self) -> float:
        return min(self.room.width() / self.content.width(), self.room.height() / self.content.height())

    def zoom(self, factor: float, about: QPointF) -> None:
        """Zooms so that what is at a place on the screen stays there."""
        scale = min(max(self.scale * factor, min(self._fitting(), 1.0) / 2), LARGEST)
        self.origin = about - (about - self.origin) * (scale / self.scale)
        self.scale, self.fitted = scale, False
        self._keep_in_sight()

    def move(self, by: QPointF) -> None:
        """Moves the picture by so many pixels."""
        self.origin += by
        self.fitted = False
        self._keep_in_sight()

    def reveal(self, part: QRectF) -> None:
        """Moves as little as needed to show a part of the picture; what is fitted is all in sight."""
        if self.fitted:
            return
        seen = self.transform.mapRect(part)
        across = max(0.0, self.room.left() - seen.left()) or min(0.0, self.room.right() - seen.right())
        down = max(0.0, self.room.top() - seen.top()) or min(0.0, self.room.bottom() - seen.bottom())
        if across or down:
            self.move(QPointF(across, down))

    def _keep_in_sight(self) -> None:
        seen = self.transform.mapRect(self.content)
        x = min(max(seen.x(), self.room.left() + _EDGE - seen.width()), self.room.right() - _EDGE)
        y = min(max(seen.y(), self.room.top() + _EDGE - seen.height()), self.room.bottom() - _EDGE)
        self.origin += QPointF(x - seen.x(), y - seen.y())
