"""The networks of two well-known lessons in the browser."""

from cnnstudio.models.architectures.architecture import Architecture, ImageShape, Model


def build_convnetjs_mnist(image_shape: ImageShape, classes: int) -> Model:
    """Two convolutions of 5×5, each with its pooling, and one dense layer."""
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = layers.Conv2D(8, 5, padding="same", activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Conv2D(16, 5, padding="same", activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(3, name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="convnetjs-mnist")


def build_tiny_vgg(image_shape: ImageShape, classes: int) -> Model:
    """Two blocks of two convolutions without padding; layers are named as in the lesson."""
    import keras
    from keras import layers

    inputs = keras.Input(image_shape, name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for block in (1, 2):
        for place in (1, 2):
            x = layers.Conv2D(10, 3, name=f"conv_{block}_{place}")(x)
            x = layers.ReLU(name=f"relu_{block}_{place}")(x)
        x = layers.MaxPooling2D(2, name=f"max_pool_{block}")(x)
    x = layers.Flatten(name="flatten")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="tiny-vgg")


TEACHING = (
    Architecture(
        name="convnetjs-mnist",
        title="ConvNetJS's MNIST net",
        year=2014,
        authors="Karpathy",
        paper="ConvNetJS: Deep Learning in your browser, demo “MNIST digits”",
        link="https://cs.stanford.edu/people/karpathy/convnetjs/demo/mnist.html",
        idea="Two convolutions and one dense layer, small enough to be trained within a web page.",
        note="There it sees random crops of 24×24 of the digits; here the whole image.",
        image_shape=(24, 24, 1),
        smallest_side=6,
        build=build_convnetjs_mnist,
    ),
    Architecture(
        name="tiny-vgg",
        title="Tiny VGG",
        year=2020,
        authors="Wang, Turko, Shaikh, Park, Das, Hohman, Kahng, Chau",
        paper="CNN Explainer: Learning Convolutional Neural Networks with Interactive Visualization, IEEE TVCG 27(2)",
        link="https://arxiv.org/abs/2004.15004",
        idea="Two blocks of two small convolutions and a pooling, with ten maps each: few enough to look at every one.",
        image_shape=(64, 64, 3),
        smallest_side=16,
        build=build_tiny_vgg,
    ),
)
