"""The kinds of layers: what each is called and does, its arithmetic, and what can be set on it.

Only these may stand in a model's file, so a kind belongs here only if building it runs no code of the file's author and
reads no other file.
"""

from cnnstudio.models.layer_kinds import (
    activations,
    attention,
    branches,
    convolutions,
    dense,
    inputs,
    normalisations,
    poolings,
    recurrent,
    regularisations,
    reshapings,
)
from cnnstudio.models.layer_kinds.kind import Group, LayerKind

LAYER_KINDS: dict[str, LayerKind] = {
    kind.name: kind
    for kinds in (
        convolutions.KINDS,
        poolings.KINDS,
        dense.KINDS,
        attention.KINDS,
        recurrent.KINDS,
        activations.KINDS,
        normalisations.KINDS,
        regularisations.KINDS,
        branches.KINDS,
        reshapings.KINDS,
        inputs.KINDS,
    )
    for kind in kinds
}
"""Every kind of layer by Keras's class, in the order in which an editor offers those that it offers."""


def group_of(kind: str) -> Group | None:
    """What a kind of layer is for; None where it is not known."""
    return LAYER_KINDS[kind].group if kind in LAYER_KINDS else None


def is_elementwise(kind: str) -> bool:
    """Whether layers of a kind join several inputs of one shape number by number."""
    return group_of(kind) == "Branches" and not LAYER_KINDS[kind].concatenates
