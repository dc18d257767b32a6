"""What is said of the layers that are put around a network from elsewhere."""

import pytest

from cnnstudio.models.keras_config.graph import Graph
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_kinds.added import is_added, lesson_of
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.trained.outputs import OUTPUTS, give_probabilities
from cnnstudio.models.trained.value_ranges import VALUE_RANGES


@pytest.mark.parametrize(
    ("name", "count", "added"),
    [("logits", 10, 1), ("logits", 1, 2), ("independent-logits", 10, 1), ("probabilities", 10, 0)],
)
def test_what_makes_probabilities_says_so(name: str, count: int, added: int) -> None:
    graph = Graph.of(network_config("softmax"))
    before = set(graph.nodes)
    give_probabilities(graph, OUTPUTS[name], count)
    new = [node for name, node in graph.nodes.items() if name not in before]
    assert len(new) == added
    assert all(lesson_of(node.name, node.kind).startswith("Added by CNN Studio: ") for node in new)


@pytest.mark.parametrize("name", ["value_range", "value_range_1"])
def test_what_brings_pixels_into_a_range_says_so(name: str) -> None:
    layers = VALUE_RANGES["-1-1-bgr"].layers(name)
    assert len(layers) == 2 and all(is_added(one["config"]["name"], one["class_name"]) for one in layers)


def test_a_layer_of_the_same_name_is_not_taken_for_one() -> None:
    assert lesson_of("value_range", "Conv2D") == LAYER_KINDS["Conv2D"].description
    assert lesson_of("theirs", "SomethingElse") == ""
