"""A hidden filter learnt from nothing but an input and an output, by gradient descent."""

from dataclasses import dataclass

import numpy as np

from cnnstudio.errors import StudioError


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a search is.

    Attributes:
        step: how many steps were made.
        kernel: (side, side), the weights now.
        loss: the mean squared difference between the output wanted and that of the weights now; the picture has
            mean 0 and variance 1.
        gradient: (side, side), of the loss by each weight.
    """

    step: int
    kernel: np.ndarray
    loss: float
    gradient: np.ndarray


def standardised(image: np.ndarray) -> np.ndarray:
    """A picture with mean 0 and variance 1, as networks get theirs; one of a single colour is 0 throughout."""
    picture = np.asarray(image, np.float64)
    return (picture - picture.mean()) / (picture.std() or 1)


class HiddenFilter:
    """Gradient descent, w ← w − rate · gradient, towards a filter of which only input and output are known.

    The loss is a parabola in all weights: what the input says about it is summed up once, and each step then takes as
    good as no time, however large the picture is.

    Args:
        image: (height, width), numbers 0–255.
        hidden: (side, side), the filter that makes the output; nothing else is looked at.
        learning_rate: what the gradient is multiplied with in a step.
        seed: of the small random weights with which it begins.

    Attributes:
        largest_rate: the learning rate beyond which the loss grows without end.

    Raises:
        StudioError: the image is smaller than the filter, or all of one colour.
    """

    def __init__(self, image: np.ndarray, hidden: np.ndarray, learning_rate: float = 0.1, seed: int = 0) -> None:
        side = len(hidden)
        if min(image.shape) < side:
            raise StudioError(f"The picture has fewer than {side} rows or columns: choose a larger one.")
        picture = standardised(image)
        patches = np.lib.stride_tricks.sliding_window_view(picture, (side, side)).reshape(-1, side * side)
        self._squares = patches.T @ patches / len(patches)
        if np.linalg.matrix_rank(self._squares, tol=1e-9) < side * side:
            raise StudioError("The picture has too little in it to tell filters apart: draw more, or open another one.")
        self._wanted = np.asarray(hidden, np.float64).reshape(-1)
        self.largest_rate = 1 / float(np.linalg.eigvalsh(self._squares)[-1])
        self.learning_rate = learning_rate
        self._weights = np.random.default_rng(seed).normal(scale=0.1, size=side * side)
        self._steps = 0

    @property
    def progress(self) -> Progress:
        """Where the search is now."""
        side = round(len(self._weights) ** 0.5)
        away = self._weights - self._wanted
        gradient = 2 * self._squares @ away
        loss = float(away @ self._squares @ away)
        return Progress(self._steps, self._weights.reshape(side, side).copy(), loss, gradient.reshape(side, side))

    def step(self, count: int = 1) -> Progress:
        """Makes some steps; stops early where the weights have grown beyond all bounds."""
        for _ in range(count):
            if not np.abs(self._weights).max() < 1e9:
                break
            gradient = 2 * self._squares @ (self._weights - self._wanted)
            self._weights = self._weights - self.learning_rate * gradient
            self._steps += 1
        return self.progress
