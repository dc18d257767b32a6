"""Stride, padding and size: sliders whose limits follow each other, beside the formula, with Keras as the judge."""

import itertools
import math

import numpy as np
import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QSlider
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.layouts import ScrollColumn
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.size_panel import SLIDERS, SizePanel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix


@pytest.fixture
def panel(qtbot: QtBot) -> SizePanel:
    settings = Settings()
    settings.reduced_motion = True
    panel = SizePanel(settings, Library())
    qtbot.addWidget(panel)
    panel.resize(900, 700)
    panel.show()
    return panel


def one_slider(panel: SizePanel, name: str) -> QSlider:
    return panel.findChild(QSlider, f"size_{name}_slider")


def text(panel: SizePanel, name: str) -> str:
    return panel.findChild(QLabel, f"size_{name}").text()


def test_sliders_lead_to_the_formula_and_the_picture(panel: SizePanel) -> None:
    one_slider(panel, "size").setValue(28)
    one_slider(panel, "kernel").setValue(5)
    one_slider(panel, "padding").setValue(2)
    assert panel.facts()["output_size"] == 28
    assert text(panel, "formula") == "N = ⌊(28 − 5 + 2·2)/1⌋ + 1 = 28"
    assert panel.findChild(Matrix, "size_input").extent() == (32, 32)
    assert panel.findChild(Matrix, "size_output").extent() == (28, 28)


def test_a_slider_goes_as_far_as_is_possible_and_keeps_its_ends(panel: SizePanel) -> None:
    """Where the ends of one followed another, its handle moved although its number stayed."""
    ends = {name: (one_slider(panel, name).minimum(), one_slider(panel, name).maximum()) for name in SLIDERS}
    assert ends["kernel"] == (1, 11) and ends["padding"] == (0, 8)
    one_slider(panel, "size").setValue(5)
    one_slider(panel, "kernel").setValue(11)
    assert panel.facts()["kernel"] == one_slider(panel, "kernel").value() == 5
    assert panel.facts()["problem"] == ""
    one_slider(panel, "padding").setValue(3)
    one_slider(panel, "kernel").setValue(11)
    assert panel.facts()["kernel"] == 11
    one_slider(panel, "padding").setValue(0)
    assert panel.facts()["padding_size"] == one_slider(panel, "padding").value() == 3
    assert ends == {name: (one_slider(panel, name).minimum(), one_slider(panel, name).maximum()) for name in SLIDERS}


def test_an_impossible_setting_says_why(panel: SizePanel) -> None:
    panel.show_state({"size": 3, "kernel": 5})
    assert text(panel, "formula").startswith("The kernel reaches over 5 numbers, but the input has only 3")
    assert not panel.findChild(Matrix, "size_input").isVisible()
    one_slider(panel, "size").setValue(5)
    assert panel.facts()["output_size"] == 1


@pytest.mark.parametrize(("stride", "unseen"), [(1, []), (3, [6]), (4, [3]), (5, [3, 4, 5, 6])])
def test_what_no_window_reaches_is_told_whatever_the_window_is_at(
    panel: SizePanel, stride: int, unseen: list[int]
) -> None:
    for step in (0, 1):
        panel.show_state({"size": 7, "kernel": 3, "stride": stride, "step": step})
        assert panel.facts()["unseen"] == len(unseen)
        shown = panel.findChild(Matrix, "size_input")
        assert [row for row in range(7) if shown.text_of((row, 0)).endswith(", not used")] == unseen
        assert text(panel, "remark").endswith("never seen.") == bool(unseen)


def test_the_buttons_stay_where_they_are_while_a_remark_comes(panel: SizePanel, qtbot: QtBot) -> None:
    play = panel.findChild(QAbstractButton, "play_button")
    panel.show_state({"size": 7, "kernel": 3, "stride": 1})
    qtbot.waitExposed(panel)
    QApplication.processEvents()
    before = play.mapTo(panel, play.rect().topLeft())
    panel.show_state({"stride": 3})
    QApplication.processEvents()
    assert panel.findChild(QLabel, "size_remark").isVisible()
    assert play.mapTo(panel, play.rect().topLeft()) == before


@pytest.mark.parametrize(("size", "kernel", "stride"), list(itertools.product((6, 7), (2, 3), (1, 2, 3))))
def test_valid_and_same_as_tensorflow_documents_them(panel: SizePanel, size: int, kernel: int, stride: int) -> None:
    panel.show_state({"size": size, "kernel": kernel, "stride": stride})
    panel.findChild(QAbstractButton, "size_valid_chip").click()
    assert panel.facts()["output_size"] == math.ceil((size - kernel + 1) / stride)
    panel.findChild(QAbstractButton, "size_same_chip").click()
    assert panel.facts()["output_size"] == math.ceil(size / stride)
    assert not one_slider(panel, "padding").isEnabled()


@pytest.mark.parametrize(("chip", "mode"), [("zero", "constant"), ("reflect", "reflect"), ("edge", "edge")])
def test_the_padding_is_seen(panel: SizePanel, chip: str, mode: str) -> None:
    panel.show_state({"size": 5, "padding_size": 2})
    panel.findChild(QAbstractButton, f"size_{chip}_fill_chip").click()
    shown = panel.findChild(Matrix, "size_input")
    expected = np.pad(shown.values[2:-2, 2:-2], 2, mode=mode)
    assert shown.values.tolist() == expected.tolist()
    assert shown.text_of((2, 3)).endswith(": 0,1") and shown.text_of((6, 6)).endswith(": 4,4")
    assert shown.text_of((0, 1)).endswith({"zero": ": 0", "reflect": ": 2,1", "edge": ": 0,0"}[chip])


def test_nothing_is_cut_off_in_a_narrow_panel(panel: SizePanel, qtbot: QtBot) -> None:
    panel.resize(560, 700)
    for state in ({"size": 7, "stride": 3}, {"size": 7, "padding_size": 2}, {"size": 32, "stride": 1}):
        panel.show_state({"padding": "number", "padding_size": 0, "kernel": 3, "stride": 1} | state)
        content = panel.findChild(ScrollColumn).widget()
        qtbot.waitUntil(lambda content=content: content.minimumSizeHint().width() <= panel.width())


def test_numbers_are_larger_on_a_large_screen(panel: SizePanel) -> None:
    one = panel.findChild(Matrix, "size_input")
    usual = one.cell_rectangle((0, 0)).width()
    panel.resize(1500, 980)
    assert one.cell_rectangle((0, 0)).width() > 1.3 * usual


def test_the_window_goes_from_place_to_place(panel: SizePanel) -> None:
    output = panel.findChild(Matrix, "size_output")
    panel.findChild(QAbstractButton, "step_on_button").click()
    assert output.text_of((0, 1)).endswith("not computed yet") and panel.facts()["step"] == 1
    panel.findChild(QAbstractButton, "step_end_button").click()
    assert output.text_of((4, 4)) == "Output, order of visits, row 4, column 4: 25"


def test_the_code_follows(panel: SizePanel) -> None:
    panel.show_state({"padding_size": 2, "stride": 2})
    code = panel.findChild(CodeLine)
    assert code.code == "keras.layers.ZeroPadding2D(2),\nkeras.layers.Conv2D(1, 3, strides=2)"
    panel.show_state({"dilation": 2})
    assert not code.isVisible() and "not both at once" in text(panel, "remark")
    panel.show_state({"stride": 1})
    assert code.isVisible()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"stride": 0}, "“stride” cannot be 0"),
        ({"size": 1000}, "“size” cannot be 1000"),
        ({"size": 1e300}, "“size” cannot be 1e"),
        ({"kernel": "x"}, "“kernel” cannot be 'x'"),
        ({"kernel": True}, "“kernel” cannot be True"),
        ({"fill": "sand"}, "“fill” cannot be 'sand'"),
    ],
)
def test_a_state_that_cannot_be_says_so(panel: SizePanel, state: dict[str, object], said: str) -> None:
    before = panel.state()
    with pytest.raises(StudioError, match=said):
        panel.show_state(state)
    assert panel.state() == before
