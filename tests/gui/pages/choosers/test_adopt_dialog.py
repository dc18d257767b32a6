"""The dialog that asks what somebody else's model is, and the Try page that asks it."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.controls.picker import Picker
from cnnstudio.gui.pages.choosers.adopt_dialog import AdoptDialog
from cnnstudio.gui.pages.try_.page import TryPage
from cnnstudio.gui.settings import Settings
from cnnstudio.models.trained.adopt import inspect_model, remembered
from cnnstudio.models.trained.library import load_classifier

SECONDS = 60_000


def saved(folder: Path, shape: tuple, name: str = "theirs.h5") -> Path:
    import keras
    from keras import layers

    model = keras.Sequential(
        [keras.Input(shape), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Dense(3)]
    )
    model.save(folder / name)
    return folder / name


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return saved(tmp_path, (28, 28, 1))


@pytest.fixture
def dialog(theirs: Path, qtbot: QtBot) -> AdoptDialog:
    return shown(theirs, qtbot)


def shown(path: Path, qtbot: QtBot) -> AdoptDialog:
    dialog = AdoptDialog(inspect_model(path))
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def press(qtbot: QtBot, dialog: QWidget, name: str) -> None:
    qtbot.mouseClick(dialog.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def test_what_is_likely_is_filled_in(dialog: AdoptDialog) -> None:
    assert dialog.findChild(QPlainTextEdit, "adopt_classes").toPlainText() == "class 0\nclass 1\nclass 2"
    assert dialog.findChild(Picker, "adopt_rule").current_key == "digit"
    assert dialog.findChild(Picker, "adopt_range").current_key == "0-1"
    assert dialog.findChild(Picker, "adopt_outputs").current_key == "logits"
    assert dialog.findChild(QSpinBox, "adopt_size") is None or not dialog.findChild(QSpinBox).isVisible()


def test_its_buttons_end_where_its_fields_end(dialog: AdoptDialog) -> None:
    name, use = (dialog.findChild(QWidget, name) for name in ("adopt_name", "adopt_use"))
    field, button = (one.mapTo(dialog, one.rect().topRight()).x() for one in (name, use))
    assert field == button


def test_answers_are_kept(dialog: AdoptDialog, theirs: Path, qtbot: QtBot) -> None:
    dialog.findChild(QPlainTextEdit, "adopt_classes").setPlainText("zero\none\ntwo\n")
    dialog.findChild(Picker, "adopt_range").set_current("-1-1")
    with qtbot.waitSignal(dialog.accepted):
        press(qtbot, dialog, "adopt_use")
    assert not dialog.isVisible()
    answers = remembered(theirs)
    assert answers is not None and answers.classes == ("zero", "one", "two") and answers.value_range == "-1-1"
    assert load_classifier(theirs).classes == ("zero", "one", "two")


def test_a_wrong_number_of_classes_is_told_and_nothing_kept(dialog: AdoptDialog, theirs: Path, qtbot: QtBot) -> None:
    dialog.findChild(QPlainTextEdit, "adopt_classes").setPlainText("zero\none")
    press(qtbot, dialog, "adopt_use")
    assert dialog.isVisible() and dialog.findChild(MessageBar).isVisible()
    assert remembered(theirs) is None


def test_class_names_come_from_a_file(dialog: AdoptDialog, tmp_path: Path) -> None:
    names = tmp_path / "labels.txt"
    names.write_text("0 Katze\n1 Hund\n2 Käfer\n", encoding="utf-8")
    dialog.read_names(names)
    assert dialog.answers.classes == ("Katze", "Hund", "Käfer")
    names.write_text("Katze\n")
    dialog.read_names(names)
    assert dialog.findChild(MessageBar).isVisible()
    dialog.read_names(tmp_path / "missing.txt")
    assert dialog.answers.classes == ("Katze", "Hund", "Käfer")


def test_a_network_for_any_size_is_asked_for_one(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = shown(saved(tmp_path, (None, None, 3), "any.keras"), qtbot)
    size = dialog.findChild(QSpinBox, "adopt_size")
    assert size.isVisible() and size.value() == 224
    size.setValue(64)
    assert dialog.answers.image_size == (64, 64)


def test_the_try_page_asks_once_and_then_opens_it(theirs: Path, tmp_path: Path, qtbot: QtBot) -> None:
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.show()
    page.receive(theirs)
    qtbot.waitUntil(lambda: page.findChild(AdoptDialog) is not None, timeout=SECONDS)
    qtbot.wait(50)  # a second failure of the same model would ask a second time by now
    assert len(page.findChildren(AdoptDialog)) == 1
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        press(qtbot, page.findChild(AdoptDialog), "adopt_use")
    assert remembered(theirs) is not None
    images = np.zeros((1, 28, 28, 1), np.uint8)
    np.testing.assert_allclose(load_classifier(theirs).predict_many(images).sum(), 1, rtol=1e-5)


def test_who_does_not_answer_is_told(theirs: Path, qtbot: QtBot) -> None:
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.show()
    page.receive(theirs)
    qtbot.waitUntil(lambda: page.findChild(AdoptDialog) is not None, timeout=SECONDS)
    press(qtbot, page.findChild(AdoptDialog), "adopt_cancel")
    assert page.findChild(MessageBar).isVisible()
