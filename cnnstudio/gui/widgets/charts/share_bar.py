"""A bar that shows in which layers a number sits: the parameters, or the multiply-adds."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, bold_font, colours, small_font
from cnnstudio.gui.widgets.items import NONE, ItemWidget, focus_pen
from cnnstudio.wording import percent

_BAR = 3 * GRID
_WORDS = 14 * GRID
_NUMBER = 17 * GRID
_GAP = 1


@dataclass(frozen=True)
class Share:
    """What one layer has of it.

    Attributes:
        name: of the layer.
        title: what it is, for the tooltip.
        count: so many; 0 or more.
    """

    name: str
    title: str
    count: int


class ShareBar(ItemWidget):
    """A title, a bar divided among the layers as the number is, and the number in all.

    Args:
        name: its `objectName`.
        title: what is shared out.
        lesson: the concept behind it.
        series: its colour in `Colours.plot`.
    """

    selected = Signal(str)
    """The user has chosen the layer of this name."""

    def __init__(self, name: str, title: str, lesson: str, series: int) -> None:
        super().__init__()
        describe(self, name, title, lesson)
        self._title, self._series = title, series
        self._shares: tuple[Share, ...] = ()
        self._ends: list[int] = []
        self._number = "0"
        self._selected = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def total(self) -> int:
        """Of all shares."""
        return self._ends[-1] if self._ends else 0

    def set_shares(self, shares: Sequence[Share] | None) -> None:
        """Divides the bar among other shares.

        Args:
            shares: of the layers, in this order; those of 0 take no room. None where they cannot be known.
        """
        self._shares = tuple(share for share in shares or () if share.count > 0)
        self._ends = list(accumulate(share.count for share in self._shares))
        self._number = "–" if shares is None else f"{self.total:,}"
        self.hover(NONE)
        self.select(self._selected)
        largest = sorted(self._shares, key=lambda share: -share.count)[:3]
        spoken = ", ".join(f"{share.name} {percent(share.count / self.total)}" for share in largest)
        self.setAccessibleDescription(f"{self._number}. {spoken}")

    @Slot(str)
    def select(self, name: str) -> None:
        """Marks the share of a layer; `selected` is not emitted."""
        self._selected = name
        number = next((number for number, share in enumerate(self._shares) if share.name == name), NONE)
        super().set_current(number)
        self.update()

    def set_current(self, item: int) -> None:
        """Chooses a share, as a click and keys do."""
        if item != NONE:
            self.select(self._shares[item].name)
            self.selected.emit(self._selected)

    # Where the shares lie.

    @property
    def bar(self) -> QRectF:
        """Where the bar is."""
        return QRectF(_WORDS, (self.height() - _BAR) / 2, max(1, self.width() - _WORDS - _NUMBER), _BAR)

    def item_count(self) -> int:
        """How many shares there are."""
        return len(self._shares)

    def item_rectangle(self, item: int) -> QRectF:
        """Where a share is."""
        bar, count = self.bar, self._shares[item].count
        left = bar.left() + bar.width() * (self._ends[item] - count) / self.total
        return QRectF(left, bar.top(), bar.width() * count / self.total, bar.height())

    def item_at(self, position: QPointF) -> int:
        """The share at a point; -1 beside the bar."""
        bar = self.bar
        if not self._shares or not bar.contains(position):
            return NONE
        place = (position.x() - bar.left()) / bar.width() * self.total
        return min(bisect_right(self._ends, place), len(self._shares) - 1)

    def item_text(self, item: int) -> str:
        """The layer, its number, and which part of all that is."""
        share = self._shares[item]
        return f"{share.title} “{share.name}”: {share.count:,}, {percent(share.count / self.total)} of all."

    @override
    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, _BAR + 4)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_WORDS + _NUMBER + 10 * GRID, _BAR + 4)

    # Painting.

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), colours()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(0, 0, _WORDS, self.height()), middle, self._title)
        painter.setFont(bold_font(self.font()))
        place = QRectF(self.width() - _NUMBER, 0, _NUMBER, self.height())
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, self._number)
        path = QPainterPath()
        path.addRoundedRect(self.bar, 4, 4)
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(self.bar, QColor(theme.hover))
        for number in range(len(self._shares)):
            self._paint_share(painter, number)
        painter.restore()
        if self.hasFocus():
            painter.setPen(focus_pen())
            painter.drawRoundedRect(self.bar.adjusted(-1, -1, 1, 1), 5, 5)
        painter.end()

    def _paint_share(self, painter: QPainter, number: int) -> None:
        share, area, theme = self._shares[number], self.item_rectangle(number), colours()
        colour = QColor(theme.plot[self._series])
        chosen = number == self.current
        if not chosen:
            colour.setAlphaF(0.62 if number == self.hovered else 0.42 if number % 2 else 0.30)
        gap = _GAP if area.width() > 3 * _GAP and number else 0
        painter.fillRect(area.adjusted(gap, 0, 0, 0), colour)
        painter.setFont(small_font(self.font()))
        room, metrics = area.adjusted(GAP, 0, -GAP, 0), painter.fontMetrics()
        figure = percent(share.count / self.total, 0)
        fitting = (
            text for text in (f"{share.name}  {figure}", figure) if metrics.horizontalAdvance(text) <= room.width()
        )
        painter.setPen(QColor(theme.window if chosen else theme.text))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, next(fitting, ""))
