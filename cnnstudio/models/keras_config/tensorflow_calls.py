"""Calls of TensorFlow's functions between layers, as Keras 2 keeps them, in the words of today's operations.

Where a function is called on the output of a layer, as in `x / 127.5`, `x[..., ::-1]` or `tf.image.resize(x, (9, 9))`,
Keras 2 makes a layer that notes the function's name and arguments. Nothing is called here: the names are looked up in a
table, and what becomes of the operation is for `equivalents`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cnnstudio.models.keras_config.graph import tensor
from cnnstudio.models.layer_kinds import group_of

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


def _clipping(values: _Values) -> _Said:
    return "Clip", {"x_min": values["clip_value_min"], "x_max": values["clip_value_max"]}, []


def _padding(values: _Values) -> _Said:
    if str(values.get("mode", "CONSTANT")).upper() != "CONSTANT" or values.get("constant_values", 0) != 0:
        return "tf.pad", {}, []
    return "Pad", {"pad_width": values["paddings"], "mode": "constant"}, []


def _pooling(values: _Values, operation: str) -> _Said:
    sizes = {key: _sides(values[given]) for key, given in (("pool_size", "ksize"), ("strides", "strides"))}
    padding = values.get("padding", "VALID")
    if values.get("data_format", "NHWC") != "NHWC" or not isinstance(padding, str):
        return f"tf.nn.{operation}", {}, []
    return operation, {**sizes, "padding": padding.lower()}, []


def _sides(value: Any) -> Any:
    """Height and width of a window, of which TensorFlow may say as well that it takes one image and one channel."""
    return value[1:3] if isinstance(value, list) and len(value) == 4 and value[::3] == [1, 1] else value


def _neighbours(values: _Values) -> _Said:
    """TensorFlow's defaults are not those of the paper."""
    usual = {"bias": 1.0, "alpha": 1.0, "beta": 0.5}
    k, alpha, beta = (values.get(key, number) for key, number in usual.items())
    size = 2 * values.get("depth_radius", 5) + 1
    return "LocalResponseNormalization", {"size": size, "k": k, "alpha": alpha, "beta": beta}, []


def _over(operation: str) -> Callable[[_Values], _Said]:
    """What is computed over some axes; over all, where none are named."""
    return lambda values: (operation, {"axis": values.get("axis"), "keepdims": bool(values.get("keepdims", False))}, [])


_OTHERS: dict[str, Callable[[_Values], _Said]] = {
    "bias_add": lambda values: ("Add", {}, [values["bias"]]),
    "negative": lambda _: ("Negative", {}, []),
    "elu": lambda values: ("Elu", {"alpha": values.get("alpha", 1.0)}, []),
    "gelu": lambda values: ("Gelu", {"approximate": values.get("approximate", False)}, []),
    "leaky_relu": lambda values: ("LeakyRelu", {"negative_slope": values.get("alpha", 0.2)}, []),
    "softmax": lambda values: ("Softmax", {"axis": _axis(values, -1)}, []),
    "concat": lambda values: ("Concatenate", {"axis": values["axis"]}, []),
    "reduce_mean": _over("Mean"),
    "reduce_max": _over("Max"),
    "expand_dims": lambda values: ("ExpandDims", {"axis": _axis(values, -1)}, []),
    "squeeze": lambda values: ("Squeeze", {"axis": values.get("axis")}, []),
    "clip_by_value": lambda values: (
        "Clip",
        {"x_min": values["clip_value_min"], "x_max": values["clip_value_max"]},
        [],
    ),
    "pad": _padding,
    "max_pool": lambda values: _pooling(values, "MaxPool"),
    "max_pool2d": lambda values: _pooling(values, "MaxPool"),
    "avg_pool": lambda values: _pooling(values, "AveragePool"),
    "avg_pool2d": lambda values: _pooling(values, "AveragePool"),
    "local_response_normalization": _neighbours,
    "l2_normalize": lambda values: ("UnitNormalization", {"axis": _axis(values, -1)}, []),
    "rgb_to_grayscale": lambda _: ("RGBToGrayscale", {}, []),
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


def note_shapes(entries: list[dict[str, Any]]) -> None:
    """Notes beside the connections of layers which shapes go through them, as far as can be told without Keras.

    Some operations can be understood only so: what `expand_dims` answers depends on how many sides there are.

    Args:
        entries: layers and operations, each after those it is fed by; anything may stand in them.

    Raises:
        KeyError, TypeError, ValueError, IndexError, AttributeError: one is damaged.
    """
    shapes: dict[str, _Shape] = {}
    for entry in entries:
        given = []
        for one in _tensors(entry.get("inbound_nodes")):
            name, call, output = one["config"]["keras_history"]
            shape = shapes.get(name) if (call, output) == (0, 0) else None
            given.append(shape)
            if shape:
                one["config"]["shape"] = shape
        shapes[entry.get("name") or entry["config"]["name"]] = _shape(entry, given)


_Shape = list[int | None] | None


def _tensors(value: Any) -> Iterator[dict[str, Any]]:
    """The outputs of layers that stand in something, however deep."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)


def _shape(entry: Mapping[str, Any], given: Sequence[_Shape]) -> _Shape:
    """The shape of what a layer or an operation answers; None where it cannot be told."""
    kind, config = entry["class_name"], entry["config"]
    if kind == "InputLayer":
        return config.get("batch_shape")
    shape = given[0] if given else None
    if not shape:
        return None
    if kind in _ANSWERS:
        return _ANSWERS[kind](config, shape)
    if len(shape) == 4 and kind in _MAPS:
        return [shape[0], None, None, _MAPS[kind](config, shape)]
    keeps = kind in _KEEPING or group_of(kind) in ("Activation", "Normalisation", "Regularisation")
    return shape if keeps else None


def _expanded(axis: int, shape: list[int | None]) -> _Shape:
    place = axis % (len(shape) + 1)
    return [*shape[:place], 1, *shape[place:]]


def _pooled(config: Mapping[str, Any], shape: list[int | None]) -> _Shape:
    is_global = len(shape) == 4 and not config.get("keepdims") and config.get("axis", [1, 2]) == [1, 2]
    return [shape[0], shape[3]] if is_global else None


_ANSWERS: dict[str, Callable[[Mapping[str, Any], list[int | None]], _Shape]] = {
    "Dense": lambda config, shape: [*shape[:-1], config["units"]],
    "ExpandDims": lambda config, shape: _expanded(config["axis"], shape),
    "GlobalAveragePooling2D": _pooled,
    "GlobalMaxPooling2D": _pooled,
    "Max": _pooled,
    "Mean": _pooled,
    "Reshape": lambda config, shape: [shape[0], *(config.get("target_shape") or config["newshape"][1:])],
}
"""The shape of what layers and operations answer, by what they are made with and given."""

_MAPS: dict[str, Callable[[Mapping[str, Any], list[int | None]], int | None]] = {
    "AveragePooling2D": lambda _, shape: shape[3],
    "Conv2D": lambda config, _: config["filters"],
    "MaxPooling2D": lambda _, shape: shape[3],
    "Resize": lambda _, shape: shape[3],
    "Resizing": lambda _, shape: shape[3],
}
"""Of those that answer maps of other sizes, how many maps."""

_KEEPING = frozenset({*_ARITHMETIC.values(), *_ACTIVATIONS.values(), "Cast", "Clip", "Normalization", "Rescaling"})
"""Operations and layers that answer in the shape of what they are given first."""


def _argument(value: Any) -> Any:
    """An argument of a call: an output of a layer, or what stands there."""
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return value[2] if value[0] == _CONSTANT else tensor(value)
    return value


def _axis(values: _Values, usual: int) -> Any:
    axis = values.get("axis")
    return usual if axis is None else axis
