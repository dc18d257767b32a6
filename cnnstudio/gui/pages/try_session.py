"""What the Try page asks of the engine: opens models, and answers to drawings, pictures and test images.

A session lives in the one thread of the page's `LatestTask`, for a Keras model is used by one thread at a time. Each
request carries the whole question, model and subject, so that a newer request may take an older one's place.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnstudio.data.images import open_image
from cnnstudio.data.library import load_dataset
from cnnstudio.data.preparation import Step
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.data.strokes import render
from cnnstudio.errors import StudioError
from cnnstudio.models.card import Card
from cnnstudio.models.classifier import Classifier, Prediction
from cnnstudio.models.library import load_classifier


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawing on the canvas; strokes are (n, 2) in canvas units, y down."""

    strokes: list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Opened:
    """A picture from outside: a file, or the encoded bytes of one from the clipboard."""

    source: Path | bytes


@dataclass(frozen=True, eq=False)
class Sampled:
    """A random test image of the data set that the model was trained on; the number decides which."""

    number: int


Subject = Drawn | Opened | Sampled


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of a request.

    Attributes:
        path: the model that answered.
        card: its card.
        subject: what was asked about; None where only the model was opened.
        image: uint8 (height, width, channels), what the network got; None without a subject.
        prediction: with every layer's output; None without a subject.
        steps: the pictures that led to `image`, for a picture from outside.
        label: the true class index, for a test image.
        index: the test image's number in its split.
    """

    path: Path
    card: Card
    subject: Subject | None = None
    image: np.ndarray | None = None
    prediction: Prediction | None = None
    steps: tuple[Step, ...] = ()
    label: int | None = None
    index: int | None = None


class TrySession:
    """Keeps the model that was opened last, and the data set whose test images were asked for."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._classifier: Classifier | None = None
        self._dataset: Dataset | None = None

    def ask(self, path: Path, subject: Subject | None) -> Answer:
        """Opens the model unless it is open, and answers.

        Args:
            path: the model's folder or file.
            subject: what to classify; None just makes the model ready.

        Raises:
            StudioError: the model or the subject cannot be used; the text says why.
        """
        classifier = self._open(path)
        card = classifier.card
        match subject:
            case None:
                return Answer(path, card)
            case Drawn(strokes):
                image = render(strokes, classifier.input_shape)
                return Answer(path, card, subject, image, classifier.predict(image, feature_maps=True))
            case Opened(source):
                prepared = classifier.prepare(open_image(source))
                prediction = classifier.predict(prepared.image, feature_maps=True)
                return Answer(path, card, subject, prepared.image, prediction, prepared.steps)
            case Sampled(number):
                test = self._test_images(card)
                index = number % len(test)
                image = test.images[index]
                prediction = classifier.predict(image, feature_maps=True)
                return Answer(path, card, subject, image, prediction, (), int(test.labels[index]), index)

    def _open(self, path: Path) -> Classifier:
        if self._classifier is None or path != self._path:
            self._classifier = None
            classifier = load_classifier(path)
            classifier.warm_up()
            self._path, self._classifier = path, classifier
        return self._classifier

    def _test_images(self, card: Card) -> Split:
        if self._dataset is None or self._dataset.name != card.dataset:
            self._dataset = load_dataset(card.dataset)
        if self._dataset.image_shape != card.input_shape or self._dataset.classes != card.classes:
            raise StudioError(
                f"“{card.name}” does not take the images of {card.dataset}. Draw or open an image instead."
            )
        return self._dataset.test
