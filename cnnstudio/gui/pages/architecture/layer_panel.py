"""The selected layer: its form, its formula with its numbers, and what in it does not fit."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.forms import CAPTION_WIDTH, rows
from cnnstudio.gui.look.theme import GAP, GRID
from cnnstudio.gui.pages.architecture.document import ArchitectureDocument
from cnnstudio.gui.pages.architecture.layer_choices import Fact, facts_of
from cnnstudio.gui.widgets.network.layer_form import LayerForm, Offer, delete_widgets, has_focus, is_undo, shortened
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_table import LayerTable, Misfit
from cnnstudio.models.networks.editing import head_layer, values
from cnnstudio.models.networks.repairs import Repair, nearest_working, repairs

_HEAD_LOCK = "The data set decides how many classes there are."
_LAST_LOCK = "The last layer keeps its softmax, which turns its outputs into the probabilities of the classes."


class LayerPanel(QWidget):
    """Edits the layer that a document has selected.

    Args:
        document: what is edited.
        parent: the parent widget.
    """

    refused = Signal(str)
    """What was done cannot be done, in a sentence."""

    def __init__(self, document: ArchitectureDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layer_panel")
        self._document = document
        self._title = label(role="strong", name="layer_title")
        self._lesson = label(role="secondary", name="layer_lesson")
        self._name = describe(
            QLineEdit(),
            "layer_name",
            "Name",
            "The layer's name in the table and in the Keras code: letters, digits, _ and -.",
        )
        self._name.setMaxLength(100)
        self._name.editingFinished.connect(self._rename)
        self._name.installEventFilter(self)
        self._elsewhere = _Elsewhere()
        self._elsewhere.show_wanted.connect(document.select)
        self.form = LayerForm()
        self.form.edited.connect(self._change)
        self.form.offer_taken.connect(self._repair)
        self._repairs: tuple[Repair, ...] = ()
        self.form.left.connect(document.finish_edit)
        self.form.focus_lost.connect(self._name.setFocus)
        self._facts = _Facts()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        heading = QVBoxLayout()
        heading.setSpacing(GRID // 2)
        heading.addWidget(self._title)
        heading.addWidget(self._lesson)
        column.addWidget(self._elsewhere)
        column.addLayout(heading)
        column.addSpacing(GAP)
        column.addWidget(rows(self._name))
        column.addWidget(self.form)
        column.addSpacing(GAP)
        column.addWidget(self._facts)
        column.addStretch(1)
        document.changed.connect(self._show)
        document.selected.connect(self._show_selected)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps the keys of Undo for the network where nothing is typed in the name that they could undo."""
        typed = self._name.isUndoAvailable() or self._name.isRedoAvailable()
        if event.type() == QEvent.Type.ShortcutOverride and is_undo(event) and not typed:
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    @Slot(object)
    def _show(self, table: LayerTable) -> None:
        name = self._document.selected_layer
        row = table.row(name)
        self._title.setText(breakable(row.title))
        self._lesson.setText(row.description)
        if self._name.text() != name:
            self._name.setText(name)
        kind = LAYER_KINDS.get(row.kind)
        config = self._document.network.config
        self.form.show_layer(kind.fields if kind else (), self._values(), _locks(config, table, name))
        misfit = table.misfit
        here = misfit is not None and misfit.layer == name
        if misfit is not None and here:
            self._repairs = repairs(config, table)
            nearest, text = nearest_working(config, misfit)
            self.form.set_problem(misfit.field, text, nearest, [_offer(repair) for repair in self._repairs])
        else:
            self.form.set_problem("", "")
        if has_focus(self._elsewhere):
            self._name.setFocus()
        self._elsewhere.show_misfit(None if here else misfit)
        self._facts.show_facts(facts_of(row, table))

    @Slot()
    def _show_selected(self) -> None:
        if self._document.table is not None:
            self._show(self._document.table)

    def _values(self) -> dict[str, object]:
        name = self._document.selected_layer
        row = self._document.table.row(name) if self._document.table else None
        # Layers of a model within the model are shown, not edited.
        return (
            values(self._document.network.config, name) if row and row.kind in LAYER_KINDS and "/" not in name else {}
        )

    @Slot(int)
    def _repair(self, number: int) -> None:
        self._document.repair(self._repairs[number])

    @Slot(str, object)
    def _change(self, field: str, value: object) -> None:
        try:
            self._document.change(field, value)
        except StudioError as error:
            self.form.set_problem(field, str(error), self._nearest(field, value))
            self._facts.show_facts(())  # which follow from the number before
        else:
            if self.form.problem:  # what was refused is gone, even where the number is what it was before
                self._show_selected()

    def _nearest(self, field: str, value: object) -> object:
        """The nearest value in the range of a field; None where there is no such thing."""
        table = self._document.table
        kind = LAYER_KINDS.get(table.row(self._document.selected_layer).kind) if table else None
        entry = next((entry for entry in kind.fields if entry.name == field), None) if kind else None
        if entry is None or entry.lowest is None or entry.highest is None or not isinstance(value, int | float):
            return None
        nearest = min(max(value, entry.lowest), entry.highest)
        return None if nearest == value else nearest

    @Slot()
    def _rename(self) -> None:
        if not self._document.is_open or self._name.text() == self._document.selected_layer:
            return
        try:
            self._document.rename_layer(self._name.text())
        except StudioError as error:
            self.refused.emit(str(error))
        self._name.setText(self._document.selected_layer)  # and forgets the typing: Undo is the network's again


class _Elsewhere(QFrame):
    """Another layer that does not fit, and the way there."""

    show_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("misfit_elsewhere")
        self.setProperty("role", "error")
        self._layer = ""
        self._text = label(role="error", name="misfit_elsewhere_text")
        self._show = describe(
            QPushButton("Show it"), "show_misfit_button", "Show it", "Selects the layer that does not fit."
        )
        self._show.clicked.connect(self._ask_to_show)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 3 // 2, GRID, GRID * 3 // 2, GRID)
        column.setSpacing(GAP)
        column.addWidget(self._text)
        column.addWidget(self._show, alignment=Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def show_misfit(self, misfit: Misfit | None) -> None:
        """Shows what does not fit; None hides it."""
        self.setVisible(misfit is not None)
        if misfit is not None:
            self._layer = misfit.layer
            self._text.setText(breakable(misfit.text))
            self._show.setText(shortened(f"Show {misfit.layer}", self._show))
            self._show.setAccessibleName(f"Show {misfit.layer}")

    @Slot()
    def _ask_to_show(self) -> None:
        self.show_wanted.emit(self._layer)


class _Facts(QFrame):
    """What follows from the numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("layer_facts")
        self.setProperty("role", "panel")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(3 * GRID // 2, 3 * GRID // 2, 3 * GRID // 2, 3 * GRID // 2)
        self._grid.setVerticalSpacing(GRID // 2)
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setColumnMinimumWidth(0, CAPTION_WIDTH - 3 * GRID // 2)
        self._grid.setColumnStretch(1, 1)
        self._labels: list[QLabel] = []

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        """Shows facts, each a small caption with its text beside it, or below where that is wide."""
        delete_widgets(self._labels)
        self._labels = []
        for row, fact in enumerate(facts):
            caption, text = label(fact.title, "small"), label(breakable(fact.text), name=f"fact_{fact.name}")
            wide = fact.name == "formula"
            self._grid.addWidget(caption, 2 * row, 0, 1, 2 if wide else 1, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, 2 * row + wide, 0 if wide else 1, 1, 2 if wide else 1)
            caption.setContentsMargins(0, 2, 0, 0)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for part in (caption, text):
                part.setToolTip(f"<p>{fact.lesson}</p>")
                self._labels.append(part)
        self.setVisible(bool(facts))


def _offer(repair: Repair) -> Offer:
    return Offer(repair.title, f"Then “{repair.left}” does not fit." if repair.left else "")


def _locks(config: dict, table: LayerTable, name: str) -> dict[str, str]:
    """Why which fields of a layer cannot be changed."""
    locks = {"units": _HEAD_LOCK, "filters": _HEAD_LOCK} if name == head_layer(config) else {}
    if table.rows and name == table.rows[-1].name:
        locks["activation"] = _LAST_LOCK
    return locks
