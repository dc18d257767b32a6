"""The About page: what this is, its keys, versions and licences."""

from collections.abc import Sequence
from importlib import metadata

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout
from typing_extensions import override

from cnnstudio.data.published.catalogue import DATASETS
from cnnstudio.gui.controls.buttons import push_button
from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.layouts import SectionColumn, column
from cnnstudio.gui.library import Library
from cnnstudio.gui.log import versions
from cnnstudio.gui.look.theme import GAP
from cnnstudio.gui.pages import Page
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import Task
from cnnstudio.version import __version__

WHAT_IT_IS = (
    "CNN Studio makes convolutional networks visible. Choose a data set and an architecture, press Train and watch the "
    "loss fall; then draw a digit or open a photo, and see what the network answers and what every layer saw."
)

KEYS = {
    "Ctrl+1, Ctrl+2, …": "the pages, in the order of the buttons on the left",
    "Ctrl+,": "Settings",
    "F1": "this page",
    "Shift+F1": "the lesson about what the pointer is on, or the keys",
    "Tab, Shift+Tab": "to the next control, to the one before",
    "Space": "presses a button",
    "Arrow keys": "move a slider, choose in a list",
    "Ctrl+O": "open pictures (on the Try and the Collect page) or a model (on the Architecture page)",
    "Ctrl+V": "on the Try page: paste a picture",
    "Ctrl+T": "on the Try page: another test image",
    "Arrow keys, Space": "on the canvas: move the pen, put it down and lift it",
    "Ctrl+Z, Ctrl+Shift+Z": "undo and redo a stroke, or a change of a network",
    "F2": "on the Collect page: rename the class that is selected",
    "Ctrl+X, Ctrl+V ": "on the Collect page: move examples to another class",
    "Ins, Ctrl+D, Del": "while a network is edited: add, duplicate, remove a layer",
    "Alt+Up, Alt+Down": "while a network is edited: move the layer",
    "Ctrl+S, Ctrl+K": "while a network is edited: save it, show its Keras code",
    "Arrow keys ": "in a matrix of the Lab: go to another number; on an output, they move the window",
    "Enter, digits": "in a matrix of the Lab: change the number",
    "Ctrl+Q": "quit",
}
"""The keys that are worth knowing, and what they do."""

_OWN_LICENCES = {"CNN Studio": "Apache-2.0", "Python": "PSF-2.0"}
"""What no installed distribution states."""


def licence(distribution: str) -> str:
    """The licence that an installed distribution states in its metadata, in a few words."""
    try:
        found = metadata.metadata(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"
    classifiers = [
        line.rpartition(" :: ")[2] for line in found.get_all("Classifier", []) if line.startswith("License ::")
    ]
    text = (found["License"] or "see its files").strip()
    return found["License-Expression"] or ", ".join(classifiers) or text.splitlines()[0]


def software() -> list[tuple[str, str, str]]:
    """Name, version and licence of CNN Studio and of what it stands on, read from the installed distributions."""
    return [(name, version, _OWN_LICENCES.get(name) or licence(name)) for name, version in versions().items()]


class AboutPage(Page):
    """Everything about the program itself, to read and to copy."""

    def __init__(self, settings: Settings, library: Library | None = None) -> None:  # noqa: ARG002
        super().__init__(library)
        self._software: list[tuple[str, str, str]] = []
        self._software_table = _table([])
        self._copy_button = push_button(
            "copy_versions_button",
            "Copy",
            "Copies all versions and licences as text, for a report or a list of software.",
            self._copy,
            title="Copy versions and licences",
            picture="copy",
        )
        sections = SectionColumn(f"CNN Studio {__version__}")
        sections.add_section("", label(WHAT_IT_IS))
        sections.add_section("Keys", _table([(f"<b>{key}</b>", text) for key, text in KEYS.items()]))
        button = self._copy_button, 0, Qt.AlignmentFlag.AlignLeft
        sections.add_section("Versions and licences", self._software_table, button)
        sections.add_section("Data sets", _table([(entry.title, entry.licence) for entry in DATASETS.values()]))
        self.setLayout(column(sections))
        self._copy_button.setEnabled(False)
        self._reading = Task(lambda **_: software(), self)
        self._reading.finished.connect(self._show_software)
        self._reading.start()

    @override
    def shut_down(self) -> None:
        self._reading.shut_down()

    @Slot(object)
    def _show_software(self, rows: list[tuple[str, str, str]]) -> None:
        self._software = rows
        _fill(self._software_table, rows)
        self._copy_button.setEnabled(True)

    @Slot()
    def _copy(self) -> None:
        lines = [
            *(f"{name} {version} ({licence})" for name, version, licence in self._software),
            *(f"{entry.title} ({entry.licence})" for entry in DATASETS.values()),
        ]
        QGuiApplication.clipboard().setText("\n".join(lines))


def _table(rows: Sequence[tuple[str, ...]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(3 * GAP)
    grid.setVerticalSpacing(GAP // 2)
    _fill(grid, rows)
    return grid


def _fill(grid: QGridLayout, rows: Sequence[tuple[str, ...]]) -> None:
    for row, texts in enumerate(rows):
        for place, text in enumerate(texts):
            cell = label(text, "secondary" if place else "", wrap=place == len(texts) - 1)
            cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            cell.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(cell, row, place)
        grid.setColumnStretch(len(texts) - 1, 1)
