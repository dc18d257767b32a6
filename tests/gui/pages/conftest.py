"""The window, for tests of pages that need all of it."""

import pytest
from pytestqt.qtbot import QtBot

from cnnstudio.gui.main_window import MainWindow
from cnnstudio.gui.settings import Settings


@pytest.fixture
def architecture_window(qtbot: QtBot) -> MainWindow:
    """A shown window on the Architecture page, which has its first answer."""
    settings = Settings()
    settings.page = "architecture"  # no other one is made
    window = MainWindow(settings)
    qtbot.addWidget(window, before_close_func=MainWindow.quit)  # does not ask
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    page = window.current_page
    qtbot.waitUntil(lambda: page.description is not None, timeout=60_000)
    return window
