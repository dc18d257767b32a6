"""The Try page with a network whose classes have probabilities of their own, and that takes an image as one row."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.choosers.network_input.image_panel import ImagePanel
from cnnstudio.gui.pages.choosers.network_input.session import flattened
from cnnstudio.gui.pages.try_.page import TryPage
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.charts.probability_bars import ProbabilityBars
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.card import Card
from cnnstudio.models.trained.classifier import Classifier, LayerInfo

SECONDS = 60_000


@pytest.fixture(scope="module")
def lights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that says which of the colours red, green and blue are bright in a picture."""
    keras = import_keras()
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3, "sigmoid")]
    )
    model.layers[-1].set_weights([np.tile(np.eye(3), (64, 1)) * 0.1, np.full(3, -3.2)])
    folder = tmp_path_factory.mktemp("models") / "lights"
    card = Card("lights", ("red", "green", "blue"), (8, 8, 3), "centre-crop", independent=True)
    Classifier(model, card).save(folder)
    return folder


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ((255, 250, 0), ("red, green", "Each class has a probability of its own")),
        ((0, 0, 10), ("None of the classes", "The most probable one is blue: 5")),
    ],
)
def test_all_classes_that_are_likely_are_the_answer(
    lights: Path, tmp_path: Path, qtbot: QtBot, colour: tuple[int, int, int], words: tuple[str, str]
) -> None:
    answer, state = words
    Image.new("RGB", (20, 20), colour).save(tmp_path / "picture.png")
    page = TryPage(Settings())
    qtbot.addWidget(page)
    page.show()
    page.receive(lights)
    with qtbot.waitSignal(page.answered, timeout=SECONDS):
        page.receive(tmp_path / "picture.png")
    assert page.findChild(QLabel, "answer").text() == answer
    assert page.findChild(QLabel, "model_state").text().startswith(state)
    assert ", ".join(page.findChild(ProbabilityBars).answered) == (answer if "None" not in answer else "")
    note = page.findChild(ImagePanel).findChild(QLabel, "network_input_note")
    assert "192 numbers then become one row" in note.toolTip()
    page.shut_down()


@pytest.mark.parametrize(
    ("kinds", "numbers"),
    [(("Rescaling", "Flatten", "Dense"), 192), (("Flatten",), 192), (("Rescaling", "Conv2D", "Flatten"), 0), ((), 0)],
)
def test_a_network_that_flattens_at_once_is_known(kinds: tuple[str, ...], numbers: int) -> None:
    assert flattened([LayerInfo(kind, kind, (192,), main=True) for kind in kinds]) == numbers
