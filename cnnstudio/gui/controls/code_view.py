"""Python code to read and to copy."""

from bisect import bisect_right
from operator import itemgetter

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QFontDatabase, QSyntaxHighlighter, QTextCharFormat, QTextDocument, QTextOption
from PySide6.QtWidgets import QPlainTextEdit
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import colours, text_sizes

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


class _Highlighter(QSyntaxHighlighter):
    """Colours the tokens that Pygments finds in the whole text: a string may span lines."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._tokens: list[tuple[int, int, str]] = []

    def set_code(self, code: str) -> None:
        """Finds the tokens of a text, which is set next."""
        from pygments.lexers.python import PythonLexer

        lexer = PythonLexer(stripnl=False, ensurenl=False)
        tokens = lexer.get_tokens_unprocessed(code)
        self._tokens = [(start, len(text), str(kind).removeprefix("Token.")) for start, kind, text in tokens]

    @override
    def highlightBlock(self, text: str) -> None:
        begin = self.currentBlock().position()
        end = begin + len(text)
        first = bisect_right(self._tokens, begin, key=itemgetter(0)) - 1
        for start, length, kind in self._tokens[max(0, first) :]:
            if start >= end:
                break
            style = _style(kind)
            if style is not None:
                left, right = max(start, begin), min(start + length, end)
                self.setFormat(left - begin, right - left, style)


def _style(kind: str) -> QTextCharFormat | None:
    for prefix, name, bold in _COLOURS:
        if kind.startswith(prefix):
            theme = colours()
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

    def set_code(self, code: str) -> None:
        """Shows code, from its beginning."""
        self._highlighter.set_code(code)
        self.setPlainText(code)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_highlighter"):
            self._highlighter.rehighlight()
