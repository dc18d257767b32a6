"""Activation functions and their slopes."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Slot
from typing_extensions import override

from cnnstudio.gui.controls.buttons import chip, chip_group
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import WheelGuard, caption, number, slider
from cnnstudio.gui.controls.layouts import STRETCH, ButtonRows, ScrollColumn, column, row
from cnnstudio.gui.controls.number_boxes import DecimalBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.curve_view import Curve, CurveView
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_choice, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import LARGEST, number_text
from cnnstudio.lab.activations import ACTIVATIONS

FUNCTIONS = [name for name in ACTIVATIONS if name != "linear"]
NEAR = 6.0
"""The curve goes so far either way, unless the number lies beyond."""

_STEPS = 60
"""Of the slider, either way."""


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
        tip = "The number that goes into the activation: the sum of a convolution and its bias."
        self._slider = slider("activation_slider", "Move x", tip, (-_STEPS, _STEPS), self._slide)
        self._slider.setPageStep(_STEPS // 6)
        self._x = number(DecimalBox(-LARGEST, LARGEST, 0.1), "activation_x", "x", tip)
        self._x.setFixedWidth(18 * GRID)
        self._x.setValue(1.5)
        WheelGuard(self, self._slider, self._x)
        self._formula = label(role="strong", name="activation_formula")
        self._numbers = label(name="activation_numbers")
        self._remark = label(role="secondary", name="activation_remark")
        self._code = CodeLine("activation_code", "In Keras", "A layer with this activation as a line of Keras.")
        chips = ButtonRows(self._chips)
        content = column(
            chips,
            self._curve,
            row(caption(self._x), (self._slider, 1), self._x, gap=2 * GRID),
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
        return {"function": self.function, "x": self._x.value()}

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        name = checked_choice("function", whole["function"], FUNCTIONS)
        x = checked_number("x", whole["x"], -LARGEST, LARGEST)
        self._chips[FUNCTIONS.index(name)].setChecked(True)
        self._x.setValue(x)
        self._show()

    @override
    def facts(self) -> dict[str, Any]:
        activation, x = ACTIVATIONS[self.function], np.array(self._x.value())
        return self.state() | {"value": float(activation.function(x)), "slope": float(activation.derivative(x))}

    @property
    def _reach(self) -> float:
        """How far the curve goes either way: to the next round number where x lies beyond the usual part."""
        away = abs(self._x.value())
        if away <= NEAR:
            return NEAR
        power = 10.0 ** math.floor(math.log10(away))
        return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= away)

    @Slot(int)
    def _slide(self, step: int) -> None:
        self._x.setValue(round(step * self._reach / _STEPS, 6))

    @Slot()
    def _show(self) -> None:
        activation, reach = ACTIVATIONS[self.function], self._reach
        with QSignalBlocker(self._slider):
            self._slider.setValue(round(self._x.value() * _STEPS / reach))
        places = np.linspace(-reach, reach, 481)
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
