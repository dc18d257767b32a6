"""Models in several files, in folders and in zips; those of Keras 2 were made by `tests.strangers.make`."""

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.adopt import inspect_model, remember, remembered
from cnnstudio.models.trained.files import WeightsAloneError, load_model, model_digest, read_config
from cnnstudio.models.trained.library import find_model, load_classifier
from cnnstudio.models.trained.parts import is_model, main_file, model_file
from tests.strangers.make import image

STRANGERS = Path(__file__).parents[2] / "strangers"
ANSWERS = json.loads((STRANGERS / "answers.json").read_text())


def network():
    import keras
    from keras import layers

    keras.utils.set_random_seed(7)
    return keras.Sequential(
        [keras.Input((12, 12, 3)), layers.Conv2D(2, 3, name="conv"), layers.Flatten(), layers.Dense(3, "softmax")]
    )


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of today as `theirs.keras`, and as layers and weights in two files; nobody writes there."""
    folder = tmp_path_factory.mktemp("theirs")
    model = network()
    model.save(folder / "theirs.keras")
    (folder / "theirs.json").write_text(model.to_json())
    model.save_weights(folder / "theirs.weights.h5")
    return folder


@pytest.fixture
def put(theirs: Path, tmp_path: Path) -> Callable[..., Path]:
    """Puts files of those folders into one, under other names."""

    def put(**names: str) -> Path:
        folder = tmp_path / "put"
        folder.mkdir(exist_ok=True)
        for given, name in names.items():
            source = {"layers": "theirs.json", "weights": "theirs.weights.h5", "whole": "theirs.keras"}[given]
            shutil.copy(theirs / source, folder / name)
        return folder

    return put


def zipped(folder: Path, target: Path, around: str = "") -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, f"{around}{file.relative_to(folder)}")
    return target


def outputs(path: Path) -> np.ndarray:
    return load_model(path)(image()[None] / np.float32(255)).numpy()[0]


def answered(path: Path, value_range: str = "") -> np.ndarray:
    """What it answers once it was adopted as it was guessed, but for a range that is named."""
    found = inspect_model(path)
    remember(found, replace(found.guess, value_range=value_range) if value_range else found.guess)
    return load_classifier(path).predict_many(image()[None])[0]


# Layers and weights


@pytest.mark.parametrize(
    "names",
    [
        ("model.json", "model.weights.h5"),
        ("my_cnn.json", "my-cnn-weights.weights.h5"),
        ("layers of mine.json", "best.weights.h5"),
    ],
)
def test_layers_and_weights_of_today_are_opened_by_either(theirs, put, names):
    folder = put(layers=names[0], weights=names[1])
    np.testing.assert_array_equal(outputs(folder), outputs(theirs / "theirs.keras"))
    assert model_digest(folder / names[0]) == model_digest(folder / names[1]) == model_digest(folder)


def test_layers_and_weights_of_keras_2_answer_as_there(tmp_path):
    for file in ("layers.json", "weights.h5"):
        shutil.copy(STRANGERS / file, tmp_path)
    np.testing.assert_allclose(answered(tmp_path / "layers.json", "0-1"), ANSWERS["0-1"], atol=1e-5)


def test_of_several_weights_those_that_are_called_alike_are_taken(put):
    folder = put(layers="a.json", weights="a_weights.h5")
    put(weights="b_weights.h5")
    expected = model_digest(folder / "a.json")
    assert expected == model_digest(folder / "a_weights.h5")
    put(layers="b.json")
    assert expected == model_digest(folder / "a.json")


def test_where_it_is_not_clear_which_belong_together_that_is_said(put):
    folder = put(layers="model.json", weights="weights.01.h5")
    put(weights="weights.02.h5")
    with pytest.raises(StudioError, match=r"may be in weights\.01\.h5 or weights\.02\.h5, beside it\. Open that file"):
        load_model(folder / "model.json")
    assert load_model(folder / "weights.02.h5").count_params() > 0
    put(layers="other.json")
    with pytest.raises(StudioError, match=r"layers may be in model\.json or other\.json"):
        load_model(folder / "weights.02.h5")


def test_layers_alone_are_described_and_their_weights_missed(put):
    path = put(layers="model.json") / "model.json"
    assert read_config(path)["config"]["layers"]
    for ask in (load_model, inspect_model, load_classifier):
        with pytest.raises(StudioError, match=r"the layers of a model, but not its weights. Put the .h5 file"):
            ask(path)


def test_weights_alone_say_what_is_missing(put):
    path = put(weights="only.weights.h5") / "only.weights.h5"
    (path.parent / "class_names.json").write_text('["a", "b", "c"]')
    for ask in (load_model, read_config, inspect_model, load_classifier):
        with pytest.raises(WeightsAloneError, match=r"not its layers. Put the .json file with the layers") as caught:
            ask(path)
        assert caught.value.path == path


def test_weights_of_other_layers_do_not_fit(put):
    folder = put(layers="model.json")
    shutil.copy(STRANGERS / "weights.h5", folder)
    with pytest.raises(StudioError, match=r"weights do not fit its layers|for weights, of which the file holds"):
        load_model(folder / "model.json")


@pytest.mark.parametrize("end", [0, 10, 200])
def test_layers_that_are_cut_off_are_damaged(put, end):
    path = put(layers="model.json", weights="model.weights.h5") / "model.json"
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(StudioError, match=r"it is empty|no .keras file|it is damaged"):
        load_model(path)


def test_layers_that_are_not_allowed_are_refused_in_a_text_as_in_a_file(put):
    folder = put(layers="model.json", weights="model.weights.h5")
    config = json.loads((folder / "model.json").read_text())
    config["config"]["layers"][1]["class_name"] = "Lambda"
    (folder / "model.json").write_text(json.dumps(config))
    with pytest.raises(StudioError, match="contains “Lambda”, which is not on the list"):
        load_model(folder / "model.weights.h5")


# Folders and zips


def test_a_model_is_found_in_its_folder_however_deep(put, tmp_path):
    folder = put(whole="theirs.keras")
    (folder / ".DS_Store").touch()
    outer = tmp_path / "outer"
    shutil.copytree(folder, outer / "a" / "b")
    (outer / "__MACOSX").mkdir()
    for path in (folder, outer):
        assert is_model(path) and model_file(path).name == "theirs.keras" and find_model(path).name == "theirs.keras"
    assert model_digest(outer) == model_digest(folder / "theirs.keras")


@pytest.mark.parametrize("around", ["", "mine/", "mine/again/"])
def test_a_model_is_found_in_a_zip(put, tmp_path, around):
    folder = put(whole="theirs.keras")
    path = zipped(folder, tmp_path / "packed.zip", around)
    assert is_model(path)
    assert model_digest(path) == model_digest(folder / "theirs.keras")


def test_layers_and_weights_are_found_in_a_zip(theirs, put, tmp_path):
    path = zipped(put(layers="model.json", weights="model.weights.h5"), tmp_path / "packed.zip")
    assert model_digest(path) == model_digest(theirs / "theirs.json")
    assert outputs(path).shape == (3,)


def test_an_unpacked_or_renamed_file_is_opened(theirs, tmp_path):
    with zipfile.ZipFile(theirs / "theirs.keras") as archive:
        archive.extractall(tmp_path / "theirs")
    renamed = Path(shutil.copy(theirs / "theirs.keras", tmp_path / "theirs.zip"))
    for path in (tmp_path / "theirs", renamed):
        assert is_model(path)
        np.testing.assert_array_equal(outputs(path), outputs(theirs / "theirs.keras"))


def test_several_models_in_a_folder_are_named(put, tmp_path):
    folder = put(whole="a.keras")
    put(whole="b.keras")
    for path in (folder, zipped(folder, tmp_path / "packed.zip")):
        assert is_model(path)
        with pytest.raises(StudioError, match=r"it holds several models \(a\.keras, b\.keras\)\. Open one of them"):
            load_model(path)
    for name in "cdef":
        put(whole=f"{name}.keras")
    with pytest.raises(StudioError, match=r"\(a\.keras, b\.keras, c\.keras, d\.keras, e\.keras, …\)"):
        load_model(folder)


def test_a_folder_of_pictures_is_no_model_nor_one_of_anything_else(put, tmp_path):
    folder = put(whole="theirs.keras")
    (folder / "cat.JPG").touch()
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    (tmp_path / "data.json").write_text('{"classes": {"class_name": "x"}}')
    project = tmp_path / "project"
    shutil.copytree(tmp_path / "pictures", project)
    (project / "model.h5").touch()
    projects = tmp_path / "projects"
    shutil.copytree(project, projects)
    (projects / "best.h5").touch()
    for path in (
        folder,
        project,
        projects,
        tmp_path / "pictures",
        tmp_path / "data.json",
        tmp_path / "none.zip",
        tmp_path / "none",
    ):
        assert not is_model(path)
    assert not is_model(zipped(folder, tmp_path / "packed.zip"))
    with pytest.raises(StudioError, match="there is no model in it"):
        load_model(tmp_path / "pictures")


def test_a_zip_of_many_files_is_taken_for_pictures(put, tmp_path):
    path = zipped(put(whole="theirs.keras"), tmp_path / "packed.zip")
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(1_000):
            archive.writestr(f"{number}.txt", "")
    assert not is_model(path)


def test_a_pipe_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "model.json")
    os.mkfifo(tmp_path / "model.h5")
    assert not is_model(tmp_path / "model.json")
    with pytest.raises(StudioError, match="is not a file"):
        load_model(tmp_path)


def test_a_bomb_in_a_zip_is_not_unpacked(tmp_path):
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.h5", bytes(10 * 2**20))
    with pytest.raises(StudioError, match=r"would unpack to 10\.5 MB, as in a zip bomb"):
        load_model(path)


def test_a_damaged_zip_is_a_sentence(put, tmp_path):
    path = zipped(put(whole="theirs.keras"), tmp_path / "packed.zip")
    data = bytearray(path.read_bytes())
    for end in range(0, len(data), 997):
        path.write_bytes(data[:end])
        with pytest.raises(StudioError, match=r"packed.zip is not opened: "):
            load_model(path)


def test_of_several_files_the_one_that_the_others_belong_to_is_opened(put, tmp_path):
    folder = put(layers="model.json", weights="model.weights.h5")
    labels = folder / "labels.txt"
    labels.touch()
    weights, layers = folder / "model.weights.h5", folder / "model.json"
    assert main_file([labels, layers, weights]) == weights
    assert main_file([labels, layers]) == layers
    assert main_file([labels, folder]) == folder


# Teachable Machine


def test_an_export_of_teachable_machine_is_opened_in_one_go(tmp_path):
    packed = STRANGERS / "converted_keras.zip"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "unpacked")
    for path in (packed, model_file(tmp_path / "unpacked")):
        found = inspect_model(path)
        assert found.guess.classes == ("Cat", "Big Dog", "Käfer") and found.guess.value_range == "-1-1"
        assert found.guess.name == "converted_keras"
        assert "labels.txt" in found.names_reason and "Teachable Machine" in found.range_reason
    np.testing.assert_allclose(answered(packed), ANSWERS["-1-1"], atol=1e-5)
    assert remembered(packed) == remembered(tmp_path / "unpacked" / "converted_keras" / "keras_model.h5") is not None


@pytest.mark.parametrize("name", ["nested_keras.zip", "nested_savedmodel.zip"])
def test_the_network_that_teachable_machine_exports_answers_as_there(name):
    """Models in models; by the names of its layers, the range is known without the name of its file."""
    found = inspect_model(STRANGERS / name)
    assert found.guess.classes == ("Cat", "Big Dog", "Käfer") and found.guess.value_range == "-1-1"
    np.testing.assert_allclose(answered(STRANGERS / name), ANSWERS["nested"], atol=1e-5)
