"""Measures a classifier on images whose labels are known, and finds those that it gets wrong."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.adopt import unnamed
from cnnstudio.models.trained.outputs import LIKELY
from cnnstudio.progress import OnProgress, Progress
from cnnstudio.wording import shape

if TYPE_CHECKING:
    from cnnstudio.data.published.catalogue import DatasetEntry
    from cnnstudio.data.splits import Dataset, Split
    from cnnstudio.models.trained.card import Card
    from cnnstudio.models.trained.classifier import Classifier


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The accuracy and the loss of a classifier on some images.

    Attributes:
        accuracy: share of the images whose class is answered, 0–1.
        loss: mean cross-entropy in nats; of independent classes, binary cross-entropy, mean over the classes.
        images: number of images.
        confusion_matrix: (classes, classes) int64; entry (i, j) counts the images of class i that were taken for j. Of
            independent classes several may be answered to an image, or none.
        independent: whether each class has a probability of its own.
    """

    accuracy: float
    loss: float
    images: int
    confusion_matrix: np.ndarray
    independent: bool = False


@dataclass(frozen=True, eq=False)
class Mistakes:
    """The images that a classifier gets wrong, those first of whose wrong answer it is surest.

    Attributes:
        indices: (n,) int64, their numbers in the split.
        answers: (n,) int64, the class that was answered to each.
        probabilities: (n,) float32, of that answer.
        images: number of images that were looked at.
    """

    indices: np.ndarray
    answers: np.ndarray
    probabilities: np.ndarray
    images: int

    def __len__(self) -> int:
        return len(self.indices)


def evaluate(classifier: "Classifier", split: "Split", on_progress: OnProgress | None = None) -> Evaluation:
    """Measures a classifier.

    Args:
        classifier: it is used in the calling thread.
        split: at least one image; labels index the classifier's classes.
        on_progress: called after each batch; what it raises ends the evaluation.

    Raises:
        StudioError: the images do not fit the classifier.
    """
    classes, total = len(classifier.classes), len(split)
    independent = classifier.card.independent
    matrix = np.zeros((classes, classes), np.int64)
    loss = 0.0
    for labels, probabilities in _answers(classifier, split, on_progress):
        np.add.at(matrix, labels, _answered(probabilities, independent))
        places = np.arange(len(labels))
        of_label = probabilities[places, labels].astype(np.float64)[:, np.newaxis]
        if independent:
            of_label = 1 - probabilities.astype(np.float64)
            of_label[places, labels] = probabilities[places, labels]
        # A probability that float32 rounded to 0 counts as the smallest that is not.
        loss += float(-np.log(np.maximum(of_label, np.finfo(np.float32).tiny)).mean(axis=1).sum())
    return Evaluation(float(matrix.trace() / total), loss / total, total, matrix, independent)


def find_mistakes(classifier: "Classifier", split: "Split", on_progress: OnProgress | None = None) -> Mistakes:
    """Finds the images that a classifier gets wrong; arguments and errors as of `evaluate`."""
    answers = np.zeros(len(split), np.int64)
    right = np.zeros(len(split), bool)
    probabilities = np.zeros(len(split), np.float32)
    done = 0
    for labels, batch in _answers(classifier, split, on_progress):
        place = slice(done, done + len(labels))
        answers[place], probabilities[place] = batch.argmax(axis=1), batch.max(axis=1)
        right[place] = _answered(batch, classifier.card.independent)[np.arange(len(labels)), labels]
        done = place.stop
    wrong = np.flatnonzero(~right)
    wrong = wrong[np.argsort(-probabilities[wrong], kind="stable")]
    return Mistakes(wrong, answers[wrong], probabilities[wrong], len(split))


def _answered(probabilities: np.ndarray, independent: bool) -> np.ndarray:
    """Which classes are answered to each image, (n, classes) bool."""
    if independent:
        return probabilities >= LIKELY
    return probabilities.argmax(axis=1)[:, np.newaxis] == np.arange(probabilities.shape[1])


def _answers(
    classifier: "Classifier", split: "Split", on_progress: OnProgress | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Labels, (n,), and probabilities, (n, classes), a batch at a time."""
    total = len(split)
    for start in range(0, total, classifier.batch_size):
        batch = slice(start, start + classifier.batch_size)
        yield split.labels[batch], classifier.predict_many(split.images[batch])
        if on_progress is not None:
            on_progress(Progress("Predicting", min(batch.stop, total), total, "images"))


def in_order(data: "DatasetEntry", classes: tuple[str, ...]) -> "DatasetEntry":
    """The same data set with its classes in the order of a model's, where they are the same by name; else as it is."""
    if data.classes == classes or len(data.classes) != len(classes) or set(data.classes) != set(classes):
        return data
    places = np.array([classes.index(name) for name in data.classes], np.int32)

    def relabelled(split: "Split") -> "Split":
        return replace(split, labels=places[split.labels])

    def read(on_progress: OnProgress | None) -> "Dataset":
        dataset = data.read(on_progress)
        validation = None if dataset.validation is None else relabelled(dataset.validation)
        train, test = relabelled(dataset.train), relabelled(dataset.test)
        return replace(dataset, classes=classes, train=train, test=test, validation=validation)

    return replace(data, classes=classes, read=read)


def check_fit(card: "Card", data: "DatasetEntry") -> None:
    """Checks that a model can be measured on the images of a data set.

    Raises:
        StudioError: its images or its classes are others.
    """
    if tuple(card.input_shape) != data.image_shape:
        raise StudioError(
            f"The model takes images of {shape(card.input_shape)}, but those of {data.called} are "
            f"{shape(data.image_shape)}: choose another data set or model."
        )
    if tuple(card.classes) == unnamed(len(data.classes)):
        raise StudioError(
            f"The model's classes have no names ({_few(card.classes)}), so that it is not known which of those of "
            f"{data.called} they are. Say so in the window, under “What is it…” in the model's menu, or with: "
            f"cnnstudio adopt FILE --dataset {shlex.quote(data.name)}"
        )
    if tuple(card.classes) != data.classes:
        raise StudioError(
            f"The model's classes ({_few(card.classes)}) are not those of {data.called} ({_few(data.classes)}): "
            "choose another data set or model."
        )


def _few(classes: tuple[str, ...]) -> str:
    return ", ".join(classes[:3]) + (", …" if len(classes) > 3 else "")
