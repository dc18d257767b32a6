"""The pooling panel: the lecture's example, where the maximum was, bad cells, and a stroke that moves."""

import math

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QSlider
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.number_boxes import WholeBox
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.pooling_panel import WHOLE, PoolingPanel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix


@pytest.fixture
def panel(qtbot: QtBot) -> PoolingPanel:
    panel = PoolingPanel(Settings(), Library())
    qtbot.addWidget(panel)
    panel.resize(900, 640)
    panel.show()
    return panel


def said(panel: PoolingPanel, name: str = "pooling_formula") -> str:
    return panel.findChild(QLabel, name).text()


def test_the_example_of_the_lecture(panel: PoolingPanel) -> None:
    assert panel.facts()["output"] == [[6, 8], [3, 4]]
    output, input_ = panel.findChild(Matrix, "pooling_output"), panel.findChild(Matrix, "pooling_input")
    output.point((1, 0))
    assert said(panel) == "max(3, 2, 1, 2) = 3, from row 2, column 0"
    output.point(None)
    input_.point((1, 1))
    assert said(panel) == "This 6 is seen by 1 window; it is the largest in 1."
    input_.point((0, 0))
    assert said(panel).endswith("it is lost.")
    kind = panel.findChild(QComboBox, "pooling_kind")
    kind.setCurrentIndex(kind.findData("average"))
    assert panel.facts()["output"] == [[3.25, 5.25], [2, 2]]
    output.point((0, 0))
    assert said(panel) == "(1 + 1 + 5 + 6)/4 = 3.25"
    assert panel.findChild(CodeLine).code == "keras.layers.AveragePooling2D(2)"


def test_window_and_stride(panel: PoolingPanel) -> None:
    size, stride = panel.findChild(QComboBox, "pooling_size"), panel.findChild(WholeBox, "pooling_stride")
    stride.setValue(1)
    assert panel.facts()["output"] == [[6, 7, 8], [6, 7, 8], [3, 3, 4]]
    size.setCurrentIndex(size.findData(3))
    assert stride.value() == 3  # as far as the window is wide
    panel.findChild(Matrix, "pooling_input").point((3, 3))
    assert "No window reaches this 4" in said(panel)
    assert panel.findChild(Matrix, "pooling_input").text_of((3, 3)).endswith("4, not used")
    size.setCurrentIndex(size.findData(WHOLE))
    assert panel.facts()["output"] == [[8]]
    assert not stride.isEnabled()
    assert panel.findChild(CodeLine).code == "keras.layers.GlobalMaxPooling2D()"


def test_a_window_larger_than_the_input_says_so(panel: PoolingPanel) -> None:
    panel.findChild(WholeBox, "pooling_side").setValue(1)
    assert panel.facts()["output"] == [[]]
    assert "reaches over 2 numbers, but the input has only 1" in said(panel, "pooling_problem")
    panel.findChild(WholeBox, "pooling_side").setValue(6)
    assert len(panel.facts()["output"]) == 3
    assert panel.findChild(QLabel, "pooling_problem").isHidden()


@pytest.mark.parametrize("text", ["two", "", "1e300", "nan"])
def test_a_bad_cell_says_so_and_the_rest_goes_on(panel: PoolingPanel, text: str) -> None:
    panel.findChild(Matrix, "pooling_input").set_text((0, 0), text)
    assert said(panel, "pooling_problem")
    output = panel.facts()["output"]
    assert math.isnan(output[0][0])
    assert [output[0][1], output[1]] == [8, [3, 4]]


def test_a_move_inside_the_windows_is_hidden_by_the_pooling(panel: PoolingPanel) -> None:
    slider = panel.findChild(QSlider, "lab_shift")
    slider.setValue(1)
    facts = panel.facts()
    assert facts["input_changed"] > 0
    assert facts["convolution_changed"] > 0
    assert facts["pooled_changed"] == 0
    slider.setValue(-1)
    assert panel.facts()["pooled_changed"] > 0
    slider.setValue(0)
    assert panel.facts()["input_changed"] == 0


def test_the_stroke_goes_through_the_pooling_that_is_chosen(panel: PoolingPanel) -> None:
    pooled = panel.findChild(Matrix, "shifted_pooled")
    panel.show_state({"kind": "max", "size": 2, "stride": 2, "shift": 0})
    largest = pooled.values
    panel.show_state({"kind": "average"})
    assert pooled.values.shape == (4, 4) and 0 < pooled.values.max() < largest.max()
    panel.show_state({"size": 4, "stride": 4})
    assert pooled.values.shape == (2, 2)


def test_a_state_that_does_not_fit_changes_nothing(panel: PoolingPanel) -> None:
    before = panel.state()
    for state in ({"input": "words"}, {"kind": "median"}, {"size": 7}, {"stride": 0}, {"shift": 9}):
        with pytest.raises(StudioError, match="“"):
            panel.show_state(state)
        assert panel.state() == before
    panel.show_state({"input": [[1, 2, 3]], "size": 1, "stride": 2})  # one row
    assert panel.facts()["output"] == [[1, 3]]
