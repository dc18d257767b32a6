"""A question that has to be answered before anything else happens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QMessageBox, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.look.theme import GAP, GRID, SECTION

_WIDTH = 50 * GRID
"""So wide that the window's frame has room for the title, too."""

Role = QMessageBox.ButtonRole


@dataclass(frozen=True)
class AnswerButton:
    """A button below a question.

    Attributes:
        name: of the button, as an object.
        text: on it.
        role: what it does to the matter: accept, destroy or reject.
    """

    name: str
    text: str
    role: Role


def ask(
    parent: QWidget, name: str, title: str, text: str, *answers: AnswerButton, details: str = "", usual: str
) -> str:
    """Asks, and waits for the answer.

    Args:
        parent: the window, or something in it.
        name: of the dialog, as an object.
        title: of the dialog.
        text: the question.
        answers: the buttons; one of them rejects, and Escape means the same.
        details: what else there is to know, in a smaller line.
        usual: the name of the answer that Enter gives.

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
    box.exec()
    rejecting = next(answer.name for answer in answers if answer.role is Role.RejectRole)
    return next((name for button, name in names.items() if button is box.clickedButton()), rejecting)


class NameDialog(QDialog):
    """Asks for a name until there is one that can be had.

    Args:
        parent: the window, or something in it.
        title: of the dialog.
        name: the present name.
        give: gives the name; a `StudioError` says why it cannot be had, and the user may try another.

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
        self._edit = describe(QLineEdit(name), "new_name", question, "Enter renames, Escape leaves all as it is.")
        self._edit.selectAll()
        self._problem = label(role="error", name="name_problem")
        self._problem.hide()
        buttons = QDialogButtonBox()
        # Standard buttons would have the desktop's pictures.
        self._rename = rename = QPushButton("&Rename")
        cancel = QPushButton("Cancel")
        rename.setObjectName("rename_button")
        rename.setProperty("role", "primary")
        rename.setDefault(True)
        cancel.setObjectName("cancel_rename_button")
        buttons.addButton(rename, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(SECTION, SECTION, SECTION, SECTION)
        column.setSpacing(GAP)
        for part in (label(question), self._edit, self._problem, buttons):
            column.addWidget(part)

    @override
    def accept(self) -> None:
        """Gives the name; stays where it cannot be had."""
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
