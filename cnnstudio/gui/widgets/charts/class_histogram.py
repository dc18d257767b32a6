"""How many images each class has, with the mean of its images."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QToolTip, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.saving import Format, picture_of, png, save_as
from cnnstudio.gui.look.theme import GAP, GRID, array_to_image, colours, text_sizes
from cnnstudio.gui.widgets.images.pixel_view import crisp_rectangle

FEW = 20
"""So many classes get tall rows."""

PATTERNS = (Qt.BrushStyle.SolidPattern, Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.Dense4Pattern)
"""What tells the parts of a bar apart besides their colours, in their order."""

_TALL, _LOW = 6 * GRID, 4 * GRID


@dataclass(frozen=True)
class Part:
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


class ClassHistogram(QAbstractScrollArea):
    """A row for each class: its mean image, its name, its number of images and a bar of that length.

    Args:
        parent: the parent widget.
    """

    chosen = Signal(int)
    """A class was clicked, or Enter was pressed on it; -1 where the chosen class was chosen again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(
            self,
            "class_histogram",
            "Images of each class",
            "The longer the bar, the more images the class has. A class with few images is learnt badly. "
            "Click one to see only its images.",
        )
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self._classes: tuple[str, ...] = ()
        self._parts: tuple[Part, ...] = ()
        self._totals = np.zeros(0, np.int64)
        self._order = self._rows = np.zeros(0, np.int64)
        self._largest_first = False
        self._means: dict[int, QImage] = {}
        self._shows_means = False
        self._chosen = self._current = self._hovered = self._pressed = -1

    @property
    def chosen_class(self) -> int:
        """The class that is marked as chosen; -1 for none."""
        return self._chosen

    def set_classes(self, classes: Sequence[str], parts: Sequence[Part], shows_means: bool = True) -> None:
        """Shows other classes, without mean images.

        Args:
            classes: their names.
            parts: what the bars are made of, in this order; each with a count for each class.
            shows_means: whether there is room for mean images, which come with `set_mean`.
        """
        if tuple(classes) != self._classes or not shows_means:
            self._chosen = self._current = self._hovered = -1
            self.verticalScrollBar().setValue(0)
            self._means = {}
        self._classes, self._parts, self._shows_means = tuple(classes), tuple(parts), shows_means
        self._totals = np.sum([part.counts for part in parts], axis=0) if parts else np.zeros(len(classes), np.int64)
        self._sort()
        self._lay_out()
        self._scroll_to(self._chosen)

    def set_largest_first(self, largest_first: bool) -> None:
        """Sorts the rows by their numbers of images, or as the classes come."""
        self._largest_first = largest_first
        self._sort()
        self._scroll_to(self._chosen)
        self.viewport().update()

    def _sort(self) -> None:
        keys = -self._totals if self._largest_first else np.zeros(len(self._classes))
        self._order = np.argsort(keys, kind="stable")
        self._rows = np.argsort(self._order)

    def clear_means(self) -> None:
        """Forgets the mean images."""
        self._means = {}
        self.viewport().update()

    def set_mean(self, number: int, image: np.ndarray) -> None:
        """Shows a class's mean image; (height, width, 1 or 3) uint8."""
        self._means[number] = array_to_image(image)
        self.viewport().update()

    def set_chosen(self, number: int) -> None:
        """Marks a class as chosen and scrolls to it; -1 marks none."""
        if number != self._chosen:
            self._chosen = self._current = number
            self._scroll_to(number)
            self.viewport().update()

    def rectangle(self, number: int) -> QRectF:
        """Where a class's row lies in the viewport."""
        top = int(self._rows[number]) * self._row_height() - self.verticalScrollBar().value()
        return QRectF(0, top, self.viewport().width(), self._row_height())

    def _row_height(self) -> int:
        return _TALL if len(self._classes) <= FEW else _LOW

    def _lay_out(self) -> None:
        bar, height = self.verticalScrollBar(), self._row_height()
        bar.setRange(0, max(0, len(self._classes) * height - self.viewport().height()))
        bar.setSingleStep(height // 2)
        bar.setPageStep(max(1, self.viewport().height()))
        self.viewport().update()

    def _scroll_to(self, number: int) -> None:
        if number < 0:
            return
        bar, row = self.verticalScrollBar(), self.rectangle(number)
        if row.top() < 0:
            bar.setValue(bar.value() + int(row.top()))
        elif row.bottom() > self.viewport().height():
            bar.setValue(bar.value() + int(row.bottom()) - self.viewport().height())

    def _at_keys(self) -> int:
        """The class at which the keys are: the first one at first."""
        return self._current if self._current >= 0 else int(self._order[0])

    def _row_at(self, position: QPointF) -> int:
        row = int((position.y() + self.verticalScrollBar().value()) // self._row_height())
        return int(self._order[row]) if 0 <= row < len(self._classes) else -1

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height, scrolled = self._row_height(), self.verticalScrollBar().value()
        first = scrolled // height
        last = min(len(self._classes), -(-(scrolled + self.viewport().height()) // height))
        for number in self._order[first:last].tolist():
            self._paint_row(painter, number, self.rectangle(number))
        painter.end()

    def _paint_row(self, painter: QPainter, number: int, row: QRectF) -> None:
        theme = colours()
        background = theme.accent_soft if number == self._chosen else theme.hover if number == self._hovered else None
        painter.setPen(Qt.PenStyle.NoPen)
        if background:
            painter.setBrush(QColor(background))
            painter.drawRoundedRect(row.adjusted(1, 1, -1, -1), 6, 6)
        if self.hasFocus() and number == self._at_keys():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent_text), 2))
            painter.drawRoundedRect(row.adjusted(1, 1, -1, -1), 6, 6)
        area = row.adjusted(GRID / 2, GRID / 2, -GRID, -GRID / 2)
        if self._shows_means:
            self._paint_mean(
                painter, number, QRectF(area.topLeft(), QPointF(area.left() + area.height(), area.bottom()))
            )
            area.setLeft(area.left() + area.height() + 1.5 * GAP)
        tall = self._row_height() == _TALL
        thickness = GRID if tall else GRID / 2
        font = QFont(self.font())
        font.setPixelSize(text_sizes().body if tall else text_sizes().small)
        font.setWeight(QFont.Weight.DemiBold if number == self._chosen else QFont.Weight.Normal)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        words = area.adjusted(0, 0, 0, -thickness - (3 if tall else 1))
        figure = f"{self._totals[number]:,}"
        room = int(words.width()) - metrics.horizontalAdvance(figure) - GAP
        name = metrics.elidedText(self._classes[number], Qt.TextElideMode.ElideRight, room)
        painter.setPen(QColor(theme.text))
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(QColor(theme.secondary))
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
        self._paint_bar(painter, number, QRectF(area.left(), area.bottom() - thickness, area.width(), thickness))

    def _paint_mean(self, painter: QPainter, number: int, area: QRectF) -> None:
        if number not in self._means:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours().hover))
            painter.drawRoundedRect(area, 3, 3)
            return
        image = self._means[number]
        place = crisp_rectangle(area, image.size(), self.devicePixelRatioF())
        if place.width() < 0.8 * area.width():
            place = area
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, place.width() < image.width() or place == area)
        painter.drawImage(place, image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)

    def _paint_bar(self, painter: QPainter, number: int, track: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours().hover))
        painter.drawRoundedRect(track, 2, 2)
        most = int(self._totals.max(initial=0))
        left = track.left()
        for part in self._parts:
            count = part.counts[number]
            if not count:
                continue
            width = max(1.5, track.width() * count / most)
            bar = QRectF(left, track.top(), width, track.height())
            painter.setBrush(brush_of(part.series))
            painter.setPen(QPen(QColor(colours().plot[part.series]), 1) if part.series else Qt.PenStyle.NoPen)
            painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5) if part.series else bar)
            left += width
        painter.setPen(Qt.PenStyle.NoPen)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self._row_at(QPointF(event.pos()))
            text = self.toolTip() if number < 0 else f"<p>{escape(self.text_of(number))}</p>"
            QToolTip.showText(event.globalPos(), text, self)
            return True
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def text_of(self, number: int) -> str:
        """A class in words: “cat: 5,000 training images, 1,000 test images”."""
        shares = ", ".join(f"{part.counts[number]:,} {part.title}" for part in self._parts)
        return f"{self._classes[number]}: {shares}"

    def _hover(self, number: int) -> None:
        if number != self._hovered:
            self._hovered = number
            self.viewport().update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._row_at(event.position()))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self._row_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else -1

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Chooses the class that was pressed, if the pointer is still on it; none where it was chosen already."""
        number, self._pressed = self._pressed, -1
        if number >= 0 and number == self._row_at(event.position()):
            self._choose(number)

    def _choose(self, number: int) -> None:
        self.set_chosen(-1 if number == self._chosen else number)
        self._current = number
        self.chosen.emit(self._chosen)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offers to keep the numbers or the picture."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, title, name, form in (
            ("Save the &numbers…", "Save the numbers", "classes", Format(".csv", "CSV table", self.table)),
            ("Save the &picture…", "Save the picture", "classes", Format(".png", "PNG picture", self._picture)),
        ):
            menu.addAction(text).triggered.connect(partial(save_as, self, title, name, (form,)))
        menu.popup(event.globalPos())

    def table(self) -> bytes:
        """The numbers as a CSV table: a line for each class, a column for each part."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["class", *(part.title for part in self._parts)])
        writer.writerows(zip(self._classes, *(part.counts for part in self._parts), strict=True))
        return text.getvalue().encode("utf-8-sig")

    def _picture(self) -> bytes:
        return png(picture_of(self))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up, Down, Page Up, Page Down, Home and End move; Enter and Space choose."""
        count = len(self._classes)
        page = max(1, self.viewport().height() // self._row_height())
        steps = {
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -count,
            Qt.Key.Key_End: count,
        }
        key = Qt.Key(event.key())
        if count and key in steps:
            row = int(self._rows[self._at_keys()]) + steps[key]
            self._current = int(self._order[min(max(row, 0), count - 1)])
            self._scroll_to(self._current)
            self.setAccessibleDescription(self.text_of(self._current))
            self.viewport().update()
        elif count and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._at_keys())
        else:
            super().keyPressEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
