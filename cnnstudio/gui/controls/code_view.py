"""Python code to read and to copy."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from operator import itemgetter

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QFontDatabase, QSyntaxHighlighter, QTextCharFormat, QTextDocument, QTextOption
from PySide6.QtWidgets import QPlainTextEdit
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import Colours, colours, text_sizes

_COLOURS: tuple[tuple[str, str, bool], ...] = (
    ("Comment", "secondary", False),
    ("Literal.String.Doc", "secondary", False),
    ("Literal.String", "good", False),
    ("Literal.Number", "series", False),
    ("Keyword", "accent_text", True),
    ("Name.Builtin", "accent_text", False),
)
"""Kinds of tokens, the colour of the theme that they get, and whether they are bold; the first that fits counts.
Weight and place tell them apart as well: nothing depends on colour alone."""


@dataclass(frozen=True)
class Code:
    """Python code, taken apart.

    Attributes:
        text: the code.
        tokens: where each token begins, how long it is, and its kind as Pygments calls it, in their order.
    """

    text: str
    tokens: tuple[tuple[int, int, str], ...]


def take_apart(text: str) -> Code:
    """Finds the tokens of some code, which takes a tenth of a second for a deep network: not in the window's thread."""
    from pygments.lexers.python import PythonLexer

    tokens = PythonLexer(stripnl=False, ensurenl=False).get_tokens_unprocessed(text)
    return Code(text, tuple((start, len(part), str(kind).removeprefix("Token.")) for start, kind, part in tokens))


class _Highlighter(QSyntaxHighlighter):
    """Colours the tokens of the whole text: a string may span lines."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.tokens: tuple[tuple[int, int, str], ...] = ()

    @override
    def highlightBlock(self, text: str) -> None:
        theme, begin = colours(), self.currentBlock().position()
        end = begin + len(text)
        first = bisect_right(self.tokens, begin, key=itemgetter(0)) - 1
        for place in range(max(0, first), len(self.tokens)):
            start, length, kind = self.tokens[place]
            if start >= end:
                break
            style = _style(kind, theme)
            if style is not None:
                left, right = max(start, begin), min(start + length, end)
                self.setFormat(left - begin, right - left, style)


@cache
def _style(kind: str, theme: Colours) -> QTextCharFormat | None:
    for prefix, name, bold in _COLOURS:
        if kind.startswith(prefix):
            style = QTextCharFormat()
            style.setForeground(QColor(theme.plot[1] if name == "series" else getattr(theme, name)))
            style.setFontWeight(600 if bold else 400)
            return style
    return None


class CodeView(QPlainTextEdit):
    """Code in a fixed pitch, its tokens in colours that follow the theme; it can be selected, not changed."""

    def __init__(self) -> None:
        super().__init__()
        describe(self, "code_view", "Code", "Python code; select a part of it to copy that part.")
        self.setToolTip("")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(text_sizes().small + 1)
        self.setFont(font)
        self.document().setDocumentMargin(12)
        self._highlighter = _Highlighter(self.document())

    @property
    def code(self) -> str:
        """What is shown."""
        return self.toPlainText()

    def set_code(self, code: Code) -> None:
        """Shows code, from its beginning."""
        self._highlighter.tokens = code.tokens
        self.setPlainText(code.text)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_highlighter"):
            self._highlighter.rehighlight()
