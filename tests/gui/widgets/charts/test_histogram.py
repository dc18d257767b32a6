"""The histogram: how its ends are written."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from cnnstudio.gui.widgets.charts.histogram import Histogram


@pytest.mark.parametrize(
    ("values", "ends"),
    [([-3.93e-5, 1e-6], ("−3.93×10⁻⁵", "3.93×10⁻⁵")), ([0.0, 2.5], ("0", "2.5")), ([12345.0], ("0", "1.23×10⁴"))],
)
def test_its_ends_are_written_as_everywhere(qtbot: QtBot, values: list[float], ends: tuple[str, str]) -> None:
    histogram = Histogram("histogram", "Title", "axis", "Tip.", 0)
    qtbot.addWidget(histogram)
    histogram.show_values(np.array(values))
    assert histogram.ends == ends
    number = "number" if len(values) == 1 else "numbers"
    assert histogram.accessibleDescription() == f"{len(values)} {number} from {ends[0]} to {ends[1]}"
