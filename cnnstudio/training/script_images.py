"""The part of a Keras script that brings the images: loaded, split, varied."""

import textwrap
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.data.archives import Archive
from cnnstudio.data.augmentation import Augmentation
from cnnstudio.data.class_folders import find_classes
from cnnstudio.data.datasets import DatasetEntry
from cnnstudio.data.disk_folder import DiskFolder
from cnnstudio.data.folders import TEST_SHARE
from cnnstudio.models.python_text import INDENT, LINE, call, literal, number
from cnnstudio.storage import is_file
from cnnstudio.training.config import TrainingConfig

_KERAS_DATASETS = {
    "mnist": ("mnist", ()),
    "fashion-mnist": ("fashion_mnist", ()),
    "cifar10": ("cifar10", ()),
    "cifar100": ("cifar100", ()),
    "cifar100-coarse": ("cifar100", ('label_mode="coarse"',)),
}
"""Our published data sets in `keras.datasets`, with what `load_data` is told: the same images in the same order."""

_DRAW = '''\
def draw(labels, share, seed):
    """Draws at random the same share of each class; the same seed draws the same."""
    random = np.random.default_rng(seed)
    drawn = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        drawn[members[: max(1, round(share * len(members)))]] = True
    return drawn'''

_VALIDATION = """\
# Part of the training images is held out, to see how well it does on new ones.
held_out = draw(y_train, VALIDATION_SHARE, SEED)
x_val, y_val = x_train[held_out], y_train[held_out]
x_train, y_train = x_train[~held_out], y_train[~held_out]"""

_READ = '''\
def read_images(folder):
    """All images below a folder that has a folder of images for each class."""
    batches = keras.utils.image_dataset_from_directory(
        folder,
        class_names=CLASSES,
        color_mode={color_mode},
        image_size={image_size},
        crop_to_aspect_ratio=True,
        shuffle=False,
    )
    images, labels = zip(*batches)
    return np.concatenate(images).astype("uint8"), np.concatenate(labels)'''


@dataclass(frozen=True)
class ImagesCode:
    """Code that brings the images.

    Attributes:
        imports: lines for the standard library's modules.
        constants: lines for the top of the script.
        definitions: functions.
        text: statements in paragraphs; they make x_train, y_train, x_val, y_val, x_test and y_test.
    """

    imports: tuple[str, ...]
    constants: tuple[str, ...]
    definitions: tuple[str, ...]
    text: tuple[str, ...]


def comment(text: str) -> str:
    """A comment, broken into lines."""
    return "\n".join(textwrap.wrap(text, LINE, initial_indent="# ", subsequent_indent="# "))


def images_code(entry: DatasetEntry, training: TrainingConfig) -> ImagesCode:
    """Writes the code that loads a data set and holds out a part of its training images.

    Args:
        entry: the data set.
        training: its seed and share.

    Raises:
        StudioError: the folder of a user's own images cannot be read.
    """
    share = f"VALIDATION_SHARE = {number(float(training.validation_fraction))}"
    if entry.path is not None:
        return _own_images(entry, entry.path, share)
    module, arguments = _KERAS_DATASETS[entry.name]
    lines = [
        "# Raw values 0–255, and the number of each image's class.",
        *call("(x_train, y_train), (x_test, y_test) = ", f"keras.datasets.{module}.load_data", arguments),
    ]
    if entry.image_shape[2] == 1:
        lines.append("x_train, x_test = x_train[..., np.newaxis], x_test[..., np.newaxis]")
    else:
        lines.append("y_train, y_test = y_train[:, 0], y_test[:, 0]")
    return ImagesCode((), (share,), (_DRAW,), ("\n".join(lines), _VALIDATION))


def _own_images(entry: DatasetEntry, path: Path, share: str) -> ImagesCode:
    with closing(Archive(path) if is_file(path) else DiskFolder(path)) as store:
        layout = find_classes(store.root, path.name, lambda: None)
    folders = {place.split: _below(place.path, layout.top) for place in layout.places}
    height, width, channels = entry.image_shape
    read = _READ.format(
        color_mode=literal("grayscale" if channels == 1 else "rgb"), image_size=literal([height, width])
    )
    folder = path.with_suffix("") if is_file(path) else path
    text = [
        comment(
            "CNN Studio scales and splits a folder of images in its own way: what follows trains on the same images, "
            "but not number for number the same. Keras reads the files that end in .jpg, .jpeg, .png, .gif and .bmp, "
            "leaves out all others, such as the HEIC photos of phones, and does not turn photos upright: save such "
            "photos upright and as PNG first."
        )
    ]
    if is_file(path):
        text.append(comment("It reads the zip as it is; here it is unpacked first."))
        text += call("", "shutil.unpack_archive", [literal(str(path)), "FOLDER"])
    text += _reading(folders)
    return ImagesCode(
        (*(("import shutil",) if is_file(path) else ()), "from pathlib import Path"),
        (share, *_constants(folder / layout.top, entry)),
        (*(() if {"validation", "test"} <= set(folders) else (_DRAW,)), read),
        ("\n".join(text), *(() if "validation" in folders else (_VALIDATION,))),
    )


def _below(path: str, top: str) -> str:
    """The first folder of a path below the top."""
    return path.removeprefix(top).lstrip("/").split("/")[0]


def _constants(folder: Path, entry: DatasetEntry) -> list[str]:
    classes = f"[{', '.join(map(literal, entry.classes))}]"
    lines = [f"CLASSES = {classes}"]
    if len(lines[0]) > LINE:
        one_line = f"{INDENT}{classes[1:-1]}"
        inside = [one_line] if len(one_line) <= LINE else [f"{INDENT}{literal(name)}," for name in entry.classes]
        lines = ["CLASSES = [", *inside, "]"]
    return [*call("FOLDER = ", "Path", [literal(str(folder))]), *lines]


def _reading(folders: dict[str, str]) -> list[str]:
    """The lines that read the splits."""
    if "all" in folders:
        return [
            "x_train, y_train = read_images(FOLDER)",
            f"for_test = draw(y_train, {number(TEST_SHARE)}, seed=0)",
            "x_test, y_test = x_train[for_test], y_train[for_test]",
            "x_train, y_train = x_train[~for_test], y_train[~for_test]",
        ]
    variables = {"train": "train", "validation": "val", "test": "test"}
    lines = [
        f"x_{variables[split]}, y_{variables[split]} = read_images(FOLDER / {literal(name)})"
        for split, name in folders.items()
    ]
    if "test" not in folders:
        lines += [
            f"for_test = draw(y_train, {number(TEST_SHARE)}, seed=0)",
            "x_test, y_test = x_train[for_test], y_train[for_test]",
            "x_train, y_train = x_train[~for_test], y_train[~for_test]",
        ]
    return lines


_LAYERS: dict[str, Callable[[float], tuple[str, ...]]] = {
    "shift": lambda value: (f'layers.RandomTranslation({value:g}, {value:g}, fill_mode="constant")',),
    "rotate": lambda value: (f'layers.RandomRotation({value:g} / 360, fill_mode="constant")',),
    "flip": lambda _: ('layers.RandomFlip("horizontal")',),
    "zoom": lambda value: (f'layers.RandomZoom({value:g}, fill_mode="constant")',),
    "contrast": lambda value: (f"layers.RandomContrast({value:g})",),
    # Keras takes no noise above 1.
    "noise": lambda value: ("layers.Rescaling(1 / 255)", f"layers.GaussianNoise({value:g})", "layers.Rescaling(255)"),
    "cutout": lambda value: (f"layers.RandomErasing(scale=({value:g} ** 2, {value:g} ** 2))",),
}
"""For each of `cnnstudio.data.variation.CHANGES` layers of Keras that do alike."""


@dataclass(frozen=True)
class AugmentationCode:
    """Code that varies images.

    Attributes:
        text: statements in paragraphs, none where nothing varies.
        call: what a batch of images, `{}`, becomes.
    """

    text: tuple[str, ...]
    call: str


def augmentation_code(augmentation: Augmentation) -> AugmentationCode:
    """Writes the code that varies the training images; a comment where Keras has no layers for it.

    Args:
        augmentation: as chosen.
    """
    if augmentation.name == "none":
        return AugmentationCode((), "{}")
    if augmentation.spec is None:
        words = f"{augmentation.title}: {augmentation.description}"
        text = (
            f"CNN Studio varies the images ({words.rstrip('.')}), for which Keras has no layers: this trains without."
        )
        return AugmentationCode((comment(text),), "{}")
    layers = [layer for name, value in augmentation.spec.items() for layer in _LAYERS[name](value)]
    told = comment(
        "Every epoch shows the images changed at random: as in CNN Studio, but not number for number the same."
    )
    lines = ["augment = keras.Sequential(", f"{INDENT}[", *(f"{INDENT * 2}{layer}," for layer in layers)]
    return AugmentationCode(("\n".join([told, *lines, f"{INDENT}]", ")"]),), "augment({}, training=True)")
