"""Layers of our own against TensorFlow's, and as parts of model files from elsewhere."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models import layers
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layers import local_response_normalization
from cnnstudio.models.trained.files import load_model

pytestmark = pytest.mark.numbers


@pytest.mark.parametrize(
    ("channels", "size", "k", "alpha", "beta"),
    [(96, 5, 2.0, 1e-4, 0.75), (3, 5, 2.0, 1e-4, 0.75), (1, 3, 1.0, 0.5, 0.5), (7, 1, 0.1, 2.0, 1.0), (8, 9, 1, 0, 2)],
)
def test_it_computes_and_learns_as_tensorflow_does(channels, size, k, alpha, beta):
    import tensorflow as tf

    values = tf.constant(np.random.default_rng(0).normal(0, 30, (2, 4, 5, channels)), tf.float32)
    layer = local_response_normalization()(size=size, k=k, alpha=alpha, beta=beta)

    def theirs(x):
        return tf.nn.local_response_normalization(x, size // 2, bias=k, alpha=alpha, beta=beta)

    outcomes = []
    for function in (layer, theirs):
        with tf.GradientTape() as tape:
            tape.watch(values)
            answer = function(values)
            loss = tf.reduce_sum(answer**2)
        outcomes.append((answer.numpy(), tape.gradient(loss, values).numpy()))
    np.testing.assert_allclose(outcomes[0][0], outcomes[1][0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(outcomes[0][1], outcomes[1][1], rtol=1e-3, atol=1e-3)


def test_its_defaults_are_those_of_the_paper():
    layer = local_response_normalization()()
    assert (layer.size, layer.k, layer.alpha, layer.beta) == (5, 2, 1e-4, 0.75)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 4},
        {"size": 0},
        {"size": layers.MAX_NEIGHBOURS + 2},
        {"size": 10**9 + 1},
        {"size": 2.5},
        {"k": 0},
        {"alpha": -1},
    ],
)
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        local_response_normalization()(**wrong)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with the layer, saved by Keras."""
    import keras

    inputs = keras.Input((6, 6, 3), name="image")
    x = local_response_normalization()(size=3, alpha=0.01, name="norm")(inputs)
    outputs = keras.layers.Dense(2, activation="softmax", name="output")(keras.layers.Flatten(name="flatten")(x))
    path = tmp_path_factory.mktemp("layers") / "model.keras"
    keras.Model(inputs, outputs).save(path)
    return path


def test_a_file_with_it_is_opened(saved: Path) -> None:
    import keras

    images = np.full((1, 6, 6, 3), 100.0)
    opened = load_model(saved)
    assert opened.get_layer("norm").size == 3
    np.testing.assert_array_equal(opened(images).numpy(), keras.models.load_model(saved)(images).numpy())


@pytest.fixture
def tampered(saved: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes a copy of the file with other fields in the layer, or other numbers in its config."""

    def write(numbers: dict | None = None, **fields: object) -> Path:
        with zipfile.ZipFile(saved) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(members["config.json"])
        layer = next(layer for layer in config["config"]["layers"] if layer["name"] == "norm")
        layer.update(fields)
        layer["config"].update(numbers or {})
        with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
            for name, data in (members | {"config.json": json.dumps(config)}).items():
                archive.writestr(name, data)
        return tmp_path / "model.keras"

    return write


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"class_name": "Payload", "registered_name": "cnnstudio>Payload"}, "not on the list of layers"),
        ({"class_name": "register_layers", "registered_name": None}, "not on the list of layers"),
        ({"class_name": "subprocess", "registered_name": "cnnstudio>subprocess"}, "not on the list of layers"),
        ({"registered_name": "cnnstudio>Payload"}, "second name"),
        ({"registered_name": "other>LocalResponseNormalization"}, "second name"),
        ({"registered_name": None}, "second name"),
        ({"module": "cnnstudio.models.trained.files"}, "not on the list of layers"),
        ({"module": "keras.layers"}, "not on the list of layers"),
        ({"module": "keras.layers", "class_name": "ReLU"}, "second name"),
        ({"module": "keras.src.ops.numpy", "class_name": "Payload"}, "computes with “Payload”"),
        ({"module": "keras.src.applications.convnext"}, "not on the list of layers"),
        ({"module": "keras.src.applications.convnext", "class_name": "ConvNeXt"}, "not on the list of layers"),
    ],
)
def test_nothing_else_gets_through_in_its_name(tampered, fields, words):
    with pytest.raises(StudioError, match=words):
        load_model(tampered(**fields))


@pytest.mark.parametrize("numbers", [{"size": 10**9 + 1}, {"size": "many"}, {"k": -1}, {"surprise": 1}])
def test_hostile_numbers_are_refused(tampered, numbers):
    with pytest.raises(StudioError, match="Keras cannot build it"):
        load_model(tampered(numbers))


@pytest.mark.parametrize("name", layers.LAYERS)
def test_a_class_is_found_by_the_name_that_files_have(name):
    """Saved models name the module and the class: neither ever changes."""
    kind = LAYER_KINDS[name]
    assert (kind.module, kind.registered_name) == ("cnnstudio.models.layers", f"cnnstudio>{name}")
    assert getattr(layers, name) is layers.LAYERS[name]()
    assert getattr(layers, name).__name__ == name


def test_there_are_no_other_classes():
    with pytest.raises(AttributeError, match="Lambda"):
        _ = layers.Lambda
