"""Models of strangers that are tried on folders of images, and answer as in plain Keras."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.adopt import completed_model, inspect_model
from tests.gui.pages.choosers.test_adopt_dialog import brightness, press, shown, told, try_on


def adopt(*arguments: str, home: Path) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "cnnstudio", "adopt", *arguments]
    environment = {**os.environ, "CNNSTUDIO_HOME": str(home)}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def test_an_order_of_classes_that_is_clearly_wrong_is_not_kept(tmp_path: Path) -> None:
    common = str(brightness(tmp_path, 6)), "--dataset", str(tmp_path / "pictures")
    out = adopt(*common, home=tmp_path)
    assert "Tried on 12 images of “pictures”: 0 % are right with the classes in the order “dark”, “light”" in out
    assert "Kept is the order “light”, “dark”; to have the other one, add --classes dark,light." in out
    out = adopt(*common, "--classes", "dark,light", home=tmp_path)
    assert "Kept is the order “dark”, “light”; to have the other one, add --classes light,dark." in out
    assert "--classes dunkel,hell" in adopt(*common, "--classes", "hell,dunkel", home=tmp_path)


def test_an_order_of_more_classes_is_proposed_where_names_were_typed(tmp_path: Path, qtbot: QtBot) -> None:
    path = brightness(tmp_path, 6, ("black", "grey", "white"))
    dialog = shown(path, qtbot)
    dialog.findChild(QPlainTextEdit, "adopt_classes").setPlainText("black\ngrey\nwhite")
    reorder = dialog.findChild(QPushButton, "adopt_reorder")
    assert not reorder.isVisible() and "in the order “white”, “grey”, “black”." in try_on(
        dialog, tmp_path / "pictures", qtbot
    )
    assert dialog.answers.classes == ("black", "grey", "white") and reorder.isVisible()
    press(qtbot, dialog, "adopt_reorder")
    assert dialog.answers.classes == ("white", "grey", "black") and not reorder.isVisible()
    assert told(dialog).endswith("are right.")


def test_a_normalisation_that_was_measured_answers_as_there(tmp_path: Path) -> None:
    keras = import_keras()
    pixels = np.random.default_rng(2).integers(0, 256, (5, 16, 16, 3)).astype(np.float32)
    measured = keras.layers.Normalization()
    measured.adapt(pixels)
    layers = [keras.Input((16, 16, 3)), measured, keras.layers.Flatten(), keras.layers.Dense(4, "softmax")]
    model = keras.Sequential(layers)
    model.save(tmp_path / "theirs.keras")
    guess = inspect_model(tmp_path / "theirs.keras").guess
    assert guess.value_range == "0-255"
    np.testing.assert_allclose(completed_model(tmp_path / "theirs.keras", guess)(pixels), model(pixels), atol=1e-5)
