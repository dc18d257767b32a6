"""Fine-tuning: training the upper part of a frozen network, too, once the layers on top of it have learnt.

Yosinski, Clune, Bengio and Lipson, How transferable are features in deep neural networks?, NeurIPS 2014: the first
layers see what is in every image and stay good as they are; the last ones gain by being fitted to the task.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

RATE_FACTOR = 1 / 20
"""The rate of fine-tuning by that of the training before it: large steps would spoil what was learnt elsewhere."""

SHARE = 1 / 3
"""Share of the frozen layers, the last ones, that are trained."""


def is_frozen(model: "keras.Model") -> bool:
    """Whether some of the layers that could be trained are not."""
    return bool(_frozen(model))


def thaw(model: "keras.Model") -> None:
    """Lets the last frozen layers be trained.

    Batch normalisations stay as they are: the statistics of a few images would spoil those of many.

    Args:
        model: any model; one without frozen layers is left as it is.
    """
    layers = _frozen(model)
    for layer in layers[len(layers) - round(SHARE * len(layers)) :]:
        layer.trainable = True


def take_weights(model: "keras.Model", source: "keras.Model") -> bool:
    """Gives a model what layers of the same names and shapes have learnt in another one.

    Args:
        model: whose other layers stay as they are.
        source: the trained one, for the same or other images and classes.

    Returns:
        Whether there was such a layer.
    """
    learnt = {layer.name: layer.get_weights() for layer in source.layers if layer.weights}
    alike = [
        layer
        for layer in model.layers
        if layer.name in learnt
        and [tuple(weight.shape) for weight in layer.weights] == [w.shape for w in learnt[layer.name]]
    ]
    for layer in alike:
        layer.set_weights(learnt[layer.name])
    return bool(alike)


def _frozen(model: "keras.Model") -> "list[keras.Layer]":
    import keras

    return [
        layer
        for layer in model.layers
        if layer.weights and not layer.trainable and not isinstance(layer, keras.layers.BatchNormalization)
    ]
