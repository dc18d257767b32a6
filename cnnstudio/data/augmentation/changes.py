"""Augmentation in single changes: how far images are shifted, turned, mirrored, zoomed, … while a network trains.

Each change has one number, of which 0 means none. They are written as on the command line, `shift=0.1,flip=0.5`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.errors import StudioError

if TYPE_CHECKING:
    import tensorflow as tf

Augment = Callable[[Any, Any], Any]
"""(images (n, h, w, c) float32 0–255, seed (2,) int32) -> images of the same shape and range."""


@dataclass(frozen=True)
class Change:
    """One way in which an image may vary.

    Attributes:
        name: the key, as in `AugmentationSpec`.
        title: for the screen.
        description: one sentence for a beginner.
        highest: the largest value that makes sense.
        usual: a value to begin with.
        unit: what the number counts.
    """

    name: str
    title: str
    description: str
    highest: float
    usual: float
    unit: str


CHANGES: dict[str, Change] = {
    change.name: change
    for change in (
        Change("shift", "Shift", "Moves the image sideways and up or down.", 0.5, 0.125, "of the side, at most"),
        Change("rotate", "Rotate", "Turns the image about its centre.", 180.0, 15.0, "degrees, at most"),
        Change("flip", "Flip", "Mirrors left and right; wrong for digits and letters.", 1.0, 0.5, "of the images"),
        Change("zoom", "Zoom", "Makes what is shown larger or smaller.", 0.9, 0.15, "of the size, at most"),
        Change("contrast", "Contrast", "Makes light and dark differ more or less.", 0.9, 0.3, "more or less, at most"),
        Change("noise", "Noise", "Adds a random number to every value.", 0.5, 0.05, "of the full range, on average"),
        Change("cutout", "Cutout", "Covers a random square (DeVries & Taylor, 2017).", 0.9, 0.25, "of the side"),
    )
}
"""Every change, in the order in which it is shown."""


@dataclass(frozen=True)
class AugmentationSpec:
    """How far images vary.

    Attributes:
        shift: at most, either way, as a share of the side; by whole pixels.
        rotate: at most, either way, in degrees.
        flip: share of the images that are mirrored left and right.
        zoom: at most, larger or smaller, as a share of the size.
        contrast: at most, more or less, as a share; about the image's own mean.
        noise: standard deviation of what is added to each value, as a share of the full range.
        cutout: side of a square covered by the image's mean, as a share of the side.
    """

    shift: float = 0.0
    rotate: float = 0.0
    flip: float = 0.0
    zoom: float = 0.0
    contrast: float = 0.0
    noise: float = 0.0
    cutout: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, highest = getattr(self, field.name), CHANGES[field.name].highest
            if not (isinstance(value, int | float) and 0 <= value <= highest):
                raise StudioError(f"“{field.name}” must be a number from 0 to {highest:g}, not {value}.")

    def __str__(self) -> str:
        """As `parse` reads it; “none” where nothing changes."""
        return ",".join(f"{name}={value:g}" for name, value in self.items()) or "none"

    def items(self) -> list[tuple[str, float]]:
        """The names and values of the changes that are made."""
        values = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, value) for name, value in values if value]

    @classmethod
    def parse(cls, text: str) -> "AugmentationSpec":
        """Reads what the user typed, such as `shift=0.1,flip=0.5`; a name alone stands for its usual value.

        Raises:
            StudioError: a name is unknown, or a value is none.
        """
        values: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, given, number = (piece.strip() for piece in part.partition("="))
            if name not in CHANGES:
                raise StudioError(f"There is no change “{name}” of images. Choose among: {', '.join(CHANGES)}.")
            try:
                values[name] = float(number) if given else CHANGES[name].usual
            except ValueError:
                raise StudioError(f"“{name}” must be a number, not “{number}”.") from None
        return cls(**values)

    def build(self, image_shape: tuple[int, int, int]) -> Augment:
        """The function that changes a batch.

        Args:
            image_shape: (height, width, channels).
        """
        steps = [
            step
            for step, wanted in (
                (self._move, self.shift or self.flip or self.rotate or self.zoom),
                (self._change_contrast, self.contrast),
                (self._add_noise, self.noise),
                (self._cut_out, self.cutout),
            )
            if wanted
        ]

        def augment(images: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
            import tensorflow as tf

            for number, step in enumerate(steps):
                images = step(images, tf.random.fold_in(seed, number), image_shape)
            return tf.clip_by_value(images, 0.0, 255.0) if steps else images

        return augment

    def _move(self, images: "tf.Tensor", seed: "tf.Tensor", image_shape: tuple[int, int, int]) -> "tf.Tensor":
        import tensorflow as tf

        height, width, _ = image_shape
        uniform = tf.random.stateless_uniform((5, tf.shape(images)[0]), seed)
        mirrored = uniform[0] < self.flip
        right, down = (
            tf.round((2 * share - 1) * self.shift * side) for share, side in ((uniform[1], width), (uniform[2], height))
        )
        if not (self.rotate or self.zoom):
            return _shift_and_flip(images, right, down, mirrored)
        angle = (2 * uniform[3] - 1) * math.radians(self.rotate)
        size = tf.exp((2 * uniform[4] - 1) * math.log1p(self.zoom))
        x, y = (axis[tf.newaxis] for axis in grid(height, width))
        cos, sin = (part[:, tf.newaxis] / size[:, tf.newaxis] for part in (tf.cos(angle), tf.sin(angle)))
        sign = tf.where(mirrored, -1.0, 1.0)[:, tf.newaxis]
        x, y = x - right[:, tf.newaxis] / max(height, width), y - down[:, tf.newaxis] / max(height, width)
        return sample(images, tf.stack([sign * (cos * x + sin * y), cos * y - sin * x], axis=-1))

    def _change_contrast(self, images: "tf.Tensor", seed: "tf.Tensor", _: tuple[int, int, int]) -> "tf.Tensor":
        import tensorflow as tf

        factors = tf.random.stateless_uniform(
            (tf.shape(images)[0], 1, 1, 1), seed, 1 - self.contrast, 1 + self.contrast
        )
        mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
        return mean + factors * (images - mean)

    def _add_noise(self, images: "tf.Tensor", seed: "tf.Tensor", _: tuple[int, int, int]) -> "tf.Tensor":
        import tensorflow as tf

        return images + tf.random.stateless_normal(tf.shape(images), seed, stddev=255 * self.noise)

    def _cut_out(self, images: "tf.Tensor", seed: "tf.Tensor", image_shape: tuple[int, int, int]) -> "tf.Tensor":
        import tensorflow as tf

        centres = tf.random.stateless_uniform((2, tf.shape(images)[0], 1), seed)
        reach = self.cutout * max(image_shape[:2]) / 2
        rows, columns = (
            tf.abs(tf.range(side, dtype=tf.float32) + 0.5 - centre * side) < reach
            for side, centre in zip(image_shape[:2], tf.unstack(centres), strict=True)
        )
        covered = (rows[:, :, tf.newaxis] & columns[:, tf.newaxis, :])[..., tf.newaxis]
        return tf.where(covered, tf.reduce_mean(images, axis=(1, 2), keepdims=True), images)


def _shift_and_flip(images: "tf.Tensor", right: "tf.Tensor", down: "tf.Tensor", mirrored: "tf.Tensor") -> "tf.Tensor":
    """Moves images by whole pixels, (n,) each way, and mirrors some: exact, and far cheaper than sampling."""
    import tensorflow as tf

    _, height, width, _ = images.shape
    rows = tf.range(height) - tf.cast(down, tf.int32)[:, tf.newaxis]
    columns = tf.range(width) - tf.cast(right, tf.int32)[:, tf.newaxis]
    columns = tf.where(mirrored[:, tf.newaxis], width - 1 - columns, columns)
    # Ground all round: whatever lies outside reads the same black frame.
    padded = tf.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    chosen = tf.gather(padded, tf.clip_by_value(rows + 1, 0, height + 1), batch_dims=1, axis=1)
    return tf.gather(chosen, tf.clip_by_value(columns + 1, 0, width + 1), batch_dims=1, axis=2)


def grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the pixels of an image lie.

    Returns:
        x and y, each (height · width,) float32, row by row; from −½ to ½ over the longer side, 0 in the middle.
    """
    side = max(height, width)
    y, x = np.meshgrid(
        (np.arange(height) - (height - 1) / 2) / side, (np.arange(width) - (width - 1) / 2) / side, indexing="ij"
    )
    return x.ravel().astype(np.float32), y.ravel().astype(np.float32)


def sample(images: "tf.Tensor", positions: "tf.Tensor") -> "tf.Tensor":
    """Bilinear samples of `images` at `positions` ((n, h·w, 2), x and y from −½ to ½); zero outside."""
    import tensorflow as tf

    _, height, width, channels = images.shape
    count = tf.shape(images)[0]
    side = max(height, width)
    # Ground all round, so that every neighbour of a clipped position is there.
    padded = tf.reshape(tf.pad(images, ((0, 0), (1, 2), (1, 2), (0, 0))), (-1, channels))
    x = tf.clip_by_value(positions[..., 0] * side + (width + 1) / 2, 0.0, width + 1.0)
    y = tf.clip_by_value(positions[..., 1] * side + (height + 1) / 2, 0.0, height + 1.0)
    left, top = tf.floor(x), tf.floor(y)
    right_share, low_share = (x - left)[..., tf.newaxis], (y - top)[..., tf.newaxis]
    first = tf.range(count)[:, tf.newaxis] * ((height + 3) * (width + 3))
    at = first + tf.cast(top, tf.int32) * (width + 3) + tf.cast(left, tf.int32)
    upper = tf.gather(padded, at) * (1 - right_share) + tf.gather(padded, at + 1) * right_share
    at += width + 3
    lower = tf.gather(padded, at) * (1 - right_share) + tf.gather(padded, at + 1) * right_share
    return tf.reshape(upper * (1 - low_share) + lower * low_share, (count, height, width, channels))
