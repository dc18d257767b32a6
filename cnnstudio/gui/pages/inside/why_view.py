"""“Why this answer”: explanations side by side, and the checks that say how far to trust them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QSignalBlocker, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy
from typing_extensions import override

from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanation import Explanation
from cnnstudio.explaining.explanations import EXPLANATIONS, explain
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.gui.controls.buttons import chip
from cnnstudio.gui.controls.describe import breakable, label
from cnnstudio.gui.controls.forms import WheelGuard, caption, combo, slider
from cnnstudio.gui.controls.layouts import STRETCH, ButtonRows, ScrollColumn, column, widget_of
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages.choosers.network_input.input_texts import texts_for
from cnnstudio.gui.pages.inside.explanation_tile import AT_WORK, NO_IMAGE, SIDE, STOPPED, ExplanationTile
from cnnstudio.gui.pages.inside.trust_panel import TrustPanel
from cnnstudio.gui.pages.inside.view import OpenNetwork, Subject, View
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.maps.colour_scale import format_value
from cnnstudio.progress import Cancelled, ending_with
from cnnstudio.wording import shape

SHOWN_AT_FIRST = ("grad-cam", "occlusion", "integrated-gradients")
SHOWN_OF_LARGE_ONES = ("grad-cam", "saliency")
"""Of networks for large images, whose other explanations take long."""

_LARGEST = 20
"""So large a pixel of MNIST's images is at most, in device-independent pixels."""
LARGE = 100 * 100
"""Pixels of an image from which on a network is large."""

WAIT = 500
"""Milliseconds after which what takes longer shows its progress."""

_SHARES = (3, 4, 3, 2)
"""How class, layer, baseline and strength share the width."""

_METHODS = "inside/explanations"


@dataclass(frozen=True, eq=False)
class Wish:
    """What is to be explained, and how.

    Attributes:
        subject: the image and the network.
        methods: keys in `EXPLANATIONS`, in this order.
        class_name: the class; None for the one that is answered.
        layer: whose maps are looked at; None for the last one.
        baseline: key in `BASELINES`.
    """

    subject: Subject
    methods: tuple[str, ...]
    class_name: int | None
    layer: str | None
    baseline: str


@dataclass(frozen=True)
class NotExplained:
    """A method does not fit, and why."""

    method: str
    why: str


class WhyView(View):
    """Explanations of the answer to the image that is shown.

    Attributes:
        tiles: the explanations by their method, all of them; those that are chosen are shown.
        trust: what checks them.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._network: OpenNetwork | None = None
        self._scores: ClassScores | None = None
        self._subject: Subject | None = None
        self._waiting: Wish | None = None
        self._chosen = self.settings.recall(_METHODS, "", "the explanations that are shown")
        self._columns = 0
        self.tiles = {name: ExplanationTile(method) for name, method in EXPLANATIONS.items()}
        self._work = ProgressPanel("explaining", "Explaining", "Stops; what is there already stays.")
        self._work.reported.connect(self._take)
        self._work.finished.connect(self._end)
        self._work.cancelled.connect(self._cancelled)
        self._work.failed.connect(self._fail)
        self._slow = QTimer(self, singleShot=True, interval=WAIT)
        self._slow.timeout.connect(self._show_progress)
        self.trust = TrustPanel()
        self._build()
        self._clear()
        self._show_chosen()

    @property
    def explanations(self) -> dict[str, Explanation]:
        """What is shown, by method."""
        found = {name: tile.view.explanation for name, tile in self.tiles.items() if self._chips[name].isChecked()}
        return {name: one for name, one in found.items() if one is not None}

    def set_network(self, network: OpenNetwork | None) -> None:
        """Offers the classes and the layers of another network."""
        self._work.drop()
        self._rest()
        self._network, self._subject, self._waiting = network, None, None
        self._scores = None if network is None else network.scores
        self._clear()
        with QSignalBlocker(self._class), QSignalBlocker(self._layer):
            for box in (self._class, self._layer):
                box.clear()
            self._class.addItem("Answer", None)
            if self._scores is not None:
                for number, name in enumerate(self._scores.classifier.classes):
                    self._class.addItem(name, number)
                for layer in self._scores.map_layers:
                    self._layer.addItem(f"{layer.name}  {shape(layer.shape[:2])}", layer.name)
                self._layer.setCurrentIndex(self._layer.findData(self._scores.last_map_layer))
        self._layer.setEnabled(self._layer.count() > 0)
        self.trust.set_scores(self._scores)
        self._show_chosen()

    def show_subject(self, subject: Subject) -> None:
        """Explains another image, as soon as the one before is done."""
        if self._subject is None or not np.array_equal(subject.image, self._subject.image):
            self._subject = subject
            self._ask()

    def forget(self) -> None:
        """Shows nothing until there is an image."""
        self._subject = self._waiting = None
        self._work.cancel()
        self._clear()

    def shut_down(self) -> None:
        """Stops explaining and checking."""
        self._waiting = None
        self._work.shut_down()
        self.trust.shut_down()

    def _build(self) -> None:
        self._class = combo("explained_class", "Class", "Whose score is explained: why this class, or why not.", {})
        self._layer = combo(
            "explained_layer",
            "Layer",
            "Whose feature maps Grad-CAM looks at. Deep layers know what, shallow ones know where.",
            {},
        )
        baselines = {name: (one.title, one.description) for name, one in BASELINES.items()}
        self._baseline = combo(
            "explained_baseline", "Baseline", "What counts as “nothing there”, for all that compare.", baselines
        )
        for box in (self._class, self._layer, self._baseline):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(10 * GRID)
            box.currentIndexChanged.connect(self._ask)
        self._strength = slider(
            "explanation_strength",
            "Strength",
            "From the image alone, on the left, to the explanation alone, on the right.",
            (0, 100),
            self._set_strength,
        )
        self._strength.setValue(50)
        WheelGuard(self, self._class, self._layer, self._baseline, self._strength)
        controls = (self._class, self._layer, self._baseline, self._strength)
        bar = QGridLayout()
        bar.setSpacing(GRID // 2)
        bar.setHorizontalSpacing(2 * GRID)
        for place, (control, share) in enumerate(zip(controls, _SHARES, strict=True)):
            bar.addWidget(caption(control), 0, place)
            bar.addWidget(control, 1, place)
            bar.setColumnStretch(place, share)
        self._chips = {name: chip(f"show_{name}", method.title, method.tells) for name, method in EXPLANATIONS.items()}
        for button in self._chips.values():
            button.clicked.connect(self._choose)
        self._chip_rows = ButtonRows(list(self._chips.values()))
        self._words = label(role="secondary", name="explained_score", plain=True)
        self._grid = QGridLayout()
        self._grid.setSpacing(SECTION)
        self._hint = label("", "secondary", "why_hint")
        scroll = ScrollColumn()
        scroll.set_content(column(self._words, self._hint, self._grid, 2 * GRID, self.trust, STRETCH, gap=GRID))
        self._progress = widget_of(column(self._work))
        self._progress.hide()
        self.setLayout(column(bar, self._chip_rows, (scroll, 1), self._progress, gap=GRID))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many pictures stand beside each other as there is room for."""
        super().resizeEvent(event)
        self._chip_rows.fit(self.width())
        self._lay_out()

    @Slot()
    def _choose(self) -> None:
        self._chosen = ",".join(name for name, button in self._chips.items() if button.isChecked())
        self.settings.remember(_METHODS, self._chosen)
        self._show_chosen()
        self._ask()

    def _show_chosen(self) -> None:
        names = [name for name in self._chosen.split(",") if name in EXPLANATIONS]
        if not names:
            large = self._scores is not None and self._scores.classifier.input_shape[0] ** 2 >= LARGE
            names = list(SHOWN_OF_LARGE_ONES if large else SHOWN_AT_FIRST)
        for name, button in self._chips.items():
            button.setChecked(name in names)
        self._columns = 0
        self._lay_out()

    def _lay_out(self) -> None:
        shown = [tile for name, tile in self.tiles.items() if self._chips[name].isChecked()]
        room = self.width() - 2 * GRID + SECTION
        fitting = min(room // max(1, len(shown)) - SECTION, self.height() // 2)  # all beside each other
        side = 28 * max((SIDE - 4) // 28, min((fitting - 4) // 28, _LARGEST)) + 4
        columns = max(1, room // (side + SECTION))
        for tile in self.tiles.values():
            tile.set_side(side)
        if columns == self._columns:
            return
        self._columns = columns
        for tile in self.tiles.values():
            self._grid.removeWidget(tile)
            tile.hide()
        for place, tile in enumerate(shown):
            self._grid.addWidget(tile, *divmod(place, columns))
            tile.show()
        for place in range(self._grid.columnCount()):
            self._grid.setColumnStretch(place, 0)
        self._grid.setColumnStretch(columns, 1)

    @Slot(int)
    def _set_strength(self, value: int) -> None:
        for tile in self.tiles.values():
            tile.view.set_strength(value / 100)

    def _clear(self) -> None:
        for tile in self.tiles.values():
            tile.show_explanation(None)
        self._words.setText("")
        self._words.hide()
        card = None if self._network is None else self._network.classifier.card
        self._hint.setText(f"{texts_for(card).choose}: it is explained at once.")
        self._hint.show()
        self.trust.set_explanations({})

    @Slot()
    def _ask(self) -> None:
        """Explains what is shown now; while something is being explained, that comes first unless it takes long."""
        if self._subject is None or self._scores is None:
            return
        methods = tuple(name for name, button in self._chips.items() if button.isChecked())
        wish = Wish(
            self._subject,
            methods,
            self._class.currentData(),
            self._layer.currentData(),
            self._baseline.currentData(),
        )
        if self._work.running:
            self._waiting = wish
            if self._progress.isVisible():
                self._work.cancel()
            return
        self._set_placeholders(AT_WORK)
        self._work.run(partial(_explain, self._scores, wish), "Preparing the network for explanations …")
        self._slow.start()

    @Slot()
    def _show_progress(self) -> None:
        self._progress.setVisible(self._work.running)

    @Slot(object)
    def _take(self, found: Explanation | NotExplained) -> None:
        if self._subject is None:
            return
        tile = self.tiles[found.method]
        if isinstance(found, NotExplained):
            tile.show_reason(found.why)
            return
        tile.show_explanation(found)
        self._words.setText(
            breakable(
                f"Why “{found.class_name}”: what is explained is {found.words}. It is {format_value(found.score)} here."
            )
        )
        self._words.show()
        self._hint.hide()

    @Slot()
    def _cancelled(self) -> None:
        self._set_placeholders(NO_IMAGE if self._subject is None else STOPPED)
        self._end()

    def _set_placeholders(self, text: str) -> None:
        for tile in self.tiles.values():
            tile.view.set_placeholder(text)

    @Slot()
    def _end(self) -> None:
        self._rest()
        self.trust.set_explanations(self.explanations)
        wish, self._waiting = self._waiting, None
        if wish is not None:
            self._ask()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._clear()
        self._hint.hide()
        self.failed.emit(error)
        self._end()

    def _rest(self) -> None:
        self._slow.stop()
        self._progress.hide()


def _explain(scores: ClassScores, wish: Wish, on_event: Callable[[object], object], stop: threading.Event) -> None:
    """Explains by one method after the other, and tells each result."""
    for name in wish.methods:
        if stop.is_set():
            raise Cancelled
        if why := EXPLANATIONS[name].why_not(scores):
            on_event(NotExplained(name, why))
            continue
        found = explain(
            scores,
            wish.subject.image,
            name,
            class_name=wish.class_name,
            layer=wish.layer,
            baseline=wish.baseline,
            on_progress=ending_with(stop, on_event),
        )
        on_event(found)
