"""What is told about a network: its idea, where it comes from, and what it costs."""

from html import escape
from math import prod

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from cnnstudio import wording
from cnnstudio.gui.describe import label
from cnnstudio.gui.theme import GRID
from cnnstudio.models.layer_table import LayerTable, mlp_connections
from cnnstudio.models.networks import Network
from cnnstudio.models.recipes.architecture import Architecture

BYTES = 4
"""Of a number, as float32."""

COPIES = 4
"""Of each weight, while Adam trains: itself, its gradient, and the means of the gradient and of its square."""

_TITLE_WIDTH = 11 * GRID

LESSONS = {
    "Published": "Year and authors.",
    "Paper": "Where it was published; a click opens it in the browser.",
    "Reported": "The accuracy that the paper reports, and on which images.",
    "Parameters": "The numbers that make up the network, most of which training finds.",
    "Multiply-adds": "Multiplications by a weight, each with its addition, that one image costs.",
    "Memory": "As 32-bit numbers: the weights alone, and what a training with Adam keeps of each.",
    "Outputs": "What the outputs of all layers take for one image; a training keeps those of a whole batch.",
    "As an MLP": "Weights that dense layers would need to give as many numbers as the convolutions do.",
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
        """Tells what is known before anything is computed; None for a file that says nothing of itself."""
        for title in LESSONS:
            self._tell(title, "")
        self._idea.setVisible(isinstance(source, Architecture))
        self._note.setVisible(isinstance(source, Architecture) and bool(source.note))
        if isinstance(source, Architecture):
            self._idea.setText(source.idea)
            self._note.setText(source.note)
            self._tell("Published", f"{source.year}, {escape(source.authors)}")
            paper = escape(source.paper)
            self._tell("Paper", f'<a href="{escape(source.link)}">{paper}</a>' if source.link else paper)
            self._tell("Reported", escape(source.reported))

    def clear_costs(self) -> None:
        """Tells no costs: there are none."""
        for title in COSTS:
            self._tell(title, "")

    def show_table(self, table: LayerTable) -> None:
        """Tells what it costs."""
        weights = BYTES * table.parameters
        outputs = BYTES * sum(prod(row.output_shape) for row in table.rows if row.output_shape is not None)
        still = table.parameters - table.trainable_parameters
        self._tell("Parameters", f"{table.parameters:,}" + (f", {still:,} of them not trained" if still else ""))
        self._tell("Multiply-adds", f"{table.multiply_adds:,}")
        training = weights + (COPIES - 1) * BYTES * table.trainable_parameters
        self._tell("Memory", f"{wording.size(weights)}, in training {wording.size(training)}")
        self._tell("Outputs", f"{wording.size(outputs)} for one image")
        connections = mlp_connections(table)
        count = sum(one.connections for one in connections)
        own = sum(one.parameters for one in connections)
        times = f", {count / own:,.0f} times the {own:,} of its convolutions" if own else ""
        self._tell("As an MLP", f"{count:,} connections{times}" if count else "")

    def _tell(self, title: str, text: str) -> None:
        head, words = self._rows[title]
        words.setText(text)
        for one in (head, words):
            one.setVisible(bool(text))
