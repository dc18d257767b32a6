"""The sanity check: ranks as SciPy has them, each layer's own initialiser, and the classifier as it was."""

import gc

import numpy as np
import pytest

from cnnstudio.explaining.sanity import ink_box, randomise, rank_correlation, sanity_check
from tests.explaining.small_networks import convnet


def test_rank_correlation_is_that_of_scipy():
    from scipy.stats import spearmanr

    random = np.random.default_rng(0)
    one, other = random.normal(size=(7, 9)).round(1), random.normal(size=(7, 9)).round(1)
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one.ravel(), other.ravel()).statistic)
    assert rank_correlation(one, one) == pytest.approx(1)
    assert rank_correlation(one, -one) == pytest.approx(-1)
    assert rank_correlation(one, np.zeros_like(one)) == 0
    assert rank_correlation(np.zeros_like(one), np.zeros_like(one)) == 1


def test_only_what_lies_in_the_box_of_the_ink_is_compared():
    image = np.zeros((8, 9, 1), np.uint8)
    image[2, 3] = image[5, 4] = 9
    assert ink_box(image) == (slice(2, 6), slice(3, 5))
    assert ink_box(np.full((4, 4, 3), 7, np.uint8)) == (slice(None), slice(None))
    assert ink_box(np.arange(16, dtype=np.uint8).reshape(4, 4, 1)) == (slice(0, 4), slice(0, 4))


def test_a_layer_becomes_what_its_own_initialisers_make():
    from keras import layers

    dense = layers.Dense(400, kernel_initializer="he_normal", bias_initializer="ones")
    dense.build((None, 200))
    dense.set_weights([np.full((200, 400), 9, np.float32), np.full(400, 9, np.float32)])
    randomise(dense, 3)
    kernel, bias = dense.get_weights()
    assert kernel.std() == pytest.approx((2 / 200) ** 0.5, rel=0.02)
    assert (bias == 1).all()
    randomise(dense, 3)
    np.testing.assert_array_equal(dense.get_weights()[0], kernel)
    norm = layers.BatchNormalization()
    norm.build((None, 5))
    norm.set_weights([np.full(5, 9, np.float32)] * 4)
    randomise(norm, 3)
    np.testing.assert_array_equal(np.stack(norm.get_weights()), np.repeat([[1], [0], [0], [1]], 5, axis=1))


def test_the_copy_that_was_made_random_goes_at_once():
    """Of a deep network it is 40,000 objects that refer to each other, and to look for them holds up a window."""
    classifier = convnet().classifier
    image = np.zeros(classifier.input_shape, np.uint8)
    sanity_check(classifier, [image], ["saliency"])
    gc.collect()
    sanity_check(classifier, [image], ["saliency"])
    assert gc.collect() < 100
