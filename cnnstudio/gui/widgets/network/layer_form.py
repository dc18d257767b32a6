"""The form of one layer: a control for each of its numbers, and beside a number that does not fit, one that does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QFrame, QLabel, QPushButton, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.buttons import FoldButton, push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.forms import WheelGuard, rows
from cnnstudio.gui.controls.layouts import column, widget_of
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.widgets.network.field_controls import Pair, kind_of, make_control, say, show
from cnnstudio.models.layer_kinds.fields import Field

BUTTON_WIDTH = 30 * GRID
"""Most that the words take on a button, in pixels."""


@dataclass(frozen=True)
class Offer:
    """Something that would help where a value does not fit.

    Attributes:
        title: what is done, on a button.
        lesson: what else there is to know, in a sentence; empty where there is nothing.
    """

    title: str
    lesson: str = ""


class LayerForm(QWidget):
    """The fields of one layer.

    Args:
        parent: the parent widget.
    """

    edited = Signal(str, object)
    """The field of this name was given this value; while a number is typed, with every key."""

    problem_changed = Signal()
    """`problem` is another one, or gone."""

    offer_taken = Signal(int)
    """Of the offers of `set_problem`, the one with this number is wanted."""

    left = Signal()
    """The user is done with a field: what comes next is another edit."""

    focus_lost = Signal()
    """What has the focus goes away now; without another place for it, it would leave for anywhere in the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layer_form")
        self._shown: tuple[tuple[Field, str], ...] = ()
        self._controls: dict[str, QWidget] = {}
        self._rows: dict[str, QWidget] = {}
        self._offered: tuple[str, Any, tuple[Offer, ...]] = ("", None, ())
        self._offers: list[QPushButton] = []
        self._says = ""
        self._problem, self._problem_text, self._offer = self._build_problem()
        self._common, self._rare = column(self._problem), column()
        rare = widget_of(self._rare)
        tip = "Fields that are seldom changed."
        self._more = FoldButton("more_fields_button", "More options", tip, rare)
        more = (self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self.setLayout(column(widget_of(self._common), more, rare))

    @property
    def problem(self) -> str:
        """What is said not to fit; empty where all fits."""
        return self._says

    def show_layer(
        self, fields: Sequence[Field], values: Mapping[str, Any], locked: Mapping[str, str] | None = None
    ) -> None:
        """Shows the values of a layer.

        A control that shows its value already is left alone, so that one can go on typing.

        Args:
            fields: what can be changed; a field that is missing from `values` is left out.
            values: by the fields' names; of a size, one number, or a list of two along height and width.
            locked: why a field cannot be changed, by its name.
        """
        shown = tuple((field, self._kind_of(field, values[field.name])) for field in fields if field.name in values)
        if shown != self._shown:
            self._rebuild(shown)
        for field, _ in shown:
            control = self._controls[field.name]
            reason = (locked or {}).get(field.name, "")
            control.setEnabled(not reason)
            control.setToolTip(f"<p>{escape(reason or field.description)}</p>")
            with QSignalBlocker(control):
                show(control, values[field.name])

    def set_problem(self, field: str, text: str, nearest: object = None, offers: Sequence[Offer] = ()) -> None:
        """Says right under a field why its value does not fit.

        Args:
            field: its name; one that is not shown puts the sentence above all fields.
            text: the sentence; empty takes it away.
            nearest: a value that does fit, offered on a button; None where there is none.
            offers: what else would help, each on a button.
        """
        if isinstance(nearest, list | tuple) and len(set(map(str, nearest))) == 1:
            nearest = nearest[0]
        offered = (field, nearest, tuple(offers))
        if self.problem == text and self._offered == offered:
            return
        if has_focus(self._problem):
            self.focus_lost.emit()
        row = self._rows.get(field)
        rare = row is not None and self._rare.indexOf(row) >= 0
        fields = self._rare if rare else self._common
        fields.removeWidget(self._problem)
        fields.insertWidget(fields.indexOf(row) + 1 if row else 0, self._problem)
        self._offered = offered
        self._says = text
        self._problem_text.setText(breakable(text))
        if rare and text:
            self._more.setChecked(True)
        offer = f"Use {say(nearest)} instead"
        self._offer.setText(offer)
        self._offer.setAccessibleName(offer)
        self._offer.setVisible(nearest is not None and field in self._controls)
        self._show_offers(offers)
        self._problem.setVisible(bool(text))
        if text:
            self._problem.setAccessibleName(text)
            QAccessible.updateAccessibility(QAccessibleEvent(self._problem, QAccessible.Event.Alert))
        self.problem_changed.emit()

    def control(self, field: str) -> QWidget | None:
        """The control of a field; None where it is not shown."""
        return self._controls.get(field)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps typing's own undo from the network's."""
        if event.type() == QEvent.Type.ShortcutOverride and is_undo(event):
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _build_problem(self) -> tuple[QFrame, QLabel, QPushButton]:
        frame = QFrame()
        frame.setObjectName("layer_problem")
        frame.setProperty("role", "error")
        text = label(role="error", name="layer_problem_text")
        offer = push_button(
            "use_nearest_button",
            "Use it instead",
            "Sets the nearest value that fits.",
            self._use_nearest,
            title="Use the nearest value",
        )
        self._problem_column = column(text, (offer, 0, Qt.AlignmentFlag.AlignLeft))
        self._problem_column.setContentsMargins(GRID * 3 // 2, GRID, GRID * 3 // 2, GRID)
        frame.setLayout(self._problem_column)
        frame.hide()
        return frame, text, offer

    def _show_offers(self, offers: Sequence[Offer]) -> None:
        delete_widgets(self._offers)
        self._offers = []
        for number, offer in enumerate(offers):
            tip = " ".join(filter(None, (f"{offer.title}.", offer.lesson, "Undo takes it back.")))
            button = describe(QPushButton(), f"use_offer_{number + 1}_button", offer.title, tip)
            button.setText(shortened(offer.title, button))
            button.clicked.connect(partial(self.offer_taken.emit, number))
            self._problem_column.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
            self._offers.append(button)

    def _kind_of(self, field: Field, value: Any) -> str:
        """The kind of control for a value; two numbers that are alike now stay two while they are typed in."""
        control = self._controls.get(field.name)
        return "pair" if isinstance(control, Pair) and control.value == [value, value] else kind_of(field, value)

    def _rebuild(self, shown: tuple[tuple[Field, str], ...]) -> None:
        self.set_problem("", "")
        focused = next((name for name, row in self._rows.items() if has_focus(row)), "")
        if focused:
            self.focus_lost.emit()
        delete_widgets(self._rows.values())
        self._shown = shown
        self._controls = {field.name: self._control(field, kind) for field, kind in shown}
        self._rows = {name: rows(control) for name, control in self._controls.items()}
        folds = not all(field.is_rare for field, _ in shown)
        rare = [field.name for field, _ in shown if field.is_rare and folds]
        for name, row in self._rows.items():
            (self._rare if name in rare else self._common).addWidget(row)
        self._more.setVisible(bool(rare))
        order = [*(control for name, control in self._controls.items() if name not in rare), self._more]
        order += [self._controls[name] for name in rare]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        if focused in self._controls:
            self._controls[focused].setFocus(Qt.FocusReason.OtherFocusReason)

    def _control(self, field: Field, kind: str) -> QWidget:
        control = make_control(field, kind, lambda value: self.edited.emit(field.name, value))
        describe(control, f"field_{field.name}", field.title, field.description)
        parts = (control, *control.findChildren(QAbstractSpinBox))
        WheelGuard(control, *(part for part in parts if not isinstance(part, Pair)))
        for part in parts:
            part.installEventFilter(self)
            if isinstance(part, QAbstractSpinBox):
                part.editingFinished.connect(self.left)
        return control

    @Slot()
    def _use_nearest(self) -> None:
        field, nearest, _ = self._offered
        control = self._controls.get(field)
        if control is None:
            return
        if not isinstance(nearest, list | tuple):
            with QSignalBlocker(control):
                show(control, nearest)
        control.setFocus(Qt.FocusReason.OtherFocusReason)
        self.left.emit()
        self.edited.emit(field, nearest)


def delete_widgets(widgets: Iterable[QWidget]) -> None:
    """Takes widgets out of their parents at once, and deletes them."""
    for widget in widgets:
        widget.hide()
        widget.setParent(None)
        widget.deleteLater()


def shortened(text: str, button: QPushButton) -> str:
    """The text with “…” in its middle where it is too long for a button."""
    return button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, BUTTON_WIDTH)


def has_focus(widget: QWidget) -> bool:
    """Whether the focus of its window is on a widget, or on something in it."""
    focused = widget.window().focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


def is_undo(event: QEvent) -> bool:
    """Whether the keys of Undo or Redo are pressed."""
    keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
    return isinstance(event, QKeyEvent) and any(event.matches(key) for key in keys)
