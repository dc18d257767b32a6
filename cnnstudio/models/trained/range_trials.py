"""Tries the ranges of values on images whose classes are known: with the right one, a network is right most often."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cnnstudio.chance import SIGNIFICANCE, probability_by_guessing
from cnnstudio.data.library import find_dataset, list_datasets
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.image_input import ImageShape
from cnnstudio.models.trained.adopt import PLAIN_RULE, Answers, Inspection, completed_model, image_shape
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from cnnstudio.progress import Meter, OnProgress, Progress
from cnnstudio.wording import counted, percent

MOST_IMAGES = 500
"""That are tried, at most: the share that is right is then known to two or three percent."""

NUMBERS = 2**23
"""Of all images that are tried together: of large ones, fewer are."""

LEAST_IMAGES = 40
"""That are tried where there are so many, whatever their size."""

FEWEST = 10
"""Fewer images than this tell nothing: 9 of 10 right may stand for 60 % as well as for 98 %."""

OF_EACH_CLASS = 4
"""Images, on average, that it takes to tell the order of the classes."""

BATCH = 50

AS_GOOD = 0.02
"""Accuracies that differ by less are taken for equal. With numbers that are too large by far a network often answers
the same, but too surely: then the loss tells."""

AS_LOW = 0.05
"""In nats. Losses that differ by less are taken for equal."""

TOLD = 0.1
"""By how much more images must be right than by guessing, before that tells something."""

_NAMED = 5
"""Classes whose order is written out, at most."""


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


@dataclass(frozen=True, eq=False)
class Trials:
    """How a network does with each range of values.

    Attributes:
        dataset: the data set.
        input_rule: of a network that knows such images, a key of `INPUT_RULES`.
        likely: the range that was likely before.
        classes: the class names in the order of the outputs.
        outputs: (classes,) for each class of the data set, the output that stands for it.
        labels: (n,) of the images that were tried, each the number of a class of the data set.
        probabilities: (n, classes) what the network answered, for each range.
    """

    dataset: DatasetEntry
    input_rule: str
    likely: str
    classes: tuple[str, ...]
    outputs: np.ndarray
    labels: np.ndarray
    probabilities: dict[str, np.ndarray]

    @property
    def images(self) -> int:
        """Number of images that were tried."""
        return len(self.labels)

    def named(self, classes: tuple[str, ...]) -> "Trials":
        """The same answers, judged by the same class names in another order, or by other names for these."""
        known = [self.classes[output] for output in self.outputs]
        outputs = next(filter(None, (places(names, classes) for names in (self.dataset.classes, known))), self.outputs)
        return replace(self, classes=classes, outputs=np.array(outputs))

    @cached_property
    def each(self) -> tuple[RangeTrial, ...]:
        """All ranges, the best first."""
        labels = self.outputs[self.labels]
        trials = [_judged(name, probabilities, labels) for name, probabilities in self.probabilities.items()]
        return _best_first(trials, self.likely)

    @property
    def best(self) -> RangeTrial:
        """The range with which most images are right; of such as are equally good, the one with the lowest loss."""
        return self.each[0]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The class names in the order of the outputs in which they are clearly right; else as they are."""
        from scipy.optimize import linear_sum_assignment

        count = len(self.classes)
        if self.images < max(FEWEST, OF_EACH_CLASS * count):
            return self.classes
        probabilities = self.probabilities[self.likely]
        answered = np.zeros((count, count), np.int64)
        np.add.at(answered, (self.labels, probabilities.argmax(axis=1)), 1)
        _, outputs = linear_sum_assignment(answered, maximize=True)
        found = _judged(self.likely, probabilities, outputs[self.labels])
        # With inverted images, say, a network may answer the other way round, too: the simpler explanation counts,
        # unless it explains less.
        explains = found.accuracy > self.best.accuracy - AS_GOOD and found.loss < self.best.loss + AS_LOW
        if not explains or self._is_guessing(found.accuracy, at_least=0.5):
            return self.classes
        return tuple(self.classes[self.outputs[label]] for label in np.argsort(outputs))

    @property
    def tells(self) -> bool:
        """Whether the network knows such images, by these names: far more are right than by guessing."""
        return self._is_known and self.order == self.classes

    @property
    def excludes(self) -> bool:
        """Whether the network does not know such images: by no range are more right than by guessing."""
        is_poor = self.best.accuracy < self._guessing + TOLD
        return self.images >= FEWEST and self.order == self.classes and is_poor

    @property
    def verdict(self) -> str:
        """What the trial tells, in a sentence or two."""
        right, title = percent(self.best.accuracy, 0), VALUE_RANGES[self.best.value_range].title
        noun = "test image" if self.dataset.path is None else "image"
        tried = f"Tried on {counted(self.images, noun)} of {self.dataset.called}"
        if self.images < FEWEST:
            return f"{tried}, which is too few to tell anything: try it on {FEWEST} or more."
        if self.order != self.classes:
            now, then = (percent(trials._at_likely.accuracy, 0) for trials in (self, self.named(self.order)))
            other = "the other way round" if len(self.classes) == 2 else f"in the order {order_in_words(self.order)}"
            known = order_in_words(self.classes)
            return f"{tried}: {now} are right with the classes in the order {known}, but {then} {other}."
        if self._is_known:
            return f"{tried}: with values of {title}, {right} are right."
        if not self.excludes:
            return f"{tried}: {right} are right, which may be mere guessing. Try it on more images."
        most = percent(max(trial.accuracy for trial in self.each), 0)
        order = "its classes are in another order, " if len(self.classes) > 2 else ""
        return (
            f"{tried}: whatever the values, no more than {most} are right, hardly more than by guessing. The network "
            f"was trained on something else, {order}or it has learnt little."
        )

    @property
    def _at_likely(self) -> RangeTrial:
        return next(trial for trial in self.each if trial.value_range == self.likely)

    @property
    def _is_known(self) -> bool:
        accuracy = self.best.accuracy
        return (
            self.images >= FEWEST and accuracy >= self._guessing + TOLD and not self._is_guessing(accuracy, at_least=0)
        )

    @cached_property
    def _guessing(self) -> float:
        """The share that is right where the commonest class is always answered."""
        return float(np.bincount(self.labels).max() / self.images)

    def _is_guessing(self, accuracy: float, at_least: float) -> bool:
        """Whether as many could be right by guessing, with one range of those that were tried."""
        chance = probability_by_guessing(round(accuracy * self.images), self.images, max(self._guessing, at_least))
        return chance > SIGNIFICANCE / len(self.probabilities)


def places(names: Sequence[str], classes: Sequence[str]) -> list[int] | None:
    """For each of some names, its place among class names; None where they are not the same, but for capitals."""
    known = {name.casefold(): place for place, name in enumerate(classes)}
    wanted = [name.casefold() for name in names]
    return [known[name] for name in wanted] if known.keys() == set(wanted) and len(known) == len(classes) else None


def order_in_words(classes: Sequence[str]) -> str:
    """The names of classes in their order, of many only the first."""
    return ", ".join([*(f"“{name}”" for name in classes[:_NAMED]), *(["…"] if len(classes) > _NAMED else [])])


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


def likely_dataset(model: Inspection, datasets: Iterable[DatasetEntry]) -> DatasetEntry | None:
    """Of some that fit a model, the first whose classes are called as its, and whose images are of its shape, too.

    A user's own pictures come in any size; those that were imported in another one are hardly those of its training.
    """
    same = (entry for entry in datasets if entry.classes == model.guess.classes)
    return next((entry for entry in same if any(_is_of(entry, shape) for shape in model.shapes)), None)


def _matches(entry: DatasetEntry, shape: Sequence[int | None]) -> bool:
    if entry.path is not None:  # a user's own pictures come in any size, square
        return shape[0] == shape[1]
    return _is_of(entry, shape)


def _is_of(entry: DatasetEntry, shape: Sequence[int | None]) -> bool:
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
        raise StudioError(f"The images of {entry.called} are not of the network's shape: choose another data set.")
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
    if len(entry.classes) != len(answers.classes):
        raise StudioError(
            f"The network has {len(answers.classes):,} classes, but {entry.called} has {len(entry.classes):,}: choose "
            "another data set."
        )
    entry = in_size(entry, shape)
    dataset = entry.load(on_progress)
    images, labels = _drawn(dataset)
    ranges = [name for name, one in VALUE_RANGES.items() if shape[2] in one.channels]
    if on_progress is not None:  # it takes seconds after all images are read
        on_progress(Progress("Opening the network", 0, None, "images"))
    raw = completed_model(model.path, replace(answers, value_range="0-255"))
    meter = Meter("Trying", len(ranges) * len(images), "answers", on_progress)
    answered = {}
    for number, name in enumerate(ranges):
        probabilities = []
        for start in range(0, len(images), BATCH):
            batch = VALUE_RANGES[name].apply(images[start : start + BATCH])
            probabilities.append(np.asarray(raw(batch, training=False)))
            meter.tell(number * len(images) + min(start + BATCH, len(images)))
        answered[name] = np.nan_to_num(np.concatenate(probabilities))
    outputs = places(entry.classes, answers.classes) or range(len(answers.classes))
    rule = _rule_for(dataset, entry, answers.input_rule)
    return Trials(entry, rule, answers.value_range, answers.classes, np.array(outputs), labels, answered)


def _rule_for(dataset: Dataset, entry: DatasetEntry, likely: str) -> str:
    """How pictures were most probably prepared for a network that knows the images of a data set.

    A user's own pictures lie there as they came: they only tell that nothing was looked for in them.
    """
    if entry.path is None or INPUT_RULES[dataset.input_rule].finds:
        return dataset.input_rule
    return PLAIN_RULE if INPUT_RULES[likely].finds else likely


def _drawn(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Some images with their labels, always the same ones.

    They are test images; of a user's own folder that says none, or has few of them, also others: whoever trained the
    network did not know which of them are set aside here.
    """
    most = max(LEAST_IMAGES, min(MOST_IMAGES, NUMBERS // math.prod(dataset.image_shape)))
    splits, wanted = [dataset.test], most
    if dataset.report is not None:
        splits += [split for split in (dataset.validation, dataset.train) if split is not None]
        wanted = LEAST_IMAGES if dataset.report.own_split else most
    drawn: list[Split] = []
    for split in splits:
        missing = (most if split is dataset.test else wanted) - sum(map(len, drawn))
        if missing > 0:
            drawn.append(split.take(np.sort(np.random.default_rng(0).permutation(len(split))[:missing])))
    return np.concatenate([some.images[:] for some in drawn]), np.concatenate([some.labels for some in drawn])


def _judged(name: str, probabilities: np.ndarray, labels: np.ndarray) -> RangeTrial:
    of_label = np.maximum(probabilities[np.arange(len(labels)), labels].astype(np.float64), np.finfo(np.float32).tiny)
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
