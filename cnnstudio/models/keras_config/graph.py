"""The graph of a network, taken out of Keras's config and put back.

Keras's config lists the layers, each with the outputs that it is called with. Here each layer is a `Node` that names
the layers it is fed by, so that a layer can be put in, taken out or moved without copying the others.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cnnstudio.errors import StudioError

Config = dict[str, Any]
"""Keras's config of a Functional or Sequential model, as of `keras.saving.serialize_keras_object`."""

MERGES = frozenset({"Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"})
"""Kinds of layers that take several inputs."""

HEADS = {"Dense": "units", "Conv2D": "filters", "SeparableConv2D": "filters"}
"""Kinds of layers that can give each class its number, with the field that says how many."""
_AFTER_HEAD = frozenset(
    {"Activation", "Dropout", "Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Reshape", "Softmax"}
)
"""Kinds of layers that may stand between that layer and the end."""

LAYER_NAMES = "the names of layers consist of Latin letters, digits, dots, dashes and underlines"
_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.-]{0,99}")

_LAYER_FIELDS = ("module", "class_name", "config", "registered_name")
_UNKNOWN_SHAPE = [None]
"""Keras finds out by itself what shape a connection has, but asks for one in the config."""


@dataclass(frozen=True)
class Node:
    """A layer and what it is fed by.

    Attributes:
        name: the layer's name, unique in its graph.
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
        inner = config["config"]
        try:
            if config["class_name"] == "Sequential":
                nodes = _chain(inner)
                output = nodes[-1].name
            else:
                nodes = [_node(layer) for layer in inner["layers"]]
                output = _only(inner.get("output_layers"), "output")
                _only(inner.get("input_layers"), "input")
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise StudioError("The network is damaged: its layers and connections cannot be read.") from error
        graph = cls(re.sub(r"[^A-Za-z0-9_.-]", "_", str(inner["name"])).lstrip("_-") or "network", nodes, output)
        if len(graph.nodes) < len(nodes):
            raise StudioError("Two layers of this network have the same name, so that nobody can tell which is meant.")
        graph.check()
        return graph

    @property
    def input(self) -> str:
        """Name of the layer that takes the image."""
        return next(node.name for node in self.nodes.values() if not node.inputs)

    @property
    def head(self) -> Node | None:
        """The layer that gives each class its number; None where none can be found."""
        node = self.nodes[self.output]
        while node.kind in _AFTER_HEAD and len(node.inputs) == 1:
            node = self.nodes[node.inputs[0]]
        return node if node.kind in HEADS else None

    @property
    def gives_probabilities(self) -> bool:
        """Whether the outputs are made to sum to 1."""
        node = self.nodes[self.output]
        while node.kind in _AFTER_HEAD and len(node.inputs) == 1 and not _is_softmax(node):
            node = self.nodes[node.inputs[0]]
        return _is_softmax(node)

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

    def depth(self, name: str) -> int:
        """How many layers lie on the longest way from the input to a layer."""
        depths: dict[str, int] = {}
        for node in self.nodes.values():
            depths[node.name] = 1 + max((depths[source] for source in node.inputs), default=-1)
        return depths[name]

    def add(self, *nodes: Node) -> None:
        """Adds layers, connected as they say."""
        self.nodes |= {node.name: node for node in nodes}

    def reconnect(self, old: str, new: str, but: frozenset[str] = frozenset()) -> None:
        """Feeds all that is fed by one layer, save those named, by another one instead."""
        for node in self.consumers(old):
            if node.name not in but:
                inputs = (new if source == old else source for source in node.inputs)
                self.nodes[node.name] = node.fed_by(*inputs)
        if self.output == old:
            self.output = new

    def sort(self) -> None:
        """Puts the layers in the order in which Keras lists them, without those that lead nowhere.

        The further a layer is from the output, the earlier it comes; of those that are equally far, the one that is
        found first on the way back from the output. A model that Keras builds of them lists them the same way, so that
        whoever builds it again from its own config draws the same weights from the same seed.

        Raises:
            StudioError: there is no order, because the connections go round in a circle.
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
        ready = [] if left[self.output] else [self.output]
        while ready:
            name = ready.pop()
            for source in set(self.nodes[name].inputs):
                distance[source] = max(distance[source], distance[name] + 1)
                left[source] -= 1
                if not left[source]:
                    ready.append(source)
        if circle := [name for name in found if left[name]]:
            raise StudioError(f"The connections of this network go round in a circle, through the layer “{circle[0]}”.")
        self.nodes = {name: self.nodes[name] for name in sorted(found, key=lambda name: (-distance[name], found[name]))}

    def check_names(self) -> None:
        """Checks that TensorFlow can compile a network with such names.

        Raises:
            StudioError: it cannot.
        """
        for name in self.nodes:
            if not is_layer_name(name):
                raise StudioError(f"One of its layers is called “{name}”, but {LAYER_NAMES}.")

    def check(self) -> None:
        """Puts the layers in order.

        Raises:
            StudioError: the connections make no sense.
        """
        for node in self.nodes.values():
            for source in node.inputs:
                if source not in self.nodes:
                    raise StudioError(f"The layer “{node.name}” is fed by “{source}”, which is not there.")
        inputs = [node for node in self.nodes.values() if not node.inputs]
        if len(inputs) != 1 or inputs[0].kind != "InputLayer":
            raise StudioError("An image classifier has exactly one input, from which everything else follows.")
        self.node(self.output)
        self.sort()

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


def is_layer_name(name: str) -> bool:
    """Whether TensorFlow can compile a network with a layer of that name."""
    return _NAME.fullmatch(name) is not None and ".." not in name


def _is_softmax(node: Node) -> bool:
    return node.kind == "Softmax" or node.config.get("activation") == "softmax"


def _only(places: Any, what: str) -> str:
    """The layer's name in Keras's [name, 0, 0], which older files put into another list."""
    while isinstance(places, list | tuple) and len(places) == 1:
        places = places[0]
    if not isinstance(places, list | tuple) or len(places) != 3 or not isinstance(places[0], str):
        raise StudioError(f"An image classifier has exactly one {what}; this network has another number of them.")
    return places[0]


def _own(layer: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's entry without what Keras keeps of a particular building."""
    return {key: layer.get(key) for key in _LAYER_FIELDS}


def _node(layer: Mapping[str, Any]) -> Node:
    calls = layer.get("inbound_nodes") or []
    name = layer.get("name") or layer["config"]["name"]
    if len(calls) > 1:
        raise StudioError(f"The layer “{name}” is used at {len(calls)} places, which cannot be edited.")
    if layer["config"]["name"] != name:
        raise StudioError(f"The layer “{name}” has a second name, “{layer['config']['name']}”.")
    if not calls:
        return Node(name, _own(layer))
    return Node(name, _own(layer), tuple(_sources(calls[0]["args"], name)), calls[0].get("kwargs") or {})


def _sources(value: Any, name: str) -> Iterable[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _sources(item, name)
        return
    history = value["config"]["keras_history"]
    source, call, place = history
    if not isinstance(source, str) or (call, place) != (0, 0):
        raise StudioError(f"It cannot be told what the layer “{name}” is fed by.")
    yield source


def _chain(inner: Mapping[str, Any]) -> list[Node]:
    """The layers of a Sequential model, which follow each other."""
    layers = list(inner["layers"])
    if not layers or layers[0]["class_name"] != "InputLayer":
        shape = inner.get("build_input_shape")
        if not layers or not isinstance(shape, list | tuple):
            raise StudioError("This network does not say which images it takes: it has no input layer.")
        layers.insert(0, input_layer(shape))
    nodes: list[Node] = []
    for layer in layers:
        inputs = (nodes[-1].name,) if nodes else ()
        nodes.append(Node(layer["config"]["name"], _own(layer), inputs))
    return nodes


def layer_config(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Keras's config of one of its layers: its class, and the values that are not as usual, its name among them."""
    return {"module": "keras.layers", "class_name": kind, "config": values, "registered_name": None}


def input_layer(batch_shape: Sequence[int | None]) -> dict[str, Any]:
    """Keras's config of an input layer called “image”."""
    values = {"batch_shape": list(batch_shape), "dtype": "float32", "sparse": False, "ragged": False, "name": "image"}
    return layer_config("InputLayer", values)


def _layer(node: Node) -> dict[str, Any]:
    tensors = [_tensor(source) for source in node.inputs]
    args = [tensors] if len(tensors) > 1 or node.kind in MERGES else tensors
    calls = [{"args": args, "kwargs": dict(node.options)}] if tensors else []
    return {**node.layer, "name": node.name, "inbound_nodes": calls}


def _tensor(source: str) -> dict[str, Any]:
    config = {"shape": _UNKNOWN_SHAPE, "dtype": "float32", "keras_history": [source, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


_Outputs = dict[str, tuple[str, ...]]
"""For each layer (or model) of one level, the names of the steps whose outputs are its own."""


@dataclass(frozen=True)
class Step:
    """One layer.

    Attributes:
        name: of the layer; of one within a model within the model, “model/layer”.
        kind: Keras's class.
        fields: its config.
        inputs: names of the steps that feed it.
        trainable: whether training changes its weights.
    """

    name: str
    kind: str
    fields: Mapping[str, Any]
    inputs: tuple[str, ...]
    trainable: bool


def steps_of(config: Mapping[str, Any]) -> tuple[tuple[Step, ...], str]:
    """Lists the layers of a network with one input and one output.

    Args:
        config: of a Functional or Sequential model.

    Returns:
        The layers, the input first, each after those that feed it; and the name of the one whose output is the
        network's.

    Raises:
        StudioError: it is no such network.
    """
    try:
        steps, outputs = _Walk().model(config, "", None, trainable=True)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise StudioError("The network is damaged: its list of layers and connections cannot be read.") from error
    if len(outputs) != 1 or [step.kind for step in steps].count("InputLayer") != 1:
        raise StudioError("This is no image classifier: a network needs exactly one input and one output.")
    # The input is listed first by Keras too, but a config may come from anybody.
    return tuple(sorted(steps, key=lambda step: step.kind != "InputLayer")), outputs[0]


class _Walk:
    """Goes through a model's layers; the input of the outermost model alone is a step."""

    def model(
        self, config: Mapping[str, Any], path: str, inputs: Sequence[str] | None, trainable: bool
    ) -> tuple[list[Step], tuple[str, ...]]:
        """Lists the layers of a model.

        Args:
            config: of the model.
            path: goes before its layers' names.
            inputs: the steps that feed it; None for the outermost, which has an input of its own.
            trainable: whether training changes what is around it.

        Returns:
            Its layers, and the names of those whose outputs are its own.
        """
        fields = config["config"]
        trainable = trainable and fields.get("trainable") is not False
        if config["class_name"] == "Sequential":
            return self._sequential(fields, path, inputs, trainable)
        return self._functional(fields, path, inputs, trainable)

    def _sequential(
        self, fields: Mapping[str, Any], path: str, inputs: Sequence[str] | None, trainable: bool
    ) -> tuple[list[Step], tuple[str, ...]]:
        layers = list(fields["layers"])
        if layers and layers[0]["class_name"] != "InputLayer":
            layers.insert(0, _input_of(fields, layers[0]))
        steps: list[Step] = []
        given: tuple[str, ...] | None = None if inputs is None else tuple(inputs)
        for layer in layers:
            if layer["class_name"] == "InputLayer" and given is not None:
                continue
            made, given = self._layer(layer, path, given or (), trainable)
            steps += made
        _refuse_doubles(layers)
        return steps, given or ()

    def _functional(
        self, fields: Mapping[str, Any], path: str, inputs: Sequence[str] | None, trainable: bool
    ) -> tuple[list[Step], tuple[str, ...]]:
        _refuse_doubles(fields["layers"])
        outputs: _Outputs = {}
        named = {_name(layer) for layer in fields["layers"] if layer["class_name"] == "InputLayer"}
        if not {name for name, _ in _ends(fields["input_layers"])} <= named:
            raise StudioError("The network is damaged: what it names as its input is no input layer.")
        if inputs is not None:
            outputs = {name: (given,) for (name, _), given in zip(_ends(fields["input_layers"]), inputs, strict=True)}
        steps: list[Step] = []
        waiting = [(layer, _called_with(layer)) for layer in fields["layers"] if _name(layer) not in outputs]
        while waiting:
            left = []
            for layer, sources in waiting:
                if any(name not in outputs for name, _ in sources):
                    left.append((layer, sources))
                    continue
                given = tuple(outputs[name][place] for name, place in sources)
                made, outputs[_name(layer)] = self._layer(layer, path, given, trainable)
                steps += made
            if len(left) == len(waiting):
                raise StudioError("The network is damaged: its layers feed each other in a circle, or one is missing.")
            waiting = left
        return steps, tuple(outputs[name][place] for name, place in _ends(fields["output_layers"]))

    def _layer(
        self, layer: Mapping[str, Any], path: str, inputs: tuple[str, ...], trainable: bool
    ) -> tuple[list[Step], tuple[str, ...]]:
        name, fields = path + _name(layer), layer["config"]
        if "layers" in fields:
            return self.model(layer, f"{name}/", inputs, trainable)
        trainable = trainable and fields.get("trainable") is not False
        return [Step(name, layer["class_name"], fields, inputs, trainable)], (name,)


def _name(layer: Mapping[str, Any]) -> str:
    return layer.get("name") or layer["config"]["name"]


def _refuse_doubles(layers: Sequence[Mapping[str, Any]]) -> None:
    seen = set()
    for layer in layers:
        if _name(layer) in seen:
            raise StudioError(f"The network is damaged: two of its layers are called “{_name(layer)}”.")
        seen.add(_name(layer))


def _input_of(fields: Mapping[str, Any], first: Mapping[str, Any]) -> dict[str, Any]:
    """The input of a Sequential model that lists none, of which its config may still say what it was built for."""
    shape = fields.get("build_input_shape") or first["config"].get("batch_input_shape")
    return {"class_name": "InputLayer", "config": {"name": "input", "batch_shape": shape}}


def _called_with(layer: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The layers whose outputs a layer is called with, each with which one of its outputs."""
    nodes = layer.get("inbound_nodes") or []
    if len(nodes) > 1:
        raise StudioError(f"The layer “{_name(layer)}” is used at {len(nodes)} places, which no layer table can show.")
    return [history for node in nodes for history in _histories(node["args"])]


def _histories(value: Any) -> Iterator[tuple[str, int]]:
    if isinstance(value, Mapping):
        name, _, place = value["config"]["keras_history"]
        yield name, place
    else:
        for item in value:
            yield from _histories(item)


def _ends(value: Any) -> list[tuple[str, int]]:
    """The inputs or outputs of a Functional model: one [name, call, place], or a list of such."""
    if value and isinstance(value[0], str):
        name, _, place = value
        return [(name, place)]
    return [end for item in value for end in _ends(item)]
