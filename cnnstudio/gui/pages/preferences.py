"""The Settings page."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QHBoxLayout, QLabel, QListWidget, QPushButton

from cnnstudio import wording
from cnnstudio.data.downloads.fetch import change_extra_folders, read_extra_folders
from cnnstudio.errors import StudioError, reason
from cnnstudio.gui.controls.buttons import chip, chip_group, push_button, tool_button
from cnnstudio.gui.controls.describe import describe, label
from cnnstudio.gui.controls.forms import number
from cnnstudio.gui.controls.layouts import STRETCH, SectionColumn, column, row
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GAP, GRID, THEMES
from cnnstudio.gui.pages import Page
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import LatestTask, aside
from cnnstudio.storage import CACHES, cache_folder, clear_cache, config_folder, data_folder, log_folder, used_bytes

FOLDERS: dict[str, tuple[str, str, Callable[[], Path]]] = {
    "data": (
        "Data",
        "Your runs, which are the networks trained here, and the images you collected.",
        data_folder,
    ),
    "cache": ("Cache", "What can be made or downloaded again; you can empty it.", cache_folder),
    "settings": ("Settings", "The choices made on this page.", config_folder),
    "log": ("Log", "A technical log, for bug reports.", log_folder),
}
"""The folders that are shown: title, what lies there, and where."""


class SettingsPage(Page):
    """Look, processor threads and folders; every change is kept and takes effect at once."""

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        super().__init__(library)
        self._settings = settings
        self._task = LatestTask(self)
        self._task.finished.connect(self._show_sizes)
        self._task.failed.connect(self._fail)
        sections = SectionColumn("Settings")
        sections.add_section("Theme", self._build_theme())
        self._motion = describe(
            QCheckBox("Reduce motion"),
            "reduced_motion_box",
            "Reduce motion",
            "What slides, fades or plays by itself is shown at once instead, and waits for you.",
        )
        self._motion.toggled.connect(partial(setattr, settings, "reduced_motion"))
        sections.add_section("Motion", self._motion)
        self._build_threads(sections)
        self._build_sources(sections)
        self._build_caches(sections)
        sections.add_section("Folders", self._build_folders())
        restore = push_button(
            "restore_defaults_button",
            "Restore defaults",
            "Forgets all settings and remembered choices; runs and models stay.",
            settings.restore_defaults,
        )
        sections.add_section("", (restore, 0, Qt.AlignmentFlag.AlignLeft))
        self.setLayout(column(self._message, sections, gap=0))
        settings.changed.connect(self._show)
        self._show()

    def _build_theme(self) -> QHBoxLayout:
        self._themes: dict[str, QPushButton] = {}
        for key, (title, _) in THEMES.items():
            tip = (
                "Light or dark as your system is, and changing with it."
                if key == "system"
                else f"Always {title.lower()}, whatever the system's setting is."
            )
            choose = partial(setattr, self._settings, "theme", key)
            self._themes[key] = chip(f"theme_{key}", title, tip, choose, title=f"Theme: {title}")
        chip_group(self, list(self._themes.values()))
        return row(*self._themes.values(), STRETCH)

    def _build_threads(self, sections: SectionColumn) -> None:
        self._threads = number(
            WholeBox(0, os.cpu_count() or 1),
            "threads_spin",
            "Processor threads",
            "TensorFlow spreads each step of a training over this number of processor threads; with 0 it chooses the "
            "number itself.",
        )
        self._threads.setSpecialValueText("Automatic")
        self._threads.setFixedWidth(22 * GRID)
        self._threads.valueChanged.connect(partial(setattr, self._settings, "threads"))
        self._threads_note = label(role="small", name="threads_note")
        sections.add_section(
            "Processor threads",
            (self._threads, 0, Qt.AlignmentFlag.AlignLeft),
            self._threads_note,
            explanation="How many calculations run side by side. Fewer leave room for other programs; training takes "
            "longer.",
        )

    def _build_sources(self, sections: SectionColumn) -> None:
        self._sources = describe(
            QListWidget(),
            "dataset_folders_list",
            "Folders of data sets",
            "A folder here holds, for example, fashion-mnist/train-images-idx3-ubyte.gz.",
        )
        self._sources.setFixedHeight(10 * GRID)
        self._sources.itemSelectionChanged.connect(self._allow_removal)
        add = push_button(
            "add_dataset_folder_button", "Add a folder…", "Names one more folder to look in.", self._ask_source
        )
        self._remove = push_button(
            "remove_dataset_folder_button",
            "Remove",
            "Takes the chosen folder off this list; its files stay.",
            self._remove_source,
            title="Remove the folder",
        )
        named = os.environ.get("CNNSTUDIO_DATASETS")
        note = f"The environment variable CNNSTUDIO_DATASETS names {named}, too."
        sections.add_section(
            "Data sets on this computer",
            self._sources,
            *([label(note, "small")] if named else []),
            row(add, self._remove, STRETCH),
            explanation="Folders in which the files of a published data set are looked for before they are downloaded.",
        )
        self._show_sources()

    def _build_caches(self, sections: SectionColumn) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GAP)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(0, 1)
        self._cache_sizes: dict[str, QLabel] = {}
        self._clear_buttons: dict[str, QPushButton] = {}
        for line, (name, (title, explanation)) in enumerate(CACHES.items()):
            size = label("…", name=f"{name}_cache_size", wrap=False)
            size.setAccessibleName(f"Size of the cache: {title}")
            clear = push_button(
                f"clear_{name}_cache_button",
                "Clear",
                f"Removes these files. {explanation}",
                partial(self._clear_cache, name),
                title=f"Clear: {title}",
            )
            self._cache_sizes[name], self._clear_buttons[name] = size, clear
            grid.addLayout(column(QLabel(title), label(explanation, "small"), gap=0), line, 0)
            grid.addWidget(size, line, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(clear, line, 2)
        sections.add_section(
            "Caches", grid, explanation="What was downloaded or prepared once, so that it opens quickly."
        )

    def _build_folders(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GAP)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(1, 1)
        for line, (key, (title, explanation, folder)) in enumerate(FOLDERS.items()):
            path = describe(label(str(folder())), f"{key}_folder", f"{title} folder", explanation)
            path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(QLabel(title), line, 0)
            grid.addLayout(column(path, label(explanation, "small"), gap=0), line, 1)
            for place, (what, verb, picture, act) in enumerate(
                (("open", "Open", "folder", _open), ("copy", "Copy the path of", "copy", _copy)), start=2
            ):
                text = f"{verb} the {title.lower()} folder"
                button = tool_button(f"{what}_{key}_folder_button", text, f"{text}.", picture, partial(act, folder()))
                grid.addWidget(button, line, place)
        return grid

    def _show_sources(self) -> None:
        self._sources.clear()
        self._sources.addItems([str(folder) for folder in aside(read_extra_folders)[0]])
        for widget in (self._sources, self._remove):
            widget.setVisible(self._sources.count() > 0)
        self._allow_removal()

    @Slot()
    def _allow_removal(self) -> None:
        self._remove.setEnabled(bool(self._sources.selectedItems()))

    @Slot()
    def _ask_source(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "A folder of data sets")
        if name:
            self.add_source(Path(name))

    def add_source(self, folder: Path) -> None:
        """Names one more folder in which data sets are looked for."""
        self._change_sources(add=[folder])

    @Slot()
    def _remove_source(self) -> None:
        self._change_sources(remove=[Path(item.text()) for item in self._sources.selectedItems()])

    def _change_sources(self, add: Sequence[Path] = (), remove: Sequence[Path] = ()) -> None:
        try:
            aside(partial(change_extra_folders, add, remove))
        except StudioError as error:
            self._message.show_failure(error)
        self.library.refresh()
        self._show_sources()

    @Slot(object)
    def _show_sizes(self, sizes: dict[str, int]) -> None:
        for name, count in sizes.items():
            self._cache_sizes[name].setText(wording.size(count) if count else "empty")
            self._clear_buttons[name].setEnabled(count > 0)

    @Slot(str)
    def _clear_cache(self, name: str) -> None:
        self._clear_buttons[name].setEnabled(False)
        self._task.submit(_clear, name)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._message.show_error(
            f"The cache cannot be cleared: {reason(error)}. Close other programs that use it, then try again."
        )
        self._task.submit(_sizes)

    def shut_down(self) -> None:
        """Waits for what is being measured or removed."""
        self._task.shut_down()

    @Slot()
    def _show(self) -> None:
        self._themes[self._settings.theme].setChecked(True)
        self._motion.setChecked(self._settings.reduced_motion)
        self._threads.setValue(self._settings.threads)
        self._threads_note.setText(
            "Takes effect when CNN Studio is started again: TensorFlow is loaded already."
            if "tensorflow" in sys.modules
            else "Takes effect at once: TensorFlow is not loaded yet."
        )

    def entered(self) -> None:
        """Looks again whether TensorFlow has been loaded, and how large the caches are."""
        self._show()
        self._task.submit(_sizes)


def _sizes() -> dict[str, int]:
    return {name: used_bytes(cache_folder() / name) for name in CACHES}


def _clear(name: str) -> dict[str, int]:
    clear_cache(name)
    return _sizes()


def _open(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _copy(folder: Path) -> None:
    QGuiApplication.clipboard().setText(str(folder))
