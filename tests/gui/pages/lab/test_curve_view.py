"""The axis of curves that counts powers of ten."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.lab.curve_view import PowerAxis


@pytest.mark.parametrize(
    ("low", "high", "size", "expected"),
    [
        (0.3, 3.6, 160, [10, 100, 1000]),
        (-0.4, 0.5, 120, [0.5, 1, 2]),
        (-12, 1, 120, [1e-12, 1e-8, 1e-4, 1]),
        (-0.1, 0.1, 120, [1]),
    ],
)
def test_numbers_have_room(qtbot: QtBot, low: float, high: float, size: float, expected: list[float]) -> None:
    axis = PowerAxis("left")
    axis.setLogMode(False, True)
    ((_, values),) = axis.tickValues(low, high, size)
    np.testing.assert_allclose(10 ** np.array(values), expected)


def test_powers_are_all_written_alike(qtbot: QtBot) -> None:
    axis = PowerAxis("left")
    axis.setLogMode(False, True)
    assert axis.tickStrings([-6.0, -4.0, 0.0, 12.0], 1, 2) == ["10⁻⁶", "10⁻⁴", "10⁰", "10¹²"]
    assert axis.tickStrings([0.0, np.log10(2)], 1, 0.3) == ["1", "2"]
