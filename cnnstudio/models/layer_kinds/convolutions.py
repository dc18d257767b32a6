"""Kinds of convolutions: what each does to shapes, its weights and its cost."""

import math
from dataclasses import replace

from cnnstudio.lab.sizes import Window
from cnnstudio.limits import MAX_MAP_SIDE, MAX_PIXELS, MAX_UNITS
from cnnstudio.models.layer_kinds.activations import activation
from cnnstudio.models.layer_kinds.effects import Effect, Product, need_rows, one, spatial_axes
from cnnstudio.models.layer_kinds.fields import (
    ACTIVATION,
    BIAS,
    FILTERS,
    PADDING,
    STRIDES,
    TRAINABLE,
    Field,
)
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps, check_side
from cnnstudio.models.layer_kinds.values import UnfitError, Values, divisors_of, like
from cnnstudio.models.layer_kinds.windows import SlidingWindow, only, window_on_rows, words


def _convolution(values: Values, maps: Maps) -> Effect:
    filters, groups = values.whole("filters"), values.whole("groups", 1)
    sliding = _sliding(values)
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    _check_groups(filters, channels, groups)
    windows = sliding.windows(values, maps.sizes(axes))
    each = (*sliding.size, channels // groups)
    return Effect(
        maps.windowed(axes, windows).resized({channel_axis: filters}),
        sliding.detail + (f", {groups} groups" if groups > 1 else ""),
        activation=activation(values),
        weights=((*each, filters), *bias(values, filters)),
        multiply_adds=((_outputs(windows, filters), each),),
        windows=windows,
    )


def _depthwise_convolution(values: Values, maps: Maps) -> Effect:
    multiplier = values.whole("depth_multiplier", 1)
    sliding = SlidingWindow.of_convolution(values)
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    windows = sliding.windows(values, maps.sizes(axes))
    outputs = channels * multiplier
    return Effect(
        maps.windowed(axes, windows).resized({channel_axis: outputs}),
        sliding.detail,
        activation=activation(values),
        weights=((*sliding.size, channels, multiplier), *bias(values, outputs)),
        multiply_adds=((_outputs(windows, outputs), sliding.size),),
        windows=windows,
    )


def _separable_convolution(values: Values, maps: Maps) -> Effect:
    filters, multiplier = values.whole("filters"), values.whole("depth_multiplier", 1)
    sliding = SlidingWindow.of_convolution(values)
    axes, channel_axis = spatial_axes(values, maps)
    channels = maps.shape[channel_axis]
    windows = sliding.windows(values, maps.sizes(axes))
    between = channels * multiplier
    return Effect(
        maps.windowed(axes, windows).resized({channel_axis: filters}),
        sliding.detail,
        activation=activation(values),
        weights=((*sliding.size, channels, multiplier), (between, filters), *bias(values, filters)),
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
    sizes = {axis: _spread(maps.shape[axis], sliding, place, extra[place]) for place, axis in enumerate(axes)}
    # A number depends on as many as the strides let a kernel cover, and its neighbours are closer than those.
    kernels = [math.ceil(kernel / stride) for kernel, stride in zip(sliding.extents, sliding.strides, strict=True)]
    return Effect(
        maps.resized({**sizes, channel_axis: filters}).widened(kernels, [1 / stride for stride in sliding.strides]),
        sliding.detail,
        activation=activation(values),
        weights=((*sliding.size, filters, given[2]), *bias(values, filters)),
        multiply_adds=((given, (*sliding.size, filters)),),
    )


def _convolution_on_rows(values: Values, maps: Maps) -> Effect:
    filters, groups = values.whole("filters"), values.whole("groups", 1)
    places, channels = need_rows(values, maps)
    _check_groups(filters, channels, groups)
    size, window = only(values, "kernel_size"), window_on_rows(values, places, "kernel_size")
    each = (size, channels // groups)
    return Effect(
        replace(maps.mixed((0,)), shape=(window.output, filters)),
        str(size),
        activation=activation(values),
        weights=((*each, filters), *bias(values, filters)),
        multiply_adds=(((window.output, filters), each),),
    )


def _spread(size: int, sliding: SlidingWindow, place: int, extra: int | None) -> int:
    """The size of an axis along which each number is spread over a kernel's width: a convolution's step backwards."""
    stride, kernel = sliding.strides[place], sliding.extents[place]
    if sliding.same:
        output = size * stride if extra is None else (size - 1) * stride + kernel % 2 + extra
    else:
        output = (size - 1) * stride + kernel + (max(stride - kernel, 0) if extra is None else extra)
    check_side(output, "strides" if stride > 1 else "kernel_size", [max(MAX_MAP_SIDE // size, 1), 1])
    return output


def _sliding(values: Values) -> SlidingWindow:
    """How a convolution slides that cannot have both a stride and a dilation."""
    sliding = SlidingWindow.of_convolution(values)
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


def bias(values: Values, count: int) -> tuple[Product, ...]:
    """The weights that are added to `count` outputs, if the layer has such."""
    return ((count,),) if values.flag("use_bias", True) else ()


def _outputs(windows: tuple[Window, Window], channels: int) -> Product:
    return windows[0].output, windows[1].output, channels


_KERNEL = Field(
    "kernel_size",
    "Kernel size",
    "Height and width, in pixels, of the window that a filter sees at once; F in the formula.",
    "int",
    1,
    MAX_PIXELS,
    numbers=2,
)
_DILATION = Field(
    "dilation_rate",
    "Dilation",
    "Distance between the pixels that a kernel covers; 2 skips every second pixel and covers more at no cost.",
    "int",
    1,
    MAX_PIXELS,
    numbers=2,
    is_rare=True,
)
_GROUPS = Field(
    "groups",
    "Groups",
    "How many groups channels and filters are divided into; a filter sees only the channels of its own group.",
    "int",
    1,
    MAX_UNITS,
    is_rare=True,
)
_MULTIPLIER = Field(
    "depth_multiplier",
    "Filters per channel",
    "How many filters are applied to each channel.",
    "int",
    1,
    MAX_UNITS,
    is_rare=True,
)

_WINDOW = {
    "kernel_size": [3, 3],
    "strides": [1, 1],
    "padding": "same",
    "dilation_rate": [1, 1],
    "use_bias": True,
}

KINDS = (
    LayerKind(
        "Conv2D",
        "Convolution",
        "Slides small filters over its input; each filter gives one feature map, bright where it finds its pattern.",
        "Convolution",
        one(_convolution),
        icon="layer-convolution",
        stem="conv",
        fields=(FILTERS, _KERNEL, STRIDES, PADDING, ACTIVATION, _DILATION, _GROUPS, BIAS, TRAINABLE),
        defaults={"filters": 16, **_WINDOW, "groups": 1, "activation": "relu"},
    ),
    LayerKind(
        "DepthwiseConv2D",
        "Depthwise convolution",
        "Filters each channel by itself, without mixing them: cheap, and a 1×1 convolution after it does the mixing.",
        "Convolution",
        one(_depthwise_convolution),
        icon="layer-depthwise",
        stem="depthwise",
        fields=(_KERNEL, STRIDES, PADDING, ACTIVATION, _MULTIPLIER, _DILATION, BIAS, TRAINABLE),
        defaults={"depth_multiplier": 1, **_WINDOW, "activation": "linear"},
    ),
    LayerKind(
        "SeparableConv2D",
        "Separable convolution",
        "A depthwise convolution and a 1×1 convolution in one: nearly what a convolution does, for far fewer weights.",
        "Convolution",
        one(_separable_convolution),
        icon="layer-depthwise",
        stem="separable",
        fields=(FILTERS, _KERNEL, STRIDES, PADDING, ACTIVATION, _MULTIPLIER, _DILATION, BIAS, TRAINABLE),
        defaults={"filters": 16, "depth_multiplier": 1, **_WINDOW, "activation": "relu"},
    ),
    LayerKind(
        "Conv2DTranspose",
        "Transposed convolution",
        "Spreads each number over a neighbourhood, weighted by a kernel: a convolution in reverse, to enlarge maps.",
        "Convolution",
        one(_transposed_convolution),
    ),
    LayerKind(
        "Conv1D",
        "Convolution",
        "Slides small filters along a row, such as the rows of an image one after the other.",
        "Convolution",
        one(_convolution_on_rows),
    ),
)
