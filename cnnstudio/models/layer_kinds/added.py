"""The layers that CNN Studio puts around a network from elsewhere: what they are called, and what each is for."""

import re

from cnnstudio.models.layer_kinds import LAYER_KINDS

VALUE_RANGE = "value_range"
BLUE_FIRST = "_blue_first"
"""What follows that name, for the layer before."""
SOFTMAX = "added_softmax"
SIGMOID = "added_sigmoid"
BOTH_CLASSES = "both_classes"

USED_AGAIN = "_used_again"
"""What follows the name of a layer with weights at the second place where a network uses it."""

_SENTENCES = {
    (VALUE_RANGE, "Rescaling"): (
        "Added by CNN Studio: it brings the pixels, 0 to 255 in a picture, into the range that this network was "
        "trained on."
    ),
    (VALUE_RANGE + BLUE_FIRST, "Conv2D"): (
        "Added by CNN Studio: it puts blue first and red last, as this network takes the colours of a pixel."
    ),
    (SOFTMAX, "Softmax"): (
        "Added by CNN Studio: it makes probabilities of the scores with which this network ends; together they are 1."
    ),
    (SIGMOID, "Activation"): (
        "Added by CNN Studio: it makes a probability of each score with which this network ends."
    ),
    (BOTH_CLASSES, "Dense"): (
        "Added by CNN Studio: this network gives the probability of its second class alone; the first one has the rest."
    ),
}
"""By name and kind; a network that has a layer of that name itself gets one with a number behind it."""


def is_added(name: str, kind: str) -> bool:
    """Whether CNN Studio has put a layer of this name and kind before or behind a network."""
    return (_plain(name), kind) in _SENTENCES


def lesson_of(name: str, kind: str) -> str:
    """What a layer is for, in a sentence: that of its kind, unless CNN Studio has added it; empty where none is known.

    Args:
        name: of the layer.
        kind: Keras's class.
    """
    known = LAYER_KINDS.get(kind)
    if _plain(name).endswith(USED_AGAIN) and known is not None:
        own = re.sub(rf"{USED_AGAIN}(_\d+)?$", "", name)
        return (
            f"The network uses its layer “{own}” again here: CNN Studio gives each place a copy with the same weights, "
            f"which training changes by itself. {known.description}"
        )
    return _SENTENCES.get((_plain(name), kind), known.description if known is not None else "")


def _plain(name: str) -> str:
    """The name without the number that it gets where the network has one like it."""
    return re.sub(r"_\d+(?=_|$)", "", name)
