"""Opening a model file that may come from anybody: nothing in it is run, nothing in it decides how much is read.

A `.keras` file is a zip archive of a config, the weights as HDF5, and metadata. The archive's sizes are bounded before
it is unpacked; the config is copied piece by piece as far as it is allowed (`allowlist`); the HDF5 file may hold plain
arrays only (no links or data outside it: CVE-2026-1669, CVE-2026-12480; no array larger than its bytes: CVE-2026-0897);
and the model is first built without memory for its weights, so that it can be held against the weights that are there.
An `.h5` file of a whole model, the format before, goes the same way (`legacy_config`), and so do layers and weights in
two files (`parts`).

Whatever models are within the model, what is opened is flat: one graph of layers (`Graph`).
"""

import hashlib
import io
import json
import math
import re
import shlex
import sys
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError, reason
from cnnstudio.interpreter import giving_way
from cnnstudio.limits import MAX_ACTIVATIONS, MAX_OPERATIONS, MAX_PARAMETERS
from cnnstudio.models.backend import build_checked, import_keras, in_new_thread
from cnnstudio.models.keras_config.allowlist import MODELS, RefusedError, checked_config
from cnnstudio.models.keras_config.graph import Graph
from cnnstudio.models.keras_config.image_input import image_input, likeliest, take_images, takes_images
from cnnstudio.models.layer_kinds import LAYER_KINDS, group_of
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.models.layer_kinds.added import USED_AGAIN
from cnnstudio.models.layer_kinds.recurrent import ACTIVATION_FIELDS, is_recurrent
from cnnstudio.models.layer_table import describe
from cnnstudio.models.trained.card import Card, parse_card
from cnnstudio.models.trained.channels_first import channels_last
from cnnstudio.models.trained.other_formats import SAVE_IT
from cnnstudio.models.trained.other_models import check_kind
from cnnstudio.models.trained.parts import DAMAGED_ZIP, HDF5_SIGNATURE, MAX_MEMBERS, Parts, check_packing, read_parts
from cnnstudio.storage import data_folder, write_atomically
from cnnstudio.wording import size

if TYPE_CHECKING:
    import h5py
    import keras

MAX_H5_OBJECTS = 100_000

_FAILED = re.compile(r"Error when deserializing class '(\w+)' using config=\{'name': '([\w.-]+)'")
"""How Keras names a layer that it cannot make."""
_CLASS = re.compile(r"<class '(?:\w+\.)*(\w+)'>")
_BOLD = re.compile("\x1b\\[\\d*m")
_IN_CALL = "Exception encountered when calling "
"""How Keras begins what a layer raised that was called; what that was is bold and further down."""
_CAUSE = "Exception encountered: "
"""What Keras puts before the reason of an error, and before the reason of that one, in turn."""

_KERAS_VERSION = re.compile(rb'"keras_version"\s*:\s*"([\w.-]{1,40})"')
_CARD_KEY = "cnnstudio_card"
_WEIGHTS = "model.weights.h5"
_LEGACY = "model.h5"


class NoCardError(StudioError):
    """A model's file does not say what its classes are and what images it takes: the user must be asked.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} has no card, which names the classes of the model and says how to prepare pictures for it. Open "
            f"it in the window, which asks, or say so once with: cnnstudio adopt {shlex.quote(str(path))}"
        )
        self.path = path


class WeightsAloneError(StudioError):
    """A file holds the weights of a model, and its layers are nowhere beside it.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is not opened: it holds the weights of a model, but not its layers. Put the .json file with the "
            f"layers, which model.to_json() gives, into the same folder, or {SAVE_IT}."
        )
        self.path = path


class _NoLayersError(RefusedError):
    """As `WeightsAloneError`, before it is known where."""


def load_model(path: Path, image_size: tuple[int, int] | None = None) -> "keras.Model":
    """Opens a model file, which may come from anywhere.

    Args:
        path: a `.keras` file, or an `.h5` file of a whole model; layers or weights, where the others lie beside them;
            or a zip or a folder that holds such files.
        image_size: (height, width) of the images that it shall take, where it takes any.

    Returns:
        The model, uncompiled, with its weights.

    Raises:
        StudioError: the file is missing, damaged, of another format, too large, or holds something that is not on the
            allow-list; the sentence says which.
    """
    keras = import_keras()
    members = _members(path)
    try:
        checked = _checked(members)
        graph = _sized(_graph(checked), image_size)
        config = graph.to_config()
        _check_activations(graph)
        _check_normalisations(config)
        weights = next(name for name in (_WEIGHTS, _LEGACY) if name in members)
        stored = _check_weights(members[weights])
        names: dict[tuple[str, ...], str] = {}
        again = {}
        for node in graph.nodes.values():
            if node.path and names.setdefault(node.path, node.name) != node.name:
                again[node.name] = names[node.path]
        model = in_new_thread(lambda: _build(config, frozenset(names.values()), stored))
        layers = {path: model.get_layer(name) for path, name in names.items()}
        _load_weights(_as_saved(checked, layers), weights, members[weights])
        for name, first in again.items():
            model.get_layer(name).set_weights(model.get_layer(first).get_weights())
        for layer in model.layers:
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()  # which Keras leaves out within models of an .h5 file
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error
    except StudioError as error:
        raise StudioError(f"{path} is not opened: {error}") from error
    return model


def read_config(path: Path) -> dict[str, Any]:
    """Reads what a model file says of its layers, without TensorFlow.

    Args:
        path: as for `load_model`; or a file of layers alone.

    Returns:
        Keras's config of a Functional model of these layers, those of models within it among them; of one that takes
        images of any size, for those of a likely one.

    Raises:
        StudioError: as for `load_model`.
    """
    graph = read_graph(path)
    return _sized(graph, likely_size(graph)).to_config()


def read_graph(path: Path, with_weights: bool = False) -> Graph:
    """Reads what a model file says of its layers, as `read_config` does; sizes that it leaves open stay open.

    Args:
        path: as for `read_config`.
        with_weights: whether the weights must be there, too.

    Raises:
        StudioError: as for `load_model`.
    """
    members = _members(path, with_weights)
    try:
        return _graph(_checked(members))
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error
    except StudioError as error:
        raise StudioError(f"{path} is not opened: {error}") from error


def compiled_loss(path: Path) -> str:
    """The loss that a model was trained with, by Keras's name of it; empty where its file does not say.

    Raises:
        StudioError: as for `load_model`.
    """
    try:
        loss = json.loads(_members(path, with_weights=False)["config.json"])["compile_config"]["loss"]
        return str(loss["config"]["name"] if isinstance(loss, Mapping) else loss or "")
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _checked(members: dict[str, bytes]) -> dict[str, Any]:
    """The config of a model, as far as it is allowed."""
    check_kind(members["config.json"])
    return checked_config(members["config.json"])


def _graph(checked: dict[str, Any]) -> Graph:
    """A network as it is used here: flat, with the channels last."""
    return channels_last(Graph.of(checked))


USUAL_SIDE = 224
"""Of the images that most networks for photos take."""


def likely_size(graph: Graph) -> tuple[int, int]:
    """(height, width) of the images that a network is likely made for; its own where it says it."""
    image = graph.nodes[graph.input]
    sides = (image.config.get("batch_shape") or [])[1:3]
    following = graph.consumers(image.name)
    while len(following) == 1 and group_of(following[0].kind) in ("Input", "Regularisation"):
        following = graph.consumers(following[0].name)
    resized = following[0].config if following and following[0].kind == "Resizing" else {}
    usual = (resized.get("height", USUAL_SIDE), resized.get("width", USUAL_SIDE))
    height, width = (side or to for side, to in zip(sides, usual, strict=False)) if len(sides) == 2 else usual
    return height, width


def _sized(graph: Graph, image_size: tuple[int, int] | None) -> Graph:
    """A network whose input takes images of one size, where it left that open."""
    image = graph.nodes[graph.input]
    shape = image.config.get("batch_shape")
    if image_size and isinstance(shape, list) and len(shape) in (3, 4):
        sides = [shape[n + 1] or image_size[n] for n in (0, 1)]
        graph.nodes[image.name] = image.with_values(batch_shape=[shape[0], *sides, *shape[3:]])
    return graph


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
    members = _members(path)
    metadata = _metadata(members)
    if _CARD_KEY not in metadata:
        try:
            _checked(members)  # of what is no classifier nothing needs to be asked
        except RefusedError as error:
            raise StudioError(f"{path} is not opened: {error}.") from error
        raise NoCardError(path)
    return parse_card(json.dumps(metadata[_CARD_KEY]), path)


def _metadata(members: dict[str, bytes]) -> dict[str, Any]:
    """What stands in the metadata; nothing where they are damaged, for Keras does without them."""
    try:
        values = json.loads(members["metadata.json"])
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def model_digest(path: Path) -> str:
    """The SHA-256 of all that a model is made of: the same wherever it lies, packed or not.

    Raises:
        StudioError: a file is missing, or it is no model.
    """
    try:
        parts = read_parts(path)
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error
    return hashlib.sha256((parts.model or b"") + (parts.layers or b"")).hexdigest()


def weight_shapes(path: Path) -> list[list[tuple[int, ...]]]:
    """The shapes of the weights of each layer in an HDF5 file, in no order.

    Raises:
        StudioError: it is no such file.
    """
    import h5py

    shapes: dict[str, list[tuple[int, ...]]] = {}

    def note(name: str, item: "h5py.Dataset | h5py.Group") -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and not name.startswith("optimizer"):
            shapes.setdefault(name.rpartition("/")[0], []).append(item.shape)

    try:
        data = read_parts(path).model or b""
        _check_weights(data)
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error
    with h5py.File(io.BytesIO(data), "r") as file:
        file.visititems(note)
    return list(shapes.values())


def keep_layers(path: Path, config: dict[str, Any]) -> None:
    """Keeps the layers for a file of weights alone in the user's folder: it opens with them from now on.

    Raises:
        StudioError: they cannot be written.
    """
    file = _layers_file(model_digest(path))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(config))
    except OSError as error:
        raise StudioError(f"The layers for {path.name} cannot be kept: {reason(error)}.") from error


def _kept_layers(weights: bytes) -> bytes | None:
    """The layers that were kept for some weights; None where there are none."""
    try:
        return _layers_file(hashlib.sha256(weights).hexdigest()).read_bytes()
    except OSError:
        return None


def _layers_file(digest: str) -> Path:
    return data_folder() / "foreign" / f"{digest[:32]}.layers.json"


def _members(path: Path, with_weights: bool = True) -> dict[str, bytes]:
    """The members that a `.keras` file of the same model would have; without weights where they are not asked for."""
    try:
        return _members_of(read_parts(path), with_weights)
    except _NoLayersError as error:
        raise WeightsAloneError(path) from error
    except RefusedError as error:
        raise StudioError(f"{path} is not opened: {error}.") from error


def _members_of(parts: Parts, with_weights: bool) -> dict[str, bytes]:
    if parts.model is None:
        if with_weights:
            raise RefusedError(
                "it holds the layers of a model, but not its weights. Put the .h5 file with the weights into the same "
                f"folder, or {SAVE_IT}; the Architecture page shows the layers alone"
            )
        return _apart(parts.layers or b"")
    if not parts.model.startswith(HDF5_SIGNATURE):
        return _in_words_of_today(_unpack(parts.model))
    _check_weights(parts.model)
    name = _weights_name(parts.model)
    layers = parts.layers
    if parts.weights_alone and layers is None:
        layers = _kept_layers(parts.model)
        if layers is None:
            raise _NoLayersError
    if layers is not None:
        return {**_apart(layers), name: parts.model}
    from cnnstudio.models.keras_config.legacy import legacy_config

    return {"metadata.json": b"{}", "config.json": legacy_config(parts.model), name: parts.model}


def _apart(layers: bytes) -> dict[str, bytes]:
    """The members that are made of a file with the layers of a model, which says by itself whether Keras 2 wrote it."""
    version = _KERAS_VERSION.search(layers)
    metadata = json.dumps({"keras_version": version[1].decode() if version else ""})
    return _in_words_of_today({"metadata.json": metadata.encode(), "config.json": layers})


def _weights_name(data: bytes) -> str:
    """The name of an HDF5 file by which Keras knows how its weights lie in it.

    Raises:
        RefusedError: there are no weights of Keras in it.
    """
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        if "layer_names" in file.attrs or "model_weights" in file:
            return _LEGACY
        if "vars" in file or "layers" in file:
            return _WEIGHTS
        held = ", ".join(f"“{name[:40]}”" for name in list(file)[:4]) or "nothing"
    raise RefusedError(f"it is an HDF5 file without a model of Keras in it; it holds {held}")


def _in_words_of_today(members: dict[str, bytes]) -> dict[str, bytes]:
    """The members of a `.keras` file, which Keras 2 may have written."""
    if not str(_metadata(members).get("keras_version")).startswith("2."):
        return members
    from cnnstudio.models.keras_config.legacy import modern_config

    return members | {"config.json": modern_config(members["config.json"])}


def _unpack(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(archive.infolist())
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except DAMAGED_ZIP as error:
        raise RefusedError(f"it is damaged, or no .keras file ({reason(error)})") from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    for name in MAX_MEMBERS:
        if names.count(name) != 1:
            raise RefusedError(f"it is damaged, or no .keras file: “{name}” must be in it once")
    for member in members:
        if member.filename.startswith("assets/"):
            raise RefusedError(
                f"its layers read words or tables from “{member.filename[:80]}”, as models of text do. CNN Studio "
                "opens classifiers of images"
            )
        if member.filename not in MAX_MEMBERS:
            raise RefusedError(f"it contains “{member.filename[:80]}”, which a model of layers alone does not need")
        check_packing(member, MAX_MEMBERS[member.filename])


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


@giving_way
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


def _check_activations(graph: Graph) -> None:
    """Keras knows more functions; those fail once they are used, for they need arguments or change the shape."""
    for node in graph.nodes.values():
        both = (node.config.get(key) for key in ("layer", "backward_layer"))
        for config in (node.config, *(inner["config"] for inner in both if isinstance(inner, dict))):
            for activation in (config.get(field) for field in ACTIVATION_FIELDS):
                if activation is not None and activation not in tuple(ACTIVATIONS):
                    raise RefusedError(
                        f"its layer “{node.name}” has the activation “{str(activation)[:80]}”, which CNN Studio does "
                        "not know"
                    )


def _check_normalisations(config: dict[str, Any]) -> None:
    """Normalization is the one kind that computes with its input's size while Keras builds it: its rule bounds that."""
    names = {layer["config"]["name"] for layer in config["config"]["layers"] if layer["class_name"] == "Normalization"}
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


def _build(config: dict[str, Any], in_file: Collection[str], stored: int) -> "keras.Model":
    import keras

    try:
        return build_checked(
            lambda: keras.saving.deserialize_keras_object(config, safe_mode=True),
            lambda model: _check_size(model, in_file, stored),
        )
    except (RefusedError, MemoryError):
        raise
    except RecursionError as error:
        raise RefusedError(
            "too many of its layers follow each other: Keras goes back along them by a call within a call, of which "
            f"Python allows {sys.getrecursionlimit():,}. In Python, keras.models.load_model opens it after "
            "sys.setrecursionlimit(20_000)"
        ) from error
    except Exception as error:  # Keras may raise anything for a config from elsewhere.
        layer = _FAILED.findall(str(error))
        what = f"its layer “{layer[-1][1]}” ({layer[-1][0]})" if layer else "it"
        raise RefusedError(
            f"Keras cannot build {what} ({first_line(error)}); open it with the version of Keras that wrote it, and "
            "save the model again as .keras"
        ) from error


def _check_size(model: "keras.Model", in_file: Collection[str], stored: int) -> None:
    import keras

    if not model.built or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise RefusedError("it is no image classifier: it needs exactly one input and one output")
    needed = sum(layer.count_params() for layer in model.layers if layer.name in in_file)
    if needed > stored:
        raise RefusedError(
            f"its layers ask for {size(4 * needed)} of memory for weights, of which the file holds {size(4 * stored)}"
        )
    used_again = sum(layer.count_params() for layer in model.layers if USED_AGAIN in layer.name)
    if used_again > MAX_PARAMETERS:
        raise RefusedError(
            f"the copies of its layers that are used again would take {size(4 * used_again)} of memory; up to "
            f"{size(4 * MAX_PARAMETERS)} are possible"
        )
    activations = operations = 0
    if None in model.inputs[0].shape[1:]:
        raise RefusedError("it takes images of any size, so one must be chosen, once, with “cnnstudio adopt”")
    for layer in model.layers:
        batch, *sides = layer.output.shape
        if batch is not None or None in sides:
            raise RefusedError(f"its layer “{layer.name}” does not answer to each image by itself")
        numbers = math.prod(sides)
        weights = sum(math.prod(weight.shape) for weight in layer.weights)
        activations += numbers
        if isinstance(layer, keras.layers.MultiHeadAttention):
            activations += layer.num_heads * math.prod(sides[:-1]) ** 2
        steps = is_recurrent(type(layer).__name__)
        operations += weights * (layer.input.shape[1] if steps else numbers // max(sides[-1], 1))
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


def _as_saved(
    config: dict[str, Any], layers: "Mapping[tuple[str, ...], keras.Layer]", path: tuple[str, ...] = ()
) -> "keras.Model":
    """The layers that may have weights, in models within models as in the file.

    Keras finds the weights of a layer by the kinds of the models that it is in, and by its place among the others.

    Args:
        config: of the model in the file, as it was checked.
        layers: by the names of the models that they are in, and their own.
        path: the names of the models that this one is in, and its own; empty for the outermost.
    """
    import keras

    parts = []
    for layer in config["config"]["layers"]:
        kind, place = layer["class_name"], (*path, layer["config"]["name"])
        if kind in MODELS:
            parts.append(_as_saved(layer, layers, place))
        elif kind in LAYER_KINDS and LAYER_KINDS[kind].has_weights and not layer.get("operation"):
            if place not in layers:
                raise RefusedError(f"its layer “{place[-1]}” leads nowhere")
            parts.append(_wrapped(layers[place], layer.get("wrapper")))
    model = type(config["class_name"], (keras.Sequential,), {})(parts)
    model.built = True  # its layers are
    return model


def _wrapped(layer: "keras.Layer", wrapper: str | None) -> "keras.Layer":
    """A layer in one of `WRAPPERS`, as in the file, where some have weights of their own beside its."""
    import keras

    if wrapper is None:
        return layer
    around = getattr(keras.layers, wrapper)(layer)
    if wrapper == "SpectralNormalization":
        around.build(layer.input.shape)
    around.built = True
    return around


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
    text = _BOLD.sub("", str(error)).rpartition(_CAUSE)[2]
    lines = map(str.strip, _CLASS.sub(r"“\1”", text).splitlines())
    return next((line[:200] for line in lines if line and not line.startswith(_IN_CALL)), type(error).__name__)
