"""The sets of one's own: chosen from a list, begun, renamed, thrown away."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QWidget

from cnnstudio.data.collected.sets import rename_collection
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.layouts import row
from cnnstudio.gui.controls.library_menu import LibraryItem, LibraryMenu
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.garbage import unowned
from cnnstudio.gui.library import CollectedSet, Library
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.gui.pages.collect.new_set import KIND_ICONS
from cnnstudio.gui.task import aside
from cnnstudio.storage import move_to_trash
from cnnstudio.wording import counted


class SetChooser(QWidget):
    """A picker of sets, a button for a new one, and a menu of what can be done with the one that is chosen.

    Args:
        library: which sets there are.
        message: where the menu says what has been done.

    Signals:
        chosen(object): the folder of the set that was chosen; None where there is none left.
        new_asked(): a new set is to be begun.
        leaving(): the set's folder is about to be moved: let go of it.
    """

    chosen = Signal(object)
    new_asked = Signal()
    leaving = Signal()

    def __init__(self, library: Library, message: MessageBar) -> None:
        super().__init__()
        self._library = library
        self._picker = describe(
            Picker(), "set_picker", "Set", "The set that you add to; on the Train page it has the same name."
        )
        self._picker.setMinimumWidth(30 * GRID)
        self._picker.setMaximumWidth(64 * GRID)
        self._picker.changed.connect(self._choose)
        new = push_button(
            "new_set_button",
            "&New set",
            "Begins another set, with classes of its own. (Ctrl+N)",
            self.new_asked,
            picture="add",
        )
        new.setShortcut("Ctrl+N")
        self._menu = LibraryMenu("set", message, consequence="All its examples go with it.")
        self._menu.renamed.connect(self._take_renamed)
        self._menu.deleted.connect(self._take_deleted)
        parts = row((self._picker, 1), self._menu, new)
        parts.insertStretch(2)  # the picker has a largest width
        self.setLayout(parts)

    @property
    def path(self) -> Path | None:
        """The set that is chosen; None where there is none at all."""
        return Path(self._picker.current_key) if self._picker.current_key else None

    def refresh(self) -> None:
        """Shows which sets there are now; the choice stays where it still exists."""
        with QSignalBlocker(self._picker):
            self._picker.set_choices([_choice(one) for one in self._library.lists.sets])
        self._update_menu()

    def show_chosen(self, path: Path) -> None:
        """Shows which set is open; a folder that is no set changes nothing."""
        with QSignalBlocker(self._picker):
            self._picker.set_current(str(path))
        self._update_menu()

    @Slot(str)
    def _choose(self, key: str) -> None:
        self._update_menu()
        self.chosen.emit(Path(key))

    def _update_menu(self) -> None:
        path = self.path
        item = None
        if path is not None:
            rename, trash = unowned(self._rename), unowned(self._trash)
            item = LibraryItem(path.name, path, partial(rename, path), partial(trash, path))
        self._menu.set_item(item)

    def _rename(self, path: Path, name: str) -> Path:
        self.leaving.emit()
        return aside(partial(rename_collection, path, name))

    def _trash(self, path: Path) -> None:
        self.leaving.emit()
        aside(partial(move_to_trash, path))

    @Slot(object)
    def _take_renamed(self, path: Path) -> None:
        before = next((one for one in self._library.lists.sets if one.path == self.path), None)
        if before is not None:
            with QSignalBlocker(self._library):  # the page hears of it by `chosen`
                self._library.put(replace(before, path=path), instead_of=before.path)
        self.chosen.emit(path)

    @Slot(object)
    def _take_deleted(self, path: Path) -> None:
        with QSignalBlocker(self._library):
            self._library.drop(path)
        self.refresh()
        self.chosen.emit(self.path)


def _choice(one: CollectedSet) -> Choice:
    if one.kind is None:
        return Choice(str(one.path), one.path.name, one.problem, icon("error"))
    classes = counted(len(one.counts), "class", "classes")
    examples = counted(sum(one.counts.values()), one.kind.noun)
    return Choice(str(one.path), one.path.name, f"{examples} in {classes}", icon(KIND_ICONS[one.kind.name]))
