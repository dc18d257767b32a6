"""The Collect page: a data set of one's own, drawn or photographed, example by example."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QWidget
from typing_extensions import override

from cnnstudio.data.collected.collection import Collection
from cnnstudio.data.collected.sets import KINDS
from cnnstudio.data.library import collected_folder
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.layouts import column, row, widget_of
from cnnstudio.gui.controls.question import AnswerButton, Role, ask
from cnnstudio.gui.library import CollectedSet, Library
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages import Page
from cnnstudio.gui.pages.collect.new_set import NewSetForm
from cnnstudio.gui.pages.collect.set_chooser import SetChooser
from cnnstudio.gui.pages.collect.set_view import SetView
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import aside
from cnnstudio.gui.widgets.drawing.dropped_pictures import pictures_in


class CollectPage(Page):
    """The set that is open, or the form that begins a new one.

    Signals:
        navigate(str, object): to the Train page, with the name of the set.
    """

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        super().__init__(library)
        self.setAcceptDrops(True)
        self._settings = settings
        self._form = NewSetForm(self.library)
        self._form.created.connect(self._open_new)
        self._form.cancelled.connect(self._show_set)
        self._view = SetView(self._message)
        self._view.changed.connect(self._summarise)
        self._view.train_asked.connect(partial(self.navigate.emit, "train"))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._form)
        self._stack.addWidget(self._view)
        self._header = self._build_header()
        self.setLayout(column(self._header, self._message, (self._stack, 1), gap=2 * GRID, edge=SECTION))
        self._sets.refresh()
        last = settings.recall("collect/set", "", "your set opened last", self._has_set)
        self._sets.show_chosen(collected_folder() / last)
        self._open(self._sets.path)

    def _build_header(self) -> QWidget:
        self._sets = SetChooser(self.library, self._message)
        self._sets.chosen.connect(self._open)
        self._sets.new_asked.connect(self._show_form)
        self._sets.leaving.connect(self._view.settle)
        return widget_of(row(label("Collect", "heading", wrap=False), (self._sets, 1), gap=2 * GRID))

    @property
    def collection(self) -> Collection | None:
        """The set that is open; None while none is."""
        return self._view.collection

    def entered(self) -> None:
        """Examples of the open set may have come and gone since."""
        super().entered()
        self._view.look_again()

    def refresh(self) -> None:
        """Sets may have come and gone since; the open one may be among them."""
        self._sets.refresh()
        collection = self._view.collection
        if collection is not None and self._has_set(collection.name):
            self._sets.show_chosen(collection.path)
        elif collection is not None or self._sets.path is not None:
            self._open(self._sets.path)

    @Slot(object)
    def receive(self, payload: object) -> None:
        """Opens a set by its name."""
        if self._has_set(str(payload)):
            self._open(collected_folder() / str(payload))

    @override
    def may_close(self) -> bool:
        """Asks what becomes of a drawing that was not added yet."""
        name = self._view.unadded
        if not name:
            return True
        answer = ask(
            self,
            "unadded_dialog",
            "Drawing not added",
            f"Your drawing on the Collect page was not added to “{name}” yet. Add it before you close?",
            AnswerButton("add_drawing_button", "Add", Role.AcceptRole),
            AnswerButton("discard_drawing_button", "Discard", Role.DestructiveRole),
            AnswerButton("keep_drawing_button", "Keep drawing", Role.RejectRole),
            usual="add_drawing_button",
        )
        if answer == "add_drawing_button":
            self._view.add_drawing()
            return not self._view.unadded  # else the page says why it could not be added
        return answer == "discard_drawing_button"

    def shut_down(self) -> None:
        """Stops adding and the camera; what was deleted cannot be brought back any more."""
        self._view.shut_down()

    @Slot(object)
    def _open_new(self, path: Path) -> None:
        with QSignalBlocker(self.library):  # it is opened right now
            self.library.put(CollectedSet(path, KINDS[self._form.kind]))
        self._open(path)
        self._view.begin()

    @Slot(object)
    def _open(self, path: Path | None) -> None:
        self._message.hide()
        collection = None
        if path is not None:
            try:
                collection = aside(partial(Collection, path))
            except StudioError as error:
                self._message.show_failure(error)
            else:
                self._settings.remember("collect/set", path.name)
        self._view.open(collection)
        self._sets.refresh()
        if path is None:
            self._show_form()
        else:
            self._sets.show_chosen(path)
            self._show_set()

    @Slot()
    def _show_form(self) -> None:
        self._header.hide()  # the form has a heading of its own
        self._stack.setCurrentWidget(self._form)
        self._form.begin(may_cancel=self._sets.path is not None)

    @Slot()
    def _show_set(self) -> None:
        self._header.show()
        self._stack.setCurrentWidget(self._view)

    @Slot(object)
    def _summarise(self, counts: Mapping[str, int]) -> None:
        collection = self._view.collection
        if collection is not None:
            self.library.put(CollectedSet(collection.path, collection.kind, counts))
            self._sets.refresh()

    @property
    def _shows_set(self) -> bool:
        return self._stack.currentWidget() is self._view and self._view.collection is not None

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys for the set that is open; Escape leaves the form."""
        if self._shows_set and self._view.press_key(event):
            return
        if event.key() == Qt.Key.Key_Escape and not self._shows_set and self._sets.path is not None:
            self._show_set()
        else:
            super().keyPressEvent(event)

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Lets the camera's button go."""
        if not self._view.release_key(event):
            super().keyReleaseEvent(event)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pictures may be dropped anywhere on a set."""
        if self._shows_set and pictures_in(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._view.drop(self.mapToGlobal(event.position().toPoint()), pictures_in(event.mimeData()))

    def _has_set(self, name: str) -> bool:
        return any(one.path == collected_folder() / name for one in self.library.lists.sets)
