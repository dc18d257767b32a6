"""Pooling done by hand; tests/end_to_end/test_lab.py compares it with Keras."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnstudio.errors import StudioError
from cnnstudio.lab.pooling import LECTURE_INPUT, Pooling, shifted


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(1, 2)),
    st.sampled_from(("max", "average")),
    st.sampled_from(((1, 1), (2, 2), (3, 2), (5, 5), None)),
    st.sampled_from((None, (1, 1), (2, 1), (3, 3))),
    st.integers(0, 999),
)
def test_pooling_is_that_of_a_sliding_window(shape, kind, size, strides, seed):
    pooling = Pooling(kind, size, strides)
    assume(not pooling.problem(shape))
    inputs = np.random.default_rng(seed).normal(size=shape)
    reach = size or shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(inputs, reach, axis=(0, 1))
    down, across = strides or reach
    expected = (np.max if kind == "max" else np.mean)(windows[::down, ::across], axis=(-2, -1))
    done = pooling.on(inputs)
    np.testing.assert_allclose(done.output, expected)
    if kind == "max":
        for place in np.ndindex(done.output.shape):
            number = done.number(*place)
            assert inputs[(*number.source, place[2])] == number.value


def test_the_example_of_the_lecture():
    done = Pooling().on(LECTURE_INPUT)
    assert done.output[..., 0].tolist() == [[6, 8], [3, 4]]
    assert [done.number(row, column).source for row in (0, 1) for column in (0, 1)] == [(1, 1), (1, 3), (2, 0), (3, 3)]
    assert Pooling("average").on(LECTURE_INPUT).output[..., 0].tolist() == [[3.25, 5.25], [2, 2]]
    assert Pooling(size=None).on(LECTURE_INPUT).output.tolist() == [[[8]]]
    assert Pooling("average", None).on(LECTURE_INPUT).output.tolist() == [[[3.125]]]


def test_the_same_layer_in_keras():
    assert Pooling().keras == "keras.layers.MaxPooling2D(2)"
    assert Pooling("average", (3, 2), (1, 1), "same").keras == (
        'keras.layers.AveragePooling2D((3, 2), strides=1, padding="same")'
    )
    assert Pooling("average", None).keras == "keras.layers.GlobalAveragePooling2D()"


def test_a_window_larger_than_the_map_is_refused():
    with pytest.raises(StudioError, match="The window reaches over 5 numbers, but the input has only 4"):
        Pooling(size=(5, 5)).on(LECTURE_INPUT)
    assert "never move on" in Pooling(strides=(0, 0)).problem((4, 4))


def test_a_cell_without_a_number_spoils_its_window_alone():
    numbers = LECTURE_INPUT.copy()
    numbers[0, 0] = np.nan
    output = Pooling().on(numbers).output[..., 0]
    assert np.isnan(output[0, 0])
    assert output.ravel()[1:].tolist() == [8, 3, 4]


def test_a_shifted_picture():
    picture = np.arange(9).reshape(3, 3)
    assert shifted(picture, 0, 1).tolist() == [[0, 0, 1], [0, 3, 4], [0, 6, 7]]
    assert shifted(picture, -1, -1).tolist() == [[4, 5, 0], [7, 8, 0], [0, 0, 0]]
    assert not shifted(picture, 5, 0).any()
