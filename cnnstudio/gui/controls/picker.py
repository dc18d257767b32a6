"""A list to choose from, each choice with a picture and a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyledItemDelegate, QStyleOptionComboBox
from typing_extensions import override

from cnnstudio.gui.look.theme import GAP, GRID, bold_font, colours, small_font

_PICTURE = 6 * GRID
_LIST_WIDTH = 46 * GRID
_ARROW = 4 * GRID
_HEADING = 4 * GRID
_ROWS_SHOWN = 9

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
        metrics, lines = QFontMetrics(self.title), [title]
        if metrics.horizontalAdvance(title) > width and " " in title:
            words = title.split()
            fitting = [n for n in range(1, len(words)) if metrics.horizontalAdvance(" ".join(words[:n])) <= width]
            first = fitting[-1] if fitting else 1
            lines = [" ".join(words[:first]), " ".join(words[first:])]
        lines = [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]
        return "\n".join(lines), len(lines) * metrics.height() + 2

    def height(self, choice: Choice, width: int) -> int:
        """Of a choice whose description is wrapped to a width that leaves room for the picture."""
        picture = 0 if choice.icon.isNull() else _PICTURE
        room = QRect(0, 0, width - (picture + 2 * GAP if picture else 0), 1000)
        flags = Qt.TextFlag.TextWordWrap.value
        lines = QFontMetrics(self.description).boundingRect(room, flags, choice.description).height()
        text = self._title_lines(choice.title, room.width())[1] + (lines if choice.description else 0)
        return max(text, picture)

    def paint(self, painter: QPainter, area: QRect, choice: Choice, enabled: bool, one_line: bool) -> None:
        """Paints picture, title and description; the latter wrapped, or cut to one line.

        A title that is too long goes on in a second line.
        """
        theme = colours()
        if not choice.icon.isNull():
            side = min(_PICTURE, area.height())
            top = area.top() + (area.height() - side) // 2 if one_line else area.top()
            mode = QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
            choice.icon.paint(painter, QRect(area.left(), top, side, side), mode=mode)
            area = area.adjusted(side + 3 * GAP // 2, 0, 0, 0)
        text = (choice.facts if one_line else "") or choice.description
        title, height = self._title_lines(choice.title, area.width())
        if one_line:
            whole = height + (QFontMetrics(self.description).height() if text else 0)
            area = area.adjusted(0, max(0, (area.height() - whole) // 2), 0, 0)
        painter.setFont(self.title)
        painter.setPen(QColor(theme.text if enabled else theme.disabled))
        painter.drawText(area, Qt.AlignmentFlag.AlignTop, title)
        painter.setFont(self.description)
        painter.setPen(QColor(theme.secondary if enabled else theme.disabled))
        if one_line:
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        area = area.adjusted(0, height, 0, 0)
        painter.drawText(area, Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, text)


class _Delegate(QStyledItemDelegate):
    """Paints a choice in the open list, with its whole description."""

    def __init__(self, picker: "Picker") -> None:
        super().__init__(picker)
        self._picker = picker

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
        _Look(self._picker.font()).paint(painter, area, self._picker.choices[index.row()], enabled=True, one_line=False)
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


class Picker(QComboBox):
    """A list to choose from; closed, it shows the picture, the title and the facts, or else the sentence."""

    changed = Signal(str)
    """Another choice, of this key, is current now."""

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
        """The key of the current choice; empty where there is nothing to choose."""
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
            if key:
                choice = self._choices[self.currentIndex()]
                self.setAccessibleDescription(f"{choice.title}. {choice.description}")
                self.changed.emit(key)

    @override
    def showPopup(self) -> None:
        # Not before: Qt lays even a list that was never open out anew whenever the font or the parent changes.
        if not isinstance(self.itemDelegate(), _Delegate):
            self.setItemDelegate(_Delegate(self))
            self.view().setMinimumWidth(_LIST_WIDTH + 2 * GAP)
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
        _Look(self.font()).paint(painter, area, self._choices[current], self.isEnabled(), one_line=True)
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
