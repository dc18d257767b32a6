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
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.progress import OnProgress, Progress

STEPS = 25
RANDOM_ORDERS = 5

Kind = Literal["deletion", "insertion"]


@dataclass(frozen=True, eq=False)
class FaithfulnessCurves:
    """How the probability of the class follows the pixels.

    Attributes:
        kind: whether pixels are taken away or put in.
        baseline: key in `BASELINES` of what is in the place of those that are away.
        shares: of the pixels, from 0 to 1.
        probabilities: by method, of the class, with the strongest pixels first.
        random: the same with pixels in a random order, mean of several.
    """

    kind: Kind
    baseline: str
    shares: np.ndarray
    probabilities: dict[str, np.ndarray]
    random: np.ndarray

    def area(self, method: str) -> float:
        """The area under a method's curve, 0–1: for deletion the lower the better, for insertion the higher."""
        return _area(self.probabilities[method], self.shares)

    @property
    def random_area(self) -> float:
        """The area under the curve of the random order."""
        return _area(self.random, self.shares)

    def is_better_than_random(self, method: str) -> bool:
        """Whether the order of a method says more than a random one."""
        gain = self.area(method) - self.random_area
        return gain < 0 if self.kind == "deletion" else gain > 0


def faithfulness(
    scores: ClassScores,
    explanations: Sequence[Explanation],
    *,
    baselines: Sequence[str] = ("black", "blurred"),
    steps: int = STEPS,
    on_progress: OnProgress = lambda _: None,
) -> tuple[FaithfulnessCurves, ...]:
    """The deletion and the insertion curves of explanations, for each baseline.

    Args:
        scores: of the classifier whose answer was explained.
        explanations: of one image and one class, by different methods.
        baselines: keys in `BASELINES`.
        steps: in how many steps all pixels go.
        on_progress: told how far it is; what it raises ends the work.
    """
    image, class_index = explanations[0].asked.image, explanations[0].asked.class_index
    random = np.random.default_rng(explanations[0].asked.seed)
    count = explanations[0].values.size
    # Pixels of the same value come in a random order, or those at the top would be the first.
    shuffled = random.permutation(count)
    orders = {
        found.method: shuffled[np.argsort(-found.values.ravel()[shuffled], kind="stable")] for found in explanations
    }
    drawn = [random.permutation(count) for _ in range(RANDOM_ORDERS)]
    shares = np.linspace(0, 1, steps + 1)
    kinds: tuple[Kind, ...] = ("deletion", "insertion")
    total = len(baselines) * len(kinds) * (len(orders) + len(drawn)) * len(shares)
    done = 0

    def follow(begin: np.ndarray, end: np.ndarray, order: np.ndarray) -> np.ndarray:
        nonlocal done
        found = scores.probabilities(_mixed(begin, end, order, shares))[:, class_index]
        done += len(shares)
        on_progress(Progress("Taking pixels away", done, total, "images"))
        return found

    curves = []
    for baseline in baselines:
        away = BASELINES[baseline].make(image)
        for kind in kinds:
            ends = (image, away) if kind == "deletion" else (away, image)
            followed = {method: follow(*ends, order) for method, order in orders.items()}
            by_chance = np.mean([follow(*ends, order) for order in drawn], axis=0)
            curves.append(FaithfulnessCurves(kind, baseline, shares, followed, by_chance))
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
