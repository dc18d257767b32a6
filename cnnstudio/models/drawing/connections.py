"""Links and shortcuts in a network's picture."""

from collections.abc import Mapping, Sequence

from cnnstudio.models.drawing.parts import Arc, Box, Link, Point, Volume
from cnnstudio.models.drawing.volumes import Shortcut, kernels_of
from cnnstudio.models.drawing.words import above, facts_of_shortcut, operation_text
from cnnstudio.models.layer_table import LayerRow

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
