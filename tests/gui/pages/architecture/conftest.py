"""The Architecture page alone, for tests that need no window around it."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from cnnstudio.gui.pages.architecture.page import ArchitecturePage
from cnnstudio.gui.settings import Settings


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[ArchitecturePage]:
    """The page, shown, with its first answer."""
    page = ArchitecturePage(Settings())
    qtbot.addWidget(page)
    page.resize(1192, 800)
    page.show()
    with qtbot.waitSignal(page.shown, timeout=60_000):
        page.entered()
    yield page
    page.shut_down()
