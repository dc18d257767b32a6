"""Where the volumes of a network's picture stand: in columns from left to right, branches in lanes below each other."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from cnnstudio.gui.widgets.network.layout.parts import Arc, Box, Label, Link, Point, Volume
from cnnstudio.gui.widgets.network.layout.volumes import NetworkGraph, Shortcut, Size, kernels_of
from cnnstudio.gui.widgets.network.layout.words import (
    LINE,
    above,
    facts_of_shortcut,
    inside_text,
    label_at,
    operation_text,
    shape_text,
    short_text,
    wrapped,
)
from cnnstudio.models.layer_table import LayerRow

_Layout = tuple[list[tuple[int, tuple[float, float]]], float, float, list[tuple[int, int]]]

_GAP = 26.0
_WIDE_GAP = 44.0
_NARROW_GAP = 10.0
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


@dataclass(frozen=True)
class Places:
    """Where everything stands.

    Attributes:
        middles: of each volume.
        shapes: the label below each volume.
        operations: the label left below each volume.
        bends: of links, as in `Lanes`.
        bottom: below all labels of volumes that stand alone.
    """

    middles: tuple[Point, ...]
    shapes: tuple[Label, ...]
    operations: tuple[Label, ...]
    bends: dict[tuple[int, int], tuple[Point, ...]]
    bottom: float


@dataclass(frozen=True)
class Part:
    """What stands in a frame.

    Attributes:
        volumes: their numbers.
        rows: what makes the volumes of one part.
        only_end: whether only the last volume of a part is drawn.
    """

    volumes: tuple[int, ...]
    rows: tuple[LayerRow, ...]
    only_end: bool


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


@dataclass
class _Column:
    """Volumes above each other.

    Attributes:
        members: their numbers.
        alone: nothing else is above or below; then the labels stand in common lines.
        between: the label of what leads to it stands in the gap before it, as in the LeNet-5 figure; else below it, as
            where branches meet, or where it tells of several layers.
        is_bar: they are bars.
        narrow: they are as narrow as can be.
        half: half its width.
        shape: half the width of the labels below.
        operation: half the width of the labels of what leads to it.
        x: its middle.
    """

    members: Sequence[int]
    alone: bool
    between: bool
    is_bar: bool
    narrow: bool
    half: float
    shape: float
    operation: float
    x: float = 0.0


def place(graph: NetworkGraph, sizes: Sequence[Size], lanes: Lanes, parts: Sequence[Part], terse: bool) -> Places:
    """Places volumes and labels so that none meets another.

    Args:
        graph: the volumes.
        sizes: of each volume.
        lanes: of each volume.
        parts: what stands in a frame.
        terse: whether words are shortened.
    """
    shapes = [shape_text(piece.shape) for piece in graph.pieces]
    alone = _alone(lanes)
    operations = [
        wrapped(short_text(piece.row) if terse else operation_text(piece.row), terse)
        if alone[column]
        else tuple(short_text(piece.row).split(", "))
        for piece, column in zip(graph.pieces, lanes.columns, strict=True)
    ]
    for number, size in enumerate(sizes):
        if size.narrow:
            operations[number] = ()
    for part in parts:
        if part.only_end:
            operations[part.volumes[-1]] = inside_text(part.rows, terse)
    ends = {lanes.columns[part.volumes[-1]] for part in parts if part.only_end and len(part.rows) > 1}
    in_gaps = [alone[index] and index > 0 and alone[index - 1] and index not in ends for index in range(len(alone))]
    columns = _columns(sizes, lanes, in_gaps, shapes, operations)
    starts = {lanes.columns[part.volumes[0]] for part in parts}
    stops = {lanes.columns[part.volumes[-1]] for part in parts}
    centres = _spread(columns, starts, stops)
    single = [number for number, column in enumerate(lanes.columns) if alone[column]]
    baseline = max(sizes[number].whole[1] for number in single) / 2 + _BELOW
    most = max(len(operations[number]) for number in single)
    branched = [number for number, column in enumerate(lanes.columns) if not alone[column]]
    pitch = 0.0
    if branched:
        text = LINE * (1 + max(len(operations[number]) for number in branched))
        pitch = max(sizes[number].whole[1] for number in branched) + _BELOW + text + _BETWEEN_LANES
    middles, below, between = [], [], []
    for number, size in enumerate(sizes):
        index = lanes.columns[number]
        x, y = columns[index].x, lanes.lanes[number] * pitch
        top = baseline if alone[index] else y + size.whole[1] / 2 + _BELOW
        middles.append((x, y))
        below.append(label_at((shapes[number],), x, top, strong=True))
        between.append(label_at(operations[number], centres[index], top + LINE + 2))
    bends = {link: _bends(link, columns, lanes, pitch) for link in graph.links}
    return Places(tuple(middles), tuple(below), tuple(between), bends, baseline + LINE + 2 + most * LINE)


def _bends(link: tuple[int, int], columns: Sequence[_Column], lanes: Lanes, pitch: float) -> tuple[Point, ...]:
    """Leads a link level through each column where something is above or below, so that it meets no label there."""
    source, target = link
    points: list[Point] = []
    ends = ((lanes.columns[source], lanes.lanes[source]), (lanes.columns[target], lanes.lanes[target]))
    for column, lane in (ends[0], *lanes.bends.get(link, ()), ends[1]):
        if not columns[column].alone:
            x, half = columns[column].x, columns[column].half
            points += [(x - half, lane * pitch), (x + half, lane * pitch)]
    if points and not columns[ends[0][0]].alone:
        points = points[1:]
    if points and not columns[ends[1][0]].alone:
        points = points[:-1]
    return tuple(points)


def _alone(lanes: Lanes) -> list[bool]:
    """For each column, whether one volume is all there is in it."""
    counts = Counter(lanes.columns) + Counter(column for passed in lanes.bends.values() for column, _ in passed)
    return [counts[column] == 1 for column in range(max(lanes.columns) + 1)]


def _columns(
    sizes: Sequence[Size],
    lanes: Lanes,
    in_gaps: Sequence[bool],
    shapes: Sequence[str],
    operations: Sequence[Sequence[str]],
) -> list[_Column]:
    alone = _alone(lanes)
    members: list[list[int]] = [[] for _ in alone]
    for number, column in enumerate(lanes.columns):
        members[column].append(number)
    columns = []
    for index, numbers in enumerate(members):
        half = max(sizes[number].whole[0] for number in numbers) / 2
        shape = max(label_at((shapes[number],), 0, 0, strong=True).box.width for number in numbers) / 2
        operation = max(label_at(operations[number], 0, 0).box.width for number in numbers) / 2
        if not alone[index]:
            half = max(half, shape, operation)
        is_bar = all(sizes[number].form == "bar" for number in numbers)
        narrow = all(sizes[number].narrow for number in numbers)
        columns.append(_Column(numbers, alone[index], in_gaps[index], is_bar, narrow, half, shape, operation))
    return columns


def _spread(columns: Sequence[_Column], starts: set[int], stops: set[int]) -> list[float]:
    """Sets each column's x; returns where the label of what leads to each is centred."""
    centres = [columns[0].x]
    free = columns[0].operation + _BESIDE
    for index in range(1, len(columns)):
        before, column = columns[index - 1], columns[index]
        right = before.x + before.half
        edge = before.x + max(before.half, before.shape)
        gap = _GAP if before.alone and column.alone and not column.is_bar else _WIDE_GAP
        gap = _NARROW_GAP if column.narrow else gap
        left, label = right + gap, free
        # What belongs to a frame is on one side of its edge, all else on the other.
        for _ in range((index - 1 in stops) + (index in starts)):
            edge = max(edge, label - _BESIDE) + FRAME
            left, label = max(left, edge + gap), max(label, edge + FRAME)
        column.x = max(left + column.half, edge + _BESIDE + column.shape, label + column.operation)
        middle = (right + column.x - column.half) / 2
        centres.append(max(middle, label + column.operation) if column.between else column.x)
        free = centres[-1] + column.operation + _BESIDE
    return centres


_SMALLEST_WINDOW = 4.0
_RISE = 16.0
_STEP = 18.0
_PORT = 7.0
_LOW, _SPAN = 14.0, (-26.0, -4.0)


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
    if row and second.state == "fine" and first.box.middle[1] == second.box.middle[1]:
        if row.windows and first.form == second.form == "stack":
            return _window(source, target, volumes, row)
        if second.form == "bar":
            sides = (first.face.right, first.face.y), (first.face.right, first.face.bottom)
            others = (second.box.x, second.box.bottom), (second.box.x, second.box.y)
            return Link(source, target, "full", (*sides, *others))
    start, end = (first.box.right, first.box.middle[1]), (second.box.x, second.box.middle[1])
    return Link(source, target, "plain", ((start[0] + 3, start[1]), *bends, (end[0] - 3, end[1])))


def _window(source: int, target: int, volumes: Sequence[Volume], row: LayerRow) -> Link:
    face, second = volumes[source].face, volumes[target]
    assert row.windows
    sides = []
    for window, side in zip(row.windows, (face.height, face.width), strict=True):
        share = min(1.0, window.kernel / max(1, window.size))
        sides.append(min(side, max(_SMALLEST_WINDOW, side * share)))
    height, width = sides
    x, y = face.x + 0.72 * (face.width - width), face.y + 0.3 * (face.height - height)
    window_box = Box(x, y, width, height)
    # On the plane at the back, whose left edge no other plane hides.
    tip = second.box.x + min(3.0, second.face.width / 2), second.box.y + 0.42 * second.face.height
    return Link(source, target, "window", ((x + width, y), (x + width, y + height), tip), window_box)


def arcs_over(
    shortcuts: Sequence[Shortcut], volumes: Sequence[Volume], layers: Mapping[Shortcut, tuple[str, ...]]
) -> tuple[Arc, ...]:
    """The shortcuts as arcs: each above what it passes and above the arcs within it.

    Args:
        shortcuts: by the numbers of volumes.
        volumes: all of them.
        layers: for each shortcut, the names of the layers on it and on those that it stands for.
    """
    arcs: list[Arc] = []
    for one in sorted(shortcuts, key=lambda one: (one.target - one.source, one.source)):
        first, last = volumes[one.source], volumes[one.target]
        start = first.box.middle[0] + min(_PORT, first.box.width / 4), first.box.y - 3
        end = last.box.middle[0] - min(_PORT, last.box.width / 4), last.box.y - 4
        passed = [volume.box.y for volume in volumes if start[0] <= volume.box.right and volume.box.x <= end[0]]
        top = min(passed) - _RISE
        below = [arc.top for arc in arcs if arc.start[0] < end[0] and start[0] < arc.end[0]]
        labelled = [arc.label.box.y for arc in arcs if arc.label and arc.start[0] < end[0] and start[0] < arc.end[0]]
        if below:
            top = min([top, *(height - _STEP for height in below), *(height - 4 for height in labelled)])
        kernels = kernels_of(one.rows)
        text = operation_text(kernels[0]) if kernels else ""
        label = above(((start[0] + end[0]) / 2, top - 3), text) if text else None
        arcs.append(Arc(one.source, one.target, layers[one], start, end, top, label, facts_of_shortcut(one.rows)))
    return tuple(arcs)


def arc_within(number: int, volume: Volume, facts: tuple[str, ...]) -> Arc:
    """The sign of shortcuts within what one volume stands for: an arc, to the left of where others start."""
    (left, right), (middle, _) = _SPAN, volume.box.middle
    start, end = (middle + left, volume.box.y - 3), (middle + right, volume.box.y - 4)
    return Arc(number, number, (), start, end, volume.box.y - _LOW, None, facts)
