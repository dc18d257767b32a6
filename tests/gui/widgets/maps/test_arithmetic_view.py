"""An enlarged map explains its numbers."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QSpinBox, QToolTip

from cnnstudio.gui.library import Library
from cnnstudio.gui.look.theme import GRID
from cnnstudio.gui.pages.lab.convolution_panel import ConvolutionPanel
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.maps import arithmetic_view
from cnnstudio.gui.widgets.maps.arithmetic_view import ArithmeticView, Products, summing
from cnnstudio.gui.widgets.maps.colour_scale import exact_value
from cnnstudio.gui.widgets.maps.feature_maps import FeatureMapGrid
from cnnstudio.gui.widgets.maps.map_dialog import MapDialog
from cnnstudio.gui.widgets.maps.map_row import MapRow
from cnnstudio.models.trained.classifier import LayerOutput
from cnnstudio.models.trained.layer_arithmetic import LayerArithmetic

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(6, 7, 3)).astype(np.float32)
KERNEL = RANDOM.normal(size=(3, 3, 3, 2)).astype(np.float32)
BIAS = np.array([0.5, -0.25], np.float32)


def convolution():
    """With zeros around, as “same”."""
    padded = np.pad(INPUTS, ((1, 1), (1, 1), (0, 0)))
    output = np.zeros((6, 7, 2), np.float32)
    for row, column in np.ndindex(6, 7):
        patch = padded[row : row + 3, column : column + 3]
        output[row, column] = np.maximum(0, np.tensordot(patch, KERNEL, 3) + BIAS)
    return LayerArithmetic(
        "conv", INPUTS, output, "sum", (3, 3), padding=(1, 1), kernel=KERNEL, bias=BIAS, activation="ReLU"
    )


CONVOLUTION = convolution()
POOLING = LayerArithmetic("pool", INPUTS, INPUTS[::2, ::2][:, :3], "max", (2, 2), (2, 2))


@pytest.fixture
def grid(qtbot, theme):
    widget = FeatureMapGrid()
    qtbot.addWidget(widget)
    widget.resize(500, 500)
    output = LayerOutput("conv", "Conv2D", CONVOLUTION.output)
    widget.set_rows([("conv", "Conv2D", output.values.shape)])
    widget.show_outputs([output])
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def dialog(grid, qtbot):
    (row,) = grid.findChildren(MapRow)
    with qtbot.waitSignal(grid.arithmetic_wanted):
        QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.tile_rectangle(1).center())
    assert grid.enlarged == ("conv",)
    (found,) = grid.findChildren(MapDialog)
    return found


def test_a_map_without_arithmetic_explains_nothing(grid, dialog):
    grid.show_arithmetic([])
    assert not dialog.findChild(ArithmeticView).isVisible()


def test_the_number_that_is_pointed_at_is_explained(grid, dialog, qtbot):
    width = dialog.width()
    grid.show_arithmetic([CONVOLUTION])
    view, picture = dialog.findChild(ArithmeticView), dialog.findChild(object, "enlarged_map")
    assert view.isVisible()
    assert width < dialog.width() <= 960
    assert view.number.value == CONVOLUTION.output[3, 3, 1]  # the middle, until one points elsewhere
    picture.point((0, 5))
    assert view.number.value == CONVOLUTION.output[0, 5, 1]
    assert view.number.rows.tolist() == [-1, 0, 1]
    dialog.findChild(QSpinBox, "map_number").setValue(0)
    assert view.number.value == CONVOLUTION.output[0, 5, 0]


def test_what_was_pointed_at_stays_explained_when_the_pointer_goes(grid, dialog):
    grid.show_arithmetic([CONVOLUTION])
    picture = dialog.findChild(object, "enlarged_map")
    QApplication.processEvents()  # the dialog has become wider
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=picture.cell_rectangle((2, 4)).center().toPoint())
    picture.hover(-1)
    assert picture.cell == (2, 4)
    assert dialog.findChild(ArithmeticView).number.value == CONVOLUTION.output[2, 4, 1]


def test_each_input_map_has_its_patch_and_all_are_summed(grid, dialog):
    grid.show_arithmetic([CONVOLUTION])
    view, channel = dialog.findChild(ArithmeticView), dialog.findChild(QSpinBox, "input_map_number")
    shown = []
    for number in range(3):
        channel.setValue(number)
        shown.append(dialog.findChild(QLabel, "sum_of_products").text())
    sums = [float(value) for value in view.number.sums]
    assert [text.split("<b>")[1].removesuffix("</b>") for text in shown] == [exact_value(value) for value in sums]
    steps = dialog.findChild(QLabel, "arithmetic_steps").text()
    assert steps == "<br>".join(summing(view.number))
    assert exact_value(view.number.value) in steps


@pytest.mark.parametrize("side", [2, 5, 7, 11])
def test_numbers_of_a_kernel_touch_neither_each_other_nor_the_edges_and_can_be_read(qtbot, pixels, theme, side):
    patch, kernel = np.full((side, side), 0.25, np.float32), np.full((side, side), -0.13, np.float32)
    products = Products()
    qtbot.addWidget(products)
    products.resize(arithmetic_view.WIDTH, products.height())
    products.show_numbers(patch, kernel, (0.0, 1.0), (-1.0, 1.0), None)
    products.show()
    shown = pixels(products)
    width = (products.width() - 3 * GRID) // (2 * side) if side > 4 else 40
    kernel_left = side * width + 3 * GRID
    for column in range(side):
        for left in (column * width, kernel_left + column * width):
            for edge in (left, left + width - 3):  # two pixels at each side of a cell, without the gap between
                assert (np.ptp(shown[2:14, edge : edge + 2], axis=(0, 1)) == 0).all()
    has_text = np.ptp(shown[2:14, kernel_left : kernel_left + width - 1], axis=(0, 1)).any()
    assert has_text == (side <= 5)
    QTest.mouseMove(products, QPoint(kernel_left + width + 2, 2))
    assert QToolTip.text() == "row 0, column 1: 0.25 × (−0.13) = −0.0325"
    QToolTip.hideText()


def test_new_values_are_explained_at_the_same_place(grid, dialog):
    grid.show_arithmetic([CONVOLUTION])
    other = LayerArithmetic(
        "conv", INPUTS + 1, CONVOLUTION.output + 1, "sum", (3, 3), padding=(1, 1), kernel=KERNEL, bias=BIAS
    )
    grid.show_outputs([LayerOutput("conv", "Conv2D", other.output)])
    grid.show_arithmetic([other])
    assert dialog.findChild(ArithmeticView).number.value == other.output[3, 3, 1]


def test_the_steps_in_words():
    number = CONVOLUTION.number(2, 2, 0)
    first, second, third = summing(number)
    assert first.startswith("All 3 input maps together: ")
    assert second.startswith("Plus the bias: ")
    assert second.endswith(f" +\N{NO-BREAK SPACE}0.5 = {exact_value(number.before)}")
    assert third == f"ReLU({exact_value(number.before)}) = {exact_value(number.value)}"
    *_, mixed = summing(replace(CONVOLUTION, activation="Softmax", mixes=True).number(2, 2, 0))
    assert mixed.startswith(f"Softmax of all such numbers, {exact_value(number.before)} among them: ")
    assert summing(POOLING.number(0, 0, 1)) == [f"The largest of 4 numbers: {exact_value(INPUTS[:2, :2, 1].max())}"]
    [alone] = summing(replace(POOLING, size=(1, 1)).number(0, 0, 1))
    assert alone.startswith("The largest of 1 number: ")


def test_what_is_written_adds_up():
    number = replace(CONVOLUTION.number(2, 2, 0), sums=np.array([0.22503, 0.24050, -1234.4]))
    text = summing(number)[0].removeprefix("All 3 input maps together: ")
    terms, total = text.replace(",", "").replace("−", "-").replace("\N{NO-BREAK SPACE}", " ").split(" = ")
    assert terms == "0.22503 + 0.2405 - 1234.4"
    assert abs(0.22503 + 0.2405 - 1234.4 - float(total)) < 0.1
    small = replace(number, sums=np.array([0.2250323, 0.240500]))
    assert summing(small)[0].endswith("0.22503 +\N{NO-BREAK SPACE}0.2405 = 0.46553")


def test_the_inputs_are_marked(grid, dialog, pixels):
    grid.show_arithmetic([CONVOLUTION])
    inputs, enlarged = dialog.findChild(object, "input_map"), dialog.findChild(object, "enlarged_map")
    enlarged.point((2, 2))
    marked = pixels(inputs)
    enlarged.point((4, 5))
    other = pixels(inputs)
    for shown, cell in ((marked, (1, 1)), (other, (3, 4))):
        corner = inputs.cell_rectangle(cell).topLeft().toPoint()
        edge = shown[corner.y() - 2 : corner.y() + 1, corner.x() + 10]
        assert (edge == 255).all(axis=1).any()
        assert (edge == 0).all(axis=1).any()


def test_escape_closes_the_map_at_once(grid, dialog, qtbot):
    grid.show_arithmetic([CONVOLUTION])
    picture = dialog.findChild(object, "enlarged_map")
    picture.setFocus()
    QTest.keyClick(picture, Qt.Key.Key_Up)
    assert picture.cell is not None
    with qtbot.waitSignals([dialog.destroyed, grid.arithmetic_wanted]):
        QTest.keyClick(picture, Qt.Key.Key_Escape)
    assert grid.enlarged == ()


def test_the_sum_is_taken_to_the_lab(grid, dialog, qtbot):
    grid.show_arithmetic([CONVOLUTION])
    dialog.findChild(object, "enlarged_map").point((0, 5))  # at the edge, with zeros in its patch
    with qtbot.waitSignal(grid.lesson_wanted) as lesson:
        dialog.findChild(QPushButton, "map_lesson_button").click()
    assert lesson.args == ["convolution"]
    with qtbot.waitSignal(grid.lab_wanted) as wanted:
        dialog.findChild(QPushButton, "to_lab_button").click()
    (experiment,) = wanted.args
    panel = ConvolutionPanel(Settings(), Library())
    qtbot.addWidget(panel)
    panel.show_state(experiment.state)
    assert experiment.panel == "convolution"
    assert panel.facts()["output"] == [[pytest.approx(CONVOLUTION.output[0, 5, 1], abs=1e-5)]]


def test_what_is_no_sum_cannot_be_taken_to_the_lab(grid, dialog):
    grid.show_arithmetic([POOLING])
    assert not dialog.findChild(QPushButton, "to_lab_button").isVisible()
