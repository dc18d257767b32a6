"""The editor of architectures: tools, the form of the selected layer, and what can be done with the network."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.library_menu import LibraryItem, LibraryMenu
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.saving import in_last_folder
from cnnstudio.gui.look.theme import GAP
from cnnstudio.gui.pages.architecture import saving
from cnnstudio.gui.pages.architecture.actions import make_actions, tool_button
from cnnstudio.gui.pages.architecture.code_dialog import KerasCodeDialog, script_of
from cnnstudio.gui.pages.architecture.document import ArchitectureDocument
from cnnstudio.gui.pages.architecture.layer_choices import RESIDUAL_BLOCKS, layer_choices, size_warning
from cnnstudio.gui.pages.architecture.layer_panel import LayerPanel
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.network.layer_menu import LayerMenu
from cnnstudio.models.layer_table import LayerTable
from cnnstudio.models.networks.files import (
    SUFFIX,
    Network,
    read_network,
    rename_network,
    trash_network,
    write_network,
)

_LAYER_ACTIONS = ("duplicate_layer", "move_layer_up", "move_layer_down", "remove_layer")
_FILE_ACTIONS = ("save_network_file", "open_network_file")


class ArchitectureEditor(QWidget):
    """Edits one network; the page beside it shows the whole.

    Its actions work wherever the focus is in the widgets they are added to: `for action in editor.actions():
    page.addAction(action)`.

    Args:
        message: where it says what it has to say.
        parent: the parent widget.
    """

    changed = Signal(object)
    """The network is another now: its `LayerTable`."""

    selected = Signal(str)
    """The layer of this name is worked on now."""

    renamed = Signal(str)
    """The network has another name now."""

    saved = Signal(object)
    """This `Network` lies on disk now, in the user's folder, as it is shown."""

    deleted = Signal(str)
    """The network is in the trash; the key of the architecture that it came from, or nothing."""

    train_wanted = Signal(object)
    """This `Network` is to be trained: saved, or an architecture as it was published."""

    def __init__(self, message: MessageBar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("architecture_editor")
        self._message = message
        self.document = ArchitectureDocument(self)
        self.draft = saving.Draft(self.document, self)
        do: dict[str, Callable[[], object]] = {
            "add_layer": self.show_kinds,
            "duplicate_layer": partial(self._try, self.document.duplicate),
            "move_layer_up": partial(self._try, partial(self.document.move, -1)),
            "move_layer_down": partial(self._try, partial(self.document.move, 1)),
            "remove_layer": partial(self._try, self.document.remove),
            "undo_edit": partial(self._try, self.document.undo),
            "redo_edit": partial(self._try, self.document.stack.redo),
            "save_network": self.save,
            "save_network_file": self.save_file,
            "open_network_file": self.ask_file,
            "show_keras_code": self.show_code,
        }
        self._actions = make_actions(self, do)
        self.addActions(list(self._actions.values()))
        self._tools: dict[str, QToolButton] = {}
        self._library = LibraryMenu(
            "network",
            message,
            *(self._actions[name] for name in _FILE_ACTIONS),
            consequence="Models that were trained with it are kept.",
        )
        self._library.renamed.connect(self._take_renamed)
        self._library.deleted.connect(self._take_deleted)
        self._kinds = LayerMenu(self)
        self._kinds.set_choices(layer_choices())
        self._kinds.chosen.connect(self.add)
        self._panel = LayerPanel(self.document)
        self._panel.refused.connect(self._say)
        self._panel.form.problem_changed.connect(self._allow_training)
        self.dataset = ""
        """The data set on which the Keras code trains; empty for one that the network is made for."""
        self._coding = LatestTask(self)
        self._coding.finished.connect(self._show_code)
        self._coding.failed.connect(message.show_failure)
        self._lay_out()
        self.document.changed.connect(self._show)
        self.document.selected.connect(self._show_selected)
        self.document.state_changed.connect(self._show_state)
        self._show_state()
        self.setFocusProxy(self._add)

    def edit(self, network: Network) -> bool:
        """Begins with a network, after asking about what is not saved.

        Args:
            network: an architecture as it was published has no path; a copy of one's own is edited then.

        Returns:
            Whether it is edited now; not, where the user would rather go on with what is there.

        Raises:
            StudioError: it is no image classifier.
        """
        if not self.may_leave():
            return False
        self._message.hide()
        self.document.open(network, "" if network.path else saving.free_title(network.title))
        return True

    @Slot(str)
    def select(self, name: str) -> None:
        """Works on the layer of that name."""
        self.document.select(name)

    def may_leave(self) -> bool:
        """Asks about what is not saved; returns whether to go on."""
        if not self.document.unsaved:
            return True
        answer = saving.ask_unsaved(self.window(), self.document.title)
        if answer == saving.DISCARD:
            self.document.discard()
        return answer == saving.DISCARD or (answer == saving.SAVE and self.save() is not None)

    def shut_down(self) -> None:
        """Waits for what is being written; unsaved changes that were not asked about stay as a draft."""
        self._coding.shut_down()
        self.draft.shut_down()

    @Slot()
    def show_kinds(self) -> None:
        """Shows what can be added after the selected layer."""
        if self.document.is_open:
            self._kinds.pop_up(self._add)

    @Slot(str)
    def add(self, kind: str) -> None:
        """Adds a layer of a kind, or a residual block, after the selected layer."""
        if kind in RESIDUAL_BLOCKS:
            self._try(partial(self.document.add_residual_block, RESIDUAL_BLOCKS[kind].stride))
        else:
            self._try(partial(self.document.add, kind))

    @Slot()
    def save(self) -> Network | None:
        """Saves under the name that stands above; returns the network, where that went well."""
        if not self.document.is_open:
            return None
        try:
            network = saving.save_by_name(self.document)
        except StudioError as error:
            self._say(str(error))
            self._title.setFocus()
            self._title.selectAll()
            return None
        self._message.show_info(f"“{network.title}” is saved, and can be chosen on the Train page.")
        self.saved.emit(network)
        return network

    @Slot()
    def save_file(self) -> None:
        """Asks where to and saves a copy that can be sent to others."""
        if not self.document.is_open:
            return
        start = in_last_folder(self.document.network.title + SUFFIX)
        name, _ = QFileDialog.getSaveFileName(self, "Save the network as a file", start, saving.FILES)
        if name:
            self._try(partial(self._write, Path(name)))

    def _write(self, path: Path) -> None:
        written = write_network(self.document.network, path)
        self._message.show_info(f"The network was saved as {written.path}. Anyone with CNN Studio can open it.")

    @Slot(object)
    def _take_renamed(self, network: Network) -> None:
        self.document.renamed_to(network)
        self._message.show_info(f"The network was renamed to “{network.name}”.")
        self.saved.emit(network)

    @Slot()
    def _take_deleted(self) -> None:
        source = self.document.kept.source
        self.document.discard()
        self.deleted.emit(source)

    @Slot()
    def ask_file(self) -> None:
        """Asks which file to open, and opens it."""
        name, _ = QFileDialog.getOpenFileName(self, "Open a network", "", saving.FILES)
        if name:
            self._try(partial(self.open_file, Path(name)))

    def open_file(self, path: Path) -> bool:
        """Edits the network of a file, after asking about what is not saved.

        Returns:
            Whether it is edited now.

        Raises:
            StudioError: the file is not opened; the sentence says why.
        """
        return self.edit(read_network(path))

    def open_draft(self) -> bool:
        """Edits what was not saved when the program ended; returns whether there was such a thing."""
        network = saving.left_behind()
        if network is None or not self.may_leave():
            return False
        self._message.hide()
        self.document.open(network, saved=False)
        return True

    @Slot()
    def show_code(self) -> None:
        """Shows the script that builds and trains this network."""
        misfit = self.document.table.misfit if self.document.table else None
        if misfit is not None:
            self._say(f"There is no code for a network with a layer that does not fit. {misfit.text}")
        elif self.document.is_open:
            # Keras is asked for its defaults, and takes its time where it was not imported yet.
            self._message.show_info("Writing the code …")
            self._coding.submit(script_of, self.document.network, self.dataset)

    @Slot()
    def train(self) -> None:
        """Saves what is not saved, and hands the network over for training."""
        if not self.document.is_open:
            return
        network = self.save() if self.document.unsaved else self.document.network
        if network is not None:
            self.train_wanted.emit(network)

    @Slot(object)
    def _show_code(self, code: str) -> None:
        network = self.document.network
        self._message.hide()
        KerasCodeDialog(network.title, network.name, code, self.window()).open()

    def _try(self, operation: Callable[[], object]) -> None:
        """Does something; says why, where it cannot be done."""
        if not self.document.is_open:
            return
        self._message.hide()
        try:
            operation()
        except StudioError as error:
            self._say(str(error))

    @Slot(str)
    def _say(self, text: str) -> None:
        self._message.show_error(text)

    @Slot(object)
    def _show(self, table: LayerTable) -> None:
        self._message.hide()  # what it says is of the network as it was
        self._warning.setText(breakable(size_warning(table)))
        self._warning.setVisible(bool(self._warning.text()))
        self._allow_training()
        self._show_possible()
        self.changed.emit(table)

    @Slot()
    def _allow_training(self) -> None:
        """Only of a network that fits, and that is all that its fields say."""
        table = self.document.table
        fits = table is not None and table.misfit is None
        self._train.setEnabled(fits and not self._warning.text() and not self._panel.form.problem)

    @Slot(str)
    def _show_selected(self, name: str) -> None:
        self._message.hide()
        self._scroll.verticalScrollBar().setValue(0)
        self._show_possible()
        self.selected.emit(name)

    def _show_possible(self) -> None:
        """What cannot be done with the selected layer is greyed."""
        table = self.document.table
        if table is None:
            return
        names = [row.name for row in table.rows]
        inner = self.document.selected_layer in names[1:-1]
        for name in _LAYER_ACTIONS:
            self._actions[name].setEnabled(inner)

    @Slot()
    def _show_state(self) -> None:
        document = self.document
        for name, possible, text in (
            ("undo_edit", document.stack.canUndo(), document.stack.undoText()),
            ("redo_edit", document.stack.canRedo(), document.stack.redoText()),
        ):
            action = self._actions[name]
            action.setEnabled(possible)
            word = action.text().split()[0]
            action.setText(word)
            self._tools[name].setAccessibleDescription(f"{word}: {text}" if text else word)
        if self._title.text() != document.title:
            self._title.setText(document.title)
        self.renamed.emit(document.title)
        self._actions["save_network"].setEnabled(document.unsaved)
        item = None
        kept = document.kept if document.is_open else None
        if kept is not None and kept.path is not None and saving.is_own(kept):
            item = LibraryItem(kept.name, kept.path, partial(rename_network, kept), partial(trash_network, kept))
        self._library.set_item(item)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GAP)
        column.addLayout(self._build_head())
        column.addLayout(self._build_tools())
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._panel.setProperty("role", "content")
        self._scroll.setWidget(self._panel)
        column.addWidget(self._scroll, 1)
        self._warning = label(role="error", name="size_warning")
        self._warning.hide()
        column.addWidget(self._warning)
        column.addLayout(self._build_foot())

    def _build_head(self) -> QHBoxLayout:
        self._title = describe(
            QLineEdit(), "network_title", "Name of the network", "The name under which the network is saved."
        )
        self._title.setMaxLength(100)
        self._title.textEdited.connect(self.document.rename)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._title, 1)
        row.addSpacing(GAP)
        row.addWidget(self._tool("undo_edit"))
        row.addWidget(self._tool("redo_edit"))
        return row

    def _build_tools(self) -> QHBoxLayout:
        self._add = push_button(
            "add_layer_button",
            "Add &layer",
            "Adds a layer after the selected one; choose which kind. (Ins)",
            self.show_kinds,
            picture="add",
        )
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._add)
        row.addStretch(1)
        for name in _LAYER_ACTIONS:
            row.addWidget(self._tool(name))
        return row

    def _build_foot(self) -> QHBoxLayout:
        self._train = push_button(
            "train_network_button",
            "&Train this",
            "Saves the network and goes to the Train page with it.",
            self.train,
            role="primary",
        )
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._tool("save_network", words=True))
        row.addWidget(self._tool("show_keras_code"))
        row.addWidget(self._library)
        row.addStretch(1)
        row.addWidget(self._train)
        return row

    def _tool(self, name: str, words: bool = False) -> QToolButton:
        self._tools[name] = tool_button(self._actions[name], words)
        return self._tools[name]
