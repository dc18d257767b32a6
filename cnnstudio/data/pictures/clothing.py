"""Finding what lies or hangs before a plain ground: one piece of clothing, as in the product photos of Fashion-MNIST.

The images of Fashion-MNIST were made from photos on a white ground: trimmed to what differs from it, scaled until the
longer side has 28 pixels, put in the middle, negated, made grey (Xiao, Rasul and Vollgraf, 2017, section 2).
"""

import numpy as np
from PIL import Image

from cnnstudio.data.pictures.handwriting import bounding_box

_SEARCH_SIDE = 320
_BORDER = 0.03
"""Share of the picture's side within which its border shows the ground."""

_LEAST_DIFFERENCE = 18
"""Of 255: what differs by less from the ground is ground."""

_SPREAD = 2.5
"""What differs by less than so many times as nearly all of the border does is ground too."""

_LEAST_SHARE, _MOST_SHARE = 0.01, 0.9
"""Share of the picture that a piece of clothing covers."""

_BELONGS = 0.03
"""A smaller piece belongs to the largest if it has at least this share of its pixels: one of a pair of shoes."""


_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in the luminance (ITU-R BT.601)."""


def find_clothing(image: Image.Image) -> np.ndarray | None:
    """Cuts out what differs from the ground that the picture's border shows.

    Args:
        image: of mode L or RGB.

    Returns:
        (height, width) float32, 0–1, the piece, at most `_SEARCH_SIDE` high and wide: 0 is the ground, 1 as far from it
        as can be. None where nothing stands out, or nearly everything does.
    """
    from scipy import ndimage

    small = image.copy()
    small.thumbnail((_SEARCH_SIDE, _SEARCH_SIDE))
    pixels = np.asarray(small.convert("RGB"), np.float32)
    border = _border(pixels.shape[:2])
    ground = _ground(pixels, border)
    difference = np.abs(ndimage.uniform_filter(pixels - ground, (3, 3, 1))).max(axis=2)
    threshold = max(_LEAST_DIFFERENCE, _SPREAD * float(np.percentile(difference[border], 75)))
    mask = _main_pieces(difference > threshold)
    if not _LEAST_SHARE < mask.mean() < _MOST_SHARE:
        return None
    strength = np.where(mask, _away_from(ground @ _LUMA, pixels @ _LUMA), 0)
    return strength[bounding_box(mask)].astype(np.float32)


def _border(shape: tuple[int, int]) -> np.ndarray:
    """Which pixels are of the border, (height, width) bool."""
    depth = max(1, round(_BORDER * max(shape)))
    border = np.ones(shape, dtype=bool)
    border[depth:-depth, depth:-depth] = False
    return border


def _ground(pixels: np.ndarray, border: np.ndarray) -> np.ndarray:
    """The ground as a plane in each colour, (height, width, 3): light falls from a side, and things may reach the edge.

    Fitted to the border by least squares; half of the border's pixels, those that fit worst, are then left out.
    """
    height, width = border.shape
    rows, columns = np.mgrid[:height, :width]
    basis = np.stack([np.ones(border.shape), rows / height, columns / width], axis=-1).astype(np.float32)
    x, y = basis[border], pixels[border]
    ground = np.linalg.lstsq(x, np.broadcast_to(np.median(y, axis=0), y.shape), rcond=None)[0]
    for _ in range(3):
        error = np.abs(y - x @ ground).max(axis=1)
        kept = error <= np.median(error)
        ground = np.linalg.lstsq(x[kept], y[kept], rcond=None)[0]
    return np.clip(basis @ ground, 0, 255)


def _main_pieces(mask: np.ndarray) -> np.ndarray:
    """The largest connected piece, what belongs to it, and what they enclose."""
    from scipy import ndimage

    pieces, count = ndimage.label(ndimage.binary_opening(mask), np.ones((3, 3)))
    if not count:
        return np.zeros_like(mask)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    # What opening took from thin straps and heels comes back where it touches.
    kept = ndimage.binary_propagation(sizes[pieces] >= _BELONGS * sizes.max(), mask=mask)
    return ndimage.binary_fill_holes(kept)


def _away_from(ground: np.ndarray, luminance: np.ndarray) -> np.ndarray:
    """How far a pixel is from its ground, 0–1, towards dark on a light ground and towards light on a dark one."""
    if ground.mean() > 127:
        return np.clip((ground - luminance) / np.maximum(ground, 1), 0, 1)
    return np.clip((luminance - ground) / np.maximum(255 - ground, 1), 0, 1)
