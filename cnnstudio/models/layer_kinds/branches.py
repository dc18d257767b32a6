"""Layers that join several branches."""

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
        length = merged.shape[axes[0]] + other.shape[axes[0]]
        merged = _joined(merged, other, (*merged.shape[: axes[0]], length, *merged.shape[axes[0] + 1 :]))
    return Effect(merged)


def _need_branches(inputs: tuple[Maps, ...]) -> None:
    if len(inputs) < 2:
        raise UnfitError("", "joins branches, but only one is connected to it")


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
