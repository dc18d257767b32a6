"""Which network the Architecture page describes, for which images; and the describing, done in a thread."""

from dataclasses import dataclass
from pathlib import Path

from cnnstudio.models.keras_config.graph import Config
from cnnstudio.models.layer_table import LayerTable, describe
from cnnstudio.models.networks.building import fitted, network_config
from cnnstudio.models.trained.adopt import read_image_config

ImageShape = tuple[int, int, int]


@dataclass(frozen=True)
class NetworkRequest:
    """Which network is to be described, and for which images.

    Attributes:
        name: what `cnnstudio.models.networks.building.find_network` finds; the title of a file.
        file: a Keras model; None for an architecture or an edited network.
        image_shape: (height, width, channels); None for that of the paper or the file.
        classes: likewise.
    """

    name: str
    file: Path | None = None
    image_shape: ImageShape | None = None
    classes: int | None = None


@dataclass(frozen=True)
class NetworkDescription:
    """A network and its layers.

    Attributes:
        request: what was asked for.
        config: Keras's own description of the network.
        table: its layers.
    """

    request: NetworkRequest
    config: Config
    table: LayerTable


def try_to_describe(request: NetworkRequest) -> tuple[NetworkRequest, NetworkDescription | Exception]:
    """Describes a network; imports Keras, unless it has described that one before.

    Returns:
        What was asked for, with the description or what went wrong.
    """
    shape, classes = request.image_shape, request.classes
    try:
        if request.file is None:
            config = network_config(request.name, shape, classes)
        else:
            config = read_image_config(request.file)
            if shape is not None and classes is not None:
                config = fitted(config, shape, classes)
        table = describe(config)
        return request, NetworkDescription(request, config, table if request.file is None else table.as_it_is())
    except Exception as error:  # noqa: BLE001  # whatever it is, the page says so
        return request, error


def images_text(shape: ImageShape, classes: str) -> str:
    """“28×28, grey, 10 classes”."""
    height, width, channels = shape
    colour = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    return f"{height}×{width}, {colour}, {classes}"
