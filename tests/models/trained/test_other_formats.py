"""What is no model of Keras, or no classifier of images: each says what it is and what to do."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.adopt import inspect_model
from cnnstudio.models.trained.files import load_model, read_config
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.models.trained.parts import is_model

STRANGERS = Path(__file__).parents[2] / "strangers"


def zip_of(**members: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_pkl", ".pkl"), content)
    return data.getvalue()


def npz() -> bytes:
    data = io.BytesIO()
    np.savez(data, a=np.ones(3))
    return data.getvalue()


FILES = {
    "nothing": (b"", "it is empty. Download or copy it again"),
    "Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9142640\n",
        "a note of Git LFS that stands for a file: the file itself of 9.1 MB was not downloaded. Get it with “git lfs",
    ),
    "a web page": (b"\n <!DOCTYPE html>\n<html lang=en>", "it is a web page under the name of a model. Open the page"),
    "an old web page": (b"<HTML><BODY>", "it is a web page"),
    "an answer": (b'\xef\xbb\xbf<?xml version="1.0"?><Error>', "which a web server sends in place of a file"),
    "TensorFlow Lite": (b"\x20\x00\x00\x00TFL3" + bytes(40), "it is a TensorFlow Lite model, made for phones"),
    "ONNX": (b"\x08\x09\x12\x08tf2onnx\x3a\x02\x0a\x00", "it is an ONNX model, in which Keras's layers are gone"),
    "PyTorch": (zip_of(model__data_pkl=b"\x80\x02.", model__version=b"3"), "it is a file of PyTorch"),
    "old PyTorch": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", "it is a file of PyTorch"),
    "a pickle": (pickle.dumps({"a": 1}), "it is a pickle of Python, which runs code when it is opened"),
    "safetensors": ((2).to_bytes(8, "little") + b"{}" + bytes(8), "it holds weights as safetensors"),
    "NumPy": (npz(), "it holds arrays of NumPy, not a model"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "it is a picture, not a model"),
    "a PDF": (b"%PDF-1.7", "it is a PDF"),
    "an archive": (b"\x1f\x8b\x08", "it is a packed archive. Unpack it"),
    "TensorFlow.js": (b'{"format": "layers-model", "modelTopology": {}}', "it is a TensorFlow.js model, made for web"),
}


@pytest.mark.parametrize("ending", [".keras", ".h5", ".hdf5"])
@pytest.mark.parametrize("kind", FILES)
def test_what_is_no_model_of_keras_says_what_it_is(tmp_path, kind, ending):
    content, words = FILES[kind]
    path = tmp_path / f"model{ending}"
    path.write_bytes(content)
    for ask in (load_model, read_config, inspect_model, load_classifier):
        with pytest.raises(StudioError) as caught:
            ask(path)
        text = str(caught.value)
        assert text.startswith(f"{path} is not opened: ") and text.endswith(".") and words in text
        assert "\n" not in text and ".." not in text and len(text) < 500


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("model.onnx", "it is an ONNX model"),
        ("weights.npz", "it holds arrays of NumPy"),
        ("net.pt", "it is a file of PyTorch"),
        ("net.pth", "it is a file of PyTorch"),
        ("svm.joblib", "it is a pickle"),
        ("frozen.pb", "it is a graph of TensorFlow"),
        ("cp.ckpt.index", "it is a part of a TensorFlow checkpoint"),
        ("mobile.tflite", "its name ends in .tflite, but it is no such model: it holds a text"),
    ],
)
def test_other_formats_are_known_by_their_endings_too(tmp_path, name, words):
    path = tmp_path / name
    path.write_bytes(FILES["PyTorch"][0] if name == "net.pt" else npz() if name == "weights.npz" else b"?" * 100)
    assert is_model(path) and is_model(tmp_path)
    for asked in (path, tmp_path):
        with pytest.raises(StudioError, match=words):
            load_model(asked)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"Milk and br\xc3\xb6tchen", "it is a text, not a model. CNN Studio opens models of Keras"),
        ("notes.txt", b"r\xc3" * 500, "it is no model. CNN Studio opens models of Keras"),
        (
            "mobile.tflite",
            b"\0\x01\xff" * 99,
            "its name ends in .tflite, but it is no such model: it is damaged, or something else",
        ),
        ("model.keras", b"\0\x01\xff" * 99, "it is damaged, or no .keras file. Download"),
        ("model.h5", b"some text", "it is damaged, or no .h5 file: it holds a text. Download"),
        ("train.py", b"import keras", "it is a program in Python, which is not run here"),
        ("train.ipynb", b'{"cells": []}', "it is a program in Python, which is not run here"),
        ("model.json", b'{"cl', "it is damaged, or holds no layers of a model"),
    ],
)
def test_rubbish_is_told_by_its_name_and_content(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StudioError) as caught:
        load_classifier(path)
    assert str(caught.value).startswith(f"{path} is not opened: {words}")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"labels.txt": b"0 Cat", "model_unquant.tflite": FILES["TensorFlow Lite"][0]}, "choose the export TensorFlow"),
        ({"metadata.json": b"{}", "model.json": FILES["TensorFlow.js"][0], "weights.bin": b""}, "TensorFlow.js model"),
        ({"my_model/saved_model.pb": b"", "my_model/variables/variables.index": b""}, "it is a SavedModel"),
        ({"readme.txt": b"hello"}, r"there is no model in it \(a .keras or .h5 file"),
    ],
)
def test_what_is_packed_says_what_it_is(tmp_path, members, words):
    path = tmp_path / "converted.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert is_model(path) == ("readme.txt" not in members)
    with pytest.raises(StudioError, match=words):
        load_model(path)


@pytest.mark.parametrize("part", [0.02, 0.5, 0.999])
@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5"])
def test_a_file_that_is_cut_off_says_so(small, tmp_path, name, part):
    data = (small / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(StudioError, match=r"is not opened: it is cut off: only its first .* are there\. Download or"):
        load_model(path)


def test_an_hdf5_file_of_something_else_says_what_is_in_it(tmp_path):
    with h5py.File(tmp_path / "train.h5", "w") as file:
        file["train_set_x"], file["train_set_y"] = np.zeros((4, 2)), np.zeros(4)
    with pytest.raises(StudioError, match="without a model of Keras in it; it holds “train_set_x”, “train_set_y”"):
        load_model(tmp_path / "train.h5")


# Models of Keras that are no classifiers of images


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import keras

    folder = tmp_path_factory.mktemp("small")
    model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    for ending in ("keras", "h5"):
        model.save(folder / f"theirs.{ending}")
    return folder


def others():
    import keras
    from keras import layers

    inputs = keras.Input((12, 12, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(inputs))
    heads = [layers.Dense(4, name="boxes")(x), layers.Dense(3, name="classes")(x)]
    second = keras.Input((4,), name="age")
    tokens = keras.Sequential([keras.Input((9,)), layers.Embedding(20, 4), layers.Flatten(), layers.Dense(2)])
    return {
        r"gives 2 outputs \(boxes, classes\), .* such as the first: .*outputs\[0\]\)": keras.Model(inputs, heads),
        r"gives 3 outputs .* “classes_2” ends in softmax, so it .*outputs\[2\]\)": keras.Model(
            inputs, [*heads, layers.Dense(3, "softmax", name="classes_2")(x)]
        ),
        r"takes 2 inputs \(.*, age\)": keras.Model([inputs, second], layers.Concatenate()([x, second])),
        r"a model of text: its layer “embedding.*” \(Embedding\) takes words": tokens,
        r"a model of text: .* \(Embedding\)": keras.Sequential([keras.Input((9,)), tokens, layers.Dense(2)]),
        r"a model of sequences, such as sound or text: its layer “lstm": keras.Sequential(
            [keras.Input((9, 4)), layers.LSTM(3), layers.Dense(2)]
        ),
        r"of sequences, such as sound or text: .*Conv1D": keras.Sequential(
            [keras.Input((90, 1)), layers.Conv1D(2, 5), layers.GlobalAveragePooling1D(), layers.Dense(2)]
        ),
        r"a model of films or volumes: .*Conv3D": keras.Sequential(
            [keras.Input((9, 9, 9, 1)), layers.Conv3D(2, 3), layers.GlobalAveragePooling3D(), layers.Dense(2)]
        ),
    }


def test_a_model_that_takes_or_gives_something_else_says_what_it_is(tmp_path):
    for number, (words, model) in enumerate(others().items()):
        path = tmp_path / f"{number}.{'h5' if number % 2 else 'keras'}"
        model.save(path)
        for ask in (load_model, read_config, inspect_model, load_classifier):
            with pytest.raises(StudioError, match=f"is not opened: it .*{words}"):
                ask(path)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize(("loss", "named"), [("mse", "mse"), ("Huber", "huber_loss"), ("binary_crossentropy", "")])
def test_a_network_that_learnt_numbers_is_told_by_its_loss(tmp_path, ending, loss, named):
    import keras

    model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", keras.losses.Huber() if loss == "Huber" else loss)
    model.save(tmp_path / f"age.{ending}")
    if not named:
        assert inspect_model(tmp_path / f"age.{ending}").guess.outputs == "logits"
        return
    with pytest.raises(StudioError, match=f"It is a regression: it was trained with the loss {named} to"):
        inspect_model(tmp_path / f"age.{ending}")
    assert read_config(tmp_path / f"age.{ending}")  # its layers can be looked at


def test_a_vocabulary_says_that_it_is_a_model_of_text(tmp_path):
    import keras
    from keras import layers

    words = layers.TextVectorization(max_tokens=9, output_sequence_length=5, vocabulary=["a", "b"])
    inputs = keras.Input((1,), dtype="string")
    keras.Model(inputs, layers.Embedding(9, 2)(words(inputs))).save(tmp_path / "model.keras")
    with pytest.raises(StudioError, match=r"a model of text: .* \(TextVectorization\) takes words"):
        load_model(tmp_path / "model.keras")


def test_a_class_of_its_own_is_told_with_the_line_that_saves_it_as_layers(tmp_path):
    import keras
    from keras import layers

    class Mine(keras.Model):
        def __init__(self, **options):
            super().__init__(**options)
            self.conv, self.flat, self.dense = layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)

        def call(self, x):
            return self.dense(self.flat(self.conv(x)))

    model = Mine()
    images = np.random.default_rng(1).uniform(0, 1, (2, 12, 12, 3)).astype(np.float32)
    expected = model(images)
    path = tmp_path / "model.keras"
    model.save(path)
    with pytest.raises(StudioError, match="it is of a class of its own, “Mine”") as caught:
        load_model(path)
    line = str(caught.value).partition("save it as layers: ")[2].removesuffix(".")
    assert line == 'x = keras.Input((12, 12, 3)); keras.Model(x, model.call(x)).save("model.keras")'
    exec(line.replace("model.keras", str(path)), {"keras": keras, "model": model})
    np.testing.assert_allclose(load_model(path)(images), expected, atol=1e-6)


@pytest.mark.parametrize("text", ["{}", "[]", '{"class_name": []}', '{"class_name": "A", "config": 3}', "[" * 10**5])
def test_a_config_that_is_damaged_is_a_sentence(tmp_path, text):
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(StudioError, match="is not opened: "):
        read_config(path)
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.attrs["model_config"] = text
        file.create_group("model_weights")
    with pytest.raises(StudioError, match="is not opened: "):
        read_config(tmp_path / "model.h5")


def test_nothing_of_a_hostile_config_is_taken_for_text(small, tmp_path):
    """Whatever stands for a layer or its name."""
    with zipfile.ZipFile(small / "theirs.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    for wrong in (
        None,
        3,
        [],
        {},
        {"class_name": {}},
        {"class_name": "Embedding"},
        {"class_name": "LSTM", "config": 1},
    ):
        config["config"]["layers"][1] = wrong
        with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
            for name, data in (members | {"config.json": json.dumps(config).encode()}).items():
                archive.writestr(name, data)
        with pytest.raises(StudioError, match="is not opened: "):
            load_model(tmp_path / "model.keras")
