"""The form that begins a new set."""

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from cnnstudio.data.collected.sets import KINDS, create_collection
from cnnstudio.data.library import collected_folder
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import chip, chip_group, push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GAP, GRID
from cnnstudio.gui.task import aside

KIND_ICONS = {"drawings": "draw", "photos": "camera"}
"""The picture of each kind of set."""

_WIDTH = 64 * GRID


class NewSetForm(QWidget):
    """Asks for a name, a kind and the first classes; all of it may be left as it is proposed.

    Args:
        library: which names are taken.
    """

    created = Signal(object)
    """The folder of the new set."""

    cancelled = Signal()

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library
        self._name = describe(
            QLineEdit(),
            "set_name",
            "Name of the set",
            "The name by which you find the set again, here and on the Train page.",
        )
        self._name.returnPressed.connect(self.submit)
        self._kind_note = label(role="secondary", name="set_kind_note")
        self._classes = [
            describe(
                QLineEdit(),
                f"first_class_{number}",
                f"Class {number}",
                "A class is one of the answers that the network can give, such as “cup”.",
            )
            for number in (1, 2, 3)
        ]
        self._problem = label(role="error", name="set_problem")
        self._problem.hide()
        self._create = push_button(
            "create_set_button",
            "Create the set",
            "Makes the set; classes can be added, renamed and removed at any time. (Enter)",
            self.submit,
            role="primary",
        )
        self._cancel = push_button(
            "cancel_set_button", "Cancel", "Goes back to the set that was open. (Escape)", self.cancelled
        )
        self._lay_out()
        self._show_kind()

    def _lay_out(self) -> None:
        for edit in self._classes:
            edit.returnPressed.connect(self.submit)
        content = widget_of(
            column(
                label("Teach a network something of your own", "heading"),
                label(
                    "Name a few things, draw ten of each or show them to the camera, and train a network that tells "
                    "them apart.",
                    "secondary",
                ),
                2 * GAP,
                label("What will it learn from?", "strong"),
                self._build_kinds(),
                self._kind_note,
                GAP,
                label("What should it tell apart?", "strong"),
                row(*((edit, 1) for edit in self._classes)),
                GAP,
                label("What is the set called?", "strong"),
                self._name,
                self._problem,
                2 * GAP,
                row(STRETCH, self._cancel, self._create),
            )
        )
        content.setFixedWidth(_WIDTH)
        # No alignment, but stretches: an aligned widget would not get the height that its wrapped words need.
        self.setLayout(column(STRETCH, row(STRETCH, content, STRETCH), STRETCH, STRETCH))

    def _build_kinds(self) -> QHBoxLayout:
        chips = [chip(f"kind_{kind.name}", kind.title, kind.description) for kind in KINDS.values()]
        self._kinds = chip_group(self, chips, self._show_kind)
        return row(*chips, STRETCH)

    @property
    def kind(self) -> str:
        """The kind that is chosen, a key of `KINDS`."""
        return list(KINDS)[self._kinds.checkedId()]

    def begin(self, may_cancel: bool) -> None:
        """Proposes a new set.

        Args:
            may_cancel: whether there is a set to go back to.
        """
        for edit in (self._name, *self._classes):
            edit.clear()
        self._name.setPlaceholderText(self._free_name())
        self._problem.hide()
        self._cancel.setVisible(may_cancel)
        self._classes[0].setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def submit(self) -> None:
        """Makes the set, or says what is in the way."""
        classes = [edit.text().strip() for edit in self._classes if edit.text().strip()]
        name = self._name.text().strip() or self._name.placeholderText()
        try:
            wanted = (collected_folder(), name, self.kind, classes or KINDS[self.kind].examples)
            path = aside(partial(create_collection, *wanted))
        except StudioError as error:
            self._problem.setText(str(error))
            self._problem.show()
        else:
            self.created.emit(path)

    @Slot()
    def _show_kind(self) -> None:
        kind = KINDS[self.kind]
        self._kind_note.setText(kind.description)
        for edit, example in zip(self._classes, kind.examples, strict=True):
            edit.setPlaceholderText(example)

    def _free_name(self) -> str:
        taken = {one.path.name.casefold() for one in self._library.lists.sets}
        number, name = 1, "My first set"
        while name.casefold() in taken:
            number += 1
            name = f"My set {number}"
        return name
