"""What a network sees of one image while it learns."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.gui.widgets.maps.map_row import MapRow
from cnnstudio.models.trained.classifier import LayerOutput
from cnnstudio.wording import shape

MOST_ROWS = 4
"""So many layers with feature maps are shown; the Try page has them all."""

_KERNELS = (
    "The weights that the first convolution slides over the image. They begin as noise; as the network learns, they "
    "become small detectors of strokes and edges. Blue pulls down, red pushes up, pale does nothing."
)
_MAPS = "What the layer makes of the image: each map is bright where its own pattern was found."


def kernel_tiles(kernels: np.ndarray) -> np.ndarray:
    """The kernels of a convolution as channels of one array: (h, w, channels, filters) → (h, w, filters × channels)."""
    height, width = kernels.shape[:2]
    return kernels.transpose(0, 1, 3, 2).reshape(height, width, -1)


def verdict(label: str, probabilities: np.ndarray, classes: Sequence[str]) -> str:
    """The network's answer to the probe image, in words."""
    top = int(np.argmax(np.nan_to_num(probabilities)))
    answer, share = classes[top], f"{100 * float(np.nan_to_num(probabilities)[top]):.0f}\N{NO-BREAK SPACE}%"
    if answer == label:
        return f"It says {answer}, and is {share} sure. Right."
    return f"It says {answer}, {share} sure. Wrong, so far."


class LearningView(QScrollArea):
    """A narrow column: the probe image and the network's answer, the first kernels, the first feature maps.

    Args:
        parent: the parent widget.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(
            self,
            "learning_view",
            "What it sees",
            "One test image that the network never learns from, shown to it again and again while it learns.",
        )
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(30 * GRID)
        self._probe = PixelView("")
        self._probe.setFixedSize(11 * GRID, 11 * GRID)
        describe(self._probe, "probe_image", "Probe image", "The image that the network is asked about.")
        self._label = self._text("probe_label", "strong")
        self._verdict = self._text("probe_verdict", "")
        self._hint = self._text("learning_hint", "secondary")
        self._kernels = MapRow("diverging", "kernel")
        self._kernels.setObjectName("kernels")
        self._maps = [MapRow("viridis", "map") for _ in range(MOST_ROWS)]
        for number, row in enumerate(self._maps):
            row.setObjectName(f"probe_maps_{number}")
        self._build()
        self.clear()

    def _text(self, name: str, role: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setProperty("role", role)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _build(self) -> None:
        heading = self._text("learning_heading", "heading")
        heading.setText("What it sees")
        words = QVBoxLayout()
        words.setSpacing(GAP // 2)
        words.addStretch(1)
        words.addWidget(self._label)
        words.addWidget(self._verdict)
        words.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(2 * GAP)
        top.addWidget(self._probe)
        top.addLayout(words, 1)
        content = QWidget()
        content.setProperty("role", "content")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, GAP, 0)
        column.setSpacing(2 * GAP)
        column.addWidget(heading)
        column.addLayout(top)
        column.addWidget(self._hint)
        for row in (self._kernels, *self._maps):
            column.addWidget(row)
        column.addStretch(1)
        self.setWidget(content)

    def clear(self) -> None:
        """Shows the empty state."""
        self._probe.hide()
        self._label.hide()
        self._verdict.hide()
        for row in (self._kernels, *self._maps):
            row.hide()
        self._hint.setText(
            "Press Train: kernels of the first convolution, and what the first layers make of one image, change here "
            "as the network learns."
        )
        self._hint.show()

    def show_probe(  # noqa: PLR0917
        self,
        image: np.ndarray,
        label_text: str,
        probabilities: np.ndarray,
        classes: Sequence[str],
        kernels: np.ndarray | None,
        layers: Sequence[LayerOutput],
    ) -> None:
        """Shows how things stand.

        Args:
            image: (height, width, channels) uint8, the probe image.
            label_text: the name of its true class.
            probabilities: (classes,) 0–1, the network's answer.
            classes: the class names.
            kernels: (height, width, channels, filters), the weights of the first convolution; None without one.
            layers: outputs of layers with feature maps; the first `MOST_ROWS` are shown.
        """
        self._probe.set_image(image)
        self._label.setText(f"This is: {label_text}")
        self._verdict.setText(verdict(label_text, probabilities, classes))
        for widget in (self._probe, self._label, self._verdict):
            widget.show()
        self._kernels.setVisible(kernels is not None)
        if kernels is not None:
            height, width, channels, filters = kernels.shape
            each = "" if channels == 1 else f", {channels} each"
            self._kernels.set_header("Kernels", f"{filters} of {height}×{width}{each}", _KERNELS)
            self._kernels.set_values(kernel_tiles(kernels))
        self._hint.setVisible(kernels is None)
        self._hint.setText("This network has no convolution, so there are no kernels that slide over the image.")
        shown = layers[:MOST_ROWS]
        for number, row in enumerate(self._maps):
            row.setVisible(number < len(shown))
            if number < len(shown):
                row.set_header(shown[number].name, shape(shown[number].values.shape), _MAPS)
                row.set_values(shown[number].values)
