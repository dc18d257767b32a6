"""A picture that is moved by a pixel, and how much of it changes before and after a pooling."""

from typing import Any

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import WheelGuard, caption, slider
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.widgets.images.matrix import Matrix
from cnnstudio.lab.convolution import Convolution
from cnnstudio.lab.pooling import Pooling, shifted

FARTHEST = 2
"""Pixels that the picture can be moved, either way."""

PICTURE = np.zeros((8, 8))
PICTURE[1:7, 4] = 3
"""A vertical stroke."""

LAYER = Convolution.of_matrix(np.tile([-0.5, 1, -0.5], (3, 1)), padding="same", activation="relu")
"""Finds vertical strokes; comes before the pooling, as in a network."""

_CELL = 18


class ShiftView(QWidget):
    """Input, convolution and pooled output of a picture; numbers that the move has changed stand out.

    Signals:
        moved(): the picture lies elsewhere.
    """

    moved = Signal()

    def __init__(self) -> None:
        super().__init__()
        tip = "Moves the picture sideways. You see the same thing; which numbers have changed?"
        self._slider = slider("lab_shift", "Moved by", tip, (-FARTHEST, FARTHEST), self._show)
        self._slider.setPageStep(1)
        self._slider.setFixedWidth(24 * GRID)
        self._figure = label(role="secondary", name="lab_shift_figure", wrap=False)
        self._figure.setMinimumWidth(22 * GRID)
        self._matrices = [
            Matrix("shifted_input", "Input", "The picture as it lies now.", "grey"),
            Matrix("shifted_convolution", "After a convolution", "A 3×3 kernel that finds vertical strokes, and ReLU."),
            Matrix("shifted_pooled", "After the pooling", "One number for each window of the pooling chosen above."),
        ]
        self._pooling = Pooling()
        parts = []
        for matrix in self._matrices:
            matrix.set_cell_size(_CELL)
            name = label(matrix.accessibleName(), "secondary", wrap=False)
            parts.append(widget_of(column(name, matrix, STRETCH, gap=GRID // 2)))
        self._text = label(role="secondary", name="lab_shift_text")
        WheelGuard(self, self._slider)
        control = row(caption(self._slider), self._slider, self._figure, STRETCH, gap=2 * GRID)
        self.setLayout(column(control, row(*parts, STRETCH, gap=2 * GRID), self._text))
        self._slider.setValue(1)
        self._show()

    @property
    def shift(self) -> int:
        """Pixels to the right."""
        return self._slider.value()

    def set_shift(self, shift: int) -> None:
        """Moves the picture; `shift` in pixels to the right."""
        self._slider.setValue(shift)

    def set_pooling(self, pooling: Pooling) -> None:
        """Says what comes after the convolution."""
        self._pooling = pooling
        self._show()

    def facts(self) -> dict[str, Any]:
        """The share of numbers that have changed: of the input, after the convolution, after the pooling."""
        return {
            f"{name}_changed": share
            for name, share in zip(("input", "convolution", "pooled"), self._shares, strict=True)
        }

    @Slot()
    def _show(self) -> None:
        before, after = self._layers(PICTURE), self._layers(shifted(PICTURE, 0, self.shift))
        self._shares, parts = [], []
        for matrix, old, new in zip(self._matrices, before, after, strict=True):
            differs = np.abs(old - new) > 1e-9
            matrix.set_values(new, (0.0, 9.0))
            matrix.set_marked(differs if self.shift else None)
            self._shares.append(float(differs.mean()))
            parts.append(f"{int(differs.sum())} of {differs.size}")
        self._matrices[2].set_cell_size(_CELL * len(PICTURE) // max(after[2].shape))
        side = "right" if self.shift > 0 else "left"
        pixels = f"{abs(self.shift)} pixel{'s' if abs(self.shift) > 1 else ''} to the {side}"
        self._figure.setText(pixels if self.shift else "not moved")
        said = (
            f"The framed numbers have changed with the move: {parts[0]} of the input, {parts[1]} after the "
            f"convolution, {parts[2]} after the pooling. "
        )
        if not self.shift:
            said = "Move the stroke by a pixel, and see which numbers change."
        elif not self._shares[2]:
            said += "The stroke stayed inside its windows: the convolution saw the move, the pooling hides it."
        else:
            said += "The stroke has come into other windows, so the pooled map has changed, too."
        self._text.setText(said)
        self.moved.emit()

    def _layers(self, picture: np.ndarray) -> list[np.ndarray]:
        convolved = LAYER.on(picture).output
        return [picture, convolved[..., 0], self._pooling.on(convolved).output[..., 0]]
