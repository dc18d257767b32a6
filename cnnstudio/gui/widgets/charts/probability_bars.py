"""The network's answer: one bar for each class."""

from collections.abc import Sequence
from html import escape

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, Colours, colours

ALL_UP_TO = 12
"""So many classes are all shown, in their own order; of more, only the most probable."""

MOST_PROBABLE = 10
"""How many of many classes are shown, the most probable first."""

_ROW = 4 * GRID
_TALLEST_ROW = 6 * GRID
_WIDE = 40 * GRID
_NAME_SHARE = 0.48
"""Of the width, for the longest name, at most: longer ones go above their bars where there is room."""

_EXPLANATION = (
    "The network gives every class a probability; together they are 100\N{NO-BREAK SPACE}%. "
    "The highest one is its answer."
)


def percent(share: float) -> str:
    """A share of 1 in per cent, such as “98.2 %”."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


class ProbabilityBars(QWidget):
    """A row for each class: its name, a bar, its probability in per cent. The top one is set in bold, its bar filled.

    Args:
        parent: the parent widget.
        placeholder: what stands there while there is no answer.
    """

    def __init__(self, parent: QWidget | None = None, placeholder: str = "The answer appears here.") -> None:
        super().__init__(parent)
        describe(self, "probability_bars", "Class probabilities", _EXPLANATION)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._placeholder = placeholder
        self._classes: tuple[str, ...] = ()
        self._probabilities: np.ndarray | None = None
        self._rows: list[int] = []
        self._top = -1
        self.set_probabilities(None)

    @property
    def listed(self) -> tuple[str, ...]:
        """The classes that have a bar, from the top."""
        return tuple(self._classes[row] for row in self._rows)

    def set_classes(self, classes: Sequence[str]) -> None:
        """Sets the class names, in the order of the probabilities; forgets the probabilities."""
        self._classes = tuple(classes)
        self.set_probabilities(None)
        self.updateGeometry()

    def set_probabilities(self, probabilities: np.ndarray | None) -> None:
        """Shows an answer at once.

        Args:
            probabilities: (classes,) 0–1, or None for no answer.
        """
        count = len(self._classes)
        if probabilities is not None and len(probabilities) != count:
            raise ValueError(f"{len(probabilities)} probabilities for {count} classes")
        self._probabilities = None if probabilities is None else np.nan_to_num(probabilities)
        self._rows, self._top = list(range(count)) if count <= ALL_UP_TO else [], -1
        description = self._placeholder
        if self._probabilities is not None and count:
            self._top = int(np.argmax(self._probabilities))
            description = f"{self._classes[self._top]}: {percent(self._probabilities[self._top])}"
            if count > ALL_UP_TO:
                self._rows = np.argsort(-self._probabilities, kind="stable")[:MOST_PROBABLE].tolist()
        self.setAccessibleDescription(description)
        self.update()

    def _most_rows(self) -> int:
        count = len(self._classes)
        return max(3, count if count <= ALL_UP_TO else MOST_PROBABLE)

    def _row_height(self) -> float:
        return min(max(self.height() / max(1, len(self._rows)), self.fontMetrics().height()), _TALLEST_ROW)

    def _fonts(self) -> tuple[QFont, QFont]:
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        return self.font(), bold

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = colours()
        plain, bold = self._fonts()
        metrics = QFontMetrics(bold)
        # A pixel more, for widths are rounded: the longest name must not be cut for a fraction of one.
        longest = max((metrics.horizontalAdvance(self._classes[row]) for row in self._rows), default=0) + 1
        height = self._row_height()
        # Of many classes others come with each picture: the width alone decides, or the rows would jump.
        long = longest > self.width() * _NAME_SHARE if len(self._classes) <= ALL_UP_TO else self.width() < _WIDE
        if self._rows and long and height >= 2 * metrics.height():
            self._paint_two_lines(painter, height, plain, bold)
        else:
            self._paint_one_line(painter, height, plain, bold, min(longest, round(self.width() * _NAME_SHARE)))
        if not self._rows:
            painter.setPen(QColor(theme.secondary))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._placeholder)
        painter.end()

    def _paint_two_lines(self, painter: QPainter, height: float, plain: QFont, bold: QFont) -> None:
        """Each name above its bar, for names that are long for this width."""
        metrics = QFontMetrics(bold)
        figure_width = metrics.horizontalAdvance(percent(1.0))
        for place, row in enumerate(self._rows):
            top = place * height + (height - 2 * metrics.height()) / 2
            line = QRectF(0, top, self.width(), metrics.height())
            self._paint_text(painter, line, row, bold if row == self._top else plain, self.width())
            below = line.translated(0, line.height())
            self._paint_bar(painter, colours(), below.adjusted(0, 0, -figure_width - 1.5 * GAP, 0), row)
            self._paint_figure(painter, below, row)

    def _paint_one_line(self, painter: QPainter, height: float, plain: QFont, bold: QFont, name_width: int) -> None:
        """Name, bar and figure beside one another."""
        figure_width = QFontMetrics(bold).horizontalAdvance(percent(1.0))
        for place, row in enumerate(self._rows):
            line = QRectF(0, place * height, self.width(), height)
            self._paint_text(painter, line, row, bold if row == self._top else plain, name_width)
            track = line.adjusted(name_width + 1.5 * GAP, 0, -figure_width - 1.5 * GAP, 0)
            self._paint_bar(painter, colours(), track, row)
            self._paint_figure(painter, line, row)

    def _paint_text(self, painter: QPainter, line: QRectF, row: int, font: QFont, width: int) -> None:
        theme = colours()
        painter.setFont(font)
        painter.setPen(QColor(theme.text if row == self._top or self._top < 0 else theme.secondary))
        name = QFontMetrics(font).elidedText(self._classes[row], Qt.TextElideMode.ElideRight, width)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_figure(self, painter: QPainter, line: QRectF, row: int) -> None:
        if self._probabilities is not None:
            figure = percent(self._probabilities[row])
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)

    def _paint_bar(self, painter: QPainter, theme: Colours, track: QRectF, row: int) -> None:
        thickness = 1.5 * GRID
        bar = QRectF(track.left(), track.center().y() - thickness / 2, max(0.0, track.width()), thickness)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.hover))
        painter.drawRoundedRect(bar, 3, 3)
        if self._probabilities is not None and self._probabilities[row] > 0:
            share = float(self._probabilities[row])
            bar.setWidth(max(2.0, bar.width() * min(share, 1.0)) if share >= 0.0005 else 0.0)
            painter.setBrush(QColor(theme.accent if row == self._top else theme.disabled))
            painter.drawRoundedRect(bar, min(3.0, bar.width() / 2), 3)
        painter.restore()

    @override
    def event(self, event: QEvent) -> bool:
        """Shows what does not fit into the row under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip_at(event.pos()), self)
            return True
        return super().event(event)

    def _tip_at(self, position: QPoint) -> str:
        place = int(position.y() / self._row_height())
        if self._probabilities is None or not 0 <= place < len(self._rows):
            return self.toolTip()
        row = self._rows[place]
        figure = f"{100 * float(self._probabilities[row]):.3g}\N{NO-BREAK SPACE}%"
        return f"<p>{escape(self._classes[row])}: {figure}</p>{self.toolTip()}"

    @override
    def sizeHint(self) -> QSize:
        return QSize(280, self._most_rows() * _ROW)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(180, self._most_rows() * self.fontMetrics().height())
