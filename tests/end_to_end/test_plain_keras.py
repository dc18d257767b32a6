"""Models and scripts in plain Keras, in a process that knows nothing of CNN Studio.

A script trains beside the application's own training of the same config.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.library import find_dataset
from cnnstudio.data.splits import Dataset
from cnnstudio.exporting.training_script import keras_script
from cnnstudio.models.networks.building import build_network, network_config
from cnnstudio.models.networks.editing import add_layer, add_residual_block
from cnnstudio.models.networks.files import Network, write_network
from cnnstudio.models.trained.card import MODEL_FILE, Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.files import load_model
from cnnstudio.training.config import SCHEDULES, TrainingConfig
from cnnstudio.training.events import Batches, Event, Started
from cnnstudio.training.trainer import train

pytestmark = pytest.mark.numbers

RUNNER = Path(__file__).with_name("run_script.py")
SIZE = ((28, 28, 1), 10)

SAME = {
    "mlp": TrainingConfig(architecture="mlp", epochs=1, batch_size=64, seed=5),
    "edited": TrainingConfig(
        architecture="edited.cnn.json",
        epochs=1,
        batch_size=200,
        seed=2,
        optimizer="sgd",
        learning_rate=0.02,
        schedule="constant",
        weight_decay=5e-4,
    ),
}
"""Trainings that must begin alike in the application and in the script."""


def edited() -> dict:
    """LeNet-5 with a residual block, which has batch normalisations, and dropout."""
    config = add_residual_block(network_config("lenet5", *SIZE), "pool1", filters=8, stride=1)
    config = add_layer(config, "dense1", "Dropout", rate=0.4)
    config["config"]["name"] = "edited"
    return config


def config_of(training: TrainingConfig, folder: Path) -> dict:
    """The network of a training, fitted to its data set."""
    name = folder / training.architecture if training.architecture.endswith(".json") else training.architecture
    entry = find_dataset(training.dataset)
    return network_config(name, entry.image_shape, len(entry.classes))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A place with the first 1,400 and 300 images of MNIST as Keras keeps them, and with some as a user's folder."""
    return tmp_path_factory.mktemp("scripts")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """An untrained LeNet-5."""
    card = Card("Ours", tuple("0123456789"), (28, 28, 1), "digit")
    return Classifier(build_network("lenet5", *SIZE, seed=3), card)


@pytest.fixture(scope="module")
def told(folder: Path, digits: Dataset, classifier: Classifier) -> dict[str, dict]:
    """What all scripts tell, run one after the other in one process, without the internet."""
    archive = folder / "keras" / "datasets" / "mnist.npz"
    archive.parent.mkdir(parents=True)
    np.savez(
        archive,
        x_train=digits.train.images[..., 0],
        y_train=digits.train.labels.astype(np.uint8),
        x_test=digits.test.images[..., 0],
        y_test=digits.test.labels.astype(np.uint8),
    )
    for image, label, number in zip(digits.test.images, digits.test.labels, range(120), strict=False):
        place = folder / "own" / ("odd" if label % 2 else "even")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(place / f"{number}.png")
    write_network(Network("edited", "Edited", edited()), folder / "edited.cnn.json")
    own = TrainingConfig(
        dataset=str(folder / "own"),
        architecture="softmax",
        epochs=1,
        batch_size=16,
        augmentation="shift=0.1,rotate=10,flip,zoom,contrast,noise,cutout",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNSTUDIO_HOME", str(folder / "home"))
        trainings = {**SAME, "own": own}
        scripts = {name: keras_script(config_of(training, folder), training) for name, training in trainings.items()}
    for name, script in scripts.items():
        (folder / f"{name}.py").write_text(script, encoding="utf-8")
    classifier.save(folder / "ours")
    report = folder / "report.json"
    model = folder / "ours" / MODEL_FILE
    command = [sys.executable, "-P", str(RUNNER), str(report), str(model), *(f"{name}.py" for name in scripts)]
    environment = os.environ | {"KERAS_HOME": str(archive.parent.parent), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("of the test images are right") == len(scripts)
    return json.loads(report.read_text())


@pytest.mark.parametrize("name", SAME)
def test_it_begins_as_in_the_application(name, told, folder, digits, add_dataset):
    add_dataset(replace(digits, name="mnist"))
    config = SAME[name]
    if config.architecture.endswith(".json"):
        config = replace(config, architecture=str(folder / config.architecture))
    events: list[Event] = []
    train(config, on_event=events.append)
    started = next(event for event in events if isinstance(event, Started))
    losses = np.concatenate([event.loss for event in events if isinstance(event, Batches)])
    script = told[name]
    assert script["parameters"][0] == started.parameters
    assert script["losses"][0] == pytest.approx(losses[0], rel=1e-5)
    assert len(script["losses"]) == len(losses)
    # Its logs are means over the epoch so far: the last one tells whether all batches, rates and decay were the same.
    sizes = np.full(len(losses), config.batch_size)
    sizes[-1] = started.train_images - sizes[:-1].sum()
    assert script["losses"][-1] == pytest.approx(losses @ sizes / sizes.sum(), rel=0.02)
    done = np.arange(len(losses)) / len(losses)
    rates = config.learning_rate * SCHEDULES[config.schedule].factors(done)
    np.testing.assert_allclose(script["rates"], rates, rtol=1e-4)


def test_it_keeps_a_model_that_opens_here(told, folder):
    assert load_model(folder / "mlp.keras").count_params() == told["mlp"]["parameters"][1] == 109_386


def test_what_is_saved_here_opens_there(told, classifier):
    image = (np.arange(784) % 256).astype(np.uint8).reshape(28, 28, 1)
    np.testing.assert_allclose(told["model"]["answer"], classifier.predict(image).probabilities, atol=1e-6)


def test_own_images_and_layers_that_vary_them_run(told, folder):
    assert len(told["own"]["losses"]) > 1
    assert np.isfinite(told["own"]["losses"]).all()
    script = (folder / "own.py").read_text(encoding="utf-8")
    assert "augment(x_train[chosen], training=True)" in script
    words = " ".join(script.replace("\n# ", " ").split())
    assert "Keras reads the files that end in .jpg, .jpeg, .png, .gif and .bmp" in words
    assert "does not turn photos upright" in words


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
        script = keras_script(config_of(replace(training, architecture="lenet5"), tmp_path), training)
        (tmp_path / f"lenet5_{number}.py").write_text(script, encoding="utf-8")
    transfer = replace(TOLD[1], architecture="transfer-efficientnet-lite0", fine_tune_epochs=2)
    (tmp_path / "transfer.py").write_text(keras_script(config_of(transfer, tmp_path), transfer), encoding="utf-8")
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
