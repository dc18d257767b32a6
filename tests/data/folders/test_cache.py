"""Decoded images on disk: used while nothing has changed, made anew when anything has, and whole at any moment."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.folders.cache import IMAGES, INDEX, forget_cache
from cnnstudio.data.folders.load import load_folder
from cnnstudio.data.splits import Dataset
from cnnstudio.progress import Progress


def paint(path: Path, number: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(40):
        paint(tmp_path / "set" / "ab"[number % 2] / f"{number:02}.png", number)
    return tmp_path / "set"


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Progress] = []

    def __call__(self, progress: Progress) -> None:
        self.told.append(progress)


def load(folder: Path, *arguments: int, **options: bool) -> tuple[Dataset, bool]:
    """The data set, and whether its files were decoded for it."""
    listener = Listener()
    dataset = load_folder(folder, *arguments, on_progress=listener, **options)
    return dataset, any(progress.task.startswith("Reading") for progress in listener.told)


def kept(home: Path) -> list[Path]:
    return sorted((home / "cache" / "images").glob("*/*"))


def pixels(dataset: Dataset) -> np.ndarray:
    return np.concatenate([dataset.train.images[:], dataset.test.images[:]])


def test_the_second_time_nothing_is_decoded(folder: Path, home: Path) -> None:
    first, decoded = load(folder)
    assert decoded
    again, decoded = load(folder)
    assert not decoded
    assert np.array_equal(pixels(first), pixels(again))
    assert np.array_equal(first.train.labels, again.train.labels)
    assert vars(first.report).keys() == vars(again.report).keys()
    for name, value in vars(first.report).items():
        assert np.array_equal(value, vars(again.report)[name]), name
    assert len(kept(home)) == 1


def test_another_seed_decodes_nothing(folder: Path) -> None:
    load(folder)
    _, decoded = load(folder, 16, 3, 5)
    assert not decoded


def test_another_size_is_kept_beside_the_first(folder: Path, home: Path) -> None:
    load(folder)
    assert load(folder, 20)[1]
    assert load(folder, 20, 1)[1]
    assert not load(folder)[1]
    assert not load(folder, 20)[1]
    assert len(kept(home)) == 3


def test_the_same_folder_by_another_path_is_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(folder)
    monkeypatch.chdir(folder.parent)
    assert not load(Path("set"))[1]
    assert not load(Path("set/../set/"))[1]


def edit(folder: Path) -> None:
    paint(folder / "a" / "00.png", 99)


def touch(folder: Path) -> None:
    os.utime(folder / "b" / "01.png", (1, 1))


def add(folder: Path) -> None:
    paint(folder / "b" / "new.png", 99)


def remove(folder: Path) -> None:
    (folder / "a" / "02.png").unlink()


def rename(folder: Path) -> None:
    (folder / "a" / "02.png").rename(folder / "a" / "zz.png")


def move_to_another_class(folder: Path) -> None:
    (folder / "a" / "02.png").rename(folder / "b" / "02.png")


def add_a_class(folder: Path) -> None:
    paint(folder / "c" / "new.png", 99)


def rename_a_class(folder: Path) -> None:
    (folder / "a").rename(folder / "d")


def exchange(folder: Path) -> None:
    for old, new in (("a", "x"), ("b", "a"), ("x", "b")):
        (folder / old).rename(folder / new)


@pytest.mark.parametrize(
    "change", [edit, touch, add, remove, rename, move_to_another_class, add_a_class, rename_a_class, exchange]
)
def test_any_change_is_noticed(folder: Path, home: Path, change: Callable[[Path], None]) -> None:
    load(folder)
    change(folder)
    dataset, decoded = load(folder)
    assert decoded
    forget_cache(folder)
    fresh, _ = load(folder)
    assert np.array_equal(pixels(dataset), pixels(fresh))
    assert dataset.classes == fresh.classes
    assert len(kept(home)) == 1


def test_what_file_managers_leave_behind_is_no_change(folder: Path) -> None:
    load(folder)
    for name in (".DS_Store", "a/Thumbs.db", "b/.hidden.png"):
        (folder / name).write_text("x")
    assert not load(folder)[1]


def test_a_file_that_is_exchanged_is_noticed(folder: Path) -> None:
    load(folder)
    paint(folder / "new.png", 99)
    (folder / "new.png").replace(folder / "a" / "00.png")
    assert load(folder)[1]


def test_a_scan_can_be_forced(folder: Path, home: Path) -> None:
    load(folder)
    assert load(folder, rescan=True)[1]
    assert len(kept(home)) == 1


def test_what_is_kept_can_be_forgotten(folder: Path, home: Path) -> None:
    load(folder)
    forget_cache(folder)
    assert kept(home) == []
    assert load(folder)[1]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_unseen(path: Path) -> None:
    times = path.stat()
    flip(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def nonsense(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 and nothing more of a zip")


@pytest.mark.parametrize("file", [IMAGES, INDEX])
@pytest.mark.parametrize("damage", [flip, flip_unseen, shorten, lengthen, empty, nonsense, Path.unlink])
def test_damage_is_noticed_and_mended(folder: Path, home: Path, damage: Callable[[Path], None], file: str) -> None:
    first, _ = load(folder)
    before = pixels(first)
    damage(kept(home)[0] / file)
    again, _ = load(folder)
    assert np.array_equal(pixels(again), before)
    assert again.report.counts.sum() == 40
    assert len(kept(home)) == 1


def test_an_index_that_is_not_ours_is_left_alone(folder: Path, home: Path) -> None:
    load(folder)
    np.savez(kept(home)[0] / INDEX, facts=np.array([{"pickled": "object"}]), numbers=np.arange(3))
    assert load(folder)[1]


class CancelError(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1])
def test_a_scan_that_is_ended_leaves_nothing(folder: Path, home: Path, after: int) -> None:
    told = []

    def stop(progress: Progress) -> None:
        told.append(progress)
        if len(told) > after:
            raise CancelError

    with pytest.raises(CancelError):
        load_folder(folder, on_progress=stop)
    assert not any(path.stat().st_size for path in (home / "cache").rglob("*") if path.is_file())
    assert kept(home) == []
    assert load(folder)[0].report.counts.sum() == 40


def test_an_ended_scan_keeps_what_there_was(folder: Path, home: Path) -> None:
    load(folder)
    before = kept(home)

    def stop(progress: Progress) -> None:
        if progress.total:
            raise CancelError

    with pytest.raises(CancelError):
        load_folder(folder, on_progress=stop, rescan=True)
    assert kept(home) == before
    assert not load(folder)[1]


def test_progress_ends_with_all_images(folder: Path) -> None:
    listener = Listener()
    load_folder(folder, on_progress=listener)
    assert (listener.told[-1].done, listener.told[-1].total) == (40, 40)
    assert {progress.unit for progress in listener.told} == {"images"}
    assert [progress.done for progress in listener.told] == sorted(progress.done for progress in listener.told)


def test_images_are_still_there_when_the_cache_is_cleared(folder: Path, home: Path) -> None:
    dataset, _ = load(folder)
    before = pixels(dataset)
    shutil.rmtree(home / "cache")
    assert np.array_equal(pixels(dataset), before)


def test_a_cache_that_is_cleared_while_it_is_looked_through_is_made_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = load(folder)
    first_images = np.array(first.train.images[:])
    scan, looked_through = os.scandir, []

    def cleared(path: str | os.PathLike[str] | int) -> object:
        if not isinstance(path, int) and Path(path).parent.name == "images" and not looked_through:
            looked_through.append(path)
            shutil.rmtree(path)
        return scan(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", cleared)
        second, decoded = load(folder)
    assert looked_through and decoded
    np.testing.assert_array_equal(second.train.images[:], first_images)


def test_what_a_killed_program_left_is_removed_a_day_later(folder: Path, home: Path) -> None:
    load(folder)
    abandoned, fresh = (kept(home)[0].parent / name for name in (".16x3-abandoned", ".16x3-fresh"))
    for path in (abandoned, fresh):
        path.mkdir()
        (path / IMAGES).write_bytes(b"x")
    os.utime(abandoned, (1, 1))
    load(folder, rescan=True)
    assert not abandoned.exists()
    assert fresh.exists()
