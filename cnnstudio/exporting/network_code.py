"""A network as the Keras code that one would write by hand to build it.

Each layer becomes one statement, with only those arguments that differ from Keras's own defaults. The code makes the
layers in an order in which Keras draws the same initial weights from the same seed as for the config.
"""

import copy
import importlib
import inspect
import json
import re
import textwrap
from collections import deque
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError
from cnnstudio.exporting.python_text import call, literal
from cnnstudio.interpreter import giving_way
from cnnstudio.models.architectures.catalogue import seeded
from cnnstudio.models.backend import import_keras
from cnnstudio.models.keras_config.allowlist import shear_factors
from cnnstudio.models.keras_config.graph import Config, Graph, Node
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.layer_kinds.values import folded
from cnnstudio.models.networks.building import alone
from cnnstudio.models.trained.files import first_line

if TYPE_CHECKING:
    import keras


_BOTH_WAYS = frozenset({"kernel_size", "pool_size", "strides", "dilation_rate", "padding", "cropping", "size"})
"""Arguments that may be one number where height and width agree."""

_SHOWN = frozenset({"pool_size"})
"""Arguments that everybody writes, whatever Keras's default is."""

_WITHOUT_NAME = frozenset({"pool_size", "padding", "cropping", "size"})
"""Arguments that are clear from the layer's own name, where they come first."""


def model_code(config: Config) -> tuple[list[str], str]:
    """Writes the code that builds a model.

    Args:
        config: Keras's config of a Functional or Sequential model, from one image to one answer. From elsewhere it has
            gone through `cnnstudio.models.keras_config.allowlist.checked_config`.

    Returns:
        The classes and functions that the code needs, which stand before it, each set off by two empty lines; and
        statements that make `model`, which need `keras` and `layers`, that is, `keras.layers`.

    Raises:
        StudioError: it is no network with one input and one output, a layer of it is used at several places, or is
            one that Keras does not make.
    """
    import_keras()
    graph = Graph.of(json.loads(json.dumps(config)))  # what Keras gives has tuples in it

    def write() -> tuple[list[str], str]:
        writer = _Writer()
        with seeded(0):  # the layers that are made to compare their arguments draw seeds
            lines = writer.statements(graph)
        return writer.definitions, "\n".join(lines)

    return alone(write)


class _Writer:
    """Writes statements and collects the definitions that they need."""

    def __init__(self) -> None:
        self.definitions: list[str] = []

    def statements(self, graph: Graph) -> list[str]:
        """The lines that make the model."""
        lines: list[str] = []
        order = _branch_by_branch(graph)
        variables = _variables(order, graph.output)
        for node in order:
            given = [variables[source] for source in node.inputs]
            lines += self._statement(node, f"{variables[node.name]} = ", given)
        return [*lines, *call("model = ", "keras.Model", ("inputs", "outputs", f"name={literal(graph.name)}"))]

    def _statement(self, node: Node, start: str, given: Sequence[str]) -> list[str]:
        named = f"name={literal(node.name)}"
        if node.kind == "InputLayer":
            return call(start, "keras.Input", (*_input_arguments(node.config), named))
        inputs = ", ".join([*given] * LAYER_KINDS[node.kind].arguments)
        if len(given) > 1 or group_of(node.kind) == "Branches":
            inputs = f"[{inputs}]"
        # Keras itself notes `training=False` where a layer is called without.
        options = [f"{key}={literal(value)}" for key, value in node.options.items() if value]
        tail = f"({', '.join([inputs, *options])})"
        kind = LAYER_KINDS[node.kind]
        class_ = getattr(importlib.import_module(kind.module), node.kind)
        made_by = f"{kind.module.replace('keras.layers', 'layers')}.{node.kind}"
        if kind.registered_name:
            made_by = node.kind
            self._define(textwrap.dedent(inspect.getsource(class_)).rstrip())
        try:
            arguments = _arguments(class_, node.config)
        except Exception as error:  # Keras may raise anything for a config from elsewhere.
            raise StudioError(f"Keras cannot make the layer “{node.name}” ({first_line(error)}).") from error
        return call(start, made_by, (*arguments, named), tail)

    def _define(self, text: str) -> None:
        if text not in self.definitions:
            self.definitions.append(text)


def _variables(order: Sequence[Node], output: str) -> dict[str, str]:
    """The variable of each layer's output; one that is not needed any more is used again."""
    names = [*"xyzw", *map("x{}".format, range(1, len(order)))]
    free = list(range(len(names)))  # a heap: the first free name is taken
    last_use = {source: node.name for node in order for source in node.inputs}
    taken: dict[str, int] = {}
    variables: dict[str, str] = {}
    for node in order:
        for source in set(node.inputs):
            if source in taken and last_use[source] == node.name:
                heappush(free, taken.pop(source))
        if node.kind == "InputLayer":
            variables[node.name] = "inputs"
        elif node.name == output:
            variables[node.name] = "outputs"
        else:
            place = heappop(free)
            variables[node.name] = names[place]
            if node.name in last_use:
                taken[node.name] = place
            else:
                heappush(free, place)
    return variables


def _branch_by_branch(graph: Graph) -> list[Node]:
    """The layers in the order in which one would write them: each branch to its end, and then the next.

    Layers that draw a seed when they are made keep the order in which the config lists them.
    """
    followers = graph.followers()
    missing = {node.name: len(set(node.inputs)) for node in graph.nodes.values()}
    listed, drawing = deque(graph.nodes.values()), deque(filter(_draws, graph.nodes.values()))
    order: dict[str, Node] = {}
    following: list[Node] = []
    while len(order) < len(graph.nodes):
        for nodes in (listed, drawing):
            while nodes and nodes[0].name in order:
                nodes.popleft()
        ready = (
            node
            for node in following
            if node.name not in order and not missing[node.name] and (not _draws(node) or node is drawing[0])
        )
        node = next(ready, listed[0])
        order[node.name] = node
        following = followers[node.name]
        for follower in following:
            missing[follower.name] -= 1
    return list(order.values())


def _draws(node: Node) -> bool:
    """Whether making this layer may draw from Python's `random`: it has an initialiser or a generator of its own."""
    return group_of(node.kind) in ("Convolution", "Dense", "Regularisation") or any(
        "initializer" in key or key == "seed" for key in node.config
    )


def _input_arguments(config: Mapping[str, Any]) -> tuple[str, ...]:
    batch, *shape = config["batch_shape"]
    arguments = [literal(shape)]
    if batch is not None:
        arguments.append(f"batch_size={batch}")
    if config.get("dtype", "float32") != "float32":
        arguments.append(f"dtype={literal(config['dtype'])}")
    return tuple(arguments)


@giving_way
def _arguments(class_: "type[keras.Layer]", config: dict[str, Any]) -> tuple[str, ...]:
    """The arguments that make a layer, save its name: those that Keras asks for, and those that differ from its own."""
    given = _asked(class_.from_config(copy.deepcopy(config | {"name": None})))
    if class_.__name__ == "RandomShear":
        given |= shear_factors(given)
    parameters = [item for item in inspect.signature(class_).parameters.values() if item.kind is not item.VAR_KEYWORD]
    required = [item.name for item in parameters if item.default is item.empty]
    # What is written may decide the others' defaults: the windows of a pooling touch where no stride is given.
    usual = _asked(class_(**{name: _made(given[name]) for name in given if name in required or name in _SHOWN}))
    written = [item.name for item in parameters if item.name in given and item.name != "name"]
    written += [key for key in given if key not in written and key not in {"name", "seed"}]
    differing = [key for key in written if key in required or key in _SHOWN or not _same(given[key], usual.get(key))]
    whole = _written_whole(given, differing)
    arguments = []
    for place, key in enumerate(written):
        if key in differing or key in whole:
            text = _part(given[key], whole=True) if key in whole else _value(key, given[key])
            bare = place < len(required) and key == required[place]
            arguments.append(text if bare or (place == 0 and key in _WITHOUT_NAME) else f"{key}={text}")
    return tuple(arguments)


def _made(value: Any) -> Any:
    """A value as an argument: a layer that stands within another one is made, all else stays as it is."""
    import keras

    return keras.saving.deserialize_keras_object(copy.deepcopy(value)) if _is_layer(value) else value


def _is_layer(value: Any) -> bool:
    return isinstance(value, dict) and value.get("module") == "keras.layers"


def _same(one: Any, two: Any) -> bool:
    """Whether two values mean the same: an axis and the list of that axis alone, or layers of different names."""
    if _is_layer(one) and _is_layer(two):
        one, two = ({**layer["config"], "name": None} for layer in (one, two))
    return one in (two, [two]) or [one] == two


def _written_whole(given: Mapping[str, Any], differing: Sequence[str]) -> set[str]:
    """The initialisers that must be written as objects.

    An object draws its seed before the layer is made, those that the layer makes itself draw theirs after that: where
    one that draws is written as an object, those before it must be, too.
    """
    drawing = [
        key
        for key, value in given.items()
        if isinstance(value, dict) and not _is_layer(value) and value["config"].get("seed", 0) is None
    ]
    objects = [key for key in drawing if key in differing and _part(given[key]).endswith(")")]
    return set(drawing[: drawing.index(objects[-1]) + 1]) if objects else set()


def _asked(layer: "keras.Layer") -> dict[str, Any]:
    """What a layer says of itself, as JSON would keep it."""
    return json.loads(json.dumps(layer.get_config()))


def _value(key: str, value: Any) -> str:
    import keras

    if _is_layer(value):
        class_ = getattr(keras.layers, value["class_name"])
        return f"layers.{value['class_name']}({', '.join(_arguments(class_, value['config']))})"
    if isinstance(value, dict):
        return _part(value)
    return literal(folded(value) if key in _BOTH_WAYS else value)


def _part(config: Mapping[str, Any], whole: bool = False) -> str:
    """An initialiser, regulariser, constraint or policy: its name alone where it has Keras's own values.

    Args:
        config: Keras's config of it.
        whole: whether it is written as an object in any case.
    """
    import keras

    if config["class_name"] == "DTypePolicy":
        return literal(config["config"]["name"])
    class_ = getattr(getattr(keras, config["module"].rpartition(".")[2]), config["class_name"])
    values = config["config"]
    parameters = inspect.signature(class_).parameters.values()
    required = {item.name: values[item.name] for item in parameters if item.default is item.empty}
    usual = class_(**required).get_config()
    differing = {key: value for key, value in values.items() if key in required or value != usual.get(key)}
    if class_.__name__ in {"L1", "L2"}:
        arguments = [literal(value) for value in differing.values()]
    else:
        arguments = [f"{key}={literal(value)}" for key, value in differing.items()]
    if not (arguments or whole):
        return literal(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", config["class_name"]).lower())
    return f"{config['module']}.{config['class_name']}({', '.join(arguments)})"
