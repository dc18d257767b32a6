"""The left column of the Architecture page: which network, for which images, and what is known about it."""

from html import escape
from math import prod
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from cnnstudio import wording
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.architecture.description import NetworkDescription, NetworkRequest, images_text
from cnnstudio.gui.pages.choosers.images import ImagesChooser
from cnnstudio.gui.pages.choosers.networks import architecture_choices, guest_choice
from cnnstudio.models.architectures.architecture import Architecture
from cnnstudio.models.layer_table import LayerTable, mlp_connections
from cnnstudio.models.networks.building import find_network
from cnnstudio.models.networks.files import Network

FIRST = "lenet5"
"""What a newcomer sees first."""


class ArchitectureChooser(QWidget):
    """A picker of networks with what is known of the one that is chosen, and what can be done with it.

    Attributes:
        picker: of networks.
        images: for which the network is described.
    """

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
        """A file that has not been opened yet, and the network and the images that were chosen before."""
        self.picker = describe(
            Picker(),
            "network_picker",
            "Network",
            "Published networks, from the simplest to today’s, and your own. Type to find one by its name.",
        )
        self.images = ImagesChooser()
        self._facts = NetworkFacts()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(label("Architecture", "heading"))
        layout.addSpacing(GRID)
        layout.addWidget(self.picker)
        layout.addSpacing(GRID // 2)
        layout.addWidget(_caption("On images of", self.images.picker))
        layout.addWidget(self.images)
        layout.addSpacing(GRID)
        layout.addWidget(self._build_facts(), 1)
        layout.addSpacing(GRID)
        layout.addLayout(self._build_buttons())
        self.refresh(FIRST)
        self.picker.changed.connect(self._choose)
        self.images.changed.connect(self.changed)
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
        self._edit = push_button(
            "edit_network_button",
            "&Edit",
            "Adds, removes and changes layers in a copy of this network.",
            self.edit_wanted,
            picture="rename",
        )
        self._open = push_button(
            "open_network_button",
            "&Open model …",
            "Opens a Keras model, a .keras or .h5 file, to look into it, or the file of a network to edit it.",
            self.file_wanted,
            picture="open",
        )
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
        return self.picker.current_key

    @property
    def title(self) -> str:
        """Its name for people."""
        return next((one.title for one in self.picker.choices if one.key == self.key), self.key)

    @property
    def file(self) -> Path | None:
        """The file of the model that is chosen; None for a network that can be trained."""
        return self._guests.get(self.key)

    @property
    def request(self) -> NetworkRequest:
        """What is to be described."""
        return NetworkRequest(self.key, self.file, self.images.image_shape, self.images.classes)

    def refresh(self, choose: str = "", images: str = "") -> None:
        """Looks again which networks and data sets there are; the choices stay where nothing else is asked for."""
        self.picker.blockSignals(True)
        self.picker.set_choices([*architecture_choices(), *map(guest_choice, self._guests.values())])
        self.picker.set_current(choose)
        self.picker.blockSignals(False)
        self._show_source(images)

    def add_file(self, path: Path) -> None:
        """Takes a model into the list, and chooses it."""
        if str(path) not in self._guests:
            self._unopened = str(path), self.key, self.images.key
        self._guests[str(path)] = path
        self.images.choose("")
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

    def show_description(self, description: NetworkDescription) -> None:
        """Shows what the network costs."""
        self._unopened = None
        self._facts.show_table(description.table)
        fits = description.table.misfit is None
        self._edit.setEnabled(True)
        self._use.setEnabled(fits)

    def show_problem(self) -> None:
        """Nothing can be done with what does not fit."""
        self._facts.clear_costs()
        self._edit.setEnabled(False)
        self._use.setEnabled(False)

    @Slot()
    def _choose(self) -> None:
        self._show_source()
        self.changed.emit()

    def _show_source(self, images: str = "") -> None:
        source = self._source()
        self._facts.show_source(source)
        if isinstance(source, Architecture):
            self.images.refresh("Its own images", images_text(source.image_shape, source.classes))
        else:
            self.images.refresh("As it was saved", "The images for which it was made.")
        if images:
            self.images.choose(images)
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


BYTES = 4
"""Of a number, as float32."""

COPIES = 4
"""Of each weight, while Adam trains: itself, its gradient, and the means of the gradient and of its square."""

_TITLE_WIDTH = 11 * GRID

LESSONS = {
    "Published": "Year and authors.",
    "Paper": "Where it was published; a click opens it in the browser.",
    "Reported": "The accuracy that the paper reports, and on which images.",
    "Parameters": "All numbers that make up the network; training finds most of them.",
    "Multiply-adds": "Multiplications by a weight, each with an addition, for one image.",
    "Memory": "As 32-bit numbers: the weights alone, and with all that training with Adam keeps of each.",
    "Outputs": "The outputs of all layers for one image; training keeps those of a whole batch.",
    "As an MLP": "Weights that dense layers would need for as many outputs as the convolutions have.",
}
"""The facts and what they mean, in the order in which they are shown."""


COSTS = ("Parameters", "Multiply-adds", "Memory", "Outputs", "As an MLP")
"""Those that depend on the images."""


class NetworkFacts(QWidget):
    """Idea, source and cost of a network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._idea = label(name="architecture_idea")
        self._note = label(role="small", name="architecture_difference")
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, GRID, 0, 0)
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(GRID)
        self._grid.setColumnMinimumWidth(0, _TITLE_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self._rows: dict[str, tuple[QLabel, QLabel]] = {}
        for number, (title, lesson) in enumerate(LESSONS.items()):
            head, words = label(title, "secondary"), label(name=f"fact_{title.lower().replace(' ', '_')}")
            words.setTextFormat(Qt.TextFormat.RichText)
            words.setOpenExternalLinks(True)
            words.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.LinksAccessibleByMouse
                | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
            )
            for one in (head, words):
                one.setToolTip(f"<p>{lesson}</p>")
            self._grid.addWidget(head, number, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(words, number, 1, Qt.AlignmentFlag.AlignTop)
            self._rows[title] = head, words
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._idea)
        layout.addWidget(self._note)
        layout.addLayout(self._grid)
        layout.addStretch(1)

    def show_source(self, source: Architecture | Network | None) -> None:
        """Shows what is known before anything is computed; None for a file that says nothing of itself."""
        for title in LESSONS:
            self._set_fact(title, "")
        self._idea.setVisible(isinstance(source, Architecture))
        self._note.setVisible(isinstance(source, Architecture) and bool(source.note))
        if isinstance(source, Architecture):
            self._idea.setText(source.idea)
            self._note.setText(source.note)
            self._set_fact("Published", f"{source.year}, {escape(source.authors)}")
            paper = escape(source.paper)
            self._set_fact("Paper", f'<a href="{escape(source.link)}">{paper}</a>' if source.link else paper)
            self._set_fact("Reported", escape(source.reported))

    def clear_costs(self) -> None:
        """Hides the costs."""
        for title in COSTS:
            self._set_fact(title, "")

    def show_table(self, table: LayerTable) -> None:
        """Shows what it costs."""
        weights = BYTES * table.parameters
        outputs = BYTES * sum(prod(row.output_shape) for row in table.rows if row.output_shape is not None)
        still = table.parameters - table.trainable_parameters
        self._set_fact("Parameters", f"{table.parameters:,}" + (f", {still:,} of them not trained" if still else ""))
        self._set_fact("Multiply-adds", f"{table.multiply_adds:,}")
        training = weights + (COPIES - 1) * BYTES * table.trainable_parameters
        self._set_fact("Memory", f"{wording.size(weights)}, in training {wording.size(training)}")
        self._set_fact("Outputs", f"{wording.size(outputs)} for one image")
        connections = mlp_connections(table)
        count = sum(map(prod, connections.values()))
        own = sum(row.parameters for row in table.rows if row.name in connections)
        times = f", {count / own:,.0f} times the {own:,} of its convolutions" if own else ""
        self._set_fact("As an MLP", f"{count:,} connections{times}" if count else "")

    def _set_fact(self, title: str, text: str) -> None:
        head, words = self._rows[title]
        words.setText(text)
        for one in (head, words):
            one.setVisible(bool(text))
