"""What can be set on layers: each field of Keras's config with what it teaches and its bounds."""

from dataclasses import dataclass
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


FILTERS = Field(
    "filters",
    "Filters",
    "How many different patterns the layer looks for; each gives one feature map.",
    "int",
    1,
    MAX_UNITS,
)
KERNEL = Field(
    "kernel_size",
    "Kernel size",
    "Height and width, in pixels, of the window that a filter sees at once; F in the formula.",
    "int",
    1,
    MAX_SIDE,
)
STRIDES = Field(
    "strides",
    "Stride",
    "How many pixels the window moves from one place to the next; 2 halves height and width. S in the formula.",
    "int",
    1,
    MAX_SIDE,
)
PADDING = Field(
    "padding",
    "Padding",
    "“same” frames the input with zeros, so that with stride 1 its size is kept; “valid” adds nothing, and it shrinks.",
    "choice",
    choices=("valid", "same"),
)
DILATION = Field(
    "dilation_rate",
    "Dilation",
    "Distance of the pixels that a kernel looks at; 2 leaves one out between each two and widens its view at no cost.",
    "int",
    1,
    MAX_SIDE,
)
GROUPS = Field(
    "groups",
    "Groups",
    "Into how many parts channels and filters are divided; a filter sees only the channels of its own part.",
    "int",
    1,
    MAX_UNITS,
)
ACTIVATION = Field(
    "activation",
    "Activation",
    "The function that each output goes through; without one, several layers could be replaced by a single one.",
    "choice",
    choices=ACTIVATIONS,
)
BIAS = Field(
    "use_bias",
    "Bias",
    "Whether a learnt number is added to each output; needless where a normalisation follows.",
    "bool",
)
MULTIPLIER = Field(
    "depth_multiplier", "Filters per channel", "How many filters each channel has for itself.", "int", 1, MAX_UNITS
)
POOL = Field(
    "pool_size", "Window", "Height and width, in pixels, of what is put together into one.", "int", 1, MAX_SIDE
)
RATE = Field("rate", "Rate", "The share that is set to zero at random at each step of training.", "float", 0, 0.95)
EPSILON = Field(
    "epsilon", "Epsilon", "A small number added to the variance, so that nothing is divided by zero.", "float", 1e-12, 1
)
CENTER = Field("center", "Shift", "Whether a learnt number is added after normalising.", "bool")
SCALE = Field("scale", "Scale", "Whether the result is multiplied by a learnt number.", "bool")
FRAME = Field("padding", "Pixels", "Rows and columns of zeros added on each side.", "int", 0, MAX_SIDE)
CROP = Field("cropping", "Pixels", "Rows and columns cut off on each side.", "int", 0, MAX_SIDE)
SIZE = Field("size", "Factor", "How many times each row and column is repeated.", "int", 1, 64)
SLOPE = Field("negative_slope", "Slope", "By what negative numbers are multiplied.", "float", 0, 10)
MOMENTUM = Field(
    "momentum", "Momentum", "How slowly the running mean and variance follow those of the batches.", "float", 0, 1
)
UNITS = Field(
    "units", "Units", "How many numbers it gives, each a weighted sum of all it is given.", "int", 1, MAX_UNITS
)
GAIN = Field("scale", "Scale", "By what each number is multiplied.", "float", -1e6, 1e6)
OFFSET = Field("offset", "Offset", "What is added after that.", "float", -1e6, 1e6)
STDDEV = Field("stddev", "Strength", "Standard deviation of the noise.", "float", 0, 1e3)

LEARNS = Field(
    "trainable", "Learns", "Whether training changes its weights; a frozen layer keeps those it was given.", "bool"
)
NEIGHBOURS = Field("size", "Channels", "How many neighbouring channels count, its own included; odd.", "int", 1, 255)
ALPHA = Field("alpha", "Alpha", "How much the neighbours count.", "float", 0, 1e3)
BETA = Field("beta", "Beta", "The power to which their sum is raised.", "float", 0, 10)
