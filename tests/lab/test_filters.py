"""Filters with names, and filtering whole pictures, against SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.lab.filters import FILTERS, SIDES, filtered, gabor, joined, on_screen

_NONE_LEFT = ("edges", "strong_edges", "laplacian", "sobel_x", "sobel_y", "prewitt_x", "scharr_y", "gabor_x")


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    st.tuples(st.integers(1, 30), st.integers(1, 30), st.sampled_from((1, 3, 4))),
    st.sampled_from(SIDES),
    st.sampled_from(SIDES),
    st.sampled_from((np.uint8, np.float32, np.float64)),
    st.integers(0, 999),
)
def test_a_filtered_picture_is_that_of_scipy(shape, rows, columns, dtype, seed):
    from scipy import ndimage

    numbers = np.random.default_rng(seed)
    picture = numbers.uniform(0, 255, shape).astype(dtype)
    kernel = numbers.normal(size=(rows, columns)) * (numbers.random((rows, columns)) < 0.7)
    expected = ndimage.correlate(picture.astype(np.float64), kernel[..., np.newaxis], mode="nearest")
    np.testing.assert_allclose(filtered(picture, kernel), expected, atol=2e-3)


def test_a_large_picture_is_filtered_in_several_threads_alike():
    from scipy import ndimage

    picture = np.random.default_rng(1).integers(0, 256, (301, 400, 3), dtype=np.uint8)
    kernel = FILTERS["gaussian_blur"].make(5)
    expected = ndimage.correlate(picture.astype(np.float64), kernel[..., np.newaxis], mode="nearest")
    np.testing.assert_allclose(filtered(picture, kernel), expected, atol=1e-3)


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_has_a_kernel_of_each_of_its_sides(name):
    for side in FILTERS[name].sides:
        kernel = FILTERS[name].make(side)
        assert kernel.shape == (side, side)
        total = 0 if name in _NONE_LEFT or "_x" in name or "_y" in name or "slanted" in name else 1
        assert kernel.sum() == pytest.approx(total)


def test_gabor_filters_find_stripes_of_their_direction():
    stripes = np.tile(128 + 100 * np.cos(2 * np.pi * np.arange(40) / 4), (40, 1))[..., np.newaxis]
    along = np.abs(filtered(stripes, gabor(7, 0))).max()
    assert along > 5 * np.abs(filtered(stripes, gabor(7, 90))).max()


def test_several_filters_are_one_larger_kernel():
    picture = np.random.default_rng(0).uniform(0, 255, (20, 20, 1))
    chain = [FILTERS["sharpen"].make(3), FILTERS["sobel_x"].make(3), FILTERS["gaussian_blur"].make(5)]
    whole = joined(chain)
    assert whole.shape == (9, 9)
    after = picture
    for kernel in chain:
        after = filtered(after, kernel)
    inside = (slice(4, -4), slice(4, -4))
    np.testing.assert_allclose(filtered(picture, whole)[inside], after[inside], atol=0.05)
    np.testing.assert_array_equal(joined([]), [[1]])


def test_numbers_below_0_are_shown_in_three_ways():
    numbers = np.array([-300, -100, 0, 100, 300], np.float32)
    assert on_screen(numbers.copy(), "clip").tolist() == [0, 0, 0, 100, 255]
    assert on_screen(numbers.copy(), "grey").tolist() == [0, 78, 128, 178, 255]
    assert on_screen(numbers.copy(), "magnitude").tolist() == [255, 100, 0, 100, 255]


def test_a_filter_of_nothing_but_zeros_leaves_nothing():
    assert not filtered(np.ones((3, 3, 1)), np.zeros((3, 3))).any()
