"""Layers that multiply by weights: convolutions and dense layers."""

import math

import numpy as np

from cnnstudio.models.arithmetic.activations import activation, divisors_of
from cnnstudio.models.arithmetic.effects import Effect, Product, Rule, one, spatial_axes
from cnnstudio.models.arithmetic.poolings import Sliding, words
from cnnstudio.models.arithmetic.receptive import Maps, Reach, check_side
from cnnstudio.models.arithmetic.values import MAX_SIDE, UnfitError, Values, like
from cnnstudio.models.arithmetic.windows import Window


def _convolution(values: Values, maps: Maps) -> Effect:
    filters, groups = values.whole("filters"), values.whole("groups", 1)
    sliding = _sliding(values)
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    _check_groups(filters, channels, groups)
    windows = sliding.windows(values, maps, axes)
    each = (*sliding.size, channels // groups)
    return Effect(
        maps.windowed(axes, windows).mixed((channel_axis,), (filters,)),
        sliding.detail + (f", {groups} groups" if groups > 1 else ""),
        activation=activation(values),
        weights=((*each, filters), *_bias(values, filters)),
        multiply_adds=((_outputs(windows, filters), each),),
        windows=windows,
    )


def _depthwise_convolution(values: Values, maps: Maps) -> Effect:
    multiplier = values.whole("depth_multiplier", 1)
    sliding = Sliding.of_convolution(values)
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    windows = sliding.windows(values, maps, axes)
    outputs = channels * multiplier
    slid = maps.windowed(axes, windows)
    return Effect(
        slid if multiplier == 1 else slid.mixed((channel_axis,), (outputs,)),
        sliding.detail,
        activation=activation(values),
        weights=((*sliding.size, channels, multiplier), *_bias(values, outputs)),
        multiply_adds=((_outputs(windows, outputs), sliding.size),),
        windows=windows,
    )


def _separable_convolution(values: Values, maps: Maps) -> Effect:
    filters, multiplier = values.whole("filters"), values.whole("depth_multiplier", 1)
    sliding = Sliding.of_convolution(values)
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    windows = sliding.windows(values, maps, axes)
    between = channels * multiplier
    return Effect(
        maps.windowed(axes, windows).mixed((channel_axis,), (filters,)),
        sliding.detail,
        activation=activation(values),
        weights=((*sliding.size, channels, multiplier), (between, filters), *_bias(values, filters)),
        multiply_adds=((_outputs(windows, between), sliding.size), (_outputs(windows, filters), (between,))),
        windows=windows,
    )


def _transposed_convolution(values: Values, maps: Maps) -> Effect:
    filters = values.whole("filters")
    sliding = _sliding(values)
    extra: tuple[int | None, int | None] = (None, None)
    if values.raw("output_padding") is not None:
        extra = values.pair("output_padding", 0, lowest=0, highest=min(sliding.strides) - 1)
    axes, channel_axis = spatial_axes(values, maps)
    given = (maps.shape[axes[0]], maps.shape[axes[1]], maps.shape[channel_axis])
    spread = maps.with_axes(
        {axis: _spread(maps, axis, sliding, place, extra[place]) for place, axis in enumerate(axes)}
    )
    return Effect(
        spread.mixed((channel_axis,), (filters,)),
        sliding.detail,
        activation=activation(values),
        weights=((*sliding.size, filters, given[2]), *_bias(values, filters)),
        multiply_adds=((given, (*sliding.size, filters)),),
    )


def _spread(maps: Maps, axis: int, sliding: Sliding, place: int, extra: int | None) -> tuple[int, Reach | None]:
    """Each number is spread over a kernel's width along one axis: a convolution's step backwards."""
    size, reach = maps.shape[axis], maps.reaches[axis]
    stride = sliding.strides[place]
    kernel = (sliding.size[place] - 1) * sliding.dilations[place] + 1
    if sliding.same:
        output = size * stride if extra is None else (size - 1) * stride + kernel % 2 + extra
    else:
        output = (size - 1) * stride + kernel + (max(stride - kernel, 0) if extra is None else extra)
    check_side(maps, axis, output, "strides" if stride > 1 else "kernel_size", [max(MAX_SIDE // size, 1), 1])
    if reach is None:
        return output, None
    before = max((size - 1) * stride + kernel - output, 0) // 2 if sliding.same else 0
    places = np.arange(output) + before
    return output, reach.gathered(-((kernel - 1 - places) // stride), places // stride)


def _dense(values: Values, maps: Maps) -> Effect:
    units = values.whole("units")
    last = len(maps.shape) - 1
    given = maps.shape[last]
    return Effect(
        maps.mixed((last,), (units,)),
        "" if last == 0 else "at each place",
        activation=activation(values),
        weights=((given, units), *_bias(values, units)),
        multiply_adds=(((*maps.shape[:last], given, units), ()),),
    )


def _sliding(values: Values) -> Sliding:
    """How a convolution slides that cannot have both a stride and a dilation."""
    sliding = Sliding.of_convolution(values)
    if max(sliding.strides) > 1 and max(sliding.dilations) > 1:
        raise UnfitError(
            "dilation_rate",
            f"has both a stride of {words(sliding.strides)} and a dilation of {words(sliding.dilations)}, which Keras "
            "does not compute together",
            [like(values.raw("dilation_rate"), (1, 1))],
        )
    return sliding


def _check_groups(filters: int, channels: int, groups: int) -> None:
    if channels % groups:
        raise UnfitError(
            "groups",
            f"cannot part the {channels:,} channels it is given into {groups:,} groups of the same size",
            sorted(divisors_of(math.gcd(channels, filters)), key=lambda divisor: abs(divisor - groups)),
        )
    if filters % groups:
        below = filters // groups * groups
        raise UnfitError(
            "filters",
            f"cannot part {filters:,} filters into {groups:,} groups of the same size",
            sorted((below, below + groups), key=lambda multiple: abs(multiple - filters)),
        )


def _bias(values: Values, count: int) -> tuple[Product, ...]:
    return ((count,),) if values.flag("use_bias", True) else ()


def _outputs(windows: tuple[Window, Window], channels: int) -> Product:
    return windows[0].output, windows[1].output, channels


RULES = {
    "Conv2D": Rule(
        "Convolution",
        "Slides small filters over all maps: each weighs a neighbourhood of pixels, and answers with one new map.",
        one(_convolution),
    ),
    "DepthwiseConv2D": Rule(
        "Depthwise convolution",
        "Slides one kernel over each map by itself, without mixing the maps.",
        one(_depthwise_convolution),
    ),
    "SeparableConv2D": Rule(
        "Separable convolution",
        "Slides one kernel over each map by itself, then mixes the maps place by place: a convolution at less cost.",
        one(_separable_convolution),
    ),
    "Conv2DTranspose": Rule(
        "Transposed convolution",
        "Spreads each number over a neighbourhood, weighted by a kernel: a convolution backwards, which enlarges maps.",
        one(_transposed_convolution),
    ),
    "Dense": Rule(
        "Dense", "Weighs all numbers it is given: each of its units is connected to every one of them.", one(_dense)
    ),
}
"""By Keras class."""
