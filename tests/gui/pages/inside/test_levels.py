"""The levels below the network, on numbers made up here."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.inside.levels import DenseLevel, SoftmaxLevel
from cnnstudio.gui.widgets.maps.term_bars import TermBars
from cnnstudio.models.trained.layer_arithmetic import LayerArithmetic


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
