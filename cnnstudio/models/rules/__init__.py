"""What each kind of layer does to shapes, how many weights it has and what it costs: one rule a kind."""

from cnnstudio.models.rules import activations, convolutions, merging, reshaping
from cnnstudio.models.rules.effects import Rule

RULES: dict[str, Rule] = convolutions.RULES | reshaping.RULES | activations.RULES | merging.RULES
"""By Keras class."""
