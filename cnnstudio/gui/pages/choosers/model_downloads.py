"""Larger models for photos: chosen, and downloaded once."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QWidget

from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.layouts import STRETCH, column, row
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Choice, Picker
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.look.theme import GRID, SECTION, icon
from cnnstudio.models.trained.pretrained import PRETRAINED, Pretrained, fetch_pretrained, is_downloaded
from cnnstudio.progress import ending_with
from cnnstudio.wording import percent

_WIDTH = 68 * GRID

_EXPLANATION = (
    "Trained by others on ImageNet's 1.28 million photos of 1,000 kinds of things, as Keras offers them. The larger "
    "ones are right more often, and take longer."
)


class ModelDownloads(QDialog):
    """A list of models with a description, and a button that downloads one; closing it stops a download.

    Signals:
        fetched(object): the folder of the model that was chosen; it is on this computer now.
    """

    fetched = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model_downloads")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Larger models for photos")
        self._message = MessageBar()
        self._picker = describe(
            Picker(),
            "download_picker",
            "Model",
            "Networks that were trained on a million photos; choose one to download.",
        )
        self._picker.set_choices(
            [
                Choice(
                    entry.name,
                    entry.title,
                    f"{percent(entry.top1)} of ImageNet's photos right · {entry.megabytes} MB to download",
                )
                for entry in PRETRAINED.values()
            ]
        )
        self._picker.changed.connect(self._show_choice)
        self._idea = label(name="download_idea")
        self._facts = label(role="secondary", name="download_facts")
        self._progress = ProgressPanel(
            "download", "Downloading", "Stops the download. It resumes where it stopped when you start it again."
        )
        self._progress.finished.connect(self._finish)
        self._progress.failed.connect(self._fail)
        self._progress.cancelled.connect(self._allow)
        self._get = push_button(
            "get_model_button",
            "&Download",
            "Downloads the weights once; from then on the model is in the list and needs no internet connection.",
            self._start,
            title="Get this model",
            role="primary",
        )
        self._get.setDefault(True)
        self.setLayout(
            column(
                label("Larger models for photos", "heading"),
                label(_EXPLANATION, "secondary"),
                self._message,
                self._picker,
                self._idea,
                self._facts,
                self._progress,
                STRETCH,
                row(STRETCH, self._get),
                gap=2 * GRID,
                edge=SECTION,
            )
        )
        self.setMinimumWidth(_WIDTH)
        self._show_choice()

    @property
    def _entry(self) -> Pretrained:
        return PRETRAINED[self._picker.current_key]

    @Slot()
    def _show_choice(self) -> None:
        entry = self._entry
        self._idea.setText(entry.idea)
        self._facts.setText(
            f"{entry.authors}, {entry.year} · {entry.side}×{entry.side} pixels · "
            f"{entry.parameters / 1e6:.1f} million parameters · accuracy as Keras reports it · {entry.licence}"
        )
        here = is_downloaded(entry)
        self._get.setText("&Use it" if here else " &Download")
        self._get.setIcon(QIcon() if here else icon("download", "on_accent"))
        self._allow()

    @Slot()
    def _allow(self) -> None:
        """Allows a choice and a download, but one at a time."""
        for control in (self._get, self._picker):
            control.setEnabled(not self._progress.running)

    @Slot()
    def _start(self) -> None:
        self._message.hide()
        self._progress.run(partial(_fetch, self._entry.name), f"Downloading {self._entry.title} …")
        self._allow()

    @Slot(object)
    def _finish(self, folder: Path) -> None:
        self.fetched.emit(folder)
        self.accept()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._allow()
        self._message.show_failure(error)


def _fetch(name: str, on_event: Callable[[object], object], stop: threading.Event) -> Path:
    return fetch_pretrained(name, ending_with(stop, on_event))
