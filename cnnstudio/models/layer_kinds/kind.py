"""What is known of one kind of layer, and Keras's config of a new layer of that kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cnnstudio.models import layers
from cnnstudio.models.layer_kinds.effects import Effect
from cnnstudio.models.layer_kinds.fields import FILTERS, TRAINABLE, UNITS, Field
from cnnstudio.models.layer_kinds.receptive import Maps
from cnnstudio.models.layer_kinds.values import Values

Group = Literal[
    "Input",
    "Convolution",
    "Pooling",
    "Dense",
    "Activation",
    "Normalisation",
    "Regularisation",
    "Branches",
    "Shape",
]
"""What a kind of layer is for. Layers of “Branches”, and only these, take several inputs; those of “Activation”,
“Normalisation” and “Regularisation” keep the shape; those of “Regularisation” change nothing but while training."""


@dataclass(frozen=True)
class LayerKind:
    """A kind of layer.

    Attributes:
        name: Keras's class.
        title: for the screen.
        description: one sentence that teaches what it does.
        group: what it is for; under this heading an editor lists it.
        arithmetic: from the values of a layer and what it is given to its effect; raises `UnfitError`.
        icon: its picture, a name in `assets/icons`; empty where an editor does not offer it.
        stem: of the names of new layers: “conv” for “conv1”, “conv2”, …; empty where an editor does not offer it.
        fields: what can be set.
        defaults: the values of the fields of a new one; for all else Keras has its own.
        concatenates: of “Branches”, whether it puts its inputs side by side; all others join them number by number.
        module: under which Keras knows the class.
        arguments: how many arguments of its call its one input is: an attention compares it with itself.
    """

    name: str
    title: str
    description: str
    group: Group
    arithmetic: Callable[[Values, tuple[Maps, ...]], Effect]
    icon: str = ""
    stem: str = ""
    fields: tuple[Field, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    concatenates: bool = False
    module: str = "keras.layers"
    arguments: int = 1

    @property
    def is_offered(self) -> bool:
        """Whether an editor offers it."""
        return bool(self.stem)

    @property
    def count_field(self) -> str:
        """The field that says how many channels or units it gives; empty where there is none."""
        return next((field.name for field in self.fields if field in (FILTERS, UNITS)), "")

    @property
    def has_weights(self) -> bool:
        """Whether it may have numbers that are learnt or measured."""
        return self.group in ("Convolution", "Dense", "Normalisation") or self.name in ("Normalization", "PReLU")

    @property
    def registered_name(self) -> str | None:
        """The name by which Keras finds a class that is not its own; None for Keras's classes."""
        return f"{layers.PACKAGE}>{self.name}" if self.module == layers.__name__ else None

    def layer(self, name: str) -> dict[str, Any]:
        """Keras's config of a new layer of this kind."""
        policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
        learns = {"trainable": True} if TRAINABLE in self.fields else {}
        config = {"name": name, **learns, "dtype": {**policy, "registered_name": None}, **self.defaults}
        return {
            "module": self.module,
            "class_name": self.name,
            "config": config,
            "registered_name": self.registered_name,
        }
