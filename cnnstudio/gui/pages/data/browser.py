"""All images of a data set: the classes on the left, the thumbnails beside them."""

from functools import partial

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QListView,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from cnnstudio.data.splits import Dataset
from cnnstudio.errors import reason
from cnnstudio.gui.controls.buttons import chip, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.look.theme import GRID, colours
from cnnstudio.gui.pages.data.selection import SPLITS, Means, Selection, counts_of, mean_images, splits_of
from cnnstudio.gui.task import Task
from cnnstudio.gui.widgets.charts.class_histogram import ClassCounts, ClassHistogram, brush_of
from cnnstudio.gui.widgets.images.thumbnail_grid import LARGEST, SMALLEST, ThumbnailGrid, ThumbnailSource

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

_NO_VALIDATION = "This data set brings no validation images: a training holds some of its training images out itself."


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


def _legend_entry(series: int, text: str) -> QWidget:
    entry, words = QWidget(), label(text, "small")
    words.setWordWrap(False)
    row = QHBoxLayout(entry)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GRID // 2)
    row.addWidget(_Swatch(series))
    row.addWidget(words)
    return entry


class DataBrowser(QWidget):
    """Thumbnails, filtered by split and class, and how many images each class has.

    Signals:
        opened(object, int): an image was clicked: the `Selection` it is in, and its place there.
        failed(str): images cannot be read, and why.
    """

    opened = Signal(object, int)
    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dataset: Dataset | None = None
        self._selection: Selection | None = None
        self._task: Task | None = None
        self._seed = 0
        columns = QHBoxLayout(self)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(3 * GRID)
        columns.addWidget(self._build_classes())
        columns.addLayout(self._build_images(), 1)

    @property
    def selection(self) -> Selection | None:
        """The images that are shown."""
        return self._selection

    def show_dataset(self, dataset: Dataset) -> None:
        """Shows another data set, all of it, from its first image on."""
        self.stop()
        self._dataset = dataset
        there = splits_of(dataset)
        for name, button in self._chips.items():
            button.setEnabled(not name or name in there)
            button.setToolTip(f"<p>{CHIPS[name][1]}</p>" if button.isEnabled() else f"<p>{_NO_VALIDATION}</p>")
        self._chips[""].setChecked(True)
        self._class_combo.blockSignals(True)
        self._class_combo.clear()
        self._class_combo.addItems(["All classes", *dataset.classes])
        self._class_combo.blockSignals(False)
        self._histogram.clear_means()
        self._histogram.set_chosen(-1)
        self._filter()
        self._task = Task(partial(mean_images, dataset), self)
        self._task.reported.connect(self._show_means)
        self._task.finished.connect(self._finish)
        self._task.failed.connect(self._tell_why)
        self._task.start()

    def stop(self) -> None:
        """Ends what is being computed."""
        if self._task is not None:
            self._task.drop()
            self._task = None

    def shut_down(self) -> None:
        """Ends what is being computed, and waits for it."""
        if self._task is not None:
            self._task.shut_down()
            self._task = None

    def choose_place(self, place: int) -> None:
        """Outlines an image and takes the keys."""
        self._grid.set_current(place)
        self._grid.setFocus()

    def _build_classes(self) -> QWidget:
        column = QWidget()
        column.setFixedWidth(30 * GRID)
        title = label("Classes", "strong")
        title.setToolTip("<p>What the network learns to tell apart. The small picture is the mean of the class.</p>")
        sort = tool_button(
            "largest_first_button",
            "Largest class first",
            "Sorts the classes by their numbers of images, to find the small ones. Press it again for their order.",
            "sort",
        )
        sort.setCheckable(True)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(sort)
        legend = QHBoxLayout()
        legend.setSpacing(2 * GRID)
        self._legend: dict[str, QWidget] = {}
        for series, (name, (text, _)) in enumerate(SPLITS.items()):
            self._legend[name] = _legend_entry(series, text)
            legend.addWidget(self._legend[name])
        legend.addStretch(1)
        self._histogram = ClassHistogram()
        self._histogram.chosen.connect(self._choose_class)
        sort.toggled.connect(self._histogram.set_largest_first)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addLayout(head)
        layout.addLayout(legend)
        layout.addWidget(self._histogram, 1)
        return column

    def _build_images(self) -> QVBoxLayout:
        self._grid = ThumbnailGrid(placeholder="No image of this class is in this split. Choose All above.")
        self._grid.activated.connect(self._open)
        self._grid.failed.connect(self.failed)
        layout = QVBoxLayout()
        layout.setSpacing(GRID)
        layout.addLayout(self._build_filters())
        layout.addWidget(self._grid, 1)
        layout.addLayout(self._build_foot())
        return layout

    def _build_filters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        group = QButtonGroup(self)
        self._chips: dict[str, QPushButton] = {}
        for name, (text, lesson) in CHIPS.items():
            self._chips[name] = chip(f"{name or 'all'}_chip", text, lesson, self._filter)
            group.addButton(self._chips[name])
            row.addWidget(self._chips[name])
        row.addStretch(1)
        self._class_combo = describe(
            QComboBox(), "class_combo", "Class", "Shows the images of one class only. Type to find a class by its name."
        )
        self._class_combo.setFixedWidth(23 * GRID)
        self._class_combo.setMaxVisibleItems(14)
        # Measuring ten thousand names would take long.
        self._class_combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        view = self._class_combo.view()
        if isinstance(view, QListView):
            view.setUniformItemSizes(True)
        self._class_combo.currentIndexChanged.connect(self._filter)
        row.addWidget(self._class_combo)
        self._shuffle = tool_button(
            "shuffle_button",
            "Shuffle",
            "Shows the images in a random order, as a training does. Press it again for their own order.",
            "shuffle",
            self._reorder,
        )
        self._shuffle.setCheckable(True)
        row.addWidget(self._shuffle)
        return row

    def _build_foot(self) -> QHBoxLayout:
        self._count = label(role="secondary", name="images_shown")
        self._size = describe(
            QSlider(Qt.Orientation.Horizontal),
            "thumbnail_size",
            "Size of the thumbnails",
            "Makes the thumbnails larger or smaller; Ctrl and the wheel do, too. The images stay as they are.",
        )
        self._size.setRange(SMALLEST, LARGEST)
        self._size.setSingleStep(GRID)
        self._size.setPageStep(2 * GRID)
        self._size.setFixedWidth(16 * GRID)
        self._size.setValue(self._grid.side)
        self._size.valueChanged.connect(self._grid.set_side)
        self._grid.side_changed.connect(self._size.setValue)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._count, 1)
        row.addWidget(label("Size", "secondary"))
        row.addWidget(self._size)
        return row

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
        selection = Selection(dataset, split or None, None if number < 0 else number, seed)
        self._selection = selection
        self._grid.set_images(ThumbnailSource(len(selection), dataset.image_shape, selection.read, selection.caption))
        counts = counts_of(dataset)
        total = sum(int(count.sum()) for count in counts.values())
        some = f"{len(selection):,} of {total:,} images" if len(selection) != total else f"{total:,} images"
        self._count.setText(some)
        self._show_counts(counts, split)
        self._histogram.set_chosen(number)

    def _show_counts(self, counts: dict[str, np.ndarray], split: str) -> None:
        if self._dataset is None:
            return
        parts = []
        for series, (name, (_, word)) in enumerate(SPLITS.items()):
            shown = name in counts and split in ("", name)
            if shown:
                parts.append(ClassCounts(f"{word} images", tuple(counts[name].tolist()), series))
            self._legend[name].setVisible(shown)
        self._histogram.set_classes(self._dataset.classes, parts)

    @Slot(object)
    def _finish(self, means: Means | None) -> None:
        self.stop()
        self._show_means(means)

    @Slot(object)
    def _tell_why(self, error: Exception) -> None:
        self.stop()
        self.failed.emit(reason(error))

    @Slot(object)
    def _show_means(self, means: Means | None) -> None:
        if means is None or means.dataset is not self._dataset:
            return
        for number in np.flatnonzero(means.known).tolist():
            self._histogram.set_mean(number, means.images[number])

    @Slot(int)
    def _open(self, place: int) -> None:
        self.opened.emit(self._selection, place)
