"""The old `.h5` files: what Keras 2 wrote of a model, and Keras 3 still writes, in the words of today's files.

An `.h5` file of a whole model has the config as a text beside the weights. It goes the same way as that of a `.keras`
file: it is put into the same form here, and copied as far as it is allowed by `allowlist`. Nothing is looked up by name
here, and nothing is made.
"""

import io
import json
from typing import Any

from cnnstudio.errors import reason
from cnnstudio.models.keras_config.allowlist import MODELS, PARTS, RefusedError
from cnnstudio.models.keras_config.equivalents import OPERATION_MODULES, is_operation
from cnnstudio.models.keras_config.graph import input_layer, tensor
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of

MAX_CONFIG = 2**24
MAX_DEPTH = 50

_MODULES = {name: module for module, names in PARTS.items() for name in names}

_FORGOTTEN = {
    "BatchNormalization": ("virtual_batch_size", "fused", "renorm_clipping", "renorm_momentum"),
    "DepthwiseConv2D": ("groups", "filters"),
    "SeparableConv2D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
}
"""What Keras 2 wrote of its layers and Keras 3 does not know; by their defaults they change nothing."""
_FORGOTTEN_DEFAULTS = (None, False, 1, 0.99, True)

_NOTHING_ELSE = "save the whole model where it comes from, as .keras"


def legacy_config(data: bytes) -> bytes:
    """Takes the config out of an `.h5` file.

    Args:
        data: the file, whose links and arrays have been checked.

    Returns:
        The text of a config.json, for `checked_config`.

    Raises:
        RefusedError: there is no config in it, as where only weights were saved, or one that cannot be read.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            text = file.attrs.get("model_config")
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
    return layers_config(text)


def layers_config(text: str | bytes) -> bytes:
    """Brings what `model.to_json()` gives, in Keras 2 or 3, into the form of a config.json.

    Args:
        text: JSON.

    Returns:
        The text of a config.json, for `checked_config`.

    Raises:
        RefusedError: it cannot be read.
    """
    try:
        return json.dumps(_model(json.loads(text))).encode()
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"it is damaged: what it says of its layers is not valid JSON ({error})") from error
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise RefusedError("it is damaged: its layers and their connections cannot be read") from error


def _model(config: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    kind = {"Model": "Functional"}.get(config["class_name"], config["class_name"])
    inner = config["config"]
    if kind not in MODELS or depth > MAX_DEPTH:
        return config  # it is refused, by its name
    if isinstance(inner, list):  # Sequential, as before 2.3
        inner = {"name": "sequential", "layers": inner}
    layers = [_layer(layer, depth) for layer in inner["layers"]]
    if kind == "Sequential":
        layers = _with_input(layers, inner["layers"])
    copied = {key: inner[key] for key in ("trainable", "build_input_shape") if key in inner}
    copied |= {"name": inner.get("name") or kind.lower(), "layers": layers}
    for key in ("input_layers", "output_layers"):
        if key in inner:
            copied[key] = inner[key]
    return {"module": MODELS[kind], "class_name": kind, "config": copied, "registered_name": None}


def _layer(layer: dict[str, Any], depth: int) -> dict[str, Any]:
    kind = layer["class_name"]
    if kind in MODELS or kind == "Model":
        copied = _model(layer, depth + 1)
    elif is_operation(layer):
        copied = {**layer, "module": OPERATION_MODULES[0]}
    elif kind in LAYER_KINDS:
        config = {key: _part(value) for key, value in layer["config"].items()}
        copied = {
            "module": layer.get("module", LAYER_KINDS[kind].module),
            "class_name": kind,
            "config": _renamed(kind, config),
            "registered_name": layer.get("registered_name"),
        }
    else:
        copied = dict(layer)
    if "name" in layer:
        copied["name"] = layer["name"]
    if "inbound_nodes" in layer:
        copied["inbound_nodes"] = [_node(node, kind) for node in layer["inbound_nodes"]]
    return copied


def _with_input(layers: list[dict[str, Any]], old: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In Keras 2, the first layer of a chain had the shape of the images."""
    shape = old[0]["config"].get("batch_input_shape") if old else None
    if shape is None or layers[0]["class_name"] == "InputLayer" or not isinstance(shape, list):
        return layers
    return [input_layer(shape), *layers]


def _renamed(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """A layer's values under today's names."""
    shape = config.pop("batch_input_shape", None)
    if kind == "InputLayer":
        config.setdefault("batch_shape", shape)
    for key in _FORGOTTEN.get(kind, ()):
        value = config.get(key)
        if key in config and (value in _FORGOTTEN_DEFAULTS or isinstance(value, dict)):
            del config[key]
    if kind == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    axis = config.get("axis")
    if kind == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        config["axis"] = axis[0]
    return config


def _part(value: Any) -> Any:
    """An initialiser, regulariser or constraint with the module that it is in today; a policy by its name."""
    if not isinstance(value, dict) or "class_name" not in value:
        return value
    if value["class_name"] in ("Policy", "DTypePolicy"):
        return value["config"]["name"]
    module = _MODULES.get(value["class_name"])
    if module is None or "module" in value:
        return value
    return {"module": module, "class_name": value["class_name"], "config": value["config"], "registered_name": None}


def _node(node: Any, kind: str) -> Any:
    if isinstance(node, dict):
        return node
    options: dict[str, Any] = next((source[3] for source in node if len(source) > 3 and source[3]), {})
    tensors = [tensor(source[:3]) for source in node]
    return {"args": [tensors] if len(tensors) > 1 or group_of(kind) == "Branches" else tensors, "kwargs": options}
