"""The sets that were collected here: made, listed, renamed.

Each is an ordinary folder of images: a subfolder for each class, a file for each example, and `dataset.json`, which
says how the images are to be prepared. `cnnstudio.data.collected.collection` works on one of them.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnstudio.data.folders.names import natural_key
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.errors import StudioError, reason
from cnnstudio.names import checked_name
from cnnstudio.storage import TEMPORARY, is_file, remove, write_atomically

DATASET_FILE = "dataset.json"
DATASET_FORMAT = 1

_MAX_FILE_BYTES = 2**20
_PHOTO_SIDE = 256
"""Photos are kept larger than they are trained on, so that they can be used at other sizes, too."""


@dataclass(frozen=True)
class CollectionKind:
    """What a set is made of.

    Attributes:
        name: the key.
        title: for the screen.
        noun: what one example is called.
        description: one sentence for a beginner.
        input_rule: a key of `INPUT_RULES`.
        image_size: side of the images that are trained on, in pixels.
        channels: 1 (grey) or 3 (colour).
        kept_side: longest side of the images that are kept, in pixels.
        examples: class names that are suggested.
    """

    name: str
    title: str
    noun: str
    description: str
    input_rule: str
    image_size: int
    channels: int
    kept_side: int
    examples: tuple[str, ...]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of what a network gets."""
        return self.image_size, self.image_size, self.channels


KINDS: dict[str, CollectionKind] = {
    kind.name: kind
    for kind in (
        CollectionKind(
            "drawings",
            "Drawings",
            "drawing",
            "You draw, and the network gets small grey images, like those of MNIST.",
            "digit",
            28,
            1,
            28,
            ("circle", "square", "triangle"),
        ),
        CollectionKind(
            "photos",
            "Photos",
            "photo",
            "You hold things before the camera, or open photos; the network gets small colour images.",
            "centre-crop",
            64,
            3,
            _PHOTO_SIDE,
            ("cup", "pen", "hand"),
        ),
    )
}
"""Every kind of set by its key."""


def create_collection(folder: Path, name: str, kind: str, classes: Sequence[str] = ()) -> Path:
    """Makes a new set below `folder`, of a kind of `KINDS`, with its first classes; returns its own folder.

    Raises:
        StudioError: a name is not possible, or taken; or the disk does not take it.
    """
    name = _free_set(folder, name)
    names = [checked_name(one, "A class's name") for one in classes]
    if len({one.casefold() for one in names}) < len(names):
        raise StudioError("Two classes have the same name. Give each another one.")
    path = folder / name
    with disk_trouble(f"“{name}” cannot be made"):
        folder.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: what is left half made of it by a kill is seen by nobody.
        unfinished = folder / f"{TEMPORARY}{secrets.token_hex(4)}"
        unfinished.mkdir()
        try:
            for one in names:
                (unfinished / one).mkdir()
            write_set(unfinished, KINDS[kind], names)
            unfinished.rename(path)
        except BaseException:
            remove(unfinished)
            raise
    return path


def list_collections(folder: Path) -> list[Path]:
    """The sets that lie in a folder, in the order of their names."""
    with suppress(OSError):
        found = (path for path in folder.iterdir() if is_visible(path) and is_file(path / DATASET_FILE))
        return sorted(found, key=lambda path: natural_key(path.name))
    return []


def rename_collection(path: Path, name: str) -> Path:
    """Gives a set another name; returns its new folder.

    Raises:
        StudioError: the name is not possible, or taken; or the disk does not take it.
    """
    name = _free_set(path.parent, name, instead_of=path.name)
    if name == path.name:
        return path
    with disk_trouble(f"“{path.name}” cannot be renamed"):
        return path.rename(path.with_name(name))


def _free_set(folder: Path, name: str, instead_of: str = "") -> str:
    name = checked_name(name, "A set's name")
    if name != instead_of and not is_file(folder / name / DATASET_FILE):
        _remove_empty(folder / name)
    with suppress(OSError):
        taken = {path.name.casefold() for path in folder.iterdir() if path.name != instead_of}
        if name.casefold() in taken | set(DATASETS):
            raise StudioError(f"There is a data set “{name}” already. Choose another name.")
    return name


def _remove_empty(folder: Path) -> None:
    """Removes a folder of empty folders: an earlier version left such where a set could not be made."""
    with suppress(OSError):
        for below in folder.iterdir():
            below.rmdir()
        folder.rmdir()


def is_visible(path: Path) -> bool:
    """Whether a file or folder is one of the user's: ours for a while have names that begin with a dot."""
    return not path.name.startswith(".")


def read_set(path: Path) -> tuple[CollectionKind, list[str]]:
    """Kind of a set, and the names of its classes in order, among them some that are no more.

    Raises:
        StudioError: the set is gone, or its `dataset.json` is damaged.
    """
    file = path / DATASET_FILE
    try:
        if file.stat().st_size > _MAX_FILE_BYTES:
            raise ValueError("too large")
        content: Any = json.loads(file.read_bytes())
        kind = next(kind for kind in KINDS.values() if kind.input_rule == content["input_rule"])
        order = [name for name in content.get("classes", ()) if isinstance(name, str)]
    except FileNotFoundError as error:
        raise StudioError(f"“{path.name}” no longer exists: there is no {file}.") from error
    except OSError as error:
        raise StudioError(f"“{path.name}” cannot be opened: {reason(error)}.") from error
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, RecursionError) as error:
        raise StudioError(
            f"“{path.name}” cannot be opened: {file} is damaged. The pictures beside it are safe."
        ) from error
    return kind, order


def write_set(path: Path, kind: CollectionKind, classes: list[str]) -> None:
    """Writes the `dataset.json` of a set.

    Raises:
        OSError: the disk does not take it.
    """
    content = {
        "format": DATASET_FORMAT,
        "input_rule": kind.input_rule,
        "image_size": kind.image_size,
        "channels": kind.channels,
        "classes": classes,
    }
    write_atomically(path / DATASET_FILE, json.dumps(content, ensure_ascii=False, indent=1))


@contextmanager
def disk_trouble(trouble: str) -> Iterator[None]:
    """Turns an error of the disk into a `StudioError` whose sentence begins with `trouble`."""
    try:
        yield
    except FileNotFoundError as error:
        raise StudioError(f"{trouble}: its folder is gone.") from error
    except OSError as error:
        raise StudioError(f"{trouble}: {reason(error)}.") from error
