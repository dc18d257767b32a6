"""A picture from outside as what is classified on the Try page."""

from functools import partial
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QIcon, QPixmap
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from cnnstudio.data.pictures.input_rules import Step
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import ButtonRows
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.models import MODEL_FILES
from cnnstudio.gui.pages.try_.draw_source import Source
from cnnstudio.gui.pages.try_.session import Answer, ModelInput, Picture
from cnnstudio.gui.pages.try_.words import Words, words_for
from cnnstudio.gui.widgets.drawing.dropped_pictures import NO_ENDINGS, PICTURE_FILES, pictures_in
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
    """A picture from a file or the clipboard, and the steps that make of it what the network gets."""

    file_chosen = Signal(object)
    """The path of the file to open."""

    pasted = Signal(object)
    """The bytes of a picture from the clipboard."""

    folder_chosen = Signal(object)
    """The path of the folder whose pictures are all to be classified."""

    def __init__(self) -> None:
        super().__init__()
        self._input: Picture | None = None
        self._called = ""
        self._photo = self._add_surface(PhotoView())
        self._name = label(role="small", name="photo_name")
        self._name.setWordWrap(False)
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._column.addWidget(self._name)
        self._build_tools()
        self._steps = QGridLayout()
        self._steps.setSpacing(GRID)
        self._column.addLayout(self._steps)
        self._samples = self._build_samples()
        self._column.addWidget(self._samples)
        self._set_words(words_for(None))

    def _build_tools(self) -> None:
        buttons = [
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
        self._tool_rows = ButtonRows(buttons)
        self._column.addLayout(self._tool_rows)

    def _build_samples(self) -> QWidget:
        samples = QWidget()
        column = QVBoxLayout(samples)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label("Or try one of these", "small", "samples_note"))
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self._sample_buttons: dict[Path, QToolButton] = {}
        for name, title in SAMPLES.items():
            path = shipped("assets/photos") / name
            button = describe(
                QToolButton(), f"sample_{path.stem}", title, f"{title}, a photo that comes with CNN Studio."
            )
            button.clicked.connect(partial(self.file_chosen.emit, path))
            row.addWidget(button)
            self._sample_buttons[path] = button
        row.addStretch(1)
        column.addLayout(row)
        samples.hide()
        return samples

    def _load_samples(self) -> None:
        """Reads the sample photos when they are first wanted: the window opens without waiting for them."""
        for path, button in self._sample_buttons.items():
            if button.icon().isNull():
                button.setIcon(_square_icon(path, round(SAMPLE_SIDE * self.devicePixelRatioF())))

    @property
    def input(self) -> ModelInput | None:
        """The picture; None where none was opened yet."""
        return self._input

    def set_side(self, side: int) -> None:
        """Leaves room for the step pictures."""
        self._surface.setFixedSize(side, 3 * side // 4)
        self._tool_rows.fit(side)
        sample = min(SAMPLE_SIDE, (side + GRID) // len(SAMPLES) - 2 * GRID)
        for button in self._sample_buttons.values():
            button.setIconSize(QSize(sample, sample))
            button.setFixedSize(sample + GRID, sample + GRID)
        self._show_name()

    def use(self, card: Card, words: Words) -> None:
        """Speaks of digits or of photos, and offers sample photos to a model of such."""
        self._set_words(words)
        photos = not words.draws and card.input_shape[2] == 3
        if photos:
            self._load_samples()
        self._samples.setVisible(photos)

    def _set_words(self, words: Words) -> None:
        self.invitation = words.invitation
        self._photo.set_placeholder(words.empty)
        describe(self._photo, "photo_view", "The picture", words.view_tip)

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
            self.file_chosen.emit(Path(name))

    @Slot()
    def ask_folder(self) -> None:
        """Asks for a folder of pictures."""
        name = QFileDialog.getExistingDirectory(self, "Classify all pictures of a folder")
        if name:
            self.folder_chosen.emit(Path(name))

    @Slot()
    def paste(self) -> None:
        """Takes the picture, or the picture file, that lies in the clipboard."""
        found = pictures_in(QGuiApplication.clipboard().mimeData())
        if not found:
            self.failed.emit(
                "There is no picture in the clipboard. Copy one in another program first, then paste it here."
            )
        elif isinstance(found[0], Path):
            self.file_chosen.emit(found[0])
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
