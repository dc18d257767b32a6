"""What a model's config may name: Keras's own image layers and their parts, our few own layers, nothing else.

Keras builds whatever objects a config names, and among those it knows are some that run code (Lambda), read files
(StringLookup, TFSMLayer) or call arbitrary Keras functions (operations in a functional graph): CVE-2024-3660,
CVE-2025-1550, CVE-2025-8747, CVE-2025-9906, CVE-2025-12058. Here a config is copied piece by piece, and only pieces
that are known to be harmless are copied, so that what is built is what was checked. An operation is never copied: a
layer that does the same takes its place, or the file is refused.
"""

import json
import re
from typing import Any, Literal

from cnnstudio.limits import MAX_LAYERS, MAX_MODEL_DEPTH, MAX_UNITS
from cnnstudio.models.keras_config.equivalents import (
    OPERATION_MODULES,
    as_layer,
    with_activations_apart,
    with_channels_at_once,
)
from cnnstudio.models.keras_config.graph import RANDOM_CROP
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_kinds.recurrent import RECURRENT

MAX_TEXT = 1_000
MAX_NUMBER = 2**31

MODELS = {
    "Functional": "keras.src.models.functional",
    "Sequential": "keras",
}
"""Kinds of model, each with the module under which Keras knows it."""

MODEL_MODULES = ("keras", "keras.models", "keras.src.models.functional", "keras.src.models.sequential")

PARTS = {
    "keras": frozenset({"DTypePolicy"}),
    "keras.constraints": frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}),
    "keras.initializers": frozenset(
        {
            "Constant",
            "GlorotNormal",
            "GlorotUniform",
            "HeNormal",
            "HeUniform",
            "LecunNormal",
            "LecunUniform",
            "Ones",
            "Orthogonal",
            "RandomNormal",
            "RandomUniform",
            "TruncatedNormal",
            "VarianceScaling",
            "Zeros",
        }
    ),
    "keras.regularizers": frozenset({"L1", "L1L2", "L2"}),
}
"""Objects that a layer's config may hold, by module."""

_ADVICE = {
    "Lambda": "say what it does with one of Keras's layers, such as Rescaling, or with plain arithmetic, such as "
    "x / 255, and save the model again",
    "KerasLayer": "take the same network from keras.applications in its place, train it and save it again",
    **dict.fromkeys(
        ("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"),
        "build the network that it reads from layers of Keras, and save it as .keras",
    ),
    **dict.fromkeys(
        ("AdditiveAttention", "Attention", "GroupQueryAttention"),
        "put MultiHeadAttention in its place, train the network again and save it",
    ),
    **dict.fromkeys(
        ("RNN", "StackedRNNCells", "LSTMCell", "GRUCell", "SimpleRNNCell"),
        "put LSTM, GRU or SimpleRNN in its place, and save the model again",
    ),
    "Dot": "say it with Multiply, or with a Dense layer that learns it, train the network again and save it",
    "EinsumDense": "put a Dense layer in its place, train the network again and save it",
    "Masking": "leave it out, for no place of an image is missing, and save the model again",
    "RepeatVector": "put Reshape and UpSampling2D in its place, and save the model again",
    "TimeDistributed": "of a row of numbers, Dense and the like take each place by itself anyway: use the layer in it "
    "alone, and save the model again",
}
"""What else will do, for layers that are met often."""

_UNSAFE = frozenset({"FlaxLayer", "JaxLayer", "Lambda", "StringLookup", "TFSMLayer", "TorchModuleWrapper"})
"""Keras's own layers that run code or read files."""

_ON_ROWS = re.compile(r"^(\w+)1D(Transpose|)$")
"""Names of layers that work on rows; most have a sister for maps."""

_UNBUILDABLE = "Equalization"
"""A layer that changes nothing while a network does not learn, and that Keras cannot build into a graph."""

WRAPPERS: dict[str, frozenset[str] | None] = {
    "SpectralNormalization": None,
    "TimeDistributed": frozenset({"Activation", "Dense", "Dropout", "ELU", "LayerNormalization", "LeakyReLU", "ReLU"}),
}
"""Layers that answer, while a network does not learn, as the layer in them: any, or one of these kinds."""

_KERAS_LAYERS = ("keras.layers", "keras.src.layers.")
"""Modules, or their beginnings, from which Keras says that its own layers are."""

_LAYERS_OF_FUNCTIONS = {
    "batch_normalization": "BatchNormalization",
    "fused_batch_norm": "BatchNormalization",
    "conv2d": "Conv2D",
    "depthwise_conv2d": "DepthwiseConv2D",
    "dropout": "Dropout",
    "matmul": "Dense",
    "random_brightness": "RandomBrightness",
    "random_contrast": "RandomContrast",
    "random_flip_left_right": "RandomFlip",
    "random_flip_up_down": "RandomFlip",
    "random_normal": "GaussianNoise",
    "resize_with_pad": "Resizing (with pad_to_aspect_ratio=True)",
}
"""What to put in the place of functions of TensorFlow that need, or draw, numbers of their own."""

DTYPES = (
    *("float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"),
    *("uint8", "uint16", "uint32", "int8", "int16", "int32", "int64", "bool"),
)
"""Types of numbers, and policies that mix them."""

_MOST_LISTS = 8
"""Lists within lists in a value: twice as many as the weights of a convolution have."""

_MODEL_FIELDS = ("name", "trainable", "layers", "input_layers", "output_layers", "build_input_shape")


class RefusedError(Exception):
    """A model file that is not opened; its text says why, as the second half of a sentence."""


def checked_config(text: bytes) -> dict[str, Any]:
    """Copies a model's config as far as it is allowed.

    What only training needs (optimizer, losses, metrics) and what Keras finds out by itself (the shapes that layers
    were built for) is left out.

    Args:
        text: the config.json of a `.keras` file.

    Returns:
        A config of the same model, for `cnnstudio.models.keras_config.graph.Graph`. Layers that take the place of an
        operation, for which the file holds no weights, have the key “operation”.

    Raises:
        RefusedError: it is no config, or names something that is not allowed.
    """
    try:
        config = json.loads(text)
        if not _is_model(config):
            raise RefusedError(f"it holds {_kind(config)}, not a Functional or Sequential model of Keras")
        return _Copy().model(config, depth=0)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"it is damaged: its config.json is not valid JSON ({error})") from error


def _kind(config: Any) -> str:
    name = config.get("class_name") if isinstance(config, dict) else None
    return f"“{name[:80]}”" if isinstance(name, str) else "something unknown"


def _is_model(config: Any) -> bool:
    if not isinstance(config, dict):
        return False
    return config.get("class_name") in tuple(MODELS) and config.get("module") in MODEL_MODULES


class _Copy:
    """One copying: counts the layers met so far."""

    def __init__(self) -> None:
        self._layers = 0

    def model(self, config: dict[str, Any], depth: int) -> dict[str, Any]:
        inner = _fields(config)
        layers = inner.get("layers")
        if depth > MAX_MODEL_DEPTH:
            raise RefusedError(f"its models are nested over {MAX_MODEL_DEPTH} deep")
        if not isinstance(layers, list):
            raise RefusedError("it is damaged: its model has no list of layers")
        copied = {key: _plain(inner[key]) for key in _MODEL_FIELDS if key in inner and key != "layers"}
        copied["name"] = _name(inner)
        layers = with_activations_apart(with_channels_at_once(layers))
        copied["layers"] = [self._layer(layer, depth) for layer in layers]
        class_name = config["class_name"]
        return {
            "module": MODELS[class_name],
            "class_name": class_name,
            "config": copied,
            "registered_name": None,
        }

    def _layer(self, config: Any, depth: int) -> dict[str, Any]:
        self._layers += 1
        if self._layers > MAX_LAYERS:
            raise RefusedError(f"it has over {MAX_LAYERS:,} layers")
        if _is_layer(config, "Pipeline"):
            config = {**config, "class_name": "Sequential", "module": MODELS["Sequential"]}
        elif _is_layer(config, _UNBUILDABLE):
            config = {**config, "class_name": "Identity", "config": {"name": _name(_fields(config))}}
        if _is_model(config):
            copied = self.model(config, depth + 1)
        else:
            wrapper, config = _unwrapped(_as_layer(config))
            copied = _object(config, "layer")
            copied["config"]["name"] = _name(copied["config"])
            _check_values(copied["config"])
            if copied["class_name"] == "RandomShear":
                copied["config"] |= shear_factors(copied["config"])
            if wrapper:
                copied["wrapper"] = wrapper
        if "name" in config:
            copied["name"] = _name(config)
        if "inbound_nodes" in config:
            copied["inbound_nodes"] = _nodes(config)
        if config.get("operation"):
            copied["operation"] = True
        return copied


def _check_values(config: dict[str, Any]) -> None:
    """Refuses values by which a layer takes all memory, or fails only once it is used."""
    name = config["name"]
    for field in ("units", "filters"):
        number = config.get(field)
        if isinstance(number, int) and number > MAX_UNITS:
            raise RefusedError(f"its layer “{name}” has {number:,} {field}; up to {MAX_UNITS:,} are possible")
    dtype = config.get("dtype")
    if isinstance(dtype, dict):
        dtype = dtype["config"].get("name", dtype["class_name"])
    if dtype is not None and dtype not in tuple(DTYPES):
        raise RefusedError(
            f"its layer “{name}” computes with numbers of the type “{str(dtype)[:80]}”, which is none of Keras's: "
            f"{', '.join(DTYPES)}"
        )


def _as_layer(config: Any) -> Any:
    """What a layer does in the place of an operation, which is never built; whatever else it is, as it is."""
    if not isinstance(config, dict) or config.get("module") not in OPERATION_MODULES:
        return config
    layer = as_layer(config)
    if layer is None:
        instead = _LAYERS_OF_FUNCTIONS.get(str(config.get("class_name")).rpartition(".")[2])
        advice = "do that to the images beforehand, or say it with a layer such as Rescaling"
        if instead is not None:
            advice = f"put Keras's layer {instead} in its place"
        raise RefusedError(
            f"it computes with {_kind(config)} between its layers, in a way that none of Keras's image layers does; "
            f"{advice}, and save the model again"
        )
    return layer


def _is_layer(config: Any, name: str) -> bool:
    """Whether a config is of one of Keras's own layers."""
    return isinstance(config, dict) and (config.get("module"), config.get("class_name")) == ("keras.layers", name)


def _unwrapped(config: Any) -> tuple[str, Any]:
    """The name of one of `WRAPPERS` and, under its name, the layer in it; an empty name and the layer where none is."""
    wrapper = next((name for name in WRAPPERS if _is_layer(config, name)), "")
    if not wrapper:
        return "", config
    around = _fields(config)
    inner, kinds = around.get("layer"), WRAPPERS[wrapper]
    if not isinstance(inner, dict) or (kinds is not None and inner.get("class_name") not in tuple(kinds)):
        return "", config
    values = {**_fields(inner), "name": around.get("name")}
    if around.get("trainable") is False:
        values["trainable"] = False
    placed = {"name": config["name"]} if "name" in config else {}
    if isinstance(calls := config.get("inbound_nodes"), list):
        placed["inbound_nodes"] = [{**call, "kwargs": {}} if isinstance(call, dict) else call for call in calls]
    return wrapper, {**inner, **placed, "config": values}


def shear_factors(config: dict[str, Any]) -> dict[str, Any]:
    """The factors of a RandomShear, which Keras writes from −a to a and reads as a alone."""
    found = {key: value for key, value in config.items() if key in ("x_factor", "y_factor")}
    return {
        key: value[1]
        for key, value in found.items()
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], int | float) and value[0] == -value[1]
    }


def _fields(config: dict[str, Any]) -> dict[str, Any]:
    inner = config.get("config")
    if not isinstance(inner, dict):
        raise RefusedError(f"it is damaged: {_kind(config)} has no config")
    return inner


def _name(config: dict[str, Any]) -> str:
    name = config.get("name")
    # Keras makes folders after layers when it saves them (CVE-2026-12479).
    if not isinstance(name, str) or not 0 < len(name) <= 200 or ".." in name or set(name) & set("/\\\0"):
        raise RefusedError("one of its layers has no name, or one that is not allowed")
    return name


def _object(config: Any, what: Literal["layer", "part"]) -> dict[str, Any]:
    if not isinstance(config, dict):
        raise RefusedError(f"it is damaged: a {what} is missing where one must be")
    module, name = config.get("module"), config.get("class_name")
    if not isinstance(module, str) or not isinstance(name, str) or not _is_allowed(module, name, what):
        raise RefusedError(_not_listed(module, name, what, _kind(config)))
    registered = LAYER_KINDS[name].registered_name if what == "layer" and name in LAYER_KINDS else None
    if config.get("registered_name") not in ((None, name) if registered is None else (registered,)):
        raise RefusedError(f"it gives {_kind(config)} a second name, which only a custom {what} has")
    return {
        "module": module,
        "class_name": name,
        "config": {
            key: _direction(value) if name == "Bidirectional" and key in _DIRECTIONS and value else _value(value)
            for key, value in _fields(config).items()
        },
        "registered_name": registered,
    }


_DIRECTIONS = ("layer", "backward_layer")
"""Where the config of a layer for both directions has those for each."""


def _direction(config: Any) -> dict[str, Any]:
    """A recurrent layer within one for both directions."""
    if not isinstance(config, dict) or config.get("class_name") not in tuple(RECURRENT):
        raise RefusedError(f"its layer for both directions of a row holds {_kind(config)}, which is no recurrent layer")
    copied = _object(config, "layer")
    copied["config"]["name"] = _name(copied["config"])
    _check_values(copied["config"])
    return copied


def _not_listed(module: Any, name: Any, what: Literal["layer", "part"], kind: str) -> str:
    """Why a layer or a part is refused, and what to do."""
    of_keras = str(module).startswith(_KERAS_LAYERS)
    advice = f"put {'another' if of_keras else 'a'} {what} of Keras in its place, and save the model again"
    sister = _ON_ROWS.sub(r"\g<1>2D\g<2>", str(name))
    if of_keras and sister != name and sister in LAYER_KINDS:
        advice = f"put {sister} in its place, after a Reshape to maps, and save the model again"
    because = f", because a {what} from elsewhere could run code or read files"
    if of_keras and str(name) not in _UNSAFE:
        because = ""
    return (
        f"it contains {kind}, which is not on the list of {what}s that CNN Studio opens{because}; "
        f"{_ADVICE.get(str(name), advice)}"
    )


def _is_allowed(module: str, name: str, what: Literal["layer", "part"]) -> bool:
    if what == "part":
        return name in PARTS.get(module, frozenset())
    if name == RANDOM_CROP:
        return module == "keras.layers"
    return name in LAYER_KINDS and LAYER_KINDS[name].module == module


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        if str(value.get("class_name")).startswith("Quantized"):
            raise RefusedError(
                "its weights are quantised to a few bits each, with which CNN Studio does not compute; save the model "
                "as it was before model.quantize(…)"
            )
        return _object(value, "part")
    return _plain(value)


def _plain(value: Any, depth: int = 0) -> Any:
    """A text, a number, true, false, null, or lists of these; anything else is refused."""
    if isinstance(value, list):
        if depth == _MOST_LISTS:
            raise RefusedError(f"one of its values is lists within lists, over {_MOST_LISTS} deep")
        return [_plain(item, depth + 1) for item in value]
    # A “>” stands in the names under which packages register their own objects.
    if isinstance(value, str) and (len(value) > MAX_TEXT or ">" in value):
        raise RefusedError("one of its texts is too long, or names an object of another package")
    if isinstance(value, int | float) and abs(value) > MAX_NUMBER:
        raise RefusedError("one of its numbers is beyond what an image network needs")
    if value is None or isinstance(value, str | int | float):
        return value
    raise RefusedError("it is damaged: an object stands where a number or a text must be")


def _nodes(config: dict[str, Any]) -> list[dict[str, Any]]:
    nodes = config["inbound_nodes"]
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise RefusedError("it is damaged: the connections of its layers cannot be read")
    return [{"args": _tensors(node.get("args")), "kwargs": _options(node.get("kwargs"))} for node in nodes]


def _tensors(value: Any) -> Any:
    if isinstance(value, list):
        return [_tensors(item) for item in value]
    if not isinstance(value, dict) or value.get("class_name") != "__keras_tensor__":
        raise RefusedError("one of its layers is called with something that is no layer's output")
    inner = _fields(value)
    fields = {key: _plain(inner.get(key)) for key in ("shape", "dtype", "keras_history")}
    return {"class_name": "__keras_tensor__", "config": fields}


def _options(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(item is None or isinstance(item, bool) for item in value.values()):
        raise RefusedError("one of its layers is called with options that are not allowed")
    return dict(value)
