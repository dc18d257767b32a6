"""A set that is being made by hand, on a real disk."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.collected import collection as collecting
from cnnstudio.data.collected.collection import Collection, add_pictures
from cnnstudio.data.collected.sets import (
    KINDS,
    create_collection,
    list_collections,
    rename_collection,
)
from cnnstudio.data.folders.load import load_folder
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.pictures.strokes import render
from cnnstudio.errors import StudioError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sets"
    folder.mkdir()
    return folder


@pytest.fixture
def shapes(folder: Path) -> Collection:
    return Collection(create_collection(folder, "Shapes", "drawings", ["circle", "square", "triangle"]))


def polygon(corners: int, turn: float = 0.0) -> list[np.ndarray]:
    angles = np.linspace(0, 2 * np.pi, corners + 1) + turn
    return [np.stack([140 + 90 * np.cos(angles), 140 + 90 * np.sin(angles)], axis=1)]


def add(collection: Collection, name: str, turn: float = 0.0) -> Path:
    path = collection.write(name, collection.render(polygon(4, turn)))
    collection.note_added([path])
    return path


def everything(path: Path) -> dict[str, bytes]:
    """All of the user's files below a folder."""
    files = (file for file in path.rglob("*") if file.is_file())
    visible = (file for file in files if not any(part[0] == "." for part in file.relative_to(path).parts))
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in visible}


def test_a_drawing_is_kept_as_the_network_gets_it(shapes: Collection) -> None:
    path = add(shapes, "square")
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.mode == "L"
        pixels = np.asarray(image)
    np.testing.assert_array_equal(pixels, render(polygon(4))[..., 0])
    assert path.parent == shapes.path / "square"
    assert shapes.counts == {"circle": 0, "square": 1, "triangle": 0}


def test_a_set_says_how_its_images_are_prepared(folder: Path, shapes: Collection) -> None:
    photos = Collection(create_collection(folder, "Things", "photos"))
    for collection, rule, side, channels in ((shapes, "digit", 28, 1), (photos, "centre-crop", 64, 3)):
        content = json.loads((collection.path / "dataset.json").read_text())
        assert (content["format"], content["input_rule"]) == (1, rule)
        assert (content["image_size"], content["channels"]) == (side, channels)
    assert set(INPUT_RULES) >= {kind.input_rule for kind in KINDS.values()}


def test_a_photo_is_cut_to_its_middle_and_kept_larger_than_a_network_gets_it(folder: Path) -> None:
    photos = Collection(create_collection(folder, "Things", "photos", ["cup"]))
    image = Image.new("RGB", (640, 480), "red")
    image.paste("blue", (80, 0, 560, 480))
    kept = photos.prepare(image)
    assert kept.shape == (256, 256, 3)
    assert kept[128, 2].tolist() == kept[128, 253].tolist() == [0, 0, 255]
    assert photos.shrink(kept).shape == (64, 64, 3)
    assert photos.prepare(Image.new("L", (20, 30))).shape == (64, 64, 3)
    with Image.open(photos.write("cup", kept)) as saved:
        np.testing.assert_array_equal(np.asarray(saved), kept)


def test_names_sort_by_time_even_when_the_clock_goes_back(shapes: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [add(shapes, "circle") for _ in range(3)]

    class Past(collecting.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) - collecting.timedelta(days=1)

    monkeypatch.setattr(collecting, "datetime", Past)
    paths += [add(shapes, "circle") for _ in range(3)]
    assert shapes.examples("circle") == tuple(paths)
    assert len({path.name for path in paths}) == 6


def test_three_classes_of_ten_are_a_data_set(shapes: Collection) -> None:
    for number in range(10):
        for corners, name in ((40, "circle"), (4, "square"), (3, "triangle")):
            path = shapes.write(name, shapes.render(polygon(corners, number / 7)))
            shapes.note_added([path])
    shapes.remove([add(shapes, "circle")])
    dataset = load_folder(shapes.path)
    assert dataset.classes == ("circle", "square", "triangle")
    assert dataset.train.images.shape[1:] == (28, 28, 1)
    splits = [split for split in (dataset.train, dataset.validation, dataset.test) if split is not None]
    assert sum(map(len, splits)) == 30
    assert dataset.input_rule == "digit"
    kept = {np.asarray(Image.open(path)).tobytes() for name in shapes.classes for path in shapes.examples(name)}
    assert {image.tobytes() for split in splits for image in split.images[:]} == kept


def test_the_least_that_can_be_trained_on(shapes: Collection) -> None:
    for number in range(collecting.ENOUGH):
        for name in ("circle", "square"):
            add(shapes, name, number)
    add(shapes, "triangle")
    dataset = load_folder(shapes.path)
    assert dataset.classes == ("circle", "square", "triangle")
    assert len(dataset.test) == 2
    assert len(dataset.train) >= 2 * collecting.ENOUGH - 2


@pytest.mark.parametrize("name", ["Kreis", "круг", "丸", "दायरा", "a b", "l'été", "x" * 80])
def test_classes_in_any_script(shapes: Collection, name: str) -> None:
    assert shapes.add_class(f"  {name} ") == name
    add(shapes, name)
    again = Collection(shapes.path)
    assert again.classes == ("circle", "square", "triangle", name)
    assert again.counts[name] == 1


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..", ".hidden", "-x", "con", "a\nb", "x" * 101, "字" * 90, "a\\b"])
def test_names_that_no_folder_can_have(shapes: Collection, name: str) -> None:
    before = shapes.classes
    with pytest.raises(StudioError):
        shapes.add_class(name)
    with pytest.raises(StudioError):
        shapes.rename_class("circle", name)
    assert Collection(shapes.path).classes == before


@pytest.mark.parametrize("name", ["square", "SQUARE", " square"])
def test_a_class_there_is_already(shapes: Collection, name: str) -> None:
    for act in (shapes.add_class, lambda name: shapes.rename_class("circle", name)):
        with pytest.raises(StudioError, match="already"):
            act(name)
    assert not shapes.can_undo


def test_the_same_word_in_two_codings_is_one_class(shapes: Collection) -> None:
    shapes.add_class("Caf\u00e9")
    with pytest.raises(StudioError, match="already"):
        shapes.add_class("Cafe\u0301")


def test_rename_changes_the_case_too_and_keeps_the_order(shapes: Collection) -> None:
    add(shapes, "circle")
    shapes.rename_class("circle", "Circle")
    shapes.rename_class("square", "zebra")
    assert shapes.classes == Collection(shapes.path).classes == ("Circle", "zebra", "triangle")
    assert shapes.counts["Circle"] == 1
    shapes.undo()
    assert shapes.classes == ("Circle", "square", "triangle")


def test_every_step_goes_back_and_forth(shapes: Collection) -> None:
    steps = [
        lambda: add(shapes, "circle"),
        lambda: add(shapes, "circle", 1.0),
        lambda: shapes.rename_class("circle", "ring"),
        lambda: add(shapes, "ring", 2.0),
        lambda: shapes.move(shapes.examples("ring")[1:], "square"),
        lambda: shapes.rename_class("square", "box"),
        lambda: shapes.move(shapes.examples("box"), "ring"),
        lambda: shapes.remove(shapes.examples("ring")[:2]),
        lambda: shapes.add_class("star"),
        lambda: add(shapes, "star"),
        lambda: shapes.remove_class("ring"),
        lambda: shapes.remove_class("star"),
        lambda: shapes.add_class("ring"),
    ]

    def state() -> tuple[dict[str, bytes], tuple[str, ...]]:
        files = everything(shapes.path)
        del files["dataset.json"]
        return files, shapes.classes

    states = [state()]
    for step in steps:
        step()
        states.append(state())
    assert len(states[-4][0]) > 0
    for expected in reversed(states[:-1]):
        shapes.undo()
        assert state()[0] == expected[0]
        assert set(state()[1]) == set(expected[1])
    assert not shapes.can_undo
    for expected in states[1:]:
        shapes.redo()
        assert state()[0] == expected[0]
        assert set(state()[1]) == set(expected[1])
    assert not shapes.can_redo


def test_examples_move_to_another_class_as_one_step(shapes: Collection) -> None:
    paths = [add(shapes, "circle", turn) for turn in (0.0, 1.0)]
    there = add(shapes, "square", 2.0)
    contents = [path.read_bytes() for path in paths]
    moved = shapes.move([*paths, there], "square")
    assert [path.read_bytes() for path in moved] == contents
    assert shapes.contents == {"circle": (), "square": (*moved, there), "triangle": ()}
    shapes.undo()
    assert shapes.examples("circle") == tuple(paths)
    assert shapes.examples("square") == (there,)
    assert shapes.move([there], "square") == []
    assert shapes.can_redo


def test_a_moved_picture_replaces_none_of_the_same_name(shapes: Collection) -> None:
    first, second = (shapes.path / name / "1.png" for name in ("circle", "square"))
    first.write_bytes(b"one")
    second.write_bytes(b"two")
    (moved,) = shapes.move([first], "square")
    assert moved.read_bytes() == b"one"
    assert moved.suffix == ".png"
    assert second.read_bytes() == b"two"
    shapes.undo()
    assert first.read_bytes() == b"one"


def test_examples_move_to_no_class_that_is_gone(shapes: Collection) -> None:
    path = add(shapes, "circle")
    shapes.remove_class("square")
    with pytest.raises(StudioError, match="“square” is gone"):
        shapes.move([path], "square")
    assert shapes.examples("circle") == (path,)
    assert shapes.classes == ("circle", "triangle")


def test_a_new_step_ends_redo(shapes: Collection) -> None:
    add(shapes, "circle")
    shapes.undo()
    assert shapes.can_redo
    add(shapes, "square")
    assert not shapes.can_redo
    shapes.redo()
    assert shapes.counts == {"circle": 0, "square": 1, "triangle": 0}


def test_closing_lets_go_of_what_was_deleted(shapes: Collection) -> None:
    path = add(shapes, "circle")
    kept = add(shapes, "circle", 1.0)
    shapes.remove([path])
    assert len(list(shapes.path.rglob("*.png"))) == 2
    shapes.close()
    assert list(shapes.path.rglob("*.png")) == [kept]
    assert not (shapes.path / ".deleted").exists()
    assert not shapes.can_undo


def test_what_a_killed_window_left_behind_goes_after_a_day(shapes: Collection) -> None:
    shapes.remove([add(shapes, "circle")])
    (old,) = (shapes.path / ".deleted").iterdir()
    Collection(shapes.path)
    assert old.exists()
    os.utime(old, (0, time.time() - 2 * 24 * 3600))
    Collection(shapes.path)
    assert not old.exists()


def test_two_windows_on_one_set(shapes: Collection) -> None:
    other = Collection(shapes.path)
    path = add(shapes, "circle")
    other.remove([path])
    with pytest.raises(StudioError, match="it does not exist"):
        shapes.remove([path])
    with pytest.raises(StudioError, match="cannot be undone"):
        shapes.undo()
    assert not shapes.can_undo
    shapes.close()
    other.undo()
    assert shapes.examples("circle") == (path,)
    other.remove_class("square")
    with pytest.raises(StudioError, match="its folder is gone"):
        add(shapes, "square")
    assert shapes.classes == ("circle", "triangle")


def test_either_all_moves_or_none(shapes: Collection) -> None:
    paths = [add(shapes, "circle", turn) for turn in (0.0, 1.0)]
    paths[1].unlink()
    with pytest.raises(StudioError, match="it does not exist"):
        shapes.remove(paths)
    assert shapes.examples("circle") == (paths[0],)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A disk that takes new names, but no new content."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("cnnstudio.data.collected.sets.write_atomically", refuse)
        yield


def test_what_a_full_disk_refuses_is_not_half_done(folder: Path, shapes: Collection, full_disk: None) -> None:
    before = shapes.classes
    with pytest.raises(StudioError, match="“circle” cannot be renamed: the disk is full"):
        shapes.rename_class("circle", "ring")
    with pytest.raises(StudioError, match="“star” cannot be added: the disk is full"):
        shapes.add_class("star")
    assert shapes.classes == Collection(shapes.path).classes == before
    assert not shapes.can_undo
    with pytest.raises(StudioError, match="“New” cannot be made: the disk is full"):
        create_collection(folder, "New", "drawings", ["a", "b"])
    assert list(folder.iterdir()) == [shapes.path]


def test_where_a_folder_gets_no_name_the_order_does_no_harm(
    shapes: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(StudioError, match="“circle” cannot be renamed: the disk is read-only"):
            shapes.rename_class("circle", "ring")
    assert shapes.classes == ("circle", "square", "triangle")
    assert shapes.rename_class("circle", "ring") == "ring"
    assert shapes.classes == Collection(shapes.path).classes == ("ring", "square", "triangle")


def test_what_an_earlier_version_left_of_a_set_keeps_no_name(folder: Path) -> None:
    (folder / "New" / "a").mkdir(parents=True)
    assert Collection(create_collection(folder, "New", "drawings", ["b"])).classes == ("b",)
    (folder / "Mine" / "a").mkdir(parents=True)
    (folder / "Mine" / "a" / "1.png").write_bytes(b"somebody's picture")
    with pytest.raises(StudioError, match="already"):
        create_collection(folder, "Mine", "drawings")
    assert (folder / "Mine" / "a" / "1.png").is_file()


def test_two_windows_that_name_classes_lose_no_order(shapes: Collection) -> None:
    other = Collection(shapes.path)
    shapes.add_class("zigzag")
    other.add_class("arc")
    shapes.rename_class("circle", "ring")
    assert shapes.classes == Collection(shapes.path).classes == ("ring", "square", "triangle", "zigzag", "arc")
    with pytest.raises(StudioError, match="“arc” already"):
        shapes.add_class("arc")


def test_a_disk_that_refuses_leaves_the_history(shapes: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    path = add(shapes, "circle")
    shapes.remove([path])

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    for act in (shapes.undo, shapes.redo):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", refuse)
            with pytest.raises(StudioError, match=r"read-only\.$") as caught:
                act()
            assert "from outside" not in str(caught.value)
        act()
    assert shapes.examples("circle") == ()


def test_a_set_that_was_renamed_is_not_begun_anew(folder: Path, shapes: Collection) -> None:
    path = add(shapes, "circle")
    renamed = rename_collection(shapes.path, "Formen")
    for act in (
        lambda: shapes.remove([path]),
        lambda: shapes.remove_class("square"),
        lambda: shapes.add_class("star"),
        shapes.undo,
    ):
        with pytest.raises(StudioError, match="gone"):
            act()
    assert list(folder.iterdir()) == [renamed]
    assert Collection(renamed).counts == {"circle": 1, "square": 0, "triangle": 0}


def test_undo_overwrites_nothing(shapes: Collection) -> None:
    path = add(shapes, "circle")
    shapes.remove([path])
    path.write_bytes(b"somebody else's")
    with pytest.raises(StudioError, match="cannot be undone"):
        shapes.undo()
    assert path.read_bytes() == b"somebody else's"


def test_the_folder_goes_away(shapes: Collection) -> None:
    add(shapes, "circle")
    shutil.rmtree(shapes.path)
    assert shapes.classes == ()
    assert shapes.counts == {}
    assert shapes.examples("circle") == ()
    for act in (
        lambda: add(shapes, "circle"),
        lambda: shapes.add_class("star"),
        lambda: shapes.remove_class("circle"),
        lambda: shapes.rename_class("circle", "ring"),
        shapes.undo,
    ):
        with pytest.raises(StudioError):
            act()
    shapes.close()


def test_strange_things_in_the_folder(shapes: Collection) -> None:
    (shapes.path / "circle" / "notes.txt").write_text("no picture")
    (shapes.path / "circle" / ".hidden.png").write_text("no picture")
    (shapes.path / "readme.png").write_text("no class")
    (shapes.path / "extra").mkdir()
    (shapes.path / "square").rmdir()
    (shapes.path / "square").write_text("a file named like a class")
    again = Collection(shapes.path)
    assert again.classes == ("circle", "triangle", "extra")
    assert again.counts == {"circle": 0, "triangle": 0, "extra": 0}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b'{"input_rule": "magic"}', b'{"input_rule": "digit", "classes": 3}', b"[" * 10**5],
)
def test_a_damaged_set_is_a_sentence(shapes: Collection, content: bytes) -> None:
    (shapes.path / "dataset.json").write_bytes(content)
    with pytest.raises(StudioError, match="damaged"):
        Collection(shapes.path)


def test_a_set_that_is_gone_is_a_sentence(folder: Path) -> None:
    with pytest.raises(StudioError, match="gone"):
        Collection(folder / "none")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_may_not_be_written(shapes: Collection) -> None:
    (shapes.path / "circle").chmod(0o500)
    with pytest.raises(StudioError, match="cannot be saved"):
        add(shapes, "circle")


KILLED = """
import os, signal, sys
from pathlib import Path
from cnnstudio.data.collected.collection import Collection
import numpy as np
collection = Collection(Path(sys.argv[1]))
replace = Path.replace
saved = 0
for number in range(5):
    if number == 4:
        Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    collection.note_added([collection.write("circle", np.full((28, 28, 1), number, np.uint8))])
    if number == 1:
        collection.remove(collection.examples("circle")[:1])
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_a_kill_while_saving_loses_nothing_that_was_saved(shapes: Collection) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(shapes.path)], timeout=60, check=False)
    assert done.returncode < 0
    again = Collection(shapes.path)
    values = [int(np.asarray(Image.open(path))[0, 0]) for path in again.examples("circle")]
    assert values == [1, 2, 3]


# The sets.


def test_sets_are_listed_by_name(folder: Path, shapes: Collection) -> None:
    names = ["set 10", "Set 2", "été"]
    for name in names:
        create_collection(folder, name, "drawings")
    (folder / "no set").mkdir()
    (folder / "a file").write_text("")
    assert [path.name for path in list_collections(folder)] == ["Set 2", "set 10", "Shapes", "été"]
    assert list_collections(folder / "none") == []


@pytest.mark.parametrize("name", ["shapes", "Shapes", "mnist", "MNIST"])
def test_a_set_there_is_already(folder: Path, shapes: Collection, name: str) -> None:
    other = create_collection(folder, "Other", "drawings")
    with pytest.raises(StudioError, match="already"):
        create_collection(folder, name, "drawings")
    with pytest.raises(StudioError, match="already"):
        rename_collection(other, name)


def test_two_classes_of_one_name_make_no_set(folder: Path) -> None:
    with pytest.raises(StudioError, match="same name"):
        create_collection(folder, "New", "drawings", ["a", "A"])
    assert list(folder.iterdir()) == []


def test_rename_a_set(folder: Path, shapes: Collection) -> None:
    add(shapes, "circle")
    path = rename_collection(shapes.path, "Formen")
    assert list_collections(folder) == [path]
    assert Collection(path).counts["circle"] == 1
    assert rename_collection(path, "FORMEN").name == "FORMEN"


# Pictures from elsewhere.


def test_adding_takes_files_folders_and_bytes_and_tells_what_it_cannot_use(folder: Path, tmp_path: Path) -> None:
    photos = Collection(create_collection(folder, "Things", "photos", ["cup"]))
    some = tmp_path / "some"
    (some / "below").mkdir(parents=True)
    for name in ("a.png", "b.jpg", "below/c.webp"):
        Image.new("RGB", (40, 30), "green").save(some / name)
    (some / "broken.png").write_bytes(b"none")
    told: list[tuple[int, int | None]] = []
    paths, problems = add_pictures(
        photos,
        "cup",
        [some, some / "a.png", (some / "a.png").read_bytes(), tmp_path / "missing.png"],
        lambda progress: told.append((progress.done, progress.total)),
        threading.Event(),
    )
    assert photos.examples("cup") == tuple(paths)
    assert len(paths) == 4  # what is named twice is taken once
    assert len(problems) == 2
    assert "broken.png" in problems[0]
    assert told[-1] == (6, 6)
    assert not photos.can_undo


def test_adding_stops(folder: Path, tmp_path: Path) -> None:
    photos = Collection(create_collection(folder, "Things", "photos", ["cup"]))
    for number in range(5):
        Image.new("RGB", (40, 30)).save(tmp_path / f"{number}.png")
    stop = threading.Event()
    paths, _ = add_pictures(photos, "cup", sorted(tmp_path.glob("*.png")), lambda _: stop.set(), stop)
    assert len(paths) == 1
