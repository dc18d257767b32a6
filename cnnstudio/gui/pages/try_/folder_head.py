"""What stands above a classified folder: its name with what can be done with the whole, and what is shown."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnstudio.gui.controls.buttons import chip, push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.try_.folder_results import FILTERS, ORDERS, TOP


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
        back = push_button(
            "leave_folder_button",
            "&Back",
            "Back to single pictures; what is here stays. (Esc)",
            self.left,
            picture="arrow-left",
        )
        # As the button's own shortcut it would take the place of its underlined letter.
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), page)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.left)
        self._title = label(role="heading", name="folder_title")
        self._title.setWordWrap(False)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._subtitle = label(role="secondary", name="folder_subtitle")
        self._save = push_button(
            "save_table_button",
            "&Save as CSV…",
            f"A table that every spreadsheet opens: each file with its {TOP} most probable classes.",
            self.save_asked,
            role="primary",
            picture="save",
        )
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
        """Sets whether there is anything to save."""
        self._save.setEnabled(allowed)


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
            self._chips[name] = chip(f"{name}_filter_chip", text, lesson, partial(self._choose, name))
            row.addWidget(self._chips[name])
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
        for name, button in self._chips.items():
            text = FILTERS[name][0]
            button.setText(f"{text} ({counts[name]:,})" if name in counts else text)
            button.setChecked(name == self.filter and (name != "all" or not one_class))
        self._chips["unreadable"].setVisible(bool(counts.get("unreadable")))
        self._order.setEnabled(self.filter != "unreadable")
        self._order.setToolTip(ORDERS[self.order][1])

    def _choose(self, name: str) -> None:
        self.filter = "all" if name == self.filter else name
        self.filter_chosen.emit(name)
