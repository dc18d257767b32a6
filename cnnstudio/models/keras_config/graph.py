"""The graph of a network, taken out of Keras's config and put back.

Keras's config lists the layers, each with the outputs that it is called with. Here each layer is a `Node` that names
the layers it is fed by, so that a layer can be put in, taken out or moved without copying the others. Models within the
model are unfolded: their layers stand in their place, under names of their own.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from cnnstudio.errors import StudioError
from cnnstudio.interpreter import giving_way
from cnnstudio.limits import MAX_LAYERS
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.layer_kinds.added import USED_AGAIN

Config = dict[str, Any]
"""Keras's config of a Functional or Sequential model, as of `keras.saving.serialize_keras_object`."""

_SHORTENING = frozenset({"Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Reshape"})
"""Kinds of layers that bring maps into one list of numbers."""

RANDOM_CROP = "RandomCrop"
"""A kind of layers of Keras that stands in configs, but in no `Graph`."""

_CROPPING = {"crop_to_aspect_ratio": True}
_ANY_TO_ONE = frozenset(
    {"AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Resizing"}
)
"""Kinds that make maps of one size of maps of any."""
_ANY_TO_ANY = frozenset({"Cropping2D", "Rescaling", "UpSampling2D", "ZeroPadding2D", RANDOM_CROP})
_GROUPS_OF_ANY_SIZE = frozenset({"Activation", "Branches", "Convolution", "Normalisation", "Pooling", "Regularisation"})

LAYER_NAMES = "the names of layers consist of Latin letters, digits, dots, dashes and underlines"
_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.-]{0,99}")

_LAYER_FIELDS = ("module", "class_name", "config", "registered_name")


@dataclass(frozen=True)
class Node:
    """A layer and what it is fed by.

    Attributes:
        name: the layer's name, unique in its graph; of a layer of a model within the model, “model.layer”.
        layer: Keras's config of the layer (module, class_name, config, registered_name); never changed in place.
        inputs: the names of the layers whose outputs it takes, in order.
        options: other arguments of its call, such as `training`.
        path: by which the file knows it: the names of the models that it is in, and its own; empty for what it has not.
            Layers of one path, of which all but the first are called `USED_AGAIN`, have the same weights.
    """

    name: str
    layer: Mapping[str, Any]
    inputs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    path: tuple[str, ...] = ()

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
        """Reads a config; the layers of models within the model stand in their place.

        Raises:
            StudioError: it is no network with one input and one output, or its connections make no sense.
        """
        graph = cls.listed(config)
        if [node.kind for node in graph.nodes.values() if not node.inputs] != ["InputLayer"]:
            raise StudioError("This is no image classifier: all its layers must be computed from its one input.")
        graph.sort()
        return graph

    @classmethod
    def listed(cls, config: Config) -> "Graph":
        """Reads a config; its layers are in the order of the config as far as each follows those it is fed by.

        Raises:
            StudioError: as of `of`.
        """
        graph = cls(scope_name(str(config["config"].get("name"))), *_read(config))
        graph._replace_crops()
        return graph

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

    def _replace_crops(self) -> None:
        """Puts a layer that does the same, while a network does not learn, in the place of each `RANDOM_CROP`.

        Keras 3 then lets the image through as it is. Where what follows takes maps of one size alone, so that this is
        impossible, it does what its documentation says: it cuts out the middle, in the proportions of the crop, and
        brings it to the crop's size.
        """
        for node in [node for node in self.nodes.values() if node.kind == RANDOM_CROP]:
            sides = {key: node.config.get(key) for key in ("height", "width")}
            kind, values = ("Identity", {}) if self._is_any_size(node.name) else ("Resizing", sides | _CROPPING)
            kept = {key: node.config[key] for key in ("name", "dtype", "trainable") if key in node.config}
            self.nodes[node.name] = replace(node, layer=layer_config(kind, kept | values))

    def _is_any_size(self, name: str) -> bool:
        """Whether what follows takes maps of any size: a global pooling stands before all that does not."""
        followers, waiting, seen = self.followers(), [name], set()
        while waiting:
            place = waiting.pop()
            if place == self.output:
                return False
            for node in followers[place]:
                if node.kind not in _ANY_TO_ONE and node.name not in seen:
                    if node.kind not in _ANY_TO_ANY and group_of(node.kind) not in _GROUPS_OF_ANY_SIZE:
                        return False
                    waiting.append(node.name)
                seen.add(node.name)
        return True

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
                "output_layers": [self.output, 0, 0],
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


def _read(config: Config) -> tuple[list[Node], str]:
    """Reads the layers of a config, each after those it is fed by, the input first; and the name of the output."""
    unfolding = _Unfolding()
    try:
        outputs = unfolding.model(config, (), None, trainable=True, training=None)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise StudioError("The network is damaged: its layers and connections cannot be read.") from error
    nodes = list(unfolding.nodes.values())
    if len(outputs) != 1 or [node.kind for node in nodes].count("InputLayer") != 1:
        raise StudioError("This is no image classifier: a network needs exactly one input and one output.")
    # The input is listed first by Keras too, but a config may come from anybody.
    return sorted(nodes, key=lambda node: node.kind != "InputLayer"), outputs[0]


_Place = tuple[str, int, int]
"""An output: the name of a layer, which of its calls is meant, and which of the outputs of that call."""


@dataclass(frozen=True)
class _Call:
    """A layer, or a model within the model, at one of the places where it is used.

    Attributes:
        layer: its config.
        number: which of its calls it is, from 0 on.
        sources: the outputs that it is called with.
        options: the other arguments of the call.
    """

    layer: Mapping[str, Any]
    number: int
    sources: list[_Place]
    options: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, int]:
        """The name of the layer, and the number of the call."""
        return _name(self.layer), self.number


class _Unfolding:
    """One reading of a config.

    Attributes:
        nodes: the layers so far, each after those it is fed by.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self._paths: set[tuple[str, ...]] = set()
        self._calls = 0

    def model(
        self,
        config: Mapping[str, Any],
        path: tuple[str, ...],
        inputs: Sequence[str] | None,
        trainable: bool,
        training: bool | None,
    ) -> tuple[str, ...]:
        """Reads the layers of a model.

        Args:
            config: of the model.
            path: the names of the models that it is in, and its own; empty for the outermost.
            inputs: names of the nodes that feed it; None for the outermost model, which has an input layer of its own.
            trainable: whether training changes what is around it.
            training: whether what is around it runs as while training; None where that is left to the caller.

        Returns:
            The names of the nodes whose outputs are its own.
        """
        fields = config["config"]
        trainable = trainable and fields.get("trainable") is not False
        is_chain = config["class_name"] == "Sequential"
        calls, starts, ends = _chain(fields, inputs is None) if is_chain else _connected(fields)
        outputs: dict[tuple[str, int], tuple[str, ...]] = {}
        if inputs is not None:
            outputs = {(name, 0): (given,) for (name, *_), given in zip(starts, inputs, strict=True)}
        for call in _in_order(calls, outputs):
            given = tuple(_output(outputs, place) for place in call.sources)
            outputs[call.key] = self._add(call, path, given, trainable, training)
        if absent := next((name for name, number, _ in ends if (name, number) not in outputs), None):
            raise StudioError(f"The network is damaged: its output is the layer “{absent}”, which is not there.")
        return tuple(_output(outputs, place) for place in ends)

    @giving_way
    def _add(
        self, call: _Call, path: tuple[str, ...], inputs: tuple[str, ...], trainable: bool, training: bool | None
    ) -> tuple[str, ...]:
        """Adds a layer, or those of a model within; returns the names of the nodes whose outputs are its own."""
        self._calls += 1
        if self._calls > 2 * MAX_LAYERS:
            raise StudioError(f"With its inner networks unfolded, this network has over {MAX_LAYERS:,} layers.")
        layer, name = call.layer, _name(call.layer)
        path = (*path, name)
        mode = call.options.get("training")
        training = mode if isinstance(mode, bool) else training
        if "layers" in layer["config"]:
            return self.model(layer, path, inputs, trainable, training)
        if layer["config"]["name"] != name:
            raise StudioError(f"The layer “{name}” has a second name, “{layer['config']['name']}”.")
        kind = str(layer["class_name"])
        has_weights = kind not in LAYER_KINDS or LAYER_KINDS[kind].has_weights
        unique = self._free_name(path, kind, USED_AGAIN if has_weights and path in self._paths else "")
        self._paths.add(path)
        values = {**layer["config"], "name": unique}
        if not trainable:
            values["trainable"] = False
        if kind == "InputLayer":
            values |= _one_by_one(values)
        options = dict(call.options)
        if isinstance(training, bool) and group_of(kind) in ("Normalisation", "Regularisation"):
            options["training"] = training
        kept = {key: layer.get(key) for key in _LAYER_FIELDS} | {"config": values}
        self.nodes[unique] = Node(unique, kept, inputs, options, () if layer.get("operation") else path)
        return (unique,)

    def _free_name(self, path: tuple[str, ...], kind: str, ending: str) -> str:
        """A name with which TensorFlow can compile the layer: its own, where it can, or one that is close to it.

        Before each dot stands the name of a model that it is in, so that what belongs together can be told.
        """
        *models, own = path
        name = ".".join([*(model.replace(".", "_") for model in models), own])
        if not is_layer_name(name):
            plain = [_plain_name(model).replace(".", "_") for model in models]
            name = ".".join([*filter(None, plain), _plain_name(own) or kind.lower()])[-_LONGEST:].lstrip("._-")
        name = name[: _LONGEST - len(ending)] + ending
        free, number = name, 1
        while free in self.nodes:
            number += 1
            free = f"{name[: _LONGEST - 5]}_{number}"
        return free


_LONGEST = 100
"""Characters in the name of a layer."""


def _plain_name(name: str) -> str:
    """A name in the letters that TensorFlow knows; empty where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"\.\.+", ".", re.sub(r"[^A-Za-z0-9_.-]+", "_", plain)).strip("_.-")


def _one_by_one(values: Mapping[str, Any]) -> dict[str, Any]:
    """What an input layer must say to take images in any number, as numbers that every layer takes."""
    shape = values.get("batch_shape")
    return {"dtype": "float32"} | ({"batch_shape": [None, *shape[1:]]} if isinstance(shape, list) and shape else {})


def _output(outputs: Mapping[tuple[str, int], tuple[str, ...]], place: _Place) -> str:
    name, number, output = place
    if output >= len(outputs[name, number]):
        raise StudioError(f"The network is damaged: “{name}” has no output number {output + 1}.")
    return outputs[name, number][output]


def _in_order(calls: list[_Call], given: Mapping[tuple[str, int], Any]) -> Iterator[_Call]:
    """The calls in the order in which they are listed, each after those it is fed by, save those that are `given`."""
    by_key = {call.key: call for call in calls if call.key not in given}
    done: set[tuple[str, int]] = set()
    opened: set[tuple[str, int]] = set()
    for first in by_key:
        waiting = [first]
        while waiting:
            key = waiting[-1]
            before = [] if key in done else [place[:2] for place in by_key[key].sources if place[:2] not in given]
            missing = [source for source in before if source not in done]
            if not missing:
                waiting.pop()
                if key not in done:
                    done.add(key)
                    yield by_key[key]
            elif key in opened or not by_key.keys() >= set(missing):
                _refuse([call for other, call in by_key.items() if other not in done], {*given, *by_key})
            else:
                opened.add(key)
                waiting += reversed(missing)


def _refuse(waiting: list[_Call], keys: Container[tuple[str, int]]) -> NoReturn:
    """Says why none of the layers that are left can be computed."""
    for call in waiting:
        if absent := next((place[0] for place in call.sources if place[:2] not in keys), None):
            raise StudioError(f"The layer “{call.key[0]}” is fed by “{absent}”, which is not there.")
    raise StudioError(f"The connections of this network go round in a circle, through the layer “{waiting[0].key[0]}”.")


def _connected(fields: Mapping[str, Any]) -> tuple[list[_Call], list[_Place], list[_Place]]:
    """The calls of the layers of a Functional model, its inputs and its outputs."""
    layers = {_name(layer): layer for layer in fields["layers"]}
    _check_twice([_name(layer) for layer in fields["layers"]])
    nodes = {name: layer.get("inbound_nodes") or [{"args": []}] for name, layer in layers.items()}
    places = {name: [_places(node["args"]) for node in listed] for name, listed in nodes.items()}
    # The calls of a model within are counted from 1 on by some versions of Keras, for its own making is one.
    highest: Counter[str] = Counter()
    for name, number, _ in (place for listed in places.values() for found in listed for place in found):
        highest[name] = max(highest[name], number)

    def called(place: _Place, before: int = 0) -> _Place:
        name, number, output = place
        last = len(nodes.get(name, [0])) - 1
        return name, min(max(number - max(before, highest[name] - last), 0), last), output

    calls = [
        _Call(
            layers[name],
            number,
            _told_once(layers[name], [called(place) for place in found]),
            nodes[name][number].get("kwargs") or {},
        )
        for name, listed in places.items()
        for number, found in enumerate(listed)
    ]
    starts = _places(fields["input_layers"])
    if not {name for name, *_ in starts} <= {name for name, one in layers.items() if one["class_name"] == "InputLayer"}:
        raise StudioError("The network is damaged: what it names as its input is no input layer.")
    ends = _places(fields["output_layers"])
    inner = {name for name, layer in layers.items() if layer["class_name"] == "Functional"}
    return calls, starts, [called(place, int(place[0] in inner)) for place in ends]


def _told_once(layer: Mapping[str, Any], places: list[_Place]) -> list[_Place]:
    """What a layer is called with, where several arguments are its one input."""
    kind = LAYER_KINDS.get(layer["class_name"])
    return list(dict.fromkeys(places)) if kind is not None and kind.arguments > 1 else places


def _chain(fields: Mapping[str, Any], is_outermost: bool) -> tuple[list[_Call], list[_Place], list[_Place]]:
    """The calls of the layers of a Sequential model, which follow each other, its input and its output."""
    layers = list(fields["layers"])
    if not layers or layers[0]["class_name"] != "InputLayer":
        shape = _shape_of(fields)
        if shape is None and is_outermost:
            raise StudioError("This network has no input layer, so the size of its images is unknown.")
        layers.insert(0, input_layer(shape or ()))
    names = [_name(layer) for layer in layers]
    _check_twice(names)
    calls = [_Call(layer, 0, [(names[place - 1], 0, 0)] if place else [], {}) for place, layer in enumerate(layers)]
    return calls, [(names[0], 0, 0)], [(names[-1], 0, 0)]


def _shape_of(fields: Mapping[str, Any]) -> list[int | None] | None:
    """The shape of what a model is given, where it or its first layer says so."""
    if shape := fields.get("build_input_shape") or fields.get("batch_shape") or fields.get("batch_input_shape"):
        return shape
    return _shape_of(fields["layers"][0]["config"]) if fields.get("layers") else None


def _check_twice(names: list[str]) -> None:
    if twice := next((name for name, count in Counter(names).items() if count > 1), None):
        raise StudioError(f"The network is damaged: two of its layers are called “{twice}”.")


def _name(layer: Mapping[str, Any]) -> str:
    return layer.get("name") or layer["config"]["name"]


def _places(value: Any) -> list[_Place]:
    """The places in Keras's [name, call, output] or in tensors that hold one, in lists however deep."""
    if isinstance(value, Mapping):
        value = value["config"]["keras_history"]
    if value and isinstance(value[0], str):
        name, call, output = value
        return [(name, int(call), int(output))]
    return [found for item in value for found in _places(item)]


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
    if node.kind in LAYER_KINDS:
        args = args * LAYER_KINDS[node.kind].arguments
    calls = [{"args": args, "kwargs": dict(node.options)}] if tensors else []
    return {**node.layer, "name": node.name, "inbound_nodes": calls}


UNKNOWN_SHAPE = [None]
"""What is said of the shape of an output where it is not known."""


def tensor(place: list[Any]) -> dict[str, Any]:
    """Keras's config of an output, by the layer's name, the call and the output's number.

    Keras asks for a shape, but finds it out by itself.
    """
    config = {"shape": UNKNOWN_SHAPE, "dtype": "float32", "keras_history": place}
    return {"class_name": "__keras_tensor__", "config": config}
