"""Stride, padding, dilation: how large an output gets, and which settings are possible."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QVBoxLayout
from typing_extensions import override

from cnnstudio.gui.controls.buttons import chip, chip_group
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import slider
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.player import Player
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_choice
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import EDGE, Matrix
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.lab.convolution import Convolution
from cnnstudio.lab.sizes import LARGEST, Fill, Padding, Sizes

SLIDERS = {
    "size": ("W", "Input", "W: how many rows and columns the input has."),
    "kernel": ("F", "Kernel", "F: how many rows and columns of weights the kernel has."),
    "padding": ("P", "Padding", "P: how many rows and columns are put around the input, on every side."),
    "stride": ("S", "Stride", "S: how far the window moves from one place to the next."),
    "dilation": ("D", "Dilation", "D: how far the weights of the kernel lie apart; 1 leaves no gaps."),
}
"""The sliders: the letter in the formula, the title and the tooltip."""

PADDINGS: dict[str, tuple[str, str]] = {
    "number": ("P", "As much padding as the slider says, on every side."),
    "valid": ("valid", "Keras’s padding=“valid”: none, so the window stays inside the input."),
    "same": (
        "same",
        "Keras’s padding=“same”: so much that there are ⌈W/S⌉ places; where it is odd, the end gets one more.",
    ),
}
FILLS: dict[Fill, tuple[str, str]] = {
    "zero": ("Zeros", "The padding is 0: what lies outside is black. Networks do it so nearly always."),
    "reflect": ("Mirrored", "The padding mirrors the input at its edge, without repeating the outermost numbers."),
    "edge": ("Edge", "The padding repeats the outermost numbers."),
}

_CONTROLS_WIDTH = 32 * GRID
_LARGEST_CELL, _SMALLEST_CELL = 40, 4
"""In a window of usual size; on a large screen, as on a projector, cells get up to twice as large."""
_SHARE_OF_HEIGHT = 0.4
"""Of the panel, for the input."""
_START = Sizes(7, 3, 0)
_ROW = 100
"""How much more the numbers of a row are than those of the row before; 0 is left for the padding."""


class SizePanel(Panel):
    """Sliders on the left; on the right the formula, and the window on its way over the input."""

    def __init__(self, settings: Settings, _library: Library) -> None:
        super().__init__()
        self._settings = settings
        self._sizes = _START
        self._padding_size = 0
        self._sliders: dict[str, QSlider] = {}
        self._values: dict[str, QLabel] = {}
        self._pointed: Cell | None = None
        self._player = Player("place")
        self._player.moved.connect(self._show)
        self._input = Matrix(
            "size_input",
            "Input",
            "The input, and the padding around it. Each number of the input names its row and its column, counted "
            "from 0 as in NumPy. What no window reaches is hatched.",
            text=_place_text,
        )
        self._output = Matrix(
            "size_output",
            "Output, order of visits",
            "The places of the window, numbered in the order in which it visits them. Point at one to see it.",
            "diverging",
        )
        self._output.pointed.connect(self._point)
        self._titles = [label(role="small", name=f"size_{name}_title", wrap=False) for name in ("input", "output")]
        for title in self._titles:
            title.setIndent(EDGE)
        self._letters = label(name="size_letters")
        self._formula = label(role="strong", name="size_formula")
        self._remark = label(role="secondary", name="size_remark")
        self._code = CodeLine("size_keras", "In Keras", "A convolution of these sizes as Keras code.")
        self._build()
        settings.changed.connect(self._follow_motion)
        self._follow_motion()
        self._compute()

    def _build(self) -> None:
        controls = widget_of(self._build_controls())
        controls.setFixedWidth(_CONTROLS_WIDTH)
        top = Qt.AlignmentFlag.AlignTop
        matrices = QGridLayout()
        matrices.setHorizontalSpacing(SECTION)
        matrices.setVerticalSpacing(GRID // 2)
        for place, (title, matrix) in enumerate(zip(self._titles, (self._input, self._output), strict=True)):
            matrices.addWidget(title, 0, place, Qt.AlignmentFlag.AlignBottom)
            matrices.addWidget(matrix, 1, place, top)
        matrices.setColumnStretch(2, 1)
        matrices.setContentsMargins(0, 0, 0, 0)
        self._room = widget_of(column(matrices, STRETCH))
        shown = column(self._letters, self._formula, GRID, self._room, STRETCH)
        # The remark, which comes and goes, below all that is pressed: nothing jumps away from under the pointer.
        content = column(
            row((controls, 0, top), (shown, 1), gap=SECTION),
            self._player,
            self._remark,
            self._code,
            STRETCH,
            gap=2 * GRID,
        )
        content.setContentsMargins(0, 0, GRID, 0)
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))

    def _build_controls(self) -> QVBoxLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        for place, (name, (letter, title, tip)) in enumerate(SLIDERS.items()):
            limits = (0 if name == "padding" else 1, LARGEST[name])
            one = slider(f"size_{name}_slider", title, tip, limits, partial(self._slide, name))
            caption = label(f"<b>{letter}</b> {title}", wrap=False)
            caption.setBuddy(one)
            caption.setToolTip(one.toolTip())
            value = label(name=f"size_{name}_value", wrap=False)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setMinimumWidth(5 * GRID)
            self._sliders[name], self._values[name] = one, value
            for across, part in enumerate((caption, one, value)):
                grid.addWidget(part, place, across)
        grid.setColumnStretch(1, 1)
        self._paddings = [chip(f"size_{name}_chip", text, tip) for name, (text, tip) in PADDINGS.items()]
        self._fills = [chip(f"size_{name}_fill_chip", text, tip) for name, (text, tip) in FILLS.items()]
        chip_group(self, self._paddings, self._choose_padding)
        chip_group(self, self._fills, self._choose_fill)
        return column(
            grid,
            GRID,
            label("Padding", "strong"),
            row(*self._paddings, STRETCH),
            label("What stands in it", "strong"),
            row(*self._fills, STRETCH),
        )

    # State.

    @override
    def state(self) -> dict[str, Any]:
        return {
            "size": self._sizes.size,
            "kernel": self._sizes.kernel,
            "padding": self._sizes.padding if isinstance(self._sizes.padding, str) else "number",
            "padding_size": self._padding_size,
            "stride": self._sizes.stride,
            "dilation": self._sizes.dilation,
            "fill": self._sizes.fill,
            "step": self._player.step,
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        wanted: dict[str, Any] = {**self.state(), **state}
        for name in ("size", "kernel", "padding_size", "stride", "dilation"):
            key = name.removesuffix("_size")
            checked_choice(name, wanted[name], range(0 if key == "padding" else 1, LARGEST[key] + 1))
        checked_choice("padding", wanted["padding"], list(PADDINGS))
        checked_choice("fill", wanted["fill"], list(FILLS))
        self._padding_size = wanted["padding_size"]
        by_number = wanted["padding"] == "number"
        self._sizes = Sizes(
            wanted["size"],
            wanted["kernel"],
            self._padding_size if by_number else wanted["padding"],
            wanted["stride"],
            wanted["dilation"],
            wanted["fill"],
        )
        self._compute()
        self._player.show_step(min(int(wanted["step"]), self._player.count))

    @override
    def facts(self) -> dict[str, Any]:
        """Besides: the output's size, what is impossible, and how many rows are never seen."""
        sizes = self._sizes
        return self.state() | {
            "output_size": sizes.output,
            "problem": sizes.problem,
            "unseen": len(sizes.unseen),
        }

    # Choices.

    def _slide(self, name: str, value: int) -> None:
        """Takes a number as far as it is possible beside the others; the sliders keep their ends."""
        if not self._sizes.problem:
            possible = self._sizes.limits(name)
            value = min(max(value, possible[0]), possible[-1])
        if name == "padding":
            self._padding_size = value
        changed: dict[str, Any] = {name: value}
        self._sizes = replace(self._sizes, **changed)
        self._compute()

    @Slot(int)
    def _choose_padding(self, number: int) -> None:
        choices: tuple[Padding, ...] = (self._padding_size, "valid", "same")  # in the order of PADDINGS
        self._sizes = replace(self._sizes, padding=choices[number])
        self._compute()

    @Slot(int)
    def _choose_fill(self, number: int) -> None:
        self._sizes = replace(self._sizes, fill=list(FILLS)[number])
        self._compute()

    def _compute(self) -> None:
        """Shows what comes of the numbers; where nothing does, the sentence that says why."""
        self._show_controls()
        sizes = self._sizes
        self._letters.setText(sizes.letters)
        self._formula.setText(sizes.formula or sizes.problem)
        kernel = np.zeros((sizes.kernel, sizes.kernel))
        layer = Convolution.of_matrix(
            kernel,
            strides=(sizes.stride,) * 2,
            dilations=(sizes.dilation,) * 2,
            padding=sizes.padding,
            fill=sizes.fill,
            bias=np.zeros(1),
        )
        self._code.set_code(layer.keras)
        self._code.setVisible(bool(layer.keras))
        remark = f"{sizes.remark} {layer.remark}".strip()
        self._remark.setText(remark)
        self._remark.setVisible(bool(remark))
        for part in (*self._titles, self._input, self._output, self._player):
            part.setVisible(not sizes.problem)
        if not sizes.problem:
            self._fill_matrices(layer)
        self._player.set_count(sizes.output**2)

    def _show_controls(self) -> None:
        sizes = self._sizes
        before, after = (0, 0) if sizes.problem else sizes.window.padding
        values = {
            "size": str(sizes.size),
            "kernel": str(sizes.kernel),
            "padding": f"{before}" if before == after else f"{before}, {after}",
            "stride": str(sizes.stride),
            "dilation": str(sizes.dilation),
        }
        for name, one in self._sliders.items():
            free = name != "padding" or not isinstance(sizes.padding, str)
            with QSignalBlocker(one):
                one.setValue(getattr(sizes, name) if free else before)
            one.setEnabled(free)
            self._values[name].setText(values[name])
        name = sizes.padding if isinstance(sizes.padding, str) else "number"
        self._paddings[list(PADDINGS).index(name)].setChecked(True)
        self._fills[list(FILLS).index(sizes.fill)].setChecked(True)

    def _fill_matrices(self, layer: Convolution) -> None:
        size = self._sizes.size
        places = np.arange(size)
        convolved = layer.on(1 + _ROW * places[:, np.newaxis] + places)
        before = self._sizes.window.padding[0]
        fixed = np.ones(convolved.padded.shape[:2], bool)
        fixed[before : before + size, before : before + size] = False
        self._input.set_values(convolved.padded[..., 0])
        self._input.set_fixed(fixed if fixed.any() else None)
        missed = self._sizes.window.missed(self._sizes.dilation)
        self._input.set_unused(np.logical_or.outer(missed, missed))
        output = self._sizes.output
        order = np.arange(1, output**2 + 1).reshape(output, output)
        self._output.set_values(order, (0.0, 0.0))  # all in one colour: these are no values
        self._titles[0].setText(f"Input, {size}×{size}")
        self._titles[1].setText(f"Output, {output}×{output}\nOrder of visits")
        self._fit()

    def _fit(self) -> None:
        if self._sizes.problem:
            return
        columns = [
            (matrix.extent()[1], title.sizeHint().width())
            for matrix, title in zip((self._input, self._output), self._titles, strict=True)
        ]
        room = self.width() - _CONTROLS_WIDTH - 2 * SECTION - 3 * GRID
        high = round(_SHARE_OF_HEIGHT * self.height() / self._input.extent()[0])
        side = max(_LARGEST_CELL, min(high, 2 * _LARGEST_CELL))
        while side > _SMALLEST_CELL and sum(max(count * side + 2 * EDGE, least) for count, least in columns) > room:
            side -= 1
        for matrix in (self._input, self._output):
            matrix.set_cell_size(side)
        # They give no room back while a slider moves: what lies below would jump, and be laid out and painted anew.
        high = max(self._input.height(), self._output.height()) + self._titles[0].sizeHint().height() + GRID
        self._room.setMinimumHeight(max(self._room.minimumHeight(), high))

    # The window on its way.

    @Slot(object)
    def _point(self, cell: Cell | None) -> None:
        if cell is not None:
            self._player.pause()
        self._pointed = cell
        self._show()

    @Slot()
    def _show(self) -> None:
        sizes = self._sizes
        if sizes.problem:
            self.changed.emit()
            return
        window, step, share = sizes.window, self._player.step, self._player.share
        place = self._pointed or (divmod(step - 1, window.output) if step else None)
        seen = np.zeros(self._input.extent(), bool)
        if place is None:
            self._input.set_window(None)
            self._input.set_marked(None)
        else:
            top, left = place[0] * window.stride, place[1] * window.stride
            frame = QRectF(left, top, window.kernel, window.kernel)
            before = divmod(max(0, step - 2), window.output)
            if self._pointed is None and share < 1:
                frame.translate(
                    (before[1] * window.stride - left) * (1 - share), (before[0] * window.stride - top) * (1 - share)
                )
            under = np.arange(sizes.kernel) * sizes.dilation
            seen[np.ix_(top + under, left + under)] = True
            self._input.set_window(frame)
            self._input.set_marked(seen if share == 1 or self._pointed is not None else None)
        done = np.arange(window.output**2).reshape(window.output, window.output) < (step - (share < 1) or 0)
        self._output.set_shown(None if not step or done.all() else done)
        self._output.set_outlined(place if share == 1 else None)
        if share == 1:
            self.changed.emit()

    @Slot()
    def _follow_motion(self) -> None:
        self._player.still = self._settings.reduced_motion

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._room.setMinimumHeight(0)
        self._fit()


def _place_text(value: float) -> str:
    """The row and the column of a number of the input, “2,3”; “0” for the padding."""
    return "{},{}".format(*divmod(int(value) - 1, _ROW)) if value else "0"
