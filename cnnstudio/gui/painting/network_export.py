"""The whole picture of a network as an image or an SVG, whatever part of it is on screen, in whatever theme.

It goes onto slides and handouts: it is always dark on white.
"""

from dataclasses import replace

from PySide6.QtCore import QBuffer, QByteArray, QRectF, QSize
from PySide6.QtGui import QFont, QImage, QPainter

from cnnstudio.gui.painting.network_painter import Marks, paint_network, rectangle
from cnnstudio.gui.theme import GRID, LIGHT
from cnnstudio.models.network_layout import NetworkLayout

_MARGIN = 2 * GRID
_MOST_PIXELS = 16_000
_PAPER = replace(LIGHT, window="#ffffff")


def _area(layout: NetworkLayout) -> QRectF:
    return rectangle(layout.box.grown(_MARGIN))


def _paint(painter: QPainter, layout: NetworkLayout, font: QFont, area: QRectF) -> None:
    painter.fillRect(QRectF(0, 0, area.width(), area.height()), _PAPER.window)
    painter.translate(-area.topLeft())
    paint_network(painter, layout, font, _PAPER, Marks())
    painter.end()


def network_image(layout: NetworkLayout, font: QFont, ratio: float = 3.0) -> QImage:
    """All of a network on white, `ratio` pixels per unit, fewer where that would be too many."""
    area = _area(layout)
    ratio = min(ratio, _MOST_PIXELS / max(area.width(), area.height()))
    image = QImage((area.size() * ratio).toSize(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.scale(ratio, ratio)
    _paint(painter, layout, font, area)
    return image


def network_svg(layout: NetworkLayout, font: QFont) -> bytes:
    """All of a network on white as an SVG file, its text as text."""
    from PySide6.QtSvg import QSvgGenerator

    area = _area(layout)
    data = QByteArray()
    buffer = QBuffer(data)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setTitle(layout.name)
    generator.setSize(QSize(round(area.width()), round(area.height())))
    generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
    _paint(QPainter(generator), layout, font, area)
    return bytes(data.data())
