"""The smallest change of an image that flips a classifier's answer, though nobody would see another thing in it.

No number of the image may change by more than ε (the L∞ norm), and none leaves 0–255: the images stay valid. What is
searched for is the smallest ε at which a method succeeds, so it bounds the network's true robustness from above: a
cleverer method may need less.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.models.trained.classifier import Classifier
from cnnstudio.models.trained.outputs import LIKELY
from cnnstudio.progress import OnProgress, Progress

if TYPE_CHECKING:
    from cnnstudio.models.trained.classifier import Picture

LIMIT = 32.0
"""The largest ε that is tried, in grey levels of 255."""

TRIED = 16
"""Values of ε that are tried at once."""

ROUNDS = 3
"""Each looks between the last ε without success and the first with it: the result is exact to 1/128 of a level."""

STEPS = 20
STEP_SHARE = 2.5
"""Steps of PGD, and their length as a multiple of ε divided by their number, as its paper takes for MNIST."""


@dataclass(frozen=True, eq=False)
class Target:
    """An image, and the answer to it that is to be flipped.

    Attributes:
        scores: of the classifier.
        image: float32 (height, width, channels), 0–255.
        answer: float32 (classes,), as the targets of `ClassScores.loss_gradients`.
        on_progress: told how far the work is; what it raises ends it.
    """

    scores: ClassScores
    image: np.ndarray
    answer: np.ndarray
    on_progress: OnProgress

    def gradients(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How the loss of the answer grows with each number of some images, and which of them have lost the answer."""
        targets = np.repeat(self.answer[np.newaxis], len(images), axis=0)
        gradients, scores = self.scores.loss_gradients(images, targets)
        return gradients, self._lost(scores)

    def flips(self, images: np.ndarray) -> np.ndarray:
        """Which of some images, float32, have lost the answer."""
        return self._lost(self.scores.scores(images))

    @cached_property
    def direction(self) -> np.ndarray:
        """The signs of the gradient at the image."""
        return np.sign(self.gradients(self.image[np.newaxis])[0][0])

    def _lost(self, scores: np.ndarray) -> np.ndarray:
        answers = answers_of(self.scores.classifier, self.scores.probabilities_of(scores))
        return (answers != self.answer).any(axis=1)


def fast_gradient_sign(target: Target, epsilons: np.ndarray) -> np.ndarray:
    """One step of ε along the signs of the gradient (Goodfellow, Shlens and Szegedy 2014, arXiv 1412.6572)."""
    return np.clip(target.image + _column(epsilons) * target.direction, 0, 255)


def projected_gradient_descent(target: Target, epsilons: np.ndarray) -> np.ndarray:
    """Small steps along the signs of the gradient, kept within ε (Madry et al. 2017, arXiv 1706.06083).

    The paper begins anywhere within ε; here it begins at the image, so that the result is always the same. An image
    that has lost the answer goes no further, and larger ε than its own are not followed up: they are not needed.
    """
    steps = _column(epsilons) * (STEP_SHARE / STEPS)
    low = np.maximum(target.image - _column(epsilons), 0)
    high = np.minimum(target.image + _column(epsilons), 255)
    images = np.clip(target.image + steps * target.direction, low, high)  # the first step is the same for all
    wanted = len(epsilons)  # the first so many are followed
    for number in range(1, STEPS):
        target.on_progress(Progress("Following the gradient", number, STEPS, "steps"))
        gradients, lost = target.gradients(images[:wanted])
        if lost.any():
            wanted = int(lost.argmax())
        if not wanted:
            break
        moved = images[:wanted] + steps[:wanted] * np.sign(gradients[:wanted])
        images[:wanted] = np.clip(moved, low[:wanted], high[:wanted])
    target.on_progress(Progress("Following the gradient", STEPS, STEPS, "steps"))
    return images


@dataclass(frozen=True)
class Attack:
    """A way to change an image until the answer flips.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        tells: what it does, in a sentence.
        change: changes the image of a target by at most each ε: float32 (n, height, width, channels).
    """

    name: str
    title: str
    tells: str
    change: Callable[[Target, np.ndarray], np.ndarray]


ATTACKS: dict[str, Attack] = {
    entry.name: entry
    for entry in (
        Attack(
            "fgsm",
            "FGSM",
            "One step: every pixel by ε, up or down, whichever raises the loss.",
            fast_gradient_sign,
        ),
        Attack(
            "pgd",
            "PGD",
            f"{STEPS} small steps along the gradient, kept within ε: finds smaller changes than one step.",
            projected_gradient_descent,
        ),
    )
}
"""Every method, in the order in which they are shown."""


@dataclass(frozen=True, eq=False)
class SmallestChange:
    """The smallest change that was found to flip the answer, or the largest that was tried in vain.

    Attributes:
        attack: key in `ATTACKS`.
        image: float32 (height, width, channels), 0–255.
        changed: likewise.
        epsilon: the smallest ε that flips the answer, in grey levels of 255; None where none does up to the limit.
        limit: the largest that was tried.
        before: the probabilities for the image, (classes,).
        after: for the changed image.
        classes: their names.
        blind: whether the gradient is 0 everywhere, so that it shows no way.
    """

    attack: str
    image: np.ndarray
    changed: np.ndarray
    epsilon: float | None
    limit: float
    before: np.ndarray
    after: np.ndarray
    classes: tuple[str, ...]
    blind: bool = False

    @property
    def perturbation(self) -> np.ndarray:
        """What was added, float32, within ±ε."""
        return self.changed - self.image

    @property
    def magnification(self) -> int:
        """By how much the perturbation can be multiplied to be seen: its largest number becomes 127 at most."""
        largest = float(np.abs(self.perturbation).max())
        return max(1, int(127 / largest)) if largest else 1

    @property
    def magnified(self) -> np.ndarray:
        """The perturbation, multiplied, about mid-grey: uint8."""
        return np.clip(np.rint(128 + self.magnification * self.perturbation), 0, 255).astype(np.uint8)

    @property
    def shown(self) -> np.ndarray:
        """The changed image as a picture: uint8."""
        return np.rint(self.changed).astype(np.uint8)


def smallest_change(
    classifier: Classifier | ClassScores,
    image: "np.ndarray | Picture",
    attack: str = "pgd",
    *,
    limit: float = LIMIT,
    on_progress: OnProgress = lambda _: None,
) -> SmallestChange:
    """Looks for the smallest ε at which a method flips the answer to an image.

    A method need not succeed at every ε beyond the first: all are tried from 0 on in equal steps, and the step before
    the first success in finer ones.

    Args:
        classifier: the classifier, or its scores, where what is compiled is kept.
        image: uint8 of the classifier's shape, or a picture, the path of one, or the bytes of its file.
        attack: key in `ATTACKS`.
        limit: the largest ε, in grey levels of 255.
        on_progress: told how far it is; what it raises ends the work.

    Raises:
        StudioError: there is no such attack, the limit is no size of a change, the image does not fit, or the network
            answers with numbers that are not finite.
    """
    scores = classifier if isinstance(classifier, ClassScores) else ClassScores(classifier)
    known = scores.classifier
    if attack not in ATTACKS:
        raise StudioError(f"There is no attack “{attack}”: choose one of {', '.join(ATTACKS)}.")
    if not 0 < limit <= 255:
        raise StudioError(f"The largest ε is in grey levels, above 0 and at most 255, not {limit:g}.")
    raw = image if isinstance(image, np.ndarray) else known.prepare(image).image
    pixels = known.as_batch(raw[np.newaxis])[0].astype(np.float32)
    before = scores.probabilities_of(scores.scores(pixels[np.newaxis]))
    target = Target(scores, pixels, answers_of(known, before)[0], on_progress)
    low, high, epsilon = 0.0, limit, None
    changed = pixels
    for _ in range(ROUNDS):
        epsilons = low + (high - low) * np.arange(1, TRIED + 1) / TRIED
        images = ATTACKS[attack].change(target, epsilons.astype(np.float32))
        lost = target.flips(images)
        if not lost.any():  # in the first round
            changed = images[-1] if epsilon is None else changed
            break
        first = int(lost.argmax())
        changed, epsilon = images[first], float(epsilons[first])
        low, high = float(epsilons[first - 1]) if first else low, epsilon
    after = scores.probabilities_of(scores.scores(changed[np.newaxis]))[0]
    return SmallestChange(
        attack, pixels, changed, epsilon, limit, before[0], after, known.classes, not target.direction.any()
    )


def answers_of(classifier: Classifier, probabilities: np.ndarray) -> np.ndarray:
    """What is answered, as targets of `ClassScores.loss_gradients`, for probabilities of (n, classes)."""
    if classifier.card.independent:
        return np.where(probabilities >= LIKELY, 1, -1).astype(np.float32)
    return np.eye(probabilities.shape[1], dtype=np.float32)[probabilities.argmax(axis=1)]


def _column(epsilons: np.ndarray) -> np.ndarray:
    return epsilons[:, np.newaxis, np.newaxis, np.newaxis]
