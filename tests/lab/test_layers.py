"""Dense layers, activations, softmax, normalisation, dropout and gradients, against SciPy and small differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.errors import StudioError
from cnnstudio.lab.activations import ACTIVATIONS
from cnnstudio.lab.convolution import LECTURE_INPUT, LECTURE_KERNEL, Convolution
from cnnstudio.lab.dense import Dense, FirstLayer, flat_place
from cnnstudio.lab.gradients import GradientStep
from cnnstudio.lab.learning import HiddenFilter
from cnnstudio.lab.normalisation import BatchNormalisation, Dropout
from cnnstudio.lab.softmax import Softmax

_FEW = settings(max_examples=6, deadline=None, derandomize=True)
_LOGITS = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_derivative_is_the_slope_of_its_function(name):
    activation, x = ACTIVATIONS[name], np.linspace(-6, 6, 48)  # 0, with its corner, is not among them
    slope = (activation.function(x + 1e-6) - activation.function(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(activation.derivative(x), slope, atol=1e-6)
    assert np.isfinite(activation.function(np.array([-1e6, 1e6]))).all()
    assert np.isfinite(activation.derivative(np.array([-1e6, 0, 1e6]))).all()


def test_a_dense_unit_adds_its_products_and_a_bias():
    numbers = np.random.default_rng(0)
    maps, weights, bias = numbers.normal(size=(2, 3, 2)), numbers.normal(size=(12, 4)), numbers.normal(size=4)
    layer = Dense(weights, bias, "relu")
    np.testing.assert_allclose(layer.on(maps), np.maximum(maps.reshape(-1) @ weights + bias, 0))
    term = layer.unit(maps, 1)
    assert term.total == pytest.approx(term.products.sum())
    assert term.before == pytest.approx(term.total + bias[1])
    assert maps[flat_place(maps.shape, 7)] == maps.reshape(-1)[7]
    with pytest.raises(StudioError, match="12 weights, but there are 4 inputs"):
        layer.unit(np.ones((2, 2)), 0)


@_FEW
@given(_LOGITS, st.floats(0.05, 20))
def test_softmax_is_that_of_scipy(logits, temperature):
    from scipy import special

    softmax = Softmax(logits, temperature)
    np.testing.assert_allclose(softmax.probabilities, special.softmax(np.array(logits) / temperature), atol=1e-12)
    np.testing.assert_allclose(softmax.exponentials / softmax.total, softmax.probabilities)
    losses = [softmax.cross_entropy(number) for number in range(len(logits))]
    np.testing.assert_allclose(losses, -special.log_softmax(np.array(logits) / temperature), rtol=1e-9, atol=1e-9)
    assert np.isfinite(losses).all()
    assert softmax.gradient(0).sum() == pytest.approx(0, abs=1e-9)


def test_the_gradient_of_cross_entropy_is_its_slope():
    logits = np.array([1.0, -2, 0.5])
    for number in range(3):
        more = logits + 1e-6 * (np.arange(3) == number)
        slope = (Softmax(more, 2).cross_entropy(1) - Softmax(logits, 2).cross_entropy(1)) / 1e-6
        assert Softmax(logits, 2).gradient(1)[number] == pytest.approx(slope, abs=1e-5)


def test_a_temperature_of_nothing_is_refused():
    for temperature in (0, -1, float("nan")):
        with pytest.raises(StudioError, match="must be above 0"):
            Softmax([1, 2], temperature)


def test_batch_normalisation_in_training_and_afterwards():
    values = np.array([1.0, 2, 3, 6])
    training = BatchNormalisation(values, gamma=2, beta=1, epsilon=0)
    assert (training.mean, training.variance) == (3, 3.5)
    assert training.normalised.mean() == pytest.approx(0)
    assert training.normalised.std() == pytest.approx(1)
    np.testing.assert_allclose(training.output, 2 * (values - 3) / np.sqrt(3.5) + 1)
    afterwards = BatchNormalisation(values, moving=(1, 4), epsilon=0)
    assert afterwards.output.tolist() == [0, 0.5, 1, 2.5]
    assert training.moved((0, 1), 0.5) == (1.5, 2.25)
    assert not BatchNormalisation(np.ones(3)).output.any()  # nothing is divided by 0


def test_dropout_keeps_the_mean():
    values = np.ones(100_000)
    dropout = Dropout(values, 0.25, seed=3)
    assert dropout.kept.mean() == pytest.approx(0.75, abs=0.01)
    assert dropout.output.mean() == pytest.approx(1, abs=0.01)
    assert set(np.unique(dropout.output)) == {0, 1 / 0.75}
    assert Dropout(values[:4], 0).output.tolist() == [1, 1, 1, 1]
    with pytest.raises(StudioError, match="nothing would be left"):
        Dropout(values, 1)


@_FEW
@given(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from(("valid", "same", 1)),
        st.sampled_from(("zero", "reflect", "edge")),
        st.integers(1, 2),
        st.booleans(),
        st.sampled_from(("linear", "relu", "tanh")),
    ),
    st.integers(0, 999),
)
def test_gradients_are_small_differences_of_the_loss(settings_, seed):
    groups, padding, fill, stride, flipped, activation = settings_
    numbers = np.random.default_rng(seed)
    inputs = numbers.normal(size=(4, 5, 2))
    layer = Convolution(
        numbers.normal(size=(3, 2, 2 // groups, 2)),
        bias=numbers.normal(size=2),
        strides=(stride, 1),
        padding=padding,
        fill=fill,
        groups=groups,
        activation=activation,
        flipped=flipped,
    )
    target = numbers.normal(size=layer.on(inputs).output.shape)
    step = GradientStep(layer.on(inputs), target, 1e-3)

    def slope(kernel=0.0, bias=0.0, given=0.0):
        def loss(sign):
            moved = Convolution(
                **{**vars(layer), "kernel": layer.kernel + sign * kernel, "bias": layer.bias + sign * bias}
            )
            return GradientStep(moved.on(inputs + sign * given), target).loss

        return loss(5e-7) * 1e6 - loss(-5e-7) * 1e6

    for gradient, name in ((step.by_kernel, "kernel"), (step.by_bias, "bias"), (step.by_input, "given")):
        direction = numbers.normal(size=gradient.shape)
        assert (gradient * direction).sum() == pytest.approx(slope(**{name: direction}), rel=1e-4, abs=1e-4)
    assert step.loss_after < step.loss


def test_a_target_of_another_shape_is_refused():
    with pytest.raises(StudioError, match="The target is 2×2×1, but the output is 3×3×1"):
        GradientStep(Convolution.of_matrix(LECTURE_KERNEL).on(LECTURE_INPUT), np.ones((2, 2, 1)))


def test_a_hidden_filter_is_found_from_input_and_output():
    picture = np.random.default_rng(0).integers(0, 256, (40, 40))
    hidden = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    search = HiddenFilter(picture, hidden)
    first = search.progress
    given = (picture - picture.mean()) / picture.std()
    difference = Convolution.of_matrix(first.kernel - hidden).on(given).output
    assert first.loss == pytest.approx((difference**2).mean())
    assert search.step(200).loss < 1e-5 * first.loss
    np.testing.assert_allclose(search.progress.kernel, hidden, atol=0.01)
    assert search.progress.step == 200


def test_a_learning_rate_beyond_all_bounds_lets_the_loss_grow_without_an_overflow():
    search = HiddenFilter(np.random.default_rng(0).integers(0, 256, (9, 9)), np.eye(3), learning_rate=4)
    assert search.step(500).loss > 1e6
    assert np.isfinite(search.progress.kernel).all()


@pytest.mark.parametrize(("share", "grows"), [(0.95, False), (1.05, True)])
def test_beyond_the_largest_rate_the_loss_grows(share, grows):
    picture, hidden = np.random.default_rng(0).integers(0, 256, (20, 20)), np.eye(3)
    largest = HiddenFilter(picture, hidden).largest_rate
    search = HiddenFilter(picture, hidden, learning_rate=share * largest)
    first = search.progress.loss
    assert (search.step(100).loss > first) is grows


def test_a_picture_that_tells_nothing_is_refused():
    with pytest.raises(StudioError, match="fewer than 3 rows"):
        HiddenFilter(np.ones((1, 9)), np.eye(3))
    with pytest.raises(StudioError, match="too little in it"):
        HiddenFilter(np.ones((9, 9)), np.eye(3))


def test_the_connections_of_an_mlp_grow_with_the_picture():
    assert FirstLayer(28).dense == 28 * 28 * 256 + 256
    assert FirstLayer(224, 3).dense == 224 * 224 * 3 * 256 + 256
    assert FirstLayer(28, 3).convolution == FirstLayer(224, 3).convolution == 3 * 3 * 3 * 32 + 32
