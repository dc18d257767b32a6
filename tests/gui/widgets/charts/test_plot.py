"""What all charts are made of: their axes, and what they do without."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.saving import svg_of
from cnnstudio.gui.pages.lab.curve_view import Curve, CurveView
from cnnstudio.gui.widgets.charts.line_chart import Line, LineChart
from cnnstudio.gui.widgets.charts.plot import Axis
from cnnstudio.gui.widgets.charts.training_plot import TrainingPlot


def curve_view() -> CurveView:
    view = CurveView("view", "Title", "Tip.", "across", "up")
    view.set_curves([Curve("a", np.arange(9), np.arange(9)), Curve("b", np.arange(9), np.zeros(9))])
    view.mark(1)
    return view


def line_chart() -> LineChart:
    chart = LineChart("chart", "Title", "Tip.", ("across", "up"), (0.0, 1.0))
    chart.set_lines(np.arange(5), [Line("a", np.ones(5))], ("first", "second", "third", "fourth", "fifth"))
    chart.mark(1)
    return chart


def test_the_numbers_of_axes_are_written_as_people_write_them(qtbot: QtBot) -> None:
    axis = Axis("left")
    assert axis.tickStrings([-2.0, 0.0, 2.0], 1.0, 1.0) == ["−2", "0", "2"]
    assert axis.tickStrings([-0.5, 5e-8], 1.0, 1e-8) == ["−0.50000000", "5×10⁻⁸"]


@pytest.mark.parametrize("chart", [curve_view, line_chart])
def test_the_axes_are_not_drawn_anew_where_a_mark_moves(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, chart: Callable[[], CurveView | LineChart]
) -> None:
    widget = chart()
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show()
    qtbot.waitExposed(widget)
    drawn: list[Axis] = []
    paint = Axis.paint
    monkeypatch.setattr(Axis, "paint", lambda axis, *arguments: (drawn.append(axis), paint(axis, *arguments)))
    widget.repaint()
    before = bytes(widget.grab().toImage().constBits())
    drawn.clear()
    widget.mark(3)
    assert bytes(widget.grab().toImage().constBits()) != before
    assert drawn == []


@pytest.mark.parametrize("chart", [curve_view, line_chart, TrainingPlot])
def test_a_chart_makes_no_controls_that_nobody_sees(qtbot: QtBot, chart: Callable[[], QWidget]) -> None:
    before = set(QApplication.allWidgets())
    widget = chart()
    qtbot.addWidget(widget)
    made = set(QApplication.allWidgets()) - before
    assert not [one for one in made if isinstance(one, QAbstractSpinBox)]


def test_the_names_of_all_places_and_the_numbers_at_the_ends_are_written(qtbot: QtBot) -> None:
    chart = line_chart()
    qtbot.addWidget(chart)
    chart.resize(400, 300)
    chart.show()
    qtbot.waitExposed(chart)
    drawing = svg_of(chart).decode()
    for text in ("first", "second", "fifth", "1.0", "across", "up"):
        assert re.search(rf">{text}\s*</text>", drawing)
