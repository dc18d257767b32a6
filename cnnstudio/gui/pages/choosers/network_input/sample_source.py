"""Test images, of the data set that the model was trained on, as what a network gets."""

import threading
from collections.abc import Callable
from functools import partial
from html import escape

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QBoxLayout
from typing_extensions import override

from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.splits import Dataset
from cnnstudio.errors import StudioError, reason
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.pages.choosers.names import name_of, title_of_dataset
from cnnstudio.gui.pages.choosers.network_input.draw_source import NARROW, Source
from cnnstudio.gui.pages.choosers.network_input.input_texts import InputTexts
from cnnstudio.gui.pages.choosers.network_input.session import Answer, TestImage, dataset_of
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.models.trained.card import Card
from cnnstudio.progress import ending_with
from cnnstudio.wording import size

_Found = tuple[DatasetEntry, Dataset | None]
"""A data set that was looked for, and itself; None where it would have to be downloaded first."""


def why_no_samples(card: Card) -> str:
    """Why there are no test images for a model whose data set is not known here, as a sentence."""
    if not card.dataset:
        return "This model does not say on which images it was trained."
    return f"The images of {title_of_dataset(card)}, on which this model was trained, are not here."


def find_test_images(card: Card, download: bool, on_event: Callable[[object], object], stop: threading.Event) -> _Found:
    """Loads the data set whose test images belong to a model; downloads it only where that is wanted."""
    entry = dataset_of(card)
    if entry is None:
        raise StudioError(f"{why_no_samples(card)} Open a picture instead.")
    if not download and not entry.is_here():
        return entry, None
    dataset = entry.load(ending_with(stop, on_event))
    if dataset.image_shape != card.input_shape or dataset.classes != card.classes:
        raise StudioError(f"“{name_of(card)}” does not take the images of {entry.called}. Open a picture instead.")
    if dataset.name_of_file is not None:
        dataset.name_of_file(dataset.test, 0)  # lists the folder here, in this thread
    return entry, dataset


class SampleSource(Source):
    """Random test images with their true labels; loaded when they are first looked at."""

    invitation = "Picking a test image …"

    def __init__(self) -> None:
        super().__init__()
        self._view = self._surface = PixelView(placeholder="A test image appears here.")
        self._random = np.random.default_rng()
        self._card: Card | None = None
        self._images: tuple[object, ...] = ()
        """Which test images belong to the model."""
        self._found: _Found | None = None
        self._input: TestImage | None = None
        describe(
            self._view,
            "test_image_view",
            "Test image",
            "An image that was not used for training. Point at a pixel to see its value: 0 is black, 255 white.",
        )
        self._text = label(name="true_label")
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setMinimumHeight(3 * self.fontMetrics().lineSpacing())  # whatever it says, nothing moves
        self._progress = ProgressPanel("test_images", "Loading the test images", "Stops loading.")
        self._progress.finished.connect(self._take)
        self._progress.failed.connect(self._fail)
        self._progress.cancelled.connect(self._tell_cancelled)
        self._another = push_button(
            "another_button",
            "Another one",
            "Picks another test image. (Ctrl+T)",
            self.pick,
            title="Another test image",
            picture="shuffle",
        )
        self._another.setShortcut("Ctrl+T")
        self._download = push_button(
            "download_test_images_button",
            "D&ownload",
            "Downloads the data set once; from then on it needs no internet connection.",
            partial(self._load, True),
            title="Download the data set",
            picture="download",
        )
        corner = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        self._row = row((self._text, 1), (self._another, 0, corner), (self._download, 0, corner))
        self.setLayout(column(self._view, self._row, self._progress, STRETCH))
        self._show_state("")

    def set_side(self, side: int) -> None:
        """Sets the text above the buttons where both have too little room beside each other."""
        super().set_side(side)
        narrow = side < NARROW
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def use(self, card: Card, texts: InputTexts) -> None:  # noqa: ARG002 - test images are the same for all
        """Looks for the test images of another model, now or when they are looked at."""
        if self._card != card:
            self._card = card
            self._progress.drop()
            before, self._images = self._images, (card.dataset, card.input_shape, card.classes)
            if before != self._images:
                self._found = self._input = None
                self._show_state("")
            if self.isVisible():
                self._load(False)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Loads the test images unless they are here."""
        super().showEvent(event)
        if self._card is not None and self._found is None and not self._progress.running:
            self._load(False)

    def show_input(self, image: TestImage) -> None:
        """Takes a test image that was picked elsewhere; it stays when the images are loaded."""
        self._input = image

    @Slot()
    def pick(self) -> None:
        """Picks another test image."""
        entry, dataset = self._found or (None, None)
        if entry is None or dataset is None:
            return
        test = dataset.test
        before = self._input.index if isinstance(self._input, TestImage) else -1
        index = int(self._random.integers(len(test)))
        if index == before:
            index = (index + 1) % len(test)
        try:
            file = dataset.name_of_file(test, index) if dataset.name_of_file is not None else ""
            self._input = TestImage(test.images[index], int(test.labels[index]), index, file)
        except OSError as error:
            self.failed.emit(f"The images of {entry.called} cannot be read any more ({reason(error)}).")
            return
        self.input_changed.emit()

    def forget(self) -> None:
        """Shows no image until the network answers."""
        self._view.set_image(None)

    def show_answer(self, answer: Answer) -> None:
        """Shows the image with its true label."""
        if not isinstance(answer.input, TestImage) or answer.prediction is None:
            return
        self._view.set_image(answer.image)
        right = answer.input.label in {index for index, *_ in answer.prediction.answers}
        truth, verdict = escape(answer.card.classes[answer.input.label]), "right" if right else "wrong"
        name = escape(breakable(answer.input.file)) or f"Test image {answer.input.index + 1:,}"
        self._text.setText(f"Its label is <b>{truth}</b>: the network is {verdict}. {name}.")

    def shut_down(self) -> None:
        """Stops loading."""
        self._progress.shut_down()

    def _load(self, download: bool) -> None:
        if self._card is None:
            return
        if self._found is not None and self._found[1] is not None:
            self._take(self._found)
            return
        self._progress.run(partial(find_test_images, self._card, download), "Looking for the test images …")
        self._show_state("")

    @Slot()
    def _tell_cancelled(self) -> None:
        self._found = None
        self._show_state("Cancelled. What was downloaded is kept.", download=True)

    @Slot(object)
    def _take(self, found: _Found) -> None:
        self._found = found
        entry, dataset = found
        if dataset is None:
            self._show_state(
                f"The test images of {entry.called} are not here yet: {size(entry.download_bytes)} to download.",
                download=True,
            )
            self.input_changed.emit()
            return
        self._show_state("", another=True)
        if self._input is None:
            self.pick()
        else:
            self.input_changed.emit()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._show_state(
            str(error) if isinstance(error, StudioError) else f"The test images cannot be loaded ({reason(error)})."
        )
        self.input_changed.emit()

    def _show_state(self, text: str, *, download: bool = False, another: bool = False) -> None:
        working = self._progress.running
        self._text.setText(escape(text))
        self._text.setVisible(not working)
        self.invitation = "Picking a test image …" if working or another else "There is no test image here."
        self._download.setVisible(download)
        self._another.setVisible(another)
