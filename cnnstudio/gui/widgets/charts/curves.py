"""One measure of a training over its epochs: every batch thin, the epochs' means with markers.

pyqtgraph's own down-sampling is not used for the batches: of 100,000 of them it takes five times as long as `outline`
and leaves five times as many corners to be painted, and one NaN hides all that share a corner with it.
"""

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPen
from typing_extensions import override

from cnnstudio.gui.look.theme import GRID, colours, plot_pen, text_sizes

TRAINING, VALIDATION = 0, 1
"""Numbers of the two series, in colours and line styles."""

SYMBOLS = ("o", "d")
"""Their markers, as pyqtgraph calls them."""

_SYMBOL_SIZE = 9
_AXIS_WIDTH = 56
_FLOORS = (95.0, 90.0, 80.0, 50.0, 0.0)


def batch_pen() -> QPen:
    """The pen of the single batches: the training's colour, paler."""
    theme = colours()
    strong, ground = QColor(theme.plot[TRAINING]), QColor(theme.window)
    parts = ((strong.red(), ground.red()), (strong.green(), ground.green()), (strong.blue(), ground.blue()))
    pale = QColor(*(round(0.6 * one + 0.4 * other) for one, other in parts))
    pen = QPen(pale, 1)
    pen.setCosmetic(True)
    return pen


@dataclass(frozen=True)
class Measure:
    """What a plot shows.

    Attributes:
        title: of the axis, with its unit.
        factor: from the measure's own unit to the axis's.
        ceiling: the highest value there can be on the axis, or None.
        unit: what follows a number in a sentence.
    """

    title: str
    factor: float = 1.0
    ceiling: float | None = None
    unit: str = ""

    def say(self, value: float) -> str:
        """A value in words, in the axis's unit."""
        if not np.isfinite(value):
            return "not a number"
        return f"{value * self.factor:.1f}{self.unit}" if self.unit else f"{value:.3g}"


class MeasurePlot(pg.PlotItem):
    """The plot of one measure.

    Args:
        measure: what it shows.
        across: title of the horizontal axis, or nothing.

    Attributes:
        batches: a number for each batch.
        epochs: a number for each epoch, of the training and of the validation.
        curves: what shows the batches, the training's epochs and the validation's, in this order.
        reading_line: the vertical line at the epoch that is being read; hidden otherwise.
        seam: the vertical line where a training that goes on began; hidden otherwise.
        latest: the latest number of the validation, beside its marker.
    """

    def __init__(self, measure: Measure, across: str = "") -> None:
        super().__init__(enableMenu=False)
        self.measure = measure
        self._across = across
        self.batches = Series()
        self.epochs = (Series(), Series())
        self._logarithmic = False
        self._per_epoch = 1
        self._top = 0.0
        self._epochs_changed = False
        self._batch_curve = pg.PlotCurveItem(connect="finite", antialias=False, skipFiniteCheck=False)
        self._epoch_lines = [pg.PlotDataItem(antialias=True, symbol=symbol) for symbol in SYMBOLS]
        for curve in (self._batch_curve, *self._epoch_lines):
            self.addItem(curve)
        self.reading_line = pg.InfiniteLine(angle=90, movable=False)
        self.reading_line.hide()
        self.addItem(self.reading_line, ignoreBounds=True)
        self.seam = pg.InfiniteLine(angle=90, movable=False)
        self.seam.hide()
        self.addItem(self.seam, ignoreBounds=True)
        self.latest = pg.TextItem()
        self.latest.setVisible(False)
        self.addItem(self.latest, ignoreBounds=True)
        self.hideButtons()
        self.getAxis("left").setWidth(_AXIS_WIDTH)
        self.getAxis("left").enableAutoSIPrefix(False)
        self.getAxis("bottom").enableAutoSIPrefix(False)
        # Grid and numbers would else be drawn anew at every batch: two thirds of the whole cost.
        for name in ("left", "bottom"):
            self.getAxis(name).setCacheMode(pg.QtWidgets.QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.getViewBox().disableAutoRange()

    # Data.

    def reset(self, epochs: int, per_epoch: int, before: int = 0) -> None:
        """Begins a training.

        Args:
            epochs: how many it has; the axis goes so far.
            per_epoch: how many batches each has.
            before: epochs of the trainings before it, whose numbers stay, up to a line; 0 forgets all numbers.
        """
        self._per_epoch = max(1, per_epoch)
        if not before:
            self.batches = Series()
            self.epochs = (Series(), Series())
        self._epochs_changed = True
        self._top = 0.0
        self.latest.setVisible(False)
        self.seam.setVisible(before > 0)
        self.seam.setPos(before)
        epochs += before
        self.getViewBox().setLimits(xMin=0, xMax=1.02 * epochs)
        self.setXRange(0, 1.02 * epochs, padding=0)
        self.show_all()
        self.draw()

    def add_batches(self, first: int, numbers: np.ndarray) -> None:
        """Adds the numbers of some batches, counted from 0."""
        self.batches.put(first, numbers)

    def add_epoch(self, epoch: int, training: float, validation: float) -> None:
        """Adds the two numbers of an epoch, counted from 0."""
        for series, number in zip(self.epochs, (training, validation), strict=True):
            series.put(epoch, np.array([number]))
        self._epochs_changed = True

    # Range.

    def show_all(self) -> None:
        """Shows the whole height: up to the ceiling, or to the highest loss that is no outlier."""
        measure = self.measure
        if measure.ceiling is not None:
            self.setYRange(self._floor(), measure.ceiling, padding=0.05)
            return
        finite = self.batches.values[np.isfinite(self.batches.values)]
        highest = 1.0
        if len(finite):
            highest = max(float(finite[:20].max()), float(np.percentile(finite, 99.5)))
        highest = max([highest if len(finite) else 0.0, *self._finite_epochs()]) or 1.0
        self._top = highest * 1.1
        if self._logarithmic:
            lowest = min([*finite[finite > 0].tolist()[-2000:], *self._finite_epochs(), highest])
            self.setYRange(np.log10(max(lowest, 1e-9)), np.log10(self._top), padding=0.04)
        else:
            self.setYRange(0, self._top, padding=0.04)

    def _finite_epochs(self) -> list[float]:
        both = np.concatenate([series.values for series in self.epochs])
        return both[np.isfinite(both)].tolist()

    def _floor(self) -> float:
        """So low that all epochs and nearly all batches are above it, so high that differences can be seen."""
        epochs = self._finite_epochs()
        finite = self.batches.values[np.isfinite(self.batches.values)]
        if not epochs or not len(finite):
            return 0.0
        lowest = self.measure.factor * min(*epochs, float(np.percentile(finite, 5)))
        return next(floor for floor in _FLOORS if floor <= lowest + 1e-9)

    def grows_beyond(self, numbers: np.ndarray) -> bool:
        """Whether new numbers call for another height."""
        if self.measure.ceiling is not None or self._logarithmic:
            return False
        finite = numbers[np.isfinite(numbers)]
        if not len(finite):
            return False
        first_ones = len(self.batches) <= 20
        return self._top == 0.0 or float(finite.max() if first_ones else np.median(finite)) > self._top

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Shows every power of ten equally high, or every step."""
        self._logarithmic = logarithmic
        self._epochs_changed = True
        self.getAxis("left").setLogMode(x=False, y=logarithmic)
        self.show_all()
        self.draw()

    # Drawing.

    def draw(self) -> None:
        """Draws what is in view, with no more corners than there are pixels."""
        (left, right), _ = self.viewRange()
        start, stop = int(left * self._per_epoch) - 1, int(np.ceil(right * self._per_epoch)) + 1
        places, numbers = outline(self.batches.values, start, stop, max(100, int(self.getViewBox().width())))
        self._batch_curve.setData((places + 1) / self._per_epoch, self._scaled(numbers))
        if self._epochs_changed:
            self._epochs_changed = False
            self._draw_epochs()
        if self.latest.isVisible():
            self._place_latest()

    def _draw_epochs(self) -> None:
        for line, series in zip(self._epoch_lines, self.epochs, strict=True):
            numbers = self._scaled(series.values)
            shown = np.isfinite(numbers)
            line.setData(np.arange(1, len(series) + 1)[shown], numbers[shown])
        validation = self.epochs[VALIDATION].values[-1:]
        place = self._scaled(validation)
        self.latest.setVisible(bool(np.isfinite(place).all() and len(place)))
        if self.latest.isVisible():
            self.latest.setText(self.measure.say(validation[0]))
            self.latest.setPos(len(self.epochs[VALIDATION]), float(place[0]))

    def _place_latest(self) -> None:
        """To the left of its own marker, on the side of it that is away from the other one, and within the plot."""
        training, validation = (float(self._scaled(series.values[-1:])[0]) for series in self.epochs)
        text, view = self.latest.textItem.boundingRect(), self.getViewBox()
        low, high = view.viewRange()[1]
        marker = (high - validation) / (high - low) * view.height()
        top = marker + _SYMBOL_SIZE if validation < training else marker - _SYMBOL_SIZE - text.height()
        if 0 <= marker <= view.height():
            top = min(max(top, 0), view.height() - text.height())
        anchor = (1 + _SYMBOL_SIZE / text.width(), (marker - top) / text.height())
        if tuple(self.latest.anchor) != anchor:
            self.latest.setAnchor(anchor)

    def _scaled(self, numbers: np.ndarray) -> np.ndarray:
        if not self._logarithmic:
            return numbers * self.measure.factor
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log10(np.where(numbers > 0, numbers, np.nan))

    def follow_theme(self, ratio: float) -> None:
        """Takes the colours and the font of the theme that is on.

        Args:
            ratio: screen pixels per device-independent pixel, in which a cosmetic pen is measured.
        """
        theme = colours()
        font = QFont()
        font.setPixelSize(text_sizes().small)
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(pg.mkPen(theme.border))
            axis.setTextPen(pg.mkPen(theme.secondary))
            axis.setTickFont(font)
            axis.setStyle(tickLength=0, tickTextOffset=6, hideOverlappingLabels=False)
            axis.label.setFont(font)
        self.getAxis("left").setLabel(self.measure.title, color=theme.secondary)
        self.getAxis("left").setGrid(40)
        if self._across:
            self.getAxis("bottom").setLabel(self._across, color=theme.secondary)
        self._batch_curve.setPen(batch_pen())
        for number, line in enumerate(self._epoch_lines):
            line.setPen(plot_pen(number, 2 * ratio))
            line.setSymbolBrush(pg.mkBrush(theme.plot[number] if number == TRAINING else theme.window))
            line.setSymbolPen(pg.mkPen(theme.plot[number], width=2))
            line.setSymbolSize(_SYMBOL_SIZE)
        ground = QColor(theme.window)
        ground.setAlpha(190)
        self.latest.fill = pg.mkBrush(ground)
        self.latest.setColor(theme.plot[VALIDATION])
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        self.latest.setFont(bold)
        self.reading_line.setPen(pg.mkPen(theme.secondary, style=Qt.PenStyle.DotLine))
        self.seam.setPen(pg.mkPen(theme.border, width=ratio))


class CurveLegend(pg.LegendItem):
    """Says which line is which; they are told apart by width, marker and dashes, not by colour alone.

    Args:
        plot: whose lines it names; those of other plots look the same.
    """

    def __init__(self, plot: MeasurePlot) -> None:
        super().__init__(frame=False, colCount=3, horSpacing=GRID)
        self.setToolTip(
            "<p>Thin: the loss of every single batch. Round markers: the mean over an epoch's batches. Diamonds: on "
            "the validation images, which the network never learns from.</p>"
        )
        for curve, name in zip(plot.curves, ("each batch", "training, mean of the epoch", "validation"), strict=True):
            self.addItem(curve, name)
        for sample, _ in self.items:
            sample.setEnabled(False)  # a click would hide the line, in one of several plots
        self.setMinimumWidth(0)  # where it is too wide, it is cut; the plots below are not
        self.layout.setContentsMargins(GRID, 0, 0, 0)
        self.layout.setColumnStretchFactor(2 * len(self.items) - 1, 1)
        for column in range(1, 2 * len(self.items) - 1, 2):
            self.layout.setColumnSpacing(column, 2 * GRID)

    @override
    def mouseDragEvent(self, _event: object) -> None:
        """Stays where it is."""

    def follow_theme(self) -> None:
        """Takes the colours and the text size of the theme that is on."""
        for _, label in self.items:
            label.setText(label.text, color=colours().secondary, size=f"{text_sizes().small}px")


class Series:
    """Numbers that arrive in chunks; room doubles when it runs out, so that adding stays cheap.

    Attributes:
        values: (n,) float64, all numbers so far; a view, valid until more are added.
    """

    def __init__(self) -> None:
        self._room = np.empty(1024)
        self.values = self._room[:0]

    def __len__(self) -> int:
        return len(self.values)

    def put(self, first: int, numbers: np.ndarray) -> None:
        """Puts numbers at the places from `first` on, over what lies there; a gap before them is filled with NaN."""
        count = len(self.values)
        end = max(count, first + len(numbers))
        if end > len(self._room):
            room = np.empty(max(end, 2 * len(self._room)))
            room[:count] = self.values
            self._room = room
        self._room[count:first] = np.nan
        self._room[first : first + len(numbers)] = numbers
        self.values = self._room[:end]


def outline(values: np.ndarray, start: int, stop: int, buckets: int) -> tuple[np.ndarray, np.ndarray]:
    """A line through lowest and highest value of every bucket: on screen the same as one through all values.

    Args:
        values: (n,) float; NaN leaves a gap only where a whole bucket is NaN.
        start: number of the first value to show.
        stop: number after the last one.
        buckets: at most so many; about one for each pixel across.

    Returns:
        The places and the values of the line's corners, two for each bucket; all values where they are few.
    """
    start, stop = max(0, start), min(stop, len(values))
    count = max(0, stop - start)
    size = -(-count // max(1, buckets))
    if size <= 2:
        return np.arange(start, start + count, dtype=np.float64), values[start : start + count]
    edges = np.arange(start, stop, size)
    part = values[start:stop]
    corners = np.empty((len(edges), 2))
    corners[:, 0] = np.fmin.reduceat(part, edges - start)
    corners[:, 1] = np.fmax.reduceat(part, edges - start)
    middles = np.minimum(edges + (size - 1) / 2, stop - 1)
    return np.repeat(middles, 2), corners.reshape(-1)
