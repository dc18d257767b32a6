"""What earlier versions saved opens, with the content it had."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMargins
from pytestqt.qtbot import QtBot

from cnnstudio.data.collected.collection import Collection
from cnnstudio.data.collected.sets import list_collections
from cnnstudio.data.downloads.fetch import read_extra_folders
from cnnstudio.data.folders.load import load_folder
from cnnstudio.data.library import collected_folder, find_dataset, list_datasets, load_dataset, read_imported
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.app import create
from cnnstudio.gui.look.theme import DARK, colours
from cnnstudio.gui.main_window import PAGES
from cnnstudio.gui.settings import Settings
from cnnstudio.models.networks.building import build_network, find_network
from cnnstudio.models.networks.files import list_networks
from cnnstudio.models.trained.card import Card, read_card
from cnnstudio.models.trained.library import list_models, load_classifier
from cnnstudio.progress import Progress
from cnnstudio.storage import runs_folder
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.runs import config_of_run, history_of_run

SAVED = Path(__file__).parent / "saved" / "0.1.0"
MADE_IN = b"/tmp/cnnstudio"
"""Where the files were made: the start of every path in them."""

TEXTS = {".json", ".ini"}
CLASSES = ("bars", "spots", "steps")
ADDED_TO_CARDS = {"planned_epochs": 0}
"""What versions since then write, too, and what it is where they did not."""


@pytest.fixture(autouse=True)
def saved(tmp_path: Path, home: Path) -> Path:
    """A copy of what was saved, as if it had been made here."""
    for path in sorted(SAVED.rglob("*")):
        there = tmp_path / path.relative_to(SAVED)
        if path.is_dir():
            there.mkdir()
        elif path.suffix in TEXTS:
            there.write_bytes(path.read_bytes().replace(MADE_IN, os.fsencode(tmp_path)))
        else:
            shutil.copyfile(path, there)
    assert home == tmp_path / "home"
    return tmp_path


@pytest.fixture
def answers() -> dict[str, list[float]]:
    """The probabilities that the version before computed for each picture."""
    return json.loads((SAVED / "answers.json").read_bytes())


def pictures(answers: dict[str, list[float]]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(SAVED / "shapes" / name))[..., np.newaxis] for name in answers])


@pytest.mark.numbers
@pytest.mark.parametrize("model", ["small-shapes", "small.keras"])
def test_a_trained_network_gives_the_same_answers(saved: Path, answers: dict[str, list[float]], model: str) -> None:
    path = saved / model if (saved / model).exists() else runs_folder() / model
    probabilities = load_classifier(path).predict_many(pictures(answers))
    np.testing.assert_allclose(probabilities, list(answers.values()), atol=1e-4)


def test_our_own_layer_is_found_by_the_name_in_the_file(saved: Path) -> None:
    """`cnnstudio.models.layers` and `cnnstudio>LocalResponseNormalization` are written into users' files."""
    text = (saved / "home/data/architectures/small.cnn.json").read_text(encoding="utf-8")
    assert '"cnnstudio.models.layers"' in text
    assert '"cnnstudio>LocalResponseNormalization"' in text
    layer = build_network("small", (16, 16, 1), 3, seed=0).get_layer("norm1")
    assert type(layer).__module__ == "cnnstudio.models.layers"
    assert (layer.size, layer.k, layer.alpha, layer.beta) == (3, 2.0, 1e-4, 0.75)


def test_a_card_says_what_it_said(saved: Path) -> None:
    values = json.loads((saved / "home/data/runs/small-shapes/card.json").read_bytes())
    card = read_card(runs_folder() / "small-shapes")
    assert json.loads(card.to_json()) == values | ADDED_TO_CARDS
    assert (card.classes, card.input_shape, card.parameters) == (CLASSES, (16, 16, 1), 219)
    assert load_classifier(saved / "small.keras").card == card
    assert [model.name for model in list_models() if model.kind == "run"] == ["small-shapes"]


def test_a_card_that_names_a_command_of_another_version_opens(saved: Path) -> None:
    path = runs_folder() / "small-shapes" / "card.json"
    command = "python -m cnnstudio.models.efficientnet weights.npz classes.json out"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"command": command}), encoding="utf-8")
    assert read_card(path.parent).command == command


def test_the_keys_of_a_card_and_of_a_run_are_the_same(saved: Path) -> None:
    run = runs_folder() / "small-shapes"
    keys = set(json.loads((run / "card.json").read_bytes()))
    assert keys | set(ADDED_TO_CARDS) == set(json.loads(Card("a", ("b", "c"), (1, 1, 1), "").to_json()))
    config = config_of_run(run)
    assert {"format": 1, **config} == json.loads((run / "config.json").read_bytes())
    assert TrainingConfig(**config) == TrainingConfig(
        "shapes", "small", epochs=1, batch_size=4, seed=3, augmentation="shift=0.1,rotate=10,zoom=0.1"
    )


def test_the_course_of_a_training_is_known(saved: Path) -> None:
    history = history_of_run(runs_folder() / "small-shapes")
    assert (len(history.epochs), len(history.loss), history.batches_per_epoch) == (1, 5, 5)


def test_an_edited_network_has_the_same_layers(saved: Path) -> None:
    assert [network.name for network in list_networks()] == ["small"]
    network = find_network("small")
    assert (network.title, network.source) == ("Small", "alexnet")
    path = saved / "home/data/architectures/small.cnn.json"
    assert network.config == json.loads(path.read_bytes())["model"]


def test_the_list_of_imported_folders(saved: Path) -> None:
    entry = find_dataset("shapes")
    assert (entry.path, entry.image_shape, entry.classes) == (saved / "shapes", (16, 16, 1), CLASSES)
    assert (entry.train_images, entry.test_images) == (20, 4)
    assert read_imported()[1] == ""
    assert {"shapes", "strokes"} < {entry.name for entry in list_datasets()}


def test_the_list_of_folders_of_data_sets(saved: Path) -> None:
    assert read_extra_folders() == ([saved / "downloads", saved / "more downloads"], "")


def test_a_collected_set() -> None:
    assert list_collections(collected_folder()) == [collected_folder() / "strokes"]
    collection = Collection(collected_folder() / "strokes")
    assert collection.kind.name == "drawings"
    assert collection.counts == {"ring": 1, "cross": 1}
    for paths in collection.contents.values():
        assert np.asarray(Image.open(paths[0])).shape == (28, 28)


def with_times(saved: Path) -> Path:
    """Gives the copied pictures the times that the cache remembers, and the cache the name that it has for the copy.

    The times are in nanoseconds; the name is the BLAKE2 hash of the folder's path, of 16 bytes, in hex.
    """
    (cached,) = (saved / "home/cache/images").glob("*/*")
    index = np.load(cached / "index.npz")
    facts = json.loads(index["facts"].tobytes())
    names = [f"{folder}/{number}.png" for _, _, folder, files in facts["places"] for number in range(files)]
    for name, (size, modified) in zip(names, index["signs"].tolist(), strict=True):
        os.utime(saved / "shapes" / name, ns=(modified, modified))
        assert (saved / "shapes" / name).stat().st_size == size
    for name, modified, _, _ in facts["stamps"]:
        os.utime(saved / "shapes" / name, ns=(modified, modified))
    os.utime(cached / "images.bin", ns=(facts["modified"], facts["modified"]))
    digest = hashlib.blake2b(os.fsencode(os.path.realpath(saved / "shapes")), digest_size=16).hexdigest()
    cached.parent.rename(cached.parent.with_name(digest))
    return saved / "shapes"


def images_by_class(dataset: Dataset) -> dict[str, list[bytes]]:
    splits = (dataset.train, dataset.test)
    pairs = [
        (int(label), image.tobytes())
        for split in splits
        for label, image in zip(split.labels, split.images[:], strict=True)
    ]
    return {
        name: sorted(image for label, image in pairs if label == number) for number, name in enumerate(dataset.classes)
    }


def files_by_class() -> dict[str, list[bytes]]:
    return {
        name: sorted(np.asarray(Image.open(path)).tobytes() for path in (SAVED / "shapes" / name).iterdir())
        for name in CLASSES
    }


def test_decoded_images_are_taken_from_the_cache(saved: Path) -> None:
    for path in (saved / "shapes").rglob("*.png"):  # nothing can be decoded: what comes is what was kept
        path.write_bytes(bytes(path.stat().st_size))
    with_times(saved)
    assert images_by_class(load_dataset("shapes")) == files_by_class()


def test_a_cache_that_cannot_be_used_is_made_anew(saved: Path) -> None:
    folder = with_times(saved)
    (index,) = (saved / "home/cache/images").glob("*/*/index.npz")
    index.write_bytes(index.read_bytes()[:-100])
    told: list[Progress] = []
    assert images_by_class(load_folder(folder, on_progress=told.append)) == files_by_class()
    assert "Reading “shapes”" in {progress.task for progress in told}


def test_settings_are_all_used_and_kept(saved: Path, qtbot: QtBot) -> None:
    earlier = saved / "home/config/settings.ini"
    before = earlier.read_bytes()
    _, window = create(["cnnstudio"])
    qtbot.addWidget(window)
    assert window.current_page.objectName() == "page_try"
    assert colours() is DARK
    for name in PAGES:
        window.show_page(name)
    window.show_page("try")
    settings = Settings()
    assert (settings.page, settings.theme, settings.threads) == ("try", "dark", 1)
    choices = {
        "architecture/images": "as-in-the-paper",
        "architecture/network": "small",
        "collect/set": "strokes",
        "data/dataset": "shapes",
        "try/model": str(runs_folder() / "small-shapes"),
    }
    for name, value in choices.items():
        assert settings.recall(name, "", "") == value
    assert settings.forgotten == []
    path = earlier.with_suffix(".json")
    assert not path.exists()
    window.resize(window.size().shrunkBy(QMargins(0, 0, 8, 8)))
    window.quit()
    kept = json.loads(path.read_bytes())
    assert kept["geometry"]
    expected = {"page": "try", "theme": "dark", "threads": "1"} | {f"choices/{name}": choices[name] for name in choices}
    assert kept | expected == kept
    assert earlier.read_bytes() == before
