"""Repairs of a network in which a layer does not fit: each is a whole new config, to be offered on a button."""

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.graph import Config, Graph, Node
from cnnstudio.models.layer_kinds import group_of, is_elementwise
from cnnstudio.models.layer_kinds.values import show, word
from cnnstudio.models.layer_table import LayerTable, Misfit, describe
from cnnstudio.models.networks.editing import change_layer, normalised_convolution

_SHRINKING = frozenset({"kernel_size", "pool_size", "dilation_rate"})
"""Fields of which less leaves more of the maps to the layers after it."""
_WINDOWS = frozenset({"kernel_size", "pool_size"})


@dataclass(frozen=True)
class Repair:
    """A change after which a layer that did not fit does.

    Attributes:
        title: what is done, for a button.
        config: of the repaired network.
        left: the layer that does not fit then; empty where all fits.
    """

    title: str
    config: Config
    left: str = ""


def nearest_working(config: Config, misfit: Misfit) -> tuple[Any, str]:
    """The nearest value of the field that does not fit with which the layers after it fit, too.

    Args:
        config: of the network.
        misfit: its first one, as `describe` finds it.

    Returns:
        The value, the nearest one for the layer alone where no other helps; and the misfit's sentence, which says so.
    """
    nearest = misfit.nearest
    if misfit.field not in _SHRINKING or nearest is None:
        return nearest, misfit.text
    sides = list(nearest) if isinstance(nearest, list | tuple) else [nearest]

    def at_most(limit: int) -> Any:
        less = [min(side, limit) for side in sides]
        return less if isinstance(nearest, list | tuple) else less[0]

    def works(value: Any) -> bool:
        with suppress(StudioError):
            return describe(change_layer(config, misfit.layer, **{misfit.field: value})).misfit is None
        return False

    if works(nearest):
        return nearest, misfit.text
    # Smaller windows leave larger maps: where one works, all smaller ones do.
    limits = range(1, max(sides) + 1)
    best = at_most(max(1, bisect_left(limits, True, key=lambda limit: not works(at_most(limit)))))
    if not works(best):
        return nearest, misfit.text
    return (
        best,
        f"{misfit.text} For the layers after it to work, too, the {word(misfit.field)} is at most {show(best)}.",
    )


def repairs(config: Config, table: LayerTable) -> tuple[Repair, ...]:
    """Ways out of a network's misfit other than the nearest value; those after which all fits come first.

    Args:
        config: of the network; stays as it is.
        table: `describe(config)`.
    """
    misfit = table.misfit
    if misfit is None:
        return ()
    graph = Graph.of(config)
    if misfit.layer not in graph.nodes:  # it leads nowhere
        return ()
    node = graph.nodes[misfit.layer]
    ways: list[Repair] = []
    if misfit.field in _WINDOWS and node.config.get("padding") == "valid":
        with suppress(StudioError):
            ways.append(Repair("Use “same” padding", change_layer(config, node.name, padding="same")))
    elif not misfit.field and is_elementwise(node.kind) and len(node.inputs) == 2:
        ways += _alike(config, table, graph, node)
    tried = [replace(way, left=rest.layer if (rest := describe(way.config).misfit) else "") for way in ways]
    helping = [way for way in tried if way.left != misfit.layer]
    return tuple(sorted(helping, key=lambda way: bool(way.left)))


def _alike(config: Config, table: LayerTable, graph: Graph, merge: Node) -> Iterator[Repair]:
    """Brings the two branches of a layer to the same shape, by the filters of one, or by a convolution in the other."""
    shapes = {row.name: row.output_shape for row in table.rows}
    shortcut, main = sorted(merge.inputs, key=graph.depths().__getitem__)
    for name, other in ((main, shortcut), (shortcut, main)):
        shape, wanted = shapes.get(name), shapes.get(other)
        last = _last_convolution(graph, name)
        if shape and wanted and last and shape[:-1] == wanted[:-1]:
            with suppress(StudioError):
                changed = change_layer(config, last, filters=wanted[-1])
                yield Repair(f"Use {wanted[-1]:,} filters in {last}", changed)
    here, there = shapes.get(shortcut), shapes.get(main)
    if not here or not there or len(here) != 3 or len(there) != 3 or _last_convolution(graph, shortcut):
        return
    stride = -(-here[0] // there[0])
    if all(-(-side // stride) == wanted for side, wanted in zip(here[:2], there[:2], strict=True)):
        title = "1×1 convolution in the shortcut"
        yield Repair(title, _with_projection(config, merge.name, shortcut, there[-1], stride))


def _last_convolution(graph: Graph, name: str) -> str | None:
    """The convolution whose filters are the channels at the end of a branch that goes nowhere else."""
    node, followers = graph.nodes[name], graph.followers()
    while len(followers[node.name]) == 1:
        if node.count_field == "filters":
            return node.name
        if group_of(node.kind) not in ("Activation", "Normalisation", "Regularisation"):
            return None
        node = graph.nodes[node.inputs[0]]
    return None


def _with_projection(config: Config, merge: str, shortcut: str, filters: int, stride: int) -> Config:
    graph = Graph.of(config)
    stem = f"{merge.removesuffix('add').rstrip('_')}_shortcut"
    place, number = f"{stem}_", 1
    while any(name.startswith(place) for name in graph.nodes):
        number += 1
        place = f"{stem}{number}_"
    layers = normalised_convolution(place, shortcut, filters, 1, stride)
    inputs = (layers[-1].name if source == shortcut else source for source in graph.nodes[merge].inputs)
    graph.add(graph.nodes[merge].fed_by(*inputs), *layers)
    return graph.to_config()
