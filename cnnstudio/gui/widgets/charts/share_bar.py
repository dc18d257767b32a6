"""A bar that shows in which layers a number sits: the parameters, or the multiply-adds."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, colours, text_sizes
from cnnstudio.wording import percent

_BAR = 3 * GRID
_WORDS = 14 * GRID
_NUMBER = 17 * GRID
_GAP = 1


@dataclass(frozen=True)
class Part:
    """What one layer has of it.

    Attributes:
        name: of the layer.
        title: what it is, for the tooltip.
        count: so many; 0 or more.
    """

    name: str
    title: str
    count: int


class ShareBar(QWidget):
    """A title, a bar divided among the layers as the number is, and the number in all.

    Args:
        name: its `objectName`.
        title: what is shared out.
        lesson: the concept behind it.
        series: its colour in `Colours.plot`.
        parent: the parent widget.
    """

    selected = Signal(str)
    """The user has chosen the layer of this name."""

    def __init__(self, name: str, title: str, lesson: str, series: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(self, name, title, lesson)
        self._title, self._lesson, self._series = title, lesson, series
        self._parts: tuple[Part, ...] = ()
        self._ends: list[int] = []
        self._known = True
        self._current = ""
        self._hovered = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def total(self) -> int:
        """Of all parts."""
        return self._ends[-1] if self._ends else 0

    @property
    def _number(self) -> str:
        return f"{self.total:,}" if self._known else "–"

    def set_parts(self, parts: Sequence[Part] | None) -> None:
        """Shares the bar out anew.

        Args:
            parts: of the layers, in this order; those of 0 take no room. None where they cannot be known.
        """
        self._known = parts is not None
        self._parts = tuple(part for part in parts or () if part.count > 0)
        self._ends = list(accumulate(part.count for part in self._parts))
        self._hovered = -1
        largest = sorted(self._parts, key=lambda part: -part.count)[:3]
        spoken = ", ".join(f"{part.name} {percent(part.count / self.total)}" for part in largest)
        self.setAccessibleDescription(f"{self._number}. {spoken}")
        self.update()

    @Slot(str)
    def select(self, name: str) -> None:
        """Marks the part of a layer without telling."""
        self._current = name
        self.update()

    @property
    def bar(self) -> QRectF:
        """Where the bar is."""
        return QRectF(_WORDS, (self.height() - _BAR) / 2, max(1, self.width() - _WORDS - _NUMBER), _BAR)

    def part_rect(self, number: int) -> QRectF:
        """Where a part is."""
        bar, begin = self.bar, self._ends[number - 1] if number else 0
        left = bar.left() + bar.width() * begin / self.total
        return QRectF(left, bar.top(), bar.width() * self._parts[number].count / self.total, bar.height())

    def _part_at(self, x: float, y: float) -> int:
        bar = self.bar
        if not self._parts or not bar.contains(x, y):
            return -1
        return min(bisect_right(self._ends, (x - bar.left()) / bar.width() * self.total), len(self._parts) - 1)

    @override
    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, _BAR + 4)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_WORDS + _NUMBER + 10 * GRID, _BAR + 4)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), colours()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(0, 0, _WORDS, self.height()), middle, self._title)
        strong = QFont(self.font())
        strong.setWeight(QFont.Weight.DemiBold)
        painter.setFont(strong)
        painter.drawText(
            QRectF(self.width() - _NUMBER, 0, _NUMBER, self.height()),
            middle | Qt.AlignmentFlag.AlignRight,
            self._number,
        )
        path = QPainterPath()
        path.addRoundedRect(self.bar, 4, 4)
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(self.bar, QColor(theme.hover))
        for number in range(len(self._parts)):
            self._paint_part(painter, number)
        painter.restore()
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent_text), 2))
            painter.drawRoundedRect(self.bar.adjusted(-1, -1, 1, 1), 5, 5)
        painter.end()

    def _paint_part(self, painter: QPainter, number: int) -> None:
        part, area, theme = self._parts[number], self.part_rect(number), colours()
        colour = QColor(theme.plot[self._series])
        chosen = part.name == self._current
        if not chosen:
            colour.setAlphaF(0.62 if number == self._hovered else 0.42 if number % 2 else 0.30)
        gap = _GAP if area.width() > 3 * _GAP and number else 0
        painter.fillRect(area.adjusted(gap, 0, 0, 0), colour)
        font = QFont(self.font())
        font.setPixelSize(text_sizes().small)
        painter.setFont(font)
        room = area.adjusted(GAP, 0, -GAP, 0)
        metrics = painter.fontMetrics()
        share = percent(part.count / self.total, 0)
        words = next(
            (text for text in (f"{part.name}  {share}", share) if metrics.horizontalAdvance(text) <= room.width()), ""
        )
        painter.setPen(QColor(theme.window if chosen else theme.text))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hovered = self._part_at(event.position().x(), event.position().y())
        if hovered != self._hovered:
            self._hovered = hovered
            self.setCursor(Qt.CursorShape.PointingHandCursor if hovered >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = -1
        self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self._part_at(event.position().x(), event.position().y()))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right go from part to part, Home and End to the ends."""
        names = [part.name for part in self._parts]
        here = names.index(self._current) if self._current in names else -1
        last = len(names) - 1
        moves = {
            Qt.Key.Key_Left: max(0, here - 1),
            Qt.Key.Key_Right: min(last, here + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() in moves:
            self._choose(moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _choose(self, number: int) -> None:
        if 0 <= number < len(self._parts):
            self.select(self._parts[number].name)
            self.selected.emit(self._current)

    @override
    def event(self, event: QEvent) -> bool:
        """Says of the part under the pointer what it is; elsewhere, the concept."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self._part_at(event.pos().x(), event.pos().y())
            text = f"<p>{escape(self._lesson)}</p>"
            if number >= 0:
                part = self._parts[number]
                share = percent(part.count / self.total)
                text = f"<p>{escape(part.title)} <b>{escape(part.name)}</b>: {part.count:,}, {share} of all.</p>"
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)
