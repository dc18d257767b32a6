"""The sets of one's own: chosen from a list, begun, renamed, thrown away."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from cnnstudio.data.collected.collection import Collection
from cnnstudio.data.collected.sets import list_collections, rename_collection, trash_collection
from cnnstudio.data.library import collected_folder
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.controls.question import Answer, NameDialog, Role, ask
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.gui.pages.collect.new_set import KIND_ICONS


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
        self._new = describe(
            QPushButton("&New set"),
            "new_set_button",
            "New set",
            "Begins another set, with classes of its own. (Ctrl+N)",
        )
        self._new.setIcon(icon("add"))
        self._new.setShortcut("Ctrl+N")
        self._new.clicked.connect(self.new_asked)
        more = describe(
            QToolButton(), "set_menu_button", "More about this set", "Rename this set, show its folder, or delete it."
        )
        more.setIcon(icon("more"))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(more)
        menu.setToolTipsVisible(True)
        self._action(menu, "rename_set", "&Rename…", "rename", self._ask_name)
        self._action(menu, "show_set_folder", "Show in &folder", "folder", self._show_folder)
        menu.addSeparator()
        self._action(menu, "delete_set", "&Delete…", "delete", self._ask_delete)
        more.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self._picker, 1)
        row.addWidget(more)
        row.addWidget(self._new)

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
        """Tells of the set that is open how many examples it has now of each class."""
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

    @Slot(str)
    def _tell(self, key: str) -> None:
        if not self._quiet:
            self.chosen.emit(Path(key))

    def _action(self, menu: QMenu, name: str, text: str, icon_name: str, slot: object) -> QAction:
        action = menu.addAction(icon(icon_name), text)
        action.setObjectName(name)
        action.triggered.connect(slot)
        return action

    @Slot()
    def _ask_name(self) -> None:
        path = self.path
        if path is None:
            return

        def rename(name: str) -> Path:
            self.leaving.emit()
            return rename_collection(path, name)

        dialog = NameDialog(self, "Rename the set", path.name, rename)
        if dialog.exec():
            self.chosen.emit(dialog.given)

    @Slot()
    def _show_folder(self) -> None:
        if self.path is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.path))):
            self.done.emit(f"The set lies in {self.path}.")

    @Slot()
    def _ask_delete(self) -> None:
        path = self.path
        if path is None:
            return
        answer = ask(
            self,
            "confirm_delete_set_dialog",
            "Delete the set?",
            f"Move “{path.name}” with all its examples to the trash?",
            Answer("confirm_delete_set_button", "Move to the trash", Role.DestructiveRole),
            Answer("keep_set_button", "Keep it", Role.RejectRole),
            usual="keep_set_button",
        )
        if answer == "keep_set_button":
            return
        self.leaving.emit()
        try:
            trash_collection(path)
        except StudioError as error:
            self.failed.emit(str(error))
            return
        self.refresh()
        self.chosen.emit(self.path)
        self.done.emit(f"“{path.name}” is in the trash.")


def _choice(collection: Collection, counts: Mapping[str, int]) -> Choice:
    classes = f"{len(counts):,} class{'' if len(counts) == 1 else 'es'}"
    total = sum(counts.values())
    examples = f"{total:,} {collection.kind.noun}{'' if total == 1 else 's'}"
    symbol = KIND_ICONS[collection.kind.name]
    return Choice(str(collection.path), collection.name, f"{examples} in {classes}", icon(symbol))
