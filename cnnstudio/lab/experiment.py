"""What the Lab can be asked to show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Experiment:
    """A panel of the Lab with the numbers in it: what lessons open, and what other pages send there.

    Attributes:
        panel: the name of the panel.
        state: what is set in it, by name; the rest stays as it is.
    """

    panel: str
    state: Mapping[str, Any] = field(default_factory=dict)
