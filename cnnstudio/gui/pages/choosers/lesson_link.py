"""The way from where a concept stands in the window to the lesson about it."""

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QPushButton

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID, icon


class LessonLink(QPushButton):
    """A quiet button that opens a lesson; it is not there where no lesson explains what is shown.

    Args:
        name: its `objectName`.
        library: knows which lesson explains what.

    Signals:
        wanted(str): the lesson about this concept is wanted.
    """

    wanted = Signal(str)

    def __init__(self, name: str, library: Library) -> None:
        super().__init__(" Lesson")
        self._name = name
        self._library = library
        self._asked: tuple[str, ...] = ()
        self._alone = False
        self.setProperty("role", "quiet")
        self.setIcon(icon("lesson", "accent_text"))
        self.setIconSize(QSize(2 * GRID, 2 * GRID))
        self.clicked.connect(self._open)
        library.changed.connect(self._tell)
        self._tell()

    @property
    def concept(self) -> str:
        """What its lesson explains; empty where there is none."""
        return next((concept for concept in self._asked if concept in self._library.lists.lessons), "")

    def show_concepts(self, *concepts: str) -> None:
        """Leads to the lesson about the first of these that has one, such as the kind of a layer."""
        if concepts != self._asked:  # pages say it at each move of the pen
            self._asked = concepts
            self._tell()

    def set_alone(self, alone: bool) -> None:
        """Says whether there is only the lesson that is open: then none leads to another one."""
        self._alone = alone
        self._tell()

    @Slot()
    def _tell(self) -> None:
        title = self._library.lists.lessons.get(self.concept, "")
        describe(self, self._name, f"Lesson: {title}", f"Opens the lesson “{title}” beside the page.")
        self.setVisible(bool(title) and not self._alone)

    @Slot()
    def _open(self) -> None:
        self.wanted.emit(self.concept)
