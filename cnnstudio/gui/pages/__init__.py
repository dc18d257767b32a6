"""The pages of the window: what every page is, and the table of them. A package for each lies below."""

import importlib
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal, Slot

from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.styled import Styled
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.settings import Settings


class Page(Styled):
    """What the window asks of a page, each with an answer that does nothing.

    A page is made with `ItsClass(settings, library)`.

    Args:
        library: what there is to choose from; one of its own where the page stands alone.

    Signals:
        navigate(str, object): shows the page of that name and gives it the payload (None: just shows it).
        lesson_wanted(str): opens the lesson of that name, or that explains it; empty: all lessons.

    Attributes:
        library: as given.
    """

    navigate = Signal(str, object)
    lesson_wanted = Signal(str)

    least_width = 108 * GRID
    """The narrowest that it can be used, in device-independent pixels: what a lesson beside it must leave."""

    def __init__(self, library: Library | None = None) -> None:
        super().__init__()
        self.library = library or Library(self)
        self.library.changed.connect(self._hear_news)
        self._message = MessageBar(self)  # the page gives it its place

    @property
    def message(self) -> str:
        """What the page says of what happened; empty while it says nothing."""
        return self._message.text

    @property
    def busy(self) -> str | None:
        """What closing would interrupt now, as a sentence such as “Training is running.”; closing asks first."""
        return None

    def warm_up(self) -> None:
        """Gets ready what will be wanted soon; called once the page is made and the window was painted."""

    def entered(self) -> None:
        """Looks again at what may have changed; called each time the page comes to the front, before `receive`."""
        self.refresh()

    def refresh(self) -> None:
        """Shows what the library holds now; called when the page comes to the front, and with news while it is there.

        What was chosen stays chosen, and nothing is read.
        """

    def receive(self, payload: Any) -> None:
        """Takes what another page sent with `navigate`, or a `pathlib.Path` dropped on the window or given at start."""

    def kept(self) -> Any:
        """What `receive` takes to bring back what is shown now, for a lesson that shows something else for a while."""
        return None

    def set_alone(self, alone: bool) -> None:
        """Hides what leads to other pages and lessons, as beside a lesson that is all there is, or shows it again."""

    def facts(self) -> dict[str, Any]:
        """What a lesson may ask for, by name."""
        return {}

    def may_close(self) -> bool:
        """Asks what must be asked before the window closes; False where the user would rather stay."""
        return True

    def shut_down(self) -> None:
        """Stops everything and waits for it, within some seconds; nothing is called after it."""

    @Slot()
    def _hear_news(self) -> None:
        """A page that is not seen is shown what is new when it comes to the front."""
        if self.isVisible():
            self.refresh()


def class_at(path: str, package: str) -> type[Any]:
    """Imports a class that is made when it is first shown.

    Args:
        path: `module:class`; a leading dot stands for the package.
        package: its name.
    """
    module, _, name = path.partition(":")
    found: type[Any] = getattr(importlib.import_module(module, package), name)
    return found


@dataclass(frozen=True)
class PageEntry:
    """A page as the rail shows it, with the icon `assets/icons/<name>.svg`.

    Attributes:
        name: its key; the page's `objectName` is `page_<name>`, its button's `rail_<name>`.
        title: the word on the rail.
        tip: what one does there, in a sentence.
        shortcut: the key that shows it, in Qt's portable spelling; several are separated by "; ".
        path: `module:class`, imported when the page is first shown; a leading dot stands for this package.
        at_foot: at the rail's lower end, among the pages that are about the program itself.
        warms_up: made soon after the window was first painted, whatever page is shown, to get ready.
    """

    name: str
    title: str
    tip: str
    shortcut: str
    path: str
    at_foot: bool = False
    warms_up: bool = False

    def make(self, settings: Settings, library: Library) -> Page:
        """Imports the page and makes it."""
        page: Page = class_at(self.path, __package__)(settings, library)
        page.setObjectName(f"page_{self.name}")
        return page


PAGES: dict[str, PageEntry] = {
    entry.name: entry
    for entry in (
        PageEntry(
            "data", "Data", "Look at images as a computer does, and bring your own.", "Ctrl+1", ".data.page:DataPage"
        ),
        PageEntry(
            "collect",
            "Collect",
            "Make a data set of your own: name classes, draw examples or take pictures.",
            "Ctrl+2",
            ".collect.page:CollectPage",
        ),
        PageEntry(
            "architecture",
            "Architecture",
            "Understand a network layer by layer, change it, and send it to be trained.",
            "Ctrl+3",
            ".architecture.page:ArchitecturePage",
        ),
        PageEntry(
            "train",
            "Train",
            "Choose images and a network, press Train, and watch it learn.",
            "Ctrl+4",
            ".train.page:TrainPage",
        ),
        PageEntry(
            "try",
            "Try",
            "Draw a digit or open a photo, and see what the network answers and what every layer saw.",
            "Ctrl+5",
            ".try_.page:TryPage",
            warms_up=True,
        ),
        PageEntry(
            "inside",
            "Inside",
            "Look inside a trained network: every map it makes of an image, down to one multiplication.",
            "Ctrl+6",
            ".inside.page:InsidePage",
        ),
        PageEntry(
            "lab",
            "Lab",
            "Do the arithmetic of a network by hand, on small matrices and step by step.",
            "Ctrl+7",
            ".lab.page:LabPage",
        ),
        PageEntry(
            "settings",
            "Settings",
            "Light or dark, processor threads, and where the files lie.",
            "Ctrl+,",
            ".preferences:SettingsPage",
            at_foot=True,
        ),
        PageEntry(
            "about",
            "About",
            "What this program is, its keys, its version and its licences.",
            "F1",
            ".about:AboutPage",
            at_foot=True,
        ),
    )
}
"""Every page, in the order of the rail."""
