"""Against SciPy's own tests and intervals."""

import pytest

from cnnstudio.chance import interval, probability_by_guessing


@pytest.mark.parametrize(("right", "images", "guessing"), [(0, 6, 1 / 3), (1, 6, 1 / 3), (5, 6, 1 / 3), (60, 100, 0.5)])
def test_guessing_is_a_binomial_test(right: int, images: int, guessing: float) -> None:
    from scipy.stats import binomtest

    oracle = binomtest(right, images, guessing, alternative="greater").pvalue
    assert probability_by_guessing(right, images, guessing) == pytest.approx(oracle)


@pytest.mark.parametrize(("right", "images"), [(0, 1), (9, 10), (6, 6), (9900, 10_000)])
def test_the_interval_is_wilsons(right: int, images: int) -> None:
    from scipy.stats import binomtest

    oracle = binomtest(right, images).proportion_ci(0.95, "wilson")
    assert interval(right, images) == pytest.approx((oracle.low, oracle.high), abs=1e-4)
