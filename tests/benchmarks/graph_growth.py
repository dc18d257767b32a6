"""How the time of every step over a network grows with its layers: no step may be worse than linear.

Networks are grown from 1,000 to 3,000 layers in three shapes: a chain, a wide fork, and residual blocks. A step that
takes time in proportion to the layers has the exponent 1, one that looks at all layers for each layer has 2; what the
processor's caches add to it shows in a copy of the network, which is linear.
"""

import copy
import gc
import math
import os
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

LAYERS = (1_000, 3_000)
MARGIN = 0.2
"""By how much an exponent may be higher than that of a copy, for the speed of a processor changes."""

ROUNDS = 5


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
    """The processor's time for it."""
    gc.disable()  # what it takes to look for garbage depends on all that the process holds
    begin = time.process_time()
    step()
    spent = time.process_time() - begin
    gc.enable()
    return spent


def _shortest(sizes: Sequence[dict[str, Callable[[], object]]]) -> dict[str, list[float]]:
    """The shortest time of each step for each size; the sizes take turns, for a processor's speed changes."""
    times = {name: [math.inf] * len(sizes) for name in sizes[0]}
    for _ in range(ROUNDS):
        for name, shortest in times.items():
            for number, steps_of_size in enumerate(sizes):
                shortest[number] = min(shortest[number], _seconds(steps_of_size[name]))
    return times


def _exponent(seconds: Sequence[float]) -> float:
    return math.log(seconds[1] / seconds[0], LAYERS[1] / LAYERS[0])


def steps(config: Config) -> dict[str, Callable[[], object]]:
    """What is done with a network, by name."""
    from PySide6.QtCore import QObject

    from cnnstudio.exporting.network_code import model_code
    from cnnstudio.gui.widgets.network.layer_table import LayerTableModel
    from cnnstudio.gui.widgets.network.layout.lay_out import lay_out
    from cnnstudio.gui.widgets.network.scene import NetworkScene

    table = describe(config)
    layout = lay_out(table)
    owner = QObject()
    scene = NetworkScene(owner)
    wrong = editing.add_layer(config, "pool", "Conv2D")
    return {
        "copy": lambda: copy.deepcopy(config),
        "table": lambda: describe(config),
        "facts": lambda: LayerTableModel(owner).set_table(table),
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
    """The exponent with which each step grows, in the shape where it is furthest from that of a copy."""
    from cnnstudio.gui.app import create

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    create(["cnnstudio"])  # fonts and colours
    found: dict[str, tuple[float, float]] = {}
    for shape in SHAPES:
        times = _shortest([steps(network(shape, layers)) for layers in LAYERS])
        limit = _exponent(times.pop("copy")) + MARGIN
        for name, seconds in times.items():
            here = _exponent(seconds), limit
            found[name] = max(found.get(name, here), here, key=lambda pair: pair[0] - pair[1])
    return [
        Measurement(f"graph_growth_{name}", exponent, "exponent", "a copy and 0.2", limit)
        for name, (exponent, limit) in found.items()
    ]
