"""“Robust or not?”: an image moved, turned and changed otherwise, and what two networks make of it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSignalBlocker, QTimer, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.explaining.attacks import ATTACKS, SmallestChange, smallest_change
from cnnstudio.explaining.scores import ClassScores
from cnnstudio.explaining.transformations import (
    TRANSFORMATIONS,
    RobustnessCurve,
    amounts_of,
    robustness_curve,
    transformed,
)
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import STRETCH, Part, ScrollColumn, column, no_wider, row, widget_of
from cnnstudio.gui.controls.progress_panel import ProgressBar, ProgressPanel
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages.choosers.network_input.input_texts import texts_for
from cnnstudio.gui.pages.inside.compared_network import OPEN, ComparedNetworks, NetworkPicker, is_augmented
from cnnstudio.gui.pages.inside.robust_column import RobustColumn
from cnnstudio.gui.pages.inside.transformation_sliders import TransformationSliders
from cnnstudio.gui.pages.inside.view import OpenNetwork, Subject, View
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.models.layer_kinds import group_of
from cnnstudio.models.trained.card import Card
from cnnstudio.progress import ending_with
from cnnstudio.wording import percent

SIDE, SMALL_SIDE = 5 * 28 + 4, 3 * 28 + 4
"""Of the two pictures with their frames, in device-independent pixels; and where there is little room."""

CLASSES = 4
"""At least so many classes have a curve."""

WAIT = 500
"""Milliseconds after which what takes longer shows that it is at work."""

_LEAST_CURVE, _LEAST_ATTACK = 31 * GRID, 42 * GRID
"""Below this width for each network, its curves stand below each other, and its smallest changes."""

_HIGHEST_CURVES = 60 * GRID
"""Where there is room, the curves are up to so high, in device-independent pixels."""

_LONGEST_LINE = 120 * GRID
"""Of text below what is two networks wide."""

_ROOMY = 80 * GRID
"""Below this width the pictures are small, so that the sliders beside them are long."""

_COMPARED = "inside/compared"
"""Under which the settings keep the path of the network that was compared last."""

_EMPTY = "{choose}: then move it, turn it or make it noisy, and see when the answer flips."

_NOTHING_LIKE_IT = (
    "There is no other network here that takes the same images and knows the same classes. Train one on the same data "
    "set, such as an MLP beside a CNN, and it is compared here."
)


@dataclass(frozen=True, eq=False)
class Question:
    """What the thread of the view is asked.

    Attributes:
        subject: the image and the network that is open.
        paths: of the networks, two where another one can be compared; None for the one that is open.
        name: the transformation that is looked at, over its whole range.
        others: how far the others go.
    """

    subject: Subject
    paths: tuple[Path | None, ...]
    name: str
    others: dict[str, float]

    def is_like(self, other: "Question | None") -> bool:
        """Whether the answer to another question answers this one."""
        return other is not None and vars(self) == vars(other)


@dataclass(frozen=True, eq=False)
class Followed:
    """The answer of one network.

    Attributes:
        curve: over the whole range; None where there is none.
        scores: of the network.
        problem: why there is no curve, as a sentence.
    """

    curve: RobustnessCurve | None
    scores: ClassScores | None = None
    problem: str = ""


class RobustView(View):
    """Sliders, the changed image beside the original, and a column for each of two networks.

    Attributes:
        sliders: how far the image is changed.
        columns: the two networks: at first the one that is open, and one of the other kind.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._network: OpenNetwork | None = None
        self._scores: ClassScores | None = None
        self._subject: Subject | None = None
        self._asked: Question | None = None
        self._answered: Question | None = None
        self._followed: tuple[Followed, ...] = ()
        self._compared = ComparedNetworks()
        self._task = LatestTask(self)
        self._task.finished.connect(self._take)
        self._task.failed.connect(self._fail)
        self._slow = QTimer(self, singleShot=True, interval=WAIT)
        self._work = ProgressPanel("attacking", "Looking for the smallest change", "Stops; what is found stays.")
        self._work.reported.connect(self._take_change)
        self._work.failed.connect(self.failed)
        for ended in (self._work.finished, self._work.cancelled, self._work.failed):
            ended.connect(self._enable)
        self._build()
        self.forget()

    @property
    def curves(self) -> tuple[RobustnessCurve | None, ...]:
        """What is shown of the two networks."""
        return tuple(one.curve for one in self.columns)

    @property
    def changed(self) -> np.ndarray | None:
        """The changed image that is shown."""
        return self._after.image

    def set_network(self, network: OpenNetwork | None) -> None:
        """Offers what can be compared with another network."""
        self._network = network
        self._scores = None if network is None else network.scores
        self.forget()
        if network is not None:
            self.sliders.set_shape(network.classifier.input_shape)
            self._offer(is_new=True)

    def show_subject(self, subject: Subject) -> None:
        """Changes another image in the same way."""
        if self._subject is not None and subject.image is self._subject.image:
            return
        self._subject = subject
        self._forget_changes()
        self._before.set_image(subject.image)
        self._empty.hide()
        self._content.show()
        self._change()

    def forget(self) -> None:
        """Says what to do while there is no image."""
        self._subject = None
        self._forget_curves()
        self._forget_changes()
        for view in (self._before, self._after):
            view.set_image(None)
        card = None if self._network is None else self._network.classifier.card
        self._empty.setText(_EMPTY.format(choose=texts_for(card).choose))
        self._content.hide()
        self._empty.show()

    def shut_down(self) -> None:
        """Waits for what is being computed."""
        self._slow.stop()
        self._work.shut_down()
        self._task.shut_down()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """What was trained meanwhile can be compared."""
        super().showEvent(event)
        self._offer()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """The networks stand beside each other where there is room."""
        super().resizeEvent(event)
        for pair, least in ((self._pair, _LEAST_CURVE), (self._attack_pair, _LEAST_ATTACK)):
            beside = self.width() >= 2 * least + 2 * SECTION
            pair.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        side = SIDE if self.width() >= _ROOMY else SMALL_SIDE
        for view in (self._before, self._after):
            view.setFixedSize(side, side)
        for one in self.columns:
            one.chart.set_height(min(self.height() // 4, _HIGHEST_CURVES))

    # The parts.

    def _build(self) -> None:
        self._before = describe(PixelView(""), "robust_original", "Original", "What the network got.")
        self._after = describe(PixelView(""), "robust_changed", "Changed", "What both networks get now.")
        pictures = []
        for view in (self._before, self._after):
            view.setFixedSize(SIDE, SIDE)
            pictures.append(column(view, label(view.accessibleName(), "small", wrap=False), STRETCH, gap=GRID // 2))
        self.sliders = TransformationSliders()
        self.sliders.changed.connect(self._change)
        back = push_button(
            "robust_reset_button",
            "&Back to the original",
            "Neither moved, nor turned, nor changed otherwise.",
            self.sliders.reset,
            role="quiet",
            picture="reset",
        )
        self.columns = (RobustColumn("first"), RobustColumn("second"))
        for one in self.columns:
            one.picker.changed.connect(self._choose)
            one.chart.picked.connect(self._pick)
        self._pair = row(*((one, 1) for one in self.columns), gap=SECTION)
        self._lesson = label(name="robust_lesson", plain=True)
        self._bar = ProgressBar("following_progress", "Asking the networks", "Each is asked about all changed images.")
        self._bar.show_part(0, None)
        self._bar.hide()
        self._slow.timeout.connect(self._bar.show)
        content = column(
            row(*pictures, (column(self.sliders, row(STRETCH, back), gap=GRID // 2), 1), gap=2 * GRID),
            self._bar,
            self._pair,
            no_wider(self._lesson, _LONGEST_LINE),
            2 * GRID,
            *self._attack_parts(),
            STRETCH,
            gap=GRID,
        )
        self._content = widget_of(content)
        self._empty = label("", "secondary", "robust_hint")
        scroll = ScrollColumn()
        scroll.set_content(column(self._empty, self._content, STRETCH, gap=0))
        self.setLayout(column(scroll))

    def _attack_parts(self) -> tuple[Part, ...]:
        self._attack_button = push_button(
            "attack_button",
            "Find the smallest chan&ge that flips it",
            "Looks, by the gradient, for the smallest change of the original image that makes each network answer "
            "otherwise.",
            self._attack,
        )
        hint = (
            "People see what the sliders do. A change that hardly anybody sees can flip the answer, too: it follows "
            "the gradient of the loss, by at most ε in each pixel. ε is in grey levels: 255 lead from black to white."
        )
        methods = " ".join(f"{one.title}: {one.tells[0].lower()}{one.tells[1:]}" for one in ATTACKS.values())
        self._attack_pair = row(*((one.attacks, 1) for one in self.columns), gap=SECTION)
        self._verdict = label(name="attack_verdict", plain=True)
        return (
            label("How little it takes", "strong"),
            no_wider(label(f"{hint} {methods}", "secondary"), _LONGEST_LINE),
            row(self._attack_button, STRETCH),
            self._work,
            self._attack_pair,
            self._verdict,
        )

    # The curves.

    def _offer(self, is_new: bool = False) -> None:
        """Offers the networks that there are now; with a new one that is open, another is chosen beside it."""
        network = self._network
        if network is None:
            return
        first, second = (one.picker for one in self.columns)
        for picker in (first, second):
            with QSignalBlocker(picker):
                picker.offer(network.name, network.classifier.card, network.models())
                if is_new:
                    picker.set_current(OPEN)
        if is_new or second.current_key == OPEN:
            is_dense = "Convolution" not in {group_of(layer.kind) for layer in network.classifier.layers}
            with QSignalBlocker(second):
                second.choose_other_kind(is_dense)
                second.set_current(
                    self.settings.recall(_COMPARED, "", "the network that is compared", second.others.__contains__)
                )
        second.setVisible(bool(second.others))
        if is_new or not second.others:
            self.columns[1].show_curve(None, (), 0)
            self.columns[1].say("" if second.others else _NOTHING_LIKE_IT)
        for one in self.columns:
            one.show_name()
        self._ask()

    @Slot()
    def _choose(self) -> None:
        self.settings.remember(_COMPARED, self.columns[1].picker.current_key)
        for one in self.columns:
            one.show_name()
        self._forget_changes()
        self._ask()

    @Slot(float)
    def _pick(self, amount: float) -> None:
        self.sliders.set_amount(self.sliders.current, amount)

    @Slot()
    def _change(self) -> None:
        """A slider has moved, or the image is another one."""
        if self._subject is not None:
            self._after.set_image(transformed(self._subject.image, self.sliders.amounts))
            self._ask()

    @property
    def _paths(self) -> tuple[Path | None, ...]:
        """Of the networks that are chosen; None for the one that is open."""
        first, second = (one.picker for one in self.columns)
        return (first.path, second.path) if second.others else (first.path,)

    def _ask(self) -> None:
        """Asks both networks for their curves; where only the slider that is looked at has moved, they are there."""
        if self._subject is None or self._scores is None:
            return
        sliders = self.sliders
        question = Question(self._subject, self._paths, sliders.current, sliders.others)
        if question.is_like(self._answered):
            for one in self.columns:
                one.mark(sliders.place)
        if not question.is_like(self._asked):
            self._asked = question
            for one in self.columns:
                one.expect(question.name, amounts_of(question.name, self._subject.image.shape), sliders.place)
            self._task.submit(_follow, self._scores, self._compared, question)
            if not self._slow.isActive() and not self._bar.isVisible():
                self._slow.start()

    @Slot(object)
    def _take(self, result: tuple[Question, tuple[Followed, ...]]) -> None:
        question, followed = result
        if self._asked is None or question.subject.classifier is not self._asked.subject.classifier:
            return
        if question.is_like(self._asked):
            self._rest()
        elif (question.name, question.paths) != (self._asked.name, self._asked.paths):
            return  # the answer to what is looked at now is on its way
        self._answered, self._followed = question, followed
        classes = classes_to_show([one.curve for one in followed if one.curve is not None])
        for one, answer in zip(self.columns, followed, strict=False):
            one.show_curve(answer.curve, classes, self.sliders.place)
            one.say(answer.problem)
        self._lesson.setText(breakable(_lesson(question.name, self.curves, [one.picker for one in self.columns])))
        self._enable()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._forget_curves()
        self._enable()
        self.failed.emit(error)

    def _forget_curves(self) -> None:
        self._asked = self._answered = None
        self._followed = ()
        self._rest()
        self._lesson.setText("")
        for one in self.columns:
            one.show_curve(None, (), 0)

    def _rest(self) -> None:
        self._slow.stop()
        self._bar.hide()

    # The smallest change.

    @Slot()
    def _attack(self) -> None:
        if self._subject is None:
            return
        self._forget_changes()
        networks = {place: one.scores for place, one in enumerate(self._followed) if one.scores is not None}
        self._work.run(partial(_attack, networks, self._subject.image), "Preparing the networks …")
        self._enable()

    @Slot(object)
    def _take_change(self, found: tuple[int, SmallestChange]) -> None:
        place, change = found
        self.columns[place].show_change(change)
        changes = [one.tiles[change.attack].change for one in self.columns]
        if change.attack == next(reversed(ATTACKS)):
            self._verdict.setText(breakable(_verdict(changes, [one.picker.title for one in self.columns])))
            self._verdict.setVisible(bool(self._verdict.text()))

    def _forget_changes(self) -> None:
        self._work.drop()
        for one in self.columns:
            one.forget_changes()
        self._verdict.hide()
        self._enable()

    @Slot()
    def _enable(self) -> None:
        known = self._answered is not None and self._answered.paths == self._paths
        self._attack_button.setEnabled(known and not self._work.running)


def _follow(
    scores: ClassScores, compared: ComparedNetworks, question: Question
) -> tuple[Question, tuple[Followed, ...]]:
    """Asks the networks for their curves; what goes wrong with one that is only compared is said in its place."""
    found: list[Followed] = []
    for path in question.paths:
        try:
            asked = scores if path is None else compared.scores(path)
            curve = robustness_curve(asked, question.subject.image, question.name, question.others)
        except StudioError as error:
            if path is None:
                raise
            found.append(Followed(None, problem=str(error)))
        else:
            found.append(Followed(curve, asked))
    return question, tuple(found)


def _attack(
    networks: dict[int, ClassScores], image: np.ndarray, on_event: Callable[[object], object], stop: threading.Event
) -> None:
    """Looks for the smallest change by each method, and tells each that is found with the place of its network."""
    for place, scores in networks.items():
        for name in ATTACKS:
            on_event((place, smallest_change(scores, image, name, on_progress=ending_with(stop, on_event))))


def classes_to_show(curves: Sequence[RobustnessCurve]) -> list[int]:
    """The classes to show of all curves: the answers, all that win anywhere, and others that come near it."""
    if not curves:
        return []
    highest = np.max([curve.probabilities.max(axis=0) for curve in curves], axis=0)
    order = np.argsort(-highest, kind="stable").tolist()
    winners = {number for curve in curves for number in curve.probabilities.argmax(axis=1).tolist()}
    first = list(dict.fromkeys([*(curve.answer for curve in curves), *(one for one in order if one in winners)]))
    return [*first, *(one for one in order if one not in first)][: max(CLASSES, len(first))]


def _lesson(name: str, curves: Sequence[RobustnessCurve | None], pickers: Sequence[NetworkPicker]) -> str:
    """What the curves say of the two networks, and what the transformation says of networks at all."""
    lines = [TRANSFORMATIONS[name].lesson]
    first, second = curves
    if first is not None and second is not None:
        titles = [picker.title for picker in pickers]
        lines.insert(0, _comparison((first, second), titles))
        lines.append(_fairness([picker.card for picker in pickers], titles))
    return " ".join(line for line in lines if line)


def _comparison(curves: Sequence[RobustnessCurve], titles: Sequence[str]) -> str:
    """Which network keeps its answer farther, as a sentence; nothing where neither does."""
    shares = [curve.kept_share for curve in curves]
    if not any(shares):
        return ""  # said of each already
    first, second = (percent(share) for share in shares)
    if first == second:
        return f"Around the original, both keep their answers over {first} of the range without a break."
    keeps = f"{titles[0]} keeps its answer over {first} of the range without a break, {titles[1]} over {second}"
    return f"Around the original, {keeps}."


def _fairness(cards: Sequence[Card], titles: Sequence[str]) -> str:
    """What to say where one network has learnt from varied images and the other has not; else nothing."""
    augmented = [is_augmented(card) for card in cards]
    if None in augmented or augmented[0] == augmented[1]:
        return ""
    taught, untaught = titles if augmented[0] else titles[::-1]
    return f"Mind that {taught} has learnt from images that were varied, {untaught} from images as they are."


def _verdict(changes: Sequence[SmallestChange | None], titles: Sequence[str]) -> str:
    """What the smallest changes of two networks say together; nothing where they say nothing."""
    first, second = changes
    if first is None or second is None or (first.epsilon is None and second.epsilon is None):
        return ""
    bound = "A cleverer method may need less."
    if first.epsilon is None or second.epsilon is None:
        stays, flips = titles if first.epsilon is None else titles[::-1]
        return f"{flips} flips; {stays} does not, up to ε = {first.limit:g}. {bound}"
    ratio = max(first.epsilon, second.epsilon) / min(first.epsilon, second.epsilon)
    if ratio < 1.1:
        return f"Both flip at about the same ε. {bound}"
    more, less = titles if first.epsilon > second.epsilon else titles[::-1]
    return f"{more} takes {ratio:.1f} times the change that flips {less}. {bound}"
