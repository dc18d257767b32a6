"""All channels of an array as small tiles under a title, with a legend."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.gui.painting.legend import Limits, format_value, limits_of, paint_legend
from cnnstudio.gui.theme import GAP, GRID, array_to_image, colours, text_sizes

MOST_LINES = 6
"""So many lines of tiles are shown until somebody asks for all."""

_HEADER = 3 * GRID
_MAP_SIDES = ((32, 56), (128, 40), (1 << 30, 32))
_UNIT_SIDES = ((16, 24), (256, 14), (1 << 30, 10))


def _side(sides: tuple[tuple[int, int], ...], count: int) -> int:
    return next(side for most, side in sides if count <= most)


@dataclass(frozen=True)
class Raster:
    """How tiles of one size lie in lines.

    Attributes:
        width: of a tile, in device-independent pixels.
        height: of a tile.
        gap: between tiles.
        columns: tiles in a line, at least 1.
        shown: how many tiles there are places for.
        more: whether the last place says how many more there are.
    """

    width: int
    height: int
    gap: int
    columns: int
    shown: int
    more: bool

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return -(-self.shown // self.columns)

    @property
    def total_height(self) -> int:
        """Of all lines, without a gap below."""
        return self.lines * (self.height + self.gap) - self.gap if self.shown else 0

    def place(self, number: int) -> QRect:
        """Where a tile lies, seen from the first one's top left corner."""
        line, column = divmod(number, self.columns)
        return QRect(column * (self.width + self.gap), line * (self.height + self.gap), self.width, self.height)


def raster(shape: tuple[int, ...], width: int, expanded: bool) -> Raster:
    """Lays tiles out: the longer side of a map near a comfortable size, a whole number of pixels a value if possible.

    Args:
        shape: (height, width, channels), or (units,) for one cell a unit.
        width: the room for a line, in device-independent pixels.
        expanded: whether all lines are shown, or `MOST_LINES` at most.
    """
    count = shape[-1]
    if len(shape) == 1:
        across = down = _side(_UNIT_SIDES, count)
        gap = 2
    else:
        longest = max(shape[0], shape[1], 1)
        side = _side(_MAP_SIDES, count)
        scale = max(1, round(side / longest)) if longest <= 1.5 * side else side / longest
        down, across = (max(1, round(scale * length)) for length in shape[:2])
        down, across = (max(8, length) if longest == 1 else length for length in (down, across))
        gap = GRID // 2 if count > _MAP_SIDES[0][0] else GRID
    columns = max(1, (width + gap) // (across + gap))
    more = not expanded and count > columns * MOST_LINES
    return Raster(across, down, gap, columns, columns * MOST_LINES if more else count, more)


class TileRow(QWidget):
    """A title, a legend and one tile for each channel of an array; only what is on screen is ever computed.

    A tile is chosen with the arrow keys and enlarged (by whoever listens to `activated`) with Enter or a click.

    Args:
        colormap: a key of `cnnstudio.gui.theme.COLORMAPS`.
        noun: what a tile is: "map", "kernel", "unit".
        parent: the parent widget.
    """

    activated = Signal(int)
    """The tile of this number was clicked, or Enter was pressed on it."""

    current_changed = Signal(int)
    """The arrow keys went to the tile of this number."""

    def __init__(self, colormap: str = "viridis", noun: str = "map", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._colormap = colormap
        self._noun = noun
        self._title = self._subtitle = self._lesson = ""
        self._values = np.zeros((1, 1, 0), np.float32)
        self._limits: Limits | None = None
        self._sheet: tuple[range, QImage] | None = None
        self._expanded = False
        self._current = 0
        self._hovered: int | None = None
        self._pressed: int | None = None

    @property
    def limits(self) -> Limits:
        """The values that get the colour map's two ends."""
        if self._limits is None:
            self._limits = limits_of(self._values, self._colormap)
        return self._limits

    @property
    def values(self) -> np.ndarray:
        """The array that is shown."""
        return self._values

    def set_header(self, title: str, subtitle: str, lesson: str) -> None:
        """Sets what stands above the tiles.

        Args:
            title: the layer's name.
            subtitle: its kind and shape.
            lesson: a sentence on what it does, for the tooltip.
        """
        self._title, self._subtitle, self._lesson = title, subtitle, lesson
        self.setAccessibleName(f"{title}, {subtitle}")
        self.setToolTip(lesson)
        self.update()

    def set_values(self, values: np.ndarray) -> None:
        """Shows an array.

        Args:
            values: (height, width, channels) or (units,), any number type.
        """
        if values.shape != self._values.shape:
            self._expanded = False
            self._current = 0
            self._hovered = None
            self.updateGeometry()
        self._values = values
        self._limits = self._sheet = None
        self.update()

    # Geometry.

    def _raster(self, width: int | None = None) -> Raster:
        return raster(self._values.shape, self.width() if width is None else width, self._expanded)

    def tile_rectangle(self, number: int) -> QRect:
        """Where a tile lies in this widget."""
        return self._raster().place(number).translated(0, _HEADER)

    def _tile_at(self, position: QPointF) -> int | None:
        lines = self._raster()
        column = int(position.x() // (lines.width + lines.gap))
        line = int((position.y() - _HEADER) // (lines.height + lines.gap))
        number = line * lines.columns + column
        if line < 0 or not 0 <= column < lines.columns or number >= lines.shown:
            return None
        return number if QRectF(self.tile_rectangle(number)).contains(position) else None

    def sizeHint(self) -> QSize:
        """As high as its lines."""
        width = max(self.width(), 240)
        return QSize(240, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Narrow: tiles wrap."""
        return QSize(160, _HEADER)

    def heightForWidth(self, width: int) -> int:
        """Title and lines of tiles."""
        return _HEADER + self._raster(width).total_height

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the header and the tiles in the region that changed."""
        painter = QPainter(self)
        if event.rect().top() < _HEADER:
            self._paint_header(painter)
        lines = self._raster()
        first = max(0, (event.rect().top() - _HEADER) // (lines.height + lines.gap)) * lines.columns
        last = ((event.rect().bottom() - _HEADER) // (lines.height + lines.gap) + 1) * lines.columns
        tiles = range(min(first, lines.shown - lines.more), max(0, min(last, lines.shown - lines.more)))
        if tiles:
            self._paint_tiles(painter, lines, tiles)
        if lines.more:
            self._paint_more(painter, lines)
        marked = self._current if self.hasFocus() else self._hovered
        if marked is not None and marked < lines.shown:
            painter.setPen(QColor(colours().accent_text))
            outline = self.tile_rectangle(marked)
            for margin in (1, 2):
                painter.drawRect(outline.adjusted(-margin, -margin, margin - 1, margin - 1))
        painter.end()

    def _paint_header(self, painter: QPainter) -> None:
        theme = colours()
        area = QRectF(0, 0, self.width(), _HEADER - GAP / 2)
        small = QFont(self.font())
        small.setPixelSize(text_sizes().small)
        painter.setFont(small)
        painter.setPen(QColor(theme.secondary))
        if self._values.size:
            area.setRight(area.right() - paint_legend(painter, area, self._colormap, self.limits) - 2 * GAP)
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(theme.text))
        metrics = painter.fontMetrics()
        title = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, title)
        area.setLeft(metrics.horizontalAdvance(title) + GAP)
        painter.setFont(small)
        painter.setPen(QColor(theme.secondary))
        subtitle = painter.fontMetrics().elidedText(self._subtitle, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, subtitle)

    def _colours_of(self, tiles: range) -> QImage:
        """The tiles below each other, one pixel a value."""
        if self._sheet is None or self._sheet[0] != tiles:
            part = self._values[..., tiles.start : tiles.stop]
            column = np.moveaxis(part, -1, 0).reshape(len(tiles) * (1 if part.ndim == 1 else part.shape[0]), -1)
            self._sheet = tiles, array_to_image(column, self._colormap, self.limits)
        return self._sheet[1]

    def _paint_tiles(self, painter: QPainter, lines: Raster, tiles: range) -> None:
        sheet = self._colours_of(tiles)
        height = sheet.height() // len(tiles)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, height > lines.height)
        for index, number in enumerate(tiles):
            source = QRect(0, index * height, sheet.width(), height)
            painter.drawImage(lines.place(number).translated(0, _HEADER), sheet, source)

    def _paint_more(self, painter: QPainter, lines: Raster) -> None:
        small = QFont(self.font())
        small.setPixelSize(text_sizes().small)
        painter.setFont(small)
        painter.setPen(QColor(colours().accent_text))
        rest = self._values.shape[-1] - lines.shown + 1
        place = self.tile_rectangle(lines.shown - 1).adjusted(-lines.gap, 0, self.width(), 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"+{rest:,}")

    # Pointing.

    def _expand(self) -> None:
        self._expanded = True
        self.updateGeometry()
        self.update()

    def _is_more(self, number: int) -> bool:
        lines = self._raster()
        return lines.more and number == lines.shown - 1

    def _activate(self, number: int) -> None:
        if self._is_more(number):
            self._expand()
        else:
            self._current = number
            self.update()
            self.activated.emit(number)

    def _text_at(self, position: QPointF) -> str:
        number = self._tile_at(position)
        if number is None:
            return self._lesson
        if self._is_more(number):
            return f"Shows all {self._values.shape[-1]:,} {self._noun}s."
        name = f"{self._noun} {number + 1} of {self._values.shape[-1]:,}"
        if self._values.ndim == 1:
            return f"{name}: {format_value(self._values[number])}"
        place = self.tile_rectangle(number)
        height, width = self._values.shape[:2]
        row = min(int((position.y() - place.top()) / place.height() * height), height - 1)
        column = min(int((position.x() - place.left()) / place.width() * width), width - 1)
        return f"{name}, row {row}, column {column}: {format_value(self._values[row, column, number])}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Outlines the tile under the mouse and tells the value there."""
        number = self._tile_at(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor)
        if number != self._hovered:
            self._hovered = number
            self.update()
        if number is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(event.globalPosition().toPoint() + QPoint(0, GRID), self._text_at(event.position()), self)

    def event(self, event: QEvent) -> bool:
        """Tells of the tile, or of the layer, when a tooltip is due."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._text_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Outlines nothing."""
        self._hovered = None
        self.update()
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remembers the tile: pressed and released on the same one is a click."""
        self._pressed = self._tile_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click activates the tile."""
        pressed, self._pressed = self._pressed, None
        if pressed is not None and pressed == self._tile_at(event.position()):
            self._activate(pressed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys, Home and End choose a tile, Enter activates it; beyond the edge, the parent gets the key."""
        lines = self._raster()
        moves: dict[int, int] = {
            Qt.Key.Key_Left: self._current - 1,
            Qt.Key.Key_Right: self._current + 1,
            Qt.Key.Key_Up: self._current - lines.columns,
            Qt.Key.Key_Down: self._current + lines.columns,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: lines.shown - 1,
        }
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and lines.shown:
            self._activate(self._current)
        elif 0 <= moves.get(event.key(), -1) < lines.shown:
            self._current = moves[event.key()]
            self._tell_current()
        else:
            super().keyPressEvent(event)

    def _tell_current(self) -> None:
        self.setAccessibleDescription(self._text_at(QPointF(self.tile_rectangle(self._current).center())))
        self.current_changed.emit(self._current)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tells which tile is chosen."""
        super().focusInEvent(event)
        if self._raster().shown:
            self._tell_current()
