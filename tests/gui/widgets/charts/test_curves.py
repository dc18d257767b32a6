"""Series that grow, and their outline on a screen."""

import numpy as np
import pytest

from cnnstudio.gui.widgets.charts.curves import outline, put


def test_chunks_add_up():
    numbers = np.random.default_rng(0).random(5000)
    series = np.empty(0)
    for start in range(0, 5000, 37):
        series = put(series, start, numbers[start : start + 37])
    np.testing.assert_array_equal(series, numbers)


def test_a_gap_is_nan_and_places_can_be_written_again():
    series = put(np.empty(0), 2, np.array([2.0, 3.0]))
    series = put(series, 0, np.array([0.5]))
    np.testing.assert_array_equal(series, [0.5, np.nan, 2.0, 3.0])


def test_few_values_are_all_shown():
    numbers = np.arange(50.0)
    places, corners = outline(numbers, 10, 30, 100)
    np.testing.assert_array_equal(places, np.arange(10, 30))
    np.testing.assert_array_equal(corners, numbers[10:30])


@pytest.mark.parametrize("count", [1001, 12_345, 100_000])
def test_the_outline_keeps_every_extreme(count):
    numbers = np.random.default_rng(1).normal(size=count)
    numbers[count // 3] = 50
    places, corners = outline(numbers, 0, count, 400)
    assert len(corners) <= 800
    assert corners.max() == 50
    assert corners.min() == numbers.min()
    peak = places[np.argmax(corners)]
    assert abs(peak - count // 3) <= count / 400
    assert (np.diff(places) >= 0).all()


def test_one_nan_does_not_hide_its_neighbours():
    numbers = np.ones(10_000)
    numbers[5000] = np.nan
    _, corners = outline(numbers, 0, 10_000, 100)
    assert np.isfinite(corners).all()


def test_nothing_in_view_is_nothing():
    places, corners = outline(np.ones(10), 20, 40, 100)
    assert len(places) == len(corners) == 0
