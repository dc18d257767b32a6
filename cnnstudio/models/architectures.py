"""Architectures: named recipes that build a Keras model for an image shape and a number of classes."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cnnstudio.errors import StudioError
from cnnstudio.models.backend import import_keras
from cnnstudio.models.recipes.residual import build_residual

if TYPE_CHECKING:
    import keras

MAX_SIDE = 512
"""Largest image side in pixels: beyond it, a dense layer on all pixels takes gigabytes."""

ImageShape = tuple[int, int, int]
"""(height, width, channels)."""


@dataclass(frozen=True)
class Architecture:
    """A recipe and what is told about it.

    Attributes:
        name: the key, as typed on the command line.
        title: the name as people say it.
        year: when it was published.
        authors: by whom.
        paper: title and place of the publication.
        idea: one sentence for somebody new.
        note: what differs from the paper; empty where nothing does.
        smallest_side: the smallest image height and width, in pixels, that it can work on.
        build: makes the model for (image_shape, classes): functional, uncompiled, every layer named, raw 0–255 in,
            softmax out. Call `build_model` instead, which checks and seeds.
    """

    name: str
    title: str
    year: int
    authors: str
    paper: str
    idea: str
    note: str
    smallest_side: int
    build: Callable[[ImageShape, int], "keras.Model"]


def _softmax(image_shape: ImageShape, classes: int) -> "keras.Model":
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Flatten(name="flatten")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="softmax")


def _mlp(image_shape: ImageShape, classes: int) -> "keras.Model":
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", name="hidden1")(x)
    x = layers.Dense(64, activation="relu", name="hidden2")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="mlp")


def _lenet5(image_shape: ImageShape, classes: int) -> "keras.Model":
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Conv2D(6, 5, padding="same", activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Conv2D(16, 5, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(120, activation="relu", name="dense1")(x)
    x = layers.Dense(84, activation="relu", name="dense2")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="lenet5")


def _lenet5_1998(image_shape: ImageShape, classes: int) -> "keras.Model":
    import keras
    from keras import layers

    height, width = (max(0, 32 - side) for side in image_shape[:2])
    frame = ((height // 2, height - height // 2), (width // 2, width - width // 2))
    inputs = keras.Input(image_shape, name="image")
    x = layers.ZeroPadding2D(frame, name="padding")(inputs)
    x = layers.Rescaling(1.275 / 255, offset=-0.1, name="rescaling")(x)
    x = layers.Conv2D(6, 5, activation="tanh", name="c1")(x)
    x = layers.AveragePooling2D(2, name="s2")(x)
    x = layers.Conv2D(16, 5, activation="tanh", name="c3")(x)
    x = layers.AveragePooling2D(2, name="s4")(x)
    x = layers.Conv2D(120, 5, activation="tanh", name="c5")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(84, activation="tanh", name="f6")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="lenet5-1998")


ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            name="lenet5",
            title="LeNet-5",
            year=1998,
            authors="LeCun, Bottou, Bengio, Haffner",
            paper="Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 86(11)",
            idea="Two small convolutions find strokes and their combinations, three dense layers decide: "
            "the classic to start with.",
            note="The modern form: ReLU for tanh, max pooling for trainable average pooling, all six maps connected to "
            "all sixteen, softmax for radial basis functions.",
            smallest_side=12,
            build=_lenet5,
        ),
        Architecture(
            name="lenet5-1998",
            title="LeNet-5 (1998)",
            year=1998,
            authors="LeCun, Bottou, Bengio, Haffner",
            paper="Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 86(11)",
            idea="LeNet-5 as it was published: tanh and average pooling, on images framed to 32×32.",
            note="Unlike the paper, all six maps of S2 are connected to all sixteen of C3, the output is a softmax "
            "instead of radial basis functions, subsampling is a plain average without trainable coefficient, bias "
            "and squashing, and tanh is not scaled to 1.7159·tanh(2x/3).",
            smallest_side=1,
            build=_lenet5_1998,
        ),
        Architecture(
            name="mlp",
            title="MLP",
            year=1986,
            authors="Rumelhart, Hinton, Williams",
            paper="Learning representations by back-propagating errors, Nature 323",
            idea="Two dense hidden layers of 128 and 64 units that see all pixels at once, with no notion of "
            "neighbourhood.",
            note="ReLU and softmax instead of sigmoid units.",
            smallest_side=1,
            build=_mlp,
        ),
        Architecture(
            name="softmax",
            title="Softmax regression",
            year=1958,
            authors="Cox",
            paper="The Regression Analysis of Binary Sequences, Journal of the Royal Statistical Society B 20(2)",
            idea="One weighted sum of all pixels for each class: the simplest net there is, and what every other one "
            "has to beat.",
            note="The paper treats two classes; softmax is its form for many.",
            smallest_side=1,
            build=_softmax,
        ),
        Architecture(
            name="resnet20",
            title="ResNet-20",
            year=2016,
            authors="He, Zhang, Ren, Sun",
            paper="Deep Residual Learning for Image Recognition, CVPR, section 4.2",
            idea="Every two convolutions only add a correction to what they were given: shortcuts let many layers be "
            "trained.",
            note="",
            smallest_side=4,
            build=partial(build_residual, blocks=3, shortcuts=True, name="resnet20"),
        ),
    )
}
"""Every architecture that can be chosen by name, in the order in which it is shown."""


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Keras draws the seeds of its initialisers from Python's `random`: seeds that, and puts it back afterwards."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def _check(architecture: Architecture, image_shape: ImageShape, classes: int) -> None:
    height, width, channels = image_shape
    size = f"{height}×{width}"
    if classes < 2:
        raise StudioError(f"{architecture.title} needs at least 2 classes to choose between, not {classes}.")
    if channels < 1 or min(height, width) < 1:
        raise StudioError(f"An image of {size} pixels and {channels} channels is empty.")
    if min(height, width) < architecture.smallest_side:
        side = architecture.smallest_side
        raise StudioError(
            f"Images of {size} pixels are too small for {architecture.title}: after its convolutions and poolings "
            f"nothing is left. Use images of at least {side}×{side}, or another architecture."
        )
    if max(height, width) > MAX_SIDE:
        raise StudioError(
            f"Images of {size} pixels are too large for {architecture.title}, whose dense layers would take "
            f"gigabytes. Scale them down to at most {MAX_SIDE}×{MAX_SIDE}."
        )


def build_model(name: str, image_shape: ImageShape, classes: int, seed: int) -> "keras.Model":
    """Builds an untrained model.

    Args:
        name: a key of `ARCHITECTURES`.
        image_shape: (height, width, channels).
        classes: number of classes, at least 2.
        seed: the same seed gives the same initial weights.

    Returns:
        A functional Keras model, uncompiled, from (n, height, width, channels) of raw values 0–255 to (n, classes)
        probabilities.

    Raises:
        StudioError: there is no such architecture, or it cannot work on such images.
    """
    try:
        architecture = ARCHITECTURES[name]
    except KeyError:
        raise StudioError(f"There is no architecture “{name}”. Choose one of: {', '.join(ARCHITECTURES)}.") from None
    _check(architecture, image_shape, classes)
    import_keras()
    with _seeded(seed):
        return architecture.build(image_shape, classes)
