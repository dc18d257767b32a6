"""A text that changes takes the room that it needs, and keeps it."""

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.layouts import column
from cnnstudio.gui.controls.steady_text import SteadyText


def test_what_lies_below_moves_only_where_a_text_needs_more_room(qtbot: QtBot) -> None:
    text, below, window = SteadyText(label(name="sum")), label("below"), QWidget()
    window.setLayout(column(text, below, (QWidget(), 1)))
    qtbot.addWidget(window)
    window.resize(300, 400)
    window.show()
    places = []
    for words in ("1 + 1 = 2", "<b>3</b> · " * 60, "4", "5 · " * 70):
        text.setText(words)
        qtbot.waitUntil(lambda: below.y() > 0)
        window.layout().activate()
        places.append(below.y())
        shown = window.findChild(QLabel, "sum")
        assert shown.height() == shown.heightForWidth(shown.width()) <= text.height()
    assert places[0] < places[1] == places[2] < places[3]
    window.resize(600, 400)  # wider, and so again as high as it must be
    text.setText("6")
    assert text.height() < places[3]
