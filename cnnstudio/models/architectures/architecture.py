"""What an architecture is: a recipe for a network, and its description."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import keras

Model: TypeAlias = "keras.Model"

ImageShape = tuple[int, int, int]
"""(height, width, channels)."""

LARGE_SIDE = 96
"""Shorter side in pixels from which networks that were made for ImageNet are built as they were published."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A recipe and its description.

    Attributes:
        name: the key, as typed on the command line.
        title: the name as people say it.
        year: when it was published.
        authors: by whom.
        paper: title and place of the publication.
        link: its address; empty where it has none.
        idea: one sentence for somebody new.
        note: what differs from the paper; empty where nothing does.
        image_shape: of the images that the paper is about, (height, width, channels).
        classes: number of classes in the paper.
        reported: the accuracy that the paper reports, with its data set; empty where it reports none.
        published_parameters: trainable parameters as published for `image_shape` and `classes`, rounded as there; 0
            where none are published.
        channels: the numbers of channels it takes; empty where it takes any.
        smallest_side: the smallest image height and width, in pixels, on which each of its convolutions and poolings
            still has something to do.
        build: makes the model for (image_shape, classes): functional, uncompiled, every layer named, raw 0–255 in,
            softmax out. It only makes layers; `build_network` also checks, seeds and loads. Layers with random numbers
            are made in the order of the model's config, so that the same seed gives a model that is built from its
            config the same weights.
        load_weights: loads the weights that a model starts from which was built so, or edited since; None where it
            starts from random ones.
        weights_file: finds the `.keras` file that these weights come from, whose layers have the same names.
    """

    name: str
    title: str
    year: int
    authors: str
    paper: str
    idea: str
    build: Callable[[ImageShape, int], Model]
    link: str = ""
    note: str = ""
    image_shape: ImageShape = (28, 28, 1)
    classes: int = 10
    reported: str = ""
    published_parameters: int = 0
    channels: tuple[int, ...] = ()
    smallest_side: int = 1
    load_weights: Callable[[Model], None] | None = None
    weights_file: Callable[[], Path] | None = None
