"""Activation functions and their slopes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Slot
from typing_extensions import override

from cnnstudio.gui.controls.buttons import chip, chip_group
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import WheelGuard, caption, slider
from cnnstudio.gui.controls.layouts import STRETCH, ButtonRows, ScrollColumn, column, row
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.curve_view import Curve, CurveView
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_choice, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import number_text
from cnnstudio.lab.activations import ACTIVATIONS

FUNCTIONS = [name for name in ACTIVATIONS if name != "linear"]
FARTHEST = 6.0
"""Inputs go so far either way."""

_STEPS = 10
"""Of the slider, for each 1."""


class ActivationPanel(Panel):
    """A curve with its slope, and a number that is moved along it."""

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._chips = [
            chip(f"activation_{name}", ACTIVATIONS[name].title, ACTIVATIONS[name].remark) for name in FUNCTIONS
        ]
        self._group = chip_group(self, self._chips, self._show)
        self._curve = CurveView(
            "activation_curve",
            "Activation and slope",
            "What comes out for each number that goes in, and how fast it changes there.",
            "What goes in: x",
            "What comes out",
        )
        self._curve.setFixedHeight(40 * GRID)
        edge = round(FARTHEST * _STEPS)
        tip = "The number that goes into the activation: the sum of a convolution and its bias."
        self._x = slider("activation_x", "x", tip, (-edge, edge))
        self._x.setPageStep(_STEPS)
        self._x.setValue(round(1.5 * _STEPS))
        WheelGuard(self, self._x)
        self._formula = label(role="strong", name="activation_formula")
        self._numbers = label(name="activation_numbers")
        self._remark = label(role="secondary", name="activation_remark")
        self._code = CodeLine("activation_code", "In Keras", "A layer with this activation as a line of Keras.")
        chips = ButtonRows(self._chips)
        content = column(
            chips,
            self._curve,
            row(caption(self._x), (self._x, 1), gap=2 * GRID),
            self._formula,
            self._numbers,
            self._remark,
            self._code,
            STRETCH,
        )
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        self._x.valueChanged.connect(self._show)
        self._show()

    @property
    def function(self) -> str:
        """The key in `ACTIVATIONS` of what is shown."""
        return FUNCTIONS[self._group.checkedId()]

    @override
    def state(self) -> dict[str, Any]:
        return {"function": self.function, "x": self._x.value() / _STEPS}

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        name = checked_choice("function", whole["function"], FUNCTIONS)
        x = checked_number("x", whole["x"], -FARTHEST, FARTHEST)
        self._chips[FUNCTIONS.index(name)].setChecked(True)
        self._x.setValue(round(x * _STEPS))
        self._show()

    @override
    def facts(self) -> dict[str, Any]:
        activation, x = ACTIVATIONS[self.function], np.array(self._x.value() / _STEPS)
        return self.state() | {"value": float(activation.function(x)), "slope": float(activation.derivative(x))}

    @Slot()
    def _show(self) -> None:
        activation = ACTIVATIONS[self.function]
        places = np.linspace(-FARTHEST, FARTHEST, 481)
        self._curve.set_curves(
            [
                Curve("f(x)", places, activation.function(places)),
                Curve("slope f′(x)", places, activation.derivative(places)),
            ]
        )
        facts = self.facts()
        self._curve.mark(facts["x"])
        self._formula.setText(f"f(x) = {activation.formula}")
        self._numbers.setText(
            f"For x = {number_text(facts['x'])} it gives {_four(facts['value'])}, and its slope there is "
            f"{_four(facts['slope'])}: in training, the gradient is multiplied with that."
        )
        self._remark.setText(activation.remark)
        self._code.set_code(f'keras.layers.Conv2D(8, 3, activation="{activation.name}")')
        self.changed.emit()


def _four(value: float) -> str:
    """A number with four decimals at most, and a real minus."""
    text = f"{round(value, 4):g}"
    return "0" if text == "-0" else text.replace("-", "−")
