"""The library on a real folder of runs."""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.card import CARD_FILE, MODEL_FILE, read_card
from cnnstudio.models.trained.library import (
    ModelEntry,
    copy_model,
    find_model,
    list_broken_models,
    list_models,
    load_classifier,
    rename_model,
    trash_model,
)
from cnnstudio.storage import runs_folder

IMAGE = np.random.default_rng(0).integers(0, 256, (28, 28, 1), dtype=np.uint8)


@pytest.fixture
def add_run(saved):
    """Puts a copy of a saved model among the runs."""

    def add(name: str, created: str = "2025-01-01T12:00:00") -> Path:
        folder = runs_folder() / name
        shutil.copytree(saved, folder)
        (folder / CARD_FILE).write_text(replace(read_card(folder), name=name, created=created).to_json(), "utf-8")
        return folder

    return add


def entry_named(name: str) -> ModelEntry:
    return next(entry for entry in list_models() if entry.name == name)


def runs() -> list[str]:
    return [entry.name for entry in list_models() if entry.kind == "run"]


def test_without_runs_there_are_only_the_shipped():
    assert runs() == []
    assert list_broken_models() == {}


def test_the_newest_run_comes_first(add_run):
    add_run("b", "2025-03-01T12:00:00")
    add_run("c", "2025-03-01T12:00:00+14:00")
    add_run("a", "2025-02-01T12:00:00")
    add_run("now", "")
    assert runs() == ["now", "b", "c", "a"] or runs() == ["now", "c", "b", "a"]
    kinds = [entry.kind for entry in list_models()]
    assert kinds == sorted(kinds, reverse=True)


def test_a_card_whose_model_is_still_being_written_is_no_broken_model(add_run):
    model = add_run("mine") / MODEL_FILE
    temporary = model.rename(model.with_name(".cnnstudio-abcdefgh.keras"))
    assert list_broken_models() == {}
    temporary.unlink()
    assert list(list_broken_models()) == [model.parent]


def test_broken_folders_are_told_apart(add_run):
    add_run("fine")
    (add_run("no card") / CARD_FILE).unlink()
    (add_run("no model") / MODEL_FILE).unlink()
    (add_run("bad card") / CARD_FILE).write_text("{")
    in_its_first_epoch = runs_folder() / "running"
    in_its_first_epoch.mkdir()
    (in_its_first_epoch / "config.json").write_text("{}")
    (runs_folder() / "a file").touch()
    assert runs() == ["fine"]
    problems = {folder.name: problem for folder, problem in list_broken_models().items()}
    assert problems.keys() == {"no card", "no model", "bad card"}
    assert "has no card.json" in problems["no card"]
    assert "no model.keras" in problems["no model"]
    assert "not valid JSON" in problems["bad card"]


def test_a_home_that_cannot_be_used_hides_no_shipped_model(home):
    before = list_models()
    assert not home.exists()
    home.write_text("a file in the way")
    assert list_models() == before
    assert list_broken_models() == {}


def test_a_model_is_found_by_name_and_by_path(add_run, saved):
    folder = add_run("lenet")
    for text in ("lenet", folder, str(folder), folder / MODEL_FILE):
        assert find_model(text) == folder
    assert find_model(saved / MODEL_FILE) == saved


def test_a_path_may_be_relative_or_at_home(saved, monkeypatch, tmp_path):
    monkeypatch.chdir(saved.parent)
    assert find_model(saved.name).samefile(saved)
    monkeypatch.setenv("HOME", str(saved.parent))
    monkeypatch.setenv("USERPROFILE", str(saved.parent))
    monkeypatch.chdir(tmp_path)
    assert find_model(f"~/{saved.name}").samefile(saved)


def test_a_name_comes_before_a_path(add_run, tmp_path, monkeypatch):
    folder = add_run("lenet")
    (tmp_path / "lenet").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_model("lenet") == folder


def test_similar_names_are_offered(add_run):
    add_run("Zahlen 1")
    add_run("Zahlen 2")
    with pytest.raises(StudioError, match=r"no model “Zahle 1”\. Did you mean “Zahlen 1” or “Zahlen 2”\?"):
        find_model("Zahle 1")
    with pytest.raises(StudioError, match=r"no model “xyz”\. The command “cnnstudio models” lists all"):
        find_model("xyz")


def test_of_a_path_where_nothing_is_any_more_it_is_said_so(tmp_path):
    with pytest.raises(StudioError, match=r"theirs\.keras is not there: it was moved or deleted\. Open it again"):
        load_classifier(tmp_path / "theirs.keras")


def test_names_do_not_reach_beyond_their_folder(add_run, tmp_path, monkeypatch):
    add_run("lenet")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudioError, match="no model"):
        find_model("../runs/lenet")


@pytest.mark.parametrize("how", ["name", "folder", "file"])
def test_a_classifier_is_loaded_however_it_is_named(add_run, lenet5, how):
    folder = add_run("lenet")
    classifier = load_classifier({"name": "lenet", "folder": str(folder), "file": folder / MODEL_FILE}[how])
    assert classifier.card.name == "lenet"
    np.testing.assert_allclose(classifier.predict(IMAGE).probabilities, lenet5.predict(IMAGE).probabilities, atol=1e-6)


def test_a_card_with_another_number_of_classes_is_refused(add_run):
    folder = add_run("lenet")
    card = replace(read_card(folder), classes=("a", "b", "c"))
    (folder / CARD_FILE).write_text(card.to_json(), "utf-8")
    with pytest.raises(StudioError, match="names 3 classes, but its network answers with 10 numbers"):
        load_classifier("lenet")


def test_a_folder_without_card_gets_one_sentence(add_run):
    folder = add_run("lenet")
    (folder / CARD_FILE).unlink()
    with pytest.raises(StudioError, match=r"has no card\.json"):
        load_classifier("lenet")
    with pytest.raises(StudioError, match=r"has no card, which names the classes"):
        load_classifier(folder / MODEL_FILE)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89HDF\r\n\x1a\n"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "x.keras").write_bytes(content)
    with pytest.raises(StudioError, match=r"x\.keras is not opened: "):
        load_classifier(tmp_path / "x.keras")


@pytest.mark.parametrize("name", ["मेरा पहला नेट", "数字", "Ünï-çødé 2", "a.b", "  spaces  "])
def test_a_run_is_renamed_in_any_script(add_run, name):
    folder = add_run("old")
    renamed = rename_model(entry_named("old"), name)
    assert renamed.name == name.strip()
    assert renamed.path == folder.with_name(name.strip())
    assert runs() == [name.strip()]
    assert read_card(renamed.path).name == name.strip()
    assert load_classifier(name.strip()).card == renamed.card


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        ("..", "begin with a dot"),
        (".hidden", "begin with a dot"),
        ("-rf", "a dash"),
        ("end.", "nor end with a dot"),
        ("../evil", "cannot contain “/”"),
        ("a\\b", r"cannot contain “\\”"),
        ("a:b*c", r"cannot contain “\*” or “:”"),
        ("a\nb", r"cannot contain “\\n”"),
        ("a\0b", r"cannot contain “\\x00”"),
        ("CON", "Windows keeps"),
        ("lpt1.x", "Windows keeps"),
        ("x" * 101, "at most 100 characters"),
        ("数" * 100, "at most 100 characters"),
        ("taken", "named “taken” already"),
        ("TAKEN", "named “TAKEN” already"),
    ],
)
def test_an_impossible_name_is_explained(add_run, name, words):
    add_run("old")
    add_run("taken")
    with pytest.raises(StudioError, match=words):
        rename_model(entry_named("old"), name)
    assert sorted(runs()) == ["old", "taken"]


def test_a_model_is_renamed_on_a_full_disk(add_run, monkeypatch):
    """A new name needs no room."""
    add_run("old")
    entry = entry_named("old")

    def refuse(*arguments, **options):
        raise OSError(28, "No space left on device")

    for method in ("write_bytes", "write_text"):
        monkeypatch.setattr(Path, method, refuse)
    renamed = rename_model(entry, "new")
    assert renamed == entry_named("new")
    assert runs() == ["new"]


def test_the_case_of_a_name_can_be_changed(add_run):
    add_run("lenet")
    assert rename_model(entry_named("lenet"), "LeNet").path.name == "LeNet"
    assert rename_model(entry_named("LeNet"), "LeNet").name == "LeNet"


def test_a_run_that_is_gone_cannot_be_renamed(add_run):
    folder = add_run("old")
    entry = entry_named("old")
    shutil.rmtree(folder)
    with pytest.raises(StudioError, match="“old” cannot be renamed"):
        rename_model(entry, "new")


def test_shipped_models_stay(saved, make_card):
    entry = ModelEntry("lenet5-mnist", saved, "shipped", make_card())
    with pytest.raises(StudioError, match="ships with CNN Studio and cannot be renamed"):
        rename_model(entry, "mine")
    with pytest.raises(StudioError, match="ships with CNN Studio and cannot be deleted"):
        trash_model(entry)
    assert (saved / MODEL_FILE).is_file()


def test_a_run_goes_to_the_trash(add_run, monkeypatch, tmp_path):
    folder = add_run("old")
    monkeypatch.setattr("send2trash.send2trash", lambda path: path.rename(tmp_path / "trash"))
    trash_model(entry_named("old"))
    assert not folder.exists()
    assert runs() == []
    assert (tmp_path / "trash" / MODEL_FILE).is_file()


def test_a_copy_opens_in_keras_and_here(add_run, tmp_path, lenet5):
    import keras

    add_run("lenet")
    copied = copy_model(entry_named("lenet"), tmp_path / "digits.keras")
    np.testing.assert_allclose(
        keras.models.load_model(copied).predict(IMAGE[np.newaxis].astype("f4"), verbose=0)[0],
        lenet5.predict(IMAGE).probabilities,
        atol=1e-6,
    )
    assert load_classifier(copied).card == entry_named("lenet").card


def test_a_card_within_a_file_is_checked_too(add_run, tmp_path):
    add_run("lenet")
    copied = copy_model(entry_named("lenet"), tmp_path / "digits.keras")
    with zipfile.ZipFile(copied) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for metadata, words in (
        (b"{", "has no card"),
        (b"[1]", "has no card"),
        (b'{"cnnstudio_card": {}}', "is incomplete"),
    ):
        with zipfile.ZipFile(copied, "w") as archive:
            for name, data in (members | {"metadata.json": metadata}).items():
                archive.writestr(name, data)
        with pytest.raises(StudioError, match=words):
            load_classifier(copied)


def test_a_copy_replaces_a_file_but_no_folder(add_run, tmp_path):
    add_run("lenet")
    (tmp_path / "old.keras").write_text("old")
    assert load_classifier(copy_model(entry_named("lenet"), tmp_path / "old.keras"))
    full = tmp_path / "full.keras"
    full.mkdir()
    (full / "thesis.tex").write_text("precious")
    with pytest.raises(StudioError, match="cannot be saved as"):
        copy_model(entry_named("lenet"), full)
    assert (full / "thesis.tex").read_text() == "precious"


def test_a_copy_to_where_nothing_can_be_written_is_explained(add_run, tmp_path):
    add_run("lenet")
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="cannot be saved as"):
        copy_model(entry_named("lenet"), tmp_path / "file" / "copy.keras")
