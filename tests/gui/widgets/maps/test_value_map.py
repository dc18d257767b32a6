"""A map whose numbers can be pointed at."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.look.theme import colours
from cnnstudio.gui.widgets.maps.map_dialog import as_map
from cnnstudio.gui.widgets.maps.value_map import ValueMap


def test_where_the_last_line_of_units_ends_there_is_nothing_to_see_or_to_point_at(
    qtbot: QtBot, pixels: Callable[[QWidget], np.ndarray]
) -> None:
    view = ValueMap("units", "Units", "")
    qtbot.addWidget(view)
    view.units = 4
    view.show_map(as_map(np.arange(4, dtype=np.float32), 0), "viridis", (0, 3))
    assert view.values.shape == (2, 3)
    view.setFixedSize(126, 86)
    view.show()
    qtbot.waitExposed(view)
    last, none = (view.cell_rectangle((1, column)).center().toPoint() for column in (0, 1))
    ground = QColor(colours().window).getRgb()[:3]
    seen = pixels(view)
    assert tuple(seen[none.y(), none.x()]) == ground != tuple(seen[last.y(), last.x()])
    QTest.mouseMove(view, last)
    assert view.cell == (1, 0)
    QTest.mouseMove(view, none)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.cell == (1, 0)
