"""The layer table: what each layer does, and what it costs, with the arithmetic under each number."""

from collections.abc import Iterable
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
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.saving import Format, save_as
from cnnstudio.gui.look.theme import GRID, colours, text_sizes
from cnnstudio.gui.widgets.network.layer_facts import COLUMNS, UNKNOWN, Cell, Facts, as_csv, as_text
from cnnstudio.models.layer_table import LayerTable

_LAYER_WIDTH, _WIDE_LAYER = 18 * GRID, 28 * GRID
"""Most that the names of layers take: they may be as long as their author likes."""


class _View(QTableView):
    """A table of whole rows that leaves Tab to the page and takes Home and End for the first and the last row."""

    resized = Signal()
    """There is another room for the columns, as when a scroll bar comes or goes."""

    def __init__(self) -> None:
        super().__init__()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHorizontalHeader(LayerHeader(self))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Moves from row to row; left and right are the page's."""
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.model().rowCount() - 1}
        if event.key() in ends:
            self.setCurrentIndex(self.model().index(ends[Qt.Key(event.key())], 0))
        else:
            super().keyPressEvent(event)


class LayerTableView(QWidget):
    """A row for each layer: what it is, its output's shape, its parameters, its multiply-adds and what it sees.

    Args:
        parent: the parent widget.
    """

    selected = Signal(str)
    """The user has chosen the layer of this name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = describe(
            _View(),
            "layer_table",
            "Layer table",
            "Each layer with its arithmetic. Point at a number to see where it comes from.",
        )
        self._view.setToolTip("")  # the cells have their own
        self._model = LayerTableModel(self._view)
        self._view.setModel(self._model)
        self._view.setItemDelegate(LayerDelegate(self._view, self._model))
        self._view.selectionModel().currentRowChanged.connect(self._tell)
        self._view.resized.connect(self._share_room)
        self.cell_widths: list[list[int]] = []
        self.setFocusProxy(self._view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    @property
    def current(self) -> str:
        """The name of the chosen layer; empty where none is."""
        index = self._view.currentIndex()
        return self._model.table.rows[index.row()].name if self._model.table and index.isValid() else ""

    def set_table(self, table: LayerTable | None) -> None:
        """Shows a network; the chosen layer stays where there is one of that name, the place in the same network."""
        same = table is not None and self._model.table is not None and table.name == self._model.table.name
        before, place = self.current, self._view.verticalScrollBar().value() if same else 0
        self._model.set_table(table)
        self._fit_columns()
        self.select(before)
        if self.current or not same:
            self._view.verticalScrollBar().setValue(place)

    @Slot(str)
    def select(self, name: str) -> None:
        """Chooses a layer without telling; a name that is not there chooses none."""
        rows = self._model.table.rows if self._model.table else ()
        row = next((number for number, row in enumerate(rows) if row.name == name), -1)
        selection = self._view.selectionModel()
        selection.blockSignals(True)
        if row < 0:
            selection.clear()
        else:
            choose = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            selection.setCurrentIndex(self._model.index(row, 0), choose)
            self._view.scrollTo(self._model.index(row, 0))
        selection.blockSignals(False)
        self._view.viewport().update()

    @Slot(QModelIndex)
    def _tell(self, index: QModelIndex) -> None:
        if self._model.table is not None and index.isValid():
            self.selected.emit(self._model.table.rows[index.row()].name)

    @override
    def changeEvent(self, event: QEvent) -> None:
        """Another font needs other columns."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_columns()

    def _fit_columns(self) -> None:
        """As wide as all of it needs; where that is too much, headings and arithmetic are cut, and numbers never."""
        text_font, terms_font = cell_fonts(self._view)
        strong = QFont(text_font)
        strong.setWeight(QFont.Weight.DemiBold)
        text, terms, title = QFontMetrics(text_font), QFontMetrics(terms_font), QFontMetrics(strong)
        widths = []
        for number, column in enumerate(COLUMNS):
            cells = [row[number] for row in self._model.cells]
            numbers = max([title.horizontalAdvance(column.title), *(text.horizontalAdvance(c.text) for c in cells)])
            if column.numeric:
                arithmetic = whole = max([numbers, *(terms.horizontalAdvance(c.terms) for c in cells)])
            else:
                numbers, whole = min(numbers, _LAYER_WIDTH), min(numbers, _WIDE_LAYER)
                arithmetic = numbers
            levels = (numbers, arithmetic, whole, max(whole, terms.horizontalAdvance(column.terms)))
            widths.append([width + 2 * PADDING + SLACK for width in levels])
        self.cell_widths = [list(level) for level in zip(*widths, strict=True)]
        self._share_room()

    @Slot()
    def _share_room(self) -> None:
        for number, width in enumerate(shared_out(self.cell_widths, self._view.viewport().width())):
            self._view.setColumnWidth(number, width)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offers the table as text and as CSV."""
        if self._model.table is None:
            return
        menu = QMenu(self)
        for name, text, act in (
            ("copy_layer_table", "&Copy as text", self.copy_text),
            ("copy_layer_csv", "Copy as C&SV", self.copy_csv),
            ("save_layer_csv", "&Save as CSV…", self._save),
        ):
            action = menu.addAction(text)
            action.setObjectName(name)
            action.triggered.connect(act)
        menu.actions()[0].setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        menu.exec(event.globalPos())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the table as text."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_text()
        else:
            super().keyPressEvent(event)

    @Slot()
    def copy_text(self) -> None:
        """Puts the table into the clipboard, in columns of even width."""
        if self._model.table is not None:
            QGuiApplication.clipboard().setText(as_text(self._model.table))

    @Slot()
    def copy_csv(self) -> None:
        """Puts the table into the clipboard as CSV."""
        if self._model.table is not None:
            QGuiApplication.clipboard().setText(as_csv(self._model.table))

    @Slot()
    def _save(self) -> None:
        table = self._model.table
        if table is not None:
            form = Format(".csv", "CSV table", lambda: as_csv(table).encode())
            save_as(self, "Save the layer table", f"{table.name} layers", (form,))


def shared_out(levels: list[list[int]], room: int) -> list[int]:
    """Widths of columns that fill a room: the widest level that fits in, and of what is left, a share of the next.

    Args:
        levels: widths of all columns, each level at least as wide as the one before; the first one is kept even where
            it does not fit. Beyond the last, all columns grow alike.
        room: the width that there is.
    """
    below = None
    for level in levels:
        if sum(level) > room:
            break
        below = level
    if below is None:
        return levels[0] if levels else []
    spare = room - sum(below)
    if below is levels[-1]:
        each = spare // len(below)
        return [below[0] + spare - each * (len(below) - 1), *(width + each for width in below[1:])]
    wanted = sum(level) - sum(below)
    return [low + (high - low) * spare // wanted for low, high in zip(below, level, strict=True)]


ROW_HEIGHT = 6 * GRID
PADDING = 5
_BAR = 3
_HAIR_SPACE = "\u200a"
"""Between the numbers of a formula that has no room for whole spaces."""
SLACK = 2
_Index = QModelIndex | QPersistentModelIndex


def cell_fonts(widget: QWidget) -> tuple[QFont, QFont]:
    """Of the numbers and of the arithmetic under them."""
    terms = QFont(widget.font())
    terms.setPixelSize(text_sizes().small)
    return QFont(widget.font()), terms


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
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[index.column()].numeric else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
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


class LayerDelegate(QStyledItemDelegate):
    """Paints a number with its arithmetic under it and its bar at the foot."""

    def __init__(self, view: QTableView, model: LayerTableModel) -> None:
        super().__init__(view)
        self._view = view
        self._model = model

    @override
    def paint(self, painter: QPainter, option: Any, index: _Index) -> None:
        theme, cell, column = colours(), self._model.cell(index), COLUMNS[index.column()]
        misfit = self._model.is_misfit(index.row())
        painter.save()
        area = QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(area, QColor(theme.accent_soft))
            if index.column() == 0:
                painter.fillRect(area.adjusted(0, 0, 3 - area.width(), 0), QColor(theme.accent_text))
        elif misfit:
            painter.fillRect(area, QColor(theme.error_soft))
        else:
            painter.setPen(QColor(theme.hover))
            painter.drawLine(area.bottomLeft(), area.bottomRight())
        self._paint_bar(painter, area, cell, column.series)
        text_font, terms_font = cell_fonts(self._view)
        area = area.adjusted(PADDING, 0, -PADDING, -_BAR)
        side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
        faint = cell.text in ("0", UNKNOWN)
        colour = theme.error if misfit and not column.numeric else theme.secondary if faint else theme.text
        _paint_lines(painter, area, side, ((text_font, cell.text, colour), (terms_font, cell.terms, theme.secondary)))
        painter.restore()

    @staticmethod
    def _paint_bar(painter: QPainter, area: QRect, cell: Cell, series: int | None) -> None:
        if series is None or not cell.bar:
            return
        room = area.width() - 2 * PADDING
        width = max(1.0, cell.bar * room)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours().plot[series]))
        bar = QRectF(area.right() - PADDING + 1 - width, area.bottom() - _BAR - 1, width, _BAR)
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)

    @override
    def sizeHint(self, option: Any, index: _Index) -> QSize:
        return QSize(max(cell_widths(self._view, self._model.cell(index))) + 2 * PADDING, ROW_HEIGHT)


def _paint_lines(
    painter: QPainter, area: QRect, side: Qt.AlignmentFlag, lines: Iterable[tuple[QFont, str, str]]
) -> None:
    """Paints lines of (font, text, colour) in the middle of an area; those without text take no room.

    Numbers that are too wide move together, and lose their end only if that is not enough.
    """
    filled = [(font, text, ink, QFontMetrics(font).height()) for font, text, ink in lines if text]
    top = area.top() + (area.height() - sum(height for *_, height in filled)) // 2
    for font, text, ink, height in filled:
        painter.setFont(font)
        painter.setPen(QColor(ink))
        metrics = painter.fontMetrics()
        closer = side == Qt.AlignmentFlag.AlignRight and metrics.horizontalAdvance(text) > area.width()
        whole = text.replace(" ", _HAIR_SPACE) if closer else text
        shown = metrics.elidedText(whole, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(QRect(area.left(), top, area.width(), height), side, shown)
        top += height


def cell_widths(view: QWidget, cell: Cell) -> tuple[int, int]:
    """Pixels that the text and the arithmetic under it take."""
    text, terms = cell_fonts(view)
    return QFontMetrics(text).horizontalAdvance(cell.text), QFontMetrics(terms).horizontalAdvance(cell.terms)


class LayerHeader(QHeaderView):
    """Two lines a column: what it is, and the formula behind it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(6 * GRID)

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), ROW_HEIGHT - GRID // 2)

    @override
    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        theme, column = colours(), COLUMNS[section]
        text_font, terms_font = cell_fonts(self)
        text_font.setWeight(QFont.Weight.DemiBold)
        painter.save()
        painter.fillRect(rect, QColor(theme.surface))
        painter.setPen(QColor(theme.border))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
        area = rect.adjusted(PADDING, 0, -PADDING, 0)
        lines = (text_font, column.title, theme.text), (terms_font, column.terms, theme.secondary)
        _paint_lines(painter, area, side, lines)
        painter.restore()
