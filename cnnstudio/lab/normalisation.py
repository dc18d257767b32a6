"""Batch normalisation and dropout done by hand, in training and afterwards.

Sources: Ioffe and Szegedy, Batch Normalization, 2015; Srivastava et al., Dropout, 2014.
"""

from dataclasses import dataclass

import numpy as np

from cnnstudio.errors import StudioError

EPSILON = 1e-3
MOMENTUM = 0.99
"""Keras's own."""


@dataclass(frozen=True, eq=False)
class BatchNormalisation:
    """The numbers of one channel, normalised.

    Attributes:
        values: of a batch, any shape, float64.
        gamma: what the normalised numbers are multiplied with; learnt.
        beta: what is added; learnt.
        moving: (mean, variance) that were gathered in training: they are used instead of the batch's own, as a trained
            network does; None in training.
        epsilon: added to the variance, so that nothing is divided by 0.
    """

    values: np.ndarray
    gamma: float = 1.0
    beta: float = 0.0
    moving: tuple[float, float] | None = None
    epsilon: float = EPSILON

    @property
    def mean(self) -> float:
        """What is subtracted."""
        return float(np.mean(self.values)) if self.moving is None else self.moving[0]

    @property
    def variance(self) -> float:
        """The mean squared distance from the mean; its root is what is divided by."""
        return float(np.var(self.values)) if self.moving is None else self.moving[1]

    @property
    def normalised(self) -> np.ndarray:
        """Mean 0 and variance 1, but for epsilon; in training."""
        return (self.values - self.mean) / np.sqrt(self.variance + self.epsilon)

    @property
    def output(self) -> np.ndarray:
        """gamma · normalised + beta."""
        return self.gamma * self.normalised + self.beta

    def moved(self, moving: tuple[float, float], momentum: float = MOMENTUM) -> tuple[float, float]:
        """The moving mean and variance after this batch: momentum parts of what they were, the rest of the batch's."""
        mean, variance = float(np.mean(self.values)), float(np.var(self.values))
        return moving[0] * momentum + mean * (1 - momentum), moving[1] * momentum + variance * (1 - momentum)


@dataclass(frozen=True, eq=False)
class Dropout:
    """Numbers of which a training leaves out some at random.

    Attributes:
        values: any shape.
        rate: the share that is left out, from 0 to below 1.
        seed: which ones.
    """

    values: np.ndarray
    rate: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise StudioError("The share that is left out must be from 0 to below 1: with 1 nothing would be left.")

    @property
    def kept(self) -> np.ndarray:
        """Which numbers stay, bool, each with probability 1 − rate."""
        return np.random.default_rng(self.seed).random(np.shape(self.values)) >= self.rate

    @property
    def scale(self) -> float:
        """1/(1 − rate): the numbers that stay are multiplied with it, so that their sum stays the same on average."""
        return 1 / (1 - self.rate)

    @property
    def output(self) -> np.ndarray:
        """In training. Afterwards all numbers stay as they are."""
        return np.where(self.kept, np.asarray(self.values) * self.scale, 0.0)
