"""Layers that bring several branches together."""

from dataclasses import replace

from cnnstudio.models.layer_kinds.effects import Effect, shape_words
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps, Shape, Sides
from cnnstudio.models.layer_kinds.values import UnfitError, Values


def _elementwise(_values: Values, inputs: tuple[Maps, ...]) -> Effect:
    _need_branches(inputs)
    merged = inputs[0]
    for other in inputs[1:]:
        merged = _broadcast(merged, other)
    return Effect(merged)


def _subtraction(values: Values, inputs: tuple[Maps, ...]) -> Effect:
    if len(inputs) > 2:
        raise UnfitError("", f"takes one branch from another, but {len(inputs)} are connected to it")
    return _elementwise(values, inputs)


def _concatenation(values: Values, inputs: tuple[Maps, ...]) -> Effect:
    _need_branches(inputs)
    first = inputs[0]
    axes = values.axes("axis", -1, len(first.shape))
    if len(axes) != 1:
        raise UnfitError("axis", "puts its branches together along one axis only", [-1])
    for other in inputs[1:]:
        if len(other.shape) != len(first.shape) or any(
            a != b for axis, (a, b) in enumerate(zip(first.shape, other.shape, strict=True)) if axis != axes[0]
        ):
            raise UnfitError(
                "",
                f"is given {shape_words(first.shape)} and {shape_words(other.shape)}, which must agree in all but the "
                "axis along which they are put together",
            )
    merged = first
    for other in inputs[1:]:
        length = merged.shape[axes[0]] + other.shape[axes[0]]
        merged = _joined(merged, other, (*merged.shape[: axes[0]], length, *merged.shape[axes[0] + 1 :]))
    return Effect(merged)


def _need_branches(inputs: tuple[Maps, ...]) -> None:
    if len(inputs) < 2:
        raise UnfitError("", "brings branches together, but only one is connected to it")


def _broadcast(one: Maps, other: Maps) -> Maps:
    """Two branches number by number; a side of 1 stands for all places of the other."""
    if len(one.shape) < len(other.shape):
        one, other = other, one
    sizes = (1,) * (len(one.shape) - len(other.shape)) + other.shape
    if any(a != b and 1 not in (a, b) for a, b in zip(one.shape, sizes, strict=True)):
        raise UnfitError("", _unlike(one.shape, other.shape))
    return _joined(one, other, tuple(map(max, one.shape, sizes)))


def _joined(one: Maps, other: Maps, shape: Shape) -> Maps:
    """Numbers that depend on two branches: on all that the one does whose receptive field is larger."""
    return replace(one, shape=shape, field=_larger(one.field, other.field), jump=_larger(one.jump, other.jump))


def _larger(one: Sides, other: Sides) -> Sides:
    return max(one[0], other[0]), max(one[1], other[1])


def _unlike(one: Shape, other: Shape) -> str:
    return f"cannot join {shape_words(one)} with {shape_words(other)} number by number: they must have the same shape"


KINDS = (
    LayerKind(
        "Add",
        "Add",
        "Adds its inputs number by number: a shortcut past what lies between them, as in residual networks.",
        "Branches",
        _elementwise,
        icon="layer-merge",
        stem="add",
    ),
    LayerKind(
        "Concatenate",
        "Concatenate",
        "Puts the channels of its inputs, which have the same height and width, side by side.",
        "Branches",
        _concatenation,
        icon="layer-merge",
        stem="concatenate",
        defaults={"axis": -1},
        concatenates=True,
    ),
    LayerKind("Average", "Average", "Takes the average of its inputs number by number.", "Branches", _elementwise),
    LayerKind("Maximum", "Maximum", "Takes the larger of its inputs number by number.", "Branches", _elementwise),
    LayerKind("Minimum", "Minimum", "Takes the smaller of its inputs number by number.", "Branches", _elementwise),
    LayerKind(
        "Multiply",
        "Multiply",
        "Multiplies its inputs number by number: one decides how much of another passes.",
        "Branches",
        _elementwise,
    ),
    LayerKind("Subtract", "Subtract", "Subtracts one input from another number by number.", "Branches", _subtraction),
)
