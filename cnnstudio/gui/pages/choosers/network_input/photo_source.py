"""A picture from outside as what a network gets."""

from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFileDialog, QGridLayout
from typing_extensions import override

from cnnstudio.data.pictures.input_rules import Step
from cnnstudio.gui.controls.buttons import push_button, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, ButtonRows, column, row, widget_of
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.models import MODEL_FILES
from cnnstudio.gui.pages.choosers.network_input.draw_source import Source
from cnnstudio.gui.pages.choosers.network_input.input_texts import InputTexts, texts_for
from cnnstudio.gui.pages.choosers.network_input.sample_photos import SamplePhotos
from cnnstudio.gui.pages.choosers.network_input.session import Answer, OpenedPicture, Picture, is_unsure
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.drawing.crop_view import CropView
from cnnstudio.gui.widgets.drawing.dropped_pictures import NO_ENDINGS, NOTHING_TO_PASTE, PICTURE_FILES, pictures_in
from cnnstudio.gui.widgets.drawing.photo_view import Crop, Mark
from cnnstudio.gui.widgets.images.pixel_view import PixelView
from cnnstudio.models.trained.card import Card

PASTED = "Pasted picture"

STEP_SIDE = 8 * GRID

DETAILS = 13 * GRID
"""Height of the steps, or of the photos to try, as it is kept for either."""

_LOWEST = 20 * GRID
"""Height of the picture where there is little room."""


def marks_of(answer: Answer) -> tuple[Mark, ...]:
    """What is marked in a picture that shows several things; nothing for one."""
    classes = len(answer.card.classes)
    return tuple(Mark(part.box, part.name, not is_unsure(part.probability, classes)) for part in answer.parts)


class PhotoSource(Source):
    """A picture from a file or the clipboard, and the steps that make of it what the network gets.

    Signals:
        path_chosen(object): the path of a file to open, a picture or a model, or of a folder of pictures.
        pasted(object): the bytes of a picture from the clipboard.

    Attributes:
        details: the steps, and photos to try; the panel around has a place for them.
    """

    path_chosen = Signal(object)
    pasted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._photo = self._surface = CropView()
        self._photo.crop_chosen.connect(self._take_crop)
        self._photo.mark_chosen.connect(self.take_part)
        self._reset = tool_button(
            "reset_crop_button",
            "Usual part of the picture",
            "Back to the part of the picture that the network usually gets; so does a double click on the picture.",
            "reset",
            partial(self._take_crop, None),
        )
        self._reset.setEnabled(False)
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self._reset.hide()
        self._called: Path | str = ""
        self._answered: tuple[Picture, Path | str] | None = None
        """The picture that is shown with its answer, and what it is called."""
        self._shape = 0.0
        self._name = label(role="small", name="photo_name", wrap=False, plain=True)
        self._name.setAlignment(Qt.AlignmentFlag.AlignCenter)
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
        self._steps_title = label("How your picture became that", "small")
        self._steps_title.hide()
        self._samples = SamplePhotos()
        self._samples.chosen.connect(self.open)
        self.details = widget_of(column(column(self._steps_title, self._steps), self._samples, gap=2 * GRID))
        self._preview = LatestTask(self)
        self._preview.finished.connect(self._show_preview)
        # In the middle, below the picture, and no higher than a line.
        self._reset.setFixedHeight(4 * GRID)
        self._below = widget_of(row(self._reset.sizeHint().width() + GRID, (self._name, 1), self._reset))
        self.setLayout(column(self._photo, self._below, self._tool_rows, STRETCH))
        self._set_texts(texts_for(None))

    @override
    def fit(self, side: int, room: int) -> None:
        others = self.sizeHint().height() - self._surface.minimumHeight()
        if self._below.isHidden():
            others += self._below.sizeHint().height() + GRID  # it comes with a picture
        self._surface.setFixedHeight(max(_LOWEST, min(3 * side // 4, room - DETAILS - 2 * GRID - others)))

    def set_side(self, side: int) -> None:
        """Makes the picture, and what is below it, so wide."""
        self._surface.setFixedSize(side, 3 * side // 4)
        self._tool_rows.fit(side)
        self._samples.set_side(side)
        self._show_name()

    def use(self, card: Card, texts: InputTexts) -> None:
        """Speaks of digits or of photos, and offers photos of what the model knows."""
        self._set_texts(texts)
        shape = card.input_shape[0] / card.input_shape[1]
        if shape != self._shape:  # the part that was chosen has the shape of another network's images
            self._shape = shape
            self._choose(None)
        self._samples.use(card)
        if self.isVisible():
            self._samples.look()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Looks for sample photos when they are first wanted."""
        super().showEvent(event)
        self._samples.look()

    def shut_down(self) -> None:
        """Stops looking for sample photos, and reading."""
        self._samples.shut_down()
        self._preview.shut_down()

    def _set_texts(self, texts: InputTexts) -> None:
        self.invitation = texts.invitation
        self._photo.set_placeholder(texts.empty)
        describe(self._photo, "photo_view", "The picture", texts.view_tip)

    @Slot(object, str)
    def open(self, source: Path | bytes | np.ndarray, name: str = "") -> None:
        """Takes a picture; it is read and decoded elsewhere.

        Args:
            source: its file, the bytes of one, or its pixels.
            name: what to call it where it has no file of its own.
        """
        self._input = Picture(source)
        self._choose(None)
        self._called = source if isinstance(source, Path) else name or PASTED
        self._show_name()
        self.input_changed.emit()

    def preview(self) -> None:
        """Shows the picture as soon as it is read."""
        if isinstance(self._input, Picture):
            self._preview.submit(_preview, self._input.source)

    @Slot(object)
    def _show_preview(self, read: tuple[object, np.ndarray]) -> None:
        source, picture = read
        if isinstance(self._input, Picture) and self._input.source is source and self._photo.image is None:
            self._photo.set_image(picture)

    def forget(self) -> None:
        """Shows no picture; the input stays, for another model may want it."""
        self._answered = None
        self._photo.set_image(None)
        self._reset.hide()
        self._show_steps(())

    def drop(self) -> None:
        """Back to the empty state, for the picture could not be used."""
        self._input = None
        self._called = ""
        self._show_name()
        self.forget()

    def take_back(self) -> bool:
        """Goes back to the picture that is shown, if there is one, for the one after it could not be used."""
        if self._answered is None:
            return False
        picture, self._called = self._answered
        self._input = picture
        self._reset.setEnabled(picture.crop is not None)
        self._show_name()
        return True

    def show_picture(self, picture: np.ndarray) -> None:
        """Shows a picture that the network cannot use, (height, width[, 3]) uint8."""
        self._photo.set_image(picture)

    def _show_name(self) -> None:
        """The file's name as far as there is room, its beginning and its end; the whole path as the tooltip."""
        room = self._surface.maximumWidth() - 2 * (self._reset.sizeHint().width() + GRID)
        name = self._called.name if isinstance(self._called, Path) else self._called
        self._name.setText(self._name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room))
        self._name.setToolTip(f"<p>{escape(str(self._called))}</p>" if self._called else "")
        self._name.setAccessibleName(f"Picture {name}" if name else "")
        self._below.setVisible(bool(name))

    def show_answer(self, answer: Answer) -> None:
        """Shows the picture and what became of it, step by step; a part that was chosen meanwhile stays as it is."""
        if answer.picture is not self._photo.image:
            self._photo.set_image(answer.picture, answer.crop)
        elif answer.input is self._input:
            self._photo.set_crop(answer.crop)
        if not answer.parts or answer.input is self._input:
            self._photo.set_marks(marks_of(answer), answer.part)
        if isinstance(self._input, Picture) and answer.input is self._input:
            self._answered = self._input, self._called
        self._reset.setVisible(answer.crop is not None)
        self._show_steps(answer.steps)

    @Slot(object)
    def _take_crop(self, crop: Crop | None) -> None:
        """Asks about another part of the picture."""
        self._choose(crop)
        self.input_changed.emit()

    def _choose(self, crop: Crop | None) -> None:
        if isinstance(self._input, Picture):
            self._input = replace(self._input, crop=crop)
        self._reset.setEnabled(crop is not None)

    def _show_steps(self, steps: tuple[Step, ...]) -> None:
        while (item := self._steps.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._steps_title.setVisible(len(steps) > 2)
        for number, step in enumerate(steps[1:-1]):
            view = PixelView(placeholder="")
            describe(view, f"step_{number + 1}", step.title, step.title)
            view.setFixedSize(STEP_SIDE, STEP_SIDE)
            view.set_image(step.image)
            caption = label(step.title, "small")
            self._steps.addWidget(view, 0, 2 * number)
            self._steps.addWidget(caption, 0, 2 * number + 1)
            self._steps.setColumnStretch(2 * number + 1, 1)

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


def _preview(source: Path | bytes | np.ndarray) -> tuple[object, np.ndarray]:
    """The picture as it is shown; that it cannot be read is said by whoever classifies it."""
    return source, OpenedPicture.read(source).shown
