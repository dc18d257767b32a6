"""Models without a card: what is guessed of them, what is asked, and that they then answer as in plain Keras."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.adopt import (
    inspect_model,
    list_adopted,
    read_class_names,
    remember,
    remembered,
    with_answers,
)
from cnnstudio.models.trained.files import NoCardError
from cnnstudio.models.trained.library import find_model, load_classifier
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from tests.models.trained.tutorials import TUTORIALS


def network(shape=(16, 16, 3), front=(), activation=None, classes=4):
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input(shape),
            *front,
            layers.Conv2D(6, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(classes, activation=activation),
        ],
        name="theirs",
    )


def dense(shape, classes=3, activation="softmax"):
    import keras
    from keras import layers

    front = [layers.Flatten()] if len(shape) > 1 else []
    return keras.Sequential([keras.Input(shape), *front, layers.Dense(classes, activation=activation)])


@pytest.fixture
def save(tmp_path: Path):
    def write(model, name: str = "theirs.keras") -> Path:
        model.save(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (5, 16, 16, 3), np.uint8)


def softmax(numbers: np.ndarray) -> np.ndarray:
    powers = np.exp(numbers - numbers.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(numbers: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-numbers))


IN_RANGE = {
    "255-0": lambda x: 255 - x,
    "1-0": lambda x: 1 - x / 255,
    "1--1": lambda x: 1 - x / 127.5,
    "0-255-bgr": lambda x: x[..., ::-1],
    "0-1-bgr": lambda x: x[..., ::-1] / 255,
    "-1-1-bgr": lambda x: x[..., ::-1] / 127.5 - 1,
    "0-255": lambda x: x,
    "0-1": lambda x: x / 255,
    "-1-1": lambda x: x / 127.5 - 1,
    "imagenet": lambda x: (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
    "caffe": lambda x: x[..., ::-1] - [103.939, 116.779, 123.68],
}


@pytest.mark.parametrize("name", VALUE_RANGES)
def test_images_are_brought_into_a_range(images, name):
    np.testing.assert_allclose(VALUE_RANGES[name].apply(images), IN_RANGE[name](images.astype(float)), atol=1e-4)


@pytest.mark.parametrize("name", ["0-1-bgr", "caffe"])
def test_it_answers_as_in_plain_keras(save, images, name):
    model = network()
    path = save(model)
    found = inspect_model(path)
    remember(found, replace(found.guess, value_range=name))
    classifier = load_classifier(path)
    expected = softmax(model(IN_RANGE[name](images.astype(np.float64)).astype(np.float32)).numpy())
    np.testing.assert_allclose(classifier.predict_many(images), expected, atol=1e-5)
    prediction = classifier.predict(images[0], feature_maps=True)
    assert {layer.name for layer in model.layers} <= {layer.name for layer in prediction.layers}


@pytest.mark.parametrize("name", ["rows-normalised", "cats-and-dogs-logit", "several-labels"])
def test_networks_of_tutorials_answer_as_in_plain_keras(save, name):
    tutorial = TUTORIALS[name]
    model = tutorial.build()
    path = save(model)
    found = inspect_model(path)
    assert (*found.guess.image_size, found.channels) == tutorial.image_shape
    remember(found, replace(found.guess, value_range=tutorial.value_range))
    classifier = load_classifier(path)
    images = np.random.default_rng(2).integers(0, 256, (5, *tutorial.image_shape), np.uint8)
    assert classifier.input_shape == tutorial.image_shape
    assert classifier.card.independent == (name == "several-labels")
    np.testing.assert_allclose(classifier.predict_many(images), tutorial.expected(model, images), atol=1e-5)


@pytest.mark.parametrize("name", ["imagenet", "caffe"])
def test_ranges_agree_with_keras(images, name):
    import keras

    raw = images.astype(np.float32)
    theirs = keras.applications.imagenet_utils.preprocess_input(raw.copy(), mode={"imagenet": "torch"}.get(name, name))
    np.testing.assert_allclose(IN_RANGE[name](raw), theirs, atol=1e-4)


def test_an_h5_file_opens_too(save, images):
    model = network(activation="softmax")
    path = save(model, "theirs.h5")
    found = inspect_model(path)
    assert found.guess.outputs == "probabilities" and found.guess.value_range == "0-1"
    remember(found, found.guess)
    np.testing.assert_allclose(load_classifier(path).predict_many(images), model(images / 255.0), atol=1e-6)


def test_a_network_for_images_of_any_size_is_asked_for_one(save):
    model = network((None, None, 3), activation="softmax")
    path = save(model)
    found = inspect_model(path)
    assert found.image_size is None and found.guess.image_size == (224, 224)
    remember(found, replace(found.guess, image_size=(40, 32)))
    classifier = load_classifier(path)
    assert classifier.input_shape == (40, 32, 3)
    images = np.random.default_rng(2).integers(0, 256, (1, 40, 32, 3), np.uint8)
    np.testing.assert_allclose(classifier.predict_many(images), model(images / 255.0), atol=1e-6)


def test_it_is_asked_once_wherever_the_file_lies(save, tmp_path):
    path = save(network())
    with pytest.raises(NoCardError, match="cnnstudio adopt"):
        load_classifier(path)
    found = inspect_model(path)
    answers = replace(found.guess, name="Mine", classes=("a", "b", "ç", "d"), input_rule="digit")
    remember(found, answers)
    assert [(one.path, one.answers) for one in list_adopted()] == [(path, answers)]
    moved = path.rename(tmp_path / "moved.keras")
    assert remembered(moved) == answers and list_adopted() == []
    classifier = load_classifier(moved)
    card = classifier.card
    assert (card.name, card.classes, card.input_rule) == ("Mine", ("a", "b", "ç", "d"), "digit")
    assert classifier.adopted and find_model("Mine") == moved == list_adopted()[0].path


def test_copies_of_a_model_are_named_after_where_they_lie(save, tmp_path):
    """Unless somebody has named it, for one answer holds for all of them."""
    path = save(network(), "model.keras")
    for folder in ("first", "second"):
        copy = tmp_path / folder / path.name
        copy.parent.mkdir()
        copy.write_bytes(path.read_bytes())
        found = inspect_model(copy)
        known = remembered(copy)
        assert (known or found.guess).name == folder
        remember(found, known or found.guess)
    assert load_classifier(tmp_path / "first").card.name == "first"
    assert [one.answers.name for one in list_adopted()] == ["first"]
    remember(found, replace(found.guess, name="Mine"))
    assert load_classifier(tmp_path / "first").card.name == "Mine"


def test_another_model_of_the_same_name_gets_a_longer_one(save):
    found = inspect_model(save(network(), "pets.keras"))
    remember(found, found.guess)
    other = inspect_model(save(network(classes=5), "pets.h5"))
    assert (found.guess.name, other.guess.name) == ("pets", "pets.h5")
    assert inspect_model(found.path).guess.name == "pets"


def test_two_models_of_one_name_are_told_apart_by_their_paths(save, home, tmp_path):
    found = inspect_model(save(network()))
    remember(found, replace(found.guess, name="Mine"))
    kept = next(home.rglob("foreign/*.json"))
    (tmp_path / "other.keras").touch()
    kept.with_name("1.json").write_text(kept.read_text().replace(str(found.path), str(tmp_path / "other.keras")))
    with pytest.raises(StudioError, match=r"2 models called “Mine”.*theirs\.keras, .*other\.keras|other.*theirs"):
        find_model("Mine")


def test_who_is_asked_again_finds_the_earlier_answers(save):
    found = inspect_model(save(network()))
    answers = replace(found.guess, classes=("a", "b", "c", "d"), value_range="-1-1", dataset="pets")
    again = with_answers(found, answers)
    assert again.guess == answers and again.output_reason == found.output_reason
    assert again.range_reason.startswith("You chose this. Likely is “0 to 1”: ")
    assert with_answers(found, replace(answers, classes=("a",))) == found
    (found.path.parent / "labels.txt").write_text("ant\nbee\ncat\ndog")
    beside = inspect_model(found.path)
    assert "Other names lie beside" in with_answers(beside, answers).names_reason
    assert with_answers(beside, found.guess).guess.classes == ("ant", "bee", "cat", "dog")


def test_damaged_answers_are_asked_again(save, home):
    path = save(network())
    found = inspect_model(path)
    remember(found, found.guess)
    place = next(home.rglob("foreign/*.json"))
    for text in ("", "{}", "[]", '{"format": 1}', place.read_text().replace('"0-1"', '"0-7"')):
        place.write_text(text)
        assert remembered(path) is None


def test_guesses_come_with_reasons(save):
    from keras import layers
    from keras.src.applications.densenet import DenseNet

    scaled = inspect_model(save(network(front=[layers.Rescaling(1 / 255)]), "scaled.keras"))
    assert scaled.guess.value_range == "0-255" and "begins with a layer that scales" in scaled.range_reason
    grey = inspect_model(save(network((28, 28, 1), activation="softmax"), "grey.keras"))
    assert grey.guess.input_rule == "digit" and grey.guess.outputs == "probabilities"
    ten = inspect_model(save(network((28, 28, 1), classes=10), "ten.keras"))
    assert ten.guess.classes == tuple("0123456789")
    normalised = inspect_model(save(network(front=[layers.Normalization(mean=127, variance=4000)]), "normal.keras"))
    assert normalised.guess.value_range == "0-255" and "begins with a normalisation" in normalised.range_reason
    for value_range, likely in (((0, 255), "0-255"), ((0, 1), "0-1")):
        front = [layers.MixUp(), layers.RandomFlip(), layers.AutoContrast(value_range=value_range)]
        assert inspect_model(save(network(front=front), "contrast.keras")).guess.value_range == likely
    known = DenseNet([1, 1, 1, 1], weights=None, input_shape=(32, 32, 3), classes=7)
    found = inspect_model(save(known, "known.keras"))
    assert (
        found.guess.value_range == "imagenet" and "“densenet”" in found.range_reason and len(found.guess.classes) == 7
    )
    assert found.guess.classes[:2] == ("class 0", "class 1")


@pytest.mark.parametrize("side", [16, 180])
@pytest.mark.parametrize(("classes", "rule"), [(4, "stretch"), (1_000, "imagenet")])
def test_pictures_are_taken_as_in_published_code(save, side, classes, rule):
    """Keras's loaders stretch pictures, of whatever size, and networks for ImageNet get the middle."""
    assert inspect_model(save(network((side, side, 3), classes=classes))).guess.input_rule == rule


def test_teachable_machine_gets_the_whole_square_in_the_middle(save, tmp_path):
    path = save(network((224, 224, 3), classes=2), "keras_model.h5")
    assert inspect_model(path).guess.input_rule == "stretch"
    (tmp_path / "labels.txt").write_text("0 Cat\n1 Dog")
    found = inspect_model(path)
    assert found.guess.input_rule == "centre-crop" and "Teachable Machine" in found.rule_reason


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: network((16, 16, 4)), "takes 16×16×4, but an image classifier"),
        (lambda: dense((30,)), "takes 30 numbers, but an image classifier"),
        (lambda: dense((7, 9, 3, 1)), "takes 7×9×3×1, but an image classifier"),
        (lambda: network(classes=1, activation="softmax"), "ends in softmax and so is always 1"),
        (lambda: network(classes=1, activation="tanh"), "ends in tanh and so is neither"),
    ],
)
def test_what_is_no_image_classifier_is_refused(save, model, words):
    with pytest.raises(StudioError, match=words):
        inspect_model(save(model()))


@pytest.mark.parametrize(("rows", "shape"), [(False, "6×6×30"), (True, "180×6")])
def test_what_answers_with_a_map_is_said_to_be_a_detector(save, rows, shape):
    import keras
    from keras import layers

    boxes = [layers.Reshape((180, 6), name="boxes")] if rows else []
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(30, 3, name="grid"), *boxes])
    with pytest.raises(StudioError, match=f"It answers {shape} numbers, .* find objects") as caught:
        inspect_model(save(model))
    assert "Flatten" not in str(caught.value)


def test_what_answers_with_an_image_is_said_to_be_an_autoencoder(save):
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
    with pytest.raises(StudioError, match=r"It answers 8×8×1 numbers, an image of .* autoencoders") as caught:
        inspect_model(save(model))
    assert "YOLO" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": ("a", "b")}, "needs 4 class names"),
        ({"image_size": (20, 20)}, "takes images of 16×16 pixels and no others"),
        ({"input_rule": "upside-down"}, "no input rule"),
        ({"value_range": "0-7"}, "no range of values"),
        ({"outputs": "guesses"}, "has 4 outputs, which cannot be “guesses”"),
    ],
)
def test_answers_that_make_no_sense_are_refused(save, changes, words):
    found = inspect_model(save(network()))
    with pytest.raises(StudioError, match=words):
        remember(found, replace(found.guess, **changes))


def test_a_vector_can_be_of_other_images_with_as_many_numbers(save):
    model = dense((3072,))
    path = save(model)
    found = inspect_model(path)
    assert found.image_size is None and found.shapes == ((32, 32, 3), (48, 64, 1), (64, 48, 1))
    remember(found, replace(found.guess, image_size=(64, 48)))
    classifier = load_classifier(path)
    assert classifier.input_shape == (64, 48, 1) and remembered(path).image_size == (64, 48)
    images = np.random.default_rng(2).integers(0, 256, (3, 64, 48, 1), np.uint8)
    np.testing.assert_allclose(classifier.predict_many(images), model(images.reshape(3, -1) / 255.0), atol=1e-6)
    with pytest.raises(StudioError, match="images of 32×32 or 48×64 or 64×48 pixels and no others"):
        remember(found, replace(found.guess, image_size=(28, 28)))


@pytest.mark.parametrize(("outputs", "function"), [("independent", lambda x: x), ("independent-logits", sigmoid)])
def test_one_output_has_no_probability_of_its_own_and_several_may_have(save, images, outputs, function):
    one = inspect_model(save(network(classes=1), "one.keras"))
    assert (one.outputs, one.guess.classes, one.guess.outputs) == (1, ("class 0", "class 1"), "logits")
    with pytest.raises(StudioError, match="one output, which stands for two classes, which cannot be “independent"):
        remember(one, replace(one.guess, outputs=outputs))
    model = network(activation="sigmoid" if outputs == "independent" else None)
    path = save(model, "several.keras")
    found = inspect_model(path)
    remember(found, replace(found.guess, outputs=outputs))
    classifier = load_classifier(path)
    assert classifier.card.independent
    np.testing.assert_allclose(classifier.predict_many(images), function(model(images / 255.0).numpy()), atol=1e-6)


def test_answers_of_earlier_versions_are_read(save, home):
    path = save(network())
    found = inspect_model(path)
    remember(found, found.guess)
    place = next(home.rglob("foreign/*.json"))
    values = json.loads(place.read_text())
    del values["outputs"]
    for softmax, outputs in ((True, "logits"), (False, "probabilities")):
        place.write_text(json.dumps(values | {"softmax": softmax}))
        assert remembered(path) == replace(found.guess, outputs=outputs)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat\ndog\n\n horse \n", ("cat", "dog", "horse")),
        ("cat, dog,horse", ("cat", "dog", "horse")),
        ("0 cat\n1 sheep dog\n2 horse\n", ("cat", "sheep dog", "horse")),
        ("1 cat\n2 dog\n3 horse", ("1 cat", "2 dog", "3 horse")),
    ],
)
def test_class_names_are_read(text, names):
    assert read_class_names(text, 3) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "there are 0"), ("a", "there is 1"), ("a\nb", "there are 2"), ("a\nb\na", "in the list twice")],
)
def test_other_numbers_of_class_names_are_refused(text, words):
    with pytest.raises(StudioError, match=words):
        read_class_names(text, 3)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((10**9,), "takes 1,000,000,000 numbers"),
        ((7,), "takes 7 numbers"),
        ((1,), "takes 1 number,"),
        ((4096, 4097), "sides of 1 to 4,096 pixels"),
        ((28, 28, 1, 1), "takes 28×28×1×1"),
        ((28, 28, 2), "takes 28×28×2"),
    ],
)
def test_inputs_that_are_no_images_are_refused_before_they_are_built(tmp_path, shape, words):
    path = tmp_path / "bad.keras"
    write_config(dense((64,)), path, shape)
    with pytest.raises(StudioError, match=words) as refused:
        inspect_model(path)
    assert str(refused.value).startswith(f"{path} is not opened. ") and "keras.src" not in str(refused.value)


def write_config(model, path: Path, shape) -> None:
    """Saves a model and has it ask for images of another shape."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, *shape]
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_a_vector_with_a_normalisation_of_its_own_shape_is_opened(save):
    import keras
    from keras import layers

    theirs = keras.Sequential(
        [keras.Input((64,)), layers.Normalization(mean=[0.5] * 64, variance=[2.0] * 64), layers.Dense(3)]
    )
    path = save(theirs)
    found = inspect_model(path)
    remember(found, replace(found.guess, value_range="0-1"))
    images = np.random.default_rng(2).integers(0, 256, (2, 8, 8, 1), np.uint8)
    expected = softmax(theirs(images.reshape(2, -1) / 255.0).numpy())
    np.testing.assert_allclose(load_classifier(path).predict_many(images), expected, atol=1e-5)


def test_answers_of_a_size_that_the_network_does_not_take_are_asked_again(save, home):
    path = save(dense((784,)))
    found = inspect_model(path)
    remember(found, found.guess)
    place = next(home.rglob("foreign/*.json"))
    values = json.loads(place.read_text())
    place.write_text(json.dumps(values | {"input_shape": [20, 20, 1]}))
    with pytest.raises(NoCardError):
        load_classifier(path)
    place.write_text(json.dumps(values | {"outputs": "votes"}))
    assert remembered(path) is None
