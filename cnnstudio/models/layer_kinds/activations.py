"""Activations: layers that change numbers one by one, or turn them into shares."""

from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.models.layer_kinds.effects import Effect, one, unchanged
from cnnstudio.models.layer_kinds.fields import ACTIVATION, Field
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import Values


def activation(values: Values) -> str:
    """The activation after a layer; empty where there is none. Raises `UnfitError` for an unknown one."""
    name = values.choice("activation", tuple(ACTIVATIONS), "linear")
    return "" if name == "linear" else name


def _activation(values: Values, maps: Maps) -> Effect:
    name = activation(values)
    function = ACTIVATIONS[name or "linear"]
    mixed = maps.mixed((len(maps.shape) - 1,)) if function.mixes_channels else maps
    return Effect(mixed, title=function.title, activation=name)


def _relu(values: Values, maps: Maps) -> Effect:
    highest = values.raw("max_value")
    if highest is not None:
        highest = values.number("max_value", 6, 0, 1e9)
    values.number("negative_slope", 0, 0, 1e9)
    values.number("threshold", 0, 0, 1e9)
    return Effect(maps, f"up to {highest:g}" if highest is not None else "")


def _leaky_relu(values: Values, maps: Maps) -> Effect:
    values.number("negative_slope", 0.3, 0, 1e9)
    return Effect(maps)


def _softmax(values: Values, maps: Maps) -> Effect:
    return Effect(maps.mixed(values.axes("axis", -1, len(maps.shape))))


def _prelu(values: Values, maps: Maps) -> Effect:
    shared = () if not values.raw("shared_axes") else values.axes("shared_axes", 1, len(maps.shape))
    return Effect(maps, weights=(tuple(1 if axis in shared else size for axis, size in enumerate(maps.shape)),))


_SLOPE = Field("negative_slope", "Slope", "The factor by which negative numbers are multiplied.", "float", 0, 10)

KINDS = (
    LayerKind(
        "Activation",
        "Activation",
        "Applies a function to each number; without a nonlinear one, several layers could be replaced by one.",
        "Activation",
        one(_activation),
        icon="layer-activation",
        stem="activation",
        fields=(ACTIVATION,),
        defaults={"activation": "relu"},
    ),
    LayerKind(
        "ReLU",
        "ReLU",
        "Keeps positive numbers and sets negative ones to zero.",
        "Activation",
        one(_relu),
        icon="layer-activation",
        stem="relu",
    ),
    LayerKind(
        "LeakyReLU",
        "Leaky ReLU",
        "Keeps positive numbers and multiplies negative ones by a small slope, so that no unit stops learning.",
        "Activation",
        one(_leaky_relu),
        icon="layer-activation",
        stem="leaky",
        fields=(_SLOPE,),
        defaults={"negative_slope": 0.3},
    ),
    LayerKind(
        "ELU",
        "ELU",
        "Keeps positive numbers; negative ones approach a limit smoothly.",
        "Activation",
        one(unchanged),
    ),
    LayerKind(
        "PReLU",
        "PReLU",
        "Keeps positive numbers and multiplies negative ones by a slope that is learnt.",
        "Activation",
        one(_prelu),
    ),
    LayerKind("Softmax", "Softmax", "Turns scores into probabilities that add up to 1.", "Activation", one(_softmax)),
)
