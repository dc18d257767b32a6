"""Every architecture is built again by its seed, trained for some steps, saved and opened."""

import json
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cnnstudio.models.architectures.catalogue import seeded
from cnnstudio.models.keras_config.allowlist import checked_config
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.files import load_model
from tests.models.sample_networks import ONE_OF_EACH, built_small, least_shape

if TYPE_CHECKING:
    import keras

pytestmark = pytest.mark.numbers

MNIST_SHAPE = (28, 28, 1)

SMALL = ("softmax", "mlp", "lenet5", "lenet5-1998", "convnetjs-mnist", "tiny-vgg")
"""Those that some steps are enough for."""


def images_for(name: str) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, *least_shape(name))).astype(np.float32)


def train_once(model: "keras.Model", images: np.ndarray, labels: np.ndarray, rate: float) -> float:
    """One step of plain gradient descent; answers with the loss before it."""
    import keras
    import tensorflow as tf

    weights = [variable.value for variable in model.trainable_variables]
    with tf.GradientTape() as tape:
        answers = model(images, training=True)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, answers))
    for variable, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        assert gradient is not None, variable.name
        variable.assign_sub(rate * gradient)
        assert np.isfinite(variable.numpy()).all(), variable.name
    return float(loss)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_step_of_training_is_finite_and_reaches_every_layer(name):
    model = built_small(name)
    kept = [variable.value.numpy() for variable in model.weights]
    assert np.isfinite(train_once(model, images_for(name), np.array([0, 2]), rate=1e-3))
    for variable, value in zip(model.weights, kept, strict=True):
        variable.assign(value)


@pytest.mark.parametrize("name", SMALL)
def test_some_steps_of_training_lower_the_loss(name):
    random_numbers = np.random.default_rng(0)
    images = random_numbers.integers(0, 256, (8, *MNIST_SHAPE)).astype(np.float32)
    labels = random_numbers.integers(0, 10, 8)
    model = build_network(name, MNIST_SHAPE, 10, seed=0)
    losses = [train_once(model, images, labels, rate=0.03) for _ in range(10)]
    assert losses[-1] < losses[0]


def rebuilt(model: "keras.Model", seed: int) -> "keras.Model":
    """The model built from its config alone."""
    import keras

    config = checked_config(json.dumps(keras.saving.serialize_keras_object(model)).encode())
    with seeded(seed):
        return keras.saving.deserialize_keras_object(config)


@pytest.mark.parametrize("name", [name for name in ONE_OF_EACH if name != "alexnet"])  # 25 million weights
def test_the_seed_alone_decides_the_weights(name):
    """Also of a model that is built from the config, as an edited one is."""
    first = built_small(name)
    random.seed(99)
    second = rebuilt(first, seed=1)
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    for one, two in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(one.value, two.value, err_msg=one.path)


@pytest.mark.parametrize("name", ["lenet5-1998", "resnet20", "convnext"])
def test_a_saved_model_answers_the_same(name, tmp_path):
    path = tmp_path / "model.keras"
    built_small(name).save(path)
    opened = load_model(path)
    path.unlink()
    answers = opened(images_for(name)).numpy()
    np.testing.assert_array_equal(answers, built_small(name)(images_for(name)).numpy())
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)
    assert not opened.compiled
