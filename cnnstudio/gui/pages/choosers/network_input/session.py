"""What pages ask of the engine: opens models, and classifies drawings, pictures and test images.

A session lives in the one thread of a page's `LatestTask`, for a Keras model is used by one thread at a time. Each
request carries the whole question, model and input, so that a newer request may take an older one's place.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from cnnstudio.data.library import find_dataset
from cnnstudio.data.pictures.input_rules import Box, Part, Step, looks_like_a_photo, shrunk
from cnnstudio.data.pictures.no_digit import looks_like_no_digit
from cnnstudio.data.pictures.open import open_image
from cnnstudio.data.pictures.strokes import render
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.errors import StudioError
from cnnstudio.gui.pages.choosers.names import open_classifier
from cnnstudio.lab.experiment import Origin
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import (
    MAX_FROZEN_BYTES_OF_MANY,
    Classifier,
    LayerInfo,
    LayerOutput,
    Prediction,
)
from cnnstudio.models.trained.layer_arithmetic import LayerArithmetic

BLOCK = 2**24
"""The most numbers in the outputs of one block of layers, unless one layer alone has more: 64 MB."""

VIEW_SIDE = 1024
"""Longer side of a picture as it is shown, at most, in pixels."""


_UNSURE, _UNSURE_OF_TWO = 0.5, 0.75


def unsure_share(classes: int) -> float:
    """The probability up to which an answer is uncertain, and shown as a guess.

    Of two classes, the likelier one has a half at least: there it is half way from that to certainty.

    Args:
        classes: how many there are.
    """
    return _UNSURE_OF_TWO if classes == 2 else _UNSURE


def is_unsure(shares: np.ndarray | float, classes: int) -> np.ndarray:
    """Whether answers are uncertain, to the tenth of a percent that is shown: up to “50.0 %” of many classes."""
    return np.round(shares, 3) <= unsure_share(classes)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawing on the canvas; strokes are (n, 2) in canvas units, y down."""

    strokes: list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture from outside.

    Attributes:
        source: its file, the encoded bytes of one, or its pixels, (height, width, 1 or 3) uint8.
        crop: the part that was chosen for the network: left, top, right and bottom as shares of the picture's width and
            height; None for the part that the model's rule takes.
        part: which of several things is meant where the picture shows several.
        live: whether another picture follows at once, so that it is not looked at for long: it shows one thing.
    """

    source: Path | bytes | np.ndarray
    crop: Box | None = None
    part: int = 0
    live: bool = False


@dataclass(frozen=True, eq=False)
class TestImage:
    """A test image of the data set that the model was trained on.

    Attributes:
        image: uint8, as the network takes it.
        label: the true class index.
        index: its number among the test images.
        file: the name of the file that it came from; empty where there is none.
    """

    image: np.ndarray
    label: int
    index: int
    file: str = ""


ModelInput = Drawing | Picture | TestImage


@dataclass(frozen=True, eq=False)
class LookInside:
    """A network to look into, with an image: what the Inside page is sent by another page.

    Attributes:
        path: the model's; None for the one in use.
        input: the image as it was chosen; None for the one that is there.
        view: the name of the view that is wanted, of `cnnstudio.gui.pages.inside.view.VIEWS`; empty for the one shown.
        operation: of `cnnstudio.models.trained.operations.OPERATIONS`: one number is wanted that the first layer makes
            that does it; empty for none.
        origin: the number that is wanted of all that such layers make, where the network has its layer; None for the
            largest one.
    """

    path: Path | None = None
    input: ModelInput | None = None
    view: str = ""
    operation: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, eq=False)
class PartAnswer:
    """What the network says of one of several things in a picture.

    Attributes:
        box: where it is: left, top, right and bottom as shares of the picture's width and height.
        name: the most probable class.
        probability: of it.
    """

    box: Box
    name: str
    probability: float


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer to a request.

    Attributes:
        path: the model that answered.
        card: its card.
        layers: all its layers.
        input: what was classified; None where only the model was opened.
        image: uint8 (height, width, channels), what the network got; None without an input.
        prediction: with the outputs of the layers that were asked for; None without an input.
        picture: uint8, a picture from outside, upright, at most `VIEW_SIDE` on a side.
        crop: what the network sees of it: left, top, right and bottom as shares of its width and height.
        steps: the pictures that led to `image`, for a picture from outside.
        photo: whether a picture from outside looks like an ordinary photo.
        samples: whether the data set of the model is known here, so that there may be test images.
        arithmetic: of the layers of which it was asked for, as far as their numbers are explained.
        parts: the answers to all things in a picture that shows several, such as a sheet of digits; empty for one.
        part: the number of the one to which `image` and `prediction` belong.
        adopted: whether the card is what a user has said of the model.
        known: whether a picture from outside looks like something that the network knows.
    """

    path: Path
    card: Card
    layers: tuple[LayerInfo, ...]
    input: ModelInput | None = None
    image: np.ndarray | None = None
    prediction: Prediction | None = None
    picture: np.ndarray | None = None
    crop: Box | None = None
    steps: tuple[Step, ...] = ()
    photo: bool = False
    samples: bool = True
    arithmetic: tuple[LayerArithmetic, ...] = ()
    parts: tuple[PartAnswer, ...] = ()
    part: int = 0
    adopted: bool = False
    known: bool = True


class UnopenedModelError(StudioError):
    """A model could not be opened.

    Args:
        path: the model's.
        cause: why.
    """

    def __init__(self, path: Path, cause: Exception) -> None:
        super().__init__(str(cause))
        self.path, self.cause = path, cause


class UnreadablePictureError(StudioError):
    """A picture is not there, is none, or is damaged; the model that was to answer is open."""


class UnusablePictureError(StudioError):
    """A picture could be read, but the rule of the model that is open cannot use it.

    Args:
        text: why, for the user.
        input: the picture that was asked about.
        picture: uint8, upright, at most `VIEW_SIDE` on a side.
        photo: whether it looks like an ordinary photo, where the model wants ink on paper.
    """

    def __init__(self, text: str, model_input: Picture, picture: np.ndarray, photo: bool) -> None:
        super().__init__(text)
        self.input, self.picture, self.photo = model_input, picture, photo


@dataclass(frozen=True, eq=False)
class OpenedPicture:
    """A picture from outside, read.

    Attributes:
        source: what it was read from, as of `Picture`.
        picture: the picture itself, upright.
        shown: uint8, as it is shown: at most `VIEW_SIDE` on a side.
    """

    source: Path | bytes | np.ndarray
    picture: Image.Image
    shown: np.ndarray

    @classmethod
    def read(cls, source: Path | bytes | np.ndarray) -> "OpenedPicture":
        """Reads a picture.

        Raises:
            UnreadablePictureError: it is not there, is none, or is damaged.
        """
        given: Path | bytes | Image.Image
        if isinstance(source, np.ndarray):
            given = Image.fromarray(source[..., 0] if source.shape[2] == 1 else source)
        else:
            given = source
        try:
            picture = open_image(given)
        except StudioError as error:
            raise UnreadablePictureError(str(error)) from error
        return cls(source, picture, np.asarray(shrunk(picture, VIEW_SIDE)))


def dataset_of(card: Card) -> DatasetEntry | None:
    """The data set that a model was trained on; None where it is not known here."""
    if not card.dataset:  # which would be the current folder
        return None
    height, width, channels = card.input_shape
    try:
        return find_dataset(card.dataset, height if height == width else None, channels)
    except StudioError:
        return None


_BEFORE_FLATTEN = frozenset({"Activation", "Dropout", "GaussianNoise", "Normalization", "Rescaling"})
"""Kinds of layers that may stand before a Flatten that is the first to give the numbers of an image another shape."""


def flattened(layers: Iterable[LayerInfo]) -> int:
    """How many numbers a network takes as one row, before any layer that knows of neighbours; 0 where it does not."""
    first = next((layer for layer in layers if layer.kind not in _BEFORE_FLATTEN), None)
    return first.shape[0] if first is not None and first.kind == "Flatten" else 0


@dataclass(frozen=True, eq=False)
class Look:
    """The outputs of more layers, and the arithmetic of some, for the image of an answer."""

    answer: Answer
    layers: tuple[LayerOutput, ...]
    arithmetic: tuple[LayerArithmetic, ...] = ()


def blocks_of(layers: Iterable[LayerInfo], most: int | None = None) -> list[tuple[str, ...]]:
    """Splits layers into runs that are computed together: neither memory nor the forward passes become too many.

    Args:
        layers: in their order.
        most: numbers in the outputs of a run, unless one layer alone has more; `BLOCK` by default.
    """
    most = BLOCK if most is None else most
    blocks: list[list[str]] = []
    size = most
    for layer in layers:
        numbers = math.prod(layer.shape)
        if size + numbers > most:
            blocks.append([])
            size = 0
        blocks[-1].append(layer.name)
        size += numbers
    return [tuple(block) for block in blocks]


MANY_LAYERS = 24
"""Of a network with more layers only the main layers are shown at first."""


def rows_of(layers: Iterable[LayerInfo], every: bool) -> tuple[LayerInfo, ...]:
    """The layers that are shown: all of them, or of a deep network only its main layers."""
    known = tuple(layers)
    return known if every or len(known) <= MANY_LAYERS else tuple(layer for layer in known if layer.main)


class Session:
    """Keeps the model that was opened last."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._edition = self._edition_open = 0
        self._classifier: Classifier | None = None
        self._samples = False
        self._picture: OpenedPicture | None = None
        self._parts: tuple[OpenedPicture, Path, tuple[Part, ...]] | None = None

    @property
    def classifier(self) -> Classifier | None:
        """The model that is open; for the thread that asks."""
        return self._classifier

    def reopen(self) -> None:
        """Has the model opened anew the next time that it is asked, for other things are known of it now.

        May be called from another thread than the one that asks.
        """
        self._edition += 1

    def ask(
        self,
        path: Path,
        model_input: ModelInput | None,
        layers: Collection[str] | None = None,
        arithmetic: Collection[str] = (),
    ) -> Answer:
        """Opens the model unless it is open, and answers.

        Args:
            path: the model's folder or file.
            model_input: what to classify; None just makes the model ready.
            layers: the layers whose outputs are wanted; None where the model was not open yet, for the first ones.
            arithmetic: the layers whose arithmetic is wanted; those that the model does not have are passed over.

        Raises:
            UnopenedModelError: the model cannot be opened; the one before is still open.
            StudioError: the input cannot be used; the text says why.
        """
        classifier = self._open(path)
        known = {layer.name for layer in classifier.layers}
        wanted = tuple(layers) if layers is not None and known.issuperset(layers) else _first_block(classifier)
        answer = Answer(
            path,
            classifier.card,
            classifier.layers,
            model_input,
            samples=self._samples,
            adopted=classifier.adopted,
        )
        match model_input:
            case Drawing(strokes):
                answer = replace(answer, image=render(strokes, classifier.input_shape))
            case Picture():
                answer = self._prepared(answer, model_input, classifier)
            case TestImage(image) if image.shape == classifier.input_shape:  # else one of the model before
                answer = replace(answer, image=image)
        if answer.image is None:
            return answer
        explained = _arithmetic(classifier, answer.image, known.intersection(arithmetic))
        prediction = classifier.predict(answer.image, wanted)
        shows_none = _shows_no_digit(classifier, answer, prediction)
        return replace(answer, prediction=prediction, arithmetic=explained, known=not shows_none)

    def look(self, answer: Answer, layers: Collection[str], arithmetic: Collection[str] = ()) -> Look | None:
        """Computes the outputs of more layers, and the arithmetic of some.

        Args:
            answer: to which image, and of which model; None comes back where another model is open by now.
            layers: their names.
            arithmetic: the names of those whose arithmetic is wanted.
        """
        classifier = self._classifier
        if classifier is None or answer.path != self._path or answer.image is None:
            return None
        outputs = classifier.predict(answer.image, layers).layers if layers else ()
        return Look(answer, outputs, _arithmetic(classifier, answer.image, arithmetic))

    def _open(self, path: Path) -> Classifier:
        """Opens a model unless it is open; where it cannot be, the one before stays."""
        edition = self._edition
        if self._classifier is None or path != self._path or edition != self._edition_open:
            try:
                classifier = open_classifier(path)
                classifier.freeze(MAX_FROZEN_BYTES_OF_MANY)
                classifier.warm_up(_first_block(classifier))
            except Exception as error:
                raise UnopenedModelError(path, error) from error
            self._samples = dataset_of(classifier.card) is not None
            self._path, self._classifier, self._edition_open = path, classifier, edition
            self._parts = None
        return self._classifier

    def _opened(self, source: Path | bytes | np.ndarray) -> OpenedPicture:
        """Opens a picture unless it is the last one, of which another part may be wanted many times a second."""
        if self._picture is None or self._picture.source is not source:
            self._picture = None
            self._picture = OpenedPicture.read(source)
        return self._picture

    def _parts_of(self, opened: OpenedPicture, path: Path, classifier: Classifier) -> tuple[Part, ...]:
        """The several things in a picture; looked for once, for they are chosen one after the other."""
        if self._parts is None or self._parts[0] is not opened or self._parts[1] != path:
            self._parts = None
            self._parts = opened, path, classifier.split(opened.picture)
        return self._parts[2]

    def _prepared(self, answer: Answer, model_input: Picture, classifier: Classifier) -> Answer:
        """The answer with what the network gets of a picture, and how it became that."""
        opened = self._opened(model_input.source)
        picture, shown = opened.picture, opened.shown
        width, height = picture.size
        photo = classifier.card.input_rule == "digit" and looks_like_a_photo(picture)
        parts = () if model_input.live else self._parts_of(opened, answer.path, classifier)
        if parts:
            rows = classifier.predict_many(np.stack([part.image for part in parts]))
            answers = tuple(
                PartAnswer(
                    (part.box[0] / width, part.box[1] / height, part.box[2] / width, part.box[3] / height),
                    classifier.classes[row.argmax()],
                    float(row.max()),
                )
                for part, row in zip(parts, rows, strict=True)
            )
            chosen = min(model_input.part, len(parts) - 1)
            return replace(answer, image=parts[chosen].image, picture=shown, parts=answers, part=chosen)
        try:
            prepared = classifier.prepare(picture, _scaled(model_input.crop, width, height))
        except StudioError as error:
            raise UnusablePictureError(str(error), model_input, shown, photo) from error
        crop = _scaled(prepared.crop, 1 / width, 1 / height)
        return replace(answer, image=prepared.image, picture=shown, crop=crop, steps=prepared.steps, photo=photo)


def _shows_no_digit(classifier: Classifier, answer: Answer, prediction: Prediction) -> bool:
    """Whether a picture from outside, which a network for digits has answered, hardly shows one."""
    is_for_digits = classifier.card.input_rule == "digit" and all(name.isdigit() for name in classifier.classes)
    # An image as published had to be neither searched nor changed.
    if not is_for_digits or answer.image is None or len(answer.steps) <= 2:
        return False
    return looks_like_no_digit(answer.image, float(prediction.probabilities.max()), answer.photo)


def _scaled(box: Box | None, across: float, down: float) -> Box | None:
    return None if box is None else (box[0] * across, box[1] * down, box[2] * across, box[3] * down)


def _arithmetic(classifier: Classifier, image: np.ndarray, layers: Iterable[str]) -> tuple[LayerArithmetic, ...]:
    found = (classifier.arithmetic(image, name) for name in layers)
    return tuple(one for one in found if isinstance(one, LayerArithmetic) and not one.takes_vector)


def _first_block(classifier: Classifier) -> tuple[str, ...]:
    return blocks_of(rows_of(classifier.layers, every=False))[0]
