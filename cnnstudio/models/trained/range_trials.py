"""Tries the ranges of values on images whose classes are known: with the right one, a network is right most often."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cnnstudio.data.library import find_dataset, list_datasets
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.splits import Split
from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.image_input import ImageShape
from cnnstudio.models.trained.adopt import Answers, Inspection, completed_model, image_shape
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from cnnstudio.progress import Meter, OnProgress, Progress
from cnnstudio.wording import counted, percent

MOST_IMAGES = 500
"""That are tried, at most: the share that is right is then known to two or three percent."""

NUMBERS = 2**23
"""Of all images that are tried together: of large ones, fewer are."""

LEAST_IMAGES = 40

BATCH = 50

AS_GOOD = 0.02
"""Accuracies that differ by less are taken for equal. With numbers that are too large by far a network often answers
the same, but too surely: then the loss tells."""

AS_LOW = 0.05
"""In nats. Losses that differ by less are taken for equal."""

TOLD = 0.1
"""By how much more images must be right than by chance, before that tells something."""


@dataclass(frozen=True)
class RangeTrial:
    """How a network does with one range of values.

    Attributes:
        value_range: key of `VALUE_RANGES`.
        accuracy: share of the images that are right, 0–1.
        confidence: the mean probability of its answers, 0–1.
        loss: mean cross-entropy in nats.
    """

    value_range: str
    accuracy: float
    confidence: float
    loss: float


@dataclass(frozen=True)
class Trials:
    """How a network does with each range of values.

    Attributes:
        dataset: the data set.
        input_rule: of the data set, a key of `cnnstudio.data.pictures.input_rules.INPUT_RULES`.
        images: number of its test images that were tried.
        likely: the range that was likely before.
        each: the best first.
    """

    dataset: DatasetEntry
    input_rule: str
    images: int
    likely: str
    each: tuple[RangeTrial, ...]

    @property
    def best(self) -> RangeTrial:
        """The range with which most images are right; of such as are equally good, the one with the lowest loss."""
        return self.each[0]

    @property
    def tells(self) -> bool:
        """Whether the network knows such images: far more are right than by chance."""
        return not self.swapped and self.best.accuracy >= 1 / len(self.dataset.classes) + TOLD

    @property
    def swapped(self) -> bool:
        """Whether its two classes seem to be named the wrong way round."""
        (likely,) = (trial.accuracy for trial in self.each if trial.value_range == self.likely)
        # With inverted images, say, such a network may be right too: wrong names are the simpler explanation.
        return len(self.dataset.classes) == 2 and 1 - likely > max(0.5 + TOLD, self.best.accuracy - AS_GOOD)

    @property
    def verdict(self) -> str:
        """What the trial tells, in a sentence or two."""
        right, title = percent(self.best.accuracy, 0), VALUE_RANGES[self.best.value_range].title
        tried = f"Tried on {counted(self.images, 'test image')} of {self.dataset.words}"
        if self.swapped:
            return f"{tried}: most answers are wrong, as if its two classes were named the wrong way round."
        if self.tells:
            return f"{tried}: with values of {title}, {right} are right."
        return (
            f"{tried}: whatever the values, no more than {right} are right. The network was trained on something else, "
            "or its classes are in another order."
        )


def fitting_datasets(model: Inspection) -> list[DatasetEntry]:
    """The data sets at hand, or to be downloaded, with as many classes and with images that a model takes."""
    found = []
    count = len(model.guess.classes)
    for entry in list_datasets():
        if len(entry.classes) != count:
            continue
        if any(_matches(entry, shape) for shape in model.shapes):
            found.append(entry)
    return found


def _matches(entry: DatasetEntry, shape: Sequence[int | None]) -> bool:
    if entry.path is not None:  # a user's own pictures come in any size, square
        return shape[0] == shape[1]
    return all(side in (None, given) for side, given in zip(shape, entry.image_shape, strict=True))


def in_size(entry: DatasetEntry, shape: ImageShape) -> DatasetEntry:
    """A data set with images of a shape.

    Raises:
        StudioError: its images do not come in it.
    """
    height, width, channels = shape
    if entry.path is not None and height == width:
        entry = find_dataset(entry.name, height, channels)
    if entry.image_shape != shape:
        raise StudioError(f"The images of {entry.words} are not of the network's shape: choose another data set.")
    return entry


def try_ranges(
    model: Inspection, answers: Answers, entry: DatasetEntry, on_progress: OnProgress | None = None
) -> Trials:
    """Tries all ranges of values that make sense for a model on test images of a data set.

    Args:
        model: what its file says.
        answers: what else is known; its range of values comes first among those that are equally good. Where all its
            classes are named as those of the data set, the names decide which is which, else their order.
        entry: the data set, with as many classes.
        on_progress: told how far it is; what it raises ends the work.

    Raises:
        StudioError: the model is not opened, or the data set does not fit it or cannot be loaded.
    """
    shape = image_shape(model, answers)
    entry = in_size(entry, shape)
    if len(entry.classes) != len(answers.classes):
        raise StudioError(
            f"The network has {len(answers.classes):,} classes, but {entry.words} has {len(entry.classes):,}: choose "
            "another data set."
        )
    dataset = entry.load(on_progress)
    images, labels = _drawn(dataset.test)
    if set(entry.classes) == set(answers.classes):
        labels = np.array([answers.classes.index(name) for name in entry.classes])[labels]
    ranges = [name for name, one in VALUE_RANGES.items() if shape[2] in one.channels]
    if on_progress is not None:  # it takes seconds after all images are read
        on_progress(Progress("Opening the network", 0, None, "images"))
    raw = completed_model(model.path, replace(answers, value_range="0-255"))
    meter = Meter("Trying", len(ranges) * len(images), "images", on_progress)
    trials = []
    for number, name in enumerate(ranges):
        probabilities = []
        for start in range(0, len(images), BATCH):
            batch = VALUE_RANGES[name].apply(images[start : start + BATCH])
            probabilities.append(np.asarray(raw(batch, training=False)))
            meter.tell(number * len(images) + min(start + BATCH, len(images)))
        trials.append(_judged(name, np.concatenate(probabilities), labels))
    each = _best_first(trials, answers.value_range)
    return Trials(entry, dataset.input_rule, len(images), answers.value_range, each)


def _drawn(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Some images with their labels, always the same ones."""
    count = max(LEAST_IMAGES, min(MOST_IMAGES, NUMBERS // int(np.prod(split.images.shape[1:]))))
    chosen = np.sort(np.random.default_rng(0).permutation(len(split))[:count])
    some = split.take(chosen)
    return some.images[:], some.labels


def _judged(name: str, probabilities: np.ndarray, labels: np.ndarray) -> RangeTrial:
    probabilities = np.nan_to_num(probabilities.astype(np.float64))
    of_label = np.maximum(probabilities[np.arange(len(labels)), labels], np.finfo(np.float32).tiny)
    return RangeTrial(
        name,
        accuracy=float((probabilities.argmax(axis=1) == labels).mean()),
        confidence=float(probabilities.max(axis=1).mean()),
        loss=float(-np.log(of_label).mean()),
    )


def _best_first(trials: Iterable[RangeTrial], likely: str) -> tuple[RangeTrial, ...]:
    ordered = sorted(trials, key=lambda trial: -trial.accuracy)
    as_good = [trial for trial in ordered if trial.accuracy > ordered[0].accuracy - AS_GOOD]
    least = min(trial.loss for trial in as_good)

    def key(trial: RangeTrial) -> tuple[bool, float]:
        return not (trial.value_range == likely and trial.loss <= least + AS_LOW), trial.loss

    return (*sorted(as_good, key=key), *ordered[len(as_good) :])
