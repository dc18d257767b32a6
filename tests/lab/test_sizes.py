"""How many places a kernel finds, against NumPy's own sliding window, and what an impossible setting says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.lab.sizes import LARGEST, Sizes

_SIZES = st.builds(
    Sizes,
    st.integers(0, 14),
    st.integers(0, 6),
    st.one_of(st.sampled_from(("valid", "same")), st.integers(-1, 4)),
    st.integers(0, 4),
    st.integers(0, 3),
    st.sampled_from(("zero", "reflect", "edge")),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(_SIZES)
def test_a_setting_finds_the_places_that_numpy_finds_or_says_why_there_are_none(sizes):
    if sizes.problem:
        assert sizes.output == 0
        assert sizes.formula == ""
        assert sizes.problem.endswith(".")
        return
    before, after = sizes.window.padding
    reach = (sizes.kernel - 1) * sizes.dilation + 1
    places = np.lib.stride_tricks.sliding_window_view(np.zeros(sizes.size + before + after), reach)[:: sizes.stride]
    assert sizes.output == len(places)
    assert sizes.formula.endswith(f"⌋ + 1 = {len(places)}")
    if sizes.padding == "same":
        assert sizes.output == -(-sizes.size // sizes.stride)
        assert after - before in (0, 1)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(_SIZES, st.sampled_from(sorted(LARGEST)))
def test_the_ends_of_a_slider_are_possible(sizes, name):
    limits = sizes.limits(name)
    assert limits
    if not sizes.problem and isinstance(getattr(sizes, name), int):
        changed = {key: getattr(sizes, key) for key in ("size", "kernel", "padding", "stride", "dilation", "fill")}
        for value in (limits[0], limits[-1]):
            assert not Sizes(**{**changed, name: value}).problem
        assert getattr(sizes, name) in limits


def test_the_formula_stands_in_letters_and_in_numbers():
    assert Sizes(7, 3).letters == "N = ⌊(W − F + 2P)/S⌋ + 1"
    assert Sizes(7, 3, 1, 2).formula == "N = ⌊(7 − 3 + 2·1)/2⌋ + 1 = 4"
    assert Sizes(9, 3, 0, 1, 2).letters == "N = ⌊(W − D·(F − 1) − 1 + 2P)/S⌋ + 1"
    assert Sizes(9, 3, 0, 1, 2).formula == "N = ⌊(9 − 2·(3 − 1) − 1 + 2·0)/1⌋ + 1 = 5"
    assert Sizes(32, 3, "same", 2).formula == "N = ⌊(32 − 3 + (0 + 1))/2⌋ + 1 = 16"


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        (Sizes(3, 5), "The kernel reaches over 5 numbers, but the input has only 3"),
        (Sizes(3, 3, 0, 1, 2), "choose a smaller kernel or dilation"),
        (Sizes(3, 6, 1), "the input with its padding has only 5"),
        (Sizes(5, 3, stride=0), "with a stride of 0 the kernel would never move on"),
        (Sizes(5, 3, dilation=0), "The dilation must be at least 1"),
        (Sizes(0, 1), "The input must be at least 1"),
        (Sizes(5, 0), "The kernel must be at least 1"),
        (Sizes(5, 3, -1), "The padding must be at least 0"),
        (Sizes(1, 3, "same", fill="reflect"), "only 0 numbers to mirror"),
        (Sizes(3, 3, 3, fill="reflect"), "choose a smaller padding, or zeros"),
    ],
)
def test_an_impossible_setting_says_why(sizes, says):
    assert says in sizes.problem


@settings(max_examples=40, deadline=None, derandomize=True)
@given(_SIZES)
def test_what_is_never_seen_does_not_change_a_sum(sizes):
    """Where a number of the input is changed, numpy's windows differ, or it is one that is never seen."""
    if sizes.problem:
        assert sizes.unseen == []
        return
    places = np.pad(np.arange(sizes.size), sizes.window.padding, constant_values=-1)
    reach = sizes.window.kernel
    windows = np.lib.stride_tricks.sliding_window_view(places, reach)[:: sizes.stride, :: sizes.dilation]
    assert sizes.unseen == sorted(set(range(sizes.size)) - set(windows.ravel().tolist()))


def test_a_rest_is_rounded_down_and_said_and_so_is_what_is_never_seen():
    assert Sizes(7, 3, stride=2).remark == ""
    rounded = "is no whole number: Keras, TensorFlow and PyTorch round down."
    assert Sizes(7, 3, stride=3).remark == f"4/3 {rounded} Row and column 6 are never seen."
    assert Sizes(7, 3, stride=4).remark == "Row and column 3 are never seen."  # between the windows
    assert Sizes(9, 3, stride=4).remark == f"6/4 {rounded} Rows and columns 3, 7 and 8 are never seen."
    assert Sizes(32, 2, stride=8).remark == f"30/8 {rounded} 24 rows and columns of the input are never seen."
    assert Sizes(8, 3, 1, stride=2).remark == f"7/2 {rounded} Only padding is left out."
