"""The dialog that gets larger models, with a real server; `tests/end_to_end` has a download to its end."""

import hashlib
import importlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.pages.choosers.model_downloads import ModelDownloads
from cnnstudio.models.trained.pretrained import PRETRAINED, is_downloaded
from tests.data import local_server
from tests.data.local_server import Server, status, stuck

SECONDS = 60_000
ENTRY = PRETRAINED["efficientnetv2-b0"]


@pytest.fixture(scope="module")
def weights() -> bytes:
    """As many as a real file has; none of these tests gets as far as opening it."""
    return np.random.default_rng(0).bytes(ENTRY.megabytes * 1_000_000)


@pytest.fixture
def server(weights: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    module = importlib.import_module("keras.src.applications.efficientnet_v2")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setitem(module.WEIGHTS_HASHES, "b0", (hashlib.md5(weights).hexdigest(), ""))
    with local_server.running() as server:
        monkeypatch.setattr(module, "BASE_WEIGHTS_PATH", f"{server.address}/")
        yield server


@pytest.fixture
def dialog(qtbot: QtBot, server: Server) -> ModelDownloads:
    dialog = ModelDownloads()
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def press(qtbot: QtBot, dialog: QWidget, name: str) -> None:
    qtbot.mouseClick(dialog.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def test_cancel_ends_it_at_once(dialog: ModelDownloads, server: Server, weights: bytes, qtbot: QtBot) -> None:
    server.serve(f"/{ENTRY.file}", stuck(weights, 8_000_000))
    press(qtbot, dialog, "get_model_button")
    bar = dialog.findChild(QProgressBar, "download_progress")
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() > 200, timeout=SECONDS)
    assert "of" in dialog.findChild(QLabel, "download_state").text()
    press(qtbot, dialog, "cancel_download_button")
    qtbot.waitUntil(dialog.findChild(QPushButton, "get_model_button").isEnabled, timeout=5000)
    assert not dialog.findChild(MessageBar, "message_bar").isVisible()
    assert not is_downloaded(ENTRY)


def test_a_failure_stands_where_it_happened(dialog: ModelDownloads, server: Server, qtbot: QtBot) -> None:
    server.serve(f"/{ENTRY.file}", status(500))
    press(qtbot, dialog, "get_model_button")
    message = dialog.findChild(MessageBar, "message_bar")
    qtbot.waitUntil(message.isVisible, timeout=SECONDS)
    assert "error 500" in message.text
    assert dialog.findChild(QPushButton, "get_model_button").isEnabled()


def test_every_model_says_what_it_is(dialog: ModelDownloads) -> None:
    told = dialog.findChild(QLabel, "download_facts")
    for entry in PRETRAINED.values():
        dialog.findChild(Picker, "download_picker").set_current(entry.name)
        assert f"{entry.megabytes} MB" in dialog.findChild(Picker, "download_picker").accessibleDescription()
        assert dialog.findChild(QLabel, "download_idea").text() == entry.idea
        assert str(entry.year) in told.text()
        assert entry.licence in told.text()


def test_it_may_be_closed_meanwhile(server: Server, weights: bytes, qtbot: QtBot, tmp_path: Path) -> None:
    server.serve(f"/{ENTRY.file}", stuck(weights, 8_000_000))
    dialog = ModelDownloads()
    dialog.show()
    press(qtbot, dialog, "get_model_button")
    qtbot.waitUntil(lambda: len(server.requests) == 2, timeout=SECONDS)
    with qtbot.waitSignal(dialog.destroyed, timeout=SECONDS):
        dialog.close()
    assert not is_downloaded(ENTRY)
