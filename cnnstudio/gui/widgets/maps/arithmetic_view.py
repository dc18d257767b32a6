"""How one number of a feature map comes about: where its inputs lie, and what is done with them."""

import re

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.look.theme import GAP, GRID, array_to_image, colours, small_font
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.gui.widgets.items import Cell, paint_value_outline, show_tip_beside
from cnnstudio.gui.widgets.maps.colour_scale import Limits, exact_value, format_value, limits_of
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.models.trained.layer_arithmetic import LayerArithmetic, Number
from cnnstudio.wording import bracketed, counted, numbered

WIDTH = 50 * GRID
"""Of the whole view, in device-independent pixels."""

_INPUT_SIDE = 18 * GRID
_LARGEST_CELL, _HIGHEST_CELL = 40, 3 * GRID
"""Width and height of a cell at most, in device-independent pixels."""
_MARGIN = 3
"""Between a number and the edges of its cell."""

_LARGEST_PATCH = 12
"""Larger patches, such as whole maps, are marked only, not written out."""

_SIGN = 3 * GRID
_TERMS = 6
"""So many sums of single channels are written out."""


_MIXING = {function.title for function in ACTIVATIONS.values() if function.mixes_channels}


def summing(number: Number, inputs: str = "input maps") -> list[str]:
    """What is done with the patch, step by step, in words and numbers; `inputs`: what its sums are of."""
    lines, before = [], exact_value(number.before)
    count = int(np.count_nonzero(~np.isnan(number.patch)))
    if number.reduction == "sum":
        total = exact_value(float(number.sums.sum()))
        if len(number.sums) > 1:
            terms = [exact_value(float(value)) for value in number.sums[:_TERMS]]
            more = " + …" if len(number.sums) > _TERMS else ""
            lines.append(f"All {len(number.sums):,} {inputs} together: {_joined(terms)}{more} = {total}")
        if number.bias is not None:
            lines.append(f"Plus the bias: {_joined([total, exact_value(number.bias)])} = {before}")
    elif number.reduction == "max":
        lines.append(f"The largest of {counted(count, 'number')}: {before}")
    elif number.reduction == "mean":
        lines.append(f"The mean of {counted(count, 'number')}: {before}")
    elif number.reduction == "between":
        lines.append(
            "This number lies between those of the input: the nearer one of them is, the more it counts. So each place "
            "has a kernel of its own, whose weights add up to 1."
        )
    if number.activation:
        value = exact_value(number.value)
        if number.activation in _MIXING:
            lines.append(f"{number.activation} of all such numbers, {before} among them: {value}")
        else:
            lines.append(f"{number.activation}({before}) = {value}")
    return lines


def weight_limits(arithmetic: LayerArithmetic, number: Number) -> Limits:
    """The weights that get the ends of the colour map: of all kernels, or of the one that a number has of its own."""
    kernels = number.kernel if arithmetic.kernel is None else arithmetic.kernel
    return (0.0, 0.0) if kernels is None else limits_of(kernels, "diverging")


def _joined(terms: list[str]) -> str:
    """A sum of numbers; those below 0 are taken away."""
    first, *others = terms
    signed = (("−", term[1:]) if term.startswith("−") else ("+", term) for term in others)
    return first + "".join(f" {sign}\N{NO-BREAK SPACE}{term}" for sign, term in signed)


class _InputMap(PixelView):
    """A map that a layer was given, with the numbers marked on which the one in question depends."""

    def __init__(self) -> None:
        super().__init__("")
        describe(
            self,
            "input_map",
            "What the layer was given",
            "One of the maps that this layer was given. The number depends on the marked part of it.",
        )
        self.setFixedSize(_INPUT_SIDE, _INPUT_SIDE)
        self._values = np.zeros((1, 1), np.float32)
        self._rows = self._columns = np.zeros(0, int)

    def show_map(self, values: np.ndarray, limits: tuple[float, float], number: Number) -> None:
        """Shows a map, (height, width), and marks where the number's patch lies."""
        self._values, self._rows, self._columns = values, number.rows, number.columns
        self.set_picture(array_to_image(values, "viridis", limits))

    def text_of(self, cell: Cell) -> str:
        """Row, column and value."""
        return f"{super().text_of(cell)}: {format_value(float(self._values[cell]))}"

    def _paint_picture(self, painter: QPainter, place: QRectF) -> None:
        super()._paint_picture(painter, place)
        if not len(self._rows):
            return
        first = self.cell_rectangle((int(self._rows[0]), int(self._columns[0])))
        last = self.cell_rectangle((int(self._rows[-1]), int(self._columns[-1])))
        paint_value_outline(painter, first.united(last) & QRectF(self.rect()).adjusted(2, 2, -2, -2))


class Products(QWidget):
    """The patch and the kernel of one input map, number by number, each on its colour.

    Signals:
        weight_pointed(object): the (row, column) of the kernel's weight under the pointer, or None.
    """

    weight_pointed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "patch_and_kernel",
            "Patch and kernel",
            "Left the marked part of the input map; right the kernel's weights. Each number is multiplied with the one "
            "at the same place, and the products are added up.",
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._patch = np.zeros((1, 1), np.float32)
        self._kernel: np.ndarray | None = None
        self._limits = self._weights = (0.0, 1.0)
        self._chosen: Cell | None = None
        self._weight: Cell | None = None

    def show_numbers(
        self,
        patch: np.ndarray,
        kernel: np.ndarray | None,
        limits: tuple[float, float],
        weights: tuple[float, float],
        chosen: Cell | None,
    ) -> None:
        """Shows a patch, (height, width) with NaN outside the maps, and a kernel of the same size, if there is one.

        Args:
            patch: the numbers.
            kernel: the weights; None where nothing is multiplied.
            limits: the inputs that get the ends of the colour map.
            weights: likewise.
            chosen: the number of the patch that is taken, where one is.
        """
        self._patch, self._kernel, self._limits, self._weights = patch, kernel, limits, weights
        self._chosen = chosen
        self.setFixedHeight(self._cell().height() * len(patch) + 2)
        self.update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        self._point(self._weight_at(position))
        cell = self._cell_at(position)
        if cell is None:
            QToolTip.hideText()
        else:
            kept = QRectF(self.rect())
            show_tip_beside(self, kept, position, self._told(cell), kept)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)
        super().leaveEvent(event)

    def _point(self, weight: Cell | None) -> None:
        if weight != self._weight:
            self._weight = weight
            self.weight_pointed.emit(weight)
            self.update()

    def _cell_at(self, position: QPointF) -> Cell | None:
        """The row and column of the patch under the pointer, or of the weight, which are the same."""
        cell = self._cell()
        row, column = int(position.y() // cell.height()), int(position.x() // cell.width())
        in_patch = 0 <= row < self._patch.shape[0] and 0 <= column < self._patch.shape[1]
        return (row, column) if in_patch else self._weight_at(position)

    def _told(self, cell: Cell) -> str:
        """What stands in a cell, and in the one that it is multiplied with."""
        value = float(np.nan_to_num(self._patch[cell])) if self._kernel is not None else float(self._patch[cell])
        if self._kernel is None:
            inside = "outside the map" if np.isnan(value) else format_value(value)
            return f"{wording.cell(*cell)}: {inside}"
        weight = float(self._kernel[cell])
        product = bracketed(format_value(weight))
        return f"{wording.cell(*cell)}: {format_value(value)} × {product} = {format_value(value * weight)}"

    def _weight_at(self, position: QPointF) -> Cell | None:
        if self._kernel is None:
            return None
        cell = self._cell()
        column = int((position.x() - self._patch.shape[1] * cell.width() - _SIGN) // cell.width())
        row = int(position.y() // cell.height())
        return (row, column) if 0 <= row < self._kernel.shape[0] and 0 <= column < self._kernel.shape[1] else None

    def _cell(self) -> QSize:
        matrices = 1 if self._kernel is None else 2
        room = (WIDTH - _SIGN * (matrices - 1)) // (matrices * self._patch.shape[1])
        width = max(2, min(_LARGEST_CELL, room))
        return QSize(width, min(width, _HIGHEST_CELL))

    def _texts(self, values: np.ndarray, metrics: QFontMetrics) -> list[list[str]] | None:
        """How all numbers of a matrix are written so that each has room; None where there is too little for any."""
        cell = self._cell()
        for write in (_short, _shorter):
            texts = [[write(float(value)) if np.isfinite(value) else "" for value in line] for line in values]
            longest = max(metrics.horizontalAdvance(text) for line in texts for text in line)
            if longest + 2 * _MARGIN <= cell.width() and metrics.ascent() <= cell.height():
                return texts
        return None

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(small_font(self.font()))
        cell = self._cell()
        self._paint_matrix(painter, 0, self._patch, "viridis", self._limits)
        if self._chosen is not None:
            row, column = self._chosen
            place = QRectF(column * cell.width(), row * cell.height(), cell.width() - 1, cell.height() - 1)
            paint_value_outline(painter, place)
        if self._kernel is not None:
            left = self._patch.shape[1] * cell.width()
            painter.setPen(QColor(colours().text))
            painter.drawText(QRectF(left, 0, _SIGN, self.height()), Qt.AlignmentFlag.AlignCenter, "×")
            self._paint_matrix(painter, left + _SIGN, self._kernel, "diverging", self._weights)
            if self._weight is not None:
                row, column = self._weight
                for start in (0, left + _SIGN):  # the number that it is multiplied with, and the weight
                    place = QRectF(start + column * cell.width(), row * cell.height(), cell.width(), cell.height())
                    paint_value_outline(painter, place.adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_matrix(
        self, painter: QPainter, left: int, values: np.ndarray, colormap: str, limits: tuple[float, float]
    ) -> None:
        cell, picture = self._cell(), array_to_image(values, colormap, limits)
        texts = self._texts(values, painter.fontMetrics())
        for (line, position), value in np.ndenumerate(values):
            left_edge, top = left + position * cell.width(), line * cell.height()
            place = QRectF(left_edge, top, cell.width() - 1, cell.height() - 1)
            if np.isnan(value):
                painter.setPen(QPen(QColor(colours().border), 1, Qt.PenStyle.DotLine))
                painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
                painter.setPen(QColor(colours().secondary))
                text = "0" if self._kernel is not None and texts is not None else ""
            else:
                ground = picture.pixelColor(position, line)
                painter.fillRect(place, ground)
                bright = 0.3 * ground.redF() + 0.59 * ground.greenF() + 0.11 * ground.blueF()
                painter.setPen(Qt.GlobalColor.black if bright > 0.5 else Qt.GlobalColor.white)
                text = "" if texts is None else texts[line][position]
            if text:
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def _short(value: float) -> str:
    """A number in four signs or so."""
    if abs(value) >= 100:
        text = f"{value:.0f}"
    elif abs(value) >= 10:
        text = f"{value:.1f}"
    else:
        text = f"{value:.2f}"
    return ("0" if not float(text) else text).replace("-", "−")


def _shorter(value: float) -> str:
    """Likewise without the 0 before the point: “−.13”."""
    return re.sub(r"^(−?)0\.", r"\1.", _short(value))


class ArithmeticView(QWidget):
    """Shows for one number of a map: the inputs that it depends on, the arithmetic, and each step to the number."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("arithmetic_view")
        self.setFixedWidth(WIDTH)
        self._arithmetic: LayerArithmetic | None = None
        self._number: Number | None = None
        self._place: tuple[int, int, int] | None = None
        self._limits = (0.0, 0.0)
        heading = label("Where this number comes from", "strong")
        self._input = _InputMap()
        self._input_name = label(role="secondary", name="input_map_name")
        self._channel = WholeBox(0, 0)
        self._channel.setMinimumWidth(24 * GRID)
        self._channel.setWrapping(True)
        self._channel.setPrefix("input map ")
        describe(
            self._channel,
            "input_map_number",
            "Number of the input map",
            "Which of the maps that the layer was given is shown. The filter has a kernel of its own for each.",
        )
        self._channel.valueChanged.connect(self._refresh)
        self._products = Products()
        self._sum = label(name="sum_of_products")
        self._steps = label(name="arithmetic_steps")
        beside = column(self._input_name, self._channel, STRETCH)
        self.setLayout(
            column(
                heading,
                row((self._input, 0, Qt.AlignmentFlag.AlignTop), (beside, 1), gap=2 * GAP),
                self._products,
                self._sum,
                self._steps,
                STRETCH,
            )
        )

    @property
    def number(self) -> Number | None:
        """The number that is explained."""
        return self._number

    @property
    def place(self) -> tuple[int, int, int] | None:
        """Its row, column and channel in the layer's output."""
        return self._place

    @property
    def input_map(self) -> int:
        """Which of the input maps that the number depends on is shown, counted from 0."""
        return self._channel.value()

    def show_number(self, arithmetic: LayerArithmetic, row: int, column: int, channel: int) -> None:
        """Explains the number at a place of a layer's output; which input map is shown stays, where there is one."""
        if arithmetic is not self._arithmetic:
            self._arithmetic = arithmetic
            self._limits = limits_of(arithmetic.inputs, "viridis")
        self._number = number = arithmetic.number(row, column, channel)
        self._place = (row, column, channel)
        many = len(number.channels) > 1
        self._channel.show_indices(len(number.channels))
        self._channel.setVisible(many)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        arithmetic, number = self._arithmetic, self._number
        if arithmetic is None or number is None:
            return
        place = self._channel.value()
        channel, patch = number.channels[place], number.patch[..., place]
        values = arithmetic.inputs[..., channel]
        self._input.show_map(values, self._limits, number)
        height, width, count = arithmetic.inputs.shape
        self._input_name.setText(
            f"The layer was given {count:,} {'map' if count == 1 else 'maps'} of {height}×{width}. The marked part of "
            f"{numbered('map', channel)} is the patch."
        )
        kernel = None if number.kernel is None else number.kernel[..., place]
        weights = weight_limits(arithmetic, number)
        chosen = None
        if number.reduction == "max" and patch.size > 1:
            line, column_ = divmod(int(np.nanargmax(patch)), patch.shape[1])
            chosen = (line, column_)
        self._products.show_numbers(patch, kernel, self._limits, weights, chosen)
        self._products.setVisible(max(patch.shape) <= _LARGEST_PATCH)
        self._sum.setVisible(kernel is not None)
        if kernel is not None:
            self._sum.setText(f"Patch × kernel, added up: <b>{exact_value(float(number.sums[place]))}</b>")
        self._steps.setText("<br>".join(summing(number)))
