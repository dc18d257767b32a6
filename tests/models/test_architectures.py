"""Architectures against the published numbers, and against what no image can be too small or large for."""

import random

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.architectures import ARCHITECTURES, MAX_SIDE, build_model

MNIST_SHAPE = (28, 28, 1)

PARAMETERS = {
    # 784 weights and a bias for each of ten classes.
    "softmax": {"output": 7_850},
    "mlp": {"hidden1": 100_480, "hidden2": 8_256, "output": 650},
    # LeCun et al. 1998 give 156 for C1, 48,120 for C5 and 10,164 for F6. All of S2 connected to C3 makes 2,416 of
    # their 1,516; a dense softmax has 84 weights and a bias for each class.
    "lenet5": {"conv1": 156, "conv2": 2_416, "dense1": 48_120, "dense2": 10_164, "output": 850},
    "lenet5-1998": {"c1": 156, "c3": 2_416, "c5": 48_120, "f6": 10_164, "output": 850},
}


def test_every_architecture_has_published_numbers():
    assert PARAMETERS.keys() == ARCHITECTURES.keys()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_parameters_are_the_published(name):
    model = build_model(name, MNIST_SHAPE, 10, seed=0)
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.count_params()}
    assert counts == PARAMETERS[name]
    assert model.count_params() == sum(PARAMETERS[name].values())


@pytest.mark.parametrize("name", ["lenet5", "lenet5-1998"])
def test_both_lenets_have_the_famous_number(name):
    assert build_model(name, MNIST_SHAPE, 10, seed=0).count_params() == 61_706


def test_lenet5_1998_has_the_shapes_of_the_paper():
    model = build_model("lenet5-1998", MNIST_SHAPE, 10, seed=0)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes["padding"] == (32, 32, 1)
    assert shapes["c1"] == (28, 28, 6)
    assert shapes["s2"] == (14, 14, 6)
    assert shapes["c3"] == (10, 10, 16)
    assert shapes["s4"] == (5, 5, 16)
    assert shapes["c5"] == (1, 1, 120)
    assert shapes["f6"] == (84,)


def test_lenet5_1998_scales_black_and_white_as_the_paper_does():
    import keras

    model = build_model("lenet5-1998", MNIST_SHAPE, 10, seed=0)
    scaled = keras.Model(model.input, model.get_layer("rescaling").output)
    image = np.zeros((1, *MNIST_SHAPE), np.float32)
    image[0, 3, 4, 0] = 255
    values = np.asarray(scaled(image))[0, :, :, 0]
    assert values[5, 6] == pytest.approx(1.175)
    assert values.min() == values[0, 0] == pytest.approx(-0.1)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_step_of_training_lowers_the_loss(name):
    random_numbers = np.random.default_rng(0)
    images = random_numbers.integers(0, 256, (32, *MNIST_SHAPE)).astype(np.float32)
    labels = random_numbers.integers(0, 10, 32)
    model = build_model(name, MNIST_SHAPE, 10, seed=0)
    model.compile("adam", "sparse_categorical_crossentropy")
    first = float(model.train_on_batch(images, labels))
    for _ in range(10):
        last = float(model.train_on_batch(images, labels))
    assert last < first


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_raw_pixels_in_and_probabilities_out(name):
    model = build_model(name, MNIST_SHAPE, 10, seed=0)
    images = np.random.default_rng(0).integers(0, 256, (4, *MNIST_SHAPE)).astype(np.float32)
    probabilities = np.asarray(model(images))
    assert probabilities.min() > 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    # Pixels that were not scaled down would drive an untrained net to certainty.
    assert probabilities.max() < 0.9
    assert not model.compiled


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(("shape", "classes"), [((32, 32, 3), 100), ((17, 60, 1), 2), ((64, 64, 3), 1000)])
def test_other_images_and_classes_fit(name, shape, classes):
    model = build_model(name, shape, classes, seed=0)
    assert model.input_shape == (None, *shape)
    assert model.output_shape == (None, classes)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_smallest_side_is_the_smallest(name):
    side = ARCHITECTURES[name].smallest_side
    assert build_model(name, (side, side, 1), 2, seed=0).output_shape == (None, 2)
    with pytest.raises(StudioError, match=r"small|empty"):
        build_model(name, (side - 1, 40, 1), 2, seed=0)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(
    ("shape", "classes", "words"),
    [
        ((MAX_SIDE + 1, 28, 1), 10, "too large"),
        ((28, 28, 0), 10, "empty"),
        ((28, 28, 1), 1, "at least 2 classes"),
    ],
)
def test_what_cannot_be_built_is_explained(name, shape, classes, words):
    with pytest.raises(StudioError, match=words):
        build_model(name, shape, classes, seed=0)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(StudioError, match=r"“lenet6”.*lenet5, lenet5-1998, mlp, softmax"):
        build_model("lenet6", MNIST_SHAPE, 10, seed=0)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_seed_alone_decides_the_weights(name):
    first = build_model(name, MNIST_SHAPE, 10, seed=1)
    random.seed(99)
    second = build_model(name, MNIST_SHAPE, 10, seed=1)
    other = build_model(name, MNIST_SHAPE, 10, seed=2)
    for one, two in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((one != two).any() for one, two in zip(first.get_weights(), other.get_weights(), strict=True))


def test_building_leaves_pythons_random_numbers_alone():
    random.seed(5)
    expected = random.random()
    random.seed(5)
    build_model("mlp", MNIST_SHAPE, 10, seed=0)
    assert random.random() == expected


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_layers_have_names_of_their_own(name):
    """Names that Keras makes up (`dense_7`) would differ from one building to the next."""
    names = [layer.name for layer in build_model(name, MNIST_SHAPE, 10, seed=0).layers]
    assert names == [layer.name for layer in build_model(name, MNIST_SHAPE, 10, seed=0).layers]
    assert names[0] == "image"
    assert names[-1] == "output"
