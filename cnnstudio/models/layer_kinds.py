"""The kinds of layers that an editor offers: what each does, what can be set, and Keras's config of a new one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cnnstudio.errors import StudioError

FieldKind = Literal["int", "float", "choice", "bool"]

MAX_UNITS = 10**6
"""Most filters or units of a layer: beyond what any machine trains, and still harmless to compute with."""
MAX_SIDE = 1024
"""Largest kernel, stride or padding in pixels."""

ACTIVATIONS = (
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "sigmoid",
    "tanh",
    "softmax",
)
"""Keras's names of activation functions; “linear” is none."""


@dataclass(frozen=True)
class Field:
    """Something that can be set on a layer.

    Attributes:
        name: Keras's key in the layer's config.
        title: for the screen.
        description: one sentence that teaches what it does.
        kind: of its values.
        lowest: of a number; None for others.
        highest: of a number; None for others.
        choices: the values of a choice; empty for others.
    """

    name: str
    title: str
    description: str
    kind: FieldKind
    lowest: float | None = None
    highest: float | None = None
    choices: tuple[str, ...] = ()

    def check(self, value: Any) -> None:
        """Checks one value.

        Raises:
            StudioError: it is not of the field's kind or out of its range; the sentence says what would do.
        """
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise StudioError(f"{self.title} is either on or off, not {value!r}.")
            return
        if self.kind == "choice":
            if value not in self.choices:
                raise StudioError(f"{self.title} is one of {', '.join(self.choices)}; there is no “{value}”.")
            return
        wanted, types = ("a whole number", int) if self.kind == "int" else ("a number", int | float)
        assert self.lowest is not None
        assert self.highest is not None
        # No number compares with one that is none, so that the range refuses it.
        if isinstance(value, bool) or not isinstance(value, types) or not self.lowest <= value <= self.highest:
            raise StudioError(f"{self.title} is {wanted} from {self.lowest:,} to {self.highest:,}, not {value}.")


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
        defaults: what Keras makes a new one with, complete save name, trainable and dtype.
    """

    name: str
    title: str
    description: str
    group: str
    stem: str
    fields: tuple[Field, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def layer(self, name: str) -> dict[str, Any]:
        """Keras's config of a new layer of this kind."""
        policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
        config = {"name": name, "trainable": True, "dtype": {**policy, "registered_name": None}, **self.defaults}
        return {"module": "keras.layers", "class_name": self.name, "config": config, "registered_name": None}


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

_FILTERS = Field(
    "filters",
    "Filters",
    "How many different patterns the layer looks for; each gives one feature map.",
    "int",
    1,
    MAX_UNITS,
)
_KERNEL = Field(
    "kernel_size",
    "Kernel size",
    "Height and width, in pixels, of the window that a filter sees at once; F in the formula.",
    "int",
    1,
    MAX_SIDE,
)
_STRIDES = Field(
    "strides",
    "Stride",
    "How many pixels the window moves from one place to the next; 2 halves height and width. S in the formula.",
    "int",
    1,
    MAX_SIDE,
)
_PADDING = Field(
    "padding",
    "Padding",
    "“same” frames the input with zeros, so that with stride 1 its size is kept; “valid” adds nothing, and it shrinks.",
    "choice",
    choices=("valid", "same"),
)
_DILATION = Field(
    "dilation_rate",
    "Dilation",
    "Distance of the pixels that a kernel looks at; 2 leaves one out between each two and widens its view at no cost.",
    "int",
    1,
    MAX_SIDE,
)
_GROUPS = Field(
    "groups",
    "Groups",
    "Into how many parts channels and filters are divided; a filter sees only the channels of its own part.",
    "int",
    1,
    MAX_UNITS,
)
_ACTIVATION = Field(
    "activation",
    "Activation",
    "The function that each output goes through; without one, several layers could be replaced by a single one.",
    "choice",
    choices=ACTIVATIONS,
)
_BIAS = Field(
    "use_bias",
    "Bias",
    "Whether a learnt number is added to each output; needless where a normalisation follows.",
    "bool",
)
_MULTIPLIER = Field(
    "depth_multiplier", "Filters per channel", "How many filters each channel has for itself.", "int", 1, MAX_UNITS
)
_POOL = Field(
    "pool_size", "Window", "Height and width, in pixels, of what is put together into one.", "int", 1, MAX_SIDE
)
_RATE = Field("rate", "Rate", "The share that is set to zero at random at each step of training.", "float", 0, 0.95)
_EPSILON = Field(
    "epsilon", "Epsilon", "A small number added to the variance, so that nothing is divided by zero.", "float", 1e-12, 1
)
_CENTER = Field("center", "Shift", "Whether a learnt number is added after normalising.", "bool")
_SCALE = Field("scale", "Scale", "Whether the result is multiplied by a learnt number.", "bool")
_FRAME = Field("padding", "Pixels", "Rows and columns of zeros added on each side.", "int", 0, MAX_SIDE)
_CROP = Field("cropping", "Pixels", "Rows and columns cut off on each side.", "int", 0, MAX_SIDE)
_SIZE = Field("size", "Factor", "How many times each row and column is repeated.", "int", 1, 64)
_SLOPE = Field("negative_slope", "Slope", "By what negative numbers are multiplied.", "float", 0, 10)
_MOMENTUM = Field(
    "momentum", "Momentum", "How slowly the running mean and variance follow those of the batches.", "float", 0, 1
)
_UNITS = Field(
    "units", "Units", "How many numbers it gives, each a weighted sum of all it is given.", "int", 1, MAX_UNITS
)
_GAIN = Field("scale", "Scale", "By what each number is multiplied.", "float", -1e6, 1e6)
_OFFSET = Field("offset", "Offset", "What is added after that.", "float", -1e6, 1e6)
_STDDEV = Field("stddev", "Strength", "Standard deviation of the noise.", "float", 0, 1e3)

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
        (_FILTERS, _KERNEL, _STRIDES, _PADDING, _ACTIVATION, _DILATION, _GROUPS, _BIAS),
        {"filters": 16, "kernel_size": [3, 3], **_WINDOW, "groups": 1, "activation": "relu", **_weights("kernel")},
    ),
    LayerKind(
        "DepthwiseConv2D",
        "Depthwise convolution",
        "Filters each channel by itself, without mixing them: cheap, and a 1×1 convolution behind it does the mixing.",
        "Convolution",
        "depthwise",
        (_KERNEL, _STRIDES, _PADDING, _ACTIVATION, _MULTIPLIER, _DILATION, _BIAS),
        {"depth_multiplier": 1, "kernel_size": [3, 3], **_WINDOW, "activation": "linear", **_weights("depthwise")},
    ),
    LayerKind(
        "SeparableConv2D",
        "Separable convolution",
        "A depthwise convolution and a 1×1 convolution in one: nearly what a convolution does, for far fewer weights.",
        "Convolution",
        "separable",
        (_FILTERS, _KERNEL, _STRIDES, _PADDING, _ACTIVATION, _MULTIPLIER, _DILATION, _BIAS),
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
        (_POOL, _STRIDES, _PADDING),
        {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid", **_LAST},
    ),
    LayerKind(
        "AveragePooling2D",
        "Average pooling",
        "Keeps the mean of each window.",
        "Pooling",
        "pool",
        (_POOL, _STRIDES, _PADDING),
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
        (_UNITS, _ACTIVATION, _BIAS),
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
        (_ACTIVATION,),
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
        (_SLOPE,),
        {"negative_slope": 0.3},
    ),
    LayerKind(
        "BatchNormalization",
        "Batch normalisation",
        "Brings each channel to mean 0 and variance 1 over the batch, which lets deep networks learn quickly.",
        "Normalisation",
        "norm",
        (_MOMENTUM, _EPSILON, _CENTER, _SCALE),
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
        (_EPSILON, _CENTER, _SCALE),
        {"axis": -1, **_NORM, **_NORM_PARTS},
    ),
    LayerKind(
        "Dropout",
        "Dropout",
        "Sets a share of the numbers to zero at random while it learns, so that no unit relies on a single other one.",
        "Regularisation",
        "dropout",
        (_RATE,),
        {"rate": 0.25, **_NO_SEED},
    ),
    LayerKind(
        "SpatialDropout2D",
        "Spatial dropout",
        "Sets whole feature maps to zero at random while it learns: neighbours are too alike to miss a single pixel.",
        "Regularisation",
        "dropout",
        (_RATE,),
        {"rate": 0.25, "seed": None, **_LAST},
    ),
    LayerKind(
        "GaussianNoise",
        "Noise",
        "Adds random numbers while it learns, so that small changes do not matter.",
        "Regularisation",
        "noise",
        (_STDDEV,),
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
        (_FRAME,),
        {"padding": [[1, 1], [1, 1]], **_LAST},
    ),
    LayerKind(
        "Cropping2D",
        "Cropping",
        "Cuts off the margins of the image.",
        "Shape",
        "cropping",
        (_CROP,),
        {"cropping": [[1, 1], [1, 1]], **_LAST},
    ),
    LayerKind(
        "UpSampling2D",
        "Upsampling",
        "Makes the image larger by repeating its rows and columns.",
        "Shape",
        "upsampling",
        (_SIZE,),
        {"size": [2, 2], **_LAST, "interpolation": "nearest"},
    ),
    LayerKind(
        "Rescaling",
        "Rescaling",
        "Multiplies and shifts all numbers, such as pixels from 0–255 to 0–1.",
        "Shape",
        "rescaling",
        (_GAIN, _OFFSET),
        {"scale": 1 / 255, "offset": 0.0},
    ),
)

LAYER_KINDS: dict[str, LayerKind] = {kind.name: kind for kind in _KINDS}
"""Every kind of layer that can be added, by Keras's class, in the order in which it is offered."""
