"""The Architecture page: every network at a glance, layer by layer, to be understood, changed and trained."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFileDialog, QStackedWidget
from typing_extensions import override

from cnnstudio.errors import StudioError, explain
from cnnstudio.gui.controls.buttons import Item, menu_of, push_button
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages import Page
from cnnstudio.gui.pages.architecture.chooser import FIRST, ArchitectureChooser
from cnnstudio.gui.pages.architecture.code_dialog import KerasCode
from cnnstudio.gui.pages.architecture.description import (
    NetworkDescription,
    NetworkRequest,
    images_text,
    try_to_describe,
)
from cnnstudio.gui.pages.architecture.draft import DraftFile, left_behind
from cnnstudio.gui.pages.architecture.network_view import NetworkView
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask, aside
from cnnstudio.models.architectures.architecture import Architecture
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.layer_table import LayerTable
from cnnstudio.models.networks.files import SUFFIX, Network
from cnnstudio.models.trained.card import MODEL_FILE
from cnnstudio.models.trained.parts import model_file

if TYPE_CHECKING:
    from cnnstudio.gui.pages.architecture.editor import ArchitectureEditor

COLUMN_WIDTH, NARROW_COLUMN = 40 * GRID, 36 * GRID
NARROW_PAGE = 120 * GRID
MODEL_FILES = f"Keras models, edited networks (*.keras *.h5 *.hdf5 *.json *.zip saved_model.pb *{SUFFIX})"

PATIENCE = 200
"""Milliseconds after which the page says that it is working."""

MOST_KNOWN = 6
"""Descriptions that are kept, so that they are there at once; those of deep networks are large."""

NETWORK, IMAGES, SPLIT = "architecture/network", "architecture/images", "architecture/split"
"""What is remembered."""


@dataclass(frozen=True)
class ShownNetwork:
    """What the page shows.

    Attributes:
        key: the network's, as the chooser has it.
        images: those that it is described for, likewise; empty for its own.
    """

    key: str
    images: str = ""


class ArchitecturePage(Page):
    """Left the choice of a network, or the editor; right its picture and its layers.

    Signals:
        navigate(str, object): to the Train page with a data set's name and a network, or to Try with a model's file.
        shown(object): this `NetworkDescription` is on screen.

    Attributes:
        description: what is on screen; None while there is nothing yet, and where nothing can be shown.
        editor: None until something is edited.
    """

    shown = Signal(object)

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        super().__init__(library)
        self.setObjectName("page_architecture")
        self._settings = settings
        self.description: NetworkDescription | None = None
        self.editor: ArchitectureEditor | None = None
        self._edits_next = False
        """Edit was pressed before there was anything to edit."""
        self._task = LatestTask(self)
        self._task.finished.connect(self._take_description)
        self._left: tuple[DraftFile, Network] | None = None
        """A draft that a window has left behind, and this one holds until it is opened."""
        self._looking = LatestTask(self)
        self._looking.finished.connect(self._take_draft)
        self._known: dict[NetworkRequest, NetworkDescription] = {}
        """Architectures do not change: what was described once is there at once."""
        self._waiting = QTimer(self, singleShot=True, interval=PATIENCE)
        self._waiting.timeout.connect(self._show_waiting)
        self._message.accepted.connect(self._open_draft)
        self._view = NetworkView(self.library)
        self._view.lesson.wanted.connect(self.lesson_wanted)
        self._view.selected.connect(self._select)
        self._view.split_moved.connect(partial(settings.remember, SPLIT))
        self._view.picture.saved.connect(self._show_saved)
        self._view.set_split(settings.recall(SPLIT, 34, "the height of the picture", lambda part: 0 <= part <= 100))
        self._code = KerasCode(self._message, self)
        self._chooser = ArchitectureChooser(self.library)
        self._chooser.changed.connect(self._describe)
        self._chooser.edit.clicked.connect(self.edit)
        self._chooser.open.setMenu(
            menu_of(
                self._chooser.open,
                Item(
                    "open_network_file",
                    "&File…",
                    "open",
                    "A .keras or .h5 file of Keras, its layers as .json, a zip that holds one; or an edited network.",
                    self._ask_file,
                ),
                Item(
                    "open_network_folder",
                    "F&older…",
                    "folder",
                    "A folder that holds a model, such as that of Teachable Machine, a SavedModel or a training.",
                    self._ask_folder,
                ),
            )
        )
        self._chooser.code.clicked.connect(self.show_code)
        self._chooser.use.clicked.connect(self._use)
        self._view.own_images_wanted.connect(partial(self._chooser.images.choose, ""))
        self._column = QStackedWidget()
        self._column.addWidget(self._chooser)
        self._column.currentChanged.connect(self._fit_column)
        right = column(self._message, (self._view, 1), gap=2 * GRID)
        self.setLayout(row(self._column, (right, 1), gap=SECTION, edge=SECTION))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Open), self, self._ask_file)  # wherever the focus is
        self._chooser.refresh(
            settings.recall(NETWORK, FIRST, "the network looked at last", self._chooser.picker.offers),
            settings.recall(IMAGES, "", "the images that it was looked at for", self._chooser.images.picker.offers),
        )

    @property
    def editing(self) -> bool:
        """The editor is in the column."""
        return self._column.currentIndex() > 0

    def may_close(self) -> bool:
        """Asks about what is not saved; returns whether the window may close."""
        return self.editor is None or self.editor.may_leave()

    def entered(self) -> None:
        """The chosen network may have been edited in another window since."""
        if not self.editing:
            self._chooser.refresh()
            self._describe()
            self._offer_draft()

    def refresh(self) -> None:
        """Networks and data sets may have been added since."""
        if self.editing:
            return
        before = self._chooser.request
        self._chooser.refresh()
        if self._chooser.request != before:
            self._describe()

    @override
    def kept(self) -> ShownNetwork | None:
        """The network that is chosen; None while one is edited."""
        return None if self.editing else ShownNetwork(self._chooser.key, self._chooser.images.picker.current_key)

    @override
    def set_alone(self, alone: bool) -> None:
        self._view.lesson.set_alone(alone)

    @override
    def facts(self) -> dict[str, Any]:
        """Which network is chosen, and which of its layers."""
        return {"network": self._chooser.key, "layer": self._view.chosen}

    @Slot(object)
    def receive(self, payload: Path | str | ShownNetwork) -> None:
        """Shows a network by its name, or a Keras model from a file; edits the network of an architecture's file.

        What was kept is shown again.
        """
        if isinstance(payload, Path) and payload.name.endswith(SUFFIX):
            self._edit_with(lambda editor: editor.open_file(payload))
            return
        if self.editor is not None and self.editing and not self.editor.may_leave():
            return
        if isinstance(payload, Path):
            try:
                self._chooser.add_file(aside(partial(model_file, payload)))
            except StudioError as error:  # there are several in the folder
                self._message.show_failure(error)
                return
        else:
            shown = payload if isinstance(payload, ShownNetwork) else ShownNetwork(payload)
            with QSignalBlocker(self._chooser.images):
                self._chooser.images.choose(shown.images)
            self._chooser.refresh(shown.key)
            self._describe()
        self._leave_editor()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the table needs the room more than the facts do."""
        super().resizeEvent(event)
        self._fit_column()

    @Slot()
    def _fit_column(self) -> None:
        narrow = self.width() < NARROW_PAGE and not self.editing
        self._column.setFixedWidth(NARROW_COLUMN if narrow else COLUMN_WIDTH)

    def shut_down(self) -> None:
        """Waits for what is being described."""
        self._waiting.stop()
        if self.editor is not None:
            self.editor.shut_down()
        self._code.shut_down()
        self._task.shut_down()
        self._looking.shut_down()
        if self._left is not None:
            self._left[0].release()

    @Slot()
    def _describe(self) -> None:
        if self.editing:  # what is shown is the editor's; leaving it describes what is chosen then
            return
        request = self._chooser.request
        self._edits_next = False
        self._message.hide()
        if request in self._known:
            self._show(self._known[request])
            return
        self.description = None
        self._waiting.start()
        self._task.submit(try_to_describe, request)

    @Slot()
    def _show_waiting(self) -> None:
        self._view.show_state(f"Building {self._chooser.title} …", busy=True)

    @Slot(object)
    def _take_description(self, answer: tuple[NetworkRequest, NetworkDescription | Exception]) -> None:
        request, description = answer
        if request != self._chooser.request or self.editing:
            return  # something else is on screen, or will be
        if isinstance(description, Exception):
            self._fail(description)
            return
        if request.name in ARCHITECTURES:
            self._known[request] = description
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
        self._show(description)

    def _show(self, description: NetworkDescription) -> None:
        self._waiting.stop()
        self.description = description
        self._chooser.show_table(description.table)
        self._draw(self._chooser.title, description.table)
        self.shown.emit(description)
        if self._edits_next:
            self.edit()
        QTimer.singleShot(0, self._remember)  # writing takes longer than painting

    @Slot()
    def _remember(self) -> None:
        self._settings.remember(IMAGES, self._chooser.images.picker.current_key)
        if self._chooser.file is None:
            self._settings.remember(NETWORK, self._chooser.key)

    def _draw(self, title: str, table: LayerTable) -> None:
        self._view.show_network(title, images_text(table.input_shape, table.classes_text), table)
        if table.misfit is not None and not self.editing:
            self._message.show_error(table.misfit.text)

    def _fail(self, error: Exception) -> None:
        self._waiting.stop()
        if self._chooser.drop_unopened():
            self._describe()
            self._message.show_failure(error)
            return
        self._chooser.show_table(None)
        other_images = self._chooser.request.image_shape is not None
        offer = ("As it was &saved" if self._chooser.file else "As in the &paper") if other_images else ""
        title = "This does not fit" if offer else "This cannot be shown"
        self._view.show_state(title, explain(error), offer=offer)
        if not isinstance(error, StudioError):
            self._message.show_failure(error)

    @Slot()
    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a network", "", MODEL_FILES)
        if path:
            self.receive(Path(path))

    @Slot()
    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open a folder with a model")
        if path:
            self.receive(Path(path))

    @Slot(str)
    def _show_saved(self, path: str) -> None:
        self._message.show_info(f"The picture was saved as {path}.")

    @Slot()
    def _use(self) -> None:
        """To the Train page; or to Try with a model that comes from a file, unless it is shown for other images."""
        file = self._chooser.file
        if file is not None and not self._chooser.trains:
            self.navigate.emit("try", file)
        elif file is not None:
            if self.description is not None:
                self._train(replace(self._network(self.description), path=file))
        elif (network := self.library.network(self._chooser.key)) is not None:
            self._train(network)

    @Slot(object)
    def _train(self, network: Architecture | Network) -> None:
        dataset = self.editor.dataset if self.editor is not None and self.editing else self._chooser.images.dataset
        if dataset:
            self.navigate.emit("train", dataset)
        self.navigate.emit("train", network)

    @property
    def _dataset_of_file(self) -> str:
        """What the model that is shown was trained on; empty where that is not known, or not here."""
        file, lists = self._chooser.file, self.library.lists
        known = {one.path / MODEL_FILE: one.card.dataset for one in lists.models} | {
            one.path: one.answers.dataset for one in lists.adopted
        }
        name = known.get(file) if file is not None else None
        return next((one.name for one in lists.datasets if one.name == name and self.library.is_here(one)), "")

    @Slot()
    def edit(self) -> None:
        """Opens the editor with the network that is shown, or is just being described."""
        self._edits_next = self.description is None
        if self.description is None:
            return
        network, chosen = self._network(self.description), self._view.chosen
        table = None if self.description.request.file else self.description.table
        self._edit_with(lambda editor: editor.edit(network, table))
        if self.editor is not None and self.editing and chosen:
            self.editor.document.select(chosen)

    @Slot()
    def show_code(self) -> None:
        """Shows the script that builds and trains the network that is shown."""
        if self.description is not None:
            network, images = self._network(self.description), self._chooser.images.dataset
            self._code.show(network, images, self.description.table, as_it_is=self._chooser.file is not None)

    def _network(self, description: NetworkDescription) -> Network:
        """The network that is shown, as it is described."""
        found = self.library.network(self._chooser.key) if self._chooser.file is None else None
        if isinstance(found, Network):
            return replace(found, config=description.config)
        source = found.name if found is not None else ""
        return Network(source, self._chooser.title, description.config, source)

    def _edit_with(self, begin: Callable[["ArchitectureEditor"], bool]) -> None:
        """Shows the editor, where it has something to edit.

        Args:
            begin: gives it a network; returns whether it took it.
        """
        editor = self._make_editor()
        was_editing = self.editing
        self._message.hide()
        self._column.setCurrentIndex(1)
        problem = None
        try:
            took = begin(editor)
        except StudioError as error:
            took, problem = False, error
        if took:
            editor.dataset = self._chooser.images.dataset or self._dataset_of_file
            editor.setFocus()
            self.addActions(editor.actions())  # undo and Del work from the picture and the table, too
        elif not was_editing:
            self._leave_editor()
        if problem is not None:
            self._message.show_failure(problem)

    def _offer_draft(self) -> None:
        if self._left is None:
            self._looking.submit(left_behind)
        else:
            _, draft = self._left
            self._message.show_offer(f"“{draft.title}” was not saved when the program ended.", "Open it")

    @Slot(object)
    def _take_draft(self, left: tuple[DraftFile, Network] | None) -> None:
        if left is not None and self._left is not None:
            left[0].release()  # one after the other
        elif left is not None:
            self._left = left
            if not self.editing:
                self._offer_draft()

    @Slot()
    def _open_draft(self) -> None:
        if self._left is not None:
            left = self._left
            self._edit_with(lambda editor: editor.open_draft(*left))
            if self.editing:
                self._left = None

    def _make_editor(self) -> "ArchitectureEditor":
        if self.editor is not None:
            return self.editor
        from cnnstudio.gui.pages.architecture.editor import ArchitectureEditor

        editor = self.editor = ArchitectureEditor(self._message)
        document = editor.document
        document.changed.connect(self._show_edited)
        document.selected.connect(self._view.select)
        document.state_changed.connect(self._show_title)
        editor.saved.connect(self._take_saved)
        editor.deleted.connect(self._leave_deleted)
        editor.train_wanted.connect(self._train)
        back = push_button(
            "leave_editor_button",
            "&All architectures",
            "Back to the list of architectures; asks about changes that are not saved.",
            self._ask_leave,
            role="quiet",
            picture="arrow-left",
        )
        self._column.addWidget(widget_of(column(row(back, STRETCH), (editor, 1))))
        return editor

    @Slot(object)
    def _show_edited(self, table: LayerTable) -> None:
        if self.editor is not None and self.editing:
            self._draw(self.editor.document.title, table)
            self._view.select(self.editor.document.selected_layer)

    @Slot()
    def _show_title(self) -> None:
        if self.editor is not None:
            self._view.set_title(self.editor.document.title)

    @Slot(str)
    def _select(self, name: str) -> None:
        if self.editor is not None and self.editing:
            self.editor.document.select(name)

    @Slot(object)
    def _take_saved(self, network: Network) -> None:
        self.library.put(network)
        self._chooser.refresh(network.name)

    @Slot(str)
    def _leave_deleted(self, source: str) -> None:
        self.library.refresh()
        self._chooser.refresh(source or FIRST)
        self._leave_editor()

    @Slot()
    def _ask_leave(self) -> None:
        if self.editor is not None and self.editor.may_leave():
            self._leave_editor()

    def _leave_editor(self) -> None:
        if self._column.currentIndex() == 0:
            return
        self._column.setCurrentIndex(0)
        self._chooser.setFocus()
        for action in self.editor.actions() if self.editor is not None else ():
            self.removeAction(action)
        self._describe()
