"""The layers of a network in the order in which they are computed, models within the model taken apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnnstudio.errors import StudioError

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
        waiting = [(layer, _sources(layer)) for layer in fields["layers"] if _name(layer) not in outputs]
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


def _sources(layer: Mapping[str, Any]) -> list[tuple[str, int]]:
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
