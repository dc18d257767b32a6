"""Telling an ordinary photo from a picture of a digit on paper."""

import numpy as np
from PIL import Image

_SIDE = 64
_MANY_TONES = 3.7
_SOME_TONES = 3.0
_COLOURFUL = 25.0


def looks_like_a_photo(picture: Image.Image) -> bool:
    """Whether a picture has the many tones and colours of an ordinary photo; paper and ink have few.

    Tones are measured by the entropy of 32 levels of grey, in bits; colours by how far they spread (Hasler and
    Süsstrunk, Measuring colourfulness in natural images, 2003, without its term for an overall tint, which lamps give
    to paper).
    """
    pixels = np.asarray(picture.convert("RGB").resize((_SIDE, _SIDE))).astype(np.float32)
    red, green, blue = np.moveaxis(pixels, 2, 0)
    colours = np.hypot((red - green).std(), ((red + green) / 2 - blue).std())
    shares = np.histogram(pixels.mean(axis=2), 32, (0, 256))[0] / _SIDE**2
    tones = -(shares[shares > 0] * np.log2(shares[shares > 0])).sum()
    return bool(tones > _MANY_TONES or (tones > _SOME_TONES and colours > _COLOURFUL))
