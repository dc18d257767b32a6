import json
import os
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QListWidget, QPushButton, QSpinBox, QToolButton
from pytestqt.qtbot import QtBot

from cnnstudio.data.downloads.fetch import read_extra_folders
from cnnstudio.gui.look.theme import THEMES
from cnnstudio.gui.pages.about import AboutPage, licence
from cnnstudio.gui.pages.preferences import FOLDERS, SettingsPage
from cnnstudio.gui.settings import Settings
from cnnstudio.storage import cache_folder, changing, write_atomically


def click(qtbot: QtBot, page: SettingsPage | AboutPage, kind: type, name: str) -> None:
    qtbot.mouseClick(page.findChild(kind, name), Qt.MouseButton.LeftButton)


def test_first_start(qtbot: QtBot) -> None:
    settings = Settings()
    assert settings.theme == "system"
    assert settings.threads == 0
    assert settings.page == ""
    assert settings.geometry.isEmpty()
    assert settings.recall("try/model", "lenet5-mnist", "the model") == "lenet5-mnist"


def test_everything_comes_back_with_its_type(qtbot: QtBot) -> None:
    settings = Settings()
    settings.theme = "dark"
    settings.threads = 1
    settings.page = "try"
    settings.geometry = QByteArray(b"\x01\xd9\xd0\xcb\x00\xff")
    choices = {"model": "müll, «3»", "epochs": 7, "rate": 0.003, "folded": True}
    for name, value in choices.items():
        settings.remember(name, value)
    again = Settings()
    assert (again.theme, again.threads, again.page) == ("dark", 1, "try")
    assert again.geometry == QByteArray(b"\x01\xd9\xd0\xcb\x00\xff")
    for name, value in choices.items():
        recalled = again.recall(name, type(value)(), "")
        assert recalled == value
        assert type(recalled) is type(value)


def test_a_change_is_told_once(qtbot: QtBot) -> None:
    settings = Settings()
    with qtbot.waitSignal(settings.changed) as signal:
        settings.theme = "light"
    assert signal.args == ["theme"]
    with qtbot.assertNotEmitted(settings.changed):
        settings.theme = "light"


def test_two_windows_at_once_lose_nothing_of_each_other(qtbot: QtBot) -> None:
    first, second = Settings(), Settings()
    first.theme = "dark"
    second.threads = 1
    first.remember("a", 1)
    second.remember("b", 2)
    third = Settings()
    assert (third.theme, third.threads, third.recall("a", 0, ""), third.recall("b", 0, "")) == ("dark", 1, 1, 2)


OTHER_PROGRAM = """
from cnnstudio.gui.settings import Settings
settings = Settings()
print("ready", flush=True)
input()
settings.theme = "dark"
settings.remember("b", 2)
assert settings.save()
"""


def test_two_programs_at_once_lose_nothing_of_each_other(qtbot: QtBot) -> None:
    """Each has read the settings before the other sets any."""
    command = [sys.executable, "-c", OTHER_PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        settings = Settings()
        settings.remember("a", 1)
        assert settings.save()
        other.communicate("\n")
        assert other.returncode == 0
    with qtbot.waitSignal(settings.changed, check_params_cb=lambda name: name == "theme"):
        settings.threads = 1
    assert settings.theme == "dark"
    assert written(settings) == {"theme": "dark", "threads": 1, "choices/a": 1, "choices/b": 2}


def written(settings: Settings) -> dict[str, object]:
    assert settings.save()
    return json.loads(settings.path.read_bytes())


def test_nothing_waits_for_the_disk_and_what_was_set_last_is_written(qtbot: QtBot) -> None:
    settings = Settings()
    settings.remember("before", 1)
    assert settings.save()
    with changing(settings.path):  # as another program does that writes to a slow disk
        for epochs in range(50):
            settings.remember("epochs", epochs)
        settings.forget("choices/before", "what was before")
        assert not settings.save(seconds=0.1)
        settings.theme = "dark"
        assert (settings.theme, Settings().theme, settings.recall("epochs", 0, "")) == ("dark", "dark", 49)
        assert json.loads(settings.path.read_bytes()) == {"choices/before": 1}
    assert written(settings) == {"theme": "dark", "choices/epochs": 49}


def test_what_is_set_while_something_is_written_is_written_though_nobody_waits_for_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def write_slowly(path: Path, content: str) -> None:
        begun.set()
        assert go_on.wait(10)
        write_atomically(path, content)

    monkeypatch.setattr("cnnstudio.gui.settings.write_atomically", write_slowly)
    settings = Settings()
    path = settings.path
    settings.threads = 1
    assert begun.wait(10)
    settings.page = "try"
    del settings
    go_on.set()
    qtbot.waitUntil(lambda: path.is_file() and "page" in json.loads(path.read_bytes()))
    assert json.loads(path.read_bytes()) == {"threads": 1, "page": "try"}


USELESS = {
    "theme": "plaid",
    "threads": -4,
    "geometry": "7",
    "page": "try",
    "choices/epochs": "x",
    "choices/rate": float("nan"),
    "choices/model": ["a", "b"],
    "choices/folded": True,
}


def test_each_value_is_read_on_its_own_and_forgotten_where_it_cannot_be_used(qtbot: QtBot) -> None:
    path = Settings().path
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(USELESS))
    settings = Settings()
    told: list[str] = []
    settings.forgot.connect(told.append)
    assert (settings.theme, settings.threads, settings.page) == ("system", 0, "try")
    assert settings.geometry.isEmpty()
    assert settings.recall("epochs", 3, "the epochs") == 3
    assert settings.recall("rate", 0.5, "the rate") == 0.5
    assert settings.recall("model", "lenet5", "the model") == "lenet5"
    assert settings.recall("folded", False, "what is folded") is True
    expected = [
        "the theme",
        "the number of threads",
        "the window’s place and size",
        "the epochs",
        "the rate",
        "the model",
    ]
    assert told == settings.forgotten == expected
    assert written(settings) == {"page": "try", "choices/folded": True}


UNLIKE = [None, [], {}, "x", "", "é", "\ud800", "\0", -1, 10**400, float("nan"), -float("inf"), "AdnQyw", [["a"]] * 9]
"""What no window writes, but for the beginning of a geometry."""


@pytest.mark.parametrize("value", UNLIKE, ids=str)
def test_whatever_stands_there_is_used_or_forgotten(qtbot: QtBot, value: object) -> None:
    path = Settings().path
    path.parent.mkdir(parents=True)
    keys = ("theme", "threads", "reduced_motion", "page", "geometry", *(f"choices/{name}" for name in "abcd"))
    path.write_text(json.dumps(dict.fromkeys(keys, value)))
    settings = Settings()
    assert settings.theme == "system"
    assert settings.threads in (0, os.cpu_count() or 1)
    assert settings.reduced_motion is False
    assert isinstance(settings.page, str)
    assert not settings.geometry or settings.geometry.startsWith(b"\x01\xd9\xd0\xcb")
    for name, default in {"a": "text", "b": 7, "c": 0.5, "d": True}.items():
        assert type(settings.recall(name, default, name)) is type(default)
    settings.theme = "dark"
    assert written(settings)["theme"] == "dark"


def test_what_earlier_versions_kept_is_used_until_something_is_set(qtbot: QtBot) -> None:
    path = Settings().path
    earlier = path.with_suffix(".ini")
    path.parent.mkdir(parents=True)
    content = (
        b"[General]\ntheme=dark\nthreads=1\nreduced_motion=true\ngeometry=@ByteArray(\\x1\\xd9\\xd0\\xcb\\0\\xff)\n"
        b"[choices]\n=empty\nrate=0.003\nepochs=7\nset=2024\nlist=a, b\nplace=@Point(1 2)\nnothing=@Invalid()\n"
    )
    earlier.write_bytes(content)
    settings = Settings()
    assert (settings.theme, settings.threads, settings.reduced_motion) == ("dark", 1, True)
    assert settings.geometry == QByteArray(b"\x01\xd9\xd0\xcb\x00\xff")
    settings.theme = "dark"
    settings.remember("epochs", 7)
    settings.remember("folded", False)
    assert settings.save()
    settings = Settings()
    assert (settings.recall("rate", 0.0, ""), settings.recall("epochs", 0, "")) == (0.003, 7)
    assert (settings.recall("set", "", ""), settings.recall("folded", True, "")) == ("2024", False)
    assert settings.forgotten == []
    for name in ("list", "place", "nothing"):
        assert settings.recall(name, "usual", name) == "usual"
    assert settings.forgotten == ["list", "place", "nothing"]
    settings.restore_defaults()
    assert written(settings) == {}
    assert Settings().theme == "system"
    assert earlier.read_bytes() == content


@pytest.mark.parametrize("content", [b"\x00\xff\xfe[[[\nno equals\n", b"[", random.Random(1).randbytes(2000)])
def test_a_damaged_file_of_an_earlier_version_counts_as_not_set(qtbot: QtBot, content: bytes) -> None:
    earlier = Settings().path.with_suffix(".ini")
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(content)
    settings = Settings()
    assert [str(earlier) in what and "damaged" in what for what in settings.forgotten] == [True]
    settings.theme = "dark"
    assert written(settings) == {"theme": "dark"}
    assert Settings().forgotten == []


def test_what_is_gone_is_forgotten(qtbot: QtBot) -> None:
    settings = Settings()
    settings.remember("epochs", 7)
    assert settings.recall("epochs", 3, "the epochs", lambda epochs: epochs < 10) == 7
    assert settings.recall("epochs", 3, "the epochs", lambda epochs: epochs < 5) == 3
    assert settings.forgotten == ["the epochs"]
    assert Settings().recall("epochs", 3, "") == 3


def test_more_threads_than_there_are_here_are_all(qtbot: QtBot) -> None:
    settings = Settings()
    settings.threads = 5000
    assert Settings().threads == (os.cpu_count() or 1)
    assert Settings().forgotten == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x00\xff\xfe", b"[" * 10**6, b"9" * 5000])
def test_a_damaged_file_counts_as_not_set(qtbot: QtBot, content: bytes) -> None:
    path = Settings().path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    settings = Settings()
    assert [str(path) in what and "damaged" in what for what in settings.forgotten] == [True]
    assert (settings.theme, settings.threads) == ("system", 0)
    settings.theme = "dark"
    assert written(settings) == {"theme": "dark"}
    assert Settings().forgotten == []


def test_a_folder_in_place_of_the_file(qtbot: QtBot) -> None:
    Settings().path.mkdir(parents=True)
    settings = Settings()
    assert ["it is a folder" in what for what in settings.forgotten] == [True]
    with qtbot.waitSignal(settings.unwritten) as said:
        settings.theme = "dark"
    assert "it is a folder" in said.args[0]
    settings.remember("epochs", 7)
    assert (settings.theme, settings.recall("epochs", 3, "")) == ("dark", 7)


def test_defaults_are_restored_and_told(qtbot: QtBot) -> None:
    settings = Settings()
    settings.theme, settings.threads = "dark", 1
    settings.remember("epochs", 9)
    told: list[str] = []
    settings.changed.connect(told.append)
    settings.restore_defaults()
    assert told == ["theme", "threads"]
    assert (settings.theme, settings.threads, settings.recall("epochs", 3, "")) == ("system", 0, 3)
    assert written(settings) == {}


def test_the_file_lies_where_the_settings_folder_is(qtbot: QtBot, home: Path) -> None:
    settings = Settings()
    settings.theme = "dark"
    assert settings.save()
    assert (home / "config" / "settings.json").is_file()


def test_automatic_leaves_the_users_own_variables_alone(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    assert Settings().limit_threads()
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "3"


def test_the_page_shows_and_changes_the_theme(qtbot: QtBot) -> None:
    settings = Settings()
    settings.theme = "light"
    page = SettingsPage(settings)
    qtbot.addWidget(page)
    for key in (*THEMES, "system"):
        click(qtbot, page, QPushButton, f"theme_{key}")
        assert settings.theme == key
        assert [k for k in THEMES if page.findChild(QPushButton, f"theme_{k}").isChecked()] == [key]


def test_the_page_changes_the_threads_and_says_from_when_on(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings()
    page = SettingsPage(settings)
    qtbot.addWidget(page)
    spin = page.findChild(QSpinBox, "threads_spin")
    assert spin.text() == "Automatic"
    qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert settings.threads == 1
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    page.entered()
    assert "started again" in page.findChild(QLabel, "threads_note").text()
    monkeypatch.delitem(sys.modules, "tensorflow")
    page.entered()
    assert "at once" in page.findChild(QLabel, "threads_note").text()


@pytest.mark.parametrize("key", FOLDERS)
def test_the_page_names_every_folder(qtbot: QtBot, key: str, home: Path) -> None:
    page = SettingsPage(Settings())
    qtbot.addWidget(page)
    click(qtbot, page, QToolButton, f"copy_{key}_folder_button")
    copied = QApplication.clipboard().text()
    assert copied == page.findChild(QLabel, f"{key}_folder").text() == str(FOLDERS[key][2]())
    assert Path(copied).is_relative_to(home)
    assert page.findChild(QToolButton, f"open_{key}_folder_button").accessibleName()


def test_the_page_restores_the_defaults(qtbot: QtBot) -> None:
    settings = Settings()
    settings.theme, settings.threads = "dark", 1
    page = SettingsPage(settings)
    qtbot.addWidget(page)
    click(qtbot, page, QPushButton, "restore_defaults_button")
    assert page.findChild(QPushButton, "theme_system").isChecked()
    assert page.findChild(QSpinBox, "threads_spin").value() == 0


def test_the_page_tells_how_large_the_caches_are_and_clears_them(qtbot: QtBot) -> None:
    folder = cache_folder() / "images" / "photos"
    folder.mkdir(parents=True)
    (folder / "images").write_bytes(bytes(2_500_000))
    page = SettingsPage(Settings())
    qtbot.addWidget(page)
    size = page.findChild(QLabel, "images_cache_size")
    page.entered()
    qtbot.waitUntil(lambda: size.text() == "2.5\N{NO-BREAK SPACE}MB")
    assert page.findChild(QLabel, "datasets_cache_size").text() == "empty"
    assert not page.findChild(QPushButton, "clear_datasets_cache_button").isEnabled()
    click(qtbot, page, QPushButton, "clear_images_cache_button")
    qtbot.waitUntil(lambda: size.text() == "empty")
    assert not folder.exists()
    assert cache_folder().is_dir()
    page.shut_down()


def test_the_page_keeps_folders_of_data_sets(qtbot: QtBot, tmp_path: Path) -> None:
    page = SettingsPage(Settings())
    qtbot.addWidget(page)
    folders = page.findChild(QListWidget, "dataset_folders_list")
    remove = page.findChild(QPushButton, "remove_dataset_folder_button")
    page.add_source(tmp_path / "a")
    page.add_source(tmp_path / "b")
    page.add_source(tmp_path / "a")
    assert read_extra_folders()[0] == [tmp_path / "b", tmp_path / "a"]
    assert not remove.isEnabled()
    folders.setCurrentRow(0)
    click(qtbot, page, QPushButton, "remove_dataset_folder_button")
    assert read_extra_folders()[0] == [tmp_path / "a"]
    assert [folders.item(row).text() for row in range(folders.count())] == [str(tmp_path / "a")]


def test_about_names_versions_and_licences(qtbot: QtBot) -> None:
    import numpy

    import cnnstudio

    page = AboutPage(Settings())
    qtbot.addWidget(page)
    qtbot.waitUntil(page.findChild(QPushButton, "copy_versions_button").isEnabled)
    click(qtbot, page, QPushButton, "copy_versions_button")
    copied = QApplication.clipboard().text()
    assert f"CNN Studio {cnnstudio.version.__version__} (Apache-2.0)" in copied
    assert f"numpy {numpy.__version__} (BSD-3-Clause" in copied
    assert "MNIST (CC BY-SA 3.0" in copied
    assert "LGPL" in copied


def test_a_licence_is_found_wherever_a_package_states_it() -> None:
    assert licence("numpy").startswith("BSD-3-Clause")  # License-Expression
    assert licence("tensorflow") == "Apache Software License"  # a classifier
    assert licence("keras") == "Apache License 2.0"  # License
    assert licence("no-such-package-at-all") == "not installed"


def test_settings_that_cannot_be_written_are_said_once(qtbot: QtBot, home: Path) -> None:
    settings = Settings()
    settings.theme = "dark"
    assert settings.save()
    shutil.rmtree(home / "config")
    (home / "config").touch()  # nobody can write into it, whatever their rights
    said: list[str] = []
    settings.unwritten.connect(said.append)
    with qtbot.waitSignal(settings.unwritten):
        settings.theme = "light"
    settings.threads = 1
    assert not settings.save()
    assert settings.theme == "light", "it holds as long as the window"
    assert said == [
        f"Your choices cannot be saved: {settings.path} cannot be written (there is a file where a folder "
        "should be). "
        "They hold until you close CNN Studio."
    ]
    (home / "config").unlink()
    settings.page = "try"
    assert written(settings) == {"theme": "light", "threads": 1, "page": "try"}


def test_motion_is_reduced_from_the_settings_page(qtbot: QtBot) -> None:
    settings = Settings()
    page = SettingsPage(settings)
    qtbot.addWidget(page)
    box = page.findChild(QCheckBox, "reduced_motion_box")
    assert not settings.reduced_motion
    box.click()
    assert Settings().reduced_motion
    with qtbot.waitSignal(settings.changed):
        settings.restore_defaults()
    assert not settings.reduced_motion and not box.isChecked()
    page.shut_down()
