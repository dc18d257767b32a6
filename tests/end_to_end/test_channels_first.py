"""Networks that take the channels first: the same network with the channels last is what they must answer as."""

from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.adopt import inspect_model
from cnnstudio.models.trained.files import load_model, read_config
from tests.models.trained.test_parts import ANSWERS, STRANGERS
from tests.strangers.make import image

FIRST, LAST = "channels_first", "channels_last"


def network(order: str, flattened: str = ""):
    """Every kind of layer in which the order is said, in one order or the other."""
    import keras
    from keras import layers

    axis = 1 if order == FIRST else -1
    x = inputs = keras.Input((3, 13, 12) if order == FIRST else (13, 12, 3))
    x = layers.Rescaling(1 / 255)(layers.ZeroPadding2D(((1, 0), (2, 1)), data_format=order)(x))
    x = layers.SeparableConv2D(6, 3, data_format=order, activation="relu")(x)
    x = layers.BatchNormalization(axis=axis, name="norm")(x)
    y = layers.Conv2D(6, (3, 1), padding="same", data_format=order)(x)
    x = layers.Multiply()([x, layers.Activation("sigmoid")(y)])
    x = layers.Concatenate(axis=axis)([x, layers.LeakyReLU()(y)])
    x = layers.GroupNormalization(4, axis=axis)(layers.SpatialDropout2D(0.3, data_format=order)(x))
    x = layers.AveragePooling2D(2, data_format=order)(layers.UpSampling2D(2, data_format=order)(x))
    x = layers.Conv2DTranspose(5, 3, strides=2, data_format=order)(x)
    x = layers.LayerNormalization(axis=axis)(layers.Cropping2D(2, data_format=order)(x))
    y = layers.Flatten(data_format=order)(layers.MaxPooling2D(3, data_format=order)(x))
    if order == LAST and flattened:
        x = layers.Permute((3, 1, 2))(x)
    z = layers.Flatten(data_format=LAST if flattened else order)(x)
    if order == LAST and flattened:
        x = layers.Permute((2, 3, 1))(x)
    x = layers.Concatenate(axis=1)([layers.GlobalMaxPooling2D(data_format=order)(x), y, z])
    x = layers.Dense(7)(layers.BatchNormalization(axis=1)(x))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


@pytest.mark.parametrize(("flattened", "ending"), [("", "keras"), (LAST, "h5")])
def test_it_answers_as_the_same_network_with_the_channels_last(tmp_path, flattened, ending):
    """Flattened as Keras flattens where it is told of the order; or, where it is not, channel by channel."""
    usual, first = network(LAST, flattened), network(FIRST, flattened)
    random = np.random.default_rng(3)
    usual.set_weights([random.uniform(0.02, 0.3, weight.shape) for weight in usual.get_weights()])
    first.set_weights(usual.get_weights())
    path = tmp_path / f"model.{ending}"
    first.save(path)
    images = random.uniform(0, 255, (3, 13, 12, 3)).astype(np.float32)
    opened = load_model(path)
    assert opened.input_shape == (None, 13, 12, 3)
    assert {getattr(layer, "data_format", LAST) for layer in opened.layers} == {LAST}
    np.testing.assert_allclose(opened(images), usual(images), atol=1e-6)


def test_one_of_keras_2_answers_as_there():
    path = STRANGERS / "channels_first.h5"
    assert inspect_model(path).image_size == (12, 12)
    np.testing.assert_allclose(load_model(path)(image()[None] / np.float32(255))[0], ANSWERS["0-1"], atol=1e-5)


def chain(*inner):
    import keras
    from keras import layers

    return keras.Sequential(
        [keras.Input((3, 12, 12)), layers.Conv2D(4, 3, data_format=FIRST), *inner, layers.Flatten(), layers.Dense(3)]
    )


@pytest.mark.parametrize(
    "kind", ["PReLU", "Permute", "Reshape", "Dense", "MaxPooling2D", "LayerNormalization", "Conv2D"]
)
def test_what_depends_on_the_order_is_named(tmp_path, kind):
    import keras
    from keras import layers

    made = {
        "PReLU": layers.PReLU,
        "Permute": lambda: layers.Permute((2, 3, 1)),
        "Reshape": lambda: layers.Reshape((4, 100)),
        "Dense": lambda: layers.Dense(5),
        "MaxPooling2D": lambda: layers.GlobalAveragePooling2D(data_format=LAST, keepdims=True),
        "LayerNormalization": lambda: layers.LayerNormalization(axis=[1, 2, 3]),
        "Conv2D": lambda: layers.Conv2D(4, 3, data_format=FIRST, activation="softmax"),
    }
    path = tmp_path / "model.keras"
    chain(made[kind]()).save(path)
    with pytest.raises(StudioError, match=r"takes the channels of its images first, and its layer “.*” .* depends on"):
        load_model(path)
    assert keras.config.image_data_format() == LAST


def test_a_network_with_the_channels_last_is_left_as_it_is(tmp_path: Path):
    """Even where a layer adds channels in a roundabout way, as some residual networks do."""
    import keras
    from keras import layers

    x = inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3)(layers.ZeroPadding2D(((0, 0), (1, 1)), data_format=FIRST)(x))
    keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x))).save(tmp_path / "model.keras")
    config = read_config(tmp_path / "model.keras")
    assert any(layer["config"].get("data_format") == FIRST for layer in config["config"]["layers"])
    assert load_model(tmp_path / "model.keras").input_shape == (None, 12, 12, 3)
