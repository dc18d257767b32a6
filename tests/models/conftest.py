"""Models and their files, made by Keras itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cnnstudio.models.backend import import_keras
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier

DIGITS = tuple("0123456789")


@pytest.fixture(scope="session", autouse=True)
def imported_once() -> None:
    """Keras is imported as the application does it: a search for garbage then leaves the objects of TensorFlow out."""
    import_keras()


def card_for(classes: tuple[str, ...] = DIGITS, shape: tuple[int, int, int] = (28, 28, 1), **fields) -> Card:
    return Card(**{"name": "Ours", "classes": classes, "input_shape": shape, "input_rule": "digit"} | fields)


@pytest.fixture
def make_card() -> Callable[..., Card]:
    return card_for


@pytest.fixture(scope="session")
def lenet5() -> Classifier:
    """An untrained LeNet-5, compiled once for all tests."""
    classifier = Classifier(build_network("lenet5", (28, 28, 1), 10, seed=3), card_for())
    classifier.warm_up()
    return classifier


@pytest.fixture(scope="session")
def saved(lenet5: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the untrained LeNet-5; nobody writes into it."""
    folder = tmp_path_factory.mktemp("saved") / lenet5.card.name
    lenet5.save(folder)
    return folder
