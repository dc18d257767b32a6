"""Augmentation: what a training makes of an image, eight examples of it."""

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget
from typing_extensions import override

from cnnstudio.data.augmentation.augment import augment_examples
from cnnstudio.data.augmentation.changes import CHANGES, AugmentationSpec, Change
from cnnstudio.gui.controls.buttons import push_button, tool_button
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import caption, slider
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.data.examples import EXAMPLES, ExampleGrid
from cnnstudio.gui.task import LatestTask

STEPS = 180
"""Of a slider, from nothing to the largest value that makes sense."""

AT_FIRST = ("shift", "rotate")
"""The changes that are on at first, so that there is something to see."""

_LOADING = "Loading TensorFlow, which computes this …"


class AugmentPane(QWidget):
    """A slider for each change, and eight examples that follow at once.

    Args:
        message: where it says why they could not be computed.

    Signals:
        used(object): this `AugmentationSpec` is to be used in a training.
        shown(object): the examples, (8, height, width, channels) uint8, are on screen.
    """

    used = Signal(object)
    shown = Signal(object)

    def __init__(self, message: MessageBar) -> None:
        super().__init__()
        self._image: np.ndarray | None = None
        self._seed = 0
        self._task = LatestTask(self)
        self._task.finished.connect(self._show)
        self._task.failed.connect(message.show_failure)
        self._sliders: dict[str, QSlider] = {}
        self._figures: dict[str, QLabel] = {}
        self._examples = ExampleGrid("example")
        lesson = (
            "In every epoch a training can see each image a little changed, so the network learns to ignore such "
            "changes instead of memorising images."
        )
        sliders = self._build_sliders()
        self.setLayout(column(label(lesson, "secondary"), sliders, self._examples, STRETCH, self._build_foot()))
        for name in AT_FIRST:
            self._sliders[name].setValue(round(STEPS * CHANGES[name].usual / CHANGES[name].highest))

    @property
    def spec(self) -> AugmentationSpec:
        """What the sliders say."""
        values = {
            name: round(slider.value() / STEPS * CHANGES[name].highest, 4) for name, slider in self._sliders.items()
        }
        return AugmentationSpec(**values)

    def set_image(self, image: np.ndarray) -> None:
        """Changes another image, (height, width, channels) uint8; computed once the pane is seen."""
        self._image = image
        if self.isVisible():
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Computes the examples."""
        spec = self.spec
        self._text.setText(f"On the command line: {spec}")
        self._use.setEnabled(spec != AugmentationSpec())
        if self._image is not None and self.isVisible():
            self._task.submit(augment_examples, self._image, spec, EXAMPLES, self._seed)

    def shut_down(self) -> None:
        """Waits for what is being computed."""
        self._task.shut_down()

    def _build_sliders(self) -> QWidget:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 2 * GRID, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(0)
        half = -(-len(CHANGES) // 2)
        for number, (name, change) in enumerate(CHANGES.items()):
            lesson = f"{change.description} {change.unit[0].upper()}{change.unit[1:]}."
            control = slider(f"{name}_amount", change.title, lesson, (0, STEPS), self._changed)
            control.setPageStep(STEPS // 10)
            figure = label(amount(change, 0), "secondary", f"{name}_figure", wrap=False)
            figure.setMinimumWidth(7 * GRID)
            figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for place, widget in enumerate((caption(control), control, figure)):
                grid.addWidget(widget, number % half, number // half * 3 + place)
            self._sliders[name], self._figures[name] = control, figure
        for place in (1, 4):
            grid.setColumnStretch(place, 1)
        scroll = ScrollColumn()
        scroll.set_content(grid)
        scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        scroll.setFixedHeight(half * 4 * GRID)
        return scroll

    def _build_foot(self) -> QHBoxLayout:
        self._text = label(_LOADING, "small", "augmentation_text")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        dice = tool_button(
            "dice_button",
            "Other examples",
            "Shows eight other examples of the same changes.",
            "dice",
            self._throw,
        )
        self._use = push_button(
            "use_augmentation_button",
            "&Use in training",
            "Goes to the Train page with this data set and these changes.",
            lambda: self.used.emit(self.spec),
        )
        return row((self._text, 1), dice, self._use)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Computes what was missed while hidden."""
        super().showEvent(event)
        self.refresh()
        if not self._examples.has_images:
            self._text.setText(_LOADING)

    @Slot()
    def _changed(self) -> None:
        for name, control in self._sliders.items():
            change = CHANGES[name]
            self._figures[name].setText(amount(change, control.value() / STEPS * change.highest))
        self.refresh()

    @Slot()
    def _throw(self) -> None:
        self._seed += 1
        self.refresh()

    @Slot(object)
    def _show(self, examples: np.ndarray) -> None:
        self._text.setText(f"On the command line: {self.spec}")
        self._examples.set_images(examples)
        self.shown.emit(examples)


def amount(change: Change, value: float) -> str:
    """A value of a change in words: “15°”, “12.5 %”, “off”."""
    if not value:
        return "off"
    return f"{value:.0f}°" if "degrees" in change.unit else f"{100 * value:.3g} %"
