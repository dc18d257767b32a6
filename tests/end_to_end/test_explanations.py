"""Every explanation against what it must be: by hand, by its theorems, or computed in another way."""

from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanations import EXPLANATIONS, explain
from cnnstudio.progress import Cancelled, Progress
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


@pytest.fixture(scope="module")
def linear():
    return small_networks.linear()


@pytest.fixture(scope="module")
def grad_cam_net():
    return small_networks.grad_cam_net()


@pytest.mark.parametrize("method", EXPLANATIONS)
def test_every_method_gives_a_picture_of_the_image(convnet, image, method):
    found = explain(convnet, image, method, class_name="b")
    assert found.values.shape == image.shape[:2]
    assert found.values.dtype == np.float32
    assert (found.asked.class_index, found.class_name, found.scores) == (1, "b", "logit")
    assert np.abs(found.values).max() > 0
    assert found.limit > 0
    assert found.score == pytest.approx(float(convnet.scores(image[np.newaxis].astype(np.float32))[0, 1]), abs=1e-5)
    again = explain(convnet, image, method, class_name=1)
    np.testing.assert_array_equal(again.values, found.values)


def test_the_class_that_is_answered_is_explained_unless_another_is_wanted(convnet, image):
    answered = int(convnet.classifier.predict(image).probabilities.argmax())
    assert explain(convnet, image, "saliency").asked.class_index == answered


def test_occlusion_is_the_mean_of_all_squares_that_cover_a_pixel(linear):
    scores, weights = linear
    pixels = np.random.default_rng(4).integers(0, 256, (6, 7, 2)).astype(np.uint8)
    worth = (pixels * weights[..., 0]).sum(axis=-1)
    for patch, stride in ((2, 1), (3, 2), (3, 3), (5, 4), (6, 6)):
        tops, lefts = ([*range(0, side - patch, stride), side - patch] for side in worth.shape)
        total, count = np.zeros(worth.shape), np.zeros(worth.shape)
        for top in tops:
            for left in lefts:
                total[top : top + patch, left : left + patch] += worth[top : top + patch, left : left + patch].sum()
                count[top : top + patch, left : left + patch] += 1
        found = explain(scores, pixels, "occlusion", class_name=0, patch=patch, stride=stride)
        np.testing.assert_allclose(found.values, total / count, rtol=1e-3, atol=0.05)


def test_occlusion_of_a_network_that_does_not_look(make_scores, image):
    from keras import layers

    scores = make_scores(layers.Flatten(), layers.Dense(3, activation="softmax", kernel_initializer="zeros"))
    assert not explain(scores, image, "occlusion").values.any()


@pytest.mark.parametrize("baseline", BASELINES)
def test_integrated_gradients_add_up_to_the_difference_of_the_scores(convnet, image, baseline):
    found = explain(convnet, image, "integrated-gradients", class_name=2, baseline=baseline)
    ends = np.stack([image.astype(np.float32), BASELINES[baseline].make(image.astype(np.float32))])
    here, there = convnet.scores(ends)[:, 2]
    assert found.completeness.difference == pytest.approx(float(here - there), abs=1e-5)
    assert found.completeness.total == pytest.approx(float(found.values.sum()), abs=1e-4)
    assert found.completeness.total == pytest.approx(found.completeness.difference, abs=0.01)


def test_grad_cam_plus_plus_by_hand(grad_cam_net):
    """Of class 1 the gradients are [[2, 0], [4, 2]] and [[1, 2], [1, 1]], all at least 0. Σ A·g³ is for each place
    with its own g: 350·8, 0, 350·64, 350·8, and 300·1, 300·8, 300·1, 300·1, as Σ A is 350 and 300.
    """
    scores = grad_cam_net
    pixels = np.array([[10, 100], [200, 40]], np.uint8)[..., np.newaxis]
    maps = np.array([[[10, 100], [200, 40]], [[140, 50], [0, 110]]], float)
    gradients = np.array([[[2, 0], [4, 2]], [[1, 2], [1, 1]]], float)
    weights = []
    for one, gradient in zip(maps, gradients, strict=True):
        shares = [g**2 / (2 * g**2 + float((one * gradient**3).sum())) if g else 0.0 for g in gradient.ravel()]
        weights.append(sum(share * max(g, 0) for share, g in zip(shares, gradient.ravel(), strict=True)))
    expected = np.maximum(weights[0] * maps[0] + weights[1] * maps[1], 0)
    found = explain(scores, pixels, "grad-cam++", class_name=1, layer="conv")
    np.testing.assert_allclose(found.values, expected, rtol=1e-4)


def test_coarse_maps_are_enlarged_without_overshooting(make_scores, image):
    from keras import layers

    scores = make_scores(
        layers.Conv2D(3, 3, strides=3, name="conv"), layers.Flatten(), layers.Dense(3, activation="softmax")
    )
    found = explain(scores, image, "grad-cam", class_name=0)
    assert found.resolution == (2, 3)
    maps, gradients, _ = scores.maps(image[np.newaxis].astype(np.float32), 0, "conv")
    coarse = np.maximum(maps[0] @ gradients[0].mean(axis=(0, 1)), 0)
    assert found.values.max() <= coarse.max() + 1e-5
    assert found.values.min() >= coarse.min() - 1e-5


def test_guided_backpropagation_by_hand(make_scores):
    """Two ReLUs behind each other: only what is positive on the way back, at both, gets through."""
    from keras import layers

    first, second = layers.Dense(2, activation="relu"), layers.Dense(2)
    last = layers.Dense(2, activation="softmax")
    scores = make_scores(
        layers.Rescaling(1 / 255), layers.Flatten(), first, second, layers.ReLU(), last, shape=(1, 2, 1), classes=2
    )
    first.set_weights([np.array([[1, 2], [3, -1]], np.float32), np.array([1, 1], np.float32)])
    second.set_weights([np.array([[1, -2], [-1, 3]], np.float32), np.array([9, 9], np.float32)])
    last.set_weights([np.array([[1, 0], [-1, 2]], np.float32), np.zeros(2, np.float32)])
    found = explain(scores, np.array([[[51], [102]]], np.uint8), "guided-backpropagation", class_name=0)
    # At the second ReLU [1, −1] becomes [1, 0], which gives [1, −1] at the first, which becomes [1, 0].
    np.testing.assert_allclose(found.values, [[1, 3]], rtol=1e-5)
    plain = explain(scores, np.array([[[51], [102]]], np.uint8), "saliency", class_name=0)
    np.testing.assert_allclose(plain.values, [[3 - 8, 9 + 4]], rtol=1e-5)


def test_guided_backpropagation_without_a_relu(make_scores, image):
    from keras import layers

    scores = make_scores(layers.Flatten(), layers.Dense(4, activation="tanh"), layers.Dense(3, activation="softmax"))
    with pytest.raises(StudioError, match=r"has no ReLU.*Use the saliency"):
        explain(scores, image, "guided-backpropagation")


def test_a_network_without_maps_says_why_and_what_serves_instead(make_scores, image):
    from keras import layers

    scores = make_scores(layers.Flatten(), layers.Dense(3, activation="softmax"))
    for method in ("grad-cam", "grad-cam++"):
        with pytest.raises(StudioError, match=r"no convolution.*Saliency, integrated gradients and occlusion"):
            explain(scores, image, method)


def test_wrong_choices_are_named(convnet, image):
    for options, text in (
        ({"method": "lime"}, "There is no explanation “lime”: choose one of grad-cam"),
        ({"class_name": "z"}, "has no class “z”. It has 3: a, b, c."),
        ({"class_name": 3}, "has no class “3”"),
        ({"layer": "flat"}, "has no layer “flat” with feature maps.*conv1, conv2, relu"),
        ({"method": "occlusion", "patch": 9}, "A patch of 9 pixels.*does not fit"),
        ({"method": "occlusion", "patch": 2, "stride": 3}, "pixels would be left out"),
        ({"method": "occlusion", "baseline": "green"}, "There is no baseline “green”: choose one of black, white"),
    ):
        with pytest.raises(StudioError, match=text):
            explain(convnet, image, **options)


def test_an_image_that_does_not_fit(convnet):
    with pytest.raises(StudioError, match="takes images of 8×9×1, not 9×8×1"):
        explain(convnet, np.zeros((9, 8, 1), np.uint8))


def test_progress_is_told_and_ends_the_work(convnet, image):
    told: list[Progress] = []
    explain(convnet, image, "occlusion", patch=1, on_progress=told.append)
    assert (told[-1].done, told[-1].total) == (72, 72)

    def cancel(_: Progress) -> None:
        raise Cancelled

    for method in ("smooth-grad", "integrated-gradients", "occlusion"):
        with pytest.raises(Cancelled):
            explain(convnet, image, method, on_progress=cancel)


def test_a_network_with_the_channels_first_is_explained_as_it_is_opened():
    from cnnstudio.models.trained.card import Card
    from cnnstudio.models.trained.classifier import Classifier
    from cnnstudio.models.trained.files import load_model

    model = load_model(Path(__file__).parents[1] / "strangers/channels_first.h5")
    shape, classes = tuple(model.input_shape[1:]), tuple("abcdefghij"[: model.output_shape[1]])
    classifier = Classifier(model, Card("First", classes, shape, "stretch"))
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    for method in ("grad-cam", "integrated-gradients"):
        assert explain(classifier, pixels, method).values.shape == shape[:2]
