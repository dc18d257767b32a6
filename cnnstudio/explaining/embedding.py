"""What a layer makes of many images: a row of numbers for each, by which images are near or far from each other."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.data.splits import Dataset, draw_from_each_class
from cnnstudio.errors import StudioError, reason
from cnnstudio.explaining.scores import ClassScores, ending_of
from cnnstudio.models.backend import trace
from cnnstudio.models.layer_kinds import group_of
from cnnstudio.models.trained.classifier import Classifier, LayerInfo
from cnnstudio.models.trained.outputs import LIKELY
from cnnstudio.progress import OnProgress, Progress
from cnnstudio.wording import shape

if TYPE_CHECKING:
    from cnnstudio.data.stored import StoredImages

MOST_IMAGES = 10_000
FEWEST_IMAGES = 5

MOST_NUMBERS = 3_072
"""Of a layer that are all taken for an image; of maps with more numbers the mean of each. 10,000 images take 123 MB."""

COMPONENTS = 50
"""Principal components that are kept, where there are so many."""

_REPEATS = ("Regularisation", "Shape")
"""Groups of layers whose numbers are those of the layer before."""


@dataclass(frozen=True, eq=False)
class Components:
    """The directions in which rows of numbers differ most (PCA).

    Attributes:
        mean: (numbers,) float32, of all rows.
        directions: (numbers, components) float32, of length 1, the one with the largest variance first.
        shares: (components,) float32, of the whole variance.
    """

    mean: np.ndarray
    directions: np.ndarray
    shares: np.ndarray

    def of(self, vectors: np.ndarray) -> np.ndarray:
        """How far rows of numbers, (n, numbers), go in each direction, (n, components) float32."""
        found: np.ndarray = (vectors - self.mean) @ self.directions
        return found


@dataclass(frozen=True, eq=False)
class Embedding:
    """Test images of a data set as a layer sees them.

    Attributes:
        layer: its name.
        dataset: the images are of its test images.
        places: (n,) int, which ones.
        vectors: (n, numbers) float32, what the layer makes of each.
        answers: (n,) int, the class that is answered to each, an index of `answered_classes`.
        probabilities: (n,) float32, of that answer.
        answered_classes: the classes of the network.
        wrong: (n,) bool, whether the answer is wrong; None where the network has other classes than the data set.
        components: of the vectors.
    """

    layer: str
    dataset: Dataset
    places: np.ndarray
    vectors: np.ndarray
    answers: np.ndarray
    probabilities: np.ndarray
    answered_classes: tuple[str, ...]
    wrong: np.ndarray | None
    components: Components

    def __len__(self) -> int:
        return len(self.places)

    @property
    def labels(self) -> np.ndarray:
        """(n,) int, the class of each image, an index of `dataset.classes`."""
        return self.dataset.test.labels[self.places]

    @cached_property
    def coordinates(self) -> np.ndarray:
        """(n, components) float32, how far each image goes in the principal directions."""
        return self.components.of(self.vectors)

    def vector_of(self, output: np.ndarray) -> np.ndarray:
        """What the layer's output for one image, (height, width, channels) or (units,), is here, (numbers,)."""
        values = output.astype(np.float32)
        return values.reshape(-1) if values.size <= MOST_NUMBERS else values.mean(axis=tuple(range(values.ndim - 1)))

    def nearest(self, vector: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
        """The images that the layer finds most like another.

        Args:
            vector: (numbers,), as of `vector_of`.
            number: how many; fewer where there are fewer.

        Returns:
            Their rows, the nearest first, and their Euclidean distances, float32, in all numbers of the layer.
        """
        number = min(number, len(self))
        # |a − b|² = |a|² − 2ab + |b|², in one product; exact for the few that are kept.
        rough = self._squares - 2 * (self.vectors @ vector)
        rows = np.argpartition(rough, number - 1)[:number]
        distances = np.linalg.norm(self.vectors[rows] - vector, axis=1)
        order = np.argsort(distances, kind="stable")
        return rows[order], distances[order]

    @cached_property
    def _squares(self) -> np.ndarray:
        return np.einsum("ij,ij->i", self.vectors, self.vectors)


def embedded_layers(classifier: Classifier) -> tuple[LayerInfo, ...]:
    """The layers of which there are maps: those whose numbers are not just those of the layer before."""
    return tuple(layer for layer in classifier.layers if group_of(layer.kind) not in _REPEATS)


def numbers_of(layer: LayerInfo) -> int:
    """How many numbers of a layer stand for an image."""
    numbers = math.prod(layer.shape)
    return numbers if numbers <= MOST_NUMBERS else layer.shape[-1]


def penultimate_layer(classifier: Classifier) -> str:
    """The last layer before those that answer: what the network makes of an image before it decides.

    Those that answer are all from the last layer with weights on, other than one that makes two probabilities of one.
    Where nothing stands before them, the first of them is meant.
    """
    layers = embedded_layers(classifier)
    weighted = [place for place, layer in enumerate(layers) if layer.parameters]
    if ending_of(classifier.model).makes_two:
        del weighted[-1]
    return layers[max(0, weighted[-1] - 1 if weighted else 0)].name


def principal_components(vectors: np.ndarray, number: int = COMPONENTS) -> Components:
    """Finds the directions in which rows of numbers differ most.

    Args:
        vectors: (n, numbers) float32.
        number: of directions; fewer where the rows have fewer numbers, but two at least.
    """
    from scipy.linalg import eigh

    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = vectors - mean
    numbers = centred.shape[1]
    number = min(number, numbers)
    covariance = (centred.T @ centred).astype(np.float64) / max(1, len(vectors) - 1)
    variances, directions = eigh(covariance, subset_by_index=(numbers - number, numbers - 1))
    variances, directions = np.maximum(variances[::-1], 0), directions[:, ::-1]
    # The sign of a direction is arbitrary: the largest part of each is positive.
    directions *= np.sign(np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[np.newaxis], axis=0))
    if number < 2:
        directions, variances = np.pad(directions, ((0, 0), (0, 2 - number))), np.pad(variances, (0, 2 - number))
    shares = variances / max(float(np.trace(covariance)), np.finfo(np.float64).tiny)
    return Components(mean, directions.astype(np.float32), shares.astype(np.float32))


def embed(
    classifier: ClassScores | Classifier,
    dataset: Dataset,
    layer: str | None = None,
    *,
    images: int = MOST_IMAGES,
    on_progress: OnProgress = lambda _: None,
) -> Embedding:
    """Shows test images to a network, and keeps what a layer makes of each.

    Args:
        classifier: the network; as `ClassScores` it keeps what was compiled.
        dataset: of its test images as many are taken as there may be, of each class its share.
        layer: the layer's name; None for the last one before those that answer.
        images: how many images there may be.
        on_progress: told how far it is; what it raises ends the work.

    Raises:
        StudioError: there is no such layer, the images do not fit or are too few, or numbers are not finite.
    """
    scores = classifier if isinstance(classifier, ClassScores) else ClassScores(classifier)
    network = scores.classifier
    name = layer or penultimate_layer(network)
    info = next((one for one in network.layers if one.name == name), None)
    if info is None:
        known = ", ".join(one.name for one in embedded_layers(network))
        raise StudioError(f"“{network.title}” has no layer “{name}”. It has: {known}.")
    title = dataset.title or dataset.name
    if dataset.image_shape != network.input_shape:
        raise StudioError(
            f"“{network.title}” takes images of {shape(network.input_shape)}, but those of {title} are "
            f"{shape(dataset.image_shape)}: choose another data set."
        )
    places = _drawn(dataset.test.labels, images)
    if len(places) < FEWEST_IMAGES:
        raise StudioError(
            f"{title} has only {len(places):,} test images: a map needs {FEWEST_IMAGES}, at least. Add some, or choose "
            "another data set."
        )
    try:
        vectors, answers, probabilities, of_label = _pass(scores, dataset, places, info, on_progress)
    except OSError as error:
        raise StudioError(f"The images of {title} cannot be read any more ({reason(error)}).") from error
    if not (np.isfinite(vectors).all() and np.isfinite(probabilities).all()):
        raise StudioError(
            f"The layer “{name}” of “{network.title}” answers with numbers that are not finite, so there is no map "
            "of them: its weights are damaged, or its training diverged. Train it again with a lower learning rate."
        )
    wrong = None
    if dataset.classes == network.classes:
        labels = dataset.test.labels[places]
        wrong = of_label < LIKELY if network.card.independent else answers != labels
    on_progress(Progress("Finding the directions in which the images differ", len(places), len(places), "images"))
    return Embedding(
        name, dataset, places, vectors, answers, probabilities, network.classes, wrong, principal_components(vectors)
    )


def _drawn(labels: np.ndarray, most: int) -> np.ndarray:
    """The numbers of the images that are taken: all, or of each class its share."""
    if len(labels) <= most:
        return np.arange(len(labels))
    share = most / len(labels)
    return np.flatnonzero(draw_from_each_class(labels, lambda count: math.floor(count * share) or 1, seed=0))[:most]


def _pass(
    scores: ClassScores, dataset: Dataset, places: np.ndarray, layer: LayerInfo, on_progress: OnProgress
) -> tuple[np.ndarray, ...]:
    """The vectors, the answers, their probabilities and those of the labels, a batch of images at a time."""
    classifier, test = scores.classifier, dataset.test
    compute = scores.compiled(("embedding", layer.name), lambda: _compiled(classifier, layer))
    vectors = np.empty((len(places), numbers_of(layer)), np.float32)
    answers = np.empty(len(places), np.int64)
    probabilities, of_label = np.empty(len(places), np.float32), np.empty(len(places), np.float32)
    images: np.ndarray | StoredImages = test.images
    for start in range(0, len(places), classifier.batch_size):
        part = slice(start, min(start + classifier.batch_size, len(places)))
        batch = classifier.as_batch(np.asarray(images[places[part]]))
        with scores.lock:
            found, answered = (np.asarray(one) for one in compute(batch))
        vectors[part], answers[part], probabilities[part] = found, answered.argmax(axis=1), answered.max(axis=1)
        known = np.minimum(test.labels[places[part]], answered.shape[1] - 1)
        of_label[part] = answered[np.arange(len(batch)), known]
        on_progress(Progress("Showing images to the network", part.stop, len(places), "images"))
    return vectors, answers, probabilities, of_label


def _compiled(classifier: Classifier, layer: LayerInfo) -> Callable[..., Any]:
    """A compiled pass that gives the numbers of a layer and the probabilities."""
    import keras
    import tensorflow as tf

    whole = classifier.model
    model = keras.Model(whole.input, [whole.get_layer(layer.name).output, whole.output])
    is_mean = numbers_of(layer) != math.prod(layer.shape)

    def compute(images: Any) -> Any:
        output, probabilities = (tf.cast(one, tf.float32) for one in model(tf.cast(images, tf.float32), training=False))
        if is_mean:
            output = tf.reduce_mean(output, axis=list(range(1, len(output.shape) - 1)))
        return tf.reshape(output, (-1, numbers_of(layer))), probabilities

    return trace(compute, [tf.TensorSpec((None, *classifier.input_shape), tf.uint8)])
