"""The right side of the Architecture page: the picture, where the numbers sit, and the layer table."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.controls.progress_panel import ProgressBar
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.lesson_link import LessonLink
from cnnstudio.gui.widgets.charts.share_bar import Share, ShareBar
from cnnstudio.gui.widgets.network.layer_facts import MULTIPLY_ADDS, PARAMETERS
from cnnstudio.gui.widgets.network.layer_table import LayerTableView
from cnnstudio.gui.widgets.network.picture import NetworkPicture
from cnnstudio.models.layer_table import LayerTable

_Part = NetworkPicture | LayerTableView | ShareBar
"""What a layer can be chosen in."""

_PANEL_WIDTH = 56 * GRID
_LEAST_PICTURE = 14 * GRID


class NetworkView(QStackedWidget):
    """A network's picture over its numbers, or why there is none; a layer that is chosen in one is chosen in all.

    Attributes:
        picture: of the network.
        lesson: leads to the lesson about the kind of layer that is chosen.

    Args:
        library: knows the lessons.
    """

    selected = Signal(str)
    """The user has chosen the layer of this name."""

    own_images_wanted = Signal()
    """The network is to be described for the images of its paper."""

    split_moved = Signal(int)
    """The picture has this share of the height now, in percent."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self.lesson = LessonLink("layer_lesson_button", library)
        self._title = label(role="strong", name="network_name", wrap=False)
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
        head = row(self._title, (self._images, 1), self.lesson, self.picture.tools, gap=GRID)
        self.addWidget(widget_of(column(head, (self._split, 1))))
        self.addWidget(self._build_state())

    def _build_split(self) -> QSplitter:
        bars = self._shares.values()
        below = widget_of(column(*bars, GRID // 2, (self._table, 1), gap=GRID // 2))
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

    def _build_state(self) -> QWidget:
        """What stands where a network would be."""
        self._state = label(role="strong", name="description_state")
        self._reason = label(role="secondary", name="description_problem")
        self._reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._progress = ProgressBar(
            "description_progress", "Progress", "The layers are being built, without their weights."
        )
        self._offer = push_button(
            "own_images_offer",
            "Its usual &size",
            "Shows the network for the images for which it was made.",
            self.own_images_wanted,
        )
        offer = (self._offer, 0, Qt.AlignmentFlag.AlignLeft)
        panel = widget_of(column(self._state, self._reason, self._progress, offer, gap=2 * GRID))
        panel.setFixedWidth(_PANEL_WIDTH)
        middle = row(STRETCH, panel, STRETCH)  # an alignment would forget that wrapped text needs more height
        return widget_of(column(STRETCH, middle, STRETCH, STRETCH))

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
        self.select(self._table.current)
        self.setCurrentIndex(0)

    @property
    def chosen(self) -> str:
        """The name of the layer that is chosen; empty where none is."""
        return self._table.current

    def set_title(self, title: str) -> None:
        """Gives the network that is shown another name."""
        self._title.setText(title)

    def show_state(self, title: str, text: str = "", busy: bool = False, offer: str = "") -> None:
        """Shows why there is no network.

        Args:
            title: what is going on, or what is wrong.
            text: why; empty where the title says it all.
            busy: whether it goes on.
            offer: the way out, on a button; empty where there is none.
        """
        self._state.setText(title)
        self._reason.setText(text)
        self._reason.setVisible(bool(text))
        self._progress.setVisible(busy)
        self._offer.setText(offer)
        self._offer.setAccessibleName(offer.replace("&", ""))
        self._offer.setVisible(bool(offer))
        self.setCurrentIndex(1)

    @Slot(str)
    def select(self, name: str) -> None:
        """Marks a layer everywhere; `selected` is not emitted."""
        for part in self._parts:
            part.select(name)
        self._note_concept(name)

    @Slot(str)
    def _choose(self, name: str) -> None:
        for part in self._parts:
            if part is not self.sender():
                part.select(name)
        self._note_concept(name)
        self.selected.emit(name)

    def _note_concept(self, name: str) -> None:
        """Says what kind of layer is chosen, about which there may be a lesson."""
        rows = self._table.table.rows if self._table.table is not None else ()
        kind = next((row.kind for row in rows if row.name == name), "")
        for part in (self.picture, self._table):
            part.setProperty("concept", kind)
        self.lesson.show_concepts(kind)

    @Slot()
    def _report_split(self) -> None:
        above, below = self._split.sizes()
        self.split_moved.emit(round(100 * above / max(1, above + below)))
