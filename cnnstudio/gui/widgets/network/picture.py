"""The picture of a network: to look at, to zoom, to unfold, to choose a layer in, and to save."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal, Slot
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
    QPalette,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGestureEvent,
    QGraphicsView,
    QPinchGesture,
    QToolTip,
    QWidget,
)
from typing_extensions import override

from cnnstudio.gui.controls.buttons import Item, menu_of, tool_button
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.layouts import row, widget_of
from cnnstudio.gui.controls.saving import Format, png, save_as
from cnnstudio.gui.look.theme import GRID, colours, small_font
from cnnstudio.gui.widgets.network.layout.lay_out import NetworkLayout, lay_out
from cnnstudio.gui.widgets.network.layout.parts import Arc, Fold, Volume
from cnnstudio.gui.widgets.network.scene import LEGIBLE, NetworkScene
from cnnstudio.models.layer_table import LayerTable

LARGEST_FIT, LARGEST = 1.75, 8.0
"""Pixels per unit of the picture at most: by itself, and at all."""

_STEP = 1.25
_LESSON = (
    "Each block is a layer's output: as high and wide as its feature maps, and deeper the more of them it has; bars "
    "are vectors. Scroll to zoom, drag to move; click a layer to choose it, and a badge to unfold equal blocks."
)

_HINT = "Point at a layer to read what it is, or scroll to zoom in."


class NetworkPicture(QGraphicsView):
    """A network as volumes from left to right; the wheel zooms, dragging moves, a click chooses a layer.

    Args:
        parent: the parent widget.

    Attributes:
        tools: buttons to zoom and to save with; whoever shows the picture lays them out.
    """

    selected = Signal(str)
    """A layer was clicked, or the arrow keys went to it: its name."""

    saved = Signal(str)
    """The picture was saved: the file's path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(self, "network_picture", "Picture of the network", _LESSON)
        self._drawing = NetworkScene(self)  # which must end with it, and in the GUI thread
        self.setScene(self._drawing)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(
            QGraphicsView.ViewportUpdateMode.FullViewportUpdate
        )  # the focus ring does not scroll
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.viewport().grabGesture(Qt.GestureType.PinchGesture)
        self._layout: NetworkLayout | None = None
        self._chosen = ""
        self._fits = True
        """All of the network is shown; not where the user has zoomed."""
        self._pressed: QPointF | None = None
        self.tools = self._make_tools()

    def _make_tools(self) -> QWidget:
        buttons = (
            tool_button(f"network_{name}_button", title, tip, picture, act)
            for name, picture, title, tip, act in (
                ("zoom_out", "zoom-out", "Zoom out", "Shows more of the network. (−)", self.zoom_out),
                ("zoom_in", "zoom-in", "Zoom in", "Shows less of the network, larger. (+)", self.zoom_in),
                ("fit", "enlarge", "Fit", "Shows all of it, as large as there is room. (0)", self.fit),
                ("save", "export", "Save", "Saves the picture as SVG or PNG, or copies it.", self._show_menu),
            )
        )
        return widget_of(row(*buttons, gap=0))

    # What is shown.

    @property
    def network(self) -> NetworkLayout | None:
        """What is shown, folded as it is now."""
        return self._layout

    @property
    def selection(self) -> str:
        """Name of the layer that is chosen; empty for none."""
        return self._chosen

    def set_network(self, table: LayerTable | None) -> None:
        """Shows another network, or None; what was unfolded, chosen and zoomed stays so where it still is there."""
        before = self._layout
        self._layout = lay_out(table, unfolded=before.unfolded if before else ()) if table else None
        other = before is None or table is None or before.table.name != table.name
        if other:
            self._fits = True
        self._show()

    def _show(self) -> None:
        self._drawing.set_layout(self._layout)
        self._mark()
        self._adjust()

    def select(self, name: str) -> None:
        """Marks a layer, or what stands for it in a fold, and brings it into sight; an unknown name marks none."""
        self._chosen = name
        self._mark()
        number = self._number()
        if self._layout is not None and number is not None:
            self.ensureVisible(self._layout.volumes[number].box, 2 * GRID, 2 * GRID)

    def toggle(self, fold: Fold) -> None:
        """Unfolds equal blocks, or folds them again; the fold's left edge stays where it is."""
        if self._layout is None:
            return
        before = self.mapFromScene(QPointF(fold.box.x(), 0))
        self._layout = self._layout.toggled(fold.key)
        self._show()
        after = next(one for one in self._layout.folds if one.key == fold.key)
        self._move(before - self.mapFromScene(QPointF(after.box.x(), 0)))

    def _number(self) -> int | None:
        """Number of the chosen volume; None for none."""
        return self._layout.volume_of(self._chosen) if self._layout else None

    def _mark(self) -> None:
        number = self._number()
        if self._layout is None or number is None:
            self._chosen = ""
            self._drawing.mark(None, None)
            self.setAccessibleDescription(_LESSON)
            return
        arc = self._layout.arc_of(self._chosen)
        self._drawing.mark(number if arc is None else None, arc)
        self.setAccessibleDescription(". ".join(self._layout.volumes[number].facts))

    # From where it is seen.

    def _adjust(self) -> None:
        """As large as there is room, unless the user has zoomed."""
        if self._fits and self._layout is not None:
            box, room = self.sceneRect(), self.maximumViewportSize()
            scale = min(room.width() / box.width(), room.height() / box.height(), LARGEST_FIT)
            self.setTransform(QTransform.fromScale(scale, scale))

    @Slot()
    def fit(self) -> None:
        """Shows the whole network, as large as there is room."""
        self._fits = True
        self._adjust()

    @Slot()
    def zoom_in(self) -> None:
        """Shows it from nearer."""
        self._zoom(_STEP, self.viewport().rect().center())

    @Slot()
    def zoom_out(self) -> None:
        """Shows it from farther off."""
        self._zoom(1 / _STEP, self.viewport().rect().center())

    def _zoom(self, factor: float, about: QPoint) -> None:
        """What is at `about` stays there."""
        if self._layout is None:
            return
        place, scale, box = self.mapToScene(about), self.transform().m11(), self.sceneRect()
        least = min(self.width() / box.width(), self.height() / box.height(), 1.0) / 2
        wanted = min(max(scale * factor, least), LARGEST)
        self._fits = False
        self.setTransform(QTransform.fromScale(wanted, wanted))
        self._move(about - self.mapFromScene(place))

    def _move(self, by: QPoint) -> None:
        """Moves the picture by so many pixels, as far as it can be."""
        for bar, pixels in ((self.horizontalScrollBar(), by.x()), (self.verticalScrollBar(), by.y())):
            bar.setValue(bar.value() - pixels)

    def place_of(self, layer: str) -> QPoint:
        """Where the middle of what stands for a layer is now, in the widget.

        Raises:
            KeyError: there is no such layer.
        """
        number = self._layout.volume_of(layer) if self._layout else None
        if self._layout is None or number is None:
            raise KeyError(layer)
        return self.mapFromScene(self._layout.volumes[number].box.center())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._layout is None:
            return
        painter, area = QPainter(self.viewport()), self.viewport().rect()
        if self.transform().m11() < LEGIBLE:
            painter.setFont(small_font(self.font()))
            painter.setPen(QColor(colours().secondary))
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
            painter.drawText(area.adjusted(0, 0, 0, -GRID), flags, _HINT)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colours().accent_text), 2))
            painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._adjust()

    # Pointer and keys.

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        """Zooms by pinching, on a touch pad and on a touch screen; says what the picture is where nothing is."""
        if isinstance(event, QHelpEvent) and self.itemAt(event.pos()) is None:
            QToolTip.showText(event.globalPos(), self.toolTip(), self)
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._zoom(1 + event.value(), event.position().toPoint())
            return True
        if isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self._zoom(pinch.scaleFactor(), self.mapFromGlobal(pinch.centerPoint().toPoint()))
                return True
        return super().viewportEvent(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms about the pointer; sideways, it moves."""
        turned = event.angleDelta()
        if abs(turned.x()) > abs(turned.y()):
            self._move(QPoint(turned.x() // 2, 0))
        else:
            self._zoom(_STEP ** (turned.y() / 120), event.position().toPoint())
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._pressed = event.position() if event.button() == Qt.MouseButton.LeftButton else None

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Chooses a layer, or folds and unfolds, where nothing was dragged."""
        super().mouseReleaseEvent(event)
        event.accept()
        place, self._pressed = self._pressed, None
        if place is None or (event.position() - place).manhattanLength() >= QApplication.startDragDistance():
            return
        part = self._drawing.part_at(self.mapToScene(place.toPoint()))
        if isinstance(part, Fold):
            self.toggle(part)
        elif isinstance(part, Volume):
            self._choose(part.layer)
        elif isinstance(part, Arc) and part.layers:
            self._choose(part.layers[0])

    def _choose(self, name: str) -> None:
        self.select(name)
        self.selected.emit(name)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End choose; +, −, 0 zoom; Enter unfolds or folds what the chosen layer is in."""
        zooms = {
            Qt.Key.Key_Plus: self.zoom_in,
            Qt.Key.Key_Equal: self.zoom_in,
            Qt.Key.Key_Minus: self.zoom_out,
            Qt.Key.Key_0: self.fit,
        }
        key, chosen = Qt.Key(event.key()), self._number()
        number = self._neighbour(key)
        fold = self._layout.fold_of(chosen) if self._layout and chosen is not None else None
        if self._layout is None or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
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
        if self._layout is None:
            return None
        chosen, last = self._number(), len(self._layout.volumes) - 1
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            return None if chosen is None else self._layout.beside(chosen, -1 if key == Qt.Key.Key_Up else 1)
        current = -1 if chosen is None else chosen
        return {
            Qt.Key.Key_Left: max(current - 1, 0),
            Qt.Key.Key_Right: min(current + 1, last),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(key)

    # Keeping it.

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offers to save or copy the picture."""
        self._popup(event.globalPos())

    @Slot()
    def _show_menu(self) -> None:
        self._popup(self.tools.mapToGlobal(self.tools.rect().bottomLeft()))

    def _popup(self, position: QPoint) -> None:
        if self._layout is None:
            return
        menu = menu_of(
            self,
            Item("save_picture", "&Save the picture…", "save", "As SVG or PNG.", self.save),
            Item("copy_picture", "&Copy the picture", "copy", "To the clipboard.", self.copy),
        )
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(position)

    @Slot()
    def save(self) -> None:
        """Asks where to, and saves the whole picture as SVG or PNG."""
        if self._layout is not None:
            formats = (Format(".svg", "SVG drawing", self.svg), Format(".png", "PNG picture", self.png))
            if path := save_as(self, "Save the picture", self._layout.table.name, formats):
                self.saved.emit(path)

    @Slot()
    def copy(self) -> None:
        """Puts the whole picture on the clipboard."""
        if self._layout is not None:
            QGuiApplication.clipboard().setImage(self._drawing.image())

    def svg(self) -> bytes:
        """The whole picture as an SVG file; empty where nothing is shown."""
        return self._drawing.svg(self._layout.table.name) if self._layout else b""

    def png(self) -> bytes:
        """The whole picture as a PNG file; empty where nothing is shown."""
        return png(self._drawing.image()) if self._layout else b""
