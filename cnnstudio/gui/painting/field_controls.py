"""Controls for the fields of a layer: they take what cannot be, so that it can be explained."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from cnnstudio.gui.describe import describe
from cnnstudio.gui.theme import GAP
from cnnstudio.models.layer_kinds import Field

_LARGEST = 2**31 - 1
_DECIMALS = 15
_SHARE_STEP = 0.05
_BEGUN_NUMBER = re.compile(r"[-+]?\d*[.,]?\d*(e[-+]?\d*)?", re.IGNORECASE)


class _Whole(QSpinBox):
    """Takes any whole number that is typed, so that an impossible one can be explained; its buttons keep to the range.

    Args:
        field: what it edits.
    """

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._lowest = int(field.lowest if field.lowest is not None else -_LARGEST)
        self._highest = int(field.highest if field.highest is not None else _LARGEST)
        self.setRange(-_LARGEST, _LARGEST)

    def stepBy(self, steps: int) -> None:
        """A step, as far as the range goes."""
        self.setValue(min(max(self.value() + steps, self._lowest), self._highest))
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Which of the two buttons would do something."""
        return _steps(self.value(), self._lowest, self._highest)


class _Decimal(QDoubleSpinBox):
    """The same for a decimal number, shown without trailing zeros; a decimal comma is taken for what it is.

    Args:
        field: what it edits.
    """

    changed = Signal(float)
    """Another number was typed; unlike Qt's own signal, not where Enter is pressed and nothing was."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._told = self.value()
        self.valueChanged.connect(self._tell)
        self._lowest = float(field.lowest if field.lowest is not None else -_LARGEST)
        self._highest = float(field.highest if field.highest is not None else _LARGEST)
        self.setDecimals(_DECIMALS)
        self.setRange(-_LARGEST, _LARGEST)

    def show_value(self, value: float) -> None:
        """Shows a number, and tells nothing."""
        self._told = round(value, _DECIMALS)
        self.setValue(value)

    @Slot(float)
    def _tell(self, value: float) -> None:
        if value != self._told:
            self._told = value
            self.changed.emit(value)

    def stepBy(self, steps: int) -> None:
        """A step, as far as the range goes: a share moves by twentieths, anything else by its second digit."""
        size = _SHARE_STEP
        if self._lowest != 0 and self.value():
            size = 10.0 ** (math.floor(math.log10(abs(self.value()))) - 1)
        self.setValue(min(max(self.value() + size * steps, self._lowest), self._highest))
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Which of the two buttons would do something."""
        return _steps(self.value(), self._lowest, self._highest)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Takes every way to write a number."""
        if not _BEGUN_NUMBER.fullmatch(text):
            return QValidator.State.Invalid, text, position
        try:
            float(text.replace(",", "."))
        except ValueError:
            return QValidator.State.Intermediate, text, position
        return QValidator.State.Acceptable, text, position

    def valueFromText(self, text: str) -> float:
        """The number that was typed; the exact one where nothing was typed over what is shown rounded."""
        if text == self.textFromValue(self.value()):
            return self.value()
        return float(text.replace(",", "."))

    def textFromValue(self, value: float) -> str:
        """Short."""
        return f"{value:g}"


def _steps(value: float, lowest: float, highest: float) -> QAbstractSpinBox.StepEnabledFlag:
    enabled = QAbstractSpinBox.StepEnabledFlag.StepNone
    if value < highest:
        enabled |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
    if value > lowest:
        enabled |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
    return enabled


class Pair(QWidget):
    """Two whole numbers, along the height and along the width.

    Args:
        field: what it edits.
    """

    changed = Signal(object)

    def __init__(self, field: Field) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        self._parts = [_Whole(field), _Whole(field)]
        for part, side in zip(self._parts, ("height", "width"), strict=True):
            describe(part, f"field_{field.name}_{side}", f"{field.title}, {side}", f"Along the {side}.")
            part.valueChanged.connect(self._tell)
            layout.addWidget(part, 1)
        self.setFocusProxy(self._parts[0])

    @property
    def value(self) -> list[int]:
        """Along the height, along the width."""
        return [part.value() for part in self._parts]

    def set_value(self, value: Sequence[int]) -> None:
        """Shows two numbers."""
        for part, number in zip(self._parts, value, strict=True):
            with QSignalBlocker(part):
                show(part, number)

    @Slot()
    def _tell(self) -> None:
        self.changed.emit(self.value)


def _whole(field: Field, tell: Callable[[object], None]) -> QWidget:
    control = _Whole(field)
    control.valueChanged.connect(tell)
    return control


def _decimal(field: Field, tell: Callable[[object], None]) -> QWidget:
    control = _Decimal(field)
    control.changed.connect(tell)
    return control


def _choice(field: Field, tell: Callable[[object], None]) -> QWidget:
    control = QComboBox()
    for choice in field.choices:
        control.addItem(_CHOICES.get(choice, choice), choice)
    control.currentIndexChanged.connect(lambda: tell(control.currentData()))
    return control


def _switch(field: Field, tell: Callable[[object], None]) -> QWidget:
    control = QCheckBox(field.title)
    control.toggled.connect(tell)
    return control


_CHOICES = {"linear": "linear (none)"}
"""Choices whose name says too little."""


def _pair(field: Field, tell: Callable[[object], None]) -> QWidget:
    control = Pair(field)
    control.changed.connect(tell)
    return control


def _fixed(field: Field, tell: Callable[[object], None]) -> QWidget:  # noqa: ARG001  # it has nothing to tell
    control = QLineEdit()
    control.setReadOnly(True)
    return control


CONTROLS: dict[str, Callable[[Field, Callable[[object], None]], QWidget]] = {
    "int": _whole,
    "float": _decimal,
    "choice": _choice,
    "bool": _switch,
    "pair": _pair,
    "fixed": _fixed,
}
"""What makes the control of each kind of field; “pair” is for a size that is not square, “fixed” for a value that is
none of these."""


def kind_of(field: Field, value: Any) -> str:
    """The key in `CONTROLS` of what can show a value."""
    if not isinstance(value, list | tuple):
        return field.kind if value is not None else "fixed"
    return "pair" if len(value) == 2 and all(isinstance(item, int) for item in value) else "fixed"


def show(control: QWidget, value: Any) -> None:
    """Shows a value on a control of `CONTROLS`; one that shows it already is left alone."""
    if isinstance(control, QSpinBox):
        if control.value() != value:
            control.setValue(value)
    elif isinstance(control, _Decimal):
        if control.value() != round(value, _DECIMALS):
            control.show_value(value)
    elif isinstance(control, QCheckBox):
        control.setChecked(bool(value))
    elif isinstance(control, QComboBox):
        if control.findData(value) < 0:
            control.addItem(str(value), value)
        control.setCurrentIndex(control.findData(value))
    elif isinstance(control, Pair):
        control.set_value(value if isinstance(value, list | tuple) else [value, value])
    elif isinstance(control, QLineEdit):
        control.setText("none" if value is None else say(value))


def say(value: object) -> str:
    """A value in words."""
    if isinstance(value, list | tuple):
        return " × ".join(say(item) for item in value)
    return f"“{value}”" if isinstance(value, str) else f"{value}"
