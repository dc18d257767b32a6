"""The ranges in which networks take the values of pixels, and the layers that bring raw values into them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnstudio.models.keras_config.equivalents import mixing
from cnnstudio.models.keras_config.graph import layer_config
from cnnstudio.models.layer_kinds.added import BLUE_FIRST

IMAGENET_SCALE = tuple(1 / (255 * deviation) for deviation in (0.229, 0.224, 0.225))
IMAGENET_OFFSET = (-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225)
"""Less mean and by standard deviation of ImageNet's photos: raw value × scale + offset, for red, green and blue."""

_CAFFE_MEAN = (103.939, 116.779, 123.68)


@dataclass(frozen=True)
class ValueRange:
    """A range in which a network takes the values of pixels, which are 0–255 in a picture: value × scale + offset.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        description: one sentence for somebody new.
        scale: a number, or one for each channel.
        offset: likewise.
        blue_first: whether the network takes blue, green and red in this order; scale and offset are in it too.
        channels: the numbers of channels for which it makes sense.
    """

    name: str
    title: str
    description: str
    scale: float | tuple[float, ...] = 1.0
    offset: float | tuple[float, ...] = 0.0
    blue_first: bool = False
    channels: tuple[int, ...] = (1, 3)

    def layers(self, name: str) -> tuple[dict[str, Any], ...]:
        """Keras's configs of the layers that bring raw values into it; none where they stay as they are."""
        layers = []
        if self.blue_first:
            kind, values = mixing([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
            layers.append(layer_config(kind, {"name": f"{name}{BLUE_FIRST}", **values}))
        if (self.scale, self.offset) != (1.0, 0.0):
            values = {
                key: list(value) if isinstance(value, tuple) else value
                for key, value in (("scale", self.scale), ("offset", self.offset))
            }
            layers.append(layer_config("Rescaling", {"name": name, **values}))
        return tuple(layers)

    def apply(self, images: np.ndarray) -> np.ndarray:
        """Brings raw images, (n, height, width, channels) of any type, into it, as float32."""
        ordered = images[..., ::-1] if self.blue_first else images
        scale, offset = np.asarray(self.scale, np.float32), np.asarray(self.offset, np.float32)
        return ordered.astype(np.float32) * scale + offset


VALUE_RANGES: dict[str, ValueRange] = {
    entry.name: entry
    for entry in (
        ValueRange("0-255", "0 to 255", "The raw values, as the file of a picture has them."),
        ValueRange("0-1", "0 to 1", "Raw values divided by 255, as most people train a network.", 1 / 255),
        ValueRange(
            "-1-1",
            "−1 to 1",
            "Raw values divided by 127.5, minus 1: MobileNet, Inception, Xception, ResNet V2, Teachable Machine.",
            1 / 127.5,
            -1.0,
        ),
        ValueRange("255-0", "255 to 0, inverted", "Black is 255 and white is 0, as of ink on paper.", -1.0, 255.0),
        ValueRange("1-0", "1 to 0, inverted", "Black is 1 and white is 0.", -1 / 255, 1.0),
        ValueRange("1--1", "1 to −1, inverted", "Black is 1 and white is −1.", -1 / 127.5, 1.0),
        ValueRange(
            "0-255-bgr", "0 to 255, blue first", "Raw values as OpenCV reads them.", blue_first=True, channels=(3,)
        ),
        ValueRange(
            "0-1-bgr",
            "0 to 1, blue first",
            "Pictures as OpenCV reads them, divided by 255.",
            1 / 255,
            blue_first=True,
            channels=(3,),
        ),
        ValueRange(
            "-1-1-bgr",
            "−1 to 1, blue first",
            "Pictures as OpenCV reads them, divided by 127.5, minus 1.",
            1 / 127.5,
            -1.0,
            blue_first=True,
            channels=(3,),
        ),
        ValueRange(
            "imagenet",
            "ImageNet's mean and spread",
            "0 to 1, minus the mean of ImageNet's photos, divided by their deviation: PyTorch's networks, DenseNet.",
            IMAGENET_SCALE,
            IMAGENET_OFFSET,
            channels=(3,),
        ),
        ValueRange(
            "caffe",
            "Blue first, minus ImageNet's mean",
            "Raw values with blue before red, minus their mean: Keras's VGG16, VGG19 and ResNet50.",
            offset=tuple(-mean for mean in _CAFFE_MEAN),
            blue_first=True,
            channels=(3,),
        ),
    )
}
"""Every range that can be chosen, in the order in which it is shown."""
