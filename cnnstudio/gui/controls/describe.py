"""What every control has: a name for tests and one for screen readers, a tooltip that teaches, text that wraps."""

import re
from html import escape
from textwrap import wrap
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget
from typing_extensions import override

_Widget = TypeVar("_Widget", bound=QWidget)

_WITHIN_A_NUMBER = re.compile(r"(?<=\d) (?=%|(?:s|min|h|kB|MB|GB|TB|px|images/s)\b)|(?<=[ (]>) (?=\d)")
_BREAK = "\N{ZERO WIDTH SPACE}"
_PIECE = 12


def describe(widget: _Widget, name: str, title: str, tip: str) -> _Widget:
    """Names a control and returns it.

    Args:
        widget: the control.
        name: its `objectName`, in snake_case and stable: tests from outside find it by this.
        title: its accessible name, as the label beside it says.
        tip: its tooltip: the concept behind it, in a sentence.
    """
    widget.setObjectName(name)
    widget.setAccessibleName(title)
    widget.setAccessibleDescription(tip)
    widget.setToolTip(f"<p>{escape(tip)}</p>")  # Qt wraps only what has tags
    return widget


class Label(QLabel):
    """A text whose lines do not break between a number and its unit, and whose links have the colours of the theme.

    The same text again changes nothing: Qt would lay out all that is around it.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setText(text)

    @override
    def setText(self, text: str) -> None:
        text = unbroken(text)
        if text == self.text():
            return
        super().setText(text)
        if "<a " in text:
            self.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt gives links their colour when the text is set, and never again.

        Only labels with links hear of their events: hundreds that ask Python at each change of the theme take as long
        as the change itself.
        """
        if event.type() == QEvent.Type.PaletteChange and "<a " in self.text():
            text = self.text()
            super().setText("")
            super().setText(text)
        return super().eventFilter(watched, event)


def label(text: str = "", role: str = "", name: str = "", *, wrap: bool = True, plain: bool = False) -> Label:
    """Makes a label.

    Args:
        text: what it says at first.
        role: how it looks, a role of the stylesheet: heading, strong, secondary or small; empty for ordinary text.
        name: its `objectName`, where it will change or a test looks for it.
        wrap: whether the text takes as many lines as it needs.
        plain: whether tags are shown as they are written: for text from elsewhere, such as the name of a file.
    """
    made = Label(text)
    made.setWordWrap(wrap)
    made.setObjectName(name)
    if plain:
        made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    return made


def set_role(widget: QWidget, role: str) -> None:
    """Gives a widget another look, a role of the stylesheet; empty for an ordinary one."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def unbroken(text: str) -> str:
    """The text with no places to break lines at between a number and its unit, nor within “> 99.9 %”."""
    return _WITHIN_A_NUMBER.sub("\N{NO-BREAK SPACE}", text)


def breakable(text: str) -> str:
    """The text with places to break names of files and layers at: a label is as wide as its widest word.

    They are behind _ and /, and within what is longer than any common word; Qt itself breaks behind -.
    """
    text = re.sub(r"(?<=\w)([_/])(?=\w)", rf"\1{_BREAK}", text)
    return re.sub(r"[^\W_]{16,}", lambda word: _BREAK.join(wrap(word[0], _PIECE)), text)
