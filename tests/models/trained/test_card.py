"""Cards: what is written is what is read, and what is wrong is named."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.trained.card import CARD_FILE, CARD_FORMAT, MAX_CARD_BYTES, Card, parse_card, read_card

FULL = Card(
    name="Ziffern 数字",
    classes=("zero", "un", "二"),
    input_shape=(28, 32, 3),
    input_rule="digit",
    dataset="mnist",
    architecture="lenet5",
    command="cnnstudio train --epochs 3",
    seed=7,
    parameters=61_706,
    epochs=3,
    test_accuracy=0.9912,
    test_loss=0.031,
    created="2025-11-22T15:19:00+01:00",
    versions={"keras": "3.15.1"},
    licence="CC BY-SA 3.0",
)
PATH = Path("folder") / CARD_FILE


def changed(**fields) -> str:
    return json.dumps(json.loads(FULL.to_json()) | fields)


def test_a_card_survives_the_disk(tmp_path):
    (tmp_path / CARD_FILE).write_text(FULL.to_json(), encoding="utf-8")
    assert read_card(tmp_path) == replace(FULL, name=tmp_path.name)


def test_a_model_goes_by_the_name_of_its_folder(tmp_path, monkeypatch):
    (tmp_path / CARD_FILE).write_text(FULL.to_json(), encoding="utf-8")
    renamed = tmp_path.rename(tmp_path.with_name("My net"))
    assert read_card(renamed).name == "My net"
    monkeypatch.chdir(renamed)
    assert read_card(Path()).name == "My net"


def test_a_card_is_readable_by_people():
    assert '"name": "Ziffern 数字",\n' in FULL.to_json()


def test_what_nobody_knows_may_be_left_out():
    needed = {"format": 1, "name": "x", "classes": ["a", "b"], "input_shape": [8, 8, 1], "input_rule": "digit"}
    card = parse_card(json.dumps(needed), PATH)
    assert card.test_accuracy is None
    assert card.versions == {}


def test_unknown_fields_are_ignored():
    assert parse_card(changed(colour="red", nested={"a": [1]}), PATH) == FULL


@pytest.mark.parametrize("field", ["format", "name", "classes", "input_shape", "input_rule"])
def test_a_missing_field_is_named(field):
    values = json.loads(FULL.to_json())
    del values[field]
    with pytest.raises(StudioError, match=f"“{field}” is missing"):
        parse_card(json.dumps(values), PATH)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", 5),
        ("name", "x" * 10_001),
        ("classes", "0123456789"),
        ("classes", []),
        ("classes", ["only"]),
        ("classes", ["a", 2]),
        ("classes", {"0": "zero"}),
        ("input_shape", [28, 28]),
        ("input_shape", [28, 28, 0]),
        ("input_shape", [28, -28, 1]),
        ("input_shape", [28.0, 28, 1]),
        ("input_shape", [True, 28, 1]),
        ("input_shape", "28"),
        ("input_rule", None),
        ("seed", -1),
        ("seed", "0"),
        ("parameters", 1.5),
        ("epochs", True),
        ("test_accuracy", 1.01),
        ("test_accuracy", -0.1),
        ("test_accuracy", "0.99"),
        ("test_accuracy", math.nan),
        ("test_loss", math.inf),
        ("test_loss", -1),
        ("created", "yesterday"),
        ("created", 20251122),
        ("versions", ["keras"]),
        ("versions", {"keras": 3}),
        ("licence", ["MIT"]),
        ("format", 0),
        ("format", "1"),
    ],
)
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(StudioError, match=rf"^{PATH} is damaged: “{field}” must be "):
        parse_card(changed(**{field: value}), PATH)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[1, 2]", "holds no JSON object"),
        ('"card"', "holds no JSON object"),
        (changed(format=CARD_FORMAT + 1), "newer CNN Studio"),
    ],
)
def test_what_is_no_card_is_said_so(text, words):
    with pytest.raises(StudioError, match=words):
        parse_card(text, PATH)


def test_a_folder_without_card_is_explained(tmp_path):
    with pytest.raises(StudioError, match=rf"{tmp_path} has no card.json, which names the classes"):
        read_card(tmp_path)


def test_a_card_that_is_a_folder_cannot_be_read(tmp_path):
    (tmp_path / CARD_FILE).mkdir()
    with pytest.raises(StudioError, match="cannot be read"):
        read_card(tmp_path)


def test_a_huge_card_is_not_read(tmp_path):
    with (tmp_path / CARD_FILE).open("wb") as file:
        file.truncate(MAX_CARD_BYTES + 1)
    with pytest.raises(StudioError, match="too large"):
        read_card(tmp_path)


def test_a_number_that_json_cannot_say_is_not_written():
    with pytest.raises(ValueError, match="nan"):
        Card("x", ("a", "b"), (1, 1, 1), "digit", test_loss=math.nan).to_json()


def test_independent_classes_are_kept_and_others_are_not_written():
    card = Card("name", ("a", "b"), (8, 8, 1), "digit")
    assert "independent" not in card.to_json()
    several = replace(card, independent=True)
    assert parse_card(several.to_json(), Path("card.json")) == several
    with pytest.raises(StudioError, match="“independent” must be true or false"):
        parse_card(several.to_json().replace('"independent": true', '"independent": 1'), Path("card.json"))
