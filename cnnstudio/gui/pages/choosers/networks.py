"""The networks that can be chosen, as lists of the window show them."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from PySide6.QtGui import QIcon

from cnnstudio.gui.controls.picker import Choice
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.choosers.names import name_of
from cnnstudio.models.architectures.architecture import Architecture
from cnnstudio.models.architectures.catalogue import ARCHITECTURES, FAMILIES
from cnnstudio.models.networks.files import Network, is_own
from cnnstudio.models.trained.card import MODEL_FILE
from cnnstudio.models.trained.pretrained import PRETRAINED
from cnnstudio.storage import is_file, shipped

YOURS = "Yours"
"""The heading over what the user has made or opened."""


RECOMMENDED = "Recommended for these images"
"""The heading over what suits the images that are chosen."""


_ORIGINS = {"run": "Trained here.", "download": "Downloaded.", "shipped": "Comes with CNN Studio."}


def architecture_choices(library: Library, recommended: str = "") -> list[Choice]:
    """Every architecture by families, then the user's own networks.

    Args:
        library: what there is.
        recommended: key of the one that stands above all others, under a heading that says why.
    """
    shipped = [
        Choice(one.name, one.title, _sentence(one, library), picture(one.name), family, facts=_facts(one))
        for family, members in FAMILIES.items()
        for one in members
    ]
    first = [replace(choice, group=RECOMMENDED) for choice in shipped if choice.key == recommended]
    rest = [choice for choice in shipped if choice.key != recommended]
    return [*first, *rest, *map(network_choice, library.lists.networks)]


def _sentence(architecture: Architecture, library: Library) -> str:
    """Its idea, and what must be done before it can be trained."""
    weights = PRETRAINED.get(architecture.name.removeprefix("transfer-"))
    if weights is None or library.has_weights(weights):
        return architecture.idea
    return f"{architecture.idea} Its weights must be downloaded first, {weights.megabytes} MB, on the Try page."


def _facts(architecture: Architecture) -> str:
    """Year and size of an architecture, such as “2012 · 61 million weights”; some papers tell no size."""
    count = architecture.published_parameters
    if not count:
        return str(architecture.year)
    size = f"{count:,}" if count < 1e6 else f"{float(f'{count / 1e6:.2g}'):g} million"
    return f"{architecture.year} · {size} weights"


def network_choice(network: Architecture | Network, key: str = "") -> Choice:
    """One of the user's own networks, under its name or another key."""
    source = ARCHITECTURES.get(network.source) if isinstance(network, Network) else network
    description = f"Your own, made from {source.title}." if source else "Your own."
    symbol = network_picture(source.name if source else "")
    return Choice(key or network.name, network.title, description, symbol, YOURS)


def choice_key(network: Architecture | Network) -> str:
    """Under which key a network is chosen: its name, or its file where that lies elsewhere."""
    if isinstance(network, Network) and network.path is not None and not is_own(network):
        return str(network.path)
    return network.name


def is_transfer(network: Architecture | Network | None) -> bool:
    """Whether a network builds upon one that was trained on ImageNet."""
    source = ARCHITECTURES.get(network.source) if isinstance(network, Network) else network
    return source is not None and source.load_weights is not None


def guest_choice(path: Path, library: Library) -> Choice:
    """A model that was opened from a file and stays in the list until the window closes."""
    whole = path.name == MODEL_FILE  # of a run or a model that ships: its folder has the name
    entry = library.model(path.parent) if whole else None
    if entry is not None:
        return Choice(str(path), name_of(entry.card, entry.name, entry.kind), _ORIGINS[entry.kind], group=YOURS)
    title, folder = (path.parent.name, path.parent.parent) if whole else (path.stem, path.parent)
    return Choice(str(path), title, f"Opened from the folder “{folder.name or folder}”.", group=YOURS)


def about(network: Architecture | Network) -> tuple[str, str]:
    """What is said of a network beneath its picker, and in that text's tooltip; of one's own, the picker says all."""
    if isinstance(network, Architecture):
        words = " ".join(part for part in (network.idea, network.note) if part)
        return words, f"{network.authors} ({network.year}): {network.paper}"
    return "", str(network.path or "")


def network_picture(architecture: str) -> QIcon:
    """The picture of an architecture, or that of people's own networks where there is none of it."""
    symbol = picture(architecture)
    return picture("own-network") if symbol.isNull() else symbol


@cache
def picture(name: str) -> QIcon:
    """The picture that ships for a data set or an architecture, empty where there is none."""
    folder = shipped("assets/pictures")
    for suffix in (".svg", ".png"):
        file = folder / f"{name}{suffix}"
        if is_file(file):
            return QIcon(str(file))
    return QIcon()
