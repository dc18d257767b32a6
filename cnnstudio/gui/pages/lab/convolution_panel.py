"""A convolution, step by step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, Qt, Slot
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix

INPUT = ((1, 1, 1, 0, 0), (0, 1, 1, 1, 0), (0, 0, 1, 1, 1), (0, 0, 1, 1, 0), (0, 1, 1, 0, 0))
KERNEL = ((1, 0, 1), (0, 1, 0), (1, 0, 1))


class ConvolutionPanel(Panel):
    """Input, kernel and output; an output that is pointed at frames the inputs from which it comes."""

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._input = Matrix("lab_input", "Input", "What the kernel slides over.", "grey", editable=True)
        self._kernel = Matrix("lab_kernel", "Kernel", "What each place is multiplied with.", "diverging", editable=True)
        self._output = Matrix("lab_output", "Output", "The sum of the products at each place.")
        self._problem = label(role="error", name="lab_problem")
        for matrix, values in ((self._input, INPUT), (self._kernel, KERNEL)):
            matrix.set_values(np.array(values))
            matrix.edited.connect(self._compute)
        self._output.pointed.connect(self._frame)
        parts = [(one, 0, Qt.AlignmentFlag.AlignTop) for one in (self._input, self._kernel, self._output)]
        self.setLayout(column(row(*parts, STRETCH), self._problem, STRETCH))
        self._compute()

    @override
    def state(self) -> dict[str, Any]:
        return {"input": self._input.values.tolist(), "kernel": self._kernel.values.tolist()}

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        matrices = {"input": self._input, "kernel": self._kernel}
        for name in state:
            if name not in matrices:
                raise StudioError(f"There is no “{name}” in this experiment: it has {', '.join(matrices)}.")
        for name, values in state.items():
            matrices[name].set_values(np.asarray(values, np.float64))
        self._compute()

    @override
    def facts(self) -> dict[str, Any]:
        return self.state() | {"output": self._output.values.tolist()}

    @Slot()
    def _compute(self) -> None:
        patches = np.lib.stride_tricks.sliding_window_view(self._input.values, self._kernel.values.shape)
        self._output.set_values((patches * self._kernel.values).sum(axis=(2, 3)))
        self._problem.setText(self._input.problem or self._kernel.problem)
        self.changed.emit()

    @Slot(object)
    def _frame(self, cell: tuple[int, int] | None) -> None:
        rows, columns = self._kernel.extent()
        self._input.set_window(None if cell is None else QRectF(cell[1], cell[0], columns, rows))
