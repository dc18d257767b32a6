"""Class names beside models and as they are typed."""

import json
import shutil
from pathlib import Path

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.adopt import inspect_model
from cnnstudio.models.trained.class_names import NAMES_FILES, decoded, find_class_names, listed_names
from cnnstudio.models.trained.files import load_model

NAMES = ["cat", "big dog", "Käfer"]

LISTS = {
    "lines": "cat\nbig dog\nKäfer\n",
    "lines of Windows": "cat\r\n\r\nbig dog\r\nKäfer",
    "commas": "cat, big dog, Käfer",
    "Teachable Machine": "0 cat\n1 big dog\n2 Käfer\n",
    "numbers and tabs": "0\tcat\n1\tbig dog\n2\tKäfer",
    "numbers and colons": "0: cat\n1: big dog\n2: Käfer",
    "a table": '0,cat\n1,"big dog"\n2,Käfer\n',
    "a list": json.dumps(NAMES),
    "an object by number": json.dumps({"2": "Käfer", "0": "cat", "1": "big dog"}),
    "an object by name": json.dumps({"big dog": 1, "cat": 0, "Käfer": 2}),
    "a list within": json.dumps({"version": 3, "class_names": NAMES}),
    "an object within": json.dumps({"model_type": "x", "id2label": {"0": "cat", "1": "big dog", "2": "Käfer"}}),
    "numbers of WordNet": json.dumps({"0": ["n01", "cat"], "1": ["n02", "big dog"], "2": ["n03", "Käfer"]}),
}


@pytest.mark.parametrize("kind", LISTS)
def test_names_are_read_from_all_that_people_write(kind):
    assert listed_names(LISTS[kind]) == NAMES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_names_are_read_as_editors_save_them(encoding):
    assert listed_names(decoded("\n".join(NAMES).encode(encoding))) == NAMES


def test_digits_are_names_too():
    assert listed_names("0\n1\n2") == listed_names("0 0\n1 1\n2 2") == ["0", "1", "2"]
    assert listed_names("1 a\n2 b") == ["1 a", "2 b"]  # that do not count from 0


@pytest.mark.parametrize(
    "text", ["[", '{"a": 0, "b"', '["a", 1]', "{}", "[]", '{"a": 0, "b": 2}', '{"a": 0, "b": 0}', "[" * 10**5]
)
def test_json_without_names_is_a_sentence(text):
    with pytest.raises(StudioError, match=r"It is damaged|It holds no class names"):
        listed_names(text)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import keras

    path = tmp_path_factory.mktemp("theirs") / "model.keras"
    keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]).save(path)
    return path


@pytest.fixture
def model(theirs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(theirs, tmp_path))


@pytest.mark.parametrize(
    "name", ["model_labels.txt", "model.txt", *(name for name in NAMES_FILES if name != "metadata.json")]
)
def test_names_that_lie_beside_a_model_are_offered(model, name):
    (model.parent / name.upper()).write_text("\n".join(NAMES), encoding="utf-8")
    found = inspect_model(model)
    assert found.guess.classes == tuple(NAMES)
    assert found.names_reason == f"These are the names in {name.upper()}, which lies beside it."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\nb", "there are 2, and it has 3 outputs"),
        ("a\nb\nc\nd", "there are 4, and it has 3 outputs"),
        ("a\nb\na", "one is there twice"),
        ('["a", "b"', "It is damaged"),
    ],
)
def test_names_that_cannot_be_right_are_not_taken_and_that_is_said(model, text, words):
    (model.parent / "labels.txt").write_text(text)
    found = inspect_model(model)
    assert found.guess.classes == ("class 0", "class 1", "class 2")
    assert found.names_reason.startswith("The names in labels.txt were not taken") and words in found.names_reason


def test_the_first_file_whose_names_fit_is_taken(model):
    (model.parent / "labels.txt").write_text("a\nb")
    (model.parent / "class_indices.json").write_text('{"x": 2, "y": 0, "z": 1}')
    assert find_class_names(model, 3)[0] == ("y", "z", "x")


def test_names_that_are_called_after_a_model_come_first_and_notes_on_it_last(model):
    (model.parent / "model.txt").write_text("Made in\nthe first\nweek.\nWorks.")
    assert find_class_names(model, 3) == (None, "")
    (model.parent / "labels.txt").write_text("a\nb\nc")
    assert find_class_names(model, 3)[0] == ("a", "b", "c")
    (model.parent / "model_labels.txt").write_text("x\ny\nz")
    assert find_class_names(model, 3)[0] == ("x", "y", "z")


def test_without_any_file_nothing_is_said(model):
    (model.parent / "metadata.json").write_text('{"keras_version": "3.15.1"}')
    (model.parent / "labels.txt").mkdir()
    assert find_class_names(model, 3) == (None, "")
    assert load_model(model).count_params() > 0
