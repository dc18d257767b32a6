"""The table of published data sets."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from cnnstudio.data.published import DIGITS, read_mnist
from cnnstudio.data.splits import Dataset, OnProgress, Progress


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
        licence: the licence, and to whom credit is due; empty for a user's own images.
        read: reads all images, after fetching or scanning them where that is needed.
        path: the folder or zip of a user's own images; None for a published data set.
    """

    name: str
    title: str
    description: str
    image_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    train_images: int
    test_images: int
    licence: str
    read: Callable[[OnProgress], Dataset]
    path: Path | None = None

    @cached_property
    def size_text(self) -> str:
        """The size in words, such as “70,000 images, 28×28, grey, 10 classes”."""
        height, width, channels = self.image_shape
        colour = "grey" if channels == 1 else "colour"
        images = self.train_images + self.test_images
        return f"{images:,} images, {height}×{width}, {colour}, {len(self.classes)} classes"

    def load(self, on_progress: OnProgress | None = None) -> Dataset:
        """Reads all images.

        Args:
            on_progress: told how far a download or a scan is; what it raises ends that.

        Returns:
            The data set as published: training and test images, no validation split yet where none was published.

        Raises:
            StudioError: the files are missing, damaged or cannot be fetched.
        """
        dataset = self.read(on_progress or _tell_nobody)
        return replace(dataset, title=dataset.title or self.title, licence=dataset.licence or self.licence)


def _tell_nobody(progress: Progress) -> None:
    """Somebody must be told; nobody listens."""


DATASETS: dict[str, DatasetEntry] = {
    entry.name: entry
    for entry in (
        DatasetEntry(
            name="mnist",
            title="MNIST",
            description="Handwritten digits, centred and scaled: where most people start.",
            image_shape=(28, 28, 1),
            classes=DIGITS,
            train_images=60_000,
            test_images=10_000,
            licence="CC BY-SA 3.0, LeCun, Cortes and Burges",
            read=read_mnist,
        ),
    )
}
"""Every published data set, in the order in which it is shown."""
