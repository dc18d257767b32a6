"""Small networks whose explanations can be worked out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cnnstudio.explaining.scores import ClassScores
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier

SHAPE = (8, 9, 1)

MakeScores = Callable[..., ClassScores]


@pytest.fixture(scope="session", autouse=True)
def imported_once() -> None:
    import_keras()


def scores_of(*layers: Any, shape: tuple[int, int, int] = SHAPE, classes: int = 3, **card: Any) -> ClassScores:
    """The scores of a network of some layers."""
    import keras

    model = keras.Sequential([keras.Input(shape), *layers])
    names = tuple("abcdefghij"[:classes])
    return ClassScores(Classifier(model, Card("Ours", names, shape, "stretch", **card)))


@pytest.fixture(scope="module")
def make_scores() -> MakeScores:
    return scores_of


@pytest.fixture(scope="session")
def image() -> np.ndarray:
    """An image of `SHAPE`, none of whose pixels are alike or near the ends."""
    pixels = np.random.default_rng(5).permutation(np.linspace(20, 230, 72).astype(np.uint8))
    return pixels.reshape(SHAPE)


@pytest.fixture(scope="module")
def convnet() -> ClassScores:
    """Two convolutions with ReLU and two dense layers, ending in softmax; random."""
    import keras
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
