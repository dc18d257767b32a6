"""The layout of pages that are read from top to bottom."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from cnnstudio.gui.describe import label
from cnnstudio.gui.theme import GAP, GRID, SECTION

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
