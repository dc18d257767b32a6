"""Files are written whole or not at all; folders are one's own; what ships is found."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cnnstudio import storage


def test_what_is_written_is_there(tmp_path: Path) -> None:
    for number, content in enumerate((b"bytes", "text: ü", lambda path: path.write_text("by a function"))):
        path = tmp_path / f"{number}.txt"
        storage.write_atomically(path, content)
        assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert (tmp_path / "1.txt").read_text(encoding="utf-8") == "text: ü"
    assert (tmp_path / "2.txt").read_text() == "by a function"
    assert len(list(tmp_path.iterdir())) == 3


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_a_failure_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half of the new")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        storage.write_atomically(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        storage.write_atomically(tmp_path / "none" / "x", b"")


def test_user_folders_lie_below_one_place(home: Path) -> None:
    folders = {storage.data_folder(), storage.cache_folder(), storage.config_folder(), storage.log_folder()}
    assert len(folders) == 4
    assert all(folder.is_dir() and folder.is_relative_to(home) for folder in folders)
    assert storage.runs_folder().is_relative_to(storage.data_folder())


def test_folders_asked_for_at_once_are_different(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: storage.unused_folder(tmp_path, "run"), range(24)))
    assert len(set(folders)) == 24
    assert {folder.name for folder in folders} == {"run", *(f"run-{number}" for number in range(2, 25))}


def test_what_ships_is_found_and_what_does_not_is_said() -> None:
    assert (storage.shipped("assets/mnist") / "LICENSE.md").is_file()
    with pytest.raises(FileNotFoundError, match="missing from this installation"):
        storage.shipped("assets/no-such-thing")


def test_everything_that_ships_has_a_licence_beside_it() -> None:
    for folder in [*storage.shipped("assets").iterdir(), *storage.shipped("trained").iterdir()]:
        assert (folder / "LICENSE.md").is_file(), folder
