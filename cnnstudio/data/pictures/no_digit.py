"""Telling pictures of something else from digits, after the ink was found and a network has answered.

A network for digits answers every picture with a digit. As measured with LeNet-5 on MNIST, what is found in photos of
other things is often torn, its width uneven, and the network less sure of it than of nearly all digits.
"""

import numpy as np
from PIL import Image

_DETAIL = 4
"""Times that an image is enlarged before the pieces and the width of its strokes are measured."""

_INK = 100
"""What is lighter in the image is ink."""

_LEAST_PIECE = 40
"""Smaller pieces are specks, in pixels of the enlarged image."""

_UNEVEN, _TORN = 0.27, 0.25
"""How much the width of a digit's strokes varies at most, as a share of their mean: of one piece, and of several."""

_SURE, _HARDLY_SURE, _GUESS = 0.99, 0.95, 0.6
"""How sure the network is of a digit: of torn strokes or with the tones of a photo, of uneven strokes, and of any."""


def looks_like_no_digit(image: np.ndarray, probability: float, is_photo: bool) -> bool:
    """Whether a picture hardly shows a digit.

    Args:
        image: (height, width, channels) uint8, what the network got of the picture.
        probability: of its answer.
        is_photo: whether the picture has the tones of a photo (`cnnstudio.data.pictures.input_rules`).
    """
    if probability < _GUESS or (is_photo and probability < _SURE):
        return True
    pieces, variation = _strokes(image[..., 0])
    if pieces > 1 and (is_photo or (variation > _TORN and probability < _SURE)):
        return True
    return variation > _UNEVEN and probability < _HARDLY_SURE


def _strokes(image: np.ndarray) -> tuple[int, float]:
    """How many pieces the ink has, and how much the width of its strokes varies, as a share of their mean."""
    from scipy import ndimage

    height, width = image.shape
    large = Image.fromarray(image).resize((_DETAIL * width, _DETAIL * height), Image.Resampling.BICUBIC)
    ink = np.asarray(large) > _INK
    labels, _ = ndimage.label(ink, np.ones((3, 3)))
    pieces = int((np.bincount(labels.ravel())[1:] > _LEAST_PIECE).sum())
    distance = ndimage.distance_transform_edt(ink)
    ridge = distance[(distance == ndimage.maximum_filter(distance, 5)) & (distance > 1)]
    return pieces, float(ridge.std() / ridge.mean()) if ridge.size else 0.0
