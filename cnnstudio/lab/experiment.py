"""What the Lab can be asked to show, and what its experiments have room for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_CHANNELS, LARGEST_KERNEL = 4, 7
"""Channels, or filters, of a convolution, and rows of its kernel."""

LARGEST_POOLED, LARGEST_WINDOW = 8, 4
"""Rows of the input of a pooling, and of a window that is less than all of it."""

DENSE_MAPS, DENSE_UNITS = (2, 2, 2), 3
"""The shape of the maps, (height, width, channels), that a dense layer is given, and its units."""

MOST_CLASSES = 10
"""Of a softmax."""

LARGEST_BATCH = 8
"""The numbers that a batch normalisation is given."""


@dataclass(frozen=True)
class Origin:
    """The number of a network that an experiment makes again.

    Attributes:
        layer: that makes it, by its name in the model.
        row: of the number, where the layer has maps.
        column: likewise.
        channel: the map or the unit.
        input_map: of a convolution, the one that is looked at, among those that the filter sees.
    """

    layer: str
    row: int = 0
    column: int = 0
    channel: int = 0
    input_map: int = 0


@dataclass(frozen=True)
class Experiment:
    """A panel of the Lab with the numbers in it: what lessons open, and what other pages send there.

    Attributes:
        panel: the name of the panel.
        state: what is set in it, by name; the rest stays as it is.
        note: where the numbers come from, in a sentence or two; empty where that needs no words.
        origin: the number of a network that they come from; None where they come from none.
    """

    panel: str
    state: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    origin: Origin | None = None
