"""Every number of a layer comes about as is said: recomputed from its inputs, it equals the model's own output."""

import numpy as np
import pytest

from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 256, (11, 13, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def zoo() -> Classifier:
    """Every kind of layer whose numbers are explained, each with another window."""
    keras = import_keras()
    keras.utils.set_random_seed(0)
    layers, biased = keras.layers, keras.initializers.RandomNormal(stddev=0.2)
    image = keras.Input((11, 13, 3))
    scaled = layers.Rescaling(1 / 128, -1, name="scaled")(image)
    first = layers.Conv2D(6, 3, padding="same", activation="tanh", bias_initializer=biased, name="same")(scaled)
    outputs = [
        layers.Conv2D(4, (5, 3), activation="relu", bias_initializer=biased, name="valid")(first),
        layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="strided")(first),
        layers.Conv2D(4, (4, 2), strides=(3, 2), padding="same", activation="elu", name="even")(first),
        layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="sigmoid", name="dilated")(first),
        layers.Conv2D(6, 3, groups=3, padding="same", activation="gelu", name="grouped")(first),
        layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(first),
        layers.MaxPooling2D(2, name="max")(first),
        layers.MaxPooling2D(3, strides=2, padding="same", name="max_same")(first),
        layers.AveragePooling2D(3, strides=2, padding="same", name="mean_same")(first),
        layers.GlobalAveragePooling2D(name="global_mean")(first),
        layers.GlobalMaxPooling2D(name="global_max")(first),
        layers.Activation("silu", name="silu")(first),
        layers.ReLU(max_value=0.5, name="relu")(first),
        layers.LeakyReLU(name="leaky")(first),
        layers.ELU(name="elu")(first),
        layers.PReLU(alpha_initializer=biased, name="prelu")(first),
    ]
    flat = layers.Concatenate()([layers.Flatten()(output) for output in outputs])
    answer = layers.Dense(2, activation="softmax", name="answer")(flat)
    return Classifier(keras.Model(image, answer), Card("zoo", ("a", "b"), (11, 13, 3), "centre-crop"))


EXPLAINED = (
    "same", "valid", "strided", "even", "dilated", "grouped", "depthwise", "max", "max_same", "mean_same",
    "global_mean", "global_max", "silu", "relu", "leaky", "elu", "prelu",
)  # fmt: skip


@pytest.fixture(scope="module")
def outputs(zoo: Classifier) -> dict[str, np.ndarray]:
    """What every explained layer answers."""
    return {layer.name: layer.values for layer in zoo.predict(IMAGE, EXPLAINED).layers}


@pytest.mark.parametrize("name", EXPLAINED)
def test_every_number_is_the_models_own(zoo: Classifier, outputs: dict[str, np.ndarray], name: str) -> None:
    keras = import_keras()
    arithmetic, output = zoo.arithmetic(IMAGE, name), outputs[name]
    np.testing.assert_allclose(arithmetic.output, output, rtol=1e-5, atol=1e-6)
    layer = zoo.model.get_layer(name)
    places = list(np.ndindex(output.shape)) if output.ndim == 3 else [(0, 0, unit) for unit in range(len(output))]
    before = np.zeros(output.shape, np.float32)
    for place in places:
        number = arithmetic.number(*place)
        before[place if output.ndim == 3 else place[-1]] = number.before
        assert number.value == arithmetic.output[place if output.ndim == 3 else place[-1]]
    if arithmetic.reduction == "each":
        expected = np.asarray(layer(before[np.newaxis]))[0]
    else:
        function = getattr(layer, "activation", keras.activations.linear)
        expected = np.asarray(function(keras.ops.convert_to_tensor(before)))
    np.testing.assert_allclose(expected, output, rtol=1e-5, atol=1e-5)


def test_a_number_says_where_its_inputs_lie(zoo: Classifier) -> None:
    arithmetic = zoo.arithmetic(IMAGE, "dilated")
    number = arithmetic.number(0, 5, 1)
    assert number.rows.tolist() == [-2, 0, 2]
    assert number.columns.tolist() == [3, 5, 7]
    assert number.channels == range(6)
    assert np.isnan(number.patch[0]).all()
    np.testing.assert_array_equal(number.patch[1:, :, 4], arithmetic.inputs[[0, 2]][:, [3, 5, 7], 4])
    assert number.sums.sum() + number.bias == pytest.approx(number.before)
    assert number.activation == "Sigmoid"


def test_a_grouped_filter_sees_the_channels_of_its_group(zoo: Classifier) -> None:
    arithmetic = zoo.arithmetic(IMAGE, "grouped")
    assert [arithmetic.number(3, 3, channel).channels for channel in (0, 1, 2, 5)] == [
        range(2),
        range(2),
        range(2, 4),
        range(4, 6),
    ]


def test_the_first_layer_is_given_the_image(zoo: Classifier) -> None:
    arithmetic = zoo.arithmetic(IMAGE, "same")
    np.testing.assert_allclose(arithmetic.inputs, IMAGE / 128 - 1, atol=1e-6)


@pytest.mark.parametrize("name", ["scaled", "answer"])
def test_of_other_kinds_nothing_is_said(zoo: Classifier, name: str) -> None:
    assert zoo.arithmetic(IMAGE, name) is None


def test_the_network_that_ships() -> None:
    """Also with weights that are frozen, as the window has them."""
    classifier = load_classifier("lenet5-mnist")
    classifier.freeze()
    image = RANDOM.integers(0, 256, classifier.input_shape, dtype=np.uint8)
    for layer in classifier.predict(image, ["conv1", "pool1", "conv2", "pool2"]).layers:
        arithmetic = classifier.arithmetic(image, layer.name)
        for place in ((0, 0, 0), tuple(side // 2 for side in layer.values.shape)):
            number = arithmetic.number(*place)
            value = max(0.0, number.before) if number.activation == "ReLU" else number.before
            assert value == pytest.approx(layer.values[place], abs=1e-5)
