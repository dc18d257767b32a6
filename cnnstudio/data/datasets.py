"""Data sets: named images with class names, in splits."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.storage import shipped


@dataclass(frozen=True, eq=False)
class Split:
    """Images of one size with their labels.

    Attributes:
        images: (n, height, width, channels) uint8, raw values 0–255; channels is 1 (grey) or 3 (RGB).
        labels: (n,) int32, each the index of a class name.
    """

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(f"images {self.images.shape} and labels {self.labels.shape} do not belong together")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray) -> "Split":
        """The images and labels at `indices`, in that order."""
        return Split(self.images[indices], self.labels[indices])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A loaded data set.

    Attributes:
        name: its key in `DATASETS`.
        classes: the class names, in the order of the labels.
        train: the training images as published; while `validation` is set, without those held out.
        test: the test images; never used for any choice during training.
        validation: images held out of the training images, or None where none are yet.
        input_rule: key of the rule in `cnnstudio.data.preparation.INPUT_RULES` by which a user's own picture becomes
            an image like these.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    validation: Split | None = None
    input_rule: str = "centre-crop"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels

    def hold_out(self, fraction: float, seed: int) -> "Dataset":
        """The same data set with a stratified validation split taken from its training images.

        Args:
            fraction: of the training images, 0 < fraction < 1; every class gives that share, rounded, and keeps at
                least one image for training.
            seed: the same seed holds out the same images.

        Returns:
            A data set with `validation` set; itself if it has one already.
        """
        if self.validation is not None:
            return self
        if not 0 < fraction < 1:
            raise ValueError(f"fraction must lie between 0 and 1, not {fraction}")
        random = np.random.default_rng(seed)
        held: list[np.ndarray] = []
        for label in range(len(self.classes)):
            members = np.flatnonzero(self.train.labels == label)
            count = min(round(fraction * len(members)), len(members) - 1)
            if count > 0:
                held.append(random.permutation(members)[:count])
        mask = np.zeros(len(self.train), dtype=bool)
        if held:
            mask[np.concatenate(held)] = True
        return replace(
            self,
            train=self.train.take(np.flatnonzero(~mask)),
            validation=self.train.take(np.flatnonzero(mask)),
        )


@dataclass(frozen=True)
class DatasetEntry:
    """What the table says of a data set before it is loaded.

    Attributes:
        name: the key, as typed on the command line.
        title: the name as its authors write it.
        description: one sentence for somebody new.
        image_shape: (height, width, channels).
        classes: the class names.
        train_images: number of training images.
        test_images: number of test images.
        licence: the licence, and to whom credit is due.
        load: reads all images; takes no argument.
    """

    name: str
    title: str
    description: str
    image_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    train_images: int
    test_images: int
    licence: str
    load: Callable[[], Dataset]

    @cached_property
    def size_text(self) -> str:
        """The size in words, such as “70,000 images, 28×28, grey, 10 classes”."""
        height, width, channels = self.image_shape
        colour = "grey" if channels == 1 else "colour"
        images = self.train_images + self.test_images
        return f"{images:,} images, {height}×{width}, {colour}, {len(self.classes)} classes"


MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the unpacked files, as published by the authors of MNIST."""


def read_idx(path: Path, sha256: str) -> np.ndarray:
    """Reads a gzipped IDX file of unsigned bytes (the format of MNIST).

    Args:
        path: the `.gz` file.
        sha256: the expected SHA-256 of the unpacked bytes, in hex.

    Returns:
        The uint8 array, read-only, of the shape that the file's header gives.

    Raises:
        StudioError: the file is missing, cannot be unpacked, or holds other bytes than expected.
    """
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise StudioError(f"{path} cannot be read ({error}). Install CNN Studio again to restore it.") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StudioError(f"{path} is damaged: its checksum is wrong. Install CNN Studio again to restore it.")
    dimensions = data[3]
    shape = np.frombuffer(data, dtype=">u4", count=dimensions, offset=4)
    return np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(tuple(int(n) for n in shape))


def _read_split(folder: Path, prefix: str, sha256: dict[str, str]) -> Split:
    images, labels = (
        read_idx(folder / f"{name}.gz", sha256[name])
        for name in (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    )
    return Split(images[..., np.newaxis], labels.astype(np.int32))


def load_mnist() -> Dataset:
    """All 70,000 MNIST images, from the files that ship."""
    folder = shipped("assets/mnist")
    return Dataset(
        name="mnist",
        classes=DATASETS["mnist"].classes,
        train=_read_split(folder, "train", MNIST_SHA256),
        test=_read_split(folder, "t10k", MNIST_SHA256),
        input_rule="digit",
    )


DATASETS: dict[str, DatasetEntry] = {
    entry.name: entry
    for entry in (
        DatasetEntry(
            name="mnist",
            title="MNIST",
            description="Handwritten digits, centred and scaled: where most people start.",
            image_shape=(28, 28, 1),
            classes=tuple("0123456789"),
            train_images=60_000,
            test_images=10_000,
            licence="CC BY-SA 3.0, LeCun, Cortes and Burges",
            load=load_mnist,
        ),
    )
}
"""Every data set that can be chosen by name, in the order in which it is shown."""


def load_dataset(name: str) -> Dataset:
    """Loads a data set by its name.

    Args:
        name: a key of `DATASETS`.

    Returns:
        The data set as published: training and test images, no validation split yet.

    Raises:
        StudioError: there is no such data set, or its files are missing or damaged.
    """
    try:
        entry = DATASETS[name]
    except KeyError:
        raise StudioError(f"There is no data set “{name}”. Choose one of: {', '.join(DATASETS)}.") from None
    return entry.load()
