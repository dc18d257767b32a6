"""Many files through a classifier, and the table that is made of it."""

import csv
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.folders.files import PictureFile, list_pictures
from cnnstudio.errors import StudioError
from cnnstudio.models.networks.building import build_network
from cnnstudio.models.trained.adopt import inspect_model, open_adopted, remember
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.folder_prediction import MAX_BATCH, FilePrediction, predict_files
from cnnstudio.models.trained.library import load_classifier
from cnnstudio.models.trained.prediction_table import PredictionTable, columns, model_mark, save_table
from cnnstudio.progress import Progress

pytestmark = pytest.mark.numbers

CLASSES = ("cat", "dog", "=1+1")


@pytest.fixture(scope="module")
def colour() -> Classifier:
    return Classifier(build_network("softmax", (8, 8, 3), 3, seed=1), Card("Pets", CLASSES, (8, 8, 3), "centre-crop"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of several formats and sizes, and two that are damaged."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for number in range(40):
        size = (8, 8, 3) if number % 2 else (9 + number * 7, 50, 3)
        picture = Image.fromarray(random.integers(0, 256, size).astype(np.uint8))
        picture.save(folder / f"{number}.{('jpg', 'png', 'webp')[number % 3]}")
    (folder / "17b.jpg").write_bytes((folder / "18.jpg").read_bytes()[:200])
    (folder / "3b.png").write_bytes(b"")
    return folder


def flat(batches: object) -> list[FilePrediction]:
    return [prediction for batch in batches for prediction in batch]


def test_each_is_predicted_as_by_itself(colour: Classifier, folder: Path) -> None:
    files = list_pictures([folder])[0]
    predictions = flat(predict_files(colour, files, top=2))
    assert [prediction.file for prediction in predictions] == files
    for prediction in predictions:
        name = prediction.file.path.name
        assert bool(prediction.error) == (name in {"17b.jpg", "3b.png"})
        if prediction.error:
            assert (name in prediction.error, prediction.top) == (True, ())
        else:
            expected = colour.predict(prediction.file.path).top(2)
            assert [one[:2] for one in prediction.top] == [one[:2] for one in expected]
            assert [one[2] for one in prediction.top] == pytest.approx([one[2] for one in expected], abs=1e-5)


def test_folders_named_as_classes_say_what_is_right(colour: Classifier, tmp_path: Path) -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8))
    for name in ("cat", "DOG", "=1+1", "elsewhere", "test/cat"):
        (tmp_path / name).mkdir(parents=True)
        picture.save(tmp_path / name / "1.png")
    (tmp_path / "cat" / "broken.png").write_bytes(b"none")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(tmp_path / "cat" / "1.png", "pets/dog/1.png")
        archive.write(tmp_path / "cat" / "1.png", "top.png")
    files = list_pictures([tmp_path, tmp_path / "set.zip"])[0]
    predictions = {
        one.file.name.removeprefix(str(tmp_path)).strip("/"): one for one in flat(predict_files(colour, files))
    }
    answer = colour.predict(tmp_path / "cat" / "1.png").top(1)[0][1]
    assert {name: one.truth for name, one in predictions.items()} == {
        "cat/1.png": "cat",
        "cat/broken.png": "cat",
        "DOG/1.png": "dog",
        "=1+1/1.png": "=1+1",
        "elsewhere/1.png": "",
        "test/cat/1.png": "cat",
        "set.zip/pets/dog/1.png": "dog",
        "set.zip/top.png": "",
    }
    assert predictions["cat/1.png"].right == (answer == "cat")
    assert predictions["DOG/1.png"].right == (answer == "dog")
    assert predictions["elsewhere/1.png"].right is None
    assert predictions["cat/broken.png"].right is None


def test_progress_comes_and_can_end_it(colour: Classifier, folder: Path) -> None:
    files = list_pictures([folder])[0] * 30
    told: list[Progress] = []
    predictions = flat(predict_files(colour, files, on_progress=told.append))
    assert [told[-1].done, told[-1].total, told[-1].unit] == [len(files), len(predictions), "images"]
    assert len(told) >= len(files) // MAX_BATCH

    class EnoughError(Exception):
        """Ends it."""

    def end(_progress: Progress) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        flat(predict_files(colour, files, on_progress=end))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_only_a_few_files_are_opened_ahead(colour: Classifier, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    source = PictureFile.source
    monkeypatch.setattr(PictureFile, "source", lambda file: opened.append(file.name) or source(file))
    batches = predict_files(colour, list_pictures([folder])[0] * 200)
    next(batches)
    batches.close()
    assert len(opened) <= 3 * MAX_BATCH


def test_nothing_to_predict(colour: Classifier) -> None:
    assert flat(predict_files(colour, [])) == []


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def predicted(name: str, *top: tuple[int, str, float], error: str = "") -> FilePrediction:
    return FilePrediction(PictureFile(name, Path(name)), top, error)


CAT = (0, "cat", 0.75)
DOG = (1, "dog", 0.25)


def test_a_table_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with PredictionTable(path, 2, "m 1") as table:
        table.add([predicted("a.png", CAT, DOG), predicted('odd "n,a\nme".png', DOG, CAT)])
        table.add([predicted("bad.png", error="bad.png is no picture.")])
    whole = path.read_bytes()
    assert rows_of(path)[0] == columns(2)
    assert rows_of(path)[2] == ['odd "n,a\nme".png', "dog", "0.25", "cat", "0.75", "", "", "", "m 1"]
    assert rows_of(path)[3] == ["bad.png", "", "", "", "", "", "", "bad.png is no picture.", "m 1"]
    for length in range(whole.index(b"\n") + 1, len(whole) + 1):
        path.write_bytes(whole[:length])
        with PredictionTable(path, 2, "m 1") as table:
            held = [table.holds(PictureFile(name, Path())) for name in ("a.png", 'odd "n,a\nme".png', "bad.png")]
            table.add([predicted("z.png", CAT, DOG)])
        assert held in ([False] * 3, [True, False, False], [True, True, False])
        assert table.done == sum(held)
        assert [row[0] for row in rows_of(path)] == ["file", *["a.png", 'odd "n,a\nme".png'][: sum(held)], "z.png"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"some,other,table\n1,2,3\n", "is no table of predictions"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no table of predictions"),
        (",".join(columns(3)).encode() + b"\n", "names 3 classes for each picture, not 2"),
        (",".join(columns(2)).encode() + b"\na.png,cat,1,dog,0,,,,other 2\n", "another model (other 2)"),
    ],
)
def test_another_table_is_not_touched(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(content)
    with pytest.raises(StudioError) as caught:
        PredictionTable(path, 2, "m 1")
    assert why in str(caught.value)
    assert "--overwrite" in str(caught.value)
    assert path.read_bytes() == content
    with PredictionTable(path, 2, "m 1", overwrite=True) as table:
        table.add([predicted("a.png", CAT, DOG)])
    assert len(rows_of(path)) == 2


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    hostile = predicted("=cmd|calc.png", (2, "=1+1", 0.5), (3, "-5", 0.25), error="")
    with PredictionTable(path, 2, "@evil 1") as table:
        table.add([hostile, predicted("-x.png", error="=HYPERLINK()")])
    cells = [cell for row in rows_of(path) for cell in row]
    assert [cell for cell in cells if cell[:1] in set("=+-@\t\r")] == ["-5"]
    with PredictionTable(path, 2, "@evil 1") as table:
        assert table.holds(hostile.file)
    assert Path(rows_of(path)[1][0]) == Path("=cmd|calc.png")


def test_saved_at_once_for_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    save_table(path, [predicted("größe.png", CAT, DOG)], 2, "m 1")
    assert path.read_bytes().startswith(b"\xef\xbb\xbffile,class,probability,class_2")
    assert rows_of(path)[1][0] == "größe.png"
    with PredictionTable(path, 2, "m 1") as table:
        assert table.done == 1
    with pytest.raises(StudioError, match="cannot be written"):
        save_table(tmp_path / "nowhere" / "out.csv", [], 2, "m 1")


def test_a_table_says_what_the_folders_say(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    save_table(path, [replace(predicted("a.png", CAT, DOG), truth=truth) for truth in ("cat", "dog", "")], 2, "m 1")
    assert [row[5:7] for row in rows_of(path)] == [["folder_class", "right"], ["cat", "yes"], ["dog", "no"], ["", ""]]


def test_a_table_of_an_earlier_version_goes_on_in_its_own_columns(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("file,class,probability,class_2,probability_2,error,model\na.png,cat,0.75,dog,0.25,,m 1\n")
    with PredictionTable(path, 2, "m 1") as table:
        assert table.done == 1
        table.add([predicted("b.png", DOG, CAT)])
    assert rows_of(path)[2] == ["b.png", "dog", "0.25", "cat", "0.75", "", "m 1"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere" / "out.csv"):
        with pytest.raises(StudioError, match="cannot be written"):
            PredictionTable(path, 2, "m 1")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk() -> None:
    with pytest.raises(StudioError, match="the disk is full"):
        PredictionTable(Path("/dev/full"), 2, "m 1")


def test_a_copy_goes_on_with_the_table_and_another_model_does_not(colour: Classifier, tmp_path: Path) -> None:
    colour.save(tmp_path / "copy")
    other = Classifier(build_network("softmax", (8, 8, 3), 3, seed=2), colour.card)
    copy = load_classifier(tmp_path / "copy")
    assert model_mark(colour).startswith("Pets ") and model_mark(copy).startswith("copy ")
    save_table(tmp_path / "out.csv", [predicted("a.png", CAT, DOG)], 2, model_mark(colour))
    with PredictionTable(tmp_path / "out.csv", 2, model_mark(copy)) as table:
        assert table.done == 1
    with pytest.raises(StudioError, match="another model"):
        PredictionTable(tmp_path / "out.csv", 2, model_mark(other))


def test_a_model_of_which_the_range_of_values_was_changed_is_another(save_ranged: Callable[[str], Classifier]) -> None:
    marks = [model_mark(save_ranged(name)) for name in ("0-1", "0-1", "-1-1", "0-255", "0-1-bgr")]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 4


@pytest.fixture
def save_ranged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Classifier]:
    """Opens the same model of somebody else's with the range of values of a name."""
    monkeypatch.setenv("CNNSTUDIO_HOME", str(tmp_path / "home"))
    path = tmp_path / "theirs.keras"
    build_network("softmax", (8, 8, 3), 3, seed=1).save(path)

    def opened(name: str) -> Classifier:
        found = inspect_model(path)
        remember(found, replace(found.guess, value_range=name))
        return open_adopted(path)

    return opened


def test_slow_pictures_come_a_few_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for large photos sees something, and loses little when it is ended."""
    model = Classifier(build_network("softmax", (8, 8, 3), 3, seed=1), Card("Pets", CLASSES, (8, 8, 3), "imagenet"))
    source = PictureFile.source

    def slowly(file: PictureFile) -> Path | bytes:
        time.sleep(0.03)
        return source(file)

    monkeypatch.setattr(PictureFile, "source", slowly)
    files = list_pictures([folder])[0]
    told: list[Progress] = []
    batches = list(predict_files(model, files, on_progress=told.append))
    assert len(batches) > 1
    assert [prediction.file for prediction in flat(batches)] == files
    assert len(told) >= len(batches)
