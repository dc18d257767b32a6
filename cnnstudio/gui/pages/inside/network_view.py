"""The network view: every layer with its maps, and the way down to one number."""

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QStackedWidget

from cnnstudio.gui.controls.buttons import tool_button
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.forms import combo
from cnnstudio.gui.controls.layouts import column, row, widget_of
from cnnstudio.gui.pages.inside.columns import blocks_of, columns_of
from cnnstudio.gui.pages.inside.view import OpenNetwork, Subject, View
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.maps.map_columns import SCALES, MapColumns, Tile
from cnnstudio.models.trained.classifier import IMAGE
from cnnstudio.models.trained.layer_arithmetic import channels_feeding
from cnnstudio.wording import certainty

_SCALE = "inside/scale"
_LONGEST = 24
"""Letters of the answer's name that are shown beside the maps."""
_MOST_SOURCES = 400
"""Of more maps that a map depends on, so many are linked to it."""


class NetworkView(View):
    """Columns of layers."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._network: OpenNetwork | None = None
        self._subject: Subject | None = None
        self._unfolded: set[str] = set()
        self._blocks: list[tuple[str, ...]] = []
        self._kernels: dict[str, np.ndarray | None] = {}
        self._maps = MapColumns()
        self._maps.columns_missing.connect(self._want)
        self._maps.fold_clicked.connect(self._fold)
        self._scale = combo("colour_scale_combo", "Colours", "For what one scale of colours holds.", SCALES)
        self._scale.currentIndexChanged.connect(self._choose_scale)
        recalled = settings.recall(_SCALE, "layer", "the scale of colours", SCALES.__contains__)
        self._scale.setCurrentIndex(self._scale.findData(recalled))
        smaller = tool_button(
            "smaller_maps_button", "Smaller maps", "Makes the maps smaller.", "zoom-out", lambda: self._zoom(-1)
        )
        larger = tool_button(
            "larger_maps_button", "Larger maps", "Makes the maps larger.", "zoom-in", lambda: self._zoom(1)
        )
        self._hint = label(
            "Point at a map to see what it is made from; click it to see how.", "secondary", "network_hint"
        )
        self._answer = label("", "strong", "inside_answer", wrap=False, plain=True)
        tools = row((self._answer, 1), label("Colours for", wrap=False), self._scale, smaller, larger)
        self._levels = QStackedWidget()
        self._levels.addWidget(widget_of(column(tools, (self._maps, 1), self._hint)))
        self.setLayout(column(self._levels))
        settings.changed.connect(self._heed_settings)
        self._heed_settings()

    @property
    def layers(self) -> tuple[str, ...]:
        """Those on screen, with the others of their blocks."""
        if self._network is None:
            return ()
        seen = set(self._maps.seen())
        wanted = [name for block in self._blocks if seen.intersection(block) for name in block]
        return tuple(wanted)

    def set_network(self, network: OpenNetwork | None) -> None:
        """Shows the layers of another network."""
        self._network, self._subject = network, None
        self._unfolded.clear()
        self._kernels.clear()
        self._blocks = blocks_of(network.classifier) if network is not None else []
        self._maps.forget()
        self._show_columns()

    def show_subject(self, subject: Subject) -> None:
        """Shows the maps of another image, or more of them."""
        newer = self._subject is None or subject.image is not self._subject.image
        self._subject = subject
        values = {layer.name: layer.values for layer in subject.prediction.layers}
        (_, best, probability), *_ = subject.prediction.top(1)
        self._answer.setText(f"{best[:_LONGEST]}  {certainty(probability)}")
        self._maps.set_values(values | {IMAGE: subject.image}, newer)

    def forget(self) -> None:
        """Shows no maps."""
        self._subject = None
        self._answer.setText("")
        self._maps.forget()

    def _show_columns(self) -> None:
        if self._network is None:
            self._maps.set_columns(())
            return
        columns = columns_of(self._network.classifier, self._unfolded)
        self._maps.set_columns(columns, self._sources_of, self._kernel_of)

    def _sources_of(self, tile: Tile) -> list[Tile]:
        """The tiles on which a tile depends, as far as they are shown."""
        shown = self._maps.columns_shown
        if self._network is None or not shown[tile.column].sources:
            return []
        layer = self._network.classifier.model.get_layer(shown[tile.column].name)
        infos = {info.name: info for info in self._network.classifier.layers}
        found = []
        for name, channels in zip(infos[layer.name].sources, channels_feeding(layer, tile.channel), strict=False):
            numbers = [number for number in shown[tile.column].sources if shown[number].name == name]
            # What feeds the first layer of a folded block may be folded away itself.
            for number in numbers or shown[tile.column].sources[:1]:
                count = shown[number].count
                found += [Tile(number, channel) for channel in channels[:_MOST_SOURCES] if channel < count]
        return found

    def _kernel_of(self, tile: Tile, source: Tile) -> np.ndarray | None:
        """The kernel through which a map sees another."""
        name = self._maps.columns_shown[tile.column].name
        if self._network is None:
            return None
        if name not in self._kernels:
            layer = self._network.classifier.model.get_layer(name)
            kernel = getattr(layer, "kernel", None)
            is_plain = type(layer).__name__ in ("Conv2D", "DepthwiseConv2D")
            self._kernels[name] = np.asarray(kernel) if is_plain and kernel is not None else None
        kernel = self._kernels[name]
        if kernel is None:
            return None
        if kernel.shape[3] * kernel.shape[2] == self._maps.columns_shown[tile.column].count != kernel.shape[3]:
            return kernel.reshape(*kernel.shape[:2], -1)[..., tile.channel]
        return kernel[..., source.channel % kernel.shape[2], tile.channel % kernel.shape[3]]

    @Slot()
    def _want(self) -> None:
        self.layers_wanted.emit()

    @Slot(str)
    def _fold(self, key: str) -> None:
        self._unfolded ^= {key}
        self._show_columns()
        self._want()

    @Slot()
    def _choose_scale(self) -> None:
        self._maps.set_scale(self._scale.currentData())
        self.settings.remember(_SCALE, self._scale.currentData())

    def _zoom(self, direction: int) -> None:
        self._maps.step_zoom(direction, self._maps.viewport().rect().center().toPointF())

    @Slot()
    def _heed_settings(self) -> None:
        self._maps.set_animated(not self.settings.reduced_motion)
