"""The Settings page."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.gui.describe import describe
from cnnstudio.gui.pages.column import Column
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.theme import GAP, GRID, THEMES, icon
from cnnstudio.storage import cache_folder, config_folder, data_folder, log_folder

FOLDERS: dict[str, tuple[str, str, Callable[[], Path]]] = {
    "data": ("Data", "Your runs: every network that was trained here.", data_folder),
    "cache": ("Cache", "What can be made or downloaded again; it may be emptied.", cache_folder),
    "settings": ("Settings", "The choices made on this page.", config_folder),
    "log": ("Log", "What happened, for whoever mends an error.", log_folder),
}
"""The folders that are shown: title, what lies there, and where."""


class SettingsPage(QWidget):
    """Look, processor threads and folders; every change is kept and takes effect at once."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page_settings")
        self._settings = settings
        column = Column("Settings")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(column)
        column.add_section("Theme").addLayout(self._build_theme())
        self._build_threads(column)
        self._build_folders(column.add_section("Folders"))
        restore = describe(
            QPushButton("Restore defaults"),
            "restore_defaults_button",
            "Restore defaults",
            "Forgets all settings and remembered choices; runs and models stay.",
        )
        restore.clicked.connect(settings.restore_defaults)
        column.add_section("").addWidget(restore, 0, Qt.AlignmentFlag.AlignLeft)
        settings.changed.connect(self._show)
        self._show()

    def _build_theme(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        group = QButtonGroup(self)
        self._themes: dict[str, QPushButton] = {}
        for key, (title, _) in THEMES.items():
            tip = (
                "Light or dark as your system is, and changing with it."
                if key == "system"
                else f"Always {title.lower()}, whatever the system says."
            )
            button = describe(QPushButton(title), f"theme_{key}", f"Theme: {title}", tip)
            button.setCheckable(True)
            button.setProperty("role", "chip")
            button.clicked.connect(partial(setattr, self._settings, "theme", key))
            group.addButton(button)
            row.addWidget(button)
            self._themes[key] = button
        row.addStretch(1)
        return row

    def _build_threads(self, column: Column) -> None:
        section = column.add_section(
            "Processor threads",
            "How many calculations run side by side. Fewer leave room for other programs; training takes longer.",
        )
        self._threads = describe(
            QSpinBox(),
            "threads_spin",
            "Processor threads",
            "TensorFlow spreads each step of a training over so many threads of the processor.",
        )
        self._threads.setRange(0, os.cpu_count() or 1)
        self._threads.setSpecialValueText("Automatic")
        self._threads.setFixedWidth(22 * GRID)
        self._threads.valueChanged.connect(self._set_threads)
        self._threads_note = QLabel()
        self._threads_note.setObjectName("threads_note")
        self._threads_note.setWordWrap(True)
        self._threads_note.setProperty("role", "small")
        section.addWidget(self._threads, 0, Qt.AlignmentFlag.AlignLeft)
        section.addWidget(self._threads_note)

    def _build_folders(self, section: QVBoxLayout) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GAP)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(1, 1)
        for row, (key, (title, explanation, folder)) in enumerate(FOLDERS.items()):
            path = describe(QLabel(str(folder())), f"{key}_folder", f"{title} folder", explanation)
            path.setWordWrap(True)
            path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            note = QLabel(explanation)
            note.setWordWrap(True)
            note.setProperty("role", "small")
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(path)
            words.addWidget(note)
            grid.addWidget(QLabel(title), row, 0)
            grid.addLayout(words, row, 1)
            grid.addWidget(self._folder_button(key, title, "open", "Open", _open), row, 2)
            grid.addWidget(self._folder_button(key, title, "copy", "Copy the path of", _copy), row, 3)
        section.addLayout(grid)

    def _folder_button(self, key: str, title: str, what: str, verb: str, act: Callable[[Path], object]) -> QToolButton:
        text = f"{verb} the {title.lower()} folder"
        button = describe(QToolButton(), f"{what}_{key}_folder_button", text, f"{text}.")
        button.setIconSize(QSize(20, 20))
        button.setIcon(icon("folder" if what == "open" else "copy"))
        button.clicked.connect(lambda: act(FOLDERS[key][2]()))
        return button

    @Slot(int)
    def _set_threads(self, value: int) -> None:
        self._settings.threads = value

    @Slot()
    def _show(self) -> None:
        self._themes[self._settings.theme].setChecked(True)
        self._threads.setValue(self._settings.threads)
        self._threads_note.setText(
            "Takes effect when CNN Studio is started again: TensorFlow is loaded already."
            if "tensorflow" in sys.modules
            else "Takes effect at once: TensorFlow is not loaded yet."
        )

    def entered(self) -> None:
        """Looks again whether TensorFlow has been loaded."""
        self._show()


def _open(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _copy(folder: Path) -> None:
    QGuiApplication.clipboard().setText(str(folder))
