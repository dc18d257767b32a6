"""Impossible layers, each told with the nearest number that does; and configs damaged at random."""

import copy
import json
import random
from typing import Any

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.allowlist import RefusedError, checked_config
from cnnstudio.models.layer_table import describe
from tests.models.sample_networks import Config, describe_model, in_thread, keras_builds, nested, outline, sequential

MISFITS = {
    "kernel larger than its input": ((4, 6, 1), "Conv2D", {"filters": 2, "kernel_size": 5}, "kernel_size", 4),
    "one side of a kernel": ((4, 9, 1), "Conv2D", {"filters": 2, "kernel_size": [5, 3]}, "kernel_size", [4, 3]),
    "dilated kernel": (
        (9, 9, 1),
        "Conv2D",
        {"filters": 2, "kernel_size": 3, "dilation_rate": [5, 5]},
        "dilation_rate",
        [4, 4],
    ),
    "stride and dilation": (
        (9, 9, 1),
        "Conv2D",
        {"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
        "dilation_rate",
        1,
    ),
    "no filters": ((9, 9, 1), "Conv2D", {"filters": 0, "kernel_size": 3}, "filters", 1),
    "fewer than no filters": ((9, 9, 1), "Conv2D", {"filters": -3, "kernel_size": 3}, "filters", 1),
    "filters that are no number": ((9, 9, 1), "Conv2D", {"filters": "many", "kernel_size": 3}, "filters", 1),
    "filters with a fraction": ((9, 9, 1), "Conv2D", {"filters": 5.8, "kernel_size": 3}, "filters", 6),
    "no kernel": ((9, 9, 1), "Conv2D", {"filters": 2, "kernel_size": [3, 0]}, "kernel_size", [3, 1]),
    "negative stride": ((9, 9, 1), "Conv2D", {"filters": 2, "kernel_size": 3, "strides": -1}, "strides", 1),
    "groups of the input": ((9, 9, 6), "Conv2D", {"filters": 12, "kernel_size": 3, "groups": 4}, "groups", 3),
    "groups of the filters": ((9, 9, 6), "Conv2D", {"filters": 13, "kernel_size": 3, "groups": 3}, "filters", 12),
    "no groups": ((9, 9, 6), "Conv2D", {"filters": 12, "kernel_size": 3, "groups": 0}, "groups", 1),
    "unknown padding": ((9, 9, 6), "Conv2D", {"filters": 1, "kernel_size": 3, "padding": "sam"}, "padding", "same"),
    "unknown activation": ((9, 9, 6), "Dense", {"units": 1, "activation": "relo"}, "activation", "relu"),
    "pool larger than its input": ((1, 3, 6), "MaxPooling2D", {"pool_size": 2}, "pool_size", 1),
    "no units": ((9, 9, 6), "Dense", {"units": 0}, "units", 1),
    "all is cropped": ((5, 9, 6), "Cropping2D", {"cropping": [[4, 2], [0, 0]]}, "cropping", [[2, 2], [0, 0]]),
    "negative border": ((5, 9, 6), "ZeroPadding2D", {"padding": [[1, -2], [0, 0]]}, "padding", [[1, 0], [0, 0]]),
    "shape of other size": ((4, 4, 2), "Reshape", {"target_shape": [4, 4, 3]}, "target_shape", [4, 4, 2]),
    "two sides left open": ((4, 4, 2), "Reshape", {"target_shape": [-1, -1]}, "target_shape", [-1]),
    "axes named twice": ((4, 4, 2), "Permute", {"dims": [1, 1, 2]}, "dims", [1, 2, 3]),
    "dropping more than all": ((4, 4, 2), "Dropout", {"rate": 1.2}, "rate", 1),
    "groups of channels": ((4, 4, 20), "GroupNormalization", {"groups": 6}, "groups", 5),
    "no such axis": ((4, 4, 2), "BatchNormalization", {"axis": 4}, "axis", 3),
    "enlarged to nothing": ((4, 4, 2), "UpSampling2D", {"size": [0, 2]}, "size", [1, 2]),
    "resized to nothing": ((4, 4, 2), "Resizing", {"height": 0, "width": 3}, "height", 1),
}  # fmt: skip


@pytest.mark.parametrize("case", MISFITS)
def test_an_impossible_layer_is_told_with_the_nearest_that_does(case):
    shape, kind, fields, field, nearest = MISFITS[case]
    table = describe(sequential(shape, (kind, fields), ("Flatten", {})))
    misfit = table.misfit
    assert (misfit.layer, misfit.field) == ("layer1", field)
    assert misfit.value == fields[field]
    assert json.loads(json.dumps(misfit.nearest)) == nearest
    assert misfit.text.startswith("“layer1” ")
    assert len(misfit.text) < 250
    assert misfit.text.endswith(".")
    assert [row.output_shape for row in table.rows] == [shape, None, None]
    assert not in_thread(keras_builds, sequential(shape, (kind, fields)))
    repaired = sequential(shape, (kind, fields | {field: misfit.nearest}))
    assert in_thread(keras_builds, repaired)
    assert describe(repaired).rows[-1].output_shape is not None


def test_the_sentence_says_what_does_not_fit_and_what_would():
    text = describe(sequential((4, 6, 1), ("Conv2D", {"filters": 2, "kernel_size": 5}), ("Flatten", {}))).misfit.text
    assert text == (
        "“layer1” has a kernel of 5×5, larger than the maps of 4×6 it is given; with “same” as its padding it would "
        "fit. The nearest kernel that fits is 4×4."
    )
    text = describe(sequential((4, 6, 1), ("Dense", {"units": -3}))).misfit.text
    assert text == (
        "“layer1” has -3 as its number of units, where a whole number of at least 1 is needed. "
        "The nearest number of units that fits is 1."
    )
    text = describe(sequential((4, 6, 1), ("Dense", {"units": 2, "activation": "glu"}))).misfit.text
    assert text == (  # Keras has it, but it halves the channels
        "“layer1” has “glu” as its activation, which CNN Studio does not know. "
        "The nearest activation that fits is “gelu”."
    )


def test_the_first_impossible_layer_is_the_one_told():
    wrong = ("Conv2D", {"filters": 2, "kernel_size": 9})
    table = describe(sequential((8, 8, 3), ("MaxPooling2D", {}), wrong, wrong, ("Dense", {"units": 10})))
    assert table.misfit.layer == "layer2"
    assert table.misfit.nearest == 4
    assert table.classes == 10
    assert [row.output_shape is None for row in table.rows] == [False, False, True, True, True]
    assert table.row("layer2").title == "Convolution"


def test_several_wrong_numbers_are_mended_one_after_the_other():
    fields = {"filters": 0, "kernel_size": 0, "strides": 0}
    for _ in range(4):
        misfit = describe(sequential((8, 8, 3), ("Conv2D", fields), ("Flatten", {}))).misfit
        if misfit is None:
            break
        fields |= {misfit.field: misfit.nearest}
    assert fields == {"filters": 1, "kernel_size": 1, "strides": 1}


@pytest.mark.parametrize(
    "shape, nearest", [([0, 8, 3], [1, 8, 3]), ([8, 8, -1], [8, 8, 1]), ([9_000, 8, 3], [4_096, 8, 3])]
)
def test_images_of_no_size(shape, nearest):
    table = describe(sequential(shape, ("Flatten", {}), ("Dense", {"units": 10})))
    assert (table.misfit.layer, table.misfit.field) == ("image", "batch_shape")
    assert table.misfit.nearest == [None, *nearest]
    assert describe(sequential(nearest, ("Flatten", {}), ("Dense", {"units": 10}))).misfit is None


def test_maps_instead_of_one_number_a_class():
    table = describe(sequential((8, 8, 3), ("Conv2D", {"filters": 5, "kernel_size": 3}), ("Dense", {"units": 10})))
    assert (table.misfit.layer, table.misfit.field) == ("layer2", "")
    assert "6×6×10" in table.misfit.text
    assert "Flatten" in table.misfit.text
    assert table.rows[-1].output_shape == (6, 6, 10)


@pytest.mark.parametrize("shape", [[8, 8], [8, 8, 3, 3], [None, None, 3], ["8", 8, 3], []])
def test_what_takes_no_images_is_refused(shape):
    with pytest.raises(StudioError, match="no image classifier"):
        describe(sequential(shape, ("Flatten", {})))


def test_several_outputs_are_refused():
    import keras

    inputs = keras.Input((4, 4, 1))
    outputs = keras.layers.Flatten()(inputs)
    with pytest.raises(StudioError, match="exactly one input and one output"):
        describe_model(keras.Model(inputs, [outputs, keras.layers.Dense(3)(outputs)]))


VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 3, 7, 28, 1_000, 2**31, -(2**31), 0.5, -2.5, "", "same", "valid", "relu", "image",
    [], [0], [1, 2], [2**31, 2**31], [[1, 2], [3, 4]], [[]], [None, 28, 28, 1], ["a", "b"], [1, 2, 3], [-1, -1],
)  # fmt: skip


def damaged(draw: random.Random, config: Config) -> Config:
    """A config with a value or two replaced, left out or exchanged, somewhere."""
    changed = copy.deepcopy(config)
    layers = [layer["config"] for layer in changed["config"]["layers"]]
    for _ in range(draw.choice((1, 1, 2, 4))):
        node: Any = draw.choice((changed["config"], draw.choice(layers), draw.choice(layers)))
        while isinstance(node, dict | list) and node:
            key = draw.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if not isinstance(node[key], dict | list) or not node[key] or draw.random() < 0.1:
                action = draw.random()
                if action < 0.1:
                    del node[key]
                elif action < 0.2 and isinstance(node, list):
                    draw.shuffle(node)
                else:
                    node[key] = copy.deepcopy(draw.choice(VALUES))
                break
            node = node[key]
    return changed


@pytest.mark.parametrize("name", ["lenet5", "nested", "wide"])
def test_no_config_that_is_let_in_stops_the_table(name):
    """Misfits and sentences only, whatever numbers stand in the config; and never more memory or time."""
    import keras

    draw = random.Random(name)
    if name == "wide":
        config = sequential(
            (12, 12, 4),
            ("Conv2DTranspose", {"filters": 3, "kernel_size": 2, "strides": 2, "output_padding": None}),
            ("UpSampling2D", {"size": 2, "interpolation": "bilinear", "data_format": "channels_first"}),
            ("Resizing", {"height": 9, "width": 9, "antialias": True, "interpolation": "bicubic"}),
            ("GroupNormalization", {"groups": 3, "axis": -1}),
            ("PReLU", {"shared_axes": [1, 2]}),
            ("Permute", {"dims": [3, 1, 2]}),
            ("CenterCrop", {"height": 3, "width": 4}),
            ("Reshape", {"target_shape": [-1, 4]}),
            ("Softmax", {"axis": -1}),
            ("LayerNormalization", {"axis": [1, 2]}),
            ("Flatten", {"data_format": "channels_first"}),
            ("Dense", {"units": 3}),
        )
    else:
        config = json.loads(
            json.dumps(keras.saving.serialize_keras_object(nested() if name == "nested" else outline(name)))
        )
    outcomes = {"fits": 0, "misfit": 0, "refused": 0, "not let in": 0}
    for _ in range(150):
        try:
            let_in = checked_config(json.dumps(damaged(draw, config)).encode())
        except RefusedError:
            outcomes["not let in"] += 1
            continue
        try:
            table = describe(let_in)
        except StudioError:
            outcomes["refused"] += 1
            continue
        outcomes["fits" if table.misfit is None else "misfit"] += 1
        assert table.parameters >= 0
        assert table.misfit is None or table.misfit.text.startswith("“")
    assert all(outcomes.values()), outcomes
