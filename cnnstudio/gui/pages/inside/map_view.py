"""“Map of the data”: test images as a layer sees them, laid out so that like ones lie side by side."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from pyqtgraph.graphicsItems.ScatterPlotItem import drawSymbol
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QSizePolicy
from typing_extensions import override

from cnnstudio.data.library import find_dataset, list_datasets
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.errors import StudioError
from cnnstudio.explaining.data_map import MAPS, Layout, PcaLayout, map_table
from cnnstudio.explaining.embedding import Embedding, embed, embedded_layers, numbers_of, penultimate_layer
from cnnstudio.explaining.map_process import MapProcess
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.gui.controls.buttons import chip, chip_group, tool_button
from cnnstudio.gui.controls.describe import breakable, describe, label, unbroken
from cnnstudio.gui.controls.forms import WheelGuard, caption, combo, set_value
from cnnstudio.gui.controls.layouts import ButtonRows, column, row
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GAP, GRID
from cnnstudio.gui.pages.choosers.names import title_of_dataset
from cnnstudio.gui.pages.choosers.network_input.session import Answer, Picture, TestImage, dataset_of
from cnnstudio.gui.pages.inside.nearest_row import NearestRow, Neighbour
from cnnstudio.gui.pages.inside.view import Extra, OpenNetwork, Subject, View
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.charts.scatter_map import Dots, Errors, Pin, ScatterMap, class_colour, class_symbol
from cnnstudio.gui.widgets.items import NONE
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.progress import ending_with
from cnnstudio.training.evaluation import in_order
from cnnstudio.wording import certainty, percent, shape, size

NEIGHBOURS = 8
"""Of the image of the page, which are shown."""

KEPT_BYTES = 2**28
"""What the vectors of the maps that are kept may take together."""

PROCESSES = 2
"""So many stay to place images in their maps; each takes some hundred megabytes."""

_LEGEND_WIDTH = 17 * GRID

_LOW = 54 * GRID
"""Height below which the texts under the map are left out."""

_METHOD = "inside/map"

_ABOUT_ERRORS = "The images that the network gets wrong."

ERRORS = {
    Errors.MARKED.value: ("Errors", "Each has a red ring."),
    Errors.ONLY.value: ("Only errors", "All others are left out."),
    Errors.UNMARKED.value: ("No rings", "Errors look like all other images: rings hide these where there are many."),
}
"""How errors are shown, with what the list says of each."""


@dataclass(frozen=True)
class Wish:
    """Of what a map is wanted.

    Attributes:
        dataset: the name of a data set; empty for the one that the network was trained on.
        layer: the name of a layer.
    """

    dataset: str
    layer: str


@dataclass(frozen=True, eq=False)
class Kept:
    """What was computed of a layer and a data set.

    Attributes:
        key: by which it is found again.
        embedding: the images as the layer sees them.
        layouts: the maps of it, by their method.
    """

    key: tuple[object, ...]
    embedding: Embedding
    layouts: dict[str, Layout] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Landing:
    """Where an image lands in an embedding.

    Attributes:
        embedding: which.
        coordinates: (1, components), of the image.
        rows: of the nearest images, the nearest first.
        distances: of these.
    """

    embedding: Embedding
    coordinates: np.ndarray
    rows: np.ndarray
    distances: np.ndarray


class MapView(View):
    """A map of test images, with the image of the page in it.

    Attributes:
        map: the map.
        nearest: the images nearest to that of the page.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._scores: ClassScores | None = None
        self._subject: Subject | None = None
        self._landing: Landing | None = None
        self._asked: Answer | None = None
        """For which image the page was asked to look anew."""
        self._kept: OrderedDict[tuple[object, ...], Kept] = OrderedDict()
        self._shown: Kept | None = None
        self._method = self.settings.recall(_METHOD, next(iter(MAPS)), "the map shown last", MAPS.__contains__)
        self._drawn = ""
        """The method of the map that is drawn: another one while that which is wanted is being computed."""
        self._work = ProgressPanel("map", "Making the map", "Stops; a map that is there stays.")
        self._work.finished.connect(self._take)
        self._work.failed.connect(self._fail)
        self._work.cancelled.connect(self._stopped)
        self._placing = LatestTask(self)
        self._placing.finished.connect(self._take_place)
        self._listing = LatestTask(self)
        self._listing.finished.connect(self._offer_datasets)
        self._listing.failed.connect(self.failed)
        self._build()

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer of the map."""
        return () if self._shown is None else (self._shown.embedding.layer,)

    @property
    def extra(self) -> Extra | None:
        """Where an image lands."""
        return None if self._shown is None else partial(_land, self._shown.embedding)

    @property
    def embedding(self) -> Embedding | None:
        """What the map shows."""
        return None if self._shown is None else self._shown.embedding

    @property
    def method(self) -> str:
        """The method of the map that is drawn, a key of `MAPS`; empty where there is none."""
        return self._drawn

    @property
    def landing(self) -> Landing | None:
        """Where the image of the page has landed."""
        return self._landing

    def set_network(self, network: OpenNetwork | None) -> None:
        """Makes the map of another network."""
        self._scores = None if network is None else network.scores
        self._subject = None
        self._clear()
        with QSignalBlocker(self._layer), QSignalBlocker(self._dataset):
            self._layer.clear()
            self._dataset.clear()
            if self._scores is not None:
                self._offer_layers(self._scores.classifier)
        if network is not None:
            self._listing.submit(list_datasets)
            self._embed()

    def show_subject(self, subject: Subject) -> None:
        """Shows where another image lands."""
        self._subject = subject
        landing = subject.extra if isinstance(subject.extra, Landing) else None
        self._landing = landing if landing is not None and landing.embedding is self.embedding else None
        self._draw_pin()
        if self._landing is None:
            self._ask_for_landing()

    def forget(self) -> None:
        """Takes the image off the map."""
        self._subject = self._landing = None
        self._draw_pin()

    def go_back(self) -> bool:
        """Lets all classes stand out again, or shows all of the map again."""
        if self.map.chosen_class != NONE:
            self._legend.clearSelection()
        elif self.map.zoomed:
            self.map.fit()
        else:
            return False
        return True

    def shut_down(self) -> None:
        """Ends what is being computed, and the processes that place images."""
        self._work.shut_down()
        for kept in self._kept.values():
            _end_processes(kept)
        for task in (self._placing, self._listing):
            task.shut_down()

    def _build(self) -> None:
        self._dataset = combo("map_dataset", "Images of", "Whose test images are the dots: up to 10,000 of them.", {})
        self._layer = combo(
            "map_layer",
            "Layer",
            "The deeper the layer, the better it tells the classes apart; the first ones go by brightness and place.",
            {},
        )
        for box, place in ((self._dataset, 14), (self._layer, 14)):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(place * GRID)
            box.currentIndexChanged.connect(self._embed)
        self._errors = combo("map_errors", "Errors", _ABOUT_ERRORS, ERRORS)
        self._errors.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # their number comes later
        self._errors.currentIndexChanged.connect(self._show_errors)
        WheelGuard(self, self._dataset, self._layer, self._errors)
        bar = row(caption(self._dataset), (self._dataset, 1), caption(self._layer), (self._layer, 1), gap=GRID)
        methods = [chip(f"map_{one.name}", one.title, f"{one.tells} {one.limits}") for one in MAPS.values()]
        chip_group(self, methods, lambda number: self.show_method(list(MAPS)[number]))
        methods[list(MAPS).index(self._method)].setChecked(True)
        self._chips = ButtonRows([*methods, self._errors])
        self.map = ScatterMap()
        fit = tool_button("map_fit", "Show all", "Shows the whole map again. (Home)", "reset", self.map.fit)
        self.map.set_placeholder("The map appears here.")
        self.map.activated.connect(self._take_dot)
        self.map.failed.connect(self._say)
        self._legend = describe(
            QListWidget(),
            "map_legend",
            "Classes",
            "What colours and symbols mean. Click a class to let it stand out, and again to see all alike.",
        )
        self._legend.setProperty("role", "navigation")
        self._legend.setFixedWidth(_LEGEND_WIDTH)
        self._legend.setIconSize(QSize(2 * GRID, 2 * GRID))
        self._legend.setSelectionMode(QListWidget.SelectionMode.SingleSelection)
        self._legend.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._legend.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._legend.itemPressed.connect(self._press_class)
        self._legend.itemSelectionChanged.connect(self._choose_class)
        self._pressed: QListWidgetItem | None = None
        self._state = label(role="secondary", name="map_state")
        self._words = label(role="small", name="map_words")
        self._nearest_title = label("", "strong", "nearest_title", plain=True)
        self.nearest = NearestRow()
        self.nearest.pointed.connect(self.map.mark)
        self.nearest.taken.connect(self._take_dot)
        chips = row((self._chips, 1), (fit, 0, Qt.AlignmentFlag.AlignTop), gap=GRID)
        self.setLayout(
            column(
                bar,
                chips,
                self._state,
                (row((self.map, 1), self._legend, gap=2 * GRID), 1),
                self._work,
                self._words,
                self._nearest_title,
                self.nearest,
                gap=GAP,
            )
        )
        self._say("")
        self._clear()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window, the map needs the room of what is said in tooltips, too."""
        super().resizeEvent(event)
        self._chips.fit(self.width() - 6 * GRID)
        for text in (self._words, self._nearest_title):
            text.setVisible(self.height() >= _LOW)

    def _offer_layers(self, classifier: Classifier) -> None:
        for layer in embedded_layers(classifier):
            numbers = numbers_of(layer)
            means = "" if numbers == int(np.prod(layer.shape)) else ", the mean of each feature map"
            self._layer.addItem(f"{layer.name}  {shape(layer.shape)}", layer.name)
            tip = f"{numbers:,} numbers for an image{means}."
            self._layer.setItemData(self._layer.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._layer.setCurrentIndex(self._layer.findData(penultimate_layer(classifier)))
        title = title_of_dataset(classifier.card)
        self._dataset.addItem(title or "Its own data set", "")

    @Slot(object)
    def _offer_datasets(self, entries: list[DatasetEntry]) -> None:
        """Offers the data sets of the library besides that of the network."""
        if self._scores is None:
            return
        own, chosen = self._scores.classifier.card.dataset, self._dataset.currentData()
        with QSignalBlocker(self._dataset):
            while self._dataset.count() > 1:
                self._dataset.removeItem(1)
            for entry in entries:
                if own not in (entry.name, str(entry.path)):
                    self._dataset.addItem(entry.title, entry.name)
            self._dataset.setCurrentIndex(max(0, self._dataset.findData(chosen)))

    # Computing.

    @Slot()
    def _embed(self) -> None:
        """Shows the images to the network, unless it has seen them before."""
        self._clear()
        if self._scores is None or not self._layer.currentData():
            return
        wish = Wish(self._dataset.currentData() or "", self._layer.currentData())
        self._say("")
        self._work.run(partial(_find, self._scores, wish, dict(self._kept)), "Loading the test images …")

    @Slot(str)
    def show_method(self, name: str) -> None:
        """Shows another map, a key of `MAPS`; at once where it was made before."""
        self._method = name
        self.settings.remember(_METHOD, name)
        self._lay_out()

    def _lay_out(self) -> None:
        shown, method = self._shown, MAPS[self._method]
        if shown is None:
            return
        self._work.drop()
        self._say("")
        if self._method in shown.layouts:
            self._draw(self._method)
            return
        if not self._drawn:
            self._draw("pca")  # something to look at meanwhile
        if method.why_not:
            self._say(method.why_not)
            return
        self._say(f"Until {method.title} is done, this is the map by {MAPS[self._drawn].title}.")
        self._work.run(partial(_lay_out, shown, self._method), f"Starting {method.title} …")

    @Slot(object)
    def _take(self, found: "Kept | tuple[Kept, str, MapProcess]") -> None:
        if isinstance(found, Kept):
            self._shown = found
            self._keep(found)
            self._landing = self._asked = None
            self._fill_legend()
            self._lay_out()
            return
        kept, method, layout = found
        kept.layouts[method] = layout
        self._end_old_processes(layout)
        if kept is self._shown and method == self._method:
            self._say("")
            self._draw(method)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._say(str(error) if isinstance(error, StudioError) else "The map could not be made.")
        if not isinstance(error, StudioError):
            self.failed.emit(error)

    @Slot()
    def _stopped(self) -> None:
        if self._shown is None:
            self._say("Stopped. Choose a layer to begin anew.")
        else:
            title = MAPS[self._method].title
            self._say(f"Stopped: this is the map by {MAPS[self._drawn].title}. Choose {title} again to begin anew.")

    def _keep(self, kept: Kept) -> None:
        """Keeps what was computed for this session, the newest first; what is too much is forgotten."""
        self._kept[kept.key] = kept
        self._kept.move_to_end(kept.key)
        while len(self._kept) > 1 and sum(one.embedding.vectors.nbytes for one in self._kept.values()) > KEPT_BYTES:
            _end_processes(self._kept.popitem(last=False)[1])

    def _end_old_processes(self, newest: Layout) -> None:
        """Ends the processes that are too many; their maps stay."""
        running = [
            layout
            for kept in self._kept.values()
            for layout in kept.layouts.values()
            if isinstance(layout, MapProcess) and layout.running and layout is not newest
        ]
        for layout in running[: len(running) + 1 - PROCESSES]:
            layout.close()

    # Drawing.

    def _clear(self) -> None:
        self._work.drop()
        self._shown = self._landing = self._asked = None
        self._drawn = ""
        self.map.set_dots(None)
        self._legend.clear()
        self._tell_errors(None)
        self._words.setText("")
        self._draw_pin()

    def _fill_legend(self) -> None:
        embedding = self.embedding
        assert embedding is not None
        counts = np.bincount(embedding.labels, minlength=len(embedding.dataset.classes))
        with QSignalBlocker(self._legend):
            self._legend.clear()
            for number, (name, count) in enumerate(zip(embedding.dataset.classes, counts, strict=True)):
                item = QListWidgetItem(_symbol_icon(number), name)
                item.setToolTip(f"{name}: {count:,} images")
                self._legend.addItem(item)

    def _draw(self, method: str) -> None:
        """Draws a map that was computed."""
        shown = self._shown
        assert shown is not None
        embedding, again = shown.embedding, bool(self._drawn)
        self._drawn = method
        positions = shown.layouts[method].positions
        wrong = np.zeros(len(embedding), bool) if embedding.wrong is None else embedding.wrong
        self.map.set_dots(
            Dots(
                positions,
                embedding.labels,
                embedding.dataset.classes,
                wrong,
                lambda number: np.asarray(embedding.dataset.test.images[int(embedding.places[number])]),
                partial(_caption, embedding),
                lambda: map_table(embedding, positions),
            ),
            same_images=again,
        )
        self._tell_errors(embedding)
        self._chips.fit(self.width() - 6 * GRID)
        entry = MAPS[method]
        numbers = embedding.vectors.shape[1]
        shares = f" Here these two directions hold {percent(embedding.components.shares[:2].sum(), 0)} of what differs."
        self._words.setText(
            breakable(f"{entry.title} of the {numbers:,} numbers of “{embedding.layer}”. {entry.tells} {entry.limits}")
            + (shares if entry.at_once else "")
        )
        self._draw_pin()
        if self._landing is None:
            self._ask_for_landing()
        else:
            self._ask_for_place()

    def _tell_errors(self, embedding: Embedding | None) -> None:
        """How many there are, or why it cannot be said what is one; None: there is no map."""
        wrong = None if embedding is None else embedding.wrong
        count = 0 if wrong is None else int(wrong.sum())
        if not count:
            set_value(self._errors, Errors.MARKED.value)
        self._errors.setEnabled(count > 0)
        text = ERRORS[Errors.MARKED.value][0]
        self._errors.setItemText(0, text if wrong is None else f"{text} ({count:,})")
        why = "" if embedding is None or wrong is not None else " This network has other classes than these images."
        self._errors.setToolTip(f"<p>{_ABOUT_ERRORS}{why}</p>")

    @Slot()
    def _show_errors(self) -> None:
        self.map.show_errors(Errors(self._errors.currentData()))

    @Slot(QListWidgetItem)
    def _press_class(self, item: QListWidgetItem) -> None:
        """A class that is chosen already is chosen no longer."""
        if self._pressed is item:
            self._legend.clearSelection()
            self._pressed = None
        else:
            self._pressed = item

    @Slot()
    def _choose_class(self) -> None:
        chosen = self._legend.selectedIndexes()
        if not chosen:
            self._pressed = None
        self.map.set_class(chosen[0].row() if chosen else NONE)

    # The image of the page.

    def _ask_for_landing(self) -> None:
        """Has the page compute where its image lands, once for each."""
        subject = self._subject
        if subject is not None and self._shown is not None and self._asked is not subject.answer:
            self._asked = subject.answer
            self.layers_wanted.emit()

    def _ask_for_place(self) -> None:
        """Has the process of the map say where it would put the image."""
        layout = None if self._shown is None else self._shown.layouts.get(self._drawn)
        if isinstance(layout, MapProcess) and layout.running and self._landing is not None:
            self._placing.submit(_place, layout, self._landing)

    def _draw_pin(self) -> None:
        """Pins the image of the page among its neighbours, or where the map itself puts it."""
        landing, subject, shown = self._landing, self._subject, self._shown
        if landing is None or subject is None or shown is None or not self._drawn:
            self.map.set_pin(None)
            self.nearest.set_neighbours(())
            self._nearest_title.setText("")
            return
        layout = shown.layouts[self._drawn]
        amid = np.median(layout.positions[landing.rows], axis=0)
        self._pin_at(layout.place(landing.coordinates)[0] if isinstance(layout, PcaLayout) else amid)
        embedding = landing.embedding
        self.nearest.set_neighbours(
            [
                Neighbour(
                    number,
                    np.asarray(embedding.dataset.test.images[int(embedding.places[number])]),
                    int(embedding.labels[number]),
                    embedding.dataset.classes[embedding.labels[number]],
                    distance,
                )
                for number, distance in zip(landing.rows.tolist(), landing.distances.tolist(), strict=True)
            ]
        )
        self._nearest_title.setText("Nearest to your image in all numbers of the layer, with their distances")
        self._ask_for_place()

    def _pin_at(self, position: np.ndarray) -> None:
        assert self._landing is not None
        assert self._subject is not None
        self.map.set_pin(Pin(self._subject.image, position, self._landing.rows))

    @Slot(object)
    def _take_place(self, placed: "tuple[MapProcess, Landing, np.ndarray | None]") -> None:
        layout, landing, position = placed
        shown = self._shown
        if position is not None and landing is self._landing and shown and shown.layouts.get(self._drawn) is layout:
            self._pin_at(position)

    @Slot(int)
    def _take_dot(self, number: int) -> None:
        """Takes a test image as the image of the page."""
        embedding = self.embedding
        if embedding is None or self._scores is None:
            return
        place, test = int(embedding.places[number]), embedding.dataset.test
        try:
            image = np.asarray(test.images[place])
        except OSError as error:
            self.failed.emit(error)
            return
        if self._dataset.currentData():
            self.image_wanted.emit(Picture(image))
            return
        names = embedding.dataset.name_of_file
        file = names(test, place) if names is not None else ""
        self.image_wanted.emit(TestImage(image, int(test.labels[place]), place, file))

    @Slot(str)
    def _say(self, text: str) -> None:
        self._state.setText(text)
        self._state.setVisible(bool(text))


def _symbol_icon(number: int) -> QIcon:
    """The dot of a class, larger."""
    picture = QPixmap(4 * GRID, 4 * GRID)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(2 * GRID, 2 * GRID)
    drawSymbol(painter, class_symbol(number), 2.5 * GRID, Qt.PenStyle.NoPen, class_colour(number))
    painter.end()
    return QIcon(picture)


def _caption(embedding: Embedding, number: int) -> str:
    """What an image is, and what the network says of it."""
    name = embedding.dataset.classes[embedding.labels[number]]
    answer, certain = embedding.answered_classes[embedding.answers[number]], certainty(embedding.probabilities[number])
    if embedding.wrong is None or embedding.wrong[number]:
        return unbroken(f"{name}. The network says {answer} ({certain}).")
    return unbroken(f"{name}, as the network says ({certain}).")


def _land(embedding: Embedding, classifier: Classifier, answer: Answer) -> Landing | None:
    """Where an image lands; None where the layer's output is not there."""
    prediction = answer.prediction
    output = next((one for one in prediction.layers if one.name == embedding.layer), None) if prediction else None
    if output is None:
        return None
    vector = embedding.vector_of(output.values)
    rows, distances = embedding.nearest(vector, NEIGHBOURS + 1)
    others = np.ones(len(rows), bool)
    if isinstance(answer.input, TestImage) and embedding.dataset.name == classifier.card.dataset:
        others = embedding.places[rows] != answer.input.index  # it is no neighbour of its own
    rows, distances = rows[others][:NEIGHBOURS], distances[others][:NEIGHBOURS]
    return Landing(embedding, embedding.components.of(vector[np.newaxis]), rows, distances)


def _place(layout: MapProcess, landing: Landing) -> tuple[MapProcess, Landing, np.ndarray | None]:
    """Where the process of a map puts an image; None where it has ended."""
    try:
        return layout, landing, layout.place(landing.coordinates)[0]
    except StudioError:
        return layout, landing, None


def _end_processes(kept: Kept) -> None:
    for layout in kept.layouts.values():
        if isinstance(layout, MapProcess):
            layout.close()


def _find(
    scores: ClassScores,
    wish: Wish,
    kept: Mapping[tuple[object, ...], Kept],
    on_event: Callable[[object], object],
    stop: threading.Event,
) -> Kept:
    """What is known of a layer and a data set, or what is found by showing the images to the network."""
    tell = ending_with(stop, on_event)
    classifier = scores.classifier
    entry = in_order(_entry(classifier.card, wish.dataset), classifier.classes)
    facts = entry.name, str(entry.path), entry.test_images, entry.image_shape
    key = (_fingerprint(scores), *facts, wish.layer)
    if key in kept:
        return kept[key]
    dataset = entry.load(tell)
    if dataset.name_of_file is not None and len(dataset.test):
        dataset.name_of_file(dataset.test, 0)  # lists the folder here, in this thread
    embedding = embed(scores, dataset, wish.layer, on_progress=tell)
    embedding.nearest(embedding.vectors[0], 1)  # what this needs once is computed here
    return Kept(key, embedding, {"pca": PcaLayout(embedding.coordinates)})


def _entry(card: Card, name: str) -> DatasetEntry:
    """The data set that was chosen, or that the network was trained on, in its size of images.

    Raises:
        StudioError: it is not here, or its images do not fit.
    """
    if name:
        height, width, channels = card.input_shape
        entry: DatasetEntry | None = find_dataset(name)
        assert entry is not None
        if entry.path is not None:  # images of one's own come in any size
            entry = find_dataset(name, height if height == width else None, channels)
    else:
        entry = dataset_of(card)
    if entry is None:
        why = "does not say on which images it was trained" if not card.dataset else (
            f"was trained on {title_of_dataset(card)}, which is not here"
        )  # fmt: skip
        raise StudioError(f"This network {why}. Choose other images above, or bring them on the Data page.")
    if entry.image_shape != card.input_shape:
        raise StudioError(
            f"This network takes images of {shape(card.input_shape)}, but those of {entry.title} are "
            f"{shape(entry.image_shape)}: choose other images."
        )
    if not entry.is_here():
        raise StudioError(
            f"The test images of {entry.title} are not here yet ({size(entry.download_bytes)}): download them on the "
            "Data page, then come back."
        )
    return entry


def _fingerprint(scores: ClassScores) -> str:
    """What tells the weights of a network from those of all others."""
    digest = hashlib.sha1(usedforsecurity=False)
    with scores.lock:
        for variable in scores.classifier.model.variables:
            digest.update(np.ascontiguousarray(variable).data)
    return digest.hexdigest()


def _lay_out(
    kept: Kept, method: str, on_event: Callable[[object], object], stop: threading.Event
) -> tuple[Kept, str, MapProcess]:
    """Lays the images out in a process of its own."""
    return kept, method, MapProcess(method, kept.embedding.coordinates, ending_with(stop, on_event))
