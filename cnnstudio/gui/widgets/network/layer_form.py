"""The form of one layer: a control for each of its numbers, and beside a number that does not fit, one that does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.look.theme import GAP, GRID, icon
from cnnstudio.gui.widgets.network.field_controls import CONTROLS, Pair, kind_of, say, show
from cnnstudio.models.layer_kinds.fields import Field

CAPTION_WIDTH = 13 * GRID
"""Of the column of captions."""
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
        self._folded: list[str] = []
        self._offered: tuple[str, Any, tuple[Offer, ...]] = ("", None, ())
        self._offers: list[QPushButton] = []
        self._says = ""
        self._rows_layout = QVBoxLayout(self)
        self._rows_layout.setContentsMargins(0, 0, 0, 0)
        self._rows_layout.setSpacing(GAP)
        self._more = describe(
            QToolButton(), "more_fields_button", "More options", "What is seldom changed, and then for a reason."
        )
        self._more.setText("More options")
        self._more.setCheckable(True)
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.toggled.connect(self._unfold)
        self._problem, self._problem_text, self._offer = self._build_problem()
        self._rows_layout.addWidget(self._problem)

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
        self._rows_layout.removeWidget(self._problem)
        row = self._rows.get(field)
        self._rows_layout.insertWidget(self._rows_layout.indexOf(row) + 1 if row else 0, self._problem)
        self._offered = offered
        self._says = text
        self._problem_text.setText(breakable(text))
        if field in self._folded and text:
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
        """Keeps the wheel from numbers that were not chosen before, and typing's own undo from the network's."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        if event.type() == QEvent.Type.ShortcutOverride and is_undo(event):
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _build_problem(self) -> tuple[QFrame, QLabel, QPushButton]:
        frame = QFrame(self)
        frame.setObjectName("layer_problem")
        frame.setProperty("role", "error")
        text = label(role="error", name="layer_problem_text")
        offer = describe(
            QPushButton("Use it instead"),
            "use_nearest_button",
            "Use the nearest value",
            "Sets the nearest value that fits.",
        )
        offer.clicked.connect(self._use_nearest)
        self._problem_column = column = QVBoxLayout(frame)
        column.setContentsMargins(GRID * 3 // 2, GRID, GRID * 3 // 2, GRID)
        column.setSpacing(GAP)
        column.addWidget(text)
        column.addWidget(offer, alignment=Qt.AlignmentFlag.AlignLeft)
        frame.hide()
        return frame, text, offer

    def _show_offers(self, offers: Sequence[Offer]) -> None:
        for button in self._offers:
            button.hide()
            button.deleteLater()
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
        for row in self._rows.values():
            self._rows_layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._shown = shown
        self._controls = {field.name: self._control(field, kind) for field, kind in shown}
        self._rows = {field.name: _row(field, self._controls[field.name]) for field, _ in shown}
        names = list(self._rows)
        rare = [field.name for field, _ in shown if field.is_rare]
        self._folded = rare if len(rare) < len(names) else []
        self._rows_layout.removeWidget(self._more)
        for name in names:
            if name not in self._folded:
                self._rows_layout.addWidget(self._rows[name])
        self._rows_layout.addWidget(self._more, alignment=Qt.AlignmentFlag.AlignLeft)
        for name in self._folded:
            self._rows_layout.addWidget(self._rows[name])
        self._more.setVisible(bool(self._folded))
        self._unfold(self._more.isChecked())
        order = [*(self._controls[name] for name in names if name not in self._folded), self._more]
        order += [self._controls[name] for name in self._folded]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        if focused in self._controls:
            self._controls[focused].setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(bool)
    def _unfold(self, unfolded: bool) -> None:
        self._more.setIcon(icon("chevron-down" if unfolded else "chevron-right"))
        for name in self._folded:
            self._rows[name].setVisible(unfolded)

    def _control(self, field: Field, kind: str) -> QWidget:
        control = CONTROLS[kind](field, lambda value: self.edited.emit(field.name, value))
        describe(control, f"field_{field.name}", field.title, field.description)
        for part in (control, *control.findChildren(QAbstractSpinBox)):
            part.installEventFilter(self)
            if not isinstance(part, Pair):
                part.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
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


def _row(field: Field, control: QWidget) -> QWidget:
    row = QWidget()
    row.setFocusProxy(control)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GAP)
    caption = QLabel("" if isinstance(control, QCheckBox) else field.title)
    caption.setBuddy(control)
    caption.setToolTip(control.toolTip())
    caption.setFixedWidth(CAPTION_WIDTH)
    layout.addWidget(caption)
    layout.addWidget(control, 1)
    return row
