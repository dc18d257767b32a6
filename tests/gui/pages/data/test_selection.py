"""What is said of an image; and averaging areas, against what it must equal."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.folders.load import load_folder
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.pages.data.selection import Selection, average

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


def test_ones_own_images_are_called_by_their_files(tmp_path: Path) -> None:
    for number in range(8):
        file = tmp_path / "set" / "ab"[number % 2] / f"holiday {number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RANDOM.integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(file)
    captions = Selection(load_folder(tmp_path / "set", 8, 3), "train", 0)
    assert captions.caption(0).startswith("a · training: a/holiday ")


def test_published_images_are_called_by_their_numbers(digits: Dataset) -> None:
    assert Selection(digits, "test").origin(14) == "test image 15"
