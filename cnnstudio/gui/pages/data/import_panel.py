"""Bringing one's own images: a quick look first, then the choice of size and colour."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.library import SIZES
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.report import FolderSurvey
from cnnstudio.gui.controls.buttons import Item, chip, menu_of, push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.forms import rows
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GRID, text_sizes
from cnnstudio.gui.pages.data.selection import SPLITS
from cnnstudio.gui.pages.data.survey import EXAMPLES, Looked, examples_of, look, register
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.charts.class_histogram import ClassCounts, ClassHistogram
from cnnstudio.gui.widgets.images.pixel_view import PixelPicture

COLUMNS = 4
_COLUMN = 36 * GRID
_SET_APART = "The folder does not say which images are for testing: some of each class are set apart."
_HERE = Qt.ShortcutContext.WidgetWithChildrenShortcut

LAYOUT = """photos/
    train/
        cat/  1.jpg  2.jpg  …
        dog/  1.jpg  2.jpg  …
    test/
        cat/  …
        dog/  …"""
"""The layout of a folder of images; the level of train and test may be left out."""


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
        folder_wanted(): somebody wants to choose a folder.
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

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_panel")
        self._path: Path | None = None
        self._looked: Looked | None = None
        self._decoding = LatestTask(self)
        self._decoding.finished.connect(self._show_examples)
        self._decoding.failed.connect(self._fail)
        self._title = label(role="heading", name="import_title")
        self._text = label(role="secondary", name="import_text")
        for words in (self._title, self._text):
            words.setTextFormat(Qt.TextFormat.PlainText)
        self._progress = ProgressPanel("survey", "Looking through the folder")
        self._progress.finished.connect(self._done)
        self._progress.failed.connect(self._fail)
        self._body = QStackedWidget()
        choices = QWidget()
        self._body.addWidget(self._build_help())
        self._body.addWidget(choices)
        self._body.addWidget(QWidget())  # while a folder is looked through
        columns = QHBoxLayout(choices)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(3 * GRID)
        columns.addWidget(self._build_classes())
        columns.addLayout(self._build_choices(), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addWidget(self._progress)
        layout.addSpacing(GRID)
        layout.addWidget(self._body, 1)
        layout.addLayout(self._build_foot())

    def show_help(self) -> None:
        """Shows how to arrange a folder."""
        self.stop()
        self._path, self._looked = None, None
        self._title.setText("Bring your own images")
        self._text.setText("Put them into folders, one for each class, named as the class. Your files stay untouched.")
        self._body.setCurrentIndex(0)
        self._import.hide()
        self._choose.show()

    def open(self, path: Path) -> None:
        """Looks through a folder or zip."""
        self.stop()
        self._path, self._looked = path, None
        self._title.setText(breakable(f"Import “{path.name}”"))
        self._text.setText(breakable(str(path)))
        self._body.setCurrentIndex(2)
        self._choose.hide()
        self._import.show()
        for view in self._views:
            view.set_image(None)
        self._start(partial(look, path), "Looking through it …")

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
        page = QWidget()
        picture = label(LAYOUT, name="folder_layout")
        picture.setTextFormat(Qt.TextFormat.PlainText)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(text_sizes().body)
        picture.setFont(font)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(picture)
        column.addWidget(
            label(
                "The level of train and test may be left out: then some of each class are set apart for testing. "
                "A zip of such a folder does, too. You can also drop either on this window.",
                "secondary",
            )
        )
        column.addStretch(1)
        return page

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
        self._size.setMaximumWidth(16 * GRID)
        self._size.currentIndexChanged.connect(self._preview)
        self._colours = QButtonGroup(self)
        colours = describe(QWidget(), "import_colours", "Colour", "How many numbers there are for each pixel.")
        row = QHBoxLayout(colours)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        for key, text, lesson, channels in (
            ("colour", "&Colour", "Three numbers for each pixel: red, green and blue.", 3),
            ("grey", "&Grey", "One number for each pixel: enough where colour does not matter, and faster.", 1),
        ):
            button = chip(f"import_{key}_chip", text, lesson)
            button.setChecked(channels == 3)
            self._colours.addButton(button, channels)
            row.addWidget(button)
        row.addStretch(1)
        self._colours.idClicked.connect(self._preview)
        self._numbers = label(role="secondary", name="import_numbers")
        pictures = QGridLayout()
        pictures.setSpacing(GRID)
        self._views: list[PixelPicture] = []
        for number in range(EXAMPLES):
            view = PixelPicture()
            view.setObjectName(f"import_example_{number}")
            view.setMinimumSize(6 * GRID, 6 * GRID)
            view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            pictures.addWidget(view, number // COLUMNS, number % COLUMNS)
            self._views.append(view)
        self._notes = label(name="import_notes")
        self._notes.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout()
        column.setSpacing(GRID)
        column.addWidget(rows(self._size, colours))
        column.addWidget(self._numbers)
        column.addLayout(pictures)
        column.addWidget(self._notes)
        column.addStretch(1)
        return column

    def _build_foot(self) -> QHBoxLayout:
        back = push_button(
            "cancel_import_button", "Cancel", "Back; nothing is imported. Escape does, too.", self.closed
        )
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.closed.emit, _HERE)
        self._import = push_button(
            "import_button",
            "&Import",
            "Reads all images once and keeps them, small, on disk. Your files stay as they are.",
            self._accept,
            role="primary",
        )
        self._choose = push_button(
            "choose_folder_button",
            "&Choose a folder …",
            "Looks through a folder first.",
            self.folder_wanted,
            role="primary",
        )
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addStretch(1)
        for button in (back, self._choose, self._import):
            row.addWidget(button)
        return row

    @property
    def _channels(self) -> int:
        return self._colours.checkedId()

    @Slot(object)
    def _done(self, result: Looked | DatasetEntry | None) -> None:
        if isinstance(result, Looked):
            self._show(result)
        elif result is not None:
            self.imported.emit(result)

    def _show(self, looked: Looked) -> None:
        self._looked = looked
        survey = looked.survey
        self._import.setEnabled(True)
        self._body.setCurrentIndex(1)
        total = int(sum(counts.sum() for counts in survey.counts.values()))
        self._text.setText(breakable(f"{survey.path}: {total:,} pictures."))
        self._found.setText(f"{len(survey.classes):,} classes, a folder each")
        self._histogram.set_classes(survey.classes, _parts(survey), shows_means=False)
        self._size.blockSignals(True)
        if self._size.findData(survey.image_size) < 0:
            self._size.addItem(f"{survey.image_size} × {survey.image_size}", survey.image_size)
        self._size.setCurrentIndex(self._size.findData(survey.image_size))
        self._size.blockSignals(False)
        self._colours.button(survey.channels).setChecked(True)
        self._notes.setText(breakable(" ".join(survey.notes + (_SET_APART,) * (len(survey.counts) == 1))))
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
            "This is how the network will see them:"
        )
        self._decoding.submit(examples_of, self._looked.samples, side, self._channels)

    @Slot(object)
    def _show_examples(self, images: list[np.ndarray]) -> None:
        if not images:
            self._numbers.setText("None of the pictures that were tried can be read.")
        for number, view in enumerate(self._views):
            view.set_image(images[number] if number < len(images) else None)
            view.setVisible(number < len(images))
        self.previewed.emit()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self.show_help()
        self.failed.emit(error)

    @Slot()
    def _accept(self) -> None:
        if self._path is not None and self._looked is not None:
            register_it = partial(register, self._path, self._size.currentData(), self._channels)
            self._start(register_it, "Putting it on the list …")


def import_button(
    ask_folder: Callable[[], object], ask_zip: Callable[[], object], show_help: Callable[[], object]
) -> QPushButton:
    """Makes the button that brings one's own images, with its menu."""
    button = push_button(
        "import_images_button",
        "I&mport images …",
        "Brings your own images: a folder, or a zip of one, with a subfolder for each class.",
        picture="import",
    )
    arranged = f"<p>One subfolder for each class:</p><pre>{LAYOUT}</pre>"
    button.setMenu(
        menu_of(
            button,
            Item("import_folder", "&Folder …", "folder", arranged, ask_folder),
            Item("import_zip", "&Zip file …", "open", arranged, ask_zip),
            Item("import_help", "&How to arrange them", "help", "Shows which folders work.", show_help),
        )
    )
    return button
