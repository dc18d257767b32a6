"""A table of predictions that two programs write at once, or that somebody takes away."""

import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from cnnstudio.data.folders.files import PictureFile
from cnnstudio.errors import StudioError
from cnnstudio.models.trained.folder_prediction import FilePrediction
from cnnstudio.models.trained.prediction_table import PredictionTable


def predictions(*names: str) -> list[FilePrediction]:
    return [FilePrediction(PictureFile(name, Path(name)), ((0, "cat", 0.9),)) for name in names]


def files_in(table: Path) -> list[str]:
    with table.open(encoding="utf-8", newline="") as file:
        return [row["file"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("overwrite", [False, True])
def test_who_comes_second_waits_and_goes_on_in_the_whole_table(tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "out.csv"
    waits = Event()

    def second() -> int:
        with PredictionTable(path, 1, "model", overwrite, waits.set) as table:
            rows = predictions("a.png", "b.png", "c.png")
            table.add(row for row in rows if not table.holds(row.file))
            return table.done

    with ThreadPoolExecutor(1) as pool:
        with PredictionTable(path, 1, "model") as table:
            table.add(predictions("a.png"))
            done = pool.submit(second)
            assert waits.wait(20)
            table.add(predictions("b.png"))
        assert done.result(20) == (0 if overwrite else 2)
    assert files_in(path) == ["a.png", "b.png", "c.png"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_refusal_keeps_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("no table\n")
    for _ in range(2):
        with pytest.raises(StudioError, match="no table of predictions"):
            PredictionTable(path, 1, "model")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("replaced", [False, True])
def test_rows_go_into_no_table_that_is_gone(tmp_path: Path, replaced: bool) -> None:
    path = tmp_path / "out.csv"
    with PredictionTable(path, 1, "model") as table:
        table.add(predictions("a.png"))
        path.rename(tmp_path / "moved.csv")
        if replaced:
            path.write_text("another file")
        with pytest.raises(StudioError, match=r"out\.csv was moved, removed or replaced meanwhile"):
            table.add(predictions("b.png"))
    assert files_in(tmp_path / "moved.csv") == ["a.png"]
