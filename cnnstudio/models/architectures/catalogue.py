"""Architectures: named recipes that build a Keras model for an image shape and a number of classes."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from cnnstudio.errors import StudioError
from cnnstudio.limits import MAX_ARCHITECTURE_SIDE, MAX_CLASSES
from cnnstudio.models.architectures.alexnet import ALEXNET
from cnnstudio.models.architectures.architecture import Architecture, ImageShape
from cnnstudio.models.architectures.convnext import CONVNEXT
from cnnstudio.models.architectures.dense import DENSE
from cnnstudio.models.architectures.lenet import LENET
from cnnstudio.models.architectures.mobilenet import MOBILENET
from cnnstudio.models.architectures.residual import RESIDUAL
from cnnstudio.models.architectures.teaching import TEACHING
from cnnstudio.models.architectures.transfer import TRANSFER
from cnnstudio.models.architectures.vgg import VGG
from cnnstudio.wording import shape

FAMILIES: dict[str, tuple[Architecture, ...]] = {
    "Without convolutions": DENSE,
    "Classic": LENET,
    "For teaching": TEACHING,
    "Large and deep": (*ALEXNET, *VGG),
    "Residual": RESIDUAL,
    "Modern": (*MOBILENET, *CONVNEXT),
    "For your own photos: they know a million pictures already": TRANSFER,
}
"""The architectures by what they have in common, in the order in which they are shown."""

ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture for family in FAMILIES.values() for architecture in family
}
"""Every architecture that can be chosen by name."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Keras draws the seeds of its initialisers from Python's `random`: seeds that, and puts it back afterwards."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def check(architecture: Architecture, image_shape: ImageShape, classes: int) -> None:
    """Says why an architecture cannot work on such images.

    Raises:
        StudioError: it cannot; the sentence says why, and what to do.
    """
    height, width, channels = image_shape
    size = shape((height, width))
    if classes < 2:
        raise StudioError(f"{architecture.title} needs at least 2 classes to choose between, not {classes}.")
    if classes > MAX_CLASSES:
        raise StudioError(f"{architecture.title} can have up to {MAX_CLASSES:,} classes, not {classes:,}.")
    if channels < 1 or min(height, width) < 1:
        raise StudioError(f"An image of {size} pixels and {channels} channels is empty.")
    if architecture.channels and channels not in architecture.channels:
        known = " or ".join(map(str, architecture.channels))
        raise StudioError(f"{architecture.title} takes images of {known} channels, not {channels}.")
    if min(height, width) < architecture.smallest_side:
        side = architecture.smallest_side
        raise StudioError(
            f"Images of {size} pixels are too small for {architecture.title}: its convolutions and poolings would run "
            f"out of pixels. Use images of at least {shape((side, side))}, or another architecture."
        )
    if max(height, width) > MAX_ARCHITECTURE_SIDE:
        raise StudioError(
            f"Images of {size} pixels are too large: {architecture.title} would take gigabytes for them. Scale them "
            f"down to at most {shape((MAX_ARCHITECTURE_SIDE, MAX_ARCHITECTURE_SIDE))}."
        )
