"""Opening model files: honest ones as Keras would, hostile and damaged ones not at all."""

import io
import json
import os
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained import files
from cnnstudio.models.trained.adopt import inspect_model
from cnnstudio.models.trained.card import MODEL_FILE
from cnnstudio.models.trained.files import load_model, read_config

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
DENSE = "layers/dense/vars/0"


@pytest.fixture
def members(saved: Path) -> dict[str, bytes]:
    """The members of an honest model file, to be tampered with."""
    with zipfile.ZipFile(saved / MODEL_FILE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def small_members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Those of a small network, which is opened soon: for what is tampered with in many ways."""
    import keras
    from keras import layers

    x = inputs = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(2, 3, activation="relu", name="conv1")(layers.Rescaling(1 / 255, name="rescaling")(x))
    outputs = layers.Dense(3, activation="softmax", name="output")(layers.Flatten(name="flatten")(x))
    path = tmp_path_factory.mktemp("small") / "model.keras"
    keras.Model(inputs, outputs, name="small").save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    def write(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
        path = tmp_path / "model.keras"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return path

    return write


def refused(path: Path, words: str) -> None:
    """The file is refused, in one sentence that names it."""
    with pytest.raises(StudioError, match=words) as caught:
        load_model(path)
    text = str(caught.value)
    assert text.startswith(f"{path} is not opened: ")
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 500


def layer_named(config: dict, name: str) -> dict:
    return next(layer for layer in config["config"]["layers"] if layer["name"] == name)


def with_config(members: dict[str, bytes], change: Callable[[dict], object]) -> dict[str, bytes]:
    config = json.loads(members[CONFIG])
    change(config)
    return members | {CONFIG: json.dumps(config).encode()}


def with_weights(members: dict[str, bytes], change: Callable[[h5py.File], object]) -> dict[str, bytes]:
    buffer = io.BytesIO(members[WEIGHTS])
    with h5py.File(buffer, "r+") as file:
        change(file)
    return members | {WEIGHTS: buffer.getvalue()}


# Honest files


def every_layer():
    """A model with every kind of layer that is allowed, and a model within."""
    import keras
    from keras import layers

    inputs = keras.Input((32, 32, 3))
    measured = layers.Normalization()
    measured.adapt(np.random.default_rng(1).normal(0.1, 2, (8, 32, 32, 3)))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for layer in (
        measured,
        layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.1, 1.2, 1.3]),
        layers.ActivityRegularization(0.1),
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomZoom(0.1),
        layers.RandomContrast(0.1),
        layers.RandomBrightness(0.1, value_range=(-1, 1)),
        layers.RandomPerspective(),
        layers.RandomElasticTransform(),
        layers.RandomErasing(),
        layers.RandomGaussianBlur(),
        layers.RandomSharpness(0.1),
        layers.RandomHue(0.1),
        layers.RandomSaturation(0.1),
        layers.RandomColorJitter((0, 255)),
        layers.RandomColorDegeneration(0.1),
        layers.RandomGrayscale(0.1),
        layers.RandomInvert(0.1),
        layers.RandomPosterization(4),
        layers.RandomShear((0.0, 0.1), (0.0, 0.1)),
        layers.RandAugment(),
        layers.AugMix(),
        layers.CutMix(),
        layers.MixUp(),
        layers.Solarization(),
        layers.AutoContrast(),
        layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2)),
        layers.Resizing(30, 30),
        layers.CenterCrop(28, 28),
        layers.Conv2D(8, 3, padding="same", kernel_regularizer="l2", kernel_constraint="max_norm"),
        layers.BatchNormalization(),
        layers.ReLU(max_value=6),
        layers.DepthwiseConv2D(3, activation="relu6"),
        layers.GroupNormalization(4),
        layers.LeakyReLU(),
        layers.SeparableConv2D(8, 3, depthwise_initializer=keras.initializers.HeNormal(seed=1)),
        layers.LayerNormalization(),
        layers.RMSNormalization(),
        layers.PReLU(shared_axes=[1, 2]),
        layers.ZeroPadding2D(1),
        layers.Cropping2D(1),
        layers.SpatialDropout2D(0.1),
        layers.MaxPooling2D(),
        layers.UpSampling2D(),
        layers.Conv2DTranspose(8, 3, strides=2),
        layers.ELU(),
        layers.GaussianNoise(0.1),
        layers.GaussianDropout(0.1),
        layers.AlphaDropout(0.1),
        layers.Identity(),
        layers.Activation("tanh"),
        layers.AveragePooling2D(2),
        layers.AdaptiveMaxPooling2D((6, 5)),
        layers.AdaptiveAveragePooling2D(4),
        layers.UnitNormalization(),
        layers.Permute((2, 1, 3)),
    ):
        x = layer(x)
    branch = keras.Sequential(
        [keras.Input(x.shape[1:]), layers.Conv2D(8, 1, activation="silu"), layers.Activation("gelu")]
    )
    y = branch(x)
    for merge in (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum):
        y = merge()([x, y])
    y = layers.Concatenate()([x, y])
    y = layers.Concatenate()([layers.GlobalAveragePooling2D()(y), layers.GlobalMaxPooling2D()(y)])
    rows = layers.Reshape((4, -1))(y)
    rows = layers.MultiHeadAttention(2, 3)(rows, rows)
    for layer in (
        layers.Conv1D(6, 2, padding="causal"),
        layers.MaxPooling1D(2, 1),
        layers.AveragePooling1D(2, 1, "same"),
        layers.SpatialDropout1D(0.1),
        layers.SimpleRNN(5, return_sequences=True),
        layers.GRU(5, return_sequences=True),
        layers.LSTM(5, return_sequences=True),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True), "sum"),
    ):
        rows = layer(rows)
    summed = layers.GlobalAveragePooling1D()(rows), layers.GlobalMaxPooling1D()(rows)
    y = layers.Concatenate()([layers.Flatten()(rows), *summed])
    y = layers.Softmax()(layers.Dense(5)(layers.Dropout(0.5)(y)))
    return keras.Model(inputs, y)


def test_every_allowed_layer_comes_back_as_it_was(tmp_path):
    from cnnstudio.models.layer_kinds import LAYER_KINDS

    model = every_layer()
    kinds = {kind.name for kind in LAYER_KINDS.values() if kind.module == "keras.layers"}
    assert kinds == {type(layer).__name__ for layer in model.layers} - {"Sequential"}
    path = tmp_path / "model.keras"
    model.save(path)
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    opened = load_model(path)
    np.testing.assert_array_equal(np.asarray(opened(images, training=False)), np.asarray(model(images, training=False)))


def test_an_opened_model_is_what_keras_opens(saved):
    import keras

    ours, theirs = load_model(saved / MODEL_FILE), keras.models.load_model(saved / MODEL_FILE)
    assert ours.to_json() == theirs.to_json()
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_config_is_read_without_weights(saved):
    names = [layer["config"]["name"] for layer in read_config(saved / MODEL_FILE)["config"]["layers"]]
    assert names == [layer.name for layer in load_model(saved / MODEL_FILE).layers]


def test_a_config_that_is_not_allowed_is_not_read(evil):
    with pytest.raises(StudioError, match="is not opened"):
        read_config(evil.file)


def test_a_compiled_and_trained_model_is_opened_uncompiled(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile(keras.optimizers.AdamW(1e-3), "mse", metrics=["mae"], run_eagerly=True)
    model.fit(np.ones((4, 8, 8, 1)), np.ones((4, 3)), verbose=0)
    path = tmp_path / "model.keras"
    model.save(path)
    opened = load_model(path)
    assert not opened.compiled
    np.testing.assert_array_equal(opened.get_weights()[0], model.get_weights()[0])


def test_a_recompressed_archive_is_opened(members, pack):
    assert load_model(pack(members, zipfile.ZIP_DEFLATED)).count_params() == 61_706


# Code


@dataclass(frozen=True)
class Lambda:
    """A Lambda layer whose code leaves a file behind, as Keras saved it."""

    file: Path
    config: dict
    marker: Path


@pytest.fixture
def evil(tmp_path: Path) -> Lambda:
    import keras

    marker = tmp_path / "ran"
    path = str(marker)
    inputs = keras.Input((3,))
    layer = keras.layers.Lambda(lambda x: (open(path, "w").close(), x)[1], name="output")  # noqa: PTH123
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "lambda.keras")
    marker.unlink()
    with zipfile.ZipFile(tmp_path / "lambda.keras") as archive:
        config = json.loads(archive.read(CONFIG))
    return Lambda(tmp_path / "lambda.keras", layer_named(config, "output"), marker)


def test_a_lambda_does_not_run(evil):
    import keras

    refused(evil.file, "contains “Lambda”, which is not on the list .* such as Rescaling, or with plain arithmetic")
    assert not evil.marker.exists()
    # With the guard off it does, so that the above means something.
    keras.models.load_model(evil.file, safe_mode=False)
    assert evil.marker.exists()


OBJECTS = {
    "an unknown class": {"module": "evil", "class_name": "Payload", "config": {}},
    "an unknown class of Keras's name": {"module": "keras.src.evil", "class_name": "Dense", "config": {}},
    "a module's function (CVE-2025-1550)": {
        "module": "subprocess",
        "class_name": "function",
        "config": "run",
        "registered_name": "run",
    },
    "a function of Keras (CVE-2025-8747, CVE-2025-9906)": {
        "module": "keras.config",
        "class_name": "function",
        "config": "enable_unsafe_deserialization",
        "registered_name": "enable_unsafe_deserialization",
    },
    "a download (CVE-2025-12060)": {"module": "keras.utils", "class_name": "get_file", "config": {}},
    "a file's words (CVE-2025-12058)": {
        "module": "keras.layers",
        "class_name": "StringLookup",
        "config": {"name": "output", "vocabulary": "/etc/passwd"},
    },
    "a SavedModel": {
        "module": "keras.layers",
        "class_name": "TFSMLayer",
        "config": {"name": "output", "filepath": "/tmp/evil"},
    },
    "a pickled PyTorch module": {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}},
    "a lambda": {"class_name": "__lambda__", "config": {"code": ""}},
    "a type": {"class_name": "__typespec__", "config": [], "spec_name": "x", "module": "os", "registered_name": "x"},
    "a Keras layer under another's name": {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"name": "output", "units": 10},
        "registered_name": "keras_hub>RWKVTokenizer",
    },
    "nothing": None,
    "a list": [],
}


@pytest.mark.parametrize("thing", OBJECTS.values(), ids=OBJECTS)
def test_a_layer_off_the_list_is_refused(members, pack, thing):
    def replace(config):
        layers = config["config"]["layers"]
        layers[-1] = layers[-1] | thing if thing else thing

    refused(pack(with_config(members, replace)), "not on the list of layers|second name|missing where one must be")


@pytest.mark.parametrize(
    "thing", [value for value in OBJECTS.values() if value], ids=[k for k, v in OBJECTS.items() if v]
)
@pytest.mark.parametrize("field", ["activation", "kernel_initializer", "kernel_regularizer", "dtype", "surprise"])
def test_a_part_off_the_list_is_refused(members, pack, thing, field):
    change = with_config(members, lambda config: layer_named(config, "conv1")["config"].update({field: [thing]}))
    refused(pack(change), "an object stands where")
    change = with_config(members, lambda config: layer_named(config, "conv1")["config"].update({field: thing}))
    refused(pack(change), "not on the list of parts")


def test_a_lambda_is_refused_wherever_it_hides(members, pack, evil):
    def in_nested_model(config):
        inner = {"name": "inner", "layers": [evil.config], "trainable": True}
        config["config"]["layers"][-1].update({"module": "keras", "class_name": "Sequential", "config": inner})

    def in_call(config):
        layer_named(config, "output")["inbound_nodes"][0]["args"] = [evil.config]

    def in_call_options(config):
        layer_named(config, "output")["inbound_nodes"][0]["kwargs"] = {"mask": evil.config}

    def in_legacy_call(config):
        layer_named(config, "output")["inbound_nodes"] = [[["dense2", 0, 0, {"mask": evil.config}]]]

    def in_outputs(config):
        config["config"]["output_layers"] = evil.config

    def as_model(config):
        config.update(evil.config)

    for hide in (in_nested_model, in_call, in_call_options, in_legacy_call, in_outputs, as_model):
        refused(pack(with_config(members, hide)), "is not opened")
    assert not evil.marker.exists()


def test_what_only_training_needs_is_not_built(members, pack, evil):
    def add(config):
        function = evil.config["config"]["function"]
        config["compile_config"] = {"optimizer": function, "loss": function, "metrics": [function]}
        layer_named(config, "output")["compile_config"] = {"loss": function}
        layer_named(config, "output")["build_config"] = {"input_shape": [None, 10**9]}

    assert load_model(pack(with_config(members, add))).count_params() == 61_706
    assert not evil.marker.exists()


@pytest.mark.parametrize("name", ["../../evil", "..", "a/b", "a\\b", "", "x" * 201, None, 5])
def test_a_layers_name_cannot_be_a_path(members, pack, name):
    def rename(config):
        layer_named(config, "flatten")["config"]["name"] = name

    refused(pack(with_config(members, rename)), "has no name, or one that is not allowed")


# Size


@pytest.mark.parametrize(
    ("layer", "fields", "words"),
    [
        ("dense1", {"units": 10**6}, r"ask for 1\.9 GB of memory for weights, of which the file holds 246\.8 kB"),
        ("dense1", {"units": 10**9}, "has 1,000,000,000 units; up to 1,000,000 are possible"),
        ("conv2", {"filters": 10**7}, "has 10,000,000 filters; up to 1,000,000 are possible"),
        ("conv1", {"kernel_size": [30_000, 30_000]}, "ask for .* of memory"),
        ("dense1", {"units": 10**30}, "beyond what an image network needs"),
        ("dense1", {"units": 10**400}, "beyond what an image network needs"),
        ("dense1", {"units": 1e400}, "beyond what an image network needs"),
        ("dense1", {"units": -5}, "Keras cannot build it"),
        ("dense1", {"units": "many"}, "Keras cannot build it"),
        ("pool1", {"pool_size": [0, 0]}, "Keras cannot build it"),
        ("dense1", {"surprise": 1}, "Keras cannot build it"),
    ],
)
def test_a_config_that_asks_for_too_much_is_refused_before_it_is_built(members, pack, layer, fields, words):
    refused(pack(with_config(members, lambda config: layer_named(config, layer)["config"].update(fields))), words)


def test_outputs_that_would_fill_the_memory_are_refused(tmp_path):
    import keras

    inputs = keras.Input((28, 28, 1))
    huge = keras.layers.UpSampling2D(1000)(inputs)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(huge))
    model.save(tmp_path / "model.keras")
    refused(tmp_path / "model.keras", r"layers would take 3\.1 GB of memory for a single image")


def test_a_prediction_that_would_take_minutes_is_refused(tmp_path):
    import keras

    inputs = keras.Input((3000, 3000, 1))
    slow = keras.layers.Conv2D(1, 400, padding="same")(inputs)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(slow))
    model.save(tmp_path / "model.keras")
    refused(tmp_path / "model.keras", "multiplications for a single image")


def test_a_normalisation_that_would_fill_the_memory_while_it_is_built_is_refused(tmp_path):
    import keras

    inputs = keras.Input((3000, 3000, 2))
    every = keras.layers.Normalization(axis=(1, 2, 3), mean=0.0, variance=1.0, name="norm")
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(every(inputs)))
    model.save(tmp_path / "model.keras")
    refused(tmp_path / "model.keras", "layer “norm” takes maps of an unknown size, or very large ones")


@pytest.mark.parametrize("shape", [(None, None, None, 1), (None, 8, None, 1)])
def test_sizes_that_are_left_open_are_asked_for(tmp_path, shape):
    import keras

    inputs = keras.Input(batch_shape=shape, name="open")
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(inputs))
    model.save(tmp_path / "model.keras")
    refused(tmp_path / "model.keras", "it takes images of any size, so one must be chosen")
    assert load_model(tmp_path / "model.keras", (8, 9)).input_shape == (None, 8, 9, 1)


def test_images_that_are_taken_five_at_a_time_are_taken_in_any_number(tmp_path):
    import keras

    inputs = keras.Input(batch_shape=(5, 8, 8, 1))
    keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(inputs)).save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras")(np.ones((2, 8, 8, 1))).shape == (2, 1)


def test_sizes_within_are_those_that_come_from_around(tmp_path):
    """However an inner network says what it takes: it is looked at with what it is given."""
    import keras

    within = keras.Sequential([keras.Input((None, None, 1), name="open"), keras.layers.UpSampling2D(3000)])
    inputs = keras.Input((8, 8, 1))
    keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(within(inputs))).save(tmp_path / "model.keras")
    refused(tmp_path / "model.keras", "layers would take")


def test_too_many_layers_are_refused(small_members, pack):
    def repeat(config):
        config["config"]["layers"] *= 401

    refused(pack(with_config(small_members, repeat)), "over 2,000 layers")


def test_layers_that_are_too_many_for_pythons_calls_are_refused(small_members, pack):
    def lengthen(config):
        layers = config["config"]["layers"]
        before = layers.index(layer_named(config, "conv1"))
        text = json.dumps(layers[before - 1])
        chain = [
            text.replace("rescaling", f"scaled_{place}").replace("image", f"scaled_{place - 1}")
            for place in range(1100)
        ]
        chain[0] = chain[0].replace("scaled_-1", "rescaling")
        layers[before:before] = map(json.loads, chain)
        layers[before + len(chain)] = json.loads(
            json.dumps(layers[before + len(chain)]).replace("rescaling", "scaled_1099")
        )

    refused(pack(with_config(small_members, lengthen)), r"Python allows 1,\d{3}\. In Python, .* sys.setrecursionlimit")


def test_models_nested_without_end_are_refused(members, pack):
    def nest(config):
        for _ in range(20):
            inner = json.loads(json.dumps(config))
            config["config"] = {"name": "outer", "layers": [inner | {"name": "inner", "inbound_nodes": []}]}

    refused(pack(with_config(members, nest)), "nested over 8 deep")


def test_a_failed_building_leaves_nothing_to_be_built_later(members, pack):
    """Keras gives all variables of the thread their memory at the end of the next scope."""
    import keras

    def huge(config):
        layer_named(config, "dense1")["config"]["units"] = 10**6

    refused(pack(with_config(members, huge)), "ask for")
    with keras.StatelessScope():
        layer = keras.layers.Dense(3)
        layer.build((None, 2))
    assert layer.kernel.shape == (2, 3)


def test_a_zip_bomb_is_refused(members, pack):
    for name in (CONFIG, WEIGHTS):
        bomb = members | {name: bytes(50 * 2**20)}
        refused(pack(bomb, zipfile.ZIP_DEFLATED), r"would unpack to 52\.4 MB, as in a zip bomb")


def test_a_member_that_lies_about_its_size_is_refused(members, pack):
    path = pack(members | {CONFIG: members[CONFIG] + b" " * 2**20}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    assert data[directory + 46 : directory + 57] == CONFIG.encode()
    struct.pack_into("<I", data, directory + 24, 100)
    path.write_bytes(data)
    refused(path, "damaged")


def test_an_endless_config_is_refused(members, pack):
    refused(pack(members | {CONFIG: b"[" * 2**20}), "not valid JSON")
    refused(pack(members | {CONFIG: b" " * (2**24 + 1)}), "would unpack to 16.8 MB")


# Archives


@pytest.mark.parametrize(
    "extra", ["../../evil.py", "/etc/cron.d/evil", "assets/layers/x", "model.weights.npz", "x.pkl"]
)
def test_an_archive_with_anything_else_is_refused(members, pack, tmp_path, extra, monkeypatch):
    deep = tmp_path / "folder" / "within"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    path = pack(members | {extra: b"evil"}).rename(deep / "model.keras")
    refused(path, "which a model of layers alone does not need|its layers read words or tables from “assets")
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]
    assert not Path("/etc/cron.d/evil").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_a_member_twice_is_refused(members, pack):
    path = pack(members)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(CONFIG, members[CONFIG])
    refused(path, "“config.json” must be in it once")


@pytest.mark.parametrize("missing", [CONFIG, WEIGHTS, METADATA])
def test_an_archive_without_a_part_is_refused(members, pack, missing):
    refused(pack({name: data for name, data in members.items() if name != missing}), f"“{missing}” must be in it once")


def test_an_encrypted_archive_is_refused(members, pack):
    path = pack(members)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(signature)
        while start >= 0:
            data[start + offset] |= 1
            start = data.find(signature, start + 4)
    path.write_bytes(data)
    refused(path, "damaged, or no .keras file")


def test_an_unusual_compression_is_refused(members, pack):
    refused(pack(members, zipfile.ZIP_BZIP2), "compressed in a way that Keras does not use")


def test_a_truncated_file_is_refused_wherever_it_ends(saved, tmp_path):
    data = (saved / MODEL_FILE).read_bytes()
    path = tmp_path / "model.keras"
    for end in (0, 1, 3, 22, 100, len(data) // 3, len(data) - 30, len(data) - 1):
        path.write_bytes(data[:end])
        refused(path, "it is empty|it is cut off: only its first|damaged, or no .keras file")


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_damaged_bytes_are_refused_or_harmless(small_members, pack, name):
    """Whatever is damaged, with all checksums right, there is a model or a sentence."""
    random = np.random.default_rng(0)
    for _ in range(25):
        damaged = bytearray(small_members[name])
        for place in random.integers(0, min(len(damaged), 8192), 3):
            damaged[place] = int(random.integers(32, 127))
        path = pack(small_members | {name: bytes(damaged)})
        try:
            load_model(path)
        except StudioError as error:
            assert str(error).startswith(f"{path} is not opened: ")


WRONG = [None, -1, 1e300, "", "x", [], {}, True, [[[]]], {"class_name": {}}, {"class_name": []}]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_values_are_refused_or_harmless(small_members, pack, number):
    """Every third value of the first layers is replaced by one of the wrong ones; `tools/fuzz.py` tries all."""

    def places(tree, path=()):
        for key, child in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield (*path, key)
            if isinstance(child, dict | list):
                yield from places(child, (*path, key))

    config = json.loads(small_members[CONFIG])
    for place in list(places(config))[number : 165 : 3 * len(WRONG)]:

        def change(config, place=place):
            for key in place[:-1]:
                config = config[key]
            config[place[-1]] = WRONG[number]

        path = pack(with_config(small_members, change))
        try:
            load_model(path)
        except StudioError as error:
            assert str(error).startswith(f"{path} is not opened: ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"hello", "damaged, or no .keras file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "damaged"),
        (b"\x80\x04K\x01.", "it is a pickle of Python, which runs code when it is opened"),
    ],
)
def test_another_kind_of_file_is_refused(tmp_path, content, words):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    refused(path, words)


def test_other_formats_are_named(tmp_path):
    refused(tmp_path / "nothing.keras", "there is no such file")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "there is no model in it")


@pytest.mark.parametrize("text", ["null", "[]", "{}", '{"class_name": "Functional"}', '"x"', "17"])
def test_a_config_that_is_none_is_refused(members, pack, text):
    refused(pack(members | {CONFIG: text.encode()}), "not a Functional or Sequential model")


@pytest.mark.parametrize(("layer", "field"), [("output", "units"), ("conv1", "filters")])
def test_what_would_fill_memory_is_refused_before_it_is_built(small_members, pack, layer, field):
    """Two thousand million classes, whose names alone would take 21 GB, in a file of a few kilobytes."""
    change = with_config(small_members, lambda config: layer_named(config, layer)["config"].update({field: 2**31 - 1}))
    words = f"its layer “{layer}” has 2,147,483,647 {field}; up to 1,000,000 are possible"
    refused(pack(change), words)
    with pytest.raises(StudioError, match=words):
        inspect_model(pack(change))


def test_too_many_classes_are_refused_before_they_get_names(small_members, pack):
    change = with_config(small_members, lambda config: layer_named(config, "output")["config"].update(units=10**6))
    with pytest.raises(StudioError, match="“output” has 1,000,000 outputs, where 100,000 classes are the most"):
        inspect_model(pack(change))


@pytest.mark.parametrize("layer", ["conv1", "output"])
@pytest.mark.parametrize("activation", ["threshold", "glu", "nonsense", 5])
def test_activations_that_fail_once_they_are_used_are_refused(small_members, pack, layer, activation):
    change = with_config(
        small_members, lambda config: layer_named(config, layer)["config"].update(activation=activation)
    )
    refused(pack(change), f"its layer “{layer}” has the activation “{activation}”, which CNN Studio does not know")


@pytest.mark.parametrize(
    ("name", "plain"), [("größe", "gro_e"), ("猫", "flatten"), ("conv 1", "conv_1"), ("a:b", "a_b"), ("_1", "1")]
)
def test_names_that_cannot_be_compiled_are_written_in_other_letters(tmp_path, name, plain):
    import keras

    inputs = keras.Input((4, 4, 1))
    path = tmp_path / "model.keras"
    keras.Model(inputs, keras.layers.Flatten(name=name)(inputs)).save(path)
    assert load_model(path).layers[-1].name == plain
    inner = keras.Sequential([keras.layers.Flatten(name=name)], name=name)
    keras.Model(inputs, keras.layers.Softmax(name="end")(inner(inputs))).save(path)
    assert load_model(path).layers[-2].name.endswith(plain)


@pytest.mark.parametrize("layer", ["image", "conv1"])
def test_numbers_of_no_type_are_refused(small_members, pack, layer):
    for dtype in ("float3", {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float3"}}):
        change = with_config(
            small_members, lambda config, dtype=dtype: layer_named(config, layer)["config"].update(dtype=dtype)
        )
        refused(
            pack(change), f"its layer “{layer}” computes with numbers of the type “float3”, which is none of Keras's"
        )


@pytest.mark.parametrize("field", ["layers", "input_layers", "output_layers", "name"])
def test_a_config_without_a_part_is_refused(members, pack, field):
    refused(pack(with_config(members, lambda config: config["config"].pop(field))), "is not opened")


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_layer_that_is_used_again_has_the_same_weights_there(tmp_path, ending):
    import keras

    image = keras.Input((8, 8, 1))
    double = keras.layers.UpSampling2D(2, name="double")
    one = keras.layers.Conv2D(1, 3, name="one")
    inner = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 3, name="it")], name="inner")
    doubled = double(double(image))
    both = keras.layers.Concatenate()([inner(inner(doubled)), one(one(doubled))])
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(both)))
    path = tmp_path / f"model.{ending}"
    model.save(path)
    opened = load_model(path)
    names = [layer.name for layer in opened.layers]
    assert {"double", "double_2", "one", "one_used_again", "inner.it", "inner.it_used_again"} < set(names)
    images = np.random.default_rng(0).uniform(size=(2, 8, 8, 1)).astype(np.float32)
    np.testing.assert_allclose(opened(images), model(images), atol=1e-6)


def test_copies_of_layers_that_would_fill_the_memory_are_refused(tmp_path, monkeypatch):
    import keras

    image = x = keras.Input((8, 8, 1))
    one = keras.layers.Conv2D(1, 3, padding="same", name="one")
    for _ in range(4):
        x = one(x)
    path = tmp_path / "model.keras"
    keras.Model(image, keras.layers.Flatten()(x)).save(path)
    monkeypatch.setattr(files, "MAX_PARAMETERS", 29)
    refused(path, "the copies of its layers that are used again would take 120 bytes of memory; up to 116 bytes")


@pytest.mark.parametrize("ending", ["Flatten", "GlobalAveragePooling2D"])
def test_a_random_crop_lets_images_through_where_they_fit_and_else_cuts_out_the_middle(tmp_path, ending):
    """As Keras 3 does while it does not learn; where it fails, as its documentation says."""
    import keras
    from keras import layers

    image = keras.Input((12, 16, 1))
    augmentation = keras.Sequential([layers.RandomFlip(), layers.RandomCrop(6, 6)])
    convolution, end, dense = layers.Conv2D(2, 3), getattr(layers, ending)(), layers.Dense(3)
    model = keras.Model(image, dense(end(convolution(augmentation(image)))))
    path = tmp_path / "model.keras"
    model.save(path)
    images = np.random.default_rng(0).uniform(size=(2, 12, 16, 1)).astype(np.float32)
    cut = layers.Resizing(6, 6, crop_to_aspect_ratio=True)(images)
    through = model(images, training=False) if ending != "Flatten" else dense(end(convolution(cut)))
    np.testing.assert_allclose(load_model(path)(images, training=False), through, atol=1e-6)


def test_quantised_weights_are_refused_plainly(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    with warnings.catch_warnings(action="ignore"):
        model.quantize("int8")
    model.save(tmp_path / "model.keras")
    refused(tmp_path / "model.keras", r"its weights are quantised .* as it was before model.quantize\(…\)")


@pytest.mark.parametrize("around", ["Bidirectional", "Pipeline", "SpectralNormalization", "TimeDistributed"])
def test_a_lambda_is_refused_within_a_layer_that_holds_others(small_members, pack, evil, around):
    def wrap(config):
        layer = layer_named(config, "flatten")
        held = {"layers": [evil.config]} if around == "Pipeline" else {"layer": evil.config}
        layer.update(class_name=around, config={"name": "flatten", **held})

    refused(pack(with_config(small_members, wrap)), "contains “|holds “Lambda”, which is no recurrent layer")
    assert not evil.marker.exists()


# Weights


def external_link(file):
    del file[DENSE]
    file[DENSE] = h5py.ExternalLink("/etc/passwd", "/x")


def soft_link(file):
    del file[DENSE]
    file[DENSE] = h5py.SoftLink("/layers/dense/vars/1")


def external_storage(file):
    del file[DENSE]
    file.create_dataset(DENSE, (400, 120), "f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def virtual(file):
    del file[DENSE]
    layout = h5py.VirtualLayout((400, 120), "f4")
    layout[:] = h5py.VirtualSource("/tmp/secret.h5", "x", (400, 120))
    file.create_virtual_dataset(DENSE, layout)


def hard_link_to_above(file):
    file["layers/dense/vars/loop"] = file["layers"]


def shape_bomb(file):
    del file[DENSE]
    file.create_dataset(DENSE, (10**7, 10**7), "f4", chunks=(1000, 1000), compression="gzip")


def compressed_bomb(file):
    del file[DENSE]
    file.create_dataset(DENSE, data=np.zeros((400, 120), "f4"), compression="gzip")


def texts(file):
    del file[DENSE]
    file.create_dataset(DENSE, data=["a", "b"], dtype=h5py.string_dtype())


def references(file):
    del file[DENSE]
    file.create_dataset(DENSE, data=[file.ref], dtype=h5py.ref_dtype)


def named_type(file):
    file["layers/type"] = np.dtype("f8")


def empty(file):
    del file[DENSE]
    file[DENSE] = h5py.Empty("f4")


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (external_link, "outside their own file"),
        (soft_link, "outside their own file"),
        (external_storage, "lie in another file"),
        (virtual, "lie in another file"),
        (hard_link_to_above, "again and again"),
        (shape_bomb, r"claims to have 400\.0 TB but holds 0 bytes"),
        (compressed_bomb, "claims to have 192.0 kB but holds"),
        (texts, "other than arrays of numbers"),
        (references, "other than arrays of numbers"),
        (named_type, "no array"),
        (empty, "other than arrays of numbers"),
    ],
)
def test_weights_that_are_more_than_arrays_are_refused(members, pack, tamper, words):
    refused(pack(with_weights(members, tamper)), words)


def wrong_shape(file):
    data = file[DENSE][()]
    del file[DENSE]
    file[DENSE] = data.T.copy()


def missing_array(file):
    del file["layers/dense/vars/1"]


def missing_layer(file):
    del file["layers/conv2d"]


@pytest.mark.parametrize("tamper", [wrong_shape, missing_array, missing_layer])
def test_weights_that_do_not_fit_are_refused(members, pack, tamper):
    refused(pack(with_weights(members, tamper)), "weights do not fit its layers|of which the file holds")


@pytest.mark.parametrize("data", [b"", b"no hdf5", b"\x89HDF\r\n\x1a\n" + bytes(2000)])
def test_weights_that_are_no_hdf5_are_refused(members, pack, data):
    refused(pack(members | {WEIGHTS: data}), "weights are damaged")


def test_what_may_never_end_is_not_read(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes in the file system")
    os.mkfifo(tmp_path / "model.keras")
    refused(tmp_path / "model.keras", "not a file")
