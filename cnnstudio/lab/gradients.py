"""A gradient step through a convolution, with all numbers."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.lab.activations import ACTIVATIONS
from cnnstudio.lab.convolution import Convolution, Convolved


@dataclass(frozen=True, eq=False)
class GradientStep:
    """Backpropagation through one convolution, and what gradient descent makes of its weights.

    The loss is half the sum of the squared differences between output and target, so that its derivative is simply
    output − target.

    Attributes:
        done: the convolution and its input.
        target: (output height, output width, filters), what should have come out.
        learning_rate: how far to go against the gradient.

    Raises:
        StudioError: the target has another shape than the output.
    """

    done: Convolved
    target: np.ndarray
    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        target = np.asarray(self.target, np.float64)
        shape = self.done.output.shape
        if target.shape != shape:
            wanted, given = ("×".join(map(str, sides)) for sides in (shape, target.shape))
            raise StudioError(f"The target is {given}, but the output is {wanted}: give both the same shape.")
        object.__setattr__(self, "target", target)

    @property
    def loss(self) -> float:
        """½ Σ (y − t)²."""
        return float(((self.done.output - self.target) ** 2).sum() / 2)

    @property
    def by_output(self) -> np.ndarray:
        """dL/dy = y − t."""
        return self.done.output - self.target

    @cached_property
    def by_sum(self) -> np.ndarray:
        """dL/dz, before the activation: dL/dy times the activation's slope there."""
        slope = ACTIVATIONS[self.done.convolution.activation].derivative(self.done.before)
        return self.by_output * slope

    @cached_property
    def by_kernel(self) -> np.ndarray:
        """dL/dw, in the kernel's shape: for each weight the sum of dL/dz times the number that it met."""
        layer = self.done.convolution
        gradient = np.empty_like(layer.kernel)
        for place in np.ndindex(gradient.shape):
            gradient[place] = (self.done.meeting(*place).values * self.by_sum[..., place[3]]).sum()
        return gradient

    @property
    def by_bias(self) -> np.ndarray:
        """dL/db, (filters,): the sum of dL/dz."""
        return self.by_sum.sum(axis=(0, 1))

    @cached_property
    def by_input(self) -> np.ndarray:
        """dL/dx, in the input's shape: for each number the sum of dL/dz times the weight, over all its uses."""
        done, layer = self.done, self.done.convolution
        gradient = np.zeros_like(done.inputs)
        for filter_ in range(layer.filters):
            channels = done.channels_of(filter_)
            for row, column in np.ndindex(done.inputs.shape[:2]):
                for use in done.uses(row, column):
                    weights = layer.kernel[(*use.weight, slice(None), filter_)]
                    gradient[row, column, channels.start : channels.stop] += (
                        self.by_sum[use.row, use.column, filter_] * weights
                    )
        return gradient

    @cached_property
    def updated(self) -> Convolution:
        """The convolution after the step: each weight less learning rate × gradient."""
        layer = self.done.convolution
        bias = None if layer.bias is None else layer.biases - self.learning_rate * self.by_bias
        return replace(layer, kernel=layer.kernel - self.learning_rate * self.by_kernel, bias=bias)

    @property
    def loss_after(self) -> float:
        """The loss with the updated weights, for the same input."""
        return replace(self, done=self.updated.on(self.done.inputs)).loss
