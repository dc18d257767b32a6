"""Maps that become a vector, and a dense layer that adds all of it up."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Slot
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import WheelGuard, caption, combo, set_value
from cnnstudio.gui.controls.layouts import STRETCH, Part, ScrollColumn, column, row, widget_of
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_array, checked_choice
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix, problem_in
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.lab.activations import ACTIVATIONS
from cnnstudio.lab.dense import Dense, flat_place
from cnnstudio.lab.experiment import DENSE_MAPS, DENSE_UNITS
from cnnstudio.wording import bracketed

MAPS = np.array([[[1, 0], [2, 1]], [[0, 3], [1, 2]]], np.float64)
"""(height, width, channels): two small maps, as a pooling leaves them."""

WEIGHTS = np.array(
    [
        [0.5, -1, 0.2],
        [1, 0.5, -0.3],
        [-0.5, 1, 0.4],
        [0.2, 0, 1],
        [1, -0.5, 0],
        [0.3, 1, -1],
        [-1, 0.2, 0.5],
        [0, 0.4, 1],
    ]
)
"""(inputs, units), as Keras has them."""

BIAS = np.array([0.5, -0.5, 0.0])
CHANNELS, UNITS = DENSE_MAPS[-1], DENSE_UNITS


class DensePanel(Panel):
    """Two maps, the vector they become, the weights of three units and what these answer."""

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._maps = [
            Matrix(
                f"dense_map_{number}",
                wording.numbered("Map", number),
                "What a pooling left. Type other numbers.",
                editable=True,
            )
            for number in range(CHANNELS)
        ]
        for number, matrix in enumerate(self._maps):
            matrix.set_values(MAPS[..., number])
        self._vector = Matrix("dense_vector", "Flattened", "The same numbers, one after the other: row by row.")
        self._weights = Matrix(
            "dense_weights",
            "Weights",
            "A line for each unit, with a weight for every number of the vector. Type others.",
            "diverging",
            editable=True,
        )
        self._weights.set_values(WEIGHTS.T)
        self._bias = Matrix("dense_bias", "Bias", "Added to each sum.", "diverging", editable=True)
        self._bias.set_values(BIAS[:, np.newaxis])
        self._output = Matrix("dense_output", "Output", "What each unit answers.", "diverging")
        for matrix in (*self._maps, self._vector, self._weights, self._bias, self._output):
            matrix.set_cell_size(44)
        choices = {name: (one.title, one.remark) for name, one in ACTIVATIONS.items()}
        self._activation = combo("dense_activation", "Activation", "What becomes of each sum.", choices)
        WheelGuard(self, self._activation)
        self._problem = label(role="error", name="dense_problem")
        self._formula = label(name="dense_formula")
        self._note = label(
            f"{MAPS.size} numbers and {UNITS} units make {MAPS.size} × {UNITS} = {MAPS.size * UNITS} weights, and "
            f"{UNITS} biases. Which pixels were neighbours, the layer no longer knows. {wording.COUNTING}",
            "secondary",
        )
        self._code = CodeLine("dense_code", "In Keras", "The same layers as lines of Keras.")
        content = column(
            row(*self._titled(*self._maps), STRETCH, gap=4 * GRID),
            row(*self._titled(self._vector), STRETCH),
            row(*self._titled(self._weights, self._bias, self._output), STRETCH, gap=2 * GRID),
            row(caption(self._activation), self._activation, STRETCH),
            self._problem,
            self._formula,
            self._note,
            self._code,
            STRETCH,
        )
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        for matrix in (*self._maps, self._weights, self._bias):
            matrix.edited.connect(self._compute)
        for number, matrix in enumerate(self._maps):
            matrix.pointed.connect(partial(self._point_map, number))
        self._vector.pointed.connect(self._point_vector)
        self._weights.pointed.connect(self._point_unit)
        self._output.pointed.connect(self._point_unit)
        self._activation.currentIndexChanged.connect(self._compute)
        self._compute()

    def _titled(self, *matrices: Matrix) -> list[Part]:
        return [
            widget_of(column(label(matrix.accessibleName(), "strong", wrap=False), matrix, STRETCH, gap=GRID // 2))
            for matrix in matrices
        ]

    # State.

    @override
    def state(self) -> dict[str, Any]:
        return {
            "maps": self._inputs().tolist(),
            "weights": self._weights.values.T.tolist(),
            "bias": self._bias.values[:, 0].tolist(),
            "activation": self._activation.currentData(),
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        shapes = {"maps": MAPS.shape, "weights": WEIGHTS.shape, "bias": BIAS.shape}
        arrays = {name: checked_array(name, whole[name], (len(shapes[name]),), (MAPS.size,) * 3) for name in shapes}
        for name, array in arrays.items():
            if array.shape != shapes[name]:
                wanted = " × ".join(map(str, shapes[name]))
                raise StudioError(f"“{name}” must be {wanted} numbers.")
        activation = checked_choice("activation", whole["activation"], list(ACTIVATIONS))
        for number, matrix in enumerate(self._maps):
            matrix.set_values(arrays["maps"][..., number])
        self._weights.set_values(arrays["weights"].T)
        self._bias.set_values(arrays["bias"][:, np.newaxis])
        set_value(self._activation, activation)
        self._compute()

    @override
    def facts(self) -> dict[str, Any]:
        return self.state() | {"output": self._output.values[:, 0].tolist(), "vector": self._vector.values[0].tolist()}

    @property
    def layer(self) -> Dense:
        """What is applied."""
        return Dense(self._weights.values.T, self._bias.values[:, 0], self._activation.currentData())

    def _inputs(self) -> np.ndarray:
        return np.stack([matrix.values for matrix in self._maps], axis=-1)

    # What is shown.

    @Slot()
    def _compute(self) -> None:
        inputs = self._inputs()
        self._vector.set_values(inputs.reshape(1, -1))
        self._output.set_values(self.layer.on(inputs)[:, np.newaxis])
        problem = problem_in((*self._maps, self._weights, self._bias))
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        activation = self._activation.currentData()
        option = "" if activation == "linear" else f', activation="{activation}"'
        self._code.set_code(f"keras.layers.Flatten(),\nkeras.layers.Dense({UNITS}{option})")
        self._mark(None, None)
        self.changed.emit()

    def _mark(self, place: int | None, unit: int | None) -> None:
        """Marks a number of the vector, wherever it stands, or all that belongs to a unit."""
        for number, matrix in enumerate(self._maps):
            marked = None
            if place is not None:
                row_, column_, channel = flat_place(MAPS.shape, place)
                marked = np.zeros(matrix.extent(), bool)
                marked[row_, column_] = channel == number
            matrix.set_marked(marked)
        for matrix, by_unit in ((self._vector, False), (self._weights, True), (self._bias, True), (self._output, True)):
            marked = None
            if place is not None and matrix.columns() > 1:
                marked = np.zeros(matrix.extent(), bool)
                marked[:, place] = True
            if unit is not None and by_unit:
                marked = np.zeros(matrix.extent(), bool)
                marked[unit] = True
            matrix.set_marked(marked)
        if place is None and unit is None:
            self._formula.setText("Point at a number of a map to find it in the vector, at an output to see its sum.")

    def _point_map(self, channel: int, cell: Cell | None) -> None:
        place = None if cell is None else (cell[0] * MAPS.shape[1] + cell[1]) * CHANNELS + channel
        self._point_place(place)

    @Slot(object)
    def _point_vector(self, cell: Cell | None) -> None:
        self._point_place(None if cell is None else cell[1])

    def _point_place(self, place: int | None) -> None:
        self._mark(place, None)
        if place is not None:
            row_, column_, channel = flat_place(MAPS.shape, place)
            self._formula.setText(
                f"{wording.numbered('Number', place)} of the vector is {wording.cell(row_, column_)} of "
                f"{wording.numbered('map', channel)}; each unit has a weight of its own for it."
            )

    @Slot(object)
    def _point_unit(self, cell: Cell | None) -> None:
        self._mark(None, None if cell is None else cell[0])
        if cell is None:
            return
        inputs = self._inputs()
        term = self.layer.unit(inputs, cell[0])
        weights = self._weights.values[cell[0]].tolist()
        pairs = zip(inputs.reshape(-1).tolist(), weights, strict=True)
        terms = " + ".join(
            f"{bracketed(format_value(value))}·{bracketed(format_value(weight))}" for value, weight in pairs
        )
        bias, before = bracketed(format_value(term.bias)), format_value(term.before)
        said = f"{wording.numbered('Unit', cell[0])}: {terms} + {bias} = {before}"
        if self._activation.currentData() != "linear":
            title = ACTIVATIONS[self._activation.currentData()].title
            said += f"; {title}({before}) = {format_value(term.value)}"
        self._formula.setText(said)
