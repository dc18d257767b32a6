"""The Lab page with all of its panels: each is made when it is shown, and gives and takes its state."""

import json

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QComboBox, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from cnnstudio.errors import StudioError
from cnnstudio.gui.controls.layouts import ScrollColumn
from cnnstudio.gui.library import Library
from cnnstudio.gui.pages.lab.page import NARROW, LabPage
from cnnstudio.gui.pages.lab.panels import PANELS, Panel
from cnnstudio.gui.settings import Settings
from cnnstudio.lab.experiment import Experiment


def buttons_in(widget: QWidget) -> list[QAbstractButton]:
    return widget.findChildren(QAbstractButton)


@pytest.fixture
def page(qtbot: QtBot) -> LabPage:
    page = LabPage(Settings(), Library())
    qtbot.addWidget(page)
    page.resize(900, 700)
    page.show()
    return page


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_gives_its_state_and_takes_it_again(page: LabPage, name: str) -> None:
    panel = page.show_panel(name)
    assert (page.panel, page.panel_name, panel.objectName()) == (panel, name, f"{name}_panel")
    state = panel.state()
    assert json.loads(json.dumps(state)) == state  # what a lesson's file can hold
    assert state.keys() <= panel.facts().keys()
    panel.show_state(state)
    assert panel.state() == state
    with pytest.raises(StudioError, match="no_such_thing"):
        panel.show_state({"no_such_thing": 1})
    assert panel.state() == state


@pytest.mark.parametrize("name", PANELS)
def test_each_letter_presses_one_button(page: LabPage, name: str) -> None:
    panel = page.show_panel(name)
    others = {button for other in page.findChildren(Panel) if other is not panel for button in buttons_in(other)}
    letters = [
        letter
        for button in buttons_in(page)
        if button not in others and (letter := QKeySequence.mnemonic(button.text()).toString())
    ]
    letters = [letter for letter in letters if letter != "Alt+E"]  # cancels whatever is at work
    assert len(letters) == len(set(letters)) > 0


def test_an_experiment_comes_from_elsewhere(page: LabPage, qtbot: QtBot) -> None:
    panel = page.show_panel("convolution")
    with qtbot.waitSignal(panel.changed):
        page.receive(Experiment("convolution", {"kernel": [[1.0, 0.0], [0.0, -1.0]]}))
    assert panel.state()["kernel"] == [[1, 0], [0, -1]]
    page.resize(900, 300)
    bar = panel.findChild(ScrollColumn).verticalScrollBar()
    bar.setValue(bar.maximum())
    assert bar.value() > 0
    page.receive(Experiment("convolution"))
    assert bar.value() == 0
    page.receive(Experiment("telepathy"))
    assert page.message.startswith("The Lab has no experiment “telepathy”")
    page.receive(Experiment("convolution"))
    assert page.message == ""


def test_a_narrow_page_has_a_box_in_place_of_its_list(page: LabPage) -> None:
    box, listed = page.findChild(QComboBox, "panel_choice"), page.findChild(QListWidget, "panel_list")
    assert (box.isVisible(), listed.isVisible()) == (False, True)
    page.show_panel("pooling")
    page.resize(NARROW - 1, 500)
    assert (box.isVisible(), listed.isVisible()) == (True, False)
    assert box.currentText() == PANELS["pooling"].title
    box.setCurrentIndex(box.findData("dropout"))
    box.activated.emit(box.currentIndex())
    assert page.panel_name == "dropout"
    page.resize(NARROW, 500)
    assert listed.isVisible()
    assert listed.currentItem().text() == PANELS["dropout"].title


def test_the_panel_shown_last_comes_back(qtbot: QtBot) -> None:
    settings = Settings()
    name = list(PANELS)[-1]
    first = LabPage(settings, Library())
    qtbot.addWidget(first)
    first.show_panel(name)
    again = LabPage(settings, Library())
    qtbot.addWidget(again)
    assert again.panel_name == name
