"""Softmax with a temperature, and the cross-entropy that is computed from it."""

from dataclasses import dataclass

import numpy as np

from cnnstudio.errors import StudioError


@dataclass(frozen=True, eq=False)
class Softmax:
    """Probabilities from logits, and how they come about.

    Attributes:
        logits: (classes,) float64.
        temperature: above 0; below 1 it sharpens, above 1 it evens out.
    """

    logits: np.ndarray
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise StudioError("The temperature must be above 0: the logits are divided by it.")
        object.__setattr__(self, "logits", np.asarray(self.logits, np.float64))

    @property
    def scaled(self) -> np.ndarray:
        """The logits divided by the temperature, less the largest of them: no exponential gets too large, and the
        quotients stay the same."""
        return (self.logits - self.logits.max()) / self.temperature

    @property
    def exponentials(self) -> np.ndarray:
        """e to the power of `scaled`: 1 for the largest logit."""
        return np.exp(self.scaled)

    @property
    def total(self) -> float:
        """The sum of the exponentials."""
        return float(self.exponentials.sum())

    @property
    def probabilities(self) -> np.ndarray:
        """Each exponential divided by their sum: between 0 and 1, 1 in all."""
        return self.exponentials / self.total

    def cross_entropy(self, true_class: int) -> float:
        """−ln of the probability of the true class: 0 where the network is sure of it, large where it is not.

        It is computed without the probability itself, which may be too small for a number.
        """
        rest = np.delete(self.exponentials, self.logits.argmax())  # the largest is 1, beside which they may be lost
        return float(np.log1p(rest.sum()) - self.scaled[true_class])

    def gradient(self, true_class: int) -> np.ndarray:
        """How the cross-entropy changes with each logit: probability − 1 for the true class, probability for others,
        divided by the temperature."""
        gradient = self.probabilities
        gradient[true_class] = -np.delete(gradient, true_class).sum()  # probability − 1 may be lost beside the 1
        return gradient / self.temperature
