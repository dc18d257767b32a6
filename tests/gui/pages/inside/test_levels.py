"""The levels below the network, on numbers made up here."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.inside.levels import (
    ConvolutionLevel,
    DenseLevel,
    FormulaLevel,
    Level,
    NumberLevel,
    SoftmaxLevel,
)
from cnnstudio.gui.widgets.maps.term_bars import TermBars
from cnnstudio.gui.widgets.maps.value_map import ValueMap
from cnnstudio.models.trained.classifier import IMAGE
from cnnstudio.models.trained.layer_arithmetic import CellArithmetic, LayerArithmetic, Place, Term


def softmax_level(qtbot: QtBot, *logits: float) -> SoftmaxLevel:
    shares = np.exp(np.array(logits) - max(logits))
    count = len(logits)
    made = LayerArithmetic(
        "output",
        np.array(logits, np.float32).reshape(1, 1, -1),
        (shares / shares.sum()).astype(np.float32),
        "sum",
        kernel=np.eye(count, dtype=np.float32).reshape(1, 1, count, count),
        activation="Softmax",
        mixes=True,
    )
    level = SoftmaxLevel(made, int(np.argmax(logits)), tuple("abcdefgh"[:count]))
    qtbot.addWidget(level)
    return level


@pytest.mark.parametrize(
    ("logits", "said", "terms"),
    [
        ((15.0, 6.0, 5.5), "1 / 1.00020 = <b>0.99980</b>", ["0.99980", "0.00012", "0.00007"]),
        ((19.0, 2.0), "1 / (1 + 4.14×10⁻⁸) = <b>1 − 4.14×10⁻⁸</b>", ["1 − 4.14×10⁻⁸", "4.14×10⁻⁸"]),
        ((-0.5, -0.5), "1 / 2.00000 = <b>0.50000</b>", ["0.50000", "0.50000"]),
    ],
)
def test_a_softmax_is_written_so_that_its_numbers_can_be_read(
    qtbot: QtBot, logits: tuple[float, ...], said: str, terms: list[str]
) -> None:
    level = softmax_level(qtbot, *logits)
    formula = level.findChild(QLabel, "softmax_formula").text()
    assert formula.endswith(said)
    assert f"the largest, {logits[0]:.5f}, is taken first".replace("-", "−") in formula
    assert [term.text for term in level.findChild(TermBars).terms] == terms


def test_what_was_clicked_goes_to_the_row_of_its_class(qtbot: QtBot) -> None:
    level = softmax_level(qtbot, 1.0, 3.0, 2.0)
    level.resize(600, 400)
    level.show()
    bars = level.findChild(TermBars)
    assert level.target().toRect() == bars.item_rectangle(1).toRect().translated(bars.mapTo(level, QPoint()))
    assert [term.name for term in bars.terms] == ["a", "b", "c"] and level.target().height() < 40


def test_a_unit_goes_to_where_its_number_stands(qtbot: QtBot) -> None:
    inputs = np.arange(6, dtype=np.float32).reshape(1, 1, 6)
    kernel = np.ones((1, 1, 6, 2), np.float32)
    kernel[0, 0, 5] = -1
    level = DenseLevel(LayerArithmetic("dense", inputs, np.array([5, 5], np.float32), "sum", kernel=kernel), 1)
    qtbot.addWidget(level)
    level.resize(600, 400)
    level.show()
    steps = level.findChild(QLabel, "number_steps")
    assert "= 5" in steps.text().split("<br>")[-1]
    assert level.findChild(TermBars).terms[0].how == "5 × (−1)"
    assert level.target().bottom() == steps.mapTo(level, QPoint(0, steps.height())).y()
    assert level.target().width() < 40


@pytest.mark.parametrize(
    ("origin", "shape", "name"),
    [
        (None, (), "input 5"),
        ("dense1", (6,), "dense1, unit 5"),
        ("pool2", (1, 2, 3), "pool2, map 2, row 0, column 1"),
        (IMAGE, (2, 3, 1), "image, row 1, column 2"),
        (IMAGE, (1, 2, 3), "image, channel 2, row 0, column 1"),
    ],
)
def test_a_unit_names_its_inputs_by_what_they_are(
    qtbot: QtBot, origin: str | None, shape: tuple[int, ...], name: str
) -> None:
    inputs = np.arange(6, dtype=np.float32).reshape(1, 1, 6)
    kernel = np.full((1, 1, 6, 1), 0.123456, np.float32)
    arithmetic = LayerArithmetic(
        "dense", inputs, np.ones(1, np.float32), "sum", kernel=kernel, origin=origin, origin_shape=shape
    )
    level = DenseLevel(arithmetic, 0)
    qtbot.addWidget(level)
    bars = level.findChild(TermBars)
    assert bars.terms[0].name == name
    assert bars.item_text(0) == f"{name}: 5 × 0.12346 = 0.61728"
    assert level.findChild(QLabel, "number_steps").text().split("<br>")[-1].startswith("All 6 inputs together: ")


def beside(*counts: int, units: bool = False) -> CellArithmetic:
    """What lays maps of 28 × 28 beside each other, or vectors: so many of each source."""
    random = np.random.default_rng(2)
    sources = tuple(random.random((n,) if units else (28, 28, n), np.float32) for n in counts)
    starts = [0, *np.cumsum(counts).tolist()]
    output = np.concatenate(sources, axis=-1)

    def calculate(row: int, column: int, channel: int) -> tuple[tuple[Term, ...], str, float]:
        number = max(n for n, start in enumerate(starts) if start <= channel)
        place = Place(number, row, column, channel - starts[number])
        value = float(output[channel] if units else output[row, column, channel])
        return (Term("x", "the same number", value, place),), "", value

    def target(place: Place) -> tuple[int, int, int]:
        return place.row, place.column, starts[place.source] + place.channel

    return CellArithmetic("beside", sources, output, calculate, target, ("left", "middle", "right")[: len(counts)])


def shown(qtbot: QtBot, level: Level, width: int, height: int) -> Level:
    qtbot.addWidget(level)
    level.resize(width, height)
    level.show()
    qtbot.waitExposed(level)
    return level


def inputs_of(level: Level) -> list[ValueMap]:
    return [level.findChild(ValueMap, f"formula_input_{number}") for number in (1, 2, 3)]


def test_a_number_that_is_handed_on_says_from_where_and_each_input_whether_it_is_used(qtbot: QtBot) -> None:
    arithmetic = beside(4, 3, 1)
    level, sources = shown(qtbot, FormulaLevel(arithmetic, 5), 850, 430), arithmetic.sources
    left, middle, right = inputs_of(level)
    names = [level.findChild(QLabel, f"formula_input_name_{number}") for number in (1, 2, 3)]
    text = level.findChild(QLabel, "number_steps")
    assert text.text().endswith("handed on as it is, from middle, map 1, row 14, column 14.")
    assert [name.text() for name in names] == [
        "left, map 0: not used here",
        "middle, map 1",
        "right, map 0: not used here",
    ]
    QTest.mouseMove(left, left.cell_rectangle((3, 4)).center().toPoint())
    assert level.title == "beside, map 0" and text.text().endswith("from left, map 0, row 3, column 4.")
    QTest.mouseMove(right, right.cell_rectangle((5, 6)).center().toPoint())
    assert level.title == "beside, map 7" and text.text().endswith("from right, map 0, row 5, column 6.")
    assert (left.cell, middle.cell, right.cell) == (None, None, (5, 6))
    assert names[1].text() == "middle, map 1: not used here"
    assert np.array_equal(middle.values, sources[1][..., 1])


def test_the_inputs_of_a_level_have_room_on_a_small_screen(qtbot: QtBot) -> None:
    level = shown(qtbot, FormulaLevel(beside(4, 3, 1), 5), 850, 430)
    assert level.findChild(QScrollArea).verticalScrollBar().maximum() == 0


def test_vectors_that_are_laid_beside_each_other(qtbot: QtBot) -> None:
    level = shown(qtbot, FormulaLevel(beside(24, 4, 3, units=True), 25), 850, 430)
    text = level.findChild(QLabel, "number_steps")
    assert text.text().endswith("handed on as it is, from middle, unit 1.")
    assert level.findChild(QLabel, "formula_input_name_1").text() == "left: not used here"
    right = inputs_of(level)[2]
    QTest.mouseMove(right, right.cell_rectangle((0, 2)).center().toPoint())
    assert level.title == "beside, unit 30" and level.channel == 30


def test_maps_grow_with_the_window_and_stay_together(qtbot: QtBot) -> None:
    random = np.random.default_rng(4)
    maps, kernel = random.random((28, 28, 2), np.float32), random.random((3, 3, 2, 1), np.float32)
    made = LayerArithmetic("conv", maps, maps[..., :1], "sum", (3, 3), padding=(1, 1), kernel=kernel)
    for level, names in (
        (NumberLevel(made, 0, 0), ("number_input", "number_output")),
        (FormulaLevel(beside(4, 3, 1), 5), ("formula_input_1", "formula_output")),
    ):
        small = [level.findChild(ValueMap, name).width() for name in names if shown(qtbot, level, 860, 430)]
        level.resize(2800, 1900)
        large = [level.findChild(ValueMap, name) for name in names]
        assert all(view.width() > 1.5 * before for view, before in zip(large, small, strict=True))
        assert large[1].mapTo(level, QPoint()).x() < 1200
        assert all(view.picture_rectangle().width() >= view.width() - 8 for view in large)  # whole pixels, no margin
    level = ConvolutionLevel(made, 0)
    shown(qtbot, level, 860, 430)
    small = level.target()
    level.resize(2800, 1900)
    qtbot.waitUntil(lambda: level.target().width() > 2 * small.width())
    assert level.target().bottom() < 900  # beside the rows, not in the middle of the screen
