"""The graph of a network, taken out of Keras's config and put back.

Keras's config lists the layers, each with the outputs that it is called with. Here each layer is a `Node` that names
the layers it is fed by, so that a layer can be put in, taken out or moved without copying the others.
"""

import re
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from cnnstudio.errors import StudioError
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of

Config = dict[str, Any]
"""Keras's config of a Functional or Sequential model, as of `keras.saving.serialize_keras_object`."""

_SHORTENING = frozenset({"Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Reshape"})
"""Kinds of layers that bring maps into one list of numbers."""

LAYER_NAMES = "the names of layers consist of Latin letters, digits, dots, dashes and underlines"
_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.-]{0,99}")

_LAYER_FIELDS = ("module", "class_name", "config", "registered_name")


@dataclass(frozen=True)
class Node:
    """A layer and what it is fed by.

    Attributes:
        name: the layer's name, unique in its graph; of a layer within a model within the model, “model/layer”.
        layer: Keras's config of the layer (module, class_name, config, registered_name); never changed in place.
        inputs: the names of the layers whose outputs it takes, in order.
        options: other arguments of its call, such as `training`.
    """

    name: str
    layer: Mapping[str, Any]
    inputs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Keras's class of the layer."""
        return str(self.layer["class_name"])

    @property
    def config(self) -> dict[str, Any]:
        """What the layer is made with."""
        return self.layer["config"]

    @property
    def trainable(self) -> bool:
        """Whether training changes its weights."""
        return self.config.get("trainable") is not False

    @property
    def count_field(self) -> str:
        """The field that says how many channels or units it gives; empty where there is none."""
        return LAYER_KINDS[self.kind].count_field if self.kind in LAYER_KINDS else ""

    def fed_by(self, *inputs: str) -> "Node":
        """The same layer with other inputs."""
        return replace(self, inputs=inputs)

    def with_values(self, **values: Any) -> "Node":
        """The same layer made with other values; with another `name` it is a layer of that name."""
        config = self.config | values
        return replace(self, name=config["name"], layer={**self.layer, "config": config})


class Graph:
    """The layers of a network with one input and one output.

    Attributes:
        name: of the model.
        nodes: every layer by its name; once sorted, each after those it is fed by.
        output: name of the last layer.
    """

    def __init__(self, name: str, nodes: Iterable[Node], output: str) -> None:
        self.name = name
        self.nodes = {node.name: node for node in nodes}
        self.output = output

    @classmethod
    def of(cls, config: Config) -> "Graph":
        """Reads a config.

        Raises:
            StudioError: it is no network with one input and one output, or its connections make no sense.
        """
        nodes, output = _read(config, flatten=False)
        graph = cls(scope_name(str(config["config"]["name"])), nodes, output)
        if [node.kind for node in nodes if not node.inputs] != ["InputLayer"]:
            raise StudioError("This is no image classifier: all its layers must be computed from its one input.")
        graph.sort()
        return graph

    @classmethod
    def flattened(cls, config: Config) -> "Graph":
        """Reads a config with the layers of models within the model in their place, the input first.

        Its layers cannot be edited, and are in the order of the config as far as each follows those it is fed by.

        Raises:
            StudioError: as of `of`.
        """
        return cls(str(config["config"].get("name")), *_read(config, flatten=True))

    @property
    def input(self) -> str:
        """Name of the layer that takes the image."""
        return next(node.name for node in self.nodes.values() if not node.inputs)

    @property
    def head(self) -> Node | None:
        """The layer that gives each class its number; None where none can be found."""
        node = self.nodes[self.output]
        while _follows_head(node):
            node = self.nodes[node.inputs[0]]
        return node if node.count_field else None

    @property
    def gives_probabilities(self) -> bool:
        """Whether the outputs are made to sum to 1."""
        node = self.nodes[self.output]
        while _follows_head(node) and not _is_softmax(node):
            node = self.nodes[node.inputs[0]]
        return _is_softmax(node)

    @property
    def gives_logits(self) -> bool:
        """Whether the outputs are still to be made probabilities: no softmax or sigmoid does so."""
        return not self.gives_probabilities and self.nodes[self.output].config.get("activation") != "sigmoid"

    def node(self, name: str) -> Node:
        """The layer of that name.

        Raises:
            StudioError: there is none.
        """
        try:
            return self.nodes[name]
        except KeyError:
            whole = name.partition("/")[0]
            if whole in self.nodes:
                raise StudioError(f"“{name}” is part of “{whole}”, which is edited as a whole.") from None
            raise StudioError(f"This network has no layer “{name}”.") from None

    def consumers(self, name: str) -> list[Node]:
        """The layers that are fed by a layer."""
        return [node for node in self.nodes.values() if name in node.inputs]

    def descendants(self, name: str) -> set[str]:
        """The names of all layers that an output reaches, however far."""
        reached = {name}
        for node in self.nodes.values():
            if reached.intersection(node.inputs):
                reached.add(node.name)
        return reached - {name}

    def followers(self) -> dict[str, list[Node]]:
        """Of every layer, those that are fed by it, as they are now: for whoever asks again and again."""
        followers: dict[str, list[Node]] = {name: [] for name in self.nodes}
        for node in self.nodes.values():
            for source in dict.fromkeys(node.inputs):
                followers[source].append(node)
        return followers

    def depths(self) -> dict[str, int]:
        """Of every layer, how many others lie on the longest way from the input to it."""
        depths: dict[str, int] = {}
        for node in self.nodes.values():
            depths[node.name] = 1 + max((depths[source] for source in node.inputs), default=-1)
        return depths

    def add(self, *nodes: Node) -> None:
        """Adds layers, connected as they say."""
        self.nodes |= {node.name: node for node in nodes}

    def free_name(self, name: str) -> str:
        """The name, or one like it where a layer has it already."""
        while name in self.nodes:
            name += "_"
        return name

    def reconnect(self, old: str, new: str) -> None:
        """Feeds all that is fed by one layer by another one instead."""
        for node in self.consumers(old):
            inputs = (new if source == old else source for source in node.inputs)
            self.nodes[node.name] = node.fed_by(*inputs)
        if self.output == old:
            self.output = new

    def sort(self) -> None:
        """Puts the layers in the order in which Keras lists them, without those that lead nowhere.

        The further a layer is from the output, the earlier it comes; of those that are equally far, the one that is
        found first on the way back from the output. A model that Keras builds of them lists them the same way, so that
        whoever builds it again from its own config draws the same weights from the same seed.
        """
        found: dict[str, int] = {}
        waiting = [self.output]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = len(found)
                waiting += reversed(self.nodes[name].inputs)
        left = Counter(source for name in found for source in set(self.nodes[name].inputs))
        distance = dict.fromkeys(found, 0)
        ready = [self.output]
        while ready:
            name = ready.pop()
            for source in set(self.nodes[name].inputs):
                distance[source] = max(distance[source], distance[name] + 1)
                left[source] -= 1
                if not left[source]:
                    ready.append(source)
        self.nodes = {name: self.nodes[name] for name in sorted(found, key=lambda name: (-distance[name], found[name]))}

    def check_names(self) -> None:
        """Checks that TensorFlow can compile a network with such names.

        Raises:
            StudioError: it cannot.
        """
        for name in self.nodes:
            if not is_layer_name(name):
                raise StudioError(f"One of its layers is called “{name}”, but {LAYER_NAMES}.")

    def to_config(self) -> Config:
        """Keras's config of a Functional model of these layers, sorted."""
        self.sort()
        return {
            "module": "keras.src.models.functional",
            "class_name": "Functional",
            "config": {
                "name": self.name,
                "trainable": True,
                "layers": [_layer(node) for node in self.nodes.values()],
                "input_layers": [self.input, 0, 0],
                "output_layers": [self.output, int(self.nodes[self.output].kind == "Functional"), 0],
            },
            "registered_name": None,
        }


def scope_name(name: str) -> str:
    """The name of a model as TensorFlow can compile it."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name).lstrip("_-") or "network"


def is_layer_name(name: str) -> bool:
    """Whether TensorFlow can compile a network with a layer of that name."""
    return _NAME.fullmatch(name) is not None and ".." not in name


def _follows_head(node: Node) -> bool:
    """Whether a layer may stand between the one that gives each class its number and the end."""
    if len(node.inputs) != 1:
        return False
    return group_of(node.kind) in ("Activation", "Regularisation") or node.kind in _SHORTENING


def _is_softmax(node: Node) -> bool:
    return node.kind == "Softmax" or node.config.get("activation") == "softmax"


def _read(config: Config, flatten: bool) -> tuple[list[Node], str]:
    """Reads the layers of a config, each after those it is fed by, the input first; and the name of the output."""
    try:
        nodes, outputs = _nodes_of(config, "", None, trainable=True, flatten=flatten)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise StudioError("The network is damaged: its layers and connections cannot be read.") from error
    if len(outputs) != 1 or [node.kind for node in nodes].count("InputLayer") != 1:
        raise StudioError("This is no image classifier: a network needs exactly one input and one output.")
    # The input is listed first by Keras too, but a config may come from anybody.
    return sorted(nodes, key=lambda node: node.kind != "InputLayer"), outputs[0]


def _nodes_of(
    config: Mapping[str, Any], path: str, inputs: Sequence[str] | None, trainable: bool, flatten: bool
) -> tuple[list[Node], tuple[str, ...]]:
    """Reads the layers of a model.

    Args:
        config: of the model.
        path: goes before the names of its layers.
        inputs: names of the nodes that feed it; None for the outermost model, which has an input layer of its own.
        trainable: whether training changes what is around it.
        flatten: whether the layers of models within it take their place.

    Returns:
        The layers, each after those it is fed by; and the names of those whose outputs are the model's own.
    """
    fields = config["config"]
    trainable = trainable and fields.get("trainable") is not False
    layers, starts, ends = _chain(fields, inputs) if config["class_name"] == "Sequential" else _connected(fields)
    counts = Counter(_name(layer) for layer, _ in layers)
    if twice := next((name for name, count in counts.items() if count > 1), None):
        raise StudioError(f"The network is damaged: two of its layers are called “{twice}”.")
    outputs: dict[str, tuple[str, ...]] = {}  # for each layer or model within, the nodes whose outputs are its own
    if inputs is not None:
        outputs = {name: (given,) for (name, _), given in zip(starts, inputs, strict=True)}
    nodes: list[Node] = []
    for layer, sources in _in_order(layers, outputs):
        name = _name(layer)
        if any(place >= len(outputs[source]) for source, place in sources):
            raise StudioError(f"The layer “{name}” is fed by one of several outputs of a model, and is not edited.")
        given = tuple(outputs[source][place] for source, place in sources)
        if flatten and "layers" in layer["config"]:
            inner, outputs[name] = _nodes_of(layer, f"{path}{name}/", given, trainable, flatten)
            nodes += inner
        else:
            nodes.append(_node(layer, path + name, given, trainable or not flatten))
            outputs[name] = (path + name,)
    if absent := next((name for name, _ in ends if name not in outputs), None):
        raise StudioError(f"The network is damaged: its output is the layer “{absent}”, which is not there.")
    return nodes, tuple(outputs[name][place] for name, place in ends)


def _in_order(layers: "_Connected", given: Collection[str]) -> "Iterator[_Calls]":
    """The layers in the order in which they are listed, each after those it is fed by, save those that are `given`."""
    by_name = {_name(layer): (layer, sources) for layer, sources in layers if _name(layer) not in given}
    done: set[str] = set()
    opened: set[str] = set()
    for first in by_name:
        waiting = [first]
        while waiting:
            name = waiting[-1]
            before = [] if name in done else [source for source, _ in by_name[name][1] if source not in given]
            missing = [source for source in before if source not in done]
            if not missing:
                waiting.pop()
                if name not in done:
                    done.add(name)
                    yield by_name[name]
            elif name in opened or not by_name.keys() >= set(missing):
                _refuse([one for other, one in by_name.items() if other not in done], {*given, *by_name})
            else:
                opened.add(name)
                waiting += reversed(missing)


def _refuse(waiting: "_Connected", names: Container[str]) -> NoReturn:
    """Says why none of the layers that are left can be computed."""
    for layer, sources in waiting:
        if absent := next((source for source, _ in sources if source not in names), None):
            raise StudioError(f"The layer “{_name(layer)}” is fed by “{absent}”, which is not there.")
    circle = _name(waiting[0][0])
    raise StudioError(f"The connections of this network go round in a circle, through the layer “{circle}”.")


_Place = tuple[str, int]
"""One of the outputs of a layer, by the layer's name and the output's number."""
_Calls = tuple[Mapping[str, Any], list[_Place]]
"""A layer with the outputs that it is called with."""
_Connected = list[_Calls]


def _connected(fields: Mapping[str, Any]) -> tuple[_Connected, list[_Place], list[_Place]]:
    """The layers of a Functional model, its inputs and its outputs."""
    layers = [(layer, _called_with(layer)) for layer in fields["layers"]]
    starts = _places(fields["input_layers"])
    if not {name for name, _ in starts} <= {_name(one) for one, _ in layers if one["class_name"] == "InputLayer"}:
        raise StudioError("The network is damaged: what it names as its input is no input layer.")
    return layers, starts, _places(fields["output_layers"])


def _chain(fields: Mapping[str, Any], inputs: Sequence[str] | None) -> tuple[_Connected, list[_Place], list[_Place]]:
    """The layers of a Sequential model, which follow each other, its input and its output."""
    layers = list(fields["layers"])
    if layers[0]["class_name"] != "InputLayer":
        # Such a model may still say what it was built for.
        shape = fields.get("build_input_shape") or layers[0]["config"].get("batch_input_shape")
        if shape is None and inputs is None:
            raise StudioError("This network has no input layer, so the size of its images is unknown.")
        layers.insert(0, input_layer(shape or ()))
    places = [(_name(layer), 0) for layer in layers]
    sources: list[list[_Place]] = [[], *([place] for place in places[:-1])]
    return list(zip(layers, sources, strict=True)), places[:1], places[-1:]


def _name(layer: Mapping[str, Any]) -> str:
    return layer.get("name") or layer["config"]["name"]


def _called_with(layer: Mapping[str, Any]) -> list[_Place]:
    calls = layer.get("inbound_nodes") or []
    if len(calls) > 1:
        raise StudioError(
            f"The layer “{_name(layer)}” is used at {len(calls)} places. CNN Studio takes only networks that use each "
            "layer once."
        )
    return [place for call in calls for place in _places(call["args"])]


def _places(value: Any) -> list[_Place]:
    """The places in Keras's [name, call, place] or in tensors that hold one, in lists however deep."""
    if isinstance(value, Mapping):
        value = value["config"]["keras_history"]
    if value and isinstance(value[0], str):
        name, _, place = value
        return [(name, place)]
    return [found for item in value for found in _places(item)]


def _node(layer: Mapping[str, Any], name: str, inputs: tuple[str, ...], trainable: bool) -> Node:
    if layer["config"]["name"] != _name(layer):
        raise StudioError(f"The layer “{_name(layer)}” has a second name, “{layer['config']['name']}”.")
    kept = {key: layer.get(key) for key in _LAYER_FIELDS}
    if not trainable:
        kept["config"] = {**layer["config"], "trainable": False}
    calls = layer.get("inbound_nodes") or [{}]
    return Node(name, kept, inputs, calls[0].get("kwargs") or {})


def layer_config(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Keras's config of one of its layers: its class, and the values that are not as usual, its name among them."""
    return {"module": "keras.layers", "class_name": kind, "config": values, "registered_name": None}


def input_layer(batch_shape: Sequence[int | None]) -> dict[str, Any]:
    """Keras's config of an input layer called “image”."""
    values = {"batch_shape": list(batch_shape), "dtype": "float32", "sparse": False, "ragged": False, "name": "image"}
    return layer_config("InputLayer", values)


def _layer(node: Node) -> dict[str, Any]:
    tensors = [tensor([source, 0, 0]) for source in node.inputs]
    args = [tensors] if len(tensors) > 1 or group_of(node.kind) == "Branches" else tensors
    calls = [{"args": args, "kwargs": dict(node.options)}] if tensors else []
    return {**node.layer, "name": node.name, "inbound_nodes": calls}


def tensor(place: list[Any]) -> dict[str, Any]:
    """Keras's config of an output, by the layer's name, the call and the output's number.

    Keras asks for a shape, but finds it out by itself.
    """
    config = {"shape": [None], "dtype": "float32", "keras_history": place}
    return {"class_name": "__keras_tensor__", "config": config}
