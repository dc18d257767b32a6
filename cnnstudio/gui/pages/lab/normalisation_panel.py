"""Batch normalisation of one channel, in training and afterwards."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Slot
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import chip, chip_group, push_button
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import WheelGuard, caption, number
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row
from cnnstudio.gui.controls.number_boxes import DecimalBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_array, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix, titled
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.lab.experiment import LARGEST_BATCH
from cnnstudio.lab.normalisation import EPSILON, MOMENTUM, BatchNormalisation
from cnnstudio.wording import percent

VALUES = (4.0, 8.0, 6.0, 2.0, 9.0, 7.0, 5.0, 7.0)
FARTHEST = 1000.0
"""Of gamma and beta, either way."""

LINES = {
    "values": ("Batch x", "The numbers of one channel, over all pictures of a batch. Type others."),
    "centred": ("x − mean", "What is left when the mean is taken off."),
    "normalised": ("÷ √(variance + ε)", "Mean 0 and variance 1, whatever the batch was like."),
    "output": ("· γ + β", "As wide, and as far from 0, as the network has learnt to want it."),
}
"""What stands in each line: its title, and what it is."""


class NormalisationPanel(Panel):
    """A batch of numbers, normalised line by line; the moving mean and variance are gathered step by step."""

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._moving = (0.0, 1.0)
        self._epsilon = EPSILON
        self._lines = {
            name: Matrix(f"batch_{name}", title, tip, "diverging", editable=name == "values")
            for name, (title, tip) in LINES.items()
        }
        self._lines["values"].set_values(np.array([VALUES]))
        for matrix in self._lines.values():
            matrix.set_cell_size(46)
        self._training = chip("normalise_training", "In &training", "Mean and variance are those of the batch itself.")
        self._after = chip(
            "normalise_after", "&Afterwards", "Mean and variance are those gathered in training: no batch is needed."
        )
        self._group = chip_group(self, [self._training, self._after], self._compute)
        self._gamma = self._box("gamma", "γ (gamma)", "What the normalised numbers are multiplied with; learnt.", 1.0)
        self._beta = self._box("beta", "β (beta)", "What is added to them; learnt.", 0.0)
        WheelGuard(self, self._gamma, self._beta)
        self._gather = push_button(
            "gather_button",
            "&One training step",
            f"Moves the gathered mean and variance {percent(1 - MOMENTUM, 0)} of the way to those of this batch.",
            self._step,
        )
        self._forget = push_button(
            "forget_button", "&Reset", "Mean 0 and variance 1 again, as before a training.", self._reset, role="quiet"
        )
        self._problem = label(role="error", name="normalisation_problem")
        self._numbers = label(name="normalisation_numbers")
        self._formula = label(name="normalisation_formula")
        self._gathered = label(role="secondary", name="normalisation_gathered")
        self._code = CodeLine("normalisation_code", "In Keras", "The same layer as a line of Keras.")
        grid = titled({LINES[name][0]: matrix for name, matrix in self._lines.items()})
        parameters = row(caption(self._gamma), self._gamma, GRID, caption(self._beta), self._beta, STRETCH)
        content = column(
            row(self._training, self._after, STRETCH),
            parameters,
            GRID,
            grid,
            self._problem,
            self._numbers,
            self._formula,
            GRID,
            row(self._gather, self._forget, STRETCH),
            self._gathered,
            self._code,
            STRETCH,
        )
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        self._lines["values"].edited.connect(self._compute)
        for matrix in self._lines.values():
            matrix.pointed.connect(self._point)
        self._gamma.valueChanged.connect(self._compute)
        self._beta.valueChanged.connect(self._compute)
        self._compute()

    def _box(self, name: str, title: str, tip: str, value: float) -> DecimalBox:
        box = number(DecimalBox(-FARTHEST, FARTHEST, 0.1), f"{name}_box", title, tip)
        box.setValue(value)
        box.setFixedWidth(24 * GRID)
        return box

    # State.

    @override
    def state(self) -> dict[str, Any]:
        return {
            "values": self._lines["values"].values[0].tolist(),
            "gamma": self._gamma.value(),
            "beta": self._beta.value(),
            "training": self._training.isChecked(),
            "moving": list(self._moving),
            "epsilon": self._epsilon,
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        values = checked_array("values", whole["values"], (1,), (LARGEST_BATCH,))
        gamma, beta = (checked_number(name, whole[name], -FARTHEST, FARTHEST) for name in ("gamma", "beta"))
        moving = checked_array("moving", whole["moving"], (1,), (2,))
        if len(moving) != 2 or not moving[1] >= 0:
            raise StudioError("“moving” must be a mean and a variance, which is not below 0.")
        self._epsilon = checked_number("epsilon", whole["epsilon"], 0, 1)
        self._moving = (float(moving[0]), float(moving[1]))
        self._lines["values"].set_values(values[np.newaxis])
        self._gamma.setValue(gamma)
        self._beta.setValue(beta)
        (self._training if whole["training"] else self._after).setChecked(True)
        self._compute()

    @override
    def facts(self) -> dict[str, Any]:
        made = self.normalisation
        return self.state() | {
            "mean": made.mean,
            "variance": made.variance,
            "output": made.output.tolist(),
            "output_mean": float(np.mean(made.output)),
            "output_variance": float(np.var(made.output)),
        }

    @property
    def normalisation(self) -> BatchNormalisation:
        """What is shown."""
        moving = None if self._training.isChecked() else self._moving
        values = self._lines["values"].values[0]
        return BatchNormalisation(values, self._gamma.value(), self._beta.value(), moving, self._epsilon)

    # What is done and shown.

    @Slot()
    def _step(self) -> None:
        values = self._lines["values"].values[0]
        if np.isfinite(values).all():
            self._moving = BatchNormalisation(values).moved(self._moving)
            self._compute()

    @Slot()
    def _reset(self) -> None:
        self._moving = (0.0, 1.0)
        self._compute()

    @Slot()
    def _compute(self) -> None:
        made = self.normalisation
        shown = {"centred": made.values - made.mean, "normalised": made.normalised, "output": made.output}
        for name, values in shown.items():
            self._lines[name].set_values(values[np.newaxis])
        problem = self._lines["values"].problem
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._gather.setEnabled(not problem)
        epsilon = "" if self._epsilon == EPSILON else f"epsilon={self._epsilon:g}"
        self._code.set_code(f"keras.layers.BatchNormalization({epsilon})")
        whose = "of this batch" if made.moving is None else "gathered in training"
        self._numbers.setText(
            f"Mean {whose}: <b>{format_value(made.mean)}</b>. Variance: <b>{format_value(made.variance)}</b>. The "
            f"output has the mean <b>{format_value(float(np.mean(made.output)))}</b> and the variance "
            f"<b>{format_value(float(np.var(made.output)))}</b>."
        )
        self._gathered.setText(
            f"Gathered so far: mean {format_value(self._moving[0])}, variance {format_value(self._moving[1])}. Each "
            f"training step keeps {percent(MOMENTUM, 0)} of them and takes the rest from its batch; a trained network "
            "uses them, so that its answer to a picture does not depend on the others."
        )
        self._point(None)
        self.changed.emit()

    @Slot(object)
    def _point(self, cell: Cell | None) -> None:
        """Marks a number in all lines, and writes its way in numbers."""
        for matrix in self._lines.values():
            marked = None
            if cell is not None:
                marked = np.zeros(matrix.extent(), bool)
                marked[0, min(cell[1], matrix.columns() - 1)] = True
            matrix.set_marked(marked)
        made = self.normalisation
        if cell is None or not cell[1] < len(made.values):
            self._formula.setText("Point at a number to see what becomes of it.")
            return
        value, out = float(made.values[cell[1]]), float(made.output[cell[1]])
        mean, beta = (f"{'−' if number < 0 else '+'} {format_value(abs(number))}" for number in (-made.mean, made.beta))
        self._formula.setText(
            f"({format_value(value)} {mean})/√({format_value(made.variance)} + {format_value(made.epsilon)}) · "
            f"{format_value(made.gamma)} {beta} = {format_value(out)}"
        )
