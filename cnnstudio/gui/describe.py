"""What every control has: a name for tests, a name for screen readers, and a tooltip that teaches."""

from html import escape
from typing import TypeVar

from PySide6.QtWidgets import QLabel, QWidget

_Widget = TypeVar("_Widget", bound=QWidget)


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
