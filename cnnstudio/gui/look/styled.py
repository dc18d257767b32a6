"""Parts of a window that take a theme's style sheet one by one."""

from PySide6.QtWidgets import QDialog, QLayout, QWidget
from typing_extensions import override

_WANTED = "wantedStyleSheet"


class Styled(QWidget):
    """A part of a window that takes the theme's style sheet by itself, at the latest when it is seen.

    Qt takes nearly 0.1 ms for each widget within, so that a page of hundreds is styled in parts.

    Args:
        layout: of what it holds; None for one that is set later.
    """

    in_parts = False
    """Whether it needs no style sheet, because all within lies in `Styled` parts."""

    def __init__(self, layout: QLayout | None = None) -> None:
        super().__init__()
        if layout is not None:
            self.setLayout(layout)

    @property
    def is_outdated(self) -> bool:
        """Whether its window wants another style sheet than it has."""
        wanted = self.window().property(_WANTED)
        return not self.in_parts and wanted is not None and wanted != self.styleSheet()

    def take_style(self) -> None:
        """Takes the style sheet that its window wants."""
        if self.is_outdated:
            self.setStyleSheet(self.window().property(_WANTED))

    @override
    def setVisible(self, visible: bool) -> None:
        """Takes the style sheet before anything is laid out."""
        if visible:
            self.take_style()
        super().setVisible(visible)


def style_window(window: QWidget, stylesheet: str) -> None:
    """Styles what is seen of a window and its dialogs; `style_next` and being shown style the rest."""
    window.setProperty(_WANTED, stylesheet)
    for part in window.findChildren(Styled):
        if part.isVisibleTo(window):
            part.take_style()
    for dialog in window.findChildren(QDialog):
        around = dialog.parentWidget()
        while around is not None and not (isinstance(around, Styled) and not around.in_parts):
            around = around.parentWidget()
        if around is not None and dialog.isVisible():
            around.take_style()


def style_seen(widget: QWidget) -> None:
    """Styles all of a widget that will be seen once it is shown: parts are not told when they are shown with it."""
    for part in (widget, *widget.findChildren(Styled)):
        if isinstance(part, Styled) and part.isVisibleTo(widget):
            part.take_style()


def style_next(window: QWidget) -> bool:
    """Styles one more part that is not seen; returns whether there was one."""
    part = next((part for part in window.findChildren(Styled) if part.is_outdated), None)
    if part is not None:
        part.take_style()
    return part is not None
