import json

import numpy as np
import pytest
from PIL import Image

from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.adopt import unnamed
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier

pytestmark = pytest.mark.numbers


@pytest.fixture
def saved(tmp_path):
    """Saves an untrained classifier and gives its path."""

    def save(shape, classes, dataset=""):
        model = build_network("softmax", shape, len(classes), seed=0)
        card = Card(name="x", classes=classes, input_shape=shape, input_rule="centre-crop", dataset=dataset)
        Classifier(model, card).save(tmp_path / "x")
        return str(tmp_path / "x")

    return save


def test_json(outcome, trained):
    code, out, err = outcome("evaluate", str(trained), "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert set(document) == {"accuracy", "loss", "images", "confusion_matrix", "left_out"}
    assert document["left_out"] == []
    matrix = np.array(document["confusion_matrix"])
    assert matrix.shape == (10, 10)
    assert matrix.sum() == document["images"] == 10_000
    assert document["accuracy"] == pytest.approx(np.trace(matrix) / 10_000)
    card = json.loads((trained / "card.json").read_text())
    assert document["accuracy"] == pytest.approx(card["test_accuracy"])
    assert document["loss"] == pytest.approx(card["test_loss"])


def test_text_names_the_most_confused_pair(outcome, trained):
    matrix = np.array(json.loads(outcome("evaluate", str(trained), "--json")[1])["confusion_matrix"])
    code, out, err = outcome("evaluate", str(trained), "--dataset", "mnist")
    assert (code, err) == (0, "")
    assert f"{np.trace(matrix) / 100:.2f} % of the 10,000 test images of MNIST" in out
    np.fill_diagonal(matrix, 0)
    true, taken_for = np.unravel_index(matrix.argmax(), matrix.shape)
    _, confused = out.split("Most confused")
    assert [str(true), str(taken_for), str(matrix.max())] in [line.split() for line in confused.splitlines()]


@pytest.mark.parametrize(
    ("shape", "classes", "words"),
    [
        ((8, 8, 3), tuple("0123456789"), ["8×8×3", "28×28×1"]),
        ((28, 28, 1), ("cat", "dog"), ["cat, dog", "0, 1, 2, …"]),
        ((28, 28, 1), unnamed(10), ["have no names", "“What is it…”", "cnnstudio adopt FILE --dataset mnist"]),
    ],
)
def test_a_model_that_does_not_fit_the_data_set(outcome, saved, shape, classes, words):
    code, out, err = outcome("evaluate", saved(shape, classes), "--dataset", "mnist")
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    for word in words:
        assert word in err


@pytest.mark.parametrize("dataset", ["", "my-photos"])
def test_a_model_whose_data_set_is_not_here(outcome, saved, dataset):
    code, out, err = outcome("evaluate", saved((28, 28, 1), ("a", "b"), dataset))
    assert (code, out) == (1, "")
    assert dataset in err
    assert "--dataset" in err
    assert len(err.splitlines()) == 1


def test_a_model_that_is_not_there(outcome):
    code, out, err = outcome("evaluate", "nowhere")
    assert (code, out) == (1, "")
    assert "nowhere" in err
    assert len(err.splitlines()) == 1


def test_what_of_a_folder_is_left_out_is_said(outcome, saved, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(20):
            Image.new("RGB", (8, 8), (12 * number, 0, 0)).save(tmp_path / "pets" / name / f"{number}.png")
    (tmp_path / "pets" / "cat" / "broken.png").write_bytes(b"no picture")
    model = saved((8, 8, 3), ("cat", "dog"))
    code, out, err = outcome("evaluate", model, "--dataset", str(tmp_path / "pets"), "--json")
    [one] = json.loads(out)["left_out"]
    assert (code, one["count"]) == (0, 1)
    assert err == one["text"] + "\n"
    table = str(tmp_path / "map.csv")
    code, _, err = outcome("embedding", model, "--dataset", str(tmp_path / "pets"), "--output", table)
    assert (code, err.splitlines()[0]) == (0, one["text"])
