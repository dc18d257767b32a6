"""What a model from elsewhere is, said anew on one page: the answers replace the old ones on all pages."""

from dataclasses import replace
from pathlib import Path

from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.choosers.adopt_dialog import AdoptDialog
from cnnstudio.gui.pages.choosers.models import ModelChooser
from cnnstudio.gui.pages.inside.page import InsidePage
from cnnstudio.gui.pages.try_.folder_view import FolderView
from cnnstudio.gui.pages.try_.page import TryPage
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.probability_bars import ProbabilityBars
from cnnstudio.models.trained.adopt import inspect_model, remember, remembered

SECONDS = 60_000


def press(qtbot: QtBot, widget: QWidget, name: str) -> None:
    qtbot.mouseClick(widget.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def test_wrong_names_are_corrected_on_every_page(tmp_path: Path, qtbot: QtBot) -> None:
    import keras

    path = tmp_path / "theirs.keras"
    keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]).save(path)
    found = inspect_model(path)
    remember(found, replace(found.guess, name="Theirs", value_range="-1-1"))
    page = TryPage(Settings())
    inside = InsidePage(Settings(), page.library)
    for one in (page, inside):
        qtbot.addWidget(one)
        one.show()
        with qtbot.waitSignal(one.ready, timeout=SECONDS):
            one.receive(path)
    assert page.findChild(QAction, "describe_model").isEnabled()
    press(qtbot, page, "wrong_names_button")
    qtbot.waitUntil(lambda: page.findChild(AdoptDialog) is not None, timeout=SECONDS)
    dialog = page.findChild(AdoptDialog)
    assert dialog.answers == remembered(path)
    dialog.findChild(QPlainTextEdit, "adopt_classes").setPlainText("ant\nbee\ncat")
    with qtbot.waitSignals([page.ready, inside.ready], timeout=SECONDS):
        press(qtbot, dialog, "adopt_use")
    assert set(page.findChild(ProbabilityBars).listed) == {"ant", "bee", "cat"}
    assert remembered(path) == replace(found.guess, name="Theirs", value_range="-1-1", classes=("ant", "bee", "cat"))
    page.findChild(QAction, "describe_model").trigger()
    qtbot.waitUntil(lambda: len(page.findChildren(AdoptDialog)) == 1 and page.findChild(AdoptDialog).isVisible())
    press(qtbot, page.findChild(AdoptDialog), "adopt_cancel")
    assert page.findChild(ModelChooser).path == inside.findChild(ModelChooser).path == path
    assert set(page.findChild(ProbabilityBars).listed) == {"ant", "bee", "cat"} and page.message == ""
    inside.shut_down()
    (tmp_path / "photos").mkdir()
    for number in range(3):
        Image.new("RGB", (20, 20), (80 * number, 9, 9)).save(tmp_path / "photos" / f"{number}.png")
    page.receive(tmp_path / "photos")
    view = page.findChild(FolderView)
    qtbot.waitUntil(lambda: not view.running, timeout=SECONDS)
    press(qtbot, view, "wrong_folder_names_button")
    qtbot.waitUntil(lambda: bool(page.findChildren(AdoptDialog)) and page.findChild(AdoptDialog).isVisible())
    page.findChild(AdoptDialog).findChild(QPlainTextEdit, "adopt_classes").setPlainText("a\nb\nc")
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        press(qtbot, page.findChild(AdoptDialog), "adopt_use")
    assert view.isVisible() and view.results.begun.classes == ("ant", "bee", "cat")
    press(qtbot, view, "accept_offer_button")
    qtbot.waitUntil(lambda: not view.running and view.results is not None, timeout=SECONDS)
    assert view.results.begun.classes == ("a", "b", "c")
    page.shut_down()
