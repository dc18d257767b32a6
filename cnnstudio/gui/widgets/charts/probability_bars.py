"""The network's answer: one bar for each class."""

from collections.abc import Sequence
from html import escape

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, bold_font, colours
from cnnstudio.gui.widgets.items import paint_placeholder
from cnnstudio.wording import certainty, number

ALL_UP_TO = 12
"""So many classes are all shown, in their own order; of more, only the most probable."""

MOST_PROBABLE = 10
"""How many of many classes are shown, the most probable first."""

_ROW = 4 * GRID
_TALLEST_ROW = 6 * GRID
_WIDE = 40 * GRID
_NAME_SHARE = 0.48
"""Of the width, for the longest name, at most: longer ones go above their bars where there is room."""

_LEAST = 0.0005
"""The least probability that has a bar: what is shown as 0.1 %."""

_PLACEHOLDER = "The answer appears here."
_EXPLANATION = (
    "The network gives every class a probability; together they are 100\N{NO-BREAK SPACE}%. "
    "The highest one is its answer."
)
_INDEPENDENT = (
    "The network gives every class a probability of its own: several can be right, or none. All whose bars reach the "
    "line are its answer."
)


class ProbabilityBars(QWidget):
    """A row for each class: its name, a bar, its probability. What is answered is set in bold, and its bar filled."""

    def __init__(self) -> None:
        super().__init__()
        describe(self, "probability_bars", "Class probabilities", _EXPLANATION)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._classes: tuple[str, ...] = ()
        self._probabilities: np.ndarray | None = None
        self._rows: list[int] = []
        self._likely: float | None = None
        self._answered: frozenset[int] = frozenset()
        self.set_probabilities(None)

    @property
    def listed(self) -> tuple[str, ...]:
        """The classes that have a bar, from the top."""
        return tuple(self._classes[row] for row in self._rows)

    @property
    def answered(self) -> tuple[str, ...]:
        """The classes that are answered, in their own order."""
        return tuple(self._classes[row] for row in sorted(self._answered))

    def set_classes(self, classes: Sequence[str], likely: float | None = None) -> None:
        """Sets the class names, in the order of the probabilities; forgets the probabilities.

        Args:
            classes: the names.
            likely: where each has a probability of its own, that from which on it is answered; None where together
                they are 1 and the highest is the answer.
        """
        self._classes = tuple(classes)
        self._likely = likely
        explanation = _EXPLANATION if likely is None else _INDEPENDENT
        describe(self, "probability_bars", "Class probabilities", explanation)
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
        self._rows, self._answered = list(range(count)) if count <= ALL_UP_TO else [], frozenset()
        description = _PLACEHOLDER
        if self._probabilities is not None and count:
            shares = self._probabilities
            answered = [np.argmax(shares)] if self._likely is None else np.flatnonzero(shares >= self._likely)
            self._answered = frozenset(map(int, answered))
            named = (f"{self._classes[row]}: {certainty(shares[row])}" for row in sorted(self._answered))
            description = ", ".join(named) or "None of the classes"
            if count > ALL_UP_TO:
                self._rows = np.argsort(-self._probabilities, kind="stable")[:MOST_PROBABLE].tolist()
        self.setAccessibleDescription(description)
        self.update()

    def _most_rows(self) -> int:
        count = len(self._classes)
        return max(3, count if count <= ALL_UP_TO else MOST_PROBABLE)

    def _row_height(self) -> float:
        return min(max(self.height() / max(1, len(self._rows)), self.fontMetrics().height()), _TALLEST_ROW)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetrics(bold_font(self.font()))
        # A pixel more, for widths are rounded: the longest name must not be cut for a fraction of one.
        longest = max((metrics.horizontalAdvance(self._classes[row]) for row in self._rows), default=0) + 1
        name_width = min(longest, round(self.width() * _NAME_SHARE))
        figure_width = metrics.horizontalAdvance(certainty(1.0))
        height = self._row_height()
        # Of many classes others come with each picture: the width alone decides, or the rows would jump.
        long = longest > self.width() * _NAME_SHARE if len(self._classes) <= ALL_UP_TO else self.width() < _WIDE
        above = long and height >= 2 * metrics.height()
        for place, row in enumerate(self._rows):
            line = QRectF(0, place * height, self.width(), height)
            if above:
                name = QRectF(0, line.center().y() - metrics.height(), self.width(), metrics.height())
                line = track = name.translated(0, name.height())
            else:
                name = QRectF(line.topLeft(), QSizeF(name_width, height))
                track = line.adjusted(name_width + 1.5 * GAP, 0, 0, 0)
            self._paint_words(painter, name, line, row)
            self._paint_bar(painter, track.adjusted(0, 0, -figure_width - 1.5 * GAP, 0), row)
        if not self._rows:
            paint_placeholder(painter, self.rect(), _PLACEHOLDER)
        painter.end()

    def _paint_words(self, painter: QPainter, place: QRectF, line: QRectF, row: int) -> None:
        """The name in its place, cut where it is too long, and the probability at the end of the line."""
        theme, middle = colours(), Qt.AlignmentFlag.AlignVCenter
        stands_out = row in self._answered
        painter.setFont(bold_font(self.font()) if stands_out else self.font())
        painter.setPen(QColor(theme.text if stands_out or self._probabilities is None else theme.secondary))
        name = painter.fontMetrics().elidedText(self._classes[row], Qt.TextElideMode.ElideRight, round(place.width()))
        painter.drawText(place, middle, name)
        if self._probabilities is not None:
            painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, certainty(self._probabilities[row]))

    def _paint_bar(self, painter: QPainter, track: QRectF, row: int) -> None:
        theme, thickness = colours(), 1.5 * GRID
        bar = QRectF(track.left(), track.center().y() - thickness / 2, max(0.0, track.width()), thickness)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.hover))
        painter.drawRoundedRect(bar, 3, 3)
        share = 0.0 if self._probabilities is None else min(float(self._probabilities[row]), 1.0)
        if share >= _LEAST:
            bar.setWidth(max(2.0, bar.width() * share))
            painter.setBrush(QColor(theme.accent if row in self._answered else theme.disabled))
            painter.drawRoundedRect(bar, min(3.0, bar.width() / 2), 3)
        if self._likely is not None:
            edge = round(track.left() + track.width() * self._likely)
            painter.fillRect(QRectF(edge, bar.top() - 2, 1, thickness + 4), QColor(theme.secondary))

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip_at(event.pos()), self)
            return True
        return super().event(event)

    def _tip_at(self, position: QPoint) -> str:
        place = int(position.y() / self._row_height())
        if self._probabilities is None or not 0 <= place < len(self._rows):
            return self.toolTip()
        row = self._rows[place]
        share = float(self._probabilities[row])
        # Of what is small the bar says too little.
        figure = certainty(share) if share >= 0.1 else f"{number(100 * share)} %"
        figure = figure.replace(" ", "\N{NO-BREAK SPACE}")
        return f"<p>{escape(self._classes[row])}: {figure}</p>{self.toolTip()}"

    @override
    def sizeHint(self) -> QSize:
        return QSize(280, self._most_rows() * _ROW)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(180, self._most_rows() * self.fontMetrics().height())
