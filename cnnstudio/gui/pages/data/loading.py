"""Getting a data set: from disk or from its authors' site, told, cancelled, and begun anew."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from cnnstudio.data.folders.load import load_folder
from cnnstudio.data.published.catalogue import DatasetEntry
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.controls.describe import breakable, describe, label
from cnnstudio.gui.look.theme import GRID, icon
from cnnstudio.progress import Progress, ending_with
from cnnstudio.wording import progress, size

_WIDTH = 64 * GRID
_STEPS = 1000


def load(entry: DatasetEntry, rescan: bool, on_event: Callable[[object], object], stop: threading.Event) -> Dataset:
    """Loads a data set in a thread.

    Args:
        entry: which.
        rescan: looks at every file of a user's own images again, whatever the cache holds.
        on_event: told `Progress`, some times a second.
        stop: ends it with `Cancelled`.

    Raises:
        StudioError: it cannot be read or fetched.
        Cancelled: `stop` was set.
    """
    tell = ending_with(stop, on_event)
    if rescan and entry.path is not None:
        side, _, channels = entry.image_shape
        dataset = load_folder(Path(entry.path), side, channels, on_progress=tell, rescan=True)
        return replace(dataset, name=entry.name, title=entry.title)
    return entry.load(tell)


class LoadingPanel(QWidget):
    """What stands in the page while there is no data set to show: why, how far it is, and what to do.

    Signals:
        download_asked(): somebody wants the download.
        cancel_asked(): somebody wants the work to end.
    """

    download_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label(role="heading", name="loading_title")
        self._text = label(role="secondary", name="loading_text")
        for words in (self._title, self._text):
            words.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = describe(QProgressBar(), "loading_progress", "Progress", "How much is done.")
        self._bar.setTextVisible(False)
        self._state = label(role="secondary", name="loading_state")
        self._download = describe(
            QPushButton(" &Download"),
            "download_button",
            "Download",
            "Fetches the data set from its authors' site once; it is kept and used without a network from then on.",
        )
        self._download.setIcon(icon("download", "on_accent"))
        self._download.setIconSize(QSize(18, 18))
        self._download.setProperty("role", "primary")
        self._download.clicked.connect(self.download_asked)
        self._cancel = describe(
            QPushButton("&Cancel"),
            "cancel_loading_button",
            "Cancel",
            "Ends it at once. A download goes on where it was when it is asked for again.",
        )
        self._cancel.clicked.connect(self.cancel_asked)
        box = QWidget()
        box.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        for widget in (self._title, self._text, self._bar, self._state):
            column.addWidget(widget)
        column.addWidget(self._download, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._cancel, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(box, 6)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(2)
        layout.addLayout(row)
        layout.addStretch(3)

    def offer(self, entry: DatasetEntry, again: bool = False) -> None:
        """Offers a download, or to try again what has failed or was cancelled."""
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
        self._show(working=False)

    def start(self, entry: DatasetEntry, verb: str) -> None:
        """Shows that a data set is being loaded."""
        self._title.setText(breakable(entry.title))
        self._text.setText(breakable(f"{entry.description} {entry.size_text}."))
        self._state.setText(f"{verb} …")
        self._bar.setRange(0, 0)
        self._show(working=True)

    def show_progress(self, state: Progress) -> None:
        """Shows how far the work is."""
        if state.total:
            self._bar.setRange(0, _STEPS)
            self._bar.setValue(min(_STEPS, _STEPS * state.done // state.total))
        else:
            self._bar.setRange(0, 0)
        told = progress(state.done, state.total, state.unit, state.seconds_left)
        self._state.setText(breakable(f"{state.task}: {told}"))

    def _show(self, working: bool) -> None:
        for widget in (self._bar, self._state, self._cancel):
            widget.setVisible(working)
        self._download.setVisible(not working)
