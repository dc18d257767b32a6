"""One class of a set that is being collected: its name, its examples, and what can be done with it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.theme import GAP, GRID, colours, icon
from cnnstudio.gui.widgets.example_tiles import ExampleTiles

KEYS = 9
"""So many classes have a number key."""

_BARE = (
    "QLineEdit:!hover:!focus { background: transparent; border-color: transparent; } QLineEdit { font-weight: 600; }"
)


class NameEdit(QLineEdit):
    """A field for a name; Enter and Escape end there and do nothing else on the page."""

    left = Signal(bool)
    """Enter or Escape was pressed; whether it was Escape: the name is to stay as it was."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keeps Enter and Escape, which a field of text would pass on."""
        super().keyPressEvent(event)
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape}:
            event.accept()
            self.left.emit(event.key() == Qt.Key.Key_Escape)


class ClassRow(QWidget):
    """A class on a panel; clicking it anywhere makes it the one that examples are added to.

    Args:
        number: its place, counted from 1.
    """

    chosen = Signal(str)
    """The class was clicked."""

    renamed = Signal(str, str)
    """The class is to be renamed: from, to."""

    remove_asked = Signal(str)
    """The class is to be removed."""

    example_remove_asked = Signal(object)
    """The example of this path is to be deleted."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.setObjectName(f"class_{number}")
        self.name = ""
        self._is_chosen = False
        key = str(number) if number <= KEYS else ""
        badge = label(key, "small", f"class_key_{number}")
        badge.setFixedWidth(2 * GRID)
        badge.setToolTip(f"<p>Press {key} to choose this class.</p>" if key else "")
        self._edit = describe(
            NameEdit(),
            f"class_name_{number}",
            f"Name of class {number}",
            "The name of the class: what the network will answer. Click it to change it.",
        )
        self._edit.setStyleSheet(_BARE)
        self._edit.setMaximumWidth(32 * GRID)
        self._edit.editingFinished.connect(self._rename)
        self._edit.left.connect(self._leave)
        self._count = label(role="secondary", name=f"class_count_{number}")
        self._count.setWordWrap(False)
        remove = describe(
            QToolButton(),
            f"remove_class_{number}",
            f"Remove class {number}",
            "Removes the class with all its examples; Undo brings them back.",
        )
        remove.setIcon(icon("delete", "secondary"))
        remove.setIconSize(QSize(18, 18))
        remove.clicked.connect(lambda: self.remove_asked.emit(self.name))
        self._tiles = ExampleTiles()
        self._tiles.setObjectName(f"examples_{number}")
        self._tiles.set_placeholder("Nothing yet.")
        self._tiles.remove_asked.connect(self.example_remove_asked)
        self._tiles.expand_asked.connect(lambda: self.chosen.emit(self.name))
        header = QHBoxLayout()
        header.setSpacing(GAP)
        header.addWidget(badge)
        header.addWidget(self._edit, 1)
        header.addStretch()
        header.addWidget(self._count)
        header.addWidget(remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addLayout(header)
        column.addWidget(self._tiles)

    def show_class(self, name: str, files: Sequence[Path], noun: str) -> None:
        """Shows a class.

        Args:
            name: of the class.
            files: its examples, the oldest first.
            noun: what one example is called.
        """
        if name != self.name:
            self.name = name
            self._edit.setText(name)
            self.setAccessibleName(f"Class {name}")
            self._tiles.setAccessibleName(f"Examples of {name}")
        self._tiles.set_files(tuple(reversed(files)))
        self._count.setText(f"{len(files):,} {noun}{'' if len(files) == 1 else 's'}" if files else "")

    def set_chosen(self, chosen: bool) -> None:
        """Marks it as the class that examples are added to; all its examples are shown."""
        self._is_chosen = chosen
        self._tiles.set_expanded(chosen)
        self._tiles.set_placeholder("Yours to begin: what you add now appears here." if chosen else "Nothing yet.")
        self.setAccessibleDescription("Examples are added to this class." if chosen else "")
        self.update()

    def reset_name(self) -> None:
        """Shows the name as it is, for another was refused."""
        self._edit.setText(self.name)

    @Slot()
    def _rename(self) -> None:
        if self._edit.text() != self.name:
            self.renamed.emit(self.name, self._edit.text())

    @Slot(bool)
    def _leave(self, given_up: bool) -> None:
        if given_up:
            self.reset_name()
        self.chosen.emit(self.name)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses the class."""
        self.chosen.emit(self.name)
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paints the panel, in the accent's soft colour where the class is chosen."""
        theme = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent_soft if self._is_chosen else theme.surface))
        painter.drawRoundedRect(self.rect(), GRID, GRID)
        painter.end()
