"""Augmentation: random changes of the training images that leave their labels right.

A network that has seen every digit tilted, squeezed, shifted and drawn with other pens knows such digits when a user
draws them. The changes are computed for a whole batch inside the compiled training step, from a seed that says
everything: the same seed changes the same images in the same way.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.data.augmentation.changes import CHANGES, Augment, AugmentationSpec, grid, sample
from cnnstudio.data.augmentation.made_up_digits import draw_digits
from cnnstudio.data.pictures.strokes import render_all
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.errors import StudioError

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Augmentation:
    """A way to vary training images.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        description: one sentence for a beginner.
        build: takes the image shape (h, w, c) and gives the function that changes a batch, to be called inside a
            `tf.function` with a new seed for each batch.
        spec: what it consists of, where that is some of `cnnstudio.data.augmentation.changes.CHANGES`.
        extend: takes a data set and a seed and gives the data set to train on, with made-up images among its training
            images where this augmentation has some; the same seed makes up the same ones.
    """

    name: str
    title: str
    description: str
    build: Callable[[tuple[int, int, int]], Augment]
    spec: AugmentationSpec | None = None
    extend: Callable[[Dataset, int], Dataset] = lambda dataset, seed: dataset  # noqa: ARG005


_MADE_UP = 1
"""Made-up images for each image of a data set of handwritten digits."""


def _with_made_up_digits(dataset: Dataset, seed: int) -> Dataset:
    """Adds digits from templates to a data set of handwritten digits; leaves any other as it is."""
    if dataset.classes != tuple("0123456789") or dataset.input_rule != "digit":
        return dataset
    drawings, labels = draw_digits(_MADE_UP * len(dataset.train), seed)
    images = render_all(drawings, dataset.image_shape)
    both = Split(np.concatenate([dataset.train.images, images]), np.concatenate([dataset.train.labels, labels]))
    return replace(dataset, train=both)


_TURN = 0.1
"""Rotation, in radians. This and the next are standard deviations; nothing goes beyond twice of them."""

_SLANT = 0.16
"""Shear: how far the top moves sideways for each unit of height."""

_SIZE = 0.07
"""Change of size, as a logarithm."""

_ASPECT = 0.1
"""Change of width against height, as a logarithm."""

_SHIFT = 0.03
"""Shift, as a share of the side."""

_WOBBLE = 0.028
"""Elastic displacement of a knot, as a share of the side."""

_KNOTS = 5
"""Knots of the elastic displacement in each direction."""

_THICKER, _THINNER = 0.4, 0.7
"""How far, at most, a stroke moves towards its dilation or erosion by one pixel."""


def _build_handwriting(image_shape: tuple[int, int, int]) -> Augment:
    """Rotation, slant, size, shift, elastic wobble and stroke width, for light ink on a dark ground."""
    import tensorflow as tf

    height, width, _ = image_shape
    basis = tf.constant(_displacement_basis(height, width))

    def augment(images: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
        seeds = tf.random.split(seed, 3)
        coefficients = _random_coefficients(tf.shape(images)[0], seeds[0], seeds[1])
        positions = tf.einsum("pk,nkd->npd", basis, coefficients)
        return _vary_width(sample(images, positions), seeds[2])

    return augment


def _displacement_basis(height: int, width: int) -> np.ndarray:
    """What source positions are linear in: 1, x, y and one smooth bump for each knot of the elastic grid.

    Returns:
        (height · width, 3 + knots²) float32; x and y run from −½ to ½ over the longer side.
    """
    x, y = (axis.astype(np.float64) for axis in grid(height, width))
    knots = np.linspace(-0.5, 0.5, _KNOTS)
    spread = 0.6 * (knots[1] - knots[0])
    bumps = [np.exp(-((axis[:, np.newaxis] - knots) ** 2) / (2 * spread**2)) for axis in (y, x)]
    products = (bumps[0][:, :, np.newaxis] * bumps[1][:, np.newaxis, :]).reshape(height * width, -1)
    return np.column_stack([np.ones_like(x), x, y, products]).astype(np.float32)


def _random_coefficients(count: "tf.Tensor", seed: "tf.Tensor", wobble_seed: "tf.Tensor") -> "tf.Tensor":
    """(count, 3 + knots², 2): for x and y of each image the weights of `_displacement_basis`."""
    import tensorflow as tf

    normal = tf.random.stateless_truncated_normal((6, count), seed)
    angle, slant = normal[0] * _TURN, normal[1] * _SLANT
    size, aspect = tf.exp(normal[2] * _SIZE), tf.exp(normal[3] * _ASPECT / 2)
    cos, sin = tf.cos(angle), tf.sin(angle)
    # The inverse map: where in the source a pixel of the new image comes from.
    a, b = cos * size * aspect, -sin * size * aspect
    c, d = sin * size / aspect, cos * size / aspect
    shift = normal[4:] * _SHIFT
    affine = tf.stack([shift[0], a + slant * c, b + slant * d, shift[1], c, d])
    affine = tf.transpose(tf.reshape(affine, (2, 3, count)), (2, 1, 0))
    wobble = tf.random.stateless_truncated_normal((count, _KNOTS**2, 2), wobble_seed, stddev=_WOBBLE)
    return tf.concat([affine, wobble], axis=1)


def _vary_width(images: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
    """Moves each image a random part of the way to its dilation or its erosion by one pixel."""
    import tensorflow as tf

    amount = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed, -_THINNER, _THICKER)
    padded = tf.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    neighbours = [padded[:, 1:-1, :-2], padded[:, 1:-1, 2:], padded[:, :-2, 1:-1], padded[:, 2:, 1:-1]]
    thick = tf.reduce_max(tf.stack([images, *neighbours]), axis=0)
    thin = tf.reduce_min(tf.stack([images, *neighbours]), axis=0)
    return images + tf.nn.relu(amount) * (thick - images) - tf.nn.relu(-amount) * (images - thin)


_PHOTO = AugmentationSpec(shift=0.125, flip=0.5)

AUGMENTATIONS: dict[str, Augmentation] = {
    entry.name: entry
    for entry in (
        Augmentation("none", "None", "Every epoch shows the same images, as they are.", AugmentationSpec().build),
        Augmentation(
            "handwriting",
            "Handwriting",
            "Every epoch shows the images tilted, slanted, stretched, bent and drawn with another pen. Among digits "
            "there are some as people write them in other countries.",
            _build_handwriting,
            extend=_with_made_up_digits,
        ),
        Augmentation(
            "photo",
            "Photo",
            "Every epoch shows the images moved by up to an eighth of their side, and half of them mirrored, as is "
            "usual for photos.",
            _PHOTO.build,
            _PHOTO,
        ),
    )
}
"""Every augmentation that can be chosen by name, in the order in which it is shown."""


def find_augmentation(text: str) -> Augmentation:
    """Finds an augmentation by a key of `AUGMENTATIONS`, or by what `AugmentationSpec.parse` reads.

    Raises:
        StudioError: it is neither.
    """
    if text in AUGMENTATIONS:
        return AUGMENTATIONS[text]
    if "=" not in text and "," not in text:
        raise StudioError(
            f"There is no augmentation “{text}”. Choose one of: {', '.join(AUGMENTATIONS)}; or write changes with "
            "their sizes, such as shift=0.1,flip=0.5."
        )
    spec = AugmentationSpec.parse(text)
    parts = []
    for name, value in spec.items():
        unit, at_most, _ = CHANGES[name].unit.partition(", at most")
        amount = f"{value:g}" if unit == "degrees" else f"{100 * value:.3g} %"
        parts.append(f"{CHANGES[name].title.lower()} {'up to ' if at_most else ''}{amount} {unit}")
    changes = ", ".join(parts)
    description = f"Every epoch shows the images changed: {changes}."
    return Augmentation(str(spec), "Your own changes", description, spec.build, spec)


def augment_examples(image: np.ndarray, spec: AugmentationSpec, count: int, seed: int) -> np.ndarray:
    """Changes one image (height, width, channels) uint8 several times, as a training would.

    Returns:
        (count, height, width, channels) uint8; the same for the same seed.
    """
    import tensorflow as tf

    shape = (image.shape[0], image.shape[1], image.shape[2])
    images = tf.repeat(tf.cast(image[np.newaxis], tf.float32), count, axis=0)
    return tf.cast(tf.round(spec.build(shape)(images, tf.constant([seed, 0]))), tf.uint8).numpy()
