"""The levels below the network, on numbers made up here."""

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.inside.levels import SoftmaxLevel
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
