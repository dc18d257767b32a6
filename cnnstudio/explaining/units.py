"""Which images excite each unit of a network most.

A unit is one channel of a layer, wherever it fires, or one number of a layer without places. The images are gone
through once, a batch at a time, and of each layer only the strongest answers are kept: what is held does not grow with
their number.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.explaining.scores import ClassScores
from cnnstudio.models.backend import trace
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.progress import OnProgress, Progress

if TYPE_CHECKING:
    from cnnstudio.data.stored import StoredImages

STRONGEST = 9

MAX_BATCH = 512
BATCH_BYTES = 2**27
"""What the layers may answer to one batch together."""


@dataclass(frozen=True, eq=False)
class Strongest:
    """The images that excite the units of one layer most.

    Attributes:
        layer: its name.
        images: (number, units) int, of each unit the images, the strongest first.
        values: (number, units) float32, its highest answer to each.
    """

    layer: str
    images: np.ndarray
    values: np.ndarray


def strongest_images(
    scores: ClassScores,
    images: "np.ndarray | StoredImages",
    layers: Sequence[str] | None = None,
    *,
    number: int = STRONGEST,
    on_progress: OnProgress = lambda _: None,
) -> tuple[Strongest, ...]:
    """Finds the images that excite each unit most.

    Args:
        scores: of the classifier whose units are meant; what is compiled is kept there.
        images: uint8 (n, height, width, channels), in memory or on disk.
        layers: the names of layers; None for all.
        number: how many images for each unit; fewer where there are fewer.
        on_progress: told how far it is; what it raises ends the work.
    """
    classifier = scores.classifier
    names = [layer.name for layer in classifier.layers if layers is None or layer.name in layers]
    highest = scores.compiled(("highest", *names), lambda: _highest(classifier, names))
    numbers = sum(math.prod(layer.shape) for layer in classifier.layers)
    batch = max(1, min(MAX_BATCH, BATCH_BYTES // (4 * numbers)))
    number = min(number, len(images))
    kept: list[tuple[np.ndarray, np.ndarray]] = []
    for start in range(0, len(images), batch):
        part = classifier.as_batch(np.asarray(images[start : start + batch]))
        with scores.lock:
            found = [np.asarray(values) for values in highest(part)]
        places = np.arange(start, start + len(part))
        for place, values in enumerate(found):
            before = kept[place] if start else None
            kept[place : place + 1] = [_merged(before, values, places, number)]
        on_progress(Progress("Showing images to the network", start + len(part), len(images), "images"))
    results = []
    for name, (values, indices) in zip(names, kept, strict=True):
        order = np.argsort(-values, axis=0, kind="stable")
        results.append(
            Strongest(name, np.take_along_axis(indices, order, axis=0), np.take_along_axis(values, order, axis=0))
        )
    return tuple(results)


def _merged(
    before: tuple[np.ndarray, np.ndarray] | None, values: np.ndarray, numbers: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """The highest values of each unit so far, in any order, and the images that gave them."""
    indices = np.broadcast_to(numbers[:, np.newaxis], values.shape)
    if before is not None:
        better = (values > before[0].min(axis=0)).any(axis=1)  # most images of a batch are none of the strongest
        values = np.concatenate([before[0], values[better]])
        indices = np.concatenate([before[1], indices[better]])
    if len(values) > number:
        chosen = np.argpartition(-values, number - 1, axis=0)[:number]
        values, indices = np.take_along_axis(values, chosen, axis=0), np.take_along_axis(indices, chosen, axis=0)
    return np.array(values), np.array(indices)


def _highest(classifier: Classifier, names: Sequence[str]) -> Callable[..., Any]:
    """A compiled pass that gives the highest answer of each unit to each image."""
    import keras
    import tensorflow as tf

    model = keras.Model(classifier.model.input, [classifier.model.get_layer(name).output for name in names])

    def compute(images: Any) -> Any:
        outputs = model(tf.cast(images, tf.float32), training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        return [tf.reduce_max(one, axis=list(range(1, len(one.shape) - 1))) for one in outputs]

    return trace(compute, [tf.TensorSpec((None, *classifier.input_shape), tf.uint8)])


@dataclass(frozen=True, eq=False)
class Patch:
    """The part of an image that a unit saw where it answered most.

    Attributes:
        image: uint8 (height, width, channels), the whole image.
        place: (row, column) of the strongest answer in the layer's map; (0, 0) of a layer without places.
        box: top, left, bottom and right in pixels of the image, cut at its edges.
        value: the answer there.
    """

    image: np.ndarray
    place: tuple[int, int]
    box: tuple[int, int, int, int]
    value: float

    @property
    def pixels(self) -> np.ndarray:
        """The part alone."""
        top, left, bottom, right = self.box
        return self.image[top:bottom, left:right]


def strongest_patches(scores: ClassScores, images: Sequence[np.ndarray], layer: str, unit: int) -> list[Patch]:
    """Of each image the part that excites a unit most.

    Args:
        scores: of the classifier whose unit is meant.
        images: uint8, of the classifier's shape.
        layer: the layer's name.
        unit: the channel, or the number of a layer without places.
    """
    import keras

    from cnnstudio.models.layer_table import describe

    classifier = scores.classifier
    with scores.lock:  # or it could be written down while its end is open
        table = describe(keras.saving.serialize_keras_object(classifier.model))
    row = next((row for row in table.rows if row.name == layer), None)
    found = []
    for image in images:
        with scores.lock:
            values = classifier.predict(image, [layer]).layers[0].values[..., unit]
        size = classifier.input_shape[:2]
        if values.ndim != 2 or row is None or row.receptive_field is None or row.jump is None:
            found.append(Patch(image, (0, 0), (0, 0, *size), float(values.max())))
            continue
        place = np.unravel_index(int(values.argmax()), values.shape)
        sides = [
            _seen(int(at), count, field, jump, side)
            for at, count, field, jump, side in zip(
                place, values.shape, row.receptive_field, row.jump, size, strict=True
            )
        ]
        box = (sides[0][0], sides[1][0], sides[0][1], sides[1][1])
        found.append(Patch(image, (int(place[0]), int(place[1])), box, float(values.max())))
    return found


def _seen(place: int, count: int, field: int, jump: float, side: int) -> tuple[int, int]:
    """From where to where a number of a map sees an image of a side: the middle of the map sees that of the image."""
    middle = side / 2 + (place - (count - 1) / 2) * jump
    begin = round(middle - field / 2)
    return max(0, min(begin, side - 1)), min(side, max(begin + field, 1))
