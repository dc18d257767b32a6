"""The panel that runs a function: what it shows, and how the function ends."""

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.layouts import column, widget_of
from cnnstudio.gui.controls.progress_panel import ProgressPanel
from cnnstudio.progress import Cancelled, Progress

OnEvent = Callable[[object], object]


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[ProgressPanel]:
    panel = ProgressPanel("baking", "Baking", "Ends the baking.")
    qtbot.addWidget(panel)
    yield panel
    panel.shut_down()


def until_stopped(on_event: OnEvent, stop: threading.Event) -> None:
    on_event(Progress("Baking", 3 * 2**31, 4 * 2**31, "bytes", 7.0))
    stop.wait(30)
    raise Cancelled


def press(qtbot: QtBot, panel: ProgressPanel) -> None:
    qtbot.mouseClick(panel.findChild(QPushButton, "cancel_baking_button"), Qt.MouseButton.LeftButton)


def test_it_is_seen_only_while_the_function_runs(panel: ProgressPanel, qtbot: QtBot) -> None:
    go = threading.Event()

    def bake(on_event: OnEvent, stop: threading.Event) -> str:
        on_event("flour")
        go.wait(30)
        return "bread"

    assert panel.isHidden()
    with qtbot.waitSignal(panel.reported) as reported:
        panel.run(bake, "Looking for flour …")
    assert reported.args == ["flour"]
    assert panel.running
    assert panel.isVisible()
    assert panel.findChild(QLabel, "baking_state").text() == "Looking for flour …"
    assert panel.findChild(QProgressBar, "baking_progress").maximum() == 0
    with qtbot.waitSignal(panel.finished) as finished:
        go.set()
    assert finished.args == ["bread"]
    assert not panel.running
    assert panel.isHidden()


def test_progress_is_told_in_words_and_as_a_part_of_the_bar(panel: ProgressPanel, qtbot: QtBot) -> None:
    panel.run(until_stopped, "Beginning …")
    bar = panel.findChild(QProgressBar, "baking_progress")
    qtbot.waitUntil(lambda: bar.value() > 0)
    assert bar.value() / bar.maximum() == 0.75
    assert panel.findChild(QLabel, "baking_state").text() == (
        "Baking: 6.4\N{NO-BREAK SPACE}GB of 8.6\N{NO-BREAK SPACE}GB, 7\N{NO-BREAK SPACE}s left"
    )


def test_a_step_of_unknown_length_is_told_without_a_number(panel: ProgressPanel, qtbot: QtBot) -> None:
    def prove(on_event: OnEvent, stop: threading.Event) -> None:
        on_event(Progress("Baking", 3, 3, "images"))
        on_event(Progress("Proving", 0, None, "images"))
        stop.wait(30)

    panel.run(prove, "Beginning …")
    qtbot.waitUntil(lambda: panel.findChild(QLabel, "baking_state").text() == "Proving …")
    assert panel.findChild(QProgressBar, "baking_progress").maximum() == 0  # busy


def test_cancel_is_not_a_failure_and_the_next_run_can_be_cancelled_too(panel: ProgressPanel, qtbot: QtBot) -> None:
    failures: list[object] = []
    panel.failed.connect(failures.append)
    for _ in range(2):
        panel.run(until_stopped, "Beginning …")
        with qtbot.waitSignal(panel.cancelled):
            press(qtbot, panel)
        assert panel.isHidden()
    assert failures == []


def test_after_cancel_it_says_that_it_ends(panel: ProgressPanel, qtbot: QtBot) -> None:
    go = threading.Event()

    def bake(on_event: OnEvent, stop: threading.Event) -> None:
        stop.wait(30)
        on_event(Progress("Baking", 1, 2, "loaves"))
        on_event("told")
        go.wait(30)

    panel.run(bake, "Beginning …")
    with qtbot.waitSignal(panel.reported):
        press(qtbot, panel)
    assert panel.findChild(QLabel, "baking_state").text() == "Ending …"
    assert not panel.findChild(QPushButton, "cancel_baking_button").isEnabled()
    with qtbot.waitSignal(panel.finished):
        go.set()


def test_a_failure_is_passed_on(panel: ProgressPanel, qtbot: QtBot) -> None:
    def burn(on_event: OnEvent, stop: threading.Event) -> None:
        raise ValueError("burnt")

    with qtbot.waitSignal(panel.failed) as failed:
        panel.run(burn, "Beginning …")
    assert str(failed.args[0]) == "burnt"
    assert panel.isHidden()


def test_a_new_run_drops_the_one_before(panel: ProgressPanel, qtbot: QtBot) -> None:
    ended: list[str] = []
    panel.cancelled.connect(lambda: ended.append("cancelled"))
    panel.run(until_stopped, "Beginning …")
    with qtbot.waitSignal(panel.finished) as finished:
        panel.run(lambda **_: "second", "Beginning again …")
    assert finished.args == ["second"]
    assert ended == []


def test_without_a_tooltip_there_is_no_cancel(qtbot: QtBot) -> None:
    panel = ProgressPanel("looking", "Looking")
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.finished):
        panel.run(lambda **_: None, "Looking …")
        assert not panel.findChild(QPushButton, "cancel_looking_button").isVisible()


def test_when_it_goes_its_focus_stays_where_it_was(qtbot: QtBot) -> None:
    panel, other = ProgressPanel("baking", "Baking", "Ends the baking."), QPushButton("Other")
    around = widget_of(column(other, panel))
    qtbot.addWidget(around)
    around.show()
    around.activateWindow()
    qtbot.waitUntil(around.isActiveWindow)
    panel.run(until_stopped, "…")
    panel.findChild(QPushButton, "cancel_baking_button").setFocus()
    with qtbot.waitSignal(panel.cancelled):
        press(qtbot, panel)
        assert panel.hasFocus()
    assert around.hasFocus() and not other.hasFocus()
    panel.shut_down()
