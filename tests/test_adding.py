"""A data set or an architecture that is added from outside is one entry: every list, command and check knows it."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from cnnstudio.data.library import list_datasets
from cnnstudio.data.published.catalogue import DATASETS, DatasetEntry
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.errors import StudioError
from cnnstudio.exporting.training_script import keras_script
from cnnstudio.models.architectures.architecture import Architecture
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.building import build_network, network_config
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.trainer import train
from tests.conftest import Outcome, outcome  # noqa: F401  # a fixture

Run = Callable[..., Outcome]


def stripes() -> Dataset:
    """Upright and level stripes: easy to tell apart."""
    random = np.random.default_rng(7)
    labels = np.arange(200, dtype=np.int32) % 2
    images = random.integers(0, 40, (200, 12, 12, 1), dtype=np.uint8)
    images[labels == 0, ::2] += 200
    images[labels == 1, :, ::2] += 200
    return Dataset(
        "stripes", ("level", "upright"), Split(images[:160], labels[:160]), Split(images[160:], labels[160:])
    )


@pytest.fixture
def dataset(monkeypatch: pytest.MonkeyPatch) -> DatasetEntry:
    entry = DatasetEntry(
        name="stripes",
        title="Stripes",
        description="Two kinds of stripes.",
        image_shape=(12, 12, 1),
        classes=("level", "upright"),
        train_images=160,
        test_images=40,
        licence="CC0",
        read=lambda _: stripes(),
    )
    monkeypatch.setitem(DATASETS, entry.name, entry)
    return entry


@pytest.fixture
def architecture(monkeypatch: pytest.MonkeyPatch) -> Architecture:
    def build(image_shape: tuple[int, int, int], classes: int) -> object:
        import keras

        inputs = keras.Input(image_shape, name="image")
        x = keras.layers.Rescaling(1 / 255, name="rescaling")(inputs)
        x = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(x)
        x = keras.layers.Flatten(name="flatten")(x)
        return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax", name="output")(x), name="short")

    entry = Architecture(
        name="short", title="Short", year=2026, authors="Nobody", paper="None", idea="One convolution.", build=build
    )
    monkeypatch.setitem(ARCHITECTURES, entry.name, entry)
    return entry


def test_both_are_listed(dataset: DatasetEntry, architecture: Architecture, outcome: Run) -> None:  # noqa: F811
    assert dataset in list_datasets()
    for command, name in (("datasets", "stripes"), ("architectures", "short")):
        code, out, _ = outcome(command, "--json")
        assert code == 0
        assert name in [entry["name"] for entry in json.loads(out)]


def test_both_are_trained(dataset: DatasetEntry, architecture: Architecture) -> None:
    config = TrainingConfig(dataset="stripes", architecture="short", epochs=2, batch_size=8)
    config.check()
    result = train(config)
    assert (result.dataset_title, result.architecture_title) == ("Stripes", "Short")
    assert result.test_accuracy > 0.9


def test_the_network_is_built_for_other_images_too(architecture: Architecture) -> None:
    assert build_network("short", (20, 16, 3), 5, seed=0).output_shape == (None, 5)


def test_a_script_is_written_where_keras_has_the_data_set(dataset: DatasetEntry, architecture: Architecture) -> None:
    config = TrainingConfig(dataset="mnist", architecture="short")
    assert "keras.datasets.mnist.load_data()" in keras_script(network_config("short", (28, 28, 1), 10), config)
    with pytest.raises(StudioError, match="Keras cannot load Stripes"):
        keras_script(network_config("short", (12, 12, 1), 2), TrainingConfig(dataset="stripes", architecture="short"))
