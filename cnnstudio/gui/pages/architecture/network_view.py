"""The right side of the Architecture page: the picture, where the numbers sit, and the layer table."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.progress_panel import ProgressBar
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.widgets.charts.share_bar import Share, ShareBar
from cnnstudio.gui.widgets.network.layer_facts import MULTIPLY_ADDS, PARAMETERS
from cnnstudio.gui.widgets.network.layer_table import LayerTableView
from cnnstudio.gui.widgets.network.picture import NetworkPicture
from cnnstudio.models.layer_table import LayerTable

_Part = NetworkPicture | LayerTableView | ShareBar
"""What a layer can be chosen in."""

_PANEL_WIDTH = 56 * GRID
_LEAST_PICTURE = 14 * GRID


class StatePanel(QWidget):
    """What stands where a network would be: that it is being described, or why it cannot be."""

    asked = Signal()
    """What is offered is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label(role="strong", name="description_state")
        self._text = label(role="secondary", name="description_problem")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._progress = ProgressBar(
            "description_progress", "Progress", "The layers are being built, without their weights."
        )
        self._offer = push_button(
            "own_images_offer", "Its own &images", "Shows the network for the images for which it was made.", self.asked
        )
        column = QWidget()
        column.setFixedWidth(_PANEL_WIDTH)
        layout = QVBoxLayout(column)
        layout.setSpacing(2 * GRID)
        for widget in (self._title, self._text, self._progress):
            layout.addWidget(widget)
        layout.addWidget(self._offer, alignment=Qt.AlignmentFlag.AlignLeft)
        middle = QHBoxLayout()  # an alignment would forget that text needs more height where it is wrapped
        middle.addStretch(1)
        middle.addWidget(column)
        middle.addStretch(1)
        whole = QVBoxLayout(self)
        whole.addStretch(1)
        whole.addLayout(middle)
        whole.addStretch(2)

    def show_state(self, title: str, text: str = "", busy: bool = False, offer: str = "") -> None:
        """Shows a state.

        Args:
            title: what is going on, or what is wrong.
            text: why; empty where the title says it all.
            busy: whether it goes on.
            offer: the way out, on a button; empty where there is none.
        """
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._progress.setVisible(busy)
        self._offer.setText(offer)
        self._offer.setAccessibleName(offer.replace("&", ""))
        self._offer.setVisible(bool(offer))


class NetworkView(QWidget):
    """A network's picture over its numbers; a layer that is chosen in one is chosen in all.

    Attributes:
        picture: of the network.
    """

    selected = Signal(str)
    """The user has chosen the layer of this name."""

    own_images_wanted = Signal()
    """The network is to be described for the images of its paper."""

    split_moved = Signal(int)
    """The picture has this share of the height now, in percent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label(role="strong", name="network_name")
        self._title.setWordWrap(False)
        self._images = label(role="secondary", name="network_images")
        self.picture, self._table = NetworkPicture(), LayerTableView()
        self._shares = {
            "parameters": ShareBar(
                "parameters_bar",
                "Parameters",
                "Where the parameters sit: each part is a layer, as wide as its share. Parameters take memory.",
                PARAMETERS,
            ),
            "multiply_adds": ShareBar(
                "multiply_adds_bar",
                "Multiply-adds",
                "Where the multiply-adds sit: each part is a layer, as wide as its share. Multiply-adds take time.",
                MULTIPLY_ADDS,
            ),
        }
        self._parts: tuple[_Part, ...] = (self.picture, self._table, *self._shares.values())
        for part in self._parts:
            part.selected.connect(self._choose)
        self._split = self._build_split()
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        head = QHBoxLayout()
        head.setSpacing(2 * GRID)
        head.addWidget(self._title)
        head.addWidget(self._images, 1)
        head.addWidget(self.picture.tools)
        layout.addLayout(head)
        layout.addWidget(self._split, 1)
        self._state = StatePanel()
        self._state.asked.connect(self.own_images_wanted)
        self._stack = QStackedWidget()
        self._stack.addWidget(content)
        self._stack.addWidget(self._state)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def _build_split(self) -> QSplitter:
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        for bar in self._shares.values():
            column.addWidget(bar)
        column.addSpacing(GRID // 2)
        column.addWidget(self._table, 1)
        split = describe(
            QSplitter(Qt.Orientation.Vertical),
            "network_splitter",
            "Picture and layer table",
            "Drag the edge between them to give one of them more room.",
        )
        split.setToolTip("")  # it would show all over the picture
        split.setHandleWidth(2 * GRID)
        split.setChildrenCollapsible(False)
        self.picture.setMinimumHeight(_LEAST_PICTURE)
        split.addWidget(self.picture)
        split.addWidget(below)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.splitterMoved.connect(self._report_split)
        return split

    def set_split(self, percent: int) -> None:
        """Gives the picture so much of the height."""
        self._split.setSizes([percent * 10, (100 - percent) * 10])

    def show_network(self, title: str, images: str, table: LayerTable) -> None:
        """Shows a network.

        Args:
            title: its name.
            images: for which images, in words.
            table: its layers.
        """
        self._title.setText(title)
        self._images.setText(images)
        self.picture.set_network(table)
        self._table.set_table(table)
        for attribute, bar in self._shares.items():
            shares = [Share(row.name, row.title, getattr(row, attribute)) for row in table.rows]
            bar.set_shares(shares if table.misfit is None else None)
        self._stack.setCurrentIndex(0)

    @property
    def chosen(self) -> str:
        """The name of the layer that is chosen; empty where none is."""
        return self._table.current

    def set_title(self, title: str) -> None:
        """Gives the network that is shown another name."""
        self._title.setText(title)

    def show_progress(self, text: str) -> None:
        """Says that a network is being described."""
        self._state.show_state(text, busy=True)
        self._stack.setCurrentWidget(self._state)

    def show_problem(self, text: str, offer: str = "") -> None:
        """Says why a network cannot be shown, and offers something where `offer` says what."""
        self._state.show_state("This does not fit" if offer else "This cannot be shown", text, offer=offer)
        self._stack.setCurrentWidget(self._state)

    @Slot(str)
    def select(self, name: str) -> None:
        """Marks a layer everywhere, without telling."""
        for part in self._parts:
            part.select(name)

    @Slot(str)
    def _choose(self, name: str) -> None:
        for part in self._parts:
            if part is not self.sender():
                part.select(name)
        self.selected.emit(name)

    @Slot()
    def _report_split(self) -> None:
        above, below = self._split.sizes()
        self.split_moved.emit(round(100 * above / max(1, above + below)))
