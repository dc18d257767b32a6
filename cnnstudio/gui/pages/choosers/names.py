"""What people call models, their architectures and their data sets; folders and the command line have short names."""

import re
from pathlib import Path

from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.models.trained.pretrained import PRETRAINED
from cnnstudio.storage import is_folder, runs_folder, shipped

_TITLES = {
    "efficientnet-lite0": "EfficientNet-Lite0",
    "imagenet": "ImageNet",
    **{entry.name: entry.title for entry in PRETRAINED.values()},
    **{entry.name: entry.title for entry in ARCHITECTURES.values()},
    **{entry.name: entry.title for entry in DATASETS.values()},
}
"""What people call the architectures and data sets of cards."""


def title_of(card: Card) -> str:
    """What people call a model: by its architecture, where that is known; networks of one's own have no other title."""
    return _TITLES.get(card.architecture, card.architecture or card.name)


def title_of_dataset(card: Card) -> str:
    """What people call the data set that a model was trained on."""
    return _TITLES.get(card.dataset, Path(card.dataset).name.removesuffix(".zip"))


def name_of(card: Card, folder: str = "", kind: str = "file") -> str:
    """What people call a model: “My LeNet-5 on MNIST (2)” for “lenet5-mnist-2”, or as somebody has called it.

    Args:
        card: its card.
        folder: the name of its folder, where it has one of its own.
        kind: of the model; a run is mine, which a network with a name of my own says by itself.
    """
    name = folder or card.name
    if name == card.architecture:
        return title_of(card)
    stem = f"{card.architecture}-{Path(card.dataset).name.removesuffix('.zip')}"
    numbered = re.fullmatch(rf"{re.escape(stem)}(?:-(\d+))?", name)
    if numbered is None:
        return name
    # The first run has the number 2 where a model that ships has its name.
    number = int(numbered[1] or 1) - (kind == "run" and is_folder(shipped("trained") / stem))
    mine, again = "My " if kind == "run" and card.architecture in _TITLES else "", f" ({number})" if number > 1 else ""
    return f"{mine}{_TITLES.get(card.architecture, card.architecture)} on {title_of_dataset(card)}{again}"


def called(path: Path, card: Card) -> str:
    """What people call the model with this path."""
    return name_of(card, kind="run" if path.parent == runs_folder() else "file")


def open_classifier(path: Path) -> Classifier:
    """Opens a model as a classifier whose messages call it as the window does; raises as `load_classifier`."""
    classifier = load_classifier(path)
    classifier.title = called(path, classifier.card)
    return classifier
