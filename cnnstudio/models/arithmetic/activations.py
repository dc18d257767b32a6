"""Layers that change numbers one by one, normalise them, or leave them alone outside training."""

import math

from cnnstudio.models.arithmetic.effects import Effect, Rule, need_maps, one
from cnnstudio.models.arithmetic.receptive import Maps
from cnnstudio.models.arithmetic.values import UnfitError, Values, show

ACTIVATIONS = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "Leaky ReLU",
    "elu": "ELU",
    "selu": "SELU",
    "celu": "CELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "swish": "SiLU",
    "mish": "Mish",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "softmax": "Softmax",
    "log_softmax": "Log-softmax",
    "log_sigmoid": "Log-sigmoid",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "squareplus": "Squareplus",
    "exponential": "Exponential",
    "linear": "Linear",
    "hard_sigmoid": "Hard sigmoid",
    "hard_silu": "Hard SiLU",
    "hard_swish": "Hard SiLU",
    "hard_tanh": "Hard tanh",
    "hard_shrink": "Hard shrink",
    "soft_shrink": "Soft shrink",
    "tanh_shrink": "Tanh shrink",
    "threshold": "Threshold",
    "sparse_plus": "Sparseplus",
    "sparse_sigmoid": "Sparse sigmoid",
    "sparsemax": "Sparsemax",
}
"""Keras's activation functions that keep a shape, with their names as people write them."""

MAX_NORMALISED = 2**24
"""Most means that a normalisation may have; Keras computes with all of them while it builds the layer."""


def activation(values: Values) -> str:
    """The activation after a layer; empty where there is none.

    Raises:
        UnfitError: there is no such function.
    """
    name = values.choice("activation", tuple(ACTIVATIONS), "linear")
    return "" if name == "linear" else name


def _elementwise(_values: Values, maps: Maps) -> Effect:
    return Effect(maps)


def _activation(values: Values, maps: Maps) -> Effect:
    name = activation(values)
    whole = name in ("softmax", "log_softmax", "sparsemax")
    return Effect(
        maps.mixed((len(maps.shape) - 1,)) if whole else maps, title=ACTIVATIONS[name or "linear"], activation=name
    )


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


def _batch_normalisation(values: Values, maps: Maps) -> Effect:
    (axis,) = _one_axis(values, maps)
    kept = 5 if values.flag("renorm", False) else 2
    return Effect(maps, weights=_times(_learned(values), maps.shape[axis]), statistics=_times(kept, maps.shape[axis]))


def _layer_normalisation(values: Values, maps: Maps) -> Effect:
    axes = values.axes("axis", -1, len(maps.shape))
    learned = 1 if values.flag("rms_scaling", False) else _learned(values)
    return Effect(maps.mixed(axes), weights=_times(learned, *(maps.shape[axis] for axis in axes)))


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


def _fixed_normalisation(values: Values, maps: Maps) -> Effect:
    axes = () if values.raw("axis", -1) in (None, [], ()) else values.axes("axis", -1, len(maps.shape))
    sizes = [maps.shape[axis] for axis in axes]
    if math.prod(sizes) > MAX_NORMALISED:
        raise UnfitError("axis", f"would normalise {math.prod(sizes):,} numbers, each by a mean of its own", [-1])
    mean = values.raw("mean")
    if mean is None:
        # Mean and variance, and how many numbers they were measured on.
        return Effect(maps, statistics=((2, *sizes), (1,)))
    if isinstance(mean, list) and len(axes) == 1 and len(mean) not in (1, *sizes):
        raise UnfitError("mean", f"is of {len(mean):,} channels where there are {sizes[0]:,}")
    return Effect(maps)


def _layer_scale(values: Values, maps: Maps) -> Effect:
    channels, scales = maps.shape[-1], values.raw("projection_dim")
    if scales != channels:
        raise UnfitError(
            "projection_dim", f"has scales for {show(scales)} channels, but is given {channels:,}", [channels]
        )
    return Effect(maps, weights=((channels,),))


def _unit_normalisation(values: Values, maps: Maps) -> Effect:
    return Effect(maps.mixed(values.axes("axis", -1, len(maps.shape))))


def _channel_normalisation(_values: Values, maps: Maps) -> Effect:
    need_maps(maps)
    return Effect(maps.mixed((2,)))


def _dropout(values: Values, maps: Maps) -> Effect:
    return Effect(maps, f"{values.number('rate', 0.5, 0, 1):.0%}")


def _map_dropout(values: Values, maps: Maps) -> Effect:
    need_maps(maps)
    return _dropout(values, maps)


def _noise(values: Values, maps: Maps) -> Effect:
    values.number("stddev", 0.1, 0, 1)
    return Effect(maps)


def _image_change(_values: Values, maps: Maps) -> Effect:
    need_maps(maps)
    return Effect(maps)


def _learned(values: Values) -> int:
    """How many numbers are learned for each channel: a scale, a shift, both or none."""
    return values.flag("center", True) + values.flag("scale", True)


def _one_axis(values: Values, maps: Maps) -> tuple[int, ...]:
    axes = values.axes("axis", -1, len(maps.shape))
    if len(axes) != 1:
        raise UnfitError("axis", "normalises along one axis only", [-1])
    return axes


def _times(count: int, *sizes: int) -> tuple[tuple[int, ...], ...]:
    return ((count, *sizes),) if count else ()


def divisors_of(number: int) -> list[int]:
    """All divisors up to 4,096, in order."""
    return [divisor for divisor in range(1, min(number, 4096) + 1) if number % divisor == 0]


_OFF = "it acts during training only"

RULES = {
    "Activation": Rule("Activation", "Bends each number with a function, so that layers can say more than one sum.",
                       one(_activation)),
    "ReLU": Rule("ReLU", "Keeps positive numbers and sets negative ones to zero.", one(_relu)),
    "LeakyReLU": Rule("Leaky ReLU", "Keeps positive numbers and shrinks negative ones to a fraction.",
                      one(_leaky_relu)),
    "ELU": Rule("ELU", "Keeps positive numbers and bends negative ones smoothly towards a limit.", one(_elementwise)),
    "PReLU": Rule("PReLU", "Keeps positive numbers and scales negative ones by a slope that is learned.", one(_prelu)),
    "Softmax": Rule("Softmax", "Turns scores into shares that add up to 1.", one(_softmax)),
    "Rescaling": Rule(
        "Rescaling",
        "Multiplies every number by one number and adds another, as to bring pixel values into a small range.",
        one(_elementwise),
    ),
    "Normalization": Rule(
        "Normalisation",
        "Brings each channel to mean 0 and variance 1 as measured on the training images, before anything is learned.",
        one(_fixed_normalisation),
    ),
    "BatchNormalization": Rule(
        "Batch normalisation",
        "Brings each channel to mean 0 and variance 1 as measured on the batch, then scales and shifts it as learned.",
        one(_batch_normalisation),
    ),
    "LayerNormalization": Rule(
        "Layer normalisation",
        "Brings the numbers at each place to mean 0 and variance 1, then scales and shifts them as learned.",
        one(_layer_normalisation),
    ),
    "GroupNormalization": Rule(
        "Group normalisation",
        "Brings each group of channels of an image to mean 0 and variance 1, then scales and shifts them as learned.",
        one(_group_normalisation),
    ),
    "UnitNormalization": Rule("Unit normalisation", "Scales the numbers so that their squares add up to 1.",
                              one(_unit_normalisation)),
    "LayerScale": Rule(
        "Layer scale", "Multiplies each channel by a number that is learnt, at first a tiny one.", one(_layer_scale)
    ),
    "LocalResponseNormalization": Rule(
        "Local response normalisation",
        "Damps each number by its neighbours in nearby channels at the same place, so that channels compete.",
        one(_channel_normalisation),
    ),
    "Dropout": Rule("Dropout", f"Sets a share of the numbers to zero at random, against overfitting; {_OFF}.",
                    one(_dropout)),
    "SpatialDropout2D": Rule("Map dropout", f"Sets whole maps to zero at random, against overfitting; {_OFF}.",
                             one(_map_dropout)),
    "AlphaDropout": Rule("Alpha dropout", f"Drops numbers at random, keeping mean and variance; {_OFF}.",
                         one(_dropout)),
    "GaussianDropout": Rule("Gaussian dropout", f"Multiplies each number by noise around 1; {_OFF}.", one(_dropout)),
    "GaussianNoise": Rule("Gaussian noise", f"Adds noise to each number; {_OFF}.", one(_noise)),
    "Identity": Rule("Identity", "Gives on what it is given.", one(_elementwise)),
    "ActivityRegularization": Rule("Activity penalty", f"Counts large numbers as a loss, and gives them on; {_OFF}.",
                                   one(_elementwise)),
    "RandomBrightness": Rule("Random brightness", f"Makes the image lighter or darker at random; {_OFF}.",
                             one(_image_change)),
    "RandomContrast": Rule("Random contrast", f"Changes the contrast at random; {_OFF}.", one(_image_change)),
    "RandomFlip": Rule("Random flip", f"Mirrors the image at random; {_OFF}.", one(_image_change)),
    "RandomRotation": Rule("Random rotation", f"Turns the image at random; {_OFF}.", one(_image_change)),
    "RandomTranslation": Rule("Random shift", f"Shifts the image at random; {_OFF}.", one(_image_change)),
    "RandomZoom": Rule("Random zoom", f"Enlarges or shrinks the image at random; {_OFF}.", one(_image_change)),
}  # fmt: skip
"""By Keras class."""
