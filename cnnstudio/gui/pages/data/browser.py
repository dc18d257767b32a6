"""All images of a data set: the classes on the left, the thumbnails beside them."""

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListView, QVBoxLayout, QWidget
from typing_extensions import override

from cnnstudio.data.splits import Dataset
from cnnstudio.errors import reason
from cnnstudio.gui.controls.buttons import chip, chip_group, on_key, push_button, tool_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.controls.picker import ListBox
from cnnstudio.gui.look.theme import GRID, SECTION, colours
from cnnstudio.gui.pages.data.selection import (
    SPLITS,
    Means,
    Selection,
    WrongAnswers,
    WrongSelection,
    counts_of,
    mean_images,
    splits_of,
)
from cnnstudio.gui.task import Task
from cnnstudio.gui.widgets.charts.class_histogram import ClassCounts, ClassHistogram, brush_of
from cnnstudio.gui.widgets.images.thumbnail_grid import Label, ThumbnailGrid, ThumbnailSource, size_slider

CHIPS: dict[str, tuple[str, str]] = {
    "": ("&All", "All images of the data set."),
    "train": ("&Train", "The images that the network learns from."),
    "validation": (
        "&Validation",
        "Images held out of the training images, to see during the training how well the network does on others.",
    ),
    "test": ("T&est", "Images that are kept away from all training, to measure at its end what was learnt."),
}
"""The chips that choose a split, "" for all: text and lesson."""

_NO_VALIDATION = "This data set has no validation images of its own: a training holds out some of its training images."


class _Swatch(QWidget):
    """The colour and pattern of a part of the bars."""

    def __init__(self, series: int) -> None:
        super().__init__()
        self._series = series
        self.setFixedSize(12, 12)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setBrush(brush_of(self._series))
        painter.setPen(QPen(QColor(colours().plot[self._series]), 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()


_NOTHING = "No image of this class is in this split. Choose All above."
_NOTED_SIDE = 9 * GRID
"""Thumbnails with a note below them are at least as large."""


class DataBrowser(QWidget):
    """Thumbnails, filtered by split and class, and how many images each class has; or those that a network gets wrong.

    Signals:
        opened(object, int): an image was clicked: the `Selection` it is in, and its place there.
        failed(str): images cannot be read, and why.
    """

    opened = Signal(object, int)
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._dataset: Dataset | None = None
        self._selection: Selection | None = None
        self._wrong: WrongAnswers | None = None
        self._usual_side = 0
        self._task: Task | None = None
        self._seed = 0
        self.setLayout(row(self._build_classes(), (self._build_images(), 1), gap=SECTION))

    @property
    def selection(self) -> Selection | None:
        """The images that are shown."""
        return self._selection

    def show_dataset(self, dataset: Dataset) -> None:
        """Shows another data set, all of it, from its first image on."""
        self.stop()
        self._leave_mistakes()
        self._dataset = dataset
        there = splits_of(dataset)
        for name, button in self._chips.items():
            button.setEnabled(not name or name in there)
            button.setToolTip(f"<p>{CHIPS[name][1] if button.isEnabled() else _NO_VALIDATION}</p>")
        self._chips[""].setChecked(True)
        with QSignalBlocker(self._class_combo):
            self._class_combo.clear()
            self._class_combo.addItems(["All classes", *dataset.classes])
        self._histogram.clear_means()
        self._histogram.set_chosen(-1)
        self._filter()
        self._task = Task(partial(mean_images, dataset), self)
        self._task.reported.connect(self._show_means)
        self._task.finished.connect(self._show_means)
        self._task.failed.connect(self._fail)
        self._task.start()

    def show_mistakes(self, wrong: WrongAnswers) -> None:
        """Shows only those images of the data set on screen that a network gets wrong."""
        self._wrong = wrong
        self._usual_side = self._grid.side
        count, images = len(wrong.mistakes), wrong.mistakes.images
        order = ", the surest mistakes first" if count > 1 else ""
        self._wrong_title.setText(breakable(f"“{wrong.model}” gets {count:,} of {images:,} test images wrong{order}."))
        self._shuffle.setChecked(False)
        self._grid.set_placeholder(
            "No image of this class is among the mistakes." if count else "There are no mistakes: all images are right."
        )
        self._show_head()
        self._filter()
        self._grid.fill(max(1, count), max(self._usual_side, _NOTED_SIDE))  # of few, the notes have room
        self._grid.setFocus()

    @Slot()
    def show_all(self) -> None:
        """Back from the mistakes to all images."""
        self._leave_mistakes()
        self._filter()

    def _leave_mistakes(self) -> None:
        if self._wrong is not None:
            self._wrong = None
            self._grid.set_side(self._usual_side)
            self._grid.set_placeholder(_NOTHING)
            self._show_head()

    def _show_head(self) -> None:
        self._wrong_head.setVisible(self._wrong is not None)
        for button in self._chips.values():
            button.setVisible(self._wrong is None)

    def stop(self) -> None:
        """Ends what is being computed."""
        if self._task is not None:
            self._task.drop()

    def shut_down(self) -> None:
        """Ends what is being computed, and waits for it."""
        if self._task is not None:
            self._task.shut_down()

    def choose_place(self, place: int) -> None:
        """Outlines an image and takes the keys."""
        self._grid.set_current(place)
        self._grid.setFocus()

    def _build_classes(self) -> QWidget:
        title = label("Classes", "strong")
        title.setToolTip("<p>What the network learns to tell apart. The small picture is the mean of the class.</p>")
        sort = tool_button(
            "largest_first_button",
            "Largest class first",
            "Sorts the classes by their numbers of images, to find the small ones. Press it again for their order.",
            "sort",
        )
        sort.setCheckable(True)
        self._legend = {
            name: widget_of(row(_Swatch(series), label(text, "small", wrap=False), gap=GRID // 2))
            for series, (name, (text, _)) in enumerate(SPLITS.items())
        }
        self._histogram = ClassHistogram()
        self._histogram.chosen.connect(self._choose_class)
        sort.toggled.connect(self._histogram.set_largest_first)
        legend = row(*self._legend.values(), STRETCH, gap=2 * GRID)
        classes = widget_of(column(row((title, 1), sort), legend, (self._histogram, 1)))
        classes.setFixedWidth(30 * GRID)
        return classes

    def _build_images(self) -> QVBoxLayout:
        self._grid = ThumbnailGrid(placeholder=_NOTHING)
        self._grid.activated.connect(self._open)
        self._grid.failed.connect(self.failed)
        return column(self._build_wrong_head(), self._build_filters(), (self._grid, 1), self._build_foot())

    def _build_filters(self) -> QHBoxLayout:
        self._chips = {
            name: chip(f"{name or 'all'}_chip", text, lesson, self._filter) for name, (text, lesson) in CHIPS.items()
        }
        chip_group(self, list(self._chips.values()))
        self._class_combo = describe(
            ListBox(), "class_combo", "Class", "Shows the images of one class only. Type to find a class by its name."
        )
        self._class_combo.setMinimumWidth(17 * GRID)
        self._class_combo.setMaximumWidth(23 * GRID)
        self._class_combo.setMaxVisibleItems(14)
        # Measuring ten thousand names would take long.
        self._class_combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        view = self._class_combo.view()
        if isinstance(view, QListView):
            view.setUniformItemSizes(True)
        self._class_combo.currentIndexChanged.connect(self._filter)
        self._shuffle = tool_button(
            "shuffle_button",
            "Shuffle",
            "Shows the images in a random order, as a training does. Press it again for their own order.",
            "shuffle",
            self._reorder,
        )
        self._shuffle.setCheckable(True)
        return row(*self._chips.values(), STRETCH, (self._class_combo, 9))

    def _build_wrong_head(self) -> QWidget:
        """What stands above the mistakes of a network: whose they are, and the way back."""
        back = push_button(
            "all_images_button",
            "All images",
            "Back from the mistakes to all images. (Esc)",
            self.show_all,
            role="quiet",
            picture="arrow-left",
        )
        on_key(self, Qt.Key.Key_Escape, self._escape)
        self._wrong_title = label(name="mistakes_title", plain=True)
        self._wrong_head = widget_of(row(back, (self._wrong_title, 1)))
        self._wrong_head.hide()
        return self._wrong_head

    def _build_foot(self) -> QHBoxLayout:
        self._count = label(role="secondary", name="images_shown")
        return row((self._count, 1), self._shuffle, 2 * GRID, size_slider(self._grid, "thumbnail_size"))

    @Slot()
    def _escape(self) -> None:
        if self._wrong is not None:
            self.show_all()

    @Slot(int)
    def _choose_class(self, number: int) -> None:
        self._class_combo.setCurrentIndex(number + 1)

    @Slot()
    def _reorder(self) -> None:
        self._seed += 1
        self._filter()

    @Slot()
    def _filter(self) -> None:
        dataset = self._dataset
        if dataset is None:
            return
        split = next(name for name, chip in self._chips.items() if chip.isChecked())
        number = self._class_combo.currentIndex() - 1
        seed = self._seed if self._shuffle.isChecked() else None
        chosen = None if number < 0 else number
        if self._wrong is not None:
            wrong = WrongSelection(self._wrong, chosen, seed)
            selection: Selection = wrong
            label: Callable[[int], Label] | None = wrong.label
            split, noun = "test", "mistakes"
            indices = self._wrong.mistakes.indices
            counts = {"test": np.bincount(dataset.test.labels[indices], minlength=len(dataset.classes))}
        else:
            selection, label, noun = Selection(dataset, split or None, chosen, seed), None, "images"
            counts = counts_of(dataset)
        self._selection = selection
        self._grid.set_images(
            ThumbnailSource(len(selection), dataset.image_shape, selection.read, selection.caption, label)
        )
        total = sum(int(count.sum()) for count in counts.values())
        some = f"{len(selection):,} of " if len(selection) != total else ""
        self._count.setText(f"{some}{total:,} {noun}")
        parts = []
        for series, (name, (_, word)) in enumerate(SPLITS.items()):
            shown = name in counts and split in ("", name)
            if shown:
                parts.append(ClassCounts(f"{word} {noun}", tuple(counts[name].tolist()), series))
            self._legend[name].setVisible(shown)
        self._histogram.set_classes(dataset.classes, parts)
        self._histogram.set_chosen(number)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self.failed.emit(reason(error))

    @Slot(object)
    def _show_means(self, means: Means) -> None:
        for number in np.flatnonzero(means.known).tolist():
            self._histogram.set_mean(number, means.images[number])

    @Slot(int)
    def _open(self, place: int) -> None:
        self.opened.emit(self._selection, place)
