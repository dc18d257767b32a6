"""Everything that writes, as it is done in the window or on the command line, each to the library of `library.make`."""

import hashlib
import io
import os
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cnnstudio.data.collected.collection import Collection, add_pictures
from cnnstudio.data.collected.sets import create_collection, rename_collection
from cnnstudio.data.downloads.fetch import change_extra_folders, fetch
from cnnstudio.data.downloads.remote import RemoteFile, RemoteFolder
from cnnstudio.data.folders.files import PictureFile
from cnnstudio.data.library import collected_folder, forget_dataset, import_dataset, load_dataset
from cnnstudio.errors import StudioError
from cnnstudio.models.networks.files import (
    Network,
    list_networks,
    rename_network,
    save_network,
    trash_network,
    write_network,
)
from cnnstudio.models.trained.adopt import inspect_model, remember
from cnnstudio.models.trained.folder_prediction import FilePrediction
from cnnstudio.models.trained.library import ModelEntry, copy_model, list_models, rename_model, trash_model
from cnnstudio.models.trained.prediction_table import PredictionTable, save_table
from cnnstudio.storage import clear_cache, data_folder, move_to_trash
from tests.faults.library import Seen

BODY = bytes(range(256)) * 300
"""What is downloaded."""

Rule = Callable[[Seen, Seen, Seen], bool]
"""Judges what is seen, given what was seen before and what is seen when all goes well, in this order."""


def _never(before: Seen, after: Seen, found: Seen) -> bool:
    return False


def _all_done(before: Seen, after: Seen, found: Seen) -> bool:
    return found == after


def _itself(place: Path) -> Any:
    return place


@dataclass(frozen=True)
class Operation:
    """Something that writes.

    Attributes:
        name: for reports and on the command line.
        do: does it; raises StudioError or OSError where that is said to have failed.
        ready: what a window has read of the library before, given the place; by default the place itself.
        partly: whether it may have been done so far only, because each of its parts counts.
        cut: whether it may be left so by a kill, which says nothing.
        complete: whether it is done, though it was begun before: by default, where all is as if it had gone well.
        engine: whether it needs TensorFlow.
        session: whether it needs what a window remembers: then it is not tried after a kill, nor beside others.
    """

    name: str
    do: Callable[[Any], object]
    ready: Callable[[Path], Any] = _itself
    partly: Rule = _never
    cut: Rule = _never
    complete: Rule = _all_done
    engine: bool = False
    session: bool = False

    @property
    def has_parts(self) -> bool:
        """Whether each of its parts counts."""
        return self.partly is not _never


def _model(place: Path) -> ModelEntry:
    for entry in list_models():
        if entry.name == "small-shapes":
            return entry
    raise StudioError("There is no model “small-shapes”.")


def _network(place: Path) -> Network:
    for network in list_networks():
        if network.name == "small":
            return network
    raise StudioError("There is no architecture “small”.")


def _set(place: Path) -> Collection:
    return Collection(collected_folder() / "strokes")


def _collect(collection: Collection) -> object:
    sources = [collection.path.parents[3] / "out" / f"stroke{number}.png" for number in range(3)]
    _, problems = add_pictures(collection, "cross", sources, lambda _: None, threading.Event())
    if problems:
        raise StudioError(problems[0])
    return None


def _pictures_of_a_class(place: Path) -> tuple[Collection, tuple[Path, ...]]:
    collection = _set(place)
    return collection, collection.examples("ring")


def _removed(place: Path) -> Collection:
    """A set of which the pictures of a class have just been removed."""
    collection, pictures = _pictures_of_a_class(place)
    collection.remove(pictures)
    return collection


def _all_but(seen: Seen, *keys: tuple[str, ...]) -> Seen:
    return {key: value for key, value in seen.items() if key not in keys}


def _pictures(name: str) -> Rule:
    """Some of the pictures that come into a class, or leave it, may have done so."""

    def rule(before: Seen, after: Seen, found: Seen) -> bool:
        key = ("class", "strokes", name)
        few, many = sorted((set(before[key]), set(after[key])), key=len)
        return _all_but(before, key) == _all_but(found, key) and few <= set(found.get(key, ())) <= many

    return rule


def _some_moved(before: Seen, after: Seen, found: Seen) -> bool:
    """Each picture is in the one class or in the other."""
    keys = ("class", "strokes", "ring"), ("class", "strokes", "cross")
    pictures = [sorted(picture for key in keys for picture in seen.get(key, ())) for seen in (before, found)]
    return _all_but(before, *keys) == _all_but(found, *keys) and pictures[0] == pictures[1]


def _has_pictures(name: str) -> Rule:
    """All pictures are there, some of them twice where it was begun before."""

    def rule(before: Seen, after: Seen, found: Seen) -> bool:
        key = ("class", "strokes", name)
        return found | {key: sorted(set(found.get(key, ())))} == after | {key: sorted(set(after[key]))}

    return rule


def _load(place: Path) -> object:
    """Decodes the pictures of a folder and keeps them; returns what a training would get."""
    dataset = load_dataset(str(place / "photos"))
    if dataset.report is not None and dataset.report.unreadable:
        raise StudioError(dataset.report.unreadable[0][1])
    parts = dataset.train.images[:], dataset.test.images[:], dataset.train.labels, dataset.test.labels
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest(), dataset.classes


def _adopt(place: Path) -> object:
    model = inspect_model(place / "plain.keras")
    return remember(model, replace(model.guess, name="mine"))


def _predictions(first: int) -> list[FilePrediction]:
    return [
        FilePrediction(PictureFile(f"/pictures/{number}.png", Path("/pictures")), ((0, "bars", 0.5),))
        for number in range(first, first + 3)
    ]


def _fill_table(place: Path) -> object:
    """What `predict --csv` does with the answers of a network."""
    with PredictionTable(place / "out" / "table.csv", 1, "small 12345678") as table:
        for first in (0, 3):
            table.add(answer for answer in _predictions(first) if not table.holds(answer.file))
    return None


def _rows(name: str) -> Rule:
    """Rows are kept as they come, so there may be some of them."""

    def rule(before: Seen, after: Seen, found: Seen) -> bool:
        return _all_but(before, ("file", name)) == _all_but(found, ("file", name))

    return rule


def _settings(place: Path) -> object:
    from cnnstudio.gui.settings import Settings

    settings = Settings()
    settings.theme = "light"
    settings.save()
    settings.remember("try/model", "another")
    if not settings.save():
        raise StudioError("What was set is not written.")
    return None


def _some_settings(before: Seen, after: Seen, found: Seen) -> bool:
    """Each setting counts."""
    return found.keys() == before.keys() and all(found[key] in (before[key], after[key]) for key in found)


def _draft(network: Network) -> object:
    return write_network(replace(network, title="Draft"), data_folder() / "drafts" / "draft.cnn.json")


def _picture(place: Path) -> object:
    """Saves a picture of a chart where a dialog says."""
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QFileDialog, QMessageBox

    from cnnstudio.gui.controls import saving

    said: list[str] = []
    path = str(place / "out" / "stroke0.png")
    QFileDialog.getSaveFileName = lambda *_: (path, "")  # type: ignore[method-assign]
    QMessageBox.warning = lambda *words: said.append(words[2])  # type: ignore[method-assign]
    saving.in_last_folder = str  # type: ignore[assignment]
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(0)
    if not saving.save_as(None, "Save", "chart", (saving.Format(".png", "PNG", lambda: saving.png(image)),)):  # type: ignore[arg-type]
        raise StudioError(said[0] if said else "Nothing was said.")
    return None


def _fetch(place: Path) -> object:
    url = os.environ["CNNSTUDIO_TEST_SERVER"]
    md5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
    files = tuple(RemoteFile(name, (f"{url}/{name}",), len(BODY), md5) for name in ("a.bin", "b.bin"))
    return fetch(RemoteFolder("Small", ("small",), files))


def _some_downloads(before: Seen, after: Seen, found: Seen) -> bool:
    """Each file counts."""
    return before.items() <= found.items() <= after.items()


def _command(*words: str) -> Callable[[Path], object]:
    """A command as it is typed; `{}` stands for the place."""

    def do(place: Path) -> object:
        from cnnstudio.cli.app import run

        heard = io.StringIO()
        with redirect_stderr(heard), redirect_stdout(io.StringIO()):
            code = run([word.format(place) for word in words], lambda _: 0)
        if code:
            raise StudioError(heard.getvalue())
        return None

    return do


_TRAIN = ("train", "--dataset", "shapes", "--epochs", "2", "--batch-size", "8", "--quiet", "--architecture")


def _new_models(seen: Seen, before: Seen) -> list[Any]:
    return [value for key, value in seen.items() if key not in before and key[0] == "model"]


def _some_epochs(before: Seen, after: Seen, found: Seen) -> bool:
    """A training that did not come to its end may leave a whole model of the epochs that were over."""
    return before.items() <= found.items() and {key[0] for key in found.keys() - before.keys()} <= {"model"}


def _trained(before: Seen, after: Seen, found: Seen) -> bool:
    """What an earlier one left may lie beside it."""
    [wanted] = _new_models(after, before)
    return _some_epochs(before, after, found) and wanted in _new_models(found, before)


def _renamed_network(before: Seen, after: Seen, found: Seen) -> bool:
    """The network may have the new name and its old title, or both names: it is whole, and nothing was said."""
    names = ("network", "small"), ("network", "renamed")
    networks = [found[name][1:] for name in names if name in found]
    return _all_but(before, *names) == _all_but(found, *names) and set(networks) == {before[names[0]][1:]}


def _renamed_class(before: Seen, after: Seen, found: Seen) -> bool:
    """The class may stand at another place of the order."""
    key = ("set", "strokes")
    return {**found, key: sorted(found.get(key, ()))} == {**after, key: sorted(after[key])}


OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("rename-model", lambda model: rename_model(model, "renamed"), _model),
        Operation("trash-model", trash_model, _model),
        Operation(
            "copy-model",
            lambda pair: copy_model(pair[0], pair[1]),
            lambda place: (_model(place), place / "out" / "copy.keras"),
        ),
        Operation("adopt-model", _adopt),
        Operation("save-network", lambda network: save_network(network, "another"), _network),
        Operation("rename-network", lambda network: rename_network(network, "renamed"), _network, cut=_renamed_network),
        Operation("trash-network", trash_network, _network),
        Operation(
            "share-network",
            lambda pair: write_network(pair[0], pair[1]),
            lambda place: (_network(place), place / "out" / "shared.cnn.json"),
        ),
        Operation("draft", _draft, _network),
        Operation("import-folder", lambda place: import_dataset(place / "photos")),
        Operation("import-zip", lambda place: import_dataset(place / "archive.zip")),
        Operation("forget-import", lambda _: forget_dataset("shapes")),
        Operation("image-cache", _load),
        Operation("clear-cache", lambda _: clear_cache("images")),
        Operation("create-set", lambda _: create_collection(collected_folder(), "new", "photos", ("a", "b"))),
        Operation("rename-set", lambda _: rename_collection(collected_folder() / "strokes", "renamed")),
        Operation("trash-set", lambda _: move_to_trash(collected_folder() / "strokes")),
        Operation("add-class", lambda opened: opened.add_class("dot"), _set),
        Operation("rename-class", lambda opened: opened.rename_class("ring", "circle"), _set, cut=_renamed_class),
        Operation("remove-class", lambda opened: opened.remove_class("ring"), _set),
        Operation("collect-pictures", _collect, _set, _pictures("cross"), complete=_has_pictures("cross")),
        Operation(
            "move-pictures", lambda opened: opened[0].move(opened[1], "cross"), _pictures_of_a_class, cut=_some_moved
        ),
        Operation(
            "remove-pictures", lambda opened: opened[0].remove(opened[1]), _pictures_of_a_class, cut=_pictures("ring")
        ),
        Operation("undo-removal", lambda opened: opened.undo(), _removed, cut=_pictures("ring"), session=True),
        Operation("name-folders", lambda place: change_extra_folders(add=[place / "photos"])),
        Operation("settings", _settings, partly=_some_settings),
        Operation("fill-table", _fill_table, partly=_rows("table.csv")),
        Operation("save-table", lambda place: save_table(place / "out" / "table.csv", _predictions(0), 1, "small")),
        Operation("save-picture", _picture),
        Operation("download", _fetch, partly=_some_downloads),
        Operation("script", _command("code", "small-shapes", "--output", "{}/out/script.py"), engine=True),
        Operation(
            "predict",
            _command("predict", "small-shapes", "{}/shapes", "--csv", "{}/out/new.csv"),
            partly=_rows("new.csv"),
            engine=True,
        ),
        Operation("train", _command(*_TRAIN, "softmax"), partly=_some_epochs, complete=_trained, engine=True),
        Operation(
            "go-on",
            _command(*_TRAIN, "small", "--start-from", "small-shapes"),
            partly=_some_epochs,
            complete=_trained,
            engine=True,
        ),
    )
}
"""Every operation by its name."""
