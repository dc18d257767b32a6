"""What stands above a classified folder: its name with what can be done with the whole, and how far the work is."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.gui.pages.try_.folder_results import FILTERS, ORDERS, TOP
from cnnstudio.progress import Progress
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


class FolderChoices(QWidget):
    """A chip for each of `FILTERS` and a list of `ORDERS`.

    Signals:
        filter_chosen(str): somebody chose a filter, which is on; the same one again takes it off.
        order_chosen(): somebody chose another order.
    """

    filter_chosen = Signal(str)
    order_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = "all"
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self._chips: dict[str, QPushButton] = {}
        for name, (text, lesson) in FILTERS.items():
            chip = describe(QPushButton(text), f"{name}_filter_chip", text.replace("&", ""), lesson)
            chip.setProperty("role", "chip")
            chip.setCheckable(True)
            chip.clicked.connect(partial(self._choose, name))
            row.addWidget(chip)
            self._chips[name] = chip
        row.addStretch(1)
        self._order = describe(QComboBox(), "order_combo", "Order", "")
        for place, (key, (text, lesson)) in enumerate(ORDERS.items()):
            self._order.addItem(text, key)
            self._order.setItemData(place, lesson, Qt.ItemDataRole.ToolTipRole)
        self._order.currentIndexChanged.connect(self.order_chosen)
        sort = QLabel("S&ort")
        sort.setProperty("role", "secondary")
        sort.setBuddy(self._order)
        row.addWidget(sort)
        row.addWidget(self._order)
        self.present({}, one_class=False)

    @property
    def order(self) -> str:
        """The key of the order that is chosen, of `ORDERS`."""
        return str(self._order.currentData())

    def present(self, counts: Mapping[str, int], one_class: bool) -> None:
        """Says what is shown.

        Args:
            counts: how many pictures a filter lets through, for those where it is worth saying.
            one_class: whether the pictures of one class are shown, so that not all are.
        """
        for name, chip in self._chips.items():
            text = FILTERS[name][0]
            chip.setText(f"{text} ({counts[name]:,})" if name in counts else text)
            chip.setChecked(name == self.filter and (name != "all" or not one_class))
        self._chips["unreadable"].setVisible(bool(counts.get("unreadable")))
        self._order.setEnabled(self.filter != "unreadable")
        self._order.setToolTip(ORDERS[self.order][1])

    def _choose(self, name: str) -> None:
        self.filter = "all" if name == self.filter else name
        self.filter_chosen.emit(name)
