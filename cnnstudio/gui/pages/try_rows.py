"""Buttons in rows: as many rows as the column is too narrow for one."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnstudio.gui.theme import GRID


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
