"""Normalisations by what is measured while the network runs."""

from cnnstudio.models import layers
from cnnstudio.models.layer_kinds.effects import Effect, need_maps, one
from cnnstudio.models.layer_kinds.fields import TRAINABLE, Field
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import UnfitError, Values, divisors_of, show
from cnnstudio.models.layers import MAX_NEIGHBOURS


def _batch_normalisation(values: Values, maps: Maps) -> Effect:
    (axis,) = _one_axis(values, maps)
    kept = 5 if values.flag("renorm", False) else 2
    return Effect(maps, weights=_times(_learned(values), maps.shape[axis]), statistics=_times(kept, maps.shape[axis]))


def _layer_normalisation(values: Values, maps: Maps) -> Effect:
    axes = values.axes("axis", -1, len(maps.shape))
    learned = 1 if values.flag("rms_scaling", False) else _learned(values)
    return Effect(maps.mixed(axes), weights=_times(learned, *(maps.shape[axis] for axis in axes)))


def _rms_normalisation(values: Values, maps: Maps) -> Effect:
    axes = values.axes("axis", -1, len(maps.shape))
    return Effect(maps.mixed(axes), weights=(tuple(maps.shape[axis] for axis in axes),))


def _group_normalisation(values: Values, maps: Maps) -> Effect:
    (axis,) = _one_axis(values, maps)
    channels = maps.shape[axis]
    groups = values.raw("groups", 32)
    groups = channels if groups == -1 else values.whole("groups", 32)
    if channels % groups:
        divisors = sorted(divisors_of(channels), key=lambda divisor: abs(divisor - groups))
        raise UnfitError(
            "groups", f"cannot part {channels:,} channels into {groups:,} groups of the same size", divisors
        )
    return Effect(maps.mixed(tuple(range(len(maps.shape)))), weights=_times(_learned(values), channels))


def _layer_scale(values: Values, maps: Maps) -> Effect:
    channels, scales = maps.shape[-1], values.raw("projection_dim")
    if scales != channels:
        raise UnfitError(
            "projection_dim", f"has scales for {show(scales)} channels, but is given {channels:,}", [channels]
        )
    return Effect(maps, weights=((channels,),))


def _unit_normalisation(values: Values, maps: Maps) -> Effect:
    return Effect(maps.mixed(values.axes("axis", -1, len(maps.shape))))


def _channel_normalisation(values: Values, maps: Maps) -> Effect:
    need_maps(maps)
    size = values.whole("size", 5, highest=MAX_NEIGHBOURS)
    if size % 2 == 0:
        raise UnfitError("size", f"counts {size} channels, where an odd number is needed", [size + 1])
    return Effect(maps.mixed((2,)))


def _learned(values: Values) -> int:
    """How many numbers are learnt for each channel: a scale, a shift, both or none."""
    return values.flag("center", True) + values.flag("scale", True)


def _one_axis(values: Values, maps: Maps) -> tuple[int, ...]:
    axes = values.axes("axis", -1, len(maps.shape))
    if len(axes) != 1:
        raise UnfitError("axis", "normalises along one axis only", [-1])
    return axes


def _times(count: int, *sizes: int) -> tuple[tuple[int, ...], ...]:
    return ((count, *sizes),) if count else ()


_MOMENTUM = Field(
    "momentum", "Momentum", "How slowly the running mean and variance follow those of the batches.", "float", 0, 1
)
_EPSILON = Field(
    "epsilon",
    "Epsilon",
    "A small number added to the variance, so that nothing is divided by zero.",
    "float",
    1e-12,
    1,
    is_rare=True,
)
_CENTER = Field("center", "Shift", "Whether a learnt number is added after normalising.", "bool")
_SCALE = Field("scale", "Scale", "Whether the result is multiplied by a learnt number.", "bool")
_NEIGHBOURS = Field(
    "size",
    "Channels",
    "How many neighbouring channels are summed, its own included; odd.",
    "int",
    1,
    MAX_NEIGHBOURS,
)
_ALPHA = Field("alpha", "Alpha", "The weight of the sum over neighbouring channels.", "float", 0, 1e3)
_BETA = Field("beta", "Beta", "The exponent of the sum.", "float", 0, 10)

_DEFAULTS = {"epsilon": 1e-3, "center": True, "scale": True}

KINDS = (
    LayerKind(
        "BatchNormalization",
        "Batch normalisation",
        "Brings each channel to mean 0 and variance 1 over the batch, then scales and shifts it as learnt: deep "
        "networks train faster and more steadily.",
        "Normalisation",
        one(_batch_normalisation),
        icon="layer-normalization",
        stem="norm",
        fields=(_MOMENTUM, _EPSILON, _CENTER, _SCALE, TRAINABLE),
        defaults={"momentum": 0.99, **_DEFAULTS},
    ),
    LayerKind(
        "LayerNormalization",
        "Layer normalisation",
        "Brings the channels at each place to mean 0 and variance 1, for each image by itself, then scales and shifts "
        "them as learnt.",
        "Normalisation",
        one(_layer_normalisation),
        icon="layer-normalization",
        stem="layer_norm",
        fields=(_EPSILON, _CENTER, _SCALE, TRAINABLE),
        defaults=_DEFAULTS,
    ),
    LayerKind(
        "RMSNormalization",
        "RMS normalisation",
        "Divides the channels at each place by the root of the mean of their squares, then scales them as learnt.",
        "Normalisation",
        one(_rms_normalisation),
    ),
    LayerKind(
        "GroupNormalization",
        "Group normalisation",
        "Brings each group of channels of an image to mean 0 and variance 1, then scales and shifts them as learnt.",
        "Normalisation",
        one(_group_normalisation),
    ),
    LayerKind(
        "UnitNormalization",
        "Unit normalisation",
        "Scales the numbers so that their squares add up to 1.",
        "Normalisation",
        one(_unit_normalisation),
    ),
    LayerKind(
        "LayerScale",
        "Layer scale",
        "Multiplies each channel by a learnt number, which begins tiny.",
        "Normalisation",
        one(_layer_scale),
        module="keras.src.applications.convnext",
    ),
    LayerKind(
        "LocalResponseNormalization",
        "Local response normalisation",
        "Divides each number by the activity of neighbouring channels at the same place, so that channels compete, as "
        "in AlexNet.",
        "Normalisation",
        one(_channel_normalisation),
        icon="layer-normalization",
        stem="norm",
        fields=(_NEIGHBOURS, _ALPHA, _BETA),
        defaults={"size": 5, "alpha": 1e-4, "beta": 0.75},
        module=layers.__name__,
    ),
)
