"""Any number of small images in lines, of which only those on screen are ever read and painted."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget
from typing_extensions import override

from cnnstudio.errors import reason
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, colours

SMALLEST, LARGEST = 3 * GRID, 24 * GRID
"""Sides of a thumbnail, in device-independent pixels."""

_LINES_BYTES = 96 * 2**20
_SECONDS_A_FRAME = 0.006
"""So long one frame may make new lines; those that are still missing come with the next one."""


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """Where a grid has its images from.

    Attributes:
        count: how many there are.
        shape: (height, width, channels) of each.
        read: takes places, (n,) whole numbers from 0 to `count` - 1, and gives (n, height, width, channels) uint8.
        caption: what is said of the image at a place.
    """

    count: int
    shape: tuple[int, int, int]
    read: Callable[[np.ndarray], np.ndarray]
    caption: Callable[[int], str]


class ThumbnailGrid(QAbstractScrollArea):
    """Thumbnails in lines; wheel, keys and scroll bar move through them, a click or Enter opens one.

    Args:
        parent: the parent widget.
        placeholder: what stands there while there are no images.
    """

    activated = Signal(int)
    """The image at this place was clicked, or Enter was pressed on it."""
    current_changed = Signal(int)
    """The outlined image is another one, at this place; -1 for none."""
    side_changed = Signal(int)
    """Thumbnails have another size, in device-independent pixels."""
    failed = Signal(str)
    """Images could not be read, and why; told once for each `set_images`."""

    def __init__(self, parent: QWidget | None = None, placeholder: str = "There are no images.") -> None:
        super().__init__(parent)
        describe(
            self,
            "thumbnail_grid",
            "Images",
            "Click an image, or press Enter on it, to see it as numbers. Ctrl and the wheel make thumbnails larger.",
        )
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self._placeholder = placeholder
        self._images: Thumbnails | None = None
        self._side = 7 * GRID
        self._current = self._hovered = -1
        self._pressed = -1
        self._problem = ""
        self._plan: LinePlan | None = None
        self._lines: OrderedDict[int, QImage] = OrderedDict()
        self._bytes = 0

    @property
    def side(self) -> int:
        """The wished longer side of a thumbnail, in device-independent pixels."""
        return self._side

    @property
    def current(self) -> int:
        """The place of the outlined image; -1 for none."""
        return self._current

    @property
    def images(self) -> Thumbnails | None:
        """What is shown; None while nothing is."""
        return self._images

    def set_images(self, images: Thumbnails | None) -> None:
        """Shows other images from the first one on, or the placeholder."""
        self._images, self._problem = images, ""
        self._current = self._hovered = -1
        self.verticalScrollBar().setValue(0)
        self._lay_out()

    def set_side(self, side: int) -> None:
        """Makes thumbnails larger or smaller; the images that are seen stay in sight."""
        side = min(max(side, SMALLEST), LARGEST)
        if side != self._side:
            self._side = side
            self._lay_out()
            self.side_changed.emit(side)

    def set_current(self, place: int) -> None:
        """Outlines an image and scrolls to it; -1 outlines none."""
        count = self._images.count if self._images else 0
        place = min(max(place, -1), count - 1)
        if place != self._current:
            self._current = place
            if self._images and place >= 0:
                self.setAccessibleDescription(self._images.caption(place))
            self.current_changed.emit(place)
        self._scroll_to(place)
        self.viewport().update()

    def rectangle(self, place: int) -> QRectF:
        """Where an image lies in the viewport, in device-independent pixels."""
        if self._plan is None:
            return QRectF()
        plan, ratio = self._plan, self.devicePixelRatioF()
        line, column = divmod(place, plan.columns)
        left = (plan.edge + column * plan.across) / ratio
        return QRectF(left, self._top_of(line) / ratio, plan.width / ratio, plan.height / ratio)

    def place_at(self, position: QPointF) -> int:
        """The place of the image at a point of the viewport; -1 where there is none."""
        if self._plan is None or self._images is None:
            return -1
        plan, ratio = self._plan, self.devicePixelRatioF()
        x = position.x() * ratio - plan.edge
        y = (position.y() + self.verticalScrollBar().value()) * ratio - plan.edge
        column, line = int(x // plan.across), int(y // plan.down)
        place = line * plan.columns + column
        inside = x % plan.across < plan.width and y % plan.down < plan.height and 0 <= column < plan.columns
        return place if inside and 0 <= place < self._images.count else -1

    def _top_of(self, line: int) -> int:
        """The top of a line in the viewport, in screen pixels."""
        if self._plan is None:
            return 0
        scrolled = round(self.verticalScrollBar().value() * self.devicePixelRatioF())
        return self._plan.edge + line * self._plan.down - scrolled

    def _lay_out(self) -> None:
        """Plans the lines anew; the image at the top stays at the top."""
        bar = self.verticalScrollBar()
        ratio = self.devicePixelRatioF()
        before = self._plan
        first = round(bar.value() * ratio) // before.down * before.columns if before and bar.value() else 0
        self._lines.clear()
        self._bytes = 0
        self._plan = None
        if self._images is not None and self._images.count:
            plan = plan_lines(self._images.shape, self._images.count, self._side, self.viewport().width(), ratio)
            total = -(-(plan.lines * plan.down + plan.edge) // ratio)
            bar.setRange(0, max(0, int(total) - self.viewport().height()))
            bar.setPageStep(max(1, self.viewport().height()))
            bar.setSingleStep(max(1, round(plan.down / ratio / 2)))
            self._plan = plan
            if first:
                bar.setValue(round(first // plan.columns * plan.down / ratio))
        else:
            bar.setRange(0, 0)
        self.viewport().update()

    def _scroll_to(self, place: int) -> None:
        if place < 0 or self._plan is None:
            return
        bar, shown = self.verticalScrollBar(), self.rectangle(place)
        if shown.top() < EDGE:
            bar.setValue(bar.value() + int(shown.top()) - EDGE)
        elif shown.bottom() > self.viewport().height() - EDGE:
            bar.setValue(bar.value() + int(shown.bottom()) + 1 - self.viewport().height() + EDGE)

    def _line(self, number: int) -> QImage | None:
        """A line, made if need be; None where its images cannot be read."""
        if number in self._lines:
            self._lines.move_to_end(number)
            return self._lines[number]
        if self._plan is None or self._images is None or self._problem:
            return None
        start = number * self._plan.columns
        places = np.arange(start, min(start + self._plan.columns, self._images.count))
        try:
            line = paint_line(self._images.read(places), self._plan)
        except OSError as error:
            self._problem = reason(error)
            QTimer.singleShot(0, self._tell_problem)  # not while it is painted
            return None
        self._lines[number] = line
        self._bytes += line.sizeInBytes()
        while self._bytes > _LINES_BYTES and len(self._lines) > 1:
            self._bytes -= self._lines.popitem(last=False)[1].sizeInBytes()
        return line

    @Slot()
    def _tell_problem(self) -> None:
        self.failed.emit(self._problem)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if self._plan is None:
            painter.setPen(QColor(colours().secondary))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect().adjusted(GRID, GRID, -GRID, -GRID), flags, self._placeholder)
            painter.end()
            return
        plan, ratio = self._plan, self.devicePixelRatioF()
        first = max(0, -self._top_of(0) // plan.down)
        last = min(plan.lines - 1, (round(self.viewport().height() * ratio) - self._top_of(0)) // plan.down)
        deadline = time.perf_counter() + _SECONDS_A_FRAME
        for number in range(first, last + 1):
            if number not in self._lines and time.perf_counter() > deadline:
                QTimer.singleShot(0, self.viewport().update)
                break
            line = self._line(number)
            if line is not None:
                line.setDevicePixelRatio(ratio)
                painter.drawImage(QPointF(plan.edge / ratio, self._top_of(number) / ratio), line)
        self._paint_outlines(painter)
        painter.end()

    def _paint_outlines(self, painter: QPainter) -> None:
        theme = colours()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        strong = theme.accent_text if self.hasFocus() else theme.secondary
        for place, colour, width in ((self._hovered, theme.secondary, 1.0), (self._current, strong, 2.0)):
            if place >= 0:
                painter.setPen(QPen(QColor(colour), width))
                margin = width / 2 + 1
                painter.drawRoundedRect(self.rectangle(place).adjusted(-margin, -margin, margin, margin), 3, 3)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._hovered = -1
        self.viewport().update()

    @override
    def event(self, event: QEvent) -> bool:
        """Lays out anew on a screen of another density."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._lay_out()
        return super().event(event)

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.place_at(QPointF(event.pos()))
            if place < 0 or self._images is None:
                QToolTip.hideText()
            else:
                area = self.rectangle(place).toAlignedRect()
                QToolTip.showText(event.globalPos(), f"<p>{escape(self._images.caption(place))}</p>", self, area)
            return True
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def _hover(self, place: int) -> None:
        if place != self._hovered:
            self._hovered = place
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if place >= 0 else Qt.CursorShape.ArrowCursor)
            self.viewport().update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.place_at(event.position()))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self.place_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else -1
        if self._pressed >= 0:
            self.set_current(self._pressed)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place, self._pressed = self._pressed, -1
        if place >= 0 and place == self.place_at(event.position()):
            self.activated.emit(place)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolls; with Ctrl, makes thumbnails larger or smaller."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            step = event.angleDelta().y()
            if step:
                self.set_side(self._side + (GRID if step > 0 else -GRID))
            event.accept()
        else:
            super().wheelEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Page Up and Down, Home and End move; Enter and Space open; Ctrl with + and - sizes."""
        key = event.key()
        if self._plan is None or self._images is None:
            super().keyPressEvent(event)
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and key in _SIZES:
            self.set_side(self._side + _SIZES[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            self.activated.emit(self._current)
        elif not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier and self._move(Qt.Key(key)):
            return
        else:
            super().keyPressEvent(event)

    def _move(self, key: Qt.Key) -> bool:
        """Makes another image the current one; returns whether the key is one that does so."""
        if self._plan is None or self._images is None:
            return False
        columns, last = self._plan.columns, self._images.count - 1
        shown = max(1, int(self.viewport().height() * self.devicePixelRatioF()) // self._plan.down)
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_PageUp: -columns * shown,
            Qt.Key.Key_PageDown: columns * shown,
            Qt.Key.Key_Home: -last,
            Qt.Key.Key_End: last,
        }
        if key not in steps:
            return False
        if self._current < 0:
            first = -self._top_of(0) // self._plan.down * columns
            self.set_current(last if key == Qt.Key.Key_End else max(0, first))
        else:
            self.set_current(min(max(self._current + steps[key], 0), last))
        return True

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()


_SIZES = {Qt.Key.Key_Plus: GRID, Qt.Key.Key_Equal: GRID, Qt.Key.Key_Minus: -GRID}


EDGE = GRID // 2
"""Left of the first thumbnail and above the first line, in device-independent pixels; the least gap between two."""


@dataclass(frozen=True)
class LinePlan:
    """How thumbnails lie in lines. Lengths are in screen pixels.

    Attributes:
        height: of a thumbnail.
        width: of a thumbnail.
        across: from one thumbnail's left edge to the next one's.
        down: from one line's top to the next one's.
        columns: thumbnails in a line.
        lines: of all thumbnails.
        edge: left of the first thumbnail and above the first line.
    """

    height: int
    width: int
    across: int
    down: int
    columns: int
    lines: int
    edge: int


def plan_lines(shape: tuple[int, ...], count: int, side: int, room: int, ratio: float) -> LinePlan:
    """Lays thumbnails out: small images by whole numbers of screen pixels a pixel, large ones made to fit.

    Args:
        shape: (height, width, …) of an image.
        count: how many there are.
        side: the wished longer side of a thumbnail, in device-independent pixels.
        room: width of a line, in device-independent pixels.
        ratio: screen pixels per device-independent pixel.
    """
    longest = max(shape[0], shape[1])
    wished = max(1, round(side * ratio))
    share = round(wished / longest) if wished >= longest else wished / longest
    height, width = max(1, round(shape[0] * share)), max(1, round(shape[1] * share))
    edge = round(EDGE * ratio)
    available = int(room * ratio) - 2 * edge
    columns = max(1, (available + edge) // (width + edge))
    gap = edge if columns == 1 else min(max(edge, (available - columns * width) // (columns - 1)), 3 * edge)
    return LinePlan(height, width, width + gap, height + edge, columns, -(-count // columns), edge)


def _colours_of(images: np.ndarray) -> np.ndarray:
    """(n, height, width, 1 or 3) uint8 → (n, height, width) uint32 as 0xffrrggbb."""
    values = images.astype(np.uint32)
    if images.shape[-1] == 1:
        return np.uint32(0xFF000000) | values[..., 0] * np.uint32(0x010101)
    return np.uint32(0xFF000000) | values[..., 0] << np.uint32(16) | values[..., 1] << np.uint32(8) | values[..., 2]


def _shrunk(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Images as small as thumbnails, each pixel the mean of about its area: what is fast, for this is for the eye."""
    flat = images[..., 0] if images.shape[-1] == 1 else images
    small = [
        np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX, reducing_gap=1.0))
        for image in flat
    ]
    return np.stack(small).reshape(len(images), height, width, -1)


def paint_line(images: np.ndarray, plan: LinePlan) -> QImage:
    """A line of thumbnails, transparent between them.

    Args:
        images: (n, height, width, 1 or 3) uint8, `plan.columns` at most.
        plan: how they lie.
    """
    if plan.height < images.shape[1]:
        images = _shrunk(images, plan.height, plan.width)
    tiles = _colours_of(images)
    scale = plan.height // tiles.shape[1]
    if scale > 1:
        tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    line = np.zeros((plan.height, plan.columns, plan.across), np.uint32)
    line[:, : len(tiles), : plan.width] = tiles.transpose(1, 0, 2)
    width = plan.columns * plan.across
    return QImage(line.data, width, plan.height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
