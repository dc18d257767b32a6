"""Measures a classifier on images whose labels are known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cnnstudio.data.splits import Split
    from cnnstudio.models.trained.classifier import Classifier


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The accuracy and the loss of a classifier on some images.

    Attributes:
        accuracy: share of the images that are right, 0–1.
        loss: mean cross-entropy in nats.
        images: number of images.
        confusion_matrix: (classes, classes) int64; entry (i, j) counts the images of class i that were taken for j.
    """

    accuracy: float
    loss: float
    images: int
    confusion_matrix: np.ndarray


def evaluate(
    classifier: "Classifier", split: "Split", on_progress: Callable[[int, int], None] | None = None
) -> Evaluation:
    """Measures a classifier.

    Args:
        classifier: it is used in the calling thread.
        split: at least one image; labels index the classifier's classes.
        on_progress: called with the number of images done and of all images after each batch. What it raises ends the
            evaluation.

    Raises:
        StudioError: the images do not fit the classifier.
    """
    classes, total = len(classifier.classes), len(split)
    counts = np.zeros(classes * classes, np.int64)
    loss = 0.0
    for start in range(0, total, classifier.batch_size):
        batch = slice(start, start + classifier.batch_size)
        labels = split.labels[batch]
        probabilities = classifier.predict_many(split.images[batch])
        counts += np.bincount(labels * classes + probabilities.argmax(axis=1), minlength=len(counts))
        loss += cross_entropy(probabilities, labels)
        if on_progress is not None:
            on_progress(min(batch.stop, total), total)
    matrix = counts.reshape(classes, classes)
    return Evaluation(float(matrix.trace() / total), loss / total, total, matrix)


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Returns the sum over images of −ln p(label).

    Args:
        probabilities: (n, classes) float32.
        labels: (n,) class indices.

    Returns:
        The sum in nats; a probability that float32 rounded to 0 counts as the smallest that is not.
    """
    of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(of_label, np.finfo(np.float32).tiny)).sum())
