"""Kinds of pooling: what each does to shapes."""

from dataclasses import replace

from cnnstudio.limits import MAX_MAP_SIDE, MAX_PIXELS
from cnnstudio.models.layer_kinds.effects import Effect, need_rows, one, spatial_axes
from cnnstudio.models.layer_kinds.fields import PADDING, STRIDES, Field
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps, check_side
from cnnstudio.models.layer_kinds.values import Values, show
from cnnstudio.models.layer_kinds.windows import SlidingWindow, window_on_rows


def _pooling(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    sliding = SlidingWindow.of_pooling(values)
    windows = sliding.windows(values, maps.sizes(axes))
    return Effect(maps.windowed(axes, windows), sliding.detail, windows=windows)


def _global_pooling(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    pooled = maps.mixed(axes).resized(dict.fromkeys(axes, 1))
    kept = tuple(size for axis, size in enumerate(maps.shape) if axis not in axes)
    return Effect(pooled if values.flag("keepdims", False) else replace(pooled, shape=kept))


def _pooling_on_rows(values: Values, maps: Maps) -> Effect:
    places, channels = need_rows(values, maps)
    window = window_on_rows(values, places, "pool_size")
    return Effect(replace(maps.mixed((0,)), shape=(window.output, channels)), str(window.kernel))


def _adaptive_pooling(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    wanted, sizes = values.pair("output_size"), maps.sizes(axes)
    for side in wanted:
        check_side(side, "output_size", [MAX_MAP_SIDE])
    reach = [-(-size // side) + (size % side > 0) for side, size in zip(wanted, sizes, strict=True)]
    steps = [size / side for side, size in zip(wanted, sizes, strict=True)]
    pooled = maps.resized(dict(zip(axes, wanted, strict=True))).widened(reach, steps)
    return Effect(pooled, f"to {show(wanted)}")


def _pooling_of_rows(values: Values, maps: Maps) -> Effect:
    _, channels = need_rows(values, maps)
    pooled = maps.mixed((0,))
    return Effect(replace(pooled, shape=(1, channels) if values.flag("keepdims", False) else (channels,)))


_POOL = Field(
    "pool_size",
    "Window",
    "Height and width, in pixels, of the window that is reduced to one number.",
    "int",
    1,
    MAX_PIXELS,
    numbers=2,
)
_FIELDS = (_POOL, STRIDES, PADDING)
_DEFAULTS = {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}

KINDS = (
    LayerKind(
        "MaxPooling2D",
        "Max pooling",
        "Keeps the largest number of each window: the maps shrink and keep what was found, but not exactly where.",
        "Pooling",
        one(_pooling),
        icon="layer-max-pooling",
        stem="pool",
        fields=_FIELDS,
        defaults=_DEFAULTS,
    ),
    LayerKind(
        "AveragePooling2D",
        "Average pooling",
        "Keeps the mean of each window: the maps shrink and become smoother.",
        "Pooling",
        one(_pooling),
        icon="layer-average-pooling",
        stem="pool",
        fields=_FIELDS,
        defaults=_DEFAULTS,
    ),
    LayerKind(
        "GlobalAveragePooling2D",
        "Global average pooling",
        "Keeps one number of each map, its mean: the next layer needs few weights, and images any size.",
        "Pooling",
        one(_global_pooling),
        icon="layer-global-pooling",
        stem="average",
    ),
    LayerKind(
        "GlobalMaxPooling2D",
        "Global max pooling",
        "Keeps one number of each map, the largest: how strongly its pattern is found anywhere.",
        "Pooling",
        one(_global_pooling),
        icon="layer-global-pooling",
        stem="maximum",
    ),
    LayerKind(
        "AdaptiveAveragePooling2D",
        "Average pooling",
        "Keeps the mean of each window, which are as large as it takes to make maps of one size.",
        "Pooling",
        one(_adaptive_pooling),
    ),
    LayerKind(
        "AdaptiveMaxPooling2D",
        "Max pooling",
        "Keeps the largest number of each window, which are as large as it takes to make maps of one size.",
        "Pooling",
        one(_adaptive_pooling),
    ),
    LayerKind(
        "MaxPooling1D",
        "Max pooling",
        "Keeps the largest number of each few neighbours in a row.",
        "Pooling",
        one(_pooling_on_rows),
    ),
    LayerKind(
        "AveragePooling1D",
        "Average pooling",
        "Keeps the mean of each few neighbours in a row.",
        "Pooling",
        one(_pooling_on_rows),
    ),
    LayerKind(
        "GlobalAveragePooling1D",
        "Global average pooling",
        "Keeps the mean of each channel over all places, as at the end of a vision transformer.",
        "Pooling",
        one(_pooling_of_rows),
    ),
    LayerKind(
        "GlobalMaxPooling1D",
        "Global max pooling",
        "Keeps the largest number of each channel over all places.",
        "Pooling",
        one(_pooling_of_rows),
    ),
)
