"""The classes of a set that is being collected, one below the other."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QLineEdit
from typing_extensions import override

from cnnstudio.gui.controls.buttons import tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row
from cnnstudio.gui.look.theme import GAP, GRID
from cnnstudio.gui.widgets.images.example_tiles import ExampleTiles

KEYS = 9
"""The number of classes that have a number key."""

_BARE = (
    "QLineEdit:!hover:!focus { background: transparent; border-color: transparent; } QLineEdit { font-weight: 600; }"
)


class NameEdit(QLineEdit):
    """A field for a name; Enter and Escape end there and do nothing else on the page."""

    left = Signal(bool)
    """Enter or Escape was pressed; whether it was Escape: the name is to stay as it was."""

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keeps Enter and Escape, which a field of text would pass on."""
        super().keyPressEvent(event)
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape}:
            event.accept()
            self.left.emit(event.key() == Qt.Key.Key_Escape)


class ClassRow(QFrame):
    """A class on a panel; clicking it anywhere makes it the one that examples are added to.

    Args:
        number: its place, counted from 1.
        classes: the list that it is in, whose signals it emits.
    """

    def __init__(self, number: int, classes: "ClassList") -> None:
        super().__init__()
        self.setObjectName(f"class_{number}")
        self.name = ""
        self._classes = classes
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
        self._count = label(role="secondary", name=f"class_count_{number}", wrap=False)
        remove = tool_button(
            f"remove_class_{number}",
            f"Remove class {number}",
            "Removes the class with all its examples; Undo brings them back.",
            "delete",
            lambda: classes.remove_asked.emit(self.name),
        )
        self._tiles = ExampleTiles()
        self._tiles.setObjectName(f"examples_{number}")
        self._tiles.remove_asked.connect(classes.example_remove_asked)
        self._tiles.expand_asked.connect(self._choose)
        header = row(badge, (self._edit, 1), STRETCH, self._count, remove, gap=GAP)
        content = column(header, self._tiles)
        content.setContentsMargins(2 * GRID, GRID, GRID, 2 * GRID)
        self.setLayout(content)

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
        self._tiles.set_expanded(chosen)
        self._tiles.set_placeholder("What you add now appears here." if chosen else "No examples yet.")
        self.setAccessibleDescription("Examples are added to this class." if chosen else "")
        role = "info" if chosen else "panel"
        if role != self.property("role"):
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)

    def reset_name(self) -> None:
        """Shows the name as it is, for another was refused."""
        self._edit.setText(self.name)

    @Slot()
    def _rename(self) -> None:
        if self._edit.text() != self.name:
            self._classes.renamed.emit(self.name, self._edit.text())

    @Slot(bool)
    def _leave(self, given_up: bool) -> None:
        if given_up:
            self.reset_name()
        self._choose()

    @Slot()
    def _choose(self) -> None:
        self._classes.chosen.emit(self.name)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose()
        event.accept()


class ClassList(ScrollColumn):
    """A row for each class, and a field that adds one.

    Signals:
        chosen(str): a class was clicked.
        renamed(str, str): a class is to be renamed: from, to.
        remove_asked(str): a class is to be removed.
        example_remove_asked(object): the example of this path is to be deleted.
        added(str): a class of this name is to be added.
    """

    chosen = Signal(str)
    renamed = Signal(str, str)
    remove_asked = Signal(str)
    example_remove_asked = Signal(object)
    added = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("class_list")
        self._rows: list[ClassRow] = []
        self._chosen = ""
        self._scroll = QTimer(self, singleShot=True)  # once the layout knows how high the rows are
        self._scroll.timeout.connect(self._scroll_to_chosen)
        self._add = describe(
            NameEdit(),
            "add_class",
            "Add a class",
            "Type the name of another class and press Enter. The more alike two classes are, the more examples they "
            "need.",
        )
        self._add.setPlaceholderText("Add a class …")
        self._add.left.connect(self._leave_field)
        self._add.returnPressed.connect(self._ask_add)
        self._column = column()
        self.set_content(column(self._column, self._add, STRETCH))

    def show_contents(self, contents: Mapping[str, Sequence[Path]], chosen: str, noun: str) -> None:
        """Shows the classes.

        Args:
            contents: the examples of each class, the oldest first.
            chosen: the class that examples are added to.
            noun: what one example is called.
        """
        while len(self._rows) < len(contents):
            self._rows.append(ClassRow(len(self._rows) + 1, self))
            self._column.addWidget(self._rows[-1])
        for one, (name, examples) in zip(self._rows, contents.items(), strict=False):
            one.show_class(name, examples, noun)
            one.set_chosen(name == chosen)
        for number, one in enumerate(self._rows):
            one.setVisible(number < len(contents))
        if chosen != self._chosen:
            self._scroll.start()
        self._chosen = chosen

    def reset_names(self) -> None:
        """Shows the names as they are, for another was refused."""
        for one in self._rows:
            one.reset_name()

    def clear_field(self) -> None:
        """Empties the field, for its class was added."""
        self._add.clear()

    def class_at(self, place: QPoint) -> str:
        """The class at a place on the screen; empty where there is none."""
        if self.rect().contains(self.mapFromGlobal(place)):
            for one in self._rows:
                if one.isVisible() and one.rect().contains(one.mapFromGlobal(place)):
                    return one.name
        return ""

    @Slot()
    def _scroll_to_chosen(self) -> None:
        for one in self._rows:
            if one.isVisible() and one.name == self._chosen:
                self.ensureWidgetVisible(one, 0, GRID)

    @Slot(bool)
    def _leave_field(self, given_up: bool) -> None:
        if given_up:
            self._add.clear()

    @Slot()
    def _ask_add(self) -> None:
        if self._add.text().strip():
            self.added.emit(self._add.text())
