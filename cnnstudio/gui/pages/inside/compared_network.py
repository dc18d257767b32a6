"""Which network is compared: the one that is open, or another that takes the same images and knows the same classes."""

import re
import threading
from collections.abc import Sequence
from pathlib import Path

from cnnstudio.explaining.scores import ClassScores
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.pages.choosers.models import describe_card
from cnnstudio.gui.pages.choosers.names import name_of, open_classifier
from cnnstudio.gui.pages.choosers.networks import network_picture
from cnnstudio.models.trained.card import Card, read_card
from cnnstudio.models.trained.classifier import MAX_FROZEN_BYTES_OF_MANY
from cnnstudio.models.trained.library import ModelEntry
from cnnstudio.storage import shipped

LAB = {"mlp": "MLP of the Lab", "cnn": "CNN of the Lab"}
"""The networks of the Lab, by their folders: trained alike, on images that were not varied."""

OPEN = "open"
"""The key of the network that is open."""

_WITHOUT_CONVOLUTION = ("mlp", "softmax")
"""Architectures that see an image as one row of numbers."""


class NetworkPicker(Picker):
    """The network that is open, and those that can be compared with it.

    Args:
        name: its `objectName`.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        describe(
            self,
            name,
            "Network",
            "Networks that take the same images and know the same classes, to be compared, such as an MLP and a CNN.",
        )
        self._cards: dict[str, Card] = {}

    @property
    def path(self) -> Path | None:
        """The model that is chosen; None for the one that is open."""
        return Path(self.current_key) if self.current_key not in ("", OPEN) else None

    @property
    def title(self) -> str:
        """What it is called."""
        return next((choice.title for choice in self.choices if choice.key == self.current_key), "")

    @property
    def card(self) -> Card:
        """Its card."""
        return self._cards[self.current_key]

    @property
    def others(self) -> tuple[str, ...]:
        """The keys of all but the one that is open."""
        return tuple(key for key in self._cards if key != OPEN)

    def offer(self, name: str, card: Card, models: Sequence[ModelEntry]) -> None:
        """Offers the network that is open, and what can be compared with it; what was chosen stays where it fits.

        Args:
            name: what the network that is open is called.
            card: of it.
            models: what there is.
        """
        known = [(entry.path, entry.card, name_of(entry.card, entry.name, entry.kind), entry.kind) for entry in models]
        for folder, title in LAB.items():
            path = shipped("assets/lab") / folder
            known.append((path, read_card(path), title, "shipped"))
        same = (card.input_shape, card.classes)
        fitting = [one for one in known if one[1] != card and (one[1].input_shape, one[1].classes) == same]
        self._cards = {OPEN: card, **{str(path): other for path, other, _, _ in fitting}}
        self.set_choices(
            [
                Choice(OPEN, name, "the network that is open", network_picture(card.architecture)),
                *(
                    Choice(str(path), title, describe_card(other, kind, title), network_picture(other.architecture))
                    for path, other, title, kind in fitting
                ),
            ]
        )

    def choose_other_kind(self, is_dense: bool) -> None:
        """Chooses a network of the other kind than the one that is open: an MLP beside a CNN, or the other way round.

        Args:
            is_dense: whether the one that is open sees an image as one row of numbers.
        """
        lab = [str(shipped("assets/lab") / folder) for folder in LAB]
        keys = [key for key in (*lab, *self.others) if key in self._cards]
        kind = [key for key in keys if (self._cards[key].architecture in _WITHOUT_CONVOLUTION) != is_dense]
        for key in [*kind, *keys][:1]:
            self.set_current(key)


class ComparedNetworks:
    """Keeps the networks that were compared last; asked by one thread, while what it returns may be used by several."""

    def __init__(self) -> None:
        self._known: dict[Path, ClassScores] = {}

    def scores(self, path: Path) -> ClassScores:
        """The scores of a model.

        Raises:
            StudioError: it cannot be opened.
        """
        found = self._known.pop(path, None)
        if found is None:
            classifier = open_classifier(path)
            classifier.freeze(MAX_FROZEN_BYTES_OF_MANY)
            found = ClassScores(classifier, threading.Lock())
        self._known[path] = found
        for oldest in list(self._known)[:-2]:
            del self._known[oldest]
        return found


def is_augmented(card: Card) -> bool | None:
    """Whether a model has learnt from images that were varied, moved or turned; None where unknown."""
    found = re.search(r"--augmentation (\S+)", card.command)
    return None if found is None else found[1] != "none"
