"""Downloads on the Data page, from a real server."""

import gc
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QProgressBar
from pytestqt.qtbot import QtBot

from cnnstudio.data.downloads.fetch import fetch
from cnnstudio.data.downloads.remote import RemoteFile, RemoteFolder
from cnnstudio.data.published.catalogue import DATASETS, DatasetEntry
from cnnstudio.data.splits import Dataset, Split
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.pages.data import page as data
from cnnstudio.gui.pages.data.page import DataPage
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.task import wait_for_threads
from cnnstudio.progress import OnProgress
from tests.data import local_server
from tests.data.local_server import Server, normal, status, stuck

SECONDS = 30_000
IMAGES = np.random.default_rng(0).integers(0, 256, (300, 32, 32, 3), dtype=np.uint8)
BODY = IMAGES.tobytes()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that has a small data set, which stands in the table."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("CNNSTUDIO_DATASETS", raising=False)
    with local_server.running() as server:
        url = server.serve("/images.bin", normal(BODY))
        file = RemoteFile("images.bin", (url,), len(BODY), md5=hashlib.md5(BODY).hexdigest())
        remote = RemoteFolder("Noise", ("noise",), (file,))

        def read(on_progress: OnProgress) -> Dataset:
            (path,) = fetch(remote, on_progress)
            images = np.frombuffer(Path(path).read_bytes(), np.uint8).reshape(IMAGES.shape)
            labels = np.arange(len(images), dtype=np.int32) % 2
            return Dataset("noise", ("a", "b"), Split(images[:200], labels[:200]), Split(images[200:], labels[200:]))

        entry = DatasetEntry("noise", "Noise", "Nothing.", (32, 32, 3), ("a", "b"), 200, 100, "", read, None, remote)
        monkeypatch.setitem(DATASETS, "noise", entry)
        yield server


@pytest.fixture
def settings(qapp: QApplication) -> Settings:
    return Settings()


@pytest.fixture
def page(settings: Settings, server: Server, qtbot: QtBot) -> Iterator[DataPage]:
    page = DataPage(settings)
    qtbot.addWidget(page)
    page.resize(1190, 800)
    page.show()
    page.receive("noise")
    yield page
    page.shut_down()


def click(page: DataPage, name: str) -> None:
    button = page.findChild(QAbstractButton, name)
    assert button.isVisible(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def text(page: DataPage, name: str) -> str:
    return page.findChild(QLabel, name).text().replace("\N{NO-BREAK SPACE}", " ")


def test_nothing_is_fetched_before_somebody_asks(page: DataPage, server: Server, qtbot: QtBot) -> None:
    assert "921.6 kB" in text(page, "loading_text")
    assert server.requests == []
    with qtbot.waitSignal(page.loaded, timeout=SECONDS) as loaded:
        click(page, "download_button")
    assert np.array_equal(loaded.args[0].train.images, IMAGES[:200])
    assert text(page, "images_shown") == "300 images"
    assert len(server.requests) == 1


def test_cancel_and_go_on(page: DataPage, server: Server, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "WORTH_ASKING", 0.0)
    server.serve("/images.bin", stuck(BODY, 500_000))
    click(page, "download_button")
    assert page.busy == "A data set is being loaded."
    qtbot.waitUntil(lambda: "of 921.6 kB" in text(page, "loading_state"), timeout=SECONDS)
    qtbot.waitUntil(lambda: page.findChild(QProgressBar, "loading_progress").value() > 500, timeout=SECONDS)
    click(page, "cancel_loading_button")
    qtbot.waitUntil(page.findChild(QAbstractButton, "download_button").isVisible, timeout=SECONDS)
    assert page.busy is None
    assert not page.message
    server.serve("/images.bin", normal(BODY))
    with qtbot.waitSignal(page.loaded, timeout=SECONDS):
        click(page, "download_button")
    assert server.ranges == [None, "bytes=500000-"]


def test_a_server_that_refuses(page: DataPage, server: Server, qtbot: QtBot) -> None:
    server.serve("/images.bin", status(403))
    click(page, "download_button")
    qtbot.waitUntil(lambda: bool(page.message), timeout=SECONDS)
    assert "403" in page.message or "refuse" in page.message
    assert page.findChild(QAbstractButton, "download_button").isVisible()


def test_another_choice_ends_the_download(page: DataPage, server: Server, qtbot: QtBot) -> None:
    server.serve("/images.bin", stuck(BODY, 500_000))
    click(page, "download_button")
    qtbot.waitUntil(server.asked.is_set, timeout=SECONDS)
    with qtbot.waitSignal(page.loaded, timeout=SECONDS) as loaded:
        page.findChild(Picker, "data_picker").set_current("mnist")
    assert loaded.args[0].name == "mnist"
    assert page.busy is None


def test_closing_ends_the_download(page: DataPage, settings: Settings, server: Server, qtbot: QtBot) -> None:
    gc.collect()  # what other tests have left ends its threads
    server.serve("/images.bin", stuck(BODY, 500_000))
    click(page, "download_button")
    qtbot.waitUntil(server.asked.is_set, timeout=SECONDS)
    page.shut_down()
    assert settings.save()
    assert wait_for_threads(10)
