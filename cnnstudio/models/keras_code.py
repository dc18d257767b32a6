"""A network as the Keras code that somebody would write by hand to build it.

Each layer becomes one statement, with only those arguments that differ from Keras's own defaults; blocks that repeat,
with a number in their layers' names that counts them, become a loop. The code makes the layers in an order in which
Keras draws the same initial weights from the same seed as for the config.
"""

import importlib
import inspect
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnstudio.models.allowlist import ELSEWHERE, MODELS
from cnnstudio.models.backend import import_keras
from cnnstudio.models.code_loops import Statement, with_loops
from cnnstudio.models.graph import MERGES, Config, Graph, Node
from cnnstudio.models.layer_code import LAYER_CODE
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.layers import LAYERS, local_response_normalization
from cnnstudio.models.networks import alone
from cnnstudio.models.python_text import INDENT, call, literal

if TYPE_CHECKING:
    import keras

_BOTH_WAYS = frozenset({"kernel_size", "pool_size", "strides", "dilation_rate", "padding", "cropping", "size"})
"""Arguments that may be one number where height and width agree."""

_SHOWN = frozenset({"pool_size"})
"""Arguments that everybody writes, whatever Keras's default is."""

_WITHOUT_NAME = frozenset({"pool_size", "padding", "cropping", "size"})
"""Arguments that are clear from the layer's own name, where they come first."""

_VARIABLES = ("x", "y", "z", "w")


@dataclass(frozen=True)
class ModelCode:
    """Code that builds a model.

    Attributes:
        definitions: the classes that it needs; they stand before it, each set off by two empty lines.
        text: statements that make `model`; they need `keras` and `layers`, which is `keras.layers`.
        name: of the model.
        image_shape: what it takes, (height, width, channels).
        classes: how many numbers it answers with.
    """

    definitions: tuple[str, ...]
    text: str
    name: str
    image_shape: tuple[int, ...]
    classes: int


def model_code(config: Config) -> ModelCode:
    """Writes the code that builds a model.

    Args:
        config: Keras's config of a Functional or Sequential model, from one image to one answer. From elsewhere it has
            gone through `cnnstudio.models.allowlist.checked_config`.

    Raises:
        StudioError: it is no network with one input and one output, or a layer of it is used at several places.
    """
    import_keras()
    config = json.loads(json.dumps(config))  # what Keras gives has tuples in it
    table = describe(config)
    # Layers that are made to be asked draw seeds: no network may be built meanwhile, and none must notice afterwards.
    return alone(lambda: _written(Graph.of(config), table))


def _written(graph: Graph, table: LayerTable) -> ModelCode:
    state = random.getstate()
    try:
        writer = _Writer()
        text = "\n".join(writer.body(graph))
        return ModelCode(tuple(writer.definitions), text, graph.name, table.input_shape, table.classes)
    finally:
        random.setstate(state)


class _Writer:
    """One writing: collects what must stand before the model."""

    def __init__(self) -> None:
        self.definitions: list[str] = []
        self._arguments: dict[str, tuple[str, ...]] = {}
        self._functions = 0

    def body(self, graph: Graph) -> list[str]:
        """The statements of a model."""
        statements = list(self._statements(_spoken_order(graph), graph.output))
        arguments = ("inputs", "outputs", f"name={literal(graph.name)}")
        return [*with_loops(statements), *call("model = ", "keras.Model", arguments)]

    def _statements(self, order: Sequence[Node], output: str) -> Iterator[Statement]:
        uses = {node.name: 0 for node in order}
        for node in order:
            for source in node.inputs:
                uses[source] += 1
        variables: dict[str, str] = {}
        for node in order:
            taken = [variables[source] for source in node.inputs]
            for source in node.inputs:
                uses[source] -= 1
            busy = {variables[name] for name, left in uses.items() if left and name in variables}
            variables[node.name] = _variable(node, output, busy)
            yield self._statement(node, variables[node.name], taken)

    def _statement(self, node: Node, target: str, taken: Sequence[str]) -> Statement:
        if node.kind == "InputLayer":
            return Statement(target, "keras.Input", _input_arguments(node.config), node.name, "")
        # Keras itself notes `training=False` where a layer is called without.
        options = [f"{key}={literal(value)}" for key, value in node.options.items() if value]
        inputs = ", ".join(taken)
        if len(taken) > 1 or node.kind in MERGES:
            inputs = f"[{inputs}]"
        if node.kind in MODELS:
            return Statement(target, self._function(node), (), "", f"({', '.join([inputs, *options])})")
        own = node.kind in LAYERS
        if own and LAYER_CODE[node.kind] not in self.definitions:
            self.definitions.append(LAYER_CODE[node.kind])
        made_by = node.kind if own else f"{ELSEWHERE.get(node.kind, 'layers')}.{node.kind}"
        values = json.dumps({**node.config, "name": node.kind})
        if values not in self._arguments:
            self._arguments[values] = _arguments(node.kind, json.loads(values))
        return Statement(target, made_by, self._arguments[values], node.name, f"({', '.join([inputs, *options])})")

    def _function(self, node: Node) -> str:
        """Writes a function that builds a model within the model, and gives its name."""
        graph = Graph.of({"class_name": node.kind, "config": node.config})
        lines = with_loops(list(self._statements(_spoken_order(graph), graph.output)), INDENT)
        arguments = ("inputs", "outputs", f"name={literal(node.name)}")
        body = "\n".join([*lines, *call("return ", "keras.Model", arguments, indent=INDENT)])
        self._functions += 1
        name = f"build_part_{self._functions}"
        self.definitions.append(f"def {name}():\n{body}")
        return name


def _variable(node: Node, output: str, busy: set[str]) -> str:
    if node.kind == "InputLayer":
        return "inputs"
    if node.name == output:
        return "outputs"
    number = 0
    while True:
        name = _VARIABLES[number] if number < len(_VARIABLES) else f"x{number}"
        if name not in busy:
            return name
        number += 1


def _spoken_order(graph: Graph) -> list[Node]:
    """The layers in the order in which somebody would write them: each branch to its end, and then the next.

    Layers that draw a seed when they are made keep the order in which the config lists them.
    """
    waiting = dict(graph.nodes)
    drawing = [node.name for node in graph.nodes.values() if _draws(node)]
    order: list[Node] = []
    while waiting:
        done = {node.name for node in order}
        following = graph.consumers(order[-1].name) if order else []
        ready = (
            node
            for node in following
            if node.name in waiting and done.issuperset(node.inputs) and node.name not in drawing[1:]
        )
        node = next(ready, next(iter(waiting.values())))
        order.append(waiting.pop(node.name))
        if node.name in drawing:
            drawing.remove(node.name)
    return order


def _draws(node: Node) -> bool:
    """Whether making this layer may draw from Python's `random`: it has an initialiser or a generator of its own."""
    return any("initializer" in key or key in {"seed", "layers"} for key in node.config)


def _input_arguments(config: Mapping[str, Any]) -> tuple[str, ...]:
    batch, *shape = config["batch_shape"]
    arguments = [literal(shape)]
    if batch is not None:
        arguments.append(f"batch_size={batch}")
    if config.get("dtype", "float32") != "float32":
        arguments.append(f"dtype={literal(config['dtype'])}")
    return tuple(arguments)


def _arguments(kind: str, config: dict[str, Any]) -> tuple[str, ...]:
    """The arguments that make a layer, save its name: those that Keras asks for, and those that differ from its own."""
    class_ = _class_of(kind)
    given = _asked(class_.from_config(config))
    parameters = [item for item in inspect.signature(class_).parameters.values() if item.kind is not item.VAR_KEYWORD]
    required = [item.name for item in parameters if item.default is item.empty]
    # What is written may decide the others' defaults: the windows of a pooling touch where no stride is given.
    usual = _asked(class_(**{name: given[name] for name in given if name in required or name in _SHOWN}))
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


def _same(one: Any, two: Any) -> bool:
    """Whether two values mean the same: an axis and the list of that axis alone."""
    return one in (two, [two]) or [one] == two


def _written_whole(given: Mapping[str, Any], differing: Sequence[str]) -> set[str]:
    """The initialisers that must be written as objects.

    An object draws its seed before the layer is made, those that the layer makes itself draw theirs after that: where
    one that draws is written as an object, those before it must be, too.
    """
    drawing = [
        key for key, value in given.items() if isinstance(value, dict) and value["config"].get("seed", 0) is None
    ]
    objects = [key for key in drawing if key in differing and _part(given[key]).endswith(")")]
    return set(drawing[: drawing.index(objects[-1]) + 1]) if objects else set()


def _class_of(kind: str) -> "type[keras.Layer]":
    if kind in LAYERS:
        return local_response_normalization()
    return getattr(importlib.import_module(ELSEWHERE.get(kind, "keras.layers")), kind)


def _asked(layer: "keras.Layer") -> dict[str, Any]:
    """What a layer says of itself, as JSON would keep it."""
    return json.loads(json.dumps(layer.get_config()))


def _value(key: str, value: Any) -> str:
    if isinstance(value, dict):
        return _part(value)
    if key in _BOTH_WAYS:
        return literal(_folded(value))
    return literal(value)


def _folded(value: Any) -> Any:
    """One number for height and width, before and after, where they agree: 2 for ((2, 2), (2, 2))."""
    if isinstance(value, list) and len(value) == 2 and value[0] == value[1]:
        return _folded(value[0]) if not isinstance(value[0], list) or _folded(value[0]) != value[0] else value
    return value


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
