"""All channels of an array as small tiles under a title, with a legend.

Painted by hand: each move of the pen changes all maps on screen, hundreds of them. Those of a row are one picture, made
by NumPy.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, bold_font, colours, small_font, to_colours
from cnnstudio.gui.widgets.items import EDGE, NONE, ItemLines, Lines, paint_tiles
from cnnstudio.gui.widgets.maps.colour_scale import (
    LEGEND_WIDTH,
    Limits,
    format_value,
    legend_width,
    limits_of,
    paint_legend,
)
from cnnstudio.gui.widgets.maps.map_dialog import MapDialog
from cnnstudio.models.trained.layer_arithmetic import LayerArithmetic

MOST_LINES = 6
"""So many lines of tiles are shown until all are asked for."""

_MAP_SIDES = ((32, 56), (128, 40), (1 << 30, 32))
_UNIT_SIDES = ((16, 24), (256, 14), (1 << 30, 10))
"""Up to so many maps, or units, in a layer, the desired longer side of a tile, in device-independent pixels."""

_MOST_TIMES = 6
"""So much larger than usual tiles are at most where there is room for all."""

_MORE = 10 * GRID
"""Room at the end of the last line for how many more there are, at least, in device-independent pixels."""

_HEADER, _LINE = 3 * GRID, 2 * GRID
"""Height of what stands above the tiles, and of a second line there."""


class MapRow(ItemLines):
    """A title, a legend and one tile for each channel of an array; only what is on screen is ever computed.

    A tile is chosen with the arrow keys and enlarged with Enter or a click, in a dialog that shows later values, too.

    Args:
        colormap: a key of `cnnstudio.gui.look.theme.COLORMAPS`.
        noun: what a tile is: "map", "kernel".
        times: how much larger tiles are than among many rows.
        called: what a tile is, by its number; None for the noun with that number.
    """

    lab_wanted = Signal(object)
    """The arithmetic of one number is to be done in the Lab, as this `Experiment`."""
    lesson_wanted = Signal(str)
    """The lesson about this operation is wanted."""

    enlarged_changed = Signal()
    """One of its tiles is shown large now, or none any more."""

    keeps_arrows = False

    def __init__(
        self,
        colormap: str = "viridis",
        noun: str = "map",
        times: int = 1,
        called: Callable[[int], str] | None = None,
    ) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._colormap = colormap
        self._noun = noun
        self._times, self._height = times, 0
        self._called = called or partial(wording.numbered, noun)
        self._title = self._subtitle = ""
        self._values = np.zeros((1, 1, 0), np.float32)
        self._waiting = False
        self._limits: Limits | None = None
        self._picture: tuple[TileLines, range, QImage] | None = None
        self._together = 1
        self._expanded = False
        self._pointer: QPointF | None = None
        self._dialog: MapDialog | None = None
        self.activated.connect(self._open)

    @property
    def title(self) -> str:
        """What stands above the tiles: the layer's name."""
        return self._title

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

    def show_arithmetic(self, arithmetic: LayerArithmetic | None) -> None:
        """Shows in the window of the enlarged tile how its numbers come about; None where that is not known."""
        if self._dialog is not None:
            self._dialog.show_arithmetic(arithmetic)

    def set_header(self, title: str, subtitle: str, lesson: str) -> None:
        """Sets what stands above the tiles.

        Args:
            title: the layer's name.
            subtitle: its kind and shape, beside the title, or below where there is no room.
            lesson: a sentence on what it does, for the tooltip.
        """
        if self._dialog is not None and (title, subtitle) != (self._title, self._subtitle):
            self._dialog.close()
        self._title, self._subtitle = title, subtitle
        describe(self, self.objectName(), f"{title}, {subtitle}", lesson)
        self.setToolTip(f"<p><b>{escape(title)}</b> {escape(subtitle)}</p>{self.toolTip()}")
        self.fit_height()

    def set_values(self, values: np.ndarray, together: int = 1) -> None:
        """Shows an array.

        Args:
            values: (height, width, channels) or (units,), any number type; or (places, channels), which is shown as one
                map.
            together: how many tiles belong together, and stand apart from the next ones.
        """
        values = values[..., np.newaxis] if values.ndim == 2 else values
        self._waiting = False
        changed = (values.shape, together) != (self._values.shape, self._together)
        self._values, self._together = values, together
        self._limits = self._picture = None
        if changed:
            self.hover(NONE)
            self.set_current(0)
            self._expanded = False
            self.fit_height()
        self.update()
        self._refresh_dialog()
        if QToolTip.isVisible():
            self._show_value()

    def keep_room(self, shape: tuple[int, ...]) -> None:
        """Shows where an array of this shape will be, which is still to come."""
        if not self._waiting or shape != self._values.shape:
            self.set_values(np.broadcast_to(np.float32(0), shape))
            self._waiting = True

    # The header.

    def origin(self) -> QPoint:
        """Below the header."""
        return QPoint(EDGE, _HEADER + (_LINE if self._two_lines() else 0))

    def _legend_rectangle(self) -> QRect:
        return QRect(self.width() - LEGEND_WIDTH, 0, LEGEND_WIDTH, _HEADER - GAP // 2)

    def _title_rectangle(self) -> QRect:
        limits = (0.0, 0.0) if self._waiting else self.limits
        taken = legend_width(QFontMetrics(small_font(self.font())), limits) if self._values.size else 0
        return QRect(EDGE, 0, max(0, self.width() - taken - 2 * GAP), _HEADER - GAP // 2)

    def _two_lines(self) -> bool:
        """Whether title and subtitle have no room beside the widest legend: so, no value moves anything."""
        titles, subtitles = QFontMetrics(bold_font(self.font())), QFontMetrics(small_font(self.font()))
        width = titles.horizontalAdvance(self._title) + GAP + subtitles.horizontalAdvance(self._subtitle)
        return width > self.width() - LEGEND_WIDTH - GAP

    def shown_title(self) -> str:
        """The title as it is painted: cut in its middle where there is no room for it."""
        metrics = QFontMetrics(bold_font(self.font()))
        return metrics.elidedText(self._title, Qt.TextElideMode.ElideMiddle, self._title_rectangle().width())

    # Where the tiles lie.

    def lines(self) -> "TileLines":
        """All tiles, or `MOST_LINES` of them."""
        room = self.width() - 2 * EDGE
        for times in range(_MOST_TIMES, self._times, -1) if self._height else ():
            larger = lay_out(self._values.shape, room, False, times, self._together)
            if not larger.hidden and self.origin().y() + larger.total_height + EDGE <= self._height:
                return larger
        return lay_out(self._values.shape, room, self._expanded, self._times, self._together)

    def grow_into(self, height: int) -> None:
        """Makes the tiles larger as long as all of them, with the header, have room in this height."""
        self._height = height
        self.fit_height()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(20 * GRID, _HEADER)

    # Painting.

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        header, lines = self.origin().y(), self.lines()
        if event.region().intersects(QRect(0, 0, self.width(), header)):
            self._paint_title(painter)
        painter.setFont(small_font(self.font()))
        if self._waiting:
            width = min(lines.columns, lines.count) * lines.across - (lines.across - lines.width)
            painter.fillRect(QRect(EDGE, header, max(0, width), lines.total_height), QColor(colours().hover))
            painter.end()
            return
        if self._values.size and event.region().intersects(self._legend_rectangle()):
            painter.setPen(QColor(colours().secondary))
            paint_legend(painter, QRectF(self._legend_rectangle()), self._colormap, self.limits)
        tiles = lines.tiles_between(event.rect().top() - header, event.rect().bottom() - header)
        if tiles:
            if self._picture is None or self._picture[:2] != (lines, tiles):
                self._picture = lines, tiles, paint_maps(self._values, lines, tiles, self._colormap, self.limits)
            for first, part in lines.parts(tiles):
                painter.drawImage(self.tile_rectangle(first).topLeft(), self._picture[2], part)
        painter.setPen(QColor(colours().accent_text))
        if lines.hidden:
            place = self.tile_rectangle(lines.count - 1).adjusted(
                GAP - (lines.across - lines.width), 0, self.width(), 0
            )
            painter.drawText(
                place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"+{lines.hidden:,} more"
            )
        marked = self.current if self.hasFocus() else self.hovered
        if NONE < marked < lines.count:
            for margin in (1, 2):
                painter.drawRect(self.tile_rectangle(marked).adjusted(-margin, -margin, margin - 1, margin - 1))
        painter.end()

    def _paint_title(self, painter: QPainter) -> None:
        theme, area = colours(), self._title_rectangle()
        for text, font, colour in (
            (self.shown_title(), bold_font(self.font()), theme.text),
            (self._subtitle, small_font(self.font()), theme.secondary),
        ):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, text)
            if self._two_lines():
                area.translate(0, _LINE)
            else:
                area.setLeft(area.left() + painter.fontMetrics().horizontalAdvance(text) + GAP)

    # Values under the pointer.

    def _text(self, item: int, position: QPointF) -> str:
        """What is shown at a point of a tile, in words."""
        is_vector = self._values.ndim == 1
        if self.is_more(item):
            return f"Shows all {self._values.shape[-1]:,} {'unit' if is_vector else self._noun}s."
        name = wording.numbered("unit", item) if is_vector else self._called(item)
        if self._waiting:
            return name
        if is_vector:
            return f"{name}: {format_value(self._values[item])}"
        place, (height, width) = self.tile_rectangle(item), self._values.shape[:2]
        row = min(int((position.y() - place.top()) / place.height() * height), height - 1)
        column = min(int((position.x() - place.left()) / place.width() * width), width - 1)
        return f"{name}, {wording.cell(row, column)}: {format_value(self._values[row, column, item])}"

    def item_text(self, item: int) -> str:
        """Which tile it is, and the value in its middle."""
        return self._text(item, QPointF(self.tile_rectangle(item).center()))

    def tip_at(self, position: QPointF) -> str:
        """The value at a point, on one line."""
        item = self.item_at(position)
        return self.toolTip() if item == NONE or self._waiting else self._text(item, position)

    def _show_value(self) -> None:
        """Shows the tooltip of the value under the pointer, without the usual wait."""
        if self._pointer is not None and (item := self.item_at(self._pointer)) != NONE:
            self.tell(item, self._pointer, self.tip_at(self._pointer))

    def hover(self, item: int) -> None:
        """Outlines the tile under the pointer; -1 outlines none."""
        super().hover(item)
        if item == NONE and self._pointer is not None:
            self._pointer = None
            QToolTip.hideText()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.hovered != NONE:
            self._pointer = event.position()
            self._show_value()

    # Choosing and enlarging.

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.current != NONE:
            self.current_changed.emit(self.current)

    @Slot(int)
    def _open(self, item: int) -> None:
        if self._waiting:
            return
        if self.is_more(item):
            self._expanded = True
            self.fit_height()
            return
        if self._dialog is None:
            self._dialog = MapDialog(self._colormap, self._noun, self._called, self)
            self._dialog.finished.connect(self._forget_dialog)
            self._dialog.lab_wanted.connect(self.lab_wanted)
            self._dialog.lesson_wanted.connect(self.lesson_wanted)
            self.enlarged_changed.emit()
        self._refresh_dialog(item)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def _refresh_dialog(self, number: int | None = None) -> None:
        if self._dialog is not None and not self._waiting:
            self._dialog.show_layer(f"{self._title}  ·  {self._subtitle}", self._values, self.limits, number)

    @Slot()
    def _forget_dialog(self) -> None:
        self._dialog = None
        self.enlarged_changed.emit()


@dataclass(frozen=True)
class TileLines(Lines):
    """Tiles in lines. Lengths are in device-independent pixels.

    Attributes:
        scale: pixels along the side of a value.
        stride: values along the side of a pixel, where maps are larger than tiles; else 1.
        together: how many tiles belong together: as many as a line holds, or several, or a part of one.
        apart: how much farther than the next tile the first one of the next tiles begins.
    """

    scale: int = 1
    stride: int = 1
    together: int = 1
    apart: int = 0

    @property
    def _beside(self) -> int:
        """How many tiles stand beside each other until the next ones stand apart."""
        return min(self.together, self.columns) if self.together > 1 else self.columns

    @property
    def _below(self) -> int:
        """How many lines stand below each other until the next ones stand apart."""
        return max(1, self.together // self.columns) if self.together > 1 else max(1, self.line_count)

    @override
    @property
    def total_height(self) -> int:
        return self._top(max(1, self.line_count) - 1) + self.height

    def _left(self, column: int) -> int:
        return column * self.across + column // self._beside * self.apart

    def _top(self, line: int) -> int:
        return line * self.down + line // self._below * self.apart

    @override
    def rectangle(self, item: int) -> QRect:
        line, column = divmod(item, self.columns)
        left = self._left(column)
        rest = self._left(self.columns - 1) - left if self.hidden and item == self.count - 1 else 0
        return QRect(left, self._top(line), self.width + rest, self.height)

    @override
    def item_at(self, x: float, y: float) -> int:
        column, line = _index(x, self.across, self._beside, self.apart), _index(y, self.down, self._below, self.apart)
        inside = 0 <= column < self.columns and 0 <= line < self.line_count
        item = min(line * self.columns + column, self.count - 1) if inside else NONE
        return item if inside and self.rectangle(item).contains(int(x), int(y)) else NONE

    @override
    def lines_between(self, top: float, bottom: float) -> range:
        first, last = (_index(place, self.down, self._below, self.apart) for place in (top, bottom))
        return range(*(min(max(0, line), self.line_count) for line in (first, last + 1)))

    def parts(self, tiles: range) -> Iterator[tuple[int, QRect]]:
        """What stands apart of a picture of whole lines in which all are at even distances: each part's first tile, and
        where it is in that picture.
        """
        begin, end = tiles.start // self.columns, -(-tiles.stop // self.columns)
        for line in range(begin, end):
            if line > begin and line % self._below:
                continue
            deep = min(self._below - line % self._below, end - line)
            for column in range(0, self.columns, self._beside):
                first, corner = line * self.columns + column, QPoint(column * self.across, (line - begin) * self.down)
                if first < tiles.stop:
                    yield first, QRect(corner, QSize(self._beside * self.across, deep * self.down))

    def tiles_between(self, top: float, bottom: float) -> range:
        """The tiles, in whole lines, that a strip from `top` to `bottom` touches."""
        lines, tiles = self.lines_between(top, bottom), self.count - bool(self.hidden)
        return range(min(lines.start * self.columns, tiles), min(lines.stop * self.columns, tiles))


def _index(place: float, pitch: int, together: int, apart: int) -> int:
    """Which of things at even distances begins last before a place, where the next ones after so many stand apart."""
    whole, rest = divmod(place, together * pitch + apart)
    return int(whole) * together + min(int(rest // pitch), together - 1)


def lay_out(shape: tuple[int, ...], width: int, expanded: bool, times: int = 1, together: int = 1) -> TileLines:
    """Lays tiles out: the longer side of a map near a comfortable size, whole pixels a value or whole values a pixel.

    Args:
        shape: (height, width, channels), or (units,) for one cell a unit.
        width: the room for a line.
        expanded: whether all lines are shown, or `MOST_LINES` at most.
        times: how much larger they are than usual.
        together: how many belong together: a line holds them whole, or several lines do, where that leaves no line half
            empty.
    """
    count = shape[-1]
    rows, columns = shape[:2] if len(shape) == 3 else (1, 1)
    single = rows == columns == 1
    longest = max(rows, columns, 1)
    side = times * next(side for most, side in (_UNIT_SIDES if single else _MAP_SIDES) if count <= most)
    scale = max(1, round(side / longest))
    stride = -(-longest // round(1.5 * side)) if scale == 1 else 1
    height, across = scale * -(-rows // stride), scale * -(-columns // stride)
    gap = 2 if single else GRID // (1 if count <= _MAP_SIDES[0][0] else 2)
    # Maps of about that side stand below each other from layer to layer.
    pitch = (
        max(across + gap // 2, side + gap)
        if rows == columns and not single and across <= side + gap // 2
        else across + gap
    )
    per_line = max(1, (width + pitch - across) // pitch) if across else 1
    apart = 2 * GRID
    if whole := (width + pitch - across + apart) // (together * pitch + apart):
        per_line = whole * together if together > 1 else per_line
    else:
        even = max(number for number in range(1, per_line + 1) if together % number == 0)
        per_line, together = (even, together) if 2 * even >= per_line else (per_line, 1)
    places = count if expanded else min(count, per_line * MOST_LINES)
    if places == count:
        return TileLines(count, per_line, across, height, pitch, height + gap, 0, scale, stride, together, apart)
    places -= min(-(-_MORE // pitch), per_line) - 1
    hidden = count - places + 1
    return TileLines(places, per_line, across, height, pitch, height + gap, hidden, scale, stride, together, apart)


def paint_maps(values: np.ndarray, lines: TileLines, tiles: range, colormap: str, limits: Limits) -> QImage:
    """A picture of some lines of tiles, transparent between them.

    Args:
        values: (height, width, channels) or (units,).
        lines: where the tiles lie.
        tiles: their numbers: whole lines, at least one tile.
        colormap: a key of `cnnstudio.gui.look.theme.COLORMAPS`.
        limits: the values that get the map's two ends.
    """
    maps = values[..., tiles.start : tiles.stop]
    maps = maps[np.newaxis, np.newaxis] if maps.ndim == 1 else maps
    if lines.stride > 1:
        maps = _shrink(maps, lines.stride)
    return paint_tiles(to_colours(maps, colormap, limits).transpose(2, 0, 1), lines)


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
