"""Activation functions and their derivatives."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Activation:
    """An activation function.

    Attributes:
        name: Keras's.
        title: as people write it.
        formula: in letters.
        function: of an array of float64.
        derivative: likewise; where there is none, at a corner, what Keras takes.
        remark: what it is good for, in a sentence.
    """

    name: str
    title: str
    formula: str
    function: _Function
    derivative: _Function
    remark: str


LEAK = 0.2
"""The slope of leaky ReLU below 0, Keras's own."""

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _sigmoid(x: np.ndarray) -> np.ndarray:
    """Without ever taking the exponential of a large number."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def _normal(x: np.ndarray) -> np.ndarray:
    """The share of a standard normal distribution that lies below x."""
    return (1 + _erf(x / math.sqrt(2))) / 2


def _sigmoid_slope(x: np.ndarray) -> np.ndarray:
    return _sigmoid(x) * _sigmoid(-x)


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation(
            "linear",
            "None",
            "x",
            lambda x: x + 0.0,
            np.ones_like,
            "Leaves the numbers as they are: however many such layers follow each other, they do what one could do.",
        ),
        Activation(
            "relu",
            "ReLU",
            "max(0, x)",
            lambda x: np.maximum(x, 0.0),
            lambda x: (x > 0).astype(np.float64),
            "Lets through what is above 0 and nothing else. Cheap, and its slope of 1 does not fade over many layers.",
        ),
        Activation(
            "leaky_relu",
            "Leaky ReLU",
            f"x for x ≥ 0, else {LEAK}·x",
            lambda x: np.where(x >= 0, x, LEAK * x),
            lambda x: np.where(x > 0, 1.0, LEAK),
            "Lets a little through below 0, so that a unit that is always negative can still learn.",
        ),
        Activation(
            "tanh",
            "tanh",
            "(eˣ − e⁻ˣ)/(eˣ + e⁻ˣ)",
            np.tanh,
            lambda x: 1 - np.tanh(x) ** 2,
            "Squeezes every number between −1 and 1. Far from 0 it is flat: there the gradient all but vanishes.",
        ),
        Activation(
            "sigmoid",
            "Sigmoid",
            "1/(1 + e⁻ˣ)",
            _sigmoid,
            _sigmoid_slope,
            "Squeezes every number between 0 and 1, like a probability. Its slope is at most ¼.",
        ),
        Activation(
            "gelu",
            "GELU",
            "x·Φ(x), with Φ the normal distribution",
            lambda x: x * _normal(x),
            lambda x: _normal(x) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
            "A ReLU without a corner, which dips a little below 0. Usual in transformers.",
        ),
        Activation(
            "silu",
            "SiLU",
            "x/(1 + e⁻ˣ)",
            lambda x: x * _sigmoid(x),
            lambda x: _sigmoid(x) + x * _sigmoid_slope(x),
            "Also called swish: x times its own sigmoid. Usual in EfficientNet.",
        ),
    )
}
"""By Keras's name."""
