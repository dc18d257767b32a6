"""Pooling on a small matrix, and what it does to a picture that moves."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import WheelGuard, combo, number, rows, set_value
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_array, checked_choice, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.pages.lab.shift_view import FARTHEST, ShiftView
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix, number_text
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.lab.experiment import LARGEST_POOLED
from cnnstudio.lab.pooling import LECTURE_INPUT, Pooled, PooledNumber, Pooling
from cnnstudio.wording import COUNTING, counted

KINDS = {
    "max": ("Maximum", "The largest number of each window: whether something is there, not quite where."),
    "average": ("Average", "The average of the numbers of each window."),
}
WHOLE = 0
"""Stands for a window over the whole map."""

SIZES = {
    2: ("2×2", "A quarter of the numbers is left."),
    3: ("3×3", "A ninth of the numbers is left."),
    4: ("4×4", "A sixteenth of the numbers is left."),
    1: ("1×1", "Every number is a window of its own."),
    WHOLE: ("Whole map (global)", "One number is left of the map, as before the last layer of many newer networks."),
}
_CELL, _SMALL_CELL = 36, 24
_NARROW = 66 * GRID


class PoolingPanel(Panel):
    """An editable matrix, its pooled output, and a picture that is moved by a pixel."""

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._done: Pooled | None = None
        self._kind = combo("pooling_kind", "Pooling", "What becomes of the numbers of a window.", KINDS)
        self._size = combo("pooling_size", "Window", "How many numbers are taken together.", SIZES)
        self._stride = number(
            WholeBox(1, 4),
            "pooling_stride",
            "Stride",
            "How far it is from window to window. Usually as far as the window is wide, so that they do not overlap.",
        )
        self._stride.setValue(2)
        self._edge = number(WholeBox(1, LARGEST_POOLED), "pooling_side", "Input size", "Rows and columns of the input.")
        self._edge.setValue(4)
        self._input = Matrix(
            "pooling_input",
            "Input",
            "Type numbers of your own. Point at one to see into which outputs it goes. What no window reaches is "
            "hatched.",
            editable=True,
        )
        self._input.set_values(LECTURE_INPUT)
        self._output = Matrix("pooling_output", "Output", "Point at a number to see its window.")
        self._problem = label(role="error", name="pooling_problem")
        self._formula = label(name="pooling_formula")
        self._code = CodeLine("pooling_code", "In Keras", "The same layer as a line of Keras.")
        self._shift = ShiftView()
        self._connect()
        form = rows(self._kind, self._size, self._stride, self._edge)
        form.setFixedWidth(31 * GRID)
        top = Qt.AlignmentFlag.AlignTop
        matrices = row(self._titled(self._input), self._titled(self._output), STRETCH, gap=3 * GRID)
        self._top = row((form, 0, top), (matrices, 1), gap=3 * GRID)
        content = column(
            self._top,
            self._problem,
            self._formula,
            self._code,
            2 * GRID,
            label("A stroke that moves", "strong"),
            self._shift,
            STRETCH,
        )
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        self._compute()

    def _titled(self, matrix: Matrix) -> QWidget:
        return widget_of(column(label(matrix.accessibleName(), "strong", wrap=False), matrix, STRETCH))

    def _connect(self) -> None:
        self._kind.currentIndexChanged.connect(self._compute)
        self._size.currentIndexChanged.connect(self._take_size)
        self._stride.valueChanged.connect(self._compute)
        self._edge.valueChanged.connect(self._resize)
        self._input.edited.connect(self._compute)
        self._input.pointed.connect(self._point_input)
        self._output.pointed.connect(self._point_output)
        self._shift.moved.connect(self.changed)
        WheelGuard(self, self._kind, self._size, self._stride, self._edge)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """The matrices go below the choices where there is no room beside them."""
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        self._top.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    # State.

    @property
    def pooling(self) -> Pooling:
        """What is applied."""
        size, stride = self._size.currentData(), self._stride.value()
        return Pooling(self._kind.currentData(), None if size == WHOLE else (size, size), (stride, stride))

    @override
    def state(self) -> dict[str, Any]:
        return {
            "input": self._input.values.tolist(),
            "kind": self._kind.currentData(),
            "size": self._size.currentData(),
            "stride": self._stride.value(),
            "shift": self._shift.shift,
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        values = checked_array("input", whole["input"], (2,), (LARGEST_POOLED, LARGEST_POOLED))
        kind = checked_choice("kind", whole["kind"], list(KINDS))
        size = checked_choice("size", whole["size"], list(SIZES))
        stride = int(checked_number("stride", whole["stride"], 1, 4))
        shift = int(checked_number("shift", whole["shift"], -FARTHEST, FARTHEST))
        self._input.set_values(values)
        with QSignalBlocker(self._edge):  # which would make another input
            self._edge.setValue(len(values))
        for control, value in ((self._kind, kind), (self._size, size), (self._stride, stride)):
            set_value(control, value)
        self._shift.set_shift(shift)
        self._compute()

    @override
    def facts(self) -> dict[str, Any]:
        output = [[]] if self._done is None else self._done.output[..., 0].tolist()
        return self.state() | {"output": output, **self._shift.facts()}

    # What is shown.

    @Slot()
    def _take_size(self) -> None:
        """A window of another size steps as far as it is wide, as is usual."""
        size = self._size.currentData()
        if size != WHOLE:
            self._stride.setValue(size)
        self._compute()

    @Slot(int)
    def _resize(self, side: int) -> None:
        """More rows and columns are filled with small numbers; fewer are cut off."""
        old = self._input.values
        if old.shape != (side, side):
            new = np.random.default_rng(side).integers(0, 9, (side, side)).astype(np.float64)
            rows_, columns = min(side, old.shape[0]), min(side, old.shape[1])
            new[:rows_, :columns] = old[:rows_, :columns]
            self._input.set_values(new)
            self._compute()

    @Slot()
    def _compute(self) -> None:
        pooling, values = self.pooling, self._input.values
        cell = _CELL if max(values.shape) < 6 else _SMALL_CELL
        self._input.set_cell_size(cell)
        self._output.set_cell_size(cell)
        self._stride.setEnabled(pooling.size is not None)
        problem = ""
        try:
            self._done = pooling.on(values)
            self._output.set_values(self._done.output[..., 0])
            self._input.set_unused(np.logical_or.outer(*(one.missed() for one in self._done.windows)))
        except StudioError as error:
            self._done, problem = None, str(error)
            self._input.set_unused(None)
        self._output.setVisible(self._done is not None)
        self._problem.setText(problem or self._input.problem)
        self._problem.setVisible(bool(self._problem.text()))
        self._code.set_code(pooling.keras)
        self._shift.set_pooling(pooling)
        self._show_window(None)
        self.changed.emit()

    @Slot(object)
    def _point_output(self, cell: Cell | None) -> None:
        self._show_window(cell)

    @Slot(object)
    def _point_input(self, cell: Cell | None) -> None:
        """Which outputs see a number of the input."""
        if cell is None or self._done is None:
            self._output.set_marked(None)
            self._tell()
            return
        shape = self._done.output.shape[:2]
        numbers = {place: self._done.number(*place) for place in np.ndindex(shape)}
        marked = np.zeros(shape, bool)
        for place, one in numbers.items():
            marked[place] = cell[0] in one.rows and cell[1] in one.columns
        self._output.set_marked(marked)
        seen, kept = int(marked.sum()), sum(one.source == cell for one in numbers.values())
        value = number_text(float(self._input.values[cell]))
        if not seen:
            self._formula.setText(f"No window reaches this {value}: the stride leaves it out.")
        elif self.pooling.kind == "average":
            self._formula.setText(f"This {value} is part of {counted(seen, 'average')}.")
        else:
            lost = "it is lost" if not kept else f"it is the largest in {kept}"
            self._formula.setText(f"This {value} is seen by {counted(seen, 'window')}; {lost}.")

    def _show_window(self, cell: Cell | None) -> None:
        if cell is None or self._done is None:
            self._input.set_window(None)
            self._input.set_marked(None)
            self._tell()
            return
        one = self._done.number(*cell)
        self._input.set_window(QRectF(one.columns.start, one.rows.start, len(one.columns), len(one.rows)))
        marked = np.zeros(self._input.extent(), bool)
        if one.source is None:
            marked[one.rows.start : one.rows.stop, one.columns.start : one.columns.stop] = True
        else:
            marked[one.source] = True
        self._input.set_marked(marked)
        self._formula.setText(_formula(one))

    def _tell(self) -> None:
        if self._done is None:
            self._formula.setText("")
            return
        before, after = self._done.inputs[..., 0].size, self._done.output.size
        self._formula.setText(
            f"{before} numbers become {after}. Point at an output to see where it comes from; nothing is learnt here. "
            + COUNTING
        )


def _formula(number_: PooledNumber) -> str:
    terms = [number_text(float(value)) for value in number_.patch.ravel()]
    value = number_text(number_.value)
    if number_.source is None:
        return f"({' + '.join(terms)})/{len(terms)} = {value}"
    row_, column_ = number_.source
    return f"max({', '.join(terms)}) = {value}, from {wording.cell(row_, column_)}"
