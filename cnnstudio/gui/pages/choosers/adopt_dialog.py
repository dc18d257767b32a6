"""The dialog that asks what a model from elsewhere does not say: its classes, and how it takes pictures."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.pictures.input_rules import INPUT_RULES
from cnnstudio.errors import StudioError, explain, reason
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.task import Task
from cnnstudio.limits import IMAGE_SIZES
from cnnstudio.models.trained.adopt import (
    Answers,
    Inspection,
    check_answers,
    inspect_model,
    read_class_names,
    remember,
)
from cnnstudio.models.trained.value_ranges import VALUE_RANGES

_WIDTH = 76 * GRID
_LINES_SHOWN = 6
_MAX_NAMES = 4 * 2**20

LESSON = (
    "Its file does not say what its classes are called, nor how a picture becomes what it was trained on. What you say "
    "here is kept."
)


def ask_about(
    path: Path, parent: QWidget, when_known: Callable[[Path], object], when_not: Callable[[str], object]
) -> None:
    """Asks what a model is; reading its file happens in a thread.

    Args:
        path: its file.
        parent: over which the dialog stands.
        when_known: called with the path once the answers are kept.
        when_not: called with a sentence where the model is no image classifier, or nobody answers.
    """

    def show(model: Inspection) -> None:
        dialog = ForeignModelDialog(model, parent)
        dialog.accepted.connect(partial(when_known, path))
        dialog.rejected.connect(partial(when_not, f"{path.name} was not opened: nobody said what its classes are."))
        dialog.open()

    task = Task(lambda **_: inspect_model(path), parent)
    task.finished.connect(show)
    task.failed.connect(lambda error: when_not(explain(error)))
    task.start()


class ForeignModelDialog(QDialog):
    """Asks for name, classes, input rule and value range of a model, with what is likely filled in, and keeps it.

    Args:
        model: what its file tells.
        parent: the parent widget.
    """

    kept = Signal(object)
    """The `Answers`, once they are kept."""

    def __init__(self, model: Inspection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("foreign_model_dialog")
        self.setWindowTitle("A model from elsewhere")
        self._model = model
        guess = model.guess
        self._message = MessageBar()
        self._name = describe(QLineEdit(guess.name), "foreign_name", "Name", "What the model is called in lists.")
        self._classes = describe(
            QPlainTextEdit("\n".join(guess.classes)),
            "foreign_classes",
            "Classes",
            "The names in the order of the network's outputs: whoever trained it knows them. With wrong names a right "
            "answer looks wrong.",
        )
        self._classes.setTabChangesFocus(True)
        self._classes.setFixedHeight(self._classes.fontMetrics().lineSpacing() * _LINES_SHOWN + 2 * GRID)
        self._from_file = push_button(
            "foreign_classes_file",
            "From a &file …",
            "Reads a text file with one name a line, such as the labels.txt that comes with many models.",
            self._ask_file,
            title="Class names from a file",
        )
        self._from_file.setAutoDefault(False)
        self._size = WholeBox(IMAGE_SIZES[0], IMAGE_SIZES[-1])
        describe(
            self._size,
            "foreign_size",
            "Image size",
            f"The network takes images of any size; it does best at its own. {self._size.bounds}",
        )
        self._size.setSuffix(" pixels high and wide")
        self._size.setValue(guess.image_size[0])
        self._rule = describe(
            Picker(),
            "foreign_rule",
            "Pictures",
            "A network knows only images that are cut and scaled as in its training.",
        )
        self._rule.set_choices([Choice(entry.name, entry.title, entry.description) for entry in INPUT_RULES.values()])
        self._rule.set_current(guess.input_rule)
        self._range = describe(
            Picker(),
            "foreign_range",
            "Values",
            "Pixels are 0 to 255 in a file, but most networks are trained on smaller numbers. With the wrong range the "
            "answers are poor, without any error.",
        )
        ranges = [entry for entry in VALUE_RANGES.values() if model.channels in entry.channels]
        self._range.set_choices([Choice(entry.name, entry.title, entry.description) for entry in ranges])
        self._range.set_current(guess.value_range)
        self._softmax = describe(
            QCheckBox("Make probabilities of its outputs (softmax)"),
            "foreign_softmax",
            "Softmax",
            "Outputs of any size become numbers from 0 to 1 that add up to 1. Right for networks that end without one.",
        )
        self._softmax.setChecked(guess.softmax)
        self._build()
        self._classes.setFocus()
        self._classes.selectAll()

    @property
    def answers(self) -> Answers:
        """What is said now.

        Raises:
            StudioError: it makes no sense.
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
        form = QWidget()
        rows = QVBoxLayout(form)
        rows.setContentsMargins(0, 0, GRID, 0)
        rows.setSpacing(GRID)
        self._add(rows, "&Name", self._name)
        names = QHBoxLayout()
        names.addWidget(self._classes, 1)
        names.addWidget(self._from_file, 0, Qt.AlignmentFlag.AlignTop)
        self._add(rows, f"&Classes: {count:,} names, one a line", self._classes, layout=names)
        if model.image_size is None:
            self._add(rows, "Image &size", self._size, "It takes images of any size; this one is usual.")
        self._add(rows, "&Pictures", self._rule, model.rule_reason)
        self._add(rows, "&Values of the pixels", self._range, model.range_reason)
        self._add(rows, "", self._softmax, model.output_reason)
        rows.addStretch(1)
        scroll = describe(QScrollArea(), "foreign_form", "What it is", "Scrolls where the window is too low.")
        scroll.setToolTip("")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidgetResizable(True)
        scroll.setWidget(form)
        column = QVBoxLayout(self)
        column.setContentsMargins(SECTION, SECTION, SECTION, SECTION)
        column.setSpacing(GRID)
        column.addWidget(label(f"What is {model.path.name}?", "heading"))
        column.addWidget(label(LESSON, "secondary"))
        column.addWidget(self._message)
        column.addSpacing(GRID)
        column.addWidget(scroll, 1)
        column.addSpacing(GRID)
        column.addLayout(self._buttons())
        inside = _WIDTH - 2 * SECTION
        around = column.heightForWidth(_WIDTH) - scroll.sizeHint().height()
        height = around + rows.heightForWidth(inside - 3 * GRID) + 2 * GRID
        self.setMinimumWidth(_WIDTH)
        self.resize(_WIDTH, min(height, self.screen().availableSize().height() - 8 * GRID))

    def _add(
        self, column: QVBoxLayout, title: str, control: QWidget, reason: str = "", layout: QHBoxLayout | None = None
    ) -> None:
        if column.count():
            column.addSpacing(GRID)
        if title:
            heading = label(title, "strong")
            heading.setBuddy(control)
            column.addWidget(heading)
        if layout is None:
            column.addWidget(control)
        else:
            column.addLayout(layout)
        if reason:
            column.addWidget(label(reason, "small"))

    def _buttons(self) -> QHBoxLayout:
        cancel = push_button("foreign_cancel", "Cancel", "The model is not opened. (Escape)", self.reject)
        cancel.setAutoDefault(False)
        use = push_button(
            "foreign_use", "&Use it", "Keeps what you said and opens the model.", self._keep, role="primary"
        )
        use.setDefault(True)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(use)
        return row

    @Slot()
    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Class names", "", "Text (*.txt *.csv *.names);;All files (*)")
        if name:
            self.read_names(Path(name))

    def read_names(self, path: Path) -> None:
        """Takes the class names from a text file."""
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                names = read_class_names(file.read(_MAX_NAMES), len(self._model.guess.classes))
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
            answers: Any = self.answers
            remember(self._model, answers)
        except StudioError as error:
            self._message.show_failure(error)
            return
        self.kept.emit(answers)
        self.accept()
