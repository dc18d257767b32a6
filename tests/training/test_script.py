"""The scripts of plain Keras, by running them: beside the application's own training of the same config."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.splits import Dataset
from cnnstudio.models.architectures import build_model
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.events import Batches, Event, Started
from cnnstudio.training.script import keras_script
from cnnstudio.training.trainer import train

RUNNER = Path(__file__).with_name("run_script.py")


def config_of(name: str, image_shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10) -> dict:
    import keras

    return keras.saving.serialize_keras_object(build_model(name, image_shape, classes, seed=0))


@pytest.fixture
def mnist(add_dataset, digits) -> Dataset:
    """The first 1,400 training and 300 test images of MNIST under its own name."""
    dataset = replace(digits, name="mnist")
    add_dataset(dataset)
    return dataset


@pytest.fixture
def run_script(tmp_path: Path, mnist: Dataset) -> Callable[[str], dict]:
    """Runs a script without the internet, in a folder of its own, and gives what it told."""
    archive = tmp_path / "keras" / "datasets" / "mnist.npz"
    archive.parent.mkdir(parents=True)
    np.savez(
        archive,
        x_train=mnist.train.images[..., 0],
        y_train=mnist.train.labels.astype(np.uint8),
        x_test=mnist.test.images[..., 0],
        y_test=mnist.test.labels.astype(np.uint8),
    )

    def run(script: str) -> dict:
        (tmp_path / "script.py").write_text(script, encoding="utf-8")
        report = tmp_path / "report.json"
        command = [sys.executable, "-P", str(RUNNER), "script.py", str(report)]
        environment = os.environ | {"KERAS_HOME": str(archive.parent.parent), "CUDA_VISIBLE_DEVICES": ""}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(report.read_text()) | {"output": done.stdout}

    return run


def trained_here(config: TrainingConfig) -> tuple[int, np.ndarray]:
    """The trainable parameters and the losses of all batches of the application's own training."""
    events: list[Event] = []
    train(config, on_event=events.append)
    started = next(event for event in events if isinstance(event, Started))
    return started.parameters, np.concatenate([event.loss for event in events if isinstance(event, Batches)])


def test_lenet5_begins_as_in_the_application(run_script, mnist, tmp_path):
    config = TrainingConfig(architecture="lenet5", epochs=1, batch_size=64, seed=5)
    told = run_script(keras_script(config_of("lenet5"), config))
    parameters, losses = trained_here(config)
    assert told["parameters"] == parameters == 61_706
    assert told["losses"][0] == pytest.approx(losses[0], rel=1e-5)
    assert len(told["losses"]) == len(losses)
    # Its logs are means of the epoch so far; by the last batch they tell of every batch, order and rate.
    sizes = np.array([64] * (len(losses) - 1) + [1400 - 117 - 64 * (len(losses) - 1)])
    assert told["losses"][-1] == pytest.approx(float(losses @ sizes / sizes.sum()), rel=1e-3)
    assert "of the test images are right" in told["output"]
    assert (tmp_path / "lenet5.keras").is_file()
