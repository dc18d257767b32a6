"""The activation functions of Keras that keep a shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ActivationFunction:
    """An activation function.

    Attributes:
        name: Keras's.
        title: as people write it, with a capital letter.
        is_offered: whether an editor offers it; the others may stand in files.
        mixes_channels: whether each number depends on all channels at its place.
        operation: the class of Keras's operation that computes the same; empty where there is none.
        operation_values: the values with which the operation does so.
        formula: of x, as people write it; empty where that is long.
    """

    name: str
    title: str
    is_offered: bool = False
    mixes_channels: bool = False
    operation: str = ""
    operation_values: Mapping[str, Any] = field(default_factory=dict)
    formula: str = ""


ACTIVATIONS: dict[str, ActivationFunction] = {
    function.name: function
    for function in (
        ActivationFunction("linear", "Linear", is_offered=True),
        ActivationFunction("relu", "ReLU", is_offered=True, operation="Relu", formula="max(0, x)"),
        ActivationFunction("relu6", "ReLU6", is_offered=True, operation="Relu6", formula="min(max(0, x), 6)"),
        ActivationFunction("leaky_relu", "Leaky ReLU", is_offered=True),
        ActivationFunction("elu", "ELU", is_offered=True, operation="Elu", operation_values={"alpha": 1.0}),
        ActivationFunction("selu", "SELU", is_offered=True, operation="Selu"),
        ActivationFunction("gelu", "GELU", is_offered=True, operation="Gelu", operation_values={"approximate": False}),
        ActivationFunction("silu", "SiLU", is_offered=True, operation="Silu", formula="x / (1 + e⁻ˣ)"),
        ActivationFunction("sigmoid", "Sigmoid", is_offered=True, operation="Sigmoid", formula="1 / (1 + e⁻ˣ)"),
        ActivationFunction("tanh", "Tanh", is_offered=True, operation="Tanh", formula="(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"),
        ActivationFunction("softmax", "Softmax", is_offered=True, mixes_channels=True),
        ActivationFunction("celu", "CELU"),
        ActivationFunction("swish", "SiLU"),
        ActivationFunction("mish", "Mish"),
        ActivationFunction("log_softmax", "Log-softmax", mixes_channels=True),
        ActivationFunction("log_sigmoid", "Log-sigmoid", operation="LogSigmoid"),
        ActivationFunction("softplus", "Softplus", operation="Softplus", formula="ln(1 + eˣ)"),
        ActivationFunction("softsign", "Softsign", operation="Softsign", formula="x / (1 + |x|)"),
        ActivationFunction("squareplus", "Squareplus"),
        ActivationFunction("exponential", "Exponential", operation="Exp", formula="eˣ"),
        ActivationFunction("hard_sigmoid", "Hard sigmoid", operation="HardSigmoid"),
        ActivationFunction("hard_silu", "Hard SiLU", operation="HardSilu"),
        ActivationFunction("hard_swish", "Hard SiLU"),
        ActivationFunction("hard_tanh", "Hard tanh", operation="HardTanh"),
        ActivationFunction("hard_shrink", "Hard shrink"),
        ActivationFunction("soft_shrink", "Soft shrink"),
        ActivationFunction("tanh_shrink", "Tanh shrink"),
        ActivationFunction("sparse_plus", "Sparseplus"),
        ActivationFunction("sparse_sigmoid", "Sparse sigmoid"),
        ActivationFunction("sparsemax", "Sparsemax", mixes_channels=True),
    )
}
"""By Keras's name, in the order in which an editor offers those that it offers."""
