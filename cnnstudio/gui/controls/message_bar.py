"""A sentence where something happened."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication, QIcon, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GAP, GRID, icon

_ICON = 20


class MessageBar(QFrame):
    """An error or a piece of news with an icon, a sentence, its details to copy and a button that closes it.

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
        self._details = ""
        self._symbol = QIcon()
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setObjectName("message_text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._copy = QPushButton("Copy details", self)
        describe(
            self._copy,
            "copy_details_button",
            "Copy details",
            "Copies the sentence and what went wrong underneath, to paste into a report.",
        )
        self._copy.setProperty("role", "quiet")
        self._copy.clicked.connect(self._copy_details)
        self._offer = describe(
            QPushButton(self),
            "accept_offer_button",
            "Accept",
            "Does what is proposed here; closing the message declines.",
        )
        self._offer.clicked.connect(self._accept)
        self._close = QToolButton(self)
        describe(self._close, "close_message_button", "Close message", "Closes this message. Escape does, too.")
        self._close.setIcon(icon("close"))
        self._close.setIconSize(QSize(16, 16))
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        row.setSpacing(GAP)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(GAP // 2)
        row.addWidget(self._text, 1)
        row.addWidget(self._offer, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown, or was shown last."""
        return self._text.text()

    def show_error(self, text: str, details: str = "") -> None:
        """Says what went wrong.

        Args:
            text: what happened, why, and what to do, in a sentence or two.
            details: what a developer wants to know, for “Copy details”; without any, the button is not there.
        """
        self._say("error", "error", text, details)

    def show_info(self, text: str) -> None:
        """Tells a piece of news in a sentence."""
        self._say("info", "about", text, "")

    def show_offer(self, text: str, offer: str) -> None:
        """Tells a piece of news and offers to do something about it: `accepted` tells that it is wanted.

        Args:
            text: what is the matter, in a sentence.
            offer: what the button says, a verb with its object.
        """
        self._say("info", "about", text, "", offer)

    def _say(self, role: str, icon_name: str, text: str, details: str, offer: str = "") -> None:
        self._details = details
        self.setProperty("role", role)
        self.style().unpolish(self)
        self.style().polish(self)
        self._symbol = icon(icon_name, "error" if role == "error" else "accent_text")
        self._show_symbol()
        self._text.setText(text)
        self._copy.setVisible(bool(details))
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
        QGuiApplication.clipboard().setText(f"{self._text.text()}\n\n{self._details}")

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes the message while one of its buttons has the focus."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
