"""Counts the events that a widget gets."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class SeenEvents(QObject):
    """Counts events of one kind, within a `with` block.

    Attributes:
        count: how many there were.
    """

    def __init__(self, widget: QWidget, kind: QEvent.Type) -> None:
        super().__init__()
        self._widget, self._kind = widget, kind
        self.count = 0

    def __enter__(self) -> "SeenEvents":
        self._widget.installEventFilter(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._widget.removeEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Sees every event before the widget does."""
        self.count += event.type() == self._kind
        return False
