"""The sets of one's own: chosen from a list, begun, renamed, thrown away."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cnnstudio.data.collected.collection import Collection
from cnnstudio.data.collected.sets import list_collections, rename_collection
from cnnstudio.data.library import collected_folder
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.library_menu import LibraryItem, LibraryMenu
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.gui.pages.collect.new_set import KIND_ICONS
from cnnstudio.storage import move_to_trash


class SetChooser(QWidget):
    """A picker of sets, a button for a new one, and a menu of what can be done with the one that is chosen."""

    chosen = Signal(object)
    """The folder of the set that was chosen; None where there is none left."""

    new_asked = Signal()

    leaving = Signal()
    """The set's folder is about to be moved: let go of it."""

    failed = Signal(str)
    """A sentence on what could not be done."""

    done = Signal(str)
    """A sentence on what has been done."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self._picker = describe(
            Picker(), "set_picker", "Set", "The set that you add to; on the Train page it has the same name."
        )
        self._picker.changed.connect(self._tell)
        new = push_button(
            "new_set_button",
            "&New set",
            "Begins another set, with classes of its own. (Ctrl+N)",
            self.new_asked,
            picture="add",
        )
        new.setShortcut("Ctrl+N")
        self._menu = LibraryMenu("set", consequence="All its examples go with it.")
        self._menu.renamed.connect(self.chosen)
        self._menu.deleted.connect(self._take_deleted)
        self._menu.done.connect(self.done)
        self._menu.failed.connect(self.failed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self._picker, 1)
        row.addWidget(self._menu)
        row.addWidget(new)

    @property
    def path(self) -> Path | None:
        """The set that is chosen; None where there is none at all."""
        return Path(self._picker.current_key) if self._picker.current_key else None

    def refresh(self) -> None:
        """Reads the list again; the choice stays where it still exists."""
        choices = []
        for path in list_collections(collected_folder()):
            try:
                collection = Collection(path)
                choices.append(_choice(collection, collection.counts))
            except StudioError as error:
                choices.append(Choice(str(path), path.name, str(error), icon("error")))
        self._quietly(partial(self._picker.set_choices, choices))

    def update_summary(self, collection: Collection, counts: Mapping[str, int]) -> None:
        """Updates how many examples the open set has of each class."""
        choice = _choice(collection, counts)
        choices = [choice if other.key == choice.key else other for other in self._picker.choices]
        if choice not in self._picker.choices:
            self._quietly(partial(self._picker.set_choices, choices))

    def show_chosen(self, path: Path) -> None:
        """Shows which set is open; a folder that is no set changes nothing."""
        self._quietly(partial(self._picker.set_current, str(path)))

    def _quietly(self, change: Callable[[], None]) -> None:
        """Whoever changes the list knows what is chosen."""
        self._quiet = True
        change()
        self._quiet = False
        self._update_menu()

    @Slot(str)
    def _tell(self, key: str) -> None:
        if not self._quiet:
            self._update_menu()
            self.chosen.emit(Path(key))

    def _update_menu(self) -> None:
        path = self.path
        item = None
        if path is not None:
            item = LibraryItem(path.name, path, partial(self._rename, path), partial(self._trash, path))
        self._menu.set_item(item)

    def _rename(self, path: Path, name: str) -> Path:
        self.leaving.emit()
        return rename_collection(path, name)

    def _trash(self, path: Path) -> None:
        self.leaving.emit()
        move_to_trash(path)

    @Slot()
    def _take_deleted(self) -> None:
        self.refresh()
        self.chosen.emit(self.path)


def _choice(collection: Collection, counts: Mapping[str, int]) -> Choice:
    classes = f"{len(counts):,} class{'' if len(counts) == 1 else 'es'}"
    total = sum(counts.values())
    examples = f"{total:,} {collection.kind.noun}{'' if total == 1 else 's'}"
    symbol = KIND_ICONS[collection.kind.name]
    return Choice(str(collection.path), collection.name, f"{examples} in {classes}", icon(symbol))
