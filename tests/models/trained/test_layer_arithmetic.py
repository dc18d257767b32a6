"""Every number of a layer comes about as is said: recomputed from its inputs, it equals the model's own output."""

import numpy as np
import pytest

from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.layer_arithmetic import arithmetic_of, channels_feeding
from cnnstudio.models.trained.library import load_classifier
from tests.models.trained.explained_numbers import IMAGE, RANDOM, check_every_number


@pytest.fixture(scope="module")
def zoo() -> Classifier:
    """Layers whose numbers come about in different ways; the journeys have every kind."""
    keras = import_keras()
    keras.utils.set_random_seed(0)
    layers, biased = keras.layers, keras.initializers.RandomNormal(stddev=0.2)
    image = keras.Input((11, 13, 3))
    scaled = layers.Rescaling([1 / 128, 1 / 100, 1 / 90], -1, name="rescaled")(image)
    first = layers.Conv2D(6, 3, padding="same", activation="tanh", bias_initializer=biased, name="same")(scaled)
    twice = layers.Conv2D(6, 1, activation="relu", bias_initializer=biased, name="twice")(first)
    vector = layers.GlobalMaxPooling2D(name="global_max")(first)
    outputs = [
        layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="sigmoid", name="dilated")(first),
        layers.Conv2D(6, 3, groups=3, padding="same", activation="gelu", name="grouped")(first),
        layers.Conv2DTranspose(4, 3, strides=2, padding="same", bias_initializer=biased, name="spread")(first),
        layers.MaxPooling2D(2, name="max")(first),
        layers.Softmax(name="softmax_of_units")(vector),
        layers.Add(name="sum")([first, twice]),
        layers.Flatten(name="flat")(first),
        layers.ZeroPadding2D(((0, 0), (1, 2)), data_format="channels_first", name="more_channels")(first),
    ]
    flat = layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs])
    answer = layers.Dense(2, activation="softmax", bias_initializer=biased, name="answer")(flat)
    return Classifier(keras.Model(image, answer), Card("zoo", ("a", "b"), (11, 13, 3), "centre-crop"))


def test_every_number_is_the_models_own(zoo: Classifier) -> None:
    assert "Conv2DTranspose" in check_every_number(zoo)


def test_a_number_says_where_its_inputs_lie(zoo: Classifier) -> None:
    arithmetic = zoo.arithmetic(IMAGE, "dilated")
    number = arithmetic.number(0, 5, 1)
    assert number.rows.tolist() == [-2, 0, 2]
    assert number.columns.tolist() == [3, 5, 7]
    assert number.channels == range(6)
    assert np.isnan(number.patch[0]).all()
    np.testing.assert_array_equal(number.patch[1:, :, 4], arithmetic.inputs[[0, 2]][:, [3, 5, 7], 4])
    assert number.sums.sum() + number.bias == pytest.approx(number.before)
    assert number.activation == "Sigmoid"


def test_a_grouped_filter_sees_the_channels_of_its_group(zoo: Classifier) -> None:
    arithmetic = zoo.arithmetic(IMAGE, "grouped")
    assert [arithmetic.number(3, 3, channel).channels for channel in (0, 1, 2, 5)] == [
        range(2),
        range(2),
        range(2, 4),
        range(4, 6),
    ]


def test_channels_of_zeros_come_from_nowhere_as_in_the_shortcuts_of_resnets(zoo: Classifier) -> None:
    arithmetic, layer = zoo.arithmetic(IMAGE, "more_channels"), zoo.model.get_layer("more_channels")
    for channel, source in ((0, None), (1, 0), (6, 5), (7, None)):
        (term,) = arithmetic.number(4, 5, channel).terms
        assert (None if term.place is None else term.place.channel) == source
        assert channels_feeding(layer, channel) == (range(0) if source is None else range(source, source + 1),)


def test_the_first_layer_is_given_the_image(zoo: Classifier) -> None:
    arithmetic = zoo.arithmetic(IMAGE, "same")
    np.testing.assert_allclose(arithmetic.inputs, IMAGE / [128, 100, 90] - 1, atol=1e-6)


def test_of_layers_that_are_not_known_nothing_is_said() -> None:
    keras = import_keras()

    class Doubled(keras.layers.Layer):
        def call(self, inputs: object) -> object:
            return inputs * 2

    image = keras.Input((4, 4, 1))
    answer = keras.layers.Dense(2)(keras.layers.Flatten()(Doubled(name="doubled")(image)))
    classifier = Classifier(keras.Model(image, answer), Card("own", ("a", "b"), (4, 4, 1), "centre-crop"))
    assert classifier.arithmetic(np.zeros((4, 4, 1), np.uint8), "doubled") is None


@pytest.mark.parametrize(
    ("interpolation", "size", "options"),
    [
        ("bicubic", (14, 17), {}),
        ("bilinear", (14, 17), {"crop_to_aspect_ratio": True}),
        ("lanczos3", (4, 5), {}),
        ("bilinear", (4, 5), {"antialias": True}),
        ("area", (4, 5), {}),
        ("nearest", (14, 17), {}),
    ],
)
def test_a_number_between_pixels_has_a_kernel_of_its_own(
    interpolation: str, size: tuple[int, int], options: dict[str, bool]
) -> None:
    """As in a network for transfer learning that makes small images larger; bicubic numbers leave the range."""
    layer = import_keras().layers.Resizing(*size, interpolation=interpolation, **options)
    image = RANDOM.uniform(0, 255, (6, 8, 2)).astype(np.float32)
    output = np.asarray(layer(image[np.newaxis]))[0]
    arithmetic = arithmetic_of(layer, (image,), output)
    for place in np.ndindex(output.shape):
        number = arithmetic.number(*place)
        if interpolation == "nearest":
            assert number.result == output[place]
            continue
        assert number.before == pytest.approx(output[place], abs=1e-3)
        assert number.kernel.sum() == pytest.approx(1, abs=1e-5)
        np.testing.assert_array_equal(number.patch[..., 0], image[np.ix_(number.rows, number.columns)][..., place[2]])
        rows, columns = arithmetic.reached_by(int(number.rows[0]), int(number.columns[-1]))
        assert place[0] in rows and place[1] in columns


def test_of_a_layer_that_also_fills_or_turns_nothing_is_said() -> None:
    """A border of zeros, and maps in another order than ours."""
    keras = import_keras()
    image = np.full((6, 8, 2), 90, np.float32)
    padding = keras.layers.Resizing(14, 14, pad_to_aspect_ratio=True, interpolation="bilinear")
    assert arithmetic_of(padding, (image,), np.asarray(padding(image[np.newaxis]))[0]) is None
    first = keras.layers.Resizing(3, 2, interpolation="bilinear", data_format="channels_first")
    assert arithmetic_of(first, (image,), np.asarray(first(image[np.newaxis]))[0]) is None


def test_the_network_that_ships() -> None:
    """Also with weights that are frozen, as the window has them."""
    classifier = load_classifier("lenet5-mnist")
    classifier.freeze()
    image = RANDOM.integers(0, 256, classifier.input_shape, dtype=np.uint8)
    for layer in classifier.predict(image, ["conv1", "pool1", "conv2", "pool2"]).layers:
        arithmetic = classifier.arithmetic(image, layer.name)
        for place in ((0, 0, 0), tuple(side // 2 for side in layer.values.shape)):
            number = arithmetic.number(*place)
            value = max(0.0, number.before) if number.activation == "ReLU" else number.before
            assert value == pytest.approx(layer.values[place], abs=1e-5)
