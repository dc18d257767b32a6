"""The parts of a network's picture, in abstract units: about one a pixel where it is shown in its natural size."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
"""(x, y), y down."""

Role = Literal["image", "convolution", "pooling", "dense", "other"]
Form = Literal["stack", "bar"]
State = Literal["fine", "misfit", "unknown"]


@dataclass(frozen=True)
class Box:
    """A rectangle, y down."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> Point:
        """Its middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def grown(self, margin: float) -> "Box":
        """With a margin on all sides."""
        return Box(self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin)

    def holds(self, point: Point) -> bool:
        """Whether a point is in it."""
        return self.x <= point[0] <= self.right and self.y <= point[1] <= self.bottom

    def meets(self, other: "Box") -> bool:
        """Whether they have an area in common."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


def around(boxes: Iterable[Box]) -> Box:
    """The smallest rectangle around some; there must be one at least."""
    boxes = list(boxes)
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


@dataclass(frozen=True)
class Label:
    """Centred lines of text.

    Attributes:
        lines: of text.
        box: where they stand, each as high as the others.
    """

    lines: tuple[str, ...]
    box: Box


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
        facts: what is to be told about it, its name first.
    """

    layer: str
    layers: tuple[str, ...]
    role: Role
    form: Form
    state: State
    box: Box
    face: Box
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
    window: Box | None = None


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
        facts: what is to be told about it.
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
    def box(self) -> Box:
        """What it spans, at its height."""
        return Box(self.start[0], self.top, self.end[0] - self.start[0], 0)


@dataclass(frozen=True)
class Fold:
    """Equal blocks that follow each other, drawn once, or unfolded, all of them.

    Attributes:
        key: tells it from others; it stays the same while the network is edited elsewhere.
        count: blocks.
        folded: whether only one block is drawn.
        box: its frame.
        badge: where the number of blocks stands.
        volumes: numbers of the volumes in it.
        facts: what is to be told about it.
    """

    key: str
    count: int
    folded: bool
    box: Box
    badge: Box
    volumes: tuple[int, ...]
    facts: tuple[str, ...]

    @property
    def sign(self) -> str:
        """What its badge says: how many blocks, and whether it folds or unfolds."""
        return f"× {self.count}" if self.folded else f"× {self.count} –"
