import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.cli.predict import BATCH
from cnnstudio.data.library import load_dataset
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.library import load_classifier

pytestmark = pytest.mark.numbers

SEVEN = [[[10, 10], [90, 10], [40, 120]]]
ONE = [[[50, 0], [50, 100]]]


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Ten PNG files, one of each digit, in order."""
    test = load_dataset("mnist").test
    folder = tmp_path_factory.mktemp("digits")
    files = []
    for label in range(10):
        files.append(str(folder / f"{label}.png"))
        Image.fromarray(test.images[np.flatnonzero(test.labels == label)[0], ..., 0]).save(files[-1])
    return files


def test_images_and_drawings(outcome, trained, digits, strokes_file):
    code, out, err = outcome("predict", str(trained), *digits, "--strokes", strokes_file([SEVEN, ONE]), "--json")
    assert (code, err) == (0, "")
    entries = json.loads(out)
    assert [entry.get("file", entry.get("drawing")) for entry in entries] == [*digits, 0, 1]
    classifier = load_classifier(trained)
    for entry, file in zip(entries, digits, strict=False):
        expected = classifier.predict(classifier.prepare(file).image).probabilities
        assert [one["index"] for one in entry["predictions"]] == list(np.argsort(-expected)[:3])
        assert [one["probability"] for one in entry["predictions"]] == pytest.approx(
            np.sort(expected)[:-4:-1], abs=1e-5
        )
    assert sum(entry["predictions"][0]["index"] == label for label, entry in enumerate(entries[:10])) >= 8
    assert entries[10]["predictions"][0]["class"] == "7"
    assert entries[11]["predictions"][0]["class"] == "1"
    assert set(entries[0]["predictions"][0]) == {"class", "index", "probability"}


def test_text_is_one_line_each(outcome, trained, digits, strokes_file):
    arguments = ["predict", str(trained), digits[1], "--strokes", strokes_file([SEVEN]), "--top", "1"]
    code, out, err = outcome(*arguments)
    assert (code, err) == (0, "")
    image, drawing = out.splitlines()
    assert image.startswith(f"{digits[1]}: 1 (")
    assert drawing.startswith("drawing 0: 7 (")


def test_top_is_bounded_by_the_classes(outcome, trained, digits):
    code, out, _ = outcome("predict", str(trained), digits[0], "--top", "99", "--json")
    assert code == 0
    [entry] = json.loads(out)
    assert sorted(one["index"] for one in entry["predictions"]) == list(range(10))
    assert sum(one["probability"] for one in entry["predictions"]) == pytest.approx(1, abs=1e-5)


def test_a_bad_image_does_not_spoil_the_good_ones(outcome, trained, digits, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    missing = tmp_path / "missing.png"
    files = [digits[3], str(bad), str(missing), digits[4]]
    code, out, err = outcome("predict", str(trained), *files, "--json")
    assert code == 1
    entries = json.loads(out)
    assert [entry["file"] for entry in entries] == files
    assert ["error" in entry for entry in entries] == [False, True, True, False]
    complaints = err.splitlines()
    assert len(complaints) == 2
    assert str(bad) in complaints[0]
    assert str(missing) in complaints[1]
    code, out, err = outcome("predict", str(trained), *files)
    assert code == 1
    assert len(out.splitlines()) == len(err.splitlines()) == 2


def test_an_empty_drawing_among_many_batches_of_drawings(outcome, trained, strokes_file):
    drawings = [SEVEN, ONE] * BATCH
    drawings[BATCH + 3] = []
    code, out, err = outcome("predict", str(trained), "--strokes", strokes_file(drawings), "--top", "1", "--json")
    assert code == 1
    entries = json.loads(out)
    assert [entry["drawing"] for entry in entries] == list(range(2 * BATCH))
    assert [index for index, entry in enumerate(entries) if "error" in entry] == [BATCH + 3]
    best = [entry["predictions"][0]["class"] for entry in entries if "predictions" in entry]
    assert best == [("7", "1")[index % 2] for index in range(2 * BATCH) if index != BATCH + 3]
    assert len(err.splitlines()) == 1
    assert err.startswith(f"drawing {BATCH + 3}: ")


@pytest.mark.parametrize("content", ["{}", "[[[[1]]]]", "nonsense", ""])
def test_a_strokes_file_that_is_none(outcome, trained, tmp_path, content):
    path = tmp_path / "strokes.json"
    path.write_text(content)
    code, out, err = outcome("predict", str(trained), "--strokes", str(path))
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert str(path) in err


def test_a_folder_without_a_model(outcome, tmp_path, digits):
    code, out, err = outcome("predict", str(tmp_path), digits[0], "--json")
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert "there is no model in it (a .keras or .h5 file" in err


@pytest.fixture
def folder(digits, tmp_path):
    """Twelve digits in two folders, a damaged picture and a text."""
    folder = tmp_path / "mine"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
    for number, file in enumerate([*digits, *digits[:2]]):
        shutil.copy(file, folder / ("b" if number < 10 else "a") / f"{number}.png")
    (folder / "b" / "bad.png").write_bytes(b"no image")
    (folder / "notes.txt").write_text("no image either")
    return folder


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_becomes_a_table(outcome, trained, folder, tmp_path):
    table = tmp_path / "out.csv"
    code, out, err = outcome("predict", str(trained), str(folder), "--csv", str(table), "--top", "2")
    assert code == 1
    assert out == f"12 of 13 images are predicted in {table}; 1 could not be read.\n"
    assert err.splitlines() == [str(folder / "b" / "bad.png") + err[len(str(folder / "b" / "bad.png")) : -1]]
    rows = rows_of(table)
    named = ["class", "probability", "class_2", "probability_2"]
    assert list(rows[0]) == ["file", *named, "folder_class", "right", "error", "model"]
    assert [row["file"] for row in rows] == [
        *(str(folder / "a" / f"{number}.png") for number in (10, 11)),
        *(str(folder / "b" / f"{number}.png") for number in range(10)),
        str(folder / "b" / "bad.png"),
    ]
    code, out, _ = outcome("predict", str(trained), str(folder), "--json", "--top", "2")
    assert code == 1
    for row, entry in zip(rows, json.loads(out), strict=True):
        assert row["file"] == entry["file"]
        if "error" in entry:
            assert (row["error"], row["class"]) == (entry["error"], "")
        else:
            first, second = entry["predictions"]
            assert [row["class"], row["class_2"]] == [first["class"], second["class"]]
            assert float(row["probability_2"]) == pytest.approx(second["probability"], rel=1e-4)


def test_the_same_command_goes_on(outcome, trained, folder, tmp_path):
    table = tmp_path / "out.csv"
    command = ("predict", str(trained), str(folder), "--csv", str(table))
    outcome(*command)
    whole = rows_of(table)
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:6]) + lines[6][:20])
    (folder / "b" / "bad.png").write_bytes((folder / "b" / "3.png").read_bytes())
    code, out, err = outcome(*command)
    assert (code, out) == (0, f"13 of 13 images are predicted in {table}.\n")
    assert err == f"{table} holds 5 of 13 images already; 8 are new.\n"
    for row, first in zip(rows_of(table)[:12], whole[:12], strict=True):
        # In a batch of another size the last bits of float32 come out otherwise, and a fifth digit may be rounded so.
        names = [name for name in row if name.startswith("probability")]
        shares, first_shares = ([float(cells.pop(name)) for name in names] for cells in (row, first))
        assert shares == pytest.approx(first_shares, rel=2e-4)
        assert row == first
    assert rows_of(table)[12]["class"] == rows_of(table)[5]["class"]
    before = table.read_bytes()
    code, _, err = outcome(*command)
    assert (code, table.read_bytes()) == (0, before)
    assert "13 of 13" in err


def test_a_file_is_known_however_its_path_is_spelled(outcome, trained, folder, tmp_path, monkeypatch):
    table = tmp_path / "out.csv"
    (folder / "b" / "bad.png").unlink()
    outcome("predict", str(trained), str(folder / "a"), "--csv", str(table))
    monkeypatch.chdir(tmp_path)
    code, _, err = outcome("predict", str(trained), "mine/b/../a", "mine", "./mine", "--csv", "out.csv")
    assert (code, err) == (0, "out.csv holds 2 of 12 images already; 10 are new.\n")
    names = [row["file"] for row in rows_of(table)]
    assert len(names) == len({Path(name).resolve() for name in names}) == 12
    code, _, err = outcome("predict", str(trained), str(folder), "--csv", str(table))
    assert (code, err) == (0, f"{table} holds 12 of 12 images already; none is new.\n")
    assert [row["file"] for row in rows_of(table)] == names


def test_the_table_of_another_model_is_kept(outcome, trained, folder, tmp_path):
    table = tmp_path / "out.csv"
    outcome("predict", str(trained), str(folder), "--csv", str(table))
    before = table.read_bytes()
    code, out, err = outcome("predict", "lenet5-mnist", str(folder), "--csv", str(table))
    assert (code, out) == (1, "")
    assert "another model" in err
    assert "--overwrite" in err
    assert table.read_bytes() == before
    code, _, _ = outcome("predict", "lenet5-mnist", str(folder), "--csv", str(table), "--overwrite")
    assert code == 1  # for the damaged one
    assert {row["model"].split()[0] for row in rows_of(table)} == {"lenet5-mnist"}


def test_ctrl_c_keeps_what_is_written(outcome, trained, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("cnnstudio.models.trained.folder_prediction.MAX_BATCH", 40)
    for number in range(20, 140):
        shutil.copy(folder / "b" / f"{number % 10}.png", folder / "b" / f"{number}.png")
    table = tmp_path / "out.csv"
    predict_many = Classifier.predict_many
    calls = []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return predict_many(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Classifier, "predict_many", interrupted)
        code, out, err = outcome("predict", str(trained), str(folder), "--csv", str(table))
    assert (code, out) == (130, "")
    done = len(rows_of(table))
    assert 0 < done < 133
    assert f"{133 - done:,} images are left" in err.splitlines()[-1]
    outcome("predict", str(trained), str(folder), "--csv", str(table))
    names = [row["file"] for row in rows_of(table)]
    assert len(names) == len(set(names)) == 133


@pytest.mark.parametrize(
    "options",
    [["--csv", "x.csv", "--json"], ["--csv", "x.csv", "--strokes", "s.json"], ["--overwrite"]],
)
def test_options_that_do_not_go_together(outcome, trained, digits, options):
    code, out, err = outcome("predict", str(trained), digits[0], *options)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_a_folder_without_pictures(outcome, trained, tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    code, out, err = outcome("predict", str(trained), str(tmp_path / "notes.txt"), "--csv", str(tmp_path / "out.csv"))
    assert (code, len(err.splitlines())) == (1, 1)
    folder = tmp_path / "empty"
    folder.mkdir()
    code, out, err = outcome("predict", str(trained), str(folder))
    assert (code, out) == (1, "")
    assert str(folder) in err
