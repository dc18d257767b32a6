"""The layer table of whole networks, against Keras, TensorFlow and what the published papers say."""

import copy
import math
import random
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cnnstudio.lab.sizes import Window, slide
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.layer_table import LayerTable, describe, mlp_connections
from tests.models.sample_networks import (
    ONE_OF_EACH,
    Config,
    built_without_memory,
    describe_model,
    in_thread,
    nested,
    outline,
    sequential,
)

if TYPE_CHECKING:
    import keras


@cache
def table_of(name: str) -> LayerTable:
    return describe_model(outline(name))


def layers_of(model: "keras.Model", path: str = "") -> dict[str, "keras.Layer"]:
    """All layers by the name that the table gives them."""
    found = {}
    for layer in model.layers:
        if hasattr(layer, "layers"):
            found |= layers_of(layer, f"{path}{layer.name}.")
        elif not path or type(layer).__name__ != "InputLayer":
            found[path + layer.name] = layer
    return found


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_architectures_are_described_as_keras_builds_them(name):
    check_against_keras(table_of(name), outline(name))
    assert table_of(name).classes == ARCHITECTURES[name].classes
    assert table_of(name).input_shape == ARCHITECTURES[name].image_shape


def test_models_within_a_model_are_taken_apart():
    model = nested()
    table = describe_model(model)
    check_against_keras(table, model)
    assert table.row("stem.conv").inputs == ("image",)
    assert table.row("forked.right").inputs == ("stem.norm",)
    assert table.row("tail.flat").inputs == ("forked.right",)
    assert table.row("both").inputs == ("flat", "tail.dense")
    assert table.row("inner.conv").trainable_parameters == 0


def check_against_keras(table: LayerTable, model: "keras.Model") -> None:
    layers = layers_of(model)
    assert table.misfit is None
    assert {row.name for row in table.rows} == set(layers)
    for row in table.rows:
        layer = layers[row.name]
        assert row.kind == type(layer).__name__
        assert (None, *row.output_shape) == layer.output.shape, row
        assert row.parameters == layer.count_params(), row
        assert row.trainable_parameters == sum(math.prod(weight.shape) for weight in layer.trainable_weights), row
    assert table.parameters == model.count_params()
    seen = {""}
    for row in table.rows:
        assert set(row.inputs) <= seen, "a layer comes before one that feeds it"
        seen.add(row.name)


def separable() -> "keras.Model":
    """Convolutions of each kind, with strides and borders of zeros, and a dense layer."""
    import keras
    from keras import layers

    x = inputs = keras.Input((21, 18, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same")(layers.BatchNormalization()(x))
    x = layers.Conv2D(6, 1)(layers.ZeroPadding2D(1)(x))
    return keras.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize("build", [lambda: outline("lenet5"), separable], ids=["lenet5", "separable"])
def test_multiply_adds_are_those_of_tensorflows_profiler(build):
    model = build()
    assert describe_model(model).multiply_adds == in_thread(profiled, model.get_config(), type(model))


def profiled(config: Config, kind: type) -> int:
    """Half of the floating-point operations that TensorFlow counts for its convolutions and matrix products."""
    import tensorflow as tf
    from tensorflow.compat.v1 import profiler

    model = built_without_memory(lambda: kind.from_config(copy.deepcopy(config)))
    shapes = [tf.TensorSpec(weight.shape, tf.float32) for weight in model.trainable_variables]
    rest = [tf.TensorSpec(weight.shape, weight.dtype) for weight in model.non_trainable_variables]
    image = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    function = tf.function(lambda *given: model.stateless_call(*given, training=False)[0])
    graph = function.get_concrete_function(shapes, rest, image).graph
    options = (
        profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
        .with_accounted_types(["Conv2D", "MatMul", "DepthwiseConv2dNative"])
        .with_empty_output()
        .build()
    )
    return profiler.profile(graph, options=options).total_float_ops // 2


def test_multiply_adds_of_alexnet():
    # Its convolutions are given all channels in layers 1 and 3, half of them in 2, 4 and 5.
    convolutions = [
        55**2 * 96 * 363,
        27**2 * 256 * 1_200,
        13**2 * 384 * 2_304,
        13**2 * 384 * 1_728,
        13**2 * 256 * 1_728,
    ]
    dense = [9_216 * 4_096, 4_096 * 4_096, 4_096 * 1_000]
    rows = [row.multiply_adds for row in table_of("alexnet").rows if row.multiply_adds]
    assert rows == convolutions + dense
    assert table_of("alexnet").multiply_adds == 724_406_816


KINDS = {
    "convolution": ("Conv2D", {"filters": 6, "kernel_size": [3, 2], "strides": [2, 1], "groups": 2}),
    "dilated": ("Conv2D", {"filters": 5, "kernel_size": 3, "dilation_rate": 2}),
    "depthwise": ("DepthwiseConv2D", {"kernel_size": [2, 3], "depth_multiplier": 3}),
    "transposed": ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}),
    "at each place": ("Dense", {"units": 5}),
}
"""Layers without borders of zeros, where each multiplication is one of a weight with a pixel."""


@pytest.mark.parametrize("kind", KINDS)
def test_multiply_adds_are_as_many_as_products(kind):
    """With ones for pixels and weights, each product adds one to the sum of the outputs."""
    import keras

    class_name, fields = KINDS[kind]
    inputs = keras.Input((9, 8, 4))
    layer = getattr(keras.layers, class_name)(**fields, use_bias=False)
    model = keras.Model(inputs, layer(inputs))
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    products = float(np.sum(model(np.ones((1, 9, 8, 4)))))
    assert describe_model(model).multiply_adds == products


def test_receptive_fields_of_published_networks():
    # LeNet-5: 5, then a pooling of 2 (6), 5 at steps of 2 (14), and a pooling of 2 at steps of 2 (16).
    rows = [table_of("lenet5").row(name) for name in ("conv1", "pool1", "conv2", "pool2")]
    assert [row.receptive_field for row in rows] == [(5, 5), (6, 6), (14, 14), (16, 16)]
    # AlexNet: Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019.
    assert table_of("alexnet").row("pool5").receptive_field == (195, 195)


def test_the_formula_shows_its_numbers():
    assert slide(28, 5, 1, "same").formula == "(28 − 5 + 2·2)/1 + 1 = 28"
    assert slide(28, 5, 1, "valid").formula == "(28 − 5 + 2·0)/1 + 1 = 24"
    assert slide(32, 3, 2, "same").formula == "(32 − 3 + 0 + 1)/2 + 1 = 16"
    assert slide(14, 3, 2, "valid").formula == "⌊(14 − 3 + 2·0)/2⌋ + 1 = 6"
    assert slide(20, 3, 1, "valid", dilation=4) == Window(20, 9, (0, 0), 1, 12)


@pytest.mark.parametrize("seed", range(5))
def test_windows_find_the_places_that_tensorflow_computes(seed):
    """Padding as TensorFlow places it: a kernel with a single 1 at its start shows the border before the image."""
    import tensorflow as tf

    draw = random.Random(seed)
    size, kernel, stride = draw.randint(1, 20), draw.randint(1, 6), draw.randint(1, 4)
    window = slide(size, kernel, stride, "same")
    image = np.arange(1, size + 1, dtype=np.float32).reshape(1, size, 1)
    weights = np.zeros((kernel, 1, 1), np.float32)
    weights[0] = 1
    found = tf.nn.conv1d(image, weights, stride, "SAME").numpy().ravel()
    padded = np.concatenate([np.zeros(window.padding[0]), image.ravel(), np.zeros(window.padding[1] + kernel)])
    assert len(found) == window.output
    np.testing.assert_array_equal(found, padded[: window.output * stride : stride])


def test_the_terms_are_the_arithmetic():
    lenet5 = table_of("lenet5")
    assert lenet5.row("conv1").title == "Convolution 5×5"
    assert lenet5.row("conv1").parameter_terms == "5·5·1·6 + 6 = 156"
    assert lenet5.row("conv1").multiply_add_terms == "28·28·6·(5·5·1) = 117,600"
    assert lenet5.row("dense1").parameter_terms == "400·120 + 120 = 48,120"
    assert lenet5.row("pool1").parameter_terms == ""
    assert table_of("alexnet").row("conv2").title == "Convolution 5×5, 2 groups"
    for name in ONE_OF_EACH:
        for row in table_of(name).rows:
            for terms, total in ((row.parameter_terms, row.parameters), (row.multiply_add_terms, row.multiply_adds)):
                if terms or total:
                    python = terms.split(" = ")[0].replace("·", "*").replace(",", "")
                    assert eval(python, {}) == total
            for window in row.windows or ():
                python = window.formula.split(" = ")[0].replace("·", "*").replace("−", "-").replace("/", "//")
                assert eval(python.translate({ord("⌊"): None, ord("⌋"): None}), {}) == window.output


def test_the_same_with_an_mlp():
    connections = mlp_connections(table_of("lenet5"))
    assert list(connections) == ["conv1", "conv2"]
    assert connections["conv1"] == (784, 4_704)
    assert mlp_connections(table_of("mlp")) == {}


def test_a_network_of_any_size_takes_no_memory():
    config = sequential((28, 28, 1), ("Flatten", {}), ("Dense", {"units": 2_000_000}), ("Dense", {"units": 1_000}))
    table = describe(config)
    assert table.parameters == 785 * 2_000_000 + 2_000_001 * 1_000
    assert table.row("layer2").parameter_terms == "784·2,000,000 + 2,000,000 = 1,570,000,000"
