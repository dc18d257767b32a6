"""Paints a network that is laid out: volumes, labels, links, shortcuts, folds; on a screen, a picture, or an SVG."""

from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

from PySide6.QtCore import QBuffer, QByteArray, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPainterPathStroker, QPen, QPolygonF

from cnnstudio.gui.look.theme import GRID, LIGHT, Colours, colours
from cnnstudio.gui.widgets.network.layout.lay_out import NetworkLayout
from cnnstudio.gui.widgets.network.layout.parts import Arc, Box, Fold, Label, Link, Point, Volume
from cnnstudio.gui.widgets.network.layout.words import LINE, TEXT

_PLOT = {"convolution": 0, "pooling": 1, "dense": 2}
_SHORTCUT = 3
_ARROW = 5.0
_ROUND = 26.0
_VEIL = 0.92


@dataclass(frozen=True)
class Marks:
    """What stands out.

    Attributes:
        volume: number of the volume that is chosen; -1 for none.
        arc: number of the shortcut that is chosen; -1 for none.
        hovered: what the pointer is on: a volume, an arc or a fold; None for nothing.
    """

    volume: int = -1
    arc: int = -1
    hovered: Volume | Arc | Fold | None = None


def rectangle(box: Box) -> QRectF:
    """A box as Qt takes it."""
    return QRectF(box.x, box.y, box.width, box.height)


def arc_path(arc: Arc) -> QPainterPath:
    """The line of a shortcut: up, along in a curve, and down."""
    (left, start), (right, end), top = arc.start, arc.end, arc.top
    turn = min(_ROUND, (right - left) / 2)
    up, down = min(turn, start - top), min(turn, end - top)
    path = QPainterPath(QPointF(left, start))
    path.lineTo(left, top + up)
    path.quadTo(left, top, left + turn, top)
    path.lineTo(right - turn, top)
    path.quadTo(right, top, right, top + down)
    path.lineTo(right, end)
    return path


def part_at(layout: NetworkLayout, x: float, y: float, near: float) -> Volume | Arc | Fold | None:
    """What is at a place of the layout: badges first, then volumes, shortcuts within `near` units, frames."""
    point, stroker = (x, y), QPainterPathStroker()
    stroker.setWidth(2 * near)
    return (
        next((fold for fold in layout.folds if fold.badge.holds(point)), None)
        or next((volume for volume in layout.volumes if volume.box.grown(2).holds(point)), None)
        or next((arc for arc in layout.arcs if stroker.createStroke(arc_path(arc)).contains(QPointF(x, y))), None)
        or next((fold for fold in layout.folds if fold.box.holds(point)), None)
    )


def tip_of(part: Volume | Arc | Fold) -> str:
    """The tooltip of a part."""
    title, *others = map(escape, part.facts)
    return f"<p><b>{title}</b></p><p>{'<br>'.join(others)}</p>"


def paint_network(painter: QPainter, layout: NetworkLayout, font: QFont, theme: Colours, marks: Marks) -> None:
    """Paints all of a network in its own units.

    Args:
        painter: its transform says where and how large.
        layout: the network.
        font: of the labels; their size is the layout's.
        theme: its colours.
        marks: what stands out.
    """
    _NetworkPainter(painter, font, theme, marks).paint(layout)


def veil(painter: QPainter, area: QRectF) -> None:
    """Covers what lies below tools, so that it is not taken for a part of them; on empty ground it is not seen."""
    ground = QColor(colours().window)
    ground.setAlphaF(_VEIL)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(area, 8, 8)


def _mixed(strong: str, ground: str, share: float) -> QColor:
    one, other = QColor(strong), QColor(ground)
    return QColor(
        round(share * one.red() + (1 - share) * other.red()),
        round(share * one.green() + (1 - share) * other.green()),
        round(share * one.blue() + (1 - share) * other.blue()),
    )


class _NetworkPainter:
    def __init__(self, painter: QPainter, font: QFont, theme: Colours, marks: Marks) -> None:
        self._painter, self._theme, self._marks = painter, theme, marks
        self._dark = QColor(self._theme.window).lightness() < 128
        self._plain, self._strong = QFont(font), QFont(font)
        for one in (self._plain, self._strong):
            one.setPixelSize(round(TEXT))
        self._strong.setWeight(QFont.Weight.DemiBold)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def paint(self, layout: NetworkLayout) -> None:
        for fold in layout.folds:
            self._frame(fold)
        for link in layout.links:
            if link.kind == "full":
                self._fan(link, layout.volumes[link.target])
        for number, volume in enumerate(layout.volumes):
            self._volume(volume, number == self._marks.volume)
        for link in layout.links:
            if link.kind != "full":
                self._link(link, layout.volumes[link.target])
        for number, arc in enumerate(layout.arcs):
            self._arc(arc, number == self._marks.arc)
        for inner in (fold.arc for fold in layout.folds):
            if inner:
                self._arc(inner, chosen=False)
        for volume in layout.volumes:
            self._labels(volume)
        for fold in layout.folds:
            self._badge(fold)

    def _ink(self, volume: Volume) -> str:
        if volume.state == "misfit":
            return self._theme.error
        if volume.state == "unknown" or volume.role not in _PLOT:
            return self._theme.secondary
        return self._theme.plot[_PLOT[volume.role]]

    def _volume(self, volume: Volume, chosen: bool) -> None:
        painter, theme = self._painter, self._theme
        ink = self._ink(volume)
        if chosen or volume is self._marks.hovered:
            painter.setPen(QPen(QColor(theme.accent_text), 2) if chosen else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent_soft if chosen else theme.hover))
            painter.drawRoundedRect(rectangle(volume.box.grown(6)), 6, 6)
        pen = QPen(QColor(ink), 1)
        if volume.state != "fine":
            pen.setStyle(Qt.PenStyle.DashLine)
            pen.setWidthF(1.6 if volume.state == "misfit" else 1.0)
        painter.setPen(pen)
        share = 0.0 if volume.state == "unknown" else 0.30 if self._dark else 0.17
        painter.setBrush(_mixed(ink, theme.surface, share))
        if volume.form == "bar":
            self._bar(volume, ink)
        else:
            self._stack(volume)

    def _stack(self, volume: Volume) -> None:
        face, box = volume.face, volume.box
        last = max(1, volume.planes - 1)
        for plane in range(volume.planes):
            share = 1.0 if volume.planes == 1 else plane / last
            x, y = box.x + share * (face.x - box.x), box.y + share * (face.y - box.y)
            self._painter.drawRect(QRectF(x, y, face.width, face.height))

    def _bar(self, volume: Volume, ink: str) -> None:
        painter, face = self._painter, volume.face
        painter.drawRoundedRect(rectangle(face), 3, 3)
        if volume.state != "fine":
            return
        step = (face.height - 6) / volume.planes
        exact = volume.shape.lines[0] == str(volume.planes)
        painter.setBrush(QColor(ink))
        painter.setPen(Qt.PenStyle.NoPen if exact else QPen(QColor(ink), 0.6))
        for cell in range(volume.planes):
            y = face.y + 3 + (cell + 0.5) * step
            if exact:
                painter.drawEllipse(QPointF(face.middle[0], y), 2.1, 2.1)
            else:
                painter.drawLine(QPointF(face.x + 3, y), QPointF(face.right - 3, y))

    def _fan(self, link: Link, target: Volume) -> None:
        painter = self._painter
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_mixed(self._ink(target), self._theme.window, 0.14 if self._dark else 0.09))
        corners = [QPointF(*point) for point in link.points]
        painter.drawPolygon(QPolygonF(corners))
        painter.setPen(QPen(_mixed(self._ink(target), self._theme.window, 0.5), 0.8))
        painter.drawLine(corners[0], corners[3])
        painter.drawLine(corners[1], corners[2])

    def _link(self, link: Link, target: Volume) -> None:
        painter, theme = self._painter, self._theme
        if link.kind == "window" and link.window is not None:
            ink = QColor(theme.text)
            painter.setPen(QPen(ink, 0.8))
            upper, lower, tip = (QPointF(*point) for point in link.points)
            painter.drawLine(upper, tip)
            painter.drawLine(lower, tip)
            painter.setPen(QPen(ink, 1.1))
            painter.setBrush(_mixed(self._ink(target), theme.surface, 0.45))
            painter.drawRect(rectangle(link.window))
            painter.setBrush(ink)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRect(QRectF(tip.x() - 1.5, tip.y() - 1.5, 3, 3))
            return
        ink = QColor(theme.error if target.state == "misfit" else theme.secondary)
        dashed = Qt.PenStyle.SolidLine if target.state == "fine" else Qt.PenStyle.DashLine
        painter.setPen(QPen(ink, 1.1, dashed))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_curve(link.points))
        self._arrow(link.points[-1], (1, 0), ink)

    def _arrow(self, tip: Point, direction: Point, ink: QColor) -> None:
        (x, y), (across, down) = tip, direction
        back = QPointF(x - _ARROW * across, y - _ARROW * down)
        aside = QPointF(_ARROW * 0.55 * down, _ARROW * 0.55 * across)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(ink)
        self._painter.drawPolygon(QPolygonF([QPointF(x, y), back + aside, back - aside]))

    def _arc(self, arc: Arc, chosen: bool) -> None:
        painter, theme = self._painter, self._theme
        bold = chosen or arc is self._marks.hovered
        ink = QColor(theme.plot[_SHORTCUT])
        painter.setPen(QPen(ink, 2.6 if bold else 1.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(arc_path(arc))
        self._arrow((arc.end[0], arc.end[1] + 2), (0, 1), ink)
        if arc.label:
            self._text(arc.label, self._plain, theme.plot[_SHORTCUT])

    def _labels(self, volume: Volume) -> None:
        theme = self._theme
        wrong = volume.state == "misfit"
        self._text(volume.shape, self._strong, theme.error if wrong else theme.text)
        self._text(volume.operation, self._plain, theme.error if wrong else theme.secondary)

    def _text(self, label: Label, font: QFont, colour: str) -> None:
        self._painter.setFont(font)
        self._painter.setPen(QColor(colour))
        for number, line in enumerate(label.lines):
            # Wider than needed: another font than was reckoned with must not be cut.
            box = QRectF(label.box.x - 40, label.box.y + number * LINE, label.box.width + 80, LINE)
            self._painter.drawText(box, Qt.AlignmentFlag.AlignCenter, line)

    def _frame(self, fold: Fold) -> None:
        painter, theme = self._painter, self._theme
        hovered = fold is self._marks.hovered
        pen = QPen(QColor(theme.accent_text if hovered else theme.border), 1.2)
        painter.setPen(pen)
        box = rectangle(fold.box)
        if fold.folded and fold.count > 1:
            for step in (6, 3):
                painter.setBrush(QColor(theme.window))
                painter.drawRoundedRect(box.translated(step, -step), 8, 8)
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(box, 8, 8)

    def _badge(self, fold: Fold) -> None:
        painter, theme = self._painter, self._theme
        box = rectangle(fold.badge)
        hovered = fold is self._marks.hovered
        painter.setPen(QPen(QColor(theme.accent_text), 1.6 if hovered else 1))
        painter.setBrush(QColor(theme.accent_soft))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setFont(self._strong)
        painter.setPen(QColor(theme.accent_text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, fold.sign)


def _curve(points: tuple[Point, ...]) -> QPainterPath:
    """A smooth line through points from left to right, level at each."""
    path = QPainterPath(QPointF(*points[0]))
    for (x, y), (right, end) in pairwise(points):
        middle = (x + right) / 2
        path.cubicTo(middle, y, middle, end, right, end)
    return path


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
