"""The command that says of somebody else's model what its file does not tell."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.models.backend import import_keras


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
    assert (code, err) == (0, "") and "12×12 with values of −1 to 1 and has 3 classes." in out
    code, out, err = outcome("predict", str(theirs), str(picture), "--json")
    assert (code, err) == (0, "") and "çicada" in json.dumps(json.loads(out), ensure_ascii=False)


def test_what_is_not_said_is_guessed_and_told(outcome, theirs):
    code, out, _ = outcome("adopt", str(theirs))
    assert code == 0 and "The range of values is a guess." in out and "--value-range" in out


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


def test_weights_alone_are_opened_as_the_architecture_that_they_fit(outcome, tmp_path):
    from cnnstudio.models.networks.building import build_network

    path = tmp_path / "mine.weights.h5"
    build_network("lenet5", (28, 28, 1), 10, seed=1).save_weights(path)
    code, out, err = outcome("adopt", str(path))
    assert (code, out) == (1, "") and err.count("\n") == 1
    assert "LeNet-5 for images of 28×28×1 and 10 classes" in err and "add --architecture lenet5" in err
    code, out, err = outcome("adopt", str(path), "--architecture", "resnet20")
    assert (code, out) == (2, "") and "do not fit the architecture “resnet20”; they fit lenet5" in err
    code, out, err = outcome("adopt", str(path), "--architecture", "lenet5")
    assert (code, err) == (0, "") and "28×28" in out
    code, out, err = outcome("architectures", str(path))
    assert (code, err) == (0, "") and "images of 28×28×1, 10 classes" in out


def test_names_beside_a_model_are_taken_and_told(outcome, theirs):
    names = theirs.parent / "class_names.json"
    names.write_text('["ant", "bee", "cicada"]')
    code, out, err = outcome("adopt", str(theirs.parent))
    assert (code, err) == (0, "") and "These are the names in class_names.json, which lies beside it." in out
    code, out, err = outcome("adopt", str(theirs), "--classes", str(names))
    assert (code, err) == (0, "") and "class_names.json" not in out
    names.write_text('["ant", "bee"]')
    assert "not taken: there are 2, and it has 3 outputs" in outcome("adopt", str(theirs))[1]
