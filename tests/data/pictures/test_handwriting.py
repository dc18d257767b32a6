"""Of the ink in a picture, all of the digit is found, and nothing else."""

import numpy as np
from PIL import Image, ImageDraw

from cnnstudio.data.pictures.handwriting import best_piece, bounding_box, without_ruled_lines


def four() -> np.ndarray:
    """The ink of a 4 that fills a narrow picture: (400, 220), 0–1."""
    picture = Image.new("L", (220, 400))
    pen = ImageDraw.Draw(picture)
    pen.line(((110, 20), (30, 250), (190, 250)), fill=255, width=18, joint="curve")
    pen.line(((130, 140), (130, 380)), fill=255, width=18)
    return np.asarray(picture, np.float32) / 255


def test_the_arm_of_a_4_is_no_ruled_line_below_a_dark_edge() -> None:
    ink = four()
    ink[:8] = np.maximum(ink[:8], 0.4)
    assert np.array_equal(without_ruled_lines(ink, 2), ink)


def test_ruled_lines_go_and_the_arm_of_a_4_stays() -> None:
    ink = four()
    ruled = ink.copy()
    for row in (60, 180, 300):
        ruled[row : row + 4] = np.maximum(ruled[row : row + 4], 0.3)
    cleared = without_ruled_lines(ruled, 2)
    assert np.array_equal(cleared[ink > 0], ink[ink > 0])
    assert cleared[ink == 0].max() == 0


def test_a_wide_line_is_found_whole_where_it_is_faint_for_a_while() -> None:
    covered = Image.new("L", (155, 240))
    pen = ImageDraw.Draw(covered)
    pen.arc((8, 20, 110, 125), 0, 360, fill=255, width=22)
    pen.line(((108, 75), (128, 110)), fill=120, width=22)
    pen.line(((128, 105), (120, 150), (60, 225)), fill=255, width=22, joint="curve")
    share = np.asarray(covered, np.float32)[..., np.newaxis] / 255 * 0.6
    light = 150 + 20 * np.sin(np.linspace(0, 6, 155))[np.newaxis, :, np.newaxis]
    pixels = light + share * (np.array([35, 55, 140]) - light)
    piece = best_piece(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)))
    assert piece is not None
    rows, _ = bounding_box(piece.mask)
    assert rows.stop - rows.start > 190
