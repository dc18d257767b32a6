"""A question that has to be answered before anything else happens."""

from dataclasses import dataclass

from PySide6.QtWidgets import QMessageBox, QWidget

from cnnstudio.gui.theme import SECTION

Role = QMessageBox.ButtonRole


@dataclass(frozen=True)
class Answer:
    """A button below a question.

    Attributes:
        name: of the button, as an object.
        text: on it.
        role: what it does to the matter: accept, destroy or reject.
    """

    name: str
    text: str
    role: Role


def ask(parent: QWidget, name: str, title: str, text: str, *answers: Answer, details: str = "", usual: str) -> str:
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
