"""Forms of captions and controls, as they stand in the left columns of pages."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.controls.picker import ListBox
from cnnstudio.gui.look.theme import GRID

CAPTION_WIDTH = 13 * GRID
TIP = Qt.ItemDataRole.ToolTipRole

_Box = TypeVar("_Box", WholeBox, DecimalBox)


def number(box: _Box, name: str, title: str, tip: str) -> _Box:
    """Names a number box, as `describe` does, and adds to its tooltip what can be typed."""
    return describe(box, name, title, f"{tip} {box.bounds}")


class Slider(QSlider):
    """A horizontal slider whose handle goes to where the groove is clicked, and can be dragged on from there."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        place, kind = event.position().toPoint(), QStyle.ComplexControl.CC_Slider
        on_handle = self.style().hitTestComplexControl(kind, option, place, self) == QStyle.SubControl.SC_SliderHandle
        if event.button() == Qt.MouseButton.LeftButton and not on_handle:
            middle = Qt.MouseButton.MiddleButton  # with which Qt does so; with the left one it goes a page on
            event = QMouseEvent(
                event.type(), event.position(), event.globalPosition(), middle, middle, event.modifiers()
            )
        super().mousePressEvent(event)


def slider(
    name: str, title: str, tip: str, limits: tuple[int, int], act: Callable[..., object] | None = None
) -> QSlider:
    """Makes a horizontal slider.

    Args:
        name: its `objectName`.
        title: its accessible name.
        tip: its tooltip.
        limits: the values at its left and its right end.
        act: called with each new value.
    """
    made = describe(Slider(), name, title, tip)
    made.setRange(*limits)
    if act is not None:
        made.valueChanged.connect(act)
    return made


def combo(name: str, title: str, tip: str, choices: Mapping[Any, tuple[str, str]]) -> QComboBox:
    """Makes a list to choose from.

    Args:
        name: its `objectName`.
        title: its accessible name.
        tip: its tooltip.
        choices: the data of each item, with its text and its tooltip.
    """
    made = describe(ListBox(), name, title, tip)
    for place, (data, (text, lesson)) in enumerate(choices.items()):
        made.addItem(text, data)
        made.setItemData(place, lesson, TIP)
    return made


def choose_data(combo: QComboBox, value: object, text: str) -> None:
    """Chooses the item of a value, which is added under a text where it is not among the items."""
    if combo.findData(value) < 0:
        combo.addItem(text, value)
    combo.setCurrentIndex(combo.findData(value))


def value_of(control: QComboBox | WholeBox | DecimalBox) -> Any:
    """What is chosen: the data of a list's item, or the number in a box."""
    return control.currentData() if isinstance(control, QComboBox) else control.value()


def set_value(control: QComboBox | WholeBox | DecimalBox, value: Any) -> None:
    """Chooses what `value_of` returns then."""
    if isinstance(control, QComboBox):
        choose_data(control, value, str(value))
    else:
        control.setValue(value)


def caption(control: QWidget) -> QLabel:
    """The label of a control: its accessible name, with its tooltip."""
    text = QLabel(control.accessibleName())
    text.setBuddy(control)
    text.setToolTip(control.toolTip())
    return text


def rows(*controls: QWidget) -> QWidget:
    """Captions on the left, controls on the right, in columns that are alike wherever they are used."""
    box = QWidget()
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    form = QFormLayout(box)
    form.setContentsMargins(0, 0, 0, 0)
    form.setSpacing(GRID)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    for control in controls:
        name = caption(control)
        name.setMinimumWidth(CAPTION_WIDTH)
        # A form gives a label that cannot grow too little height: it would stand above the middle of its control.
        name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        form.addRow(name, control)
    return box


class WheelGuard(QObject):
    """Lets the wheel scroll the page over controls; it changes only one that was clicked before, or reached by Tab.

    Args:
        parent: its owner.
        controls: over which the wheel scrolls the page.
    """

    def __init__(self, parent: QWidget, *controls: QWidget) -> None:
        super().__init__(parent)
        for control in controls:
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            control.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)
