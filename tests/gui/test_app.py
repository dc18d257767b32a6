import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QSettings, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QSpinBox, QSplitter, QToolButton
from pytestqt.qtbot import QtBot

from cnnstudio.data.collected.sets import create_collection
from cnnstudio.data.library import collected_folder
from cnnstudio.data.splits import Dataset
from cnnstudio.gui.app import create
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.look.theme import DARK, Theme, colours
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.task import Task
from cnnstudio.storage import USER_FOLDERS, runs_folder, shipped

RUN = "import sys; from cnnstudio.gui.app import main; sys.exit(main(['cnnstudio']))"


def python(
    code: str, before: Callable[[], object] | None = None, **environment: str | None
) -> subprocess.CompletedProcess[str]:
    """Runs code in a fresh interpreter, after a call in its process; None takes a variable away."""
    variables = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=before,
    )


def test_the_window_is_there_without_tensorflow_and_with_one_page(home: Path) -> None:
    done = python(
        "import json, sys\n"
        "import cnnstudio.gui.app\n"
        "assert 'PySide6' not in sys.modules\n"
        "application, window = cnnstudio.gui.app.create(['cnnstudio'])\n"
        "assert window.isVisible()\n"
        "modules = sorted(sys.modules)\n"
        "from cnnstudio.gui.pages import Page\n"
        "pages = [type(page).__name__ for page in window.findChildren(Page)]\n"
        "assert window.close()\n"
        "print(json.dumps([application.applicationDisplayName(), pages, modules]))\n"
    )
    assert done.returncode == 0, done.stderr
    name, pages, modules = json.loads(done.stdout)
    assert (name, pages) == ("CNN Studio", ["TrainPage"])
    inside = "cnnstudio.gui.pages."
    assert {name.removeprefix(inside).split(".")[0] for name in modules if name.startswith(inside)} == {
        "choosers",
        "train",
    }
    heavy = {
        "keras",
        "PySide6.QtMultimedia",
        "PySide6.QtSvg",
        "pi_heif",
        "pyqtgraph",
        "requests",
        "scipy",
        "tensorflow",
    }
    assert not heavy & set(modules), "too much is imported"


def test_what_a_killed_program_left_goes_at_the_next_start(qtbot: QtBot, home: Path) -> None:
    killed = runs_folder() / "lenet5-mnist-2"
    killed.mkdir(parents=True)
    (killed / "config.json").write_text("{}")
    _, window = create(["cnnstudio"])
    qtbot.addWidget(window)
    [task] = window.findChildren(Task, options=Qt.FindChildOption.FindDirectChildrenOnly)
    with qtbot.waitSignal(task.finished):
        window.repaint()
    assert not killed.exists()


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
    assert said(window) == ""
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


@pytest.mark.parametrize("country", ["de_DE", "ar_EG"])
def test_the_users_locale_reads_and_writes_no_number(home: Path, country: str) -> None:
    """In a process of its own, where the C library follows the locale, too; on a computer that has this locale."""
    done = python(
        "import locale, sys\n"
        "try:\n"
        "    locale.setlocale(locale.LC_ALL, '')\n"
        "except locale.Error:\n"
        "    sys.exit('missing')\n"
        "from PySide6.QtCore import QLocale, Qt\n"
        "from PySide6.QtTest import QTest\n"
        "from cnnstudio.gui.app import create\n"
        "from cnnstudio.gui.pages.train.form import TrainingForm\n"
        "from cnnstudio.gui.settings import Settings\n"
        "_, window = create(['cnnstudio'])\n"
        "form = window.page('train').findChild(TrainingForm)\n"
        "box = form.findChild(object, 'weight_decay_spin')\n"
        "for text in ('0,003', '0.004'):\n"
        "    box.selectAll()\n"
        "    QTest.keyClicks(box, text)\n"
        "    QTest.keyClick(box, Qt.Key.Key_Return)\n"
        "    print(form.config.weight_decay, box.text())\n"
        "Settings().remember('rate', 0.005)\n"
        "print(QLocale.system().name(), locale.localeconv()['decimal_point'])\n",
        LC_ALL=f"{country}.UTF-8",
        LANGUAGE=None,  # Qt would believe it rather
    )
    if done.stderr == "missing\n":
        pytest.skip(f"the locale {country} is not installed")
    assert done.stdout == f"0.003 0.003\n0.004 0.004\n{country} .\n", done.stderr
    assert "rate=0.005" in (home / "config" / "settings.ini").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a screen")
def test_without_a_screen_one_sentence_and_exit_code_1(home: Path) -> None:
    done = python(RUN, DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "cnnstudio train" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a screen")
def test_a_dead_screen_one_sentence_and_exit_code_1(home: Path) -> None:
    done = python(RUN, DISPLAY=":7654", WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert ":7654" in done.stderr


def test_without_qt_one_sentence_and_exit_code_1(home: Path) -> None:
    done = python("import sys; sys.modules['PySide6'] = None\n" + RUN)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install -y libegl1" in done.stderr


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


def test_a_home_that_is_a_file(started: Started, home: Path) -> None:
    home.write_text("")
    with started() as window:
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
def test_one_folder_that_cannot_be_written(started: Started, name: str) -> None:
    folder = USER_FOLDERS[name]()
    folder.parent.mkdir(parents=True)
    folder.write_text("")
    with started() as window:
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

HOSTILE = {
    "long": "a" * 5000,
    "deep path": "/a" * 5000,
    "NUL": r"\"/a\x0z\"",
    "surrogate": r"\"/a\xd800z\"",
    "list": "a, b, c",
    "bytes": r"@ByteArray(\x1\xd9\xd0)",
    "nothing": "@Invalid()",
    "negative": "-1",
    "huge": "-" + "9" * 400,
    "no number": "nan",
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
    file = QSettings(str(home / "config" / "settings.ini"), QSettings.Format.IniFormat)
    return {key: file.value(key) for key in file.allKeys()}


def write_settings(home: Path, value: str, keys: Iterable[str]) -> None:
    """Writes what no window would, as it stands, at some keys."""
    lines = ["[General]", *(f"{key}={value}" for key in keys if "/" not in key), "[choices]"]
    lines += [f"{key.removeprefix('choices/').replace('/', chr(92))}={value}" for key in keys if "/" in key]
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "settings.ini").write_text("\n".join(lines))


def show_pages_of(window: MainWindow, keys: Iterable[str]) -> None:
    """Shows the pages that read something at these keys."""
    for page in {key.split("/")[1] if "/" in key else "settings": None for key in keys}:
        window.show_page(page)
        assert window.current_page.objectName() == f"page_{page}"


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_whatever_is_remembered_the_window_opens(value: str, started: Started, home: Path, tmp_path: Path) -> None:
    (tmp_path / "FILE").touch()
    (tmp_path / "FOLDER").mkdir()
    (tmp_path / "LOOP").symlink_to(tmp_path / "LOOP")
    write_settings(home, str(tmp_path / value) if value[:4] in {"FILE", "FOLD", "LOOP"} else value, REMEMBERED)
    with (home / "config" / "settings.ini").open("a") as settings:
        settings.write("\nkept=7")
    with started() as window:
        assert window.isVisible()
        show_pages_of(window, REMEMBERED)
        sentences = [f"{what.capitalize()} could not be restored." for what in REMEMBERED.values()]
        assert sorted(said(window).replace(". ", ".\n").splitlines()) == sorted(sentences)
        kept = {"choices/data/dataset": "mnist", "choices/kept": "7"}
        assert written_settings(home) == kept, "it is said once, and what can be used stays"


def test_a_damaged_list_and_hostile_settings_are_said_together(started: Started, home: Path) -> None:
    write_settings(home, "plaid", ["theme"])
    (home / "data").mkdir()
    (home / "data" / "datasets.json").write_text("{")
    with started() as window:
        assert said(window).startswith("The list of your data sets, ")
        assert said(window).endswith("The theme could not be restored.")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_ctrl_c_closes_the_window_cleanly(home: Path) -> None:
    """SIGTERM, which is handled alike, ends the windows of `tests/end_to_end/test_window.py`."""
    code = (
        "import sys\n"
        "from cnnstudio.gui import app, main_window\n"
        "main_window.MainWindow._after_first_paint = lambda window: print('painted', flush=True)\n" + RUN
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "painted\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert (home / "config" / "settings.ini").is_file(), "place and size were remembered"
