"""Images without content, to which explanations compare: what counts as “nothing there”."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Baseline:
    """An image without content.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        description: one sentence for somebody new.
        make: makes it for an image, float32 (height, width, channels), 0–255.
    """

    name: str
    title: str
    description: str
    make: Callable[[np.ndarray], np.ndarray]


def _blurred(image: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    width = max(image.shape[:2]) / 8
    return gaussian_filter(image, (width, width, 0), mode="nearest").astype(np.float32)


BASELINES: dict[str, Baseline] = {
    entry.name: entry
    for entry in (
        Baseline(
            "black",
            "Black",
            "All pixels 0. Pixels that are black already then count for nothing, such as the open top of a 4.",
            np.zeros_like,
        ),
        Baseline(
            "white",
            "White",
            "All pixels 255. White pixels then count for nothing.",
            lambda image: np.full_like(image, 255),
        ),
        Baseline(
            "mean",
            "Mean colour",
            "All pixels have the mean colour of the image, so that both dark and light ones count.",
            lambda image: np.broadcast_to(image.mean(axis=(0, 1)), image.shape).astype(np.float32),
        ),
        Baseline(
            "blurred",
            "Blurred",
            "The image without its details: what counts is what a blur takes away.",
            _blurred,
        ),
    )
}
"""All of them, in the order in which they are shown."""
