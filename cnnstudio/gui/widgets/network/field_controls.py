"""Controls for the fields of a layer: they take what cannot be, so that it can be explained."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QWidget,
)

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.look.theme import GAP
from cnnstudio.models.layer_kinds.fields import Field

_MOST = 2**31 - 1
_FARTHEST = 1e300
_SHARE_STEP = 0.05


def _whole_box(field: Field) -> WholeBox:
    """Takes any whole number, so that an impossible one can be explained; its buttons keep to the range."""
    lowest = -_MOST if field.lowest is None else int(field.lowest)
    highest = _MOST if field.highest is None else int(field.highest)
    return WholeBox(-_MOST, _MOST, buttons=(lowest, highest))


def _decimal_box(field: Field) -> DecimalBox:
    """The same for a decimal number; a share moves by twentieths, anything else by its second digit."""
    lowest = -_FARTHEST if field.lowest is None else field.lowest
    highest = _FARTHEST if field.highest is None else field.highest
    return DecimalBox(-_FARTHEST, _FARTHEST, _SHARE_STEP, by_digit=lowest != 0, buttons=(lowest, highest))


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
        self._parts = [_whole_box(field), _whole_box(field)]
        for part, side in zip(self._parts, ("height", "width"), strict=True):
            describe(part, f"field_{field.name}_{side}", f"{field.title}, {side}", f"Along the {side}.")
            part.valueChanged.connect(self._report)
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
    def _report(self) -> None:
        self.changed.emit(self.value)


def _whole(field: Field, changed: Callable[[object], None]) -> QWidget:
    control = _whole_box(field)
    control.valueChanged.connect(changed)
    return control


def _decimal(field: Field, changed: Callable[[object], None]) -> QWidget:
    control = _decimal_box(field)
    control.valueChanged.connect(changed)
    return control


def _choice(field: Field, changed: Callable[[object], None]) -> QWidget:
    control = QComboBox()
    for choice in field.choices:
        control.addItem(_CHOICES.get(choice, choice), choice)
    control.currentIndexChanged.connect(lambda: changed(control.currentData()))
    return control


def _switch(_field: Field, changed: Callable[[object], None]) -> QWidget:
    control = QCheckBox()
    control.toggled.connect(changed)
    return control


_CHOICES = {"linear": "linear (none)"}
"""Choices whose name says too little."""


def _pair(field: Field, changed: Callable[[object], None]) -> QWidget:
    control = Pair(field)
    control.changed.connect(changed)
    return control


def _fixed(_field: Field, _changed: Callable[[object], None]) -> QWidget:
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
    if isinstance(control, WholeBox | DecimalBox):
        if control.value() != value:
            control.setValue(value)
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
