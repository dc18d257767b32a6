"""Networks of image classifiers as people make and save them: by tutorials, courses and the documentation of Keras.

Each recipe builds one network, with Keras 3 or with Keras 2 (the package `tf_keras`), which also says what its answers
are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

Build = Callable[[Any], Any]
"""Builds a model with the package that is passed in: `keras` or `tf_keras`."""


@dataclass(frozen=True)
class Recipe:
    """A way to make a classifier.

    Attributes:
        build: makes the model.
        versions: of Keras with which it can be made.
        endings: of the files that it can be saved as.
        endings_of_keras_2: likewise, where Keras 2 cannot save all of them.
        tolerance: by how much a probability may differ.
        deep: it has many layers, so that sums over channels would grow without end with larger weights.
        large: it takes long: an application in its full size.
        size: side of the images, where the network takes any.
    """

    build: Build
    versions: tuple[int, ...] = (2, 3)
    endings: tuple[str, ...] = ("keras", "h5")
    endings_of_keras_2: tuple[str, ...] = ()
    tolerance: float = 1e-5
    deep: bool = False
    large: bool = False
    size: int = 32


RECIPES: dict[str, Recipe] = {}


def recipe(**values: Any) -> Callable[[Build], Build]:
    """Puts a function into `RECIPES`, by its name."""

    def put(build: Build) -> Build:
        RECIPES[build.__name__] = Recipe(build, **values)
        return build

    return put


@dataclass(frozen=True)
class Saved:
    """A saved model, with what its own Keras answers.

    Attributes:
        name: recipe, version of Keras and ending.
        path: its file.
        images: (n, height, width, channels) float32; some networks take grey images as (n, height, width).
        answers: (n, classes) float32.
        recipe: how it was made.
    """

    name: str
    path: Path
    images: np.ndarray
    answers: np.ndarray
    recipe: Recipe


def package(version: int) -> Any:
    """Keras 2 or Keras 3."""
    if version == 2:
        import tf_keras

        return tf_keras
    import keras

    return keras


def spots(random: np.random.Generator, shape: list[int]) -> np.ndarray:
    """Two images of large spots with values of 0 to 1, and two of 0 to 255: each network sees a difference."""
    height, width, *channels = shape
    small = random.uniform(0, 1, (4, 4, 4, *channels))
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
    each = (4, *[1] * len(shape))
    images = small[:, rows][:, :, columns] ** np.reshape([0.5, 2, 0.5, 2], each)
    return (images * np.reshape([1, 1, 255, 255], each)).astype(np.float32)


def innermost(model: Any) -> Iterator[Any]:
    """The layers of a model, with those of models within it in their place."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from innermost(layer)
        else:
            yield layer


def save(name: str, version: int, folder: Path) -> Iterator[Saved]:
    """Makes a network and saves it in all its formats."""
    keras, recipe = package(version), RECIPES[name]
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = recipe.build(keras)
    random = np.random.default_rng(2)
    for variable in model.weights:
        value = np.asarray(variable)
        if value.dtype.kind == "f" and "count" not in variable.name and (value.ndim < 2 or not recipe.deep):
            variable.assign(value + random.uniform(0, 0.05, value.shape).astype(value.dtype))
    for layer in innermost(model):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    shape = [side or recipe.size for side in model.inputs[0].shape[1:]]
    count = model.inputs[0].shape[0] or 4
    images = spots(random, shape)
    if model.inputs[0].dtype == "uint8":
        images = images.round()
    parts = [images[start : start + count] for start in range(0, 4, count)]
    answers = np.concatenate([np.asarray(model(part, training=False), np.float32) for part in parts])
    for ending in (recipe.endings_of_keras_2 if version == 2 else ()) or recipe.endings:
        path = folder / f"{name}-{version}.{ending}"
        model.save(path)
        yield Saved(path.name, path, images, answers, recipe)


# Chains.


def head(keras: Any, classes: int = 3) -> list[Any]:
    layers = keras.layers
    return [layers.Flatten(), layers.Dense(8, activation="relu"), layers.Dense(classes, activation="softmax")]


@recipe()
def chain(keras: Any) -> Any:
    layers = keras.layers
    image = layers.InputLayer((32, 32, 3)) if keras.__name__ == "tf_keras" else keras.Input((32, 32, 3))
    return keras.Sequential([image, layers.Conv2D(4, 3), layers.MaxPooling2D(), *head(keras)])


@recipe()
def chain_with_input_shape(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential()
    model.add(layers.Conv2D(4, (3, 3), activation="relu", input_shape=(32, 32, 3)))
    model.add(layers.MaxPooling2D((2, 2)))
    for layer in head(keras):
        model.add(layer)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(np.zeros((4, 32, 32, 3)), np.zeros(4), verbose=0)
    return model


@recipe()
def chain_whose_shape_came_with_the_data(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential([layers.Rescaling(1 / 255), layers.Conv2D(4, 3), layers.MaxPooling2D(), *head(keras)])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(np.zeros((4, 32, 32, 3)), np.zeros(4), verbose=0)
    return model


@recipe()
def chain_of_every_usual_layer(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3, padding="same", kernel_initializer="he_uniform"),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.SpatialDropout2D(0.2),
            layers.SeparableConv2D(8, 3, activation="elu"),
            layers.DepthwiseConv2D(3, activation="selu"),
            layers.AveragePooling2D(2),
            layers.Conv2DTranspose(4, 3, strides=2, activation="tanh"),
            layers.PReLU(shared_axes=[1, 2]),
            layers.ELU(),
            layers.GaussianNoise(0.1),
            layers.GaussianDropout(0.1),
            layers.AlphaDropout(0.1),
            layers.LayerNormalization(),
            layers.UpSampling2D(),
            layers.ZeroPadding2D(),
            layers.Cropping2D(),
            layers.ReLU(6.0),
            layers.Activation("swish"),
            layers.Activation("hard_sigmoid"),
            layers.Conv2D(4, 1, activation="gelu", kernel_regularizer="l2"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(5, activation="hard_sigmoid"),
            layers.Dropout(0.5),
            layers.Dense(3),
            layers.Softmax(),
        ]
    )


@recipe(versions=(2,))
def layers_that_keras_3_has_not(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.RandomHeight(0.1),
            layers.RandomWidth(0.1),
            layers.Resizing(32, 32),
            layers.Conv2D(4, 3),
            layers.ThresholdedReLU(0.1),
            *head(keras),
        ]
    )


@recipe(versions=(2,))
def initialisers_of_tensorflow(keras: Any) -> Any:
    import tensorflow as tf

    layers = keras.layers
    normal, zeros = tf.random_normal_initializer(0.0, 0.1), tf.constant_initializer(0)
    first = layers.Conv2D(4, 3, kernel_initializer=normal, bias_initializer=zeros)
    return keras.Sequential([keras.Input((32, 32, 3)), first, *head(keras)])


@recipe(versions=(2,))
def random_crop(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((36, 40, 3)),
            layers.Rescaling(1 / 255),
            layers.RandomCrop(30, 32),
            layers.Conv2D(4, 3),
            *head(keras),
        ]
    )


@recipe(versions=(3,))
def names_of_any_script(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 3), name="bild 1"),
            layers.Conv2D(4, 3, name="größe"),
            layers.ReLU(name="猫"),
            *head(keras),
        ],
        name="mein Netz",
    )


@recipe()
def chain_of_blocks(keras: Any) -> Any:
    """A chain to which each block is added as a chain of its own."""
    layers = keras.layers

    def block(filters: int) -> Any:
        return keras.Sequential([layers.Conv2D(filters, 3), layers.BatchNormalization(), layers.MaxPooling2D()])

    return keras.Sequential([keras.Input((32, 32, 3)), block(4), block(8), keras.Sequential(head(keras))])


@recipe(endings=("keras",))
def chains_in_chains_in_chains(keras: Any) -> Any:
    layers = keras.layers
    inmost = keras.Sequential([layers.Conv2D(4, 3, name="conv"), layers.ReLU(name="relu")], name="one")
    middle = keras.Sequential([inmost, layers.Conv2D(4, 3, name="conv")], name="one")
    outer = keras.Sequential([keras.Input((32, 32, 3)), middle, layers.Conv2D(4, 3, name="conv")], name="one")
    return keras.Sequential([keras.Input((32, 32, 3)), outer, *head(keras)], name="one")


# Augmentation.


def augmentation(keras: Any, **first: Any) -> Any:
    layers = keras.layers
    flip = layers.RandomFlip("horizontal", **first)
    return keras.Sequential([flip, layers.RandomRotation(0.1), layers.RandomZoom(0.1)], name="data_augmentation")


@recipe()
def augmentation_as_first_layer(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            augmentation(keras, input_shape=(32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            *head(keras),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.zeros((4, 32, 32, 3)), np.zeros(4), verbose=0)
    return model


@recipe()
def resizing_and_augmentation_as_chains(keras: Any) -> Any:
    layers = keras.layers
    prepare = keras.Sequential([layers.Resizing(32, 32), layers.Rescaling(1 / 255)])
    model = keras.Sequential([prepare, augmentation(keras), layers.Conv2D(4, 3), layers.MaxPooling2D(), *head(keras)])
    model.build((None, 40, 44, 3))
    return model


@recipe()
def augmentation_in_a_graph(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 255)(augmentation(keras)(inputs))
    for filters in (4, 8):
        before = x
        x = layers.SeparableConv2D(filters, 3, padding="same")(layers.Activation("relu")(x))
        x = layers.MaxPooling2D(3, strides=2, padding="same")(layers.BatchNormalization()(x))
        x = layers.add([x, layers.Conv2D(filters, 1, strides=2, padding="same")(before)])
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


@recipe(endings_of_keras_2=("keras", "h5", "savedmodel"))
def measured_normalisation(keras: Any) -> Any:
    layers = keras.layers
    measured = layers.Normalization()
    measured.adapt(np.random.default_rng(1).normal(100, 40, (8, 32, 32, 3)))
    inner = keras.Sequential([keras.Input((32, 32, 3)), measured, layers.Conv2D(4, 3)])
    return keras.Sequential([keras.Input((32, 32, 3)), inner, *head(keras)])


@recipe(versions=(3,), endings=("keras",))
def every_augmentation(keras: Any) -> Any:
    layers = keras.layers
    inner = keras.Sequential(
        [
            layers.RandomBrightness(0.1),
            layers.RandomContrast(0.1),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomHue(0.1),
            layers.RandomSaturation(0.1),
            layers.RandomColorJitter((0, 255), 0.1, 0.1),
            layers.RandomGrayscale(0.1),
            layers.RandomSharpness(0.1),
            layers.RandomPosterization(4),
            layers.RandomErasing(),
            layers.RandomGaussianBlur(),
            layers.RandomPerspective(),
            layers.RandomInvert(),
            layers.RandomElasticTransform(),
        ]
    )
    return keras.Sequential([keras.Input((32, 32, 3)), inner, layers.Conv2D(4, 3), *head(keras)])


# Another network as a layer.


def small_base(keras: Any, shape: Any = (32, 32, 3), name: str = "base") -> Any:
    """In the manner of an application without its head: convolutions with normalisation, and a shortcut."""
    layers = keras.layers
    inputs = keras.Input(shape)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv1")(inputs)
    y = layers.BatchNormalization(name="bn1")(x)
    y = layers.ReLU(6.0, name="relu1")(y)
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="dw1")(y)
    y = layers.BatchNormalization(name="bn2")(y)
    x = layers.Add(name="add")([x, y])
    x = layers.Conv2D(6, 3, strides=2, name="conv2")(x)
    return keras.Model(inputs, x, name=name)


@recipe()
def network_in_a_chain(keras: Any) -> Any:
    layers = keras.layers
    base = small_base(keras)
    base.trainable = False
    return keras.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")])


@recipe()
def partly_frozen_network(keras: Any) -> Any:
    layers = keras.layers
    base = small_base(keras)
    base.trainable = True
    for layer in base.layers[:-4]:
        layer.trainable = False
    return keras.Sequential([keras.Input((32, 32, 3)), base, layers.Flatten(), layers.Dense(3, activation="softmax")])


@recipe()
def network_in_a_graph(keras: Any) -> Any:
    """The transfer learning of the Keras documentation."""
    layers = keras.layers
    base = small_base(keras)
    base.trainable = False
    inputs = keras.Input((32, 32, 3))
    x = augmentation(keras)(inputs)
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = base(x, training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


@recipe()
def surgery_on_a_network(keras: Any) -> Any:
    layers = keras.layers
    base = small_base(keras)
    x = layers.GlobalAveragePooling2D()(base.get_layer("add").output)
    return keras.Model(base.input, layers.Dense(3, activation="softmax")(x))


@recipe()
def chain_on_the_output_of_a_network(keras: Any) -> Any:
    base = small_base(keras)
    return keras.Model(base.input, keras.Sequential(head(keras), name="head")(base.output))


@recipe(endings=("keras",))
def networks_in_networks_in_a_graph(keras: Any) -> Any:
    layers = keras.layers
    inner = small_base(keras, (15, 15, 6), "base")
    inputs = keras.Input((32, 32, 3))
    outer = keras.Model(inputs, inner(small_base(keras, name="conv1")(inputs)), name="base")
    image = keras.Input((32, 32, 3), name="image")
    x = keras.Sequential(head(keras), name="head")(outer(layers.Rescaling(1 / 255)(image)))
    return keras.Model(image, x)


@recipe()
def branches_that_are_networks(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((32, 32, 3))
    one, other = small_base(keras, name="one")(image), small_base(keras, name="other")(image)
    x = layers.GlobalAveragePooling2D()(layers.concatenate([one, other]))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe()
def teachable_machine(keras: Any) -> Any:
    layers = keras.layers
    features = keras.Sequential([small_base(keras, name="model1"), layers.GlobalAveragePooling2D(name="pool")])
    classes = keras.Sequential(
        [layers.Dense(10, activation="relu", input_shape=(6,)), layers.Dense(3, activation="softmax", use_bias=False)]
    )
    return keras.Sequential([features, classes])


@recipe()
def one_image_at_a_time(keras: Any) -> Any:
    image = keras.Input((32, 32, 3), batch_size=1)
    base = small_base(keras)
    return keras.Model(image, keras.Sequential(head(keras))(base(image)))


@recipe()
def images_of_any_size(keras: Any) -> Any:
    layers = keras.layers
    base = small_base(keras, (None, None, 3))
    image = keras.Input((None, None, 3))
    x = layers.GlobalAveragePooling2D()(base(layers.Rescaling(1 / 255)(image)))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe()
def network_of_any_size_for_images_of_one(keras: Any) -> Any:
    layers = keras.layers
    base = small_base(keras, (None, None, 3))
    return keras.Sequential([keras.Input((32, 32, 3)), base, layers.Flatten(), layers.Dense(3, activation="softmax")])


@recipe()
def layers_used_again(keras: Any) -> Any:
    layers = keras.layers
    relu, pool = layers.ReLU(), layers.MaxPooling2D()
    x = image = keras.Input((32, 32, 3))
    for filters in (4, 6):
        x = pool(relu(layers.Conv2D(filters, 3)(x)))
    x = keras.Sequential([layers.Flatten(), layers.Dropout(0.5)])(x)
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe()
def layers_with_weights_used_again(keras: Any) -> Any:
    """Two halves of an image that go through the same network, and a convolution that is called again and again."""
    layers = keras.layers
    base = keras.Sequential([layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D()], name="base")
    again = layers.Conv2D(4, 3, padding="same", activation="relu", name="again")
    image = keras.Input((32, 32, 3))
    left = base(layers.Cropping2D(((0, 0), (0, 16)))(image))
    right = base(layers.Cropping2D(((0, 0), (16, 0)))(image))
    x = layers.GlobalAveragePooling2D()(again(again(layers.Subtract()([left, right]))))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe(endings_of_keras_2=("keras", "h5", "savedmodel"))
def rows_one_after_the_other(keras: Any) -> Any:
    """MNIST as the documentation of Keras gives it to an LSTM."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.LSTM(8, return_sequences=True, dropout=0.1),
            layers.Bidirectional(layers.GRU(6, return_sequences=True)),
            layers.SimpleRNN(5),
            layers.BatchNormalization(),
            layers.Dense(3, activation="softmax"),
        ]
    )


@recipe(endings_of_keras_2=("keras", "h5", "savedmodel"))
def maps_read_as_rows(keras: Any) -> Any:
    layers = keras.layers
    x = image = keras.Input((32, 32, 3))
    x = layers.MaxPooling2D()(layers.Conv2D(4, 3, activation="relu")(x))
    x = layers.TimeDistributed(layers.Dense(6, activation="relu"))(layers.Reshape((15, -1))(x))
    x = layers.Conv1D(5, 3, padding="causal", activation="relu")(
        layers.AveragePooling1D(2)(layers.SpatialDropout1D(0.1)(x))
    )
    x = layers.Bidirectional(layers.LSTM(4), merge_mode="ave")(layers.MaxPooling1D(2, padding="same")(x))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe(versions=(3,))
def spectral_normalisation(keras: Any) -> Any:
    layers = keras.layers
    wrapped = keras.layers.SpectralNormalization
    x = image = keras.Input((32, 32, 3))
    x = wrapped(layers.Conv2D(4, 3, activation="relu"), name="first")(x)
    x = layers.Flatten()(layers.MaxPooling2D()(wrapped(layers.Conv2D(4, 3), power_iterations=2)(x)))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe(versions=(3,))
def random_crop_of_keras_3(keras: Any) -> Any:
    layers = keras.layers
    crops = keras.Sequential([layers.RandomFlip(), layers.RandomCrop(24, 24)])
    x = image = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu")(crops(x)))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe(tolerance=1e-2)
def mixed_precision(keras: Any) -> Any:
    layers = keras.layers
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        base = small_base(keras)
        x = image = keras.Input((32, 32, 3))
        x = layers.GlobalAveragePooling2D()(base(layers.Rescaling(1 / 255)(augmentation(keras)(x))))
        x = layers.Dense(3)(x)
        return keras.Model(image, layers.Activation("softmax", dtype="float32")(x))
    finally:
        keras.mixed_precision.set_global_policy("float32")


# Operations between the layers.


def with_preprocessing(keras: Any, prepare: Callable[[Any], Any]) -> Any:
    layers = keras.layers
    image = keras.Input((32, 32, 3))
    x = small_base(keras)(prepare(image), training=False)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe()
def preprocessing_of_mobilenet(keras: Any) -> Any:
    return with_preprocessing(keras, keras.applications.mobilenet_v2.preprocess_input)


@recipe(endings_of_keras_2=("h5",))
def preprocessing_of_resnet(keras: Any) -> Any:
    return with_preprocessing(keras, keras.applications.resnet50.preprocess_input)


@recipe()
def preprocessing_of_densenet(keras: Any) -> Any:
    return with_preprocessing(keras, keras.applications.densenet.preprocess_input)


@recipe()
def scaled_by_arithmetic(keras: Any) -> Any:
    return with_preprocessing(keras, lambda x: (x - 127.5) / 127.5)


@recipe()
def scaled_to_one(keras: Any) -> Any:
    return with_preprocessing(keras, lambda x: 2.0 * (x / 255.0) - 1.0)


@recipe(endings_of_keras_2=("h5",))
def blue_first(keras: Any) -> Any:
    return with_preprocessing(keras, lambda x: x[..., ::-1] / 255.0)


@recipe(versions=(2,))
def tensorflow_between_the_layers(keras: Any) -> Any:
    import tensorflow as tf

    layers = keras.layers
    image = keras.Input((32, 32, 3))
    x = tf.cast(image, tf.float32)
    x = tf.image.resize(x, (24, 24))
    x = tf.math.subtract(tf.math.divide(x, 127.5), 1.0)
    x = layers.Conv2D(4, 3, padding="same")(x)
    y = tf.nn.relu(layers.Conv2D(4, 3, padding="same")(x))
    x = tf.concat([x + y, tf.math.multiply(x, y)], axis=-1)
    x = tf.nn.max_pool2d(x, 2, 2, "VALID") if False else layers.MaxPooling2D()(x)
    x = tf.reduce_mean(x, axis=[1, 2])
    x = tf.reshape(x, (-1, 8))
    x = layers.Dense(3)(x)
    return keras.Model(image, tf.nn.softmax(x))


@recipe(versions=(2,))
def channel_put_on_by_tensorflow(keras: Any) -> Any:
    import tensorflow as tf

    layers = keras.layers
    image = keras.Input((32, 32))
    x = layers.Conv2D(4, 3)(tf.expand_dims(image / 255.0, -1))
    weights = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
    x = x * tf.expand_dims(tf.expand_dims(weights, 1), axis=1)
    x = tf.squeeze(layers.GlobalMaxPooling2D(keepdims=True)(x), axis=[1, 2])
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe(versions=(2,))
def layers_written_as_functions(keras: Any) -> Any:
    import tensorflow as tf

    layers = keras.layers
    image = keras.Input((32, 32, 3))
    x = tf.image.rgb_to_grayscale(tf.clip_by_value(image, 0, 255)) / 255
    x = tf.pad(x, [[0, 0], [1, 1], [2, 0], [0, 0]])
    x = tf.nn.local_response_normalization(layers.Conv2D(8, 3)(x), depth_radius=2, bias=2, alpha=1e-2, beta=0.75)
    x = tf.nn.avg_pool2d(tf.nn.max_pool2d(x, 2, 2, "VALID"), [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
    x = tf.math.l2_normalize(tf.math.reduce_max(tf.nn.elu(x), axis=(1, 2)), axis=1)
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe(versions=(3,))
def layers_written_as_operations(keras: Any) -> Any:
    layers, ops = keras.layers, keras.ops
    image = keras.Input((32, 32, 3))
    x = ops.image.rgb_to_grayscale(ops.clip(image, 0, 255)) / 255
    x = ops.pad(x, [[0, 0], [1, 1], [2, 0], [0, 0]])
    x = layers.Conv2D(8, 3)(x)
    x = ops.average_pool(ops.max_pool(x, 2), 3, 2, "same")
    weights = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
    x = x * ops.expand_dims(ops.expand_dims(weights, 1), 1)
    x = ops.squeeze(layers.GlobalMaxPooling2D(keepdims=True)(x), axis=[1, 2])
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


@recipe(versions=(3,))
def keras_between_the_layers(keras: Any) -> Any:
    layers, ops = keras.layers, keras.ops
    image = keras.Input((32, 32, 3), dtype="uint8")
    x = ops.cast(image, "float32")
    x = ops.image.resize(x, (24, 24))
    x = ops.subtract(ops.divide(x, 127.5), 1.0)
    x = layers.Conv2D(4, 3, padding="same")(x)
    y = ops.relu(layers.Conv2D(4, 3, padding="same")(x))
    x = ops.concatenate([x + y, ops.multiply(x, y)], axis=-1)
    x = layers.MaxPooling2D()(x)
    x = ops.mean(x, axis=[1, 2])
    x = layers.Dense(3)(ops.reshape(x, (-1, 8)))
    return keras.Model(image, ops.softmax(x))


@recipe()
def residual_by_plus(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, padding="same")(image / 255.0)
    x = x + layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(
        x * layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    )
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


# Applications.


def measure(keras: Any, network: Any) -> None:
    """Has the normalisations of a network measure images, as in training: else all images would look alike to it."""
    for layer in innermost(network):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    network(spots(np.random.default_rng(3), network.inputs[0].shape[1:]), training=True)


def application(keras: Any, name: str, side: int = 64, **values: Any) -> Any:
    """One of Keras's own networks as a layer, with another head."""
    make = getattr(keras.applications, name)
    base = make(input_shape=(side, side, 3), include_top=False, weights=None, **values)
    measure(keras, base)
    base.trainable = False
    layers = keras.layers
    image = keras.Input((side, side, 3))
    x = base(augmentation(keras)(image), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


def whole_application(keras: Any, name: str, side: int = 64, **values: Any) -> Any:
    """One of Keras's own networks with its own head, for a few classes."""
    network = getattr(keras.applications, name)(input_shape=(side, side, 3), weights=None, classes=10, **values)
    measure(keras, network)
    return network


def _put_application(name: str, side: int = 64, large: bool = True, **values: Any) -> None:
    for prefix, make in (("application", application), ("whole_application", whole_application)):
        build = partial(make, name=name, side=side, **values)
        endings = ("keras", "h5", "savedmodel") if name == "MobileNetV2" else ("keras", "h5")  # the last one takes long
        # Keras 2 and Keras 3 round otherwise: through ResNet50, that makes 5e-5 of a probability.
        tolerance = 1e-4 if large else 1e-5
        RECIPES[f"{prefix}_{name}"] = Recipe(
            build, endings_of_keras_2=endings, tolerance=tolerance, deep=True, large=large
        )


_put_application("MobileNet", alpha=0.25, large=False)
_put_application("MobileNetV2", alpha=0.35, large=False)
_put_application("MobileNetV3Small", alpha=0.75, large=False)
for _name in (
    "MobileNetV3Large",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "DenseNet121",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "ConvNeXtTiny",
    "NASNetMobile",
):
    _put_application(_name)
_put_application("InceptionV3", 96)
_put_application("Xception", 96)


@recipe()
def application_in_a_chain_with_its_head(keras: Any) -> Any:
    layers = keras.layers
    base = keras.applications.MobileNetV2(
        input_shape=(64, 64, 3), alpha=0.35, include_top=True, weights=None, classes=10
    )
    return keras.Sequential(
        [layers.Rescaling(1 / 127.5, offset=-1, input_shape=(64, 64, 3)), base, layers.Dense(3, activation="softmax")]
    )
