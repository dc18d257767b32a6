"""VGG networks with batch normalisation, made fit for small images."""

from functools import partial
from typing import Any

from cnnstudio.models.architectures.architecture import Architecture, ImageShape, Model

BLOCKS = {
    11: ((64,), (128,), (256,) * 2, (512,) * 2, (512,) * 2),
    16: ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3),
}
"""Filters of the convolutions in each block, by the number of layers with weights: columns A and D of table 1."""


def build_vgg(image_shape: ImageShape, classes: int, depth: int) -> Model:
    """Blocks of convolutions of 3×3, each ended by a pooling, and three dense layers.

    Args:
        image_shape: (height, width, channels).
        classes: number of classes.
        depth: a key of `BLOCKS`.
    """
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    for block, convolutions in enumerate(BLOCKS[depth], start=1):
        for place, filters in enumerate(convolutions, start=1):
            name = f"{block}_{place}"
            x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal", name=f"conv{name}")(x)
            x = layers.BatchNormalization(name=f"norm{name}")(x)
            x = layers.ReLU(name=f"relu{name}")(x)
        x = layers.MaxPooling2D(2, padding="same", name=f"pool{block}")(x)
    x = layers.Flatten(name="flatten")(x)
    for number in (1, 2):
        x = layers.Dense(512, activation="relu", name=f"dense{number}")(x)
        x = layers.Dropout(0.5, name=f"dropout{number}")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name=f"vgg{depth}")


def _entry(depth: int, **fields: Any) -> Architecture:
    return Architecture(
        name=f"vgg{depth}",
        title=f"VGG-{depth}",
        year=2014,
        authors="Simonyan, Zisserman",
        paper="Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015",
        link="https://arxiv.org/abs/1409.1556",
        note="For small images: batch normalisation, which came a year later, after each convolution, and dense "
        "layers of 512 instead of 4,096 units. The published number of parameters is that of the same adaptation in "
        "the collection pytorch-cifar-models.",
        image_shape=(32, 32, 3),
        smallest_side=17,
        build=partial(build_vgg, depth=depth),
        **fields,
    )


VGG = (
    _entry(
        11,
        idea="Eight convolutions of 3×3 and poolings between them: a deep network made of one simple building block.",
        reported="70.4 % of ImageNet's validation images (top-1), by the network for large images",
        published_parameters=9_760_000,
    ),
    _entry(
        16,
        idea="Thirteen convolutions of 3×3: two or three of them in a row see as far as one large one, with fewer "
        "weights.",
        reported="74.4 % of ImageNet's validation images (top-1), by the network for large images",
        published_parameters=15_250_000,
    ),
)
