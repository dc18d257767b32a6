"""The network view: every layer with its maps, and the way down to one number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QEasingCurve, QParallelAnimationGroup, QPropertyAnimation, QRect, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QGraphicsOpacityEffect, QStackedWidget, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.buttons import push_button, tool_button
from cnnstudio.gui.controls.describe import breakable, label
from cnnstudio.gui.controls.forms import combo
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.controls.steady_text import SteadyLine
from cnnstudio.gui.garbage import unowned
from cnnstudio.gui.pages.choosers.network_input.session import Answer, TestImage, blocks_of
from cnnstudio.gui.pages.inside.columns import BLOCK, columns_of
from cnnstudio.gui.pages.inside.levels import Level, level_for, levels_to_number
from cnnstudio.gui.pages.inside.view import Extra, OpenNetwork, Subject, View, has_units
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.maps.colour_scale import ColourLegend
from cnnstudio.gui.widgets.maps.map_columns import SCALES, MapColumns, Tile
from cnnstudio.lab.experiment import Origin
from cnnstudio.models.trained.classifier import IMAGE, Classifier, LayerInfo
from cnnstudio.models.trained.layer_arithmetic import (
    Arithmetic,
    CellArithmetic,
    LayerArithmetic,
    arithmetic_of,
    channels_feeding,
)
from cnnstudio.wording import COUNTING, certainty

_SCALE = "inside/scale"
_HINTS_DONE = "inside/hints"
_LONGEST = 24
"""Letters of the answer's name that are shown beside the maps."""
_MOST_SOURCES = 400
"""Of more maps that a map depends on, so many are linked to it."""
_MOTION = 350
"""Milliseconds in which a map goes to its place on the next level."""
_HANDING_ON = ("Flatten", "Reshape", "Dropout")
"""Kinds of layers that hand on the numbers they are given."""

_HINT = f"Point at a map to see what it is made from; click it to see how. {COUNTING}"
_HINT_NAME = "map"


@dataclass(frozen=True)
class _Asked:
    """The layer whose level is open.

    Attributes:
        name: its name.
        channel: the map or the unit; None for the one that the largest number stands in.
        operation: what is to be seen of it, as of `LookInside`; empty where a map or a unit was chosen.
        origin: likewise.
    """

    name: str
    channel: int | None = None
    operation: str = ""
    origin: Origin | None = None


class NetworkView(View):
    """Columns of layers; a click on a map leads to how it is made, and on to one number."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._network: OpenNetwork | None = None
        self._subject: Subject | None = None
        self._unfolded: set[str] = set()
        self._blocks: list[tuple[str, ...]] = []
        self._kernels: dict[str, np.ndarray | None] = {}
        self._asked: _Asked | None = None
        self._waiting = False
        self._below: list[Level] = []
        self._motion: QParallelAnimationGroup | None = None
        self._flying: _Flying | None = None
        self._start, self._picture = QRect(), QPixmap()
        done = settings.recall(_HINTS_DONE, "", "which hints were followed")
        self._done = set(done.split())
        self._maps = MapColumns()
        self._maps.columns_missing.connect(self.layers_wanted)
        self._maps.fold_clicked.connect(self._fold)
        self._maps.chosen.connect(self._open)
        self._scale = combo("colour_scale_combo", "Colours", "For what one scale of colours holds.", SCALES)
        recalled = settings.recall(_SCALE, "layer", "the scale of colours", SCALES.__contains__)
        self._scale.setCurrentIndex(self._scale.findData(recalled))
        self._scale.currentIndexChanged.connect(self._choose_scale)
        self._maps.set_scale(recalled)
        self._legend = ColourLegend("network_legend", SCALES["network"][1], "viridis")
        smaller = tool_button(
            "smaller_maps_button", "Smaller maps", "Makes the maps smaller.", "zoom-out", lambda: self._zoom(-1)
        )
        larger = tool_button(
            "larger_maps_button", "Larger maps", "Makes the maps larger.", "zoom-in", lambda: self._zoom(1)
        )
        self._hint = label("", "secondary", "network_hint")
        self._answer = label("", "strong", "inside_answer", wrap=False, plain=True)
        self._back = tool_button(
            "level_back_button", "Back one level", "Back one level. (Esc)", "arrow-left", self.go_back
        )
        self._where = label("", "strong", "level_path", plain=True)
        self._likes = push_button(
            "unit_likes_button",
            "What does it like?",
            "The test images that excite this unit most, and a picture made up to do so.",
            self._want_unit,
        )
        self._to_lab = push_button(
            "level_to_lab_button",
            "To the &Lab",
            "Takes the numbers that are shown to the Lab, to go through them there and to change them.",
            self._take_to_lab,
            picture="lab",
        )
        self._overview_tools = widget_of(
            row(label("Colours for", wrap=False), self._scale, self._legend, smaller, larger)
        )
        self._level_buttons = row(self._to_lab, self._likes, STRETCH)
        self._level_tools = widget_of(self._level_buttons)
        self._tools = widget_of(
            column(row(self._back, (self._where, 1), SteadyLine(self._answer), self._overview_tools), self._level_tools)
        )
        self._levels = QStackedWidget()
        self._levels.addWidget(self._maps)
        self.setLayout(column(self._tools, (self._levels, 1), self._hint))
        settings.changed.connect(self._heed_settings)
        self._heed_settings()
        self._tell()

    @property
    def layers(self) -> tuple[str, ...]:
        """Those on screen, with the others of their blocks; or the one that is looked into, with what feeds it."""
        if self._network is None:
            return ()
        if self._asked is not None:
            info = self._info(self._asked.name)
            layers = {one.name: one for one in self._network.classifier.layers}
            behind = [name for source in info.sources for name in _handed_on(source, layers)]
            return tuple(name for name in (*reversed(behind), info.name) if name != IMAGE)
        seen = set(self._maps.seen())
        return tuple(name for block in self._blocks if seen.intersection(block) for name in block)

    @property
    def concepts(self) -> tuple[str, ...]:
        """Of the level in front: the kind of its layer."""
        if self.level is None or self._asked is None:
            return ()
        return self.level.concept, self._info(self._asked.name).kind

    @property
    def extra(self) -> Extra | None:
        """The arithmetic of the layer that is looked into."""
        if self._asked is None:
            return None
        return _ArithmeticOf(self._asked.name)

    @property
    def level(self) -> Level | None:
        """The level in front, below the network; None where all layers are seen."""
        return self._below[-1] if self._below else None

    @property
    def levels_down(self) -> int:
        """How many levels below the network one is."""
        return len(self._below)

    def set_network(self, network: OpenNetwork | None) -> None:
        """Shows the layers of another network."""
        self._leave_all()
        self._network, self._subject = network, None
        self._unfolded.clear()
        self._kernels.clear()
        self._blocks = blocks_of(network.classifier.layers, BLOCK) if network is not None else []
        self._maps.forget()
        self._maps.horizontalScrollBar().setValue(0)
        self._show_columns()
        self._show_legend()

    def show_subject(self, subject: Subject) -> None:
        """Shows the maps of another image, or more of them."""
        newer = self._subject is None or subject.image is not self._subject.image
        self._subject = subject
        (_, best, probability), *_ = subject.prediction.top(1)
        self._answer.setText(f"{best[:_LONGEST]}  {certainty(probability)}")
        values = {layer.name: layer.values for layer in subject.prediction.layers}
        self._maps.set_values(values | {IMAGE: subject.image}, newer)
        self._show_legend()
        explained = subject.extra
        if isinstance(explained, _Explained) and self._asked is not None and explained.name == self._asked.name:
            self._show_arithmetic(self._asked, explained.arithmetic)
        elif self._waiting:  # it was asked for after this answer had been
            self.layers_wanted.emit()

    def look_at(self, layer: str, operation: str, origin: Origin | None) -> None:
        """Goes down to a number that a layer makes, else the largest one, past all levels above it."""
        self._leave_all()
        self._asked, self._waiting, self._start = _Asked(layer, None, operation, origin), True, QRect()
        if self._subject is not None:
            self.layers_wanted.emit()

    def forget(self) -> None:
        """Shows no maps; what is looked into comes back with the next image."""
        self._subject = None
        self._answer.setText("")
        self._maps.forget()
        self._show_legend()

    def go_back(self) -> bool:
        """Goes back one level."""
        if self._asked is None:
            return False
        self._land()
        # The keys go on one level above; from what is deleted, they would go anywhere.
        if len(self._below) > 1:
            self._levels.setCurrentWidget(self._below[-2])
            self._below[-2].setFocus()
            self._remove(self._below.pop())
        else:
            self._levels.setCurrentWidget(self._maps)
            self._maps.setFocus()
            self._leave_all()
            if self._subject is not None and self._maps.missing():
                self.layers_wanted.emit()
        self._tell()
        return True

    def shut_down(self) -> None:
        """Lets everything rest."""
        self._leave_all()

    @Slot()
    def _want_unit(self) -> None:
        if self._asked is not None and self.level is not None:
            self.unit_wanted.emit(self._asked.name, self.level.channel)

    # The levels below.

    @Slot(object)
    def _open(self, tile: Tile) -> None:
        column = self._maps.columns_shown[tile.column]
        if self._network is None or self._subject is None or column.is_image:
            return
        self._finish_hint(_HINT_NAME)
        self._asked, self._waiting = _Asked(column.name, tile.channel), True
        self._start = self._global(self._maps.viewport(), self._maps.rectangle_of(tile))
        self.layers_wanted.emit()

    def _show_arithmetic(self, asked: _Asked, arithmetic: Arithmetic | None) -> None:
        if not self._waiting:
            for level in self._below:
                if arithmetic is not None:
                    level.show_arithmetic(arithmetic)
            return
        self._waiting = False
        assert self._network is not None
        is_answer = self._network.classifier.layers[-1].name == asked.name
        names = self._network.classifier.classes if is_answer else ()
        if asked.channel is None:
            made = levels_to_number(arithmetic, names, asked.operation, asked.origin)
        else:
            made = level_for(arithmetic, asked.channel, names)
        if not made:
            self._asked = None
            info = self._info(asked.name)
            numbers = f"{info.parameters:,} numbers that it has learned" if info.parameters else "no numbers of its own"
            what = f"How the numbers of {info.name} come about is not shown: it is a layer of the kind {info.kind}"
            self._hint.setText(f"{breakable(what)}, with {numbers}.")
            self._hint.show()
            return
        for make in made:
            self._push(make, still=asked.channel is None)

    def _push(self, make: Callable[[], Level], still: bool = False) -> None:
        """Opens the level below; the map that was clicked goes to its place there, unless all is to be still."""
        before = self._levels.currentWidget()
        level = make()
        level.deeper.connect(self._deepen)
        level.nothing_clicked.connect(self.go_back)
        level.done.connect(self._finish_hint)
        self._below.append(level)
        if level.button is not None:
            self._level_buttons.insertWidget(0, level.button)
        self._levels.addWidget(level)
        self._levels.setCurrentWidget(level)
        level.setFocus()
        self._tell()
        still = still or self.settings.reduced_motion
        if not still and before is not None:
            self._move(level)
        level.begin(still)

    @Slot(object)
    def _deepen(self, make: Callable[[], Level]) -> None:
        self._below[-1].stop()
        above = self._below[-1]
        self._start = self._global(above, above.target())
        self._push(make)

    def _move(self, level: Level) -> None:
        """The picture of what was clicked goes to its place on the new level, which appears meanwhile."""
        if self._start.isEmpty():
            return
        self._land()
        self._flying = _Flying(self._picture, self)
        self._flying.setGeometry(self._start)
        self._flying.show()
        effect = QGraphicsOpacityEffect(level)
        level.setGraphicsEffect(effect)
        fly = QPropertyAnimation(self._flying, b"geometry")
        fly.setStartValue(self._start)
        fly.setEndValue(QRect(level.mapTo(self, level.target().topLeft().toPoint()), level.target().size().toSize()))
        appear = QPropertyAnimation(effect, b"opacity")
        appear.setStartValue(0.0)
        appear.setEndValue(1.0)
        self._motion = QParallelAnimationGroup(self)
        for animation in (fly, appear):
            animation.setDuration(_MOTION)
            animation.setEasingCurve(QEasingCurve.Type.OutCubic)
            self._motion.addAnimation(animation)
        self._motion.finished.connect(self._land)
        self._motion.start()

    @Slot()
    def _land(self) -> None:
        """The map is in its place, and the level is there."""
        if self._motion is None or self._flying is None:
            return
        self._motion.stop()
        self._motion.deleteLater()
        self._flying.hide()
        self._flying.deleteLater()
        self._motion = self._flying = None
        for level in self._below:
            level.setGraphicsEffect(None)  # type: ignore[arg-type]  # Qt takes none

    def _global(self, widget: QWidget, place: QRectF) -> QRect:
        """A place on a widget as one on this view; what is seen there is kept for the way."""
        there = place.toRect()
        self._picture = widget.grab(there) if not there.isEmpty() else QPixmap()
        return QRect(widget.mapTo(self, there.topLeft()), there.size())

    def _leave_all(self) -> None:
        self._land()
        for level in self._below:
            self._remove(level)
        self._below.clear()
        self._asked, self._waiting = None, False
        self._levels.setCurrentWidget(self._maps)
        self._tell()

    def _remove(self, level: Level) -> None:
        level.stop()
        if level.button is not None:
            level.button.hide()
            level.button.deleteLater()
        self._levels.removeWidget(level)
        level.deleteLater()

    # What is said.

    def _tell(self) -> None:
        """Where one is, and what one can do there for the first time."""
        path = ["All layers", *(level.title for level in self._below)]
        self._where.setText(breakable(" › ".join(path)) if self._below else "")
        self._back.setVisible(bool(self._below))
        asked = self._asked if self._below else None
        self._likes.setVisible(asked is not None and has_units(self._info(asked.name).kind))
        self._to_lab.setVisible(self.level is not None and self.level.experiment is not None)
        self._overview_tools.setVisible(not self._below)
        level = self.level
        for one in self._below:
            if one.button is not None:
                one.button.setVisible(one is level)
        self._level_tools.setVisible(bool(self._below))
        text, name = (level.hint, level.hint_name) if level is not None else (_HINT, _HINT_NAME)
        self._hint.setText(text)
        self._hint.setVisible(bool(text) and name not in self._done)
        self.concepts_changed.emit()

    @Slot()
    def _take_to_lab(self) -> None:
        if self.level is None or self._subject is None or self._asked is None:
            return
        shown = self._subject.answer.input
        is_answer = self._subject.classifier.layers[-1].name == self._asked.name
        self.level.true_class = shown.label if is_answer and isinstance(shown, TestImage) else None
        if (experiment := self.level.experiment) is not None:
            self.navigate.emit("lab", experiment)

    @Slot(str)
    def _finish_hint(self, name: str) -> None:
        if name not in self._done:
            self._done.add(name)
            self.settings.remember(_HINTS_DONE, " ".join(sorted(self._done)))
        self._tell()  # another number may be explained now

    # The columns.

    def _info(self, name: str) -> LayerInfo:
        assert self._network is not None
        return next(info for info in self._network.classifier.layers if info.name == name)

    def _show_columns(self) -> None:
        if self._network is None:
            self._maps.set_columns(())
            return
        columns = columns_of(self._network.classifier, self._unfolded)
        self._maps.set_columns(columns, unowned(self._sources_of), unowned(self._kernel_of))

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

    @Slot(str)
    def _fold(self, key: str) -> None:
        self._unfolded ^= {key}
        self._show_columns()
        self.layers_wanted.emit()

    def _show_legend(self) -> None:
        """The scale of the whole network; those of layers stand below them."""
        limits = self._maps.limits
        self._legend.set_limits(limits)
        self._legend.setVisible(limits is not None)

    @Slot()
    def _choose_scale(self) -> None:
        self._maps.set_scale(self._scale.currentData())
        self._show_legend()
        self.settings.remember(_SCALE, self._scale.currentData())

    def _zoom(self, direction: int) -> None:
        self._maps.step_zoom(direction, self._maps.viewport().rect().center().toPointF())

    @Slot()
    def _heed_settings(self) -> None:
        self._maps.set_animated(not self.settings.reduced_motion)


class _Flying(QWidget):
    """What was clicked, on its way to the level that explains it; of any shape meanwhile."""

    def __init__(self, picture: QPixmap, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture = picture
        self.setObjectName("flying")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(self.rect(), self._picture)
        painter.end()


@dataclass(frozen=True, eq=False)
class _Explained:
    """The arithmetic of a layer for an image; None where its numbers are not explained."""

    name: str
    arithmetic: Arithmetic | None


@dataclass(frozen=True)
class _ArithmeticOf:
    """Explains the numbers of a layer, from the outputs that a prediction has of it and of what feeds it."""

    name: str

    def __call__(self, classifier: Classifier, answer: Answer) -> _Explained | None:
        assert answer.prediction is not None and answer.image is not None
        info = next((info for info in classifier.layers if info.name == self.name), None)
        outputs = {layer.name: layer.values for layer in answer.prediction.layers}
        outputs[IMAGE] = answer.image.astype(np.float32)
        if info is None or not all(name in outputs for name in (info.name, *info.sources)):
            return None
        sources = tuple(outputs[name] for name in info.sources)
        layer = classifier.model.get_layer(self.name)
        arithmetic = arithmetic_of(layer, sources, outputs[self.name])
        if isinstance(arithmetic, CellArithmetic):
            arithmetic = replace(arithmetic, source_names=info.sources)
        elif isinstance(arithmetic, LayerArithmetic) and arithmetic.takes_vector:
            behind = _handed_on(info.sources[0], {one.name: one for one in classifier.layers})
            origin = [name for name in behind if _are_same(outputs.get(name), sources[0])][-1]
            arithmetic = replace(arithmetic, origin=origin, origin_shape=outputs[origin].shape)
        return _Explained(self.name, arithmetic)


def _handed_on(name: str, layers: Mapping[str, LayerInfo]) -> list[str]:
    """A layer, and those behind it whose numbers it hands on, as Flatten does."""
    names = [name]
    while name in layers and layers[name].kind in _HANDING_ON and len(layers[name].sources) == 1:
        (name,) = layers[name].sources
        names.append(name)
    return names


def _are_same(output: np.ndarray | None, vector: np.ndarray) -> bool:
    """Whether the numbers of an output are those of a vector, in their order."""
    return output is not None and np.array_equal(output.ravel(), vector.ravel(), equal_nan=True)
