"""Thousands of small numbers painted at once: each is drawn once, then copied as pixels."""

import functools

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

NUMBERS = 256
"""Numbers from 0 to 255."""


@functools.lru_cache(maxsize=16)
def _masks(font: str, ratio: float) -> np.ndarray:
    """(256, height, width) uint8: how much each screen pixel is covered by each number, centred."""
    described = QFont()
    described.fromString(font)
    metrics = QFontMetricsF(described)
    width, height = int(metrics.horizontalAdvance("000") * ratio) + 1, int(metrics.height() * ratio) + 1
    image = QImage(width, NUMBERS * height, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.scale(ratio, ratio)
    painter.setFont(described)
    painter.setPen(QColor("white"))
    for number in range(NUMBERS):
        box = QRectF(0, number * height / ratio, width / ratio, height / ratio)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))
    painter.end()
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(NUMBERS * height, image.bytesPerLine())
    masks = lines[:, :width].reshape(NUMBERS, height, width)
    inked = np.flatnonzero(masks.any(axis=(0, 2)))
    return masks[:, inked[0] : inked[-1] + 1].copy()


def paint_numbers(
    values: np.ndarray, dark: np.ndarray, lefts: np.ndarray, tops: np.ndarray, *, font: QFont, ratio: float
) -> QImage:
    """A transparent picture of numbers, each in the middle of its cell.

    Args:
        values: (rows, columns) uint8.
        dark: (rows, columns) bool: black numbers; the others are white.
        lefts: (columns + 1,) edges of the columns in device-independent pixels, the first one 0.
        tops: (rows + 1,) edges of the rows, likewise.
        font: of the numbers, which must fit into the cells.
        ratio: screen pixels per device-independent pixel.

    Returns:
        As large as all cells, with that ratio.
    """
    masks = _masks(font.toString(), ratio)
    _, height, width = masks.shape
    image_height, image_width = (int(np.ceil(edges[-1] * ratio)) for edges in (tops, lefts))
    margin = height
    layer = np.zeros((image_height + 2 * margin, image_width + 2 * margin), np.uint32)
    rows = np.rint((tops[:-1] + tops[1:]) / 2 * ratio - height / 2).astype(int) + margin
    columns = np.rint((lefts[:-1] + lefts[1:]) / 2 * ratio - width / 2).astype(int) + margin
    cover = masks[values].astype(np.uint32)
    colour = np.where(dark, np.uint32(1 << 24), np.uint32(0x01010101))[..., np.newaxis, np.newaxis]
    down = (rows[:, np.newaxis] + np.arange(height))[:, np.newaxis, :, np.newaxis]
    across = (columns[:, np.newaxis] + np.arange(width))[np.newaxis, :, np.newaxis, :]
    layer[down, across] = cover * colour
    picture = np.ascontiguousarray(layer[margin : margin + image_height, margin : margin + image_width])
    image = QImage(
        picture.data, image_width, image_height, 4 * image_width, QImage.Format.Format_ARGB32_Premultiplied
    ).copy()
    image.setDevicePixelRatio(ratio)
    return image
