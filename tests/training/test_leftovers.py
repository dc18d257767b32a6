"""What killed programs left half done: found, told apart from what is going on, and removed."""

import os
import shutil
import time
from pathlib import Path

from cnnstudio.data.library import collected_folder
from cnnstudio.storage import data_folder, runs_folder
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.leftovers import find_leftovers, remove_leftovers
from cnnstudio.training.runs import create_run

CONFIG = TrainingConfig(architecture="softmax")


def file(path: Path, hours: float) -> Path:
    """A file that was touched so long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    then = time.time() - 3600 * hours
    os.utime(path, (then, then))
    return path


def test_where_nothing_was_made_nothing_is_left(home: Path) -> None:
    assert find_leftovers() == []
    remove_leftovers()
    assert not home.exists()


def test_a_training_that_was_killed_in_its_first_epoch(home: Path) -> None:
    killed, running = create_run(CONFIG), create_run(CONFIG)
    file(killed.folder / ".model-abcd1234.keras", 0)
    file(killed.folder / "history.json", 0)
    killed.close()
    (runs_folder() / "somebody's notes").mkdir()
    file(runs_folder() / "somebody's notes" / "notes.txt", 0)
    for name, kept in (
        ("fine", ["config.json", "card.json", "model.keras"]),
        ("somebody took the model", ["config.json", "history.json", "card.json"]),
        ("without a config", ["card.json"]),
        ("a history alone", ["history.json"]),
        ("another config", ["config.json"]),
    ):
        for one in kept:
            file(runs_folder() / name / one, 0).write_text('{"model": "something else"}')
        if name.startswith("somebody"):
            shutil.copy(killed.folder / "config.json", runs_folder() / name)
    assert find_leftovers() == [killed.folder]
    remove_leftovers()
    assert sorted(path.name for path in runs_folder().iterdir()) == [
        "a history alone",
        "another config",
        "fine",
        running.folder.name,
        "somebody took the model",
        "somebody's notes",
        "without a config",
    ]
    assert find_leftovers() == []
    running.close()
    assert find_leftovers() == [running.folder]


def test_files_that_were_being_written(home: Path) -> None:
    old = {
        file(folder / name, 2)
        for folder, name in (
            (data_folder(), ".cnnstudio-abcd1234.json"),
            (data_folder() / "architectures", ".cnnstudio-abcd1234.json"),
            (runs_folder() / "fine", ".card-abcd1234.json"),
            (runs_folder() / "fine", ".model-abcd1234.keras"),
            (collected_folder() / "set", ".cnnstudio-abcd1234.json"),
            (collected_folder() / "set" / "circle", ".cnnstudio-abcd1234.png"),
        )
    }
    unfinished_set = file(collected_folder() / ".cnnstudio-1234" / "dataset.json", 2).parent
    then = time.time() - 7200
    os.utime(unfinished_set, (then, then))
    kept = {
        file(runs_folder() / "fine" / "model.keras", 2),
        file(runs_folder() / "fine" / ".cnnstudio-new.keras", 0.5),
        file(collected_folder() / "set" / "circle" / ".hidden.png", 2),
        file(data_folder() / ".datasets.json.lock", 2),
    }
    assert set(find_leftovers()) == {*old, unfinished_set}
    remove_leftovers()
    assert {path for path in home.rglob("*") if path.is_file()} == kept
