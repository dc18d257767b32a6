"""The weights of a trained model as the start of another training."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.graph import Graph
from cnnstudio.models.trained.adopt import remembered
from cnnstudio.models.trained.files import NoCardError, copy_weights, load_model
from cnnstudio.models.trained.library import card_of
from cnnstudio.models.trained.parts import model_file

if TYPE_CHECKING:
    import keras


def start_from(path: Path, model: "keras.Model", classes: Sequence[str]) -> bool:
    """Gives a network the weights of a trained model, as far as they have layers in common.

    These are the layers of the same names with weights of the same shapes. The outputs go by the names of their
    classes, where both have the same ones in another order. A single output of the trained model, which stood for two
    classes, becomes two: the softmax of −z/2 and z/2 is the sigmoid of z.

    Args:
        path: the trained model, as `cnnstudio.models.trained.library.find_model` finds it.
        model: the network; it is changed.
        classes: names of its classes, in the order of its outputs.

    Returns:
        Whether they have any layer in common.

    Raises:
        StudioError: the trained model is not opened.
    """
    import keras

    start = load_model(model_file(path))
    copied = bool(copy_weights(start.layers, model))
    head = Graph.of(keras.saving.serialize_keras_object(start)).head
    layers = {layer.name: layer for layer in model.layers}
    if head is None or head.name not in layers:
        return copied
    weights, layer = start.get_layer(head.name).get_weights(), layers[head.name]
    if len(classes) == 2 and all(weight.shape[-1] == 1 for weight in weights):
        weights = [np.concatenate([-weight, weight], axis=-1) / 2 for weight in weights]
    known = _classes(path)
    if known is not None and sorted(known) == sorted(classes):
        order = [known.index(name) for name in classes]
        weights = [weight[..., order] for weight in weights]
    if [weight.shape for weight in weights] != [tuple(weight.shape) for weight in layer.weights]:
        return copied
    layer.set_weights(weights)
    return True


def _classes(path: Path) -> tuple[str, ...] | None:
    """The class names of a trained model, in the order of its outputs; None where they are not known."""
    try:
        return card_of(path).classes
    except NoCardError:
        answers = remembered(path)
        return None if answers is None else answers.classes
    except StudioError:  # a run whose card is gone, say: its weights can be used all the same
        return None
