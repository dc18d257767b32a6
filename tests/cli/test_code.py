"""The command that prints a network as a script of plain Keras."""

import ast
import shutil

import pytest
from PIL import Image

from cnnstudio.models.backend import import_keras
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.files import Network, save_network


def test_the_script_is_all_of_stdout(outcome):
    code, out, err = outcome(
        "code", "lenet5", "--seed", "3", "--epochs", "2", "--optimizer", "sgd", "--validation-fraction", "0.1"
    )
    assert (code, err) == (0, "")
    ast.parse(out)
    assert out.startswith('"""') and "SEED = 3\nEPOCHS = 2\n" in out
    assert "keras.datasets.mnist" in out and "keras.optimizers.SGD(" in out and "VALIDATION_SHARE = 0.1\n" in out


def test_it_fits_the_data_set(outcome):
    _, out, _ = outcome("code", "resnet20", "--dataset", "cifar100")
    assert "keras.datasets.cifar100" in out and "keras.Input((32, 32, 3)" in out and "layers.Dense(\n    100," in out


def test_it_is_written_to_a_file(outcome, tmp_path):
    path = tmp_path / "lenet.py"
    code, out, err = outcome("code", "lenet5", "--output", str(path))
    assert (code, out) == (0, "")
    assert str(path) in err
    ast.parse(path.read_text(encoding="utf-8"))


def test_an_edited_one_saves_under_its_own_name(outcome):
    save_network(Network("", "", network_config("lenet5"), "lenet5"), "Wide one")
    _, out, _ = outcome("code", "Wide one")
    assert 'MODEL_FILE = "Wide_one.keras"' in out


def test_a_run_is_trained_again_as_it_was(outcome, trained):
    code, out, err = outcome("code", str(trained))
    assert (code, err) == (0, "")
    assert 'name="softmax"' in out and "EPOCHS = 1\n" in out


def test_a_config_that_cannot_be_read_is_told(outcome, trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    (run / "config.json").unlink()
    (run / "config.json").mkdir()
    code, out, err = outcome("code", str(run))
    assert (code, out) == (1, "")
    assert "cannot be read" in err and "--dataset" in err and err.count("\n") == 1
    code, out, err = outcome("code", str(run), "--dataset", "mnist")
    assert code == 0 and 'name="softmax"' in out
    assert "cannot be read" in err


def test_a_shipped_model_tells_its_data_set(outcome):
    code, out, _ = outcome("code", "lenet5-mnist")
    assert code == 0 and "keras.datasets.mnist" in out and "layers.Conv2D(6, 5" in out


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("code",), 2, "Missing argument"),
        (("code", "lenet6"), 2, "There is no architecture and no model “lenet6”"),
        (("code", "missing.json"), 2, "missing.json"),
        (("code", "lenet5", "--dataset", "nowhere"), 2, "There is no data set “nowhere”"),
        (("code", "lenet5", "--batch-size", "70000"), 2, "batch size"),
        (("code", "efficientnet-lite0-imagenet"), 2, "--dataset"),
        (("code", "lenet5", "--output", "/nowhere/at/all.py"), 1, "/nowhere/at"),
    ],
)
def test_wrong_use_is_a_sentence(outcome, arguments, exit_code, words):
    code, out, err = outcome(*arguments)
    assert (code, out) == (exit_code, "")
    assert words in err and err.count("\n") == 1


def test_a_model_is_written_as_it_is(outcome, tmp_path):
    keras = import_keras()
    layers = keras.layers
    for name, ending in (
        ("one", [layers.Dense(1, "sigmoid")]),
        ("two", [layers.Dense(1), layers.Activation("sigmoid")]),
        ("logit", [layers.Dense(1)]),
    ):
        keras.Sequential([keras.Input((192,)), *ending]).save(tmp_path / f"{name}.keras")
    for label in ("cat", "dog"):
        for number in range(3):
            path = tmp_path / "pets" / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (60 * number, 200, 20)).save(path)
    options = ("--dataset", str(tmp_path / "pets"))
    for name, loss in (
        ("one", '"binary_crossentropy"'),
        ("two", '"binary_crossentropy"'),
        ("logit", "keras.losses.BinaryCrossentropy(from_logits=True)"),
    ):
        code, out, err = outcome("code", str(tmp_path / f"{name}.keras"), *options)
        assert (code, err) == (0, "") and "keras.Input((8, 8, 3)" in out and "layers.Flatten(" in out
        assert "Dense(1" in out and "softmax" not in out and f"loss={loss}" in out and "image_size=(8, 8)" in out
    code, out, err = outcome("code", str(tmp_path / "one.keras"))
    assert (code, out) == (2, "") and "name it with --dataset" in err
    code, out, err = outcome("code", str(tmp_path / "one.keras"), *options, "--image-size", "16")
    assert (code, out) == (2, "") and "takes images of 8×8×3" in err and "“pets” has images of 16×16×3" in err
    code, out, err = outcome("code", "lenet5-mnist", "--dataset", "cifar100")
    assert (code, out) == (2, "") and "tells 10 classes apart, but CIFAR-100 has images of 32×32×3 and 100" in err
    assert "cnnstudio train --architecture" in err and "--dataset cifar100" in err


def test_a_network_of_vectors_is_printed_with_its_flattening(outcome, tmp_path):
    keras = import_keras()
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")])
    model.save(tmp_path / "mlp.h5")
    code, out, _ = outcome("code", str(tmp_path / "mlp.h5"))
    assert code == 0 and "keras.Input((28, 28, 1)" in out and "layers.Flatten(" in out and "Rescaling" not in out
    code, _, _ = outcome("adopt", str(tmp_path / "mlp.h5"), "--value-range", "-1-1")
    code, out, _ = outcome("code", str(tmp_path / "mlp.h5"))
    assert code == 0 and "layers.Rescaling(1 / 127.5, -1.0" in out.replace("offset=", "")
