"""Of the ink in a picture, all of the digit is found, and nothing else."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cnnstudio.data.pictures.handwriting import best_piece, bounding_box, without_ruled_lines


def four(width: int = 220) -> np.ndarray:
    """The ink of a 4, which fills a picture unless it is wider: (400, width), 0–1."""
    picture = Image.new("L", (width, 400))
    pen = ImageDraw.Draw(picture)
    pen.line(((110, 20), (30, 250), (190, 250)), fill=255, width=18, joint="curve")
    pen.line(((130, 140), (130, 380)), fill=255, width=18)
    return np.asarray(picture, np.float32) / 255


def test_the_arm_of_a_4_is_no_ruled_line_below_a_dark_edge() -> None:
    ink = four()
    ink[:8] = np.maximum(ink[:8], 0.4)
    assert np.array_equal(without_ruled_lines(ink, 2), ink)


@pytest.mark.parametrize("run", [10**6, 20])
def test_two_ruled_lines_go_and_the_digit_stays(run: int) -> None:
    """Level lines, and crooked ones, which rise by one pixel in 20."""
    ink = four(440)
    ruled = ink.copy()
    columns = np.arange(ink.shape[1])
    for row in (60, 300):
        for beside in range(3):
            rows = row + beside - columns // run
            ruled[rows, columns] = np.maximum(ink[rows, columns], 0.3)
    cleared = without_ruled_lines(ruled, 2)
    assert np.array_equal(cleared[ink > 0], ink[ink > 0])
    assert np.count_nonzero(cleared[ink == 0]) < 0.2 * np.count_nonzero(ruled[ink == 0])


def test_two_ways_to_see_a_digit_that_fills_its_picture_leave_one() -> None:
    """A blue 4 on grey paper differs from it in brightness and in tint, over the same box."""
    covered = Image.new("L", (130, 170))
    pen = ImageDraw.Draw(covered)
    pen.line(((85, 0), (8, 115), (120, 122)), fill=255, width=16, joint="curve")
    pen.line(((88, 0), (62, 170)), fill=255, width=16)
    share = np.asarray(covered, np.float32)[..., np.newaxis] / 255 * 0.7
    light = np.linspace(130, 170, 130)[np.newaxis, :, np.newaxis]
    pixels = light + share * (np.array([50, 70, 170]) - light)
    piece = best_piece(Image.fromarray(pixels.astype(np.uint8)))
    assert piece is not None
    rows, _ = bounding_box(piece.mask)
    assert rows.stop - rows.start > 160
