"""What the scripts of plain Keras say; `end_to_end` runs them."""

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from cnnstudio.data.library import find_dataset
from cnnstudio.errors import StudioError
from cnnstudio.exporting.training_script import keras_script
from cnnstudio.models.networks.building import network_config
from cnnstudio.training.config import TrainingConfig
from tests.data.made_folders import MADE

SIZE = ((28, 28, 1), 10)


def config_of(training: TrainingConfig) -> dict:
    """The network of a training, fitted to its data set."""
    entry = find_dataset(training.dataset)
    return network_config(training.architecture, entry.image_shape, len(entry.classes))


def test_what_keras_cannot_say_a_comment_tells():
    script = keras_script(network_config("softmax", *SIZE), TrainingConfig(augmentation="handwriting"))
    assert "Handwriting" in script and "augment(" not in script
    assert "feature maps of 16 bits" in keras_script(
        network_config("softmax", *SIZE), TrainingConfig(precision="bfloat16")
    )
    started = keras_script(network_config("softmax", *SIZE), TrainingConfig(start_from="lenet5-mnist"))
    assert "from the weights of another model" in started


def test_a_network_for_other_images_is_refused():
    with pytest.raises(StudioError, match=r"takes images of 32×32×3, but those of MNIST are 28×28×1"):
        keras_script(network_config("resnet20", (32, 32, 3), 10), TrainingConfig())
    with pytest.raises(StudioError, match=r"has 7 classes, but MNIST has 10"):
        keras_script(network_config("mlp", (28, 28, 1), 7), TrainingConfig())


def test_outputs_that_are_no_probabilities_are_trained_as_they_are():
    config = network_config("softmax", *SIZE)
    assert "from_logits" not in keras_script(config, TrainingConfig())
    config["config"]["layers"][-1]["config"]["activation"] = "linear"
    assert "from_logits=True" in keras_script(config, TrainingConfig())


TOLD = (
    TrainingConfig(),
    TrainingConfig(dataset="cifar10", optimizer="sgd", weight_decay=5e-4, augmentation="photo", precision="bfloat16"),
    TrainingConfig(dataset="cifar100-coarse", schedule="constant", weight_decay=1e-4, augmentation="rotate=7,noise"),
    TrainingConfig(augmentation="handwriting"),
)


def test_scripts_are_formatted(tmp_path):
    ruff = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if ruff is None:
        pytest.skip("ruff is not installed")
    for number, training in enumerate(TOLD):
        script = keras_script(config_of(replace(training, architecture="lenet5")), training)
        (tmp_path / f"lenet5_{number}.py").write_text(script, encoding="utf-8")
    transfer = replace(TOLD[1], architecture="transfer-efficientnet-lite0", fine_tune_epochs=2)
    (tmp_path / "transfer.py").write_text(keras_script(config_of(transfer), transfer), encoding="utf-8")
    for length in range(1, 60, 12):  # as its path is shorter or longer, lines break in other places
        own = tmp_path / "own" / ("ü" * length)
        for name in ("a", "b"):
            (own / name).mkdir(parents=True)
            Image.new("L", (4, 4)).save(own / name / "1.png")
            Image.new("L", (4, 4)).save(own / name / "2.png")
        for path in (own, Path(shutil.make_archive(str(own), "zip", own))):
            training = TrainingConfig(dataset=str(path), image_size=28, channels=1)
            script = keras_script(network_config("softmax", (28, 28, 1), 2), training)
            (tmp_path / f"own_{length}{path.suffix[1:]}.py").write_text(script, encoding="utf-8")
    for command in (["check", "--select", "E4,E7,E9,F,I"], ["format", "--diff"]):
        done = subprocess.run([ruff, *command, "--isolated", tmp_path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_frozen_layers_get_what_they_learnt():
    training = TrainingConfig(dataset="cifar10", fine_tune_epochs=1)
    script = keras_script(network_config("transfer-efficientnet-lite0", (32, 32, 3), 10), training)
    ast.parse(script)
    assert "layer.set_weights(pretrained" in script and "range(EPOCHS, EPOCHS + FINE_TUNE_EPOCHS)" in script
    assert "LEARNING_RATE / 20" in script


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("PlantVillage", "x_train, y_train = read_images(FOLDER)"),
        ("Training and Testing", 'read_images(FOLDER / "Testing")'),
        ("seg_train/seg_train", 'read_images(FOLDER / "seg_test/seg_test")'),
        ("dogs-vs-cats", ""),
        ("splits below the classes", ""),
        ("a test beside its classes", ""),
    ],
)
def test_folders_that_keras_reads_and_others(name, code, tmp_path):
    made = MADE[name]
    folder = made.make(tmp_path / "own")
    training = TrainingConfig(dataset=str(folder), image_size=28, channels=1)
    network = network_config("softmax", (28, 28, 1), len(made.classes))
    if code:
        script = keras_script(network, training)
        ast.parse(script)
        assert code in script
    else:
        with pytest.raises(StudioError, match="own is laid out in another way, so there is no script for it"):
            keras_script(network, training)
