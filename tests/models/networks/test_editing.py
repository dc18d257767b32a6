"""Editing, held against Keras: whatever the layer table calls possible, Keras builds, with the same shapes."""

import copy
import importlib
import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.allowlist import checked_config
from cnnstudio.models.keras_config.graph import Graph
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.editing import (
    add_layer,
    add_residual_block,
    change_layer,
    duplicate_layer,
    head_layer,
    move_layer,
    remove_layer,
    rename_layer,
    sources,
    values,
)

IMAGE = (16, 16, 3)
OFFERED = [name for name, kind in LAYER_KINDS.items() if kind.is_offered]


def keras_model(config):
    """Built by Keras without memory for its weights."""
    import keras

    def build():
        with keras.StatelessScope(initialize_variables=False):
            return keras.saving.deserialize_keras_object(checked_config(json.dumps(config).encode()))

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(build).result()


def assert_as_in_keras(config):
    table = describe(config)
    assert table.misfit is None, table.misfit
    model = keras_model(config)
    # In Keras's own order, so that what is built from it again starts with the same weights.
    assert [layer.name for layer in model.layers] == list(Graph.of(config).nodes)
    for row in table.rows:
        layer = model.get_layer(row.name)
        assert layer.output.shape == (None, *row.output_shape), row
        assert layer.count_params() == row.parameters, row
    return model


def chain(config):
    """The names of the layers, each with those that feed it where it is not just the one before."""
    listed = []
    before = ()
    for node in Graph.of(config).nodes.values():
        listed.append(node.name if node.inputs == before else f"{node.name} < {' '.join(node.inputs)}")
        before = (node.name,)
    return listed


@pytest.fixture(scope="module")
def lenet5():
    return network_config("lenet5")


@pytest.fixture(scope="module")
def resnet20():
    return network_config("resnet20", IMAGE, 10)


@pytest.fixture(scope="module")
def sequential():
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(4, 3, name="conv"),
            layers.Flatten(name="flatten"),
            layers.Dense(3, activation="softmax", name="output"),
        ]
    )
    return keras.saving.serialize_keras_object(model)


LENET = ["image", "rescaling", "conv1", "pool1", "conv2", "pool2", "flatten", "dense1", "dense2", "output"]


@pytest.mark.parametrize("name", OFFERED)
def test_a_new_layer_is_what_keras_itself_makes(name):
    import keras

    kind = LAYER_KINDS[name]
    simple = {key: value for key, value in kind.defaults.items() if not isinstance(value, dict)}
    made = getattr(importlib.import_module(kind.module), name)
    theirs = keras.saving.serialize_keras_object(made(name="new", **simple))
    ours = kind.layer("new")
    assert ours["config"].keys() <= theirs["config"].keys()
    rebuilt = keras.saving.deserialize_keras_object(copy.deepcopy(ours))
    assert keras.saving.serialize_keras_object(rebuilt) == theirs


@pytest.mark.parametrize("name", OFFERED)
def test_fields_teach_and_have_bounds_that_keras_accepts(name, resnet20):
    kind = LAYER_KINDS[name]
    assert kind.title
    assert kind.description.endswith(".")
    for field in kind.fields:
        assert field.title
        assert field.description.endswith(".")
        assert field.name in kind.layer("new")["config"]
        field.check(_flat(kind.layer("new")["config"][field.name]))


def test_a_size_that_is_a_number_of_channels_stays_one_number(lenet5):
    config = add_layer(lenet5, "conv1", "LocalResponseNormalization", size=3)
    assert values(config, "norm1")["size"] == 3
    assert_as_in_keras(config)
    misfit = describe(change_layer(config, "norm1", size=4)).misfit
    assert (misfit.layer, misfit.field, misfit.nearest) == ("norm1", "size", 5)


def _flat(value):
    while isinstance(value, list):
        value = value[0]
    return value


@pytest.mark.parametrize("name", OFFERED)
def test_each_kind_can_be_added_to_a_chain(name, lenet5):
    after = {"Add": "conv2", "Concatenate": "conv2", "Dense": "dense1"}.get(name, "conv1")
    if name in ("Add", "Concatenate"):
        lenet5 = change_layer(lenet5, "conv2", padding="same", filters=6)
    before = copy.deepcopy(lenet5)
    edited = add_layer(lenet5, after, name)
    assert lenet5 == before
    [new] = set(Graph.of(edited).nodes) - set(Graph.of(lenet5).nodes)
    assert new == f"{LAYER_KINDS[name].stem}{new.removeprefix(LAYER_KINDS[name].stem)}"
    if name in ("GlobalAveragePooling2D", "GlobalMaxPooling2D", "Flatten"):
        assert describe(edited).misfit.layer == "pool1"
    else:
        assert_as_in_keras(edited)


def test_a_new_layer_feeds_all_that_its_predecessor_fed(resnet20):
    fed = [node.name for node in Graph.of(resnet20).consumers("relu")]
    assert len(fed) == 2
    edited = add_layer(resnet20, "relu", "Dropout", rate=0.5)
    graph = Graph.of(edited)
    assert [node.name for node in graph.consumers("relu")] == ["dropout1"]
    assert [node.name for node in graph.consumers("dropout1")] == fed
    assert graph.nodes["dropout1"].config["rate"] == 0.5
    assert_as_in_keras(edited)


def test_a_shortcut_comes_from_the_nearest_layer_that_fits_or_from_where_it_is_told(lenet5):
    wide = change_layer(change_layer(lenet5, "conv2", padding="same", filters=6), "pool1", strides=1, padding="same")
    nearest = add_layer(wide, "conv2", "Add")
    assert Graph.of(nearest).nodes["add1"].inputs == ("conv2", "pool1")
    told = add_layer(wide, "conv2", "Concatenate", source="conv1")
    assert Graph.of(told).nodes["concatenate1"].inputs == ("conv2", "conv1")
    assert_as_in_keras(nearest)
    assert_as_in_keras(told)
    assert sources(wide, "conv2") == ("image", "rescaling", "conv1", "pool1")
    with pytest.raises(StudioError, match=r"earlier layer.*“dense1”.*“conv2”"):
        add_layer(wide, "conv2", "Add", source="dense1")
    with pytest.raises(StudioError, match="same shape"):
        add_layer(lenet5, "conv2", "Add")
    with pytest.raises(StudioError, match="one input"):
        add_layer(lenet5, "conv2", "Dense", source="conv1")


def test_shortcuts_of_unlike_shapes_are_told_as_a_misfit(lenet5):
    edited = add_layer(lenet5, "conv2", "Add", source="conv1")
    misfit = describe(edited).misfit
    assert misfit.layer == "add1"
    assert "28×28×6" in misfit.text
    assert "10×10×16" in misfit.text
    with pytest.raises(ValueError, match="shape"):
        keras_model(edited)


@pytest.mark.parametrize(("filters", "stride", "has_projection"), [(6, 1, False), (6, 2, True), (9, 1, True)])
def test_a_residual_block(lenet5, filters, stride, has_projection):
    edited = add_residual_block(lenet5, "conv1", filters, stride)
    model = assert_as_in_keras(edited)
    assert ("block1_shortcut_conv" in Graph.of(edited).nodes) is has_projection
    assert model.get_layer("block1_add").output.shape == (None, 28 // stride, 28 // stride, filters)
    second = add_residual_block(edited, "block1_relu", filters)
    assert_as_in_keras(second)
    assert "block2_add" in Graph.of(second).nodes


def test_a_residual_block_needs_an_image(lenet5):
    with pytest.raises(StudioError, match=r"“flatten”.*convolution or a pooling"):
        add_residual_block(lenet5, "flatten", 16)
    with pytest.raises(StudioError, match=r"Filters.*from 1 to"):
        add_residual_block(lenet5, "conv1", 0)
    with pytest.raises(StudioError, match="last layer"):
        add_residual_block(lenet5, "output", 16)


def test_remove_bridges_over(lenet5, resnet20):
    assert chain(remove_layer(lenet5, "pool1")) == [name for name in LENET if name != "pool1"]
    edited = remove_layer(resnet20, "relu")
    assert len(Graph.of(edited).consumers("norm")) == 2
    assert_as_in_keras(edited)


def test_cutting_a_shortcut_leaves_the_main_branch(resnet20):
    plain = remove_layer(resnet20, "stage1_block1_add")
    assert Graph.of(plain).nodes["stage1_block1_relu"].inputs == ("stage1_block1_2_norm",)
    assert_as_in_keras(plain)
    # Where a shortcut has layers of its own, they go with it.
    graph = Graph.of(resnet20)
    shortcut = graph.nodes["stage2_block1_add"].inputs[1]
    plain = remove_layer(resnet20, "stage2_block1_add")
    assert shortcut not in Graph.of(plain).nodes
    assert_as_in_keras(plain)


def test_plain_net_by_cutting_every_shortcut(resnet20):
    """The degradation experiment of the paper: without its shortcuts, ResNet-20 is the plain net of 20 layers."""
    config = resnet20
    for name in [name for name in Graph.of(config).nodes if name.endswith("_add")]:
        config = remove_layer(config, name)
    plain = describe(network_config("plain20", IMAGE, 10))
    ours = describe(config)
    assert [row.kind for row in ours.rows] == [row.kind for row in plain.rows]
    assert ours.parameters == plain.parameters


def test_a_branch_that_loses_its_last_layer_is_no_branch_any_more(resnet20):
    config = resnet20
    for layer in ("1_conv", "1_norm", "1_relu", "2_conv", "2_norm"):
        config = remove_layer(config, f"stage1_block1_{layer}")
    graph = Graph.of(config)
    assert "stage1_block1_add" not in graph.nodes
    assert graph.nodes["stage1_block1_relu"].inputs == ("relu",)
    assert_as_in_keras(config)


def test_three_times_the_same_image_stays_three_times():
    """A grey image as three channels, as transfer takes it, is no branch that became one."""
    import keras
    from keras import layers

    image = keras.Input((8, 8, 1), name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(image)
    x = layers.Concatenate(name="colour")([x, x, x])
    x = layers.Flatten(name="flatten")(x)
    model = keras.Model(image, layers.Dense(2, activation="softmax", name="output")(x))
    edited = remove_layer(keras.saving.serialize_keras_object(model), "rescaling")
    assert Graph.of(edited).nodes["colour"].inputs == ("image",) * 3
    assert_as_in_keras(edited)


def test_branches_of_which_none_can_stay_alone(lenet5):
    wide = change_layer(lenet5, "conv2", padding="same")
    joined = add_layer(wide, "conv2", "Concatenate", source="pool1")
    with pytest.raises(StudioError, match="joins 2 branches"):
        remove_layer(joined, "concatenate1")


def test_removing_a_projection_leaves_shapes_that_do_not_fit(lenet5):
    block = add_residual_block(lenet5, "conv1", 9)
    edited = remove_layer(block, "block1_shortcut_conv")
    misfit = describe(edited).misfit
    assert misfit is not None
    with pytest.raises(ValueError, match="shape"):
        keras_model(edited)


def test_move_changes_places_with_a_neighbour(lenet5):
    down = move_layer(lenet5, "conv1", 1)
    assert chain(down)[2:4] == ["pool1", "conv1"]
    assert chain(move_layer(down, "conv1", -1)) == LENET
    assert chain(move_layer(lenet5, "pool1", -1)) == chain(down)
    assert_as_in_keras(down)


@pytest.mark.parametrize(
    ("name", "by", "words"),
    [
        ("rescaling", -1, "the first layer already"),
        ("image", 1, "takes the image"),
        ("output", -1, "last layer"),
        ("dense2", 1, "“output” stays the last layer"),
        ("conv1", 2, "one place"),
    ],
)
def test_moves_that_make_no_sense(lenet5, name, by, words):
    with pytest.raises(StudioError, match=words):
        move_layer(lenet5, name, by)


def test_moves_stop_at_forks_and_joins(resnet20):
    with pytest.raises(StudioError, match="forks after “relu”"):
        move_layer(resnet20, "relu", 1)
    with pytest.raises(StudioError, match="past “relu”, after which the network forks"):
        move_layer(resnet20, "stage1_block1_1_conv", -1)
    with pytest.raises(StudioError, match="past “stage1_block1_add”, which joins branches"):
        move_layer(resnet20, "stage1_block1_2_norm", 1)
    with pytest.raises(StudioError, match="joins branches"):
        move_layer(resnet20, "stage1_block1_add", -1)
    with pytest.raises(StudioError, match="past “stage1_block1_add”"):
        move_layer(resnet20, "stage1_block1_relu", -1)
    # What feeds a fork can change places with what comes before it.
    assert_as_in_keras(move_layer(resnet20, "relu", -1))


def test_a_duplicate_has_the_same_values_and_a_name_of_its_own(lenet5):
    edited = duplicate_layer(duplicate_layer(lenet5, "dense1"), "dense1_2")
    assert chain(edited)[-5:] == ["dense1", "dense1_2", "dense1_3", "dense2", "output"]
    assert values(edited, "dense1_3") == values(lenet5, "dense1")
    assert_as_in_keras(edited)


def test_what_takes_the_image_or_gives_the_classes_stays(lenet5):
    for operation in (remove_layer, duplicate_layer):
        with pytest.raises(StudioError, match="“image” takes the image"):
            operation(lenet5, "image")
        with pytest.raises(StudioError, match="“output” is the last layer"):
            operation(lenet5, "output")
        with pytest.raises(StudioError, match="no layer “conv9”"):
            operation(lenet5, "conv9")
    with pytest.raises(StudioError, match="“output” stays the last layer"):
        add_layer(lenet5, "output", "Dense")
    with pytest.raises(StudioError, match="the data set decides"):
        change_layer(lenet5, "output", units=11)
    with pytest.raises(StudioError, match="keeps its softmax"):
        change_layer(lenet5, "output", activation="relu")
    assert change_layer(lenet5, "output", units=10, use_bias=False)
    assert head_layer(lenet5) == "output"


def test_the_layer_before_a_softmax_of_its_own_gives_the_classes(sequential):
    import keras
    from keras import layers

    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(3, 3, name="classes")(image)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    config = keras.saving.serialize_keras_object(keras.Model(image, layers.Softmax(name="softmax")(x)))
    assert head_layer(config) == "classes"
    with pytest.raises(StudioError, match="has one output for each class"):
        remove_layer(config, "classes")
    assert_as_in_keras(add_layer(config, "classes", "Dropout"))


def test_change_sets_keras_own_values(lenet5):
    edited = change_layer(lenet5, "conv2", kernel_size=3, strides=[1, 2], padding="same", activation="tanh")
    config = Graph.of(edited).nodes["conv2"].config
    assert (config["kernel_size"], config["strides"]) == ([3, 3], [1, 2])
    assert values(edited, "conv2") == {
        "filters": 16,
        "kernel_size": 3,
        "strides": [1, 2],
        "padding": "same",
        "activation": "tanh",
        "dilation_rate": 1,
        "groups": 1,
        "use_bias": True,
        "trainable": True,
    }
    assert_as_in_keras(edited)
    padded = add_layer(lenet5, "conv1", "ZeroPadding2D", padding=((1, 2), 3))
    assert values(padded, "padding1") == {"padding": [[1, 2], 3]}
    assert_as_in_keras(padded)
    for frame in ([[1, 2], 3], [[1, 2], [1, 2]], [1, 2], 4):
        assert values(change_layer(padded, "padding1", padding=frame), "padding1") == {"padding": frame}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"filters": 0}, "Filters is a whole number from 1 to 1,000,000, not 0"),
        ({"filters": -3}, "not -3"),
        ({"filters": 10**9}, "not 1000000000"),
        ({"filters": 2.5}, "whole number"),
        ({"filters": True}, "whole number"),
        ({"filters": "6"}, "whole number"),
        ({"filters": None}, "whole number"),
        ({"kernel_size": 0}, "Kernel size"),
        ({"kernel_size": [3, 0]}, "Kernel size"),
        ({"kernel_size": [3, 3, 3]}, "one for each side"),
        ({"strides": -1}, "Stride"),
        ({"padding": "causal"}, "Padding is one of valid, same; there is no “causal”"),
        ({"padding": ["same"]}, "Padding is one of"),
        ({"activation": "evil"}, "Activation is one of"),
        ({"use_bias": 1}, "either on or off"),
        ({"units": 3}, "no “units” to be set on Convolution: it has filters, kernel_size"),
    ],
)
def test_values_that_no_layer_takes(lenet5, changes, words):
    with pytest.raises(StudioError, match=words):
        change_layer(lenet5, "conv2", **changes)


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 1.0, -0.1, "0.5", False])
def test_rates_that_are_none(lenet5, rate):
    with pytest.raises(StudioError, match=r"Rate is a number from 0 to 0.95"):
        add_layer(lenet5, "dense1", "Dropout", rate=rate)


def test_kinds_that_are_not_offered(lenet5):
    with pytest.raises(StudioError, match="“Lambda” cannot be edited"):
        add_layer(lenet5, "conv1", "Lambda")
    with pytest.raises(StudioError, match="“InputLayer” cannot be edited"):
        change_layer(lenet5, "image", batch_shape=[None, 1, 1, 1])
    assert values(lenet5, "image") == {}


def test_rename(lenet5, resnet20):
    edited = rename_layer(resnet20, "relu", "first.relu-1")
    assert [node.inputs[-1] for node in Graph.of(edited).consumers("first.relu-1")][-1] == "first.relu-1"
    assert_as_in_keras(edited)
    assert chain(rename_layer(lenet5, "output", "classes"))[-1] == "classes"
    assert_as_in_keras(rename_layer(lenet5, "image", "pixels"))
    for bad in ("", "a b", "ä", "a/b", "../x", "-x", "x" * 200):
        with pytest.raises(StudioError, match="Latin letters"):
            rename_layer(lenet5, "conv1", bad)
    with pytest.raises(StudioError, match="“conv2” already"):
        rename_layer(lenet5, "conv1", "conv2")


def test_a_sequential_model_is_edited_too(sequential):
    before = copy.deepcopy(sequential)
    edited = add_layer(sequential, "conv", "MaxPooling2D")
    assert sequential == before
    assert chain(edited) == ["image", "conv", "pool1", "flatten", "output"]
    assert_as_in_keras(edited)
    assert_as_in_keras(add_residual_block(sequential, "conv", 4))


def test_the_layers_of_a_model_within_a_model_are_edited_like_others():
    import keras
    from keras import layers

    inner_image = keras.Input((8, 8, 1))
    inner = keras.Model(inner_image, layers.Conv2D(1, 3, padding="same", name="inside")(inner_image), name="inner")
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Flatten(name="flatten")(inner(layers.ReLU(name="relu")(image)))
    config = keras.saving.serialize_keras_object(keras.Model(image, layers.Dense(2, "softmax", name="output")(x)))
    assert chain(config) == ["image", "relu", "inner.inside", "flatten", "output"]
    changed = change_layer(config, "inner.inside", filters=2)
    assert keras_model(changed).count_params() == describe(changed).parameters == 20 + 128 * 2 + 2
    assert chain(move_layer(config, "inner.inside", -1)) == ["image", "inner.inside", "relu", "flatten", "output"]
    assert keras_model(remove_layer(config, "inner.inside")).count_params() == 64 * 2 + 2


def _change(config, name, chance):
    """Another value for one of a layer's fields."""
    kind = LAYER_KINDS.get(Graph.of(config).nodes[name].kind)
    if kind is None or not kind.fields:
        return config
    field = chance.choice(kind.fields)
    value = {
        "bool": lambda: chance.random() < 0.5,
        "choice": lambda: chance.choice(field.choices),
        "float": lambda: chance.uniform(max(field.lowest, 0.1), min(field.highest, 0.9)),
        "int": lambda: chance.choice((1, 2, 3, 4, 7)),
    }[field.kind]()
    return change_layer(config, name, **{field.name: value})


OPERATIONS = (
    lambda config, name, chance: add_layer(config, name, chance.choice(OFFERED)),
    lambda config, name, chance: add_residual_block(config, name, chance.choice((4, 16)), chance.choice((1, 2))),
    lambda config, name, _: remove_layer(config, name),
    lambda config, name, chance: move_layer(config, name, chance.choice((-1, 1))),
    lambda config, name, _: duplicate_layer(config, name),
    _change,
)


def _edit(config, chance):
    """One random operation, as far as it makes sense."""
    names = list(Graph.of(config).nodes)
    try:
        return chance.choice(OPERATIONS)(config, chance.choice(names), chance)
    except StudioError:
        return config


@pytest.mark.parametrize(("name", "seed"), [("lenet5", 0), ("lenet5", 1), ("lenet5", 2), ("resnet20", 0)])
def test_whatever_is_done_keras_agrees_with_the_layer_table(name, seed):
    """Random edits: the table's shapes and counts are Keras's, and what it calls impossible, Keras refuses."""
    chance = random.Random(f"{name} {seed}")
    config = network_config(name, IMAGE, 10)
    impossible = None
    for _ in range(30):
        edited = _edit(config, chance)
        if describe(edited).misfit is None:
            config = edited
        else:
            impossible = edited
    assert_as_in_keras(config)
    assert impossible is not None
    misfit = Graph.of(impossible).nodes[describe(impossible).misfit.layer]
    # Keras asks neither for one number for each class, nor that what it normalises be maps.
    if misfit.name != Graph.of(impossible).output and misfit.kind != "LocalResponseNormalization":
        with pytest.raises((ValueError, ZeroDivisionError)):
            keras_model(impossible)
