"""A list to choose from, each choice with a picture and a sentence."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QMargins, QModelIndex, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStylePainter,
)
from typing_extensions import override

from cnnstudio.gui.look.theme import GAP, GRID, bold_font, colours, small_font

_PICTURE = 6 * GRID
_LIST_WIDTH = 46 * GRID
_ARROW = 4 * GRID
_HEADING = 4 * GRID
_ROWS_SHOWN = 9
_MOST_LINES = 12
"""Of a description in the open list."""

NO_PICTURE = QIcon()
"""The icon of a choice without a picture."""


@dataclass(frozen=True)
class Choice:
    """One thing that can be chosen.

    Attributes:
        key: what `Picker.changed` carries.
        title: its name.
        description: one sentence for somebody new, read in the open list; may be empty.
        icon: its picture; null for none.
        group: what it belongs to: a heading over the first choice of each group in the open list.
        facts: a few words such as its year and its size, which the closed picker shows in place of the sentence.
    """

    key: str
    title: str
    description: str = ""
    icon: QIcon = NO_PICTURE
    group: str = ""
    facts: str = ""


class _Look:
    """The fonts of a choice, and how it is laid out in a rectangle."""

    def __init__(self, font: QFont) -> None:
        self.title, self.description = bold_font(font), small_font(font)

    def _title_lines(self, title: str, width: int) -> tuple[str, int]:
        """A title in one line or in two, the last of which is cut where it is too long, and their height."""
        metrics = QFontMetrics(self.title)
        lines = _wrapped(title, metrics, width, 2)
        return "\n".join(lines), len(lines) * metrics.height() + 2

    def height(self, choice: Choice, width: int) -> int:
        """Of a choice whose description is wrapped to a width that leaves room for the picture."""
        picture = 0 if choice.icon.isNull() else _PICTURE
        room = width - (picture + 3 * GAP // 2 if picture else 0)
        metrics = QFontMetrics(self.description)
        lines = len(_wrapped(choice.description, metrics, room, _MOST_LINES)) if choice.description else 0
        return max(self._title_lines(choice.title, room)[1] + lines * metrics.height(), picture)

    def paint(self, painter: QPainter, area: QRect, choice: Choice, enabled: bool, closed: bool) -> None:
        """Paints picture, title and description, in the middle of their height.

        A title that is too long goes on in a second line; the description, in as many as there is room for. In the
        closed picker, the facts take its place.
        """
        theme = colours()
        if not choice.icon.isNull():
            side = min(_PICTURE, area.height())
            mode = QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
            top = area.top() + (area.height() - side) // 2
            choice.icon.paint(painter, QRect(area.left(), top, side, side), mode=mode)
            area = area.adjusted(side + 3 * GAP // 2, 0, 0, 0)
        text = (choice.facts if closed else "") or choice.description
        title, height = self._title_lines(choice.title, area.width())
        metrics = QFontMetrics(self.description)
        room = max(1, (area.height() - height) // metrics.height())
        lines = _wrapped(text, metrics, area.width(), room) if text else []
        area = area.adjusted(0, max(0, (area.height() - height - len(lines) * metrics.height()) // 2), 0, 0)
        painter.setFont(self.title)
        painter.setPen(QColor(theme.text if enabled else theme.disabled))
        painter.drawText(area, Qt.AlignmentFlag.AlignTop, title)
        painter.setFont(self.description)
        painter.setPen(QColor(theme.secondary if enabled else theme.disabled))
        painter.drawText(area.adjusted(0, height, 0, 0), Qt.AlignmentFlag.AlignTop, "\n".join(lines))


def _wrapped(text: str, metrics: QFontMetrics, width: int, most: int) -> list[str]:
    """A text in lines of a width, at most so many, the last of which is cut where there is more to say."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if not lines[-1] or len(lines) == most or metrics.horizontalAdvance(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]


class _Delegate(QStyledItemDelegate):
    """Paints a choice in the open list, with its whole description."""

    def __init__(self, picker: "Picker") -> None:
        super().__init__(picker)
        self._picker: Picker = weakref.proxy(picker)

    @override
    def paint(self, painter: QPainter, option: Any, index: QModelIndex | QPersistentModelIndex) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = option.rect
        heading = self._heading(index.row())
        if heading:
            painter.setFont(small_font(self._picker.font()))
            painter.setPen(QColor(colours().secondary))
            words = QRect(row.left() + GAP, row.top(), row.width() - 2 * GAP, _HEADING - GAP // 2)
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, heading)
            row = row.adjusted(0, _HEADING, 0, 0)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours().accent_soft))
            painter.drawRoundedRect(row.adjusted(1, 1, -1, -1), 6, 6)
        area = row.adjusted(GAP, GAP, -GAP, -GAP)
        _Look(self._picker.font()).paint(painter, area, self._picker.choices[index.row()], enabled=True, closed=False)
        painter.restore()

    @override
    def sizeHint(self, option: Any, index: QModelIndex | QPersistentModelIndex) -> QSize:
        width = self._picker.view().viewport().width() if self._picker.view().isVisible() else _LIST_WIDTH
        height = _Look(self._picker.font()).height(self._picker.choices[index.row()], width - 2 * GAP)
        return QSize(_LIST_WIDTH, height + 2 * GAP + (_HEADING if self._heading(index.row()) else 0))

    def _heading(self, row: int) -> str:
        """Of the group that begins with a row; empty where none does."""
        group = self._picker.choices[row].group
        return group if row == 0 or self._picker.choices[row - 1].group != group else ""


class ListBox(QComboBox):
    """A list of words to choose from; closed, what is too long ends in “…”, and open it is as wide as its longest item.

    Where it is longer than what opens, it has a scroll bar. Qt leaves that away where the list was made before it stood
    in a page, whose stylesheet says how it opens.
    """

    @property
    def popup_width(self) -> int:
        """What opens is at least as wide, in device-independent pixels."""
        bar = self.view().verticalScrollBar().sizeHint().width() if self.count() > self.maxVisibleItems() else 0
        widest = self.view().sizeHintForColumn(0) + bar + 2 * GRID
        return min(widest, self.screen().availableSize().width() - 4 * GRID)

    @override
    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return hint.grownBy(QMargins(0, 0, 2, 0))  # Qt counts without the pixel at each side that is the style's own

    @override
    def showPopup(self) -> None:
        self.view().setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.view().setMinimumWidth(self.popup_width)
        super().showPopup()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        edit = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        # A pixel at each side is the style's own.
        text = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, edit.width() - 2)
        if self.isEditable() or text == self.currentText():
            super().paintEvent(event)
            return
        option.currentText = text
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


class Picker(ListBox):
    """A list to choose from; closed, it shows the picture, the title and the facts, or else the sentence."""

    changed = Signal(str)
    """Another choice, of this key, is current now; the key of “none of these” may be empty."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("picker")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # The theme's own least height of a list would win over the size hints.
        self.setStyleSheet(f"Picker {{ min-height: {_PICTURE + GRID // 2}px; }}")
        self.setMaxVisibleItems(_ROWS_SHOWN)
        self._choices: tuple[Choice, ...] = ()
        self._announced = ""
        self.currentIndexChanged.connect(self._announce)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What can be chosen."""
        return self._choices

    @property
    def current_key(self) -> str:
        """The key of the current choice; empty, too, where there is nothing to choose."""
        return self._choices[self.currentIndex()].key if 0 <= self.currentIndex() < len(self._choices) else ""

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Sets what can be chosen; the current choice stays if it is among them, else the first one is current."""
        if self._choices == tuple(choices):
            return
        keys = [choice.key for choice in choices]
        current = keys.index(self.current_key) if self.current_key in keys else min(0, len(keys) - 1)
        with QSignalBlocker(self):
            self.clear()
            self._choices = tuple(choices)
            self.addItems([choice.title for choice in self._choices])
            self.setCurrentIndex(current)
        self._announce()

    def offers(self, key: str) -> bool:
        """Whether a key is that of a choice."""
        return any(choice.key == key for choice in self._choices)

    def set_current(self, key: str) -> None:
        """Makes a choice; a key that is not there changes nothing."""
        for index, choice in enumerate(self._choices):
            if choice.key == key:
                self.setCurrentIndex(index)
                self._announce()

    @Slot()
    def _announce(self) -> None:
        """Emits `changed` once for each change; where signals are blocked, the change counts as announced."""
        key = self.current_key
        if key != self._announced:
            self._announced = key
            if self.currentIndex() >= 0:
                choice = self._choices[self.currentIndex()]
                self.setAccessibleDescription(f"{choice.title}. {choice.description}")
                self.changed.emit(key)

    @property
    @override
    def popup_width(self) -> int:
        """Of the open list, which wraps what is too long."""
        return _LIST_WIDTH + 2 * GAP + self.view().verticalScrollBar().sizeHint().width()

    @override
    def showPopup(self) -> None:
        # Not before: Qt lays even a list that was never open out anew whenever the font or the parent changes.
        if not isinstance(self.itemDelegate(), _Delegate):
            self.setItemDelegate(_Delegate(self))
            self.view().setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        super().showPopup()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        current = self.currentIndex()
        if not 0 <= current < len(self._choices):
            super().paintEvent(event)
            return
        painter = QPainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        self.style().drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option, painter, self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().adjusted(GAP + 2, 1, -_ARROW, -1)
        _Look(self.font()).paint(painter, area, self._choices[current], self.isEnabled(), closed=True)
        painter.end()

    @override
    def sizeHint(self) -> QSize:
        return QSize(30 * GRID, _PICTURE + 2 * GAP)

    @override
    def minimumSizeHint(self) -> QSize:
        """Narrow: title and sentence are cut."""
        return QSize(20 * GRID, _PICTURE + 2 * GAP)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Lets the page scroll; a wheel that happens to pass must not change the choice."""
        event.ignore()
