"""Forms of captions and controls, as they stand in the left columns of pages."""

from collections.abc import Mapping
from typing import Any, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.describe import describe
from cnnstudio.gui.theme import GRID

CAPTION_WIDTH = 13 * GRID
TIP = Qt.ItemDataRole.ToolTipRole

_Control = TypeVar("_Control", bound=QWidget)
_Box = TypeVar("_Box", WholeBox, DecimalBox)


class ControlForm(QWidget):
    """A widget of controls that are locked together and leave the wheel to whoever scrolls it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controls: list[QWidget] = []

    def set_locked(self, locked: bool) -> None:
        """Locks the choices while a training runs; they stay visible."""
        for control in self._controls:
            control.setEnabled(not locked)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel scrolls the form; it changes only a number that was chosen before."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _add(self, control: _Control, name: str, title: str, lesson: str) -> _Control:
        self._controls.append(control)
        control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        control.installEventFilter(self)
        return describe(control, name, title, lesson)

    def _number(self, key: str, title: str, box: _Box, lesson: str) -> _Box:
        return self._add(box, f"{key}_spin", title, f"{lesson} {box.bounds}")

    def _combo(self, key: str, title: str, lesson: str, table: Mapping[str, Any]) -> QComboBox:
        combo = self._add(QComboBox(), f"{key}_combo", title, lesson)
        for entry_key, entry in table.items():
            combo.addItem(entry.title, entry_key)
            combo.setItemData(combo.count() - 1, entry.description, TIP)
        # A long entry must not widen the column.
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(8)
        return combo


def choose_data(combo: QComboBox, value: object, text: str) -> None:
    """Chooses the item of a value, which is added under a text where it is not among the items."""
    if combo.findData(value) < 0:
        combo.addItem(text, value)
    combo.setCurrentIndex(combo.findData(value))


def caption(control: QWidget) -> QLabel:
    """The label of a control: its accessible name, with its tooltip."""
    text = QLabel(control.accessibleName())
    text.setBuddy(control)
    text.setToolTip(control.toolTip())
    return text


def rows(*controls: QWidget) -> QWidget:
    """Captions on the left, controls on the right, in columns that are alike wherever they are used."""
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(GRID)
    grid.setColumnMinimumWidth(0, CAPTION_WIDTH)
    grid.setColumnStretch(1, 1)
    for row, control in enumerate(controls):
        grid.addWidget(caption(control), row, 0)
        grid.addWidget(control, row, 1)
    return box
