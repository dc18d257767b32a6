"""How far a share of images that are right can be trusted: guessing gets some right, too, and few images say little."""

import math

SIGNIFICANCE = 0.05
"""How probable a result may be by mere guessing, at most, to count as more than that."""

CONFIDENCE = 1.96
"""Standard errors either side of an accuracy that cover it in 95 of 100 cases."""


def probability_by_guessing(right: int, images: int, guessing: float) -> float:
    """The probability to get at least so many images right by guessing: the tail of the binomial distribution.

    Args:
        right: number of images that are right.
        images: number of images.
        guessing: probability to guess one of them, 0–1.
    """
    from scipy.special import bdtrc

    return float(bdtrc(right - 1, images, guessing)) if right else 1.0


def interval(right: int, images: int) -> tuple[float, float]:
    """Between which shares the accuracy lies, with 95 % confidence (Wilson, 1927).

    Args:
        right: number of images that are right.
        images: number of images, at least 1.
    """
    share, spread = right / images, CONFIDENCE**2 / images
    middle = share + spread / 2
    half = math.sqrt(spread * (share * (1 - share) + spread / 4))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))
