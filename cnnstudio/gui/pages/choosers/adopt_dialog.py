"""The dialog that asks what a model from elsewhere does not say: its classes, and how it takes pictures."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from PySide6.QtCore import QMimeData, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLayout, QLineEdit, QPlainTextEdit, QWidget
from typing_extensions import override

from cnnstudio.data.library import find_dataset
from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.errors import StudioError, reason
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import number
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.task import Task, aside
from cnnstudio.limits import IMAGE_SIZES
from cnnstudio.models.trained.adopt import (
    PLAIN_RULE,
    Answers,
    Inspection,
    check_answers,
    inspect_model,
    read_class_names,
    remember,
    remembered,
    unnamed,
    with_answers,
)
from cnnstudio.models.trained.class_names import MAX_NAMES_BYTES, decoded
from cnnstudio.models.trained.outputs import OUTPUTS
from cnnstudio.models.trained.range_trials import Trials, fitting_datasets, likely_dataset, try_ranges
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from cnnstudio.progress import ending_with
from cnnstudio.wording import certainty, percent

_WIDTH = 76 * GRID
_LINES_SHOWN = (3, 5)
"""Class names that are seen at once, at least and at most."""
_BESIDE_BAR = GRID
"""Between what is filled in and the scroll bar."""

_ANY_DATASET = Choice("", "Something else", "Name its classes below.")
"""The choice for what is no data set here."""

_WHY_DATASET = "Test images tell how the network takes its pictures: try it on a data set, or on a folder of images."

_EXPLANATION = (
    "Its file does not say what its classes are called, nor how pictures were prepared for its training. Your answers "
    "are kept."
)
_EXPLANATION_AGAIN = "These are your answers so far. What you change takes their place wherever the model is used."


def ask_about(
    path: Path,
    parent: QWidget,
    when_known: Callable[[], object],
    when_cancelled: Callable[[], object],
    when_refused: Callable[[Exception], object],
) -> None:
    """Asks what a model is; reading its file happens in a thread. What was answered before is filled in.

    Args:
        path: its file.
        parent: the dialog's parent.
        when_known: called once the answers are kept.
        when_cancelled: called where the dialog is cancelled.
        when_refused: called with the reason where the model is no image classifier.
    """

    def show(found: _Found) -> None:
        dialog = AdoptDialog(found.model, parent, found.datasets, again=found.again)
        dialog.accepted.connect(when_known)
        dialog.rejected.connect(when_cancelled)
        dialog.finished.connect(dialog.deleteLater)  # its parent would keep it
        dialog.open()
        if not found.again:
            dialog.try_what_is_here()

    task = Task(lambda **_: _look(path), parent)
    task.finished.connect(show)
    task.failed.connect(when_refused)
    task.start()


@dataclass(frozen=True)
class _Found:
    """A model, the data sets that it may have been trained on, and whether it was asked about before."""

    model: Inspection
    datasets: Sequence[DatasetEntry]
    again: bool


def _look(path: Path) -> _Found:
    model, answers = inspect_model(path), remembered(path)
    datasets = fitting_datasets(model)
    if answers is None:
        return _Found(model, datasets, again=False)
    if answers.dataset and answers.dataset not in [entry.name for entry in datasets]:
        with suppress(StudioError):  # it is gone
            datasets.append(find_dataset(answers.dataset))
    return _Found(with_answers(model, answers), datasets, again=True)


class _NamesEdit(QPlainTextEdit):
    """Class names to be typed; a file that is dropped or pasted is read for them.

    Signals:
        file_given(Path): one with names.
    """

    file_given = Signal(object)

    @override
    def insertFromMimeData(self, source: QMimeData) -> None:
        files = [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]
        if files:
            self.file_given.emit(files[0])
        else:
            super().insertFromMimeData(source)


class AdoptDialog(QDialog):
    """Asks what a model from elsewhere is, with likely answers filled in, and keeps the answers.

    Args:
        model: what is known from its file.
        parent: the parent widget.
        datasets: that it may have been trained on.
        again: whether it was asked about before: what is filled in are the answers of then.
    """

    def __init__(
        self,
        model: Inspection,
        parent: QWidget | None = None,
        datasets: Sequence[DatasetEntry] = (),
        again: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("adopt_dialog")
        self.setWindowTitle("A model from elsewhere")
        self._model, self._again = model, again
        self._trials: Trials | None = None
        """The last ones, judged by the names that are filled in now."""
        self._datasets = {entry.name: entry for entry in datasets}
        guess = model.guess
        self._message = MessageBar()
        self._name = describe(QLineEdit(guess.name), "adopt_name", "Name", "The name of the model in lists.")
        self._dataset = describe(
            Picker(),
            "adopt_dataset",
            "Trained on",
            "The data set that the network was trained on names its classes, and its test images tell how the network "
            "takes its pictures.",
        )
        self._dataset.set_choices([_ANY_DATASET, *map(_choice_of, datasets)])
        self._likely = None if again else likely_dataset(model, datasets)
        self._dataset.set_current(guess.dataset if self._likely is None else self._likely.name)
        self._dataset.changed.connect(self._choose_dataset)
        self._classes = describe(
            _NamesEdit("\n".join(guess.classes)),
            "adopt_classes",
            "Classes",
            "The names in the order of the network's outputs, as in its training. With wrong names a right answer "
            "looks wrong.",
        )
        self._classes.setTabChangesFocus(True)
        self._classes.file_given.connect(self.read_names)
        self._classes.textChanged.connect(self._judge_again)
        lines = min(max(len(guess.classes), _LINES_SHOWN[0]), _LINES_SHOWN[1])
        self._classes.setFixedHeight(self._classes.fontMetrics().lineSpacing() * lines + 5 * GRID // 2)
        self._from_file = push_button(
            "adopt_classes_file",
            "From a &file…",
            "Reads a text file with one name a line, such as the labels.txt that comes with many models, or JSON.",
            self._ask_file,
            title="Class names from a file",
        )
        self._swap = push_button(
            "adopt_swap",
            "S&wap them",
            "The first becomes the second: for a network that answers with the probability of the other class.",
            self._swap_classes,
            title="Swap the two classes",
        )
        self._reorder = push_button(
            "adopt_reorder",
            "T&ake that order",
            "Puts the names into the order in which most answers are right.",
            self._take_order,
            title="Take the order in which most answers are right",
        )
        self._named = label(model.names_reason, "small", "adopt_names_reason", plain=True)
        self._make_image_controls()
        self._rule = _picker_of(
            INPUT_RULES.values(),
            guess.input_rule,
            "adopt_rule",
            "Pictures",
            "Pictures must be cut and scaled as in the network's training.",
        )
        self._range = describe(
            Picker(),
            "adopt_range",
            "Values",
            "Pixels are 0 to 255 in a file, but most networks are trained on smaller numbers. With the wrong range the "
            "answers are poor, without any error.",
        )
        self._offer_ranges()
        self._range.set_current(guess.value_range)
        self._build_trial()
        self._outputs = _picker_of(
            [entry for entry in OUTPUTS.values() if entry.fits(model.outputs)],
            guess.outputs,
            "adopt_outputs",
            "Outputs",
            "What the numbers mean that the network answers with.",
        )
        for changed in (self._outputs.changed, self._shape.changed, self._size.valueChanged):
            changed.connect(self._forget_trials)
        for button in (self._from_file, self._swap, self._reorder, self._try, self._folder):
            button.setAutoDefault(False)
        self._take_dataset(self._dataset.current_key)
        self._build()
        self._classes.textChanged.connect(self._tell_names)
        self._tell_names()
        if again:
            self._classes.setFocus()
        elif model.names_found:
            self._use.setFocus()
        else:
            self._classes.setFocus()
            self._classes.selectAll()

    def _make_image_controls(self) -> None:
        """What asks for the size of the images, where the network takes several."""
        model, (height, width) = self._model, self._model.guess.image_size
        self._shape = describe(
            Picker(),
            "adopt_shape",
            "Images",
            "The numbers of an image are the same in every shape, but not the picture.",
        )
        shapes = [_choice_of_shape(shape) for shape in model.shapes if None not in shape]
        self._shape.set_choices(shapes)
        for choice in shapes:
            if choice.key.startswith(f"{height} {width} "):
                self._shape.set_current(choice.key)
        self._shape.changed.connect(self._offer_ranges)
        self._size = number(
            WholeBox(IMAGE_SIZES[0], IMAGE_SIZES[-1]),
            "adopt_size",
            "Image size",
            "The network takes images of any size; it does best at the size of its training.",
        )
        self._size.setSuffix(" pixels high and wide")
        self._size.setValue(height)

    @property
    def answers(self) -> Answers:
        """What is filled in now.

        Raises:
            StudioError: it cannot be right; the text says why.
        """
        guess = self._model.guess
        classes = read_class_names(self._classes.toPlainText(), len(guess.classes))
        entry = self._datasets.get(self._dataset.current_key)
        answers = replace(
            guess,
            name=self._name.text().strip() or guess.name,
            classes=classes,
            image_size=self._image_size,
            input_rule=self._rule.current_key,
            value_range=self._range.current_key,
            outputs=self._outputs.current_key,
            # With names in another order its labels would be those of other classes.
            dataset=entry.name if entry is not None and entry.classes == classes else "",
        )
        check_answers(self._model, answers)
        return answers

    @property
    def _image_size(self) -> tuple[int, int]:
        if self._model.image_size is not None:
            return self._model.image_size
        if len(self._model.shapes) > 1:
            height, width, _ = map(int, self._shape.current_key.split())
            return height, width
        size = self._model.guess.image_size
        return size if self._size.value() == size[0] else (self._size.value(), self._size.value())

    def _build_trial(self) -> None:
        """The buttons that try it on images, and what is told of that."""
        self._try = push_button(
            "adopt_try",
            "&Try it",
            "Classifies test images of this data set with every range of values: with the right one, most answers are "
            "right.",
            self._try_dataset,
            title="Try the network on this data set",
        )
        self._folder = push_button(
            "adopt_folder",
            "Fo&lder…",
            "Tries the network on a folder of images, with a folder for each class.",
            self._ask_folder,
            title="Try the network on a folder of images",
        )
        self._trial = ProgressPanel("trial", "Trying the ranges of values", "Goes on without a trial.")
        self._trial.finished.connect(self._take_trials)
        self._trial.failed.connect(self._message.show_failure)
        for ended in (self._trial.failed, self._trial.cancelled):
            ended.connect(self._offer_trial)
        self._verdict = label(self._why_dataset, "small", "adopt_verdict", plain=True)
        self._range_reason = label(self._model.range_reason, "small")
        self._rule_reason = label(self._about_pictures(self._model.rule_reason), "small", "adopt_rule_reason")
        self._table = label(name="adopt_trials", wrap=False)
        self._table.hide()

    def _build(self) -> None:
        model, count = self._model, len(self._model.guess.classes)
        names = column(self._from_file, self._swap, self._reorder, STRETCH)
        self._swap.setVisible(count == 2)
        self._reorder.hide()
        title = f"&Classes: {count:,} names, one on each line"
        if model.outputs == 1:
            title = "&Classes: first the one near 0, then the one near 1"
        trained = column(row((self._dataset, 1), column(self._try, self._folder)), self._trial)
        said = [self._named] if model.names_reason else []
        questions = [
            _question("&Name", self._name),
            _question("T&rained on", self._dataset, self._verdict, within=trained),
            _question(title, self._classes, *said, beside=names),
            *self._image_questions(),
            _question("&Pictures", self._rule, self._rule_reason),
            _question("&Values of the pixels", self._range, self._range_reason, self._table),
            _question("Output&s", self._outputs, label(model.output_reason, "small")),
        ]
        form = column(*questions, STRETCH, gap=2 * GRID)
        form.setContentsMargins(0, 0, _BESIDE_BAR, 0)
        scroll = describe(ScrollColumn(), "adopt_form", "What it is", "Scrolls where the window is too low.")
        scroll.setToolTip("")
        scroll.setWidget(widget_of(form))
        buttons = self._buttons()

        def align(least: int, most: int) -> None:
            """Has the buttons end where the fields end, whether there is a bar beside these or not."""
            bar = scroll.verticalScrollBar().sizeHint().width() if most > least else 0
            buttons.setContentsMargins(0, 0, _BESIDE_BAR + bar, 0)

        scroll.verticalScrollBar().rangeChanged.connect(align)
        whole = column(
            label(f"What is {model.guess.name}?", "heading"),
            label(_EXPLANATION_AGAIN if self._again else _EXPLANATION, "secondary"),
            self._message,
            GRID,
            (scroll, 1),
            GRID,
            buttons,
            edge=SECTION,
        )
        self.setLayout(whole)
        inside = _WIDTH - 2 * SECTION
        around = whole.heightForWidth(_WIDTH) - scroll.sizeHint().height()
        height = around + form.heightForWidth(inside - 3 * GRID) + 2 * GRID
        self.setMinimumWidth(_WIDTH)
        self.resize(_WIDTH, min(height, self.screen().availableSize().height() - 8 * GRID))

    def _about_pictures(self, reason: str) -> str:
        """What is known of its images, and the reason for an input rule; the former may have its own place above."""
        return reason if len(self._model.shapes) > 1 else f"{self._model.input_reason} {reason}".strip()

    def _image_questions(self) -> list[QLayout]:
        model = self._model
        if model.image_size is not None:
            return []
        if len(model.shapes) > 1:
            return [_question("&Images", self._shape, label(model.input_reason, "small"))]
        why = "It takes images of any size; this one is usual."
        return [_question("Ima&ge size", self._size, label(why, "small"))]

    def _buttons(self) -> QHBoxLayout:
        then = "Your answers stay as they are." if self._again else "The model is not opened."
        cancel = push_button("adopt_cancel", "Cancel", f"{then} (Escape)", self.reject)
        cancel.setAutoDefault(False)
        self._use = push_button(
            "adopt_use", "&Use it", "Keeps your answers and opens the model.", self._keep, role="primary"
        )
        self._use.setDefault(True)
        return row(STRETCH, cancel, self._use)

    @Slot()
    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Class names", "", "Text (*.txt *.csv *.names *.json);;All files (*)"
        )
        if name:
            self.read_names(Path(name))

    @Slot(object)
    def read_names(self, path: Path) -> None:
        """Takes the class names from a text file."""
        try:
            names = read_class_names(aside(partial(_text_of, path)), len(self._model.guess.classes))
        except OSError as error:
            self._message.show_error(f"{path} cannot be read: {reason(error)}.")
        except StudioError as error:
            self._message.show_failure(error)
        else:
            self._message.hide()
            self._classes.setPlainText("\n".join(names))

    def try_what_is_here(self) -> None:
        """Tries the ranges on the likely data set, where its images are here already."""
        first = next((entry for entry in self._datasets.values() if entry.path is None and entry.is_here()), None)
        if first is not None:
            self._start_trial(first)

    @Slot(str)
    def _choose_dataset(self, key: str) -> None:
        """Takes the class names and the input rule of a data set that the user has chosen."""
        self._take_dataset(key)
        entry = self._datasets.get(key)
        if entry is not None and entry.input_rule:
            self._rule.set_current(entry.input_rule)
            self._rule_reason.setText(self._about_pictures(f"So were the images of {entry.called} prepared."))

    def _take_dataset(self, key: str) -> None:
        """Takes the class names of a data set, and offers to try the ranges on it."""
        entry = self._datasets.get(key)
        if entry is not None and set(entry.classes) != set(self._classes.toPlainText().splitlines()):
            self._classes.setPlainText("\n".join(entry.classes))
        if self._trials is None:
            self._verdict.setText(self._why_dataset)
        self._offer_trial()

    @property
    def _why_dataset(self) -> str:
        """Why a data set is filled in, and what for."""
        if self._likely is None or self._dataset.current_key != self._likely.name:
            return _WHY_DATASET
        alike = "the same class names" if self._model.names_found else "such images, and as many classes"
        return f"{self._likely.called} has {alike}: is it this one? {_WHY_DATASET}"

    @Slot()
    def _tell_names(self) -> None:
        """Says where the names come from as long as they are those."""
        if self._named.text():
            same = self._classes.toPlainText().strip().splitlines() == list(self._model.guess.classes)
            self._named.setVisible(same or not self._model.names_found)

    @Slot()
    def _offer_trial(self) -> None:
        self._try.setEnabled(bool(self._dataset.current_key) and not self._trial.running)
        self._folder.setEnabled(not self._trial.running)

    @Slot()
    def _swap_classes(self) -> None:
        self._classes.setPlainText("\n".join(reversed(self._classes.toPlainText().strip().splitlines())))

    @Slot()
    def _take_order(self) -> None:
        if self._trials is not None:
            self._classes.setPlainText("\n".join(self._trials.order))

    @Slot()
    def _offer_ranges(self) -> None:
        channels = self._model.channels
        if len(self._model.shapes) > 1:
            channels = int(self._shape.current_key.split()[2])
        self._range.set_choices(
            [
                Choice(entry.name, entry.title, entry.description)
                for entry in VALUE_RANGES.values()
                if channels in entry.channels
            ]
        )

    @Slot()
    def _try_dataset(self) -> None:
        self._start_trial(self._datasets[self._dataset.current_key])

    @Slot()
    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "A folder with a folder of images for each class")
        if name:
            self.try_folder(Path(name))

    def try_folder(self, folder: Path) -> None:
        """Tries the network on a folder of images, one folder for each class."""
        self._start_trial(folder)

    @property
    def _typed(self) -> bool:
        """Whether there are class names that somebody has said, here or in a file beside the model."""
        model, names = self._model, self._classes.toPlainText().strip()
        guessed = unnamed(len(model.guess.classes)), () if model.names_found else model.guess.classes
        return names not in ("", *("\n".join(some) for some in guessed))

    def _start_trial(self, images: DatasetEntry | Path) -> None:
        """Tries the ranges, in a thread; Cancel and the end of the dialog end it."""
        model, names = self._model, None
        if self._typed:
            with suppress(StudioError):  # of names that are not ready yet, those of the images are tried
                names = read_class_names(self._classes.toPlainText(), len(model.guess.classes))
        answers = replace(
            model.guess,
            classes=names or model.guess.classes,
            image_size=self._image_size,
            value_range=self._range.current_key,
            outputs=self._outputs.current_key,
        )

        def work(on_event: Callable[[object], object], stop: Event) -> Trials:
            tell = ending_with(stop, on_event)
            entry = find_dataset(str(images), on_progress=tell) if isinstance(images, Path) else images
            trials = try_ranges(model, answers, entry, tell)
            return trials.named(entry.classes) if names is None else trials

        self._message.hide()
        called = f"“{images.name}”" if isinstance(images, Path) else images.called
        self._trial.run(work, f"Trying it on {called} …")
        self._offer_trial()

    @Slot(object)
    def _take_trials(self, trials: Trials) -> None:
        """Fills in what a trial has told."""
        entry = trials.dataset
        if entry.name not in self._datasets:
            self._datasets[entry.name] = entry
            self._dataset.set_choices([*self._dataset.choices, _choice_of(entry)])
        typed = self._typed
        if typed:  # maybe only since the trial has begun
            with suppress(StudioError):
                trials = trials.named(read_class_names(self._classes.toPlainText(), len(trials.classes)))
        verdict = trials.verdict
        if not typed and trials.order != trials.classes:
            verdict = f"{verdict} That order is filled in."
            trials = trials.named(trials.order)
        with QSignalBlocker(self._classes), QSignalBlocker(self._dataset):
            if trials.tells or entry.path is not None:
                self._dataset.set_current(entry.name)
            elif self._dataset.current_key == entry.name and trials.order == trials.classes:
                self._dataset.set_current("")
                if self._classes.toPlainText() == "\n".join(entry.classes):
                    self._classes.setPlainText("\n".join(unnamed(len(entry.classes))))
            if not typed and (trials.tells or entry.path is not None):
                self._classes.setPlainText("\n".join(trials.classes))
        self._tell(trials, verdict, is_news=trials.tells)
        self._offer_trial()

    @Slot()
    def _judge_again(self) -> None:
        """Judges what was tried by the names as they are now."""
        if self._trials is not None:
            with suppress(StudioError):
                names = read_class_names(self._classes.toPlainText(), len(self._trials.classes))
                trials = self._trials.named(names)
                self._tell(trials, trials.verdict, is_news=trials.tells and not self._trials.tells)

    def _tell(self, trials: Trials, verdict: str, is_news: bool) -> None:
        """Shows what was tried.

        Args:
            trials: by the names that are filled in.
            verdict: what they tell.
            is_news: whether the range and the rule that do best are taken over.
        """
        others = [entry.title for entry in self._datasets.values() if entry.name != trials.dataset.name]
        is_other = others and not trials.tells and trials.order == trials.classes and trials.dataset.path is None
        self._verdict.setText(f"{verdict} {others[0]} has such images too: choose it above." if is_other else verdict)
        self._table.setText(_table_of(trials))
        self._table.show()
        self._reorder.setVisible(trials.order != trials.classes and len(trials.classes) > 2)
        self._trials = trials
        does_best = (
            f"With values of {VALUE_RANGES[trials.best.value_range].title} it does best on {trials.dataset.called}."
        )
        self._range_reason.setText(does_best if trials.tells else self._model.range_reason)
        called = trials.dataset.called
        if is_news:
            self._range.set_current(trials.best.value_range)
            is_own = trials.dataset.path is not None
            if not is_own or trials.input_rule != self._rule.current_key:
                self._rule.set_current(trials.input_rule)
                how = "It knows the pictures of {} as they are." if is_own else "So were the images of {} prepared."
                self._rule_reason.setText(self._about_pictures(how.format(called)))
        elif (
            trials.excludes
            and trials.dataset.path is None
            and not self._again
            and self._rule.current_key == trials.input_rule != PLAIN_RULE
        ):
            self._rule.set_current(PLAIN_RULE)
            self._rule_reason.setText(self._about_pictures(f"Its images are hardly those of {called}."))

    @Slot()
    def _forget_trials(self) -> None:
        """Takes back what was tried with outputs or images of another kind."""
        self._trial.drop()
        self._offer_trial()
        if self._trials is not None:
            self._trials = None
            self._verdict.setText(self._why_dataset)
            self._range_reason.setText(self._model.range_reason)
            self._table.hide()
            self._reorder.hide()

    @override
    def done(self, result: int) -> None:
        """Ends what is being tried."""
        self._trial.drop()
        super().done(result)

    @Slot()
    def _keep(self) -> None:
        try:
            aside(partial(remember, self._model, self.answers))
        except StudioError as error:
            self._message.show_failure(error)
        else:
            self.accept()


def _text_of(path: Path) -> str:
    with path.open("rb") as file:
        return decoded(file.read(MAX_NAMES_BYTES))


def _choice_of(entry: DatasetEntry) -> Choice:
    return Choice(entry.name, entry.title, entry.description, facts=entry.size_text)


def _choice_of_shape(shape: Sequence[int | None]) -> Choice:
    height, width, channels = shape
    colour = "colour" if channels == 3 else "grey"
    title = f"{height} high, {width} wide, {colour}"
    return Choice(f"{height} {width} {channels}", title, "One row of pixels after the other, from the top.")


def _table_of(trials: Trials) -> str:
    """The trials as a table, the best first."""
    cell = "<td style='padding-right: 16px'>{}</td>"
    numbers = "<td align='right' style='padding-left: 16px'>{}</td>"
    rows = [
        "<tr>"
        + cell.format(VALUE_RANGES[trial.value_range].title)
        + numbers.format(percent(trial.accuracy))
        + numbers.format(certainty(trial.confidence))
        + "</tr>"
        for trial in trials.each
    ]
    head = "".join(("<tr>", cell.format("Values"), numbers.format("right"), numbers.format("sure"), "</tr>"))
    return f"<table>{head}{''.join(rows)}</table>"


def _picker_of(table: Iterable[Any], current: str, name: str, title: str, tip: str) -> Picker:
    picker = describe(Picker(), name, title, tip)
    picker.set_choices([Choice(entry.name, entry.title, entry.description) for entry in table])
    picker.set_current(current)
    return picker


def _question(
    title: str, control: QWidget, *below: QWidget, beside: QLayout | None = None, within: QLayout | None = None
) -> QLayout:
    """A control with its title above and what belongs to it below.

    Args:
        title: the title, with its key; empty for none.
        control: what the key leads to.
        below: the reason for what is filled in, for instance.
        beside: buttons at its right.
        within: the control with what is around it, where that is more.
    """
    question = column()
    if title:
        heading = label(title, "strong")
        heading.setBuddy(control)
        question.addWidget(heading)
    if beside is not None:
        within = row((control, 1, Qt.AlignmentFlag.AlignTop), beside)
    question.addLayout(within or row((control, 1)))
    for part in below:
        question.addWidget(part)
    return question
