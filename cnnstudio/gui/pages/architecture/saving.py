"""Keeping what was edited under a name."""

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QWidget

from cnnstudio.gui.controls.question import AnswerButton, Role, ask
from cnnstudio.gui.pages.architecture.document import ArchitectureDocument
from cnnstudio.gui.task import aside
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.files import (
    SUFFIX,
    Network,
    is_own,
    save_network,
    saved_names,
)

FILES = f"Networks (*{SUFFIX});;All files (*)"
SAVE, DISCARD, KEEP_EDITING = "save_changes_button", "discard_changes_button", "keep_editing_button"
"""The answers to `ask_unsaved`."""


def free_title(title: str) -> str:
    """A name for a network of one's own that comes from another: “My LeNet-5”, “My LeNet-5 2”, …"""
    taken = {name.casefold() for name in (*aside(saved_names), *ARCHITECTURES)}
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
    name = network.title.strip()
    replacing = is_own(network) and name == network.name
    saved = aside(partial(save_network, replace(network, title=""), name, replacing=replacing))
    document.saved_as(saved)
    return saved


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
