"""Activations, softmax and cross-entropy in the Lab."""

import math

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.number_boxes import DecimalBox, WholeBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.activation_panel import ActivationPanel
from cnnstudio.gui.pages.lab.curve_view import CurveView
from cnnstudio.gui.pages.lab.softmax_panel import SoftmaxPanel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix


@pytest.fixture
def activation(qtbot: QtBot) -> ActivationPanel:
    panel = ActivationPanel(Settings(), Library())
    qtbot.addWidget(panel)
    return panel


@pytest.fixture
def softmax(qtbot: QtBot) -> SoftmaxPanel:
    panel = SoftmaxPanel(Settings(), Library())
    qtbot.addWidget(panel)
    return panel


def test_a_number_is_moved_along_the_curve(activation: ActivationPanel) -> None:
    x = activation.findChild(DecimalBox, "activation_x")
    activation.findChild(QSlider, "activation_slider").setValue(-20)
    assert activation.facts() == {"function": "relu", "x": -2, "value": 0, "slope": 0}
    activation.findChild(QPushButton, "activation_leaky_relu").click()
    assert activation.facts()["value"] == pytest.approx(-0.4)
    activation.findChild(QPushButton, "activation_sigmoid").click()
    x.setValue(0)
    assert (activation.facts()["value"], activation.facts()["slope"]) == (0.5, 0.25)
    assert "gives 0.5, and its slope there is 0.25" in activation.findChild(QLabel, "activation_numbers").text()
    curve, slope = activation.findChild(CurveView).curves
    np.testing.assert_allclose(np.gradient(curve.y, curve.x)[1:-1], slope.y[1:-1], atol=1e-3)
    for state in ({"function": "linear"}, {"x": 1e7}):
        with pytest.raises(StudioError, match="“"):
            activation.show_state(state)


def test_the_curve_reaches_to_a_number_far_away(activation: ActivationPanel) -> None:
    activation.show_state({"x": -130.25})
    assert activation.facts()["x"] == -130.25
    curve = activation.findChild(CurveView).curves[0]
    assert (curve.x[0], curve.x[-1]) == (-200, 200)
    activation.findChild(QSlider, "activation_slider").setValue(0)
    assert activation.facts()["x"] == 0
    assert activation.findChild(CurveView).curves[0].x[-1] == 6


def test_logits_become_probabilities(softmax: SoftmaxPanel) -> None:
    facts = softmax.facts()
    np.testing.assert_allclose(facts["probabilities"], [0.659, 0.242, 0.0986], atol=1e-3)
    assert facts["loss"] == pytest.approx(-math.log(0.659), abs=1e-3)
    shown = softmax.findChild(Matrix, "softmax_probabilities")
    np.testing.assert_allclose(shown.values[0], facts["probabilities"])
    shown.point((0, 1))
    assert softmax.findChild(QLabel, "softmax_formula").text() == "Class 1: 0.368/(1 + 0.368 + 0.15) = 0.242"
    shown.point(None)
    assert softmax.findChild(QLabel, "softmax_formula").text().endswith("1 + 0.368 + 0.15 = 1.517.")  # not 1.52
    softmax.findChild(QComboBox, "true_class").setCurrentIndex(2)
    assert softmax.facts()["loss"] == pytest.approx(-math.log(0.0986), abs=1e-3)
    assert sum(softmax.facts()["gradient"]) == pytest.approx(0)


@pytest.mark.parametrize(
    ("logits", "said"),
    [
        ([9, 0, -1], "−ln(0.999831) = <b>0.000169</b>"),
        ([17, 0], "−ln(1 − 4.14×10⁻⁸) = <b>4.14×10⁻⁸</b>"),
        ([40, 0], "−ln(1 − 4.25×10⁻¹⁸) = <b>4.25×10⁻¹⁸</b>"),
        ([0, 5], "−ln(0.00669) = <b>5.01</b>"),
        ([0, 2000], "−ln(e<sup>−2,000</sup>) = <b>2,000</b>"),
    ],
)
def test_the_loss_is_the_logarithm_of_the_probability_that_is_shown(
    softmax: SoftmaxPanel, logits: list[float], said: str
) -> None:
    softmax.show_state({"logits": logits, "true_class": 0})
    assert said in softmax.findChild(QLabel, "loss_text").text()


def test_temperature_sharpens_and_evens_out(softmax: SoftmaxPanel) -> None:
    temperature = softmax.findChild(QSlider, "softmax_temperature")
    temperature.setValue(temperature.minimum())
    assert max(softmax.facts()["probabilities"]) > 0.999
    temperature.setValue(temperature.maximum())
    assert max(softmax.facts()["probabilities"]) < 0.4


def test_classes_are_added_and_taken_away(softmax: SoftmaxPanel) -> None:
    softmax.findChild(QComboBox, "true_class").setCurrentIndex(2)
    softmax.findChild(WholeBox, "softmax_classes").setValue(5)
    assert softmax.state()["logits"] == [2, 1, 0.1, 0, 0]
    softmax.findChild(WholeBox, "softmax_classes").setValue(2)
    assert softmax.state() == {"logits": [2, 1], "temperature": 1, "true_class": 1}


@pytest.mark.parametrize("text", ["two", "", "1e300", "nan"])
def test_a_bad_logit_says_so(softmax: SoftmaxPanel, text: str) -> None:
    logits = softmax.findChild(Matrix, "softmax_logits")
    logits.set_text((0, 1), text)
    assert softmax.findChild(QLabel, "softmax_problem").text()
    assert softmax.findChild(QLabel, "loss_text").isHidden()
    logits.set_text((0, 1), "1000000")  # as large as a cell takes
    assert softmax.facts()["probabilities"] == [0, 1, 0]
    assert softmax.findChild(QLabel, "softmax_problem").isHidden()


def test_a_state_that_does_not_fit_changes_nothing(softmax: SoftmaxPanel) -> None:
    before = softmax.state()
    for state in ({"logits": [1]}, {"logits": "words"}, {"temperature": 0}, {"true_class": 3}):
        with pytest.raises(StudioError, match="“"):
            softmax.show_state(state)
        assert softmax.state() == before
