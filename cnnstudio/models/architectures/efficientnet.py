"""EfficientNet-Lite0.

Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019; the Lite variant
(2020) leaves squeeze-and-excitation out and has ReLU6 for swish, so that small devices compute it well.
"""

from typing import Any

from cnnstudio.models.architectures.bottlenecks import Stage, blocks, bottleneck, convolve

NAME = "efficientnet-lite0-imagenet"
"""Of the model that ships."""

IMAGE_SHAPE = (224, 224, 3)

STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
"""Table 1 of the paper, which Lite0 shares with EfficientNet-B0."""


def features(x: Any) -> Any:
    """The last feature maps, (n, height / 32, width / 32, 1280), of a Keras tensor of raw values 0–255."""
    from keras import layers

    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(x)
    x = convolve(x, layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem_conv"))
    for block, stage, stride in blocks(STAGES):
        x = bottleneck(x, block, stage, stride)
    return convolve(x, layers.Conv2D(1280, 1, use_bias=False, name="head_conv"))
