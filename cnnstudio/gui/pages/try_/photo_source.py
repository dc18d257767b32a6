"""A picture from outside as what is classified on the Try page."""

from functools import partial
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QIcon, QPixmap
from PySide6.QtWidgets import QFileDialog, QGridLayout, QToolButton, QWidget

from cnnstudio.data.pictures.input_rules import Step
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, ButtonRows, column, row, widget_of
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.models import MODEL_FILES
from cnnstudio.gui.pages.try_.draw_source import Source
from cnnstudio.gui.pages.try_.input_texts import InputTexts, texts_for
from cnnstudio.gui.pages.try_.session import Answer, Picture
from cnnstudio.gui.widgets.drawing.dropped_pictures import NO_ENDINGS, NOTHING_TO_PASTE, PICTURE_FILES, pictures_in
from cnnstudio.gui.widgets.drawing.photo_view import PhotoView
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.models.trained.card import Card
from cnnstudio.storage import shipped

PASTED = "Pasted picture"

STEP_SIDE = 12 * GRID
SAMPLE_SIDE = 9 * GRID

SAMPLES = {
    "chelsea.jpg": "A cat",
    "coffee.jpg": "A cup of coffee",
    "rocket.jpg": "A rocket",
    "astronaut.jpg": "A person",
}
"""The sample photos, and what they show."""


class PhotoSource(Source):
    """A picture from a file or the clipboard, and the steps that make of it what the network gets.

    Signals:
        path_chosen(object): the path of a file to open, a picture or a model, or of a folder of pictures.
        pasted(object): the bytes of a picture from the clipboard.
    """

    path_chosen = Signal(object)
    pasted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._photo = self._surface = PhotoView()
        self._called = ""
        self._name = label(role="small", name="photo_name", wrap=False, plain=True)
        self._name.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._tool_rows = ButtonRows(
            [
                push_button(
                    "open_image_button",
                    "&Open…",
                    "Opens a picture from a file. (Ctrl+O)",
                    self.ask,
                    title="Open a picture",
                    picture="open",
                ),
                push_button(
                    "paste_image_button",
                    "&Paste",
                    "Takes the picture from the clipboard. (Ctrl+V)",
                    self.paste,
                    picture="paste",
                ),
                push_button(
                    "open_folder_button",
                    "&Folder…",
                    "Classifies all pictures of a folder and sorts them by class and certainty.",
                    self.ask_folder,
                    title="Classify a folder",
                    picture="folder",
                ),
            ]
        )
        self._steps = QGridLayout()
        self._steps.setSpacing(GRID)
        self._samples = self._build_samples()
        self.setLayout(column(self._photo, self._name, self._tool_rows, self._steps, self._samples, STRETCH))
        self._set_texts(texts_for(None))

    def _build_samples(self) -> QWidget:
        self._sample_buttons: dict[Path, QToolButton] = {}
        for name, title in SAMPLES.items():
            path = shipped("assets/photos") / name
            button = describe(
                QToolButton(), f"sample_{path.stem}", title, f"{title}, a photo that comes with CNN Studio."
            )
            button.clicked.connect(partial(self.path_chosen.emit, path))
            self._sample_buttons[path] = button
        note = label("Or try one of these", "small", "samples_note")
        samples = widget_of(column(note, row(*self._sample_buttons.values(), STRETCH)))
        samples.hide()
        return samples

    def _load_samples(self) -> None:
        """Reads the sample photos when they are first wanted: the window opens without waiting for them."""
        for path, button in self._sample_buttons.items():
            if button.icon().isNull():
                button.setIcon(_square_icon(path, round(SAMPLE_SIDE * self.devicePixelRatioF())))

    def set_side(self, side: int) -> None:
        """Leaves room for the step pictures."""
        self._surface.setFixedSize(side, 3 * side // 4)
        self._tool_rows.fit(side)
        sample = min(SAMPLE_SIDE, (side + GRID) // len(SAMPLES) - 2 * GRID)
        for button in self._sample_buttons.values():
            button.setIconSize(QSize(sample, sample))
            button.setFixedSize(sample + GRID, sample + GRID)
        self._show_name()

    def use(self, card: Card, texts: InputTexts) -> None:
        """Speaks of digits or of photos, and offers sample photos to a model for photos."""
        self._set_texts(texts)
        photos = not texts.draws and card.input_shape[2] == 3
        if photos:
            self._load_samples()
        self._samples.setVisible(photos)

    def _set_texts(self, texts: InputTexts) -> None:
        self.invitation = texts.invitation
        self._photo.set_placeholder(texts.empty)
        describe(self._photo, "photo_view", "The picture", texts.view_tip)

    def open(self, source: Path | bytes, name: str = "") -> None:
        """Takes a picture; it is read and decoded elsewhere.

        Args:
            source: its file, or the bytes of one.
            name: what to call it where it has no file of its own.
        """
        self._input = Picture(source)
        self._called = str(source) if isinstance(source, Path) else name or PASTED
        self._show_name()
        self.input_changed.emit()

    def forget(self) -> None:
        """Shows no picture; the input stays, for another model may want it."""
        self._photo.set_image(None)
        self._show_steps(())

    def drop(self) -> None:
        """Back to the empty state, for the picture could not be used."""
        self._input = None
        self._called = ""
        self._show_name()
        self.forget()

    def show_picture(self, picture: np.ndarray) -> None:
        """Shows a picture that the network cannot use, (height, width[, 3]) uint8."""
        self._photo.set_image(picture)

    def _show_name(self) -> None:
        """The file's name as far as there is room, its beginning and its end; the whole path as the tooltip."""
        room, name = self._surface.maximumWidth(), Path(self._called).name
        self._name.setText(self._name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room))
        self._name.setToolTip(f"<p>{escape(self._called)}</p>" if self._called else "")
        self._name.setAccessibleName(f"Picture {name}" if name else "")
        self._name.setVisible(bool(name))

    def show_answer(self, answer: Answer) -> None:
        """Shows the picture and what became of it, step by step."""
        self._photo.set_image(answer.picture, answer.crop)
        self._show_steps(answer.steps)

    def _show_steps(self, steps: tuple[Step, ...]) -> None:
        while (item := self._steps.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
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
            self, "Open a picture", "", f"{PICTURE_FILES};;{MODEL_FILES};;All files (*)", options=NO_ENDINGS
        )
        if name:
            self.path_chosen.emit(Path(name))

    @Slot()
    def ask_folder(self) -> None:
        """Asks for a folder of pictures."""
        name = QFileDialog.getExistingDirectory(self, "Classify all pictures of a folder")
        if name:
            self.path_chosen.emit(Path(name))

    @Slot()
    def paste(self) -> None:
        """Takes the picture, or the picture file, from the clipboard."""
        found = pictures_in(QGuiApplication.clipboard().mimeData())
        if not found:
            self.failed.emit(NOTHING_TO_PASTE)
        elif isinstance(found[0], Path):
            self.path_chosen.emit(found[0])
        else:
            self.pasted.emit(found[0])


def _square_icon(path: Path, side: int) -> QIcon:
    """The middle of a photo."""
    with Image.open(path) as photo:
        least = min(photo.size)
        left, top = (photo.width - least) // 2, (photo.height - least) // 2
        square = photo.convert("RGB").resize(
            (side, side), Image.Resampling.LANCZOS, (left, top, left + least, top + least)
        )
    return QIcon(QPixmap.fromImage(square.toqimage()))
