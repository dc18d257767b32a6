"""How often numbers of each size occur, as upright bars."""

import csv
import io

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.saving import Format, picture_of, png, save_as
from cnnstudio.gui.look.theme import GRID, bold_font, colours, small_font
from cnnstudio.wording import counted, power_of_ten

_BINS = 41
_FOOT = 5 * GRID
_HEAD = 3 * GRID


class Histogram(QWidget):
    """A histogram with its title, the title of its axis, and how many numbers there are.

    Args:
        name: its `objectName`.
        title: above it.
        axis: the title of the horizontal axis.
        tip: what one can learn from it.
        series: its colour, counted as of a plot.
    """

    def __init__(self, name: str, title: str, axis: str, tip: str, series: int) -> None:
        super().__init__()
        describe(self, name, title, tip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(18 * GRID, 14 * GRID)
        self._title, self._axis, self._series = title, axis, series
        self._counts, self._edges = np.zeros(0, int), np.zeros(1)
        self._without = 0
        self._empty = ""

    @property
    def counts(self) -> np.ndarray:
        """Numbers in each bar, from the left; empty while there are none."""
        return self._counts

    @property
    def edges(self) -> np.ndarray:
        """The ends of the bars, one more than there are bars."""
        return self._edges

    @property
    def ends(self) -> tuple[str, str]:
        """The lowest and the highest edge, as they are written."""
        low, high = (power_of_ten(f"{edge:.3g}").replace("-", "−") for edge in (self._edges[0], self._edges[-1]))
        return low, high

    @property
    def without(self) -> int:
        """How many numbers are infinite or none at all, and in no bar."""
        return self._without

    def set_titles(self, title: str, axis: str) -> None:
        """Says that it shows other numbers: its title, and that of its axis."""
        self._title, self._axis = title, axis
        self.setAccessibleName(title)
        self.update()

    def show_values(self, values: np.ndarray | None, empty: str = "") -> None:
        """Shows how often the numbers of an array occur; None shows none, and the text says why."""
        self._empty = empty
        if values is None or not values.size:
            self._counts, self._edges, self._without = np.zeros(0, int), np.zeros(1), 0
        else:
            finite = values[np.isfinite(values)]
            self._without = values.size - finite.size
            largest = float(np.abs(finite).max(initial=0.0)) or 1.0
            low = -largest if finite.size and finite.min() < 0 else 0.0
            self._counts, self._edges = np.histogram(finite, _BINS, (low, largest))
        total = int(self._counts.sum())
        self.setAccessibleDescription(f"{counted(total, 'number')} from {self.ends[0]} to {self.ends[1]}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(28 * GRID, 18 * GRID)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), colours()
        area = QRectF(0, _HEAD, self.width() - 1, max(1, self.height() - _HEAD - _FOOT))
        painter.setFont(bold_font(small_font(self.font())))
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(0, 0, self.width(), _HEAD), Qt.AlignmentFlag.AlignVCenter, self._title)
        painter.setFont(small_font(self.font()))
        painter.setPen(QColor(theme.secondary))
        if not self._counts.size:
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area, flags, self._empty)
            painter.end()
            return
        total, most = int(self._counts.sum()), max(1, int(self._counts.max()))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        beside = f", {self._without:,} not finite" if self._without else ""
        figure = f"{total:,} numbers{beside}"
        title = QFontMetricsF(bold_font(small_font(self.font()))).horizontalAdvance(self._title)
        if title + GRID + painter.fontMetrics().horizontalAdvance(figure) > self.width():
            figure = f"{total:,}{beside}"
        painter.drawText(QRectF(0, 0, self.width(), _HEAD), right, figure)
        across = area.width() / len(self._counts)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.plot[self._series]))
        for place, count in enumerate(self._counts.tolist()):
            # By the root: rare large numbers are what one looks for.
            height = area.height() * (count / most) ** 0.5
            painter.drawRect(QRectF(area.left() + place * across, area.bottom() - height, max(1.0, across - 1), height))
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QColor(theme.secondary))
        line = QRectF(0, area.bottom() + 2, self.width(), 2 * GRID)
        low, high = self.ends
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, high)
        if self._edges[0] < 0:
            painter.drawText(line, Qt.AlignmentFlag.AlignHCenter, "0")
        painter.drawText(line.translated(QPointF(0, 2 * GRID)), Qt.AlignmentFlag.AlignHCenter, self._axis)
        painter.end()

    def csv(self) -> str:
        """The bars as a table."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("from", "to", "numbers"))
        writer.writerows(zip(self._edges[:-1].tolist(), self._edges[1:].tolist(), self._counts.tolist(), strict=True))
        return text.getvalue()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction("Save picture or data…", self._save)
        menu.exec(event.globalPos())

    def _save(self) -> None:
        formats = (
            Format(".png", "PNG picture", lambda: png(picture_of(self))),
            Format(".csv", "Table", lambda: self.csv().encode()),
        )
        save_as(self, "Save histogram", self.objectName(), formats)
