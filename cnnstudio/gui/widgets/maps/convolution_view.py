"""A convolution at work: its input maps, a kernel for each, what each makes, and their sum.

Painted by hand: the pen changes all of it at each move, and kernels slide meanwhile.
"""

from math import ceil

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, array_to_image, bold_font, colours, small_font
from cnnstudio.gui.widgets.items import NONE, Cell, ItemArea, focus_pen, paint_value_outline
from cnnstudio.gui.widgets.maps.colour_scale import Limits, format_value, limits_of
from cnnstudio.models.trained.layer_arithmetic import LayerArithmetic

_STEP, _MOST_STEPS = 200, 200
"""Milliseconds from one place of the kernels to the next; and so many steps at most until all is uncovered."""
_QUICKER = 60
"""Milliseconds where there are many places."""

_HEADER = 4 * GRID
_SIDES = (6 * GRID, 9 * GRID)
"""Of an input map: at least, and where they do not fit on screen, all of them, at most."""
_LARGEST = 40 * GRID
"""Where they do."""
_SIGN = 4 * GRID


class ConvolutionView(ItemArea):
    """A row for each input map: the map, its kernel, and what the kernel makes of it; at the right their sum.

    The kernels slide in step and uncover the results number by number.

    Signals:
        chosen(int): the row of an input map was clicked, by its number in the filter.
        nothing_clicked(): the ground was clicked.
        uncovered(): all results are seen.
    """

    chosen = Signal(int)
    nothing_clicked = Signal()
    uncovered = Signal()

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "convolution_view",
            "How this map is made",
            "Each kernel slides over its input map; the results are added up, and the bias with them. Click a row, or "
            "press Enter on it, to see the numbers.",
        )
        self._arithmetic: LayerArithmetic | None = None
        self._channel = 0
        self._step = 0
        self._images: dict[tuple[str, int], QImage] = {}
        self._kernel_limits: Limits = (0.0, 0.0)
        self._part_limits: Limits = (0.0, 0.0)
        self._timer = QTimer(self, interval=_STEP)
        self._timer.timeout.connect(self._slide)
        self.activated.connect(self.chosen)

    @property
    def step(self) -> int:
        """How many numbers are uncovered."""
        return self._step

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return 0 if self._arithmetic is None else int(np.prod(self._arithmetic.output.shape[:2]))

    @property
    def sliding(self) -> bool:
        """Whether the kernels are moving."""
        return self._timer.isActive()

    def show_map(self, arithmetic: LayerArithmetic, channel: int, anew: bool) -> None:
        """Shows how a map is made; how much of it is uncovered stays, unless it is shown anew."""
        self._arithmetic, self._channel = arithmetic, channel
        self._images.clear()
        kernel = arithmetic.kernel
        assert kernel is not None
        self._kernel_limits = limits_of(kernel[..., channel], "diverging")
        parts = [arithmetic.of_one(channel, place) for place in self._seen()]
        extremes = np.array([limits_of(part, "diverging")[1] for part in parts] or [0.0])
        self._part_limits = -float(extremes.max()), float(extremes.max())
        if anew:
            self._step = 0
            self.verticalScrollBar().setValue(0)
        self._lay_out()
        self.viewport().update()

    def start(self) -> None:
        """Covers the results, and lets the kernels slide from the beginning."""
        self._step = 0
        self._timer.setInterval(_STEP if self.count <= _MOST_STEPS else _QUICKER)
        self._timer.start()
        self.viewport().update()

    def stop(self) -> None:
        """Lets the kernels rest."""
        self._timer.stop()

    def uncover(self) -> None:
        """Shows all results at once."""
        self._timer.stop()
        self._step = self.count
        self.viewport().update()
        self.uncovered.emit()

    @Slot()
    def _slide(self) -> None:
        self._step = min(self.count, self._step + max(1, ceil(self.count / _MOST_STEPS)))
        self.viewport().update()
        if self._step == self.count:
            self._timer.stop()
            self.uncovered.emit()

    # Where things lie.

    def _side(self) -> int:
        fitting = (self.viewport().height() - _HEADER) // max(1, self.item_count()) - 2 * GRID
        most = max(_SIDES[1], min(fitting, _LARGEST))
        return max(_SIDES[0], min(most, (self.viewport().width() - 4 * _SIGN) // 6))

    def _pitch(self) -> int:
        return self._side() + 2 * GRID

    def _left(self, number: int) -> int:
        """The left edge of the input maps, the kernels, the results and the sum."""
        side = self._side()
        return (GAP, GAP + side + _SIGN, GAP + 2 * (side + _SIGN), GAP + 3 * (side + _SIGN) + 3 * _SIGN)[number]

    def map_rectangle(self) -> QRectF:
        """Where the map that is made lies: beside the middle of the rows, as far as they are on screen."""
        view = self.viewport()
        side = min(2 * self._side(), view.width() - self._left(3) - GAP, view.height() - 4 * GRID)
        rows = min(view.height(), _HEADER + self.item_count() * self._pitch())
        return QRectF(self._left(3), max(GRID, (rows - side) / 2), side, side)

    def _lay_out(self) -> None:
        total = _HEADER + self.item_count() * self._pitch()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, total - self.viewport().height()))
        bar.setPageStep(max(1, self.viewport().height()))
        bar.setSingleStep(self._pitch())

    def _seen(self) -> range:
        """The numbers of the rows on screen."""
        top = self.verticalScrollBar().value() - _HEADER
        first = max(0, top // self._pitch())
        last = (top + self.viewport().height()) // self._pitch() + 1
        return range(min(first, self.item_count()), min(last, self.item_count()))

    def item_count(self) -> int:
        """How many input maps the filter sees."""
        return 0 if self._arithmetic is None or self._arithmetic.kernel is None else self._arithmetic.kernel.shape[2]

    def columns(self) -> int:
        """One row each."""
        return 1

    def item_rectangle(self, item: int) -> QRectF:
        """The row of an input map, up to its result."""
        top = _HEADER + item * self._pitch() - self.verticalScrollBar().value()
        return QRectF(self._left(0), top, self._left(2) + self._side() - self._left(0), self._side())

    def item_at(self, position: QPointF) -> int:
        """The row at a point; -1 for none."""
        return next((row for row in self._seen() if self.item_rectangle(row).contains(position)), NONE)

    def item_text(self, item: int) -> str:
        """Which map it is, what its kernel is, and the weight under the pointer."""
        assert self._arithmetic is not None
        source = self._arithmetic.number(0, 0, self._channel).channels[item]
        return f"{wording.numbered('Input map', source)} with its kernel: click to see the numbers"

    def tip_at(self, position: QPointF) -> str:
        """The weight under the pointer in four decimals; or the bias."""
        arithmetic = self._arithmetic
        if arithmetic is None or arithmetic.kernel is None:
            return ""
        item = self.item_at(position)
        if item != NONE:
            place = self._kernel_rectangle(item)
            kernel = arithmetic.kernel[:, :, item, self._channel]
            if place.contains(position):
                row = min(int((position.y() - place.top()) / place.height() * kernel.shape[0]), kernel.shape[0] - 1)
                column = min(int((position.x() - place.left()) / place.width() * kernel.shape[1]), kernel.shape[1] - 1)
                return f"weight at {wording.cell(row, column)}: {kernel[row, column]:.4f}".replace("-", "−")
        if (position - self._sum_place()).manhattanLength() < 3 * GRID:
            bias = 0.0 if arithmetic.bias is None else float(arithmetic.bias[self._channel])
            return f"bias: {bias:.4f}".replace("-", "−") if arithmetic.bias is not None else "This layer has no bias."
        return super().tip_at(position)

    def _kernel_rectangle(self, item: int) -> QRectF:
        row, side = self.item_rectangle(item), self._side()
        assert self._arithmetic is not None
        height, width = self._arithmetic.size
        scale = max(1.0, min(side / max(height, width), max(2 * GRID, side / 8)))
        place = QRectF(0, 0, width * scale, height * scale)
        place.moveCenter(QPointF(self._left(1) + side / 2, row.center().y()))
        return place

    def _sum_place(self) -> QPointF:
        return QPointF(self._left(3) - 2 * _SIGN, self.map_rectangle().center().y())

    def reveal(self, item: int) -> None:
        """Scrolls to a row."""
        place, bar = self.item_rectangle(item), self.verticalScrollBar()
        if place.top() < _HEADER:
            bar.setValue(round(bar.value() + place.top() - _HEADER))
        elif place.bottom() > self.viewport().height():
            bar.setValue(round(bar.value() + place.bottom() - self.viewport().height() + GRID))

    # Painting.

    def _image(self, kind: str, row: int) -> QImage:
        arithmetic = self._arithmetic
        assert arithmetic is not None and arithmetic.kernel is not None
        if (kind, row) not in self._images:
            if kind == "input":
                source = arithmetic.number(0, 0, self._channel).channels[row]
                values = arithmetic.inputs[..., source]
                self._images[kind, row] = array_to_image(values, "viridis", limits_of(arithmetic.inputs, "viridis"))
            elif kind == "kernel":
                kernel = arithmetic.kernel[:, :, row, self._channel]
                self._images[kind, row] = array_to_image(kernel, "diverging", self._kernel_limits)
            elif kind == "part":
                part = arithmetic.of_one(self._channel, row)
                self._images[kind, row] = array_to_image(part, "diverging", self._part_limits)
            else:
                values = arithmetic.output
                shown = values[..., self._channel] if values.ndim == 3 else values[self._channel].reshape(1, 1)
                self._images[kind, row] = array_to_image(shown, "viridis", limits_of(values, "viridis"))
        return self._images[kind, row]

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if self._arithmetic is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for row in self._seen():
                self._paint_row(painter, row)
            self._paint_sum(painter)
            self._paint_titles(painter)
        if self.hasFocus() and self.current == NONE:
            painter.setPen(focus_pen())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(2, 2, -2, -2))
        painter.end()

    def _paint_titles(self, painter: QPainter) -> None:
        theme, side = colours(), self._side()
        painter.fillRect(QRectF(0, 0, self._left(2) + side + _SIGN, _HEADER - 4), QColor(theme.window))
        painter.setFont(small_font(self.font()))
        painter.setPen(QColor(theme.secondary))
        for number, text in enumerate(("input maps", "kernels", "results")):
            area = QRectF(self._left(number) - _SIGN / 2, 0, side + _SIGN, _HEADER - GRID)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_row(self, painter: QPainter, row: int) -> None:
        assert self._arithmetic is not None
        theme, place, side = colours(), self.item_rectangle(row), self._side()
        source = _within(QRectF(place.left(), place.top(), side, side), self._image("input", row))
        result = _within(QRectF(self._left(2), place.top(), side, side), self._image("part", row))
        painter.drawImage(source, self._image("input", row))
        kernel = self._kernel_rectangle(row)
        painter.drawImage(kernel, self._image("kernel", row))
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(kernel)
        self._paint_uncovered(painter, result, self._image("part", row))
        painter.setPen(QColor(theme.secondary))
        painter.setFont(self.font())
        for text, left in (("×", self._left(1)), ("=", self._left(2))):
            painter.drawText(QRectF(left - _SIGN, place.top(), _SIGN, side), Qt.AlignmentFlag.AlignCenter, text)
        path, end = QPainterPath(QPointF(result.right() + 4, result.center().y())), self._sum_place()
        path.cubicTo(QPointF(end.x() - _SIGN, result.center().y()), QPointF(end.x() - _SIGN, end.y()), end)
        painter.setPen(
            QPen(QColor(theme.accent_text if row == self.hovered else theme.border), 1.5, Qt.PenStyle.DashLine)
        )
        painter.drawPath(path)
        if row in (self.hovered, self.current if self.hasFocus() else NONE):
            painter.setPen(QPen(QColor(theme.accent_text), 2))
            painter.drawRect(place.adjusted(-3, -3, 3, 3))
        if 0 < self._step < self.count:
            self._paint_window(painter, source, result)

    def _cell(self) -> Cell:
        """Where the kernels are now."""
        assert self._arithmetic is not None
        width = 1 if self._arithmetic.output.ndim == 1 else self._arithmetic.output.shape[1]
        row, column = divmod(max(0, self._step - 1), width)
        return row, column

    def _paint_window(self, painter: QPainter, source: QRectF, result: QRectF) -> None:
        """Outlines what the kernel sees now, and the number that it makes of it."""
        arithmetic = self._arithmetic
        assert arithmetic is not None
        row, column = self._cell()
        number = arithmetic.number(row, column, self._channel)
        if not (len(number.rows) and len(number.columns)):
            return
        height, width = arithmetic.inputs.shape[:2]
        down, across = source.height() / height, source.width() / width
        top, left = number.rows[0] * down, number.columns[0] * across
        window = QRectF(
            source.left() + left,
            source.top() + top,
            (number.columns[-1] + 1) * across - left,
            (number.rows[-1] + 1) * down - top,
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        paint_value_outline(painter, window & source.adjusted(-2, -2, 2, 2))
        outputs = arithmetic.output.shape
        down, across = result.height() / outputs[0], result.width() / outputs[1]
        paint_value_outline(painter, QRectF(result.left() + column * across, result.top() + row * down, across, down))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_uncovered(self, painter: QPainter, place: QRectF, image: QImage) -> None:
        """Paints as much of a result as the kernels have passed."""
        theme = colours()
        painter.drawImage(place, image)
        if self._step >= self.count:
            return
        height, width = image.height(), image.width()
        rows, columns = divmod(self._step, width)
        down, across = place.height() / height, place.width() / width
        covered = QColor(theme.hover)
        rest = QRectF(place.left() + columns * across, place.top() + rows * down, (width - columns) * across, down)
        painter.fillRect(rest, covered)
        painter.fillRect(QRectF(place.left(), rest.bottom(), place.width(), place.bottom() - rest.bottom()), covered)

    def _paint_sum(self, painter: QPainter) -> None:
        arithmetic, theme = self._arithmetic, colours()
        assert arithmetic is not None
        middle, target = self._sum_place(), self.map_rectangle()
        image = self._image("map", 0)
        place = _within(target, image)
        painter.setPen(QPen(QColor(theme.border), 1.5))
        painter.drawLine(middle, QPointF(place.left() - 4, middle.y()))
        circle = QRectF(0, 0, 3 * GRID, 3 * GRID)
        circle.moveCenter(middle)
        painter.setBrush(QColor(theme.surface))
        painter.setPen(QPen(QColor(theme.accent_text), 1.5))
        painter.drawEllipse(circle)
        painter.setFont(bold_font(self.font()))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, "+")
        painter.setFont(small_font(self.font()))
        painter.setPen(QColor(theme.secondary))
        bias = "no bias" if arithmetic.bias is None else f"bias {format_value(float(arithmetic.bias[self._channel]))}"
        below = QRectF(middle.x() - 2 * _SIGN, circle.bottom() + 4, 4 * _SIGN, 2 * GRID)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, bias)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_uncovered(painter, place, image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.secondary))
        then = f"the sum, then {arithmetic.activation}" if arithmetic.activation else "the sum"
        area = QRectF(target.left() - 2 * _SIGN, target.bottom() + 4, target.width() + 4 * _SIGN, 2 * GRID)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, then)

    # Events.

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def step_zoom(self, direction: int, position: QPointF) -> None:
        """It is always as large as there is room."""

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        position = event.position()
        near_sum = (position - self._sum_place()).manhattanLength() < 4 * GRID
        on_something = self.item_at(position) != NONE or self.map_rectangle().contains(position) or near_sum
        if not on_something and event.type() == QEvent.Type.MouseButtonPress:  # not the second of a double click
            self.nothing_clicked.emit()


def _within(area: QRectF, image: QImage) -> QRectF:
    """Where an image lies in an area, as large as it can be without another shape."""
    scale = min(area.width() / image.width(), area.height() / image.height())
    place = QRectF(0, 0, image.width() * scale, image.height() * scale)
    place.moveCenter(area.center())
    return place
