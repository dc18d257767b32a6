"""A slider for each transformation of an image, and which of them is being looked at."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget
from typing_extensions import override

from cnnstudio.explaining.transformations import TRANSFORMATIONS, amounts_of
from cnnstudio.gui.controls.describe import label, set_role
from cnnstudio.gui.controls.forms import WheelGuard, caption, slider
from cnnstudio.gui.look.theme import GRID

AT_FIRST = "rotation"
"""The transformation that is looked at until another is touched."""


class TransformationSliders(QWidget):
    """How far an image is transformed, in the steps of `TRANSFORMATIONS`.

    Signals:
        changed(): an amount is another, or another transformation is looked at.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shape: tuple[int, ...] = (28, 28, 1)
        self._current = AT_FIRST
        self._sliders: dict[str, QSlider] = {}
        self._captions: dict[str, QLabel] = {}
        self._figures: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        for place, (name, entry) in enumerate(TRANSFORMATIONS.items()):
            control = slider(f"robust_{name.replace('-', '_')}", entry.title, entry.tells, (0, 1))
            control.setPageStep(1)
            control.valueChanged.connect(partial(self._move, name))
            control.installEventFilter(self)
            self._sliders[name] = control
            self._captions[name] = caption(control)
            self._figures[name] = label(role="secondary", name=f"{control.objectName()}_figure", wrap=False)
            self._figures[name].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._figures[name].setMinimumWidth(7 * GRID)
            for column, part in enumerate((self._captions[name], control, self._figures[name])):
                grid.addWidget(part, place, column)
        grid.setColumnStretch(1, 1)
        self.setLayout(grid)
        WheelGuard(self, *self._sliders.values())
        self.set_shape(self._shape)

    @property
    def current(self) -> str:
        """The transformation that is looked at, a key of `TRANSFORMATIONS`."""
        return self._current

    @property
    def amounts(self) -> dict[str, float]:
        """How far each transformation goes, of those that are not neutral."""
        found = {name: self._amount(name) for name in TRANSFORMATIONS}
        return {name: amount for name, amount in found.items() if amount != TRANSFORMATIONS[name].neutral}

    @property
    def others(self) -> dict[str, float]:
        """The same without the one that is looked at."""
        return {name: amount for name, amount in self.amounts.items() if name != self._current}

    @property
    def place(self) -> int:
        """Which of its amounts the transformation that is looked at has."""
        return self._sliders[self._current].value()

    def set_shape(self, shape: tuple[int, ...]) -> None:
        """Fits the ranges to images of another shape; all become neutral."""
        self._shape = shape
        for name, control in self._sliders.items():
            with QSignalBlocker(control):
                control.setRange(0, len(amounts_of(name, shape)) - 1)
        self.reset()

    def set_amount(self, name: str, amount: float) -> None:
        """Transforms as far as the step that is nearest to an amount."""
        self._sliders[name].setValue(int(abs(amounts_of(name, self._shape) - amount).argmin()))

    @Slot()
    def reset(self) -> None:
        """Makes all neutral."""
        for name, control in self._sliders.items():
            with QSignalBlocker(control):
                self.set_amount(name, TRANSFORMATIONS[name].neutral)
        self._show()
        self.changed.emit()

    def look_at(self, name: str) -> None:
        """Looks at another transformation."""
        if name != self._current:
            self._current = name
            self._show()
            self.changed.emit()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A slider that gets the focus is looked at."""
        if event.type() == QEvent.Type.FocusIn:
            for name, control in self._sliders.items():
                if control is watched:
                    self.look_at(name)
        return super().eventFilter(watched, event)

    def _amount(self, name: str) -> float:
        return float(amounts_of(name, self._shape)[self._sliders[name].value()])

    def _move(self, name: str, _: int) -> None:
        self._current = name
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        for name, entry in TRANSFORMATIONS.items():
            self._figures[name].setText(entry.words(self._amount(name)))
            role = "strong" if name == self._current else ""
            if self._captions[name].property("role") != role:
                set_role(self._captions[name], role)
