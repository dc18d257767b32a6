"""What only an interpreter tells that has imported nothing yet, least of all Keras."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.models.layers import local_response_normalization
from cnnstudio.screen import CAMERA_INSTALL

pytestmark = pytest.mark.numbers

PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
import cnnstudio
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.files import load_model

with_a_layer_of_ours = load_model(Path(sys.argv[1]))
answer = np.asarray(with_a_layer_of_ours(np.full((1, 6, 6, 3), 100.0)))[0]
model = build_network("lenet5", (28, 28, 1), 10, seed=0)
classifier = Classifier(model, Card("x", tuple("0123456789"), (28, 28, 1), "digit"))
prediction = classifier.predict(np.zeros((28, 28), np.uint8), feature_maps=True)
import keras
print(json.dumps({
    "answer": answer.tolist(),
    "size": with_a_layer_of_ours.get_layer("norm").size,
    "parameters": model.count_params(),
    "types": sorted({weight.dtype for weight in model.weights}),
    "maps": prediction.layers[1].values.shape,
    "backend": keras.config.backend(),
}))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with a layer of ours, saved by Keras."""
    import keras

    inputs = keras.Input((6, 6, 3), name="image")
    x = local_response_normalization()(size=3, alpha=0.01, name="norm")(inputs)
    outputs = keras.layers.Dense(2, activation="softmax", name="output")(keras.layers.Flatten(name="flatten")(x))
    path = tmp_path_factory.mktemp("layers") / "model.keras"
    keras.Model(inputs, outputs).save(path)
    return path


@pytest.fixture(scope="module")
def told(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the program tells where the user has chosen other settings of Keras."""
    folder = tmp_path_factory.mktemp("keras")
    (folder / "keras.json").write_text(
        json.dumps({"image_data_format": "channels_first", "floatx": "float16", "backend": "jax", "epsilon": 1e-7})
    )
    settings = {"PYTHONWARNINGS": "error::UserWarning", "KERAS_HOME": str(folder), "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, saved], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_a_users_own_keras_settings_change_nothing(told: dict) -> None:
    assert (told["backend"], told["parameters"], told["types"]) == ("tensorflow", 61_706, ["float32"])
    assert told["maps"] == [28, 28, 6]


def test_a_layer_of_ours_is_known_at_once(told: dict, saved: Path) -> None:
    import keras

    expected = np.asarray(keras.models.load_model(saved)(np.full((1, 6, 6, 3), 100.0)))[0]
    assert told["size"] == 3
    np.testing.assert_allclose(told["answer"], expected, rtol=1e-5)


def test_no_source_is_read_at_imports_once_the_window_is_there(home: Path) -> None:
    """PySide looks for `__feature__` in each module that is imported, also in the thousands of TensorFlow."""
    program = """
from cnnstudio.gui.app import create
application, window = create(["cnnstudio"])
import imaplib
from shibokensupport import feature
print(*feature.pyside_feature_dict)
window.close()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    known = done.stdout.split()
    assert "shiboken6" in known and "imaplib" not in known and "cnnstudio.gui.main_window" not in known


WITHOUT = """
import sys
wanted = []
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == "PySide6.QtMultimedia":
            wanted.append(name)
            raise {error}
sys.meta_path.insert(0, Blocker())
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication([])
from cnnstudio.gui.widgets.drawing.camera import CameraView
from cnnstudio.screen import _CAMERA_NEEDS
_CAMERA_NEEDS["libnone.so.9"] = "libnone9"
view = CameraView()
told = []
view.failed.connect(told.append)
view.show()
assert not wanted, "nothing is imported before it is started"
view.start()
assert wanted
assert told == [view.problem()], told
assert view.findChild(QLabel, "camera_problem").isVisible()
assert "PySide6.QtMultimedia" not in sys.modules
print(told[0])
"""


@pytest.mark.parametrize(
    ("error", "help_"),
    [
        ("ModuleNotFoundError('none', name=name)", CAMERA_INSTALL),
        ("ImportError('libnone.so.9: cannot open shared object file: No such file or directory')", "libnone9"),
    ],
)
def test_without_the_extra_it_says_how_to_get_it(error, help_):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(error=error)], capture_output=True, text=True, timeout=60, check=True
    )
    assert help_ in done.stdout
