"""Flattening and a dense layer done by hand, and how many weights it has beside a convolution."""

from dataclasses import dataclass

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.lab.activations import ACTIVATIONS


def flat_place(shape: tuple[int, int, int], index: int) -> tuple[int, int, int]:
    """Which (row, column, channel) of maps a number of the flattened vector was: row by row, channel after channel."""
    row, column, channel = np.unravel_index(index, shape)
    return int(row), int(column), int(channel)


@dataclass(frozen=True, eq=False)
class Term:
    """The output of one unit, and how it comes about.

    Attributes:
        products: (inputs,), each input times its weight.
        total: their sum.
        bias: added to it.
        before: total + bias, which goes into the activation.
        value: the output.
    """

    products: np.ndarray
    total: float
    bias: float
    before: float
    value: float


@dataclass(frozen=True, eq=False)
class Dense:
    """A dense layer: every unit has a weight for every input.

    Attributes:
        weights: (inputs, units).
        bias: (units,).
        activation: a key of `ACTIVATIONS`.
    """

    weights: np.ndarray
    bias: np.ndarray
    activation: str = "linear"

    def unit(self, inputs: np.ndarray, unit: int) -> Term:
        """How the output of one unit comes about.

        Args:
            inputs: maps or a vector; flattened row by row.
            unit: counted from 0.

        Raises:
            StudioError: there are more or fewer inputs than weights.
        """
        vector = np.asarray(inputs, np.float64).reshape(-1)
        weights = np.asarray(self.weights, np.float64)
        if len(vector) != len(weights):
            raise StudioError(
                f"Each unit has {len(weights)} weights, but there are {len(vector)} inputs: give both the same number."
            )
        products = vector * weights[:, unit]
        total, bias = float(products.sum()), float(self.bias[unit])
        value = ACTIVATIONS[self.activation].function(np.array(total + bias))
        return Term(products, total, bias, total + bias, float(value))

    def on(self, inputs: np.ndarray) -> np.ndarray:
        """(units,), what all units answer; arguments and errors as of `unit`."""
        return np.array([self.unit(inputs, unit).value for unit in range(np.shape(self.weights)[1])])


@dataclass(frozen=True)
class FirstLayer:
    """A first layer on pictures of a size.

    Attributes:
        side: height and width of the pictures.
        channels: 1 for grey ones, 3 for coloured ones.
        hidden: H, the units of the dense layer.
        kernel: height and width of the convolution's kernels.
        filters: how many the convolution has.
    """

    side: int
    channels: int = 1
    hidden: int = 256
    kernel: int = 3
    filters: int = 32

    @property
    def pixels(self) -> int:
        """P, how many numbers a picture has."""
        return self.side**2 * self.channels

    @property
    def dense(self) -> int:
        """P × H weights, and H biases: it grows with the picture."""
        return self.pixels * self.hidden + self.hidden

    @property
    def convolution(self) -> int:
        """Kernel² × channels × filters weights, and a bias a filter: the same for any picture."""
        return self.kernel**2 * self.channels * self.filters + self.filters
