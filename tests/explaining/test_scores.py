"""The scores that are explained can be differentiated; every ending is in `end_to_end/test_scores.py`."""

import numpy as np
import pytest

from tests.explaining import small_networks

IMAGES = np.random.default_rng(1).integers(0, 256, (3, 8, 9, 1)).astype(np.float32)


def test_gradients_are_finite_differences():
    convnet = small_networks.convnet()
    image = IMAGES[0]
    gradients, scores = convnet.gradients(IMAGES, 1)
    np.testing.assert_allclose(scores, convnet.scores(IMAGES), atol=1e-5)
    step = 0.5
    for row, column in ((0, 0), (3, 4), (7, 8), (5, 2)):
        moved = np.stack([image, image])
        moved[0, row, column, 0] += step
        moved[1, row, column, 0] -= step
        up, down = convnet.scores(moved)[:, 1]
        assert gradients[0, row, column, 0] == pytest.approx((up - down) / (2 * step), abs=3e-5)


def test_what_is_scored_becomes_the_probabilities_by_a_softmax():
    convnet = small_networks.convnet()
    powers = np.exp(convnet.scores(IMAGES))
    expected = convnet.classifier.predict_many(IMAGES.astype(np.uint8))
    np.testing.assert_allclose(powers / powers.sum(axis=1, keepdims=True), expected, atol=1e-6)
