"""What the outputs of networks mean, and the layers that make probabilities of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.graph import Graph, Node, layer_config
from cnnstudio.models.layer_kinds.added import BOTH_CLASSES, SIGMOID, SOFTMAX

if TYPE_CHECKING:
    import keras

LIKELY = 0.5
"""A class of its own probability is answered from here on, as with Keras's binary accuracy."""


@dataclass(frozen=True)
class Outputs:
    """What the outputs of a network mean. A single output stands for two classes: it is the one of the second.

    Attributes:
        name: the key, as typed on the command line.
        title: for the screen.
        description: one sentence for somebody new.
        logits: whether they are scores that must still be made probabilities.
        independent: whether each class has a probability of its own, instead of a share of one.
    """

    name: str
    title: str
    description: str
    logits: bool
    independent: bool

    def fits(self, count: int) -> bool:
        """Whether so many outputs can mean this."""
        return count > 1 or not self.independent


OUTPUTS: dict[str, Outputs] = {
    entry.name: entry
    for entry in (
        Outputs(
            "probabilities",
            "Probabilities",
            "One class is right. The network ends in softmax, or in one sigmoid for two classes.",
            logits=False,
            independent=False,
        ),
        Outputs(
            "logits",
            "Scores (logits)",
            "One class is right. The network ends without softmax or sigmoid, which is added here.",
            logits=True,
            independent=False,
        ),
        Outputs(
            "independent",
            "Independent probabilities",
            "Several classes can be right, or none. The network ends in a sigmoid for each class.",
            logits=False,
            independent=True,
        ),
        Outputs(
            "independent-logits",
            "Independent scores (logits)",
            "Several classes can be right, or none. The sigmoids are added here.",
            logits=True,
            independent=True,
        ),
    )
}
"""Everything that outputs can mean, in the order in which it is shown."""


_LIMITED = frozenset({"sigmoid", "hard_sigmoid", "sparse_sigmoid"})
"""Activations that give a probability from 0 to 1 by itself."""

_SHARED = frozenset({"softmax", "sparsemax"})
"""Activations that give probabilities which add up to 1."""

_LETS_THROUGH = frozenset({"Activation", "Dropout", "Flatten", "GlobalAveragePooling2D", "Identity", "Reshape"})
"""Kinds of layers behind which outputs mean what they meant before."""


_OF_NUMBERS = frozenset(
    {"mse", "mean_squared_error", "mae", "mean_absolute_error", "mape", "mean_absolute_percentage_error", "msle"}
    | {"mean_squared_logarithmic_error", "huber", "huber_loss", "log_cosh", "logcosh"}
)
"""Losses by which networks learn numbers."""


def likely_outputs(graph: Graph, count: int, loss: str = "") -> tuple[Outputs, str]:
    """What so many outputs of a network most probably mean, and a sentence on why.

    Args:
        graph: of the network.
        count: how many outputs it has.
        loss: that it was trained with, by Keras's name; empty where that is not known.

    Raises:
        StudioError: there is one output, and it is no probability and no score.
    """
    activation = _last_activation(graph)
    if count == 1:
        if activation in _LIMITED:
            return OUTPUTS[
                "probabilities"
            ], "Its one output ends in a sigmoid: it is the probability of the second class."
        if not activation and loss.lower() in _OF_NUMBERS:
            raise StudioError(
                f"It is a regression: it was trained with the loss {loss} to answer with a number, such as an age, not "
                "with a class. CNN Studio opens classifiers; the Architecture page shows the layers of this one."
            )
        if not activation:
            return OUTPUTS["logits"], "Its one output is not limited: a sigmoid makes it that of the second class."
        why = "is always 1" if activation in _SHARED else "is neither a probability nor a score of one"
        raise StudioError(
            f"It has a single output, which ends in {activation} and so {why}. End it in a sigmoid for two classes, or "
            "in one output for each class and a softmax, and train it again."
        )
    if activation in _SHARED:
        return OUTPUTS["probabilities"], f"Its {count:,} outputs end in {activation}: they add up to 1."
    if activation in _LIMITED:
        return OUTPUTS["independent"], f"Each of its {count:,} outputs ends in a sigmoid of its own."
    return OUTPUTS["logits"], f"Its {count:,} outputs are no probabilities yet: a softmax makes them so."


def _last_activation(graph: Graph) -> str:
    """Keras's name of the function behind which the outputs lie; empty where there is none."""
    node = graph.nodes[graph.output]
    while True:
        activation = "softmax" if node.kind == "Softmax" else node.config.get("activation")
        if activation not in (None, "linear"):
            return str(activation)
        if node.kind not in _LETS_THROUGH or len(node.inputs) != 1:
            return ""
        node = graph.nodes[node.inputs[0]]


def give_probabilities(graph: Graph, outputs: Outputs, count: int) -> str | None:
    """Adds to a network the layers after which each class has its probability.

    Args:
        graph: of the network; it is changed.
        outputs: what its outputs mean.
        count: how many outputs it has.

    Returns:
        The name of the layer that makes two probabilities of one, whose weights are `set_two`'s; None where none does.
    """
    if outputs.logits:
        separate = outputs.independent or count == 1
        name = graph.free_name(SIGMOID if separate else SOFTMAX)
        layer = (
            layer_config("Activation", {"name": name, "activation": "sigmoid"})
            if separate
            else layer_config("Softmax", {"name": name})
        )
        graph.add(Node(name, layer, (graph.output,)))
        graph.output = name
    if count > 1:
        return None
    name = graph.free_name(BOTH_CLASSES)
    graph.add(Node(name, layer_config("Dense", {"name": name, "units": 2, "trainable": False}), (graph.output,)))
    graph.output = name
    return name


def set_two(layer: "keras.layers.Dense") -> None:
    """Gives a dense layer the weights by which one probability p becomes two: 1 − p and p."""
    import numpy as np

    layer.set_weights([np.array([[-1, 1]], np.float32), np.array([1, 0], np.float32)])
