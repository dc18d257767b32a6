"""Batch normalisation and dropout in the Lab, in training and afterwards."""

import math

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.number_boxes import DecimalBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.dropout_panel import DropoutPanel
from cnnstudio.gui.pages.lab.normalisation_panel import VALUES, NormalisationPanel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix


@pytest.fixture
def batch(qtbot: QtBot) -> NormalisationPanel:
    panel = NormalisationPanel(Settings(), Library())
    qtbot.addWidget(panel)
    return panel


@pytest.fixture
def dropout(qtbot: QtBot) -> DropoutPanel:
    panel = DropoutPanel(Settings(), Library())
    qtbot.addWidget(panel)
    return panel


def test_a_batch_is_normalised(batch: NormalisationPanel) -> None:
    assert batch.facts()["mean"] == np.mean(VALUES)
    assert batch.facts()["variance"] == np.var(VALUES)
    batch.findChild(DecimalBox, "gamma_box").setValue(2)
    batch.findChild(DecimalBox, "beta_box").setValue(-1)
    assert np.mean(batch.facts()["output"]) == pytest.approx(-1)
    assert np.std(batch.facts()["output"]) == pytest.approx(2, rel=1e-3)
    said = batch.findChild(QLabel, "normalisation_numbers").text()
    assert said.endswith("The output has the mean <b>−1</b> and the variance <b>4</b>.")
    batch.findChild(Matrix, "batch_values").point((0, 0))
    assert batch.findChild(QLabel, "normalisation_formula").text() == "(4 − 6)/√(4.5 + 0.001) · 2 − 1 = −2.89"


def test_mean_and_variance_are_gathered(batch: NormalisationPanel) -> None:
    batch.findChild(QPushButton, "normalise_after").click()
    assert batch.facts()["mean"] == 0
    np.testing.assert_allclose(batch.facts()["output"], np.array(VALUES) / math.sqrt(1.001))
    for _ in range(400):
        batch.findChild(QPushButton, "gather_button").click()
    assert batch.facts()["mean"] == pytest.approx(np.mean(VALUES), rel=0.02)
    batch.findChild(QPushButton, "forget_button").click()
    assert batch.state()["moving"] == [0, 1]


@pytest.mark.parametrize("text", ["two", "", "1e300", "nan"])
def test_a_bad_number_says_so(batch: NormalisationPanel, dropout: DropoutPanel, text: str) -> None:
    batch.findChild(Matrix, "batch_values").set_text((0, 0), text)
    assert batch.findChild(QLabel, "normalisation_problem").text()
    assert not batch.findChild(QPushButton, "gather_button").isEnabled()
    dropout.findChild(QSlider, "dropout_rate").setValue(0)
    dropout.findChild(Matrix, "dropout_input").set_text((0, 0), text)
    assert dropout.findChild(QLabel, "dropout_problem").text()
    assert dropout.facts()["output"][1] == [5, 1, 2, 4]


def test_numbers_are_left_out_by_chance(dropout: DropoutPanel) -> None:
    before = np.array(dropout.state()["values"])
    output = np.array(dropout.facts()["output"])
    assert dropout.facts()["kept"] == np.count_nonzero(output)
    assert set(np.unique(output / before)) == {0, 2}
    dropout.findChild(QPushButton, "throw_button").click()
    assert dropout.facts()["output"] != output.tolist()
    dropout.findChild(QPushButton, "drop_after").click()
    assert dropout.facts()["output"] == before.tolist()
    assert "All 16 numbers go on" in dropout.findChild(QLabel, "dropout_text").text()


def test_states_that_do_not_fit_change_nothing(batch: NormalisationPanel, dropout: DropoutPanel) -> None:
    for panel, states in (
        (batch, ({"values": "words"}, {"gamma": 9999}, {"moving": [1]}, {"moving": [0, -1]})),
        (dropout, ({"values": [1]}, {"rate": 1}, {"seed": -1})),
    ):
        before = panel.state()
        for state in states:
            with pytest.raises(StudioError, match="“"):
                panel.show_state(state)
            assert panel.state() == before
