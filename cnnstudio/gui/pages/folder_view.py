"""A whole folder classified: thumbnails sorted by class and certainty, and the table of it."""

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QElapsedTimer, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.splits import Progress
from cnnstudio.errors import StudioError
from cnnstudio.gui.describe import describe, label
from cnnstudio.gui.log import details
from cnnstudio.gui.pages.folder_results import FILTERS, ORDERS, TOP, Begun, More, Results, told, work, write
from cnnstudio.gui.task import Task
from cnnstudio.gui.theme import GRID, SECTION, icon
from cnnstudio.gui.widgets.class_histogram import ClassHistogram, Part
from cnnstudio.gui.widgets.message_bar import MessageBar
from cnnstudio.gui.widgets.thumbnail_grid import LARGEST, SMALLEST, ThumbnailGrid, Thumbnails
from cnnstudio.wording import progress

_REFRESH = 1000
"""Milliseconds between two looks at what has come meanwhile, at least."""

_REST = 20
"""A look may take a twentieth of the time: with very many pictures, there are fewer."""


class FolderView(QWidget):
    """Classifies a folder and shows what came of it.

    Signals:
        left(): somebody wants to go back to single pictures.
        opened(object): the `PictureFile` of a thumbnail that was clicked.
    """

    left = Signal()
    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("folder_view")
        self._task: Task | None = None
        self._saving: Task | None = None
        self._results: Results | None = None
        self._shown = np.zeros(0, int)
        self._rows: list[int] = []
        self._folder = Path()
        self._since = QElapsedTimer()
        self._pause = _REFRESH
        self._message = MessageBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(SECTION, SECTION, SECTION, SECTION)
        column.setSpacing(2 * GRID)
        column.addLayout(self._build_header())
        column.addWidget(self._message)
        column.addWidget(self._build_progress())
        body = QHBoxLayout()
        body.setSpacing(SECTION)
        body.addWidget(self._build_classes())
        body.addLayout(self._build_pictures(), 1)
        column.addLayout(body, 1)

    @property
    def results(self) -> Results | None:
        """What has come so far; None before a folder was chosen."""
        return self._results

    @property
    def running(self) -> bool:
        """Whether pictures are being classified."""
        return self._task is not None and self._task.running

    def start(self, model: Path, title: str, folder: Path) -> None:
        """Classifies all pictures of a folder or a zip archive.

        Args:
            model: the model's path.
            title: its name.
            folder: the folder.
        """
        self._stop()
        self._message.hide()
        self._folder = folder
        self._results = None
        self._title.setText(folder.name or str(folder))
        self._subtitle.setText(f"Classified by {title}")
        self._chips["all"].setChecked(True)
        self._histogram.set_classes((), ())
        self._refresh()
        self._state.setText("Looking for pictures and opening the model …")
        self._bar.setRange(0, 0)
        self._working.show()
        self._task = Task(partial(work, model, folder), self)
        self._task.event.connect(self._hear)
        self._task.finished.connect(self._finish)
        self._task.failed.connect(self._fail)
        self._task.start()

    def shut_down(self) -> None:
        """Ends what is running, and waits for it."""
        for task in (self._task, self._saving):
            if task is not None:
                task.shut_down()

    def _build_header(self) -> QHBoxLayout:
        back = describe(
            QPushButton("&Back"), "leave_folder_button", "Back", "Back to single pictures; what is here stays. (Esc)"
        )
        back.setIcon(icon("arrow-left"))
        back.setShortcut("Esc")
        back.clicked.connect(self.left)
        self._title = label(role="heading", name="folder_title")
        self._title.setWordWrap(False)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._subtitle = label(role="secondary", name="folder_subtitle")
        self._save = describe(
            QPushButton("&Save as CSV…"),
            "save_table_button",
            "Save as CSV",
            f"A table that every spreadsheet opens: each file with its {TOP} most probable classes.",
        )
        self._save.setProperty("role", "primary")
        self._save.setIcon(icon("save", "on_accent"))
        self._save.clicked.connect(self._ask_place)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._title)
        words.addWidget(self._subtitle)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(back, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(words, 1)
        row.addWidget(self._save, 0, Qt.AlignmentFlag.AlignVCenter)
        return row

    def _build_progress(self) -> QWidget:
        self._working = QWidget()
        self._bar = describe(QProgressBar(), "folder_progress", "Progress", "How many of the pictures are classified.")
        self._bar.setTextVisible(False)
        self._state = label(role="secondary", name="folder_state")
        cancel = describe(
            QPushButton("&Cancel"), "cancel_folder_button", "Cancel", "Ends it at once; what has come so far stays."
        )
        cancel.clicked.connect(self._cancel)
        row = QHBoxLayout(self._working)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(self._bar, 1)
        row.addWidget(self._state, 1)
        row.addWidget(cancel)
        self._working.hide()
        return self._working

    def _build_classes(self) -> QWidget:
        column = QWidget()
        column.setFixedWidth(30 * GRID)
        self._histogram = describe(
            ClassHistogram(),
            "predicted_classes",
            "Predicted classes",
            "How many pictures were taken for each class; hatched, those that the network is uncertain about. "
            "Click one to see only its pictures.",
        )
        self._histogram.chosen.connect(self._choose_class)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(label("Predicted classes", "strong"))
        layout.addWidget(label("Hatched: uncertain, below 50 %", "small"))
        layout.addWidget(self._histogram, 1)
        return column

    def _build_pictures(self) -> QVBoxLayout:
        self._grid = ThumbnailGrid(placeholder="There are no such pictures.")
        describe(self._grid, "folder_grid", "Pictures", "Click a picture, or press Enter on it, to look at it closely.")
        self._grid.activated.connect(self._open)
        self._grid.current_changed.connect(self._tell_picture)
        self._grid.failed.connect(self._message.show_error)
        self._list = describe(
            QPlainTextEdit(), "unreadable_list", "Unreadable files", "The files that could not be opened, and why."
        )
        self._list.setReadOnly(True)
        self._list.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._grid)
        self._stack.addWidget(self._list)
        soon = label("The pictures appear here as they are classified.", "secondary", "no_pictures_yet")
        soon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(soon)
        chips = QHBoxLayout()
        chips.setSpacing(GRID)
        self._chips = self._add_chips(chips, FILTERS, "_filter_chip")
        chips.addStretch(1)
        self._orders = self._add_chips(chips, ORDERS, "_first_chip")
        layout = QVBoxLayout()
        layout.setSpacing(GRID)
        layout.addLayout(chips)
        layout.addWidget(self._stack, 1)
        layout.addLayout(self._build_foot())
        return layout

    def _add_chips(self, row: QHBoxLayout, table: dict[str, tuple[str, str]], suffix: str) -> dict[str, QPushButton]:
        group = QButtonGroup(self)
        chips: dict[str, QPushButton] = {}
        for name, (text, lesson) in table.items():
            chip = describe(QPushButton(text), f"{name}{suffix}", text.replace("&", ""), lesson)
            chip.setProperty("role", "chip")
            chip.setCheckable(True)
            chip.setChecked(not chips)
            chip.clicked.connect(self._refresh)
            group.addButton(chip)
            row.addWidget(chip)
            chips[name] = chip
        return chips

    def _build_foot(self) -> QHBoxLayout:
        self._count = label(role="secondary", name="folder_count")
        self._count.setTextFormat(Qt.TextFormat.PlainText)
        size = describe(
            QSlider(Qt.Orientation.Horizontal),
            "folder_thumbnail_size",
            "Size of the thumbnails",
            "Makes the thumbnails larger or smaller; Ctrl and the wheel do, too.",
        )
        size.setRange(SMALLEST, LARGEST)
        size.setFixedWidth(16 * GRID)
        size.setValue(self._grid.side)
        size.valueChanged.connect(self._grid.set_side)
        self._grid.side_changed.connect(size.setValue)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._count, 1)
        row.addWidget(label("Size", "secondary"))
        row.addWidget(size)
        return row

    @Slot(object)
    def _hear(self, event: object) -> None:
        match event:
            case Begun():
                self._results = Results(event)
                self._bar.setRange(0, event.total)
                self._since.start()
            case More() if self._results is not None:
                self._results.add(event.predictions)
                if self._since.elapsed() > self._pause:
                    self._since.start()
                    self._refresh()
                    self._pause = max(_REFRESH, _REST * self._since.elapsed())
            case Progress():
                self._bar.setValue(event.done)
                self._state.setText(progress(event.done, event.total, "pictures", event.seconds_left))

    @Slot(object)
    def _finish(self, whole: bool) -> None:
        self._working.hide()
        self._refresh()
        if self._results is None:
            return
        done = len(self._results.predictions) + len(self._results.unreadable)
        if not whole:
            self._message.show_info(f"Cancelled: {done:,} of {self._results.begun.total:,} pictures are classified.")
        elif self._results.begun.problems:
            self._message.show_error(" ".join(self._results.begun.problems[:3]))

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._working.hide()
        self._refresh()
        self._message.show_error(str(error), "" if isinstance(error, StudioError) else details())

    @Slot()
    def _cancel(self) -> None:
        if self._task is not None:
            self._task.stop()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.stop()
            for signal in (self._task.event, self._task.finished, self._task.failed):
                signal.disconnect()
            self._task = None

    @Slot()
    def _refresh(self) -> None:
        """Shows what has come so far, filtered and sorted; what is in sight stays where it can."""
        results = self._results
        self._save.setEnabled(results is not None and bool(results.predictions or results.unreadable))
        self._chips["unreadable"].setVisible(results is not None and bool(results.unreadable))
        if results is None or not results.everything:
            self._grid.set_images(None)
            self._stack.setCurrentIndex(2)
            self._count.setText("")
            return
        self._chips["unreadable"].setText(f"{FILTERS['unreadable'][0]} ({len(results.unreadable):,})")
        listing = self._chips["unreadable"].isChecked()
        self._stack.setCurrentIndex(1 if listing else 0)
        for chip in self._orders.values():
            chip.setEnabled(not listing)
        self._show_classes(results)
        if listing:
            self._list.setPlainText("\n".join(map(told, results.unreadable)))
            number = len(results.unreadable)
            self._count.setText(f"{number:,} {'file' if number == 1 else 'files'} cannot be used")
            return
        chosen = self._histogram.chosen_class
        self._shown = results.order(
            self._orders["least"].isChecked(),
            self._chips["unsure"].isChecked(),
            self._rows[chosen] if chosen >= 0 else None,
        )
        thumbnails, shown, scrolled = results.begun.thumbnails, self._shown, self._grid.verticalScrollBar().value()
        self._grid.set_images(
            Thumbnails(
                len(shown),
                thumbnails.shape,
                lambda places: thumbnails.read(shown[places]),
                lambda place: results.caption(int(shown[place])),
            )
        )
        if self.running:
            self._grid.verticalScrollBar().setValue(scrolled)
        self._tell_picture(-1)

    def _show_classes(self, results: Results) -> None:
        sure, unsure = results.counts(sure=True), results.counts(sure=False)
        chosen = self._histogram.chosen_class
        number = self._rows[chosen] if chosen >= 0 else -1
        total = sure + unsure
        self._rows = [int(row) for row in np.argsort(-total, kind="stable") if total[row]]
        parts = [
            Part(title, tuple(int(count[row]) for row in self._rows), series)
            for title, count, series in (("certain", sure, 0), ("uncertain", unsure, 1))
        ]
        self._histogram.set_classes([results.begun.classes[row] for row in self._rows], parts, shows_means=False)
        if number in self._rows:
            self._histogram.set_chosen(self._rows.index(number))

    @Slot(int)
    def _choose_class(self, number: int) -> None:
        self._histogram.set_chosen(number)
        if self._chips["unreadable"].isChecked():
            self._chips["all"].setChecked(True)
        self._refresh()

    @Slot(int)
    def _tell_picture(self, place: int) -> None:
        if self._results is None:
            return
        if 0 <= place < len(self._shown):
            self._count.setText(self._results.caption(int(self._shown[place])))
            return
        total = len(self._results.predictions)
        some = f"{len(self._shown):,} of {total:,} pictures" if len(self._shown) != total else f"{total:,} pictures"
        self._count.setText(some)

    @Slot(int)
    def _open(self, place: int) -> None:
        if self._results is not None:
            self.opened.emit(self._results.predictions[int(self._shown[place])].file)

    @Slot()
    def _ask_place(self) -> None:
        if self._results is None:
            return
        start = str(Path.home() / f"{self._folder.stem or 'pictures'}.csv")
        name, _ = QFileDialog.getSaveFileName(self, "Save the table", start, "Tables (*.csv)")
        if name:
            self._save_as(Path(name) if name.lower().endswith(".csv") else Path(f"{name}.csv"), self._results)

    def _save_as(self, path: Path, results: Results) -> None:
        self._saving = Task(partial(write, path, results), self)
        self._saving.finished.connect(self._tell_saved)
        self._saving.failed.connect(self._fail)
        self._saving.start()

    @Slot(object)
    def _tell_saved(self, path: Path) -> None:
        self._message.show_info(f"Saved as {path}.")
