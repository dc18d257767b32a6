"""The picture of a network in the manner of the LeNet-5 figure: where each volume, label, shortcut and fold lies.

Volumes stand from left to right; the sides of one grow with the square root of its feature maps' sides, its depth with
the logarithm of their number. Shortcuts are arcs above. Branches lie in lanes, which fast-sugiyama assigns.
Y. LeCun et al., “Gradient-based learning applied to document recognition”, 1998, figure 2.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF

from cnnstudio.gui.widgets.network.layout.columns import FRAME, Places, arcs_over, lanes_of, link_between
from cnnstudio.gui.widgets.network.layout.folds import (
    Folding,
    InnerNetwork,
    Repeat,
    find_inner_networks,
    find_repeats,
    fold,
)
from cnnstudio.gui.widgets.network.layout.parts import Arc, Fold, Link, State, Volume, around, grown
from cnnstudio.gui.widgets.network.layout.volumes import NetworkGraph, Size, read_graph, role_of, sizes_of
from cnnstudio.gui.widgets.network.layout.words import (
    facts_of,
    facts_of_fold,
    facts_of_network,
    sign_of_fold,
    width_of_sign,
)
from cnnstudio.models.layer_table import LayerTable, Misfit

_BADGE = (48.0, 20.0)
_MANY, _SMALLER = 12, 0.7
"""More volumes than so many are drawn smaller, so that more of them are in sight."""


@dataclass(frozen=True)
class NetworkLayout:
    """Where everything lies.

    Attributes:
        volumes: each after those that feed it.
        links: connections from volume to volume.
        arcs: the shortcuts.
        folds: equal blocks that follow each other, and networks within the network, folded or not.
        box: all of it.
        table: the network.
        unfolded: keys of the folds that are unfolded.
    """

    volumes: tuple[Volume, ...]
    links: tuple[Link, ...]
    arcs: tuple[Arc, ...]
    folds: tuple[Fold, ...]
    box: QRectF
    table: LayerTable = field(repr=False)
    unfolded: frozenset[str]

    def volume_of(self, layer: str) -> int | None:
        """Number of the volume that stands for a layer; for one on a shortcut, that where the shortcut ends."""
        arc = self.arc_of(layer)
        if arc is not None:
            return self.arcs[arc].target
        return next((number for number, volume in enumerate(self.volumes) if layer in volume.layers), None)

    def arc_of(self, layer: str) -> int | None:
        """Number of the arc that a layer lies on; None where it lies on none."""
        return next((number for number, arc in enumerate(self.arcs) if layer in arc.layers), None)

    def fold_of(self, volume: int) -> Fold | None:
        """The fold that a volume is in; the smallest of several."""
        return min((one for one in self.folds if volume in one.volumes), key=lambda one: len(one.volumes), default=None)

    def beside(self, volume: int, way: int) -> int | None:
        """The next volume above (`way` -1) or below (1) another one; None where there is none."""
        one = self.volumes[volume].box
        found = []
        for number, other in enumerate(self.volumes):
            apart = way * (other.box.center().y() - one.center().y())
            if other.box.x() < one.right() and one.x() < other.box.right() and apart > 1:
                found.append((apart, number))
        return min(found)[1] if found else None

    def toggled(self, key: str) -> "NetworkLayout":
        """The same network with a fold unfolded, or folded again."""
        return lay_out(self.table, unfolded=self.unfolded ^ {key})


def lay_out(table: LayerTable, folded: bool = True, unfolded: Iterable[str] = ()) -> NetworkLayout:
    """Lays a network out.

    Args:
        table: the network.
        folded: whether equal blocks that follow each other are drawn once, and large networks within the network as
            one volume; else all is drawn in its usual size.
        unfolded: keys of the folds that are unfolded all the same; those that there are not are passed over.
    """
    graph = read_graph(table)
    spans = _spans(graph, table.misfit.layer if table.misfit else "", frozenset(unfolded)) if folded else {}
    opened = frozenset(unfolded) & spans.keys()
    closed = [span for key, span in spans.items() if key not in opened]
    folding = fold(
        graph,
        [span for span in closed if isinstance(span, Repeat)],
        [span for span in closed if isinstance(span, InnerNetwork)],
    )
    shown = {origin: number for number, origins in enumerate(folding.origins) for origin in origins}
    frames = [sorted({shown[number] for number in range(one.start, one.stop)}) for one in spans.values()]
    lanes = lanes_of(folding.graph)
    size = _SMALLER if folded and len(folding.graph.pieces) > _MANY else 1.0
    sizes = sizes_of(folding.graph, 1 + max(lanes.lanes) - min(lanes.lanes), size)
    places = Places(folding.graph, sizes, lanes, frames)
    volumes = _volumes(graph, folding, sizes, places, table.misfit)
    links = tuple(
        link_between(*link, volumes, folding.graph.pieces[link[1]].row, places.bends(link))
        for link in folding.graph.links
    )
    arcs = arcs_over(folding, volumes)
    bottom = max((volumes[number].operation.box.bottom() for frame in frames for number in frame), default=0.0)
    folds = []
    for (key, span), frame in zip(spans.items(), frames, strict=True):
        is_folded = key not in opened
        if isinstance(span, Repeat):
            rows = [piece.row for piece in graph.pieces[span.start : span.start + span.length]]
            count, text, facts = span.count, f"× {span.count}", facts_of_fold(span.count, rows, is_folded)
        else:
            count, text, facts = 1, span.name, facts_of_network(span.name, span.rows, is_folded)
        sign = sign_of_fold(text, is_folded)
        around_others = not is_folded and isinstance(span, InnerNetwork)
        box, badge = _frame([volumes[number] for number in frame], bottom, is_folded, sign, around_others)
        folds.append(Fold(key, count, is_folded, box, badge, tuple(frame), facts, sign))
    boxes = [box for one in volumes for box in _boxes_of(one)]
    boxes += [box for one in folds for box in (one.box, one.badge)]
    boxes += [arc.box for arc in arcs]
    boxes += [arc.label.box for arc in arcs if arc.label]
    return NetworkLayout(volumes, links, arcs, tuple(folds), around(boxes), table, opened)


def _spans(graph: NetworkGraph, misfit: str, unfolded: frozenset[str]) -> dict[str, Repeat | InnerNetwork]:
    """What may be folded, by its key: inner networks, and what is repeated outside of those that are folded.

    An inner network that a repeat begins or ends in, or has in it, is not one of them.
    """
    repeats = {graph.pieces[repeat.start].row.name: repeat for repeat in find_repeats(graph)}
    networks = {
        f"{one.name}.": one
        for one in find_inner_networks(graph, misfit)
        if all(
            repeat.stop <= one.start or one.stop <= repeat.start or one.start <= repeat.start < repeat.stop <= one.stop
            for repeat in repeats.values()
        )
    }
    closed = [one for key, one in networks.items() if key not in unfolded]
    outside = {
        key: repeat
        for key, repeat in repeats.items()
        if all(repeat.stop <= one.start or one.stop <= repeat.start for one in closed)
    }
    return {**networks, **outside}


def _volumes(
    graph: NetworkGraph, folding: Folding, sizes: Sequence[Size], places: Places, misfit: Misfit | None
) -> tuple[Volume, ...]:
    volumes = []
    for number, (piece, size) in enumerate(zip(folding.graph.pieces, sizes, strict=True)):
        box, face = size.boxes(*places.middle(number))
        shape, operation = places.labels(number)
        state: State = "fine" if piece.shape is not None else "unknown"
        if misfit and misfit.layer == piece.row.name:
            state = "misfit"
        volumes.append(
            Volume(
                layer=piece.row.name,
                layers=(
                    *(row.name for origin in folding.origins[number] for row in graph.pieces[origin].rows),
                    *folding.within[number],
                ),
                role=role_of(piece.row),
                form=size.form,
                state=state,
                box=box,
                face=face,
                planes=size.planes,
                shape=shape,
                operation=operation,
                facts=facts_of(piece.rows, misfit),
            )
        )
    return tuple(volumes)


def _frame(
    volumes: Sequence[Volume], bottom: float, folded: bool, sign: str, around_others: bool
) -> tuple[QRectF, QRectF]:
    """The frame around volumes and their labels, no less deep than `bottom`, and the badge on its lower edge.

    Args:
        volumes: what is in it.
        bottom: how far down the words under the volumes reach.
        folded: whether it is folded.
        sign: what the badge says.
        around_others: whether there may be other frames in it.
    """
    width, height = _BADGE
    width = max(width, width_of_sign(sign) + height)
    box = grown(around(box for one in volumes for box in _boxes_of(one)), FRAME)
    box.setBottom(max(box.bottom(), bottom + FRAME) + height / 2 - 4)
    if around_others:
        box.adjust(-FRAME, -FRAME, FRAME, FRAME + height)
    # Unfolded, the frame may be wider than the screen: the badge stays at its start, which is in sight.
    left = box.center().x() - width / 2 if folded else box.x() + 2 * FRAME
    return box, QRectF(left, box.bottom() - height / 2, width, height)


def _boxes_of(volume: Volume) -> tuple[QRectF, QRectF, QRectF]:
    return volume.box, volume.shape.box, volume.operation.box
