"""What each kind of layer does to shapes, how many weights it has and what it costs: one rule a kind."""

from cnnstudio.models.rules import activations, merging, reshaping, sliding, weighing
from cnnstudio.models.rules.effects import Rule

RULES: dict[str, Rule] = weighing.RULES | sliding.RULES | reshaping.RULES | activations.RULES | merging.RULES
"""By Keras class."""
