"""Every layer of Keras in a small classifier: the file opens and answers as in plain Keras, or is refused by its name.

A layer that a new version of Keras brings fails here until somebody has decided what becomes of it.
"""

import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.exporting.network_code import model_code
from cnnstudio.models.backend import import_keras
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_table import describe
from cnnstudio.models.trained.adopt import inspect_model, open_adopted, read_image_config, remember
from cnnstudio.models.trained.files import load_model, read_config
from tests.strangers.recipes import spots

Apply = Callable[[Any, Any], Any]
"""Of `keras.layers` and what the layer is given: what it answers."""

IMAGE = (16, 16, 3)
ROWS = (16, 16)


def made(*arguments: Any, **values: Any) -> Callable[[str], Apply]:
    """Applies a layer that is made with these arguments."""
    return lambda name: lambda layers, x: getattr(layers, name)(*arguments, **values)(x)


def merged(name: str) -> Apply:
    return lambda layers, x: getattr(layers, name)()([x, layers.Conv2D(3, 1, name="other")(x)])


def on_numbers(*arguments: Any, **values: Any) -> Callable[[str], Apply]:
    return lambda name: lambda layers, x: getattr(layers, name)(*arguments, **values)(layers.Flatten()(x))


def with_itself(name: str) -> Apply:
    return lambda layers, x: getattr(layers, name)()([x, x])


ON_IMAGES: dict[str, Callable[[str], Apply]] = {
    **dict.fromkeys(("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"), merged),
    **dict.fromkeys(
        (
            *("AugMix", "AutoContrast", "BatchNormalization", "CutMix", "ELU", "Flatten"),
            *("GlobalAveragePooling2D", "GlobalMaxPooling2D", "Identity", "LayerNormalization", "LeakyReLU"),
            *("MaxPooling2D", "MixUp", "PReLU", "RMSNormalization", "RandAugment", "RandomElasticTransform"),
            *("RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomPerspective", "ReLU", "Softmax"),
            *("ActivityRegularization", "Solarization", "UnitNormalization", "UpSampling2D"),
            *("ZeroPadding2D", "Cropping2D"),
        ),
        made(),
    ),
    **dict.fromkeys(
        (
            *("AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "RandomBrightness", "RandomContrast"),
            *("RandomColorDegeneration", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomRotation"),
            *("RandomSaturation", "RandomSharpness", "RandomTranslation", "RandomZoom", "SpatialDropout2D"),
        ),
        made(0.2),
    ),
    "Activation": made("gelu"),
    "AdaptiveAveragePooling2D": made((5, 4)),
    "AdaptiveMaxPooling2D": made(3),
    "AveragePooling2D": made(3, 2, "same"),
    "CenterCrop": made(12, 10),
    "ContrastLimitedAdaptiveHistogramEqualization": made(tile_grid_size=(2, 2)),
    "Conv2D": made(4, 3, activation="relu"),
    "Conv2DTranspose": made(4, 3, strides=2),
    "Dense": made(5, activation="tanh"),
    "DepthwiseConv2D": made(3, depth_multiplier=2),
    "Equalization": lambda _: lambda layers, x: layers.Pipeline([layers.Equalization(), layers.Rescaling(0.5)])(x),
    "GroupNormalization": made(3),
    "MultiHeadAttention": lambda _: (
        lambda layers, x: layers.MultiHeadAttention(2, 3)(*[layers.Reshape((16, 48))(x)] * 2)
    ),
    "Normalization": made(mean=[1, 2, 3], variance=[4, 5, 6]),
    "Permute": made((2, 1, 3)),
    "Pipeline": lambda _: lambda layers, x: layers.Pipeline([layers.RandomFlip(), layers.Rescaling(0.5)])(x),
    "RandomColorJitter": made((0, 255)),
    "RandomCrop": made(12, 10),
    "RandomPosterization": made(4),
    "RandomShear": made(0.1, 0.1),
    "RandomTranslation": made(0.1, 0.1),
    "Rescaling": made(1 / 255, 0.1),
    "Reshape": made((8, -1, 6)),
    "Resizing": made(9, 11),
    "SeparableConv2D": made(4, 3),
    "SpectralNormalization": lambda _: lambda layers, x: layers.SpectralNormalization(layers.Conv2D(4, 3))(x),
}
"""Layers that images can go through, by name."""

ON_ROWS: dict[str, Callable[[str], Apply]] = {
    "AveragePooling1D": made(3, 2, "same"),
    "Bidirectional": lambda _: lambda layers, x: layers.Bidirectional(layers.GRU(4, return_sequences=True))(x),
    "Conv1D": made(5, 3, dilation_rate=2, padding="causal", activation="relu"),
    "GRU": made(5),
    "GlobalAveragePooling1D": made(),
    "GlobalMaxPooling1D": made(),
    "LSTM": made(5, return_sequences=True, go_backwards=True),
    "MaxPooling1D": made(),
    "SimpleRNN": made(5, activation="relu"),
    "SpatialDropout1D": made(0.2),
    "TimeDistributed": lambda _: lambda layers, x: layers.TimeDistributed(layers.Dense(4))(x),
}
"""Layers that the rows of a grey image can go through one after the other."""

REFUSED: dict[str, tuple[Callable[[str], Apply], str]] = {
    **dict.fromkeys(("AdditiveAttention", "Attention"), (with_itself, "put MultiHeadAttention in its place, train")),
    "GroupQueryAttention": (
        lambda _: lambda layers, x: layers.GroupQueryAttention(4, 4, 2)(x, x),
        "put MultiHeadAttention in its place",
    ),
    **{
        name: (made(1), f"put {sister} in its place, after a Reshape to maps")
        for name, sister in {
            "AdaptiveAveragePooling1D": "AdaptiveAveragePooling2D",
            "AdaptiveMaxPooling1D": "AdaptiveMaxPooling2D",
            "Cropping1D": "Cropping2D",
            "DepthwiseConv1D": "DepthwiseConv2D",
            "UpSampling1D": "UpSampling2D",
            "ZeroPadding1D": "ZeroPadding2D",
        }.items()
    },
    "Conv1DTranspose": (made(4, 3), "put Conv2DTranspose in its place, after a Reshape"),
    "SeparableConv1D": (made(4, 3), "put SeparableConv2D in its place, after a Reshape"),
    "Dot": (lambda _: lambda layers, x: layers.Dot(1)([x, x]), "say it with Multiply"),
    "EinsumDense": (made("abc,cd->abd", output_shape=(16, 4)), "put a Dense layer in its place"),
    "Lambda": (lambda _: lambda layers, x: layers.Lambda(lambda y: y / 2)(x), "such as Rescaling, or with plain"),
    "Masking": (made(), "leave it out"),
    "RNN": (lambda _: lambda layers, x: layers.RNN(layers.LSTMCell(4))(x), "put LSTM, GRU or SimpleRNN in its place"),
    "RepeatVector": (on_numbers(3), "put Reshape and UpSampling2D in its place"),
    "Discretization": (made([0.2, 0.5]), "put another layer of Keras in its place"),
    **{
        name: (
            lambda _, name=name: lambda layers, x: getattr(layers, name)(2)(layers.Reshape((4, 4, 4, 4))(x)),
            "a model of films or volumes|put another layer of Keras in its place",
        )
        for name in ("AveragePooling3D", "MaxPooling3D", "UpSampling3D", "ZeroPadding3D")
    },
    **{
        name: (
            lambda _, name=name: lambda layers, x: getattr(layers, name)(2, 2)(layers.Reshape((4, 4, 4, 4))(x)),
            "a model of films or volumes|put another layer of Keras in its place",
        )
        for name in ("Conv3D", "Conv3DTranspose", "ConvLSTM2D")
    },
    **{
        name: (
            lambda _, name=name: lambda layers, x: getattr(layers, name)()(layers.Reshape((4, 4, 4, 4))(x)),
            "a model of films or volumes|put another layer of Keras in its place",
        )
        for name in ("GlobalAveragePooling3D", "GlobalMaxPooling3D")
    },
    **{
        name: (
            lambda _, name=name: lambda layers, x: getattr(layers, name)(1)(layers.Reshape((4, 4, 4, 4))(x)),
            "put another layer of Keras in its place",
        )
        for name in ("AdaptiveAveragePooling3D", "AdaptiveMaxPooling3D", "Cropping3D")
    },
    "SpatialDropout3D": (
        lambda _: lambda layers, x: layers.SpatialDropout3D(0.2)(layers.Reshape((4, 4, 4, 4))(x)),
        "put another layer of Keras in its place",
    ),
    "ConvLSTM3D": (
        lambda _: lambda layers, x: layers.ConvLSTM3D(2, 2)(layers.Reshape((2, 4, 4, 4, 2))(x)),
        "a model of films or volumes",
    ),
    "ConvLSTM1D": (
        lambda _: lambda layers, x: layers.ConvLSTM1D(2, 2)(layers.Reshape((4, 8, 8))(x)),
        "put another layer of Keras in its place",
    ),
    "MelSpectrogram": (
        lambda _: lambda layers, x: layers.MelSpectrogram(fft_length=64)(layers.Flatten()(x)),
        "a model of sound",
    ),
    "STFTSpectrogram": (
        lambda _: lambda layers, x: layers.STFTSpectrogram(frame_length=32, fft_length=64)(layers.Reshape((256, 1))(x)),
        "a model of sound",
    ),
    **{
        name: (
            lambda _, name=name: lambda layers, x: getattr(layers, name)(20, 4)(layers.Flatten()(x)),
            "a model of text",
        )
        for name in ("Embedding", "ReversibleEmbedding")
    },
}
"""Layers that images or rows could go through, and which are not opened, with what is said to do."""

IN_NO_CLASSIFIER = frozenset(
    {
        *("InputLayer",),  # is in each of them
        *("Layer", "Wrapper", "InputSpec"),  # not used as they are
        *("GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"),  # parts of RNN
        *("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"),  # of other packages
        *("CategoryEncoding", "HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"),
        *("MaxNumBoundingBoxes",),  # boxes are no images
    }
)
"""What a file of an image classifier cannot hold, or not without another package."""


NOT_AS_H5 = frozenset(
    {
        *("RandomBrightness", "RandomColorDegeneration", "RandomPosterization", "RandomSaturation", "RandomSharpness"),
        "Solarization",
    }
)
"""Layers with which Keras itself cannot save an `.h5` file."""


def classifier(shape: tuple[int, ...], apply: Apply) -> Any:
    """A classifier that a layer is in; its weights are such that images differ."""
    keras = import_keras()
    keras.utils.set_random_seed(1)
    image = keras.Input(shape)
    x = apply(keras.layers, image)
    if len(x.shape) > 2:
        x = keras.layers.GlobalAveragePooling2D()(x) if len(x.shape) == 4 else keras.layers.Flatten()(x)
    model = keras.Model(image, keras.layers.Dense(3, use_bias=False, name="answer")(x))
    random = np.random.default_rng(2)
    for weight in model.weights:
        if weight.dtype == "float32":
            weight.assign(weight + random.uniform(0, 0.05, weight.shape))
    return model


def test_each_layer_of_keras_is_looked_at() -> None:
    layers = import_keras().layers
    classes = {name: one for name in dir(layers) if inspect.isclass(one := getattr(layers, name))}
    names = {name for name, one in classes.items() if one.__name__ == name or one.__name__ not in classes}
    assert names == {*ON_IMAGES, *ON_ROWS, *REFUSED, *IN_NO_CLASSIFIER}
    ours = {kind.name for kind in LAYER_KINDS.values() if kind.module == "keras.layers"}
    replaced = {"Equalization", "Pipeline", "RandomCrop", "SpectralNormalization", "TimeDistributed"}
    assert ours - {"InputLayer"} == {*ON_IMAGES, *ON_ROWS} - replaced


@pytest.mark.parametrize("name", [*ON_IMAGES, *ON_ROWS])
def test_it_opens_and_answers_as_in_plain_keras(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNSTUDIO_HOME", str(tmp_path / "home"))
    shape, made_by = (IMAGE, ON_IMAGES) if name in ON_IMAGES else (ROWS, ON_ROWS)
    images = spots(np.random.default_rng(3), list(shape))
    model = classifier(shape, made_by[name](name))
    kernel = model.get_layer("answer").kernel
    kernel.assign(kernel / np.abs(model(images, training=False)).max())
    answers = np.asarray(model(images, training=False))
    assert np.ptp(answers, axis=0).max() > 5e-5
    for ending in ("keras",) if name in NOT_AS_H5 else ("keras", "h5"):
        path = tmp_path / f"model.{ending}"
        model.save(path)
        np.testing.assert_allclose(load_model(path)(images, training=False), answers, atol=1e-5)
        assert describe(read_image_config(path)).misfit is None
    names: dict[str, Any] = {}
    definitions, text = model_code(read_config(path))
    exec("\n\n\n".join(["import keras\nfrom keras import layers", *definitions, text]), names)
    names["model"].set_weights(load_model(path).get_weights())
    np.testing.assert_allclose(names["model"](images, training=False), answers, atol=1e-5)
    found = inspect_model(path)
    remember(found, replace(found.guess, value_range="0-255", outputs="independent-logits"))
    adopted = open_adopted(path)
    for change in (lambda: None, adopted.freeze):  # as the window does once the network is open
        change()
        prediction = adopted.predict(images[2].round().astype(np.uint8).reshape(adopted.input_shape), feature_maps=True)
        assert len(prediction.layers) == len(adopted.layers)
        scores = np.asarray(model(images[2:3].round(), training=False))[0]
        np.testing.assert_allclose(prediction.probabilities, 1 / (1 + np.exp(-scores)), atol=1e-5)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_its_name_and_told_what_to_do(name: str, tmp_path: Path) -> None:
    make, words = REFUSED[name]
    path = tmp_path / "model.keras"
    classifier(ROWS, make(name)).save(path)
    with pytest.raises(StudioError, match=words) as caught:
        load_model(path)
    text = str(caught.value)
    assert name in text and text.endswith((".", "images.")) and "\n" not in text and "class '" not in text
