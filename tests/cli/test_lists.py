"""The commands that list: data sets, architectures, models."""

import importlib
import json

from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.trained.library import list_models
from cnnstudio.storage import runs_folder
from tests.data.made_folders import MADE


def test_datasets(outcome):
    code, out, err = outcome("datasets", "--json")
    assert (code, err) == (0, "")
    entries = json.loads(out)
    assert [entry["name"] for entry in entries] == list(DATASETS)
    assert entries[0]["train_images"] + entries[0]["test_images"] == 70_000
    code, out, err = outcome("datasets")
    assert (code, err) == (0, "")
    for entry in DATASETS.values():
        assert entry.name in out
        assert entry.description in out


def test_what_a_folder_holds(outcome, tmp_path):
    folder = MADE["a deep tree"].make(tmp_path / "set")
    code, out, err = outcome("datasets", str(folder))
    assert (code, err) == (0, "")
    assert out.startswith("Each folder is a class.\n2 classes, 16 images.\n")
    for text in ("Apple", "Pear", "folders=2", "4", "Conference"):
        assert text in out
    code, out, err = outcome("datasets", str(folder), "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["counts"] == {"all": [8, 8]}
    assert [(one["layout"], one["classes"]) for one in document["layouts"]] == [("folders", 2), ("folders=2", 4)]


def test_architectures(outcome):
    code, out, err = outcome("architectures", "--json")
    assert (code, err) == (0, "")
    assert {entry["name"]: entry["title"] for entry in json.loads(out)} == {
        name: entry.title for name, entry in ARCHITECTURES.items()
    }
    code, out, err = outcome("architectures")
    assert (code, err) == (0, "")
    for entry in ARCHITECTURES.values():
        assert entry.idea in out


def test_models_lists_shipped_ones_and_runs(outcome, trained):
    runs_folder().mkdir(parents=True)
    (runs_folder() / "mine").symlink_to(trained, target_is_directory=True)
    code, out, err = outcome("models", "--json")
    assert (code, err) == (0, "")
    entries = {entry["name"]: entry for entry in json.loads(out)}
    assert list(entries) == [entry.name for entry in list_models()]
    assert set(entries["mine"]) == {"name", "kind", "architecture", "dataset", "test_accuracy", "path"}
    assert entries["mine"]["kind"] == "run"
    assert entries["mine"]["architecture"] == "softmax"
    assert entries["mine"]["dataset"] == "mnist"
    assert 0.85 < entries["mine"]["test_accuracy"] < 0.95
    code, out, err = outcome("models")
    assert (code, err) == (0, "")
    assert str(runs_folder() / "mine") in out


def test_a_broken_run_is_told_and_does_not_hide_the_others(outcome, trained):
    broken = runs_folder() / "broken"
    broken.mkdir(parents=True)
    (broken / "card.json").write_text("{")
    (runs_folder() / "mine").symlink_to(trained, target_is_directory=True)
    code, out, err = outcome("models", "--json")
    assert code == 0
    assert "mine" in {entry["name"] for entry in json.loads(out)}
    assert "broken" not in {entry["name"] for entry in json.loads(out)}
    assert str(broken) in err
    assert len(err.splitlines()) == 1


def test_a_model_that_cannot_be_downloaded_gets_a_sentence(outcome, monkeypatch):
    code, out, err = outcome("models", "--download", "alexnet")
    assert (code, out) == (2, "")
    assert "choose one of efficientnetv2-b0" in err
    module = importlib.import_module("keras.src.applications.resnet")
    monkeypatch.setattr(module, "BASE_WEIGHTS_PATH", "http://127.0.0.1:9/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    code, out, err = outcome("models", "--download", "resnet50")
    assert (code, out) == (1, "")
    assert err == (
        "ResNet-50 cannot be downloaded: 127.0.0.1:9 could not be reached. "
        "Check the connection to the internet and try again.\n"
    )
