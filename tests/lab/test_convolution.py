"""A convolution done by hand, against SciPy; tests/end_to_end/test_lab.py has Keras."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnstudio.errors import StudioError
from cnnstudio.lab.convolution import LECTURE_INPUT, LECTURE_KERNEL, Convolution, Use

_FEW = settings(max_examples=8, deadline=None, derandomize=True)


@st.composite
def layers(draw):
    """A convolution and an input for it, with few numbers and every setting."""
    groups = draw(st.integers(1, 3))
    seen, each = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    height, width = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    numbers = np.random.default_rng(draw(st.integers(0, 999)))
    dtype = draw(st.sampled_from((np.uint8, np.int64, np.float32, np.float64)))
    shape = (draw(st.integers(1, 8)), draw(st.integers(1, 8)), groups * seen)
    convolution = Convolution(
        numbers.normal(size=(height, width, seen, groups * each)),
        bias=draw(st.sampled_from((None, numbers.normal(size=groups * each)))),
        strides=(draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        dilations=(draw(st.integers(1, 2)), draw(st.integers(1, 2))),
        padding=draw(st.sampled_from(("valid", "same", 0, 1, 2))),
        fill=draw(st.sampled_from(("zero", "reflect", "edge"))),
        groups=groups,
        activation=draw(st.sampled_from(("linear", "relu"))),
        flipped=draw(st.booleans()),
    )
    assume(not convolution.problem(shape))
    return convolution, numbers.uniform(0, 9, shape).astype(dtype)


def by_scipy(convolution, inputs):
    """The same layer, kernel by kernel, from what SciPy and NumPy have."""
    from scipy import ndimage

    down, across = convolution.sizes(*inputs.shape[:2])
    modes = {"zero": "constant", "reflect": "reflect", "edge": "edge"}
    padding = (down.window.padding, across.window.padding, (0, 0))
    padded = np.pad(inputs.astype(np.float64), padding, mode=modes[convolution.fill])
    height, width, seen, filters = convolution.kernel.shape
    (d, e), (s, t) = convolution.dilations, convolution.strides
    wide = np.zeros(((height - 1) * d + 1, (width - 1) * e + 1, seen, filters))
    wide[::d, ::e] = convolution.kernel
    method, (up, left) = (
        (ndimage.convolve, ((len(wide) - 1) // 2, (wide.shape[1] - 1) // 2))
        if convolution.flipped
        else (ndimage.correlate, (len(wide) // 2, wide.shape[1] // 2))
    )
    rows, columns = (whole - reach + 1 for whole, reach in zip(padded.shape[:2], wide.shape[:2], strict=True))
    maps = []
    for number in range(filters):
        first = number // (filters // convolution.groups) * seen
        total = sum(method(padded[..., first + c], wide[..., c, number], mode="constant") for c in range(seen))
        total = total[up : up + rows, left : left + columns]
        total = total + (0 if convolution.bias is None else convolution.bias[number])
        maps.append(np.maximum(total, 0) if convolution.activation == "relu" else total)
    return np.stack(maps, axis=-1)[::s, ::t]


@_FEW
@given(layers())
def test_the_output_is_that_of_scipy(layer):
    convolution, inputs = layer
    np.testing.assert_allclose(convolution.on(inputs).output, by_scipy(convolution, inputs), atol=1e-9)


@_FEW
@given(layers(), st.integers(0, 10**6))
def test_every_step_adds_up_to_its_output(layer, chosen):
    convolution, inputs = layer
    done = convolution.on(inputs)
    row, column, filter_ = np.unravel_index(chosen % done.output.size, done.output.shape)
    step = done.step(row, column, filter_)
    np.testing.assert_allclose(step.patch * step.kernel, step.products)
    np.testing.assert_allclose(step.products.sum(axis=(0, 1)), step.sums)
    assert step.total == pytest.approx(step.sums.sum())
    assert step.before == pytest.approx(step.total + step.bias)
    assert step.value == pytest.approx(max(step.before, 0) if step.activation == "relu" else step.before)
    assert step.value == pytest.approx(done.output[row, column, filter_])
    assert (step.row, step.column, step.filter) == (row, column, filter_)
    for place in np.argwhere(step.inside):  # the window says truly where in the input it lies
        under = inputs[step.rows[place[0]], step.columns[place[1]]]
        np.testing.assert_array_equal(step.patch[tuple(place)], under[list(step.channels)])
    if convolution.fill == "zero":
        assert not step.patch[~step.inside].any()


@_FEW
@given(layers(), st.integers(0, 10**6))
def test_a_number_goes_where_changing_it_changes_the_output(layer, chosen):
    convolution, inputs = layer
    convolution = Convolution(**{**vars(convolution), "activation": "linear"})
    inputs = inputs.astype(np.float64)
    row, column = np.unravel_index(chosen % inputs[..., 0].size, inputs.shape[:2])
    more = inputs.copy()
    more[row, column, 0] += 1
    change = convolution.on(more).output[..., 0] - convolution.on(inputs).output[..., 0]
    expected = np.zeros_like(change)
    for use in convolution.on(inputs).uses(row, column):
        expected[use.row, use.column] += convolution.kernel[(*use.weight, 0, 0)]
    np.testing.assert_allclose(change, expected, atol=1e-9)


@_FEW
@given(layers(), st.integers(0, 10**6))
def test_what_a_weight_meets_sums_up_to_its_gradient(layer, chosen):
    convolution, inputs = layer
    convolution = Convolution(**{**vars(convolution), "activation": "linear"})
    weight = np.unravel_index(chosen % convolution.kernel.size, convolution.kernel.shape)
    more = convolution.kernel.copy()
    more[weight] += 1
    changed = Convolution(**{**vars(convolution), "kernel": more})
    change = changed.on(inputs).output - convolution.on(inputs).output
    meeting = convolution.on(inputs).meeting(*weight)
    np.testing.assert_allclose(meeting.values, change[..., weight[3]], atol=1e-9)
    assert meeting.gradient == pytest.approx(change.sum())
    seen = convolution.on(inputs).channels_of(weight[3])[weight[2]]
    for (i, row), (j, column) in ((a, b) for a in enumerate(meeting.rows) for b in enumerate(meeting.columns)):
        if 0 <= row < inputs.shape[0] and 0 <= column < inputs.shape[1]:
            assert meeting.values[i, j] == inputs[row, column, seen]


def test_the_example_of_the_lecture():
    done = Convolution.of_matrix(LECTURE_KERNEL).on(LECTURE_INPUT)
    assert done.output[..., 0].tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    assert done.step(0, 0).products[..., 0].tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]
    assert done.uses(0, 0) == [Use(0, 0, (0, 0))]
    assert len(done.uses(2, 2)) == 9
    assert done.meeting(1, 1, 0).gradient == LECTURE_INPUT[1:4, 1:4].sum()


def test_a_filter_for_colours_adds_a_sum_for_each_channel_and_a_bias():
    inputs = np.stack([LECTURE_INPUT, 2 * LECTURE_INPUT, -LECTURE_INPUT], axis=-1)
    kernel = np.repeat(LECTURE_KERNEL[..., np.newaxis, np.newaxis], 3, axis=2)
    step = Convolution(kernel, bias=[-10], activation="relu").on(inputs).step(0, 0)
    assert step.sums.tolist() == [4, 8, -4]
    assert (step.total, step.bias, step.before, step.value) == (8, -10, -2, 0)


def test_flipping_tells_convolution_and_cross_correlation_apart():
    kernel = np.arange(9).reshape(3, 3)
    one = np.zeros((5, 5))
    one[2, 2] = 1
    assert Convolution.of_matrix(kernel, flipped=True).on(one).output[..., 0].tolist() == kernel.tolist()
    assert Convolution.of_matrix(kernel).on(one).output[..., 0].tolist() == kernel[::-1, ::-1].tolist()


def test_a_picture_with_one_row_is_filtered_with_padding_and_refused_without():
    row = np.ones((1, 6))
    assert Convolution.of_matrix(LECTURE_KERNEL, padding="same").on(row).output.shape == (1, 6, 1)
    with pytest.raises(StudioError, match="reaches over 3 numbers, but the input has only 1"):
        Convolution.of_matrix(LECTURE_KERNEL).on(row)


@pytest.mark.parametrize(
    ("convolution", "says"),
    [
        (Convolution.of_matrix(LECTURE_KERNEL, strides=(0, 1)), "with a stride of 0 the kernel would never move on"),
        (Convolution(np.ones((3, 3, 2, 1))), "The filters see 2 channels, but the input has 1"),
        (Convolution(np.ones((3, 3, 1, 3)), groups=0), "There cannot be 0 groups"),
        (Convolution.depthwise(np.ones((3, 3, 2, 1))), "1 channel cannot be divided into 2 equal groups"),
        (Convolution.of_matrix(np.ones((7, 7))), "choose a smaller kernel"),
    ],
)
def test_what_cannot_be_applied_says_why(convolution, says):
    with pytest.raises(StudioError, match=says):
        convolution.on(LECTURE_INPUT)


def test_filters_that_cannot_be_divided_say_so():
    said = Convolution(np.ones((3, 3, 1, 3)), groups=2).problem((5, 5, 2))
    assert said.startswith("3 filters cannot be divided into 2 equal groups") and "choose 2 filters" in said


def test_the_same_layer_in_keras():
    kernel = np.ones((3, 3, 1, 2))
    assert Convolution(kernel, bias=[0, 1]).keras == "keras.layers.Conv2D(2, 3)"
    many = Convolution(np.ones((3, 5, 2, 4)), groups=2, strides=(2, 1), padding="same", activation="relu")
    assert many.keras == (
        'keras.layers.Conv2D(4, (3, 5), groups=2, strides=(2, 1), padding="same", activation="relu", use_bias=False)'
    )
    padded = Convolution(kernel, bias=[0, 1], padding=2, dilations=(2, 2))
    assert padded.keras == "keras.layers.ZeroPadding2D(2),\nkeras.layers.Conv2D(2, 3, dilation_rate=2)"
    depthwise = Convolution.depthwise(np.ones((3, 3, 4, 2)))
    assert depthwise.keras == "keras.layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False)"
    assert padded.remark == ""
    odd = Convolution(kernel, padding=1, fill="edge", strides=(2, 2), dilations=(2, 2), flipped=True)
    assert "repeats the outermost numbers" in odd.remark
    assert "not both at once" in odd.remark
    assert "does not turn the kernel" in odd.remark
