"""A classifier: a trained Keras model with its class names and its input rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.models.backend import import_keras
from cnnstudio.models.card import CARD_FILE, Card
from cnnstudio.storage import write_atomically

if TYPE_CHECKING:
    import keras
    from PIL import Image

    from cnnstudio.data.preparation import Prepared

MODEL_FILE = "model.keras"

Picture: TypeAlias = "Image.Image | str | Path"
"""A picture from outside, which still has to be prepared."""


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """What one layer answered to one image.

    Attributes:
        name: the layer's name in the model.
        kind: its Keras class, such as `Conv2D`.
        values: float32, (height, width, channels) where it has feature maps, (units,) where it is flat.
    """

    name: str
    kind: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a classifier answers to one image.

    Attributes:
        probabilities: (classes,) float32, 0–1, together 1.
        classes: the class names, in the same order.
        layers: the output of every layer, in the model's order; empty unless asked for.
    """

    probabilities: np.ndarray
    classes: tuple[str, ...]
    layers: tuple[LayerOutput, ...] = ()

    def top(self, n: int) -> list[tuple[int, str, float]]:
        """The `n` most probable classes as (index, class, probability), the best first; fewer where there are fewer."""
        order = np.argsort(-self.probabilities, kind="stable")[:n]
        return [(int(index), self.classes[index], float(self.probabilities[index])) for index in order]


class Classifier:
    """A trained Keras model with its card.

    A classifier is used by one thread at a time: its owner decides which. Different classifiers may be used by
    different threads at once.

    Args:
        model: a Keras model of one image input and one output of class probabilities, taking raw values 0–255.
        card: its card.

    Raises:
        StudioError: the model and the card do not belong together.
    """

    def __init__(self, model: "keras.Model", card: Card) -> None:
        import_keras()
        self.model = model
        self.card = card
        self._check()

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the outputs."""
        return self.card.classes

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images it takes."""
        return self.card.input_shape

    def prepare(self, picture: Picture) -> "Prepared":
        """Makes of a picture the image that the network gets, by the card's input rule.

        Args:
            picture: an open picture, or the path of one.

        Returns:
            The image, uint8 of `input_shape`, and the pictures of the steps that led there.

        Raises:
            StudioError: the picture cannot be read, or the rule finds nothing in it.
        """
        from cnnstudio.data.images import open_image
        from cnnstudio.data.preparation import INPUT_RULES

        try:
            rule = INPUT_RULES[self.card.input_rule]
        except KeyError:
            raise StudioError(
                f"“{self.card.name}” prepares pictures by the rule “{self.card.input_rule}”, which this CNN Studio "
                f"does not know. It knows: {', '.join(INPUT_RULES)}."
            ) from None
        return rule.prepare(open_image(picture), self.input_shape)

    def predict(self, image: "np.ndarray | Picture", feature_maps: bool = False) -> Prediction:
        """Classifies one image.

        Args:
            image: uint8 (height, width, channels) of `input_shape`, for one channel also (height, width); or a
                picture or the path of one, which is prepared first.
            feature_maps: whether to return what every layer answered.

        Raises:
            StudioError: the image is of another shape or type, or cannot be read.
        """
        pixels = image if isinstance(image, np.ndarray) else self.prepare(image).image
        batch = self._as_batch(pixels[np.newaxis])
        if not feature_maps:
            return Prediction(self._finite(self._probabilities(batch).numpy()[0]), self.classes)
        *outputs, last = self._all_layers(batch)
        layers = tuple(
            LayerOutput(layer.name, type(layer).__name__, output.numpy()[0])
            for layer, output in zip(self._layers, outputs, strict=True)
        )
        return Prediction(self._finite(last.numpy()[0]), self.classes, layers)

    def predict_many(self, images: np.ndarray, batch_size: int = 512) -> np.ndarray:
        """Classifies many images.

        Args:
            images: uint8 (n, height, width, channels) of `input_shape`, for one channel also (n, height, width).
            batch_size: images per step, at least 1; more takes more memory.

        Returns:
            (n, classes) float32 probabilities.

        Raises:
            StudioError: the images are of another shape or type.
        """
        batch = self._as_batch(images)
        probabilities = np.empty((len(batch), len(self.classes)), np.float32)
        for start in range(0, len(batch), batch_size):
            part = slice(start, start + batch_size)
            probabilities[part] = self._probabilities(batch[part]).numpy()
        return self._finite(probabilities)

    def predict_drawing(self, drawing: Sequence[np.ndarray], feature_maps: bool = False) -> Prediction:
        """Classifies a drawing of pen strokes.

        Args:
            drawing: strokes, each (n, 2) points in canvas units, y down.
            feature_maps: whether to return what every layer answered.

        Raises:
            StudioError: the drawing is empty.
        """
        from cnnstudio.data.strokes import render

        return self.predict(render(list(drawing), self.input_shape), feature_maps)

    def warm_up(self) -> None:
        """Compiles the forward pass that returns feature maps, which the first prediction would wait for otherwise."""
        self.predict(np.zeros(self.input_shape, np.uint8), feature_maps=True)

    def save(self, folder: Path) -> None:
        """Writes model.keras, which plain Keras opens too, and card.json into a folder.

        Each file is written whole or not at all, the card last: a folder with a card has a model.

        Args:
            folder: made where it does not exist.

        Raises:
            StudioError: the folder cannot be written to.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / MODEL_FILE, self._without_optimizer().save)
            write_atomically(folder / CARD_FILE, self.card.to_json())
        except OSError as error:
            raise StudioError(
                f"The model cannot be saved in {folder}: {error.strerror or error}. Choose another folder."
            ) from error

    def _without_optimizer(self) -> "keras.Model":
        """The same layers and weights without what only training needs, which would triple the file."""
        import keras

        return keras.Model(self.model.input, self.model.output, name=self.model.name)

    @cached_property
    def _layers(self) -> list["keras.Layer"]:
        import keras

        # The input says nothing new, and the output of a model within is that of its last layer.
        return [layer for layer in self.model.layers if not isinstance(layer, keras.layers.InputLayer | keras.Model)]

    @cached_property
    def _probabilities(self) -> Callable[[np.ndarray], Any]:
        return self._compile(lambda images: self.model(images, training=False), batch=None)

    @cached_property
    def _all_layers(self) -> Callable[[np.ndarray], Any]:
        import keras

        every = keras.Model(self.model.input, [*(layer.output for layer in self._layers), self.model.output])
        return self._compile(lambda images: every(images, training=False), batch=1)

    def _compile(self, forward: Callable[[Any], Any], batch: int | None) -> Callable[[np.ndarray], Any]:
        """Compiles a forward pass on raw bytes, once, for batches of one size or (None) of any."""
        import tensorflow as tf

        @tf.function(input_signature=[tf.TensorSpec((batch, *self.input_shape), tf.uint8)])
        def compiled(images: Any) -> Any:
            return tf.nest.map_structure(
                lambda output: tf.cast(output, tf.float32), forward(tf.cast(images, tf.float32))
            )

        return compiled.get_concrete_function()

    def _check(self) -> None:
        name, card = self.card.name, self.card
        # A model that is not built yet, or only has a `call`, has neither.
        if any(len(getattr(self.model, side, None) or ()) != 1 for side in ("inputs", "outputs")):
            raise StudioError(f"“{name}” is no image classifier: it needs exactly one input and one output.")
        takes = tuple(self.model.inputs[0].shape[1:])
        if takes != card.input_shape:
            raise StudioError(
                f"The card of “{name}” says that its images are {_words(card.input_shape)}, but its network takes "
                f"{_words(takes)}. The two files do not belong together."
            )
        answers = tuple(self.model.outputs[0].shape[1:])
        if answers != (len(card.classes),):
            raise StudioError(
                f"The card of “{name}” names {len(card.classes)} classes, but its network answers with "
                f"{_words(answers)} numbers. The two files do not belong together."
            )

    def _as_batch(self, images: np.ndarray) -> np.ndarray:
        if images.ndim == 3 and self.input_shape[2] == 1:
            images = images[..., np.newaxis]
        if images.ndim != 4 or images.shape[1:] != self.input_shape:
            raise StudioError(
                f"“{self.card.name}” takes images of {_words(self.input_shape)}, not {_words(images.shape[1:])}."
            )
        if images.dtype != np.uint8:
            raise StudioError(f"“{self.card.name}” takes images of whole numbers 0–255 (uint8), not {images.dtype}.")
        return images

    def _finite(self, probabilities: np.ndarray) -> np.ndarray:
        if not np.isfinite(probabilities).all():
            raise StudioError(
                f"“{self.card.name}” answers with numbers that are not finite: its weights are damaged, or its "
                "training diverged. Train it again with a lower learning rate."
            )
        return probabilities


def _words(shape: Sequence[int | None]) -> str:
    return "×".join("any" if size is None else str(size) for size in shape) or "single"
