"""What a data set is once it is loaded: images with labels, in splits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.data.stored import StoredImages
from cnnstudio.errors import StudioError
from cnnstudio.limits import IMAGE_SIZES
from cnnstudio.wording import shape

if TYPE_CHECKING:
    from cnnstudio.data.report import FolderReport, LeftOut

CHANNELS = (1, 3)
"""Grey, and colour."""


def check_image_shape(image_size: int | None, channels: int | None) -> None:
    """Checks the size and the channels that pictures are to be brought to; None where they are not chosen.

    Raises:
        StudioError: images cannot have this size, or so many channels.
    """
    if image_size is not None and image_size not in IMAGE_SIZES:
        raise StudioError(
            f"The image size must be a whole number from {IMAGE_SIZES[0]} to {IMAGE_SIZES[-1]:,} pixels, not "
            f"{image_size:,}."
        )
    if channels is not None and channels not in CHANNELS:
        raise StudioError(f"Images have 1 channel (grey) or 3 (colour), not {channels}.")


@dataclass(frozen=True, eq=False)
class Split:
    """Images of one size with their labels.

    Attributes:
        images: (n, height, width, channels) uint8, raw values 0–255; channels is 1 (grey) or 3 (RGB). An array, or
            images that lie on disk: `images[...]` gives an array in any case.
        labels: (n,) int32, each the index of a class name.
    """

    images: np.ndarray | StoredImages
    labels: np.ndarray

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(f"images {self.images.shape} and labels {self.labels.shape} do not belong together")

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Split({len(self):,} images of {shape(self.images.shape[1:])})"

    def take(self, indices: np.ndarray) -> "Split":
        """The images and labels at `indices`, (n,) whole numbers, in that order; what lies on disk stays there."""
        images = self.images.at(indices) if isinstance(self.images, StoredImages) else self.images[indices]
        return Split(images, self.labels[indices])


def draw_from_each_class(
    labels: np.ndarray, share: Callable[[int], int], seed: int, rather_not: np.ndarray | None = None
) -> np.ndarray:
    """Draws images at random, of each class its share.

    Args:
        labels: (n,) whole numbers from 0.
        share: gives the number of images to draw from the number in a class.
        seed: the same seed draws the same images.
        rather_not: (n,) bool, images that are drawn only where a class has not enough others.

    Returns:
        (n,) bool, true for those that were drawn.
    """
    random = np.random.default_rng(seed)
    drawn = np.zeros(len(labels), bool)
    by_class = np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels))[:-1])
    for members in by_class:
        count = share(len(members))
        if count > 0:
            order = random.permutation(members)
            if rather_not is not None:
                order = order[np.argsort(rather_not[order], kind="stable")]
            drawn[order[:count]] = True
    return drawn


@dataclass(frozen=True, eq=False)
class Dataset:
    """A loaded data set.

    Attributes:
        name: by which `load_dataset` loads it again: a key of `DATASETS`, the name of one of the user's own, or a path.
        classes: the class names, in the order of the labels.
        train: the training images as published; while `validation` is set, without those held out.
        test: the test images; never used for any choice during training.
        validation: images held out of the training images, or None where none are yet.
        input_rule: key of the rule in `cnnstudio.data.pictures.input_rules.INPUT_RULES` by which a user's own picture
            becomes an image like these.
        title: the name for the screen.
        licence: the licence, and to whom credit is due; empty for a user's own images.
        report: what was found in the folder that the images come from; None for a published data set.
        name_of_file: gives for an image of a split, by its number there, the name of the file it came from, or nothing
            where that is not known; None for a published data set.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    validation: Split | None = None
    input_rule: str = "centre-crop"
    title: str = ""
    licence: str = ""
    report: "FolderReport | None" = None
    name_of_file: Callable[[Split, int], str] | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels

    @property
    def left_out(self) -> "tuple[LeftOut, ...]":
        """What of the folder that the images come from is not used, and why."""
        return self.report.left_out if self.report else ()

    def hold_out(self, fraction: float, seed: int) -> "Dataset":
        """The same data set with a stratified validation split taken from its training images.

        Args:
            fraction: of the training images, 0 < fraction < 1; every class gives that share, rounded, but at least one
                image, and keeps at least one for training.
            seed: the same seed holds out the same images.

        Returns:
            A data set with `validation` set; itself if it has one already.
        """
        if self.validation is not None:
            return self
        if not 0 < fraction < 1:
            raise ValueError(f"fraction must lie between 0 and 1, not {fraction}")

        def share(count: int) -> int:
            return min(max(1, round(fraction * count)), count - 1)

        mask = draw_from_each_class(self.train.labels, share, seed)
        return replace(
            self,
            train=self.train.take(np.flatnonzero(~mask)),
            validation=self.train.take(np.flatnonzero(mask)),
        )
