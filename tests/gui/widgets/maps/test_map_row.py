"""Tiles: where they lie, and that their pixels are the values'."""

import numpy as np
import pytest

from cnnstudio.gui.look.theme import array_to_image
from cnnstudio.gui.widgets.maps.colour_scale import format_value, limits_of, rounded
from cnnstudio.gui.widgets.maps.map_row import MOST_LINES, lay_out, paint_maps

SHAPES = [(28, 28, 6), (5, 5, 16), (3, 9, 40), (1, 1, 120), (112, 112, 32), (7, 7, 2048), (10,), (120,), (4096,)]


def argb(image):
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()


@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_lie_side_by_side_inside_the_width(shape):
    raster = lay_out(shape, 500, expanded=True)
    assert raster.shown == raster.count == shape[-1]
    covered = np.zeros((raster.total_height, 500), int)
    for number in range(raster.shown):
        place = raster.place(number)
        covered[place.top() : place.bottom() + 1, place.left() : place.right() + 1] += 1
        assert raster.tile_at(place.center().x(), place.center().y()) == number
    assert covered.max() == 1
    assert covered.sum() == raster.shown * raster.width * raster.height


@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_have_a_comfortable_size(shape):
    raster = lay_out(shape, 500, expanded=False)
    assert 8 <= max(raster.width, raster.height) <= 96
    assert raster.total_height <= MOST_LINES * 104


def test_of_very_many_only_some_lines_are_shown_at_first():
    raster = lay_out((7, 7, 2048), 500, expanded=False)
    assert raster.more
    assert raster.shown == MOST_LINES * raster.columns
    assert raster.tiles_between(0, 10_000) == range(raster.shown - 1)


def test_a_strip_holds_whole_lines():
    raster = lay_out((28, 28, 40), 300, expanded=True)
    assert raster.tiles_between(raster.pitch + 1, raster.pitch + 2) == range(raster.columns, 2 * raster.columns)
    assert raster.tiles_between(-50, 0) == range(raster.columns)
    assert len(raster.tiles_between(-50, -10)) == len(raster.tiles_between(10_000, 10_100)) == 0


@pytest.mark.parametrize("shape", [(28, 28, 6), (5, 4, 16), (120,)])
def test_every_value_is_a_square_of_its_colour(shape):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    raster = lay_out(shape, 300, expanded=True)
    limits = limits_of(values, "viridis")
    picture = argb(paint_maps(values, raster, range(shape[-1]), "viridis", limits))
    maps = values if values.ndim == 3 else values[np.newaxis, np.newaxis]
    for number in range(shape[-1]):
        place = raster.place(number)
        tile = picture[place.top() : place.bottom() + 1, place.left() : place.right() + 1]
        expected = argb(array_to_image(np.ascontiguousarray(maps[..., number]), "viridis", limits))
        np.testing.assert_array_equal(tile, expected.repeat(raster.scale, 0).repeat(raster.scale, 1))


def test_between_the_tiles_it_is_transparent():
    raster = lay_out((28, 28, 3), 300, expanded=True)
    picture = argb(paint_maps(np.ones((28, 28, 3)), raster, range(3), "viridis", (0, 1)))
    assert (picture[:, raster.width : raster.width + raster.gap] == 0).all()


def test_large_maps_shrink_by_means():
    values = np.random.default_rng(0).random((112, 112, 2)).astype(np.float32)
    raster = lay_out(values.shape, 300, expanded=True)
    assert raster.stride == 2
    picture = argb(paint_maps(values, raster, range(2), "viridis", (0, 1)))
    means = values.reshape(56, 2, 56, 2, 2).mean(axis=(1, 3))
    place = raster.place(1)
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
    [(0.0, "0"), (-0.0, "0"), (1.876, "1.88"), (-0.25, "−0.25"), (12345.6, "12,346"), (np.nan, "not a number")],
)
def test_numbers_are_short(value, text):
    assert format_value(value) == text


def test_a_legend_says_zero_for_next_to_nothing():
    assert rounded((2e-5, 0.7)) == (0.0, 0.7)
    assert rounded((-2e-5, 3e-5)) == (-2e-5, 3e-5)
