"""Filtering large pictures with TensorFlow: what `filters.filtered` does, several times as fast once it is compiled.

TensorFlow's own depthwise convolution takes more than twice as long: with three channels it leaves most of a vector
register empty. Here the sum over all weights is written out, and XLA makes one loop of it.

XLA keeps what it has compiled until the process ends. So it compiles for strips of one length, whatever the size of the
picture that they are cut from, and once for each size of kernel.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.lab.filters import Show, threads

if TYPE_CHECKING:
    import tensorflow as tf

_STRIP = 2**20
"""So many numbers of a picture are worked on at a time."""

_REACH = 2**16
"""How far behind a number may lie what its sum needs."""

_AS_SHOWN: dict[Show | None, tuple[float, float, float]] = {
    None: (1, 0, 1),
    "clip": (1, 0, 1),
    "grey": (0.5, 128, 1),
    "magnitude": (1, 0, -1),
}
"""What makes pixels of numbers, as `filters.on_screen` does: by what they are multiplied, what is added, and by what
the sum is multiplied for a second one, of which the larger counts."""

Compiled = Callable[[np.ndarray, np.ndarray, bool, Show | None], np.ndarray]
"""A function of a picture, a kernel, whether numbers below 0 become 0, and how the numbers are shown.

The picture is (height, width, channels), of the type for which it is compiled. What comes out has the same shape:
uint8 pixels where it is compiled for those, else float32 numbers, which are not shown.
"""


def fits(width: int, channels: int, kernel: tuple[int, int]) -> bool:
    """Whether pictures of a width, in pixels, are narrow enough for what is compiled."""
    return kernel[0] * (width + kernel[1] - 1) * channels <= _REACH


@functools.cache
def compiled(kernel: tuple[int, int], dtype: str, pixels: bool) -> Compiled:
    """Compiles `filters.filtered` for kernels of a size, which takes a moment, once.

    Args:
        kernel: (rows, columns) of the kernels.
        dtype: of the pictures: uint8 or float32.
        pixels: whether pixels come of it, made in the same loop over all numbers.

    Raises:
        Exception: whatever TensorFlow raises where its build has no XLA.
    """
    rows, columns = kernel
    sum_ = _sum(rows * columns, pixels)

    def apply(picture: np.ndarray, weights: np.ndarray, relu: bool, show: Show | None) -> np.ndarray:
        height, width, channels = picture.shape
        line = (width + columns - 1) * channels
        around = ((rows // 2, rows // 2), (columns // 2, columns // 2), (0, 0))
        numbers = np.zeros((height + rows - 1) * line + _STRIP + _REACH, dtype)
        numbers[: -_STRIP - _REACH] = np.pad(picture, around, mode="edge").reshape(-1)
        starts = (np.arange(rows)[:, np.newaxis] * line + np.arange(columns) * channels).astype(np.int32)
        given = (starts.reshape(-1), weights.astype(np.float32).reshape(-1), np.float32(0 if relu else -np.inf))
        how = np.array(_AS_SHOWN[show], np.float32)
        output = np.empty(picture.shape, np.uint8 if pixels else np.float32)
        count = _STRIP // line

        def work(top: int) -> None:
            lines = min(count, height - top)
            sums = sum_(numbers[top * line :][: _STRIP + _REACH], *given, how).numpy()
            output[top : top + lines] = sums[: lines * line].reshape(lines, -1, channels)[:, :width]

        list(threads().map(work, range(0, height, count)))
        return output

    apply(np.zeros((1, 1, 1), dtype), np.zeros(kernel), False, None)
    return apply


def _sum(taps: int, pixels: bool) -> "tf.types.experimental.PolymorphicFunction":
    import tensorflow as tf

    @tf.function(jit_compile=True, autograph=False)
    def sum_(
        numbers: "tf.Tensor", starts: "tf.Tensor", weights: "tf.Tensor", least: "tf.Tensor", how: "tf.Tensor"
    ) -> "tf.Tensor":
        numbers = tf.cast(numbers, tf.float32)
        products = [tf.slice(numbers, [starts[tap]], [_STRIP]) * weights[tap] for tap in range(taps)]
        total = tf.maximum(functools.reduce(tf.add, products), least)
        if not pixels:
            return total
        total = total * how[0] + how[1]
        return tf.cast(tf.clip_by_value(tf.maximum(total, total * how[2]), 0, 255), tf.uint8)

    return sum_
