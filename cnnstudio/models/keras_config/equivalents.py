"""Layers that do the same as what stands between the layers of a config: bare operations such as `x + y` or `x / 255`.

Keras keeps an operation that is called on the output of a layer as an entry of its own among the layers. Where one of
Keras's layers computes the same, it takes its place, so that all code that handles layers handles the operation too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

from cnnstudio.models.keras_config.graph import UNKNOWN_SHAPE, Node, layer_config, tensor
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS

Entry = dict[str, Any]
"""What a config says of one layer or operation: module, class_name, config, name and inbound_nodes."""

_Found = tuple[str, dict[str, Any], Any]
"""Keras's kind of a layer, what it is made with and what it is called with."""

OPERATION_MODULES = (
    *("keras.src.ops.numpy", "keras.src.ops.nn", "keras.src.ops.core", "keras.src.ops.image"),
    "keras.src.activations.activations",
)
"""Where Keras keeps its operations."""

_ACTIVATIONS = {function.operation: function for function in ACTIVATIONS.values() if function.operation}
"""Activation functions by the operation on single numbers that does the same."""

_MOST_CHANNELS = 4096
"""Beyond them, an operation that has one number for each channel is not looked at."""
_MOST_MIXED = 16
"""Channels of an image that are put into another order."""
_FLOATS = frozenset({"float32", "float16", "bfloat16", "float64"})
_MERGES = frozenset({"Add", "Maximum", "Minimum", "Multiply", "Subtract"})
_GLOBAL_POOLINGS = {"Mean": "GlobalAveragePooling2D", "Max": "GlobalMaxPooling2D"}

OPERATIONS = frozenset(
    {*_ACTIVATIONS, *_MERGES, *_GLOBAL_POOLINGS}
    | {
        "AveragePool",
        "Cast",
        "Clip",
        "Concatenate",
        "Divide",
        "ExpandDims",
        "Flip",
        "GetItem",
        "LeakyRelu",
        "LocalResponseNormalization",
        "MaxPool",
        "Negative",
        "Pad",
        "RGBToGrayscale",
        "ReLU",
        "Repeat",
        "Reshape",
        "Resize",
    }
    | {"Softmax", "Squeeze", "Stack", "Transpose", "TrueDivide", "UnitNormalization"}
)
"""Operations that some layer can do, with the right arguments."""


def is_operation(entry: Entry) -> bool:
    """Whether an entry without a module, as in an `.h5` file, is an operation: every layer can be frozen."""
    return entry["class_name"] in OPERATIONS and "trainable" not in entry["config"]


def with_channels_at_once(entries: list[Entry]) -> list[Entry]:
    """Channels that are picked one by one, and stacked again, as one operation that picks all: `x[..., [2, 1, 0]]`.

    That is how Keras 3 turns red, green and blue round in the `preprocess_input` of its older networks.

    Args:
        entries: of a model; anything may stand in them.
    """
    try:
        by_name = {_name_of(entry): entry for entry in entries}
        merged = {_name_of(entry): one for entry in entries if (one := _picked_at_once(entry, by_name))}
        if not merged:
            return entries
        replaced = [merged.get(_name_of(entry), entry) for entry in entries]
        used = {name for entry in replaced for name in _sources(entry.get("inbound_nodes"))}
        kept = used | merged.keys()
        return [entry for entry in replaced if entry["class_name"] != "GetItem" or _name_of(entry) in kept]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return entries


def _picked_at_once(entry: Entry, by_name: Mapping[str, Entry]) -> Entry | None:
    if entry["class_name"] != "Stack" or entry["config"]["axis"] not in (-1, 3):
        return None
    picked = []
    for name in _sources(entry["inbound_nodes"]):
        (call,) = by_name[name]["inbound_nodes"]
        given, (dots, channel) = call["args"]
        if by_name[name]["class_name"] != "GetItem" or not _is_ellipsis(dots) or not isinstance(channel, int):
            return None
        picked.append((given, channel))
    if any(given != picked[0][0] for given, _ in picked):
        return None
    args = [picked[0][0], [{"class_name": "__ellipsis__", "config": {}}, [channel for _, channel in picked]]]
    config = {"name": _name_of(entry)}
    return {**entry, "class_name": "GetItem", "config": config, "inbound_nodes": [{"args": args, "kwargs": {}}]}


def with_activations_apart(entries: list[Entry]) -> list[Entry]:
    """Layers whose activation is a layer, such as `Conv2D(8, 3, activation=LeakyReLU())`, as two layers each.

    Args:
        entries: of a model; anything may stand in them.
    """
    return [part for entry in entries for part in _parts_of(entry)]


def _parts_of(entry: Entry) -> list[Entry]:
    try:
        activation, nodes, name = entry["config"]["activation"], entry.get("inbound_nodes"), _name_of(entry)
        kind = LAYER_KINDS[activation["class_name"]]
        if kind.group != "Activation" or kind.has_weights or (nodes is not None and len(nodes) != 1):
            return [entry]
        linear = f"{name}_linear"
        first = {**entry, "config": {**entry["config"], "name": linear, "activation": "linear"}}
        second = {**activation, "config": {**activation["config"], "name": name}, "operation": True}
        if nodes is not None:
            second["inbound_nodes"] = [{"args": [tensor([linear, 0, 0])], "kwargs": {}}]
        return [{**part, "name": part["config"]["name"]} for part in (first, second)]
    except (KeyError, TypeError, AttributeError):
        return [entry]


def _name_of(entry: Entry) -> str:
    return entry.get("name") or entry["config"]["name"]


def _sources(value: Any) -> Iterator[str]:
    """The names of the layers whose outputs stand in something, however deep."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        yield value["config"]["keras_history"][0]
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _sources(item)


def as_layer(entry: Entry) -> Entry | None:
    """The layer that does the same as an operation.

    Args:
        entry: an operation; anything may stand in it.

    Returns:
        The entry of a layer of the same name that is called with the same outputs; None where there is none.
    """
    try:
        (call,) = entry["inbound_nodes"]
        if any(value is not None for value in call["kwargs"].values()):
            return None
        found = _equivalent(entry["class_name"], entry["config"], call["args"])
        if found is None:
            return None
        kind, settings, args = found
        config = {"name": entry["config"]["name"], **settings}
        calls = [{"args": args, "kwargs": {}}]
        name = entry.get("name", config["name"])
        known = {"module": LAYER_KINDS[kind].module, "registered_name": LAYER_KINDS[kind].registered_name}
        return {**layer_config(kind, config), **known, "name": name, "inbound_nodes": calls, "operation": True}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError):
        return None


def _equivalent(operation: str, settings: Mapping[str, Any], args: list[Any]) -> _Found | None:
    if operation in _ACTIVATIONS:
        function = _ACTIVATIONS[operation]
        same = all(settings[key] == value for key, value in function.operation_values.items())
        return ("Activation", {"activation": function.name}, args) if same else None
    if operation == "GetItem":
        return (*_picked(args[0], _channels(args[1], _count(args[0]))), [args[0]])
    if len(args) == 2:
        return _arithmetic(operation, *args)
    if operation == "Concatenate":
        return "Concatenate", {"axis": settings["axis"]}, args
    found = _of_one(operation, settings, args[0])
    return (*found, [args[0]]) if found and len(args) == 1 else None


_Layer = tuple[str, dict[str, Any]] | None
"""Keras's kind of a layer and what it is made with; None where none will do."""


def _of_one(operation: str, settings: Mapping[str, Any], given: Any) -> _Layer:
    """What an operation on one output is."""
    for find in (_of_numbers, _of_channels, _of_maps, _of_shapes):
        if found := find(operation, settings, given):
            return found
    return None


_KEPT = {
    "ReLU": ("negative_slope", "max_value", "threshold"),
    "Softmax": ("axis",),
    "UnitNormalization": ("axis",),
}
"""What layers that are called as their operations are made with."""


def _of_numbers(operation: str, settings: Mapping[str, Any], _given: Any) -> _Layer:
    """What changes every number by itself, or brings some together into a range."""
    match operation:
        case "Negative":
            return "Rescaling", {"scale": -1.0, "offset": 0.0}
        case "ReLU" | "Softmax" | "UnitNormalization":
            return operation, {key: settings[key] for key in _KEPT[operation]}
        case "Cast" if str(settings["dtype"]) in _FLOATS:
            return "Identity", {}
        case "LeakyRelu":
            return "LeakyReLU", {"negative_slope": settings["negative_slope"]}
        case "Clip" if settings["x_min"] == 0 and _is_number(settings["x_max"]) and settings["x_max"] > 0:
            return "ReLU", {"max_value": float(settings["x_max"])}
    return None


def _of_channels(operation: str, settings: Mapping[str, Any], given: Any) -> _Layer:
    """What mixes the channels at each place."""
    match operation:
        case "Flip" if settings["axis"] in (-1, 3, [-1], [3]):
            return _picked(given, list(range(_count(given)))[::-1])
        case "Repeat" if settings["axis"] in (-1, 3) and _count(given, 1) == 1 and settings["repeats"] <= _MOST_MIXED:
            return mixing([[1.0] * settings["repeats"]])
        case "RGBToGrayscale" if _count(given) == 3 and settings.get("data_format") in (None, "channels_last"):
            return mixing([[weight] for weight in _LUMINANCE])
        case "LocalResponseNormalization":
            return operation, {key: settings[key] for key in ("size", "k", "alpha", "beta")}
    return None


def _of_maps(operation: str, settings: Mapping[str, Any], given: Any) -> _Layer:
    """What makes maps larger or smaller."""
    rank = _rank(given)
    match operation:
        case "Mean" | "Max" if rank == 4 and sorted(axis % rank for axis in settings["axis"] or ()) == [1, 2]:
            return _GLOBAL_POOLINGS[operation], {"keepdims": settings["keepdims"]}
        case "MaxPool" | "AveragePool" if settings.get("data_format") in (None, "channels_last"):
            size, strides = settings["pool_size"], settings["strides"]
            values = {"pool_size": size, "strides": size if strides is None else strides}
            return f"{operation}ing2D", {**values, "padding": settings["padding"]}
        case "Resize":
            return "Resizing", _resizing(settings)
        case "Pad" if settings["mode"] == "constant" and not settings.get("constant_values"):
            return "ZeroPadding2D", {"padding": _sides_of_images(settings["pad_width"])}
    return None


def _of_shapes(operation: str, settings: Mapping[str, Any], given: Any) -> _Layer:
    """What puts the same numbers in another shape."""
    shape, rank = given["config"]["shape"], _rank(given)
    match operation:
        case "Reshape" if settings["newshape"][0] in (-1, None, shape[0]):
            return "Reshape", {"target_shape": settings["newshape"][1:]}
        case "ExpandDims" if shape != UNKNOWN_SHAPE and shape[1:].count(None) < 2:
            place = settings["axis"] % (len(shape) + 1)
            sides = [-1 if side is None else side for side in shape]
            return ("Reshape", {"target_shape": [*sides[1:place], 1, *sides[place:]]}) if place else None
        case "Squeeze" if settings["axis"] in ([1, 2], (1, 2)):
            return "Reshape", {"target_shape": [-1]}  # of maps of a single number, only the channels are left
        case "Squeeze" if settings["axis"] in (-1, rank - 1, [-1]) and shape[-1] == 1 and None not in shape[1:]:
            return "Reshape", {"target_shape": shape[1:-1]}
        case "Transpose" if settings["axes"][0] == 0:
            return "Permute", {"dims": settings["axes"][1:]}
    return None


def _rank(given: Any) -> int:
    """How many sides an output has; where that is not said, those of maps."""
    shape = given["config"]["shape"]
    return 4 if shape == UNKNOWN_SHAPE else len(shape)


_LUMINANCE = 0.2989, 0.5870, 0.1140
"""What red, green and blue add to the grey of a picture: ITU-R BT.601."""


def _resizing(settings: Mapping[str, Any]) -> dict[str, Any]:
    height, width = settings["size"]
    flags = ("antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio")
    kept = {flag: settings[flag] for flag in flags if settings.get(flag)}
    return {"height": height, "width": width, "interpolation": settings["interpolation"], **kept}


def _sides_of_images(widths: Any) -> list[list[int]]:
    """How many rows and columns are added to images.

    Raises:
        ValueError: something is added elsewhere.
    """
    images, rows, columns, channels = (list(pair) for pair in widths)
    if images != [0, 0] or channels != [0, 0]:
        raise ValueError("only images are made larger")
    return [rows, columns]


def _count(given: Any, usual: int = 3) -> int:
    """How many channels there are; where Keras 2 does not say, those of a colour image.

    Raises:
        ValueError: there are many more than an image has.
    """
    channels = given["config"]["shape"][-1]
    channels = usual if channels is None else channels
    if not 0 < channels <= _MOST_CHANNELS:
        raise ValueError(f"{channels} channels")
    return channels


def _channels(key: Any, count: int) -> list[int]:
    """Which channels `x[..., key]` takes, in which order.

    Raises:
        ValueError: it takes a part of something else.
    """
    key = key["config"]["value"] if isinstance(key, dict) and key["class_name"] == "__tuple__" else key
    dots, last = key
    if not _is_ellipsis(dots):
        raise ValueError("only channels are picked")
    if isinstance(last, dict):
        last = last.get("config", last)
        last = list(range(count))[slice(last["start"], last["stop"], last["step"])]
    return [range(count)[channel] for channel in last]


def _is_ellipsis(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__ellipsis__"


def _picked(given: Any, channels: Sequence[int]) -> tuple[str, dict[str, Any]]:
    if max(_count(given), len(channels)) > _MOST_MIXED:
        raise ValueError(f"{len(channels)} channels of {_count(given)}")
    return mixing([[float(place == channel) for channel in channels] for place in range(_count(given))])


def is_mixing(node: Node) -> bool:
    """Whether a layer puts the channels of an image into another order, or repeats them, and nothing else."""
    initializer = node.config.get("kernel_initializer")
    fixed = isinstance(initializer, dict) and isinstance(initializer["config"].get("value"), list)
    return node.kind == "Conv2D" and node.config.get("kernel_size") == [1, 1] and fixed


def mixing(weights: list[list[float]]) -> tuple[str, dict[str, Any]]:
    """Kind and values of a convolution whose weights are fixed: of each channel, what goes into each new one."""
    initializer = {"class_name": "Constant", "config": {"value": [[weights]]}}
    return "Conv2D", {
        "filters": len(weights[0]),
        "kernel_size": [1, 1],
        "use_bias": False,
        "trainable": False,
        "kernel_initializer": {"module": "keras.initializers", **initializer, "registered_name": None},
    }


_Constant = float | list[float]
"""What arithmetic is done with: one number, or one for each channel."""


def _arithmetic(operation: str, one: Any, other: Any) -> _Found | None:
    if _is_output(one) and _is_output(other):
        shapes = one["config"]["shape"], other["config"]["shape"]
        alike = UNKNOWN_SHAPE in shapes or len(shapes[0]) == len(shapes[1])
        return (operation, {}, [[one, other]]) if alike and operation in _MERGES else None
    if operation == "Maximum" and other == 0:
        return "ReLU", {}, [one]
    before = not _is_output(one)
    given, constant = (other, _constant(one, other)) if before else (one, _constant(other, one))
    scaling = _scaling(operation, constant, before)
    return ("Rescaling", dict(zip(("scale", "offset"), scaling, strict=True)), [given]) if scaling else None


def _scaling(operation: str, constant: _Constant, before: bool) -> tuple[_Constant, _Constant] | None:
    """By what arithmetic with a constant, behind or before, multiplies, and what it adds after that."""
    match operation:
        case "Add":
            return 1.0, constant
        case "Subtract":
            return (-1.0, constant) if before else (1.0, _each(lambda number: -number, constant))
        case "Multiply":
            return constant, 0.0
        case "Divide" | "TrueDivide" if not before:
            return _each(lambda number: 1 / number, constant), 0.0
    return None


def _each(function: Callable[[float], float], constant: _Constant) -> _Constant:
    return [function(number) for number in constant] if isinstance(constant, list) else function(constant)


def _constant(value: Any, given: Any) -> _Constant:
    """The number, or the numbers for each channel, that arithmetic is done with.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, dict) and value["class_name"] in ("__tensor__", "__numpy__"):
        value = value["config"]["value"]
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if _is_number(value):
        return float(value)
    if not isinstance(value, list) or not all(map(_is_number, value)) or len(value) != _count(given, len(value)):
        raise ValueError("neither one number nor one for each channel")
    return [float(number) for number in value]


def _is_output(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
