"""Files are saved where somebody says, and the next dialog begins there."""

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.saving import Format, in_last_folder, save_as


def test_the_next_dialog_begins_where_the_last_one_ended(qtbot: QtBot, tmp_path: Path) -> None:
    window = QWidget()
    qtbot.addWidget(window)

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        dialog.setDirectory(str(tmp_path))
        dialog.selectFile("here.txt")
        dialog.accept()

    QTimer.singleShot(0, answer)
    path = save_as(window, "Save", "name", (Format(".txt", "Text", lambda: b"content"),))
    assert Path(path) == tmp_path / "here.txt"
    assert Path(path).read_bytes() == b"content"
    assert Path(in_last_folder("next.txt")) == tmp_path / "next.txt"


def test_a_folder_that_is_not_there_is_told(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window, told = QWidget(), []
    qtbot.addWidget(window)
    path = tmp_path / "nowhere" / "name.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QMessageBox, "warning", lambda _parent, _title, text: told.append(text))
    assert save_as(window, "Save", "name", (Format(".txt", "Text", lambda: b"content"),)) == ""
    assert told == [f"{path} could not be written: it does not exist. Choose another place."]
