"""Each kind of layer, with options drawn at random, against Keras itself."""

import copy
import math
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cnnstudio.models.keras_config.graph import Graph, layer_config
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_table import LayerTable, describe
from tests.models.sample_networks import sequential

Fields = dict[str, Any]
Shape = tuple[int, ...]

TRIES = 12
"""Layers of each kind."""

FEW = 4
"""Of each kind whose options are not drawn."""

SIDES = (1, 2, 3, 4, 5, 7, 8, 11, 16, 23)


def maps(draw: random.Random) -> Shape:
    return draw.choice(SIDES), draw.choice(SIDES), draw.choice((1, 2, 3, 4, 6, 8))


def whole_or_pair(draw: random.Random, *choices: int) -> int | list[int]:
    return draw.choice(choices) if draw.random() < 0.6 else [draw.choice(choices), draw.choice(choices)]


def convolution(draw: random.Random) -> Fields:
    return {
        "kernel_size": whole_or_pair(draw, 1, 2, 3, 4, 5),
        "strides": whole_or_pair(draw, 1, 1, 1, 2, 3),
        "padding": draw.choice(("valid", "same")),
        "dilation_rate": draw.choice((1, 1, 1, 2, [1, 2], 3)),
        "use_bias": draw.random() < 0.5,
        "activation": draw.choice(("linear", "relu", "gelu", "softmax")),
        "data_format": draw.choice((None, "channels_last", "channels_last", "channels_first")),
    }


def pooling(draw: random.Random) -> Fields:
    fields = {
        "pool_size": whole_or_pair(draw, 1, 2, 3),
        "strides": draw.choice((None, 1, 2, 3, [2, 1])),
        "padding": draw.choice(("valid", "same")),
        "data_format": draw.choice((None, "channels_last", "channels_first")),
    }
    return {key: value for key, value in fields.items() if key == "pool_size" or draw.random() < 0.8}


def frame(draw: random.Random) -> Any:
    ends = (0, 0, 1, 2, 3, 5)
    return draw.choice(
        (
            draw.choice(ends),
            [draw.choice(ends), draw.choice(ends)],
            [[draw.choice(ends), draw.choice(ends)], [draw.choice(ends), draw.choice(ends)]],
        )
    )


def reshaped(draw: random.Random, shape: Shape) -> Fields:
    size = math.prod(shape)
    divisor = draw.choice([number for number in range(1, size + 1) if size % number == 0])
    return {
        "target_shape": draw.choice(
            ([size], [-1], [divisor, -1], [divisor, size // divisor, 1], [2, -1, 3], [divisor, divisor], [0, -1])
        )
    }


def normalisation(draw: random.Random) -> Fields:
    return {
        "axis": draw.choice((-1, -1, 1, 2, 3, -3)),
        "center": draw.random() < 0.7,
        "scale": draw.random() < 0.7,
    }


FIXED: dict[str, Fields] = {
    "ActivityRegularization": {"l1": 0.1, "l2": 0.0},
    "ELU": {"alpha": 0.5},
    "GaussianDropout": {"rate": 0.3},
    "Identity": {},
    "AugMix": {},
    "AutoContrast": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {},
    "CutMix": {},
    "MixUp": {},
    "Solarization": {},
    "RandAugment": {},
    "RandomBrightness": {"factor": 0.2},
    "RandomColorJitter": {"value_range": (0, 255)},
    "RandomContrast": {"factor": 0.2},
    "RandomElasticTransform": {},
    "RandomErasing": {},
    "RandomFlip": {"mode": "horizontal"},
    "RandomGaussianBlur": {},
    "RandomGrayscale": {"factor": 0.1},
    "RandomHue": {"factor": 0.1},
    "RandomInvert": {"factor": 0.1},
    "RandomPerspective": {},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.1},
    "RandomSaturation": {"factor": 0.1},
    "RandomSharpness": {"factor": 0.1},
    "RandomShear": {"x_factor": 0.1, "y_factor": 0.1},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "Rescaling": {"scale": 1 / 255, "offset": -1},
    "SpatialDropout2D": {"rate": 0.3},
}
"""Options that are not drawn."""

COLOURS = {"RandomColorDegeneration"}
"""Kinds that take three channels alone, and leave the shape as it is."""

ROWS: dict[str, Fields] = {
    "GlobalAveragePooling1D": {},
    "GlobalMaxPooling1D": {"keepdims": True},
    "MultiHeadAttention": {"num_heads": 3, "key_dim": 4, "value_dim": 5, "use_bias": True},
    "AveragePooling1D": {"pool_size": [3], "strides": 2, "padding": "same"},
    "Bidirectional": {"layer": layer_config("GRU", {"name": "gru", "units": 4, "reset_after": False})},
    "Conv1D": {"filters": 4, "kernel_size": [3], "dilation_rate": 2, "padding": "causal", "groups": 2},
    "GRU": {"units": 5, "return_sequences": True},
    "LSTM": {"units": 5, "use_bias": False},
    "MaxPooling1D": {},
    "SimpleRNN": {"units": 5, "go_backwards": True},
    "SpatialDropout1D": {"rate": 0.2},
}
"""Kinds that take places in one row, with their channels."""

DRAWN: dict[str, Callable[[random.Random, Shape], Fields]] = {
    "Activation": lambda draw, _: {"activation": draw.choice(("relu", "tanh", "hard_swish", "softmax", "linear"))},
    "AdaptiveAveragePooling2D": lambda draw, _: {"output_size": whole_or_pair(draw, 1, 3, 5)},
    "AdaptiveMaxPooling2D": lambda draw, _: {"output_size": whole_or_pair(draw, 1, 3, 5)},
    "AlphaDropout": lambda draw, _: {"rate": draw.choice((0.0, 0.3))},
    "AveragePooling2D": lambda draw, _: pooling(draw),
    "BatchNormalization": lambda draw, _: normalisation(draw) | {"renorm": draw.random() < 0.2},
    "CenterCrop": lambda draw, _: {"height": draw.choice(SIDES), "width": draw.choice(SIDES)},
    "Conv2D": lambda draw, _: (
        convolution(draw) | {"filters": draw.choice((0, 1, 4, 6, 12)), "groups": draw.choice((1, 1, 1, 2, 3))}
    ),
    "Conv2DTranspose": lambda draw, _: (
        convolution(draw) | {"filters": draw.choice((1, 5)), "output_padding": draw.choice((None, None, 0, 1))}
    ),
    "Cropping2D": lambda draw, _: {"cropping": frame(draw), "data_format": draw.choice((None, "channels_first"))},
    "Dense": lambda draw, _: {"units": draw.choice((0, 1, 7)), "use_bias": draw.random() < 0.5},
    "DepthwiseConv2D": lambda draw, _: convolution(draw) | {"depth_multiplier": draw.choice((1, 2, 3))},
    "Dropout": lambda draw, _: {"rate": draw.choice((0, 0.5, 1, 1.5))},
    "Flatten": lambda draw, _: {"data_format": draw.choice((None, "channels_first"))},
    "GaussianNoise": lambda draw, _: {"stddev": draw.choice((0, 0.1, -1))},
    "GlobalAveragePooling2D": lambda draw, _: {
        "keepdims": draw.random() < 0.5,
        "data_format": draw.choice((None, "channels_first")),
    },
    "GlobalMaxPooling2D": lambda draw, _: {"keepdims": draw.random() < 0.5},
    "GroupNormalization": lambda draw, _: normalisation(draw) | {"groups": draw.choice((-1, 1, 2, 4, 32))},
    "LayerNormalization": lambda draw, _: (
        normalisation(draw) | {"axis": draw.choice((-1, 3, [1, 2], [-1, 1], [1, 2, 3]))}
    ),
    "LeakyReLU": lambda draw, _: {"negative_slope": draw.choice((0, 0.1, -0.5))},
    "MaxPooling2D": lambda draw, _: pooling(draw),
    "Normalization": lambda draw, _: draw.choice(
        (
            {"axis": draw.choice((-1, 3, [1, 2], [-1, 1], [1, 2, 3], [], None, [4]))},
            {"mean": 0.4, "variance": 0.2, "axis": draw.choice((-1, None))},
            {"mean": [0.4] * (size := draw.choice((1, 2, 3, 4))), "variance": [0.2] * size},
        )
    ),
    "PReLU": lambda draw, _: {"shared_axes": draw.choice((None, [], [1, 2], [3], 1))},
    "Permute": lambda draw, _: {"dims": draw.choice(([1, 2, 3], [3, 1, 2], [2, 1, 3], [1, 2], [0, 1, 2]))},
    "RMSNormalization": lambda draw, _: {"axis": draw.choice((-1, 3, [1, 2], [4]))},
    "ReLU": lambda draw, _: {"max_value": draw.choice((None, 6, -1))},
    "Reshape": reshaped,
    "Resizing": lambda draw, _: {
        "height": draw.choice(SIDES),
        "width": draw.choice(SIDES),
        "interpolation": draw.choice(("nearest", "bilinear", "bicubic", "lanczos3")),
        "antialias": draw.random() < 0.3,
        "crop_to_aspect_ratio": draw.random() < 0.2,
    },
    "SeparableConv2D": lambda draw, _: (
        convolution(draw) | {"filters": draw.choice((1, 4)), "depth_multiplier": draw.choice((1, 2))}
    ),
    "Softmax": lambda draw, _: {"axis": draw.choice((-1, 1, 2))},
    "UnitNormalization": lambda draw, _: {"axis": draw.choice((-1, 1, [1, 2]))},
    "UpSampling2D": lambda draw, _: {
        "size": whole_or_pair(draw, 0, 1, 2, 3),
        "interpolation": draw.choice(("nearest", "bilinear")),
        "data_format": draw.choice((None, "channels_last")),
    },
    "ZeroPadding2D": lambda draw, _: {"padding": frame(draw), "data_format": draw.choice((None, "channels_first"))},
}

MERGES = ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")


@pytest.fixture(scope="module")
def thread() -> Iterator[ThreadPoolExecutor]:
    """Where Keras tries what may fail: what it remembers of a failure, it remembers for the thread."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


def as_keras_makes_it(config: dict[str, Any]) -> tuple[Shape, int, int] | None:
    """Output shape, parameters and trainable ones of a network; None where Keras refuses it."""
    import keras
    import tensorflow as tf

    try:
        with keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object(copy.deepcopy(config))
    except (ValueError, TypeError, IndexError, ZeroDivisionError, tf.errors.InvalidArgumentError):
        return None
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return model.outputs[0].shape[1:], model.count_params(), trainable


def as_described(table: LayerTable) -> tuple[Shape, int, int] | None:
    """The same of a layer table. That a network ends with maps is no impossible layer."""
    shape = table.rows[-1].output_shape
    return None if shape is None else (shape, table.parameters, table.trainable_parameters)


def test_every_kind_of_keras_layers_is_held_against_keras():
    kinds = {kind.name for kind in LAYER_KINDS.values() if kind.module == "keras.layers"}
    assert kinds - {"InputLayer", *COLOURS} == {*FIXED, *DRAWN, *MERGES, *ROWS}


@pytest.mark.parametrize("kind", [*FIXED, *DRAWN])
def test_shapes_and_parameters_are_those_of_keras(kind, thread):
    draw = random.Random(kind)
    tables, tries = [], FEW if kind in FIXED else TRIES
    for _ in range(tries):
        shape = maps(draw)
        config = sequential(shape, (kind, FIXED[kind] if kind in FIXED else DRAWN[kind](draw, shape)))
        tables.append(describe(config))
        expected = thread.submit(as_keras_makes_it, config).result()
        assert as_described(tables[-1]) == expected, (shape, config["config"]["layers"][1], tables[-1].misfit)
    assert sum(as_described(table) is not None for table in tables) >= tries // 4


@pytest.mark.parametrize("kind", ROWS)
def test_what_takes_places_in_one_row(kind, thread):
    rows = sequential((4, 3, 6), ("Reshape", {"target_shape": [12, 6]}), (kind, ROWS[kind]))
    config = Graph.of(rows).to_config()  # an attention is called with its input twice
    assert as_described(describe(config)) == thread.submit(as_keras_makes_it, config).result()
    if kind != "MultiHeadAttention":  # which takes places in rows and columns, too
        assert "is given 4×3×6" in describe(sequential((4, 3, 6), (kind, ROWS[kind]))).misfit.text


def test_an_attention_over_very_many_places_is_refused():
    kind, fields = "MultiHeadAttention", ROWS["MultiHeadAttention"]
    assert "compares 262,144 places" in describe(sequential((512, 512, 1), (kind, fields))).misfit.text
    assert "not known here" in describe(sequential((4, 4, 1), (kind, {**fields, "use_gate": True}))).misfit.text


@pytest.mark.parametrize("kind", ["Dense", "BatchNormalization", "Conv2D", "MaxPooling2D", "Flatten", "ZeroPadding2D"])
def test_a_list_of_numbers_instead_of_maps(kind, thread):
    draw = random.Random(kind)
    config = sequential((4, 4, 2), ("Flatten", {}), (kind, DRAWN[kind](draw, (32,)) | {"axis": -1}))
    if kind != "BatchNormalization":
        del config["config"]["layers"][2]["config"]["axis"]
    assert as_described(describe(config)) == thread.submit(as_keras_makes_it, config).result()


def merged(kind: str, fields: Fields, branches: list[list[tuple[str, Fields]]]) -> dict[str, Any]:
    """A Functional model in which branches of the image come together."""

    def connection(name: str) -> dict[str, Any]:
        history = {"shape": [None], "dtype": "float32", "keras_history": [name, 0, 0]}
        return {"class_name": "__keras_tensor__", "config": history}

    def layer(name: str, kind: str, fields: Fields, args: list[Any]) -> dict[str, Any]:
        nodes = [{"args": args, "kwargs": {}}] if args else []
        config = {"name": name} | fields
        return {"module": "keras.layers", "class_name": kind, "registered_name": None, "config": config} | {
            "name": name,
            "inbound_nodes": nodes,
        }

    layers = [layer("image", "InputLayer", {"batch_shape": [None, 8, 12, 4]}, [])]
    ends = []
    for number, branch in enumerate(branches):
        last = "image"
        for place, (inner, inner_fields) in enumerate(branch):
            name = f"branch{number}_{place}"
            layers.append(layer(name, inner, inner_fields, [connection(last)]))
            last = name
        ends.append(connection(last))
    layers.append(layer("merged", kind, fields, [ends]))
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "registered_name": None,
        "config": {
            "name": "network",
            "trainable": True,
            "layers": layers,
            "input_layers": [["image", 0, 0]],
            "output_layers": [["merged", 0, 0]],
        },
    }


BRANCHES: list[list[tuple[str, Fields]]] = [
    [],
    [],
    [("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same"})],
    [("Conv2D", {"filters": 6, "kernel_size": 1})],
    [("MaxPooling2D", {"pool_size": 2})],
    [("GlobalAveragePooling2D", {"keepdims": True})],
    [("GlobalAveragePooling2D", {})],
    [("Conv2D", {"filters": 1, "kernel_size": 1})],
    [("Permute", {"dims": [2, 1, 3]})],
    [("Flatten", {})],
]


@pytest.mark.parametrize("kind", MERGES)
def test_merged_shapes_are_those_of_keras(kind, thread):
    draw = random.Random(kind)
    outcomes = set()
    for _ in range(TRIES):
        fields = {"axis": draw.choice((-1, -1, 1, 2, 3))} if kind == "Concatenate" else {}
        branches = [draw.choice(BRANCHES) for _ in range(draw.choice((2, 2, 3)))]
        config = merged(kind, fields, branches)
        expected = thread.submit(as_keras_makes_it, config).result()
        table = describe(config)
        assert as_described(table) == expected, (fields, branches, table.misfit)
        outcomes.add(expected is None)
    assert outcomes == {True, False}


def test_branches_that_cannot_be_joined_are_told(thread):
    narrowed = [("Conv2D", {"filters": 16, "kernel_size": 3, "padding": "same", "strides": 2})]
    misfit = describe(merged("Add", {}, [narrowed, []])).misfit
    assert (misfit.layer, misfit.field, misfit.nearest) == ("merged", "", None)
    assert "4×6×16" in misfit.text
    assert "8×12×4" in misfit.text
    repaired = [("Conv2D", {"filters": 16, "kernel_size": 1, "strides": 2})]
    assert thread.submit(as_keras_makes_it, merged("Add", {}, [narrowed, repaired])).result() is not None
