"""The left column of the Architecture page: which network, for which images, and what is known about it."""

from html import escape
from math import prod
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from cnnstudio import wording
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import caption
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.architecture.description import NetworkRequest, images_text
from cnnstudio.gui.pages.choosers.images import ImagesChooser
from cnnstudio.gui.pages.choosers.networks import architecture_choices, guest_choice
from cnnstudio.models.architectures.architecture import Architecture
from cnnstudio.models.layer_table import LayerTable, mlp_connections
from cnnstudio.models.networks.files import Network
from cnnstudio.wording import counted

FIRST = "lenet5"
"""What a newcomer sees first."""


class ArchitectureChooser(QWidget):
    """A picker of networks with what is known of the one that is chosen, and what can be done with it.

    Args:
        library: which networks and data sets there are.

    Attributes:
        picker: of networks.
        images: for which the network is described.
        edit: the button for changing the network.
        open: the button for opening a model from a file.
        code: the button for reading the network as Keras code.
        use: the button for training the network; a model from a file is tried instead.
    """

    changed = Signal()
    """Another network, or other images, are chosen."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library
        self._guests: dict[str, Path] = {}
        self._source: Architecture | Network | None = None
        self._unopened: tuple[str, str, str] | None = None
        """A file that has not been opened yet, and the network and the images that were chosen before."""
        self.picker = describe(
            Picker(),
            "network_picker",
            "Network",
            "Published networks, from the simplest to today’s, and your own. Type to find one by its name.",
        )
        self.images = ImagesChooser(library)
        self.edit = push_button(
            "edit_network_button",
            "&Edit",
            "Adds, removes and changes layers in a copy of this network.",
            picture="rename",
        )
        self.open = push_button(
            "open_network_button",
            "&Open model…",
            "Opens a Keras model, from a file or a folder, to look into it, or the file of a network to edit it.",
            picture="open",
        )
        self.code = push_button(
            "show_code_button",
            "Show &Keras code",
            "Shows a script of plain Keras that builds and trains this network.",
            picture="code",
        )
        self.use = push_button("use_network_button", "", "", role="primary")
        self._facts = NetworkFacts()
        scroll = ScrollColumn()
        scroll.set_content(self._facts)
        self.setLayout(
            column(
                label("Architecture", "heading"),
                GRID,
                self.picker,
                GRID // 2,
                caption(self.images.picker),
                self.images,
                GRID,
                (scroll, 1),
                GRID,
                row((self.edit, 1), (self.open, 1)),
                self.code,
                self.use,
            )
        )
        self.refresh(FIRST)
        self.picker.changed.connect(self._choose)
        self.images.changed.connect(self._name_use)
        self.images.changed.connect(self.changed)
        self.setFocusProxy(self.edit)

    @property
    def key(self) -> str:
        """The chosen network: what `Library.network` finds, or a file's path."""
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
    def trains(self) -> bool:
        """Whether what is chosen is to be trained: a network; or the layers of a model, for other images."""
        return self.file is None or bool(self.images.dataset)

    @property
    def request(self) -> NetworkRequest:
        """What is to be described."""
        return NetworkRequest(self.key, self.file, self.images.image_shape, self.images.classes)

    def refresh(self, choose: str = "", images: str = "") -> None:
        """Shows which networks and data sets there are now; the choices stay where nothing else is asked for."""
        with QSignalBlocker(self.picker):
            guests = [guest_choice(path, self._library) for path in self._guests.values()]
            self.picker.set_choices([*architecture_choices(self._library), *guests])
            self.picker.set_current(choose)
        self._show_source(images)

    def add_file(self, path: Path) -> None:
        """Takes a model into the list, and chooses it."""
        if str(path) not in self._guests:
            self._unopened = str(path), self.key, self.images.picker.current_key
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

    def show_table(self, table: LayerTable | None) -> None:
        """Shows what the network costs; None for one that does not fit, with which nothing can be done."""
        if table is not None:
            self._unopened = None
        self._facts.show_facts(self._source, table)
        self.edit.setEnabled(table is not None)
        for button in (self.code, self.use):
            button.setEnabled(table is not None and table.misfit is None and not table.purpose)

    @Slot()
    def _choose(self) -> None:
        self._show_source()
        self.changed.emit()

    def _show_source(self, images: str = "") -> None:
        source = self._source = self._library.network(self.key) if self.file is None else None
        self._facts.show_facts(source)
        if isinstance(source, Architecture):
            self.images.refresh(
                "Its usual size", images_text(source.image_shape, counted(source.classes, "class", "classes"))
            )
        else:
            self.images.refresh("As it was saved", "The images for which it was made.")
        if images:
            self.images.choose(images)
        self._name_use()

    @Slot()
    def _name_use(self) -> None:
        text, title, lesson = (
            ("&Train this", "Train this", "Goes to the Train page with this network.")
            if self.trains
            else ("&Try this", "Try this", "Goes to the Try page with this model.")
        )
        self.use.setText(text)
        describe(self.use, "use_network_button", title, lesson)


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
    "Memory": "The weights alone, as 32-bit numbers; and with all that Adam keeps for each weight during training.",
    "Outputs": "The outputs of all layers for one image; training keeps those of a whole batch.",
    "As an MLP": "Weights that dense layers would need for as many outputs as the convolutions have.",
}
"""The facts and what they mean, in the order in which they are shown."""


class NetworkFacts(QWidget):
    """Idea, source and cost of a network."""

    def __init__(self) -> None:
        super().__init__()
        self._idea = label(name="architecture_idea")
        self._note = label(role="small", name="architecture_difference")
        grid = QGridLayout()
        grid.setContentsMargins(0, GRID, 0, 0)
        grid.setSpacing(GRID)
        grid.setColumnMinimumWidth(0, _TITLE_WIDTH)
        grid.setColumnStretch(1, 1)
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
            grid.addWidget(head, number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(words, number, 1, Qt.AlignmentFlag.AlignTop)
            self._rows[title] = head, words
        self.setLayout(column(self._idea, self._note, grid, STRETCH))

    def show_facts(self, source: Architecture | Network | None, table: LayerTable | None = None) -> None:
        """Shows what is known of a network.

        Args:
            source: of an architecture, its idea and where it was published are shown.
            table: its layers, for what it costs, and what it is where it is no classifier; None as long as they are
                not known.
        """
        idea, note = table.purpose if table is not None else "", ""
        facts = _costs(table) if table is not None else {}
        if isinstance(source, Architecture):
            idea, note = source.idea, source.note
            facts |= _origin(source)
        for words, text in ((self._idea, idea), (self._note, note)):
            words.setText(text)
            words.setVisible(bool(text))
        for title, parts in self._rows.items():
            parts[1].clear()  # the same text set again would keep its link in the colour of the theme before
            parts[1].setText(facts.get(title, ""))
            for part in parts:
                part.setVisible(bool(facts.get(title)))


def _origin(architecture: Architecture) -> dict[str, str]:
    paper = escape(architecture.paper)
    return {
        "Published": f"{architecture.year}, {escape(architecture.authors)}",
        "Paper": f'<a href="{escape(architecture.link)}">{paper}</a>' if architecture.link else paper,
        "Reported": escape(architecture.reported),
    }


def _costs(table: LayerTable) -> dict[str, str]:
    weights = BYTES * table.parameters
    training = weights + (COPIES - 1) * BYTES * table.trainable_parameters
    outputs = BYTES * sum(prod(layer.output_shape) for layer in table.rows if layer.output_shape is not None)
    still = table.parameters - table.trainable_parameters
    connections = mlp_connections(table)
    count = sum(map(prod, connections.values()))
    own = sum(layer.parameters for layer in table.rows if layer.name in connections)
    times = f", {count / own:,.0f} times the {own:,} of its convolutions" if own else ""
    return {
        "Parameters": f"{table.parameters:,}" + (f", {still:,} of them not trained" if still else ""),
        "Multiply-adds": f"{table.multiply_adds:,}",
        "Memory": f"{wording.size(weights)}, in training {wording.size(training)}",
        "Outputs": f"{wording.size(outputs)} for one image",
        "As an MLP": f"{count:,} connections{times}" if count else "",
    }
