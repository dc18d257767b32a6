"""Averaging areas, against what it must equal."""

import numpy as np
import pytest

from cnnstudio.gui.pages.data.selection import average

RANDOM = np.random.default_rng(0)


def test_whole_factors_are_means_of_blocks() -> None:
    images = RANDOM.integers(0, 256, (3, 28, 42, 3), dtype=np.uint8)
    blocks = images.reshape(3, 14, 2, 14, 3, 3).mean(axis=(2, 4))
    assert np.abs(average(images, 14, 14) - blocks).max() <= 0.5


@pytest.mark.parametrize("side", [1, 3, 9, 13, 20, 27])
def test_shares_of_pixels_across_an_edge(side: int) -> None:
    image = RANDOM.integers(0, 256, (28, 28, 1), dtype=np.uint8)
    # Every pixel as `side` × `side` equal ones: then any of these factors is a whole one.
    large = image.repeat(side, axis=0).repeat(side, axis=1)
    expected = large.reshape(side, 28, side, 28, 1).mean(axis=(1, 3))
    assert np.abs(average(image, side, side) - expected).max() <= 0.5 + 1e-3


def test_as_it_is() -> None:
    image = RANDOM.integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert np.array_equal(average(image, 9, 7), image)
    assert average(image, 1, 1)[0, 0].tolist() == np.rint(image.mean(axis=(0, 1))).tolist()
