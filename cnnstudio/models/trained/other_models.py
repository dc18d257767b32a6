"""What a model of Keras is that is no classifier of images: told by its layers, with what to do instead."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from cnnstudio.models.keras_config.allowlist import MODELS, RefusedError

_KINDS = (
    (
        frozenset(
            {"Embedding", "ReversibleEmbedding", "StringLookup", "TextVectorization", "TokenAndPositionEmbedding"}
        ),
        "it is a model of text: its layer “{0}” ({1}) takes words",
    ),
    (
        frozenset({"MelSpectrogram", "STFTSpectrogram"}),
        "it is a model of sound: its layer “{0}” ({1}) takes what a microphone records",
    ),
    (
        frozenset({"Conv3D", "ConvLSTM2D", "ConvLSTM3D", "MaxPooling3D", "AveragePooling3D", "GlobalAveragePooling3D"}),
        "it is a model of films or volumes: its layer “{0}” ({1}) takes many pictures at once",
    ),
)
"""Layers that only other kinds of models have, and what these are."""

_ON_SEQUENCES = frozenset({"Bidirectional", "Conv1D", "GRU", "LSTM", "SeparableConv1D", "SimpleRNN"})
"""Layers of models of sequences, which may take the rows of an image for one, too."""

_IMAGES = frozenset({"Conv2D", "DepthwiseConv2D", "SeparableConv2D"})
_MAX_DEPTH = 50


def check_kind(text: bytes) -> None:
    """Says what a model is that no picture can be given to, or that answers with more than a class.

    Args:
        text: of its config.json.

    Raises:
        RefusedError: it is such a model; the text says what it is, and what to do where something can be done.
    """
    try:
        config = json.loads(text)
        kind, fields = config["class_name"], config["config"]
        layers = list(_layers(fields, 0))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return  # it is damaged, and told where it is copied
    if isinstance(kind, str) and kind not in MODELS:
        _refuse_class(kind, config)
    images = any(of in _IMAGES for of, _ in layers)
    for kinds, words in _KINDS:
        if found := next(((of, name) for of, name in layers if of in kinds and not images), None):
            raise RefusedError(f"{words.format(found[1][:80], found[0])}. CNN Studio opens classifiers of images")
    stepping = next(((of, name) for of, name in layers if of in _ON_SEQUENCES), None)
    if stepping and not images and not _takes_pictures(fields):
        raise RefusedError(
            f"it is a model of sequences, such as sound or text: its layer “{stepping[1][:80]}” ({stepping[0]}) takes "
            "one step after the other. CNN Studio opens classifiers of images"
        )
    inputs, outputs = (_places(fields.get(key)) for key in ("input_layers", "output_layers"))
    if len(inputs) > 1:
        raise RefusedError(
            f"it takes {len(inputs)} inputs ({_listed(inputs)}). CNN Studio opens classifiers that take one image"
        )
    if len(outputs) > 1:
        _refuse_outputs(outputs, fields)


def _refuse_outputs(outputs: list[str], fields: Mapping[str, Any]) -> None:
    """Says which of several outputs stands for the classes, where one ends in softmax."""
    of_classes = [place for place, name in enumerate(outputs) if _ends_in_softmax(fields, name)]
    if len(of_classes) == 1:
        place = of_classes[0]
        which = f"“{outputs[place][:40]}” ends in softmax, so it stands for classes: save that alone"
    else:
        place, which = 0, "If one of them stands for the classes, save that alone, such as the first"
    raise RefusedError(
        f"it gives {len(outputs)} outputs ({_listed(outputs)}), where a classifier gives one. {which}: "
        f'keras.Model(model.input, model.outputs[{place}]).save("model.keras")'
    )


def _ends_in_softmax(fields: Mapping[str, Any], name: str) -> bool:
    layers = fields.get("layers")
    for layer in layers if isinstance(layers, list) else ():
        inner = layer.get("config") if isinstance(layer, Mapping) else None
        if isinstance(inner, Mapping) and inner.get("name") == name:
            return layer.get("class_name") == "Softmax" or inner.get("activation") == "softmax"
    return False


def _takes_pictures(fields: Mapping[str, Any]) -> bool:
    """Whether what goes in looks like an image: maps, as many rows as columns, or the numbers of such an image."""
    sides = _given_shape(fields)[1:]
    if len(sides) == 1 and isinstance(sides[0], int):
        return any(math.isqrt(length) ** 2 == length for length in (sides[0], sides[0] // 3))
    return len(sides) == 3 or (len(sides) == 2 and sides[0] == sides[1] and sides[0] is not None)


def _given_shape(fields: Mapping[str, Any]) -> list[Any]:
    """The shape of what is given to a model; empty where it is not told."""
    shape = fields.get("build_input_shape") or fields.get("batch_shape") or fields.get("batch_input_shape")
    layers = fields.get("layers")
    if isinstance(shape, list) or not isinstance(layers, list) or not layers:
        return shape if isinstance(shape, list) else []
    return _given_shape(layers[0]["config"])


def _refuse_class(kind: str, config: Mapping[str, Any]) -> None:
    built = config.get("build_config")
    shape = built.get("input_shape") if isinstance(built, Mapping) else None
    known = isinstance(shape, list) and 1 < len(shape) < 6 and all(isinstance(side, int) for side in shape[1:])
    sides = ", ".join(map(str, shape[1:])) if known and shape else "HEIGHT, WIDTH, CHANNELS"
    raise RefusedError(
        f"it is of a class of its own, “{kind[:80]}”, which is Python code and not in the file. Where that code is, "
        f'save it as layers: x = keras.Input(({sides})); keras.Model(x, model.call(x)).save("model.keras")'
    )


def _layers(fields: Mapping[str, Any], depth: int) -> Iterator[tuple[str, str]]:
    """Kind and name of each layer of a model, and of those of models within it."""
    layers = fields.get("layers")
    for layer in layers if isinstance(layers, list) and depth < _MAX_DEPTH else ():
        inner = layer.get("config") if isinstance(layer, Mapping) else None
        if isinstance(inner, Mapping):
            if isinstance(layer.get("class_name"), str):
                yield layer["class_name"], str(inner.get("name"))
            yield from _layers(inner, depth + 1)


def _places(value: Any) -> list[str]:
    """The names of the layers that a config has as inputs or outputs: [name, call, place], or lists of these."""
    if isinstance(value, Mapping):
        return [name for item in value.values() for name in _places(item)]
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [value[0]]
    return [name for item in value for name in _places(item)] if isinstance(value, list) else []


def _listed(names: list[str]) -> str:
    return ", ".join(name[:40] for name in names[:4]) + (", …" if len(names) > 4 else "")
