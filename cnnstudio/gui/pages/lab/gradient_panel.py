"""A gradient step through one small convolution, with all numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QGridLayout, QWidget
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import WheelGuard, caption, combo, number, set_value
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.number_boxes import DecimalBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_array, checked_choice, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix, problem_in
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.lab.activations import ACTIVATIONS
from cnnstudio.lab.convolution import Convolution
from cnnstudio.lab.gradients import GradientStep
from cnnstudio.wording import COUNTING, bracketed

INPUT = np.array([[1, 0, 2, 1], [0, 1, 1, 0], [2, 1, 0, 1], [1, 0, 1, 2]], np.float64)
KERNEL = np.array([[0.5, -0.2], [0.1, 0.3]])
TARGET = np.array([[2, 1, 2], [1, 1, 2], [2, 2, 2]], np.float64)
LARGEST = 6
"""Rows and columns of an input, at most."""

MATRICES = {
    "input": ("Input x", "What goes in."),
    "kernel": ("Kernel w", "The weights, as they are now."),
    "output": ("Output y = f(z)", "What comes out with these weights: f is the activation, z the sum before it."),
    "target": ("Target t", "What should come out."),
    "by_output": ("dL/dy = y − t", "How the loss changes with each output."),
    "by_sum": ("dL/dz = dL/dy · f′(z)", "How the loss changes with each sum z: f′ is the slope of the activation."),
    "by_kernel": ("dL/dw", "How the loss changes with each weight: point at one to see the sum."),
    "by_input": ("dL/dx", "How the loss changes with each input: what the layer before gets. Point at one."),
    "updated": ("w − rate · dL/dw", "The weights after the step."),
}
"""Every matrix: its title, and what it is."""

EDITABLE = ("input", "kernel", "target")
_CELL = 30
_HIGHEST_RATE = 1.0


class GradientPanel(Panel):
    """Forward, backward and one step on: the weights move so that the output comes nearer to the target."""

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._steps = 0
        self._begun: dict[str, Any] = {}
        self._done: GradientStep | None = None
        self._shown = {
            name: Matrix(f"gradient_{name}", title, tip, "diverging", editable=name in EDITABLE)
            for name, (title, tip) in MATRICES.items()
        }
        for name, values in (("input", INPUT), ("kernel", KERNEL), ("target", TARGET)):
            self._shown[name].set_values(values)
        for matrix in self._shown.values():
            matrix.set_cell_size(_CELL)
        self._rate = number(
            DecimalBox(0.001, _HIGHEST_RATE, 0.01),
            "gradient_rate",
            "Learning rate",
            "How far the weights go against the gradient. Too small takes long, too large overshoots.",
        )
        self._rate.setValue(0.05)
        self._rate.setFixedWidth(18 * GRID)
        choices = {name: (one.title, one.remark) for name, one in ACTIVATIONS.items()}
        self._activation = combo("gradient_activation", "Activation", "What becomes of each sum.", choices)
        WheelGuard(self, self._rate, self._activation)
        self._take = push_button(
            "take_step_button",
            "&Take the step",
            "The new weights take the place of the old ones.",
            self.step,
            role="primary",
        )
        self._again = push_button(
            "restart_gradient",
            "&Restart",
            "Back to the weights from before the first step.",
            self._restart,
            picture="reset",
        )
        self._problem = label(role="error", name="gradient_problem")
        self._loss = label(name="gradient_loss")
        self._formula = label(role="secondary", name="gradient_formula")
        forwards = self._line("Forward pass", ("input", "kernel", "output", "target"))
        back = self._line("Backward pass", ("by_output", "by_sum", "by_kernel", "by_input", "updated"))
        choice = row(caption(self._rate), self._rate, GRID, caption(self._activation), self._activation, STRETCH)
        content = column(
            choice,
            row(self._take, self._again, STRETCH),
            self._problem,
            self._loss,
            forwards,
            back,
            self._formula,
            STRETCH,
        )
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        for name in EDITABLE:
            self._shown[name].edited.connect(self._edit)
        for name in ("by_kernel", "by_input", "by_output", "by_sum"):
            self._shown[name].pointed.connect(self._explain)
        self._rate.valueChanged.connect(self._compute)
        self._activation.currentIndexChanged.connect(self._edit)
        self._edit()

    def _line(self, title: str, names: tuple[str, ...]) -> QWidget:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(0)
        corner = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        for place, name in enumerate(names):
            caption_ = label(MATRICES[name][0], "secondary", wrap=False)
            caption_.setToolTip(self._shown[name].toolTip())
            grid.addWidget(caption_, 0, place, corner)
            grid.addWidget(self._shown[name], 1, place, corner)
        grid.setColumnStretch(len(names), 1)
        return widget_of(column(label(title, "strong"), grid, gap=GRID // 2))

    # State.

    @override
    def state(self) -> dict[str, Any]:
        return {
            **{name: self._shown[name].values.tolist() for name in EDITABLE},
            "learning_rate": self._rate.value(),
            "activation": self._activation.currentData(),
            "steps": self._steps,
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        arrays = {name: checked_array(name, whole[name], (2,), (LARGEST, LARGEST)) for name in EDITABLE}
        activation = checked_choice("activation", whole["activation"], list(ACTIVATIONS))
        rate = checked_number("learning_rate", whole["learning_rate"], 0.001, _HIGHEST_RATE)
        steps = int(checked_number("steps", whole["steps"], 0, 10**9))
        for name, values in arrays.items():
            self._shown[name].set_values(values)
        with QSignalBlocker(self._activation), QSignalBlocker(self._rate):
            set_value(self._activation, activation)
            set_value(self._rate, rate)
        self._edit()
        self._steps = steps

    @override
    def facts(self) -> dict[str, Any]:
        done = self._done
        if done is None:
            return self.state() | {"loss": float("nan"), "loss_after": float("nan"), "output": [[]], "by_kernel": [[]]}
        return self.state() | {
            "loss": done.loss,
            "loss_after": done.loss_after,
            "output": done.done.output[..., 0].tolist(),
            "by_kernel": done.by_kernel[..., 0, 0].tolist(),
        }

    # What is done.

    @Slot()
    def step(self) -> None:
        """Puts the new weights in the place of the old ones."""
        if self._done is not None:
            self._shown["kernel"].set_values(self._done.updated.kernel[..., 0, 0])
            self._steps += 1
            self._compute()

    @Slot()
    def _restart(self) -> None:
        self._shown["kernel"].set_values(self._begun["kernel"])
        self._steps = 0
        self._compute()

    @Slot()
    def _edit(self) -> None:
        """Other numbers begin anew."""
        self._begun = {"kernel": self._shown["kernel"].values}
        self._steps = 0
        self._compute()

    @Slot()
    def _compute(self) -> None:
        values = {name: self._shown[name].values for name in EDITABLE}
        problem = problem_in(self._shown[name] for name in EDITABLE)
        self._done = None
        if not problem:
            try:
                layer = Convolution.of_matrix(values["kernel"], activation=self._activation.currentData())
                self._done = GradientStep(
                    layer.on(values["input"]), values["target"][..., np.newaxis], self._rate.value()
                )
            except StudioError as error:
                problem = str(error)
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._take.setEnabled(self._done is not None)
        self._again.setEnabled(self._steps > 0)
        computed = self._computed()
        for name in MATRICES.keys() - set(EDITABLE):
            unknown = np.full(self._shown[name].values.shape, np.nan)
            self._shown[name].set_values(computed.get(name, unknown))
        self._tell()
        self._explain()
        self.changed.emit()

    def _computed(self) -> dict[str, np.ndarray]:
        done = self._done
        if done is None:
            return {}
        return {
            "output": done.done.output[..., 0],
            "by_output": done.by_output[..., 0],
            "by_sum": done.by_sum[..., 0],
            "by_kernel": done.by_kernel[..., 0, 0],
            "by_input": done.by_input[..., 0],
            "updated": done.updated.kernel[..., 0, 0],
        }

    def _tell(self) -> None:
        if self._done is None:
            self._loss.setText("")
            return
        now, after = self._done.loss, self._done.loss_after
        said = f"Loss L = ½ Σ (y − t)² = <b>{format_value(now)}</b>; with the new weights {format_value(after)}"
        said += f", after {self._steps} step{'s' if self._steps != 1 else ''}." if self._steps else "."
        if after > now:
            said += " It would grow: the learning rate is too large."
        self._loss.setText(said)

    @Slot()
    def _explain(self) -> None:
        """What is pointed at is written as a sum, and where it comes from is marked."""
        for matrix in self._shown.values():
            matrix.set_marked(None)
        done = self._done
        self._formula.setText(
            "Point at a number of dL/dw or dL/dx to see its sum: a weight hears from every place where it was used. "
            + COUNTING
        )
        if done is None:
            return
        slopes = done.by_sum[..., 0]
        if (cell := self._shown["by_kernel"].cell) is not None:
            meeting = done.done.meeting(*cell, 0)
            self._mark("input", meeting.rows, meeting.columns)
            self._write(f"dL/dw at {wording.cell(*cell)}", slopes, meeting.values)
        elif (cell := self._shown["by_input"].cell) is not None:
            uses = done.done.uses(*cell)
            marked = np.zeros(slopes.shape, bool)
            for use in uses:
                marked[use.row, use.column] = True
            self._shown["by_sum"].set_marked(marked)
            weights = np.array([done.done.convolution.kernel[(*use.weight, 0, 0)] for use in uses])
            met = np.array([slopes[use.row, use.column] for use in uses])
            self._write(f"dL/dx at {wording.cell(*cell)}", met, weights)
        elif (cell := self._shown["by_sum"].cell or self._shown["by_output"].cell) is not None:
            self._explain_output(done, cell)

    def _explain_output(self, done: GradientStep, cell: Cell) -> None:
        out, wanted = (float(values[(*cell, 0)]) for values in (done.done.output, done.target))
        slope, by = float(done.by_sum[(*cell, 0)]), float(done.by_output[(*cell, 0)])
        times = float(ACTIVATIONS[done.done.convolution.activation].derivative(done.done.before[(*cell, 0)]))
        step = done.done.step(*cell)
        self._mark("input", step.rows, step.columns)
        self._formula.setText(
            f"dL/dy = {format_value(out)} − {format_value(wanted)} = {format_value(by)}; times the slope "
            f"{format_value(times)} of the activation: dL/dz = {format_value(slope)}"
        )

    def _mark(self, name: str, rows: np.ndarray, columns: np.ndarray) -> None:
        marked = np.zeros(self._shown[name].extent(), bool)
        marked[np.ix_(rows, columns)] = True
        self._shown[name].set_marked(marked)

    def _write(self, what: str, first: np.ndarray, second: np.ndarray) -> None:
        """A sum of products, with all its terms."""
        pairs = zip(first.ravel().tolist(), second.ravel().tolist(), strict=True)
        terms = [f"{bracketed(format_value(one))}·{bracketed(format_value(other))}" for one, other in pairs]
        self._formula.setText(f"{what}: {' + '.join(terms)} = {format_value(float((first * second).sum()))}")
