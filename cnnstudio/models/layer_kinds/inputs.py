"""The image, and what brings its pixel values into a range that networks learn from."""

import math

from cnnstudio.models.layer_kinds.effects import Effect, need_maps, one, unchanged
from cnnstudio.models.layer_kinds.fields import Field
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import UnfitError, Values

MAX_NORMALISED = 2**24
"""Most means that a normalisation may have; Keras computes with all of them while it builds the layer."""


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


def _contrast(_values: Values, maps: Maps) -> Effect:
    need_maps(maps)
    return Effect(maps.mixed((0, 1)))


_GAIN = Field("scale", "Scale", "The factor by which each number is multiplied.", "float", -1e6, 1e6)
_OFFSET = Field("offset", "Offset", "The number that is then added.", "float", -1e6, 1e6)

KINDS = (
    LayerKind("InputLayer", "Image", "The input image: raw values from 0 to 255.", "Input", one(unchanged)),
    LayerKind(
        "Rescaling",
        "Rescaling",
        "Multiplies every number by a scale and adds an offset, such as to bring pixels from 0–255 to 0–1.",
        "Input",
        one(unchanged),
        icon="layer-rescaling",
        stem="rescaling",
        fields=(_GAIN, _OFFSET),
        defaults={"scale": 1 / 255, "offset": 0.0},
    ),
    LayerKind(
        "Normalization",
        "Normalisation",
        "Brings each channel to mean 0 and variance 1, as measured on the training images beforehand.",
        "Input",
        one(_fixed_normalisation),
    ),
    LayerKind(
        "AutoContrast",
        "Automatic contrast",
        "Spreads the values of each channel, so that they reach from black to white.",
        "Input",
        one(_contrast),
    ),
    LayerKind(
        "ContrastLimitedAdaptiveHistogramEqualization",
        "Local contrast",
        "Uses all shades about equally often in each part of the image (CLAHE).",
        "Input",
        one(_contrast),
    ),
)
