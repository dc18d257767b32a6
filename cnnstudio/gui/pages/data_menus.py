"""The menus of the Data page."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from cnnstudio.gui.describe import describe
from cnnstudio.gui.pages.data_import import LAYOUT
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


def import_button(
    ask_folder: Callable[[], object], ask_zip: Callable[[], object], show_help: Callable[[], object]
) -> QPushButton:
    """Makes the button that brings one's own images, with its menu."""
    button = describe(
        QPushButton(" I&mport images …"),
        "import_images_button",
        "Import images",
        "Brings your own images: a folder, or a zip of one, with a subfolder for each class.",
    )
    button.setIcon(icon("import"))
    button.setIconSize(QSize(20, 20))
    arranged = f"<p>One subfolder for each class:</p><pre>{LAYOUT}</pre>"
    button.setMenu(
        menu_of(
            button,
            Item("import_folder", "&Folder …", "folder", arranged, ask_folder),
            Item("import_zip", "&Zip file …", "open", arranged, ask_zip),
            Item("import_help", "&How to arrange them", "help", "Shows which folders work.", show_help),
        )
    )
    return button
