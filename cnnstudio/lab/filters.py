"""Filters with names, and filtering whole pictures.

Sources: Prewitt 1970, Sobel and Feldman 1968, Scharr 2000 for the derivatives; Gabor 1946, Daugman 1985 for the waves.
"""

import functools
import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np

SIDES = (3, 5, 7)
"""Of kernels for pictures."""

Show = Literal["clip", "grey", "magnitude"]
"""What numbers below 0 become on screen: black; darker than a middle grey, which is 0; as bright as those above."""

_STRIP = 48_000
"""So many numbers of a picture are worked on at a time: they stay in the processor's cache."""


@dataclass(frozen=True)
class Filter:
    """A filter with a name.

    Attributes:
        name: its key.
        title: as people write it.
        make: makes its kernel for a side of `sides`, (side, side) float64.
        sides: for which it is made.
        show: how its output is best looked at.
        remark: what it does and why, in a sentence.
    """

    name: str
    title: str
    make: Callable[[int], np.ndarray]
    sides: tuple[int, ...]
    show: Show
    remark: str


def _fixed(*rows: tuple[float, ...]) -> Callable[[int], np.ndarray]:
    return lambda _side: np.array(rows, np.float64)


def gaussian(side: int, sigma: float | None = None) -> np.ndarray:
    """A bell, whose weights sum up to 1.

    Args:
        side: of the kernel.
        sigma: its standard deviation in pixels; side / 5 where None.
    """
    places = np.arange(side) - (side - 1) / 2
    bell = np.exp(-((places / (sigma or side / 5)) ** 2) / 2)
    kernel = np.outer(bell, bell)
    return kernel / kernel.sum()


def gabor(side: int, angle: float = 0.0, wavelength: float | None = None) -> np.ndarray:
    """A wave under a bell, whose weights sum up to 0.

    Args:
        side: of the kernel.
        angle: across which it swings, in degrees; 0 finds vertical stripes.
        wavelength: in pixels; side / 1.75 where None.
    """
    places = np.arange(side) - (side - 1) / 2
    across = places * math.cos(math.radians(angle)) + places[:, np.newaxis] * math.sin(math.radians(angle))
    wave = np.cos(2 * np.pi * across / (wavelength or side / 1.75)) * gaussian(side)
    wave -= gaussian(side) * wave.sum()
    return wave / np.abs(wave).sum() * 2


def _identity(side: int) -> np.ndarray:
    kernel = np.zeros((side, side))
    kernel[side // 2, side // 2] = 1
    return kernel


FILTERS: dict[str, Filter] = {
    filter_.name: filter_
    for filter_ in (
        Filter(
            "identity",
            "Identity",
            _identity,
            SIDES,
            "clip",
            "A single 1 in the middle: every pixel stays as it is.",
        ),
        Filter(
            "sharpen",
            "Sharpen",
            _fixed((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
            (3,),
            "clip",
            "Makes each pixel differ more from its neighbours: edges become crisp, and noise grows with them.",
        ),
        Filter(
            "edges",
            "Edge detect",
            _fixed((0, -1, 0), (-1, 4, -1), (0, -1, 0)),
            (3,),
            "magnitude",
            "A pixel less its four neighbours: where all are alike the sum is 0, and only edges are left.",
        ),
        Filter(
            "strong_edges",
            "Strong edge detect",
            _fixed((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
            (3,),
            "magnitude",
            "A pixel less all eight neighbours: corners and diagonal edges count, too.",
        ),
        Filter(
            "box_blur",
            "Box blur",
            lambda side: np.full((side, side), 1 / side**2),
            SIDES,
            "clip",
            "The mean of all pixels under the window: details and noise are smoothed away.",
        ),
        Filter(
            "gaussian_blur",
            "Gaussian blur",
            gaussian,
            SIDES,
            "clip",
            "A mean that counts near pixels more than far ones: softer than the box, without its hard corners.",
        ),
        Filter(
            "emboss",
            "Emboss",
            _fixed((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
            (3,),
            "clip",
            "Adds how much brighter it gets towards the lower right, as if light fell on a relief.",
        ),
        Filter(
            "sobel_x",
            "Sobel, vertical edges",
            _fixed((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
            (3,),
            "grey",
            "How much brighter it gets to the right, smoothed a little downwards.",
        ),
        Filter(
            "sobel_y",
            "Sobel, horizontal edges",
            _fixed((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
            (3,),
            "grey",
            "How much brighter it gets downwards, smoothed a little sideways.",
        ),
        Filter(
            "prewitt_x",
            "Prewitt, vertical edges",
            _fixed((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
            (3,),
            "grey",
            "As Sobel’s, with the same weight for all three rows.",
        ),
        Filter(
            "prewitt_y",
            "Prewitt, horizontal edges",
            _fixed((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
            (3,),
            "grey",
            "As Sobel’s, with the same weight for all three columns.",
        ),
        Filter(
            "scharr_x",
            "Scharr, vertical edges",
            _fixed((-3, 0, 3), (-10, 0, 10), (-3, 0, 3)),
            (3,),
            "grey",
            "As Sobel’s, with weights that find edges of every direction equally strong.",
        ),
        Filter(
            "scharr_y",
            "Scharr, horizontal edges",
            _fixed((-3, -10, -3), (0, 0, 0), (3, 10, 3)),
            (3,),
            "grey",
            "As Sobel’s, with weights that find edges of every direction equally strong.",
        ),
        Filter(
            "laplacian",
            "Laplacian",
            _fixed((0, 1, 0), (1, -4, 1), (0, 1, 0)),
            (3,),
            "grey",
            "The second derivative: it swings from one sign to the other across an edge.",
        ),
        Filter(
            "gabor_x",
            "Gabor, vertical stripes",
            gabor,
            (5, 7),
            "grey",
            "A small wave. Filters like it are found in the first layer of trained networks, and in our visual cortex.",
        ),
        Filter(
            "gabor_slanted",
            "Gabor, diagonal stripes",
            functools.partial(gabor, angle=45.0),
            (5, 7),
            "grey",
            "The same small wave, turned: each direction needs a filter of its own.",
        ),
    )
}
"""By key, in the order of a first course."""


def joined(kernels: Iterable[np.ndarray]) -> np.ndarray:
    """The one kernel that does the same as several after each other, but for the picture's edge."""
    whole = np.ones((1, 1))
    for kernel in kernels:
        rows, columns = whole.shape
        more = np.zeros((rows + len(kernel) - 1, columns + kernel.shape[1] - 1))
        for (row, column), weight in np.ndenumerate(kernel):
            more[row : row + rows, column : column + columns] += weight * whole
        whole = more
    return whole


def filtered(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """A picture after one filter, slid over it as a network does (cross-correlation), channel by channel.

    The outermost pixels are repeated around the picture, so that it keeps its size.

    Args:
        picture: (height, width, channels), numbers of any kind.
        kernel: (rows, columns), both odd.

    Returns:
        (height, width, channels) float32.
    """
    height, width, channels = picture.shape
    rows, columns = kernel.shape
    # One row more: a strip then reads past the end of its last line, and what comes of it is cut off.
    around = ((rows // 2, rows // 2 + 1), (columns // 2, columns // 2), (0, 0))
    padded = np.pad(picture, around, mode="edge")
    line = padded.shape[1] * channels
    flat = padded.reshape(-1)
    taps = [
        (row * line + column * channels, np.float32(weight))
        for (row, column), weight in np.ndenumerate(kernel)
        if weight
    ]
    output = np.zeros((height, width, channels), np.float32)
    count = max(1, _STRIP // line)

    def work(first: int, end: int) -> None:
        sums, product = np.empty((2, count * line), np.float32)
        for top in range(first, end, count):
            height_now = min(count, end - top)
            size = height_now * line
            numbers = flat[top * line : (top + height_now + rows) * line].astype(np.float32)
            np.multiply(numbers[taps[0][0] :][:size], taps[0][1], out=sums[:size])
            for start, weight in taps[1:]:
                np.multiply(numbers[start : start + size], weight, out=product[:size])
                np.add(sums[:size], product[:size], out=sums[:size])
            output[top : top + height_now] = sums[:size].reshape(height_now, -1, channels)[:, :width]

    if taps:
        parts = min(os.cpu_count() or 1, 4) if height * line > 4 * _STRIP else 1
        edges = [height * part // parts for part in range(parts + 1)]
        if parts == 1:
            work(0, height)
        else:
            list(threads().map(work, edges[:-1], edges[1:]))
    return output


def on_screen(numbers: np.ndarray, show: Show) -> np.ndarray:
    """Numbers of a filtered picture as pixels.

    Args:
        numbers: float32, any shape; overwritten.
        show: what those below 0 become.

    Returns:
        The same shape, uint8.
    """
    if show == "grey":
        numbers *= 0.5
        numbers += 128
    elif show == "magnitude":
        np.abs(numbers, out=numbers)
    np.clip(numbers, 0, 255, out=numbers)
    return numbers.astype(np.uint8)


@functools.cache
def threads() -> ThreadPoolExecutor:
    """The threads that filter parts of large pictures."""
    return ThreadPoolExecutor(4, "filter")
