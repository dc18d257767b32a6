"""In which numbers networks take their pixels, and the layers that bring raw values there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnnstudio.models.keras_config.graph import layer_config

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_CAFFE_MEAN = (103.939, 116.779, 123.68)


@dataclass(frozen=True)
class ValueRange:
    """In which numbers a network takes its pixels, whose raw values are 0–255.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        description: one sentence for somebody new.
        layer: makes the layer that brings raw values there; None where they stay.
        channels: the numbers of channels for which it makes sense.
        weights: of that layer, where it has some.
    """

    name: str
    title: str
    description: str
    layer: Callable[[str], dict[str, Any]] | None
    channels: tuple[int, ...] = (1, 3)
    weights: Callable[[], list[Any]] | None = None


def _rescaling(scale: Any, offset: Any) -> Callable[[str], dict[str, Any]]:
    def layer(name: str) -> dict[str, Any]:
        return layer_config("Rescaling", {"name": name, "scale": scale, "offset": offset})

    return layer


def _blue_first(name: str) -> dict[str, Any]:
    return layer_config("Conv2D", {"name": name, "filters": 3, "kernel_size": 1, "trainable": False})


def _blue_first_weights() -> list[Any]:
    import numpy as np

    return [np.eye(3, dtype=np.float32)[::-1].reshape(1, 1, 3, 3).copy(), -np.array(_CAFFE_MEAN, np.float32)]


VALUE_RANGES: dict[str, ValueRange] = {
    entry.name: entry
    for entry in (
        ValueRange("0-255", "0 to 255", "The raw values, as the file of a picture has them.", None),
        ValueRange(
            "0-1", "0 to 1", "Raw values divided by 255, as most people train a network.", _rescaling(1 / 255, 0.0)
        ),
        ValueRange(
            "-1-1",
            "−1 to 1",
            "Raw values by 127.5, less 1: MobileNet, Inception, Xception, ResNet V2, Teachable Machine.",
            _rescaling(1 / 127.5, -1.0),
        ),
        ValueRange(
            "imagenet",
            "ImageNet's mean and spread",
            "0 to 1, less the mean of ImageNet's photos and by their standard deviation: PyTorch's networks, DenseNet.",
            _rescaling(
                [1 / (255 * deviation) for deviation in _DEVIATION],
                [-mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)],
            ),
            channels=(3,),
        ),
        ValueRange(
            "caffe",
            "Blue first, less ImageNet's mean",
            "Raw values with blue before red, less their mean: Keras's VGG16, VGG19 and ResNet50.",
            _blue_first,
            channels=(3,),
            weights=_blue_first_weights,
        ),
    )
}
"""Every range that can be chosen, in the order in which it is shown."""
