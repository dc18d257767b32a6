"""What every control has: a name for tests, one for screen readers, a tooltip that teaches, words that can wrap."""

import re
from html import escape
from textwrap import wrap
from typing import TypeVar

from PySide6.QtWidgets import QLabel, QWidget

_Widget = TypeVar("_Widget", bound=QWidget)

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


def label(text: str = "", role: str = "", name: str = "") -> QLabel:
    """Makes a label that wraps.

    Args:
        text: what it says at first.
        role: how it looks, a role of the stylesheet: heading, strong, secondary or small; empty for plain text.
        name: its `objectName`, where it will change or a test looks for it.
    """
    made = QLabel(text)
    made.setWordWrap(True)
    made.setObjectName(name)
    if role:
        made.setProperty("role", role)
    return made


def breakable(text: str) -> str:
    """The text with places to break names of files and layers at: a label is as wide as its widest word.

    They are behind _ and /, and within what is longer than any common word; Qt itself breaks behind -.
    """
    text = re.sub(r"(?<=\w)([_/])(?=\w)", rf"\1{_BREAK}", text)
    return re.sub(r"[^\W_]{16,}", lambda word: _BREAK.join(wrap(word[0], _PIECE)), text)
