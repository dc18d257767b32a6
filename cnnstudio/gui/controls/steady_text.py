"""Texts that change all the time, without moving what is around them."""

from PySide6.QtCore import QEvent, QSize, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.describe import Label


class SteadyText(QWidget):
    """Shows a label, and takes more room where its text needs it, but gives none back until it gets another width.

    At each new text, a label in a layout has all lay out anew that is around it, which takes longer than to paint it;
    and where the text is shorter, all below jumps.

    Args:
        label: takes its text through `setText` of this widget alone.
    """

    def __init__(self, label: Label) -> None:
        super().__init__()
        self._label = label
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @Slot(str)
    def setText(self, text: str) -> None:
        """Shows another text."""
        self._label.setText(text)
        self._fit(self.minimumHeight())

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._label.sizeHint().width(), self.minimumHeight())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit(0)

    @override
    def changeEvent(self, event: QEvent) -> None:
        """Letters of another size need other room."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit(0)

    def _fit(self, least: int) -> None:
        """Makes room for the text; `least`: so high it is in any case."""
        needed = self._label.heightForWidth(self.width())
        self._label.resize(self.width(), needed)
        if max(needed, least) != self.minimumHeight():
            self.setFixedHeight(max(needed, least))


class SteadyLine(QWidget):
    """Shows a label of one line at the right end of the room for the longest text so far, for the same reasons.

    Args:
        label: takes its text through its own `setText`.
    """

    def __init__(self, label: Label) -> None:
        super().__init__()
        self._label = label
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self.minimumWidth(), self._label.sizeHint().height())

    @override
    def event(self, event: QEvent) -> bool:
        """A label asks its parent for a layout where it may need other room."""
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.Show):
            needed = self._label.sizeHint().width()
            self.setFixedWidth(max(needed, self.minimumWidth()))
            self._label.setGeometry(self.width() - needed, 0, needed, self.height())
        return super().event(event)
