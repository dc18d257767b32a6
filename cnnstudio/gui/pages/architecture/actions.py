"""What the editor of architectures can do: each with its key, its picture and what it teaches."""

from collections.abc import Callable, Mapping
from html import escape
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from cnnstudio.gui.look.theme import icon

_ICON = QSize(20, 20)


class _Entry(NamedTuple):
    title: str
    lesson: str
    icon: str
    keys: str = ""


_ACTIONS = {
    "add_layer": _Entry(
        "Add layer", "Adds a layer after the selected one; choose which kind.", "add", "Ins; Ctrl+Shift+A"
    ),
    "duplicate_layer": _Entry("Duplicate", "Adds a copy of the selected layer after it.", "copy", "Ctrl+D"),
    "move_layer_up": _Entry("Move up", "Moves the layer one place towards the image.", "arrow-up", "Alt+Up"),
    "move_layer_down": _Entry("Move down", "Moves the layer one place towards the output.", "arrow-down", "Alt+Down"),
    "remove_layer": _Entry("Remove", "Removes the layer and connects its neighbours.", "delete", "Del"),
    "undo_edit": _Entry("Undo", "Undoes the last change.", "undo", "Ctrl+Z"),
    "redo_edit": _Entry("Redo", "Redoes the change that was undone last.", "redo", "Ctrl+Shift+Z; Ctrl+Y"),
    "save_network": _Entry(
        "Save", "Saves the network under its name, to be chosen here and on the Train page.", "save", "Ctrl+S"
    ),
    "save_network_file": _Entry(
        "Save as a file…", "Saves the network as a file to send to others.", "export", "Ctrl+Shift+S"
    ),
    "open_network_file": _Entry("Open a file…", "Opens a network from a file.", "open"),
    "show_keras_code": _Entry(
        "Keras code", "Shows a script of plain Keras that builds and trains this network.", "code", "Ctrl+K"
    ),
}
"""Every action by its `objectName`; its shortcuts in Qt's portable spelling, separated by "; "."""


def make_actions(parent: QWidget, do: Mapping[str, Callable[[], object]]) -> dict[str, QAction]:
    """Makes every action; the caller adds them to the widgets in which their keys work.

    Args:
        parent: their owner.
        do: what each does, by its name.
    """
    actions = {}
    for name, entry in _ACTIONS.items():
        action = QAction(icon(entry.icon), entry.title, parent)
        action.setObjectName(name)
        keys = QKeySequence.listFromString(entry.keys)
        action.setShortcuts(keys)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        hint = f" ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})" if keys else ""
        action.setToolTip(f"<p>{escape(entry.lesson + hint)}</p>")
        action.triggered.connect(do[name])
        actions[name] = action
    return actions


def action_button(action: QAction, style: Qt.ToolButtonStyle = Qt.ToolButtonStyle.ToolButtonIconOnly) -> QToolButton:
    """Makes a button for an action."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setObjectName(f"{action.objectName()}_button")
    button.setAccessibleName(action.text())
    button.setIconSize(_ICON)
    button.setToolButtonStyle(style)
    return button
