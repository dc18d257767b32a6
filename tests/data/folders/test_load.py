"""Folders of somebody's own images: every layout, every oddity, and a split that is fair."""

import errno
import json
import os
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.folders import disk
from cnnstudio.data.folders.files import list_pictures
from cnnstudio.data.folders.load import load_folder, survey_folder
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.pictures.open import open_image
from cnnstudio.data.report import TEST_SHARE, LeftOut
from cnnstudio.errors import StudioError
from cnnstudio.progress import Progress


def paint(path: Path, number: int, size: tuple[int, int] = (12, 12), mode: str = "RGB") -> Path:
    """A picture like no other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path, "PNG")
    return path


def make(root: Path, counts: dict[str, int], first: int = 0) -> Path:
    """A folder with so many pictures in each folder below."""
    number = first
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            paint(root / folder / f"{index:04}.png", number)
            number += 1
    return root


def test_images_and_labels_are_those_of_the_files(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for number, name in enumerate(("train/a/1", "train/a/2", "train/b/1", "test/a/1", "test/b/1", "test/b/2")):
        paint(root / f"{name}.png", number, (30 + number, 20))
    dataset = load_folder(root, 16, 3)
    rule = INPUT_RULES["centre-crop"].prepare
    for split, names in ((dataset.train, ("a/1", "a/2", "b/1")), (dataset.test, ("a/1", "b/1", "b/2"))):
        folder = "train" if split is dataset.train else "test"
        wanted = [rule(open_image(root / folder / f"{name}.png"), (16, 16, 3)).image for name in names]
        assert np.array_equal(split.images[:], wanted)
        assert [dataset.classes[label] for label in split.labels] == [name[0] for name in names]
    assert dataset.report.own_split
    assert dataset.validation is None
    assert dataset.name == str(root)
    assert dataset.title == "set"


@pytest.mark.parametrize("packed", [False, True])
def test_each_image_knows_its_file(tmp_path: Path, packed: bool) -> None:
    """Also with files that cannot be read among the others, and after it was taken from the cache."""
    root = make(tmp_path / "set", {"a": 7, "b/deep": 5, "c": 6})
    (root / "a" / "0003.png").write_bytes(b"no picture")
    source = Path(shutil.make_archive(str(root), "zip", root)) if packed else root
    rule = INPUT_RULES["centre-crop"].prepare
    for _ in range(2):
        dataset = load_folder(source, 16, 3)
        names = []
        for split in (dataset.train, dataset.test):
            for index in range(len(split)):
                names.append(dataset.name_of_file(split, index))
                image = rule(open_image(root / names[-1]), (16, 16, 3)).image
                assert np.array_equal(split.images[index], image)
        assert sorted(names) == sorted(
            str(file.relative_to(root)) for file in root.rglob("*.png") if file.stat().st_size > 20
        )


def test_of_a_folder_that_has_changed_no_file_is_named(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 6, "b": 6})
    dataset = load_folder(root, 16, 3)
    (root / "a" / "0000.png").unlink()
    assert dataset.name_of_file(dataset.test, 0) == ""


@pytest.mark.parametrize("channels", [1, 3])
def test_size_and_colour_can_be_chosen(tmp_path: Path, channels: int) -> None:
    dataset = load_folder(make(tmp_path / "set", {"a": 4, "b": 4}), 20, channels)
    assert dataset.image_shape == (20, 20, channels)


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "validation", "test"), ("Training", "valid", "TESTING"), ("TRAIN", "Val", "Test")],
)
def test_splits_are_known_by_their_names(tmp_path: Path, train: str, validation: str, test: str) -> None:
    root = make(tmp_path, {f"{split}/{label}": 3 for split in (train, validation, test) for label in ("a", "b")})
    survey = survey_folder(root)
    assert {name: counts.tolist() for name, counts in survey.counts.items() if counts.any()} == {
        "train": [3, 3],
        "validation": [3, 3],
        "test": [3, 3],
    }
    dataset = load_folder(root)
    assert dataset.validation is not None
    assert dataset.report.counts.tolist() == [[3, 3]] * 3


def test_how_many_are_kept_for_testing_is_said_before(tmp_path: Path) -> None:
    root = make(tmp_path / "split", {"train/a": 3, "train/b": 12, "valid/a": 2, "valid/b": 2})
    said = "There are no images for testing, so 3 of the 15 training images (about 15 % of each class) will be"
    assert any(note.startswith(said) for note in survey_folder(root).notes)
    assert load_folder(root).report.counts.sum(axis=1).tolist() == [12, 4, 3]
    (note,) = (one for one in survey_folder(make(tmp_path / "few", {"a": 2, "b": 2})).notes if "testing" in one)
    assert note.startswith("No class has three images")


def test_without_test_images_some_are_kept_from_training(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": 20, "train/b": 20, "val/a": 2, "val/b": 2})
    dataset = load_folder(root)
    assert dataset.report.counts.tolist() == [[17, 17], [2, 2], [3, 3]]
    assert not dataset.report.own_split
    assert any("set aside for testing" in note for note in dataset.report.notes)


def test_classes_are_those_of_all_splits(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": 3, "train/b": 3, "test/b": 2, "test/c": 1})
    dataset = load_folder(root)
    assert dataset.classes == ("a", "b", "c")
    assert dataset.test.labels.tolist() == [1, 1, 2]
    notes = " ".join(dataset.report.notes)
    assert "“c” has no images for training" in notes
    assert "“a” has no images for testing" in notes


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/steam": 2, "train/electric": 2, "car": 3, "bus": 3})
    assert survey_folder(root).classes == ("bus", "car", "train")


@pytest.mark.parametrize("wrapping", ["one", "one/two", "photos/2024/mine"])
def test_folders_around_it_do_not_matter(tmp_path: Path, wrapping: str) -> None:
    root = make(tmp_path / "set", {f"{wrapping}/a": 3, f"{wrapping}/b": 3})
    (root / "README.txt").write_text("x")
    assert load_folder(root).classes == ("a", "b")


def test_deeper_folders_count_for_their_class(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 2, "a/more/deep": 3, "b/only/below": 4})
    assert survey_folder(root).counts["all"].tolist() == [5, 4]


def test_classes_are_in_the_order_people_expect(tmp_path: Path) -> None:
    root = make(tmp_path / "set", dict.fromkeys(("10", "9", "b", "A", "c", "1"), 1))
    assert survey_folder(root).classes == ("1", "9", "10", "A", "b", "c")


def test_names_in_any_script(tmp_path: Path) -> None:
    names = ("猫", "собака", "كلب", "🐈", "ß", "Ünï cödé & more")
    dataset = load_folder(make(tmp_path / "sét", dict.fromkeys(names, 3)))
    assert set(dataset.classes) == set(names)


@pytest.mark.skipif(os.name == "nt", reason="such names are not allowed there")
def test_names_that_would_play_with_a_terminal(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a\n\x1b[2Jb": 3, "c": 3})
    (root / "c" / "x\x07.png").write_text("x")
    report = load_folder(root).report
    assert report.classes == ("a\\n\\x1b[2Jb", "c")
    assert report.unreadable[0][0] == "c/x\\x07.png"


def test_an_accent_is_one_letter_however_it_is_written(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    root = make(tmp_path / "set", {f"train/{composed}": 3, "train/tea": 3, f"test/{apart}": 2, "test/tea": 2})
    assert load_folder(root).report.counts.tolist() == [[3, 3], [0, 0], [2, 2]]


@pytest.mark.skipif(os.name == "nt", reason="names are always text there")
def test_names_that_are_no_text_break_nothing(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/b": 3, "test/b": 3})
    for split in ("train", "test"):
        folder = os.fsencode(root / split) + b"/caf\xe9"
        os.mkdir(folder)  # noqa: PTH102 - a Path has no names that are bytes
        shutil.copy(paint(tmp_path / "x.png", 77), folder + b"/\xff.png")
    os.link(folder + b"/\xff.png", folder + b"/\xfe.png")
    Path(os.fsdecode(folder + b"/bad\xfd.png")).write_text("no picture")
    for _ in range(2):
        dataset = load_folder(root)
        assert dataset.classes == ("b", "caf\\xe9")
        text = f"{dataset.report} {dataset.classes} {survey_folder(root)}"
        assert text.encode()
        assert dataset.report.unreadable[0][0] == "test/caf\\xe9/bad\\xfd.png"
        assert dataset.report.duplicates_count == 2
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9"))
    root.rename(odd)
    assert load_folder(odd).title.encode()
    odd.joinpath("train/b").rename(odd / "train/c")
    shutil.rmtree(odd / "test")
    shutil.rmtree(os.fsencode(odd) + b"/train/caf\xe9")
    with pytest.raises(StudioError) as caught:
        load_folder(odd)
    assert str(caught.value).encode()


def test_what_systems_and_people_leave_about_is_left_out(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 3, "b": 3, ".git": 2, "__MACOSX/a": 2, "a/.thumbnails": 2})
    for name in (".DS_Store", "a/.DS_Store", "a/Thumbs.db", "b/desktop.ini", "README.md", "LICENSE", "labels.csv"):
        (root / name).write_text("x")
    dataset = load_folder(root)
    assert dataset.report.counts.sum() == 6
    assert dataset.report.unreadable == ()


def test_pictures_outside_of_classes_are_told(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {".": 2, "train": 1, "train/a": 3, "train/b": 3, "test/a": 1, "extra/x": 1})
    notes = " ".join(survey_folder(root).notes)
    assert "3 pictures are outside the class folders and were left out." in notes
    assert "“extra” beside “train” was left out." in notes


def test_a_file_named_like_a_class(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/cat": 4, "train/dog": 4, "test/dog": 2})
    paint(root / "test" / "cat", 99)
    paint(root / "train" / "cat" / "dog", 98)
    dataset = load_folder(root)
    assert dataset.report.counts.tolist() == [[5, 4], [0, 0], [0, 2]]


def test_files_that_are_no_pictures_are_listed(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 5, "b": 5})
    (root / "a" / "notes.txt").write_text("not a picture")
    (root / "a" / "empty.jpg").touch()
    cut = (root / "b" / "0000.png").read_bytes()[:-60]
    (root / "b" / "cut.png").write_bytes(cut)
    (root / "b" / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    report = load_folder(root).report
    why = dict(report.unreadable)
    assert report.unreadable_count == 4
    assert why["a/notes.txt"].startswith("It is not a picture that can be opened here.")
    assert why["a/empty.jpg"].startswith("It is empty (0 bytes).")
    assert why["b/cut.png"].startswith("It is damaged or cut short.")
    assert why["b/photo.heic"].startswith("It is damaged or cut short.")
    [left_out] = [one for one in report.left_out if one.what == "files"]
    assert (left_out.count, left_out.text in report.notes) == (4, True)
    assert left_out.text.startswith(
        f"4 files could not be read and were left out. The first, a/empty.jpg: {why['a/empty.jpg']}"
    )
    assert report.counts.sum() == 10


def test_large_files_are_looked_at_without_reading_them_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(tmp_path / "set", {"a": 5, "b": 5})
    paint(root / "a" / "large.png", 50, (300, 300))
    with (root / "b" / "film.mov").open("wb") as film:
        film.truncate(2 << 30)
    report = load_folder(root).report
    assert report.counts.sum() == 11
    assert dict(report.unreadable).keys() == {"b/film.mov"}
    assert dict(report.unreadable)["b/film.mov"].startswith("It has 2.1 GB")


def test_nothing_that_can_be_read_is_an_error(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "b/1.jpg"):
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        (tmp_path / "set" / name).write_text("x")
    with pytest.raises(StudioError, match="None of the 2 files in set is a picture"):
        load_folder(tmp_path / "set")


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({}, "holds no pictures"),
        ({".": 3}, "holds pictures but no folders"),
        ({"cat": 3}, r"one class only \(“cat”\)"),
        ({"cat": 3, "dog": 0}, r"one class only \(“cat”\)"),
        ({"cat": 0, "dog": 0}, "its 2 folders are empty"),
        ({"train": 3, "test": 3}, "no folders below “train” or “test”"),
        ({"test/a": 3, "test/b": 3, "val/a": 3}, "no folder “train”"),
        ({"train/a": 3, "test/a": 3}, "one class only"),
    ],
)
def test_what_cannot_be_a_data_set_is_said(tmp_path: Path, counts: dict[str, int], message: str) -> None:
    root = make(tmp_path / "set", counts)
    root.mkdir(exist_ok=True)
    for read in (survey_folder, load_folder):
        with pytest.raises(StudioError, match=message):
            read(root)


@pytest.mark.parametrize("counts", [{"a": 1, "b": 1}, {"a": 2, "b": 2}])
def test_too_few_images_to_test_anything(tmp_path: Path, counts: dict[str, int]) -> None:
    with pytest.raises(StudioError, match="too few images"):
        load_folder(make(tmp_path / "set", counts))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    for read in (survey_folder, load_folder):
        with pytest.raises(StudioError, match="cannot be read: it does not exist"):
            read(tmp_path / "nowhere")


@pytest.mark.parametrize(("size", "channels"), [(7, 3), (1025, 3), (-5, 1), (32, 2), (32, 4)])
def test_impossible_shapes_are_refused(tmp_path: Path, size: int, channels: int) -> None:
    with pytest.raises(StudioError, match=r"Images have|image size must be"):
        load_folder(make(tmp_path / "set", {"a": 3, "b": 3}), size, channels)


def test_one_image_in_a_class(tmp_path: Path) -> None:
    dataset = load_folder(make(tmp_path / "set", {"a": 1, "b": 20}))
    assert dataset.report.counts.tolist() == [[1, 17], [0, 0], [0, 3]]
    notes = " ".join(dataset.report.notes)
    assert "“a” has fewer than 10 images" in notes
    assert "“b” has 17 images for training, “a” only 1" in notes
    held = dataset.hold_out(0.1, 0)
    assert set(held.train.labels) == {0, 1}


def test_three_classes_of_ten_examples_give_every_split_some_of_each(tmp_path: Path) -> None:
    held = load_folder(make(tmp_path / "set", {"a": 10, "b": 10, "c": 10})).hold_out(1 / 12, 0)
    assert held.validation is not None
    for split, count in ((held.train, 7), (held.validation, 1), (held.test, 2)):
        assert np.bincount(split.labels).tolist() == [count] * 3


def test_empty_folders_are_told(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 3, "b": 3, "nothing": 0, "also/nothing": 0})
    survey = survey_folder(root)
    assert survey.classes == ("a", "b")
    assert "2 folders are empty and were left out (“also”, “nothing”)." in survey.notes


def test_a_thousand_classes(tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    picture = paint(tmp_path / "x.png", 0, (8, 8))
    for number in range(1_000):
        (root / f"class {number}").mkdir()
        os.link(picture, root / f"class {number}" / "1.png")
    for index in range(2, 5):
        os.link(picture, root / "class 7" / f"{index}.png")
    dataset = load_folder(root, 8, 3)
    assert dataset.classes == tuple(f"class {number}" for number in range(1_000))
    assert dataset.report.counts.sum(axis=1).tolist() == [1_002, 0, 1]
    assert len(dataset.report.notes) < 10
    assert max(map(len, dataset.report.notes)) < 300


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_links_are_followed_but_never_in_circles(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 3, "a/deep": 2})
    make(tmp_path / "elsewhere", {".": 4}, first=50)
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "a" / "deep" / "circle").symlink_to(root)
    (root / "a" / "self").symlink_to(root / "a")
    (root / "a" / "loop").symlink_to(root / "a" / "loop")
    (root / "a" / "nothing.png").symlink_to(root / "nowhere.png")
    survey = survey_folder(root)
    assert survey.classes == ("a", "b")
    # Two lead to what is read anyway: to the top, and to the class itself.
    assert survey.counts["all"].tolist() == [5, 4]
    told = "2 links lead to folders that are read anyway, and were left out (“a/deep/circle”, “a/self”)."
    assert told in survey.notes
    report = load_folder(root).report
    assert told in [one.text for one in report.left_out if (one.what, one.count) == ("folders", 2)]
    assert report.counts.sum(axis=0).tolist() == [5, 4]
    assert dict(report.unreadable)["a/nothing.png"] == "It is a link to nothing."


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_to_the_folder_itself_or_to_one_above_is_no_class(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 3, "b": 3})
    (root / "loop").symlink_to(root)
    (root / "b" / "up").symlink_to(tmp_path)
    survey = survey_folder(root)
    assert survey.classes == ("a", "b")
    assert survey.counts["all"].tolist() == [3, 3]
    assert "2 links lead to folders that are read anyway, and were left out (“b/up”, “loop”)." in survey.notes


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="only Linux shows itself in files")
def test_a_link_to_what_the_system_shows_of_itself_is_not_followed(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 5, "b": 5})
    (root / "c").symlink_to("/proc/self")
    told = "The folder “c” cannot be read and was left out: it shows what the system is doing."
    assert told in survey_folder(root).notes
    report = load_folder(root).report
    assert told in report.notes
    assert report.counts.sum() == 10
    progress: list[Progress] = []
    assert load_folder(root, on_progress=progress.append).report.notes == report.notes
    assert not any(one.task.startswith("Reading") for one in progress), "from the cache"


def test_a_folder_that_may_not_be_entered_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(tmp_path / "set", {"a": 5, "b": 5, "c": 5})
    scandir = os.scandir

    def refusing(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("/c"):
            raise PermissionError(errno.EACCES, "no", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    text = "The folder “c” cannot be read and was left out: this needs a permission that you do not have."
    assert text in survey_folder(root).notes
    dataset = load_folder(root)
    assert dataset.classes == ("a", "b")
    assert LeftOut("folders", 1, text) in dataset.report.left_out
    assert dataset.report.unreadable_count == 0
    assert load_folder(root).report.left_out == dataset.report.left_out, "from the cache"


def test_where_no_classes_are_found_it_is_said_what_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "set", {"a": 3, "b": 0, "c": 3})
    for file in (root / "c").iterdir():
        file.rename(file.with_suffix(".txt"))
    empty, others = "“b” is empty", "“c” holds no pictures, only other files"
    with pytest.raises(StudioError, match=rf"one class only \(“a”\)\..*{empty}.*{others}"):
        survey_folder(root)
    for file in (root / "a").iterdir():
        file.rename(file.with_suffix(".txt"))
    with pytest.raises(StudioError, match=rf"No pictures are found in set\. .*{empty}.*“a”, “c” hold no pictures"):
        survey_folder(root)
    scandir = os.scandir

    def refusing(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path) != str(root):
            raise PermissionError(errno.EACCES, "no", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    told = "3 folders cannot be read and were left out; the first, a: this needs a permission that you do not have."
    with pytest.raises(StudioError, match=rf"No pictures are found in set\. {told}$"):
        survey_folder(root)


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_what_can_be_no_file_is_told_before_anything_is_decoded(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 5, "b": 5})
    (root / "a" / "nothing.png").symlink_to(root / "nowhere.png")
    told = "1 file could not be read and was left out. a/nothing.png: It is a link to nothing."
    assert told in survey_folder(root).notes
    assert told in load_folder(root).report.notes


def test_classes_for_one_use_only_are_told(tmp_path: Path) -> None:
    counts = {"train/a": 4, "train/b": 4, "train/c": 4, "test/a": 2, "test/b": 2, "test/d": 2}
    root = make(tmp_path / "set", counts)
    left_out = load_folder(root).report.left_out
    assert left_out == (
        LeftOut("classes", 1, "“d” has no images for training, so the network cannot learn it."),
        LeftOut("classes", 1, "“c” has no images for testing."),
    )
    assert survey_folder(root).notes[:2] == tuple(one.text for one in left_out)


def test_files_that_are_no_pictures_do_not_count_as_such(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 5, "b": 5, "c": 3})
    for number in range(50):
        (root / "a" / f"{number}.txt").touch()
    for file in (root / "c").iterdir():
        file.rename(file.with_suffix(""))  # they are pictures, though no name says so
    assert survey_folder(root).counts["all"].tolist() == [5, 5, 3]


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="only Linux shows itself in files")
def test_what_the_system_shows_of_itself_is_no_data_set() -> None:
    for read in (survey_folder, load_folder, lambda path: list_pictures([path])):
        with pytest.raises(StudioError, match="/proc/self holds no files of yours: it shows what the system is doing"):
            read(Path("/proc/self"))


def test_folders_beyond_number_are_not_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(tmp_path / "set", {f"a/{number}": 1 for number in range(8)} | {"b": 1})
    monkeypatch.setattr(disk, "MAX_FOLDERS", 8)
    for read in (survey_folder, load_folder, lambda path: list_pictures([path])):
        with pytest.raises(StudioError, match="set holds more than 8 folders, with all that is below it"):
            read(root)
    monkeypatch.setattr(disk, "MAX_FOLDERS", 100)
    monkeypatch.setattr(disk, "MAX_FILES", 8)
    with pytest.raises(StudioError, match="holds more than 8 files"):
        survey_folder(root)


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders there")
def test_a_pipe_holds_nothing_up(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 3, "b": 3})
    os.mkfifo(root / "a" / "pipe.jpg")
    assert dict(load_folder(root).report.unreadable) == {"a/pipe.jpg": "It is a device or a pipe, not a file."}


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of somebody who may not do everything, as root may."""
    folder = Path("/tmp") / f"cnnstudio-test-{os.getpid()}"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    monkeypatch.setenv("CNNSTUDIO_HOME", str(folder / "home"))
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    shutil.rmtree(folder)


@pytest.mark.skipif(os.name == "nt", reason="permissions work otherwise there")
def test_what_may_not_be_read_is_listed(open_folder: Path) -> None:
    root = make(open_folder / "set", {"a": 4, "b": 4, "locked": 2, "c/locked too": 1, "c": 3})
    (root / "a" / "0000.png").chmod(0)
    locked = [root / "locked", root / "c" / "locked too"]
    for folder in locked:
        folder.chmod(0)
    for _ in range(2):
        report = load_folder(root).report
        assert report.classes == ("a", "b", "c")
        assert report.counts.sum() == 10
        [folders, files] = report.left_out[:2]
        reason = "this needs a permission that you do not have"
        text = f"2 folders cannot be read and were left out; the first, c/locked too: {reason}."
        assert folders == LeftOut("folders", 2, text)
        assert (files.what, files.count, report.unreadable_count) == ("files", 1, 1)
        assert dict(report.unreadable)["a/0000.png"].startswith("It may not be read.")
    root.chmod(0)
    with pytest.raises(StudioError, match="this needs a permission"):
        load_folder(root)
    for folder in (root, *locked):
        folder.chmod(0o700)


def test_a_folder_that_goes_away_does_not_take_the_images_along(tmp_path: Path, home: Path) -> None:
    root = make(tmp_path / "set", {"a": 5, "b": 5})
    dataset = load_folder(root)
    before = dataset.train.images[:]
    shutil.rmtree(root)
    assert np.array_equal(dataset.train.images[:], before)
    with pytest.raises(StudioError, match="it does not exist"):
        load_folder(root)


def test_files_that_vanish_meanwhile_are_listed(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 5, "b": 5})

    def remove_one(progress: Progress) -> None:
        if progress.total:
            (root / "b" / "0003.png").unlink(missing_ok=True)

    report = load_folder(root, on_progress=remove_one).report
    assert dict(report.unreadable) == {"b/0003.png": "It does not exist. Check the name and the folder."}
    assert load_folder(root).report.unreadable == ()


def test_the_seed_decides_what_is_for_testing(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 20, "b": 40})
    first, again, other = (load_folder(root, seed=seed).test.images[:] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("count", [3, 4, 10, 33])
def test_every_class_gives_its_share(tmp_path: Path, count: int) -> None:
    dataset = load_folder(make(tmp_path / "set", {"a": count, "b": 60}))
    assert dataset.report.counts[2].tolist() == [max(1, round(TEST_SHARE * count)), 9]
    assert len(dataset.train) + len(dataset.test) == count + 60
    both = np.concatenate([dataset.train.images[:], dataset.test.images[:]])
    assert len(np.unique(both, axis=0)) == count + 60


def test_duplicates_across_splits_are_told(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": 5, "train/b": 5, "test/a": 5, "test/b": 5, "val/a": 1, "val/b": 1})
    shutil.copy(root / "train/a/0001.png", root / "test/a/copy.png")
    shutil.copy(root / "train/a/0001.png", root / "val/b/other name.png")
    shutil.copy(root / "train/b/0002.png", root / "train/b/twice.png")
    shutil.copy(root / "val/b/0000.png", root / "test/b/judged twice.png")
    for _ in range(2):
        report = load_folder(root).report
        assert report.duplicates_count == 2
        assert sorted(map(sorted, report.duplicates)) == [
            ["test/a/copy.png", "train/a/0001.png", "val/b/other name.png"],
            ["test/b/judged twice.png", "val/b/0000.png"],
        ]
        notes = " ".join(report.notes)
        assert "2 of the 15 validation and test images are also among the training images" in notes
        assert "1 image is an exact copy of others in the same split." in notes
        assert "1 picture lies in more than one class (“train/a/0001.png” = “val/b/other name.png”)" in notes


def test_copies_do_not_get_into_both_splits_that_are_drawn(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 20, "b": 20})
    for number in range(10):
        shutil.copy(root / f"a/{number:04}.png", root / f"a/copy {number}.png")
    for seed in range(5):
        dataset = load_folder(root, seed=seed)
        assert dataset.report.counts[2].tolist() == [4, 3]
        assert dataset.report.duplicates_count == 0


def test_the_report_tells_sizes_and_colours(tmp_path: Path) -> None:
    root = tmp_path / "set"
    sizes = [(20, 10), (20, 10), (20, 10), (5, 50), (40, 40), (9, 9)]
    for number, size in enumerate(sizes):
        paint(root / ("a" if number % 2 else "b") / f"{number}.png", number, size, "L" if number < 2 else "RGB")
    report = load_folder(root, 16, 3).report
    assert report.sizes[0] == (20, 10, 3)
    assert set(report.sizes[1:]) == {(5, 50, 1), (40, 40, 1), (9, 9, 1)}
    assert (report.smallest, report.largest) == ((9, 9), (40, 40))
    assert report.grey == 2


@pytest.mark.parametrize(
    ("size", "mode", "proposed"),
    [((28, 28), "L", (28, 1)), ((32, 32), "RGB", (32, 3)), ((300, 200), "RGB", (64, 3)), ((100, 5), "L", (8, 1))],
)
def test_size_and_colour_are_proposed(
    tmp_path: Path, size: tuple[int, int], mode: str, proposed: tuple[int, int]
) -> None:
    for number in range(6):
        paint(tmp_path / "set" / ("a" if number % 2 else "b") / f"{number}.png", number, size, mode)
    survey = survey_folder(tmp_path / "set")
    assert (survey.image_size, survey.channels) == proposed
    assert load_folder(tmp_path / "set").image_shape == (proposed[0], proposed[0], proposed[1])


def test_the_folder_s_own_settings_are_followed(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"a": 4, "b": 4})
    settings = {"format": 1, "input_rule": "digit", "image_size": 28, "channels": 1}
    (root / "dataset.json").write_text(json.dumps(settings))
    survey, dataset = survey_folder(root), load_folder(root)
    assert (survey.image_size, survey.channels, survey.input_rule) == (28, 1, "digit")
    assert dataset.image_shape == (28, 28, 1)
    assert dataset.input_rule == "digit"
    (root / "dataset.json").write_text(json.dumps({**settings, "input_rule": "centre-crop"}))
    assert load_folder(root).input_rule == "centre-crop"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"format": 2}',
        '{"format": 1, "image_size": 5}',
        '{"format": 1, "image_size": 1e9}',
        '{"format": 1, "channels": 2}',
        '{"format": 1, "channels": [1]}',
        '{"format": 1, "input_rule": []}',
        '{"format": 1, "input_rule": "run"}',
        "[" * 50_000,
    ],
)
def test_settings_that_make_no_sense_are_left_out(tmp_path: Path, text: str) -> None:
    root = make(tmp_path / "set", {"a": 4, "b": 4})
    (root / "dataset.json").write_text(text)
    assert any("dataset.json" in note for note in survey_folder(root).notes)
    assert load_folder(root).image_shape == (12, 12, 3)


def test_a_full_disk_is_said_before_anything_is_done(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "set", {"a": 4, "b": 4})
    monkeypatch.setattr("cnnstudio.data.folders.scan.free_bytes", lambda _: 5_000_000)
    with pytest.raises(StudioError, match=r"67\.1 MB must stay free .* has 5\.0 MB left\. Make room there\.$"):
        load_folder(root)
    assert not any(path.stat().st_size for path in (home / "cache").rglob("*") if path.is_file())


def test_a_disk_that_fills_up_meanwhile_is_said(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    root = make(tmp_path / "set", {"a": 10, "b": 10})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(StudioError, match=r"The disk that holds .* is full\. Make room"):
            load_folder(root, 160, 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert load_folder(root, 160, 3).report.counts.sum() == 20


@pytest.mark.skipif(os.name == "nt", reason="permissions work otherwise there")
def test_a_cache_that_may_not_be_written_is_said(open_folder: Path) -> None:
    root = make(open_folder / "set", {"a": 4, "b": 4})
    (open_folder / "home" / "cache").mkdir(parents=True, mode=0o500)
    with pytest.raises(StudioError, match="cannot be written"):
        load_folder(root)
