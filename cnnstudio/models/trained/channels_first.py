"""Networks that take the channels of an image before its height and width, turned into ones that take them last.

TensorFlow computes only the usual order on a processor, and all that is drawn or explained here has the channels last.
What the layers have learned is the same in both orders: kernels, biases and statistics. Only what their config says of
the order changes; where numbers are flattened channel by channel, they are put in that order first.
"""

from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.allowlist import RefusedError
from cnnstudio.models.keras_config.graph import Graph, Node, layer_config
from cnnstudio.models.layer_table import describe

_FIRST, _LAST = "channels_first", "channels_last"
_AXES = {1: 3, 2: 1, 3: 2, -3: 3, -2: 1, -1: 2}
"""Where an axis of (image, channel, row, column) comes in (image, row, column, channel)."""

_ORDERED = frozenset(
    {"AveragePooling2D", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "MaxPooling2D", "SeparableConv2D"}
)
"""Kinds of layers by which the order is known; the others are also used for something else."""
_BOUND = frozenset({"Dense", "Normalization", "PReLU", "Permute", "Reshape", "UnitNormalization"})
"""Kinds of layers that have weights or settings for each place of a map, and would mean another place."""


def channels_last(graph: Graph) -> Graph:
    """The same network that takes the channels last, changed in place; one that does already, as it is.

    Raises:
        RefusedError: one of its layers depends on the order in a way that is not turned.
    """
    orders = {node.config.get("data_format") for node in graph.nodes.values() if node.kind in _ORDERED}
    if orders != {_FIRST}:
        return graph
    try:
        ranks = {row.name: len(row.output_shape or ()) for row in describe(graph.to_config()).rows}
    except StudioError:
        return graph  # it is told what is wrong where it is built
    for node in list(graph.nodes.values()):
        given = ranks.get(node.inputs[0] if node.inputs else node.name)
        if 3 in (given, ranks.get(node.name)):
            _turn(graph, node)
    graph.sort()
    return graph


def _turn(graph: Graph, node: Node) -> None:
    """Turns a layer that takes or gives maps."""
    config = node.config
    values: dict[str, Any] = {}
    if node.kind == "InputLayer":
        images, channels, *sides = config["batch_shape"]
        values["batch_shape"] = [images, *sides, channels]
    elif node.kind == "Flatten" and config.get("data_format") == _LAST:
        _put_before(graph, node, "Permute", {"dims": [3, 1, 2]})
    elif "data_format" in config:
        if config["data_format"] != _FIRST:
            _refuse(node)
        values["data_format"] = _LAST
    elif isinstance(axis := _only(config.get("axis")), int):
        values["axis"] = _AXES.get(axis)
    elif node.kind in _BOUND or isinstance(config.get("scale"), list) or config.get("axis") is not None:
        _refuse(node)
    if values.get("axis", 0) is None or config.get("activation") == "softmax":
        _refuse(node)
    graph.nodes[node.name] = graph.nodes[node.name].with_values(**values)


def _put_before(graph: Graph, node: Node, kind: str, values: dict[str, Any]) -> None:
    name = f"{node.name}_order"
    while name in graph.nodes:
        name += "_"
    graph.add(Node(name, layer_config(kind, {"name": name, **values}), node.inputs), node.fed_by(name))


def _only(axis: Any) -> Any:
    """The one axis in a list of one."""
    return axis[0] if isinstance(axis, list) and len(axis) == 1 else axis


def _refuse(node: Node) -> None:
    raise RefusedError(
        f"it takes the channels of its images first, and its layer “{node.name}” ({node.kind}) depends on that order. "
        'Build the same network with keras.config.set_image_data_format("channels_last") where it comes from, copy '
        "the weights of its layers, and save that"
    )
