"""Finding a network by name or path, fitting it to a data set, and building it.

A network is an architecture of `ARCHITECTURES`, or one that somebody edited (`cnnstudio.models.networks.files`).
"""

import difflib
import json
import math
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cnnstudio.errors import StudioError
from cnnstudio.models.architectures.architecture import Architecture, ImageShape
from cnnstudio.models.architectures.catalogue import ARCHITECTURES, check, seeded
from cnnstudio.models.backend import build_checked, import_keras, in_new_thread, take_apart
from cnnstudio.models.keras_config.allowlist import checked_config
from cnnstudio.models.keras_config.equivalents import is_mixing
from cnnstudio.models.keras_config.graph import Config, Graph
from cnnstudio.models.layer_table import check_size, describe
from cnnstudio.models.networks.files import SUFFIX, Network, read_network, saved_names, saved_path
from cnnstudio.models.trained.adopt import read_image_config, usual_name
from cnnstudio.models.trained.files import first_line
from cnnstudio.models.trained.outputs import OUTPUTS, give_probabilities
from cnnstudio.models.trained.parts import is_model, model_file
from cnnstudio.storage import exists, is_folder
from cnnstudio.wording import shape

if TYPE_CHECKING:
    import keras

Result = TypeVar("Result")

_building = threading.Lock()
"""Keras draws its seeds from one source for the whole process: networks are built one after the other."""


def find_network(text: str | Path) -> Architecture | Network:
    """Finds a network by its name or path.

    Args:
        text: a key of `ARCHITECTURES`, the name of a network in the user's folder, the path of a network's file, or
            that of a trained model, a `.keras` or `.h5` file or a folder, whose layers are taken without their weights.

    Raises:
        StudioError: there is none, or its file is not opened; the sentence says why.
    """
    if str(text) in ARCHITECTURES:
        return ARCHITECTURES[str(text)]
    saved = saved_path(str(text))
    if saved is not None:
        return read_network(saved)
    read = _reader(text)
    if read is not None:
        return read(Path(text).expanduser())
    names = [*ARCHITECTURES, *saved_names()]
    path = Path(text)
    beside: list[str] = []
    with suppress(OSError, ValueError):  # not every text can be a path
        beside = [str(path.with_name(file.name)) for file in path.parent.glob(f"*{SUFFIX}")]
    similar = difflib.get_close_matches(str(text), [*names, *beside], n=3)
    hint = f" Did you mean {' or '.join(f'“{name}”' for name in similar)}?" if similar else ""
    if path.suffix or len(path.parts) > 1:
        raise StudioError(f"There is no file “{text}”, and no architecture of that name.{hint}")
    raise StudioError(
        f"There is no architecture “{text}”.{hint} Choose one of: {', '.join(names)}; or give an architecture's file."
    )


def _reader(text: str | Path) -> Callable[[Path], Network] | None:
    """The function that reads a network from a path; None where nothing is there that could be one."""
    with suppress(OSError, ValueError, RuntimeError):  # not every text can be a path
        path = Path(text).expanduser()
        if not path.name.endswith(SUFFIX) and (is_model(path) or (path.name and is_folder(path))):
            return _network_of_model
        if path.name and (exists(path) or path.name.endswith(SUFFIX)):
            return read_network
    return None


def _network_of_model(path: Path) -> Network:
    """The network of a trained model, a `.keras` or `.h5` file or a model's folder, without its weights."""
    path = path.absolute()
    file = model_file(path)
    graph = Graph.of(read_image_config(file))
    # Every architecture calls its model by its own key, and an edited one keeps that name.
    source = graph.name if graph.name in ARCHITECTURES else ""
    name = usual_name(file)
    return Network(name, name, graph.to_config(), source, path)


def reference(network: Architecture | Network) -> str:
    """The text by which `find_network` finds a network, whatever the current folder."""
    if isinstance(network, Architecture) or network.path is None or saved_path(network.name) == network.path:
        return network.name
    return str(network.path)


def called(network: Architecture | Network) -> str:
    """The name for its runs and models: its own, or the title in its file."""
    return network.name if reference(network) == network.name else network.title


def fitted(config: Config, image_shape: ImageShape, classes: int) -> Config:
    """The same network for other images and another number of classes.

    Args:
        config: of the network; stays as it is.
        image_shape: (height, width, channels).
        classes: number of classes, at least 2, at most `MAX_CLASSES`.

    Raises:
        StudioError: a layer does not fit such images, or the network's outputs are not the classes.
    """
    if classes < 2:
        raise StudioError(f"A network needs at least 2 classes to choose between, not {classes}.")
    graph = Graph.of(config)
    image = graph.nodes[graph.input]
    graph.nodes[image.name] = image.with_values(batch_shape=[None, *image_shape])
    head = graph.head
    if head is None:
        raise StudioError(
            "The network has no layer with one output for each class: it must end in a dense layer, or in a "
            "convolution with pooling."
        )
    graph.nodes[head.name] = head.with_values(**{head.count_field: classes})
    if head.config[head.count_field] == 1:
        _share_one(graph)
    result = graph.to_config()
    table = describe(result)
    if table.misfit is not None:
        raise StudioError(table.misfit.text)
    answers = table.row(graph.output).output_shape
    if answers != (classes,):
        raise StudioError(
            f"The network has {shape(answers or ())} outputs instead of one for each of {classes} classes. Put a "
            "global pooling before its end."
        )
    return result


def _share_one(graph: Graph) -> None:
    """Puts a softmax for all classes in the place of the sigmoid of a single output, which stood for two."""
    last = graph.nodes[graph.output]
    if last.config.get("activation") == "sigmoid":
        graph.nodes[last.name] = last.with_values(activation="softmax")


def network_config(
    text: str | Path | Architecture | Network, image_shape: ImageShape | None = None, classes: int | None = None
) -> Config:
    """Keras's config of a network, without making its weights.

    Args:
        text: a network, or what `find_network` finds.
        image_shape: (height, width, channels); where None, that of the architecture's paper, or of the edited network.
        classes: number of classes; likewise.

    Returns:
        A config as `checked_config` makes it, not to be changed in place. Those of architectures are cached.

    Raises:
        StudioError: there is no such network, or it does not fit.
    """
    network = text if isinstance(text, Architecture | Network) else find_network(text)
    if isinstance(network, Architecture):
        return json.loads(_named_config(network.name, image_shape or network.image_shape, classes or network.classes))
    table = describe(network.config)
    if image_shape is None and classes is None:
        return network.config
    return fitted(network.config, image_shape or table.input_shape, classes or table.classes)


def build_network(
    text: str | Path | Architecture | Network, image_shape: ImageShape, classes: int, seed: int
) -> "keras.Model":
    """Builds an untrained model.

    Args:
        text: a network, or what `find_network` finds.
        image_shape: (height, width, channels).
        classes: number of classes, at least 2.
        seed: the same seed gives the same initial weights.

    Returns:
        A functional Keras model, uncompiled, from (n, height, width, channels) to (n, classes) probabilities.

    Raises:
        StudioError: there is no such network, it does not fit such images, or it is too large to be trained.
    """
    network = text if isinstance(text, Architecture | Network) else find_network(text)
    if isinstance(network, Network):
        return _build_edited(network, image_shape, classes, seed)
    check(network, image_shape, classes)
    model = _built(lambda: network.build(image_shape, classes), seed)
    if network.load_weights is not None:
        network.load_weights(model)
    return model


def _build_edited(network: Network, image_shape: ImageShape, classes: int, seed: int) -> "keras.Model":
    config = fitted(network.config, image_shape, classes)
    table = describe(config)
    check_size({row.name: row.parameters for row in table.rows}, table.activations)
    graph = Graph.of(config)
    if graph.gives_logits:
        give_probabilities(graph, OUTPUTS["logits"], classes)
        config = graph.to_config()
    elif not graph.gives_probabilities:
        raise StudioError(
            "The network ends in a sigmoid for each class, so that several classes can be right, but each image has "
            "one class here. Set the activation of its last layer to softmax."
        )
    model = _built(lambda: _deserialized(config), seed)
    source = ARCHITECTURES.get(network.source)
    if source is not None and source.load_weights is not None:
        source.load_weights(model)
        return model
    # What puts channels into another order has its weights in the config.
    frozen = (layer for layer in model.layers if layer.weights and not layer.trainable)
    if random := next((layer for layer in frozen if not is_mixing(graph.nodes[layer.name])), None):
        raise StudioError(
            f"The layer “{random.name}” is frozen, but there are no weights for it: it would stay random. "
            "Make it trainable."
        )
    return model


@lru_cache(maxsize=16)
def _named_config(name: str, image_shape: ImageShape, classes: int) -> bytes:
    """The config of an architecture as JSON: each caller reads a copy of its own."""
    check(ARCHITECTURES[name], image_shape, classes)
    import_keras()

    def serialized() -> bytes:
        import keras

        with keras.StatelessScope(initialize_variables=False):
            model = ARCHITECTURES[name].build(image_shape, classes)
            config = json.dumps(keras.saving.serialize_keras_object(model)).encode()
        take_apart(model)
        return config

    return json.dumps(checked_config(alone(serialized))).encode()


def _built(build: Callable[[], "keras.Model"], seed: int) -> "keras.Model":
    import_keras()

    def built() -> "keras.Model":
        with seeded(seed):
            return build_checked(build, _check_size)

    return alone(built)


def alone(work: Callable[[], Result]) -> Result:
    """Calls a function that makes layers, while no other such call runs, and returns its result."""
    with _building:
        return in_new_thread(work)


def _deserialized(config: Config) -> "keras.Model":
    import keras

    try:
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:  # Keras may raise anything for a config from elsewhere.
        raise StudioError(f"Keras cannot build this network ({first_line(error)}).") from error


def _check_size(model: "keras.Model") -> None:
    activations = sum(math.prod(layer.output.shape[1:]) for layer in model.layers)
    check_size({layer.name: layer.count_params() for layer in model.layers}, activations)
