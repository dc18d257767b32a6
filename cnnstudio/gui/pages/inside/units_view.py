"""“What does this unit like?”: the test images that excite a unit most, and the picture that was made up to do so."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QGridLayout, QSizePolicy
from typing_extensions import override

from cnnstudio.data.splits import Split
from cnnstudio.errors import StudioError
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.explaining.unit_pictures import UnitPicture, unit_picture
from cnnstudio.explaining.units import STRONGEST, Patch, Strongest, strongest_images, strongest_patches
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import WheelGuard, caption, combo, number
from cnnstudio.gui.controls.layouts import LINE_WIDTH, STRETCH, ScrollColumn, column, no_wider, row
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.controls.progress_panel import ProgressBar, ProgressPanel
from cnnstudio.gui.look.theme import GAP, GRID, LIGHT, SECTION
from cnnstudio.gui.pages.choosers.network_input.session import dataset_of
from cnnstudio.gui.pages.inside.view import OpenNetwork, View, has_units
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask, Task
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.gui.widgets.items import Cell
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.progress import ending_with
from cnnstudio.wording import COUNTING, shape

SMALL = 4 * 28 + 4
LARGE = 10 * 28 + 4
"""Sides of the pictures with their frames, in device-independent pixels."""

_MOST_TIMES = 3
"""So many times larger the pictures are at most where there is room."""

IN_A_ROW = 3


@dataclass(frozen=True, eq=False)
class Found:
    """What was found among the test images.

    Attributes:
        test: the test images.
        classes: their class names.
        strongest: of each layer, by its name.
    """

    test: Split
    classes: tuple[str, ...]
    strongest: dict[str, Strongest]


@dataclass(frozen=True, eq=False)
class Painted:
    """A picture that is being made up.

    Attributes:
        picture: as far as it is.
        answer: the unit's highest answer to it, as it is measured of the test images.
    """

    picture: UnitPicture
    answer: float


@dataclass(frozen=True, eq=False)
class Liked:
    """The images that excite one unit most.

    Attributes:
        unit: the layer and the number of the unit.
        patches: the images, the strongest first, with the parts that the unit saw.
        names: their classes.
    """

    unit: tuple[str, int]
    patches: tuple[Patch, ...]
    names: tuple[str, ...]


class PatchView(PixelView):
    """An image with a frame around what a unit saw in it; or that part alone."""

    def __init__(self, place: int) -> None:
        super().__init__(placeholder="")
        tip = "The frame is what the unit saw where it answered most: outside it no pixel counts for that answer."
        describe(self, f"liked_{place + 1}", f"Image {place + 1}", tip)
        self.setFixedSize(SMALL, SMALL)
        self._patch: Patch | None = None
        self._alone = False

    def show_patch(self, patch: Patch | None, alone: bool) -> None:
        """Shows an image, or of it only the part that the unit saw."""
        self._patch, self._alone = patch, alone
        self.set_image(None if patch is None else patch.pixels if alone else patch.image)

    @override
    def _paint_picture(self, painter: QPainter, place: QRectF) -> None:
        super()._paint_picture(painter, place)
        if self._patch is None or self._alone:
            return
        top, left, bottom, right = self._patch.box
        first: Cell = (top, left)
        begin, end = self.cell_rectangle(first), self.cell_rectangle((bottom - 1, right - 1))
        for colour, width in ((QColor(0, 0, 0, 160), 4.0), (QColor(LIGHT.accent_soft), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(begin.united(end))


class UnitsView(View):
    """One unit at a time, of any layer.

    Attributes:
        images: the pictures of the test images, the strongest first.
        picture: the picture that is made up.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._scores: ClassScores | None = None
        self._found: Found | None = None
        self._liked: Liked | None = None
        self._none_come = False
        """Whether there are no test images to be shown: there are none, or the search for them has ended early."""
        self._painting: Task | None = None
        self._stopped: Task | None = None
        """The last one that was stopped, which may take another step."""
        self._random = np.random.default_rng()
        self._search = ProgressPanel("liked", "Looking for images", "Stops looking; the picture on the right goes on.")
        self._search.finished.connect(self._take)
        self._search.failed.connect(self._search_failed)
        stopped = "Stopped. Choose another view and come back to look again."
        self._search.cancelled.connect(partial(self._show_none, stopped))
        self._patches = LatestTask(self)
        self._patches.finished.connect(self._show_liked)
        self._patches.failed.connect(self.failed)
        self._build()

    @property
    def unit(self) -> tuple[str, int]:
        """The layer and the number of the unit that is shown, from 0."""
        return self._layer.currentData() or "", self._unit.value()

    @property
    def liked(self) -> Liked | None:
        """The test images that are shown."""
        return self._liked

    def set_network(self, network: OpenNetwork | None) -> None:
        """Looks at the units of another network."""
        self._stop()
        self._search.drop()
        self._found, self._none_come = None, False
        self._scores = None if network is None else network.scores
        self._clear()
        with QSignalBlocker(self._layer):
            self._layer.clear()
            for layer in () if self._scores is None else self._scores.classifier.layers:
                if has_units(layer.kind):
                    self._layer.addItem(f"{layer.name}  {shape(layer.shape)}", layer.name)
        if self._scores is not None:
            has_colours = self._scores.classifier.input_shape[-1] == 3
            self._explanation.setText(
                "People learn most from the real images on the left. The picture on the right shows what the unit "
                f"looks for beyond them; its {'odd colours and ' if has_colours else ''}odd patterns come from how "
                "networks see, and are in no real image. A map’s picture "
                "is made to excite it everywhere at once, so a real image may excite it more in one place."
            )
            self._search.run(partial(_search, self._scores), "Loading the test images …")
        self._say("")
        self._choose_layer()

    def show_unit(self, layer: str, unit: int) -> None:
        """Shows a unit, unless nothing new is said of those of its layer."""
        place = self._layer.findData(layer)
        if place >= 0:
            self._layer.setCurrentIndex(place)
            self._unit.setValue(unit)

    def shut_down(self) -> None:
        """Stops looking and making up."""
        self._stop()
        if self._stopped is not None:
            self._stopped.wait()
        self._search.shut_down()
        self._patches.shut_down()

    def _build(self) -> None:
        self._layer = combo(
            "unit_layer",
            "Layer",
            "First layers like lines and edges, deeper ones shapes and whole things.",
            {},
        )
        self._layer.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._layer.setMinimumWidth(12 * GRID)
        self._layer.currentIndexChanged.connect(self._choose_layer)
        self._unit = number(
            WholeBox(0, 0),
            "unit_number",
            "Unit",
            f"One map of a layer, as its filter makes it, or one number of a dense layer. {COUNTING}",
        )
        self._unit.setMinimumWidth(17 * GRID)
        self._unit.valueChanged.connect(self._look)
        another = push_button(
            "another_unit_button", "&Another one", "Looks at another unit of this layer.", self._pick, picture="shuffle"
        )
        WheelGuard(self, self._layer, self._unit)
        self._layer.setMaximumWidth(LINE_WIDTH)
        bar = row(caption(self._layer), (self._layer, 1), caption(self._unit), self._unit, another, gap=GRID)
        bar.addStretch()
        self.images = [PatchView(place) for place in range(STRONGEST)]
        self._names = [label(role="small", plain=True) for _ in self.images]
        grid = QGridLayout()
        grid.setSpacing(GAP)
        for place, (image, name) in enumerate(zip(self.images, self._names, strict=True)):
            down, across = divmod(place, IN_A_ROW)
            grid.addWidget(image, 2 * down, across)
            grid.addWidget(name, 2 * down + 1, across)
        for across in range(IN_A_ROW):
            grid.setColumnMinimumWidth(across, SMALL)
        grid.setColumnStretch(IN_A_ROW, 1)
        self._alone = describe(
            QCheckBox("Only what it saw"),
            "patches_alone",
            "Only what it saw",
            "Shows of each image only the part on which the answer depends.",
        )
        self._alone.toggled.connect(self._draw)
        self._state = label(role="secondary", name="liked_state")
        left = column(
            label("The test images that excite it most", "strong"),
            self._state,
            grid,
            self._alone,
            STRETCH,
            gap=GAP,
        )
        self.picture = PixelView(placeholder="")
        describe(
            self.picture,
            "unit_picture",
            "Made-up picture",
            "No camera took it: it was changed step by step until the unit answered as strongly as it can.",
        )
        self.picture.setFixedSize(LARGE, LARGE)
        self._progress = ProgressBar("unit_progress", "Making up a picture", "How many steps are done.")
        self._progress.setFixedWidth(LARGE)
        self._value = label(role="small", name="unit_value")
        self._button = push_button("unit_button", "&Stop", "Stops here, or begins anew.", self._stop_or_start)
        right = column(
            label("A picture made up to excite it", "strong"),
            self.picture,
            self._progress,
            self._value,
            row(self._button, STRETCH),
            STRETCH,
            gap=GAP,
        )
        self._explanation = label(role="secondary", name="units_explanation")
        self._sides = row(left, right, STRETCH, gap=2 * SECTION)
        scroll = ScrollColumn()
        scroll.set_content(column(self._sides, no_wider(self._explanation, LINE_WIDTH), STRETCH, gap=2 * GRID))
        self.setLayout(column(bar, (scroll, 1), self._search, gap=2 * GRID))
        self._clear()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """The two parts stand beside each other where there is room, and are larger where there is more."""
        super().resizeEvent(event)
        needed = IN_A_ROW * (SMALL + GAP) + 2 * SECTION + LARGE + 2 * GRID
        narrow = self.width() < needed
        rows = STRONGEST // IN_A_ROW
        larger = min(self.width() / needed, self.height() / (rows * (SMALL + 5 * GRID) + 22 * GRID), _MOST_TIMES)
        pixel = int(4 * max(1.0, larger))  # so large is one of MNIST's
        for image in self.images:
            image.setFixedSize(28 * pixel + 4, 28 * pixel + 4)
        side = 28 * (5 * pixel // 2) + 4
        self.picture.setFixedSize(side, side)
        self._progress.setFixedWidth(side)
        self._sides.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    @Slot()
    def _choose_layer(self) -> None:
        count = 1
        if self._scores is not None and self._layer.currentData():
            count = next(
                layer.shape[-1] for layer in self._scores.classifier.layers if layer.name == self._layer.currentData()
            )
        with QSignalBlocker(self._unit):
            self._unit.show_indices(count)
            self._unit.setValue(0)
        self._look()

    @Slot()
    def _pick(self) -> None:
        others = self._unit.maximum()
        if others:
            self._unit.setValue((self._unit.value() + 1 + int(self._random.integers(others))) % (others + 1))

    @Slot()
    def _look(self) -> None:
        """Shows another unit: its images where they are known, and a picture that begins anew."""
        self._clear()
        layer, unit = self.unit
        if self._scores is None or not layer:
            return
        if self._found is not None:
            self._patches.submit(_liked, self._scores, self._found, layer, unit)
        if self.isVisible():
            self._start()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._painting is None and self._scores is not None and self.picture.image is None:
            self._start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        """What nobody sees is not made up."""
        super().hideEvent(event)
        self._stop()

    def _start(self) -> None:
        self._stop()
        layer, unit = self.unit
        if self._scores is None or not layer:
            return
        self.picture.set_placeholder("…")
        self._progress.show_part(0, None)
        self._progress.show()
        self._button.setText("&Stop")
        self._button.setEnabled(True)
        self._painting = Task(partial(_paint, self._scores, layer, unit), self)
        self._painting.reported.connect(self._show_picture)
        self._painting.finished.connect(self._end)
        self._painting.failed.connect(self._fail)
        self._painting.start()

    def _stop(self) -> None:
        if self._painting is not None:
            self._painting.drop()
            self._stopped = self._painting
            self._end()

    @Slot()
    def _stop_or_start(self) -> None:
        if self._painting is None:
            self._start()
        else:
            self._stop()
            self.picture.set_placeholder("Stopped before the first step.")

    @Slot()
    def _end(self) -> None:
        self._painting = None
        self._progress.hide()
        self._button.setText("&Begin anew")

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._end()
        self.picture.set_placeholder("There is none.")
        self._value.setText(str(error) if isinstance(error, StudioError) else "")
        if not isinstance(error, StudioError):
            self.failed.emit(error)

    @Slot(object)
    def _show_picture(self, painted: Painted) -> None:
        made = painted.picture
        self.picture.set_image(made.image)
        self._progress.show_part(made.step, made.steps)
        self._value.setText(f"Step {made.step} of {made.steps}. It answers {format_value(painted.answer)}.")

    @Slot(object)
    def _take(self, found: Found | str) -> None:
        if isinstance(found, str):
            self._show_none(found)
            return
        self._found = found
        self._say("")
        layer, unit = self.unit
        if self._scores is not None and layer:
            self._patches.submit(_liked, self._scores, found, layer, unit)

    @Slot(object)
    def _search_failed(self, error: Exception) -> None:
        self._show_none(str(error) if isinstance(error, StudioError) else "The test images could not be looked at.")
        if not isinstance(error, StudioError):
            self.failed.emit(error)

    @Slot(object)
    def _show_liked(self, liked: Liked) -> None:
        if liked.unit == self.unit:
            self._liked = liked
            self._draw()

    @Slot()
    def _draw(self) -> None:
        """Shows the images that excite the unit; where they are still to come, their frames."""
        patches, names = (self._liked.patches, self._liked.names) if self._liked is not None else ((), ())
        exciting = sum(patch.value > 0 for patch in patches)
        awaited = self._liked is None and not self._none_come
        for place, (image, name) in enumerate(zip(self.images, self._names, strict=True)):
            patch = patches[place] if place < exciting else None
            image.show_patch(patch, self._alone.isChecked())
            text = tip = ""
            if patch is not None:
                answer = format_value(patch.value)
                text, tip = f"{names[place]}: {answer}", f"Class {names[place]}; the unit’s highest answer is {answer}."
            name.setText(text)
            name.setToolTip(f"<p>{escape(tip)}</p>" if tip else "")
            image.setAccessibleName(f"Image {place + 1}. {tip}".rstrip())
            for part in (image, name):
                part.setVisible(patch is not None or awaited)
        self._alone.setVisible(exciting > 0 or awaited)
        if self._liked is not None:
            self._say(
                "Below each: its class, and the unit’s highest answer to it."
                if exciting
                else "No test image excites this unit: it never answers."
            )

    @Slot(str)
    def _show_none(self, why: str) -> None:
        """Says why there are no test images to be shown."""
        self._none_come = True
        self._draw()
        self._say(why)

    def _clear(self) -> None:
        self._stop()
        self._liked = None
        self._draw()
        self.picture.set_image(None)
        self.picture.set_placeholder("")
        self._value.setText("")

    def _say(self, text: str) -> None:
        self._state.setText(text)
        self._state.setVisible(bool(text))


def _search(scores: ClassScores, on_event: Callable[[object], object], stop: threading.Event) -> Found | str:
    """Shows all test images to the network; or says why there are none."""
    card = scores.classifier.card
    entry = dataset_of(card)
    if entry is None or not entry.is_here():
        return "There are no test images of this network here, so only the picture on the right can be shown."
    tell = ending_with(stop, on_event)
    dataset = entry.load(tell)
    if dataset.image_shape != card.input_shape:
        return f"This network does not take the images of {entry.called}."
    found = strongest_images(scores, dataset.test.images, on_progress=tell)
    return Found(dataset.test, dataset.classes, {one.layer: one for one in found})


def _liked(scores: ClassScores, found: Found, layer: str, unit: int) -> Liked:
    places = found.strongest[layer].images[:, unit]
    images = [np.asarray(found.test.images[place]) for place in places]
    patches = strongest_patches(scores, images, layer, unit)
    return Liked((layer, unit), tuple(patches), tuple(found.classes[found.test.labels[place]] for place in places))


def _paint(
    scores: ClassScores, layer: str, unit: int, on_event: Callable[[object], object], stop: threading.Event
) -> UnitPicture:
    def tell(made: UnitPicture) -> None:
        (found,) = strongest_images(scores, made.image[np.newaxis], [layer], number=1)
        on_event(Painted(made, float(found.values[0, unit])))

    return unit_picture(scores, layer, unit, tell, stop)
