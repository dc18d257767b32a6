"""Where the volumes of a network's picture stand: in columns from left to right, branches in lanes below each other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from PySide6.QtCore import QRectF

from cnnstudio.gui.widgets.network.layout.folds import Folding
from cnnstudio.gui.widgets.network.layout.parts import Arc, Label, Link, Point, Volume
from cnnstudio.gui.widgets.network.layout.volumes import NetworkGraph, Size, kernels_of
from cnnstudio.gui.widgets.network.layout.words import (
    facts_of_shortcut,
    label_at,
    operation_text,
    shape_text,
    wrapped,
)
from cnnstudio.models.layer_table import LayerRow

_Layout = tuple[list[tuple[int, tuple[float, float]]], float, float, list[tuple[int, int]]]

_GAP, _WIDE_GAP = 26.0, 40.0
"""Between volumes in line, and where branches or bars need room for what leads to them."""
_BESIDE = 10.0
_BELOW = 10.0
_BETWEEN_LANES = 18.0
FRAME = 10.0
"""From what stands in a frame to the frame."""


@dataclass(frozen=True)
class Lanes:
    """Where each volume is, on a grid.

    Attributes:
        columns: of each volume.
        lanes: of each volume, 0 for the way that all goes; halves occur.
        bends: where links pass volumes: for each pair, (column, lane), from left to right.
    """

    columns: tuple[int, ...]
    lanes: tuple[float, ...]
    bends: dict[tuple[int, int], tuple[tuple[int, float], ...]]


def lanes_of(graph: NetworkGraph) -> Lanes:
    """Where each volume is: in one lane where nothing branches."""
    count = len(graph.pieces)
    if all(target == source + 1 for source, target in graph.links) and len(graph.links) == count - 1:
        return Lanes(tuple(range(count)), (0.0,) * count, {})
    from fast_sugiyama import from_edges

    layouts = from_edges(
        graph.links, minimum_length=1, vertex_spacing=1, dummy_vertices=True, dummy_size=1, ranking_type="up"
    )
    positions, _, height, edges = cast(_Layout, layouts[0])
    found = {number: (round(height - y), x) for number, (x, y) in positions}
    lanes = _levelled(found)
    # Where a link passes a column, the layout has a vertex of its own there, with a number that no volume has.
    followers = {source: target for source, target in edges if source >= count}
    bends = {}
    for source, passed in edges:
        way = []
        while passed >= count:
            way.append((found[passed][0], lanes[passed]))
            passed = followers[passed]  # noqa: PLW2901
        if way:
            bends[source, passed] = tuple(way)
    bends = {link: way for link, way in bends.items() if link[0] < count}
    return Lanes(tuple(found[n][0] for n in range(count)), tuple(lanes[n] for n in range(count)), bends)


def _levelled(found: dict[int, tuple[int, float]]) -> dict[int, float]:
    """Moves each stretch of branches to both sides of lane 0, where all goes in between; the first branch on top."""
    columns: dict[int, list[int]] = {}
    for number, (column, _) in sorted(found.items()):
        columns.setdefault(column, []).append(number)
    lanes: dict[int, float] = {}
    stretch: list[int] = []
    for column in range(len(columns) + 1):
        members = columns.get(column, [])
        if len(members) > 1:
            stretch += members
            continue
        if stretch:
            across = [found[number][1] for number in stretch]
            middle = (min(across) + max(across)) / 2
            first = columns[found[stretch[0]][0]]
            turn = -1 if found[first[0]][1] > found[first[-1]][1] else 1
            lanes |= {number: turn * (found[number][1] - middle) for number in stretch}
            stretch = []
        lanes |= dict.fromkeys(members, 0.0)
    return lanes


class Places:
    """Where volumes and labels stand so that none meets another.

    Args:
        graph: the volumes.
        sizes: of each volume.
        lanes: of each volume.
        frames: numbers of the volumes in each frame.
    """

    def __init__(
        self, graph: NetworkGraph, sizes: Sequence[Size], lanes: Lanes, frames: Sequence[Sequence[int]]
    ) -> None:
        self._sizes, self._lanes = sizes, lanes
        self._shapes = [label_at((shape_text(piece.shape),), 0, 0, strong=True) for piece in graph.pieces]
        self._operations = [label_at(wrapped(operation_text(piece.row)), 0, 0) for piece in graph.pieces]
        counts = Counter(lanes.columns) + Counter(column for passed in lanes.bends.values() for column, _ in passed)
        self._alone = [counts[column] == 1 for column in range(max(lanes.columns) + 1)]
        """For each column, whether one volume is all there is in it."""
        self._halves = [0.0] * len(self._alone)
        """Half the width of each column's volumes; with their labels, where links pass above them."""
        self._middles = self._spread(frames)
        single, branched = [], [0.0]
        for number, column in enumerate(lanes.columns):
            height = sizes[number].whole[1]
            if self._alone[column]:
                single.append(height)
            else:
                words = self._shapes[number].box.height() + self._operations[number].box.height()
                branched.append(height + _BELOW + words + _BETWEEN_LANES)
        self._baseline = max(single) / 2 + _BELOW
        self._pitch = max(branched)

    def _spread(self, frames: Sequence[Sequence[int]]) -> list[float]:
        columns = self._lanes.columns
        words = [0.0] * len(self._alone)
        is_stack = list(self._alone)
        for number, column in enumerate(columns):
            size = self._sizes[number]
            word = max(label[number].box.width() for label in (self._shapes, self._operations)) / 2
            words[column] = max(words[column], word)
            self._halves[column] = max(self._halves[column], size.whole[0] / 2, 0.0 if self._alone[column] else word)
            is_stack[column] &= size.form == "stack"
        edges = Counter(min(columns[number] for number in frame) for frame in frames)
        edges += Counter(max(columns[number] for number in frame) + 1 for frame in frames)
        middles = [0.0]
        for after in range(1, len(words)):
            before = after - 1
            gap = _GAP if is_stack[after] and self._alone[before] else _WIDE_GAP
            apart = max(self._halves[before] + self._halves[after] + gap, words[before] + words[after] + _BESIDE)
            middles.append(middles[-1] + apart + 2 * FRAME * edges[after])
        return middles

    def middle(self, number: int) -> Point:
        """The middle of a volume."""
        return self._middles[self._lanes.columns[number]], self._lanes.lanes[number] * self._pitch

    def labels(self, number: int) -> tuple[Label, Label]:
        """The labels below a volume: its shape, and below that what makes it."""
        x, y = self.middle(number)
        alone = self._alone[self._lanes.columns[number]]
        top = self._baseline if alone else y + self._sizes[number].whole[1] / 2 + _BELOW
        shape = label_at(self._shapes[number].lines, x, top, strong=True)
        return shape, label_at(self._operations[number].lines, x, shape.box.bottom())

    def bends(self, link: tuple[int, int]) -> tuple[Point, ...]:
        """Leads a link level through each column where something is above or below, so that it meets no label there."""
        first, last = ((self._lanes.columns[number], self._lanes.lanes[number]) for number in link)
        points: list[Point] = []
        for column, lane in (first, *self._lanes.bends.get(link, ()), last):
            if not self._alone[column]:
                middle, half = self._middles[column], self._halves[column]
                # A link leaves its first volume to the right, and comes to its last one from the left.
                sides = (middle - half, middle + half)[column == first[0] : 1 if column == last[0] else 2]
                points += [(x, lane * self._pitch) for x in sides]
        return tuple(points)


_SMALLEST_WINDOW = 4.0
_RISE = 16.0
_STEP = 18.0
_PORT = 7.0


def link_between(
    source: int, target: int, volumes: Sequence[Volume], row: LayerRow | None, bends: Sequence[Point]
) -> Link:
    """The link from a volume to another: a kernel's window, a fan of all to all, or a plain arrow.

    Args:
        source: number of the first volume.
        target: number of the second one.
        volumes: all of them.
        row: the layer that makes the second one of the first one; None where several do.
        bends: where the link passes others.
    """
    first, second = volumes[source], volumes[target]
    if row and second.state == "fine" and first.box.center().y() == second.box.center().y():
        if row.windows and first.form == second.form == "stack":
            return _window(source, target, volumes, row)
        if second.form == "bar":
            sides = (first.face.right(), first.face.y()), (first.face.right(), first.face.bottom())
            others = (second.box.x(), second.box.bottom()), (second.box.x(), second.box.y())
            return Link(source, target, "full", (*sides, *others))
    start, end = (first.box.right(), first.box.center().y()), (second.box.x(), second.box.center().y())
    return Link(source, target, "plain", ((start[0] + 3, start[1]), *bends, (end[0] - 3, end[1])))


def _window(source: int, target: int, volumes: Sequence[Volume], row: LayerRow) -> Link:
    face, second = volumes[source].face, volumes[target]
    assert row.windows
    sides = []
    for window, side in zip(row.windows, (face.height(), face.width()), strict=True):
        share = min(1.0, window.kernel / max(1, window.size))
        sides.append(min(side, max(_SMALLEST_WINDOW, side * share)))
    height, width = sides
    x, y = face.x() + 0.72 * (face.width() - width), face.y() + 0.3 * (face.height() - height)
    window_box = QRectF(x, y, width, height)
    # On the plane at the back, whose left edge no other plane hides.
    tip = second.box.x() + min(3.0, second.face.width() / 2), second.box.y() + 0.42 * second.face.height()
    return Link(source, target, "window", ((x + width, y), (x + width, y + height), tip), window_box)


def arcs_over(folding: Folding, volumes: Sequence[Volume]) -> tuple[Arc, ...]:
    """The shortcuts as arcs: each above what it passes and above the arcs within it."""
    columns = {x: number for number, x in enumerate(sorted(set(map(_column, volumes))))}
    ceilings = np.full(len(columns), np.inf)
    """For each column, where its highest volume begins."""
    for volume in volumes:
        column = columns[_column(volume)]
        ceilings[column] = min(ceilings[column], volume.box.y())
    heights = np.full(len(columns), np.inf)
    """Between each column and the next one, where the next arc may be at most."""
    arcs: list[Arc] = []
    found = zip(folding.graph.shortcuts, folding.on_shortcuts, strict=True)
    for one, layers in sorted(found, key=lambda pair: (pair[0].target - pair[0].source, pair[0].source)):
        first, last = volumes[one.source], volumes[one.target]
        start = first.box.center().x() + min(_PORT, first.box.width() / 4), first.box.y() - 3
        end = last.box.center().x() - min(_PORT, last.box.width() / 4), last.box.y() - 4
        begin, stop = columns[_column(first)], columns[_column(last)]
        top = float(min(ceilings[begin : stop + 1].min() - _RISE, heights[begin:stop].min()))
        kernels = kernels_of(one.rows)
        label = None
        if kernels:
            text = (operation_text(kernels[0]),)
            label = label_at(text, (start[0] + end[0]) / 2, top - 3 - label_at(text, 0, 0).box.height())
        arcs.append(Arc(one.source, one.target, layers, start, end, top, label, facts_of_shortcut(one.rows)))
        heights[begin:stop] = min(top - _STEP, label.box.y() - 4 if label else top)
    return tuple(arcs)


def _column(volume: Volume) -> float:
    """What all volumes of a column have in common."""
    return round(volume.box.center().x(), 3)
