"""Flattening and a dense layer in the Lab."""

import math

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.dense_panel import BIAS, MAPS, WEIGHTS, DensePanel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix


@pytest.fixture
def panel(qtbot: QtBot) -> DensePanel:
    panel = DensePanel(Settings(), Library())
    qtbot.addWidget(panel)
    return panel


def said(panel: DensePanel) -> str:
    return panel.findChild(QLabel, "dense_formula").text()


def test_maps_become_a_vector_and_the_units_add_it_up(panel: DensePanel) -> None:
    assert panel.facts()["vector"] == MAPS.reshape(-1).tolist()
    np.testing.assert_allclose(panel.facts()["output"], MAPS.reshape(-1) @ WEIGHTS + BIAS)
    activation = panel.findChild(QComboBox, "dense_activation")
    activation.setCurrentIndex(activation.findData("relu"))
    np.testing.assert_allclose(panel.facts()["output"], np.maximum(MAPS.reshape(-1) @ WEIGHTS + BIAS, 0))
    assert panel.findChild(CodeLine).code == 'keras.layers.Flatten(),\nkeras.layers.Dense(3, activation="relu")'
    panel.findChild(Matrix, "dense_output").point((1, 0))
    assert said(panel).startswith("Unit 1: 1·(−1) + 0·0.5 + 2·1 + ")
    panel.findChild(Matrix, "dense_output").point(None)
    panel.findChild(Matrix, "dense_map_1").point((1, 0))
    assert said(panel).startswith("Number 5 of the vector is row 1, column 0 of map 1")


@pytest.mark.parametrize("text", ["two", "", "1e300", "nan"])
def test_a_bad_number_says_so_and_the_rest_goes_on(panel: DensePanel, text: str) -> None:
    panel.findChild(Matrix, "dense_weights").set_text((0, 0), text)
    assert panel.findChild(QLabel, "dense_problem").text().startswith("Weights: Row 0, column 0: ")
    output = panel.facts()["output"]
    assert math.isnan(output[0])
    np.testing.assert_allclose(output[1:], (MAPS.reshape(-1) @ WEIGHTS + BIAS)[1:])


def test_a_state_that_does_not_fit_changes_nothing(panel: DensePanel) -> None:
    before = panel.state()
    for state in ({"maps": [[1]]}, {"maps": [[[1]]]}, {"weights": "words"}, {"bias": [1]}, {"activation": "x"}):
        with pytest.raises(StudioError, match="“"):
            panel.show_state(state)
        assert panel.state() == before
