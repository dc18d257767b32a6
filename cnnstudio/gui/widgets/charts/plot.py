"""Two axes and what is drawn between them: what the charts are made of."""

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QGraphicsGridLayout, QGraphicsItem
from typing_extensions import override

from cnnstudio.gui.look.theme import GRID, colours, small_font
from cnnstudio.wording import power_of_ten

GRID_ALPHA = 40
"""Of the lines of a grid, 0–255."""


class Axis(pg.AxisItem):
    """An axis whose first and last number may reach a little beyond its ends.

    pyqtgraph leaves such numbers out where the axis has a grid.
    """

    @override
    def boundingRect(self) -> QRectF:
        over = 2 * GRID
        rect: QRectF = super().boundingRect()
        return rect.adjusted(0, -over, 0, over) if self.orientation == "left" else rect.adjusted(-over, 0, over, 0)

    @override
    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The numbers as people write them: 5e-08 as 5×10⁻⁸, and −2 with a minus sign."""
        return [power_of_ten(text).replace("-", "−") for text in super().tickStrings(values, scale, spacing)]

    @override
    def paint(self, painter: QPainter, *_args: object) -> None:
        """Draws at once; pyqtgraph's own way, to record a `QPicture` first, pays only where that is played again."""
        specs = self.generateDrawSpecs(painter)
        if specs is not None:
            self.drawPicture(painter, *specs)


class Plot(pg.GraphicsWidget):
    """An area with an axis at its left and one below it, in the look of the theme.

    pyqtgraph's `PlotItem` builds two more axes, a button, and forms with forty controls for a menu, which takes five
    times as long. The axes are kept as pictures: grid and numbers would else be drawn anew whenever a curve moves,
    which takes longer than all else.

    Args:
        left: the vertical axis; None for one that counts plainly.

    Attributes:
        area: between the axes; curves are its items. The mouse does not move it.
        left: the vertical axis, with a grid.
        bottom: the horizontal axis.
    """

    def __init__(self, left: Axis | None = None) -> None:
        super().__init__()
        self.area = pg.ViewBox(parent=self, enableMouse=False, enableMenu=False)
        self.left = left or Axis("left")
        self.bottom = Axis("bottom")
        grid = QGraphicsGridLayout(self)
        grid.setContentsMargins(1, 1, 1, 1)
        grid.setSpacing(0)
        grid.addItem(self.area, 0, 1)
        for axis, place in ((self.left, (0, 0)), (self.bottom, (1, 1))):
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0, tickTextOffset=6, maxTickLevel=1)
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
            axis.setZValue(0.5)  # above the ground of the area, below what is drawn there
            axis.linkToView(self.area)
            grid.addItem(axis, *place)
        self.left.setGrid(GRID_ALPHA)

    def set_titles(self, across: str, upright: str) -> None:
        """Names the axes; an empty text leaves one without a name."""
        for axis, title in ((self.bottom, across), (self.left, upright)):
            if title:
                axis.setLabel(title, color=colours().secondary)
                axis.resizeEvent()  # else it stands where one of another length stood

    def colour_axes(self) -> None:
        """Gives the axes the colours and the font of the theme that is on."""
        theme, font = colours(), small_font(QFont())
        for axis in (self.left, self.bottom):
            axis.setPen(pg.mkPen(theme.border))
            axis.setTextPen(pg.mkPen(theme.secondary))
            axis.setTickFont(font)
            axis.label.setFont(font)
        self.set_titles(self.bottom.labelText, self.left.labelText)


class PlotView(pg.GraphicsView):
    """Shows a plot, and leaves keys, menu and ground to the widget that it is in."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(background=None)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setCentralItem(plot)
