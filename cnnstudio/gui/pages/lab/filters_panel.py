"""Filters on pictures: before and after, live, one or several after each other."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QWidget
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import chip, push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import WheelGuard, caption, combo, set_value, slider
from cnnstudio.gui.controls.layouts import STRETCH, ButtonRows, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.network_input.session import ModelInput
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_array, checked_choice, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.pages.lab.picture_source import KINDS, PHOTOS, PictureSource
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask, Task
from cnnstudio.gui.widgets.images.matrix import Matrix
from cnnstudio.gui.widgets.images.pixel_view import PixelPicture
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.lab.compiled_filters import Compiled, compiled, fits
from cnnstudio.lab.filters import FILTERS, SIDES, Show, filtered, joined, on_screen
from cnnstudio.wording import COUNTING

OWN = "own"
"""The name of a kernel that was typed."""

MOST_FILTERS = 4
"""So many can follow each other."""

PICTURE_HEIGHT = 34 * GRID
_LEAST_HEIGHT = 22 * GRID

_CELLS = {3: 48, 5: 36, 7: 28}
"""Widths of the kernel's cells, by its side."""

_COMPILED_FROM = 300_000
"""So many numbers a picture has for which it is worth to wait for TensorFlow."""

SHOWS: dict[str, tuple[str, str]] = {
    "clip": ("Below 0: black", "Numbers below 0 are black, those above 255 white."),
    "grey": ("0 is middle grey", "0 is middle grey; what is below it is darker, what is above is brighter."),
    "magnitude": ("Without sign", "A number below 0 is as bright as the same number above it."),
}
"""How numbers outside of 0–255 are shown, the values of `Show`."""


@dataclass(frozen=True, eq=False)
class FilterStep:
    """One filter of a chain.

    Attributes:
        name: a key of `FILTERS`, or `OWN`.
        kernel: (side, side); NaN where a cell holds no number, which counts as 0.
        strength: 0 leaves the picture as it is, 1 is the whole filter.
    """

    name: str
    kernel: np.ndarray
    strength: float = 1.0

    @property
    def applied(self) -> np.ndarray:
        """The kernel that does so much of it."""
        same = FILTERS["identity"].make(len(self.kernel))
        return same + self.strength * (np.nan_to_num(self.kernel) - same)

    @property
    def title(self) -> str:
        """For a chip."""
        return "Own" if self.name == OWN else FILTERS[self.name].title


@dataclass(frozen=True)
class FastKey:
    """For what a filter is compiled; its attributes are the arguments of `compiled`."""

    kernel: tuple[int, int]
    dtype: str
    pixels: bool


@dataclass(frozen=True, eq=False)
class FilteredPicture:
    """A picture after all filters.

    Attributes:
        picture: (height, width, channels) uint8, as it was.
        kernels: of the filters.
        relu: whether numbers below 0 became 0 after each.
        pixels: uint8, as what came out is shown.
    """

    picture: np.ndarray
    kernels: tuple[np.ndarray, ...]
    relu: bool
    pixels: np.ndarray

    def numbers_at(self, row: int, column: int) -> np.ndarray:
        """What came out at a pixel, (channels,) float32: from as much of the picture as it depends on."""
        reach = sum(len(kernel) // 2 for kernel in self.kernels)
        top, left = max(0, row - reach), max(0, column - reach)
        numbers = self.picture[top : row + reach + 1, left : column + reach + 1]
        for kernel in self.kernels:
            numbers = filtered(numbers, kernel)
            if self.relu:
                numbers = np.maximum(numbers, 0)
        found: np.ndarray = numbers[row - top, column - left].astype(np.float32)
        return found


def fast_keys(kernels: Sequence[np.ndarray]) -> list[FastKey]:
    """What must be compiled for a chain of filters; only the last one of them makes pixels."""
    last = len(kernels) - 1
    return [
        FastKey(kernel.shape, "float32" if number else "uint8", number == last) for number, kernel in enumerate(kernels)
    ]


def apply_chain(
    picture: np.ndarray, kernels: Sequence[np.ndarray], relu: bool, show: Show, fast: Mapping[FastKey, Compiled]
) -> FilteredPicture:
    """Applies filters one after the other.

    Args:
        picture: (height, width, channels) uint8.
        kernels: one or more, in this order.
        relu: whether numbers below 0 become 0 after each.
        show: how the last numbers are shown.
        fast: compiled filters.
    """
    numbers = picture
    for key, kernel in zip(fast_keys(kernels), kernels, strict=True):
        if key in fast:
            numbers = fast[key](numbers, kernel, relu, show if key.pixels else None)
            continue
        numbers = filtered(numbers, kernel)
        if relu:
            np.maximum(numbers, 0, out=numbers)
        if key.pixels:
            numbers = on_screen(numbers, show)
    return FilteredPicture(picture, tuple(kernels), relu, numbers)


class FiltersPanel(Panel):
    """A picture before and after filters, with the kernel of the one that is chosen.

    Signals:
        filtered(object): this `FilteredPicture` is on screen.
    """

    filtered = Signal(object)

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._steps = [FilterStep("sharpen", FILTERS["sharpen"].make(3))]
        self._chosen = 0
        self._result: FilteredPicture | None = None
        self._compiled: dict[FastKey, Compiled] = {}
        self._compiling: Task | None = None
        self._message = MessageBar(self)
        self._source = PictureSource()
        self._source.picture_changed.connect(self._compute)
        self._source.failed.connect(self._message.show_failure)
        self._after = PixelPicture()
        describe(self._after, "picture_after", "After", "What the filters make of it, the same part for part.")
        self._source.view.pointed.connect(self._point)
        self._after.pointed.connect(self._point)
        self._task = LatestTask(self)
        self._task.finished.connect(self._show)
        self._task.failed.connect(self._message.show_failure)
        self._pixel = label(role="secondary", name="pixel_text")
        self._build_controls()
        before = widget_of(column(label("Before", "strong"), (self._source, 1)))
        after = widget_of(column(label("After", "strong"), (self._after, 1)))
        pictures = self._pictures = widget_of(row((before, 1), (after, 1), gap=2 * GRID))
        self._chain = self._build_chain()
        parts = (self._source.tools, self._message, pictures, self._pixel, self._chain, self._build_foot())
        content = column(*parts, STRETCH)
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        self._show_step()

    # Controls.

    def _build_controls(self) -> None:
        choices = {name: (one.title, one.remark) for name, one in FILTERS.items()}
        choices[OWN] = ("Own", "Your own weights: type them into the kernel.")
        self._filter = combo("filter_choice", "Filter", "Which filter slides over the picture.", choices)
        self._filter.activated.connect(self._choose_filter)
        sides = {side: (f"{side}×{side}", f"{side * side} weights.") for side in SIDES}
        self._side = combo("kernel_side", "Size", "How many pixels the kernel covers, down and across.", sides)
        self._side.activated.connect(self._choose_side)
        self._show_as = combo("show_choice", "Show", "How numbers are shown that are no brightness.", SHOWS)
        self._show_as.activated.connect(self._compute)
        tip = "How much of the filter is applied: 0 leaves the picture as it is."
        self._strength = slider("strength_slider", "Strength", tip, (0, 200), self._set_strength)
        self._strength.setPageStep(10)
        self._strength.setValue(100)
        self._figure = label("100 %", "secondary", "strength_figure", wrap=False)
        self._figure.setMinimumWidth(6 * GRID)
        self._relu = describe(
            QCheckBox("ReLU after each filter"),
            "relu_check",
            "ReLU after each filter",
            "Numbers below 0 become 0, as after most convolutions of a network. Without it, several filters do what "
            "a single larger one could do.",
        )
        self._relu.toggled.connect(self._compute)
        self._kernel = Matrix(
            "filter_kernel",
            "Kernel",
            "What the pixels under the window are multiplied with. Type a number to make a filter of your own.",
            "diverging",
            editable=True,
        )
        self._kernel.edited.connect(self._take_kernel)
        WheelGuard(self, self._filter, self._side, self._show_as, self._strength)

    def _build_chain(self) -> ButtonRows:
        self._chips = [
            chip(f"filter_{number + 1}", "", "Shows this filter’s kernel.", partial(self.choose, number))
            for number in range(MOST_FILTERS)
        ]
        self._add = push_button(
            "add_filter_button", "&Add a filter", "Another filter after these.", self._add_step, picture="add"
        )
        self._remove = push_button(
            "remove_filter_button", "&Remove", "Takes the chosen filter away.", self._remove_step, role="quiet"
        )
        return ButtonRows([*self._chips, self._add, self._remove])

    def _build_foot(self) -> QWidget:
        self._remark = label(role="secondary", name="filter_remark")
        self._sum = label(role="secondary", name="kernel_sum")
        self._whole = label(role="secondary", name="chain_text")
        self._problem = label(role="error", name="kernel_problem")
        for text in (self._problem, self._whole):
            text.hide()
        for one in (self._filter, self._show_as):
            one.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            one.setMinimumContentsLength(12)
        form = QGridLayout()
        form.setSpacing(GRID)
        for number, control in enumerate((self._filter, self._side, self._strength, self._show_as)):
            form.addWidget(caption(control), number, 0)
            form.addWidget(control, number, 1)
        form.addWidget(self._figure, 2, 2)
        form.setColumnStretch(1, 1)
        left = widget_of(column(form, self._relu, STRETCH))
        left.setMaximumWidth(50 * GRID)
        top = Qt.AlignmentFlag.AlignTop
        controls = row((left, 1), (self._kernel, 0, top), gap=3 * GRID)
        controls.addStretch()  # the form has a largest width
        texts = column(self._problem, self._remark, self._sum, self._whole)
        return widget_of(column(controls, texts, gap=2 * GRID))

    # State.

    @override
    def state(self) -> dict[str, Any]:
        return {
            "source": self._source.kind,
            "photo": self._source.photo or next(iter(PHOTOS)),
            "filters": [step.name for step in self._steps],
            "kernels": [step.kernel.tolist() for step in self._steps],
            "strengths": [step.strength for step in self._steps],
            "chosen": self._chosen,
            "show": self._show_as.currentData(),
            "relu": self._relu.isChecked(),
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        steps = _steps_of(whole, "kernels" in state)
        kind, photo = (
            checked_choice(name, whole[name], list(of)) for name, of in (("source", KINDS), ("photo", PHOTOS))
        )
        chosen = min(int(checked_number("chosen", whole["chosen"], 0, MOST_FILTERS - 1)), len(steps) - 1)
        set_value(self._show_as, checked_choice("show", whole["show"], list(SHOWS)))
        self._steps, self._chosen = steps, chosen
        self._relu.setChecked(bool(whole["relu"]))
        if kind == "photo" and photo != self._source.photo:
            self._source.show_photo(photo)
        self._source.set_kind(kind)
        self._show_step()
        self._compute()

    @override
    def facts(self) -> dict[str, Any]:
        kernel = joined([step.applied for step in self._steps])
        return self.state() | {"side": len(self._steps[self._chosen].kernel), "joined": kernel.tolist()}

    @property
    @override
    def own_image(self) -> ModelInput | None:
        return self._source.own_image

    @property
    def result(self) -> FilteredPicture | None:
        """What is on screen; None before the first picture."""
        return self._result

    @property
    def is_fast(self) -> bool:
        """Whether all filters are compiled for the picture that is on screen, or it is a small one."""
        result = self._result
        if result is None:
            return False
        return not _worth_compiling(result.picture, result.kernels) or all(
            key in self._compiled for key in fast_keys(result.kernels)
        )

    @property
    def message(self) -> str:
        """What it says of a picture that could not be used; empty while there is nothing to say."""
        return self._message.text

    def choose(self, number: int) -> None:
        """Shows the kernel of one of the filters, counted from 0."""
        self._chosen = number
        self._show_step()
        self.changed.emit()

    @override
    def shut_down(self) -> None:
        self._source.shut_down()
        self._task.shut_down()
        if self._compiling is not None:
            self._compiling.shut_down()

    # What is done.

    @Slot()
    def _choose_filter(self) -> None:
        name, step = self._filter.currentData(), self._steps[self._chosen]
        if name == OWN:
            self._put(replace(step, name=OWN))
            self._kernel.setFocus()
            return
        side = len(step.kernel)
        sides = FILTERS[name].sides
        set_value(self._show_as, FILTERS[name].show)
        self._put(FilterStep(name, FILTERS[name].make(side if side in sides else sides[0]), step.strength))

    @Slot()
    def _choose_side(self) -> None:
        side, step = self._side.currentData(), self._steps[self._chosen]
        if step.name != OWN and side in FILTERS[step.name].sides:
            self._put(replace(step, kernel=FILTERS[step.name].make(side)))
        else:
            self._put(replace(step, name=OWN, kernel=_resized(step.kernel, side)))

    @Slot(int)
    def _set_strength(self, percent: int) -> None:
        step = self._steps[self._chosen]
        if round(100 * step.strength) != percent:
            self._put(replace(step, strength=percent / 100))

    @Slot()
    def _take_kernel(self) -> None:
        self._put(replace(self._steps[self._chosen], name=OWN, kernel=self._kernel.values))

    @Slot()
    def _add_step(self) -> None:
        self._steps.append(FilterStep("identity", FILTERS["identity"].make(3)))
        self.choose(len(self._steps) - 1)
        self._compute()

    @Slot()
    def _remove_step(self) -> None:
        del self._steps[self._chosen]
        self.choose(min(self._chosen, len(self._steps) - 1))
        self._compute()

    def _put(self, step: FilterStep) -> None:
        self._steps[self._chosen] = step
        self._show_step()
        self._compute()

    @Slot()
    def _compute(self) -> None:
        """Filters the picture elsewhere; a newer request comes before one that waits."""
        self.changed.emit()
        self._fit()
        picture = self._source.picture
        if picture is None:
            self._result = None
            self._after.set_image(None)
            return
        kernels = [step.applied for step in self._steps]
        self._compile(picture, kernels)
        show, relu = self._show_as.currentData(), self._relu.isChecked()
        fast = dict(self._compiled) if _worth_compiling(picture, kernels) else {}
        self._task.submit(apply_chain, picture, kernels, relu, show, fast)

    def _compile(self, picture: np.ndarray, kernels: list[np.ndarray]) -> None:
        """Gets the fast filter for a large picture ready, once TensorFlow is there; until then NumPy filters."""
        if self._compiling is not None or "tensorflow" not in sys.modules or not _worth_compiling(picture, kernels):
            return
        missing = [key for key in fast_keys(kernels) if key not in self._compiled]
        if missing:
            self._compiling = Task(partial(_compile, missing[0]), self)
            self._compiling.finished.connect(self._take_compiled)
            self._compiling.failed.connect(self._stay_with_numpy)
            self._compiling.start()

    @Slot(object)
    def _take_compiled(self, made: tuple[FastKey, Compiled]) -> None:
        self._compiling = None
        self._compiled[made[0]] = made[1]
        picture = self._source.picture
        if picture is not None:  # another one than before, perhaps
            self._compile(picture, [step.applied for step in self._steps])

    @Slot(object)
    def _stay_with_numpy(self, _error: Exception) -> None:
        """A TensorFlow without XLA, which is asked once: `_compiling` stays as it is."""

    # What is shown.

    @Slot(object)
    def _show(self, result: FilteredPicture) -> None:
        if self._source.picture is None:  # the canvas was emptied meanwhile
            return
        self._result = result
        self._after.set_image(result.pixels)
        self._tell_pixel()
        self.filtered.emit(result)

    def _show_step(self) -> None:
        step = self._steps[self._chosen]
        for number, button in enumerate(self._chips):
            button.setVisible(number < len(self._steps))
            button.setChecked(number == self._chosen)
            if number < len(self._steps):
                title = self._steps[number].title
                button.setText(f"{number + 1}  {title}")
                button.setAccessibleName(f"Filter {number + 1}: {title}")
        self._fit()
        self._add.setEnabled(len(self._steps) < MOST_FILTERS)
        self._remove.setEnabled(len(self._steps) > 1)
        set_value(self._filter, step.name)
        set_value(self._side, len(step.kernel))
        self._strength.setValue(round(100 * step.strength))
        self._strength.setAccessibleDescription(f"{round(100 * step.strength)} %")
        self._figure.setText(f"{round(100 * step.strength)} %")
        side = len(step.kernel)
        self._kernel.set_cell_size(_CELLS[side])
        if not np.array_equal(self._kernel.values, step.kernel, equal_nan=True):
            self._kernel.set_values(step.kernel)
        self._problem.setText(self._kernel.problem)
        self._problem.setVisible(bool(self._kernel.problem))
        self._sum.setText(_said_sum(float(np.nansum(step.kernel))))
        own = "Your own filter: what a network does is to find such numbers by itself."
        self._remark.setText(own if step.name == OWN else FILTERS[step.name].remark)
        whole = len(joined([one.kernel for one in self._steps]))
        self._whole.setText(
            f"Without ReLU, these {len(self._steps)} filters together are one kernel of {whole}×{whole}: the "
            "deeper a network, the more of the picture each number sees."
        )
        self._whole.setVisible(len(self._steps) > 1)

    @Slot(object)
    def _point(self, cell: Cell | None) -> None:
        """What is pointed at in one picture is outlined in the other, too."""
        for view in (self._source.view, self._after):
            if view.image is not None and view.cell != cell:
                view.point(cell)
        self._tell_pixel()

    def _tell_pixel(self) -> None:
        cell, result = self._after.cell, self._result
        rows, columns = (0, 0) if result is None else result.pixels.shape[:2]
        if cell is None or result is None or cell[0] >= rows or cell[1] >= columns:
            self._pixel.setText(f"Point at a pixel to see its numbers before and after. {COUNTING}")
            return
        was, now = result.picture[cell].tolist(), result.numbers_at(*cell).tolist()
        names = ("red ", "green ", "blue ") if len(was) == 3 else ("",)
        parts = [
            f"{name}{before:.0f} becomes {format_value(round(after, 1))}"
            for name, before, after in zip(names, was, now, strict=True)
        ]
        self._pixel.setText(f"{wording.cell(*cell).capitalize()}: {', '.join(parts)}.")

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Reads the first photo when it is wanted."""
        super().showEvent(event)
        self._source.start()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays the buttons out in as many rows as they need."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 2 * GRID  # beside the scroll bar
        self._source.tools.fit(room)
        self._chain.fit(room)
        # Where a picture gets less wide than it could be, what stands below comes up to it.
        shape = (1, 1) if self._source.picture is None else self._source.picture.shape
        high = (room - 2 * GRID) // 2 * shape[0] // shape[1]
        self._pictures.setFixedHeight(max(_LEAST_HEIGHT, min(PICTURE_HEIGHT, high)) + 3 * GRID)


def _worth_compiling(picture: np.ndarray, kernels: Sequence[np.ndarray]) -> bool:
    _, width, channels = picture.shape
    return picture.size >= _COMPILED_FROM and all(fits(width, channels, kernel.shape) for kernel in kernels)


def _compile(key: FastKey, **_: object) -> tuple[FastKey, Compiled]:
    return key, compiled(key.kernel, key.dtype, key.pixels)


def _steps_of(state: Mapping[str, Any], with_kernels: bool) -> list[FilterStep]:
    """The filters that a state names; with the kernels that it names, or else their own.

    Raises:
        StudioError: there is no such filter, or a kernel has no shape of one.
    """
    names = list(state["filters"])
    if not 1 <= len(names) <= MOST_FILTERS:
        raise StudioError(f"“filters” must name 1 to {MOST_FILTERS} filters, not {len(names)}.")
    kernels, strengths = list(state["kernels"]), [float(value) for value in state["strengths"]]
    steps = []
    for number, name in enumerate(names):
        if name != OWN and name not in FILTERS:
            raise StudioError(f"There is no filter “{name}”: there are {', '.join(FILTERS)} and {OWN}.")
        if (with_kernels or name == OWN) and number < len(kernels):
            kernel = checked_array("kernels", kernels[number], (2,), (SIDES[-1], SIDES[-1]))
            if kernel.shape[0] != kernel.shape[1] or len(kernel) not in SIDES:
                raise StudioError("A kernel must have 3, 5 or 7 rows, each with as many numbers.")
        else:
            kernel = FILTERS["identity" if name == OWN else name].make(FILTERS.get(name, FILTERS["identity"]).sides[0])
        steps.append(FilterStep(name, kernel, strengths[number] if number < len(strengths) else 1.0))
    return steps


def _resized(kernel: np.ndarray, side: int) -> np.ndarray:
    """The middle of a kernel, or the kernel in the middle of zeros."""
    edge = (side - len(kernel)) // 2
    return np.pad(kernel, edge) if edge >= 0 else kernel[-edge:edge, -edge:edge]


def _said_sum(total: float) -> str:
    said = f"The weights sum up to {format_value(round(total, 4))}: "
    if abs(total - 1) < 1e-6:
        return said + "plain areas keep their brightness."
    if abs(total) < 1e-6:
        return said + "plain areas become 0, only what changes is left."
    return said + f"plain areas get {format_value(round(total, 3))} times as bright."
