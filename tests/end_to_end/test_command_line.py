"""One journey on the command line, as somebody types it: train, list, evaluate, predict."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from cnnstudio.data.library import load_dataset


def cnnstudio(*arguments: str, code: int = 0) -> tuple[str, str]:
    """Runs a command; gives its stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "cnnstudio", *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
        timeout=200,
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_train_list_evaluate_predict(tmp_path: Path) -> None:
    out, err = cnnstudio("train", "--architecture", "softmax", "--epochs", "1", "--json")
    trained = json.loads(out)
    assert "Epoch 1 of 1" in err
    run = Path(trained["run"])

    models = json.loads(cnnstudio("models", "--json")[0])
    [mine] = [model for model in models if Path(model["path"]) == run]
    assert mine["kind"] == "run"
    assert mine["test_accuracy"] == trained["test_accuracy"]

    out, err = cnnstudio("evaluate", mine["name"], "--json")
    evaluation = json.loads(out)
    assert err == ""
    assert evaluation["images"] == 10_000
    assert abs(evaluation["accuracy"] - trained["test_accuracy"]) < 1e-9

    test = load_dataset("mnist").test
    index = np.flatnonzero(test.labels == 7)[0]
    image = tmp_path / "seven.png"
    Image.fromarray(test.images[index, ..., 0]).save(image)
    strokes = tmp_path / "strokes.json"
    strokes.write_text(json.dumps([[[[10, 10], [90, 10], [40, 120]]]]))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    out, err = cnnstudio("predict", str(run), str(image), str(broken), "--strokes", str(strokes), "--json", code=1)
    seven, wrong, drawn = json.loads(out)
    assert (seven["file"], seven["predictions"][0]["class"]) == (str(image), "7")
    assert (drawn["drawing"], drawn["predictions"][0]["class"]) == (0, "7")
    assert wrong["file"] == str(broken)
    assert err.strip() == wrong["error"]
