"""A few curves over a common axis, with a legend; picture and numbers can be saved."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import column
from cnnstudio.gui.controls.saving import Format, offer_saving, picture_of, png, save_as, svg_of
from cnnstudio.gui.look.theme import GAP, GRID, LINE_STYLES, FollowsTheme, colours
from cnnstudio.gui.widgets.charts.plot import Plot, PlotView

_HEIGHT = 24 * GRID
_AXIS_WIDTH = 46

_REFERENCE = "star"
_MARKERS = {"o": "●", "s": "■", "d": "◆", "t": "▼", "+": "+", "x": "×", "p": "⬟", _REFERENCE: "★"}
"""pyqtgraph's names of markers, and what the legend shows for each; the last one is that of what is compared with."""

_DASHES = dict(zip(LINE_STYLES, ("━━", "╍╍", "┉┉", "━·"), strict=True))
"""The line styles in the legend, where there are too many places for markers."""

_NO_CURVES = f'<span style="color:transparent">{"".join(_DASHES.values())}</span>'
"""The legend while there are none: as high as it is with curves."""


@dataclass(frozen=True, eq=False)
class Line:
    """A curve.

    Attributes:
        title: in the legend.
        values: a number for each place on the axis; NaN for none.
        is_reference: whether the others are compared with it: it has no colour of its own.
    """

    title: str
    values: np.ndarray
    is_reference: bool = False


class LineChart(FollowsTheme, QWidget):
    """Curves that differ by colour and by line style.

    Args:
        name: its `objectName`.
        title: above it, and its accessible name; without one, its owner says both.
        tip: its tooltip.
        axes: the titles of the horizontal and of the vertical axis.
        limits: the lowest and the highest value of the vertical axis.

    Signals:
        picked(float): the place on the horizontal axis that was pressed, or dragged to; of a chart with a mark.
    """

    picked = Signal(float)

    def __init__(self, name: str, title: str, tip: str, axes: tuple[str, str], limits: tuple[float, float]) -> None:
        super().__init__()
        describe(self, name, title, tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._across = axes[0]
        self._places = np.empty(0)
        self._names: Sequence[str] = ()
        self._lines: tuple[Line, ...] = ()
        self._drawn: list[pg.PlotDataItem | pg.PlotCurveItem] = []
        self._mark = pg.InfiniteLine(angle=90, movable=False)
        self._mark.hide()
        self._legend = label(role="small", name=f"{name}_legend")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._plot = Plot()
        self._plot.layout().setContentsMargins(1, 1, GAP, 1)
        self._plot.left.setWidth(_AXIS_WIDTH)
        self._plot.set_titles(*axes)
        self._plot.area.setYRange(*limits, padding=0.04)
        self._plot.area.addItem(self._mark, ignoreBounds=True)
        self._view = PlotView(self._plot)
        self.set_height(0)
        self._view.viewport().installEventFilter(self)
        heading = label(title, "strong")
        self._content = column(heading, self._legend, self._view, gap=GAP // 2)
        self.setLayout(self._content)
        heading.setVisible(bool(title))  # only now: on its own it would be a window
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        offer_saving(self, name, self._copy, self._save)
        self.follow_theme()

    def set_height(self, height: int) -> None:
        """Makes the plot so high, in device-independent pixels, or as high as it must be to be read."""
        self._view.setFixedHeight(max(_HEIGHT, height))

    @property
    def lines(self) -> tuple[Line, ...]:
        """The curves that are shown."""
        return self._lines

    @property
    def marked(self) -> float | None:
        """The place on the horizontal axis that is marked; None for none."""
        return float(self._mark.value()) if self._mark.isVisible() else None

    def mark(self, place: float | None) -> None:
        """Marks a place on the horizontal axis with an upright line, which the mouse can set; None marks none."""
        self._mark.setVisible(place is not None)
        if place is not None:
            self._mark.setValue(place)

    def set_across(self, title: str, spacing: float | None = None) -> None:
        """Gives the horizontal axis another title, and its numbers another spacing; None leaves that to the width."""
        if title != self._across:
            self._across = title
            self._plot.set_titles(title, "")
            self._plot.bottom.setTickSpacing(levels=None if spacing is None else [(spacing, 0)])

    def set_lines(self, places: np.ndarray, lines: Sequence[Line], names: Sequence[str] = ()) -> None:
        """Shows curves.

        Args:
            places: on the horizontal axis, one for each value of a line.
            lines: the curves.
            names: what the axis says at the places, in place of numbers.
        """
        if names or self._names:
            self._names = tuple(names)
            ticks = list(zip(places, self._short_names(), strict=True))
            self._plot.bottom.setTicks([ticks] if names else None)
        if len(places) and not np.array_equal(places, self._places):
            edge = 0.5 if names else 0.03 * float(places[-1] - places[0])  # so much room as a name in the middle has
            self._plot.area.setXRange(float(places[0]) - edge, float(places[-1]) + edge, padding=0)
        references = [[line.is_reference for line in some] for some in (lines, self._lines)]
        drawn_alike = references[0] == references[1] and _is_few(places) == _is_few(self._places)
        self._places, self._lines = places, tuple(lines)
        self.setAccessibleDescription("; ".join(self._in_words(line) for line in lines))
        if drawn_alike:  # as with every move of a pen: to draw anew takes ten times as long
            for drawn, line in zip(self._drawn, lines, strict=True):
                drawn.setData(places, line.values)
            self._write_legend()
        else:
            self._draw()

    def csv_text(self) -> str:
        """The numbers as a table."""
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow([self._across, *(line.title for line in self._lines)])
        for number, place in enumerate(self._places):
            head = self._names[number] if self._names else f"{place:g}"
            rows.writerow([head, *(f"{line.values[number]:.6g}" for line in self._lines)])
        return text.getvalue()

    def _short_names(self) -> list[str]:
        return [name if len(name) <= 12 else f"{name[:5]}…{name[-5:]}" for name in self._names]

    def _in_words(self, line: Line) -> str:
        return f"{line.title}: from {line.values[0]:.2f} to {line.values[-1]:.2f}" if len(line.values) else line.title

    def _draw(self) -> None:
        for drawn in self._drawn:
            self._plot.area.removeItem(drawn)
        ratio = self.devicePixelRatioF()
        self._mark.setPen(pg.mkPen(colours().text, width=1.5 * ratio))
        self._drawn = []
        few = _is_few(self._places)
        for number, line in enumerate(self._lines):
            colour, style, marker = _look(number, line)
            pen = pg.mkPen(colour, width=2 * ratio, style=style)
            markers = {"symbol": marker, "symbolSize": 6, "symbolPen": colour, "symbolBrush": colour} if few else {}
            curve = pg.PlotDataItem if few else pg.PlotCurveItem  # the one with markers takes three times as long
            drawn = curve(self._places, line.values, pen=pen, antialias=True, connect="finite", **markers)
            self._plot.area.addItem(drawn)
            self._drawn.append(drawn)
        self._write_legend()

    def _write_legend(self) -> None:
        texts = []
        for number, line in enumerate(self._lines):
            colour, style, marker = _look(number, line)
            sign = _MARKERS[marker] if _is_few(self._places) else _DASHES[style]
            title = escape(line.title).replace(" ", "&nbsp;")
            texts.append(f'<span style="color:{colour}">{sign}</span>&nbsp;{title}')
        self._legend.setText("&nbsp; &nbsp; ".join(texts) or _NO_CURVES)

    @override
    def follow_theme(self) -> None:
        self._plot.colour_axes()
        self._draw()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The mark goes where the mouse presses."""
        pressed = event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove)
        if pressed and isinstance(event, QMouseEvent) and event.buttons() == Qt.MouseButton.LeftButton:
            if self._mark.isVisible():
                place = self._plot.area.mapSceneToView(self._view.mapToScene(event.position().toPoint()))
                self.picked.emit(float(place.x()))
            return True
        return super().eventFilter(watched, event)

    @override
    def sizeHint(self) -> QSize:
        """As high as it is at its width: a legend of two lines would else take the room of the lower axis's title."""
        return QSize(36 * GRID, self._content.totalHeightForWidth(self.width()))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setImage(picture_of(self))

    def _save(self, *, numbers: bool) -> None:
        name = self.objectName().replace("_", "-")
        if numbers:
            save_as(self, "Save the numbers", name, (Format(".csv", "Table", lambda: self.csv_text().encode()),))
        else:
            formats = (
                Format(".png", "Picture", lambda: png(picture_of(self))),
                Format(".svg", "Drawing", lambda: svg_of(self)),
            )
            save_as(self, "Save the chart", name, formats)


def _look(number: int, line: Line) -> tuple[str, Qt.PenStyle, str]:
    """Colour, line style and marker of a curve."""
    if line.is_reference:
        return colours().secondary, Qt.PenStyle.DotLine, _REFERENCE
    colour = colours().plot[number % len(colours().plot)]
    style = LINE_STYLES[(number + number // len(colours().plot)) % len(LINE_STYLES)]
    return colour, style, list(_MARKERS)[number % (len(_MARKERS) - 1)]


def _is_few(places: np.ndarray) -> bool:
    """Whether there is room for a marker at each place."""
    return len(places) <= 30
