"""The kernels of every convolution: as pictures and as numbers, what training made of them, and histograms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Slot
from PySide6.QtGui import QBrush, QColor, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QPushButton, QStackedWidget, QTableView
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import chip, chip_group
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import combo
from cnnstudio.gui.controls.layouts import STRETCH, ButtonRows, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.garbage import unowned
from cnnstudio.gui.look.theme import GAP, GRID, colormap_table
from cnnstudio.gui.pages.inside.view import OpenNetwork, Subject, View
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.charts.histogram import Histogram
from cnnstudio.gui.widgets.maps.colour_scale import format_value, limits_of
from cnnstudio.gui.widgets.maps.map_row import MapRow
from cnnstudio.models.backend import take_apart
from cnnstudio.models.layer_kinds import group_of
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import kernel_of
from cnnstudio.wording import counted, numbered

ORDERS: dict[str, tuple[str, str]] = {
    "own": ("As they are", "In the order in which the layer has its filters."),
    "norm": ("By norm", "The filters with the largest weights first: the length of all weights of a filter together."),
    "similar": ("By similarity", "Each filter beside the one that is most like it, whatever its size."),
}
"""Orders of filters: the title, and what one sees in it."""

_WHAT: dict[str, tuple[str, str]] = {
    "weights": ("Weights", "The weights as they are now."),
    "change": ("Change since the start", "What training added to the weights with which it began."),
}

_WEIGHTS = "Weights", "weight"
"""The titles of their histogram and of its axis."""

_PAUSE = 400
"""Milliseconds without another image after which the gradients are computed, which take longer than the pen waits."""

_LARGEST_PICTURE = 2**20
"""Of a layer with more weights, so many are shown as pictures."""


def filters_of(kernel: np.ndarray, kind: str) -> np.ndarray:
    """The filters of a convolution, (height, width, channels that each sees, filters), from Keras's own kernel."""
    if kind in ("DepthwiseConv2D", "SeparableConv2D"):
        return kernel.reshape(*kernel.shape[:2], 1, -1)
    return kernel.transpose(0, 1, 3, 2) if kind == "Conv2DTranspose" else kernel


def ordered(filters: np.ndarray, order: str) -> list[int]:
    """The numbers of filters in an order, a key of `ORDERS`."""
    count = filters.shape[-1]
    if order == "own":
        return list(range(count))
    rows = np.nan_to_num(filters.reshape(-1, count).T)
    norms = np.linalg.norm(rows, axis=1)
    if order == "norm":
        return [int(number) for number in np.argsort(-norms, kind="stable")]
    units = rows / np.where(norms > 0, norms, 1)[:, np.newaxis]
    likeness = units @ units.T
    chain = [int(norms.argmax())]
    for _ in range(count - 1):  # each beside the nearest of those that are left
        likeness[:, chain[-1]] = -np.inf
        chain.append(int(likeness[chain[-1]].argmax()))
    return chain


class KernelTable(QAbstractTableModel):
    """The weights of one filter as a table: a line for each row of each kernel."""

    def __init__(self) -> None:
        super().__init__()
        self._filter = np.zeros((0, 0, 0), np.float32)
        self._limit = 1.0

    def show_filter(self, weights: np.ndarray, limit: float) -> None:
        """Shows a filter, (height, width, channels); `limit`: the size of the numbers at the ends of the colours."""
        self.beginResetModel()
        self._filter, self._limit = weights, limit or 1.0
        self.endResetModel()

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own
        return 0 if parent.isValid() else self._filter.shape[0] * self._filter.shape[2]

    @override
    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own
        return 0 if parent.isValid() else self._filter.shape[1]

    @override
    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        channel, line = divmod(index.row(), max(1, self._filter.shape[0]))
        value = float(self._filter[line, index.column(), channel])
        if role == Qt.ItemDataRole.DisplayRole:
            return _written(value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role == Qt.ItemDataRole.BackgroundRole and np.isfinite(value):
            shade = round(127.5 + 127.5 * min(max(value / self._limit, -1), 1))
            return QBrush(QColor.fromRgb(int(colormap_table("diverging")[shade])))
        if role == Qt.ItemDataRole.ForegroundRole and np.isfinite(value):
            return QBrush(QColor("#ffffff" if abs(value) > 0.6 * self._limit else "#000000"))
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return str(section)
        channel, line = divmod(section, max(1, self._filter.shape[0]))
        return f"{numbered('input map', channel)}, {numbered('row', line)}"


def _written(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


@dataclass(frozen=True, eq=False)
class _Gradient:
    subject: Subject
    layer: str
    values: np.ndarray | None


@dataclass(frozen=True)
class _Wish:
    """Of which filters the order by similarity is wanted."""

    network: OpenNetwork | None
    layer: str
    what: str


class _Pictures(ScrollColumn):
    """Scrolls the pictures of kernels, which are as large as there is room for all of them."""

    def __init__(self, pictures: MapRow) -> None:
        super().__init__()
        self._pictures = pictures
        self.set_content(column(pictures, STRETCH))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._pictures.grow_into(self.viewport().height())


class KernelsView(View):
    """One convolution after the other: its filters, and how its numbers are distributed."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._network: OpenNetwork | None = None
        self._subject: Subject | None = None
        self._filters: dict[str, np.ndarray] = {}
        self._start: Mapping[str, np.ndarray] | None = None
        self._order_shown: list[int] = []
        self._wish: _Wish | None = None
        self._found: tuple[_Wish, list[int]] | None = None
        """The order by similarity that was found last."""
        self._ordering = LatestTask(self)
        self._ordering.finished.connect(self._take_order)
        self._ordering.failed.connect(self.failed)
        self._read_for: OpenNetwork | None = None
        """The network whose start was asked for."""
        self._reading = LatestTask(self)
        self._reading.finished.connect(self._take_start)
        self._reading.failed.connect(self._no_start)
        self._gradients = LatestTask(self)
        self._gradients.finished.connect(self._show_gradient)
        self._gradients.failed.connect(self._gradient_failed)
        self._soon = QTimer(self, singleShot=True, interval=_PAUSE)
        self._soon.timeout.connect(self._ask_gradient)
        self._layer = combo("kernel_layer_combo", "Layer", "The convolution whose filters are shown.", {})
        self._layer.setMinimumContentsLength(16)
        self._layer.currentIndexChanged.connect(self._choose_layer)
        self._what = combo("kernel_what_combo", "Show", "What is shown of the filters.", _WHAT)
        self._what.currentIndexChanged.connect(self._refresh)
        self._order = combo("kernel_order_combo", "Order", "In which order the filters are shown.", ORDERS)
        self._order.currentIndexChanged.connect(self._refresh)
        chips = [
            chip("kernels_as_pictures", "Picture&s", "Each kernel is a picture: blue is negative, red positive."),
            chip("kernels_as_numbers", "Num&bers", "The weights of one filter, to four decimals."),
        ]
        self._forms = QStackedWidget()
        chip_group(self, chips, self._forms.setCurrentIndex)
        self._note = label("", "secondary", "kernels_note")
        self._build(chips)

    def _build(self, chips: Sequence[QPushButton]) -> None:
        self._row = MapRow("diverging", "kernel", times=2, called=unowned(self._name_of))
        self._row.setObjectName("kernel_pictures")
        self._table = KernelTable()
        table = describe(QTableView(), "kernel_numbers", "Weights of a filter", "A line for each row of each kernel.")
        table.setModel(self._table)
        # Resizing to contents would ask for a thousand numbers whenever the table is laid out.
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._numbers = table
        self._number = WholeBox(1, 1)
        self._number.setPrefix("No. ")
        self._number.setWrapping(True)
        self._number.setMinimumWidth(24 * GRID)
        tip = "Which filter's weights are written out, by its place in the order that is chosen."
        describe(self._number, "filter_place", "Place of the filter", tip)
        self._number.valueChanged.connect(self._show_numbers)
        self._norm = label("", "secondary", "filter_norm")
        self._forms.addWidget(_Pictures(self._row))
        self._forms.addWidget(widget_of(column(row(self._number, (self._norm, 1)), (table, 1))))
        self._weights = Histogram(
            "weights_histogram",
            *_WEIGHTS,
            "How large the weights are. After training most are near 0 and some are far from it.",
            0,
        )
        self._activations = Histogram(
            "activations_histogram",
            "Activations",
            "output for this image",
            "What the layer answers to the image. Many zeros after a ReLU are usual; only zeros mean that it is dead.",
            2,
        )
        self._gradient = Histogram(
            "gradients_histogram",
            "Gradients",
            "slope of the loss",
            "How the loss of the answer changes with each weight. Where all are next to 0, this image teaches nothing.",
            3,
        )
        first, second = chips
        self._choices = ButtonRows((self._layer, self._what, self._order))
        body = widget_of(
            column(
                self._choices,
                row(first, second, STRETCH),
                self._note,
                (self._forms, 3),
                (row((self._weights, 1), (self._activations, 1), (self._gradient, 1), gap=2 * GAP), 1),
            )
        )
        self._forms.setMinimumHeight(24 * GRID)
        self._body = ScrollColumn()
        self._body.set_content(body)
        self._body.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._none = label("This network has no convolution: it has no kernels to look at.", "secondary", "no_kernels")
        self._none.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setLayout(column((self._body, 1), self._none))
        self._none.hide()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """The choices stand in as many rows as they need."""
        super().resizeEvent(event)
        self._choices.fit(self.width() - 2 * GRID)  # beside the scroll bar

    @property
    def concepts(self) -> tuple[str, ...]:
        """Filters."""
        return ("filter",)

    @property
    def layers(self) -> tuple[str, ...]:
        """The one whose filters are shown, for its activations."""
        name = self._layer.currentData()
        return (name,) if self._network is not None and name else ()

    def set_network(self, network: OpenNetwork | None) -> None:
        """Lists the convolutions of another network."""
        if network is not self._network:  # a network that was closed would stay in memory
            self._read_for = self._wish = self._found = None
        self._network, self._subject = network, None
        self._filters.clear()
        self._layer.blockSignals(True)
        self._layer.clear()
        for info in network.classifier.layers if network is not None else ():
            if group_of(info.kind) == "Convolution":
                self._layer.addItem(f"{info.name}: {info.kind}", info.name)
        self._layer.blockSignals(False)
        has_any = self._layer.count() > 0 or network is None
        self._body.setVisible(has_any)
        self._none.setVisible(not has_any)
        self._allow_change(None, "")
        self._choose_layer()

    def show_subject(self, subject: Subject) -> None:
        """Shows the activations of another image, and its gradients a little later."""
        if self._network is not None and self._network is not self._read_for:
            self._read_for = self._network
            self._reading.submit(_initial_filters, self._network, subject.answer.path, subject.answer.card)
        if self._subject is None:
            self._gradient.show_values(None, "Computing …")
        self._subject = subject
        outputs = {layer.name: layer.values for layer in subject.prediction.layers}
        self._activations.show_values(outputs.get(self._layer.currentData()), "Computing …")
        if not outputs.keys() >= set(self.layers):  # it was answered for another view, or another layer
            self.layers_wanted.emit()
        self._soon.start()

    def forget(self) -> None:
        """Shows neither activations nor gradients."""
        self._subject = None
        self._soon.stop()
        for histogram in (self._activations, self._gradient):
            histogram.show_values(None, "They appear with an image.")

    def shut_down(self) -> None:
        """Waits for the gradients."""
        for task in (self._reading, self._gradients, self._ordering):
            task.shut_down()

    # The start of the training.

    @Slot(object)
    def _take_start(self, found: "tuple[OpenNetwork, Mapping[str, np.ndarray] | None, str]") -> None:
        network, start, why = found
        if network is self._network:
            self._allow_change(start, why)

    @Slot(object)
    def _no_start(self, _: Exception) -> None:
        self._allow_change(None, "How its weights were at first is not known.")

    def _allow_change(self, start: Mapping[str, np.ndarray] | None, why: str) -> None:
        self._start = start
        if start is None and self._what.currentData() != "weights":
            self._what.setCurrentIndex(0)
        self._what.setEnabled(start is not None)
        self._what.setToolTip(f"<p>{why or 'What is shown of the filters.'}</p>")

    # The filters.

    def _kernel(self) -> np.ndarray | None:
        """The filters of the layer that is chosen, or what training changed of them."""
        name = self._layer.currentData()
        if self._network is None or name is None:
            return None
        if name not in self._filters:
            layer = self._network.classifier.model.get_layer(name)
            kernel = kernel_of(layer)
            assert kernel is not None
            self._filters[name] = filters_of(np.asarray(kernel), type(layer).__name__)
        start = self._start_of(name)
        return self._filters[name] if start is None else self._filters[name] - start

    def _start_of(self, name: str) -> np.ndarray | None:
        """The filters with which training began, where what it changed is to be shown."""
        start = self._start.get(name) if self._start is not None else None
        if self._what.currentData() != "change" or start is None or start.shape != self._filters[name].shape:
            return None
        return start

    @Slot()
    def _choose_layer(self) -> None:
        self._refresh()
        for histogram in (self._activations, self._gradient):
            histogram.show_values(None, "They appear with an image." if self._subject is None else "Computing …")
        self.layers_wanted.emit()

    @Slot()
    def _refresh(self) -> None:
        filters = self._kernel()
        if filters is None:
            self._row.set_values(np.zeros((1, 1, 0), np.float32))
            self._weights.show_values(None)
            self._note.setText("")
            return
        height, width, channels, count = filters.shape
        self._order_shown = self._order_of(filters)
        tiles = filters[..., self._order_shown].transpose(0, 1, 3, 2).reshape(height, width, -1)
        most = max(1, _LARGEST_PICTURE // max(1, height * width))
        changes = self._start_of(self._layer.currentData()) is not None
        what = "What training added to the weights" if changes else "The weights that slide over the maps before"
        self._row.set_header(
            self._layer.currentData(),
            f"{counted(count, 'filter')} of {counted(channels, 'kernel')} {height}×{width}",
            f"{what}: blue is negative, red positive, pale near zero. Click one to enlarge it.",
        )
        self._row.set_values(tiles[..., :most], channels)
        broken = int((~np.isfinite(filters)).sum())
        text = f"{counted(channels, 'kernel')} after each other make a filter."
        if broken:
            text = f"{broken:,} of its {filters.size:,} weights are not finite numbers: its training diverged."
        self._note.setText(text if channels > 1 or broken else "")
        self._weights.set_titles(*(("Changes", "change of a weight") if changes else _WEIGHTS))
        self._weights.show_values(filters)
        self._number.blockSignals(True)
        self._number.setRange(1, count)
        self._number.setSuffix(f" of {count:,}")
        self._number.blockSignals(False)
        self._show_numbers()

    def _order_of(self, filters: np.ndarray) -> list[int]:
        """The order that is chosen; that of the layer until the one by similarity is found, which may take long."""
        order = self._order.currentData()
        if order != "similar":
            return ordered(filters, order)
        wish = _Wish(self._network, self._layer.currentData(), self._what.currentData())
        if self._found is not None and self._found[0] == wish:
            return self._found[1]
        if wish != self._wish:
            self._wish = wish
            self._ordering.submit(_put_in_order, wish, filters)
        return ordered(filters, "own")

    @Slot(object)
    def _take_order(self, found: tuple[_Wish, list[int]]) -> None:
        if found[0].network is self._network:
            self._found, self._wish = found, None
            self._refresh()

    @Slot()
    def _show_numbers(self) -> None:
        filters = self._kernel()
        if filters is None:
            return
        number = self._order_shown[min(self._number.value(), filters.shape[-1]) - 1]
        chosen = filters[..., number]
        self._table.show_filter(chosen, limits_of(filters, "diverging")[1])
        ends = chosen[np.isfinite(chosen)]
        longest = (_written(float(end)) for end in ((ends.min(), ends.max()) if ends.size else (0.0,)))
        width = max(map(self._numbers.fontMetrics().horizontalAdvance, longest))
        self._numbers.horizontalHeader().setDefaultSectionSize(width + 2 * GAP)
        norm = format_value(float(np.linalg.norm(np.nan_to_num(chosen))))
        self._norm.setText(f"{numbered('Filter', number)} of the layer, norm {norm}")

    def _name_of(self, tile: int) -> str:
        """Which kernel of which filter a picture is."""
        filters = self._kernel()
        assert filters is not None
        place, channel = divmod(tile, filters.shape[2])
        return f"{numbered('filter', self._order_shown[place])}, {numbered('input map', channel)}"

    # Gradients.

    @Slot()
    def _ask_gradient(self) -> None:
        name = self._layer.currentData()
        if self._subject is not None and name is not None and self.isVisible():
            self._gradients.submit(_gradient, self._subject, name)

    @Slot(object)
    def _show_gradient(self, found: _Gradient) -> None:
        if found.layer == self._layer.currentData() and self._subject is not None:
            self._gradient.show_values(found.values, "This layer’s weights do not count for the answer.")

    @Slot(object)
    def _gradient_failed(self, error: Exception) -> None:
        self._gradient.show_values(None, str(error) if isinstance(error, StudioError) else "There are none.")


def _put_in_order(wish: _Wish, filters: np.ndarray) -> tuple[_Wish, list[int]]:
    return wish, ordered(filters, "similar")


def _gradient(subject: Subject, layer: str) -> _Gradient:
    with subject.lock:
        return _Gradient(subject, layer, subject.classifier.weight_gradient(subject.image, layer))


def _initial_filters(
    network: OpenNetwork, path: Path, card: Card
) -> tuple[OpenNetwork, Mapping[str, np.ndarray] | None, str]:
    """The filters of each convolution with which the training of a network began, or why they are not known."""
    from cnnstudio.training.runs import initial_model

    filters = {}
    try:
        model = initial_model(path, card)
    except StudioError as error:
        return network, None, str(error)
    for layer in model.layers:
        kernel = kernel_of(layer)
        if kernel is not None and group_of(type(layer).__name__) == "Convolution":
            filters[layer.name] = filters_of(np.asarray(kernel), type(layer).__name__)
    take_apart(model)
    return network, filters, ""
