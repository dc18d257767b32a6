"""A larger model is downloaded in the window: from a real server, which has what Keras would publish."""

import hashlib
import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.choosers.model_downloads import ModelDownloads
from cnnstudio.gui.pages.choosers.models import ModelChooser
from cnnstudio.gui.settings import Settings
from cnnstudio.models.trained.pretrained import PRETRAINED, build_pretrained
from tests.data import local_server
from tests.data.local_server import Server, normal

SECONDS = 60_000
ENTRY = PRETRAINED["efficientnetv2-b0"]


@pytest.fixture
def weights(tmp_path: Path) -> bytes:
    path = tmp_path / "weights.h5"
    build_pretrained(replace(ENTRY, side=32), None).save(path)
    return path.read_bytes()


@pytest.fixture
def server(weights: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    module = importlib.import_module("keras.src.applications.efficientnet_v2")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setitem(module.WEIGHTS_HASHES, "b0", (hashlib.md5(weights).hexdigest(), ""))
    with local_server.running() as server:
        monkeypatch.setattr(module, "BASE_WEIGHTS_PATH", f"{server.address}/")
        yield server


def test_a_model_is_downloaded_and_chosen_as_soon_as_it_is_here(server: Server, weights: bytes, qtbot: QtBot) -> None:
    server.serve(f"/{ENTRY.file}", normal(weights))
    chooser = ModelChooser(Library(), Settings(), MessageBar())
    qtbot.addWidget(chooser)
    chooser.findChild(QAction, "get_larger_model").trigger()
    dialog = chooser.findChild(ModelDownloads)
    with qtbot.waitSignal(chooser.chosen, timeout=SECONDS) as chosen:
        qtbot.mouseClick(dialog.findChild(QPushButton, "get_model_button"), Qt.MouseButton.LeftButton)
        assert not dialog.findChild(QPushButton, "get_model_button").isEnabled()
    assert not [one for one in chooser.findChildren(ModelDownloads) if one.isVisible()]
    assert chosen.args == [chooser.path]
    assert chooser.path.name == ENTRY.name
    assert chooser.card.architecture == ENTRY.name
    assert chooser.findChild(QAction, "rename_model").isEnabled()
    assert "downloaded" in chooser.findChild(QWidget, "model_picker").accessibleDescription()
    again = ModelDownloads()
    qtbot.addWidget(again)
    assert again.findChild(QPushButton, "get_model_button").text() == "&Use it"
