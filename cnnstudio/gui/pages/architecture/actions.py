"""What the editor of architectures can do: each with its key, its picture and what it teaches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from cnnstudio.gui.look.theme import icon

_ICON = QSize(20, 20)


@dataclass(frozen=True)
class ActionEntry:
    """An action.

    Attributes:
        name: its `objectName`, and a key of the functions that do it.
        title: what it does, in two or three words.
        lesson: the same in a sentence, for its tooltip.
        icon: a name in `assets/icons`.
        keys: its shortcuts in Qt's portable spelling, separated by "; "; empty where there is none.
    """

    name: str
    title: str
    lesson: str
    icon: str
    keys: str


ACTIONS = (
    ActionEntry(
        "add_layer", "Add layer", "Adds a layer after the selected one; choose which kind.", "add", "Ins; Ctrl+Shift+A"
    ),
    ActionEntry("duplicate_layer", "Duplicate", "Adds a copy of the selected layer after it.", "copy", "Ctrl+D"),
    ActionEntry("move_layer_up", "Move up", "Moves the layer one place towards the image.", "arrow-up", "Alt+Up"),
    ActionEntry(
        "move_layer_down", "Move down", "Moves the layer one place towards the output.", "arrow-down", "Alt+Down"
    ),
    ActionEntry("remove_layer", "Remove", "Removes the layer and connects its neighbours.", "delete", "Del"),
    ActionEntry("undo_edit", "Undo", "Undoes the last change.", "undo", "Ctrl+Z"),
    ActionEntry("redo_edit", "Redo", "Redoes the change that was undone last.", "redo", "Ctrl+Shift+Z; Ctrl+Y"),
    ActionEntry(
        "save_network",
        "Save",
        "Saves the network under its name, to be chosen here and on the Train page.",
        "save",
        "Ctrl+S",
    ),
    ActionEntry(
        "save_network_file",
        "Save as a file …",
        "Saves the network as a file to send to others.",
        "export",
        "Ctrl+Shift+S",
    ),
    ActionEntry("open_network_file", "Open a file …", "Opens a network from a file.", "open", ""),
    ActionEntry(
        "show_keras_code",
        "Keras code",
        "Shows a script of plain Keras that builds and trains this network.",
        "code",
        "Ctrl+K",
    ),
)
"""Every action, in the order of the tools."""


def make_actions(parent: QWidget, do: Mapping[str, Callable[[], object]]) -> dict[str, QAction]:
    """Makes the actions of `ACTIONS`.

    Args:
        parent: their owner; they work while it or something in it has the focus.
        do: what each does, by its name.

    Returns:
        The actions by their names; the caller adds them to the widgets in which their keys work.
    """
    actions = {}
    for entry in ACTIONS:
        action = QAction(icon(entry.icon), entry.title, parent)
        action.setObjectName(entry.name)
        keys = QKeySequence.listFromString(entry.keys)
        action.setShortcuts(keys)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        hint = f" ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})" if keys else ""
        action.setToolTip(f"<p>{escape(entry.lesson + hint)}</p>")
        action.triggered.connect(do[entry.name])
        actions[entry.name] = action
    return actions


def tool_button(action: QAction, words: bool = False) -> QToolButton:
    """A button for an action: its picture, and its words where wanted."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setObjectName(f"{action.objectName()}_button")
    button.setAccessibleName(action.text())
    button.setIconSize(_ICON)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    if words:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button
