"""A sentence where something happened."""

import logging
import traceback
from collections.abc import Iterator

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication, QIcon, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.errors import StudioError, explain, unexpected
from cnnstudio.gui.controls.buttons import FoldButton, push_button, tool_button
from cnnstudio.gui.controls.describe import breakable, describe, label, set_role
from cnnstudio.gui.controls.layouts import column, row
from cnnstudio.gui.log import details
from cnnstudio.gui.look.theme import GAP, GRID, icon

_ICON = 20
_log = logging.getLogger(__name__)


class MessageBar(QFrame):
    """An error or a piece of news: an icon, a sentence, details that unfold and can be copied, a button that closes it.

    It may offer to do something about it, with one more button. It takes no room while there is nothing to say, and
    never takes the focus.

    Args:
        parent: the parent widget.
    """

    accepted = Signal()
    """What was offered is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._said = ""
        self._symbol = QIcon()
        self._icon = QLabel()
        self._text = label(name="message_text", plain=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._details = describe(QPlainTextEdit(), "details_text", "Details", "Technical details, for a bug report.")
        self._details.setReadOnly(True)
        self._details.setFixedHeight(20 * GRID)
        self._unfold = FoldButton("details_button", "Details", "Shows the technical details.", self._details)
        self._copy = push_button(
            "copy_details_button",
            "Copy details",
            "Copies the message and its technical details, to paste into a bug report.",
            self._copy_details,
            role="quiet",
        )
        self._offer = push_button(
            "accept_offer_button",
            "Accept",
            "Does what is proposed here; closing the message declines.",
            self._accept,
        )
        close = tool_button(
            "close_message_button", "Close message", "Closes this message. (Escape)", "close", self.hide
        )
        sentence = row(self._icon, GAP // 2, (self._text, 1), self._offer, self._unfold, self._copy, close)
        content = column(sentence, self._details)
        content.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        self.setLayout(content)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown; empty while there is none."""
        return "" if self.isHidden() else self._said

    @property
    def is_error(self) -> bool:
        """Whether the sentence that is shown says what went wrong."""
        return not self.isHidden() and self.property("role") == "error"

    @Slot(str)
    def show_error(self, text: str, details: str = "") -> None:
        """Says what went wrong.

        Args:
            text: what happened, why, and what to do, in a sentence or two.
            details: what a developer wants to know; without any, there is nothing to unfold.
        """
        self._say("error", "error", text, details)

    @Slot(object)
    def show_failure(self, error: BaseException, context: str = "") -> None:
        """Says why something failed.

        A `StudioError` says itself what the user can do; of any other exception, what a developer wants to know is in
        the details and in the log.

        Args:
            error: what was raised.
            context: what a developer wants to know besides, for the details of either.
        """
        parts = [context]
        if not isinstance(error, StudioError):
            trace = "".join(traceback.format_exception(error))
            parts += [trace, details()]
            _log.error("Failed:\n%s", trace.rstrip())
        else:
            parts += _causes(error)
        text = explain(error) if isinstance(error, StudioError | OSError) else unexpected(error)
        self.show_error(text, "\n".join(part for part in parts if part))

    @Slot(str)
    def show_info(self, text: str) -> None:
        """Shows a message: what happened, in a sentence."""
        self._say("info", "about", text, "")

    def show_offer(self, text: str, offer: str) -> None:
        """Shows a message with a button that does something about it: `accepted` is emitted when it is pressed.

        Args:
            text: what is the matter, in a sentence.
            offer: what the button says, a verb with its object.
        """
        self._say("info", "about", text, "", offer)

    def _say(self, role: str, icon_name: str, text: str, details: str, offer: str = "") -> None:
        set_role(self, role)
        self._symbol = icon(icon_name, "error" if role == "error" else "accent_text")
        self._show_symbol()
        self._said = text
        self._text.setText(breakable(text))
        self._details.setPlainText(details)
        self._unfold.setChecked(False)
        for button in (self._unfold, self._copy):
            button.setVisible(bool(details))
        self._offer.setText(offer)
        self._offer.setAccessibleName(offer)
        self._offer.setVisible(bool(offer))
        self.setAccessibleName(f"Error: {text}" if role == "error" else text)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def _show_symbol(self) -> None:
        self._icon.setPixmap(self._symbol.pixmap(QSize(_ICON, _ICON), self.devicePixelRatioF()))

    @override
    def changeEvent(self, event: QEvent) -> None:
        """Follows a change of theme: a label keeps the picture of an icon as it was."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and not self._symbol.isNull():
            self._show_symbol()

    @Slot()
    def _accept(self) -> None:
        self.hide()
        self.accepted.emit()

    @Slot()
    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._said}\n\n{self._details.toPlainText()}")

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes the message while one of its buttons has the focus."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)


def _causes(error: BaseException) -> Iterator[str]:
    """What went wrong underneath, the outermost first, as far as the text of the error does not say it."""
    said, cause = str(error), error.__cause__
    while cause is not None:
        if str(cause) not in said or not str(cause):
            yield "".join(traceback.format_exception_only(cause)).strip()
        cause = cause.__cause__
