"""Says which curve of a training plot is which."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.gui.describe import describe
from cnnstudio.gui.painting.curves import TRAINING, VALIDATION, batch_pen
from cnnstudio.gui.theme import GAP, GRID, colours, plot_pen, text_sizes

_SAMPLE = 3 * GRID
_LEGEND = (("each batch", -1), ("training, mean of the epoch", TRAINING), ("validation", VALIDATION))


class CurveLegend(QWidget):
    """Says which line is which; told apart by width, marker and dashes, not by colour alone."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        describe(
            self,
            "plot_legend",
            "Legend",
            "Thin: the loss of every single batch. Round markers: the mean over an epoch's batches. Diamonds: on the "
            "validation images, which the network never learns from.",
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(3 * GRID)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paints a sample of each line and its name."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(text_sizes().small)
        painter.setFont(font)
        theme = colours()
        left, middle = float(GAP), self.height() / 2
        for text, series in _LEGEND:
            pen = batch_pen() if series < 0 else plot_pen(series)
            pen.setCosmetic(False)
            painter.setPen(pen)
            painter.drawLine(QPointF(left, middle), QPointF(left + _SAMPLE, middle))
            if series >= 0:
                self._paint_marker(painter, QPointF(left + _SAMPLE / 2, middle), series)
            painter.setPen(QColor(theme.secondary))
            left += _SAMPLE + GAP
            width = painter.fontMetrics().horizontalAdvance(text)
            painter.drawText(QRectF(left, 0, width + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
            left += width + 2 * GAP
        painter.end()

    @staticmethod
    def _paint_marker(painter: QPainter, centre: QPointF, series: int) -> None:
        theme = colours()
        painter.setPen(QPen(QColor(theme.plot[series]), 2))
        painter.setBrush(QColor(theme.plot[series] if series == TRAINING else theme.window))
        if series == TRAINING:
            painter.drawEllipse(centre, 3.5, 3.5)
        else:
            offsets = (QPointF(0, -4.5), QPointF(4.5, 0), QPointF(0, 4.5), QPointF(-4.5, 0))
            painter.drawPolygon([centre + offset for offset in offsets])
