"""A training that takes a second."""

import pytest

from cnnstudio.models.backend import import_keras
from cnnstudio.training.config import TrainingConfig


@pytest.fixture(scope="session", autouse=True)
def imported_once() -> None:
    """Keras is imported as the application does it: a search for garbage then leaves the objects of TensorFlow out."""
    import_keras()


@pytest.fixture
def quick(add_dataset, digits) -> TrainingConfig:
    """A training of two epochs of 19 batches, the last of 48 images."""
    add_dataset(digits)
    return TrainingConfig(dataset="digits", architecture="softmax", epochs=2, batch_size=64, validation_fraction=1 / 7)
