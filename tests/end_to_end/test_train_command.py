"""`cnnstudio train`: what it says, keeps and refuses."""

import json
import signal
import threading
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from cnnstudio.cli.train import _interrupt_sets
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.editing import change_layer
from cnnstudio.models.networks.files import Network, write_network
from cnnstudio.models.trained.library import list_models
from cnnstudio.training.runs import config_of_run
from cnnstudio.training.trainer import NothingTrained
from tests.data.made_folders import MADE

KEYS = (
    "run",
    "dataset",
    "architecture",
    "parameters",
    "epochs",
    "train_seconds",
    "images_per_second",
    "test_accuracy",
    "test_loss",
    "advice",
    "left_out",
)
QUICK = ("train", "--architecture", "softmax", "--epochs", "1")


def test_json_and_progress(outcome):
    code, out, err = outcome(*QUICK, "--batch-size", "512", "--seed", "3", "--json")
    assert code == 0
    document = json.loads(out)
    assert tuple(document) == KEYS
    assert document["parameters"] == 28 * 28 * 10 + 10
    assert (document["dataset"], document["architecture"], document["epochs"]) == ("mnist", "softmax", 1)
    assert document["test_accuracy"] > 0.8
    assert document["images_per_second"] > 0
    [run] = [entry for entry in list_models() if entry.kind == "run"]
    assert str(run.path) == document["run"]
    assert run.card.seed == 3
    assert "Epoch 1 of 1: loss" in err
    assert document["run"] in err


def test_quiet_is_quiet_and_text_names_the_run(outcome, tmp_path, digits, add_dataset):
    add_dataset(replace(digits, name="mnist"))
    folder = tmp_path / "run"
    code, out, err = outcome(*QUICK, "--batch-size", "64", "--quiet", "--output", str(folder))
    assert (code, err) == (0, "")
    assert f"Run: {folder}" in out
    assert "of the 300 test images of MNIST right" in out
    assert (folder / "model.keras").is_file()


@pytest.mark.parametrize(
    ("options", "trained"),
    [
        ((), ("transfer-efficientnet-lite0", 160)),
        (("--architecture", "transfer-efficientnet-lite0", "--image-size", "96"), ("transfer-efficientnet-lite0", 96)),
        (("--architecture", "lenet5"), ("lenet5", 64)),
    ],
)
def test_few_photos_are_trained_as_in_the_window(outcome, tmp_path, monkeypatch, options, trained):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (320, 240), (40 * number, 90, 10)).save(tmp_path / "photos" / name / f"{number}.jpg")
    configs = []

    def stopped_at_once(config, **_):
        configs.append(config)
        raise NothingTrained("Stopped.")

    monkeypatch.setattr("cnnstudio.cli.train.train_network", stopped_at_once)
    outcome("train", "--dataset", str(tmp_path / "photos"), *options)
    [config] = configs
    assert ((config.architecture, config.image_size), config.channels) == (trained, 3)


def test_an_output_folder_that_is_not_empty(outcome, tmp_path):
    (tmp_path / "precious").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    code, out, err = outcome(*QUICK, "--output", str(tmp_path), "--json")
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert str(tmp_path) in err
    assert sorted(tmp_path.rglob("*")) == before


def test_the_second_interrupt_is_left_to_the_system():
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    with _interrupt_sets(stop):
        assert not stop.is_set()
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is before


def test_an_edited_architecture_from_a_file(outcome, tmp_path, digits, add_dataset):
    add_dataset(replace(digits, name="mnist"))
    network = Network("wide", "Wide softmax", change_layer(network_config("softmax"), "output", use_bias=False))
    file = write_network(network, tmp_path / "wide").path
    code, out, _ = outcome("train", "--architecture", str(file), "--epochs", "1", "--batch-size", "64", "--quiet")
    assert code == 0
    assert out.startswith("Wide softmax gets ")
    assert "7,840 parameters" in out


def test_architectures_that_cannot_be_trained(outcome, tmp_path):
    file = tmp_path / "theirs.cnn.json"
    file.write_text(json.dumps({"format": 99, "model": {}}))
    code, out, err = outcome("train", "--architecture", str(file))
    assert (code, out) == (1, "")
    assert "newer CNN Studio" in err
    assert len(err.splitlines()) == 1
    code, out, err = outcome("train", "--architecture", "lenet55")
    assert (code, out) == (2, "")
    assert "Did you mean “lenet5”" in err
    code, _, err = outcome("train", "--architecture", str(tmp_path / "gone.cnn.json"))
    assert code == 2
    assert "there is no such file" in err


def test_what_is_left_out_of_a_folder_is_said(outcome, tmp_path):
    """On stderr whatever is asked for, in the document, and in the card."""
    random = np.random.default_rng(0)
    for place in ("train/a", "train/b", "test/a", "test/b", "test/c"):
        (tmp_path / "set" / place).mkdir(parents=True)
        for number in range(6):
            image = Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8))
            image.save(tmp_path / "set" / place / f"{number}.png")
    for number in range(2):
        (tmp_path / "set" / "train" / "b" / f"{number}.png").write_bytes(b"nothing")
    arguments = ("train", "--dataset", str(tmp_path / "set"), "--architecture", "softmax", "--epochs", "1", "--quiet")
    code, out, err = outcome(*arguments, "--json")
    left_out = json.loads(out)["left_out"]
    assert code == 0
    assert [(one["what"], one["count"]) for one in left_out] == [("files", 2), ("classes", 1)]
    assert left_out[0]["text"].startswith("2 files could not be read and were left out. The first, train/b/0.png: ")
    assert left_out[1]["text"] == "“c” has no images for training, so the network cannot learn it."
    assert err.splitlines() == [one["text"] for one in left_out]
    [run] = [entry for entry in list_models() if entry.kind == "run"]
    assert [asdict(one) for one in run.card.left_out] == left_out


def test_a_layout_is_chosen_and_kept_with_the_run(outcome, tmp_path):
    folder, run = str(MADE["a deep tree"].make(tmp_path / "set")), str(tmp_path / "run")
    arguments = ("train", "--dataset", folder, "--architecture", "softmax", "--epochs", "1", "--quiet")
    code, out, err = outcome(*arguments, "--layout", "folders=2", "--output", run)
    assert (code, err) == (0, "")
    assert config_of_run(tmp_path / "run")["layout"] == "folders=2"
    code, out, err = outcome("evaluate", run, "--json")
    assert (code, len(json.loads(out)["confusion_matrix"])) == (0, 4)
    code, out, err = outcome(*arguments, "--layout", "names")
    assert (code, out) == (1, "")
    assert "The names of the pictures in set say no classes." in err


def test_a_layout_that_was_found_is_said(outcome, tmp_path):
    folder = MADE["dogs-vs-cats"].make(tmp_path / "set")
    code, out, err = outcome("train", "--dataset", str(folder), "--architecture", "nothing")
    assert (code, out) == (2, "")
    assert "The names of the files say the classes. 2 classes: “cat”, “dog”. For another layout use --layout." in err


def test_a_batch_size_that_nobody_chose_fits_the_pictures_that_can_be_read(outcome, tmp_path):
    """Of 200 files, 12 are pictures."""
    for name in "ab":
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(100):
            file = tmp_path / "set" / name / f"{number}.png"
            if number < 6:
                Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(file)
            else:
                file.touch()
    arguments = ("train", "--dataset", str(tmp_path / "set"), "--architecture", "softmax", "--epochs", "1", "--quiet")
    assert outcome(*arguments)[0] == 0
    [run] = [entry for entry in list_models() if entry.kind == "run"]
    assert config_of_run(run.path)["batch_size"] == 1
    code, _, err = outcome(*arguments, "--batch-size", "20")
    assert (code, "The batch size, 20, is larger than the number of training images, 8." in err) == (1, True)
