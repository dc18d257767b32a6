"""The examples of a class: small pictures in lines, the newest first."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImageReader, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, colours
from cnnstudio.gui.widgets.items import EDGE, NONE, ItemLines, Lines, focus_pen

SIDE = 7 * GRID
"""Of a tile: twice 28 pixels. Pictures up to this size are shown with sharp pixels."""

_PITCH = SIDE + GRID
_CROSS = 20


class ExampleTiles(ItemLines):
    """Pictures from files, read only when they come on screen; each can be chosen, and deleted.

    One line is shown, or all of them. The arrow keys choose a picture, Del deletes it, as its cross does.

    Painted by hand: it is as high as its lines, which a view of items is not, and gives the class around it each click.
    """

    remove_asked = Signal(object)
    """The path of the picture that is to be deleted."""

    expand_asked = Signal()
    """All pictures are to be shown."""

    keeps_arrows = False

    def __init__(self) -> None:
        super().__init__()
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
        self.fit_height()

    @property
    def files(self) -> tuple[Path, ...]:
        """The pictures, in the order in which they are shown."""
        return self._files

    def set_files(self, files: Sequence[Path]) -> None:
        """Shows pictures; those that were there before are not read again."""
        self._files = tuple(files)
        self._pictures = {path: picture for path, picture in self._pictures.items() if path in set(self._files)}
        self.fit_height()

    def set_expanded(self, expanded: bool) -> None:
        """Shows all lines, or the first one."""
        self._expanded = expanded
        self.fit_height()

    def set_placeholder(self, text: str) -> None:
        """Sets what stands there while there is no picture."""
        self._placeholder = text
        self.update()

    # Where the pictures lie.

    def lines(self) -> Lines:
        """One line, or all of them."""
        columns, count = max(2, (self.width() - 2 * EDGE + GRID) // _PITCH), len(self._files)
        places = count if self._expanded else min(count, columns)
        hidden = count - places + 1 if places < count else 0
        return Lines(places, columns, SIDE, SIDE, _PITCH, _PITCH, hidden)

    def cross_rectangle(self, number: int) -> QRect:
        """Where the cross lies that deletes a picture."""
        corner = self.tile_rectangle(number).topRight() + QPoint(1, 0)
        return QRect(corner.x() - _CROSS, corner.y(), _CROSS, _CROSS)

    def item_text(self, item: int) -> str:
        """Which example it is."""
        count = len(self._files)
        if self.is_more(item):
            return f"Shows all {count:,} examples."
        return f"Example {count - item:,} of {count:,}. The cross, or Del, deletes it."

    def fit_height(self) -> None:
        """Makes the widget as high as its lines; there may be fewer now, or the first ones."""
        self.set_current(max(self.current, 0))
        super().fit_height()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(2 * _PITCH, SIDE)

    # Painting.

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = colours()
        if not self._files:
            painter.setPen(QColor(theme.secondary))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._placeholder)
        for number in range(self.item_count()):
            place, chosen = self.tile_rectangle(number), self.hasFocus() and number == self.current
            if self.is_more(number):
                painter.setPen(QColor(theme.accent_text))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"+{self.lines().hidden:,}")
            elif event.region().intersects(place.adjusted(-EDGE, -EDGE, EDGE, EDGE)):
                self._paint_tile(painter, number, place)
            if chosen:
                painter.setPen(focus_pen())
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(place).adjusted(-1, -1, 1, 1))
            if (chosen or number == self.hovered) and not self.is_more(number):
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
        if self.is_more(item):
            self.expand_asked.emit()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses a picture, or deletes it; the class around gets the click, too, and may show all pictures then."""
        item = self.item_at(event.position())
        if item != NONE and event.button() == Qt.MouseButton.LeftButton:
            if self.is_more(item):
                self.expand_asked.emit()
            elif self.cross_rectangle(item).contains(event.position().toPoint()):
                self.remove_asked.emit(self._files[item])
            else:
                self.set_current(item)
        event.ignore()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Takes the focus, after the class around has had the press: Del deletes what was clicked."""
        if self.item_at(event.position()) != NONE:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.ignore()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        deletes = event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}
        if deletes and self.current != NONE and not self.is_more(self.current):
            self.remove_asked.emit(self._files[self.current])
        else:
            super().keyPressEvent(event)
