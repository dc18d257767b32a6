"""What the Data page shows of a data set: which images, in which order, and the mean of each class. Without Qt."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnstudio.data.splits import Dataset, Split
from cnnstudio.gui.widgets.images.thumbnail_grid import Label
from cnnstudio.training.evaluation import Mistakes
from cnnstudio.wording import certainty

SPLITS: dict[str, tuple[str, str]] = {
    "train": ("Train", "training"),
    "validation": ("Validation", "validation"),
    "test": ("Test", "test"),
}
"""The splits in their order: title, and what an image of it is called."""

MEAN_SIDE, MEAN_VALUES = 56, 8_000_000
"""Means of larger images are computed at this resolution; for very many classes at a lower one, to fit into memory."""

_CHUNK_BYTES = 8 * 2**20
"""Bytes of images that are read at a time."""

_MEANS_SECONDS = 0.3
"""Seconds between two events with means so far."""


def splits_of(dataset: Dataset) -> dict[str, Split]:
    """The splits that have images, by their keys in `SPLITS`."""
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {name: split for name, split in splits.items() if split is not None and len(split)}


def counts_of(dataset: Dataset) -> dict[str, np.ndarray]:
    """Images of each class, (classes,) int64, for each split that has any."""
    number = len(dataset.classes)
    return {name: np.bincount(split.labels, minlength=number) for name, split in splits_of(dataset).items()}


@dataclass(frozen=True)
class Shown:
    """An image of a data set.

    Attributes:
        split: a key of `SPLITS`.
        index: its number in the split.
        label: its class's number.
    """

    split: str
    index: int
    label: int


class Selection:
    """Some images of a data set in some order.

    Args:
        dataset: whose images.
        split: a key of `SPLITS`, or None for all.
        label: a class's number, or None for all.
        seed: of a random order; None for the order in which they come.
    """

    noun = "images"
    """What it holds, in one word."""

    def __init__(
        self, dataset: Dataset, split: str | None = None, label: int | None = None, seed: int | None = None
    ) -> None:
        self.dataset = dataset
        self._splits = {name: one for name, one in splits_of(dataset).items() if split in (None, name)}
        found = [
            np.arange(len(one)) if label is None else np.flatnonzero(one.labels == label)
            for one in self._splits.values()
        ]
        self._indices = np.concatenate(found) if found else np.zeros(0, np.int64)
        self._numbers = np.repeat(np.arange(len(found), dtype=np.uint8), [len(part) for part in found])
        if seed is not None:
            order = np.random.default_rng(seed).permutation(len(self._indices))
            self._indices, self._numbers = self._indices[order], self._numbers[order]

    def __len__(self) -> int:
        return len(self._indices)

    def at(self, place: int) -> Shown:
        """Which image stands at a place."""
        name, split = list(self._splits.items())[self._numbers[place]]
        index = int(self._indices[place])
        return Shown(name, index, int(split.labels[index]))

    def read(self, places: np.ndarray) -> np.ndarray:
        """Reads images; (n,) places → (n, height, width, channels) uint8.

        Raises:
            OSError: images on disk cannot be read any more.
        """
        images = np.empty((len(places), *self.dataset.image_shape), np.uint8)
        numbers, indices = self._numbers[places], self._indices[places]
        for number, split in enumerate(self._splits.values()):
            mask = numbers == number
            if mask.any():
                images[mask] = split.images[indices[mask]]
        return images

    def origin(self, place: int) -> str:
        """Where an image is from: “training image 1,234”, or by the name of its file, “training: cat/7.jpg”."""
        shown, name_of_file = self.at(place), self.dataset.name_of_file
        kind = SPLITS[shown.split][1]
        file = name_of_file(self._splits[shown.split], shown.index) if name_of_file is not None else ""
        return f"{kind}: {file}" if file else f"{kind} image {shown.index + 1:,}"

    def answer(self, place: int) -> str:  # noqa: ARG002 - of images that no network was asked about
        """What a network answered to an image, in words; empty where none was asked."""
        return ""

    def caption(self, place: int) -> str:
        """An image in words: “cat · training image 1,234”."""
        words = f"{self.dataset.classes[self.at(place).label]} · {self.origin(place)}"
        return " · ".join(filter(None, (words, self.answer(place))))


@dataclass(frozen=True, eq=False)
class WrongAnswers:
    """The test images that a network gets wrong.

    Attributes:
        model: its name.
        dataset: whose test images they are.
        mistakes: which they are, and what was answered.
    """

    model: str
    dataset: Dataset
    mistakes: Mistakes


class WrongSelection(Selection):
    """The test images that a network gets wrong, those first of whose wrong answer it is surest.

    Args:
        wrong: which they are.
        label: their true class's number, or None for all.
        seed: of a random order; None for the surest mistakes first.
    """

    noun = "mistakes"

    def __init__(self, wrong: WrongAnswers, label: int | None = None, seed: int | None = None) -> None:
        super().__init__(wrong.dataset, "test")
        self._mistakes = wrong.mistakes
        truths = wrong.dataset.test.labels[self._mistakes.indices]
        self._which = np.arange(len(truths)) if label is None else np.flatnonzero(truths == label)
        if seed is not None:
            self._which = np.random.default_rng(seed).permutation(self._which)
        self._indices = self._mistakes.indices[self._which]
        self._numbers = np.zeros(len(self._which), np.uint8)

    def _answered(self, place: int) -> str:
        return self.dataset.classes[int(self._mistakes.answers[self._which[place]])]

    def answer(self, place: int) -> str:
        """What the network answered to an image: “the network says dog (98.0 %)”."""
        share = certainty(float(self._mistakes.probabilities[self._which[place]]))
        return f"the network says {self._answered(place)} ({share})"

    def label(self, place: int) -> Label:
        """What stands below an image: what the network said, and what it is."""
        return Label(f"says {self._answered(place)}, is {self.dataset.classes[self.at(place).label]}")


@dataclass(frozen=True, eq=False)
class Means:
    """Mean images, as far as they are known.

    Attributes:
        images: (classes, height, width, channels) uint8.
        known: (classes,) bool, which of them had an image by now.
    """

    images: np.ndarray
    known: np.ndarray


def mean_images(dataset: Dataset, on_event: Callable[[object], object], stop: threading.Event) -> Means | None:
    """Computes the mean of each class's training images, a chunk at a time.

    Args:
        dataset: whose images.
        on_event: called with the `Means` so far, a few times a second.
        stop: ends it early.

    Returns:
        The means; None where it was stopped.
    """
    split, shape = dataset.train, dataset.image_shape
    side = min(MEAN_SIDE, (MEAN_VALUES / (len(dataset.classes) * shape[2])) ** 0.5)
    share = min(1.0, side / max(shape[:2]))
    height, width = max(1, round(shape[0] * share)), max(1, round(shape[1] * share))
    sums = np.zeros((len(dataset.classes), height, width, shape[2]), np.int64)
    counts = np.zeros(len(dataset.classes), np.int64)
    chunk = max(1, _CHUNK_BYTES // int(np.prod(shape)))
    told = time.monotonic()
    for start in range(0, len(split), chunk):
        if stop.is_set():
            return None
        images = average(split.images[start : start + chunk], height, width)
        labels = split.labels[start : start + chunk]
        order = np.argsort(labels, kind="stable")
        present, firsts = np.unique(labels[order], return_index=True)
        sums[present] += np.add.reduceat(images[order], firsts, axis=0, dtype=np.int64)
        counts += np.bincount(labels, minlength=len(counts))
        if time.monotonic() - told > _MEANS_SECONDS:
            on_event(_means(sums, counts))
            told = time.monotonic()
    return _means(sums, counts)


def _means(sums: np.ndarray, counts: np.ndarray) -> Means:
    images = sums / np.maximum(counts, 1)[:, np.newaxis, np.newaxis, np.newaxis]
    return Means(np.rint(images).astype(np.uint8), counts > 0)


def _shares(size: int, wanted: int) -> np.ndarray:
    """(wanted, size) float32: which share each old pixel has in each new one; rows add up to 1."""
    edges = np.linspace(0, size, wanted + 1)[:, np.newaxis]
    old = np.arange(size)
    covered = np.minimum(edges[1:], old + 1) - np.maximum(edges[:-1], old)
    return (covered.clip(0) * (wanted / size)).astype(np.float32)


def average(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Lowers the resolution by averaging areas; pixels that lie across an edge count with their shares.

    Args:
        images: (…, old height, old width, channels) uint8.
        height: 1 to the old height.
        width: 1 to the old width.

    Returns:
        (…, height, width, channels) uint8, rounded.
    """
    *many, rows, columns, channels = images.shape
    if (rows, columns) == (height, width):
        return images
    values = images.reshape(-1, rows, columns * channels).astype(np.float32)
    lower = (_shares(rows, height) @ values).reshape(-1, columns, channels)
    means = _shares(columns, width) @ lower
    return np.rint(means).astype(np.uint8).reshape(*many, height, width, channels)
