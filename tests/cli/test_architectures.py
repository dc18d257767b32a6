"""The command that lists the architectures and shows the layers of one."""

import json
from pathlib import Path

import pytest

from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.backend import import_keras
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.files import Network, save_network, write_network
from tests.models.sample_networks import sequential

PHOTO = Path(__file__).parents[1] / "photos" / "seven-phone.jpg"
KEYS = {"name", "input_shape", "classes", "parameters", "trainable_parameters", "multiply_adds", "layers"}
KEYS |= {"misfit", "purpose"}


def test_the_list_tells_of_the_papers(outcome):
    code, out, err = outcome("architectures", "--json")
    assert (code, err) == (0, "")
    entries = {entry["name"]: entry for entry in json.loads(out)}
    assert list(entries) == list(ARCHITECTURES)
    assert entries["alexnet"]["published_parameters"] == 60_965_224
    assert entries["alexnet"]["input_shape"] == [227, 227, 3]
    assert entries["alexnet"]["year"] == 2012
    assert entries["softmax"]["published_parameters"] is None
    _, out, _ = outcome("architectures")
    assert "60,965,224" in out


def test_ones_own_follow_in_the_list(outcome):
    save_network(Network("", "", network_config("lenet5"), "lenet5"), "Wide one")
    _, out, _ = outcome("architectures", "--json")
    assert json.loads(out)[-1] == {"name": "Wide one", "title": "Wide one", "source": "lenet5"}
    _, out, _ = outcome("architectures")
    assert "Your own, made from LeNet-5." in out


@pytest.mark.parametrize(
    "name, parameters, multiply_adds", [("lenet5", 61_706, 416_520), ("alexnet", 60_965_224, 724_406_816)]
)
def test_a_named_one_is_that_of_its_paper(outcome, name, parameters, multiply_adds):
    code, out, err = outcome("architectures", name, "--json")
    assert (code, err) == (0, "")
    table = json.loads(out)
    assert set(table) == KEYS
    assert (table["name"], table["parameters"], table["multiply_adds"]) == (name, parameters, multiply_adds)
    assert table["input_shape"] == list(ARCHITECTURES[name].image_shape)
    assert table["classes"] == ARCHITECTURES[name].classes
    assert sum(layer["parameters"] for layer in table["layers"]) == parameters
    assert table["misfit"] is None


def test_a_layer_says_all_of_itself(outcome):
    _, out, _ = outcome("architectures", "lenet5", "--json")
    layers = {layer["name"]: layer for layer in json.loads(out)["layers"]}
    description = layers["conv1"].pop("description")
    assert "Slides small filters" in description
    assert layers["conv1"] == {
        "name": "conv1",
        "kind": "Conv2D",
        "title": "Convolution 5×5",
        "inputs": ["rescaling"],
        "output_shape": [28, 28, 6],
        "activation": "relu",
        "parameters": 156,
        "trainable_parameters": 156,
        "parameter_terms": "5·5·1·6 + 6 = 156",
        "multiply_adds": 117_600,
        "multiply_add_terms": "28·28·6·(5·5·1) = 117,600",
        "receptive_field": [5, 5],
        "jump": [1, 1],
        "formula": "(28 − 5 + 2·2)/1 + 1 = 28",
    }
    assert layers["flatten"]["formula"] == ""


def test_the_table_shows_the_arithmetic(outcome):
    code, out, err = outcome("architectures", "lenet5")
    assert (code, err) == (0, "")
    for text in ("28×28×1, 10 classes", "5·5·6·16 + 16 = 2,416", "240,000", "14×14", "61,706", "5,569,536 connections"):
        assert text in out
    _, out, _ = outcome("architectures", "mlp")
    assert "The same with an MLP" not in out


def test_it_is_fitted_to_a_data_set(outcome):
    _, out, _ = outcome("architectures", "resnet20", "--dataset", "cifar100", "--json")
    table = json.loads(out)
    assert (table["input_shape"], table["classes"]) == ([32, 32, 3], 100)
    assert table["layers"][-1]["parameter_terms"] == "64·100 + 100 = 6,500"


def test_an_edited_one_is_read_from_its_file(outcome, tmp_path):
    network = Network("mine", "Mine", network_config("lenet5"), "lenet5", None)
    path = tmp_path / "mine.cnn.json"
    write_network(network, path)
    code, out, err = outcome("architectures", str(path), "--json")
    assert (code, err) == (0, "")
    assert (json.loads(out)["name"], json.loads(out)["parameters"]) == ("Mine", 61_706)
    _, out, _ = outcome("architectures", str(path), "--dataset", "cifar10", "--json")
    assert json.loads(out)["input_shape"] == [32, 32, 3]


def test_a_trained_model_is_shown_as_it_is(outcome, trained):
    for name in (str(trained), str(trained / "model.keras"), "lenet5-mnist"):
        code, out, err = outcome("architectures", name, "--json")
        assert (code, err) == (0, "")
        assert json.loads(out)["parameters"] == (61_706 if name == "lenet5-mnist" else 7_850)


def test_an_impossible_layer_is_told_beside_the_table(outcome, tmp_path):
    layers = [("Conv2D", {"filters": 4, "kernel_size": 9}), ("Flatten", {}), ("Dense", {"units": 10})]
    path = tmp_path / "odd.cnn.json"
    path.write_text(
        json.dumps({"format": 1, "name": "odd", "title": "Odd", "source": "", "model": sequential((8, 8, 1), *layers)})
    )
    code, out, err = outcome("architectures", str(path), "--json")
    assert code == 1
    assert "“layer1” has a kernel of 9×9" in err
    assert err.count("\n") == 1
    assert json.loads(out)["misfit"]["nearest"] == 8
    code, out, _ = outcome("architectures", str(path))
    assert code == 1
    assert "?" in out


def test_a_mistyped_file_finds_its_neighbour(outcome, tmp_path):
    path = write_network(Network("mine", "Mine", network_config("lenet5"), "lenet5"), tmp_path / "mine.cnn.json").path
    _, _, err = outcome("architectures", str(path).replace("json", "josn"))
    assert f"Did you mean “{path}”?" in err


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("lenet6",), 2, "There is no architecture “lenet6”"),
        (("missing.cnn.json",), 2, "missing.cnn.json"),
        (("missing.cnn.josn",), 2, "There is no file “missing.cnn.josn”"),
        (("lenet5", "--dataset", "nowhere"), 2, "There is no data set “nowhere”"),
        (("--dataset", "mnist"), 2, "Say which architecture"),
        (("lenet5", "--channels", "1"), 2, "--dataset"),
        (("alexnet", "--dataset", "mnist"), 1, "too small for AlexNet"),
        ((__file__,), 1, "test_architectures.py"),
    ],
)
def test_wrong_use_is_a_sentence(outcome, arguments, exit_code, words):
    code, out, err = outcome("architectures", *arguments)
    assert (code, out) == (exit_code, "")
    assert words in err
    assert err.count("\n") == 1


def test_the_network_of_a_detector_is_shown_but_asked_nothing(outcome, tmp_path):
    keras = import_keras()
    path = tmp_path / "my yolo.keras"
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(30, 3)]).save(path)
    code, out, err = outcome("architectures", str(path))
    assert (code, err) == (0, "") and "images of 8×8×3, 6×6×30 numbers" in out and "classes" not in out
    assert "It answers 6×6×30 numbers, so it says what is where in an image" in out
    code, out, err = outcome("architectures", str(path), "--json")
    table = json.loads(out)
    assert (code, err, table["classes"], table["misfit"]) == (0, "", None, None) and "objects" in table["purpose"]
    code, out, err = outcome("predict", str(path), str(PHOTO))
    assert (code, out) == (1, "") and "CNN Studio opens classifiers" in err and "adopt" not in err
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]).save(path)
    code, out, err = outcome("predict", str(path), str(PHOTO))
    assert (code, out) == (1, "") and err.endswith(f"say so once with: cnnstudio adopt '{path}'\n")
