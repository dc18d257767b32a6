"""The dialog that asks what a model from elsewhere does not say: its classes, and how it takes pictures."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QHBoxLayout, QLayout, QLineEdit, QPlainTextEdit, QWidget

from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.errors import StudioError, explain, reason
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import number
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.task import Task, aside
from cnnstudio.limits import IMAGE_SIZES
from cnnstudio.models.trained.adopt import (
    Answers,
    Inspection,
    check_answers,
    inspect_model,
    read_class_names,
    remember,
)
from cnnstudio.models.trained.class_names import MAX_NAMES_BYTES, decoded
from cnnstudio.models.trained.value_ranges import VALUE_RANGES

_WIDTH = 76 * GRID
_LINES_SHOWN = 6
_BESIDE_BAR = GRID
"""Between what is filled in and the scroll bar."""

_EXPLANATION = (
    "Its file does not say what its classes are called, nor how pictures were prepared for its training. Your answers "
    "are kept."
)


def ask_about(
    path: Path, parent: QWidget, when_known: Callable[[Path], object], when_not: Callable[[str], object]
) -> None:
    """Asks what a model is; reading its file happens in a thread.

    Args:
        path: its file.
        parent: the dialog's parent.
        when_known: called with the path once the answers are kept.
        when_not: called with a sentence where the model is no image classifier, or the dialog is cancelled.
    """

    def show(model: Inspection) -> None:
        dialog = AdoptDialog(model, parent)
        dialog.accepted.connect(partial(when_known, path))
        dialog.rejected.connect(partial(when_not, f"{path.name} was not opened: its classes are not known."))
        dialog.finished.connect(dialog.deleteLater)  # its parent would keep it
        dialog.open()

    task = Task(lambda **_: inspect_model(path), parent)
    task.finished.connect(show)
    task.failed.connect(lambda error: when_not(explain(error)))
    task.start()


class AdoptDialog(QDialog):
    """Asks for name, classes, input rule and value range of a model, with likely answers filled in, and keeps them.

    Args:
        model: what is known from its file.
        parent: the parent widget.
    """

    def __init__(self, model: Inspection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("adopt_dialog")
        self.setWindowTitle("A model from elsewhere")
        self._model = model
        guess = model.guess
        self._message = MessageBar()
        self._name = describe(QLineEdit(guess.name), "adopt_name", "Name", "The name of the model in lists.")
        self._classes = describe(
            QPlainTextEdit("\n".join(guess.classes)),
            "adopt_classes",
            "Classes",
            "The names in the order of the network's outputs, as in its training. With wrong names a right answer "
            "looks wrong.",
        )
        self._classes.setTabChangesFocus(True)
        self._classes.setFixedHeight(self._classes.fontMetrics().lineSpacing() * _LINES_SHOWN + 2 * GRID)
        self._from_file = push_button(
            "adopt_classes_file",
            "From a &file…",
            "Reads a text file with one name a line, such as the labels.txt that comes with many models, or JSON.",
            self._ask_file,
            title="Class names from a file",
        )
        self._from_file.setAutoDefault(False)
        self._size = number(
            WholeBox(IMAGE_SIZES[0], IMAGE_SIZES[-1]),
            "adopt_size",
            "Image size",
            "The network takes images of any size; it does best at the size of its training.",
        )
        self._size.setSuffix(" pixels high and wide")
        self._size.setValue(guess.image_size[0])
        self._rule = _picker_of(
            INPUT_RULES.values(),
            guess.input_rule,
            "adopt_rule",
            "Pictures",
            "Pictures must be cut and scaled as in the network's training.",
        )
        self._range = _picker_of(
            [entry for entry in VALUE_RANGES.values() if model.channels in entry.channels],
            guess.value_range,
            "adopt_range",
            "Values",
            "Pixels are 0 to 255 in a file, but most networks are trained on smaller numbers. With the wrong range the "
            "answers are poor, without any error.",
        )
        self._softmax = describe(
            QCheckBox("Turn its outputs into probabilities (softmax)"),
            "adopt_softmax",
            "Softmax",
            "Outputs of any size become numbers from 0 to 1 that add up to 1. Right for networks that do not end in "
            "softmax or sigmoid.",
        )
        self._softmax.setChecked(guess.softmax)
        self._build()
        if model.names_found:
            self._use.setFocus()
        else:
            self._classes.setFocus()
            self._classes.selectAll()

    @property
    def answers(self) -> Answers:
        """What is filled in now.

        Raises:
            StudioError: it cannot be right; the text says why.
        """
        guess = self._model.guess
        side = self._size.value()
        answers = replace(
            guess,
            name=self._name.text().strip() or guess.name,
            classes=read_class_names(self._classes.toPlainText(), len(guess.classes)),
            image_size=self._model.image_size or (side, side),
            input_rule=self._rule.current_key,
            value_range=self._range.current_key,
            softmax=self._softmax.isChecked(),
        )
        check_answers(self._model, answers)
        return answers

    def _build(self) -> None:
        model, count = self._model, len(self._model.guess.classes)
        questions = [
            _question("&Name", self._name),
            _question(f"&Classes: {count:,} names, one a line", self._classes, model.names_reason, self._from_file),
            _question("&Pictures", self._rule, model.rule_reason),
            _question("&Values of the pixels", self._range, model.range_reason),
            _question("", self._softmax, model.output_reason),
        ]
        if model.image_size is None:
            why = "It takes images of any size; this one is usual."
            questions.insert(2, _question("Image &size", self._size, why))
        form = column(*questions, STRETCH, gap=2 * GRID)
        form.setContentsMargins(0, 0, _BESIDE_BAR, 0)
        scroll = describe(ScrollColumn(), "adopt_form", "What it is", "Scrolls where the window is too low.")
        scroll.setToolTip("")
        scroll.setWidget(widget_of(form))
        whole = column(
            label(f"What is {model.path.name}?", "heading"),
            label(_EXPLANATION, "secondary"),
            self._message,
            GRID,
            (scroll, 1),
            GRID,
            self._buttons(),
            edge=SECTION,
        )
        self.setLayout(whole)
        inside = _WIDTH - 2 * SECTION
        around = whole.heightForWidth(_WIDTH) - scroll.sizeHint().height()
        height = around + form.heightForWidth(inside - 3 * GRID) + 2 * GRID
        self.setMinimumWidth(_WIDTH)
        self.resize(_WIDTH, min(height, self.screen().availableSize().height() - 8 * GRID))

    def _buttons(self) -> QHBoxLayout:
        cancel = push_button("adopt_cancel", "Cancel", "The model is not opened. (Escape)", self.reject)
        cancel.setAutoDefault(False)
        self._use = push_button(
            "adopt_use", "&Use it", "Keeps your answers and opens the model.", self._keep, role="primary"
        )
        self._use.setDefault(True)
        buttons = row(STRETCH, cancel, self._use)
        buttons.setContentsMargins(0, 0, _BESIDE_BAR, 0)  # below the fields
        return buttons

    @Slot()
    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Class names", "", "Text (*.txt *.csv *.names *.json);;All files (*)"
        )
        if name:
            self.read_names(Path(name))

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


def _picker_of(table: Iterable[Any], current: str, name: str, title: str, tip: str) -> Picker:
    picker = describe(Picker(), name, title, tip)
    picker.set_choices([Choice(entry.name, entry.title, entry.description) for entry in table])
    picker.set_current(current)
    return picker


def _question(title: str, control: QWidget, reason: str = "", beside: QWidget | None = None) -> QLayout:
    """A control with its title above, the reason for what is filled in below, and perhaps a button beside it."""
    question = column()
    if title:
        heading = label(title, "strong")
        heading.setBuddy(control)
        question.addWidget(heading)
    question.addLayout(row((control, 1), *([(beside, 0, Qt.AlignmentFlag.AlignTop)] if beside else [])))
    if reason:
        question.addWidget(label(reason, "small"))
    return question
