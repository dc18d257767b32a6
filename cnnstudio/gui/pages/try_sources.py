"""Where the image comes from on the Try page: drawn, opened, or a test image. Each source is one panel."""

from pathlib import Path
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QBuffer, QMimeData, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.preparation import Step
from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.pages.model_chooser import MODEL_FILES
from cnnstudio.gui.pages.try_session import Drawn, Opened, Sampled, Subject
from cnnstudio.gui.theme import GRID, icon
from cnnstudio.gui.widgets.canvas import DrawingCanvas
from cnnstudio.gui.widgets.pixels import PixelView

MINIMUM_SIDE = 40 * GRID
"""Width and height of the canvas, and of what takes its place, in a small window."""

STEP_SIDE = 12 * GRID

_Surface = TypeVar("_Surface", bound=QWidget)


class Source(QWidget):
    """A panel that says what to classify."""

    invitation = ""
    """What to do while there is nothing to classify."""

    subject_changed = Signal()

    failed = Signal(str)
    """A sentence on what could not be used."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)

    @property
    def subject(self) -> Subject | None:
        """What to classify now; None where there is nothing yet."""
        raise NotImplementedError

    def set_side(self, side: int) -> None:
        """Sets width and height of the canvas, or of what takes its place."""
        self._surface.setFixedSize(side, side)

    def _add_surface(self, surface: _Surface) -> _Surface:
        self._surface: QWidget = surface
        self._column.addWidget(surface)
        return surface

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self._column.addLayout(row)
        return row


def _tool(name: str, title: str, tip: str, icon_name: str, keys: str = "") -> QToolButton:
    button = describe(QToolButton(), name, title, f"{tip} ({keys})" if keys else tip)
    button.setIcon(icon(icon_name))
    if keys:
        button.setShortcut(keys)
    return button


class DrawSource(Source):
    """The canvas with its tools."""

    invitation = "Draw: the answer follows your pen."

    def __init__(self) -> None:
        super().__init__()
        self.canvas = self._add_surface(DrawingCanvas())
        self.canvas.drawing_changed.connect(self.subject_changed)
        self.canvas.history_changed.connect(self._allow)
        self._undo = _tool("undo_button", "Undo", "Takes the last stroke back.", "undo", "Ctrl+Z")
        self._redo = _tool("redo_button", "Redo", "Draws again what was taken back.", "redo", "Ctrl+Shift+Z")
        self._clear = _tool(
            "clear_button", "Clear", "An empty canvas; Undo brings the drawing back.", "clear", "Ctrl+Del"
        )
        for button, slot in ((self._undo, "undo"), (self._redo, "redo"), (self._clear, "clear")):
            button.clicked.connect(getattr(self.canvas, slot))
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
    def subject(self) -> Subject | None:
        """The drawing; None while the canvas is empty."""
        strokes = self.canvas.drawing
        return Drawn(strokes) if strokes else None

    @Slot(bool, bool)
    def _allow(self, undo: bool, redo: bool) -> None:
        self._undo.setEnabled(undo)
        self._redo.setEnabled(redo)
        self._clear.setEnabled(bool(self.canvas.drawing))


class PhotoSource(Source):
    """A picture from a file or the clipboard, and the steps that make of it what the network gets."""

    invitation = "Open a picture of one digit."

    file_chosen = Signal(object)
    """The path of the file to open."""

    def __init__(self) -> None:
        super().__init__()
        self._subject: Opened | None = None
        self._photo = self._add_surface(
            PixelView(placeholder="Open, drop or paste a picture\nof one handwritten digit.")
        )
        describe(
            self._photo,
            "photo_view",
            "The picture",
            "The picture as it came. Dark ink on a light page is fine: it is inverted, cropped and centred.",
        )
        open_button = describe(
            QPushButton("&Open…"), "open_image_button", "Open a picture", "Opens a picture from a file. (Ctrl+O)"
        )
        open_button.setIcon(icon("open"))
        open_button.clicked.connect(self.ask)
        paste_button = describe(
            QPushButton("&Paste"), "paste_image_button", "Paste", "Takes the picture from the clipboard. (Ctrl+V)"
        )
        paste_button.setIcon(icon("paste"))
        paste_button.clicked.connect(self.paste)
        row = self._tools()
        row.addWidget(open_button, 1)
        row.addWidget(paste_button, 1)
        self._steps = QGridLayout()
        self._steps.setSpacing(GRID)
        self._column.addLayout(self._steps)

    @property
    def subject(self) -> Subject | None:
        """The picture; None where none was opened yet."""
        return self._subject

    def set_side(self, side: int) -> None:
        """Leaves room for the step pictures."""
        self._surface.setFixedSize(side, 3 * side // 4)

    def open(self, source: Path | bytes) -> None:
        """Takes a picture; it is read and decoded elsewhere."""
        self._subject = Opened(source)
        self.subject_changed.emit()

    def forget(self) -> None:
        """Back to the empty state, for the picture could not be read."""
        self._subject = None
        self.show_steps(())

    def show_steps(self, steps: tuple[Step, ...]) -> None:
        """Shows the picture and what became of it, step by step."""
        while (item := self._steps.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._photo.set_image(steps[0].image if steps else None)
        for number, step in enumerate(steps[1:-1]):
            view = PixelView(placeholder="")
            describe(view, f"step_{number + 1}", step.title, step.title)
            view.setFixedSize(STEP_SIDE, STEP_SIDE)
            view.set_image(step.image)
            caption = label(step.title, "small")
            caption.setFixedWidth(STEP_SIDE)
            self._steps.addWidget(view, 0, number)
            self._steps.addWidget(caption, 1, number, Qt.AlignmentFlag.AlignTop)
        self._steps.setColumnStretch(max(0, len(steps) - 2), 1)

    @Slot()
    def ask(self) -> None:
        """Asks for a file: a picture, or a model, which the page opens."""
        name, _ = QFileDialog.getOpenFileName(
            self,
            "Open a picture",
            "",
            "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.tif *.tiff *.webp *.avif *.ppm *.pgm);;"
            f"{MODEL_FILES};;All files (*)",
        )
        if name:
            self.file_chosen.emit(Path(name))

    @Slot()
    def paste(self) -> None:
        """Takes the picture, or the picture file, that lies in the clipboard."""
        found = _picture_in(QGuiApplication.clipboard().mimeData())
        if found is None:
            self.failed.emit(
                "There is no picture in the clipboard. Copy one in another program first, then paste it here."
            )
        else:
            self.open(found)


class SampleSource(Source):
    """Random test images with their true labels."""

    invitation = "Picking a test image …"

    def __init__(self) -> None:
        super().__init__()
        self._random = np.random.default_rng()
        self._subject: Sampled | None = None
        self._view = self._add_surface(PixelView(placeholder="A test image appears here."))
        describe(
            self._view,
            "test_image_view",
            "Test image",
            "An image that no training has seen. Point at a pixel to see its value: 0 is black, 255 white.",
        )
        self._truth = label(name="true_label")
        another = describe(
            QPushButton("A&nother one"), "another_button", "Another test image", "Picks another test image. (Ctrl+T)"
        )
        another.setIcon(icon("shuffle"))
        another.setShortcut("Ctrl+T")
        another.clicked.connect(self.pick)
        row = self._tools()
        row.addWidget(self._truth, 1)
        row.addWidget(another)

    @property
    def subject(self) -> Subject | None:
        """The test image; the first is picked when it is first asked for."""
        if self._subject is None:
            self._subject = Sampled(int(self._random.integers(2**31)))
        return self._subject

    @Slot()
    def pick(self) -> None:
        """Picks another test image."""
        self._subject = Sampled(int(self._random.integers(2**31)))
        self.subject_changed.emit()

    def forget(self) -> None:
        """Back to the empty state, until the network answers."""
        self._view.set_image(None)
        self._truth.setText("")

    def show_image(self, image: np.ndarray, truth: str, right: bool, index: int) -> None:
        """Shows the image with its true label."""
        self._view.set_image(image)
        verdict = "right" if right else "wrong"
        self._truth.setText(f"Its label is <b>{truth}</b>: the network is {verdict}. Test image {index:,}.")


def _picture_in(data: QMimeData) -> Path | bytes | None:
    for url in data.urls():
        if url.isLocalFile():
            return Path(url.toLocalFile())
    picture = data.imageData() if data.hasImage() else None
    if not isinstance(picture, QImage) or picture.isNull():
        return None
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt wants text
    return bytes(buffer.data().data())
