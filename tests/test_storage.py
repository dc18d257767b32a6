"""Files are written whole or not at all; folders are one's own; what ships is found."""

import ast
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cnnstudio import storage
from cnnstudio.errors import StudioError


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


def test_files_that_belong_together_change_together(tmp_path: Path) -> None:
    small, large = tmp_path / "card.json", tmp_path / "model.keras"
    storage.write_together({small: "old", large: b"old"})

    def fail(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        storage.write_together({small: "new", large: fail})
    assert (small.read_text(), large.read_bytes()) == ("old", b"old")
    large.unlink()
    large.mkdir()  # the disk refuses the second file only when the first is in its place
    for old in ("old", None):
        if old is None:
            small.unlink()
        with pytest.raises(OSError, match="directory"):
            storage.write_together({small: "new", large: b"new"})
        assert (small.read_text() if small.exists() else None) == old
    assert list(tmp_path.iterdir()) == [large]


def test_what_was_written_is_not_called_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the disk goes away the moment after."""

    def gone(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "unlink", gone)
    storage.write_atomically(tmp_path / "file", "content")
    assert (tmp_path / "file").read_text() == "content"


def test_a_folder_is_claimed_until_its_program_lets_go(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    assert not storage.is_claimed(folder)
    claim = storage.Claim(folder)
    assert storage.is_claimed(folder)
    with pytest.raises(BlockingIOError):
        storage.Claim(folder)
    folder.rename(tmp_path / "renamed")
    folder.mkdir()
    assert not claim.is_at(folder)
    assert claim.find(tmp_path) == tmp_path / "renamed"
    (tmp_path / "renamed").rmdir()
    assert claim.find(tmp_path) is None
    claim.end()
    assert list(folder.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        storage.Claim(tmp_path / "renamed")


def test_a_claim_ends_with_its_program(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys\nfrom cnnstudio.storage import Claim\nclaim = Claim(pathlib.Path(sys.argv[1]))\n"
        "print('claimed', flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout.readline() == "claimed\n"
        assert storage.is_claimed(tmp_path)
        program.kill()
        program.wait(10)
    assert not storage.is_claimed(tmp_path)


def test_what_is_being_written_is_abandoned_after_an_hour_and_all_else_after_a_day(tmp_path: Path) -> None:
    names = (f"{storage.TEMPORARY}x.json", ".card-ab12_xyz.json", "folder")
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.mkdir() if path.name == "folder" else path.touch()
    for hours, abandoned in ((0, 0), (2, 2), (30, 3)):
        then = time.time() - 3600 * hours
        for path in paths:
            os.utime(path, (then, then))
        assert sum(map(storage.is_abandoned, paths)) == abandoned
    storage.remove_abandoned([*paths, tmp_path / "gone"])
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.write_atomically(tmp_path / "none" / "x", b"")


def test_user_folders_lie_below_one_place(home: Path) -> None:
    folders = {storage.data_folder(), storage.cache_folder(), storage.config_folder(), storage.log_folder()}
    assert len(folders) == 4
    assert all(folder.is_relative_to(home) for folder in folders)
    assert storage.runs_folder().is_relative_to(storage.data_folder())
    assert not home.exists(), "whoever asks where they are has nothing to write yet"


def test_writing_is_tried_out_and_leaves_nothing(tmp_path: Path) -> None:
    storage.try_writing(tmp_path / "new" / "folder")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        storage.try_writing(tmp_path / "file" / "folder")


def test_free_space_is_told_of_a_folder_to_come(tmp_path: Path) -> None:
    assert storage.free_bytes(tmp_path / "not" / "yet") > 0


HOSTILE_PATHS = ["a\0b", "\ud800", "a" * 5000, "/" + "a/" * 3000, "loop", "loop/x", "file/x", "~nobody-of-this-name/x"]


@pytest.mark.parametrize("name", HOSTILE_PATHS, ids=lambda name: ascii(name)[:12])
def test_what_can_be_no_path_is_not_there(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "file").touch()
    for there in (storage.exists, storage.is_file, storage.is_folder):
        assert not there(tmp_path / name)
        assert not there(Path(name))


def test_what_is_there_is_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert storage.exists(file)
    assert storage.is_file(file)
    assert not storage.is_folder(file)
    assert storage.is_folder(tmp_path)
    assert not storage.is_file(tmp_path)


def test_a_text_that_can_be_a_path() -> None:
    assert [text for text in ("a", "/", "ü", "\udcff", "", "a\0", "\ud800") if storage.is_path(text)] == [
        "a",
        "/",
        "ü",
        "\udcff",
    ]


def test_nothing_asks_a_path_itself_whether_it_is_there() -> None:
    """`Path.exists` and its like raise errors for some paths; entries of a folder or an archive do not."""
    asked = []
    for file in Path(storage.__file__).parent.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if file.stem == "storage" or not re.search(r"\.\s*(exists|is_file|is_dir)\b", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and node.attr in {"exists", "is_file", "is_dir"}:
                asked.append(f"{file.stem}: {ast.unparse(node)}")
    assert [line for line in asked if not line.partition(": ")[2].startswith(("entry.", "member."))] == []


def test_folders_asked_for_at_once_are_different(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: storage.unused_folder(tmp_path, "run"), range(24)))
    assert len(set(folders)) == 24
    assert {folder.name for folder in folders} == {"run", *(f"run-{number}" for number in range(2, 25))}


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="would fill the user's own trash")
def test_what_goes_to_the_trash_can_be_found_there(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("content")
    code = "import pathlib, sys\nfrom cnnstudio.storage import move_to_trash\nmove_to_trash(pathlib.Path(sys.argv[1]))"
    # Where the trash is, is decided when a process first asks.
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data")}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "mine")], env=environment, check=True, timeout=60)
    assert not (tmp_path / "mine").exists()
    assert (tmp_path / "data" / "Trash" / "files" / "mine" / "file").read_text() == "content"


def test_what_cannot_be_moved_to_the_trash_is_told_with_its_path(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(StudioError, match="“gone” cannot be moved to the trash") as caught:
        storage.move_to_trash(gone)
    assert str(gone) in str(caught.value)


def test_what_ships_is_found_and_what_does_not_is_said() -> None:
    assert (storage.shipped("assets/mnist") / "LICENSE.md").is_file()
    with pytest.raises(FileNotFoundError, match="missing from this installation"):
        storage.shipped("assets/no-such-thing")


def test_everything_that_ships_has_a_licence_beside_it() -> None:
    for folder in [*storage.shipped("assets").iterdir(), *storage.shipped("trained").iterdir()]:
        assert (folder / "LICENSE.md").is_file(), folder
