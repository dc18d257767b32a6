"""Augmentation: what a training makes of an image, eight examples of it."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from cnnstudio.data.augmentation.augment import augment_examples
from cnnstudio.data.augmentation.changes import CHANGES, AugmentationSpec, Change
from cnnstudio.errors import StudioError, reason
from cnnstudio.gui.controls.buttons import push_button, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.images.pixel_view import PixelPicture

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel

EXAMPLES, COLUMNS = 8, 4
STEPS = 180
"""Of a slider, from nothing to the largest value that makes sense."""

AT_FIRST = ("shift", "rotate")
"""The changes that are on at first, so that there is something to see."""

_LOADING = "Loading TensorFlow, which computes this …"


class AugmentPane(QWidget):
    """A slider for each change, and eight examples that follow at once.

    Signals:
        used(object): this `AugmentationSpec` shall be used in a training.
        shown(object): the examples, (8, height, width, channels) uint8, are on screen.
        failed(str): they could not be computed, and why.
    """

    used = Signal(object)
    shown = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: np.ndarray | None = None
        self._seed = 0
        self._task = LatestTask(self)
        self._task.finished.connect(self._show)
        self._task.failed.connect(self._fail)
        self._sliders: dict[str, QSlider] = {}
        self._figures: dict[str, QLabel] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(
            label(
                "In every epoch a training can see each image a little changed. It learns what does not matter, and "
                "learns less by heart.",
                "secondary",
            )
        )
        layout.addWidget(self._build_sliders())
        layout.addLayout(self._build_examples())
        layout.addStretch(1)
        layout.addLayout(self._build_foot())
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
        self._text.setText(f"As text: {spec}")
        self._use.setEnabled(spec != AugmentationSpec())
        if self._image is not None and self.isVisible():
            self._task.submit(augment_examples, self._image, spec, EXAMPLES, self._seed)

    def shut_down(self) -> None:
        """Waits for what is being computed."""
        self._task.shut_down()

    def _build_sliders(self) -> QWidget:
        box = QWidget()
        box.setProperty("role", "content")
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 2 * GRID, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(0)
        half = -(-len(CHANGES) // 2)
        for number, (name, change) in enumerate(CHANGES.items()):
            lesson = f"{change.description} {change.unit[0].upper()}{change.unit[1:]}."
            slider = describe(QSlider(Qt.Orientation.Horizontal), f"{name}_amount", change.title, lesson)
            slider.setRange(0, STEPS)
            slider.setPageStep(STEPS // 10)
            slider.valueChanged.connect(self._changed)
            caption, figure = label(change.title), label(role="secondary")
            caption.setWordWrap(False)
            caption.setBuddy(slider)
            caption.setToolTip(slider.toolTip())
            figure.setMinimumWidth(5 * GRID)
            figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            figure.setText(amount(change, 0))
            row, block = number % half, number // half * 3
            grid.addWidget(caption, row, block)
            grid.addWidget(slider, row, block + 1)
            grid.addWidget(figure, row, block + 2)
            self._sliders[name], self._figures[name] = slider, figure
        for column in (1, 4):
            grid.setColumnStretch(column, 1)
        scroll = QScrollArea()
        scroll.setWidget(box)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        scroll.setFixedHeight(half * 4 * GRID)
        return scroll

    def _build_examples(self) -> QGridLayout:
        self._views: list[PixelPicture] = []
        grid = QGridLayout()
        grid.setSpacing(GRID)
        for number in range(EXAMPLES):
            view = PixelPicture()
            view.setObjectName(f"example_{number}")
            view.setAccessibleName(f"Example {number + 1}")
            view.setMinimumSize(6 * GRID, 6 * GRID)
            view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            grid.addWidget(view, number // COLUMNS, number % COLUMNS)
            self._views.append(view)
        return grid

    def _build_foot(self) -> QHBoxLayout:
        self._text = label(_LOADING, "small", "augmentation_text")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        dice = tool_button(
            "dice_button",
            "Other examples",
            "Throws the dice again: eight other examples of the same.",
            "dice",
            self._throw,
        )
        self._use = push_button(
            "use_augmentation_button",
            "&Use in training",
            "Goes to the Train page with this data set and these changes.",
            lambda: self.used.emit(self.spec),
        )
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._text, 1)
        row.addWidget(dice)
        row.addWidget(self._use)
        return row

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Computes what was missed while out of sight."""
        super().showEvent(event)
        self.refresh()
        if self._views[0].image is None:
            self._text.setText(_LOADING)

    @Slot()
    def _changed(self) -> None:
        for name, slider in self._sliders.items():
            change = CHANGES[name]
            self._figures[name].setText(amount(change, slider.value() / STEPS * change.highest))
        self.refresh()

    @Slot()
    def _throw(self) -> None:
        self._seed += 1
        self.refresh()

    @Slot(object)
    def _show(self, examples: np.ndarray) -> None:
        self._text.setText(f"As text: {self.spec}")
        for view, example in zip(self._views, examples, strict=True):
            view.set_image(example)
        self.shown.emit(examples)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self.failed.emit(
            str(error) if isinstance(error, StudioError) else f"No examples could be computed: {reason(error)}."
        )


def amount(change: Change, value: float) -> str:
    """A value of a change as people say it: “15°”, “12 %”, “off”."""
    if not value:
        return "off"
    return f"{value:.0f}°" if "degrees" in change.unit else f"{100 * value:.0f} %"
