"""Changing a network: pure functions from Keras's config to Keras's config.

Whether the layers of the new network fit each other, `cnnstudio.models.layer_table.describe` finds out; here only
operations that make no sense are refused.
"""

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.graph import LAYER_NAMES, Config, Graph, Node, is_layer_name
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.layer_kinds.fields import Field
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.values import folded
from cnnstudio.models.layer_table import describe


def add_layer(config: Config, after: str, kind: str, *, source: str | None = None, **values: Any) -> Config:
    """Adds a new layer after another one, whose output now feeds the new one, and the new one all that it fed before.

    Args:
        config: of the network; stays as it is.
        after: name of a layer.
        kind: a key of `LAYER_KINDS` that is offered.
        source: for a layer that joins two branches, where the second one comes from; the nearest earlier layer that
            fits, where None.
        values: of its fields, where they differ from those of a new layer.

    Returns:
        The config of the new network.

    Raises:
        StudioError: there is no such layer or kind, a value is none for its field, or nothing can stand there.
    """
    graph = _graph_with_place(config, after)
    entry = _kind(kind)
    node = Node(_free_name(graph, entry.stem), entry.layer(_free_name(graph, entry.stem)), (after,))
    node = _with_fields(node, entry, values)
    if entry.group == "Branches":
        node = node.fed_by(after, _second(config, graph, after, entry, source))
    elif source is not None:
        raise StudioError(f"{entry.title} takes one input; only layers that join branches take a second one.")
    _insert(graph, after, node)
    return graph.to_config()


def sources(config: Config, after: str) -> tuple[str, ...]:
    """The layers from which a shortcut past a layer can come: all that are not computed from its output."""
    graph = Graph.of(config)
    graph.node(after)
    later = graph.descendants(after)
    return tuple(name for name in graph.nodes if name != after and name not in later)


def add_residual_block(config: Config, after: str, filters: int, stride: int = 1) -> Config:
    """Puts a block of two convolutions with a shortcut past them after a layer.

    Convolution, normalisation, ReLU, convolution, normalisation; what went in is added; ReLU. Where the shape changes,
    the shortcut is a 1×1 convolution with normalisation: option B of He et al., Deep Residual Learning for Image
    Recognition, CVPR 2016.

    Args:
        config: of the network; stays as it is.
        after: name of a layer whose output is an image with channels.
        filters: of both convolutions.
        stride: of the first one; 2 halves height and width.

    Raises:
        StudioError: there is no such layer, its output is flat, or a number is out of its range.
    """
    graph = _graph_with_place(config, after)
    shape = next((row.output_shape for row in describe(config).rows if row.name == after), None)
    if shape is None or len(shape) != 3:
        raise StudioError(
            f"A residual block works on an image with channels, which the output of “{after}” is not. "
            "Add it after a convolution or a pooling."
        )
    taken = {int(found[1]) for name in graph.nodes if (found := re.match(r"block(\d+)_", name))}
    number = next(free for free in count(1) if free not in taken)
    place = f"block{number}_"
    main = normalised_convolution(f"{place}1_", after, filters, 3, stride)
    main.append(_new("ReLU", f"{place}1_relu", main[-1].name))
    main += normalised_convolution(f"{place}2_", main[-1].name, filters, 3, 1)
    is_same = stride == 1 and shape[-1] == filters
    shortcut = [] if is_same else normalised_convolution(f"{place}shortcut_", after, filters, 1, stride)
    nodes = main + shortcut
    nodes.append(_new("Add", f"{place}add", main[-1].name, shortcut[-1].name if shortcut else after))
    nodes.append(_new("ReLU", f"{place}relu", nodes[-1].name))
    _insert(graph, after, *nodes)
    return graph.to_config()


def remove_layer(config: Config, name: str) -> Config:
    """Takes a layer out; what it fed is fed by what fed it.

    Of a layer that joins branches, the one that has the same shape as their sum stays, the longest where several have;
    the layers of the others go too.

    Raises:
        StudioError: there is no such layer, it is the input or the output, or none of its branches can take its place.
    """
    graph = Graph.of(config)
    node = _inner(graph, name, "removed")
    if node == graph.head:
        raise StudioError(f"“{name}” has one output for each class and stays. Remove or change the layers before it.")
    kept = node.inputs[0] if len(node.inputs) == 1 else _main_branch(config, graph, node)
    _bridge(graph, name, kept)
    return graph.to_config()


def move_layer(config: Config, name: str, by: int) -> Config:
    """Lets a layer change places with the one before it (by = −1) or after it (by = 1).

    Raises:
        StudioError: there is no such layer, or there is no single neighbour with which it could change places.
    """
    graph = Graph.of(config)
    node = _inner(graph, name, "moved")
    if by not in (-1, 1):
        raise StudioError("A layer moves by one place at a time.")
    if by == 1:
        followers = graph.consumers(name)
        if len(followers) != 1:
            raise StudioError(f"The network forks after “{name}”: it cannot move into one of the branches.")
        upper, lower = node, followers[0]
    else:
        if len(node.inputs) != 1:
            raise StudioError(f"“{name}” joins branches: it cannot move into one of them.")
        upper, lower = graph.node(node.inputs[0]), node
    _check_swap(graph, upper, lower, name)
    graph.reconnect(lower.name, upper.name)
    graph.add(upper.fed_by(lower.name), lower.fed_by(*upper.inputs))
    return graph.to_config()


def duplicate_layer(config: Config, name: str) -> Config:
    """Puts a second layer of the same kind and values after a layer.

    Raises:
        StudioError: there is no such layer, it is the input or the output, or it joins branches.
    """
    graph = Graph.of(config)
    node = _inner(graph, name, "duplicated")
    if len(node.inputs) > 1:
        raise StudioError(f"“{name}” joins branches: a second one would have nothing to join.")
    stem = re.sub(r"_\d+$", "", name)
    copy = node.with_values(name=_free_name(graph, f"{stem}_", first=2))
    if "trainable" in copy.config:
        # A copy of a frozen layer has no weights to keep.
        copy = copy.with_values(trainable=True)
    _insert(graph, name, copy.fed_by(name))
    return graph.to_config()


def change_layer(config: Config, name: str, **values: Any) -> Config:
    """Sets fields of a layer.

    Args:
        config: of the network; stays as it is.
        name: of the layer.
        values: by field; of a size along height and width, one number for both or two.

    Raises:
        StudioError: there is no such layer or field, a value is none for its field, or it would take the classes away.
    """
    graph = Graph.of(config)
    node = graph.node(name)
    changed = _with_fields(node, _kind(node.kind), values)
    if node == graph.head and changed.config[node.count_field] != node.config[node.count_field]:
        raise StudioError(f"“{name}” has one output for each class: the data set decides how many.")
    if name == graph.output and node.config.get("activation") == "softmax" != changed.config["activation"]:
        raise StudioError(f"“{name}” keeps its softmax, which turns its outputs into probabilities.")
    graph.nodes[name] = changed
    return graph.to_config()


def rename_layer(config: Config, name: str, new: str) -> Config:
    """Gives a layer another name.

    Raises:
        StudioError: there is no such layer, or the name is taken or not possible.
    """
    graph = Graph.of(config)
    node = graph.node(name)
    if name == new:
        return graph.to_config()
    if not is_layer_name(new):
        raise StudioError(f"“{new}” is no name for a layer: {LAYER_NAMES}.")
    if new in graph.nodes:
        raise StudioError(f"This network has a layer “{new}” already.")
    graph.add(node.with_values(name=new))
    graph.reconnect(name, new)
    del graph.nodes[name]
    return graph.to_config()


def values(config: Config, name: str) -> dict[str, Any]:
    """The values of a layer's fields, for a form.

    Returns:
        By field, in the order of its kind; none where the kind cannot be edited. A size is one number where it is the
        same along height and width, else as Keras keeps it.

    Raises:
        StudioError: there is no such layer.
    """
    node = Graph.of(config).node(name)
    kind = LAYER_KINDS.get(node.kind)
    return {field.name: folded(node.config.get(field.name)) for field in kind.fields} if kind else {}


def head_layer(config: Config) -> str | None:
    """Name of the layer that gives each class its number; None where none can be found."""
    head = Graph.of(config).head
    return head.name if head else None


def _kind(kind: str) -> LayerKind:
    if kind not in LAYER_KINDS or not LAYER_KINDS[kind].is_offered:
        raise StudioError(f"Layers of the kind “{kind}” cannot be edited here.")
    return LAYER_KINDS[kind]


def _graph_with_place(config: Config, after: str) -> Graph:
    """A network's graph, in which something can be added after a layer."""
    graph = Graph.of(config)
    graph.node(after)
    if after == graph.output:
        raise StudioError(f"“{after}” stays the last layer: its outputs are the classes. Add new layers before it.")
    return graph


def _inner(graph: Graph, name: str, done: str) -> Node:
    """A layer between input and output."""
    node = graph.node(name)
    if not node.inputs:
        raise StudioError(f"“{name}” takes the image and cannot be {done}.")
    if name == graph.output:
        raise StudioError(f"“{name}” is the last layer, whose outputs are the classes, and cannot be {done}.")
    return node


def _free_name(graph: Graph, stem: str, first: int = 1) -> str:
    number = first
    while f"{stem}{number}" in graph.nodes:
        number += 1
    return f"{stem}{number}"


def _insert(graph: Graph, after: str, *nodes: Node) -> None:
    """Puts layers after another one; the last of them feeds all that was fed by it."""
    graph.reconnect(after, nodes[-1].name)
    graph.add(*nodes)


def _new(kind: str, name: str, *inputs: str, **changes: Any) -> Node:
    return Node(name, LAYER_KINDS[kind].layer(name), inputs).with_values(**changes)


def normalised_convolution(place: str, after: str, filters: int, kernel: int, stride: int) -> list[Node]:
    """A convolution without bias and activation, with a normalisation after it."""
    node = _new("Conv2D", f"{place}conv", after, kernel_initializer="he_normal")
    sizes = {"filters": filters, "kernel_size": kernel, "strides": stride}
    node = _with_fields(node, LAYER_KINDS["Conv2D"], {**sizes, "activation": "linear", "use_bias": False})
    return [node, _new("BatchNormalization", f"{place}norm", node.name)]


def _with_fields(node: Node, kind: LayerKind, values: Mapping[str, Any]) -> Node:
    fields = {field.name: field for field in kind.fields}
    for name in values:
        if name not in fields:
            known = ", ".join(fields) or "nothing"
            raise StudioError(f"There is no “{name}” to be set on {kind.title}: it has {known}.")
    return node.with_values(
        **{name: _as_keras(fields[name], value, fields[name].numbers) for name, value in values.items()}
    )


def _as_keras(field: Field, value: Any, numbers: int) -> Any:
    """A value as Keras keeps it: one number, a pair, or a pair of pairs."""
    if numbers == 1:
        field.check(value)
        return float(value) if field.kind == "float" else value
    pair = list(value) if isinstance(value, list | tuple) else [value, value]
    if len(pair) != 2:
        raise StudioError(f"{field.title} is one number, or one for each side, not {value}.")
    return [_as_keras(field, item, numbers // 2) for item in pair]


def _second(config: Config, graph: Graph, after: str, kind: LayerKind, source: str | None) -> str:
    """Where the second branch of a joining layer comes from."""
    if source is not None:
        graph.node(source)
        if source == after or source in graph.descendants(after):
            raise StudioError(f"A shortcut comes from an earlier layer: “{source}” is not computed before “{after}”.")
        return source
    shapes = {row.name: row.output_shape for row in describe(config).rows}
    shape = shapes.get(after)
    depends = 2 if kind.concatenates else 3
    for name in reversed(sources(config, after)):
        other = shapes.get(name)
        if shape and other and len(shape) == len(other) and shape[:depends] == other[:depends]:
            return name
    raise StudioError(f"No layer before “{after}” has an output of the same shape that a shortcut could come from.")


def _main_branch(config: Config, graph: Graph, node: Node) -> str:
    """The branch that stays when the layer that joins it with others goes."""
    shapes = {row.name: row.output_shape for row in describe(config).rows}
    shape = shapes.get(node.name)
    alike = [name for name in node.inputs if shapes.get(name) == shape]
    if shape is None or not alike:
        raise StudioError(
            f"“{node.name}” joins {len(node.inputs)} branches, and none of them alone has the shape that the next "
            "layer expects. Remove the layers of the branches instead."
        )
    return max(alike, key=graph.depths().__getitem__)


def _bridge(graph: Graph, name: str, kept: str) -> None:
    """Takes a layer out, and all that have nothing to join then; what they fed is fed by the layer `kept`."""
    followers = {other: [node.name for node in nodes] for other, nodes in graph.followers().items()}
    leaving = [name]
    while leaving:
        gone = leaving.pop()
        for follower in followers[gone]:
            node = graph.nodes[follower]
            inputs = tuple(kept if source == gone else source for source in node.inputs)
            if group_of(node.kind) == "Branches" and kept in node.inputs:
                # Two of the branches that it joins are the same now.
                inputs = tuple(dict.fromkeys(inputs))
                if len(inputs) == 1:
                    leaving.append(follower)
            else:
                followers[kept].append(follower)
            graph.nodes[follower] = node.fed_by(*inputs)
        if graph.output == gone:
            graph.output = kept
        del graph.nodes[gone]


def _check_swap(graph: Graph, upper: Node, lower: Node, name: str) -> None:
    if not upper.inputs:
        raise StudioError(f"“{name}” is the first layer already.")
    if lower.name == graph.output:
        raise StudioError(f"“{name}” cannot move further: “{lower.name}” stays the last layer.")
    if len(upper.inputs) != 1 or len(lower.inputs) != 1:
        other = upper if lower.name == name else lower
        raise StudioError(f"“{name}” cannot move past “{other.name}”, which joins branches.")
    if len(graph.consumers(upper.name)) != 1:
        raise StudioError(f"“{name}” cannot move past “{upper.name}”, after which the network forks.")
