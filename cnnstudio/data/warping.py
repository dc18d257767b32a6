"""Resampling of whole batches of images inside a compiled training step."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


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
