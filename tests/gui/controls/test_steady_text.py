"""Texts that change take the room that they need, and keep it."""

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.describe import label
from cnnstudio.gui.controls.layouts import column, row
from cnnstudio.gui.controls.steady_text import SteadyLine, SteadyText
from tests.gui.seen_events import SeenEvents


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


def test_a_line_moves_what_is_beside_it_only_where_it_is_the_longest_so_far(qtbot: QtBot) -> None:
    text, beside, window = label(wrap=False), label("beside"), QWidget()
    line = SteadyLine(text)
    window.setLayout(row((QWidget(), 1), line, beside))
    qtbot.addWidget(window)
    window.resize(400, 40)
    window.show()
    qtbot.waitExposed(window)
    with SeenEvents(window, QEvent.Type.LayoutRequest) as laid_out:
        for words, is_longest in (("3  98.7 %", True), ("5  9.1 %", False), ("trouser  98.7 %", True), ("4", False)):
            laid_out.count = 0
            text.setText(words)
            qtbot.waitUntil(lambda: text.width() == text.sizeHint().width())
            qtbot.waitUntil(lambda: text.geometry().right() == line.width() - 1)
            QCoreApplication.sendPostedEvents()
            assert bool(laid_out.count) == is_longest, words
            assert line.geometry().right() < beside.x()
