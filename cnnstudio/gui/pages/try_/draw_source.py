"""Where the image comes from on the Try page. Each source is one panel; here is what they share, and the canvas."""

from typing import TypeVar

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from cnnstudio.gui.controls.buttons import tool_button
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.gui.pages.try_.session import Answer, Drawing, ModelInput
from cnnstudio.gui.pages.try_.words import Words
from cnnstudio.gui.widgets.drawing.canvas import DrawingCanvas
from cnnstudio.models.trained.card import Card

MINIMUM_SIDE = 30 * GRID
"""Width and height of the canvas, and of what takes its place, in a small window."""

NARROW = 40 * GRID
"""Below this width, what stands side by side in the column is set more closely, or under one another."""

NARROW_PAGE = 130 * GRID
"""Below this width of the page, long names of classes need as much room as maps."""

_Surface = TypeVar("_Surface", bound=QWidget)


class Source(QWidget):
    """A panel that says what to classify."""

    invitation = ""
    """What to do while there is nothing to classify."""

    input_changed = Signal()

    failed = Signal(str)
    """A sentence on what could not be used."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)

    @property
    def input(self) -> ModelInput | None:
        """What to classify now; None where there is nothing yet."""
        raise NotImplementedError

    def set_side(self, side: int) -> None:
        """Sets width and height of the canvas, or of what takes its place."""
        self._surface.setFixedSize(side, side)

    def pack(self) -> None:
        """Keeps together, at the top, what has been added."""
        self._column.addStretch(1)

    def use(self, card: Card, words: Words) -> None:
        """Fits itself to the model that is open now."""

    def show_answer(self, answer: Answer) -> None:
        """Shows what became of its input."""

    def forget(self) -> None:
        """Back to the empty state: there is no answer, or none any more."""

    def shut_down(self) -> None:
        """Stops what it has running."""

    def _add_surface(self, surface: _Surface) -> _Surface:
        self._surface: QWidget = surface
        self._column.addWidget(surface)
        return surface

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self._column.addLayout(row)
        return row


class DrawSource(Source):
    """The canvas with its tools."""

    invitation = "Draw: the answer follows your pen."

    def __init__(self) -> None:
        super().__init__()
        self.canvas = self._add_surface(DrawingCanvas())
        self.canvas.drawing_changed.connect(self.input_changed)
        self.canvas.history_changed.connect(self._allow)
        self._undo = tool_button(
            "undo_button", "Undo", "Takes the last stroke back.", "undo", self.canvas.undo, keys="Ctrl+Z"
        )
        self._redo = tool_button(
            "redo_button", "Redo", "Draws again what was taken back.", "redo", self.canvas.redo, keys="Ctrl+Shift+Z"
        )
        self._clear = tool_button(
            "clear_button",
            "Clear",
            "An empty canvas; Undo brings the drawing back.",
            "clear",
            self.canvas.clear,
            keys="Ctrl+Del",
        )
        for button in (self._undo, self._redo, self._clear):
            button.setEnabled(False)
        self._brush = describe(
            QSlider(Qt.Orientation.Horizontal),
            "brush_slider",
            "Brush width",
            "Width of the pen on the canvas. It is for your eye: the network always gets lines of its own usual width.",
        )
        self._brush.setRange(4, 48)
        self._brush.setValue(20)
        self._brush.valueChanged.connect(self.canvas.set_brush_width)
        self.canvas.set_brush_width(20)
        brush = QLabel()
        brush.setPixmap(icon("brush", "secondary").pixmap(2 * GRID, 2 * GRID))
        brush.setToolTip(self._brush.toolTip())
        row = self._tools()
        row.addWidget(brush)
        row.addWidget(self._brush, 1)
        row.addSpacing(GRID)
        for button in (self._undo, self._redo, self._clear):
            row.addWidget(button)

    @property
    def input(self) -> ModelInput | None:
        """The drawing; None while the canvas is empty."""
        strokes = self.canvas.drawing
        return Drawing(strokes) if strokes else None

    @Slot(bool, bool)
    def _allow(self, undo: bool, redo: bool) -> None:
        self._undo.setEnabled(undo)
        self._redo.setEnabled(redo)
        self._clear.setEnabled(bool(self.canvas.drawing))
