"""An image as the numbers that it is: a matrix for each channel, of which only what is on screen is painted.

Painted by hand: the colours are one picture, and the numbers from 0 to 255 are laid out once each. Writing the 3,600
numbers of a photo's window as text, as a table view does, takes four times as long.
"""

import functools
import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QStaticText,
)
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, array_to_image, colours, small_font
from cnnstudio.gui.widgets.items import NONE, Cell, Cells, ItemArea, focus_pen, paint_value_outline

SMALLEST, LARGEST = 2, 72
"""Width of a cell, in device-independent pixels."""

_FONT_SIZES = range(9, 16)
_LUMINANCE = (0.299, 0.587, 0.114)
_BRIGHT = 110
_MARGIN = 3
_FLATNESS, _FLATNESS_OF_BANDS = 0.76, 0.6
"""Height of a cell, or of a band in it, for a width of 1: digits are wider than high."""
_ZOOM = 1.2


class NumberMatrix(Cells, ItemArea):
    """The values of an image in cells, with the numbers of rows and columns along the edges.

    Ctrl and the wheel, or + and -, zoom; cells that are too small for numbers show their colours only.
    """

    window_changed = Signal(QRectF)
    """Other pixels are on screen: their rectangle, in pixels of the image."""

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "pixel_matrix",
            "Pixel values",
            "All that a computer has of an image: a number for each pixel and channel, from 0 (none) to 255 (full). "
            "Ctrl and the wheel zoom.",
        )
        self._image = np.zeros((1, 1, 1), np.uint8)
        self._channel: int | None = None
        self._colours = QImage()
        self._side = 0.0
        self._chosen_side: float | None = None
        self._by_keys = False

    @property
    def side(self) -> float:
        """Width of a cell, in device-independent pixels."""
        return self._side

    @property
    def legible(self) -> bool:
        """Whether cells are large enough for their numbers."""
        return self._font_size(self._side) is not None

    def set_image(self, image: np.ndarray) -> None:
        """Shows another image, (height, width, 1 or 3) uint8; the zoom stays where the size does."""
        if image.shape != self._image.shape:
            self._chosen_side = None
            self.point(None)
        self._image = image
        self._channel = self._channel if image.shape[2] > 1 else None
        self._refresh()

    def set_channel(self, channel: int | None) -> None:
        """Shows one channel, counted from 0, or all of them."""
        if channel != self._channel:
            self._channel = channel
            self._chosen_side = None
            self._refresh()

    def shown(self) -> list[np.ndarray]:
        """The matrices that are shown, each (height, width) uint8: that of one channel, or one for each."""
        channels = range(self._bands()) if self._channel is None else (self._channel,)
        return [self._image[..., channel] for channel in channels]

    def point(self, cell: Cell | None, follow: bool = True) -> None:
        """Outlines a cell, and scrolls to it if wanted; None outlines none."""
        moved = cell != self.cell
        super().point(cell)
        if moved and follow:
            self.reveal(self.current)

    def text_of(self, cell: Cell) -> str:
        """A cell in words: “row 3, column 5: 207”."""
        row, column = cell
        values = self._image[row, column]
        names = ("red ", "green ", "blue ") if len(values) == 3 else ("",)
        value = ", ".join(f"{name}{one}" for name, one in zip(names, values, strict=True))
        return f"{wording.cell(row, column)}: {value}"

    def zoom(self, factor: float, anchor: QPointF | None = None) -> None:
        """Makes cells larger or smaller; the place under `anchor`, a point of the viewport, stays."""
        anchor = anchor or QPointF(self.viewport().rect().center())
        before, left, top = self._side, self._left(), self._top()
        x = (anchor.x() - left + self.horizontalScrollBar().value()) / before
        y = (anchor.y() - top + self.verticalScrollBar().value()) / self._row_height()
        self._chosen_side = min(max(before * factor, self._least()), LARGEST)
        self._lay_out()
        self.horizontalScrollBar().setValue(round(x * self._side - anchor.x() + self._left()))
        self.verticalScrollBar().setValue(round(y * self._row_height() - anchor.y() + self._top()))

    def step_zoom(self, direction: int, position: QPointF) -> None:
        """Makes cells larger or smaller by a step."""
        self.zoom(_ZOOM**direction, position)

    # Where the cells lie.

    def extent(self) -> Cell:
        """The image's height and width."""
        return self._image.shape[0], self._image.shape[1]

    def cell_rectangle(self, cell: Cell) -> QRectF:
        """Where a cell lies in the viewport."""
        row, column = cell
        left = self._left() + column * self._side - self.horizontalScrollBar().value()
        top = self._top() + row * self._row_height() - self.verticalScrollBar().value()
        return QRectF(left, top, self._side, self._row_height())

    def item_at(self, position: QPointF) -> int:
        """The cell at a point of the viewport, by its number; -1 above and beside the cells, too."""
        beside = position.x() < self._left() or position.y() < self._top()
        return NONE if beside else super().item_at(position)

    def tip_at(self, position: QPointF) -> str:  # noqa: ARG002
        """The tooltip of the whole matrix: the number under the pointer stands beside it."""
        return self.toolTip()

    def _bands(self) -> int:
        return self._image.shape[2] if self._channel is None else 1

    def _share(self) -> float:
        """Height of a row for cells of width 1."""
        return _FLATNESS if self._bands() == 1 else _FLATNESS_OF_BANDS * self._bands()

    def _row_height(self) -> float:
        return self._side * self._share()

    def _left(self) -> int:
        return round(QFontMetricsF(small_font(self.font())).horizontalAdvance("000")) + GRID

    def _top(self) -> int:
        return round(QFontMetricsF(small_font(self.font())).height()) + GRID // 2

    def _number_font(self, size: int) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(size)
        return font

    def _font_size(self, side: float) -> int | None:
        """The text size that fits three digits into a cell of a width; None where none does."""
        height = side * self._share() / self._bands()
        for size in reversed(_FONT_SIZES):
            metrics = QFontMetricsF(self._number_font(size))
            if metrics.horizontalAdvance("000") + _MARGIN <= side and metrics.capHeight() + _MARGIN <= height:
                return size
        return None

    def _least(self) -> float:
        """Cells so small that all of them are seen."""
        room_across = (self.viewport().width() - self._left()) / self._image.shape[1]
        room_down = (self.viewport().height() - self._top()) / (self._image.shape[0] * self._share())
        return max(SMALLEST, min(room_across, room_down, float(LARGEST)))

    def _readable_side(self) -> float:
        """Cells so small that all of them are seen, if that can be read; else larger ones, to scroll over."""
        least = self._least()
        if (self._font_size(least) or 0) > _FONT_SIZES[0]:
            return least
        metrics = QFontMetricsF(self._number_font(_FONT_SIZES[2]))
        return metrics.horizontalAdvance("000") + _MARGIN + 1

    def _refresh(self) -> None:
        self._colours = array_to_image(cell_colours(self._image, self._channel))
        self._lay_out()

    def _lay_out(self) -> None:
        self._side = self._readable_side() if self._chosen_side is None else self._chosen_side
        rows, columns = self.extent()
        across = self._left() + columns * self._side - self.viewport().width()
        down = self._top() + rows * self._row_height() - self.viewport().height()
        for bar, beyond, step in (
            (self.horizontalScrollBar(), across, self._side),
            (self.verticalScrollBar(), down, self._row_height()),
        ):
            bar.setRange(0, max(0, round(beyond)))
            bar.setSingleStep(max(1, round(step)))
        self.horizontalScrollBar().setPageStep(max(1, self.viewport().width() - self._left()))
        self.verticalScrollBar().setPageStep(max(1, self.viewport().height() - self._top()))
        self.viewport().update()
        self.window_changed.emit(self.window_shown())

    def window_shown(self) -> QRectF:
        """The rectangle of pixels that is on screen, in pixels of the image."""
        rows, columns = self.extent()
        left = self.horizontalScrollBar().value() / self._side
        top = self.verticalScrollBar().value() / self._row_height()
        across = (self.viewport().width() - self._left()) / self._side
        down = (self.viewport().height() - self._top()) / self._row_height()
        return QRectF(left, top, min(across, columns - left), min(down, rows - top))

    def reveal(self, item: int) -> None:
        """Scrolls to a cell."""
        if item == NONE:
            return
        place = self.item_rectangle(item)
        for bar, low, high, start, end in (
            (self.horizontalScrollBar(), place.left(), place.right(), self._left(), self.viewport().width()),
            (self.verticalScrollBar(), place.top(), place.bottom(), self._top(), self.viewport().height()),
        ):
            if low < start or high > end:
                bar.setValue(bar.value() + round((low + high - start - end) / 2))

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        shown = self.window_shown()
        rows = range(int(shown.top()), min(self._image.shape[0], int(shown.bottom()) + 1))
        columns = range(int(shown.left()), min(self._image.shape[1], int(shown.right()) + 1))
        edge = QRectF(self._left(), self._top(), self.viewport().width(), self.viewport().height())
        painter.setClipRect(edge)
        bands = self._bands()
        source = QRectF(columns.start, rows.start * bands, len(columns), len(rows) * bands)
        first, end = (rows.start, columns.start), (rows.stop, columns.stop)
        target = QRectF(self.cell_rectangle(first).topLeft(), self.cell_rectangle(end).topLeft())
        painter.drawImage(target, self._colours, source)
        size = self._font_size(self._side)
        if size is not None:
            self._paint_numbers(painter, target.topLeft(), rows, columns, size)
        if self._side >= GRID:
            self._paint_lines(painter, target, rows, columns)
        if self.cell is not None:
            paint_value_outline(painter, self.cell_rectangle(self.cell))
        painter.setClipping(False)
        self._paint_edges(painter, rows, columns)
        painter.end()

    def _paint_numbers(self, painter: QPainter, origin: QPointF, rows: range, columns: range, size: int) -> None:
        bands = self._bands()
        channels = list(range(bands)) if self._channel is None else [self._channel]
        shown = self._image[rows.start : rows.stop, columns.start : columns.stop][..., channels]
        weights = np.array(_LUMINANCE if self._image.shape[2] == 3 else (1.0,))[channels]
        dark = shown * weights > _BRIGHT
        values, dark = (part.transpose(0, 2, 1).reshape(-1, len(columns)) for part in (shown, dark))
        font, width, height = self._number_font(size), self._side, self._row_height() / bands
        painter.setFont(font)
        numerals = _numerals(font.toString())
        left, top = origin.x() + width / 2, origin.y() + height / 2
        for colour, cells in ((Qt.GlobalColor.white, ~dark), (Qt.GlobalColor.black, dark)):
            painter.setPen(colour)
            for row, column in np.argwhere(cells).tolist():
                numeral, across, down = numerals[values[row, column]]
                painter.drawStaticText(QPointF(left + column * width - across, top + row * height - down), numeral)

    def _paint_lines(self, painter: QPainter, area: QRectF, rows: range, columns: range) -> None:
        """Thin lines between cells; thinner than a pixel would hide small cells."""
        painter.setPen(QPen(QColor(128, 128, 128, 110), 1))
        for column in range(len(columns) + 1):
            x = round(area.left() + column * self._side) + 0.5
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if self._bands() > 1:
            painter.setPen(QPen(QColor(colours().window), 2))
        for row in range(len(rows) + 1):
            y = round(area.top() + row * self._row_height()) + 0.5
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _paint_edges(self, painter: QPainter, rows: range, columns: range) -> None:
        """The numbers of rows and columns, as many as find room; those of the cell pointed at stand out."""
        theme = colours()
        painter.setFont(small_font(self.font()))
        metrics = painter.fontMetrics()
        row, column = self.cell or (NONE, NONE)
        centred, right = Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for number in _spaced(columns, column, (metrics.horizontalAdvance("000") + GRID // 2) / self._side):
            middle = self.cell_rectangle((0, number)).center().x()
            if middle >= self._left():
                painter.setPen(QColor(theme.accent_text if number == column else theme.secondary))
                painter.drawText(QRectF(middle - 2 * GRID, 0, 4 * GRID, self._top() - 2), centred, str(number))
        for number in _spaced(rows, row, metrics.height() / self._row_height()):
            middle = self.cell_rectangle((number, 0)).center().y()
            if middle >= self._top():
                painter.setPen(QColor(theme.accent_text if number == row else theme.secondary))
                painter.drawText(QRectF(0, middle - GRID, self._left() - GRID // 2, 2 * GRID), right, str(number))
        if self.hasFocus() and self._by_keys:
            painter.setPen(focus_pen())
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()
        self.window_changed.emit(self.window_shown())

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_keys = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)


def _spaced(numbers: range, current: int, room: float) -> list[int]:
    """Numbers at even distances of at least `room`, with the current one in place of its neighbours."""
    step = 1 << max(0, math.ceil(math.log2(room)))
    return [
        number
        for number in numbers
        if number == current or (number % step == 0 and (current == NONE or abs(number - current) >= room))
    ]


def cell_colours(image: np.ndarray, channel: int | None) -> np.ndarray:
    """The colours behind the numbers.

    Args:
        image: (height, width, 1 or 3) uint8.
        channel: 0, 1 or 2 for red, green or blue alone; None for all, one band under the other in each row.

    Returns:
        (height × bands, width, 3) uint8: grey for one channel of one; else each band in its own colour.
    """
    height, width, channels = image.shape
    if channels == 1:
        return image.repeat(3, axis=2)
    shown = range(channels) if channel is None else (channel,)
    bands = np.zeros((height, len(shown), width, 3), np.uint8)
    for band, number in enumerate(shown):
        bands[:, band, :, number] = image[..., number]
    return bands.reshape(-1, width, 3)


@functools.lru_cache(maxsize=16)
def _numerals(font: str) -> list[tuple[QStaticText, float, float]]:
    """Each number from 0 to 255 laid out in a font, and half of its width and height."""
    described = QFont()
    described.fromString(font)
    numerals = [QStaticText(str(number)) for number in range(256)]
    for numeral in numerals:
        numeral.prepare(font=described)
    return [(numeral, numeral.size().width() / 2, numeral.size().height() / 2) for numeral in numerals]
