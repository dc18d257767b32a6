"""The layer table: what each layer does, and what it costs, with the arithmetic under each number."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
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
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QTableView,
    QWidget,
)
from typing_extensions import override

from cnnstudio.gui.controls.buttons import Item, menu_of
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.saving import Format, save_as
from cnnstudio.gui.look.theme import GRID, bold_font, colours, small_font
from cnnstudio.gui.widgets.network.layer_facts import COLUMNS, UNKNOWN, Cell, Facts, as_csv, as_text
from cnnstudio.models.layer_table import LayerTable

_LAYER_WIDTHS = 20 * GRID, 34 * GRID
"""Most that the names of layers take, where there is little room and where there is much: they may be long."""
_ROW_HEIGHT = 6 * GRID
_PADDING = 6
_BAR = 3
_HAIR_SPACE = "\u200a"
"""Between the numbers of a formula that has no room for whole spaces."""
_Index = QModelIndex | QPersistentModelIndex


class LayerTableView(QTableView):
    """A row for each layer: what it is, its output's shape, its parameters, its multiply-adds and what it sees.

    It leaves Tab to the page, and takes Home and End for the first and the last row.

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
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self.setHorizontalHeader(_Header(self))
        self._model = LayerTableModel(self)
        self.setModel(self._model)
        self._widths: tuple[tuple[int, ...], ...] = ((),)
        """Of the columns: for the numbers, with their arithmetic, and with the whole headings and names of layers."""
        self.setItemDelegate(_Delegate(self))
        self.selectionModel().currentRowChanged.connect(self._report_row)

    @property
    def table(self) -> LayerTable | None:
        """What is shown."""
        return self._model.table

    @property
    def current(self) -> str:
        """The name of the chosen layer; empty where none is."""
        index = self.currentIndex()
        return self.table.rows[index.row()].name if self.table and index.isValid() else ""

    def set_table(self, table: LayerTable | None) -> None:
        """Shows a network; in the same network as before, the chosen layer and the place stay."""
        same = table is not None and self.table is not None and table.name == self.table.name
        chosen, place = (self.current, self.verticalScrollBar().value()) if same else ("", 0)
        self._model.set_table(table)
        self._measure()
        self.select(chosen)
        self.verticalScrollBar().setValue(place)

    @Slot(str)
    def select(self, name: str) -> None:
        """Chooses a layer without emitting `selected`; a name that is not there chooses none."""
        rows = self.table.rows if self.table else ()
        row = next((number for number, row in enumerate(rows) if row.name == name), -1)
        selection = self.selectionModel()
        selection.blockSignals(True)
        if row < 0:
            selection.clear()
        else:
            choose = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            selection.setCurrentIndex(self._model.index(row, 0), choose)
            self.scrollTo(self._model.index(row, 0))
        selection.blockSignals(False)
        self.viewport().update()

    @Slot(QModelIndex)
    def _report_row(self, index: QModelIndex) -> None:
        if self.table is not None and index.isValid():
            self.selected.emit(self.table.rows[index.row()].name)

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
            cells = [row[number] for row in self._model.cells]
            numbers = max([title(column.title), *(text(cell.text) for cell in cells)])
            arithmetic = max([numbers, *(terms(cell.terms) for cell in cells)])
            widths = [numbers, arithmetic, max(arithmetic, terms(column.terms))]
            if not column.numeric:
                short, long = _LAYER_WIDTHS
                widths = [min(numbers, short), min(numbers, short), min(arithmetic, long)]
            columns.append([width + 2 * _PADDING + 1 for width in widths])
        self._widths = tuple(zip(*columns, strict=True))
        self._share_room()

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
        """Moves from row to row; Ctrl+C copies the table as text."""
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self._model.rowCount() - 1}
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_text()
        elif event.key() in ends:
            self.setCurrentIndex(self._model.index(ends[Qt.Key(event.key())], 0))
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


class LayerTableModel(QAbstractTableModel):
    """The cells of a layer table."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.table: LayerTable | None = None
        self.cells: list[list[Cell]] = []

    def set_table(self, table: LayerTable | None) -> None:
        """Holds another table, or none."""
        self.beginResetModel()
        self.table = table
        self.cells = Facts(table).cells() if table is not None else []
        self.endResetModel()

    def cell(self, index: _Index) -> Cell:
        """What stands at a place."""
        return self.cells[index.row()][index.column()]

    def is_misfit(self, row: int) -> bool:
        """This is the layer that is impossible."""
        table = self.table
        return table is not None and table.misfit is not None and table.misfit.layer == table.rows[row].name

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self.cells)

    @override
    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

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
    def paint(self, painter: QPainter, option: Any, index: _Index) -> None:
        model: Any = index.model()
        theme, cell, column = colours(), model.cell(index), COLUMNS[index.column()]
        misfit = model.is_misfit(index.row())
        painter.save()
        area = QRect(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(theme.accent_soft))
            if index.column() == 0:
                painter.fillRect(area.adjusted(0, 0, 3 - area.width(), 0), QColor(theme.accent_text))
        elif misfit:
            painter.fillRect(area, QColor(theme.error_soft))
        else:
            painter.setPen(QColor(theme.hover))
            painter.drawLine(area.bottomLeft(), area.bottomRight())
        area = area.adjusted(_PADDING, 0, -_PADDING, -_BAR)
        if column.series is not None and cell.bar:
            width = max(1.0, cell.bar * area.width())
            bar = QRectF(area.right() + 1 - width, area.bottom() - 1, width, _BAR)
            painter.fillRect(bar, QColor(theme.plot[column.series]))
        faint = cell.text in ("0", UNKNOWN)
        colour = theme.error if misfit and not column.numeric else theme.secondary if faint else theme.text
        lines = (option.font, cell.text, colour), (small_font(option.font), cell.terms, theme.secondary)
        _paint_lines(painter, area, _side(index.column()), lines)
        painter.restore()


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
