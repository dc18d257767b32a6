import gc
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QSpinBox, QSplitter, QToolButton
from pytestqt.qtbot import QtBot

from cnnstudio.data.collected.sets import create_collection
from cnnstudio.data.library import collected_folder
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.app import create
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.garbage import GarbageCollector
from cnnstudio.gui.look.theme import DARK, Theme, colours
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.task import Task
from cnnstudio.storage import USER_FOLDERS, shipped
from cnnstudio.training.config import TrainingConfig
from cnnstudio.training.runs import create_run


def test_what_a_killed_program_left_goes_at_the_next_start(qtbot: QtBot, home: Path) -> None:
    run = create_run(TrainingConfig())
    run.close()
    _, window = create(["cnnstudio"])
    qtbot.addWidget(window)
    window.repaint()
    qtbot.waitUntil(lambda: not run.folder.exists())


def test_a_first_start_takes_the_application_that_there_is_and_has_nothing_to_say(
    qtbot: QtBot, qapp: QApplication
) -> None:
    application, window = create(["cnnstudio"])
    qtbot.addWidget(window)
    assert application is qapp
    assert window.isVisible()
    assert window.objectName() == "main_window"
    for name in PAGES:
        window.show_page(name)
        assert window.current_page.objectName() == f"page_{name}"
        assert window.findChild(QToolButton, f"rail_{name}").isChecked()
    qtbot.waitUntil(lambda: not window.findChildren(Task, options=Qt.FindChildOption.FindDirectChildrenOnly))
    assert said(window) == ""
    assert len(application.findChildren(GarbageCollector)) == 1 and not gc.isenabled()
    window.quit()


def test_the_theme_setting_shows_at_once(qtbot: QtBot) -> None:
    _, window = create(["cnnstudio"])
    qtbot.addWidget(window)
    window.page("settings").findChild(object, "theme_dark").click()
    assert colours() is DARK
    window.page("settings").findChild(object, "theme_light").click()
    assert colours() is not DARK
    window.close()


def test_numbers_are_written_and_ordered_as_the_english_words_around_them(qtbot: QtBot, qapp: QApplication) -> None:
    before = QLocale(), qapp.layoutDirection()
    try:
        QLocale.setDefault(QLocale("ar_EG"))
        qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        _, window = create(["cnnstudio"])
        qtbot.addWidget(window)
        assert window.layoutDirection() is Qt.LayoutDirection.LeftToRight
        assert window.locale().toString(1234.5) == "1234.5"
        window.close()
    finally:
        QLocale.setDefault(before[0])
        qapp.setLayoutDirection(before[1])


Started = Callable[[], AbstractContextManager[MainWindow]]


def said(window: MainWindow) -> str:
    """What stands above the page, without the places at which a line may break."""
    message = window.findChild(MessageBar, "window_message")
    return "" if message.isHidden() else message.text.replace("\u200b", "")


@pytest.fixture(scope="module", autouse=True)
def look_of_before(qapp: QApplication) -> Iterator[None]:
    """The theme of the last window goes with these tests: under its style sheet, all that follow would take longer."""
    palette, font, sheet = qapp.palette(), qapp.font(), qapp.styleSheet()
    yield
    if (theme := qapp.findChild(Theme)) is not None:
        theme.choose("light")
        theme.setParent(None)
    qapp.setPalette(palette)
    qapp.setFont(font)
    qapp.setStyleSheet(sheet)


@pytest.fixture
def started(qtbot: QtBot, qapp: QApplication, digits: Dataset, add_dataset: Callable[[Dataset], None]) -> Started:
    """Starts as the program does and quits before the event loop turns, so that no page gets ready for what comes.

    What is uncaught fails the test.
    """
    qapp.setStyleSheet("")  # most of the time of a page; nobody looks at these
    add_dataset(replace(digits, name="mnist"))  # which the Data page loads, and closing waits for

    @contextmanager
    def started() -> Iterator[MainWindow]:
        _, window = create(["cnnstudio"])
        qtbot.addWidget(window)
        try:
            yield window
        finally:
            window.quit()

    return started


def test_a_home_that_is_a_file(started: Started, qtbot: QtBot, home: Path) -> None:
    home.write_text("")
    with started() as window:
        qtbot.waitUntil(lambda: bool(said(window)))
        assert said(window).startswith(
            f"Nothing can be saved: {home} cannot be written (there is a file where a folder "
        )
        assert "CNNSTUDIO_HOME" in said(window)
        for name in PAGES:
            window.show_page(name)
            assert window.current_page.objectName() == f"page_{name}"
        window.page("settings").findChild(QPushButton, "theme_dark").click()
        assert colours() is DARK
        window.page("settings").findChild(QPushButton, "theme_light").click()
        assert colours() is not DARK


WRITERS = {"data": ("collect", "architecture", "try"), "settings": ("settings",), "cache": ("data",), "log": ("about",)}
"""The pages that have most to do with a user's folder."""


@pytest.mark.parametrize("name", USER_FOLDERS)
def test_one_folder_that_cannot_be_written(started: Started, qtbot: QtBot, name: str) -> None:
    folder = USER_FOLDERS[name]()
    folder.parent.mkdir(parents=True)
    folder.write_text("")
    with started() as window:
        qtbot.waitUntil(lambda: bool(said(window)))
        assert said(window).startswith("Some things cannot be saved: ")
        assert str(folder) in said(window)
        assert ("but not train" in said(window)) == (name == "data")
        for page in WRITERS[name]:
            window.show_page(page)


REMEMBERED = {
    "theme": "the theme",
    "threads": "the number of threads",
    "page": "the page shown last",
    "geometry": "the window’s place and size",
    "choices/architecture/network": "the network looked at last",
    "choices/architecture/images": "the images that it was looked at for",
    "choices/architecture/split": "the height of the picture",
    "choices/data/dataset": "the data set looked at last",
    "choices/collect/set": "your set opened last",
    "choices/try/model": "the model used last",
    "choices/train/dataset": "the data set of the last training",
    "choices/train/architecture": "the architecture of the last training",
    "choices/train/epochs": "the epochs of the last training",
    "choices/train/fine_tune_epochs": "the fine-tuning of the last training",
    "choices/train/batch_size": "the batch size of the last training",
    "choices/train/optimizer": "the optimizer of the last training",
    "choices/train/learning_rate": "the learning rate of the last training",
    "choices/train/schedule": "the schedule of the last training",
    "choices/train/weight_decay": "the weight decay of the last training",
    "choices/train/augmentation": "the augmentation of the last training",
    "choices/train/precision": "the precision of the last training",
    "choices/train/seed": "the seed of the last training",
}
"""All that a window which was used remembers, by the keys of its file: how it is called."""

HOSTILE: dict[str, object] = {
    "long": "a" * 5000,
    "deep path": "/a" * 5000,
    "NUL": "/a\0z",
    "surrogate": "/a\ud800z",
    "list": ["a", "b", "c"],
    "object": {"a": {"b": 1}},
    "bytes": "AdnQ",
    "nothing": None,
    "truth": True,
    "negative": -1,
    "huge": -(10**400),
    "no number": float("nan"),
    "loop": "LOOP",
    "below a file": "FILE/model.keras",
    "file": "FILE",
    "folder": "FOLDER",
    "no home": "~nobody-of-this-name/model.keras",
}


def test_what_a_used_window_remembers_is_what_is_tested(started: Started, qtbot: QtBot, home: Path) -> None:
    create_collection(collected_folder(), "Mine", "drawings")
    with started() as window:
        for name in PAGES:
            window.show_page(name)
        window.page("settings").findChild(QPushButton, "theme_dark").click()
        window.page("settings").findChild(QSpinBox, "threads_spin").setValue(1)
        architecture, answers = window.page("architecture"), window.page("try")
        qtbot.waitUntil(lambda: architecture.description is not None, timeout=30_000)
        with qtbot.waitSignal(answers.answered, timeout=60_000):
            answers.receive(shipped("assets/photos") / "coffee.jpg")
        architecture.findChild(QSplitter, "network_splitter").splitterMoved.emit(100, 1)
        window.show_page("data")
    assert written_settings(home).keys() == REMEMBERED.keys()


def written_settings(home: Path) -> dict[str, object]:
    """What whoever opens the file next finds in it."""
    return json.loads((home / "config" / "settings.json").read_bytes())


def write_settings(home: Path, values: dict[str, object]) -> None:
    """Writes what no window would at some keys."""
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "settings.json").write_text(json.dumps(values))


def show_pages_of(window: MainWindow, keys: Iterable[str]) -> None:
    """Shows the pages that read something at these keys."""
    for page in {key.split("/")[1] if "/" in key else "settings": None for key in keys}:
        window.show_page(page)
        assert window.current_page.objectName() == f"page_{page}"


@pytest.mark.parametrize("first", range(0, len(HOSTILE), 5))
def test_whatever_is_remembered_the_window_opens(
    first: int, started: Started, qtbot: QtBot, home: Path, tmp_path: Path
) -> None:
    """Each key has another value, in each window another again."""
    (tmp_path / "FILE").touch()
    (tmp_path / "FOLDER").mkdir()
    (tmp_path / "LOOP").symlink_to(tmp_path / "LOOP")
    values = [
        str(tmp_path / value) if isinstance(value, str) and value[:4] in {"FILE", "FOLD", "LOOP"} else value
        for value in HOSTILE.values()
    ]
    hostile = dict(zip(REMEMBERED, cycle(values[first:] + values[:first]), strict=False))
    write_settings(home, hostile | {"choices/kept": 7})
    with started() as window:
        assert window.isVisible()
        show_pages_of(window, REMEMBERED)
        qtbot.waitUntil(lambda: bool(said(window)))
        sentences = [f"{what.capitalize()} could not be restored." for what in REMEMBERED.values()]
        assert sorted(said(window).replace(". ", ".\n").splitlines()) == sorted(sentences)
        kept = {"choices/data/dataset": "mnist", "choices/kept": 7}  # it is said once, and what can be used stays
        qtbot.waitUntil(lambda: written_settings(home) == kept)


def test_a_damaged_list_and_hostile_settings_are_said_together(started: Started, qtbot: QtBot, home: Path) -> None:
    write_settings(home, {"theme": "plaid"})
    (home / "data").mkdir()
    (home / "data" / "datasets.json").write_text("{")
    with started() as window:
        qtbot.waitUntil(lambda: bool(said(window)))
        assert said(window).startswith("The list of your data sets, ")
        assert said(window).endswith("The theme could not be restored.")
