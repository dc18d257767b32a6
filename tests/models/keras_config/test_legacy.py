"""Old `.h5` files: those that Keras writes, those that Keras 2 wrote, and hostile ones."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.files import load_model, read_config


def refused(path: Path, words: str) -> None:
    """The file is refused, in one sentence that names it."""
    with pytest.raises(StudioError, match=words) as caught:
        load_model(path)
    text = str(caught.value)
    assert text.startswith(f"{path} is not opened: ") and "\n" not in text and len(text) < 500


def network():
    """Normalisation, a shortcut, a model within, weights that are not trained."""
    import keras
    from keras import layers

    inputs = keras.Input((12, 12, 3), name="photo")
    x = layers.Rescaling(1 / 255, name="scale")(inputs)
    x = layers.Conv2D(4, 3, padding="same", kernel_regularizer="l2", name="conv")(x)
    y = layers.BatchNormalization(name="norm")(x)
    y = layers.LeakyReLU(name="leaky")(y)
    x = layers.Concatenate(name="both")([x, y])
    inner = keras.Sequential([keras.Input((12, 12, 8)), layers.DepthwiseConv2D(3), layers.Conv2D(5, 1)], name="inner")
    x = layers.GlobalAveragePooling2D(name="average")(inner(x))
    x = layers.Dropout(0.3, name="dropout")(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="answer")(x), name="small")


def randomised(model):
    random = np.random.default_rng(3)
    model.set_weights([random.uniform(0.1, 1, weight.shape).astype(np.float32) for weight in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (3, 12, 12, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory):
    """A file as Keras writes it today, and the model in it; nobody writes into it."""
    model = randomised(network())
    model.compile("adam", "categorical_crossentropy")
    path = tmp_path_factory.mktemp("original") / "small.h5"
    model.save(path)
    return path, model


@pytest.fixture
def saved_h5(original, tmp_path: Path):
    """A copy of that file, to be tampered with, and the model."""
    path, model = original
    return Path(shutil.copy(path, tmp_path)), model


def test_a_file_of_today(saved_h5, images):
    path, model = saved_h5
    opened = load_model(path)
    np.testing.assert_array_equal(opened(images), model(images))
    inner = [f"inner.{layer.name}" for layer in model.get_layer("inner").layers]
    assert [layer.name for layer in opened.layers][4:9] == ["leaky", "both", *inner, "average"]
    assert read_config(path)["config"]["name"] == "small"


def test_a_chain_of_today(tmp_path, images):
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])
    model.save(tmp_path / "chain.hdf5")
    np.testing.assert_array_equal(load_model(tmp_path / "chain.hdf5")(images), model(images))


def with_config(path: Path, change: Callable[[dict], object]) -> Path:
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        changed = change(config)
        file.attrs["model_config"] = json.dumps(config if changed is None else changed)
    return path


def as_keras_2(config: dict) -> None:  # noqa: PLR0912 - so much has changed
    """Puts a config into the words of Keras 2: no modules, connections as lists, other names of some values."""
    if config["class_name"] == "Functional":
        config["class_name"] = "Model"
    for key in ("module", "registered_name", "build_config", "compile_config"):
        config.pop(key, None)
    for layer in config["config"]["layers"]:
        values = layer["config"]
        for key in ("module", "registered_name", "build_config"):
            layer.pop(key, None)
        if "layers" in values:
            as_keras_2(layer)
        if "batch_shape" in values:
            values["batch_input_shape"] = values.pop("batch_shape")
        if layer["class_name"] == "DepthwiseConv2D":
            values["groups"] = 1
        if layer["class_name"] == "LeakyReLU":
            values["alpha"] = values.pop("negative_slope")
        if layer["class_name"] == "BatchNormalization":
            values["axis"] = [3]
        for key, value in values.items():
            if isinstance(value, dict) and value.get("class_name") == "DTypePolicy":
                values[key] = "float32"
            elif isinstance(value, dict) and "class_name" in value:
                values[key] = {"class_name": value["class_name"], "config": value["config"]}
        if layer.get("inbound_nodes"):
            tensors = layer["inbound_nodes"][0]["args"][0]
            tensors = tensors if isinstance(tensors, list) else [tensors]
            layer["inbound_nodes"] = [[[*tensor["config"]["keras_history"], {}] for tensor in tensors]]


def test_a_file_of_keras_2(saved_h5, images):
    path, model = saved_h5
    opened = load_model(with_config(path, as_keras_2))
    np.testing.assert_array_equal(opened(images), model(images))


def test_a_chain_of_keras_2_begins_with_the_shape_of_its_images(tmp_path, images):
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(2, 3, name="first"), layers.Flatten()])
    model.save(tmp_path / "chain.h5")

    def change(config: dict) -> None:
        as_keras_2(config)
        image = config["config"]["layers"].pop(0)
        config["config"]["layers"][0]["config"]["batch_input_shape"] = image["config"]["batch_input_shape"]
        config["config"].pop("build_input_shape", None)

    opened = load_model(with_config(tmp_path / "chain.h5", change))
    np.testing.assert_array_equal(opened(images), model(images))


def test_lambda_is_refused(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Lambda(lambda x: x * 2), keras.layers.Flatten()])
    model.save(tmp_path / "lambda.h5")
    refused(tmp_path / "lambda.h5", "contains “Lambda”, which is not on the list")
    refused(with_config(tmp_path / "lambda.h5", as_keras_2), "contains “Lambda”, which is not on the list")


def of_their_own(config: dict) -> None:
    as_keras_2(config)
    config["config"]["layers"][2]["class_name"] = "MyConv"


def subclassed(config: dict) -> dict:
    return {"class_name": "MyModel", "config": {}}


def other_module(config: dict) -> None:
    config["config"]["layers"][2]["module"] = "os"


def hidden_module(config: dict) -> None:
    as_keras_2(config)
    config["config"]["layers"][2]["config"]["kernel_initializer"] = {
        "class_name": "function", "config": "system", "module": "os", "registered_name": "system",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_their_own, "contains “MyConv”, which is not on the list"),
        (subclassed, "it is of a class of its own, “MyModel”"),
        (other_module, "which is not on the list"),
        (hidden_module, "is not opened"),
        (lambda _: {}, "cannot be read"),
        (lambda _: [], "cannot be read"),
        (lambda _: {"class_name": "Sequential", "config": []}, "is not opened"),
        (lambda _: {"class_name": "Model", "config": {"layers": [{"class_name": []}]}}, "cannot be read"),
        (lambda config: config["config"]["layers"][-1]["config"].update(units=10**6), "memory for weights"),
        (lambda config: config["config"]["layers"].pop(3), "is not opened"),
    ],
)
def test_hostile_configs_are_refused(saved_h5, change, words):
    refused(with_config(saved_h5[0], change), words)


def test_weights_alone_are_refused(tmp_path):
    network().save_weights(tmp_path / "only.weights.h5")
    refused(tmp_path / "only.weights.h5", "the weights of a model, but not its layers")


@pytest.mark.parametrize("text", [b"{", "nonsense", b"\xff\xfe", 7, np.zeros(3)])
def test_a_config_that_is_none_is_refused(saved_h5, text):
    with h5py.File(saved_h5[0], "r+") as file:
        file.attrs["model_config"] = text
    refused(saved_h5[0], "damaged")


def external(file: h5py.File) -> None:
    file["model_weights/away"] = h5py.ExternalLink("/etc/passwd", "/x")


def soft(file: h5py.File) -> None:
    file["model_weights/away"] = h5py.SoftLink("/model_weights")


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((40, 12), "f4")
    layout[:] = h5py.VirtualSource("/tmp/secret.h5", "x", (40, 12))
    file.create_virtual_dataset("model_weights/away", layout)


def huge(file: h5py.File) -> None:
    file.create_dataset("model_weights/away", (10**6, 10**6), "f4", chunks=(1000, 1000))


def texts(file: h5py.File) -> None:
    file.create_dataset("model_weights/away", data=["a", "b"], dtype=h5py.string_dtype())


@pytest.mark.parametrize("change", [external, soft, virtual, huge, texts])
def test_what_is_no_plain_array_is_refused(saved_h5, change):
    with h5py.File(saved_h5[0], "r+") as file:
        change(file)
    refused(saved_h5[0], "its weights|claims to have")


def fewer(file: h5py.File) -> None:
    file["model_weights"].attrs["layer_names"] = [b"conv", b"norm"]


def strange_names(file: h5py.File) -> None:
    file["model_weights"].attrs["layer_names"] = [b"/", b"../..", b"conv"]


def missing(file: h5py.File) -> None:
    file["model_weights"].move("norm", "other")


@pytest.mark.parametrize("change", [fewer, strange_names, missing])
def test_weights_that_do_not_fit_are_refused(saved_h5, change):
    with h5py.File(saved_h5[0], "r+") as file:
        change(file)
    refused(saved_h5[0], "its weights do not fit its layers")


def test_a_file_cut_short_is_refused(saved_h5):
    path = saved_h5[0]
    data = path.read_bytes()
    for share in (0.05, 0.5, 0.99):
        path.write_bytes(data[: int(share * len(data))])
        refused(path, "is not opened")
