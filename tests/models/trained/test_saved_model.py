"""SavedModels of Keras 2: layers and weights are read as data, and answer as there; others are told apart."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.adopt import inspect_model, remembered
from cnnstudio.models.trained.files import load_model, model_digest, read_graph
from cnnstudio.models.trained.library import find_model
from tests.models.trained.test_parts import ANSWERS, STRANGERS, answered, outputs

PACKED = STRANGERS / "converted_savedmodel.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with zipfile.ZipFile(PACKED) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "model.savedmodel"


def test_it_answers_as_in_keras_2_wherever_it_lies(folder):
    np.testing.assert_allclose(outputs(PACKED), ANSWERS["0-1"], atol=1e-5)
    digests = {model_digest(path) for path in (PACKED, folder, folder.parent, folder / "saved_model.pb")}
    assert len(digests) == 1


def test_it_becomes_a_classifier_with_the_names_beside_it(folder):
    for path, name in (
        (PACKED, PACKED.stem),
        *((find_model(one), folder.parent.name) for one in (folder, folder.parent)),
    ):
        found = inspect_model(path)
        assert found.guess.name == name
        assert found.guess.classes == ("Cat", "Big Dog", "Käfer") and found.guess.value_range == "-1-1"
        assert found.range_reason == "It is called as Teachable Machine calls what it exports."
    np.testing.assert_allclose(answered(PACKED, "-1-1"), ANSWERS["-1-1"], atol=1e-5)
    assert remembered(find_model(folder)) is not None  # it is asked for once


def test_one_without_layers_says_how_to_save_it(folder):
    (folder / "keras_metadata.pb").unlink()
    with pytest.raises(StudioError, match=r'tf_keras\.models\.load_model\("FOLDER"\)\.save\("model\.keras"\)'):
        load_model(folder)
    (folder / "saved_model.pb").write_bytes(b"a graph alone")
    with pytest.raises(StudioError, match="it is a SavedModel that only TensorFlow runs: Keras's layers are gone"):
        load_model(folder)


@pytest.mark.parametrize("name", ["variables.index", "variables.data-00000-of-00001"])
def test_one_without_weights_names_the_file_that_is_missing(folder, name):
    shutil.move(folder / "variables" / name, folder / name)
    with pytest.raises(StudioError, match=f"its file variables/{name} is missing or cannot be read"):
        load_model(folder)


@pytest.mark.parametrize(
    "name", ["keras_metadata.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]
)
def test_damaged_bytes_are_refused_or_harmless(folder, name):
    random = np.random.default_rng(0)
    path = folder / name
    data = path.read_bytes()
    for number in range(20):
        damaged = bytearray(data[: random.integers(len(data))] if number % 2 else data)
        for place in random.integers(0, max(1, min(len(damaged), 3_000)), 3 if damaged else 0):
            damaged[place] = int(random.integers(256))
        path.write_bytes(damaged)
        try:
            read_graph(folder / "saved_model.pb", with_weights=True)
        except StudioError as error:
            assert " is not opened: " in str(error) and "\n" not in str(error)


def test_a_layer_in_it_that_is_not_allowed_is_refused(folder):
    path = folder / "keras_metadata.pb"
    data = path.read_bytes()
    assert data.count(b'"class_name": "MaxPooling2D"') > 0
    path.write_bytes(data.replace(b'"class_name": "MaxPooling2D"', b'"class_name": "Lambda"      '))
    with pytest.raises(StudioError, match="contains “Lambda”, which is not on the list"):
        load_model(folder)
