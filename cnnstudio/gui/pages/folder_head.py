"""What stands above a classified folder: its name with what can be done with the whole, and how far the work is."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from cnnstudio.data.splits import Progress
from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.pages.folder_results import TOP
from cnnstudio.gui.theme import GRID, icon
from cnnstudio.wording import progress


class FolderHead(QWidget):
    """The way back, the folder's name and the model's, and the button that saves the table.

    Signals:
        left(): somebody wants to go back.
        save_asked(): somebody wants the table.
    """

    left = Signal()
    save_asked = Signal()

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        back = describe(
            QPushButton("&Back"), "leave_folder_button", "Back", "Back to single pictures; what is here stays. (Esc)"
        )
        back.setIcon(icon("arrow-left"))
        back.clicked.connect(self.left)
        # As the button's own shortcut it would take the place of its underlined letter.
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), page)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.left)
        self._title = label(role="heading", name="folder_title")
        self._title.setWordWrap(False)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._subtitle = label(role="secondary", name="folder_subtitle")
        self._save = describe(
            QPushButton("&Save as CSV…"),
            "save_table_button",
            "Save as CSV",
            f"A table that every spreadsheet opens: each file with its {TOP} most probable classes.",
        )
        self._save.setProperty("role", "primary")
        self._save.setIcon(icon("save", "on_accent"))
        self._save.clicked.connect(self.save_asked)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._title)
        words.addWidget(self._subtitle)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(back, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(words, 1)
        row.addWidget(self._save, 0, Qt.AlignmentFlag.AlignVCenter)

    def name(self, folder: str, model: str) -> None:
        """Says what is classified, and by which model."""
        self._title.setText(folder)
        self._subtitle.setText(f"Classified by {model}")

    def allow_saving(self, allowed: bool) -> None:
        """Tells whether there is anything to save."""
        self._save.setEnabled(allowed)


class FolderProgress(QWidget):
    """How far the work is, while there is any.

    Signals:
        cancelled(): somebody wants it to end.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = describe(QProgressBar(), "folder_progress", "Progress", "How many of the pictures are classified.")
        self._bar.setTextVisible(False)
        self._state = label(role="secondary", name="folder_state")
        cancel = describe(
            QPushButton("&Cancel"), "cancel_folder_button", "Cancel", "Ends it at once; what has come so far stays."
        )
        cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(self._bar, 1)
        row.addWidget(self._state, 1)
        row.addWidget(cancel)
        self.hide()

    def begin(self) -> None:
        """Appears; nobody knows yet how much there is to do."""
        self._state.setText("Looking for pictures and opening the model …")
        self._bar.setRange(0, 0)
        self.show()

    def expect(self, total: int) -> None:
        """So many pictures are there."""
        self._bar.setRange(0, total)

    def tell(self, event: Progress) -> None:
        """So many are done, and so long it takes yet."""
        self._bar.setValue(event.done)
        self._state.setText(progress(event.done, event.total, "pictures", event.seconds_left))
