"""The buttons that walk through steps."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QSlider
from pytestqt.qtbot import QtBot

from cnnstudio.gui.controls.player import Player


@pytest.fixture
def player(qtbot: QtBot) -> Player:
    player = Player("output")
    qtbot.addWidget(player)
    player.findChild(QSlider, "speed_slider").setValue(4)
    player.set_count(3)
    player.show()
    return player


def click(player: Player, name: str) -> None:
    QTest.mouseClick(player.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("still", [False, True])
def test_it_plays_to_the_end_and_from_the_beginning(player: Player, still: bool, qtbot: QtBot) -> None:
    player.still = still
    seen: list[tuple[int, float]] = []
    player.moved.connect(lambda: seen.append((player.step, player.share)))
    click(player, "play_button")
    assert player.playing and player.step == 1
    qtbot.waitUntil(lambda: not player.playing, timeout=10_000)
    whole = [step for step, share in seen if share == 1]
    assert sorted(set(whole)) == [1, 2, 3]
    assert seen == sorted(seen)
    assert any(share < 1 for _, share in seen) is not still
    assert player.findChild(QAbstractButton, "play_button").accessibleName() == "Play"
    click(player, "play_button")
    assert player.step == 1


def test_pausing_shows_the_step_whole(player: Player, qtbot: QtBot) -> None:
    with qtbot.waitSignal(player.moved):
        click(player, "play_button")
    click(player, "play_button")
    assert (player.playing, player.step, player.share) == (False, 1, 1.0)


def test_one_step_on_and_back(player: Player, qtbot: QtBot) -> None:
    click(player, "step_on_button")
    qtbot.waitUntil(lambda: player.share == 1.0, timeout=10_000)
    assert (player.step, player.playing) == (1, False)
    click(player, "step_on_button")
    click(player, "step_on_button")  # does not wait for the one before
    assert player.step == 3
    click(player, "step_back_button")
    assert (player.step, player.share) == (2, 1.0)


def test_one_button_leads_to_the_end_and_back(player: Player) -> None:
    click(player, "step_end_button")
    assert player.step == 3 and not player.findChild(QAbstractButton, "step_on_button").isEnabled()
    click(player, "step_end_button")
    assert player.step == 0 and not player.findChild(QAbstractButton, "step_back_button").isEnabled()


def test_fewer_steps_than_were_taken(player: Player) -> None:
    player.show_step(3)
    player.set_count(2)
    assert player.step == 2
    player.set_count(0)
    assert not player.findChild(QAbstractButton, "play_button").isEnabled()


def test_what_is_not_seen_does_not_move(player: Player) -> None:
    click(player, "play_button")
    player.hide()
    assert not player.playing
