"""What each kind of layer does to shapes, how many weights it has and what it costs: one rule a kind."""

from cnnstudio.models.arithmetic import activations, convolutions, poolings, reshapings
from cnnstudio.models.arithmetic.effects import Rule

RULES: dict[str, Rule] = convolutions.RULES | poolings.RULES | reshapings.RULES | activations.RULES
"""By Keras class."""
