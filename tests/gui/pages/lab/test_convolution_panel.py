"""The convolution of the Lab, used with mouse and keys: it begins with the lecture's numbers."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.code_line import CodeLine
from cnnstudio.gui.controls.player import Player
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.convolution_board import ConvolutionBoard
from cnnstudio.gui.pages.lab.convolution_panel import ConvolutionPanel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.images.matrix import Matrix
from cnnstudio.lab.convolution import LECTURE_INPUT

EDGES = [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]


def correlated(values: ArrayLike, kernel: ArrayLike) -> np.ndarray:
    """The kernel times each window of its size, summed."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(values), np.shape(kernel))
    return np.einsum("ijkl,kl->ij", windows, np.asarray(kernel))


@pytest.fixture
def panel(qtbot: QtBot) -> ConvolutionPanel:
    settings = Settings()
    settings.reduced_motion = True
    panel = ConvolutionPanel(settings, Library())
    qtbot.addWidget(panel)
    panel.resize(900, 700)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    return panel


def matrix(panel: ConvolutionPanel, name: str) -> Matrix:
    found = panel.findChild(Matrix, f"lab_{name}")
    assert found is not None and found.isVisible()
    return found


def text(panel: ConvolutionPanel, name: str) -> str:
    found = panel.findChild(QLabel, name)
    return found.text() if found.isVisible() else ""


def hover(panel: ConvolutionPanel, name: str, cell: tuple[int, int]) -> None:
    one = matrix(panel, name)
    QTest.mouseMove(one, one.cell_rectangle(cell).center().toPoint())


def click(panel: ConvolutionPanel, name: str, cell: tuple[int, int]) -> None:
    one = matrix(panel, name)
    QTest.mouseClick(one, Qt.MouseButton.LeftButton, pos=one.cell_rectangle(cell).center().toPoint())


def test_the_lecture_s_numbers_come_out_one_by_one(panel: ConvolutionPanel) -> None:
    assert panel.facts()["output"] == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    output = matrix(panel, "output")
    assert output.text_of((0, 0)).endswith("not computed yet")
    on = panel.findChild(QAbstractButton, "step_on_button")
    for step in range(9):
        on.click()
        assert output.text_of(divmod(step, 3)).endswith(str((4, 3, 4, 2, 4, 3, 2, 3, 4)[step]))
    assert panel.facts()["step"] == panel.facts()["steps"] == 9
    assert "y[2, 2] = " in text(panel, "lab_numbers") and "<b>4</b>" in text(panel, "lab_numbers")


def test_it_plays_in_motion(panel: ConvolutionPanel, qtbot: QtBot) -> None:
    panel.findChild(Player).still = False
    panel.findChild(QWidget, "speed_slider").setValue(4)
    seen: set[str] = set()
    products, output = matrix(panel, "products"), matrix(panel, "output")
    panel.findChild(Player).moved.connect(lambda: seen.add(products.text_of((1, 1))))
    panel.findChild(QAbstractButton, "step_on_button").click()
    qtbot.waitUntil(lambda: output.text_of((0, 0)).endswith(": 4"), timeout=10_000)
    assert len(seen) == 2  # not there yet, then there


def test_an_output_tells_where_it_comes_from(panel: ConvolutionPanel) -> None:
    hover(panel, "output", (1, 2))
    assert panel.facts()["marked"] == "output"
    assert (panel.facts()["marked_row"], panel.facts()["marked_column"]) == (1, 2)
    assert text(panel, "lab_numbers").startswith("y[1, 2] = ")
    assert matrix(panel, "products").values.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]


def test_arrow_keys_move_the_window(panel: ConvolutionPanel) -> None:
    output = matrix(panel, "output")
    output.setFocus()
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(output, key)
    assert text(panel, "lab_numbers").startswith("y[1, 1] = ")


def test_an_input_tells_where_it_goes(panel: ConvolutionPanel) -> None:
    hover(panel, "input", (0, 0))
    assert text(panel, "lab_numbers").startswith("This 1 goes into 1 output.")
    hover(panel, "input", (2, 2))
    assert text(panel, "lab_numbers").startswith("This 1 goes into 9 outputs")


def test_a_weight_tells_what_it_meets_and_its_gradient(panel: ConvolutionPanel) -> None:
    hover(panel, "kernel", (0, 1))
    assert panel.facts()["gradient"] == LECTURE_INPUT[0:3, 1:4].sum()
    assert "<b>7</b>" in text(panel, "lab_numbers")


def test_numbers_that_no_window_reaches_say_so(panel: ConvolutionPanel) -> None:
    panel.show_state({"input": np.ones((6, 6)).tolist(), "stride": 2})
    assert matrix(panel, "input").text_of((5, 0)).endswith(": 1, not used")
    assert matrix(panel, "input").text_of((4, 0)).endswith(": 1")


def test_a_click_pins_until_escape(panel: ConvolutionPanel) -> None:
    click(panel, "output", (0, 1))
    QTest.mouseMove(panel, panel.rect().bottomRight())
    matrix(panel, "output").point(None)
    assert text(panel, "lab_numbers").startswith("y[0, 1]")
    hover(panel, "input", (0, 0))
    matrix(panel, "input").point(None)
    assert text(panel, "lab_numbers").startswith("y[0, 1]")
    matrix(panel, "output").setFocus()
    QTest.keyClick(matrix(panel, "output"), Qt.Key.Key_Escape)
    assert panel.facts()["marked"] == ""


def test_a_step_is_shown_whatever_was_pinned(panel: ConvolutionPanel) -> None:
    click(panel, "input", (0, 0))
    matrix(panel, "input").point(None)
    panel.findChild(QAbstractButton, "step_on_button").click()
    assert panel.facts()["marked"] == "" and text(panel, "lab_numbers").startswith("y[0, 0] = ")


@pytest.mark.parametrize("name", ["input", "kernel"])
def test_a_number_that_was_changed_by_a_double_click_is_not_pinned(panel: ConvolutionPanel, name: str) -> None:
    one = matrix(panel, name)
    place = one.cell_rectangle((0, 0)).center().toPoint()
    click(panel, name, (0, 0))
    QTest.mouseDClick(one, Qt.MouseButton.LeftButton, pos=place)
    editor = one.findChild(QLineEdit)
    editor.setText("7")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    one.point(None)
    assert one.values[0, 0] == 7 and panel.facts()["marked"] == ""


def test_with_a_single_weight_all_numbers_are_used_alike(panel: ConvolutionPanel) -> None:
    panel.show_state({"kernel": [[2]]})
    hover(panel, "input", (0, 0))
    assert text(panel, "lab_numbers") == "This 1 goes into 1 output."


def test_the_choices_stay_where_they_are_while_the_board_grows(panel: ConvolutionPanel, qtbot: QtBot) -> None:
    panel.findChild(QAbstractButton, "lab_options_button").click()
    box, board = panel.findChild(QSpinBox, "lab_channels"), panel.findChild(ConvolutionBoard)
    qtbot.waitUntil(box.isVisible)
    place, high = box.mapTo(panel, box.rect().center()), board.height()
    box.setValue(4)
    qtbot.waitUntil(lambda: board.height() > high)
    assert box.mapTo(panel, box.rect().center()) == place


def test_an_arrow_leads_from_the_products_to_the_map_they_make(
    panel: ConvolutionPanel, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    panel.show_state({"input": np.ones((2, 5, 5)).tolist(), "kernel": np.ones((2, 2, 3, 3)).tolist(), "step": 18})
    QApplication.processEvents()
    board, outputs = panel.findChild(ConvolutionBoard), [matrix(panel, f"output_{number}") for number in range(2)]
    for shown in range(2):
        hover(panel, f"output_{shown}", (0, 0))
        picture = pixels(board)
        for number, output in enumerate(outputs):
            tip = output.mapTo(board, output.rect().center() - QPoint(output.width() // 2 + 7, 0))
            before = picture[tip.y() - 1 : tip.y() + 3, tip.x()]
            assert (before != picture[0, -1]).any() == (number == shown)


def test_numbers_are_larger_on_a_large_screen(panel: ConvolutionPanel) -> None:
    one = matrix(panel, "input")
    panel.resize(840, 640)
    usual = one.cell_rectangle((0, 0)).width()
    panel.resize(1500, 980)
    assert one.cell_rectangle((0, 0)).width() > 1.4 * usual
    panel.resize(600, 980)
    assert one.cell_rectangle((0, 0)).width() <= usual


def test_what_three_channels_make_and_how_many_weights_it_takes_fits_a_screen(
    panel: ConvolutionPanel, qtbot: QtBot
) -> None:
    panel.resize(840, 640)  # of a window of 1280×800 with a lesson
    board, high = panel.findChild(ConvolutionBoard), panel.findChild(ConvolutionBoard).height()
    panel.show_state({"input": np.ones((3, 4, 4)).tolist(), "kernel": np.ones((1, 3, 1, 1)).tolist(), "step": 1})
    qtbot.waitUntil(lambda: board.height() > high)
    QApplication.processEvents()  # what lies below the board follows
    for name in ("lab_remark", "lab_numbers"):
        said = panel.findChild(QLabel, name)
        assert 0 < said.height() == said.visibleRegion().boundingRect().height()


def test_filters_that_cannot_be_divided_say_so_and_are_no_layer(panel: ConvolutionPanel) -> None:
    panel.findChild(QSpinBox, "lab_channels").setValue(3)
    panel.findChild(QComboBox, "lab_connections").setCurrentIndex(2)
    assert text(panel, "lab_problem").startswith("1 filter cannot be divided into 3 equal groups")
    assert not panel.findChild(CodeLine).isVisible() and text(panel, "lab_remark") == ""
    panel.findChild(QSpinBox, "lab_filters").setValue(3)
    assert text(panel, "lab_problem") == "" and panel.findChild(CodeLine).isVisible()


@pytest.mark.parametrize("width", [840, 600])
def test_the_largest_input_and_kernel_fit(panel: ConvolutionPanel, qtbot: QtBot, width: int) -> None:
    panel.resize(width, 700)
    panel.show_state({"input": np.ones((12, 12)).tolist(), "kernel": np.ones((7, 7)).tolist(), "padding": "same"})
    board = panel.findChild(ConvolutionBoard)
    qtbot.waitUntil(lambda: board.minimumSizeHint().width() <= width)


def test_a_product_and_its_term_point_at_each_other(panel: ConvolutionPanel) -> None:
    click(panel, "output", (0, 0))
    matrix(panel, "output").point(None)
    hover(panel, "products", (1, 1))
    assert "<b>1·1</b>" in text(panel, "lab_numbers")
    matrix(panel, "products").point(None)
    assert "<b>1·1</b>" not in text(panel, "lab_numbers")
    panel.findChild(QLabel, "lab_numbers").linkHovered.emit("0,2,0")
    assert "<b>0·1</b>" in text(panel, "lab_numbers")


def test_numbers_are_changed(panel: ConvolutionPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.changed):
        matrix(panel, "input").set_text((0, 0), "9")
    assert panel.facts()["output"][0] == [12, 3, 4]
    matrix(panel, "kernel").set_text((1, 1), "-1")
    expected = correlated(panel.state()["input"], panel.state()["kernel"])
    assert panel.facts()["output"] == expected.tolist()


@pytest.mark.parametrize("wrong", ["", "abc", "1e300", "NaN"])
def test_a_bad_cell_says_so_and_the_rest_goes_on(panel: ConvolutionPanel, wrong: str) -> None:
    matrix(panel, "input").set_text((0, 0), wrong)
    assert text(panel, "lab_problem").startswith("Input: Row 0, column 0:")
    output = np.array(panel.facts()["output"])
    assert np.isnan(output[0, 0]) and output[2].tolist() == [2, 3, 4]
    assert matrix(panel, "output").values[2].tolist() == [2, 3, 4]
    matrix(panel, "input").set_text((0, 0), "1")
    assert text(panel, "lab_problem") == ""


def test_convolution_and_cross_correlation_are_told_apart(panel: ConvolutionPanel) -> None:
    assert text(panel, "lab_turn_text").endswith("This kernel is the same either way.")
    panel.show_state({"kernel": EDGES})
    assert panel.facts()["output"] == correlated(LECTURE_INPUT, EDGES).tolist()
    panel.findChild(QAbstractButton, "convolution_chip").click()
    assert panel.facts()["output"] == correlated(LECTURE_INPUT, np.flip(EDGES)).tolist()
    assert matrix(panel, "kernel").values[0].tolist() == [-1, 0, 1]  # as it lies on the input
    matrix(panel, "kernel").set_text((0, 0), "5")
    assert panel.state()["kernel"][2][2] == 5  # as it stands
    assert "w[2 − u, 2 − v]" in text(panel, "lab_formula")


def test_channels_filters_bias_and_relu(panel: ConvolutionPanel) -> None:
    for name, value in (("channels", 2), ("filters", 2)):
        panel.findChild(QSpinBox, f"lab_{name}").setValue(value)
    panel.findChild(QCheckBox, "lab_use_bias").setChecked(True)
    panel.findChild(QComboBox, "lab_activation").setCurrentIndex(1)
    matrix(panel, "bias").set_text((0, 0), "-5")
    state = panel.state()
    total = sum(correlated(one, kernel) for one, kernel in zip(*_first(state), strict=True)) - 5
    assert panel.facts()["output"] == np.maximum(total, 0).tolist()
    assert panel.facts()["steps"] == 18
    hover(panel, "output_0", (0, 0))
    said = text(panel, "lab_numbers")
    assert "Channel 1: " in said and "ReLU(" in said and " − 5 = " in said
    assert panel.findChild(CodeLine).code == 'keras.layers.Conv2D(2, 3, activation="relu")'
    panel.show_state(panel.state())
    assert panel.state() == state


def _first(state: dict[str, object]) -> tuple[object, object]:
    return state["input"], state["kernel"][0]


def test_depthwise_filters_see_one_channel(panel: ConvolutionPanel) -> None:
    for name, value in (("channels", 3), ("filters", 3)):
        panel.findChild(QSpinBox, f"lab_{name}").setValue(value)
    panel.findChild(QComboBox, "lab_connections").setCurrentIndex(2)
    assert panel.findChild(CodeLine).code == "keras.layers.DepthwiseConv2D(3, use_bias=False)"
    matrix(panel, "output_1").point((0, 0))
    assert matrix(panel, "kernel_1").isVisible()
    assert not panel.findChild(Matrix, "lab_kernel_0").isVisible()
    assert (
        panel.facts()["output"]
        == correlated(panel.state()["input"][1], np.squeeze(panel.state()["kernel"][1])).tolist()
    )


def test_padding_is_seen_and_cannot_be_typed_over(panel: ConvolutionPanel) -> None:
    panel.findChild(QComboBox, "lab_padding").setCurrentIndex(1)
    assert matrix(panel, "input").extent() == (7, 7)
    assert panel.facts()["output"] == correlated(np.pad(LECTURE_INPUT, 1), panel.state()["kernel"]).tolist()
    matrix(panel, "input").set_text((1, 1), "8")  # the first number of the input itself
    assert panel.state()["input"][0][0] == 8
    assert panel.findChild(CodeLine).code == 'keras.layers.Conv2D(1, 3, padding="same", use_bias=False)'


def test_an_impossible_layer_says_why(panel: ConvolutionPanel) -> None:
    panel.findChild(QSpinBox, "lab_size").setValue(2)
    assert "choose a smaller kernel" in text(panel, "lab_problem")
    assert panel.facts()["output_size"] == panel.facts()["steps"] == 0
    panel.findChild(QSpinBox, "lab_size").setValue(4)
    assert text(panel, "lab_problem") == "" and panel.facts()["output_size"] == 2
    assert panel.state()["input"][1] == [0, 1, 0, 0]  # what was cut off is gone, what was left is there


def test_the_code_is_copied(panel: ConvolutionPanel) -> None:
    panel.findChild(QAbstractButton, "copy_lab_keras_button").click()
    assert QGuiApplication.clipboard().text() == "keras.layers.Conv2D(1, 3, use_bias=False)"


def test_other_numbers_and_back(panel: ConvolutionPanel) -> None:
    before = panel.state()
    panel.findChild(QAbstractButton, "lab_random_button").click()
    assert panel.state() != before
    panel.findChild(QAbstractButton, "lab_reset_button").click()
    assert panel.state() == before


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"kernel": "abc"}, "“kernel” must be rows of numbers"),
        ({"kernel": [[1, 2], [3]]}, "“kernel” must be rows of numbers"),
        ({"input": [[1.0] * 13] * 13}, "“input” has too many numbers"),
        ({"input": [[1.0, 2.0]]}, "The input is 1×2: it must have as many rows"),
        ({"input": [[1e9]]}, "“input” has a number that is too large"),
        ({"stride": 0}, "“stride” cannot be 0"),
        ({"padding": "some"}, "“padding” cannot be 'some'"),
        ({"bias": 1}, "“bias” cannot be 1"),
    ],
)
def test_a_state_that_cannot_be_says_so(panel: ConvolutionPanel, state: dict[str, object], said: str) -> None:
    before = panel.state()
    with pytest.raises(StudioError, match=said):
        panel.show_state(state)
    assert panel.state() == before


def test_a_smaller_kernel_gives_back_its_room(panel: ConvolutionPanel) -> None:
    total = panel.findChild(QLabel, "lab_sum_title")
    panel.resize(1200, 700)
    before = total.width()
    panel.show_state({"kernel": np.ones((5, 5)).tolist()})
    assert total.width() > before
    panel.show_state({"kernel": np.ones((3, 3)).tolist()})
    assert total.width() == before
