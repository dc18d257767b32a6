"""The canvas as a source of what is classified."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.choosers.network_input.draw_source import DrawSource
from cnnstudio.gui.pages.choosers.network_input.session import Drawing


def test_the_drawing_is_made_anew_only_where_something_was_drawn(qtbot: QtBot) -> None:
    source, asked = DrawSource(), []
    qtbot.addWidget(source)
    source.input_changed.connect(lambda: asked.append(source.input))
    assert source.input is None
    QTest.mousePress(source.canvas, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    QTest.mouseMove(source.canvas, QPoint(60, 60))
    QTest.mouseRelease(source.canvas, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert isinstance(source.input, Drawing) and source.input is source.input is asked[-1]
    assert [len(stroke) for stroke in source.input.strokes] == [len(asked)]
    source.canvas.clear()
    assert source.input is asked[-1] is None
