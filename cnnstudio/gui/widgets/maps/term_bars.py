"""The terms of a sum, a line each: what it is, how it is computed, and a bar as long as it is large."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, colormap_table, colours
from cnnstudio.gui.widgets.items import NONE, ItemWidget, focus_pen
from cnnstudio.gui.widgets.maps.colour_scale import format_value

_ROW, _EDGE = 3 * GRID, GRID // 2
_LONGEST_NAME = 0.24
_CIRCLE = 2 * GRID + GRID // 2
_SHADES = (25, 230)
"""Of a diverging colour map, for negative and positive bars: both are seen well on light and on dark ground."""


@dataclass(frozen=True)
class TermBar:
    """A term.

    Attributes:
        name: what it is.
        how: how it is computed, such as “0.5 × −1.2”.
        value: how large it is; bars of negative ones go to the left.
        circle: a number that is shown before it, with a coloured circle, such as a logit; None for none.
        text: the value as it is written; empty for three digits of it.
    """

    name: str
    how: str
    value: float
    circle: float | None = None
    text: str = ""


class TermBars(ItemWidget):
    """Terms below each other, on one scale.

    Args:
        name: its `objectName`.
        title: its accessible name.
        signed: whether positive and negative bars have the colours of positive and negative weights.
    """

    follows_pointer = True

    def __init__(self, name: str, title: str, signed: bool = False) -> None:
        super().__init__()
        self._signed = signed
        describe(self, name, title, "Each line is a term; the longer its bar, the more it counts.")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._terms: tuple[TermBar, ...] = ()

    @property
    def terms(self) -> tuple[TermBar, ...]:
        """The terms that are shown, from the top."""
        return self._terms

    def show_terms(self, terms: Sequence[TermBar]) -> None:
        """Shows these terms."""
        self._terms = tuple(terms)
        self.setFixedHeight(max(1, len(self._terms)) * _ROW)
        self.update()

    def item_count(self) -> int:
        """How many terms there are."""
        return len(self._terms)

    def columns(self) -> int:
        """One in a line."""
        return 1

    def item_at(self, position: QPointF) -> int:
        """The term at a point; -1 for none."""
        item = int(position.y() // _ROW)
        return item if 0 <= item < len(self._terms) and 0 <= position.x() < self.width() else NONE

    def item_rectangle(self, item: int) -> QRectF:
        """Where a term lies."""
        return QRectF(0, item * _ROW, self.width(), _ROW)

    def item_text(self, item: int) -> str:
        """A term in words."""
        term = self._terms[item]
        value = term.text or format_value(term.value)
        return f"{term.name}: {term.how} = {value}" if term.how else f"{term.name}: {value}"

    def hover(self, item: int) -> None:
        """What was pointed at last stays marked."""
        if item != NONE:
            super().hover(item)

    @override
    def sizeHint(self) -> QSize:
        return QSize(40 * GRID, max(1, len(self._terms)) * _ROW)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme, middle = QPainter(self), colours(), Qt.AlignmentFlag.AlignVCenter
        values = np.nan_to_num(np.array([term.value for term in self._terms] or [0.0]))
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        span = (high - low) or 1.0
        circles = [term.circle for term in self._terms if term.circle is not None]
        largest = max((abs(value) for value in circles), default=1.0) or 1.0
        table = colormap_table("diverging")
        negative, positive = (QColor.fromRgb(int(table[shade])) for shade in _SHADES)
        if not self._signed:
            positive = QColor(theme.accent)
        metrics = painter.fontMetrics()
        circle_width = _CIRCLE + _longest(metrics, map(_two_decimals, circles)) + GRID + _EDGE if circles else 0
        names = min(_longest(metrics, (term.name for term in self._terms)) + _EDGE + GRID, self.width() * _LONGEST_NAME)
        how_width = _longest(metrics, (term.how for term in self._terms)) + GRID
        number_width = _longest(metrics, (term.text or _short(term.value) for term in self._terms))
        bars = QRectF(circle_width + names + how_width + GRID, 0, 0, _ROW)
        bars.setRight(max(bars.left(), self.width() - number_width - _EDGE - GRID))
        for item, term in enumerate(self._terms):
            area = self.item_rectangle(item)
            if item == self.current:
                painter.fillRect(area, QColor(theme.accent_soft))
            if term.circle is not None:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                shade = int(np.clip(round(127.5 + 127.5 * term.circle / largest), 0, 255))
                painter.setBrush(QColor.fromRgb(int(table[shade])))
                painter.setPen(QPen(QColor(theme.border), 1))
                painter.drawEllipse(QPointF(GRID + _EDGE, area.center().y()), GRID - 1, GRID - 1)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
                painter.setPen(QColor(theme.secondary))
                beside = QRectF(_CIRCLE, area.top(), circle_width - _CIRCLE - GRID, _ROW)
                painter.drawText(beside, middle | Qt.AlignmentFlag.AlignRight, _two_decimals(term.circle))
            painter.setPen(QColor(theme.text))
            name = metrics.elidedText(term.name, Qt.TextElideMode.ElideRight, int(names) - _EDGE)
            painter.drawText(area.adjusted(circle_width + _EDGE, 0, 0, 0), middle, name)
            painter.setPen(QColor(theme.secondary))
            how = QRectF(circle_width + names, area.top(), how_width, _ROW)
            painter.drawText(how, middle | Qt.AlignmentFlag.AlignRight, term.how)
            value = term.value if np.isfinite(term.value) else 0.0
            zero = bars.left() + bars.width() * (-low / span)
            length = bars.width() * value / span
            bar = QRectF(zero, area.top() + 5, length, _ROW - 10).normalized()
            painter.fillRect(bar, positive if value >= 0 else negative)
            painter.setPen(QColor(theme.text))
            number = QRectF(bars.right(), area.top(), self.width() - bars.right() - _EDGE, _ROW)
            painter.drawText(number, middle | Qt.AlignmentFlag.AlignRight, term.text or _short(term.value))
        if self.hasFocus():
            painter.setPen(focus_pen())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()


def _longest(metrics: QFontMetrics, texts: Iterable[str]) -> int:
    """The room that the longest of some texts takes."""
    return max(map(metrics.horizontalAdvance, texts), default=0)


def _two_decimals(value: float) -> str:
    return f"{value:,.2f}".replace("-", "−") if np.isfinite(value) else format_value(value)


def _short(value: float) -> str:
    """A number that has room behind its bar: without powers of ten where it is small."""
    return "< 0.001" if 0 < value < 0.001 else format_value(value)
