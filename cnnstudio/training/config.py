"""The configuration of a training, and the choices in it: schedules, optimizers, precisions."""

import math
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnstudio.data.augmentation.augment import find_augmentation
from cnnstudio.data.library import SIZES, UnreadableListError, find_dataset
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.errors import StudioError
from cnnstudio.models.architectures.architecture import LARGE_SIDE
from cnnstudio.models.architectures.transfer import LEAST_SIDE, TRANSFER
from cnnstudio.models.networks.building import find_network
from cnnstudio.models.trained.library import find_model
from cnnstudio.training.precision import PRECISIONS

if TYPE_CHECKING:
    import keras

MAX_SEED = 2**31 - 1
MAX_EPOCHS = 100_000

FEW_IMAGES = 5000
"""Number of training images below which a folder of images has few: an augmentation is suggested for them, and for
photos a network that has seen others before.
"""

FOR_PHOTOS = TRANSFER[0]
"""The architecture that is suggested for few or large photos; its weights ship."""

FEW_STEPS = 400
"""Number of steps that a training should take at least; few images are repeated in more epochs for that."""

FEW_STEPS_MORE = 150
"""The same of a network that has learnt before: on 30 photos the loss of Transfer was below 0.05 after 65 steps."""

PHOTO_SIDE = 160
"""To which few photos are brought, in pixels, for a network that has seen others before, unless they are smaller.

It has seen its own at 224: twice the time for 2 % more right (`cnnstudio.models.architectures.transfer.LEAST_SIDE`).
"""

MOST_EPOCHS = 60
"""Number of epochs that are suggested at most."""

AS_SUITS: Any = None
"""Default of a value that is chosen to suit the data set when the config is made."""

_SUITED: dict[str, Any] = {"epochs": 3, "batch_size": 128, "augmentation": "none"}
"""The values that suit a large data set."""

WARM_UP = 0.05
"""Share of the training over which the rate rises, where a schedule warms up."""


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes in the course of a training.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        description: one sentence for a newcomer.
        factors: takes (n,) float64 shares of the training that are done, 0 ≤ share < 1; returns the factors (n,) by
            which the learning rate is multiplied, 0–1.
    """

    name: str
    title: str
    description: str
    factors: Callable[[np.ndarray], np.ndarray]


def _constant(done: np.ndarray) -> np.ndarray:
    return np.ones_like(done)


def _cosine(done: np.ndarray) -> np.ndarray:
    """Loshchilov & Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (2017), one period, with warm-up."""
    rising = (done + WARM_UP / 10) / (WARM_UP * 1.1)
    falling = 0.5 + 0.5 * np.cos(math.pi * np.clip((done - WARM_UP) / (1 - WARM_UP), 0, 1))
    return np.minimum(rising, falling)


SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (
        Schedule(
            "cosine",
            "Cosine",
            "The rate rises quickly at first, then falls along half a cosine to zero: large steps early, fine ones "
            "late.",
            _cosine,
        ),
        Schedule("constant", "Constant", "The rate stays the same throughout.", _constant),
    )
}
"""Every schedule that can be chosen by name, in the order in which it is shown."""


@dataclass(frozen=True)
class Optimizer:
    """A rule by which the gradients change the weights.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        description: one sentence for a newcomer.
        learning_rate: the default for the highest rate, which does well for most networks.
        build: takes a learning rate and returns Keras's optimizer.
    """

    name: str
    title: str
    description: str
    learning_rate: float
    build: Callable[[float], "keras.optimizers.Optimizer"]


# Each optimizer has one name. Keras would number them, and TensorFlow keeps a kernel for every name of a variable.


def _adam(learning_rate: float) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.Adam(learning_rate, name="adam")


def _sgd(learning_rate: float) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.SGD(learning_rate, momentum=0.9, nesterov=True, name="sgd")


OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer(
            "adam",
            "Adam",
            "Each weight has its own step size, which follows from its gradients so far: a good first choice.",
            4e-3,
            _adam,
        ),
        Optimizer(
            "sgd",
            "SGD with momentum",
            "Each step keeps nine tenths of the one before: often the most accurate in the end for deep networks with "
            "batch normalisation.",
            0.1,
            _sgd,
        ),
    )
}
"""Every optimizer that can be chosen by name, in the order in which it is shown."""


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training; the same config trains the same network on the same machine.

    Attributes:
        dataset: what `cnnstudio.data.library.find_dataset` finds: a published data set, one of the user's own, or the
            path of a folder or a zip of images.
        architecture: what `cnnstudio.models.networks.building.find_network` finds: a key of `ARCHITECTURES`, or the
            name or the file of an edited one.
        epochs: passes over the training images, at least 1. This, the batch size and the augmentation are chosen to
            suit the data set where they are not given: few images need small batches, more epochs and variety.
        batch_size: images per step, at least 1.
        learning_rate: the highest rate of the schedule, above 0; the optimizer's own where it is not given.
        seed: decides initial weights, the order of images, the validation split and the augmentation; 0 to `MAX_SEED`.
        augmentation: what `cnnstudio.data.augmentation.augment.find_augmentation` finds: a key of its table, or changes
            with their sizes such as `shift=0.1,flip=0.5`.
        schedule: a key of `SCHEDULES`.
        optimizer: a key of `OPTIMIZERS`.
        weight_decay: share of itself by which a weight shrinks with each step, times the learning rate; at least 0.
            Biases and normalisations do not shrink (Loshchilov & Hutter, Decoupled Weight Decay Regularization, 2019).
        precision: a key of `cnnstudio.training.precision.PRECISIONS`.
        fine_tune_epochs: epochs that follow with the upper part of a pretrained backbone trained, too, in small steps;
            0 where the architecture has none.
        start_from: what `cnnstudio.models.trained.library.find_model` finds: a trained model. Layers that have the same
            names and shapes there begin with its weights, instead of random ones; None for random ones throughout.
        validation_fraction: share of the training images that is held out for validation, between 0 and 1; where the
            data set has validation images of its own, those are taken.
        image_size: the side in pixels to which the images of a folder are brought; as proposed or imported where None.
        channels: 1 (grey) or 3 (colour), likewise.
        layout: how a folder is laid out, as `cnnstudio.data.folders.layout.LayoutChoice` writes it; as imported or
            found out where it is empty.
    """

    dataset: str = "mnist"
    architecture: str = "lenet5"
    epochs: int = AS_SUITS
    batch_size: int = AS_SUITS
    learning_rate: float = AS_SUITS
    seed: int = 0
    augmentation: str = AS_SUITS
    schedule: str = "cosine"
    optimizer: str = "adam"
    weight_decay: float = 0.0
    precision: str = "float32"
    fine_tune_epochs: int = 0
    start_from: str | None = None
    validation_fraction: float = 1 / 12
    image_size: int | None = None
    channels: int | None = None
    layout: str = ""

    _problem: ClassVar[StudioError | None] = None
    """Why it cannot be known what suits the data set."""

    @classmethod
    def suggested(cls, entry: DatasetEntry, architecture: str = "") -> "TrainingConfig":
        """Returns a config that trains well on a data set.

        Args:
            entry: the data set.
            architecture: what `find_network` finds; without one, that is suggested, too.
        """
        architecture = architecture or (FOR_PHOTOS.name if _are_few_or_large_photos(entry) else cls.architecture)
        config = cls(dataset=entry.name, architecture=architecture, **_suited(entry, architecture))
        if entry.path is None:
            return config
        size = _image_size(entry, architecture)
        return replace(config, image_size=size, channels=entry.image_shape[2], layout=entry.layout)

    def __post_init__(self) -> None:
        if self.learning_rate is None:
            optimizer = OPTIMIZERS.get(str(self.optimizer), OPTIMIZERS["adam"])  # `check` reports an unknown one
            object.__setattr__(self, "learning_rate", optimizer.learning_rate)
        missing = [name for name in _SUITED if getattr(self, name) is None]
        if not missing:
            return
        try:
            entry = find_dataset(str(self.dataset), self.image_size, self.channels, layout=self.layout)
            suited = _suited(entry, str(self.architecture))
        except StudioError as error:  # `check` reports it
            suited = _SUITED
            if isinstance(error, UnreadableListError):
                object.__setattr__(self, "_problem", error)
        for name in missing:
            object.__setattr__(self, name, suited[name])

    def check(self) -> None:
        """Checks every value before anything is loaded.

        Raises:
            StudioError: a value is unknown or makes no sense; the text names it and says what would do.
        """
        find_network(str(self.architecture))
        if self.start_from is not None:
            find_model(str(self.start_from))
        _check_choice("schedule", self.schedule, SCHEDULES)
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        _check_choice("precision", self.precision, PRECISIONS)
        _check_whole("number of epochs", self.epochs, 1, MAX_EPOCHS)
        _check_whole("number of epochs for fine-tuning", self.fine_tune_epochs, 0, MAX_EPOCHS)
        _check_whole("seed", self.seed, 0, MAX_SEED)
        _check_number("learning rate", self.learning_rate, math.inf)
        if self.weight_decay != 0 or isinstance(self.weight_decay, bool):
            _check_number("weight decay", self.weight_decay, 1)
        _check_number("validation fraction", self.validation_fraction, 1)
        find_augmentation(str(self.augmentation))
        if self._problem:  # the list may be readable again by now, but what suits the data set was not chosen
            raise self._problem
        entry = find_dataset(str(self.dataset), self.image_size, self.channels, layout=str(self.layout))
        # How many images of a folder can be read is known after the scan only.
        share = 1 if entry.path else 1 - self.validation_fraction
        _check_whole("batch size", self.batch_size, 1, max(1, math.floor(entry.train_images * share)))

    def fitting(self, entry: DatasetEntry, images: int) -> "TrainingConfig":
        """The same config with smaller batches where there are fewer images than in one, unless somebody chose that.

        Args:
            entry: the data set.
            images: its training images; how many pictures of a folder can be read is known after the scan only.
        """
        if self.batch_size <= images or self.batch_size != _suited(entry, self.architecture)["batch_size"]:
            return self
        return replace(self, batch_size=_batch_size(images))


def is_pretrained(architecture: str) -> bool:
    """Whether an architecture begins with what it has learnt from other photos: a key of `ARCHITECTURES`."""
    return architecture in {one.name for one in TRANSFER}


def _image_size(entry: DatasetEntry, architecture: str) -> int:
    """The side to which a user's own images are best brought for a network, in pixels.

    A pretrained network gets as much of the pictures themselves as it takes in a reasonable time to see.
    """
    side = entry.image_shape[0]
    if not is_pretrained(architecture):
        return side
    most = PHOTO_SIDE if entry.train_images < FEW_IMAGES else LEAST_SIDE
    return max(side, *(size for size in (0, *SIZES) if size <= min(most, entry.original_side)))


def _are_few_or_large_photos(entry: DatasetEntry) -> bool:
    is_photos = entry.path is not None and entry.image_shape[2] == 3
    return is_photos and (entry.train_images < FEW_IMAGES or entry.original_side >= LARGE_SIDE)


def _suited(entry: DatasetEntry, architecture: str) -> dict[str, Any]:
    images, steps = entry.train_images, FEW_STEPS_MORE if is_pretrained(architecture) else FEW_STEPS
    batch_size = _batch_size(images)
    epochs = max(_SUITED["epochs"], min(MOST_EPOCHS, math.ceil(steps * batch_size / max(1, images))))
    augmentation = _SUITED["augmentation"]
    if entry.path is not None and images < FEW_IMAGES:
        augmentation = "photo" if entry.image_shape[2] == 3 else "shift=0.1,rotate=10,zoom=0.1"
    return {"epochs": epochs, "batch_size": batch_size, "augmentation": augmentation}


def _batch_size(images: int) -> int:
    """A power of two, so that an epoch has at least six steps."""
    return 2 ** int(math.log2(max(1, min(_SUITED["batch_size"], images / 6))))


def _check_choice(noun: str, value: Any, table: Container[str]) -> None:
    if not isinstance(value, str) or value not in table:
        raise StudioError(f"There is no {noun} “{value}”. Choose one of: {', '.join(table)}.")  # type: ignore[arg-type]


def _check_whole(noun: str, value: Any, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not lowest <= value <= highest:
        raise StudioError(f"The {noun} must be a whole number from {lowest:,} to {highest:,}, not {value}.")


def _check_number(noun: str, value: Any, limit: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < limit:
        bounds = "above 0" if math.isinf(limit) else f"between 0 and {limit:g}"
        raise StudioError(f"The {noun} must be a number {bounds}, not {value}.")
