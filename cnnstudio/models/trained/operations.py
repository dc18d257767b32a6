"""Which layer of a trained network does what an experiment of the Lab does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnstudio.models.layer_kinds import group_of
from cnnstudio.models.layer_kinds.activation_functions import ACTIVATIONS
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.layer_arithmetic import is_explained

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Operation:
    """Something that layers do.

    Attributes:
        name: its key in `OPERATIONS`.
        title: as a sentence has it: “This network has no pooling.”
        example: the name of a model that comes with CNN Studio and has it.
        is_done_by: whether a layer does it; it is asked with layers whose numbers are explained.
    """

    name: str
    title: str
    example: str
    is_done_by: "Callable[[keras.Layer], bool]"

    def layer_of(self, classifier: Classifier) -> str | None:
        """The name of the first layer of a network that does it; None where there is none."""
        for layer in classifier.model.layers:
            if is_explained(type(layer).__name__) and self.is_done_by(layer):
                return str(layer.name)
        return None


def _is_of(*kinds_or_groups: str) -> "Callable[[keras.Layer], bool]":
    """Whether the kind of a layer, or the group of its kind, is one of these."""

    def is_done_by(layer: "keras.Layer") -> bool:
        kind = type(layer).__name__
        return kind in kinds_or_groups or group_of(kind) in kinds_or_groups

    return is_done_by


def _pools(layer: "keras.Layer") -> bool:
    """Whether a layer makes one number of several; some leave out every second one with windows of 1 × 1."""
    return _is_of("Pooling")(layer) and getattr(layer, "pool_size", None) != (1, 1)


def _has_softmax(layer: "keras.Layer") -> bool:
    return type(layer).__name__ == "Softmax" or _function_of(layer) == "softmax"


def _bends(layer: "keras.Layer") -> bool:
    """Whether a layer applies an activation number by number, be it at the end of a convolution."""
    name = _function_of(layer)
    if type(layer).__name__ == "Softmax" or (name in ACTIVATIONS and ACTIVATIONS[name].mixes_channels):
        return False
    return name not in ("", "linear") or _is_of("Activation")(layer)


def _function_of(layer: "keras.Layer") -> str:
    return getattr(getattr(layer, "activation", None), "__name__", "")


OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("convolution", "convolution", "lenet5-mnist", _is_of("Convolution")),
        Operation("activation", "activation", "lenet5-mnist", _bends),
        Operation("pooling", "pooling", "lenet5-mnist", _pools),
        Operation("dense", "dense layer", "lenet5-mnist", _is_of("Dense")),
        Operation("softmax", "softmax", "lenet5-mnist", _has_softmax),
        Operation("normalisation", "batch normalisation", "resnet20-fashion-mnist", _is_of("BatchNormalization")),
        Operation("dropout", "dropout", "efficientnet-lite0-imagenet", _is_of("Dropout", "SpatialDropout2D")),
    )
}
"""By name, in the order of a first course."""
