"""A set that is open on the Collect page: canvas or camera on the left, the classes on the right."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget
from typing_extensions import override

from cnnstudio.data.collected.collection import ENOUGH, GOOD_START, Collection, add_pictures
from cnnstudio.data.folders.split_names import split_named
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.layouts import ScrollColumn, column, row
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages.collect.capture import MINIMUM_SIDE, USUAL_SIDE, CapturePanel
from cnnstudio.gui.pages.collect.classes import KEYS, ClassList
from cnnstudio.gui.task import LatestTask, aside
from cnnstudio.gui.widgets.drawing.dropped_pictures import NO_ENDINGS, NOTHING_TO_PASTE, PICTURE_FILES, pictures_in
from cnnstudio.gui.widgets.images.example_tiles import moving_data, moving_in
from cnnstudio.storage import exists
from cnnstudio.wording import counted

Contents = Mapping[str, tuple[Path, ...]]
"""The examples of each class."""


class SetView(QWidget):
    """Adds examples to one set, shows and deletes them, and edits its classes.

    Args:
        message: where it says what happened.
    """

    changed = Signal(object)
    """The set was looked at anew: how many examples it has now of each class."""

    train_asked = Signal(str)
    """The set of this name is to be trained on."""

    def __init__(self, message: MessageBar) -> None:
        super().__init__()
        self._message = message
        self._collection: Collection | None = None
        self._class = ""
        self._names: list[str] = []
        self._shown = 0
        """How often the set was shown: what was looked up before the last time is out of date."""
        self._place = 0
        """Of the chosen class: where it gets another name, or goes, the one at its place is chosen."""
        self._cut: tuple[Path, ...] = ()
        self._burst: list[Path] = []
        self._strokes_undone = False
        self._steps_since_ink = 0
        """What was done to the set since the last stroke: Undo takes it back before the stroke."""
        self._capture = CapturePanel(message)
        self._capture.taken.connect(self._keep)
        self._capture.burst_over.connect(self._note_burst)
        self._capture.canvas.drawing_changed.connect(self._note_ink)
        self._capture.canvas.history_changed.connect(self._note_strokes)
        for button, act in (
            (self._capture.undo, self._undo),
            (self._capture.redo, self._redo),
            (self._capture.open, lambda: self._ask_files(self._class)),
            (self._capture.paste, lambda: self._paste(self._class)),
        ):
            button.clicked.connect(act)
        QGuiApplication.clipboard().dataChanged.connect(self._note_clipboard)
        self._left = ScrollColumn()
        self._left.set_content(self._capture)
        self._left.installEventFilter(self)
        self._classes = ClassList()
        self._classes.chosen.connect(self._choose)
        self._classes.added.connect(self._add_class)
        self._classes.renamed.connect(self._rename_class)
        self._classes.remove_asked.connect(self._remove_class)
        self._classes.examples_remove_asked.connect(self._remove_examples)
        self._classes.examples_moved.connect(self._move_examples)
        self._classes.cut_asked.connect(self._cut_examples)
        self._classes.paste_asked.connect(self._paste)
        self._classes.open_asked.connect(self._ask_files)
        self._adding = ProgressPanel("adding", "Adding pictures", "Stops adding; what was added stays.")
        self._looking = LatestTask(self)
        self._looking.finished.connect(self._take_contents)
        self._adding.finished.connect(self._pictures_added)
        self._adding.failed.connect(self._adding_failed)
        right = column((self._classes, 1), self._adding, self._build_foot(), gap=2 * GRID)
        self.setLayout(row(self._left, (right, 1), gap=SECTION))

    def _build_foot(self) -> QHBoxLayout:
        self._hint = label(role="secondary", name="collect_hint")
        self._train = push_button(
            "train_on_it_button",
            "Train on it",
            "Goes to the Train page with this set chosen. A network learns from most of your examples and is tested "
            "with the rest.",
            self._ask_training,
            role="primary",
        )
        return row((self._hint, 1), self._train, gap=2 * GRID)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_canvas()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The canvas leaves room for a message, too."""
        if event.type() == QEvent.Type.Resize:
            self._fit_canvas()
        return super().eventFilter(watched, event)

    def _fit_canvas(self) -> None:
        room = min(self._left.height() - self._capture.height_of_tools, max(USUAL_SIDE, self.width() * 3 // 10))
        side = max(MINIMUM_SIDE, room) // GRID * GRID
        self._capture.set_side(side)
        self._left.setFixedWidth(side + 2 * GRID)  # it may scroll

    @property
    def collection(self) -> Collection | None:
        """The set that is open."""
        return self._collection

    def open(self, collection: Collection | None) -> None:
        """Shows a set, or none; what was deleted from the one before cannot be brought back any more."""
        self.settle()
        self._mark_cut(())  # pasted in another set, they are pictures like any other
        self._collection = collection
        self._class = ""
        self._classes.fold_all()
        self._capture.use(collection)
        self.refresh()

    def settle(self) -> None:
        """Stops adding, and deletes for good what was deleted: the folder may be moved then."""
        self._adding.end()
        if self._collection is not None:
            aside(self._collection.close)
        self._burst.clear()

    @property
    def unadded(self) -> str:
        """The class to which the drawing on the canvas was not added yet; empty where there is none."""
        return self._class if self._capture.has_ink else ""

    def add_drawing(self) -> None:
        """Adds the drawing on the canvas to its class."""
        self._capture.add_drawing()

    def shut_down(self) -> None:
        """Stops everything; what was deleted cannot be brought back any more."""
        self._adding.shut_down()
        self._looking.shut_down()
        self._capture.use(None)
        if self._collection is not None:
            self._collection.close()

    def begin(self) -> None:
        """Puts the focus where the next example is made."""
        self._capture.focus()

    def refresh(self) -> None:
        """Shows everything as it is on disk now."""
        collection, shown = self._collection, self._shown
        contents = {} if collection is None else aside(lambda: collection.contents)
        if shown == self._shown:  # else a later look at it was quicker
            self._show(contents)

    def look_again(self) -> None:
        """Shows, in a moment, what has come and gone since."""
        if self._collection is not None:
            self._looking.submit(_look, self._collection, self._shown)

    @Slot(object)
    def _take_contents(self, answer: tuple[Collection, int, Contents]) -> None:
        collection, shown, contents = answer
        if collection is self._collection and shown == self._shown:
            self._show(contents)

    def _show(self, contents: Contents) -> None:
        self._shown += 1
        counts = {name: len(examples) for name, examples in contents.items()}
        names = self._names = list(counts)
        if self._class not in counts:
            self._class = names[min(self._place, len(names) - 1)] if names else ""
        self._place = names.index(self._class) if names else 0
        self._capture.name_class(self._class)
        if self._collection is not None:
            self._classes.show_contents(contents, self._class, self._collection.kind.noun)
            self.changed.emit(counts)
        problem = why_not(counts)
        self._train.setEnabled(not problem)
        self._hint.setText(problem or advice(counts))
        self._allow()

    @Slot()
    def _allow(self) -> None:
        collection = self._collection
        undo = self._capture.has_ink or (collection is not None and collection.can_undo)
        redo = collection is not None and (collection.can_redo or (self._capture.draws and self._strokes_undone))
        self._capture.undo.setEnabled(undo)
        self._capture.redo.setEnabled(redo)

    @Slot()
    def _note_ink(self) -> None:
        self._steps_since_ink = 0
        self._allow()

    @Slot(bool, bool)
    def _note_strokes(self, _undo: bool, redo: bool) -> None:
        self._strokes_undone = redo
        self._allow()

    def _try(self, action: Callable[[Collection], object], steps: int = 1) -> bool:
        """Does something to the set.

        Args:
            action: what is done.
            steps: of its history that this goes on, or back.

        Returns:
            Whether it could be done; else the page says why not.
        """
        if self._collection is None:
            return False
        self._message.hide()
        try:
            action(self._collection)
        except StudioError as error:
            self._message.show_failure(error)
            return False
        finally:
            self.refresh()
        self._steps_since_ink = max(0, self._steps_since_ink + steps)
        return True

    # Classes.

    @Slot(str)
    def _choose(self, name: str) -> None:
        self._class = name
        self.refresh()
        self._capture.focus()

    @Slot(str)
    def _add_class(self, name: str) -> None:
        if self._try(lambda one: one.add_class(name)):
            self._classes.clear_field()
            self._class = self._names[-1]
            self.refresh()

    @Slot(str, str)
    def _rename_class(self, old: str, new: str) -> None:
        if not self._try(lambda one: one.rename_class(old, new)):
            self._classes.reset_names()

    @Slot(str)
    def _remove_class(self, name: str) -> None:
        if self._try(lambda one: one.remove_class(name)):
            self._message.show_info(f"The class “{name}” is removed. Undo brings it back with all its examples.")

    # Examples.

    @Slot(object)
    def _remove_examples(self, paths: Sequence[Path]) -> None:
        self._try(lambda one: one.remove(paths))

    @Slot(object, str)
    def _move_examples(self, paths: Sequence[Path], name: str) -> None:
        moved: list[Path] = []
        if self._try(lambda one: moved.extend(one.move(paths, name))):
            self._classes.select(moved, name)

    @Slot(object)
    def _cut_examples(self, paths: Sequence[Path]) -> None:
        """Puts examples on the clipboard; they move when they are pasted, and another program gets their files."""
        data = moving_data(paths)
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        self._mark_cut(paths)
        QGuiApplication.clipboard().setMimeData(data)

    @Slot()
    def _note_clipboard(self) -> None:
        if self._cut and moving_in(QGuiApplication.clipboard().mimeData()) != list(self._cut):
            self._mark_cut(())

    def _mark_cut(self, paths: Sequence[Path]) -> None:
        self._cut = tuple(paths)
        self._classes.mark_cut(self._cut)

    @Slot(object)
    def _keep(self, pixels: np.ndarray) -> None:
        if self._collection is None:
            return
        try:
            self._burst.append(self._collection.write(self._class, pixels))
        except StudioError as error:
            self._capture.release()
            self._message.show_failure(error)
        else:
            self._message.hide()
            self._capture.begin_anew()
        self.refresh()

    @Slot()
    def _note_burst(self) -> None:
        if self._collection is not None and self._burst:
            self._collection.note_added(self._burst)
        self._burst.clear()
        self._allow()

    @Slot(str)
    def _ask_files(self, name: str) -> None:
        files, _ = QFileDialog.getOpenFileNames(
            self, f"Add pictures to “{name}”", "", f"{PICTURE_FILES};;All files (*)", options=NO_ENDINGS
        )
        self._add_pictures([Path(file) for file in files], name)

    @Slot(str)
    def _paste(self, name: str) -> None:
        """Moves what was cut here to a class, or adds what was copied elsewhere."""
        clipboard = QGuiApplication.clipboard()
        cut = [path for path in self._cut if exists(path)]
        found = pictures_in(clipboard.mimeData())
        if cut:
            self._move_examples(cut, name)
            clipboard.clear()
        elif found:
            self._add_pictures(found, name)
        else:
            self._message.show_error(NOTHING_TO_PASTE)

    def _add_pictures(self, sources: Sequence[Path | bytes], name: str) -> None:
        """Adds pictures to a class, in the background."""
        if not sources or self._collection is None or not name:
            return
        if self._adding.running:
            self._message.show_info("Pictures are being added already. Wait until they are there, or stop it.")
            return
        self._message.hide()
        self._adding.run(partial(add_pictures, self._collection, name, list(sources)), "Looking for pictures …")

    @Slot(object)
    def _pictures_added(self, added: tuple[list[Path], list[str]]) -> None:
        paths, problems = added
        if self._collection is not None and paths:
            self._collection.note_added(paths)
            self._steps_since_ink += 1
        if problems:
            self._message.show_error(problems_text(problems), "\n".join(problems))
        self.refresh()

    @Slot(object)
    def _adding_failed(self, error: Exception) -> None:
        self._message.show_failure(error)
        self.refresh()

    # Undo and redo.

    @Slot()
    def _undo(self) -> None:
        """Undoes what was done last: to the set, or a stroke that was not added yet."""
        if self._capture.has_ink and not self._steps_since_ink:
            self._capture.canvas.undo()
        else:
            self._try(Collection.undo, -1)

    @Slot()
    def _redo(self) -> None:
        """Redoes what was undone, in the opposite order."""
        if self._collection is not None and self._collection.can_redo:
            self._try(Collection.redo)
        else:
            self._capture.canvas.redo()

    @Slot()
    def _ask_training(self) -> None:
        if self._collection is not None:
            self.train_asked.emit(self._collection.name)

    def press_key(self, event: QKeyEvent) -> bool:
        """Takes a key: Enter adds the drawing, Space takes a photo, a number chooses a class, F2 renames it.

        Returns:
            Whether it was one of them.
        """
        place = event.key() - Qt.Key.Key_1
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._capture.add_drawing()
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._capture.press()
        elif event.key() == Qt.Key.Key_F2:
            self._classes.begin_renaming(self._class)
        elif 0 <= place < min(KEYS, len(self._names)) and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self._choose(self._names[place])
        else:
            return False
        return True

    def release_key(self, event: QKeyEvent) -> bool:
        """Lets the camera's button go; returns whether it was the key for that."""
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat():
            return False
        self._capture.release()
        return True

    def drop(self, place: QPoint, sources: Sequence[Path | bytes]) -> None:
        """Adds pictures to the class they are dropped on, at a place on the screen; else to the one that is chosen."""
        name = self._classes.class_at(place)
        if name:
            self._choose(name)
        self._add_pictures(sources, self._class)


_NAMED = 3


def _look(collection: Collection, shown: int) -> tuple[Collection, int, Contents]:
    return collection, shown, collection.contents


def why_not(counts: Mapping[str, int]) -> str:
    """Why a set with these numbers of examples cannot be trained on yet, and what to do; empty where it can."""
    if len(counts) < 2:
        return "Add a second class: a network learns to tell things apart."
    if all(split_named(name) for name in counts):
        return "“Train”, “validation” and “test” are parts of a data set. Give one of the classes another name."
    if sum(count >= ENOUGH for count in counts.values()) < 2:
        return f"To train, add at least {ENOUGH} examples to each of two classes; {GOOD_START} are a good start."
    return ""


def advice(counts: Mapping[str, int]) -> str:
    """What would make a set better."""
    missing = [f"{GOOD_START - count} more of “{name}”" for name, count in counts.items() if count < GOOD_START]
    if not missing:
        return "A good start. More examples, and more varied ones, make the network more reliable."
    rest = f" and of {counted(len(missing) - _NAMED, 'more class', 'more classes')}" if len(missing) > _NAMED else ""
    return f"{GOOD_START} of each is a good start: {', '.join(missing[:_NAMED])}{rest}."


def problems_text(problems: Sequence[str]) -> str:
    """What could not be added, in a sentence or two."""
    first, *others = problems
    return f"{first} {len(others):,} more could not be added." if others else first
