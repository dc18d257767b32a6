"""Tiles: where they lie, and that their pixels are the values'."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint

from cnnstudio.gui.look.theme import array_to_image
from cnnstudio.gui.widgets.items import EDGE
from cnnstudio.gui.widgets.maps.colour_scale import format_value, limits_of, rounded
from cnnstudio.gui.widgets.maps.map_row import MOST_LINES, MapRow, lay_out, paint_maps

SHAPES = [(28, 28, 6), (5, 5, 16), (3, 9, 40), (1, 1, 120), (112, 112, 32), (7, 7, 2048), (10,), (120,), (4096,)]


def argb(image):
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()


@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_lie_side_by_side_inside_the_width(shape):
    lines = lay_out(shape, 500, expanded=True)
    assert lines.count == shape[-1]
    covered = np.zeros((lines.total_height, 500), int)
    for number in range(lines.count):
        place = lines.rectangle(number)
        covered[place.top() : place.bottom() + 1, place.left() : place.right() + 1] += 1
        assert lines.item_at(place.center().x(), place.center().y()) == number
    assert covered.max() == 1
    assert covered.sum() == lines.count * lines.width * lines.height


@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_have_a_comfortable_size(shape):
    lines = lay_out(shape, 500, expanded=False)
    assert 8 <= max(lines.width, lines.height) <= 96
    assert lines.total_height <= MOST_LINES * 104


def test_tiles_grow_into_a_height_as_long_as_all_have_room_there(qtbot):
    row = MapRow(times=2)
    qtbot.addWidget(row)
    row.resize(850, 100)
    row.set_values(np.zeros((5, 5, 6), np.float32))
    usual, height = row.lines(), row.height()
    row.grow_into(height + 10)
    assert row.lines() == usual
    row.resize(2800, 100)
    row.grow_into(900)
    assert row.lines().width > 2 * usual.width and row.lines().count == 6 and row.height() <= 900
    row.set_values(np.zeros((5, 5, 2000), np.float32))
    assert row.lines() == lay_out((5, 5, 2000), 2800 - 2 * EDGE, False, 2)


def test_of_very_many_only_some_lines_are_shown_at_first():
    lines = lay_out((7, 7, 2048), 500, expanded=False)
    assert lines.hidden
    assert lines.line_count == MOST_LINES
    assert lines.rectangle(lines.count - 1).width() >= 80, "there is room for how many more there are"
    assert lines.item_at(lines.columns * lines.across - 10, (MOST_LINES - 1) * lines.down + 1) == lines.count - 1
    assert lines.tiles_between(0, 10_000) == range(lines.count - 1)


@pytest.mark.parametrize("side", [28, 14, 10, 5])
def test_maps_of_one_size_stand_below_each_other(side):
    lines, first = lay_out((side, side, 16), 400, expanded=False), lay_out((28, 28, 6), 400, expanded=False)
    assert (lines.across, lines.columns) == (first.across, first.columns)


def test_a_strip_holds_whole_lines():
    lines = lay_out((28, 28, 40), 300, expanded=True)
    assert lines.tiles_between(lines.down + 1, lines.down + 2) == range(lines.columns, 2 * lines.columns)
    assert lines.tiles_between(-50, 0) == range(lines.columns)
    assert len(lines.tiles_between(-50, -10)) == len(lines.tiles_between(10_000, 10_100)) == 0


@pytest.mark.parametrize("shape", [(28, 28, 6), (5, 4, 16), (120,)])
def test_every_value_is_a_square_of_its_colour(shape):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    lines = lay_out(shape, 300, expanded=True)
    limits = limits_of(values, "viridis")
    picture = argb(paint_maps(values, lines, range(shape[-1]), "viridis", limits))
    maps = values if values.ndim == 3 else values[np.newaxis, np.newaxis]
    for number in range(shape[-1]):
        place = lines.rectangle(number)
        tile = picture[place.top() : place.bottom() + 1, place.left() : place.right() + 1]
        expected = argb(array_to_image(np.ascontiguousarray(maps[..., number]), "viridis", limits))
        np.testing.assert_array_equal(tile, expected.repeat(lines.scale, 0).repeat(lines.scale, 1))


def test_between_the_tiles_it_is_transparent():
    lines = lay_out((28, 28, 3), 300, expanded=True)
    picture = argb(paint_maps(np.ones((28, 28, 3)), lines, range(3), "viridis", (0, 1)))
    assert (picture[:, lines.width : lines.across] == 0).all()


def test_large_maps_shrink_by_means():
    values = np.random.default_rng(0).random((112, 112, 2)).astype(np.float32)
    lines = lay_out(values.shape, 300, expanded=True)
    assert lines.stride == 2
    picture = argb(paint_maps(values, lines, range(2), "viridis", (0, 1)))
    means = values.reshape(56, 2, 56, 2, 2).mean(axis=(1, 3))
    place = lines.rectangle(1)
    tile = picture[place.top() : place.bottom() + 1, place.left() : place.right() + 1]
    expected = argb(array_to_image(np.ascontiguousarray(means[..., 1]), "viridis", (0, 1)))
    assert (tile == expected).mean() > 0.999  # a mean of float32 may round the other way


def test_weights_are_symmetric_about_zero():
    values = np.array([[[-0.5, 0.0, 0.25]]])
    assert limits_of(values, "diverging") == (-0.5, 0.5)
    assert limits_of(values, "viridis") == (-0.5, 0.25)


def test_nan_is_passed_over():
    assert limits_of(np.array([np.nan, 2.0, 1.0]), "viridis") == (1.0, 2.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.876, "1.88"),
        (-0.25, "−0.25"),
        (12345.6, "12,346"),
        (8_299_032_514.0, "8.3×10⁹"),
        (-9.86e-7, "−9.86×10⁻⁷"),
        (np.nan, "not a number"),
    ],
)
def test_numbers_are_short(value, text):
    assert format_value(value) == text


def test_a_legend_says_zero_for_next_to_nothing():
    assert rounded((2e-5, 0.7)) == (0.0, 0.7)
    assert rounded((-2e-5, 3e-5)) == (-2e-5, 3e-5)


@pytest.mark.parametrize(("together", "beside", "below"), [(3, 3, 1), (6, 6, 1), (16, 8, 2), (1, 0, 0), (13, 0, 0)])
def test_what_belongs_together_stands_apart_from_the_next(together, beside, below):
    """Filters of as many kernels: whole in a line, or in whole lines; of 13 in lines of 9, much would be empty."""
    lines = lay_out((5, 5, 4 * together), 600, True, 1, together)
    first = [lines.rectangle(number) for number in range(lines.count)]
    gaps = {lines.across - lines.width, lines.down - lines.height}
    for number, (one, after) in enumerate(pairwise(first), start=1):
        if one.top() == after.top():
            apart = after.left() - one.right() - 1 not in gaps
            assert apart == (beside > 0 == number % together)
        elif below:
            assert (after.top() - one.bottom() - 1 not in gaps) == (number % together == 0)
    if beside:
        assert lines.columns % beside == 0 and lines.columns == max(beside, lines.columns // together * together)
    for number, place in enumerate(first):
        assert lines.item_at(place.center().x(), place.center().y()) == number
        assert lines.item_at(place.right() + 2, place.center().y()) != number + 1
        assert number in lines.tiles_between(place.top(), place.top())
    covered = [number for start, part in lines.parts(range(lines.count)) for number in tiles_in(lines, start, part)]
    assert sorted(covered) == list(range(lines.count))


def tiles_in(lines, start, part):
    """The tiles of a part of a picture, which begins with a certain one."""
    assert part.topLeft() == QPoint(start % lines.columns * lines.across, start // lines.columns * lines.down)
    across, down = part.width() // lines.across, part.height() // lines.down
    found = (start + line * lines.columns + column for line in range(down) for column in range(across))
    return [number for number in found if number < lines.count]
