"""Data sets are found by name or path, and the user's own are remembered."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.library import (
    collected_folder,
    find_dataset,
    forget_dataset,
    import_dataset,
    list_datasets,
    load_dataset,
    read_imported,
)
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.errors import StudioError
from cnnstudio.storage import data_folder
from tests.data.made_folders import MADE


def pictures(folder: Path, classes: dict[str, int], side: int = 20) -> Path:
    """A folder of random pictures, so many of each class."""
    random = np.random.default_rng(len(classes))
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    return pictures(tmp_path / "animals", {"cat": 10, "dog": 10})


def test_published_sets_come_first() -> None:
    assert [entry.name for entry in list_datasets()] == list(DATASETS)


def test_a_path_is_enough(animals: Path) -> None:
    entry = find_dataset(str(animals))
    assert (entry.title, entry.classes, entry.path) == ("animals", ("cat", "dog"), animals)
    assert entry.train_images + entry.test_images == 20
    dataset = load_dataset(str(animals), image_size=16, channels=1)
    assert dataset.image_shape == (16, 16, 1)
    assert (dataset.name, dataset.title) == (str(animals), "animals")
    assert len(dataset.train) + len(dataset.test) == 20


def test_what_was_imported_has_a_name(animals: Path) -> None:
    entry = import_dataset(animals, 24, 3)
    assert entry.name == "animals"
    assert [own.name for own in list_datasets()][-1] == "animals"
    assert find_dataset("animals").image_shape == (24, 24, 3)
    assert find_dataset("animals", 16, 1).image_shape == (16, 16, 1)
    dataset = load_dataset("animals")
    assert (dataset.name, dataset.image_shape) == ("animals", (24, 24, 3))
    assert dataset.report is not None


def test_importing_again_changes_the_size_not_the_name(animals: Path) -> None:
    import_dataset(animals, 24, 3)
    assert import_dataset(animals, 32, 1).name == "animals"
    assert find_dataset("animals").image_shape == (32, 32, 1)
    assert len(list_datasets()) == len(DATASETS) + 1


def test_the_layout_of_a_folder_is_remembered(tmp_path: Path) -> None:
    folder = MADE["a deep tree"].make(tmp_path / "fruit")
    assert import_dataset(folder).layout == "folders"
    assert import_dataset(folder, layout="folders=2").classes == find_dataset("fruit").classes
    assert find_dataset("fruit").layout == find_dataset(str(folder)).layout == "folders=2"
    assert load_dataset("fruit").classes == ("Abate", "Braeburn", "Conference", "Golden-Delicious")
    assert find_dataset("fruit", layout="folders=1").classes == ("Apple", "Pear")
    found = import_dataset(MADE["dogs-vs-cats"].make(tmp_path / "pets"))
    assert (found.layout, load_dataset("pets").classes) == ("names", ("cat", "dog"))
    with pytest.raises(StudioError, match="is no folder"):
        find_dataset("mnist", layout="names")


def test_two_folders_of_one_name_get_two(animals: Path, tmp_path: Path) -> None:
    other = pictures(tmp_path / "other" / "animals", {"a": 3, "b": 3, "c": 3})
    published = pictures(tmp_path / "mnist", {"0": 3, "1": 3})
    names = [import_dataset(path).name for path in (animals, other, published)]
    assert names == ["animals", "animals-2", "mnist-2"]
    assert load_dataset("animals-2").classes == ("a", "b", "c")
    assert load_dataset("mnist").classes == DATASETS["mnist"].classes


def test_a_list_that_cannot_be_read_now_is_not_begun_anew(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_dataset(animals)
    file = data_folder() / "datasets.json"
    before = file.read_bytes()
    opened = Path.open

    def refuse(path: Path, *arguments: object, **options: object) -> object:
        if path == file:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return opened(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(StudioError, match="the disk reports an error"):
            forget_dataset("something else")
    assert file.read_bytes() == before


def test_what_is_damaged_of_the_list_is_kept_aside(animals: Path) -> None:
    file = data_folder() / "datasets.json"
    file.parent.mkdir(parents=True)
    file.write_text("{ half of it")
    import_dataset(animals)
    assert [entry.name for entry in read_imported()[0]] == ["animals"]
    assert (file.parent / "datasets.json.damaged").read_text() == "{ half of it"


def test_forgetting_leaves_the_images(animals: Path) -> None:
    import_dataset(animals)
    forget_dataset("animals")
    assert [entry.name for entry in list_datasets()] == list(DATASETS)
    assert len(list(animals.rglob("*.png"))) == 20


def test_collected_sets_are_found_once_they_can_be_trained_on() -> None:
    pictures(collected_folder() / "shapes", {"circle": 3})
    assert [entry.name for entry in list_datasets()] == list(DATASETS)
    pictures(collected_folder() / "shapes", {"square": 3})
    entry = find_dataset("shapes")
    assert entry.classes == ("circle", "square")
    assert import_dataset(collected_folder() / "shapes").name == "shapes"
    assert len(list_datasets()) == len(DATASETS) + 1


def test_a_folder_that_is_gone_is_still_listed_and_says_so(animals: Path) -> None:
    import_dataset(animals)
    animals.rename(animals.with_name("moved"))
    assert "animals" in [entry.name for entry in list_datasets()]
    with pytest.raises(StudioError, match="animals"):
        load_dataset("animals")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 2, "datasets": []}', "null"])
def test_a_damaged_register_hides_nothing_else(text: str, animals: Path) -> None:
    data_folder().mkdir(parents=True)
    (data_folder() / "datasets.json").write_text(text)
    assert "Import your folders again" in read_imported()[1]
    assert [entry.name for entry in list_datasets()] == list(DATASETS)
    assert import_dataset(animals).name == "animals"
    assert find_dataset("animals").path == animals
    assert read_imported()[1] == ""


def test_a_damaged_line_of_the_register_is_left_out(animals: Path) -> None:
    import_dataset(animals)
    file = data_folder() / "datasets.json"
    values = json.loads(file.read_text())
    values["datasets"] += [{"name": "x"}, 7]
    file.write_text(json.dumps(values))
    assert [entry.name for entry in list_datasets()] == [*DATASETS, "animals"]
    assert "has 2 damaged entries, which are left out. Import your folders" in read_imported()[1]


HOSTILE = ["", "a\0b", "\ud800", 0, -1, 10**30, 2.5, None, [], {}, [["x"]]]


@pytest.mark.parametrize(
    "field", ["name", "path", "image_size", "channels", "classes", "train_images", "test_images", "layout"]
)
def test_whatever_stands_in_a_line_of_the_register(field: str, animals: Path) -> None:
    import_dataset(animals)
    file = data_folder() / "datasets.json"
    values = json.loads(file.read_text())
    [line] = values["datasets"]
    for value in HOSTILE:
        values["datasets"] = [line, {**line, "name": "other", field: value}]
        file.write_text(json.dumps(values))
        listed = list_datasets()
        assert listed[len(DATASETS)].name == "animals"
        assert (len(listed) == len(DATASETS) + 2) != bool(read_imported()[1])
        for entry in listed:
            assert entry.size_text
            assert isinstance(entry.is_here(), bool)


def test_reading_makes_no_folder(home: Path) -> None:
    list_datasets()
    assert not home.exists()


def test_wrong_names_and_sizes(animals: Path) -> None:
    import_dataset(animals)
    for call, part in (
        (lambda: find_dataset("animal"), "Did you mean “animals”"),
        (lambda: find_dataset("mnist", 32), "can be chosen only for your own images"),
        (lambda: find_dataset("animals", 4), "from 8 to 1,024"),
        (lambda: find_dataset("animals", 32, 2), "1 channel .grey. or 3"),
        (lambda: find_dataset(str(animals / "cat")), "cat"),
    ):
        with pytest.raises(StudioError, match=part):
            call()
