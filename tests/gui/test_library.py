import gc
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from cnnstudio.data.library import collected_folder
from cnnstudio.gui import library as module
from cnnstudio.gui.library import Library
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.networks.building import network_config
from cnnstudio.models.networks.files import Network, save_network
from cnnstudio.models.trained.card import CARD_FILE
from cnnstudio.models.trained.library import list_models, rename_model
from tests.gui.sample_library import collected, network, run


def long_ago(path: Path) -> None:
    """Gives all below a path a time that is sure to be another after the next change."""
    for one in (path, *path.rglob("*")):
        os.utime(one, (time.time() - 60,) * 2)


def settle(qtbot: QtBot, library: Library) -> None:
    """Waits until the worker has looked."""
    with qtbot.waitSignal(library.refreshed):
        library.refresh()


def test_what_has_not_changed_is_not_read_again(qtbot: QtBot, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("one"), network("net"), collected("set")
    long_ago(home)
    read: list[Path] = []

    def noting(function: Callable[[Path], object]) -> Callable[[Path], object]:
        return lambda path: (read.append(path), function(path))[1]

    for name in ("read_card", "read_listed", "survey_collected"):
        monkeypatch.setattr(module, name, noting(getattr(module, name)))
    library = Library()
    assert library.lists.sets
    assert {path.name for path in read} >= {"one", "net.cnn.json", "set"}
    with qtbot.waitSignal(library.changed):  # the worker's first look finds the lessons
        library.refresh()
    read.clear()
    with qtbot.assertNotEmitted(library.changed):
        settle(qtbot, library)
    assert read == []
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(collected_folder() / "set" / "a" / "more.png")
    network("net")
    with qtbot.waitSignal(library.changed):
        library.refresh()
    assert {path.name for path in read} == {"net.cnn.json", "set"}
    assert [one.counts for one in library.lists.sets] == [{"a": 5, "b": 4}]


def test_what_is_renamed_elsewhere_is_followed(qtbot: QtBot) -> None:
    path = run("before")
    library = Library()
    entry = next(entry for entry in list_models() if entry.path == path)
    assert library.model(path) == entry
    renamed = rename_model(rename_model(entry, "between"), "after")
    with qtbot.waitSignal(library.changed):
        library.refresh()
    assert library.follow(path) == renamed.path
    assert library.model(renamed.path) == renamed


def test_what_was_made_here_is_there_at_once_and_stays(qtbot: QtBot) -> None:
    library = Library()
    library.refresh()  # which has not seen it
    saved = save_network(Network("", "Mine", network_config("softmax")), "Mine")
    library.put(saved)
    assert library.network("Mine").title == "Mine"
    assert library.network("Mine").config == {}, "hundreds would take much memory"
    with qtbot.waitSignal(library.refreshed):
        pass
    assert library.network("Mine") is not None
    library.drop(saved.path)
    assert library.network("Mine") is None
    assert library.network("lenet5") is ARCHITECTURES["lenet5"]


def test_what_cannot_be_read_takes_no_more_memory_each_time(qtbot: QtBot, home: Path) -> None:
    card = run("damaged") / CARD_FILE
    card.write_text("{")
    long_ago(home)
    library = Library()

    def kept() -> int:
        gc.collect()
        return sum(type(one) is TracebackType for one in gc.get_objects())  # a proxy may be of what is gone

    settle(qtbot, library)
    before = kept()
    for _ in range(5):
        settle(qtbot, library)
    assert kept() == before
