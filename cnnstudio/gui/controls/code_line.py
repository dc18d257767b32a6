"""A few lines of code to read and to copy."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy

from cnnstudio.gui.controls.buttons import tool_button
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.layouts import row
from cnnstudio.gui.look.theme import GRID, text_sizes


class CodeLine(QFrame):
    """Code on a surface of its own, with a button that copies it.

    Args:
        name: `objectName` of the text.
        title: its accessible name.
        tip: its tooltip.
    """

    def __init__(self, name: str, title: str, tip: str) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._text = describe(QLabel(), name, title, tip)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(text_sizes().small + 1)
        self._text.setFont(font)
        copy = tool_button(f"copy_{name}_button", "Copy the code", "Copies the code.", "copy", self.copy)
        parts = row((self._text, 1), (copy, 0, Qt.AlignmentFlag.AlignTop))
        parts.setContentsMargins(2 * GRID, GRID // 2, GRID // 2, GRID // 2)
        self.setLayout(parts)

    @property
    def code(self) -> str:
        """What is shown."""
        return self._text.text()

    def set_code(self, code: str) -> None:
        """Shows code."""
        self._text.setText(code)

    @Slot()
    def copy(self) -> None:
        """Puts the code on the clipboard."""
        QGuiApplication.clipboard().setText(self.code)
