"""Models with more in them than `keras.layers`: operations, and what Keras keeps to networks of its own."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.exporting.network_code import model_code
from cnnstudio.models.keras_config.allowlist import RefusedError, checked_config
from cnnstudio.models.keras_config.equivalents import OPERATIONS, as_layer
from cnnstudio.models.keras_config.graph import Graph
from cnnstudio.models.layer_table import LayerRow, LayerTable, describe
from cnnstudio.models.trained.files import load_model, read_config
from tests.models.sample_networks import built_without_memory, sequential, small_convnext

pytestmark = pytest.mark.numbers

SHAPE = (6, 4, 2)

Function = Callable[[Any, Any], Any]
"""Of two (n, 6, 4, 2) tensors; `keras.ops` are reached through the function `ops`."""


def ops() -> Any:
    from keras import ops

    return ops


def activations() -> Any:
    from keras import activations

    return activations


DONE: dict[str, tuple[Function, str]] = {
    "x + y": (lambda x, y: x + y, "Add"),
    "x + 3": (lambda x, _: x + 3, "Rescaling"),
    "3 + x": (lambda x, _: 3.5 + x, "Rescaling"),
    "x + x": (lambda x, _: x + x, "Add"),
    "x - y": (lambda x, y: x - y, "Subtract"),
    "x - 3": (lambda x, _: x - 3, "Rescaling"),
    "3 - x": (lambda x, _: 3 - x, "Rescaling"),
    "x · y": (lambda x, y: x * y, "Multiply"),
    "x · 3": (lambda x, _: x * 3, "Rescaling"),
    "3 · x": (lambda x, _: ops().multiply(3, x), "Rescaling"),
    "x / 255": (lambda x, _: x / 255, "Rescaling"),
    "divide": (lambda x, _: ops().divide(x, 7.0), "Rescaling"),
    "-x": (lambda x, _: -x, "Rescaling"),
    "maximum": (lambda x, y: ops().maximum(x, y), "Maximum"),
    "maximum of 0": (lambda x, _: ops().maximum(x, 0), "ReLU"),
    "relu with a limit": (lambda x, _: activations().relu(x, 0.1, 2.0, 0.5), "ReLU"),
    "minimum": (lambda x, y: ops().minimum(x, y), "Minimum"),
    "a channel for all": (lambda x, y: x * _one_map(y), "Multiply"),
    "concatenate": (lambda x, y: ops().concatenate([x, y], axis=-1), "Concatenate"),
    "concatenate rows": (lambda x, y: ops().concatenate([x, y], axis=1), "Concatenate"),
    "mean": (lambda x, _: ops().mean(x, axis=[1, 2]), "GlobalAveragePooling2D"),
    "mean, kept": (lambda x, _: ops().mean(x, axis=(-2, -3), keepdims=True), "GlobalAveragePooling2D"),
    "max": (lambda x, _: ops().max(x, axis=(1, 2)), "GlobalMaxPooling2D"),
    "reshape": (lambda x, _: ops().reshape(x, (-1, 4, 12)), "Reshape"),
    "transpose": (lambda x, _: ops().transpose(x, (0, 2, 1, 3)), "Permute"),
    "swapped": (lambda x, _: x[..., ::-1], "Conv2D"),
    "swapped one by one": (lambda x, _: ops().stack([x[..., 1], x[..., 0]], axis=-1), "Conv2D"),
    "flipped channels": (lambda x, _: ops().flip(x, axis=-1), "Conv2D"),
    "repeated": (lambda x, _: ops().repeat(_one_map(x, "grey"), 3, axis=-1), "Conv2D"),
    "a mean of each channel": (lambda x, _: x - np.array([1.5, 2.5], np.float32), "Rescaling"),
    "a deviation of each channel": (
        lambda x, _: x / ops().reshape(np.array([1.5, 2.5], np.float32), (1, 1, 1, 2)),
        "Rescaling",
    ),
    "an axis more and less": (lambda x, _: ops().squeeze(ops().expand_dims(x, -1), -1), "Reshape"),
    "an axis in the middle": (
        lambda x, _: ops().squeeze(ops().expand_dims(ops().expand_dims(ops().mean(x, axis=(1, 2)), 1), 1), [1, 2]),
        "Reshape",
    ),
    "clipped": (lambda x, _: ops().clip(x, 0, 1.5), "ReLU"),
    "padded": (lambda x, _: ops().pad(x, [[0, 0], [1, 0], [2, 1], [0, 0]]), "ZeroPadding2D"),
    "max pool": (lambda x, _: ops().max_pool(x, 2, padding="same"), "MaxPooling2D"),
    "average pool": (lambda x, _: ops().average_pool(x, (3, 2), 1), "AveragePooling2D"),
    "grey": (lambda x, _: ops().image.rgb_to_grayscale(ops().concatenate([x, _one_map(x, "blue")], axis=-1)), "Conv2D"),
    "cast": (lambda x, _: ops().cast(x, "float32"), "Identity"),
    "resized": (lambda x, _: ops().image.resize(x, (5, 3)), "Resizing"),
    "leaky": (lambda x, _: ops().leaky_relu(x, 0.1), "LeakyReLU"),
    "softmax": (lambda x, _: ops().softmax(x, axis=2), "Softmax"),
    "activations": (lambda x, _: _all_activations(x), "Activation"),
}

AMBIGUOUS_IN_H5 = ("x + y", "x + 3", "3 - x", "x · y", "x / 255", "concatenate", "reshape", "softmax", "activations")
"""Some of these are called like layers, and there no module tells which is meant."""

REFUSED: dict[str, Function] = {
    "a power": lambda x, _: x**2,
    "a root": lambda x, _: ops().sqrt(x),
    "a share": lambda x, y: x / y,
    "a number over x": lambda x, _: 1 / x,
    "at least 3": lambda x, _: ops().maximum(x, 3),
    "at most 6": lambda x, _: ops().minimum(x, 6),
    "from 1 to 6": lambda x, _: ops().clip(x, 1, 6),
    "mirrored edges": lambda x, _: ops().pad(x, [[0, 0], [1, 0], [2, 1], [0, 0]], mode="reflect"),
    "padded with ones": lambda x, _: ops().pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=1),
    "more channels": lambda x, _: ops().pad(x, [[0, 0], [0, 0], [0, 0], [0, 1]]),
    "gelu, roughly": lambda x, _: ops().gelu(x),
    "another elu": lambda x, _: ops().elu(x, alpha=0.5),
    "mean of channels": lambda x, _: ops().mean(x, axis=-1, keepdims=True),
    "mean of rows": lambda x, _: ops().mean(x, axis=[1]),
    "mean of images": lambda x, _: ops().mean(x, axis=[0, 1], keepdims=True),
    "maps and a list": lambda x, y: x + ops().mean(y, axis=[1, 2]),
    "a slice": lambda x, _: x[:, 1:],
    "an array": lambda x, _: x + np.ones((1, 6, 4, 2), np.float32),
}


def _all_activations(x: Any) -> Any:
    import keras

    names = "elu exp hard_sigmoid hard_silu hard_tanh log_sigmoid relu relu6 selu sigmoid silu softplus softsign tanh"
    functions = [getattr(keras.ops, name) for name in names.split()]
    gelu = keras.ops.gelu(x, approximate=False)
    return keras.layers.Concatenate(name="all")([gelu, *(function(x) for function in functions)])


def _one_map(x: Any, name: str = "one_map") -> Any:
    import keras

    return keras.layers.Conv2D(1, 1, name=name)(x)


def model_with(function: Function) -> Any:
    """Two convolutions, joined by the function, and a dense layer."""
    import keras

    keras.utils.set_random_seed(0)
    image = keras.Input(SHAPE, name="image")
    x, y = (keras.layers.Conv2D(2, 3, padding="same", name=name)(image) for name in ("one", "other"))
    joined = function(x, y)
    return keras.Model(image, keras.layers.Dense(3, name="output")(keras.layers.Flatten(name="flatten")(joined)))


@cache
def model_with_all(names: tuple[str, ...]) -> Any:
    """Two convolutions, and one after the other the flat outcome of every function."""
    import keras

    keras.utils.set_random_seed(0)
    image = keras.Input(SHAPE, name="image")
    x, y = (keras.layers.Conv2D(2, 3, padding="same", name=name)(image) for name in ("one", "other"))
    outcomes = [keras.layers.Flatten(name=f"outcome{place}")(DONE[name][0](x, y)) for place, name in enumerate(names)]
    return keras.Model(image, keras.layers.Concatenate(name="outcomes")(outcomes))


@pytest.mark.parametrize(("names", "ending"), [(tuple(DONE), "keras"), (AMBIGUOUS_IN_H5, "h5")], ids=["keras", "h5"])
def test_they_compute_the_same(names, ending, tmp_path):
    model = model_with_all(names)
    path = tmp_path / f"model.{ending}"
    model.save(path)
    images = np.random.default_rng(0).normal(0, 2, (5, *SHAPE)).astype(np.float32)
    answers, expected = np.asarray(load_model(path)(images)), np.asarray(model(images))
    table = describe(read_config(path))
    assert (table.misfit, table.trainable_parameters) == (None, model.count_params())
    first = 0
    for place, name in enumerate(names):
        outcome = table.row(f"outcome{place}")
        last = first + outcome.output_shape[0]
        np.testing.assert_allclose(answers[:, first:last], expected[:, first:last], rtol=1e-6, atol=1e-6, err_msg=name)
        kinds = [row.kind for row in rows_between(table, outcome)]
        assert DONE[name][1] in kinds, (name, kinds)
        first = last
    assert last == expected.shape[1]


def rows_between(table: LayerTable, outcome: LayerRow) -> Iterator[LayerRow]:
    """The layers between the two convolutions and one of the outcomes."""
    for name in outcome.inputs:
        if name not in {"one", "other"}:
            yield table.row(name)
            yield from rows_between(table, table.row(name))


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_layer_does_is_refused(name):
    with pytest.raises(RefusedError, match=r"it computes with “[A-Za-z]+” between its layers"):
        checked_config(model_with(REFUSED[name]).to_json().encode())


def test_all_that_can_be_done_is_tried():
    tried = {type(operation).__name__ for operation in model_with_all(tuple(DONE)).operations}
    # Keras has not these two: they stand for functions of TensorFlow, and are tried with those.
    assert tried >= OPERATIONS - {"LocalResponseNormalization", "UnitNormalization"}


JUNK = (None, 1, "x", [], {}, [1], {"config": {"shape": [None, 1]}}, 10**400, float("nan"))


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_whatever_stands_in_an_operation_it_is_a_layer_or_none(operation):
    for config in (None, {}, {"name": "x"}, {"name": "x", "axis": [1, "2"], "newshape": 3, "axes": {}}):
        for args in (*JUNK, *([one] for one in JUNK), *([one, other] for one in JUNK for other in JUNK)):
            for calls in (args, [{"args": args}], [{"args": args, "kwargs": {}}]):
                entry = {"class_name": operation, "config": config, "inbound_nodes": calls}
                layer = as_layer(entry)
                assert layer is None or layer["module"] == "keras.layers"


def test_a_layer_scale_that_keras_keeps_to_itself_is_written_as_code():
    import keras

    model = built_without_memory(small_convnext)
    definitions, text = model_code(checked_config(model.to_json().encode()))
    names: dict[str, Any] = {"keras": keras, "layers": keras.layers}
    exec("\n\n\n".join([*definitions, text]), names)
    assert names["model"].count_params() == model.count_params()


def test_a_layer_scale_says_for_how_many_channels_it_is():
    config = checked_config(built_without_memory(small_convnext).to_json().encode())
    scale = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "LayerScale")
    scale["config"]["projection_dim"] = 9
    misfit = describe(config).misfit
    assert misfit is not None
    assert (misfit.layer, misfit.field, misfit.nearest) == (scale["name"], "projection_dim", 8)
    assert "has scales for 9 channels, but is given 8. The nearest number of scales that fits is 8." in misfit.text


def test_an_h5_file_with_a_hostile_operation_is_refused(tmp_path):
    import h5py

    path = tmp_path / "model.h5"
    model_with(DONE["x + 3"][0]).save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        entry = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Add")
        entry["inbound_nodes"][0]["args"][1] = {"class_name": "__lambda__", "config": {}}
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(StudioError, match="computes with “Add”"):
        load_model(path)


def test_an_activation_that_is_a_layer_stands_behind_its_layer():
    leaky = {"module": "keras.layers", "class_name": "LeakyReLU", "registered_name": None}
    leaky["config"] = {"name": "leaky_re_lu", "negative_slope": 0.2}
    convolution = {"filters": 2, "kernel_size": [3, 3], "activation": leaky}
    graph = Graph.of(
        checked_config(json.dumps(sequential((6, 6, 1), ("Conv2D", convolution), ("Flatten", {}))).encode())
    )
    assert [(node.name, node.kind) for node in graph.nodes.values()][1:3] == [
        ("layer1_linear", "Conv2D"),
        ("layer1", "LeakyReLU"),
    ]
    assert graph.nodes["layer1"].config["negative_slope"] == 0.2
    leaky["class_name"] = "Lambda"
    with pytest.raises(RefusedError, match="“Lambda”"):
        checked_config(json.dumps(sequential((6, 6, 1), ("Conv2D", convolution))).encode())
