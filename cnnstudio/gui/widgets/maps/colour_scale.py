"""Colour legends: which colour means which number."""

import functools
import math

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, array_to_image, colours, small_font
from cnnstudio.wording import power_of_ten

Limits = tuple[float, float]
"""The values that get a colour map's two ends."""

LEGEND_WIDTH = 16 * GRID
"""Room for a legend and its two numbers, in device-independent pixels."""

_BAR = 4 * GRID
_TICKS = 5
_LONG = 1e7
"""From here on, the digits of a whole number say less than its size."""


def format_value(value: float, digits: int = 3) -> str:
    """A number in some significant digits, with a real minus sign; very large and small ones with a power of ten."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    text = f"{value:,.0f}" if 10**digits <= abs(value) < _LONG else f"{value:,.{digits}g}"
    return power_of_ten(text).replace("-", "−") if float(value) else "0"


def exact_value(value: float) -> str:
    """A number as it stands in arithmetic that is followed by hand: sums of three digits would not come out."""
    return format_value(value, 5)


def limits_of(values: np.ndarray, colormap: str) -> Limits:
    """The lowest and the highest value, passing over NaN; for "diverging" made symmetric about 0."""
    if not values.size:
        return 0.0, 0.0
    low, high = float(np.fmin.reduce(values, axis=None)), float(np.fmax.reduce(values, axis=None))
    if colormap == "diverging":
        high = max(abs(low), abs(high))
        low = -high
    return low, high


def rounded(limits: Limits) -> Limits:
    """The limits, with 0 for one that is next to nothing beside the other."""
    low, high = limits
    least = max(abs(low), abs(high)) / 1000
    return (low if abs(low) >= least else 0.0), (high if abs(high) >= least else 0.0)


@functools.cache
def _ramp(colormap: str, upright: bool) -> QImage:
    steps = np.arange(256, dtype=np.uint8)
    return array_to_image(steps[::-1, np.newaxis] if upright else steps[np.newaxis], colormap, (0, 255))


def legend_width(metrics: QFontMetrics, limits: Limits) -> int:
    """How much of `LEGEND_WIDTH` a legend takes, in device-independent pixels."""
    return _width_of(*(metrics.horizontalAdvance(format_value(limit)) for limit in rounded(limits)))


def _width_of(low: int, high: int) -> int:
    """That of a legend with numbers of these widths."""
    return round(low + GAP / 2 + _BAR + GAP / 2 + high)


def paint_legend(painter: QPainter, area: QRectF, colormap: str, limits: Limits, centred: bool = False) -> None:
    """Paints “low ▭ high” in the painter's font and pen, at the right end of an area or in its middle.

    Where an area is narrower than `legend_width`, so is the bar.
    """
    metrics = painter.fontMetrics()
    low, high = (format_value(limit) for limit in rounded(limits))
    low_width, high_width = metrics.horizontalAdvance(low), metrics.horizontalAdvance(high)
    left, top, right, height = area.left(), area.top(), area.right(), area.height()
    spare = right - left - _width_of(low_width, high_width)
    if centred and spare > 0:
        left, right, spare = left + spare / 2, right - spare / 2, 0
    bar_right = right - high_width - GAP / 2
    bar_width = min(_BAR, max(GRID, _BAR + spare))
    bar_left = bar_right - bar_width
    aligned = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(QRectF(left, top, right - left, height), aligned, high)
    painter.drawImage(QRectF(bar_left, top + height / 2 - GRID / 2, bar_width, GRID), _ramp(colormap, upright=False))
    painter.drawText(QRectF(left, top, bar_left - GAP / 2 - left, height), aligned, low)


class ColourLegend(QWidget):
    """A legend on one line: “low ▭ high”, or nothing.

    Args:
        name: its `objectName`.
        tip: its tooltip.
        colormap: a key of `cnnstudio.gui.look.theme.COLORMAPS`.
    """

    def __init__(self, name: str, tip: str, colormap: str) -> None:
        super().__init__()
        describe(self, name, "Colour scale", tip)
        self.setFont(small_font(self.font()))
        self.setFixedSize(LEGEND_WIDTH, self.fontMetrics().height() + 2)
        self._colormap = colormap
        self._limits: Limits | None = None

    @property
    def limits(self) -> Limits | None:
        """The numbers at the two ends; None for no legend."""
        return self._limits

    def set_limits(self, limits: Limits | None) -> None:
        """Sets the numbers at the two ends; None shows no legend."""
        self._limits = limits
        self.setAccessibleDescription("" if limits is None else _in_words(limits))
        self.update()

    @override
    def paintEvent(self, _event: object) -> None:
        if self._limits is None:
            return
        painter = QPainter(self)
        painter.setPen(QColor(colours().secondary))
        wide = legend_width(painter.fontMetrics(), self._limits)
        paint_legend(painter, QRectF(0, 0, wide, self.height()), self._colormap, self._limits)
        painter.end()


def _in_words(limits: Limits) -> str:
    return f"from {format_value(limits[0])} to {format_value(limits[1])}"


class ColourBar(QWidget):
    """An upright legend with numbers at even distances.

    Args:
        colormap: a key of `cnnstudio.gui.look.theme.COLORMAPS`.
    """

    def __init__(self, colormap: str) -> None:
        super().__init__()
        tip = "Which colour means which number. All maps of a layer share one scale, so that they can be compared."
        describe(self, "colour_legend", "Colour legend", tip)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFixedWidth(2 * GRID + GAP + self.fontMetrics().horizontalAdvance("−0.0000000"))
        self._colormap = colormap
        self._limits: Limits = (0.0, 0.0)

    def set_limits(self, limits: Limits) -> None:
        """Sets the numbers at the two ends."""
        self._limits = limits
        self.setAccessibleDescription(_in_words(limits))
        self.update()

    @override
    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        half = self.fontMetrics().height() / 2
        ramp = QRectF(0, half, 2 * GRID, self.height() - 2 * half)
        painter.drawImage(ramp, _ramp(self._colormap, upright=True))
        painter.setPen(QColor(colours().secondary))
        low, high = self._limits
        for number in range(_TICKS):
            share = number / (_TICKS - 1)
            middle = ramp.bottom() - share * ramp.height()
            place = QRectF(ramp.right() + GAP, middle - half, self.width(), 2 * half)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, format_value(low + share * (high - low)))
        painter.end()
