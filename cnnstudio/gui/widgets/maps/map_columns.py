"""All layers of a network from left to right, each a column with a thumbnail for each feature map.

Painted by hand: each move of the pen changes all maps on screen, hundreds of them. Those of a column are one picture,
made by NumPy; what does not change, such as the lines between columns, is painted once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, isfinite, prod

import numpy as np
from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QRectF, Qt, QVariantAnimation, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, array_to_image, bold_font, colours, small_font
from cnnstudio.gui.widgets.items import NONE, ItemArea, focus_pen
from cnnstudio.gui.widgets.maps.colour_scale import Limits, format_value, limits_of, paint_legend
from cnnstudio.gui.widgets.maps.map_row import TileLines, paint_maps
from cnnstudio.wording import certainty

SCALES: dict[str, tuple[str, str]] = {
    "unit": ("Each map", "Each map uses all colours: its lowest number is dark, its highest bright."),
    "layer": ("Each layer", "The maps of a layer share one scale, so that they can be compared."),
    "network": (
        "Whole network",
        "All layers share one scale: what is bright here is large everywhere. Half of the layers lie within it; what "
        "is beyond has the colour of its end.",
    ),
}
"""For what one scale of colours holds: its title and what it is good for."""

HOVER_IN, HOVER_OUT = 400, 200
"""Milliseconds in which links come forward, and go back."""

_HEADER, _FOOTER = 5 * GRID, 3 * GRID
_GAP = 5 * GRID
"""Between two columns: room for the links."""
_BESIDE = (_GAP - GRID) / 2
"""By how much the scale of a column is wider than it, on each side, at most."""
_EDGE = 2 * GRID
_LEAST_WIDTH = 9 * GRID
_SIDES = ((8, 56), (16, 44), (64, 36), (1 << 30, 28))
"""Up to so many maps in a layer, the desired side of a tile, in device-independent pixels."""
_UNIT_SIDES = ((12, 24), (40, 16), (160, 12), (1 << 30, 9))
_MOST_ACROSS = 4
"""Tiles beside each other in a column until all of it is asked for."""
_MOST_LINKS = 1200
"""More lines than that between two columns are a band."""
_ANSWERS = 12
_ANSWER_WIDTH = 20 * GRID
_LEAST_BESIDE_ANSWERS = 35 * GRID
"""Where there is less room than that beside the answers, they scroll with the other columns."""
_KERNELS = 24
"""So many kernels are shown on the links of one map."""
_ZOOMS = (0.75, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class MapColumn:
    """A layer, as a column.

    Attributes:
        name: the layer's name.
        subtitle: its kind and shape.
        tip: what it does, in a sentence.
        shape: of its output, (height, width, channels) or (units,); anything else is a box that says so.
        sources: numbers of the columns that feed it.
        sign: where it is the first of a fold, what is said of the fold, such as “× 3”; a click on it unfolds it.
        fold: the fold's key.
        fold_tip: what is folded there.
        is_image: whether it is the image that the network gets.
        answers: for the last one, the names of the classes; empty for all others.
        framed: how many columns from this one on belong to its fold, and are framed together; 0 where it begins none.
    """

    name: str
    subtitle: str
    tip: str
    shape: tuple[int, ...]
    sources: tuple[int, ...] = ()
    sign: str = ""
    fold: str = ""
    fold_tip: str = ""
    is_image: bool = False
    answers: tuple[str, ...] = ()
    framed: int = 0

    @property
    def title(self) -> str:
        """What stands above it."""
        return "Image" if self.is_image else self.name

    @property
    def count(self) -> int:
        """How many maps or units it has; 1 where it has neither."""
        return self.shape[-1] if self.has_tiles else 1

    @property
    def has_tiles(self) -> bool:
        """Whether its output is maps or units."""
        return len(self.shape) in (1, 3) and prod(self.shape) > 0


@dataclass(frozen=True)
class Tile:
    """A map or a unit: the number of its column, and its own in the layer."""

    column: int
    channel: int


@dataclass(frozen=True)
class _Place:
    """Where a column lies: its left edge, its width, and its tiles below `top`."""

    left: int
    width: int
    top: int
    lines: TileLines

    @property
    def tiles_left(self) -> int:
        across = min(self.lines.columns, self.lines.count)
        taken = (across - 1) * self.lines.across + self.lines.width
        return self.left + max(0, (self.width - taken) // 2)


SourcesOf = Callable[[Tile], Sequence[Tile]]
"""The tiles on which a tile depends."""

KernelOf = Callable[[Tile, Tile], "np.ndarray | None"]
"""The kernel, (height, width), between a tile and one that it depends on; None where there is none."""


class MapColumns(ItemArea):
    """Layers as columns of maps; the maps on which the one under the pointer depends are framed and linked to it.

    Of a deep network, columns may be there before their maps: `missing` names those that are looked at.

    Signals:
        chosen(object): a `Tile` was clicked, or Enter was pressed on it.
        fold_clicked(str): the key of the fold whose sign was clicked.
        nothing_clicked(): the ground was clicked.
        columns_missing(): columns have come on screen whose maps are not those of the newest image.
    """

    chosen = Signal(object)
    fold_clicked = Signal(str)
    nothing_clicked = Signal()
    columns_missing = Signal()

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "map_columns",
            "The network, layer by layer",
            "Each column is a layer, each square one of its maps. Point at one to see which maps it is made from; "
            f"click it, or press Enter, to see how. {wording.COUNTING}",
        )
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The ground covers all of it: Qt need not paint the window below at each move of the pen.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._columns: tuple[MapColumn, ...] = ()
        self._places: list[_Place] = []
        self._first: list[int] = [0]
        self._values: dict[str, np.ndarray] = {}
        self._stale: set[str] = set()
        self._limits: dict[str | None, Limits] = {}
        self._pictures: dict[str, QImage] = {}
        self._scale = "layer"
        self._zoom = 1.0
        self._expanded: set[str] = set()
        self._sources_of: SourcesOf = lambda _: ()
        self._kernel_of: KernelOf = lambda _, __: None
        self._ground: QPixmap | None = None
        self._on_screen: list[bool] | None = None
        self._answers_stay = False
        """Whether the last column shows the answers, and stays at the right edge, so that both ends are seen."""
        self._lit: Tile | None = None
        self._animation = QVariantAnimation(self)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.valueChanged.connect(self._glow_on)
        self._animation.finished.connect(self._settle)
        self._glow = 0.0
        self._animated = True
        self._small = small_font(self.font())
        self._bold = bold_font(self._small)
        self.activated.connect(self._open)

    # What is shown.

    @property
    def columns_shown(self) -> tuple[MapColumn, ...]:
        """The columns, from the left."""
        return self._columns

    @property
    def lit(self) -> Tile | None:
        """The tile whose sources are framed."""
        return self._lit

    @property
    def scale(self) -> str:
        """For what one scale of colours holds, a key of `SCALES`."""
        return self._scale

    @property
    def limits(self) -> Limits | None:
        """The values that get the ends of the colour map in all layers; None where each has its own."""
        if self._scale != "network" or not any(self._are_scaled(column) for column in self._columns):
            return None
        return self._limits_of_all()

    def set_scale(self, scale: str) -> None:
        """Chooses for what one scale of colours holds, a key of `SCALES`."""
        self._scale = scale
        self._rescale()

    def set_animated(self, animated: bool) -> None:
        """Whether links come and go slowly."""
        self._animated = animated

    def set_columns(
        self, columns: Sequence[MapColumn], sources_of: SourcesOf = lambda _: (), kernel_of: KernelOf | None = None
    ) -> None:
        """Shows these layers, without maps for now; where the columns are the same as before, nothing changes.

        Args:
            columns: from the left.
            sources_of: the tiles on which a tile depends.
            kernel_of: the kernel on a link.
        """
        self._sources_of = sources_of
        self._kernel_of = kernel_of or (lambda _, __: None)
        if tuple(columns) == self._columns:
            return
        names = {column.name for column in columns}
        self._columns = tuple(columns)
        self._values = {name: values for name, values in self._values.items() if name in names}
        self._stale = names - set(self._values)
        self._lit = None
        self.hover(NONE)
        self.set_current(NONE)
        self._rescale()
        self._lay_out()

    def set_values(self, values: Mapping[str, np.ndarray], newer: bool = True) -> None:
        """Shows the outputs of some layers.

        Args:
            values: float32 (height, width, channels) or (units,) by the column's name; for the image, its own pixels.
            newer: whether they are of another image than before: what the other columns show is out of date then.
        """
        known = {column.name for column in self._columns}
        self._stale = (known if newer else self._stale) - set(values)
        for name in known.intersection(values):
            self._values[name] = values[name]
            self._pictures.pop(name, None)
            self._limits.pop(name, None)
        if self._scale == "network":
            self._rescale()
        self.viewport().update()
        if self.missing():
            self.columns_missing.emit()

    def forget(self) -> None:
        """Shows no maps; the columns stay for the next image."""
        self._values.clear()
        self._pictures.clear()
        self._limits.clear()
        self._stale = {column.name for column in self._columns}
        self.viewport().update()

    def seen(self) -> tuple[str, ...]:
        """The names of the columns on screen."""
        return tuple(column.name for number, column in enumerate(self._columns) if self._is_seen(number))

    def missing(self) -> tuple[str, ...]:
        """The names of the columns on screen whose maps are not those of the newest image."""
        return tuple(name for name in self.seen() if name in self._stale) if self.isVisible() else ()

    def values_of(self, name: str) -> np.ndarray | None:
        """What a column shows; None where that is not known yet."""
        return self._values.get(name)

    # Where things lie.

    def _lay_out(self) -> None:
        height = self.viewport().height() - _HEADER - _FOOTER - GRID
        beside = self.viewport().width() - _ANSWER_WIDTH
        self._answers_stay = any(one.answers for one in self._columns[-1:]) and beside >= _LEAST_BESIDE_ANSWERS
        self._on_screen = None
        current, hovered = self.tile_of(self.current), self.tile_of(self.hovered)
        self._places, self._first, left = [], [0], _EDGE
        titles = QFontMetricsF(bold_font(self.font()))
        for column in self._columns:
            lines = self._lines(column, max(height, 6 * GRID))
            across = min(lines.columns, lines.count)
            taken = (across - 1) * lines.across + lines.width
            title = min(titles.horizontalAdvance(column.title) + GRID, 15 * GRID)
            width = max(taken, _LEAST_WIDTH, ceil(title))
            top = _HEADER + max(0, (height - lines.total_height) // 2)
            self._places.append(_Place(left, width, top, lines))
            self._first.append(self._first[-1] + lines.count)
            left += width + _GAP
        # Where there is room for another number of tiles, the same tile has another number, or none.
        self.set_current(NONE if current is None else self.item_of(current))
        self.hover(NONE if hovered is None else self.item_of(hovered))
        bar = self.horizontalScrollBar()
        bar.setRange(0, max(0, left - _GAP + _EDGE - self.viewport().width()))
        bar.setPageStep(self.viewport().width())
        bar.setSingleStep(_LEAST_WIDTH)
        self._pictures.clear()
        self._ground = self._on_screen = None
        self.viewport().update()
        if self.missing():
            self.columns_missing.emit()

    def _lines(self, column: MapColumn, height: int) -> TileLines:
        if column.answers:
            shown = min(len(column.answers), _ANSWERS, max(1, height // (2 * GRID)))
            side = min(3 * GRID, height // shown)
            return TileLines(shown, 1, _ANSWER_WIDTH, side, _ANSWER_WIDTH, side)
        if not column.has_tiles:
            return TileLines(1, 1, _LEAST_WIDTH, 5 * GRID, _LEAST_WIDTH, 5 * GRID)
        count, (rows, across) = column.count, column.shape[:2] if len(column.shape) == 3 else (1, 1)
        if column.is_image:
            count = 1
        single = rows == across == 1
        longest = max(rows, across)
        sides = _UNIT_SIDES if single else _SIDES
        side = round((next(side for most, side in sides if count <= most) + 24 * column.is_image) * self._zoom)
        scale = max(1, round(side / longest))
        stride = -(-longest // round(1.5 * side)) if scale == 1 else 1
        tall, wide = scale * -(-rows // stride), scale * -(-across // stride)
        gap = 2 if single else 4
        in_line = max(1, (height + gap) // (tall + gap))
        needed = ceil(count / in_line)
        # A vector of many units may be wider: its cells are small.
        most = _MOST_ACROSS * (4 if single else 1)
        if needed <= most or column.name in self._expanded:
            per_line = max(1, needed)
            return TileLines(count, per_line, wide, tall, wide + gap, tall + gap, 0, scale, stride)
        places = most * in_line
        more = min(most, max(1, ceil(5 * GRID / (wide + gap)))) - 1
        places -= more
        return TileLines(places, most, wide, tall, wide + gap, tall + gap, count - places + 1, scale, stride)

    def tile_of(self, item: int) -> Tile | None:
        """The map or unit that an item is; None for a place that says how many more there are."""
        if item == NONE:
            return None
        column = int(np.searchsorted(self._first, item, side="right")) - 1
        number = item - self._first[column]
        lines = self._places[column].lines
        if lines.hidden and number == lines.count - 1:
            return None
        if self._columns[column].answers:
            number = self._answers(column)[number]
        return Tile(column, number)

    def item_of(self, tile: Tile) -> int:
        """The number of a tile's item; -1 where it is not shown."""
        if tile.column >= len(self._columns):
            return NONE
        column, lines, number = self._columns[tile.column], self._places[tile.column].lines, tile.channel
        if column.answers:
            order = self._answers(tile.column)
            return self._first[tile.column] + order.index(number) if number in order else NONE
        shown = lines.count - bool(lines.hidden)
        if column.is_image:
            number = 0
        return self._first[tile.column] + number if number < shown else NONE

    def rectangle_of(self, tile: Tile) -> QRectF:
        """Where a tile lies on the surface; null where it is not shown."""
        item = self.item_of(tile)
        return QRectF() if item == NONE else self.item_rectangle(item)

    def _answers(self, column: int) -> list[int]:
        """The classes that have a row: all in their order, or the most probable ones."""
        shown, answers = self._places[column].lines.count, self._columns[column].answers
        values = self._values.get(self._columns[column].name)
        if shown == len(answers) or values is None:
            return list(range(shown))
        return [int(number) for number in np.argsort(-values, kind="stable")[:shown]]

    def item_count(self) -> int:
        """How many tiles there are."""
        return self._first[-1]

    def item_rectangle(self, item: int) -> QRectF:
        """Where a tile lies."""
        column = int(np.searchsorted(self._first, item, side="right")) - 1
        place = self._places[column]
        tile = place.lines.rectangle(item - self._first[column])
        return QRectF(tile.translated(place.tiles_left - self._offset(column), place.top))

    def item_at(self, position: QPointF) -> int:
        """The tile at a point; -1 for none."""
        for column, place in self._columns_at(position):
            x = position.x() + self._offset(column)
            if place.left - GRID <= x <= place.left + place.width + GRID:
                item = place.lines.item_at(x - place.tiles_left, position.y() - place.top)
                return NONE if item == NONE else self._first[column] + item
        return NONE

    def item_after(self, key: int) -> int:
        """Left and Right go to the next column, Up and Down to the next tile in it."""
        if not self.item_count():
            return NONE
        if self.current == NONE:
            return 0 if key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down) else NONE
        column = int(np.searchsorted(self._first, self.current, side="right")) - 1
        number, count = self.current - self._first[column], self._places[column].lines.count
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = -1 if key == Qt.Key.Key_Up else 1
            return self._first[column] + min(max(number + step, 0), count - 1)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            there = min(max(column + (-1 if key == Qt.Key.Key_Left else 1), 0), len(self._columns) - 1)
            share = number / max(1, count - 1)
            return self._first[there] + round(share * (self._places[there].lines.count - 1))
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            return 0 if key == Qt.Key.Key_Home else self.item_count() - 1
        return NONE

    def item_text(self, item: int) -> str:
        """Which tile it is, and its range of values."""
        tile = self.tile_of(item)
        column = self._columns[int(np.searchsorted(self._first, item, side="right")) - 1]
        if tile is None:
            return f"{column.name}: shows all {column.count:,}"
        if column.is_image:
            return "The image, as the network gets it"
        if not column.has_tiles:
            return f"{column.name}: {column.tip}"
        return self._tile_text(column, tile.channel)

    def _tile_text(self, column: MapColumn, number: int) -> str:
        values = None if column.name in self._stale else self._values.get(column.name)
        if column.answers:
            name = column.answers[number]
            return name if values is None else f"{name}: {certainty(float(values[number]))}"
        text = f"{column.name}, {wording.channel(number, len(column.shape))}"
        if values is None:
            return text
        if values.ndim == 1:
            return f"{text}: {format_value(float(values[number]))}"
        low, high = limits_of(values[..., number], "viridis")
        return f"{text}: {format_value(low)} to {format_value(high)}"

    def tip_at(self, position: QPointF) -> str:
        """That of a tile, of the column whose name is pointed at, or of a fold."""
        for number, column in enumerate(self._columns):
            if column.sign and self._sign_rectangle(number).contains(position):
                return f"<p>{escape(column.fold_tip)}</p>"
        if position.y() < _HEADER and (place := self._column_at(position)) is not None:
            shown = self._columns[place]
            return f"<p><b>{escape(shown.title)}</b> {escape(shown.subtitle)}</p><p>{escape(shown.tip)}</p>"
        return super().tip_at(position)

    def reveal(self, item: int) -> None:
        """Scrolls to a tile."""
        place, bar, right = self.item_rectangle(item), self.horizontalScrollBar(), self._answers_left()
        if item >= self._first[-2] and right < self.viewport().width():
            return
        if place.left() < _EDGE:
            bar.setValue(round(bar.value() + place.left() - _GAP))
        elif place.right() > right - _EDGE:
            bar.setValue(round(bar.value() + place.right() - right + _GAP))

    def show_column(self, name: str) -> None:
        """Scrolls to a column."""
        for column, place in zip(self._columns, self._places, strict=True):
            if column.name == name:
                self.horizontalScrollBar().setValue(place.left - (round(self._answers_left()) - place.width) // 2)

    def _column_at(self, position: QPointF) -> int | None:
        places = [(n, one, position.x() + self._offset(n)) for n, one in self._columns_at(position)]
        return next((n for n, one, x in places if one.left <= x <= one.left + one.width), None)

    def _columns_at(self, position: QPointF) -> list[tuple[int, _Place]]:
        """The columns that may be seen at a point: there the answers, or all others."""
        columns = list(enumerate(self._places))
        if not self._answers_stay or self.horizontalScrollBar().value() == self.horizontalScrollBar().maximum():
            return columns
        return columns[-1:] if position.x() >= self._answers_left() else columns[:-1]

    def _offset(self, column: int) -> int:
        """How far a column is scrolled; the answers are always where they are at the end of the network."""
        bar = self.horizontalScrollBar()
        return bar.maximum() if self._answers_stay and column == len(self._columns) - 1 else bar.value()

    def _answers_left(self) -> float:
        """Where the place for the other columns ends; at the end of the network the answers are among them."""
        bar = self.horizontalScrollBar()
        if not self._answers_stay or bar.value() == bar.maximum():
            return float(self.viewport().width())
        return self._places[-1].left - self._offset(len(self._places) - 1) - _GAP / 2

    def _is_seen(self, column: int) -> bool:
        if self._on_screen is None:  # worked out once: it is asked for all columns at each move of the pen
            ends = [self._answers_left()] * (len(self._places) - 1) + [float(self.viewport().width())]
            lefts = [place.left - self._offset(number) for number, place in enumerate(self._places)]
            shown = zip(self._places, lefts, ends, strict=True)
            self._on_screen = [left < end and left + place.width > 0 for place, left, end in shown]
        return self._on_screen[column]

    def _sign_rectangle(self, column: int) -> QRectF:
        """The badge of a fold, in the gap before its first column."""
        text, place = self._columns[column].sign, self._places[column]
        width = QFontMetricsF(small_font(self.font())).horizontalAdvance(text) + 2 * GAP
        left = place.left - _GAP / 2 - width / 2 - self._offset(column)
        return QRectF(left, self.viewport().height() - _FOOTER, width, _FOOTER - 4)

    def step_zoom(self, direction: int, position: QPointF) -> None:
        """Makes tiles larger or smaller around a point."""
        here = _ZOOMS.index(self._zoom) + direction
        if not 0 <= here < len(_ZOOMS):
            return
        column = self._column_at(position) or 0
        self._zoom = _ZOOMS[here]
        self._lay_out()
        if self._places:
            self.horizontalScrollBar().setValue(round(self._places[column].left - position.x()))

    # Links.

    def hover(self, item: int) -> None:
        """Marks a tile, and lights its links."""
        super().hover(item)
        self._light(self.tile_of(item))

    def set_current(self, item: int) -> None:
        """Makes a tile the current one, and lights its links."""
        super().set_current(item)
        if item != NONE:
            self._light(self.tile_of(item))

    def _light(self, tile: Tile | None) -> None:
        if tile == self._lit and tile is not None:
            return
        if tile is not None:
            self._lit = tile
        goal = 0.0 if tile is None else 1.0
        self._animation.stop()
        if not self._animated:
            self._glow_on(goal)
            self._settle()
            return
        self._animation.setDuration(HOVER_IN if goal else HOVER_OUT)
        self._animation.setStartValue(0.0 if goal else self._glow)
        self._animation.setEndValue(goal)
        self._animation.start()

    @Slot(object)
    def _glow_on(self, glow: float) -> None:
        self._glow = glow
        self.viewport().update()

    @Slot()
    def _settle(self) -> None:
        if not self._glow:
            self._lit = None

    # Colours.

    def _rescale(self) -> None:
        self._limits.clear()
        self._pictures.clear()
        self.viewport().update()

    def _limits_of(self, column: MapColumn) -> Limits:
        """The values that get the ends of the colour map, of a whole column or of all."""
        if self._scale == "network":
            return self._limits_of_all()
        if column.name not in self._limits:
            self._limits[column.name] = limits_of(self._values[column.name], "viridis")
        return self._limits[column.name]

    def _limits_of_all(self) -> Limits:
        """The median of the layers' lowest values and that of their highest: one layer of large numbers would else
        leave the others one colour.
        """
        if None not in self._limits:
            each = [limits_of(self._values[one.name], "viridis") for one in self._columns if self._are_scaled(one)]
            low, high = np.nanmedian(each, axis=0) if each else (0.0, 0.0)
            self._limits[None] = float(low), float(high)
        return self._limits[None]

    def _are_scaled(self, column: MapColumn) -> bool:
        """Whether there are maps of a column that share a scale with others."""
        return not column.is_image and not column.answers and column.name in self._values

    def _picture_of(self, number: int) -> QImage:
        column, lines = self._columns[number], self._places[number].lines
        if column.name not in self._pictures:
            values = self._values[column.name]
            tiles = range(lines.count - bool(lines.hidden))
            if column.is_image:
                picture = array_to_image(values)
                wide, tall = lines.width, lines.height
                mode = Qt.TransformationMode
                smooth = mode.SmoothTransformation if lines.stride > 1 else mode.FastTransformation
                picture = picture.scaled(wide, tall, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            elif self._scale == "unit" and values.ndim == 3:
                picture = paint_maps(_each_alone(values), lines, tiles, "viridis", (0.0, 1.0))
            else:
                picture = paint_maps(values, lines, tiles, "viridis", self._limits_of(column))
            self._pictures[column.name] = picture
        return self._pictures[column.name]

    # Painting.

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if self._ground is None:
            self._small = small_font(self.font())  # made once: to make a font takes longer than to paint a column
            self._bold = bold_font(self._small)
            self._ground = self._paint_ground()
        painter.drawPixmap(0, 0, self._ground)
        painter.setFont(self._small)
        beside = QRectF(0, 0, self._answers_left(), self.height())
        painter.setClipRect(beside)
        for number in range(len(self._places)):
            if number == len(self._places) - 1:
                painter.setClipRect(beside, self._clip_for(number))
            if self._is_seen(number):
                self._paint_column(painter, number)
        if self._lit is not None and self._glow > 0:
            painter.setClipRect(beside)
            self._paint_lit(painter, self._lit)
        painter.setClipping(False)
        if self.hasFocus():
            frame = QRectF(self.viewport().rect()).adjusted(4, 4, -4, -4)
            if self.current != NONE and frame.intersects(self.item_rectangle(self.current)):
                frame = self.item_rectangle(self.current)
            painter.setPen(focus_pen())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(frame.adjusted(-2, -2, 2, 2))
        painter.end()

    def _paint_ground(self) -> QPixmap:
        """The lines between columns, their names and signs."""
        ratio = self.devicePixelRatioF()
        ground = QPixmap(ceil(self.viewport().width() * ratio), ceil(self.viewport().height() * ratio))
        ground.setDevicePixelRatio(ratio)
        ground.fill(QColor(colours().window))
        painter = QPainter(ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        right, end = self.viewport().width(), self._answers_left()
        beside = QRectF(0, 0, end, self.height())
        for number, (column, place) in enumerate(zip(self._columns, self._places, strict=True)):
            painter.setClipRect(beside)
            is_past = place.left + place.width < self._offset(number)
            for source in column.sources:
                if self._places[source].left - self._offset(source) <= right and not is_past:
                    self._paint_links(painter, source, number)
            painter.setClipRect(beside, self._clip_for(number))
            if self._is_seen(number):
                self._paint_header(painter, number)
            if column.framed:
                self._paint_frame(painter, number)
            if column.sign:
                self._paint_sign(painter, number)
        painter.setClipping(False)
        if end < right:
            painter.setPen(QPen(QColor(colours().border), 1))
            painter.drawLine(QPointF(end, 0), QPointF(end, self.viewport().height()))
        painter.end()
        return ground

    def _clip_for(self, column: int) -> Qt.ClipOperation:
        """The answers lie beside all other columns, which are cut off there."""
        stays = self._answers_stay and column == len(self._columns) - 1
        return Qt.ClipOperation.NoClip if stays else Qt.ClipOperation.ReplaceClip

    def _paint_links(self, painter: QPainter, source: int, target: int) -> None:
        """All lines between two columns, or a band where they are too many; above them where others lie between."""
        first, second = self._places[source], self._places[target]
        faint = QColor(colours().border)
        out, into = first.left + first.width - self._offset(source), second.left - self._offset(target)
        if target > source + 1:
            top = _HEADER - GRID // 2
            path = QPainterPath(QPointF(out, first.top + first.lines.total_height / 2))
            path.cubicTo(out + _GAP, top, into - _GAP, top, into, second.top + second.lines.total_height / 2)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(faint, 1.5, Qt.PenStyle.DashLine))
            painter.drawPath(path)
            return
        one_by_one = self._is_one_by_one(source, target)
        number = first.lines.count if one_by_one else first.lines.count * second.lines.count
        if number > _MOST_LINKS or first.lines.columns > 1 or second.lines.columns > 1:
            band = QPainterPath(QPointF(out + 4, first.top))
            band.lineTo(into - 4, second.top)
            band.lineTo(into - 4, second.top + second.lines.total_height)
            band.lineTo(out + 4, first.top + first.lines.total_height)
            band.closeSubpath()
            faint.setAlpha(70)
            painter.fillPath(band, faint)
            return
        faint.setAlpha(round(min(255, 60 + 4000 / max(1, number))))
        painter.setPen(QPen(faint, 1))
        for row in range(second.lines.count):
            for other in [row] if one_by_one else range(first.lines.count):
                painter.drawLine(self._out_of(source, other), self._into(target, row))

    def _is_one_by_one(self, source: int, target: int) -> bool:
        """Whether each tile depends on the one of the same number alone, as after an activation or in a sum."""
        if self._columns[source].count != self._columns[target].count or self._columns[target].answers:
            return False
        return [tile for tile in self._sources_of(Tile(target, 0)) if tile.column == source] == [Tile(source, 0)]

    def _out_of(self, column: int, number: int) -> QPointF:
        place = self._places[column]
        tile = place.lines.rectangle(min(number, place.lines.count - 1))
        offset = place.tiles_left - self._offset(column)
        return QPointF(tile.right() + 2 + offset, tile.center().y() + place.top)

    def _into(self, column: int, number: int) -> QPointF:
        place = self._places[column]
        tile = place.lines.rectangle(min(number, place.lines.count - 1))
        offset = place.tiles_left - self._offset(column)
        return QPointF(tile.left() - 2 + offset, tile.center().y() + place.top)

    def _paint_header(self, painter: QPainter, number: int) -> None:
        column, place, theme = self._columns[number], self._places[number], colours()
        area = QRectF(place.left - _GAP / 2 + 4 - self._offset(number), 0, place.width + _GAP - 8, _HEADER)
        line = _HEADER / 2 - 2
        for text, font, colour, top in (
            (column.title, self._bold, theme.text, 0.0),
            (column.subtitle, self._small, theme.secondary, line),
        ):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
            painter.drawText(QRectF(area.left(), top, area.width(), line), Qt.AlignmentFlag.AlignCenter, shown)

    def _paint_frame(self, painter: QPainter, number: int) -> None:
        """What belongs to a fold, from its first column to its last; its sign stands in the lower left corner."""
        last = number + self._columns[number].framed - 1
        left = self._places[number].left - self._offset(number) - _GAP / 2 + 3
        right = self._places[last].left + self._places[last].width - self._offset(last) + _GAP / 2 - 3
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours().border), 1))
        bottom = self.viewport().height() - _FOOTER / 2 - 2
        painter.drawRoundedRect(QRectF(left, 1, right - left, bottom - 1), 8, 8)

    def _paint_sign(self, painter: QPainter, number: int) -> None:
        theme, place = colours(), self._sign_rectangle(number)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent_soft))
        painter.drawRoundedRect(place, 6, 6)
        painter.setFont(self._small)
        painter.setPen(QColor(theme.accent_text))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._columns[number].sign)

    def _paint_column(self, painter: QPainter, number: int) -> None:
        column, place, theme = self._columns[number], self._places[number], colours()
        offset = self._offset(number)
        corner = QPointF(place.tiles_left - offset, place.top)
        across = min(place.lines.columns, place.lines.count)
        whole = QRectF(
            corner.x(), corner.y(), (across - 1) * place.lines.across + place.lines.width, place.lines.total_height
        )
        values = self._values.get(column.name)
        if not column.has_tiles:
            painter.setPen(QColor(theme.border))
            painter.setBrush(QColor(theme.surface))
            painter.drawRoundedRect(whole, 4, 4)
            painter.setPen(QColor(theme.secondary))
            painter.drawText(whole, Qt.AlignmentFlag.AlignCenter, "no maps")
            return
        if values is None or column.name in self._stale:
            painter.fillRect(whole, QColor(theme.hover))
            return
        if column.answers:
            self._paint_answers(painter, number, values)
            return
        painter.drawImage(corner, self._picture_of(number))
        lines = place.lines
        if lines.hidden:
            last = QRectF(lines.rectangle(lines.count - 1)).translated(corner).adjusted(-2, 0, GAP, 0)
            painter.setPen(QColor(theme.accent_text))
            painter.drawText(last, Qt.AlignmentFlag.AlignCenter, f"+{lines.hidden:,}")
        legend = QRectF(place.left - _BESIDE - offset, 0, place.width + 2 * _BESIDE, 2 * GRID)
        legend.moveTop(min(whole.bottom() + 2, self.viewport().height() - 2 * GRID))
        if not column.is_image and self._scale == "layer":
            painter.setPen(QColor(theme.secondary))
            paint_legend(painter, legend, "viridis", self._limits_of(column), centred=True)

    def _paint_answers(self, painter: QPainter, number: int, values: np.ndarray) -> None:
        theme, answers, down = colours(), self._columns[number].answers, self._places[number].lines.down
        text, secondary, hover, accent = map(QColor, (theme.text, theme.secondary, theme.hover, theme.accent))
        area = self.item_rectangle(self._first[number])
        name = QRectF(area.left(), area.top(), area.width() * 0.4, area.height())
        bar = QRectF(name.right() + GRID / 2, area.top() + 4, area.width() * 0.2, area.height() - 8)
        beside = QRectF(bar.right() + GRID / 2, area.top(), area.right() - bar.right(), area.height())
        middle = Qt.AlignmentFlag.AlignVCenter
        best = int(np.argmax(values))
        for answer in self._answers(number):
            share = float(values[answer])
            painter.setFont(self._bold if answer == best else self._small)
            painter.setPen(text if answer == best else secondary)
            metrics = painter.fontMetrics()
            shown = metrics.elidedText(answers[answer], Qt.TextElideMode.ElideRight, int(name.width()))
            painter.drawText(name, Qt.AlignmentFlag.AlignRight | middle, shown)
            painter.fillRect(bar, hover)
            if isfinite(share):
                filled = QRectF(bar.left(), bar.top(), bar.width() * min(max(share, 0.0), 1.0), bar.height())
                painter.fillRect(filled, accent if answer == best else secondary)
            painter.drawText(beside, middle, certainty(share))
            for place in (name, bar, beside):
                place.translate(0, down)

    def _paint_lit(self, painter: QPainter, tile: Tile) -> None:
        """The links of a tile, with the kernels on them, and frames around it and its sources."""
        theme = colours()
        accent = QColor(theme.accent_text)
        accent.setAlphaF(self._glow)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        target = self.item_of(tile)
        if target == NONE:
            return
        place = self.item_rectangle(target)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        sources = [one for one in self._sources_of(tile) if self.item_of(one) != NONE]
        thin = QPen(accent, 1.6 if len(sources) <= 60 else 0.8)
        for number, source in enumerate(sources):
            start = self.item_rectangle(self.item_of(source))
            begin = QPointF(start.right() + 2, start.center().y())
            end = QPointF(place.left() - 2, place.center().y())
            painter.setPen(thin)
            if source.column == tile.column - 1:
                painter.drawLine(begin, end)
            else:
                path = QPainterPath(begin)
                path.cubicTo(begin.x() + _GAP, _HEADER, end.x() - _GAP, _HEADER, end.x(), end.y())
                painter.drawPath(path)
            kernel = self._kernel_of(tile, source) if number < _KERNELS and len(sources) <= _KERNELS else None
            if kernel is not None and max(kernel.shape) > 1 and source.column == tile.column - 1:
                picture = array_to_image(kernel, "diverging", limits_of(kernel, "diverging"))
                scale = max(2, min(5, 20 // max(kernel.shape)))
                side = QRectF(0, 0, picture.width() * scale, picture.height() * scale)
                side.moveCenter(begin + (end - begin) * min(0.5, _GAP / 2 / max(1.0, end.x() - begin.x())))
                painter.setOpacity(self._glow)
                painter.drawImage(side, picture)
                painter.setPen(QPen(QColor(theme.border), 1))
                painter.drawRect(side)
                painter.setOpacity(1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(accent, 2))
        if tile.column == len(self._columns) - 1:
            painter.setClipping(False)  # the frame of an answer
            painter.drawRect(place.adjusted(-2, -2, 2, 2))
            painter.setClipRect(QRectF(0, 0, self._answers_left(), self.height()))
        for item in {target, *(self.item_of(source) for source in sources)}:
            painter.drawRect(self.item_rectangle(item).adjusted(-2, -2, 2, 2))

    # Events.

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._values and self.missing():
            self.columns_missing.emit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._ground = self._on_screen = None
        self.viewport().update()
        if self.missing():
            self.columns_missing.emit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel goes along the network."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        bar = self.horizontalScrollBar()
        delta = event.angleDelta()
        bar.setValue(bar.value() - (delta.y() or delta.x()))
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        for number, column in enumerate(self._columns):
            if column.sign and self._sign_rectangle(number).contains(position):
                self.fold_clicked.emit(column.fold)
                return
        super().mousePressEvent(event)
        if self.item_at(position) == NONE:
            self.nothing_clicked.emit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._ground = None
            self.viewport().update()

    @Slot(int)
    def _open(self, item: int) -> None:
        tile = self.tile_of(item)
        if tile is not None:
            self.chosen.emit(tile)
            return
        column = int(np.searchsorted(self._first, item, side="right")) - 1
        self._expanded.add(self._columns[column].name)
        self._lay_out()
        self.set_current(item)  # the first of those that were hidden


def _each_alone(maps: np.ndarray) -> np.ndarray:
    """Maps, (height, width, channels), each from 0, its lowest number, to 1, its highest."""
    low = np.fmin.reduce(maps, axis=(0, 1))
    span = np.fmax.reduce(maps, axis=(0, 1)) - low
    return (maps - low) / np.where(span > 0, span, 1)
