"""An image as a vector: what an MLP gets of it, and what is lost."""

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import WheelGuard, number, slider
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.widgets.charts.vector_strip import VectorStrip
from cnnstudio.lab.pooling import shifted

HIDDEN_UNITS = 256
"""Units of the hidden layer at first."""

KERNELS, KERNEL_SIDE = 32, 3
"""Of the convolution that it is compared with."""

_FARTHEST = 8


class FlattenPane(QWidget):
    """The vector, the vector of the shifted image, and the weights of a first hidden layer.

    Signals:
        pointed(object): the (row, column) of the number that is pointed at, or None.
    """

    pointed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._image = np.zeros((1, 1, 1), np.uint8)
        self._strip = VectorStrip()
        self._strip.current_changed.connect(self._tell)
        self._shifted = VectorStrip()
        describe(
            self._shifted,
            "shifted_strip",
            "The shifted image as a vector",
            "The same image, moved sideways. Numbers that differ from those above are underlined.",
        )
        self._shift = slider(
            "shift_slider",
            "Shift",
            "Moves the image sideways. You see the same thing; the vector becomes another one.",
            (-_FARTHEST, _FARTHEST),
        )
        self._shift.setPageStep(1)
        self._shift.setValue(1)
        self._units = number(
            WholeBox(1, 100_000),
            "hidden_units_spin",
            "Hidden units",
            "How many units the first hidden layer of a fully connected network has. Each has a weight for every "
            "number of the image.",
        )
        self._units.setValue(HIDDEN_UNITS)
        self._units.setFixedWidth(18 * GRID)
        for control in (self._shift, self._units):
            control.valueChanged.connect(self._refresh)
        WheelGuard(self, self._shift, self._units)
        self._what = label(name="flatten_text")
        self._difference = label(role="secondary", name="shift_text")
        self._lost = label(role="secondary", name="lost_text")
        self._weights = label(role="heading", name="connections_text")
        self._compared = label(role="secondary", name="convolution_text")
        content = column(
            self._what,
            self._strip,
            self._lost,
            2 * GRID,
            row(label("Shift the image", "strong"), (self._shift, 1), gap=2 * GRID),
            self._shifted,
            self._difference,
            2 * GRID,
            row((label("Hidden units of an MLP’s first layer", "strong"), 1), self._units, gap=2 * GRID),
            self._weights,
            self._compared,
            STRETCH,
        )
        content.setContentsMargins(0, 0, 2 * GRID, 0)
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))

    def set_image(self, image: np.ndarray) -> None:
        """Flattens another image, (height, width, channels) uint8, once the pane is seen."""
        self._image = image
        farthest = max(1, min(_FARTHEST, image.shape[1] - 1))
        self._shift.setRange(-farthest, farthest)
        if self.isVisible():
            self._refresh()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Catches up with what came while it was hidden."""
        super().showEvent(event)
        self._refresh()

    def point(self, cell: tuple[int, int] | None) -> None:
        """Goes to the first number of a pixel; hidden, the pane has no numbers to go to."""
        if not self.isVisible():
            return
        _, width, channels = self._image.shape
        self._strip.set_current(-1 if cell is None else (cell[0] * width + cell[1]) * channels)

    @Slot()
    def _refresh(self) -> None:
        height, width, channels = self._image.shape
        flat, columns = self._image.reshape(-1), self._shift.value()
        moved = shifted(self._image, 0, columns).reshape(-1)
        for strip in (self._strip, self._shifted):
            strip.set_first(self._liveliest())
        differ = flat != moved
        self._strip.set_values(flat)
        self._shifted.set_values(moved, differ)
        numbers = f"{len(flat):,}"
        self._what.setText(
            f"Row after row, the {height} × {width} × {channels} numbers become one vector of <b>{numbers}</b>: "
            "this is all that a fully connected network (an MLP) gets."
        )
        self._lost.setText(
            f"What is lost: which pixels are neighbours. The pixel below is {width * channels:,} places further on; "
            "nothing in the vector says that the two belong together."
        )
        side = "right" if columns > 0 else "left"
        pixels = f"{abs(columns)} pixel{'s' if abs(columns) != 1 else ''} to the {side}"
        self._difference.setText(
            f"Moved {pixels}, it shows the same to you. Of the vector, {int(differ.sum()):,} of {numbers} numbers "
            "have changed: to an MLP it is another image, which it must learn anew."
            if columns
            else "Not moved: the same vector."
        )
        units = self._units.value()
        self._weights.setText(f"{numbers} × {units:,} = {len(flat) * units:,} weights")
        least = KERNEL_SIDE**2 * channels * KERNELS
        self._compared.setText(
            f"One for each pair of a number and a hidden unit. A convolution with {KERNELS} kernels of {KERNEL_SIDE} × "
            f"{KERNEL_SIDE} keeps the neighbours together and needs {least:,}, whatever the size of the image."
        )

    def _liveliest(self) -> int:
        """The number in the middle of the row in which most changes: there one sees what a shift does."""
        changes = np.abs(np.diff(self._image.astype(int), axis=1, append=self._image[:, -1:])).sum(axis=2)
        line = int(changes.sum(axis=1).argmax())
        places = np.flatnonzero(changes[line])
        across = int(places.mean()) if places.size else self._image.shape[1] // 2
        return int((line * self._image.shape[1] + across) * self._image.shape[2])

    @Slot(int)
    def _tell(self, index: int) -> None:
        _, width, channels = self._image.shape
        self._shifted.set_current(index)
        self.pointed.emit(None if index < 0 else divmod(index // channels, width))
