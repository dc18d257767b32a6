"""The editor of architectures: tools, the form of the selected layer, and what can be done with the network."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from cnnstudio.errors import StudioError, explain
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row
from cnnstudio.gui.controls.library_menu import LibraryItem, LibraryMenu
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.saving import in_last_folder
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.architecture import saving
from cnnstudio.gui.pages.architecture.actions import action_button, make_actions
from cnnstudio.gui.pages.architecture.code_dialog import KerasCode
from cnnstudio.gui.pages.architecture.document import ArchitectureDocument
from cnnstudio.gui.pages.architecture.draft import Draft, DraftFile
from cnnstudio.gui.pages.architecture.layer_choices import RESIDUAL_BLOCKS, layer_choices, size_warning
from cnnstudio.gui.pages.architecture.layer_panel import LayerPanel
from cnnstudio.gui.task import aside
from cnnstudio.gui.widgets.network.layer_menu import LayerMenu
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.layer_table import LayerTable
from cnnstudio.models.networks.files import (
    SUFFIX,
    Network,
    is_own,
    read_network,
    rename_network,
    trash_network,
    write_network,
)

_LAYER_ACTIONS = ("duplicate_layer", "move_layer_up", "move_layer_down", "remove_layer")


class ArchitectureEditor(QWidget):
    """Edits one network; the page beside it shows the whole.

    Its actions work wherever the focus is in the widgets they are added to: `for action in editor.actions():
    page.addAction(action)`.

    Args:
        message: where it says what it has to say.

    Attributes:
        document: the network; its signals come after the editor itself has followed.
        draft: what would be left of it after a crash.
        dataset: the data set on which the Keras code trains; empty for one that the network is made for.
    """

    saved = Signal(object)
    """This `Network` lies on disk now, in the user's folder, as it is shown."""

    deleted = Signal(str)
    """The network is in the trash; the key of the architecture that it came from, or nothing."""

    train_wanted = Signal(object)
    """This `Network` is to be trained: saved, or an architecture as it was published."""

    def __init__(self, message: MessageBar) -> None:
        super().__init__()
        self.setObjectName("architecture_editor")
        self._message = message
        self.document = ArchitectureDocument(self)
        self.draft = Draft(self.document, self)
        self.draft.unwritten.connect(self._tell_danger)
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
        self._library = LibraryMenu(
            "network",
            message,
            self._actions["save_network_file"],
            self._actions["open_network_file"],
            consequence="Models that were trained with it are kept.",
        )
        self._library.renamed.connect(self._take_renamed)
        self._library.deleted.connect(self._take_deleted)
        self._kinds = LayerMenu(self)
        self._kinds.set_choices(layer_choices())
        self._kinds.chosen.connect(self.add)
        self._panel = LayerPanel(self.document)
        self._panel.refused.connect(message.show_failure)
        self._panel.form.problem_changed.connect(self._allow_training)
        self.dataset = ""
        self._code = KerasCode(message, self)
        self._lay_out()
        self.document.changed.connect(self._show)
        self.document.selected.connect(self._show_selected)
        self.document.state_changed.connect(self._show_state)
        self._show_state()
        self.setFocusProxy(self._add)

    def edit(self, network: Network, table: LayerTable | None = None) -> bool:
        """Begins with a network, after asking about what is not saved.

        Args:
            network: an architecture as it was published has no path; a copy of one's own is edited then.
            table: its layers, where they are known.

        Returns:
            Whether it is edited now; not, where the user would rather go on with what is there.

        Raises:
            StudioError: it is no image classifier.
        """
        if not self.may_leave():
            return False
        self.document.open(network, "" if network.path else saving.free_title(network.title), table=table)
        return True

    def may_leave(self) -> bool:
        """Asks about what is not saved; returns whether to go on."""
        if not self.document.unsaved:
            return True
        answer = saving.ask_unsaved(self, self.document.title)
        if answer == saving.DISCARD:
            self.document.discard()
        return answer == saving.DISCARD or (answer == saving.SAVE and self.save() is not None)

    def shut_down(self) -> None:
        """Waits for what is being written; unsaved changes that were not asked about stay as a draft."""
        self._code.shut_down()
        self.draft.shut_down()

    @Slot(object)
    def _tell_danger(self, error: Exception) -> None:
        self._message.show_error(f"{explain(error)} Until that works again, a crash would lose your changes.")

    @Slot()
    def show_kinds(self) -> None:
        """Shows what can be added after the selected layer."""
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
        try:
            network = saving.save_by_name(self.document)
        except StudioError as error:
            self._message.show_failure(error)
            self._title.setFocus()
            self._title.selectAll()
            return None
        self._message.show_info(f"“{network.title}” was saved. It can be chosen on the Train page.")
        self.saved.emit(network)
        return network

    @Slot()
    def save_file(self) -> None:
        """Asks where to and saves a copy that can be sent to others."""
        start = in_last_folder(self.document.network.title + SUFFIX)
        name, _ = QFileDialog.getSaveFileName(self, "Save the network as a file", start, saving.FILES)
        if name:
            self._try(partial(self._write, Path(name)))

    def _write(self, path: Path) -> None:
        written = aside(partial(write_network, self.document.network, path))
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
        return self.edit(aside(partial(read_network, path)))

    def open_draft(self, file: DraftFile, network: Network) -> bool:
        """Edits what was not saved when a window ended, after asking about what is not saved here.

        Returns:
            Whether it is edited now, and kept in that file until it is saved.
        """
        if not self.may_leave():
            return False
        self.draft.take(file)
        self.document.open(network, saved=False)
        return True

    @Slot()
    def show_code(self) -> None:
        """Shows the script that builds and trains this network."""
        self._code.show(self.document.network, self.dataset, self.document.table)

    @Slot()
    def train(self) -> None:
        """Saves what is not saved, and hands the network over for training; an architecture as it is needs no file."""
        kept, unsaved = self.document.kept, self.document.unsaved
        if kept.path is None and kept.name in ARCHITECTURES and not unsaved:
            self.train_wanted.emit(ARCHITECTURES[kept.name])
            return
        network = self.save() if unsaved or kept.path is None else self.document.network
        if network is not None:
            self.train_wanted.emit(network)

    def _try(self, operation: Callable[[], object]) -> None:
        """Does something; says why, where it cannot be done."""
        self._message.hide()
        try:
            operation()
        except StudioError as error:
            self._message.show_failure(error)

    @Slot(object)
    def _show(self, table: LayerTable) -> None:
        self._message.hide()  # what it says is of the network as it was
        self._warning.setText(breakable(size_warning(table)))
        self._warning.setVisible(bool(self._warning.text()))
        self._allow_training()
        self._show_possible()

    @Slot()
    def _allow_training(self) -> None:
        """Only of a network that fits, and that is all that its fields say."""
        fits = self.document.table.misfit is None
        self._train.setEnabled(fits and not self._warning.text() and not self._panel.form.problem)

    @Slot()
    def _show_selected(self) -> None:
        self._message.hide()
        self._scroll.verticalScrollBar().setValue(0)
        self._show_possible()

    def _show_possible(self) -> None:
        """What cannot be done with the selected layer is greyed."""
        inner = self.document.selected_layer in [layer.name for layer in self.document.table.rows[1:-1]]
        for name in _LAYER_ACTIONS:
            self._actions[name].setEnabled(inner)

    @Slot()
    def _show_state(self) -> None:
        document, stack = self.document, self.document.stack
        for button, possible, text in (
            (self._undo, stack.canUndo(), stack.undoText()),
            (self._redo, stack.canRedo(), stack.redoText()),
        ):
            action = button.defaultAction()
            action.setEnabled(possible)
            word = action.text()
            button.setAccessibleDescription(f"{word}: {text}" if text else word)
        if self._title.text() != document.title:
            self._title.setText(document.title)
        self._actions["save_network"].setEnabled(document.unsaved)
        kept, item = document.kept, None
        if kept.path is not None and is_own(kept):
            item = LibraryItem(kept.name, kept.path, partial(_rename, kept), partial(_trash, kept))
        self._library.set_item(item)

    def _lay_out(self) -> None:
        self._scroll = ScrollColumn()
        self._scroll.set_content(self._panel)
        self._warning = label(role="error", name="size_warning")
        self._warning.hide()
        parts = (self._build_head(), self._build_tools(), (self._scroll, 1), self._warning, self._build_foot())
        self.setLayout(column(*parts, gap=2 * GRID))

    def _build_head(self) -> QHBoxLayout:
        self._title = describe(
            QLineEdit(), "network_title", "Name of the network", "The name under which the network is saved."
        )
        self._title.setMaxLength(100)
        self._title.textEdited.connect(self.document.rename)
        self._undo, self._redo = (action_button(self._actions[name]) for name in ("undo_edit", "redo_edit"))
        return row((self._title, 1), GRID, self._undo, self._redo, gap=0)

    def _build_tools(self) -> QHBoxLayout:
        self._add = push_button(
            "add_layer_button",
            "Add &layer",
            "Adds a layer after the selected one; choose which kind. (Ins)",
            self.show_kinds,
            picture="add",
        )
        return row(self._add, STRETCH, *(action_button(self._actions[name]) for name in _LAYER_ACTIONS), gap=0)

    def _build_foot(self) -> QHBoxLayout:
        self._train = push_button(
            "train_network_button",
            "&Train this",
            "Saves the network and goes to the Train page with it.",
            self.train,
            role="primary",
        )
        save = action_button(self._actions["save_network"], Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        code = action_button(self._actions["show_keras_code"])
        return row(save, code, self._library, STRETCH, self._train, gap=0)


def _rename(network: Network, name: str) -> Network:
    return aside(partial(rename_network, network, name))


def _trash(network: Network) -> None:
    aside(partial(trash_network, network))
