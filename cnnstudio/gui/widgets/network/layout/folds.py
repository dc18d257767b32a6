"""Equal parts of a network that follow each other, as ResNet's stages of nine blocks: what can be drawn once.

Parts are compared by all that they do, not by their names: kinds of layers, kernels, strides, shapes, parameters,
connections. So what is drawn of one of them is true of each. Only how much dropouts drop may differ: in deep networks
it grows from block to block.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from cnnstudio.gui.widgets.network.layout.volumes import NetworkGraph, Shortcut, cuts, kernels_of
from cnnstudio.models.layer_kinds import is_elementwise
from cnnstudio.models.layer_table import LayerRow

LONGEST = 24
"""Most volumes of a part that is looked for."""
LONE = 4
"""A single volume folds only where it is repeated so often."""


@dataclass(frozen=True)
class Repeat:
    """Equal parts that follow each other.

    After its sum, the last part may go on with layers that prepare what follows, such as a normalisation.

    Attributes:
        start: number of the first volume.
        length: volumes in a part.
        count: parts; 1 for a part that does the same as repeated ones elsewhere, in another size.
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
    """A graph with some of its repeats folded.

    Attributes:
        graph: of the volumes that are drawn.
        origins: for each of them, the numbers of those that it stands for, the one that is drawn first.
        passed: for each shortcut that is drawn, the names of the layers on all those that it stands for.
        hidden: for each volume, the shortcuts within what it stands for, of the graph that was folded.
    """

    graph: NetworkGraph
    origins: tuple[tuple[int, ...], ...]
    passed: dict[Shortcut, tuple[str, ...]]
    hidden: dict[int, tuple[Shortcut, ...]]


def find_repeats(graph: NetworkGraph, lone: int = LONE, alike: bool = False, stages: int = 0) -> tuple[Repeat, ...]:
    """The repeats of a network, in its order, none in another; those that save most are preferred.

    Args:
        graph: the network.
        lone: how often a single volume must be repeated.
        alike: whether single parts that do the same as repeated ones do elsewhere count as well.
        stages: how many stages, of parts that follow each other and end in one shape, count as one part each: those
            of the most parts first, of these those with the fewest projections.
    """
    search = _Search(graph)
    found = []
    for start in range(1, len(graph.pieces)):
        for length in range(1, min(LONGEST, (len(graph.pieces) - start) // 2) + 1):
            count = search.count(start, length)
            if count >= (lone if length == 1 else 2):
                found.append(Repeat(start, length, count))
    chosen: list[Repeat] = []
    for repeat in sorted(found, key=lambda one: (-one.saved, one.length, one.start)):
        if all(repeat.stop <= other.start or other.stop <= repeat.start for other in chosen):
            chosen.append(repeat)
    if alike:
        chosen += search.alike(chosen, shortest=1 if stages else 2)
    chosen.sort(key=lambda one: one.start)
    return tuple(_merged(graph, chosen, stages) if stages else chosen)


class _Search:
    """What of each volume must agree, as numbers: `_same` in repeats, `_manners` in parts that are drawn like them."""

    def __init__(self, graph: NetworkGraph) -> None:
        edges = [*graph.links, *((one.source, one.target) for one in graph.shortcuts)]
        self._ends = cuts(len(graph.pieces), edges)
        links: list[list[int]] = [[] for _ in graph.pieces]
        for source, target in graph.links:
            links[target].append(target - source)
        passed: list[list[Hashable]] = [[] for _ in graph.pieces]
        for one in graph.shortcuts:
            passed[one.target].append((one.target - one.source, tuple(map(_essence, one.rows))))
        self._shortcuts: list[list[int]] = [[] for _ in graph.pieces]
        for one in graph.shortcuts:
            self._shortcuts[one.target].append(one.source)
        self._joints = {number for one in graph.shortcuts for number in (one.source, one.target)}
        self._shapes = [piece.shape for piece in graph.pieces]
        self._rows = [tuple(map(_essence, piece.rows)) for piece in graph.pieces]
        self._sums = [any(is_elementwise(row.kind) for row in piece.rows) for piece in graph.pieces]
        self._ways = [(*sorted(feeds), *shortcuts) for feeds, shortcuts in zip(links, passed, strict=True)]
        self._same = _numbered(list(zip(self._rows, self._ways, strict=True)))
        self._manners = _numbered(
            [(*_manner(piece.row), *sorted(feeds)) for piece, feeds in zip(graph.pieces, links, strict=True)]
        )

    def count(self, start: int, length: int) -> int:
        """How many equal parts of a length follow each other from a volume on."""
        last, stop, count = start + length - 1, start + 2 * length, 1
        if not (self._ends[start - 1] and self._ends[last]):
            return 1
        while stop <= len(self._same) and self._ends[stop - 1]:
            if self._same[stop - length : stop - 1] != self._same[start:last]:
                break
            if self._same[stop - 1] != self._same[last]:
                return count + self._ends_like(stop - 1, last)
            count, stop = count + 1, stop + length
        return count

    def _ends_like(self, number: int, other: int) -> bool:
        """Whether a volume is like another one up to its sum, and only goes on from there."""
        rows = self._rows[other]
        alike = self._ways[number] == self._ways[other] and self._rows[number][: len(rows)] == rows
        return self._sums[other] and alike

    def alike(self, chosen: Sequence[Repeat], shortest: int) -> list[Repeat]:
        """Single parts, outside those that are chosen, that do the same as the parts of one of them."""
        taken = {number for repeat in chosen for number in range(repeat.start, repeat.stop)}
        patterns = [range(one.start, one.start + one.length) for one in chosen if one.length >= shortest]
        found = []
        # What is made of the image itself is of no part.
        for start in range(2, len(self._manners)):
            for pattern in patterns:
                part = range(start, start + len(pattern))
                if taken.isdisjoint(part) and self._is_like(part, pattern):
                    found.append(Repeat(start, len(pattern), 1))
                    taken.update(part)
        return found

    def _is_like(self, part: range, pattern: range) -> bool:
        """Whether a part does the same as another one; where it changes the shape, it may lack the shortcuts."""
        if not (part.stop <= len(self._ends) and self._ends[part.start - 1] and self._ends[part.stop - 1]):
            return False
        if self._manners[part.start : part.stop] != self._manners[pattern.start : pattern.stop]:
            return False
        if self._reaches(part) == self._reaches(pattern):
            return True
        changes = self._shapes[part.start - 1] != self._shapes[part.stop - 1]
        return changes and not any(self._reaches(part)) and bool({part.start - 1, part.stop - 1} & self._joints)

    def _reaches(self, part: range) -> list[tuple[int, ...]]:
        """From how far before each volume shortcuts come to it."""
        return [tuple(sorted(number - source for source in self._shortcuts[number])) for number in part]


def _merged(graph: NetworkGraph, repeats: Sequence[Repeat], most: int) -> list[Repeat]:
    """Stages as one part each, no more than `most`; of single volumes, only those in such a part."""
    stages: list[list[Repeat]] = []
    for repeat in repeats:
        before = stages[-1][-1] if stages else None
        stays = graph.pieces[repeat.start - 1].shape == graph.pieces[repeat.stop - 1].shape
        # A single layer beside blocks is none of them.
        if before and before.stop == repeat.start and stays and (before.length > 1) == (repeat.length > 1):
            stages[-1].append(repeat)
        else:
            stages.append([repeat])
    projections = Counter(one.target for one in graph.shortcuts if kernels_of(one.rows))

    def rank(stage: Sequence[Repeat]) -> tuple[int, int]:
        """What saves most comes first, what hides projections last."""
        return -len(stage), sum(projections[number] for number in range(stage[0].start, stage[-1].stop))

    longest = sorted((stage for stage in stages if len(stage) > 1), key=rank)[:most]
    merged: list[Repeat] = []
    for stage in stages:
        whole = Repeat(stage[0].start, stage[-1].stop - stage[0].start, 1)
        merged += [whole] if stage in longest else stage
    return [one for one in merged if one.length * one.count > 1]


def _numbered(keys: Sequence[Hashable]) -> list[int]:
    """A number for each key, the same for equal ones: compared often, they are large."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _essence(row: LayerRow) -> tuple[Hashable, ...]:
    """All that a layer does, except how much a dropout drops; a layer of unknown shape equals no other."""
    unknown = row.name if row.output_shape is None else ""
    title = "" if row.kind.endswith("Dropout") else row.title
    return row.kind, title, row.output_shape, row.parameter_terms, row.activation, row.windows, unknown


def _manner(row: LayerRow) -> tuple[Hashable, ...]:
    """What a layer does in any size and with any stride."""
    unknown = row.name if row.output_shape is None else ""
    return row.kind, *(part for part in row.title.split(", ") if not part.startswith("stride")), unknown


def fold(graph: NetworkGraph, repeats: tuple[Repeat, ...], whole: bool = True) -> Folding:
    """Draws each of some repeats once: its first part.

    Args:
        graph: the network.
        repeats: those that are folded, in its order, none in another.
        whole: whether all volumes of a part are drawn; else only its last one.
    """
    numbers: list[int] = []
    origins: list[tuple[int, ...]] = []
    for repeat in repeats:
        _keep(range(len(numbers), repeat.start), numbers, origins)
        first, volumes = len(origins), range(repeat.start, repeat.stop)
        if whole:
            origins += [tuple(volumes[place :: repeat.length]) for place in range(repeat.length)]
        else:
            drawn = repeat.start + repeat.length - 1
            origins.append((drawn, *(number for number in volumes if number != drawn)))
        numbers += [first + (place % repeat.length if whole else 0) for place in range(len(volumes))]
    _keep(range(len(numbers), len(graph.pieces)), numbers, origins)
    return _folded(graph, repeats, numbers, origins, whole)


def _keep(wanted: range, numbers: list[int], origins: list[tuple[int, ...]]) -> None:
    for number in wanted:
        numbers.append(len(origins))
        origins.append((number,))


def _folded(
    graph: NetworkGraph,
    repeats: tuple[Repeat, ...],
    numbers: list[int],
    origins: list[tuple[int, ...]],
    whole: bool,
) -> Folding:
    within = {number: repeat for repeat in repeats for number in range(repeat.start, repeat.stop)}

    def entry(source: int, target: int) -> int:
        """Where an edge starts: what leads from part to part comes, once they are folded, from before the first."""
        repeat = within.get(source)
        if repeat is None or repeat is not within.get(target):
            return numbers[source]
        parts = ((number - repeat.start) // repeat.length for number in (source, target))
        return numbers[source] if len(set(parts)) == 1 else numbers[repeat.start - 1]

    def shown(number: int) -> bool:
        """Whether a volume, or one like it, is drawn."""
        repeat = within.get(number)
        return whole or repeat is None or (number - repeat.start + 1) % repeat.length == 0

    links = {(entry(source, target), numbers[target]) for source, target in graph.links}
    drawn: dict[Hashable, Shortcut] = {}
    passed: dict[Shortcut, tuple[str, ...]] = {}
    hidden: dict[int, tuple[Shortcut, ...]] = {}
    for one in graph.shortcuts:
        target = numbers[one.target]
        # What ends in a volume that is not drawn is not drawn either.
        source = entry(one.source, one.target) if shown(one.target) else target
        if source == target:
            hidden[target] = (*hidden.get(target, ()), one)
            continue
        key = source, target, tuple(map(_essence, one.rows))
        shortcut = drawn.setdefault(key, Shortcut(source, target, one.rows))
        passed[shortcut] = passed.get(shortcut, ()) + tuple(row.name for row in one.rows)
    pieces = tuple(graph.pieces[origin[0]] for origin in origins)
    folded = NetworkGraph(
        pieces,
        tuple(sorted((source, target) for source, target in links if source != target)),
        tuple(drawn.values()),
    )
    return Folding(folded, tuple(origins), passed, hidden)
