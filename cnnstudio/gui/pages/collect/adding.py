"""Pictures from elsewhere, added to a class in the background."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from cnnstudio.data.collected.collection import Collection, add_pictures
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.task import Task
from cnnstudio.progress import Progress


class PictureAdder(QWidget):
    """A progress bar with a button that stops; it takes no room while nothing is being added."""

    added = Signal(object)
    """An `AddedPictures`: what became of the pictures."""

    failed = Signal(object)
    """The exception that ended it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task: Task | None = None
        self._progress = describe(
            QProgressBar(), "adding_progress", "Adding pictures", "How many of the pictures have been added."
        )
        self._progress.setTextVisible(False)
        stop = describe(
            QPushButton("Stop"), "stop_adding_button", "Stop adding", "Ends the adding; what was added stays."
        )
        stop.clicked.connect(self._stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(self._progress, 1)
        row.addWidget(stop)
        self.hide()

    @property
    def busy(self) -> bool:
        """Whether pictures are being added."""
        return self._task is not None

    def add(self, collection: Collection, name: str, sources: Sequence[Path | bytes]) -> None:
        """Begins to add pictures to a class; not while it is `busy`."""
        self._task = Task(partial(add_pictures, collection, name, list(sources)), self)
        self._task.reported.connect(self._show_progress)
        self._task.finished.connect(self._finish)
        self._task.failed.connect(self._fail)
        self._progress.setRange(0, 0)
        self.show()
        self._task.start()

    def shut_down(self) -> None:
        """Stops and waits; what was added stays, and no signal comes."""
        if self._task is not None:
            self._task.shut_down()
        self._rest()

    def _rest(self) -> None:
        self._task = None
        self.hide()

    @Slot()
    def _stop(self) -> None:
        if self._task is not None:
            self._task.stop()

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        self._progress.setRange(0, progress.total or 0)
        self._progress.setValue(progress.done)

    @Slot(object)
    def _finish(self, gathered: object) -> None:
        self._rest()
        self.added.emit(gathered)

    @Slot(object)
    def _fail(self, error: object) -> None:
        self._rest()
        self.failed.emit(error)
