"""A map whose numbers can be pointed at, with marks on those that matter."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import array_to_image, colours
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.gui.widgets.items import NONE, Cell, paint_value_outline
from cnnstudio.gui.widgets.maps.colour_scale import Limits, format_value

_SMALLEST_DOT = 4


class ValueMap(PixelView):
    """A map in its colours; the number that was pointed at last stays marked when the pointer goes elsewhere.

    Args:
        name: its `objectName`.
        title: what it is.
        tip: what one does with it.

    Attributes:
        units: where the squares are the units of a vector, line by line, how many there are; 0 for a map.
    """

    def __init__(self, name: str, title: str, tip: str) -> None:
        super().__init__("")
        describe(self, name, title, tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._values = np.zeros((1, 1), np.float32)
        self.units = 0
        self._window: tuple[np.ndarray, np.ndarray] | None = None
        self._lattice: tuple[np.ndarray, np.ndarray] | None = None
        self._winner: Cell | None = None

    @property
    def values(self) -> np.ndarray:
        """(height, width), what is shown."""
        return self._values

    @property
    def window_cells(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The rows and columns of the window that is marked."""
        return self._window

    @property
    def lattice(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The rows and columns of all numbers that one weight meets, where they are marked."""
        return self._lattice

    def show_map(self, values: np.ndarray, colormap: str, limits: Limits) -> None:
        """Shows a map.

        Args:
            values: (height, width).
            colormap: a key of `cnnstudio.gui.look.theme.COLORMAPS`.
            limits: the values that get its two ends.
        """
        self._values = values
        self.set_picture(array_to_image(values, colormap, limits))

    def mark_window(self, window: tuple[np.ndarray, np.ndarray] | None, winner: Cell | None = None) -> None:
        """Outlines the window over these rows and columns, which may lie outside; in it, the winner of a maximum."""
        self._window = window if window is not None and len(window[0]) and len(window[1]) else None
        self._winner = winner
        self.update()

    def mark_lattice(self, lattice: tuple[np.ndarray, np.ndarray] | None) -> None:
        """Marks the numbers at these rows and columns; None marks none."""
        self._lattice = lattice
        self.update()

    def cell_of(self, place: int) -> Cell:
        """The square of a unit."""
        row, column = divmod(place, self._values.shape[1])
        return row, column

    def item_count(self) -> int:
        """How many squares there are; the last line of units may be shorter than the others."""
        return min(self.units, super().item_count()) if self.units else super().item_count()

    def item_at(self, position: QPointF) -> int:
        """The square at a point, by its number; -1 for none."""
        item = super().item_at(position)
        return item if item < self.item_count() else NONE

    def text_of(self, cell: Cell) -> str:
        """Where the square is, and its value."""
        unit = cell[0] * self._values.shape[1] + cell[1]
        place = wording.numbered("unit", unit) if self.units else wording.cell(*cell)
        return f"{place}: {format_value(float(self._values[cell]))}"

    def hover(self, item: int) -> None:
        """Marks the square under the pointer."""
        if item != NONE:
            super().hover(item)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape is for the page."""
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if self.item_at(QPointF(event.position())) == NONE:
            event.ignore()

    def _paint_picture(self, painter: QPainter, place: QRectF) -> None:
        super()._paint_picture(painter, place)
        lines, places = self.extent()
        for square in range(self.item_count(), lines * places):  # where the line of units ends sooner
            painter.fillRect(self.cell_rectangle(divmod(square, places)).adjusted(0, 0, 1, 1), QColor(colours().window))
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self._lattice is not None:
            dot = QColor(colours().accent_text)
            for row in self._lattice[0]:
                for column in self._lattice[1]:
                    cell = self.cell_rectangle((int(row), int(column)))
                    margin = cell.width() / 4 if cell.width() > _SMALLEST_DOT else 0
                    painter.fillRect(cell.adjusted(margin, margin, -margin, -margin), dot)
        if self._window is not None:
            rows, columns = self._window
            first = self.cell_rectangle((int(rows[0]), int(columns[0])))
            last = self.cell_rectangle((int(rows[-1]), int(columns[-1])))
            paint_value_outline(painter, first.united(last) & area)
        if self._winner is not None:
            paint_value_outline(painter, self.cell_rectangle(self._winner).adjusted(1, 1, -1, -1))
