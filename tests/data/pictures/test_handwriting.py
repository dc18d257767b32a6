"""Of the ink in a picture, all of the digit is found, and nothing else."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

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


EIGHT = ((52, 12), (18, 6), (10, 26), (48, 58), (38, 82), (12, 76), (16, 54), (54, 12))
NINE = ((48, 16), (26, 5), (8, 22), (20, 42), (46, 18), (44, 50), (28, 88))
ZERO = ((34, 9), (10, 45), (32, 86), (60, 52), (34, 9))
FILLING = {
    "a bare 1 of a ballpoint": ((19, 91), ((9, -3), (10, 94)), 8, (45, 60, 150), 0.5),
    "an 8 of a ballpoint": ((60, 90), EIGHT, 11, (45, 60, 150), 0.7),
    "a 9 in pencil": ((56, 90), NINE, 11, (90, 90, 95), 0.5),
    "a 0 of a marker": ((70, 96), ZERO, 17, (20, 20, 20), 0.2),
    "an 8 in chalk": ((60, 90), EIGHT, 11, (235, 235, 230), 0.5),
}


@pytest.mark.parametrize("name", FILLING)
def test_a_digit_that_fills_its_picture_is_told_from_what_it_encloses(name: str) -> None:
    """Strokes in uneven light, blurred: (width, height), line, pen, colour of the ink, darkness of the corners."""
    (width, height), line, pen, colour, dark = FILLING[name]
    covered = Image.new("L", (4 * width, 4 * height))
    points = [(4 * x, 4 * y) for x, y in line]
    ImageDraw.Draw(covered).line(points, fill=255, width=4 * pen, joint="curve")
    ink = np.asarray(covered.resize((width, height), Image.Resampling.BOX), np.float32)[..., np.newaxis] / 255
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    light = (1 - dark * (x**2 + y**2) / 2)[..., np.newaxis]
    paper = np.array([60, 60, 58]) if colour[0] > 200 else np.array([150, 148, 138])
    pixels = np.clip(light * (paper + 0.5 * ink * (colour - paper)), 0, 255).astype(np.uint8)
    picture = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1.5))
    found = best_piece(picture.resize((240 * width // height, 240)))
    assert found is not None
    truth = np.asarray(Image.fromarray(ink[..., 0] > 0.5).resize(found.mask.shape[::-1]))
    assert (found.mask & truth).sum() > 0.7 * (found.mask | truth).sum()
