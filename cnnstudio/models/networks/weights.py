"""Which architecture a file of weights alone may belong to: the one whose layers have as many parameters each."""

import itertools
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.errors import StudioError
from cnnstudio.models.architectures.architecture import Architecture, ImageShape
from cnnstudio.models.architectures.catalogue import ARCHITECTURES, check
from cnnstudio.models.keras_config.graph import Config
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks.building import fitted, network_config
from cnnstudio.models.trained.files import weight_shapes
from cnnstudio.wording import shape

_OTHER_SIZE = 4
"""By how much other images and classes change the size of an architecture, at most."""

_MOST_SIZES = 100
"""Of layers that are tried as the number of classes: who makes a file may put any number there."""


@dataclass(frozen=True)
class FittingArchitecture:
    """An architecture for which some weights have the right shapes.

    Attributes:
        architecture: an entry of `ARCHITECTURES`.
        image_shape: (height, width, channels) of its images.
        classes: the number of its classes.
        config: Keras's config of it.
    """

    architecture: Architecture
    image_shape: ImageShape
    classes: int
    config: Config

    @property
    def words(self) -> str:
        """“LeNet-5 for images of 28×28×1 and 10 classes”."""
        return f"{self.architecture.title} for images of {shape(self.image_shape)} and {self.classes:,} classes"


def fitting_architectures(path: Path) -> list[FittingArchitecture]:
    """The architectures that some weights fit, each for the first images and classes for which they do.

    Args:
        path: a file of weights alone.

    Raises:
        StudioError: it is no such file.
    """
    shapes = weight_shapes(path)
    wanted = Counter(sum(map(math.prod, layer)) for layer in shapes)
    classes = sorted({one[0] for layer in shapes for one in layer if len(one) == 1 and one[0] > 1})[:_MOST_SIZES]
    found = []
    for architecture in ARCHITECTURES.values():
        if not _is_near(architecture.published_parameters, sum(size * times for size, times in wanted.items())):
            continue
        config = network_config(architecture)
        if sum(row.parameters > 0 for row in describe(config).rows) == sum(wanted.values()):
            fits = (_fit(architecture, config, size, count, wanted) for size, count in _choices(architecture, classes))
            found += list(itertools.islice(filter(None, fits), 1))
    return found


def _is_near(published: int, parameters: int) -> bool:
    """Whether an architecture of so many parameters is worth building."""
    return not published or published / _OTHER_SIZE < parameters < published * _OTHER_SIZE


def _choices(architecture: Architecture, classes: list[int]) -> list[tuple[ImageShape, int]]:
    shapes = dict.fromkeys([architecture.image_shape, *(entry.image_shape for entry in DATASETS.values())])
    return list(itertools.product(shapes, classes))


def _fit(
    architecture: Architecture, config: Config, image_shape: ImageShape, classes: int, wanted: Counter[int]
) -> FittingArchitecture | None:
    try:
        check(architecture, image_shape, classes)
        config = fitted(config, image_shape, classes)
    except StudioError:
        return None
    have = Counter(row.parameters for row in describe(config).rows if row.parameters)
    return FittingArchitecture(architecture, image_shape, classes, config) if have == wanted else None
