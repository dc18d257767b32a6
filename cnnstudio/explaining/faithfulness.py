"""Deletion and insertion: does the answer depend on what an explanation shows? (Petsiuk, Das and Saenko 2018)

The pixels are taken away, or put in, in the order of the explanation, the strongest first. If that order is right, the
probability falls, or rises, sooner than with pixels in a random order. What takes the place of a pixel counts as well,
so there are two choices of it. arXiv 1806.07421.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanation import Explanation
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.progress import OnProgress, Progress

STEPS = 25
RANDOM_ORDERS = 5

Kind = Literal["deletion", "insertion"]


@dataclass(frozen=True, eq=False)
class FaithfulnessCurve:
    """How the probability of the class follows the pixels.

    Attributes:
        kind: whether pixels are taken away or put in.
        baseline: key in `BASELINES` of what is in the place of those that are away.
        shares: of the pixels, from 0 to 1.
        probabilities: of the class, with the strongest pixels first.
        random: the same with pixels in a random order, mean of several.
    """

    kind: Kind
    baseline: str
    shares: np.ndarray
    probabilities: np.ndarray
    random: np.ndarray

    @property
    def area(self) -> float:
        """The area under the curve, 0–1: for deletion the lower the better, for insertion the higher."""
        return _area(self.probabilities, self.shares)

    @property
    def random_area(self) -> float:
        """The area under the curve of the random order."""
        return _area(self.random, self.shares)

    @property
    def better_than_random(self) -> bool:
        """Whether the order of the explanation says more than a random one."""
        return self.area < self.random_area if self.kind == "deletion" else self.area > self.random_area


def faithfulness(
    classifier: Classifier,
    explanation: Explanation,
    *,
    baselines: Sequence[str] = ("black", "blurred"),
    steps: int = STEPS,
    on_progress: OnProgress = lambda _: None,
) -> tuple[FaithfulnessCurve, ...]:
    """The deletion and the insertion curve of an explanation, for each baseline.

    Args:
        classifier: whose answer was explained.
        explanation: of that answer.
        baselines: keys in `BASELINES`.
        steps: in how many steps all pixels go.
        on_progress: told how far it is; what it raises ends the work.
    """
    random = np.random.default_rng(explanation.asked.seed)
    image, class_index = explanation.asked.image, explanation.asked.class_index
    count = explanation.values.size
    # Pixels of the same value come in a random order, or those at the top would be the first.
    shuffled = random.permutation(count)
    strongest = shuffled[np.argsort(-explanation.values.ravel()[shuffled], kind="stable")]
    orders = [strongest, *(random.permutation(count) for _ in range(RANDOM_ORDERS))]
    shares = np.linspace(0, 1, steps + 1)
    curves: list[FaithfulnessCurve] = []
    kinds: tuple[Kind, ...] = ("deletion", "insertion")
    for baseline in baselines:
        away = BASELINES[baseline].make(image)
        for kind in kinds:
            begin, end = (image, away) if kind == "deletion" else (away, image)
            found = []
            for order in orders:
                found.append(classifier.predict_many(_mixed(begin, end, order, shares))[:, class_index])
                done = len(curves) * len(orders) + len(found)
                on_progress(Progress("Taking pixels away", done, 2 * len(baselines) * len(orders), "images"))
            curves.append(FaithfulnessCurve(kind, baseline, shares, found[0], np.mean(found[1:], axis=0)))
    return tuple(curves)


def _area(heights: np.ndarray, places: np.ndarray) -> float:
    from scipy.integrate import trapezoid

    return float(trapezoid(heights, places))


def _mixed(begin: np.ndarray, end: np.ndarray, order: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Images of which growing shares of the pixels, in an order, are another image's; uint8."""
    places = np.empty(len(order), int)
    places[order] = np.arange(len(order))
    gone = places.reshape(begin.shape[:2]) < (shares * len(order)).round()[:, np.newaxis, np.newaxis]
    return np.where(gone[..., np.newaxis], end, begin).round().clip(0, 255).astype(np.uint8)
