"""What widgets share that paint items themselves: where items lie, which one is pointed at, and where keys go."""

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QToolTip, QWidget
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.look.theme import GRID, colours

if TYPE_CHECKING:
    _Widget = QWidget
else:
    _Widget = object  # the Qt class comes with `ItemWidget` or `ItemArea`: no class can have two

NONE = -1
"""Stands for no item; items are numbered from 0."""

EDGE = 2
"""Room around items in lines for the outline of the current one, in device-independent pixels."""

_SHORT, _ON_ONE_LINE = 60, " style='white-space:pre'"
"""Tooltips of so many letters are not wrapped, which Qt would do sooner."""

_TIP_GAP = 4
"""Between a tooltip and what it is about, in device-independent pixels."""

_LOW, _AROUND = 26 * GRID, 2
"""Cells that are no higher than that together are all kept free of the tooltip; of others so many around the one."""

Cell = tuple[int, int]
"""Row and column, counted from 0."""

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_ZOOM = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}


class Items(_Widget):
    """What `ItemWidget` and `ItemArea` have in common.

    A subclass overrides `item_count`, `item_at`, `item_rectangle` and `item_text`, and `columns` where items lie in
    several lines; it paints them, with `hovered` and `current` marked.
    """

    current_changed = Signal(int)
    """The current item is another one: its number, or -1 for none."""
    activated = Signal(int)
    """The item of this number was clicked, or Enter or the space bar was pressed on it."""

    follows_pointer = False
    """Whether items are values to read: the one under the pointer is the current one, and Left and Right end at a
    line's ends. Else that is hovered only, and Left and Right go on in the line before and in the next one.
    """
    keeps_arrows = True
    """Whether an arrow key that leads nowhere ends here, or goes to the parent."""

    _hovered = _current = _pressed = NONE

    @property
    def hovered(self) -> int:
        """The item under the pointer; -1 for none."""
        return self._hovered

    @property
    def current(self) -> int:
        """The item that keys have gone to, or that was pressed; -1 for none."""
        return self._current

    # What a subclass says of its items.

    def item_count(self) -> int:
        """How many items there are."""
        raise NotImplementedError

    def columns(self) -> int:
        """How many items there are in a line."""
        return max(1, self.item_count())

    def lines_on_page(self) -> int:
        """How many lines Page Up and Page Down go; 0 where these keys are the parent's."""
        return 0

    def item_at(self, position: QPointF) -> int:
        """The item at a point of the surface; -1 for none."""
        raise NotImplementedError

    def item_rectangle(self, item: int) -> QRectF:
        """Where an item lies on the surface."""
        raise NotImplementedError

    def item_text(self, item: int) -> str:
        """What an item is, in words."""
        raise NotImplementedError

    def kept_visible(self, item: int) -> QRectF:
        """What a tooltip about an item may not cover: the item itself."""
        return self.item_rectangle(item)

    def tip_at(self, position: QPointF) -> str:
        """The tooltip at a point of the surface: the item's text, or the widget's own tooltip."""
        item = self.item_at(position)
        if item == NONE:
            return self.toolTip()
        text = self.item_text(item)
        return f"<p{_ON_ONE_LINE if len(text) <= _SHORT else ''}>{escape(text)}</p>"

    def reveal(self, item: int) -> None:
        """Called when a key has made an item the current one, to bring it into sight."""

    def first_item(self) -> int:
        """Where keys begin while no item is the current one: at the first one, or in the middle of values."""
        columns = self.columns()
        return -(-self.item_count() // columns) // 2 * columns + columns // 2 if self.follows_pointer else 0

    # What it can do with them.

    def surface(self) -> QWidget:
        """What items are painted on: the viewport of a scroll area, or the widget itself."""
        return self.viewport() if isinstance(self, QAbstractScrollArea) else self

    def set_current(self, item: int) -> None:
        """Makes an item the current one; -1 makes none."""
        item = min(max(item, NONE), self.item_count() - 1)
        if item != self._current:
            self._current = item
            if item != NONE:
                self.setAccessibleDescription(self.item_text(item))
            self.surface().update()
            self.current_changed.emit(item)

    def hover(self, item: int) -> None:
        """Marks an item as the one under the pointer; -1 marks none."""
        if self.follows_pointer:
            self.set_current(item)
        elif item != self._hovered:
            self._hovered = item
            self.surface().setCursor(Qt.CursorShape.ArrowCursor if item == NONE else Qt.CursorShape.PointingHandCursor)
            self.surface().update()

    def item_after(self, key: int) -> int:
        """The item that a key goes to from the current one, which may be that itself; -1 for any other key."""
        count, columns = self.item_count(), self.columns()
        if not count or (key in _PAGES and not self.lines_on_page()):
            return NONE
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            return 0 if key == Qt.Key.Key_Home else count - 1
        across, down = _ARROWS.get(Qt.Key(key), (0, _PAGES.get(Qt.Key(key), 0) * self.lines_on_page()))
        if not across and not down:
            return NONE
        if self._current == NONE:
            return self.first_item()
        line, column = divmod(self._current, columns)
        if across:
            item = self._current + across
            return (
                item if 0 <= item < count and (item // columns == line or not self.follows_pointer) else self._current
            )
        line = min(max(line + down, 0), (count - 1) // columns)
        return min(line * columns + column, count - 1)

    # Events.

    def show_tip(self, event: QEvent) -> bool:
        """Shows the tooltip where one is due, and returns whether it is; hovers nothing once the pointer has left."""
        if event.type() == QEvent.Type.Leave:
            self.hover(NONE)
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return False
        position = QPointF(event.pos())
        text, item = self.tip_at(position), self.item_at(position)
        if item == NONE or text == self.toolTip():
            QToolTip.showText(event.globalPos(), text, self.surface())
        else:
            self.tell(item, position, text)
        return True

    def tell(self, item: int, position: QPointF, text: str) -> None:
        """Shows a tooltip about an item, pointed at there, so that it covers nothing of `kept_visible`."""
        show_tip_beside(self.surface(), self.kept_visible(item), position, text, self.item_rectangle(item))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Marks the item under the pointer."""
        self.hover(self.item_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Makes the item under the pointer the current one; released on it, too, it is a click."""
        left = event.button() == Qt.MouseButton.LeftButton
        self._pressed = self.item_at(event.position()) if left else NONE
        if self._pressed != NONE:
            self.set_current(self._pressed)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Activates the item that was pressed, if the pointer is still on it."""
        item, self._pressed = self._pressed, NONE
        if item != NONE and item == self.item_at(event.position()):
            self.activated.emit(item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys, Home and End, and Page Up and Down go to another item; Enter and Space activate it, or go to the
        first one.
        """
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        item = self.item_after(event.key()) if plain else NONE
        if item != NONE and (item != self._current or self.keeps_arrows):
            self.set_current(item)
            self.reveal(item)
        elif plain and event.key() in _ENTER and self.item_count() and not self.follows_pointer:
            if self._current == NONE:
                self.set_current(self.first_item())
                self.reveal(self._current)
            else:
                self.activated.emit(self._current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows where the keys are, and says what is there."""
        super().focusInEvent(event)
        if self._current != NONE:
            self.setAccessibleDescription(self.item_text(self._current))
        self.surface().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Shows that the keys are elsewhere."""
        super().focusOutEvent(event)
        self.surface().update()


class ItemWidget(Items, QWidget):
    """A widget that paints items."""

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @override
    def event(self, event: QEvent) -> bool:
        return self.show_tip(event) or super().event(event)


class ItemLines(ItemWidget):
    """A widget that paints items of one size in lines, and is as high as these.

    A subclass overrides `lines`, and calls `fit_height` whenever there may be other lines. Where `lines` has hidden
    items, the last place says how many.
    """

    def lines(self) -> "Lines":
        """How the items lie, seen from `origin`."""
        raise NotImplementedError

    def origin(self) -> QPoint:
        """The top left corner of the first item."""
        return QPoint(EDGE, EDGE)

    def is_more(self, item: int) -> bool:
        """Whether that is the place that says how many more items there are."""
        lines = self.lines()
        return bool(lines.hidden) and item == lines.count - 1

    def tile_rectangle(self, item: int) -> QRect:
        """Where an item lies, in whole pixels."""
        return self.lines().rectangle(item).translated(self.origin())

    def item_count(self) -> int:
        """How many places there are."""
        return self.lines().count

    def columns(self) -> int:
        """How many items there are in a line."""
        return self.lines().columns

    def item_rectangle(self, item: int) -> QRectF:
        """Where an item lies."""
        return QRectF(self.tile_rectangle(item))

    def item_at(self, position: QPointF) -> int:
        """The item at a point; -1 for none."""
        place = position - self.origin()
        return self.lines().item_at(place.x(), place.y())

    def fit_height(self) -> None:
        """Makes the widget as high as its lines."""
        self.setFixedHeight(self.origin().y() + self.lines().total_height + EDGE)
        self.update()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self.fit_height()
        super().resizeEvent(event)


class ItemArea(Items, QAbstractScrollArea):
    """A scroll area that paints items in its viewport. Ctrl and the wheel, or + and -, make them larger and smaller."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)

    def step_zoom(self, direction: int, position: QPointF) -> None:
        """Makes items larger (1) or smaller (-1) around a point of the viewport."""
        raise NotImplementedError

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ZOOM:
            self.step_zoom(_ZOOM[Qt.Key(event.key())], QPointF(self.viewport().rect().center()))
        else:
            super().keyPressEvent(event)

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        return self.show_tip(event) or super().viewportEvent(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        elif event.angleDelta().y():
            self.step_zoom(1 if event.angleDelta().y() > 0 else -1, event.position())


class Cells(Items):
    """Items in rows and columns that are read by pointing at them, such as pixels; comes before the other base.

    A subclass overrides `extent`, `cell_rectangle` and `text_of` in place of what `Items` asks for.
    """

    pointed = Signal(object)
    """The (row, column) that is pointed at now, or None."""

    follows_pointer = True

    def extent(self) -> Cell:
        """How many rows and columns there are."""
        raise NotImplementedError

    def cell_rectangle(self, cell: Cell) -> QRectF:
        """Where a cell lies on the surface."""
        raise NotImplementedError

    def text_of(self, cell: Cell) -> str:
        """A cell in words."""
        return wording.cell(*cell)

    @property
    def cell(self) -> Cell | None:
        """The (row, column) that is pointed at."""
        return None if self._current == NONE else divmod(self._current, self.columns())

    def point(self, cell: Cell | None) -> None:
        """Outlines a cell; None outlines none."""
        self.set_current(NONE if cell is None else cell[0] * self.columns() + cell[1])

    def set_current(self, item: int) -> None:
        """Outlines a cell by its number, row after row; -1 outlines none."""
        before = self._current
        super().set_current(item)
        if self._current != before:
            self.pointed.emit(self.cell)

    def kept_visible(self, item: int) -> QRectF:
        """All cells where they take little room, else the cell and those around it: one reads from cell to cell."""
        (row, column), (rows, columns) = divmod(item, self.columns()), self.extent()
        near = rows if rows * self.item_rectangle(item).height() <= _LOW else _AROUND
        top, left = max(0, row - near), max(0, column - _AROUND)
        first = self.cell_rectangle((top, left))
        last = self.cell_rectangle((min(row + near, rows - 1), min(column + _AROUND, columns - 1)))
        return first.united(last) & QRectF(self.surface().rect())

    def tip_at(self, position: QPointF) -> str:
        """The text of a cell as it is, on one line: it changes with every move."""
        item = self.item_at(position)
        return self.toolTip() if item == NONE else self.item_text(item)

    def item_count(self) -> int:
        """How many cells there are."""
        rows, columns = self.extent()
        return rows * columns

    def columns(self) -> int:
        """How many cells there are in a row."""
        return max(1, self.extent()[1])

    def item_at(self, position: QPointF) -> int:
        """The cell at a point of the surface, by its number; -1 for none."""
        if not self.item_count():
            return NONE
        first, (rows, columns) = self.cell_rectangle((0, 0)), self.extent()
        column = int((position.x() - first.left()) // first.width())
        row = int((position.y() - first.top()) // first.height())
        return row * columns + column if 0 <= row < rows and 0 <= column < columns else NONE

    def item_rectangle(self, item: int) -> QRectF:
        """Where a cell lies."""
        return self.cell_rectangle(divmod(item, self.columns()))

    def item_text(self, item: int) -> str:
        """A cell in words."""
        return self.text_of(divmod(item, self.columns()))


@dataclass(frozen=True)
class Lines:
    """Items of one size in lines. Lengths are in any one unit, and start at the first item's top left corner.

    Attributes:
        count: how many items there are.
        columns: items in a line, at least 1.
        width: of an item.
        height: of an item.
        across: from one item's left edge to the next one's.
        down: from the top of one line to that of the next.
        hidden: how many items the last place stands for, which takes the rest of its line; 0 where it is an item like
            the others.
    """

    count: int
    columns: int
    width: int
    height: int
    across: int
    down: int
    hidden: int = 0

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return -(-self.count // self.columns)

    @property
    def total_height(self) -> int:
        """Of all lines, at least one, without a gap below."""
        return (max(1, self.line_count) - 1) * self.down + self.height

    def rectangle(self, item: int) -> QRect:
        """Where an item lies."""
        line, column = divmod(item, self.columns)
        rest = (self.columns - 1 - column) * self.across if self.hidden and item == self.count - 1 else 0
        return QRect(column * self.across, line * self.down, self.width + rest, self.height)

    def item_at(self, x: float, y: float) -> int:
        """The item that holds a point; -1 for none."""
        column, line = int(x // self.across), int(y // self.down)
        item = line * self.columns + column
        if (
            self.hidden
            and line == (self.count - 1) // self.columns
            and self.count <= item + 1
            and column < self.columns
        ):
            return self.count - 1
        inside = x % self.across < self.width and y % self.down < self.height
        return item if inside and line >= 0 and 0 <= column < self.columns and item < self.count else NONE

    def lines_between(self, top: float, bottom: float) -> range:
        """The lines that a strip from `top` to `bottom` touches."""
        first, end = (
            min(max(0, line), self.line_count) for line in (int(top // self.down), int(bottom // self.down) + 1)
        )
        return range(first, end)


def paint_tiles(tiles: np.ndarray, lines: Lines) -> QImage:
    """A picture of items in whole lines, transparent between them.

    Args:
        tiles: (n, rows, columns) uint32, the colours of the items as 0xffrrggbb; each is a block of so many pixels that
            an item is `lines.height` × `lines.width`.
        lines: how they lie.
    """
    count, rows, columns = tiles.shape
    deep = -(-count // lines.columns)
    padded = np.zeros((deep * lines.columns, rows, columns), np.uint32)
    padded[:count] = tiles
    picture = QImage(lines.columns * lines.across, deep * lines.down, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    # Straight into the picture's memory: a column of maps has tens of thousands of pixels, and each copy counts.
    pixels = np.frombuffer(picture.bits(), np.uint32).reshape(deep, lines.down, lines.columns, lines.across)
    places = pixels[:, : lines.height, :, : lines.width]
    blocks = places.reshape(deep, rows, -1, lines.columns, lines.width)
    wide = padded.repeat(lines.width // columns, axis=2).reshape(deep, lines.columns, rows, 1, lines.width)
    blocks[:] = wide.transpose(0, 2, 3, 1, 4)
    return picture


def show_tip_beside(surface: QWidget, kept: QRectF, position: QPointF, text: str, about: QRectF) -> None:
    """Shows a tooltip below a part of a widget, or above it where the screen ends.

    Args:
        surface: the widget.
        kept: what of it the tooltip may not cover.
        position: where the pointer is.
        text: of the tooltip.
        about: the tooltip goes once the pointer has left this part.
    """
    begin, area = surface.mapToGlobal(position).toPoint(), kept.toAlignedRect()
    QToolTip.showText(begin, text, surface, about.toAlignedRect())
    tip = next((one for one in QApplication.topLevelWidgets() if one.inherits("QTipLabel")), None)
    if tip is None:
        return
    screen, place = surface.screen().availableGeometry(), QRect(surface.mapToGlobal(area.topLeft()), area.size())
    left = max(screen.left(), min(begin.x(), screen.right() - tip.width()))
    above, below = place.top() - _TIP_GAP - tip.height(), place.bottom() + _TIP_GAP
    tip.move(left, below if below + tip.height() <= screen.bottom() else max(screen.top(), above))


def focus_pen() -> QPen:
    """The pen that outlines what the keys act on."""
    return QPen(QColor(colours().accent_text), 2)


def paint_value_outline(painter: QPainter, rectangle: QRectF) -> None:
    """Outlines a square of any colour so that it is seen: white around black."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, margin in ((Qt.GlobalColor.black, 0.5), (Qt.GlobalColor.white, 1.5)):
        painter.setPen(QPen(colour, 1))
        painter.drawRect(rectangle.adjusted(-margin, -margin, margin - 1, margin - 1))


def paint_placeholder(painter: QPainter, area: QRect, text: str, framed: bool = False) -> None:
    """Writes what will be there, in the middle of an empty widget; within a dashed frame if wanted."""
    theme = colours()
    if framed:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), GRID / 2, GRID / 2)
    painter.setPen(QColor(theme.secondary))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(area.adjusted(GRID, GRID, -GRID, -GRID), flags, text)
