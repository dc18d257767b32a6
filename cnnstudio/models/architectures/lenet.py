"""LeNet-5, as it is taught today and as it was published."""

from typing import Any

from cnnstudio.models.architectures.architecture import Architecture, ImageShape, Model


def build_lenet5(image_shape: ImageShape, classes: int) -> Model:
    """The modern form."""
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Conv2D(6, 5, padding="same", activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Conv2D(16, 5, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(120, activation="relu", name="dense1")(x)
    x = layers.Dense(84, activation="relu", name="dense2")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="lenet5")


def build_lenet5_1998(image_shape: ImageShape, classes: int) -> Model:
    """The published form; smaller images are framed to 32×32."""
    import keras
    from keras import layers

    height, width = (max(0, 32 - side) for side in image_shape[:2])
    frame = ((height // 2, height - height // 2), (width // 2, width - width // 2))
    inputs = keras.Input(image_shape, name="image")
    x = layers.ZeroPadding2D(frame, name="padding")(inputs)
    x = layers.Rescaling(1.275 / 255, offset=-0.1, name="rescaling")(x)
    x = layers.Conv2D(6, 5, activation="tanh", name="c1")(x)
    x = layers.AveragePooling2D(2, name="s2")(x)
    x = layers.Conv2D(16, 5, activation="tanh", name="c3")(x)
    x = layers.AveragePooling2D(2, name="s4")(x)
    x = layers.Conv2D(120, 5, activation="tanh", name="c5")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(84, activation="tanh", name="f6")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="lenet5-1998")


_PUBLICATION: dict[str, Any] = {
    "year": 1998,
    "authors": "LeCun, Bottou, Bengio, Haffner",
    "paper": "Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 86(11)",
    "link": "https://doi.org/10.1109/5.726791",
    "reported": "99.05 % of the MNIST test images",
    "published_parameters": 60_000,
}

LENET = (
    Architecture(
        name="lenet5",
        title="LeNet-5",
        idea="Two small convolutions find strokes and their combinations, three dense layers decide: the classic to "
        "start with.",
        note="Modernised: ReLU instead of tanh, max pooling instead of trainable average pooling, all six maps "
        "connected to all sixteen, softmax instead of radial basis functions.",
        smallest_side=12,
        build=build_lenet5,
        **_PUBLICATION,
    ),
    Architecture(
        name="lenet5-1998",
        title="LeNet-5 (1998)",
        idea="LeNet-5 as it was published: tanh and average pooling, on images padded to 32×32.",
        note="Unlike the paper, all six maps of S2 are connected to all sixteen of C3, the output is a softmax "
        "instead of radial basis functions, subsampling is a plain average without trainable coefficient, bias "
        "and squashing, and tanh is not scaled to 1.7159·tanh(2x/3).",
        build=build_lenet5_1998,
        **_PUBLICATION,
    ),
)
