"""The kinds of layers that an editor offers: what each does, what can be set, and Keras's config of a new one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnstudio.models import layers
from cnnstudio.models.networks import layer_fields as fields
from cnnstudio.models.networks.layer_fields import Field


@dataclass(frozen=True)
class LayerKind:
    """A kind of layer.

    Attributes:
        name: Keras's class.
        title: for the screen.
        description: one sentence that teaches what it does.
        group: under which an editor lists it.
        stem: of the names of new layers: “conv” for “conv1”, “conv2”, …
        fields: what can be set.
        defaults: what Keras makes a new one with, beside name, trainable and dtype; what only some versions of Keras
            know is left out.
        module: under which Keras knows the class.
    """

    name: str
    title: str
    description: str
    group: str
    stem: str
    fields: tuple[Field, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    module: str = "keras.layers"

    def layer(self, name: str) -> dict[str, Any]:
        """Keras's config of a new layer of this kind."""
        policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
        learns = {"trainable": True} if fields.LEARNS in self.fields else {}
        config = {"name": name, **learns, "dtype": {**policy, "registered_name": None}, **self.defaults}
        registered = None if self.module == "keras.layers" else f"{layers.PACKAGE}>{self.name}"
        return {"module": self.module, "class_name": self.name, "config": config, "registered_name": registered}


def _initializer(name: str) -> dict[str, Any]:
    config = {} if name in ("Zeros", "Ones") else {"seed": None}
    return {"module": "keras.initializers", "class_name": name, "config": config, "registered_name": None}


def _empty(*prefixes: str) -> dict[str, None]:
    """No regularizers and constraints, which Keras keeps for each of a layer's weights."""
    return {f"{prefix}_{part}": None for part in ("regularizer", "constraint") for prefix in prefixes}


def _weights(*kernels: str) -> dict[str, Any]:
    initializers = {f"{kernel}_initializer": _initializer("GlorotUniform") for kernel in kernels}
    empty = _empty(*kernels, "bias")
    return {"use_bias": True, **initializers, "bias_initializer": _initializer("Zeros"), **empty}


_LAST = {"data_format": "channels_last"}
_WINDOW = {"strides": [1, 1], "padding": "same", **_LAST, "dilation_rate": [1, 1], "activity_regularizer": None}
_NO_SEED = {"seed": None, "noise_shape": None}

_NORM = {"epsilon": 1e-3, "center": True, "scale": True}
_NORM_PARTS = {
    "beta_initializer": _initializer("Zeros"),
    "gamma_initializer": _initializer("Ones"),
    **_empty("beta", "gamma"),
}

_KINDS = (
    LayerKind(
        "Conv2D",
        "Convolution",
        "Slides small filters over the image and answers where each finds its pattern.",
        "Convolution",
        "conv",
        (
            fields.FILTERS,
            fields.KERNEL,
            fields.STRIDES,
            fields.PADDING,
            fields.ACTIVATION,
            fields.DILATION,
            fields.GROUPS,
            fields.BIAS,
            fields.LEARNS,
        ),
        {"filters": 16, "kernel_size": [3, 3], **_WINDOW, "groups": 1, "activation": "relu", **_weights("kernel")},
    ),
    LayerKind(
        "DepthwiseConv2D",
        "Depthwise convolution",
        "Filters each channel by itself, without mixing them: cheap, and a 1×1 convolution behind it does the mixing.",
        "Convolution",
        "depthwise",
        (
            fields.KERNEL,
            fields.STRIDES,
            fields.PADDING,
            fields.ACTIVATION,
            fields.MULTIPLIER,
            fields.DILATION,
            fields.BIAS,
            fields.LEARNS,
        ),
        {"depth_multiplier": 1, "kernel_size": [3, 3], **_WINDOW, "activation": "linear", **_weights("depthwise")},
    ),
    LayerKind(
        "SeparableConv2D",
        "Separable convolution",
        "A depthwise convolution and a 1×1 convolution in one: nearly what a convolution does, for far fewer weights.",
        "Convolution",
        "separable",
        (
            fields.FILTERS,
            fields.KERNEL,
            fields.STRIDES,
            fields.PADDING,
            fields.ACTIVATION,
            fields.MULTIPLIER,
            fields.DILATION,
            fields.BIAS,
            fields.LEARNS,
        ),
        {
            "filters": 16,
            "depth_multiplier": 1,
            "kernel_size": [3, 3],
            **_WINDOW,
            "activation": "relu",
            **_weights("depthwise", "pointwise"),
        },
    ),
    LayerKind(
        "MaxPooling2D",
        "Max pooling",
        "Keeps the largest number of each window: whether a pattern is there, not exactly where.",
        "Pooling",
        "pool",
        (fields.POOL, fields.STRIDES, fields.PADDING),
        {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid", **_LAST},
    ),
    LayerKind(
        "AveragePooling2D",
        "Average pooling",
        "Keeps the mean of each window.",
        "Pooling",
        "pool",
        (fields.POOL, fields.STRIDES, fields.PADDING),
        {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid", **_LAST},
    ),
    LayerKind(
        "GlobalAveragePooling2D",
        "Global average pooling",
        "One number a channel, its mean over the whole image: few weights follow, and any image size will do.",
        "Pooling",
        "average",
        (),
        {**_LAST, "keepdims": False},
    ),
    LayerKind(
        "GlobalMaxPooling2D",
        "Global max pooling",
        "One number a channel, the largest of the whole image: how strongly a pattern is found anywhere.",
        "Pooling",
        "maximum",
        (),
        {**_LAST, "keepdims": False},
    ),
    LayerKind(
        "Dense",
        "Dense",
        "Every unit is a weighted sum of all inputs, with no notion of neighbourhood.",
        "Dense",
        "dense",
        (fields.UNITS, fields.ACTIVATION, fields.BIAS, fields.LEARNS),
        {"units": 64, "activation": "relu", **_weights("kernel")},
    ),
    LayerKind(
        "Flatten",
        "Flatten",
        "Puts all numbers in one row, as a dense layer wants them.",
        "Dense",
        "flatten",
        (),
        _LAST,
    ),
    LayerKind(
        "Activation",
        "Activation",
        "Sends each number through a function.",
        "Activation",
        "activation",
        (fields.ACTIVATION,),
        {"activation": "relu"},
    ),
    LayerKind(
        "ReLU",
        "ReLU",
        "Keeps positive numbers and sets negative ones to zero.",
        "Activation",
        "relu",
        (),
        {"max_value": None, "negative_slope": 0.0, "threshold": 0.0},
    ),
    LayerKind(
        "LeakyReLU",
        "Leaky ReLU",
        "Like ReLU, but lets a little of negative numbers through, so that no unit falls silent for good.",
        "Activation",
        "leaky",
        (fields.SLOPE,),
        {"negative_slope": 0.3},
    ),
    LayerKind(
        "BatchNormalization",
        "Batch normalisation",
        "Brings each channel to mean 0 and variance 1 over the batch, which lets deep networks learn quickly.",
        "Normalisation",
        "norm",
        (fields.MOMENTUM, fields.EPSILON, fields.CENTER, fields.SCALE, fields.LEARNS),
        {
            "axis": -1,
            "momentum": 0.99,
            **_NORM,
            **_NORM_PARTS,
            "moving_mean_initializer": _initializer("Zeros"),
            "moving_variance_initializer": _initializer("Ones"),
            "synchronized": False,
        },
    ),
    LayerKind(
        "LayerNormalization",
        "Layer normalisation",
        "Brings the channels at each place to mean 0 and variance 1, for each image by itself.",
        "Normalisation",
        "layer_norm",
        (fields.EPSILON, fields.CENTER, fields.SCALE, fields.LEARNS),
        {"axis": -1, **_NORM, **_NORM_PARTS},
    ),
    LayerKind(
        "LocalResponseNormalization",
        "Local response normalisation",
        "Lets each number weaken those of neighbouring channels at the same place, as AlexNet did.",
        "Normalisation",
        "norm",
        (fields.NEIGHBOURS, fields.ALPHA, fields.BETA),
        {"size": 5, "k": 2.0, "alpha": 1e-4, "beta": 0.75},
        module=layers.__name__,
    ),
    LayerKind(
        "Dropout",
        "Dropout",
        "Sets a share of the numbers to zero at random while it learns, so that no unit relies on a single other one.",
        "Regularisation",
        "dropout",
        (fields.RATE,),
        {"rate": 0.25, **_NO_SEED},
    ),
    LayerKind(
        "SpatialDropout2D",
        "Spatial dropout",
        "Sets whole feature maps to zero at random while it learns: neighbours are too alike to miss a single pixel.",
        "Regularisation",
        "dropout",
        (fields.RATE,),
        {"rate": 0.25, "seed": None, **_LAST},
    ),
    LayerKind(
        "GaussianNoise",
        "Noise",
        "Adds random numbers while it learns, so that small changes do not matter.",
        "Regularisation",
        "noise",
        (fields.STDDEV,),
        {"stddev": 0.1, "seed": None},
    ),
    LayerKind(
        "Add",
        "Add",
        "Adds the outputs of two layers of the same shape: a shortcut past what lies between them.",
        "Branches",
        "add",
    ),
    LayerKind(
        "Concatenate",
        "Concatenate",
        "Puts the channels of two layers of the same height and width side by side.",
        "Branches",
        "concatenate",
        (),
        {"axis": -1},
    ),
    LayerKind(
        "ZeroPadding2D",
        "Zero padding",
        "Frames the image with zeros.",
        "Shape",
        "padding",
        (fields.FRAME,),
        {"padding": [[1, 1], [1, 1]], **_LAST},
    ),
    LayerKind(
        "Cropping2D",
        "Cropping",
        "Cuts off the margins of the image.",
        "Shape",
        "cropping",
        (fields.CROP,),
        {"cropping": [[1, 1], [1, 1]], **_LAST},
    ),
    LayerKind(
        "UpSampling2D",
        "Upsampling",
        "Makes the image larger by repeating its rows and columns.",
        "Shape",
        "upsampling",
        (fields.SIZE,),
        {"size": [2, 2], **_LAST, "interpolation": "nearest"},
    ),
    LayerKind(
        "Rescaling",
        "Rescaling",
        "Multiplies and shifts all numbers, such as pixels from 0–255 to 0–1.",
        "Shape",
        "rescaling",
        (fields.GAIN, fields.OFFSET),
        {"scale": 1 / 255, "offset": 0.0},
    ),
)

LAYER_KINDS: dict[str, LayerKind] = {kind.name: kind for kind in _KINDS}
"""Every kind of layer that can be added, by Keras's class, in the order in which it is offered."""
