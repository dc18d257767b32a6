"""Numbers of layers, recomputed from what the layers were given, against what Keras makes of it."""

import numpy as np
import pytest

import cnnstudio.models.layers
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.layer_arithmetic import CellArithmetic, Number, arithmetic_of

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 256, (11, 13, 3), dtype=np.uint8)


def every_kind() -> Classifier:
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


def outputs_of(zoo: Classifier, image: np.ndarray = IMAGE) -> dict[str, np.ndarray]:
    """What every layer answers, by its name, and the image, by an empty one."""
    return {"": image.astype(np.float32)} | {layer.name: layer.values for layer in zoo.predict(image, True).layers}


def places_of(output: np.ndarray, most: int = 150) -> list[tuple[int, int, int]]:
    """Places all over an output, its corners among them."""
    every = list(np.ndindex(output.shape)) if output.ndim == 3 else [(0, 0, unit) for unit in range(len(output))]
    chosen = RANDOM.choice(len(every), min(most, len(every)), replace=False)
    return [every[0], every[-1], *(every[number] for number in chosen)]


def check_every_number(zoo: Classifier) -> set[str]:
    """Recomputes numbers of every layer from its inputs; returns the kinds of layers.

    Raises:
        AssertionError: one of them is not the model's own.
    """
    keras = import_keras()
    outputs, kinds = outputs_of(zoo), set()
    for info in zoo.layers:
        layer, output = zoo.model.get_layer(info.name), outputs[info.name]
        arithmetic = arithmetic_of(layer, tuple(outputs[name] for name in info.sources), output)
        assert arithmetic is not None, info.name
        kinds.add(info.kind)
        before = np.zeros(output.shape, np.float32)
        places = places_of(output, 60 if info.name == "all" else 150)
        for place in places:
            number = arithmetic.number(*place)
            where = place if output.ndim == 3 else place[-1]
            assert number.value == output[where]
            if isinstance(arithmetic, CellArithmetic):
                assert number.result == pytest.approx(number.value, abs=1e-5, rel=1e-5), (info.name, place)
            before[where] = number.before if isinstance(number, Number) else number.result
        if isinstance(arithmetic, CellArithmetic):
            continue
        if arithmetic.mixes:
            steps = arithmetic.softmax(*places[0][:2])
            shares = output if output.ndim == 1 else output[places[0][:2]]
            np.testing.assert_allclose(steps.exponentials / steps.total, shares, rtol=1e-5, atol=1e-6)
            continue
        if arithmetic.reduction == "each":
            expected = np.asarray(layer(before[np.newaxis]))[0]
        else:
            function = getattr(layer, "activation", keras.activations.linear)
            expected = np.asarray(function(keras.ops.convert_to_tensor(before)))
        for place in places:
            where = place if output.ndim == 3 else place[-1]
            assert expected[where] == pytest.approx(output[where], abs=1e-5, rel=1e-5), (info.name, place)
    return kinds
