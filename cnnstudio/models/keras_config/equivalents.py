"""Layers that do the same as what stands between the layers of a config: bare operations such as `x + y` or `x / 255`.

Keras keeps an operation that is called on the output of a layer as an entry of its own among the layers. Where one of
Keras's layers computes the same, it takes its place, so that all code that handles layers handles the operation too.
"""

from collections.abc import Mapping
from numbers import Real
from typing import Any

from cnnstudio.models.keras_config.graph import layer_config
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS

Entry = dict[str, Any]
"""What a config says of one layer or operation: module, class_name, config, name and inbound_nodes."""

_Found = tuple[str, dict[str, Any], Any]
"""Keras's kind of a layer, what it is made with and what it is called with."""

OPERATION_MODULES = ("keras.src.ops.numpy", "keras.src.ops.nn")
"""Where Keras keeps its operations."""

_ACTIVATIONS = {function.operation: function for function in ACTIVATIONS.values() if function.operation}
"""Activation functions by the operation on single numbers that does the same."""

_MERGES = frozenset({"Add", "Maximum", "Minimum", "Multiply", "Subtract"})
_GLOBAL_POOLINGS = {"Mean": "GlobalAveragePooling2D", "Max": "GlobalMaxPooling2D"}

OPERATIONS = frozenset(
    {*_ACTIVATIONS, *_MERGES, *_GLOBAL_POOLINGS}
    | {"Concatenate", "Divide", "Negative", "Reshape", "Softmax", "Transpose", "TrueDivide"}
)
"""Operations that some layer can do, with the right arguments."""


def is_operation(entry: Entry) -> bool:
    """Whether an entry without a module, as in an `.h5` file, is an operation: every layer can be frozen."""
    return entry["class_name"] in OPERATIONS and "trainable" not in entry["config"]


def as_layer(entry: Entry) -> Entry | None:
    """The layer that does the same as an operation.

    Args:
        entry: an operation; anything may stand in it.

    Returns:
        The entry of a layer of the same name that is called with the same outputs; None where there is none.
    """
    try:
        (call,) = entry["inbound_nodes"]
        found = None if call["kwargs"] else _equivalent(entry["class_name"], entry["config"], call["args"])
        if found is None:
            return None
        kind, settings, args = found
        config = {"name": entry["config"]["name"], **settings}
        calls = [{"args": args, "kwargs": {}}]
        return {**layer_config(kind, config), "name": entry.get("name", config["name"]), "inbound_nodes": calls}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError):
        return None


def _equivalent(operation: str, settings: Mapping[str, Any], args: list[Any]) -> _Found | None:
    if operation in _ACTIVATIONS:
        function = _ACTIVATIONS[operation]
        same = all(settings[key] == value for key, value in function.operation_values.items())
        return ("Activation", {"activation": function.name}, args) if same else None
    if len(args) == 2:
        return _arithmetic(operation, *args)
    if operation == "Concatenate":
        return "Concatenate", {"axis": settings["axis"]}, args
    found = _of_one(operation, settings, args[0])
    return (*found, [args[0]]) if found and len(args) == 1 else None


def _of_one(operation: str, settings: Mapping[str, Any], given: Any) -> tuple[str, dict[str, Any]] | None:
    rank = len(given["config"]["shape"])
    found: tuple[str, dict[str, Any]] | None = None
    match operation:
        case "Negative":
            found = "Rescaling", {"scale": -1.0, "offset": 0.0}
        case "Softmax":
            found = "Softmax", {"axis": settings["axis"]}
        case "Mean" | "Max" if rank == 4 and sorted(axis % rank for axis in settings["axis"]) == [1, 2]:
            found = _GLOBAL_POOLINGS[operation], {"keepdims": settings["keepdims"]}
        case "Reshape" if settings["newshape"][0] in (-1, None):
            found = "Reshape", {"target_shape": settings["newshape"][1:]}
        case "Transpose" if settings["axes"][0] == 0:
            found = "Permute", {"dims": settings["axes"][1:]}
    return found


def _arithmetic(operation: str, one: Any, other: Any) -> _Found | None:
    if not (_is_number(one) or _is_number(other)):
        alike = len(one["config"]["shape"]) == len(other["config"]["shape"])
        return (operation, {}, [[one, other]]) if alike and operation in _MERGES else None
    if operation == "Maximum" and other == 0:
        return "ReLU", {}, [one]
    before = _is_number(one)
    given, number = (other, float(one)) if before else (one, float(other))
    scaling = _scaling(operation, number, before)
    return ("Rescaling", dict(zip(("scale", "offset"), scaling, strict=True)), [given]) if scaling else None


def _scaling(operation: str, number: float, before: bool) -> tuple[float, float] | None:
    """By what arithmetic with a number, behind or before, multiplies, and what it adds after that."""
    match operation:
        case "Add":
            return 1.0, number
        case "Subtract":
            return (-1.0, number) if before else (1.0, -number)
        case "Multiply":
            return number, 0.0
        case "Divide" | "TrueDivide" if not before:
            return 1 / number, 0.0
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
