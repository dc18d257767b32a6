"""The sanity check on whole networks; its parts are in `explaining/test_sanity.py`."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest

from cnnstudio.explaining.sanity import sanity_check
from cnnstudio.explaining.scores import ClassScores, without_activation
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


IMAGES = np.random.default_rng(1).integers(0, 256, (3, 8, 9, 1)).astype(np.uint8)


def test_pictures_change_as_weights_do(convnet):
    before = convnet.classifier.model.get_weights()
    told: list[Progress] = []
    found = sanity_check(convnet.classifier, IMAGES, ("saliency", "grad-cam"), on_progress=told.append)
    assert found.stages == ("answer", "hidden", "conv2", "conv1")
    assert found.images == 3
    for curves in (found.signed, found.unsigned):
        assert list(curves) == ["saliency", "grad-cam"]
        for curve in curves.values():
            assert curve.shape == (5,)
            assert curve[0] == pytest.approx(1)
            assert (np.abs(curve) <= 1 + 1e-9).all()
    assert abs(found.signed["saliency"][-1]) < 0.5
    assert (told[-1].done, told[-1].total) == (30, 30)
    for weight, same in zip(convnet.classifier.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, same)


def test_the_copy_is_made_while_no_other_thread_has_the_end_of_the_network_open(convnet):
    scores = ClassScores(convnet.classifier, threading.Lock())
    with ThreadPoolExecutor() as pool:
        with scores.lock, without_activation(scores.ending.activation):
            found = pool.submit(sanity_check, scores, IMAGES[:1], ())
            assert wait([found], timeout=0.5).not_done
        assert found.result().images == 1


def test_methods_that_do_not_fit_are_left_out_and_it_can_be_cancelled(make_scores):
    from keras import layers

    scores = make_scores(layers.Flatten(), layers.Dense(3, activation="softmax"))
    found = sanity_check(scores.classifier, IMAGES[:1], ("grad-cam", "guided-backpropagation", "saliency"))
    assert list(found.signed) == ["saliency"]

    def cancel(_: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        sanity_check(scores.classifier, IMAGES[:1], ("saliency",), on_progress=cancel)
