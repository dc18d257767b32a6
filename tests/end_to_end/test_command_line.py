"""Journeys on the command line, as somebody types them: train until Ctrl+C, list, predict; folders; weights alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.library import load_dataset
from cnnstudio.models.networks.building import build_network
from tests.data.phone_photos import PHOTOS


def begin(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cnnstudio", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
    )


def finish(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    """Gives stdout and stderr."""
    out, err = process.communicate(timeout=200)
    assert process.returncode == code, err
    return out, err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is no signal there")
def test_train_list_predict(tmp_path: Path) -> None:
    training = begin("train", "--architecture", "softmax", "--epochs", "1000", "--json")
    for line in training.stderr:
        if line.startswith("Epoch 1 of 1000"):
            break
    training.send_signal(signal.SIGINT)
    out, err = finish(training, code=130)
    assert "Stopping" in err
    trained = json.loads(out)
    assert 1 <= trained["epochs"] < 1000
    assert trained["test_accuracy"] > 0.8
    run = Path(trained["run"])
    assert {"model.keras", "card.json"} <= {path.name for path in run.iterdir()}

    models = json.loads(finish(begin("models", "--json"))[0])
    [mine] = [model for model in models if Path(model["path"]) == run]
    assert mine["kind"] == "run"
    assert mine["test_accuracy"] == trained["test_accuracy"]

    test = load_dataset("mnist").test
    index = np.flatnonzero(test.labels == 7)[0]
    image = tmp_path / "seven.png"
    Image.fromarray(test.images[index, ..., 0]).save(image)
    strokes = tmp_path / "strokes.json"
    strokes.write_text(json.dumps([[[[10, 10], [90, 10], [40, 120]]]]))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    predicting = begin("predict", mine["name"], str(image), str(broken), "--strokes", str(strokes), "--json")
    out, err = finish(predicting, code=1)
    seven, wrong, drawn = json.loads(out)
    assert (seven["file"], seven["predictions"][0]["class"]) == (str(image), "7")
    assert (drawn["drawing"], drawn["predictions"][0]["class"]) == (0, "7")
    assert wrong["file"] == str(broken)
    assert err.strip() == wrong["error"]


def test_weights_alone_are_opened_as_the_architecture_that_they_fit(
    outcome: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
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


def test_folders_named_as_classes_say_how_many_are_right(outcome, tmp_path):
    folder = tmp_path / "mine"
    for name in ("7", "1", "elsewhere"):
        (folder / name).mkdir(parents=True)
        shutil.copy(PHOTOS / "seven-phone.jpg", folder / name)
    table = tmp_path / "out.csv"
    command = ("predict", "lenet5-mnist", str(folder), "--csv", str(table))
    counted = f"3 of 3 images are predicted in {table}.\n"
    assert outcome(*command)[1] == f"{counted}1 of 2 images whose folder or name says the class is right.\n"
    assert outcome(*command)[1] == counted  # what was predicted before is not counted
