"""Equal parts of a network that follow each other, as ResNet's stages of nine blocks: what can be drawn once.

Parts are compared by what they do, not by their names: kinds of layers, kernels, shapes, parameters, connections.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from cnnstudio.models.drawing.volumes import SUMS, NetworkGraph, Piece, Shortcut, cuts

LONGEST = 24
"""Most volumes of a part that is looked for."""
LONE = 4
"""A single volume folds only where it is repeated so often."""


@dataclass(frozen=True)
class Repeat:
    """Equal parts that follow each other.

    The first part may have another stride and other shortcuts, and fewer channels at its start: so do the stages of
    residual networks begin.

    Attributes:
        start: number of the first volume.
        length: volumes in a part.
        count: parts.
    """

    start: int
    length: int
    count: int

    @property
    def stop(self) -> int:
        """Number of the first volume after it."""
        return self.start + self.length * self.count

    @property
    def typical(self) -> int:
        """Number of the first volume of the part that is drawn: the second one, for the first may be of its own."""
        return self.start + (self.length if self.count > 1 else 0)

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
        folds: for each repeat that is folded, the numbers of the volumes that are drawn of it.
    """

    graph: NetworkGraph
    origins: tuple[tuple[int, ...], ...]
    folds: tuple[tuple[Repeat, tuple[int, ...]], ...]


def find_repeats(graph: NetworkGraph, lone: int = LONE, alike: bool = False) -> tuple[Repeat, ...]:
    """The repeats of a network, in its order, none in another; those that save most are preferred.

    Args:
        graph: the network.
        lone: how often a single volume must be repeated.
        alike: whether single parts that do the same as repeated ones do elsewhere count as well.
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
        chosen += search.alike(chosen)
    return tuple(sorted(chosen, key=lambda one: one.start))


class _Search:
    """What of each volume must agree: `_like` between the first part and the second, `_same` between all others."""

    def __init__(self, graph: NetworkGraph) -> None:
        self._shapes = [piece.shape for piece in graph.pieces]
        edges = [*graph.links, *((one.source, one.target) for one in graph.shortcuts)]
        self._ends = cuts(len(graph.pieces), edges)
        links: list[list[int]] = [[] for _ in graph.pieces]
        for source, target in graph.links:
            links[target].append(target - source)
        passed: list[list[Hashable]] = [[] for _ in graph.pieces]
        for one in graph.shortcuts:
            passed[one.target].append((one.target - one.source, *(row.kind for row in one.rows)))
        self._like: list[Hashable] = []
        self._same: list[Hashable] = []
        for piece, offsets, shortcuts in zip(graph.pieces, links, passed, strict=True):
            kernels = tuple(window.kernel for window in piece.row.windows or ())
            said = [part for part in piece.row.title.split(", ") if not part.startswith("stride")]
            self._like.append((piece.row.kind, *said, *sorted(offsets)))
            self._same.append((_essence(piece), kernels, tuple(shortcuts), *sorted(offsets)))

    def count(self, start: int, length: int) -> int:
        """How many parts of a length follow each other from a volume on."""
        second, third = start + length, start + 2 * length
        if self._like[start] != self._like[second]:
            return 1
        if not (self._ends[start - 1] and self._ends[second - 1] and self._ends[third - 1]):
            return 1
        if self._like[start:second] != self._like[second:third] or self._shapes[second - 1] != self._shapes[third - 1]:
            return 1
        count, pattern = 2, self._same[second:third]
        while True:
            stop = start + count * length
            if self._same[stop : stop + length] != pattern or not self._ends[stop + length - 1]:
                return count
            count += 1

    def alike(self, chosen: Sequence[Repeat]) -> list[Repeat]:
        """Single parts, outside those that are chosen, that do the same as the parts of one of them."""
        taken = {number for repeat in chosen for number in range(repeat.start, repeat.stop)}
        patterns = {tuple(self._like[one.typical : one.typical + one.length]) for one in chosen if one.length > 1}
        found = []
        for start in range(1, len(self._like)):
            for pattern in patterns:
                part = range(start, start + len(pattern))
                fits = tuple(self._like[part.start : part.stop]) == pattern and taken.isdisjoint(part)
                if fits and self._ends[start - 1] and self._ends[part.stop - 1]:
                    found.append(Repeat(start, len(pattern), 1))
                    taken.update(part)
        return found


def _essence(piece: Piece) -> tuple[Hashable, ...]:
    """What a volume does: its layers with parameters, up to a sum; a normalisation after it is for what follows."""
    sums = [number for number, row in enumerate(piece.rows) if row.kind in SUMS]
    rows = piece.rows[: sums[-1] + 1] if sums else piece.rows
    return tuple(
        (row.kind, row.output_shape, row.parameters, row.activation)
        for row in rows
        if row.parameters or row is piece.row
    )


def fold(graph: NetworkGraph, repeats: tuple[Repeat, ...], whole: bool = True) -> Folding:
    """Draws each of some repeats once.

    Args:
        graph: the network.
        repeats: those that are folded, in its order, none in another.
        whole: whether all volumes of a part are drawn; else only its last one.
    """
    numbers: list[int] = []
    origins: list[tuple[int, ...]] = []
    folds = []
    following = 0
    for repeat in repeats:
        _keep(range(following, repeat.start), numbers, origins)
        first = len(origins)
        shown = repeat.length if whole else 1
        for place in range(repeat.length - shown, repeat.length):
            step = repeat.length if whole else 1
            members = set(range(repeat.start + (place if whole else 0), repeat.stop, step))
            drawn = repeat.typical + place
            origins.append((drawn, *sorted(members - {drawn})))
        for number in range(repeat.start, repeat.stop):
            place = (number - repeat.start) % repeat.length
            numbers.append(first + (place if whole else 0))
        folds.append((repeat, tuple(range(first, len(origins)))))
        following = repeat.stop
    _keep(range(following, len(graph.pieces)), numbers, origins)
    return Folding(_folded(graph, repeats, numbers, origins), tuple(origins), tuple(folds))


def _keep(wanted: range, numbers: list[int], origins: list[tuple[int, ...]]) -> None:
    for number in wanted:
        numbers.append(len(origins))
        origins.append((number,))


def _folded(
    graph: NetworkGraph, repeats: tuple[Repeat, ...], numbers: list[int], origins: list[tuple[int, ...]]
) -> NetworkGraph:
    within = {number: repeat for repeat in repeats for number in range(repeat.start, repeat.stop)}

    def entry(source: int, target: int) -> int:
        """Where an edge starts: what leads from part to part comes, once they are folded, from before the first."""
        repeat = within.get(source)
        if repeat is None or repeat is not within.get(target):
            return numbers[source]
        parts = ((number - repeat.start) // repeat.length for number in (source, target))
        return numbers[source] if len(set(parts)) == 1 else numbers[repeat.start - 1]

    links = {(entry(source, target), numbers[target]) for source, target in graph.links}
    joins: dict[tuple[int, int], Shortcut] = {}
    for one in graph.shortcuts:
        source, target = entry(one.source, one.target), numbers[one.target]
        known = joins.get((source, target))
        if source != target and (known is None or len(one.rows) < len(known.rows)):
            joins[source, target] = Shortcut(source, target, one.rows)
    pieces = tuple(graph.pieces[origin[0]] for origin in origins)
    return NetworkGraph(pieces, tuple(sorted(link for link in links if link[0] != link[1])), tuple(joins.values()))
