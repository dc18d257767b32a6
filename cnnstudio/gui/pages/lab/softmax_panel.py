"""Softmax with a temperature, and the cross-entropy of its answer."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Slot
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import WheelGuard, caption, combo, number, set_value, slider
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row
from cnnstudio.gui.controls.number_boxes import WholeBox, decimal_text
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_array, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import EDGE, Matrix, number_text, small_number_text, titled
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.lab.experiment import MOST_CLASSES
from cnnstudio.lab.softmax import Softmax
from cnnstudio.wording import power_of_ten

COLDEST, HOTTEST = 0.1, 10.0
LOGITS = (2.0, 1.0, 0.1)

_COLOURS = {"logits": "diverging", "gradient": "diverging"}
_TENTHS = 10
_CELL, _ROOM = 64, 384
"""Width of a cell at most, and of all cells of a line."""

LINES = {
    "logits": ("Logit z", "What the last layer says of each class: any number. Type others."),
    "exponentials": ("e^((z − max)/T)", "Always above 0, and 1 for the largest logit, which is subtracted first."),
    "probabilities": ("Probability", "Each exponential divided by the sum of all: between 0 and 1, 1 in all."),
    "gradient": ("Gradient of the loss", "How the loss changes with each logit: training moves them the other way."),
}
"""What stands in each line: its title, and what it is."""
_WRITTEN = {"exponentials": "e<sup>(z − max)/T</sup>"}
"""Titles as they are written, where that is not as they are spoken."""


class SoftmaxPanel(Panel):
    """Logits become probabilities, line by line; below, the loss for the class that is true."""

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._lines = {
            name: Matrix(
                f"softmax_{name}",
                title,
                tip,
                _COLOURS.get(name, "viridis"),
                editable=name == "logits",
                text=number_text if name == "logits" else partial(small_number_text, digits=2),
            )
            for name, (title, tip) in LINES.items()
        }
        self._lines["logits"].set_values(np.array([LOGITS]))
        for matrix in self._lines.values():
            matrix.set_cell_size(_CELL)
        self._temperature = slider(
            "softmax_temperature",
            "Temperature T",
            "The logits are divided by it. Below 1 the largest takes nearly all; far above 1 all become alike.",
            (round(COLDEST * _TENTHS), round(HOTTEST * _TENTHS)),
        )
        self._temperature.setPageStep(5)
        self._temperature.setValue(_TENTHS)
        self._figure = label("1", "secondary", "temperature_figure", wrap=False)
        self._figure.setMinimumWidth(5 * GRID)
        self._classes = number(WholeBox(2, MOST_CLASSES), "softmax_classes", "Classes", "How many classes there are.")
        self._classes.setValue(len(LOGITS))
        self._true = combo("true_class", "True class", "What the image really shows.", {})
        WheelGuard(self, self._temperature, self._classes, self._true)
        self._problem = label(role="error", name="softmax_problem")
        self._formula = label(name="softmax_formula")
        self._loss = label(name="loss_text")
        self._note = label(
            "The largest logit is subtracted first, so that no exponential is too large for a computer; the "
            "probabilities stay the same. A loss of 0 says that the network is sure and right; sure and wrong costs "
            "most. The gradient is (probability − truth)/T, at a temperature of 1 simply how far the probability is "
            "off: this is why softmax and cross-entropy go together.",
            "secondary",
        )
        grid = titled({_WRITTEN.get(name, LINES[name][0]): matrix for name, matrix in self._lines.items()})
        self._names = [label(str(place), "secondary", wrap=False) for place in range(MOST_CLASSES)]
        for name in self._names:
            name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid.addWidget(label("Class", "secondary", wrap=False), 0, 0)
        grid.addLayout(row(EDGE, *self._names, STRETCH, gap=0), 0, 1)
        self._classes.setFixedWidth(18 * GRID)
        content = column(
            row(caption(self._temperature), (self._temperature, 1), self._figure, gap=2 * GRID),
            row(caption(self._classes), self._classes, 2 * GRID, caption(self._true), self._true, STRETCH),
            GRID,
            grid,
            self._problem,
            self._formula,
            self._loss,
            self._note,
            STRETCH,
        )
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        self._name_classes(len(LOGITS))
        self._lines["logits"].edited.connect(self._compute)
        for matrix in self._lines.values():
            matrix.pointed.connect(self._point)
        self._temperature.valueChanged.connect(self._compute)
        self._classes.valueChanged.connect(self._resize)
        self._true.currentIndexChanged.connect(self._compute)
        self._compute()

    # State.

    @override
    def state(self) -> dict[str, Any]:
        return {
            "logits": self._lines["logits"].values[0].tolist(),
            "temperature": self._temperature.value() / _TENTHS,
            "true_class": max(0, self._true.currentIndex()),
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        logits = checked_array("logits", whole["logits"], (1,), (MOST_CLASSES,))
        if len(logits) < 2:
            raise StudioError("“logits” must be at least two numbers: with one class there is nothing to decide.")
        temperature = checked_number("temperature", whole["temperature"], COLDEST, HOTTEST)
        true_class = int(checked_number("true_class", whole["true_class"], 0, len(logits) - 1))
        self._lines["logits"].set_values(logits[np.newaxis])
        self._name_classes(len(logits))
        set_value(self._classes, len(logits))
        self._temperature.setValue(round(temperature * _TENTHS))
        self._true.setCurrentIndex(true_class)
        self._compute()

    @override
    def facts(self) -> dict[str, Any]:
        softmax, true_class = self.softmax, self.state()["true_class"]
        return self.state() | {
            "probabilities": softmax.probabilities.tolist(),
            "loss": softmax.cross_entropy(true_class),
            "gradient": softmax.gradient(true_class).tolist(),
        }

    @property
    def softmax(self) -> Softmax:
        """What is shown; NaN throughout where a logit is no number."""
        state = self.state()
        return Softmax(np.array(state["logits"]), state["temperature"])

    # What is shown.

    def _name_classes(self, count: int) -> None:
        """Offers so many classes as the true one; the one that was chosen stays."""
        while self._true.count() > count:
            self._true.removeItem(self._true.count() - 1)
        for place in range(self._true.count(), count):
            self._true.addItem(f"Class {place}", place)

    @Slot(int)
    def _resize(self, count: int) -> None:
        old = self._lines["logits"].values[0]
        if len(old) != count:
            new = np.zeros(count)
            new[: min(count, len(old))] = old[:count]
            self._lines["logits"].set_values(new[np.newaxis])
            self._name_classes(count)
            self._compute()

    @Slot()
    def _compute(self) -> None:
        softmax, true_class = self.softmax, self.state()["true_class"]
        probabilities = softmax.probabilities
        side = min(_CELL, _ROOM // len(probabilities))
        for matrix in self._lines.values():
            matrix.set_cell_size(side)
        for place, name in enumerate(self._names):
            name.setFixedWidth(side)
            name.setVisible(place < len(probabilities))
        self._figure.setText(f"{softmax.temperature:g}")
        self._lines["exponentials"].set_values(softmax.exponentials[np.newaxis], (0.0, 1.0))
        self._lines["probabilities"].set_values(probabilities[np.newaxis], (0.0, 1.0))
        self._lines["gradient"].set_values(softmax.gradient(true_class)[np.newaxis], (-1.6, 1.6))
        problem = self._lines["logits"].problem
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._loss.setVisible(not problem)
        loss = softmax.cross_entropy(true_class)
        probability = float(probabilities[true_class])
        self._loss.setText(
            f"Cross-entropy: −ln({_before_logarithm(probability, loss)}) = <b>{format_value(loss)}</b>, for class "
            f"{true_class} is true."
        )
        self._point(None)
        self.changed.emit()

    @Slot(object)
    def _point(self, cell: Cell | None) -> None:
        """Marks a class in all lines, and writes its quotient in numbers."""
        for matrix in self._lines.values():
            marked = None
            if cell is not None:
                marked = np.zeros(matrix.extent(), bool)
                marked[0, min(cell[1], matrix.columns() - 1)] = True
            matrix.set_marked(marked)
        if self._lines["logits"].problem:
            self._formula.setText("")
            return
        softmax = self.softmax
        terms = [format_value(value) for value in softmax.exponentials.tolist()]
        if cell is None or cell[1] >= len(terms):
            self._formula.setText(f"The sum of all exponentials: {' + '.join(terms)} = {softmax.total:.4g}.")
        else:
            value = format_value(float(softmax.probabilities[cell[1]]))
            self._formula.setText(f"Class {cell[1]}: {terms[cell[1]]}/({' + '.join(terms)}) = {value}")


def _before_logarithm(probability: float, loss: float) -> str:
    """A probability, in so many digits that −ln of it is the loss as it is written."""
    shown = format_value(loss)
    for digits in range(3, 9):
        text = f"{probability:.{digits}g}"
        if float(text) > 0 and format_value(-math.log(float(text))) == shown:
            return power_of_ten(decimal_text(float(text))).replace("-", "−")
    if loss < 1:  # too near to 1
        return f"1 − {format_value(-math.expm1(-loss))}"
    return f"e<sup>−{shown}</sup>"
