"""Layers that join several branches."""

from collections.abc import Callable
from dataclasses import replace

from cnnstudio.models.layer_kinds.effects import Effect, shape_words
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps, Reach, Shape
from cnnstudio.models.layer_kinds.values import UnfitError, Values


def _elementwise(_values: Values, inputs: tuple[Maps, ...]) -> Effect:
    _need_branches(inputs)
    merged = inputs[0]
    for other in inputs[1:]:
        merged = _broadcast(merged, other)
    return Effect(merged)


def _subtraction(values: Values, inputs: tuple[Maps, ...]) -> Effect:
    if len(inputs) > 2:
        raise UnfitError("", f"subtracts one input from another, but {len(inputs)} are connected to it")
    return _elementwise(values, inputs)


def _concatenation(values: Values, inputs: tuple[Maps, ...]) -> Effect:
    _need_branches(inputs)
    first = inputs[0]
    axes = values.axes("axis", -1, len(first.shape))
    if len(axes) != 1:
        raise UnfitError("axis", "joins its inputs along one axis only", [-1])
    for other in inputs[1:]:
        if len(other.shape) != len(first.shape) or any(
            a != b for axis, (a, b) in enumerate(zip(first.shape, other.shape, strict=True)) if axis != axes[0]
        ):
            raise UnfitError(
                "",
                f"is given {shape_words(first.shape)} and {shape_words(other.shape)}, which must agree in all but the "
                "axis along which they are joined",
            )
    merged = first
    for other in inputs[1:]:
        merged = _appended(merged, other, axes[0])
    return Effect(merged)


def _need_branches(inputs: tuple[Maps, ...]) -> None:
    if len(inputs) < 2:
        raise UnfitError("", "joins branches, but only one is connected to it")


def _broadcast(one: Maps, other: Maps) -> Maps:
    """Two branches number by number; a side of 1 stands for all places of the other."""
    if len(one.shape) < len(other.shape):
        one, other = other, one
    surplus = len(one.shape) - len(other.shape)
    padded = replace(other, shape=(1,) * surplus + other.shape, reaches=(None,) * surplus + other.reaches)
    if any(a != b and 1 not in (a, b) for a, b in zip(one.shape, padded.shape, strict=True)):
        raise UnfitError("", _unlike(one.shape, other.shape))
    return _joined(one, padded, tuple(map(max, one.shape, padded.shape)), lambda _axis, a, b: a.joined(b))


def _appended(one: Maps, other: Maps, axis: int) -> Maps:
    shape = (*one.shape[:axis], one.shape[axis] + other.shape[axis], *one.shape[axis + 1 :])
    return _joined(one, other, shape, lambda at, a, b: a.appended(b) if at == axis else a.joined(b))


def _joined(one: Maps, other: Maps, shape: Shape, join: Callable[[int, Reach, Reach], Reach]) -> Maps:
    """Numbers that depend on two branches; where rows or columns lie along different axes there, on the whole image."""
    alike = all((a and a.axis) == (b and b.axis) for a, b in zip(one.reaches, other.reaches, strict=True))
    reaches: list[Reach | None] = []
    for axis, (here, there) in enumerate(zip(one.reaches, other.reaches, strict=True)):
        reach = here or there
        if reach is None:
            reaches.append(None)
        elif alike and here is not None and there is not None:
            reaches.append(join(axis, here, there))
        else:
            reaches.append(Reach.whole(reach.axis, one.image[reach.axis], shape[axis]))
    seen = (max(one.seen[0], other.seen[0]), max(one.seen[1], other.seen[1])) if alike else one.image
    return replace(one, shape=shape, reaches=tuple(reaches), seen=seen)


def _unlike(one: Shape, other: Shape) -> str:
    return f"cannot join {shape_words(one)} with {shape_words(other)} element by element: they must have the same shape"


KINDS = (
    LayerKind(
        "Add",
        "Add",
        "Adds its inputs element by element, as the shortcuts of residual networks do.",
        "Branches",
        _elementwise,
        icon="layer-merge",
        stem="add",
    ),
    LayerKind(
        "Concatenate",
        "Concatenate",
        "Joins the channels of its inputs, which must have the same height and width.",
        "Branches",
        _concatenation,
        icon="layer-merge",
        stem="concatenate",
        defaults={"axis": -1},
        concatenates=True,
    ),
    LayerKind("Average", "Average", "Averages its inputs element by element.", "Branches", _elementwise),
    LayerKind("Maximum", "Maximum", "Takes the larger of its inputs element by element.", "Branches", _elementwise),
    LayerKind("Minimum", "Minimum", "Takes the smaller of its inputs element by element.", "Branches", _elementwise),
    LayerKind(
        "Multiply",
        "Multiply",
        "Multiplies its inputs element by element, such as maps by the weights of an attention block.",
        "Branches",
        _elementwise,
    ),
    LayerKind("Subtract", "Subtract", "Subtracts one input from another element by element.", "Branches", _subtraction),
)
