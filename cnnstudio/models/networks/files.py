"""Edited networks: as files to be shared, and in the user's folder by name.

A file may come from anybody. Its size is bounded before it is read, and its config is copied piece by piece as far as
it is allowed (`allowlist`), so that Keras only ever builds what was checked.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from cnnstudio.errors import StudioError, reason
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.keras_config.allowlist import RefusedError, checked_config
from cnnstudio.models.keras_config.graph import Config, Graph
from cnnstudio.models.trained.parts import read_file
from cnnstudio.names import checked_name
from cnnstudio.storage import changing, data_folder, move_to_trash, write_atomically

SUFFIX = ".cnn.json"
FILE_FORMAT = 1
MAX_FILE_BYTES = 10 * 10**6
"""Largest file that is read; ResNet-56 takes 0.2 MB."""
MAX_TITLE = 200


@dataclass(frozen=True)
class Network:
    """An edited network.

    Attributes:
        name: by which it is chosen; its file's name without the ending.
        title: for the screen.
        config: Keras's config of it.
        source: key of the architecture it came from; empty where unknown.
        path: its file; None where it was not saved.
    """

    name: str
    title: str
    config: Config
    source: str = ""
    path: Path | None = None


def networks_folder() -> Path:
    """The folder that holds the user's networks, one file each."""
    return data_folder() / "architectures"


def list_networks(read: Callable[[Path], Network] | None = None) -> list[Network]:
    """The networks in the user's folder, by name; files that cannot be read are left out.

    Args:
        read: how a file is read, if not by `read_network`; whoever lists often may remember them.
    """
    found = []
    with suppress(OSError):  # what cannot be read has no names
        for path in _saved().values():
            with suppress(StudioError):
                found.append((read or read_network)(path))
    return found


def saved_path(name: str) -> Path | None:
    """The file of the network of that name in the user's folder; None where there is none.

    Raises:
        StudioError: the folder cannot be read.
    """
    try:
        return _saved().get(name)
    except OSError as error:
        raise StudioError(
            f"Your architectures cannot be read from {networks_folder()}: {reason(error)}. Choose one that comes with "
            "CNN Studio, or make the folder readable."
        ) from error


def is_own(network: Network) -> bool:
    """Whether a network lies in the user's folder, under its name."""
    return network.path == networks_folder() / f"{network.name}{SUFFIX}"


def saved_names() -> list[str]:
    """The names of the networks in the user's folder, whether they can be read or not."""
    with suppress(OSError):
        return list(_saved())
    return []


def read_network(path: Path) -> Network:
    """Reads a network's file, which may come from anywhere.

    Raises:
        StudioError: the file is missing, too large, damaged, from a newer CNN Studio, or holds something that is not
            allowed; the sentence says which.
    """
    path = path.expanduser().absolute()
    try:
        values = _document(read_file(path, MAX_FILE_BYTES))
        graph = Graph.of(checked_config(json.dumps(values["model"]).encode()))
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error
    except StudioError as error:
        raise StudioError(f"{path} is not opened. {error}") from error
    return _network(path, values, graph.to_config())


def read_listed(path: Path) -> Network:
    """Reads what a list says of a network in the user's folder, and nothing of its layers: its config is empty.

    Raises:
        StudioError: the file is missing, too large, damaged, or from a newer CNN Studio.
    """
    try:
        return _network(path, _document(read_file(path, MAX_FILE_BYTES)), {})
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error


def _network(path: Path, values: dict[str, Any], config: Config) -> Network:
    source = values["source"] if values["source"] in ARCHITECTURES else ""
    name = path.name.removesuffix(SUFFIX).removesuffix(".json")
    return Network(name, values["title"] or name, config, source, path)


def write_network(network: Network, path: Path) -> Network:
    """Writes a network to a file, to be shared.

    Args:
        network: what to write.
        path: of the file, which is replaced where it exists; `.cnn.json` is added where it ends otherwise.

    Returns:
        The network with its path.

    Raises:
        StudioError: the file cannot be written.
    """
    path = path.expanduser().absolute()
    if not path.name.endswith(SUFFIX):
        path = path.with_name(f"{path.name.removesuffix('.json')}{SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _text(network))
    except OSError as error:
        raise StudioError(f"{path} cannot be written: {reason(error)}.") from error
    return replace(network, path=path)


def save_network(network: Network, name: str, replacing: bool = False) -> Network:
    """Saves a network in the user's folder.

    Args:
        network: what to save.
        name: by which it will be chosen.
        replacing: whether it may take the place of one of the same name.

    Returns:
        The network under its name, with its path.

    Raises:
        StudioError: the name is not possible or taken, or the folder cannot be written to.
    """
    with _alone(f"“{name}” cannot be saved"):
        name = _free(name, but=[name] if replacing else [])
        title = name if network.title in ("", network.name) else network.title
        return write_network(replace(network, name=name, title=title), networks_folder() / f"{name}{SUFFIX}")


def rename_network(network: Network, name: str) -> Network:
    """Gives a network in the user's folder another name, which is also its new title.

    Raises:
        StudioError: it is not in the user's folder, the name is not possible or taken, or the folder is read-only.
    """
    trouble = f"“{network.name}” cannot be renamed"
    with _alone(trouble):
        old = _own(network)
        name = _free(name, but=[network.name])
        if name == network.name:
            return network
        path = networks_folder() / f"{name}{SUFFIX}"
        renamed = replace(network, name=name, title=name, path=path)
        try:
            before = old.read_bytes()
            # The title first, which needs room on the disk: a new name needs none.
            write_atomically(old, _text(renamed))
            _rename(old, path, before)
        except OSError as error:
            raise StudioError(f"{trouble}: {reason(error)}.") from error
        return renamed


def _rename(old: Path, new: Path, before: bytes) -> None:
    """Renames a file; where that fails, it has its content of `before` again."""
    try:
        old.rename(new)
    except OSError:
        with suppress(OSError):
            write_atomically(old, before)
        raise


def trash_network(network: Network) -> None:
    """Moves the file of a network in the user's folder to the trash of the desktop.

    Raises:
        StudioError: it is not in the user's folder, which may be read-only, or there is no trash for its disk.
    """
    with _alone(f"“{network.name}” cannot be moved to the trash"):
        move_to_trash(_own(network))


@contextmanager
def _alone(trouble: str) -> Iterator[None]:
    """Keeps other programs from adding to the user's folder; where they cannot be kept, the sentence has `trouble`."""
    with ExitStack() as stack:
        try:
            networks_folder().parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(changing(networks_folder()))
        except OSError as error:
            raise StudioError(f"{trouble}: {reason(error)}.") from error
        yield


def _text(network: Network) -> str:
    values = {
        "format": FILE_FORMAT,
        "name": network.name,
        "title": network.title,
        "source": network.source,
        "model": Graph.of(network.config).to_config(),
    }
    return json.dumps(values, ensure_ascii=False, allow_nan=False, indent=1)


def _saved() -> dict[str, Path]:
    try:
        paths = sorted(networks_folder().iterdir(), key=lambda path: path.name.casefold())
    except (FileNotFoundError, NotADirectoryError):  # nothing was saved yet
        return {}
    return {
        path.name.removesuffix(SUFFIX): path
        for path in paths
        if path.name.endswith(SUFFIX) and not path.name.startswith(".")
    }


def _own(network: Network) -> Path:
    """The file of a network in the user's folder."""
    path = _saved().get(network.name)
    if path is None or network.path != path:
        raise StudioError(f"“{network.title}” is not among your saved architectures.")
    return path


def _free(name: str, but: Iterable[str]) -> str:
    """A name that can be given to a network, or one of those that may be taken."""
    name = checked_name(name, "An architecture's name")
    mine = {other.casefold() for other in _saved()} - {other.casefold() for other in but}
    if name.casefold() in mine or name.casefold() in ARCHITECTURES:
        raise StudioError(f"There is an architecture named “{name}” already. Choose another name.")
    return name


def _document(data: bytes) -> dict[str, Any]:
    """The fields of a network's file, each of its type."""
    try:
        values = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if not data.lstrip().startswith(b"{"):
            raise RefusedError(f"it holds neither a model nor an architecture, whose file ends in {SUFFIX}") from error
        raise RefusedError(f"it is damaged, or no architecture file: it is not valid JSON ({error})") from error
    if not isinstance(values, dict) or "model" not in values:
        raise RefusedError("it is no architecture file of CNN Studio: it has no “model”")
    number = values.get("format")
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise RefusedError("it is damaged: “format” must be a whole number above 0")
    if number > FILE_FORMAT:
        raise RefusedError(
            f"it was made by a newer CNN Studio (format {number}, this one reads {FILE_FORMAT}). Update CNN Studio to "
            "open it"
        )
    texts = {key: values.get(key, "") for key in ("title", "source")}
    for key, text in texts.items():
        # Angle brackets would be read as marks of formatting where the text is shown.
        if not isinstance(text, str) or len(text) > MAX_TITLE or not text.isprintable() or set(text) & set("<>"):
            raise RefusedError(
                f"it is damaged: “{key}” must be a text of at most {MAX_TITLE} characters, without < and >"
            )
    return {**texts, "model": values["model"]}


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")
