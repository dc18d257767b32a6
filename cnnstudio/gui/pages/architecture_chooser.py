"""The left column of the Architecture page: which network, for which images, and what is known about it."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from cnnstudio.errors import StudioError
from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.pages.architecture_choices import architecture_choices, guest_choice
from cnnstudio.gui.pages.architecture_facts import NetworkFacts
from cnnstudio.gui.pages.architecture_images import ImagesChooser
from cnnstudio.gui.pages.architecture_subject import Described, Subject, images_text
from cnnstudio.gui.theme import GRID, icon
from cnnstudio.gui.widgets.picker import Picker
from cnnstudio.models.networks import Network, find_network
from cnnstudio.models.recipes.architecture import Architecture

FIRST = "lenet5"
"""What a newcomer sees first."""


class ArchitectureChooser(QWidget):
    """A picker of networks with what is known of the one that is chosen, and what can be done with it."""

    changed = Signal()
    """Another network, or other images, are chosen."""

    edit_wanted = Signal()
    """The network is to be changed."""

    file_wanted = Signal()
    """A model is to be opened from a file."""

    use_wanted = Signal()
    """The network is to be trained; a model from a file, to be tried."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._guests: dict[str, Path] = {}
        self._unopened: tuple[str, str, str] | None = None
        """A file that nobody has seen yet, and the network and the images that were chosen before."""
        self._picker = describe(
            Picker(),
            "network_picker",
            "Network",
            "The networks of the course, from the simplest to today’s, and your own. Type to find one by its name.",
        )
        self._images = ImagesChooser()
        self._facts = NetworkFacts()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(label("Architecture", "heading"))
        layout.addSpacing(GRID)
        layout.addWidget(self._picker)
        layout.addSpacing(GRID // 2)
        layout.addWidget(_caption("On images of", self._images.picker))
        layout.addWidget(self._images)
        layout.addSpacing(GRID)
        layout.addWidget(self._build_facts(), 1)
        layout.addSpacing(GRID)
        layout.addLayout(self._build_buttons())
        self.refresh(FIRST)
        self._picker.changed.connect(self._choose)
        self._images.changed.connect(self.changed)
        self.setFocusProxy(self._edit)

    def _build_facts(self) -> QScrollArea:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._facts.setProperty("role", "content")
        scroll.setWidget(self._facts)
        return scroll

    def _build_buttons(self) -> QVBoxLayout:
        self._edit = describe(
            QPushButton(" &Edit"),
            "edit_network_button",
            "Edit",
            "Add, remove and change layers of this network; what ships stays as it is.",
        )
        self._edit.setIcon(icon("rename"))
        self._edit.clicked.connect(self.edit_wanted)
        self._open = describe(
            QPushButton(" &Open model …"),
            "open_network_button",
            "Open model",
            "Shows the picture and the layers of any Keras model, a .keras or .h5 file, or edits a network’s file.",
        )
        self._open.setIcon(icon("open"))
        self._open.clicked.connect(self.file_wanted)
        self._use = QPushButton()
        self._use.setProperty("role", "primary")
        self._use.clicked.connect(self.use_wanted)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._edit, 1)
        row.addWidget(self._open, 1)
        column = QVBoxLayout()
        column.setSpacing(GRID)
        column.addLayout(row)
        column.addWidget(self._use)
        return column

    @property
    def key(self) -> str:
        """The chosen network: what `find_network` finds, or a file's path."""
        return self._picker.current_key

    @property
    def title(self) -> str:
        """Its name for people."""
        return next((one.title for one in self._picker.choices if one.key == self.key), self.key)

    @property
    def file(self) -> Path | None:
        """The file of the model that is chosen; None for a network that can be trained."""
        return self._guests.get(self.key)

    @property
    def dataset(self) -> str:
        """The name of the data set for which it is described; empty where it is none."""
        return self._images.dataset

    @property
    def images_key(self) -> str:
        """The choice of images, to be remembered."""
        return self._images.key

    @property
    def subject(self) -> Subject:
        """What is to be described."""
        return Subject(self.key, self.file, self._images.image_shape, self._images.classes)

    def offers(self, key: str) -> bool:
        """Whether there is a network of that key to choose."""
        return self._picker.offers(key)

    def offers_images(self, key: str) -> bool:
        """Whether there are images of that key to choose."""
        return self._images.picker.offers(key)

    def refresh(self, choose: str = "", images: str = "") -> None:
        """Looks again which networks and data sets there are; the choices stay where nothing else is asked for."""
        self._picker.blockSignals(True)
        self._picker.set_choices([*architecture_choices(), *map(guest_choice, self._guests.values())])
        self._picker.set_current(choose)
        self._picker.blockSignals(False)
        self._tell_source(images)

    def add_file(self, path: Path) -> None:
        """Takes a model into the list, and chooses it."""
        if str(path) not in self._guests:
            self._unopened = str(path), self.key, self.images_key
        self._guests[str(path)] = path
        self._images.choose("")
        self.refresh(str(path))
        self.changed.emit()

    def drop_unopened(self) -> bool:
        """Takes the chosen file off the list where it has never been shown, and chooses what was chosen before."""
        if self._unopened is None or self._unopened[0] != self.key:
            return False
        file, key, images = self._unopened
        self._unopened = None
        del self._guests[file]
        self.refresh(key, images)
        return True

    def choose_own_images(self) -> None:
        """Describes the network for the images of its paper."""
        self._images.choose("")

    def show_described(self, answer: Described) -> None:
        """Tells what the network costs."""
        self._unopened = None
        self._facts.show_table(answer.table)
        fits = answer.table.misfit is None
        self._edit.setEnabled(True)
        self._use.setEnabled(fits)

    def show_problem(self) -> None:
        """Nothing can be done with what does not fit."""
        self._facts.clear_costs()
        self._edit.setEnabled(False)
        self._use.setEnabled(False)

    @Slot()
    def _choose(self) -> None:
        self._tell_source()
        self.changed.emit()

    def _tell_source(self, images: str = "") -> None:
        source = self._source()
        self._facts.show_source(source)
        if isinstance(source, Architecture):
            self._images.refresh("Its own images", images_text(source.image_shape, source.classes))
        else:
            self._images.refresh("As it was saved", "The images that it was made for.")
        if images:
            self._images.choose(images)
        text, title, lesson = (
            ("&Try this", "Try this", "Goes to the Try page with this model.")
            if self.file is not None
            else ("&Train this", "Train this", "Goes to the Train page with this network.")
        )
        self._use.setText(text)
        describe(self._use, "use_network_button", title, lesson)

    def _source(self) -> Architecture | Network | None:
        if self.file is not None:
            return None
        try:
            return find_network(self.key)
        except StudioError:
            return None  # it went away; describing it says so


def _caption(text: str, control: QWidget) -> QLabel:
    caption = QLabel(text)
    caption.setBuddy(control)
    caption.setToolTip(control.toolTip())
    return caption
