"""Which files make up a model: one alone, one in a folder or a zip, or two side by side with layers and with weights.

A folder or a zip is looked into as far as it holds nothing but another folder: whoever packs a folder with a model in
it gets it one deeper. What the system adds (`__MACOSX`, hidden files) is not seen.
"""

import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cnnstudio.errors import StudioError, reason
from cnnstudio.models.keras_config.allowlist import RefusedError
from cnnstudio.models.trained.card import CARD_FILE, MAX_CARD_BYTES, MODEL_FILE
from cnnstudio.models.trained.other_formats import (
    OTHER_ENDINGS,
    RESAVE_IT,
    SAVED_MODEL,
    check_format,
    is_web_model,
    saved_model_text,
    unknown_text,
)
from cnnstudio.models.trained.saved_model import INDEX, METADATA, VALUES, layers_and_weights
from cnnstudio.storage import exists, is_file, is_folder
from cnnstudio.wording import size

MODEL_ENDINGS = frozenset({".keras", ".h5", ".hdf5"})
"""Endings of the files that are opened as models."""

MAX_FILE = 2**30
"""Largest file that is read, in bytes; also what its weights may take."""
MAX_LAYERS_BYTES = 2**24
"""Largest file with the layers of a model that is read."""
MAX_MEMBERS = {"metadata.json": 2 * MAX_CARD_BYTES, "config.json": 2**24, "model.weights.h5": MAX_FILE}
"""The only members that a `.keras` file may have, with the bytes they may unpack to."""
MAX_RATIO = 100
"""Keras stores its members as they are; weights hardly compress, and nothing honest shrinks to a hundredth."""

NO_MODEL = "there is no model in it (a .keras or .h5 file, or layers and their weights)"
"""What is said of a folder or an archive."""

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""The bytes with which an HDF5 file begins."""
ZIP_SIGNATURE = b"PK\x03\x04"
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error)
"""What comes of a damaged archive; RuntimeError where it is encrypted, or compressed in an unknown way."""

_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".heic", ".avif"})
_MAX_PACKED = 1_000
"""Files in a zip that is looked into for a model: of pictures there are more."""
_MAX_DEPTH = 5
_MAX_JSON = 50
"""Files that are looked at for the layers of a model, among those beside its weights."""
_HEAD = 4_096

_LAYERS = re.compile(rb'\s*\{(?:[^{}]|\{[^{}]*\})*"class_name"\s*:\s*"')
"""With which a text of layers begins: “class_name” stands in the outermost object, and only short ones before it."""
_COMMON_WORDS = re.compile(r"weights?|model|architecture|config|[^a-z0-9]")
"""What says nothing of which model a file belongs to, in the names of files."""


@dataclass(frozen=True)
class Parts:
    """The files that a model is made of, read.

    Attributes:
        model: a `.keras` or `.h5` file of a whole model, or of weights alone; None where there are only layers.
        layers: the text with the layers, from a file of their own; None where they are in `model`, or not there.
        weights_alone: whether `model` holds no layers.
    """

    model: bytes | None
    layers: bytes | None = None
    weights_alone: bool = False


class Place(Protocol):
    """A folder, or one within a zip."""

    def files(self) -> list[str]:
        """Names of the files in it, sorted."""

    def folders(self) -> list[str]:
        """Names of the folders in it, sorted."""

    def within(self, name: str) -> "Place":
        """A folder in it."""

    def head(self, name: str) -> bytes:
        """The first bytes of a file in it; none where it cannot be read."""

    def read(self, name: str, limit: int) -> bytes:
        """A file in it.

        Raises:
            RefusedError: it has more than `limit` bytes, or cannot be read.
        """


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def files(self) -> list[str]:
        return self._names(folders=False)

    def folders(self) -> list[str]:
        return self._names(folders=True)

    def within(self, name: str) -> "_Folder":
        return _Folder(self._path / name)

    def head(self, name: str) -> bytes:
        return _head_of(self._path / name)

    def read(self, name: str, limit: int) -> bytes:
        return read_file(self._path / name, limit)

    def _names(self, folders: bool) -> list[str]:
        try:
            with os.scandir(self._path) as entries:
                return sorted(
                    one.name for one in entries if is_folder(Path(one.path)) == folders and not _is_hidden(one.name)
                )
        except OSError:
            return []


class _Zip:
    def __init__(self, archive: zipfile.ZipFile, prefix: str = "") -> None:
        self._archive = archive
        self._prefix = prefix
        self._below = [name[len(prefix) :] for name in archive.namelist() if name.startswith(prefix)]

    def files(self) -> list[str]:
        return sorted({name for name in self._below if name and "/" not in name and not _is_hidden(name)})

    def folders(self) -> list[str]:
        return sorted({top for name in self._below if not _is_hidden(top := name.partition("/")[0]) and "/" in name})

    def within(self, name: str) -> "_Zip":
        return _Zip(self._archive, f"{self._prefix}{name}/")

    def head(self, name: str) -> bytes:
        try:
            with self._archive.open(self._prefix + name) as file:
                return file.read(_HEAD)
        except (KeyError, *DAMAGED_ZIP):
            return b""

    def read(self, name: str, limit: int) -> bytes:
        try:
            member = self._archive.getinfo(self._prefix + name)
            check_packing(member, limit)
            with self._archive.open(member) as file:
                return file.read(limit + 1)
        except (KeyError, *DAMAGED_ZIP) as error:
            raise RefusedError(f"the archive is damaged at its “{name}” ({reason(error)})") from error


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__")) or not name


def model_file(path: Path) -> Path:
    """The file that stands for a model: the one in its folder; any other path is its own.

    Raises:
        StudioError: there are several in the folder.
    """
    if not is_folder(path):
        return path
    if is_file(path / MODEL_FILE):
        return path / MODEL_FILE
    _, names, folders = _lookup(_Folder(path))
    try:
        name = _only(names)
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error
    return path.joinpath(*folders, name) if name else path


def is_model(path: Path) -> bool:
    """Whether a path is to be opened as a model: a file or a zip of one, its card, or a folder that holds it.

    Files of other formats are, too, where their endings say that they are models: opening them says what they are.
    """
    if is_folder(path):
        return is_file(path / CARD_FILE) or _holds_model(_Folder(path))
    ending = path.suffix.lower()
    if ending == ".zip":
        archive = _opened(path)
        if archive is None:
            return False
        with archive:
            return _is_keras(archive) or _holds_model(_Zip(archive))
    if ending == ".json" and path.name != CARD_FILE:
        return is_layers_file(path)
    return ending in MODEL_ENDINGS or ending in OTHER_ENDINGS or path.name == CARD_FILE


def is_layers_file(path: Path) -> bool:
    """Whether a file is likely what `model.to_json()` gave of a model, or TensorFlow.js made of one."""
    return _is_layers(_head_of(path))


def _head_of(path: Path) -> bytes:
    if not is_file(path):
        return b""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def main_file(paths: Sequence[Path]) -> Path:
    """Of several files that are opened at once, the one that the others belong to; the first where none does."""
    models = [path for path in paths if path.suffix.lower() in MODEL_ENDINGS]
    layers = [path for path in paths if path.suffix.lower() == ".json" and is_layers_file(path)]
    held = [path for path in paths if (is_folder(path) or path.suffix.lower() == ".zip") and is_model(path)]
    return next(iter([*models, *layers, *held, *paths]))


def read_parts(path: Path) -> Parts:
    """Reads the files that make up a model.

    Args:
        path: a file of a whole model, or of its layers or its weights, which lie in the same folder; or a zip or a
            folder that holds such files.

    Raises:
        RefusedError: it is missing, larger than `MAX_FILE`, or something else; the text says what, and what to do.
        StudioError: several models are in a folder.
    """
    path = model_file(path)
    if is_folder(path):
        raise RefusedError(NO_MODEL)
    archive = _packed(path)
    if archive is None:
        return _parts_of(_Folder(path.parent), path.name)
    with archive:
        check_format(path.name, ZIP_SIGNATURE, archive.namelist())
        place, names, _ = _lookup(_Zip(archive))
        if not names:
            raise RefusedError(NO_MODEL)
        return _parts_of(place, _only(names))


def model_names(path: Path) -> list[str]:
    """What a model's file is called, and before it the folder that it lies in, where that is known.

    Args:
        path: of the model, as for `read_parts`.
    """
    archive = None if is_folder(path) else _packed(path)
    if archive is None:
        file = model_file(path)
        return [file.absolute().parent.name, file.name]
    with archive:
        _, names, folders = _lookup(_Zip(archive))
        return [*folders[-1:], *names[:1]]


def companions(path: Path, names: Sequence[str], limit: int) -> Iterator[tuple[str, bytes]]:
    """The files of some names that lie beside a model, in the order of the names.

    Args:
        path: of the model, as for `read_parts`.
        names: of the files, in small letters.
        limit: the bytes of one file, at most; larger ones are passed over.

    Yields:
        The name and the content of each.
    """
    archive = None if is_folder(path) else _packed(path)
    if archive is None:
        file = model_file(path)
        yield from _named(_Folder(file.parent), names, limit)
        if file.name == SAVED_MODEL:
            yield from _named(_Folder(file.parent.parent), names, limit)
        return
    with archive:
        top = place = _Zip(archive)
        _, _, folders = _lookup(top)
        places = [place := place.within(name) for name in folders]
        for one in (*reversed(places), top):
            yield from _named(one, names, limit)


def _named(place: Place, names: Sequence[str], limit: int) -> Iterator[tuple[str, bytes]]:
    there = {name.lower(): name for name in reversed(place.files())}
    for name in names:
        if name in there:
            try:
                yield there[name], place.read(there[name], limit)
            except RefusedError:
                continue


def read_file(path: Path, limit: int) -> bytes:
    """Reads a file of `limit` bytes at most.

    Raises:
        RefusedError: it is larger, is no ordinary file, is not there or cannot be read.
    """
    try:
        # Reading a device or a pipe might never end.
        if exists(path) and not is_file(path):
            raise RefusedError("it is not a file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        raise RefusedError("there is no such file") from error
    except OSError as error:
        raise RefusedError(f"it cannot be read ({reason(error)})") from error
    if len(data) > limit:
        raise RefusedError(f"it is larger than {size(limit)}")
    return data


def check_packing(member: zipfile.ZipInfo, limit: int) -> None:
    """Checks what a member of an archive says of itself, before it is unpacked.

    Raises:
        RefusedError: it would unpack to more than `limit` bytes or much more than it takes, or in an unusual way.
    """
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusedError("it is compressed in a way that Keras does not use")
    unpacked = member.file_size
    if unpacked > limit or unpacked > max(2**16, MAX_RATIO * member.compress_size):
        raise RefusedError(
            f"its “{member.filename[:80]}” of {size(member.compress_size)} would unpack to {size(unpacked)}, "
            "as in a zip bomb"
        )


def _packed(path: Path) -> zipfile.ZipFile | None:
    """The zip in which a model may be packed, open; None for a `.keras` file, which is one itself, and for all else."""
    archive = None if path.suffix.lower() in MODEL_ENDINGS else _opened(path)
    if archive is not None and _is_keras(archive):
        archive.close()
        return None
    return archive


def _opened(path: Path) -> zipfile.ZipFile | None:
    """A zip of few files; None where it is none."""
    try:
        return zipfile.ZipFile(path) if is_file(path) and 0 < _count_members(path) <= _MAX_PACKED else None
    except DAMAGED_ZIP:
        return None


def _is_keras(archive: zipfile.ZipFile) -> bool:
    return MAX_MEMBERS.keys() <= set(archive.namelist())


def _count_members(path: Path) -> int:
    """How many files a zip says it has, 0 where it is none; its list, which may be long, is not read for that."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 2**16 - 22))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    return struct.unpack_from("<H", tail, at + 10)[0] if 0 <= at <= len(tail) - 22 else 0


def _holds_model(place: Place) -> bool:
    """Whether there is a model, and nothing beside it that is more likely meant: pictures, or folders."""
    found, names, _ = _lookup(place)
    pictures = any(Path(file).suffix.lower() in _PICTURES for file in found.files())
    return bool(names) and not pictures and (names == [SAVED_MODEL] or not found.folders())


def _lookup(place: Place) -> tuple[Place, list[str], list[str]]:
    """Where a model lies: the folder, the names of its file and of others as likely, and the folders on the way."""
    passed: list[str] = []
    while not (names := _models(place)) and len(passed) < _MAX_DEPTH and len(inner := place.folders()) == 1:
        passed += inner
        place = place.within(inner[0])
    return place, names, passed


def _models(place: Place) -> list[str]:
    """The files in a folder of which one is opened as its model: one, where that is clear."""
    names = place.files()
    if SAVED_MODEL in names:
        return [SAVED_MODEL]
    models = [name for name in names if Path(name).suffix.lower() in MODEL_ENDINGS]
    whole = [name for name in models if name.lower().endswith(".keras")]
    unnamed = [name for name in models if "weights" not in name.lower()]
    if models:
        return next((some for some in (whole, unnamed) if len(some) == 1), models)
    layers = [name for name in _json_files(names) if _is_layers(place.head(name))]
    return (layers + [name for name in names if Path(name).suffix.lower() in OTHER_ENDINGS])[:1]


_MOST_NAMED = 5


def _only(names: Sequence[str]) -> str:
    """The one name of a list; empty where there is none.

    Raises:
        RefusedError: there are several.
    """
    if len(names) > 1:
        more = ", …" if len(names) > _MOST_NAMED else ""
        raise RefusedError(f"it holds several models ({', '.join(names[:_MOST_NAMED])}{more}). Open one of them")
    return next(iter(names), "")


def _json_files(names: Sequence[str]) -> list[str]:
    return [name for name in names if name.lower().endswith(".json") and name != CARD_FILE][:_MAX_JSON]


def _is_layers(head: bytes) -> bool:
    return _LAYERS.match(head) is not None or (head.lstrip().startswith(b"{") and is_web_model(head))


def _parts_of(place: Place, name: str) -> Parts:
    data = place.read(name, MAX_FILE)
    if name == SAVED_MODEL:
        return _saved_model(place, data)
    members = _names_in(data) if data.startswith(ZIP_SIGNATURE) else []
    check_format(name, data, members)
    _check_end(data)
    if _is_layers(data[:_HEAD]):
        if len(data) > MAX_LAYERS_BYTES:
            raise RefusedError(f"it is larger than {size(MAX_LAYERS_BYTES)}, which no text with layers is")
        return Parts(_weights_of(place, name), data)
    if data.startswith(HDF5_SIGNATURE) and _is_weights_alone(data):
        return Parts(data, _layers_of(place, name), weights_alone=True)
    if not data.startswith((HDF5_SIGNATURE, ZIP_SIGNATURE)):
        raise RefusedError(unknown_text(name, data, MODEL_ENDINGS))
    return Parts(data)


def _saved_model(place: Place, graph: bytes) -> Parts:
    """Layers and weights of a SavedModel of Keras 2; all others only TensorFlow can run."""
    if METADATA not in place.files():
        raise RefusedError(saved_model_text(graph))
    metadata = place.read(METADATA, MAX_LAYERS_BYTES)
    index, values = (_variables(place, name) for name in (INDEX, VALUES))
    try:
        layers, weights = layers_and_weights(metadata, index, values)
    except ValueError as error:
        raise RefusedError(f"it is a SavedModel, and {error}. {RESAVE_IT}") from error
    return Parts(weights, layers, weights_alone=True)


def _variables(place: Place, name: str) -> bytes:
    try:
        return place.within("variables").read(name, MAX_FILE)
    except RefusedError as error:
        raise RefusedError(
            f"it is a SavedModel, and its file variables/{name} is missing or cannot be read. {RESAVE_IT}"
        ) from error


def _check_end(data: bytes) -> None:
    """Checks that the end of a file is there, which is what a broken download lacks."""
    whole = 0
    if data.startswith(HDF5_SIGNATURE):
        at = 40 if data[8:9] < b"\x02" else 28  # by the version of its superblock
        whole = int.from_bytes(data[at : at + 8], "little") if len(data) >= at + 8 else 2**63
    elif data.startswith(ZIP_SIGNATURE) and b"PK\x05\x06" not in data[-(2**16) - 22 :]:
        whole = 2**63
    if whole > len(data):
        of = f" of {size(whole)}" if whole < 2**40 else ""
        raise RefusedError(f"it is cut off: only its first {size(len(data))}{of} are there. Download or copy it again")


def _names_in(data: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except DAMAGED_ZIP:
        return []


def _is_weights_alone(data: bytes) -> bool:
    """Whether an HDF5 file has no layers in it. Nothing that its links lead to is looked at."""
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return "model_config" not in file.attrs
    except Exception:  # noqa: BLE001  # whatever damage makes of h5py: it is told where the file is checked
        return False


def _weights_of(place: Place, layers: str) -> bytes | None:
    """The weights beside a file with the layers of a model; None where there are none."""
    names = [name for name in place.files() if Path(name).suffix.lower() in MODEL_ENDINGS - {".keras"}]
    fitting = [name for name in names if _bare(name) == _bare(layers)] if len(names) > 1 else names
    if names and not fitting:
        raise RefusedError(f"its weights may be in {' or '.join(names[:5])}, beside it. Open that file instead")
    return place.read(fitting[0], MAX_FILE) if fitting else None


def _layers_of(place: Place, weights: str) -> bytes | None:
    """The layers beside a file with the weights of a model; None where there are none, or they are not known."""
    texts = {}
    for name in _json_files(place.files()):
        if _is_layers(place.head(name)):
            texts[name] = place.read(name, MAX_LAYERS_BYTES)
    fitting = [name for name in texts if _bare(name) == _bare(weights)] or list(texts)
    if len(fitting) > 1:
        raise RefusedError(f"its layers may be in {' or '.join(fitting[:5])}, beside it. Keep one of them there")
    return texts[fitting[0]] if fitting else None


def _bare(name: str) -> str:
    """What tells the name of a file from those of other models: “mycnn” of “my_cnn_weights.h5” and “my_cnn.json”."""
    return _COMMON_WORDS.sub("", Path(name).stem.lower())
