"""Trainings, which need Keras."""

import pytest

from cnnstudio.models.backend import import_keras


@pytest.fixture(scope="session", autouse=True)
def imported_once() -> None:
    """Keras is imported as the application does it: a search for garbage then leaves the objects of TensorFlow out."""
    import_keras()
