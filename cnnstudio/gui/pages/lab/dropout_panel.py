"""Dropout on a small matrix, in training and afterwards."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Slot
from typing_extensions import override

from cnnstudio.gui.controls.buttons import chip, chip_group, push_button
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import WheelGuard, caption, slider
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_array, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.lab.normalisation import Dropout

VALUES = np.array([[2, 4, 1, 3], [5, 1, 2, 4], [3, 3, 6, 1], [1, 2, 4, 2]], np.float64)
MOST = 90
"""Per cent that are left out."""


class DropoutPanel(Panel):
    """Numbers, which of them are left out this time, and what goes on."""

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._seed = 1
        self._training = chip("drop_training", "In &training", "Each number is left out or kept, by chance.")
        self._after = chip("drop_after", "&Afterwards", "A trained network uses all its numbers, as they are.")
        self._group = chip_group(self, [self._training, self._after], self._compute)
        tip = "Which share of the numbers is left out. A half is usual before the last layers, less elsewhere."
        self._rate = slider("dropout_rate", "Left out", tip, (0, MOST))
        self._rate.setPageStep(10)
        self._rate.setValue(50)
        self._figure = label(role="secondary", name="dropout_figure", wrap=False)
        self._figure.setMinimumWidth(6 * GRID)
        WheelGuard(self, self._rate)
        self._throw = push_button(
            "throw_button", "Another &step", "Each training step leaves out others.", self._throw_again, picture="dice"
        )
        self._input = Matrix("dropout_input", "Input", "Type numbers of your own.", editable=True)
        self._input.set_values(VALUES)
        self._output = Matrix("dropout_output", "Output", "What goes on: numbers that are left out are 0.")
        self._problem = label(role="error", name="dropout_problem")
        self._text = label(name="dropout_text")
        self._note = label(
            "No number can rely on a certain other one being there: each has to be of use by itself. That works "
            "against memorising, as if many smaller networks were trained and asked together.",
            "secondary",
        )
        self._code = CodeLine("dropout_code", "In Keras", "The same layer as a line of Keras.")
        titled = [
            widget_of(column(label(matrix.accessibleName(), "strong", wrap=False), matrix, STRETCH))
            for matrix in (self._input, self._output)
        ]
        content = column(
            row(self._training, self._after, GRID, self._throw, STRETCH),
            row(caption(self._rate), (self._rate, 1), self._figure, gap=2 * GRID),
            GRID,
            row(*titled, STRETCH, gap=4 * GRID),
            self._problem,
            self._text,
            self._note,
            self._code,
            STRETCH,
        )
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        self._rate.valueChanged.connect(self._compute)
        self._input.edited.connect(self._compute)
        self._compute()

    @override
    def state(self) -> dict[str, Any]:
        return {
            "values": self._input.values.tolist(),
            "rate": self._rate.value() / 100,
            "training": self._training.isChecked(),
            "seed": self._seed,
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        values = checked_array("values", whole["values"], (2,), (6, 6))
        rate = checked_number("rate", whole["rate"], 0, MOST / 100)
        self._seed = int(checked_number("seed", whole["seed"], 0, 2**31))
        self._input.set_values(values)
        self._rate.setValue(round(100 * rate))
        (self._training if whole["training"] else self._after).setChecked(True)
        self._compute()

    @override
    def facts(self) -> dict[str, Any]:
        return self.state() | {"output": self._output.values.tolist(), "kept": int(self.dropout.kept.sum())}

    @property
    def dropout(self) -> Dropout:
        """What a training would do."""
        return Dropout(self._input.values, self._rate.value() / 100, self._seed)

    @Slot()
    def _throw_again(self) -> None:
        self._seed += 1
        self._training.setChecked(True)
        self._compute()

    @Slot()
    def _compute(self) -> None:
        dropout, training = self.dropout, self._training.isChecked()
        rate = self._rate.value()
        self._figure.setText(f"{rate} %")
        self._rate.setAccessibleDescription(f"{rate} %")
        shown = dropout.output if training else dropout.values
        finite = self._input.values[np.isfinite(self._input.values)]
        highest = float(np.abs(finite).max(initial=0)) * dropout.scale or 1.0
        self._output.set_values(shown, (0.0, highest))
        self._output.set_marked(dropout.kept if training and rate else None)
        self._problem.setText(self._input.problem)
        self._problem.setVisible(bool(self._input.problem))
        before, after = float(np.nansum(dropout.values)), float(np.nansum(shown))
        kept, count = int(dropout.kept.sum()), dropout.kept.size
        if training:
            self._text.setText(
                f"{kept} of {count} numbers are kept and multiplied with 1/(1 − {rate / 100:g}) = "
                f"<b>{format_value(dropout.scale)}</b>. The sum was {format_value(before)} and is now "
                f"{format_value(after)}; on average over many steps it stays the same."
            )
        else:
            self._text.setText(f"All {count} numbers go on as they are; their sum is {format_value(before)}.")
        self._code.set_code(f"keras.layers.Dropout({rate / 100:g})")
        self.changed.emit()
