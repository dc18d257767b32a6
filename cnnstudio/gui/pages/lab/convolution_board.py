"""A convolution as matrices beside each other: each channel's input, kernel and products, and the output maps."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QEasingCurve, QLineF, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import label, set_role
from cnnstudio.gui.controls.layouts import STRETCH, column, widget_of
from cnnstudio.gui.look.theme import GAP, GRID, colours
from cnnstudio.gui.widgets.images.matrix import EDGE, Matrix, number_text, problem_in
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.lab.convolution import Convolved, Step
from cnnstudio.wording import numbered


@dataclass(frozen=True)
class Place:
    """A number of the output."""

    row: int
    column: int
    filter: int


@dataclass(frozen=True)
class InputNumber:
    """A number of the input, without its padding."""

    row: int
    column: int
    channel: int


@dataclass(frozen=True)
class Weight:
    """A weight of a filter, where it stands in the kernel as it was given; its channel among those the filter sees."""

    row: int
    column: int
    channel: int
    filter: int


Subject = Place | InputNumber | Weight
"""What can be pointed at."""

_INPUT, _KERNEL, _PRODUCTS, _OUTPUTS = 0, 2, 4, 6
"""Columns of the board; signs stand between them."""

LARGEST_CELL, SMALLEST_CELL = 44, 8
"""In a window of usual size; on a large screen, as on a projector, cells get up to twice as large."""
_SHARE_OF_HEIGHT = 0.35
"""Of a panel, for the input; below it are the formula and the code."""
_CELL_OF_SEVERAL = 26
"""The largest cell where there are several channels below each other: three of 4×4 and their formula fit a screen."""
_SIGN = 3 * GRID
_SUM_WIDTH = 11 * GRID
_SLID, _MULTIPLIED = 0.35, 0.8
"""How much of a step has passed when the window has arrived, and when all products are there."""

_ease = QEasingCurve(QEasingCurve.Type.InOutCubic)


class ConvolutionBoard(QWidget):
    """Shows what `show_convolved` says, and tells what is pointed at, clicked and changed.

    Signals:
        pointed(object): the `Subject` under the pointer, or reached by keys, or None.
        clicked(object): a `Subject`.
        term_pointed(object): the product that is pointed at, as (channel that the filter sees, row, column), or None.
        inputs_edited(): `inputs` holds another number.
        kernel_edited(): `kernel` holds another weight.
        bias_edited(): `bias` is another one.
    """

    pointed = Signal(object)
    clicked = Signal(object)
    term_pointed = Signal(object)
    inputs_edited = Signal()
    kernel_edited = Signal()
    bias_edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lab_board")
        self._convolved: Convolved | None = None
        self._filter = 0
        self._place: Place | None = None
        self._width = self._height = 0
        self._holder = column()
        self.setLayout(self._holder)
        self._content = QWidget()
        self._inputs: list[Matrix] = []
        self._kernels: list[Matrix] = []
        self._products: list[Matrix] = []
        self._sums: list[QLabel] = []
        self._signs: list[list[QLabel]] = []
        self._outputs: list[Matrix] = []
        self._output_titles: list[QLabel] = []
        self._build(1, 1)
        self._flying = label(role="strong", name="flying_number", wrap=False)
        self._flying.setParent(self)
        self._flying.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._flying.hide()

    # What it holds.

    def inputs(self) -> np.ndarray:
        """(height, width, channels), the numbers that stand in the input's matrices; NaN where there is none."""
        assert self._convolved is not None
        (down, across), (height, width, _) = self._convolved.windows, self._convolved.inputs.shape
        top, left = down.padding[0], across.padding[0]
        return np.stack([one.values[top : top + height, left : left + width] for one in self._inputs], axis=-1)

    def kernel(self) -> np.ndarray:
        """(height, width, channels), the weights of the filter that is shown, as they stand on the board."""
        return np.stack([one.values for one in self._kernels if not one.isHidden()], axis=-1)

    def bias(self) -> float:
        """The bias of the filter that is shown."""
        return float(self._bias.values[0, 0])

    @property
    def filter(self) -> int:
        """The filter whose kernels are shown."""
        return self._filter

    @property
    def problem(self) -> str:
        """What is wrong with a cell, with the name of its matrix; empty where all hold numbers."""
        return problem_in((*self._inputs, *self._kernels, self._bias))

    # What it shows.

    def show_convolved(
        self, convolved: Convolved, subject: Subject | None, pinned: Subject | None, step: int, share: float
    ) -> None:
        """Shows a convolution.

        Args:
            convolved: with its input.
            subject: what is marked; None where no step was taken yet.
            pinned: what stays marked.
            step: how many numbers of the output have been computed, filter after filter.
            share: how much is shown of what leads to the subject, from 0 to 1.
        """
        new = convolved is not self._convolved
        self._convolved = convolved
        layer = convolved.convolution
        before = self._filter
        self._filter = subject.filter if isinstance(subject, Place | Weight) else min(before, layer.filters - 1)
        if new or before != self._filter:
            self._fill()
        self._mark(subject, share)
        self._reveal(subject, step, share)
        self._pin(pinned)

    def point_at_term(self, term: tuple[int, int, int] | None) -> None:
        """Outlines the numbers of a product, as (channel that the filter sees, row, column)."""
        convolved = self._convolved
        if convolved is None:
            return
        channels = convolved.channels_of(self._filter)
        (down, across), dilations = convolved.windows, convolved.convolution.dilations
        for channel in range(len(self._inputs)):
            place = channel - channels.start
            on = term is not None and term[0] == place and self._place is not None
            cell: Cell | None = None
            under: Cell | None = None
            if on and term is not None and self._place is not None:
                cell = (term[1], term[2])
                under = (
                    self._place.row * down.stride + term[1] * dilations[0],
                    self._place.column * across.stride + term[2] * dilations[1],
                )
            self._kernels[channel].set_outlined(cell)
            self._products[channel].set_outlined(cell)
            self._inputs[channel].set_outlined(under)

    def fit(self, width: int, height: int) -> None:
        """Makes all cells as large as has room in a width, and in a part of a height, in device-independent pixels."""
        self._width, self._height = width, height
        if self._convolved is None:
            return
        across = self._convolved.windows[1]
        weights = self._convolved.convolution.kernel.shape[1]
        columns = (
            (self._convolved.padded.shape[1], self._titles["input"].sizeHint().width()),
            (weights, self._titles["kernel"].sizeHint().width()),
            (weights, _SUM_WIDTH),
            (across.output, self._output_titles[0].sizeHint().width()),
        )
        usual = LARGEST_CELL if len(self._inputs) == 1 else _CELL_OF_SEVERAL
        high = round(_SHARE_OF_HEIGHT * height / (len(self._inputs) * self._convolved.padded.shape[0]))
        side = max(usual, min(high, 2 * usual))
        while side > SMALLEST_CELL and 3 * _SIGN + sum(max(n * side + 2 * EDGE, least) for n, least in columns) > width:
            side -= 1
        for matrix in (*self._inputs, *self._kernels, *self._products, *self._outputs, self._bias):
            matrix.set_cell_size(side)
        for total, products in zip(self._sums, self._products, strict=True):
            total.setFixedSize(max(products.width(), _SUM_WIDTH), _SIGN)  # a step must not lay out the board anew
        for kernel, signs in zip(self._kernels, self._signs, strict=True):
            for sign in signs:
                sign.setFixedHeight(kernel.height())

    def _fill(self) -> None:
        """Puts all numbers into their matrices; where there are more or fewer of them, the board is built anew."""
        convolved = self._convolved
        assert convolved is not None
        layer = convolved.convolution
        if (len(self._inputs), len(self._outputs)) != (layer.channels, layer.filters):
            self._build(layer.channels, layer.filters)
        seen = convolved.channels_of(self._filter)
        fixed = np.ones(convolved.padded.shape[:2], bool)
        (down, across), (height, width, _) = convolved.windows, convolved.inputs.shape
        fixed[down.padding[0] : down.padding[0] + height, across.padding[0] : across.padding[0] + width] = False
        unused = np.logical_or.outer(down.missed(layer.dilations[0]), across.missed(layer.dilations[1]))
        limits = _shared_limits(convolved.padded)
        for channel, matrix in enumerate(self._inputs):
            matrix.set_values(convolved.padded[..., channel], limits)
            matrix.set_fixed(fixed if fixed.any() else None)
            matrix.set_unused(unused)
            kernel, products = self._kernels[channel], self._products[channel]
            if channel in seen:
                kernel.set_values(layer.applied[..., channel - seen.start, self._filter])
            if products.values.shape != layer.kernel.shape[:2]:
                products.set_values(np.zeros(layer.kernel.shape[:2]))
            for part in (kernel, products, self._sums[channel], *self._signs[channel]):
                part.setVisible(channel in seen)
        self._way.lead([self._products[channel] for channel in seen], self._outputs[self._filter])
        for number, matrix in enumerate(self._outputs):
            matrix.set_values(convolved.output[..., number], _shared_limits(convolved.output))
        self._bias.set_values(layer.biases[self._filter].reshape(1, 1))
        self._bias_box.setVisible(layer.bias is not None)
        self._name()
        self.fit(self._width, self._height)

    def _name(self) -> None:
        convolved = self._convolved
        assert convolved is not None
        layer = convolved.convolution
        several = f" of {numbered('filter', self._filter)}" if layer.filters > 1 else ""
        rows, columns, _ = convolved.inputs.shape
        kernel_rows, kernel_columns = layer.kernel.shape[:2]
        turned = ", turned" if layer.flipped else ""
        self._titles["input"].setText(f"Input, {rows}×{columns}" + (f"×{layer.channels}" if layer.channels > 1 else ""))
        self._titles["kernel"].setText(f"Kernel{several}{turned}, {kernel_rows}×{kernel_columns}")
        self._titles["products"].setText("Products")
        for number, title in enumerate(self._output_titles):
            places = "{}×{}".format(*convolved.output.shape[:2])
            title.setText(f"{numbered('Output', number) if layer.filters > 1 else 'Output'}, {places}")

    def _build(self, channels: int, filters: int) -> None:
        """Makes the matrices for so many channels and filters, in place of those that there were."""
        for lists in (self._inputs, self._kernels, self._products, self._sums, self._signs, self._outputs):
            lists.clear()
        self._output_titles.clear()
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.setColumnStretch(_OUTPUTS + 1, 1)
        self._titles = {name: _title(name) for name in ("input", "kernel", "products")}
        for place, title in zip((_INPUT, _KERNEL, _PRODUCTS), self._titles.values(), strict=True):
            title.setContentsMargins(0, 0, 0, GAP)
            grid.addWidget(title, 0, place)
        for channel in range(channels):
            self._build_row(grid, channel, f" {channel}" if channels > 1 else "")
        tip = "A number that the filter adds to every sum. Double-click to change it."
        self._bias = Matrix("lab_bias", "Bias", tip, "diverging", editable=True)
        self._bias.edited.connect(self.bias_edited)
        title = _title("bias")
        title.setText("Bias")
        self._bias_box = widget_of(column(title, self._bias, STRETCH))
        grid.addWidget(self._bias_box, channels + 1, _KERNEL)
        self._way = _Way()
        grid.addWidget(self._way, 0, _OUTPUTS - 1, channels + 2, 1)
        maps = column()
        for number in range(filters):
            self._build_map(maps, number, f" {number}" if filters > 1 else "")
        maps.addStretch(1)
        grid.addLayout(maps, 0, _OUTPUTS, channels + 2, 1)
        old, self._content = self._content, widget_of(grid)
        self._holder.removeWidget(old)
        old.setParent(None)
        old.deleteLater()
        self._holder.addWidget(self._content)
        self._content.show()

    def _build_row(self, grid: QGridLayout, channel: int, which: str) -> None:
        number = which.replace(" ", "_")
        inputs = Matrix(
            f"lab_input{number}",
            f"Input{which}",
            "What the kernel slides over. Point at a number to see where it goes; double-click to change it.",
            "grey",
            editable=True,
        )
        kernel = Matrix(
            f"lab_kernel{number}",
            f"Kernel{which}",
            "The weights, which a network learns. Point at one to see all numbers that it meets; double-click to "
            "change it.",
            "diverging",
            editable=True,
        )
        products = Matrix(
            f"lab_products{number}",
            f"Products{which}",
            "Each number under the window times the weight that lies on it.",
            "diverging",
        )
        total = _title(f"sum{number}")
        set_role(total, "strong")
        signs: list[QLabel] = [label(text, "secondary", wrap=False) for text in ("×", "=")]
        for sign in signs:
            sign.setFixedWidth(_SIGN)
            sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for place, part in ((_INPUT, inputs), (_KERNEL, kernel), (_PRODUCTS, products)):
            below = (total,) if part is products else ()
            grid.addLayout(column(part, *below, GAP, STRETCH, gap=GAP // 2), channel + 1, place)
        for place, sign in zip((_KERNEL - 1, _PRODUCTS - 1), signs, strict=True):
            grid.addWidget(sign, channel + 1, place, Qt.AlignmentFlag.AlignTop)
        inputs.pointed.connect(partial(self._hear, "input", channel))
        inputs.activated.connect(partial(self._click, "input", channel))
        inputs.edited.connect(self.inputs_edited)
        kernel.pointed.connect(partial(self._hear, "weight", channel))
        kernel.activated.connect(partial(self._click, "weight", channel))
        kernel.edited.connect(self.kernel_edited)
        products.pointed.connect(partial(self._hear_product, channel))
        self._inputs.append(inputs)
        self._kernels.append(kernel)
        self._products.append(products)
        self._sums.append(total)
        self._signs.append(signs)

    def _build_map(self, maps: QVBoxLayout, number: int, which: str) -> None:
        output = Matrix(
            f"lab_output{which.replace(' ', '_')}",
            f"Output{which}",
            "Point at a number to see where it comes from; arrow keys move the window; a click keeps it there.",
        )
        output.pointed.connect(partial(self._hear, "output", number))
        output.activated.connect(partial(self._click, "output", number))
        title = _title(f"output{which.replace(' ', '_')}")
        maps.addWidget(title)
        maps.addWidget(output)
        self._outputs.append(output)
        self._output_titles.append(title)

    # Marks.

    def _mark(self, subject: Subject | None, share: float) -> None:
        convolved = self._convolved
        assert convolved is not None
        self._place = subject if isinstance(subject, Place) else None
        for matrix in (*self._inputs, *self._kernels, *self._outputs):
            matrix.set_window(None)
            matrix.set_marked(None)
            matrix.set_outlined(None)
        match subject:
            case Place():
                self._mark_place(subject, share)
            case InputNumber():
                self._mark_input(subject)
            case Weight():
                self._mark_weight(subject)

    def _mark_place(self, place: Place, share: float) -> None:
        convolved = self._convolved
        assert convolved is not None
        step = convolved.step(place.row, place.column, place.filter)
        down, across = convolved.windows
        top, left = place.row * down.stride, place.column * across.stride
        window = QRectF(left, top, across.kernel, down.kernel)
        if share < _SLID:
            before = self._before(place)
            moved = _ease.valueForProgress(share / _SLID)
            window.translate((before.x() - left) * (1 - moved), (before.y() - top) * (1 - moved))
        dilated = max(convolved.convolution.dilations) > 1
        marked = np.zeros(convolved.padded.shape[:2], bool)
        marked[np.ix_(step.rows + down.padding[0], step.columns + across.padding[0])] = True
        for channel in step.channels:
            self._inputs[channel].set_window(window)
            if dilated and share >= _SLID:
                self._inputs[channel].set_marked(marked)
            products = step.products[..., channel - step.channels.start]
            self._products[channel].set_values(products, _weight_limits(step.products))
        for number, matrix in enumerate(self._outputs):
            matrix.set_outlined((place.row, place.column) if number == place.filter and share >= _MULTIPLIED else None)

    def _before(self, place: Place) -> QPoint:
        """The top left corner of the window at the place before; its own at the first one."""
        convolved = self._convolved
        assert convolved is not None
        down, across = convolved.windows
        number = max(0, place.row * across.output + place.column - 1)
        row, column_ = divmod(number, across.output)
        return QPoint(column_ * across.stride, row * down.stride)

    def _mark_input(self, number: InputNumber) -> None:
        convolved = self._convolved
        assert convolved is not None
        uses = convolved.uses(number.row, number.column)
        outputs = np.zeros(convolved.output.shape[:2], bool)
        weights = np.zeros(convolved.convolution.kernel.shape[:2], bool)
        for use in uses:
            outputs[use.row, use.column] = True
            weights[use.weight] = True
        if convolved.convolution.flipped:
            weights = weights[::-1, ::-1]
        for filter_, matrix in enumerate(self._outputs):
            seen = number.channel in convolved.channels_of(filter_)
            matrix.set_marked(outputs if seen else np.zeros_like(outputs))
        self._kernels[number.channel].set_marked(weights)
        down, across = convolved.windows
        cell = (number.row + down.padding[0], number.column + across.padding[0])
        self._inputs[number.channel].set_outlined(cell)

    def _mark_weight(self, weight: Weight) -> None:
        convolved = self._convolved
        assert convolved is not None
        meeting = convolved.meeting(weight.row, weight.column, weight.channel, weight.filter)
        down, across = convolved.windows
        marked = np.zeros(convolved.padded.shape[:2], bool)
        marked[np.ix_(meeting.rows + down.padding[0], meeting.columns + across.padding[0])] = True
        channel = convolved.channels_of(weight.filter)[weight.channel]
        for number, matrix in enumerate(self._inputs):
            matrix.set_marked(marked if number == channel else np.zeros_like(marked))
        self._kernels[channel].set_outlined(self._turned(weight.row, weight.column))

    def _turned(self, row: int, column_: int) -> Cell:
        """Where a weight lies on the board, or from there, where it stands in the kernel as it was given."""
        assert self._convolved is not None
        layer = self._convolved.convolution
        if not layer.flipped:
            return row, column_
        rows, columns = layer.kernel.shape[:2]
        return rows - 1 - row, columns - 1 - column_

    def _reveal(self, subject: Subject | None, step: int, share: float) -> None:
        """Shows the numbers of the output that have been computed, and the products as far as they have come."""
        convolved = self._convolved
        assert convolved is not None
        shape = convolved.output.shape[:2]
        each = shape[0] * shape[1]
        computed = step - (share < 1)
        for number, matrix in enumerate(self._outputs):
            done = np.arange(each).reshape(shape) < computed - number * each
            if isinstance(subject, Place) and number == subject.filter and share == 1:
                done[subject.row, subject.column] = True
            matrix.set_shown(None if done.all() else done)
        size = convolved.convolution.kernel.shape[:2]
        weights = size[0] * size[1]
        come = min(max((share - _SLID) / (_MULTIPLIED - _SLID), 0.0), 1.0) if isinstance(subject, Place) else 0.0
        shown = np.arange(weights).reshape(size) < round(come * weights)
        current = self._step_at(subject)
        for channel, matrix in enumerate(self._products):
            if matrix.isHidden():
                continue
            matrix.set_shown(None if shown.all() else shown)
            total = current.sums[channel - current.channels.start] if current is not None and come == 1 else None
            self._sums[channel].setText("Sum" if total is None else f"Sum {number_text(float(total))}")
        self._fly(subject, current, share)

    def _step_at(self, subject: Subject | None) -> Step | None:
        if not isinstance(subject, Place) or self._convolved is None:
            return None
        return self._convolved.step(subject.row, subject.column, subject.filter)

    def _fly(self, subject: Subject | None, step: Step | None, share: float) -> None:
        """Moves the number from under the products to its place in the output."""
        if step is None or not isinstance(subject, Place) or not _MULTIPLIED <= share < 1:
            self._flying.hide()
            return
        output = self._outputs[subject.filter]
        target = output.mapTo(self, output.cell_rectangle((subject.row, subject.column)).center().toPoint())
        source = self._sums[step.channels.start]
        start = source.mapTo(self, source.rect().center())
        self._flying.setText(number_text(step.value))
        self._flying.adjustSize()
        way = _ease.valueForProgress((share - _MULTIPLIED) / (1 - _MULTIPLIED))
        centre = start + (target - start) * way
        self._flying.move(centre - self._flying.rect().center())
        self._flying.show()
        self._flying.raise_()

    def _pin(self, pinned: Subject | None) -> None:
        assert self._convolved is not None
        down, across = self._convolved.windows
        first = self._convolved.channels_of(self._filter).start
        for matrix in (*self._inputs, *self._kernels, *self._outputs):
            matrix.set_pinned(None)
        match pinned:
            case InputNumber(row, column_, channel):
                self._inputs[channel].set_pinned((row + down.padding[0], column_ + across.padding[0]))
            case Weight(row, column_, channel, filter_) if filter_ == self._filter:
                self._kernels[first + channel].set_pinned(self._turned(row, column_))
            case Place(row, column_, filter_):
                self._outputs[filter_].set_pinned((row, column_))

    # What is pointed at.

    def _subject(self, kind: str, number: int, cell: Cell) -> Subject | None:
        convolved = self._convolved
        if convolved is None:
            return None
        if kind == "output":
            return Place(*cell, number)
        if kind == "weight":
            return Weight(*self._turned(*cell), number - convolved.channels_of(self._filter).start, self._filter)
        down, across = convolved.windows
        row, column_ = cell[0] - down.padding[0], cell[1] - across.padding[0]
        height, width, _ = convolved.inputs.shape
        return InputNumber(row, column_, number) if 0 <= row < height and 0 <= column_ < width else None

    def _hear(self, kind: str, number: int, cell: Cell | None) -> None:
        self.pointed.emit(None if cell is None else self._subject(kind, number, cell))

    def _hear_product(self, channel: int, cell: Cell | None) -> None:
        if self._convolved is not None:
            first = self._convolved.channels_of(self._filter).start
            self.term_pointed.emit(None if cell is None else (channel - first, *cell))

    def _click(self, kind: str, number: int, item: int) -> None:
        matrices = {"output": self._outputs, "weight": self._kernels, "input": self._inputs}[kind]
        subject = self._subject(kind, number, divmod(item, matrices[number].columns()))
        if subject is not None:
            self.clicked.emit(subject)


class _Way(QWidget):
    """An arrow from the products of a filter, which are added up, to the map that the filter makes."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(_SIGN)
        self._sources: list[Matrix] = []
        self._target: Matrix | None = None

    def lead(self, sources: list[Matrix], target: Matrix) -> None:
        """Leads from the products of all channels that the filter sees to the middle of its map."""
        self._sources, self._target = sources, target
        self.update()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        around = self.parentWidget()
        if self._target is None or around is None:
            return
        *begins, end = (
            one.mapTo(around, one.rect().center()).y() - self.y() + 0.5 for one in (*self._sources, self._target)
        )
        left, bend, tip = GRID / 2 + 0.5, GRID + GRID / 2 + 0.5, _SIGN - GRID / 2 + 0.5
        lines = [QLineF(left, begin, bend, begin) for begin in begins]
        lines.append(QLineF(bend, min(*begins, end), bend, max(*begins, end)))
        lines.append(QLineF(bend, end, tip, end))
        lines += [QLineF(tip, end, tip - GRID / 2, end + side * GRID / 2) for side in (-1, 1)]
        painter = QPainter(self)
        painter.setPen(QPen(QColor(colours().secondary), 1))
        painter.drawLines(lines)
        painter.end()


def _title(name: str) -> QLabel:
    """What stands above or below a matrix, where its cells begin."""
    title = label("", "small", f"lab_{name}_title", wrap=False)
    title.setIndent(EDGE)
    return title


def _shared_limits(values: np.ndarray) -> tuple[float, float]:
    """What gets the ends of the colours of several maps; 0 is among them."""
    finite = values[np.isfinite(values)]
    low, high = (min(float(finite.min()), 0.0), max(float(finite.max()), 0.0)) if finite.size else (0.0, 1.0)
    return (low, high) if high > low else (low, low + 1)


def _weight_limits(values: np.ndarray) -> tuple[float, float]:
    """Likewise of colours that are symmetric about 0, paler than they could be, so that all numbers can be read."""
    finite = np.abs(values[np.isfinite(values)])
    largest = 1.6 * float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    return -largest, largest
