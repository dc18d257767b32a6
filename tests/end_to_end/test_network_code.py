"""The code of a network, by running it: what it builds has the config that it was written from."""

import ast
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.exporting.network_code import model_code
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.keras_config.allowlist import checked_config
from cnnstudio.models.layers import local_response_normalization
from tests.benchmarks.graph_growth import network
from tests.models.sample_networks import ONE_OF_EACH, built_without_memory, shallow_applications, shallow_architectures


@cache
def config_of(name: str) -> dict:
    """The config of an architecture, with a few blocks of each kind where there are dozens."""
    import keras

    entry = ARCHITECTURES[name]
    with shallow_architectures(), shallow_applications():
        model = built_without_memory(lambda: entry.build(entry.image_shape, entry.classes))
    return checked_config(json.dumps(keras.saving.serialize_keras_object(model)).encode())


def built(code) -> dict:
    """Keras's config of what the code builds, without memory for weights."""
    import keras

    names: dict = {"keras": keras, "layers": keras.layers}
    registered = dict(keras.saving.get_custom_objects())
    with keras.StatelessScope(initialize_variables=False):
        definitions, text = code
        exec("\n\n\n".join([*definitions, text]), names)
    keras.saving.get_custom_objects().update(registered)
    return json.loads(json.dumps(keras.saving.serialize_keras_object(names["model"])))


def essence(config: dict) -> dict:
    """The layers by name, with their kinds, values and inputs; the order in which they are listed does not count."""

    def sources(value) -> list:
        if isinstance(value, list):
            return [source for item in value for source in sources(item)]
        return [value["config"]["keras_history"]]

    inner = config["config"]
    layers = {
        layer["config"]["name"]: (
            layer["class_name"],
            layer["config"],
            [(sources(node["args"]), node["kwargs"]) for node in layer["inbound_nodes"]],
        )
        for layer in inner["layers"]
    }
    return {"name": inner["name"], "layers": layers, "ends": [inner["input_layers"], inner["output_layers"]]}


NAMES = (*ONE_OF_EACH, "transfer-efficientnetv2-b0")
"""Others only have more layers than a smaller sister, and take long."""


@cache
def code_of(name: str) -> tuple[list[str], str]:
    return model_code(config_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_it_builds_the_same_network(name):
    assert essence(built(code_of(name))) == essence(json.loads(json.dumps(config_of(name))))


def test_it_is_formatted(tmp_path):
    ruff = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if ruff is None:
        pytest.skip("ruff is not installed")
    for name in NAMES:
        definitions, text = code_of(name)
        head = "\n\n\n".join(["import keras\nfrom keras import layers", *definitions])
        gap = "\n\n\n" if definitions else "\n\n"
        (tmp_path / f"{name}.py").write_text(f"{head}{gap}{text}\n")
    for command in (["check"], ["format", "--diff"]):
        done = subprocess.run([ruff, *command, "--isolated", tmp_path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "name",
    ['"""', "\\", "a'b\"c", "line\nbreak", "{block}1", "x\u2028y", '"); import os; os.abort(); ("', "名前", "lambda1"],
)
def test_a_name_is_only_a_name(name):
    """Whatever a stranger's network calls its layers, the code does nothing else for it."""
    config = json.loads(json.dumps(config_of("softmax")))
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "Flatten":
            layer["name"] = layer["config"]["name"] = name
        if layer["class_name"] == "Dense":
            layer["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = name
    config["config"]["name"] = name
    tree = ast.parse(model_code(config)[1])
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    plain = {"keras.Input", "layers.Rescaling", "layers.Flatten", "layers.Dense", "keras.Model"}
    assert {text.partition("(")[0] for text in called} == plain
    names = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", text) for text in names)


def with_random_layers() -> dict:
    """A network with initialisers of all sorts, a shortcut with weights, and layers that draw while it is trained."""
    import keras
    from keras import layers

    inputs = keras.Input((12, 12, 3), name="image")
    x = layers.GaussianNoise(0.1)(inputs)
    y = layers.Conv2D(4, (3, 1), padding="same", bias_initializer=keras.initializers.RandomNormal(stddev=0.1))(x)
    y = layers.SeparableConv2D(4, 3, padding="same", activation="swish")(y)
    y = layers.Dropout(0.25)(y)
    x = layers.Conv2D(4, 1, kernel_regularizer=keras.regularizers.L2(1e-4))(x)
    x = layers.Add()([x, y])
    x = layers.LayerNormalization()(x)
    x = layers.Dense(5, kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02, seed=7))(x)
    x = layers.Flatten()(x)
    return keras.saving.serialize_keras_object(keras.Model(inputs, layers.Dense(3, activation="softmax")(x)))


def test_the_same_seed_gives_the_same_weights_and_noise():
    import keras

    config = with_random_layers()
    keras.utils.set_random_seed(11)
    one = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))  # it empties what it is given
    keras.utils.set_random_seed(11)
    names: dict = {"keras": keras, "layers": keras.layers}
    exec(model_code(config)[1], names)
    two = names["model"]
    assert [weight.path for weight in two.weights] == [weight.path for weight in one.weights]
    for weight, same in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)
    images = np.full((2, 12, 12, 3), 9.0)
    np.testing.assert_array_equal(one(images, training=True), two(images, training=True))


def test_the_layers_of_a_model_within_stand_in_its_place():
    import keras
    from keras import layers

    image = keras.Input((8, 8, 2))
    inner = keras.Model(image, layers.Conv2D(3, 3, name="conv")(image), name="inner")
    inputs = keras.Input((8, 8, 2), name="image")
    x = layers.Flatten(name="flat")(keras.Sequential([layers.ReLU(name="relu")], name="chain")(inner(inputs)))
    model = keras.Model(inputs, layers.Dense(3, name="end")(x), name="outer")
    definitions, text = model_code(keras.saving.serialize_keras_object(model))
    names: dict = {"keras": keras, "layers": layers}
    exec("\n\n\n".join([*definitions, text]), names)
    names["model"].set_weights(model.get_weights())
    images = np.full((2, 8, 8, 2), 3.0)
    np.testing.assert_array_equal(names["model"](images), model(images))
    assert [layer.name for layer in names["model"].layers] == ["image", "inner.conv", "chain.relu", "flat", "end"]


def test_layers_of_our_own_are_written_out():
    """The script has all that the class needs."""
    import keras

    [definition], _ = code_of("alexnet")
    ours = local_response_normalization()
    registered = dict(keras.saving.get_custom_objects())
    names: dict = {"keras": keras}
    exec(definition, names)
    keras.saving.get_custom_objects().update(registered)
    written = names["LocalResponseNormalization"]
    images = np.random.default_rng(1).normal(0, 9, (2, 3, 3, 8)).astype(np.float32)
    for options in ({}, {"size": 3, "k": 1.0, "alpha": 0.1, "beta": 0.5}):
        np.testing.assert_array_equal(ours(**options)(images), written(**options)(images))
        assert ours(name="n", **options).get_config() == written(name="n", **options).get_config()


def test_asking_keras_leaves_random_alone():
    random.seed(5)
    model_code(config_of("lenet5-1998"))
    after = random.random()
    random.seed(5)
    assert after == random.random()


def test_a_layer_that_keras_does_not_make_is_named() -> None:
    """A network's file may come from anybody, and an edited one may be impossible."""
    config = copy.deepcopy(config_of("lenet5"))
    next(layer for layer in config["config"]["layers"] if layer["name"] == "conv1")["config"]["strides"] = [1]
    with pytest.raises(StudioError, match=r"Keras cannot make the layer “conv1” \(.*strides"):
        model_code(config)


def test_many_branches_use_few_variables() -> None:
    """Each branch is written to its end, and its variable is used again once it is joined."""
    _, text = model_code(network("fork", 40))
    lines = text.splitlines()
    assert lines[1].startswith("x = ") and lines[2].startswith("y = ")
    assert any("[x, y, z, w, x1, x2" in line for line in lines)
    _, text = model_code(network("blocks", 30))
    assert {line.split(" = ")[0] for line in text.splitlines() if " = layers." in line} == {"x", "y", "outputs"}
