"""Series that grow."""

import numpy as np

from cnnstudio.gui.widgets.charts.curves import put


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
