"""Measures a classifier on images whose labels are known."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.progress import OnProgress, Progress

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
    counts = np.zeros(classes * classes, np.int64)
    loss = 0.0
    for start in range(0, total, classifier.batch_size):
        batch = slice(start, start + classifier.batch_size)
        labels = split.labels[batch]
        probabilities = classifier.predict_many(split.images[batch])
        counts += np.bincount(labels * classes + probabilities.argmax(axis=1), minlength=len(counts))
        of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
        # A probability that float32 rounded to 0 counts as the smallest that is not.
        loss += float(-np.log(np.maximum(of_label, np.finfo(np.float32).tiny)).sum())
        if on_progress is not None:
            on_progress(Progress("Predicting", min(batch.stop, total), total, "images"))
    matrix = counts.reshape(classes, classes)
    return Evaluation(float(matrix.trace() / total), loss / total, total, matrix)
