"""The pane that shows what augmentation makes of an image: how it writes numbers."""

import pytest
from PySide6.QtWidgets import QLabel, QSlider
from pytestqt.qtbot import QtBot

from cnnstudio.data.augmentation.changes import CHANGES
from cnnstudio.gui.controls.message_bar import MessageBar
from cnnstudio.gui.pages.data.augment_pane import STEPS, AugmentPane, amount


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("shift", 0.125, "12.5 %"), ("flip", 0.5, "50 %"), ("rotate", 15.0, "15°"), ("noise", 0.0, "off")],
)
def test_a_change_is_written_as_it_is_used(name: str, value: float, text: str) -> None:
    assert amount(CHANGES[name], value) == text


def test_no_number_breaks_or_moves_the_sliders(qtbot: QtBot) -> None:
    pane = AugmentPane(MessageBar())
    qtbot.addWidget(pane)
    pane.resize(600, 700)
    pane.show()
    slider, figure = pane.findChild(QSlider, "shift_amount"), pane.findChild(QLabel, "shift_figure")
    slider.setValue(0)
    before = slider.geometry()
    for value in range(0, STEPS + 1, 20):
        slider.setValue(value)
        pane.layout().activate()
        assert not figure.wordWrap()
        assert figure.sizeHint().width() <= figure.width()
    assert slider.geometry() == before
