"""The models at hand: shipped, downloaded or trained here; found by name, renamed, copied, thrown away."""

import difflib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from cnnstudio.errors import StudioError, reason
from cnnstudio.models.trained.adopt import list_adopted, open_adopted
from cnnstudio.models.trained.card import CARD_FILE, CONFIG_FILE, MODEL_FILE, Card, read_card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.files import NoCardError, embed_card, embedded_card, load_model
from cnnstudio.models.trained.parts import NO_MODEL, model_file
from cnnstudio.names import checked_name
from cnnstudio.storage import (
    downloads_folder,
    exists,
    is_file,
    is_folder,
    is_temporary,
    move_to_trash,
    runs_folder,
    shipped,
    write_atomically,
)

Kind = Literal["shipped", "download", "run"]


@dataclass(frozen=True)
class ModelEntry:
    """A model that can be chosen.

    Attributes:
        name: by which it is chosen: its folder's name, unique among all entries.
        path: its folder.
        kind: whether it ships with CNN Studio, was downloaded by this user, or is one of their runs.
        card: its card.
    """

    name: str
    path: Path
    kind: Kind
    card: Card


def list_models(read: Callable[[Path], Card] = read_card) -> list[ModelEntry]:
    """All models that can be chosen: shipped ones, then downloads, small before large; then runs, the newest first.

    Args:
        read: how the card in a folder is read; whoever lists often may remember them.
    """
    found = []
    for kind, folder in _folders():
        with suppress(StudioError):
            found.append(_entry(kind, folder, read))
    return sorted(found, key=_order)


def list_broken_models() -> dict[Path, str]:
    """The folders that `list_models` leaves out, with a sentence for the user on what is wrong with each."""
    problems = {}
    for kind, folder in _folders():
        try:
            _entry(kind, folder)
        except StudioError as error:
            problems[folder] = str(error)
    return problems


def find_model(text: str | Path) -> Path:
    """Finds a model by its name or path.

    Args:
        text: the name of a model at hand, or the path of a model's folder, or of a `.keras` or `.h5` file; or the name
            that the user gave to a model from elsewhere.

    Returns:
        The model's folder, where its card is; else the file that stands for the model, in the folder that was named.

    Raises:
        StudioError: there is none, and the sentence names similar ones; or there are several of that name.
    """
    folders = {folder.name: folder for _, folder in reversed(_folders())}
    if str(text) in folders:
        return folders[str(text)]
    path = Path(text).expanduser()
    if path.name == MODEL_FILE and is_file(path.parent / CARD_FILE):
        return path.parent
    if is_folder(path) and not is_file(path / CARD_FILE):
        file = model_file(path)
        if is_folder(file) and not is_file(file / CONFIG_FILE):  # a run without a model says so itself
            raise StudioError(f"{path} is not opened: {NO_MODEL}.")
        return file
    if exists(path):
        return path
    adopted = list_adopted()
    named = [str(one.path) for one in adopted if one.answers.name == str(text)]
    if len(named) > 1:
        raise StudioError(f"There are {len(named)} models called “{text}”. Name one by its path: {', '.join(named)}.")
    if named:
        return Path(named[0])
    if path.is_absolute():
        raise StudioError(
            f"{path} is not there: it was moved or deleted. Open it again from where it is now, or choose another "
            "model."
        )
    similar = difflib.get_close_matches(str(text), [*folders, *(one.answers.name for one in adopted)], n=3)
    hint = f" Did you mean {' or '.join(f'“{name}”' for name in similar)}?" if similar else ""
    raise StudioError(f"There is no model “{text}”.{hint} The command “cnnstudio models” lists all there are.")


def card_of(path: Path) -> Card:
    """The card of a model: that of its folder, or the one in its file.

    Raises:
        NoCardError: there is none, as in every file that Keras wrote.
        StudioError: it is damaged, or there is no such model.
    """
    return read_card(path) if is_folder(path) else embedded_card(path)


def load_classifier(model: str | Path) -> Classifier:
    """Opens a model as a classifier.

    Args:
        model: the name of a model at hand, or the path of a model's folder, or of a `.keras` or `.h5` file.

    Raises:
        NoCardError: it has no card, and there are no answers about it yet (`cnnstudio.models.trained.adopt`).
        StudioError: there is no such model, it is damaged, or it holds what is not allowed.
    """
    path = find_model(model)
    try:
        card = card_of(path)
    except NoCardError:
        return open_adopted(path)
    return Classifier(load_model(path / MODEL_FILE if is_folder(path) else path, card.input_shape[:2]), card)


def rename_model(entry: ModelEntry, name: str) -> ModelEntry:
    """Gives a run or a download another name, which is that of its folder.

    Args:
        entry: a run or a download.
        name: in any script; without characters that a file's name may not have.

    Returns:
        The entry under its new name.

    Raises:
        StudioError: the model ships with CNN Studio, the name is not possible or taken, or the folder is read-only.
    """
    _check_own(entry, "renamed")
    name = checked_name(name, "A model's name")
    if name == entry.name:
        return entry
    taken = {folder.name.casefold() for _, folder in _folders()} - {entry.name.casefold()}
    path = entry.path.with_name(name)
    if name.casefold() in taken or (exists(path) and not path.samefile(entry.path)):
        raise StudioError(f"There is a model named “{name}” already. Choose another name.")
    try:
        entry.path.rename(path)
    except OSError as error:
        raise StudioError(f"“{entry.name}” cannot be renamed: {reason(error)}.") from error
    return replace(entry, name=name, path=path, card=replace(entry.card, name=name))


def trash_model(entry: ModelEntry) -> None:
    """Moves the folder of a run or a download to the trash of the desktop.

    Raises:
        StudioError: the model ships with CNN Studio, or there is no trash for its disk.
    """
    _check_own(entry, "deleted")
    move_to_trash(entry.path)


def copy_model(entry: ModelEntry, destination: Path) -> Path:
    """Saves a copy of a model elsewhere; plain Keras opens it too.

    Args:
        entry: the model.
        destination: a `.keras` file, which is replaced where it exists, and takes the card along in its metadata.

    Returns:
        The destination.

    Raises:
        StudioError: the destination cannot be written.
    """
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(destination, lambda path: embed_card(entry.path / MODEL_FILE, entry.card, path))
    except OSError as error:
        raise StudioError(f"The copy cannot be saved as {destination}: {reason(error)}.") from error
    return destination


def _folders() -> list[tuple[Kind, Path]]:
    """The folders that hold a model or a part of one; others, such as a run in its first epoch, are none yet."""
    places: dict[Kind, Callable[[], Path]] = {
        "shipped": lambda: shipped("trained"),
        "download": downloads_folder,
        "run": runs_folder,
    }
    found: list[tuple[Kind, Path]] = []
    for kind, place in places.items():
        # One place that is missing or cannot be read must not hide the other.
        with suppress(OSError):
            found += [(kind, folder) for folder in sorted(place().iterdir()) if _holds_model(folder)]
    return found


def _holds_model(folder: Path) -> bool:
    """A card without a model is a part of one, unless the model is, or was, being written beside it."""
    if folder.name.startswith("."):
        return False
    if is_file(folder / MODEL_FILE):
        return True
    return is_file(folder / CARD_FILE) and not any(is_temporary(path.name) for path in folder.iterdir())


def _entry(kind: Kind, folder: Path, read: Callable[[Path], Card] = read_card) -> ModelEntry:
    card = read(folder)
    if not is_file(folder / MODEL_FILE):
        raise StudioError(f"{folder} has a card but no {MODEL_FILE}.")
    return ModelEntry(folder.name, folder, kind, card)


def _order(entry: ModelEntry) -> tuple[int, float, str]:
    if entry.kind != "run":
        return ("shipped", "download").index(entry.kind), entry.card.parameters, entry.name
    created = entry.card.created
    time = datetime.fromisoformat(created).timestamp() if created else entry.path.stat().st_mtime
    return 2, -time, entry.name


def _check_own(entry: ModelEntry, done: str) -> None:
    if entry.kind == "shipped":
        raise StudioError(f"“{entry.name}” ships with CNN Studio and cannot be {done}. Save a copy of it instead.")
