"""Images as dots on a plane, coloured by class, that can be zoomed into until they are images."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPen,
    QResizeEvent,
)
from typing_extensions import override

from cnnstudio.errors import reason
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.saving import Format, offer_saving, picture_of, png, save_as
from cnnstudio.gui.look.theme import GAP, GRID, FollowsTheme, array_to_image, bold_font, colours, small_font
from cnnstudio.gui.widgets.charts.label_places import label_places
from cnnstudio.gui.widgets.items import NONE, focus_pen, paint_placeholder

CLASS_COLOURS = (
    "#3f7fbf", "#e8852b", "#3f9d4f", "#d8494e", "#9467bd", "#8c6d4f", "#d970b4", "#2aa5a5", "#b8a11f", "#7f8793",
)  # fmt: skip
"""Of the classes, the same in both themes; from the eleventh class on they begin anew, with other symbols."""

CLASS_SYMBOLS = ("o", "s", "t1", "d", "p", "star", "h", "t", "+", "x")
"""Of the classes, as pyqtgraph calls them: nothing depends on colour alone."""

MANY_CLASSES, _NAMES_SHARE = 20, 0.04
"""The names of more classes than so many are written only where they cover no more than such a share of the map."""

FEW_DOTS = 400
"""Where so many dots are in sight, or fewer, they become images."""

_DOT, _SMALL_DOT, _RING = 7, 5, 12
"""Diameters: of a dot, of one among many, and of the ring around one that is wrong, in device-independent pixels."""

_MANY_DOTS = 2_000

_REACH = 12
"""From the pointer to a dot, at most, in device-independent pixels."""

_THUMBNAIL, _PIN, _CARD = 4 * GRID, 6 * GRID, 14 * GRID
"""Sides of images: on dots, the one that is pinned, and the one under the pointer."""

_FAINT = 0.12
_SECONDS_A_FRAME = 0.006
_KEPT_PICTURES = 1500
_CLOSEST = 200
"""How far one can zoom in: to so small a part of the map's width."""

_ZOOM = {Qt.Key.Key_Plus: 0.7, Qt.Key.Key_Equal: 0.7, Qt.Key.Key_Minus: 1 / 0.7}
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Errors(Enum):
    """How the dots that are wrong are shown: each with a ring, without the others, or as all others."""

    MARKED = "marked"
    ONLY = "only"
    UNMARKED = "unmarked"


@dataclass(frozen=True, eq=False)
class Dots:
    """The images of a map.

    Attributes:
        positions: (n, 2) float32, y up.
        labels: (n,) int, the class of each.
        classes: their names.
        wrong: (n,) bool, those that are marked as wrong.
        read: takes the number of a dot and gives its image, (height, width, channels) uint8; may raise `OSError`.
        caption: what is said of a dot, by its number.
        table: makes a table (CSV) of all dots.
    """

    positions: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    wrong: np.ndarray
    read: Callable[[int], np.ndarray]
    caption: Callable[[int], str]
    table: Callable[[], str]


@dataclass(frozen=True, eq=False)
class Pin:
    """An image that is no dot, and where it lies among them.

    Attributes:
        image: (height, width, channels) uint8.
        position: (2,), as of `Dots`.
        neighbours: the numbers of the dots to which lines lead.
    """

    image: np.ndarray
    position: np.ndarray
    neighbours: np.ndarray


def class_colour(number: int) -> QColor:
    """The colour of a class."""
    return QColor(CLASS_COLOURS[number % len(CLASS_COLOURS)])


def class_symbol(number: int) -> str:
    """The symbol of a class, as pyqtgraph calls it."""
    return CLASS_SYMBOLS[(number + number // len(CLASS_COLOURS)) % len(CLASS_SYMBOLS)]


def paint_fitted(painter: QPainter, picture: QImage, place: QRectF) -> None:
    """Paints a picture in the middle of a rectangle, as large as it fits; with sharp pixels where they are squares."""
    size = QSizeF(picture.size()).scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    corner = place.center() - QPointF(size.width(), size.height()) / 2
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, size.width() % picture.width() != 0)
    painter.drawImage(QRectF(corner, size), picture)


class ScatterMap(FollowsTheme, pg.GraphicsView):
    """A map that the wheel zooms and the mouse drags; pointing at a dot shows its image, a click takes it.

    With the keys: arrows go from dot to dot, Enter takes one, + and − zoom, Home shows all.

    Signals:
        activated(int): the dot of this number was taken.
        hovered_changed(int): the dot that is pointed at; -1 for none.
        failed(str): images cannot be read, and why; once for each `set_dots`.
    """

    activated = Signal(int)
    hovered_changed = Signal(int)
    failed = Signal(str)

    # The base class sends itself events before there is anything else.
    _dots: Dots | None = None

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "data_map",
            "Map of the data",
            "Each dot is a test image. Point at one to see it, click it to look inside with it. The wheel zooms, "
            "dragging moves the map, Home shows all of it.",
        )
        self.setToolTip("")  # it would hide the image under the pointer
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(24 * GRID, 16 * GRID)
        self._pin: Pin | None = None
        self._errors = Errors.MARKED
        self._class = self._hovered = self._marked = NONE
        self._placeholder = ""
        self._failed = False
        self._pictures: OrderedDict[tuple[int, int], QImage] = OrderedDict()
        self._box = pg.ViewBox(lockAspect=True, enableMenu=False, defaultPadding=0.06)
        self._box.setMouseMode(pg.ViewBox.PanMode)
        self._box.setMouseEnabled(True, True)
        self.setCentralItem(self._box)
        self._box.sigRangeChanged.connect(self.viewport().update)
        self._items: list[pg.ScatterPlotItem] = []
        self._middles: dict[int, np.ndarray] = {}
        self._rings = pg.ScatterPlotItem(symbol="o", size=_RING, pxMode=True, brush=None)
        self._rings.setZValue(1)
        self._box.addItem(self._rings, ignoreBounds=True)
        self.scene().sigMouseMoved.connect(self._point)
        self.scene().sigMouseClicked.connect(self._click)
        offer_saving(self, "data_map", self._copy, self._save)
        self.follow_theme()

    # What is shown.

    @property
    def dots(self) -> Dots | None:
        """The images of the map; None where there are none."""
        return self._dots

    @property
    def pin(self) -> Pin | None:
        """The image that lies among them."""
        return self._pin

    @property
    def hovered(self) -> int:
        """The dot that is pointed at, or that the keys have gone to; -1 for none."""
        return self._hovered

    @property
    def chosen_class(self) -> int:
        """The class that stands out; -1 for none."""
        return self._class

    @property
    def rows(self) -> np.ndarray:
        """(n,) int, the numbers of the dots that are shown and do not stand back."""
        if self._dots is None:
            return np.empty(0, np.int64)
        shown = self._dots.wrong if self._errors is Errors.ONLY else np.ones(len(self._dots.labels), bool)
        return np.flatnonzero(shown & (self._dots.labels == self._class) if self._class != NONE else shown)

    @property
    def zoomed(self) -> bool:
        """Whether a part of the map is shown."""
        if self._dots is None:
            return False
        (left, right), (bottom, top) = self._box.viewRange()
        low, high = self._dots.positions.min(axis=0), self._dots.positions.max(axis=0)
        return bool(left > low[0] or right < high[0] or bottom > low[1] or top < high[1])

    def set_placeholder(self, text: str) -> None:
        """Sets what stands there while there are no dots."""
        self._placeholder = text
        self.viewport().update()

    def set_dots(self, dots: Dots | None, *, same_images: bool = False) -> None:
        """Shows other dots, all of them.

        Args:
            dots: None for none.
            same_images: whether these are the images of before in other places, whose class stays chosen.
        """
        self._hover(NONE)
        self._dots, self._pin, self._marked, self._failed = dots, None, NONE, False
        if not same_images:
            self._class = NONE
            self._pictures.clear()
        for item in self._items:
            self._box.removeItem(item)
        self._items = []
        self._middles = {} if dots is None else _middles(dots)
        size = _DOT if dots is None or len(dots.labels) < _MANY_DOTS else _SMALL_DOT
        for number in range(len(dots.classes) if dots else 0):
            item = pg.ScatterPlotItem(
                symbol=class_symbol(number), size=size, pxMode=True, pen=None, brush=class_colour(number)
            )
            self._items.append(item)
            self._box.addItem(item)
        self._place()
        self.fit()

    def set_pin(self, pin: Pin | None) -> None:
        """Shows where another image lies."""
        self._pin = pin
        self.viewport().update()

    def show_errors(self, errors: Errors) -> None:
        """Shows the dots that are wrong in another way."""
        if errors is not self._errors:
            self._errors = errors
            self._hover(NONE)
            self._place()

    def set_class(self, number: int) -> None:
        """Lets the dots of a class stand out; -1 for all alike."""
        self._class = number
        self._hover(NONE)
        self._place()

    def mark(self, number: int) -> None:
        """Marks a dot that is pointed at elsewhere; -1 for none."""
        self._marked = number
        self.viewport().update()

    @Slot()
    def fit(self) -> None:
        """Shows the whole map."""
        if self._dots is None:
            return
        low, high = (end.astype(float) for end in (self._dots.positions.min(axis=0), self._dots.positions.max(axis=0)))
        side = max(*(high - low), 1e-6)
        middle = (low + high) / 2
        self._box.setLimits(
            xMin=middle[0] - 3 * side, xMax=middle[0] + 3 * side, yMin=middle[1] - 3 * side, yMax=middle[1] + 3 * side,
            minXRange=side / _CLOSEST, minYRange=side / _CLOSEST,
        )  # fmt: skip
        self._box.setRange(QRectF(low[0], low[1], max(high[0] - low[0], 1e-6), max(high[1] - low[1], 1e-6)))

    def point_of(self, number: int) -> QPointF:
        """Where a dot is seen, in device-independent pixels of the widget."""
        assert self._dots is not None
        return QPointF(*self._seen(self._dots.positions[[number]])[0].tolist())

    def thumbnails(self) -> Iterator[int]:
        """The dots that are images now: as many of those in sight as do not cover each other."""
        if self._dots is None:
            return
        rows = self.rows
        places = self._seen(self._dots.positions[rows])
        area = QRectF(self.viewport().rect())
        inside = (places > -_THUMBNAIL).all(axis=1) & (places < (area.width(), area.height())).all(axis=1)
        if inside.sum() > FEW_DOTS:
            return
        rows, places = rows[inside], places[inside]
        taken: dict[tuple[int, int], tuple[float, float]] = {}
        for place in np.argsort(~self._dots.wrong[rows], kind="stable"):  # what is wrong comes first
            x, y = places[place].tolist()
            cell = int(x // _THUMBNAIL), int(y // _THUMBNAIL)
            around = (taken.get((cell[0] + across, cell[1] + down)) for across in (-1, 0, 1) for down in (-1, 0, 1))
            if all(one is None or max(abs(one[0] - x), abs(one[1] - y)) >= _THUMBNAIL + 2 for one in around):
                taken[cell] = x, y
                yield int(rows[place])

    def names(self) -> dict[int, QRectF]:
        """The classes whose names are written, by their numbers, and where: the one with the most dots comes first.

        There are none where only errors are shown, which lie anywhere, nor where the names of all classes whose middles
        are in sight would cover the dots.
        """
        dots = self._dots
        if dots is None or self._errors is Errors.ONLY:
            return {}
        area = QRectF(self.viewport().rect())
        numbers = [number for number in self._middles if self._class in (NONE, number)]
        numbers = [number for number in numbers if area.contains(self._middle_of(number))]
        metrics = QFontMetricsF(bold_font(self.font()))
        sizes = [
            QSizeF(metrics.horizontalAdvance(self._short_name(number, metrics)), metrics.height()) for number in numbers
        ]
        covered = sum(size.width() * size.height() for size in sizes)
        if len(numbers) > MANY_CLASSES and covered > _NAMES_SHARE * area.width() * area.height():
            return {}
        points = np.array([self._middle_of(number).toTuple() for number in numbers]).reshape(-1, 2)
        taken = [] if self._pin is None else [self._pin_place(self._pin)]
        places = label_places(points, sizes, area.adjusted(4, 4, -4, -4), taken)
        return {number: place for number, place in zip(numbers, places, strict=True) if place is not None}

    def _middle_of(self, number: int) -> QPointF:
        """Where the middle of a class's dots is seen."""
        return QPointF(*self._seen(self._middles[number][np.newaxis])[0].tolist())

    def _short_name(self, number: int, metrics: QFontMetricsF) -> str:
        assert self._dots is not None
        return metrics.elidedText(self._dots.classes[number], Qt.TextElideMode.ElideMiddle, 16 * GRID)

    def _place(self) -> None:
        """Gives the dots their places, and lets those stand back that are not of the chosen class."""
        dots = self._dots
        for number, item in enumerate(self._items):
            assert dots is not None
            chosen = dots.labels == number
            if self._errors is Errors.ONLY:
                chosen &= dots.wrong
            item.setData(x=dots.positions[chosen, 0], y=dots.positions[chosen, 1])
            item.setOpacity(1.0 if self._class in (NONE, number) else _FAINT)
            item.setZValue(number == self._class)
        rows = self.rows[dots.wrong[self.rows]] if dots is not None else self.rows
        shown = dots is not None and self._errors is not Errors.UNMARKED
        places = dots.positions[rows] if dots is not None and shown else np.empty((0, 2))
        self._rings.setData(x=places[:, 0], y=places[:, 1])
        self.viewport().update()

    def _seen(self, positions: np.ndarray) -> np.ndarray:
        """Positions in device-independent pixels of the widget."""
        (left, right), (bottom, top) = self._box.viewRange()
        area = self._box.sceneBoundingRect()
        across = area.left() + (positions[:, 0] - left) / (right - left) * area.width()
        down = area.bottom() - (positions[:, 1] - bottom) / (top - bottom) * area.height()
        return np.stack([across, down], axis=1)

    # Pointing.

    def dot_at(self, place: QPointF) -> int:
        """The dot nearest to a point of the widget, within reach; -1 where there is none."""
        rows = self.rows
        if self._dots is None or not len(rows):
            return NONE
        distances = np.linalg.norm(self._seen(self._dots.positions[rows]) - place.toTuple(), axis=1)
        nearest = int(distances.argmin())
        return int(rows[nearest]) if distances[nearest] <= _REACH else NONE

    def _hover(self, number: int) -> None:
        if number != self._hovered:
            self._hovered = number
            self.viewport().setCursor(
                Qt.CursorShape.ArrowCursor if number == NONE else Qt.CursorShape.PointingHandCursor
            )
            if number != NONE and self._dots is not None:
                self.setAccessibleDescription(self._dots.caption(number))
            self.viewport().update()
            self.hovered_changed.emit(number)

    @Slot(object)
    def _point(self, place: QPointF) -> None:
        self._hover(self.dot_at(place))

    @Slot(object)
    def _click(self, event: object) -> None:
        if event.button() != Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            return
        number = self.dot_at(event.scenePos())  # type: ignore[attr-defined]
        if number != NONE:
            self.activated.emit(number)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(NONE)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys go from dot to dot, Enter takes one, + and − zoom, Home shows all."""
        key = Qt.Key(event.key())
        if key in _ARROWS:
            self._go(_ARROWS[key])
        elif key in _ZOOM:
            self._box.scaleBy((_ZOOM[key], _ZOOM[key]))
        elif key == Qt.Key.Key_Home:
            self.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._hovered != NONE:
            self.activated.emit(self._hovered)
        else:
            event.ignore()

    def _go(self, direction: tuple[int, int]) -> None:
        """Goes to the nearest dot in a direction, across and down, from the one that is pointed at or the middle."""
        rows = self.rows
        if self._dots is None or not len(rows):
            return
        area = QRectF(self.viewport().rect())
        start = area.center() if self._hovered == NONE else self.point_of(self._hovered)
        ways = self._seen(self._dots.positions[rows]) - start.toTuple()
        ahead = ways @ np.array(direction)
        aside = np.abs(ways @ np.array(direction[::-1]))
        possible = (ahead > 0.5) & (aside <= ahead) & (rows != self._hovered)
        if not possible.any():
            return
        number = int(rows[possible][np.hypot(ahead, 2 * aside)[possible].argmin()])
        self._hover(number)
        if not area.contains(self.point_of(number)):
            x, y = self._dots.positions[number].tolist()
            (left, right), (bottom, top) = self._box.viewRange()
            self._box.translateBy(x - (left + right) / 2, y - (bottom + top) / 2)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    # Painting.

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        was_whole = not self.zoomed
        super().resizeEvent(event)
        if was_whole:
            self.fit()

    @override
    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Paints the images, names and lines above the dots; the scene's units are the widget's pixels."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.viewport().rect()
        if self._dots is None:
            paint_placeholder(painter, area, self._placeholder)
        else:
            deadline = time.perf_counter() + _SECONDS_A_FRAME
            missing = False
            shown = list(self.thumbnails())
            for number in shown:
                missing |= not self._paint_thumbnail(painter, number, deadline)
            if not shown:
                self._paint_names(painter)
            if self._pin is not None:
                self._paint_pin(painter, self._pin)
            for number in {self._marked, self._hovered} - {NONE}:
                self._paint_ring(painter, self.point_of(number), colours().text)
            if self._hovered != NONE:
                self._paint_card(painter, self._hovered)
            if missing:
                QTimer.singleShot(0, self.viewport().update)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(focus_pen() if self.hasFocus() else QPen(QColor(colours().border), 1))
        margin = painter.pen().widthF() / 2
        painter.drawRect(QRectF(area).adjusted(margin, margin, -margin, -margin))

    def _picture(self, number: int, side: int) -> QImage | None:
        """The image of a dot, no larger than it is shown; None where it cannot be read."""
        assert self._dots is not None
        side = math.ceil(side * self.devicePixelRatioF())
        key = number, side
        if key in self._pictures:
            self._pictures.move_to_end(key)
            return self._pictures[key]
        if self._failed:
            return None
        try:
            picture = array_to_image(self._dots.read(number))
        except OSError as error:
            self._failed = True
            QTimer.singleShot(0, partial(self.failed.emit, reason(error)))  # not while it is painted
            return None
        if max(picture.width(), picture.height()) > side:
            smooth = Qt.TransformationMode.SmoothTransformation
            picture = picture.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        self._pictures[key] = picture
        if len(self._pictures) > _KEPT_PICTURES:
            self._pictures.popitem(last=False)
        return picture

    def _paint_thumbnail(self, painter: QPainter, number: int, deadline: float) -> bool:
        """Paints the image of a dot in a frame of its class; returns False where there is no time to read it now."""
        assert self._dots is not None
        known = (number, math.ceil(_THUMBNAIL * self.devicePixelRatioF())) in self._pictures
        if not known and time.perf_counter() > deadline:
            return False
        picture = self._picture(number, _THUMBNAIL)
        if picture is None:
            return True
        place = _square(self.point_of(number), _THUMBNAIL)
        if self._dots.wrong[number] and self._errors is not Errors.UNMARKED:
            painter.fillRect(place.adjusted(-2, -2, 2, 2), QColor(colours().error))
        painter.fillRect(place, class_colour(int(self._dots.labels[number])))
        paint_fitted(painter, picture, place.adjusted(2, 2, -2, -2))
        return True

    def _paint_names(self, painter: QPainter) -> None:
        """Writes the names of the classes, with lines to the middles of their dots where they had to move aside."""
        names = self.names()
        for place, middle in ((place, self._middle_of(number)) for number, place in names.items()):
            if not place.contains(middle):
                self._paint_leader(painter, place, middle)
        painter.setFont(bold_font(self.font()))
        for number, place in names.items():
            self._paint_name(painter, self._short_name(number, QFontMetricsF(painter.font())), place)

    def _paint_leader(self, painter: QPainter, name: QRectF, middle: QPointF) -> None:
        end = QPointF(min(max(middle.x(), name.left()), name.right()), min(max(middle.y(), name.top()), name.bottom()))
        for colour, width in ((_halo(), 4.0), (QColor(colours().text), 1.25)):
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.setBrush(colour)
            painter.drawLine(middle, end)
            painter.drawEllipse(middle, 1.5, 1.5)

    def _paint_name(self, painter: QPainter, name: str, place: QRectF) -> None:
        path = QPainterPath()
        path.addText(place.left(), place.center().y() + painter.fontMetrics().capHeight() / 2, painter.font(), name)
        painter.strokePath(
            path, QPen(_halo(), 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        painter.fillPath(path, QColor(colours().text))

    def _paint_pin(self, painter: QPainter, pin: Pin) -> None:
        """Paints the image that is no dot, with lines to its neighbours."""
        assert self._dots is not None
        accent = QColor(colours().accent_text)
        square = self._pin_place(pin)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for neighbour in self._seen(self._dots.positions[pin.neighbours]).tolist():
            painter.setPen(QPen(accent, 1.5))
            painter.drawLine(square.center(), QPointF(*neighbour))
            self._paint_ring(painter, QPointF(*neighbour), colours().accent_text)
        painter.setPen(QPen(QColor(colours().surface), 2))
        painter.setBrush(accent)
        painter.drawRoundedRect(square, 4, 4)
        paint_fitted(painter, array_to_image(pin.image), square.adjusted(3, 3, -3, -3))

    def _pin_place(self, pin: Pin) -> QRectF:
        """Where the image that is no dot is painted: at the edge where it lies beyond."""
        edge = _PIN / 2 + 4
        area = QRectF(self.viewport().rect()).adjusted(edge, edge, -edge, -edge)
        x, y = self._seen(pin.position[np.newaxis])[0].tolist()
        kept = QPointF(min(max(x, area.left()), area.right()), min(max(y, area.top()), area.bottom()))
        return _square(kept, _PIN)

    def _paint_ring(self, painter: QPainter, place: QPointF, colour: str) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for each, width in ((colours().surface, 4.0), (colour, 2.0)):
            painter.setPen(QPen(QColor(each), width))
            painter.drawEllipse(place, _DOT, _DOT)

    def _paint_card(self, painter: QPainter, number: int) -> None:
        """Shows a dot's image and what is said of it, beside the dot."""
        assert self._dots is not None
        theme = colours()
        painter.setFont(small_font(self.font()))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        width = _CARD + 4 * GRID
        text = self._dots.caption(number)
        room = painter.fontMetrics().boundingRect(0, 0, width, 1000, int(flags), text)
        size = QSizeF(width + 2 * GAP, _CARD + room.height() + 3 * GAP)
        place, area = self.point_of(number), QRectF(self.viewport().rect())
        left = place.x() + 2 * GRID if place.x() + 2 * GRID + size.width() < area.right() else (
            place.x() - 2 * GRID - size.width()
        )  # fmt: skip
        top = min(max(place.y() - size.height() / 2, area.top() + 4), area.bottom() - size.height() - 4)
        card = QRectF(QPointF(max(left, 4), top), size)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(card, 6, 6)
        picture = self._picture(number, _CARD)
        if picture is not None:
            image = QRectF(card.left() + (card.width() - _CARD) / 2, card.top() + GAP, _CARD, _CARD)
            paint_fitted(painter, picture, image)
        painter.setPen(QColor(theme.text))
        words = QRectF(card.left() + GAP, card.top() + _CARD + 2 * GAP, width, room.height())
        painter.drawText(words, int(flags), text)

    @override
    def follow_theme(self) -> None:
        theme = colours()
        self.setBackground(QColor(theme.surface))
        self._rings.setPen(pg.mkPen(theme.error, width=1.5))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setImage(picture_of(self))

    def _save(self, *, numbers: bool) -> None:
        dots = self._dots
        if dots is None:
            return
        if numbers:
            save_as(self, "Save the map", "map", (Format(".csv", "Table", lambda: dots.table().encode()),))
        else:
            save_as(self, "Save the map", "map", (Format(".png", "Picture", lambda: png(picture_of(self))),))


def _square(middle: QPointF, side: float) -> QRectF:
    return QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side)


def _halo() -> QColor:
    """Around what is written on dots."""
    halo = QColor(colours().window)
    halo.setAlphaF(0.85)
    return halo


def _middles(dots: Dots) -> dict[int, np.ndarray]:
    """The middles of the dots of each class that has any, those with the most first."""
    numbers, counts = np.unique(dots.labels, return_counts=True)
    return {
        int(number): np.median(dots.positions[dots.labels == number], axis=0)
        for number in numbers[np.argsort(-counts, kind="stable")]
    }
