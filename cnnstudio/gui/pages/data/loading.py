"""Loads a data set, from disk or from its authors' site, with progress and Cancel."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from cnnstudio.data.folders.load import load_folder
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row, widget_of
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.choosers.names import open_classifier
from cnnstudio.gui.pages.data.selection import WrongAnswers
from cnnstudio.progress import ending_with
from cnnstudio.training.evaluation import find_mistakes
from cnnstudio.wording import size

_WIDTH = 64 * GRID


class LoadingPanel(QWidget):
    """What the page shows while there is no data set: why, how much is loaded, and what to do.

    Args:
        library: which data sets need no download.

    Signals:
        download_asked(): the user wants the data set.

    Attributes:
        progress: runs the loading, which ends with the `Dataset`, or with the `WrongAnswers` that were looked for.
    """

    download_asked = Signal()

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library
        self._title = label(role="heading", name="loading_title", plain=True)
        self._text = label(role="secondary", name="loading_text", plain=True)
        self._entry: DatasetEntry | None = None
        self.progress = ProgressPanel(
            "loading", "Loading", "Stops loading. A download resumes where it stopped when you start it again."
        )
        self.progress.cancelled.connect(self._offer_again)
        self.progress.failed.connect(self._offer_again)
        self._download = push_button(
            "download_button",
            "&Download",
            "Downloads the data set from its authors' site once; from then on it needs no internet connection.",
            self.download_asked,
            role="primary",
            picture="download",
        )
        download = (self._download, 0, Qt.AlignmentFlag.AlignLeft)
        box = widget_of(column(self._title, self._text, self.progress, download, gap=2 * GRID))
        box.setMaximumWidth(_WIDTH)
        self.setLayout(column(STRETCH, row(STRETCH, (box, 6), STRETCH), STRETCH))

    def offer(self, entry: DatasetEntry, again: bool = False) -> None:
        """Offers a download, or to try again what has failed or was cancelled."""
        self._entry = entry
        self._title.setText(breakable(entry.title))
        here = self._library.is_here(entry)
        how = (
            "Its images are on this computer already."
            if here
            else f"It is downloaded once, {size(entry.download_bytes)}, and kept on this computer."
        )
        self._text.setText(breakable(f"{entry.description} {entry.size_text}. {how}"))
        verb = " &Load" if here else " &Download"
        self._download.setText(f"{verb} again" if again and here else verb)
        self._download.show()

    def start(self, entry: DatasetEntry, rescan: bool = False) -> None:
        """Loads a data set.

        Args:
            entry: which.
            rescan: looks at every file of a user's own images again, whatever the cache holds.
        """
        self._entry = entry
        self._title.setText(breakable(entry.title))
        self._text.setText(breakable(f"{entry.description} {entry.size_text}."))
        self._download.hide()
        doing = "Loading" if self._library.is_here(entry) else "Downloading"
        self.progress.run(partial(_load, entry, rescan), f"{doing} …")

    def look_for_mistakes(self, entry: DatasetEntry, model: Path, name: str) -> None:
        """Asks a model about all test images of the data set that it was trained on.

        Args:
            entry: the data set, in the model's size of images.
            model: the model's folder or file.
            name: what the model is called.
        """
        self._entry = entry
        self._title.setText(breakable(f"Which ones does “{name}” get wrong?"))
        self._text.setText(
            breakable(f"Its answers to all test images of {entry.called} are compared with the right ones.")
        )
        self._download.hide()
        self.progress.run(partial(_look_for_mistakes, entry, model, name), "Opening the model …")

    @Slot()
    def _offer_again(self) -> None:
        if self._entry is not None:
            self.offer(self._entry, again=True)


def _load(entry: DatasetEntry, rescan: bool, on_event: Callable[[object], object], stop: threading.Event) -> Dataset:
    tell = ending_with(stop, on_event)
    if rescan and entry.path is not None:
        side, _, channels = entry.image_shape
        dataset = load_folder(Path(entry.path), side, channels, on_progress=tell, rescan=True, layout=entry.layout)
        dataset = replace(dataset, name=entry.name, title=entry.title)
    else:
        dataset = entry.load(tell)
    if dataset.name_of_file is not None:
        dataset.name_of_file(dataset.test, 0)  # lists the folder here, in this thread
    return dataset


def _look_for_mistakes(
    entry: DatasetEntry, model: Path, name: str, on_event: Callable[[object], object], stop: threading.Event
) -> WrongAnswers:
    tell = ending_with(stop, on_event)
    classifier = open_classifier(model)
    dataset = entry.load(tell)
    return WrongAnswers(name, dataset, find_mistakes(classifier, dataset.test, tell))
