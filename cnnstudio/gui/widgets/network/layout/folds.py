"""Equal blocks of a network directly after each other, as ResNet's stages have them: drawn once, with their number.

Blocks are compared by all that they do, not by their names: kinds of layers, kernels, strides, shapes, parameters,
connections. Only how much dropouts drop may differ: in deep networks it grows from block to block.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from cnnstudio.gui.widgets.network.layout.volumes import NetworkGraph, Shortcut
from cnnstudio.models.layer_kinds import is_elementwise
from cnnstudio.models.layer_table import LayerRow

LONGEST = 24
"""Most volumes in a block."""
LONE = 4
"""A single volume folds only where it is repeated so often."""


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
class Folding:
    """A graph of which some repeats are drawn as their first block.

    Attributes:
        graph: of the volumes that are drawn.
        origins: for each of them, the numbers of those that it stands for, the one that is drawn first.
        on_shortcuts: for each shortcut that is drawn, the names of the layers on all those that it stands for.
    """

    graph: NetworkGraph
    origins: tuple[tuple[int, ...], ...]
    on_shortcuts: tuple[tuple[str, ...], ...]


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


def fold(graph: NetworkGraph, repeats: Sequence[Repeat]) -> Folding:
    """Draws each of some repeats once: its first block."""
    first = list(range(len(graph.pieces)))
    for repeat in repeats:
        first[repeat.start : repeat.stop] = list(range(repeat.start, repeat.start + repeat.length)) * repeat.count
    origins: dict[int, list[int]] = {}
    for number, drawn in enumerate(first):
        origins.setdefault(drawn, []).append(number)
    places = {number: place for place, number in enumerate(origins)}
    # What leads into a later block leads into the first one, too.
    links = [(places[first[source]], places[target]) for source, target in graph.links if target in places]
    shortcuts: list[Shortcut] = []
    names: dict[tuple[int, int], list[str]] = {}
    met: Counter[int] = Counter()
    for one in graph.shortcuts:
        names.setdefault((first[one.target], met[one.target]), []).extend(row.name for row in one.rows)
        met[one.target] += 1
        if one.target in places:
            shortcuts.append(Shortcut(places[first[one.source]], places[one.target], one.rows))
    folded = NetworkGraph(tuple(graph.pieces[number] for number in origins), tuple(links), tuple(shortcuts))
    return Folding(folded, tuple(map(tuple, origins.values())), tuple(map(tuple, names.values())))
