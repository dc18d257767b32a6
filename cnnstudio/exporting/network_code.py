"""A network as the Keras code that one would write by hand to build it.

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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cnnstudio.exporting.python_text import INDENT, call, literal
from cnnstudio.models.backend import import_keras
from cnnstudio.models.keras_config.allowlist import MODELS
from cnnstudio.models.keras_config.graph import Config, Graph, Node
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.networks.building import alone

if TYPE_CHECKING:
    import keras


_LONGEST_BLOCK = 80
"""Layers in a repeated block, at most."""


@dataclass(frozen=True)
class Statement:
    """One layer, made and called.

    Attributes:
        target: the variable that takes its output.
        layer: what makes it, such as `layers.Conv2D`.
        arguments: as text, without the name.
        name: of the layer; empty where it is made without.
        tail: the call on its inputs, as text.
    """

    target: str
    layer: str
    arguments: tuple[str, ...]
    name: str
    tail: str

    @property
    def shape(self) -> tuple[str, str, tuple[str, ...], str]:
        """All but the name."""
        return self.target, self.layer, self.arguments, self.tail

    def lines(self, indent: str = "", name: str | None = None) -> list[str]:
        """Its lines.

        Args:
            indent: before each.
            name: the text of the name, where it is not the name itself.
        """
        names = (f"name={name or literal(self.name)}",) if self.name else ()
        return call(f"{self.target} = ", self.layer, (*self.arguments, *names), self.tail, indent)


def with_loops(statements: Sequence[Statement], indent: str = "") -> list[str]:
    """The lines of statements; a block that repeats, with a number in its names that counts, becomes a loop."""
    lines: list[str] = []
    place = 0
    while place < len(statements):
        loop = _longest_loop(statements, place)
        if loop is None:
            lines += statements[place].lines(indent)
            place += 1
        else:
            lines += loop.lines(indent)
            place += len(loop.names) * loop.times
    return lines


@dataclass(frozen=True)
class _Loop:
    """A block that repeats.

    Attributes:
        statements: of its first round.
        names: for each of them the text before and after the number that counts the rounds.
        first: that number in the first round.
        times: how many rounds.
    """

    statements: tuple[Statement, ...]
    names: tuple[tuple[str, str], ...]
    first: int
    times: int

    @property
    def saved(self) -> int:
        """Statements that need not be written."""
        return (self.times - 1) * len(self.statements)

    def lines(self, indent: str) -> list[str]:
        """Its lines."""
        words = {re.split(r"[^a-zA-Z]", before.rstrip("_-. "))[-1].lower() for before, _ in self.names}
        word = words.pop() if len(words) == 1 else ""
        variable = (
            word if word.isalpha() and word not in {"x", "y", "z", "w", "lambda", "in", "is", "for"} else "number"
        )
        lines = [f"{indent}for {variable} in range({self.first}, {self.first + self.times}):"]
        for statement, (before, after) in zip(self.statements, self.names, strict=True):
            lines += statement.lines(indent + INDENT, f'f"{before}{{{variable}}}{after}"')
        return lines


_COUNTED = re.compile(r"[A-Za-z0-9_.-]+")
"""Names that may stand in an f-string as they are."""


def _longest_loop(statements: Sequence[Statement], place: int) -> _Loop | None:
    """The loop that begins here and saves most; None where none saves much."""
    longest = min(_LONGEST_BLOCK, (len(statements) - place) // 2)
    loops = (_loop(statements, place, length) for length in range(1, longest + 1))
    return max((loop for loop in loops if loop and loop.saved >= 4), key=lambda loop: loop.saved, default=None)


def _loop(statements: Sequence[Statement], place: int, length: int) -> _Loop | None:
    first = statements[place : place + length]
    second = statements[place + length : place + 2 * length]
    if any(one.shape != two.shape for one, two in zip(first, second, strict=True)):
        return None
    names = [_counted(one.name, two.name) for one, two in zip(first, second, strict=True)]
    if any(name is None or name[1] != names[0][1] for name in names if names[0]) or names[0] is None:
        return None
    start = names[0][1]
    parts = tuple((before, after) for before, _, after in filter(None, names))
    times = 2
    while _is_round(statements[place + times * length :][:length], first, parts, start + times):
        times += 1
    return _Loop(tuple(first), parts, start, times)


def _is_round(
    statements: Sequence[Statement], first: Sequence[Statement], parts: Sequence[tuple[str, str]], number: int
) -> bool:
    expected = [
        replace(one, name=f"{before}{number}{after}") for one, (before, after) in zip(first, parts, strict=True)
    ]
    return list(statements) == expected


def _counted(one: str, two: str) -> tuple[str, int, str] | None:
    """What stands before the number in which two names differ by one, the first number, and what stands after."""
    ones, twos = (re.split(r"(\d+)", name) for name in (one, two))
    differing = [place for place, (a, b) in enumerate(zip(ones, twos, strict=False)) if a != b]
    if len(ones) != len(twos) or len(differing) != 1 or differing[0] % 2 == 0 or not _COUNTED.fullmatch(one):
        return None
    place = differing[0]
    number = int(ones[place])
    if ones[place] != str(number) or twos[place] != str(number + 1):
        return None
    return "".join(ones[:place]), number, "".join(ones[place + 1 :])


LAYER_CODE = {
    "LocalResponseNormalization": '''\
@keras.saving.register_keras_serializable(package="cnnstudio")
class LocalResponseNormalization(layers.Layer):
    """Divides each number by what stands at the same place of neighbouring maps."""

    def __init__(self, size=5, k=2.0, alpha=1e-4, beta=0.75, **options):
        super().__init__(**options)
        self.size, self.k, self.alpha, self.beta = size, k, alpha, beta

    def call(self, inputs):
        channels, reach = inputs.shape[-1], self.size // 2
        around = [(0, 0)] * (len(inputs.shape) - 1) + [(reach, reach)]
        squares = keras.ops.pad(keras.ops.square(inputs), around)
        windows = (squares[..., start : start + channels] for start in range(self.size))
        return inputs * keras.ops.power(self.k + self.alpha * sum(windows), -self.beta)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        names = ("size", "k", "alpha", "beta")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}''',
}
"""For each of `cnnstudio.models.layers.LAYERS` a class that does the same."""


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
            gone through `cnnstudio.models.keras_config.allowlist.checked_config`.

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
        if len(taken) > 1 or group_of(node.kind) == "Branches":
            inputs = f"[{inputs}]"
        if node.kind in MODELS:
            return Statement(target, self._function(node), (), "", f"({', '.join([inputs, *options])})")
        definition = LAYER_CODE.get(node.kind)
        if definition and definition not in self.definitions:
            self.definitions.append(definition)
        made_by = node.kind if definition else f"{_module_of(node.kind).replace('keras.layers', 'layers')}.{node.kind}"
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
    """The layers in the order in which one would write them: each branch to its end, and then the next.

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
    class_ = getattr(importlib.import_module(_module_of(kind)), kind)
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


def _module_of(kind: str) -> str:
    return LAYER_KINDS[kind].module


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
