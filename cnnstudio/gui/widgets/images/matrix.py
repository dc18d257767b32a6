"""A small matrix of numbers to read and to change, each in a cell on its colour; a window may slide over it."""

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QRegion,
)
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSizePolicy
from typing_extensions import override

from cnnstudio import wording
from cnnstudio.gui.controls.buttons import on_key
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.number_boxes import decimal_text, read_decimal
from cnnstudio.gui.look.theme import GRID, colours, pixels_to_image, text_sizes, to_colours
from cnnstudio.gui.widgets.images.digits import digits_of
from cnnstudio.gui.widgets.items import NONE, Cell, Cells, ItemWidget, focus_pen, paint_value_outline

LARGEST = 1e6
"""The largest number that a cell takes, either way."""

CELL = 40
"""Width and height of a cell, in device-independent pixels, unless another is set."""

_LEGIBLE = 16
"""From this width of a cell on, numbers are written into it."""
EDGE = 4
"""Room around the cells for what frames them."""

_FEW = 40
"""Of more cells that look otherwise, all are painted."""

_BRIGHT = 140
_BLACK, _WHITE = np.uint32(0xFF000000), np.uint32(0xFFFFFFFF)
_SMALLEST_FONT = 8
_SIGNS_ACROSS = 1.5
"""Signs of the height of a cell that have room in its width."""
_RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_AIR = 4
"""Of a cell's width, what stays free beside the longest number."""
_LONGEST = 24
_PALER = 1.6
"""The ends of a diverging colour map are so much beyond the largest number, so that all can be read."""


_DIGITS = ((1, 3), (100, 2), (1000, 1))
"""Below which size a number is written with how many digits behind the point."""


@functools.lru_cache(4096)
def number_text(value: float) -> str:
    """A number in a few signs, with a real minus: “−0.25”, “12”, “1.2e7”; “?” where it is none."""
    if not math.isfinite(value):
        return "?"
    if abs(value) >= LARGEST:
        text = f"{value:.1e}".replace(".0e", "e").replace("e+", "e").replace("e0", "e")
    else:
        digits = next((digits for limit, digits in _DIGITS if abs(value) < limit), 0)
        text = decimal_text(round(value, digits))
    return "0" if text == "-0" else text.replace("-", "−")


def small_number_text(value: float, digits: int) -> str:
    """A number in a few digits that count, short enough for a cell however small it is: “0.417”, “1.5×10⁻⁹”."""
    if value == 0 or abs(value) >= 100:
        return number_text(value)
    return wording.power_of_ten(decimal_text(float(f"{value:.{digits}g}"))).replace("-", "−")


@functools.lru_cache(4096)
def _signs(text: str) -> float:
    """How wide a text is, in digits: a point is half as wide, and a raised digit three quarters."""
    return len(text) - sum(map(text.count, ".,")) / 2 - sum(map(text.count, _RAISED)) / 4


def read_number(text: str) -> float | str:
    """The number that a text says, or why it cannot be used, as a sentence."""
    shown = text.strip()
    if not shown:
        return "This cell is empty: type a number, such as 2 or −0.5."
    value = read_decimal(shown)
    if value is None:
        return f"“{shown}” is no number: type one such as 2 or −0.5."
    if abs(value) > LARGEST:
        return f"{shown} is too large to follow: type a number from −1,000,000 to 1,000,000."
    return value


@dataclass(frozen=True, eq=False)
class _Looks:
    """What all cells look like.

    Attributes:
        grounds: (rows, columns) uint32, the colours behind the numbers.
        inks: likewise, those of the numbers.
        texts: (rows, columns) of texts, empty where nothing is written.
        font_size: of all numbers, in pixels: that in which the longest of them fits into its cell.
    """

    grounds: np.ndarray
    inks: np.ndarray
    texts: np.ndarray
    font_size: int

    def differ_from(self, others: "_Looks") -> np.ndarray:
        """Which cells look otherwise, (rows, columns) bool; all of them where there were more or fewer."""
        if self.grounds.shape != others.grounds.shape or self.font_size != others.font_size:
            return np.ones(self.grounds.shape, bool)
        changed: np.ndarray = (self.grounds != others.grounds) | (self.inks != others.inks)
        return changed | (self.texts != others.texts).astype(bool)


class Matrix(Cells, ItemWidget):
    """Numbers in rows and columns. Pointing at one tells where it belongs to; where they can be changed, typing does.

    A text that is no number stays in its cell, marked, and counts as NaN; all else goes on.

    Args:
        name: its `objectName`.
        title: its accessible name, with which each cell begins in words.
        tip: its tooltip.
        colormap: of the cells, as for `array_to_image`.
        editable: whether numbers can be changed.
        text: how a number is written into its cell.

    Signals:
        edited(): a number was changed by hand.
    """

    edited = Signal()

    def __init__(
        self,
        name: str,
        title: str,
        tip: str,
        colormap: str = "viridis",
        *,
        editable: bool = False,
        text: Callable[[float], str] = number_text,
    ) -> None:
        super().__init__()
        describe(self, name, title, tip)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._colormap = colormap
        self._editable = editable
        self._text = text
        self._values = np.zeros((1, 1))
        self._limits = (0.0, 1.0)
        self._texts: dict[Cell, str] = {}
        self._side = CELL
        self._shown: np.ndarray | None = None
        self._marked: np.ndarray | None = None
        self._unused: np.ndarray | None = None
        self._fixed: np.ndarray | None = None
        self._window: QRectF | None = None
        self._pinned: Cell | None = None
        self._outlined: Cell | None = None
        self._editor: _CellEditor | None = None
        # Painted once; then only cells that look otherwise than before: a step changes few of hundreds of numbers.
        self._cells: QPixmap | None = None
        self._looks: _Looks | None = None
        self._painted: _Looks | None = None
        for key, act in ((QKeySequence.StandardKey.Copy, self.copy), (QKeySequence.StandardKey.Paste, self.paste)):
            on_key(self, key, act)
        self._fit()

    # What is shown.

    @property
    def values(self) -> np.ndarray:
        """(rows, columns) float64; NaN where a cell holds no number."""
        return self._values.copy()

    @property
    def problem(self) -> str:
        """What is wrong with the first cell that holds no number, and with how many more; empty where all do."""
        if not self._editable or not np.isnan(self._values).any():
            return ""
        if self._values.size == 1:
            return str(read_number(self._texts.get((0, 0), "")))
        bad = [(row, column) for row, column in np.argwhere(np.isnan(self._values)).tolist()]
        said = f"{wording.cell(*bad[0]).capitalize()}: {read_number(self._texts.get(bad[0], ''))}"
        more = len(bad) - 1
        others = "1 more cell needs" if more == 1 else f"{more} more cells need"
        return f"{said} And {others} a number." if more else said

    def set_values(self, values: np.ndarray, limits: tuple[float, float] | None = None) -> None:
        """Shows other numbers.

        Args:
            values: (rows, columns).
            limits: the numbers that get the ends of the colour map; those of the values where none are given.
        """
        values = np.asarray(values, np.float64)
        limits = _limits(values, self._colormap) if limits is None else limits
        if limits == self._limits and np.array_equal(values, self._values, equal_nan=True):
            return
        resized = values.shape != self._values.shape
        self._values, self._limits = values.copy(), limits
        self._texts = {cell: text for cell, text in self._texts.items() if self._is_bad(cell)}
        if resized:
            self.close_editor()
            self._shown = self._marked = self._unused = self._fixed = None
            self._window = self._pinned = self._outlined = None
            self.point(None)
            self._fit()
        self._look_anew()

    def set_cell_size(self, side: int) -> None:
        """Makes cells so wide and high, in device-independent pixels; numbers are written from 16 on."""
        if side != self._side:
            self.close_editor()
            self._side = side
            self._fit()

    def set_shown(self, shown: np.ndarray | None) -> None:
        """Says which cells are filled already, (rows, columns) bool; None for all."""
        if not _same(self._shown, shown):
            self._shown = shown
            self._look_anew()

    def set_marked(self, marked: np.ndarray | None) -> None:
        """Says which cells stand out, (rows, columns) bool: they are framed, the others step back. None marks none."""
        if not _same(self._marked, marked):
            self._marked = marked
            self._look_anew()

    def set_unused(self, unused: np.ndarray | None) -> None:
        """Says which cells nothing is made of, (rows, columns) bool; they step back and are hatched."""
        if not _same(self._unused, unused):
            self._unused = unused
            self._paint_anew()

    def set_fixed(self, fixed: np.ndarray | None) -> None:
        """Says which cells are no numbers of one's own, such as padding, (rows, columns) bool; they have no colour."""
        if not _same(self._fixed, fixed):
            self._fixed = fixed
            self._look_anew()

    def set_window(self, window: QRectF | None) -> None:
        """Frames a window, counted in cells from the top left one; between cells while it moves. None frames none."""
        if window != self._window:
            before, self._window = self._window, window
            for one in filter(None, (before, window)):
                self.update(self._frame_of(one).adjusted(-3, -3, 3, 3).toAlignedRect())

    def set_outlined(self, cell: Cell | None) -> None:
        """Outlines the cell that belongs to what is pointed at elsewhere; None outlines none."""
        if cell != self._outlined:
            before, self._outlined = self._outlined, cell
            for one in filter(None, (before, cell)):
                self.update(self.cell_rectangle(one).adjusted(-3, -3, 3, 3).toAlignedRect())

    def set_pinned(self, cell: Cell | None) -> None:
        """Marks the cell at which what is shown stays."""
        if cell != self._pinned:
            self._pinned = cell
            self.update()

    # Items.

    def extent(self) -> Cell:
        """How many rows and columns there are."""
        return self._values.shape[0], self._values.shape[1]

    def cell_rectangle(self, cell: Cell) -> QRectF:
        """Where a cell lies."""
        return QRectF(EDGE + cell[1] * self._side, EDGE + cell[0] * self._side, self._side, self._side)

    def text_of(self, cell: Cell) -> str:
        """A cell in words."""
        where = f"{self.accessibleName()}, {wording.cell(*cell)}"
        if cell in self._texts:
            return f"{where}: {read_number(self._texts[cell])}"
        if self._shown is not None and not self._shown[cell]:
            return f"{where}: not computed yet"
        value = float(self._values[cell])
        exact = decimal_text(round(value, 6)).replace("-", "−")
        unused = ", not used" if self._unused is not None and self._unused[cell] else ""
        return f"{where}: {exact if self._text is number_text else self._text(value)}{unused}"

    def _frame_of(self, window: QRectF) -> QRectF:
        """Where the frame around a window lies, which is counted in cells."""
        side, start = self._side, EDGE + 0.5
        left, top = start + window.left() * side, start + window.top() * side
        return QRectF(left, top, window.width() * side, window.height() * side)

    @override
    def sizeHint(self) -> QSize:
        rows, columns = self.extent()
        return QSize(columns * self._side + 2 * EDGE, rows * self._side + 2 * EDGE)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _fit(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.updateGeometry()
        self._paint_anew()

    def _paint_anew(self) -> None:
        self._cells = None
        self._look_anew()

    def _look_anew(self) -> None:
        self._looks = None
        self.update()

    # Changing numbers.

    def edit(self, cell: Cell, begun: str | None = None) -> None:
        """Opens a cell to type in it.

        Args:
            cell: which one.
            begun: what has been typed already; None for what stands there, selected.
        """
        if not self._editable or (self._fixed is not None and self._fixed[cell]):
            return
        self.close_editor()
        self.point(cell)
        was = self._texts[cell] if cell in self._texts else decimal_text(float(self._values[cell]))
        self._editor = _CellEditor(self, cell, was, begun)
        self._editor.setGeometry(self.cell_rectangle(cell).toRect())
        self._editor.done.connect(self._take)
        self._editor.show()
        self._editor.setFocus()

    def set_text(self, cell: Cell, text: str) -> None:
        """Puts into a cell what somebody typed."""
        self._put(cell, text)
        self._changed()

    def close_editor(self) -> None:
        """Takes what is being typed, if anything is."""
        if self._editor is not None:
            self._editor.finish()

    @Slot(object, object, int)
    def _take(self, cell: Cell, text: str | None, go_on: int) -> None:
        self._editor = None
        if go_on or text is None:
            self.setFocus()
        if text is not None:
            self.set_text(cell, text)
        item = cell[0] * self.columns() + cell[1] + go_on
        if go_on and 0 <= item < self.item_count():
            self.set_current(item)

    def _put(self, cell: Cell, text: str) -> None:
        value = read_number(text)
        if isinstance(value, str):
            self._texts[cell] = text.strip()
            self._values[cell] = np.nan
        else:
            self._texts.pop(cell, None)
            self._values[cell] = value

    def _changed(self) -> None:
        self._limits = _limits(self._values, self._colormap)
        self._look_anew()
        self.edited.emit()

    def _is_bad(self, cell: Cell) -> bool:
        rows, columns = self.extent()
        return cell[0] < rows and cell[1] < columns and bool(np.isnan(self._values[cell]))

    # Events.

    @Slot()
    def copy(self) -> None:
        """Copies the numbers, row by row, to paste into a spreadsheet."""
        lines = ("\t".join(map(decimal_text, row)) for row in self._values.tolist())
        QGuiApplication.clipboard().setText("\n".join(lines))

    @Slot()
    def paste(self) -> None:
        """Puts numbers from a spreadsheet or a text into the cells from the current one on."""
        if not self._editable:
            return
        row, column = self.cell or (0, 0)
        rows, columns = self.extent()
        for down, line in enumerate(QGuiApplication.clipboard().text().splitlines()[: rows - row]):
            parts = line.split("\t") if "\t" in line else line.split()
            for across, text in enumerate(parts[: columns - column]):
                self._put((row + down, column + across), text)
        self._changed()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if not self._editable or self.cell is None or held:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.edit(self.cell)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.set_text(self.cell, "0")
        elif event.text().isprintable() and event.text().strip():
            self.edit(self.cell, event.text())
        else:
            super().keyPressEvent(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Opens the cell under the pointer."""
        item = self.item_at(event.position())
        if item != NONE:
            self.edit(divmod(item, self.columns()))

    @override
    def changeEvent(self, event: QEvent) -> None:
        """Another theme has other colours."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._cells = None

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._painted_cells())
        self._paint_frames(painter)
        painter.end()

    def _painted_cells(self) -> QPixmap:
        """The numbers on their colours."""
        ratio = self.devicePixelRatioF()
        before = self._painted
        if self._cells is None or self._cells.devicePixelRatioF() != ratio:
            self._cells = QPixmap(self.size() * ratio)
            self._cells.setDevicePixelRatio(ratio)
            before = None
        elif self._looks is not None:
            return self._cells
        self._looks = self._painted = looks = self._look()
        changed = np.ones(self.extent(), bool) if before is None else looks.differ_from(before)
        if np.count_nonzero(changed) > _FEW or changed.all():
            changed[:] = True
            self._cells.fill(Qt.GlobalColor.transparent)
        if changed.any():
            painter = QPainter(self._cells)
            self._paint_cells(painter, looks, changed)
            painter.end()
        return self._cells

    def _look(self) -> "_Looks":
        grounds = self._grounds()
        red, green, blue = (grounds >> shift & 255 for shift in (16, 8, 0))
        inks = np.where(0.3 * red + 0.59 * green + 0.11 * blue < _BRIGHT, _WHITE, _BLACK)
        if self._fixed is not None:
            inks[self._fixed] = QColor(colours().secondary).rgb()
        texts = np.full(self.extent(), "", object)
        longest = 1.0
        if self._side >= _LEGIBLE:
            most = _SIGNS_ACROSS * self._side / _SMALLEST_FONT  # what is longer can be pointed at
            written = [[self._text(value) for value in row] for row in self._values.tolist()]
            texts[:] = [[text if _signs(text) <= most else "…" for text in row] for row in written]
            longest = max(_signs(text) for text in texts.flat)
            if self._shown is not None:
                texts[~self._shown] = ""
        for cell, text in self._texts.items():
            texts[cell], inks[cell] = text or "…", QColor(colours().error).rgb()
        return _Looks(grounds, inks, texts, self._font_size(longest))

    def _paint_cells(self, painter: QPainter, looks: "_Looks", changed: np.ndarray) -> None:
        places = np.argwhere(changed).tolist()
        if len(places) < changed.size:
            region = QRegion()
            for row, column in places:
                region |= self.cell_rectangle((row, column)).toRect()
            painter.setClipRegion(region)
        self._paint_grounds(painter, looks.grounds)
        if self._unused is not None:
            hatching = QBrush(QColor(colours().secondary), Qt.BrushStyle.BDiagPattern)
            for row, column in np.argwhere(self._unused & changed).tolist():
                painter.fillRect(self.cell_rectangle((row, column)), hatching)
        family = self.font().family()
        inks, texts = looks.inks.tolist(), looks.texts.tolist()
        lines: dict[tuple[int, int], list[tuple[QPointF, str]]] = {}
        for row, column in places:
            if text := texts[row][column]:
                middle = QPointF(EDGE + (column + 0.5) * self._side, EDGE + (row + 0.5) * self._side)
                size = min(looks.font_size, self._font_size(_signs(text)))  # what was typed wrong may be longer
                lines.setdefault((inks[row][column], size), []).append((middle, text))
        for (ink, size), written in lines.items():
            painter.setPen(QColor.fromRgb(ink))
            digits_of(family, size).draw(painter, written)

    def _paint_grounds(self, painter: QPainter, grounds: np.ndarray) -> None:
        """The colours behind the numbers, with a line at the left and the top of each."""
        rows, columns = self.extent()
        area = QRectF(self.cell_rectangle((0, 0)).topLeft(), self.cell_rectangle((rows, columns)).topLeft())
        painter.drawImage(area, pixels_to_image(grounds))
        if self._side < _SMALLEST_FONT:
            return
        grey = QColor(128, 128, 128, 110)
        for column in range(columns + 1):  # filled: strokes take ten times as long
            painter.fillRect(QRectF(area.left() + column * self._side, area.top(), 1, area.height()), grey)
        for row in range(rows + 1):
            painter.fillRect(QRectF(area.left(), area.top() + row * self._side, area.width(), 1), grey)

    def _grounds(self) -> np.ndarray:
        """(rows, columns) uint32, the colour behind each cell."""
        theme = colours()
        surface = QColor(theme.surface).rgb()
        found = to_colours(self._values, self._colormap, self._limits).astype(np.uint32)
        found[np.isnan(self._values)] = surface
        if self._fixed is not None:
            found[self._fixed] = QColor(theme.window).rgb()
        back = np.zeros(self.extent(), bool) if self._marked is None else ~self._marked
        if self._unused is not None:
            back |= self._unused
        if back.any():
            found = np.where(back, _blend(found, surface), found)
        if self._shown is not None:
            found[~self._shown] = surface
        for cell in self._texts:
            found[cell] = QColor(theme.error_soft).rgb()
        return found

    def _font_size(self, signs: float) -> int:
        """In pixels, so that so many signs fit into a cell."""
        wide = _SIGNS_ACROSS * (self._side - _AIR) / max(signs, 1)
        fitting = min(max(text_sizes().body, round(self._side * 0.22)), round(self._side * 0.42), int(wide))
        return max(_SMALLEST_FONT, fitting)

    def _edges_of(self, cells: np.ndarray) -> list[QLineF]:
        """The lines that part some cells, (rows, columns) bool, from the others and from what is around."""
        side, start = self._side, EDGE + 0.5
        inside = np.pad(cells, 1)
        lines = []
        for row, column in np.argwhere(inside[1:, 1:-1] != inside[:-1, 1:-1]).tolist():
            left, top = start + column * side, start + row * side
            lines.append(QLineF(left, top, left + side, top))
        for row, column in np.argwhere(inside[1:-1, 1:] != inside[1:-1, :-1]).tolist():
            left, top = start + column * side, start + row * side
            lines.append(QLineF(left, top, left, top + side))
        return lines

    def _paint_frames(self, painter: QPainter) -> None:
        theme = colours()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._marked is not None:
            lines = self._edges_of(self._marked)
            for colour, width in ((theme.surface, 4), (theme.accent, 2)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawLines(lines)
        if self._window is not None:
            frame = self._frame_of(self._window)
            for colour, width in ((theme.surface, 5), (theme.accent, 3)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(frame)
        for cell in filter(None, {self.cell, self._outlined}):
            paint_value_outline(painter, self.cell_rectangle(cell).adjusted(2, 2, -1, -1))
        if self.hasFocus():
            painter.setPen(focus_pen())
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        if self._pinned is not None:
            place = self.cell_rectangle(self._pinned)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.surface), 1.5))
            painter.setBrush(QColor(theme.accent))
            painter.drawEllipse(QPointF(place.right() - 5, place.top() + 6), 4, 4)


class _CellEditor(QLineEdit):
    """What one types into a cell. Enter, the upright arrows and Tab take it, Escape leaves the cell as it was."""

    done = Signal(object, object, int)
    """The cell, the text or None, and by how many cells to go on."""

    def __init__(self, matrix: Matrix, cell: Cell, text: str, begun: str | None) -> None:
        super().__init__(matrix)
        self._cell = cell
        self._columns = matrix.columns()
        self._finished = False
        describe(self, "cell_editor", matrix.text_of(cell), "Type a number; Enter takes it, Escape does not.")
        self.setMaxLength(_LONGEST)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setStyleSheet("padding: 0; min-height: 0; border-radius: 0")
        self.setText(text if begun is None else begun)
        if begun is None:
            self.selectAll()

    def finish(self, take: bool = True, go_on: int = 0) -> None:
        """Closes it, once, and says what was typed."""
        if not self._finished:
            self._finished = True
            self.hide()
            self.deleteLater()
            self.done.emit(self._cell, self.text() if take else None, go_on)

    @override
    def event(self, event: QEvent) -> bool:
        """Tab goes to the next cell instead of the next control."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
            if event.key() in steps:
                self.finish(go_on=steps[Qt.Key(event.key())])
                return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Return: self._columns,
            Qt.Key.Key_Enter: self._columns,
            Qt.Key.Key_Down: self._columns,
            Qt.Key.Key_Up: -self._columns,
        }
        if event.key() == Qt.Key.Key_Escape:
            self.finish(take=False)
        elif event.key() in moves:
            self.finish(go_on=moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.finish()


def _limits(values: np.ndarray, colormap: str) -> tuple[float, float]:
    """What gets the ends of the colour map: symmetric about 0 for a diverging one, never nothing for another."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if colormap == "diverging":
        largest = _PALER * max(-low, high) or 1.0
        return -largest, largest
    low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if high > low else (low, low + 1.0)


def _blend(pixels: np.ndarray, ground: int) -> np.ndarray:
    """Colours that step back: one part of their own, two of the ground's."""
    red, green, blue = (((pixels >> shift & 255) + 2 * (ground >> shift & 255)) // 3 for shift in (16, 8, 0))
    return (0xFF000000 | red << 16 | green << 8 | blue).astype(np.uint32)


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))


def problem_in(matrices: Iterable[Matrix]) -> str:
    """What is wrong in the first of several matrices that is seen, with its name; empty where all hold numbers."""
    for matrix in matrices:
        if matrix.problem and not matrix.isHidden():
            return f"{matrix.accessibleName()}: {matrix.problem}"
    return ""


def titled(matrices: Mapping[str, Matrix]) -> QGridLayout:
    """Lays matrices out below each other, each beside its title, which has its tooltip; the first line is free."""
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(0)
    for line, (title, matrix) in enumerate(matrices.items(), start=1):
        text = label(title, "strong", wrap=False)
        text.setToolTip(matrix.toolTip())
        grid.addWidget(text, line, 0)
        grid.addWidget(matrix, line, 1, Qt.AlignmentFlag.AlignLeft)
    grid.setColumnStretch(1, 1)
    return grid
