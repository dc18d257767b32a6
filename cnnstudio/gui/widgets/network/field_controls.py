"""Controls for the fields of a layer: they take what cannot be, so that it can be explained."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.forms import choose_data
from cnnstudio.gui.controls.layouts import row
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.controls.picker import ListBox
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
        self._parts = [_whole_box(field), _whole_box(field)]
        for part, side in zip(self._parts, ("height", "width"), strict=True):
            describe(part, f"field_{field.name}_{side}", f"{field.title}, {side}", f"Along the {side}.")
            part.valueChanged.connect(self._report)
        self.setLayout(row(*((part, 1) for part in self._parts)))
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


_CHOICES = {"linear": "linear (none)"}
"""Choices whose name says too little."""


def _combo(field: Field) -> QComboBox:
    control = ListBox()
    for choice in field.choices:
        control.addItem(_CHOICES.get(choice, choice), choice)
    return control


_CONTROLS: dict[str, Callable[[Field], QWidget]] = {
    "int": _whole_box,
    "float": _decimal_box,
    "choice": _combo,
    "bool": lambda _: QCheckBox(),
    "pair": Pair,
    "fixed": lambda _: QLineEdit(readOnly=True),
}


def make_control(field: Field, kind: str, changed: Callable[[object], None]) -> QWidget:
    """Makes the control of a field.

    Args:
        field: what it edits.
        kind: the field's own kind; “pair” for a size that is not square, “fixed” for a value that is none of these.
        changed: called with each new value.
    """
    control = _CONTROLS[kind](field)
    if isinstance(control, QComboBox):
        control.currentIndexChanged.connect(lambda: changed(control.currentData()))
    elif isinstance(control, QCheckBox):
        control.toggled.connect(changed)
    elif isinstance(control, Pair):
        control.changed.connect(changed)
    elif isinstance(control, WholeBox | DecimalBox):
        control.valueChanged.connect(changed)
    return control


def kind_of(field: Field, value: Any) -> str:
    """The kind of control that can show a value, as `make_control` takes it."""
    if not isinstance(value, list | tuple):
        return field.kind if value is not None else "fixed"
    return "pair" if len(value) == 2 and all(isinstance(item, int) for item in value) else "fixed"


def show(control: QWidget, value: Any) -> None:
    """Shows a value on a control of a field; one that shows it already is left alone."""
    if isinstance(control, WholeBox | DecimalBox):
        if control.value() != value:
            control.setValue(value)
    elif isinstance(control, QCheckBox):
        control.setChecked(bool(value))
    elif isinstance(control, QComboBox):
        choose_data(control, value, str(value))
    elif isinstance(control, Pair):
        control.set_value(value if isinstance(value, list | tuple) else [value, value])
    elif isinstance(control, QLineEdit):
        control.setText("none" if value is None else say(value))


def say(value: object) -> str:
    """A value in words."""
    if isinstance(value, list | tuple):
        return " × ".join(say(item) for item in value)
    return f"“{value}”" if isinstance(value, str) else f"{value}"
