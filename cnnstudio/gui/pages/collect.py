"""The Collect page: a data set of one's own, drawn or photographed, example by example."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.collecting import Collection
from cnnstudio.data.gathering import Gathered
from cnnstudio.data.library import collected_folder
from cnnstudio.errors import StudioError
from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.log import details
from cnnstudio.gui.pages.collect_adding import PictureAdder
from cnnstudio.gui.pages.collect_capture import MINIMUM_SIDE, CapturePanel
from cnnstudio.gui.pages.collect_class import KEYS
from cnnstudio.gui.pages.collect_classes import ClassList
from cnnstudio.gui.pages.collect_form import NewSetForm
from cnnstudio.gui.pages.collect_sets import SetChooser
from cnnstudio.gui.pages.collect_words import advice, told_problems, why_not
from cnnstudio.gui.pages.mime_pictures import PICTURE_FILES, pictures_in
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.theme import GRID, SECTION
from cnnstudio.gui.widgets.message_bar import MessageBar


class CollectPage(QWidget):
    """The canvas or the camera on the left, the classes with their examples on the right.

    Signals:
        navigate(str, object): to the Train page, with the name of the set.
    """

    navigate = Signal(str, object)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page_collect")
        self.setAcceptDrops(True)
        self._settings = settings
        self._collection: Collection | None = None
        self._class = ""
        self._burst: list[Path] = []
        self._undone: list[str] = []
        self._message = MessageBar()
        self._stack = QStackedWidget()
        self._form = NewSetForm()
        self._form.created.connect(self._open_new)
        self._form.cancelled.connect(self._show_set)
        self._set_view = self._build_set_view()
        self._stack.addWidget(self._form)
        self._stack.addWidget(self._set_view)
        page = QVBoxLayout(self)
        page.setContentsMargins(SECTION, SECTION, SECTION, SECTION)
        page.setSpacing(2 * GRID)
        page.addWidget(self._build_header())
        page.addWidget(self._message)
        page.addWidget(self._stack, 1)
        self._recall_set()

    # Building.

    def _build_header(self) -> QWidget:
        self._sets = SetChooser()
        self._sets.setMaximumWidth(76 * GRID)
        self._sets.chosen.connect(self._open)
        self._sets.new_asked.connect(self._show_form)
        self._sets.leaving.connect(self._settle)
        self._sets.failed.connect(self._message.show_error)
        self._sets.done.connect(self._message.show_info)
        self._header = QWidget()
        header = QHBoxLayout(self._header)
        header.setContentsMargins(0, 0, 0, 0)
        header.setSpacing(2 * GRID)
        header.addWidget(label("Make your own set", "heading"), 1)
        header.addWidget(self._sets, 2)
        return self._header

    def _build_set_view(self) -> QWidget:
        self._capture = CapturePanel()
        self._capture.taken.connect(self._keep)
        self._capture.burst_over.connect(self._note_burst)
        self._capture.failed.connect(self._message.show_error)
        self._capture.changed.connect(self._drawing_changed)
        self._capture.undo_asked.connect(self._undo)
        self._capture.redo_asked.connect(self._redo)
        self._capture.open_asked.connect(self._ask_files)
        self._capture.paste_asked.connect(self._paste)
        self._left = QScrollArea()
        self._left.setWidget(self._capture)
        self._left.setFrameShape(QFrame.Shape.NoFrame)
        self._left.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._left.setWidgetResizable(True)
        self._left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._capture.setProperty("role", "content")
        self._classes = ClassList()
        self._classes.chosen.connect(self._choose)
        self._classes.added.connect(self._add_class)
        self._classes.renamed.connect(self._rename_class)
        self._classes.remove_asked.connect(self._remove_class)
        self._classes.example_remove_asked.connect(self._remove_example)
        self._adding = PictureAdder()
        self._adding.added.connect(self._gathered)
        self._adding.failed.connect(self._gathering_failed)
        right = QVBoxLayout()
        right.setSpacing(2 * GRID)
        right.addWidget(self._classes, 1)
        right.addWidget(self._adding)
        right.addLayout(self._build_foot())
        view = QWidget()
        columns = QHBoxLayout(view)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(SECTION)
        columns.addWidget(self._left)
        columns.addLayout(right, 1)
        return view

    def _build_foot(self) -> QHBoxLayout:
        self._hint = label(role="secondary", name="collect_hint")
        self._train = describe(
            QPushButton("Train on it"),
            "train_on_it_button",
            "Train on it",
            "Goes to the Train page with this set chosen. A network learns from most of your examples and is tested "
            "with the rest.",
        )
        self._train.setProperty("role", "primary")
        self._train.clicked.connect(self._go_to_training)
        foot = QHBoxLayout()
        foot.setSpacing(2 * GRID)
        foot.addWidget(self._hint, 1)
        foot.addWidget(self._train)
        return foot

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The canvas grows with the window, as far as the rest of its column leaves room."""
        super().resizeEvent(event)
        side = max(MINIMUM_SIDE, min(self.height() - 36 * GRID, self.width() * 3 // 10)) // GRID * GRID
        self._capture.set_side(side)
        self._left.setFixedWidth(side + GRID)

    # What the window calls.

    def entered(self) -> None:
        """Sets and examples may have changed since."""
        self._sets.refresh()
        if self._collection is not None and not self._collection.path.is_dir():
            self._open(self._sets.path)
        self._refresh()

    @Slot(object)
    def receive(self, payload: object) -> None:
        """Opens a set by its name."""
        path = collected_folder() / str(payload)
        if path.is_dir():
            self._open(path)

    def shut_down(self) -> None:
        """Stops adding, lets go of the camera, and of what was deleted."""
        self._capture.use(None)
        self._close()

    # The set that is open.

    def _recall_set(self) -> None:
        self._sets.refresh()
        self._sets.show_chosen(collected_folder() / self._settings.recall("collect/set", ""))
        self._open(self._sets.path)

    @Slot(object)
    def _open_new(self, path: Path) -> None:
        self._open(path)
        self._capture.focus()

    @Slot(object)
    def _open(self, path: Path | None) -> None:
        self._close()
        self._message.hide()
        if path is not None:
            try:
                self._collection = Collection(path)
            except StudioError as error:
                self._message.show_error(str(error))
            else:
                self._settings.remember("collect/set", path.name)
                self._class = next(iter(self._collection.classes), "")
        self._capture.use(self._collection)
        self._sets.refresh()
        if path is not None:
            self._sets.show_chosen(path)
        self._refresh()
        if path is None:
            self._show_form()
        else:
            self._show_set()

    def _close(self) -> None:
        self._settle()
        self._collection = None
        self._class = ""

    @Slot()
    def _settle(self) -> None:
        """Ends what is going on, and lets go of what was deleted."""
        self._adding.shut_down()
        if self._collection is not None:
            self._collection.close()
        self._burst.clear()
        self._undone.clear()

    @Slot()
    def _show_form(self) -> None:
        self._header.hide()  # the form has a heading of its own
        self._stack.setCurrentWidget(self._form)
        self._form.begin(may_cancel=self._sets.path is not None)

    @Slot()
    def _show_set(self) -> None:
        self._header.show()
        self._stack.setCurrentWidget(self._set_view)

    def _refresh(self) -> None:
        """Shows everything as it is on disk now."""
        collection = self._collection
        counts = collection.counts if collection is not None else {}
        if self._class not in counts:
            self._class = next(iter(counts), "")
        self._capture.name_class(self._class)
        self._classes.show_collection(collection, self._class)
        problem = why_not(counts)
        self._train.setEnabled(not problem)
        self._hint.setText(problem or advice(counts))
        self._allow()

    @Slot()
    def _allow(self) -> None:
        collection = self._collection
        undo = self._capture.has_ink or (collection is not None and collection.can_undo)
        self._capture.allow(undo, bool(self._undone), add=bool(self._class))

    def _try(self, action: Callable[[], object]) -> bool:
        """Does something to the set, and says what went wrong."""
        try:
            action()
        except StudioError as error:
            self._message.show_error(str(error), details())
            return False
        else:
            self._undone.clear()
            return True
        finally:
            self._refresh()

    # Classes.

    @Slot(str)
    def _choose(self, name: str) -> None:
        self._class = name
        self._refresh()
        self._capture.focus()

    @Slot(str)
    def _add_class(self, name: str) -> None:
        if self._collection is not None and self._try(partial(self._collection.add_class, name)):
            self._classes.clear_field()
            self._class = self._collection.classes[-1]
            self._refresh()

    @Slot(str, str)
    def _rename_class(self, old: str, new: str) -> None:
        if self._collection is None:
            return
        chosen = old == self._class
        try:
            name = self._collection.rename_class(old, new)
        except StudioError as error:
            self._message.show_error(str(error))
            self._classes.reset_names()
            return
        self._undone.clear()
        self._class = name if chosen else self._class
        self._refresh()

    @Slot(str)
    def _remove_class(self, name: str) -> None:
        if self._collection is not None and self._try(partial(self._collection.remove_class, name)):
            self._message.show_info(f"The class “{name}” is removed. Undo brings it back with all its examples.")

    @Slot(object)
    def _remove_example(self, path: Path) -> None:
        if self._collection is not None:
            self._try(partial(self._collection.remove, [path]))

    # Examples.

    @Slot(object)
    def _keep(self, pixels: np.ndarray) -> None:
        if self._collection is None:
            return
        try:
            self._burst.append(self._collection.write(self._class, pixels))
        except StudioError as error:
            self._capture.release()
            self._message.show_error(str(error), details())
        else:
            self._capture.begin_anew()
        self._refresh()

    @Slot()
    def _note_burst(self) -> None:
        if self._collection is not None and self._burst:
            self._collection.note_added(self._burst)
            self._undone.clear()
        self._burst.clear()
        self._allow()

    @Slot()
    def _ask_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, f"Add pictures to “{self._class}”", "", f"{PICTURE_FILES};;All files (*)"
        )
        self._add_pictures([Path(name) for name in names])

    @Slot()
    def _paste(self) -> None:
        found = pictures_in(QGuiApplication.clipboard().mimeData())
        if found:
            self._add_pictures(found)
        else:
            self._message.show_error(
                "There is no picture in the clipboard. Copy one in another program first, then paste it here."
            )

    def _add_pictures(self, sources: Sequence[Path | bytes]) -> None:
        """Adds pictures to the chosen class, in the background."""
        if not sources or self._collection is None or not self._class:
            return
        if self._adding.busy:
            self._message.show_info("Pictures are being added already. Wait until they are there, or stop it.")
            return
        self._message.hide()
        self._adding.add(self._collection, self._class, sources)

    @Slot(object)
    def _gathered(self, gathered: Gathered) -> None:
        if self._collection is not None:
            self._collection.note_added(gathered.paths)
            self._undone.clear()
        if gathered.problems:
            self._message.show_error(told_problems(gathered.problems), "\n".join(gathered.problems))
        self._refresh()

    @Slot(object)
    def _gathering_failed(self, error: Exception) -> None:
        self._message.show_error(str(error), details())
        self._refresh()

    # Taking back.

    @Slot()
    def _drawing_changed(self) -> None:
        if self._capture.has_ink:
            self._undone = [what for what in self._undone if what != "ink"]
        self._allow()

    @Slot()
    def _undo(self) -> None:
        if self._capture.has_ink:
            undone = [*self._undone, "ink"]
            self._capture.canvas.undo()
            self._undone = undone
            self._allow()
        elif self._collection is not None and self._collection.can_undo:
            undone = [*self._undone, "set"]
            if self._try(self._collection.undo):
                self._undone = undone
            self._allow()

    @Slot()
    def _redo(self) -> None:
        if not self._undone or self._collection is None:
            return
        *undone, what = self._undone
        if what == "ink":
            self._capture.canvas.redo()
        else:
            self._try(self._collection.redo)
        self._undone = undone
        self._allow()

    # Events.

    @Slot()
    def _go_to_training(self) -> None:
        if self._collection is not None:
            self.navigate.emit("train", self._collection.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter adds the drawing, Space takes a picture, a number chooses a class."""
        names = self._collection.classes if self._collection is not None else ()
        place = event.key() - Qt.Key.Key_1
        if self._stack.currentWidget() is self._form:
            if event.key() == Qt.Key.Key_Escape and self._sets.path is not None:
                self._show_set()
        elif isinstance(self.focusWidget(), QLineEdit):  # it passes Enter on
            super().keyPressEvent(event)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._capture.add_drawing()
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._capture.press()
        elif 0 <= place < min(KEYS, len(names)) and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self._choose(names[place])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Lets the camera's button go."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._capture.release()
        super().keyReleaseEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pictures may be dropped anywhere on a set."""
        if self._collection is not None and pictures_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Adds pictures to the class they are dropped on, else to the one that is chosen."""
        name = self._classes.class_at(self.mapToGlobal(event.position().toPoint()))
        if name:
            self._choose(name)
        event.acceptProposedAction()
        self._add_pictures(pictures_in(event.mimeData()))
