"""Layers that give their input another shape: they move, add or leave out numbers."""

import math
from dataclasses import replace

from cnnstudio.limits import MAX_MAP_SIDE, MAX_PIXELS
from cnnstudio.models.layer_kinds.effects import Effect, one, shape_words, spatial_axes
from cnnstudio.models.layer_kinds.fields import Field
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps, check_side
from cnnstudio.models.layer_kinds.values import Pair, UnfitError, Values, is_whole, like, show

_KERNELS = {"nearest": 1, "bilinear": 2, "bicubic": 4, "lanczos3": 6, "lanczos5": 10}
"""Pixels along one axis from which each interpolation computes."""


def _flatten(_values: Values, maps: Maps) -> Effect:
    return Effect(replace(maps, shape=(maps.size,)))


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
    return Effect(replace(maps, shape=tuple(shape)), f"to {shape_words(tuple(shape))}" if len(shape) > 1 else "")


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
    return Effect(replace(maps, shape=tuple(maps.shape[dim - 1] for dim in dims)))


def _zero_padding(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    frame = values.frame("padding", 1)
    sizes = {axis: maps.shape[axis] + sum(ends) for axis, ends in zip(axes, frame, strict=True)}
    check_side(max(sizes.values()), "padding", [0])
    return Effect(maps.resized(sizes), _frame_words(frame, axes))


def _cropping(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    frame = values.frame("cropping", 0)
    sizes = maps.sizes(axes)
    if any(sum(ends) >= size for ends, size in zip(frame, sizes, strict=True)):
        nearest = [_fitting_crop(ends, size) for ends, size in zip(frame, sizes, strict=True)]
        raise UnfitError("cropping", f"cuts away all of the maps of {show(sizes)} it is given", [nearest])
    left = {axis: size - sum(ends) for axis, size, ends in zip(axes, sizes, frame, strict=True)}
    return Effect(maps.resized(left), _frame_words(frame, axes))


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
    kernel = _KERNELS[values.choice("interpolation", tuple(_KERNELS), "nearest")]
    largest = [max(MAX_MAP_SIDE // maps.shape[axis], 1) for axis in axes]
    fitting = (min(factors[0], largest[0]), min(factors[1], largest[1]))
    sizes = {axis: maps.shape[axis] * factor for axis, factor in zip(axes, factors, strict=True)}
    check_side(max(sizes.values()), "size", [like(values.raw("size"), fitting)])
    return Effect(maps.resized(sizes).widened((kernel, kernel), [1 / factor for factor in factors]), show(factors))


def _resizing(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    sides = (values.whole("height"), values.whole("width"))
    kernel = _KERNELS[values.choice("interpolation", tuple(_KERNELS), "bilinear")]
    crop, pad = values.flag("crop_to_aspect_ratio", False), values.flag("pad_to_aspect_ratio", False)
    if crop and pad:
        raise UnfitError("pad_to_aspect_ratio", "either crops or pads to keep the proportions, not both", [False])
    return _to_sides(maps, axes, sides, kernel)


def _centre_crop(values: Values, maps: Maps) -> Effect:
    axes, _ = spatial_axes(values, maps)
    sides = (values.whole("height"), values.whole("width"))
    if all(side <= maps.shape[axis] for axis, side in zip(axes, sides, strict=True)):
        return Effect(maps.resized(dict(zip(axes, sides, strict=True))), f"to {show(sides)}")
    return _to_sides(maps, axes, sides, _KERNELS["bilinear"])  # what is smaller is enlarged instead


def _to_sides(maps: Maps, axes: Pair, sides: Pair, kernel: int) -> Effect:
    for side, field in zip(sides, ("height", "width"), strict=True):
        check_side(side, field, [MAX_MAP_SIDE])
    steps = [maps.shape[axis] / side for axis, side in zip(axes, sides, strict=True)]
    resized = maps.resized(dict(zip(axes, sides, strict=True)))
    return Effect(resized.widened((kernel, kernel), steps), f"to {show(sides)}")


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
        defaults={"padding": [[1, 1], [1, 1]]},
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
        defaults={"cropping": [[1, 1], [1, 1]]},
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
        defaults={"size": [2, 2]},
    ),
    LayerKind("Reshape", "Reshape", "Gives the same numbers another shape.", "Shape", one(_reshape)),
    LayerKind("Permute", "Permute", "Reorders the axes, such as height and width.", "Shape", one(_permute)),
    LayerKind("Resizing", "Resizing", "Resizes the image.", "Shape", one(_resizing)),
    LayerKind("CenterCrop", "Centre crop", "Keeps the middle of the image.", "Shape", one(_centre_crop)),
)
