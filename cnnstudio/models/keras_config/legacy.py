"""What Keras 2 wrote of a model, in the words of today's files.

An `.h5` file of a whole model, which Keras 3 still writes, has the config as a text beside the weights; Keras 2 also
wrote `.keras` files. Such configs are put into today's form here and copied as far as they are allowed by `allowlist`.
Nothing is looked up by name here, and nothing is made.
"""

import io
import json
import re
from contextlib import suppress
from typing import Any

from cnnstudio.errors import reason
from cnnstudio.models.keras_config.allowlist import MODELS, PARTS, WRAPPERS, RefusedError
from cnnstudio.models.keras_config.equivalents import OPERATION_MODULES, is_operation
from cnnstudio.models.keras_config.graph import RANDOM_CROP, input_layer, layer_config, tensor
from cnnstudio.models.keras_config.tensorflow_calls import KINDS, as_operation, note_shapes
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of

MAX_CONFIG = 2**24
MAX_DEPTH = 50

_MODULES = {name: module for module, names in PARTS.items() for name in names}

_FORGOTTEN = {
    "BatchNormalization": ("virtual_batch_size", "fused", "renorm_clipping", "renorm_momentum"),
    "Conv2DTranspose": ("groups",),
    "DepthwiseConv2D": ("groups", "filters"),
    "MultiHeadAttention": ("softmax_robust_masking",),
    **dict.fromkeys(("GRU", "LSTM", "SimpleRNN"), ("time_major",)),
    "SeparableConv2D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D"), ("trainable", "noise_shape")),
}
"""What Keras 2 wrote of its layers and Keras 3 does not know; by their defaults they change nothing."""
_FORGOTTEN_DEFAULTS = (None, False, 1, 0.99, True)
_ALWAYS_FORGOTTEN = (
    *("batch_input_shape", "rng_type", "dynamic", "implementation"),
    *("query_shape", "key_shape", "value_shape"),
)
"""Of whatever kind of layer: how Keras computed, or what it was given, which changes no answer."""

_OTHER_KINDS = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "AvgPool2D": "AveragePooling2D",
    "MaxPool2D": "MaxPooling2D",
    "Convolution2D": "Conv2D",
    "RandomCrop": "Resizing",
    "RandomHeight": "Identity",
    "RandomWidth": "Identity",
    "ThresholdedReLU": "ReLU",
}
"""Layers of Keras 2 with those of today that give the same answers."""

_OTHER_MODELS = {"Model": "Functional", "Pipeline": "Sequential"}
"""Likewise, of models."""

_GONE = frozenset({"LocallyConnected1D", "LocallyConnected2D"})
"""Layers that Keras 3 has not."""

_KERAS_2 = re.compile(r"(tf_keras|tensorflow|keras)(\.[a-z0-9_]+)*")
"""Modules from which Keras 2 says that its layers are."""

_NOTHING_ELSE = "save the whole model where it comes from, as .keras"


def legacy_config(data: bytes) -> bytes:
    """Takes the config out of an `.h5` file.

    Args:
        data: the file, whose links and arrays have been checked.

    Returns:
        The text of a config.json, for `checked_config`; with what the model was compiled with, where the file says it.

    Raises:
        RefusedError: there is no config in it, as where only weights were saved, or one that cannot be read.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            text, training = file.attrs.get("model_config"), file.attrs.get("training_config")
            version = str(file.attrs.get("keras_version", ""))
    # Whatever a damaged file makes of h5py.
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise RefusedError(f"it is damaged ({reason(error)})") from error
    if text is None:
        raise RefusedError(f"it holds weights, but not the layers they belong to; {_NOTHING_ELSE}")
    if version.lstrip("b'").startswith(("0.", "1.")):
        raise RefusedError(f"it was written by a Keras of before 2017; {_NOTHING_ELSE}")
    if not isinstance(text, str | bytes) or len(text) > MAX_CONFIG:
        raise RefusedError("it is damaged: its model_config is no text, or a very long one")
    config = modern_config(text, version.lstrip("b'").startswith("3."))
    if not isinstance(training, str | bytes) or len(training) > MAX_CONFIG:
        return config
    with suppress(ValueError, RecursionError):  # what only training needs may be damaged
        return json.dumps(json.loads(config) | {"compile_config": json.loads(training)}).encode()
    return config


def modern_config(text: str | bytes, by_keras_3: bool = False) -> bytes:
    """Puts a config of Keras 2, or one of an `.h5` file, into today's words.

    Args:
        text: the config as JSON.
        by_keras_3: whether Keras 3 wrote it.

    Returns:
        The text of a config.json, for `checked_config`.

    Raises:
        RefusedError: it cannot be read.
    """
    try:
        return json.dumps(_Reading(by_keras_3).model(json.loads(text))).encode()
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"it is damaged: its config is not valid JSON ({error})") from error
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise RefusedError("it is damaged: the layers and connections in its config cannot be read") from error


class _Reading:
    """One reading of a config.

    Args:
        by_keras_3: whether Keras 3 wrote it.
    """

    def __init__(self, by_keras_3: bool) -> None:
        self._by_keras_3 = by_keras_3

    def model(self, config: dict[str, Any], depth: int = 0) -> dict[str, Any]:
        """A model in today's words."""
        kind = _OTHER_MODELS.get(config["class_name"], config["class_name"])
        inner = config["config"]
        if kind not in MODELS or depth > MAX_DEPTH:
            return config  # it is refused, by its name
        if isinstance(inner, list):  # Sequential, as before 2.3
            inner = {"name": "sequential", "layers": inner}
        layers = [part for layer in inner["layers"] for part in self._layers(layer, depth)]
        note_shapes(layers)
        if kind == "Sequential":
            layers = _with_input(layers, inner["layers"])
        copied = {key: inner[key] for key in ("trainable", "build_input_shape") if key in inner}
        copied |= {"name": _named(inner.get("name") or kind.lower()), "layers": layers}
        for key in ("input_layers", "output_layers"):
            if key in inner:
                copied[key] = _named(inner[key])
        return {"module": MODELS[kind], "class_name": kind, "config": copied, "registered_name": None}

    def _layers(self, layer: dict[str, Any], depth: int) -> list[dict[str, Any]]:
        """What stands today in the place of a layer."""
        kind = layer["class_name"]
        if kind in _GONE:
            raise RefusedError(
                f"it contains “{kind}”, a layer that Keras 3 does not have any more; put a Conv2D in its place, train "
                "the network again and save it as .keras"
            )
        if kind in KINDS:
            return [as_operation(_named(layer), OPERATION_MODULES[0])]
        if kind in MODELS or kind in _OTHER_MODELS:
            copied = self.model(layer, depth + 1)
        elif is_operation(layer):
            copied = {**layer, "module": layer.get("module", OPERATION_MODULES[0])}
        elif kind in {*LAYER_KINDS, *_OTHER_KINDS, *WRAPPERS} and _KERAS_2.fullmatch(str(layer.get("module", "keras"))):
            copied = self._modern(layer)
        else:
            copied = dict(layer)
        if "name" in layer:
            copied["name"] = _named(layer["name"])
        if "inbound_nodes" in layer:
            copied["inbound_nodes"] = [_node(node, kind) for node in _named(layer["inbound_nodes"])]
        if copied["config"].get("activation") == "hard_sigmoid" and not self._by_keras_3:
            return _with_old_hard_sigmoid(copied)
        return [copied]

    def _modern(self, layer: dict[str, Any]) -> dict[str, Any]:
        """A layer in today's words."""
        kind = layer["class_name"]
        modern = kind if kind == RANDOM_CROP and self._by_keras_3 else _OTHER_KINDS.get(kind, kind)
        config = {key: _part(value) for key, value in layer["config"].items()}
        for key in ("activation", "backward_layer", "layer"):
            inner = config.get(key)
            if isinstance(inner, dict) and inner.get("class_name") in {*LAYER_KINDS, *_OTHER_KINDS}:
                config[key] = self._modern(inner)
        if config.get("recurrent_activation") == "hard_sigmoid" and not self._by_keras_3:
            raise RefusedError(
                f"the gates of its layer “{config['name']}” have the activation “hard_sigmoid”, which is another "
                "function in Keras 3; give them “sigmoid”, train the network again and save it as .keras"
            )
        config["name"] = _named(config["name"])
        registered = layer.get("registered_name")
        return {
            "module": LAYER_KINDS[modern].module if modern in LAYER_KINDS else layer_config(modern, {})["module"],
            "class_name": modern,
            "config": config if modern == RANDOM_CROP else _renamed(kind, config),
            "registered_name": None if str(registered).startswith("Custom>") else registered,
        }


def _with_old_hard_sigmoid(layer: dict[str, Any]) -> list[dict[str, Any]]:
    """A layer with the hard sigmoid of Keras 2, min(max(0.2 x + 0.5, 0), 1); that of Keras 3 has 1/6 for 0.2."""
    name, nodes = layer["config"]["name"], layer.get("inbound_nodes")
    if nodes is not None and len(nodes) != 1:
        raise RefusedError(f"its layer “{name}” has the activation “hard_sigmoid” and is used at several places")
    parts = [
        layer_config("Rescaling", {"name": f"{name}_scaled", "scale": 0.2, "offset": 0.5}),
        layer_config("ReLU", {"name": name, "max_value": 1.0}),
    ]
    if layer["class_name"] != "Activation":
        linear = {**layer["config"], "name": f"{name}_linear", "activation": "linear"}
        parts.insert(0, {**layer, "config": linear, "name": linear["name"]})
    for part in parts:
        part["name"] = part["config"]["name"]
        if nodes is not None:
            part["inbound_nodes"] = nodes
            nodes = [{"args": [tensor([part["name"], 0, 0])], "kwargs": {}}]
    return parts


def _named(value: Any) -> Any:
    """Names of layers, however deep in lists and objects, without the slashes that Keras 2 let be in them."""
    if isinstance(value, list):
        return [_named(item) for item in value]
    if isinstance(value, dict):
        return {key: _named(item) for key, item in value.items()}
    return value.replace("/", "_") if isinstance(value, str) else value


def _with_input(layers: list[dict[str, Any]], old: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In Keras 2, the first layer of a chain had the shape of the images."""
    shape = old[0]["config"].get("batch_input_shape") if old else None
    if shape is None or layers[0]["class_name"] == "InputLayer" or not isinstance(shape, list):
        return layers
    return [input_layer(shape), *layers]


def _renamed(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """A layer's values under today's names; `kind` is what it was called."""
    if kind == "InputLayer":
        config.setdefault("batch_shape", config.get("batch_input_shape"))
    for key in _ALWAYS_FORGOTTEN:
        config.pop(key, None)
    for key in _FORGOTTEN.get(_OTHER_KINDS.get(kind, kind), ()):
        value = config.get(key)
        if key in config and (value in _FORGOTTEN_DEFAULTS or isinstance(value, dict)):
            del config[key]
    if kind == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    if kind == "ThresholdedReLU":
        config["threshold"] = config.pop("theta")
    if kind in ("RandomHeight", "RandomWidth"):
        config = {"name": config["name"]}
    if kind == "RandomCrop":
        config.pop("seed", None)
        config["crop_to_aspect_ratio"] = True
    axis = config.get("axis")
    if "BatchNormalization" in kind and isinstance(axis, list) and len(axis) == 1:
        config["axis"] = axis[0]
    return config


def _part(value: Any) -> Any:
    """An initialiser, regulariser or constraint with the module that it is in today; a policy by its name."""
    if not isinstance(value, dict) or "class_name" not in value:
        return value
    if value["class_name"] in ("Policy", "DTypePolicy"):
        return value["config"]["name"]
    module = _MODULES.get(value["class_name"])
    # TensorFlow has initialisers of the same names, such as that of `tf.constant_initializer(0)`, with the same values.
    if module is None or not str(value.get("module", "tensorflow.")).startswith("tensorflow."):
        return value
    return {"module": module, "class_name": value["class_name"], "config": value["config"], "registered_name": None}


def _node(node: Any, kind: str) -> Any:
    if isinstance(node, dict):
        return node
    options: dict[str, Any] = next((source[3] for source in node if len(source) > 3 and source[3]), {})
    tensors = [tensor(source[:3]) for source in node]
    if kind in LAYER_KINDS and LAYER_KINDS[kind].arguments > 1:
        places = [options[key] for key in ("value", "key") if options.get(key) is not None]
        options = {key: value for key, value in options.items() if key not in ("value", "key")}
        return {"args": [*tensors, *map(tensor, places)], "kwargs": options}
    return {"args": [tensors] if len(tensors) > 1 or group_of(kind) == "Branches" else tensors, "kwargs": options}
