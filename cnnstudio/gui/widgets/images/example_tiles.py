"""The examples of a class: small pictures in lines, the newest first."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImageReader,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, colours

SIDE = 7 * GRID
"""Of a tile: twice 28 pixels."""

_PITCH = SIDE + GRID
_EDGE = 2
_CROSS = 20
_SMALL = SIDE
"""Pictures up to this size are shown with sharp pixels."""


class ExampleTiles(QWidget):
    """Pictures from files, read only when they come on screen; each can be chosen, and deleted.

    One line is shown, or all of them. The arrow keys choose a picture, Del deletes it, as its cross does.

    Args:
        parent: the parent widget.
    """

    remove_asked = Signal(object)
    """The path of the picture that is to be deleted."""

    expand_asked = Signal()
    """All pictures are to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        describe(
            self,
            "example_tiles",
            "Examples",
            "The examples of this class, the newest first. Choose one with the arrow keys; Del deletes it.",
        )
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._files: tuple[Path, ...] = ()
        self._pictures: dict[Path, QPixmap] = {}
        self._expanded = False
        self._placeholder = ""
        self._current = 0
        self._hovered: int | None = None
        self._fit_height()

    @property
    def files(self) -> tuple[Path, ...]:
        """The pictures, in the order in which they are shown."""
        return self._files

    def set_files(self, files: Sequence[Path]) -> None:
        """Shows pictures; those that were there before are not read again."""
        self._files = tuple(files)
        self._pictures = {path: picture for path, picture in self._pictures.items() if path in set(self._files)}
        self._current = max(0, min(self._current, len(self._files) - 1))
        self._fit_height()

    def set_expanded(self, expanded: bool) -> None:
        """Shows all lines, or the first one."""
        self._expanded = expanded
        self._fit_height()

    def set_placeholder(self, text: str) -> None:
        """Sets what stands there while there is no picture."""
        self._placeholder = text
        self.update()

    # Geometry.

    @property
    def _columns(self) -> int:
        return max(2, (self.width() - 2 * _EDGE + GRID) // _PITCH)

    @property
    def _shown(self) -> int:
        """How many pictures are shown; the place after them may say how many more there are."""
        if self._expanded or len(self._files) <= self._columns:
            return len(self._files)
        return self._columns - 1

    def tile_rectangle(self, number: int) -> QRect:
        """Where a picture lies in this widget."""
        row, column = divmod(number, self._columns)
        return QRect(_EDGE + column * _PITCH, _EDGE + row * _PITCH, SIDE, SIDE)

    def cross_rectangle(self, number: int) -> QRect:
        """Where the cross lies that deletes a picture."""
        corner = self.tile_rectangle(number).topRight() + QPoint(1, 0)
        return QRect(corner.x() - _CROSS, corner.y(), _CROSS, _CROSS)

    def _tile_at(self, position: QPointF) -> int | None:
        places = self._shown + (self._shown < len(self._files))
        for number in range(places):
            if self.tile_rectangle(number).contains(position.toPoint()):
                return number
        return None

    def _fit_height(self) -> None:
        lines = -(-self._shown // self._columns) if self._expanded else 1
        self.setFixedHeight(max(1, lines) * _PITCH - GRID + 2 * _EDGE)
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
        theme = colours()
        if not self._files:
            painter.setPen(QColor(theme.secondary))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._placeholder)
        for number in range(self._shown):
            place = self.tile_rectangle(number)
            if event.region().intersects(place.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE)):
                self._paint_tile(painter, number, place)
        more = len(self._files) - self._shown
        if more:
            painter.setPen(QColor(theme.accent_text))
            painter.drawText(self.tile_rectangle(self._shown), Qt.AlignmentFlag.AlignCenter, f"+{more:,}")
        painter.end()

    def _paint_tile(self, painter: QPainter, number: int, place: QRect) -> None:
        theme = colours()
        picture = self._picture(self._files[number])
        if picture.isNull():
            painter.fillRect(place, QColor(theme.hover))
            painter.setPen(QColor(theme.secondary))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "?")
        else:
            painter.drawPixmap(place, picture)
        focused = self.hasFocus() and number == self._current
        if focused:
            painter.setPen(QPen(QColor(theme.accent_text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(place).adjusted(-1, -1, 1, 1))
        if focused or number == self._hovered:
            self._paint_cross(painter, QRectF(self.cross_rectangle(number)))

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
                sharp = max(picture.width(), picture.height()) <= _SMALL
                mode = Qt.TransformationMode.FastTransformation if sharp else Qt.TransformationMode.SmoothTransformation
                cut = QRect(0, 0, *(2 * [min(picture.width(), picture.height())]))
                cut.moveCenter(picture.rect().center())
                picture = picture.copy(cut).scaled(side, side, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
            self._pictures[path] = picture
        return picture

    # Pointing.

    def _text_of(self, number: int) -> str:
        if number >= self._shown:
            return f"Shows all {len(self._files):,} examples."
        return f"Example {len(self._files) - number:,} of {len(self._files):,}. The cross, or Del, deletes it."

    def _activate(self, number: int, position: QPointF) -> None:
        if number >= self._shown:
            self.expand_asked.emit()
        elif self.cross_rectangle(number).contains(position.toPoint()):
            self.remove_asked.emit(self._files[number])
        else:
            self._go_to(number)

    def _go_to(self, number: int) -> None:
        self._current = number
        self.setAccessibleDescription(self._text_of(number))
        self.update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self._tile_at(event.position())
        if number != self._hovered:
            self._hovered = number
            self.setCursor(Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()
        super().leaveEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses a picture, or deletes it; the class around hears of it, too."""
        number = self._tile_at(event.position())
        if number is not None and event.button() == Qt.MouseButton.LeftButton:
            self._activate(number, event.position())
        event.ignore()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Takes the keys, after the class around has heard of the press: Del deletes what was clicked."""
        if self._tile_at(event.position()) is not None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.ignore()

    @override
    def event(self, event: QEvent) -> bool:
        """Tells of the picture when a tooltip is due."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self._tile_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.toolTip() if number is None else self._text_of(number), self)
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys, Home and End choose a picture, Del deletes it."""
        moves: dict[int, int] = {
            Qt.Key.Key_Left: self._current - 1,
            Qt.Key.Key_Right: self._current + 1,
            Qt.Key.Key_Up: self._current - self._columns,
            Qt.Key.Key_Down: self._current + self._columns,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self._shown - 1,
        }
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and self._current < self._shown:
            self.remove_asked.emit(self._files[self._current])
        elif 0 <= moves.get(event.key(), -1) < self._shown:
            self._go_to(moves[event.key()])
        else:
            super().keyPressEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._files:
            self._go_to(self._current)
