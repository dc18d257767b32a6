"""The numbers that make a convolution of the Lab: how large, how many, how far it steps."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.forms import WheelGuard, caption, choose_data, combo, number
from cnnstudio.gui.controls.layouts import STRETCH, column, widget_of
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.look.theme import GRID

_NUMBERS: tuple[tuple[str, str, int, int, str], ...] = (
    ("size", "Input size", 1, 12, "Rows and columns of the input."),
    ("kernel_size", "Kernel size", 1, 7, "Rows and columns of the kernel."),
    ("channels", "Channels", 1, 4, "How many matrices the input has: one for a grey image, three for colour."),
    ("filters", "Filters", 1, 4, "How many filters slide over the input; each makes an output map of its own."),
    ("stride", "Stride", 1, 4, "How far the window moves from one place to the next."),
    ("dilation", "Dilation", 1, 4, "How far the weights of the kernel lie apart; 1 leaves no gaps."),
)
"""Fields with a number: name, title, least, most, and what it is."""

PADDINGS = {
    "valid": ("valid", "No padding: the window stays inside the input, and the output is smaller."),
    "same": ("same", "So many zeros around the input that with a stride of 1 the output is as large."),
}
ACTIVATION_CHOICES = {
    "linear": ("None", "The sum is the output."),
    "relu": ("ReLU", "Sums below 0 become 0."),
}
CONNECTIONS = {
    "all": ("All channels", "Each filter has a kernel for every channel and adds all of them up."),
    "grouped": ("Half of them", "Half of the filters see half of the channels: half the weights."),
    "depthwise": ("One channel", "Depthwise: each filter sees one channel alone, as in MobileNet."),
}
"""What a filter sees."""

_WIDTH = 18 * GRID
_LEAST_COLUMNS, _MOST_COLUMNS = 3, 5


class LayerOptions(QWidget):
    """Captions over controls, in columns.

    Signals:
        changed(): something else was chosen.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lab_layer_options")
        self._boxes: dict[str, WholeBox] = {
            name: number(WholeBox(least, most), f"lab_{name}", title, tip) for name, title, least, most, tip in _NUMBERS
        }
        self._combos: dict[str, QComboBox] = {
            "padding": combo("lab_padding", "Padding", "What is put around the input.", PADDINGS),
            "connections": combo(
                "lab_connections", "A filter sees", "Of which channels a filter adds up the products.", CONNECTIONS
            ),
            "activation": combo("lab_activation", "Activation", "What becomes of each sum.", ACTIVATION_CHOICES),
        }
        self._use_bias = describe(
            QCheckBox("Bias"), "lab_use_bias", "Bias", "Whether each filter adds a number of its own to its sums."
        )
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(2 * GRID)
        self._grid.setVerticalSpacing(GRID)
        controls: list[QWidget] = [*self._boxes.values(), *self._combos.values()]
        self._cells = [widget_of(column(caption(control), control, gap=GRID // 2)) for control in controls]
        self._cells.append(widget_of(column(STRETCH, self._use_bias)))
        for cell in self._cells:
            cell.setFixedWidth(_WIDTH)
        self._columns = 0
        self._lay_out(_LEAST_COLUMNS)
        self.setLayout(self._grid)
        WheelGuard(self, *controls)
        for box in self._boxes.values():
            box.valueChanged.connect(self.changed)
        for one in self._combos.values():
            one.currentIndexChanged.connect(self.changed)
        self._use_bias.toggled.connect(self.changed)

    def _lay_out(self, columns: int) -> None:
        """Lays the controls out in so many columns."""
        if columns == self._columns:
            return
        self._grid.setColumnStretch(self._columns, 0)
        self._columns = columns
        for place, cell in enumerate(self._cells):
            self._grid.addWidget(cell, place // columns, place % columns)
        self._grid.setColumnStretch(columns, 1)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = (self.width() + 2 * GRID) // (_WIDTH + 2 * GRID)
        self._lay_out(max(_LEAST_COLUMNS, min(_MOST_COLUMNS, room)))

    @property
    def choices(self) -> dict[str, Any]:
        """What is chosen, by name."""
        return {
            **{name: box.value() for name, box in self._boxes.items()},
            **{name: str(one.currentData()) for name, one in self._combos.items()},
            "bias": self._use_bias.isChecked(),
        }

    def show_choices(self, choices: Mapping[str, Any]) -> None:
        """Shows what is chosen, without a signal; what is not named stays."""
        with QSignalBlocker(self):
            for name, box in self._boxes.items():
                if name in choices:
                    box.setValue(choices[name])
            for name, one in self._combos.items():
                if name in choices:
                    choose_data(one, choices[name], str(choices[name]))
            if "bias" in choices:
                self._use_bias.setChecked(choices["bias"])
