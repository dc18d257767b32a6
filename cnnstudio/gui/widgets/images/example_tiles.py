"""The examples of a class: small pictures in lines, the newest first."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImageReader,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, colours
from cnnstudio.gui.widgets.items import NONE, ItemWidget, Lines, focus_pen

SIDE = 7 * GRID
"""Of a tile: twice 28 pixels. Pictures up to this size are shown with sharp pixels."""

_PITCH = SIDE + GRID
_EDGE = 2
_CROSS = 20


class ExampleTiles(ItemWidget):
    """Pictures from files, read only when they come on screen; each can be chosen, and deleted.

    One line is shown, or all of them. The arrow keys choose a picture, Del deletes it, as its cross does.

    Painted by hand: it is as high as its lines, which a view of items is not, and gives the class around it each click.

    Args:
        parent: the parent widget.
    """

    remove_asked = Signal(object)
    """The path of the picture that is to be deleted."""

    expand_asked = Signal()
    """All pictures are to be shown."""

    keeps_arrows = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(
            self,
            "example_tiles",
            "Examples",
            "The examples of this class, the newest first. Choose one with the arrow keys; Del deletes it.",
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._files: tuple[Path, ...] = ()
        self._pictures: dict[Path, QPixmap] = {}
        self._expanded = False
        self._placeholder = ""
        self.activated.connect(self._expand)
        self._fit_height()

    @property
    def files(self) -> tuple[Path, ...]:
        """The pictures, in the order in which they are shown."""
        return self._files

    def set_files(self, files: Sequence[Path]) -> None:
        """Shows pictures; those that were there before are not read again."""
        self._files = tuple(files)
        self._pictures = {path: picture for path, picture in self._pictures.items() if path in set(self._files)}
        self._fit_height()

    def set_expanded(self, expanded: bool) -> None:
        """Shows all lines, or the first one."""
        self._expanded = expanded
        self._fit_height()

    def set_placeholder(self, text: str) -> None:
        """Sets what stands there while there is no picture."""
        self._placeholder = text
        self.update()

    # Where the pictures lie.

    def columns(self) -> int:
        """How many pictures there are in a line."""
        return max(2, (self.width() - 2 * _EDGE + GRID) // _PITCH)

    def item_count(self) -> int:
        """How many places there are; the last one may say how many more pictures there are."""
        return len(self._files) if self._expanded else min(len(self._files), self.columns())

    def _shown(self) -> int:
        """How many pictures are shown."""
        return len(self._files) if self.item_count() == len(self._files) else self.columns() - 1

    def _lines(self) -> Lines:
        return Lines(self.item_count(), self.columns(), SIDE, SIDE, _PITCH, _PITCH)

    def tile_rectangle(self, number: int) -> QRect:
        """Where a picture lies in this widget."""
        return self._lines().rectangle(number).translated(_EDGE, _EDGE)

    def cross_rectangle(self, number: int) -> QRect:
        """Where the cross lies that deletes a picture."""
        corner = self.tile_rectangle(number).topRight() + QPoint(1, 0)
        return QRect(corner.x() - _CROSS, corner.y(), _CROSS, _CROSS)

    def item_rectangle(self, item: int) -> QRectF:
        """Where a picture lies."""
        return QRectF(self.tile_rectangle(item))

    def item_at(self, position: QPointF) -> int:
        """The picture at a point; -1 where there is none."""
        return self._lines().item_at(position.x() - _EDGE, position.y() - _EDGE)

    def item_text(self, item: int) -> str:
        """Which example it is."""
        count = len(self._files)
        if item >= self._shown():
            return f"Shows all {count:,} examples."
        return f"Example {count - item:,} of {count:,}. The cross, or Del, deletes it."

    def _fit_height(self) -> None:
        self.set_current(max(self.current, 0))  # there may be fewer now, or the first ones
        self.setFixedHeight((self._lines().total_height or SIDE) + 2 * _EDGE)
        self.update()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_height()
        super().resizeEvent(event)

    @override
    def minimumSizeHint(self) -> QSize:
        """Narrow: pictures wrap."""
        return QSize(2 * _PITCH, SIDE)

    # Painting.

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, shown = colours(), self._shown()
        if not self._files:
            painter.setPen(QColor(theme.secondary))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._placeholder)
        for number in range(self.item_count()):
            place = self.tile_rectangle(number)
            if number < shown and event.region().intersects(place.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE)):
                self._paint_tile(painter, number, place)
            elif number >= shown:
                painter.setPen(QColor(theme.accent_text))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"+{len(self._files) - shown:,}")
            if self.hasFocus() and number == self.current:
                painter.setPen(focus_pen())
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(place).adjusted(-1, -1, 1, 1))
            if number < shown and (number == self.hovered or (self.hasFocus() and number == self.current)):
                self._paint_cross(painter, QRectF(self.cross_rectangle(number)))
        painter.end()

    def _paint_tile(self, painter: QPainter, number: int, place: QRect) -> None:
        picture = self._picture(self._files[number])
        if picture.isNull():
            painter.fillRect(place, QColor(colours().hover))
            painter.setPen(QColor(colours().secondary))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "?")
        else:
            painter.drawPixmap(place, picture)

    def _paint_cross(self, painter: QPainter, place: QRectF) -> None:
        theme = colours()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.surface))
        painter.drawEllipse(place.adjusted(2, 2, -2, -2))
        painter.setPen(QPen(QColor(theme.text), 1.75, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        arms = place.adjusted(7, 7, -7, -7)
        painter.drawLine(arms.topLeft(), arms.bottomRight())
        painter.drawLine(arms.topRight(), arms.bottomLeft())

    def _picture(self, path: Path) -> QPixmap:
        """The picture of a file, as large as a tile; a null one where it cannot be read."""
        side = round(SIDE * self.devicePixelRatioF())
        picture = self._pictures.get(path)
        if picture is None or (not picture.isNull() and picture.width() != side):
            reader = QImageReader(str(path))
            reader.setAutoTransform(True)
            picture = QPixmap.fromImage(reader.read())
            if not picture.isNull():
                sharp = max(picture.width(), picture.height()) <= SIDE
                mode = Qt.TransformationMode.FastTransformation if sharp else Qt.TransformationMode.SmoothTransformation
                cut = QRect(0, 0, *(2 * [min(picture.width(), picture.height())]))
                cut.moveCenter(picture.rect().center())
                picture = picture.copy(cut).scaled(side, side, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
            self._pictures[path] = picture
        return picture

    # Choosing and deleting.

    def _expand(self, item: int) -> None:
        if item >= self._shown():
            self.expand_asked.emit()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses a picture, or deletes it; the class around hears of it, too, and may come to show all of them."""
        item = self.item_at(event.position())
        if item != NONE and event.button() == Qt.MouseButton.LeftButton:
            if item < self._shown() and self.cross_rectangle(item).contains(event.position().toPoint()):
                self.remove_asked.emit(self._files[item])
            elif item < self._shown():
                self.set_current(item)
            else:
                self.expand_asked.emit()
        event.ignore()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Takes the keys, after the class around has heard of the press: Del deletes what was clicked."""
        if self.item_at(event.position()) != NONE:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.ignore()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Del and Backspace delete the picture that is chosen; other keys choose another one."""
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and NONE < self.current < self._shown():
            self.remove_asked.emit(self._files[self.current])
        else:
            super().keyPressEvent(event)
