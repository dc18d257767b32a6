"""A training that starts from a model of somebody else: its outputs go by the names of the classes."""

from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.models.networks.building import build_network, find_network
from cnnstudio.models.trained.adopt import inspect_model, remember
from cnnstudio.models.trained.starting import start_from


@pytest.fixture
def adopted(tmp_path):
    """Saves a model of somebody else with so many outputs, adopts it, and gives what it answers to `images`."""

    def make(outputs: int, activation: str | None, classes: tuple[str, ...]):
        import keras
        from keras import layers

        keras.utils.set_random_seed(4)
        path = tmp_path / "theirs.keras"
        front = [keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3), layers.Flatten()]
        keras.Sequential([*front, layers.Dense(outputs, activation, bias_initializer="normal")]).save(path)
        found = inspect_model(path)
        remember(found, replace(found.guess, classes=classes))
        return path

    return make


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (5, 8, 8, 3)).astype(np.float32)


def begun(path, classes, images) -> np.ndarray:
    """What a network with the layers of a model answers once it has started from that model."""
    model = build_network(find_network(path), (8, 8, 3), len(classes), seed=9)
    assert start_from(path, model, classes)
    return model.predict(images, verbose=0)


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_one_output_becomes_two_that_answer_the_same(adopted, images, activation):
    import keras

    path = adopted(1, activation, ("ship", "dog"))
    numbers = keras.models.load_model(path).predict(images, verbose=0)[:, 0]
    dog = numbers if activation else 1 / (1 + np.exp(-numbers))
    np.testing.assert_allclose(begun(path, ("ship", "dog"), images), np.stack([1 - dog, dog], axis=1), atol=1e-6)
    np.testing.assert_allclose(begun(path, ("dog", "ship"), images), np.stack([dog, 1 - dog], axis=1), atol=1e-6)


@pytest.mark.parametrize("activation", ["softmax", None])
def test_classes_in_another_order_keep_their_weights(adopted, images, activation):
    import keras

    path = adopted(3, activation, ("ship", "dog", "ape"))
    numbers = keras.models.load_model(path).predict(images, verbose=0)
    expected = numbers if activation else keras.ops.convert_to_numpy(keras.ops.softmax(numbers))
    np.testing.assert_allclose(begun(path, ("ape", "dog", "ship"), images), expected[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(begun(path, ("x", "y", "z"), images), expected, atol=1e-6)  # nothing else is known


def test_other_numbers_of_classes_begin_anew(adopted, images):
    assert begun(adopted(3, "softmax", ("ship", "dog", "ape")), ("a", "b", "c", "d"), images).shape == (5, 4)
