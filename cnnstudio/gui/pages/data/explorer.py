"""One image of a data set: large, as numbers, as a vector, and as a training would change it."""

from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from cnnstudio.errors import reason
from cnnstudio.gui.controls.buttons import chip, chip_group, on_key, push_button, tool_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.forms import slider
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages.data.augment_pane import AugmentPane
from cnnstudio.gui.pages.data.flatten_pane import FlattenPane
from cnnstudio.gui.pages.data.selection import Selection, average
from cnnstudio.gui.widgets.images.number_matrix import NumberMatrix
from cnnstudio.gui.widgets.images.pixel_view import PixelPicture

PANES: tuple[tuple[str, str, str], ...] = (
    ("numbers", "&Numbers", "The image as a computer stores it: a matrix of numbers."),
    ("flatten", "&Flatten", "The image as one long vector: what a network without convolutions gets."),
    (
        "augment",
        "Au&gment",
        "The image with small random changes, from which a network learns more than from the image alone.",
    ),
)
"""The chips that choose what stands beside the picture: key, text and lesson."""

_HINT = "Point at a pixel to read its value."


@dataclass(frozen=True)
class LookedAt:
    """How an image is looked at.

    Attributes:
        selection: the images that it is one of.
        place: among them.
        pane: which of `PANES` stands beside it.
        share: of its resolution.
    """

    selection: Selection
    place: int
    pane: int
    share: float


class DataExplorer(QWidget):
    """The image on the left with a slider for its resolution; what it is to a computer on the right.

    Args:
        message: where it says what could not be read or computed.

    Signals:
        closed(int): back to all images, of which the one at this place was seen last.

    Attributes:
        augment: the pane of augmentation.
    """

    closed = Signal(int)

    def __init__(self, message: MessageBar) -> None:
        super().__init__()
        self.setObjectName("data_explorer")
        self._message = message
        self._selection: Selection | None = None
        self._place = 0
        self._chips: list[QPushButton] = []
        self._image = np.zeros((1, 1, 1), np.uint8)
        self._share = 1.0
        self._numbers, self._flatten, self.augment = NumbersPane(), FlattenPane(), AugmentPane(message)
        self._matrix = self._numbers.matrix
        self._panes = QStackedWidget()
        for pane in (self._numbers, self._flatten, self.augment):
            self._panes.addWidget(pane)
        columns = row((self._build_picture(), 2), (self._panes, 3), gap=SECTION)
        self.setLayout(column(self._build_head(), (columns, 1), gap=2 * GRID))
        self._picture.pointed.connect(self._point)
        self._matrix.pointed.connect(self._point)
        self._flatten.pointed.connect(self._point)
        self._matrix.window_changed.connect(self._frame)

    @property
    def image(self) -> np.ndarray:
        """(height, width, channels) uint8, at the resolution that is chosen."""
        height, width = self._image.shape[:2]
        share = self._resolution.value() / max(height, width)
        return average(self._image, max(1, round(height * share)), max(1, round(width * share)))

    def open(self, selection: Selection, place: int) -> None:
        """Shows an image and takes the keys."""
        if self._selection is None:
            self._share = 1.0
        self._selection = selection
        title = f"All {selection.noun}"
        self._back.setText(f" {title}")
        describe(self._back, "back_button", title, f"Back to all {selection.noun}. (Esc)")
        self._go(place)
        self._matrix.setFocus()

    @property
    def looked(self) -> LookedAt | None:
        """How the image is looked at; None while there is none."""
        if self._selection is None:
            return None
        return LookedAt(self._selection, self._place, self._panes.currentIndex(), self._share)

    def look_again(self, looked: LookedAt) -> None:
        """Shows an image as it was looked at."""
        self._chips[looked.pane].click()
        self.open(looked.selection, looked.place)
        self._share = looked.share
        self._go(looked.place)

    def start_anew(self) -> None:
        """The next image is shown with all of its numbers."""
        self._selection = None
        self._chips[0].setChecked(True)
        self._panes.setCurrentIndex(0)

    def forget(self) -> None:
        """Lets go of the data set."""
        self._selection = None

    def shut_down(self) -> None:
        """Waits for what is being computed."""
        self.augment.shut_down()

    def _build_head(self) -> QHBoxLayout:
        self._back = push_button(
            "back_button", "All images", "Back. (Esc)", self._close, role="quiet", picture="arrow-left"
        )
        for key in (Qt.Key.Key_Escape, QKeySequence.StandardKey.Back):
            on_key(self, key, self._close)
        self._title = label(name="image_title")
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._previous = self._step_button("previous_button", "chevron-left", "Previous image", "PgUp", -1)
        self._next = self._step_button("next_button", "chevron-right", "Next image", "PgDown", 1)
        self._chips = [chip(f"{key}_chip", text, lesson) for key, text, lesson in PANES]
        chip_group(self, self._chips, self._choose_pane)
        return row(self._back, self._previous, self._next, GRID, (self._title, 1), *self._chips)

    def _step_button(self, name: str, picture: str, title: str, key: str, step: int) -> QToolButton:
        on_key(self, key, lambda: self._go(self._place + step))
        tip = f"{title}. ({key.replace('Pg', 'Page ')})"
        return tool_button(name, title, tip, picture, lambda: self._go(self._place + step))

    def _build_picture(self) -> QVBoxLayout:
        self._picture = PixelPicture()
        self._picture.setObjectName("explored_picture")
        self._pointed = label(_HINT, "secondary", "pixel_under_cursor")
        self._resolution = slider(
            "resolution_slider",
            "Resolution",
            "Lowers the resolution: each pixel becomes the mean of the area that it covers. Fewer numbers show less.",
            (1, 1),
            self._lower,
        )
        self._size = label(name="resolution_text")
        caption = label("Resolution", "strong", wrap=False)
        caption.setBuddy(self._resolution)
        resolution = row(caption, (self._resolution, 1), gap=2 * GRID)
        return column(self._picture, self._pointed, resolution, self._size, STRETCH)

    def _go(self, place: int) -> None:
        if self._selection is None or not 0 <= place < len(self._selection):
            return
        try:
            self._image = self._selection.read(np.array([place]))[0]
        except OSError as error:
            self._message.show_error(f"The image cannot be read any more: {reason(error)}.")
            return
        self._place = place
        shown = self._selection.at(place)
        name = self._selection.dataset.classes[shown.label]
        origin = escape(breakable(self._selection.origin(place)))
        title = f"<b>{escape(breakable(name))}</b> · {origin}"
        answer = escape(breakable(self._selection.answer(place)))
        self._title.setText(f"{title} · {answer}" if answer else title)
        self._previous.setEnabled(place > 0)
        self._next.setEnabled(place < len(self._selection) - 1)
        self._numbers.set_colourful(self._image.shape[2] > 1)
        longest = max(self._image.shape[:2])
        with QSignalBlocker(self._resolution):
            self._resolution.setRange(1, longest)
            self._resolution.setPageStep(max(1, longest // 8))
            self._resolution.setValue(max(1, round(self._share * longest)))
        self.augment.set_image(self._image)
        self._refresh()

    def _refresh(self) -> None:
        image = self.image
        self._picture.set_image(image, self._image.shape[:2])
        self._matrix.set_image(image)
        self._flatten.set_image(image)
        height, width, channels = image.shape
        self._size.setText(f"{height} × {width} × {channels} = <b>{image.size:,} numbers</b>")
        self._frame(self._matrix.window_shown())
        self._point(self._matrix.cell)

    @Slot(int)
    def _lower(self, value: int) -> None:
        self._share = value / max(self._image.shape[:2])
        self._refresh()

    @Slot(object)
    def _point(self, cell: tuple[int, int] | None) -> None:
        """Points at the same pixel in every view; the one that it came from does not signal again."""
        self._picture.point(cell)
        self._matrix.point(cell, follow=self.sender() is not self._matrix)
        if self.sender() is not self._flatten:
            self._flatten.point(cell)
        text = _HINT if cell is None else self._matrix.text_of(cell)
        self._pointed.setText(text[0].upper() + text[1:])

    @Slot(QRectF)
    def _frame(self, window: QRectF) -> None:
        self._picture.set_window(window if self._panes.currentWidget() is self._numbers else QRectF())

    @Slot(int)
    def _choose_pane(self, number: int) -> None:
        self._panes.setCurrentIndex(number)
        self._frame(self._matrix.window_shown())
        self._point(self._matrix.cell)

    @Slot()
    def _close(self) -> None:
        """Back to all images."""
        self.closed.emit(self._place)


CHANNELS: tuple[tuple[str, str, str], ...] = (
    ("all", "All", "All three matrices: each pixel with its red, green and blue below each other."),
    ("red", "Red", "The first matrix alone: how much red each pixel has."),
    ("green", "Green", "The second matrix alone: how much green each pixel has."),
    ("blue", "Blue", "The third matrix alone: how much blue each pixel has."),
)
"""The chips that choose a channel: key, text and lesson; all of them first."""

_GREY = "A grey image is one matrix of numbers: 0 is black, 255 is white."
_COLOUR = "A colour image is three matrices: how much red, green and blue each pixel has, from 0 to 255."
_STEP = 1.25


class NumbersPane(QWidget):
    """A matrix with chips for its channels and buttons that zoom."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = NumberMatrix()
        self._lesson = label(_GREY, "secondary", "numbers_lesson")
        self._chips = [
            chip(f"channel_{key}_chip", text, lesson, title=f"Channel: {text}") for key, text, lesson in CHANNELS
        ]
        chip_group(self, self._chips, self._choose)
        zooms = [
            tool_button(f"{name.replace('-', '_')}_button", text, lesson, name, partial(self.matrix.zoom, factor))
            for name, factor, text, lesson in (
                ("zoom-out", 1 / _STEP, "Zoom out", "Shows more of the image, with smaller numbers. (−)"),
                ("zoom-in", _STEP, "Zoom in", "Shows the numbers larger. (+, or Ctrl with the wheel)"),
            )
        ]
        copy = tool_button(
            "copy_numbers_button",
            "Copy the numbers",
            "Copies the matrix, row by row, to paste into a spreadsheet; three matrices below each other.",
            "copy",
            self._copy,
        )
        top = row((self._lesson, 1, Qt.AlignmentFlag.AlignVCenter), *zooms, copy)
        self.setLayout(column(top, row(*self._chips, STRETCH), (self.matrix, 1)))

    def set_colourful(self, colourful: bool) -> None:
        """Offers channels for images in colour only."""
        self._lesson.setText(_COLOUR if colourful else _GREY)
        for button in self._chips:
            button.setVisible(colourful)

    @Slot()
    def _copy(self) -> None:
        matrices = ("\n".join("\t".join(map(str, row)) for row in one.tolist()) for one in self.matrix.shown())
        QGuiApplication.clipboard().setText("\n\n".join(matrices))

    @Slot(int)
    def _choose(self, number: int) -> None:
        self.matrix.set_channel(number - 1 if number else None)
