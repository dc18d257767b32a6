"""The arithmetic of the lab against Keras, over shapes, strides, paddings, dilations, channels and dtypes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.lab.convolution import Convolution

_MANY = settings(max_examples=150, deadline=None, derandomize=True)


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
@given(layers(), st.sampled_from((np.uint8, np.int32, np.float32, np.float64)), st.sampled_from(("linear", "relu")))
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
