"""The canvas: it keeps strokes, not pixels.

Painted by hand: only the small rectangle around the pen is repainted at each move, so that the line is under the pen
however much has been drawn.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QEventPoint,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QTabletEvent,
    QTouchEvent,
    QTransform,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, colours
from cnnstudio.gui.widgets.drawing.stroke_history import SIDE, Bounds, Point, StrokeHistory

_CENTRE = (SIDE / 2, SIDE / 2)
_STEPS: dict[int, Point] = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
_COMPRESS = Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents
_FINE = Qt.KeyboardModifier.ShiftModifier


class DrawingCanvas(QWidget):
    """A surface to draw on with mouse, pen, finger or keyboard.

    Everything from press to release is one step of the history. With the keyboard, the arrow keys move a cursor (with
    Shift, finely) and the space bar puts the pen down and lifts it.

    Args:
        placeholder: what stands on the empty paper.
    """

    drawing_changed = Signal()
    """The drawing is another one now; while the pen is down, at every move."""

    history_changed = Signal(bool, bool)
    """Whether there is something to undo, and something to redo."""

    def __init__(self, placeholder: str = "Draw here") -> None:
        super().__init__()
        describe(
            self,
            "drawing_canvas",
            "Drawing canvas",
            "The network does not get these lines but a small picture of them, centred and scaled like its training "
            "images. Draw with mouse, pen or finger. The arrow keys draw, too: Space puts the pen down and lifts it.",
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumSize(160, 160)
        self._placeholder = placeholder
        self._brush_width = 22.0
        self._history = StrokeHistory()
        self._compressed = QCoreApplication.testAttribute(_COMPRESS)
        self._source: object = None  # what draws: "mouse", "pen", a finger, "keyboard", or nothing
        self._cursor: Point | None = None
        self._arrows: set[int] = set()
        self._layer: QPixmap | None = None

    @property
    def drawing(self) -> list[np.ndarray]:
        """The strokes, each (n, 2) float64 in canvas units, y down; with the one that is being drawn."""
        return self._history.strokes

    def undo(self) -> None:
        """Undoes the last step, if there is one."""
        self._finish()
        self._all_changed(self._history.undo())

    def redo(self) -> None:
        """Redoes the step that was undone last, if there is one."""
        self._finish()
        self._all_changed(self._history.redo())

    def clear(self) -> None:
        """Takes all strokes away; a step that can be undone."""
        self._finish()
        self._all_changed(self._history.clear())

    def set_drawing(self, strokes: Sequence[np.ndarray]) -> None:
        """Draws strokes in place of what is there; a step that can be undone.

        Args:
            strokes: each (n, 2) in canvas units, as of `drawing`.
        """
        self._finish()
        self._all_changed(self._history.replace(strokes, self._brush_width))

    def set_brush_width(self, width: float) -> None:
        """Sets the brush for the next strokes; for the eye only, it changes nothing in `drawing`.

        Args:
            width: in canvas units, above 0.
        """
        self._finish()
        self._brush_width = width
        self.update()

    # A gesture: everything from press to release.

    def _begin(self, source: object, point: Point) -> None:
        self._finish()
        self._source = source
        if self._history.empty:
            self.update()  # the placeholder goes
        if self._history.begin(point, self._bounds()):
            self._changed_near([point])
            self.drawing_changed.emit()

    def _move(self, point: Point) -> None:
        if self._history.empty:
            self.update()
        before = len(self._history.live)
        if not self._history.move(point, self._bounds()):
            return
        live = self._history.live
        if 0 < before < len(live):
            self._draw_tail(live[-2])
        if len(live[-1]) > 1:
            self._draw_on_layer(smooth_path(live[-1], len(live[-1]) - 1, tail=False), self._brush_width)
        self._changed_near(live[-1][-3:])
        self.drawing_changed.emit()

    def _finish(self) -> None:
        self._source = None
        if self._history.live:
            self._draw_tail(self._history.live[-1])
        if self._history.finish(self._brush_width):
            self._report_history()

    def _abandon(self) -> None:
        self._source = None
        changed = bool(self._history.live)
        self._history.abandon()
        self._all_changed(changed)

    def _all_changed(self, changed: bool) -> None:
        if changed:
            self._repaint_all()
            self._report_history()
            self.drawing_changed.emit()

    def _report_history(self) -> None:
        self.history_changed.emit(self._history.can_undo, self._history.can_redo)

    # Geometry.

    def _to_pixels(self) -> QTransform:
        """From canvas units to pixels: the square from 0 to `SIDE` fills the middle of the canvas."""
        scale = max(1, min(self.width(), self.height())) / SIDE
        middle = QTransform.fromTranslate(self.width() / 2, self.height() / 2)
        return middle.scale(scale, scale).translate(-SIDE / 2, -SIDE / 2)

    def _to_canvas(self, position: QPointF) -> Point:
        return self._to_pixels().inverted()[0].map(position).toTuple()

    def _bounds(self) -> Bounds:
        seen = self._to_pixels().inverted()[0].mapRect(QRectF(self.rect()))
        return seen.left(), seen.top(), seen.right(), seen.bottom()

    def _changed_near(self, points: list[Point]) -> None:
        """Repaints the small rectangle around some points."""
        margin = self._brush_width / 2
        area = QPolygonF([QPointF(*point) for point in points]).boundingRect()
        area = self._to_pixels().mapRect(area.adjusted(-margin, -margin, margin, margin))
        self.update(area.adjusted(-3, -3, 3, 3).toAlignedRect())

    # Painting. The layer holds all that is drawn but the last half segment of the stroke that is being drawn.

    def _stroke_pen(self, width: float) -> QPen:
        return QPen(
            QColor(colours().text), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        )

    def _use_canvas_units(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(self._to_pixels(), combine=True)

    def _draw_on_layer(self, path: QPainterPath, width: float) -> None:
        if self._layer is not None:
            painter = QPainter(self._layer)
            self._use_canvas_units(painter)
            painter.strokePath(path, self._stroke_pen(width))
            painter.end()

    def _draw_tail(self, points: list[Point]) -> None:
        self._draw_on_layer(smooth_path(points, len(points)), self._brush_width)

    def _fresh_layer(self) -> QPixmap:
        """All strokes, redrawn as a transparent picture in device pixels."""
        ratio = self.devicePixelRatioF()
        layer = self._layer = QPixmap((self.size().toSizeF() * ratio).toSize())
        layer.setDevicePixelRatio(ratio)
        layer.fill(Qt.GlobalColor.transparent)
        for stroke in self._history.finished:
            self._draw_on_layer(smooth_path([(x, y) for x, y in stroke.points.tolist()]), stroke.width)
        for points in self._history.live:
            self._draw_on_layer(smooth_path(points, tail=points is not self._history.live[-1]), self._brush_width)
        return layer

    def _repaint_all(self) -> None:
        self._layer = None
        self.update()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), GRID, GRID)
        painter.fillPath(outline, QColor(theme.surface))
        if self._history.empty:
            painter.setPen(QColor(theme.secondary))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._placeholder)
        layer = self._layer
        if layer is None or layer.devicePixelRatio() != self.devicePixelRatioF():
            layer = self._fresh_layer()
        painter.save()
        painter.setClipPath(outline, Qt.ClipOperation.IntersectClip)
        painter.drawPixmap(0, 0, layer)
        self._use_canvas_units(painter)
        if self._history.live:
            points = self._history.live[-1]
            painter.strokePath(smooth_path(points, len(points)), self._stroke_pen(self._brush_width))
        if self._cursor is not None and self.hasFocus():
            self._paint_cursor(painter, self._cursor)
        painter.restore()
        focus = self.hasFocus()
        painter.strokePath(outline, QPen(QColor(theme.accent_text if focus else theme.border), 2 if focus else 1))
        painter.end()

    def _paint_cursor(self, painter: QPainter, cursor: Point) -> None:
        accent = QColor(colours().accent_text)
        painter.setPen(QPen(accent, 2 / self._to_pixels().m11()))
        painter.setBrush(accent if self._source == "keyboard" else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(*cursor), self._brush_width / 2, self._brush_width / 2)

    # Events: mouse, pen, finger, keyboard.

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        """Asks for every move: of those that come while it is busy, X11 keeps but the last, and cuts curves short."""
        QCoreApplication.setAttribute(_COMPRESS, False)
        super().enterEvent(event)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        QCoreApplication.setAttribute(_COMPRESS, self._compressed)
        super().leaveEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._begin("mouse", self._to_canvas(event.position()))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._source == "mouse":
            self._move(self._to_canvas(event.position()))
        elif self._source is None:
            self._show_cursor(None)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._source == "mouse":
            self._finish()

    @override
    def tabletEvent(self, event: QTabletEvent) -> None:
        """Draws with a pen; accepted, so that Qt makes no mouse event of it."""
        point = self._to_canvas(event.position())
        if event.type() == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._begin("pen", point)
        elif event.type() == QEvent.Type.TabletMove and self._source == "pen":
            self._move(point)
        elif event.type() == QEvent.Type.TabletRelease and self._source == "pen":
            self._finish()
        event.accept()

    @override
    def event(self, event: QEvent) -> bool:
        """Takes touch events, for which Qt has no handler; all others go their usual way."""
        if not isinstance(event, QTouchEvent):
            return super().event(event)
        if event.type() == QEvent.Type.TouchCancel:
            self._abandon()
        for finger in event.points():
            self._touch(finger)
        event.accept()
        return True

    def _touch(self, finger: QEventPoint) -> None:
        """Draws with the first finger; further ones are ignored."""
        point = self._to_canvas(finger.position())
        if finger.state() == QEventPoint.State.Pressed and self._source is None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._begin(("finger", finger.id()), point)
        elif self._source == ("finger", finger.id()):
            self._move(point)
            if finger.state() == QEventPoint.State.Released:
                self._finish()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys move the cursor, two at once diagonally; Space puts the pen down and lifts it."""
        key = event.key()
        if key in _STEPS and not event.modifiers() & ~(_FINE | Qt.KeyboardModifier.KeypadModifier):
            self._arrows.add(key)
            self._step_cursor(1.0 if event.modifiers() & _FINE else 8.0)
        elif key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._switch_keyboard_pen()
        elif key == Qt.Key.Key_Escape and self._source == "keyboard":
            self._switch_keyboard_pen()
        else:
            super().keyPressEvent(event)

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self._arrows.discard(event.key())
        super().keyReleaseEvent(event)

    def _switch_keyboard_pen(self) -> None:
        place = self._cursor or _CENTRE
        if self._source == "keyboard":
            self._finish()
        else:
            self._begin("keyboard", place)
        self._show_cursor(place)

    def _step_cursor(self, length: float) -> None:
        x, y = self._cursor or _CENTRE
        left, top, right, bottom = self._bounds()
        x += length * sum(_STEPS[key][0] for key in self._arrows)
        y += length * sum(_STEPS[key][1] for key in self._arrows)
        place = (min(max(x, left), right), min(max(y, top), bottom))
        self._show_cursor(place)
        if self._source == "keyboard":
            self._move(place)

    def _show_cursor(self, cursor: Point | None) -> None:
        for place in (self._cursor, cursor):
            if place is not None:
                self._changed_near([place])
        self._cursor = cursor

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason}:
            self._cursor = self._cursor or _CENTRE
        super().focusInEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._arrows.clear()
        if self._source == "keyboard":
            self._finish()
        super().focusOutEvent(event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._finish()  # what was being drawn when the page changed under the pen is kept
        super().hideEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        self._repaint_all()  # in another theme's colours
        super().changeEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._repaint_all()
        super().resizeEvent(event)

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    @override
    def heightForWidth(self, width: int) -> int:
        return width


def _middle(first: Point, second: Point) -> QPointF:
    return QPointF((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)


def smooth_path(points: list[Point], first: int = 1, tail: bool = True) -> QPainterPath:
    """The stroke as parabolas between the middles of its segments, so that quick strokes have no corners.

    Args:
        points: the stroke.
        first: number of the first point that has not been drawn yet, at least 1.
        tail: also draw the last half segment, which bends once the next point is known.
    """
    path = QPainterPath()
    path.moveTo(QPointF(*points[0]) if first == 1 else _middle(points[first - 2], points[first - 1]))
    for before, after in pairwise(points[first - 1 :]):
        path.quadTo(QPointF(*before), _middle(before, after))
    if tail:
        x, y = points[-1]
        path.lineTo(x + (0.01 if len(points) == 1 else 0), y)  # Qt draws no line without length
    return path
