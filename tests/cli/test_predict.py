import json

import numpy as np
import pytest
from PIL import Image

from cnnstudio.cli.predict import BATCH
from cnnstudio.data.library import load_dataset
from cnnstudio.models.library import load_classifier

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


def test_a_model_folder_without_its_card(outcome, tmp_path, digits):
    code, out, err = outcome("predict", str(tmp_path), digits[0], "--json")
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert "card.json" in err
