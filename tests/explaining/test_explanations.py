"""Explanations against what they must be: the quick ones; the others are in `end_to_end/test_explanations.py`."""

import dataclasses

import numpy as np
import pytest

from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanation import Completeness
from cnnstudio.explaining.explanations import EXPLANATIONS, explain
from cnnstudio.explaining.occlusion import starts
from tests.explaining import small_networks


@pytest.mark.parametrize("method", EXPLANATIONS)
def test_every_method_says_in_a_sentence_what_it_can_and_cannot_tell(method):
    entry = EXPLANATIONS[method]
    assert entry.name == method
    assert entry.tells.endswith(".")
    assert entry.limits.endswith(".")


def test_of_a_sum_of_pixels_all_is_known():
    scores, weights = small_networks.linear()
    pixels = np.random.default_rng(4).integers(0, 256, (6, 7, 2)).astype(np.uint8)
    gradient = 255 * weights[..., 1].sum(axis=-1)
    np.testing.assert_allclose(explain(scores, pixels, "saliency", class_name=1).values, gradient, rtol=1e-4)
    np.testing.assert_allclose(explain(scores, pixels, "smooth-grad", class_name=1).values, gradient, rtol=1e-4)
    for name, baseline in BASELINES.items():
        away = pixels - baseline.make(pixels.astype(np.float32))
        expected = (away * weights[..., 1]).sum(axis=-1)
        found = explain(scores, pixels, "integrated-gradients", class_name=1, baseline=name)
        np.testing.assert_allclose(found.values, expected, atol=0.01)
        single = explain(scores, pixels, "occlusion", class_name=1, baseline=name, patch=1, stride=1)
        np.testing.assert_allclose(single.values, expected, atol=0.01)


def test_squares_cover_every_pixel():
    for length in range(1, 20):
        for patch in range(1, length + 1):
            for stride in range(1, patch + 1):
                covered = {pixel for start in starts(length, patch, stride) for pixel in range(start, start + patch)}
                assert covered == set(range(length))


def test_each_square_of_an_occlusion_and_the_one_that_is_nearest_to_a_pixel():
    scores, weights = small_networks.linear()
    pixels = np.random.default_rng(4).integers(0, 256, (6, 7, 2)).astype(np.uint8)
    found = explain(scores, pixels, "occlusion", class_name=1, patch=3, stride=2)
    worth = (pixels * weights[..., 1]).sum(axis=-1)
    assert found.squares.falls.shape == (3, 3)  # beginning at 0, 2 and 3 down, at 0, 2 and 4 across
    for row, column in ((0, 0), (5, 6), (3, 2), (2, 5)):
        place, fall = found.squares.nearest(row, column)
        assert fall == pytest.approx(worth[place].sum(), abs=0.05)
        covered = np.zeros(worth.shape, bool)
        covered[place] = True
        assert covered.sum() == 9 and covered[row, column]
    assert explain(scores, pixels, "saliency", class_name=1).squares is None


def test_grad_cam_by_hand():
    """Maps [[10, 100], [200, 40]] and [[140, 50], [0, 110]]; of class 0 the gradients are [[1, 3], [0, 4]] and
    [[0, −1], [2, −5]], their means 2 and −1: 2·A − B is [[−120, 150], [400, −30]].
    """
    scores = small_networks.grad_cam_net()
    pixels = np.array([[10, 100], [200, 40]], np.uint8)[..., np.newaxis]
    found = explain(scores, pixels, "grad-cam", class_name=0, layer="conv")
    np.testing.assert_allclose(found.values, [[0, 150], [400, 0]], rtol=1e-5)
    assert found.resolution == (2, 2)


def test_a_gap_that_is_too_large_is_told():
    found = Completeness(total=-2.0, difference=-2.0)
    assert dataclasses.replace(found, total=found.difference * 1.04).holds
    assert not dataclasses.replace(found, total=found.difference * 1.06).holds


@pytest.mark.parametrize("method", ["occlusion", "saliency", "smooth-grad", "integrated-gradients"])
def test_mere_rounding_is_told_and_not_painted(method):
    """A network that hardly answers by the image, and one that does."""
    from keras import layers

    dense = layers.Dense(3, activation="softmax")
    scores = small_networks.scores_of(layers.Flatten(), dense)
    weights = np.random.default_rng(3).normal(size=(72, 3)).astype(np.float32)
    for scale, is_rounding in ((1e-11, True), (1, False)):
        dense.set_weights([scale * weights, np.array([0.02, 0.01, 0], np.float32)])
        found = explain(scores, small_networks.IMAGE, method, class_name=1)
        assert found.values.any() == (not is_rounding or found.squares is None)
        assert found.is_rounding == is_rounding
        assert (np.abs(found.values).max() < 0.1 * found.limit) == is_rounding


def test_of_occlusion_what_is_mere_rounding_counts_as_nothing():
    """A network that hardly looks at the first two rows of an image."""
    from keras import layers

    dense = layers.Dense(3, activation="softmax")
    scores = small_networks.scores_of(layers.Flatten(), dense)
    weights = np.random.default_rng(3).normal(size=(72, 3)).astype(np.float32)
    weights[: 2 * 9] *= 1e-6
    dense.set_weights([weights, np.zeros(3, np.float32)])
    found = explain(scores, small_networks.IMAGE, "occlusion", class_name=1, patch=1, stride=1)
    assert not found.values[:2].any() and not found.squares.falls[:2].any()
    assert found.values[2:].any() and not found.is_rounding
