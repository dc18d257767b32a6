"""Bringing one's own images: a quick look first, then the choice of size and colour."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.decoding import decode
from cnnstudio.data.folders import FolderSurvey, survey_folder
from cnnstudio.data.library import SIZES
from cnnstudio.data.picture_files import PictureFile, list_pictures
from cnnstudio.errors import StudioError
from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.pages.data_view import SPLITS
from cnnstudio.gui.task import LatestTask, Task
from cnnstudio.gui.theme import GRID
from cnnstudio.gui.widgets.class_histogram import ClassHistogram, Part
from cnnstudio.gui.widgets.pixels import PixelView

EXAMPLES, COLUMNS = 8, 4
_COLUMN = 36 * GRID

LAYOUT = """photos/
    train/
        cat/  1.jpg  2.jpg  …
        dog/  1.jpg  2.jpg  …
    test/
        cat/  …
        dog/  …"""
"""The layout of a folder of images; the level of train and test may be left out."""


@dataclass(frozen=True, eq=False)
class Looked:
    """What the quick look found.

    Attributes:
        survey: classes, counts and a proposal.
        samples: some picture files, spread over all of them.
    """

    survey: FolderSurvey
    samples: tuple[PictureFile, ...]


def look(path: Path, on_event: Callable[[object], object], stop: threading.Event) -> Looked | None:  # noqa: ARG001
    """Surveys a folder or zip, and picks examples, in a thread; None where it was stopped.

    Raises:
        StudioError: it cannot be used.
    """
    survey = survey_folder(path)
    if stop.is_set():
        return None
    files = list_pictures([path]).files
    chosen = np.linspace(0, max(0, len(files) - 1), min(4 * EXAMPLES, len(files))).astype(int)
    return Looked(survey, tuple(files[number] for number in chosen))


def examples_of(samples: tuple[PictureFile, ...], image_size: int, channels: int) -> list[np.ndarray]:
    """Decodes the first pictures that can be decoded, `EXAMPLES` at most, each (size, size, channels) uint8."""
    images: list[np.ndarray] = []
    for file in samples[:: max(1, len(samples) // EXAMPLES)] + samples:
        if len(images) == EXAMPLES:
            break
        with suppress(StudioError):
            images.append(decode(file.source(), image_size, channels).pixels)
    return images


class ImportPanel(QWidget):
    """Classes on the left; size, colour and how images look then on the right.

    Signals:
        accepted(object, int, int): import this path with this image size and number of channels.
        closed(): back; nothing is imported.
        failed(str): the folder cannot be used, and why.
        surveyed(): the quick look is on screen.
    """

    accepted = Signal(object, int, int)
    closed = Signal()
    failed = Signal(str)
    surveyed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_panel")
        self._path: Path | None = None
        self._looked: Looked | None = None
        self._task: Task | None = None
        self._decoding = LatestTask(self)
        self._decoding.finished.connect(self._show_examples)
        self._title = label(role="heading", name="import_title")
        self._text = label(role="secondary", name="import_text")
        self._bar = describe(QProgressBar(), "survey_progress", "Looking through the folder", "A quick look at it.")
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._body = QWidget()
        columns = QHBoxLayout(self._body)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(3 * GRID)
        columns.addWidget(self._build_classes())
        columns.addLayout(self._build_choices(), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addWidget(self._bar)
        layout.addSpacing(GRID)
        layout.addWidget(self._body, 1)
        layout.addLayout(self._build_foot())

    def open(self, path: Path) -> None:
        """Looks through a folder or zip."""
        self.stop()
        self._path, self._looked = path, None
        self._title.setText(f"Import “{path.name}”".replace("&", "&amp;").replace("<", "&lt;"))
        self._text.setText(f"Looking through {path} …")
        self._bar.show()
        self._body.hide()
        self._import.setEnabled(False)
        for view in self._views:
            view.set_image(None)
        self._task = Task(partial(look, path), self)
        self._task.finished.connect(self._show)
        self._task.failed.connect(self._fail)
        self._task.start()

    def stop(self) -> None:
        """Ends the quick look."""
        if self._task is not None:
            self._task.finished.disconnect(self._show)
            self._task.failed.disconnect(self._fail)
            self._task.stop()
            self._task = None

    def shut_down(self) -> None:
        """Ends what is being done, and waits for it."""
        if self._task is not None:
            self._task.shut_down()
        self._decoding.shut_down()

    def _build_classes(self) -> QWidget:
        column = QWidget()
        column.setFixedWidth(_COLUMN)
        self._histogram = ClassHistogram()
        self._histogram.setObjectName("import_histogram")
        self._found = label(role="strong", name="classes_found")
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._found)
        layout.addWidget(self._histogram, 1)
        return column

    def _build_choices(self) -> QVBoxLayout:
        self._size = describe(
            QComboBox(),
            "import_size_combo",
            "Image size",
            "Every image is brought to this many pixels each way: all inputs of a network have one size. More pixels "
            "show more and take longer to train.",
        )
        for side in SIZES:
            self._size.addItem(f"{side} × {side}", side)
        self._size.currentIndexChanged.connect(self._preview)
        self._colours = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for key, text, lesson, channels in (
            ("colour", "&Colour", "Three numbers for each pixel: red, green and blue.", 3),
            ("grey", "&Grey", "One number for each pixel: enough where colour does not matter, and faster.", 1),
        ):
            chip = describe(QPushButton(text), f"import_{key}_chip", text.replace("&", ""), lesson)
            chip.setProperty("role", "chip")
            chip.setCheckable(True)
            chip.setChecked(channels == 3)
            self._colours.addButton(chip, channels)
            row.addWidget(chip)
        row.addStretch(1)
        self._colours.idClicked.connect(self._preview)
        form = QGridLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        caption = QLabel("Image size")
        caption.setBuddy(self._size)
        form.addWidget(caption, 0, 0)
        form.addWidget(self._size, 0, 1, Qt.AlignmentFlag.AlignLeft)
        form.addWidget(QLabel("Colour"), 1, 0)
        form.addLayout(row, 1, 1)
        form.setColumnStretch(1, 1)
        self._numbers = label(role="secondary", name="import_numbers")
        pictures = QGridLayout()
        pictures.setSpacing(GRID)
        self._views: list[PixelView] = []
        for number in range(EXAMPLES):
            view = PixelView(placeholder="")
            view.setObjectName(f"import_example_{number}")
            view.setMinimumSize(6 * GRID, 6 * GRID)
            pictures.addWidget(view, number // COLUMNS, number % COLUMNS)
            self._views.append(view)
        self._notes = label(name="import_notes")
        column = QVBoxLayout()
        column.setSpacing(GRID)
        column.addLayout(form)
        column.addWidget(self._numbers)
        column.addLayout(pictures, 1)
        column.addWidget(self._notes)
        return column

    def _build_foot(self) -> QHBoxLayout:
        back = describe(QPushButton("Cancel"), "cancel_import_button", "Cancel", "Back; nothing is imported.")
        back.clicked.connect(self.closed)
        self._import = describe(
            QPushButton("&Import"),
            "import_button",
            "Import",
            "Reads all images once and keeps them, small, on disk. Your files stay as they are.",
        )
        self._import.setProperty("role", "primary")
        self._import.clicked.connect(self._accept)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addStretch(1)
        row.addWidget(back)
        row.addWidget(self._import)
        return row

    @property
    def _channels(self) -> int:
        return self._colours.checkedId()

    @Slot(object)
    def _show(self, looked: Looked | None) -> None:
        if looked is None:
            return
        self._task, self._looked = None, looked
        survey = looked.survey
        self._bar.hide()
        self._body.show()
        total = int(sum(counts.sum() for counts in survey.counts.values()))
        self._text.setText(f"{survey.path}: {total:,} pictures.")
        self._found.setText(f"{len(survey.classes):,} classes, a folder each")
        order = {name: series for series, name in enumerate(SPLITS)}
        parts = [
            Part(f"{SPLITS[name][1]} pictures" if name in SPLITS else "pictures", tuple(c.tolist()), order.get(name, 0))
            for name, c in survey.counts.items()
        ]
        self._histogram.set_classes(survey.classes, parts, shows_means=False)
        self._size.blockSignals(True)
        if self._size.findData(survey.image_size) < 0:
            self._size.addItem(f"{survey.image_size} × {survey.image_size}", survey.image_size)
        self._size.setCurrentIndex(self._size.findData(survey.image_size))
        self._size.blockSignals(False)
        self._colours.button(survey.channels).setChecked(True)
        split = "" if len(survey.counts) > 1 else " The folder does not say which images are for testing: some of "
        split += "" if len(survey.counts) > 1 else "each class are set apart."
        self._notes.setText(" ".join(survey.notes) + split)
        self._import.setEnabled(True)
        self._import.setFocus()
        self._preview()
        self.surveyed.emit()

    @Slot()
    def _preview(self) -> None:
        if self._looked is None:
            return
        side = self._size.currentData()
        words = "grey" if self._channels == 1 else "colour"
        self._numbers.setText(
            f"The middle square of each picture, {side} × {side} in {words}: {side * side * self._channels:,} numbers. "
            "So the network will see them:"
        )
        self._decoding.submit(examples_of, self._looked.samples, side, self._channels)

    @Slot(object)
    def _show_examples(self, images: list[np.ndarray]) -> None:
        for number, view in enumerate(self._views):
            view.set_image(images[number] if number < len(images) else None)
            view.setVisible(number < len(images))

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._task = None
        self.failed.emit(str(error) if isinstance(error, StudioError) else f"The folder cannot be read: {error}")

    @Slot()
    def _accept(self) -> None:
        if self._path is not None and self._looked is not None:
            self.accepted.emit(self._path, self._size.currentData(), self._channels)
