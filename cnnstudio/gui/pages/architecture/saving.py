"""Keeping what was edited: under a name, as a file to share, and as a draft that outlives a crash."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.question import AnswerButton, Role, ask
from cnnstudio.gui.pages.architecture.document import ArchitectureDocument
from cnnstudio.gui.task import LatestTask
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.files import (
    SUFFIX,
    Network,
    read_network,
    save_network,
    saved_names,
    saved_path,
    write_network,
)
from cnnstudio.storage import data_folder, exists

FILES = f"Networks (*{SUFFIX});;All files (*)"
SAVE, DISCARD, KEEP_EDITING = "save_changes_button", "discard_changes_button", "keep_editing_button"
"""The answers to `ask_unsaved`."""

_DRAFT_DELAY = 1_000


def free_title(title: str) -> str:
    """A name for a network of one's own that comes from another: “My LeNet-5”, “My LeNet-5 2”, …"""
    taken = {name.casefold() for name in (*saved_names(), *ARCHITECTURES)}
    number, name = 1, f"My {title}"
    while name.casefold() in taken:
        number += 1
        name = f"My {title} {number}"
    return name


def save_by_name(document: ArchitectureDocument) -> Network:
    """Saves a document in the user's folder under its title.

    Raises:
        StudioError: the name is not possible or belongs to another network, or the folder cannot be written to.
    """
    network = document.network
    own = is_own(network)
    name = network.title.strip()
    saved = save_network(replace(network, title=""), name, replacing=own and name == network.name)
    document.saved_as(saved)
    return saved


def is_own(network: Network) -> bool:
    """It lies in the user's folder, under its name."""
    return network.path is not None and network.path == saved_path(network.name)


def ask_unsaved(parent: QWidget, title: str) -> str:
    """Asks what becomes of changes that are not saved; returns `SAVE`, `DISCARD` or `KEEP_EDITING`."""
    return ask(
        parent,
        "unsaved_dialog",
        "Unsaved changes",
        f"Save the changes to “{title}”?",
        AnswerButton(SAVE, "Save", Role.AcceptRole),
        AnswerButton(DISCARD, "Discard", Role.DestructiveRole),
        AnswerButton(KEEP_EDITING, "Keep editing", Role.RejectRole),
        details="Changes that are not saved are lost.",
        usual=SAVE,
    )


class Draft(QObject):
    """Writes what is not saved to a file, a moment after each change, so that a crash loses little."""

    written = Signal(object)
    """The draft has been written, or taken away where all is saved."""

    def __init__(self, document: ArchitectureDocument, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._writing = LatestTask(self)
        self._writing.finished.connect(self.written)
        self._timer = QTimer(self, singleShot=True, interval=_DRAFT_DELAY)
        self._timer.timeout.connect(self.write)
        self._there = exists(_path())
        document.state_changed.connect(self._follow)
        document.changed.connect(self._follow)

    @Slot()
    def write(self) -> None:
        """Writes the draft now, in another thread."""
        self._timer.stop()
        if self._document.unsaved:
            self._there = True
            self._writing.submit(write_network, self._document.network, _path())

    def shut_down(self) -> None:
        """Keeps the draft if closing did not ask about unsaved changes; otherwise removes it."""
        self._timer.stop()
        self._writing.shut_down()
        if self._document.unsaved:
            with suppress(StudioError):
                write_network(self._document.network, _path())
        else:
            _remove()

    @Slot()
    def _follow(self) -> None:
        if self._document.unsaved:
            self._timer.start()
        elif self._document.stack.count():
            self._timer.stop()
            if self._there:
                self._there = False
                self._writing.submit(_remove)


def left_behind() -> Network | None:
    """The draft of what was not saved when the program ended; None where all was."""
    with suppress(StudioError):
        if exists(_path()):
            return replace(read_network(_path()), path=None)
    return None


def _path() -> Path:
    return data_folder() / "drafts" / f"draft{SUFFIX}"


def _remove() -> None:
    with suppress(OSError):
        _path().unlink(missing_ok=True)
