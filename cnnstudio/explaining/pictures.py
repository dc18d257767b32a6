"""Pictures to save: an explanation over its image, and the feature maps of layers."""

import importlib.util
import math
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from cnnstudio.explaining.explanation import Explanation
from cnnstudio.models.trained.classifier import LayerOutput

if TYPE_CHECKING:
    from PIL import Image

_FILES = {"diverging": "CET-D1.csv", "viridis": "viridis.csv"}

LEAST_SIDE = 448
"""Images of fewer pixels are enlarged to about so many."""

LEAST_MAP = 48
GAP = 4
WIDTH = 1200
MARGIN = 12


@cache
def colour_table(name: Literal["diverging", "viridis"]) -> np.ndarray:
    """(256, 3) float64, 0–255: the colours of a map from its lowest to its highest value, as in the window.

    They are read from the files of pyqtgraph, which itself would import Qt.
    """
    package = importlib.util.find_spec("pyqtgraph")
    assert package is not None
    assert package.submodule_search_locations is not None
    file = Path(package.submodule_search_locations[0]) / "colors" / "maps" / _FILES[name]
    return 255 * np.loadtxt(file, delimiter=",", comments=";")


def overlay(image: np.ndarray, values: np.ndarray, limit: float, strength: float = 0.5) -> np.ndarray:
    """An explanation's colours over its image: red for the class, blue against it.

    Args:
        image: (height, width, 1 or 3), 0–255; it is shown in grey.
        values: (height, width).
        limit: the value that gets the full colour.
        strength: from 0, the image alone, over 0.5, where the colour grows with the value, to 1, the colours alone.

    Returns:
        uint8 (height, width, 3).
    """
    shares = np.clip(values / limit, -1, 1) if limit > 0 else np.zeros(values.shape)
    table = colour_table("diverging")
    colours = table[((shares + 1) / 2 * 255).round().astype(int)]
    opacity = min(1.0, 2 * strength) * np.abs(shares) ** (2 * (1 - strength)) if strength < 1 else np.ones(values.shape)
    ground = image.mean(axis=-1, keepdims=True)
    mixed = ground + opacity[..., np.newaxis] * (colours - ground)
    return mixed.round().astype(np.uint8)


def draw_explanation(explanation: Explanation, strength: float = 0.5) -> "Image.Image":
    """An explanation over its image; small images are enlarged, each pixel a square.

    Args:
        explanation: what is drawn.
        strength: as for `overlay`.
    """
    from PIL import Image

    pixels = overlay(explanation.asked.image, explanation.values, explanation.limit, strength)
    factor = max(1, round(LEAST_SIDE / max(pixels.shape[:2])))
    return Image.fromarray(pixels.repeat(factor, axis=0).repeat(factor, axis=1))


def draw_feature_maps(layers: Sequence[LayerOutput]) -> "Image.Image":
    """The outputs of layers below each other, each layer under its name and on a scale of its own, in viridis.

    Numbers without places, such as those of a dense layer, stand in a strip.
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(16)
    blocks = [(layer_title(layer), _block(layer.values)) for layer in layers]
    line = 16 + GAP
    height = MARGIN + sum(line + block.shape[0] + MARGIN for _, block in blocks)
    width = max(WIDTH, *(block.shape[1] for _, block in blocks)) + 2 * MARGIN
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    top = MARGIN
    for title, block in blocks:
        draw.text((MARGIN, top), title, fill="black", font=font)
        picture.paste(Image.fromarray(block), (MARGIN, top + line))
        top += line + block.shape[0] + MARGIN
    return picture


def layer_title(layer: LayerOutput) -> str:
    """What stands above the outputs of a layer; the font that comes with Pillow has neither × nor raised digits."""
    values = layer.values
    shape = " x ".join(f"{side}" for side in values.shape)
    low, high = (
        re.sub(r"e([-+]\d+)", lambda power: f" x 10^{int(power[1])}", f"{end + 0:.3g}")
        for end in (values.min(), values.max())
    )
    return f"{layer.name}   {layer.kind} {shape}, from {low} to {high}"


def _block(values: np.ndarray) -> np.ndarray:
    """All maps of a layer in rows, uint8 (height, width, 3)."""
    maps = values.transpose(2, 0, 1) if values.ndim == 3 else _strip(values.reshape(-1))
    low, high = float(maps.min()), float(maps.max())
    shares = (maps - low) / (high - low) if high > low else np.zeros(maps.shape)
    factor = max(1, math.ceil(LEAST_MAP / max(maps.shape[1:]))) if values.ndim == 3 else 12
    pixels = colour_table("viridis")[(shares * 255).round().astype(int)].round().astype(np.uint8)
    pixels = pixels.repeat(factor, axis=1).repeat(factor, axis=2)
    count, tall, wide, _ = pixels.shape
    columns = max(1, min(count, (WIDTH + GAP) // (wide + GAP)))
    rows = math.ceil(count / columns)
    block = np.full((rows * (tall + GAP) - GAP, columns * (wide + GAP) - GAP, 3), 255, np.uint8)
    for number, one in enumerate(pixels):
        row, column = divmod(number, columns)
        top, left = row * (tall + GAP), column * (wide + GAP)
        block[top : top + tall, left : left + wide] = one
    return block


def _strip(numbers: np.ndarray) -> np.ndarray:
    """Numbers as rows of a picture, filled up with the lowest."""
    columns = min(len(numbers), WIDTH // 12)
    filled = np.full(math.ceil(len(numbers) / columns) * columns, numbers.min())
    filled[: len(numbers)] = numbers
    return filled.reshape(1, -1, columns)
