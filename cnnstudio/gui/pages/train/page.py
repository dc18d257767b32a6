"""The Train page: choose, press Train, watch the network learn."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QStackedLayout, QStackedWidget, QWidget
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.data.augmentation.changes import AugmentationSpec
from cnnstudio.data.report import LeftOut
from cnnstudio.gui.controls.buttons import chip, chip_group, push_button
from cnnstudio.gui.controls.describe import breakable, label, set_role
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.progress_panel import ProgressBar
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages import Page
from cnnstudio.gui.pages.choosers.images import BringImages
from cnnstudio.gui.pages.choosers.models import IN_USE
from cnnstudio.gui.pages.choosers.names import name_of
from cnnstudio.gui.pages.train.form import TrainingForm
from cnnstudio.gui.pages.train.learning_view import LearningView
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask, Task
from cnnstudio.models.architectures.architecture import Architecture
from cnnstudio.models.networks.files import Network, is_own
from cnnstudio.models.trained.card import Card, read_card
from cnnstudio.progress import Progress
from cnnstudio.training.config import TrainingConfig, is_pretrained
from cnnstudio.training.events import Batches, EpochEnd, Event, Preparing, Probe, Started, Stopped
from cnnstudio.training.runs import History, config_of_run, histories_up_to_run
from cnnstudio.wording import counted, duration, percent

if TYPE_CHECKING:
    from cnnstudio.gui.widgets.charts.training_plot import TrainingPlot
    from cnnstudio.training.reporter import ProbeChoice, Prober
    from cnnstudio.training.trainer import TrainingResult


NARROW_PAGE = 137 * GRID
"""In pages narrower than this, the curves and what the network sees share one place."""

_LINKS = Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard


ReadRun = tuple[Path, Card, list[History], dict[str, Any]]
"""A run's folder and what it keeps; its history stands behind those of the runs that it goes on from."""


@dataclass(frozen=True)
class Trained:
    """A training that is over, from which another one can go on.

    Attributes:
        run: the run's folder.
        architecture: as in its config.
        name: what people call its model.
        test_accuracy: share of the test images that are right, 0–1; None where nobody measured.
        prober: asks its network about other images; None where that is not in memory any more.
    """

    run: Path
    architecture: str
    name: str
    test_accuracy: float | None
    prober: "Prober | None" = None


class TrainPage(Page):
    """Choices on the left, plots in the middle, what the network sees on the right."""

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        super().__init__(library)
        self._settings = settings
        self._task: Task | None = None
        self._config = TrainingConfig()
        self._epochs = self._batches = 0
        self._done = 0.0
        self._result: Trained | None = None
        self._classes: tuple[str, ...] = ()
        self._probe: ProbeChoice | None = None
        self._seen = LearningView()
        self._seen.another_wanted.connect(self._change_probe)
        self._reading = LatestTask(self)
        self._reading.finished.connect(self._show_run)
        self._reading.failed.connect(self._message.show_failure)
        self._run_wanted: Path | None = None
        self._looking = LatestTask(self)
        self._looking.finished.connect(self._show_probe)
        self._columns = row(self._build_choices(), (self._build_middle(), 1), self._seen, gap=SECTION, edge=SECTION)
        self.setLayout(self._columns)
        self._form.recall(lambda name, *rest: settings.recall(f"train/{name}", *rest))
        self._came_with = self._form.config
        """What was chosen when the page came to the front."""
        self._asked: set[str] = set()
        """Which fields of `TrainingConfig` other pages have had chosen since then."""
        self._form.changed.connect(self._message.hide)  # it spoke of what was chosen before
        self._form.changed.connect(self._invite)
        self._invite()

    @property
    def config(self) -> TrainingConfig:
        """What is chosen for the next training."""
        return self._form.config

    @config.setter
    def config(self, config: TrainingConfig) -> None:
        self._form.config = config

    @property
    def task(self) -> Task | None:
        """The training that runs; None where none does."""
        return self._task

    def warm_up(self) -> None:
        """Imports what draws the curves, so that Train is answered at once; `plot` has the reason.

        Not in a thread: PySide (6.11) crashes where two threads touch classes of Qt for the first time.
        """
        _training_plot()

    def entered(self) -> None:
        """Notes what is chosen, to say later what was changed for the user."""
        super().entered()
        self._came_with = self._form.config
        self._asked.clear()

    def refresh(self) -> None:
        """The user may have brought or collected images since."""
        if self._task is None:
            self._form.refresh()
        if self._result is not None:
            self._result = dataclasses.replace(self._result, run=self.library.follow(self._result.run))

    @Slot(object)
    def receive(self, payload: str | AugmentationSpec | Architecture | Network | Path) -> None:
        """Takes a data set, by its name, an augmentation, a network or a run; not while a training runs."""
        if self._task is not None:
            self._message.show_info("Training is running. Stop it first, then choose something else.")
            return
        self._message.hide()
        self._scroll.verticalScrollBar().setValue(0)
        self._forget_result()
        self._run_wanted = None
        if isinstance(payload, Path):
            self._run_wanted = payload
            self._reading.submit(_read_run, payload)
            return
        if isinstance(payload, AugmentationSpec):
            self._form.choose_augmentation(str(payload))
            self._asked.add("augmentation")
        elif isinstance(payload, Architecture | Network):
            self._form.choose_network(payload)
            self._asked.add("architecture")
        else:
            self._form.choose_dataset(payload)
            self._asked.add("dataset")
        if not self.message:  # else it could not be chosen
            self._tell_choice(payload)

    def _tell_choice(self, payload: str | AugmentationSpec | Architecture | Network) -> None:
        """Says what was chosen as another page wanted it, and what was chosen with it."""
        dataset = self._form.dataset_words
        if isinstance(payload, AugmentationSpec):
            chosen = f"Your augmentation is chosen, to train on {dataset}"
        elif isinstance(payload, Architecture | Network):
            saved = "was saved and " if isinstance(payload, Network) and is_own(payload) else ""
            chosen = f"“{payload.title}” {saved}is chosen, to be trained on {dataset}"
        else:
            chosen = f"{dataset} is chosen"
        suited = self._form.changes_since(self._came_with, self._asked)
        chosen += f", and what suits it: {', '.join(suited)}." if suited else "."
        config = self._form.config
        if config.image_size != self._came_with.image_size and is_pretrained(config.architecture):
            chosen += " A network that knows photos does best with images of that size."
        self._message.show_info(chosen)

    @Slot(object)
    def _show_run(self, read_run: ReadRun) -> None:
        """Shows a training of before: its curves, its options and its result."""
        folder, card, histories, kept = read_run
        if self._task is not None or folder != self._run_wanted:
            return  # another training was begun or something else chosen meanwhile
        height, _, channels = card.input_shape
        kept |= {"image_size": height, "channels": channels}
        lost: list[str] = []

        def read(name: str, default: Any, what: str, is_usable: Callable[[Any], bool]) -> Any:
            value = kept.get(name)
            if value is None or (type(value) is type(default) and is_usable(value)):
                return default if value is None else value
            lost.append(what)
            return default

        self._form.recall(read)
        for number, history in enumerate(histories):
            self.plot.reset(max(1, len(history.epochs)), history.batches_per_epoch, goes_on=number > 0)
            self.plot.add_batches(0, np.array(history.loss), np.array(history.accuracy))
            for epoch in history.epochs:
                self.plot.add_epoch(*dataclasses.astuple(epoch))
        self._curves.setCurrentWidget(self.plot)
        name = name_of(card, folder.name, "run")
        self._result = Trained(folder, str(kept.get("architecture")), name, card.test_accuracy)
        day = datetime.fromisoformat(card.created).astimezone() if card.created else None
        when = f" on {day.day} {day:%B %Y}" if day else ""
        start = kept.get("start_from")
        origin = f", going on from “{self._name_of(Path(start))}”" if isinstance(start, str) else ""
        reached = card.test_accuracy
        right = "" if reached is None else f": <b>{percent(reached)}</b> of the test images right"
        mistakes = "" if reached in (None, 1) else f" {_link('See its mistakes')}."
        self._status.setText(f"{escape(f'{name}, trained{when}{origin}')}{right}.{mistakes}")
        if mistakes:
            self._status.setTextInteractionFlags(_LINKS)
        self._progress.show_part(1, 1)
        self._show_result(histories[-1].advice, card.left_out)
        if lost:
            self._more_button.setVisible(kept.get("dataset") == self._form.config.dataset)
            self._message.show_info(f"These are not here any more, or cannot be chosen: {', '.join(lost)}.")

    def _name_of(self, path: Path) -> str:
        entry = self.library.model(self.library.follow(path))
        return path.name if entry is None else name_of(entry.card, entry.name, entry.kind)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow page, what the network sees moves to where the curves are, and two chips choose between them."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW_PAGE
        if narrow != self._pane_chips.isHidden():
            return
        self._pane_chips.setVisible(narrow)
        self._fit_foot()
        if narrow:
            self._panes.addWidget(self._seen)
            self._panes.setCurrentIndex(self._chosen_pane.checkedId())
        else:
            self._columns.addWidget(self._seen)
            self._seen.show()

    def _fit_foot(self) -> None:
        """The buttons stand beside what is said where there is room for both, else below it."""
        below = self.width() < NARROW_PAGE or not self._advice.isHidden()
        self._foot.setDirection(QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight)

    @property
    def busy(self) -> str | None:
        """What would be interrupted if the window closed now, in words."""
        return "Training is running." if self._task is not None else None

    def shut_down(self) -> None:
        """Stops a running training, keeps what it learnt, and waits until it has been saved."""
        if self._task is not None:
            self._task.shut_down()
            self._task = None
        self._looking.shut_down()
        self._reading.shut_down()
        self._form.remember(self._settings)

    def _build_choices(self) -> QWidget:
        self._form = TrainingForm(self.library, self._message)
        self._form.own_images_wanted.connect(partial(self.navigate.emit, "data", BringImages()))
        self._scroll = ScrollColumn()
        self._scroll.setWidget(self._form)
        self._train_button = push_button(
            "train_button",
            "&Train",
            "Shows the training images to the network, batch by batch, and moves its weights so that the loss falls.",
            self.start,
            role="primary",
        )
        self._stop_button = push_button(
            "stop_button", "&Stop", "Stops after this batch and keeps what was learnt.", self.stop
        )
        self._buttons = QStackedLayout()
        self._buttons.addWidget(self._train_button)
        self._buttons.addWidget(self._stop_button)
        buttons = widget_of(self._buttons)
        buttons.setFixedHeight(5 * GRID)
        choices = widget_of(column(label("Train a network", "heading"), (self._scroll, 1), buttons, gap=2 * GRID))
        choices.setFixedWidth(36 * GRID)
        return choices

    def _build_middle(self) -> QWidget:
        empty = label("Press Train: the loss of every batch appears here.", "secondary")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._curves = QStackedLayout()
        self._curves.addWidget(empty)
        self._progress = ProgressBar(
            "training_progress", "Progress of the training", "How much of the training is done."
        )
        self._progress.show_part(0, 1)
        self._status = label(name="training_status")
        self._status.setAccessibleName("State of the training")
        self._status.linkActivated.connect(self._show_mistakes)
        self._try_button = push_button(
            "try_button",
            "Try &it",
            "Draw a digit or open a picture, and see what this network answers.",
            self._try_it,
            role="primary",
        )
        self._try_button.hide()
        self._more_button = push_button(
            "train_more_button",
            "Train &more",
            "Goes on from what this network has learnt, with the options on the left; both results are kept.",
            self.train_more,
        )
        self._more_button.hide()
        self._advice = label(name="training_advice", plain=True)
        self._advice.setAccessibleName("What is odd about the result")
        self._advice.hide()
        buttons = row(self._more_button, self._try_button, gap=2 * GRID)
        self._foot = row((column(self._status, self._advice), 1), buttons, gap=2 * GRID)
        self._foot.setAlignment(buttons, Qt.AlignmentFlag.AlignRight)
        self._panes = QStackedWidget()
        self._panes.addWidget(widget_of(self._curves))
        return widget_of(
            column(
                self._message,
                self._build_pane_chips(),
                (self._panes, 1),
                self._progress,
                self._foot,
                gap=2 * GRID,
            )
        )

    def _build_pane_chips(self) -> QWidget:
        """What is shown where there is no room for both; hidden where there is."""
        chips = (
            chip("curves_chip", "Curves", "The loss and the accuracy of every batch and of every epoch."),
            chip("seen_chip", "What it sees", "The first kernels and feature maps, as the network learns."),
        )
        self._chosen_pane = chip_group(self, chips, self._panes.setCurrentIndex)
        self._pane_chips = widget_of(row(*chips, STRETCH))
        self._pane_chips.hide()
        return self._pane_chips

    @cached_property
    def plot(self) -> "TrainingPlot":
        """The curves of the training, made for the first one: pyqtgraph takes as long to import as Qt and NumPy."""
        plot = _training_plot()()
        self._curves.addWidget(plot)
        return plot

    @Slot()
    def start(self) -> None:
        """Starts a training of what is chosen."""
        self._start(self._form.config)

    @Slot()
    def train_more(self) -> None:
        """Starts a training that goes on from the result."""
        if self._result is not None:
            result, chosen = self._result, self._form.config
            self._start(dataclasses.replace(chosen, architecture=result.architecture, start_from=str(result.run)))
            reached = result.test_accuracy
            gets = "" if reached is None else f", which gets {percent(reached, 2)} of the test images right"
            self._message.show_info(f"This training goes on from “{result.name}”{gets}.")

    @property
    def _goes_on(self) -> bool:
        """Whether the training goes on from the one whose curves are shown."""
        return self._config.start_from is not None

    def _start(self, config: TrainingConfig) -> None:
        if self._task is not None:
            return
        self._config = config
        self._message.hide()
        self._forget_result(keep_curves=self._goes_on)
        if not self._goes_on:
            self.plot.reset(self._config.epochs, 0)
            self._curves.setCurrentWidget(self.plot)
        self._form.set_locked(True)
        self._stop_button.setEnabled(True)
        self._buttons.setCurrentWidget(self._stop_button)
        self._stop_button.setFocus()
        self._progress.show_part(0, None)
        self._status.setText("Getting ready …")
        # What only a training needs must not hold the window up.
        from cnnstudio.training.reporter import ProbeChoice
        from cnnstudio.training.trainer import train

        self._probe = ProbeChoice()
        self._seen.set_changeable(True)
        self._task = Task(partial(train, self._config, probe=self._probe), self)
        self._task.reported.connect(self._show)
        self._task.finished.connect(self._finish)
        self._task.failed.connect(self._fail)
        self._task.start()

    def _forget_result(self, keep_curves: bool = False) -> None:
        """Back to the empty state: what was shown belongs to another data set or training."""
        self._done, self._result = 0.0, None
        self._status.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)  # no key stops at it
        for part in (self._more_button, self._try_button, self._advice):
            part.hide()
        self._fit_foot()
        set_role(self._train_button, "primary")
        self._seen.clear()
        if not keep_curves:
            self._curves.setCurrentIndex(0)
        self._progress.show_part(0, 1)
        self._invite()

    @Slot()
    def _invite(self) -> None:
        """Says what Train would train, while there is nothing else to say."""
        if self._task is None and self._result is None:
            self._status.setText(f"Ready: {escape(self._form.title)}.")

    @Slot()
    def stop(self) -> None:
        """Asks the running training to stop; it answers within one batch."""
        if self._task is not None:
            self._stop_button.setEnabled(False)
            self._status.setText("Stopping …")
            self._task.stop()

    @Slot(object)
    def _show(self, event: Event) -> None:
        match event:
            case Preparing():
                self._progress.show_part(0, None)
                if self._stop_button.isEnabled():
                    self._status.setText(f"{event.task} …")
            case Progress():
                self._progress.show_part(event.done, event.total)
                if self._stop_button.isEnabled():
                    self._status.setText(f"{event.task} · {wording.progress(event)}")
            case Started():
                self._classes, self._epochs = event.classes, event.epochs
                self._batches = event.epochs * event.batches_per_epoch
                self._show_advice(event.left_out)
                self.plot.reset(event.epochs, event.batches_per_epoch, self._goes_on)
                if self._stop_button.isEnabled():
                    self._status.setText(
                        f"Compiling the first steps … {event.parameters:,} weights. {_images_in_words(event)}"
                    )
            case Batches():
                self.plot.add_batches(event.first, event.loss, event.accuracy)
                done = event.first + len(event.loss)
                self._progress.show_part(done, self._batches)
                self._done = done / self._batches
                if self._stop_button.isEnabled():
                    before = self.plot.epochs_before
                    self._status.setText(
                        f"Epoch {before + event.epoch + 1} of {before + self._epochs} · "
                        f"{event.images_per_second:,.0f} images/s · {duration(event.seconds_left)} left"
                    )
            case EpochEnd():
                self.plot.add_epoch(event.epoch, event.loss, event.accuracy, event.val_loss, event.val_accuracy)
            case Probe():
                self._seen.show_probe(event, self._classes)
            case Stopped():
                self._progress.show_part(0, None)
                self._status.setText(f"Stopped after {event.batches:,} batches. Measuring on the test images …")

    @Slot(object)
    def _finish(self, result: "TrainingResult") -> None:
        self._end()
        self._settings.remember(IN_USE, str(result.run))
        name = name_of(result.classifier.card, result.run.name, "run")
        self._result = Trained(result.run, result.architecture, name, result.test_accuracy, result.prober)
        title = result.architecture_title
        images = result.test_images
        right = round(result.test_accuracy * images)
        begin = "Stopped. " if result.stopped else ""
        words = f"See the {counted(images - right, 'mistake')}"
        mistakes = f" {_link(words)}." if right < images else ""
        self._status.setText(
            f"{begin}Of {images:,} test images it had never seen, {title} recognises {right:,}: "
            f"<b>{percent(result.test_accuracy)}</b>.{mistakes} "
            f"Trained in {duration(result.train_seconds)} at {result.images_per_second:,.0f} images/s."
        )
        if mistakes:
            self._status.setTextInteractionFlags(_LINKS)
        self._progress.show_part(round(1000 * self._done) if result.stopped else 1000, 1000)
        self._show_result(result.advice, result.left_out)
        self._try_button.setFocus()

    def _show_advice(self, left_out: Sequence[LeftOut], advice: str = "") -> None:
        """Says what of the images is not used, and what is odd about the result."""
        text = " ".join([*(one.text for one in left_out), *filter(None, [advice])])
        self._advice.setText(breakable(text))
        self._advice.setVisible(bool(text))
        self._fit_foot()

    def _show_result(self, advice: str, left_out: Sequence[LeftOut]) -> None:
        """Shows what can be done with the result, which comes before another training."""
        self._show_advice(left_out, advice)
        self._more_button.show()
        self._try_button.show()
        set_role(self._train_button, "")

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        from cnnstudio.training.trainer import NothingTrained

        self._end()
        self._seen.set_changeable(False)
        self._progress.show_part(0, 1)
        if self._config.start_from is not None:  # what it went on from is still there
            self._run_wanted = Path(self._config.start_from)
            self._reading.submit(_read_run, self._run_wanted)
        if isinstance(error, NothingTrained):
            self._status.setText(str(error))
            if self._goes_on:
                self._message.show_info(str(error))
            return
        self._invite()
        chosen = "\n".join(f"{key}: {value}" for key, value in dataclasses.asdict(self._config).items())
        self._message.show_failure(error, chosen)

    @Slot()
    def _change_probe(self) -> None:
        """Asks about another image: the running training, or the network that came out of the last one."""
        if self._probe is not None:
            self._probe.next()
        if self._result is not None and self._result.prober is not None:
            self._looking.submit(self._result.prober.probe)

    @Slot(object)
    def _show_probe(self, probe: Probe | None) -> None:
        if probe is not None and self._result is not None:
            self._seen.show_probe(probe, self._classes)

    def _end(self) -> None:
        self._task = None
        self.library.refresh()
        self._form.set_locked(False)
        self._buttons.setCurrentWidget(self._train_button)

    @Slot()
    def _show_mistakes(self) -> None:
        if self._result is not None:
            self.navigate.emit("data", self._result.run)

    @Slot()
    def _try_it(self) -> None:
        if self._result is not None:
            self.navigate.emit("try", self._result.run)


def _read_run(folder: Path) -> ReadRun:
    """Reads what a run keeps, in a thread: the history of a long training is large."""
    return folder, read_card(folder), histories_up_to_run(folder), config_of_run(folder)


def _images_in_words(started: Started) -> str:
    """Such as “Of 60,000 training images, 5,000 are held out for validation.”"""
    learnt_from, validation = started.train_images, started.validation_images
    if started.held_out:
        return f"Of {learnt_from + validation:,} training images, {validation:,} are held out for validation."
    return f"{learnt_from:,} training images, {validation:,} for validation."


def _link(text: str) -> str:
    """A link to the test images that were not recognised."""
    return f'<a href="mistakes">{text}</a>'


def _training_plot() -> "type[TrainingPlot]":
    from cnnstudio.gui.widgets.charts.training_plot import TrainingPlot

    return TrainingPlot
