"""Layers that bring several branches together."""

from collections.abc import Callable
from dataclasses import replace

from cnnstudio.models.rules.effects import Effect, Rule, shape_words
from cnnstudio.models.rules.maps import Maps, Reach, Shape
from cnnstudio.models.rules.values import UnfitError, Values


def _number_by_number(_values: Values, inputs: tuple[Maps, ...]) -> Effect:
    _need_branches(inputs)
    merged = inputs[0]
    for other in inputs[1:]:
        merged = _broadcast(merged, other)
    return Effect(merged)


def _subtraction(values: Values, inputs: tuple[Maps, ...]) -> Effect:
    if len(inputs) > 2:
        raise UnfitError("", f"takes one branch from another, but {len(inputs)} are connected to it")
    return _number_by_number(values, inputs)


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
        merged = _appended(merged, other, axes[0])
    return Effect(merged)


def _need_branches(inputs: tuple[Maps, ...]) -> None:
    if len(inputs) < 2:
        raise UnfitError("", "brings branches together, but only one is connected to it")


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
    return f"cannot join {shape_words(one)} with {shape_words(other)} number by number: they must have the same shape"


def _rule(title: str, description: str) -> Rule:
    return Rule(title, description, _number_by_number)


RULES = {
    "Add": _rule("Sum", "Adds its branches number by number: a shortcut joins what the layers beside it found."),
    "Average": _rule("Average", "Takes the average of its branches number by number."),
    "Maximum": _rule("Maximum", "Takes the larger one of its branches number by number."),
    "Minimum": _rule("Minimum", "Takes the smaller one of its branches number by number."),
    "Multiply": _rule("Product", "Multiplies its branches number by number: one decides how much passes of another."),
    "Subtract": Rule("Difference", "Subtracts one branch from another number by number.", _subtraction),
    "Concatenate": Rule("Concatenation", "Puts the channels of its branches one after the other.", _concatenation),
}
"""By Keras class."""
