"""Attacks on a network whose smallest change is known; other networks are in `end_to_end/test_attacks.py`."""

import numpy as np
import pytest

from cnnstudio.explaining.attacks import ATTACKS, LIMIT, smallest_change
from tests.explaining.small_networks import scores_of

SHAPE = (4, 5, 1)
IMAGE = np.random.default_rng(2).integers(60, 190, SHAPE).astype(np.uint8)


@pytest.fixture(scope="module")
def linear():
    """Two classes, whose logits differ by w·x + b; and w."""
    from keras import layers

    dense = layers.Dense(2, activation="softmax")
    scores = scores_of(layers.Flatten(), dense, shape=SHAPE, classes=2)
    weights = np.random.default_rng(7).normal(size=(20, 2)).astype(np.float32) / 10
    difference = weights[:, 1] - weights[:, 0]
    bias = np.array([0, -difference @ IMAGE.ravel() - 8], np.float32)  # the answer is a, by a margin of 8
    dense.set_weights([weights, bias])
    return scores, difference


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_linear_network_flips_at_the_margin_over_the_sum_of_its_weights(linear, attack):
    scores, difference = linear
    found = smallest_change(scores, IMAGE, attack)
    expected = 8 / np.abs(difference).sum()
    assert 1 < expected < LIMIT
    assert expected - 1e-3 <= found.epsilon <= expected + 2 / 128
    assert np.abs(found.perturbation).max() <= found.epsilon + 1e-4
    np.testing.assert_array_equal(np.sign(found.perturbation.ravel()), np.sign(difference))
    assert found.before.argmax() == 0 and found.after.argmax() == 1
    assert found.magnified.min() >= 0 and found.magnification == int(127 / np.abs(found.perturbation).max())


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_does_not_flip_up_to_the_limit_is_told(linear, attack):
    found = smallest_change(linear[0], IMAGE, attack, limit=1)
    assert found.epsilon is None and not found.blind
    assert np.abs(found.perturbation).max() == pytest.approx(1)
    assert found.after.argmax() == found.before.argmax() == 0
