"""Forms of captions and controls, as they stand in the left columns of pages."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.look.theme import GAP, GRID, SECTION

CAPTION_WIDTH = 13 * GRID
TIP = Qt.ItemDataRole.ToolTipRole

_Control = TypeVar("_Control", bound=QWidget)
_Box = TypeVar("_Box", WholeBox, DecimalBox)


class ControlForm(QWidget):
    """A form whose controls are locked together, and over which the wheel scrolls the page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controls: list[QWidget] = []

    def set_locked(self, locked: bool) -> None:
        """Locks the choices while a training runs; they stay visible."""
        for control in self._controls:
            control.setEnabled(not locked)

    @override
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


WIDTH = 90 * GRID
"""Of the column: lines that are longer are hard to read."""


class Column(QScrollArea):
    """A heading with sections under it, as wide as one can read, scrolling where the window is low.

    Args:
        heading: the page's heading.
        parent: the parent widget.
        edge: from the content to the edge.
    """

    def __init__(self, heading: str, parent: QWidget | None = None, edge: int = SECTION) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        content.setMaximumWidth(WIDTH + 2 * edge)
        self._layout = QVBoxLayout(content)
        self._layout.setContentsMargins(edge, edge, edge, edge)
        self._layout.setSpacing(GAP)
        self._layout.addWidget(label(heading, "heading"))
        self._layout.addStretch(1)
        beside = QWidget()
        row = QHBoxLayout(beside)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(content, 1)
        row.addStretch()
        self.setWidget(beside)
        for widget in (beside, content):
            widget.setProperty("role", "content")

    def add_section(self, title: str, explanation: str = "") -> QVBoxLayout:
        """Adds a titled section at the end and returns its layout."""
        section = QVBoxLayout()
        section.setSpacing(GAP)
        section.setContentsMargins(0, 2 * GAP, 0, 0)
        if title:
            section.addWidget(label(title, "strong"))
        if explanation:
            section.addWidget(label(explanation, "secondary"))
        self._layout.insertLayout(self._layout.count() - 1, section)
        return section


class ButtonRows(QVBoxLayout):
    """Lays buttons out from left to right, in another row where one is full.

    Args:
        buttons: in this order; those that are hidden take no room.
    """

    def __init__(self, buttons: Sequence[QWidget]) -> None:
        super().__init__()
        self.setSpacing(GRID)
        self._buttons = tuple(buttons)
        self._rows: list[QHBoxLayout] = []
        self._lay([list(self._buttons)])

    def fit(self, width: int) -> None:
        """Takes as many rows as buttons of their natural width need; `width` in device-independent pixels."""
        rows: list[list[QWidget]] = [[]]
        taken = 0
        for button in self._buttons:
            room = 0 if button.isHidden() else button.sizeHint().width() + GRID
            if rows[-1] and taken + room - GRID > width:
                rows.append([])
                taken = 0
            rows[-1].append(button)
            taken += room
        if [len(row) for row in rows] != [row.count() - 1 for row in self._rows]:
            self._lay(rows)

    def _lay(self, rows: list[list[QWidget]]) -> None:
        for old in self._rows:
            while old.takeAt(0) is not None:
                pass
            self.removeItem(old)
            old.deleteLater()
        self._rows = []
        for buttons in rows:
            row = QHBoxLayout()
            row.setSpacing(GRID)
            for button in buttons:
                row.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            row.addStretch(1)
            self.addLayout(row)
            self._rows.append(row)
