"""What can be added to a network: each kind of layer with a picture and a sentence."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.picker import Choice
from cnnstudio.gui.look.theme import GAP, GRID, bold_font, colours, small_font

_WIDTH = 46 * GRID
_LEAST_HEIGHT = 40 * GRID
_PICTURE = 3 * GRID
_KEY = Qt.ItemDataRole.UserRole
_SENTENCE = Qt.ItemDataRole.UserRole + 1


class LayerMenu(QListWidget):
    """A list that pops up; arrow keys and first letters go through it, Enter and a click choose, Escape closes.

    Args:
        parent: the parent widget.
    """

    chosen = Signal(str)
    """The kind of this key is to be added."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(self, "layer_menu", "Kinds of layers", "What can be added after the selected layer.")
        self.setToolTip("")
        self.setWindowFlags(Qt.WindowType.Popup)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Delegate(self))
        self.itemEntered.connect(self._point_at)
        self.itemClicked.connect(self._choose)

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Sets what can be added; choices of a group follow each other."""
        self.clear()
        group = ""
        for choice in choices:
            if choice.group != group:
                group = choice.group
                heading = QListWidgetItem(group, self)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
            item = QListWidgetItem(choice.icon, choice.title, self)
            item.setData(_KEY, choice.key)
            item.setData(_SENTENCE, choice.description)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, choice.description)

    def pop_up(self, beside: QWidget) -> None:
        """Opens under a widget, or wherever near it the screen has room."""
        available = beside.screen().availableGeometry().adjusted(GRID, GRID, -GRID, -GRID)
        place = beside.mapToGlobal(QPoint(0, beside.height() + GAP // 2))
        rows = sum(self.sizeHintForRow(row) for row in range(self.count())) + 4 * GAP
        height = min(rows, max(_LEAST_HEIGHT, available.bottom() - place.y()), available.height())
        self.resize(_WIDTH, height)
        left = max(available.left(), min(place.x(), available.right() - _WIDTH))
        self.move(left, max(available.top(), min(place.y(), available.bottom() - height)))
        self.setCurrentRow(1)  # the first row is a heading
        self.scrollToTop()
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses, Escape closes."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.currentItem())
        elif event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    @Slot(QListWidgetItem)
    def _point_at(self, item: QListWidgetItem) -> None:
        """The row under the pointer is the current one, as in a menu."""
        if item.data(_KEY) is not None:
            self.setCurrentItem(item)

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(_KEY) is not None:
            self.hide()
            self.chosen.emit(item.data(_KEY))


class _Delegate(QStyledItemDelegate):
    """Paints a kind: its picture, its title and, wrapped, its sentence."""

    @override
    def paint(self, painter: QPainter, option: Any, index: QModelIndex | QPersistentModelIndex) -> None:
        theme = colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        title, sentence = bold_font(option.font), small_font(option.font)
        if index.data(_KEY) is None:
            painter.setFont(sentence)
            painter.setPen(QColor(theme.secondary))
            area = option.rect.adjusted(GAP, 0, -GAP, -GAP // 2)
            painter.drawText(area, Qt.AlignmentFlag.AlignBottom, index.data())
            painter.restore()
            return
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent_soft))
            painter.drawRoundedRect(option.rect.adjusted(1, 1, -1, -1), 6, 6)
        area = option.rect.adjusted(GAP, GAP, -GAP, -GAP)
        index.data(Qt.ItemDataRole.DecorationRole).paint(painter, QRect(area.topLeft(), QSize(_PICTURE, _PICTURE)))
        area.setLeft(area.left() + _PICTURE + 3 * GAP // 2)
        painter.setFont(title)
        painter.setPen(QColor(theme.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignTop, index.data())
        area.setTop(area.top() + QFontMetrics(title).height() + 2)
        painter.setFont(sentence)
        painter.setPen(QColor(theme.secondary))
        painter.drawText(area, Qt.TextFlag.TextWordWrap, index.data(_SENTENCE))
        painter.restore()

    @override
    def sizeHint(self, option: Any, index: QModelIndex | QPersistentModelIndex) -> QSize:
        title, sentence = bold_font(option.font), small_font(option.font)
        if index.data(_KEY) is None:
            return QSize(_WIDTH - 4 * GRID, QFontMetrics(sentence).height() + 3 * GAP // 2)
        room = QRect(0, 0, _WIDTH - _PICTURE - 4 * GAP - 3 * GRID, 1000)
        lines = QFontMetrics(sentence).boundingRect(room, Qt.TextFlag.TextWordWrap.value, index.data(_SENTENCE))
        return QSize(_WIDTH - 4 * GRID, QFontMetrics(title).height() + 2 + lines.height() + 2 * GAP)
