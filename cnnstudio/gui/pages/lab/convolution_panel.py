"""A convolution, step by step: the window slides, the products appear, their sum lands in the output."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import FoldButton, chip, chip_group, on_key, tool_button
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row
from cnnstudio.gui.controls.player import Player
from cnnstudio.gui.controls.steady_text import SteadyText
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab import convolution_words as words
from cnnstudio.gui.pages.lab.convolution_board import ConvolutionBoard, InputNumber, Place, Subject, Weight
from cnnstudio.gui.pages.lab.layer_options import LayerOptions
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_array, checked_choice
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.lab.convolution import LECTURE_INPUT, LECTURE_KERNEL, Convolution, Convolved
from cnnstudio.wording import COUNTING

HINT = (
    "Press Play, or point at a number: an output shows where it comes from, an input where it goes, a weight all the "
    "numbers that it meets. Double-click a number of the input or the kernel to change it. " + COUNTING
)

_TURNS = (
    (
        "cross_correlation",
        "Cross-correlation, as in networks",
        "Cross-correlation: the kernel lies on the input as it is. Networks learn their kernels, so turning them would "
        "change nothing, and Keras, TensorFlow and PyTorch leave it out.",
    ),
    (
        "convolution",
        "Convolution, as in mathematics",
        "Convolution: the kernel is turned by 180° before it slides. Only then does the order of two kernels in a row "
        "not matter.",
    ),
)


class ConvolutionPanel(Panel):
    """Numbers to change, a player, the board, the formula, the line of Keras, and the options of the layer."""

    def __init__(self, settings: Settings, _library: Library) -> None:
        super().__init__()
        self._settings = settings
        self._inputs = LECTURE_INPUT[..., np.newaxis]
        self._kernel = LECTURE_KERNEL[..., np.newaxis, np.newaxis]
        self._biases = np.zeros(1)
        self._flipped = False
        self._convolved: Convolved | None = None
        self._impossible = ""
        self._pointed: Subject | None = None
        self._pinned: Subject | None = None
        self._term: words.Term | None = None
        self._player = Player("output")
        self._stepped = 0
        """Which step was shown last."""
        self._board = ConvolutionBoard()
        self._options = LayerOptions()
        self._options.show_choices({"size": 5, "kernel_size": 3})
        self._build()
        self._connect()
        self._follow_motion()
        self._compute()

    def _build(self) -> None:
        dice = tool_button(
            "lab_random_button", "Other numbers", "Puts other numbers into input and kernel.", "dice", self._shuffle
        )
        reset = tool_button(
            "lab_reset_button",
            "The lecture’s numbers",
            "Back to the 5×5 input and the 3×3 kernel with which lectures begin.",
            "reset",
            self._reset,
        )
        self._problem = label(role="error", name="lab_problem")
        self._letters = label(name="lab_formula")
        sums = label(name="lab_numbers")
        sums.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        sums.linkHovered.connect(self._hover_link)
        self._numbers = SteadyText(sums)
        self._chips = [chip(f"{name}_chip", text, tip) for name, text, tip in _TURNS]
        chip_group(self, self._chips, self._turn)
        self._turn_text = label(role="secondary", name="lab_turn_text")
        self._code = CodeLine("lab_keras", "In Keras", "The same layer as Keras code.")
        self._remark = label(role="secondary", name="lab_remark")
        fold = FoldButton(
            "lab_options_button",
            "Sizes, channels, filters, stride, padding",
            "Makes another layer of it: with more channels and filters, as in a real network.",
            self._options,
        )
        # Above the board, which grows with what is chosen: the controls stay under the pointer.
        content = column(
            row(fold, STRETCH, dice, reset),
            self._options,
            self._remark,
            self._player,
            self._board,
            self._problem,
            self._letters,
            self._numbers,
            GRID // 2,
            row(*self._chips, STRETCH),
            self._turn_text,
            self._code,
            STRETCH,
            gap=GRID + GRID // 2,
        )
        content.setContentsMargins(0, 0, GRID, 0)
        self._scroll = ScrollColumn()
        self._scroll.set_content(content)
        self.setLayout(column(self._scroll))

    def _connect(self) -> None:
        self._player.moved.connect(self._follow_step)
        self._board.pointed.connect(self._point)
        self._board.clicked.connect(self._pin)
        self._board.term_pointed.connect(self._point_at_term)
        self._board.inputs_edited.connect(self._take_inputs)
        self._board.kernel_edited.connect(self._take_kernel)
        self._board.bias_edited.connect(self._take_bias)
        self._options.changed.connect(self._resize)
        self._settings.changed.connect(self._follow_motion)
        on_key(self, Qt.Key.Key_Escape, self._unpin)

    # State.

    @override
    def state(self) -> dict[str, Any]:
        """The numbers, the options of the layer, and how many outputs have been computed."""
        choices = self._options.choices
        return {
            "input": _nested(np.moveaxis(self._inputs, -1, 0)),
            "kernel": _nested(np.moveaxis(self._kernel, (3, 2), (0, 1))),
            "biases": self._biases.tolist(),
            **{name: choices[name] for name in _OPTIONS},
            "turned": self._flipped,
            "step": self._player.step,
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        """Takes what `state` gives; input (rows of numbers) and kernel may stand for one channel and one filter alone.

        Raises:
            StudioError: as of every panel.
        """
        check_names(state, self.state())
        choices = {name: state[name] for name in _OPTIONS if name in state}
        for name, value in choices.items():
            checked_choice(name, value, _OPTIONS[name])
        inputs, kernel = self._inputs, self._kernel
        if "input" in state:
            values = checked_array("input", state["input"], (2, 3), (12, 12, 4))
            inputs = values[..., np.newaxis] if values.ndim == 2 else np.moveaxis(values, 0, -1)
            if inputs.shape[0] != inputs.shape[1]:
                raise StudioError(
                    f"The input is {inputs.shape[0]}×{inputs.shape[1]}: it must have as many rows as columns."
                )
        if "kernel" in state:
            values = checked_array("kernel", state["kernel"], (2, 4), (7, 7, 4, 4))
            kernel = values[..., np.newaxis, np.newaxis] if values.ndim == 2 else np.moveaxis(values, (0, 1), (3, 2))
        biases = checked_array("biases", state["biases"], (1,), (4,)) if "biases" in state else self._biases
        self._inputs, self._kernel = inputs, kernel
        self._biases = np.resize(biases, kernel.shape[3])
        self._flipped = bool(state.get("turned", self._flipped))
        self._chips[self._flipped].setChecked(True)
        self._options.show_choices(
            {
                **choices,
                "size": inputs.shape[0],
                "kernel_size": kernel.shape[0],
                "channels": inputs.shape[2],
                "filters": kernel.shape[3],
            }
        )
        self._pinned = self._pointed = self._term = None
        self._player.set_count(0)
        self._compute()
        self._player.show_step(min(int(state.get("step", 0)), self._player.count))

    @override
    def facts(self) -> dict[str, Any]:
        """Besides: the output (that of the filter shown), its size, the channels, the steps, and what is marked."""
        marked = self._pointed or self._pinned
        output = np.full((1, 1), np.nan) if self._convolved is None else self._convolved.output[..., self._board.filter]
        gradient = np.nan
        if isinstance(marked, Weight) and self._convolved is not None:
            gradient = self._convolved.meeting(marked.row, marked.column, marked.channel, marked.filter).gradient
        return self.state() | {
            "output": output.tolist(),
            "output_size": 0 if self._convolved is None else len(output),
            "channels": self._inputs.shape[2],
            "steps": self._player.count,
            "parameters": self._kernel.size + (self._kernel.shape[3] if self._options.choices["bias"] else 0),
            "marked": {Place: "output", InputNumber: "input", Weight: "weight"}.get(type(marked), ""),
            "marked_row": -1 if marked is None else marked.row,
            "marked_column": -1 if marked is None else marked.column,
            "gradient": gradient,
        }

    # Numbers that change.

    def _unpin_edited(self) -> None:
        """The double click that opens a cell is a click, too, which has pinned it."""
        if isinstance(self._pinned, InputNumber | Weight):
            self._pinned = None

    @Slot()
    def _take_inputs(self) -> None:
        self._unpin_edited()
        self._inputs = self._board.inputs()
        self._compute()

    @Slot()
    def _take_kernel(self) -> None:
        self._unpin_edited()
        kernel = self._board.kernel()
        self._kernel = self._kernel.copy()
        self._kernel[..., self._board.filter] = kernel[::-1, ::-1] if self._flipped else kernel
        self._compute()

    @Slot()
    def _take_bias(self) -> None:
        self._biases = self._biases.copy()
        self._biases[self._board.filter] = self._board.bias()
        self._compute()

    @Slot()
    def _resize(self) -> None:
        """Keeps the numbers that stay; others are made up: 0 around the input, small weights in new kernels."""
        choices = self._options.choices
        random = np.random.default_rng(7)
        size, channels, filters = choices["size"], choices["channels"], choices["filters"]
        seen = channels // _groups(choices["connections"], channels)
        inputs = random.integers(0, 2, (size, size, channels)).astype(np.float64)
        inputs[..., : self._inputs.shape[2]] = 0
        self._inputs = _overlaid(inputs, self._inputs)
        kernel = random.integers(-1, 2, (choices["kernel_size"],) * 2 + (seen, filters)).astype(np.float64)
        kernel[:, :, : self._kernel.shape[2], : self._kernel.shape[3]] = 0
        self._kernel = _overlaid(kernel, self._kernel)
        self._biases = _overlaid(np.zeros(filters), self._biases)
        self._unmark()
        self._compute()

    @Slot()
    def _shuffle(self) -> None:
        random = np.random.default_rng()
        self._inputs = random.integers(0, 3, self._inputs.shape).astype(np.float64)
        self._kernel = random.integers(-1, 2, self._kernel.shape).astype(np.float64)
        self._compute()

    @Slot()
    def _reset(self) -> None:
        self.show_state(
            {
                "input": LECTURE_INPUT.tolist(),
                "kernel": LECTURE_KERNEL.tolist(),
                "biases": [0.0],
                "stride": 1,
                "dilation": 1,
                "padding": "valid",
                "connections": "all",
                "activation": "linear",
                "bias": False,
                "turned": False,
            }
        )

    @Slot(int)
    def _turn(self, number: int) -> None:
        self._flipped = bool(number)
        self._compute()

    def _compute(self) -> None:
        choices = self._options.choices
        layer = Convolution(
            self._kernel,
            self._biases if choices["bias"] else None,
            (choices["stride"],) * 2,
            (choices["dilation"],) * 2,
            choices["padding"],
            groups=_groups(choices["connections"], self._inputs.shape[2]),
            activation=choices["activation"],
            flipped=self._flipped,
        )
        self._impossible = layer.problem(self._inputs.shape)
        self._convolved = None if self._impossible else layer.on(self._inputs)
        self._board.setVisible(self._convolved is not None)
        self._turn_text.setText(self._said_of_turning())
        self._code.set_code(layer.keras)
        self._code.setVisible(bool(layer.keras) and not self._impossible)
        self._remark.setText(f"{words.parameters(layer)} {layer.remark}".strip())
        self._remark.setVisible(not self._impossible)
        self._player.set_count(0 if self._convolved is None else self._convolved.output.size)

    def _said_of_turning(self) -> str:
        text = _TURNS[self._flipped][2]
        if np.array_equal(self._kernel, self._kernel[::-1, ::-1], equal_nan=True):
            text += " This kernel is the same either way."
        return text

    # What is pointed at.

    @Slot(object)
    def _point(self, subject: Subject | None) -> None:
        if subject is not None:
            self._player.pause()
        self._pointed = subject
        self._term = None
        self._show()

    @Slot(object)
    def _pin(self, subject: Subject) -> None:
        self._pinned = None if subject == self._pinned else subject
        self._show()

    @Slot()
    def _follow_step(self) -> None:
        """A step that is taken is shown, whatever was pinned."""
        if self._player.step != self._stepped:
            self._stepped = self._player.step
            self._pinned = None
        self._show()

    @Slot()
    def _unpin(self) -> None:
        self._pinned = None
        self._show()

    def _unmark(self) -> None:
        self._pointed = self._pinned = self._term = None

    @Slot(object)
    def _point_at_term(self, term: words.Term | None) -> None:
        if term != self._term:
            self._term = term
            self._board.point_at_term(term)
            self._write()

    @Slot(str)
    def _hover_link(self, link: str) -> None:
        self._point_at_term(words.term_of(link))

    @property
    def _subject(self) -> Subject | None:
        """What is marked: what is pointed at, else what is pinned, else the step that was taken last."""
        marked = self._pointed or self._pinned
        if marked is not None or not self._player.step or self._convolved is None:
            return marked
        rows, columns = self._convolved.output.shape[:2]
        filter_, place = divmod(self._player.step - 1, rows * columns)
        row, column_ = divmod(place, columns)
        return Place(row, column_, filter_)

    @Slot()
    def _show(self) -> None:
        if self._convolved is not None:
            marked = self._pointed or self._pinned
            share = 1.0 if marked is not None else self._player.share
            self._board.show_convolved(self._convolved, self._subject, self._pinned, self._player.step, share)
        self._write()
        if self._player.share == 1:
            self.changed.emit()

    def _write(self) -> None:
        problem = self._impossible or self._board.problem
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        for text in (self._letters, self._numbers):
            text.setVisible(self._convolved is not None)
        if self._convolved is None:
            return
        self._letters.setText(words.letters(self._convolved))
        self._numbers.setText(self._said_of(self._subject, self._convolved))

    def _said_of(self, subject: Subject | None, convolved: Convolved) -> str:
        match subject:
            case Place():
                step = convolved.step(subject.row, subject.column, subject.filter)
                return words.numbers(step, convolved.convolution.bias is not None, self._term)
            case InputNumber():
                value = float(convolved.inputs[subject.row, subject.column, subject.channel])
                return words.of_input(value, convolved.uses(subject.row, subject.column), convolved.convolution)
            case Weight():
                meeting = convolved.meeting(subject.row, subject.column, subject.channel, subject.filter)
                value = float(self._kernel[subject.row, subject.column, subject.channel, subject.filter])
                return words.of_weight(value, meeting)
        return HINT

    @Slot()
    def _follow_motion(self) -> None:
        self._player.still = self._settings.reduced_motion

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._board.fit(self.width() - 3 * GRID, self.height())


_OPTIONS: dict[str, tuple[Any, ...] | range] = {
    "stride": range(1, 5),
    "dilation": range(1, 5),
    "padding": ("valid", "same"),
    "connections": ("all", "grouped", "depthwise"),
    "activation": ("linear", "relu"),
    "bias": (False, True),
}
"""Which options a state names, and what each can be."""


def _groups(connections: str, channels: int) -> int:
    return {"all": 1, "grouped": min(2, channels), "depthwise": channels}[connections]


def _overlaid(ground: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The ground with as many of the values on it as have room, from the first ones on."""
    common = tuple(slice(min(sizes)) for sizes in zip(ground.shape, values.shape, strict=True))
    ground[common] = values[common]
    return ground


def _nested(matrices: np.ndarray) -> list[Any]:
    """Lists in lists, (…, height, width); those around a single matrix are left out."""
    alone = matrices.size == matrices.shape[-2] * matrices.shape[-1]
    nested: list[Any] = (matrices.reshape(matrices.shape[-2:]) if alone else matrices).tolist()
    return nested
