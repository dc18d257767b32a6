"""What a network sees of one image while it learns."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal, Slot
from typing_extensions import override

from cnnstudio.gui.controls.buttons import tool_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.look.theme import GAP, GRID
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.gui.widgets.maps.map_row import MapRow
from cnnstudio.training.events import Probe
from cnnstudio.wording import certainty, counted, shape

MOST_ROWS = 4
"""The number of layers whose feature maps are shown; the Try page shows all of them."""

_KERNELS = (
    "The weights that the first convolution slides over the image. They begin as noise; as the network learns, they "
    "become small detectors of strokes and edges. Blue is negative, red is positive, pale is near zero."
)
_MAPS = "The output of this layer for the image: each map is bright where its own pattern was found."


def kernel_tiles(kernels: np.ndarray) -> np.ndarray:
    """The kernels of a convolution as channels of one array: (h, w, channels, filters) → (h, w, filters × channels)."""
    height, width = kernels.shape[:2]
    return kernels.transpose(0, 1, 3, 2).reshape(height, width, -1)


def verdict(label: str, probabilities: np.ndarray, classes: Sequence[str]) -> str:
    """The network's answer to the probe image, in words."""
    finite = np.nan_to_num(probabilities)
    answer, share = classes[int(finite.argmax())], certainty(finite.max(), 0)
    return f"The network says {answer} ({share}): {'right' if answer == label else 'wrong so far'}."


class LearningView(ScrollColumn):
    """A narrow column: the probe image and the network's answer, the first kernels, some feature maps."""

    another_wanted = Signal()
    """Another probe image is wanted; only while `set_changeable` says that there may be one."""

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "learning_view",
            "What it sees",
            "One image that was kept from training, shown to the network again and again while it learns.",
        )
        self.setMinimumWidth(30 * GRID)
        self._probe = PixelView("")
        self._probe.setFixedSize(11 * GRID, 11 * GRID)
        describe(
            self._probe,
            "probe_image",
            "Probe image",
            "The image that the network is asked about. A click takes another one.",
        )
        self._another = tool_button(
            "another_probe_button",
            "Another image",
            "Asks the network about another image; so does a click on the image.",
            "shuffle",
            self.another_wanted,
        )
        self._probe.activated.connect(self._ask_for_another)
        self._label = label(role="strong", name="probe_label", plain=True)
        self._verdict = label(name="probe_verdict", plain=True)
        self._hint = label(role="secondary", name="learning_hint", plain=True)
        self._kernels = MapRow("diverging", "kernel")
        self._kernels.setObjectName("kernels")
        self._maps = [MapRow("viridis", "map") for _ in range(MOST_ROWS)]
        for number, maps in enumerate(self._maps):
            maps.setObjectName(f"probe_maps_{number}")
        answer = column(STRETCH, row((self._label, 1), self._another), self._verdict, STRETCH, gap=GAP // 2)
        self._answer = widget_of(row(self._probe, (answer, 1), gap=2 * GAP))
        heading = label("What it sees", "heading", "learning_heading")
        content = column(heading, self._answer, self._hint, self._kernels, *self._maps, STRETCH, gap=2 * GAP)
        self.set_content(content)
        self.clear()

    @override
    def sizeHint(self) -> QSize:
        """A column."""
        return QSize(36 * GRID, super().sizeHint().height())

    @Slot()
    def _ask_for_another(self) -> None:
        if not self._another.isHidden():
            self.another_wanted.emit()

    def set_changeable(self, changeable: bool) -> None:
        """Says whether the network can be asked about another image now."""
        self._another.setVisible(changeable)
        cursor = Qt.CursorShape.PointingHandCursor if changeable else Qt.CursorShape.ArrowCursor
        self._probe.setCursor(cursor)

    def clear(self) -> None:
        """Shows the empty state."""
        self.set_changeable(False)
        for part in (self._answer, self._kernels, *self._maps):
            part.hide()
        self._hint.setText(
            "Press Train, and watch here how the kernels of the first convolution and the feature maps of one image "
            "change."
        )
        self._hint.show()

    def show_probe(self, probe: Probe, classes: Sequence[str]) -> None:
        """Shows how things stand.

        Args:
            probe: one image and what the network makes of it; the first `MOST_ROWS` of its layers are shown.
            classes: the class names.
        """
        truth = classes[probe.label]
        self._probe.set_image(probe.image)
        self._label.setText(breakable(f"This is: {truth}"))
        self._verdict.setText(breakable(verdict(truth, probe.probabilities, classes)))
        self._answer.show()
        self._kernels.setVisible(probe.kernels is not None)
        if probe.kernels is not None:
            height, width, channels, filters = probe.kernels.shape
            each = {1: "", 3: " for red, green and blue"}.get(channels, f" for {channels} channels")
            count = counted(filters, "filter")
            self._kernels.set_header("Kernels", f"{count}, each {height}×{width}{each}", _KERNELS)
            self._kernels.set_values(kernel_tiles(probe.kernels))
        self._hint.setVisible(probe.kernels is None)
        self._hint.setText("This network has no convolution, so there are no kernels that slide over the image.")
        shown = probe.layers[:MOST_ROWS]
        for number, maps in enumerate(self._maps):
            maps.setVisible(number < len(shown))
            if number < len(shown):
                maps.set_header(shown[number].name, shape(shown[number].values.shape), _MAPS)
                maps.set_values(shown[number].values)
