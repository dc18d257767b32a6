"""Rows and columns of widgets, and columns that scroll."""

from collections.abc import Sequence
from typing import Any, TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.look.theme import GAP, GRID, SECTION

_Box = TypeVar("_Box", bound=QBoxLayout)

STRETCH = None
"""In a row or a column: an empty place that takes the room that is left."""

Part = QWidget | QLayout | tuple[QWidget | QLayout, int] | tuple[QWidget, int, Qt.AlignmentFlag] | int | None
"""In a row or a column: a widget or a layout, alone or with its stretch factor and alignment; pixels; or `STRETCH`."""

LINE_WIDTH = 90 * GRID
"""Lines of text that are longer are hard to read."""


def row(*parts: Part, gap: int = GRID, edge: int = 0) -> QHBoxLayout:
    """Lays parts out from left to right, with a gap between them and an edge around all, in pixels."""
    return _filled(QHBoxLayout(), parts, gap, edge)


def column(*parts: Part, gap: int = GRID, edge: int = 0) -> QVBoxLayout:
    """Lays parts out from top to bottom, with a gap between them and an edge around all, in pixels."""
    return _filled(QVBoxLayout(), parts, gap, edge)


def _filled(box: _Box, parts: Sequence[Part], gap: int, edge: int) -> _Box:
    box.setSpacing(gap)
    box.setContentsMargins(edge, edge, edge, edge)
    for part in parts:
        how: tuple[Any, ...] = part if isinstance(part, tuple) else (part,)
        if isinstance(how[0], QWidget):
            box.addWidget(*how)
        elif isinstance(how[0], QLayout):
            box.addLayout(*how)
        elif part is STRETCH:
            box.addStretch(1)
        else:
            box.addSpacing(*how)
    return box


def no_wider(widget: QWidget, width: int) -> QHBoxLayout:
    """A widget at the left that is so wide at most; of a longer line the rest stays empty."""
    widget.setMaximumWidth(width)
    line = row((widget, 1))
    line.addStretch()  # without a factor: what is left beyond the largest width
    return line


def widget_of(layout: QLayout) -> QWidget:
    """A widget that has this layout, so that it can be shown, hidden and sized as a whole."""
    widget = QWidget()
    widget.setLayout(layout)
    return widget


class ScrollColumn(QScrollArea):
    """Scrolls its content up and down; it has no frame and takes no focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def set_content(self, content: QWidget | QLayout) -> None:
        """Shows this content, on the page's own ground."""
        widget = content if isinstance(content, QWidget) else widget_of(content)
        widget.setProperty("role", "content")
        self.setWidget(widget)


def bring_into_sight(widget: QWidget) -> None:
    """Scrolls what scrolls around a widget, no farther than it must; of what is too high, the top is seen."""
    around = widget.parentWidget()
    while around is not None:
        if isinstance(around, QScrollArea) and (content := around.widget()) is not None:
            around.ensureWidgetVisible(widget, GAP, GAP)
            if widget.height() > around.viewport().height():
                around.verticalScrollBar().setValue(widget.mapTo(content, QPoint(0, 0)).y() - GAP)
        around = around.parentWidget()


def hand_focus(widget: QWidget, other: QWidget) -> None:
    """Gives the focus of a widget, which is about to be disabled or hidden, to another one.

    Qt would give it to the next control, and what scrolls around that one would jump there.
    """
    if widget.window().focusWidget() is widget:
        other.setFocus(Qt.FocusReason.OtherFocusReason)


class SectionColumn(ScrollColumn):
    """A heading with titled sections below it, as wide as one can read.

    Args:
        heading: what stands above.
        edge: from the content to the edge.
    """

    def __init__(self, heading: str, edge: int = SECTION) -> None:
        super().__init__()
        self._column = column(label(heading, "heading"), STRETCH, edge=edge)
        self.set_content(no_wider(widget_of(self._column), LINE_WIDTH + 2 * edge))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)  # a table does not wrap

    def add_section(self, title: str, *parts: Part, explanation: str = "") -> None:
        """Adds a section at the end: its title, an explanation below it, and its parts."""
        texts = ((title, "strong"), (explanation, "secondary"))
        section = column(*(label(text, role) for text, role in texts if text), *parts, gap=GAP)
        section.setContentsMargins(0, 2 * GAP, 0, 0)
        self._column.insertLayout(self._column.count() - 1, section)


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
        if [len(buttons) for buttons in rows] != [one.count() - 1 for one in self._rows]:
            self._lay(rows)

    def _lay(self, rows: list[list[QWidget]]) -> None:
        for old in self._rows:
            while old.takeAt(0) is not None:
                pass
            self.removeItem(old)
            old.deleteLater()
        self._rows = [row(*buttons, STRETCH) for buttons in rows]
        for one in self._rows:
            self.addLayout(one)
