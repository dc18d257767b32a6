"""Calls of TensorFlow's functions between layers, as Keras 2 keeps them, in the words of today's operations.

Where a function is called on the output of a layer, as in `x / 127.5`, `x[..., ::-1]` or `tf.image.resize(x, (9, 9))`,
Keras 2 makes a layer that notes the function's name and arguments. Nothing is called here: the names are looked up in a
table, and what becomes of the operation is for `equivalents`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from cnnstudio.models.keras_config.graph import tensor

KINDS = frozenset({"TFOpLambda", "SlicingOpLambda"})
"""Keras 2's kinds of layers that call a function."""

_CONSTANT = "_CONSTANT_VALUE"

_Values = Mapping[str, Any]
_Said = tuple[str, dict[str, Any], list[Any]]
"""An operation, what it is made with, and what else it is called with."""

_ARITHMETIC = {
    "add": "Add",
    "subtract": "Subtract",
    "sub": "Subtract",
    "multiply": "Multiply",
    "mul": "Multiply",
    "truediv": "TrueDivide",
    "divide": "TrueDivide",
    "maximum": "Maximum",
    "minimum": "Minimum",
}
"""Functions of two values, whatever module of TensorFlow they are called by."""

_ACTIVATIONS = {
    "relu": "Relu",
    "relu6": "Relu6",
    "selu": "Selu",
    "silu": "Silu",
    "swish": "Silu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "exp": "Exp",
}
"""Likewise, of one value."""


def _resizing(values: _Values) -> _Said:
    if values.get("preserve_aspect_ratio"):
        return "tf.image.resize(preserve_aspect_ratio=True)", {}, []
    method, antialias = values.get("method", "bilinear"), values.get("antialias", False)
    return "Resize", {"size": values["size"], "interpolation": method, "antialias": antialias}, []


_OTHERS: dict[str, Callable[[_Values], _Said]] = {
    "bias_add": lambda values: ("Add", {}, [values["bias"]]),
    "negative": lambda _: ("Negative", {}, []),
    "elu": lambda values: ("Elu", {"alpha": values.get("alpha", 1.0)}, []),
    "gelu": lambda values: ("Gelu", {"approximate": values.get("approximate", False)}, []),
    "leaky_relu": lambda values: ("LeakyRelu", {"negative_slope": values.get("alpha", 0.2)}, []),
    "softmax": lambda values: ("Softmax", {"axis": _axis(values, -1)}, []),
    "concat": lambda values: ("Concatenate", {"axis": values["axis"]}, []),
    "reduce_mean": lambda values: ("Mean", {"axis": values["axis"], "keepdims": values.get("keepdims", False)}, []),
    "reduce_max": lambda values: ("Max", {"axis": values["axis"], "keepdims": values.get("keepdims", False)}, []),
    "reshape": lambda values: ("Reshape", {"newshape": values["shape"]}, []),
    "transpose": lambda values: ("Transpose", {"axes": values["perm"]}, []),
    "cast": lambda values: ("Cast", {"dtype": values["dtype"]}, []),
    "identity": lambda _: ("Cast", {"dtype": "float32"}, []),
    "stop_gradient": lambda _: ("Cast", {"dtype": "float32"}, []),
    "resize": _resizing,
    "reverse": lambda values: ("Flip", {"axis": values["axis"]}, []),
    "getitem": lambda values: ("GetItem", {}, [values["slice_spec"]]),
    "repeat": lambda values: ("Repeat", {"repeats": values["repeats"], "axis": values["axis"]}, []),
    "grayscale_to_rgb": lambda _: ("Repeat", {"repeats": 3, "axis": -1}, []),
}


def as_operation(layer: Mapping[str, Any], module: str) -> dict[str, Any]:
    """The operation that does the same as a call of a function.

    Args:
        layer: of one of `KINDS`; anything may stand in it.
        module: what the operation is said to be from.

    Returns:
        An entry as Keras keeps it of an operation; where the function is not known, the operation has its name.

    Raises:
        KeyError, TypeError, ValueError, IndexError, AttributeError: it is damaged.
    """
    function = str(layer["config"]["function"])
    (node,) = layer["inbound_nodes"]
    listed = not isinstance(node[0], str)
    first = [_argument(item[:3]) for item in node] if listed else _argument(node[:3])
    values = {key: _argument(value) for key, value in ((node[0] if listed else node)[3] or {}).items()}
    name = function.rpartition(".")[2]
    said: _Said = (f"tf.{function}", {}, [])
    if name in _ARITHMETIC:
        said = _ARITHMETIC[name], {}, [values["y"]]
    elif name in _ACTIVATIONS:
        said = _ACTIVATIONS[name], {}, []
    elif name in _OTHERS:
        said = _OTHERS[name](values)
    kind, settings, more = said
    config = {"name": layer["config"]["name"], **settings}
    return {
        "module": module,
        "class_name": kind,
        "config": config,
        "registered_name": None,
        "name": layer.get("name", config["name"]),
        "inbound_nodes": [{"args": [first, *more], "kwargs": {}}],
    }


def _argument(value: Any) -> Any:
    """An argument of a call: an output of a layer, or what stands there."""
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return value[2] if value[0] == _CONSTANT else tensor(value)
    return value


def _axis(values: _Values, usual: int) -> Any:
    axis = values.get("axis")
    return usual if axis is None else axis
