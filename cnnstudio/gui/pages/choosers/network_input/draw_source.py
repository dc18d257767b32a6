"""Where the image comes from. Each source is one panel; here is what they share, and the canvas."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.buttons import tool_button
from cnnstudio.gui.controls.forms import slider
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.gui.pages.choosers.network_input.input_texts import InputTexts
from cnnstudio.gui.pages.choosers.network_input.session import Answer, Drawing, ModelInput, Picture
from cnnstudio.gui.widgets.drawing.canvas import DrawingCanvas
from cnnstudio.models.trained.card import Card

MINIMUM_SIDE = 30 * GRID
"""Width of the canvas, and of what takes its place, in a small window."""

_LEAST_CANVAS = 24 * GRID
"""Width and height of the canvas in a low one."""

NARROW = 40 * GRID
"""Below this width, what stands side by side in the column is set more closely, or under one another."""

NARROW_PAGE = 130 * GRID
"""Below this width of the page, long names of classes need as much room as maps."""


class Source(QWidget):
    """A panel that provides what to classify.

    Signals:
        input_changed(): there is something else to classify, or nothing any more.
        failed(str): a sentence on what could not be used.

    Attributes:
        invitation: what to do while there is nothing to classify.
    """

    invitation = ""
    input_changed = Signal()
    failed = Signal(str)
    _surface: QWidget
    """The canvas, or what takes its place."""
    _input: ModelInput | None = None

    @property
    def input(self) -> ModelInput | None:
        """What to classify now; None where there is nothing yet."""
        return self._input

    @Slot(int)
    def take_part(self, number: int) -> None:
        """Asks about another one of several things in the picture."""
        if isinstance(self._input, Picture):
            self._input = replace(self._input, part=number)
            self.input_changed.emit()

    def set_side(self, side: int) -> None:
        """Sets width and height of the canvas, or of what takes its place."""
        self._surface.setFixedSize(side, side)

    def fit(self, side: int, room: int) -> None:
        """Fits into a height, as far as what is shown stays large enough; `side` is that of `set_side`."""

    def use(self, card: Card, texts: InputTexts) -> None:
        """Fits itself to the model that is open now."""

    def show_answer(self, answer: Answer) -> None:
        """Shows what became of its input."""

    def preview(self) -> None:
        """Shows its input before there is an answer, which may take a while."""

    def forget(self) -> None:
        """Back to the empty state: there is no answer, or none any more."""

    def shut_down(self) -> None:
        """Stops what it has running."""


class DrawSource(Source):
    """The canvas with its tools."""

    invitation = "Draw something: the answer follows your pen."

    def __init__(self) -> None:
        super().__init__()
        self.canvas = self._surface = DrawingCanvas()
        self.canvas.drawing_changed.connect(self._take_drawing)
        self.canvas.history_changed.connect(self._allow)
        self._undo = tool_button(
            "undo_button", "Undo", "Undoes the last stroke.", "undo", self.canvas.undo, keys="Ctrl+Z"
        )
        self._redo = tool_button(
            "redo_button", "Redo", "Redoes what was undone.", "redo", self.canvas.redo, keys="Ctrl+Shift+Z"
        )
        self._clear = tool_button(
            "clear_button",
            "Clear",
            "Empties the canvas; Undo brings the drawing back.",
            "delete",
            self.canvas.clear,
            keys="Ctrl+Del",
        )
        tools = (self._undo, self._redo, self._clear)
        for button in tools:
            button.setEnabled(False)
        width = slider(
            "brush_slider",
            "Brush width",
            "Width of the pen on screen. The network always gets lines as wide as those it was trained on.",
            (4, 48),
            self.canvas.set_brush_width,
        )
        width.setValue(20)
        brush = QLabel()
        brush.setPixmap(icon("brush", "secondary").pixmap(2 * GRID, 2 * GRID))
        brush.setToolTip(width.toolTip())
        self.setLayout(
            column((self.canvas, 0, Qt.AlignmentFlag.AlignHCenter), row(brush, (width, 1), GRID, *tools), STRETCH)
        )

    @override
    def fit(self, side: int, room: int) -> None:
        tools = self.sizeHint().height() - self.canvas.minimumHeight()
        least = max(_LEAST_CANVAS, min(side, room - tools))
        self.canvas.setFixedSize(least, least)

    @Slot()
    def _take_drawing(self) -> None:
        strokes = self.canvas.drawing
        self._input = Drawing(strokes) if strokes else None
        self.input_changed.emit()

    @Slot(bool, bool)
    def _allow(self, undo: bool, redo: bool) -> None:
        self._undo.setEnabled(undo)
        self._redo.setEnabled(redo)
        self._clear.setEnabled(bool(self.canvas.drawing))
