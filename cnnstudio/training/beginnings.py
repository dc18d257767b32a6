"""The weights with which a training began."""

from pathlib import Path
from typing import TYPE_CHECKING

from cnnstudio.errors import StudioError
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import Card
from cnnstudio.training.runs import config_of_run

if TYPE_CHECKING:
    import keras


def initial_model(folder: Path, card: Card) -> "keras.Model":
    """Builds the network of a run once more, as it was before its training: the same seed gives the same weights.

    Args:
        folder: of the run.
        card: of its model.

    Raises:
        StudioError: it was not trained here, or went on from another model, or its network is not there any more.
    """
    try:
        config = config_of_run(folder)
    except StudioError:
        raise StudioError(
            "With which weights its training began is known only of models that were trained here."
        ) from None
    if config.get("start_from"):
        raise StudioError("Its training went on from another model, so it did not begin with weights of its own.")
    try:
        seed = int(config["seed"])
        return build_network(str(config["architecture"]), card.input_shape, len(card.classes), seed)
    except (StudioError, LookupError, TypeError, ValueError) as error:
        raise StudioError("How its weights were at first is not known: its network is not there.") from error
