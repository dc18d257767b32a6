"""The layers and weights in a SavedModel of Keras 2, read without TensorFlow: nothing in it is run.

Beside the graph that TensorFlow would run, such a folder has the config of the layers in `keras_metadata.pb`, and the
weights as a checkpoint: `variables.index`, a sorted table in LevelDB's format that says where each array lies in
`variables.data-…`, and which array belongs to which layer. All of it is read as plain data; offsets are checked.
"""

import io
import json
import re
import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cnnstudio.models.keras_config.allowlist import MODELS

if TYPE_CHECKING:
    import h5py

METADATA, INDEX, VALUES = "keras_metadata.pb", "variables.index", "variables.data-00000-of-00001"
"""Beside saved_model.pb, and in the folder `variables` there."""

_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
"""With which a table ends."""
_OBJECTS = b"_CHECKPOINTABLE_OBJECT_GRAPH"
"""The key of the entry that says which array belongs to which layer."""
_FLOAT32, _FLOAT64, _INT32, _STRING, _INT64 = 1, 2, 3, 7, 9
"""Types of arrays."""
_TYPES = {_FLOAT32: "<f4", _FLOAT64: "<f8", _INT32: "<i4", _INT64: "<i8"}
_MAX_DEPTH = 20

_ORDER = (
    *("depthwise_kernel", "pointwise_kernel", "kernel", "recurrent_kernel", "gamma", "beta", "alpha", "bias"),
    *("mean", "variance", "moving_mean", "moving_variance", "count"),
)
"""What layers call their weights, in the order in which each of them keeps them."""
_DIRECTIONS, _PARTS = ("forward_layer", "backward_layer"), ("cell", "layer")
"""What layers call the layers or cells in them: one for both directions of a row, and others."""
_DAMAGED = (
    *(KeyError, TypeError, IndexError, AttributeError, OverflowError, OSError, RecursionError, RuntimeError),
    *(StopIteration, UnicodeDecodeError, struct.error),
)
_PASSED_OVER = frozenset({"_iteration", "adapt_mean", "adapt_variance"})
"""Names of weights with which nothing is computed any more, or which have another name, too."""


def layers_and_weights(metadata: bytes, index: bytes, values: bytes) -> tuple[bytes, bytes]:
    """Reads the layers and the weights of a model.

    Args:
        metadata: the content of `METADATA`.
        index: that of `INDEX`.
        values: that of `VALUES`.

    Returns:
        The layers, as `model.to_json()` gives them; and the weights, as `model.save_weights` writes them into a
        `.weights.h5` file.

    Raises:
        ValueError: it is not as Keras 2 writes it, or damaged.
    """
    import h5py

    try:
        layers = _config(metadata)
        arrays = _Arrays(index, values)
        target = io.BytesIO()
        with h5py.File(target, "w") as file:
            file.create_group("vars")
            _write_layers(file, layers, arrays, 0, 0)
        return json.dumps(layers).encode(), target.getvalue()
    except _DAMAGED as error:
        raise ValueError("it is damaged, or of an unknown kind") from error


def _config(metadata: bytes) -> dict[str, Any]:
    """The model's class and config, from the first entry, which is the model itself."""
    root = next(_messages(metadata, 1))
    text = json.loads(next(_messages(root, 5)))
    return {key: _without_tuples(text[key]) for key in ("class_name", "config", "keras_version")}


def _without_tuples(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_tuples(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__tuple__":
        return _without_tuples(value["items"])
    return {key: _without_tuples(item) for key, item in value.items()}


def _write_layers(group: "h5py.Group", model: Mapping[str, Any], arrays: "_Arrays", node: int, depth: int) -> None:
    """Writes the weights of a model's layers, each under its kind and its number among those of its kind."""
    if depth > _MAX_DEPTH:
        raise ValueError("its models are nested too deep")
    layers = model["config"]["layers"]
    if model["class_name"] == "Sequential" and layers[0]["class_name"] == "InputLayer":
        layers = layers[1:]  # which Keras 2 does not count
    counts: dict[str, int] = {}
    for place, layer in enumerate(layers):
        kind = _snake_case("Functional" if layer["class_name"] == "Model" else layer["class_name"])
        number = counts[kind] = counts.get(kind, -1) + 1
        own = group.create_group(f"layers/{kind}_{number}" if number else f"layers/{kind}")
        child = arrays.child(node, f"layer-{place}")
        if layer["class_name"] in (*MODELS, "Model"):
            _write_layers(own, layer, arrays, child, depth + 1)
        _write_weights(own, arrays, child)


def _write_weights(group: "h5py.Group", arrays: "_Arrays", node: int) -> None:
    """Writes the weights of a layer and those of its parts, a group for each."""
    for number_of_weight, array in enumerate(arrays.of_layer(node)):
        group[f"vars/{number_of_weight}"] = array
    for part, child in arrays.parts(node).items():
        _write_weights(group.create_group(part), arrays, child)


def _snake_case(name: str) -> str:
    """As Keras calls the groups of weights in its files."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


class _Arrays:
    """The arrays of a checkpoint, by the objects that hold them."""

    def __init__(self, index: bytes, values: bytes) -> None:
        self._values = values
        self._left = len(values)
        """Bytes that may still be read: no array belongs to two layers."""
        self._entries = dict(_table(index))
        self._nodes = list(_messages(self._text(_OBJECTS), 1))

    def child(self, node: int, name: str) -> int:
        """The number of an object that another one holds under a name."""
        return self._children(node)[name]

    def parts(self, node: int) -> dict[str, int]:
        """The numbers of the parts of a layer that have weights of their own, by name."""
        held = self._children(node)
        parts = _DIRECTIONS if held.keys() >= set(_DIRECTIONS) else _PARTS
        return {part: held[part] for part in parts if part in held}

    def of_layer(self, node: int) -> "Iterator[Any]":
        """The weights of a layer, in its own order; none for a model, whose layers have them."""
        held = self._children(node)
        found = {name: key for name, held_node in held.items() if (key := self._key(held_node)) is not None}
        if unknown := found.keys() - {*_ORDER, *_PASSED_OVER}:
            raise ValueError(f"one of its layers has weights of an unknown name, “{min(unknown)[:40]}”")
        for name in _ORDER:
            if name in found:
                yield self._array(found[name])

    def _children(self, node: int) -> dict[str, int]:
        children = _messages(self._nodes[node], 1)
        return {next(_messages(child, 2)).decode(): _numbers(child).get(1, 0) for child in children}

    def _key(self, node: int) -> bytes | None:
        """The key of the array that an object is."""
        for attribute in _messages(self._nodes[node], 2):
            if next(_messages(attribute, 1)) == b"VARIABLE_VALUE":
                return next(_messages(attribute, 3))
        return None

    def _array(self, key: bytes) -> Any:
        import numpy as np

        entry = self._entries[key]
        numbers = _numbers(entry)
        shape = [_numbers(side).get(1, 0) for sides in _messages(entry, 2) for side in _messages(sides, 2)]
        return np.frombuffer(self._bytes(numbers), _TYPES[numbers[1]]).reshape(shape)

    def _text(self, key: bytes) -> bytes:
        """A text: its length, four bytes of a checksum, and itself."""
        numbers = _numbers(self._entries[key])
        if numbers.get(1) != _STRING:
            raise ValueError("its table of objects is no text")
        data = self._bytes(numbers)
        length, start = _number(data, 0)
        return data[start + 4 : start + 4 + length]

    def _bytes(self, entry: Mapping[int, int]) -> bytes:
        start, size = entry.get(4, 0), entry.get(5, 0)
        if entry.get(3, 0) != 0 or not 0 <= start <= start + size <= len(self._values):
            raise ValueError("one of its arrays lies outside its file")
        self._left -= size
        if self._left < 0:
            raise ValueError("some of its layers share an array")
        return self._values[start : start + size]


def _table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a table whose blocks are not compressed."""
    if data[-8:] != _MAGIC:
        raise ValueError("its index is cut off or damaged")
    footer = data[-48:]
    _, at = _handle(footer, 0)
    (start, size), _ = _handle(footer, at)
    for _, place in _block(data, start, size):
        block, _ = _handle(place, 0)
        yield from _block(data, *block)


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    start, at = _number(data, at)
    size, at = _number(data, at)
    return (start, size), at


def _block(data: bytes, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block; each key says how much of the one before it begins with."""
    block = data[start : start + size]
    if len(block) != size or data[start + size : start + size + 1] != b"\0":
        raise ValueError("a block of its index is missing or compressed")
    (restarts,) = struct.unpack_from("<I", block, size - 4)
    end, at, key = size - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = _number(block, at)
        own, at = _number(block, at)
        length, at = _number(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _messages(data: bytes, wanted: int) -> Iterator[bytes]:
    """The values of one field of a protobuf that are texts or other protobufs."""
    for field, value in _fields(data):
        if field == wanted and isinstance(value, bytes):
            yield value


def _numbers(data: bytes) -> dict[int, int]:
    """The fields of a protobuf that are numbers."""
    return {field: value for field, value in _fields(data) if isinstance(value, int)}


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a protobuf; numbers of fixed length are passed over."""
    at = 0
    while at < len(data):
        tag, at = _number(data, at)
        match tag & 7:
            case 0:
                number, at = _number(data, at)
                yield tag >> 3, number
            case 2:
                length, at = _number(data, at)
                if at + length > len(data):
                    raise ValueError("one of its files is cut off")
                yield tag >> 3, data[at : at + length]
                at += length
            case 1 | 5 as kind:
                at += 8 if kind == 1 else 4
            case _:
                raise ValueError("one of its files is damaged")


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of which each byte holds seven bits, the lowest first; and where it ends."""
    number = 0
    for place in range(10):
        byte = data[at + place]
        number |= (byte & 127) << (7 * place)
        if byte < 128:
            return number, at + place + 1
    raise ValueError("one of its numbers never ends")
