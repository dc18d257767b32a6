"""Deletion and insertion, on a network that adds up pixels and whose answers can be worked out."""

from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.explaining.explanations import explain
from cnnstudio.explaining.faithfulness import faithfulness
from cnnstudio.progress import Cancelled, Progress
from tests.explaining import small_networks

METHOD = "integrated-gradients"


@pytest.fixture(scope="module")
def make_scores():
    return small_networks.scores_of


@pytest.fixture(scope="module")
def image():
    return small_networks.IMAGE


@pytest.fixture(scope="module")
def convnet():
    return small_networks.convnet()


@pytest.fixture(scope="module")
def counting(make_scores):
    """The second class gets a hundredth of the sum of all pixels, the first 0."""
    from keras import layers

    dense = layers.Dense(2, activation="softmax")
    scores = make_scores(layers.Flatten(), dense, shape=(4, 5, 1), classes=2)
    kernel = np.zeros((20, 2), np.float32)
    kernel[:, 1] = 0.01
    dense.set_weights([kernel, np.zeros(2, np.float32)])
    return scores


def test_the_strongest_pixels_go_first(counting):
    image = np.random.default_rng(0).permutation(np.arange(0, 200, 10)).astype(np.uint8).reshape(4, 5, 1)
    found = explain(counting, image, METHOD, class_name=1)
    told: list[Progress] = []
    curves = faithfulness(counting, [found], baselines=("black", "white"), steps=20, on_progress=told.append)
    assert [(curve.kind, curve.baseline) for curve in curves] == [
        ("deletion", "black"),
        ("insertion", "black"),
        ("deletion", "white"),
        ("insertion", "white"),
    ]
    kept = np.concatenate([[0], np.cumsum(np.sort(image.ravel()))]).astype(float)
    probability = 1 / (1 + np.exp(-kept[::-1] / 100))
    np.testing.assert_allclose(curves[0].probabilities[METHOD], probability, atol=1e-5)
    added = np.concatenate([[0], np.cumsum(np.sort(image.ravel())[::-1])]).astype(float)
    np.testing.assert_allclose(curves[1].probabilities[METHOD], 1 / (1 + np.exp(-added / 100)), atol=1e-5)
    for curve in curves[:2]:
        assert curve.is_better_than_random(METHOD)
        heights = curve.probabilities[METHOD]
        assert heights[[0, -1]] == pytest.approx(curve.random[[0, -1]])
        assert curve.area(METHOD) == pytest.approx(((heights[1:] + heights[:-1]) / 2).mean(), abs=1e-6)
    assert (told[-1].done, told[-1].total) == (4 * 6 * 21, 4 * 6 * 21)


def test_an_explanation_the_wrong_way_round_is_worse_than_random(counting):
    image = np.linspace(0, 250, 20).astype(np.uint8).reshape(4, 5, 1)
    right = explain(counting, image, METHOD, class_name=1)
    wrong = replace(right, values=-right.values)
    deletion, insertion = faithfulness(counting, [wrong], baselines=("black",))
    assert not deletion.is_better_than_random(METHOD)
    assert not insertion.is_better_than_random(METHOD)


def test_it_can_be_cancelled(counting):
    def cancel(_: Progress) -> None:
        raise Cancelled

    found = explain(counting, np.zeros((4, 5, 1), np.uint8), "saliency")
    with pytest.raises(Cancelled):
        faithfulness(counting, [found], on_progress=cancel)
