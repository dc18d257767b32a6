"""The menus of the Data page."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.gui.theme import icon


@dataclass(frozen=True)
class Item:
    """A line of a menu.

    Attributes:
        name: the action's `objectName`.
        text: what it says.
        picture: the name of its icon.
        lesson: its tooltip.
        act: what it does.
    """

    name: str
    text: str
    picture: str
    lesson: str
    act: Callable[[], object]


def menu_of(parent: QWidget, *items: Item) -> QMenu:
    """Makes a menu; its actions are found by their names."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    for item in items:
        action = menu.addAction(icon(item.picture), item.text)
        action.setObjectName(item.name)
        action.setToolTip(item.lesson)
        action.triggered.connect(item.act)
    return menu
