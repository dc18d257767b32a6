"""Networks as tutorials make them, each with what plain Keras answers: as those that people bring from elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Tutorial:
    """A network as a tutorial makes it.

    Attributes:
        build: makes the model, untrained.
        image_shape: (height, width, channels) of the pictures that it was made for.
        given: brings raw pictures, (n, *image_shape), into what the tutorial feeds its model with.
        answered: makes probabilities of classes, (n, classes), of what the model returns.
        value_range: in which `given` brings the pixels.
    """

    build: Callable[[], Any]
    image_shape: tuple[int, int, int]
    given: Callable[[np.ndarray], np.ndarray]
    answered: Callable[[np.ndarray], np.ndarray]
    value_range: str = "0-1"

    def expected(self, model: Any, images: np.ndarray) -> np.ndarray:
        """The probabilities of plain Keras for raw pictures, (n, classes)."""
        return self.answered(model(self.given(images.astype(np.float32))).numpy())


def _as_they_are(outputs: np.ndarray) -> np.ndarray:
    return outputs


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _sigmoid(scores: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-scores))


def _both(second: np.ndarray) -> np.ndarray:
    return np.hstack([1 - second, second])


def _scaled(images: np.ndarray) -> np.ndarray:
    return images / 255


def _without_channels(images: np.ndarray) -> np.ndarray:
    return images[..., 0] / 255


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / 255


def _chain(*layers: Any) -> Any:
    import keras

    return keras.Sequential(list(layers))


def _keras_beginners() -> Any:
    from keras import Input, layers

    return _chain(Input((28, 28)), layers.Flatten(), layers.Dense(16, "relu"), layers.Dropout(0.2), layers.Dense(10))


def _keras_beginners_softmax() -> Any:
    from keras import Input, layers

    return _chain(Input((28, 28)), layers.Flatten(), layers.Dense(16, "relu"), layers.Dense(10, "softmax"))


def _rescaled_without_channels() -> Any:
    from keras import Input, layers

    return _chain(
        Input((28, 28)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(16, "relu"), layers.Dense(10)
    )


def _reshaped_to_images() -> Any:
    from keras import Input, layers

    return _chain(
        Input((28, 28)),
        layers.Reshape((28, 28, 1)),
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, "softmax"),
    )


def _rows_normalised() -> Any:
    from keras import Input, layers

    return _chain(
        Input((28, 28)), layers.BatchNormalization(), layers.Flatten(), layers.Dense(8, "relu"), layers.Dense(10)
    )


def _functional_without_channels() -> Any:
    import keras
    from keras import layers

    images = keras.Input((28, 28))
    flat = layers.Flatten()(images)
    hidden = layers.Dense(8, "relu")(flat)
    joined = layers.Concatenate()([flat, hidden])
    return keras.Model(images, layers.Dense(10, "softmax")(joined))


def _mlp(length: int, classes: int = 10, activation: str | None = "softmax") -> Callable[[], Any]:
    def build() -> Any:
        from keras import Input, layers

        return _chain(Input((length,)), layers.Dense(16, "relu"), layers.Dense(classes, activation))

    return build


def _mlp_reshaped() -> Any:
    from keras import Input, layers

    return _chain(
        Input((784,)), layers.Reshape((28, 28, -1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10, "softmax")
    )


def _mlp_normalised() -> Any:
    from keras import Input, layers

    return _chain(
        Input((784,)), layers.Normalization(mean=0.2, variance=0.1), layers.Dense(8, "relu"), layers.Dense(10)
    )


def _photos(*ending: Callable[[Any], Any]) -> Callable[[], Any]:
    def build() -> Any:
        from keras import Input, layers

        front = [Input((32, 32, 3)), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]
        return _chain(*front, *(make(layers) for make in ending))

    return build


TUTORIALS: dict[str, Tutorial] = {
    "beginners": Tutorial(_keras_beginners, (28, 28, 1), _without_channels, _softmax),
    "beginners-softmax": Tutorial(_keras_beginners_softmax, (28, 28, 1), _without_channels, _as_they_are),
    "beginners-rescaling": Tutorial(
        _rescaled_without_channels, (28, 28, 1), lambda images: images[..., 0], _softmax, "0-255"
    ),
    "reshape-to-images": Tutorial(_reshaped_to_images, (28, 28, 1), _without_channels, _as_they_are),
    "rows-normalised": Tutorial(_rows_normalised, (28, 28, 1), _without_channels, _softmax),
    "functional-without-channels": Tutorial(_functional_without_channels, (28, 28, 1), _without_channels, _as_they_are),
    "mlp-64": Tutorial(_mlp(64), (8, 8, 1), _flat, _as_they_are),
    "mlp-784": Tutorial(_mlp(784), (28, 28, 1), _flat, _as_they_are),
    "mlp-784-logits": Tutorial(_mlp(784, 10, None), (28, 28, 1), _flat, _softmax),
    "mlp-784-reshape": Tutorial(_mlp_reshaped, (28, 28, 1), _flat, _as_they_are),
    "mlp-784-normalised": Tutorial(_mlp_normalised, (28, 28, 1), _flat, _softmax),
    "mlp-1024": Tutorial(_mlp(1024), (32, 32, 1), _flat, _as_they_are),
    "mlp-3072": Tutorial(_mlp(3072), (32, 32, 3), _flat, _as_they_are),
    "mlp-4096": Tutorial(_mlp(4096, 2), (64, 64, 1), _flat, _as_they_are),
    "mlp-12288-cat-or-not": Tutorial(_mlp(12288, 1, "sigmoid"), (64, 64, 3), _flat, _both),
    "cats-and-dogs": Tutorial(
        _photos(lambda layers: layers.Dense(8, "relu"), lambda layers: layers.Dense(1, "sigmoid")),
        (32, 32, 3),
        _scaled,
        _both,
    ),
    "cats-and-dogs-activation": Tutorial(
        _photos(lambda layers: layers.Dense(1), lambda layers: layers.Activation("sigmoid")),
        (32, 32, 3),
        _scaled,
        _both,
    ),
    "cats-and-dogs-logit": Tutorial(
        _photos(lambda layers: layers.Dense(1)), (32, 32, 3), _scaled, lambda scores: _both(_sigmoid(scores))
    ),
    "several-labels": Tutorial(_photos(lambda layers: layers.Dense(5, "sigmoid")), (32, 32, 3), _scaled, _as_they_are),
}
"""By name."""
