"""Networks without a convolution: each unit sees all pixels at once."""

from cnnstudio.models.architectures.architecture import Architecture, ImageShape, Model


def build_softmax(image_shape: ImageShape, classes: int) -> Model:
    """One weighted sum of all pixels for each class."""
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Flatten(name="flatten")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="softmax")


def build_mlp(image_shape: ImageShape, classes: int) -> Model:
    """Two hidden layers."""
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", name="hidden1")(x)
    x = layers.Dense(64, activation="relu", name="hidden2")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="mlp")


DENSE = (
    Architecture(
        name="softmax",
        title="Softmax regression",
        year=1958,
        authors="Cox",
        paper="The Regression Analysis of Binary Sequences, Journal of the Royal Statistical Society B 20(2)",
        link="https://doi.org/10.1111/j.2517-6161.1958.tb00292.x",
        idea="One weighted sum of all pixels for each class: the simplest network there is, and the one "
        "that every other has to beat.",
        note="The paper has two classes and no images; softmax is the same for many classes.",
        build=build_softmax,
    ),
    Architecture(
        name="mlp",
        title="MLP",
        year=1986,
        authors="Rumelhart, Hinton, Williams",
        paper="Learning representations by back-propagating errors, Nature 323",
        link="https://doi.org/10.1038/323533a0",
        idea="Two dense hidden layers of 128 and 64 units that see all pixels at once, with no notion of "
        "neighbourhood.",
        note="ReLU and softmax instead of sigmoid units; the paper has smaller examples than images.",
        build=build_mlp,
    ),
)
