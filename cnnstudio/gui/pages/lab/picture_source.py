"""Where the pictures come from that the Lab filters: a photo, one's own drawing, the camera."""

import math
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QGuiApplication, QIcon, QPixmap
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QToolButton, QWidget

from cnnstudio.data.pictures.open import open_image, to_array
from cnnstudio.data.pictures.strokes import render
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import chip, chip_group, push_button
from cnnstudio.gui.controls.describe import describe
from cnnstudio.gui.controls.layouts import ButtonRows, column
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.network_input.session import Drawing, ModelInput, Picture
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.drawing.camera import CameraView
from cnnstudio.gui.widgets.drawing.canvas import DrawingCanvas
from cnnstudio.gui.widgets.drawing.dropped_pictures import NO_ENDINGS, NOTHING_TO_PASTE, PICTURE_FILES, pictures_in
from cnnstudio.gui.widgets.images.pixel_view import PixelPicture
from cnnstudio.storage import shipped

MOST_PIXELS = 1_000_000
"""Larger pictures are scaled down: that many are filtered within a frame."""

DRAWING_SIDE = 224
"""Of a drawing, in pixels."""

PHOTOS = {"chelsea": "A cat", "coffee": "A cup of coffee", "rocket": "A rocket", "astronaut": "An astronaut"}
"""The photos that come with CNN Studio."""

KINDS = {
    "photo": ("&Photo", "A photo: one of ours, or your own."),
    "drawing": ("&Drawing", "What you draw: the filter follows your pen."),
    "camera": ("&Camera", "What the camera sees now. Pictures stay on this computer."),
}
"""Where a picture may come from."""

_BUTTON = 4 * GRID


def read_picture(source: Path | bytes) -> np.ndarray:
    """Reads a picture and scales it down to `MOST_PIXELS`, where it has more.

    Returns:
        (height, width, 3) uint8; of a grey picture (height, width, 1).

    Raises:
        StudioError: it is not there, is no picture, or is damaged.
    """
    picture = open_image(source)
    share = math.sqrt(MOST_PIXELS / (picture.width * picture.height))
    if share < 1:
        size = (max(1, int(picture.width * share)), max(1, int(picture.height * share)))
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return to_array(picture, 1 if picture.mode == "L" else 3)


class PictureSource(QWidget):
    """The picture as it is before anything happens to it, with buttons to get another one.

    Signals:
        picture_changed(): `picture` is another one.
        failed(object): a picture could not be used; the exception says why.

    Attributes:
        view: shows the photo; what is pointed at there can be followed.
        tools: the buttons, in rows; whoever shows the source gives them their place and says how wide it is.
    """

    picture_changed = Signal()
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._photo: np.ndarray | None = None
        self._name = ""
        self.view = PixelPicture()
        describe(self.view, "picture_before", "Before", "The picture. Point at a pixel to see what becomes of it.")
        self._canvas = DrawingCanvas()
        describe(self._canvas, "lab_canvas", "Drawing canvas", "Draw something: the filter follows your pen.")
        self._canvas.drawing_changed.connect(self.picture_changed)
        self._camera = CameraView()
        self._camera.picture_changed.connect(self.picture_changed)
        self._camera.failed.connect(self.picture_changed)  # there is no picture any more
        self._stack = QStackedWidget()
        for surface in (self.view, self._canvas, self._camera):
            self._stack.addWidget(surface)
        self.setLayout(column((self._stack, 1)))
        self._chips = [chip(f"{name}_chip", text, tip) for name, (text, tip) in KINDS.items()]
        self._group = chip_group(self, self._chips, self._choose)
        self._clear = push_button(
            "clear_lab_canvas", "C&lear", "Empties the canvas; Ctrl+Z brings the drawing back.", self._canvas.clear
        )
        self._clear.hide()
        self._photos = self._photo_buttons()
        self.tools = ButtonRows([*self._chips, *self._photos, self._clear])
        self._reading = LatestTask(self)
        self._reading.finished.connect(self._take)
        self._reading.failed.connect(self.failed)

    def _photo_buttons(self) -> list[QWidget]:
        samples: list[QWidget] = []
        for name, title in PHOTOS.items():
            button = describe(QToolButton(), f"photo_{name}", title, f"{title}: a photo that comes with CNN Studio.")
            button.setIcon(_icon(shipped("assets/photos") / f"{name}.jpg", round(_BUTTON * self.devicePixelRatioF())))
            button.setIconSize(QSize(_BUTTON, _BUTTON))
            button.clicked.connect(partial(self.show_photo, name))
            samples.append(button)
        own = push_button("open_lab_picture", "&Open…", "Opens a picture from a file.", self._ask, picture="open")
        paste = push_button(
            "paste_lab_picture", "Pas&te", "Takes the picture from the clipboard.", self._paste, picture="paste"
        )
        return [*samples, own, paste]

    @property
    def kind(self) -> str:
        """A key of `KINDS`."""
        return list(KINDS)[self._group.checkedId()]

    @property
    def photo(self) -> str:
        """The photo of `PHOTOS` that is shown; empty for one from elsewhere."""
        return self._name

    @property
    def picture(self) -> np.ndarray | None:
        """(height, width, 1 or 3) uint8; None where there is none yet."""
        if self.kind == "photo":
            return self._photo
        if self.kind == "camera":
            return self._camera.picture
        strokes = self._canvas.drawing
        return render(strokes, (DRAWING_SIDE, DRAWING_SIDE, 1)) if strokes else None

    @property
    def own_image(self) -> ModelInput | None:
        """The picture for a network, where it is the user's own: drawn, opened, or seen by the camera."""
        if self.kind == "drawing":
            return Drawing(strokes) if (strokes := self._canvas.drawing) else None
        if self.picture is None or (self.kind == "photo" and self.photo):
            return None
        return Picture(self.picture)

    @Slot()
    def show_photo(self, name: str) -> None:
        """Shows one of `PHOTOS`, as soon as it is read."""
        self._name = name
        self.set_kind("photo")
        self._reading.submit(_read_named, name, shipped("assets/photos") / f"{name}.jpg")

    def open(self, source: Path | bytes) -> None:
        """Shows a picture of the user's own, as soon as it is read."""
        self.set_kind("photo")
        self._reading.submit(_read_named, "", source)

    def set_kind(self, kind: str) -> None:
        """Shows another kind of picture, a key of `KINDS`."""
        number = list(KINDS).index(kind)
        if number != self._group.checkedId():
            self._chips[number].setChecked(True)
            self._choose(number)

    def start(self) -> None:
        """Reads the first photo, and takes the camera again where it is chosen; called when the panel is seen."""
        if self._photo is None and self.kind == "photo":
            self.show_photo(self._name or next(iter(PHOTOS)))

    def shut_down(self) -> None:
        """Lets go of the camera."""
        self._camera.stop()
        self._reading.shut_down()

    @Slot(int)
    def _choose(self, number: int) -> None:
        kind = list(KINDS)[number]
        self._stack.setCurrentIndex(number)
        for button in self._photos:
            button.setVisible(kind == "photo")
        self._clear.setVisible(kind == "drawing")
        if kind == "camera":
            self._camera.start()
        else:
            self._camera.stop()
        self.picture_changed.emit()

    @Slot(object)
    def _take(self, read: tuple[str, np.ndarray]) -> None:
        self._name, self._photo = read
        self.view.set_image(self._photo)
        self.picture_changed.emit()

    @Slot()
    def _ask(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Open a picture", "", f"{PICTURE_FILES};;All files (*)", options=NO_ENDINGS
        )
        if name:
            self.open(Path(name))

    @Slot()
    def _paste(self) -> None:
        found = pictures_in(QGuiApplication.clipboard().mimeData())
        if found:
            self.open(found[0])
        else:
            self.failed.emit(StudioError(NOTHING_TO_PASTE))


def _read_named(name: str, source: Path | bytes) -> tuple[str, np.ndarray]:
    return name, read_picture(source)


def _icon(path: Path, side: int) -> QIcon:
    """The middle of a photo."""
    with Image.open(path) as photo:
        least = min(photo.size)
        left, top = (photo.width - least) // 2, (photo.height - least) // 2
        square = photo.convert("RGB").resize(
            (side, side), Image.Resampling.LANCZOS, (left, top, left + least, top + least)
        )
    return QIcon(QPixmap.fromImage(square.toqimage()))
