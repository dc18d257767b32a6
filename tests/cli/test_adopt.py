"""The command that says of somebody else's model what its file does not tell."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.adopt import remembered


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    keras = import_keras()
    layers = keras.layers
    model = keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)])
    model.save(tmp_path / "theirs.h5")
    return tmp_path / "theirs.h5"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_a_model_from_elsewhere_is_used_once_it_is_described(outcome, theirs, picture, tmp_path):
    code, out, err = outcome("predict", str(theirs), str(picture), "--json")
    assert (code, out) == (1, "") and "cnnstudio adopt" in err and err.count("\n") == 1
    names = tmp_path / "names.txt"
    names.write_text("ant\nbee\nçicada\n", encoding="utf-8")
    code, out, err = outcome("adopt", str(theirs), "--classes", str(names), "--value-range", "-1-1")
    assert (code, err) == (0, "") and "12×12 with values of −1 to 1 and has 3 classes: “ant”, “bee”, “çicada”." in out
    code, out, err = outcome("predict", str(theirs), str(picture), "--json")
    assert (code, err) == (0, "") and "çicada" in json.dumps(json.loads(out), ensure_ascii=False)


def test_what_was_said_before_stays_and_the_model_is_listed(outcome, theirs):
    outcome("adopt", str(theirs), "--classes", "ant,bee,cicada", "--name", "Insects")
    code, out, err = outcome("adopt", str(theirs), "--value-range", "-1-1")
    assert (code, err) == (0, "") and "“Insects” takes images of 12×12 with values of −1 to 1" in out
    entries = {entry["name"]: entry for entry in json.loads(outcome("models", "--json")[1])}
    assert (entries["Insects"]["kind"], entries["Insects"]["path"]) == ("adopted", str(theirs))


def test_what_is_not_said_is_guessed_and_told(outcome, theirs):
    code, out, _ = outcome("adopt", str(theirs))
    assert code == 0 and "The range of values is a guess." in out and "--value-range" in out
    assert "becomes such an image: Whole picture, stretched." in out and "Most networks of Keras were" in out
    assert "add --input-rule with one of: digit, clothing, centre-crop, imagenet." in out
    code, out, _ = outcome("adopt", str(theirs), "--input-rule", "centre-crop")
    assert code == 0 and "becomes such an image: Centre crop." in out and "Most networks of Keras" not in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--classes", "a,b"), "3 class names"),
        (("--image-size", "64"), "12×12 pixels and no others"),
        (("--input-rule", "sideways"), "no input rule"),
        (("--value-range", "0-7"), "no range of values"),
    ],
)
def test_wrong_use_is_a_sentence(outcome, theirs, options, words):
    code, out, err = outcome("adopt", str(theirs), *options)
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1


def test_a_file_that_is_none_is_refused(outcome, tmp_path):
    code, out, err = outcome("adopt", str(tmp_path / "missing.h5"))
    assert (code, out) == (1, "") and "there is no such file" in err


def test_names_beside_a_model_are_taken_and_told(outcome, theirs):
    names = theirs.parent / "class_names.json"
    names.write_text('["ant", "bee", "cicada"]')
    code, out, err = outcome("adopt", str(theirs.parent))
    assert (code, err) == (0, "") and "These are the names in class_names.json, which lies beside it." in out
    code, out, err = outcome("adopt", str(theirs), "--classes", str(names))
    assert (code, err) == (0, "") and "class_names.json" not in out
    names.write_text('["ant", "bee"]')
    assert "not taken: there are 2, and it has 3 outputs" in outcome("adopt", str(theirs))[1]


@pytest.fixture
def vector(tmp_path: Path) -> Path:
    keras = import_keras()
    model = keras.Sequential([keras.Input((3072,)), keras.layers.Dense(1, "sigmoid")])
    model.save(tmp_path / "vector.keras")
    return tmp_path / "vector.keras"


def test_all_that_the_window_asks_can_be_said(outcome, vector, picture, tmp_path):
    options = ("--classes", "cat,dog", "--image-size", "64x48", "--outputs", "logits", "--input-rule", "centre-crop")
    code, out, err = outcome("adopt", str(vector), *options)
    assert (code, err) == (0, "") and "takes images of 64×48" in out and "3,072 numbers in one row" in out
    assert "near 0 means “cat”, one near 1 “dog”" in out and "--classes dog,cat" in out
    code, out, err = outcome("predict", str(vector), str(picture), "--json")
    assert (code, err) == (0, "") and {one["class"] for one in json.loads(out)[0]["predictions"]} == {"cat", "dog"}
    code, out, _ = outcome("architectures", str(vector))
    assert code == 0 and "64×48×1" in out and "one output" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--image-size", "64x"), "no size of images"),
        (("--image-size", "20"), "images of 32×32 or 48×64 or 64×48 pixels and no others"),
        (("--outputs", "independent"), "one output, which stands for two classes"),
        (("--outputs", "votes"), "no meaning of outputs “votes”"),
        (("--dataset", "mnist"), "not of the network's shape"),
        (("--dataset", "cifar10"), "The network has 2 classes, but CIFAR-10 has 10"),
    ],
)
def test_what_does_not_fit_is_a_sentence(outcome, vector, options, words):
    code, out, err = outcome("adopt", str(vector), *options)
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1


def test_ranges_are_tried_on_a_data_set(outcome, digits, add_dataset, tmp_path):
    keras = import_keras()
    add_dataset(digits)
    means = np.stack([digits.train.images[digits.train.labels == n].mean(axis=0).ravel() / 255 for n in range(10)])
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    model.layers[-1].set_weights([means.T, -np.square(means).sum(axis=1) / 2])
    model.save(tmp_path / "mlp.keras")
    code, out, _ = outcome("adopt", str(tmp_path / "mlp.keras"), "--dataset", "digits")
    assert code == 0 and "with values of 0 to 1, " in out and "1 to 0, inverted" in out
    code, out, _ = outcome("evaluate", str(tmp_path / "mlp.keras"))  # on what it was trained on
    assert code == 0 and "of the 300 test images" in out
    code, out, _ = outcome("adopt", str(tmp_path / "mlp.keras"), "--classes", "a,b,c,d,e,f,g,h,i,j")
    assert code == 0 and "with values of 0 to 1 " in out and "guess" not in out
    assert remembered(tmp_path / "mlp.keras").input_rule == "digit"
    model.layers[-1].set_weights([means.T * 0, np.zeros(10)])  # it knows no digits
    model.save(tmp_path / "blind.keras")
    code, out, _ = outcome("adopt", str(tmp_path / "blind.keras"), "--dataset", "digits")
    assert code == 0 and remembered(tmp_path / "blind.keras").input_rule == "stretch"
    Image.new("L", (28, 28), 90).save(tmp_path / "grey.png")
    code, out, _ = outcome("predict", str(tmp_path / "blind.keras"), str(tmp_path / "grey.png"))
    assert code == 0 and "grey.png: undecided: 0 (10.0 %), 1 (10.0 %), 2 (10.0 %)" in out


@pytest.fixture
def brightness(tmp_path: Path) -> Path:
    """A network that tells light pictures from dark ones; and a folder of such pictures, in another order."""
    keras = import_keras()
    model = keras.Sequential([keras.Input((40, 40, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    means = np.array([230, 20]) / 255
    model.layers[-1].set_weights([np.tile(means, (1600, 1)), -1600 * np.square(means) / 2])
    model.save(tmp_path / "brightness.keras")
    for name, level in (("dark", 20), ("light", 230)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(6):
            Image.new("L", (60, 40), level + number).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path / "brightness.keras"


def test_names_that_were_said_before_keep_their_order(outcome, brightness):
    """The folders of the classes come in the order of the alphabet."""
    outcome("adopt", str(brightness), "--classes", "light,dark")
    code, out, _ = outcome("adopt", str(brightness), "--dataset", str(brightness.parent / "pictures"))
    assert code == 0 and "100 % are right" in out and "order" not in out
    assert remembered(brightness).classes == ("light", "dark")


@pytest.mark.parametrize(("rule", "kept"), [("stretch", "stretch"), ("imagenet", "imagenet"), ("digit", "stretch")])
def test_a_folder_of_images_only_tells_that_nothing_was_looked_for_in_them(outcome, brightness, rule, kept):
    """Other pictures than digits were no digits; but how they were cut does not show."""
    outcome("adopt", str(brightness), "--classes", "light,dark", "--input-rule", rule)
    code, out, _ = outcome("adopt", str(brightness), "--dataset", str(brightness.parent / "pictures"))
    assert code == 0 and "100 % are right" in out and remembered(brightness).input_rule == kept


@pytest.fixture
def lights(outcome, tmp_path: Path) -> Path:
    """A network that says which of the colours are bright in a picture, each by itself; adopted."""
    keras = import_keras()
    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(3, "sigmoid")])
    model.layers[-1].set_weights([np.tile(np.eye(3), (64, 1)) / 8, np.full(3, -4)])
    model.save(tmp_path / "lights.keras")
    code, out, _ = outcome("adopt", str(tmp_path / "lights.keras"), "--classes", "red,green,blue")
    assert code == 0 and "several can be right, or none" in out
    for folder, name, colour in (("red", "a", (255, 255, 0)), ("green", "b", (255, 255, 0)), ("blue", "c", (0, 0, 9))):
        (tmp_path / "pictures" / folder).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (16, 16), colour).save(tmp_path / "pictures" / folder / f"{name}{number}.png")
    return tmp_path / "lights.keras"


def test_several_classes_or_none_are_predicted(outcome, lights, tmp_path):
    pictures = str(tmp_path / "pictures")
    code, out, _ = outcome("predict", str(lights), pictures, "--json", "--top", "2")
    entries = {Path(entry["file"]).stem: entry for entry in json.loads(out)}
    assert code == 0 and {name: entry["answers"] for name, entry in entries.items()} == {
        **{f"{name}{number}": ["red", "green"] for name in "ab" for number in range(4)},
        **{f"c{number}": [] for number in range(4)},
    }
    assert all(len(entry["predictions"]) == 2 for entry in entries.values())
    code, out, _ = outcome("predict", str(lights), pictures, "--top", "1")
    assert code == 0 and f"{tmp_path}/pictures/blue/c0.png: none of the classes; the most probable: blue (" in out
    code, out, _ = outcome("predict", str(lights), pictures, "--csv", str(tmp_path / "table.csv"))
    assert code == 0 and "8 of 12 images whose folder or name says the class are right." in out
    assert (tmp_path / "table.csv").read_text("utf-8").count(".png,none of the classes,,blue,") == 4
    code, out, _ = outcome("predict", str(lights), pictures, "--csv", str(tmp_path / "one.csv"), "--top", "1")
    assert code == 0 and (tmp_path / "one.csv").read_text("utf-8").count(".png,none of the classes,,blue,") == 4
    code, out, _ = outcome("evaluate", str(lights), "--dataset", pictures)
    assert code == 0 and "66.67 % of the 3 test images" in out and "Each class has a probability of its own" in out
    assert "were cut square" in out and "as this model wants them (Whole picture, stretched)" in out


def test_names_for_one_output_are_two(outcome, vector, tmp_path):
    names = tmp_path / "labels.txt"
    names.write_text("0 cat\n1 dog\n2 horse\n")
    code, out, err = outcome("adopt", str(vector), "--classes", str(names))
    assert (code, out) == (2, "") and "2 class names; there are 3" in err and err.count("\n") == 1
    names.write_text("0 dog\n1 cat\n")
    code, out, _ = outcome("adopt", str(vector), "--classes", str(names))
    assert code == 0 and "near 0 means “dog”, one near 1 “cat”" in out
