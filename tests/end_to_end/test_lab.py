"""The arithmetic of the lab against Keras, over shapes, strides, paddings, dilations, channels and dtypes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.lab.activations import ACTIVATIONS
from cnnstudio.lab.compiled_filters import compiled, fits
from cnnstudio.lab.convolution import Convolution
from cnnstudio.lab.dense import Dense
from cnnstudio.lab.filters import FILTERS, filtered, on_screen
from cnnstudio.lab.gradients import GradientStep
from cnnstudio.lab.normalisation import BatchNormalisation
from cnnstudio.lab.pooling import Pooling
from cnnstudio.lab.softmax import Softmax

_MANY = settings(max_examples=150, deadline=None, derandomize=True)
_DTYPES = (np.uint8, np.int32, np.float32, np.float64)


@st.composite
def layers(draw):
    """A layer of Keras, and an input for it."""
    height, width = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    groups = draw(st.integers(1, 3))
    strides, dilations = ((draw(st.integers(1, 3)),) * 2, (1, 1))
    if draw(st.booleans()):  # Keras takes one of the two
        strides, dilations = (1, 1), (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    padding = draw(st.sampled_from(("valid", "same", 1, 2)))
    options = {"strides": strides, "dilations": dilations, "padding": padding}
    sides = (draw(st.integers(1, 12)), draw(st.integers(1, 12)))
    return (height, width), groups, options, sides, draw(st.booleans()), draw(st.integers(0, 999))


@_MANY
@given(layers(), st.sampled_from(_DTYPES), st.sampled_from(("linear", "relu")))
def test_a_convolution_is_that_of_keras(layer, dtype, activation):
    import keras

    (height, width), groups, options, sides, depthwise, seed = layer
    numbers = np.random.default_rng(seed)
    channels = groups * 2
    inputs = numbers.uniform(0, 5, (*sides, channels)).astype(dtype)
    settings_ = {"strides": options["strides"], "dilation_rate": options["dilations"], "activation": activation}
    padding = options["padding"]
    settings_["padding"] = padding if isinstance(padding, str) else "valid"
    bias = numbers.normal(size=channels)
    if depthwise:
        kernel = numbers.normal(size=(height, width, channels, 1))
        made = Convolution.depthwise(kernel, bias=bias, activation=activation, **options)
        same = keras.layers.DepthwiseConv2D((height, width), **settings_)
    else:
        kernel = numbers.normal(size=(height, width, 2, channels))
        made = Convolution(kernel, bias=bias, activation=activation, groups=groups, **options)
        same = keras.layers.Conv2D(channels, (height, width), groups=groups, **settings_)
    if made.problem(inputs.shape):
        return
    batch = inputs[np.newaxis].astype(np.float32)
    if isinstance(padding, int):
        batch = keras.layers.ZeroPadding2D(padding)(batch)
    same.build(batch.shape)
    same.set_weights([kernel, bias])
    np.testing.assert_allclose(made.on(inputs).output, np.asarray(same(batch))[0], atol=2e-4)


@_MANY
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3)),
    st.builds(
        Pooling,
        st.sampled_from(("max", "average")),
        st.sampled_from(((1, 1), (2, 2), (3, 2), (4, 4), None)),
        st.sampled_from((None, (1, 1), (2, 2), (3, 3))),
        st.sampled_from(("valid", "same")),
    ),
    st.sampled_from(_DTYPES),
)
def test_a_pooling_is_that_of_keras(shape, pooling, dtype):
    import keras

    if pooling.problem(shape):
        return
    inputs = np.random.default_rng(0).uniform(0, 9, shape).astype(dtype)
    made = eval(pooling.keras, {"keras": keras})
    answer = np.asarray(made(inputs[np.newaxis].astype(np.float32)))[0]
    np.testing.assert_allclose(pooling.on(inputs).output.reshape(answer.shape), answer, atol=1e-5)


@_MANY
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3)),
    st.integers(1, 5),
    st.sampled_from(list(ACTIVATIONS)),
    st.sampled_from(_DTYPES),
    st.integers(0, 999),
)
def test_a_dense_layer_is_that_of_keras(shape, units, activation, dtype, seed):
    import keras

    numbers = np.random.default_rng(seed)
    maps = numbers.uniform(0, 5, shape).astype(dtype)
    weights, bias = numbers.normal(size=(maps.size, units)), numbers.normal(size=units)
    batch = keras.layers.Flatten()(maps[np.newaxis].astype(np.float32))
    before = np.asarray(keras.ops.matmul(batch, weights.astype(np.float32)) + bias.astype(np.float32))
    exactly = activation == "gelu"  # which Keras approximates unless it is asked
    answer = keras.ops.gelu(before, approximate=False) if exactly else keras.activations.get(activation)(before)
    np.testing.assert_allclose(Dense(weights, bias, activation).on(maps), np.asarray(answer)[0], atol=2e-4)


@_MANY
@given(
    st.integers(2, 12),
    st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.sampled_from((1e-3, 1e-5, 0.1))),
    st.booleans(),
    st.sampled_from(_DTYPES),
    st.integers(0, 999),
)
def test_a_batch_normalisation_is_that_of_keras(size, parameters, training, dtype, seed):
    import keras

    gamma, beta, epsilon = parameters
    numbers = np.random.default_rng(seed)
    values = numbers.uniform(0, 9, size).astype(dtype)
    moving = (float(numbers.normal()), float(numbers.uniform(0.1, 4)))
    layer = keras.layers.BatchNormalization(epsilon=epsilon)
    layer.build((None, 1))
    layer.set_weights([np.array([one]) for one in (gamma, beta, *moving)])
    made = BatchNormalisation(values, gamma, beta, None if training else moving, epsilon)
    answer = np.asarray(layer(values[:, np.newaxis].astype(np.float32), training=training))[:, 0]
    np.testing.assert_allclose(made.output, answer, atol=1e-3, rtol=1e-3)


@_MANY
@given(st.lists(st.floats(-30, 30), min_size=2, max_size=8), st.floats(0.1, 10), st.integers(0, 7))
def test_softmax_and_cross_entropy_are_those_of_keras(logits, temperature, true_class):
    import keras

    divided = (np.array(logits) / temperature)[np.newaxis]
    made = Softmax(np.array(logits), temperature)
    np.testing.assert_allclose(made.probabilities, np.asarray(keras.activations.softmax(divided))[0], atol=1e-5)
    number = true_class % len(logits)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(np.array([number]), divided)
    assert made.cross_entropy(number) == pytest.approx(float(loss), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_that_of_keras(name):
    import keras
    import tensorflow as tf

    x = tf.Variable(np.linspace(-9, 9, 91).astype(np.float32))
    with tf.GradientTape() as tape:
        y = keras.activations.get(name)(x) if name != "gelu" else keras.activations.gelu(x, approximate=False)
    np.testing.assert_allclose(ACTIVATIONS[name].function(x.numpy().astype(np.float64)), y, atol=1e-5)
    slopes = tape.gradient(y, x).numpy()
    away = np.abs(x.numpy()) > 1e-3  # from the corner
    np.testing.assert_allclose(
        ACTIVATIONS[name].derivative(x.numpy().astype(np.float64))[away], slopes[away], atol=1e-4
    )


def test_cross_entropy_and_batch_normalisation_are_those_of_keras():
    import keras

    logits = np.random.default_rng(0).normal(size=5) * 4
    for number in range(5):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(np.array([number]), logits[np.newaxis])
        assert Softmax(logits).cross_entropy(number) == pytest.approx(float(loss), rel=1e-4)
    values = np.random.default_rng(0).normal(size=(8, 1)).astype(np.float32)
    layer = keras.layers.BatchNormalization()
    made = BatchNormalisation(values)
    np.testing.assert_allclose(made.output, layer(values, training=True), atol=1e-5)
    mean, variance = made.moved((0, 1))
    np.testing.assert_allclose(
        (mean, variance), (float(layer.moving_mean[0]), float(layer.moving_variance[0])), atol=1e-5
    )
    afterwards = BatchNormalisation(values, moving=(mean, variance)).output
    np.testing.assert_allclose(afterwards, layer(values, training=False), atol=1e-5)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(layers(), st.sampled_from(("linear", "relu", "tanh")))
def test_a_gradient_step_is_that_of_tensorflow(layer, activation):
    import keras
    import tensorflow as tf

    (height, width), groups, options, sides, _, seed = layer
    numbers = np.random.default_rng(seed)
    inputs = numbers.normal(size=(*sides, groups)).astype(np.float32)
    kernel, bias = numbers.normal(size=(height, width, 1, groups)), numbers.normal(size=groups)
    made = Convolution(kernel, bias=bias, groups=groups, activation=activation, **options)
    if made.problem(inputs.shape):
        return
    target = numbers.normal(size=made.on(inputs).output.shape)
    step = GradientStep(made.on(inputs), target, 0.05)
    padding = options["padding"]
    around = 0 if isinstance(padding, str) else padding
    x, w, b = tf.Variable(inputs[np.newaxis]), tf.Variable(kernel, dtype="float32"), tf.Variable(bias, dtype="float32")
    with tf.GradientTape() as tape:
        padded = tf.pad(x, [[0, 0], [around, around], [around, around], [0, 0]])
        z = keras.ops.depthwise_conv(
            padded,
            tf.transpose(w, (0, 1, 3, 2)),
            options["strides"][0],
            padding if isinstance(padding, str) else "valid",
            dilation_rate=options["dilations"],
        )
        y = keras.activations.get(activation)(z + b)
        loss = tf.reduce_sum((y[0] - target.astype(np.float32)) ** 2) / 2
    by_input, by_kernel, by_bias = tape.gradient(loss, (x, w, b))
    assert step.loss == pytest.approx(float(loss), rel=1e-3)
    for ours, theirs in ((step.by_input, by_input[0]), (step.by_kernel, by_kernel), (step.by_bias, by_bias)):
        np.testing.assert_allclose(ours, theirs, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("name", ("sharpen", "gaussian_blur", "gabor_slanted"))
@pytest.mark.parametrize("shape", ((40, 30, 3), (1, 9, 1), (900, 700, 3)))
def test_the_compiled_filter_agrees_with_numpys(name, shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    kernel = FILTERS[name].make(FILTERS[name].sides[0])
    for numbers in (picture, picture.astype(np.float32)):
        expected = filtered(numbers, kernel)
        fast = compiled(kernel.shape, numbers.dtype.name, False)
        np.testing.assert_allclose(fast(numbers, kernel, False, None), expected, atol=1e-3)
        np.testing.assert_allclose(fast(numbers, kernel, True, None), np.maximum(expected, 0), atol=1e-3)


def test_a_filter_is_compiled_once_for_pictures_of_all_sizes():
    assert compiled((5, 5), "uint8", True) is compiled((5, 5), "uint8", True)
    assert fits(2048, 3, (7, 7))
    assert not fits(20_000, 3, (7, 7))


@pytest.mark.parametrize("show", ("clip", "grey", "magnitude"))
def test_the_compiled_filter_makes_the_same_pixels(show):
    picture = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    kernel = FILTERS["sobel_x"].make(5)
    pixels = compiled(kernel.shape, "uint8", True)(picture, kernel, False, show)
    # A number may lie as near to a whole one as float32 can tell.
    difference = pixels.astype(int) - on_screen(filtered(picture, kernel), show)
    assert np.abs(difference).max() <= 1
    assert np.count_nonzero(difference) < 0.01 * difference.size
