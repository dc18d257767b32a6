"""Levels of kinds of layers that the shipped networks do not have."""

import numpy as np
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.inside.levels import (
    ConvolutionLevel,
    DenseLevel,
    FormulaLevel,
    Level,
    NumberLevel,
    SoftmaxLevel,
    level_for,
)
from cnnstudio.gui.widgets.maps.arithmetic_view import Products
from cnnstudio.gui.widgets.maps.term_bars import TermBars
from cnnstudio.gui.widgets.maps.value_map import ValueMap
from cnnstudio.models.backend import import_keras
from cnnstudio.models.trained.layer_arithmetic import Arithmetic, LayerArithmetic, arithmetic_of
from tests.models.trained.explained_numbers import IMAGE, every_kind, outputs_of

INPUTS = np.random.default_rng(3).normal(size=(5, 6, 3)).astype(np.float32)


def of(kind: str, **options: object) -> Arithmetic:
    """The arithmetic of a layer for `INPUTS`."""
    import_keras().utils.set_random_seed(1)
    from keras import layers

    layer = getattr(layers, kind)(**options, name="layer")
    output = np.asarray(layer(INPUTS[np.newaxis]))[0]
    arithmetic = arithmetic_of(layer, (INPUTS,), output)
    assert arithmetic is not None
    return arithmetic


def made(qtbot: QtBot, arithmetic: Arithmetic, channel: int):
    (make,) = level_for(arithmetic, channel, ())
    level = make()
    qtbot.addWidget(level)
    level.resize(1000, 700)
    with qtbot.waitExposed(level):
        level.show()
    return level


CONVOLUTION = {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "softmax"}


@pytest.mark.parametrize(
    ("kind", "options"), [("Softmax", {}), ("Activation", {"activation": "softmax"}), ("Conv2D", CONVOLUTION)]
)
def test_a_softmax_over_maps_is_explained_at_every_place(kind: str, options: dict[str, object], qtbot: QtBot) -> None:
    known = of(kind, **options)
    level = made(qtbot, known, 2)
    assert isinstance(level, SoftmaxLevel)
    output = level.findChild(ValueMap, "softmax_output")
    for cell in ((0, 0), (4, 5), (1, 3)):
        QTest.mouseMove(output, output.cell_rectangle(cell).center().toPoint())
        assert level.cell == cell
        steps = level.softmax
        np.testing.assert_allclose(steps.exponentials / steps.total, known.output[cell], atol=1e-5)
        bars = level.findChild(TermBars)
        np.testing.assert_allclose([term.value for term in bars.terms], known.output[cell], atol=1e-5)
    bars = level.findChild(TermBars)
    bars.set_current(0)
    assert np.array_equal(output.values, known.output[..., 0])
    assert "map 0" in level.findChild(QLabel, "softmax_formula").text()


def test_the_logit_of_a_convolution_that_ends_in_softmax_leads_to_its_kernels(qtbot: QtBot) -> None:
    level = made(qtbot, of("Conv2D", **CONVOLUTION), 2)
    opened: list[object] = []
    level.deeper.connect(lambda make: opened.append(make()))
    level.findChild(TermBars).activated.emit(1)
    assert isinstance(opened[0], ConvolutionLevel)
    qtbot.addWidget(opened[0])


@pytest.mark.parametrize(("strides", "padding"), [(1, "same"), (2, "valid"), (2, "same"), (3, "valid")])
def test_a_weight_of_a_transposed_convolution_lights_up_the_inputs_that_it_meets(
    strides: int, padding: str, qtbot: QtBot
) -> None:
    known = of("Conv2DTranspose", filters=2, kernel_size=3, strides=strides, padding=padding)
    assert isinstance(known, LayerArithmetic)
    level = NumberLevel(known, 1, 0)
    qtbot.addWidget(level)
    level.resize(1000, 700)
    with qtbot.waitExposed(level):
        level.show()
    inputs, output = (level.findChild(ValueMap, f"number_{side}") for side in ("input", "output"))
    products = level.findChild(Products)
    height, width = known.output.shape[:2]
    for cell in ((0, 0), (height // 2, width // 2), (height - 1, width - 1)):
        QTest.mouseMove(output, output.cell_rectangle(cell).center().toPoint())
        rows, columns = level.number.weights
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                products.weight_pointed.emit((i, j))
                found = inputs.lattice
                for axis, (weight, lit) in enumerate(zip((row, column), found, strict=True)):
                    # Keras puts input n times the weight w at n · stride + w, less what the padding cuts off.
                    side, whole = INPUTS.shape[axis], known.output.shape[axis]
                    places = np.arange(side) * strides + weight - known.padding[axis]
                    assert lit.tolist() == np.flatnonzero((places >= 0) & (places < whole)).tolist()
    products.weight_pointed.emit(None)
    assert inputs.lattice is None


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("Resizing", {"height": 12, "width": 13, "interpolation": "bicubic"}),
        ("UpSampling2D", {"size": 2, "interpolation": "bilinear"}),
    ],
)
def test_a_number_between_pixels_is_shown_with_its_own_kernel(
    kind: str, options: dict[str, object], qtbot: QtBot
) -> None:
    known = of(kind, **options)
    level = made(qtbot, known, 1)
    assert isinstance(level, NumberLevel)
    inputs, output = (level.findChild(ValueMap, f"number_{side}") for side in ("input", "output"))
    products, steps = level.findChild(Products), level.findChild(QLabel, "number_steps")
    for cell in ((0, 0), (6, 5), (9, 11)):
        QTest.mouseMove(output, output.cell_rectangle(cell).center().toPoint())
        patch, kernel = level.number.patch, level.number.kernel
        assert (patch * kernel).sum() == pytest.approx(known.output[*cell, 1], abs=1e-5)
        assert products.isVisible() and "lies between those of the input" in steps.text()
        products.weight_pointed.emit((0, 0))  # which is a weight of this place alone
        assert inputs.lattice is None
    QTest.mouseMove(inputs, inputs.cell_rectangle((4, 5)).center().toPoint())
    assert 4 in level.number.rows and 5 in level.number.columns


def levels_of(qtbot: QtBot, arithmetic: Arithmetic, channel: int) -> list[Level]:
    """The level for a map or a unit, and of a convolution that for one number, all at rest."""
    levels = [level_for(arithmetic, channel, ())[0]()]
    if isinstance(levels[0], ConvolutionLevel):
        levels.append(NumberLevel(arithmetic, channel, 0, (1, 1)))
    for level in levels:
        qtbot.addWidget(level)
        level.resize(1000, 700)
        level.begin(reduced=True)
    return levels


def test_of_another_image_each_level_shows_all_that_it_would_show_of_it_alone(qtbot: QtBot) -> None:
    zoo = every_kind()
    seen = set()
    first, second = (outputs_of(zoo, image) for image in (IMAGE, IMAGE[::-1, ::-1]))
    for info in zoo.layers:
        layer = zoo.model.get_layer(info.name)
        given = [
            arithmetic_of(layer, tuple(outputs[name] for name in info.sources), outputs[info.name])
            for outputs in (first, second)
        ]
        channel = info.shape[-1] - 1
        for level, alone in zip(*(levels_of(qtbot, arithmetic, channel) for arithmetic in given), strict=True):
            before = level.grab().toImage()
            level.show_arithmetic(given[1])
            after = level.grab().toImage()
            assert after == alone.grab().toImage(), info.name
            assert after != before, info.name
            seen.add(type(level))
    assert seen == {ConvolutionLevel, DenseLevel, FormulaLevel, NumberLevel, SoftmaxLevel}
