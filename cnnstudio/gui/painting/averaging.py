"""Images with fewer pixels: each one the mean of the area that it covers."""

import functools

import numpy as np


@functools.lru_cache(maxsize=64)
def _shares(size: int, wanted: int) -> np.ndarray:
    """(wanted, size) float32: which share each old pixel has in each new one; rows add up to 1."""
    edges = np.linspace(0, size, wanted + 1)[:, np.newaxis]
    old = np.arange(size)
    covered = np.minimum(edges[1:], old + 1) - np.maximum(edges[:-1], old)
    return (covered.clip(0) * (wanted / size)).astype(np.float32)


def average(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Lowers the resolution by averaging areas; pixels that lie across an edge count with their shares.

    Args:
        images: (…, old height, old width, channels) uint8.
        height: 1 to the old height.
        width: 1 to the old width.

    Returns:
        (…, height, width, channels) uint8, rounded.
    """
    *many, rows, columns, channels = images.shape
    if (rows, columns) == (height, width):
        return images
    values = images.reshape(-1, rows, columns * channels).astype(np.float32)
    lower = (_shares(rows, height) @ values).reshape(-1, columns, channels)
    means = _shares(columns, width) @ lower
    return np.rint(means).astype(np.uint8).reshape(*many, height, width, channels)
