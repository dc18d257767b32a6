"""Loads a data set, from disk or from its authors' site, with progress and Cancel."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnstudio.data.folders.load import load_folder
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import breakable, label
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GRID
from cnnstudio.progress import ending_with
from cnnstudio.wording import size

_WIDTH = 64 * GRID


class LoadingPanel(QWidget):
    """What stands in the page while there is no data set to show: why, how far it is, and what to do.

    Signals:
        download_asked(): somebody wants the data set.
        loaded(object): the `Dataset`.
        failed(object): why it could not be loaded.
    """

    download_asked = Signal()
    loaded = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label(role="heading", name="loading_title")
        self._text = label(role="secondary", name="loading_text")
        for words in (self._title, self._text):
            words.setTextFormat(Qt.TextFormat.PlainText)
        self._entry: DatasetEntry | None = None
        self._progress = ProgressPanel(
            "loading", "Loading", "Ends it at once. A download goes on where it was when it is asked for again."
        )
        self._progress.finished.connect(self.loaded)
        self._progress.cancelled.connect(self._offer_again)
        self._progress.failed.connect(self._offer_again)
        self._progress.failed.connect(self.failed)
        self._download = push_button(
            "download_button",
            "&Download",
            "Fetches the data set from its authors' site once; it is kept and used without a network from then on.",
            self.download_asked,
            role="primary",
            picture="download",
        )
        box = QWidget()
        box.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        for widget in (self._title, self._text, self._progress):
            column.addWidget(widget)
        column.addWidget(self._download, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(box, 6)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(2)
        layout.addLayout(row)
        layout.addStretch(3)

    @property
    def running(self) -> bool:
        """Whether a data set is being loaded."""
        return self._progress.running

    def offer(self, entry: DatasetEntry, again: bool = False) -> None:
        """Offers a download, or to try again what has failed or was cancelled."""
        self._entry = entry
        self._title.setText(breakable(entry.title))
        here = entry.is_here()
        how = (
            "Its images are on this computer already."
            if here
            else f"It is downloaded once, {size(entry.download_bytes)}, and kept for use without a network."
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
        self._progress.run(partial(_load, entry, rescan), "Loading …" if entry.is_here() else "Downloading …")

    def drop(self) -> None:
        """Ends what is being loaded; no signal comes after."""
        self._progress.drop()

    def shut_down(self) -> None:
        """Ends what is being loaded, and waits for it."""
        self._progress.shut_down()

    @Slot()
    def _offer_again(self) -> None:
        if self._entry is not None:
            self.offer(self._entry, again=True)


def _load(entry: DatasetEntry, rescan: bool, on_event: Callable[[object], object], stop: threading.Event) -> Dataset:
    tell = ending_with(stop, on_event)
    if rescan and entry.path is not None:
        side, _, channels = entry.image_shape
        dataset = load_folder(Path(entry.path), side, channels, on_progress=tell, rescan=True)
        return replace(dataset, name=entry.name, title=entry.title)
    return entry.load(tell)
