"""What excites units: the strongest images as sorting all answers finds them, where they lie, and made-up pictures."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.explaining import units
from cnnstudio.explaining.scores import ClassScores, changed
from cnnstudio.explaining.unit_pictures import UnitPicture, unit_picture
from cnnstudio.explaining.units import strongest_images, strongest_patches
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.progress import Progress
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


IMAGES = np.random.default_rng(1).integers(0, 256, (50, 8, 9, 1)).astype(np.uint8)


def test_the_strongest_images_are_those_of_all_answers(convnet, monkeypatch):
    monkeypatch.setattr(units, "BATCH_BYTES", 4 * 7 * 800)  # about seven images a batch
    told: list[Progress] = []
    found = strongest_images(convnet, IMAGES, number=4, on_progress=told.append)
    names = [layer.name for layer in convnet.classifier.layers]
    assert [one.layer for one in found] == names
    assert (told[-1].done, told[-1].total) == (50, 50)
    assert len(told) > 4
    answers = [convnet.classifier.predict(image, feature_maps=True).layers for image in IMAGES]
    for place, one in enumerate(found):
        every = np.stack([layers[place].values for layers in answers])
        highest = every.max(axis=(1, 2)) if every.ndim == 4 else every
        expected = -np.sort(-highest, axis=0)[:4]
        np.testing.assert_allclose(one.values, expected, atol=1e-5)
        np.testing.assert_allclose(np.take_along_axis(highest, one.images, axis=0), expected, atol=1e-5)


def test_fewer_images_than_wanted(convnet):
    (found,) = strongest_images(convnet, IMAGES[:2], ["hidden"])
    assert found.images.shape == (2, 6)


def test_a_patch_is_what_the_unit_saw(convnet):
    """The 5×5 pixels behind two 3×3 convolutions; changing anything outside changes nothing there."""
    (patch,) = strongest_patches(convnet, [IMAGES[0]], "conv2", 2)
    values = convnet.classifier.predict(IMAGES[0], ["conv2"]).layers[0].values[..., 2]
    assert values[patch.place] == pytest.approx(values.max(), abs=1e-5)
    row, column = patch.place
    assert patch.box == (row, column, row + 5, column + 5)
    changed = 255 - IMAGES[0]
    top, left, bottom, right = patch.box
    changed[top:bottom, left:right] = patch.pixels
    again = convnet.classifier.predict(changed, ["conv2"]).layers[0].values[..., 2]
    assert again[patch.place] == pytest.approx(patch.value, abs=1e-4)
    (flat,) = strongest_patches(convnet, [IMAGES[0]], "hidden", 1)
    assert flat.box == (0, 0, 8, 9)


def test_patches_wait_while_another_thread_has_the_end_of_the_network_open(convnet):
    scores = ClassScores(convnet.classifier, threading.Lock())
    with ThreadPoolExecutor() as pool:
        with scores.lock, changed(scores.ending.activation, "activation", object()):  # which cannot be written down
            found = pool.submit(strongest_patches, scores, [IMAGES[0]], "conv2", 2)
            assert wait([found], timeout=0.5).not_done
        assert len(found.result()) == 1


def test_a_patch_at_the_edge_is_cut(make_scores):
    from keras import layers

    scores = make_scores(
        layers.Conv2D(1, 3, padding="same", kernel_initializer="ones", name="conv"),
        layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    )
    image = np.zeros((8, 9, 1), np.uint8)
    image[0, 8] = 200
    (patch,) = strongest_patches(scores, [image], "conv", 0)
    assert patch.pixels.max() == 200
    assert patch.box == (0, 6, 2, 9) if patch.place == (0, 7) else patch.box[0] == 0


def test_the_picture_of_a_sum_of_pixels_is_known(make_scores):
    """A unit that adds up pixels is excited most by white where its weights are above 0 and black elsewhere."""
    from keras import layers

    dense = layers.Dense(3, activation="softmax", name="answer")
    scores = make_scores(layers.Rescaling(1 / 255), layers.Flatten(), dense)
    white = np.zeros((8, 9), bool)
    white[2:6, 2:7] = True
    weights = np.where(white.reshape(72, 1), 1, -1).repeat(3, axis=1).astype(np.float32)
    dense.set_weights([weights, np.zeros(3, np.float32)])
    told: list[UnitPicture] = []
    last = unit_picture(scores, "answer", 1, told.append, threading.Event(), steps=200, every=50)
    assert [one.step for one in told] == [1, 50, 100, 150, 200]
    assert last is told[-1]
    assert told[0].value < 0
    assert last.value > 10
    assert last.image[3:5, 3:6].min() > 200
    assert last.image[[0, -1]].max() < 55


def test_a_class_of_many_layers_with_relus_is_sure_of_its_picture() -> None:
    """Open ReLUs multiply the gradient by 10¹⁰ in the first steps; the later ones must count nevertheless."""
    classifier = load_classifier("efficientnet-lite0-imagenet")
    made = unit_picture(ClassScores(classifier), "output", 281, lambda _: None, threading.Event(), steps=48)
    assert classifier.predict(made.image).probabilities.argmax() == 281


def test_a_picture_excites_a_unit_more_than_images_do(convnet):
    found = unit_picture(convnet, "conv2", 3, lambda _: None, threading.Event(), steps=120)
    values = [convnet.classifier.predict(image, ["relu"]).layers[0].values[..., 3].mean() for image in IMAGES]
    assert found.value > max(values)
    assert found.image.shape == (8, 9, 1)


def test_it_stops_when_told_and_says_where_there_is_no_such_unit(convnet):
    stop = threading.Event()
    stop.set()
    assert unit_picture(convnet, "conv2", 0, lambda _: None, stop).step == 1
    for layer, unit in (("conv2", 5), ("conv9", 0)):
        with pytest.raises(StudioError, match=f"has no unit {unit} in a layer “{layer}”"):
            unit_picture(convnet, layer, unit, lambda _: None, threading.Event())
