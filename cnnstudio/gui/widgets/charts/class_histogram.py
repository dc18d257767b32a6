"""How many images each class has, with the mean of its images."""

import csv
import io
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QContextMenuEvent, QImage, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.saving import Format, picture_of, png, save_as
from cnnstudio.gui.look.theme import GAP, GRID, array_to_image, bold_font, colours, small_font
from cnnstudio.gui.widgets.images.pixel_view import whole_pixel_rectangle
from cnnstudio.gui.widgets.items import NONE, focus_pen

FEW = 20
"""So many classes get tall rows."""

PATTERNS = (Qt.BrushStyle.SolidPattern, Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.Dense4Pattern)
"""What distinguishes the parts of a bar besides their colours, in their order."""

_TALL, _LOW = 6 * GRID, 4 * GRID

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class ClassCounts:
    """A part of every bar, such as the training images.

    Attributes:
        title: what it is, in the plural.
        counts: of each class.
        series: its colour and pattern: 0, 1 or 2.
    """

    title: str
    counts: tuple[int, ...]
    series: int


def brush_of(series: int) -> QBrush:
    """The brush of a bar's part in the theme that is on."""
    return QBrush(QColor(colours().plot[series]), PATTERNS[series])


class ClassHistogram(QListWidget):
    """A row for each class: its mean image, its name, its number of images and a bar of that length.

    Attributes:
        classes: their names.
        parts: what the bars are made of.
        totals: (classes,) int64, the sum of all parts.
        means: the mean images that have come, by the numbers of their classes.
        shows_means: whether there is room for them.
        chosen_class: the class that is marked as chosen; -1 for none.
    """

    chosen = Signal(int)
    """A class was clicked, or Enter was pressed on it; -1 where the chosen class was chosen again."""

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "class_histogram",
            "Images of each class",
            "The longer the bar, the more images the class has. A class with few images is learnt badly. "
            "Click one to see only its images.",
        )
        self.setStyleSheet("QListView, QListView:focus { background: transparent; border: none; padding: 0; }")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setUniformItemSizes(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.classes: tuple[str, ...] = ()
        self.parts: tuple[ClassCounts, ...] = ()
        self.totals = np.zeros(0, np.int64)
        self.means: dict[int, QImage] = {}
        self.shows_means = self._largest_first = False
        self.chosen_class = NONE
        self._order: list[int] = []
        self.setItemDelegate(_RowDelegate(self))
        self.clicked.connect(self._choose)

    @property
    def row_height(self) -> int:
        """Of all rows: lower where there are many."""
        return _TALL if len(self.classes) <= FEW else _LOW

    def set_classes(self, classes: Sequence[str], parts: Sequence[ClassCounts], shows_means: bool = True) -> None:
        """Shows other classes, without mean images.

        Args:
            classes: their names.
            parts: what the bars are made of, in this order; each with a count for each class.
            shows_means: whether there is room for mean images, which come with `set_mean`.
        """
        same = tuple(classes) == self.classes and shows_means
        current, scrolled = (self._class_at_keys(), self.verticalScrollBar().value()) if same else (NONE, 0)
        if not same:
            self.means, self.chosen_class = {}, NONE
        self.classes, self.parts, self.shows_means = tuple(classes), tuple(parts), shows_means
        self.totals = np.sum([part.counts for part in parts], axis=0) if parts else np.zeros(len(classes), np.int64)
        self._fill()
        self.verticalScrollBar().setSingleStep(self.row_height // 2)
        self.doItemsLayout()
        self._go_to(current)
        self.verticalScrollBar().setValue(scrolled)
        self.scrollTo(self._index_of(self.chosen_class))

    def set_largest_first(self, largest_first: bool) -> None:
        """Sorts the rows by their numbers of images, or as the classes come."""
        current = self._class_at_keys()
        self._largest_first = largest_first
        self._fill()
        self._go_to(current if self.chosen_class == NONE else self.chosen_class)

    def clear_means(self) -> None:
        """Forgets the mean images."""
        self.means = {}
        self.viewport().update()

    def set_mean(self, number: int, image: np.ndarray) -> None:
        """Shows a class's mean image; (height, width, 1 or 3) uint8."""
        self.means[number] = array_to_image(image)
        self.viewport().update()

    def set_chosen(self, number: int) -> None:
        """Marks a class as chosen and scrolls to it; -1 marks none."""
        if number != self.chosen_class:
            self.chosen_class = number
            if number != NONE:
                self._go_to(number)
            self.viewport().update()

    def rectangle(self, number: int) -> QRectF:
        """Where a class's row lies in the viewport."""
        return QRectF(self.visualRect(self._index_of(number)))

    def table(self) -> bytes:
        """The numbers as a CSV table: a line for each class, a column for each part."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["class", *(part.title for part in self.parts)])
        writer.writerows(zip(self.classes, *(part.counts for part in self.parts), strict=True))
        return text.getvalue().encode("utf-8-sig")

    def class_at(self, index: _Index) -> int:
        """The class of a row; -1 for none."""
        return self._order[index.row()] if index.isValid() else NONE

    def _fill(self) -> None:
        self._order = sorted(range(len(self.classes)), key=lambda n: -self.totals[n] if self._largest_first else n)
        self.clear()
        for number in self._order:
            shares = ", ".join(f"{part.counts[number]:,} {part.title}" for part in self.parts)
            text = f"{self.classes[number]}: {shares}"
            item = QListWidgetItem(self.classes[number], self)
            item.setToolTip(f"<p>{escape(text)}</p>")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, text)

    def _index_of(self, number: int) -> QModelIndex:
        return QModelIndex() if number == NONE else self.model().index(self._order.index(number), 0)

    def _class_at_keys(self) -> int:
        return self.class_at(self.currentIndex())

    def _go_to(self, number: int) -> None:
        """Brings the keys to a class, and it into sight; -1 for the first row."""
        self.setCurrentIndex(self.model().index(0, 0) if number == NONE else self._index_of(number))

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        number = self.class_at(index)
        self.chosen_class = NONE if number == self.chosen_class else number
        self.viewport().update()
        self.chosen.emit(self.chosen_class)

    @override
    def currentChanged(self, current: _Index, previous: _Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid():
            self.setAccessibleDescription(current.data(Qt.ItemDataRole.AccessibleTextRole))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space choose; the other keys are those of any list."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            super().keyPressEvent(event)
        elif self.currentIndex().isValid():
            self._choose(self.currentIndex())

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, title, form in (
            ("Save the &numbers…", "Save the numbers", Format(".csv", "CSV table", self.table)),
            ("Save the &picture…", "Save the picture", Format(".png", "PNG picture", lambda: png(picture_of(self)))),
        ):
            menu.addAction(text).triggered.connect(partial(save_as, self, title, "classes", (form,)))
        menu.popup(event.globalPos())


class _RowDelegate(QStyledItemDelegate):
    """Paints a class: its mean image, and its name and number above its bar."""

    def __init__(self, histogram: ClassHistogram) -> None:
        super().__init__(histogram)
        self._histogram: ClassHistogram = weakref.proxy(histogram)

    @override
    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """As high as the number of classes allows; as wide as the list, whatever that is."""
        return QSize(0, self._histogram.row_height)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        number, row, theme = self._histogram.class_at(index), QRectF(option.rect), colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if number == self._histogram.chosen_class or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(theme.accent_soft if number == self._histogram.chosen_class else theme.hover))
            painter.drawRoundedRect(row.adjusted(1, 1, -1, -1), 6, 6)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(focus_pen())
            painter.drawRoundedRect(row.adjusted(1, 1, -1, -1), 6, 6)
        area = row.adjusted(GRID / 2, GRID / 2, -GRID, -GRID / 2)
        if self._histogram.shows_means:
            square = QRectF(area.topLeft(), QPointF(area.left() + area.height(), area.bottom()))
            self._paint_mean(painter, self._histogram.means.get(number), square)
            area.setLeft(area.left() + area.height() + 1.5 * GAP)
        tall = self._histogram.row_height == _TALL
        thickness = GRID if tall else GRID / 2
        font = option.font if tall else small_font(option.font)
        painter.setFont(bold_font(font) if number == self._histogram.chosen_class else font)
        self._paint_words(painter, number, area.adjusted(0, 0, 0, -thickness - (3 if tall else 1)))
        self._paint_bar(painter, number, QRectF(area.left(), area.bottom() - thickness, area.width(), thickness))
        painter.restore()

    def _paint_mean(self, painter: QPainter, mean: QImage | None, area: QRectF) -> None:
        if mean is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours().hover))
            painter.drawRoundedRect(area, 3, 3)
            return
        place = whole_pixel_rectangle(area, mean.size(), painter.device().devicePixelRatioF())
        if place.width() < 0.8 * area.width():
            place = area
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, place.width() < mean.width() or place == area)
        painter.drawImage(place, mean)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)

    def _paint_words(self, painter: QPainter, number: int, area: QRectF) -> None:
        metrics, figure = painter.fontMetrics(), f"{self._histogram.totals[number]:,}"
        room = int(area.width()) - metrics.horizontalAdvance(figure) - GAP
        name = metrics.elidedText(self._histogram.classes[number], Qt.TextElideMode.ElideRight, room)
        painter.setPen(QColor(colours().text))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(QColor(colours().secondary))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)

    def _paint_bar(self, painter: QPainter, number: int, track: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours().hover))
        painter.drawRoundedRect(track, 2, 2)
        most, left = int(self._histogram.totals.max()), track.left()
        for part in self._histogram.parts:
            count = part.counts[number]
            if not count:
                continue
            width = max(1.5, track.width() * count / most)
            bar = QRectF(left, track.top(), width, track.height())
            painter.setBrush(brush_of(part.series))
            painter.setPen(QPen(QColor(colours().plot[part.series]), 1) if part.series else Qt.PenStyle.NoPen)
            painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5) if part.series else bar)
            left += width
