"""What every control has: a name for tests, a name for screen readers, and a tooltip that teaches."""

from html import escape
from typing import TypeVar

from PySide6.QtWidgets import QWidget

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
