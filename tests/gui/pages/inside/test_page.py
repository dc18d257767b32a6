"""The Inside page before a network is open: what will be there, and what to do for it."""

from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.inside.page import InsidePage
from cnnstudio.gui.pages.inside.view import VIEWS
from cnnstudio.gui.settings import Settings

SECONDS = 60_000


def test_until_the_network_is_open_each_view_says_what_it_will_show(qtbot: QtBot) -> None:
    page = InsidePage(Settings())
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    empty = page.findChild(QLabel, "inside_empty")
    page.entered()  # it is being opened from here on
    for name, entry in VIEWS.items():
        page.findChild(QPushButton, f"view_{name}").click()
        assert empty.isVisible()
        assert empty.text() == entry.invitation
        assert not page.view.isVisible()
    page.show_view("network")
    with qtbot.waitSignal(page.ready, timeout=SECONDS):
        pass
    assert page.view.isVisible()
    assert not empty.isVisible()
    page.shut_down()
