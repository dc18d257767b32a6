"""The scores that are explained: what a network computes before it makes probabilities, with every ending."""

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from tests.explaining import small_networks


@pytest.fixture(scope="module")
def make_scores():
    return small_networks.scores_of


@pytest.fixture(scope="module")
def image():
    return small_networks.IMAGE


@pytest.fixture(scope="module")
def convnet():
    return small_networks.convnet()


IMAGES = np.random.default_rng(1).integers(0, 256, (3, 8, 9, 1)).astype(np.float32)


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(scores: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-scores))


def probabilities(scores: ClassScores) -> np.ndarray:
    return scores.classifier.predict_many(IMAGES.astype(np.uint8))


def flat_front():
    from keras import layers

    return [layers.Rescaling(1 / 255), layers.Flatten()]


def test_each_of_several_sigmoids_is_left_out(make_scores):
    from keras import layers

    scores = make_scores(*flat_front(), layers.Dense(3, activation="sigmoid"), independent=True)
    np.testing.assert_allclose(sigmoid(scores.scores(IMAGES)), probabilities(scores), atol=1e-6)
    assert "before the sigmoid" in scores.ending.words


def test_one_sigmoid_for_two_classes(make_scores):
    from keras import layers

    from cnnstudio.models.trained.outputs import set_two

    both = layers.Dense(2, trainable=False)
    scores = make_scores(*flat_front(), layers.Dense(1, activation="sigmoid"), both, classes=2)
    set_two(both)
    scores = ClassScores(scores.classifier)
    found = scores.scores(IMAGES)
    assert scores.ending.makes_two
    np.testing.assert_allclose(found[:, 0], -found[:, 1], atol=1e-6)
    np.testing.assert_allclose(sigmoid(found), probabilities(scores), atol=1e-6)


def test_log_odds_where_nothing_can_be_left_out(make_scores):
    from keras import layers

    for ending in (
        [layers.Dense(3, activation="softmax"), layers.Rescaling(1.0)],
        [layers.Dense(3, activation="hard_sigmoid")],
    ):
        scores = make_scores(*flat_front(), *ending)
        assert scores.ending.score == "log-odds"
        np.testing.assert_allclose(sigmoid(scores.scores(IMAGES)), probabilities(scores), atol=1e-5)


def test_a_network_within_a_network():
    import keras
    from keras import layers

    inner = keras.Sequential([keras.Input((8, 9, 1)), *flat_front(), layers.Dense(3, activation="softmax")])
    inputs = keras.Input((8, 9, 1))
    model = keras.Model(inputs, inner(inputs))
    scores = ClassScores(Classifier(model, Card("Nested", tuple("abc"), (8, 9, 1), "stretch")))
    assert scores.ending.score == "logit"
    np.testing.assert_allclose(softmax(scores.scores(IMAGES)), probabilities(scores), atol=1e-6)


def test_a_softmax_is_left_out_wherever_it_is(make_scores):
    from keras import layers

    for ending in (
        [layers.Dense(3, activation="softmax")],
        [layers.Dense(3), layers.Softmax()],
        [layers.Dense(3), layers.Activation("softmax")],
        [layers.Dense(3, activation="softmax"), layers.Reshape((3, 1)), layers.Flatten()],
    ):
        scores = make_scores(*flat_front(), *ending)
        before, found = probabilities(scores), scores.scores(IMAGES)
        assert scores.ending.score == "logit"
        assert "before the softmax" in scores.ending.words
        assert np.ptp(found, axis=1).max() > 0.1
        np.testing.assert_allclose(softmax(found), before, atol=1e-6)
        np.testing.assert_allclose(probabilities(scores), before, atol=1e-6)


def test_the_network_is_as_before_afterwards(convnet):
    model = convnet.classifier.model
    before = [layer.activation for layer in model.layers if hasattr(layer, "activation")]
    ClassScores(convnet.classifier).gradients(IMAGES, 0, guided=True)
    assert [layer.activation for layer in model.layers if hasattr(layer, "activation")] == before
    np.testing.assert_allclose(model(IMAGES).numpy(), probabilities(convnet), atol=1e-6)


def test_weights_that_are_not_numbers(make_scores):
    from keras import layers

    last = layers.Dense(3, activation="softmax")
    scores = make_scores(*flat_front(), last)
    last.bias.assign([0, np.nan, 0])
    with pytest.raises(StudioError, match="not finite"):
        scores.gradients(IMAGES, 1)
    with pytest.raises(StudioError, match="not finite"):
        scores.scores(IMAGES)


def test_gradients_of_many_are_those_of_each(convnet):
    many, _ = convnet.gradients(np.repeat(IMAGES, 50, axis=0), 2)
    one, _ = convnet.gradients(IMAGES[2:], 2)
    np.testing.assert_allclose(many[-1], one[0], atol=1e-7)


def test_maps_and_their_gradients(convnet):
    maps, gradients, _ = convnet.maps(IMAGES, 0, "relu")
    expected = convnet.classifier.predict(IMAGES[0].astype(np.uint8), ["relu"]).layers[0].values
    np.testing.assert_allclose(maps[0], expected, atol=1e-5)
    hidden, answer = (convnet.classifier.model.get_layer(name) for name in ("hidden", "answer"))
    before = maps[0].ravel() @ np.asarray(hidden.kernel) + np.asarray(hidden.bias)
    by_hand = np.asarray(hidden.kernel) @ ((before > 0) * np.asarray(answer.kernel)[:, 0])
    np.testing.assert_allclose(gradients[0].ravel(), by_hand, atol=1e-5)


def test_layers_with_maps_begin_with_a_convolution(convnet, make_scores):
    from keras import layers

    assert [layer.name for layer in convnet.map_layers] == ["conv1", "conv2", "relu"]
    assert convnet.last_map_layer == "relu"
    dense = make_scores(*flat_front(), layers.Dense(3, activation="softmax"))
    assert dense.map_layers == ()
    assert dense.last_map_layer == ""
