"""A whole folder classified: thumbnails sorted by class and certainty, and the table of it."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QElapsedTimer, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from cnnstudio.gui.controls.buttons import chip, on_key, push_button
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.controls.forms import combo
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GRID, SECTION
from cnnstudio.gui.pages.choosers.network_input.session import unsure_share
from cnnstudio.gui.pages.try_.folder_results import FILTERS, ORDERS, TOP, Begun, More, Results, classify, problem_text
from cnnstudio.gui.task import LatestTask
from cnnstudio.gui.widgets.charts.class_histogram import ClassCounts, ClassHistogram
from cnnstudio.gui.widgets.images.thumbnail_grid import ThumbnailGrid, ThumbnailSource, size_slider
from cnnstudio.models.trained.folder_prediction import FilePrediction
from cnnstudio.storage import exists
from cnnstudio.wording import percent

_REFRESH = 1000
"""Milliseconds between two refreshes while predictions come, at least."""

_REST = 20
"""A refresh may take a twentieth of the time: with very many pictures, there are fewer."""


_LEAST_SIDE = 12 * GRID
"""Of a thumbnail with its answer below, unless a smaller one is chosen, in device-independent pixels."""


def _subtitle(model: str, judged: int = 0, right: int = 0, learnt: bool = False) -> str:
    """Which model answered, and how often it was right, where the names of folders or files say it."""
    if not judged:
        return f"Classified by {model}"
    return (
        f"Classified by {model}: {right:,} of {judged:,} right ({percent(right / judged)}), going by the names of "
        f"folders and files{'. It was trained on some of these pictures.' if learnt else ''}"
    )


class FolderView(QWidget):
    """Classifies a folder and shows the predictions.

    Signals:
        left(): the user wants to go back to single pictures.
        opened(object, object): the `PictureFile` of a thumbnail that was clicked, and the path of the model that
            answered here.
        describe_wanted(object): what the model with this path is, which answered here, is to be said anew.
        ended(): the work has ended, whatever it led to.
    """

    left = Signal()
    opened = Signal(object, object)
    describe_wanted = Signal(object)
    ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("folder_view")
        self._message = MessageBar()
        self._message.accepted.connect(self._classify_again)
        self._saving = LatestTask(self)
        self._saving.finished.connect(self._tell_saved)
        self._saving.failed.connect(self._message.show_failure)
        self._results: Results | None = None
        self._filter = "all"
        self._shown = np.zeros(0, int)
        self._rows: list[int] = []
        self._folder = Path()
        self._model, self._model_title = Path(), ""
        self._other_model, self._other_title, self._other_adopted = Path(), "", False
        self._doubtful = False
        """Other things are known of the model since it answered."""
        self._save_in: Path | None = None
        self._since = QElapsedTimer()
        self._pause = _REFRESH
        self._progress = ProgressPanel("folder", "Predicting", "Stops. The answers so far stay.")
        self._progress.reported.connect(self._hear)
        self._progress.finished.connect(self._finish)
        self._progress.failed.connect(self._end_with)
        body = row(self._build_classes(), (self._build_pictures(), 1), gap=SECTION)
        head = self._build_head()
        self.setLayout(column(head, self._message, self._progress, (body, 1), gap=2 * GRID, edge=SECTION))

    @property
    def results(self) -> Results | None:
        """What has come so far; None before a folder was chosen."""
        return self._results

    @property
    def shown(self) -> list[FilePrediction]:
        """The predictions on screen, in their order there."""
        return [self._results.predictions[place] for place in self._shown.tolist()] if self._results else []

    @property
    def running(self) -> bool:
        """Whether pictures are being classified."""
        return self._progress.running

    @property
    def has_content(self) -> bool:
        """Whether there are predictions, or may be some soon."""
        return self.running or (self._results is not None and bool(self._results.everything))

    def start(self, model: Path, title: str, folder: Path, adopted: bool = False) -> None:
        """Classifies all pictures of a folder or a zip archive.

        Args:
            model: the model's path.
            title: its name.
            folder: the folder.
            adopted: whether what the model is can be said anew.
        """
        self._progress.drop()
        self._message.hide()
        self._folder, self._model, self._model_title = folder, model, title
        self._doubtful = False
        self._describe.setVisible(adopted)
        self._save_in = None
        self._results = None
        self._title.setText(breakable(folder.name or str(folder)))
        self._subtitle.setText(_subtitle(title))
        self._filter = "all"
        self._histogram.set_classes((), ())
        self._refresh()
        self._progress.run(partial(classify, model, folder), "Looking for pictures and opening the network …")

    def entered(self, model: Path, title: str, adopted: bool = False) -> None:
        """Called when the user comes back: a model that is chosen or described otherwise by now may classify it, too.

        Args:
            model: the path of the model that is chosen now.
            title: its name.
            adopted: whether what it is can be said anew.
        """
        if self.running or (model == self._model and not self._doubtful):
            return
        self._other_model, self._other_title, self._other_adopted = model, title, adopted
        text = f"{self._model_title} answered here; {title} is chosen now."
        if model == self._model:
            text = "What this model is was said anew after it answered here."
        self._message.show_offer(text, f"Classify again with {title}")

    def doubt(self, model: Path) -> None:
        """Notes that other things are known of a model by now: what it answered here may be wrong."""
        self._doubtful = self._doubtful or (self.has_content and model == self._model)

    def shut_down(self) -> None:
        """Stops what is running, and waits until it has stopped."""
        self._progress.shut_down()
        self._saving.shut_down()

    def _build_head(self) -> QHBoxLayout:
        back = push_button(
            "leave_folder_button",
            "&Back",
            "Back to single pictures. The answers stay here. (Esc)",
            self._leave,
            picture="arrow-left",
        )
        # As the button's own shortcut it would take the place of its underlined letter.
        on_key(self, Qt.Key.Key_Escape, self._leave)
        self._title = label(role="heading", name="folder_title", plain=True)
        self._subtitle = label(role="secondary", name="folder_subtitle")
        self._describe = push_button(
            "wrong_folder_names_button",
            "Wrong names?",
            "Asks again what the classes of this model are called, in which order they are, and how it takes pictures.",
            lambda: self.describe_wanted.emit(self._model),
            role="quiet",
        )
        self._describe.hide()
        self._save = push_button(
            "save_table_button",
            "&Save as CSV…",
            f"A table for any spreadsheet program: each file with its {TOP} most probable classes.",
            self._ask_place,
            role="primary",
            picture="save",
        )
        words = column(self._title, self._subtitle, gap=0)
        return row(back, (words, 1), self._describe, self._save, gap=2 * GRID)

    def _build_classes(self) -> QWidget:
        self._histogram = describe(
            ClassHistogram(),
            "predicted_classes",
            "Predicted classes",
            "The number of pictures predicted for each class; the uncertain ones are hatched. Click a class to see "
            "only its pictures.",
        )
        self._histogram.chosen.connect(self._choose_class)
        self._every_class = push_button(
            "all_classes_button",
            "Show a&ll",
            "Shows the pictures of all classes again.",
            partial(self._choose_class, -1),
            role="quiet",
        )
        policy = self._every_class.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._every_class.setSizePolicy(policy)
        heading = row((label("Predicted classes", "strong", wrap=False), 1), self._every_class)
        self._legend = label("", "small", "unsure_legend")
        self._legend.hide()
        classes = widget_of(column(heading, self._legend, (self._histogram, 1)))
        classes.setFixedWidth(29 * GRID)
        return classes

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
        self._soon = label("The pictures appear here as they are classified.", "secondary", "no_pictures_yet")
        self._soon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._filled_side = self._grid.side
        self._stack = QStackedWidget()
        for view in (self._grid, self._list, self._soon):
            self._stack.addWidget(view)
        self._chips = {
            name: chip(f"{name}_filter_chip", text, lesson, partial(self._choose_filter, name))
            for name, (text, lesson) in FILTERS.items()
        }
        self._order = combo("order_combo", "Order", "", ORDERS)
        self._order.currentIndexChanged.connect(self._refresh)
        sort = label("S&ort", "secondary", wrap=False)
        sort.setBuddy(self._order)
        self._count = label(role="secondary", name="folder_count", plain=True)
        foot = row((self._count, 1), sort, self._order, 2 * GRID, size_slider(self._grid, "folder_thumbnail_size"))
        return column(row(*self._chips.values(), STRETCH), (self._stack, 1), foot)

    @Slot(object)
    def _hear(self, event: object) -> None:
        match event:
            case Begun():
                self._results = Results(event)
                self._since.start()
            case More() if self._results is not None:
                self._results.add(event.predictions)
                if self._since.elapsed() > self._pause:
                    self._since.start()
                    self._refresh()
                    self._pause = max(_REFRESH, _REST * self._since.elapsed())

    @Slot(object)
    def _finish(self, whole: bool) -> None:
        self._refresh()
        self.ended.emit()
        if self._results is None:
            return
        done = len(self._results.everything)
        if not whole:
            self._message.show_info(f"Cancelled: {done:,} of {self._results.begun.total:,} pictures are classified.")
        elif self._results.begun.problems:
            self._message.show_error(" ".join((*self._results.begun.problems[:3], *self._results.begun.left_out)))
        elif self._results.begun.left_out:
            self._message.show_info(breakable(" ".join(self._results.begun.left_out)))

    @Slot(object)
    def _end_with(self, error: Exception) -> None:
        self._refresh()
        self._message.show_failure(error)
        self.ended.emit()

    @Slot()
    def _refresh(self) -> None:
        """Shows the predictions so far, filtered and sorted; what is in view stays there where it can."""
        results = self._results
        self._save.setEnabled(results is not None and bool(results.everything))
        if results is None or not results.everything:
            self._show_choices({}, one_class=False)
            self._chips["wrong"].hide()
            self._every_class.hide()
            self._grid.set_images(None)
            self._stack.setCurrentWidget(self._soon)
            self._count.setText("")
            return
        self._show_classes(results)
        chosen = self._histogram.chosen_class
        unsure = results.counts(sure=False)
        self._legend.setText(f"Hatched: at most {percent(unsure_share(len(results.begun.classes)), 0)} sure")
        self._legend.setVisible(bool(unsure.any()))
        number_unsure = int(unsure[self._rows[chosen]] if chosen >= 0 else unsure.sum())
        judged, right = results.judged, results.right
        counts = {"unsure": number_unsure, "wrong": judged - right, "unreadable": len(results.unreadable)}
        self._show_choices(counts, one_class=chosen >= 0)
        self._chips["wrong"].setVisible(judged > 0)
        self._subtitle.setText(_subtitle(self._model_title, judged, right, results.begun.learnt))
        self._every_class.setVisible(chosen >= 0)
        listing = self._filter == "unreadable"
        self._stack.setCurrentWidget(self._list if listing else self._grid)
        if listing:
            self._list.setPlainText("\n".join(problem_text(one, self._folder) for one in results.unreadable))
            number = len(results.unreadable)
            self._count.setText(f"{number:,} {'file' if number == 1 else 'files'} cannot be used")
            return
        self._shown = results.order(
            self._order.currentData(), self._filter, self._rows[chosen] if chosen >= 0 else None
        )
        thumbnails, shown, scrolled = results.begun.thumbnails, self._shown, self._grid.verticalScrollBar().value()
        self._grid.set_images(
            ThumbnailSource(
                len(shown),
                thumbnails.shape,
                lambda places: thumbnails.read(shown[places]),
                lambda place: results.caption(int(shown[place])),
                lambda place: results.label(int(shown[place])),
            )
        )
        self._fill_page()
        if self.running:
            self._grid.verticalScrollBar().setValue(scrolled)
        self._tell_picture(-1)

    def _fill_page(self) -> None:
        """Makes the thumbnails as large as all can be seen at once, unless their size was chosen by hand."""
        if self._results is not None and self._grid.side == self._filled_side:
            if (layout := self.layout()) is not None:
                layout.activate()  # so that the grid has its new size already
            count = self._results.begun.total if self.running else len(self._shown)
            self._grid.fill(max(1, count), _LEAST_SIDE)
            self._filled_side = self._grid.side

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill_page()

    def _show_choices(self, counts: Mapping[str, int], one_class: bool) -> None:
        """Shows which filter is on, and how many pictures some of them let through."""
        for name, button in self._chips.items():
            text = FILTERS[name][0]
            button.setText(f"{text} ({counts[name]:,})" if name in counts else text)
            button.setChecked(name == self._filter and (name != "all" or not one_class))
        self._chips["unreadable"].setVisible(bool(counts.get("unreadable")))
        self._order.setEnabled(self._filter != "unreadable")
        self._order.setToolTip(ORDERS[self._order.currentData()][1])

    def _show_classes(self, results: Results) -> None:
        sure, unsure = results.counts(sure=True), results.counts(sure=False)
        chosen = self._histogram.chosen_class
        number = self._rows[chosen] if chosen >= 0 else -1
        total = sure + unsure
        self._rows = [int(row) for row in np.argsort(-total, kind="stable") if total[row]]
        parts = [
            ClassCounts(title, tuple(int(count[row]) for row in self._rows), series)
            for title, count, series in (("certain", sure, 0), ("uncertain", unsure, 1))
        ]
        self._histogram.set_classes([results.answers[row] for row in self._rows], parts, shows_means=False)
        if number in self._rows:
            self._histogram.set_chosen(self._rows.index(number))

    @Slot(int)
    def _choose_class(self, number: int) -> None:
        self._message.hide()
        self._histogram.set_chosen(number)
        if self._filter == "unreadable":
            self._filter = "all"
        self._refresh()

    def _choose_filter(self, name: str) -> None:
        """Turns a filter on; the one that is on, off."""
        self._filter = "all" if name == self._filter else name
        self._message.hide()
        if name not in ("unsure", "wrong"):
            self._histogram.set_chosen(-1)
        self._refresh()

    @Slot(int)
    def _tell_picture(self, place: int) -> None:
        if self._results is None:
            return
        if 0 <= place < len(self._shown):
            self._count.setText(self._results.caption(int(self._shown[place])))
            return
        total = len(self._results.predictions)
        some = f"{len(self._shown):,} of " if len(self._shown) != total else ""
        self._count.setText(f"{some}{total:,} pictures")

    @Slot(int)
    def _open(self, place: int) -> None:
        self._message.hide()
        if self._results is not None and exists(self._model):
            self.opened.emit(self._results.predictions[int(self._shown[place])].file, self._model)
        elif self._results is not None:
            self._message.show_error(
                f"{self._model_title}, which answered here, was deleted or moved. Choose another model, and classify "
                "the folder again."
            )

    @Slot()
    def _leave(self) -> None:
        self._message.hide()
        self.left.emit()

    @Slot()
    def _classify_again(self) -> None:
        self.start(self._other_model, self._other_title, self._folder, self._other_adopted)

    @Slot()
    def _ask_place(self) -> None:
        if self._results is None:
            return
        self._message.hide()
        place = self._save_in or self._folder.parent
        if not os.access(place, os.W_OK):
            place = Path.home()
        start = str(place / f"{self._folder.stem or 'pictures'}.csv")
        name, _ = QFileDialog.getSaveFileName(self, "Save the table", start, "Tables (*.csv)")
        if name:
            self._save_in = Path(name).parent
            path = Path(name) if name.lower().endswith(".csv") else Path(f"{name}.csv")
            self._saving.submit(self._results.save, path)

    @Slot(object)
    def _tell_saved(self, saved: tuple[Path, int]) -> None:
        path, count = saved
        rows = f"{count:,} {'row' if count == 1 else 'rows'}"
        self._message.show_info(f"{rows} saved as {path}: all pictures{' so far' if self.running else ''}.")
