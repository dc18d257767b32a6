"""Importing one's own images: a quick look first, then the choice of size and colour."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from cnnstudio.data.folders.files import PictureFile
from cnnstudio.data.folders.layout import LayoutChoice
from cnnstudio.data.folders.load import survey_folder
from cnnstudio.data.folders.zip_file import Archive
from cnnstudio.data.library import SIZES, import_dataset
from cnnstudio.data.pictures.decode import decode
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.report import TEST_SHARE, FolderSurvey
from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.buttons import Item, chip, chip_group, menu_of, on_key, push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.forms import choose_data, combo, rows
from cnnstudio.gui.controls.layouts import STRETCH, ScrollColumn, column, row, widget_of
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GRID, SECTION, text_sizes
from cnnstudio.gui.pages.data.examples import EXAMPLES, ExampleGrid
from cnnstudio.gui.pages.data.layout_form import LayoutForm
from cnnstudio.gui.pages.data.selection import SPLITS
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.charts.class_histogram import ClassCounts, ClassHistogram
from cnnstudio.progress import OnProgress, ending_with
from cnnstudio.storage import is_file
from cnnstudio.wording import counted, percent, shape

_Item = TypeVar("_Item")

_CHANNELS = (3, 1)
"""Of the chips: colour, grey."""

_TRIES = 2 * EXAMPLES
"""Files of each class that are tried for the examples, at most: some may not be readable."""

LAYOUT = """photos/
    cat/  1.jpg  2.jpg  …
    dog/  1.jpg  2.jpg  …"""
"""The layout of a folder of images."""

OTHER_LAYOUTS = (
    "Other arrangements are understood, too: classes in the names of the files (cat.1.jpg, dog.1.jpg), or in a table "
    "beside the pictures (labels.csv)."
)

SPLIT_LAYOUT = """photos/
    train/
        cat/  1.jpg  2.jpg  …
        dog/  1.jpg  2.jpg  …
    test/
        cat/  …
        dog/  …"""
"""The layout of a folder that says which images are for testing."""


@dataclass(frozen=True, eq=False)
class FolderLook:
    """What a quick look at a folder found.

    Attributes:
        survey: classes, counts, and the image size and the channels that suit.
        samples: some picture files, of each class in turn.
    """

    survey: FolderSurvey
    samples: tuple[PictureFile, ...]


def look_at(path: Path, stop: threading.Event, on_event: OnProgress, layout: str = "") -> FolderLook | None:
    """Surveys a folder or zip, and picks examples, in a thread; None where it was stopped.

    Args:
        path: the folder or zip.
        stop: stops it.
        on_event: told now and then that it is still looking.
        layout: how the folder is laid out, as `LayoutChoice` writes it; found out where it is empty.

    Raises:
        StudioError: it cannot be used.
        Cancelled: it was stopped meanwhile.
    """
    survey = survey_folder(path, ending_with(stop, on_event), layout)
    if stop.is_set():
        return None
    archive = Archive(path) if is_file(path) else None
    files = [
        PictureFile(name, path if archive else path / name, archive, name if archive else "")
        for name in sample(survey.files)
    ]
    return FolderLook(survey, tuple(files))


def sample(files: Sequence[Sequence[str]]) -> list[str]:
    """Picks a few files: one of each class, then a second one of each, and so on.

    There are more than `EXAMPLES`, for some may not be readable; of very many classes, some are left out.

    Args:
        files: of each class.
    """
    turns = zip_longest(*(_spread(of_class, _TRIES) for of_class in _spread(files, EXAMPLES)))
    return [file for turn in turns for file in turn if file is not None]


def _spread(items: Sequence[_Item], number: int) -> list[_Item]:
    """So many of them, or all where there are fewer, the same distance apart."""
    return [items[place] for place in np.linspace(0, len(items) - 1, min(number, len(items))).astype(int)]


def examples_of(samples: tuple[PictureFile, ...], image_size: int, channels: int) -> list[np.ndarray]:
    """Decodes the first pictures that can be decoded, `EXAMPLES` at most, each (size, size, channels) uint8."""
    images: list[np.ndarray] = []
    for file in samples:
        if len(images) == EXAMPLES:
            break
        with suppress(StudioError):
            images.append(decode(file.source(), image_size, channels).pixels)
    return images


def _parts(survey: FolderSurvey) -> list[ClassCounts]:
    order = list(SPLITS)
    return [
        ClassCounts(f"{SPLITS[name][1]} pictures", tuple(counts.tolist()), order.index(name))
        if name in SPLITS
        else ClassCounts("pictures", tuple(counts.tolist()), 0)
        for name, counts in survey.counts.items()
    ]


class ImportPanel(QWidget):
    """Classes on the left; size, colour and how images look then on the right. Before that, how to arrange a folder.

    Signals:
        imported(object): this `DatasetEntry` is on the list now.
        folder_wanted(): the user wants to choose a folder.
        closed(): back; nothing is imported.
        failed(object): the exception that says why the folder cannot be used.
        surveyed(): the quick look is on screen.
        previewed(): the examples are on screen.
    """

    imported = Signal(object)
    folder_wanted = Signal()
    closed = Signal()
    failed = Signal(object)
    surveyed = Signal()
    previewed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("import_panel")
        self._path: Path | None = None
        self._looked: FolderLook | None = None
        self._decoding = LatestTask(self)
        self._decoding.finished.connect(self._show_examples)
        self._decoding.failed.connect(self._fail)
        self._title = label(role="heading", name="import_title", plain=True)
        self._text = label(role="secondary", name="import_text", plain=True)
        self._progress = ProgressPanel("survey", "Looking through the folder")
        self._progress.finished.connect(self._done)
        self._progress.failed.connect(self._fail)
        self._help = self._build_help()
        preview = ScrollColumn()
        preview.set_content(self._build_choices())
        self._choices = widget_of(row(self._build_classes(), (preview, 1), gap=SECTION))
        self._nothing = QWidget()
        """What stands there while a folder is looked through."""
        self._body = QStackedWidget()
        for page in (self._help, self._choices, self._nothing):
            self._body.addWidget(page)
        foot = self._build_foot()
        self.setLayout(column(self._title, self._text, self._progress, GRID, (self._body, 1), foot))

    def show_help(self) -> None:
        """Shows how to arrange a folder."""
        self.stop()
        self._path, self._looked = None, None
        self._title.setText("Bring your own images")
        self._text.setText("Put them into folders, one for each class, named after it. Your files stay untouched.")
        self._body.setCurrentWidget(self._help)
        self._import.hide()
        self._choose.show()
        self._choose.setFocus()

    def open(self, path: Path) -> None:
        """Looks through a folder or zip."""
        self.stop()
        self._path, self._looked = path, None
        self._title.setText(breakable(f"Import “{path.name}”"))
        self._text.setText(breakable(str(path)))
        self._body.setCurrentWidget(self._nothing)
        self._choose.hide()
        self._import.show()
        self._cancel.setFocus()
        self._examples.set_images(())
        self._start(partial(look_at, path), "Looking through the folder …")

    @property
    def shows_help(self) -> bool:
        """Whether it shows how to arrange a folder, and looks through none."""
        return self._body.currentWidget() is self._help

    def stop(self) -> None:
        """Ends the quick look."""
        self._progress.drop()

    def _start(self, function: Callable[..., object], sentence: str) -> None:
        self._import.setEnabled(False)
        self._progress.run(function, sentence)

    def shut_down(self) -> None:
        """Ends what is being done, and waits for it."""
        self._progress.shut_down()
        self._decoding.shut_down()

    def _build_help(self) -> QWidget:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(text_sizes().body)
        pictures = [
            label(text, name=name, plain=True)
            for text, name in ((LAYOUT, "folder_layout"), (SPLIT_LAYOUT, "split_layout"))
        ]
        for picture in pictures:
            picture.setFont(font)
        simple, split = pictures
        return widget_of(
            column(
                GRID,
                simple,
                label(
                    f"{percent(TEST_SHARE, 0)} of the images of each class will be set aside for testing. A zip file "
                    "works too. You can also drop either on this window.",
                    "secondary",
                ),
                GRID,
                label("Or say yourself which images are for testing:", "secondary"),
                split,
                label(OTHER_LAYOUTS, "secondary"),
                STRETCH,
                gap=2 * GRID,
            )
        )

    def _build_classes(self) -> QWidget:
        self._histogram = ClassHistogram()
        self._histogram.setObjectName("import_histogram")
        self._found = label(role="strong", name="classes_found")
        classes = widget_of(column(self._found, (self._histogram, 1)))
        classes.setFixedWidth(36 * GRID)
        return classes

    def _build_choices(self) -> QVBoxLayout:
        self._size = combo(
            "import_size_combo",
            "Image size",
            "Every image is scaled to this many pixels each way: all inputs of a network have one size. More pixels "
            "show more and take longer to train.",
            {side: (shape((side, side)), "") for side in SIZES},
        )
        self._size.setMaximumWidth(16 * GRID)
        self._size.currentIndexChanged.connect(self._preview)
        chips = [
            chip("import_colour_chip", "&Colour", "Three numbers for each pixel: red, green and blue."),
            chip(
                "import_grey_chip",
                "&Grey",
                "One number for each pixel: enough where colour does not matter, and faster.",
            ),
        ]
        self._colours = chip_group(self, chips, self._preview)
        colours = widget_of(row(*chips, STRETCH))
        describe(colours, "import_colours", "Colour", "How many numbers there are for each pixel.")
        self._layout_form = LayoutForm()
        self._layout_form.changed.connect(self._look_again)
        self._numbers = label(role="secondary", name="import_numbers")
        self._examples = ExampleGrid("import_example")
        self._notes = label(name="import_notes", plain=True)
        return column(self._layout_form, rows(self._size, colours), self._notes, self._numbers, self._examples, STRETCH)

    def _build_foot(self) -> QHBoxLayout:
        self._cancel = push_button(
            "cancel_import_button", "Cancel", "Goes back; nothing is imported. (Esc)", self.closed
        )
        on_key(self, Qt.Key.Key_Escape, self.closed)
        self._import = push_button(
            "import_button",
            "&Import",
            "Reads all images once and keeps them, small, on disk. Your files stay as they are.",
            self._accept,
            role="primary",
        )
        self._choose = push_button(
            "choose_folder_button",
            "&Choose a folder…",
            "Looks through a folder first.",
            self.folder_wanted,
            role="primary",
        )
        for button in (self._cancel, self._choose, self._import):
            button.setAutoDefault(True)  # Enter presses the one with the focus, as in a dialog
        return row(STRETCH, self._cancel, self._choose, self._import)

    @property
    def _channels(self) -> int:
        return _CHANNELS[self._colours.checkedId()]

    @Slot(object)
    def _done(self, result: FolderLook | DatasetEntry | None) -> None:
        if isinstance(result, FolderLook):
            self._show(result)
        elif result is not None:
            self.imported.emit(result)

    def _show(self, looked: FolderLook) -> None:
        self._looked = looked
        survey = looked.survey
        again = self._body.currentWidget() is self._choices
        self._import.setEnabled(True)
        self._body.setCurrentWidget(self._choices)
        total = int(sum(counts.sum() for counts in survey.counts.values()))
        self._text.setText(breakable(f"{survey.path}: {counted(total, 'picture')}."))
        self._found.setText(f"{counted(len(survey.classes), 'class', 'classes')}{_how(survey.layout)}")
        self._layout_form.show_survey(survey)
        self._histogram.set_classes(survey.classes, _parts(survey), shows_means=False)
        if not again:
            with QSignalBlocker(self._size):
                choose_data(self._size, survey.image_size, shape((survey.image_size, survey.image_size)))
            self._colours.button(_CHANNELS.index(survey.channels)).setChecked(True)
        self._notes.setText(breakable(" ".join(survey.notes)))
        self._notes.setVisible(bool(self._notes.text()))
        if not again:
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
            f"The middle square of each picture, {shape((side, side))} in {words}: {side * side * self._channels:,} "
            "numbers. This is how a network sees them at this size:"
        )
        self._decoding.submit(examples_of, self._looked.samples, side, self._channels)

    @Slot(object)
    def _show_examples(self, images: list[np.ndarray]) -> None:
        if not images:
            self._numbers.setText("None of the pictures that were tried can be read.")
        self._examples.set_images(images)
        self.previewed.emit()

    @Slot(str)
    def _look_again(self, layout: str) -> None:
        """Looks through the folder as it is laid out now."""
        if self._path is not None:
            self._start(partial(look_at, self._path, layout=layout), "Looking through the folder …")

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if self._looked is None:
            self.show_help()
        else:  # another layout was tried, or it could not be added to the list
            self._layout_form.show_survey(self._looked.survey)
            self._import.setEnabled(True)
        self.failed.emit(error)

    @Slot()
    def _accept(self) -> None:
        if self._path is not None and self._looked is not None:
            path, side, channels, layout = (
                self._path,
                self._size.currentData(),
                self._channels,
                self._looked.survey.layout,
            )
            self._start(lambda **_: import_dataset(path, side, channels, layout), "Adding it to the list …")


def _how(layout: str) -> str:
    """What says the classes, after their number."""
    choice = LayoutChoice.parse(layout)
    if choice.kind == "table":
        return f", by {breakable(choice.table)}"
    return ", by the names of the files" if choice.kind == "names" else ", one folder each" if not choice.level else ""


def import_button(
    ask_folder: Callable[[], object], ask_zip: Callable[[], object], show_help: Callable[[], object]
) -> QPushButton:
    """Makes the button that imports images, with its menu."""
    button = push_button(
        "import_images_button",
        "I&mport images…",
        "Imports your own images: a folder, or a zip of one, with a subfolder for each class.",
        picture="import",
    )
    arranged = f"<p>One subfolder for each class:</p><pre>{LAYOUT}</pre>"
    button.setMenu(
        menu_of(
            button,
            Item("import_folder", "&Folder…", "folder", arranged, ask_folder),
            Item("import_zip", "&Zip file…", "open", arranged, ask_zip),
            Item("import_help", "&How to arrange them", "help", "Shows which folders work.", show_help),
        )
    )
    return button
