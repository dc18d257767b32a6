"""A hidden filter is learnt before one's eyes: step by step, by itself, and too fast."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.number_boxes import DecimalBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.curve_view import CurveView
from cnnstudio.gui.pages.lab.learning_panel import LearningPanel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix
from cnnstudio.lab.filters import FILTERS


@pytest.fixture
def panel(qtbot: QtBot) -> LearningPanel:
    panel = LearningPanel(Settings(), Library())
    qtbot.addWidget(panel)
    panel.resize(800, 640)
    panel.show()
    return panel


def test_a_step_goes_against_the_gradient(panel: LearningPanel) -> None:
    learnt, gradient = panel.findChild(Matrix, "learnt_kernel"), panel.findChild(Matrix, "kernel_gradient")
    before, slope, loss = learnt.values, gradient.values, panel.progress.loss
    panel.findChild(QToolButton, "one_step").click()
    change = learnt.values - before
    np.testing.assert_allclose(change, -panel.state()["learning_rate"] * slope)
    assert panel.progress.loss < loss
    assert panel.progress.step == 1
    before, slope = learnt.values, gradient.values
    panel.findChild(DecimalBox, "learning_rate").setValue(0.25)
    panel.findChild(QToolButton, "one_step").click()
    np.testing.assert_allclose(learnt.values, before - 0.25 * slope)
    assert "w ← w − 0.25 · gradient" in panel.findChild(QLabel, "learning_note").text()
    assert len(panel.findChild(CurveView).curves[0].y) == 3


def test_it_finds_the_filter_by_itself(panel: LearningPanel, qtbot: QtBot) -> None:
    panel.show_state({"filter": "sharpen", "speed": 50})
    start = panel.findChild(QPushButton, "start_learning")
    with qtbot.waitSignal(panel.changed, check_params_cb=lambda: panel.facts()["learnt"], timeout=20_000):
        start.click()
        assert panel.running
        assert start.accessibleName() == "Pause"
    assert not panel.running
    assert not start.isEnabled()
    np.testing.assert_allclose(panel.facts()["kernel"], FILTERS["sharpen"].make(3), atol=1e-3)
    gradient = panel.findChild(Matrix, "kernel_gradient")
    image, places = gradient.grab().toImage(), [gradient.cell_rectangle(divmod(item, 3)) for item in range(9)]
    tones = [image.pixelColor(place.topLeft().toPoint() + QPoint(3, 3)).red() for place in places]
    assert max(tones) - min(tones) < 5  # nothing is left of the gradient, and its colours do not say otherwise
    assert "The filter is found" in panel.findChild(QLabel, "learning_text").text()
    panel.findChild(QPushButton, "restart_learning").click()
    assert panel.progress.step == 0
    assert panel.state()["seed"] == 1
    assert start.isEnabled()


def test_it_can_be_paused(panel: LearningPanel) -> None:
    panel.toggle()
    panel.toggle()
    assert not panel.running
    panel.toggle()
    panel.hide()
    assert not panel.running


def test_without_movement_it_goes_many_steps_at_once(qtbot: QtBot) -> None:
    settings = Settings()
    settings.reduced_motion = True
    panel = LearningPanel(settings, Library())
    qtbot.addWidget(panel)
    panel.toggle()
    assert panel.facts()["learnt"]
    assert not panel.running


def test_too_large_steps_say_what_happens(panel: LearningPanel, qtbot: QtBot) -> None:
    panel.findChild(DecimalBox, "learning_rate").setValue(2)
    assert "grows without end" in panel.findChild(QLabel, "learning_note").text()
    panel.show_state({"learning_rate": 2.0, "speed": 200})
    with qtbot.waitSignal(panel.changed, check_params_cb=lambda: not panel.running):
        panel.toggle()
    assert "too large" in panel.findChild(QLabel, "learning_text").text()
    assert np.isfinite(panel.facts()["loss"])


def test_a_state_that_does_not_fit_changes_nothing(panel: LearningPanel) -> None:
    before = panel.state()
    for state in ({"filter": "telepathy"}, {"learning_rate": 0}, {"speed": "fast"}, {"seed": True}):
        with pytest.raises(StudioError, match="“"):
            panel.show_state(state)
        assert panel.state() == before
