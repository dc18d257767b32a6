"""The layer table: what each layer of a network does, and what it costs, worked out from Keras's own config alone.

No variable is made and Keras is not imported: shapes and counts follow from the arithmetic of each kind of layer
(`layer_kinds`), so that a network of 10⁹ parameters takes no more memory than a small one.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.lab.sizes import Window
from cnnstudio.limits import (
    BYTES_PER_PARAMETER,
    MAX_ACTIVATIONS,
    MAX_CLASSES,
    MAX_LAYERS,
    MAX_MAP_SIDE,
    MAX_PARAMETERS,
)
from cnnstudio.models.keras_config.graph import Config, Graph, Node
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.layer_kinds.added import lesson_of
from cnnstudio.models.layer_kinds.effects import Effect, shape_words
from cnnstudio.models.layer_kinds.kind import LayerKind
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import UnfitError, Values, is_whole, show, word
from cnnstudio.wording import counted, size

SQUARES = ("kernel_size", "pool_size")
"""Fields where one number stands for a square."""


@dataclass(frozen=True)
class Misfit:
    """An impossible layer.

    Attributes:
        layer: its name.
        field: of its Keras config, as “kernel_size”; empty where the connection itself is wrong.
        value: of that field.
        nearest: the nearest value of that field with which the layer fits; None where none does.
        text: a sentence: what does not fit and why, and what would.
    """

    layer: str
    field: str
    value: Any
    nearest: Any | None
    text: str


@dataclass(frozen=True)
class LayerRow:
    """One layer.

    Attributes:
        name: of the layer; of one of a model within the model, “model.layer”.
        kind: Keras's class.
        title: what it is, short: “Convolution 5×5”.
        description: one sentence that teaches what this kind of layer does.
        inputs: names of the layers that feed it.
        output_shape: for one image; None where a misfit keeps it from being known.
        activation: Keras's name of the function that follows; empty where there is none.
        parameters: running statistics included, as in Keras's `count_params`.
        trainable_parameters: those that training changes.
        parameter_terms: “5·5·1·6 + 6 = 156”; empty where there are none.
        multiply_adds: multiplications by weights, each with its addition, for one image; as papers count them,
            normalisation, pooling and activations are left out.
        multiply_add_terms: “28·28·6·(5·5·1) = 117,600”; empty where there are none.
        receptive_field: (height, width) in pixels of the image that one number of the output depends on, away from the
            border. None where a misfit keeps it from being known.
        jump: (down, across) in pixels of the image, how far apart those of two neighbours lie; likewise.
        windows: for convolutions and poolings, along the height and along the width.
    """

    name: str
    kind: str
    title: str
    description: str
    inputs: tuple[str, ...]
    output_shape: tuple[int, ...] | None = None
    activation: str = ""
    parameters: int = 0
    trainable_parameters: int = 0
    parameter_terms: str = ""
    multiply_adds: int = 0
    multiply_add_terms: str = ""
    receptive_field: tuple[int, int] | None = None
    jump: tuple[float, float] | None = None
    windows: tuple[Window, Window] | None = None

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of the networks within the network that it is in, the outermost first."""
        return tuple(self.name.split(".")[:-1])


@dataclass(frozen=True)
class LayerGroup:
    """The layers of a network within the network, two at least.

    Attributes:
        row: what stands for all of it: its name after those of the networks that it is in, and what it answers, has
            and costs in all.
        members: its layers, and the networks within it.
    """

    row: LayerRow
    members: "tuple[LayerRow | LayerGroup, ...]"

    @cached_property
    def rows(self) -> tuple[LayerRow, ...]:
        """All of its layers."""
        return tuple(row for one in self.members for row in (one.rows if isinstance(one, LayerGroup) else (one,)))


@dataclass(frozen=True)
class LayerTable:
    """All layers of a network, in the order in which they are computed.

    Attributes:
        name: of the model.
        input_shape: (height, width, channels).
        classes: how many numbers it answers with; 0 where a misfit keeps that from being known, or they are maps.
        rows: a layer each, the input first.
        misfit: the first impossible layer; the rows from it on have no output shape. Of a classifier, the last layer is
            impossible, too, where it answers maps.
        answer: the shape of what it answers to one image; None where a misfit keeps that from being known.
    """

    name: str
    input_shape: tuple[int, int, int]
    classes: int
    rows: tuple[LayerRow, ...]
    misfit: Misfit | None
    answer: tuple[int, ...] | None = None

    @property
    def purpose(self) -> str:
        """What a network is for that answers maps instead of one number a class; empty for all others."""
        if self.answer is None or len(self.answer) == 1:
            return ""
        if self.answer == self.input_shape:
            return (
                f"It answers {shape_words(self.answer)} numbers, an image of the size of the one it gets, as "
                "autoencoders do and networks that remove noise."
            )
        return (
            f"It answers {shape_words(self.answer)} numbers, so it says what is where in an image, as networks do that "
            "find objects (YOLO) or outline them."
        )

    def as_it_is(self) -> "LayerTable":
        """The same of a network that need not be a classifier: with maps as its answer there is nothing wrong."""
        return replace(self, misfit=None) if self.purpose else self

    @property
    def told_apart(self) -> int:
        """How many classes its answers stand for: a single one stands for two."""
        return self.classes if self.classes != 1 else 2

    @property
    def classes_text(self) -> str:
        """“10 classes”; one output may stand for two, and maps for none."""
        if self.purpose:
            return f"{shape_words(self.answer or ())} numbers"
        return counted(self.classes, "class", "classes") if self.classes != 1 else "one output"

    @cached_property
    def parameters(self) -> int:
        """Of all layers, running statistics included."""
        return sum(row.parameters for row in self.rows)

    @cached_property
    def trainable_parameters(self) -> int:
        """Of all layers, those that training changes."""
        return sum(row.trainable_parameters for row in self.rows)

    @cached_property
    def multiply_adds(self) -> int:
        """Of all layers, for one image."""
        return sum(row.multiply_adds for row in self.rows)

    @cached_property
    def activations(self) -> int:
        """Numbers that all layers answer to one image, as far as their shapes are known."""
        return sum(math.prod(row.output_shape) for row in self.rows if row.output_shape is not None)

    @cached_property
    def outline(self) -> tuple[LayerRow | LayerGroup, ...]:
        """The layers, those of networks within the network together, where its first one stands."""
        return _outline(self.rows, 0, {source: row.name for row in self.rows for source in row.inputs})

    @cached_property
    def groups(self) -> tuple[LayerGroup, ...]:
        """The networks within the network in `outline`, each before those in it."""
        return tuple(_groups_in(self.outline))

    def row(self, name: str) -> LayerRow:
        """The layer of that name.

        Raises:
            KeyError: there is none.
        """
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, LayerRow]:
        return {row.name: row for row in self.rows}


def describe(config: Config) -> LayerTable:
    """Works out the layer table of a network.

    Args:
        config: of a Functional or Sequential model; models within it are taken apart.

    Returns:
        The table; an impossible layer is its `misfit`.

    Raises:
        StudioError: it is no image classifier: it needs one input, for images of one size, and one output.
    """
    graph = Graph.listed(config)
    image_node, *nodes = graph.nodes.values()
    image = _image_shape(image_node.config)
    misfit = _bad_image(image_node, image)
    known: dict[str, Maps] = {} if misfit else {image_node.name: Maps(image, image[:2])}
    rows = [_row(image_node, None if misfit else Effect(known[image_node.name]))]
    for node in nodes:
        effect = None
        if misfit is None:
            effect, misfit = _effect(node, tuple(known[name] for name in node.inputs))
        if effect is not None:
            known[node.name] = effect.maps
        rows.append(_row(node, effect))
    output = graph.nodes[graph.output]
    if misfit is None:
        misfit = _bad_output(output.name, known[output.name])
    answer = known[output.name].shape if output.name in known else None
    return LayerTable(str(config["config"]["name"]), image, _classes(output, answer), tuple(rows), misfit, answer)


_DEEPEST = 6
"""Levels of networks within networks that are told apart: more are no help to anybody."""


def _outline(rows: Sequence[LayerRow], level: int, last_fed: Mapping[str, str]) -> tuple[LayerRow | LayerGroup, ...]:
    """Puts the layers of each network within the network together.

    Args:
        rows: layers that are in the same networks down to `level`.
        level: how many networks they are all in.
        last_fed: of each layer that feeds others, the name of the last one.
    """
    members: dict[str, list[LayerRow]] = {}
    for row in rows:
        inner = row.networks[level : level + 1] if level < _DEEPEST else ()
        members.setdefault(".".join((*row.networks[:level], *inner, "")) if inner else row.name, []).append(row)
    return tuple(
        LayerGroup(_as_one(key[:-1], inside, last_fed), _outline(inside, level + 1, last_fed))
        if len(inside) > 1
        else inside[0]
        for key, inside in members.items()
    )


def _groups_in(members: Iterable[LayerRow | LayerGroup]) -> Iterator[LayerGroup]:
    for one in members:
        if isinstance(one, LayerGroup):
            yield one
            yield from _groups_in(one.members)


def _as_one(name: str, rows: Sequence[LayerRow], last_fed: Mapping[str, str]) -> LayerRow:
    """What stands for a network within the network: the last of its layers that feeds another is what it answers."""
    names = {row.name for row in rows}
    end = next((row for row in reversed(rows) if last_fed.get(row.name, "") not in names), rows[-1])
    return LayerRow(
        name=name,
        kind="Functional",
        title=f"Network of {len(rows):,} layers",
        description="A network within the network, as one that has learnt from other images and got another head.",
        inputs=tuple(dict.fromkeys(source for row in rows for source in row.inputs if source not in names)),
        output_shape=end.output_shape,
        parameters=sum(row.parameters for row in rows),
        trainable_parameters=sum(row.trainable_parameters for row in rows),
        multiply_adds=sum(row.multiply_adds for row in rows),
        receptive_field=end.receptive_field,
    )


def check_size(parameters: Mapping[str, int], activations: int) -> None:
    """Refuses a network that no usual machine could train.

    Args:
        parameters: of each layer, by its name.
        activations: numbers that all layers together answer to one image.

    Raises:
        StudioError: it has too many layers, parameters or outputs; the sentence says how many there may be.
    """
    if len(parameters) > MAX_LAYERS:
        raise StudioError(f"This network has {len(parameters):,} layers; up to {MAX_LAYERS:,} are possible.")
    total = sum(parameters.values())
    if total > MAX_PARAMETERS:
        largest = max(parameters, key=parameters.__getitem__)
        raise StudioError(
            f"This network has {total:,} parameters, {parameters[largest]:,} of them in “{largest}”. "
            f"Training it would take {size(BYTES_PER_PARAMETER * total)} of memory for weights, gradients and the "
            f"optimizer; up to {MAX_PARAMETERS:,} parameters ({size(BYTES_PER_PARAMETER * MAX_PARAMETERS)}) are "
            "possible. Use fewer units or filters, or pool before the first dense layer."
        )
    if activations > MAX_ACTIVATIONS:
        raise StudioError(
            f"The layers of this network have {activations:,} outputs for one image, which take "
            f"{size(4 * activations)} of memory; up to {MAX_ACTIVATIONS:,} are possible. Use fewer filters, or pool "
            "earlier."
        )


def mlp_connections(table: LayerTable) -> dict[str, tuple[int, int]]:
    """“The same with an MLP”: how many numbers each convolution is given, P, and how many it answers with, H.

    A dense layer in its place would have P × H weights. Convolutions whose shapes are not known are left out.
    """
    shapes = {row.name: row.output_shape for row in table.rows}
    connections = {}
    for row in table.rows:
        given = shapes[row.inputs[0]] if row.inputs else None
        if group_of(row.kind) == "Convolution" and row.output_shape is not None and given is not None:
            connections[row.name] = math.prod(given), math.prod(row.output_shape)
    return connections


def _effect(node: Node, inputs: tuple[Maps, ...]) -> tuple[Effect | None, Misfit | None]:
    kind = LAYER_KINDS.get(node.kind)
    if kind is None:
        text = f"“{node.name}” is a layer of kind {node.kind}, which CNN Studio does not know."
        return None, Misfit(node.name, "", None, None, text)
    try:
        return _applied(kind, node.config, inputs), None
    except UnfitError as error:
        nearest = _nearest(kind, node.config, inputs, error)
        text = f"“{node.name}” {error.text}."
        if nearest is not None:
            square = error.field in SQUARES and is_whole(nearest)
            text += f" The nearest {word(error.field)} that fits is {show([nearest] * 2 if square else nearest)}."
        value = node.config.get(error.field) if error.field else None
        return None, Misfit(node.name, error.field, value, nearest, text)


def _applied(kind: LayerKind, fields: Mapping[str, Any], inputs: tuple[Maps, ...]) -> Effect:
    if not inputs:
        raise UnfitError("", "is connected to nothing")
    return kind.arithmetic(Values(fields), inputs)


def _nearest(kind: LayerKind, fields: Mapping[str, Any], inputs: tuple[Maps, ...], error: UnfitError) -> Any | None:
    """The first value that might do with which the layer fits, or at least no longer fails because of that field."""
    other_fault = None
    for candidate in error.candidates:
        try:
            _applied(kind, {**fields, error.field: candidate}, inputs)
        except UnfitError as still:
            if still.field != error.field and other_fault is None:
                other_fault = candidate
        else:
            return candidate
    return other_fault


def _image_shape(fields: Mapping[str, Any]) -> tuple[int, int, int]:
    shape = fields.get("batch_shape") or fields.get("batch_input_shape") or [None, *(fields.get("shape") or ())]
    sides = list(shape)[1:] if isinstance(shape, list | tuple) else []
    if len(sides) != 3 or not all(map(is_whole, sides)):
        raise StudioError(
            "This is no image classifier: its input must be images of one size, with height, width and channels."
        )
    height, width, channels = sides
    return height, width, channels


def _bad_image(node: Node, image: tuple[int, int, int]) -> Misfit | None:
    nearest = (*(min(max(side, 1), MAX_MAP_SIDE) for side in image[:2]), max(image[2], 1))
    if nearest == image:
        return None
    return Misfit(
        node.name,
        "batch_shape",
        list(node.config.get("batch_shape") or (None, *image)),
        [None, *nearest],
        f"“{node.name}” has images of {show(image)}, but sides of 1 to {MAX_MAP_SIDE:,} pixels and at least one "
        f"channel are needed. The nearest size that fits is {show(nearest)}.",
    )


def _bad_output(name: str, maps: Maps) -> Misfit | None:
    if len(maps.shape) == 1:
        if maps.shape[0] <= MAX_CLASSES:
            return None
        text = f"“{name}” has {maps.shape[0]:,} outputs, where {MAX_CLASSES:,} classes are the most."
        return Misfit(name, "", None, None, text)
    return Misfit(
        name,
        "",
        None,
        None,
        f"“{name}” is the last layer, but its output is {shape_words(maps.shape)} instead of one number a class, as of "
        "networks that find objects or outline them. For a classifier, bring the maps into one list with a Flatten or "
        "a GlobalAveragePooling2D, and end with a dense layer.",
    )


def _classes(output: Node, answer: tuple[int, ...] | None) -> int:
    if answer is not None:
        return answer[0] if len(answer) == 1 else 0
    units = output.config.get("units")
    return max(units, 0) if isinstance(units, int) else 0


def _row(node: Node, effect: Effect | None) -> LayerRow:
    kind = LAYER_KINDS.get(node.kind)
    title, description = kind.title if kind else node.kind, lesson_of(node.name, node.kind)
    if effect is None:
        return LayerRow(node.name, node.kind, title, description, node.inputs)
    return LayerRow(
        name=node.name,
        kind=node.kind,
        title=f"{effect.title or title} {effect.detail}".rstrip(),
        description=description,
        inputs=node.inputs,
        output_shape=effect.maps.shape,
        activation=effect.activation,
        parameters=effect.parameters,
        trainable_parameters=effect.trainable if node.trainable else 0,
        parameter_terms=effect.parameter_terms,
        multiply_adds=effect.operations,
        multiply_add_terms=effect.operation_terms,
        receptive_field=effect.maps.receptive_field,
        jump=effect.maps.jump,
        windows=effect.windows,
    )
