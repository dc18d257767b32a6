"""A few curves over one axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QGraphicsItem, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.layouts import column
from cnnstudio.gui.look.theme import GRID, FollowsTheme, colours, plot_pen, text_sizes
from cnnstudio.gui.widgets.charts.plot import GRID_ALPHA, Axis, Plot, PlotView

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_LEAST_GAP = 28
"""Pixels from one number on an axis to the next, at least."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One line of a plot.

    Attributes:
        name: in the legend.
        x: where it goes through, from left to right.
        y: likewise; NaN leaves a gap.
    """

    name: str
    x: np.ndarray
    y: np.ndarray

    def is_like(self, other: "Curve") -> bool:
        """Whether both have the same name and go through the same places."""
        same = np.array_equal(self.x, other.x) and np.array_equal(self.y, other.y, equal_nan=True)
        return self.name == other.name and same


class PowerAxis(Axis):
    """An axis that counts powers of ten, with so few numbers on it that they have room.

    Within less than two powers, 2 and 5 stand between them.
    """

    @override
    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.logMode:
            return super().tickValues(minVal, maxVal, size)
        powers = range(math.ceil(minVal), math.floor(maxVal) + 1)
        if len(powers) > 1:
            step = max(1, math.ceil(len(powers) * _LEAST_GAP / size))
            return [(float(step), [float(power) for power in powers if power % step == 0])]
        all_ = [power + math.log10(part) for power in range(powers.start - 1, powers.stop + 1) for part in (1, 2, 5)]
        return [(0.3, [value for value in all_ if minVal <= value <= maxVal])]

    @override
    def logTickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Powers alone are all written as powers: pyqtgraph mixes “0.0001” and “10⁻⁶”."""
        if not all(float(value).is_integer() for value in values):
            texts: list[str] = super().logTickStrings(values, scale, spacing)
            return texts
        return [f"10{str(int(value)).translate(_RAISED)}" for value in values]


class CurveView(FollowsTheme, QWidget):
    """Curves with a legend, in colours and line styles of the theme, and a point on each of them.

    Args:
        name: its `objectName`.
        title: its accessible name.
        tip: its tooltip.
        across: title of the horizontal axis.
        upright: title of the vertical axis.
        logarithmic: whether each power of ten is equally high.
    """

    def __init__(
        self, name: str, title: str, tip: str, across: str, upright: str, *, logarithmic: bool = False
    ) -> None:
        super().__init__()
        describe(self, name, title, tip)
        self._logarithmic = logarithmic
        self._plot = Plot(PowerAxis("left"))
        self._plot.left.setLogMode(x=False, y=logarithmic)
        self._plot.bottom.setGrid(GRID_ALPHA)
        self._plot.set_titles(across, upright)
        self._legend = pg.LegendItem(offset=(2 * GRID, GRID), frame=False)
        self._legend.setParentItem(self._plot.area)
        self.setLayout(column(PlotView(self._plot)))
        self._curves: tuple[Curve, ...] = ()
        self._lines: list[pg.PlotCurveItem] = []
        self._at = pg.ScatterPlotItem()
        self._at.setZValue(10)
        self._plot.area.addItem(self._at, ignoreBounds=True)
        self.follow_theme()

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What is shown."""
        return self._curves

    def set_curves(self, curves: Sequence[Curve]) -> None:
        """Shows other curves; those with the same names as before only move, and those that are the same stay."""
        before = self._curves
        if [one.name for one in curves] != [one.name for one in self._curves]:
            for line in self._lines:
                self._plot.area.removeItem(line)
                self._legend.removeItem(line)
            self._lines = [pg.PlotCurveItem(antialias=True, connect="finite") for _ in curves]
            for line, curve in zip(self._lines, curves, strict=True):
                line.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
                self._plot.area.addItem(line)
                self._legend.addItem(line, curve.name)
            self._curves, before = tuple(curves), ()
            self.follow_theme()
        self._curves = tuple(curves)
        for number, (line, curve) in enumerate(zip(self._lines, curves, strict=True)):
            if number >= len(before) or not curve.is_like(before[number]):
                line.setData(curve.x, self._heights(curve.y))
        self._legend.setVisible(len(curves) > 1)

    def set_across(self, low: float, high: float) -> None:
        """Shows this part of the horizontal axis."""
        self._plot.area.setXRange(low, high, padding=0.01)

    def mark(self, x: float | None) -> None:
        """Marks one place on each curve; None marks none."""
        theme = colours()
        pen = pg.mkPen(theme.window, width=2)
        spots = [
            {"pos": (x, self._heights(np.interp(x, curve.x, curve.y))), "size": 10, "brush": colour, "pen": pen}
            for curve, colour in zip(self._curves, theme.plot, strict=False)
            if x is not None
        ]
        self._at.setData(spots)

    def _heights(self, values: np.ndarray) -> np.ndarray:
        """Where some values are on the vertical axis; a logarithmic one has no place for 0."""
        if not self._logarithmic:
            return values
        return np.log10(values, where=values > 0, out=np.full(np.shape(values), np.nan))

    @override
    def follow_theme(self) -> None:
        theme, ratio = colours(), self.devicePixelRatioF()
        self._plot.colour_axes()
        for number, line in enumerate(self._lines):
            line.setPen(plot_pen(number, 2 * ratio))
        for _, text in self._legend.items:
            text.setText(text.text, color=theme.secondary, size=f"{text_sizes().small}px")
