"""How the time of every step over a network grows with its layers: no step may be worse than linear.

Networks are grown from 100 to 3,000 layers in three shapes: a chain, a wide fork, and residual blocks. A step that
takes time in proportion to the layers has the exponent 1, one that looks at all layers for each layer has 2.
"""

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from cnnstudio.models.keras_config.graph import Config, Graph, Node, input_layer
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks import editing
from cnnstudio.models.networks.repairs import repairs
from tests.benchmarks import Measurement

LAYERS = (100, 300, 1_000, 3_000)
LIMIT = 1.3
"""Of the exponent; the processor's caches make more of it than 1."""

ROUNDS = 3


def _new(kind: str, name: str, *inputs: str, **values: Any) -> Node:
    return Node(name, LAYER_KINDS[kind].layer(name), inputs).with_values(**values)


def _body(shape: str, layers: int) -> Iterator[Node]:
    """Layers from “image” to “last”, which keep the shape."""
    if shape == "chain":
        names = ["image", *(f"relu{number}" for number in range(layers - 1)), "last"]
        yield from (_new("ReLU", name, before) for before, name in pairwise(names))
    elif shape == "fork":
        branches = [f"conv{number}" for number in range(layers)]
        yield from (_new("Conv2D", name, "image", filters=2, padding="same") for name in branches)
        yield _new("Add", "last", *branches)
    else:
        before = "image"
        for number in range(layers // 3):
            conv, relu, add = f"conv{number}", f"relu{number}", f"add{number}"
            # Blocks that differ are not folded.
            yield _new("Conv2D", conv, before, filters=8, padding="same", kernel_size=[1 + number % 31] * 2)
            yield _new("ReLU", relu, conv)
            yield _new("Add", add, relu, before)
            before = add
        yield _new("ReLU", "last", before)


def network(shape: str, layers: int) -> Config:
    """A network of some shape (`SHAPES`) for images of 8×8 pixels with so many layers, and a few more."""
    image = Node("image", input_layer((None, 8, 8, 8)))
    head = [
        _new("GlobalAveragePooling2D", "pool", "last"),
        _new("Dense", "output", "pool", units=10, activation="softmax"),
    ]
    return Graph(shape, [image, *_body(shape, layers), *head], "output").to_config()


SHAPES = ("chain", "fork", "blocks")


def _seconds(step: Callable[[], object]) -> float:
    """The processor's time for it, the shortest of some rounds; of what takes long, one round is enough."""
    found: list[float] = []
    gc.disable()  # what it takes to look for garbage depends on all that the process holds
    while len(found) < ROUNDS and sum(found) < 1:
        begin = time.process_time()
        step()
        found.append(time.process_time() - begin)
    gc.enable()
    return min(found)


def _exponent(seconds: Sequence[float]) -> float:
    return math.log(seconds[-1] / seconds[-2], LAYERS[-1] / LAYERS[-2])


def steps(config: Config) -> dict[str, Callable[[], object]]:
    """What is done with a network, by name."""
    from PySide6.QtCore import QObject

    from cnnstudio.exporting.network_code import model_code
    from cnnstudio.gui.widgets.network.layer_facts import Facts
    from cnnstudio.gui.widgets.network.layout.lay_out import lay_out
    from cnnstudio.gui.widgets.network.scene import NetworkScene

    table = describe(config)
    layout = lay_out(table)
    owner = QObject()
    scene = NetworkScene(owner)
    wrong = editing.add_layer(config, "pool", "Conv2D")
    return {
        "table": lambda: describe(config),
        "facts": lambda: Facts(table).cells(),
        "layout": lambda: lay_out(table),
        "unfolded": lambda: lay_out(table, folded=False),
        "scene": lambda: (owner, scene.set_layout(layout)),
        "add": lambda: editing.add_layer(config, "last", "Conv2D"),
        "add_block": lambda: editing.add_residual_block(config, "last", 8),
        "add_sum": lambda: editing.add_layer(config, "last", "Add"),
        "remove": lambda: editing.remove_layer(config, "last"),
        "repairs": lambda: repairs(wrong, describe(wrong)),
        "code": lambda: model_code(config),
    }


def graph_growth() -> list[Measurement]:
    """The exponent with which each step grows, the highest of all shapes, beside the limit."""
    from cnnstudio.gui.app import create

    create(["cnnstudio"])  # fonts and colours
    exponents: dict[str, float] = {}
    for shape in SHAPES:
        times: dict[str, list[float]] = {}
        for layers in LAYERS:
            for name, step in steps(network(shape, layers)).items():
                times.setdefault(name, []).append(_seconds(step))
        for name, seconds in times.items():
            exponents[name] = max(exponents.get(name, 0), _exponent(seconds))
    return [
        Measurement(f"graph_growth_{name}", exponent, "exponent", "the limit", LIMIT)
        for name, exponent in exponents.items()
    ]
