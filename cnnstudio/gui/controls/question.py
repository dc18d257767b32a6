"""A question that has to be answered before anything else happens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QLineEdit, QMessageBox, QWidget
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.look.theme import GRID, SECTION

_WIDTH = 50 * GRID
"""Wide enough for the title in the window's frame, too."""

_LOOK_AGAIN = 200
"""Milliseconds between two looks at whether a question still makes sense."""

Role = QMessageBox.ButtonRole


@dataclass(frozen=True)
class AnswerButton:
    """A button below a question.

    Attributes:
        name: its `objectName`.
        text: on it.
        role: what it means: accept, destroy or reject.
    """

    name: str
    text: str
    role: Role


def ask(
    parent: QWidget,
    name: str,
    title: str,
    text: str,
    *answers: AnswerButton,
    details: str = "",
    usual: str,
    makes_sense: Callable[[], object] | None = None,
) -> str:
    """Asks, and waits for the answer.

    Args:
        parent: the window, or something in it.
        name: the dialog's `objectName`.
        title: the dialog's title.
        text: the question.
        answers: the buttons; one of them rejects, and Escape means the same.
        details: what else there is to know, in a smaller line.
        usual: the name of the answer that Enter gives.
        makes_sense: whether there still is something to ask about; once there is not, the question goes away, which
            rejects.

    Returns:
        The name of the answer.
    """
    box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=parent)
    box.setObjectName(name)
    box.setInformativeText(details)
    names = {}
    for answer in answers:
        button = box.addButton(answer.text, answer.role)
        button.setObjectName(answer.name)
        names[button] = answer.name
        if answer.name == usual:
            box.setDefaultButton(button)
    layout = box.layout()
    if layout is not None:
        layout.setContentsMargins(SECTION, SECTION, SECTION, SECTION)
    if makes_sense is not None:
        look = QTimer(box)
        look.timeout.connect(lambda: None if makes_sense() else box.reject())
        look.start(_LOOK_AGAIN)
    box.exec()
    rejecting = next(answer.name for answer in answers if answer.role is Role.RejectRole)
    return next((name for button, name in names.items() if button is box.clickedButton()), rejecting)


class NameDialog(QDialog):
    """Asks for a name until one is accepted.

    Args:
        parent: the window, or something in it.
        title: of the dialog.
        name: the present name.
        give: gives the name; a `StudioError` says why that cannot be done, and the user may try another.

    Attributes:
        given: what `give` returned; None as long as there was no answer.
    """

    def __init__(self, parent: QWidget, title: str, name: str, give: Callable[[str], Any]) -> None:
        super().__init__(parent)
        self.setObjectName("name_dialog")
        self.setWindowTitle(title)
        self.setMinimumWidth(_WIDTH)
        self._give = give
        self.given: Any = None
        question = f"New name of “{name}”:"
        self._edit = describe(
            QLineEdit(name), "new_name", question, "Enter renames it, Escape leaves everything as it is."
        )
        self._edit.selectAll()
        self._problem = label(role="error", name="name_problem")
        self._problem.hide()
        self._rename = push_button(
            "rename_button", "&Rename", "Gives it the name above. (Enter)", self.accept, role="primary"
        )
        self._rename.setDefault(True)
        cancel = push_button("cancel_rename_button", "Cancel", "Leaves everything as it is. (Escape)", self.reject)
        buttons = row(STRETCH, cancel, self._rename)
        self.setLayout(column(label(question), self._edit, self._problem, buttons, edge=SECTION))

    @override
    def accept(self) -> None:
        """Gives the name; stays open where that cannot be done."""
        try:
            self.given = self._give(self._edit.text())
        except StudioError as error:
            self._problem.setText(str(error))
            self._problem.show()
            self.resize(self.width(), self.heightForWidth(self.width()))
            self._edit.selectAll()
            self._edit.setFocus()
            self._rename.setDefault(True)  # a button that loses the focus while it is pressed is the default no more
        else:
            super().accept()
