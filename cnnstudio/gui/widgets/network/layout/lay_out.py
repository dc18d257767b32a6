"""The picture of a network in the manner of the LeNet-5 figure: where each volume, label, shortcut and fold lies.

Volumes stand from left to right; the sides of one grow with the square root of its feature maps' sides, its depth with
the logarithm of their number. Shortcuts are arcs above. Branches lie in lanes, which fast-sugiyama assigns.
Y. LeCun et al., “Gradient-based learning applied to document recognition”, 1998, figure 2.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, count
from math import inf

from cnnstudio.gui.widgets.network.layout.columns import (
    FRAME,
    Part,
    arc_within,
    arcs_over,
    lanes_of,
    link_between,
    place,
)
from cnnstudio.gui.widgets.network.layout.folds import Folding, Repeat, find_repeats, fold
from cnnstudio.gui.widgets.network.layout.parts import Arc, Box, Fold, Link, State, Volume, around
from cnnstudio.gui.widgets.network.layout.volumes import NetworkGraph, Size, read_graph, role_of, sizes_of
from cnnstudio.gui.widgets.network.layout.words import facts_of, facts_of_fold, told_inside
from cnnstudio.models.layer_table import LayerTable

WIDEST = 1750.0
"""Where a picture would be wider, more of it is folded: in a window of 1920 pixels its labels can still be read."""


@dataclass(frozen=True)
class Style:
    """A way to draw a network.

    Attributes:
        lone: how often a single volume is repeated before it folds; 0 if nothing folds.
        whole: whether a fold shows a whole part; else only its end.
        size: of the volumes, 1 for the usual one.
        terse: whether words are shortened, and what has no shape is drawn as narrow as can be.
        stages: how many stages, of parts that follow each other, are drawn as one part each, by its end.
    """

    lone: int
    whole: bool = True
    size: float = 1.0
    terse: bool = False
    stages: int = 0


_STYLES = (
    Style(4),
    Style(4, size=0.7),
    Style(2, size=0.7),
    Style(2, whole=False),
    Style(2, whole=False, size=0.7),
    Style(2, whole=False, size=0.5, terse=True),
)
"""What is tried, from the most telling to the narrowest; then the narrowest with ever more stages as one part."""

_SPARE = 1.15
"""So many times wider than it was meant to be a picture may be, its words smaller, before stages become one part."""

_BADGE, _LONE_BADGE = (48.0, 20.0), (28.0, 20.0)


@dataclass(frozen=True)
class NetworkLayout:
    """Where everything lies.

    Attributes:
        name: of the network.
        volumes: each after those that feed it.
        links: connections from volume to volume.
        arcs: the shortcuts.
        folds: equal parts that follow each other, folded or not.
        box: all of it.
        table: the network.
        unfolded: keys of the folds that are unfolded.
        widest: how wide it was meant to be at most; infinite where nothing was to fold.
    """

    name: str
    volumes: tuple[Volume, ...]
    links: tuple[Link, ...]
    arcs: tuple[Arc, ...]
    folds: tuple[Fold, ...]
    box: Box
    table: LayerTable = field(repr=False)
    unfolded: frozenset[str]
    widest: float = field(compare=False)

    @cached_property
    def _holders(self) -> dict[str, int]:
        on_arcs = {name: arc.target for arc in self.arcs for name in arc.layers}
        return on_arcs | {name: number for number, volume in enumerate(self.volumes) for name in volume.layers}

    def volume_of(self, layer: str) -> int | None:
        """Number of the volume that stands for a layer; for one on a shortcut, that where the shortcut ends."""
        return self._holders.get(layer)

    def arc_of(self, layer: str) -> int | None:
        """Number of the arc that a layer lies on; None where it lies on none."""
        return next((number for number, arc in enumerate(self.arcs) if layer in arc.layers), None)

    def fold_of(self, volume: int) -> Fold | None:
        """The fold that a volume is in."""
        return next((one for one in self.folds if volume in one.volumes), None)

    def beside(self, volume: int, way: int) -> int | None:
        """The next volume above (`way` -1) or below (1) another one; None where there is none."""
        one = self.volumes[volume].box
        found = [
            (abs(other.box.middle[1] - one.middle[1]), number)
            for number, other in enumerate(self.volumes)
            if other.box.x < one.right and one.x < other.box.right and way * (other.box.middle[1] - one.middle[1]) > 1
        ]
        return min(found)[1] if found else None

    def toggled(self, key: str) -> "NetworkLayout":
        """The same network with a fold unfolded, or folded again."""
        return lay_out(self.table, unfolded=self.unfolded ^ {key}, widest=self.widest)

    def within(self, widest: float) -> "NetworkLayout":
        """The same network, folded so far that it is no wider, if that can be; what was not to fold stays as it is."""
        return self if self.widest in (widest, inf) else lay_out(self.table, unfolded=self.unfolded, widest=widest)


def lay_out(
    table: LayerTable, folded: bool = True, unfolded: Iterable[str] = (), widest: float = WIDEST
) -> NetworkLayout:
    """Lays a network out.

    Args:
        table: the network.
        folded: whether equal parts that follow each other are drawn once.
        unfolded: keys of the folds that are unfolded all the same; those that there are not are passed over.
        widest: how wide it may be before more is folded.
    """
    graph = read_graph(table)
    if not folded:
        widest = inf
    repeats: dict[tuple[int, bool, int], tuple[Repeat, ...]] = {}
    drawings: list[_Drawing] = []
    for style in _styles() if folded else (Style(0),):
        kind = (style.lone, style.whole, style.stages)
        if kind not in repeats:
            repeats[kind] = find_repeats(graph, style.lone, not style.whole, style.stages) if style.lone else ()
        if style.stages and (drawings[-1].width <= _SPARE * widest or repeats[kind] == drawings[-1].repeats):
            break
        drawings.append(_Drawing(table, graph, repeats[kind], style, frozenset()))
        if drawings[-1].width <= widest:
            break
    best = min(drawings, key=lambda drawing: max(widest, drawing.width))
    wanted = frozenset(unfolded) & best.keys
    return best.unfolding(wanted).layout(widest)


def _styles() -> Iterator[Style]:
    yield from _STYLES
    yield from (replace(_STYLES[-1], stages=number) for number in count(1))


class _Drawing:
    """A network, drawn in one way.

    Args:
        table: the network.
        graph: what of it is drawn.
        repeats: equal parts that follow each other.
        style: the way.
        unfolded: keys of the folds that are drawn part by part.
    """

    def __init__(
        self,
        table: LayerTable,
        graph: NetworkGraph,
        repeats: tuple[Repeat, ...],
        style: Style,
        unfolded: frozenset[str],
    ) -> None:
        self._table, self._graph, self.repeats = table, graph, repeats
        self._style, self._unfolded = style, unfolded
        folded = tuple(repeat for repeat in self.repeats if self._key(repeat) not in unfolded)
        self._folding: Folding = fold(graph, folded, style.whole)
        self._drawn = self._folding.graph
        self._shown = {origin: number for number, origins in enumerate(self._folding.origins) for origin in origins}
        self._parts = [self._part(repeat) for repeat in self.repeats]
        self._ended = {
            part.volumes[-1]: (f"The end of: {self._told(repeat, part)}",)
            for repeat, part in zip(self.repeats, self._parts, strict=True)
            if part.only_end
        }
        lanes = lanes_of(self._drawn)
        abreast = 1 + max(lanes.lanes) - min(lanes.lanes)
        self._sizes = sizes_of(self._drawn, style.size, abreast, self._unknown if style.terse else ())
        self._places = place(self._drawn, self._sizes, lanes, self._parts, style.terse)

    @property
    def keys(self) -> frozenset[str]:
        """Of what is folded, or could be."""
        return frozenset(map(self._key, self.repeats))

    @property
    def width(self) -> float:
        """About how wide it is."""
        middles = [x for x, _ in self._places.middles]
        return max(middles) - min(middles) + self._sizes[0].whole[0]

    @property
    def _unknown(self) -> list[int]:
        """Numbers of the volumes behind what does not fit."""
        misfit = self._table.misfit.layer if self._table.misfit else ""
        pieces = enumerate(self._drawn.pieces)
        return [number for number, piece in pieces if piece.shape is None and piece.row.name != misfit]

    def _key(self, repeat: Repeat) -> str:
        return self._graph.pieces[repeat.start].row.name

    def unfolding(self, keys: frozenset[str]) -> "_Drawing":
        """The same with some of the folds unfolded."""
        return _Drawing(self._table, self._graph, self.repeats, self._style, keys) if keys else self

    def layout(self, widest: float) -> NetworkLayout:
        """Where everything lies."""
        graph, table = self._drawn, self._table
        places, parts = self._places, self._parts
        volumes = tuple(self._volume(number, self._sizes[number]) for number in range(len(graph.pieces)))
        ends = {part.volumes[-1] for part in parts if part.only_end and len(part.rows) > 1}
        links = tuple(
            link_between(
                source,
                target,
                volumes,
                None if target in ends else graph.pieces[target].row,
                places.bends.get((source, target), ()),
            )
            for source, target in graph.links
        )
        arcs = arcs_over(graph.shortcuts, volumes, self._folding.passed)
        folds = tuple(
            self._fold(repeat, part, [volumes[number] for number in part.volumes], places.bottom)
            for repeat, part in zip(self.repeats, parts, strict=True)
        )
        boxes = [box for one in volumes for box in _boxes_of(one)]
        boxes += [box for one in folds for box in (one.box, one.badge)]
        boxes += [arc.box for arc in arcs]
        boxes += [arc.label.box for arc in arcs if arc.label]
        return NetworkLayout(table.name, volumes, links, arcs, folds, around(boxes), table, self._unfolded, widest)

    def _part(self, repeat: Repeat) -> Part:
        volumes = tuple(sorted({self._shown[number] for number in range(repeat.start, repeat.stop)}))
        pieces = self._graph.pieces[repeat.start : repeat.start + repeat.length]
        only_end = not self._style.whole and self._key(repeat) not in self._unfolded
        return Part(volumes, tuple(piece.row for piece in pieces), only_end)

    def _told(self, repeat: Repeat, part: Part) -> str:
        """What one part does, and how many of its shortcuts are not drawn."""
        hidden = self._folding.hidden.get(part.volumes[-1], ())
        return told_inside(part.rows, [one.rows for one in hidden[: len(hidden) // repeat.count]])

    def _volume(self, number: int, size: Size) -> Volume:
        piece, places = self._drawn.pieces[number], self._places
        box, face = size.boxes(*places.middles[number])
        members = [self._graph.pieces[origin] for origin in self._folding.origins[number]]
        inside = [row.name for one in self._folding.hidden.get(number, ()) for row in one.rows]
        misfit = self._table.misfit
        state: State = "fine" if piece.shape is not None else "unknown"
        if misfit and misfit.layer == piece.row.name:
            state = "misfit"
        return Volume(
            layer=piece.row.name,
            layers=tuple(chain((row.name for member in members for row in member.rows), inside)),
            role=role_of(piece.row),
            form=size.form,
            state=state,
            box=box,
            face=face,
            planes=size.planes,
            shape=places.shapes[number],
            operation=places.operations[number],
            facts=facts_of(piece.rows, misfit) + self._ended.get(number, ()),
        )

    def _fold(self, repeat: Repeat, part: Part, volumes: Sequence[Volume], bottom: float) -> Fold:
        key = self._key(repeat)
        folded = key not in self._unfolded
        facts = facts_of_fold(repeat.count, self._told(repeat, part), folded)
        hides = part.volumes[-1] in self._folding.hidden
        arc = arc_within(part.volumes[-1], volumes[-1], facts) if hides else None
        boxes = [box for one in volumes for box in _boxes_of(one)]
        if arc:
            boxes.append(arc.box)
        box = around([Box(volumes[0].box.x, bottom, 0, 0), *boxes]).grown(FRAME)
        width, height = _BADGE if repeat.count > 1 else _LONE_BADGE
        box = Box(box.x, box.y, box.width, box.height + height / 2 - 4)
        # Unfolded, the frame may be wider than the screen: the badge stays at its start, which is in sight.
        left = box.middle[0] - width / 2 if folded else box.x + 2 * FRAME
        badge = Box(left, box.bottom - height / 2, width, height)
        return Fold(key, repeat.count, folded, box, badge, part.volumes, facts, arc)


def _boxes_of(volume: Volume) -> tuple[Box, Box, Box]:
    return volume.box, volume.shape.box, volume.operation.box
