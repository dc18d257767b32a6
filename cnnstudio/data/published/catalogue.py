"""The table of published data sets."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from cnnstudio.data.downloads import fetch as downloads
from cnnstudio.data.downloads.remote import RemoteFolder
from cnnstudio.data.published import class_names
from cnnstudio.data.published.formats import (
    CIFAR10,
    CIFAR100,
    FASHION_MNIST,
    read_cifar,
    read_fashion_mnist,
    read_mnist,
)
from cnnstudio.data.splits import Dataset
from cnnstudio.progress import OnProgress
from cnnstudio.wording import shape


@dataclass(frozen=True)
class DatasetEntry:
    """What the table says of a data set before it is loaded.

    Attributes:
        name: the key, as typed on the command line.
        title: the name as its authors write it.
        description: one sentence for a beginner.
        image_shape: (height, width, channels).
        classes: the class names.
        train_images: number of training images.
        test_images: number of test images.
        licence: the licence, and to whom credit is due; empty for a user's own images.
        read: reads all images, after fetching or scanning them where that is needed.
        path: the folder or zip of a user's own images; None for a published data set.
        remote: the files that are downloaded at first use; None where nothing is.
        keras: module of `keras.datasets` whose `load_data` gives the same images in the same order, and the arguments
            of that call; empty where there is none.
        original_side: shorter side in pixels of a user's own pictures before they are scaled, the median; 0 where it
            is not known.
        layout: how the folder of a user's own images is laid out, as `cnnstudio.data.folders.layout.LayoutChoice`
            writes it; empty where one folder for each class is found by itself.
        input_rule: key of `cnnstudio.data.pictures.input_rules.INPUT_RULES` by which pictures become images like those
            of a published data set; empty for a user's own, of which it is known once they are loaded.
    """

    name: str
    title: str
    description: str
    image_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    train_images: int
    test_images: int
    licence: str
    read: Callable[[OnProgress | None], Dataset] = field(compare=False)
    path: Path | None = None
    remote: RemoteFolder | None = None
    keras: tuple[str, ...] = ()
    original_side: int = 0
    layout: str = ""
    input_rule: str = ""

    @property
    def download_bytes(self) -> int:
        """Bytes that are downloaded at first use; 0 for what ships and for a user's own images."""
        return self.remote.bytes if self.remote else 0

    def is_here(self) -> bool:
        """Whether it can be loaded without a download: a quick look, the files may still turn out to be damaged."""
        return self.remote is None or downloads.is_here(self.remote)

    def check(self) -> None:
        """Reads all files that it consists of, and downloads or changes nothing.

        Raises:
            StudioError: one is missing or damaged.
        """
        if self.remote is None:
            self.load()
        else:
            downloads.check(self.remote)

    @property
    def called(self) -> str:
        """Its title within a sentence: in quotation marks where it is a name that the user has given."""
        return self.title if self.path is None else f"“{self.title}”"

    @property
    def size_text(self) -> str:
        """The size in words, such as “70,000 images, 28×28, grey, 10 classes”."""
        height, width, channels = self.image_shape
        colour = "grey" if channels == 1 else "colour"
        images = self.train_images + self.test_images
        return f"{images:,} images, {shape((height, width))}, {colour}, {len(self.classes)} classes"

    def load(self, on_progress: OnProgress | None = None) -> Dataset:
        """Reads all images: training and test images, no validation split yet where none was published.

        Raises:
            StudioError: the files are missing, damaged or cannot be fetched.
        """
        dataset = self.read(on_progress)
        return replace(
            dataset,
            title=dataset.title or self.title,
            licence=dataset.licence or self.licence,
            input_rule=self.input_rule or dataset.input_rule,
        )


_CIFAR_LICENCE = "no formal licence; cite Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009"

DATASETS: dict[str, DatasetEntry] = {
    entry.name: entry
    for entry in (
        DatasetEntry(
            name="mnist",
            title="MNIST",
            description="Handwritten digits, centred and scaled: where most people start.",
            image_shape=(28, 28, 1),
            classes=class_names.DIGITS,
            train_images=60_000,
            test_images=10_000,
            licence="CC BY-SA 3.0, LeCun, Cortes and Burges",
            read=read_mnist,
            keras=("mnist",),
            input_rule="digit",
        ),
        DatasetEntry(
            name="fashion-mnist",
            title="Fashion-MNIST",
            description="Clothes, shoes and bags in the format of MNIST, and harder to tell apart.",
            image_shape=(28, 28, 1),
            classes=class_names.FASHION_MNIST,
            train_images=60_000,
            test_images=10_000,
            licence="MIT, Zalando SE",
            read=read_fashion_mnist,
            remote=FASHION_MNIST,
            keras=("fashion_mnist",),
            input_rule="clothing",
        ),
        DatasetEntry(
            name="cifar10",
            title="CIFAR-10",
            description="Small colour photos of animals and vehicles: the classic test of a small network.",
            image_shape=(32, 32, 3),
            classes=class_names.CIFAR10,
            train_images=50_000,
            test_images=10_000,
            licence=_CIFAR_LICENCE,
            read=partial(read_cifar, CIFAR10, "cifar10", class_names.CIFAR10, 0),
            remote=CIFAR10.remote,
            keras=("cifar10",),
            input_rule="centre-crop",
        ),
        DatasetEntry(
            name="cifar100",
            title="CIFAR-100",
            description="Small colour photos of a hundred kinds of things, only 500 of each to learn from.",
            image_shape=(32, 32, 3),
            classes=class_names.CIFAR100,
            train_images=50_000,
            test_images=10_000,
            licence=_CIFAR_LICENCE,
            read=partial(read_cifar, CIFAR100, "cifar100", class_names.CIFAR100, 1),
            remote=CIFAR100.remote,
            keras=("cifar100",),
            input_rule="centre-crop",
        ),
        DatasetEntry(
            name="cifar100-coarse",
            title="CIFAR-100, 20 superclasses",
            description="The photos of CIFAR-100, with each five of its classes taken together as one.",
            image_shape=(32, 32, 3),
            classes=class_names.CIFAR100_COARSE,
            train_images=50_000,
            test_images=10_000,
            licence=_CIFAR_LICENCE,
            read=partial(read_cifar, CIFAR100, "cifar100-coarse", class_names.CIFAR100_COARSE, 0),
            remote=CIFAR100.remote,
            keras=("cifar100", 'label_mode="coarse"'),
            input_rule="centre-crop",
        ),
    )
}
"""Every published data set, in the order in which it is shown."""
