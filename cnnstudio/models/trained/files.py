"""Opening a model file that may come from anybody: nothing in it is run, nothing in it decides how much is read.

A `.keras` file is a zip archive of a config, the weights as HDF5, and metadata. The archive's sizes are bounded before
it is unpacked; the config is copied piece by piece as far as it is allowed (`allowlist`); the HDF5 file may hold plain
arrays only (no links or data outside it: CVE-2026-1669, CVE-2026-12480; no array larger than its bytes: CVE-2026-0897);
and the model is first built without memory for its weights, so that it can be held against the weights that are there.
An `.h5` file of a whole model, the format before, goes the same way (`legacy_config`).
"""

import io
import json
import math
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError, reason
from cnnstudio.limits import MAX_ACTIVATIONS, MAX_OPERATIONS
from cnnstudio.models.backend import build_checked, import_keras, in_new_thread, innermost_layers
from cnnstudio.models.keras_config.allowlist import MODELS, RefusedError, checked_config
from cnnstudio.models.keras_config.graph import LAYER_NAMES, Graph, scope_name
from cnnstudio.models.keras_config.image_input import image_input, likeliest, take_images, takes_images
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.models.layer_table import describe
from cnnstudio.models.trained.card import MAX_CARD_BYTES, Card, parse_card
from cnnstudio.storage import exists, is_file
from cnnstudio.wording import size

if TYPE_CHECKING:
    import h5py
    import keras

MODEL_ENDINGS = frozenset({".keras", ".h5", ".hdf5"})
"""Endings of the files that are opened as models."""

MAX_FILE = 2**30
"""Largest file that is read, in bytes; also what its weights may take."""
MAX_MEMBERS = {"metadata.json": 2 * MAX_CARD_BYTES, "config.json": 2**24, "model.weights.h5": MAX_FILE}
"""The only members that an archive may have, with the bytes they may unpack to."""
MAX_RATIO = 100
"""Keras stores its members as they are; weights hardly compress, and nothing honest shrinks to a hundredth."""
MAX_H5_OBJECTS = 100_000

_BOLD = re.compile("\x1b\\[\\d*m")
_IN_CALL = "Exception encountered when calling "
"""How Keras begins what a layer raised that was called; what that was is bold and further down."""

_SCOPE = re.compile(r"[A-Za-z0-9_.-]+")
"""Names of layers with which TensorFlow compiles."""

_CARD_KEY = "cnnstudio_card"
_WEIGHTS = "model.weights.h5"
_LEGACY = "model.h5"
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""The bytes with which an HDF5 file begins."""


class NoCardError(StudioError):
    """A model's file does not say what its classes are and what images it takes: the user must be asked.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} has no card, which names the classes of the model and says how to prepare pictures for it. Say "
            "so once with “cnnstudio adopt”, or open the model in the window, which asks."
        )
        self.path = path


def load_model(path: Path, image_size: tuple[int, int] | None = None) -> "keras.Model":
    """Opens a model file, which may come from anywhere.

    Args:
        path: a `.keras` file, or an `.h5` file of a whole model.
        image_size: (height, width) of the images that it shall take, where it takes any.

    Returns:
        The model, uncompiled, with its weights.

    Raises:
        StudioError: the file is missing, damaged, of another format, too large, or holds something that is not on the
            allow-list; the sentence says which.
    """
    import_keras()
    members = _members(path)
    try:
        config = _sized(checked_config(members["config.json"]), image_size)
        _check_names(config)
        _check_activations(config)
        _check_normalisations(config)
        weights = next(name for name in (_WEIGHTS, _LEGACY) if name in members)
        stored = _check_weights(members[weights])
        model = in_new_thread(lambda: _build(config, stored))
        _load_weights(model, weights, members[weights])
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error
    return model


def read_config(path: Path) -> dict[str, Any]:
    """Reads what a model file says of its layers, without their weights and without TensorFlow.

    Args:
        path: a `.keras` file, or an `.h5` file of a whole model.

    Returns:
        Keras's config, as `checked_config` makes it.

    Raises:
        StudioError: as for `load_model`.
    """
    try:
        return checked_config(_members(path)["config.json"])
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error


def _check_names(config: dict[str, Any]) -> None:
    """TensorFlow compiles only some names. The one of the whole model matters to nobody, and is made one of those."""
    config["config"]["name"] = scope_name(config["config"]["name"])
    for name in _names(config):
        if not _SCOPE.fullmatch(name):
            raise RefusedError(
                f"its layer “{name}” has a name with which TensorFlow cannot compile it: {LAYER_NAMES}; give it "
                "another one where the model comes from"
            )


def _names(config: dict[str, Any]) -> Iterator[str]:
    for layer in config["config"]["layers"]:
        yield layer["config"]["name"]
        if layer["class_name"] in MODELS:
            yield from _names(layer)


def _sized(config: dict[str, Any], image_size: tuple[int, int] | None) -> dict[str, Any]:
    """A config whose input takes images of one size, where it left that open."""
    for layer in config["config"]["layers"]:
        shape = layer["config"].get("batch_shape")
        if image_size and layer["class_name"] == "InputLayer" and isinstance(shape, list) and len(shape) in (3, 4):
            layer["config"]["batch_shape"] = [shape[0], *(shape[n + 1] or image_size[n] for n in (0, 1)), *shape[3:]]
    return config


def copy_weights(layers: "Iterable[keras.Layer]", model: "keras.Model") -> set[str]:
    """Copies the weights of layers to those of a model that have the same name and weights of the same shapes.

    Args:
        layers: of a trained model, for the same or other images and classes.
        model: the model to copy to; its other layers are left as they are.

    Returns:
        The names of the layers that were copied to.
    """
    trained = {layer.name: layer.get_weights() for layer in layers if layer.weights}
    copied = set()
    for layer in model.layers:
        weights = trained.get(layer.name)
        if weights and [tuple(weight.shape) for weight in layer.weights] == [weight.shape for weight in weights]:
            layer.set_weights(weights)
            copied.add(layer.name)
    return copied


def embed_card(model: Path, card: Card, destination: Path) -> None:
    """Copies a model file with its card in the metadata, where Keras does not look: one file for all.

    Raises:
        StudioError: the model's file is missing or damaged.
        OSError: the destination cannot be written.
    """
    members = _members(model)
    metadata = json.dumps(_metadata(members) | {_CARD_KEY: json.loads(card.to_json())})
    members["metadata.json"] = metadata.encode()
    with zipfile.ZipFile(destination, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def embedded_card(path: Path) -> Card:
    """The card in a model file's metadata.

    Raises:
        NoCardError: there is no card in it, as in every file that Keras wrote.
        StudioError: the file is missing or damaged.
    """
    metadata = _metadata(_members(path))
    if _CARD_KEY not in metadata:
        raise NoCardError(path)
    return parse_card(json.dumps(metadata[_CARD_KEY]), path)


def _metadata(members: dict[str, bytes]) -> dict[str, Any]:
    """What stands in the metadata; nothing where they are damaged, for Keras does without them."""
    try:
        values = json.loads(members["metadata.json"])
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _members(path: Path) -> dict[str, bytes]:
    try:
        if exists(path / "saved_model.pb"):
            raise RefusedError("it is in TensorFlow's SavedModel format; save it as .keras where it comes from")
        data = read_file(path, MAX_FILE)
        return _legacy_members(data) if data.startswith(_HDF5_SIGNATURE) else _unpack(data)
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error


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


def _legacy_members(data: bytes) -> dict[str, bytes]:
    """The members that a `.keras` file of the same model would have, save the weights, which are in the whole file."""
    _check_weights(data)
    from cnnstudio.models.keras_config.legacy import legacy_config

    return {"metadata.json": b"{}", "config.json": legacy_config(data), _LEGACY: data}


def _unpack(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(archive.infolist())
            return {info.filename: archive.read(info) for info in archive.infolist()}
    # RuntimeError: the archive is encrypted, or compressed in an unknown way.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error) as error:
        raise RefusedError(f"it is damaged, or no .keras file ({reason(error)})") from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    for name in MAX_MEMBERS:
        if names.count(name) != 1:
            raise RefusedError(f"it is damaged, or no .keras file: “{name}” must be in it once")
    for member in members:
        if member.filename not in MAX_MEMBERS:
            raise RefusedError(f"it contains “{member.filename[:80]}”, which a model of layers alone does not need")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedError("it is compressed in a way that Keras does not use")
        unpacked = member.file_size
        if unpacked > MAX_MEMBERS[member.filename] or unpacked > max(2**16, MAX_RATIO * member.compress_size):
            raise RefusedError(
                f"its “{member.filename}” of {size(member.compress_size)} would unpack to {size(unpacked)}, "
                "as in a zip bomb"
            )


def _check_weights(data: bytes) -> int:
    """Checks that an HDF5 file holds plain arrays only.

    Returns:
        How many numbers all its arrays hold together.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return _check_groups(file)
    # h5py reports damage by whichever of these its place in the file suggests.
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise RefusedError(f"its weights are damaged ({reason(error)})") from error


def _check_groups(file: "h5py.File") -> int:
    import h5py

    stored = 0
    visited: set[int] = set()
    waiting: list[h5py.Group] = [file]
    while waiting:
        group = waiting.pop()
        for name in group:
            # The kind of link is asked for first: looking at what an external one leads to would open that file.
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise RefusedError("its weights point to something outside their own file")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in visited or len(visited) >= MAX_H5_OBJECTS:
                raise RefusedError("its weights are damaged: the same array or group appears again and again")
            visited.add(address)
            if isinstance(item, h5py.Group):
                waiting.append(item)
            elif isinstance(item, h5py.Dataset):
                stored += _check_array(item)
            else:
                raise RefusedError("its weights hold something that is no array")
    return stored


def _check_array(array: "h5py.Dataset") -> int:
    if array.external or array.is_virtual:
        raise RefusedError("its weights are said to lie in another file")
    if array.shape is None or array.dtype.kind not in "fiub":
        raise RefusedError("its weights hold something other than arrays of numbers")
    declared = math.prod(array.shape) * array.dtype.itemsize
    if declared > array.id.get_storage_size():
        raise RefusedError(
            f"one of its arrays claims to have {size(declared)} but holds {size(array.id.get_storage_size())}"
        )
    return math.prod(array.shape)


def _check_activations(config: dict[str, Any]) -> None:
    """Keras knows more functions; those fail once they are used, for they need arguments or change the shape."""
    for layer in _layers(config):
        activation = layer["config"].get("activation")
        if activation is not None and activation not in tuple(ACTIVATIONS):
            name = layer["config"]["name"]
            raise RefusedError(
                f"its layer “{name}” has the activation “{str(activation)[:80]}”, which CNN Studio does not know"
            )


def _check_normalisations(config: dict[str, Any]) -> None:
    """Normalization is the one kind that computes with its input's size while Keras builds it: its rule bounds that."""
    names = {layer["config"]["name"] for layer in _layers(config) if layer["class_name"] == "Normalization"}
    if not names:
        return
    try:
        graph = Graph.of(config)
        if takes_images(graph):
            table = describe(config)
        else:
            take_images(graph, likeliest(image_input(graph).shapes))
            table = describe(graph.to_config())
    except StudioError as error:
        raise RefusedError(f"its layers cannot be read ({error})") from error
    known = {row.name.rpartition("/")[2] for row in table.rows if row.output_shape is not None}
    if unknown := names - known:
        raise RefusedError(f"its layer “{min(unknown)}” takes maps of an unknown size, or very large ones")


def _layers(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The layers of a model, with those of models within it in their place."""
    for layer in config["config"]["layers"]:
        if layer["class_name"] in MODELS:
            yield from _layers(layer)
        else:
            yield layer


def _build(config: dict[str, Any], stored: int) -> "keras.Model":
    import keras

    try:
        return build_checked(
            lambda: keras.saving.deserialize_keras_object(config, safe_mode=True),
            lambda model: _check_size(model, stored),
        )
    except (RefusedError, MemoryError):
        raise
    except Exception as error:  # Keras may raise anything for a config from elsewhere.
        raise RefusedError(f"Keras cannot build it ({first_line(error)})") from error


def _check_size(model: "keras.Model", stored: int) -> None:
    if not model.built or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise RefusedError("it is no image classifier: it needs exactly one input and one output")
    needed = sum(math.prod(weight.shape) for weight in model.weights)
    if needed > stored:
        raise RefusedError(
            f"its layers ask for {size(4 * needed)} of memory for weights, of which the file holds {size(4 * stored)}"
        )
    activations = operations = 0
    for layer in innermost_layers(model):
        batch, *sides = layer.output.shape
        if batch is not None or None in sides:
            raise RefusedError(f"its layer “{layer.name}” is not made for images of one size, taken in any number")
        numbers = math.prod(sides)
        weights = sum(math.prod(weight.shape) for weight in layer.weights)
        activations += numbers
        operations += weights * (numbers // max(sides[-1], 1))
    if activations > MAX_ACTIVATIONS:
        raise RefusedError(
            f"its layers would take {size(4 * activations)} of memory for a single image; up to "
            f"{size(4 * MAX_ACTIVATIONS)} are possible"
        )
    if operations > MAX_OPERATIONS:
        raise RefusedError(
            f"it would take {operations:.0e} multiplications for a single image; up to {MAX_OPERATIONS:.0e} are "
            "possible"
        )


def _load_weights(model: "keras.Model", name: str, data: bytes) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="cnnstudio-") as folder:
            path = Path(folder) / name  # by its ending Keras knows the format
            path.write_bytes(data)
            model.load_weights(path)
    except OSError as error:
        raise RefusedError(f"its weights cannot be unpacked ({reason(error)})") from error
    except Exception as error:
        raise RefusedError(f"its weights do not fit its layers ({first_line(error)})") from error


def first_line(error: Exception) -> str:
    """The first line of an error's text that says something, shortened; its type where there is none."""
    lines = map(str.strip, _BOLD.sub("", str(error)).splitlines())
    return next((line[:200] for line in lines if line and not line.startswith(_IN_CALL)), type(error).__name__)
