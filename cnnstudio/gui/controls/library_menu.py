"""The menu of what can be done with a thing of the user's own: rename it, show its folder, delete it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QAction, QDesktopServices

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import Item, MenuButton
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.question import AnswerButton, NameDialog, Role, ask
from cnnstudio.storage import is_folder


@dataclass(frozen=True)
class LibraryItem:
    """What is chosen in a library.

    Attributes:
        name: its name.
        path: its file or folder.
        rename: gives it another name and returns what it is then; raises `StudioError` where that cannot be done.
            None for what is not the user's to change.
        trash: moves it to the trash; raises `StudioError` where that cannot be done. None as of `rename`.
    """

    name: str
    path: Path
    rename: Callable[[str], object] | None = None
    trash: Callable[[], object] | None = None


class LibraryMenu(MenuButton):
    """A button with a menu for what is chosen in a library, such as the models or the collected sets.

    Args:
        noun: what the library holds, in one word: the actions are called `rename_NOUN`, `show_NOUN_folder` and
            `delete_NOUN`, the button `NOUN_menu_button`.
        message: where it says what has been done, and what could not be done.
        more: what else the menu offers.
        consequence: what a deletion means, in a sentence, where the question alone does not say it.
        fixed: why some items can be neither renamed nor deleted, in a sentence.

    Signals:
        renamed(object): the chosen item has another name; what `rename` returned.
        deleted(object): the chosen item is in the trash; its path before.
    """

    renamed = Signal(object)
    deleted = Signal(object)

    def __init__(
        self, noun: str, message: MessageBar, *more: Item | QAction, consequence: str = "", fixed: str = ""
    ) -> None:
        super().__init__(
            f"{noun}_menu_button",
            f"More about this {noun}",
            f"Rename this {noun}, show its folder, delete it, and more.",
            Item(f"rename_{noun}", "&Rename…", "rename", "", self._ask_name),
            Item(f"show_{noun}_folder", "Show in &folder", "folder", "", self._show_folder),
            *more,
            None,
            Item(f"delete_{noun}", "&Delete…", "delete", "", self._ask_delete),
        )
        self._noun, self._message, self._consequence, self._fixed = noun, message, consequence, fixed
        self._item: LibraryItem | None = None
        self._rename, self._folder, *_, self._delete = self.menu().actions()
        self.set_item(None)

    def set_item(self, item: LibraryItem | None) -> None:
        """Sets what is chosen; None where nothing is."""
        self._item = item
        self._folder.setEnabled(item is not None)
        rename, trash = (item.rename, item.trash) if item else (None, None)
        for action, act in ((self._rename, rename), (self._delete, trash)):
            action.setEnabled(act is not None)
            action.setToolTip(self._fixed if act is None else "")

    @Slot()
    def _ask_name(self) -> None:
        if self._item is not None and self._item.rename is not None:
            dialog = NameDialog(self, f"Rename the {self._noun}", self._item.name, self._item.rename)
            dialog.exec()
            if dialog.given is not None:
                self.renamed.emit(dialog.given)

    @Slot()
    def _show_folder(self) -> None:
        if self._item is not None:
            folder = self._item.path if is_folder(self._item.path) else self._item.path.parent
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
                where = f"The {self._noun} was saved as {self._item.path}."
                self._message.show_info(f"The folder could not be opened. {where}")

    @Slot()
    def _ask_delete(self) -> None:
        item = self._item
        if item is None or item.trash is None:
            return
        confirmed = f"confirm_delete_{self._noun}_button"
        answer = ask(
            self,
            f"confirm_delete_{self._noun}_dialog",
            f"Delete the {self._noun}?",
            f"Move “{item.name}” to the trash?",
            AnswerButton(confirmed, "Move to the trash", Role.DestructiveRole),
            AnswerButton(f"keep_{self._noun}_button", "Keep it", Role.RejectRole),
            details=self._consequence,
            usual=f"keep_{self._noun}_button",
        )
        if answer != confirmed:
            return
        try:
            item.trash()
        except StudioError as error:
            self._message.show_failure(error)
        else:
            self.deleted.emit(item.path)
            self._message.show_info(f"“{item.name}” is in the trash.")
