"""All channels of an array as small tiles under a title, with a legend."""

from dataclasses import dataclass
from html import escape

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, array_to_image, colours, text_sizes
from cnnstudio.gui.widgets.maps.colour_scale import (
    LEGEND_WIDTH,
    Limits,
    format_value,
    legend_width,
    limits_of,
    paint_legend,
)
from cnnstudio.gui.widgets.maps.map_dialog import MapDialog

MOST_LINES = 6
"""So many lines of tiles are shown until somebody asks for all."""

_MAP_SIDES = ((32, 56), (128, 40), (1 << 30, 32))

_UNIT_SIDES = ((16, 24), (256, 14), (1 << 30, 10))


@dataclass(frozen=True)
class Raster:
    """How tiles of one size lie in lines. Lengths are in device-independent pixels.

    Attributes:
        count: how many tiles there are in all.
        scale: pixels along the side of a value.
        stride: values along the side of a pixel, where maps are larger than tiles; else 1.
        width: of a tile.
        height: of a tile.
        gap: between tiles.
        columns: tiles in a line, at least 1.
        shown: how many tiles there are places for.
        more: whether the last place says how many more there are.
    """

    count: int
    scale: int
    stride: int
    width: int
    height: int
    gap: int
    columns: int
    shown: int
    more: bool

    @property
    def pitch(self) -> int:
        """From the top of one line to that of the next."""
        return self.height + self.gap

    @property
    def total_height(self) -> int:
        """Of all lines, without a gap below."""
        return -(-self.shown // self.columns) * self.pitch - self.gap if self.shown else 0

    def place(self, number: int) -> QRect:
        """Where a tile lies, seen from the first one's top left corner."""
        line, column = divmod(number, self.columns)
        return QRect(column * (self.width + self.gap), line * self.pitch, self.width, self.height)

    def tile_at(self, x: float, y: float) -> int | None:
        """The tile that holds a point, or None."""
        column, line = int(x // (self.width + self.gap)), int(y // self.pitch)
        number = line * self.columns + column
        inside = x % (self.width + self.gap) < self.width and y % self.pitch < self.height
        return number if inside and line >= 0 and 0 <= column < self.columns and number < self.shown else None

    def tiles_between(self, top: float, bottom: float) -> range:
        """The tiles, in whole lines, that a strip from `top` to `bottom` touches."""
        last = self.shown - self.more
        first_line, end_line = max(0, int(top // self.pitch)), max(0, int(bottom // self.pitch) + 1)
        return range(min(first_line * self.columns, last), min(end_line * self.columns, last))


def lay_out(shape: tuple[int, ...], width: int, expanded: bool) -> Raster:
    """Lays tiles out: the longer side of a map near a comfortable size, whole pixels a value or whole values a pixel.

    Args:
        shape: (height, width, channels), or (units,) for one cell a unit.
        width: the room for a line.
        expanded: whether all lines are shown, or `MOST_LINES` at most.
    """
    count = shape[-1]
    rows, columns = shape[:2] if len(shape) == 3 else (1, 1)
    single = rows == columns == 1
    longest = max(rows, columns, 1)
    side = next(side for most, side in (_UNIT_SIDES if single else _MAP_SIDES) if count <= most)
    scale = max(1, round(side / longest))
    stride = -(-longest // round(1.5 * side)) if scale == 1 else 1
    height, across = scale * -(-rows // stride), scale * -(-columns // stride)
    gap = 2 if single else GRID // (1 if count <= _MAP_SIDES[0][0] else 2)
    per_line = max(1, (width + gap) // (across + gap)) if across else 1
    more = not expanded and count > per_line * MOST_LINES
    shown = per_line * MOST_LINES if more else count
    return Raster(count, scale, stride, across, height, gap, per_line, shown, more)


def _shrink(maps: np.ndarray, stride: int) -> np.ndarray:
    """Means of squares of `stride` × `stride` values; (height, width, n) → (⌈height/stride⌉, ⌈width/stride⌉, n)."""
    for axis in (0, 1):
        maps = np.moveaxis(maps, axis, 0)
        sums = maps[::stride].astype(np.float32)
        sizes = np.ones((len(sums), 1, 1), np.float32)
        for step in range(1, stride):  # whole lines at a time: `add.reduceat` goes value by value
            lines = maps[step::stride]
            sums[: len(lines)] += lines
            sizes[: len(lines)] += 1
        maps = np.moveaxis(sums / sizes, 0, axis)
    return maps


def paint_maps(values: np.ndarray, raster: Raster, tiles: range, colormap: str, limits: Limits) -> QImage:
    """A picture of some lines of tiles, transparent between them.

    Args:
        values: (height, width, channels) or (units,).
        raster: where the tiles lie.
        tiles: their numbers: whole lines, at least one tile.
        colormap: a key of `cnnstudio.gui.look.theme.COLORMAPS`.
        limits: the values that get the map's two ends.
    """
    maps = values[..., tiles.start : tiles.stop]
    maps = maps[np.newaxis, np.newaxis] if maps.ndim == 1 else maps
    if raster.stride > 1:
        maps = _shrink(maps, raster.stride)
    rows, columns, count = maps.shape
    flat = array_to_image(maps.reshape(rows, columns * count), colormap, limits)
    colours = np.frombuffer(flat.constBits(), np.uint32).reshape(rows, columns, count)
    lines = -(-count // raster.columns)
    squares = np.zeros((lines * raster.columns, raster.height, raster.width), np.uint32)
    squares[:count] = colours.transpose(2, 0, 1).repeat(raster.scale, axis=1).repeat(raster.scale, axis=2)
    picture = np.zeros((lines, raster.pitch, raster.columns, raster.width + raster.gap), np.uint32)
    picture[:, : raster.height, :, : raster.width] = squares.reshape(
        lines, raster.columns, raster.height, raster.width
    ).transpose(0, 2, 1, 3)
    width, height = raster.columns * (raster.width + raster.gap), lines * raster.pitch
    return QImage(picture.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()


_HEADER, _LINE = 3 * GRID, 2 * GRID
"""Height of what stands above the tiles, and of a second line there."""

_EDGE = 2
"""Room around the tiles for the outline of the one that is chosen."""


class TileRow(QWidget):
    """A title, a legend and one tile for each channel of an array; only what is on screen is ever computed.

    A tile is chosen with the arrow keys and enlarged with Enter or a click, in a dialog that shows later values, too.

    Args:
        colormap: a key of `cnnstudio.gui.look.theme.COLORMAPS`.
        noun: what a tile is: "map", "kernel", "unit".
        parent: the parent widget.
    """

    current_changed = Signal(int)
    """The arrow keys went to the tile of this number."""

    def __init__(self, colormap: str = "viridis", noun: str = "map", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._colormap = colormap
        self._noun = noun
        self._title = self._subtitle = ""
        self._values = np.zeros((1, 1, 0), np.float32)
        self._waiting = False
        self._limits: Limits | None = None
        self._sheet: tuple[Raster, range, QImage] | None = None
        self._expanded = False
        self._current = 0
        self._hovered: int | None = None
        self._pressed: int | None = None
        self._pointer: QPointF | None = None
        self._dialog: MapDialog | None = None

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

    @property
    def enlarged(self) -> bool:
        """Whether one of its tiles is shown large, in a window of its own."""
        return self._dialog is not None

    def set_header(self, title: str, subtitle: str, lesson: str) -> None:
        """Sets what stands above the tiles.

        Args:
            title: the layer's name.
            subtitle: its kind and shape, “kind · shape”, or the shape alone: where there is little room beside the
                title, the kind is left out; where there is none, it goes below.
            lesson: a sentence on what it does, for the tooltip.
        """
        if self._dialog is not None and (title, subtitle) != (self._title, self._subtitle):
            self._dialog.close()
        self._title, self._subtitle = title, subtitle
        describe(self, self.objectName(), f"{title}, {subtitle}", lesson)
        self.setToolTip(f"<p><b>{escape(title)}</b> {escape(subtitle)}</p>{self.toolTip()}")
        self._fit_height()

    def set_values(self, values: np.ndarray) -> None:
        """Shows an array.

        Args:
            values: (height, width, channels) or (units,), any number type.
        """
        self._waiting = False
        if values.shape != self._values.shape:
            self._expanded = False
            self._current = 0
            self._hovered = self._pressed = None
            self._values = values
            self._fit_height()
        self._values = values
        self._limits = self._sheet = None
        self.update()
        self._refresh_dialog()
        if self._pointer is not None and QToolTip.isVisible():
            self._show_tip()

    def keep_room(self, shape: tuple[int, ...]) -> None:
        """Shows where an array of this shape will be, which is still to come."""
        if not self._waiting or shape != self._values.shape:
            self.set_values(np.broadcast_to(np.float32(0), shape))
            self._waiting = True

    # Geometry.

    def _raster(self) -> Raster:
        return lay_out(self._values.shape, self.width() - 2 * _EDGE, self._expanded)

    def _fit_height(self) -> None:
        self.setFixedHeight(self._header() + self._raster().total_height + _EDGE)
        self.update()

    def _legend_rectangle(self) -> QRect:
        return QRect(self.width() - LEGEND_WIDTH, 0, LEGEND_WIDTH, _HEADER - GAP // 2)

    def _title_rectangle(self) -> QRect:
        limits = (0.0, 0.0) if self._waiting else self.limits
        taken = legend_width(QFontMetrics(self._small_font()), limits) if self._values.size else 0
        return QRect(_EDGE, 0, max(0, self.width() - taken - 2 * GAP), _HEADER - GAP // 2)

    def _small_font(self) -> QFont:
        small = QFont(self.font())
        small.setPixelSize(text_sizes().small)
        return small

    def caption(self) -> tuple[str, str]:
        """Title and subtitle as they are painted: the size always whole, the kind where there is room for it."""
        titles, subtitles = self._caption_metrics()
        room = self._title_rectangle().width()
        if self._two_lines():
            return titles.elidedText(self._title, Qt.TextElideMode.ElideMiddle, room), self._subtitle
        whole = titles.horizontalAdvance(self._title) + GAP + subtitles.horizontalAdvance(self._subtitle)
        return self._title, self._subtitle if whole <= room else self._size_text()

    def _caption_metrics(self) -> tuple[QFontMetrics, QFontMetrics]:
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        return QFontMetrics(bold), QFontMetrics(self._small_font())

    def _size_text(self) -> str:
        return self._subtitle.rpartition(" · ")[2]

    def _two_lines(self) -> bool:
        """Whether title and size have no room beside the widest legend: so, no value moves anything."""
        titles, subtitles = self._caption_metrics()
        least = titles.horizontalAdvance(self._title) + GAP + subtitles.horizontalAdvance(self._size_text())
        return least > self.width() - LEGEND_WIDTH - GAP

    def _header(self) -> int:
        return _HEADER + (_LINE if self._two_lines() else 0)

    def tile_rectangle(self, number: int) -> QRect:
        """Where a tile lies in this widget."""
        return self._raster().place(number).translated(_EDGE, self._header())

    def _tile_at(self, position: QPointF) -> int | None:
        return self._raster().tile_at(position.x() - _EDGE, position.y() - self._header())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_height()
        super().resizeEvent(event)

    @override
    def minimumSizeHint(self) -> QSize:
        """Narrow: tiles wrap."""
        return QSize(20 * GRID, _HEADER)

    # Painting.

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        small = self._small_font()
        if event.region().intersects(QRect(0, 0, self.width(), self._header())):
            self._paint_title(painter, small)
        painter.setFont(small)
        if self._waiting:
            painter.fillRect(self._room(), QColor(colours().hover))
            painter.end()
            return
        if self._values.size and event.region().intersects(self._legend_rectangle()):
            painter.setPen(QColor(colours().secondary))
            paint_legend(painter, QRectF(self._legend_rectangle()), self._colormap, self.limits)
        lines = self._raster()
        tiles = lines.tiles_between(event.rect().top() - self._header(), event.rect().bottom() - self._header())
        if tiles:
            if self._sheet is None or self._sheet[:2] != (lines, tiles):
                self._sheet = lines, tiles, paint_maps(self._values, lines, tiles, self._colormap, self.limits)
            painter.drawImage(self.tile_rectangle(tiles.start).topLeft(), self._sheet[2])
        if lines.more:
            self._paint_more(painter, lines)
        marked = self._current if self.hasFocus() else self._hovered
        if marked is not None and marked < lines.shown:
            painter.setPen(QColor(colours().accent_text))
            outline = self.tile_rectangle(marked)
            for margin in (1, 2):
                painter.drawRect(outline.adjusted(-margin, -margin, margin - 1, margin - 1))
        painter.end()

    def _room(self) -> QRect:
        """What all tiles together take."""
        lines = self._raster()
        last = self.tile_rectangle(min(lines.columns, lines.shown) - 1)
        return QRect(_EDGE, self._header(), max(0, last.right() + 1 - _EDGE), lines.total_height)

    def _paint_title(self, painter: QPainter, small: QFont) -> None:
        theme = colours()
        area = self._title_rectangle()
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        title, subtitle = self.caption()
        for text, font, colour in ((title, bold, theme.text), (subtitle, small, theme.secondary)):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, text)
            if self._two_lines():
                area.translate(0, _LINE)
            else:
                area.setLeft(area.left() + painter.fontMetrics().horizontalAdvance(text) + GAP)

    def _paint_more(self, painter: QPainter, lines: Raster) -> None:
        painter.setPen(QColor(colours().accent_text))
        rest = lines.count - lines.shown + 1
        place = self.tile_rectangle(lines.shown - 1).adjusted(GAP - lines.gap, 0, self.width(), 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"+{rest:,}")

    # Pointing.

    def _expand(self) -> None:
        self._expanded = True
        self._fit_height()

    def _is_more(self, number: int) -> bool:
        lines = self._raster()
        return lines.more and number == lines.shown - 1

    def _activate(self, number: int) -> None:
        if self._is_more(number):
            self._expand()
        else:
            self._current = number
            self.update()
            self._enlarge(number)

    def _enlarge(self, number: int) -> None:
        if self._dialog is None:
            self._dialog = MapDialog(self._colormap, self._noun, self)
            self._dialog.finished.connect(self._forget_dialog)
        self._refresh_dialog(number)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def _refresh_dialog(self, number: int | None = None) -> None:
        if self._dialog is not None and not self._waiting:
            self._dialog.show_layer(f"{self._title}  ·  {self._subtitle}", self._values, self.limits, number)

    @Slot()
    def _forget_dialog(self) -> None:
        self._dialog = None

    def _text_at(self, position: QPointF) -> str:
        number = self._tile_at(position)
        if number is None or self._waiting:
            return self.toolTip()
        noun = "unit" if self._values.ndim == 1 else self._noun
        if self._is_more(number):
            return f"Shows all {self._values.shape[-1]:,} {noun}s."
        name = f"{noun} {number + 1} of {self._values.shape[-1]:,}"
        if self._values.ndim == 1:
            return f"{name}: {format_value(self._values[number])}"
        place = self.tile_rectangle(number)
        height, width = self._values.shape[:2]
        row = min(int((position.y() - place.top()) / place.height() * height), height - 1)
        column = min(int((position.x() - place.left()) / place.width() * width), width - 1)
        return f"{name}, row {row}, column {column}: {format_value(self._values[row, column, number])}"

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self._tile_at(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor)
        if number != self._hovered:
            self._hovered = number
            self.update()
        self._pointer = None if number is None else event.position()
        if number is None:
            QToolTip.hideText()
        self._show_tip()

    def _show_tip(self) -> None:
        if self._pointer is not None:
            place = self.mapToGlobal(self._pointer).toPoint() + QPoint(0, GRID)
            QToolTip.showText(place, self._text_at(self._pointer), self)

    @override
    def event(self, event: QEvent) -> bool:
        """Tells of the tile, or of the layer, when a tooltip is due."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._text_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = self._pointer = None
        self.update()
        super().leaveEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remembers the tile: pressed and released on the same one is a click."""
        self._pressed = self._tile_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is not None and pressed == self._tile_at(event.position()) and not self._waiting:
            self._activate(pressed)

    @override
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
            if not self._waiting:
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

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._raster().shown:
            self._tell_current()
