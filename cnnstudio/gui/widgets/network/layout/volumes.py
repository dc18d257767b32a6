"""What of a network is drawn: its volumes, how they follow each other, and the shortcuts between them.

A volume stands for a layer that makes something new and for the layers after it that only change its numbers:
normalisation, activation, dropout. A connection that another, longer way makes as well is a shortcut.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import log2, prod

from PySide6.QtCore import QRectF

from cnnstudio.gui.widgets.network.layout.parts import Form, Role
from cnnstudio.models.layer_kinds import group_of, is_elementwise
from cnnstudio.models.layer_kinds.kind import Group
from cnnstudio.models.layer_table import LayerRow, LayerTable

Shape = tuple[int, ...]

_ROLES: dict[Group | None, Role] = {"Convolution": "convolution", "Pooling": "pooling", "Dense": "dense"}


@dataclass(frozen=True)
class Piece:
    """What is drawn as one volume.

    Attributes:
        rows: the layer that makes it, and those that are folded into it.
    """

    rows: tuple[LayerRow, ...]

    @property
    def row(self) -> LayerRow:
        """The layer that makes it."""
        return self.rows[0]

    @property
    def shape(self) -> Shape | None:
        """Of the layer that makes it."""
        return self.rows[0].output_shape


@dataclass(frozen=True)
class Shortcut:
    """A connection past other volumes.

    Attributes:
        source: number of the volume it comes from.
        target: number of the volume it goes to.
        rows: the layers on it, such as a projection.
    """

    source: int
    target: int
    rows: tuple[LayerRow, ...] = ()


@dataclass(frozen=True)
class NetworkGraph:
    """The volumes of a network, by their numbers.

    Attributes:
        pieces: each after those that feed it.
        links: pairs of numbers: what feeds what, without the shortcuts.
        shortcuts: the other connections.
    """

    pieces: tuple[Piece, ...]
    links: tuple[tuple[int, int], ...]
    shortcuts: tuple[Shortcut, ...]


def role_of(row: LayerRow) -> Role:
    """What kind of thing a layer is: image, convolution, pooling, dense or other."""
    return "image" if row.kind == "InputLayer" else _ROLES.get(group_of(row.kind), "other")


def kernels_of(rows: Iterable[LayerRow]) -> list[LayerRow]:
    """Those of some layers that have kernels, such as a shortcut's projection."""
    return [row for row in rows if role_of(row) in ("convolution", "dense")]


@dataclass
class _Draft:
    """A piece that is being put together.

    Attributes:
        rows: its layers.
        sources: numbers of the pieces that feed it.
        ancestors: a bit for each piece that reaches it, its own among them.
        depth: pieces on the longest way to it.
        kept: whether it is still one of its own.
    """

    rows: list[LayerRow]
    sources: set[int]
    ancestors: int
    depth: int
    kept: bool = True

    @property
    def output_shape(self) -> Shape | None:
        return self.rows[-1].output_shape


@dataclass
class _Builder:
    """Goes through the layers once and puts each where it belongs.

    Attributes:
        consumers: names of the layers that each layer feeds.
        misfit: name of the layer that does not fit.
        drafts: the pieces so far.
        hosts: number of the piece that holds each layer.
        shortcuts: those that have been found: source, target, their layers.
        joined: where they end.
    """

    consumers: dict[str, list[str]]
    misfit: str
    drafts: list[_Draft] = field(default_factory=list)
    hosts: dict[str, int] = field(default_factory=dict)
    shortcuts: list[Shortcut] = field(default_factory=list)
    joined: set[int] = field(default_factory=set)

    def add(self, row: LayerRow) -> None:
        """Puts a layer into a piece: into one that is there, or into its own."""
        sources = sorted({self.hosts[name] for name in row.inputs})
        if row.name != self.misfit:
            if len(sources) == 1 and self._is_folded(row, self.drafts[sources[0]]):
                self._put(row, sources[0])
                return
            if len(sources) > 1 and is_elementwise(row.kind) and self._join(row, sources):
                return
        ancestors = 1 << len(self.drafts)
        for source in sources:
            ancestors |= self.drafts[source].ancestors
        depth = 1 + max((self.drafts[source].depth for source in sources), default=0)
        self.drafts.append(_Draft([row], set(sources), ancestors, depth))
        self.hosts[row.name] = len(self.drafts) - 1

    def _put(self, row: LayerRow, host: int) -> None:
        self.drafts[host].rows.append(row)
        self.hosts[row.name] = host

    def _is_folded(self, row: LayerRow, host: _Draft) -> bool:
        if role_of(row) != "other":
            return False
        before, after = host.output_shape, row.output_shape
        if before == after:
            # Without shapes it is still known what a flattening would do.
            return after is not None or row.kind != "Flatten"
        if row.kind == "ZeroPadding2D":
            # A frame around the image is drawn; any other is part of the step from one volume to the next.
            return role_of(host.rows[0]) != "image"
        if before is None or after is None:
            return False
        # 1×1×120 and 120 numbers are the same.
        return prod(before) == prod(after) == max(before) == max(after)

    def _join(self, row: LayerRow, sources: list[int]) -> bool:
        """Lets a sum end in the piece of its longest way, where all other ways to it are shortcuts."""
        fitting = [source for source in sources if self.drafts[source].output_shape == row.output_shape]
        if not fitting:
            return False
        target = max(fitting, key=lambda source: self.drafts[source].depth)
        found = []
        for source in sources:
            if source != target:
                walk = self._walk(source, target, row.name)
                if walk is None:
                    return False
                found.append(walk)
        for start, passed in found:
            rows = [row for number in passed for row in self.drafts[number].rows]
            for number in passed:
                self.drafts[number].kept = False
            if start == target:
                for gate in rows:
                    self._put(gate, target)
            else:
                self.shortcuts.append(Shortcut(start, target, tuple(rows)))
                self.joined.add(target)
        self._put(row, target)
        return True

    def _walk(self, source: int, target: int, end: str) -> tuple[int, tuple[int, ...]] | None:
        """Goes back to where a way to `end` leaves the way to `target`.

        Returns:
            The piece where it leaves and those on it, first to last; None where it is a branch in its own right: with
            two layers that have kernels, or with connections to elsewhere; or where it has the misfit, to be seen.
        """
        passed: list[int] = []
        followers, kernels = {end}, 0
        gate = self.drafts[source].output_shape != self.drafts[target].output_shape
        while not self.drafts[target].ancestors >> source & 1:
            draft = self.drafts[source]
            names = {row.name for row in draft.rows}
            used = {name for row in draft.rows for name in self.consumers[row.name]}
            kernels += role_of(draft.rows[0]) in ("convolution", "dense")
            leaves = len(draft.sources) != 1 or source in self.joined or not used <= names | followers
            if leaves or self.misfit in names or (kernels > 1 and not gate):
                return None
            passed.insert(0, source)
            followers = names
            source = next(iter(draft.sources))
        if gate and source != target:
            return None
        return source, tuple(passed)

    def graph(self) -> NetworkGraph:
        """What was put together; a link that a longer way makes as well becomes a shortcut."""
        numbers = {old: new for new, old in enumerate(n for n, draft in enumerate(self.drafts) if draft.kept)}
        links, shortcuts = [], [Shortcut(numbers[one.source], numbers[one.target], one.rows) for one in self.shortcuts]
        for old, new in numbers.items():
            sources = self.drafts[old].sources
            passed = 0
            """A bit for each piece from which a way leads here through another one."""
            for source in sources:
                passed |= self.drafts[source].ancestors & ~(1 << source)
            for source in sorted(sources):
                if passed >> source & 1:
                    shortcuts.append(Shortcut(numbers[source], new))
                else:
                    links.append((numbers[source], new))
        pieces = tuple(Piece(tuple(self.drafts[old].rows)) for old in numbers)
        return NetworkGraph(pieces, tuple(links), tuple(shortcuts))


def read_graph(table: LayerTable) -> NetworkGraph:
    """What of a network is drawn."""
    consumers: dict[str, list[str]] = {row.name: [] for row in table.rows}
    for row in table.rows:
        for name in row.inputs:
            consumers[name].append(row.name)
    builder = _Builder(consumers, table.misfit.layer if table.misfit else "")
    for row in table.rows:
        builder.add(row)
    return builder.graph()


LARGEST = 120.0
"""Side of the largest feature map of a network."""

_LEAST, _LESS = 0.47, 0.13
_SMALLEST = 7.0
_POWER = 0.5
_DEEP = 6.0
_SLANT = (0.8, 0.5)
_PLANE = 3.2
_ALL_PLANES = 8
_BAR = 12.0
_SHORTEST = 30.0
_TALL = 9.0
_UNIT = 5.0
_CELL = 7.0
_SOME_UNITS = 100


@dataclass(frozen=True)
class Size:
    """How large a volume is.

    Attributes:
        form: a stack of planes, or a bar of units.
        width: of its front plane.
        height: of its front plane.
        depth: how far the front plane is to the right of and below the one at the back.
        planes: of a stack; cells of a bar.
    """

    form: Form
    width: float
    height: float
    depth: tuple[float, float]
    planes: int

    @property
    def whole(self) -> tuple[float, float]:
        """Width and height of all of it."""
        return self.width + self.depth[0], self.height + self.depth[1]

    def boxes(self, x: float, y: float) -> tuple[QRectF, QRectF]:
        """All of it, and its front plane, where its middle is at (x, y)."""
        width, height = self.whole
        box = QRectF(x - width / 2, y - height / 2, width, height)
        return box, QRectF(box.x() + self.depth[0], box.y() + self.depth[1], self.width, self.height)


def sizes_of(graph: NetworkGraph, abreast: float, size: float = 1.0) -> list[Size]:
    """The size of each volume; one without a shape is as large as the one before it, or some bar.

    Args:
        graph: the volumes.
        abreast: how many lanes there are; the more, the smaller all are.
        size: of all volumes, 1 for the usual one.
    """
    size *= max(_LEAST, 1 - _LESS * (abreast - 1))
    sides = [side for piece in graph.pieces for side in _map_of(piece)[:2]]
    scale = size * LARGEST / max(sides, default=1) ** _POWER
    sizes: list[Size] = []
    for piece in graph.pieces:
        if piece.shape is None:
            sizes.append(_unknown(piece, sizes[-1] if sizes else _stack(LARGEST / 2, LARGEST / 2, 1, size), size))
        elif len(piece.shape) < 2:
            sizes.append(_bar(piece.shape[0] if piece.shape else 1, size))
        else:
            height, width, channels = _map_of(piece)
            sizes.append(
                _stack(max(_SMALLEST, scale * height**_POWER), max(_SMALLEST, scale * width**_POWER), channels, size)
            )
    return sizes


def _unknown(piece: Piece, before: Size, size: float) -> Size:
    if before.form == "bar" or role_of(piece.row) == "dense" or piece.row.kind == "Flatten":
        return _bar(_SOME_UNITS, size)
    return Size("stack", before.width, before.height, (0.0, 0.0), 1)


def _map_of(piece: Piece) -> Sequence[int]:
    """(height, width, channels) of feature maps; a sequence of vectors is one column high; empty for a vector."""
    if piece.shape is None or len(piece.shape) < 2:
        return ()
    *sides, channels = piece.shape
    return sides[0], sides[1] if len(sides) > 1 else 1, channels


def _bar(units: int, size: float) -> Size:
    height = _SHORTEST + size * _TALL * log2(1 + max(1, units))
    cells = units if units * _UNIT <= height else int(height // _CELL)
    return Size("bar", _BAR, height, (0.0, 0.0), cells)


def _stack(height: float, width: float, channels: int, size: float) -> Size:
    depth = (1 + size) / 2 * _DEEP * log2(max(1, channels))
    planes = channels if channels <= _ALL_PLANES else max(_ALL_PLANES, int(depth // _PLANE))
    return Size("stack", width, height, (depth * _SLANT[0], depth * _SLANT[1]), planes)
