"""Whoever uses the keyboard sees where they are: every Tab stop of every page shows that it has the focus."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.settings import Settings
from cnnstudio.gui.widgets.network.picture import NetworkPicture

SECONDS = 60_000


@pytest.mark.usefixtures("theme")
def test_every_tab_stop_shows_its_focus(qtbot: QtBot) -> None:
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    unseen = {}
    for page in PAGES:
        window.show_page(page)
        if page == "about":
            qtbot.waitUntil(window.findChild(QPushButton, "copy_versions_button").isEnabled)
        qtbot.waitUntil(lambda: not any(panel.running for panel in window.findChildren(ProgressPanel)), timeout=SECONDS)
        qtbot.waitUntil(
            lambda: all(one.network is not None for one in window.findChildren(NetworkPicture)), timeout=SECONDS
        )
        opening = window.findChildren(QWidget, "opening_progress")
        qtbot.waitUntil(lambda bars=opening: not any(bar.isVisible() for bar in bars), timeout=SECONDS)
        if found := _stops_unseen(window):
            unseen[page] = found
    assert not unseen
    window.close()


def _stops_unseen(window: MainWindow) -> list[str]:
    """Goes once around with Tab, and tells at which stops nothing is painted differently."""
    unseen, seen = [], set()
    widget = QApplication.focusWidget() or window
    while widget not in seen:
        seen.add(widget)
        focused = widget.grab().toImage()
        QTest.keyClick(widget, Qt.Key.Key_Tab)
        after = QApplication.focusWidget()
        assert after is not None
        stops = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
        if stops and after is not widget and widget.grab().toImage() == focused:
            unseen.append(_named(widget))
        widget = after
    assert len(seen) > 2
    return unseen


def _named(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()}"
