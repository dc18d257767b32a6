"""Every number of every kind of layer comes about as is said: recomputed from its inputs, it equals the model's own."""

import dataclasses

import numpy as np
import pytest

import cnnstudio.models.layers
from cnnstudio.models.backend import import_keras
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.layer_arithmetic import (
    arithmetic_of,
    channels_feeding,
    is_explained,
)
from tests.models.trained.explained_numbers import IMAGE, check_every_number, outputs_of, places_of


@pytest.fixture(scope="module")
def zoo() -> Classifier:
    """Every kind of layer whose numbers are explained, in several settings."""
    keras = import_keras()
    keras.utils.set_random_seed(0)
    layers, biased = keras.layers, keras.initializers.RandomNormal(stddev=0.2)
    varied = {"beta_initializer": biased, "gamma_initializer": keras.initializers.RandomNormal(1, 0.3)}
    image = keras.Input((11, 13, 3))
    scaled = layers.Rescaling([1 / 128, 1 / 100, 1 / 90], -1, name="rescaled")(image)
    first = layers.Conv2D(6, 3, padding="same", activation="tanh", bias_initializer=biased, name="same")(scaled)
    twice = layers.Conv2D(6, 1, activation="relu", bias_initializer=biased, name="twice")(first)
    narrow = layers.GlobalAveragePooling2D(keepdims=True, name="kept")(twice)
    vector = layers.GlobalMaxPooling2D(name="global_max")(first)
    standard = layers.Normalization(mean=[90.0, 100.0, 110.0], variance=[3e3, 2e3, 1e3], name="standard")
    response = cnnstudio.models.layers.LocalResponseNormalization(size=3, alpha=0.1, name="response")
    layer_scale = keras.src.applications.convnext.LayerScale(0.7, 6, name="layer_scale")
    outputs = [
        layers.Conv2D(4, (5, 3), activation="relu", bias_initializer=biased, name="valid")(first),
        layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="strided")(first),
        layers.Conv2D(4, (4, 2), strides=(3, 2), padding="same", activation="elu", name="even")(first),
        layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="sigmoid", name="dilated")(first),
        layers.Conv2D(6, 3, groups=3, padding="same", activation="gelu", name="grouped")(first),
        layers.Conv2D(4, 3, activation="softmax", name="softmaxed")(first),
        layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(first),
        layers.DepthwiseConv2D((3, 2), strides=2, bias_initializer=biased, name="depthwise_strided")(first),
        layers.SeparableConv2D(5, 3, depth_multiplier=2, strides=2, padding="same", name="separable")(first),
        layers.Conv2DTranspose(4, 3, strides=2, padding="same", bias_initializer=biased, name="spread")(first),
        layers.Conv2DTranspose(4, (4, 2), strides=(3, 2), activation="relu", name="spread_valid")(first),
        layers.Conv2DTranspose(4, 2, strides=3, name="spread_with_gaps")(first),
        layers.Conv2DTranspose(4, 5, padding="same", name="spread_alone")(first),
        layers.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1, name="spread_further")(first),
        layers.MaxPooling2D(2, name="max")(first),
        layers.MaxPooling2D(3, strides=2, padding="same", name="max_same")(first),
        layers.AveragePooling2D(3, strides=2, padding="same", name="mean_same")(first),
        layers.AveragePooling2D((2, 3), strides=(1, 2), name="mean")(first),
        layers.GlobalAveragePooling2D(name="global_mean")(first),
        layers.Activation("silu", name="silu")(first),
        layers.Activation("softmax", name="softmax_of_maps")(first),
        layers.ReLU(max_value=0.5, name="relu")(first),
        layers.LeakyReLU(name="leaky")(first),
        layers.ELU(name="elu")(first),
        layers.PReLU(alpha_initializer=biased, name="prelu")(first),
        layers.ReLU(name="relu_of_units")(vector),
        layers.Softmax(name="softmax_of_units")(vector),
        layers.BatchNormalization(
            **varied, moving_mean_initializer=biased, moving_variance_initializer="ones", name="batch"
        )(first),
        layers.BatchNormalization(scale=False, center=False, moving_mean_initializer=biased, name="batch_plain")(
            vector
        ),
        layers.LayerNormalization(**varied, name="by_channels")(first),
        layers.GroupNormalization(3, **varied, name="by_groups")(first),
        layers.UnitNormalization(name="unit")(first),
        standard(image),
        response(first),
        layer_scale(first),
        layers.Add(name="sum")([first, twice, narrow]),
        layers.Average(name="average")([first, twice]),
        layers.Maximum(name="maximum")([first, twice]),
        layers.Minimum(name="minimum")([first, twice]),
        layers.Multiply(name="product")([first, narrow]),
        layers.Subtract(name="difference")([first, twice]),
        layers.Concatenate(name="beside")([first, scaled, twice]),
        layers.Concatenate(axis=1, name="below")([first, twice]),
        layers.Flatten(name="flat")(first),
        layers.Reshape((13, 11, 6), name="reshaped")(first),
        layers.Permute((2, 3, 1), name="permuted")(first),
        layers.ZeroPadding2D(((1, 0), (2, 1)), name="padded")(first),
        layers.Cropping2D(((1, 0), (2, 1)), name="cropped")(first),
        layers.CenterCrop(5, 6, name="middle")(first),
        layers.UpSampling2D((2, 3), name="enlarged")(first),
        layers.UpSampling2D((2, 3), interpolation="bilinear", name="enlarged_smoothly")(first),
        layers.Resizing(20, 17, interpolation="bicubic", name="larger")(scaled),
        layers.Resizing(5, 8, interpolation="bilinear", antialias=True, name="smaller")(scaled),
        layers.Dropout(0.5, name="dropout")(first),
        layers.GaussianNoise(0.5, name="noise")(vector),
        layers.Dense(5, activation="relu", bias_initializer=biased, name="dense")(vector),
        layers.Dense(3, name="dense_of_maps")(first),
    ]
    flat = layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs])
    answer = layers.Dense(2, activation="softmax", bias_initializer=biased, name="answer")(flat)
    return Classifier(keras.Model(image, answer), Card("zoo", ("a", "b"), (11, 13, 3), "centre-crop"))


@pytest.fixture(scope="module")
def outputs(zoo: Classifier) -> dict[str, np.ndarray]:
    return outputs_of(zoo)


def test_every_number_is_the_models_own(zoo: Classifier) -> None:
    kinds = check_every_number(zoo)
    known = {kind for kind in LAYER_KINDS if is_explained(kind) and group_of(kind) != "Regularisation"}
    assert known <= kinds


def test_the_numbers_that_a_calculation_names_lie_where_it_says(
    zoo: Classifier, outputs: dict[str, np.ndarray]
) -> None:
    for name in ("flat", "permuted", "beside", "padded", "enlarged", "sum", "product", "batch", "softmax_of_maps"):
        info = next(info for info in zoo.layers if info.name == name)
        sources = tuple(outputs[source] for source in info.sources)
        arithmetic = arithmetic_of(zoo.model.get_layer(name), sources, outputs[name])
        for place in places_of(outputs[name], 20):
            for term in arithmetic.number(*place).terms:
                if term.place is not None:
                    source, *where = dataclasses.astuple(term.place)
                    array = sources[source]
                    assert term.value == pytest.approx(array[tuple(where)] if array.ndim == 3 else array[where[-1]])


def test_what_depends_on_a_place_of_the_inputs(zoo: Classifier) -> None:
    for name in ("strided", "dilated", "spread", "even", "max"):
        arithmetic = zoo.arithmetic(IMAGE, name)
        rows, columns = arithmetic.reached_by(4, 5)
        for row in range(arithmetic.output.shape[0]):
            for column in range(arithmetic.output.shape[1]):
                number = arithmetic.number(row, column, 0)
                reached = 4 in number.rows and 5 in number.columns
                assert not reached or (row in rows and column in columns)


def test_channels_that_feed_a_channel(zoo: Classifier) -> None:
    feeding = {
        ("grouped", 2): (range(2, 4),),
        ("depthwise", 5): (range(2, 3),),
        ("same", 1): (range(3),),
        ("max", 4): (range(4, 5),),
        ("beside", 7): (range(0), range(1, 2), range(0)),
        ("flat", 8): (range(2, 3),),
        ("softmax_of_units", 3): (range(6),),
        ("product", 3): (range(3, 4), range(3, 4)),
    }
    for (name, channel), expected in feeding.items():
        assert channels_feeding(zoo.model.get_layer(name), channel) == expected, name
