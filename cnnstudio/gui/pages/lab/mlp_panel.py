"""An MLP beside a CNN: how many weights they need, and what they make of a digit that is moved or turned."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout
from typing_extensions import override

from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import WheelGuard, caption, combo, number, set_value, slider
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.curve_view import Curve, CurveView
from cnnstudio.gui.pages.lab.panel_states import check_names, checked_choice, checked_number
from cnnstudio.gui.pages.lab.panels import Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask, Task
from cnnstudio.gui.widgets.images.matrix import EDGE, Matrix, number_text
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.lab.dense import FirstLayer
from cnnstudio.lab.pooling import shifted
from cnnstudio.storage import shipped
from cnnstudio.wording import certainty, counted, percent

if TYPE_CHECKING:
    from cnnstudio.models.trained.classifier import Classifier

NETWORKS = {"mlp": "MLP", "cnn": "CNN"}
"""The two networks by the names of their folders in assets/lab, and what they are called."""

SIDES = (28, 32, 64, 96, 128, 160, 224, 320, 448, 640)
"""Of pictures, for which weights are counted."""

CHANNELS = {1: ("Grey", "One number a pixel."), 3: ("Colour", "Three numbers a pixel.")}
FARTHEST, STEEPEST = 8, 45
"""How far the digit is moved, in pixels, and turned, in degrees, either way."""

_CELL = 34

COMPARED = 400
"""Test images on which the networks are compared."""


@dataclass(frozen=True, eq=False)
class Networks:
    """What the comparison needs.

    Attributes:
        classifiers: by the keys of `NETWORKS`.
        images: (n, 28, 28, 1) uint8 of the test split, which neither of them has learnt from.
        labels: (n,) what they show.
        moves: pixels by which all were moved.
        right: for each network the share that it got right, by move.
    """

    classifiers: "dict[str, Classifier]"
    images: np.ndarray
    labels: np.ndarray
    moves: np.ndarray
    right: dict[str, np.ndarray]


def load_networks(on_event: Callable[[object], object], stop: threading.Event) -> Networks | None:
    """Loads both networks and test images, and asks both about moved images; None where it was stopped."""
    from cnnstudio.data.library import load_dataset
    from cnnstudio.models.trained.library import load_classifier

    on_event("Loading the two networks …")
    classifiers = {name: load_classifier(shipped("assets/lab") / name) for name in NETWORKS}
    test = load_dataset("mnist").test
    images, labels = np.asarray(test.images[:COMPARED]), np.asarray(test.labels[:COMPARED])
    moves = np.arange(-FARTHEST, FARTHEST + 1)
    right: dict[str, list[float]] = {name: [] for name in NETWORKS}
    for move in moves.tolist():
        if stop.is_set():
            return None
        on_event(f"Asking both about {COMPARED} digits, moved by {number_text(move)} …")
        moved = shifted(images.transpose(1, 2, 0, 3), 0, move).transpose(2, 0, 1, 3)
        for name, classifier in classifiers.items():
            right[name].append(float((classifier.predict_many(moved).argmax(axis=1) == labels).mean()))
    return Networks(classifiers, images, labels, moves, {name: np.array(shares) for name, shares in right.items()})


def changed(image: np.ndarray, across: int, down: int, turn: int) -> np.ndarray:
    """A digit, (28, 28, 1) uint8, turned clockwise by degrees and moved by pixels."""
    turned = np.asarray(Image.fromarray(image[..., 0]).rotate(-turn, Image.Resampling.BILINEAR))
    return shifted(turned, down, across)[..., np.newaxis]


def ask(networks: Networks, image: np.ndarray) -> dict[str, np.ndarray]:
    """What each network says of an image, (10,) probabilities."""
    return {name: one.predict_many(image[np.newaxis])[0] for name, one in networks.classifiers.items()}


class MlpPanel(Panel):
    """Weights counted for any size of picture, and one digit that both networks see.

    Signals:
        answered(object): what each network says of the digit is on screen, by name.
    """

    answered = Signal(object)

    def __init__(self, _settings: Settings, _library: Library) -> None:
        super().__init__()
        self._networks: Networks | None = None
        self._answers: dict[str, np.ndarray] = {}
        self._loading: Task | None = None
        self._message = MessageBar(self)
        self._asking = LatestTask(self)
        self._asking.finished.connect(self._show_answers)
        self._asking.failed.connect(self._message.show_failure)
        self._build_count()
        self._build_digit()
        controls = widget_of(
            row(caption(self._side), (self._side, 1), caption(self._channels), self._channels, gap=2 * GRID)
        )
        content = column(
            self._message,
            label("How many parameters the first layer has", "strong"),
            controls,
            row(caption(self._hidden), self._hidden, GRID, caption(self._filters), self._filters, STRETCH),
            self._count_text,
            self._count_curve,
            2 * GRID,
            label("The same digit, moved and turned", "strong"),
            self._progress,
            self._digit_box,
            self._right_text,
            self._right_curve,
            STRETCH,
        )
        scroll = ScrollColumn()
        scroll.set_content(content)
        self.setLayout(column(scroll))
        for control in (self._side, self._hidden, self._filters):
            control.valueChanged.connect(self._show_count)
        self._channels.currentIndexChanged.connect(self._show_count)
        for move in self._moves.values():
            move.valueChanged.connect(self._show_digit)
        self._show_count()
        self._show_digit()

    def _build_count(self) -> None:
        tip = "Height and width of the pictures, in pixels."
        self._side = slider("picture_side", "Size of the pictures", tip, (0, len(SIDES) - 1))
        self._side.setPageStep(1)
        self._channels = combo("picture_channels", "Pixels", "How many numbers a pixel has.", CHANNELS)
        self._hidden = number(
            WholeBox(1, 4096), "mlp_units", "Hidden units H", "Each is connected with every number of the picture."
        )
        self._hidden.setValue(256)
        self._filters = number(
            WholeBox(1, 1024), "cnn_filters", "Filters", "Of 3×3; each slides over the whole picture."
        )
        self._filters.setValue(32)
        for box in (self._hidden, self._filters):
            box.setFixedWidth(18 * GRID)
        self._count_text = label(name="count_text")
        self._count_curve = CurveView(
            "count_curve",
            "Weights of the first layer",
            "An MLP needs a weight for every pixel and unit, a CNN the same few everywhere. Each line up is ten times.",
            "Height and width of the picture, in pixels",
            "Parameters",
            logarithmic=True,
        )
        self._count_curve.setFixedHeight(26 * GRID)

    def _build_digit(self) -> None:
        self._progress = label(role="secondary", name="networks_progress")
        self._picture = PixelView("")
        describe(self._picture, "moved_digit", "The digit", "What both networks get.")
        self._picture.setFixedSize(20 * GRID, 20 * GRID)
        limits = {"across": FARTHEST, "down": FARTHEST, "turn": STEEPEST}
        titles = {"across": "Moved right", "down": "Moved down", "turn": "Turned"}
        tips = {
            "across": "In pixels; to the left below 0.",
            "down": "In pixels; up below 0.",
            "turn": "In degrees, clockwise; the other way below 0.",
        }
        self._moves = {
            name: slider(f"digit_{name}", titles[name], tips[name], (-limits[name], limits[name])) for name in limits
        }
        self._number = number(
            WholeBox(0, COMPARED - 1),
            "digit_number",
            "Test image",
            "Which of MNIST’s test images; none was learnt.",
        )
        self._number.setFixedWidth(18 * GRID)
        self._number.valueChanged.connect(self._show_digit)
        self._straight = push_button(
            "straight_button", "&Back to the middle", "Neither moved nor turned.", self._put_back, picture="reset"
        )
        self._figures = {name: label(role="secondary", name=f"digit_{name}_figure", wrap=False) for name in limits}
        form = QGridLayout()
        form.setSpacing(GRID)
        for place, (name, control) in enumerate(self._moves.items()):
            control.setPageStep(1)
            form.addWidget(caption(control), place, 0)
            form.addWidget(control, place, 1)
            form.addWidget(self._figures[name], place, 2)
            self._figures[name].setMinimumWidth(5 * GRID)
        form.setColumnStretch(1, 1)
        beside = column(row(caption(self._number), self._number, STRETCH), form, row(self._straight, STRETCH))
        self._says: dict[str, Matrix] = {}
        self._verdicts = {name: label(name=f"{name}_verdict") for name in NETWORKS}
        lines = QGridLayout()
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setVerticalSpacing(0)
        digits = [label(str(digit), "secondary", wrap=False) for digit in range(10)]
        for digit in digits:
            digit.setFixedWidth(_CELL)
            digit.setAlignment(Qt.AlignmentFlag.AlignCenter)
        lines.addLayout(row(EDGE, *digits, STRETCH, gap=0), 0, 1)
        for place, (name, title) in enumerate(NETWORKS.items(), start=1):
            self._says[name] = Matrix(f"{name}_answer", title, f"How sure the {title} is of each digit, 0 to 9.")
            self._says[name].set_cell_size(_CELL)
            lines.addWidget(label(title, "strong", wrap=False), place, 0)
            lines.addWidget(self._says[name], place, 1, Qt.AlignmentFlag.AlignLeft)
            lines.addWidget(self._verdicts[name], place, 2)
        lines.setColumnStretch(2, 1)
        self._digit_box = widget_of(column(row(self._picture, (beside, 1), gap=3 * GRID), lines))
        self._right_text = label(role="secondary", name="right_text")
        self._right_curve = CurveView(
            "right_curve",
            "Right answers over the move",
            f"How many of {COMPARED} test images each network gets right when all are moved sideways.",
            "Moved to the right, in pixels",
            "Right, in per cent",
        )
        self._right_curve.setFixedHeight(26 * GRID)
        for shown in (self._digit_box, self._right_text, self._right_curve):
            shown.hide()
        WheelGuard(self, self._side, self._channels, self._hidden, self._filters, self._number, *self._moves.values())

    # State.

    @override
    def state(self) -> dict[str, Any]:
        return {
            "side": SIDES[self._side.value()],
            "channels": self._channels.currentData(),
            "hidden": self._hidden.value(),
            "filters": self._filters.value(),
            "image": self._number.value(),
            **{name: control.value() for name, control in self._moves.items()},
        }

    @override
    def show_state(self, state: Mapping[str, Any]) -> None:
        check_names(state, self.state())
        whole = {**self.state(), **state}
        side = SIDES.index(checked_choice("side", whole["side"], SIDES))
        channels = checked_choice("channels", whole["channels"], list(CHANNELS))
        limits = {"hidden": (1, 4096), "filters": (1, 1024), "image": (0, COMPARED - 1)}
        limits |= {name: (control.minimum(), control.maximum()) for name, control in self._moves.items()}
        values = {name: int(checked_number(name, whole[name], *limits[name])) for name in limits}
        self._side.setValue(side)
        set_value(self._channels, channels)
        for name, box in (("hidden", self._hidden), ("filters", self._filters), ("image", self._number)):
            box.setValue(values[name])
        for name, control in self._moves.items():
            control.setValue(values[name])
        self._show_count()
        self._show_digit()

    @override
    def facts(self) -> dict[str, Any]:
        layer = self.first_layer
        said = {f"{name}_says": int(answer.argmax()) for name, answer in self._answers.items()}
        label_ = None if self._networks is None else int(self._networks.labels[self._number.value()])
        return self.state() | {"mlp_weights": layer.dense, "cnn_weights": layer.convolution, "label": label_, **said}

    @property
    def first_layer(self) -> FirstLayer:
        """What is counted."""
        side, channels = SIDES[self._side.value()], self._channels.currentData()
        return FirstLayer(side, channels, self._hidden.value(), filters=self._filters.value())

    @property
    def networks(self) -> Networks | None:
        """What is compared; None until both are loaded."""
        return self._networks

    @override
    def shut_down(self) -> None:
        self._asking.shut_down()
        if self._loading is not None:
            self._loading.shut_down()

    # What is done.

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Loads the networks when they are first wanted."""
        super().showEvent(event)
        if self._loading is None:
            self._loading = Task(load_networks, self)
            self._loading.reported.connect(self._progress.setText)
            self._loading.finished.connect(self._take)
            self._loading.failed.connect(self._fail)
            self._loading.start()

    @Slot(object)
    def _take(self, networks: Networks | None) -> None:
        if networks is None:
            return
        self._networks = networks
        self._progress.hide()
        for shown in (self._digit_box, self._right_text, self._right_curve):
            shown.show()
        curves = [
            Curve(NETWORKS[name], networks.moves.astype(np.float64), 100 * networks.right[name]) for name in NETWORKS
        ]
        self._right_curve.set_curves(curves)
        self._show_digit()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._progress.hide()
        self._message.show_failure(error)

    @Slot()
    def _put_back(self) -> None:
        for control in self._moves.values():
            control.setValue(0)

    # What is shown.

    @Slot()
    def _show_count(self) -> None:
        layer = self.first_layer
        self._count_text.setText(
            f"A picture of {layer.side}×{layer.side}×{layer.channels} has {layer.pixels:,} numbers. MLP: "
            f"{layer.pixels:,} × {layer.hidden:,} weights and {layer.hidden:,} biases = <b>{layer.dense:,}</b> "
            f"parameters. CNN: 3 × 3 × {layer.channels} × {layer.filters:,} weights and {layer.filters:,} biases = "
            f"<b>{layer.convolution:,}</b>, for any size."
        )
        sides = np.array(SIDES, np.float64)
        layers = [FirstLayer(side, layer.channels, layer.hidden, filters=layer.filters) for side in SIDES]
        self._count_curve.set_curves(
            [
                Curve("MLP", sides, np.array([one.dense for one in layers], np.float64)),
                Curve("CNN", sides, np.array([one.convolution for one in layers], np.float64)),
            ]
        )
        self._count_curve.mark(float(layer.side))
        self.changed.emit()

    @Slot()
    def _show_digit(self) -> None:
        for name, control in self._moves.items():
            shown = number_text(control.value())
            self._figures[name].setText(f"{shown}°" if name == "turn" else f"{shown} px")
        if self._networks is not None:
            moves = [control.value() for control in self._moves.values()]
            image = changed(self._networks.images[self._number.value()], *moves)
            self._picture.set_image(image)
            self._asking.submit(ask, self._networks, image)
            self._tell_right(moves[0])
        self.changed.emit()

    def _tell_right(self, move: int) -> None:
        if self._networks is None:
            return
        self._right_curve.mark(float(move))
        place = move + FARTHEST
        moved = f"moved {counted(abs(move), 'pixel')} to the {'right' if move > 0 else 'left'}" if move else "not moved"
        mlp, cnn = (percent(float(self._networks.right[name][place])) for name in NETWORKS)
        self._right_text.setText(
            f"Of {COMPARED} test images, all {moved}, the MLP gets {mlp} right and the CNN {cnn}; none of them is "
            "moved up or down, or turned. Both have learnt from digits in the middle alone. The CNN finds a stroke "
            "wherever it is, with the same weights; only its last, dense layers care where."
        )

    @Slot(object)
    def _show_answers(self, answers: dict[str, np.ndarray]) -> None:
        self._answers = answers
        if self._networks is None:
            return
        true = int(self._networks.labels[self._number.value()])
        for name, answer in answers.items():
            said = int(answer.argmax())
            self._says[name].set_values(answer[np.newaxis], (0.0, 1.0))
            verdict = "right" if said == true else f"wrong: it is a {true}"
            self._verdicts[name].setText(f"says {said}, {certainty(float(answer[said]))} sure: {verdict}")
        self.answered.emit(answers)
        self.changed.emit()
