"""The classifier against plain Keras: the same numbers, and a file that plain Keras opens."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.card import CARD_FILE, MODEL_FILE, read_card
from cnnstudio.models.trained.classifier import (
    MAX_FROZEN_BYTES,
    MAX_FROZEN_BYTES_OF_MANY,
    MAX_PASSES,
    Classifier,
    Prediction,
)
from cnnstudio.models.trained.library import load_classifier

pytestmark = pytest.mark.numbers

IMAGES = np.random.default_rng(0).integers(0, 256, (70, 28, 28, 1), dtype=np.uint8)


def run_python(code: str, *arguments: str, **environment: str) -> str:
    """Runs code in a fresh interpreter outside the project, and returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONWARNINGS": "error::UserWarning"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_many_are_what_keras_says(lenet5, monkeypatch):
    monkeypatch.setattr(lenet5, "batch_size", 32)
    expected = np.asarray(lenet5.model(IMAGES.astype(np.float32)))
    probabilities = lenet5.predict_many(IMAGES)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)


def test_one_is_what_many_are(lenet5):
    np.testing.assert_allclose(lenet5.predict(IMAGES[0]).probabilities, lenet5.predict_many(IMAGES[:1])[0], atol=1e-6)


def test_feature_maps_are_what_keras_says_layer_by_layer(lenet5):
    prediction = lenet5.predict(IMAGES[0], feature_maps=True)
    assert [layer.name for layer in prediction.layers] == [layer.name for layer in lenet5.model.layers[1:]]
    value = IMAGES[:1].astype(np.float32)
    for layer, output in zip(lenet5.model.layers[1:], prediction.layers, strict=True):
        value = layer(value)
        assert output.kind == type(layer).__name__
        assert output.values.dtype == np.float32
        np.testing.assert_allclose(output.values, np.asarray(value)[0], atol=1e-5)
    assert prediction.layers[1].values.shape == (28, 28, 6)
    assert prediction.layers[-2].values.shape == (84,)
    np.testing.assert_allclose(prediction.probabilities, prediction.layers[-1].values)


def test_a_model_within_a_model_does_not_get_in_the_way(make_card):
    import keras

    inputs = keras.Input((28, 28, 1))
    within = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(3, 3)], name="within")
    x = keras.layers.Flatten(name="flat")(within(inputs))
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="output")(x))
    prediction = Classifier(model, make_card()).predict(IMAGES[0], feature_maps=True)
    assert [layer.name for layer in prediction.layers] == ["flat", "output"]
    expected = np.asarray(model(IMAGES[:1].astype(np.float32)))[0]
    np.testing.assert_allclose(prediction.probabilities, expected, atol=1e-6)


def test_layers_are_asked_for(lenet5):
    assert lenet5.predict(IMAGES[0]).layers == ()


def test_only_the_layers_that_are_named_come_back(lenet5):
    every = lenet5.predict(IMAGES[0], feature_maps=True)
    some = lenet5.predict(IMAGES[0], feature_maps={"output", "conv2", "conv1"})
    assert [layer.name for layer in some.layers] == ["conv1", "conv2", "output"]
    np.testing.assert_allclose(some.probabilities, every.probabilities, atol=1e-6)
    for layer in some.layers:
        [same] = [other for other in every.layers if other.name == layer.name]
        assert layer.kind == same.kind
        np.testing.assert_allclose(layer.values, same.values, atol=1e-4)
    assert lenet5.predict(IMAGES[0], feature_maps=()).layers == ()
    assert [layer.name for layer in lenet5.predict(IMAGES[0], feature_maps="conv2").layers] == ["conv2"]
    with pytest.raises(StudioError, match="has no layer “conv3”"):
        lenet5.predict(IMAGES[0], feature_maps=["conv1", "conv3"])


def test_maps_stay_as_they_are_while_other_images_are_looked_at(lenet5):
    first = lenet5.predict(IMAGES[0], feature_maps=["conv1"]).layers[0].values
    copy = first.copy()
    for image in IMAGES[1:20]:
        lenet5.predict(image, feature_maps=["conv1"])
    np.testing.assert_array_equal(first, copy)


def test_any_number_of_choices_of_maps(make_card):
    from cnnstudio.models.networks.building import build_network

    classifier = Classifier(build_network("mlp", (28, 28, 1), 10, seed=0), make_card())
    names = [layer.name for layer in classifier.layers]
    for last in range(2, len(names) + 1):
        for first in range(2):
            prediction = classifier.predict(IMAGES[0], feature_maps=names[first:last])
            assert [layer.name for layer in prediction.layers] == names[first:last]


def test_a_choice_of_maps_in_use_stays_compiled(lenet5, monkeypatch):
    compiled, compile_one = [], lenet5._compile
    monkeypatch.setattr(lenet5, "_compile", lambda *args, **kwargs: compiled.append(1) or compile_one(*args, **kwargs))
    lenet5._passes.clear()
    names = [layer.name for layer in lenet5.layers]
    for other in names[: MAX_PASSES + 1]:
        lenet5.predict(IMAGES[0], feature_maps=names)
        lenet5.predict(IMAGES[0], feature_maps=other)
    assert len(compiled) == MAX_PASSES + 2
    assert len(lenet5._passes) == MAX_PASSES


def test_frozen_weights_give_the_same_and_stay(make_card):
    import keras
    from keras import layers

    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(8, 3, use_bias=False, name="conv")(layers.Rescaling(1 / 255)(inputs))
    x = layers.ReLU(6, name="relu")(layers.BatchNormalization(name="norm")(x))
    x = layers.Dropout(0.5, name="dropout")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax", name="output")(x))
    model.get_layer("norm").moving_mean.assign(np.linspace(-0.1, 0.1, 8))
    classifier = Classifier(model, make_card())
    before, many = classifier.predict(IMAGES[0], feature_maps=True), classifier.predict_many(IMAGES[:3])
    classifier.freeze()
    frozen = classifier.predict(IMAGES[0], feature_maps=True)
    for layer, same in zip(before.layers, frozen.layers, strict=True):
        np.testing.assert_allclose(layer.values, same.values, atol=1e-4)
    np.testing.assert_allclose(classifier.predict_many(IMAGES[:3]), many, atol=1e-6)
    model.get_layer("output").bias.assign(np.arange(10, dtype=np.float32))
    np.testing.assert_allclose(classifier.predict(IMAGES[0]).probabilities, before.probabilities, atol=1e-6)
    again = classifier.predict(IMAGES[0], feature_maps=["relu"])
    np.testing.assert_allclose(again.probabilities, frozen.probabilities, atol=1e-6)


@pytest.mark.parametrize(("units", "most"), [(12_000, MAX_FROZEN_BYTES), (1_000, MAX_FROZEN_BYTES_OF_MANY)])
def test_large_weights_are_not_held_twice(make_card, units, most):
    import keras

    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Dense(units)(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="output")(x))
    classifier = Classifier(model, make_card())
    classifier.freeze(most)
    model.get_layer("output").bias.assign([0.0] * 9 + [1e6])
    assert classifier.predict(IMAGES[0]).top(1)[0][0] == 9


def test_layers_are_known_before_anything_is_computed(lenet5):
    outputs = lenet5.predict(IMAGES[0], feature_maps=True).layers
    assert [(layer.name, layer.kind, layer.shape) for layer in lenet5.layers] == [
        (output.name, output.kind, output.values.shape) for output in outputs
    ]
    assert all(layer.main for layer in lenet5.layers)


def test_main_layers_are_those_whose_output_shows_nowhere_else(make_card):
    import keras
    from keras import layers

    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(4, 3, padding="same", name="conv1")(inputs)
    x = layers.BatchNormalization(name="norm1")(x)
    x = shortcut = layers.ReLU(name="relu1")(x)
    x = layers.Conv2D(4, 3, padding="same", name="conv2")(x)
    x = layers.BatchNormalization(name="norm2")(x)
    x = layers.Add(name="add")([shortcut, x])
    x = layers.Dropout(0.5, name="dropout")(layers.Flatten(name="flat")(x))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax", name="output")(x))
    classifier = Classifier(model, make_card())
    main = [layer.name for layer in classifier.layers if layer.main]
    assert main == ["relu1", "add", "flat", "output"]
    maps = classifier.predict(IMAGES[0], feature_maps=main).layers
    assert [layer.name for layer in maps] == main
    sequential = keras.Sequential([keras.Input((28, 28, 1)), *model.layers[1:4], layers.Flatten(), layers.Dense(10)])
    assert [layer.kind for layer in Classifier(sequential, make_card()).layers if layer.main] == [
        "ReLU",
        "Flatten",
        "Dense",
    ]


def test_the_batch_size_minds_the_memory(lenet5, make_card):
    import keras

    assert lenet5.batch_size == 512
    inputs = keras.Input((512, 512, 1))
    x = keras.layers.Conv2D(64, 1)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(10)(keras.layers.GlobalMaxPooling2D()(x)))
    large = Classifier(model, make_card(shape=(512, 512, 1)))
    assert large.batch_size == 1
    assert large.predict_many(np.zeros((2, 512, 512, 1), np.uint8)).shape == (2, 10)


@pytest.mark.parametrize("count", [0, 1, 7, 32, 33])
def test_any_number_of_images(lenet5, count, monkeypatch):
    monkeypatch.setattr(lenet5, "batch_size", 16)
    probabilities = lenet5.predict_many(IMAGES[:count])
    assert probabilities.shape == (count, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_batches_of_all_sizes_share_one_compilation(make_card, monkeypatch):
    import keras

    traces = []

    @keras.saving.register_keras_serializable("cnnstudio-tests")
    class Counting(keras.layers.Layer):
        def call(self, inputs):
            traces.append(inputs.shape)
            return inputs

    inputs = keras.Input((28, 28, 1))
    outputs = keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(Counting()(inputs)))
    classifier = Classifier(keras.Model(inputs, outputs), make_card())
    monkeypatch.setattr(classifier, "batch_size", 4)
    classifier.warm_up()
    classifier.predict_many(IMAGES[:1])
    before = len(traces)
    for count in (1, 2, 3, 5, 8, 13):
        classifier.predict_many(IMAGES[:count])
        classifier.predict(IMAGES[0], feature_maps=True)
    assert len(traces) == before


def test_grey_images_need_no_channel_axis(lenet5):
    np.testing.assert_allclose(
        lenet5.predict(IMAGES[0, :, :, 0]).probabilities, lenet5.predict(IMAGES[0]).probabilities, rtol=1e-6
    )
    np.testing.assert_allclose(lenet5.predict_many(IMAGES[..., 0]), lenet5.predict_many(IMAGES), rtol=1e-6)


def test_training_on_shows_in_the_next_prediction(make_card):
    from cnnstudio.models.networks.building import build_network

    model = build_network("softmax", (28, 28, 1), 10, seed=0)
    classifier = Classifier(model, make_card())
    before = classifier.predict(IMAGES[0]).probabilities
    model.get_layer("output").bias.assign(np.arange(10, dtype=np.float32))
    after = classifier.predict(IMAGES[0], feature_maps=True).probabilities
    assert after.argmax() == 9
    assert before.argmax() != 9 or after[9] > before[9]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((28, 28, 3), np.uint8), "takes images of 28×28×1, not 28×28×3"),
        (np.zeros((27, 28), np.uint8), "not 27×28×1"),
        (np.zeros((784,), np.uint8), "not 784"),
        (np.zeros((1, 28, 28, 1), np.uint8), "not 1×28×28×1"),
        (np.zeros((28, 28, 1), np.float32), r"whole numbers 0–255 \(uint8\), not float32"),
        (np.zeros((28, 28, 1), np.int64), "not int64"),
    ],
)
def test_a_wrong_image_is_explained(lenet5, image, words):
    with pytest.raises(StudioError, match=words):
        lenet5.predict(image)


def test_wrong_images_are_explained(lenet5):
    with pytest.raises(StudioError, match="not 32×32×3"):
        lenet5.predict_many(np.zeros((5, 32, 32, 3), np.uint8))


def test_a_diverged_network_is_found_out(make_card):
    from cnnstudio.models.networks.building import build_network

    model = build_network("softmax", (28, 28, 1), 10, seed=0)
    model.get_layer("output").bias.assign(np.full(10, np.nan, np.float32))
    classifier = Classifier(model, make_card())
    for predict in (classifier.predict, lambda image: classifier.predict(image, True)):
        with pytest.raises(StudioError, match="not finite"):
            predict(IMAGES[0])
    with pytest.raises(StudioError, match="not finite"):
        classifier.predict_many(IMAGES[:2])


def test_top_is_sorted():
    prediction = Prediction(np.array([0.1, 0.6, 0.3], np.float32), ("a", "b", "c"))
    assert [(index, name) for index, name, _ in prediction.top(2)] == [(1, "b"), (2, "c")]
    assert prediction.top(9)[0][2] == pytest.approx(0.6)
    assert len(prediction.top(9)) == 3
    json.dumps(prediction.top(3))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"classes": tuple("abc")}, "names 3 classes, but its network answers with 10 numbers"),
        ({"shape": (32, 32, 1)}, "its images are 32×32×1, but its network takes 28×28×1"),
        ({"shape": (28, 28, 3)}, "its images are 28×28×3, but its network takes 28×28×1"),
    ],
)
def test_a_card_of_another_model_is_refused(lenet5, make_card, fields, words):
    with pytest.raises(StudioError, match=words):
        Classifier(lenet5.model, make_card(**fields))


def test_a_model_that_is_no_image_classifier_is_refused(make_card):
    import keras

    inputs = [keras.Input((28, 28, 1)), keras.Input((28, 28, 1))]
    two = keras.Model(inputs, keras.layers.Flatten()(keras.layers.Add()(inputs)))
    flat = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    maps = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(10, 3)])
    for model, words in (
        (two, "exactly one input"),
        (flat, "takes 784"),
        (maps, "26×26×10 numbers"),
        (keras.Sequential(), "no image classifier"),
    ):
        with pytest.raises(StudioError, match=words):
            Classifier(model, make_card())


def test_a_picture_is_prepared_by_the_cards_rule(lenet5, tmp_path):
    picture = Image.new("L", (200, 200), 240)
    ImageDraw.Draw(picture).line([(50, 50), (140, 50), (80, 160)], fill=20, width=14)
    picture.save(tmp_path / "seven.png")
    prepared = lenet5.prepare(picture)
    assert prepared.image.shape == (28, 28, 1)
    expected = lenet5.predict(prepared.image).probabilities
    for source in (picture, tmp_path / "seven.png", str(tmp_path / "seven.png")):
        np.testing.assert_array_equal(lenet5.predict(source).probabilities, expected)


def test_an_unknown_rule_is_explained(lenet5, make_card):
    classifier = Classifier(lenet5.model, make_card(input_rule="by-magic"))
    with pytest.raises(StudioError, match="rule “by-magic”, which this version of CNN Studio does not have"):
        classifier.prepare(Image.new("L", (50, 50)))


def test_a_saved_folder_has_a_model_and_its_card(lenet5, saved):
    assert sorted(path.name for path in saved.iterdir()) == [CARD_FILE, MODEL_FILE]
    assert read_card(saved) == lenet5.card


def test_a_trained_model_is_saved_without_its_optimizer(make_card, tmp_path):
    from cnnstudio.models.networks.building import build_network

    model = build_network("mlp", (28, 28, 1), 10, seed=0)
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    model.train_on_batch(IMAGES[:8].astype(np.float32), np.zeros(8))
    Classifier(model, make_card()).save(tmp_path)
    assert (tmp_path / MODEL_FILE).stat().st_size < 1.2 * 4 * model.count_params()
    with zipfile.ZipFile(tmp_path / MODEL_FILE) as archive:
        assert not json.loads(archive.read("config.json")).get("compile_config")
    assert model.compiled


def test_saving_again_replaces(lenet5, make_card, tmp_path):
    lenet5.save(tmp_path)
    Classifier(lenet5.model, make_card(seed=5)).save(tmp_path)
    assert read_card(tmp_path).seed == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == [CARD_FILE, MODEL_FILE]


def test_a_place_that_cannot_be_written_is_explained(lenet5, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudioError, match=r"cannot be saved in .*file.*Choose another folder"):
        lenet5.save(tmp_path / "file" / "model")


def test_a_full_disk_leaves_the_old_model(lenet5, tmp_path):
    resource = pytest.importorskip("resource")
    lenet5.save(tmp_path)
    old = (tmp_path / MODEL_FILE).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) // 2, limits[1]))
    try:
        with pytest.raises(StudioError, match="cannot be saved in"):
            lenet5.save(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / MODEL_FILE).read_bytes() == old
    assert sorted(path.name for path in tmp_path.iterdir()) == [CARD_FILE, MODEL_FILE]


def test_a_card_that_cannot_be_written_leaves_the_old_model(lenet5, make_card, tmp_path, monkeypatch):
    lenet5.save(tmp_path)
    old = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def refuse(path, text, *arguments, **options):
        raise OSError(28, "No space left on device")

    for method in ("write_text", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, method, refuse)
            with pytest.raises(StudioError, match="the disk is full"):
                Classifier(lenet5.model, make_card(seed=5)).save(tmp_path)
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == old


def test_keras_with_another_backend_is_explained():
    """In place of Keras on a backend that is not installed stands all that is asked of it: its name."""
    code = (
        "import sys, types\n"
        "sys.modules['keras'] = keras = types.ModuleType('keras')\n"
        "keras.config = types.SimpleNamespace(backend=lambda: 'jax')\n"
        "from cnnstudio.errors import StudioError\n"
        "from cnnstudio.models.networks.building import build_network\n"
        "try:\n    build_network('lenet5', (28, 28, 1), 10, seed=0)\n"
        "except StudioError as error:\n    print(error)\n"
    )
    assert "has imported Keras on jax already. Import cnnstudio before keras." in run_python(code)


@pytest.mark.parametrize("name", ["sequential", "Mein Netz", "größe", "_"])
def test_a_chain_from_elsewhere_answers_with_its_feature_maps(tmp_path, make_card, name):
    """Saved by Keras under any name, with a card beside it: as one builds a first network, and as notebooks name it."""
    import keras

    inner = keras.Sequential([keras.layers.DepthwiseConv2D(3, name="each")], name="inner")
    parts = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3, name="conv"), inner, keras.layers.Flatten(name="flat")]
    model = keras.Sequential([*parts, keras.layers.Dense(3, activation="softmax", name="out")], name=name)
    model.save(tmp_path / MODEL_FILE)
    (tmp_path / CARD_FILE).write_text(make_card(("a", "b", "c"), (8, 8, 1)).to_json(), encoding="utf-8")
    classifier = load_classifier(tmp_path)
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 1), np.uint8)
    prediction = classifier.predict(image, feature_maps=True)
    assert [layer.name for layer in prediction.layers] == ["conv", "inner.each", "flat", "out"]
    assert prediction.probabilities == pytest.approx(model(image[np.newaxis].astype("float32")).numpy()[0], abs=1e-5)
    classifier.save(tmp_path / "again")
    assert load_classifier(tmp_path / "again").predict(image).probabilities == pytest.approx(prediction.probabilities)


def test_a_network_that_cannot_be_computed_says_so(make_card):
    """Keras builds it, as it asks no layer that says itself what shape it gives."""
    import keras

    inputs = keras.Input((8, 8, 1), dtype="int8")
    x = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(inputs))
    classifier = Classifier(keras.Model(inputs, keras.layers.Dense(3)(x)), make_card(("a", "b", "c"), (8, 8, 1)))
    with pytest.raises(StudioError, match=r"“Ours” cannot be computed .*int8"):
        classifier.predict(np.zeros((8, 8, 1), np.uint8))
