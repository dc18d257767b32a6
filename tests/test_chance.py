"""The tail of a binomial distribution, summed, and an interval, by what defines it."""

from math import comb, fsum, sqrt

import pytest

from cnnstudio.chance import interval, probability_by_guessing


@pytest.mark.parametrize(("right", "images", "guessing"), [(0, 6, 1 / 3), (1, 6, 1 / 3), (5, 6, 1 / 3), (60, 100, 0.5)])
def test_guessing_is_a_binomial_test(right: int, images: int, guessing: float) -> None:
    chances = [comb(images, one) * guessing**one * (1 - guessing) ** (images - one) for one in range(right, images + 1)]
    assert probability_by_guessing(right, images, guessing) == pytest.approx(fsum(chances))


@pytest.mark.parametrize(("right", "images"), [(0, 1), (9, 10), (6, 6), (9900, 10_000)])
def test_the_interval_is_wilsons(right: int, images: int) -> None:
    """Its ends are the shares that lie 1.96 of their own standard deviations from what was measured."""
    for end in interval(right, images):
        deviation = sqrt(end * (1 - end) / images)
        assert abs(right / images - end) == pytest.approx(1.96 * deviation, abs=1e-6)
