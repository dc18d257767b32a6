"""Layers that give their input another shape: they move, add or leave out numbers."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from cnnstudio.limits import MAX_MAP_SIDE
from cnnstudio.models.layer_kinds.effects import Effect, one, shape_words, spatial_axes
from cnnstudio.models.layer_kinds.fields import MAX_PIXELS, Field
from cnnstudio.models.layer_kinds.kind import CHANNELS_LAST, LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps, Reach, check_side
from cnnstudio.models.layer_kinds.values import Pair, UnfitError, Values, is_whole, like, show

_REACHES = {"nearest": (0, 0), "bilinear": (0, 1), "bicubic": (-1, 2), "lanczos3": (-2, 3), "lanczos5": (-4, 5)}
"""Pixels before and after the one left of a place, from which each interpolation computes."""


def _flatten(values: Values, maps: Maps) -> Effect:
    if values.channels_first and len(maps.shape) > 1:
        maps = _permuted(maps, (*range(1, len(maps.shape)), 0))
    return Effect(maps.rearranged((maps.size,)))


def _reshape(values: Values, maps: Maps) -> Effect:
    value = values.raw("target_shape")
    shape = [value] if is_whole(value) else value
    if not isinstance(shape, list | tuple) or not shape or not all(is_whole(size) for size in shape):
        raise UnfitError("target_shape", "has no shape to bring its numbers into", [[maps.size]])
    open_places = [place for place, size in enumerate(shape) if size == -1]
    known = math.prod(size for size in shape if size != -1)
    fits = all(size >= 1 or size == -1 for size in shape) and len(open_places) <= 1
    if fits and open_places and maps.size % known == 0:
        shape = [maps.size // known if size == -1 else size for size in shape]
    elif not fits or open_places or known != maps.size:
        raise UnfitError(
            "target_shape",
            f"cannot bring {shape_words(maps.shape)}, which makes {maps.size:,}, into the shape "
            f"{'×'.join(f'{size:,}' for size in shape[:8])}",
            _shapes_near(shape, maps.size),
        )
    return Effect(maps.rearranged(tuple(shape)), f"to {shape_words(tuple(shape))}" if len(shape) > 1 else "")


def _shapes_near(shape: list[int] | tuple[int, ...], size: int) -> list[list[int]]:
    """Shapes of that many numbers in which one side is another, the change of the last first."""
    near = []
    for place in reversed(range(len(shape))):
        others = math.prod(shape[:place]) * math.prod(shape[place + 1 :])
        if others > 0 and size % others == 0:
            near.append([*shape[:place], size // others, *shape[place + 1 :]])
    return [*near, [-1]]


def _permute(values: Values, maps: Maps) -> Effect:
    dims = values.raw("dims")
    rank = len(maps.shape)
    if not isinstance(dims, list | tuple) or not all(map(is_whole, dims)) or sorted(dims) != list(range(1, rank + 1)):
        raise UnfitError(
            "dims", f"must name each of the axes 1 to {rank} of its input once", [list(range(1, rank + 1))]
        )
    return Effect(_permuted(maps, tuple(dim - 1 for dim in dims)))


def _permuted(maps: Maps, order: tuple[int, ...]) -> Maps:
    return maps.with_axes({place: (maps.shape[axis], maps.reaches[axis]) for place, axis in enumerate(order)})


def _zero_padding(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    frame = values.frame("padding", 1)
    changed = {}
    for axis, (before, after) in zip(axes, frame, strict=True):
        size = maps.shape[axis] + before + after
        check_side(maps, axis, size, "padding", [0])
        changed[axis] = _gathered(maps, axis, size, partial(_stretch, -before))
    return Effect(maps.with_axes(changed), _frame_words(frame, axes))


def _cropping(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    frame = values.frame("cropping", 0)
    sizes = maps.sizes(axes)
    if any(sum(ends) >= size for ends, size in zip(frame, sizes, strict=True)):
        nearest = [_fitting_crop(ends, size) for ends, size in zip(frame, sizes, strict=True)]
        raise UnfitError("cropping", f"cuts away all of the maps of {show(sizes)} it is given", [nearest])
    changed = {}
    for axis, (before, after) in zip(axes, frame, strict=True):
        changed[axis] = _gathered(maps, axis, maps.shape[axis] - before - after, partial(_stretch, before))
    return Effect(maps.with_axes(changed), _frame_words(frame, axes))


def _fitting_crop(ends: Pair, size: int) -> Pair:
    """The nearest frame that leaves one pixel: what is too much is given back by the larger end first."""
    before, after = ends
    surplus = max(before + after - (size - 1), 0)
    larger = min(surplus, abs(before - after))
    before, after = (before - larger, after) if before > after else (before, after - larger)
    rest = surplus - larger
    return before - (rest + 1) // 2, after - rest // 2


def _upsampling(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    factors = values.pair("size", 2)
    interpolation = values.choice("interpolation", tuple(_REACHES), "nearest")
    largest = [max(MAX_MAP_SIDE // maps.shape[axis], 1) for axis in axes]
    fitting = (min(factors[0], largest[0]), min(factors[1], largest[1]))
    changed = {}
    for axis, factor in zip(axes, factors, strict=True):
        size = maps.shape[axis] * factor
        check_side(maps, axis, size, "size", [like(values.raw("size"), fitting)])
        changed[axis] = _gathered(maps, axis, size, partial(_interpolated, maps.shape[axis], interpolation, False))
    return Effect(maps.with_axes(changed), show(factors))


def _resizing(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    sides = (values.whole("height"), values.whole("width"))
    interpolation = values.choice("interpolation", tuple(_REACHES), "bilinear")
    crop, pad = values.flag("crop_to_aspect_ratio", False), values.flag("pad_to_aspect_ratio", False)
    if crop and pad:
        raise UnfitError("pad_to_aspect_ratio", "either crops or pads to keep the proportions, not both", [False])
    changed = {}
    for axis, side, field in zip(axes, sides, ("height", "width"), strict=True):
        check_side(maps, axis, side, field, [MAX_MAP_SIDE])
        smooth = values.flag("antialias", False) and side < maps.shape[axis]
        changed[axis] = _gathered(maps, axis, side, partial(_interpolated, maps.shape[axis], interpolation, smooth))
    resized = maps.with_axes(changed)
    # What is cropped, or how wide the border is, depends on both sides; the whole image is a safe answer.
    return Effect(resized.mixed(axes) if crop or pad else resized, f"to {show(sides)}")


def _centre_crop(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    sides = (values.whole("height"), values.whole("width"))
    changed = {}
    for axis, side, field in zip(axes, sides, ("height", "width"), strict=True):
        check_side(maps, axis, side, field, [MAX_MAP_SIDE])
        start = max((maps.shape[axis] - side) // 2, 0)
        changed[axis] = _gathered(maps, axis, side, partial(_stretch, start))
    cropped = maps.with_axes(changed)
    # What is smaller is enlarged instead, both ways.
    enlarged = any(side > maps.shape[axis] for axis, side in zip(axes, sides, strict=True))
    return Effect(cropped.mixed(axes) if enlarged else cropped, f"to {show(sides)}")


def _gathered(
    maps: Maps, axis: int, size: int, sources: Callable[[int], tuple[np.ndarray, np.ndarray]]
) -> tuple[int, Reach | None]:
    """An axis of another size, each place of which comes from a stretch of the old ones.

    Args:
        maps, axis: the old ones.
        size: of the new axis.
        sources: from the size to the first and the last of the old places for each new one.
    """
    reach = maps.reaches[axis]
    return size, None if reach is None else reach.gathered(*sources(size))


def _stretch(start: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    here = np.arange(start, start + size)
    return here, here


def _interpolated(given: int, interpolation: str, smooth: bool, size: int) -> tuple[np.ndarray, np.ndarray]:
    """From which places TensorFlow interpolates.

    Args:
        given: size of the old axis.
        interpolation: a key of `_REACHES`.
        smooth: whether the kernel is widened, so that no pixel is passed over in making smaller.
        size: of the new axis.
    """
    scale = given / size
    centres = (np.arange(size) + 0.5) * scale - 0.5
    before, after = _REACHES[interpolation]
    if interpolation == "nearest":
        first = last = np.floor(centres + 0.5)
    elif smooth:
        first, last = np.ceil(centres - after * scale), np.floor(centres + after * scale)
    else:
        left = np.floor(centres)
        between = left != centres
        first, last = left + before * between, left + after * between
    return np.clip(first, 0, given - 1).astype(np.int64), np.clip(last, 0, given - 1).astype(np.int64)


def _frame_words(frame: tuple[Pair, Pair], axes: Pair) -> str:
    """“2” for a frame that is as wide all around; “8 + 8 channels” else."""
    if len({*frame[0], *frame[1]}) == 1:
        return str(frame[0][0])
    names = ("rows", "columns", "channels")
    return ", ".join(
        f"{before} + {after} {names[axis]}"
        for axis, (before, after) in zip(axes, frame, strict=True)
        if before or after
    )


_FRAME = Field("padding", "Pixels", "Rows and columns of zeros added on each side.", "int", 0, MAX_PIXELS, numbers=4)
_CROP = Field("cropping", "Pixels", "Rows and columns cut off on each side.", "int", 0, MAX_PIXELS, numbers=4)
_SIZE = Field("size", "Factor", "How many times each row and column is repeated.", "int", 1, 64, numbers=2)

KINDS = (
    LayerKind(
        "Flatten",
        "Flatten",
        "Turns the maps into one vector, as the dense layers that follow need it.",
        "Shape",
        one(_flatten),
        icon="layer-flatten",
        stem="flatten",
        defaults=CHANNELS_LAST,
    ),
    LayerKind(
        "ZeroPadding2D",
        "Zero padding",
        "Adds a border of zeros.",
        "Shape",
        one(_zero_padding),
        icon="layer-padding",
        stem="padding",
        fields=(_FRAME,),
        defaults={"padding": [[1, 1], [1, 1]], **CHANNELS_LAST},
    ),
    LayerKind(
        "Cropping2D",
        "Cropping",
        "Cuts off the border.",
        "Shape",
        one(_cropping),
        icon="layer-resize",
        stem="cropping",
        fields=(_CROP,),
        defaults={"cropping": [[1, 1], [1, 1]], **CHANNELS_LAST},
    ),
    LayerKind(
        "UpSampling2D",
        "Upsampling",
        "Makes the maps larger by repeating rows and columns, or by interpolating between them.",
        "Shape",
        one(_upsampling),
        icon="layer-resize",
        stem="upsampling",
        fields=(_SIZE,),
        defaults={"size": [2, 2], **CHANNELS_LAST, "interpolation": "nearest"},
    ),
    LayerKind("Reshape", "Reshape", "Gives the same numbers another shape.", "Shape", one(_reshape)),
    LayerKind("Permute", "Permute", "Reorders the axes, such as height and width.", "Shape", one(_permute)),
    LayerKind("Resizing", "Resizing", "Resizes the image.", "Shape", one(_resizing)),
    LayerKind("CenterCrop", "Centre crop", "Keeps the middle of the image.", "Shape", one(_centre_crop)),
)
