"""Transformations of an image that leave its meaning as it is, and what a classifier makes of them.

A 3 is a 3 wherever it lies and whether it is pale or noisy; turned by 180°, a 6 is a 9. What a network answers over the
whole range of a transformation shows how much of this it has learnt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.models.trained.classifier import Classifier

if TYPE_CHECKING:
    from cnnstudio.models.trained.classifier import Picture

FARTHEST = 2 / 7
"""By how much of its side an image is moved at most."""

POINTS = 41
"""Of a transformation that has no steps of its own, at most."""

Amounts = Mapping[str, float]
"""How far an image is transformed: for keys of `TRANSFORMATIONS`; what is missing is neutral."""


@dataclass(frozen=True)
class Transformation:
    """One way to change an image.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        unit: of its amount; empty for none.
        tells: what it does, in a sentence.
        lesson: what it says of a network how far it bears this.
        amounts: for an image of a shape, all amounts that are looked at, growing; the neutral one is among them.
        neutral: the amount that changes nothing.
        spacing: between the numbers on an axis, where people expect one.
    """

    name: str
    title: str
    unit: str
    tells: str
    lesson: str
    amounts: Callable[[tuple[int, ...]], np.ndarray]
    neutral: float = 0.0
    spacing: float | None = None

    def words(self, amount: float) -> str:
        """An amount with its unit, such as “−5 px”, “+20°” or “80 %”; with a sign where it goes both ways from 0."""
        sign = "" if self.neutral or not amount or self.name == "noise" else "−" if amount < 0 else "+"
        return f"{sign}{abs(amount):g}{self.unit}"


def _evenly(low: float, high: float, step: float) -> Callable[[tuple[int, ...]], np.ndarray]:
    return lambda _: np.arange(low, high + step / 2, step)


def _shifts(axis: int) -> Callable[[tuple[int, ...]], np.ndarray]:
    def amounts(shape: tuple[int, ...]) -> np.ndarray:
        farthest = max(1, round(FARTHEST * shape[axis]))
        step = max(1, -(-2 * farthest // (POINTS - 1)))
        whole = farthest // step
        return step * np.arange(-whole, whole + 1, dtype=np.float64)

    return amounts


_PLACES = (
    "A thing means the same wherever it is. A convolution finds it anywhere, with the same weights; a dense layer has "
    "a weight of its own for every pixel."
)

TRANSFORMATIONS: dict[str, Transformation] = {
    entry.name: entry
    for entry in (
        Transformation(
            "shift-x", "Right", " px", "Moves the image to the right, below 0 to the left.", _PLACES, _shifts(1)
        ),
        Transformation("shift-y", "Down", " px", "Moves the image down, below 0 up.", _PLACES, _shifts(0)),
        Transformation(
            "rotation",
            "Turn",
            "°",
            "Turns the image about its middle, clockwise above 0.",
            "No layer is made for turned images: a network recognises them as far as its training images varied, and "
            "as pooling and depth let edges vary. Turned too far, some things become others: a 6 becomes a 9.",
            _evenly(-180, 180, 5),
            spacing=45,
        ),
        Transformation(
            "scale",
            "Size",
            " %",
            "Makes what is seen larger or smaller, about the middle.",
            "A kernel has one size. How much larger or smaller a thing may be depends on pooling, on depth and on the "
            "images that the network has learnt from.",
            _evenly(50, 200, 5),
            100.0,
        ),
        Transformation(
            "noise",
            "Noise",
            "",
            "Adds a random number to each number of the image: their standard deviation, in grey levels of 255.",
            "People look past noise. A network that has never seen any takes it for something.",
            _evenly(0, 128, 4),
        ),
        Transformation(
            "contrast",
            "Contrast",
            " %",
            "Brings all numbers nearer to the mean of the image, or takes them farther from it.",
            "Paler, the same thing gives smaller numbers: without a normalisation, smaller answers in all layers.",
            _evenly(0, 200, 5),
            100.0,
        ),
        Transformation(
            "brightness",
            "Brightness",
            "",
            "Adds the same number to the whole image, in grey levels of 255.",
            "To people, the light is not the thing. A network that has learnt from a black ground has never seen a "
            "grey one.",
            _evenly(-128, 128, 8),
        ),
    )
}
"""Every transformation, in the order in which they are shown."""


def transformed(image: np.ndarray, amounts: Amounts, *, seed: int = 0) -> np.ndarray:
    """Transforms an image: first its places, in one step and linear in between, then its values.

    Args:
        image: uint8 (height, width, channels).
        amounts: how far, by keys of `TRANSFORMATIONS`. What comes in from outside has the median colour of the border.
        seed: of the noise, which is the same pattern at each amount.

    Returns:
        uint8, of the image's shape; what lies outside 0–255 is clipped.
    """
    return _with_values(_moved(image, amounts)[np.newaxis], amounts, seed)[0]


def over_the_range(image: np.ndarray, name: str, others: Amounts | None = None, *, seed: int = 0) -> np.ndarray:
    """An image at all amounts of one transformation, uint8 (amounts, height, width, channels).

    Args:
        image: as for `transformed`.
        name: key in `TRANSFORMATIONS`.
        others: what else is done to it.
        seed: as for `transformed`.
    """
    all_amounts: list[Amounts] = [{**(others or {}), name: float(one)} for one in amounts_of(name, image.shape)]
    if name in _MOVES:
        moved = np.stack([_moved(image, amounts) for amounts in all_amounts])
        return _with_values(moved, others or {}, seed)
    moved = _moved(image, others or {})[np.newaxis]
    return np.concatenate([_with_values(moved, amounts, seed) for amounts in all_amounts])


def amounts_of(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """All amounts of a transformation that are looked at, for images of a shape (height, width, channels)."""
    return TRANSFORMATIONS[name].amounts(shape)


@dataclass(frozen=True, eq=False)
class RobustnessCurve:
    """What a classifier makes of an image over the whole range of a transformation.

    Attributes:
        transformation: key in `TRANSFORMATIONS`.
        amounts: (n,), growing.
        probabilities: (n, classes).
        answer: the index of the class that is answered for the image as it is.
        classes: their names.
    """

    transformation: str
    amounts: np.ndarray
    probabilities: np.ndarray
    answer: int
    classes: tuple[str, ...] = field(repr=False)

    @property
    def kept(self) -> tuple[float, float] | None:
        """From which amount to which, around the neutral one, the answer stays; None where it does not even there."""
        same = self.probabilities.argmax(axis=1) == self.answer
        neutral = int(np.abs(self.amounts - TRANSFORMATIONS[self.transformation].neutral).argmin())
        if not same[neutral]:
            return None
        flips = np.flatnonzero(~same)
        low = flips[flips < neutral].max(initial=-1) + 1
        high = flips[flips > neutral].min(initial=len(same)) - 1
        return float(self.amounts[low]), float(self.amounts[high])

    @property
    def kept_share(self) -> float:
        """How much of the range that is, 0–1: from −25° to +20° are 45° of 360°."""
        if self.kept is None:
            return 0.0
        low, high = self.kept
        return (high - low) / float(self.amounts[-1] - self.amounts[0])


def robustness_curve(
    classifier: Classifier | ClassScores,
    image: "np.ndarray | Picture",
    name: str,
    others: Amounts | None = None,
    *,
    seed: int = 0,
) -> RobustnessCurve:
    """Asks a classifier about an image at all amounts of a transformation.

    Args:
        classifier: the classifier, or its scores, where other threads use it, too.
        image: uint8 of the classifier's shape, or a picture, the path of one, or the bytes of its file.
        name: key in `TRANSFORMATIONS`.
        others: what else is done to the image.
        seed: of the noise.

    Raises:
        StudioError: there is no such transformation, the image does not fit, or the network answers with numbers that
            are not finite.
    """
    scores = classifier if isinstance(classifier, ClassScores) else ClassScores(classifier)
    known = scores.classifier
    if name not in TRANSFORMATIONS:
        raise StudioError(f"There is no transformation “{name}”: choose one of {', '.join(TRANSFORMATIONS)}.")
    raw = image if isinstance(image, np.ndarray) else known.prepare(image).image
    pixels = known.as_batch(raw[np.newaxis])[0]
    images = over_the_range(pixels, name, others, seed=seed)
    probabilities = scores.probabilities(np.concatenate([pixels[np.newaxis], images]))
    amounts = amounts_of(name, pixels.shape)
    return RobustnessCurve(name, amounts, probabilities[1:], int(probabilities[0].argmax()), known.classes)


_MOVES = ("shift-x", "shift-y", "rotation", "scale")
"""Those that change places; the others change values."""


def _moved(image: np.ndarray, amounts: Amounts) -> np.ndarray:
    """The image with its places changed, float32."""
    from PIL import Image

    across, down, angle, size = (amounts.get(name, TRANSFORMATIONS[name].neutral) for name in _MOVES)
    if (across, down, angle, size) == (0, 0, 0, 100):
        return image.astype(np.float32)
    height, width = image.shape[:2]
    cos, sin = np.cos(np.radians(angle)) * 100 / size, np.sin(np.radians(angle)) * 100 / size
    # Where each place comes from: back by the shift, then turned back and scaled back about the middle.
    x, y = width / 2 + across, height / 2 + down
    places = (cos, sin, width / 2 - cos * x - sin * y, -sin, cos, height / 2 + sin * x - cos * y)
    border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    channels = [
        Image.fromarray(np.ascontiguousarray(channel, np.float32)).transform(
            (width, height),
            Image.Transform.AFFINE,
            places,
            Image.Resampling.BILINEAR,
            fillcolor=float(np.median(edge)),
        )
        for channel, edge in zip(np.moveaxis(image, -1, 0), border.T, strict=True)
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1)


def _with_values(images: np.ndarray, amounts: Amounts, seed: int) -> np.ndarray:
    """Images, (n, height, width, channels), with their values changed, uint8."""
    noise, contrast, brightness = (
        amounts.get(name, TRANSFORMATIONS[name].neutral) for name in ("noise", "contrast", "brightness")
    )
    if contrast != 100:
        mean = images.mean(axis=(1, 2, 3), keepdims=True)
        images = mean + (images - mean) * np.float32(contrast / 100)
    if brightness:
        images = images + np.float32(brightness)
    if noise:
        pattern = np.random.default_rng(seed).standard_normal(images.shape[1:], np.float32)
        images = images + np.float32(noise) * pattern
    return np.clip(np.rint(images), 0, 255).astype(np.uint8)
