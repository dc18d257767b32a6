"""What of a network is drawn as less than it is: equal blocks after each other, and large networks within the network.

Equal blocks directly after each other, as ResNet's stages have them, are drawn once, with their number. They are
compared by all that they do, not by their names: kinds of layers, kernels, strides, shapes, parameters, connections.
Only how much dropouts drop may differ: in deep networks it grows from block to block.

A network within the network, such as one that was trained on photos and has got another head, is drawn as one volume:
its last.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from cnnstudio.gui.widgets.network.layout.volumes import NetworkGraph, Piece, Shortcut
from cnnstudio.models.layer_kinds import is_elementwise
from cnnstudio.models.layer_table import LayerRow

LONGEST = 24
"""Most volumes in a block."""
LONE = 4
"""A single volume folds only where it is repeated so often."""
LEAST = 6
"""Volumes of an inner network that folds: fewer are seen better as they are."""


@dataclass(frozen=True)
class Repeat:
    """Equal blocks that follow each other.

    After its sum, the last block may go on with layers that prepare what follows, such as a normalisation.

    Attributes:
        start: number of the first volume.
        length: volumes in a block.
        count: blocks.
    """

    start: int
    length: int
    count: int

    @property
    def stop(self) -> int:
        """Number of the first volume after it."""
        return self.start + self.length * self.count

    @property
    def saved(self) -> int:
        """Volumes that need not be drawn."""
        return self.length * (self.count - 1)


@dataclass(frozen=True)
class InnerNetwork:
    """A network within the network.

    Attributes:
        name: its name, after those of the networks that it is in.
        start: number of its first volume.
        stop: number of the first volume after it.
        rows: its layers.
    """

    name: str
    start: int
    stop: int
    rows: tuple[LayerRow, ...]


@dataclass(frozen=True)
class Folding:
    """A graph of which some repeats are drawn as their first block, and some inner networks as their last volume.

    Attributes:
        graph: of the volumes that are drawn.
        origins: for each of them, the numbers of those that it stands for, the one that is drawn first.
        on_shortcuts: for each shortcut that is drawn, the names of the layers on all those that it stands for.
        within: for each volume that is drawn, the names of the layers on shortcuts within the network it stands for.
    """

    graph: NetworkGraph
    origins: tuple[tuple[int, ...], ...]
    on_shortcuts: tuple[tuple[str, ...], ...]
    within: tuple[tuple[str, ...], ...]


def find_repeats(graph: NetworkGraph) -> tuple[Repeat, ...]:
    """Goes through a network once; where equal blocks begin, takes those that save most."""
    edges = [*graph.links, *((one.source, one.target) for one in graph.shortcuts)]
    ends = _cuts(len(graph.pieces), edges)
    signs = _signs(graph)
    repeats: list[Repeat] = []
    start, stop = 1, len(graph.pieces)
    while start < stop:
        lengths = range(1, min(LONGEST, (stop - start) // 2) + 1) if ends[start - 1] else ()
        found = [Repeat(start, length, _count(signs, ends, start, length)) for length in lengths]
        found = [one for one in found if one.count >= (LONE if one.length == 1 else 2)]
        best = max(found, key=lambda one: one.saved, default=None)
        repeats += [best] if best else []
        start = best.stop if best else start + 1
    return tuple(repeats)


def find_inner_networks(graph: NetworkGraph, misfit: str = "") -> tuple[InnerNetwork, ...]:
    """The outermost networks within a network that are large enough to be folded.

    One that gives the answer itself is looked into instead: something of the network is to be seen. So is one whose
    volumes are not all fed by one, or feed others in several ways.

    Args:
        graph: the volumes; the names of layers of an inner network begin with its name and a dot.
        misfit: name of a layer that does not fit, which is not folded away.
    """
    edges = [*graph.links, *((one.source, one.target) for one in graph.shortcuts)]
    paths = [piece.row.networks for piece in graph.pieces]
    found: list[InnerNetwork] = []
    number = 0
    while number < len(paths):
        for depth in range(1, len(paths[number]) + 1):
            path, stop = paths[number][:depth], number
            if number and paths[number - 1][:depth] == path:
                continue  # it began before, and was not folded
            while stop < len(paths) and paths[stop][:depth] == path:
                stop += 1
            entries = {source for source, target in edges if source < number <= target < stop}
            exits = {source for source, target in edges if number <= source < stop <= target}
            is_whole = len(entries) == 1 and exits == {stop - 1}
            if stop - number >= LEAST and is_whole:
                inside = [one.rows for one in graph.shortcuts if number <= one.target < stop]
                rows = [row for piece in graph.pieces[number:stop] for row in piece.rows]
                rows += [row for shortcut in inside for row in shortcut]
                if all(row.name != misfit for row in rows):
                    found.append(InnerNetwork(".".join(path), number, stop, tuple(rows)))
                    number = stop - 1
                    break
        number += 1
    return tuple(found)


def _cuts(count: int, edges: Iterable[tuple[int, int]]) -> list[bool]:
    """Which of `count` pieces all that comes later goes through: every edge past it starts there."""
    furthest = [0] * count
    for source, target in edges:
        furthest[source] = max(furthest[source], target)
    found, reach = [], 0
    for number in range(count):
        # What starts before may go as far as here, and no further.
        found.append(reach <= number)
        reach = max(reach, furthest[number])
    return found


_Sign = tuple[tuple[Hashable, ...], tuple[tuple[Hashable, ...], ...]]
"""What must agree of two volumes: from where they are fed, and what their layers do."""


def _signs(graph: NetworkGraph) -> list[_Sign]:
    feeds: list[list[Hashable]] = [[] for _ in graph.pieces]
    for source, target in graph.links:
        feeds[target].append(target - source)
    for one in graph.shortcuts:
        feeds[one.target].append((one.target - one.source, tuple(map(_essence, one.rows))))
    return [(tuple(ways), tuple(map(_essence, p.rows))) for ways, p in zip(feeds, graph.pieces, strict=True)]


def _essence(row: LayerRow) -> tuple[Hashable, ...]:
    """All that a layer does, except how much a dropout drops; a layer of unknown shape equals no other."""
    unknown = row.name if row.output_shape is None else ""
    title = "" if row.kind.endswith("Dropout") else row.title
    return row.kind, title, row.output_shape, row.parameter_terms, row.activation, row.windows, unknown


def _count(signs: Sequence[_Sign], ends: Sequence[bool], start: int, length: int) -> int:
    """How many equal blocks of a length follow each other from a volume on."""
    last, count = start + length - 1, 1
    if not ends[last]:
        return 1
    ways, rows = signs[last]
    is_sum = any(is_elementwise(str(row[0])) for row in rows)
    for end in range(last + length, len(signs), length):
        other_ways, other_rows = signs[end]
        begins_alike = other_ways == ways and other_rows[: len(rows)] == rows
        if not (ends[end] and begins_alike and signs[end - length + 1 : end] == signs[start:last]):
            break
        goes_on = len(other_rows) > len(rows)
        if goes_on and not is_sum:
            break
        count += 1
        if goes_on:
            break
    return count


def fold(graph: NetworkGraph, repeats: Sequence[Repeat], networks: Sequence[InnerNetwork] = ()) -> Folding:
    """Draws each of some repeats once, its first block, and each of some inner networks as one volume, its last."""
    first = list(range(len(graph.pieces)))
    whole: dict[int, InnerNetwork] = {}
    for network in networks:
        first[network.start : network.stop] = [network.stop - 1] * (network.stop - network.start)
        whole |= dict.fromkeys(range(network.start, network.stop), network)
    for repeat in repeats:
        first[repeat.start : repeat.stop] = list(range(repeat.start, repeat.start + repeat.length)) * repeat.count
    origins: dict[int, list[int]] = {}
    for number, drawn in enumerate(first):
        origins.setdefault(drawn, []).append(number)
    places = {number: place for place, number in enumerate(origins)}
    # What leads into a later block leads into the first one, too.
    links = []
    for source, target in graph.links:
        into = first[target] if target in whole else target
        if into in places and first[source] != into:
            links.append((places[first[source]], places[into]))
    shortcuts: list[Shortcut] = []
    names: dict[tuple[int, int], list[str]] = {}
    within: dict[int, list[str]] = {}
    met: Counter[int] = Counter()
    for one in graph.shortcuts:
        if one.target in whole:
            within.setdefault(first[one.target], []).extend(row.name for row in one.rows)
            continue
        names.setdefault((first[one.target], met[one.target]), []).extend(row.name for row in one.rows)
        met[one.target] += 1
        if one.target in places:
            shortcuts.append(Shortcut(places[first[one.source]], places[one.target], one.rows))
    pieces = tuple(_as_one(whole[n], graph.pieces[n]) if n in whole else graph.pieces[n] for n in origins)
    folded = NetworkGraph(pieces, tuple(dict.fromkeys(links)), tuple(shortcuts))
    return Folding(
        folded,
        tuple(map(tuple, origins.values())),
        tuple(map(tuple, names.values())),
        tuple(tuple(within.get(number, ())) for number in origins),
    )


def _as_one(network: InnerNetwork, last: Piece) -> Piece:
    """What is drawn of an inner network: what its last layers answer, and how much there is in it."""
    parameters = sum(row.parameters for row in network.rows)
    whole = replace(
        last.row,
        kind="Functional",
        title=f"{len(network.rows)} layers",
        output_shape=last.rows[-1].output_shape,
        parameters=parameters,
        parameter_terms=f"{parameters:,}" if parameters else "",
        activation="",
        windows=None,
    )
    return Piece((whole,))
