"""The chart of a few curves: its mark, and how it follows new numbers."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QGraphicsTextItem, QGraphicsView, QLabel
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.layouts import STRETCH, column, widget_of
from cnnstudio.gui.look.theme import DARK, LIGHT, Theme
from cnnstudio.gui.widgets.charts.line_chart import Line, LineChart


def test_the_mark_goes_where_the_mouse_presses(qtbot: QtBot) -> None:
    chart = LineChart("chart", "Title", "Tip.", ("across", "up"), (0.0, 1.0))
    qtbot.addWidget(chart)
    chart.resize(400, 260)
    chart.set_lines(np.arange(-8.0, 9.0), [Line("a", np.linspace(0, 1, 17))])
    chart.show()
    qtbot.waitExposed(chart)
    chart.grab()  # lays the axes out
    picked: list[float] = []
    chart.picked.connect(picked.append)
    plot = chart.findChild(QGraphicsView).viewport()
    middle = QPoint(46 + (plot.width() - 46) // 2, plot.height() // 3)
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=middle)
    assert picked == [] and chart.marked is None  # there is none
    chart.mark(2.0)
    assert chart.marked == 2.0
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=middle + QPoint(60, 0))
    assert abs(picked[0]) < 1 < picked[1]
    chart.mark(None)
    assert chart.marked is None


def test_new_numbers_move_the_curves_and_new_curves_are_named(qtbot: QtBot) -> None:
    chart = LineChart("chart", "Title", "Tip.", ("across", "up"), (0.0, 1.0))
    qtbot.addWidget(chart)
    legend = chart.findChild(QLabel, "chart_legend")
    chart.set_lines(np.arange(3), [Line("a", np.zeros(3))])
    before = bytes(chart.grab().toImage().constBits())
    chart.set_lines(np.arange(3), [Line("a", np.ones(3))])
    assert bytes(chart.grab().toImage().constBits()) != before
    assert chart.csv_text().splitlines() == ["across,a", "0,1", "1,1", "2,1"]
    assert "●" in legend.text()
    chart.set_across("along")
    chart.set_lines(np.arange(40), [Line("b", np.ones(40)), Line("c", np.zeros(40))])
    assert "b" in legend.text() and "c" in legend.text() and "●" not in legend.text()
    assert chart.csv_text().startswith("along,b,c")


def test_a_hidden_chart_takes_the_colours_of_another_theme_once_it_is_seen(qtbot: QtBot, theme: Theme) -> None:
    theme.choose("light")
    chart = LineChart("chart", "Title", "Tip.", ("across", "up"), (0.0, 1.0))
    qtbot.addWidget(chart)
    chart.set_lines(np.arange(3), [Line("a", np.zeros(3))])
    legend = chart.findChild(QLabel, "chart_legend")
    chart.show()
    qtbot.waitExposed(chart)
    assert LIGHT.plot[0] in legend.text()
    chart.hide()
    theme.choose("dark")
    assert LIGHT.plot[0] in legend.text()
    chart.show()
    assert DARK.plot[0] in legend.text()
    theme.choose("light")
    assert LIGHT.plot[0] in legend.text()


def test_the_title_of_an_axis_stays_in_its_middle(qtbot: QtBot) -> None:
    chart = LineChart("chart", "Title", "Tip.", ("across", "up"), (0.0, 1.0))
    qtbot.addWidget(chart)
    chart.set_lines(np.arange(3), [Line("a", np.zeros(3))])
    chart.show()
    qtbot.waitExposed(chart)

    def middle() -> float:
        texts = (item for item in chart.findChild(QGraphicsView).items() if isinstance(item, QGraphicsTextItem))
        (title,) = [text for text in texts if text.toPlainText().strip() == chart.csv_text().split(",")[0]]
        return title.sceneBoundingRect().center().x()

    before = middle()
    chart.set_across("a much longer title than before")
    assert abs(middle() - before) <= 1


def test_what_others_are_compared_with_has_no_colour_of_its_own(qtbot: QtBot, theme: Theme) -> None:
    chart = LineChart("chart", "Title", "Tip.", ("across", "up"), (0.0, 1.0))
    qtbot.addWidget(chart)
    lines = [Line(str(number), np.full(3, number / 9)) for number in range(4)]
    chart.set_lines(np.arange(3), [*lines, Line("chance", np.ones(3), is_reference=True)])
    legend = chart.findChild(QLabel, "chart_legend").text()
    assert f'color:{LIGHT.secondary}">★</span>&nbsp;chance' in legend
    assert all(legend.count(colour) == 1 for colour in LIGHT.plot)


def test_a_legend_of_two_lines_leaves_the_axis_its_title(qtbot: QtBot) -> None:
    chart = LineChart("chart", "Title", "Tip.", ("across", "up"), (0.0, 1.0))
    around = widget_of(column(chart, STRETCH))
    qtbot.addWidget(around)
    around.resize(300, 600)
    around.show()
    view = chart.findChild(QGraphicsView)
    chart.set_lines(np.arange(3), [Line("a", np.zeros(3))])
    qtbot.waitUntil(lambda: chart.height() == view.geometry().bottom() + 1)
    one_line = chart.height()
    chart.set_lines(np.arange(3), [Line(f"A long title {number}", np.ones(3)) for number in range(5)])
    qtbot.waitUntil(lambda: chart.height() == view.geometry().bottom() + 1 > one_line)
    assert chart.findChild(QLabel, "chart_legend").height() > chart.fontMetrics().height()
