"""One measure of a training over its epochs: every batch thin, the epochs' means with markers."""

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor, QFont, QPen
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.look.theme import GRID, bold_font, colours, plot_pen, small_font, text_sizes
from cnnstudio.gui.widgets.charts.plot import Axis, Plot
from cnnstudio.wording import percent

TRAINING, VALIDATION = 0, 1
"""Numbers of the two series, in colours and line styles."""

SYMBOLS = ("o", "d")
"""Their markers, as pyqtgraph calls them."""

_SYMBOL_SIZE = 9
_AXIS_WIDTH = 56
_FLOORS = (0.95, 0.9, 0.8, 0.5, 0.0)


def batch_pen() -> QPen:
    """The pen of the single batches: the training's colour, paler. It is opaque: transparent ones paint slowly."""
    strong, ground = (np.array(QColor(one).toTuple()) for one in (colours().plot[TRAINING], colours().window))
    return pg.mkPen((0.6 * strong + 0.4 * ground).round().astype(int).tolist())


class _Axis(Axis):
    """An axis that names, between powers of ten, 2 and 5 only: the others would overlap."""

    @override
    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        strings = super().logTickStrings(values, scale, spacing)
        return [
            text if round(10 ** (value % 1)) in (1, 2, 5, 10) else ""
            for value, text in zip(values, strings, strict=True)
        ]


class MeasurePlot(Plot):
    """The plot of one measure.

    Args:
        title: of the vertical axis, with its unit.
        across: title of the horizontal axis, or nothing.
        is_share: whether it shows shares, 0–1, in per cent; else any numbers from 0.

    Attributes:
        batches: a number for each batch.
        epochs: a number for each epoch, of the training and of the validation.
        curves: what shows the batches, the training's epochs and the validation's, in this order; of many batches, the
            lowest and the highest in each pixel.
        reading_line: the vertical line at the epoch that is being read; hidden otherwise.
        seam: the vertical line where a training that goes on began; hidden otherwise.
        latest: the latest number of the validation, beside its marker.
    """

    def __init__(self, title: str, across: str = "", is_share: bool = False) -> None:
        super().__init__(_Axis("left"))
        self._title = title
        self._is_share = is_share
        self._forget()
        self._logarithmic = False
        self._per_epoch = 1
        self._top = 0.0
        self.curves = [
            pg.PlotDataItem(antialias=False, autoDownsampleFactor=1),
            *(pg.PlotDataItem(antialias=True, symbol=symbol) for symbol in SYMBOLS),
        ]
        for curve in self.curves:
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
            self.area.addItem(curve)
        self.reading_line = pg.InfiniteLine(angle=90, movable=False)
        self.seam = pg.InfiniteLine(angle=90, movable=False)
        self.latest = pg.TextItem()
        for item in (self.reading_line, self.seam, self.latest):
            item.hide()
            self.area.addItem(item, ignoreBounds=True)
        self.left.setWidth(_AXIS_WIDTH)
        self.left.setScale(100 if is_share else 1)
        self.set_titles(across, title)
        self.area.setMouseEnabled(True, True)
        self.area.disableAutoRange()
        self.area.sigRangeChanged.connect(self._place_latest)
        self.area.sigResized.connect(self._fit)

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
            self._forget()
        self._top = 0.0
        self.seam.setVisible(before > 0)
        self.seam.setPos(before)
        epochs += before
        self.area.setLimits(xMin=0, xMax=1.02 * epochs)
        self.area.setXRange(0, 1.02 * epochs, padding=0)
        self.show_all()
        self._draw(0, self.batches, 1 / self._per_epoch)
        self._draw_epochs()

    def _forget(self) -> None:
        self.batches = np.empty(0)
        self.epochs = [np.empty(0), np.empty(0)]

    def add_batches(self, first: int, numbers: np.ndarray) -> None:
        """Adds the numbers of some batches, counted from 0."""
        self.batches = put(self.batches, first, numbers)
        self._draw(0, self.batches, 1 / self._per_epoch)

    def add_epoch(self, epoch: int, training: float, validation: float) -> None:
        """Adds the two numbers of an epoch, counted from 0."""
        for series, number in ((TRAINING, training), (VALIDATION, validation)):
            self.epochs[series] = put(self.epochs[series], epoch, np.array([number]))
        self._draw_epochs()

    def text_of(self, number: float) -> str:
        """A number as it stands in a sentence."""
        if not np.isfinite(number):
            return "not a number"
        return percent(number) if self._is_share else wording.number(number)

    # Range.

    def show_all(self) -> None:
        """Shows the whole height: of shares up to 1, of others up to the highest number that is no outlier."""
        batches, epochs = _finite(self.batches), _finite(np.concatenate(self.epochs))
        typical = np.percentile(batches, (5, 99.5)) if len(batches) else np.array([0.0, 0.0])
        if self._is_share:
            lowest = min(epochs.min(initial=1.0), typical[0]) if len(epochs) else 0.0
            self.area.setYRange(next(floor for floor in _FLOORS if floor <= lowest + 1e-9), 1.0, padding=0.05)
            return
        highest = float(max([*epochs, *batches[:20], typical[1]])) or 1.0
        self._top = highest * 1.1
        if self._logarithmic:
            both = np.concatenate([batches, epochs])
            lowest = both[both > 0].min(initial=highest)
            self.area.setYRange(math.log10(max(lowest, 1e-9)), math.log10(self._top), padding=0.04)
        else:
            self.area.setYRange(0, self._top, padding=0.04)

    def grows_beyond(self, numbers: np.ndarray) -> bool:
        """Whether new numbers call for another height."""
        finite = _finite(numbers)
        if self._is_share or self._logarithmic or not len(finite):
            return False
        first_ones = len(self.batches) <= 20
        return self._top == 0.0 or float(finite.max() if first_ones else np.median(finite)) > self._top

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Shows every power of ten equally high, or every step."""
        self._logarithmic = logarithmic
        for curve in self.curves:
            curve.setLogMode(False, logarithmic)
        self.left.setLogMode(x=False, y=logarithmic)
        self.show_all()

    # Drawing.

    def _draw(self, number: int, series: np.ndarray, step: float = 1.0) -> None:
        """Draws one of the curves, whose numbers are `step` epochs apart; it goes on over what is not finite."""
        places = np.flatnonzero(np.isfinite(series))
        self.curves[number].setData((places + 1) * step, series[places])

    def _draw_epochs(self) -> None:
        for number, series in enumerate(self.epochs, start=1):
            self._draw(number, series)
        self._place_latest()

    @Slot()
    def _place_latest(self) -> None:
        """To the left of its own marker, where there is room for it, and above or below both curves' ends."""
        validation = self._height(self.epochs[VALIDATION][-1]) if len(self.epochs[VALIDATION]) else math.nan
        self.latest.setVisible(math.isfinite(validation))
        if not math.isfinite(validation):
            return
        count, training = len(self.epochs[VALIDATION]), self._height(self.epochs[TRAINING][-1])
        self.latest.setText(self.text_of(self.epochs[VALIDATION][-1]))
        self.latest.setPos(count, validation)
        text, view = self.latest.textItem.boundingRect(), self.area
        (left, right), (low, high) = view.viewRange()
        x = (count - left) / (right - left) * view.width()
        own, other = (
            (high - value) / (high - low) * view.height() if math.isfinite(value) else math.nan
            for value in (validation, training)
        )
        begin = x - _SYMBOL_SIZE - text.width()
        if begin < 0 <= x:
            begin = x + _SYMBOL_SIZE
        top = _beside(own, other, text.height(), view.height())
        if 0 <= own <= view.height():
            top = min(max(top, 0), view.height() - text.height())
        self.latest.setAnchor(((x - begin) / text.width(), (own - top) / text.height()))

    def _height(self, number: float) -> float:
        """Where a number lies on the vertical axis; NaN where that has no place for it."""
        if not self._logarithmic:
            return float(number)
        return math.log10(number) if number > 0 else math.nan

    @Slot()
    def _fit(self) -> None:
        """Draws for the size that the plot has now: how many batches share a pixel is known only then."""
        for curve in self.curves:
            curve.viewRangeChanged()
        self._place_latest()
        self._name_axis()

    def _name_axis(self) -> None:
        """Writes the title beside the numbers; where that is too long, without what stands in brackets."""
        axis = self.left
        axis.setLabel(self._title, color=colours().secondary)
        if axis.label.boundingRect().width() > self.area.height():
            axis.setLabel(self._title.partition(" (")[0], color=colours().secondary)
        axis.resizeEvent()  # else the title stands where one of another length stood

    def follow_theme(self, ratio: float) -> None:
        """Takes the colours and the font of the theme that is on.

        Args:
            ratio: screen pixels per device-independent pixel, in which a cosmetic pen is measured.
        """
        self.colour_axes()
        self._name_axis()
        theme = colours()
        self.curves[0].setPen(batch_pen())
        for number, line in enumerate(self.curves[1:]):
            line.setPen(plot_pen(number, 2 * ratio))
            brush, pen = (
                theme.plot[number] if number == TRAINING else theme.window,
                pg.mkPen(theme.plot[number], width=2),
            )
            line.setSymbolBrush(brush)
            line.setSymbolPen(pen)
            line.setSymbolSize(_SYMBOL_SIZE)
            # The legend shows these, which a line without data does not set.
            line.scatter.setBrush(brush)
            line.scatter.setPen(pen)
            line.scatter.setSize(_SYMBOL_SIZE)
        ground = QColor(theme.window)
        ground.setAlpha(190)
        self.latest.fill = pg.mkBrush(ground)
        self.latest.setColor(theme.plot[VALIDATION])
        self.latest.setFont(bold_font(small_font(QFont())))
        self.reading_line.setPen(pg.mkPen(theme.secondary, style=Qt.PenStyle.DotLine))
        self.seam.setPen(pg.mkPen(theme.border, width=ratio))


class CurveLegend(pg.LegendItem):
    """Says which line is which; they differ in width, markers and dashes, not in colour alone.

    Args:
        plot: whose lines it names; those of other plots look the same.
    """

    def __init__(self, plot: MeasurePlot) -> None:
        super().__init__(frame=False, colCount=3, horSpacing=GRID)
        self.setToolTip(
            "<p>Thin line: every single batch. Round markers: the mean over an epoch's batches. Diamonds: the "
            "validation images, which the network never learns from.</p>"
        )
        for curve, name in zip(plot.curves, ("each batch", "each epoch", "validation"), strict=True):
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


def put(values: np.ndarray, first: int, numbers: np.ndarray) -> np.ndarray:
    """The values with numbers at the places from `first` on, over what lies there; a gap between is filled with NaN."""
    more = np.full(max(len(values), first + len(numbers)), np.nan)
    more[: len(values)] = values
    more[first : first + len(numbers)] = numbers
    return more


def _beside(own: float, other: float, height: float, whole: float) -> float:
    """Where a text begins that stands above or below its marker: on the side that is away from the other marker, or
    beyond that one where there is no room.

    Args:
        own: how far down the marker is, in pixels, as everything here.
        other: how far down the other one is; NaN where there is none.
        height: of the text.
        whole: how much there is.
    """
    other = own if math.isnan(other) else other
    above, below = own - _SYMBOL_SIZE - height, own + _SYMBOL_SIZE
    fits_between = abs(own - other) >= height + 2 * _SYMBOL_SIZE
    if own > other:  # the smaller number
        return below if below + height <= whole else above if fits_between else above + other - own
    return above if above >= 0 else below if fits_between else below + other - own


def _finite(numbers: np.ndarray) -> np.ndarray:
    return numbers[np.isfinite(numbers)]
