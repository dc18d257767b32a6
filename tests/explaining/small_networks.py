"""Small networks whose explanations can be worked out."""

from functools import cache
from typing import Any

import numpy as np

from cnnstudio.explaining.scores import ClassScores
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier

SHAPE = (8, 9, 1)

IMAGE = np.random.default_rng(5).permutation(np.linspace(20, 230, 72).astype(np.uint8)).reshape(SHAPE)
"""An image none of whose pixels are near the ends."""


def scores_of(*layers: Any, shape: tuple[int, int, int] = SHAPE, classes: int = 3, **card: Any) -> ClassScores:
    """The scores of a network of some layers."""
    keras = import_keras()
    model = keras.Sequential([keras.Input(shape), *layers])
    return ClassScores(classifier_of(model, shape, classes, **card))


def classifier_of(model: Any, shape: tuple[int, int, int] = SHAPE, classes: int = 3, **card: Any) -> Classifier:
    """A classifier of classes that are called a, b, …"""
    return Classifier(model, Card("Ours", tuple("abcdefghij"[:classes]), shape, "stretch", **card))


@cache
def convnet() -> ClassScores:
    """Two convolutions with ReLU and two dense layers, ending in softmax; random."""
    keras = import_keras()
    from keras import layers

    keras.utils.set_random_seed(2)
    return scores_of(
        layers.Rescaling(1 / 255),
        layers.Conv2D(4, 3, activation="relu", name="conv1"),
        layers.Conv2D(5, 3, name="conv2"),
        layers.ReLU(name="relu"),
        layers.Flatten(name="flat"),
        layers.Dense(6, activation="relu", name="hidden"),
        layers.Dense(3, activation="softmax", name="answer"),
    )


@cache
def linear() -> tuple[ClassScores, np.ndarray]:
    """A network whose score is a sum of weighted pixels, with its weights, (height, width, channels, classes)."""
    import_keras()
    from keras import layers

    shape, classes = (6, 7, 2), 2
    dense = layers.Dense(classes, activation="softmax")
    scores = scores_of(layers.Flatten(), dense, shape=shape, classes=classes)
    weights = np.random.default_rng(3).normal(size=(int(np.prod(shape)), classes)).astype(np.float32)
    dense.set_weights([weights, np.ones(classes, np.float32)])
    return scores, weights.reshape(*shape, classes)


@cache
def grad_cam_net() -> ClassScores:
    """A 1×1 convolution with weights 1 and −1, ReLU, and a dense layer over all places: Grad-CAM by hand."""
    import_keras()
    from keras import layers

    conv = layers.Conv2D(2, 1, activation="relu", name="conv")
    dense = layers.Dense(2, activation="softmax")
    scores = scores_of(conv, layers.Flatten(), dense, shape=(2, 2, 1), classes=2)
    conv.set_weights([np.array([[[[1, -1]]]], np.float32), np.array([0, 150], np.float32)])
    kernel = np.array([[1, 2], [0, 1], [3, 0], [-1, 2], [0, 4], [2, 1], [4, 2], [-5, 1]], np.float32)
    dense.set_weights([kernel, np.zeros(2, np.float32)])
    return scores
