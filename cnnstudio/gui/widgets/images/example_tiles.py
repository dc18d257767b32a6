"""The examples of a class: small pictures in lines, the newest first."""

import json
import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QImage,
    QImageReader,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QApplication, QSizePolicy
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, colours
from cnnstudio.gui.task import Task
from cnnstudio.gui.widgets.items import EDGE, NONE, ItemLines, Lines, focus_pen

SIDE = 7 * GRID
"""Of a tile: twice 28 pixels. Pictures up to this size are shown with sharp pixels."""

_PITCH = SIDE + GRID
_CROSS = 20
_BADGE = 24
_AT_ONCE = 32
"""Pictures that are read before the first of them are shown, at most."""

_FAINT = 0.35
"""Opacity of pictures that were cut and will move when they are pasted."""

_FORMAT = "application/x-cnnstudio-examples"


def moving_data(paths: Sequence[Path]) -> QMimeData:
    """What a drag or the clipboard holds of examples that are to be moved."""
    data = QMimeData()
    data.setData(_FORMAT, QByteArray(json.dumps([str(path) for path in paths]).encode()))
    return data


def moving_in(data: QMimeData | None) -> list[Path]:
    """The examples that `moving_data` put there; none where it holds something else, or nothing."""
    if data is None or not data.hasFormat(_FORMAT):
        return []
    return [Path(path) for path in json.loads(bytes(data.data(_FORMAT).data()))]


class ExampleTiles(ItemLines):
    """Pictures from files, read in another thread when they come on screen; they can be selected, dragged, cut and
    deleted.

    One line is shown, or all of them. A click or the arrow keys select a picture, with Shift or Ctrl several, Ctrl+A
    all; Del deletes what is selected, and each picture has a cross that deletes it alone.

    Painted by hand: it is as high as its lines, which a view of items is not, and gives the class around it each click.
    """

    clicked = Signal()
    """A picture was clicked, and not dragged."""

    selection_changed = Signal()
    """Other pictures are selected, or none."""

    remove_asked = Signal(object)
    """The paths of the pictures that are to be deleted, a tuple."""

    cut_asked = Signal(object)
    """The paths of the pictures that are to be cut, a tuple."""

    menu_asked = Signal(QPoint)
    """A menu is wanted for the pictures that are selected, at this place on the screen."""

    expand_asked = Signal()
    """All pictures are to be shown."""

    foldable_changed = Signal(bool)
    """Whether there is more than one line of pictures now."""

    keeps_arrows = False

    def __init__(self) -> None:
        super().__init__()
        describe(
            self,
            "example_tiles",
            "Examples",
            "The examples of this class, the newest first. Drag them to another class, or cut them (Ctrl+X) and paste "
            "them there (Ctrl+V). Shift and Ctrl select several; Del deletes them.",
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._files: tuple[Path, ...] = ()
        self._pictures: dict[Path, QPixmap] = {}
        self._missing: list[Path] = []
        self._reading: Task | None = None
        self._selected: frozenset[Path] = frozenset()
        self._cut: frozenset[Path] = frozenset()
        self._anchor = self._dragged = NONE
        self._press = QPoint()
        self._expanded = self._foldable = False
        self._placeholder = ""
        self.activated.connect(self._expand)
        self.fit_height()

    @property
    def files(self) -> tuple[Path, ...]:
        """The pictures, in the order in which they are shown."""
        return self._files

    @property
    def selected(self) -> tuple[Path, ...]:
        """The pictures that are selected, in the order in which they are shown."""
        return tuple(path for path in self._files if path in self._selected)

    @property
    def expanded(self) -> bool:
        """Whether all lines are shown."""
        return self._expanded

    @property
    def reading(self) -> bool:
        """Whether some of the pictures on screen are still being read."""
        return self._reading is not None

    def set_files(self, files: Sequence[Path]) -> None:
        """Shows pictures; those that were there before are not read again, and stay selected."""
        self._files = tuple(files)
        there = frozenset(files)
        self._pictures = {path: picture for path, picture in self._pictures.items() if path in there}
        self._select(self._selected & there)
        self.fit_height()

    def select(self, paths: Collection[Path]) -> None:
        """Selects these of the pictures, and no others."""
        self._select(frozenset(paths) & frozenset(self._files))

    def mark_cut(self, paths: Collection[Path]) -> None:
        """Shows these pictures faintly: they move when they are pasted."""
        self._cut = frozenset(paths)
        self.update()

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
        return f"Example {count - item:,} of {count:,}. Drag it to another class; the cross, or Del, deletes it."

    def fit_height(self) -> None:
        """Makes the widget as high as its lines; there may be fewer now, or the first ones."""
        self.set_current(max(self.current, 0))
        super().fit_height()
        foldable = len(self._files) > self.columns()
        if foldable != self._foldable:
            self._foldable = foldable
            self.foldable_changed.emit(foldable)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(2 * _PITCH, SIDE)

    # Painting.

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = colours()
        self._missing.clear()
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
        self._read()

    def _paint_tile(self, painter: QPainter, number: int, place: QRect) -> None:
        path, theme = self._files[number], colours()
        picture = self._picture(path)
        painter.setOpacity(_FAINT if path in self._cut else 1.0)
        if picture is None:
            painter.fillRect(place, QColor(theme.hover))
        elif picture.isNull():
            painter.fillRect(place, QColor(theme.hover))
            painter.setPen(QColor(theme.secondary))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "?")
        else:
            painter.drawPixmap(place, picture)
        painter.setOpacity(1.0)
        if path in self._selected:
            veil = QColor(theme.accent)
            veil.setAlphaF(0.4)
            painter.fillRect(place, veil)
            painter.setPen(QPen(QColor(theme.accent), 3, j=Qt.PenJoinStyle.MiterJoin))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(place).adjusted(1.5, 1.5, -1.5, -1.5))

    def _paint_cross(self, painter: QPainter, place: QRectF) -> None:
        theme = colours()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.surface))
        painter.drawEllipse(place.adjusted(2, 2, -2, -2))
        painter.setPen(QPen(QColor(theme.text), 1.75, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        arms = place.adjusted(7, 7, -7, -7)
        painter.drawLine(arms.topLeft(), arms.bottomRight())
        painter.drawLine(arms.topRight(), arms.bottomLeft())

    def _picture(self, path: Path) -> QPixmap | None:
        """The picture of a file, as large as a tile; a null one where it cannot be read, None where it is yet to be."""
        picture = self._pictures.get(path)
        if picture is None or not (picture.isNull() or picture.width() == self._side()):
            self._missing.append(path)
        return picture

    def _side(self) -> int:
        """Of a tile, in pixels of the screen."""
        return round(SIDE * self.devicePixelRatioF())

    def _read(self) -> None:
        """Has the first of the pictures read that are missing on screen; painting them asks for the others."""
        if self._missing and self._reading is None:
            self._reading = Task(partial(_read_tiles, tuple(self._missing[:_AT_ONCE]), self._side()), self)
            self._reading.finished.connect(self._take)
            self._reading.start()

    @Slot(object)
    def _take(self, images: dict[Path, QImage]) -> None:
        self._reading = None
        there = frozenset(self._files)
        self._pictures |= {path: QPixmap.fromImage(image) for path, image in images.items() if path in there}
        self.update()

    # Selecting.

    def _select(self, selected: frozenset[Path]) -> None:
        if selected != self._selected:
            self._selected = selected
            self.update()
            self.selection_changed.emit()

    def _select_at(self, item: int, keys: Qt.KeyboardModifier) -> None:
        """Selects the picture at a place: alone, with Ctrl beside the others, with Shift all from the last one on."""
        if keys & Qt.KeyboardModifier.ShiftModifier and self._anchor != NONE:
            first, last = sorted((self._anchor, item))
            self._select(frozenset(self._files[first : last + 1]))
            return
        self._anchor = item
        one = frozenset([self._files[item]])
        self._select(self._selected ^ one if keys & Qt.KeyboardModifier.ControlModifier else one)

    def _expand(self, item: int) -> None:
        if self.is_more(item):
            self.expand_asked.emit()

    # The mouse.

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Selects a picture, or deletes it; the class around gets a click beside the pictures."""
        item = self.item_at(event.position())
        self._dragged = NONE
        if item == NONE or event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
        elif self.is_more(item):
            self.expand_asked.emit()
        elif self.cross_rectangle(item).contains(event.position().toPoint()):
            self.remove_asked.emit((self._files[item],))
        else:
            self.set_current(item)
            self._dragged, self._press = item, event.position().toPoint()
            if self._files[item] not in self._selected or event.modifiers():
                self._select_at(item, event.modifiers())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags what is selected, once the mouse was moved far enough."""
        distance = (event.position().toPoint() - self._press).manhattanLength()
        if self._dragged != NONE and distance >= QApplication.startDragDistance() and self._selected:
            item, self._dragged = self._dragged, NONE
            self._drag(item)
        else:
            super().mouseMoveEvent(event)

    def _drag(self, item: int) -> None:
        drag = QDrag(self)
        drag.setMimeData(moving_data(self.selected))
        picture = self._picture(self._files[item]) or QPixmap()
        drag.setPixmap(_with_number(picture, len(self.selected)))
        drag.setHotSpot(QPoint(SIDE, SIDE) / 2)
        drag.exec(Qt.DropAction.MoveAction)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends a click: of several pictures that were selected, the one that was clicked remains."""
        item, self._dragged = self._dragged, NONE
        if item == NONE or item >= len(self._files):
            event.ignore()
            return
        if not event.modifiers():
            self._select_at(item, event.modifiers())
        self.clicked.emit()
        self.setFocus(Qt.FocusReason.MouseFocusReason)  # the class takes it at a click; Del deletes what was clicked

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks for a menu for what is selected, or for the picture under the pointer; else the class shows its own."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        item = self.current if by_key else self.item_at(QPointF(event.pos()))
        if item == NONE or self.is_more(item) or not self._files:
            event.ignore()
            return
        self.set_current(item)
        if self._files[item] not in self._selected:
            self._select_at(item, Qt.KeyboardModifier.NoModifier)
        self.menu_asked.emit(self.mapToGlobal(self.tile_rectangle(item).center()) if by_key else event.globalPos())

    # Keys.

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        before, keys = self.current, event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        at = self.current != NONE and self.current < len(self._files) and not self.is_more(self.current)
        chosen = self.selected or ((self._files[self.current],) if at else ())
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and chosen:
            self.remove_asked.emit(chosen)
        elif event.matches(QKeySequence.StandardKey.Cut) and chosen:
            self.cut_asked.emit(chosen)
        elif event.matches(QKeySequence.StandardKey.SelectAll) and self._files:
            self.expand_asked.emit()
            self._select(frozenset(self._files))
        elif event.key() == Qt.Key.Key_Escape and self._selected:
            self._select(frozenset())
        elif keys == Qt.KeyboardModifier.ShiftModifier and self.item_after(event.key()) != NONE:
            if self._anchor == NONE:
                self._anchor = self.current
            self.set_current(self.item_after(event.key()))
            if not self.is_more(self.current):
                self._select_at(self.current, keys)
        else:
            super().keyPressEvent(event)
            if self.current not in (before, NONE) and not self.is_more(self.current):
                self._select_at(self.current, Qt.KeyboardModifier.NoModifier)


def _read_tiles(
    paths: Sequence[Path],
    side: int,
    on_event: Callable[[object], None],  # noqa: ARG001
    stop: threading.Event,
) -> dict[Path, QImage]:
    """The pictures of files, cut square and scaled; null ones of those that cannot be read."""
    return {path: _read_tile(path, side) for path in paths if not stop.is_set()}


def _read_tile(path: Path, side: int) -> QImage:
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    image = reader.read()
    if image.isNull():
        return image
    sharp = max(image.width(), image.height()) <= SIDE
    mode = Qt.TransformationMode.FastTransformation if sharp else Qt.TransformationMode.SmoothTransformation
    cut = QRect(0, 0, *(2 * [min(image.width(), image.height())]))
    cut.moveCenter(image.rect().center())
    return image.copy(cut).scaled(side, side, Qt.AspectRatioMode.IgnoreAspectRatio, mode)


def _with_number(picture: QPixmap, number: int) -> QPixmap:
    """What the pointer carries: a picture, with a number on it where it stands for several."""
    picture = QPixmap(picture)
    picture.setDevicePixelRatio(max(1, picture.width()) / SIDE)
    if number > 1 and not picture.isNull():
        theme, place = colours(), QRectF(SIDE - _BADGE, SIDE - _BADGE, _BADGE, _BADGE)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent))
        painter.drawEllipse(place)
        painter.setPen(QColor(theme.on_accent))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{number}" if number < 100 else "99+")
        painter.end()
    return picture
