"""The rule “clothing”: photos of one thing before a plain ground become images as those of Fashion-MNIST."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.pictures.clothing import find_clothing
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.pictures.open import open_image
from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.errors import StudioError

SHAPE = (28, 28, 1)


@pytest.fixture(scope="module")
def clothes(datasets_folder: Path) -> np.ndarray:
    """(30, 28, 28) test images of Fashion-MNIST."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNSTUDIO_DATASETS", str(datasets_folder))
        return DATASETS["fashion-mnist"].load().test.images[:30, ..., 0]


def prepare(picture: Image.Image, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    return INPUT_RULES["clothing"].prepare(picture, shape).image


def photograph(item: np.ndarray, random: np.random.Generator) -> Image.Image:
    """The image as a photo: dark on a lit, tinted, noisy ground, somewhere in a larger picture, as a JPEG."""
    height, width = random.integers(450, 700, 2)
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    light = random.uniform(200, 245) * (1 - random.uniform(0, 0.25) * (rows + columns) / 2)
    page = light[..., np.newaxis] * np.array([1, random.uniform(0.9, 1), random.uniform(0.85, 1)])
    side = int(random.integers(220, 400))
    top, left = int(random.integers(20, height - side - 20)), int(random.integers(20, width - side - 20))
    large = np.asarray(Image.fromarray(item).resize((side, side), Image.Resampling.BICUBIC)) / 255
    page[top : top + side, left : left + side] *= 1 - large[..., np.newaxis]
    page += random.normal(0, 2.5, (height, width, 1))
    file = io.BytesIO()
    Image.fromarray(np.clip(page, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
    return open_image(file.getvalue())


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two images."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_photos_become_what_they_were_made_from(clothes: np.ndarray) -> None:
    random = np.random.default_rng(0)
    photos = [photograph(item, random) for item in clothes]
    found = [likeness(prepare(photo), item) for photo, item in zip(photos, clothes, strict=True)]
    assert np.median(found) > 0.9
    assert np.quantile(found, 0.1) > 0.6
    cropped = [INPUT_RULES["centre-crop"].prepare(photo, SHAPE).image for photo in photos]
    assert np.median([likeness(image, item) for image, item in zip(cropped, clothes, strict=True)]) < 0


def test_an_exported_image_is_left_as_it_is(clothes: np.ndarray) -> None:
    for item in clothes:
        picture = Image.fromarray(item)
        assert np.array_equal(prepare(picture)[..., 0], item)
        assert np.array_equal(prepare(Image.fromarray(255 - item))[..., 0], item)


@pytest.mark.parametrize("ground", [235, 20])
def test_the_longer_side_fits_and_the_piece_is_in_the_middle(ground: int) -> None:
    pixels = np.full((300, 400, 3), ground, np.uint8)
    pixels[40:100, 50:290] = (120, 30, 160)
    image = prepare(Image.fromarray(pixels))[..., 0]
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert (columns[0], columns[-1]) == (0, 27)
    assert abs(rows[0] + rows[-1] - 27) <= 1
    assert len(rows) in range(6, 9)
    found = find_clothing(Image.fromarray(pixels))
    assert found is not None
    # It is searched at 320 of 400 pixels.
    assert found.shape == pytest.approx((48, 192), abs=4)


def test_colour_alone_tells_a_piece_from_its_ground() -> None:
    """A red shirt as bright as the grey behind it is found, though its image is dark."""
    pixels = np.full((200, 200, 3), 150, np.uint8)
    pixels[50:150, 60:140] = (235, 120, 90)
    found = find_clothing(Image.fromarray(pixels))
    assert found is not None
    assert found.shape == pytest.approx((100, 80), abs=4)


@pytest.mark.parametrize("size", [(300, 200), (1, 1), (5000, 2), (2, 90)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_blank_picture_gets_a_sentence(mode: str, size: tuple[int, int]) -> None:
    with pytest.raises(StudioError, match="No piece of clothing stands out"):
        prepare(Image.new(mode, size, 200 if mode == "L" else (200, 190, 180)))
