"""Buttons with a name, a picture and a tooltip, their menus and keys, and the button that unfolds what is below it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QSize, Qt, SignalInstance, Slot
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QMenu, QPushButton, QToolButton, QWidget

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import icon

Act = Callable[..., Any] | SignalInstance | None
"""What a click does: a function, or a signal that it emits."""

_PICTURE = QSize(20, 20)
_PICTURE_BESIDE_WORDS = QSize(18, 18)
"""As high as a line of words in the stylesheet: a button with a picture is as high as one beside it without."""

_PICTURE_COLOURS = {"primary": "on_accent", "quiet": "accent_text"}
"""Of the picture on a button, by the button's role."""


def push_button(
    name: str, text: str, tip: str, act: Act = None, *, title: str = "", role: str = "", picture: str = ""
) -> QPushButton:
    """Makes a button with words.

    Args:
        name: its `objectName`.
        text: on it, with `&` before the letter that presses it.
        tip: its tooltip.
        act: what a click does.
        title: its accessible name; without one, its text.
        role: how it looks, a role of the stylesheet: primary, quiet or chip; empty for a plain button.
        picture: the name of its icon, where it has one.
    """
    words = f" {text}" if picture else text  # else they would stand close to the picture
    button = describe(QPushButton(words), name, title or text.replace("&", "").strip(" …"), tip)
    if role:
        button.setProperty("role", role)
    if picture:
        button.setIcon(icon(picture, _PICTURE_COLOURS.get(role, "text")))
        button.setIconSize(_PICTURE_BESIDE_WORDS)
    if act is not None:
        button.clicked.connect(act)
    return button


def chip(name: str, text: str, tip: str, act: Act = None, *, title: str = "") -> QPushButton:
    """Makes a button that stays pressed: one of several choices in a row. Arguments as of `push_button`."""
    button = push_button(name, text, tip, act, title=title, role="chip")
    button.setCheckable(True)
    return button


def chip_group(parent: QWidget, chips: Sequence[QPushButton], act: Callable[..., object] | None = None) -> QButtonGroup:
    """Makes a group of chips of which always one is chosen, at first the first one.

    Args:
        parent: its owner.
        chips: in this order; their ids count from 0.
        act: called with the id of a chip that is clicked.
    """
    group = QButtonGroup(parent)
    for number, button in enumerate(chips):
        group.addButton(button, number)
    chips[0].setChecked(True)
    if act is not None:
        group.idClicked.connect(act)
    return group


def tool_button(name: str, title: str, tip: str, picture: str, act: Act = None, *, keys: str = "") -> QToolButton:
    """Makes a button with a picture only.

    Args:
        name: its `objectName`.
        title: its accessible name.
        tip: its tooltip; the keys are added to it.
        picture: the name of its icon.
        act: what a click does.
        keys: its shortcut, as “Ctrl+Z”.
    """
    button = describe(QToolButton(), name, title, f"{tip} ({keys})" if keys else tip)
    button.setIcon(icon(picture))
    button.setIconSize(_PICTURE)
    if keys:
        button.setShortcut(keys)
    if act is not None:
        button.clicked.connect(act)
    return button


def on_key(widget: QWidget, key: Qt.Key | QKeySequence.StandardKey | str, act: Act) -> None:
    """Calls a function, or emits a signal, when a key is pressed while the focus is in a widget."""
    shortcut = QShortcut(QKeySequence(key), widget)
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    shortcut.activated.connect(act)


@dataclass(frozen=True)
class Item:
    """A line of a menu.

    Attributes:
        name: the action's `objectName`.
        text: what it says.
        picture: the name of its icon.
        tip: its tooltip.
        act: what it does.
    """

    name: str
    text: str
    picture: str
    tip: str
    act: Act


def menu_of(parent: QWidget, *items: Item | QAction | None) -> QMenu:
    """Makes a menu.

    Args:
        parent: its owner.
        items: its lines; None draws a line between two of them.
    """
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    for item in items:
        if item is None:
            menu.addSeparator()
        elif isinstance(item, QAction):
            menu.addAction(item)
        else:
            action = menu.addAction(icon(item.picture), item.text)
            action.setObjectName(item.name)
            action.setToolTip(item.tip)
            action.triggered.connect(item.act)
    return menu


class MenuButton(QToolButton):
    """A button with three dots that opens a menu.

    Args:
        name: its `objectName`.
        title: its accessible name.
        tip: its tooltip.
        items: the lines of the menu, as `menu_of` takes them.
    """

    def __init__(self, name: str, title: str, tip: str, *items: Item | QAction | None) -> None:
        super().__init__()
        describe(self, name, title, tip)
        self.setIcon(icon("more"))
        self.setIconSize(_PICTURE)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(menu_of(self, *items))


class FoldButton(QToolButton):
    """A button that shows what is folded away below it, and folds it again; at first it is folded.

    Args:
        name: its `objectName`.
        title: on it.
        tip: its tooltip.
        content: what is shown and hidden; the caller lays it out.
    """

    def __init__(self, name: str, title: str, tip: str, content: QWidget) -> None:
        super().__init__()
        describe(self, name, title, tip)
        self._content = content
        self.setText(title)
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggled.connect(self._unfold)
        self._unfold(False)

    @Slot(bool)
    def _unfold(self, unfolded: bool) -> None:
        self.setIcon(icon("chevron-down" if unfolded else "chevron-right"))
        self._content.setVisible(unfolded)
