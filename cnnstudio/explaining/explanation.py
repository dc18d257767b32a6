"""An explanation: a picture of why a classifier answers as it does, what was asked for it, and what comes with it."""

from dataclasses import dataclass

import numpy as np

MAX_GAP = 0.05
"""Integrated gradients whose sum misses what it should be by a larger share are not to be trusted."""


LEAST_CHANGE = 2.0**-22
"""A score that moves by less moves no probability: by a quarter of it at most, which is less than 32-bit numbers below
1 are apart (2⁻²⁴)."""

_ROUNDING = 8 * float(np.finfo(np.float32).eps)
"""By which share of itself a score may be off that is computed in another way, as with a covered image."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What an explanation is made of.

    Attributes:
        image: float32 (height, width, channels), 0–255.
        class_index: the class whose score is explained; `ANSWERED` for the one with the highest.
        layer: whose maps are looked at; of methods that look at maps.
        baseline: key in `BASELINES` of what the image is compared with; of methods that compare.
        samples: images that are computed, of methods that take a mean of many.
        patch: side of the square that is covered, in pixels; of occlusion.
        stride: from one square to the next, in pixels; of occlusion.
        seed: of what is drawn at random.
    """

    image: np.ndarray
    class_index: int
    layer: str = ""
    baseline: str = "black"
    samples: int = 64
    patch: int = 1
    stride: int = 1
    seed: int = 0


@dataclass(frozen=True)
class Completeness:
    """What integrated gradients add up to, beside what they should.

    Attributes:
        total: the sum of the attributions of all pixels.
        difference: the score of the image less that of the baseline.
    """

    total: float
    difference: float

    @property
    def gap(self) -> float:
        """By which share the sum misses the difference."""
        return abs(self.total - self.difference) / max(abs(self.difference), 1e-6)

    @property
    def holds(self) -> bool:
        """Whether the gap is small enough to trust the picture."""
        return self.gap <= MAX_GAP


@dataclass(frozen=True, eq=False)
class Squares:
    """The squares that occlusion has covered, in rows and columns, and what became of the score.

    Attributes:
        tops: (rows,), where each begins, in pixels.
        lefts: (columns,).
        side: of each, in pixels.
        falls: (rows, columns), by how much covering it lowers the score; 0 for what is mere rounding.
        largest: by how much covering any of them moves the score, at most, rounding included.
    """

    tops: np.ndarray
    lefts: np.ndarray
    side: int
    falls: np.ndarray
    largest: float

    def nearest(self, row: int, column: int) -> tuple[tuple[slice, slice], float]:
        """The square whose middle is nearest to a pixel: its rows and columns in the image, and the fall."""
        down, across = (
            int(np.abs(starts + (self.side - 1) / 2 - place).argmin())
            for starts, place in ((self.tops, row), (self.lefts, column))
        )
        top, left = int(self.tops[down]), int(self.lefts[across])
        place = slice(top, top + self.side), slice(left, left + self.side)
        return place, float(self.falls[down, across])


@dataclass(frozen=True, eq=False)
class Finding:
    """What a method returns.

    Attributes:
        values: float32 (height, width), or of a coarser grid that covers the image.
        scores: of all classes for the image, (classes,).
        completeness: of integrated gradients.
        squares: of occlusion.
    """

    values: np.ndarray
    scores: np.ndarray
    completeness: Completeness | None = None
    squares: Squares | None = None


@dataclass(frozen=True, eq=False)
class Explanation:
    """A picture of why.

    Attributes:
        method: key in `EXPLANATIONS`.
        asked: what it was made of.
        class_name: the class whose score is explained.
        score: of the image.
        scores: what is explained: “logit” or “log-odds”.
        words: the same for the end of a sentence.
        values: float32 (height, width) of the image: above 0 what speaks for the class, below 0 what speaks against it.
        resolution: (height, width) in which it was computed, before it was brought to the size of the image.
        reach: how far the score could move, at most, by what is explained.
        completeness: of integrated gradients; None of others.
        squares: of occlusion; None of others.
    """

    method: str
    asked: Asked
    class_name: str
    score: float
    scores: str
    words: str
    values: np.ndarray
    resolution: tuple[int, int]
    reach: float
    completeness: Completeness | None = None
    squares: Squares | None = None

    @property
    def limit(self) -> float:
        """What gets the full colour: the 99th percentile of the values without their signs, which outliers exceed.

        Of mere rounding, it is what could be told, so that nothing gets much colour.
        """
        return self._told if self.is_rounding else strength(self.values)

    @property
    def is_rounding(self) -> bool:
        """Whether all that is explained is less than the numbers in which the score is computed can tell."""
        return 0 < self.reach <= self._told

    @property
    def _told(self) -> float:
        return least_told(self.score)


def least_told(score: float) -> float:
    """The smallest change of a score that means anything: what is less is the rounding of 32-bit numbers."""
    return max(LEAST_CHANGE, _ROUNDING * abs(score))


def strength(values: np.ndarray) -> float:
    """The 99th percentile of values without their signs; the highest where that is 0."""
    magnitudes = np.abs(values)
    return float(np.percentile(magnitudes, 99)) or float(magnitudes.max(initial=0.0))
