"""Layers with kernels or dense weights, and poolings: all that multiplies or slides."""

import math

import numpy as np

from cnnstudio.models.rules.activations import activation, divisors_of
from cnnstudio.models.rules.effects import (
    Effect,
    Product,
    Rule,
    one,
    size_words,
    spatial_axes,
    stride_words,
)
from cnnstudio.models.rules.maps import Maps, Reach, check_side
from cnnstudio.models.rules.values import Pair, UnfitError, Values, like
from cnnstudio.models.rules.windows import Window, slide

_PADDINGS = ("valid", "same")


def _convolution(values: Values, maps: Maps) -> Effect:
    filters, groups = values.whole("filters"), values.whole("groups", 1)
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    _check_groups(filters, channels, groups)
    kernel, windows = _windows(values, maps, axes)
    slid = maps.windowed(axes, windows).mixed((channel_axis,), (filters,))
    each = (*kernel, channels // groups)
    return Effect(
        slid,
        _kernel_words(values, kernel) + (f", {groups} groups" if groups > 1 else ""),
        activation=activation(values),
        weights=((*each, filters), *_bias(values, filters)),
        multiply_adds=((_outputs(windows, filters), each),),
        windows=windows,
    )


def _depthwise_convolution(values: Values, maps: Maps) -> Effect:
    multiplier = values.whole("depth_multiplier", 1)
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    kernel, windows = _windows(values, maps, axes)
    _check_even_strides(values)
    outputs = channels * multiplier
    slid = maps.windowed(axes, windows)
    if multiplier > 1:
        slid = slid.mixed((channel_axis,), (outputs,))
    return Effect(
        slid,
        _kernel_words(values, kernel),
        activation=activation(values),
        weights=((*kernel, channels, multiplier), *_bias(values, outputs)),
        multiply_adds=((_outputs(windows, outputs), kernel),),
        windows=windows,
    )


def _separable_convolution(values: Values, maps: Maps) -> Effect:
    filters, multiplier = values.whole("filters"), values.whole("depth_multiplier", 1)
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    kernel, windows = _windows(values, maps, axes)
    _check_even_strides(values)
    between = channels * multiplier
    return Effect(
        maps.windowed(axes, windows).mixed((channel_axis,), (filters,)),
        _kernel_words(values, kernel),
        activation=activation(values),
        weights=((*kernel, channels, multiplier), (between, filters), *_bias(values, filters)),
        multiply_adds=((_outputs(windows, between), kernel), (_outputs(windows, filters), (between,))),
        windows=windows,
    )


def _transposed_convolution(values: Values, maps: Maps) -> Effect:
    filters = values.whole("filters")
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    kernel, strides = values.pair("kernel_size"), values.pair("strides", 1)
    dilations = _dilations(values, strides)
    same = values.choice("padding", _PADDINGS, "valid") == "same"
    extra: tuple[int | None, int | None] = (None, None)
    if values.raw("output_padding") is not None:
        extra = values.pair("output_padding", 0, lowest=0, highest=min(strides) - 1)
    changed = {}
    for axis, width, stride, dilation, more in zip(axes, kernel, strides, dilations, extra, strict=True):
        changed[axis] = _spread(maps, axis, (width - 1) * dilation + 1, stride, same, more)
    spread = maps.with_axes(changed).mixed((channel_axis,), (filters,))
    return Effect(
        spread,
        size_words(kernel) + stride_words(strides),
        activation=activation(values),
        weights=((*kernel, filters, channels), *_bias(values, filters)),
        multiply_adds=((tuple(maps.shape[axis] for axis in axes) + (channels,), (*kernel, filters)),),
    )


def _spread(maps: Maps, axis: int, kernel: int, stride: int, same: bool, extra: int | None) -> tuple[int, Reach | None]:
    """Each place is spread over a kernel's width: a convolution's step backwards."""
    size, reach = maps.shape[axis], maps.reaches[axis]
    if same:
        output = size * stride if extra is None else (size - 1) * stride + kernel % 2 + extra
    else:
        output = (size - 1) * stride + kernel + (max(stride - kernel, 0) if extra is None else extra)
    check_side(output, "strides", [1])
    if reach is None:
        return output, None
    before = max((size - 1) * stride + kernel - output, 0) // 2 if same else 0
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


def _pooling(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    pool = values.pair("pool_size", 2)
    strides = pool if values.raw("strides") is None else values.pair("strides", pool)
    same = values.choice("padding", _PADDINGS, "valid") == "same"
    windows = _slide(maps, axes, pool, strides, (1, 1), same)
    if min(window.output for window in windows) < 1:
        raise _too_large(values, "pool_size", maps, axes, pool)
    detail = size_words(pool) + (stride_words(strides) if strides != pool else "")
    return Effect(maps.windowed(axes, windows), detail, windows=windows)


def _global_pooling(values: Values, maps: Maps) -> Effect:
    axes, channel_axis = spatial_axes(values, maps)
    pooled = maps.mixed(axes, (1, 1))
    if not values.flag("keepdims", False):
        pooled = pooled.without(axes)
    return Effect(pooled)


def _windows(values: Values, maps: Maps, axes: tuple[int, int]) -> tuple[Pair, tuple[Window, Window]]:
    kernel, strides = values.pair("kernel_size"), values.pair("strides", 1)
    dilations = _dilations(values, strides)
    same = values.choice("padding", _PADDINGS, "valid") == "same"
    windows = _slide(maps, axes, kernel, strides, dilations, same)
    if min(window.output for window in windows) < 1:
        undilated = _slide(maps, axes, kernel, strides, (1, 1), same)
        if min(window.output for window in undilated) < 1:
            raise _too_large(values, "kernel_size", maps, axes, kernel)
        raise UnfitError(
            "dilation_rate",
            f"has a kernel of {size_words(kernel)} that its dilation of {size_words(dilations)} spreads over "
            f"{windows[0].kernel}×{windows[1].kernel} pixels, but is given maps of {_size_words(maps, axes)}",
            (like(values.raw("dilation_rate"), (rate, rate)) for rate in range(min(max(dilations), 64), 0, -1)),
        )
    return kernel, windows


def _slide(
    maps: Maps, axes: tuple[int, int], kernel: Pair, strides: Pair, dilations: Pair, same: bool
) -> tuple[Window, Window]:
    sizes = (maps.shape[axes[0]], maps.shape[axes[1]])
    height, width = (slide(sizes[i], kernel[i], strides[i], same, dilations[i]) for i in (0, 1))
    return height, width


def _too_large(values: Values, field: str, maps: Maps, axes: tuple[int, int], kernel: Pair) -> UnfitError:
    fitting = (min(kernel[0], maps.shape[axes[0]]), min(kernel[1], maps.shape[axes[1]]))
    square = (min(fitting), min(fitting))
    name = "kernel" if field == "kernel_size" else "pool"
    return UnfitError(
        field,
        f"has a {name} of {size_words(kernel)}, larger than the maps of {_size_words(maps, axes)} it is given",
        [like(values.raw(field), square if kernel[0] == kernel[1] else fitting)],
    )


def _size_words(maps: Maps, axes: tuple[int, int]) -> str:
    return f"{maps.shape[axes[0]]}×{maps.shape[axes[1]]}"


def _dilations(values: Values, strides: Pair) -> Pair:
    dilations = values.pair("dilation_rate", 1)
    if max(strides) > 1 and max(dilations) > 1:
        raise UnfitError(
            "dilation_rate",
            f"has both a stride of {size_words(strides)} and a dilation of {size_words(dilations)}, which Keras does not "
            "compute together",
            [like(values.raw("dilation_rate"), (1, 1))],
        )
    return dilations


def _check_even_strides(values: Values) -> None:
    strides = values.pair("strides", 1)
    if strides[0] != strides[1]:
        raise UnfitError(
            "strides",
            f"has a stride of {size_words(strides)}, but TensorFlow computes it with the same stride both ways only",
            [[min(strides), min(strides)]],
        )


def _check_groups(filters: int, channels: int, groups: int) -> None:
    if channels % groups:
        common = math.gcd(channels, filters)
        raise UnfitError(
            "groups",
            f"cannot part the {channels:,} channels it is given into {groups:,} groups of the same size",
            sorted(divisors_of(common), key=lambda divisor: abs(divisor - groups)),
        )
    if filters % groups:
        below = filters // groups * groups
        nearest = sorted((below, below + groups), key=lambda multiple: abs(multiple - filters))
        raise UnfitError("filters", f"cannot part {filters:,} filters into {groups:,} groups of the same size", nearest)


def _bias(values: Values, count: int) -> tuple[Product, ...]:
    return ((count,),) if values.flag("use_bias", True) else ()


def _outputs(windows: tuple[Window, Window], channels: int) -> Product:
    return windows[0].output, windows[1].output, channels


def _kernel_words(values: Values, kernel: Pair) -> str:
    dilations = values.pair("dilation_rate", 1)
    dilated = f", dilation {size_words(dilations)}" if max(dilations) > 1 else ""
    return size_words(kernel) + stride_words(values.pair("strides", 1)) + dilated


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
    "MaxPooling2D": Rule(
        "Max pooling", "Keeps the largest number of each neighbourhood, and so makes the maps smaller.", one(_pooling)
    ),
    "AveragePooling2D": Rule(
        "Average pooling", "Keeps the average of each neighbourhood, and so makes the maps smaller.", one(_pooling)
    ),
    "GlobalAveragePooling2D": Rule(
        "Global average pooling", "Keeps the average of each map: one number a channel.", one(_global_pooling)
    ),
    "GlobalMaxPooling2D": Rule(
        "Global max pooling", "Keeps the largest number of each map: one number a channel.", one(_global_pooling)
    ),
}
"""By Keras class."""
