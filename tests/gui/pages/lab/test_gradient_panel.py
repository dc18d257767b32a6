"""A gradient step in the Lab: the loss falls, sums are written out, bad numbers say so."""

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.number_boxes import DecimalBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.gradient_panel import INPUT, KERNEL, TARGET, GradientPanel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix


@pytest.fixture
def panel(qtbot: QtBot) -> GradientPanel:
    panel = GradientPanel(Settings(), Library())
    qtbot.addWidget(panel)
    return panel


def said(panel: GradientPanel, name: str) -> str:
    return panel.findChild(QLabel, name).text()


def test_a_step_moves_the_weights_against_the_gradient(panel: GradientPanel) -> None:
    before = panel.facts()
    panel.findChild(QPushButton, "take_step_button").click()
    after = panel.facts()
    np.testing.assert_allclose(after["kernel"], KERNEL - 0.05 * np.array(before["by_kernel"]))
    assert after["loss"] == pytest.approx(before["loss_after"])
    assert after["loss"] < before["loss"]
    assert after["steps"] == 1
    for _ in range(60):
        panel.step()
    assert panel.facts()["loss"] < after["loss"]
    panel.findChild(QPushButton, "restart_gradient").click()
    assert panel.state()["kernel"] == KERNEL.tolist()
    assert panel.facts()["loss"] == before["loss"]


def test_what_is_pointed_at_is_written_as_a_sum(panel: GradientPanel) -> None:
    gradient = panel.findChild(Matrix, "gradient_by_kernel")
    gradient.point((0, 0))
    text = said(panel, "gradient_formula")
    assert text.startswith("dL/dw at row 0, column 0: ")
    assert text.count("·") == TARGET.size
    assert text.endswith(f"= {gradient.values[0, 0]:.3g}".replace("-", "−"))
    gradient.point(None)
    panel.findChild(Matrix, "gradient_by_input").point((1, 1))
    assert said(panel, "gradient_formula").count("·") == KERNEL.size
    panel.findChild(Matrix, "gradient_by_input").point((0, 0))
    assert said(panel, "gradient_formula").count("·") == 1


def test_a_rate_that_is_too_large_says_so(panel: GradientPanel) -> None:
    panel.findChild(DecimalBox, "gradient_rate").setValue(1)
    assert "the learning rate is too large" in said(panel, "gradient_loss")


@pytest.mark.parametrize("text", ["two", "", "1e300", "nan"])
def test_a_bad_number_says_so(panel: GradientPanel, text: str) -> None:
    matrix = panel.findChild(Matrix, "gradient_input")
    matrix.set_text((0, 0), text)
    assert said(panel, "gradient_problem").startswith("Input x: Row 0, column 0: ")
    assert not panel.findChild(QPushButton, "take_step_button").isEnabled()
    by_kernel = panel.findChild(Matrix, "gradient_by_kernel")
    assert by_kernel.values.shape == (2, 2) and np.isnan(by_kernel.values).all() and not by_kernel.isHidden()
    matrix.set_text((0, 0), "1")
    assert panel.findChild(QLabel, "gradient_problem").isHidden()
    assert panel.findChild(QPushButton, "take_step_button").isEnabled()


def test_shapes_that_do_not_fit_say_so(panel: GradientPanel) -> None:
    panel.show_state({"target": [[1, 2]]})
    assert "The target is 1×2×1, but the output is 3×3×1" in said(panel, "gradient_problem")
    panel.show_state({"input": [[1, 2, 3]], "target": TARGET.tolist()})  # a picture with one row
    assert "reaches over 2 numbers, but the input has only 1" in said(panel, "gradient_problem")
    panel.show_state({"input": INPUT.tolist(), "activation": "relu"})
    assert panel.facts()["loss"] > 0


def test_a_state_that_does_not_fit_changes_nothing(panel: GradientPanel) -> None:
    before = panel.state()
    for state in ({"input": "words"}, {"activation": "telepathy"}, {"learning_rate": 0}, {"steps": -1}):
        with pytest.raises(StudioError, match="“"):
            panel.show_state(state)
        assert panel.state() == before
