"""Receptive fields: against the pixels that change an output of a real network, where no border cuts them."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.models.sample_networks import describe_model

if TYPE_CHECKING:
    import keras

SMALL = (20, 24, 3)
"""Images on which receptive fields are tried out: not square, and large enough for several poolings."""


@cache
def chain(name: str) -> "keras.Model":
    """Networks in which each number depends on all pixels that it can."""
    import keras
    from keras import layers

    def positive(shape: tuple[int, ...], dtype: Any = None) -> Any:
        return keras.random.uniform(shape, 0.5, 1.0, dtype=dtype, seed=1)

    def convolution(filters: int, size: Any, **options: Any) -> layers.Layer:
        return layers.Conv2D(filters, size, kernel_initializer=positive, **options)

    inputs = keras.Input(SMALL, name="image")
    return keras.Model(inputs, CHAINS[name](inputs, convolution, layers), name=name.replace(" ", "_"))


def plain(x: Any, convolution: Callable[..., Any], layers: Any) -> Any:
    x = convolution(2, [5, 3], padding="same")(x)
    x = layers.MaxPooling2D(2)(x)
    x = convolution(2, 3, strides=2, padding="same")(x)
    return layers.AveragePooling2D([1, 3], strides=[1, 2], padding="same")(x)


def residual(x: Any, convolution: Callable[..., Any], layers: Any) -> Any:
    x = convolution(4, 3, padding="same")(x)
    y = convolution(4, 3, padding="same")(convolution(4, 3, padding="same")(x))
    x = layers.Add()([x, y])
    y = convolution(6, 3, padding="same")(convolution(6, 3, strides=2, padding="same")(x))
    shortcut = layers.MaxPooling2D(1, strides=2)(x)
    shortcut = layers.ZeroPadding2D(((0, 0), (1, 1)), data_format="channels_first")(shortcut)
    return layers.ReLU()(layers.Add()([shortcut, y]))


def branches(x: Any, convolution: Callable[..., Any], layers: Any) -> Any:
    wide = convolution(2, 7, padding="same")(x)
    dilated = convolution(2, 3, dilation_rate=[2, 4], padding="same")(x)
    return layers.AveragePooling2D(2)(layers.Concatenate()([x, wide, dilated]))


def gated(x: Any, convolution: Callable[..., Any], layers: Any) -> Any:
    x = convolution(4, 3)(x)
    gate = layers.Dense(4, kernel_initializer="ones")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return layers.Multiply()([x, gate])


def ending(x: Any, convolution: Callable[..., Any], layers: Any) -> Any:
    x = layers.AveragePooling2D(4)(x)
    return layers.Dense(3, kernel_initializer="ones")(layers.Flatten()(x))


def listed(x: Any, convolution: Callable[..., Any], layers: Any) -> Any:
    return layers.Flatten()(convolution(2, [3, 4])(x))


CHAINS = {function.__name__: function for function in (plain, residual, branches, gated, ending, listed)}


@pytest.mark.parametrize("name", CHAINS)
def test_receptive_fields_are_the_pixels_that_change_an_output(name):
    model = chain(name)
    rows = describe_model(model).rows
    changed = changed_pixels(model)
    for row in rows:
        assert row.receptive_field == changed[row.name], row


def changed_pixels(model: "keras.Model") -> dict[str, tuple[int, int]]:
    """(height, width) of the pixels that change an output, the most of all outputs of each layer, by changing each."""
    import keras

    height, width, _ = SMALL
    background = np.ones((1, *SMALL), np.float64)
    changed = np.repeat(background, height * width, axis=0)
    for pixel in range(height * width):
        changed[pixel, pixel // width, pixel % width] = 1000
    every = keras.Model(model.inputs[0], [layer.output for layer in model.layers])
    found = {}
    for layer, before, after in zip(model.layers, every(background), every(changed), strict=True):
        differs = np.abs(np.asarray(after) - np.asarray(before)) > 1e-3 * np.abs(np.asarray(before)).max()
        places = differs.reshape(height, width, -1)
        found[layer.name] = extent(places.any(axis=1)), extent(places.any(axis=0))
    return found


def extent(changes: np.ndarray) -> int:
    """The most pixels from the first to the last along the first axis at which something changes one output."""
    size = len(changes)
    first, last = changes.argmax(axis=0), size - 1 - changes[::-1].argmax(axis=0)
    return int(np.where(changes.any(axis=0), last - first + 1, 0).max())
