"""What a layer table is made of: its model, how a cell and a heading are painted, and what room they want."""

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
)
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QTableView,
    QWidget,
)

from cnnstudio.gui.painting.layer_columns import COLUMNS, UNKNOWN, Cell, Facts
from cnnstudio.gui.theme import GRID, colours, text_sizes
from cnnstudio.models.layer_table import LayerTable

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

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """A row for each layer."""
        return 0 if parent.isValid() else len(self.cells)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Always the same columns."""
        return 0 if parent.isValid() else len(COLUMNS)

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

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles, and the concept behind each as a tooltip."""
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

    def paint(self, painter: QPainter, option: Any, index: _Index) -> None:
        """Paints the text, the arithmetic under it, and the bar of its share."""
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

    def sizeHint(self, option: Any, index: _Index) -> QSize:  # noqa: ARG002
        """As wide as its text."""
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

    def sizeHint(self) -> QSize:
        """Room for both lines."""
        return QSize(super().sizeHint().width(), ROW_HEIGHT - GRID // 2)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Paints title and formula, aligned as the numbers below."""
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
