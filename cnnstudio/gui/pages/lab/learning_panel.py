"""A hidden filter is learnt before one's eyes, from nothing but an input and an output."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QWidget
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import WheelGuard, combo, number, rows, set_value
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID, array_to_image, icon
from cnnstudio.gui.pages.lab.curve_view import Curve, CurveView
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_choice, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.pages.lab.picture_source import read_picture
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.lab.convolution import Convolution
from cnnstudio.lab.filters import FILTERS
from cnnstudio.lab.learning import HiddenFilter, Progress, standardised
from cnnstudio.storage import shipped

PICTURES = {
    "dots": ("Random dots", "Every pixel is another one than its neighbours: this tells filters apart best."),
    "cat": (
        "A photo",
        "Neighbouring pixels are nearly alike, many filters do nearly the same: it takes long.",
    ),
}
"""What the filter is learnt from."""

TICK = 40
"""Milliseconds between two pictures of the search."""

DONE = 1e-9
"""The loss at which nothing is left to learn."""

MOST_STEPS = 20_000
AT_ONCE = 400
"""Steps of a search that is shown at once, without movement."""

_LEAST_COLOURED = 0.05
"""The gradient that gets the ends of the colours at least: in the end, what is left of it is pale."""

_SIDE = 56
_CELL = 40
_NARROW = 72 * GRID
_HIGHEST_RATE = 2.0


def picture_of(name: str, seed: int) -> np.ndarray:
    """One of `PICTURES`, (side, side), 0–255."""
    if name == "dots":
        return np.random.default_rng(seed).integers(0, 256, (_SIDE, _SIDE))
    photo = read_picture(shipped("assets/photos") / "chelsea.jpg").mean(axis=2)
    return photo[60 : 60 + 3 * _SIDE : 3, 90 : 90 + 3 * _SIDE : 3]


class LearningPanel(Panel):
    """Start, pause and one step; the weights move, the loss falls, the output comes to look like the wanted one."""

    def __init__(self, settings: Settings, _library: Library) -> None:
        super().__init__()
        self._settings = settings
        self._seed = 0
        self._losses: list[float] = []
        self._search: HiddenFilter | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._tick)
        self._build_choices()
        numbers = self._build_numbers()
        self._curve = CurveView(
            "learning_curve",
            "Loss over the steps",
            "How far the output is from the wanted one: the mean squared difference. Each step downwards is ten times.",
            "Step",
            "Loss",
            logarithmic=True,
        )
        self._curve.setFixedHeight(24 * GRID)
        self._text = label(name="learning_text")
        self._note = label(role="secondary", name="learning_note")
        self._top = row(self._choices, (self._curve, 1), gap=3 * GRID)
        content = column(
            self._top,
            self._build_buttons(),
            self._text,
            self._note,
            GRID,
            numbers,
            STRETCH,
        )
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        self.restart()

    def _build_choices(self) -> None:
        filters = {name: (one.title, one.remark) for name, one in FILTERS.items() if name != "identity"}
        self._filter = combo("hidden_filter", "Hidden filter", "What is to be found.", filters)
        set_value(self._filter, "sobel_x")
        self._picture = combo("learning_picture", "Learn from", "The input that both filters see.", PICTURES)
        self._rate = number(
            DecimalBox(0.01, _HIGHEST_RATE, 0.05),
            "learning_rate",
            "Learning rate",
            "What the gradient is multiplied with in each step. Too large, and the steps jump over the valley, further "
            "each time.",
        )
        self._rate.setValue(0.1)
        self._speed = number(
            WholeBox(1, 200), "learning_speed", "Steps at a time", "How many steps are made between two pictures."
        )
        for control in (self._filter, self._picture):
            control.activated.connect(self.restart)
        self._rate.valueChanged.connect(self._set_rate)
        WheelGuard(self, self._filter, self._picture, self._rate, self._speed)
        self._choices = rows(self._filter, self._picture, self._rate, self._speed)
        self._choices.setFixedWidth(44 * GRID)

    def _build_buttons(self) -> QHBoxLayout:
        self._start = push_button(
            "start_learning", "&Start", "Makes one step after the other.", self.toggle, role="primary", picture="play"
        )
        self._start.setMinimumWidth(14 * GRID)
        self._one = tool_button(
            "one_step", "One step", "Makes one step of gradient descent.", "chevron-right", self.step
        )
        self._again = push_button(
            "restart_learning", "&Restart", "Begins again with other random weights.", self._begin_anew, picture="reset"
        )
        return row(self._start, self._one, self._again, STRETCH)

    def _build_numbers(self) -> QWidget:
        """In two lines, what the hidden filter does, and what the learnt one does with its gradient."""
        matrices = (
            ("hidden_kernel", "Hidden filter", "What is to be found. The search sees its output alone."),
            ("learnt_kernel", "Learnt weights", "They begin at random and move against the gradient."),
            ("kernel_gradient", "Gradient", "How the loss grows with each weight; the next step goes the other way."),
        )
        pictures = (
            ("learning_input", "Input", "What both filters see."),
            ("wanted_output", "Wanted output", "What the hidden filter makes of it."),
            ("learnt_output", "Output now", "What the learnt weights make of it."),
        )
        self._shown = [Matrix(*names, "diverging") for names in matrices]
        for matrix in self._shown:
            matrix.set_cell_size(_CELL)
        self._views = [describe(PixelView(""), *names) for names in pictures]
        for view in self._views:
            view.setFixedSize(2 * _SIDE + 4, 2 * _SIDE + 4)
        hidden, learnt, gradient = self._shown
        given, wanted, now = self._views
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        corner = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        for line, widgets in enumerate(((given, hidden, wanted), (gradient, learnt, now))):
            for place, widget in enumerate(widgets):
                title = label(widget.accessibleName(), "strong", wrap=False)
                grid.addWidget(widget_of(column(title, widget, STRETCH, gap=GRID // 2)), line, place, corner)
        grid.setColumnStretch(3, 1)
        return widget_of(grid)

    # State.

    @override
    def state(self) -> dict[str, Any]:
        return {
            "filter": self._filter.currentData(),
            "picture": self._picture.currentData(),
            "learning_rate": self._rate.value(),
            "speed": self._speed.value(),
            "seed": self._seed,
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        filter_ = checked_choice("filter", whole["filter"], [name for name in FILTERS if name != "identity"])
        picture = checked_choice("picture", whole["picture"], list(PICTURES))
        rate = checked_number("learning_rate", whole["learning_rate"], 0.01, _HIGHEST_RATE)
        speed = int(checked_number("speed", whole["speed"], 1, 200))
        self._seed = int(checked_number("seed", whole["seed"], 0, 2**31))
        for control, value in (
            (self._filter, filter_),
            (self._picture, picture),
            (self._rate, rate),
            (self._speed, speed),
        ):
            set_value(control, value)
        self.restart()

    @override
    def facts(self) -> dict[str, Any]:
        now = self.progress
        return self.state() | {
            "step": now.step,
            "loss": now.loss,
            "kernel": now.kernel.tolist(),
            "learnt": now.loss < DONE,
        }

    @property
    def progress(self) -> Progress:
        """Where the search is."""
        if self._search is None:
            raise StudioError("Nothing is being learnt yet.")
        return self._search.progress

    @property
    def running(self) -> bool:
        """Whether it goes on by itself."""
        return self._timer.isActive()

    # What is done.

    @Slot()
    def restart(self) -> None:
        """Begins again with the random weights of the seed."""
        self.pause()
        name = self._filter.currentData()
        self._hidden = FILTERS[name].make(FILTERS[name].sides[0])
        self._image = picture_of(self._picture.currentData(), self._seed)
        self._search = HiddenFilter(self._image, self._hidden, self._rate.value(), self._seed)
        self._losses = [self._search.progress.loss]
        self._standardised = standardised(self._image)
        wanted = Convolution.of_matrix(self._hidden).on(self._standardised).output[..., 0]
        self._ends = (float(wanted.min()), float(wanted.max()))
        self._views[0].set_picture(array_to_image(self._image))
        self._views[1].set_picture(array_to_image(wanted, "grey", self._ends))
        self._shown[0].set_values(self._hidden)
        self._show()

    @Slot()
    def _begin_anew(self) -> None:
        self._seed += 1
        self.restart()

    @Slot()
    def toggle(self) -> None:
        """Starts or pauses; without movement, it goes many steps at once."""
        if self.running:
            self.pause()
        elif self._settings.reduced_motion:
            self._advance(AT_ONCE)
        else:
            self._timer.start()
            self._show_buttons()

    @Slot()
    def pause(self) -> None:
        """Stops where it is."""
        self._timer.stop()
        self._show_buttons()

    @Slot()
    def step(self) -> None:
        """Makes one step."""
        self.pause()
        self._advance(1)

    @Slot()
    def _tick(self) -> None:
        self._advance(self._speed.value())

    def _advance(self, count: int) -> None:
        if self._search is None:
            return
        for _ in range(count):
            before = self._search.progress.step
            now = self._search.step()
            if now.step == before:
                break
            self._losses.append(now.loss)
        if now.loss < DONE or now.step == before or now.step >= MOST_STEPS:
            self.pause()
        self._show()

    @Slot(float)
    def _set_rate(self, rate: float) -> None:
        if self._search is not None:
            self._search.learning_rate = rate
        self._tell()
        self.changed.emit()

    # What is shown.

    def _show(self) -> None:
        now = self.progress
        limit = max(1.6 * float(np.abs(self._hidden).max()), 1e-9)
        self._shown[0].set_values(self._hidden, (-limit, limit))
        self._shown[1].set_values(now.kernel, (-limit, limit))
        steepest = max(1.6 * float(np.abs(now.gradient).max()), _LEAST_COLOURED)
        self._shown[2].set_values(now.gradient, (-steepest, steepest))
        output = Convolution.of_matrix(now.kernel).on(self._standardised).output[..., 0]
        self._views[2].set_picture(array_to_image(output, "grey", self._ends))
        losses = np.maximum(np.array(self._losses), 1e-12)
        self._curve.set_across(0, max(20, len(losses)))
        self._curve.set_curves([Curve("Loss", np.arange(len(losses), dtype=np.float64), losses)])
        self._tell()
        self._show_buttons()
        self.changed.emit()

    def _tell(self) -> None:
        now = self.progress
        away = float(np.abs(now.kernel - self._hidden).max())
        said = f"Step {now.step:,}: the loss is <b>{format_value(now.loss)}</b>"
        if not now.loss < 1e9 * max(self._losses[0], 1e-9):
            said += ". The steps are too large: each jumps further over the valley. Choose a smaller learning rate."
        elif now.loss < DONE:
            said += f". The filter is found: no weight is off by more than {format_value(away)}."
        else:
            said += f", and the worst weight is off by {format_value(away)}."
        self._text.setText(said)
        rate = f"{self._rate.value():g}"
        largest = 0.0 if self._search is None else self._search.largest_rate
        self._note.setText(
            f"With a learning rate above {largest:.2g} the loss grows without end here."
            if self._rate.value() > largest
            else f"Each step: w ← w − {rate} · gradient. The search knows the input and the wanted output, nothing "
            "else: this is how a network finds all its filters, from many pictures with their answers."
        )

    def _show_buttons(self) -> None:
        words = "Pause" if self.running else "Start"
        if self._start.accessibleName() != words:
            self._start.setText(f" &{words}")
            self._start.setAccessibleName(words)
            self._start.setIcon(icon("pause" if self.running else "play", "on_accent"))
        ended = self._search is not None and (self._search.progress.loss < DONE or len(self._losses) > MOST_STEPS)
        self._start.setEnabled(not ended)
        self._one.setEnabled(not ended)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """The curve goes below the choices where there is no room beside them."""
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        self._top.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing moves that is not seen."""
        self.pause()
        super().hideEvent(event)
