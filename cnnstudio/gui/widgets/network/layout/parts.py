"""The parts of a network's picture, in abstract units: about one a pixel where it is shown in its natural size."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from PySide6.QtCore import QRectF

Point = tuple[float, float]
"""(x, y), y down."""

Role = Literal["image", "convolution", "pooling", "dense", "other"]
Form = Literal["stack", "bar"]
State = Literal["fine", "misfit", "unknown"]


def grown(box: QRectF, margin: float) -> QRectF:
    """A box with a margin on all sides."""
    return box.adjusted(-margin, -margin, margin, margin)


def around(boxes: Iterable[QRectF]) -> QRectF:
    """The smallest rectangle around some boxes; there must be one at least."""
    return reduce(QRectF.united, boxes)


@dataclass(frozen=True)
class Label:
    """Centred lines of text.

    Attributes:
        lines: of text.
        box: where they stand, each as high as the others.
    """

    lines: tuple[str, ...]
    box: QRectF


@dataclass(frozen=True)
class Volume:
    """A layer's output: a stack of feature maps, or a bar of units.

    Attributes:
        layer: name of the layer that makes it.
        layers: names of all layers that it stands for, those of folded repeats among them.
        role: what makes it: image, convolution, pooling, dense or other.
        form: a stack of planes, or a bar of units.
        state: fine; misfit, where its layer does not fit; unknown, where one before it does not.
        box: all of it.
        face: its front plane, or the bar.
        planes: of a stack, from the one at the upper left of `box` to `face`; cells of a bar.
        shape: its shape, below it.
        operation: what makes it; between the volume before and this one.
        facts: what its tooltip says, its name first.
    """

    layer: str
    layers: tuple[str, ...]
    role: Role
    form: Form
    state: State
    box: QRectF
    face: QRectF
    planes: int
    shape: Label
    operation: Label
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A connection from a volume to one after it.

    Attributes:
        source: number of the volume it comes from.
        target: number of the volume it goes to.
        kind: window, a kernel's window on the source that is seen by one point of the target; full, each number
            connected with each; plain, an arrow.
        points: window: the window's upper right and lower right corner and the point; full: the corners of the
            connected sides; plain: where the arrow passes.
        window: the kernel's window.
    """

    source: int
    target: int
    kind: Literal["window", "full", "plain"]
    points: tuple[Point, ...]
    window: QRectF | None = None


@dataclass(frozen=True)
class Arc:
    """A shortcut, above the volumes that it passes.

    Attributes:
        source: number of the volume it comes from.
        target: number of the volume it goes to.
        layers: names of the layers on it.
        start: where it starts.
        end: where it ends.
        top: how high it goes.
        label: the kernel on it, if any.
        facts: what its tooltip says.
    """

    source: int
    target: int
    layers: tuple[str, ...]
    start: Point
    end: Point
    top: float
    label: Label | None
    facts: tuple[str, ...]

    @property
    def box(self) -> QRectF:
        """What it spans, at its height."""
        return QRectF(self.start[0], self.top, self.end[0] - self.start[0], 0)


@dataclass(frozen=True)
class Fold:
    """Equal blocks that follow each other, or a network within the network: drawn as less, or unfolded, all of it.

    Attributes:
        key: its own; it stays the same while the network is edited elsewhere.
        count: blocks; 1 for a network.
        folded: whether only one block, or one volume of the network, is drawn.
        box: its frame.
        badge: where the number of blocks stands, or the network's name.
        volumes: numbers of the volumes in it.
        facts: what its tooltip says.
        sign: what its badge says: how many blocks or which network, and whether it folds or unfolds.
    """

    key: str
    count: int
    folded: bool
    box: QRectF
    badge: QRectF
    volumes: tuple[int, ...]
    facts: tuple[str, ...]
    sign: str
