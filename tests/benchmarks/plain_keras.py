"""The peer that somebody who knows Keras writes; a process of its own that knows nothing of CNN Studio.

`python tests/benchmarks/plain_keras.py SCENARIO FOLDER` prints one JSON object. TensorFlow runs in it as it would
without us: the settings that `import cnnstudio` makes reach no other process than ours.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH_SIZE = 128


def run(scenario: str, folder: Path) -> dict[str, float]:
    """Runs a scenario in a process of its own.

    Args:
        scenario: a key of `SCENARIOS`.
        folder: with what the scenario reads.
    """
    from tests.benchmarks import ENVIRONMENT

    command = [sys.executable, __file__, scenario, str(folder)]
    environment = {**ENVIRONMENT, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"plain Keras failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


class Training:
    """`fit` on NumPy arrays with Adam, batches of 128.

    Args:
        build: makes the network from a seed.
        train: images and labels.
        test: likewise, to measure the accuracy on.
    """

    def __init__(
        self, build: Callable[[int], Any], train: tuple[Any, Any], test: tuple[Any, Any] | None = None
    ) -> None:
        self._build = build
        self._arrays = {"x": train[0], "y": train[1]}
        if test is not None:
            self._arrays |= {"test_x": test[0], "test_y": test[1]}

    def __call__(self, seed: int) -> dict[str, float]:
        """One epoch of a new network: `images_per_second`, and its `accuracy` where there are test images."""
        import numpy as np

        with tempfile.TemporaryDirectory() as name:
            self._build(seed).save(Path(name) / "model.keras")
            np.savez(Path(name) / "images.npz", **self._arrays)
            return run("training", Path(name))


def training(folder: Path) -> dict[str, float]:
    """One epoch of `fit`, compiled before the clock starts, and the accuracy after it."""
    import keras
    import numpy as np

    arrays = np.load(folder / "images.npz")
    images, labels = arrays["x"], arrays["y"]
    model = keras.models.load_model(folder / "model.keras")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    weights = model.get_weights()
    model.fit(images[: 2 * BATCH_SIZE], labels[: 2 * BATCH_SIZE], batch_size=BATCH_SIZE, verbose=0)
    model.set_weights(weights)
    started = time.perf_counter()
    model.fit(images, labels, batch_size=BATCH_SIZE, verbose=0)
    told = {"images_per_second": len(labels) / (time.perf_counter() - started)}
    if "test_x" in arrays:
        told["accuracy"] = model.evaluate(arrays["test_x"], arrays["test_y"], batch_size=512, verbose=0)[1]
    return told


def prediction(folder: Path) -> dict[str, float]:
    """Pillow decodes each picture of the folder `pictures`, `model.predict` answers; the second time counts."""
    import keras
    import numpy as np
    from PIL import Image

    model = keras.models.load_model(folder / "model.keras")
    classes = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    for _ in range(2):
        started = time.perf_counter()
        files = sorted((folder / "pictures").rglob("*.jpg"))
        images = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
        probabilities = model.predict(images, verbose=0)
        answers = [classes[index] for index in probabilities.argmax(axis=1)]
        seconds = time.perf_counter() - started
    return {"images_per_second": len(answers) / seconds}


SCENARIOS: dict[str, Callable[[Path], dict[str, float]]] = {"training": training, "prediction": prediction}

if __name__ == "__main__":
    print(json.dumps(SCENARIOS[sys.argv[1]](Path(sys.argv[2]))))
