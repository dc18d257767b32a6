"""The weights of an MLP and a CNN are counted; tests/end_to_end/test_lab_networks.py has the comparison."""

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QSlider
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.mlp_panel import SIDES, MlpPanel, changed
from cnnstudio.gui.settings import Settings


@pytest.fixture
def panel(qtbot: QtBot) -> MlpPanel:
    panel = MlpPanel(Settings(), Library())
    qtbot.addWidget(panel)
    return panel


def test_weights_grow_with_the_picture_for_an_mlp_alone(panel: MlpPanel) -> None:
    assert panel.facts()["mlp_weights"] == 784 * 256 + 256
    assert panel.facts()["cnn_weights"] == 320
    panel.findChild(QSlider, "picture_side").setValue(SIDES.index(224))
    channels = panel.findChild(QComboBox, "picture_channels")
    channels.setCurrentIndex(channels.findData(3))
    panel.findChild(WholeBox, "mlp_units").setValue(1000)
    assert panel.facts()["mlp_weights"] == 224 * 224 * 3 * 1000 + 1000
    assert panel.facts()["cnn_weights"] == 3 * 3 * 3 * 32 + 32
    said = panel.findChild(QLabel, "count_text").text()
    assert "150,528 × 1,000 weights and 1,000 biases = <b>150,529,000</b> parameters" in said


def test_a_digit_is_moved_and_turned() -> None:
    image = np.zeros((28, 28, 1), np.uint8)
    image[10, 12] = 200
    assert np.argwhere(changed(image, 3, -2, 0)[..., 0]).tolist() == [[8, 15]]
    turned = changed(image, 0, 0, 90)  # clockwise: what is above the middle comes to its right
    assert np.unravel_index(turned.argmax(), turned.shape)[1] > 14


def test_a_state_that_does_not_fit_changes_nothing(panel: MlpPanel) -> None:
    before = panel.state()
    for state in ({"side": 29}, {"channels": 2}, {"hidden": 0}, {"turn": 90}, {"image": -1}):
        with pytest.raises(StudioError, match="“"):
            panel.show_state(state)
        assert panel.state() == before
    panel.show_state({"side": 640, "turn": -45})
    assert panel.state()["turn"] == -45


def test_moves_to_the_left_have_a_real_minus(panel: MlpPanel) -> None:
    panel.show_state({"across": -3, "turn": -20})
    assert panel.findChild(QLabel, "digit_across_figure").text() == "−3\N{NO-BREAK SPACE}px"
    assert panel.findChild(QLabel, "digit_turn_figure").text() == "−20°"
