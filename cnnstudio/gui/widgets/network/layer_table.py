"""The layer table: what each layer does, and what it costs, with the arithmetic under each number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)
from typing_extensions import override

from cnnstudio.gui.controls.buttons import Item, menu_of
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.saving import Format, save_as
from cnnstudio.gui.look.theme import GRID, bold_font, colours, icon, small_font
from cnnstudio.gui.widgets.network.layer_facts import COLUMNS, UNKNOWN, Cell, Facts, as_csv, as_text
from cnnstudio.gui.widgets.network.layout.folds import LEAST
from cnnstudio.models.layer_table import LayerGroup, LayerRow, LayerTable

_LAYER_WIDTHS = 20 * GRID, 34 * GRID
"""Most that the names of layers take, where there is little room and where there is much: they may be long."""
_ROW_HEIGHT = 6 * GRID
_PADDING = 6
_BAR = 3
_MARK = 3
_INDENTATION = 2 * GRID
_ARROW = 2 * GRID
_HAIR_SPACE = "\u200a"
"""Between the numbers of a formula that has no room for whole spaces."""
_Index = QModelIndex | QPersistentModelIndex


class LayerTableView(QTreeView):
    """A row for each layer: what it is, its output's shape, its parameters, its multiply-adds and what it sees.

    Where it is scrolled sideways, the names of the layers stay.

    The layers of a network within the network are below a row for all of it, which folds. Large ones are folded at
    first, as in the picture, unless they give the answer or hold what does not fit. Tab is left to the page.

    Args:
        parent: the parent widget.
    """

    selected = Signal(str)
    """The user has chosen the layer of this name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        lesson = "Each layer with its arithmetic. Point at a number to see where it comes from."
        describe(self, "layer_table", "Layer table", lesson)
        self.setToolTip("")  # the cells have their own
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformRowHeights(True)
        self.setIndentation(_INDENTATION)
        self.setHeader(_Header(self))
        self._model = LayerTableModel(self)
        self.setModel(self._model)
        self._chosen = -1
        """Number of the line that is chosen, which may be folded away; -1 for none."""
        self._folds: dict[str, bool] = {}
        """Of the networks that the user has folded or unfolded, whether they are unfolded now."""
        self._widths: tuple[tuple[int, ...], ...] = ((),)
        """Of the columns: for the numbers, with their arithmetic, and with the whole headings and names of layers."""
        self.setItemDelegate(_Delegate(self))
        self.selectionModel().currentRowChanged.connect(self._report_row)
        # What stays, Qt would move with the rest.
        for seen in (self.viewport(), self.header().viewport()):
            self.horizontalScrollBar().valueChanged.connect(seen.update)
        self.expanded.connect(self._note_unfolded)
        self.collapsed.connect(self._note_folded)

    @property
    def table(self) -> LayerTable | None:
        """What is shown."""
        return self._model.table

    @property
    def current(self) -> str:
        """The name of the chosen layer; empty where none is."""
        return self._model.lines[self._chosen].layer if self._chosen >= 0 else ""

    def set_table(self, table: LayerTable | None) -> None:
        """Shows a network; in the same network as before, what is chosen and folded and the place stay."""
        same = table is not None and self.table is not None and table.name == self.table.name
        chosen, place = (self.current, self.verticalScrollBar().value()) if same else ("", 0)
        if not same:
            self._folds = {}
        self._chosen = -1
        self._model.set_table(table)
        if table is not None:
            self.setRootIsDecorated(bool(table.groups))
            self._fold(table)
        self._measure()
        self.select(chosen)
        self.verticalScrollBar().setValue(place)

    def _fold(self, table: LayerTable) -> None:
        """Folds the networks that are folded at first, or that the user has folded."""
        groups = {group.row.name: group for group in table.groups}
        misfit = table.misfit.layer if table.misfit else ""
        with QSignalBlocker(self):
            for number, line in enumerate(self._model.lines):
                if line.below:
                    rows = groups[line.row.name].rows
                    shown = self._folds.get(line.row.name, len(rows) < LEAST or table.rows[-1] in rows)
                    self.setExpanded(self._model.at(number), shown or any(row.name == misfit for row in rows))

    @Slot(str)
    def select(self, name: str) -> None:
        """Chooses a layer without emitting `selected`; a name that is not there chooses none."""
        self._chosen = self._model.number_of(name)
        index = self._mark()
        if index.isValid():
            self.scrollTo(index)

    def _mark(self) -> QModelIndex:
        """Marks the line that is chosen, or the folded network that it is in."""
        number, shown = self._chosen, self._chosen
        while number >= 0:
            number = self._model.lines[number].above
            if number >= 0 and not self.isExpanded(self._model.at(number)):
                shown = number
        index, selection = self._model.at(shown), self.selectionModel()
        with QSignalBlocker(selection):
            choose = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            if index.isValid():
                selection.setCurrentIndex(index, choose)
            else:
                selection.clear()
        self.viewport().update()
        return index

    @Slot(QModelIndex)
    def _note_unfolded(self, index: QModelIndex) -> None:
        self._folds[self._model.line(index).row.name] = True
        self._mark()

    @Slot(QModelIndex)
    def _note_folded(self, index: QModelIndex) -> None:
        self._folds[self._model.line(index).row.name] = False
        self._mark()

    @Slot(QModelIndex)
    def _report_row(self, index: QModelIndex) -> None:
        if index.isValid():
            self._chosen = index.internalId()
            self._mark()  # Qt only goes there, and does not mark it, where the table is given the focus
            self.selected.emit(self.current)

    @override
    def drawBranches(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        """Paints what is before the first cell: the ground of its row, and a network's arrow."""
        painter.save()
        _paint_ground(painter, rect, self.selectionModel().isSelected(index), self._model.is_misfit(index))
        if self._model.line(index).below:
            square = QRect(0, 0, _ARROW, _ARROW)
            square.moveCenter(rect.center())
            square.moveRight(rect.right() + 1)
            icon("chevron-down" if self.isExpanded(index) else "chevron-right", "secondary").paint(painter, square)
        painter.restore()

    @override
    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Marks the chosen row at its start; paints the name over what is scrolled below it."""
        super().drawRow(painter, option, index)
        if moved := self.header().offset():
            self._draw_name(painter, option, self._model.sibling(index.row(), 0, index), moved)
        if self.selectionModel().isSelected(index):
            start = QRect(option.rect)
            start.setWidth(_MARK)
            painter.fillRect(start, QColor(colours().accent_text))

    def _draw_name(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex, moved: int) -> None:
        stays = QStyleOptionViewItem(option)
        stays.rect = self.visualRect(index).translated(moved, 0)
        if self.selectionModel().isSelected(index):
            stays.state |= QStyle.StateFlag.State_Selected
        before = QRect(0, stays.rect.top(), stays.rect.left(), stays.rect.height())
        painter.fillRect(before.united(stays.rect), self.palette().base())
        self.drawBranches(painter, before, index)
        self.itemDelegate().paint(painter, stays, index)
        painter.fillRect(QRect(stays.rect.right(), before.top(), 1, before.height()), QColor(colours().border))

    @override
    def indexAt(self, point: QPoint) -> QModelIndex:
        """What is seen at a point of the viewport: the name, where it stays over what is scrolled below it."""
        index = super().indexAt(point)
        return index.siblingAtColumn(0) if self.header().offset() and point.x() < self.columnWidth(0) else index

    @override
    def changeEvent(self, event: QEvent) -> None:
        """Another font needs other columns."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._measure()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _measure(self) -> None:
        fonts = (bold_font(self.font()), self.font(), small_font(self.font()))
        title, text, terms = (QFontMetrics(font).horizontalAdvance for font in fonts)
        columns = []
        for number, column in enumerate(COLUMNS):
            cells = [line.cells[number] for line in self._model.lines]
            numbers = max([title(column.title), *(text(cell.text) for cell in cells)])
            arithmetic = max([numbers, *(terms(cell.terms) for cell in cells)])
            widths = [arithmetic if column.words else numbers, arithmetic, max(arithmetic, terms(column.terms))]
            if not column.numeric:
                short, long = _LAYER_WIDTHS
                widths = [min(numbers, short), min(numbers, short), min(arithmetic, long)]
                widths = [width + self._before_names() for width in widths]
            columns.append([width + 2 * _PADDING + 1 for width in widths])
        self._widths = tuple(zip(*columns, strict=True))
        self._share_room()

    def _before_names(self) -> int:
        """How much room the arrows and the indentation of networks within the network take, all unfolded."""
        lines = self._model.lines
        return _INDENTATION * (1 + max(line.level for line in lines)) if any(line.below for line in lines) else 0

    def _share_room(self) -> None:
        """Gives each column its share of the room between the widest widths that fit in and the next ones."""
        room = self.viewport().width()
        fitting = sum(sum(widths) <= room for widths in self._widths)
        low, high = self._widths[max(fitting - 1, 0)], self._widths[min(fitting, len(self._widths) - 1)]
        spare, wanted = max(room - sum(low), 0), sum(high) - sum(low)
        for column, (less, more) in enumerate(zip(low, high, strict=True)):
            self.setColumnWidth(column, less + (spare * (more - less) // wanted if wanted else spare // len(low)))

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offers the table as text and as CSV."""
        if self.table is None:
            return
        menu = menu_of(
            self,
            Item("copy_layer_table", "&Copy as text", "copy", "In columns of even width.", self.copy_text),
            Item("copy_layer_csv", "Copy as C&SV", "copy", "For a spreadsheet.", self.copy_csv),
            Item("save_layer_csv", "&Save as CSV…", "save", "For a spreadsheet.", self._save),
        )
        menu.actions()[0].setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Moves from row to row, folds and unfolds; Ctrl+C copies the table as text."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_text()
        else:
            super().keyPressEvent(event)

    @Slot()
    def copy_text(self) -> None:
        """Puts the table into the clipboard, in columns of even width."""
        if self.table is not None:
            QGuiApplication.clipboard().setText(as_text(self.table))

    @Slot()
    def copy_csv(self) -> None:
        """Puts the table into the clipboard as CSV."""
        if self.table is not None:
            QGuiApplication.clipboard().setText(as_csv(self.table))

    @Slot()
    def _save(self) -> None:
        table = self.table
        if table is not None:
            form = Format(".csv", "CSV table", lambda: as_csv(table).encode())
            save_as(self, "Save the layer table", f"{table.name} layers", (form,))


@dataclass(frozen=True)
class Line:
    """A line of the table: a layer, or a network within the network.

    Attributes:
        row: what it is about.
        cells: what stands in it.
        above: number of the line of the network that it is in; -1 where it is in none.
        place: its own among those in the same network.
        below: numbers of the lines in it; none for a layer.
        level: how many networks it is in.
        layer: name of the layer that is chosen with it; of a network, its last one.
    """

    row: LayerRow
    cells: list[Cell]
    above: int
    place: int
    below: list[int]
    level: int
    layer: str


class LayerTableModel(QAbstractItemModel):
    """The cells of a layer table.

    Attributes:
        table: what is shown.
        lines: all of it, each network before what is in it.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.table: LayerTable | None = None
        self.lines: list[Line] = []
        self._outermost: list[int] = []

    def set_table(self, table: LayerTable | None) -> None:
        """Holds another table, or none."""
        self.beginResetModel()
        self.table = table
        self.lines = []
        self._outermost = self._add(Facts(table), table.outline, -1) if table is not None else []
        self.endResetModel()

    def _add(self, facts: Facts, members: Sequence[LayerRow | LayerGroup], above: int) -> list[int]:
        numbers = []
        for place, one in enumerate(members):
            row, last = (one.row, one.rows[-1]) if isinstance(one, LayerGroup) else (one, one)
            level = self.lines[above].level + 1 if above >= 0 else 0
            numbers.append(len(self.lines))
            self.lines.append(Line(row, facts.cells(row), above, place, [], level, last.name))
            if isinstance(one, LayerGroup):
                self.lines[numbers[-1]].below.extend(self._add(facts, one.members, numbers[-1]))
        return numbers

    def line(self, index: _Index) -> Line:
        """The line of a place."""
        return self.lines[index.internalId()]

    def at(self, number: int) -> QModelIndex:
        """The first cell of the line of a number; none of -1."""
        return self.createIndex(self.lines[number].place, 0, number) if number >= 0 else QModelIndex()

    def number_of(self, layer: str) -> int:
        """The number of the line of a layer; -1 where there is none."""
        found = (number for number, line in enumerate(self.lines) if line.row.name == layer and not line.below)
        return next(found, -1)

    def cell(self, index: _Index) -> Cell:
        """What stands at a place."""
        return self.line(index).cells[index.column()]

    def is_misfit(self, index: _Index) -> bool:
        """This is the layer that is impossible."""
        table, line = self.table, self.line(index)
        return bool(table and table.misfit and table.misfit.layer == line.row.name and not line.below)

    def _below(self, parent: _Index) -> list[int]:
        return self.line(parent).below if parent.isValid() else self._outermost

    @override
    def index(self, row: int, column: int, parent: _Index = QModelIndex()) -> QModelIndex:  # noqa: B008  # Qt's own
        numbers = self._below(parent)
        fits = 0 <= row < len(numbers) and 0 <= column < len(COLUMNS)
        return self.createIndex(row, column, numbers[row]) if fits else QModelIndex()

    @override
    def parent(self, index: _Index) -> QModelIndex:  # type: ignore[override]  # QObject.parent has no arguments
        return self.at(self.line(index).above) if index.isValid() else QModelIndex()

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.column() > 0 else len(self._below(parent))

    @override
    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return len(COLUMNS)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text as screen readers say it; the lesson as a tooltip."""
        if not index.isValid():
            return None
        cell = self.cell(index)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{cell.text}, {cell.terms}" if cell.terms else cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.lesson or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(index.column()) | Qt.AlignmentFlag.AlignVCenter
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<p>{COLUMNS[section].lesson}</p>"
        return None


class _Delegate(QStyledItemDelegate):
    """Paints a number with its arithmetic under it and its bar at the foot."""

    @override
    def sizeHint(self, option: Any, index: _Index) -> QSize:
        return QSize(0, _ROW_HEIGHT)

    @override
    def paint(self, painter: QPainter, option: Any, index: _Index) -> None:
        model: Any = index.model()
        theme, cell, column = colours(), model.cell(index), COLUMNS[index.column()]
        misfit = model.is_misfit(index)
        painter.save()
        area = QRect(option.rect)
        _paint_ground(painter, area, bool(option.state & QStyle.StateFlag.State_Selected), misfit)
        area = area.adjusted(_PADDING, 0, -_PADDING, -_BAR)
        if column.series is not None and cell.bar:
            width = max(1.0, cell.bar * area.width())
            bar = QRectF(area.right() + 1 - width, area.bottom() - 1, width, _BAR)
            painter.fillRect(bar, QColor(theme.plot[column.series]))
        faint = cell.text in ("0", UNKNOWN)
        colour = theme.error if misfit and not column.numeric else theme.secondary if faint else theme.text
        font = bold_font(option.font) if model.line(index).below and not column.numeric else option.font
        lines = (font, cell.text, colour), (small_font(option.font), cell.terms, theme.secondary)
        _paint_lines(painter, area, _side(index.column()), lines)
        painter.restore()


def _paint_ground(painter: QPainter, area: QRect, selected: bool, misfit: bool) -> None:
    """Paints what is behind a cell, or before the first one."""
    theme = colours()
    if selected or misfit:
        painter.fillRect(area, QColor(theme.accent_soft if selected else theme.error_soft))
    else:
        painter.setPen(QColor(theme.hover))
        painter.drawLine(area.bottomLeft(), area.bottomRight())


class _Header(QHeaderView):
    """Two lines a column: what it is, and the formula behind it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _ROW_HEIGHT - GRID // 2)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the heading of the names, which stay, over those that are scrolled below it."""
        super().paintEvent(event)
        if self.offset():
            painter = QPainter(self.viewport())
            self.paintSection(painter, QRect(0, 0, self.sectionSize(0), self.height()), 0)
            painter.end()

    @override
    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        theme, column = colours(), COLUMNS[section]
        painter.save()
        painter.fillRect(rect, QColor(theme.surface))
        painter.setPen(QColor(theme.border))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        title, terms = bold_font(self.font()), small_font(self.font())
        lines = (title, column.title, theme.text), (terms, column.terms, theme.secondary)
        _paint_lines(painter, rect.adjusted(_PADDING, 0, -_PADDING, 0), _side(section), lines)
        painter.restore()


def _side(column: int) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignRight if COLUMNS[column].numeric else Qt.AlignmentFlag.AlignLeft


def _paint_lines(
    painter: QPainter, area: QRect, side: Qt.AlignmentFlag, lines: Sequence[tuple[QFont, str, str]]
) -> None:
    """Paints lines of (font, text, colour) in the middle of an area, squeezed, then cut, where it is too narrow.

    Of a layer's name, the names of the models before it are cut first: they end in a dot.
    """
    filled = [(font, text, ink, QFontMetrics(font)) for font, text, ink in lines if text]
    top = area.top() + (area.height() - sum(metrics.height() for *_, metrics in filled)) // 2
    for number, (font, text, ink, metrics) in enumerate(filled):
        painter.setFont(font)
        painter.setPen(QColor(ink))
        squeezed = metrics.horizontalAdvance(text) > area.width() and "(" in text
        shown = text.replace(" ", _HAIR_SPACE) if squeezed else text
        is_within = number > 0 and side == Qt.AlignmentFlag.AlignLeft and "." in text.partition(" ")[0]
        end = Qt.TextElideMode.ElideLeft if is_within else Qt.TextElideMode.ElideRight
        shown = metrics.elidedText(shown, end, area.width())
        painter.drawText(QRect(area.left(), top, area.width(), metrics.height()), side, shown)
        top += metrics.height()
