"""Test images, of the data set that the model was trained on, as what is classified on the Try page."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QBoxLayout, QProgressBar, QPushButton
from typing_extensions import override

from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.splits import Split
from cnnstudio.errors import StudioError, reason
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.look.theme import icon
from cnnstudio.gui.pages.choosers.models import title_of_dataset
from cnnstudio.gui.pages.try_.draw_source import NARROW, Source
from cnnstudio.gui.pages.try_.session import Answer, Sampled, Subject, dataset_of
from cnnstudio.gui.pages.try_.words import Words
from cnnstudio.gui.task import Task
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.models.trained.card import Card
from cnnstudio.progress import Cancelled, Progress, ending_with
from cnnstudio.wording import progress, size

_STEPS = 1000


@dataclass(frozen=True, eq=False)
class _Found:
    """What came of looking for a data set.

    Attributes:
        card: of the model that it was looked for.
        entry: the data set.
        test: its test images; None where they would have to be downloaded first.
    """

    card: Card
    entry: DatasetEntry
    test: Split | None


def why_no_samples(card: Card) -> str:
    """Why there are no test images for a model whose data set is not known here, as a sentence."""
    if not card.dataset:
        return "This model does not say on which images it was trained."
    return f"The images of {title_of_dataset(card)}, on which this model was trained, are not here."


def _find(card: Card, download: bool, on_event: Callable[[object], object], stop: threading.Event) -> _Found:
    """Loads the test images that belong to a model; downloads them only where that is wanted."""
    entry = dataset_of(card)
    if entry is None:
        raise StudioError(f"{why_no_samples(card)} Open a picture instead.")
    if not download and not entry.is_here():
        return _Found(card, entry, None)
    dataset = entry.load(ending_with(stop, on_event))
    if dataset.image_shape != card.input_shape or dataset.classes != card.classes:
        raise StudioError(f"“{card.name}” does not take the images of {entry.title}. Open a picture instead.")
    return _Found(card, entry, dataset.test)


class SampleSource(Source):
    """Random test images with their true labels; loaded when they are first looked at."""

    invitation = "Picking a test image …"

    def __init__(self) -> None:
        super().__init__()
        self._random = np.random.default_rng()
        self._card: Card | None = None
        self._found: _Found | None = None
        self._task: Task | None = None
        self._subject: Sampled | None = None
        self._view = self._add_surface(PixelView(placeholder="A test image appears here."))
        describe(
            self._view,
            "test_image_view",
            "Test image",
            "An image that no training has seen. Point at a pixel to see its value: 0 is black, 255 white.",
        )
        self._text = label(name="true_label")
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setMinimumHeight(3 * self.fontMetrics().lineSpacing())  # whatever it says, nothing moves
        self._bar = describe(QProgressBar(), "test_images_progress", "Progress", "How much of the data set is here.")
        self._bar.setTextVisible(False)
        self._another = self._button(
            "another_button", "A&nother one", "Another test image", "Picks another test image. (Ctrl+T)", "shuffle"
        )
        self._another.setShortcut("Ctrl+T")
        self._another.clicked.connect(self.pick)
        self._download = self._button(
            "download_test_images_button",
            "&Download",
            "Download the data set",
            "Fetches the data set once; it is kept and used without a network from then on.",
            "download",
        )
        self._download.clicked.connect(partial(self._load, True))
        self._cancel = self._button(
            "cancel_test_images_button", "Cancel", "Cancel", "Ends the loading at once.", "close"
        )
        self._cancel.clicked.connect(self._give_up)
        self._row = self._tools()
        self._row.addWidget(self._text, 1)
        for widget in (self._another, self._download, self._cancel):
            self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(self._bar)
        self._show_state("")

    def _button(self, name: str, text: str, title: str, tip: str, icon_name: str) -> QPushButton:
        button = describe(QPushButton(text), name, title, tip)
        button.setIcon(icon(icon_name))
        return button

    @property
    def subject(self) -> Subject | None:
        """The test image; None while there is none."""
        return self._subject

    def set_side(self, side: int) -> None:
        """Sets the text above the buttons where both have too little room beside each other."""
        super().set_side(side)
        narrow = side < NARROW
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def use(self, card: Card, words: Words) -> None:  # noqa: ARG002 - test images are the same for all
        """Looks for the test images of another model, now or when they are looked at."""
        if self._card != card:
            self._card = card
            self._stop()
            known = self._found is not None and _wanted(self._found.card) == _wanted(card)
            if not known:
                self._found = self._subject = None
                self._show_state("")
            if self.isVisible():
                self._load(False)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Loads the test images unless they are here."""
        super().showEvent(event)
        if self._card is not None and self._found is None and self._task is None:
            self._load(False)

    @Slot()
    def pick(self) -> None:
        """Picks another test image."""
        if self._found is None or self._found.test is None:
            return
        test = self._found.test
        before = -1 if self._subject is None else self._subject.index
        index = int(self._random.integers(len(test)))
        if index == before:
            index = (index + 1) % len(test)
        try:
            self._subject = Sampled(test.images[index], int(test.labels[index]), index)
        except OSError as error:
            self.failed.emit(f"The images of {self._found.entry.title} cannot be read any more ({reason(error)}).")
            return
        self.subject_changed.emit()

    def forget(self) -> None:
        """Shows no image until the network answers."""
        self._view.set_image(None)

    def show_answer(self, answer: Answer) -> None:
        """Shows the image with its true label."""
        if not isinstance(answer.subject, Sampled) or answer.prediction is None:
            return
        self._view.set_image(answer.image)
        right = answer.prediction.top(1)[0][0] == answer.subject.label
        truth, verdict = escape(answer.card.classes[answer.subject.label]), "right" if right else "wrong"
        self._text.setText(
            f"Its label is <b>{truth}</b>: the network is {verdict}. Test image {answer.subject.index:,}."
        )

    def shut_down(self) -> None:
        """Ends what is being loaded."""
        if self._task is not None:
            self._task.shut_down()

    def _load(self, download: bool) -> None:
        if self._card is None:
            return
        if self._found is not None and self._found.test is not None:
            self._take(self._found)
            return
        self._stop()
        self._task = Task(partial(_find, self._card, download), self)
        self._task.reported.connect(self._tell)
        self._task.finished.connect(self._take)
        self._task.failed.connect(self._fail)
        self._show_state("Looking for the test images …", working=True)
        self._task.start()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.drop()
            self._task = None

    @Slot()
    def _give_up(self) -> None:
        self._stop()
        self._found = None
        self._show_state("Cancelled. What is here already is kept.", download=True)

    @Slot(object)
    def _tell(self, state: Progress) -> None:
        self._bar.setRange(0, _STEPS if state.total else 0)
        if state.total:
            self._bar.setValue(min(_STEPS, _STEPS * state.done // state.total))
        told = progress(state.done, state.total, state.unit, state.seconds_left)
        self._text.setText(escape(f"{state.task}: {told}"))

    @Slot(object)
    def _take(self, found: _Found) -> None:
        self._task, self._found = None, found
        if found.test is None:
            entry = found.entry
            self._show_state(
                f"The test images of {entry.title} are not here yet: {size(entry.download_bytes)} to download.",
                download=True,
            )
            self.subject_changed.emit()
            return
        self._show_state("", another=True)
        self.pick()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._task = None
        if not isinstance(error, Cancelled):
            self._show_state(
                str(error) if isinstance(error, StudioError) else f"The test images cannot be loaded ({reason(error)})."
            )
            self.subject_changed.emit()

    def _show_state(self, text: str, *, working: bool = False, download: bool = False, another: bool = False) -> None:
        self._text.setText(escape(text))
        self.invitation = "Picking a test image …" if working or another else "There is no test image here."
        self._bar.setRange(0, 0)
        for widget, shown in (
            (self._bar, working),
            (self._cancel, working),
            (self._download, download),
            (self._another, another),
        ):
            widget.setVisible(shown)


def _wanted(card: Card) -> tuple[object, ...]:
    return card.dataset, card.input_shape, card.classes
