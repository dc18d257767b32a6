"""Fine-tuning: the last layers of a frozen network are trained, too, once the new layers on top of it have learnt.

Yosinski, Clune, Bengio and Lipson, How transferable are features in deep neural networks?, NeurIPS 2014: the first
layers see what is in every image and stay good as they are; the last ones gain by being fitted to the task.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

RATE_FACTOR = 1 / 20
"""Factor by which the learning rate of fine-tuning is smaller: large steps would spoil what was learnt elsewhere."""

SHARE = 1 / 3
"""Share of the frozen layers, the last ones, that are trained."""


def unfreeze(model: "keras.Model") -> None:
    """Makes the last frozen layers trainable, a `SHARE` of them.

    Batch normalisations stay frozen: the statistics of a few images would spoil those of many.

    Args:
        model: any model; one without frozen layers is left as it is.
    """
    layers = frozen_layers(model)
    for layer in layers[len(layers) - round(SHARE * len(layers)) :]:
        layer.trainable = True


def frozen_layers(model: "keras.Model") -> "list[keras.Layer]":
    """The frozen layers of a model that could be trained: those with weights, batch normalisations left out."""
    import keras

    return [
        layer
        for layer in model.layers
        if layer.weights and not layer.trainable and not isinstance(layer, keras.layers.BatchNormalization)
    ]
