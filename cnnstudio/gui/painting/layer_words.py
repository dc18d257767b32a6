"""Names of layers in a narrow panel: they have no spaces, and a label is as wide as its widest word."""

import re
from textwrap import wrap

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from cnnstudio.gui.theme import GRID

BUTTON_WIDTH = 30 * GRID
"""Most that the words take on a button, in pixels."""

_BREAK = "\N{ZERO WIDTH SPACE}"
_PIECE = 12


def breakable(text: str) -> str:
    """The text with places to break names at: behind _, - and /, and within what is longer than any common word."""
    text = re.sub(r"(?<=\w)([_/-])(?=\w)", rf"\1{_BREAK}", text)
    return re.sub(r"[^\W_]{16,}", lambda word: _BREAK.join(wrap(word[0], _PIECE)), text)


def shortened(text: str, button: QPushButton) -> str:
    """The text with “…” in its middle where it is too long for a button."""
    return button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, BUTTON_WIDTH)
