"""The classes of a set that is being collected, one below the other."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from cnnstudio.gui.describe import describe
from cnnstudio.gui.pages.collect_class import ClassRow, NameEdit
from cnnstudio.gui.theme import GRID


class ClassList(QScrollArea):
    """A row for each class, and a field that adds one."""

    chosen = Signal(str)
    renamed = Signal(str, str)
    remove_asked = Signal(str)
    example_remove_asked = Signal(object)

    added = Signal(str)
    """A class of this name is to be added."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("class_list")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
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
        content = QWidget()
        content.setProperty("role", "content")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self._column = QVBoxLayout()
        self._column.setSpacing(GRID)
        column.addLayout(self._column)
        column.addWidget(self._add)
        column.addStretch(1)
        self.setWidget(content)

    def show_contents(self, contents: Mapping[str, Sequence[Path]], chosen: str, noun: str) -> None:
        """Shows the classes.

        Args:
            contents: the examples of each class, the oldest first.
            chosen: the class that examples are added to.
            noun: what one example is called.
        """
        while len(self._rows) < len(contents):
            self._rows.append(self._row(len(self._rows) + 1))
        for row, (name, examples) in zip(self._rows, contents.items(), strict=False):
            row.show_class(name, examples, noun)
            row.set_chosen(name == chosen)
        for number, row in enumerate(self._rows):
            row.setVisible(number < len(contents))
        if chosen != self._chosen:
            self._scroll.start()
        self._chosen = chosen

    def reset_names(self) -> None:
        """Shows the names as they are, for another was refused."""
        for row in self._rows:
            row.reset_name()

    def clear_field(self) -> None:
        """Empties the field, for its class was added."""
        self._add.clear()

    def class_at(self, place: QPoint) -> str:
        """The class at a place on the screen; empty where there is none."""
        if self.rect().contains(self.mapFromGlobal(place)):
            for row in self._rows:
                if row.isVisible() and row.rect().contains(row.mapFromGlobal(place)):
                    return row.name
        return ""

    def _row(self, number: int) -> ClassRow:
        row = ClassRow(number)
        row.chosen.connect(self.chosen)
        row.renamed.connect(self.renamed)
        row.remove_asked.connect(self.remove_asked)
        row.example_remove_asked.connect(self.example_remove_asked)
        self._column.addWidget(row)
        return row

    @Slot()
    def _scroll_to_chosen(self) -> None:
        for row in self._rows:
            if row.isVisible() and row.name == self._chosen:
                self.ensureWidgetVisible(row, 0, GRID)

    @Slot(bool)
    def _leave_field(self, given_up: bool) -> None:
        if given_up:
            self._add.clear()

    @Slot()
    def _ask_add(self) -> None:
        if self._add.text().strip():
            self.added.emit(self._add.text())
