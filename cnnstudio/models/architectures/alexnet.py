"""AlexNet, as it was published and made fit for small images."""

from typing import Any

from cnnstudio.models.architectures.architecture import Architecture, ImageShape, Model
from cnnstudio.models.layers import local_response_normalization


def build_alexnet(image_shape: ImageShape, classes: int) -> Model:
    """The published form: sections 3.1 to 3.5, with the initial weights of section 5."""
    import keras
    from keras import layers

    normalization = local_response_normalization()
    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1.0, offset=-127.5, name="centering")(inputs)
    x = _convolution(x, 96, 11, name="conv1", bias=0, strides=4, padding="valid")
    x = normalization(name="norm1")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    x = _convolution(x, 256, 5, name="conv2", bias=1, groups=2)
    x = normalization(name="norm2")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool2")(x)
    x = _convolution(x, 384, 3, name="conv3", bias=0)
    x = _convolution(x, 384, 3, name="conv4", bias=1, groups=2)
    x = _convolution(x, 256, 3, name="conv5", bias=1, groups=2)
    x = layers.MaxPooling2D(3, strides=2, name="pool5")(x)
    x = layers.Flatten(name="flatten")(x)
    for name in ("6", "7"):
        x = layers.Dense(4096, activation="relu", **_start(bias=1), name=f"dense{name}")(x)
        x = layers.Dropout(0.5, name=f"dropout{name}")(x)
    outputs = layers.Dense(classes, activation="softmax", **_start(bias=0), name="output")(x)
    return keras.Model(inputs, outputs, name="alexnet")


def build_alexnet_small(image_shape: ImageShape, classes: int) -> Model:
    """Five convolutions and three dense layers, with smaller kernels and strides, and fewer units."""
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    for number, (filters, kernel, pooled) in enumerate(_SMALL, start=1):
        x = layers.Conv2D(filters, kernel, padding="same", activation="relu", name=f"conv{number}")(x)
        if pooled:
            x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"pool{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    for number in (6, 7):
        x = layers.Dense(512, activation="relu", name=f"dense{number}")(x)
        x = layers.Dropout(0.5, name=f"dropout{number}")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="alexnet-small")


_SMALL = ((64, 5, True), (192, 5, True), (384, 3, False), (256, 3, False), (256, 3, True))
"""Of each convolution: filters, kernel, and whether a pooling follows."""


def _convolution(x: Any, filters: int, kernel: int, name: str, bias: int, **options: Any) -> Any:
    from keras import layers

    options = {"padding": "same", "activation": "relu", **_start(bias), **options}
    return layers.Conv2D(filters, kernel, name=name, **options)(x)


def _start(bias: int) -> dict[str, Any]:
    from keras import initializers

    return {
        "kernel_initializer": initializers.RandomNormal(stddev=0.01),
        "bias_initializer": "ones" if bias else "zeros",
    }


_PUBLICATION: dict[str, Any] = {
    "year": 2012,
    "authors": "Krizhevsky, Sutskever, Hinton",
    "paper": "ImageNet Classification with Deep Convolutional Neural Networks, NIPS",
    "link": "https://doi.org/10.1145/3065386",
}

ALEXNET = (
    Architecture(
        name="alexnet",
        title="AlexNet",
        idea="Five convolutions and three dense layers with ReLU and dropout: the network whose victory on ImageNet "
        "began the age of deep learning.",
        note="Convolutions 2, 4 and 5 are in two groups, which were two graphics cards. Instead of the mean of all "
        "images, 127.5 is subtracted from each pixel. Train it with SGD at a rate of 0.01, as the paper does: Adam's "
        "usual 0.001 is too large for its small first weights.",
        image_shape=(227, 227, 3),
        classes=1000,
        reported="62.5 % of the ImageNet test images of 2010 (top-1)",
        published_parameters=60_965_224,
        smallest_side=67,
        build=build_alexnet,
        **_PUBLICATION,
    ),
    Architecture(
        name="alexnet-small",
        title="AlexNet for small images",
        idea="AlexNet's order of layers, made to fit images of some 32 pixels.",
        note="An adaptation, not the published network: kernels of 5 and 3 pixels and no strides in convolutions, "
        "fewer maps, dense layers of 512 units, neither groups nor local response normalisation.",
        image_shape=(32, 32, 3),
        smallest_side=5,
        build=build_alexnet_small,
        **_PUBLICATION,
    ),
)
