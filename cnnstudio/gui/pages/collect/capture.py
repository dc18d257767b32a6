"""Where an example comes from on the Collect page: drawn on the canvas, or seen by the camera."""

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from cnnstudio.data.collected.collection import Collection
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import push_button, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.widgets.drawing.camera import CameraView
from cnnstudio.gui.widgets.drawing.canvas import DrawingCanvas
from cnnstudio.gui.widgets.images.pixel_view import PixelView

MINIMUM_SIDE, USUAL_SIDE = 30 * GRID, 40 * GRID
"""Width and height of the canvas where there is little room, and where the window is small but high enough."""

PREVIEW = 8 * GRID

BURST_AFTER = 500
"""Milliseconds for which the button is held until it takes one picture after another."""
BURST_EVERY = 250
"""Milliseconds between two pictures."""

_LONGEST, _LONGEST_ON_BUTTON = 20, 8


class CapturePanel(QWidget):
    """The canvas or the camera, whichever the set is made with, its tools, and the button that adds an example.

    Args:
        message: where it says why something cannot be used.

    Attributes:
        undo, redo, open, paste: the tools that concern the set; the panel that shows the set connects them.
    """

    taken = Signal(object)
    """(height, width, channels) uint8: what is to be kept as an example."""

    burst_over = Signal()
    """The button was let go: what was taken since it was pressed belongs together."""

    def __init__(self, message: MessageBar) -> None:
        super().__init__()
        self._message = message
        self._collection: Collection | None = None
        self._class = ""
        self._burst = QTimer(self)
        self._burst.timeout.connect(self._go_on_taking)
        self._title = label(role="strong", name="capture_title")
        self.canvas = DrawingCanvas(placeholder="Draw here, then press Enter")
        self.canvas.drawing_changed.connect(self.refresh)
        self.camera = CameraView()
        self.camera.picture_changed.connect(self.refresh)
        self.camera.failed.connect(self._end_with_camera)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.canvas)
        self._stack.addWidget(self.camera)
        self._preview = PixelView(placeholder="")
        describe(
            self._preview,
            "example_preview",
            "What is kept",
            "What the network will get of this example. Point at a pixel to see its value: 0 is black, 255 white.",
        )
        self._preview.setFixedSize(PREVIEW, PREVIEW)
        self._add = push_button("add_example_button", "Add", "Adds what you see as an example.", self.add_drawing)
        self._add.setFixedHeight(5 * GRID)
        self._add.pressed.connect(self.press)
        self._add.released.connect(self.release)
        add = row(self._preview, (self._add, 1), gap=2 * GRID)
        self.setLayout(column(self._title, self._stack, self._build_tools(), add, STRETCH))

    def _build_tools(self) -> QHBoxLayout:
        self.undo = tool_button(
            "undo_button",
            "Undo",
            "Undoes the last stroke, or what was done last to the examples and classes.",
            "undo",
            keys="Ctrl+Z",
        )
        self.redo = tool_button("redo_button", "Redo", "Does again what was undone.", "redo", keys="Ctrl+Shift+Z")
        self._clear = tool_button(
            "clear_button", "Clear", "Empties the canvas.", "delete", self.canvas.clear, keys="Ctrl+Del"
        )
        self.open = tool_button(
            "open_pictures_button",
            "Open pictures",
            "Adds pictures from files to the chosen class. You can also drop them on a class.",
            "open",
            keys="Ctrl+O",
        )
        self.paste = tool_button(
            "paste_picture_button",
            "Paste",
            "Adds the picture in the clipboard to the chosen class; what was cut moves there.",
            "paste",
            keys="Ctrl+V",
        )
        return row(self.undo, self.redo, self._clear, STRETCH, self.open, self.paste)

    @property
    def draws(self) -> bool:
        """Whether examples are drawn, not photographed."""
        return self._stack.currentWidget() is self.canvas

    @property
    def bursting(self) -> bool:
        """Whether one picture after another is being taken."""
        return self._burst.isActive()

    @property
    def has_ink(self) -> bool:
        """Whether there is a drawing that was not added yet."""
        return self.draws and bool(self.canvas.drawing)

    @property
    def height_of_tools(self) -> int:
        """Of all but the canvas, in pixels."""
        return self.sizeHint().height() - self._stack.height()

    def set_side(self, side: int) -> None:
        """Sets the width; the canvas is as high as wide."""
        self.setFixedWidth(side)
        self.canvas.setFixedSize(side, side)
        self.camera.setFixedWidth(side)
        self._stack.setFixedHeight(side if self.draws else side * 3 // 4 + 5 * GRID)

    def use(self, collection: Collection | None) -> None:
        """Takes what the set is made with: the canvas, or the camera, which is in use only as long as it is seen."""
        self._collection = collection
        self.canvas.clear()
        if collection is None or collection.kind.name == "drawings":
            self.camera.stop()
            self._stack.setCurrentWidget(self.canvas)
        else:
            self._stack.setCurrentWidget(self.camera)
            self.camera.start()
        self._clear.setVisible(self.draws)
        self._preview.set_image(None)
        self.set_side(self.width())
        self.refresh()

    def name_class(self, name: str) -> None:
        """Says which class examples are added to; empty for none."""
        self._class = name
        short, shorter = (name if len(name) <= most else f"{name[:most]}…" for most in (_LONGEST, _LONGEST_ON_BUTTON))
        self._title.setText("" if not name else f"Draw “{short}”" if self.draws else f"Show “{short}” to the camera")
        self._add.setText("Add" if not name else f"Add to “{shorter}”" if self.draws else "Take a photo")
        tip = "(Enter)" if self.draws else "Hold it for one picture after another. (Space)"
        describe(self._add, "add_example_button", self._add.text(), f"Keeps this as an example of “{name}”. {tip}")
        self._allow()

    def _allow(self) -> None:
        self._add.setEnabled(bool(self._class) and self._has_something)
        self._clear.setEnabled(self.has_ink)

    def focus(self) -> None:
        """Puts the focus where the next example is made."""
        (self.canvas if self.draws else self._add).setFocus(Qt.FocusReason.OtherFocusReason)

    def begin_anew(self) -> None:
        """An empty canvas, for the drawing was kept."""
        if self.draws:
            self.focus()  # the button will be disabled, and must not leave the focus to whatever comes next
            self.canvas.clear()

    @property
    def _has_something(self) -> bool:
        return self.has_ink if self.draws else self.camera.running

    @Slot()
    def add_drawing(self) -> None:
        """Adds what is on the canvas."""
        if self.draws and self._add.isEnabled():
            self._take()
            self.burst_over.emit()

    @Slot()
    def press(self) -> None:
        """Takes a picture, and after a while one after another, until `release`."""
        if not self.draws and self._add.isEnabled() and not self._burst.isActive():
            self._take()
            self._burst.start(BURST_AFTER)

    @Slot()
    def release(self) -> None:
        """Ends what `press` began."""
        if self._burst.isActive():
            self._burst.stop()
            self.burst_over.emit()

    @Slot()
    def _go_on_taking(self) -> None:
        self._burst.setInterval(BURST_EVERY)
        self._take()

    def _take(self) -> None:
        pixels = self._pixels()
        if pixels is not None:
            self.taken.emit(pixels)

    def _pixels(self) -> np.ndarray | None:
        if self._collection is None or not self._has_something:
            return None
        picture = None if self.draws else self.camera.picture
        try:
            if picture is None:
                return self._collection.render(self.canvas.drawing)
            return self._collection.prepare(Image.fromarray(picture))
        except StudioError as error:
            self._message.show_failure(error)
            return None

    @Slot()
    def _end_with_camera(self) -> None:
        self.release()  # a disabled button is never let go
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows what would be kept now."""
        self._allow()
        pixels = self._pixels()
        shown = pixels if self._collection is None or pixels is None else self._collection.shrink(pixels)
        self._preview.set_image(shown)
