"""The selected layer: its form, its formula with its numbers, and what in it does not fit."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QWidget
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.forms import CAPTION_WIDTH, rows
from cnnstudio.gui.controls.layouts import STRETCH, column
from cnnstudio.gui.look.theme import GAP, GRID
from cnnstudio.gui.pages.architecture.document import ArchitectureDocument
from cnnstudio.gui.pages.architecture.layer_choices import Fact, facts_of
from cnnstudio.gui.widgets.network.layer_form import LayerForm, Offer, delete_widgets, has_focus, is_undo, shortened
from cnnstudio.models.layer_kinds import LAYER_KINDS
from cnnstudio.models.layer_table import LayerTable
from cnnstudio.models.networks.editing import head_layer, values
from cnnstudio.models.networks.repairs import Repair, nearest_working, repairs

_HEAD_LOCK = "The data set decides how many classes there are."
_LAST_LOCK = "The last layer keeps its softmax, which turns its outputs into the probabilities of the classes."
_SCORES_LOCK = "The network ends in scores: in a training, a softmax follows, which makes them probabilities."


class LayerPanel(QWidget):
    """Edits the layer that a document has selected."""

    refused = Signal(object)
    """What was done cannot be done: the `StudioError`."""

    def __init__(self, document: ArchitectureDocument) -> None:
        super().__init__()
        self.setObjectName("layer_panel")
        self._document = document
        self._table: LayerTable | None = None
        self._layer = ""
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
        self.form = LayerForm()
        self.form.edited.connect(self._change)
        self.form.offer_taken.connect(self._repair)
        self._repairs: tuple[Repair, ...] = ()
        self.form.left.connect(document.finish_edit)
        self.form.focus_lost.connect(self._name.setFocus)
        self._facts = _Facts()
        self._elsewhere = self._build_elsewhere()
        heading = column(self._title, self._lesson, gap=GRID // 2)
        self.setLayout(
            column(self._elsewhere, heading, GAP, rows(self._name), self.form, GAP, self._facts, STRETCH, gap=GAP)
        )
        document.changed.connect(self._show)
        document.selected.connect(self._show_selected)

    def _build_elsewhere(self) -> QFrame:
        """Another layer that does not fit, and the way there."""
        self._misfit_text = label(role="error", name="misfit_elsewhere_text")
        self._show_misfit = push_button(
            "show_misfit_button", "Show it", "Selects the layer that does not fit.", self._select_misfit
        )
        frame = QFrame()
        frame.setObjectName("misfit_elsewhere")
        frame.setProperty("role", "error")
        contents = column(self._misfit_text, (self._show_misfit, 0, Qt.AlignmentFlag.AlignLeft), gap=GAP)
        contents.setContentsMargins(GRID * 3 // 2, GRID, GRID * 3 // 2, GRID)
        frame.setLayout(contents)
        frame.hide()
        return frame

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
        self._table, self._layer = table, self._document.selected_layer
        name = self._layer
        row = table.row(name)
        self._title.setText(breakable(row.title))
        self._lesson.setText(row.description)
        if self._name.text() != name:
            self._name.setText(name)
        kind = LAYER_KINDS.get(row.kind)
        config = self._document.network.config
        if kind is None:
            self.form.show_layer((), {})
        else:
            self.form.show_layer(kind.fields, values(config, name), _locks(config, table, name))
        misfit = table.misfit
        elsewhere = None if misfit is None or misfit.layer == name else misfit
        if misfit is None or elsewhere:
            self.form.set_problem("", "")
        else:
            self._repairs = repairs(config, table)
            nearest, text = nearest_working(config, misfit)
            self.form.set_problem(misfit.field, text, nearest, [_offer(repair) for repair in self._repairs])
        if has_focus(self._elsewhere):
            self._name.setFocus()
        self._elsewhere.setVisible(elsewhere is not None)
        if elsewhere is not None:
            self._misfit_text.setText(breakable(elsewhere.text))
            show = f"Show {elsewhere.layer}"
            self._show_misfit.setText(shortened(show, self._show_misfit))
            self._show_misfit.setAccessibleName(show)
        self._facts.show_facts(facts_of(row, table))

    @Slot()
    def _show_selected(self) -> None:
        if self._document.table is not self._table or self._document.selected_layer != self._layer:
            self._show(self._document.table)

    @Slot()
    def _select_misfit(self) -> None:
        if (misfit := self._document.table.misfit) is not None:
            self._document.select(misfit.layer)

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
                self._show(self._document.table)

    def _nearest(self, field: str, value: object) -> object:
        """The nearest value in the range of a field; None where there is no such thing."""
        kind = LAYER_KINDS.get(self._document.table.row(self._document.selected_layer).kind)
        entry = next((entry for entry in kind.fields if entry.name == field), None) if kind else None
        if entry is None or entry.lowest is None or entry.highest is None or not isinstance(value, int | float):
            return None
        nearest = min(max(value, entry.lowest), entry.highest)
        return None if nearest == value else nearest

    @Slot()
    def _rename(self) -> None:
        if self._name.text() == self._document.selected_layer:
            return
        try:
            self._document.rename_layer(self._name.text())
        except StudioError as error:
            self.refused.emit(error)
        self._name.setText(self._document.selected_layer)  # and forgets the typing: Undo is the network's again


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
        locks["activation"] = _LAST_LOCK if table.rows[-1].activation else _SCORES_LOCK
    return locks
