"""How images come into a network that was not made for height, width and channels.

Many networks take grey images without an axis for the channel, `Input((28, 28))`, or images flattened to a vector,
`Input((784,))`. Here such a network gets an input of images, so that all that handles images handles it too: where its
own first layers give the numbers a shape anyway (Flatten, Reshape), only the input is another; otherwise a layer before
it does.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cnnstudio.data.splits import CHANNELS
from cnnstudio.errors import StudioError
from cnnstudio.limits import IMAGE_SIZES
from cnnstudio.models.keras_config.graph import Graph, Node, layer_config
from cnnstudio.wording import counted, shape

ImageShape = tuple[int, int, int]
OpenShape = tuple[int | None, int | None, int]

USUAL_SIDE = 224
"""In pixels, of images of any size."""

_LONGEST = 2
"""How many times as high as wide, or as wide as high, the images of a vector may be."""

_EACH_BY_ITSELF = frozenset({"Dropout", "GaussianDropout", "GaussianNoise"})
"""Kinds of layers that treat every number alike, whatever shape they come in; a Rescaling by one number does too."""


@dataclass(frozen=True)
class ImageInput:
    """What images a network takes.

    Attributes:
        shapes: (height, width, channels) that they may have, the likeliest first; None for a side that is not fixed.
        words: what the network takes, and as what images: a sentence; empty where it takes images as they are.
    """

    shapes: tuple[OpenShape, ...]
    words: str = ""


def image_input(graph: Graph) -> ImageInput:
    """Says what images a network takes.

    Raises:
        StudioError: it takes no images of 1 or 3 channels, in whatever shape.
    """
    sides = _sides(graph)
    match sides:
        case [height, width, 1 | 3 as channels]:
            return ImageInput(((height, width, channels),))
        case [height, width]:
            return ImageInput(((height, width, 1),), "It takes images without an axis for the channels: grey ones.")
        case [int(length)]:
            shapes = _told_by_reshape(graph, length) or tuple(_shapes_of(length))
            if shapes:
                return ImageInput(shapes, _flattened_words(length, shapes))
    words = counted(sides[0], "number") if len(sides) == 1 and sides[0] else shape(sides) if sides else "single numbers"
    raise StudioError(
        f"It takes {words}, but an image classifier takes images of 1 channel (grey) or 3 (colour): height, width and "
        "channels, in this order; or all their numbers in one row."
    )


def take_images(graph: Graph, image_shape: ImageShape) -> None:
    """Gives a network an input of images.

    Args:
        graph: of the network; it is changed.
        image_shape: one of the shapes of its `image_input`, with a number for each side.
    """
    image, sides = graph.node(graph.input), _sides(graph)
    if len(sides) < 3 and not _reshapes_itself(graph):
        kind, values = ("Flatten", {}) if len(sides) == 1 else ("Reshape", {"target_shape": list(image_shape[:2])})
        name = graph.free_name(kind.lower())
        graph.reconnect(image.name, name)
        graph.add(Node(name, layer_config(kind, {"name": name, **values}), (image.name,)))
    graph.nodes[image.name] = image.with_values(batch_shape=[None, *image_shape], dtype="float32")
    graph.sort()


def takes_images(graph: Graph) -> bool:
    """Whether a network takes images of one size as they are, or nothing that images can be made into."""
    sides = _sides(graph)
    return len(sides) > 3 or (len(sides) == 3 and None not in sides) or not sides


def likeliest(shapes: Sequence[OpenShape]) -> ImageShape:
    """The first of the shapes that a network takes, with the usual side for one of any size."""
    height, width, channels = shapes[0]
    return height or USUAL_SIDE, width or USUAL_SIDE, channels


def _sides(graph: Graph) -> list[int | None]:
    return list(graph.node(graph.input).config.get("batch_shape") or ())[1:]


def _first_shapers(graph: Graph, name: str) -> Iterator[Node]:
    """The layers that a layer's numbers come to, past those that treat every number by itself."""
    for node in graph.consumers(name):
        if _treats_each_by_itself(node):
            yield from _first_shapers(graph, node.name)
        else:
            yield node


def _treats_each_by_itself(node: Node) -> bool:
    if node.kind == "Rescaling":
        return all(isinstance(node.config.get(key, 0.0), int | float) for key in ("scale", "offset"))
    return node.kind in _EACH_BY_ITSELF and node.config.get("noise_shape") is None


def _reshapes_itself(graph: Graph) -> bool:
    """Whether the first layers give the numbers a shape of their own, whatever shape they come in."""
    shapers = list(_first_shapers(graph, graph.input))
    return bool(shapers) and all(node.kind in ("Flatten", "Reshape") for node in shapers)


def _told_by_reshape(graph: Graph, length: int) -> tuple[OpenShape, ...]:
    """The shape of images that a network brings its vector into by itself; nothing where it does not."""
    for node in _first_shapers(graph, graph.input):
        target = node.config.get("target_shape") if node.kind == "Reshape" else None
        sides: list[Any] = list(target) if isinstance(target, list | tuple) else []
        if sides.count(-1) == 1 and (known := -math.prod(sides)) > 0:
            sides[sides.index(-1)] = length // known
        if len(sides) == 2:
            sides.append(1)
        if len(sides) == 3 and _is_image(*sides) and math.prod(sides) == length:
            return (tuple(sides),)
    return ()


def _is_image(height: Any, width: Any, channels: Any) -> bool:
    return height in IMAGE_SIZES and width in IMAGE_SIZES and channels in CHANNELS


def _shapes_of(length: int) -> list[ImageShape]:
    """The shapes of images of so many numbers: square ones first, then the nearest to a square, grey before colour."""
    found: list[ImageShape] = []
    for channels in CHANNELS:
        pixels, rest = divmod(length, channels)
        for height in IMAGE_SIZES if not rest else ():
            width, over = divmod(pixels, height)
            if not over and _is_image(height, width, channels) and max(height, width) <= _LONGEST * min(height, width):
                found.append((height, width, channels))
    return sorted(found, key=lambda sides: (max(sides[:2]) / min(sides[:2]), sides[2], sides[0]))


def _flattened_words(length: int, shapes: tuple[OpenShape, ...]) -> str:
    height, width, channels = shapes[0]
    colour = "grey" if channels == 1 else "colour"
    words = f"It takes {length:,} numbers in one row: {colour} images of {height}×{width}, flattened row after row"
    return f"{words}, or of another shape with as many numbers." if len(shapes) > 1 else f"{words}."
