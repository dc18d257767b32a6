"""Photos of what a network knows, one click away: test images of its own data set, or photos that ship."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.network_input.input_texts import texts_for
from cnnstudio.gui.pages.choosers.network_input.sample_source import find_test_images
from cnnstudio.gui.pages.choosers.network_input.session import dataset_of
from cnnstudio.gui.task import Task
from cnnstudio.models.trained.card import Card
from cnnstudio.storage import shipped

SIDE = 9 * GRID

COUNT = 4
"""Test images that are offered."""

SHIPPED = {
    "chelsea.jpg": ("A cat", "cat"),
    "coffee.jpg": ("A cup of coffee", "espresso"),
    "rocket.jpg": ("A rocket", "missile"),
    "astronaut.jpg": ("A person", "person"),
}
"""The photos that ship: what each shows, and the class that a network must have for it, unless it knows ImageNet's."""

_TestPhotos = list[tuple[str, np.ndarray, str]]
"""Class names, images, uint8 (height, width, channels), and what to call each."""


def _find_test_photos(card: Card, on_event: Callable[[object], object], stop: threading.Event) -> _TestPhotos:
    """Some test images that belong to a model, each of another class; none where that would take a long time."""
    from cnnstudio.data.folders.cache import find_cached

    entry = dataset_of(card)
    if entry is None or not entry.is_here():
        return []
    if entry.path is not None:  # pictures of the user's own that would have to be read and prepared first
        side, _, channels = entry.image_shape
        if find_cached(entry.path, side, channels, lambda: None, entry.layout) is None:
            return []
    _, dataset = find_test_images(card, False, on_event, stop)
    if dataset is None:
        return []
    test, photos = dataset.test, []
    random = np.random.default_rng()
    labels = random.permutation(np.unique(test.labels))[:COUNT]
    for number in labels.tolist():
        place, title = int(random.choice(np.flatnonzero(test.labels == number))), card.classes[number]
        file = dataset.name_of_file(test, place) if dataset.name_of_file is not None else ""
        photos.append((title, np.array(test.images[place]), Path(file).name or f"Test image: {title}"))
    return photos


class SamplePhotos(QWidget):
    """A row of photos to try; of a network that knows none of them, it is empty."""

    chosen = Signal(object, str)
    """A photo was clicked: its file, or its pixels, uint8 (height, width, channels); and what to call it."""

    def __init__(self) -> None:
        super().__init__()
        self._card: Card | None = None
        self._wanted = False
        self._task: Task | None = None
        self._photos: _TestPhotos = []
        self._shipped: dict[str, QToolButton] = {}
        for name, (title, _) in SHIPPED.items():
            path = shipped("assets/photos") / name
            button = describe(
                QToolButton(), f"sample_{path.stem}", title, f"{title}, a photo that comes with CNN Studio."
            )
            button.clicked.connect(partial(self.chosen.emit, path, path.name))
            self._shipped[name] = button
        self._own = [QToolButton() for _ in range(COUNT)]
        for number, button in enumerate(self._own):
            button.clicked.connect(partial(self._choose, number))
        note = label("Or try one of these", "small", "samples_note")
        self.setLayout(column(note, row(*self._shipped.values(), *self._own, STRETCH)))
        self._show()

    @property
    def buttons(self) -> list[QToolButton]:
        """One for each photo that is offered."""
        return [button for button in (*self._shipped.values(), *self._own) if not button.isHidden()]

    def set_side(self, side: int) -> None:
        """Fits the row into a width."""
        sample = min(SIDE, (side + GRID) // COUNT - 2 * GRID)
        for button in (*self._shipped.values(), *self._own):
            button.setIconSize(QSize(sample, sample))
            button.setFixedSize(sample + GRID, sample + GRID)

    def use(self, card: Card) -> None:
        """Offers what this model knows: its own test images as soon as they are found, photos that ship meanwhile."""
        if card == self._card:
            return
        self._card, self._photos = card, []
        self.shut_down()
        self._wanted = card.input_rule != "imagenet" and not texts_for(card).draws
        self._show()

    def shut_down(self) -> None:
        """Stops looking for test images."""
        if self._task is not None:
            self._task.drop()
            self._task = None

    def look(self) -> None:
        """Looks for test images, unless that was done for this model; to be called when they would be seen."""
        if self._wanted and self._card is not None:
            self._wanted = False
            self._task = Task(partial(_find_test_photos, self._card), self)
            self._task.finished.connect(self._take)
            self._task.start()

    @Slot(object)
    def _take(self, photos: _TestPhotos) -> None:
        self._task, self._photos = None, photos
        self._show()

    def _show(self) -> None:
        card = self._card
        for name, button in self._shipped.items():
            knows = card is not None and (card.input_rule == "imagenet" or SHIPPED[name][1] in card.classes)
            button.setVisible(knows and not self._photos and card is not None and card.input_shape[2] == 3)
            if not button.isHidden() and button.icon().isNull():
                with Image.open(shipped("assets/photos") / name) as photo:
                    button.setIcon(_square_icon(photo, round(SIDE * self.devicePixelRatioF())))
        for number, button in enumerate(self._own):
            button.setVisible(number < len(self._photos))
            if not button.isHidden():
                title, image, _ = self._photos[number]
                describe(button, f"test_photo_{number}", title, f"{title}: a test image, which was kept from training.")
                pixels = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
                button.setIcon(_square_icon(pixels, round(SIDE * self.devicePixelRatioF())))
        self.setVisible(bool(self.buttons))

    def _choose(self, number: int) -> None:
        _, image, name = self._photos[number]
        self.chosen.emit(image, name)


def _square_icon(photo: Image.Image, side: int) -> QIcon:
    """The middle of a photo; the pixels of a very small one stay sharp."""
    least = min(photo.size)
    left, top = (photo.width - least) // 2, (photo.height - least) // 2
    filter_ = Image.Resampling.NEAREST if least < side // 2 else Image.Resampling.LANCZOS
    square = photo.convert("RGB").resize((side, side), filter_, (left, top, left + least, top + least))
    return QIcon(QPixmap.fromImage(square.toqimage()))
