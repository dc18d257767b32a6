"""Digits of many pens and papers are read, and several on a page are found out and read one by one."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.augmentation.made_up_digits import draw_digits
from cnnstudio.data.pictures.input_rules import INPUT_RULES, Part
from cnnstudio.models.trained.library import load_classifier
from tests.data.digit_photos import KINDS, Sheet, photograph, shapes_of_drawings, sheet

SHAPE = (28, 28, 1)


def split(picture: Image.Image) -> tuple[Part, ...]:
    return INPUT_RULES["digit"].split(picture, SHAPE)


def page(name: str, count: int, columns: int) -> tuple[Sheet, np.ndarray]:
    drawings, labels = draw_digits(count, seed=8)
    return sheet(name, shapes_of_drawings(drawings), columns, np.random.default_rng(4)), labels


@pytest.mark.parametrize("kind", KINDS)
def test_digits_of_many_pens_and_papers_are_read(kind: str) -> None:
    drawings, labels = draw_digits(10, seed=21)
    classifier = load_classifier("lenet5-mnist")
    random = np.random.default_rng(14)
    pictures = [photograph(shape, KINDS[kind], random) for shape in shapes_of_drawings(drawings)]
    images = np.stack([classifier.prepare(picture).image for picture in pictures])
    assert (classifier.predict_many(images).argmax(axis=1) == labels).sum() >= 9


@pytest.mark.parametrize("name", ["ruled sheet", "squares"])
def test_digits_of_a_sheet_are_read_row_by_row(name: str) -> None:
    written, labels = page(name, 6, 3)
    parts = split(written.picture)
    assert len(parts) == 6
    for part, (left, top, right, bottom) in zip(parts, written.boxes, strict=True):
        assert part.box == pytest.approx((left, top, right, bottom), abs=6)
        assert part.image.shape == SHAPE
    read = load_classifier("lenet5-mnist").predict_many(np.stack([part.image for part in parts])).argmax(axis=1)
    assert (read == labels).sum() >= 5


@pytest.mark.parametrize("kind", ["ballpoint", "grid paper"])
def test_one_digit_is_no_sheet(kind: str) -> None:
    random = np.random.default_rng(6)
    for shape in shapes_of_drawings(draw_digits(10, seed=9)[0])[::10]:
        assert not split(photograph(shape, KINDS[kind], random))


@pytest.mark.parametrize(
    "picture", [Image.new("L", (400, 300), 255), Image.new("RGB", (1, 1)), Image.new("L", (9000, 2))]
)
def test_nothing_is_no_sheet(picture: Image.Image) -> None:
    assert not split(picture)


def test_noise_is_no_sheet() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    assert not split(Image.fromarray(pixels))


def test_a_sheet_on_the_command_line(outcome, tmp_path):
    path = tmp_path / "sheet.png"
    written, labels = page("grid sheet", 4, 2)
    written.picture.save(path)
    code, out, _ = outcome("predict", "lenet5-mnist", str(path), "--top", "1", "--json")
    assert code == 0
    [entry] = json.loads(out)
    assert [digit["predictions"][0]["class"] for digit in entry["digits"]] == [str(label) for label in labels]
    assert entry["digits"][3]["box"] == pytest.approx(written.boxes[3], abs=6)
    _, out, _ = outcome("predict", "lenet5-mnist", str(path))
    assert out.startswith(f"{path}: 4 digits, row by row: 0 (")
    table = tmp_path / "answers.csv"
    assert outcome("predict", "lenet5-mnist", str(path), "--csv", str(table))[0] == 0
    with table.open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["class"] == f"a sheet of 4 digits: {' '.join(map(str, labels))}"
    assert float(row["probability"]) == min(digit["predictions"][0]["probability"] for digit in entry["digits"])
    assert (row["class_2"], row["error"]) == ("", "")
