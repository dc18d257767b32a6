"""The levels below the network: how one map is made, and how one number of it comes about."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from html import escape

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, label
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, no_wider, row, widget_of
from cnnstudio.gui.look.theme import GAP, GRID, colours, icon
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.gui.widgets.maps.arithmetic_view import WIDTH, Products, summing, weight_limits
from cnnstudio.gui.widgets.maps.colour_scale import exact_value, format_value, limits_of
from cnnstudio.gui.widgets.maps.convolution_view import ConvolutionView
from cnnstudio.gui.widgets.maps.map_dialog import as_map
from cnnstudio.gui.widgets.maps.term_bars import TermBar, TermBars
from cnnstudio.gui.widgets.maps.value_map import ValueMap
from cnnstudio.lab.experiment import Experiment, Origin
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.models.trained.classifier import IMAGE
from cnnstudio.models.trained.lab_experiments import experiment_of, softmax_experiment
from cnnstudio.models.trained.layer_arithmetic import (
    Arithmetic,
    Calculation,
    CellArithmetic,
    LayerArithmetic,
    Number,
    Place,
    Softmax,
)

STEP = 250
"""Milliseconds from one number to the next while a window slides by itself."""

_MAP = 24 * GRID
_SMALL_MAP, _LARGEST_MAP = 17 * GRID, 64 * GRID
_LARGEST_CELL = 8 * GRID
"""Of a map of few numbers, in device-independent pixels."""
_FRAME = 6
"""Around a map, on both sides together."""
_LINE = 60 * GRID
"""Width of a formula with what its terms are, at most, in device-independent pixels."""
_CAPTION = 6 * GRID
"""Height of what stands below a map, with the gaps around it."""
_BROADEST = 120 * GRID
"""Of bars: in longer lines one loses the way from a name to its number."""
_NARROW = WIDTH + 2 * _MAP + 4 * GAP
_STRONGEST = 12
_NEAR = 1e-5
_LARGEST_PATCH = 12
_WORDS = {function.title: function.formula for function in ACTIVATIONS.values() if function.formula}


class Level(QWidget):
    """One level of the way down to a number.

    Attributes:
        channel: the map or the unit that is explained, counted from 0.
        button: lets what moves by itself go on or rest; None where nothing does. Whoever shows the level gives it a
            place, and deletes it with the level.

    Signals:
        deeper(object): a function that makes the level below, which is to be shown.
        nothing_clicked(): the ground was clicked.
        done(str): what a hint asks for was done, by the hint's name.
    """

    deeper = Signal(object)
    nothing_clicked = Signal()
    done = Signal(str)

    title = ""
    """Where one is, for the way back."""
    hint = ""
    hint_name = ""
    concept = ""
    """What it explains, where that is not what its layer mainly does."""
    channel = 0
    true_class: int | None = None
    """What the image really shows; None where that is not known."""
    button: QPushButton | None = None

    def show_arithmetic(self, arithmetic: Arithmetic) -> None:
        """Shows the same for another image."""
        raise NotImplementedError

    @property
    def experiment(self) -> Experiment | None:
        """The number that is explained, for the Lab; None where there is none, or the Lab has no room for it."""
        return None

    def target(self) -> QRectF:
        """Where the map or the unit that was clicked stands on this level, on this widget."""
        raise NotImplementedError

    def begin(self, reduced: bool) -> None:
        """It was opened just now; `reduced`: nothing is to move by itself."""

    def stop(self) -> None:
        """Lets all rest; the level is left."""

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.type() == QEvent.Type.MouseButtonPress:  # the second press of a double click is none of its own
            self.nothing_clicked.emit()


class ConvolutionLevel(Level):
    """A map of a convolution: what each kernel makes of its input map, and their sum.

    Args:
        arithmetic: of the layer.
        channel: of the map.
    """

    hint = "Click a row to see its numbers."
    hint_name = "row"

    def __init__(self, arithmetic: LayerArithmetic, channel: int) -> None:
        super().__init__()
        self._arithmetic, self.channel = arithmetic, channel
        self.title = f"{arithmetic.name}, {wording.numbered('map', channel)}"
        self._view = ConvolutionView()
        self._view.chosen.connect(self._open)
        self._view.nothing_clicked.connect(self.nothing_clicked)
        self._view.uncovered.connect(self._show_button)
        self.button = self._button = push_button(
            "slide_button", "", "Shows all results at once; then lets the kernels slide again.", self._toggle
        )
        self._text = label(name="convolution_text")
        self.setLayout(column(self._text, (self._view, 1)))
        self.setFocusProxy(self._view)
        self._view.show_map(arithmetic, channel, anew=True)
        self._tell()
        self._show_button()

    def begin(self, reduced: bool) -> None:
        """Lets the kernels slide, or shows all results at once."""
        if reduced:
            self._view.uncover()
        else:
            self._view.start()
        self._show_button()

    def show_arithmetic(self, arithmetic: Arithmetic) -> None:
        """Shows the same for another image."""
        if isinstance(arithmetic, LayerArithmetic):
            self._arithmetic = arithmetic
            self._view.show_map(arithmetic, self.channel, anew=False)

    def target(self) -> QRectF:
        """The sum at the right."""
        return self._view.map_rectangle().translated(self._view.pos())

    def stop(self) -> None:
        """Stops the kernels."""
        self._view.stop()

    def _tell(self) -> None:
        seen = self._view.item_count()
        text = "This map sees one input map through one kernel."
        if seen > 1:
            text = f"This map sees {seen:,} input maps, each through a kernel of its own; the results are added up."
        self._text.setText(text)

    @Slot()
    def _show_button(self) -> None:
        self._button.setText(" Slide again" if self._view.step == self._view.count else " Show all")
        self._button.setIcon(icon("redo" if self._view.step == self._view.count else "chevron-right"))

    @Slot()
    def _toggle(self) -> None:
        if self._view.step == self._view.count:
            self._view.start()
        else:
            self._view.uncover()
        self._show_button()

    @Slot(int)
    def _open(self, place: int) -> None:
        self.done.emit(self.hint_name)
        self.deeper.emit(partial(NumberLevel, self._arithmetic, self.channel, place))


class NumberLevel(Level):
    """One number that a window makes: the input, the patch with its kernel, the output.

    The window slides by itself until something is pointed at.

    Args:
        arithmetic: of the layer.
        channel: of the output.
        place: the number of the input map among those that the filter sees; None shows what all give together.
        cell: the number of the output at which it begins; None for the first one.
    """

    hint = "Point at the input, the output or a weight."
    hint_name = "number"

    def __init__(self, arithmetic: LayerArithmetic, channel: int, place: int | None, cell: Cell | None = None) -> None:
        super().__init__()
        self._arithmetic, self.channel = arithmetic, channel
        if arithmetic.kernel is None:
            self.hint = "Point at the input or the output."
        self._place, self._alone = place or 0, place is not None
        self._cell: Cell = cell or (0, 0)
        self._number: Number | None = None
        self._following = False
        self.title = _called(arithmetic, channel)
        if self._alone:
            self.title = _input_map(arithmetic, arithmetic.number(0, 0, channel).channels[self._place])
        self._input = ValueMap("number_input", "Input", "Point at a number to see where it goes.")
        self._output = ValueMap("number_output", "Output", "Point at a number to see where it comes from.")
        self._input.pointed.connect(self._follow_input)
        self._output.pointed.connect(self._follow_output)
        self._products = Products()
        self._products.weight_pointed.connect(self._follow_weight)
        self._input_name, self._output_name = label(role="secondary"), label(role="secondary")
        self._side = _SMALL_MAP
        self._sum = label(name="sum_of_products")
        self._steps = label(name="number_steps")
        self._middle = widget_of(column(self._products, self._sum, self._steps, STRETCH))
        self._timer = QTimer(self, interval=STEP)
        self._timer.timeout.connect(self._advance)
        tip = "Lets the window slide by itself, or rest."
        self._play = push_button("play_button", "Play", tip, self._toggle, title="Slide", picture="play")
        self.button = self._play if self._count > 1 else None
        self._grid = QGridLayout()
        self._grid.setSpacing(2 * GAP)
        content = ScrollColumn()
        content.set_content(column(row(self._grid, STRETCH), STRETCH))
        self._wide: bool | None = None
        self._left, self._right = (
            widget_of(column((view, 0, Qt.AlignmentFlag.AlignLeft), name, STRETCH))
            for view, name in ((self._input, self._input_name), (self._output, self._output_name))
        )
        self.setLayout(column(content))
        self._arrange(True)
        self.setFocusProxy(self._output)
        self.show_arithmetic(arithmetic)
        self._show_button()

    def begin(self, reduced: bool) -> None:
        """Lets the window slide by itself."""
        if not reduced and self._count > 1:
            self._timer.start()
        self._show_button()

    @property
    def arithmetic(self) -> LayerArithmetic:
        """Of the layer, for the image that is shown."""
        return self._arithmetic

    @property
    def number(self) -> Number | None:
        """The number that is explained."""
        return self._number

    @property
    @override
    def experiment(self) -> Experiment | None:
        return experiment_of(self._arithmetic, *self._cell, self.channel, self._place)

    @property
    def _count(self) -> int:
        shown = self._arithmetic.output.shape
        return 1 if len(shown) == 1 else shown[0] * shown[1]

    def show_arithmetic(self, arithmetic: Arithmetic) -> None:
        """Shows the same number for another image."""
        if not isinstance(arithmetic, LayerArithmetic):
            return
        self._arithmetic = arithmetic
        channels = arithmetic.number(0, 0, self.channel).channels
        source, side = channels[self._place], self._side
        _show(self._input, arithmetic.inputs[..., source], _viridis(arithmetic.inputs), side)
        if self._alone and arithmetic.kernel is not None:
            values = arithmetic.of_one(self.channel, self._place)
            shown = ("diverging", limits_of(values, "diverging"))
            called = "What this kernel makes of it" + (", before all are added up." if len(channels) > 1 else ".")
        else:
            output = arithmetic.output
            values = output[..., self.channel] if output.ndim == 3 else output[self.channel].reshape(1, 1)
            shown, called = _viridis(output), _called(arithmetic, self.channel)
        _show(self._output, values, shown, side)
        _caption(self._output_name, self._output, called)
        _caption(self._input_name, self._input, _input_map(arithmetic, source).capitalize())
        self._cell = min(self._cell[0], values.shape[0] - 1), min(self._cell[1], values.shape[1] - 1)
        self._refresh()

    def target(self) -> QRectF:
        """The output at the right."""
        return QRectF(self._output.rect()).translated(self._output.mapTo(self, QPoint()))

    def stop(self) -> None:
        """Lets the window rest."""
        self._timer.stop()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _NARROW
        across = (self.width() - WIDTH - 4 * GAP - GRID) / 2 - _FRAME
        side = _side(across, self.height() - _CAPTION) if wide else _SMALL_MAP
        if side != self._side:
            self._side = side
            self.show_arithmetic(self._arithmetic)
        self._arrange(wide)

    def _arrange(self, wide: bool) -> None:
        """Input, arithmetic and output beside each other; where there is little room, the arithmetic below."""
        if wide == self._wide:
            return
        self._wide = wide
        for widget in (self._left, self._middle, self._right):
            self._grid.removeWidget(widget)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(self._left, 0, 0, top)
        if wide:
            self._grid.addWidget(self._middle, 0, 1, top)
            self._grid.addWidget(self._right, 0, 2, top)
        else:
            self._grid.addWidget(self._right, 0, 1, top)
            self._grid.addWidget(self._middle, 1, 0, 1, 2, top)
        self._middle.setFixedWidth(WIDTH)

    @Slot()
    def _advance(self) -> None:
        width = self._output.values.shape[1]
        place = (self._cell[0] * width + self._cell[1] + 1) % self._count
        self._go(divmod(place, width))

    @Slot()
    def _toggle(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
        else:
            self._timer.start()
        self._show_button()

    def _show_button(self) -> None:
        self._play.setText(" Pause" if self._timer.isActive() else " Play")
        self._play.setIcon(icon("stop" if self._timer.isActive() else "play"))

    def _go(self, cell: tuple[int, int]) -> None:
        self._cell = cell
        self._refresh()

    def _pause(self) -> None:
        self._timer.stop()
        self._show_button()
        self.done.emit(self.hint_name)

    @Slot(object)
    def _follow_output(self, cell: Cell | None) -> None:
        if cell is not None and not self._following:
            self._pause()
            self._input.point(None)
            self._go(cell)

    @Slot(object)
    def _follow_input(self, cell: Cell | None) -> None:
        """The number of the output in whose window the cell lies, as near its middle as can be."""
        if cell is None or self._following:
            return
        self._pause()
        rows, columns = self._arithmetic.reached_by(*cell)
        if rows and columns:
            self._go((rows[len(rows) // 2], columns[len(columns) // 2]))

    @Slot(object)
    def _follow_weight(self, cell: Cell | None) -> None:
        """All inputs that one weight meets light up, where it is a weight of all numbers."""
        if cell is None or self._number is None or self._arithmetic.kernel is None:
            self._input.mark_lattice(None)
            return
        self._pause()
        rows, columns = self._number.weights
        self._input.mark_lattice(self._arithmetic.meeting(int(rows[cell[0]]), int(columns[cell[1]])))

    def _refresh(self) -> None:
        arithmetic = self._arithmetic
        self._number = number = arithmetic.number(*self._cell, self.channel)
        patch = number.patch[..., self._place]
        kernel = None if number.kernel is None else number.kernel[..., self._place]
        winner = chosen = None
        if number.reduction == "max" and patch.size > 1 and not np.isnan(patch).all():
            chosen = divmod(int(np.nanargmax(patch)), patch.shape[1])
            winner = (int(number.rows[chosen[0]]), int(number.columns[chosen[1]]))
        self._input.mark_window((number.rows, number.columns), winner)
        self._following = True
        self._output.point(self._cell)
        self._following = False
        weights = weight_limits(arithmetic, number)
        self._products.setVisible(0 < max(patch.shape) <= _LARGEST_PATCH and patch.size > 0)
        if patch.size:
            self._products.show_numbers(patch, kernel, limits_of(arithmetic.inputs, "viridis"), weights, chosen)
        self._sum.setVisible(kernel is not None)
        if kernel is not None:
            self._sum.setText(f"Patch × kernel, added up: <b>{exact_value(float(number.sums[self._place]))}</b>")
        lines = summing(number)
        if formula := _WORDS.get(number.activation):
            lines.append(f"<span>{escape(number.activation)}(x) = {escape(formula)}</span>")
        self._steps.setText("<br>".join(lines))


class DenseLevel(Level):
    """One number of a dense layer: its strongest inputs, the others together, and the bias.

    Args:
        arithmetic: of the layer.
        channel: the unit.
        names: of the classes, where the layer gives the answer.
    """

    def __init__(self, arithmetic: LayerArithmetic, channel: int, names: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._arithmetic, self.channel = arithmetic, channel
        self.title = f"{arithmetic.name}, {names[channel] if names else wording.numbered('unit', channel)}"
        self._bars = TermBars("strongest_inputs", "The strongest inputs", signed=True)
        self._steps = label(name="number_steps")
        content = ScrollColumn()
        content.set_content(column(self._steps, no_wider(self._bars, _BROADEST), STRETCH, gap=2 * GAP))
        self.setLayout(column(content))
        self.setFocusProxy(self._bars)
        self.show_arithmetic(arithmetic)

    @property
    @override
    def experiment(self) -> Experiment | None:
        return experiment_of(self._arithmetic, 0, 0, self.channel)

    def show_arithmetic(self, arithmetic: Arithmetic) -> None:
        """Shows the same unit for another image."""
        if not isinstance(arithmetic, LayerArithmetic) or arithmetic.kernel is None:
            return
        self._arithmetic = arithmetic
        number = arithmetic.number(0, 0, self.channel)
        inputs, weights = arithmetic.inputs[0, 0].astype(np.float64), arithmetic.kernel[0, 0, :, self.channel]
        products = number.sums
        order = np.argsort(-np.abs(np.nan_to_num(products)), kind="stable")[:_STRONGEST]
        bars = [
            TermBar(
                _input(arithmetic, place),
                f"{_digits(float(inputs[place]))} × {_digits(float(weights[place]), inside=True)}",
                float(products[place]),
                text=exact_value(float(products[place])),
            )
            for place in order.tolist()
        ]
        rest = len(products) - len(order)
        if rest:
            others = float(products.sum() - products[order].sum())
            bars.append(TermBar(f"{rest:,} others", "together", others, text=exact_value(others)))
        if number.bias is not None:
            bars.append(TermBar("bias", "", number.bias, text=exact_value(number.bias)))
        self._bars.show_terms(bars)
        text = (
            f"Each of the {len(products):,} inputs is multiplied with a weight of its own; the products are added up."
        )
        self._steps.setText("<br>".join([text, *summing(number, "inputs")]))

    def target(self) -> QRectF:
        """The end of the steps, where its number stands."""
        side = self._steps.fontMetrics().height()
        place = QRectF(0, self._steps.height() - side, side, side)
        return place.translated(self._steps.mapTo(self, QPoint()))


class SoftmaxLevel(Level):
    """How logits become probabilities: e to the power of each, their sum, and the quotients.

    Args:
        arithmetic: of the layer.
        channel: the class that is asked about.
        names: of the classes, where the layer gives the answer.
        cell: at which place it begins, where the layer has maps; None for the middle.
    """

    hint = "Point at a term of the sum, or at a row."
    hint_name = "softmax"
    concept = "softmax"

    def __init__(self, arithmetic: Arithmetic, channel: int, names: tuple[str, ...], cell: Cell | None = None) -> None:
        super().__init__()
        self._arithmetic, self.channel, self._names = arithmetic, channel, names
        self._cell: Cell = cell or (0, 0)
        self._bars = TermBars("softmax_terms", "The terms of the softmax")
        self._bars.current_changed.connect(self._point)
        self._bars.activated.connect(self._open)
        self._formula = label(name="softmax_formula")
        self._formula.setTextFormat(Qt.TextFormat.RichText)
        self._formula.linkHovered.connect(self._point_link)
        self._formula.linkActivated.connect(self._point_link)
        self._output = ValueMap("softmax_output", "Output", "Point at a place to see its logits and their shares.")
        self._output.pointed.connect(self._go)
        self._output_name = label("", "secondary")
        content = ScrollColumn()
        content.set_content(column(self._formula, no_wider(self._bars, _BROADEST), STRETCH, gap=2 * GAP))
        maps = widget_of(column((self._output, 0, Qt.AlignmentFlag.AlignLeft), self._output_name, STRETCH))
        self.setLayout(row((content, 1), maps, gap=3 * GAP))
        self.setFocusProxy(self._bars)
        maps.setVisible(arithmetic.output.ndim == 3)
        if arithmetic.output.ndim == 3 and cell is None:
            self._cell = arithmetic.output.shape[0] // 2, arithmetic.output.shape[1] // 2
        self._following = False
        self._shown: list[int] = []
        self._steps: Softmax | None = None
        self.show_arithmetic(arithmetic)

    @property
    def cell(self) -> Cell:
        """Row and column of the place that is explained, where the layer has maps."""
        return self._cell

    @property
    def softmax(self) -> Softmax | None:
        """The steps that are shown."""
        return self._steps

    @property
    @override
    def experiment(self) -> Experiment | None:
        if self._steps is None:
            return None
        return softmax_experiment(self._arithmetic.name, self._steps, self.channel, self.true_class, self._names)

    def show_arithmetic(self, arithmetic: Arithmetic) -> None:
        """Shows the same for another image."""
        self._arithmetic = arithmetic
        if isinstance(arithmetic, LayerArithmetic):
            steps = arithmetic.softmax(*self._cell)
        else:
            steps = arithmetic.number(*self._cell, self.channel).softmax
        self._steps = steps
        if steps is None:
            return
        if arithmetic.output.ndim == 3:
            self._show_output()
        order = np.argsort(-steps.logits, kind="stable").tolist()
        self._shown = sorted({*order[:_STRONGEST], self.channel}) if len(order) > _STRONGEST else sorted(order)
        bars = [
            TermBar(
                self._name(number),
                f"e^{_five_decimals(float(steps.logits[number] - steps.shift))} = "
                f"{_five_decimals(float(steps.exponentials[number]))}",
                share := float(steps.exponentials[number] / steps.total),
                circle=float(steps.logits[number]),
                text=_five_decimals(share),
            )
            for number in self._shown
        ]
        self._bars.show_terms(bars)
        if self.channel in self._shown:
            self._bars.set_current(self._shown.index(self.channel))
        self._write()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._arithmetic.output.ndim == 3:
            self._show_output()

    def target(self) -> QRectF:
        """The row of the class."""
        place = self._bars.item_rectangle(max(0, self._bars.current))
        return place.translated(self._bars.mapTo(self, QPoint()))

    def _name(self, number: int) -> str:
        return self._names[number] if self._names else wording.channel(number, self._arithmetic.output.ndim)

    def _write(self) -> None:
        self.title = f"{self._name(self.channel)}, softmax"
        steps = self.softmax
        if steps is None:
            return
        number, theme = self.channel, colours()
        terms = []
        for other in self._shown:
            text = _five_decimals(float(steps.exponentials[other]))
            style = f"color:{theme.text};text-decoration:none;{'font-weight:600' if other == number else ''}"
            terms.append(f'<a href="{other}" style="{style}">{text}</a>')
        rest = len(steps.logits) - len(self._shown)
        total = " + ".join(terms) + (f" + … ({rest:,} more)" if rest else "")
        exponential = float(steps.exponentials[number])
        power, whole, share = (_five_decimals(one) for one in (exponential, steps.total, exponential / steps.total))
        less = _five_decimals(float(steps.logits[number] - steps.shift))
        logit, largest = _five_decimals(float(steps.logits[number])), _five_decimals(steps.shift)
        self._formula.setText(
            f"The logit of <b>{escape(self._name(number))}</b> is {logit}. From each logit the largest, {largest}, is "
            "taken first, as Keras does: the shares stay the same, and no power of e gets too large.<br>"
            f"e^{less} = <b>{power}</b><br>The sum over all: {total} = {whole}<br>"
            f"{power} / {f'({whole})' if ' ' in whole else whole} = <b>{share}</b>"
        )

    def _show_output(self) -> None:
        self._following = True
        values = self._arithmetic.output[..., self.channel]
        _show(self._output, values, ("viridis", (0.0, 1.0)), _side(self.width() / 5, self.height() - _CAPTION))
        self._output.point(self._cell)
        self._following = False
        called = f"{_called(self._arithmetic, self.channel)}; {wording.cell(*self._cell)}"
        _caption(self._output_name, self._output, called)

    @Slot(object)
    def _go(self, cell: Cell | None) -> None:
        """Explains another place of the maps."""
        if cell is not None and not self._following and cell != self._cell:
            self._cell = cell
            self.show_arithmetic(self._arithmetic)
            self.done.emit(self.hint_name)

    @Slot(int)
    def _point(self, item: int) -> None:
        if 0 <= item < len(self._shown) and self._shown[item] != self.channel:
            self.channel = self._shown[item]
            if self._arithmetic.output.ndim == 3:
                self._show_output()
            self._write()
            self.done.emit(self.hint_name)

    @Slot(str)
    def _point_link(self, link: str) -> None:
        if link:
            self._bars.set_current(self._shown.index(int(link)))

    @Slot(int)
    def _open(self, item: int) -> None:
        arithmetic, channel = self._arithmetic, self._shown[item]
        if isinstance(arithmetic, LayerArithmetic) and arithmetic.kernel is not None:
            if arithmetic.takes_vector:
                self.deeper.emit(partial(DenseLevel, arithmetic, channel, self._names))
            else:
                self.deeper.emit(partial(ConvolutionLevel, arithmetic, channel))


class FormulaLevel(Level):
    """One number that follows from few others by a formula, or is handed on.

    Args:
        arithmetic: of the layer.
        channel: of the output.
        cell: the number of the output at which it begins; None for the one in the middle.
    """

    hint = "Point at the input or the output."
    hint_name = "formula"

    def __init__(self, arithmetic: CellArithmetic, channel: int, cell: Cell | None = None) -> None:
        super().__init__()
        self._arithmetic, self.channel = arithmetic, channel
        self._cell: Cell = cell or (0, 0)
        self._following = False
        self._inputs: list[ValueMap] = []
        self._input_names: list[QLabel] = []
        left = Qt.AlignmentFlag.AlignLeft
        inputs = QVBoxLayout()
        for number in range(min(len(arithmetic.sources), 4)):
            view = ValueMap(f"formula_input_{number + 1}", "Input", "Point at a number to see where it goes.")
            view.pointed.connect(partial(self._follow_input, number))
            name = label("", "secondary", f"formula_input_name_{number + 1}")
            inputs.addLayout(column((view, 0, left), name))
            self._inputs.append(view)
            self._input_names.append(name)
        inputs.addStretch()
        self._shown = [0] * len(self._inputs)
        self._output = ValueMap("formula_output", "Output", "Point at a number to see where it comes from.")
        self._output.pointed.connect(self._follow_output)
        self._text = label(name="number_steps")
        self._text.setMaximumWidth(_LINE)
        self._name = label("", "secondary")
        middle = column(self._text, STRETCH)
        content = ScrollColumn()
        right = column((self._output, 0, left), self._name, STRETCH)
        beside = row(inputs, (middle, 1), right, gap=3 * GAP)
        beside.addStretch()  # the text has a largest width
        content.set_content(column(beside, STRETCH))
        self.setLayout(column(content))
        self.setFocusProxy(self._output)
        if cell is None and arithmetic.output.ndim == 3:
            self._cell = arithmetic.output.shape[0] // 2, arithmetic.output.shape[1] // 2
        self.show_arithmetic(arithmetic)

    @property
    def calculation(self) -> Calculation:
        """The number that is explained."""
        return self._arithmetic.number(*self._cell, self.channel)

    @property
    @override
    def experiment(self) -> Experiment | None:
        return experiment_of(self._arithmetic, *self._cell, self.channel)

    def show_arithmetic(self, arithmetic: Arithmetic) -> None:
        """Shows the same number for another image."""
        if not isinstance(arithmetic, CellArithmetic):
            return
        self._arithmetic = arithmetic
        self._refresh()

    def target(self) -> QRectF:
        """The output at the right, or the unit in it."""
        place = QRectF(self._output.rect())
        if self._output.units:
            place = self._output.cell_rectangle(self._output.cell_of(self.channel))
        return place.translated(self._output.mapTo(self, QPoint()))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        arithmetic, calculation = self._arithmetic, self.calculation
        count = max(1, len(self._inputs))
        side = _side((self.width() - _LINE) / 2 - _FRAME, self.height() - _CAPTION)
        fitting = side if count == 1 else max(_SMALL_MAP // 3, min(side * 2 // 3, self.height() // count - _CAPTION))
        self._following = True
        for number, view in enumerate(self._inputs):
            source = arithmetic.sources[number]
            place = next((t.place for t in calculation.terms if t.place and t.place.source == number), None)
            if place is not None:
                self._shown[number] = place.channel
            view.units = len(source) if source.ndim == 1 else 0
            _show(view, as_map(source, self._shown[number]), _viridis(source), fitting)
            if place is None:
                view.mark_window(None)
            else:
                cell = view.cell_of(place.channel) if source.ndim == 1 else (place.row, place.column)
                view.mark_window((np.array([cell[0]]), np.array([cell[1]])))
            if arithmetic.source_names:
                _caption(self._input_names[number], view, self._name_of_input(number, place))
        output = arithmetic.output
        units = len(output) if output.ndim == 1 else 0
        self._output.units = units
        _show(self._output, as_map(output, self.channel), _viridis(output), side)
        self._output.point(self._output.cell_of(self.channel) if units else self._cell)
        self._following = False
        self.title = _called(arithmetic, self.channel)
        _caption(self._name, self._output, breakable(self.title))
        self._text.setText(explained(calculation, arithmetic))

    def _name_of_input(self, number: int, place: Place | None) -> str:
        """What an input is called; of several, whether it has a part in the number."""
        name = _came_from(self._arithmetic, number, self._shown[number])
        if place is not None or len(self._inputs) == 1:
            return name
        if self._arithmetic.sources[number].ndim == 1:  # all of its units are seen
            name = breakable(self._arithmetic.source_names[number])
        return f"{name}: not used here"

    @Slot(object)
    def _follow_output(self, cell: Cell | None) -> None:
        if cell is None or self._following:
            return
        self._let_go(self._inputs)
        if self._arithmetic.output.ndim == 1:
            self.channel = cell[0] * self._output.values.shape[1] + cell[1]
        else:
            self._cell = cell
        self._refresh()
        self.done.emit(self.hint_name)

    def _follow_input(self, number: int, cell: Cell | None) -> None:
        if cell is None or self._following:
            return
        self._let_go(view for other, view in enumerate(self._inputs) if other != number)
        if self._arithmetic.sources[number].ndim == 1:
            place = Place(number, 0, 0, cell[0] * self._inputs[number].values.shape[1] + cell[1])
        else:
            place = Place(number, *cell, self._shown[number])
        there = self._arithmetic.reached_by(place)
        if there is not None:
            self._cell, self.channel = there[:2], there[2]
            self._refresh()
            self.done.emit(self.hint_name)

    def _let_go(self, views: Iterable[ValueMap]) -> None:
        """Takes the mark of what was pointed at before from these maps."""
        for view in views:
            view.point(None)


def explained(calculation: Calculation, arithmetic: CellArithmetic) -> str:
    """A calculation in words and numbers, as rich text."""
    value = f"<b>{_digits(calculation.result)}</b>"
    if not calculation.formula:
        (term,) = calculation.terms
        if term.place is None:
            return f"{value}: {term.name}."
        text = f"{value}: this number is handed on as it is"
        if arithmetic.source_names:
            text += f", from {escape(_came_from(arithmetic, term.place.source, term.place.channel))}"
            if arithmetic.sources[term.place.source].ndim == 3:
                text += f", {wording.cell(term.place.row, term.place.column)}"
        return f"{text}."
    lines = [f"<b>{escape(calculation.formula)}</b>"]
    if calculation.softmax is None:
        values = {term.symbol: term.value for term in calculation.terms}
        symbols = "|".join(sorted(map(re.escape, values), key=len, reverse=True))
        written = re.sub(symbols, lambda found: _digits(values[found[0]], inside=True), calculation.formula)
        lines.append(f"{escape(written)} = {value}")
        lines.append("")
        lines += [f"{escape(one.symbol)} = {_digits(one.value)}, {escape(one.name)}" for one in calculation.terms]
    return "<br>".join(lines)


def _five_decimals(value: float) -> str:
    """A number to 1e-5; where it is nearer to 0 or to 1 than that, how near."""
    if not np.isfinite(value) or abs(value) < _NEAR or value == 1:
        return format_value(value)
    if abs(value - 1) < _NEAR:
        return f"1 {'+' if value > 1 else '−'} {format_value(abs(value - 1))}"
    return f"{value:,.5f}".replace("-", "−")


def _called(arithmetic: Arithmetic, channel: int) -> str:
    """A map or a unit of a layer: “conv1, map 0”."""
    return f"{arithmetic.name}, {wording.channel(channel, arithmetic.output.ndim)}"


def _came_from(arithmetic: CellArithmetic, source: int, channel: int) -> str:
    """A map or a unit that a layer was given, by the layer that made it: “conv1, map 0”."""
    name = arithmetic.source_names[source]
    if name == IMAGE:
        return "the image"
    return breakable(f"{name}, {wording.channel(channel, arithmetic.sources[source].ndim)}")


def _input(arithmetic: LayerArithmetic, place: int) -> str:
    """One of the numbers of the vector that a layer was given, by what it is where it comes from."""
    if arithmetic.origin is None:
        return wording.numbered("input", place)
    name = "image" if arithmetic.origin == IMAGE else arithmetic.origin
    if len(arithmetic.origin_shape) < 3:
        return f"{name}, {wording.numbered('unit', place)}"
    row_, column_, channel = map(int, np.unravel_index(place, arithmetic.origin_shape))
    parts = [name, wording.cell(row_, column_)]
    if arithmetic.origin_shape[-1] > 1:
        parts.insert(1, wording.numbered("channel" if name == "image" else "map", channel))
    return ", ".join(parts)


def _input_map(arithmetic: LayerArithmetic, channel: int) -> str:
    """One of the maps that a layer was given; where there is but one, it needs no number."""
    return wording.numbered("input map", channel) if arithmetic.inputs.shape[-1] > 1 else "input map"


def _digits(value: float, inside: bool = False) -> str:
    """A number in five digits; in brackets where it is negative and stands in a formula."""
    text = exact_value(value)
    return f"({text})" if inside and value < 0 else text


def _viridis(values: np.ndarray) -> tuple[str, tuple[float, float]]:
    return "viridis", limits_of(values, "viridis")


def _side(across: float, down: float) -> int:
    """Of a map: as large as there is room, so long as it is neither tiny nor huge."""
    return int(max(_SMALL_MAP, min(across, down, _LARGEST_MAP)))


def _show(view: ValueMap, values: np.ndarray, colours_of: tuple[str, tuple[float, float]], side: int) -> None:
    """Shows a map so large at most, in its own shape; `colours_of`: the colour map and the limits of its ends."""
    height, width = values.shape
    ratio = view.devicePixelRatioF()
    scale = side * ratio / max(height, width)
    scale = (int(scale) if scale >= 1 else scale) / ratio  # of more room its whole pixels would leave a part empty
    scale = min(scale, _LARGEST_CELL)
    view.setFixedSize(*(max(3 * GRID, round(length * scale)) + _FRAME for length in (width, height)))
    view.show_map(values, *colours_of)


def _caption(name: QLabel, view: ValueMap, text: str) -> None:
    """Says below a map what it is, as wide as the map or a little wider."""
    name.setMaximumWidth(max(_MAP, view.width()))
    name.setText(text)


def level_for(
    arithmetic: Arithmetic | None, channel: int, names: tuple[str, ...], cell: Cell | None = None
) -> tuple[Callable[[], Level], ...]:
    """What makes the level for a map or a unit; nothing where its numbers are not explained.

    Args:
        arithmetic: of the layer; None where it is not known.
        channel: of the map, or the unit.
        names: of the classes, where the layer gives the answer.
        cell: at which number of the map it begins; None for the usual one.
    """
    if arithmetic is None:
        return ()
    made: Callable[[], Level]
    if isinstance(arithmetic, CellArithmetic):
        made = partial(FormulaLevel, arithmetic, channel, cell)
        if arithmetic.number(0, 0, channel).softmax is not None:
            made = partial(SoftmaxLevel, arithmetic, channel, names, cell)
    else:
        made = partial(NumberLevel, arithmetic, channel, None, cell)
        if arithmetic.takes_vector and arithmetic.reduction == "sum":
            made = partial(DenseLevel, arithmetic, channel, names)
        elif arithmetic.reduction == "sum" and arithmetic.output.ndim == 3:
            made = partial(ConvolutionLevel, arithmetic, channel)
        if arithmetic.softmax(0, 0) is not None:
            made = partial(SoftmaxLevel, arithmetic, channel, names, cell)
    return (made,)


def levels_to_number(
    arithmetic: Arithmetic | None, names: tuple[str, ...], operation: str, origin: Origin | None = None
) -> tuple[Callable[[], Level], ...]:
    """What makes the levels down to a number of an output, one below the other.

    Args:
        arithmetic: as for `level_for`.
        names: likewise.
        operation: what is to be seen of the layer, as of `LookInside`.
        origin: the number; None, or one that the output does not have, stands for the largest one.
    """
    if arithmetic is None:
        return ()
    output = np.nan_to_num(arithmetic.output, nan=-np.inf)
    wanted = () if origin is None else (origin.row, origin.column, origin.channel)[-output.ndim :]
    if not wanted or not all(index < size for index, size in zip(wanted, output.shape, strict=True)):
        origin, wanted = None, tuple(map(int, np.unravel_index(int(output.argmax()), output.shape)))
    *place, channel = wanted
    cell = (place[0], place[1]) if place else None
    made = level_for(arithmetic, channel, names, cell)
    if isinstance(arithmetic, LayerArithmetic) and arithmetic.reduction == "sum":
        if arithmetic.output.ndim == 3:
            sums = np.abs(np.nan_to_num(arithmetic.number(*(cell or (0, 0)), channel).sums))
            shown = int(sums.argmax()) if origin is None else min(origin.input_map, sums.size - 1)
            return (*made, partial(NumberLevel, arithmetic, channel, shown, cell))
        if operation == "dense" and arithmetic.mixes:
            return (*made, partial(DenseLevel, arithmetic, channel, names))
    return made
