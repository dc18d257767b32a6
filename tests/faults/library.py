"""A small library to do things to, and what is to be seen in it."""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from cnnstudio.data.collected.collection import Collection
from cnnstudio.data.collected.sets import DATASET_FILE, list_collections
from cnnstudio.data.downloads.fetch import read_extra_folders
from cnnstudio.data.library import collected_folder, load_dataset, read_imported
from cnnstudio.errors import StudioError
from cnnstudio.models.networks.files import list_networks, read_network, saved_names
from cnnstudio.models.trained.adopt import remembered
from cnnstudio.models.trained.card import CONFIG_FILE, MODEL_FILE
from cnnstudio.models.trained.library import list_broken_models, list_models
from cnnstudio.training.runs import HISTORY_FILE

SAVED = Path(__file__).parents[1] / "saved" / "0.1.0"
MADE_IN = b"/tmp/cnnstudio"
"""Where the saved files were made: the start of every path in them."""

Seen = dict[tuple[str, ...], Any]
"""What is listed, each with its content: models, networks, sets and their classes, …"""


@dataclass(frozen=True)
class Found:
    """A library as it was found.

    Attributes:
        seen: what is listed.
        files: all files and folders of the user's, with their digests.
        left: hidden ones that are of no use.
    """

    seen: Seen
    files: dict[str, str]
    left: set[str]


def use(place: Path) -> None:
    """Makes a place the home of this process: its user folders, its trash, nothing from outside."""
    os.environ |= {"CNNSTUDIO_HOME": str(place / "home"), "HOME": str(place), "XDG_DATA_HOME": str(place / "share")}
    os.environ.pop("CNNSTUDIO_DATASETS", None)


def make(place: Path) -> None:
    """Makes a library in which there is one of everything, and beside it what can be brought into it."""
    shutil.copytree(SAVED, place, ignore=shutil.ignore_patterns("cache", "README.md", ".git*"))
    for path in (*place.rglob("*.json"), *place.rglob("*.ini")):
        path.write_bytes(path.read_bytes().replace(MADE_IN, os.fsencode(place)))
    data = place / "home" / "data"
    imported = json.loads((data / "datasets.json").read_bytes())
    imported["datasets"].append({**imported["datasets"][0], "name": "gone", "path": str(place / "gone")})
    (data / "datasets.json").write_text(json.dumps(imported))
    for folder in (data / "foreign", data / "drafts", data / "models", place / "home" / "log", place / "out"):
        folder.mkdir()
    for kind in ("files", "info"):
        (place / "share" / "Trash" / kind).mkdir(parents=True)
    for number, name in enumerate(("cup", "cup", "cup", "pen", "pen", "pen")):
        (place / "photos" / name).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), (40 * number, 90, 200)).save(place / "photos" / name / f"{number}.png")
        with zipfile.ZipFile(place / "archive.zip", "a") as archive:
            archive.write(place / "photos" / name / f"{number}.png", f"{name}/{number}.png")
    for number in range(3):
        picture = Image.new("L", (28, 28))
        picture.paste(255, (8, 4 + number, 12, 20))
        picture.save(place / "out" / f"stroke{number}.png")
        shutil.copy(place / "out" / f"stroke{number}.png", data / "datasets" / "strokes" / "ring" / f"{number}.png")
    shutil.copy(data / "runs" / "small-shapes" / MODEL_FILE, place / "plain.keras")
    (place / "out" / "table.csv").write_text("file,class,probability,error,model\n")
    use(place)
    load_dataset("shapes")


def look(place: Path) -> Found:
    """What the program lists in a library, and what lies there."""
    use(place)
    return Found(dict(_list(place)), files(place), left_behind(place))


_Items = Iterator[tuple[tuple[str, ...], Any]]


def _list(place: Path) -> _Items:
    yield from _models(place)
    yield from _networks(place)
    yield from _datasets()
    yield from _sets()
    yield from _settings()
    yield from _elsewhere(place)


def _models(place: Path) -> _Items:
    for model in list_models():
        if model.kind != "shipped":
            card = replace(model.card, name="", created="", command="")
            yield ("model", model.name), (card, _content(model.path))
    for path, sentence in list_broken_models().items():
        yield ("broken model", path.name), sentence
    plain = place / "plain.keras"
    yield ("answers",), remembered(plain)


def _networks(place: Path) -> _Items:
    networks = list_networks()
    for network in networks:
        yield ("network", network.name), (network.title, network.source, json.dumps(network.config, sort_keys=True))
    for name in set(saved_names()) - {network.name for network in networks}:
        yield ("broken network", name), ""
    with suppress(StudioError):
        draft = read_network(place / "home" / "data" / "drafts" / "draft.cnn.json")
        yield ("draft",), json.dumps(draft.config, sort_keys=True)


def _datasets() -> _Items:
    imported, problem = read_imported()
    for entry in imported:
        yield ("data set", entry.name), (entry.path, entry.image_shape, entry.classes, entry.train_images)
    folders, other = read_extra_folders()
    yield ("folders",), folders
    yield ("problems",), problem + other


def _sets() -> _Items:
    for path in list_collections(collected_folder()):
        collection = Collection(path)
        yield ("set", path.name), collection.classes
        for name in collection.classes:
            yield ("class", path.name, name), sorted(_digest(picture) for picture in collection.examples(name))
    for path in collected_folder().iterdir():
        if not path.name.startswith(".") and not (path / DATASET_FILE).is_file():
            yield ("half a set", path.name), ""


_CHOICES = ("architecture/images", "architecture/network", "collect/set", "data/dataset", "try/model")


def _settings() -> _Items:
    from cnnstudio.gui.settings import Settings

    settings = Settings()
    for name in ("theme", "threads", "page"):
        yield ("setting", name), getattr(settings, name)
    yield ("setting", "geometry"), settings.geometry.data()
    for name in _CHOICES:
        yield ("setting", name), settings.recall(name, "", name)
    yield ("forgotten settings",), settings.forgotten


def _elsewhere(place: Path) -> _Items:
    # Names depend on the time there, and the list of a set's classes is made anew where it is missing.
    thrown_away = (path for path in (place / "share" / "Trash" / "files").rglob("[!.]*") if path.is_file())
    yield ("trash",), sorted(_digest(path) for path in thrown_away if path.name != DATASET_FILE)
    for path in (place / "home" / "cache" / "datasets").rglob("[!.]*"):
        if path.is_file() and path.suffix != ".part":
            yield ("download", path.name), _digest(path)
    for path in (place / "out").iterdir():
        if not path.name.startswith("."):
            content = {".keras": _weights, ".csv": _rows}.get(path.suffix, _digest)
            yield ("file", path.name), content(path)


def files(folder: Path) -> dict[str, str]:
    """Every file and folder in one, with its digest, but for what is hidden and what can be made again."""
    found = {}
    for path in folder.rglob("*"):
        below = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in below.parts)
        if (
            not hidden
            and not below.as_posix().startswith(("home/cache", "home/log", "share/Trash/info"))
            and path.suffix != ".lock"
        ):
            found[below.as_posix()] = "" if path.is_dir() else _digest(path)
    return found


def left_behind(folder: Path) -> set[str]:
    """Hidden files and folders, but for locks, which stay."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob(".*")
        if path.suffix != ".lock" and path.name not in {".lock", ".deleted"}
    }


def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()


def _rows(path: Path) -> list[str]:
    """In whatever order: what could not be read is tried again at the end."""
    return sorted(path.read_text().splitlines())


def _content(folder: Path) -> tuple[Any, ...]:
    """What a model's folder holds, but for the moment when it was written."""
    kept = [_weights(folder / MODEL_FILE)]
    for name in (CONFIG_FILE, HISTORY_FILE):
        with suppress(FileNotFoundError):
            kept.append(json.loads((folder / name).read_bytes()))
    return tuple(kept)


def _weights(path: Path) -> bytes:
    """Those of a model's file, whose other parts say when it was made."""
    with zipfile.ZipFile(path) as archive:
        return archive.read("model.weights.h5")
