"""The row above a classified folder's pictures: which of them are shown, and in what order."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from cnnstudio.gui.describe import describe
from cnnstudio.gui.pages.folder_results import FILTERS, ORDERS
from cnnstudio.gui.theme import GRID


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
