"""The graphics scene of a network: volumes with their labels, links, shortcuts, folds; on a screen or in a file."""

from dataclasses import replace
from html import escape
from itertools import pairwise
from typing import Any, cast

from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPainterPathStroker, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QGraphicsSceneHoverEvent
from typing_extensions import override

from cnnstudio.gui.controls.saving import svg
from cnnstudio.gui.look.theme import GRID, LIGHT, Colours, colours
from cnnstudio.gui.widgets.network.layout.lay_out import NetworkLayout
from cnnstudio.gui.widgets.network.layout.parts import Arc, Fold, Label, Link, Point, Volume, around, grown
from cnnstudio.gui.widgets.network.layout.words import label_font

LEGIBLE = 0.55
"""Pixels per unit of the picture from which on its words are painted; smaller ones could not be read."""

_PLOT = {"convolution": 0, "pooling": 1, "dense": 2}
_SHORTCUT = 3
_ARROW = 5.0
_ROUND = 26.0
_NEAR = 4.0
_MARGIN = 2 * GRID
_MOST_PIXELS = 16_000
_PAPER = replace(LIGHT, window="#ffffff")


class NetworkScene(QGraphicsScene):
    """Shows a `NetworkLayout`, in its units."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._paper: Colours | None = None
        self._volumes: list[_VolumeItem] = []
        self._arcs: list[_ArcItem] = []

    @property
    def theme(self) -> Colours:
        """The application's colours; black on white while a file is made."""
        return self._paper or colours()

    @property
    def on_paper(self) -> bool:
        """Whether a file is made, in which nothing is marked."""
        return self._paper is not None

    def set_layout(self, layout: NetworkLayout | None) -> None:
        """Shows another layout, or none."""
        self._volumes, self._arcs = [], []
        self.clear()
        self.setSceneRect(grown(layout.box, _MARGIN) if layout else QRectF())
        if layout is None:
            return
        self._volumes = [_VolumeItem(volume) for volume in layout.volumes]
        self._arcs = [_ArcItem(arc) for arc in layout.arcs]
        links = [_LinkItem(link, layout.volumes[link.target]) for link in layout.links]
        folds = [kind(fold) for fold in layout.folds for kind in (_FrameItem, _BadgeItem)]
        for item in (*self._volumes, *self._arcs, *links, *folds):
            self.addItem(item)

    def mark(self, volume: int | None, arc: int | None) -> None:
        """Marks the volume and the shortcut of these numbers, and no other."""
        for items, marked in ((self._volumes, volume), (self._arcs, arc)):
            for number, item in enumerate(items):
                item.set_marked(number == marked)

    def part_at(self, place: QPointF) -> Volume | Arc | Fold | None:
        """What is at a place of the scene."""
        return next((item.part for item in self.items(place) if isinstance(item, _PartItem)), None)

    def image(self) -> QImage:
        """All of the network on white, three pixels per unit, fewer where that would be too many."""
        area = self.sceneRect()
        ratio = min(3.0, _MOST_PIXELS / max(area.width(), area.height()))
        image = QImage((area.size() * ratio).toSize(), QImage.Format.Format_RGB32)
        painter = QPainter(image)
        self._print(painter, QRectF(image.rect()))
        painter.end()
        return image

    def svg(self, title: str) -> bytes:
        """All of the network on white as an SVG file, its text as text."""
        area = QRectF(QPointF(), self.sceneRect().size())
        return svg(area.size().toSize(), lambda painter: self._print(painter, area), title)

    def _print(self, painter: QPainter, area: QRectF) -> None:
        self._paper = _PAPER
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(area, self.theme.window)
        self.render(painter, area)
        self._paper = None


class _Item(QGraphicsItem):
    """Something of a network, at its place in the scene.

    Args:
        box: what it covers.
        height: what is higher is painted over what is lower.
    """

    def __init__(self, box: QRectF, height: int) -> None:
        super().__init__()
        self._area = box
        self.setZValue(height)

    @override
    def boundingRect(self) -> QRectF:
        return self._area

    @property
    def _scene(self) -> NetworkScene:
        return cast(NetworkScene, self.scene())

    @property
    def _theme(self) -> Colours:
        return self._scene.theme

    @property
    def _is_dark(self) -> bool:
        return QColor(self._theme.window).lightness() < 128


class _PartItem(_Item):
    """Something that can be pointed at and clicked."""

    def __init__(self, part: Volume | Arc | Fold, box: QRectF, height: int) -> None:
        super().__init__(box, height)
        self.part = part
        self._marked = self._hovered = False
        title, *others = map(escape, part.facts)
        self.setToolTip(f"<p><b>{title}</b></p><p>{'<br>'.join(others)}</p>")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAcceptHoverEvents(True)

    def set_marked(self, marked: bool) -> None:
        """Marks it as chosen, or no longer."""
        self._marked = marked
        self.update()

    @property
    def is_marked(self) -> bool:
        """Whether it is painted as chosen."""
        return self._marked and not self._scene.on_paper

    @property
    def is_hovered(self) -> bool:
        """Whether it is painted as under the pointer."""
        return self._hovered and not self._scene.on_paper

    @override
    def hoverEnterEvent(self, _event: QGraphicsSceneHoverEvent) -> None:
        self._hovered = True
        self.update()

    @override
    def hoverLeaveEvent(self, _event: QGraphicsSceneHoverEvent) -> None:
        self._hovered = False
        self.update()


class _VolumeItem(_PartItem):
    """A volume with its labels."""

    def __init__(self, volume: Volume) -> None:
        super().__init__(volume, around((grown(volume.box, 7), volume.shape.box, volume.operation.box)), 0)
        self._volume = volume

    @override
    def paint(self, painter: QPainter, _option: Any, _widget: Any = None) -> None:
        volume, theme = self._volume, self._theme
        ink = _ink(volume, theme)
        if self.is_marked or self.is_hovered:
            painter.setPen(QPen(QColor(theme.accent_text), 2) if self.is_marked else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent_soft if self.is_marked else theme.hover))
            painter.drawRoundedRect(grown(volume.box, 6), 6, 6)
        pen = QPen(QColor(ink), 1)
        if volume.state != "fine":
            pen.setStyle(Qt.PenStyle.DashLine)
            pen.setWidthF(1.6 if volume.state == "misfit" else 1.0)
        painter.setPen(pen)
        share = 0.0 if volume.state == "unknown" else 0.30 if self._is_dark else 0.17
        painter.setBrush(_mixed(ink, theme.surface, share))
        if volume.form == "bar":
            self._paint_bar(painter, ink)
        else:
            self._paint_stack(painter)
        wrong = volume.state == "misfit"
        _paint_label(painter, volume.shape, theme.error if wrong else theme.text, strong=True)
        _paint_label(painter, volume.operation, theme.error if wrong else theme.secondary)

    def _paint_stack(self, painter: QPainter) -> None:
        face, planes = self._volume.face, self._volume.planes
        depth = face.topLeft() - self._volume.box.topLeft()
        for plane in range(planes - 1, -1, -1):
            painter.drawRect(face.translated(-depth * plane / max(1, planes - 1)))

    def _paint_bar(self, painter: QPainter, ink: str) -> None:
        volume, face = self._volume, self._volume.face
        painter.drawRoundedRect(face, 3, 3)
        if volume.state != "fine":
            return
        step = (face.height() - 6) / volume.planes
        exact = volume.shape.lines[0] == str(volume.planes)
        painter.setBrush(QColor(ink))
        painter.setPen(Qt.PenStyle.NoPen if exact else QPen(QColor(ink), 0.6))
        for cell in range(volume.planes):
            y = face.y() + 3 + (cell + 0.5) * step
            if exact:
                painter.drawEllipse(QPointF(face.center().x(), y), 2.1, 2.1)
            else:
                painter.drawLine(QPointF(face.x() + 3, y), QPointF(face.right() - 3, y))


class _LinkItem(_Item):
    """A connection; a fan lies below the volumes, arrows and windows above them."""

    def __init__(self, link: Link, target: Volume) -> None:
        box = QPolygonF([QPointF(*point) for point in link.points]).boundingRect()
        super().__init__(grown(box | (link.window or box), _ARROW), -1 if link.kind == "full" else 1)
        self._link, self._target = link, target

    @override
    def paint(self, painter: QPainter, _option: Any, _widget: Any = None) -> None:
        points = [QPointF(*point) for point in self._link.points]
        if self._link.kind == "full":
            self._paint_fan(painter, points)
        elif self._link.window is not None:
            self._paint_window(painter, points, self._link.window)
        else:
            self._paint_arrow(painter)

    def _paint_fan(self, painter: QPainter, corners: list[QPointF]) -> None:
        ink, ground = _ink(self._target, self._theme), self._theme.window
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_mixed(ink, ground, 0.14 if self._is_dark else 0.09))
        painter.drawPolygon(QPolygonF(corners))
        painter.setPen(QPen(_mixed(ink, ground, 0.5), 0.8))
        painter.drawLine(corners[0], corners[3])
        painter.drawLine(corners[1], corners[2])

    def _paint_window(self, painter: QPainter, points: list[QPointF], window: QRectF) -> None:
        upper, lower, tip = points
        ink = QColor(self._theme.text)
        painter.setPen(QPen(ink, 0.8))
        painter.drawLine(upper, tip)
        painter.drawLine(lower, tip)
        painter.setPen(QPen(ink, 1.1))
        painter.setBrush(_mixed(_ink(self._target, self._theme), self._theme.surface, 0.45))
        painter.drawRect(window)
        painter.setBrush(ink)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRect(QRectF(tip.x() - 1.5, tip.y() - 1.5, 3, 3))

    def _paint_arrow(self, painter: QPainter) -> None:
        ink = QColor(self._theme.error if self._target.state == "misfit" else self._theme.secondary)
        line = Qt.PenStyle.SolidLine if self._target.state == "fine" else Qt.PenStyle.DashLine
        painter.setPen(QPen(ink, 1.1, line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_curve(self._link.points))
        _paint_head(painter, self._link.points[-1], (1, 0), ink)


class _ArcItem(_PartItem):
    """A shortcut."""

    def __init__(self, arc: Arc) -> None:
        path = _arc_path(arc)
        box = grown(path.boundingRect(), _ARROW)
        super().__init__(arc, box | arc.label.box if arc.label else box, 2)
        self._arc, self._path = arc, path

    @override
    def shape(self) -> QPainterPath:
        """Its line with what is near it, and its label; not what it goes over."""
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * _NEAR)
        near = stroker.createStroke(self._path)
        if self._arc.label:
            near.addRect(self._arc.label.box)
        return near

    @override
    def paint(self, painter: QPainter, _option: Any, _widget: Any = None) -> None:
        ink = QColor(self._theme.plot[_SHORTCUT])
        painter.setPen(QPen(ink, 2.6 if self.is_marked or self.is_hovered else 1.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
        _paint_head(painter, (self._arc.end[0], self._arc.end[1] + 2), (0, 1), ink)
        if self._arc.label:
            _paint_label(painter, self._arc.label, self._theme.plot[_SHORTCUT])


class _FrameItem(_PartItem):
    """The frame around a fold, on others where it stands for several blocks."""

    def __init__(self, fold: Fold) -> None:
        super().__init__(fold, grown(fold.box, _GROUND), -2)
        self._fold = fold

    @override
    def paint(self, painter: QPainter, _option: Any, _widget: Any = None) -> None:
        theme, box = self._theme, self._fold.box
        painter.setPen(QPen(QColor(theme.accent_text if self.is_hovered else theme.border), 1.2))
        if self._fold.folded:
            painter.setBrush(QColor(theme.window))
            for step in (6, 3):
                painter.drawRoundedRect(box.translated(step, -step), 8, 8)
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(box, 8, 8)


_GROUND = 7.0
"""So far beyond a frame reach those below it."""


class _BadgeItem(_PartItem):
    """How many blocks a fold stands for."""

    def __init__(self, fold: Fold) -> None:
        super().__init__(fold, grown(fold.badge, 1), 3)
        self._fold = fold

    @override
    def paint(self, painter: QPainter, _option: Any, _widget: Any = None) -> None:
        theme, box = self._theme, self._fold.badge
        painter.setPen(QPen(QColor(theme.accent_text), 1.6 if self.is_hovered else 1))
        painter.setBrush(QColor(theme.accent_soft))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setFont(label_font(strong=True))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._fold.sign)


def _ink(volume: Volume, theme: Colours) -> str:
    if volume.state == "misfit":
        return theme.error
    if volume.state == "unknown" or volume.role not in _PLOT:
        return theme.secondary
    return theme.plot[_PLOT[volume.role]]


def _mixed(strong: str, ground: str, share: float) -> QColor:
    one, other = QColor(strong), QColor(ground)
    return QColor(
        round(share * one.red() + (1 - share) * other.red()),
        round(share * one.green() + (1 - share) * other.green()),
        round(share * one.blue() + (1 - share) * other.blue()),
    )


def _paint_label(painter: QPainter, label: Label, colour: str, strong: bool = False) -> None:
    if painter.worldTransform().m11() < LEGIBLE:
        return
    painter.setFont(label_font(strong))
    painter.setPen(QColor(colour))
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextDontClip
    painter.drawText(label.box, flags, "\n".join(label.lines))


def _paint_head(painter: QPainter, tip: Point, direction: Point, ink: QColor) -> None:
    """The head of an arrow."""
    (x, y), (across, down) = tip, direction
    back = QPointF(x - _ARROW * across, y - _ARROW * down)
    aside = QPointF(_ARROW * 0.55 * down, _ARROW * 0.55 * across)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawPolygon(QPolygonF([QPointF(x, y), back + aside, back - aside]))


def _arc_path(arc: Arc) -> QPainterPath:
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


def _curve(points: tuple[Point, ...]) -> QPainterPath:
    """A smooth line through points from left to right, level at each."""
    path = QPainterPath(QPointF(*points[0]))
    for (x, y), (right, end) in pairwise(points):
        middle = (x + right) / 2
        path.cubicTo(middle, y, middle, end, right, end)
    return path
