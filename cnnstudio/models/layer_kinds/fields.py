"""What can be set on layers: fields of Keras's config with what they teach and their bounds.

Those that kinds of several groups have stand here, the others beside the kinds that have them.
"""

from dataclasses import dataclass
from typing import Any, Literal

from cnnstudio.errors import StudioError
from cnnstudio.limits import MAX_PIXELS, MAX_UNITS
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS

FieldKind = Literal["int", "float", "choice", "bool"]


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
        numbers: how many Keras keeps: 1; 2, (along the height, along the width); 4, ((top, bottom), (left, right)).
        is_rare: whether a form folds it away where there are others.
    """

    name: str
    title: str
    description: str
    kind: FieldKind
    lowest: float | None = None
    highest: float | None = None
    choices: tuple[str, ...] = ()
    numbers: Literal[1, 2, 4] = 1
    is_rare: bool = False

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
UNITS = Field("units", "Units", "How many outputs it has, each a weighted sum of all inputs.", "int", 1, MAX_UNITS)
STRIDES = Field(
    "strides",
    "Stride",
    "How many pixels the window moves from one position to the next; 2 halves height and width. S in the formula.",
    "int",
    1,
    MAX_PIXELS,
    numbers=2,
)
PADDING = Field(
    "padding",
    "Padding",
    "“same” adds zeros around the input, so that stride 1 keeps its size; “valid” adds none, and the maps shrink.",
    "choice",
    choices=("valid", "same"),
)
ACTIVATION = Field(
    "activation",
    "Activation",
    "The function that is applied to each output; without a nonlinear one, several layers could be replaced by one.",
    "choice",
    choices=tuple(one.name for one in ACTIVATIONS.values() if one.is_offered),
)
BIAS = Field(
    "use_bias",
    "Bias",
    "Whether a learnt number is added to each output; unnecessary where a normalisation follows.",
    "bool",
    is_rare=True,
)
TRAINABLE = Field(
    "trainable",
    "Trainable",
    "Whether training changes its weights; a frozen layer keeps the ones it has.",
    "bool",
    is_rare=True,
)
