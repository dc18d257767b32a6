"""Transformations against NumPy and SciPy, and the curves of networks that can be worked out."""

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.explaining.transformations import (
    TRANSFORMATIONS,
    RobustnessCurve,
    amounts_of,
    over_the_range,
    robustness_curve,
    transformed,
)
from tests.explaining.small_networks import scores_of

COLOUR = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
GREY = COLOUR[..., :1]


@pytest.mark.parametrize("image", [COLOUR, GREY])
def test_neutral_amounts_change_nothing(image):
    assert np.array_equal(transformed(image, {}), image)
    assert np.array_equal(transformed(image, {name: one.neutral for name, one in TRANSFORMATIONS.items()}), image)


@pytest.mark.parametrize(("across", "down"), [(3, 0), (-2, 5), (0, -1)])
def test_whole_pixels_are_moved_exactly_and_the_border_fills_what_comes_in(across, down):
    moved = transformed(COLOUR, {"shift-x": across, "shift-y": down})
    border = np.ones(COLOUR.shape[:2], bool)
    border[1:-1, 1:-1] = False
    expected = np.broadcast_to(np.rint(np.median(COLOUR[border], axis=0)), COLOUR.shape).astype(np.uint8)
    expected = expected.copy()
    for row in range(12):
        for column in range(16):
            if 0 <= row - down < 12 and 0 <= column - across < 16:
                expected[row, column] = COLOUR[row - down, column - across]
    assert np.array_equal(moved, expected)


def test_a_digit_that_touches_its_border_is_not_smeared():
    image = np.zeros((8, 8, 1), np.uint8)
    image[2:5, 7] = 255
    moved = transformed(image, {"shift-x": -3})
    assert moved.sum() == 3 * 255 and moved[2:5, 4].all()


def test_quarter_turns_are_exact_and_clockwise():
    square = COLOUR[:, :12]
    for amount, turns in ((90, -1), (180, 2), (-90, 1)):
        assert np.array_equal(transformed(square, {"rotation": amount}), np.rot90(square, turns))


def test_turned_scaled_and_moved_at_once_as_scipy_does():
    from scipy.ndimage import affine_transform

    angle, size, move = np.radians(25), 1.3, np.array([2.0, -1.0])  # down, across
    back = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / size
    middle = (np.array(GREY.shape[:2]) - 1) / 2
    expected = affine_transform(GREY[..., 0].astype(float), back, middle - back @ (middle + move), order=1, cval=-1e6)
    found = transformed(GREY, {"rotation": 25, "scale": 130, "shift-y": 2, "shift-x": -1})[..., 0]
    inside = expected > -1
    assert inside.sum() > 100
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.51)


def test_values():
    grey = GREY.astype(float)
    assert np.array_equal(transformed(GREY, {"brightness": 40})[..., 0], np.clip(grey + 40, 0, 255)[..., 0])
    np.testing.assert_allclose(transformed(GREY, {"contrast": 50}), (grey + grey.mean()) / 2, atol=0.51)
    assert np.ptp(transformed(COLOUR, {"contrast": 0})) == 0
    flat = np.full((60, 60, 1), 128, np.uint8)
    noisy = transformed(flat, {"noise": 20}).astype(float)
    assert noisy.std() == pytest.approx(20, rel=0.05) and noisy.mean() == pytest.approx(128, abs=1)
    assert np.array_equal(transformed(flat, {"noise": 20}), noisy)  # the same pattern each time
    half = transformed(flat, {"noise": 10}).astype(float)
    np.testing.assert_allclose(2 * (half - 128), noisy - 128, atol=1.01)  # which only grows


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_the_range_of_each_holds_its_neutral_amount_and_equals_one_by_one(name):
    entry, others = TRANSFORMATIONS[name], {"rotation": 10.0, "contrast": 80.0, "noise": 5.0}
    for shape in ((12, 16, 3), (28, 28, 1), (224, 224, 3), (1, 1, 1)):
        amounts = amounts_of(name, shape)
        assert entry.neutral in amounts and (np.diff(amounts) > 0).all() and len(amounts) <= 73
    images = over_the_range(COLOUR, name, others)
    amounts = amounts_of(name, COLOUR.shape)
    assert images.shape == (len(amounts), *COLOUR.shape) and images.dtype == np.uint8
    for place in (0, len(amounts) // 2, len(amounts) - 1):
        assert np.array_equal(images[place], transformed(COLOUR, {**others, name: amounts[place]}))
    assert entry.tells.endswith(".")


@pytest.mark.parametrize(
    ("name", "amount", "words"),
    [
        ("shift-x", -5, "−5 px"),
        ("shift-x", 0, "0 px"),
        ("rotation", 20, "+20°"),
        ("scale", 80, "80 %"),
        ("noise", 12, "12"),
    ],
)
def test_amounts_in_words(name, amount, words):
    assert TRANSFORMATIONS[name].words(amount) == words


def test_where_the_answer_stays():
    def curve(answers: list[int], answer: int = 0) -> RobustnessCurve:
        probabilities = np.eye(2, dtype=np.float32)[answers]
        return RobustnessCurve("brightness", np.arange(-3.0, 4.0), probabilities, answer, ("a", "b"))

    assert curve([0, 1, 0, 0, 0, 0, 1]).kept == (-1.0, 2.0)
    assert curve([0, 0, 0, 0, 0, 0, 0]).kept == (-3.0, 3.0)
    assert curve([0, 0, 0, 1, 0, 0, 0]).kept is None
    assert curve([0, 1, 0, 0, 0, 0, 1]).kept_share == pytest.approx(3 / 6)
    assert curve([0, 0, 0, 1, 0, 0, 0]).kept_share == 0


def test_a_network_that_looks_at_the_brightness():
    """Class b has the logit (mean − 100)/10 and a has 0: b from a mean of 100 on."""
    from keras import layers

    dense = layers.Dense(2, activation="softmax")
    scores = scores_of(layers.Flatten(), dense, shape=(4, 4, 1), classes=2)
    dense.set_weights([np.tile(np.array([[0, 1 / 160]], np.float32), (16, 1)), np.array([0, -10], np.float32)])
    found = robustness_curve(scores, np.full((4, 4, 1), 120, np.uint8), "brightness")
    means = np.clip(120 + found.amounts, 0, 255)
    np.testing.assert_allclose(found.probabilities[:, 1], 1 / (1 + np.exp(-(means - 100) / 10)), atol=1e-5)
    assert found.answer == 1 and found.kept == (-16.0, 128.0)
    again = robustness_curve(scores.classifier, np.full((4, 4), 120, np.uint8), "brightness")
    assert np.array_equal(again.probabilities, found.probabilities)
    with pytest.raises(StudioError, match="no transformation “blur”: choose one of shift-x, "):
        robustness_curve(scores, np.full((4, 4, 1), 120, np.uint8), "blur")
