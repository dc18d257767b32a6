"""What says the classes of a folder that is imported, where there is a choice: its folders, its names, or a table."""

from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from cnnstudio.data.folders.layout import USES, LayoutChoice
from cnnstudio.data.report import ONE_HOT, FolderSurvey, LayoutOffer, TableView
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.forms import combo, rows
from cnnstudio.gui.controls.layouts import column, widget_of
from cnnstudio.gui.look.theme import GRID, bold_font
from cnnstudio.wording import counted

_NAMED_CLASSES, _NAMED_FILES = 3, 2
"""Classes whose files are named, and files of each."""

_LETTERS = 24
"""Of the widest item of a list, at least."""

_SHOWN_COLUMNS = 30
"""Of a table, at most, besides those that count."""

_WIDTH = 72 * GRID
"""Of a list, at most."""


class LayoutForm(QWidget):
    """Lists to choose from, and what they are chosen by: a few names of files, or the first rows of a table.

    Signals:
        changed(str): another layout was chosen, as `LayoutChoice` writes it.
    """

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("layout_form")
        self._choice = LayoutChoice()
        self._controls: dict[str, QComboBox] = {}
        self._uses: dict[str, QComboBox] = {}
        self._content = QWidget()
        self._column = column(self._content, gap=0)
        self.setLayout(self._column)

    def show_survey(self, survey: FolderSurvey) -> None:
        """Shows what was found, and what could be chosen instead."""
        self._choice = LayoutChoice.parse(survey.layout)
        focused = self.focusWidget()
        name = focused.objectName() if focused is not None and focused.hasFocus() else ""
        controls = [*self._layouts(survey), *self._columns(survey.table), *self._splits(survey.uses)]
        self._controls = {control.objectName(): control for control in controls}
        parts: list[QWidget] = [rows(*controls)] if controls else []
        if survey.table is not None:
            parts.append(_preview(survey.table))
        if self._choice.kind == "names":
            parts.append(label(breakable(_examples(survey)), "secondary", "layout_examples", plain=True))
        self._column.removeWidget(self._content)
        self._content.setParent(None)
        self._content.deleteLater()
        self._content = widget_of(column(*parts, gap=GRID))
        self._column.addWidget(self._content)
        self.setVisible(bool(parts))
        if name in self._controls:
            self._controls[name].setFocus()

    def _layouts(self, survey: FolderSurvey) -> Iterator[QComboBox]:
        titles = {offer.layout: _title(offer) for offer in survey.layouts}
        now = titles.get(survey.layout)
        offered = [offer for offer in survey.layouts if offer.layout == survey.layout or titles[offer.layout] != now]
        if len(offered) < 2:
            return
        made = combo(
            "layout_combo",
            "Classes",
            "What says the class of a picture: this folder can be read in several ways.",
            {
                offer.layout: (
                    f"{titles[offer.layout]}, {counted(offer.number, 'class', 'classes')}: {_names(offer, 3)}",
                    f"{counted(offer.pictures, 'picture')}: {_names(offer, len(offer.classes))}",
                )
                for offer in offered
            },
        )
        yield self._prepared(made, survey.layout, self._choose_layout)

    def _columns(self, table: TableView | None) -> Iterator[QComboBox]:
        if table is None:
            return
        for name, title, tip, value, more in (
            ("file_column_combo", "Pictures", "The column that names the picture files.", table.file, {}),
            (
                "label_column_combo",
                "Class of each",
                "The column that says the class of each picture.",
                table.label,
                {ONE_HOT: ("One column for each class", "The column with a 1 in it is the class.")},
            ),
        ):
            made = combo(name, title, tip, {column: (column, "") for column in table.columns} | more)
            yield self._prepared(made, value, self._choose_columns)

    def _splits(self, uses: tuple[tuple[str, str], ...]) -> Iterator[QComboBox]:
        self._uses = {}
        for number, (path, use) in enumerate(uses):
            name = path.rpartition("/")[2]
            made = combo(
                f"use_combo_{number}",
                f"“{name}”",
                "What the pictures in this folder are for. Its folders are named as others here, so it is no class.",
                {key: (f"For {text}" if text else "Not used", "") for key, text in USES.items()},
            )
            self._uses[path] = self._prepared(made, use, self._choose_uses)
            yield made

    def _prepared(self, made: QComboBox, value: str, act: object) -> QComboBox:
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(_LETTERS)
        made.setMaximumWidth(_WIDTH)
        made.setCurrentIndex(made.findData(value))
        made.currentIndexChanged.connect(act)
        return made

    @Slot()
    def _choose_layout(self) -> None:
        self.changed.emit(self._controls["layout_combo"].currentData())

    @Slot()
    def _choose_columns(self) -> None:
        file, of_class = (self._controls[f"{name}_column_combo"].currentData() for name in ("file", "label"))
        self.changed.emit(str(replace(self._choice, file=file, label=of_class)))

    @Slot()
    def _choose_uses(self) -> None:
        uses = tuple((path, made.currentData()) for path, made in self._uses.items())
        self.changed.emit(str(replace(self._choice, uses=uses)))


def _names(offer: LayoutOffer, most: int) -> str:
    """The first few classes."""
    return ", ".join([*offer.classes[:most], *(["…"] if offer.number > most else [])])


def _title(offer: LayoutOffer) -> str:
    choice = LayoutChoice.parse(offer.layout)
    if choice.kind == "table":
        return f"Table {choice.table}"
    if choice.kind == "names":
        return "Names of the files"
    first, _, last = choice.level.partition("-")
    if last:
        return (
            f"Folders of levels {first} and {last}"
            if int(last) == int(first) + 1
            else f"Folders of levels {first} to {last}"
        )
    if choice.uses:
        return "Folders, some of them for testing"
    return f"Folders of level {first}" if first not in ("", "1") else "Folders"


def _examples(survey: FolderSurvey) -> str:
    """The names of a few files of the first classes."""
    lines = [
        f"{name}: {', '.join(file.rpartition('/')[2] for file in files[:_NAMED_FILES])} …"
        for name, files in zip(survey.classes[:_NAMED_CLASSES], survey.files, strict=False)
    ]
    more = len(survey.classes) - len(lines)
    return "\n".join(["The names of the files say the classes:", *lines, *([f"and {more:,} more"] if more else [])])


def _preview(table: TableView) -> QTableWidget:
    """The first rows of a table, with the columns that count in bold."""
    count = (table.file, table.label)
    shown = [number for number, name in enumerate(table.columns) if number < _SHOWN_COLUMNS or name in count]
    made = QTableWidget(len(table.rows), len(shown))
    describe(made, "table_preview", "First rows of the table", "What the table says of the first few pictures.")
    made.verticalHeader().hide()
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    made.setWordWrap(False)
    made.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    for place, number in enumerate(shown):
        head = QTableWidgetItem(table.columns[number])
        if table.columns[number] in count:
            head.setFont(bold_font(made.font()))
        made.setHorizontalHeaderItem(place, head)
        for row, cells in enumerate(table.rows):
            made.setItem(row, place, QTableWidgetItem(cells[number]))
    made.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    made.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    made.resizeColumnsToContents()
    made.resizeRowsToContents()
    bar = made.horizontalScrollBar().sizeHint().height()
    height = made.horizontalHeader().sizeHint().height() + made.verticalHeader().length()
    made.setFixedHeight(height + bar + 2 * made.frameWidth())
    return made
