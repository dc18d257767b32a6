"""Whether explanations can be trusted: the sanity check, and the deletion and insertion curves, as results."""

import threading
from collections.abc import Callable, Mapping
from functools import cached_property, partial

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, Slot
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QGridLayout, QPushButton, QWidget

from cnnstudio.explaining.baselines import BASELINES
from cnnstudio.explaining.explanation import Explanation
from cnnstudio.explaining.explanations import EXPLANATIONS
from cnnstudio.explaining.faithfulness import FaithfulnessCurves, faithfulness
from cnnstudio.explaining.sanity import SanityCheck, sanity_check
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, bring_into_sight, column, hand_focus, row, widget_of
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages.choosers.network_input.session import dataset_of
from cnnstudio.gui.widgets.charts.line_chart import Line, LineChart
from cnnstudio.progress import ending_with
from cnnstudio.wording import counted

IMAGES = 16
"""Test images of the sanity check; of a network without any, the image that is shown."""

KEEPS = 0.5
"""From this rank correlation on, in the mean of all random networks, pictures are said to stay as they were."""

_TITLES = {
    "deletion": "Pixels taken away, {} in their place",
    "insertion": "Pixels put in, {} before",
}


class TrustPanel(QWidget):
    """Two checks of the explanations that are shown, each with a button and its curves."""

    def __init__(self) -> None:
        super().__init__()
        self._scores: ClassScores | None = None
        self._explanations: Mapping[str, Explanation] = {}
        self._check: SanityCheck | None = None
        self._message = MessageBar(self)
        self._work = ProgressPanel("checking", "Checking", "Stops the check.")
        self._work.finished.connect(self._take)
        self._work.failed.connect(self._message.show_failure)
        self._work.cancelled.connect(self._enable)
        self._work.failed.connect(self._enable)
        self._sanity_button = push_button(
            "sanity_button",
            "&Sanity check",
            "Makes a copy of the network forget what it has learnt, layer by layer, and compares the pictures. What "
            "stays the same does not show what the network has learnt.",
            self._test,
        )
        self._faithful_button = push_button(
            "faithfulness_button",
            "Deletion and &insertion",
            "Takes away the pixels that a picture calls important, the strongest first, and looks how fast the "
            "probability falls; then puts them in. A good picture is better than a random order.",
            self._follow,
        )
        self._pressed = self._sanity_button
        """The button of the check that was begun last, which has the focus again when it ends."""
        self._build()
        self._enable()

    def set_scores(self, scores: ClassScores | None) -> None:
        """Another network is open: what was checked is no longer true."""
        self._work.drop()
        self._scores, self._check = scores, None
        self._sanity.hide()
        self.set_explanations({})

    def set_explanations(self, explanations: Mapping[str, Explanation]) -> None:
        """Other explanations are shown; deletion and insertion are about one image, so their curves go."""
        if {name: one.asked for name, one in explanations.items()} != {
            name: one.asked for name, one in self._explanations.items()
        }:
            self._faithful.hide()
        self._explanations = explanations
        self._enable()

    def shut_down(self) -> None:
        """Stops the check."""
        self._work.shut_down()

    # Charts are made when there is something to show: they would take half of the time in which the view opens.

    @cached_property
    def sanity(self) -> LineChart:
        """The chart of the sanity check."""
        chart = LineChart(
            "sanity_chart",
            "How like the pictures stay while the network forgets",
            "Each step makes one more layer random, from the last one on. 1: the same picture; 0: nothing in common. "
            "Of digits only the box around the ink is compared, for the empty border is always the same.",
            ("random from the last layer down to", "rank correlation ρ"),
            (-0.3, 1.0),
        )
        around = self._sanity.layout()
        assert isinstance(around, QBoxLayout)
        around.insertWidget(0, chart)
        return chart

    @cached_property
    def charts(self) -> tuple[LineChart, ...]:
        """Those of deletion and insertion."""
        charts = []
        for number, (kind, baseline) in enumerate(
            (kind, baseline) for baseline in ("black", "blurred") for kind in ("deletion", "insertion")
        ):
            chart = LineChart(
                f"{kind}_{baseline}_chart",
                _TITLES[kind].format(BASELINES[baseline].title.lower()),
                "The lower the better." if kind == "deletion" else "The higher the better.",
                ("pixels, strongest first (%)", "probability"),
                (0.0, 1.0),
            )
            charts.append(chart)
            self._grid.addWidget(chart, *divmod(number, 2))
        return tuple(charts)

    def _build(self) -> None:
        self._unsigned = describe(
            QCheckBox("Without signs"),
            "sanity_unsigned",
            "Without signs",
            "Compares how strong the pixels are, whether they speak for the class or against it. Methods that multiply "
            "with the image keep its shape, however random the network is.",
        )
        self._unsigned.toggled.connect(self._show_sanity)
        self._verdict = label(name="sanity_verdict")
        self._sanity = widget_of(column(self._unsigned, self._verdict))
        self._grid = QGridLayout()
        self._grid.setSpacing(SECTION)
        self._areas = label(name="faithfulness_verdict")
        self._faithful = widget_of(column(self._grid, self._areas))
        for part in (self._sanity, self._faithful):
            part.hide()
        self._hint = label(
            "Two checks of the pictures above. The first asks whether they depend on what the network has learnt, the "
            "second whether the answer depends on what they show.",
            "secondary",
        )
        buttons = row(self._sanity_button, self._faithful_button, STRETCH, gap=2 * GRID)
        self.setLayout(
            column(
                label("Can they be trusted?", "strong"),
                self._hint,
                buttons,
                self._message,
                self._work,
                self._sanity,
                self._faithful,
                gap=GRID,
            )
        )

    @Slot()
    def _enable(self) -> None:
        ready = bool(self._explanations) and not self._work.running
        self._sanity_button.setEnabled(ready)
        self._faithful_button.setEnabled(ready)
        if ready:
            hand_focus(self, self._pressed)

    def _begin(self, pressed: QPushButton, check: Callable[..., object], sentence: str) -> None:
        self._message.hide()
        self._pressed = pressed
        hand_focus(pressed, self)
        self._work.run(check, sentence)
        self._enable()
        self._bring(self._work)

    def _bring(self, part: QWidget) -> None:
        """Scrolls to a part that has just appeared, unless this panel is out of sight."""
        if not self.visibleRegion().isEmpty():
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)  # it has no place until then
            bring_into_sight(part)

    @Slot()
    def _test(self) -> None:
        assert self._scores is not None
        methods = tuple(self._explanations)
        image = next(iter(self._explanations.values())).asked.image.astype(np.uint8)
        check = partial(_sanity, self._scores, image, methods)
        self._begin(self._sanity_button, check, "Copying the network …")

    @Slot()
    def _follow(self) -> None:
        assert self._scores is not None
        check = partial(_faithfulness, self._scores, list(self._explanations.values()))
        self._begin(self._faithful_button, check, "Taking pixels away …")

    @Slot(object)
    def _take(self, result: SanityCheck | tuple[FaithfulnessCurves, ...]) -> None:
        self._enable()
        if isinstance(result, SanityCheck):
            self._check = result
            self._show_sanity()
            self._bring(self._sanity)
            return
        for chart, curves in zip(self.charts, result, strict=True):
            lines = [
                Line(f"{EXPLANATIONS[name].title}: {curves.area(name):.2f}", values)
                for name, values in curves.probabilities.items()
            ]
            by_chance = Line(f"Random order: {curves.random_area:.2f}", curves.random, is_reference=True)
            chart.set_lines(100 * curves.shares, [*lines, by_chance])
        self._areas.setText("\n".join(areas_of(result)))
        self._faithful.show()
        self._bring(self._faithful)

    @Slot()
    def _show_sanity(self) -> None:
        if self._check is None:
            return
        curves = self._check.unsigned if self._unsigned.isChecked() else self._check.signed
        lines = [Line(EXPLANATIONS[name].title, values) for name, values in curves.items()]
        self.sanity.set_lines(np.arange(len(self._check.stages) + 1), lines, ("as it is", *self._check.stages))
        self._verdict.setText("\n".join(verdicts_of(self._check, curves)))
        self._sanity.show()


def verdicts_of(check: SanityCheck, curves: Mapping[str, np.ndarray]) -> list[str]:
    """What a sanity check says of each method, as sentences."""
    found = [f"Mean of {counted(check.images, 'image')}:"]
    for name, values in curves.items():
        mean = float(values[1:].mean())
        says = (
            "stays much as it was: do not read the network's reasons off it"
            if mean >= KEEPS
            else "changes, as it should"
        )
        found.append(f"{EXPLANATIONS[name].title} {says} (ρ {_correlation(mean)}).")
    return found


def _correlation(value: float) -> str:
    """A rank correlation with two decimals; none is −0."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def areas_of(curves: tuple[FaithfulnessCurves, ...]) -> list[str]:
    """What deletion and insertion say of each method, as sentences."""
    found = ["The numbers are the areas under the curves: on the left the lower the better, on the right the higher."]
    for name in curves[0].probabilities:
        better = sum(one.is_better_than_random(name) for one in curves)
        found.append(f"{EXPLANATIONS[name].title} is better than a random order in {better} of {len(curves)} curves.")
    return found


def _sanity(
    scores: ClassScores,
    image: np.ndarray,
    methods: tuple[str, ...],
    on_event: Callable[[object], object],
    stop: threading.Event,
) -> SanityCheck:
    tell = ending_with(stop, on_event)
    images = [image]
    entry = dataset_of(scores.classifier.card)
    if entry is not None and entry.is_here() and entry.image_shape == scores.classifier.input_shape:
        images = list(entry.load(tell).test.images[:IMAGES])
    return sanity_check(scores, images, methods, on_progress=tell)


def _faithfulness(
    scores: ClassScores,
    explanations: list[Explanation],
    on_event: Callable[[object], object],
    stop: threading.Event,
) -> tuple[FaithfulnessCurves, ...]:
    return faithfulness(scores, explanations, on_progress=ending_with(stop, on_event))
