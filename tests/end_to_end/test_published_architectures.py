"""Architectures against the published numbers, and against what no image can be too small or large for."""

import math
import random
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.limits import MAX_ARCHITECTURE_SIDE
from cnnstudio.models.architectures.catalogue import ARCHITECTURES, FAMILIES
from cnnstudio.models.networks.building import build_network
from tests.models.architectures.outlines import (
    check_names,
    check_parameters,
    check_that_layers_are_used_once,
    check_that_pixels_are_scaled,
)
from tests.models.sample_networks import HERE, ONE_OF_EACH, SISTERS, built_small, least_shape, outline

if TYPE_CHECKING:
    import keras

MNIST_SHAPE = (28, 28, 1)

LAYERS = {
    # 784 weights and a bias for each of ten classes.
    "softmax": {"output": 7_850},
    "mlp": {"hidden1": 100_480, "hidden2": 8_256, "output": 650},
    # LeCun et al. 1998 give 156 for C1, 48,120 for C5 and 10,164 for F6. All of S2 connected to C3 makes 2,416 of
    # their 1,516; a dense softmax has 84 weights and a bias for each class.
    "lenet5": {"conv1": 156, "conv2": 2_416, "dense1": 48_120, "dense2": 10_164, "output": 850},
    "lenet5-1998": {"c1": 156, "c3": 2_416, "c5": 48_120, "f6": 10_164, "output": 850},
    # As the demo prints them: 8x5x5x1+8, 16x5x5x8+16, 10x256+10.
    "convnetjs-mnist": {"conv1": 208, "conv2": 3_216, "output": 2_570},
    "tiny-vgg": {"conv_1_1": 280, "conv_1_2": 910, "conv_2_1": 910, "conv_2_2": 910, "output": 16_910},
    # Half of the maps for each group: 48·5·5·256, 192·3·3·384, 192·3·3·256, and the biases.
    "alexnet": {
        "conv1": 34_944,
        "conv2": 307_456,
        "conv3": 885_120,
        "conv4": 663_936,
        "conv5": 442_624,
        "dense6": 37_752_832,
        "dense7": 16_781_312,
        "output": 4_097_000,
    },
}
"""Parameters of each layer of the smaller networks, on the images of the paper."""


def shapes(model: "keras.Model") -> dict[str, tuple[int, ...]]:
    return {layer.name: layer.output.shape[1:] for layer in model.layers}


# What is told


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_is_told_where_it_comes_from(name):
    entry = ARCHITECTURES[name]
    assert entry.name == name
    assert 1950 < entry.year < 2030
    assert all((entry.title, entry.authors, entry.paper))
    assert entry.link.startswith("https://")
    assert re.fullmatch(r"[^.]+\.", entry.idea.replace("ConvNeXt V2", "")), "one sentence"
    assert not entry.note or entry.note.endswith(".")
    assert not entry.reported or re.match(r"\d\d\.\d+ % of ", entry.reported)
    assert len(entry.title) < 40


def test_families_hold_each_architecture_once():
    assert [entry.name for family in FAMILIES.values() for entry in family] == list(ARCHITECTURES)


def test_papers_that_count_parameters_or_accuracy_are_heard():
    untold = {name for name, entry in ARCHITECTURES.items() if not entry.reported}
    assert untold == {"softmax", "mlp", "convnetjs-mnist", "tiny-vgg", "plain20", "alexnet-small"}
    uncounted = {name for name, entry in ARCHITECTURES.items() if not entry.published_parameters}
    assert uncounted == {"softmax", "mlp", "convnetjs-mnist", "tiny-vgg", "alexnet-small", "resnet9"}


# Sizes


@pytest.mark.parametrize("name", [name for name in HERE if ARCHITECTURES[name].published_parameters])
def test_parameters_are_the_published(name):
    check_parameters(name)


@pytest.mark.parametrize("name", LAYERS)
def test_parameters_of_each_layer(name):
    counts = {layer.name: layer.count_params() for layer in outline(name).layers if layer.count_params()}
    assert counts == LAYERS[name]


@pytest.mark.parametrize(
    ("name", "count"), [("plain20", 269_722), ("resnet20", 269_722), ("resnet32", 464_154), ("resnet56", 853_018)]
)
def test_shortcuts_for_small_images_have_no_parameters(name, count):
    """Convolutions without bias, two numbers of each normalisation, and a dense layer, summed by hand."""
    blocks = (int(name[-2:]) - 2) // 6
    within = 3 * 16 + 2 * blocks * (16**2 + 32**2 + 64**2)
    halving = 16 * 32 + 32 * 64 - 32**2 - 64**2
    convolutions = 9 * (within + halving)
    normalisations = 2 * (16 + 2 * blocks * (16 + 32 + 64))
    assert convolutions + normalisations + 650 == count
    model = outline(name)
    assert sum(math.prod(weight.shape) for weight in model.trainable_weights) == count


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_images_and_classes_of_any_number_fit(name):
    entry = ARCHITECTURES[name]
    # Those for large colour images are outlined as published anyway.
    large, some = ((230, 120, 3), 2) if entry.image_shape[2] == 1 else (entry.image_shape, entry.classes)
    for model, shape, classes in (
        (built_small(name), least_shape(name), 3),
        (outline(name, large, some), large, some),
    ):
        assert model.input_shape == (None, *shape)
        assert model.output_shape == (None, classes)


def wasted(model: "keras.Model") -> list[str]:
    """Layers that are to make maps smaller, but get maps of one pixel."""
    return [
        layer.name
        for layer in model.layers
        if max(getattr(layer, "strides", (1,))) > 1 and min(layer.input.shape[1:3]) < 2
    ]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_smallest_side_is_the_smallest(name):
    side = ARCHITECTURES[name].smallest_side
    with pytest.raises(StudioError, match=r"too small|empty"):
        build_network(name, (side - 1, 40, 1), 2, seed=0)
    if side == 1 or name in SISTERS:
        return
    smallest = built_small(name) if least_shape(name)[0] == side else outline(name, (side, side, 1), 2)
    assert wasted(smallest) == []
    with pytest.raises((ValueError, AssertionError)):
        assert wasted(outline(name, (side - 1, side, 1), 2)) == []


@pytest.mark.parametrize(
    ("shape", "classes", "words"),
    [
        ((MAX_ARCHITECTURE_SIDE + 1, 67, 1), 10, "too large"),
        ((28, 28, 0), 10, "empty"),
        ((28, 28, 1), 1, "at least 2 classes"),
    ],
)
def test_what_cannot_be_built_is_explained(shape, classes, words):
    for name in ARCHITECTURES:
        with pytest.raises(StudioError, match=words):
            build_network(name, shape, classes, seed=0)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(StudioError, match=r"“lenet6”.*softmax, mlp, lenet5, .*transfer-resnet50v2"):
        build_network("lenet6", MNIST_SHAPE, 10, seed=0)


# Shapes of single networks


def test_lenet5_1998_has_the_shapes_of_the_paper():
    found = shapes(outline("lenet5-1998", MNIST_SHAPE, 10))
    assert found["padding"] == (32, 32, 1)
    assert found["c1"] == (28, 28, 6)
    assert found["s2"] == (14, 14, 6)
    assert found["c3"] == (10, 10, 16)
    assert found["s4"] == (5, 5, 16)
    assert found["c5"] == (1, 1, 120)
    assert found["f6"] == (84,)


def test_lenet5_1998_scales_black_and_white_as_the_paper_does():
    import keras

    model = build_network("lenet5-1998", MNIST_SHAPE, 10, seed=0)
    scaled = keras.Model(model.input, model.get_layer("rescaling").output)
    image = np.zeros((1, *MNIST_SHAPE), np.float32)
    image[0, 3, 4, 0] = 255
    values = scaled(image).numpy()[0, :, :, 0]
    assert values[5, 6] == pytest.approx(1.175)
    assert values.min() == values[0, 0] == pytest.approx(-0.1)


def test_alexnet_has_the_shapes_of_the_paper():
    model = outline("alexnet")
    found = shapes(model)
    assert [found[f"conv{number}"] for number in range(1, 6)] == [
        (55, 55, 96),
        (27, 27, 256),
        (13, 13, 384),
        (13, 13, 384),
        (13, 13, 256),
    ]
    assert found["pool5"] == (6, 6, 256)
    assert {layer.name: layer.groups for layer in model.layers if getattr(layer, "groups", 1) > 1} == {
        "conv2": 2,
        "conv4": 2,
        "conv5": 2,
    }
    assert [layer.name for layer in model.layers if type(layer).__name__ == "LocalResponseNormalization"] == [
        "norm1",
        "norm2",
    ]


def test_convnetjs_and_tiny_vgg_have_the_shapes_of_their_pages():
    assert shapes(outline("convnetjs-mnist"))["flatten"] == (4 * 4 * 16,)
    found = shapes(outline("tiny-vgg"))
    assert [
        found[name][0] for name in ("conv_1_1", "conv_1_2", "max_pool_1", "conv_2_1", "conv_2_2", "max_pool_2")
    ] == [
        62,
        60,
        30,
        28,
        26,
        13,
    ]


@pytest.mark.parametrize(("name", "adds"), [("plain20", 0), ("resnet20", 9), ("resnet32", 15), ("resnet56", 27)])
def test_plain_networks_are_residual_ones_without_shortcuts(name, adds):
    kinds = [type(layer).__name__ for layer in outline(name).layers]
    assert kinds.count("Add") == adds
    assert kinds.count("Conv2D") + kinds.count("Dense") == int(name[-2:])


@pytest.mark.parametrize(
    ("name", "side", "first", "last"),
    [
        ("resnet18", 224, (112, 112, 64), (7, 7, 512)),
        ("resnet18", 32, (32, 32, 64), (4, 4, 512)),
        ("resnet18", 95, (95, 95, 64), (12, 12, 512)),
        ("resnet18", 96, (48, 48, 64), (3, 3, 512)),
        ("mobilenetv2", 224, (112, 112, 32), (7, 7, 1280)),
        ("mobilenetv2", 32, (32, 32, 32), (4, 4, 1280)),
        ("convnext", 224, (56, 56, 40), (7, 7, 320)),
        ("convnext", 32, (16, 16, 40), (2, 2, 320)),
    ],
)
def test_networks_for_photos_have_another_beginning_for_small_images(name, side, first, last):
    model = outline(name, None if side == 224 else (side, side, 3))
    maps = [layer for layer in model.layers if len(layer.output.shape) == 4]
    convolution = next(layer for layer in maps if type(layer).__name__ == "Conv2D")
    assert convolution.output.shape[1:] == first
    assert maps[-1].output.shape[1:] == last


def test_convnext_begins_each_block_as_almost_nothing():
    layer = built_small("convnext").get_layer("stage1_block1_layer_scale")
    np.testing.assert_array_equal(layer.get_weights()[0], np.full((1, 1, 40, 1), 1e-6, np.float32))


# What they compute


@pytest.mark.parametrize("name", HERE)
def test_raw_pixels_are_scaled_before_they_are_weighed(name):
    check_that_pixels_are_scaled(name)


# Seeds, names and files


@pytest.mark.parametrize("name", ["softmax", "lenet5", "resnet20"])
def test_another_seed_gives_other_weights(name):
    first, other = built_small(name), built_small(name, seed=2)
    kernels = [weight.path for weight in first.weights if len(weight.shape) > 1]
    assert kernels
    for one, two in zip(first.weights, other.weights, strict=True):
        assert one.path not in kernels or (one.value.numpy() != two.value.numpy()).any()


def test_building_leaves_pythons_random_numbers_alone():
    random.seed(5)
    expected = random.random()
    random.seed(5)
    build_network("mlp", MNIST_SHAPE, 10, seed=0)
    assert random.random() == expected


@pytest.mark.parametrize("name", HERE)
def test_layers_have_readable_names_of_their_own(name):
    """Names that Keras makes up (`dense_7`) would differ from one building to the next."""
    check_names(name)


@pytest.mark.parametrize("name", HERE)
def test_every_layer_is_used_once(name):
    """A layer that is used at several places is not opened from a file."""
    check_that_layers_are_used_once(name)
