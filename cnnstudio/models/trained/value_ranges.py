"""The ranges in which networks take the values of pixels, and the layers that bring raw values into them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnnstudio.models.keras_config.graph import layer_config

IMAGENET_SCALE = tuple(1 / (255 * deviation) for deviation in (0.229, 0.224, 0.225))
IMAGENET_OFFSET = (-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225)
"""Less mean and by standard deviation of ImageNet's photos: raw value × scale + offset, for red, green and blue."""

_CAFFE_MEAN = (103.939, 116.779, 123.68)


@dataclass(frozen=True)
class ValueRange:
    """A range in which a network takes the values of pixels, which are 0–255 in a picture.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        description: one sentence for somebody new.
        layer: makes the layer that brings raw values into it; None where they stay as they are.
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
            "Raw values divided by 127.5, minus 1: MobileNet, Inception, Xception, ResNet V2, Teachable Machine.",
            _rescaling(1 / 127.5, -1.0),
        ),
        ValueRange(
            "imagenet",
            "ImageNet's mean and spread",
            "0 to 1, minus the mean of ImageNet's photos, divided by their deviation: PyTorch's networks, DenseNet.",
            _rescaling(list(IMAGENET_SCALE), list(IMAGENET_OFFSET)),
            channels=(3,),
        ),
        ValueRange(
            "caffe",
            "Blue first, minus ImageNet's mean",
            "Raw values with blue before red, minus their mean: Keras's VGG16, VGG19 and ResNet50.",
            _blue_first,
            channels=(3,),
            weights=_blue_first_weights,
        ),
    )
}
"""Every range that can be chosen, in the order in which it is shown."""
